//! The message sequences of the broker, brackets, groups, limits, queries and restarts.

use crate::common::sessions;
use crate::desk::{Desk, contract, limit, quoted, underlying, words};
use components::contract::{ContractId, Instrument};
use components::market::Side;
use components::order::{Order, OrderId, OrderKind};
use components::units::Price;
use engine::ports::Broker;
use engine::report::Report;
use simulator::{
    ExchangeConfig, FinalState, Gateway, GatewayConfig, LegRelease, Message, Origin,
    settled_at_close,
};
use std::collections::BTreeSet;

const SHOWN: (i64, i64, u32) = (10_000, 11_000, 5);

#[test]
fn a_limit_rests_is_filled_in_parts_and_costs_per_execution() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.send(Side::Buy, 7, limit(10_900));
    assert_eq!(words(&desk.run(2)), ["o1 accepted"]);
    let said = desk.next(&[(10_000, 10_800, 4)]);
    let first = ["o1 buy 4 at 1.08 (1.01) sum 4", "1.01 costs 2.60"];
    assert_eq!(words(&said), first);
    let said = desk.next(&[(10_000, 10_900, 9)]);
    let second = ["o1 buy 3 at 1.09 (2.01) sum 7", "2.01 costs 1.95"];
    assert_eq!(words(&said), second);
    let ledger = desk.gateway.ledger();
    assert_eq!(ledger.orders[0].end.unwrap().1, FinalState::Filled);
    let call = Instrument::Option(contract(0));
    assert_eq!(ledger.positions, [(call, 7)]);
}

#[test]
fn a_fill_races_a_cancellation() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    let order = desk.send(Side::Buy, 5, limit(10_900));
    desk.run(1);
    desk.cancel(order.id);
    // The ask gets there before the cancellation does.
    let said = words(&desk.next(&[(10_000, 10_900, 5)]));
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("o1 buy 5") && said[1].contains("costs"));
    let refused = ["o1 refused 10148", "o1 refused 161"];
    assert!(refused.contains(&said[2].as_str()), "{said:?}");
    desk.cancel(OrderId(77));
    assert_eq!(words(&desk.run(1)), ["o77 refused 10147"]);
}

#[test]
fn an_order_is_changed_while_it_works_and_not_afterwards() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    let order = desk.send(Side::Buy, 5, limit(10_500));
    desk.run(1);
    let change = |kind, quantity| Order {
        kind,
        quantity,
        ..order
    };
    desk.modify(&change(limit(10_600), 2));
    assert_eq!(words(&desk.run(1)), ["o1 accepted"]);
    desk.modify(&change(limit(10_700), 2));
    desk.modify(&change(limit(10_755), 2));
    assert_eq!(words(&desk.run(1)), ["o1 accepted", "o1 refused 110"]);
    let state = desk.state();
    assert_eq!(state.open[0].limit, Some(Price(10_700)));
    assert_eq!(state.open[0].quantity, 2);
    desk.modify(&change(limit(11_000), 3));
    let said = words(&desk.run(1));
    assert_eq!(said[..2], ["o1 accepted", "o1 buy 3 at 1.10 (1.01) sum 3"]);
    desk.modify(&change(limit(11_000), 9));
    assert_eq!(words(&desk.run(1)), ["o1 refused 104"]);
    let ledger = desk.gateway.ledger();
    let changes = |place: usize| matches!(ledger.received[place].message, Message::Modify(_));
    assert!((1..4).all(changes));
    assert_eq!(ledger.received[3].refused, Some(110));
}

#[test]
fn a_change_of_an_order_that_never_arrived_places_it() {
    let mut desk = Desk::new();
    let mut order = desk.order(Side::Buy, 1, limit(10_500));
    order.id = OrderId(5);
    desk.modify(&order);
    assert_eq!(words(&desk.run(1)), ["o5 accepted"]);
    order.id = OrderId(4);
    desk.modify(&order);
    assert_eq!(words(&desk.run(1)), ["o4 rejected 103"]);
}

#[test]
fn numbers_of_orders_must_rise() {
    let mut desk = Desk::new();
    let mut order = desk.order(Side::Buy, 1, limit(10_500));
    for (id, said) in [
        (3, "o3 accepted"),
        (2, "o2 rejected 103"),
        (3, "o3 rejected 103"),
        (4, "o4 accepted"),
    ] {
        order.id = OrderId(id);
        desk.broker().submit(&[order]);
        assert_eq!(words(&desk.run(1)), [said]);
    }
    assert_eq!(desk.state().next_order, OrderId(5));
}

