//! Each fault of the gateway does what it is named for, and is counted.

use crate::common::sessions;
use crate::desk::{Desk, contract, limit, quoted, words};
use components::contract::Instrument;
use components::market::Side;
use components::order::{Order, OrderId, OrderKind};
use components::units::Price;
use engine::ports::Broker;
use engine::report::Report;
use simulator::{FinalState, GatewayConfig, GatewayFault, GatewayFaults, Origin};

const SHOWN: (i64, i64, u32) = (10_000, 11_000, 5);

/// A desk at which `kind` has struck once by the end of a test.
struct Struck {
    desk: Desk,
    kind: GatewayFault,
}

impl Struck {
    fn with(kind: GatewayFault) -> Self {
        let mut desk = Desk::faulty(kind);
        desk.next(&[SHOWN]);
        Self { desk, kind }
    }

    /// The counts: how often in all, and the states met.
    fn met(&self) -> (u64, Vec<&'static str>) {
        let counts = self.desk.gateway.fault_counts();
        let name = self.kind.name();
        let states = counts.states.keys().filter(|(kind, _)| *kind == name);
        (
            counts.of(self.kind),
            states.map(|(_, state)| *state).collect(),
        )
    }
}

#[test]
fn the_line_drops_before_an_order_arrives() {
    let mut struck = Struck::with(GatewayFault::DropBeforeArrival);
    struck.desk.send(Side::Buy, 2, limit(11_000));
    assert_eq!(words(&struck.desk.run(2)), ["disconnected 0"]);
    struck.desk.reconnect();
    struck.desk.run(4);
    assert_eq!(struck.desk.state().next_order, OrderId(1));
    let ledger = struck.desk.gateway.ledger();
    assert!(ledger.orders.is_empty());
    assert!(
        ledger
            .received
            .iter()
            .all(|r| r.message == simulator::Message::Query(9))
    );
    assert_eq!(struck.met(), (1, vec!["arriving"]));
}

#[test]
fn the_line_drops_before_and_after_the_acknowledgement() {
    let check = |kind, said: &[&str]| {
        let mut struck = Struck::with(kind);
        struck.desk.send(Side::Buy, 2, limit(10_500));
        assert_eq!(words(&struck.desk.run(2)), said);
        struck.desk.reconnect();
        struck.desk.run(4);
        assert_eq!(struck.desk.state().open.len(), 1, "the order works");
        assert_eq!(struck.met(), (1, vec!["working"]));
    };
    check(GatewayFault::DropBeforeAck, &["disconnected 0"]);
    check(
        GatewayFault::DropAfterAck,
        &["o1 accepted", "disconnected 0"],
    );
}

#[test]
fn the_line_drops_with_a_partial_fill() {
    let mut struck = Struck::with(GatewayFault::DropAfterPartial);
    struck.desk.send(Side::Buy, 7, limit(11_000));
    assert_eq!(words(&struck.desk.run(2)), ["disconnected 0"]);
    struck.desk.reconnect();
    struck.desk.run(4);
    let state = struck.desk.state();
    assert_eq!((state.open[0].filled, state.positions[0].1), (5, 5));
    assert_eq!(struck.met(), (1, vec!["partial"]));
}

#[test]
fn the_line_falls_silent_without_a_word() {
    let mut struck = Struck::with(GatewayFault::HalfOpen);
    struck.desk.send(Side::Buy, 2, limit(11_000));
    assert!(struck.desk.run(100).is_empty());
    struck.desk.reconnect();
    assert_eq!(words(&struck.desk.run(4)), ["connected, next o1"]);
    assert_eq!(struck.met(), (1, vec!["idle"]));
}

