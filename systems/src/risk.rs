//! The only place where a wish becomes an order.
//!
//! [`Approved`] can be made nowhere else: its field is private and Dispatch takes nothing else. Limits
//! are checked on the book as it would be after the order, with every order in flight counted as
//! filled. An order that only makes a position smaller skips the limits, by a rule on this road and not
//! by another road.
//!
//! [`Approved`]: crate::risk::Approved

use crate::chains::Chains;
use crate::ingest::Sources;
use crate::positions::{Account, Followed, Orders};
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::{ContractId, Settlement};
use components::market::{Quote, QuoteState, Side, SymbolId, TradingHalt};
use components::order::{Order, OrderId, OrderKind, OrderStatus, Position};
use components::signal::{Intent, Signal};
use components::units::{Cash, Price, Timestamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;
use std::collections::BTreeSet;

/// The `risk` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct RiskConfig {
    /// Contracts held or wanted at once.
    #[garde(custom(within(0, 1000)))]
    pub positions_max: usize,
    /// Contracts held or wanted at once on one underlying.
    #[garde(custom(within(0, 1000)))]
    pub positions_per_symbol_max: usize,
    /// Premium of one order, dollars.
    #[garde(custom(within(0.0, 1e9)))]
    pub order_notional_max_usd: f64,
    /// Premium held and wanted, as a share of equity.
    #[garde(custom(within(0.0, 1.0)))]
    pub premium_share_max: f64,
    /// How far the limit may lie from the quote's far side, as a share of the midpoint.
    #[garde(custom(within(0.0, 1.0)))]
    pub collar_share: f64,
    /// No position is opened later than this before the close, seconds.
    #[garde(custom(within(0, 23_400)))]
    pub last_entry_before_close_s: i64,
    /// An entry that is not filled by then is withdrawn, seconds.
    #[garde(custom(within(1, 3600)))]
    pub good_for_s: i64,
}

impl Section for RiskConfig {
    const NAME: &'static str = "risk";
}

/// An order that may leave. Only this module can make one.
#[derive(Debug)]
pub struct Approved(Followed);

impl Approved {
    /// What may leave.
    #[must_use]
    pub fn followed(&self) -> &Followed {
        &self.0
    }

    /// Gives up the promise for what it was made of.
    #[must_use]
    pub fn into_followed(self) -> Followed {
        self.0
    }
}

/// What Risk hands to Dispatch.
#[derive(Resource, Debug, Default)]
pub struct Decisions {
    /// Orders that may leave.
    pub approved: Vec<Approved>,
    /// Orders to withdraw.
    pub withdraw: Vec<OrderId>,
}

/// Why a signal was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing to close, or less than asked for.
    NotHeld,
    /// The contract is already held or wanted.
    AlreadyHeld,
    /// `risk.positions_max` is reached.
    Positions,
    /// `risk.positions_per_symbol_max` is reached.
    PositionsPerSymbol,
    /// The premium exceeds `risk.order_notional_max_usd`.
    OrderNotional,
    /// Held and wanted premium would exceed `risk.premium_share_max` of equity.
    Premium,
    /// The money is not there.
    Cash,
    /// The contract's or the underlying's feed is stale.
    StaleData,
    /// The underlying is halted.
    Halted,
    /// The contract's quote is not two-sided.
    Quote,
    /// The limit lies too far from the quote.
    Collar,
    /// Outside the session, too close to its end, or past settlement.
    Window,
}

impl Refused {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotHeld => "risk_not_held",
            Self::AlreadyHeld => "risk_already_held",
            Self::Positions => "risk_positions",
            Self::PositionsPerSymbol => "risk_positions_per_symbol",
            Self::OrderNotional => "risk_order_notional",
            Self::Premium => "risk_premium",
            Self::Cash => "risk_cash",
            Self::StaleData => "risk_stale_data",
            Self::Halted => "risk_halted",
            Self::Quote => "risk_quote",
            Self::Collar => "risk_collar",
            Self::Window => "risk_window",
        }
    }
}

/// Adds risk.
#[derive(Debug)]
pub struct RiskPlugin;

impl Plugin for RiskPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<RiskConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Decisions>();
        engine
            .add(Phase::Risk, withdraw_entries)
            .add(Phase::Risk, judge_signals);
        Ok(())
    }
}

