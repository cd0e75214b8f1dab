//! What the ledger and the market say, as the book that limits are held against.
//!
//! Built once in a tick in which something is to be judged. What cannot be valued makes every
//! opening order be refused: a book that is not understood is not added to.

use super::book::{AssetClass, Book, Line, UnitGreeks, UnitRisk};
use super::daily_closes::DailyCloses;
use super::exposure::Exposure;
use super::limits::Limit;
use super::repricing::{HISTORY_DAYS, SCENARIOS};
use super::revaluation::{Gains, Inputs, Revaluation, Setting};
use super::{ContractMarket, RiskConfig, UnderlyingMarket, money};
use crate::books::Books;
use crate::chains::Chains;
use crate::greeks::RatesConfig;
use crate::ingest::Sources;
use crate::ledger::HoldingRange;
use crate::positions::Account;
use crate::quarantine::Quarantine;
use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use components::contract::{Contract, Instrument, Settlement};
use components::greeks::{Carry, Sensitivity, Valuation, Volatility};
use components::interest::OpenInterest;
use components::market::{Quote, Spot, Ticker, TradingHalt};
use components::signal::Signal;
use components::units::{Cash, Price, Timestamp};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::feeds::Feeds;
use std::collections::BTreeMap;

/// Nothing is opened for so long after an underlying resumes.
const RESUME_NANOS: i64 = 5_000_000_000;

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

/// An instrument of the book and what is known of it beside its gains.
#[derive(Clone, Copy, Debug)]
struct Row {
    instrument: Instrument,
    range: HoldingRange,
    /// The price at which it could be closed now.
    mark: Price,
    greeks: UnitGreeks,
}

/// The book of a tick: everything that is held, wanted or asked for, in the order of instruments.
pub struct Assessment<'a> {
    config: &'a RiskConfig,
    tick: &'a Tick,
    rows: Vec<Row>,
    gains: &'a Revaluation,
}

/// How many instruments the books that were judged had, over all judgements.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// Instruments.
    pub positions: u64,
    /// Those whose underlying has no history: they stand on the stand-in.
    pub on_stand_in: u64,
}

/// What values the book, and what it knows from the last time.
#[derive(SystemParam)]
pub struct Pricing<'w> {
    judged: ResMut<'w, Judged>,
    setting: ResMut<'w, Setting>,
    kept: ResMut<'w, Revaluation>,
    closes: Res<'w, DailyCloses>,
}

impl<'a> Assessment<'a> {
    /// Values everything that is held, wanted or asked for.
    #[must_use]
    pub fn new(
        books: &Books,
        market: &'a Market<'_, '_>,
        pricing: &'a mut Pricing<'_>,
        config: &'a RiskConfig,
        signals: &[Signal],
    ) -> Self {
        let mut book = books.ledger().holding_ranges();
        let opening = signals
            .iter()
            .filter(|signal| !signal.intent.reduces_risk());
        for signal in opening {
            let instrument = Instrument::Option(market.key(signal));
            book.entry(instrument).or_default();
        }
        let mut rows = Vec::with_capacity(book.len());
        let mut wanted = Vec::with_capacity(book.len());
        for (instrument, range) in book {
            let long = books.ledger().position(&instrument).quantity >= 0;
            let (mark, known) = value(&instrument, market, long);
            let (greeks, inputs) = known.unzip();
            wanted.push((instrument, inputs));
            rows.push(Row {
                instrument,
                range,
                mark,
                greeks: greeks.unwrap_or_default(),
            });
        }
        let Pricing {
            judged,
            setting,
            kept,
            closes,
        } = pricing;
        if setting.follow(closes, market.tick.session.date) {
            kept.clear();
        }
        kept.follow(&wanted, setting);
        let dated = kept.gains().flatten().filter(|gains| gains.dated).count();
        judged.positions += wanted.len() as u64;
        judged.on_stand_in += (wanted.len() - dated) as u64;
        Self {
            config,
            tick: &market.tick,
            rows,
            gains: kept,
        }
    }

