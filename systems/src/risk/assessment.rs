//! What the ledger and the market say, as the book that limits are held against.
//!
//! Built once in a tick in which something is to be judged. What cannot be valued makes every
//! opening order be refused: a book that is not understood is not added to.

use super::book::{AssetClass, Book, Line, UnitGreeks, UnitRisk};
use super::exposure::Exposure;
use super::limits::{Limit, LimitsConfig};
use super::repricing::{
    Holding, Move, SCENARIOS, TRADING_DAY_YEARS, normal_moves, reprice, scenarios,
};
use super::{ContractMarket, RiskConfig, UnderlyingMarket, money};
use crate::books::Books;
use crate::chains::Chains;
use crate::greeks::RatesConfig;
use crate::greeks::black_scholes::black_scholes;
use crate::greeks::terms::Terms;
use crate::ingest::Sources;
use crate::ledger::Ledger;
use crate::positions::Account;
use crate::quarantine::Quarantine;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use components::contract::{Contract, Instrument, Settlement};
use components::greeks::{Carry, Sensitivity, Valuation, Volatility};
use components::interest::OpenInterest;
use components::market::{Quote, Side, Spot, Ticker, TradingHalt};
use components::order::Role;
use components::signal::Signal;
use components::units::{Cash, Price, Timestamp};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::feeds::Feeds;
use std::collections::BTreeMap;

/// Nothing is opened for so long after an underlying resumes.
const RESUME_NANOS: i64 = 5_000_000_000;

/// Moves of the stand-in for a history of the underlyings.
const HISTORY_DAYS: usize = 50;

type Contracts = (
    &'static Quote,
    &'static Settlement,
    &'static OpenInterest,
    &'static Sensitivity,
    &'static Volatility,
    &'static Carry,
    &'static Valuation,
);

/// Where the market is read.
#[derive(SystemParam)]
pub struct Market<'w, 's> {
    tick: Res<'w, Tick>,
    feeds: Res<'w, Feeds>,
    chains: Res<'w, Chains>,
    directory: Res<'w, Directory>,
    rates: Res<'w, RatesConfig>,
    underlyings: Query<
        'w,
        's,
        (
            &'static TradingHalt,
            &'static Sources,
            &'static Spot,
            &'static Quote,
            Option<&'static Quarantine>,
        ),
    >,
    contracts: Query<'w, 's, Contracts>,
}

impl Market<'_, '_> {
    /// The contract of a signal.
    #[must_use]
    pub fn contract(&self, signal: &Signal) -> Option<ContractMarket> {
        let entity = self.chains.entity(signal.contract)?;
        let (quote, settlement, interest, ..) = self.contracts.get(entity).ok()?;
        Some(ContractMarket {
            quote: *quote,
            settles: settlement.0,
            open_interest: interest.contracts,
        })
    }

    /// The contract of a signal as it outlives the run.
    #[must_use]
    pub fn key(&self, signal: &Signal) -> Contract {
        let ticker = self.directory.ticker(signal.symbol);
        Contract {
            underlying: ticker.unwrap_or(signal.terms.root),
            terms: signal.terms,
        }
    }

    /// The instant of the tick.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.tick.now
    }

    /// The underlying of a signal.
    #[must_use]
    pub fn underlying(&self, signal: &Signal) -> Option<UnderlyingMarket> {
        let entity = self.chains.underlying(signal.symbol)?;
        let (halt, sources, _, _, quarantine) = self.underlyings.get(entity).ok()?;
        let fresh = |feed| self.feeds.is_fresh(feed, self.tick.now);
        Some(UnderlyingMarket {
            // I30: the first quotes after a pause are no market yet.
            halted: halt.halted || self.tick.now.nanos_since(halt.since) < RESUME_NANOS,
            fresh: fresh(sources.spot) && fresh(sources.chain) && !sources.band.is_quarantined(),
            quarantined: quarantine.is_some_and(|quarantine| quarantine.is_on),
        })
    }

    fn row(
        &self,
        contract: &Contract,
    ) -> Option<<Contracts as bevy_ecs::query::QueryData>::Item<'_, '_>> {
        let instrument = Instrument::Option(*contract);
        let entity = self.chains.entity_of(&self.directory, &instrument)?;
        self.contracts.get(entity).ok()
    }

    fn stock(&self, ticker: Ticker) -> Option<(f64, Quote)> {
        let instrument = Instrument::Stock(ticker);
        let entity = self.chains.entity_of(&self.directory, &instrument)?;
        let (_, _, spot, quote, _) = self.underlyings.get(entity).ok()?;
        Some((spot.get()?, *quote))
    }
}

/// What a unit of an instrument risks.
#[derive(Clone, Debug)]
struct Unit {
    greeks: UnitGreeks,
    scenarios_usd: [f64; SCENARIOS],
    history_usd: Vec<f64>,
}

