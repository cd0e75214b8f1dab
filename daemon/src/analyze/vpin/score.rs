//! What VPIN was over recorded sessions by each classification, and what came after it.
//!
//! Buckets run across the sessions. Beside the correlation of VPIN with the absolute return of the buckets
//! that follow stands that of the absolute return of the buckets before: what volatility alone says.

use super::super::Rounding;
use super::super::tape::{self, Tape};
use super::{Args, flag_error};
use crate::exit::{Exit, Failure};
use crate::input::Input;
use crate::output::{self, Cell, Format, Rows};
use components::units::{NANOS_PER_SECOND, Price, Timestamp};
use engine::math::ln_ratio;
use systems::statistics::sample::{correlation, quantile};
use systems::vpin::bulk::{BulkParameters, BulkVpin};
use systems::vpin::signed::{LeeReadyVpin, TickVpin};
use systems::vpin::volume_clock::{Bucket, ParameterError, VolumeClock};

/// Nanoseconds from a session to the next on the clock of several.
const DAY_NANOS: i64 = 86_400 * NANOS_PER_SECOND;

/// A recorded session.
struct Session {
    day: String,
    tape: Tape,
}

/// Reads the sessions and prints their scores.
pub(super) fn run(arguments: &Args, format: Format) -> Result<(), Failure> {
    let sessions = read(arguments)?;
    let usage = |error: ParameterError| Failure::new(Exit::Usage, flag_error(error));
    let ends = ends(&sessions, arguments.bucket_volume);
    let mut methods = vec![("bvc_causal", bulk(arguments, &sessions).map_err(usage)?)];
    if !arguments.quotes.is_empty() {
        methods.push(("lee_ready", lee_ready(arguments, &sessions).map_err(usage)?));
    }
    methods.push(("tick", tick(arguments, &sessions).map_err(usage)?));
    let columns = [
        "method",
        "session",
        "buckets",
        "values",
        "min",
        "median",
        "max",
        "last",
        "pairs",
        "next_return_correlation",
        "past_return_correlation",
    ];
    let rounding = Rounding::of(format);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for (method, buckets) in &methods {
        let days = (0..sessions.len()).map(Some).chain([None]);
        for day in days {
            let name = day.map_or("all", |day| sessions[day].day.as_str());
            let line = Line::of(buckets, &ends, day, arguments.ahead);
            let number = |number: Option<f64>| rounding.optional(number, 1e3);
            rows.row(&[
                Cell::Text(method),
                Cell::Text(name),
                Cell::Count(line.buckets),
                Cell::Count(line.values.len() as u64),
                number(quantile(&line.values, 0.0)),
                number(quantile(&line.values, 0.5)),
                number(quantile(&line.values, 1.0)),
                number(line.last),
                Cell::Count(line.next.len() as u64),
                number(correlation(&line.next)),
                number(correlation(&line.past)),
            ])?;
        }
    }
    rows.finish()
}

fn read(arguments: &Args) -> Result<Vec<Session>, Failure> {
    let (files, quotes) = (&arguments.files, &arguments.quotes);
    if !quotes.is_empty() && quotes.len() != files.len() {
        return Err(Failure::new(
            Exit::Usage,
            format_args!(
                "--quotes was given {} times, must be once for each of {} files, or not at all",
                quotes.len(),
                files.len()
            ),
        ));
    }
    let mut sessions = Vec::new();
    for (place, file) in files.iter().enumerate() {
        let input = Input::read(file)?.into_csv()?;
        if !tape::is_lean(&input) {
            return Err(Failure::error(format_args!(
                "{} is no LEAN trade tick file: --score takes sessions, one a file",
                input.name
            )));
        }
        let quotes = match quotes.get(place) {
            Some(path) => Some(Input::read(path)?.into_csv()?),
            None => None,
        };
        let tape = tape::read_lean(&input, quotes.as_ref())?;
        let name = input.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let date = name
            .get(..8)
            .filter(|date| date.bytes().all(|b| b.is_ascii_digit()));
        let day = date.map_or_else(|| format!("session {}", place + 1), str::to_owned);
        sessions.push(Session { day, tape });
    }
    Ok(sessions)
}

/// The trade that filled a bucket: its session and price.
#[derive(Clone, Copy, Debug, PartialEq)]
struct End {
    session: usize,
    price: Price,
}

/// The trades that filled the buckets of `bucket_volume` shares, one after the other.
fn ends(sessions: &[Session], bucket_volume: u64) -> Vec<End> {
    let mut ends = Vec::new();
    let mut volume = 0_u64;
    for (session, Session { tape, .. }) in sessions.iter().enumerate() {
        for (price, size) in tape.prices.iter().zip(&tape.sizes) {
            volume += u64::from(*size);
            let price = Price(*price);
            while bucket_volume > 0 && volume >= bucket_volume {
                volume -= bucket_volume;
                ends.push(End { session, price });
            }
        }
    }
    ends
}

type Buckets = Result<Vec<Bucket>, ParameterError>;

fn clock(arguments: &Args) -> Result<VolumeClock, ParameterError> {
    VolumeClock::new(arguments.bucket_volume, arguments.window)
}

