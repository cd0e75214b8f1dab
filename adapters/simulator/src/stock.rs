//! An underlying: quotes around its value, trades against the quotes, the book behind them.

use crate::book::Depth;
use crate::config::MarketConfig;
use crate::curve::Pace;
use crate::flow::{Flow, whole};
use crate::listing::ticker_of;
use crate::moves::{MarketMove, MoveKind};
use crate::outbox::Outbox;
use crate::path::{Path, STEPS_PER_DAY};
use components::market::{Quote, Side, SymbolId, Ticker};
use components::units::{NANOS_PER_SECOND, Price, Timestamp};
use engine::event::EventKind;
use engine::math;
use engine::random::Stream;

/// How often a displayed size changes in a step without a trade.
const SIZE_CHANCE: f64 = 0.15;
/// The spread is at most so many times the calm one.
const WIDEN_MAX: f64 = 8.0;
/// The order flow of a scripted drift leans this far to its side.
const DRIFT_PRESSURE: f64 = 0.5;
/// Halts and resumptions come so far into a step.
const STATUS_NS: i64 = 5_000_000;
/// Then the quote that follows the value.
const VALUE_NS: i64 = 10_000_000;
/// Trades come between these two.
const TRADES_START_NS: i64 = 20_000_000;
const TRADES_END_NS: i64 = 170_000_000;
/// The book follows then; option quotes come after it.
const BOOK_NS: i64 = 205_000_000;
/// A quote follows the trade that caused it after so long.
const REACTION_NS: i64 = 50_000;
/// How often a trade takes place a tick inside the spread, where there is room.
const INSIDE_CHANCE: f64 = 0.1;
/// Makes the mean square of size weight times surprise about 1.
const IMPACT_SCALE: f64 = 1.1;
/// A trade moves the value by at most so many standard deviations of a step.
const IMPACT_MAX: f64 = 20.0;

/// A stretch of time and what is scripted for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Its beginning; what happens in it is received after this instant and up to 250 ms later.
    pub(crate) start: Timestamp,
    /// What this part of the session is like.
    pub(crate) pace: Pace,
}

/// An underlying.
#[derive(Debug)]
pub(crate) struct Stock {
    /// Its name.
    pub(crate) ticker: Ticker,
    /// Its number, once it has been listed.
    pub(crate) symbol: Option<SymbolId>,
    path: Path,
    flow: Flow,
    depth: Depth,
    quote: Quote,
    shown: Quote,
    tick: Price,
    delay_ms: i64,
    half_spread: f64,
    trades_per_step: f64,
    flow_share: f64,
    moves: Vec<MarketMove>,
    halted_until: Option<Timestamp>,
    size_draws: Stream,
    price_draws: Stream,
    arrivals: Vec<f64>,
}

impl Stock {
    /// Underlying number `index`.
    pub(crate) fn new(config: &MarketConfig, seed: u64, index: usize) -> Self {
        let stream = |name| Stream::new(seed, name, index as u64);
        let tick = Price::from_dollars(config.tick_usd).unwrap_or(Price(1));
        Self {
            ticker: ticker_of(index),
            symbol: None,
            path: Path::new(config, seed, index),
            flow: Flow::new(config, seed, index),
            depth: Depth::new(config.book_levels, tick, stream("book")),
            quote: Quote::default(),
            shown: Quote::default(),
            tick,
            delay_ms: config.feed_delay_ms,
            half_spread: config.spread_bps / 20_000.0,
            trades_per_step: config.trades_per_day / STEPS_PER_DAY,
            flow_share: if config.trades_per_day > 0.0 {
                config.flow_variance_share
            } else {
                0.0
            },
            moves: Vec::new(),
            halted_until: None,
            size_draws: stream("quote-sizes"),
            price_draws: stream("trade-prices"),
            arrivals: Vec::new(),
        }
    }

    /// Adds a scripted move.
    pub(crate) fn script(&mut self, scripted: MarketMove) {
        self.moves.push(scripted);
        self.moves.sort_by_key(|scripted| scripted.at);
    }

