//! `analyze regimes`: what the engine calls the days of a volatility index, held against plain thresholds
//! and against what came after.
//!
//! The engine's classifiers are fed with daily closes: its levels with their hysteresis, once by the level
//! itself and once by the ratio to the median of the last sessions, and the two states of the Markov
//! switching over the daily changes, fitted as in a run on nothing but the past.

use super::{Fields, Rounding};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::{Column, Input, Record, Table};
use crate::output::{self, Cell, Format, Rows};
use components::units::{NANOS_PER_SECOND, Timestamp};
use components::volatility::VolatilityLevel;
use engine::math::ln_ratio;
use std::path::PathBuf;
use systems::volatility::climate::Climate;
use systems::volatility::levels::{LevelInForce, Yardstick};
use systems::volatility::markov::Switching;

/// The arguments of `analyze regimes`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze regimes vix_daily.csv | tail
  alphatrader analyze regimes vix_daily.csv --score

Input columns:  date, close and, if there is one, open of a volatility index in points; names may be
                in capitals; days ascend
Output columns: date, close, plain, in_force, usual, against_usual, turbulence
With --score:   classifier, class, days; days by the plain class of their close: low, normal,
                elevated, high, shock; in percent by the plain class 21 sessions later: then_low ..
                then_shock; next_change_pct: mean absolute daily change of the next 21 sessions;
                entered; undone: entered and left for the class before within 5 sessions

plain is by the bounds of the afternoon alone, in_force with the hysteresis of the engine,
against_usual by the ratio to the median of the last 20 sessions, open by the bounds of the morning.")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
    /// Prints how the classes agree and what came after them, instead of the days
    #[arg(long)]
    pub score: bool,
}

/// Sessions of a month.
const MONTH: usize = 21;
/// A class that is left for the one before within so many sessions need not have been entered.
const UNDONE_WITHIN: usize = 5;
/// Returns that the two states are fitted on, and how often they are, as in a run.
const FITTED_ON: usize = 390;
const REFIT_EVERY: usize = 15;
/// The only minute of a day of this clock.
const MINUTE: usize = 0;
const DAY_NANOS: i64 = 86_400 * NANOS_PER_SECOND;

/// A day and what it is called.
#[derive(Clone, Debug, PartialEq)]
struct Day {
    date: String,
    close: f64,
    /// By the bounds of the afternoon.
    plain: VolatilityLevel,
    in_force: Option<VolatilityLevel>,
    /// Median close of the sessions before.
    usual: Option<f64>,
    against_usual: Option<VolatilityLevel>,
    /// The probability of the turbulent state.
    turbulence: Option<f64>,
    /// The open by the bounds of the morning.
    open: Option<VolatilityLevel>,
}

/// Classifies every day, or scores.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let days = classify(&read(&arguments.file)?);
    if arguments.score {
        return print_score(&days, general.format_or(Format::Table));
    }
    let columns = [
        "date",
        "close",
        "plain",
        "in_force",
        "usual",
        "against_usual",
        "turbulence",
    ];
    let format = general.format_or(Format::Csv);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    let name = |level: Option<VolatilityLevel>| level.map_or(Cell::Missing, name);
    for day in &days {
        rows.row(&[
            Cell::Text(&day.date),
            Cell::Number(day.close),
            name(Some(day.plain)),
            name(day.in_force),
            Cell::optional(day.usual),
            name(day.against_usual),
            Cell::optional(day.turbulence),
        ])?;
    }
    rows.finish()
}

fn name(level: VolatilityLevel) -> Cell<'static> {
    Cell::Text(level.name())
}

/// A day of the index in points.
#[derive(Clone, Debug, PartialEq)]
struct Points {
    date: String,
    open: Option<f64>,
    close: f64,
}

fn read(file: &std::path::Path) -> Result<Vec<Points>, Failure> {
    let mut table = Table::open(Input::read(file)?.into_csv()?)?;
    let either = |small, large| {
        table
            .optional_column(large)
            .map_or_else(|| table.column(small), Ok)
    };
    let (date, close) = (either("date", "DATE")?, either("close", "CLOSE")?);
    let open = either("open", "OPEN").ok();
    let mut days: Vec<Points> = Vec::new();
    while let Some(record) = table.next_record()? {
        let bad = |name: &str, column: Column, allowed: &str| {
            let found = record.text(column).unwrap_or_default();
            let found: String = found.chars().take(32).collect();
            Failure::error(format_args!(
                "{}:{}: `{name}` was \"{found}\" is not allowed, must be {allowed}",
                table.name(),
                record.line()
            ))
        };
        let text = record.text(date).unwrap_or_default();
        if text.parse::<jiff::civil::Date>().is_err() {
            return Err(bad("date", date, "a date as 2025-06-30"));
        }
        if days.last().is_some_and(|last| last.date.as_str() >= text) {
            return Err(bad("date", date, "after the date of the line before"));
        }
        let allowed = "points above 0, up to 1000";
        days.push(Points {
            date: text.to_owned(),
            close: points(&record, close).ok_or_else(|| bad("close", close, allowed))?,
            open: match open {
                None => None,
                Some(open) => {
                    Some(points(&record, open).ok_or_else(|| bad("open", open, allowed))?)
                }
            },
        });
    }
    if days.is_empty() {
        return Err(Failure::error(format_args!(
            "{} has no rows, must have one for each day",
            table.name()
        )));
    }
    Ok(days)
}