/// The book of a tick.
pub struct Assessment<'a> {
    config: &'a RiskConfig,
    tick: &'a Tick,
    units: BTreeMap<Instrument, Unit>,
    marks: BTreeMap<Instrument, Price>,
}

impl<'a> Assessment<'a> {
    /// Values everything that is held, wanted or asked for.
    #[must_use]
    pub fn new(
        books: &Books,
        market: &'a Market<'_, '_>,
        limits: &LimitsConfig,
        config: &'a RiskConfig,
        signals: &[Signal],
    ) -> Self {
        let ledger = books.ledger();
        let mut all = Self {
            config,
            tick: &market.tick,
            units: BTreeMap::new(),
            marks: BTreeMap::new(),
        };
        let moves = scenarios(limits.scenario_spot_share, limits.scenario_iv_change);
        let held = ledger.positions().map(|(instrument, _)| *instrument);
        let wanted = ledger
            .orders_in_flight()
            .map(|order| Instrument::Option(order.contract()));
        let foreign = ledger.foreign_orders().map(|order| order.instrument);
        let asked = signals
            .iter()
            .filter(|signal| !signal.intent.reduces_risk())
            .map(|signal| Instrument::Option(market.key(signal)));
        let everything: Vec<Instrument> = held.chain(wanted).chain(foreign).chain(asked).collect();
        for instrument in everything {
            if all.marks.contains_key(&instrument) {
                continue;
            }
            let long = ledger.position(&instrument).quantity >= 0;
            let (mark, unit) = value(&instrument, market, &moves, long);
            all.marks.insert(instrument, mark);
            if let Some(unit) = unit {
                all.units.insert(instrument, unit);
            }
        }
        all
    }

    /// The sums that limits read.
    ///
    /// # Errors
    /// When an amount does not fit: nothing may be opened on such a book.
    pub fn exposure(&self, books: &Books, account: &Account) -> Result<Exposure, Limit> {
        let ledger = books.ledger();
        let worthless: BTreeMap<Instrument, Unit> = self
            .marks
            .iter()
            .filter(|(instrument, _)| !self.units.contains_key(instrument))
            .map(|(instrument, mark)| (*instrument, lost(instrument, *mark)))
            .collect();
        let ranges = ledger.holding_ranges();
        let flying = in_flight(ledger).ok_or(Limit::Unknown)?;
        let fees = money::cash(self.config.fees_per_contract_usd);
        let mut lines = Vec::with_capacity(ranges.len());
        for (instrument, range) in &ranges {
            let position = ledger.position(instrument);
            let held = position.quantity;
            let buys = range.most.checked_sub(held).ok_or(Limit::Unknown)?;
            let sells = held.checked_sub(range.least).ok_or(Limit::Unknown)?;
            if (held, buys, sells) == (0, 0, 0) {
                continue;
            }
            let known = self.units.get(instrument);
            let unit = known
                .or_else(|| worthless.get(instrument))
                .ok_or(Limit::Unknown)?;
            let units = buys.saturating_add(sells);
            lines.push(Line {
                instrument: *instrument,
                class: self.class(instrument.underlying()),
                held,
                buys,
                sells,
                cost: Cash(position.cost.0.saturating_abs()),
                in_flight: flying.get(instrument).copied().unwrap_or_default(),
                fees: Cash(fees.0.saturating_mul(units)),
                mark: self.marks.get(instrument).copied().unwrap_or_default(),
                expires_today: self.expires(instrument),
                risk: risk_of(unit),
            });
        }
        let working = ledger.orders_in_flight().count();
        Exposure::of(&Book {
            lines: &lines,
            cash: account.cash,
            equity: account.equity(),
            day_open_equity: ledger.account().day_open_equity,
            working_orders: u32::try_from(working).unwrap_or(u32::MAX),
            history_days: HISTORY_DAYS,
        })
    }

    /// What a contract risks, if it can be valued.
    #[must_use]
    pub fn unit_risk(&self, contract: &Contract) -> Option<UnitRisk<'_>> {
        self.units.get(&Instrument::Option(*contract)).map(risk_of)
    }

    /// What kind of thing an underlying is.
    #[must_use]
    pub fn class(&self, underlying: Ticker) -> AssetClass {
        if self.config.index_symbols.contains(&underlying) {
            AssetClass::Index
        } else if self.config.fund_symbols.contains(&underlying) {
            AssetClass::Fund
        } else {
            AssetClass::Stock
        }
    }

    /// Whether a contract expires today.
    #[must_use]
    pub fn expires_today(&self, contract: &Contract) -> bool {
        contract.terms.expiry.date() == self.tick.session.date
    }

    fn expires(&self, instrument: &Instrument) -> bool {
        match instrument {
            Instrument::Option(contract) => self.expires_today(contract),
            Instrument::Stock(_) => false,
        }
    }
}

