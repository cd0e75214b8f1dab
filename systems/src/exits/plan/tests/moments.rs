//! Single moments.

use super::desk::{
    Desk, ENTRY, FULL_DAY, HALF_DAY, STOP, TARGET, bracket_stop, cancel, close, quote,
};
use crate::exits::action::Action;
use crate::exits::config::tests::section;
use crate::exits::held::Link;
use crate::exits::plan::closing_limit;
use crate::exits::rules::Rules;
use crate::exits::working::tests::order;
use components::market::Quote;
use components::order::{OrderId, OrderKind, Role};
use components::price_grid::PriceGrid;
use components::signal::Intent;
use components::units::Price;
use engine::record::Restriction;

#[test]
fn a_protected_position_is_left_alone() {
    let mut desk = Desk::new("{}", 10);
    assert_eq!(desk.act(), []);
    desk.moment.now = desk.moment.session.close;
    assert_eq!(desk.act(), [], "after the close nothing can be sent");
}

#[test]
fn a_stop_rises_at_the_broker_and_while_the_line_is_down_in_the_engine() {
    let mut desk = Desk::new("{scale_out: []}", 10);
    desk.quote = quote(40_000);
    let raised = Action::Raise {
        stop: Price(30_000),
        best: Price(40_000),
    };
    let modified = Action::Modify {
        order: STOP,
        kind: bracket_stop(30_000, 24_000),
        quantity: 10,
    };
    desk.moment.link = Link::Down;
    assert_eq!(desk.act(), [raised]);
    desk.moment.link = Link::Up;
    desk.quote = quote(33_000);
    assert_eq!(
        desk.act(),
        [modified],
        "the stop that was reached meanwhile"
    );
}

#[test]
fn parts_are_sold_when_the_legs_have_made_room() {
    let mut desk = Desk::new("{locks: [], trail_share: 0.0}", 10);
    desk.quote = quote(40_000);
    let shrunk = |order, kind| Action::Modify {
        order,
        kind,
        quantity: 7,
    };
    let stop = shrunk(STOP, bracket_stop(10_000, 8_000));
    let target = shrunk(TARGET, OrderKind::Limit(Price(100_000)));
    assert_eq!(desk.act(), [target]);
    assert_eq!(desk.act(), [], "the target may still sell 10");
    desk.answer(1);
    assert_eq!(desk.act(), [stop], "which protected everything so far");
    desk.answer(0);
    assert_eq!(desk.act(), [close(3, 40_000, Intent::ScaleOut)]);
    desk.answer_all();
    desk.quote = quote(39_000);
    desk.wait(750);
    assert_eq!(desk.act(), [], "too early to take it back");
    desk.wait(250);
    assert_eq!(
        desk.act(),
        [cancel(OrderId(100))],
        "the step is not reached any more"
    );
    desk.answer_all();
    let grown = desk.act();
    assert_eq!(grown.len(), 2, "legs cover all of it again: {grown:?}");
}

#[test]
fn a_stop_that_was_jumped_over_is_followed_down() {
    let mut desk = Desk::new("{}", 10);
    desk.quote = quote(9_000);
    desk.wait(250);
    assert_eq!(
        desk.act(),
        [],
        "the bid is within the stop's limit: the broker fills it"
    );
    desk.quote = quote(7_900);
    let closing = Action::Closing { why: Intent::Stop };
    assert_eq!(desk.act(), [closing, cancel(STOP), cancel(TARGET)]);
    desk.answer_all();
    assert_eq!(desk.act(), [close(10, 7_900, Intent::Stop)]);
    desk.answer_all();
    desk.quote = quote(6_000);
    desk.wait(750);
    assert_eq!(desk.act(), [], "too early to follow");
    desk.wait(250);
    let followed = Action::Modify {
        order: OrderId(100),
        kind: OrderKind::Limit(Price(6_000)),
        quantity: 10,
    };
    assert_eq!(desk.act(), [followed]);
}