    /// The path of its value.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The midpoint of its quote in dollars; its value before the first quote.
    pub(crate) fn mid(&self) -> f64 {
        self.quote.mid_dollars().unwrap_or(self.path.value())
    }

    /// Whether its trading is halted.
    pub(crate) fn is_halted(&self) -> bool {
        self.halted_until.is_some()
    }

    /// How much wider than in calm trading spreads are at `pace`.
    pub(crate) fn widening(&self, pace: Pace) -> f64 {
        let stress = pace.volatility * self.path.variance().sqrt();
        (0.4 + 0.6 * stress * stress).clamp(0.5, WIDEN_MAX)
    }

    /// Passes the time between two sessions: the value moves, nothing is quoted any more.
    pub(crate) fn pass_night(&mut self) {
        self.path.pass_night();
        (self.quote, self.shown) = (Quote::default(), Quote::default());
    }

    /// Lives through a step.
    pub(crate) fn step(&mut self, step: Step, out: &mut Outbox) {
        let Some(symbol) = self.symbol else { return };
        let was_halted = self.is_halted();
        let pressure = self.follow_script(step.start);
        self.flow.press(pressure);
        self.flow.step();
        self.path.step(step.pace, self.flow_share);
        let rate = self.trades_per_step * step.pace.volume;
        let mut arrivals = core::mem::take(&mut self.arrivals);
        self.flow.arrivals(rate, &mut arrivals);
        let opening = step.start.plus_nanos(STATUS_NS);
        match (was_halted, self.is_halted()) {
            (false, true) => out.push(opening, EventKind::Halted { symbol }),
            (true, false) => {
                (self.quote, self.shown) = (Quote::default(), Quote::default());
                out.push(opening, EventKind::Resumed { symbol });
            }
            _ => {}
        }
        if !self.is_halted() {
            self.refresh_sizes();
            self.follow_value(step.pace);
            self.show(step.start.plus_nanos(VALUE_NS), out, symbol);
            let mut earliest = 0;
            for part in &arrivals {
                let offset = offset_of(*part).max(earliest);
                earliest = offset + 2 * REACTION_NS;
                self.trade(step, step.start.plus_nanos(offset), rate, out);
            }
            if let Some(book) = self.depth.follow(&self.quote) {
                let book = Box::new(book);
                out.push(
                    step.start.plus_nanos(BOOK_NS),
                    EventKind::Book { symbol, book },
                );
            }
        }
        self.arrivals = arrivals;
    }

    /// Applies what the script has for the time from `now` on; the flow's pressure from it.
    fn follow_script(&mut self, now: Timestamp) -> f64 {
        let mut pressure = 0.0;
        let mut change = 0.0;
        if self.halted_until.is_some_and(|until| now >= until) {
            self.halted_until = None;
        }
        self.moves.retain(|scripted| {
            if scripted.at > now {
                return true;
            }
            match scripted.kind {
                MoveKind::SpotJump { percent } => {
                    change += math::ln_1p(percent / 100.0);
                    false
                }
                MoveKind::SpotDrift { percent, seconds } => {
                    let steps = (seconds * 4.0).round();
                    let done = (now.seconds_since(scripted.at) * 4.0).floor();
                    if done < steps {
                        change += math::ln_1p(percent / 100.0) / steps;
                        pressure += DRIFT_PRESSURE * percent.signum();
                    }
                    done + 1.0 < steps
                }
                MoveKind::Halt { seconds } => {
                    let until = scripted.at.plus_nanos(nanos_of(seconds));
                    if until > now {
                        self.halted_until = self.halted_until.max(Some(until));
                    }
                    false
                }
            }
        });
        self.path.shift(change);
        pressure
    }

    /// Draws displayed sizes anew now and then, larger on the side that the flow leans to.
    fn refresh_sizes(&mut self) {
        if self.quote.bid.is_some() {
            if self.size_draws.chance(SIZE_CHANCE) {
                self.quote.bid_size = self.draw_size(Side::Buy);
            }
            if self.size_draws.chance(SIZE_CHANCE) {
                self.quote.ask_size = self.draw_size(Side::Sell);
            }
        }
    }

