//! The half of the gateway that takes orders, and the line to the other half.
//!
//! What is sent arrives after a latency with a jitter that depends on the order alone; the line
//! keeps the order of what is sent over it, so that a cancellation never overtakes its order.

use super::Token;
use crate::config::ExchangeConfig;
use components::order::{Order, OrderId};
use components::units::Timestamp;
use engine::ports::Broker;
use engine::random::Stream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Commands on their way at most; beyond that orders are refused.
pub(crate) const COMMANDS_MAX: usize = 65_536;

/// The half that takes orders, as one process of the engine holds it.
#[derive(Debug)]
pub struct GatewayBroker {
    line: Line,
    session: u64,
    pace: Pace,
    last_arrival: Timestamp,
    _token: Option<Arc<Token>>,
}

/// How long what is sent is on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    seed: u64,
    latency_ms: i64,
    jitter_ns: u64,
}

/// The line between the two halves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<Mutex<Vec<Sent>>>);

/// A command on its way.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) session: u64,
    pub(crate) arrival: Timestamp,
    pub(crate) command: Command,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Submit(Vec<Order>),
    Modify(Order),
    Cancel(OrderId),
    Query(u64),
    /// Not sent over the line but done to it.
    Reconnect,
    /// The line was full when the order was sent.
    Refuse(OrderId),
}

impl Line {
    /// Takes what was sent, with the times of arrival.
    pub(crate) fn take(&self) -> Vec<Sent> {
        core::mem::take(&mut *self.lock())
    }

    fn send(&self, session: u64, arrival: Timestamp, command: Command) {
        let mut commands = self.lock();
        let sent = |command| Sent {
            session,
            arrival,
            command,
        };
        if commands.len() < COMMANDS_MAX {
            commands.push(sent(command));
        } else if let Command::Submit(orders) = command {
            // At twice the limit nothing more is kept: the engine's time-out takes over.
            for order in orders {
                if commands.len() < 2 * COMMANDS_MAX {
                    commands.push(sent(Command::Refuse(order.id)));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sent>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// The pace of a checked config.
    pub(crate) fn new(config: &ExchangeConfig, seed: u64) -> Self {
        Self {
            seed,
            latency_ms: config.latency_ms,
            jitter_ns: u64::try_from(config.latency_jitter_ms).unwrap_or(0) * 1_000_000,
        }
    }
}

impl GatewayBroker {
    pub(crate) fn new(line: Line, pace: Pace, session: u64, token: Option<Arc<Token>>) -> Self {
        Self {
            line,
            session,
            pace,
            last_arrival: Timestamp::NEVER,
            _token: token,
        }
    }

    /// When what is sent at `at` arrives. The line keeps the order of what is sent over it.
    fn arrival(&mut self, at: Timestamp, stream: &str, number: u64) -> Timestamp {
        let jitter = Stream::new(self.pace.seed, stream, number).below(self.pace.jitter_ns + 1);
        let arrival = at
            .plus_millis(self.pace.latency_ms)
            .plus_nanos(i64::try_from(jitter).unwrap_or(0))
            .max(self.last_arrival);
        self.last_arrival = arrival;
        arrival
    }
}

impl Broker for GatewayBroker {
    fn submit(&mut self, orders: &[Order]) {
        let Some(first) = orders.first() else {
            return;
        };
        let arrival = self.arrival(first.at, "order-latency", first.id.0);
        let command = Command::Submit(orders.to_vec());
        self.line.send(self.session, arrival, command);
    }

    fn modify(&mut self, order: &Order, at: Timestamp) {
        let arrival = self.arrival(at, "modify-latency", order.id.0);
        let command = Command::Modify(*order);
        self.line.send(self.session, arrival, command);
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        let arrival = self.arrival(at, "cancel-latency", order.0);
        self.line
            .send(self.session, arrival, Command::Cancel(order));
    }

    fn query(&mut self, query: u64, at: Timestamp) {
        let arrival = self.arrival(at, "query-latency", query);
        self.line.send(self.session, arrival, Command::Query(query));
    }

    fn reconnect(&mut self, at: Timestamp) {
        self.line.send(self.session, at, Command::Reconnect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::{Contract, OptionTerms};
    use components::market::{Side, Ticker};
    use components::order::{OrderKind, Role};

    #[test]
    fn a_full_line_refuses_orders_and_forgets_no_limit() {
        let line = Line::default();
        let pace = Pace::new(&ExchangeConfig::default(), 1);
        let mut broker = GatewayBroker::new(line.clone(), pace, 1, None);
        for order in 0..COMMANDS_MAX as u64 {
            broker.cancel(OrderId(order), Timestamp(0));
        }
        let order = Order {
            id: OrderId(7),
            contract: Contract {
                underlying: Ticker::new("AAA").unwrap(),
                terms: OptionTerms::from_osi("AAA   260302C00100000").unwrap(),
            },
            side: Side::Buy,
            quantity: 1,
            kind: OrderKind::Market,
            role: Role::Entry,
            parent: None,
            oca: None,
            at: Timestamp(0),
            good_until: Timestamp(1),
        };
        broker.submit(&[order]);
        broker.cancel(OrderId(8), Timestamp(0));
        let commands = line.take();
        assert_eq!(commands.len(), COMMANDS_MAX + 1);
        let last = commands.last().map(|sent| sent.command.clone());
        assert_eq!(last, Some(Command::Refuse(OrderId(7))));
        assert!(commands.is_sorted_by_key(|sent| sent.arrival));
        assert!(line.take().is_empty());
        for _ in 0..2 * COMMANDS_MAX + 5 {
            broker.submit(&[order]);
        }
        assert_eq!(line.take().len(), 2 * COMMANDS_MAX);
    }
}
