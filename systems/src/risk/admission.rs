//! Whether an order may be approved: every limit, on the book as it would be after it.
//!
//! The edge of a limit is inside. Money is compared with money in whole units. What cannot be
//! computed refuses: an opening order needs a reason to pass, not one to fail.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use super::book::{Candidate, at_risk};
use super::correlation::{Bet, Correlated, Correlations, correlated_same_way};
use super::exposure::{Exposure, Span, Spans};
use super::limits::{GreekCaps, Limit, Limits};
use super::money::{PPM, fraction, is_share_of_mid, premium, share_of, sum};
use super::var::{ValueAtRisk, value_at_risk};
use components::contract::{Contract, Instrument};
use components::market::{QuoteState, Side, Ticker};
use components::units::Cash;
use engine::planted::planted;

/// What a candidate is measured against.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The limits.
    pub limits: &'a Limits,
    /// How the underlyings move together, if that is known.
    pub correlations: Option<&'a Correlations>,
    /// The underlyings in the order of the correlations.
    pub symbols: &'a [Ticker],
}

/// Whether a position may be opened.
///
/// # Errors
/// The first limit that it would break.
pub fn admit(exposure: &Exposure, new: &Candidate<'_>, rules: &Rules<'_>) -> Result<(), Limit> {
    check_order(exposure, new, rules.limits)?;
    check_counts(exposure, new, rules.limits)?;
    check_money(exposure, new, rules.limits)?;
    check_market(new, rules.limits)?;
    check_greeks(exposure, new, rules.limits)?;
    check_losses(exposure, new, rules.limits)?;
    check_correlation(exposure, new, rules)
}

/// Whether a position may be closed by `quantity` contracts: no more than are held beyond what the
/// closing orders that work may fill.
///
/// # Errors
/// [`Limit::NotHeld`] when there are fewer, [`Limit::OrderContracts`] for none.
pub fn admit_closing(
    exposure: &Exposure,
    contract: &Contract,
    side: Side,
    quantity: u32,
) -> Result<(), Limit> {
    let tally = exposure.tally(&Instrument::Option(*contract));
    require(quantity > 0, Limit::OrderContracts)?;
    require(i64::from(quantity) <= tally.closable(side), Limit::NotHeld)
}

/// The larger of a worst-case day loss and nothing, against its limit: how much of it is used, in
/// millionths, saturating.
#[must_use]
pub fn day_loss_used_ppm(exposure: &Exposure, limits: &Limits) -> i64 {
    let limit = limits.day_loss(exposure.day_open_equity);
    let loss = exposure.day_loss.0.max(0);
    if limit.0 <= 0 {
        return i64::MAX;
    }
    fraction(loss, PPM, limit.0)
}

fn require(holds: bool, limit: Limit) -> Result<(), Limit> {
    if holds { Ok(()) } else { Err(limit) }
}

fn check_order(all: &Exposure, new: &Candidate<'_>, limits: &Limits) -> Result<(), Limit> {
    let most = limits.config.order_contracts_max;
    require(
        new.quantity > 0 && new.quantity <= most,
        Limit::OrderContracts,
    )?;
    let known = new.limit.is_some() && new.fees.0 >= 0 && new.risk.is_finite();
    require(known, Limit::Unknown)?;
    let short = new.side == Side::Sell;
    require(!short || limits.config.short_options, Limit::Short)?;
    let tally = all.tally(&Instrument::Option(new.contract));
    let idle = (tally.held, tally.buys, tally.sells) == (0, 0, 0);
    // Breaks I2 with the judge: the same wish may be sent twice.
    require(idle || planted(2), Limit::AlreadyHeld)
}

