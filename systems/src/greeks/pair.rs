//! A call and a put at one strike: one volatility, two sets of Greeks.

use crate::greeks::black_scholes::{Greeks, black_scholes};
use crate::greeks::implied_volatility::implied_volatility;
use crate::greeks::terms::Terms;
use components::contract::{ExerciseStyle, Right};
use components::greeks::{IvStatus, VendorGreeks};
use components::market::{Quote, QuoteState};
use components::units::{Price, SECONDS_PER_YEAR};
use engine::math;

/// Greeks inside the last minute are those of a minute before expiry: the gamma at the money grows
/// without bound.
pub const YEARS_MIN: f64 = 60.0 / SECONDS_PER_YEAR;

/// An ask up to this, with no bid, still prices an option.
const NO_BID_ASK_MAX: Price = Price(1_000);

/// What call and put share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inputs {
    /// With the right of the row that leads the pair.
    pub terms: Terms,
    pub style: ExerciseStyle,
    pub iv_min: f64,
    pub iv_max: f64,
}

/// What the market says of one of the two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Leg {
    pub quote: Quote,
    pub vendor: VendorGreeks,
}

/// A pair to value: the leading row and the other right's row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub row: u32,
    pub partner: u32,
    /// The market's spot in dollars; `inputs.terms.spot` is the one to price with.
    pub spot: f64,
    pub inputs: Inputs,
    pub own: Leg,
    pub other: Leg,
}

/// The volatility of a pair and the Greeks of both.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Valued {
    pub iv: f64,
    pub status: IvStatus,
    pub own: Greeks,
    pub other: Greeks,
}

impl Pair {
    /// Implies the volatility and values both rights with it.
    pub(super) fn value(&self) -> Valued {
        let inputs = &self.inputs;
        let terms = &inputs.terms;
        if terms.years <= 0.0 {
            return Valued {
                status: IvStatus::Expired,
                ..Valued::default()
            };
        }
        let carry = (terms.rate - terms.dividend_yield) * terms.years;
        let forward = terms.spot * math::exp(carry);
        let outside = if terms.strike >= forward {
            Right::Call
        } else {
            Right::Put
        };
        let (first, second) = if outside == terms.right {
            (&self.own, &self.other)
        } else {
            (&self.other, &self.own)
        };
        let (mut status, mut iv) = self.imply(outside, &first.quote);
        // In-the-money quotes of American options carry an early-exercise premium: not used.
        if !status.is_usable() && inputs.style == ExerciseStyle::European {
            let (other_status, other_iv) = self.imply(outside.other(), &second.quote);
            if other_status.is_usable() {
                (status, iv) = (other_status, other_iv);
            }
        }
        if !status.is_usable()
            && let Some(vendor) = self.vendor(outside, first)
        {
            (status, iv) = (IvStatus::Ok, Some(vendor));
        }
        match iv.filter(|iv| status.is_usable() && (inputs.iv_min..=inputs.iv_max).contains(iv)) {
            Some(iv) => Valued {
                iv,
                status,
                own: self.greeks(terms.right, iv),
                other: self.greeks(terms.right.other(), iv),
            },
            None if status.is_usable() => Valued {
                status: IvStatus::IllConditioned,
                ..Valued::default()
            },
            None => Valued {
                status,
                ..Valued::default()
            },
        }
    }

    fn imply(&self, right: Right, quote: &Quote) -> (IvStatus, Option<f64>) {
        match price_of(quote) {
            Some(price) => implied_volatility(&self.terms(right), price),
            None => (IvStatus::NoQuote, None),
        }
    }

    /// A vendor's volatility, accepted only if it prices the option inside its quote widened by a
    /// tick of a cent: vendors' numbers can be wrong by a factor of six.
    fn vendor(&self, right: Right, leg: &Leg) -> Option<f64> {
        let iv = leg.vendor.iv;
        let quoted = leg.quote.state() == QuoteState::TwoSided && iv > 0.0;
        let price = quoted.then(|| self.greeks(right, iv).price)?;
        let inside =
            (leg.quote.bid.dollars() - 0.01..=leg.quote.ask.dollars() + 0.01).contains(&price);
        inside.then_some(iv)
    }

