//! Which ticks a run has, and what a script does to its market, in absolute time.

use super::script::Action;
use super::{CALENDAR, Scenario};
use components::market::Ticker;
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::calendar::Session;
use engine::clock::{Overrun, Window};
use jiff::civil::Date;
use simulator::{Fault, FaultKind, MarketMove, MoveKind, ScriptedEvent, ScriptedKind, ticker_of};
use std::collections::BTreeSet;

/// The day of a synthetic market that names none: a Monday without news.
const DEFAULT_DATE: Date = jiff::civil::date(2026, 3, 2);

/// What a scenario asks of clock, feeds and market, in absolute time.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The sessions, or the parts of them, that run; in order.
    pub windows: Vec<Window>,
    /// After how many ticks the run ends, if before the last window does.
    pub ticks: Option<u64>,
    /// Ticks that overrun.
    pub overruns: Vec<Overrun>,
    /// Moves and halts of the synthetic market.
    pub moves: Vec<MarketMove>,
    /// Faults of all feeds.
    pub faults: Vec<Fault>,
    /// Halts of recorded underlyings, for a feed of scripted events.
    pub halts: Vec<ScriptedEvent>,
    /// The underlyings: they replace the watchlist and every strategy's list.
    pub symbols: Vec<Ticker>,
}

/// Why a scenario whose values are all right cannot run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It has no market.
    #[error("`market` and `recorded` are missing, must name one of them or both")]
    NoMarket,
    /// It says twice when it ends.
    #[error("`end` and `ticks` are both there, must be one of them")]
    TwoEnds,
    /// It ends before it begins.
    #[error("`end` was {end}, must be after the start at {start}")]
    Empty {
        /// Where it ends.
        end: Timestamp,
        /// Where it begins.
        start: Timestamp,
    },
    /// A start or an end lies on a day that the scenario does not have.
    #[error("`{field}` was on {date}, must be on one of the scenario's days: {days}")]
    OtherDay {
        /// `start` or `end`.
        field: &'static str,
        /// Its day.
        date: Date,
        /// The scenario's days.
        days: String,
    },
    /// Something is to happen to an underlying that is not there.
    #[error("`at[{index}]`: symbol {symbol} is not in the scenario, which has {symbols}")]
    UnknownSymbol {
        /// The place in `at`.
        index: usize,
        /// The symbol.
        symbol: Ticker,
        /// The symbols there are.
        symbols: String,
    },
    /// A recorded price is to move.
    #[error("`at[{index}]`: the price of {symbol} is recorded, only a synthetic one can move")]
    RecordedPrice {
        /// The place in `at`.
        index: usize,
        /// The symbol.
        symbol: Ticker,
    },
}

impl Plan {
    /// What is left of it after `last`, the instant of a tick.
    #[must_use]
    pub fn after(mut self, last: Timestamp) -> Self {
        self.windows.retain(|window| last < window.end);
        if let Some(first) = self.windows.first_mut() {
            first.start = first.start.max(last);
        }
        self.overruns.retain(|overrun| last < overrun.at);
        self
    }

    /// What of it comes up to `end`.
    #[must_use]
    pub fn until(mut self, end: Timestamp) -> Self {
        self.windows.retain(|window| window.start < end);
        if let Some(last) = self.windows.last_mut() {
            last.end = last.end.min(end);
        }
        self
    }

    /// The plan of a scenario.
    ///
    /// # Errors
    /// If its parts do not fit together.
    pub fn new(scenario: &Scenario) -> Result<Self, PlanError> {
        if scenario.market.is_none() && scenario.recorded.is_empty() {
            return Err(PlanError::NoMarket);
        }
        if scenario.end.is_some() && scenario.ticks.is_some() {
            return Err(PlanError::TwoEnds);
        }
        let synthetic = synthetic_symbols(scenario);
        let recorded: BTreeSet<Ticker> = scenario.recorded.iter().map(|s| s.symbol()).collect();
        let mut plan = Self {
            windows: windows(scenario)?,
            ticks: scenario.ticks,
            overruns: Vec::new(),
            moves: Vec::new(),
            faults: Vec::new(),
            halts: Vec::new(),
            symbols: synthetic.union(&recorded).copied().collect(),
        };
        let start = plan.windows[0].start;
        for (index, scripted) in scenario.at.iter().enumerate() {
            let at = start.plus_nanos(scripted.time.nanos);
            for action in scripted.actions() {
                plan.script(index, at, &action, &synthetic)?;
            }
        }
        Ok(plan)
    }

    /// The sessions of the run, whole, in order.
    #[must_use]
    pub fn sessions(&self) -> Vec<Session> {
        self.windows.iter().map(|window| window.session).collect()
    }