fn bulk(arguments: &Args, sessions: &[Session]) -> Buckets {
    let parameters = BulkParameters {
        bar_nanos: i64::from(arguments.bar_seconds) * NANOS_PER_SECOND,
        sigma_bars: arguments.sigma_window,
        sigma_bars_min: arguments.sigma_min,
    };
    let mut vpin = BulkVpin::new(clock(arguments)?, parameters)?;
    let mut buckets = Vec::new();
    let mut emit = |bucket| buckets.push(bucket);
    let mut shift = 0;
    for Session { tape, .. } in sessions {
        vpin.start_session(Timestamp(tape.open.0 + shift), &mut emit);
        let trades = tape.times_ns.iter().zip(&tape.prices).zip(&tape.sizes);
        for ((at, price), size) in trades {
            vpin.push(Timestamp(at + shift), Price(*price), *size, &mut emit);
        }
        shift += DAY_NANOS;
    }
    vpin.finish(&mut emit);
    Ok(buckets)
}

fn lee_ready(arguments: &Args, sessions: &[Session]) -> Buckets {
    let mut vpin = LeeReadyVpin::new(clock(arguments)?);
    let mut buckets = Vec::new();
    for Session { tape, .. } in sessions {
        for trade in tape.quoted() {
            vpin.push(trade, &mut |bucket| buckets.push(bucket));
        }
    }
    Ok(buckets)
}

fn tick(arguments: &Args, sessions: &[Session]) -> Buckets {
    let mut vpin = TickVpin::new(clock(arguments)?);
    let mut buckets = Vec::new();
    for Session { tape, .. } in sessions {
        vpin.extend(&tape.prices, &tape.sizes, &mut |bucket| {
            buckets.push(bucket);
        });
    }
    Ok(buckets)
}

/// The values of one session, or of all.
#[derive(Debug, Default, PartialEq)]
struct Line {
    buckets: u64,
    /// Ascending.
    values: Vec<f64>,
    last: Option<f64>,
    /// VPIN and the absolute return of the buckets after it.
    next: Vec<(f64, f64)>,
    /// The absolute return of the buckets before, and of those after.
    past: Vec<(f64, f64)>,
}

impl Line {
    /// The buckets that ended in `session`; a return never spans a night.
    fn of(buckets: &[Bucket], ends: &[End], session: Option<usize>, ahead: usize) -> Self {
        let mut line = Self::default();
        // The absolute log return from a bucket's end to another's.
        let moved = |from: usize, to: usize| {
            let (from, to) = (ends.get(from)?, ends.get(to)?);
            (from.session == to.session)
                .then(|| ln_ratio(to.price.dollars(), from.price.dollars()).abs())
        };
        for (place, (bucket, end)) in buckets.iter().zip(ends).enumerate() {
            if session.is_some_and(|session| end.session != session) {
                continue;
            }
            line.buckets += 1;
            let Some(vpin) = bucket.vpin else {
                continue;
            };
            line.values.push(vpin);
            line.last = Some(vpin);
            let next = moved(place, place + ahead);
            let past = place.checked_sub(ahead).and_then(|from| moved(from, place));
            // Both correlations stand on the same buckets.
            if let Some((past, next)) = past.zip(next) {
                line.next.push((vpin, next));
                line.past.push((past, next));
            }
        }
        line.values.sort_by(f64::total_cmp);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(trades: &[(i64, u32)]) -> Session {
        let mut tape = Tape::default();
        for (price, size) in trades {
            tape.prices.push(*price);
            tape.sizes.push(*size);
        }
        let day = String::new();
        Session { day, tape }
    }

    #[test]
    fn a_bucket_ends_with_the_trade_that_fills_it_in_whatever_session() {
        let sessions = [
            session(&[(10, 60), (11, 60), (12, 250)]),
            session(&[(13, 20), (14, 10), (15, 5)]),
        ];
        let found: Vec<_> = ends(&sessions, 100)
            .iter()
            .map(|end| (end.session, end.price.0))
            .collect();
        assert_eq!(found, [(0, 11), (0, 12), (0, 12), (1, 14)]);
    }

    #[test]
    fn returns_stay_within_a_session() {
        let bucket = |number: u64, vpin: f64| Bucket {
            number,
            buy: 0.0,
            sell: 0.0,
            vpin: Some(vpin),
        };
        let buckets: Vec<Bucket> = (0..6).map(|n| bucket(n, 0.1 * (n + 1) as f64)).collect();
        let end = |session, dollars: i64| End {
            session,
            price: Price(dollars * 10_000),
        };
        let ends = [
            end(0, 100),
            end(0, 110),
            end(0, 100),
            end(1, 50),
            end(1, 50),
            end(1, 100),
        ];
        let all = Line::of(&buckets, &ends, None, 1);
        assert_eq!(
            (all.buckets, all.values.len(), all.last),
            (6, 6, Some(0.1 * 6.0))
        );
        let vpins: Vec<f64> = all.next.iter().map(|pair| pair.0).collect();
        assert_eq!(vpins, [0.2, 0.5]);
        assert!((all.next[1].1 - ln_ratio(100.0, 50.0)).abs() < 1e-15);
        assert!((all.past[1].0).abs() < 1e-15);
        let second = Line::of(&buckets, &ends, Some(1), 1);
        assert_eq!((second.buckets, second.next.len()), (3, 1));
    }
}