fn points(record: &Record, column: Column) -> Option<f64> {
    let number = Fields { record }.number(("", column)).ok()?;
    (number > 0.0 && number <= 1_000.0).then_some(number)
}

fn classify(days: &[Points]) -> Vec<Day> {
    let mut in_force = LevelInForce::default();
    let mut against_usual = LevelInForce::default();
    let mut climate = Climate::default();
    let mut switching = Switching::default();
    let mut returns: Vec<f64> = Vec::new();
    let mut before: Option<f64> = None;
    let mut now = Timestamp(0);
    let mut found = Vec::with_capacity(days.len());
    for day in days {
        now = Timestamp(now.0 + DAY_NANOS);
        let volatility = day.close / 100.0;
        let yardstick = Yardstick::Afternoon(volatility);
        in_force.observe(yardstick, false, now);
        let usual = climate.median(MINUTE);
        if let Some(usual) = usual {
            against_usual.observe(Yardstick::Ratio(day.close / usual), false, now);
        }
        climate.note(MINUTE, day.close);
        climate.open_session();
        let change = before.map(|before| ln_ratio(day.close, before));
        before = Some(day.close);
        found.push(Day {
            date: day.date.clone(),
            close: day.close,
            plain: yardstick.level(),
            in_force: in_force.level,
            usual,
            against_usual: against_usual.level,
            turbulence: change.and_then(|change| {
                returns.push(change);
                let from = returns.len().saturating_sub(FITTED_ON);
                switching.follow(change, REFIT_EVERY, || &returns[from..])
            }),
            open: day
                .open
                .map(|open| Yardstick::Morning(open / 100.0).level()),
        });
    }
    found
}

const LEVELS: usize = VolatilityLevel::ALL.len();

/// What a class was worth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Worth {
    days: u64,
    plain: [u64; LEVELS],
    later: [u64; LEVELS],
    change: f64,
    changes: u64,
    entered: u64,
    undone: u64,
}

/// The worth of each class of a classifier, whose answers are places among its classes.
fn worths(days: &[Day], classes: usize, answer: impl Fn(&Day) -> Option<usize>) -> Vec<Worth> {
    let answers: Vec<Option<usize>> = days.iter().map(answer).collect();
    let mut worths = vec![Worth::default(); classes];
    for (place, (day, class)) in days.iter().zip(&answers).enumerate() {
        let Some(class) = *class else {
            continue;
        };
        let worth = &mut worths[class];
        worth.days += 1;
        worth.plain[day.plain as usize] += 1;
        if let Some(later) = days.get(place + MONTH) {
            worth.later[later.plain as usize] += 1;
            for pair in days[place..=place + MONTH].windows(2) {
                worth.change += ln_ratio(pair[1].close, pair[0].close).abs();
                worth.changes += 1;
            }
        }
        let before = place.checked_sub(1).and_then(|before| answers[before]);
        if let Some(before) = before
            && before != class
        {
            worth.entered += 1;
            let next = answers.iter().skip(place + 1).take(UNDONE_WITHIN);
            let left = next.flatten().find(|next| **next != class);
            worth.undone += u64::from(left == Some(&before));
        }
    }
    worths
}

