//! The sums that limits read, of a book that may still go either way.
//!
//! Of an order in flight nobody knows how much of it will be filled. So that no limit is exceeded
//! however it ends, every sum is taken at its own worst: counts and premium with all filled, Greeks
//! as the span from the lowest to the highest that can be reached, losses with whatever fills are
//! worst for them. Sums of single worsts are at least the worst of the sums: the result is never
//! too low.
//!
//! [`Exposure::of`] walks the lines once, `O(n log n)` for the lookups by contract; after that a
//! new order is judged and added in `O(log n)` plus the underlyings and the moves that it is
//! re-priced under, whatever the size of the book.
//!
//! [`Exposure::of`]: crate::risk::exposure::Exposure::of

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::book::{Book, Candidate, Line, UnitGreeks, at_risk};
use super::limits::Limit;
use super::money::sum;
use super::repricing::SCENARIOS;
use components::contract::{Contract, Instrument};
use components::market::{Side, Ticker};
use components::units::{Cash, Price};
use engine::planted::planted;
use std::collections::BTreeMap;

/// The lowest and the highest that a Greek can become.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Span {
    /// The span once `amount` may be added or not.
    #[must_use]
    pub fn widened(self, amount: f64) -> Self {
        Self {
            low: self.low + amount.min(0.0),
            high: self.high + amount.max(0.0),
        }
    }

    /// The farthest from 0, either way.
    #[must_use]
    pub fn size(self) -> f64 {
        self.high.max(-self.low)
    }

    fn add(&mut self, unit: f64, held: i64, buys: i64, sells: i64) {
        let sure = unit * held as f64;
        self.low += sure;
        self.high += sure;
        *self = self
            .widened(unit * buys as f64)
            .widened(-unit * sells as f64);
    }
}

/// The spans of the Greeks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spans {
    /// Dollar delta.
    pub delta: Span,
    /// Dollar gamma per 1 %.
    pub gamma: Span,
    /// Dollars per point of volatility.
    pub vega: Span,
    /// Dollars per calendar day.
    pub theta: Span,
}

impl Spans {
    fn add(&mut self, unit: &UnitGreeks, held: i64, buys: i64, sells: i64) {
        self.delta.add(unit.delta_usd, held, buys, sells);
        self.gamma.add(unit.gamma_usd, held, buys, sells);
        self.vega.add(unit.vega_usd, held, buys, sells);
        self.theta.add(unit.theta_usd, held, buys, sells);
    }
}

/// What is held and wanted of one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Units held, negative is short.
    pub held: i64,
    /// Units that buying orders may still fill.
    pub buys: i64,
    /// Units that selling orders may still fill.
    pub sells: i64,
}

impl Tally {
    /// Units that an order of this side may still close, once those that work are filled.
    #[must_use]
    pub fn closable(&self, side: Side) -> i64 {
        // Breaks I19: closing orders that work are forgotten, so that two can close one position.
        if planted(19) {
            return self.held.saturating_mul(side.opposite().sign()).max(0);
        }
        match side {
            Side::Sell => self.held.saturating_sub(self.sells).max(0),
            Side::Buy => self.held.saturating_neg().saturating_sub(self.buys).max(0),
        }
    }
}

/// The sums of one underlying.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UnderlyingSums {
    /// Instruments held or wanted.
    pub positions: u32,
    /// Premium held and wanted.
    pub premium: Cash,
    /// Its Greeks.
    pub greeks: Spans,
    /// Whether anything held or wanted gains when it rises.
    pub up: bool,
    /// Whether anything held or wanted gains when it falls.
    pub down: bool,
}

/// The sums that limits read, at their worst.
#[derive(Clone, Debug)]
pub struct Exposure {
    /// By instrument.
    pub tallies: BTreeMap<Instrument, Tally>,
    /// By underlying: as many as the universe has.
    pub underlyings: BTreeMap<Ticker, UnderlyingSums>,
    /// Premium by class: indices, funds, stocks.
    pub classes: [Cash; 3],
    /// Instruments held or wanted.
    pub positions: u32,
    /// Orders that work or may work.
    pub working_orders: u32,
    /// Premium held and wanted.
    pub premium: Cash,
    /// Money that the orders in flight may still take, with fees.
    pub wanted: Cash,
    /// What the session loses if everything is closed now and every opening order is filled and
    /// loses all. Negative is a profit.
    pub day_loss: Cash,
    /// The Greeks of all.
    pub greeks: Spans,
    /// Gamma of what expires today.
    pub expiry_gamma: Span,
    /// The P&L of each scenario, dollars.
    pub scenarios_usd: [f64; SCENARIOS],
    /// The P&L of each day of the history, dollars, of what has one.
    pub history_usd: Vec<f64>,
    /// The P&L of each day of the stand-in, dollars, of what has no history: these days are no
    /// dates, and are never added to those of the history.
    pub stand_in_usd: Vec<f64>,
    /// Instruments held or wanted that stand on the stand-in.
    pub on_stand_in: u32,
    /// Money.
    pub cash: Cash,
    /// Equity.
    pub equity: Cash,
    /// Equity when the session began.
    pub day_open_equity: Cash,
}