/// Wants entries back whose underlying was halted or whose data went stale while they worked.
pub fn withdraw_entries(
    tick: Res<Tick>,
    feeds: Res<Feeds>,
    chains: Res<Chains>,
    orders: Res<Orders>,
    mut decisions: ResMut<Decisions>,
    underlyings: Query<(&TradingHalt, &Sources)>,
) {
    decisions.withdraw.clear();
    for followed in orders
        .open()
        .filter(|followed| followed.intent == Intent::Open)
    {
        let underlying = chains.underlying(followed.symbol);
        let Some((halt, sources)) = underlying.and_then(|entity| underlyings.get(entity).ok())
        else {
            continue;
        };
        let fresh =
            feeds.is_fresh(sources.spot, tick.now) && feeds.is_fresh(sources.chain, tick.now);
        if followed.status == OrderStatus::Working && (halt.halted || !fresh) {
            decisions.withdraw.push(followed.order.id);
        }
    }
}

/// Approves or refuses the signals that survived, in their order.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn judge_signals(
    tick: Res<Tick>,
    config: Res<RiskConfig>,
    feeds: Res<Feeds>,
    chains: Res<Chains>,
    account: Res<Account>,
    mut orders: ResMut<Orders>,
    mut signals: ResMut<Signals>,
    mut decisions: ResMut<Decisions>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    underlyings: Query<(&TradingHalt, &Sources)>,
    contracts: Query<(&Quote, &Settlement)>,
    positions: Query<(&ContractId, &Position)>,
) {
    decisions.approved.clear();
    if signals.survivors.is_empty() {
        return;
    }
    let mut book = Book::of(&orders, &chains, &account, positions.iter());
    for signal in std::mem::take(&mut signals.survivors) {
        let market = Market {
            underlying: chains
                .underlying(signal.symbol)
                .and_then(|entity| underlyings.get(entity).ok()),
            contract: chains
                .entity(signal.contract)
                .and_then(|entity| contracts.get(entity).ok()),
            feeds: &feeds,
            tick: &tick,
        };
        let outcome = judge(&signal, &market, &book, &config);
        transcript.line(format_args!("{}", Line(&signal, &outcome)));
        match outcome {
            Ok(()) => {
                let followed = order_of(&signal, orders.next_id(), &tick, &config);
                digest.fold(Phase::Risk, followed.order.id.0);
                book.add(&followed);
                decisions.approved.push(Approved(followed));
                signals.emitted += 1;
                signals.approved.push(signal);
            }
            Err(reason) => {
                digest.fold(Phase::Risk, reason as u64);
                signals.block(reason.name());
            }
        }
    }
}

/// What the market says of a signal's instruments.
struct Market<'a> {
    underlying: Option<(&'a TradingHalt, &'a Sources)>,
    contract: Option<(&'a Quote, &'a Settlement)>,
    feeds: &'a Feeds,
    tick: &'a Tick,
}

/// The account as it would be if every order in flight were filled.
struct Book {
    held: BTreeSet<(SymbolId, ContractId)>,
    sellable: std::collections::BTreeMap<ContractId, i64>,
    premium: Cash,
    wanted: Cash,
    cash: Cash,
    equity: Cash,
}

impl Book {
    fn of<'a>(
        orders: &Orders,
        chains: &Chains,
        account: &Account,
        positions: impl Iterator<Item = (&'a ContractId, &'a Position)>,
    ) -> Self {
        let mut book = Self {
            held: BTreeSet::new(),
            sellable: std::collections::BTreeMap::new(),
            premium: Cash::ZERO,
            wanted: Cash::ZERO,
            cash: account.cash,
            equity: account.equity(),
        };
        for (contract, position) in positions.filter(|(_, position)| position.quantity != 0) {
            if let Some(row) = chains.row(*contract) {
                book.held.insert((chains.owner(row), *contract));
            }
            book.sellable.insert(*contract, position.quantity);
            book.premium.0 += position.cost.0;
        }
        for followed in orders.open() {
            book.add(followed);
        }
        book
    }

    fn add(&mut self, followed: &Followed) {
        let order = &followed.order;
        let open = i64::from(followed.open_quantity());
        match order.side {
            Side::Buy => {
                self.held.insert((followed.symbol, order.contract));
                if let OrderKind::Limit(limit) = order.kind {
                    let multiplier = followed.terms.multiplier;
                    let cost = Cash::of(limit, open, multiplier).unwrap_or(Cash(i64::MAX));
                    self.wanted.0 = self.wanted.0.saturating_add(cost.0);
                }
            }
            Side::Sell => *self.sellable.entry(order.contract).or_default() -= open,
        }
    }

    fn on(&self, symbol: SymbolId) -> usize {
        let of = |contract| (symbol, ContractId(contract));
        self.held.range(of(0)..=of(u32::MAX)).count()
    }
}