#[test]
fn a_stop_that_is_reached_and_not_filled_is_replaced_in_time() {
    let mut desk = Desk::new("{}", 10);
    desk.quote = quote(9_000);
    desk.wait(0);
    desk.wait(999);
    assert_eq!(desk.act(), []);
    desk.wait(1);
    assert_eq!(desk.act()[0], Action::Closing { why: Intent::Stop });
}

/// R11, first half: both legs of a bracket fill. What is left is cancelled and nothing is bought.
#[test]
fn r11_both_legs_fill() {
    let mut desk = Desk::new("{}", 10);
    desk.quantity = -10;
    desk.orders[0].filled = 4;
    desk.orders.pop();
    desk.orders
        .push(order(1, Role::Entry, OrderKind::Limit(Price(ENTRY)), 12));
    assert_eq!(desk.act(), [cancel(STOP)], "also while an entry works");
    desk.answer(0);
    assert_eq!(desk.act(), []);
}

/// R11, second half: the broker refuses the stop (201). The position is closed, the target first.
#[test]
fn r11_the_stop_is_refused() {
    let mut desk = Desk::new("{}", 10);
    desk.orders.remove(0);
    desk.state.exit.stop_rejected_at = Some(desk.moment.now);
    let why = Intent::Protect;
    assert_eq!(desk.act(), [Action::Closing { why }, cancel(TARGET)]);
    desk.answer_all();
    assert_eq!(desk.act(), [close(10, 19_900, why)]);
    desk.answer_all();
    desk.fill(0, 10);
    assert_eq!(desk.act(), []);
}

#[test]
fn a_refused_stop_is_tried_again_where_nothing_can_be_sold() {
    let mut desk = Desk::new("{}", 10);
    desk.orders.clear();
    desk.fresh = false;
    desk.state.exit.stop_rejected_at = Some(desk.moment.now);
    desk.wait(2_000);
    assert_eq!(desk.act(), [], "not at once");
    desk.wait(250);
    let placed = Action::PlaceStop {
        quantity: 10,
        kind: bracket_stop(10_000, 8_000),
        oca: None,
    };
    assert_eq!(desk.act(), [placed]);
}

#[test]
fn a_missing_stop_is_placed_and_a_position_without_one_closed_after_two_seconds() {
    let mut desk = Desk::new("{}", 10);
    desk.orders.remove(0);
    desk.wait(250);
    let placed = Action::PlaceStop {
        quantity: 10,
        kind: bracket_stop(10_000, 8_000),
        oca: Some(OrderId(1)),
    };
    assert_eq!(desk.act(), [placed]);
    desk.wait(2_000);
    assert_eq!(desk.act(), [], "still in time");
    desk.wait(250);
    let why = Intent::Protect;
    assert_eq!(
        desk.act(),
        [
            Action::Closing { why },
            cancel(TARGET),
            cancel(OrderId(100))
        ]
    );
    desk.answer(0);
    assert_eq!(desk.act(), [], "the stop may still sell");
    desk.answer(0);
    assert_eq!(desk.act(), [close(10, 19_900, why)]);
}

/// A part was to be sold, and the market is halted before that: its stop is put back.
#[test]
fn a_stop_that_is_too_small_grows_while_nobody_knows_a_price() {
    let mut desk = Desk::new("{}", 10);
    for leg in &mut desk.orders {
        (leg.quantity, leg.quantity_most, leg.quantity_least) = (9, 10, 9);
        leg.frozen = true;
    }
    desk.fresh = false;
    desk.wait(0);
    desk.wait(2_500);
    assert_eq!(
        desk.act(),
        [],
        "it cannot be closed, and the change is not answered"
    );
    for leg in &mut desk.orders {
        (leg.quantity_most, leg.frozen) = (9, false);
    }
    let grown = desk.act();
    let to_10 = |action: &Action| matches!(action, Action::Modify { quantity: 10, .. });
    assert!(grown.len() == 2 && grown.iter().all(to_10), "{grown:?}");
}

#[test]
fn a_target_outside_the_group_of_the_stop_is_cancelled() {
    let mut desk = Desk::new("{}", 10);
    desk.orders[1].oca = None;
    assert_eq!(desk.act(), [cancel(TARGET)]);
}

