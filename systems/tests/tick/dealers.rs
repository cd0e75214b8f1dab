//! What dealers must trade, how unusual that is and its sums over groups: against sums over the contracts
//! that are made here from their Greeks, without the kernels.

use crate::support::{Script, engine, of_contract, of_underlying, run_until};
use crate::{
    ALL, CALL_100, ID_CALL_100, ID_CALL_101, ID_PUT_99, ID_PUT_100, chain, interest, option_quote,
    quote, trade, vendor,
};
use components::dealers::{DealerFlow, DealerMeasure, DealerStandings, VolumeBasis};
use components::exposure::{DeltaExposure, GammaExposure, VolumeExposure};
use components::greeks::{Cross, Sensitivity};
use components::quality::Quality;
use engine::engine::Engine;
use engine::event::EventKind;
use engine::transcript::Transcript;
use systems::dealers::drift::Drifts;
use systems::dealers::groups::DealerGroups;

/// The chain's contracts: number, dealer sign, open interest.
const CONTRACTS: [(u32, f64, f64); 4] = [
    (ID_PUT_99, -1.0, 50.0),
    (ID_CALL_100, 1.0, 100.0),
    (ID_PUT_100, -1.0, 300.0),
    (ID_CALL_101, 1.0, 900.0),
];

fn after_two_seconds(lines: Vec<(i64, EventKind)>, flags: &[(&str, &str)]) -> Engine {
    let mut engine = engine(Script::new(&ALL, lines), flags);
    run_until(&mut engine, 2_000);
    engine
}

fn assert_close(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= 1e-12 * expected.abs(),
        "{found}, expected {expected}"
    );
}

#[test]
fn the_flow_is_the_opposite_of_what_the_contracts_gain() {
    let mut lines = chain();
    lines.push((100, trade(1_000_000, 5_000)));
    lines.push((300, trade(1_010_000, 1_000)));
    let engine = after_two_seconds(lines, &[("dealers.volatility_beta", "-0.5")]);
    let (mut gamma, mut vanna, mut charm) = (0.0, 0.0, 0.0);
    for (id, sign, contracts) in CONTRACTS {
        let held = sign * contracts * 100.0;
        let sensitivity: Sensitivity = of_contract(&engine, id);
        let cross: Cross = of_contract(&engine, id);
        // A rise of 1 % is a dollar here, and half a volatility point less.
        gamma += held * sensitivity.gamma * 1.0;
        vanna += held * cross.vanna * -0.005;
        charm += held * cross.charm / 365.0;
    }
    let flow: DealerFlow = of_underlying(&engine);
    assert_eq!((flow.included, flow.stamp.quality), (4, Quality::Ok));
    assert_close(flow.gamma_shares, -gamma);
    assert_close(flow.vanna_shares, -vanna);
    assert_close(flow.charm_shares_per_day, -charm);
    assert_close(flow.rise_shares(), -gamma - vanna);
    assert_close(flow.fall_usd(), (gamma + vanna) * 100.0);
    // Long gamma: they sell what has risen.
    assert!(gamma > 0.0 && flow.gamma_shares < 0.0);
    let volume = flow.day_volume.unwrap();
    assert_eq!(volume.basis, VolumeBasis::SessionSoFar);
    assert_close(volume.usd, 500_000.0 + 101_000.0);
    assert_close(flow.elasticity.unwrap(), flow.rise_usd() / 601_000.0);
    assert_eq!(flow.elasticity_quality, Quality::Ok);
}

#[test]
fn a_day_without_trades_has_a_flow_and_no_elasticity() {
    let engine = after_two_seconds(chain(), &[]);
    let flow: DealerFlow = of_underlying(&engine);
    assert_eq!(flow.stamp.quality, Quality::Ok);
    assert!(flow.gamma_shares < 0.0);
    assert_eq!((flow.elasticity, flow.day_volume), (None, None));
    assert_eq!(flow.elasticity_quality, Quality::NoData);
}

/// The chain with other open interest.
fn with_interest(interests: [u32; 4]) -> Vec<(i64, EventKind)> {
    let mut lines = chain();
    lines.retain(|(_, kind)| !matches!(kind, EventKind::OpenInterest { .. }));
    let ids = [ID_PUT_99, ID_CALL_100, ID_PUT_100, ID_CALL_101];
    lines.extend(ids.into_iter().zip(interests).map(|(id, contracts)| {
        let kind = interest(id, contracts);
        (100, kind)
    }));
    lines
}

