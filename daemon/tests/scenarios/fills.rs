//! Fills against the quotes that a journal holds: never at a price that was not there.

use crate::program::{simulate, text};
use components::contract::ContractId;
use components::market::Side;
use components::order::{Fill, Order};
use components::units::{Price, Timestamp};
use engine::event::EventKind;
use journal::JournalReader;
use std::collections::BTreeMap;

/// The quotes of a contract in the order of their reception: when, bid, ask.
type Quotes = BTreeMap<u32, Vec<(Timestamp, Price, Price)>>;

#[derive(Default)]
struct Recorded {
    quotes: Quotes,
    fills: Vec<Fill>,
    orders: Vec<Order>,
}

fn recorded(scenario: &str) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    simulate(scenario, &["--journal", text(&journal)]).unwrap();
    let mut recorded = Recorded::default();
    for frame in JournalReader::open(&journal).unwrap() {
        let frame = frame.unwrap();
        for event in frame.events {
            match event.kind {
                EventKind::OptionQuote {
                    contract, bid, ask, ..
                } => {
                    let quotes = recorded.quotes.entry(contract.0).or_default();
                    quotes.push((event.received, bid, ask));
                }
                EventKind::OrderFilled(fill) => recorded.fills.push(fill),
                _ => {}
            }
        }
        recorded.orders.extend(frame.orders);
    }
    recorded
}

/// Bid and ask of a contract at an instant.
fn quote_at(quotes: &Quotes, contract: ContractId, at: Timestamp) -> (Price, Price) {
    let quotes = &quotes[&contract.0];
    let next = quotes.partition_point(|(received, _, _)| *received <= at);
    let (_, bid, ask) = quotes[next.checked_sub(1).unwrap()];
    (bid, ask)
}

fn check(scenario: &str) {
    let recorded = recorded(scenario);
    assert!(recorded.fills.len() >= 2, "{scenario}");
    for fill in &recorded.fills {
        let found = recorded.orders.iter().find(|order| order.id == fill.order);
        let order = found.unwrap_or_else(|| panic!("{scenario}: no order for {fill:?}"));
        assert_eq!((fill.side, fill.contract), (order.side, order.contract));
        let (bid, ask) = quote_at(&recorded.quotes, fill.contract, fill.at);
        let place = format!("{scenario}: {fill:?} at {bid:?} {ask:?}");
        assert!(fill.price.is_some(), "{place}");
        match fill.side {
            Side::Buy => assert_eq!(fill.price, ask, "{place}"),
            Side::Sell => assert_eq!(fill.price, bid, "{place}"),
        }
    }
    let sum: u32 = recorded.fills.iter().map(|fill| fill.quantity).sum();
    let sent: u32 = recorded.orders.iter().map(|order| order.quantity).sum();
    assert!(sum <= sent, "{scenario}");
}

#[test]
fn fills_are_at_the_quote_of_their_instant() {
    for scenario in ["gamma_squeeze", "halt", "feed_outage"] {
        check(scenario);
    }
}
