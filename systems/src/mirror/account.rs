//! Money, positions, working orders and counts of signals: shown when they change.

use super::Outgoing;
use super::convert::{millis, name_of, symbol_of};
use crate::books::Books;
use crate::ledger::LedgerOrder;
use crate::positions::Account;
use crate::reports::portfolio::{Portfolio, PositionGreeks, PositionView};
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::units::Price;
use engine::clock::Tick;
use wire::account;

/// The shortest time between two batches that show marks alone, milliseconds.
const MARKS_EVERY_MS: i64 = 1_000;

/// What the batches so far showed.
#[derive(Resource, Default)]
pub struct ShownAccount {
    account: Option<Account>,
    positions: Option<account::Positions>,
    positions_at_ms: i64,
    orders: Vec<account::Order>,
    /// Scored, emitted and blocked.
    signals: [u64; 3],
}

/// Puts into the batch what changed of money, positions and working orders.
pub fn show_account(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownAccount>,
    account: Option<Res<Account>>,
    books: Option<Res<Books>>,
    portfolio: Option<Res<Portfolio>>,
    tick: Res<Tick>,
) {
    let batch = &mut outgoing.0;
    if let Some(account) = account
        && shown.account != Some(*account)
    {
        shown.account = Some(*account);
        batch.account = Some(account::Account {
            cash_usd: account.cash.dollars(),
            realized_usd: account.realized.dollars(),
            unrealized_usd: Some(account.unrealized.dollars()),
            fees_usd: account.fees.dollars(),
        });
    }
    if let Some(portfolio) = portfolio {
        let now = positions_of(&portfolio);
        let at_ms = millis(tick.now).unwrap_or_default();
        if is_due(
            shown.positions.as_ref(),
            &now,
            at_ms - shown.positions_at_ms,
        ) {
            shown.positions = Some(now.clone());
            shown.positions_at_ms = at_ms;
            batch.positions = Some(now);
        }
    }
    let Some(books) = books.filter(|books| books.is_changed()) else {
        return;
    };
    let orders: Vec<_> = books.ledger().open_orders().map(order_of).collect();
    if shown.orders != orders {
        shown.orders.clone_from(&orders);
        batch.orders = Some(account::Orders { orders });
    }
}

/// Whether something but marks and Greeks changed, or they did and a second passed.
fn is_due(shown: Option<&account::Positions>, now: &account::Positions, since_ms: i64) -> bool {
    let Some(shown) = shown else {
        return !now.positions.is_empty();
    };
    let held = |positions: &account::Positions| -> Vec<_> {
        let each = positions.positions.iter();
        each.map(|one| {
            let money = [one.cost_usd, one.realized_usd, one.fees_usd].map(f64::to_bits);
            let stop = one.stop_usd.map(f64::to_bits);
            (one.contract.clone(), one.quantity, money, stop)
        })
        .collect()
    };
    held(shown) != held(now) || since_ms >= MARKS_EVERY_MS && shown != now
}

/// What is held, for the wire.
#[must_use]
pub fn positions_of(portfolio: &Portfolio) -> account::Positions {
    account::Positions {
        positions: portfolio.positions.iter().filter_map(position_of).collect(),
        unrealized_usd: portfolio.unrealized.dollars(),
        greeks: greeks_of(&portfolio.greeks),
        without_greeks: portfolio.without_greeks,
    }
}

fn greeks_of(greeks: &PositionGreeks) -> account::Greeks {
    account::Greeks {
        delta_usd: greeks.delta_usd,
        gamma_usd_per_pct: greeks.gamma_usd_per_pct,
        theta_usd_per_day: greeks.theta_usd_per_day,
        vega_usd_per_point: greeks.vega_usd_per_point,
    }
}

/// What is held of a contract, for the wire; nothing of one whose name cannot leave.
#[must_use]
pub fn position_of(view: &PositionView) -> Option<account::Position> {
    let PositionView {
        instrument,
        position,
        holding,
        ..
    } = view;
    let stop = holding.map(|holding| holding.stop);
    Some(account::Position {
        symbol: symbol_of(instrument.underlying())?,
        contract: name_of(instrument),
        quantity: position.quantity,
        cost_usd: position.cost.dollars(),
        realized_usd: position.realized.dollars(),
        fees_usd: position.fees.dollars(),
        strategy: holding.map(|holding| holding.strategy.as_str().to_owned()),
        opened_at_ms: holding.and_then(|holding| millis(holding.opened_at)),
        mark_usd: view.mark.map(Price::dollars),
        unrealized_usd: view.unrealized.dollars(),
        stop_usd: stop.filter(|stop| stop.is_some()).map(Price::dollars),
        greeks: view.greeks.as_ref().map(greeks_of),
    })
}

/// A working order, for the wire.
#[must_use]
pub fn order_of(order: &LedgerOrder) -> account::Order {
    let intended = &order.followed.intent.order;
    account::Order {
        id: intended.id.0,
        contract: intended.contract.terms.osi(),
        side: intended.side.name().to_owned(),
        quantity: intended.quantity,
        filled: order.followed.filled,
        limit_usd: intended.kind.limit().map(Price::dollars),
        status: order.status().name().to_owned(),
        at_ms: millis(intended.at).unwrap_or_default(),
    }
}

/// Puts into the batch how many signals there were, if there was one more.
pub fn show_signals(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownAccount>,
    signals: Option<Res<Signals>>,
) {
    let Some(signals) = signals else {
        return;
    };
    let blocked = signals.blocked_total();
    let counts = [signals.scored, signals.emitted, blocked];
    if shown.signals != counts {
        shown.signals = counts;
        outgoing.0.signals = Some(account::SignalCounts {
            scored: signals.scored,
            emitted: signals.emitted,
            blocked,
            blocked_by_reason: signals
                .blocked
                .iter()
                .map(|(reason, count)| ((*reason).to_owned(), *count))
                .collect(),
        });
    }
}