fn judge(
    signal: &Signal,
    market: &Market<'_>,
    book: &Book,
    config: &RiskConfig,
) -> Result<(), Refused> {
    let (quote, settlement) = market.contract.ok_or(Refused::Window)?;
    let left_s = market.tick.seconds_to_close();
    if left_s <= 0.0 || settlement.0 <= market.tick.now {
        return Err(Refused::Window);
    }
    if signal.intent.reduces_risk() {
        let held = book.sellable.get(&signal.contract).copied().unwrap_or(0);
        let enough = signal.side == Side::Sell && i64::from(signal.quantity) <= held;
        return if enough {
            Ok(())
        } else {
            Err(Refused::NotHeld)
        };
    }
    let (halt, sources) = market.underlying.ok_or(Refused::Window)?;
    if left_s <= config.last_entry_before_close_s as f64 {
        return Err(Refused::Window);
    }
    if halt.halted {
        return Err(Refused::Halted);
    }
    let fresh = |feed| market.feeds.is_fresh(feed, market.tick.now);
    if !fresh(sources.spot) || !fresh(sources.chain) {
        return Err(Refused::StaleData);
    }
    check_price(signal, quote, config)?;
    check_limits(signal, book, config)
}

fn check_price(signal: &Signal, quote: &Quote, config: &RiskConfig) -> Result<(), Refused> {
    let mid = quote
        .mid_dollars()
        .filter(|_| quote.state() == QuoteState::TwoSided);
    let mid = mid.ok_or(Refused::Quote)?;
    // Compared as prices: whole units, so that the edge itself is inside.
    let most = Price::from_dollars(quote.ask.dollars() + config.collar_share * mid);
    if !signal.limit.is_some() || most.is_none_or(|most| signal.limit > most) {
        return Err(Refused::Collar);
    }
    Ok(())
}

fn check_limits(signal: &Signal, book: &Book, config: &RiskConfig) -> Result<(), Refused> {
    if book.held.contains(&(signal.symbol, signal.contract)) {
        return Err(Refused::AlreadyHeld);
    }
    if book.held.len() >= config.positions_max {
        return Err(Refused::Positions);
    }
    if book.on(signal.symbol) >= config.positions_per_symbol_max {
        return Err(Refused::PositionsPerSymbol);
    }
    let quantity = i64::from(signal.quantity);
    let cost =
        Cash::of(signal.limit, quantity, signal.terms.multiplier).ok_or(Refused::OrderNotional)?;
    if cost.dollars() > config.order_notional_max_usd {
        return Err(Refused::OrderNotional);
    }
    let after = cost.dollars() + book.wanted.dollars();
    if after + book.premium.dollars() > config.premium_share_max * book.equity.dollars() {
        return Err(Refused::Premium);
    }
    if after > book.cash.dollars() {
        return Err(Refused::Cash);
    }
    Ok(())
}

fn order_of(signal: &Signal, id: OrderId, tick: &Tick, config: &RiskConfig) -> Followed {
    let good_for = tick.now.plus_millis(config.good_for_s * 1000);
    Followed {
        order: Order {
            id,
            contract: signal.contract,
            side: signal.side,
            quantity: signal.quantity,
            kind: OrderKind::Limit(signal.limit),
            at: tick.now,
            good_until: Timestamp(good_for.0.min(tick.session.close.0)),
        },
        terms: signal.terms,
        symbol: signal.symbol,
        strategy: signal.strategy,
        signal: signal.id,
        intent: signal.intent,
        status: OrderStatus::Sent,
        filled: 0,
    }
}

/// The transcript line of a signal that reached Risk.
struct Line<'a>(&'a Signal, &'a Result<(), Refused>);

impl std::fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(signal, outcome) = self;
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
        match outcome {
            Ok(()) => f.write_str(" approved"),
            Err(reason) => write!(f, " refused {}", reason.name()),
        }
    }
}

#[cfg(test)]
mod tests;
