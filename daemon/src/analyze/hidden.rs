//! `analyze hidden`: hidden orders in a recorded book, and how far they agree with what the feed marks.
//!
//! The detector sees executions (time, price, size, who began them) and the best quotes, and nothing
//! else. LOBSTER marks executions of hidden orders (type 5); the marks are read for the score alone.
//! With `--quote-every-ms` the best quotes are shown only so often, as a feed does that conflates.

use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Cell, Format, Rows};
use components::market::Quote;
use components::units::{NANOS_PER_MILLI, Timestamp};
use recorded::lobster::{MessageKind, Messages};
use std::path::PathBuf;
use systems::hidden::detector::{Evidence, Execution, HiddenDetector, Kind};

/// The arguments of `analyze hidden`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze hidden LOBSTER_SampleFile_AMZN_2012-06-21_5.zip
  alphatrader analyze hidden LOBSTER_SampleFile_AAPL_2012-06-21_1.zip --score --quote-every-ms 100

Input:          a LOBSTER zip of messages and order books
Output columns: t_ms (since midnight in New York), evidence (inside, beyond, refilled), side (that
                rested), price (USD), shares
With --score:   trades, marked, detected, both, precision, recall, base_rate, inside, inside_both,
                beyond, beyond_both, shares, marked_shares, hidden_shares, refilled_shares")]
pub struct Args {
    /// The file
    pub file: PathBuf,
    /// Prints how well the detector finds what the feed marks, instead of the evidence
    #[arg(long)]
    pub score: bool,
    /// Shows the detector the best quotes only so often, milliseconds; 0: each change
    #[arg(long, value_name = "MS", default_value_t = 0,
          value_parser = clap::value_parser!(u32).range(0..=60_000))]
    pub quote_every_ms: u32,
}

/// An execution and whether the feed marks it as hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marked {
    shares: u64,
    hidden: bool,
}

/// What a day gives.
#[derive(Debug, Default)]
struct Day {
    executions: Vec<Marked>,
    evidence: Vec<Evidence>,
}

/// How detector and feed agree, execution by execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    trades: u64,
    marked: u64,
    detected: u64,
    both: u64,
    inside: u64,
    inside_both: u64,
    beyond: u64,
    beyond_both: u64,
    shares: u64,
    marked_shares: u64,
    hidden_shares: u64,
    refilled_shares: u64,
}

/// Finds the hidden orders of a day.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let day = read(arguments)?;
    let format = general.format_or(Format::Csv);
    if arguments.score {
        return print_score(&score(&day), format);
    }
    let columns = ["t_ms", "evidence", "side", "price", "shares"];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for one in &day.evidence {
        rows.row(&[
            Cell::Count(u64::try_from(one.at.0 / NANOS_PER_MILLI).unwrap_or(0)),
            Cell::Text(match one.kind {
                Kind::Inside => "inside",
                Kind::Beyond => "beyond",
                Kind::Refilled(_) => "refilled",
            }),
            one.side
                .map_or(Cell::Missing, |side| Cell::Text(side.name())),
            Cell::Number(one.price.dollars()),
            Cell::Count(one.shares),
        ])?;
    }
    rows.finish()
}

fn read(arguments: &Args) -> Result<Day, Failure> {
    let levels = Messages::levels_of(&arguments.file).map_err(Failure::error)?;
    let mut messages = Messages::open(&arguments.file, levels).map_err(Failure::error)?;
    let every = i64::from(arguments.quote_every_ms) * NANOS_PER_MILLI;
    let mut detector = HiddenDetector::default();
    let mut day = Day::default();
    let mut shown = Quote::default();
    // What a feed that conflates has not shown yet, and when it showed something last.
    let (mut waits, mut shown_at): (Option<Quote>, i64) = (None, i64::MIN);
    while let Some((message, sides)) = messages.next_message().map_err(Failure::error)? {
        let at = Timestamp(message.nanos);
        let evidence = &mut day.evidence;
        let mut emit = |one| evidence.push(one);
        if let Some(quote) = waits
            && every <= message.nanos.saturating_sub(shown_at)
        {
            shown_at = shown_at.saturating_add(every).max(quote.at.0);
            let at = Timestamp(shown_at);
            detector.quote(&Quote { at, ..quote }, &mut emit);
            waits = None;
        }
        if let Some(aggressor) = message.aggressor() {
            let execution = Execution {
                at,
                price: message.price,
                size: u64::from(message.size),
                aggressor: Some(aggressor),
            };
            detector.execution(&execution, true, &mut emit);
            day.executions.push(Marked {
                shares: execution.size,
                hidden: message.kind == MessageKind::HiddenExecution,
            });
        }
        let quote = Quote {
            bid: sides.bids[0].price,
            ask: sides.asks[0].price,
            bid_size: sides.bids[0].size,
            ask_size: sides.asks[0].size,
            at: shown.at,
        };
        if quote == shown {
            continue;
        }
        shown = Quote { at, ..quote };
        if every == 0 {
            detector.quote(&shown, &mut emit);
        } else {
            waits = Some(shown);
        }
    }
    let evidence = &mut day.evidence;
    detector.advance(Timestamp(i64::MAX), &mut |one| evidence.push(one));
    Ok(day)
}