#[test]
fn messages_of_an_instant_come_in_any_order() {
    let mut seen = BTreeSet::new();
    for seed in 0..40 {
        let mut desk = Desk::with(GatewayConfig::default(), seed);
        desk.next(&[SHOWN]);
        desk.send(Side::Buy, 1, OrderKind::Market);
        seen.insert(words(&desk.run(1)));
    }
    assert_eq!(seen.len(), 6, "all orders of three messages: {seen:?}");
}

#[test]
fn legs_wait_for_their_entry_and_end_each_other() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.bracket(5, limit(10_500));
    let accepted = ["o1 accepted", "o2 accepted", "o3 accepted"];
    assert_eq!(words(&desk.run(1)), accepted);
    // The target's price is there, but nothing is held yet.
    assert!(desk.next(&[(13_000, 14_000, 9)]).is_empty());
    let said = words(&desk.next(&[(10_000, 10_500, 9)]));
    assert_eq!(said[0], "o1 buy 5 at 1.05 (1.01) sum 5");
    assert_eq!(said.len(), 2, "{said:?}");
    let said = words(&desk.next(&[(13_000, 14_000, 3)]));
    let partial = [
        "o3 sell 3 at 1.30 (2.01) sum 3",
        "2.01 costs 1.95",
        "o2 accepted",
    ];
    assert_eq!(said, partial);
    let open = desk.state().open;
    let stop = open.iter().find(|o| o.order == Some(OrderId(2))).unwrap();
    assert_eq!((stop.quantity, stop.filled), (2, 0), "reduced by the fill");
    let said = words(&desk.next(&[(13_100, 14_000, 9)]));
    let rest = [
        "o3 sell 2 at 1.31 (3.01) sum 5",
        "3.01 costs 1.30",
        "o2 cancelled",
    ];
    assert_eq!(said, rest);
    assert!(desk.gateway.ledger().positions.is_empty());
}

#[test]
fn a_triggered_stop_ends_the_target() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.bracket(5, limit(11_000));
    desk.run(1);
    let said = words(&desk.next(&[(8_900, 9_500, 9)]));
    assert_eq!(said[0], "o2 sell 5 at 0.89 (2.01) sum 5");
    assert_eq!(said.last().unwrap(), "o3 cancelled");
}

#[test]
fn a_partial_entry_releases_its_share_or_nothing() {
    let quantities = |legs| {
        let mut desk = Desk::with(
            GatewayConfig {
                legs,
                ..Desk::config()
            },
            7,
        );
        desk.next(&[(10_000, 11_000, 2)]);
        let [entry, ..] = desk.bracket(6, limit(11_000));
        desk.run(1);
        // Two are held: the target's price is there for all six.
        let sold = words(&desk.next(&[(13_000, 14_000, 9)]));
        desk.cancel(entry.id);
        (sold, words(&desk.run(1)))
    };
    let (sold, ended) = quantities(LegRelease::Proportional);
    assert_eq!(sold[0], "o3 sell 2 at 1.30 (2.01) sum 2");
    assert_eq!(ended, ["o1 cancelled", "o2 cancelled", "o3 cancelled"]);
    let (sold, ended) = quantities(LegRelease::AfterFull);
    assert!(sold.is_empty(), "{sold:?}");
    assert_eq!(ended, ["o1 cancelled", "o2 cancelled", "o3 cancelled"]);
}

#[test]
fn legs_of_an_entry_that_ended_in_part_protect_what_is_held() {
    let mut desk = Desk::new();
    desk.next(&[(10_000, 11_000, 2)]);
    let [entry, ..] = desk.bracket(6, limit(11_000));
    desk.run(1);
    desk.cancel(entry.id);
    let said = words(&desk.run(1));
    assert_eq!(said, ["o1 cancelled", "o2 accepted", "o3 accepted"]);
    let open = desk.state().open;
    assert!(open.iter().all(|order| order.quantity == 2) && open.len() == 2);
}

