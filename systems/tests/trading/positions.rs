//! Positions on contracts, at the mark, and at their end.

use crate::desk::Desk;
use crate::market::{CALL_100, connected, price, quote, script, terms, ticker};
use crate::support::{at, of_contract};
use components::contract::{Contract, ExerciseStyle, Instrument, OptionTerms};
use components::order::Position;
use components::units::{Cash, Price};
use engine::record::Record;
use systems::ledger::Ledger;
use systems::positions::{Account, Holding};

fn instrument(osi: &str, style: ExerciseStyle) -> Instrument {
    Instrument::Option(Contract {
        underlying: ticker(),
        terms: OptionTerms {
            style,
            ..terms(osi)
        },
    })
}

fn holding(held: &[(Instrument, i64)]) -> Ledger {
    let mut ledger = Ledger::new(Cash(1_000_000_000));
    for (instrument, to) in held {
        ledger.apply(
            at(-86_400_000),
            &Record::Adjusted {
                instrument: *instrument,
                from: 0,
                to: *to,
                price: Price(10_000),
            },
        );
    }
    ledger
}

/// Contracts of the Friday before, at a spot of 100.
#[test]
fn what_expired_is_settled_by_its_terms() {
    let worthless = instrument("TEST  260227C00105000", ExerciseStyle::European);
    let in_cash = instrument("TEST  260227C00095000", ExerciseStyle::European);
    let delivered = instrument("TEST  260227P00110000", ExerciseStyle::American);
    let ledger = holding(&[(worthless, 2), (in_cash, 3), (delivered, 1)]);
    let before = *ledger.account();
    let mut late = script();
    late.lines
        .iter_mut()
        .for_each(|line| (line.0, line.1) = (400, 400));
    let mut desk = Desk::new(&[], late, Some(ledger));
    let stock = Instrument::Stock(ticker());
    desk.paper().positions.push((stock, -100));
    desk.say(connected());
    assert_eq!(
        desk.tick().ledger().positions().count(),
        3,
        "without a spot nothing is said"
    );
    desk.ticks(4);
    let held: Vec<_> = desk.ledger().positions().collect();
    assert_eq!(held.len(), 1, "{held:?}");
    assert_eq!(
        (*held[0].0, held[0].1.quantity),
        (stock, -100),
        "a put sells at its strike"
    );
    // 3 x 100 x $5 in cash and 100 x $110 for the shares.
    let cash = desk.ledger().account().cash.0 - before.cash.0;
    assert_eq!(cash, (3 * 100 * 5 + 100 * 110) * 10_000);
    assert_eq!(
        desk.ledger().latches().count(),
        0,
        "the broker says the same"
    );
}

#[test]
fn the_highest_equity_is_remembered() {
    let mut desk = Desk::ready(&[]);
    let start = desk.ledger().account().high_water;
    desk.buy(CALL_100, 80.0).ticks(2);
    let entry = desk.submitted()[0][0];
    desk.fill(&entry, price(2.04)).ticks(2);
    let id = desk.id(CALL_100);
    assert_eq!(of_contract::<Position>(&desk.engine, id.0).quantity, 1);
    let holding: Holding = of_contract(&desk.engine, id.0);
    assert_eq!(holding.strategy, crate::market::strategy());
    assert_eq!(
        desk.ledger().account().high_water,
        start,
        "bought at the ask"
    );
    desk.event(quote(id, 2.50, 2.54)).ticks(2);
    let gain = (250 - 204) * 10_000 - 10_000;
    assert_eq!(desk.ledger().account().high_water, Cash(start.0 + gain));
    desk.event(quote(id, 2.20, 2.24)).ticks(2);
    assert_eq!(
        desk.ledger().account().high_water,
        Cash(start.0 + gain),
        "it never falls"
    );
    let account = desk.engine.world().resource::<Account>();
    assert_eq!(account.unrealized, Cash((220 - 204) * 10_000));
}

#[test]
fn a_position_is_placed_when_its_contract_is_listed() {
    let later = "TEST  260320C00102000";
    let held = instrument(later, ExerciseStyle::European);
    let mut desk = Desk::new(&[], script(), Some(holding(&[(held, 2)])));
    desk.paper().positions.push((held, 2));
    desk.say(connected()).ticks(4);
    assert_eq!(desk.ledger().position(&held).quantity, 2);
    desk.paper().listings.push(terms(later));
    desk.ticks(2);
    let id = desk.id(later);
    assert_eq!(of_contract::<Position>(&desk.engine, id.0).quantity, 2);
}

#[test]
fn what_the_brokers_answer_shows_is_placed_in_the_same_tick() {
    let mut desk = Desk::new(&[], script(), None);
    let held = instrument(CALL_100, ExerciseStyle::European);
    desk.paper().positions.push((held, 2));
    desk.say(connected()).tick();
    assert_eq!(desk.ledger().position(&held).quantity, 0);
    desk.tick();
    assert_eq!(desk.ledger().position(&held).quantity, 2);
    let id = desk.id(CALL_100);
    assert_eq!(of_contract::<Position>(&desk.engine, id.0).quantity, 2);
    let account = desk.engine.world().resource::<Account>();
    assert_eq!(account.positions, 1, "and marked");
}
