//! What the options of one series say of volatility, and where their quotes contradict each other.
//!
//! A contradiction is a trade at the quoted prices that cannot lose: a spread that pays to be held, or a
//! butterfly that costs less than nothing.
//!
//! ```text
//! spread     call ask(K1) < call bid(K2), put ask(K2) < put bid(K1)            K1 < K2
//! butterfly  l ask(K1) + (1 - l) ask(K3) < bid(K2)      l = (K3 - K2) / (K3 - K1)
//! ```
//!
//! Between two expiries total variance must not fall. Source: Carr and Madan (2005), "A note on
//! sufficient conditions for no arbitrage"; formulas.md 13.

use super::smile::{SmilePoint, SmileShape};
use super::strip::{StrikeQuotes, strip};
use components::contract::Right;
use components::volatility::ExpiryVolatility;

/// One contract of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SurfaceRow {
    /// The strike, dollars.
    pub strike: f64,
    /// Call or put.
    pub right: Right,
    /// The best bid, dollars; 0 without one.
    pub bid: f64,
    /// The best ask, dollars; 0 without one.
    pub ask: f64,
    /// Implied volatility; `None` where it may not be used.
    pub iv: Option<f64>,
    /// Delta per $1, with its sign.
    pub delta: f64,
}

impl SurfaceRow {
    fn is_two_sided(&self) -> bool {
        0.0 < self.bid && self.bid <= self.ask
    }
}

/// Memory that is kept between calls.
#[derive(Clone, Debug, Default)]
pub struct SurfaceScratch {
    quotes: Vec<StrikeQuotes>,
    points: Vec<SmilePoint>,
}

/// The volatilities of a series.
///
/// `rows` ascend by strike; `spot` serves as forward where no pair of quotes shows one.
#[must_use]
pub fn measure(
    rows: &[SurfaceRow],
    (expiry, years): (u32, f64),
    spot: f64,
    rate: f64,
    scratch: &mut SurfaceScratch,
) -> ExpiryVolatility {
    let SurfaceScratch { quotes, points } = scratch;
    quotes.clear();
    points.clear();
    for at_strike in rows.chunk_by(|one, other| one.strike.total_cmp(&other.strike).is_eq()) {
        let of = |right| at_strike.iter().find(|row| row.right == right);
        let (call, put) = (of(Right::Call), of(Right::Put));
        let quoted =
            |row: Option<&SurfaceRow>| row.filter(|row| row.ask > 0.0).map(|r| (r.bid, r.ask));
        quotes.push(StrikeQuotes {
            strike: at_strike[0].strike,
            call: quoted(call),
            put: quoted(put),
        });
        let delta = |row: Option<&SurfaceRow>| {
            row.filter(|row| row.iv.is_some())
                .map(|row| row.delta.abs())
        };
        // Both rights of a strike share the volatility of the side that is out of the money.
        let iv = call.and_then(|row| row.iv).or(put.and_then(|row| row.iv));
        if let Some(iv) = iv {
            points.push(SmilePoint {
                strike: at_strike[0].strike,
                call_delta: delta(call),
                put_delta: delta(put),
                iv,
            });
        }
    }
    let found = strip(quotes, years, rate).ok();
    let forward = found.map_or(spot, |strip| strip.forward);
    let shape = SmileShape::of(points, forward);
    ExpiryVolatility {
        expiry,
        years,
        forward,
        strip: found.and_then(|strip| strip.volatility()),
        at_the_money: shape.at_the_money,
        skew: shape.skew(),
        butterfly: shape.butterfly(),
        contradictions: contradictions(rows, Right::Call) + contradictions(rows, Right::Put),
    }
}

/// Pairs of neighbouring expiries between which total variance at the money falls by more than
/// `tolerance` of itself.
#[must_use]
pub fn calendar_contradictions(expiries: &[ExpiryVolatility], tolerance: f64) -> u32 {
    let totals = expiries
        .iter()
        .filter_map(|expiry| expiry.at_the_money.map(|iv| iv * iv * expiry.years));
    let (mut last, mut count) = (0.0_f64, 0);
    for total in totals {
        count += u32::from(total < last * (1.0 - tolerance));
        last = last.max(total);
    }
    count
}

