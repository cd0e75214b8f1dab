//! `analyze sweeps`: sweeps in a recorded tape, and how far they agree with what the feed marks.
//!
//! The detector sees time, price and side by Lee and Ready and nothing else; the marks are the
//! intermarket-sweep bit of each print. The two are different things: an intermarket sweep order
//! often takes one price at several venues, which is no sweep through levels.

use super::tape::{self, Tape};
use crate::cli::General;
use crate::exit::Failure;
use crate::input::Input;
use crate::output::{self, Cell, Format, Rows};
use components::flow::Print;
use components::market::Side;
use components::patterns::Sweep;
use components::units::{NANOS_PER_MILLI, Timestamp};
use std::path::PathBuf;
use systems::patterns::shapes::{SidedTrade, SweepDetector};
use systems::patterns::window::sided;
use systems::vpin::signed::TickRule;

/// The arguments of `analyze sweeps`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze sweeps spy/20131007_trade.zip --quotes spy/20131007_quote.zip
  alphatrader analyze sweeps spy/20131007_trade.zip --quotes spy/20131007_quote.zip --score

Input:          a LEAN trade tick zip and its quotes; the regular session's regular prints count
Output columns: t_ms (since midnight in New York), side, trades, shares, first, last (USD), marked
                (trades of the sweep that the feed marks as intermarket sweeps)
With --score:   trades, marked, detected, both, precision, recall, base_rate, sweeps,
                sweeps_with_mark")]
pub struct Args {
    /// The file, or - for stdin
    pub file: PathBuf,
    /// The LEAN quote tick zip of the same day: sides are told by the quote before a trade
    #[arg(long, value_name = "FILE")]
    pub quotes: PathBuf,
    /// Prints how well the detector finds what the feed marks, instead of the sweeps
    #[arg(long)]
    pub score: bool,
}

/// A sweep and its place in the tape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Found {
    sweep: Sweep,
    from: usize,
    until: usize,
}

/// How detector and feed agree, trade by trade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    trades: usize,
    marked: usize,
    detected: usize,
    both: usize,
    sweeps: usize,
    sweeps_with_mark: usize,
}

/// Finds the sweeps of a tape.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let input = Input::read(&arguments.file)?.into_csv()?;
    if !tape::is_lean(&input) {
        let found = &input.name;
        return Err(Failure::error(format_args!(
            "{found} is no LEAN trade tick file: only those mark intermarket sweeps"
        )));
    }
    let quotes = Input::read(&arguments.quotes)?.into_csv()?;
    let tape = tape::read_lean(&input, Some(&quotes))?;
    let trades = sided_trades(&tape);
    let found = sweeps(&trades);
    let format = general.format_or(Format::Csv);
    if arguments.score {
        return print_score(&score(&trades, &found), format);
    }
    let columns = [
        "t_ms", "side", "trades", "shares", "first", "last", "marked",
    ];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for one in &found {
        let inside = &trades[one.from..one.until];
        let shares = inside.iter().map(|trade| trade.size).sum();
        let marked = inside.iter().filter(|trade| trade.sweep_flag).count();
        rows.row(&[
            Cell::Count(u64::try_from(one.sweep.began.0 / NANOS_PER_MILLI).unwrap_or(0)),
            Cell::Text(match one.sweep.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            }),
            Cell::Count(inside.len() as u64),
            Cell::Count(shares),
            Cell::Number(trades[one.from].price.dollars()),
            Cell::Number(trades[one.until - 1].price.dollars()),
            Cell::Count(marked as u64),
        ])?;
    }
    rows.finish()
}

fn print_score(score: &Score, format: Format) -> Result<(), Failure> {
    let columns = [
        "trades",
        "marked",
        "detected",
        "both",
        "precision",
        "recall",
        "base_rate",
        "sweeps",
        "sweeps_with_mark",
    ];
    let share =
        |part: usize, whole: usize| Cell::optional((whole > 0).then(|| part as f64 / whole as f64));
    let count = |count: usize| Cell::Count(count as u64);
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    rows.row(&[
        count(score.trades),
        count(score.marked),
        count(score.detected),
        count(score.both),
        share(score.both, score.detected),
        share(score.both, score.marked),
        share(score.marked, score.trades),
        count(score.sweeps),
        count(score.sweeps_with_mark),
    ])?;
    rows.finish()
}

/// The trades with their sides by Lee and Ready; none before the first change of price decides.
fn sided_trades(tape: &Tape) -> Vec<SidedTrade> {
    let mut rule = TickRule::default();
    let quoted = tape.quoted().zip(&tape.times_ns).zip(&tape.conditions);
    let prints = quoted.map(|((trade, at), conditions)| Print {
        at: Timestamp(*at),
        price: trade.price,
        size: u64::from(trade.size),
        bid: trade.bid,
        ask: trade.ask,
        conditions: *conditions,
        aggressor: None,
        quotes_before: 0,
        is_bar: false,
    });
    prints
        .filter_map(|print| sided(&print, &mut rule))
        .collect()
}

fn sweeps(trades: &[SidedTrade]) -> Vec<Found> {
    let mut detector = SweepDetector::default();
    let mut found = Vec::new();
    let mut note = |sweep: Option<Sweep>, until: usize| {
        if let Some(sweep) = sweep {
            let from = until.saturating_sub(sweep.trades as usize);
            found.push(Found { sweep, from, until });
        }
    };
    for (place, trade) in trades.iter().enumerate() {
        // What a trade ends are the trades before it.
        note(detector.push(trade), place);
    }
    note(detector.end(), trades.len());
    found
}

fn score(trades: &[SidedTrade], found: &[Found]) -> Score {
    let marked = |trades: &[SidedTrade]| trades.iter().filter(|trade| trade.sweep_flag).count();
    let mut score = Score {
        trades: trades.len(),
        marked: marked(trades),
        sweeps: found.len(),
        ..Score::default()
    };
    for one in found {
        let inside = &trades[one.from..one.until];
        let both = marked(inside);
        score.detected += inside.len();
        score.both += both;
        score.sweeps_with_mark += usize::from(both > 0);
    }
    score
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Price;

    fn trade(millis: i64, cents: i64, side: Option<Side>, sweep_flag: bool) -> SidedTrade {
        SidedTrade {
            at: Timestamp(millis * NANOS_PER_MILLI),
            price: Price(cents * 100),
            size: 100,
            side,
            sweep_flag,
        }
    }

    #[test]
    fn sweeps_are_where_their_trades_are_and_agreement_is_counted_by_trade() {
        let (buy, sell) = (Some(Side::Buy), Some(Side::Sell));
        let trades = [
            trade(0, 1_000, sell, true),
            trade(1_000, 1_000, buy, true),
            trade(1_010, 1_001, buy, false),
            trade(1_020, 1_001, buy, true),
            trade(1_400, 1_002, buy, false),
            trade(2_000, 1_000, sell, false),
            trade(2_001, 999, sell, false),
            trade(2_002, 998, sell, false),
        ];
        let found = sweeps(&trades);
        let places: Vec<_> = found.iter().map(|one| (one.from, one.until)).collect();
        assert_eq!(places, [(1, 4), (5, 8)]);
        let expected = Score {
            trades: 8,
            marked: 3,
            detected: 6,
            both: 2,
            sweeps: 2,
            sweeps_with_mark: 1,
        };
        assert_eq!(score(&trades, &found), expected);
        assert_eq!(score(&[], &sweeps(&[])), Score::default());
    }
}
