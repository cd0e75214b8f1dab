//! What exposures rest on, and their twins by the day's volume: against sums over the contracts that
//! are made here, without the kernels.

use crate::support::{Script, TODAY, at, engine, engine_of, of_contract, of_underlying, run_until};
use crate::{
    ALL, ID_CALL_100, ID_CALL_101, ID_PUT_99, ID_PUT_100, chain, option_quote, price, quote,
};
use components::contract::{ContractId, Right};
use components::exposure::{GammaExposure, GammaProfile, VolumeExposure, ZeroGamma};
use components::greeks::Sensitivity;
use components::quality::Quality;
use engine::engine::Engine;
use engine::event::EventKind;

/// The chain's contracts: number, right, open interest.
const CONTRACTS: [(u32, Right, f64); 4] = [
    (ID_PUT_99, Right::Put, 50.0),
    (ID_CALL_100, Right::Call, 100.0),
    (ID_PUT_100, Right::Put, 300.0),
    (ID_CALL_101, Right::Call, 900.0),
];

/// |GEX| of a contract by hand, USD per 1 % at 100 dollars.
fn size(engine: &Engine, id: u32, contracts: f64) -> f64 {
    let gamma = of_contract::<Sensitivity>(engine, id).gamma;
    assert!(gamma > 0.0, "contract {id} has no gamma");
    gamma * contracts * 100.0 * 100.0 * 100.0 * 0.01
}

fn assert_close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= 1e-12 * expected.abs(),
        "{found}, expected {expected}"
    );
}

fn option_trade(id: u32, size: u32) -> EventKind {
    EventKind::OptionTrade {
        contract: ContractId(id),
        price: price(0.30),
        size,
        conditions: 0,
    }
}

#[test]
fn coverage_is_the_share_of_gamma_with_a_price_of_its_own() {
    let mut lines = chain();
    let whole = {
        let mut engine = engine(Script::new(&ALL, lines.clone()), &[]);
        run_until(&mut engine, 500);
        of_underlying::<GammaExposure>(&engine).coverage
    };
    assert_eq!(whole, Some(1.0));
    // A crossed put is still valued with the volatility of its call, and counts in no sum.
    lines.push((100, option_quote(ID_PUT_100, 0.40, 0.38)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 500);
    let gex: GammaExposure = of_underlying(&engine);
    let all: f64 = CONTRACTS
        .iter()
        .map(|(id, _, contracts)| size(&engine, *id, *contracts))
        .sum();
    let missing = size(&engine, ID_PUT_100, 300.0);
    assert_close(gex.coverage.unwrap(), 1.0 - missing / all);
    assert_eq!(gex.included, 3);
    let dex: components::exposure::DeltaExposure = of_underlying(&engine);
    assert_eq!(dex.coverage, gex.coverage);
}

#[test]
fn old_quotes_stop_covering_and_a_silent_feed_covers_nothing() {
    let mut lines = chain();
    lines.push((20_000, option_quote(ID_CALL_101, 0.10, 0.13)));
    let flags = [("exposure.quote_age_max_s", "10")];
    let mut engine = engine(Script::new(&ALL, lines), &flags);
    run_until(&mut engine, 10_000);
    assert_eq!(of_underlying::<GammaExposure>(&engine).coverage, Some(1.0));
    run_until(&mut engine, 20_000);
    let gex: GammaExposure = of_underlying(&engine);
    let all: f64 = CONTRACTS
        .iter()
        .map(|(id, _, contracts)| size(&engine, *id, *contracts))
        .sum();
    // Old quotes stay in the sums; how much rests on newer ones is said beside.
    assert_eq!(gex.included, 4);
    assert_close(
        gex.coverage.unwrap(),
        size(&engine, ID_CALL_101, 900.0) / all,
    );
    let mut script = Script::new(&ALL, chain());
    script.silent_from_ms = 10_000;
    let mut engine = crate::support::engine(script, &[]);
    run_until(&mut engine, 70_000);
    assert_eq!(of_underlying::<GammaExposure>(&engine).coverage, Some(0.0));
}

#[test]
fn a_spot_that_moves_while_the_chain_is_silent_makes_nothing_fresh() {
    let mut options = Script::new(&ALL, chain());
    options.silent_from_ms = 5_000;
    let moves = (1..100).map(|step| {
        let moved = 0.01 * f64::from(step % 5);
        (i64::from(step) * 250, quote(99.99 + moved, 100.01 + moved))
    });
    let spot = Script::new(&[], moves.collect());
    let mut engine = engine_of(TODAY, vec![options, spot], &[]);
    run_until(&mut engine, 4_000);
    let fresh: GammaExposure = of_underlying(&engine);
    assert_eq!(fresh.stamp.quality, Quality::Ok);
    run_until(&mut engine, 15_000);
    let gex: GammaExposure = of_underlying(&engine);
    // The sums are those of this tick's spot, and rest on quotes that nobody confirms.
    assert_eq!(gex.stamp.computed_at, at(15_000));
    assert_eq!(
        (gex.stamp.quality, gex.coverage),
        (Quality::Stale, Some(0.0))
    );
}

#[test]
fn without_open_interest_or_greeks_there_is_no_coverage_and_no_value() {
    let without_interest: Vec<_> = chain()
        .into_iter()
        .filter(|(_, kind)| !matches!(kind, EventKind::OpenInterest { .. }))
        .collect();
    let without_quotes: Vec<_> = chain()
        .into_iter()
        .filter(|(_, kind)| !matches!(kind, EventKind::OptionQuote { .. }))
        .collect();
    for lines in [without_interest, without_quotes] {
        let mut engine = engine(Script::new(&ALL, lines), &[]);
        run_until(&mut engine, 2_000);
        let gex: GammaExposure = of_underlying(&engine);
        assert_eq!((gex.coverage, gex.included), (None, 0));
        assert_eq!(gex.stamp.quality, Quality::NoData);
        let profile: GammaProfile = of_underlying(&engine);
        assert_eq!(profile.spot_dollars.len(), 0);
    }
}

/// What a day's trades make of the chain after two seconds.
fn traded(sizes: &[(u32, u32)]) -> (Engine, VolumeExposure) {
    let mut lines = chain();
    let trades = sizes
        .iter()
        .map(|(id, size)| (300, option_trade(*id, *size)));
    lines.extend(trades);
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 2_000);
    let volume = of_underlying(&engine);
    (engine, volume)
}