#[test]
fn a_reached_stop_that_rests_too_low_is_not_waited_for() {
    let mut desk = Desk::new("{}", 10);
    desk.state.stop = Price(30_000);
    desk.quote = quote(25_000);
    assert_eq!(desk.act()[0], Action::Closing { why: Intent::Stop });
}

#[test]
fn a_stop_that_rests_higher_than_remembered_stays() {
    let mut desk = Desk::new("{}", 10);
    desk.state.stop = Price(5_000);
    let raised = Action::Raise {
        stop: Price(10_000),
        best: Price(ENTRY),
    };
    assert_eq!(desk.act(), [raised]);
}

#[test]
fn a_stop_grows_only_as_far_as_others_that_may_still_sell_let_it() {
    let mut desk = Desk::new("{}", 10);
    for leg in &mut desk.orders {
        (leg.quantity, leg.quantity_most, leg.quantity_least) = (8, 8, 8);
        leg.cancelling = true;
    }
    desk.wait(0);
    let actions = desk.act();
    assert!(
        matches!(actions[..], [Action::PlaceStop { quantity: 2, .. }]),
        "{actions:?}"
    );
    desk.answer(2);
    assert_eq!(desk.act(), []);
    desk.answer(1);
    desk.answer(0);
    assert!(matches!(
        desk.act()[..],
        [Action::Modify { quantity: 10, .. }]
    ));
}

#[test]
fn two_stops_cover_the_position_together() {
    let mut desk = Desk::new("{}", 10);
    let mut first = order(9, Role::Stop, bracket_stop(10_000, 8_000), 4);
    first.oca = Some(OrderId(1));
    desk.orders.insert(0, first);
    let shrunk = Action::Modify {
        order: STOP,
        kind: bracket_stop(10_000, 8_000),
        quantity: 6,
    };
    assert_eq!(desk.act(), [shrunk]);
    desk.answer_all();
    desk.quantity = 3;
    desk.orders.pop();
    let first = Action::Modify {
        order: OrderId(9),
        kind: bracket_stop(10_000, 8_000),
        quantity: 3,
    };
    assert_eq!(desk.act(), [first, cancel(STOP)]);
}

#[test]
fn an_increase_protects_when_it_is_answered() {
    let mut desk = Desk::new("{}", 10);
    for leg in &mut desk.orders {
        (leg.quantity, leg.quantity_most, leg.quantity_least) = (7, 7, 7);
    }
    desk.wait(0);
    assert_eq!(desk.act().len(), 2, "both legs grow to 10");
    desk.wait(2_000);
    assert!(desk.state.exit.exposed_since.is_some());
    assert_eq!(desk.act(), []);
    desk.wait(250);
    assert_eq!(
        desk.act()[0],
        Action::Closing {
            why: Intent::Protect
        }
    );
}

#[test]
fn other_peoples_orders_leave_less_to_close() {
    let mut desk = Desk::new("{}", 10);
    desk.orders.clear();
    desk.state.exit.closing = Some(Intent::TimeExit);
    desk.foreign_selling = 4;
    assert_eq!(desk.act(), [close(6, 19_900, Intent::TimeExit)]);
}

#[test]
fn legs_wait_for_the_rest_of_their_entry_and_shrink_without_it() {
    let mut desk = Desk::new("{}", 10);
    desk.quantity = 4;
    let mut entry = order(1, Role::Entry, OrderKind::Limit(Price(ENTRY)), 10);
    entry.filled = 4;
    desk.orders.push(entry);
    assert_eq!(desk.act(), []);
    desk.orders.pop();
    let shrunk = desk.act();
    let to_4 = |action: &Action| matches!(action, Action::Modify { quantity: 4, .. });
    assert!(shrunk.len() == 2 && shrunk.iter().all(to_4), "{shrunk:?}");
}

#[test]
fn legs_of_an_entry_that_is_not_filled_yet_are_left() {
    let mut desk = Desk::new("{}", 10);
    desk.quantity = 0;
    desk.orders
        .push(order(1, Role::Entry, OrderKind::Limit(Price(ENTRY)), 10));
    assert_eq!(desk.act(), []);
    desk.orders.pop();
    assert_eq!(desk.act(), [cancel(STOP), cancel(TARGET)]);
}