    fn greeks(&self, right: Right, iv: f64) -> Greeks {
        let terms = self.terms(right);
        let (_, exact) = black_scholes(&terms, iv);
        if terms.years >= YEARS_MIN {
            return exact;
        }
        let last_minute = Terms {
            years: YEARS_MIN,
            ..terms
        };
        let (_, minute) = black_scholes(&last_minute, iv);
        Greeks {
            price: exact.price,
            ..minute
        }
    }

    fn terms(&self, right: Right) -> Terms {
        Terms {
            right,
            ..self.inputs.terms
        }
    }
}

/// The price that a quote stands for, in dollars: its midpoint, also where only a small ask is left.
#[must_use]
pub fn price_of(quote: &Quote) -> Option<f64> {
    let worthless = quote.bid == Price::NONE && quote.ask.is_some() && quote.ask <= NO_BID_ASK_MAX;
    if worthless {
        return Some(quote.ask.dollars() / 2.0);
    }
    quote.mid_dollars()
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Timestamp;

    fn quote(bid: f64, ask: f64) -> Quote {
        Quote {
            bid: Price::from_dollars(bid).unwrap(),
            ask: Price::from_dollars(ask).unwrap(),
            bid_size: 1,
            ask_size: 1,
            at: Timestamp(0),
        }
    }

    fn pair(strike: f64, minutes: f64, call: Quote, put: Quote) -> Pair {
        let leg = |quote| Leg {
            quote,
            vendor: VendorGreeks::default(),
        };
        Pair {
            row: 0,
            partner: 1,
            spot: 100.0,
            inputs: Inputs {
                terms: Terms {
                    right: Right::Call,
                    spot: 100.0,
                    strike,
                    years: minutes / 525_600.0,
                    rate: 0.0,
                    dividend_yield: 0.0,
                },
                style: ExerciseStyle::American,
                iv_min: 0.02,
                iv_max: 5.0,
            },
            own: leg(call),
            other: leg(put),
        }
    }

    #[test]
    fn both_rights_take_the_volatility_of_the_cheap_side() {
        let put = quote(0.50, 0.52);
        let value = pair(95.0, 43_800.0, quote(9.0, 9.5), put).value();
        assert_eq!(value.status, IvStatus::Ok);
        assert!(
            (value.other.price - 0.51).abs() < 1e-9,
            "{}",
            value.other.price
        );
        // The call's own quote would say something else and is not asked.
        assert!((value.own.price - 5.51).abs() < 1e-9, "{}", value.own.price);
        assert!((value.own.delta - value.other.delta - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_half_cent_put_keeps_its_volatility_and_a_missing_one_has_none() {
        let value = pair(90.0, 2_000.0, quote(9.0, 11.0), quote(0.0, 0.01)).value();
        assert_eq!(value.status, IvStatus::Ok);
        let value = pair(90.0, 2_000.0, quote(9.0, 11.0), quote(0.0, 0.50)).value();
        assert_eq!(value.status, IvStatus::NoQuote);
        assert!(value.own.delta.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn the_last_minute_keeps_gamma_finite_and_the_price_exact() {
        let late = pair(100.0, 0.25, quote(0.02, 0.04), quote(0.02, 0.04)).value();
        let bound = 0.398_95 / (100.0 * late.iv * YEARS_MIN.sqrt());
        assert!(late.own.gamma > 0.0 && late.own.gamma <= bound);
        assert!((late.own.price - 0.03).abs() < 1e-9);
    }

    #[test]
    fn after_expiry_there_is_nothing() {
        let value = pair(100.0, 0.0, quote(0.02, 0.04), quote(0.02, 0.04)).value();
        assert_eq!(value.status, IvStatus::Expired);
        assert!(value.own.gamma.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn a_vendor_must_reprice_the_quote() {
        let mut vendored = pair(95.0, 43_800.0, quote(9.0, 9.5), quote(0.50, 0.52));
        let iv = vendored.value().iv;
        // A crossed own quote leaves only the vendor; its two-sided twin judges it.
        vendored.other.vendor.iv = iv;
        assert!((vendored.vendor(Right::Put, &vendored.other).unwrap() - iv).abs() < 1e-12);
        vendored.other.vendor.iv = 6.0 * iv;
        assert_eq!(vendored.vendor(Right::Put, &vendored.other), None);
    }
}