fn check_counts(all: &Exposure, new: &Candidate<'_>, limits: &Limits) -> Result<(), Limit> {
    let config = &limits.config;
    require(all.positions < config.positions_max, Limit::Positions)?;
    let underlying = all.underlyings.get(&new.contract.underlying);
    let positions = underlying.map_or(0, |sums| sums.positions);
    require(
        positions < config.positions_per_symbol_max,
        Limit::PositionsPerSymbol,
    )?;
    let orders = all.working_orders.saturating_add(new.orders);
    require(orders <= config.working_orders_max, Limit::WorkingOrders)
}

fn check_money(all: &Exposure, new: &Candidate<'_>, limits: &Limits) -> Result<(), Limit> {
    let quantity = new.quantity;
    let multiplier = new.contract.terms.multiplier;
    let cost = premium(new.limit, quantity, multiplier).ok_or(Limit::OrderNotional)?;
    require(cost <= limits.order_notional_max, Limit::OrderNotional)?;

    let risk = at_risk(new.side, &new.contract, quantity, new.limit).ok_or(Limit::Unknown)?;
    let with = |before: Cash| sum(before, risk).ok_or(Limit::Unknown);
    let share = |ppm| share_of(all.equity, ppm);
    require(
        with(all.premium)? <= share(limits.premium_max_ppm),
        Limit::Premium,
    )?;
    let underlying = all.underlyings.get(&new.contract.underlying);
    let premium = with(underlying.map_or(Cash::ZERO, |sums| sums.premium))?;
    let most = share(limits.underlying_premium_max_ppm);
    require(premium <= most, Limit::UnderlyingPremium)?;
    let premium = with(all.classes[new.class as usize])?;
    require(
        premium <= share(limits.class_premium_max_ppm),
        Limit::ClassPremium,
    )?;

    let taken = sum(with(all.wanted)?, new.fees).ok_or(Limit::Unknown)?;
    require(taken <= all.cash, Limit::Cash)?;
    let loss = sum(with(all.day_loss)?, new.fees).ok_or(Limit::Unknown)?;
    require(loss <= limits.day_loss(all.day_open_equity), Limit::DayLoss)
}

fn check_market(new: &Candidate<'_>, limits: &Limits) -> Result<(), Limit> {
    let there = new.open_interest.unwrap_or(0).max(new.volume.unwrap_or(0));
    let most = share_of(Cash(i64::from(there)), limits.liquidity_max_ppm).0;
    require(i64::from(new.quantity) <= most, Limit::Liquidity)?;
    let quote = &new.quote;
    let both = matches!(quote.state(), QuoteState::TwoSided | QuoteState::Locked);
    require(both, Limit::Spread)?;
    let spread = quote.ask.0.saturating_sub(quote.bid.0);
    let close = is_share_of_mid(spread, quote.bid, quote.ask, limits.spread_max_ppm);
    require(close || spread <= limits.spread_always.0, Limit::Spread)
}

fn check_greeks(all: &Exposure, new: &Candidate<'_>, limits: &Limits) -> Result<(), Limit> {
    let own = all.underlyings.get(&new.contract.underlying);
    let own = own.map_or_else(Spans::default, |sums| sums.greeks);
    check_caps(&all.greeks, new, &limits.config.portfolio)?;
    check_caps(&own, new, &limits.config.underlying)?;
    if new.expires_today {
        let gamma = all
            .expiry_gamma
            .widened(gain(new, new.risk.greeks.gamma_usd));
        at_most(
            gamma.size(),
            limits.config.expiry_gamma_max_usd,
            Limit::ExpiryGamma,
        )?;
    }
    Ok(())
}

fn check_caps(before: &Spans, new: &Candidate<'_>, caps: &GreekCaps) -> Result<(), Limit> {
    let unit = &new.risk.greeks;
    let after = |span: Span, unit: f64| span.widened(gain(new, unit));
    let size = |span, unit| after(span, unit).size();
    at_most(
        size(before.delta, unit.delta_usd),
        caps.delta_max_usd,
        Limit::Delta,
    )?;
    at_most(
        size(before.gamma, unit.gamma_usd),
        caps.gamma_max_usd,
        Limit::Gamma,
    )?;
    at_most(
        size(before.vega, unit.vega_usd),
        caps.vega_max_usd,
        Limit::Vega,
    )?;
    let decay = -after(before.theta, unit.theta_usd).low;
    at_most(decay, caps.theta_max_usd, Limit::Theta)
}

