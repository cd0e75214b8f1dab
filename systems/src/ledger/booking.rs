//! Executions and charges into orders, positions and money.

use crate::ledger::*;
use components::order::OrderKind;
use components::units::Price;
use engine::record::ExitState;
use execution::News;
use position::{Booked, Booking};

/// Who closed a position, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closer {
    pub(super) reason: ExitReason,
    pub(super) at: Timestamp,
    /// What the trade was worth besides what it realized: the value of what was delivered.
    pub(super) besides: Cash,
}

impl Ledger {
    /// Books an execution once, or puts a correction in the place of what it corrects.
    pub(super) fn execute(
        &mut self,
        now: Timestamp,
        execution: &Execution,
        changes: &mut Vec<Change>,
    ) {
        let id = execution.id;
        let mut news = self.executions.news(execution);
        if planted(5) && news == News::Known {
            // I5: what is reported twice is booked twice.
            news = News::New;
        }
        if news == News::Known {
            changes.push(Change::Odd(Odd::Repeated(id)));
            return;
        }
        if news == News::New && execution.at < self.horizon() {
            // From before everything that is remembered: it cannot be told from one that was
            // booked.
            changes.push(Change::Odd(Odd::Stale(id)));
            return;
        }
        let Ok(booked) = self.book_execution(execution, news) else {
            changes.push(Change::Odd(Odd::Overflow(Amount::Execution(id))));
            return;
        };
        let waiting = self.executions.keep(*execution);
        if self.asked.is_some() {
            self.since_asked.insert(id.base, execution.instrument);
        }
        changes.push(Change::Executed {
            execution: *execution,
            cash: booked.traded.cash,
            realized: booked.traded.realized,
            position: booked.position,
            corrected: news != News::New,
        });
        self.fill(now, execution, news, &booked, changes);
        if let Some(fees) = waiting {
            self.pay(id, fees, changes);
        }
        let closer = self.closer(execution);
        let opener = execution.order;
        self.hold(execution.instrument, &booked, closer, opener, changes);
    }

    /// Books what an execution cost, or keeps it until the execution comes.
    pub(super) fn charge(&mut self, id: ExecutionId, fees: Cash, changes: &mut Vec<Change>) {
        match self.executions.charge(id, fees) {
            Charge::Booked(more) => self.pay(id, more, changes),
            Charge::Dropped => changes.push(Change::Odd(Odd::ChargeDropped(id))),
            Charge::Waits | Charge::Known => {}
        }
    }

    /// Says what a booking opened and closed, and on what terms something is held from now on.
    pub(super) fn hold(
        &mut self,
        instrument: Instrument,
        booked: &Booked,
        closer: Closer,
        opener: Option<OrderId>,
        changes: &mut Vec<Change>,
    ) {
        let before = self.holding(&instrument).copied();
        if let Some((profit, fees)) = booked.closed {
            let profit = Cash(profit.0.saturating_add(closer.besides.0));
            if closer.reason != ExitReason::Adjusted {
                account::count(&mut self.account, profit);
            }
            changes.push(Change::Closed(Closing {
                instrument,
                holding: before,
                reason: closer.reason,
                at: closer.at,
                profit,
                fees,
            }));
        }
        let Some(average) = average(&booked.position, instrument.multiplier()) else {
            self.set_holding(&instrument, None);
            return;
        };
        let quantity = booked.position.quantity;
        let contracts = u32::try_from(quantity.unsigned_abs()).unwrap_or(u32::MAX);
        if booked.opened() {
            let holding = opener
                .and_then(|id| self.orders.get(id))
                .filter(|order| order.role() == Role::Entry)
                .map(|order| HoldingState {
                    strategy: order.followed.intent.strategy,
                    opened_at: closer.at,
                    entry: order.id(),
                    largest: contracts,
                    entry_price: average,
                    best: average,
                    stop: self.resting_stop(&instrument, quantity),
                    steps: 0,
                    exit: ExitState::default(),
                });
            self.set_holding(&instrument, holding);
            changes.push(Change::Opened {
                instrument,
                holding,
            });
        } else if let Some(mut holding) = before {
            if contracts >= holding.largest {
                holding.largest = contracts;
                holding.entry_price = average;
            }
            self.set_holding(&instrument, Some(holding));
        }
    }

