//! The simulated exchange: a broker that takes orders and a feed that reports what became of them.
//!
//! The feed is drained after the market feeds of a tick. It goes through the events of the tick
//! and through the arrivals of orders and cancellations in order of time, so an order sees exactly
//! the quotes that were known when it arrived. At equal times a quote comes first.

use crate::config::ExchangeConfig;
use crate::error::Error;
use crate::grid::PriceGrid;
use crate::venue::{Match, Quoted, Venue};
use components::contract::{ContractId, Expiry, OptionTerms};
use components::order::{Fill, Order, OrderId, OrderKind};
use components::units::{Cash, Timestamp};
use core::cmp::Reverse;
use engine::calendar::Session;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError};
use engine::random::Stream;
use garde::Validate;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Commands on their way at most; beyond that orders are refused.
const COMMANDS_MAX: usize = 65_536;
/// Orders at work at most; beyond that orders are refused.
const WORKING_MAX: usize = 65_536;

/// The instant at which a contract is settled; `None` if its expiry is no trading day.
pub type SettlementOf = Box<dyn Fn(&OptionTerms) -> Option<Timestamp> + Send + Sync>;

/// Makes the two halves of an exchange; `settlement` says when contracts expire.
///
/// # Errors
/// When a field of `config` lies outside what is allowed.
pub fn exchange(
    config: &ExchangeConfig,
    seed: u64,
    settlement: SettlementOf,
) -> Result<(ExchangeBroker, ExchangeFeed), Error> {
    config.validate().map_err(Error::Config)?;
    let line = Arc::new(Mutex::new(Line::default()));
    let cash = |dollars| Cash::from_dollars(dollars).unwrap_or_default();
    let broker = ExchangeBroker {
        line: Arc::clone(&line),
        seed,
        latency_ms: config.latency_ms,
        jitter_ns: u64::try_from(config.latency_jitter_ms).unwrap_or(0) * 1_000_000,
        last_arrival: Timestamp::NEVER,
    };
    let feed = ExchangeFeed {
        line,
        settlement,
        grid: PriceGrid::from_dollars(config.tick_below_3_usd, config.tick_from_3_usd),
        report_latency_ms: config.report_latency_ms,
        fee_per_contract: cash(config.fee_per_contract_usd),
        fee_minimum: cash(config.fee_minimum_usd),
        venue: Venue::default(),
        due: BinaryHeap::new(),
        sequence: 0,
        now: Timestamp::NEVER,
        known: BTreeSet::new(),
        fees: BTreeMap::new(),
        executions: 0,
        reports: VecDeque::new(),
        matches: Vec::new(),
    };
    Ok((broker, feed))
}

/// Contracts that are settled at the close of the session on their expiry date.
#[must_use]
pub fn settled_at_close(sessions: &[Session]) -> SettlementOf {
    let closes: BTreeMap<Expiry, Timestamp> = sessions
        .iter()
        .map(|session| (Expiry::on(session.date), session.close))
        .collect();
    Box::new(move |terms| closes.get(&terms.expiry).copied())
}

/// The half that takes orders.
#[derive(Debug)]
pub struct ExchangeBroker {
    line: Arc<Mutex<Line>>,
    seed: u64,
    latency_ms: i64,
    jitter_ns: u64,
    last_arrival: Timestamp,
}

/// The line between the two halves.
#[derive(Debug, Default)]
struct Line {
    commands: Vec<(Timestamp, Command)>,
}

/// What arrives at the exchange.
#[derive(Clone, Copy, Debug)]
enum Command {
    Submit(Order, OptionTerms),
    Cancel(OrderId),
    /// The line was full when the order was sent.
    Refuse(OrderId),
}

impl ExchangeBroker {
    /// When what is sent at `at` arrives. The line keeps the order of what is sent over it.
    fn arrival(&mut self, at: Timestamp, stream: &str, order: OrderId) -> Timestamp {
        let jitter = Stream::new(self.seed, stream, order.0).below(self.jitter_ns + 1);
        let arrival = at
            .plus_millis(self.latency_ms)
            .plus_nanos(i64::try_from(jitter).unwrap_or(0))
            .max(self.last_arrival);
        self.last_arrival = arrival;
        arrival
    }

