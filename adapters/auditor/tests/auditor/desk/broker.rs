//! The broker's side of the desk.

use super::*;

impl Desk {
    pub(crate) fn receive(&mut self, message: Message, refused: Option<u32>) {
        self.ledger.received.push(Received {
            at: self.now().plus_millis(90),
            session: self.session,
            message,
            refused,
        });
    }

    /// The order arrives at the broker and is taken.
    pub(crate) fn arrive(&mut self, order: Order) {
        self.receive(Message::Submit(order), None);
        let perm = PermId(self.ledger.orders.len() as u64 + 1);
        self.ledger.orders.push(LedgerOrder {
            perm,
            order: Some(order.id),
            origin: Origin::Client,
            instrument: Instrument::Option(order.contract),
            side: order.side,
            quantity: order.quantity,
            kind: order.kind,
            role: Some(order.role),
            parent: order.parent,
            oca: order.oca,
            at: self.now().plus_millis(90),
            filled: 0,
            end: None,
        });
    }

    pub(crate) fn entry(&mut self, id: OrderId) -> &mut LedgerOrder {
        self.ledger
            .orders
            .iter_mut()
            .rfind(|order| order.order == Some(id))
            .unwrap()
    }

    /// The broker executes a part of an order: both reports.
    pub(crate) fn execute(&mut self, id: OrderId, quantity: u32, price: i64) -> (Report, Report) {
        let now = self.now().plus_nanos(-50_000_000);
        let order = self.entry(id);
        order.filled += quantity;
        let is_filled = order.filled >= order.quantity;
        if is_filled {
            order.end = Some((now, FinalState::Filled));
        }
        let order = *order;
        let execution = Execution {
            id: ExecutionId {
                base: self.ledger.executions.len() as u64 + 1,
                revision: 1,
            },
            order: order.order,
            perm: order.perm,
            instrument: order.instrument,
            side: order.side,
            quantity,
            price: Price(price),
            cumulative: order.filled,
            at: now,
        };
        let fees = Cash(i64::from(quantity) * 6_500);
        self.ledger.executions.push(LedgerExecution {
            revisions: vec![execution],
            fees,
        });
        let units = order.side.sign() * i64::from(quantity);
        self.hold(order.instrument, units, price * units * 100);
        if is_filled {
            self.status.insert(id, OrderStatus::Filled);
        }
        self.take_off_siblings(&order, quantity, now);
        let charged = Report::Charged {
            execution: execution.id,
            fees,
        };
        (Report::Executed(execution), charged)
    }

    fn hold(&mut self, instrument: Instrument, units: i64, paid: i64) {
        let mut positions: BTreeMap<Instrument, i64> = self.ledger.positions.drain(..).collect();
        *positions.entry(instrument).or_default() += units;
        positions.retain(|_, held| *held != 0);
        *self.paid.entry(instrument).or_default() += paid;
        self.ledger.positions = positions.into_iter().collect();
        if !self
            .ledger
            .positions
            .iter()
            .any(|(held, _)| *held == instrument)
        {
            self.paid.remove(&instrument);
        }
    }

    fn take_off_siblings(&mut self, filled: &LedgerOrder, quantity: u32, now: Timestamp) {
        let Some(group) = filled.oca else {
            return;
        };
        for order in &mut self.ledger.orders {
            let is_sibling = order.oca == Some(group) && order.perm != filled.perm;
            if is_sibling && order.end.is_none() {
                order.quantity -= quantity.min(order.quantity);
                if order.quantity == 0 {
                    order.end = Some((now, FinalState::Cancelled));
                }
            }
        }
    }

    /// What the broker answers.
    pub(crate) fn answer(&self, query: u64) -> BrokerState {
        let orders = || self.ledger.orders.iter();
        BrokerState {
            query,
            account: self.ledger.account.clone(),
            next_order: OrderId(self.next_order),
            open: orders()
                .filter(|order| order.end.is_none())
                .map(|order| OpenOrder {
                    order: order.order,
                    perm: order.perm,
                    instrument: order.instrument,
                    side: order.side,
                    quantity: order.quantity,
                    filled: order.filled,
                    limit: order.kind.limit(),
                })
                .collect(),
            completed: orders()
                .filter(|order| order.end.is_some())
                .map(|order| CompletedOrder {
                    order: order.order,
                    perm: order.perm,
                    filled: order.filled,
                    rejected: false,
                })
                .collect(),
            executions: self
                .ledger
                .executions
                .iter()
                .map(|e| (*e.last().unwrap(), Some(e.fees)))
                .collect(),
            positions: self.ledger.positions.clone(),
        }
    }
}
