//! `levels` and `explain`: what a running engine knows of its underlyings.

/// A running engine's levels as a picture.
mod drawing;
/// Everything about one underlying.
mod explain;
/// The table that is looked at first.
mod levels;

pub use explain::explain;
pub use levels::levels;

use crate::exit::{Exit, Failure};
use crate::operator::{Place, answered};
use control::request::{Request, Verb};
use engine::config::nearest;
use std::path::PathBuf;
use wire::quality::Quality;
use wire::sight::{Fact, Sights};

/// Names of underlyings that an error lists.
const LISTED_MAX: usize = 20;

/// The arguments of `levels`.
#[derive(clap::Args, Debug)]
pub struct LevelsArgs {
    /// The underlyings [default: all]
    #[arg(value_name = "SYMBOL")]
    pub symbols: Vec<String>,
    /// Draws a picture of the one underlying that is named, in this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Which engine.
    #[command(flatten)]
    pub place: Place,
}

/// The arguments of `explain`.
#[derive(clap::Args, Debug)]
pub struct ExplainArgs {
    /// The underlying
    pub symbol: String,
    /// Which engine.
    #[command(flatten)]
    pub place: Place,
}

/// Asks the engine of `place`.
fn asked(verb: Verb, symbols: &[String], place: &Place) -> Result<Sights, Failure> {
    let symbols: Vec<String> = symbols.iter().map(|name| name.to_uppercase()).collect();
    let request = Request {
        verb,
        why: String::new(),
        strategy: None,
        symbols,
    };
    let answer = answered(place, &request)?;
    let sights = answer
        .sights
        .ok_or_else(|| Failure::error("the engine's answer holds no underlyings"))?;
    if sights.v != wire::VERSION {
        let (found, known) = (sights.v, wire::VERSION);
        let message = format_args!("the engine speaks version {found}, must be {known}");
        return Err(Failure::error(message));
    }
    match sights.unknown.first() {
        Some(name) => Err(unknown(name, &sights.known)),
        None => Ok(sights),
    }
}

/// Names what may have been meant, and some of what there is.
fn unknown(name: &str, known: &[String]) -> Failure {
    let near = nearest(name, known.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!(", did you mean {near}?"));
    let listed = known.iter().take(LISTED_MAX).map(String::as_str);
    let mut listed = listed.collect::<Vec<_>>().join(", ");
    if known.len() > LISTED_MAX {
        listed.push_str(&format!(" and {} more", known.len() - LISTED_MAX));
    }
    if known.is_empty() {
        listed.push_str("none yet");
    }
    let message = format_args!("symbol {name:?} is not known{near} (known: {listed})");
    Failure::new(Exit::Usage, message)
}

/// Whether a value may be used, and if not, why.
#[derive(Clone, Debug, PartialEq)]
enum State {
    /// It is there and holds.
    Good,
    /// It is there; why it should not be relied on.
    Doubtful(String),
    /// It is not there; why.
    Absent(String),
}

/// How long ago a value was computed, milliseconds.
fn age_ms(fact: &Fact, at_ms: i64) -> Option<i64> {
    fact.validity
        .computed_at_ms
        .map(|computed| at_ms - computed)
}

/// Milliseconds as a person says them: `0.3 s`, `12 s`, `4 min`.
fn age_text(age_ms: i64) -> String {
    match age_ms {
        age if age < 10_000 => format!("{:.1} s", age as f64 / 1e3),
        age if age < 180_000 => format!("{} s", age / 1_000),
        age if age < 7_200_000 => format!("{} min", age / 60_000),
        age => format!("{} h", age / 3_600_000),
    }
}

/// The quality of a value at `at_ms`: one that has outlived its time is stale.
fn quality(fact: &Fact, at_ms: i64) -> Quality {
    let is_over = fact
        .validity
        .valid_until_ms
        .is_some_and(|until| until < at_ms);
    match fact.validity.quality {
        Quality::Ok if is_over => Quality::Stale,
        quality => quality,
    }
}

/// The name of a quality, as in JSON.
fn quality_name(quality: Quality) -> &'static str {
    match quality {
        Quality::Ok => "ok",
        Quality::Warmup => "warmup",
        Quality::NoData => "no_data",
        Quality::Stale => "stale",
        Quality::OneSided => "one_sided",
        Quality::Crossed => "crossed",
        Quality::Locked => "locked",
        Quality::Clamped => "clamped",
        Quality::IllConditioned => "ill_conditioned",
        Quality::Expired => "expired",
    }
}

fn state(fact: &Fact, at_ms: i64) -> State {
    let quality = quality(fact, at_ms);
    let age = || age_ms(fact, at_ms).map_or("never computed".to_owned(), age_text);
    let words = match quality {
        Quality::Ok => String::new(),
        Quality::Stale => format!("stale, {} old", age()),
        Quality::Warmup => "not enough history yet".to_owned(),
        Quality::NoData => "no data".to_owned(),
        other => quality_name(other).replace('_', " "),
    };
    match (&fact.value, quality) {
        (Some(_), Quality::Ok) => State::Good,
        (Some(_), _) => State::Doubtful(words),
        (None, Quality::Ok) => State::Absent(fact.reason.clone().unwrap_or_default()),
        (None, _) => State::Absent(fact.reason.clone().unwrap_or(words)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::quality::Validity;
    use wire::sight::Value;

    fn fact(value: Option<f64>, quality: Quality) -> Fact {
        Fact {
            group: "flow".to_owned(),
            name: "vpin".to_owned(),
            value: value.map(Value::Number),
            unit: String::new(),
            source: String::new(),
            reason: value.is_none().then(|| "none".to_owned()),
            validity: Validity {
                computed_at_ms: Some(1_000),
                valid_until_ms: Some(3_000),
                quality,
            },
        }
    }

    #[test]
    fn a_stale_value_tells_its_age_and_an_absent_one_why() {
        let good = fact(Some(0.3), Quality::Ok);
        assert_eq!(state(&good, 3_000), State::Good);
        let stale = State::Doubtful("stale, 12 s old".to_owned());
        assert_eq!(state(&good, 13_400), stale);
        let mut warmup = fact(None, Quality::Warmup);
        warmup.reason = None;
        let words = "not enough history yet".to_owned();
        assert_eq!(state(&warmup, 2_000), State::Absent(words));
        let mut silent = fact(None, Quality::NoData);
        let own = State::Absent("none".to_owned());
        assert_eq!(
            state(&silent, 2_000),
            own,
            "a reason tells more than no data"
        );
        silent.reason = None;
        let none = State::Absent("no data".to_owned());
        assert_eq!(state(&silent, 2_000), none);
        let none = State::Absent("none".to_owned());
        assert_eq!(state(&fact(None, Quality::Ok), 2_000), none);
    }

    #[test]
    fn a_mistyped_name_is_answered_with_the_nearest() {
        let known = ["SPY", "QQQ", "IWM"].map(str::to_owned);
        let failure = unknown("SPYX", &known);
        assert_eq!(failure.exit(), Exit::Usage);
        let words = failure.to_string();
        assert!(words.contains("did you mean SPY?"), "{words}");
        let many: Vec<String> = (0..30).map(|place| format!("A{place}")).collect();
        assert!(unknown("ZZZ", &many).to_string().contains(" and 10 more)"));
    }
}
