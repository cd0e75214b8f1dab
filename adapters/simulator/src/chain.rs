//! The option chain of an underlying, quoted around values that follow its spot.

use crate::config::MarketConfig;
use crate::flow::whole;
use crate::interest::open_interest;
use crate::listing::{ExpiryDay, expiries, strikes};
use crate::outbox::Outbox;
use crate::pair::{Pair, wanted};
use crate::path::STEPS_PER_DAY;
use crate::smile::{Left, Slice, Smile};
use crate::variance::VarianceClock;
use components::contract::{ExerciseStyle, Expiry, OptionTerms, Right, STANDARD_MULTIPLIER};
use components::market::Ticker;
use components::price_grid::PriceGrid;
use components::units::{Price, Timestamp};
use engine::calendar::Session;
use engine::directory::Directory;
use engine::event::EventKind;
use engine::random::Stream;

/// Option quotes come so far into a step and a microsecond after each other.
const QUOTES_NS: i64 = 210_000_000;
const QUOTE_APART_NS: i64 = 1_000;
/// However many, they end here.
const QUOTES_END_NS: i64 = 245_000_000;
/// A chain is valued at least once in so many steps though its spot stood still: 30 s.
const IDLE_STEPS_MAX: u64 = 120;
/// Trades per step of a chain are at most so many.
const TRADES_PER_STEP_MAX: usize = 64;
/// Standard deviation of the strikes that are traded, in strikes from the money.
const TRADED_STRIKES_SD: f64 = 3.0;

/// What a chain sees of its underlying.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    /// The beginning of the step.
    pub(crate) start: Timestamp,
    /// Dollars.
    pub(crate) spot: f64,
    /// Long-run volatility a year.
    pub(crate) annual_vol: f64,
    /// Variance over its mean.
    pub(crate) variance: f64,
    /// How much wider than in calm trading spreads are.
    pub(crate) widening: f64,
}

/// The option chain of an underlying.
#[derive(Debug)]
pub(crate) struct Chain {
    ticker: Ticker,
    pairs_wanted: usize,
    days_max: u32,
    exercise: ExerciseStyle,
    grid: PriceGrid,
    requote_every: u64,
    requote_share: f64,
    turn: u64,
    trades_per_step: f64,
    smile: Smile,
    clock: VarianceClock,
    expiries: Vec<ExpiryDay>,
    pairs: Vec<Pair>,
    valued_at_spot: f64,
    idle_steps: u64,
    size_draws: Stream,
    trade_draws: Stream,
    interest_draws: Stream,
}

impl Chain {
    /// The chain on underlying number `index`.
    pub(crate) fn new(config: &MarketConfig, seed: u64, index: usize, ticker: Ticker) -> Self {
        let stream = |name| Stream::new(seed, name, index as u64);
        let every = u64::from(config.requote_every_ticks);
        Self {
            ticker,
            pairs_wanted: usize::try_from(config.contracts_per_chain / 2).unwrap_or(0),
            days_max: config.expiry_days_max,
            exercise: config.exercise,
            grid: PriceGrid::from_dollars(
                config.option_tick_below_3_usd,
                config.option_tick_from_3_usd,
            ),
            requote_every: every,
            requote_share: config.requote_share,
            turn: index as u64 % every,
            trades_per_step: config.option_trades_per_day / STEPS_PER_DAY,
            smile: Smile::new(config, seed, index),
            clock: VarianceClock::new(config.overnight_share),
            expiries: Vec::new(),
            pairs: Vec::new(),
            valued_at_spot: 0.0,
            idle_steps: 0,
            size_draws: stream("option-sizes"),
            trade_draws: stream("option-trades"),
            interest_draws: stream("open-interest"),
        }
    }