impl Exposure {
    /// Sums up a book.
    ///
    /// # Errors
    /// [`Limit::Unknown`] when an amount does not fit, a line's history has another length than the
    /// book's, or a number of a line is not finite: nothing may be opened on such a book.
    pub fn of(book: &Book<'_>) -> Result<Self, Limit> {
        let mut all = Self {
            tallies: BTreeMap::new(),
            underlyings: BTreeMap::new(),
            classes: [Cash::ZERO; 3],
            positions: 0,
            working_orders: book.working_orders,
            premium: Cash::ZERO,
            wanted: Cash::ZERO,
            day_loss: book
                .day_open_equity
                .checked_sub(book.cash)
                .ok_or(Limit::Unknown)?,
            greeks: Spans::default(),
            expiry_gamma: Span::default(),
            scenarios_usd: [0.0; SCENARIOS],
            history_usd: vec![0.0; book.history_days],
            stand_in_usd: vec![0.0; book.history_days],
            on_stand_in: 0,
            cash: book.cash,
            equity: book.equity,
            day_open_equity: book.day_open_equity,
        };
        for line in book.lines {
            all.add_line(line).ok_or(Limit::Unknown)?;
        }
        Ok(all)
    }

    /// Counts an approved order among those in flight.
    ///
    /// # Errors
    /// [`Limit::Unknown`] when an amount does not fit: nothing more may be opened.
    pub fn add(&mut self, candidate: &Candidate<'_>) -> Result<(), Limit> {
        let quantity = i64::from(candidate.quantity);
        let (buys, sells) = match candidate.side {
            Side::Buy => (quantity, 0),
            Side::Sell => (0, quantity),
        };
        let risk = at_risk(
            candidate.side,
            &candidate.contract,
            candidate.quantity,
            candidate.limit,
        );
        self.working_orders = self.working_orders.saturating_add(candidate.orders);
        self.add_line(&Line {
            instrument: Instrument::Option(candidate.contract),
            class: candidate.class,
            held: 0,
            buys,
            sells,
            cost: Cash::ZERO,
            in_flight: risk.ok_or(Limit::Unknown)?,
            fees: candidate.fees,
            mark: Price::NONE,
            expires_today: candidate.expires_today,
            risk: candidate.risk,
        })
        .ok_or(Limit::Unknown)
    }

    /// The underlyings of which anything is held or wanted, and `other`.
    #[must_use]
    pub fn underlyings_with(&self, other: Ticker) -> Vec<Ticker> {
        let held = self
            .underlyings
            .iter()
            .filter(|(_, sums)| sums.up || sums.down);
        let mut all: Vec<Ticker> = held.map(|(ticker, _)| *ticker).collect();
        if !all.contains(&other) {
            all.push(other);
        }
        all
    }

    /// Counts an approved closing order among those in flight, so that the next sees it.
    pub fn add_closing(&mut self, contract: &Contract, side: Side, quantity: u32) {
        let instrument = Instrument::Option(*contract);
        let tally = self.tallies.entry(instrument).or_default();
        let more = i64::from(quantity);
        match side {
            Side::Buy => tally.buys = tally.buys.saturating_add(more),
            Side::Sell => tally.sells = tally.sells.saturating_add(more),
        }
    }

    /// What is held and wanted of an instrument.
    #[must_use]
    pub fn tally(&self, instrument: &Instrument) -> Tally {
        self.tallies.get(instrument).copied().unwrap_or_default()
    }

    fn add_line(&mut self, line: &Line<'_>) -> Option<()> {
        let same = line.risk.history_usd.len() == self.history_usd.len();
        (same && line.risk.is_finite()).then_some(())?;
        let (held, mut buys, mut sells, mut flying) =
            (line.held, line.buys, line.sells, line.in_flight);
        // Breaks I14: orders in flight count for nothing until they are filled.
        if planted(14) {
            (buys, sells, flying) = (0, 0, Cash::ZERO);
        }
        let tally = self.tallies.entry(line.instrument).or_default();
        let is_new = *tally == Tally::default() && (held, buys, sells) != (0, 0, 0);
        tally.held = tally.held.checked_add(held)?;
        tally.buys = tally.buys.checked_add(buys)?;
        tally.sells = tally.sells.checked_add(sells)?;

        let premium = sum(line.cost, flying)?;
        let underlying = self
            .underlyings
            .entry(line.instrument.underlying())
            .or_default();
        self.positions = self.positions.checked_add(u32::from(is_new))?;
        underlying.positions = underlying.positions.checked_add(u32::from(is_new))?;
        underlying.premium = sum(underlying.premium, premium)?;
        let class = &mut self.classes[line.class as usize];
        *class = sum(*class, premium)?;
        self.premium = sum(self.premium, premium)?;
        self.wanted = sum(self.wanted, sum(flying, line.fees)?)?;

        // Breaks I15: premium in flight is not counted as a loss that is possible.
        let may_lose = if planted(15) { Cash::ZERO } else { flying };
        let worth = Cash::of(line.mark, held, line.instrument.multiplier())?;
        let loss = sum(sum(may_lose, line.fees)?, Cash(worth.0.checked_neg()?))?;
        self.day_loss = sum(self.day_loss, loss)?;

        let greeks = &line.risk.greeks;
        let mut own = Span::default();
        own.add(greeks.delta_usd, held, buys, sells);
        underlying.up |= own.high > 0.0;
        underlying.down |= own.low < 0.0;
        underlying.greeks.add(greeks, held, buys, sells);
        self.greeks.add(greeks, held, buys, sells);
        if line.expires_today {
            self.expiry_gamma.add(greeks.gamma_usd, held, buys, sells);
        }
        let worst = |unit: f64| {
            let either = (unit * buys as f64).min(0.0) + (-unit * sells as f64).min(0.0);
            unit * held as f64 + either
        };
        for (total, unit) in self.scenarios_usd.iter_mut().zip(line.risk.scenarios_usd) {
            *total += worst(unit);
        }
        let days = if line.risk.dated {
            &mut self.history_usd
        } else {
            self.on_stand_in = self.on_stand_in.checked_add(u32::from(is_new))?;
            &mut self.stand_in_usd
        };
        for (total, unit) in days.iter_mut().zip(line.risk.history_usd) {
            *total += worst(*unit);
        }
        Some(())
    }
}
