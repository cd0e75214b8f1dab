//! Prices and sizes that no market has: what is not believed moves nothing.

use crate::desk::Desk;
use crate::market::{CALL_100, PUT_100, price, quote, spot};
use crate::paper::Done;
use crate::support::{of_contract, of_underlying};
use components::interest::OpenInterest;
use components::market::{LastTrade, Quote, QuoteState, Spot, SymbolId};
use components::order::Role;
use components::units::Price;
use engine::event::EventKind;
use systems::ingest::refusal::{Refusal, Refusals};

/// What vendors write for a number that is not set.
const UNSET: u32 = 2_147_483_647;

fn refused(desk: &Desk, reason: Refusal) -> u64 {
    desk.engine.world().resource::<Refusals>().of(reason)
}

fn traded(dollars: f64, size: u32) -> EventKind {
    EventKind::Trade {
        symbol: SymbolId(0),
        price: price(dollars),
        size,
        conditions: 0,
        aggressor: None,
    }
}

/// R8 and I26: an offset that every limit on prices lets through.
#[test]
fn a_symbol_whose_prices_jump_out_of_their_band_is_not_traded_until_they_are_back() {
    let mut desk = Desk::ready(&[]);
    let before = of_underlying::<Spot>(&desk.engine).get();
    desk.event(spot(1_399.99, 1_400.01))
        .event(traded(1_400.0, 100))
        .tick();
    assert_eq!(of_underlying::<Spot>(&desk.engine).get(), before);
    assert_eq!(
        refused(&desk, Refusal::OutsideBand),
        2,
        "the quote and the trade"
    );
    desk.buy(CALL_100, 80.0).ticks(2);
    assert_eq!(desk.submitted().len(), 0);
    desk.event(spot(99.98, 100.02)).tick();
    desk.buy(PUT_100, 80.0).ticks(2);
    assert_eq!(desk.submitted().len(), 1, "back in the band");
}

#[test]
fn what_is_held_is_not_sold_on_prices_that_are_not_believed() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let legs = desk.submitted()[0].clone();
    desk.fill(&legs[0], price(2.04)).ticks(4);
    let id = desk.id(CALL_100);
    let exits = |desk: &Desk| {
        let all = desk.intended();
        all.iter()
            .filter(|one| one.order.role == Role::Exit)
            .count()
    };
    desk.event(spot(1_399.99, 1_400.01))
        .event(quote(id, 0.01, 0.05))
        .seconds(10);
    assert_eq!(exits(&desk), 0);
    assert_eq!(
        desk.count(|done| matches!(done, Done::Cancelled(_))),
        0,
        "its legs rest"
    );
    desk.event(spot(99.98, 100.02)).seconds(3);
    assert_eq!(exits(&desk), 1, "now the stop has failed");
}

#[test]
fn entries_that_work_are_called_back_from_a_symbol_that_is_not_believed() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(3);
    let entry = desk.submitted()[0][0].id;
    desk.event(spot(1.3e5, 1.3e5)).ticks(2);
    assert_eq!(desk.count(|done| *done == Done::Cancelled(entry)), 1);
}

/// R9.
#[test]
fn what_is_not_set_is_missing() {
    let mut desk = Desk::ready(&[]);
    let id = desk.id(CALL_100);
    let interest = of_contract::<OpenInterest>(&desk.engine, id.0);
    let unset = EventKind::OptionQuote {
        contract: id,
        bid: price(2.00),
        ask: price(2.04),
        bid_size: UNSET,
        ask_size: UNSET,
    };
    let print = EventKind::OptionTrade {
        contract: id,
        price: price(2.02),
        size: UNSET,
        conditions: 0,
    };
    let contracts = EventKind::OpenInterest {
        contract: id,
        contracts: UNSET,
    };
    desk.event(unset)
        .event(print)
        .event(contracts)
        .event(traded(100.0, UNSET))
        .tick();
    let shown = of_contract::<Quote>(&desk.engine, id.0);
    assert_eq!(
        (shown.bid, shown.bid_size, shown.ask_size),
        (price(2.00), 0, 0)
    );
    assert_eq!(of_contract::<LastTrade>(&desk.engine, id.0).day_volume, 0);
    assert_eq!(of_contract::<OpenInterest>(&desk.engine, id.0), interest);
    assert_eq!(of_underlying::<LastTrade>(&desk.engine).day_volume, 0);
    assert_eq!(refused(&desk, Refusal::ZeroSize), 3);
    // A price that could not be read is no price.
    desk.event(quote(id, 0.0, 0.0)).tick();
    let shown = of_contract::<Quote>(&desk.engine, id.0);
    assert_eq!(
        (shown.bid, shown.state()),
        (Price::NONE, QuoteState::NoData)
    );
    desk.buy(CALL_100, 80.0).ticks(2);
    assert_eq!(desk.submitted().len(), 0);
}
