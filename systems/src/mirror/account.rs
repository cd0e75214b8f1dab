//! Money, positions, working orders and counts of signals: shown when they change.

use super::Outgoing;
use super::convert::{millis, name_of, symbol_of};
use crate::books::Books;
use crate::ledger::LedgerOrder;
use crate::positions::Account;
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::Instrument;
use components::order::Position;
use components::units::Price;
use wire::account;

/// What the batches so far showed.
#[derive(Resource, Default)]
pub struct ShownAccount {
    account: Option<Account>,
    positions: Vec<account::Position>,
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
    let Some(books) = books.filter(|books| books.is_changed()) else {
        return;
    };
    let orders: Vec<_> = books.ledger().open_orders().map(order_of).collect();
    if shown.orders != orders {
        shown.orders.clone_from(&orders);
        batch.orders = Some(account::Orders { orders });
    }
    let held = books.ledger().positions();
    let positions: Vec<_> = held
        .filter_map(|(instrument, position)| position_of(instrument, &position))
        .collect();
    if shown.positions != positions {
        shown.positions.clone_from(&positions);
        batch.positions = Some(account::Positions { positions });
    }
}

fn position_of(instrument: &Instrument, position: &Position) -> Option<account::Position> {
    Some(account::Position {
        symbol: symbol_of(instrument.underlying())?,
        contract: name_of(instrument),
        quantity: position.quantity,
        cost_usd: position.cost.dollars(),
        realized_usd: position.realized.dollars(),
        fees_usd: position.fees.dollars(),
    })
}

fn order_of(order: &LedgerOrder) -> account::Order {
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