fn check_losses(all: &Exposure, new: &Candidate<'_>, limits: &Limits) -> Result<(), Limit> {
    let config = &limits.config;
    for (before, unit) in all.scenarios_usd.iter().zip(new.risk.scenarios_usd) {
        let loss = -(before + gain(new, unit).min(0.0));
        at_most(loss, config.scenario_loss_max_usd, Limit::Scenario)?;
    }
    let same = new.risk.history_usd.len() == all.history_usd.len();
    require(same, Limit::Unknown)?;
    if all.history_usd.is_empty() {
        return Ok(());
    }
    // The days of the stand-in are no dates: what stands on it is added at its own worst.
    let dated = history_risk(&all.history_usd, new, new.risk.dated, config.var_confidence)?;
    let other = history_risk(
        &all.stand_in_usd,
        new,
        !new.risk.dated,
        config.var_confidence,
    )?;
    at_most(
        dated.reported_usd() + other.reported_usd(),
        config.var_max_usd,
        Limit::ValueAtRisk,
    )?;
    at_most(
        dated.shortfall_usd.max(0.0) + other.shortfall_usd.max(0.0),
        config.shortfall_max_usd,
        Limit::Shortfall,
    )
}

/// The value at risk of these days, with the new order among them where `takes_part`.
fn history_risk(
    before: &[f64],
    new: &Candidate<'_>,
    takes_part: bool,
    confidence: f64,
) -> Result<ValueAtRisk, Limit> {
    let days = before.iter().zip(new.risk.history_usd);
    let after: Vec<f64> = days
        .map(|(before, unit)| {
            let gained = gain(new, *unit).min(0.0);
            if takes_part { before + gained } else { *before }
        })
        .collect();
    let found = value_at_risk(&after, confidence);
    found.filter(|found| !found.too_few).ok_or(Limit::Unknown)
}

fn check_correlation(all: &Exposure, new: &Candidate<'_>, rules: &Rules<'_>) -> Result<(), Limit> {
    let config = &rules.limits.config;
    // A symbol without a column gets a place that no matrix has: its correlation is not known.
    let place = |ticker: &Ticker| rules.symbols.iter().position(|symbol| symbol == ticker);
    let others = all
        .underlyings
        .iter()
        .filter(|(ticker, _)| **ticker != new.contract.underlying);
    let held: Vec<Bet> = others
        .flat_map(|(ticker, sums)| {
            let symbol = place(ticker).unwrap_or(usize::MAX - 1);
            let bet = move |held: bool, delta_usd| held.then_some(Bet { symbol, delta_usd });
            bet(sums.up, 1.0).into_iter().chain(bet(sums.down, -1.0))
        })
        .collect();
    let candidate = Bet {
        symbol: place(&new.contract.underlying).unwrap_or(usize::MAX),
        delta_usd: gain(new, new.risk.greeks.delta_usd),
    };
    match correlated_same_way(rules.correlations, &held, candidate, config.correlation_max) {
        None => Ok(()),
        Some(Correlated::Unknown { .. }) if !config.correlation_required => Ok(()),
        Some(_) => Err(Limit::Correlation),
    }
}

fn gain(new: &Candidate<'_>, unit: f64) -> f64 {
    unit * new.signed() as f64
}

/// Whether `value` is a number and at most `most`.
fn at_most(value: f64, most: f64, limit: Limit) -> Result<(), Limit> {
    require(value.is_finite(), Limit::Unknown)?;
    require(value <= most, limit)
}

#[cfg(test)]
mod tests;
