//! What is held, at the prices at which it could be closed, and what it would do.

use crate::books::Books;
use crate::chains::Chains;
use bevy_ecs::prelude::*;
use components::contract::Instrument;
use components::greeks::{Carry, Sensitivity, Valuation, Volatility};
use components::market::Quote;
use components::order::Position;
use components::units::{Cash, Price};
use engine::directory::Directory;
use engine::record::HoldingState;

/// Days in the year that a yearly rate is spread over.
const DAYS_PER_YEAR: f64 = 365.0;

/// What a position gains or loses, all contracts together, signed: negative for what is owed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PositionGreeks {
    /// Dollars for each dollar that the underlying moves, times its price: dollar delta.
    pub delta_usd: f64,
    /// Change of the dollar delta per 1 % of the underlying.
    pub gamma_usd_per_pct: f64,
    /// Dollars for each calendar day that passes.
    pub theta_usd_per_day: f64,
    /// Dollars per point of implied volatility.
    pub vega_usd_per_point: f64,
}

impl PositionGreeks {
    fn add(&mut self, other: &Self) {
        self.delta_usd += other.delta_usd;
        self.gamma_usd_per_pct += other.gamma_usd_per_pct;
        self.theta_usd_per_day += other.theta_usd_per_day;
        self.vega_usd_per_point += other.vega_usd_per_point;
    }
}

/// A position at the marks of the tick.
#[derive(Clone, Debug, PartialEq)]
pub struct PositionView {
    /// What is held.
    pub instrument: Instrument,
    /// How much, what it cost and what was realized and paid.
    pub position: Position,
    /// On what terms; nothing of what others opened.
    pub holding: Option<HoldingState>,
    /// The bid of what is held, the ask of what is owed; absent where nobody shows one.
    pub mark: Option<Price>,
    /// Profit at the mark, without fees; without a mark what is held counts as worthless.
    pub unrealized: Cash,
    /// What it would do; absent without a usable volatility.
    pub greeks: Option<PositionGreeks>,
}

/// All that is held.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Portfolio {
    /// In order of instruments.
    pub positions: Vec<PositionView>,
    /// Profit at the marks, without fees.
    pub unrealized: Cash,
    /// The sums over positions whose Greeks are known.
    pub greeks: PositionGreeks,
    /// Positions whose Greeks are not known.
    pub without_greeks: u32,
}

type Valued<'a> = (
    &'a Quote,
    Option<(&'a Sensitivity, &'a Volatility, &'a Carry, &'a Valuation)>,
);

/// Looks at what is held.
pub fn view_portfolio(
    books: Res<Books>,
    directory: Res<Directory>,
    chains: Res<Chains>,
    instruments: Query<Valued<'_>>,
    mut portfolio: ResMut<Portfolio>,
) {
    let ledger = books.ledger();
    if ledger.positions().next().is_none() {
        portfolio.set_if_neq(Portfolio::default());
        return;
    }
    let mut now = Portfolio::default();
    for (instrument, position) in ledger.positions() {
        let entity = chains.entity_of(&directory, instrument);
        let found = entity.and_then(|entity| instruments.get(entity).ok());
        let view = view(instrument, position, ledger.holding(instrument), found);
        now.unrealized = Cash(now.unrealized.0.saturating_add(view.unrealized.0));
        match &view.greeks {
            Some(greeks) => now.greeks.add(greeks),
            None => now.without_greeks += 1,
        }
        now.positions.push(view);
    }
    portfolio.set_if_neq(now);
}