/// The words said from an outage on, with an order sent before and one sent during it.
fn outage(kind: GatewayFault) -> Vec<String> {
    let at = sessions()[0].open.plus_millis(1_000);
    let config = GatewayConfig {
        faults: GatewayFaults::default().with_script(at, kind),
        ..Desk::config()
    };
    let mut desk = Desk::with(config, 7);
    desk.next(&[SHOWN]);
    desk.send(Side::Buy, 2, limit(10_500));
    desk.run(1);
    let mut said = desk.run(2);
    desk.send(Side::Buy, 1, limit(10_400));
    said.extend(desk.next(&[(10_000, 10_500, 9)]));
    said.extend(desk.run(300));
    assert_eq!(desk.gateway.fault_counts().of(kind), 1);
    assert_eq!(desk.state().positions[0].1, 2, "filled meanwhile");
    words(&said)
}

#[test]
fn an_outage_loses_or_keeps_what_is_said() {
    assert_eq!(
        outage(GatewayFault::OutageLosing),
        ["disconnected 1100", "resumed 1101"]
    );
    let kept = [
        "disconnected 1100",
        "resumed 1102",
        "o2 accepted",
        "o1 buy 2 at 1.05 (1.01) sum 2",
        "1.01 costs 1.30",
    ];
    let mut said = outage(GatewayFault::OutageKeeping);
    said[2..].sort_unstable();
    let mut expected = kept.map(str::to_owned).to_vec();
    expected[2..].sort_unstable();
    assert_eq!(said, expected);
}

#[test]
fn a_changed_port_needs_a_new_connection() {
    let kind = GatewayFault::PortReset;
    let at = sessions()[0].open.plus_millis(1_000);
    let config = GatewayConfig {
        faults: GatewayFaults::default().with_script(at, kind),
        ..Desk::config()
    };
    let mut desk = Desk::with(config, 7);
    assert_eq!(words(&desk.run(6)), ["disconnected 1300"]);
    desk.reconnect();
    assert_eq!(words(&desk.run(60)), ["connected, next o1"]);
}

#[test]
fn a_gateway_that_restarts_loses_orders_and_offers_their_numbers_again() {
    let kind = GatewayFault::GatewayRestart;
    let at = sessions()[0].open.plus_millis(2_000);
    let config = GatewayConfig {
        faults: GatewayFaults::default().with_script(at, kind),
        ..Desk::config()
    };
    let mut desk = Desk::with(config, 7);
    desk.next(&[SHOWN]);
    desk.send(Side::Buy, 1, limit(10_500));
    desk.run(4);
    // Arrives at most 500 ms before the restart at 2 s.
    desk.send(Side::Buy, 1, limit(10_500));
    let said = words(&desk.run(8));
    assert_eq!(said, ["o2 accepted", "disconnected 0"]);
    desk.reconnect();
    desk.run(60);
    let state = desk.state();
    assert!(state.next_order <= OrderId(2), "{}", state.next_order);
    assert_eq!(state.open.len(), 1);
    assert!(state.completed.is_empty(), "it was never there");
    desk.cancel(OrderId(2));
    assert_eq!(words(&desk.run(1)), ["o2 refused 10147"]);
    let lost = desk.gateway.ledger().orders[1];
    assert_eq!(lost.end.unwrap().1, FinalState::Lost);
    // Who believes the number offered gives a number twice.
    let mut again = desk.order(Side::Sell, 1, limit(12_000));
    again.id = OrderId(2);
    desk.broker().submit(&[again]);
    assert_eq!(words(&desk.run(1)), ["o2 accepted"]);
}

#[test]
fn a_connection_to_another_account_takes_nothing() {
    let mut struck = Struck::with(GatewayFault::WrongAccount);
    let order = struck.desk.send(Side::Buy, 2, limit(10_500));
    struck.desk.run(1);
    struck.desk.reconnect();
    let said = struck.desk.run(4);
    let Report::Connected { account, .. } = &said[0] else {
        panic!("{said:?}");
    };
    assert_eq!(account, "DU0000001X");
    let state = struck.desk.state();
    assert_eq!(
        (state.account.as_str(), state.open.len()),
        ("DU0000001X", 0)
    );
    struck.desk.cancel(order.id);
    struck.desk.send(Side::Buy, 1, limit(10_500));
    let said = words(&struck.desk.run(2));
    assert_eq!(said, ["o1 refused 10147", "o2 rejected 203"]);
    struck.desk.reconnect();
    struck.desk.run(4);
    assert_eq!(struck.desk.state().open.len(), 1, "it is still there");
    assert_eq!(struck.met(), (1, vec!["idle"]));
}