    fn send(&self, arrival: Timestamp, command: Command) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.commands.len() < COMMANDS_MAX {
            line.commands.push((arrival, command));
        } else if let Command::Submit(order, _) = command {
            // Twice the limit is the end of memory for it: the engine's time-out takes over.
            if line.commands.len() < 2 * COMMANDS_MAX {
                line.commands.push((arrival, Command::Refuse(order.id)));
            }
        }
    }
}

impl Broker for ExchangeBroker {
    fn submit(&mut self, order: &Order, terms: &OptionTerms) {
        let arrival = self.arrival(order.at, "order-latency", order.id);
        self.send(arrival, Command::Submit(*order, *terms));
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        let arrival = self.arrival(at, "cancel-latency", order);
        self.send(arrival, Command::Cancel(order));
    }
}

/// What is due at the exchange at some time.
#[derive(Clone, Copy, Debug)]
enum Due {
    Arrival(Command),
    End(OrderId),
}

/// The half that matches and reports.
pub struct ExchangeFeed {
    line: Arc<Mutex<Line>>,
    settlement: SettlementOf,
    grid: PriceGrid,
    report_latency_ms: i64,
    fee_per_contract: Cash,
    fee_minimum: Cash,
    venue: Venue,
    due: BinaryHeap<Reverse<Timed>>,
    sequence: u64,
    now: Timestamp,
    /// All orders so far: one that is sent again must not be filled again.
    known: BTreeSet<OrderId>,
    fees: BTreeMap<OrderId, Charged>,
    executions: u64,
    reports: VecDeque<(Timestamp, EventKind)>,
    matches: Vec<Match>,
}

/// Something due, ordered by time and then by when it became known.
#[derive(Clone, Copy, Debug)]
struct Timed {
    at: Timestamp,
    sequence: u64,
    due: Due,
}

/// What an order has been charged for so far.
#[derive(Clone, Copy, Debug, Default)]
struct Charged {
    contracts: i64,
    fees: Cash,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Timed {}

impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timed {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl core::fmt::Debug for ExchangeFeed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ExchangeFeed")
            .field("now", &self.now)
            .field("executions", &self.executions)
            .field("reports", &self.reports.len())
            .finish_non_exhaustive()
    }
}

impl Feed for ExchangeFeed {
    fn name(&self) -> &str {
        "exchange"
    }

    /// Silence of an exchange without orders means nothing.
    fn stale_after_ms(&self) -> i64 {
        0
    }

    fn list(&mut self, _tick: &Tick, _listings: &mut Listings) -> Result<(), FeedError> {
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        self.take_commands();
        for event in inbox.events() {
            self.run_due_before(event.received, directory);
            self.follow(event.received, event.at, &event.kind);
        }
        self.run_due_before(tick.now.plus_nanos(1), directory);
        self.now = self.now.max(tick.now);
        while let Some((at, kind)) = self.next_report(tick.now) {
            inbox.push(at.plus_millis(self.report_latency_ms), at, kind);
        }
        Ok(())
    }
}

impl ExchangeFeed {
    fn take_commands(&mut self) {
        let line = Arc::clone(&self.line);
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        for (arrival, command) in line.commands.drain(..) {
            self.schedule(arrival, Due::Arrival(command));
        }
    }

    fn schedule(&mut self, at: Timestamp, due: Due) {
        self.sequence += 1;
        self.due.push(Reverse(Timed {
            // What has passed cannot be changed any more.
            at: at.max(self.now.plus_nanos(1)),
            sequence: self.sequence,
            due,
        }));
    }

    fn run_due_before(&mut self, end: Timestamp, directory: &Directory) {
        while self.due.peek().is_some_and(|next| next.0.at < end) {
            let Some(Reverse(timed)) = self.due.pop() else {
                return;
            };
            self.now = self.now.max(timed.at);
            match timed.due {
                Due::Arrival(Command::Submit(order, terms)) => {
                    self.receive(order, &terms, directory);
                }
                Due::Arrival(Command::Cancel(order)) | Due::End(order) => self.end(order),
                Due::Arrival(Command::Refuse(order)) => self.reject(order, "the line was full"),
            }
        }
    }

    /// Follows the market by an event of the tick.
    fn follow(&mut self, received: Timestamp, stamped_at: Timestamp, kind: &EventKind) {
        let at = received.max(self.now);
        match kind {
            EventKind::OptionQuote {
                contract,
                bid,
                ask,
                bid_size,
                ask_size,
            } => {
                self.now = at;
                self.venue.quote(&Quoted {
                    contract: *contract,
                    bid: *bid,
                    ask: *ask,
                    bid_size: *bid_size,
                    ask_size: *ask_size,
                    stamped_at,
                    at,
                });
                self.sweep(*contract);
            }
            EventKind::Halted { symbol } => self.venue.set_halted(*symbol, true, at),
            EventKind::Resumed { symbol } => self.venue.set_halted(*symbol, false, at),
            _ => {}
        }
    }

