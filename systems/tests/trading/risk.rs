//! What Risk refuses beside the limits, and what an approval is made of.

use crate::desk::Desk;
use crate::market::{
    CALL_100, CALL_101, PUT_100, connected, price, quote, script, spot, strategy, terms,
};
use components::market::SymbolId;
use components::order::{OrderId, OrderKind, Role};
use components::signal::Intent;
use engine::clock::Tick;
use engine::command::Command;
use engine::event::EventKind;
use engine::report::Report;
use systems::risk::tripping::Tripped;

fn check_refused(desk: &mut Desk, reason: &str) {
    let before = desk.submitted().len();
    desk.buy(CALL_100, 80.0).ticks(2);
    assert_eq!(desk.blocked(reason), 1, "{reason}");
    assert_eq!(desk.submitted().len(), before);
}

#[test]
fn an_approval_is_an_entry_and_its_two_legs() {
    let mut desk = Desk::ready(&[]);
    let first = desk.ledger().next_order();
    desk.buy(CALL_100, 80.0).tick();
    let groups = desk.submitted();
    assert_eq!(
        groups.len(),
        1,
        "one group, so that no leg is without its entry"
    );
    let [entry, stop, target] = groups[0][..] else {
        panic!("{groups:?}");
    };
    let next = |by| OrderId(first.0 + by);
    assert_eq!([entry.id, stop.id, target.id], [first, next(1), next(2)]);
    let roles = [entry.role, stop.role, target.role];
    assert_eq!(roles, [Role::Entry, Role::Stop, Role::Target]);
    assert_eq!((entry.parent, entry.oca), (None, None));
    for leg in [stop, target] {
        assert_eq!((leg.parent, leg.oca), (Some(first), Some(first)));
        assert_eq!(leg.quantity, entry.quantity);
        assert!(leg.good_until > entry.good_until);
    }
    assert_eq!(entry.kind, OrderKind::Limit(price(2.04)));
    let intents = desk.intended();
    assert_eq!(intents.len(), 3);
    let whys: Vec<Intent> = intents.iter().map(|intent| intent.why).collect();
    assert_eq!(whys, [Intent::Open, Intent::Stop, Intent::Target]);
    assert!(intents.iter().all(|one| one.signal == intents[0].signal));
    assert!(intents.iter().all(|one| one.strategy == strategy()));
    desk.seconds(2).buy(PUT_100, 80.0).tick();
    assert_eq!(desk.submitted()[1][0].id, next(3));
}

#[test]
fn nothing_is_opened_under_a_restriction() {
    for (command, reason) in [
        (Command::Halt, "risk_trading_halted"),
        (Command::ReduceOnly, "risk_reducing"),
        (Command::Observe, "risk_observing"),
        (Command::Flatten, "risk_trading_halted"),
    ] {
        let mut desk = Desk::ready(&[]);
        desk.command(command);
        check_refused(&mut desk, reason);
        desk.command(Command::Resume).buy(CALL_101, 80.0).ticks(2);
        assert_eq!(desk.submitted().len(), 1, "{reason} was lifted");
    }
}

#[test]
fn a_strategy_that_is_paused_opens_nothing() {
    let mut desk = Desk::ready(&[]);
    desk.command(Command::Pause(strategy()));
    check_refused(&mut desk, "risk_strategy_paused");
    let unpause = Command::Unpause(strategy());
    desk.command(unpause).buy(CALL_101, 80.0).tick();
    assert_eq!(desk.submitted().len(), 1);
}

#[test]
fn nothing_is_opened_before_the_brokers_answer() {
    let mut desk = Desk::ready(&[]);
    desk.say(Report::Disconnected { code: 1 });
    check_refused(&mut desk, "risk_link");
    desk.paper().answers = false;
    desk.say(connected()).tick();
    desk.buy(CALL_101, 80.0).tick();
    assert_eq!(desk.blocked("risk_link"), 2, "the line alone is not enough");
}

#[test]
fn the_same_wish_is_not_sent_while_it_may_be_filled() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    // Other confidence: for Dedupe it is news.
    desk.buy(CALL_100, 95.0).tick();
    assert_eq!(desk.blocked("risk_live"), 1);
    assert_eq!(desk.submitted().len(), 1);
}

#[test]
fn a_halted_underlying_is_not_bought() {
    let mut desk = Desk::ready(&[]);
    let symbol = SymbolId(0);
    desk.event(EventKind::Halted { symbol });
    check_refused(&mut desk, "risk_halted");
}

#[test]
fn stale_data_buys_nothing_and_calls_entries_back() {
    let mut quiet = script();
    quiet.silent_from_ms = 8_000;
    let mut desk = Desk::new(&[], quiet, None);
    desk.say(connected()).ticks(24).buy(PUT_100, 80.0).tick();
    let entry = desk.submitted()[0][0].id;
    desk.seconds(7);
    check_refused(&mut desk, "risk_stale_data");
    let withdrawn = crate::paper::Done::Cancelled(entry);
    assert_eq!(desk.count(|done| *done == withdrawn), 1);
}