#[test]
fn a_query_may_never_be_answered() {
    let mut struck = Struck::with(GatewayFault::QueryUnanswered);
    let now = struck.desk.now();
    struck.desk.broker().query(1, now);
    assert!(struck.desk.run(1_000).is_empty());
    assert_eq!(struck.desk.state().query, 9);
    assert_eq!(struck.met(), (1, vec!["idle"]));
}

#[test]
fn a_message_too_many_does_nothing() {
    let mut struck = Struck::with(GatewayFault::Pacing);
    let order = struck.desk.send(Side::Buy, 2, limit(10_500));
    assert_eq!(words(&struck.desk.run(1)), ["o1 rejected 100"]);
    assert_eq!(struck.met(), (1, vec!["arriving"]));
    // The number was not seen: the order may be sent.
    struck.desk.broker().submit(&[order]);
    assert_eq!(words(&struck.desk.run(1)), ["o1 accepted"]);
}

#[test]
fn reports_repeat_come_late_and_overtake_each_other() {
    let mut struck = Struck::with(GatewayFault::Duplicate);
    struck.desk.send(Side::Buy, 2, limit(10_500));
    let said = words(&struck.desk.run(20));
    assert!((2..=5).contains(&said.len()), "{said:?}");
    assert!(said.iter().all(|word| word == "o1 accepted"));
    for (kind, most) in [(GatewayFault::Reorder, 10), (GatewayFault::Delay, 242)] {
        let mut struck = Struck::with(kind);
        struck.desk.send(Side::Buy, 2, limit(11_000));
        let said = words(&struck.desk.run(most));
        assert_eq!(said.len(), 3);
        assert_eq!(said[2], "o1 accepted", "{kind:?}");
        assert_eq!(struck.met(), (1, vec!["filled"]));
    }
}

#[test]
fn acknowledgements_executions_and_ends_are_lost() {
    let mut struck = Struck::with(GatewayFault::LostAck);
    struck.desk.send(Side::Buy, 2, limit(11_000));
    let said = words(&struck.desk.run(2));
    assert_eq!(said[0], "o1 buy 2 at 1.10 (1.01) sum 2");

    let mut struck = Struck::with(GatewayFault::LostFill);
    struck.desk.send(Side::Buy, 2, limit(11_000));
    assert_eq!(words(&struck.desk.run(300)), ["o1 accepted"]);
    let state = struck.desk.state();
    assert_eq!((state.executions.len(), state.positions[0].1), (1, 2));

    let mut struck = Struck::with(GatewayFault::LostStatus);
    let order = struck.desk.send(Side::Buy, 2, limit(10_500));
    struck.desk.run(1);
    struck.desk.cancel(order.id);
    assert!(struck.desk.run(300).is_empty());
    assert_eq!(struck.desk.state().completed.len(), 1);

    let mut struck = Struck::with(GatewayFault::ExecutionFirst);
    struck.desk.send(Side::Buy, 2, limit(11_000));
    let said = words(&struck.desk.run(22));
    assert_eq!(said[2], "o1 accepted");
    assert_eq!(struck.met(), (1, vec!["filled"]));
}

#[test]
fn a_fill_comes_after_the_cancellation() {
    let mut struck = Struck::with(GatewayFault::FillAfterCancel);
    let order = struck.desk.send(Side::Buy, 2, limit(10_500));
    struck.desk.run(1);
    struck.desk.cancel(order.id);
    assert_eq!(words(&struck.desk.run(1)), ["o1 cancelled"]);
    assert!(struck.desk.state().open.is_empty(), "it is said to be over");
    let said = words(&struck.desk.next(&[(10_000, 10_500, 9)]));
    assert_eq!(said[0], "o1 buy 2 at 1.05 (1.01) sum 2");
    let counts = struck.desk.gateway.fault_counts();
    assert_eq!(counts.kinds["filled_after_cancel"], 1);
    let ledger = struck.desk.gateway.ledger();
    assert_eq!(ledger.orders[0].end.unwrap().1, FinalState::Cancelled);
    assert_eq!((ledger.orders[0].filled, ledger.positions[0].1), (2, 2));
}

