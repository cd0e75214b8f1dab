//! What happens in a scenario: moves of the market, halts, faults of feeds, ticks that overrun.

use components::market::Ticker;
use components::units::NANOS_PER_SECOND;
use engine::config::within;
use garde::Validate;
use serde::{Deserialize, Serialize};
use simulator::EventClass;
use std::fmt;

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(custom(does_one_thing))]
pub struct Scripted {
    /// When, after the start of the run.
    #[garde(skip)]
    pub time: Offset,
    /// The value of an underlying jumps.
    #[garde(dive)]
    pub spot_jump: Option<SpotJump>,
    /// The value of an underlying drifts.
    #[garde(dive)]
    pub spot_drift: Option<SpotDrift>,
    /// Events vanish.
    #[garde(dive)]
    pub feed_drop: Option<FeedDrop>,
    /// Trading in an underlying is halted.
    #[garde(dive)]
    pub halt: Option<Halt>,
    /// Quotes and trades become garbage.
    #[garde(dive)]
    pub garble: Option<Garble>,
    /// A tick takes too long.
    #[garde(dive)]
    pub overrun: Option<Overrun>,
}

/// The value of an underlying jumps.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct SpotJump {
    /// The underlying.
    #[garde(skip)]
    pub symbol: Ticker,
    /// By how many percent.
    #[garde(custom(within(-90.0, 400.0)))]
    pub percent: f64,
}

/// The value of an underlying drifts, on top of its own movement.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct SpotDrift {
    /// The underlying.
    #[garde(skip)]
    pub symbol: Ticker,
    /// By how many percent in all.
    #[garde(custom(within(-90.0, 400.0)))]
    pub percent: f64,
    /// Over how many seconds.
    #[garde(custom(within(0.25, 604_800.0)))]
    pub seconds: f64,
}

/// Events vanish.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct FeedDrop {
    /// Which: quotes, trades, books, options, open_interest, all.
    #[garde(skip)]
    pub feed: EventClass,
    /// For how many seconds.
    #[garde(custom(within(0.25, 604_800.0)))]
    pub seconds: f64,
}

/// Trading in an underlying is halted.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Halt {
    /// The underlying.
    #[garde(skip)]
    pub symbol: Ticker,
    /// For how many seconds.
    #[garde(custom(within(0.25, 604_800.0)))]
    pub seconds: f64,
}

/// Quotes and trades become garbage.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Garble {
    /// Of this underlying and its chain; without it of all.
    #[garde(skip)]
    pub symbol: Option<Ticker>,
    /// For how many seconds.
    #[garde(custom(within(0.25, 604_800.0)))]
    pub seconds: f64,
    /// Events damaged in each tick, on average.
    #[serde(default = "one_per_tick")]
    #[garde(custom(within(0.0, 10_000.0)))]
    pub per_tick: f64,
}

/// A tick takes too long.
#[derive(Clone, Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Overrun {
    /// Ticks lost to it.
    #[garde(custom(within(1, 100_000)))]
    pub ticks: u32,
}

fn one_per_tick() -> f64 {
    1.0
}

/// The one thing that a [`Scripted`] does.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<'a> {
    /// The value of an underlying jumps.
    SpotJump(&'a SpotJump),
    /// The value of an underlying drifts.
    SpotDrift(&'a SpotDrift),
    /// Events vanish.
    FeedDrop(&'a FeedDrop),
    /// Trading is halted.
    Halt(&'a Halt),
    /// Values become garbage.
    Garble(&'a Garble),
    /// A tick takes too long.
    Overrun(&'a Overrun),
}

impl Scripted {
    /// What happens: one thing in a scenario that has been checked.
    pub fn actions(&self) -> impl Iterator<Item = Action<'_>> {
        [
            self.spot_jump.as_ref().map(Action::SpotJump),
            self.spot_drift.as_ref().map(Action::SpotDrift),
            self.feed_drop.as_ref().map(Action::FeedDrop),
            self.halt.as_ref().map(Action::Halt),
            self.garble.as_ref().map(Action::Garble),
            self.overrun.as_ref().map(Action::Overrun),
        ]
        .into_iter()
        .flatten()
    }
}

fn does_one_thing(scripted: &Scripted, _: &()) -> garde::Result {
    match scripted.actions().count() {
        1 => Ok(()),
        found => Err(garde::Error::new(format!(
            "{found} actions were found, must be one of spot_jump, spot_drift, feed_drop, halt, \
             garble, overrun"
        ))),
    }
}

/// A time after the start of a run, written `HH:MM:SS` or `HH:MM:SS.mmm`; hours may pass 24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Offset {
    /// Nanoseconds after the start.
    pub nanos: i64,
}

/// A text that is no [`Offset`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not allowed, must be a time after the start such as 00:10:00")]
pub struct OffsetError {
    found: String,
}

impl TryFrom<String> for Offset {
    type Error = OffsetError;

    /// # Errors
    /// If it is not `HH:MM:SS` with minutes and seconds below 60.
    fn try_from(text: String) -> Result<Self, OffsetError> {
        match nanos_of(&text) {
            Some(nanos) => Ok(Self { nanos }),
            None => Err(OffsetError {
                found: text.chars().take(32).collect(),
            }),
        }
    }
}

impl From<Offset> for String {
    fn from(offset: Offset) -> Self {
        offset.to_string()
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (
            self.nanos / NANOS_PER_SECOND,
            self.nanos % NANOS_PER_SECOND / 1_000_000,
        );
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{hours:02}:{minutes:02}:{seconds:02}")?;
        if millis != 0 {
            write!(f, ".{millis:03}")?;
        }
        Ok(())
    }
}

fn nanos_of(text: &str) -> Option<i64> {
    const HOURS_MAX: i64 = 100_000;
    let digits = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        let fits = lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let mut parts = text.split(':');
    let hours = digits(parts.next()?, 1..=6).filter(|hours| *hours <= HOURS_MAX)?;
    let minutes = digits(parts.next()?, 2..=2).filter(|minutes| *minutes < 60)?;
    let last = parts.next()?;
    let (seconds, fraction) = match last.split_once('.') {
        Some((seconds, fraction)) => (seconds, digits(&format!("{fraction:0<3}"), 3..=3)?),
        None => (last, 0),
    };
    let seconds = digits(seconds, 2..=2).filter(|seconds| *seconds < 60)?;
    if parts.next().is_some() {
        return None;
    }
    Some(((hours * 60 + minutes) * 60 + seconds) * NANOS_PER_SECOND + fraction * 1_000_000)
}
