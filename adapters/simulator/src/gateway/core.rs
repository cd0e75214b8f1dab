//! What lives at the broker, and the order of time there.
//!
//! Market events and everything that is due are gone through in order of time, so an order sees
//! exactly the quotes that were known when it arrived. At equal times a quote comes first.

use super::account::{Account, Levels};
use super::book::OrderBook;
use super::broker::{COMMANDS_MAX, Command, Line};
use super::link::Link;
use super::numbering::Numbering;
use super::{GatewayConfig, SettlementOf};
use crate::broker_ledger::BrokerLedger;
use crate::config::ExchangeConfig;
use crate::gateway_faults::{Basis, Dice, GatewayFault};
use crate::venue::{Quoted, Venue};
use components::contract::ContractId;
use components::order::{OrderId, PermId};
use components::price_grid::PriceGrid;
use components::units::{Cash, Timestamp};
use core::cmp::Reverse;
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::random::Stream;
use engine::report::Report;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

/// What is due at the broker at some time. Bounded by orders, commands and faults at work.
#[derive(Clone, Debug)]
pub(crate) enum Due {
    Arrival {
        line: u64,
        command: Command,
    },
    Connect {
        line: u64,
    },
    Answer {
        line: u64,
        query: u64,
    },
    End(PermId),
    Settle(ContractId),
    Correct {
        place: usize,
        how: GatewayFault,
    },
    Reduce {
        group: OrderId,
        perm: PermId,
        fill: u32,
    },
    Forget(PermId),
    Resume,
    Cut {
        line: u64,
    },
    Fault {
        kind: GatewayFault,
        scripted: bool,
    },
    FaultsEnd,
}

/// Something due, ordered by time and then by when it became known.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) at: Timestamp,
    pub(crate) sequence: u64,
    pub(crate) due: Due,
}

/// The broker with its exchange.
pub(crate) struct Core {
    pub(crate) config: GatewayConfig,
    pub(crate) line: Line,
    pub(crate) settlement: SettlementOf,
    pub(crate) grid: PriceGrid,
    pub(crate) report_latency_ms: i64,
    pub(crate) fee_per_contract: Cash,
    pub(crate) fee_minimum: Cash,
    pub(crate) venue: Venue,
    pub(crate) numbering: Numbering,
    pub(crate) due: BinaryHeap<Reverse<Timed>>,
    pub(crate) sequence: u64,
    pub(crate) now: Timestamp,
    pub(crate) today: Timestamp,
    pub(crate) has_begun: bool,
    pub(crate) dice: Dice,
    pub(crate) link: Link,
    pub(crate) book: OrderBook,
    pub(crate) account: Account,
    pub(crate) levels: Levels,
    pub(crate) trades: Levels,
    pub(crate) settling: BTreeSet<ContractId>,
    pub(crate) ledger: BrokerLedger,
    /// The first execution of today in the ledger.
    pub(crate) first_execution: usize,
    pub(crate) recent: VecDeque<Timestamp>,
    /// What is said at this instant, before it is put into an order and sent.
    pub(crate) batch: Vec<Report>,
    pub(crate) shuffle: Stream,
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

impl Core {
    /// The broker of two checked configs.
    pub(crate) fn new(
        exchange: &ExchangeConfig,
        config: GatewayConfig,
        seed: u64,
        settlement: SettlementOf,
    ) -> Self {
        let cash = |dollars| Cash::from_dollars(dollars).unwrap_or_default();
        Self {
            line: Line::default(),
            settlement,
            grid: PriceGrid::from_dollars(exchange.tick_below_3_usd, exchange.tick_from_3_usd),
            report_latency_ms: exchange.report_latency_ms,
            fee_per_contract: cash(exchange.fee_per_contract_usd),
            fee_minimum: cash(exchange.fee_minimum_usd),
            venue: Venue::default(),
            numbering: Numbering::default(),
            due: BinaryHeap::new(),
            sequence: 0,
            now: Timestamp::NEVER,
            today: Timestamp::NEVER,
            has_begun: false,
            dice: Dice::new(config.faults.clone(), seed),
            link: Link::default(),
            book: OrderBook::default(),
            account: Account::default(),
            levels: Levels::default(),
            trades: Levels::default(),
            settling: BTreeSet::new(),
            ledger: BrokerLedger {
                account: config.account.clone(),
                ..BrokerLedger::default()
            },
            first_execution: 0,
            recent: VecDeque::new(),
            batch: Vec::new(),
            shuffle: Stream::new(seed, "message-order", 0),
            config,
        }
    }

