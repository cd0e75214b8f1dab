//! The last look at an order's shape: a limit near a fresh quote, on the price grid, in whole
//! contracts, of a contract that still trades (I10, I11).
//!
//! A limit order may reach at most `collar_share` of the midpoint beyond the far side of the quote:
//! a purchase above the ask, a sale below the bid. How far it stays behind is its own affair: a
//! target rests where it is. A stop-limit order rests as well and is measured against its own stop.
//! The edge is inside; prices are compared as whole units.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::money::{is_share_of_mid, ppm};
use bevy_ecs::prelude::Resource;
use components::market::{Quote, QuoteState, Side, Ticker};
use components::order::{Order, OrderKind};
use components::price_grid::PriceGrid;
use components::units::{Price, Timestamp};
use engine::config::{Section, within};
use engine::planted::planted;
use serde::Deserialize;

/// The `collar` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct CollarConfig {
    /// How far a limit may lie beyond the quote's far side, as a share of the midpoint.
    #[garde(custom(within(0.0, 1.0)))]
    pub collar_share: f64,
    /// How far the limit of a stop may lie beyond the stop, as a share of it.
    #[garde(custom(within(0.0, 1.0)))]
    pub stop_collar_share: f64,
    /// Underlyings whose options are quoted in cents at every price.
    #[garde(length(max = 1000))]
    pub cent_symbols: Vec<Ticker>,
    /// Underlyings whose options are quoted in nickels below $3 and in dimes from there on.
    #[garde(length(max = 1000))]
    pub nickel_symbols: Vec<Ticker>,
}

impl Section for CollarConfig {
    const NAME: &'static str = "collar";
}

impl CollarConfig {
    /// The prices that orders for the options on `underlying` may carry: those of the penny class
    /// unless the config names it.
    #[must_use]
    pub fn grid(&self, underlying: Ticker) -> PriceGrid {
        if self.cent_symbols.contains(&underlying) {
            PriceGrid::CENT
        } else if self.nickel_symbols.contains(&underlying) {
            PriceGrid::NICKEL
        } else {
            PriceGrid::PENNY
        }
    }
}

/// What an order is held against.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The contract's quote.
    pub quote: Quote,
    /// Whether the feed that it comes from lives.
    pub fresh: bool,
    /// When the contract stops existing.
    pub settles: Timestamp,
}

/// Why an order may not leave as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Misshapen {
    /// It has no limit: a market order.
    NoLimit,
    /// The contract's quote is not fresh.
    Stale,
    /// The contract's quote is not two-sided.
    Quote,
    /// Its limit lies too far beyond the quote or its stop, or on the wrong side of its stop.
    Collar,
    /// Its price is none that an exchange takes.
    Grid,
    /// No contracts.
    Quantity,
    /// The contract has settled, or the order ends before it begins.
    Expired,
}

impl Misshapen {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoLimit => "risk_no_limit",
            Self::Stale => "risk_stale_data",
            Self::Quote => "risk_quote",
            Self::Collar => "risk_collar",
            Self::Grid => "risk_grid",
            Self::Quantity => "risk_quantity",
            Self::Expired => "risk_expired",
        }
    }
}

/// Whether an order may leave as it is.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check_shape(
    order: &Order,
    shown: &Shown,
    now: Timestamp,
    config: &CollarConfig,
) -> Result<(), Misshapen> {
    require(order.quantity > 0, Misshapen::Quantity)?;
    let alive = shown.settles > now && order.good_until > now;
    require(alive, Misshapen::Expired)?;
    let limit = order.kind.limit().ok_or(Misshapen::NoLimit)?;
    let grid = config.grid(order.contract.underlying);
    // Breaks I11: prices that no exchange takes pass.
    let on_grid = grid.holds(limit) || planted(11);
    require(on_grid && limit.is_some(), Misshapen::Grid)?;
    match order.kind {
        OrderKind::StopLimit { stop, .. } => {
            require(grid.holds(stop), Misshapen::Grid)?;
            let beyond = beyond(order.side, limit, stop);
            require(beyond >= 0, Misshapen::Collar)?;
            let most = ppm(config.stop_collar_share);
            require(is_share_of_mid(beyond, stop, stop, most), Misshapen::Collar)
        }
        _ => check_limit(order, limit, shown, ppm(config.collar_share)),
    }
}