#[test]
fn twice_the_open_interest_is_twice_of_everything() {
    let once = after_two_seconds(with_interest([50, 100, 300, 900]), &[]);
    let twice = after_two_seconds(with_interest([100, 200, 600, 1_800]), &[]);
    let (one, two): (DealerFlow, DealerFlow) = (of_underlying(&once), of_underlying(&twice));
    assert_close(two.gamma_shares, 2.0 * one.gamma_shares);
    assert_close(two.vanna_shares, 2.0 * one.vanna_shares);
    assert_close(two.charm_shares_per_day, 2.0 * one.charm_shares_per_day);
    let (one, two): (GammaExposure, GammaExposure) = (of_underlying(&once), of_underlying(&twice));
    assert_close(two.net_usd_per_pct, 2.0 * one.net_usd_per_pct);
    assert_eq!(two.coverage, one.coverage);
}

#[test]
fn calls_instead_of_puts_turn_gamma_and_vanna_round() {
    let calls = after_two_seconds(with_interest([0, 400, 0, 0]), &[]);
    let puts = after_two_seconds(with_interest([0, 0, 400, 0]), &[]);
    let (calls, puts): (DealerFlow, DealerFlow) = (of_underlying(&calls), of_underlying(&puts));
    assert!(calls.gamma_shares < 0.0);
    assert_close(puts.gamma_shares, -calls.gamma_shares);
    assert_close(puts.vanna_shares, -calls.vanna_shares);
}

const CALL_LATER: &str = "TEST  260417C00100000";
const PUT_LATER: &str = "TEST  260417P00100000";
const ID_CALL_LATER: u32 = 4;
const ID_PUT_LATER: u32 = 5;

#[test]
fn contracts_beyond_the_horizon_are_exposures_and_no_flow() {
    let names = [&ALL[..], &[CALL_LATER, PUT_LATER]].concat();
    let mut lines = chain();
    lines.extend([
        (100, interest(ID_CALL_LATER, 5_000)),
        (100, option_quote(ID_CALL_LATER, 2.90, 3.00)),
        (100, option_quote(ID_PUT_LATER, 2.40, 2.50)),
    ]);
    let run = |flags: &[(&str, &str)]| -> (DealerFlow, GammaExposure) {
        let mut engine = engine(Script::new(&names, lines.clone()), flags);
        run_until(&mut engine, 2_000);
        (of_underlying(&engine), of_underlying(&engine))
    };
    let (near, gex) = run(&[]);
    assert_eq!((near.included, gex.included), (4, 5));
    let (far, same) = run(&[("dealers.horizon_days", "60")]);
    assert_eq!(far.included, 5);
    assert_eq!(same, gex);
    assert!(far.gamma_shares < near.gamma_shares);
    // Nothing within a horizon: a state, no zero that looks like a flow.
    let lines: Vec<_> = lines
        .iter()
        .filter(
            |(_, kind)| !matches!(kind, EventKind::OpenInterest { contract, .. } if contract.0 < 4),
        )
        .cloned()
        .collect();
    let mut engine = engine(Script::new(&names, lines), &[]);
    run_until(&mut engine, 2_000);
    let flow: DealerFlow = of_underlying(&engine);
    assert_eq!((flow.included, flow.stamp.quality), (0, Quality::NoData));
    assert_eq!(
        (flow.elasticity, flow.elasticity_quality),
        (None, Quality::NoData)
    );
}

/// Every number that leaves of dealers, for a search after what is none.
fn numbers(engine: &Engine) -> Vec<f64> {
    let flow: DealerFlow = of_underlying(engine);
    let gex: GammaExposure = of_underlying(engine);
    let dex: DeltaExposure = of_underlying(engine);
    let volume: VolumeExposure = of_underlying(engine);
    let standings: DealerStandings = of_underlying(engine);
    let group = engine.world().resource::<DealerGroups>().portfolio;
    let mut all = vec![
        flow.rise_usd(),
        flow.charm_usd_per_day(),
        flow.elasticity.unwrap_or(0.0),
        gex.net_usd_per_pct,
        gex.coverage.unwrap_or(0.0),
        dex.open_interest_usd,
        dex.vanna_usd_per_point,
        dex.charm_usd_per_day,
        volume.net_usd_per_pct,
        group.gex_usd_per_pct,
        group.rise_usd,
    ];
    all.extend(flow.wings.map(|wings| wings.risk_reversal));
    for standing in standings.of {
        all.extend([standing.value, standing.z.unwrap_or(0.0)]);
    }
    all
}

