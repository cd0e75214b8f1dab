//! What an underlying has done today: open, high, low, volume-weighted price, returns, volatility.
//!
//! Spot is sampled every ten seconds into a ring of an hour, which bounds the memory.

use bevy_ecs::prelude::*;
use components::flow::Tape;
use components::market::{Spot, SymbolId};
use engine::calendar::Session;
use engine::clock::{TICK_MS, Tick};
use engine::config::ConfigError;
use engine::engine::Engine;
use engine::math;
use engine::phase::Phase;
use engine::plugin::Plugin;
use std::collections::VecDeque;

/// Seconds between two samples.
pub const SAMPLE_S: i64 = 10;
/// Samples kept: an hour.
const SAMPLES_MAX: usize = 361;
/// Trading minutes of a year: 252 sessions of 390.
const MINUTES_PER_YEAR: f64 = 98_280.0;
/// One-minute returns without which there is no volatility.
const RETURNS_MIN: usize = 10;

/// The day of an underlying so far.
#[derive(Component, Clone, Debug, Default)]
pub struct History {
    /// First spot of the session in dollars.
    pub open: Option<f64>,
    /// Highest spot of the session in dollars.
    pub high: f64,
    /// Lowest spot of the session in dollars.
    pub low: f64,
    dollars_traded: f64,
    shares_traded: f64,
    samples: VecDeque<f64>,
}

/// Adds histories.
#[derive(Debug)]
pub struct HistoryPlugin;

impl Plugin for HistoryPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        engine
            .world_mut()
            .register_required_components::<SymbolId, History>();
        engine.add(Phase::Ingest, remember_day);
        Ok(())
    }
}

/// Takes the tick's spot and prints into the histories.
pub fn remember_day(tick: Res<Tick>, mut underlyings: Query<(&Spot, &Tape, &mut History)>) {
    for (spot, tape, mut history) in &mut underlyings {
        if tick.opens_session {
            *history = History::default();
        }
        let Some(dollars) = spot.get() else { continue };
        history.observe(dollars, is_sample(&tick));
        for print in &tape.prints {
            if print.at >= tick.session.open {
                history.dollars_traded += print.price.dollars() * print.size as f64;
                history.shares_traded += print.size as f64;
            }
        }
    }
}

impl History {
    fn observe(&mut self, dollars: f64, sample: bool) {
        if self.open.is_none() {
            self.open = Some(dollars);
            (self.high, self.low) = (dollars, dollars);
        }
        self.high = self.high.max(dollars);
        self.low = self.low.min(dollars);
        if sample {
            if self.samples.len() == SAMPLES_MAX {
                self.samples.pop_front();
            }
            self.samples.push_back(dollars);
        }
    }

    /// The volume-weighted average price of the session in dollars; `None` before the first trade.
    #[must_use]
    pub fn vwap(&self) -> Option<f64> {
        (self.shares_traded > 0.0).then(|| self.dollars_traded / self.shares_traded)
    }

    /// The dollar volume of the session so far; 0 before the first trade.
    #[must_use]
    pub fn dollars_traded(&self) -> f64 {
        self.dollars_traded
    }

    /// The logarithmic return over the last `seconds`, up to an hour; `None` before there are enough
    /// samples.
    #[must_use]
    pub fn log_return(&self, seconds: i64) -> Option<f64> {
        let back = usize::try_from(seconds / SAMPLE_S).ok()?;
        let last = self.samples.len().checked_sub(1)?;
        let then = self.samples[last.checked_sub(back)?];
        Some(math::ln(self.samples[last] / then))
    }

    /// Realised volatility a year from the one-minute returns of the last `minutes`; `None` with
    /// fewer than 10 returns.
    #[must_use]
    pub fn realized_volatility(&self, minutes: usize) -> Option<f64> {
        let step = usize::try_from(60 / SAMPLE_S).ok()?;
        let minutes_closes = || self.samples.iter().rev().step_by(step).take(minutes + 1);
        let returns = minutes_closes()
            .count()
            .checked_sub(1)
            .filter(|n| *n >= RETURNS_MIN)?;
        let squares: f64 = minutes_closes()
            .zip(minutes_closes().skip(1))
            .map(|(later, earlier)| {
                let change = math::ln(later / earlier);
                change * change
            })
            .sum();
        Some((MINUTES_PER_YEAR * squares / returns as f64).sqrt())
    }
}

/// Whether the tick stands on the ten-second grid of its session.
fn is_sample(tick: &Tick) -> bool {
    let Session { open, .. } = tick.session;
    let millis = tick.now.nanos_since(open) / 1_000_000;
    // A skipped grid point takes its sample at the next tick.
    let since = millis % (SAMPLE_S * 1000);
    since < TICK_MS * (1 + i64::from(tick.skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_and_volatility_need_their_samples() {
        let mut history = History::default();
        for step in 0..61 {
            history.observe(if step % 12 < 6 { 100.0 } else { 101.0 }, true);
        }
        assert_eq!(history.log_return(3600), None);
        assert!((history.log_return(60).unwrap() - math::ln(100.0 / 101.0)).abs() < 1e-3);
        let volatility = history.realized_volatility(30).unwrap();
        let expected = (98_280.0_f64).sqrt() * math::ln(1.01);
        assert!(
            (volatility / expected - 1.0).abs() < 1e-12,
            "{volatility} {expected}"
        );
        assert_eq!((history.high, history.low), (101.0, 100.0));
    }
}