    /// Goes through a tick for the client `session`, and tells it what it is to know by then.
    pub(crate) fn drain(
        &mut self,
        session: u64,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) {
        self.take_commands();
        if !self.link.is_free_for(session) {
            self.refuse_session(session, tick.now, inbox);
            return;
        }
        self.begin(tick.now);
        self.begin_day(tick.session.open);
        self.numbering.learn(session, directory);
        self.open_line(tick.now);
        for event in inbox.events() {
            self.follow(event);
        }
        self.run_until(tick.now);
        self.deliver(session, tick.now, inbox);
    }

    /// Follows the market by events that the numbers of `directory` are used in.
    pub(crate) fn follow_all(&mut self, events: &[Event], directory: &Directory) {
        self.take_commands();
        self.numbering.learn(0, directory);
        for event in events {
            self.begin(event.received);
            self.follow(event);
        }
    }

    /// Does what is due up to and including `now`.
    pub(crate) fn run_until(&mut self, now: Timestamp) {
        self.run_due_before(now.plus_nanos(1));
        self.now = self.now.max(now);
    }

    pub(crate) fn schedule(&mut self, at: Timestamp, due: Due) {
        self.sequence += 1;
        self.due.push(Reverse(Timed {
            // What has passed cannot be changed any more.
            at: at.max(self.now.plus_nanos(1)),
            sequence: self.sequence,
            due,
        }));
    }

    /// Takes what was sent off the line.
    pub(crate) fn take_commands(&mut self) {
        for sent in self.line.take() {
            if sent.command == Command::Reconnect {
                self.reconnect(sent.session, sent.arrival);
                continue;
            }
            let line = self.link.line_of(sent.session);
            let command = sent.command;
            self.schedule(sent.arrival, Due::Arrival { line, command });
        }
    }

    /// Starts the clocks of the faults at the first instant that is seen.
    fn begin(&mut self, now: Timestamp) {
        if self.has_begun {
            return;
        }
        self.has_begun = true;
        for kind in GatewayFault::ALL {
            self.schedule_fault(now, *kind);
        }
        for (at, kind) in self.dice.plan().script().to_vec() {
            let scripted = true;
            self.schedule(at, Due::Fault { kind, scripted });
        }
        if let Some(end) = self.dice.plan().end() {
            self.schedule(end, Due::FaultsEnd);
        }
    }

    fn schedule_fault(&mut self, now: Timestamp, kind: GatewayFault) {
        if let Some(wait) = self.dice.wait_nanos(kind) {
            let scripted = false;
            self.schedule(now.plus_nanos(wait), Due::Fault { kind, scripted });
        }
    }

    fn run_due_before(&mut self, end: Timestamp) {
        while self.due.peek().is_some_and(|next| next.0.at < end) {
            let Some(Reverse(timed)) = self.due.pop() else {
                return;
            };
            self.now = self.now.max(timed.at);
            self.run(timed.due);
            self.flush();
        }
    }

    fn run(&mut self, due: Due) {
        match due {
            Due::Arrival { line, command } => self.arrive(line, command),
            Due::Connect { line } => self.connect(line),
            Due::Answer { line, query } => self.answer(line, query),
            Due::End(perm) => self.end(perm),
            Due::Settle(contract) => self.settle(contract),
            Due::Correct { place, how } => self.correct(place, how),
            Due::Reduce { group, perm, fill } => self.reduce_late(group, perm, fill),
            Due::Forget(perm) => self.forget(perm),
            Due::Resume => self.resume(),
            Due::Cut { line } => self.cut_line(line),
            Due::Fault { kind, scripted } => {
                if kind.basis() != Basis::Hour {
                    self.dice.arm(kind);
                } else if self.dice.is_quiet() {
                    return;
                } else if let Some(until) = self.dice.plan().paused_until(self.now) {
                    return if scripted {
                        self.schedule(until, Due::Fault { kind, scripted });
                    } else {
                        self.schedule_fault(until, kind);
                    };
                } else if !self.trouble(kind) && scripted {
                    // What was asked for waits for its opportunity.
                    self.schedule(self.now.plus_millis(1_000), Due::Fault { kind, scripted });
                }
                if !scripted {
                    self.schedule_fault(self.now, kind);
                }
            }
            Due::FaultsEnd => self.calm(),
        }
    }

