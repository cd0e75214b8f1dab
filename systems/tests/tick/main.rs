//! The analytics phases together, on a scripted feed: what passes the door, what is refused, and what
//! the numbers do. Regressions are named after what went wrong once, here or in the original product.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod closing;
mod dealers;
mod discovery;
mod exposures;
mod flow_clusters;
mod hidden;
mod liquidity;
mod options_flow;
mod patterns;
#[path = "../support/mod.rs"]
mod support;

use components::contract::ContractId;
use components::exposure::{
    DeltaExposure, ExposureLevels, ExposureProfile, GammaExposure, ZeroGamma,
};
use components::flow::{Imbalance, Vpin};
use components::greeks::{IvStatus, Sensitivity, Valuation, Volatility};
use components::market::{Book, Level, Quote, QuoteState, Spot, SymbolId, TradingHalt};
use components::quality::Quality;
use components::units::Price;
use engine::event::{Bar, EventKind};
use support::{Script, at, engine, of_contract, of_underlying, run_until};
use systems::ingest::Counts;
use systems::ingest::refusal::{Refusal, Refusals};

const CALL_100: &str = "TEST  260302C00100000";
const PUT_100: &str = "TEST  260302P00100000";
const CALL_101: &str = "TEST  260302C00101000";
const PUT_99: &str = "TEST  260302P00099000";
const ALL: [&str; 4] = [CALL_100, PUT_100, CALL_101, PUT_99];
// The canonical order is by strike, then calls before puts.
const ID_PUT_99: u32 = 0;
const ID_CALL_100: u32 = 1;
const ID_PUT_100: u32 = 2;
const ID_CALL_101: u32 = 3;

fn price(dollars: f64) -> Price {
    Price::from_dollars(dollars).unwrap()
}

fn quote(bid: f64, ask: f64) -> EventKind {
    EventKind::Quote {
        symbol: SymbolId(0),
        bid: price(bid),
        ask: price(ask),
        bid_size: 300,
        ask_size: 200,
    }
}

/// A regular trade at `price` in 1/10,000 USD, of nobody knows which side.
fn trade(price: i64, size: u32) -> EventKind {
    EventKind::Trade {
        symbol: SymbolId(0),
        price: Price(price),
        size,
        conditions: 0,
        aggressor: None,
    }
}

fn option_quote(id: u32, bid: f64, ask: f64) -> EventKind {
    EventKind::OptionQuote {
        contract: ContractId(id),
        bid: price(bid),
        ask: price(ask),
        bid_size: 10,
        ask_size: 10,
    }
}

fn interest(id: u32, contracts: u32) -> EventKind {
    EventKind::OpenInterest {
        contract: ContractId(id),
        contracts,
    }
}

/// A small chain around 100 with open interest, quoted in the first tick.
fn chain() -> Vec<(i64, EventKind)> {
    vec![
        (100, quote(99.99, 100.01)),
        (100, interest(ID_PUT_99, 50)),
        (100, interest(ID_CALL_100, 100)),
        (100, interest(ID_PUT_100, 300)),
        (100, interest(ID_CALL_101, 900)),
        (100, option_quote(ID_PUT_99, 0.10, 0.12)),
        (100, option_quote(ID_CALL_100, 0.39, 0.41)),
        (100, option_quote(ID_PUT_100, 0.38, 0.40)),
        (100, option_quote(ID_CALL_101, 0.10, 0.12)),
    ]
}

fn refused(engine: &engine::engine::Engine, reason: Refusal) -> u64 {
    engine.world().resource::<Refusals>().of(reason)
}

#[test]
fn a_halt_that_nobody_heard_of_is_over_when_its_end_is_told() {
    let mut lines = chain();
    let symbol = SymbolId(0);
    lines.push((9_000, EventKind::Resumed { symbol }));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 8_000);
    let before: TradingHalt = of_underlying(&engine);
    run_until(&mut engine, 9_500);
    let after: TradingHalt = of_underlying(&engine);
    assert_eq!((before.halted, after.halted), (false, false));
    assert_eq!((before.since, after.since), (at(250), at(9_000)));
}