#[test]
fn legs_end_with_an_entry_that_was_not_filled() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    let [entry, ..] = desk.bracket(5, limit(10_500));
    desk.run(1);
    desk.cancel(entry.id);
    let said = words(&desk.run(1));
    assert_eq!(said, ["o1 cancelled", "o2 cancelled", "o3 cancelled"]);
    // A leg of an entry that is over and unfilled, or was refused, is not taken.
    let mut leg = desk.order(Side::Sell, 5, limit(13_000));
    leg.parent = Some(entry.id);
    desk.broker().submit(&[leg]);
    assert_eq!(words(&desk.run(1)), ["o4 rejected 201"]);
}

#[test]
fn an_exit_in_the_group_takes_from_stop_and_target() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    let [entry, ..] = desk.bracket(5, limit(11_000));
    desk.run(1);
    let mut exit = desk.order(Side::Sell, 5, limit(10_000));
    exit.oca = Some(entry.id);
    desk.broker().submit(&[exit]);
    let said = words(&desk.run(1));
    assert_eq!(said[..2], ["o4 accepted", "o4 sell 5 at 1.00 (2.01) sum 5"]);
    assert_eq!(said[3..], ["o2 cancelled", "o3 cancelled"]);
}

#[test]
fn twenty_orders_on_a_side_are_the_most() {
    let mut desk = Desk::new();
    let codes: Vec<bool> = (0..21)
        .map(|_| {
            desk.send(Side::Buy, 1, limit(5_000));
            matches!(desk.run(1).as_slice(), [Report::Rejected { code: 201, .. }])
        })
        .collect();
    assert_eq!(codes.iter().position(|refused| *refused), Some(20));
    desk.send(Side::Sell, 1, limit(90_000));
    assert_eq!(words(&desk.run(1)), ["o22 accepted"]);
    let state = desk.state();
    assert_eq!(state.open.len(), 21);
    assert!(state.completed.iter().any(|order| order.rejected));
}

#[test]
fn fifty_messages_in_a_second_are_the_most() {
    let mut desk = Desk::new();
    for order in 0..60 {
        desk.cancel(OrderId(order));
    }
    let said = words(&desk.run(1));
    let paced = said.iter().filter(|word| word.ends_with("refused 100"));
    assert_eq!(paced.count(), 10);
    desk.run(4);
    desk.cancel(OrderId(1));
    assert_eq!(words(&desk.run(1)), ["o1 refused 10147"]);
}

#[test]
fn a_query_tells_everything() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.send(Side::Buy, 2, limit(11_000));
    desk.send(Side::Buy, 2, limit(9_000));
    let gone = desk.send(Side::Buy, 2, limit(8_000));
    desk.run(1);
    desk.cancel(gone.id);
    desk.run(1);
    let state = desk.state();
    assert_eq!((state.query, state.account.as_str()), (9, "DU0000001"));
    assert_eq!(state.next_order, OrderId(4));
    let open: Vec<_> = state.open.iter().map(|order| order.order).collect();
    assert_eq!(open, [Some(OrderId(2))]);
    let over: Vec<_> = state
        .completed
        .iter()
        .map(|o| (o.order, o.filled))
        .collect();
    assert_eq!(over, [(Some(OrderId(1)), 2), (Some(OrderId(3)), 0)]);
    let (execution, fees) = state.executions[0];
    assert_eq!((execution.quantity, fees.unwrap().0), (2, 13_000));
    assert_eq!(state.positions, [(Instrument::Option(contract(0)), 2)]);
}

#[test]
fn a_new_connection_loses_what_was_on_its_way() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.send(Side::Buy, 2, limit(11_000));
    desk.reconnect();
    // What was sent arrives, what it became is told to nobody.
    assert_eq!(words(&desk.run(3)), ["connected, next o2"]);
    let state = desk.state();
    assert_eq!(state.positions[0].1, 2);
    let links = desk.gateway.ledger().links;
    assert_eq!((links.len(), links[1].until), (2, None));
    assert!(links[0].until < Some(links[1].from));
}

