//! Everything about one underlying: every value with where it comes from and how good it is, what is
//! held and ordered, and what strategies last wanted.

use super::{ExplainArgs, State, age_ms, age_text, asked, quality, quality_name, state};
use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Cell, Format, Rows, shortest};
use control::request::Verb;
use serde::Serialize;
use std::io::Write;
use wire::sight::{Fact, Sight, Value};

/// The document of `explain --json`.
#[derive(Serialize)]
struct Document<'a> {
    tick: u64,
    at_ms: i64,
    #[serde(flatten)]
    sight: &'a Sight,
}

/// Shows everything that a running engine knows of an underlying.
///
/// # Errors
/// If no engine runs there, no tick answers in time, or the symbol is not known.
pub fn explain(arguments: &ExplainArgs, general: &General) -> Result<(), Failure> {
    let symbols = std::slice::from_ref(&arguments.symbol);
    let sights = asked(Verb::Explain, symbols, &arguments.place)?;
    let Some(sight) = sights.symbols.first() else {
        let words = "the engine has not finished its first tick, ask again";
        return Err(Failure::new(crate::exit::Exit::TimedOut, words));
    };
    let (tick, at_ms) = (sights.tick, sights.at_ms);
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => {
            let document = Document { tick, at_ms, sight };
            output::json_document(&mut out, &document)
        }
        Format::Table => {
            let time = crate::sights::drawing::local(at_ms);
            writeln!(out, "{} after tick {tick}, {time}\n", sight.symbol)?;
            facts(&mut out, Format::Table, sight, at_ms)?;
            words(&mut out, sight, at_ms)?;
            held(&mut out, sight)
        }
        format => facts(&mut out, format, sight, at_ms),
    }
}

fn facts(out: &mut impl Write, format: Format, sight: &Sight, at_ms: i64) -> Result<(), Failure> {
    let columns = [
        "group",
        "name",
        "value",
        "unit",
        "age",
        "valid for",
        "quality",
        "source",
    ];
    let raw = [
        "group",
        "name",
        "value",
        "unit",
        "age_ms",
        "valid_for_ms",
        "quality",
        "source",
    ];
    let is_table = format == Format::Table;
    let mut rows = Rows::begin(&mut *out, format, if is_table { &columns } else { &raw })?;
    let time = |millis: Option<i64>| match millis {
        None => String::new(),
        Some(millis) if is_table && millis < 0 => "over".to_owned(),
        Some(millis) if is_table => age_text(millis),
        Some(millis) => millis.to_string(),
    };
    for fact in &sight.facts {
        let value = match &fact.value {
            Some(Value::Word(word)) => word.clone(),
            Some(Value::Number(number)) if is_table => rounded(fact, *number),
            Some(Value::Number(number)) => shortest(*number),
            None => String::new(),
        };
        let left = fact.validity.valid_until_ms.map(|until| until - at_ms);
        let quality = match state(fact, at_ms) {
            State::Absent(why) if is_table => format!("none: {why}"),
            State::Doubtful(why) if is_table => why,
            _ => quality_name(quality(fact, at_ms)).to_owned(),
        };
        rows.row(&[
            Cell::Text(&fact.group),
            Cell::Text(&fact.name),
            Cell::Right(&value),
            Cell::Text(&fact.unit),
            Cell::Right(&time(age_ms(fact, at_ms))),
            Cell::Right(&time(left)),
            Cell::Text(&quality),
            Cell::Text(&fact.source),
        ])?;
    }
    rows.finish()
}

/// Units of which there are no parts worth showing.
const WHOLE: [&str; 9] = [
    "contracts",
    "shares",
    "shares per day",
    "trades",
    "buckets",
    "spots",
    "fits",
    "returns",
    "alerts",
];

/// A number for people.
fn rounded(fact: &Fact, number: f64) -> String {
    match fact.unit.as_str() {
        "USD" if number.abs() < 1e6 => format!("{number:.2}"),
        unit if unit.starts_with("USD") => output::money(number),
        unit if WHOLE.contains(&unit) => format!("{number:.0}"),
        "basis points" | "standard deviations" | "standard errors" => format!("{number:.2}"),
        "ms" | "s" | "0 to 100" => format!("{number:.1}"),
        // Moves as a share of the price are small.
        _ if number != 0.0 && number.abs() < 1e-2 => format!("{number:.6}"),
        _ => format!("{number:.4}"),
    }
}

fn words(out: &mut impl Write, sight: &Sight, at_ms: i64) -> Result<(), Failure> {
    writeln!(out, "\nWhat strategies last wanted")?;
    if sight.last_words.is_empty() {
        writeln!(
            out,
            "nothing yet: no strategy has had a thought on it in this run"
        )?;
        return Ok(());
    }
    let columns = [
        "strategy",
        "ago",
        "wanted",
        "expects",
        "confidence",
        "contract",
        "what became of it",
    ];
    let mut rows = Rows::begin(&mut *out, Format::Table, &columns)?;
    for word in &sight.last_words {
        rows.row(&[
            Cell::Text(&word.strategy),
            Cell::Right(&age_text(at_ms - word.at_ms)),
            Cell::Text(&word.intent),
            Cell::Text(&word.direction),
            Cell::Count(word.confidence.into()),
            Cell::Text(word.contract.as_deref().unwrap_or("none chosen")),
            Cell::Text(&word.fate),
        ])?;
    }
    rows.finish()
}

fn held(out: &mut impl Write, sight: &Sight) -> Result<(), Failure> {
    writeln!(out, "\nHeld and ordered")?;
    if sight.positions.is_empty() && sight.orders.is_empty() {
        writeln!(out, "nothing")?;
    }
    for position in &sight.positions {
        let strategy = position.strategy.as_deref().unwrap_or("others");
        writeln!(
            out,
            "holds {} {} of {strategy}, {:+.2} USD at its mark",
            position.quantity, position.contract, position.unrealized_usd
        )?;
    }
    for order in &sight.orders {
        writeln!(
            out,
            "order {} {} {} {}, {} filled, {}",
            order.id, order.side, order.quantity, order.contract, order.filled, order.status
        )?;
    }
    Ok(out.flush()?)
}