#[test]
fn volume_takes_the_place_of_open_interest() {
    let sizes = [
        (ID_PUT_99, 70),
        (ID_CALL_100, 30),
        (ID_PUT_100, 20),
        (ID_CALL_101, 40),
    ];
    let (engine, volume) = traded(&sizes);
    let by_hand = |right: Right| -> f64 {
        let of_right = CONTRACTS.iter().zip(sizes).filter(|(c, _)| c.1 == right);
        of_right
            .map(|((id, ..), (_, traded))| size(&engine, *id, f64::from(traded)))
            .sum()
    };
    assert_eq!((volume.included, volume.stamp.quality), (4, Quality::Ok));
    assert_close(volume.call_usd_per_pct, by_hand(Right::Call));
    assert_close(volume.put_usd_per_pct, -by_hand(Right::Put));
    assert_close(
        volume.net_usd_per_pct,
        by_hand(Right::Call) - by_hand(Right::Put),
    );
    // By open interest the put wall is at 100, by volume at 99.
    assert_eq!(volume.put_wall, Some(price(99.0)));
    let levels: components::exposure::ExposureLevels = of_underlying(&engine);
    assert_eq!(levels.put_wall, Some(price(100.0)));

    let twice = sizes.map(|(id, size)| (id, 2 * size));
    let (_, doubled) = traded(&twice);
    assert_close(doubled.net_usd_per_pct, 2.0 * volume.net_usd_per_pct);
    assert_eq!(doubled.put_wall, volume.put_wall);
}

#[test]
fn a_day_without_trades_and_volume_below_the_least_have_no_exposure() {
    let (_, none) = traded(&[]);
    assert_eq!(
        (none.stamp.quality, none.included, none.put_wall),
        (Quality::NoData, 0, None)
    );
    let (_, little) = traded(&[(ID_CALL_100, 4)]);
    assert_eq!(little.stamp.quality, Quality::NoData);
    // Five is the least; one contract has an exposure and no walls.
    let (_, least) = traded(&[(ID_CALL_100, 5)]);
    assert_eq!(
        (least.stamp.quality, least.included, least.call_wall),
        (Quality::Ok, 1, None)
    );
    assert!(least.net_usd_per_pct > 0.0);
}

#[test]
fn trades_alone_renew_the_sums_by_volume_within_a_second() {
    let mut lines = chain();
    lines.push((300, option_trade(ID_CALL_100, 10)));
    lines.push((30_000, option_trade(ID_CALL_100, 10)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 29_750);
    let before: VolumeExposure = of_underlying(&engine);
    run_until(&mut engine, 31_000);
    let after: VolumeExposure = of_underlying(&engine);
    let growth = after.net_usd_per_pct / before.net_usd_per_pct;
    assert!((growth - 2.0).abs() < 0.01, "{growth}");
}

#[test]
fn the_profile_is_the_curve_that_crosses_zero() {
    let mut lines = chain();
    // More puts below than calls above: dealers' gamma turns between the strikes.
    lines.push((100, crate::interest(ID_PUT_99, 900)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 4_000);
    let profile: GammaProfile = of_underlying(&engine);
    let zero: ZeroGamma = of_underlying(&engine);
    let gex: GammaExposure = of_underlying(&engine);
    assert_eq!(
        (profile.spot_dollars.len(), profile.gex_usd_per_pct.len()),
        (81, 81)
    );
    assert!((profile.spot_dollars[40] - 100.0).abs() < 1e-9);
    assert_eq!(profile.stamp, zero.stamp);
    let middle = profile.gex_usd_per_pct[40];
    // The sums price short expiries at the spot that their forward stands for.
    let scale = gex.call_usd_per_pct - gex.put_usd_per_pct;
    assert!((middle - gex.net_usd_per_pct).abs() < 0.02 * scale);
    let root = zero.nearest_dollars.unwrap();
    let after = profile.spot_dollars.partition_point(|spot| *spot < root);
    let (below, above) = (
        profile.gex_usd_per_pct[after - 1],
        profile.gex_usd_per_pct[after],
    );
    assert!(below * above <= 0.0, "{below} {above} about {root}");
}
