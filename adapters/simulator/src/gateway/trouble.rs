//! Faults that happen by the clock, and the end of all faults.

use super::checks::Checked;
use super::core::{Core, Due};
use super::link::{LinkState, Outage};
use super::numbering::instrument;
use crate::broker_ledger::{FinalState, Origin};
use crate::gateway_faults::GatewayFault;
use components::contract::{Contract, Instrument};
use components::market::Side;
use components::order::{Order, OrderId, OrderKind, PermId, Role};
use core::cmp::Reverse;
use engine::report::Report;

/// A gateway that restarts loses the unfilled orders of so many milliseconds.
const LOST_MS: i64 = 500;
/// A gateway that went away comes back within so much.
const AWAY_MS: u64 = 10_000;
const OUTAGE_MS: u64 = 60_000;
/// A stranger's order works so long.
const STRANGER_MS: i64 = 60_000;
/// Contracts tried for a stranger's order.
const TRIES: u64 = 16;

impl Core {
    /// Lets a fault happen now, if it can.
    pub(crate) fn trouble(&mut self, kind: GatewayFault) -> bool {
        let is_up = self.link.state == LinkState::Up;
        let happens = match kind {
            GatewayFault::LinkDrop | GatewayFault::PortReset => is_up,
            GatewayFault::HalfOpen | GatewayFault::GatewayRestart => is_up,
            GatewayFault::OutageLosing | GatewayFault::OutageKeeping => {
                is_up && self.link.outage.is_none()
            }
            GatewayFault::Cancel202 => return self.cancel_unasked(),
            GatewayFault::ForeignOrder => return self.trade_as_stranger(),
            GatewayFault::Liquidation => return self.liquidate(),
            _ => false,
        };
        if !happens {
            return false;
        }
        self.count_for_line(kind);
        match kind {
            GatewayFault::LinkDrop => self.away(kind, 0),
            GatewayFault::PortReset => self.away(kind, 1_300),
            GatewayFault::GatewayRestart => {
                self.lose_the_last();
                self.away(kind, 0);
            }
            GatewayFault::HalfOpen => {
                self.close_silently();
            }
            _ => self.lose_broker(kind),
        }
        true
    }

    /// Counts a fault of the line with the state of every order of the client that it meets.
    fn count_for_line(&mut self, kind: GatewayFault) {
        self.dice.counts.note(kind.name());
        let mut is_idle = true;
        for held in self.book.held.values() {
            if held.origin == Origin::Client {
                is_idle = false;
                self.dice.counts.meet(kind.name(), held.state());
            }
        }
        if is_idle {
            self.dice.counts.meet(kind.name(), "idle");
        }
    }

    fn away(&mut self, kind: GatewayFault, code: u32) {
        let away = self.dice.millis(kind, AWAY_MS);
        self.link.reachable = self.now.plus_millis(away);
        self.cut(code);
    }

    fn lose_broker(&mut self, kind: GatewayFault) {
        let lasts = 1 + self.dice.millis(kind, OUTAGE_MS - 1);
        let until = self.now.plus_millis(lasts);
        let received = self.now.plus_millis(self.report_latency_ms);
        let report = Report::Disconnected { code: 1_100 };
        self.link.put(received, self.now, report);
        self.link.outage = Some(Outage {
            until,
            keeps: kind == GatewayFault::OutageKeeping,
            held: Vec::new(),
        });
        self.schedule(until, Due::Resume);
    }

    /// Forgets the orders that arrived last, as if they had never been there, and offers their
    /// numbers again.
    fn lose_the_last(&mut self) {
        let since = self.now.plus_millis(-LOST_MS);
        let is_lost = |perm: &PermId| {
            let held = self.book.held.get(perm)?;
            let entry = self.ledger.orders.get(held.place)?;
            let is_new = held.origin == Origin::Client && entry.at >= since && entry.filled == 0;
            is_new.then_some((*perm, held.order.id))
        };
        let lost: Vec<(PermId, OrderId)> = self.book.held.keys().filter_map(is_lost).collect();
        let mut offered = self.book.offered();
        for (perm, order) in lost {
            self.close(perm, FinalState::Lost);
            if !self.book.live.contains_key(&order) {
                self.book.known.remove(&order);
                offered = offered.min(order);
            }
        }
        let back = self.dice.below(GatewayFault::GatewayRestart, 4);
        let offered = OrderId(offered.0.saturating_sub(back).max(1));
        self.book.rolled_back = Some(offered);
        let highest = self.book.known.last_key_value().map(|(order, _)| *order);
        self.book.highest = highest.max(self.book.highest.filter(|seen| *seen < offered));
    }

    fn cancel_unasked(&mut self) -> bool {
        let ours: Vec<PermId> = self
            .book
            .held
            .values()
            .filter(|held| held.origin == Origin::Client && !held.is_told_over)
            .map(|held| held.perm)
            .collect();
        let kind = GatewayFault::Cancel202;
        let Some(perm) = self.one_of(kind, &ours) else {
            return false;
        };
        let state = self.book.held.get(&perm).map_or("unknown", |h| h.state());
        self.dice.counts.note(kind.name());
        self.dice.counts.meet(kind.name(), state);
        self.finish(perm);
        true
    }