#[test]
fn what_is_not_plausible_is_refused_and_counted() {
    let mut lines = chain();
    let sid = SymbolId(0);
    lines.extend([
        (300, quote(-1.0, 2.0)),
        (300, option_quote(9, 0.1, 0.2)),
        (
            300,
            EventKind::Index {
                symbol: sid,
                level: price(2e9),
            },
        ),
        (
            300,
            EventKind::Trade {
                symbol: sid,
                price: price(100.0),
                size: 0,
                conditions: 0,
                aggressor: None,
            },
        ),
        (
            300,
            EventKind::Bar {
                symbol: sid,
                bar: Bar {
                    open: price(100.0),
                    high: price(99.0),
                    low: price(98.0),
                    close: price(98.5),
                    volume: 10,
                    seconds: 60,
                },
            },
        ),
        (300, vendor(f64::NAN, 0.5, 0.1)),
        (300, vendor(5.0, 0.5, 0.1)),
        (300, vendor(0.2, 1.5, 0.1)),
        (300, vendor(0.0, 0.0, 0.0)),
        (
            300,
            EventKind::Book {
                symbol: sid,
                book: Box::new(unsorted()),
            },
        ),
        (300, quote(99.98, 100.02)),
    ]);
    let mut script = Script::new(&ALL, lines);
    script.lines.extend([
        (400, 400 - 61_000, quote(50.0, 50.1)),
        (400, 400 + 2_000, quote(60.0, 60.1)),
        (400, 200, quote(70.0, 70.1)),
    ]);
    let mut engine = engine(script, &[]);
    run_until(&mut engine, 500);
    for reason in [
        Refusal::NonPositivePrice,
        Refusal::ImplausiblePrice,
        Refusal::UnlistedContract,
        Refusal::ZeroSize,
        Refusal::InconsistentBar,
        Refusal::NotANumber,
        Refusal::IvOutOfRange,
        Refusal::DeltaOutOfRange,
        Refusal::UnsortedBook,
        Refusal::StaleStamp,
        Refusal::FutureStamp,
        Refusal::OutOfOrder,
    ] {
        assert_eq!(refused(&engine, reason), 1, "{}", reason.name());
    }
    assert_eq!(engine.world().resource::<Refusals>().total(), 12);
    assert_eq!(
        engine.world().resource::<Counts>().vendor_greeks,
        1,
        "all zero is missing, not wrong"
    );
    assert_eq!(
        of_underlying::<Quote>(&engine).bid,
        price(99.98),
        "only the last good one stands"
    );
}

#[test]
fn a_contract_that_expired_before_the_day_is_refused_and_its_quotes_with_it() {
    // It sorts first, hence has number 0.
    let lines = vec![
        (100, option_quote(0, 0.39, 0.41)),
        (100, option_quote(1, 0.39, 0.41)),
    ];
    let mut engine = engine(
        Script::new(&["TEST  260227C00100000", CALL_100], lines),
        &[],
    );
    run_until(&mut engine, 500);
    assert_eq!(refused(&engine, Refusal::ExpiredContract), 1);
    assert_eq!(refused(&engine, Refusal::UnlistedContract), 1);
    assert_eq!(engine.world().resource::<Counts>().option_quotes, 1);
}

fn vendor(iv: f64, delta: f64, gamma: f64) -> EventKind {
    EventKind::VendorGreeks {
        contract: ContractId(ID_CALL_100),
        iv,
        delta,
        gamma,
    }
}

fn unsorted() -> Book {
    let mut book = Book::default();
    let level = |dollars| Level {
        price: price(dollars),
        size: 100,
    };
    (book.bids[0], book.bids[1]) = (level(99.0), level(99.5));
    (book.asks[0], book.asks[1]) = (level(100.0), level(100.5));
    book.at = at(300);
    book
}

