//! The broker's whole answer to a query: open orders of all clients, and what is over, executed and
//! held by the instant of the answer.

use super::core::Core;
use super::link::LinkState;
use components::order::OrderId;
use components::units::Timestamp;
use engine::report::{BrokerState, CompletedOrder, OpenOrder, Report};

impl Core {
    /// Answers a query, if the line over which it came is still there.
    pub(crate) fn answer(&mut self, line: u64, query: u64) {
        if line == self.link.number && self.link.state == LinkState::Up {
            let state = self.state(query);
            self.tell(Report::State(Box::new(state)));
        }
    }

    fn state(&self, query: u64) -> BrokerState {
        let mut state = BrokerState {
            query,
            account: self.account_name(),
            next_order: self.book.offered(),
            ..BrokerState::default()
        };
        if self.link.wrong_account {
            return state;
        }
        let told_over = |perm| self.book.held.get(perm).is_none_or(|h| h.is_told_over);
        for held in self.book.held.values() {
            let Some(entry) = self.ledger.orders.get(held.place) else {
                continue;
            };
            if !told_over(&held.perm) {
                state.open.push(OpenOrder {
                    order: entry.order,
                    perm: held.perm,
                    instrument: entry.instrument,
                    side: entry.side,
                    quantity: entry.quantity,
                    filled: entry.filled,
                    limit: entry.kind.limit(),
                });
            }
        }
        for place in &self.book.ended {
            if let Some(entry) = self.ledger.orders.get(*place) {
                state.completed.push(CompletedOrder {
                    order: entry.order,
                    perm: entry.perm,
                    filled: entry.filled,
                    rejected: false,
                });
            }
        }
        let refused = |(order, perm): &(OrderId, _)| CompletedOrder {
            order: Some(*order),
            perm: *perm,
            filled: 0,
            rejected: true,
        };
        state
            .completed
            .extend(self.book.refused.iter().map(refused));
        let today = &self.ledger.executions[self.first_execution..];
        state.executions = today
            .iter()
            .filter_map(|execution| Some((*execution.last()?, Some(execution.fees))))
            .collect();
        state.positions = self.account.positions();
        state
    }

    /// Begins a day: what ended and was executed before `open` is not of today any more.
    pub(crate) fn begin_day(&mut self, open: Timestamp) {
        if open == self.today {
            return;
        }
        self.today = open;
        self.book.refused.clear();
        let ledger = &self.ledger;
        self.book.ended.retain(|place| {
            let end = ledger.orders.get(*place).and_then(|order| order.end);
            end.is_some_and(|(at, _)| at >= open)
        });
        let executions = &ledger.executions;
        self.first_execution = executions
            .partition_point(|e| e.revisions.first().is_some_and(|first| first.at < open));
    }
}
