//! Implied volatility of a chain and the value of its contracts.
//!
//! An expiry's volatility at the money is the mean of the variance expected until then, when
//! variance `v` reverts with rate `kappa`: `sigma^2 (1 + (v - 1) (1 - e^{-kappa T}) / (kappa T))`.
//! Around it lies a smile in standard deviations `z = ln(K/F) / (sigma_T sqrt T)`:
//! `sigma_T (1 + skew z + curvature z^2)`, level beyond 4. Skew and curvature wander slowly.
//!
//! Values: Black 1976 on the forward, puts from calls by parity; Hull, *Options, Futures and Other
//! Derivatives*, ch. 18. To fractions of a cent, which is what quotes need; it shares no code with
//! the engine's analytics.

use crate::config::MarketConfig;
use core::f64::consts::LN_2;
use engine::math::{exp, norm_cdf};
use engine::random::Stream;

/// The smile is level beyond so many standard deviations.
const Z_MAX: f64 = 4.0;
/// Relative standard deviation of skew and curvature about their means.
const WANDER: f64 = 0.2;
/// What a minute leaves of a deviation: half is gone in 90 minutes.
const WANDER_DECAY: f64 = 0.992_327_8;
/// Implied volatility exceeds the expected one by this factor: sellers want a premium.
const PREMIUM: f64 = 1.06;
/// The shortest time to expiry in years that values are made for: a second.
const YEARS_MIN: f64 = 1.0 / (365.0 * 86_400.0);

/// The smile of a chain.
#[derive(Debug)]
pub(crate) struct Smile {
    rate: f64,
    skew: f64,
    curvature: f64,
    skew_wander: f64,
    curvature_wander: f64,
    reversion_per_year: f64,
    draws: Stream,
}

/// The time left to an expiry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    /// By the calendar, for interest.
    pub(crate) years: f64,
    /// In years of variance, for movement.
    pub(crate) variance_years: f64,
}

/// The smile of one expiry at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    forward: f64,
    log_forward: f64,
    discount: f64,
    deviation: f64,
    skew: f64,
    curvature: f64,
}

/// The values of the call and the put at a strike, in dollars.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values {
    /// The call.
    pub(crate) call: f64,
    /// The put.
    pub(crate) put: f64,
    /// Distance of the strike from the forward in standard deviations.
    pub(crate) z: f64,
}

impl Smile {
    /// The smile of the chain on underlying number `index`.
    pub(crate) fn new(config: &MarketConfig, seed: u64, index: usize) -> Self {
        Self {
            rate: config.rate,
            skew: config.skew,
            curvature: config.curvature,
            skew_wander: 0.0,
            curvature_wander: 0.0,
            reversion_per_year: LN_2 * 365.0 * 1_440.0 / config.variance_half_life_minutes,
            draws: Stream::new(seed, "smile", index as u64),
        }
    }

    /// Moves skew and curvature by a minute.
    pub(crate) fn pass_minute(&mut self) {
        let sd = WANDER * (1.0 - WANDER_DECAY * WANDER_DECAY).sqrt();
        self.skew_wander = WANDER_DECAY * self.skew_wander + sd * self.draws.normal();
        self.curvature_wander = WANDER_DECAY * self.curvature_wander + sd * self.draws.normal();
    }

    /// The smile with `left` to expiry, the underlying at `spot` with the long-run volatility
    /// `annual_vol` and `variance` times its mean variance.
    pub(crate) fn slice(&self, spot: f64, annual_vol: f64, variance: f64, left: Left) -> Slice {
        let years = left.years.max(YEARS_MIN);
        let variance_years = left.variance_years.max(YEARS_MIN);
        let x = self.reversion_per_year * years;
        let kept = if x > 1e-6 { (1.0 - exp(-x)) / x } else { 1.0 };
        let mean_variance = 1.0 + (variance - 1.0) * kept;
        let at_the_money = PREMIUM * annual_vol * mean_variance.max(0.01).sqrt();
        let growth = self.rate * years;
        let forward = spot * exp(growth);
        Slice {
            forward,
            log_forward: engine::math::ln(forward),
            discount: exp(-growth),
            deviation: at_the_money * variance_years.sqrt(),
            skew: self.skew * (1.0 + self.skew_wander),
            curvature: self.curvature * (1.0 + self.curvature_wander).max(0.0),
        }
    }
}

