//! Executions against the quotes that a journal holds: never at a price that was not there, and
//! never of an order that was not intended before.

use crate::program::{simulate, text};
use components::contract::{ContractId, Instrument, OptionTerms};
use components::market::Side;
use components::order::{Execution, OrderId, OrderIntent, Role};
use components::units::{Price, Timestamp};
use engine::event::EventKind;
use engine::record::Record;
use engine::report::Report;
use journal::JournalReader;
use std::collections::BTreeMap;

/// The quotes of a contract in the order of their reception: when, bid, ask.
type Quotes = BTreeMap<OptionTerms, Vec<(Timestamp, Price, Price)>>;

#[derive(Default)]
struct Recorded {
    contracts: BTreeMap<ContractId, OptionTerms>,
    quotes: Quotes,
    executions: Vec<Execution>,
    intents: BTreeMap<OrderId, OrderIntent>,
}

impl Recorded {
    fn take_market(&mut self, received: Timestamp, kind: &EventKind) {
        match kind {
            EventKind::ContractListed {
                contract, terms, ..
            } => {
                self.contracts.insert(*contract, *terms);
            }
            EventKind::OptionQuote {
                contract, bid, ask, ..
            } => {
                let terms = self.contracts[contract];
                let quotes = self.quotes.entry(terms).or_default();
                quotes.push((received, *bid, *ask));
            }
            _ => {}
        }
    }

    /// Bid and ask of a contract at an instant.
    fn quote_at(&self, terms: &OptionTerms, at: Timestamp) -> (Price, Price) {
        let quotes = &self.quotes[terms];
        let next = quotes.partition_point(|(received, _, _)| *received <= at);
        let (_, bid, ask) = quotes[next.checked_sub(1).unwrap()];
        (bid, ask)
    }
}

fn recorded(scenario: &str) -> Recorded {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    simulate(scenario, &["--journal", text(&journal)]).unwrap();
    let mut recorded = Recorded::default();
    for tick in JournalReader::open(&journal).unwrap() {
        let tick = tick.unwrap();
        for event in &tick.market {
            recorded.take_market(event.received, &event.kind);
        }
        for event in tick.frame.reports {
            let EventKind::Reported(Report::Executed(execution)) = event.kind else {
                continue;
            };
            let order = execution.order.unwrap();
            assert!(
                recorded.intents.contains_key(&order),
                "{scenario}: {execution:?} of what was not intended before"
            );
            recorded.executions.push(execution);
        }
        for record in tick.frame.records {
            if let Record::Intended(intent) = record {
                let before = recorded.intents.insert(intent.order.id, intent);
                assert!(before.is_none(), "{scenario}: {intent:?} has a used number");
            }
        }
    }
    recorded
}

fn check(scenario: &str) {
    let recorded = recorded(scenario);
    assert!(recorded.executions.len() >= 2, "{scenario}");
    let mut filled: BTreeMap<OrderId, u32> = BTreeMap::new();
    for execution in &recorded.executions {
        let order = recorded.intents[&execution.order.unwrap()].order;
        let Instrument::Option(contract) = execution.instrument else {
            panic!("{scenario}: {execution:?}");
        };
        assert_eq!((execution.side, contract), (order.side, order.contract));
        let (bid, ask) = recorded.quote_at(&contract.terms, execution.at);
        let place = format!("{scenario}: {execution:?} of {order:?} at {bid:?} {ask:?}");
        assert!(execution.price.is_some(), "{place}");
        match execution.side {
            Side::Buy => assert_eq!(execution.price, ask, "{place}"),
            Side::Sell => assert_eq!(execution.price, bid, "{place}"),
        }
        *filled.entry(order.id).or_default() += execution.quantity;
    }
    for (order, filled) in filled {
        let intent = &recorded.intents[&order];
        assert!(filled <= intent.order.quantity, "{scenario}: {intent:?}");
    }
}

/// Every entry leaves with its stop and its target, each for all of it.
fn check_brackets(scenario: &str) {
    let recorded = recorded(scenario);
    let legs = |entry: OrderId, role| {
        let all = recorded.intents.values().map(|intent| intent.order);
        all.filter(move |order| order.parent == Some(entry) && order.role == role)
    };
    let mut entries = 0;
    for intent in recorded.intents.values() {
        let entry = intent.order;
        if entry.role != Role::Entry {
            continue;
        }
        entries += 1;
        for role in [Role::Stop, Role::Target] {
            let quantities: Vec<u32> = legs(entry.id, role).map(|leg| leg.quantity).collect();
            assert_eq!(quantities, [entry.quantity], "{scenario}: {intent:?}");
        }
    }
    assert!(entries > 0, "{scenario}");
}

#[test]
fn executions_are_at_the_quote_of_their_instant() {
    for scenario in ["gamma_squeeze", "halt", "feed_outage"] {
        check(scenario);
    }
}

#[test]
fn no_entry_is_without_its_stop_and_its_target() {
    for scenario in ["gamma_squeeze", "halt"] {
        check_brackets(scenario);
    }
}
