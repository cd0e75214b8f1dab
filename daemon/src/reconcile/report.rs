//! The comparison: a row for each day, strategy and instrument, and what differs.

use super::ours::{self, Ours};
use super::{Account, Trade, statement};
use components::order::OrderId;
use components::units::{Cash, Timestamp};
use journal::{Error, JournalReader};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Who traded what no order of ours asked for.
const NOBODY: &str = "(not ours)";
/// What the broker did so shortly before the journal ends may not have been reported any more.
const ON_ITS_WAY_MS: i64 = 1_000;

/// One side of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Side {
    /// Executions.
    pub(crate) executions: u64,
    /// Contracts or shares bought.
    pub(crate) bought: u64,
    /// Contracts or shares sold.
    pub(crate) sold: u64,
    /// Fees.
    pub(crate) fees_usd: f64,
    /// Profit of what was closed, without fees.
    pub(crate) realized_usd: f64,
    /// Held at the end of the day.
    pub(crate) position: i64,
}

/// A row of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Row {
    /// The session as `yyyymmdd`.
    pub(crate) day: u32,
    /// The strategy that traded it that day.
    pub(crate) strategy: String,
    /// The OSI symbol, or the ticker of shares.
    pub(crate) instrument: String,
    /// By the journal.
    pub(crate) ours: Side,
    /// By the statement.
    pub(crate) broker: Side,
    /// Whether both are the same to the cent.
    pub(crate) equal: bool,
}

/// Something that the two do not agree on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// The session as `yyyymmdd`; 0 for what is held at the end.
    pub(crate) day: u32,
    /// What it is about.
    pub(crate) instrument: String,
    /// Which figure, or which execution.
    pub(crate) what: String,
    /// By the journal.
    pub(crate) ours: String,
    /// By the statement.
    pub(crate) broker: String,
}