/// I31 and I28: times are offsets from the close of that day, also on half days.
#[test]
fn what_expires_is_closed_before_the_brokers_liquidation() {
    for day in [FULL_DAY, HALF_DAY] {
        let mut desk = Desk::new("{}", 10);
        desk.at(day, 901);
        desk.settles_at = desk.moment.session.close;
        assert_eq!(desk.act(), [], "{day}");
        desk.at(day, 900);
        let why = Intent::TimeExit;
        assert_eq!(
            desk.act(),
            [Action::Closing { why }, cancel(STOP), cancel(TARGET)]
        );
        desk.answer_all();
        assert_eq!(desk.act(), [close(10, 19_900, why)]);
    }
}

#[test]
fn half_a_position_may_be_carried_overnight() {
    let mut desk = Desk::new("{overnight_share: 0.5}", 10);
    desk.at(HALF_DAY, 600);
    for leg in ["the target", "the stop"] {
        assert_eq!(desk.act().len(), 1, "{leg}");
        desk.answer_all();
    }
    assert_eq!(desk.act(), [close(5, 19_900, Intent::TimeExit)]);
    desk.answer_all();
    desk.fill(2, 5);
    assert_eq!(desk.act(), []);
}

#[test]
fn without_a_price_nothing_is_sold_and_the_stop_is_put_back() {
    let mut desk = Desk::new("{}", 10);
    desk.moment.restriction = Restriction::Flattening;
    let why = Intent::Flatten;
    assert_eq!(
        desk.act(),
        [Action::Closing { why }, cancel(STOP), cancel(TARGET)]
    );
    desk.answer_all();
    desk.fresh = false;
    let back = Action::PlaceStop {
        quantity: 10,
        kind: bracket_stop(10_000, 8_000),
        oca: None,
    };
    assert_eq!(desk.act(), [back]);
    desk.answer_all();
    desk.fresh = true;
    assert_eq!(desk.act(), [cancel(OrderId(100))]);
    desk.answer_all();
    assert_eq!(desk.act(), [close(10, 19_900, why)]);
}

#[test]
fn while_observing_only_protection_leaves() {
    let mut desk = Desk::new("{overnight_share: 0.0}", 10);
    desk.moment.restriction = Restriction::Observing;
    desk.at(FULL_DAY, 60);
    desk.quote = quote(45_000);
    let moved = desk.act();
    assert!(matches!(
        moved[..],
        [Action::Raise { .. }, Action::Modify { order: STOP, .. }]
    ));
    desk.quote = quote(5_000);
    assert_eq!(desk.act()[0], Action::Closing { why: Intent::Stop });
}

#[test]
fn a_lost_delta_and_a_target_without_its_leg_close() {
    let mut desk = Desk::new("{trail_delta_share: 0.5}", 10);
    desk.delta = 0.19;
    assert_eq!(desk.act()[0], Action::Closing { why: Intent::Stop });
    let mut desk = Desk::new("{}", 10);
    desk.quote = quote(100_000);
    let closes = |action: &Action| matches!(action, Action::Closing { .. });
    assert!(!desk.plan().iter().any(closes), "the leg fills by itself");
    desk.orders.pop();
    let reasons: Vec<_> = desk
        .act()
        .into_iter()
        .filter(|a| matches!(a, Action::Closing { .. }))
        .collect();
    assert_eq!(
        reasons,
        [Action::Closing {
            why: Intent::Target
        }]
    );
}

#[test]
fn a_wide_quote_is_not_given_away_at_once() {
    let rules = Rules::from(&section("{}").unwrap());
    let grid = PriceGrid::PENNY;
    let wide = Quote {
        bid: Price(10_000),
        ask: Price(20_000),
        ..Quote::default()
    };
    let limits = [0, 1, 2, 3, 100].map(|attempts| closing_limit(&wide, attempts, &rules, grid).0);
    assert_eq!(limits, [13_500, 12_000, 10_500, 10_000, 10_000]);
}