/// Money at risk in what opens and is in flight, by instrument; `None` where it cannot be said.
fn in_flight(ledger: &Ledger) -> Option<BTreeMap<Instrument, Cash>> {
    let mut sums: BTreeMap<Instrument, Cash> = BTreeMap::new();
    let mut add = |instrument, premium| {
        let sum = sums.entry(instrument).or_default();
        *sum = sum.checked_add(premium)?;
        Some(())
    };
    for wanted in ledger.reservations() {
        if wanted.role == Role::Entry {
            add(Instrument::Option(wanted.contract), wanted.premium()?)?;
        }
    }
    for order in ledger.foreign_orders() {
        let left = i64::from(order.quantity.saturating_sub(order.filled));
        if order.side == Side::Buy && left > 0 {
            let multiplier = order.instrument.multiplier();
            add(order.instrument, Cash::of(order.limit?, left, multiplier)?)?;
        }
    }
    Some(sums)
}

fn risk_of(unit: &Unit) -> UnitRisk<'_> {
    UnitRisk {
        greeks: unit.greeks,
        scenarios_usd: unit.scenarios_usd,
        history_usd: &unit.history_usd,
    }
}

/// What cannot be valued is taken to lose all that it could be sold for, in every case.
fn lost(instrument: &Instrument, mark: Price) -> Unit {
    let worth = -mark.dollars() * f64::from(instrument.multiplier());
    Unit {
        greeks: UnitGreeks::default(),
        scenarios_usd: [worth; SCENARIOS],
        history_usd: vec![worth; HISTORY_DAYS],
    }
}

/// The price at which an instrument could be closed now, and what a unit risks.
fn value(
    instrument: &Instrument,
    market: &Market<'_, '_>,
    moves: &[Move; SCENARIOS],
    long: bool,
) -> (Price, Option<Unit>) {
    let side = |quote: &Quote| if long { quote.bid } else { quote.ask };
    match instrument {
        Instrument::Stock(ticker) => match market.stock(*ticker) {
            Some((spot, quote)) => {
                let holding = Holding::Shares { spot, units: 1.0 };
                let greeks = UnitGreeks {
                    delta_usd: spot,
                    ..UnitGreeks::default()
                };
                // Shares stand for the whole market where nothing else is known: 20 % a year.
                let unit = unit_of(&holding, greeks, moves, 0.20);
                (side(&quote), unit)
            }
            None => (Price::NONE, None),
        },
        Instrument::Option(contract) => {
            let Some((quote, _, _, sensitivity, volatility, carry, valuation)) =
                market.row(contract)
            else {
                return (Price::NONE, None);
            };
            let mark = side(quote);
            let usable = volatility.status.is_usable() && valuation.spot > 0.0;
            if !usable {
                return (mark, None);
            }
            let multiplier = f64::from(contract.terms.multiplier);
            let spot = valuation.spot;
            let greeks = UnitGreeks {
                delta_usd: sensitivity.delta * spot * multiplier,
                gamma_usd: sensitivity.gamma * spot * spot * 0.01 * multiplier,
                vega_usd: volatility.vega * 0.01 * multiplier,
                theta_usd: carry.theta / 365.0 * multiplier,
            };
            let holding = Holding::Option {
                terms: Terms {
                    right: contract.terms.right,
                    spot,
                    strike: contract.terms.strike.dollars(),
                    years: valuation.years,
                    rate: market.rates.flat,
                    dividend_yield: valuation.dividend_yield,
                },
                volatility: volatility.iv,
                units: multiplier,
            };
            (mark, unit_of(&holding, greeks, moves, volatility.iv))
        }
    }
}

/// Re-prices a unit under the scenarios and under a normal year of its own volatility, the stand-in
/// for a history that is not there.
fn unit_of(
    holding: &Holding,
    greeks: UnitGreeks,
    moves: &[Move; SCENARIOS],
    iv: f64,
) -> Option<Unit> {
    let model = |terms: &Terms, volatility: f64| {
        let (status, greeks) = black_scholes(terms, volatility);
        status.has_values().then_some(greeks.price)
    };
    let mut unit = Unit {
        greeks,
        scenarios_usd: [0.0; SCENARIOS],
        history_usd: vec![0.0; HISTORY_DAYS],
    };
    reprice(holding, moves, 0.0, model, &mut unit.scenarios_usd).ok()?;
    let history = normal_moves(iv, HISTORY_DAYS);
    let year = TRADING_DAY_YEARS;
    reprice(holding, &history, year, model, &mut unit.history_usd).ok()?;
    Some(unit)
}
