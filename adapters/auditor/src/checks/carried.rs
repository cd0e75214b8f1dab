//! What a session begins with against what the one before left: I3 to I8, I16, I18, I22, I23. What
//! the engine believed shows nowhere else as plainly.

use super::risk::dollars;
use crate::found::Found;
use crate::model::Model;
use components::contract::Instrument;
use components::order::{OrderId, OrderStatus, Position};
use components::units::Cash;
use engine::record::{FollowedOrder, OpenState};
use std::collections::BTreeMap;

/// Compares what a session begins with. The first of a journal has nothing before it.
pub(crate) fn compare(found: &mut Found, model: &Model, state: &OpenState) {
    if model.date != 0 {
        i3_next_number(found, model, state);
        i4_fills_only_rise(found, model, state);
        i5_positions_carried(found, model, state);
        i7_i8_nothing_forgotten(found, model, state);
        i16_counters_continue(found, model, state);
        i18_latches_carried(found, model, state);
        i22_pauses_carried(found, model, state);
        i6_i23_money(found, model, state);
    }
    i23_sums(found, state);
}

fn i3_next_number(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(3);
    let highest = model.orders.last_key_value().map(|(id, _)| *id);
    if let Some(highest) = highest.filter(|highest| state.next_order <= *highest) {
        let next = state.next_order;
        found.add(
            3,
            format!("the session goes on with order {next}; expected one above {highest}"),
        );
    }
}

fn i4_fills_only_rise(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(4);
    for followed in &state.orders {
        let id = followed.intent.order.id;
        let contract = followed.intent.order.contract;
        let (filled, quantity) = (followed.filled, followed.intent.order.quantity);
        if filled > quantity {
            found.once(
                4,
                id.0,
                format!(
                    "order {id} of {contract} was filled with {filled}; expected at most {quantity}"
                ),
            );
        }
        let Some(known) = model.orders.get(&id) else {
            continue;
        };
        if filled < known.filled_least {
            let least = known.filled_least;
            found.once(
                4,
                id.0,
                format!(
                    "order {id} of {contract} was filled with {filled}; \
                 expected {least}, which was said before"
                ),
            );
        }
        if known.is_over() && !followed.status.is_terminal() {
            let (was, is) = (known.status.name(), followed.status.name());
            found.once(
                4,
                id.0,
                format!("order {id} of {contract} was {was} and is {is}; expected it to stay over"),
            );
        }
    }
}

/// I5: positions are the sums of distinct executions, settlements and adjustments.
fn i5_positions_carried(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(5);
    let mut held: BTreeMap<Instrument, i128> = BTreeMap::new();
    for (instrument, position, _) in &state.positions {
        held.insert(*instrument, i128::from(position.quantity));
    }
    for (instrument, _) in model.money.positions() {
        held.entry(*instrument).or_default();
    }
    for (instrument, carried) in held {
        let sum = model.held(&instrument);
        if carried != sum {
            found.add(
                5,
                format!(
                    "the session begins with {carried} of {instrument}; expected \
                 {sum}, the sum of its executions"
                ),
            );
        }
    }
}

/// I7 and I8: an order that may still be executed is carried over.
fn i7_i8_nothing_forgotten(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(7);
    found.judge(8);
    let carried: BTreeMap<OrderId, &FollowedOrder> = state
        .orders
        .iter()
        .map(|o| (o.intent.order.id, o))
        .collect();
    for order in model.in_flight().filter(|order| !order.is_over()) {
        let id = order.terms().id;
        let is_there = carried.get(&id).is_some_and(|o| !o.status.is_terminal());
        if !is_there {
            let invariant = if order.status == OrderStatus::Unknown {
                7
            } else {
                8
            };
            let (contract, state) = (order.terms().contract, order.status.name());
            found.add(
                invariant,
                format!(
                    "order {id} of {contract} is {state} and not carried \
                 over; expected it to keep what it reserves"
                ),
            );
        }
    }
}

