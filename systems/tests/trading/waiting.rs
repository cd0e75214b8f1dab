//! What is waited for, and what a restart still knows: the market after a pause, the refusals before
//! a restart, and room for a stop beside orders that close.

use crate::desk::Desk;
use crate::market::{
    CALL_100, CALL_101, PUT_100, connected, price, script, strategy, terms, ticker,
};
use crate::support::at;
use components::contract::Contract;
use components::market::{Side, SymbolId};
use components::order::{Fingerprint, Order, OrderId, OrderIntent, OrderKind, Role};
use components::signal::{Intent, SignalId};
use components::units::{Cash, Price, Timestamp};
use engine::event::EventKind;
use engine::record::{Cause, Record};
use engine::report::Report;
use systems::ledger::Ledger;
use systems::link::Link;
use systems::wishes::{Protect, Wishes};

fn contract(osi: &str) -> Contract {
    Contract {
        underlying: ticker(),
        terms: terms(osi),
    }
}

/// Entries that leave when `osi` is bought now.
fn bought(desk: &mut Desk, osi: &str) -> usize {
    let before = desk.submitted().len();
    desk.buy(osi, 80.0).ticks(2);
    desk.submitted().len() - before
}

/// I30: the first quotes are no market yet, after the open as after a pause.
#[test]
fn nothing_is_opened_in_the_first_five_seconds_of_a_market() {
    let mut desk = Desk::new(&[], script(), None);
    desk.say(connected()).ticks(12);
    assert!(desk.engine.world().resource::<Link>().is_ready());
    assert_eq!(bought(&mut desk, CALL_100), 0);
    assert_eq!(desk.blocked("risk_halted"), 1, "three seconds are too few");
    desk.ticks(10);
    assert_eq!(bought(&mut desk, CALL_101), 1, "six are enough");
    let symbol = SymbolId(0);
    desk.event(EventKind::Halted { symbol }).seconds(10);
    desk.event(EventKind::Resumed { symbol }).ticks(8);
    assert_eq!(bought(&mut desk, PUT_100), 0);
    assert_eq!(desk.blocked("risk_halted"), 2);
    desk.seconds(5);
    // Other confidence: for Dedupe it is news.
    let before = desk.submitted().len();
    desk.buy(PUT_100, 95.0).ticks(2);
    assert_eq!(desk.submitted().len(), before + 1);
}

/// The ledger of a run that the broker refused `count` entries, one a second up to the open.
fn refused(count: u64) -> Ledger {
    let mut ledger = Ledger::new(Cash(1_000_000_000));
    for number in 1..=count {
        let id = OrderId(number);
        let now = at(1_000 * (number.cast_signed() - count.cast_signed()));
        let order = Order {
            id,
            contract: contract(PUT_100),
            side: Side::Buy,
            quantity: 1,
            kind: OrderKind::Limit(Price(20_400)),
            role: Role::Entry,
            parent: None,
            oca: None,
            at: now,
            good_until: Timestamp(i64::MAX),
        };
        let intent = OrderIntent {
            order,
            strategy: strategy(),
            signal: SignalId { tick: 0, place: 0 },
            why: Intent::Open,
            fingerprint: Fingerprint(number),
        };
        ledger.apply(now, &Record::Intended(intent));
        ledger.apply(now, &Record::Sent { order: id });
        let (order, code, reason) = (id, 201, String::new());
        let refusal = Report::Rejected {
            order,
            code,
            reason,
        };
        ledger.apply_report(now, &refusal);
    }
    assert_eq!(ledger.rejections().len() as u64, count);
    ledger
}

/// I22: what was refused before a restart counts on.
#[test]
fn refusals_before_a_restart_count() {
    let paused_after = |before: u64| {
        let mut desk = Desk::new(&[], script(), Some(refused(before)));
        desk.say(connected()).ticks(24);
        desk.paper().accepts = false;
        assert_eq!(bought(&mut desk, CALL_100), 1);
        let order = desk.submitted().last().unwrap()[0].id;
        let (code, reason) = (201, String::new());
        desk.say(Report::Rejected {
            order,
            code,
            reason,
        });
        desk.tick();
        desk.ledger().paused(strategy())
    };
    assert_eq!(paused_after(3), None);
    assert_eq!(
        paused_after(4),
        Some(Cause::Rejections),
        "the fifth in 60 s"
    );
}

/// I19: a stop for what is held beside a target that may sell it already.
#[test]
fn a_stop_is_not_added_beside_orders_that_close() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let group = desk.submitted()[0].clone();
    let [entry, stop, target] = group[..] else {
        panic!("{group:?}");
    };
    desk.fill(&entry, price(2.04)).ticks(2);
    // The broker drops the stop; the target stays and may sell the one contract that is held.
    desk.paper().open.retain(|open| open.id != stop.id);
    desk.say(Report::Cancelled {
        order: stop.id,
        perm: None,
    });
    let wish = |oca| Protect {
        contract: entry.contract,
        strategy: strategy(),
        quantity: 1,
        kind: stop.kind,
        oca,
    };
    let world = desk.engine.world_mut();
    world.resource_mut::<Wishes>().protects.push(wish(None));
    desk.ticks(2);
    let stops = |desk: &Desk| -> Vec<Order> {
        let sent = desk.submitted();
        let later = sent.iter().skip(1).flatten().copied();
        later.filter(|order| order.role == Role::Stop).collect()
    };
    let alone = stops(&desk).iter().filter(|one| one.oca.is_none()).count();
    assert_eq!(alone, 0, "both could be filled");
    // In the target's group only one of the two can.
    let world = desk.engine.world_mut();
    world
        .resource_mut::<Wishes>()
        .protects
        .push(wish(target.oca));
    desk.seconds(15);
    let together = stops(&desk);
    assert_eq!(together.len(), 1, "{together:?}");
    assert_eq!((together[0].oca, together[0].quantity), (target.oca, 1));
}
