//! The only place where a wish becomes a decision.
//!
//! [`Approved`] can be made nowhere else: its field is private, Commit makes it durable and
//! Dispatch takes nothing that is not. Limits are checked on the book as it would be after the
//! order, with every order in flight counted at its worst. What only makes a position smaller skips
//! the limits, by a rule on this road and not by another road.
//!
//! [`Approved`]: crate::risk::Approved

use crate::books::Books;
use crate::chains::Chains;
use crate::dedupe::fingerprint_of;
use crate::exits::bracket::{bracket, legs};
use crate::exits::rules::ExitRules;
use crate::ingest::Sources;
use crate::ledger::Change;
use crate::ledger::reconciliation::SECOND_LOOK_NANOS;
use crate::link::Link;
use crate::overload::Overload;
use crate::positions::Account;
use crate::reflection::{OrderCounts, Reflection};
use crate::scoring::Signals;
use crate::wishes::{Protect, Wishes};
use admission::{Rules, admit, admit_closing, day_loss_used_ppm};
use assessment::{Assessment, Market, Pricing};
use bevy_ecs::prelude::*;
use book::Candidate;
use breakers::{BreakersConfig, permits, size_ppm, strictest};
use collar::{CollarConfig, Misshapen, Shown, check_shape};
use components::contract::Contract;
use components::market::{Quote, Side};
use components::order::{Fingerprint, Order, OrderId, OrderIntent, OrderKind, Role};
use components::signal::{Intent, Signal, SignalId};
use components::units::{Cash, Price, Timestamp};
use daily_closes::{DailyCloses, DailyClosesConfig};
use engine::clock::Tick;
use engine::config::{ConfigError, Problems, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::planted::{planted, uses};
use engine::plugin::Plugin;
use engine::record::{Record, Restriction};
use engine::transcript::Transcript;
use exposure::Exposure;
use judge::{Assessed, Judge, Standing};
use limits::{Limit, Limits, LimitsConfig};
use revaluation::{Revaluation, Setting};
use serde::Deserialize;
use tripping::Tripped;

/// Whether an order may be approved.
pub mod admission;
/// What the market and the ledger say, as the book of the limits.
pub mod assessment;
/// Where a portfolio's risk comes from.
pub mod attribution;
/// What is held, what is wanted, and an order that would be added.
pub mod book;
/// What restricts trading by itself.
pub mod breakers;
/// The last look at an order's shape.
pub mod collar;
/// How underlyings move together.
pub mod correlation;
/// Covariances and their shrinkage.
pub mod covariance;
/// Closing prices day by day.
pub mod daily_closes;
/// How far equity lies below its peak.
pub mod drawdown;
/// Eigenvalues of small symmetric matrices.
pub mod eigen;
/// The sums that limits read.
pub mod exposure;
/// The dispatcher's own last gate.
pub mod gate;
/// What is done about orders that exist.
mod granting;
/// What is held and may be held, with its value.
pub mod holdings;
/// Whether a signal becomes orders.
mod judge;
/// What may be risked.
pub mod limits;
/// Money and shares of it in whole numbers.
pub mod money;
/// Strategies whose orders are refused again and again.
pub mod rejections;
/// What a book gains when the market moves.
pub mod repricing;
/// What the book would gain, instrument by instrument.
pub mod revaluation;
/// How much may leave in a second.
pub mod throttle;
/// Counts, contracts and notional.
pub mod totals;
/// Where breakers stand.
pub mod tripping;
/// Markets that move too much.
pub mod turbulence;
/// Value at risk.
pub mod var;

/// The `risk` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct RiskConfig {
    /// No position is opened later than this before the close, seconds.
    #[garde(custom(within(0, 23_400)))]
    pub last_entry_before_close_s: i64,
    /// An entry that is not filled by then is withdrawn, seconds.
    #[garde(custom(within(1, 3600)))]
    pub good_for_s: i64,
    /// What an order of one contract is taken to cost in fees, dollars.
    #[garde(custom(within(0.0, 100.0)))]
    pub fees_per_contract_usd: f64,
    /// Underlyings that are indices.
    #[garde(skip)]
    pub index_symbols: Vec<components::market::Ticker>,
    /// Underlyings that are funds.
    #[garde(skip)]
    pub fund_symbols: Vec<components::market::Ticker>,
    /// Closes of the days before the run.
    #[garde(dive)]
    pub daily_closes: DailyClosesConfig,
}

impl RiskConfig {
    /// What kind of thing an underlying is.
    #[must_use]
    pub fn class_of(&self, underlying: components::market::Ticker) -> book::AssetClass {
        if self.index_symbols.contains(&underlying) {
            book::AssetClass::Index
        } else if self.fund_symbols.contains(&underlying) {
            book::AssetClass::Fund
        } else {
            book::AssetClass::Stock
        }
    }
}

