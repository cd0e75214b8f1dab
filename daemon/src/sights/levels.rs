//! The table that is looked at first: one row an underlying.

use super::{LevelsArgs, State, age_ms, age_text, asked, drawing, quality, state};
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, Rows};
use crate::picture;
use control::request::Verb;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use wire::quality::Quality;
use wire::sight::{Fact, Sight, Sights, Value};

/// How a number is told to people.
#[derive(Clone, Copy)]
enum Told {
    /// Two decimals.
    Price,
    /// With a word for its size.
    Money,
    /// Of one, as percent with its sign.
    Percent,
    /// Three decimals.
    Share,
}

/// The heading of a column, the name of its value, and how that is told.
const COLUMNS: [(&str, &str, Told); 12] = [
    ("spot", "spot_usd", Told::Price),
    ("net GEX/1%", "net_gex_usd_per_pct", Told::Money),
    ("call wall", "call_wall_usd", Told::Price),
    ("put wall", "put_wall_usd", Told::Price),
    ("zero gamma", "zero_gamma_usd", Told::Price),
    ("from spot", "zero_gamma_distance", Told::Percent),
    ("max |gamma|", "max_abs_gamma_strike_usd", Told::Price),
    ("1d move", "expected_move_1d_usd", Told::Price),
    ("VPIN", "vpin", Told::Share),
    ("OBI 5", "obi_l5", Told::Share),
    ("volatility", "volatility_level", Told::Share),
    ("regime", "market_state", Told::Share),
];

/// The document of `levels --json`.
#[derive(Serialize)]
struct Document<'a> {
    tick: u64,
    at_ms: i64,
    symbols: Vec<Row<'a>>,
}

/// An underlying: its values by name, and of each how old and how good it is.
#[derive(Serialize)]
struct Row<'a> {
    symbol: &'a str,
    #[serde(flatten)]
    values: BTreeMap<&'static str, Option<&'a Value>>,
    validity: BTreeMap<&'static str, Validity<'a>>,
}

#[derive(Serialize)]
struct Validity<'a> {
    age_ms: Option<i64>,
    computed_at_ms: Option<i64>,
    valid_until_ms: Option<i64>,
    quality: Quality,
    source: &'a str,
    reason: Option<&'a str>,
}

/// Shows the levels of a running engine's underlyings.
///
/// # Errors
/// If no engine runs there, no tick answers in time, or a symbol is not known.
pub fn levels(arguments: &LevelsArgs, general: &General) -> Result<(), Failure> {
    let is_drawn = arguments.svg.is_some();
    if is_drawn && arguments.symbols.len() != 1 {
        let count = arguments.symbols.len();
        let message = format_args!("--svg draws one symbol, {count} were named");
        return Err(Failure::new(Exit::Usage, message));
    }
    let verb = if is_drawn {
        Verb::Explain
    } else {
        Verb::Levels
    };
    let sights = asked(verb, &arguments.symbols, &arguments.place)?;
    if let (Some(path), Some(sight)) = (&arguments.svg, sights.symbols.first()) {
        picture::write(path, &drawing::picture_of(sight, sights.at_ms))?;
    }
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &document(&sights)),
        Format::Table => table(&mut out, &sights),
        format => raw(out, format, &sights),
    }
}

fn document(sights: &Sights) -> Document<'_> {
    Document {
        tick: sights.tick,
        at_ms: sights.at_ms,
        symbols: sights
            .symbols
            .iter()
            .map(|sight| row(sight, sights.at_ms))
            .collect(),
    }
}

fn row(sight: &Sight, at_ms: i64) -> Row<'_> {
    let (mut values, mut qualities) = (BTreeMap::new(), BTreeMap::new());
    for (_, name, _) in COLUMNS {
        let found = sight.fact(name);
        values.insert(name, found.and_then(|fact| fact.value.as_ref()));
        qualities.extend(found.map(|fact| (name, validity(fact, at_ms))));
    }
    Row {
        symbol: sight.symbol.as_str(),
        values,
        validity: qualities,
    }
}

