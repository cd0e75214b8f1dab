//! The half of the simulated exchange that takes orders, and the line to the other half.
//!
//! What is sent arrives after a latency with a jitter that depends on the order alone; the line
//! keeps the order of what is sent over it, so that a cancellation never overtakes its order.

use crate::config::ExchangeConfig;
use components::contract::OptionTerms;
use components::order::{Order, OrderId};
use components::units::Timestamp;
use engine::ports::Broker;
use engine::random::Stream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Commands on their way at most; beyond that orders are refused.
const COMMANDS_MAX: usize = 65_536;
/// The half that takes orders.
#[derive(Debug)]
pub struct ExchangeBroker {
    line: Line,
    seed: u64,
    latency_ms: i64,
    jitter_ns: u64,
    last_arrival: Timestamp,
}

/// The line between the two halves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<Mutex<Vec<(Timestamp, Command)>>>);

/// What arrives at the exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Command {
    Submit(Order, OptionTerms),
    Cancel(OrderId),
    /// The line was full when the order was sent.
    Refuse(OrderId),
}

impl Line {
    /// Takes what was sent, with the times of arrival.
    pub(crate) fn take(&self) -> Vec<(Timestamp, Command)> {
        core::mem::take(&mut *self.lock())
    }

    fn send(&self, arrival: Timestamp, command: Command) {
        let mut commands = self.lock();
        if commands.len() < COMMANDS_MAX {
            commands.push((arrival, command));
        } else if let Command::Submit(order, _) = command {
            // At twice the limit nothing more is kept: the engine's time-out takes over.
            if commands.len() < 2 * COMMANDS_MAX {
                commands.push((arrival, Command::Refuse(order.id)));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Timestamp, Command)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ExchangeBroker {
    /// The broker of a checked config, and its line to the exchange.
    pub(crate) fn new(config: &ExchangeConfig, seed: u64) -> (Self, Line) {
        let line = Line::default();
        let broker = Self {
            line: line.clone(),
            seed,
            latency_ms: config.latency_ms,
            jitter_ns: u64::try_from(config.latency_jitter_ms).unwrap_or(0) * 1_000_000,
            last_arrival: Timestamp::NEVER,
        };
        (broker, line)
    }

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
}

impl Broker for ExchangeBroker {
    fn submit(&mut self, order: &Order, terms: &OptionTerms) {
        let arrival = self.arrival(order.at, "order-latency", order.id);
        self.line.send(arrival, Command::Submit(*order, *terms));
    }

    fn cancel(&mut self, order: OrderId, at: Timestamp) {
        let arrival = self.arrival(at, "cancel-latency", order);
        self.line.send(arrival, Command::Cancel(order));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_line_refuses_orders_and_forgets_no_limit() {
        let (mut broker, line) = ExchangeBroker::new(&ExchangeConfig::default(), 1);
        for order in 0..COMMANDS_MAX as u64 {
            broker.cancel(OrderId(order), Timestamp(0));
        }
        let order = Order {
            id: OrderId(7),
            contract: components::contract::ContractId(0),
            side: components::market::Side::Buy,
            quantity: 1,
            kind: components::order::OrderKind::Market,
            at: Timestamp(0),
            good_until: Timestamp(1),
        };
        let terms = OptionTerms::from_osi("AAA   260302C00100000").unwrap();
        broker.submit(&order, &terms);
        broker.cancel(OrderId(8), Timestamp(0));
        let commands = line.take();
        assert_eq!(commands.len(), COMMANDS_MAX + 1);
        let last = commands.last().map(|(_, command)| *command);
        assert!(matches!(last, Some(Command::Refuse(OrderId(7)))));
        assert!(commands.is_sorted_by_key(|(arrival, _)| *arrival));
        assert!(line.take().is_empty());
    }
}