impl Section for RiskConfig {
    const NAME: &'static str = "risk";

    fn check(&self, problems: &mut Problems<'_>) {
        self.daily_closes.check(problems);
    }
}

/// What may be done at the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// An order is sent, or an entry and its legs together.
    Submit(Vec<OrderIntent>),
    /// An order is changed to what this says.
    Modify(Order),
    /// An order is cancelled.
    Cancel(OrderId),
    /// The broker is asked for everything that it knows.
    Query(u64),
    /// The line is dropped and made anew.
    Reconnect,
}

/// A decision that may become durable and leave. Only this module can make one.
#[derive(Debug)]
pub struct Approved(Decision);

impl Approved {
    /// What was decided.
    #[must_use]
    pub fn decision(&self) -> &Decision {
        &self.0
    }
}

/// What Risk hands on.
#[derive(Resource, Debug, Default)]
pub struct Decisions(pub Vec<Approved>);

/// The limits in whole units.
#[derive(Resource, Debug)]
pub struct LimitsInForce(pub Limits);

/// The breakers' config.
#[derive(Resource, Clone, Debug)]
pub struct BreakersInForce(pub BreakersConfig);

/// Why a signal was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A limit.
    Limit(Limit),
    /// The order's shape.
    Shape(Misshapen),
    /// The contract's or the underlying's feed is stale.
    StaleData,
    /// The underlying is halted.
    Halted,
    /// The underlying's price is confirmed by nothing.
    Quarantined,
    /// Outside the session, too close to its end, or past settlement.
    Window,
    /// Trading is restricted.
    Restricted(Restriction),
    /// The strategy is paused.
    Paused,
    /// The market moved too much.
    Turbulent,
    /// The engine cannot keep up.
    Overload,
    /// The line to the broker is not in order.
    Link,
    /// The same was wished before and may still be filled.
    Live,
    /// The option is too cheap, or the bid too low, for a stop and a target.
    Bracket,
}

impl Refused {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Limit(limit) => limit.name(),
            Self::Shape(shape) => shape.name(),
            Self::StaleData => "risk_stale_data",
            Self::Halted => "risk_halted",
            Self::Quarantined => "risk_quarantined",
            Self::Window => "risk_window",
            Self::Restricted(Restriction::Reducing) => "risk_reducing",
            Self::Restricted(Restriction::Observing) => "risk_observing",
            Self::Restricted(_) => "risk_trading_halted",
            Self::Paused => "risk_strategy_paused",
            Self::Turbulent => "risk_turbulent",
            Self::Overload => "risk_overload",
            Self::Link => "risk_link",
            Self::Live => "risk_live",
            Self::Bracket => "risk_bracket",
        }
    }
}

/// Adds risk.
#[derive(Debug)]
pub struct RiskPlugin;

impl Plugin for RiskPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        // All are asked before any is given up: what is wrong is reported together.
        let config = engine.section::<RiskConfig>();
        let limits = engine.section::<LimitsConfig>();
        let breakers = engine.section::<BreakersConfig>();
        let collar = engine.section::<CollarConfig>();
        let world = engine.world_mut();
        let (config, limits) = (config?, limits?);
        world.insert_resource(DailyCloses::of(&config.daily_closes));
        world.init_resource::<daily_closes::LastPrices>();
        world.insert_resource(Setting::new(&limits));
        world.init_resource::<Revaluation>();
        world.init_resource::<assessment::Judged>();
        world.insert_resource(config);
        world.insert_resource(LimitsInForce(Limits::new(limits)));
        world.insert_resource(BreakersInForce(breakers?));
        world.insert_resource(collar?);
        world.init_resource::<Decisions>();
        world.init_resource::<Wishes>();
        let books = world.get_resource::<Books>();
        let tripped = books.map_or_else(Tripped::default, |books| {
            Tripped::after(books.ledger(), &world.resource::<BreakersInForce>().0)
        });
        world.insert_resource(tripped);
        world.init_resource::<crate::comovement::returns::Returns>();
        engine
            .add(Phase::Risk, tripping::watch_breakers)
            .add(Phase::Risk, daily_closes::watch_closes)
            .add(Phase::Risk, withdraw_entries)
            .add(Phase::Risk, judge_signals)
            .add(Phase::Risk, granting::grant_wishes);
        Ok(())
    }
}