fn score(day: &Day) -> Score {
    let mut found = vec![None; day.executions.len()];
    let mut score = Score::default();
    for one in &day.evidence {
        if let Kind::Refilled(_) = one.kind {
            // What an iceberg displays is executed in the open: the feed does not mark it.
            score.refilled_shares += one.shares;
        } else if let Some(place) = usize::try_from(one.print)
            .ok()
            .and_then(|print| found.get_mut(print))
        {
            *place = Some(one.kind);
            score.hidden_shares += one.shares;
        }
    }
    for (execution, found) in day.executions.iter().zip(found) {
        let marked = u64::from(execution.hidden);
        score.trades += 1;
        score.marked += marked;
        score.shares += execution.shares;
        score.marked_shares += execution.shares * marked;
        let (sum, both) = match found {
            Some(Kind::Inside) => (&mut score.inside, &mut score.inside_both),
            Some(Kind::Beyond) => (&mut score.beyond, &mut score.beyond_both),
            Some(Kind::Refilled(_)) | None => continue,
        };
        *sum += 1;
        *both += marked;
        score.detected += 1;
        score.both += marked;
    }
    score
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
        "inside",
        "inside_both",
        "beyond",
        "beyond_both",
        "shares",
        "marked_shares",
        "hidden_shares",
        "refilled_shares",
    ];
    let share =
        |part: u64, whole: u64| Cell::optional((whole > 0).then(|| part as f64 / whole as f64));
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    rows.row(&[
        Cell::Count(score.trades),
        Cell::Count(score.marked),
        Cell::Count(score.detected),
        Cell::Count(score.both),
        share(score.both, score.detected),
        share(score.both, score.marked),
        share(score.marked, score.trades),
        Cell::Count(score.inside),
        Cell::Count(score.inside_both),
        Cell::Count(score.beyond),
        Cell::Count(score.beyond_both),
        Cell::Count(score.shares),
        Cell::Count(score.marked_shares),
        Cell::Count(score.hidden_shares),
        Cell::Count(score.refilled_shares),
    ])?;
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::market::Side;
    use components::units::Price;

    fn one(print: u64, kind: Kind, shares: u64) -> Evidence {
        Evidence {
            at: Timestamp(0),
            print,
            kind,
            side: Some(Side::Buy),
            price: Price(1),
            shares,
        }
    }

    #[test]
    fn agreement_is_counted_by_execution_and_refills_are_not() {
        let marked = |hidden| Marked { shares: 10, hidden };
        let day = Day {
            executions: [true, false, false, true, true].map(marked).to_vec(),
            evidence: vec![
                one(0, Kind::Inside, 10),
                one(1, Kind::Beyond, 4),
                one(3, Kind::Beyond, 10),
                one(5, Kind::Refilled(3), 70),
            ],
        };
        let expected = Score {
            trades: 5,
            marked: 3,
            detected: 3,
            both: 2,
            inside: 1,
            inside_both: 1,
            beyond: 2,
            beyond_both: 1,
            shares: 50,
            marked_shares: 30,
            hidden_shares: 24,
            refilled_shares: 70,
        };
        assert_eq!(score(&day), expected);
        assert_eq!(score(&Day::default()), Score::default());
    }
}
