//! The volatility that a whole strip of options implies: the number of the VIX, for one expiry.
//!
//! ```text
//! variance = 2/T sum dK/K^2 e^{rT} Q(K) - (F/K0 - 1)^2 / T
//! ```
//!
//! The forward F comes from the strike where call and put differ least, K0 is the highest strike up
//! to F, Q the mids of out-of-the-money options (the mean of both at K0). Walking out from K0, options
//! without a bid are passed over, and two in a row end the side. dK is half the gap between the
//! neighbours, at the ends the whole gap. Source: Cboe VIX methodology; formulas.md 13.

use engine::math::exp;

/// The quotes of one strike, in dollars; a side without an option is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StrikeQuotes {
    /// The strike, dollars.
    pub strike: f64,
    /// Bid and ask of the call.
    pub call: Option<(f64, f64)>,
    /// Bid and ask of the put.
    pub put: Option<(f64, f64)>,
}

/// The variance of a strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Strip {
    /// The forward, dollars.
    pub forward: f64,
    /// The highest strike up to it.
    pub centre: f64,
    /// Options in the sum, K0 counted once.
    pub strikes: usize,
    /// Variance a year.
    pub variance: f64,
}

impl Strip {
    /// The volatility a year as a decimal; `None` where quotes that contradict each other made the
    /// variance negative.
    #[must_use]
    pub fn volatility(&self) -> Option<f64> {
        (self.variance >= 0.0).then(|| self.variance.sqrt())
    }
}

/// Why a strip gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoStrip {
    /// Time is up.
    #[error("the expiry has passed")]
    Expired,
    /// No strike has both a call and a put.
    #[error("no strike has both a call and a put")]
    NoPair,
    /// Every strike is above the forward.
    #[error("no strike lies below the forward")]
    NoCentre,
    /// Fewer than three options have a bid.
    #[error("{0} strikes have a bid, must be at least 3")]
    TooFew(usize),
}

/// The strip of `quotes`, ascending by strike, `years` before its expiry at the rate `rate`.
///
/// # Errors
/// When it has passed, or too few options are quoted.
pub fn strip(quotes: &[StrikeQuotes], years: f64, rate: f64) -> Result<Strip, NoStrip> {
    if years <= 0.0 || years.is_nan() {
        return Err(NoStrip::Expired);
    }
    let growth = exp(rate * years);
    let forward = forward(quotes, growth).ok_or(NoStrip::NoPair)?;
    let above = quotes.partition_point(|quote| quote.strike <= forward);
    let centre = above.checked_sub(1).ok_or(NoStrip::NoCentre)?;
    let mut chosen = Vec::with_capacity(quotes.len());
    let puts = quotes[..centre].iter().rev();
    take_side(puts.map(|quote| (quote.strike, quote.put)), &mut chosen);
    chosen.reverse();
    let middle = &quotes[centre];
    let (call, put) = (middle.call.map(mid), middle.put.map(mid));
    if let Some(value) = match (call, put) {
        (Some(call), Some(put)) => Some(0.5 * (call + put)),
        (one, other) => one.or(other),
    } {
        chosen.push((middle.strike, value));
    }
    let calls = quotes[above..].iter();
    take_side(calls.map(|quote| (quote.strike, quote.call)), &mut chosen);
    if chosen.len() < 3 {
        return Err(NoStrip::TooFew(chosen.len()));
    }
    let last = chosen.len() - 1;
    let mut sum = 0.0;
    for (place, (strike, value)) in chosen.iter().enumerate() {
        let (low, high) = (place.saturating_sub(1), (place + 1).min(last));
        let gap = (chosen[high].0 - chosen[low].0) / (high - low) as f64;
        sum += gap / (strike * strike) * growth * value;
    }
    let off = forward / middle.strike - 1.0;
    Ok(Strip {
        forward,
        centre: middle.strike,
        strikes: chosen.len(),
        variance: 2.0 / years * sum - off * off / years,
    })
}

/// The volatility over `years` between two strips, linear in total variance: `(years, variance)` of
/// the nearer and the farther one. Outside of the two the line is continued; `None` if both expire
/// together, or the result is negative.
#[must_use]
pub fn between(near: (f64, f64), far: (f64, f64), years: f64) -> Option<f64> {
    let width = far.0 - near.0;
    if width <= 0.0 || years <= 0.0 {
        return None;
    }
    let weight = (far.0 - years) / width;
    let total = near.0 * near.1 * weight + far.0 * far.1 * (1.0 - weight);
    (total >= 0.0).then(|| (total / years).sqrt())
}