/// Wants entries back whose underlying was halted or whose data went stale while they worked.
pub fn withdraw_entries(
    tick: Res<Tick>,
    feeds: Res<engine::feeds::Feeds>,
    chains: Res<Chains>,
    directory: Res<engine::directory::Directory>,
    books: Res<Books>,
    mut wishes: ResMut<Wishes>,
    underlyings: Query<(&components::market::TradingHalt, &Sources)>,
) {
    for order in books.ledger().open_orders() {
        if order.role() != Role::Entry || order.cancel_pending() {
            continue;
        }
        let symbol = directory.symbol(order.contract().underlying);
        let underlying = symbol.and_then(|symbol| chains.underlying(symbol));
        let Some((halt, sources)) = underlying.and_then(|entity| underlyings.get(entity).ok())
        else {
            continue;
        };
        let fresh =
            feeds.is_fresh(sources.spot, tick.now) && feeds.is_fresh(sources.chain, tick.now);
        if halt.halted || sources.band.is_quarantined() || !fresh {
            wishes.cancels.push(order.id());
        }
    }
}

/// Approves or refuses the signals that survived, in their order.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn judge_signals(
    standing: Standing<'_>,
    account: Res<Account>,
    market: Market<'_, '_>,
    mut pricing: Pricing<'_>,
    mut books: ResMut<Books>,
    mut signals: ResMut<Signals>,
    mut decisions: ResMut<Decisions>,
    mut counts: ResMut<OrderCounts>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
) {
    if signals.survivors.is_empty() {
        return;
    }
    let now = market.now();
    let mut survivors = std::mem::take(&mut signals.survivors);
    if planted(35) {
        // I35: what the process did before decides, and not what came in.
        let is_lucky = || engine::digest::hash(&uses().to_le_bytes()).is_multiple_of(2);
        survivors.retain(|signal| signal.intent.reduces_risk() || is_lucky());
    }
    let mut assessed = None;
    let mut pricing = Some(&mut pricing);
    for signal in &survivors {
        let judge = Judge {
            on: &standing,
            market: &market,
            books: &books,
        };
        let outcome = judge.screen(signal).and_then(|()| {
            // The first that needs the book has it valued, for all of the tick.
            if let Some(pricing) = pricing.take() {
                let book = Assessed::new(&standing, &market, pricing, &books, &account, &survivors);
                assessed = Some(book);
            }
            let assessed = assessed.as_mut().ok_or(Refused::Limit(Limit::Unknown))?;
            judge.judge(signal, assessed)
        });
        transcript.line(format_args!("{}", Line(signal, outcome.as_ref().err())));
        match outcome {
            Ok(orders) => {
                let intents = intents(signal, &orders);
                for intent in &intents {
                    counts.intended += 1;
                    digest.fold(Phase::Risk, intent.order.id.0);
                    note(books.enter(now, Record::Intended(*intent)), &mut transcript);
                }
                decisions.0.push(Approved(Decision::Submit(intents)));
                signals.approve(signal);
            }
            Err(reason) => {
                digest.fold_bytes(Phase::Risk, reason.name().as_bytes());
                signals.refuse(signal, reason.name());
            }
        }
    }
}

fn intents(signal: &Signal, orders: &[Order]) -> Vec<OrderIntent> {
    orders
        .iter()
        .map(|order| OrderIntent {
            order: *order,
            strategy: signal.strategy,
            signal: signal.id,
            why: match order.role {
                Role::Entry | Role::Exit => signal.intent,
                Role::Stop => Intent::Stop,
                Role::Target => Intent::Target,
            },
            fingerprint: fingerprint_of(signal, &order.contract),
        })
        .collect()
}

/// Only what does not fit is worth a line: the signal's own says that the order was intended.
fn note(changes: Vec<Change>, transcript: &mut Transcript) {
    for change in changes {
        if let Change::Odd(odd) = change {
            transcript.line(format_args!("odd {odd}"));
        }
    }
}

/// The transcript line of a signal that reached Risk.
struct Line<'a>(&'a Signal, Option<&'a Refused>);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(signal, refused) = self;
        write!(
            f,
            "signal {} {} {} {} {} {} limit {} confidence {}",
            signal.id,
            signal.strategy,
            signal.intent.name(),
            signal.side.name(),
            signal.quantity,
            signal.terms,
            signal.limit,
            signal.confidence
        )?;
        for feature in &signal.features {
            write!(f, " {}={:.4}", feature.name, feature.value)?;
        }
        match refused {
            None => f.write_str(" approved"),
            Some(reason) => write!(f, " refused {}", reason.name()),
        }
    }
}

/// The quote and the rest of a contract that a signal names.
#[derive(Clone, Copy, Debug)]
pub struct ContractMarket {
    /// Its quote.
    pub quote: Quote,
    /// When it settles.
    pub settles: Timestamp,
    /// Contracts that exist.
    pub open_interest: u32,
}

/// What is asked of an underlying.
#[derive(Clone, Copy, Debug)]
pub struct UnderlyingMarket {
    /// Whether its price is confirmed by nothing.
    pub quarantined: bool,
    /// Whether it is halted.
    pub halted: bool,
    /// Whether its spot and its chain are fresh.
    pub fresh: bool,
}