    /// Begins a session: what has expired goes, new expiries come with strikes around the spot.
    pub(crate) fn begin(&mut self, sessions: &[Session], today: &Session, view: &View) {
        self.clock.begin(sessions, today);
        self.pairs.retain(|pair| pair.day.settlement > today.open);
        let days = expiries(sessions, today, self.days_max, self.pairs_wanted);
        let new: Vec<ExpiryDay> = days
            .iter()
            .filter(|day| self.pairs.iter().all(|pair| pair.day != **day))
            .copied()
            .collect();
        let room = self.pairs_wanted.saturating_sub(self.pairs.len());
        for (place, day) in new.iter().enumerate() {
            let count = room / new.len() + usize::from(place < room % new.len());
            let years = view.start.years_until(day.settlement);
            // Nights count as well, so a day has 24 hours here, and at least one is covered.
            let deviation = view.annual_vol * years.max(1.0 / 365.0).sqrt();
            for strike in strikes(view.spot, deviation, count) {
                self.pairs.push(Pair::new(*day, strike));
            }
        }
        self.pairs.sort_by_key(|pair| (pair.day, pair.strike));
        for pair in &mut self.pairs {
            pair.call.clear();
            pair.put.clear();
        }
        self.expiries = self.pairs.iter().map(|pair| pair.day).collect();
        self.expiries.dedup();
        self.valued_at_spot = 0.0;
    }

    /// The terms of all contracts.
    pub(crate) fn terms(&self) -> impl Iterator<Item = OptionTerms> {
        self.pairs.iter().flat_map(|pair| {
            [Right::Call, Right::Put]
                .map(|right| self.terms_of(pair.day.expiry, pair.strike, right))
        })
    }

    /// Takes the numbers of its contracts from the directory; the first that has none fails.
    pub(crate) fn learn(&mut self, directory: &Directory) -> Result<(), OptionTerms> {
        for place in 0..self.pairs.len() {
            let Pair { day, strike, .. } = self.pairs[place];
            for right in [Right::Call, Right::Put] {
                let terms = self.terms_of(day.expiry, strike, right);
                let contract = directory.contract(self.ticker, terms).ok_or(terms)?;
                self.pairs[place].side_mut(right).contract = Some(contract);
            }
        }
        Ok(())
    }

    /// Publishes the open interest of all contracts.
    pub(crate) fn publish_interest(&mut self, view: &View, out: &mut Outbox) {
        let received = view.start.plus_nanos(1_000_000);
        let mut slices = Slices::default();
        for pair in &self.pairs {
            let slice = slices.of(pair.day, view, &self.smile, &self.clock);
            let z = slice.distance(pair.log_strike);
            for right in [Right::Call, Right::Put] {
                let contracts = open_interest(pair.strike, right, z, &mut self.interest_draws);
                if let Some(contract) = pair.side(right).contract {
                    let kind = EventKind::OpenInterest {
                        contract,
                        contracts,
                    };
                    out.push(received, kind);
                }
            }
        }
    }

    /// Forgets what it shows, so that everything is quoted anew.
    pub(crate) fn requote_all(&mut self) {
        for pair in &mut self.pairs {
            pair.call.clear();
            pair.put.clear();
        }
        self.valued_at_spot = 0.0;
    }

    /// Lives through the step with the number `number` of its session.
    pub(crate) fn step(&mut self, number: u64, view: &View, volume: f64, out: &mut Outbox) {
        if number.is_multiple_of(240) {
            self.smile.pass_minute();
        }
        self.trade(view, volume, out);
        if self.requote_share > 0.0 {
            self.requote_in_turn(number, view, out);
        } else if number % self.requote_every == self.turn {
            self.idle_steps += self.requote_every;
            let moved = (view.spot - self.valued_at_spot).abs() > 1e-9;
            if moved || self.idle_steps >= IDLE_STEPS_MAX {
                self.idle_steps = 0;
                self.valued_at_spot = view.spot;
                self.requote(0..self.pairs.len(), false, view, out);
            }
        }
    }

    fn requote_in_turn(&mut self, number: u64, view: &View, out: &mut Outbox) {
        let pairs = self.pairs.len();
        let count = usize::try_from(whole((pairs as f64 * self.requote_share).ceil()))
            .map_or(pairs, |count| count.min(pairs));
        if count == 0 {
            return;
        }
        let place = number.wrapping_mul(count as u64) % pairs as u64;
        let first = usize::try_from(place).unwrap_or(0);
        let end = (first + count).min(pairs);
        self.requote(first..end, true, view, out);
        self.requote(0..first + count - end, true, view, out);
    }