fn view(
    instrument: &Instrument,
    position: Position,
    holding: Option<&HoldingState>,
    found: Option<<Valued<'_> as bevy_ecs::query::QueryData>::Item<'_, '_>>,
) -> PositionView {
    let multiplier = instrument.multiplier();
    let mark = found.map(|(quote, _)| {
        if position.quantity > 0 {
            quote.bid
        } else {
            quote.ask
        }
    });
    let worth = Cash::of(mark.unwrap_or(Price::NONE), position.quantity, multiplier);
    let units = position.quantity as f64 * f64::from(multiplier);
    let greeks = found.and_then(|(quote, model)| match (instrument, model) {
        (Instrument::Stock(_), _) => Some(PositionGreeks {
            delta_usd: quote.mid_dollars()? * units,
            ..PositionGreeks::default()
        }),
        (Instrument::Option(_), Some((sensitivity, volatility, carry, valuation))) => {
            let spot = valuation.spot;
            let usable = volatility.status.is_usable() && spot > 0.0;
            usable.then(|| PositionGreeks {
                delta_usd: sensitivity.delta * spot * units,
                gamma_usd_per_pct: sensitivity.gamma * spot * spot * 0.01 * units,
                theta_usd_per_day: carry.theta / DAYS_PER_YEAR * units,
                vega_usd_per_point: volatility.vega * 0.01 * units,
            })
        }
        (Instrument::Option(_), None) => None,
    });
    let unrealized = worth.unwrap_or_default().0.saturating_sub(position.cost.0);
    PositionView {
        instrument: *instrument,
        position,
        holding: holding.copied(),
        mark: mark.filter(|price| price.is_some()),
        unrealized: Cash(unrealized),
        greeks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::{Contract, OptionTerms};
    use components::greeks::IvStatus;
    use components::market::Ticker;

    fn instrument() -> Instrument {
        Instrument::Option(Contract {
            underlying: Ticker::new("SPY").unwrap(),
            terms: OptionTerms::from_osi("SPY   250915C00657500").unwrap(),
        })
    }

    fn held(quantity: i64, cost: f64) -> Position {
        Position {
            quantity,
            cost: Cash::from_dollars(cost).unwrap(),
            ..Position::default()
        }
    }

    /// Bid 1.20, ask 1.30.
    fn quote() -> Quote {
        Quote {
            bid: Price(12_000),
            ask: Price(13_000),
            ..Quote::default()
        }
    }

    #[test]
    fn what_is_held_is_worth_its_bid_and_what_is_owed_its_ask() {
        let quote = quote();
        let look = |position| view(&instrument(), position, None, Some((&quote, None)));
        let long = look(held(3, 300.0));
        assert_eq!(long.mark, Some(Price(12_000)));
        assert_eq!(long.unrealized, Cash::from_dollars(60.0).unwrap());
        let short = look(held(-2, -300.0));
        assert_eq!(short.mark, Some(Price(13_000)));
        assert_eq!(short.unrealized, Cash::from_dollars(40.0).unwrap());
        let nowhere = view(&instrument(), held(1, 50.0), None, None);
        assert_eq!((nowhere.mark, nowhere.greeks), (None, None));
        assert_eq!(nowhere.unrealized, Cash::from_dollars(-50.0).unwrap());
    }

    #[test]
    fn greeks_are_those_of_all_contracts_in_published_units() {
        let (quote, spot) = (quote(), 650.0);
        let sensitivity = Sensitivity {
            delta: 0.5,
            gamma: 0.02,
        };
        let volatility = Volatility {
            iv: 0.2,
            vega: 40.0,
            status: IvStatus::Ok,
        };
        let carry = Carry {
            theta: -73.0,
            ..Carry::default()
        };
        let valuation = Valuation {
            spot,
            ..Valuation::default()
        };
        let model = |volatility| Some((&sensitivity, volatility, &carry, &valuation));
        let found = view(
            &instrument(),
            held(-2, 0.0),
            None,
            Some((&quote, model(&volatility))),
        );
        let greeks = found.greeks.unwrap();
        let near = |found: f64, wanted: f64| (found - wanted).abs() < 1e-9;
        // Minus two contracts of 100 shares.
        assert!(near(greeks.delta_usd, -200.0 * 0.5 * 650.0));
        assert!(near(greeks.gamma_usd_per_pct, -200.0 * 0.02 * 650.0 * 6.5));
        assert!(near(greeks.theta_usd_per_day, 200.0 * 0.2));
        assert!(near(greeks.vega_usd_per_point, -200.0 * 0.4));
        let none = Volatility {
            status: IvStatus::default(),
            ..volatility
        };
        let unknown = view(
            &instrument(),
            held(1, 0.0),
            None,
            Some((&quote, model(&none))),
        );
        assert_eq!(unknown.greeks, None);
    }
}