fn validity(fact: &Fact, at_ms: i64) -> Validity<'_> {
    Validity {
        age_ms: age_ms(fact, at_ms),
        computed_at_ms: fact.validity.computed_at_ms,
        valid_until_ms: fact.validity.valid_until_ms,
        quality: quality(fact, at_ms),
        source: &fact.source,
        reason: fact.reason.as_deref(),
    }
}

/// One row an underlying, then what is missing or old and why.
fn table(out: &mut impl Write, sights: &Sights) -> Result<(), Failure> {
    let headings = COLUMNS.iter().map(|(heading, ..)| *heading);
    let columns: Vec<&str> = ["symbol"]
        .into_iter()
        .chain(headings)
        .chain(["age"])
        .collect();
    let mut rows = Rows::begin(&mut *out, Format::Table, &columns)?;
    let mut notes = Vec::new();
    for sight in &sights.symbols {
        let mut texts = vec![sight.symbol.as_str().to_owned()];
        let mut oldest = None;
        for (heading, name, told) in COLUMNS {
            let found = sight.fact(name);
            let state = found.map_or_else(
                || State::Absent("the engine does not compute it".to_owned()),
                |fact| state(fact, sights.at_ms),
            );
            if let Some(fact) = found.filter(|fact| fact.value.is_some()) {
                oldest = oldest.max(age_ms(fact, sights.at_ms));
            }
            let mark = match &state {
                State::Good => "",
                State::Doubtful(why) => {
                    notes.push((sight.symbol, heading, why.clone()));
                    "*"
                }
                State::Absent(why) => {
                    notes.push((sight.symbol, heading, why.clone()));
                    ""
                }
            };
            let value = found.and_then(|fact| fact.value.as_ref());
            let text = value.map_or("-".to_owned(), |value| text_of(value, told));
            texts.push(format!("{text}{mark}"));
        }
        texts.push(oldest.map_or("-".to_owned(), age_text));
        let cells: Vec<Cell<'_>> = texts.iter().map(|text| Cell::Right(text)).collect();
        rows.row(&cells)?;
    }
    rows.finish()?;
    if !notes.is_empty() {
        writeln!(out)?;
    }
    // Neighbouring columns with the same reason share a line.
    for same in notes.chunk_by(|a, b| (a.0, &a.2) == (b.0, &b.2)) {
        let names: Vec<&str> = same.iter().map(|(_, name, _)| *name).collect();
        writeln!(out, "{}: {}: {}", same[0].0, names.join(", "), same[0].2)?;
    }
    Ok(out.flush()?)
}

fn text_of(value: &Value, told: Told) -> String {
    match (value, told) {
        (Value::Word(word), _) => word.clone(),
        (Value::Number(number), Told::Price) => format!("{number:.2}"),
        (Value::Number(number), Told::Money) => output::money(*number),
        (Value::Number(number), Told::Percent) => format!("{:+.2} %", number * 100.0),
        (Value::Number(number), Told::Share) => format!("{number:.3}"),
    }
}

/// The same rows with numbers as they are.
fn raw(out: impl Write, format: Format, sights: &Sights) -> Result<(), Failure> {
    let names = COLUMNS.iter().map(|(_, name, _)| *name);
    let columns: Vec<&str> = ["symbol"]
        .into_iter()
        .chain(names)
        .chain(["age_ms"])
        .collect();
    let mut rows = Rows::begin(out, format, &columns)?;
    for sight in &sights.symbols {
        let mut cells = vec![Cell::Text(sight.symbol.as_str())];
        let mut oldest = None;
        for (_, name, _) in COLUMNS {
            let found = sight.fact(name);
            if let Some(fact) = found.filter(|fact| fact.value.is_some()) {
                oldest = oldest.max(age_ms(fact, sights.at_ms));
            }
            cells.push(match found.and_then(|fact| fact.value.as_ref()) {
                Some(Value::Number(number)) => Cell::Number(*number),
                Some(Value::Word(word)) => Cell::Text(word),
                None => Cell::Missing,
            });
        }
        cells.push(Cell::optional(oldest.map(|age| age as f64)));
        rows.row(&cells)?;
    }
    rows.finish()
}
