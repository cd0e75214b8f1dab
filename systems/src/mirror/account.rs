//! Money, positions, working orders and counts of signals: shown when they change.

use super::Outgoing;
use super::convert::{millis, symbol_of};
use crate::positions::{Account, Orders};
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::{ContractId, ContractOf, OptionTerms};
use components::market::Ticker;
use components::order::{OrderKind, OrderStatus, Position};
use wire::account;

/// What the batches so far showed.
#[derive(Resource, Default)]
pub struct ShownAccount {
    account: Option<Account>,
    positions: Vec<(ContractId, Position)>,
    /// Scored, emitted and blocked.
    signals: [u64; 3],
}

/// Puts into the batch what changed of money, positions and working orders.
pub fn show_account(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownAccount>,
    account: Option<Res<Account>>,
    orders: Option<Res<Orders>>,
    positions: Query<(&ContractId, &OptionTerms, &ContractOf, &Position)>,
    tickers: Query<&Ticker>,
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
    if let Some(orders) = orders
        && orders.is_changed()
    {
        batch.orders = Some(working(&orders));
    }
    let mut held: Vec<_> = positions
        .iter()
        .filter(|(.., position)| position.quantity != 0)
        .collect();
    held.sort_by_key(|(contract, ..)| **contract);
    let keys = held.iter().map(|(contract, .., held)| (**contract, **held));
    if keys.clone().eq(shown.positions.iter().copied()) {
        return;
    }
    shown.positions = keys.collect();
    let positions = held.iter().filter_map(|(_, terms, owner, position)| {
        let ticker = tickers.get(owner.0).ok()?;
        Some(account::Position {
            symbol: symbol_of(*ticker)?,
            contract: terms.osi(),
            quantity: position.quantity,
            cost_usd: position.cost.dollars(),
            realized_usd: position.realized.dollars(),
            fees_usd: position.fees.dollars(),
        })
    });
    batch.positions = Some(account::Positions {
        positions: positions.collect(),
    });
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

fn working(orders: &Orders) -> account::Orders {
    let orders = orders.open().map(|followed| account::Order {
        id: followed.order.id.0,
        contract: followed.terms.osi(),
        side: followed.order.side.name().to_owned(),
        quantity: followed.order.quantity,
        filled: followed.filled,
        limit_usd: match followed.order.kind {
            OrderKind::Limit(price) => Some(price.dollars()),
            OrderKind::Market | OrderKind::Stop(_) => None,
        },
        status: match followed.status {
            OrderStatus::Sent => "sent",
            OrderStatus::Working => "working",
            OrderStatus::Filled => "filled",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Rejected => "rejected",
        }
        .to_owned(),
        at_ms: millis(followed.order.at).unwrap_or_default(),
    });
    account::Orders {
        orders: orders.collect(),
    }
}
