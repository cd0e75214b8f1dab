//! Executions: what the venue matched, what it costs, and what is corrected later.

use super::account::signed;
use super::core::{Core, Due};
use crate::broker_ledger::{FinalState, LedgerExecution};
use crate::gateway_faults::GatewayFault;
use crate::resting::Match;
use components::contract::{ContractId, Instrument};
use components::market::Side;
use components::order::{Execution, ExecutionId, PermId};
use components::units::{Cash, Price};
use engine::report::Report;

/// A correction comes so much later at most.
const CORRECTION_MS: u64 = 30_000;

impl Core {
    /// Matches the contract of an order, if the order works.
    pub(crate) fn sweep_order(&mut self, perm: PermId) {
        if let Some(held) = self.book.held.get(&perm) {
            self.sweep(held.contract);
        }
    }

    /// Matches the orders in a contract, one fill at a time: each may change what is left to match.
    pub(crate) fn sweep(&mut self, contract: ContractId) {
        while let Some(found) = self.venue.next_match(contract, self.now) {
            self.fill(&found);
        }
    }

    fn fill(&mut self, found: &Match) {
        let Some(held) = self.book.held.get_mut(&found.perm) else {
            return;
        };
        held.filled += found.quantity;
        held.kind = found.kind;
        let state = held.state();
        let (order, group) = (held.order_id(), held.group());
        let is_complete = held.filled >= held.order.quantity;
        if held.is_told_over {
            self.dice.counts.note("filled_after_cancel");
        }
        let Some(place) = self.execute(found) else {
            return;
        };
        if is_complete {
            self.close(found.perm, FinalState::Filled);
        } else {
            self.sync(found.perm);
        }
        if order.is_none() || !self.dice.hits(GatewayFault::LostFill, state) {
            self.tell_execution(place);
        }
        let Some(order) = order else {
            return;
        };
        if let Some(known) = self.book.known.get_mut(&order) {
            known.filled = known.filled.saturating_add(found.quantity);
        }
        if let Some(group) = group {
            self.reduce_siblings(group, found.perm, found.quantity);
        }
        self.release_legs(order);
        self.disturb(place, is_complete, state);
    }

    /// Books an execution and returns its place in the ledger.
    fn execute(&mut self, found: &Match) -> Option<usize> {
        let held = self.book.held.get_mut(&found.perm)?;
        let (fee, minimum) = (self.fee_per_contract, self.fee_minimum);
        let fees = charge(held, found.quantity, fee, minimum);
        let instrument = Instrument::Option(held.order.contract);
        let entry = self.ledger.orders.get_mut(held.place)?;
        entry.filled = entry.filled.saturating_add(found.quantity);
        let side = held.order.side;
        let execution = Execution {
            id: ExecutionId {
                base: self.ledger.executions.len() as u64 + 1,
                revision: 1,
            },
            order: held.order_id(),
            perm: found.perm,
            instrument,
            side,
            quantity: found.quantity,
            price: found.price,
            cumulative: entry.filled,
            at: self.now,
        };
        let (contract, settlement) = (held.contract, held.instrument.settlement);
        self.account.add(instrument, signed(side, found.quantity));
        if self.settling.insert(contract) {
            self.schedule(settlement, Due::Settle(contract));
        }
        self.ledger.executions.push(LedgerExecution {
            revisions: vec![execution],
            fees,
        });
        Some(self.ledger.executions.len() - 1)
    }

    fn tell_execution(&mut self, place: usize) {
        let executed = &self.ledger.executions[place];
        let fees = executed.fees;
        if let Some(execution) = executed.last().copied() {
            self.tell(Report::Executed(execution));
            let execution = execution.id;
            self.tell(Report::Charged { execution, fees });
        }
    }

    /// The faults that an execution is an opportunity for.
    fn disturb(&mut self, place: usize, is_complete: bool, state: &'static str) {
        if self.dice.is_quiet() {
            return;
        }
        for how in [GatewayFault::CorrectQuantity, GatewayFault::CorrectPrice] {
            if self.dice.hits(how, state) {
                let late = 1 + self.dice.millis(how, CORRECTION_MS - 1);
                let due = Due::Correct { place, how };
                self.schedule(self.now.plus_millis(late), due);
            }
        }
        if !is_complete && self.dice.hits(GatewayFault::DropAfterPartial, state) {
            self.cut(0);
        }
    }

    /// Corrects an execution of today whose contract is not settled yet. What it cost stays.
    pub(crate) fn correct(&mut self, place: usize, how: GatewayFault) {
        let last = self.ledger.executions.get(place).and_then(|e| e.last());
        let Some(last) = last.copied().filter(|_| place >= self.first_execution) else {
            return;
        };
        let Instrument::Option(contract) = last.instrument else {
            return;
        };
        if (self.settlement)(&contract.terms).is_none_or(|at| self.now >= at) {
            return;
        }
        let mut next = last;
        next.id.revision = last.id.revision.saturating_add(1);
        if how == GatewayFault::CorrectPrice {
            let tick = self.grid.tick(last.price).0;
            let worse = if last.side == Side::Buy { tick } else { -tick };
            next.price = Price((last.price.0 + worse).max(1));
        } else {
            let quantity = self.dice.below(how, u64::from(last.quantity.max(1)));
            next.quantity = u32::try_from(quantity).unwrap_or(0).min(last.quantity);
            let less = last.quantity - next.quantity;
            next.cumulative = last.cumulative.saturating_sub(less);
            self.account.add(last.instrument, -signed(last.side, less));
            let perm = last.perm;
            let place = self.ledger.orders.partition_point(|o| o.perm < perm);
            if let Some(entry) = self.ledger.orders.get_mut(place) {
                entry.filled = entry.filled.saturating_sub(less);
            }
        }
        self.ledger.executions[place].revisions.push(next);
        self.tell(Report::Executed(next));
    }

    /// Settles what is held of a contract.
    pub(crate) fn settle(&mut self, contract: ContractId) {
        self.settling.remove(&contract);
        let Some(contract) = self.numbering.named(contract) else {
            return;
        };
        let symbol = self.numbering.symbol_named(contract.underlying);
        let level = symbol.and_then(|s| self.levels.of(s).or_else(|| self.trades.of(s)));
        if let Some(settled) = self.account.settle(contract, level, self.now) {
            self.ledger.settlements.push(settled);
        }
    }
}

/// What a fill costs: the fee of all contracts so far, at least the minimum, less what the order
/// has been charged already.
fn charge(held: &mut super::book::Held, quantity: u32, fee: Cash, minimum: Cash) -> Cash {
    held.fees.contracts += i64::from(quantity);
    let all = Cash(fee.0.saturating_mul(held.fees.contracts));
    let total = all.max(minimum);
    let fees = Cash(total.0 - held.fees.charged.0);
    held.fees.charged = total;
    fees
}