/// The whole report.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Reconciliation {
    /// Whether nothing differs.
    pub(crate) equal: bool,
    /// The sessions that were compared, as `yyyymmdd`.
    pub(crate) days: Vec<u32>,
    /// Executions that both know.
    pub(crate) matched: u64,
    /// Executions that the broker had no time to report before the journal ends.
    pub(crate) on_their_way: u64,
    /// The sums of our side.
    pub(crate) fees_usd: f64,
    /// See above.
    pub(crate) realized_usd: f64,
    /// A row for each day, strategy and instrument.
    pub(crate) rows: Vec<Row>,
    /// What differs.
    pub(crate) differences: Vec<Difference>,
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReconcileError {
    /// The journal cannot be read.
    #[error("{0}")]
    Journal(#[from] Error),
    /// The statement cannot be read, with a sentence.
    #[error("{0}")]
    Statement(String),
    /// The journal has no such session.
    #[error("day {day} is in no session of the journal, which has {days}")]
    NoSuchDay {
        /// The day.
        day: u32,
        /// Those that there are.
        days: String,
    },
}

/// Compares the journal in `journal` with the statement `statement`, on `day` or on all of them.
///
/// # Errors
/// When one of them cannot be read, or the journal has no such day.
pub(crate) fn reconcile(
    journal: &Path,
    statement: &Path,
    day: Option<u32>,
) -> Result<Reconciliation, ReconcileError> {
    let mut reader = JournalReader::open(journal)?;
    let ours = ours::read(&mut reader)?;
    let theirs = statement::read(statement).map_err(ReconcileError::Statement)?;
    if let Some(day) = day.filter(|day| !ours.days.contains(day)) {
        let days: Vec<String> = ours.days.iter().map(u32::to_string).collect();
        return Err(ReconcileError::NoSuchDay {
            day,
            days: days.join(", "),
        });
    }
    Ok(compare(&ours, &theirs, day))
}

/// Compares two sides.
fn compare(ours: &Ours, theirs: &Account, day: Option<u32>) -> Reconciliation {
    let wanted = |of: u32| day.is_none_or(|day| day == of);
    let strategy = |order: Option<OrderId>| {
        let strategy = order.and_then(|order| ours.strategies.get(&order));
        strategy.map_or(NOBODY.to_owned(), |name| name.as_str().to_owned())
    };
    let mut theirs = theirs.clone();
    let late = ours.until.plus_millis(-ON_ITS_WAY_MS);
    let known = &ours.account.executions;
    let on_their_way = forget_late(&mut theirs, late, |number| known.contains_key(&number));
    let mut result = Reconciliation {
        days: ours
            .days
            .iter()
            .copied()
            .filter(|day| wanted(*day))
            .collect(),
        on_their_way,
        ..Reconciliation::default()
    };
    match_executions(&mut result, &ours.account, &theirs, wanted);
    let left = sides(&ours.account, &ours.days);
    let right = sides(&theirs, &ours.days);
    let keys: BTreeSet<&(u32, String)> = left.keys().chain(right.keys()).collect();
    for key in keys.into_iter().filter(|(day, _)| wanted(*day)) {
        let (mine, other) = (
            left.get(key).copied().unwrap_or_default(),
            right.get(key).copied().unwrap_or_default(),
        );
        let is_of = |trade: &&Trade| (trade.day, &trade.instrument) == (key.0, &key.1);
        let traded = ours
            .account
            .executions
            .values()
            .chain(theirs.executions.values());
        let who: BTreeSet<String> = traded
            .filter(is_of)
            .map(|trade| strategy(trade.order))
            .collect();
        let who: Vec<String> = who.into_iter().collect();
        result.fees_usd += mine.fees_usd;
        result.realized_usd += mine.realized_usd;
        let equal = tell_differences(&mut result.differences, key, &mine, &other);
        result.rows.push(Row {
            day: key.0,
            strategy: who.join("+"),
            instrument: key.1.clone(),
            ours: mine,
            broker: other,
            equal,
        });
    }
    if day.is_none() && on_their_way == 0 {
        hold_positions(&mut result.differences, &ours.account, &theirs);
    }
    result.equal = result.differences.is_empty();
    result
}

/// Takes out what the broker had no time to report, and says how much it was.
fn forget_late(theirs: &mut Account, late: Timestamp, is_known: impl Fn(u64) -> bool) -> u64 {
    let before = theirs.executions.len();
    theirs
        .executions
        .retain(|number, trade| trade.at <= late || is_known(*number));
    (before - theirs.executions.len()) as u64
}

fn match_executions(
    result: &mut Reconciliation,
    ours: &Account,
    theirs: &Account,
    wanted: impl Fn(u32) -> bool,
) {
    let numbers: BTreeSet<&u64> = ours
        .executions
        .keys()
        .chain(theirs.executions.keys())
        .collect();
    for number in numbers {
        let (mine, other) = (ours.executions.get(number), theirs.executions.get(number));
        let Some(either) = mine.or(other).filter(|trade| wanted(trade.day)) else {
            continue;
        };
        let same = |a: &Trade, b: &Trade| {
            let key = |t: &Trade| (t.order, t.side, t.quantity, t.price, t.fees);
            key(a) == key(b) && a.instrument == b.instrument
        };
        if mine.zip(other).is_some_and(|(a, b)| same(a, b)) {
            result.matched += 1;
            continue;
        }
        let words = |trade: Option<&Trade>| {
            trade.map_or("missing".to_owned(), |trade| {
                let (side, quantity) = (trade.side.name(), trade.quantity);
                let fees = trade.fees;
                format!("{side} {quantity} at {} fees {fees}", trade.price)
            })
        };
        result.differences.push(Difference {
            day: either.day,
            instrument: either.instrument.clone(),
            what: format!("execution {number}"),
            ours: words(mine),
            broker: words(other),
        });
    }
}

/// What a side says of each day and instrument.
fn sides(account: &Account, days: &BTreeSet<u32>) -> BTreeMap<(u32, String), Side> {
    let mut sides: BTreeMap<(u32, String), Side> = BTreeMap::new();
    let mut fees: BTreeMap<(u32, String), Cash> = BTreeMap::new();
    let mut changes: BTreeMap<(&str, u32), i64> = BTreeMap::new();
    for trade in account.executions.values() {
        let key = (trade.day, trade.instrument.clone());
        let side = sides.entry(key.clone()).or_default();
        side.executions += 1;
        let quantity = u64::from(trade.quantity);
        match trade.side {
            components::market::Side::Buy => side.bought += quantity,
            components::market::Side::Sell => side.sold += quantity,
        }
        let paid = fees.entry(key).or_default();
        paid.0 = paid.0.saturating_add(trade.fees.0);
        let signed = i64::from(trade.quantity) * trade.side.sign();
        *changes.entry((&trade.instrument, trade.day)).or_default() += signed;
    }
    for settled in &account.settlements {
        let key = (settled.day, settled.instrument.clone());
        sides.entry(key).or_default();
        let change = changes.entry((&settled.instrument, settled.day));
        *change.or_default() -= settled.quantity;
    }
    for (key, paid) in fees {
        sides.entry(key).or_default().fees_usd = paid.dollars();
    }
    let computed = realized(account);
    for (key, side) in &mut sides {
        let said = account.realized.get(key).or_else(|| computed.get(key));
        side.realized_usd = said.copied().unwrap_or_default().dollars();
        let earlier = changes.range((key.1.as_str(), 0)..=(key.1.as_str(), key.0));
        side.position = earlier.map(|(_, change)| *change).sum();
    }
    sides.retain(|(day, _), _| days.contains(day));
    sides
}

/// When something was traded, its number, the signed quantity, the signed value and the day.
type Flow = (Timestamp, u64, i64, i128, u32);

/// Profit without fees at average cost, by day and instrument.
fn realized(account: &Account) -> BTreeMap<(u32, String), Cash> {
    let mut of: BTreeMap<&str, Vec<Flow>> = BTreeMap::new();
    for (number, trade) in &account.executions {
        let quantity = i64::from(trade.quantity) * trade.side.sign();
        let value = i128::from(trade.price.0) * i128::from(quantity) * i128::from(trade.multiplier);
        let trades = of.entry(&trade.instrument).or_default();
        trades.push((trade.at, *number, quantity, value, trade.day));
    }
    let end = Timestamp(i64::MAX);
    for settled in &account.settlements {
        let trades = of.entry(&settled.instrument).or_default();
        let worth = i128::from(settled.worth.0);
        trades.push((end, u64::MAX, -settled.quantity, -worth, settled.day));
    }
    let mut result: BTreeMap<(u32, String), Cash> = BTreeMap::new();
    for (instrument, mut trades) in of {
        trades.sort_unstable();
        let (mut held, mut cost) = (0_i128, 0_i128);
        for (_, _, quantity, value, day) in trades {
            let quantity = i128::from(quantity);
            let closes = if held.signum() == -quantity.signum() {
                quantity.abs().min(held.abs())
            } else {
                0
            };
            if closes > 0 {
                let cost_out = cost * closes / held.abs();
                // What the closing part brought in, the other way round than it was held.
                let value_out = -value * closes / quantity.abs();
                let gain = i64::try_from(value_out - cost_out).unwrap_or(i64::MAX);
                let sum = result.entry((day, instrument.to_owned())).or_default();
                sum.0 = sum.0.saturating_add(gain);
                cost -= cost_out;
                cost += value + value_out;
            } else {
                cost += value;
            }
            held += quantity;
        }
    }
    result
}

/// Notes what differs in a row and says whether nothing does.
fn tell_differences(
    differences: &mut Vec<Difference>,
    (day, instrument): &(u32, String),
    ours: &Side,
    broker: &Side,
) -> bool {
    let cents = |dollars: f64| format!("{dollars:.2}");
    let figures = [
        (
            "executions",
            ours.executions.to_string(),
            broker.executions.to_string(),
        ),
        ("bought", ours.bought.to_string(), broker.bought.to_string()),
        ("sold", ours.sold.to_string(), broker.sold.to_string()),
        ("fees_usd", cents(ours.fees_usd), cents(broker.fees_usd)),
        (
            "realized_usd",
            cents(ours.realized_usd),
            cents(broker.realized_usd),
        ),
        (
            "position",
            ours.position.to_string(),
            broker.position.to_string(),
        ),
    ];
    let before = differences.len();
    for (what, ours, broker) in figures {
        if ours != broker {
            differences.push(Difference {
                day: *day,
                instrument: instrument.clone(),
                what: what.to_owned(),
                ours,
                broker,
            });
        }
    }
    differences.len() == before
}

/// Compares what both say is held at the end. A statement without any says nothing.
fn hold_positions(differences: &mut Vec<Difference>, ours: &Account, theirs: &Account) {
    let all: BTreeSet<&String> = ours
        .positions
        .keys()
        .chain(theirs.positions.keys())
        .collect();
    for instrument in all {
        let of = |account: &Account| account.positions.get(instrument).copied().unwrap_or(0);
        let (mine, other) = (of(ours), of(theirs));
        if mine != other {
            differences.push(Difference {
                day: 0,
                instrument: instrument.clone(),
                what: "held at the end".to_owned(),
                ours: mine.to_string(),
                broker: other.to_string(),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::market::Side as Way;
    use components::units::{CASH_UNITS_PER_DOLLAR, Price};

    const DAY: u32 = 20_260_302;
    const NAME: &str = "SPY   260302C00500000";

    fn trade(at: i64, side: Way, quantity: u32, cents: i64) -> Trade {
        Trade {
            day: DAY,
            at: Timestamp(at),
            order: None,
            instrument: NAME.to_owned(),
            multiplier: 100,
            side,
            quantity,
            price: Price(cents * 100),
            fees: Cash(6_500 * i64::from(quantity)),
        }
    }

    fn account(trades: &[Trade]) -> Account {
        Account {
            executions: (1..).zip(trades.iter().cloned()).collect(),
            ..Account::default()
        }
    }

    fn ours(trades: &[Trade]) -> Ours {
        Ours {
            account: account(trades),
            days: [DAY].into(),
            until: Timestamp(i64::MAX / 2),
            ..Ours::default()
        }
    }

    #[test]
    fn profit_is_at_average_cost_and_a_turn_opens_anew() {
        let trades = [
            trade(1, Way::Buy, 2, 100),
            trade(2, Way::Buy, 1, 160),
            // Cost 1.20 each: 0.30 of two.
            trade(3, Way::Sell, 2, 150),
            // 0.10 of the last one, and one is owed.
            trade(4, Way::Sell, 2, 130),
            // Bought back 0.05 cheaper.
            trade(5, Way::Buy, 1, 125),
        ];
        let found = realized(&account(&trades));
        let expected = Cash((60 + 10 + 5) * CASH_UNITS_PER_DOLLAR);
        assert_eq!(found[&(DAY, NAME.to_owned())], expected);
    }

    #[test]
    fn what_is_the_same_is_equal_and_a_cent_is_a_difference() {
        let trades = [trade(1, Way::Buy, 2, 100), trade(2, Way::Sell, 2, 150)];
        let same = compare(&ours(&trades), &account(&trades), None);
        assert!(same.equal, "{:?}", same.differences);
        assert_eq!(
            (same.matched, same.realized_usd, same.fees_usd),
            (2, 100.0, 2.6)
        );
        let mut other = trades.clone();
        other[1].price = Price(14_999);
        let found = compare(&ours(&trades), &account(&other), Some(DAY));
        let what: Vec<&str> = found.differences.iter().map(|d| d.what.as_str()).collect();
        assert_eq!(what, ["execution 2", "realized_usd"]);
        assert!(!found.equal && !found.rows[0].equal);
    }

    #[test]
    fn what_was_on_its_way_is_no_difference_and_what_is_missing_is() {
        let trades = [trade(1, Way::Buy, 2, 100)];
        let mut late = ours(&trades);
        late.until = Timestamp(5_000_000_000);
        let mut theirs = trades.to_vec();
        theirs.push(trade(4_900_000_000, Way::Sell, 2, 150));
        let found = compare(&late, &account(&theirs), None);
        assert!(
            found.equal && found.on_their_way == 1,
            "{:?}",
            found.differences
        );
        theirs[1].at = Timestamp(2);
        let found = compare(&late, &account(&theirs), None);
        assert_eq!(found.differences[0].ours, "missing");
    }
}