    fn one_of<T: Copy>(&mut self, kind: GatewayFault, items: &[T]) -> Option<T> {
        let place = self.dice.below(kind, items.len() as u64);
        items.get(usize::try_from(place).ok()?).copied()
    }

    /// A person buys or sells a contract that is quoted: at once, or with a limit that rests.
    fn trade_as_stranger(&mut self) -> bool {
        let kind = GatewayFault::ForeignOrder;
        for _ in 0..TRIES {
            let all = self.numbering.contracts_len() as u64;
            let place = u32::try_from(self.dice.below(kind, all)).unwrap_or(0);
            let slot = components::contract::ContractId(place);
            let Some(contract) = self.numbering.named(slot) else {
                continue;
            };
            let Some([bid, ask]) = self.venue.shown(slot) else {
                continue;
            };
            let side = if self.dice.below(kind, 4) == 0 {
                Side::Sell
            } else {
                Side::Buy
            };
            let rests = self.dice.below(kind, 4) == 0;
            let price = if (side == Side::Buy) == rests {
                bid.0
            } else {
                ask.0
            };
            let quantity = 1 + u32::try_from(self.dice.below(kind, 3)).unwrap_or(0);
            let order_kind = OrderKind::Limit(price);
            if self.place(contract, side, quantity, order_kind, Origin::Manual) {
                self.dice.counts.note(kind.name());
                self.dice.counts.meet(kind.name(), "foreign");
                return true;
            }
        }
        false
    }

    /// The broker closes a position of the account at what is displayed.
    fn liquidate(&mut self) -> bool {
        let kind = GatewayFault::Liquidation;
        let options: Vec<(Contract, i64)> = self
            .account
            .positions()
            .into_iter()
            .filter_map(|(instrument, held)| match instrument {
                Instrument::Option(contract) => Some((contract, held)),
                Instrument::Stock(_) => None,
            })
            .collect();
        let Some((contract, held)) = self.one_of(kind, &options) else {
            return false;
        };
        let side = if held > 0 { Side::Sell } else { Side::Buy };
        let quantity = u32::try_from(held.unsigned_abs()).unwrap_or(u32::MAX);
        let origin = Origin::Liquidation;
        if !self.place(contract, side, quantity, OrderKind::Market, origin) {
            return false;
        }
        self.dice.counts.note(kind.name());
        self.dice.counts.meet(kind.name(), "foreign");
        true
    }

    fn place(
        &mut self,
        contract: Contract,
        side: Side,
        quantity: u32,
        kind: OrderKind,
        origin: Origin,
    ) -> bool {
        let order = Order {
            id: OrderId(0),
            contract,
            side,
            quantity,
            kind,
            role: Role::Exit,
            parent: None,
            oca: None,
            at: self.now,
            good_until: self.now.plus_millis(STRANGER_MS),
        };
        let checked = match origin {
            // The broker closes what it wants to, whatever the price grid says.
            Origin::Liquidation => self.check_forced(&order),
            _ => self.check(&order, origin, None).ok(),
        };
        let Some(checked) = checked else {
            return false;
        };
        let perm = self.take(order, origin, &checked, quantity);
        self.sync(perm);
        self.sweep_order(perm);
        true
    }

    fn check_forced(&self, order: &Order) -> Option<Checked> {
        let settlement = (self.settlement)(&order.contract.terms)?;
        if self.now >= settlement || self.ledger.is_full() {
            return None;
        }
        Some(Checked {
            contract: self.numbering.find(&order.contract)?,
            instrument: instrument(&self.numbering, &order.contract, settlement)?,
            end: order.good_until.min(settlement),
        })
    }

    /// Ends all faults: nothing is held back or silent any more.
    pub(crate) fn calm(&mut self) {
        self.dice.end();
        self.link.reachable = self.now;
        if self.link.state == LinkState::Silent || self.link.wrong_account {
            self.cut(0);
        }
        if let Some(outage) = &mut self.link.outage {
            outage.until = self.now;
            self.resume();
        }
        let late = core::mem::take(&mut self.due).into_sorted_vec();
        for Reverse(timed) in late.into_iter().rev() {
            match timed.due {
                Due::Correct { place, how } => self.correct(place, how),
                Due::Reduce { group, perm, fill } => self.reduce_late(group, perm, fill),
                Due::Forget(perm) => self.forget(perm),
                Due::Fault { .. } | Due::Cut { .. } => {}
                Due::Connect { line } => {
                    let soon = self.now.plus_millis(self.config.reconnect_ms);
                    self.schedule(timed.at.min(soon), Due::Connect { line });
                }
                _ => self.due.push(Reverse(timed)),
            }
        }
        let stuck: Vec<PermId> = self
            .book
            .held
            .values()
            .filter(|held| held.stuck_at.is_some())
            .map(|held| held.perm)
            .collect();
        for perm in stuck {
            if let Some(held) = self.book.held.get_mut(&perm) {
                held.stuck_at = None;
            }
            self.sync(perm);
            self.sweep_order(perm);
        }
        self.flush();
        self.hurry();
    }
}