/// I16: the counters of a day begin anew with a new date and never else; losing days go on.
fn i16_counters_continue(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(16);
    let (before, now) = (&model.account, &state.account);
    let mut wrong = |name: &str, found_value: String, expected: String| {
        found.add(
            16,
            format!("{name} is {found_value} as the session begins; expected {expected}"),
        );
    };
    if state.date <= model.date {
        let same = now.day_open_equity == before.day_open_equity;
        if !same {
            wrong(
                "equity at the open",
                now.day_open_equity.to_string(),
                before.day_open_equity.to_string(),
            );
        }
        if now.losing_days != before.losing_days {
            wrong(
                "losing days",
                now.losing_days.to_string(),
                before.losing_days.to_string(),
            );
        }
        let streak = model.money.losing_trades;
        if model.money.is_streak_known && now.losing_trades != streak {
            wrong(
                "losing trades",
                now.losing_trades.to_string(),
                streak.to_string(),
            );
        }
        return;
    }
    let days = match now.day_open_equity.cmp(&before.day_open_equity) {
        std::cmp::Ordering::Less => before.losing_days.saturating_add(1),
        std::cmp::Ordering::Equal => before.losing_days,
        std::cmp::Ordering::Greater => 0,
    };
    if now.losing_days != days {
        wrong("losing days", now.losing_days.to_string(), days.to_string());
    }
    if (now.losing_trades, now.won_today, now.lost_today) != (0, 0, 0) {
        let counts = (now.losing_trades, now.won_today, now.lost_today);
        wrong(
            "losing trades, won, lost",
            format!("{counts:?}"),
            "(0, 0, 0)".to_owned(),
        );
    }
    if now.high_water < before.high_water {
        wrong(
            "high water",
            now.high_water.to_string(),
            before.high_water.to_string(),
        );
    }
    // Nothing is held: equity is money.
    if model.money.positions().next().is_none() && state.positions.is_empty() {
        let (equity, cash) = (now.day_open_equity, now.cash);
        if equity != cash {
            wrong("equity at the open", equity.to_string(), cash.to_string());
        }
    }
}

/// I18: a new session lifts nothing.
fn i18_latches_carried(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(18);
    for (cause, (level, _)) in &model.latches {
        let carried = state.latches.iter().find(|(other, _)| other == cause);
        if carried.is_none_or(|(_, carried)| carried < level) {
            let (cause, level) = (cause.name(), level.name());
            found.add(
                18,
                format!(
                    "the session begins without {level} for {cause}; expected \
                 it until an operator clears it"
                ),
            );
        }
    }
    for (source, last) in &model.commands {
        let carried = state.commands.iter().find(|(other, _)| other == source);
        if carried.is_none_or(|(_, carried)| carried < last) {
            found.add(
                18,
                format!(
                    "the session forgets command {last} of {source:?}; expected \
                 it never to be obeyed again"
                ),
            );
        }
    }
}

fn i22_pauses_carried(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(22);
    for strategy in model.paused.keys() {
        if !state.paused.iter().any(|(other, _)| other == strategy) {
            found.add(
                22,
                format!(
                    "the session begins with {strategy} enabled; expected it \
                 paused until an operator enables it"
                ),
            );
        }
    }
}

/// I6 and I23: fees and money are what executions, charges and settlements add up to.
fn i6_i23_money(found: &mut Found, model: &Model, state: &OpenState) {
    found.judge(6);
    found.judge(23);
    let fees = i128::from(state.account.fees.0);
    let cash = i128::from(state.account.cash.0);
    let (fees_sum, cash_sum) = (model.money.fees, model.money.cash);
    if fees != fees_sum {
        let expected = dollars(fees_sum);
        found.add(
            6,
            format!(
                "fees are {} as the session begins; expected {expected}, the sum of the charges",
                state.account.fees
            ),
        );
    }
    if cash + fees != cash_sum + fees_sum {
        let expected = dollars(cash_sum);
        found.add(
            23,
            format!(
                "cash is {} as the session begins; expected {expected}",
                state.account.cash
            ),
        );
    }
}

/// I23: money is what it began with, plus what was realized, less fees, less what is held cost.
fn i23_sums(found: &mut Found, state: &OpenState) {
    found.judge(23);
    let wide = |cash: Cash| i128::from(cash.0);
    let cost = |position: &Position| wide(position.cost);
    let held: i128 = state
        .positions
        .iter()
        .map(|(_, position, _)| cost(position))
        .sum();
    let account = &state.account;
    let sum = wide(account.initial) + wide(account.realized) - wide(account.fees) - held;
    if sum != wide(account.cash) {
        let (cash, sum) = (account.cash, dollars(sum));
        found.add(
            23,
            format!(
                "cash is {cash} as the session begins; expected {sum}: the \
             beginning, profit, less fees and cost"
            ),
        );
    }
}
