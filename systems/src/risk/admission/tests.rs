//! Every limit refuses at its edge plus one, and no order of approvals gets round any of them.

use super::super::book::{AssetClass, Book, Line, UnitGreeks, UnitRisk, working};
use super::super::limits::LimitsConfig;
use super::super::limits::tests::wide;
use super::*;
use components::contract::OptionTerms;
use components::market::Quote;
use components::order::OrderId;
use components::units::Price;
use core::cmp::Ordering;

/// 20 quiet days, on each of which a contract loses its number of dollars.
const HISTORY: [f64; 20] = [-100.0; 20];

fn contract(underlying: &str, strike: u32) -> Contract {
    let osi = format!("{underlying:<6}250915C{:08}", strike * 1000);
    Contract {
        underlying: Ticker::new(underlying).unwrap(),
        terms: OptionTerms::from_osi(&osi).unwrap(),
    }
}

fn unit() -> UnitRisk<'static> {
    UnitRisk {
        greeks: UnitGreeks {
            delta_usd: 30_000.0,
            gamma_usd: 8_000.0,
            vega_usd: 20.0,
            theta_usd: -50.0,
        },
        scenarios_usd: [-100.0, -90.0, -80.0, -10.0, 0.0, 10.0, 400.0, 500.0, 600.0],
        history_usd: &HISTORY,
        dated: true,
    }
}

/// Two contracts at $1.00, so $200, on $1.30 of fees.
fn candidate(underlying: &str, strike: u32) -> Candidate<'static> {
    Candidate {
        contract: contract(underlying, strike),
        class: AssetClass::Fund,
        side: Side::Buy,
        quantity: 2,
        limit: Price(10_000),
        fees: Cash(13_000),
        orders: 3,
        expires_today: true,
        quote: Quote {
            bid: Price(9_500),
            ask: Price(10_000),
            ..Quote::default()
        },
        open_interest: Some(1_000),
        volume: None,
        risk: unit(),
    }
}

fn line(underlying: &str, strike: u32, held: i64) -> Line<'static> {
    Line {
        instrument: Instrument::Option(contract(underlying, strike)),
        class: AssetClass::Fund,
        held,
        buys: 0,
        sells: 0,
        cost: Cash(held * 1_000_000),
        in_flight: Cash::ZERO,
        fees: Cash::ZERO,
        mark: Price(10_000),
        expires_today: true,
        risk: unit(),
    }
}