fn contradictions(rows: &[SurfaceRow], right: Right) -> u32 {
    let mut count = 0;
    let mut before: [Option<&SurfaceRow>; 2] = [None, None];
    for row in rows
        .iter()
        .filter(|row| row.right == right && row.is_two_sided())
    {
        if let Some(low) = before[1] {
            let (cheap, dear) = match right {
                Right::Call => (low, row),
                Right::Put => (row, low),
            };
            count += u32::from(cheap.ask < dear.bid);
        }
        if let [Some(first), Some(middle)] = before {
            let weight = (row.strike - middle.strike) / (row.strike - first.strike);
            let wings = weight * first.ask + (1.0 - weight) * row.ask;
            // A hundredth of a cent is rounding.
            count += u32::from(wings < middle.bid - 1e-4);
        }
        before = [before[1], Some(row)];
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::greeks::black_scholes::black_scholes;
    use crate::greeks::terms::Terms;

    const YEARS: f64 = 10.0 / 365.0;

    fn series() -> Vec<SurfaceRow> {
        let mut rows = Vec::new();
        for place in 0..41 {
            let strike = 80.0 + f64::from(place);
            let iv = 0.30 - 0.002 * f64::from(place);
            for right in [Right::Call, Right::Put] {
                let terms = Terms {
                    right,
                    spot: 100.0,
                    strike,
                    years: YEARS,
                    rate: 0.0,
                    dividend_yield: 0.0,
                };
                let greeks = black_scholes(&terms, iv).1;
                rows.push(SurfaceRow {
                    strike,
                    right,
                    bid: (greeks.price - 0.01).max(0.0),
                    ask: greeks.price + 0.01,
                    iv: Some(iv),
                    delta: greeks.delta,
                });
            }
        }
        rows
    }

    fn measured(rows: &[SurfaceRow]) -> ExpiryVolatility {
        measure(
            rows,
            (20_260_312, YEARS),
            100.0,
            0.0,
            &mut SurfaceScratch::default(),
        )
    }

    #[test]
    fn a_falling_smile_has_a_middle_and_a_slope() {
        let found = measured(&series());
        assert!((found.forward - 100.0).abs() < 1e-6);
        assert!((found.at_the_money.unwrap() - 0.26).abs() < 1e-3);
        assert!(found.skew.unwrap() > 0.005);
        assert!((found.strip.unwrap() - 0.26).abs() < 0.01);
        assert_eq!(found.contradictions, 0);
    }

    #[test]
    fn a_spread_or_butterfly_that_cannot_lose_is_counted() {
        let mut rows = series();
        // The call at 101 bids more than the one at 100 asks.
        let place = |rows: &[SurfaceRow], strike: f64, right| {
            rows.iter()
                .position(|row| row.strike.total_cmp(&strike).is_eq() && row.right == right)
                .unwrap()
        };
        let at = place(&rows, 101.0, Right::Call);
        let dear = rows[place(&rows, 100.0, Right::Call)].ask + 0.05;
        (rows[at].bid, rows[at].ask) = (dear, dear + 0.02);
        // It is also the dear middle of a butterfly.
        assert_eq!(measured(&rows).contradictions, 2);
        let mut puts = series();
        let at = place(&puts, 100.0, Right::Put);
        (puts[at].bid, puts[at].ask) = (puts[at].bid + 1.0, puts[at].ask + 1.0);
        assert!(measured(&puts).contradictions >= 1);
    }

    #[test]
    fn quotes_with_one_side_contradict_nobody() {
        let mut rows = series();
        for row in &mut rows {
            row.ask = 0.0;
        }
        let found = measured(&rows);
        assert_eq!((found.contradictions, found.strip), (0, None));
        assert_eq!(measured(&[]).at_the_money, None);
    }

    #[test]
    fn total_variance_must_not_fall_with_time() {
        let expiry = |years, iv| ExpiryVolatility {
            at_the_money: Some(iv),
            years,
            ..measured(&[])
        };
        let rising = [expiry(0.1, 0.3), expiry(0.2, 0.25), expiry(0.3, 0.24)];
        assert_eq!(calendar_contradictions(&rising, 0.01), 0);
        let falling = [expiry(0.1, 0.4), expiry(0.2, 0.2), expiry(0.3, 0.24)];
        assert_eq!(calendar_contradictions(&falling, 0.01), 1);
    }
}
