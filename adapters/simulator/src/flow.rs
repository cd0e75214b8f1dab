//! Who begins the trades: order flow whose signs persist and which moves the price.
//!
//! The imbalance between buyers and sellers follows a process that reverts to zero within minutes;
//! on top of it traders split orders, so a sign often repeats the one before. The market expects
//! most of this; a trade moves the price by what it says beyond the expectation (Hasbrouck 1991),
//! which keeps prices almost free of trends although the flow is full of them.

use crate::config::MarketConfig;
use crate::path::STEP_S;
use components::market::Side;
use core::f64::consts::LN_2;
use engine::math;
use engine::random::Stream;

/// How often a trade is a further part of the order behind the one before.
const SPLIT_CHANCE: f64 = 0.3;
/// How much of the expected sign the price has already taken in; the rest is momentum.
const ANTICIPATED: f64 = 0.7;
/// The imbalance never makes one side certain.
const IMBALANCE_MAX: f64 = 0.9;
/// The most trades of an underlying in a step.
const TRADES_PER_STEP_MAX: usize = 256;
/// The largest trade in shares.
const SIZE_MAX: f64 = 20_000.0;

/// The order flow of an underlying.
#[derive(Debug)]
pub(crate) struct Flow {
    imbalance: f64,
    pressure: f64,
    decay: f64,
    sd: f64,
    odd_lot_share: f64,
    last: Side,
    imbalance_draws: Stream,
    side_draws: Stream,
    size_draws: Stream,
    arrival_draws: Stream,
}

/// The beginner of a trade and what it says beyond what was expected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Impulse {
    /// Who began.
    pub(crate) side: Side,
    /// The sign, less what the market had already taken in.
    pub(crate) surprise: f64,
}

impl Flow {
    /// The order flow of underlying number `index`.
    pub(crate) fn new(config: &MarketConfig, seed: u64, index: usize) -> Self {
        let stream = |name| Stream::new(seed, name, index as u64);
        Self {
            imbalance: 0.0,
            pressure: 0.0,
            decay: math::exp(-LN_2 * STEP_S / config.flow_half_life_s),
            sd: config.flow_imbalance,
            odd_lot_share: config.odd_lot_share,
            last: Side::Buy,
            imbalance_draws: stream("flow-imbalance"),
            side_draws: stream("flow-sides"),
            size_draws: stream("flow-sizes"),
            arrival_draws: stream("flow-arrivals"),
        }
    }

    /// The imbalance, +1 all buyers, -1 all sellers.
    pub(crate) fn imbalance(&self) -> f64 {
        (self.imbalance + self.pressure).clamp(-IMBALANCE_MAX, IMBALANCE_MAX)
    }

    /// Adds a scripted imbalance until the next call.
    pub(crate) fn press(&mut self, pressure: f64) {
        self.pressure = pressure;
    }

    /// Moves the imbalance by a step.
    pub(crate) fn step(&mut self) {
        let sd = self.sd * (1.0 - self.decay * self.decay).sqrt();
        self.imbalance = self.decay * self.imbalance + sd * self.imbalance_draws.normal();
    }

    /// Instants within a step, from 0 to 1 and ascending, of trades that come at `rate` a step.
    pub(crate) fn arrivals(&mut self, rate: f64, into: &mut Vec<f64>) {
        into.clear();
        let mut at = 0.0;
        while rate > 0.0 && into.len() < TRADES_PER_STEP_MAX {
            at += self.arrival_draws.exponential() / rate;
            if at >= 1.0 {
                break;
            }
            into.push(at);
        }
    }

    /// Who begins the next trade.
    pub(crate) fn next_side(&mut self) -> Impulse {
        let imbalance = self.imbalance();
        let last = self.last.sign() as f64;
        let expected = SPLIT_CHANCE * last + (1.0 - SPLIT_CHANCE) * imbalance;
        let side = if self.side_draws.chance(0.5 * (1.0 + expected)) {
            Side::Buy
        } else {
            Side::Sell
        };
        self.last = side;
        Impulse {
            side,
            surprise: side.sign() as f64 - ANTICIPATED * expected,
        }
    }

    /// The size of the next trade in shares: odd lots, round lots, and a few blocks.
    pub(crate) fn next_size(&mut self) -> u32 {
        let draws = &mut self.size_draws;
        if draws.chance(self.odd_lot_share) {
            return 1 + small(draws.below(99));
        }
        let block = draws.chance(0.01);
        let lots = 1.0 + draws.exponential() * if block { 25.0 } else { 1.2 };
        100 * whole(lots.min(SIZE_MAX / 100.0))
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The whole part of a number from 0 to 4 billion.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped on the same line"
)]
pub(crate) fn whole(number: f64) -> u32 {
    number.clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_persist() {
        let mut flow = Flow::new(&MarketConfig::default(), 1, 0);
        let signs: Vec<f64> = (0..50_000)
            .map(|_| {
                flow.step();
                flow.next_side().side.sign() as f64
            })
            .collect();
        let lag = |k: usize| {
            let pairs = signs.len() - k;
            (0..pairs).map(|i| signs[i] * signs[i + k]).sum::<f64>() / pairs as f64
        };
        assert!(lag(1) > 0.15, "lag 1: {}", lag(1));
        assert!(lag(20) > 0.01, "lag 20: {}", lag(20));
        assert!(lag(20) < lag(1));
    }

    #[test]
    fn arrivals_come_at_their_rate_and_in_order() {
        let mut flow = Flow::new(&MarketConfig::default(), 1, 0);
        let mut at = Vec::new();
        let mut count = 0;
        for _ in 0..10_000 {
            flow.arrivals(0.5, &mut at);
            assert!(at.is_sorted() && at.iter().all(|t| (0.0..1.0).contains(t)));
            count += at.len();
        }
        assert!((4_700..5_300).contains(&count), "{count}");
        flow.arrivals(0.0, &mut at);
        assert!(at.is_empty());
    }

    #[test]
    fn sizes_are_odd_and_round_lots() {
        let mut flow = Flow::new(&MarketConfig::default(), 1, 0);
        let sizes: Vec<u32> = (0..10_000).map(|_| flow.next_size()).collect();
        let odd = sizes.iter().filter(|size| **size < 100).count();
        assert!((3_700..4_300).contains(&odd), "{odd}");
        assert!(sizes.iter().all(|s| *s > 0 && (*s < 100 || s % 100 == 0)));
        assert!(sizes.iter().any(|s| *s > 2_000));
    }
}