#[test]
fn odd_chains_have_a_state_and_never_a_number_that_is_none() {
    let without = |drop: fn(&EventKind) -> bool| -> Vec<(i64, EventKind)> {
        chain()
            .into_iter()
            .filter(|(_, kind)| !drop(kind))
            .collect()
    };
    let nothing_held = with_interest([0, 0, 0, 0]);
    let without_greeks = without(|kind| matches!(kind, EventKind::OptionQuote { .. }));
    let without_spot = without(|kind| matches!(kind, EventKind::Quote { .. }));
    let mut one_sided = chain();
    one_sided.extend([
        (200, option_quote(ID_CALL_100, 0.0, 0.41)),
        (200, option_quote(ID_PUT_100, 0.38, 0.0)),
    ]);
    let mut vendors = chain();
    vendors.extend([
        (200, vendor(f64::NAN, 0.5, 0.1)),
        (200, vendor(0.2, f64::INFINITY, 0.1)),
        (200, vendor(0.2, 0.5, f64::NAN)),
    ]);
    let gaps = with_interest([900, 0, 0, 900]);
    let fast = [("dealers.sample_s", "1"), ("dealers.samples_min", "2")];
    for (name, contracts, lines, quality) in [
        ("no chain", &ALL[..0], chain(), Quality::NoData),
        ("one contract", &[CALL_100][..], chain(), Quality::Ok),
        ("nothing held", &ALL[..], nothing_held, Quality::NoData),
        ("no Greeks", &ALL[..], without_greeks, Quality::NoData),
        ("no spot", &ALL[..], without_spot, Quality::NoData),
        ("one side", &ALL[..], one_sided, Quality::Ok),
        ("vendors", &ALL[..], vendors, Quality::Ok),
        ("gaps", &ALL[..], gaps, Quality::Ok),
    ] {
        let mut engine = engine(Script::new(contracts, lines), &fast);
        for second in 1..20 {
            run_until(&mut engine, 1_000 * second);
            let found = numbers(&engine);
            assert!(found.iter().all(|x| x.is_finite()), "{name}: {found:?}");
        }
        let flow: DealerFlow = of_underlying(&engine);
        assert_eq!(flow.stamp.quality, quality, "{name}");
        let group = engine.world().resource::<DealerGroups>().portfolio;
        assert_eq!(group.stamp.quality, quality, "{name}");
        assert_eq!((group.symbols, group.known), (1, group.fresh), "{name}");
    }
}

/// Seconds of spots that wander, so that exposures do.
fn wandering(seconds: i64) -> Vec<(i64, EventKind)> {
    let mut lines = chain();
    for second in 1..seconds {
        #[expect(clippy::cast_precision_loss, reason = "few seconds")]
        let moved = 0.01 * ((second * 7) % 11 - 5) as f64;
        lines.push((second * 1_000, quote(99.99 + moved, 100.01 + moved)));
    }
    lines
}

#[test]
fn a_standing_is_the_z_score_of_the_last_samples() {
    let flags = [
        ("dealers.sample_s", "1"),
        ("dealers.samples", "20"),
        ("dealers.samples_min", "15"),
    ];
    let mut engine = engine(Script::new(&ALL, wandering(60)), &flags);
    let mut seen: Vec<f64> = Vec::new();
    for second in 1..50_u32 {
        run_until(&mut engine, 1_000 * i64::from(second) + 750);
        let standings: DealerStandings = of_underlying(&engine);
        let found = standings.of[DealerMeasure::Vanna as usize];
        seen.push(found.value);
        assert_eq!(standings.samples, second.min(20));
        let window = &seen[seen.len().saturating_sub(20)..];
        if window.len() < 15 {
            assert_eq!((found.z, found.quality), (None, Quality::Warmup));
            assert_eq!(standings.stamp.quality, Quality::Warmup);
            continue;
        }
        let n = f64::from(u32::try_from(window.len()).unwrap());
        let mean = window.iter().sum::<f64>() / n;
        let variance = window.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        let expected = (found.value - mean) / variance.sqrt();
        assert!((found.z.unwrap() - expected).abs() < 1e-9);
        assert_eq!(standings.stamp.quality, Quality::Ok);
    }
    let dex: DeltaExposure = of_underlying(&engine);
    assert_ne!(seen.first(), seen.last());
    assert!(dex.vanna_usd_per_point.is_finite());
}