    fn requote(
        &mut self,
        places: core::ops::Range<usize>,
        forced: bool,
        view: &View,
        out: &mut Outbox,
    ) {
        let mut slices = Slices::default();
        let mut received = view.start.plus_nanos(QUOTES_NS);
        let end = view.start.plus_nanos(QUOTES_END_NS);
        for pair in &mut self.pairs[places] {
            if view.start.plus_millis(engine::clock::TICK_MS) >= pair.day.settlement {
                continue;
            }
            let slice = slices.of(pair.day, view, &self.smile, &self.clock);
            let values = slice.values(pair.strike.dollars(), pair.log_strike);
            for right in [Right::Call, Right::Put] {
                let wanted = wanted(&values, right, view.widening);
                let draws = &mut self.size_draws;
                if let Some(kind) = pair.side_mut(right).show(wanted, forced, &self.grid, draws) {
                    out.push(received, kind);
                    received = received.plus_nanos(QUOTE_APART_NS).min(end);
                }
            }
        }
    }

    /// Trades against displayed quotes, near the money and near in time.
    fn trade(&mut self, view: &View, volume: f64, out: &mut Outbox) {
        let rate = self.trades_per_step * volume;
        let mut at = 0.0;
        for _ in 0..TRADES_PER_STEP_MAX {
            at += self.trade_draws.exponential() / rate.max(1e-12);
            if at >= 1.0 || self.expiries.is_empty() {
                return;
            }
            let Some(day) = self.draw_expiry() else {
                return;
            };
            let away = TRADED_STRIKES_SD * self.trade_draws.normal();
            let right = if self.trade_draws.chance(0.52) {
                Right::Call
            } else {
                Right::Put
            };
            let buys = self.trade_draws.chance(0.5);
            let large = self.trade_draws.chance(0.05);
            let scale = if large { 40.0 } else { 3.0 };
            let size = 1 + whole(scale * self.trade_draws.exponential());
            let received = view.start.plus_nanos(offset_of(at));
            if received >= day.settlement {
                continue;
            }
            let shown = self.near_the_money(day, view.spot, away).side(right);
            let (price, displayed) = if buys {
                (shown.ask, shown.ask_size)
            } else {
                (shown.bid, shown.bid_size)
            };
            if let (Some(contract), true) = (shown.contract, price.is_some()) {
                let kind = EventKind::OptionTrade {
                    contract,
                    price,
                    size: size.min(displayed),
                    conditions: 0,
                };
                out.push(received, kind);
            }
        }
    }

    /// An expiry, each half as often as the one before it.
    fn draw_expiry(&mut self) -> Option<ExpiryDay> {
        let last = self.expiries.len().checked_sub(1)?;
        let mut place = 0;
        while place < last && self.trade_draws.chance(0.5) {
            place += 1;
        }
        self.expiries.get(place).copied()
    }

    /// The pair `away` strikes from the money.
    fn near_the_money(&self, day: ExpiryDay, spot: f64, away: f64) -> &Pair {
        let first = self.pairs.partition_point(|pair| pair.day < day);
        let end = self.pairs.partition_point(|pair| pair.day <= day);
        let money = self.pairs[first..end].partition_point(|pair| pair.strike.dollars() < spot);
        let place = (first as f64 + money as f64 + away).max(first as f64);
        let place = usize::try_from(whole(place)).unwrap_or(first);
        &self.pairs[place.clamp(first, end - 1)]
    }

    fn terms_of(&self, expiry: Expiry, strike: Price, right: Right) -> OptionTerms {
        OptionTerms {
            root: self.ticker,
            expiry,
            strike,
            right,
            style: self.exercise,
            multiplier: STANDARD_MULTIPLIER,
        }
    }
}

/// The slice of the expiry looked at last: pairs come sorted by expiry.
#[derive(Default)]
struct Slices(Option<(ExpiryDay, Slice)>);

impl Slices {
    fn of(&mut self, day: ExpiryDay, view: &View, smile: &Smile, clock: &VarianceClock) -> Slice {
        match self.0 {
            Some((known, slice)) if known == day => slice,
            _ => {
                let years = view.start.years_until(day.settlement);
                let left = Left {
                    years,
                    variance_years: clock.years(view.start, &day),
                };
                let slice = smile.slice(view.spot, view.annual_vol, view.variance, left);
                self.0 = Some((day, slice));
                slice
            }
        }
    }
}

/// Where in a step a trade comes that falls on `part` of it: before that step's quotes.
#[expect(clippy::cast_possible_truncation, reason = "part lies in 0 to 1")]
fn offset_of(part: f64) -> i64 {
    1_000_000 + (part * 200_000_000.0) as i64
}
