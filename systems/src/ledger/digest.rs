//! The ledger as a row of numbers: whoever compares two states folds them with a hash of its own.

use crate::ledger::Ledger;
use components::contract::{Instrument, Right};
use components::order::OrderKind;
use components::units::Price;
use engine::record::ExitState;

impl Ledger {
    /// Hands every number of the state to `fold`, in an order that depends on the state alone.
    ///
    /// Left out is what a restart may not know: what was asked, and when an order was last heard of.
    pub fn digest(&self, fold: &mut dyn FnMut(u64)) {
        for value in [u64::from(self.date), self.next_order.0, self.next_query] {
            fold(value);
        }
        self.digest_orders(fold);
        for execution in self.executions.iter() {
            fold(execution.id.base);
            fold(u64::from(execution.id.revision));
            fold(u64::from(execution.quantity));
            fold_price(execution.price, fold);
        }
        for (id, fees) in self.executions.charges() {
            fold(id.base);
            fold(u64::from(id.revision));
            fold(fees.0.cast_unsigned());
        }
        for (instrument, held) in self.positions.iter() {
            fold_instrument(instrument, fold);
            let position = held.position();
            for value in [
                position.quantity,
                position.cost.0,
                position.realized.0,
                position.fees.0,
            ] {
                fold(value.cast_unsigned());
            }
            if let Some(holding) = held.holding {
                fold_text(holding.strategy.as_str(), fold);
                fold(holding.opened_at.0.cast_unsigned());
                fold(holding.entry.0);
                fold(u64::from(holding.largest));
                fold_price(holding.entry_price, fold);
                fold_price(holding.stop, fold);
                fold(u64::from(holding.steps));
                fold_price(holding.best, fold);
                fold_exit(&holding.exit, fold);
            }
        }
        self.digest_account(fold);
    }

    fn digest_orders(&self, fold: &mut dyn FnMut(u64)) {
        for order in self.orders.all() {
            let followed = &order.followed;
            fold(order.id().0);
            fold(followed.status as u64);
            fold(u64::from(followed.filled));
            fold(order.executed);
            fold(order.unfilled());
            fold(u64::from(followed.intent.order.quantity));
            fold_kind(followed.intent.order.kind, fold);
            for perm in &followed.perms {
                fold(perm.0);
            }
            for at in [followed.sent_at, followed.cancel_at] {
                fold(at.map_or(0, |at| at.0.cast_unsigned()));
            }
            fold(u64::from(followed.late) << 1 | u64::from(followed.held));
        }
        for (fingerprint, order) in self.orders.fingerprints() {
            fold(fingerprint.0);
            fold(order.0);
        }
        for order in self.foreign.values() {
            fold(order.perm.0);
            fold(u64::from(order.quantity));
            fold(u64::from(order.filled));
        }
    }

    fn digest_account(&self, fold: &mut dyn FnMut(u64)) {
        let account = &self.account;
        for money in [
            account.cash,
            account.initial,
            account.realized,
            account.fees,
            account.day_open_equity,
            account.high_water,
        ] {
            fold(money.0.cast_unsigned());
        }
        for count in [
            account.losing_trades,
            account.losing_days,
            account.won_today,
            account.lost_today,
            u32::from(account.day_loss_reached),
            u32::from(account.losing_trades_reached),
        ] {
            fold(u64::from(count));
        }
        for (cause, level) in &self.latches {
            fold(*cause as u64);
            fold(*level as u64);
        }
        for (strategy, cause) in &self.paused {
            fold_text(strategy.as_str(), fold);
            fold(*cause as u64);
        }
        for (source, number) in &self.commands {
            fold(*source as u64);
            fold(*number);
        }
    }
}

fn fold_exit(exit: &ExitState, fold: &mut dyn FnMut(u64)) {
    for at in [
        exit.exposed_since,
        exit.stop_reached_at,
        exit.stop_rejected_at,
    ] {
        fold(at.map_or(0, |at| at.0.cast_unsigned()));
    }
    fold(exit.closing.map_or(0, |why| 1 + why as u64));
    let delta = exit.entry_delta.unwrap_or(i32::MIN);
    fold(u64::from(delta.cast_unsigned()));
}

fn fold_kind(kind: OrderKind, fold: &mut dyn FnMut(u64)) {
    let (tag, prices) = match kind {
        OrderKind::Limit(price) => (0, [price, Price::NONE]),
        OrderKind::Market => (1, [Price::NONE; 2]),
        OrderKind::Stop(price) => (2, [price, Price::NONE]),
        OrderKind::StopLimit { stop, limit } => (3, [stop, limit]),
    };
    fold(tag);
    for price in prices {
        fold_price(price, fold);
    }
}

fn fold_instrument(instrument: &Instrument, fold: &mut dyn FnMut(u64)) {
    fold_text(instrument.underlying().as_str(), fold);
    if let Instrument::Option(contract) = instrument {
        let terms = &contract.terms;
        fold_text(terms.root.as_str(), fold);
        fold(u64::from(terms.expiry.yyyymmdd()));
        fold_price(terms.strike, fold);
        fold(u64::from(terms.right == Right::Call));
        fold(u64::from(terms.multiplier));
    }
}

fn fold_price(price: Price, fold: &mut dyn FnMut(u64)) {
    fold(price.0.cast_unsigned());
}

fn fold_text(text: &str, fold: &mut dyn FnMut(u64)) {
    fold(text.len() as u64);
    for part in text.as_bytes().chunks(8) {
        let mut bytes = [0; 8];
        bytes[..part.len()].copy_from_slice(part);
        fold(u64::from_le_bytes(bytes));
    }
}