    fn draw_size(&mut self, side: Side) -> u32 {
        let lean = 1.0 + 0.8 * self.flow.imbalance() * side.sign() as f64;
        100 * (1 + whole(3.0 * lean * self.size_draws.exponential()))
    }

    /// Puts the quote around the value.
    fn follow_value(&mut self, pace: Pace) {
        let value = self.path.value();
        let half = value * self.half_spread * self.widening(pace);
        let tick = self.tick.dollars();
        let on_grid = |ticks: f64| Price::from_dollars(ticks.max(1.0) * tick);
        let bid = on_grid(((value - half) / tick).floor()).unwrap_or(self.quote.bid);
        let ask = on_grid(((value + half) / tick).ceil()).unwrap_or(self.quote.ask);
        let ask = ask.max(Price(bid.0 + self.tick.0));
        if bid != self.quote.bid {
            self.quote.bid_size = self.draw_size(Side::Buy);
        }
        if ask != self.quote.ask {
            self.quote.ask_size = self.draw_size(Side::Sell);
        }
        (self.quote.bid, self.quote.ask) = (bid, ask);
    }

    /// Reports the quote if it differs from what was reported last.
    fn show(&mut self, received: Timestamp, out: &mut Outbox, symbol: SymbolId) {
        self.quote.at = self.shown.at;
        if self.quote == self.shown {
            return;
        }
        self.quote.at = received.plus_millis(-self.delay_ms);
        self.shown = self.quote;
        let Quote {
            bid,
            ask,
            bid_size,
            ask_size,
            ..
        } = self.quote;
        let kind = EventKind::Quote {
            symbol,
            bid,
            ask,
            bid_size,
            ask_size,
        };
        out.push(received, kind);
    }

    /// Trades against the quote, takes away what was displayed, and moves the value by what the
    /// trade says.
    fn trade(&mut self, step: Step, received: Timestamp, rate: f64, out: &mut Outbox) {
        let Some(symbol) = self.symbol else { return };
        let impulse = self.flow.next_side();
        let size = self.flow.next_size();
        let Quote { bid, ask, .. } = self.quote;
        let inside = self.price_draws.chance(INSIDE_CHANCE) && ask.0 - bid.0 > self.tick.0;
        let price = match impulse.side {
            Side::Buy => Price(ask.0 - i64::from(inside) * self.tick.0),
            Side::Sell => Price(bid.0 + i64::from(inside) * self.tick.0),
        };
        let kind = EventKind::Trade {
            symbol,
            price,
            size,
            conditions: 0,
            aggressor: Some(impulse.side),
        };
        out.push(received, kind);
        // The trades of a step together cause their share of its variance.
        let sd = self.path.step_sd(step.pace) * (self.flow_share / rate).sqrt();
        let weight = (f64::from(size) / 150.0).sqrt().min(3.0) * IMPACT_SCALE;
        let limit = IMPACT_MAX * self.path.step_sd(step.pace);
        let change = (sd * weight * impulse.surprise).clamp(-limit, limit);
        self.path.shift(change);
        if !inside {
            self.take(impulse.side, size);
        }
        self.follow_value(step.pace);
        self.show(received.plus_nanos(REACTION_NS), out, symbol);
    }

    /// Takes what a trade began by `side` consumed from the displayed size.
    fn take(&mut self, side: Side, size: u32) {
        let displayed = match side {
            Side::Buy => self.quote.ask_size,
            Side::Sell => self.quote.bid_size,
        };
        let left = displayed.saturating_sub(size).div_ceil(100) * 100;
        let left = if left == 0 {
            self.draw_size(side.opposite())
        } else {
            left
        };
        match side {
            Side::Buy => self.quote.ask_size = left,
            Side::Sell => self.quote.bid_size = left,
        }
    }
}

/// Where in a step a trade comes that falls on `part` of it.
#[expect(clippy::cast_possible_truncation, reason = "part lies in 0 to 1")]
fn offset_of(part: f64) -> i64 {
    TRADES_START_NS + (part * (TRADES_END_NS - TRADES_START_NS) as f64) as i64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a move lasts at most a week: 6e14 ns"
)]
fn nanos_of(seconds: f64) -> i64 {
    (seconds * NANOS_PER_SECOND as f64) as i64
}
