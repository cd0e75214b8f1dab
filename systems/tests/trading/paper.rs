//! A broker of paper, a journal and two voices: what the engine hears is written by the test, what it
//! does is kept in one list, in the order in which it was done.

use crate::market::{ACCOUNT, connected, perm, ticker};
use components::contract::{Instrument, OptionTerms};
use components::order::{Execution, Order, OrderId};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::{Event, EventKind};
use engine::frame::Frame;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError, Journal, JournalError};
use engine::report::{BrokerState, OpenOrder, Report};
use std::sync::{Arc, Mutex, MutexGuard};

/// Something that was done outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Done {
    Appended(u64),
    Committed,
    Submitted(Vec<Order>),
    Modified(Order),
    Cancelled(OrderId),
    Queried(u64),
    Reconnected,
}

/// The broker, the journal and what the test says, as they are shared with the engine.
pub(crate) struct Paper {
    pub(crate) done: Vec<Done>,
    pub(crate) frames: Vec<Frame>,
    /// What the broker says in the next tick.
    pub(crate) reports: Vec<Report>,
    /// What the market's side says in the next tick.
    pub(crate) events: Vec<EventKind>,
    /// Contracts to list in the next tick.
    pub(crate) listings: Vec<OptionTerms>,
    pub(crate) open: Vec<Order>,
    /// Orders of others that work at the broker.
    pub(crate) others: Vec<OpenOrder>,
    pub(crate) executions: Vec<Execution>,
    pub(crate) positions: Vec<(Instrument, i64)>,
    pub(crate) accepts: bool,
    pub(crate) answers: bool,
    pub(crate) cancels: bool,
    pub(crate) connects: bool,
    pub(crate) journal_fails: bool,
}

#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<Paper>>);

impl Shared {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Paper {
            done: Vec::new(),
            frames: Vec::new(),
            reports: Vec::new(),
            events: Vec::new(),
            listings: Vec::new(),
            open: Vec::new(),
            others: Vec::new(),
            executions: Vec::new(),
            positions: Vec::new(),
            accepts: true,
            answers: true,
            cancels: true,
            connects: true,
            journal_fails: false,
        })))
    }

    pub(crate) fn get(&self) -> MutexGuard<'_, Paper> {
        self.0.lock().unwrap()
    }
}

impl Broker for Shared {
    fn submit(&mut self, orders: &[Order]) {
        let mut paper = self.get();
        paper.done.push(Done::Submitted(orders.to_vec()));
        if paper.accepts {
            for order in orders {
                paper.open.push(*order);
                let (order, perm) = (order.id, perm(order.id));
                paper.reports.push(Report::Accepted { order, perm });
            }
        }
    }

    fn modify(&mut self, order: &Order, _at: Timestamp) {
        self.get().done.push(Done::Modified(*order));
    }

    fn cancel(&mut self, order: OrderId, _at: Timestamp) {
        let mut paper = self.get();
        paper.done.push(Done::Cancelled(order));
        if paper.cancels {
            paper.open.retain(|open| open.id != order);
            let perm = Some(perm(order));
            paper.reports.push(Report::Cancelled { order, perm });
        }
    }

    fn query(&mut self, query: u64, _at: Timestamp) {
        let mut paper = self.get();
        paper.done.push(Done::Queried(query));
        if paper.answers {
            let state = paper.state(query);
            paper.reports.push(Report::State(Box::new(state)));
        }
    }

    fn reconnect(&mut self, _at: Timestamp) {
        let mut paper = self.get();
        paper.done.push(Done::Reconnected);
        if paper.connects {
            paper.reports.push(connected());
        }
    }
}

impl Paper {
    pub(crate) fn state(&self, query: u64) -> BrokerState {
        let open = self.open.iter().map(|order| OpenOrder {
            order: Some(order.id),
            perm: perm(order.id),
            instrument: Instrument::Option(order.contract),
            side: order.side,
            quantity: order.quantity,
            filled: 0,
            limit: order.kind.limit(),
        });
        BrokerState {
            query,
            account: ACCOUNT.to_owned(),
            next_order: OrderId(1),
            open: open.chain(self.others.iter().copied()).collect(),
            completed: Vec::new(),
            executions: self.executions.iter().map(|done| (*done, None)).collect(),
            positions: self.positions.clone(),
        }
    }
}

impl Journal for Shared {
    fn append(&mut self, frame: &Frame, _market: &[Event]) -> Result<(), JournalError> {
        let mut paper = self.get();
        if paper.journal_fails {
            return Err("the disk is full".into());
        }
        paper.done.push(Done::Appended(frame.tick));
        paper.frames.push(frame.clone());
        Ok(())
    }

    fn commit(&mut self) -> Result<u64, JournalError> {
        let mut paper = self.get();
        paper.done.push(Done::Committed);
        Ok(paper.frames.last().map_or(0, |frame| frame.tick))
    }
}

/// What the broker says.
pub(crate) struct Line(pub(crate) Shared);

impl Feed for Line {
    fn name(&self) -> &str {
        "broker"
    }

    fn drain(&mut self, tick: &Tick, _: &Directory, inbox: &mut Inbox) -> Result<(), FeedError> {
        for report in self.0.get().reports.drain(..) {
            inbox.push(tick.now, tick.now, EventKind::Reported(report));
        }
        Ok(())
    }
}

/// What a test says on the market's side.
pub(crate) struct Voice(pub(crate) Shared);

impl Feed for Voice {
    fn name(&self) -> &str {
        "voice"
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        for terms in self.0.get().listings.drain(..) {
            listings.contract(ticker(), terms);
        }
        Ok(())
    }

    fn drain(&mut self, tick: &Tick, _: &Directory, inbox: &mut Inbox) -> Result<(), FeedError> {
        for event in self.0.get().events.drain(..) {
            inbox.push(tick.now, tick.now, event);
        }
        Ok(())
    }
}