    /// The sums that limits read.
    ///
    /// # Errors
    /// When an amount does not fit: nothing may be opened on such a book.
    pub fn exposure(&self, books: &Books, account: &Account) -> Result<Exposure, Limit> {
        let ledger = books.ledger();
        // Both rise by instrument: one walk finds what is in flight.
        let flying = ledger.premiums_wanted().ok_or(Limit::Unknown)?;
        let mut flying = flying.into_iter().peekable();
        let fees = money::cash(self.config.fees_per_contract_usd);
        let lost: BTreeMap<Instrument, Gains> = self
            .rows
            .iter()
            .zip(self.gains.gains())
            .filter(|(_, gains)| gains.is_none())
            .map(|(row, _)| (row.instrument, lost(row)))
            .collect();
        let mut lines = Vec::with_capacity(self.rows.len());
        for (row, gains) in self.rows.iter().zip(self.gains.gains()) {
            let instrument = &row.instrument;
            let position = ledger.position(instrument);
            let held = position.quantity;
            let buys = row.range.most.checked_sub(held).ok_or(Limit::Unknown)?;
            let sells = held.checked_sub(row.range.least).ok_or(Limit::Unknown)?;
            if (held, buys, sells) == (0, 0, 0) {
                continue;
            }
            let (greeks, gains) = match gains {
                Some(gains) => (row.greeks, gains),
                None => (
                    UnitGreeks::default(),
                    lost.get(instrument).ok_or(Limit::Unknown)?,
                ),
            };
            let units = buys.saturating_add(sells);
            while flying.next_if(|(other, _)| other < instrument).is_some() {}
            let in_flight = flying.next_if(|(other, _)| other == instrument);
            lines.push(Line {
                instrument: *instrument,
                class: self.class(instrument.underlying()),
                held,
                buys,
                sells,
                cost: Cash(position.cost.0.saturating_abs()),
                in_flight: in_flight.map_or(Cash::ZERO, |(_, premium)| premium),
                fees: Cash(fees.0.saturating_mul(units)),
                mark: row.mark,
                expires_today: self.expires(instrument),
                risk: risk_of(greeks, gains),
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
        let instrument = Instrument::Option(*contract);
        let place = self
            .rows
            .binary_search_by_key(&instrument, |row| row.instrument)
            .ok()?;
        let gains = self.gains.get(place)?;
        Some(risk_of(self.rows[place].greeks, gains))
    }

    /// What kind of thing an underlying is.
    #[must_use]
    pub fn class(&self, underlying: Ticker) -> AssetClass {
        self.config.class_of(underlying)
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

fn risk_of(greeks: UnitGreeks, gains: &Gains) -> UnitRisk<'_> {
    UnitRisk {
        greeks,
        scenarios_usd: gains.scenarios_usd,
        history_usd: &gains.history_usd,
        dated: gains.dated,
    }
}

/// What cannot be valued is taken to lose all that it could be sold for, in every case.
fn lost(row: &Row) -> Gains {
    let worth = -row.mark.dollars() * f64::from(row.instrument.multiplier());
    Gains {
        scenarios_usd: [worth; SCENARIOS],
        history_usd: [worth; HISTORY_DAYS],
        dated: false,
    }
}

/// The price at which an instrument could be closed now, and what its gains rest on.
pub(crate) fn value(
    instrument: &Instrument,
    market: &Market<'_, '_>,
    long: bool,
) -> (Price, Option<(UnitGreeks, Inputs)>) {
    let side = |quote: &Quote| if long { quote.bid } else { quote.ask };
    match instrument {
        Instrument::Stock(ticker) => match market.stock(*ticker) {
            Some((spot, quote)) => {
                let greeks = UnitGreeks {
                    delta_usd: spot,
                    ..UnitGreeks::default()
                };
                (side(&quote), Some((greeks, Inputs::of_shares(spot))))
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
            let inputs = Inputs {
                spot,
                years: valuation.years,
                dividend_yield: valuation.dividend_yield,
                volatility: volatility.iv,
                rate: market.rates.flat,
            };
            (mark, Some((greeks, inputs)))
        }
    }
}