fn print_score(days: &[Day], format: Format) -> Result<(), Failure> {
    let columns = [
        "classifier",
        "class",
        "days",
        "low",
        "normal",
        "elevated",
        "high",
        "shock",
        "then_low",
        "then_normal",
        "then_elevated",
        "then_high",
        "then_shock",
        "next_change_pct",
        "entered",
        "undone",
    ];
    let levels = VolatilityLevel::ALL.map(VolatilityLevel::name);
    let states = ["calm", "turbulent"];
    let place = |level: Option<VolatilityLevel>| level.map(|level| level as usize);
    let turbulent = |day: &Day| day.turbulence.map(|share| usize::from(share > 0.5));
    let found = [
        (
            "plain",
            &levels[..],
            worths(days, LEVELS, |day| Some(day.plain as usize)),
        ),
        (
            "in_force",
            &levels[..],
            worths(days, LEVELS, |day| place(day.in_force)),
        ),
        (
            "against_usual",
            &levels[..],
            worths(days, LEVELS, |day| place(day.against_usual)),
        ),
        (
            "open",
            &levels[..],
            worths(days, LEVELS, |day| place(day.open)),
        ),
        (
            "turbulence",
            &states[..],
            worths(days, states.len(), turbulent),
        ),
    ];
    let rounding = Rounding::of(format);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for (classifier, classes, worths) in &found {
        for (class, worth) in classes.iter().zip(worths) {
            if worth.days == 0 {
                continue;
            }
            let mut cells = vec![
                Cell::Text(classifier),
                Cell::Text(class),
                Cell::Count(worth.days),
            ];
            cells.extend(worth.plain.map(Cell::Count));
            let later: u64 = worth.later.iter().sum();
            let share = |count: u64| (later > 0).then(|| 100.0 * count as f64 / later as f64);
            cells.extend(
                worth
                    .later
                    .map(|count| rounding.optional(share(count), 10.0)),
            );
            let change = 100.0 * worth.change / worth.changes as f64;
            cells.push(rounding.optional((worth.changes > 0).then_some(change), 100.0));
            cells.push(Cell::Count(worth.entered));
            cells.push(Cell::Count(worth.undone));
            rows.row(&cells)?;
        }
    }
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use VolatilityLevel::{Elevated, Low, Normal};

    fn days(closes: &[f64]) -> Vec<Day> {
        let points: Vec<Points> = closes
            .iter()
            .map(|close| Points {
                date: String::new(),
                open: Some(15.0),
                close: *close,
            })
            .collect();
        classify(&points)
    }

    #[test]
    fn hysteresis_keeps_a_class_that_thresholds_leave() {
        let days = days(&[17.0, 18.2, 17.9, 18.2, 19.0, 17.5]);
        let plain: Vec<_> = days.iter().map(|day| day.plain).collect();
        assert_eq!(
            plain,
            [Normal, Elevated, Normal, Elevated, Elevated, Normal]
        );
        let held: Vec<_> = days.iter().map(|day| day.in_force.unwrap()).collect();
        assert_eq!(held, [Normal, Normal, Normal, Normal, Elevated, Elevated]);
        let of_plain = worths(&days, LEVELS, |day| Some(day.plain as usize));
        assert_eq!((of_plain[2].entered, of_plain[2].undone), (2, 2));
        let held = worths(&days, LEVELS, |day| {
            day.in_force.map(|level| level as usize)
        });
        assert_eq!((held[2].entered, held[2].undone), (1, 0));
        assert_eq!(held[1].plain, [0, 2, 2, 0, 0]);
    }

    #[test]
    fn the_usual_is_that_of_the_sessions_before_and_the_open_has_bounds_of_its_own() {
        let days = days(&[20.0, 20.0, 20.0, 20.0, 20.0, 26.5, 14.0]);
        assert_eq!((days[4].usual, days[5].usual), (None, Some(20.0)));
        assert_eq!(days[4].against_usual, None);
        assert_eq!(days[5].against_usual, Some(Elevated));
        assert_eq!(days[6].against_usual, Some(Low));
        assert_eq!(days[0].open, Some(Elevated));
    }

    #[test]
    fn what_came_a_month_later_is_counted() {
        let mut closes = vec![17.0; MONTH];
        closes.extend([19.0, 19.0]);
        let days = days(&closes);
        let worths = worths(&days, LEVELS, |day| Some(day.plain as usize));
        assert_eq!(worths[1].later, [0, 0, 2, 0, 0]);
        assert_eq!(worths[2].later, [0; LEVELS]);
        let one = ln_ratio(19.0, 17.0);
        // Day 0 sees the rise as the last of 21 changes, day 1 as the last but one.
        assert!((worths[1].change - 2.0 * one).abs() < 1e-12);
        assert_eq!(worths[1].changes, 2 * MONTH as u64);
    }

    #[test]
    fn wild_changes_are_turbulent() {
        let mut closes = vec![20.0];
        for day in 0..200_u32 {
            let size = if day >= 150 { 0.12 } else { 0.01 };
            let sign = if (day / 2 + day % 3).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            };
            closes.push(closes[day as usize] * (1.0 + sign * size));
        }
        let days = days(&closes);
        assert!(days[140].turbulence.unwrap() < 0.5);
        assert!(days[170].turbulence.unwrap() > 0.5);
        assert_eq!(days[30].turbulence, None);
    }
}