    /// Takes over the terms on which something is held from now on. Its stop never loosens, and its
    /// best price never falls.
    pub(super) fn hold_on(&mut self, instrument: &Instrument, terms: HoldingState) {
        let quantity = self.positions.quantity(instrument);
        let Some(held) = self.positions.get_mut(instrument).filter(|_| quantity != 0) else {
            return;
        };
        let before = held.holding.unwrap_or(terms);
        held.holding = Some(HoldingState {
            stop: tighter(before.stop, terms.stop, quantity),
            best: before.best.max(terms.best),
            ..terms
        });
    }

    /// Moves the stop of what is held with the order that protects it: it never loosens.
    pub(super) fn follow_stop(&mut self, id: OrderId) {
        let Some(order) = self.orders.get(id).filter(|o| o.role() == Role::Stop) else {
            return;
        };
        let instrument = Instrument::Option(order.contract());
        let stop = trigger(order);
        let quantity = self.positions.quantity(&instrument);
        let held = self.positions.get_mut(&instrument);
        if let Some(holding) = held.and_then(|held| held.holding.as_mut()) {
            holding.stop = tighter(holding.stop, stop, quantity);
        }
    }

    fn book_execution(&mut self, execution: &Execution, news: News) -> Result<Booked, Overflow> {
        let instrument = execution.instrument;
        let right = booking(execution);
        let (account, positions) = (&mut self.account, &mut self.positions);
        match news {
            News::Corrects(wrong) if wrong.instrument == instrument => {
                positions.correct(account, instrument, booking(&wrong), right)
            }
            News::Corrects(wrong) => {
                let nothing = Booking {
                    quantity: 0,
                    ..booking(&wrong)
                };
                let booked = positions.book(account, instrument, right)?;
                positions.correct(account, wrong.instrument, booking(&wrong), nothing)?;
                Ok(booked)
            }
            News::New | News::Known => positions.book(account, instrument, right),
        }
    }

    /// Tells the order, and its siblings, what was executed.
    fn fill(
        &mut self,
        now: Timestamp,
        execution: &Execution,
        news: News,
        booked: &Booked,
        changes: &mut Vec<Change>,
    ) {
        let before = match news {
            News::Corrects(wrong) => i64::from(wrong.quantity),
            News::New | News::Known => 0,
        };
        let by = i64::from(execution.quantity) - before;
        let Some(id) = execution.order else {
            self.fill_foreign(execution);
            changes.push(Change::Odd(Odd::Foreign(execution.id)));
            return;
        };
        self.change_order(id, changes, |order, out| {
            order.execute(now, execution, by, out);
        });
        self.orders.take_off_siblings(id, by);
        let Some(order) = self.orders.get(id) else {
            return;
        };
        let turned = booked.position.quantity != 0 && booked.opened();
        if turned && order.role().reduces_risk() {
            changes.push(Change::Odd(Odd::Oversold(id)));
            changes.push(Change::QueryWanted(Doubt::Odd(id)));
        }
        let scaled = order.status() == OrderStatus::Filled
            && order.followed.intent.why == components::signal::Intent::ScaleOut;
        let just_now = changes.iter().any(|change| {
            matches!(change, Change::Order { to: OrderStatus::Filled, order, .. } if *order == id)
        });
        if scaled && just_now {
            let held = self.positions.get_mut(&execution.instrument);
            if let Some(holding) = held.and_then(|held| held.holding.as_mut()) {
                holding.steps = holding.steps.saturating_add(1);
            }
        }
    }