/// $100,000 of which the lines cost what they are worth.
fn exposure(lines: &[Line<'_>]) -> Result<Exposure, Limit> {
    let paid: i64 = lines.iter().map(|line| line.cost.0).sum();
    Exposure::of(&Book {
        lines,
        cash: Cash(1_000_000_000 - paid),
        equity: Cash(1_000_000_000),
        day_open_equity: Cash(1_000_000_000),
        working_orders: 0,
        history_days: HISTORY.len(),
    })
}

fn judge(lines: &[Line<'_>], new: &Candidate<'_>, config: LimitsConfig) -> Result<(), Limit> {
    let rules = Rules {
        limits: &Limits::new(config),
        correlations: None,
        symbols: &[],
    };
    admit(&exposure(lines)?, new, &rules)
}

/// With one line of 3 contracts held, the candidate passes at `inside` and not at `outside`.
fn edge(set: impl Fn(&mut LimitsConfig, f64), inside: f64, outside: f64, limit: Limit) {
    let lines = [line("SPY", 650, 3)];
    let at = |value| {
        let mut config = wide();
        set(&mut config, value);
        judge(&lines, &candidate("SPY", 655), config)
    };
    assert_eq!(at(inside), Ok(()), "{limit:?} at its edge");
    assert_eq!(at(outside), Err(limit), "{limit:?} beyond its edge");
}

#[test]
fn money_limits_include_their_edge() {
    edge(
        |c, x| c.order_notional_max_usd = x,
        200.0,
        199.99,
        Limit::OrderNotional,
    );
    // $300 held and $200 wanted of $100,000.
    edge(
        |c, x| c.premium_share_max = x,
        0.005,
        0.004_999,
        Limit::Premium,
    );
    edge(
        |c, x| c.underlying_premium_share_max = x,
        0.005,
        0.004_999,
        Limit::UnderlyingPremium,
    );
    edge(
        |c, x| c.class_premium_share_max = x,
        0.005,
        0.004_999,
        Limit::ClassPremium,
    );
    // Held at its mark it has lost nothing: the premium and its fees may be.
    edge(
        |c, x| c.day_loss_max_usd = x,
        201.3,
        201.299_9,
        Limit::DayLoss,
    );
    edge(
        |c, x| c.day_loss_share_max = x,
        0.002_013,
        0.002_012,
        Limit::DayLoss,
    );
}

#[test]
fn greek_limits_include_their_edge() {
    edge(
        |c, x| c.portfolio.delta_max_usd = x,
        150e3,
        149e3,
        Limit::Delta,
    );
    edge(
        |c, x| c.underlying.delta_max_usd = x,
        150e3,
        149e3,
        Limit::Delta,
    );
    edge(
        |c, x| c.portfolio.gamma_max_usd = x,
        40e3,
        39e3,
        Limit::Gamma,
    );
    edge(
        |c, x| c.underlying.gamma_max_usd = x,
        40e3,
        39e3,
        Limit::Gamma,
    );
    edge(
        |c, x| c.portfolio.vega_max_usd = x,
        100.0,
        99.0,
        Limit::Vega,
    );
    edge(
        |c, x| c.underlying.vega_max_usd = x,
        100.0,
        99.0,
        Limit::Vega,
    );
    edge(
        |c, x| c.portfolio.theta_max_usd = x,
        250.0,
        249.0,
        Limit::Theta,
    );
    edge(
        |c, x| c.underlying.theta_max_usd = x,
        250.0,
        249.0,
        Limit::Theta,
    );
    edge(
        |c, x| c.expiry_gamma_max_usd = x,
        40e3,
        39e3,
        Limit::ExpiryGamma,
    );
}

#[test]
fn what_has_no_history_is_added_at_its_own_worst() {
    // A day on which the one loses and the other gains: dates may net, the stand-in may not.
    const GAINS: [f64; 20] = [100.0; 20];
    let on = |dated| {
        let mut held = line("QQQ", 480, 4);
        (held.risk.history_usd, held.risk.dated) = (&GAINS, dated);
        let config = LimitsConfig {
            var_max_usd: 199.0,
            correlation_required: false,
            ..wide()
        };
        let all = exposure(&[held]).unwrap();
        assert_eq!((all.positions, all.on_stand_in), (1, u32::from(!dated)));
        judge(&[held], &candidate("SPY", 655), config)
    };
    assert_eq!(on(true), Ok(()), "400 up and 200 down on the same days");
    assert_eq!(on(false), Err(Limit::ValueAtRisk));
    // Both on the stand-in are one bet again.
    let mut held = line("QQQ", 480, 4);
    (held.risk.history_usd, held.risk.dated) = (&GAINS, false);
    let mut new = candidate("SPY", 655);
    new.risk.dated = false;
    let config = LimitsConfig {
        var_max_usd: 199.0,
        correlation_required: false,
        ..wide()
    };
    assert_eq!(judge(&[held], &new, config), Ok(()));
}

#[test]
fn loss_limits_include_their_edge() {
    edge(
        |c, x| c.scenario_loss_max_usd = x,
        500.0,
        499.0,
        Limit::Scenario,
    );
    edge(|c, x| c.var_max_usd = x, 500.0, 499.0, Limit::ValueAtRisk);
    edge(
        |c, x| c.shortfall_max_usd = x,
        500.1,
        499.0,
        Limit::Shortfall,
    );
}

#[test]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small whole numbers"
)]
fn counts_include_their_edge() {
    edge(
        |c, x| c.positions_max = x as u32,
        2.0,
        1.0,
        Limit::Positions,
    );
    let symbol = Limit::PositionsPerSymbol;
    edge(
        |c, x| c.positions_per_symbol_max = x as u32,
        2.0,
        1.0,
        symbol,
    );
    edge(
        |c, x| c.working_orders_max = x as u32,
        3.0,
        2.0,
        Limit::WorkingOrders,
    );
    edge(
        |c, x| c.order_contracts_max = x as u32,
        2.0,
        1.0,
        Limit::OrderContracts,
    );
    // 2 of 1,000 contracts.
    edge(
        |c, x| c.liquidity_share_max = x,
        0.002,
        0.001_999,
        Limit::Liquidity,
    );
}

#[test]
fn a_wide_spread_is_refused_unless_it_is_a_few_cents() {
    let with = |bid, ask| {
        let quote = Quote {
            bid: Price(bid),
            ask: Price(ask),
            ..Quote::default()
        };
        let new = Candidate {
            quote,
            ..candidate("SPY", 655)
        };
        let config = LimitsConfig {
            spread_share_max: 0.25,
            ..wide()
        };
        judge(&[], &new, config)
    };
    assert_eq!(with(70_000, 90_000), Ok(()), "25 % of the midpoint");
    assert_eq!(with(69_900, 90_000), Err(Limit::Spread));
    assert_eq!(with(500, 1_000), Ok(()), "5 cents");
    assert_eq!(with(500, 1_100), Err(Limit::Spread));
    assert_eq!(with(0, 1_000), Err(Limit::Spread), "one side");
    assert_eq!(with(1_100, 1_000), Err(Limit::Spread), "crossed");
}

#[test]
fn what_has_no_delta_bets_on_nothing() {
    let mut flat = line("SPY", 655, 1);
    flat.risk.greeks.delta_usd = 0.0;
    let all = exposure(&[flat]).unwrap();
    assert!(all.underlyings.values().all(|sums| !sums.up && !sums.down));
}