#[test]
fn a_crossed_quote_is_a_state_and_no_price() {
    let mut lines = chain();
    lines.push((1_000, quote(100.10, 100.00)));
    lines.push((1_000, option_quote(ID_CALL_101, 0.20, 0.10)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 1_250);
    assert_eq!(of_underlying::<Quote>(&engine).state(), QuoteState::Crossed);
    let spot: Spot = of_underlying(&engine);
    assert!(
        (spot.dollars - 100.0).abs() < 1e-12,
        "the spot before it stands: {}",
        spot.dollars
    );
    assert_eq!(engine.world().resource::<Refusals>().total(), 0);
    assert_eq!(
        of_underlying::<GammaExposure>(&engine).included,
        3,
        "the crossed contract is out"
    );
    assert_ne!(
        of_contract::<Volatility>(&engine, ID_CALL_101).status,
        IvStatus::Ok
    );
}

#[test]
fn ghost_strikes_with_little_open_interest_count_in_no_sum() {
    let mut lines = chain();
    lines.push((200, interest(ID_CALL_101, 4)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 500);
    let gamma: GammaExposure = of_underlying(&engine);
    assert_eq!((gamma.included, gamma.contracts), (3, 4));
    let profile: ExposureProfile = of_underlying(&engine);
    assert!(
        profile
            .by_strike
            .iter()
            .all(|strike| strike.strike != price(101.0))
    );
}

#[test]
fn gamma_exposure_is_per_one_percent_and_the_pin_is_its_largest_strike() {
    let mut engine = engine(
        Script::new(&ALL, chain()),
        &[("exposure.levels_contracts_min", "1")],
    );
    run_until(&mut engine, 500);
    let gamma: GammaExposure = of_underlying(&engine);
    let expected: f64 = [
        (ID_PUT_99, -50.0),
        (ID_CALL_100, 100.0),
        (ID_PUT_100, -300.0),
        (ID_CALL_101, 900.0),
    ]
    .into_iter()
    .map(|(id, signed)| {
        of_contract::<Sensitivity>(&engine, id).gamma * signed * 100.0 * 100.0 * 100.0 * 0.01
    })
    .sum();
    assert!(
        (gamma.net_usd_per_pct / expected - 1.0).abs() < 1e-12,
        "{gamma:?} {expected}"
    );
    assert!(gamma.put_usd_per_pct < 0.0 && gamma.call_usd_per_pct > 0.0);
    let levels: ExposureLevels = of_underlying(&engine);
    let profile: ExposureProfile = of_underlying(&engine);
    let largest = profile
        .by_strike
        .iter()
        .max_by(|a, b| {
            a.net_usd_per_pct()
                .abs()
                .total_cmp(&b.net_usd_per_pct().abs())
        })
        .unwrap();
    assert_eq!(levels.max_abs_gamma_strike, Some(largest.strike));
    assert_eq!(levels.call_wall, Some(price(101.0)));
    assert_eq!(levels.put_wall, Some(price(100.0)));
    let delta: DeltaExposure = of_underlying(&engine);
    assert!(delta.open_interest_usd != 0.0 && delta.stamp.quality == Quality::Ok);
}

#[test]
fn zero_gamma_is_looked_for_within_a_second() {
    let mut engine = engine(Script::new(&ALL, chain()), &[]);
    run_until(&mut engine, 1_250);
    let level: ZeroGamma = of_underlying(&engine);
    assert_eq!(level.stamp.quality, Quality::Ok);
    let root = level.nearest_dollars.expect("puts below, calls above");
    assert!((99.0..101.5).contains(&root), "{root}");
}

#[test]
fn gamma_above_one_is_kept_in_the_last_minutes() {
    let near_close = 6 * 3_600_000 + 29 * 60_000;
    let mut lines = chain();
    lines.push((near_close, quote(99.99, 100.01)));
    lines.push((near_close, option_quote(ID_CALL_100, 0.02, 0.03)));
    lines.push((near_close, option_quote(ID_PUT_100, 0.02, 0.03)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, near_close + 30_000);
    let gamma = of_contract::<Sensitivity>(&engine, ID_CALL_100).gamma;
    assert!(gamma > 1.0, "{gamma}");
    run_until(&mut engine, near_close + 60_000);
    assert_eq!(
        of_contract::<Volatility>(&engine, ID_CALL_100).status,
        IvStatus::Expired
    );
    assert_eq!(of_underlying::<GammaExposure>(&engine).included, 0);
}

#[test]
fn greeks_are_renewed_by_time_alone() {
    let mut engine = engine(Script::new(&ALL, chain()), &[]);
    run_until(&mut engine, 500);
    let first = of_contract::<Valuation>(&engine, ID_CALL_100).computed_at;
    run_until(&mut engine, 10_000);
    assert_eq!(
        of_contract::<Valuation>(&engine, ID_CALL_100).computed_at,
        first
    );
    // 0.1 % of six and a half hours is 23.4 s.
    run_until(&mut engine, 24_500);
    let second = of_contract::<Valuation>(&engine, ID_CALL_100).computed_at;
    assert!(second.seconds_since(first) > 23.0 && second.seconds_since(first) < 24.0);
}

#[test]
fn both_rights_of_a_strike_share_the_cheap_sides_volatility() {
    let mut engine = engine(Script::new(&ALL, chain()), &[]);
    run_until(&mut engine, 500);
    let call: Volatility = of_contract(&engine, ID_CALL_100);
    let put: Volatility = of_contract(&engine, ID_PUT_100);
    assert_eq!(call.status, IvStatus::Ok);
    assert_eq!(call.iv.to_bits(), put.iv.to_bits());
}

#[test]
fn a_silent_feed_makes_values_stale_and_its_return_heals_them() {
    let mut script = Script::new(&ALL, chain());
    script.silent_from_ms = 2_000;
    let mut engine = engine(script, &[]);
    run_until(&mut engine, 1_500);
    assert_eq!(
        of_underlying::<GammaExposure>(&engine).stamp.quality,
        Quality::Ok
    );
    let kept = of_underlying::<GammaExposure>(&engine).net_usd_per_pct;
    run_until(&mut engine, 6_000);
    let gamma: GammaExposure = of_underlying(&engine);
    assert_eq!(gamma.stamp.quality, Quality::Stale);
    assert_eq!(
        gamma.net_usd_per_pct.to_bits(),
        kept.to_bits(),
        "the value is kept"
    );
}

#[test]
fn round_lots_do_not_make_vpin_one() {
    // Round lots of alternating direction: a bucket of a lot would put each print alone into one.
    let mut lines = vec![(0, quote(99.99, 100.01))];
    for step in 0..4_000_i64 {
        let dollars = 100.0 + 0.01 * ((step / 7 % 5) as f64 - 2.0);
        lines.push((
            1_000 + step * 1_000,
            EventKind::Trade {
                symbol: SymbolId(0),
                price: price(dollars),
                size: 100,
                conditions: 0,
                aggressor: None,
            },
        ));
    }
    let script = Script::new(&[], lines);
    let mut engine = engine(script, &[("vpin.bucket_volume", "4000")]);
    run_until(&mut engine, 4_000_000);
    let vpin: Vpin = of_underlying(&engine);
    let value = vpin.value.expect("100 buckets are twice the window");
    assert!((0.0..0.95).contains(&value), "{value}");
    assert!(vpin.tick_rule.is_some() && vpin.lee_ready.is_some());
}

#[test]
fn without_a_bucket_size_vpin_warms_up_and_says_so() {
    let lines = vec![(
        100,
        EventKind::Trade {
            symbol: SymbolId(0),
            price: price(100.0),
            size: 100,
            conditions: 0,
            aggressor: None,
        },
    )];
    let mut engine = engine(Script::new(&[], lines), &[]);
    run_until(&mut engine, 1_000);
    let vpin: Vpin = of_underlying(&engine);
    assert_eq!((vpin.value, vpin.stamp.quality), (None, Quality::Warmup));
}

#[test]
fn a_feed_without_depth_has_the_best_level_only() {
    let mut engine = engine(Script::new(&[], vec![(100, quote(99.99, 100.01))]), &[]);
    run_until(&mut engine, 500);
    let imbalance: Imbalance = of_underlying(&engine);
    assert!((imbalance.level1.unwrap() - 0.2).abs() < 1e-12);
    assert_eq!(imbalance.level5, None);
    assert_eq!(imbalance.stamp.quality, Quality::Ok);
}
