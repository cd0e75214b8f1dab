//! The value of an underlying that its quotes surround: a diffusion with jumps and a variance that
//! reverts to its mean.
//!
//! `d ln S = sigma sqrt(v) dW + jumps - compensation`, `v = exp(y - s^2/2)` with the stationary
//! variance `s^2` of `y`, and `dy = -kappa y dt + s sqrt(2 kappa) dB`. Falling prices raise
//! variance: `dW dB = -0.5 dt` (Scott 1987; the correlation is that of Heston 1993).

use crate::config::MarketConfig;
use crate::curve::Pace;
use core::f64::consts::LN_2;
use engine::math;
use engine::random::Stream;

/// Steps in a full session of 6.5 hours.
pub(crate) const STEPS_PER_DAY: f64 = 93_600.0;
/// Seconds of a step.
pub(crate) const STEP_S: f64 = 0.25;
/// Sessions in a year.
const DAYS_PER_YEAR: f64 = 252.0;
/// The variance moves once in so many steps.
const VARIANCE_STEPS: u64 = 4;
/// Correlation of returns and changes of variance.
const LEVERAGE: f64 = -0.5;
/// A price stays within this factor of where it began, far beyond what a run reaches: prices must
/// stay numbers whatever is scripted.
const LOG_RANGE: f64 = 6.0;

/// The value of an underlying through time.
#[derive(Debug)]
pub(crate) struct Path {
    log_start: f64,
    log_value: f64,
    value: f64,
    log_variance: f64,
    variance: f64,
    annual_vol: f64,
    step_sd: f64,
    overnight_sd: f64,
    jump_sd: f64,
    jump_chance: f64,
    log_variance_sd: f64,
    variance_decay: f64,
    since_variance: u64,
    last_normal: f64,
    diffusion_draws: Stream,
    variance_draws: Stream,
    jump_draws: Stream,
    overnight_draws: Stream,
}

impl Path {
    /// The path of underlying number `index`.
    pub(crate) fn new(config: &MarketConfig, seed: u64, index: usize) -> Self {
        let stream = |name| Stream::new(seed, name, index as u64);
        let spot = config.spots_usd[index % config.spots_usd.len()];
        let annual_vol = config.annual_vols[index % config.annual_vols.len()];
        let day_sd = annual_vol / DAYS_PER_YEAR.sqrt();
        let half_life_steps = config.variance_half_life_minutes * 60.0 / STEP_S;
        let intraday = 1.0 - config.overnight_share;
        let log_start = math::ln(spot);
        let mut path = Self {
            log_start,
            log_value: log_start,
            value: spot,
            log_variance: 0.0,
            variance: 1.0,
            annual_vol,
            step_sd: day_sd * (intraday / STEPS_PER_DAY).sqrt(),
            overnight_sd: day_sd * config.overnight_share.sqrt(),
            jump_sd: config.jump_percent / 100.0,
            jump_chance: config.jumps_per_day / STEPS_PER_DAY,
            log_variance_sd: config.vol_of_vol,
            variance_decay: math::exp(-LN_2 * VARIANCE_STEPS as f64 / half_life_steps),
            since_variance: 0,
            last_normal: 0.0,
            diffusion_draws: stream("path-diffusion"),
            variance_draws: stream("path-variance"),
            jump_draws: stream("path-jumps"),
            overnight_draws: stream("path-overnight"),
        };
        let start = path.variance_draws.normal();
        path.set_log_variance(start * path.log_variance_sd);
        path
    }

    /// The value in dollars.
    pub(crate) fn value(&self) -> f64 {
        self.value
    }

    /// Variance over its mean.
    pub(crate) fn variance(&self) -> f64 {
        self.variance
    }

    /// Long-run volatility, 0.20 is 20 % a year.
    pub(crate) fn annual_vol(&self) -> f64 {
        self.annual_vol
    }

    /// Standard deviation of the return of a step at `pace`.
    pub(crate) fn step_sd(&self, pace: Pace) -> f64 {
        self.step_sd * pace.volatility * self.variance.sqrt()
    }

    /// Moves by one step's diffusion, of which trades cause the share `flow_share` on their own,
    /// and by a jump if one falls into the step.
    pub(crate) fn step(&mut self, pace: Pace, flow_share: f64) {
        let normal = self.diffusion_draws.normal();
        self.last_normal += normal;
        let sd = self.step_sd(pace);
        let mut change = sd * (1.0 - flow_share).sqrt() * normal - 0.5 * sd * sd;
        if self.jump_draws.chance(self.jump_chance) {
            change += self.jump_sd * self.jump_draws.normal();
        }
        self.shift(change);
        self.since_variance += 1;
        if self.since_variance == VARIANCE_STEPS {
            self.step_variance();
        }
    }

    /// Moves by what happens between two sessions.
    pub(crate) fn pass_night(&mut self) {
        let normal = self.overnight_draws.normal();
        self.shift(self.overnight_sd * self.variance.sqrt() * normal);
    }

    /// Adds `change` to the logarithm of the value.
    pub(crate) fn shift(&mut self, change: f64) {
        self.log_value =
            (self.log_value + change).clamp(self.log_start - LOG_RANGE, self.log_start + LOG_RANGE);
        self.value = math::exp(self.log_value);
    }

    fn step_variance(&mut self) {
        let mean_normal = self.last_normal / (VARIANCE_STEPS as f64).sqrt();
        self.last_normal = 0.0;
        self.since_variance = 0;
        let own = self.variance_draws.normal();
        let normal = LEVERAGE * mean_normal + (1.0 - LEVERAGE * LEVERAGE).sqrt() * own;
        let decay = self.variance_decay;
        let sd = self.log_variance_sd * (1.0 - decay * decay).sqrt();
        self.set_log_variance(decay * self.log_variance + sd * normal);
    }

    fn set_log_variance(&mut self, log_variance: f64) {
        self.log_variance = log_variance;
        let s2 = self.log_variance_sd * self.log_variance_sd;
        self.variance = math::exp(log_variance - 0.5 * s2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: Pace = Pace {
        volume: 1.0,
        volatility: 1.0,
    };

    #[test]
    fn a_year_of_returns_has_the_configured_volatility() {
        let config = MarketConfig {
            jumps_per_day: 0.0,
            overnight_share: 0.0,
            ..MarketConfig::default()
        };
        // Twenty paths of a day each: the mean square of the day's returns is vol^2 / 252.
        let mut squares = 0.0;
        for seed in 0..20 {
            let mut path = Path::new(&config, seed, 0);
            let start = path.log_value;
            for _ in 0..93_600 / 4 {
                path.step(CALM, 0.0);
            }
            let change = path.log_value - start;
            squares += change * change;
        }
        let annual = (squares / 20.0 * 4.0 * DAYS_PER_YEAR).sqrt();
        assert!((0.12..0.30).contains(&annual), "annual volatility {annual}");
    }

    #[test]
    fn variance_keeps_its_mean() {
        let mut path = Path::new(&MarketConfig::default(), 3, 0);
        let mut sum = 0.0;
        for _ in 0..1_000_000 {
            path.step(CALM, 0.0);
            sum += path.variance();
        }
        assert!((0.8..1.25).contains(&(sum / 1e6)), "mean {}", sum / 1e6);
    }

    #[test]
    fn a_price_stays_a_number_whatever_is_scripted() {
        let mut path = Path::new(&MarketConfig::default(), 3, 0);
        for _ in 0..1_000 {
            path.shift(1.0);
        }
        assert!(path.value().is_finite() && path.value() > 100.0);
    }
}