#[test]
fn a_book_with_a_line_that_cannot_be_judged_is_refused() {
    let mut short = line("SPY", 655, 1);
    short.risk.history_usd = &HISTORY[1..];
    assert_eq!(exposure(&[short]).unwrap_err(), Limit::Unknown);
    let mut blind = line("SPY", 655, 1);
    blind.risk.scenarios_usd[2] = f64::INFINITY;
    assert_eq!(exposure(&[blind]).unwrap_err(), Limit::Unknown);
}

#[test]
fn money_that_is_not_there_is_not_spent_twice() {
    let mut wanted = line("SPY", 650, 0);
    (wanted.buys, wanted.in_flight) = (1, Cash(998_000_000));
    let config = || LimitsConfig {
        premium_share_max: 1.0,
        ..wide()
    };
    let mut new = candidate("SPY", 655);
    new.fees = Cash::ZERO;
    assert_eq!(judge(&[wanted], &new, config()), Ok(()), "the last $200");
    new.fees = Cash(1);
    assert_eq!(judge(&[wanted], &new, config()), Err(Limit::Cash));
}

#[test]
fn short_options_and_doubled_contracts_are_refused() {
    let mut new = candidate("SPY", 655);
    new.side = Side::Sell;
    assert_eq!(judge(&[], &new, wide()), Err(Limit::Short));
    let enabled = LimitsConfig {
        short_options: true,
        ..wide()
    };
    // The strike is at risk: 2 x 100 x $655 is more than there is.
    assert_eq!(judge(&[], &new, enabled), Err(Limit::Premium));
    let held = [line("SPY", 655, 1)];
    assert_eq!(
        judge(&held, &candidate("SPY", 655), wide()),
        Err(Limit::AlreadyHeld)
    );
    new = candidate("SPY", 655);
    new.quantity = 0;
    assert_eq!(judge(&[], &new, wide()), Err(Limit::OrderContracts));
    new = candidate("SPY", 655);
    new.limit = Price::NONE;
    assert_eq!(judge(&[], &new, wide()), Err(Limit::Unknown));
}

#[test]
fn what_cannot_be_computed_opens_nothing() {
    let mut new = candidate("SPY", 655);
    new.risk.greeks.vega_usd = f64::NAN;
    assert_eq!(judge(&[], &new, wide()), Err(Limit::Unknown));
    new = candidate("SPY", 655);
    new.risk.history_usd = &[];
    assert_eq!(judge(&[], &new, wide()), Err(Limit::Unknown));
    let mut vast = line("SPY", 650, 3);
    vast.in_flight = Cash(i64::MAX);
    assert_eq!(
        judge(&[vast], &candidate("SPY", 655), wide()),
        Err(Limit::Unknown)
    );
    let unknown = Candidate {
        open_interest: None,
        ..candidate("SPY", 655)
    };
    assert_eq!(judge(&[], &unknown, wide()), Err(Limit::Liquidity));
}

#[test]
fn a_correlated_symbol_is_refused_and_a_hedge_is_not() {
    let lines = [line("SPY", 650, 3)];
    let wave: Vec<Option<f64>> = (0..40).map(|n| Some(f64::from(n % 7) - 3.0)).collect();
    let together = super::super::correlation::correlations(&[&wave, &wave]).unwrap();
    let limits = Limits::new(wide());
    let symbols = [Ticker::new("SPY").unwrap(), Ticker::new("QQQ").unwrap()];
    let rules = |correlations| Rules {
        limits: &limits,
        correlations,
        symbols: &symbols,
    };
    let judge = |new: &Candidate<'_>, rules| admit(&exposure(&lines).unwrap(), new, &rules);
    let mut new = candidate("QQQ", 500);
    assert_eq!(judge(&new, rules(Some(&together))), Err(Limit::Correlation));
    assert_eq!(
        judge(&new, rules(None)),
        Err(Limit::Correlation),
        "not known"
    );
    new.risk.greeks.delta_usd *= -1.0;
    assert_eq!(judge(&new, rules(Some(&together))), Ok(()), "a hedge");
    assert_eq!(
        judge(&candidate("SPY", 655), rules(None)),
        Ok(()),
        "its own symbol"
    );
    let lax = Limits::new(LimitsConfig {
        correlation_required: false,
        ..wide()
    });
    let rules = Rules {
        limits: &lax,
        correlations: None,
        symbols: &symbols,
    };
    assert_eq!(judge(&candidate("QQQ", 500), rules), Ok(()));
}

#[test]
fn the_day_loss_that_is_used_is_told() {
    let mut held = line("SPY", 650, 10);
    held.mark = Price::NONE;
    let limits = Limits::new(LimitsConfig {
        day_loss_max_usd: 2_000.0,
        ..wide()
    });
    let used = |lines: &[Line<'_>]| day_loss_used_ppm(&exposure(lines).unwrap(), &limits);
    assert_eq!((used(&[held]), used(&[])), (500_000, 0));
    held.mark = Price(20_000);
    assert_eq!(used(&[held]), 0, "a profit uses nothing");
}

mod approvals;
mod in_flight;