/// The forward of the strike at which call and put differ least; the lowest of equals.
fn forward(quotes: &[StrikeQuotes], growth: f64) -> Option<f64> {
    let mut least: Option<(f64, f64)> = None;
    for quote in quotes {
        if let (Some(call), Some(put)) = (quote.call, quote.put) {
            let gap = mid(call) - mid(put);
            if least.is_none_or(|(least, _)| gap.abs() < least) {
                least = Some((gap.abs(), quote.strike + growth * gap));
            }
        }
    }
    least.map(|(_, forward)| forward)
}

/// Takes the options of a side, from the centre out, up to two without a bid in a row.
fn take_side(
    options: impl Iterator<Item = (f64, Option<(f64, f64)>)>,
    chosen: &mut Vec<(f64, f64)>,
) {
    let mut without_bid = 0;
    for (strike, quote) in options {
        match quote {
            Some((bid, ask)) if bid > 0.0 => {
                without_bid = 0;
                chosen.push((strike, mid((bid, ask))));
            }
            Some(_) => without_bid += 1,
            None => {}
        }
        if without_bid == 2 {
            break;
        }
    }
}

fn mid((bid, ask): (f64, f64)) -> f64 {
    0.5 * (bid + ask)
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these strikes are exact")]
mod tests {
    use super::*;
    use crate::greeks::black_scholes::black_scholes;
    use crate::greeks::terms::Terms;
    use components::contract::Right;

    const YEARS: f64 = 30.0 / 365.0;
    const RATE: f64 = 0.04;

    fn flat(volatility: f64) -> Vec<StrikeQuotes> {
        let quote = |right, strike: f64| {
            let terms = Terms {
                right,
                spot: 100.0,
                strike,
                years: YEARS,
                rate: RATE,
                dividend_yield: 0.0,
            };
            let price = black_scholes(&terms, volatility).1.price;
            // Worthless options have no bid.
            let bid = if price < 1e-7 { 0.0 } else { price };
            Some((bid, price))
        };
        (200..800)
            .map(|place| f64::from(place) * 0.25)
            .map(|strike| StrikeQuotes {
                strike,
                call: quote(Right::Call, strike),
                put: quote(Right::Put, strike),
            })
            .collect()
    }

    #[test]
    fn a_flat_smile_gives_its_own_volatility_back() {
        for volatility in [0.1, 0.2, 0.4] {
            let found = strip(&flat(volatility), YEARS, RATE).unwrap();
            assert!((found.forward / (100.0 * exp(RATE * YEARS)) - 1.0).abs() < 1e-10);
            // Strikes a quarter apart: the sum is within a hundredth of a point of the integral.
            let off = found.volatility().unwrap() - volatility;
            assert!(off.abs() < 1e-3, "{volatility}: {off}");
        }
    }

    #[test]
    fn two_options_without_a_bid_end_the_side() {
        let mut quotes = flat(0.2);
        let whole = strip(&quotes, YEARS, RATE).unwrap();
        let centre = quotes
            .iter()
            .position(|q| q.strike == whole.centre)
            .unwrap();
        quotes[centre + 5].call = Some((0.0, 0.01));
        let one = strip(&quotes, YEARS, RATE).unwrap();
        assert_eq!(one.strikes, whole.strikes - 1);
        quotes[centre + 6].call = Some((0.0, 0.01));
        let two = strip(&quotes, YEARS, RATE).unwrap();
        assert!(two.strikes < whole.strikes && two.variance < one.variance);
        // Four calls above the centre are left.
        assert_eq!(quotes[centre + 4].strike - quotes[centre].strike, 1.0);
    }

    #[test]
    fn what_gives_nothing_says_why() {
        let quotes = flat(0.2);
        assert_eq!(strip(&quotes, 0.0, RATE), Err(NoStrip::Expired));
        assert_eq!(strip(&[], YEARS, RATE), Err(NoStrip::NoPair));
        let mut one_sided = quotes.clone();
        one_sided.iter_mut().for_each(|quote| quote.put = None);
        assert_eq!(strip(&one_sided, YEARS, RATE), Err(NoStrip::NoPair));
        let high: Vec<_> = quotes
            .iter()
            .copied()
            .filter(|q| q.strike > 120.0)
            .collect();
        assert_eq!(strip(&high, YEARS, RATE), Err(NoStrip::NoCentre));
        let few: Vec<_> = quotes
            .iter()
            .copied()
            .filter(|q| q.strike == 100.0)
            .collect();
        assert_eq!(strip(&few, YEARS, RATE), Err(NoStrip::TooFew(1)));
    }

    #[test]
    fn total_variance_is_linear_between_two_expiries() {
        let middle = between((0.1, 0.04), (0.3, 0.09), 0.2).unwrap();
        assert!((middle * middle * 0.2 - 0.5 * (0.004 + 0.027)).abs() < 1e-15);
        assert_eq!(between((0.1, 0.04), (0.1, 0.09), 0.2), None);
        assert!((between((0.1, 0.04), (0.3, 0.09), 0.1).unwrap() - 0.2).abs() < 1e-15);
    }
}