#[test]
fn executions_are_corrected() {
    let mut struck = Struck::with(GatewayFault::CorrectPrice);
    struck.desk.send(Side::Buy, 2, limit(11_000));
    let said = words(&struck.desk.run(130));
    assert_eq!(said[3], "o1 buy 2 at 1.11 (1.02) sum 2");
    let mut struck = Struck::with(GatewayFault::CorrectQuantity);
    struck.desk.send(Side::Buy, 5, limit(11_000));
    let said = struck.desk.run(130);
    let Some(Report::Executed(corrected)) = said.last() else {
        panic!("{said:?}");
    };
    assert!(corrected.id.revision == 2 && corrected.quantity < 5);
    let state = struck.desk.state();
    assert_eq!(state.executions[0].0, *corrected, "the last revision");
    let held = state.positions.first().map_or(0, |(_, held)| *held);
    assert_eq!(held, i64::from(corrected.quantity));
    assert_eq!(state.completed[0].filled, corrected.quantity);
    let execution = &struck.desk.gateway.ledger().executions[0];
    assert_eq!((execution.revisions.len(), execution.fees.0), (2, 32_500));
}

#[test]
fn orders_are_refused_at_random() {
    for (kind, code) in [
        (GatewayFault::Reject201, 201),
        (GatewayFault::Reject110, 110),
        (GatewayFault::Reject103, 103),
    ] {
        let mut struck = Struck::with(kind);
        struck.desk.send(Side::Buy, 2, limit(10_500));
        let expected = format!("o1 rejected {code}");
        assert_eq!(words(&struck.desk.run(1)), [expected]);
        assert_eq!(struck.met(), (1, vec!["arriving"]));
        assert!(struck.desk.gateway.ledger().orders.is_empty());
    }
}

#[test]
fn the_stop_of_a_bracket_is_refused() {
    let mut struck = Struck::with(GatewayFault::StopLegRejected);
    struck.desk.bracket(2, limit(11_000));
    let said = words(&struck.desk.run(1));
    assert_eq!(said[..3], ["o1 accepted", "o2 rejected 201", "o3 accepted"]);
    assert_eq!(struck.desk.state().positions[0].1, 2, "unprotected");
}

#[test]
fn an_order_is_cancelled_though_nobody_asked() {
    let mut struck = Struck::with(GatewayFault::Cancel202);
    struck.desk.send(Side::Buy, 2, limit(10_500));
    let said = words(&struck.desk.run(10));
    assert_eq!(said, ["o1 accepted", "o1 cancelled"]);
    assert_eq!(struck.met(), (1, vec!["working"]));
}

#[test]
fn an_order_is_filled_in_part_and_then_never_again() {
    let mut struck = Struck::with(GatewayFault::PartialThenSilence);
    struck.desk.send(Side::Buy, 4, limit(11_000));
    struck.desk.run(1);
    let filled = struck.desk.state().open[0].filled;
    assert!((1..4).contains(&filled));
    for _ in 0..20 {
        assert!(struck.desk.next(&[(10_000, 10_900, 9)]).is_empty());
        assert!(struck.desk.next(&[SHOWN]).is_empty());
    }
    struck.desk.cancel(OrderId(1));
    assert_eq!(words(&struck.desk.run(1)), ["o1 cancelled"]);
}