    /// Follows the market by an event.
    fn follow(&mut self, event: &Event) {
        if !concerns_broker(&event.kind) {
            return;
        }
        self.run_due_before(event.received);
        let at = event.received.max(self.now);
        match &event.kind {
            EventKind::OptionQuote {
                contract,
                bid,
                ask,
                bid_size,
                ask_size,
            } => {
                let Some(contract) = self.numbering.contract(*contract) else {
                    return;
                };
                self.now = at;
                self.venue.quote(&Quoted {
                    contract,
                    bid: *bid,
                    ask: *ask,
                    bid_size: *bid_size,
                    ask_size: *ask_size,
                    stamped_at: event.at,
                    at,
                });
                self.sweep(contract);
                self.flush();
            }
            EventKind::Halted { symbol } | EventKind::Resumed { symbol } => {
                if let Some(symbol) = self.numbering.symbol(*symbol) {
                    let halted = matches!(event.kind, EventKind::Halted { .. });
                    self.venue.set_halted(symbol, halted, at);
                }
            }
            kind => self.note_level(kind),
        }
    }

    /// Notes where an underlying stands, for the settlement of its options.
    fn note_level(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Quote {
                symbol, bid, ask, ..
            } => {
                if let Some(symbol) = self.numbering.symbol(*symbol) {
                    self.levels.quote(symbol, *bid, *ask);
                }
            }
            EventKind::Index { symbol, level } => {
                if let Some(symbol) = self.numbering.symbol(*symbol) {
                    self.levels.note(symbol, *level);
                }
            }
            EventKind::Trade { symbol, price, .. } => {
                if let Some(symbol) = self.numbering.symbol(*symbol) {
                    self.trades.note(symbol, *price);
                }
            }
            _ => {}
        }
    }

    /// Does what a command that gets through asks for.
    fn arrive(&mut self, line: u64, command: Command) {
        if let Command::Refuse(order) = command {
            // The client's own line refused it: this needs no line to the broker.
            return self.reject(order, 100, "the line was full");
        }
        if !self.link.passes(line) {
            return;
        }
        if let Some(outage) = &mut self.link.outage {
            if outage.keeps && outage.held.len() < COMMANDS_MAX {
                outage.held.push((line, command));
            }
            return;
        }
        self.obey(line, command);
    }

    /// Notes that a command was received, and the instant of it.
    pub(crate) fn is_paced(&mut self, messages: usize) -> bool {
        let most = usize::try_from(self.config.messages_per_second_max).unwrap_or(usize::MAX);
        let second_ago = self.now.plus_millis(-1_000);
        while self.recent.front().is_some_and(|at| *at <= second_ago) {
            self.recent.pop_front();
        }
        if self.recent.len() + messages > most {
            return true;
        }
        for _ in 0..messages {
            self.recent.push_back(self.now);
        }
        false
    }

    pub(crate) fn tell(&mut self, report: Report) {
        self.batch.push(report);
    }

    pub(crate) fn reject(&mut self, order: OrderId, code: u32, reason: &str) {
        let reason = reason.to_owned();
        self.tell(Report::Rejected {
            order,
            code,
            reason,
        });
    }
}

fn concerns_broker(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::OptionQuote { .. }
            | EventKind::Halted { .. }
            | EventKind::Resumed { .. }
            | EventKind::Quote { .. }
            | EventKind::Index { .. }
            | EventKind::Trade { .. }
    )
}