    fn fill_foreign(&mut self, execution: &Execution) {
        if let Some(open) = self.foreign.get_mut(&execution.perm) {
            open.filled = open.filled.max(execution.cumulative);
            if open.filled >= open.quantity {
                self.foreign.remove(&execution.perm);
            }
        }
    }

    fn pay(&mut self, id: ExecutionId, fees: Cash, changes: &mut Vec<Change>) {
        let Some(execution) = self.executions.get(id.base) else {
            return;
        };
        let instrument = execution.instrument;
        let mut account = self.account;
        let booked = account::charge(&mut account, fees)
            .and_then(|()| self.positions.charge(&instrument, fees));
        if booked.is_ok() {
            self.account = account;
        }
        changes.push(match booked {
            Ok(()) => Change::Charged {
                execution: id,
                instrument,
                fees,
            },
            Err(Overflow) => Change::Odd(Odd::Overflow(Amount::Charge(id))),
        });
    }

    fn closer(&self, execution: &Execution) -> Closer {
        use components::signal::Intent;
        let order = execution.order.and_then(|id| self.orders.get(id));
        let reason = order.map_or(ExitReason::Foreign, |order| {
            ExitReason::Order(match order.role() {
                Role::Stop => Intent::Stop,
                Role::Target => Intent::Target,
                Role::Entry | Role::Exit => order.followed.intent.why,
            })
        });
        Closer {
            reason,
            at: execution.at,
            besides: Cash::ZERO,
        }
    }

    fn set_holding(&mut self, instrument: &Instrument, holding: Option<HoldingState>) {
        if let Some(held) = self.positions.get_mut(instrument) {
            held.holding = holding;
        }
    }

    /// The tightest stop that was intended for a contract and is not over.
    fn resting_stop(&self, instrument: &Instrument, quantity: i64) -> Price {
        let Instrument::Option(contract) = instrument else {
            return Price::NONE;
        };
        self.open_orders()
            .filter(|order| order.role() == Role::Stop && order.contract() == *contract)
            .fold(Price::NONE, |stop, order| {
                tighter(stop, trigger(order), quantity)
            })
    }
}

fn booking(execution: &Execution) -> Booking {
    Booking {
        execution: Some(execution.id.base),
        side: execution.side,
        quantity: u64::from(execution.quantity),
        price: execution.price,
    }
}

/// The average cost of one unit's share, `None` of nothing.
pub(super) fn average(position: &Position, multiplier: u32) -> Option<Price> {
    let units = i128::from(position.quantity) * i128::from(multiplier);
    let price = i128::from(position.cost.0).checked_div(units)?;
    Some(Price(i64::try_from(price).unwrap_or(i64::MAX)))
}

fn trigger(order: &LedgerOrder) -> Price {
    match order.followed.intent.order.kind {
        OrderKind::Stop(stop) | OrderKind::StopLimit { stop, .. } => stop,
        OrderKind::Limit(_) | OrderKind::Market => Price::NONE,
    }
}

/// The tighter of two stops for a position of `quantity`: the higher one for what is held.
fn tighter(a: Price, b: Price, quantity: i64) -> Price {
    match (a.is_some(), b.is_some()) {
        (true, true) if quantity < 0 => a.min(b),
        (true, false) => a,
        (false, _) => b,
        _ => a.max(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_stop_is_the_higher_of_what_is_held_and_the_lower_of_what_is_owed() {
        let (low, high, none) = (Price(5), Price(7), Price::NONE);
        for (quantity, tightest) in [(1, high), (-1, low)] {
            assert_eq!(tighter(low, high, quantity), tightest);
            assert_eq!(tighter(high, low, quantity), tightest);
            assert_eq!(tighter(low, none, quantity), low);
            assert_eq!(tighter(none, high, quantity), high);
            assert_eq!(tighter(none, none, quantity), none);
        }
    }
}