#[test]
fn a_change_leaves_two_orders_under_one_number() {
    let mut struck = Struck::with(GatewayFault::TwoPerms);
    let order = struck.desk.send(Side::Buy, 2, limit(10_500));
    struck.desk.run(1);
    let changed = Order {
        kind: limit(10_600),
        ..order
    };
    struck.desk.modify(&changed);
    struck.desk.run(1);
    let open = struck.desk.state().open;
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|o| o.order == Some(order.id)));
    assert_ne!(open[0].perm, open[1].perm);
    struck.desk.cancel(order.id);
    assert_eq!(words(&struck.desk.run(1)), ["o1 cancelled"]);
    assert_eq!(struck.desk.state().open.len(), 1, "the other one lives");
    struck.desk.cancel(order.id);
    assert_eq!(words(&struck.desk.run(1)), ["o1 cancelled"]);
    assert!(struck.desk.state().open.is_empty());
}

#[test]
fn both_legs_of_a_bracket_fill() {
    let mut struck = Struck::with(GatewayFault::BothLegs);
    struck.desk.bracket(2, limit(11_000));
    struck.desk.run(1);
    struck.desk.next(&[(13_000, 14_000, 9)]);
    let said = words(&struck.desk.next(&[(8_500, 9_500, 9)]));
    assert_eq!(said[0], "o2 sell 2 at 0.85 (3.01) sum 2");
    let call = Instrument::Option(contract(0));
    assert_eq!(struck.desk.state().positions, [(call, -2)]);
    let counts = struck.desk.gateway.fault_counts();
    assert_eq!(counts.kinds["both_legs_filled"], 1);
    assert_eq!(struck.met(), (1, vec!["filled"]));
}

#[test]
fn strangers_trade_and_the_broker_liquidates() {
    let mut struck = Struck::with(GatewayFault::ForeignOrder);
    struck.desk.next_events(&[quoted(1, SHOWN)]);
    let said = struck.desk.run(10);
    let ledger = struck.desk.gateway.ledger();
    assert_eq!(ledger.orders[0].origin, Origin::Manual);
    assert_eq!(struck.met(), (1, vec!["foreign"]));
    let told = said.iter().filter(|r| matches!(r, Report::Executed(_)));
    assert_eq!(told.count(), ledger.executions.len());

    let mut struck = Struck::with(GatewayFault::Liquidation);
    struck.desk.send(Side::Buy, 2, OrderKind::Market);
    let said = struck.desk.run(10);
    let last = said.iter().rev().find_map(|report| match report {
        Report::Executed(execution) => Some(*execution),
        _ => None,
    });
    let last = last.unwrap();
    assert_eq!(
        (last.order, last.side, last.price),
        (None, Side::Sell, Price(10_000))
    );
    assert!(struck.desk.state().positions.is_empty());
    let origin = struck.desk.gateway.ledger().orders[1].origin;
    assert_eq!(origin, Origin::Liquidation);
}

#[test]
fn old_executions_are_told_again_at_a_connection() {
    let mut struck = Struck::with(GatewayFault::ReplayExecutions);
    struck.desk.send(Side::Buy, 2, OrderKind::Market);
    struck.desk.run(1);
    struck.desk.reconnect();
    let said = words(&struck.desk.run(4));
    let again = ["connected, next o2", "o1 buy 2 at 1.10 (1.01) sum 2"];
    assert_eq!(said, again);
}

#[test]
fn a_rate_that_is_none_is_refused() {
    let fail = |kind, rate| {
        let plan = GatewayFaults::default().with_rate(kind, rate);
        plan.unwrap_err().to_string()
    };
    assert_eq!(
        fail(GatewayFault::Duplicate, 1.5),
        "a fault has duplicate 1.5, must be 0 to 1"
    );
    assert_eq!(
        fail(GatewayFault::HalfOpen, f64::NAN),
        "a fault has half_open NaN, must be 0 to 10000 per hour"
    );
}

#[test]
fn a_gateway_that_is_away_connects_nobody_until_it_is_back() {
    // The outage is drawn to last a while; a new process waits for its end.
    let mut struck = Struck::with(GatewayFault::OutageKeeping);
    struck.desk.die();
    struck.desk.revive();
    let mut waited = 0;
    while struck.desk.next(&[]).is_empty() {
        waited += 1;
    }
    assert!((1..=240).contains(&waited), "{waited} ticks");
    assert_eq!(struck.met(), (1, vec!["idle"]));
}
