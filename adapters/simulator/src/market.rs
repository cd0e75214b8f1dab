//! The synthetic market: underlyings and their chains, lived through in steps of 250 ms.
//!
//! Every grid point is lived through exactly once, whether it had a tick or not, so the stream of
//! events is the same however it is drained; a tick merely takes what has come up to its instant.

use crate::chain::{Chain, View};
use crate::config::MarketConfig;
use crate::curve::Curve;
use crate::error::Error;
use crate::listing::ticker_of;
use crate::moves::MarketMove;
use crate::outbox::Outbox;
use crate::stock::{Step, Stock};
use components::units::Timestamp;
use engine::calendar::Session;
use engine::clock::{TICK_MS, Tick};
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use garde::Validate;

/// Grid points that are made up for at most; what lies further back is lost, as if the line had
/// been down for it.
const CATCH_UP_POINTS_MAX: u64 = 2_400;
/// After so many milliseconds of silence its values are stale.
const STALE_AFTER_MS: i64 = 3_000;
/// A heartbeat comes once in so many steps: every second.
const HEARTBEAT_STEPS: u64 = 4;
/// Steps in a minute.
const STEPS_PER_MINUTE: u64 = 240;

/// A synthetic market; a pure function of its config, its seed and its sessions.
#[derive(Debug)]
pub struct Market {
    sessions: Vec<Session>,
    stocks: Vec<Stock>,
    chains: Vec<Chain>,
    today: Option<Today>,
    outbox: Outbox,
}

/// The session being lived through.
#[derive(Debug)]
struct Today {
    session: Session,
    curve: Curve,
    /// Lived through up to here.
    at: Timestamp,
    is_numbered: bool,
}

impl Market {
    /// A market over `sessions`: those of the run and all that follow within
    /// [`MarketConfig::expiry_days_max`] days, since contracts expire on them.
    ///
    /// # Errors
    /// When a field of `config` lies outside what is allowed, or `sessions` is empty or does not
    /// ascend.
    pub fn new(config: &MarketConfig, seed: u64, sessions: &[Session]) -> Result<Self, Error> {
        config.validate().map_err(Error::Config)?;
        if sessions.is_empty() {
            return Err(Error::NoSessions);
        }
        if let Some(two) = sessions.windows(2).find(|two| two[0].date >= two[1].date) {
            return Err(Error::SessionOrder {
                later: two[0].date,
                earlier: two[1].date,
            });
        }
        let count = usize::try_from(config.underlyings).unwrap_or(0);
        Ok(Self {
            sessions: sessions.to_vec(),
            stocks: (0..count)
                .map(|index| Stock::new(config, seed, index))
                .collect(),
            chains: (0..count)
                .map(|index| Chain::new(config, seed, index, ticker_of(index)))
                .collect(),
            today: None,
            outbox: Outbox::new(config.feed_delay_ms),
        })
    }

    /// Adds scripted moves.
    ///
    /// # Errors
    /// When a move names an underlying that the market does not have or a number that is not
    /// allowed.
    pub fn with_moves(mut self, moves: &[MarketMove]) -> Result<Self, Error> {
        for scripted in moves {
            scripted.check()?;
            let last = self.stocks.len() - 1;
            let stock = self
                .stocks
                .iter_mut()
                .find(|stock| stock.ticker == scripted.ticker)
                .ok_or(Error::UnknownTicker {
                    ticker: scripted.ticker,
                    first: ticker_of(0),
                    last: ticker_of(last),
                })?;
            stock.script(*scripted);
        }
        Ok(self)
    }

    /// Begins the session of `tick` unless it has begun.
    fn begin(&mut self, tick: &Tick) -> Result<bool, Error> {
        let session = tick.session;
        let known = self.today.as_ref().map(|today| today.session.date);
        if known == Some(session.date) {
            return Ok(false);
        }
        if !self.sessions.iter().any(|s| s.date == session.date) {
            return Err(Error::UnknownSession { date: session.date });
        }
        let at = tick.now.plus_millis(-TICK_MS);
        for (stock, chain) in self.stocks.iter_mut().zip(&mut self.chains) {
            if known.is_some() {
                stock.pass_night();
            }
            chain.begin(&self.sessions, &session, &view_of(stock, at, 1.0));
        }
        self.today = Some(Today {
            session,
            curve: Curve::of(&session),
            at,
            is_numbered: false,
        });
        Ok(true)
    }

    /// Takes the numbers that the engine has given, and publishes open interest with them.
    fn learn(&mut self, at: Timestamp, directory: &Directory) -> Result<(), Error> {
        for (stock, chain) in self.stocks.iter_mut().zip(&mut self.chains) {
            let ticker = stock.ticker;
            let symbol = directory.symbol(ticker);
            stock.symbol = Some(symbol.ok_or(Error::SymbolNotListed { ticker })?);
            chain
                .learn(directory)
                .map_err(|terms| Error::ContractNotListed { terms })?;
            chain.publish_interest(&view_of(stock, at, 1.0), &mut self.outbox);
        }
        Ok(())
    }

    /// Lives through the step that begins at `start`.
    fn step(&mut self, start: Timestamp, session: &Session, curve: &Curve) {
        let number = start.nanos_since(session.open) / (TICK_MS * 1_000_000);
        let number = u64::try_from(number).unwrap_or(0);
        let minute = usize::try_from(number / STEPS_PER_MINUTE).unwrap_or(0);
        let pace = curve.at(minute);
        let step = Step { start, pace };
        for (stock, chain) in self.stocks.iter_mut().zip(&mut self.chains) {
            let was_halted = stock.is_halted();
            stock.step(step, &mut self.outbox);
            if was_halted && !stock.is_halted() {
                chain.requote_all();
            }
            if !stock.is_halted() {
                let view = view_of(stock, start, stock.widening(pace));
                chain.step(number, &view, pace.volume, &mut self.outbox);
            }
        }
        if (number + 1).is_multiple_of(HEARTBEAT_STEPS) {
            self.outbox
                .push(start.plus_millis(TICK_MS), EventKind::Heartbeat);
        }
    }
}

impl Feed for Market {
    fn name(&self) -> &str {
        "market"
    }

    fn stale_after_ms(&self) -> i64 {
        STALE_AFTER_MS
    }

    fn list(&mut self, tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if self.begin(tick)? {
            for (stock, chain) in self.stocks.iter().zip(&self.chains) {
                listings.symbol(stock.ticker);
                for terms in chain.terms() {
                    listings.contract(stock.ticker, terms);
                }
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        self.begin(tick)?;
        let Some(mut today) = self.today.take() else {
            return Ok(());
        };
        if !today.is_numbered {
            self.learn(today.at, directory)?;
            today.is_numbered = true;
        }
        let points = u64::try_from(tick.now.nanos_since(today.at) / (TICK_MS * 1_000_000));
        let points = points.unwrap_or(0);
        if points > CATCH_UP_POINTS_MAX {
            let lost = i64::try_from(points - CATCH_UP_POINTS_MAX).unwrap_or(0);
            today.at = today.at.plus_millis(lost.saturating_mul(TICK_MS));
        }
        for _ in 0..points.min(CATCH_UP_POINTS_MAX) {
            self.step(today.at, &today.session, &today.curve);
            today.at = today.at.plus_millis(TICK_MS);
            self.outbox.hand_over(inbox);
        }
        self.today = Some(today);
        Ok(())
    }
}

fn view_of(stock: &Stock, start: Timestamp, widening: f64) -> View {
    View {
        start,
        spot: stock.mid(),
        annual_vol: stock.path().annual_vol(),
        variance: stock.path().variance(),
        widening,
    }
}
