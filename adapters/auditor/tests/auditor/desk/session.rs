//! From session to session.

use super::*;

impl Desk {
    /// What a session of `date` begins with.
    pub(crate) fn open_state(&self, date: u32) -> OpenState {
        let traded = |e: &LedgerExecution| {
            let last = e.last().unwrap();
            last.side.sign() * i64::from(last.quantity) * last.price.0 * 100
        };
        let fees: i64 = self.charges.values().map(|fees| fees.0).sum();
        let paid: i64 = self.ledger.executions.iter().map(traded).sum();
        let cost: i64 = self.paid.values().sum();
        let cash = Cash(INITIAL - paid - fees);
        let equity = Cash(cash.0 + cost);
        let is_first = self.frames.is_empty() || date <= self.frame.session.0;
        let losing_days = match equity.cmp(&self.day_open) {
            _ if is_first => self.losing_days,
            std::cmp::Ordering::Less => self.losing_days + 1,
            std::cmp::Ordering::Equal => self.losing_days,
            std::cmp::Ordering::Greater => 0,
        };
        let positions = self.ledger.positions.iter().map(|(instrument, quantity)| {
            let position = Position {
                quantity: *quantity,
                cost: Cash(self.paid[instrument]),
                ..Position::default()
            };
            (*instrument, position, None)
        });
        OpenState {
            date,
            next_order: OrderId(self.next_order),
            next_query: self.next_query,
            orders: self.followed(),
            executions: self
                .ledger
                .executions
                .iter()
                .map(|e| *e.last().unwrap())
                .collect(),
            charges: Vec::new(),
            positions: positions.collect(),
            account: AccountState {
                cash,
                initial: Cash(INITIAL),
                realized: Cash(cost - paid),
                fees: Cash(fees),
                day_open_equity: if is_first { self.day_open } else { equity },
                high_water: Cash(INITIAL * 2),
                losing_days,
                ..AccountState::default()
            },
            latches: self.latches.clone(),
            commands: self
                .commands
                .iter()
                .map(|(from, last)| (*from, *last))
                .collect(),
            ..OpenState::default()
        }
    }

    fn followed(&self) -> Vec<FollowedOrder> {
        let mut seen = BTreeSet::new();
        let orders = self.ledger.orders.iter().filter_map(|order| {
            let id = order.order.filter(|id| seen.insert(*id))?;
            Some(FollowedOrder {
                intent: OrderIntent {
                    order: Order {
                        quantity: order.quantity.max(order.filled),
                        ..self.intents[&id].order
                    },
                    ..self.intents[&id]
                },
                status: self.status[&id],
                filled: order.filled,
                perms: vec![order.perm],
                sent_at: Some(order.at),
                cancel_at: None,
                late: false,
                held: false,
            })
        });
        orders.collect()
    }

    /// Goes on to the next session; `change` spoils what it begins with.
    pub(crate) fn next_day(&mut self, change: impl FnOnce(&mut OpenState)) {
        let mut state = self.open_state(self.frame.session.0 + 1);
        let day = 86_400_000;
        let (date, open, close) = self.frame.session;
        let next = (date + 1, open.plus_millis(day), close.plus_millis(day));
        self.tick();
        let (tick, now) = (self.frame.tick, next.1.plus_millis(1_000));
        self.frame = frame(tick, now, next);
        self.day_open = state.account.day_open_equity;
        self.losing_days = state.account.losing_days;
        change(&mut state);
        self.record(Record::DayOpened(Box::new(state)));
        self.reconcile();
    }
}