impl Slice {
    /// Standard deviations from the forward to a strike with the logarithm `log_strike`.
    pub(crate) fn distance(&self, log_strike: f64) -> f64 {
        (log_strike - self.log_forward) / self.deviation
    }

    /// What the call and the put at `strike` are worth.
    pub(crate) fn values(&self, strike: f64, log_strike: f64) -> Values {
        let z = self.distance(log_strike);
        let near = z.clamp(-Z_MAX, Z_MAX);
        let shape = 1.0 + self.skew * near + self.curvature * near * near;
        let deviation = self.deviation * shape.max(0.2);
        let d1 = (self.log_forward - log_strike) / deviation + 0.5 * deviation;
        let d2 = d1 - deviation;
        let call = self.discount * (self.forward * norm_cdf(d1) - strike * norm_cdf(d2));
        let put = call - self.discount * (self.forward - strike);
        Values {
            call: call.max(0.0),
            put: put.max(0.0),
            z,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::math::ln;

    fn alike(years: f64) -> Left {
        Left {
            years,
            variance_years: years,
        }
    }

    fn smile(skew: f64, curvature: f64) -> Smile {
        let config = MarketConfig {
            skew,
            curvature,
            rate: 0.05,
            ..MarketConfig::default()
        };
        Smile::new(&config, 1, 0)
    }

    #[test]
    fn a_flat_smile_gives_the_textbook_price() {
        // Hull, example 15.6: S 42, K 40, r 10 %, sigma 20 %, T 0.5: call 4.76, put 0.81.
        let config = MarketConfig {
            skew: 0.0,
            curvature: 0.0,
            rate: 0.10,
            ..MarketConfig::default()
        };
        let slice = Smile::new(&config, 1, 0).slice(42.0, 0.20 / PREMIUM, 1.0, alike(0.5));
        let values = slice.values(40.0, ln(40.0));
        assert!((values.call - 4.76).abs() < 0.005, "{}", values.call);
        assert!((values.put - 0.81).abs() < 0.005, "{}", values.put);
    }

    #[test]
    fn values_fall_and_curve_with_the_strike_as_no_arbitrage_wants() {
        for years in [1e-6, 0.0002, 0.003, 0.12] {
            let slice = smile(-0.05, 0.01).slice(100.0, 0.2, 1.4, alike(years));
            let calls: Vec<f64> = (160..240)
                .map(|half| f64::from(half) * 0.5)
                .map(|strike| slice.values(strike, ln(strike)).call)
                .collect();
            for three in calls.windows(3) {
                assert!(three[0] >= three[1] - 1e-9);
                assert!(three[0] - 2.0 * three[1] + three[2] >= -1e-3, "{three:?}");
            }
        }
    }

    #[test]
    fn puts_are_dearer_than_calls_at_the_same_distance() {
        let slice = smile(-0.05, 0.01).slice(100.0, 0.2, 1.0, alike(0.1));
        let far = |sign: f64| slice.log_forward + sign * 2.0 * slice.deviation;
        let put = slice.values(exp(far(-1.0)), far(-1.0)).put;
        let call = slice.values(exp(far(1.0)), far(1.0)).call;
        assert!(put > call);
    }

    #[test]
    fn a_calm_market_has_a_rising_term_structure() {
        let at = |variance: f64, years: f64| {
            let slice = smile(0.0, 0.0).slice(100.0, 0.2, variance, alike(years));
            slice.deviation / years.sqrt()
        };
        assert!(at(0.5, 0.001) < at(0.5, 0.1));
        assert!(at(2.0, 0.001) > at(2.0, 0.1));
    }
}
