//! What is remembered of an underlying's prices, and what follows from it.

use super::bars::{BarSeries, MINUTE_NANOS};
use super::climate::Climate;
use super::levels::{LevelInForce, SHOCK_RISE};
use super::market_state::{Signs, StateInForce};
use super::markov::Switching;
use super::realized::MINUTES_PER_YEAR;
use super::variance_ratio::{VarianceRatio, variance_ratio};
use bevy_ecs::prelude::*;
use components::exposure::{ExposureLevels, GammaExposure, ZeroGamma};
use components::quality::Stamp;
use components::units::Timestamp;
use components::volatility::{RealizedVolatility, VolatilityLevel, VolatilityRegime};
use engine::clock::Tick;
use std::collections::VecDeque;

/// Returns of a minute that the variance ratio looks at: a session.
const SESSION_RETURNS: usize = 390;
/// Steps of the variance ratio.
const RATIO_STEPS: usize = 5;
/// Returns of 5 seconds and of 5 minutes that are kept.
const OTHER_RETURNS: usize = 78;
/// Minutes over which a rise is a shock.
const SHOCK_MINUTES: usize = 60;

/// What is remembered of an underlying's prices.
#[derive(Component, Debug)]
pub struct PriceMemory {
    pub(super) seconds: BarSeries,
    pub(super) minutes: BarSeries,
    pub(super) five_minutes: BarSeries,
    log_prices: Vec<f64>,
    switching: Switching,
    realized: Climate,
    pub(super) one_day: Climate,
    /// One-day volatility of the last minutes.
    hour: VecDeque<f64>,
    pub(super) level: LevelInForce,
    pub(super) state: StateInForce,
    minute: Option<usize>,
}

impl Default for PriceMemory {
    fn default() -> Self {
        Self {
            seconds: BarSeries::new(5_000_000_000, OTHER_RETURNS),
            minutes: BarSeries::new(MINUTE_NANOS, SESSION_RETURNS),
            five_minutes: BarSeries::new(5 * MINUTE_NANOS, OTHER_RETURNS),
            log_prices: Vec::with_capacity(SESSION_RETURNS + 1),
            switching: Switching::default(),
            realized: Climate::default(),
            one_day: Climate::default(),
            hour: VecDeque::with_capacity(SHOCK_MINUTES),
            level: LevelInForce::default(),
            state: StateInForce::default(),
            minute: None,
        }
    }
}

impl PriceMemory {
    pub(super) fn open_session(&mut self) {
        self.seconds.open_session();
        self.minutes.open_session();
        self.five_minutes.open_session();
        self.realized.open_session();
        self.one_day.open_session();
        self.hour.clear();
        self.minute = None;
    }

    pub(super) fn variance_ratio(&mut self) -> Option<VarianceRatio> {
        let Self {
            minutes,
            log_prices,
            ..
        } = self;
        log_prices.clear();
        log_prices.push(0.0);
        let mut price = 0.0;
        for step in minutes.returns() {
            price += step;
            log_prices.push(price);
        }
        variance_ratio(log_prices, RATIO_STEPS)
    }

    /// The probability of turbulence after the newest minute.
    pub(super) fn turbulence(&mut self, refit_min: usize) -> Option<f64> {
        let newest = self.minutes.last_return()?;
        let minutes = &mut self.minutes;
        self.switching
            .follow(newest, refit_min, || minutes.returns())
    }

    /// Notes the values of a minute when it is met first.
    pub(super) fn note_minute(
        &mut self,
        minute: usize,
        realized: Option<f64>,
        one_day: Option<f64>,
    ) {
        if self.minute == Some(minute) {
            return;
        }
        self.minute = Some(minute);
        if let Some(realized) = realized {
            self.realized.note(minute, realized);
        }
        if let Some(one_day) = one_day {
            self.one_day.note(minute, one_day);
            if self.hour.len() == SHOCK_MINUTES {
                self.hour.pop_front();
            }
            self.hour.push_back(one_day);
        }
    }

    /// Whether `one_day` lies by [`SHOCK_RISE`] above the lowest of the last hour.
    pub(super) fn jumped(&self, one_day: f64) -> bool {
        let lowest = self.hour.iter().copied().fold(f64::INFINITY, f64::min);
        one_day >= lowest * (1.0 + SHOCK_RISE)
    }

    /// What the rules of the market's state look at.
    pub(super) fn signs(
        &mut self,
        tick: &Tick,
        dollars: f64,
        minute: usize,
        realized: &RealizedVolatility,
        regime: &VolatilityRegime,
        (gex, levels, zero): (&GammaExposure, &ExposureLevels, &ZeroGamma),
    ) -> Signs {
        let deviation = self.minutes.realized(30).map(|found| found.realized);
        let per_minute = deviation.map(|a_year| a_year / MINUTES_PER_YEAR.sqrt());
        let returns = self.minutes.returns();
        let moved = |minutes: usize| {
            let sum: f64 = returns
                .get(returns.len().checked_sub(minutes)?..)?
                .iter()
                .sum();
            let scale = per_minute? * (minutes as f64).sqrt();
            (scale > 0.0).then(|| sum.abs() / scale)
        };
        let zero_gamma = zero
            .nearest_dollars
            .filter(|_| usable(&zero.stamp, tick.now));
        let total = Some(gex.net_usd_per_pct).filter(|_| usable(&gex.stamp, tick.now));
        let pin = levels
            .max_abs_gamma_strike
            .filter(|_| usable(&levels.stamp, tick.now));
        Signs {
            volatility_shock: regime.level == Some(VolatilityLevel::Shock),
            five_minutes: moved(5),
            minutes_left: tick.seconds_to_close() / 60.0,
            gamma: zero_gamma.map(|zero| dollars - zero).or(total),
            pin_distance: pin.map(|strike| (dollars - strike.dollars()).abs() / dollars),
            thirty_minutes: moved(30),
            variance_ratio_z: realized.variance_ratio_z,
            below_zero_gamma: zero_gamma.is_some_and(|zero| dollars < zero),
            percentile: realized
                .one_minute
                .and_then(|now| self.realized.percentile(minute, now)),
        }
    }
}

fn usable(stamp: &Stamp, now: Timestamp) -> bool {
    stamp.is_fresh(now)
}