#[test]
fn orders_outlive_the_process_and_its_numbers() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.bracket(5, limit(10_500));
    desk.run(1);
    // Sent in the last moment: it arrives though its process is gone.
    desk.send(Side::Sell, 1, limit(20_000));
    desk.die();
    assert!(desk.next(&[(10_000, 10_500, 5)]).is_empty());
    desk.run(2);
    desk.revive();
    assert_eq!(words(&desk.next(&[])), ["connected, next o5"]);
    let state = desk.state();
    assert_eq!(state.positions, [(Instrument::Option(contract(0)), 5)]);
    assert_eq!(state.open.len(), 3);
    // The new process calls this contract 1: the quote of its number 0 is the put's.
    assert!(
        desk.next_events(&[quoted(0, (13_000, 14_000, 5))])
            .is_empty()
    );
    let said = words(&desk.next_events(&[quoted(1, (13_000, 14_000, 5))]));
    assert_eq!(said[0], "o3 sell 5 at 1.30 (2.01) sum 5");
    let known = desk.directory.listed(ContractId(1)).unwrap();
    assert_eq!(known.terms, contract(0).terms);
    let sessions: Vec<u64> = desk
        .gateway
        .ledger()
        .links
        .iter()
        .map(|l| l.session)
        .collect();
    assert_eq!(sessions, [1, 2]);
}

#[test]
fn a_second_process_is_refused_until_the_first_is_gone() {
    let mut first = Desk::new();
    first.next(&[SHOWN]);
    let (broker, feed) = first.gateway.connect();
    let mut second = Desk::new();
    second.gateway = first.gateway.clone();
    (second.broker, second.feed) = (Some(broker), Some(feed));
    second.point = first.point;
    assert_eq!(words(&second.next(&[])), ["disconnected 326"]);
    second.send(Side::Buy, 1, OrderKind::Market);
    assert!(second.run(3).is_empty(), "said once, and nothing arrives");
    second.reconnect();
    assert_eq!(words(&second.run(1)), ["disconnected 326"]);
    first.die();
    second.reconnect();
    assert_eq!(words(&second.run(3)), ["connected, next o1"]);
    assert!(second.gateway.ledger().orders.is_empty());
}

#[test]
fn what_is_in_the_money_becomes_shares_at_settlement() {
    let mut desk = Desk::new();
    desk.next_events(&[underlying(1_010_000), quoted(0, SHOWN), quoted(1, SHOWN)]);
    desk.send(Side::Buy, 2, OrderKind::Market);
    let mut put = desk.order(Side::Sell, 1, limit(10_000));
    put.contract = contract(1);
    desk.broker().submit(&[put]);
    desk.run(1);
    desk.point = crate::common::points(&desk.session);
    desk.run(2);
    let state = desk.state();
    let shares = Instrument::Stock(contract(0).underlying);
    assert_eq!(state.positions, [(shares, 200)]);
    let settled = desk.gateway.ledger().settlements;
    let outcomes: Vec<_> = settled.iter().map(|s| (s.quantity, s.shares)).collect();
    assert_eq!(outcomes, [(2, 200), (-1, 0)]);
    assert_eq!(settled[0].underlying, Some(Price(1_010_000)));
    assert_eq!(settled[0].at, sessions()[0].close);
}

#[test]
fn a_record_can_be_stored_and_read() {
    let mut desk = Desk::new();
    desk.next(&[SHOWN]);
    desk.bracket(5, limit(11_000));
    desk.run(2);
    let ledger = desk.gateway.ledger();
    let text = serde_json::to_string(&ledger).unwrap();
    let back: simulator::BrokerLedger = serde_json::from_str(&text).unwrap();
    assert_eq!(back, ledger);
    assert!(
        ledger
            .orders
            .iter()
            .all(|order| order.origin == Origin::Client)
    );
    assert_eq!(ledger.order(ledger.orders[2].perm), Some(&ledger.orders[2]));
}

#[test]
fn a_bad_gateway_is_refused_by_field() {
    let fail = |config| {
        let settlement = settled_at_close(&sessions());
        let made = Gateway::new(&ExchangeConfig::default(), config, 1, settlement);
        made.unwrap_err().to_string()
    };
    let sound = GatewayConfig::default;
    let message = fail(GatewayConfig {
        query_ms: 60_001,
        ..sound()
    });
    assert_eq!(message, "query_ms was 60001, must be 0 to 60000");
    let message = fail(GatewayConfig {
        account: String::new(),
        ..sound()
    });
    assert_eq!(message, "account was \"\", must be 1 to 32 characters");
    let message = fail(GatewayConfig {
        orders_per_side_max: 0,
        ..sound()
    });
    assert_eq!(message, "orders_per_side_max was 0, must be 1 or more");
}
