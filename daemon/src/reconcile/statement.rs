//! The broker's side: its own record as the simulated gateway leaves it, or a CSV statement.
//!
//! Columns of the CSV, by name and in any order, others ignored:
//!
//! | column | what it is |
//! |---|---|
//! | `kind` | `execution`, `settlement` or `position` (held when the statement was made) |
//! | `at` | RFC 3339 with its offset; empty for positions |
//! | `execution` | the broker's number of the execution; empty otherwise |
//! | `order` | our number of the order; empty if it is not ours |
//! | `instrument` | the OSI symbol, or the ticker of shares |
//! | `side` | `buy` or `sell`, of executions |
//! | `quantity` | contracts or shares; of settlements and positions signed |
//! | `price_usd` | of one; of settlements what one was worth |
//! | `fees_usd` | of the execution |
//! | `realized_usd` | optional: profit without fees; where a day and instrument has none it is computed at average cost |

use super::{Account, Settled, Trade, day_of};
use components::contract::{Instrument, OptionTerms, Right};
use components::market::Side;
use components::order::OrderId;
use components::units::{Cash, Price, Timestamp};
use serde::Deserialize;
use simulator::{BrokerLedger, LedgerSettlement};
use std::path::Path;
use systems::mirror::convert::name_of;

/// Reads a statement: JSON as the gateway leaves it, else CSV.
///
/// # Errors
/// One sentence with the file, the line and what is allowed.
pub(super) fn read(path: &Path) -> Result<Account, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("statement {name} could not be read: {error}"))?;
    if path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        let ledger: BrokerLedger = serde_json::from_str(&text)
            .map_err(|error| format!("statement {name} is no broker's ledger: {error}"))?;
        return Ok(of_ledger(&ledger));
    }
    let mut account = Account::default();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    for (place, row) in reader.deserialize().enumerate() {
        let entered = row
            .map_err(|error| error.to_string())
            .and_then(|row: Row| enter(&mut account, &row));
        entered.map_err(|error| format!("statement {name}, line {}: {error}", place + 2))?;
    }
    Ok(account)
}

/// What the gateway's own record comes to.
pub(super) fn of_ledger(ledger: &BrokerLedger) -> Account {
    let mut account = Account::default();
    for execution in &ledger.executions {
        let (Some(first), Some(last)) = (execution.revisions.first(), execution.last()) else {
            continue;
        };
        let trade = Trade {
            day: day_of(first.at),
            at: first.at,
            order: last.order,
            instrument: name_of(&last.instrument),
            multiplier: last.instrument.multiplier(),
            side: last.side,
            quantity: last.quantity,
            price: last.price,
            fees: execution.fees,
        };
        account.executions.insert(last.id.base, trade);
    }
    for settlement in &ledger.settlements {
        account.settlements.push(Settled {
            day: day_of(settlement.at),
            instrument: name_of(&settlement.instrument),
            quantity: settlement.quantity,
            worth: worth(settlement),
        });
    }
    for (instrument, quantity) in &ledger.positions {
        account.positions.insert(name_of(instrument), *quantity);
    }
    account
}

/// What contracts were worth when they were settled: the cash, or the value of what was delivered.
fn worth(settlement: &LedgerSettlement) -> Cash {
    let Instrument::Option(contract) = settlement.instrument else {
        return settlement.cash;
    };
    let Some(underlying) = settlement.underlying.filter(|_| settlement.shares != 0) else {
        return settlement.cash;
    };
    let terms = contract.terms;
    let inside = match terms.right {
        Right::Call => underlying.0.saturating_sub(terms.strike.0),
        Right::Put => terms.strike.0.saturating_sub(underlying.0),
    };
    let price = Price(inside.max(0));
    Cash::of(price, settlement.quantity, terms.multiplier).unwrap_or_default()
}

#[derive(Debug, Deserialize)]
struct Row {
    kind: String,
    #[serde(default)]
    at: String,
    execution: Option<u64>,
    order: Option<u64>,
    instrument: String,
    #[serde(default)]
    side: String,
    quantity: i64,
    price_usd: Option<f64>,
    fees_usd: Option<f64>,
    #[serde(default)]
    realized_usd: Option<f64>,
}

fn enter(account: &mut Account, row: &Row) -> Result<(), String> {
    let multiplier = match OptionTerms::from_osi(&row.instrument) {
        Ok(terms) => terms.multiplier,
        Err(_) => 1,
    };
    if row.kind == "position" {
        account
            .positions
            .insert(row.instrument.clone(), row.quantity);
        return Ok(());
    }
    let at = instant(&row.at)?;
    let day = day_of(at);
    let price = row.price_usd.map_or(Some(Price(0)), price_of);
    let price = price.ok_or_else(|| out_of_range("price_usd", row.price_usd))?;
    if let Some(realized) = row.realized_usd {
        let cash = Cash::from_dollars(realized);
        let cash = cash.ok_or_else(|| out_of_range("realized_usd", row.realized_usd))?;
        let sum = account.realized.entry((day, row.instrument.clone()));
        let sum = sum.or_default();
        sum.0 = sum.0.saturating_add(cash.0);
    }
    match row.kind.as_str() {
        "settlement" => account.settlements.push(Settled {
            day,
            instrument: row.instrument.clone(),
            quantity: row.quantity,
            worth: Cash::of(price, row.quantity, multiplier).unwrap_or_default(),
        }),
        "execution" => {
            let number = row
                .execution
                .ok_or("`execution` is empty, must be its number")?;
            let quantity = u32::try_from(row.quantity);
            let trade = Trade {
                day,
                at,
                order: row.order.map(OrderId),
                instrument: row.instrument.clone(),
                multiplier,
                side: side_of(&row.side)?,
                quantity: quantity
                    .map_err(|_| format!("`quantity` was {}, must be 0 or more", row.quantity))?,
                price,
                fees: row
                    .fees_usd
                    .map_or(Some(Cash::ZERO), Cash::from_dollars)
                    .ok_or_else(|| out_of_range("fees_usd", row.fees_usd))?,
            };
            if account.executions.insert(number, trade).is_some() {
                return Err(format!("execution {number} stands twice, must stand once"));
            }
        }
        other => {
            return Err(format!(
                "`kind` was \"{other}\", must be execution, settlement or position"
            ));
        }
    }
    Ok(())
}

/// A price of 0 is one here: what expired was worth nothing.
fn price_of(dollars: f64) -> Option<Price> {
    if dollars == 0.0 {
        return Some(Price(0));
    }
    Price::from_dollars(dollars)
}

fn out_of_range(field: &str, found: Option<f64>) -> String {
    let found = found.unwrap_or_default();
    format!("`{field}` was {found}, must be an amount of dollars")
}

fn side_of(text: &str) -> Result<Side, String> {
    match text {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(format!("`side` was \"{text}\", must be buy or sell")),
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    let parsed: Result<jiff::Timestamp, _> = text.parse();
    let nanos = parsed.ok().map(jiff::Timestamp::as_nanosecond);
    let nanos = nanos.and_then(|nanos| i64::try_from(nanos).ok());
    nanos
        .map(Timestamp)
        .ok_or_else(|| format!("`at` was \"{text}\", must be a time with its offset"))
}