    /// Takes an order that has arrived, or refuses it.
    fn receive(&mut self, order: Order, terms: &OptionTerms, directory: &Directory) {
        let listed = directory
            .listed(order.contract)
            .filter(|listed| listed.terms == *terms);
        let Some(listed) = listed else {
            return self.reject(order.id, &format!("{terms} is not listed"));
        };
        match self.check(&order, terms) {
            Err(reason) => self.reject(order.id, &reason),
            Ok(settlement) => {
                self.known.insert(order.id);
                self.report(EventKind::OrderAccepted { order: order.id });
                self.venue.accept(order, listed.symbol, settlement);
                let end = order.good_until.min(settlement);
                self.schedule(end, Due::End(order.id));
                self.sweep(order.contract);
            }
        }
    }

    /// The contract's settlement, or why the order is refused.
    fn check(&self, order: &Order, terms: &OptionTerms) -> Result<Timestamp, String> {
        if self.known.contains(&order.id) {
            return Err(format!("order {} is known already", order.id));
        }
        if order.quantity == 0 {
            return Err("quantity was 0, must be 1 or more".to_owned());
        }
        if let OrderKind::Limit(price) | OrderKind::Stop(price) = order.kind {
            if !price.is_some() {
                return Err(format!("price was {price}, must be above 0"));
            }
            if !self.grid.holds(price) {
                let tick = self.grid.tick(price);
                return Err(format!("price was {price}, must be a multiple of {tick}"));
            }
        }
        let settlement = (self.settlement)(terms)
            .ok_or_else(|| format!("{} is no trading day, so {terms} is unknown", terms.expiry))?;
        if self.now >= settlement {
            return Err(format!("{terms} has expired"));
        }
        if self.now >= order.good_until {
            return Err(format!(
                "it ended at {}, before it arrived",
                order.good_until
            ));
        }
        if self.venue.working() >= WORKING_MAX {
            return Err(format!("{WORKING_MAX} orders work already"));
        }
        Ok(settlement)
    }

    fn end(&mut self, order: OrderId) {
        // An order that was filled meanwhile has been reported so; there is nothing to add.
        if self.venue.remove(order).is_some() {
            self.fees.remove(&order);
            self.report(EventKind::OrderCancelled { order });
        }
    }

    fn sweep(&mut self, contract: ContractId) {
        let mut matches = core::mem::take(&mut self.matches);
        self.venue.sweep(contract, self.now, &mut matches);
        for found in matches.drain(..) {
            self.executions += 1;
            let order = found.order.id;
            let fill = Fill {
                order,
                execution: self.executions,
                contract,
                side: found.order.side,
                quantity: found.quantity,
                price: found.price,
                fees: self.charge(order, found.quantity),
                at: self.now,
            };
            if found.completes {
                self.fees.remove(&order);
            }
            self.report(EventKind::OrderFilled(fill));
        }
        self.matches = matches;
    }

    /// What a fill costs: the fee of all contracts so far, at least the minimum, less what the
    /// order has been charged already.
    fn charge(&mut self, order: OrderId, quantity: u32) -> Cash {
        let charged = self.fees.entry(order).or_default();
        charged.contracts += i64::from(quantity);
        let all = Cash(self.fee_per_contract.0.saturating_mul(charged.contracts));
        let total = all.max(self.fee_minimum);
        let fees = Cash(total.0 - charged.fees.0);
        charged.fees = total;
        fees
    }

    fn reject(&mut self, order: OrderId, reason: &str) {
        let reason = reason.to_owned();
        self.report(EventKind::OrderRejected { order, reason });
    }

    fn report(&mut self, kind: EventKind) {
        self.reports.push_back((self.now, kind));
    }

    /// The next report that reaches the engine by `until`.
    fn next_report(&mut self, until: Timestamp) -> Option<(Timestamp, EventKind)> {
        let (at, _) = self.reports.front()?;
        (at.plus_millis(self.report_latency_ms) <= until).then(|| self.reports.pop_front())?
    }
}