#[test]
fn late_in_the_session_nothing_is_opened() {
    let mut desk = Desk::ready(&[("risk.last_entry_before_close_s", "23390")]);
    desk.seconds(11);
    check_refused(&mut desk, "risk_window");
}

/// What expires today is sold `before_close_s` before the close: it is not bought in the minute before.
#[test]
fn what_would_be_sold_again_at_once_is_not_bought() {
    let (expiring, later) = ("TEST  260302C00100000", CALL_100);
    let today = || {
        let mut script = script();
        script.contracts[2] = terms(expiring);
        script
    };
    // At the twelfth second after the open a minute is left until then.
    let flags = [
        ("exits.before_close_s", "23328"),
        ("exits.strategies", "{}"),
    ];
    let entries = |wait_s: usize, osi: &str| {
        let mut desk = Desk::new(&flags, today(), None);
        desk.say(connected()).ticks(24).seconds(wait_s);
        desk.buy(osi, 80.0).ticks(2);
        (desk.submitted().len(), desk.blocked("risk_window"))
    };
    assert_eq!(entries(5, expiring), (1, 0));
    assert_eq!(entries(7, expiring), (0, 1));
    assert_eq!(entries(7, later), (1, 0));
}

#[test]
fn after_a_wild_move_nothing_is_opened() {
    let mut desk = Desk::ready(&[
        ("breakers.volatility_returns_min", "2"),
        ("collar.collar_share", "0.9"),
    ]);
    // Returns of five minutes: two small ones and a large one.
    for cents in [1.0, 0.0, 50.0] {
        let (bid, ask) = (99.99 + cents / 100.0, 100.01 + cents / 100.0);
        desk.event(spot(bid, ask)).seconds(300);
    }
    desk.ticks(4);
    check_refused(&mut desk, "risk_turbulent");
}

#[test]
fn an_option_too_cheap_for_its_legs_is_not_bought() {
    let mut desk = Desk::ready(&[]);
    let id = desk.id(CALL_100);
    desk.event(quote(id, 0.01, 0.02)).tick();
    desk.buy_at(CALL_100, price(0.02)).tick();
    assert_eq!(desk.blocked("risk_bracket"), 1);
    assert!(desk.submitted().is_empty());
}

#[test]
fn a_pause_of_trading_lasts_five_seconds_longer_to_the_tick() {
    // The 20th tick after the one in which it ended is five seconds on.
    for (ticks, bought) in [(18, 0), (19, 1)] {
        let mut desk = Desk::ready(&[]);
        let symbol = SymbolId(0);
        desk.event(EventKind::Halted { symbol }).tick();
        desk.event(EventKind::Resumed { symbol }).tick();
        desk.ticks(ticks).buy(CALL_100, 80.0).tick();
        assert_eq!(desk.submitted().len(), bought, "{ticks}");
    }
}

/// A move of twice the usual size is none, though prices never stood so high.
#[test]
fn a_move_like_those_before_it_is_not_wild() {
    let mut desk = Desk::ready(&[("breakers.volatility_returns_min", "4")]);
    for dollars in [101.0, 100.0, 101.001, 100.001, 101.0, 100.0, 102.0] {
        desk.event(spot(dollars - 0.01, dollars + 0.01))
            .seconds(300);
    }
    let now = desk.engine.world().resource::<Tick>().now;
    let tripped = desk.engine.world().resource::<Tripped>();
    assert!(!tripped.is_turbulent(SymbolId(0), now));
}

#[test]
fn a_return_is_taken_every_five_minutes_to_the_tick() {
    let mut desk = Desk::ready(&[
        ("breakers.volatility_returns_min", "2"),
        ("breakers.volatility_sigmas", "0.5"),
        ("breakers.volatility_pause_s", "1"),
    ]);
    let mut begun = Vec::new();
    let mut before = false;
    for tick in 0..4_900 {
        // Up and down by a percent, well before a return ends.
        if tick % 1_200 == 600 {
            let high = f64::from(u8::from(tick % 2_400 == 600));
            desk.event(spot(99.99 + high, 100.01 + high));
        }
        desk.tick();
        let now = desk.engine.world().resource::<Tick>().now;
        let tripped = desk.engine.world().resource::<Tripped>();
        let turbulent = tripped.is_turbulent(SymbolId(0), now);
        if turbulent && !before {
            begun.push(tick);
        }
        before = turbulent;
    }
    assert!(begun.len() >= 2, "{begun:?}");
    assert!(begun.windows(2).all(|pair| pair[1] - pair[0] == 1_200));
}
