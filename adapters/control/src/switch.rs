//! The switch that works without a tick: while it is set, no opening order passes to the broker.
//!
//! What it holds back comes back as a refusal by the next tick, hence is journaled and replayed like
//! a refusal by the broker.

use components::order::{Order, OrderId, Role};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError};
use engine::report::Report;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether opening orders are held back.
#[derive(Clone, Debug, Default)]
pub struct HaltSwitch(Arc<AtomicBool>);

impl HaltSwitch {
    /// Holds opening orders back from now on, or lets them pass again.
    pub fn set(&self, halted: bool) {
        self.0.store(halted, Ordering::SeqCst);
    }

    /// Whether opening orders are held back.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Orders that the switch held back and of which the engine has not heard yet.
type Withheld = Arc<Mutex<Vec<OrderId>>>;

/// Puts the switch between an engine and its broker.
#[must_use]
pub fn guard(
    switch: HaltSwitch,
    broker: Box<dyn Broker>,
    reports: Box<dyn Feed>,
) -> (GuardedBroker, GuardedReports) {
    let withheld = Withheld::default();
    let guarded = GuardedBroker {
        switch,
        broker,
        withheld: Arc::clone(&withheld),
    };
    (guarded, GuardedReports { reports, withheld })
}

/// A broker behind the switch.
pub struct GuardedBroker {
    switch: HaltSwitch,
    broker: Box<dyn Broker>,
    withheld: Withheld,
}

impl Broker for GuardedBroker {
    fn submit(&mut self, orders: &[Order]) {
        let opens = orders.iter().any(|order| order.role == Role::Entry);
        if opens && self.switch.is_set() {
            let mut withheld = self.withheld.lock().unwrap_or_else(PoisonError::into_inner);
            withheld.extend(orders.iter().map(|order| order.id));
        } else {
            self.broker.submit(orders);
        }
    }

    fn modify(&mut self, order: &Order, at: Timestamp) {
        if order.role == Role::Entry && self.switch.is_set() {
            return;
        }
        self.broker.modify(order, at);
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        self.broker.cancel(order, at);
    }

    fn query(&mut self, query: u64, at: Timestamp) {
        self.broker.query(query, at);
    }

    fn reconnect(&mut self, at: Timestamp) {
        self.broker.reconnect(at);
    }
}

/// The broker's reports, and those of the switch.
pub struct GuardedReports {
    reports: Box<dyn Feed>,
    withheld: Withheld,
}

impl Feed for GuardedReports {
    fn name(&self) -> &str {
        self.reports.name()
    }

    fn stale_after_ms(&self) -> i64 {
        self.reports.stale_after_ms()
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        self.reports.list(tick, listings)
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let withheld =
            core::mem::take(&mut *self.withheld.lock().unwrap_or_else(PoisonError::into_inner));
        self.reports.drain(tick, directory, inbox)?;
        for order in withheld {
            let refusal = Report::Rejected {
                order,
                code: 0,
                reason: "held back by the halt switch, it never left".to_owned(),
            };
            inbox.push(tick.now, tick.now, EventKind::Reported(refusal));
        }
        Ok(())
    }

    fn is_exhausted(&self) -> bool {
        self.reports.is_exhausted()
    }
}