    fn script(
        &mut self,
        index: usize,
        at: Timestamp,
        action: &Action<'_>,
        synthetic: &BTreeSet<Ticker>,
    ) -> Result<(), PlanError> {
        let fault = |seconds: f64, kind| Fault {
            from: at,
            until: at.plus_nanos(nanos_of(seconds)),
            kind,
        };
        match *action {
            Action::SpotJump(jump) => {
                self.must_be_synthetic(index, jump.symbol, synthetic)?;
                let kind = MoveKind::SpotJump {
                    percent: jump.percent,
                };
                self.moves.push(market_move(at, jump.symbol, kind));
            }
            Action::SpotDrift(drift) => {
                self.must_be_synthetic(index, drift.symbol, synthetic)?;
                let kind = MoveKind::SpotDrift {
                    percent: drift.percent,
                    seconds: drift.seconds,
                };
                self.moves.push(market_move(at, drift.symbol, kind));
            }
            Action::Halt(halt) => {
                self.must_be_there(index, halt.symbol)?;
                let seconds = halt.seconds;
                if synthetic.contains(&halt.symbol) {
                    let kind = MoveKind::Halt { seconds };
                    self.moves.push(market_move(at, halt.symbol, kind));
                } else {
                    let kind = ScriptedKind::Halted(halt.symbol);
                    self.halts.push(ScriptedEvent { at, kind });
                    let at = at.plus_nanos(nanos_of(seconds));
                    let kind = ScriptedKind::Resumed(halt.symbol);
                    self.halts.push(ScriptedEvent { at, kind });
                }
            }
            Action::FeedDrop(drop) => {
                self.faults
                    .push(fault(drop.seconds, FaultKind::Drop(drop.feed)));
            }
            Action::Garble(garble) => {
                if let Some(symbol) = garble.symbol {
                    self.must_be_there(index, symbol)?;
                }
                let kind = FaultKind::Garble {
                    ticker: garble.symbol,
                    per_tick: garble.per_tick,
                };
                self.faults.push(fault(garble.seconds, kind));
            }
            Action::Overrun(overrun) => self.overruns.push(Overrun {
                at,
                lost: overrun.ticks,
            }),
        }
        Ok(())
    }

    fn must_be_there(&self, index: usize, symbol: Ticker) -> Result<(), PlanError> {
        const SHOWN_MAX: usize = 20;
        if self.symbols.contains(&symbol) {
            return Ok(());
        }
        let shown = self.symbols.iter().take(SHOWN_MAX).map(Ticker::to_string);
        let mut symbols = shown.collect::<Vec<_>>().join(", ");
        if self.symbols.len() > SHOWN_MAX {
            symbols.push_str(" and more");
        }
        Err(PlanError::UnknownSymbol {
            index,
            symbol,
            symbols,
        })
    }

    fn must_be_synthetic(
        &self,
        index: usize,
        symbol: Ticker,
        synthetic: &BTreeSet<Ticker>,
    ) -> Result<(), PlanError> {
        self.must_be_there(index, symbol)?;
        if synthetic.contains(&symbol) {
            return Ok(());
        }
        Err(PlanError::RecordedPrice { index, symbol })
    }
}

fn synthetic_symbols(scenario: &Scenario) -> BTreeSet<Ticker> {
    let underlyings = scenario
        .market
        .as_ref()
        .map_or(0, |market| market.underlyings);
    (0..underlyings as usize).map(ticker_of).collect()
}

fn market_move(at: Timestamp, ticker: Ticker, kind: MoveKind) -> MarketMove {
    MarketMove { at, ticker, kind }
}

/// The sessions of all days that appear, cut to start and end.
fn windows(scenario: &Scenario) -> Result<Vec<Window>, PlanError> {
    let mut days: BTreeSet<Date> = scenario.recorded.iter().map(|set| set.date()).collect();
    days.extend(scenario.sessions.iter().map(|day| day.0));
    let start = scenario
        .start
        .as_ref()
        .map(|start| (start.date(), start.at()));
    let end = scenario.end.as_ref().map(|end| (end.date(), end.at()));
    if days.is_empty() {
        let first = start.map_or(DEFAULT_DATE, |(date, _)| date);
        let last = end.map_or(first, |(date, _)| date);
        let sessions = CALENDAR.sessions(first, last.max(first));
        days.extend(sessions.iter().map(|session| session.date));
    }
    for (field, date) in [("start", start), ("end", end)] {
        if let Some((date, _)) = date.filter(|(date, _)| !days.contains(date)) {
            let days = days
                .iter()
                .map(Date::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            return Err(PlanError::OtherDay { field, date, days });
        }
    }
    let sessions = days.iter().filter_map(|day| CALENDAR.session(*day));
    let cut = |session| {
        let whole = Window::whole(session);
        Window {
            start: start.map_or(whole.start, |(_, at)| whole.start.max(at)),
            end: end.map_or(whole.end, |(_, at)| whole.end.min(at)),
            ..whole
        }
    };
    let windows: Vec<Window> = sessions.map(cut).filter(|w| w.start < w.end).collect();
    if windows.is_empty() {
        let first = start.map_or(Timestamp::NEVER, |(_, at)| at);
        let end = end.map_or(Timestamp::NEVER, |(_, at)| at);
        return Err(PlanError::Empty { end, start: first });
    }
    Ok(windows)
}

fn nanos_of(seconds: f64) -> i64 {
    let whole = seconds.clamp(0.0, 1e9) * NANOS_PER_SECOND as f64;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most 1e18, which fits 64 bits"
    )]
    let nanos = whole as i64;
    nanos
}
