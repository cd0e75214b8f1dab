//! From session to session: everything that is open, so that nothing before it is needed.
//!
//! A session begins with [`Record::DayOpened`], and the ledger becomes exactly what that record
//! says: so a restart that reads from there arrives at the state of the process that went on.
//! What is over is carried for [`REMEMBERED_DAYS`], because brokers report executions of the days
//! before once more when a session begins.
//!
//! [`Record::DayOpened`]: engine::record::Record::DayOpened

use crate::ledger::*;
use engine::record::OpenState;
use jiff::ToSpan;
use jiff::civil::Date;

/// Days for which executions and orders that are over are remembered: what is older cannot be
/// reported again. It spans a weekend with a holiday on either side.
pub const REMEMBERED_DAYS: i32 = 7;

impl Ledger {
    /// Everything that is open, as the session of `date` (as `yyyymmdd`) begins with it.
    ///
    /// `equity` is what the account is worth at the marks of that moment. A later date begins a new
    /// session: the counters of the day start anew. The same or an earlier date does not.
    #[must_use]
    pub fn open_state(&self, date: u32, equity: Cash) -> OpenState {
        let account = match self.date {
            0 => account::first_session(&self.account, equity),
            today if today < date => account::next_session(&self.account, equity),
            _ => self.account,
        };
        let date = date.max(self.date);
        let orders = self.orders_to_carry(start_of(date, REMEMBERED_DAYS));
        let carried = |order: OrderId| orders.binary_search_by_key(&order, number).is_ok();
        let horizon = start_of(date, REMEMBERED_DAYS);
        let executions: Vec<Execution> = self
            .executions
            .iter()
            .filter(|execution| execution.at >= horizon || execution.order.is_some_and(carried))
            .copied()
            .collect();
        let charges = self.executions.charges().filter(|(id, _)| {
            let known = self.executions.get(id.base).is_some();
            !known || executions.binary_search_by_key(&id.base, base).is_ok()
        });
        let mut state = OpenState {
            date,
            next_order: self.next_order,
            next_query: self.next_query,
            charges: charges.collect(),
            orders,
            foreign: self.foreign.values().copied().collect(),
            executions,
            positions: self
                .positions
                .iter()
                .filter(|(_, held)| held.position().quantity != 0)
                .map(|(instrument, held)| (*instrument, held.carried(), held.holding))
                .collect(),
            account,
            latches: self.latches().collect(),
            paused: self
                .paused
                .iter()
                .map(|(name, why)| (*name, *why))
                .collect(),
            commands: self
                .commands
                .iter()
                .map(|(from, last)| (*from, *last))
                .collect(),
        };
        if planted(16) {
            // I16: a restart, or a new session, forgets how the account fared.
            state.account.losing_days = 0;
            state.account.day_open_equity = state.account.cash;
        }
        if planted(18) {
            // I18: a new session lifts what only an operator may lift.
            state.latches.clear();
        }
        state
    }

    /// Becomes what a session begins with. What the session before left must be in it.
    pub(super) fn open_day(&mut self, state: &OpenState, changes: &mut Vec<Change>) {
        if self.date != 0 && !self.agrees_with(state) {
            changes.push(Change::Odd(Odd::CarriedOver));
        }
        *self = Self::from(state.clone());
        changes.push(Change::DayOpened { date: self.date });
    }

    /// The instant before which no execution is believed to be new.
    pub(super) fn horizon(&self) -> Timestamp {
        start_of(self.date, REMEMBERED_DAYS)
    }

    fn agrees_with(&self, state: &OpenState) -> bool {
        let own = self.open_state(state.date, state.account.day_open_equity);
        let money = |state: &OpenState| {
            let account = &state.account;
            (
                account.cash,
                account.realized,
                account.fees,
                account.losing_days,
            )
        };
        let held = |state: &OpenState| -> Vec<(Instrument, Position)> {
            let positions = state.positions.iter();
            positions
                .map(|(what, position, _)| (*what, *position))
                .collect()
        };
        money(&own) == money(state)
            && held(&own) == held(state)
            && own.latches == state.latches
            && own.paused == state.paused
            && own.orders == state.orders
            && own.executions == state.executions
            && own.charges == state.charges
            && own.next_order <= state.next_order
    }

    /// Orders in flight, those that they refer to, and those of late; sorted by number.
    fn orders_to_carry(&self, horizon: Timestamp) -> Vec<FollowedOrder> {
        let mut wanted: BTreeMap<OrderId, &LedgerOrder> = BTreeMap::new();
        for order in self.orders.all() {
            let recent = order.followed.intent.order.at >= horizon;
            if !recent && !order.in_flight() {
                continue;
            }
            wanted.insert(order.id(), order);
            if order.in_flight() {
                let parent = order.followed.intent.order.parent;
                let parent = parent.and_then(|parent| self.orders.get(parent));
                let related = self.orders.siblings(order.id()).chain(parent);
                wanted.extend(related.map(|other| (other.id(), other)));
            }
        }
        wanted.into_values().map(carried_order).collect()
    }
}

impl From<OpenState> for Ledger {
    fn from(state: OpenState) -> Self {
        let mut ledger = Self {
            date: state.date,
            foreign: state.foreign.iter().map(|o| (o.perm, *o)).collect(),
            executions: Executions::carry(&state.executions, &state.charges),
            account: state.account,
            latches: state.latches.into_iter().collect(),
            paused: state.paused.into_iter().collect(),
            commands: state.commands.into_iter().collect(),
            next_order: state.next_order.max(OrderId(1)),
            next_query: state.next_query.max(1),
            ..Self::default()
        };
        for (instrument, position, holding) in state.positions {
            ledger.positions.carry(instrument, position, holding);
        }
        let mut executed: BTreeMap<OrderId, u64> = BTreeMap::new();
        for execution in &state.executions {
            if let Some(order) = execution.order {
                let sum = executed.entry(order).or_default();
                *sum = sum.saturating_add(u64::from(execution.quantity));
            }
        }
        let today = start_of(state.date, 0);
        let oldest = state.orders.iter().map(number).min();
        ledger.orders.know_from(oldest.unwrap_or(ledger.next_order));
        for followed in state.orders {
            let is_todays = followed.intent.order.at >= today;
            let mut order = LedgerOrder::new(followed);
            order.executed = executed.get(&order.id()).copied().unwrap_or_default();
            ledger.see_number(order.id());
            ledger.orders.follow(order, is_todays);
        }
        ledger
    }
}

/// An order with the terms that are in force: what its siblings took is off its quantity.
fn carried_order(order: &LedgerOrder) -> FollowedOrder {
    let mut followed = order.followed.clone();
    let terms = &mut followed.intent.order;
    if order.in_flight() {
        let left = terms.quantity.saturating_sub(order.taken);
        terms.quantity = left.max(followed.filled);
    }
    followed
}

fn number(order: &FollowedOrder) -> OrderId {
    order.intent.order.id
}

fn base(execution: &Execution) -> u64 {
    execution.id.base
}

/// The first instant in UTC of the day `days` before `date`, which is before every session of that
/// day begins. Before everything where there is no such date.
fn start_of(date: u32, days: i32) -> Timestamp {
    let number = |value: u32| i16::try_from(value).ok();
    let parts = number(date / 10_000).zip(number(date / 100 % 100).zip(number(date % 100)));
    parts
        .and_then(|(year, (month, day))| {
            let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
            let date = Date::new(year, month, day).ok()?;
            let date = date.checked_sub(days.days()).ok()?;
            let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            Some(Timestamp::from(start.timestamp()))
        })
        .unwrap_or(Timestamp::NEVER)
}