#[test]
fn a_drift_is_told_once_and_may_come_again_after_it_is_over() {
    let flags = [
        ("dealers.sample_s", "1"),
        ("dealers.samples", "30"),
        ("dealers.samples_min", "15"),
    ];
    let mut lines = wandering(300);
    lines.push((40_500, interest(ID_CALL_101, 60_000)));
    lines.push((150_500, interest(ID_CALL_101, 900)));
    lines.sort_by_key(|(received, _)| *received);
    let mut engine = engine(Script::new(&ALL, lines), &flags);
    engine.world_mut().resource_mut::<Transcript>().keep();
    let mut told = Vec::new();
    while let Some(tick) = engine.tick().unwrap() {
        let drifts = engine.world().resource::<Drifts>();
        let now = tick.now.nanos_since(tick.session.open) / 1_000_000;
        let vanna = drifts
            .0
            .iter()
            .filter(|d| d.1.measure == DealerMeasure::Vanna);
        told.extend(vanna.map(|(_, drift)| (now, drift.z > 0.0)));
        if now >= 290_000 {
            break;
        }
    }
    assert_eq!(told.len(), 2, "{told:?}");
    // Within a sample and a turn of the change.
    assert!((40_500..=42_500).contains(&told[0].0), "{told:?}");
    assert!((150_500..=152_500).contains(&told[1].0), "{told:?}");
    assert_ne!(told[0].1, told[1].1);
    let text = engine.world_mut().resource_mut::<Transcript>().take();
    let lines = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    assert_eq!(lines("drift TEST vanna "), 4, "{text}");
    assert_eq!(lines("drift TEST vanna over"), 2, "{text}");
    // Gamma moved as much and is not watched.
    assert_eq!(lines("drift TEST gex"), 0, "{text}");
}

#[test]
fn a_small_step_of_what_stood_still_is_no_drift() {
    let flags = [
        ("dealers.sample_s", "1"),
        ("dealers.samples_min", "15"),
        ("dealers.drift_share_min", "0.2"),
    ];
    let mut lines = chain();
    // Exposures grow by a tenth at once.
    let grown = [
        (ID_PUT_99, 55),
        (ID_CALL_100, 110),
        (ID_PUT_100, 330),
        (ID_CALL_101, 990),
    ];
    lines.extend(grown.map(|(id, contracts)| (20_500, interest(id, contracts))));
    let mut engine = engine(Script::new(&ALL, lines), &flags);
    engine.world_mut().resource_mut::<Transcript>().keep();
    run_until(&mut engine, 22_000);
    let standings: DealerStandings = of_underlying(&engine);
    let vanna = standings.of[DealerMeasure::Vanna as usize];
    assert!(vanna.z.unwrap().abs() > 3.0, "{vanna:?}");
    assert_eq!(standings.drifting, [false; 4]);
    let text = engine.world_mut().resource_mut::<Transcript>().take();
    assert!(!text.contains("drift"), "{text}");
}

#[test]
fn groups_hold_their_members_and_say_when_these_are_stale() {
    let flags = [("watchlists.sectors.TEST", "technology")];
    let mut script = Script::new(&ALL, chain());
    script.silent_from_ms = 10_000;
    let mut engine = engine(script, &flags);
    run_until(&mut engine, 4_000);
    let gex: GammaExposure = of_underlying(&engine);
    let flow: DealerFlow = of_underlying(&engine);
    let groups = engine.world().resource::<DealerGroups>().clone();
    let sector = |groups: &DealerGroups, name: &str| {
        let mut all = groups.sectors.iter();
        all.find(|(sector, _)| sector.as_str() == name).unwrap().1
    };
    let technology = sector(&groups, "technology");
    assert_eq!(technology, groups.portfolio);
    assert_eq!(
        technology.gex_usd_per_pct.to_bits(),
        gex.net_usd_per_pct.to_bits()
    );
    assert_eq!(technology.rise_usd.to_bits(), flow.rise_usd().to_bits());
    assert_eq!((technology.symbols, technology.fresh), (1, 1));
    assert_eq!(technology.stamp.quality, Quality::Ok);
    assert!(technology.stamp.valid_until <= gex.stamp.valid_until);
    let empty = sector(&groups, "financials");
    assert_eq!((empty.symbols, empty.stamp.quality), (0, Quality::NoData));

    run_until(&mut engine, 20_000);
    let groups = engine.world().resource::<DealerGroups>().clone();
    let technology = sector(&groups, "technology");
    assert_eq!((technology.known, technology.fresh), (1, 0));
    assert_eq!(technology.stamp.quality, Quality::Stale);
    assert!(technology.gex_usd_per_pct > 0.0, "the value is kept");
    assert_eq!(
        of_underlying::<DealerFlow>(&engine).stamp.quality,
        Quality::Stale
    );
}
