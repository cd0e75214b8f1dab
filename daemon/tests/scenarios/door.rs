//! Events that cannot be, through the whole engine: counted by reason and never believed.

use crate::bench::{Asked, Says, Told, quote, run};
use components::contract::{ContractId, OptionTerms};
use components::market::{SymbolId, Ticker};
use components::units::Price;
use engine::engine::Engine;
use engine::event::EventKind;
use systems::ingest::Counts;
use systems::ingest::refusal::Refusals;

fn refused(engine: &Engine, reason: &str) -> u64 {
    let refusals = engine.world().resource::<Refusals>();
    let mut found = refusals.by_reason();
    let (_, count) = found.find(|(found, _)| found.name() == reason).unwrap();
    count
}

fn option_quote(contract: u32) -> EventKind {
    EventKind::OptionQuote {
        contract: ContractId(contract),
        bid: Price::from_dollars(1.0).unwrap(),
        ask: Price::from_dollars(1.1).unwrap(),
        bid_size: 10,
        ask_size: 10,
    }
}

fn engine_of(contracts: Vec<(u64, &str)>, says: Vec<(u64, EventKind)>) -> Engine {
    let listed = |(from, osi): (u64, &str)| (from, OptionTerms::from_osi(osi).unwrap());
    let feed = Told {
        name: "told",
        symbol: Ticker::new("AAA").unwrap(),
        contracts: contracts.into_iter().map(listed).collect(),
        says: says
            .into_iter()
            .map(|(tick, kind)| Says { tick, kind })
            .collect(),
        asked: Asked::default(),
    };
    run(vec![feed], None, 10)
}

#[test]
fn a_quote_before_its_contract_is_refused_and_one_after_it_is_not() {
    let osi = "AAA   260306C00100000";
    let says = vec![
        (2, option_quote(0)),
        (3, option_quote(0)),
        (6, option_quote(0)),
    ];
    let engine = engine_of(vec![(5, osi)], says);
    assert_eq!(refused(&engine, "unlisted_contract"), 2);
    assert_eq!(engine.world().resource::<Counts>().option_quotes, 1);
    assert_eq!(engine.world().resource::<Refusals>().total(), 2);
}

#[test]
fn a_contract_that_expired_before_the_day_is_refused_with_all_that_is_said_of_it() {
    let (gone, today) = ("AAA   260227C00100000", "AAA   260302C00100000");
    let says = vec![
        (2, option_quote(0)),
        (2, option_quote(1)),
        (3, option_quote(0)),
    ];
    let engine = engine_of(vec![(1, gone), (1, today)], says);
    // The contract itself, and then what is said of a contract that is not there.
    assert_eq!(refused(&engine, "expired_contract"), 1);
    assert_eq!(refused(&engine, "unlisted_contract"), 2);
    assert_eq!(engine.world().resource::<Counts>().option_quotes, 1);
    assert_eq!(engine.world().resource::<Refusals>().total(), 3);
}

#[test]
fn a_quote_of_a_symbol_that_nobody_listed_is_refused() {
    let EventKind::Quote { bid, ask, .. } = quote(100.0) else {
        unreachable!()
    };
    let unknown = EventKind::Quote {
        symbol: SymbolId(77),
        bid,
        ask,
        bid_size: 1,
        ask_size: 1,
    };
    let engine = engine_of(Vec::new(), vec![(1, unknown), (2, quote(100.0))]);
    assert_eq!(refused(&engine, "unlisted_symbol"), 1);
    assert_eq!(engine.world().resource::<Counts>().quotes, 1);
}