fn check_limit(order: &Order, limit: Price, shown: &Shown, most_ppm: i64) -> Result<(), Misshapen> {
    // Breaks I10: a limit may lie anywhere, on any quote.
    if planted(10) {
        return Ok(());
    }
    // Breaks I24 with the judge: what the market said long ago is taken for what it says.
    require(shown.fresh || planted(24), Misshapen::Stale)?;
    let quote = &shown.quote;
    require(quote.state() == QuoteState::TwoSided, Misshapen::Quote)?;
    let far_side = match order.side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    let beyond = beyond(order.side, limit, far_side);
    let inside = is_share_of_mid(beyond, quote.bid, quote.ask, most_ppm);
    require(inside, Misshapen::Collar)
}

/// How much worse than `from` an order of this side may be filled at its limit.
fn beyond(side: Side, limit: Price, from: Price) -> i64 {
    match side {
        Side::Buy => limit.0.saturating_sub(from.0),
        Side::Sell => from.0.saturating_sub(limit.0),
    }
}

fn require(holds: bool, otherwise: Misshapen) -> Result<(), Misshapen> {
    if holds { Ok(()) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::{Contract, OptionTerms};
    use components::order::{OrderId, Role};
    use proptest::prelude::*;

    fn config() -> CollarConfig {
        let ticker = |text| Ticker::new(text).unwrap();
        CollarConfig {
            collar_share: 0.1,
            stop_collar_share: 0.5,
            cent_symbols: vec![ticker("QQQ")],
            nickel_symbols: vec![ticker("SPX")],
        }
    }

    fn order(side: Side, kind: OrderKind) -> Order {
        Order {
            id: OrderId(1),
            contract: Contract {
                underlying: Ticker::new("SPY").unwrap(),
                terms: OptionTerms::from_osi("SPY   250915C00650000").unwrap(),
            },
            side,
            quantity: 1,
            kind,
            role: Role::Entry,
            parent: None,
            oca: None,
            at: Timestamp(0),
            good_until: Timestamp(20),
        }
    }

    fn shown(bid: i64, ask: i64) -> Shown {
        Shown {
            quote: Quote {
                bid: Price(bid),
                ask: Price(ask),
                ..Quote::default()
            },
            fresh: true,
            settles: Timestamp(30),
        }
    }

    fn check(order: &Order, shown: &Shown) -> Result<(), Misshapen> {
        check_shape(order, shown, Timestamp(10), &config())
    }

    fn limit(side: Side, price: i64) -> Result<(), Misshapen> {
        // The midpoint is $2: 20 cents beyond either side.
        check(
            &order(side, OrderKind::Limit(Price(price))),
            &shown(19_000, 21_000),
        )
    }

    #[test]
    fn the_collar_includes_its_edge_on_both_sides() {
        assert_eq!(
            (limit(Side::Buy, 23_000), limit(Side::Sell, 17_000)),
            (Ok(()), Ok(()))
        );
        assert_eq!(limit(Side::Buy, 23_100), Err(Misshapen::Collar));
        assert_eq!(limit(Side::Sell, 16_900), Err(Misshapen::Collar));
        assert_eq!(
            (limit(Side::Buy, 100), limit(Side::Sell, 90_000)),
            (Ok(()), Ok(())),
            "rests"
        );
    }

    #[test]
    fn a_quote_that_is_stale_or_not_two_sided_prices_nothing() {
        let order = order(Side::Buy, OrderKind::Limit(Price(20_000)));
        for (bid, ask) in [
            (0, 21_000),
            (19_000, 0),
            (21_000, 19_000),
            (20_000, 20_000),
            (0, 0),
        ] {
            assert_eq!(
                check(&order, &shown(bid, ask)),
                Err(Misshapen::Quote),
                "{bid} {ask}"
            );
        }
        let stale = Shown {
            fresh: false,
            ..shown(19_000, 21_000)
        };
        assert_eq!(check(&order, &stale), Err(Misshapen::Stale));
    }

    #[test]
    fn what_has_no_limit_never_leaves() {
        for kind in [OrderKind::Market, OrderKind::Stop(Price(10_000))] {
            let found = check(&order(Side::Sell, kind), &shown(19_000, 21_000));
            assert_eq!(found, Err(Misshapen::NoLimit));
        }
    }

    #[test]
    fn a_stop_is_held_against_itself_and_needs_no_quote() {
        let stop = |side, stop, limit| {
            let kind = OrderKind::StopLimit {
                stop: Price(stop),
                limit: Price(limit),
            };
            check(
                &order(side, kind),
                &Shown {
                    fresh: false,
                    ..shown(0, 0)
                },
            )
        };
        assert_eq!(stop(Side::Sell, 10_000, 5_000), Ok(()));
        assert_eq!(stop(Side::Sell, 10_000, 4_900), Err(Misshapen::Collar));
        assert_eq!(
            stop(Side::Sell, 10_000, 10_100),
            Err(Misshapen::Collar),
            "above its stop"
        );
        assert_eq!(stop(Side::Sell, 10_000, 10_000), Ok(()), "at its stop");
        assert_eq!(stop(Side::Buy, 10_000, 15_000), Ok(()));
        assert_eq!(stop(Side::Buy, 10_000, 9_900), Err(Misshapen::Collar));
        assert_eq!(stop(Side::Sell, 10_050, 9_000), Err(Misshapen::Grid));
    }

    #[test]
    fn the_grid_depends_on_the_underlying() {
        let grid = |text| config().grid(Ticker::new(text).unwrap());
        assert_eq!(
            [grid("QQQ"), grid("SPX"), grid("SPY")],
            [PriceGrid::CENT, PriceGrid::NICKEL, PriceGrid::PENNY]
        );
        assert_eq!(limit(Side::Buy, 20_050), Err(Misshapen::Grid));
        assert_eq!(limit(Side::Buy, -100), Err(Misshapen::Grid));
    }

    #[test]
    fn no_contracts_and_no_time_left_are_refused() {
        let good = order(Side::Buy, OrderKind::Limit(Price(20_000)));
        let none = Order {
            quantity: 0,
            ..good
        };
        assert_eq!(
            check(&none, &shown(19_000, 21_000)),
            Err(Misshapen::Quantity)
        );
        let over = Order {
            good_until: Timestamp(10),
            ..good
        };
        assert_eq!(
            check(&over, &shown(19_000, 21_000)),
            Err(Misshapen::Expired)
        );
        let settled = Shown {
            settles: Timestamp(10),
            ..shown(19_000, 21_000)
        };
        assert_eq!(check(&good, &settled), Err(Misshapen::Expired));
    }

    proptest! {
        #[test]
        fn whatever_passes_has_a_limit_on_the_grid_inside_the_collar(
            bid in 0_i64..100_000,
            ask in 0_i64..100_000,
            price in -100_i64..120_000,
            buys in any::<bool>(),
            fresh in any::<bool>(),
        ) {
            let side = if buys { Side::Buy } else { Side::Sell };
            let order = order(side, OrderKind::Limit(Price(price)));
            if check(&order, &Shown { fresh, ..shown(bid, ask) }).is_ok() {
                prop_assert!(fresh && 0 < bid && bid < ask && price > 0);
                let tick = if price < 30_000 { 100 } else { 500 };
                prop_assert_eq!(price % tick, 0);
                let room = (bid + ask) as f64 / 2.0 * 0.1 + 1e-6;
                let worst = if buys { price - ask } else { bid - price };
                prop_assert!(worst as f64 <= room);
            }
        }
    }
}
