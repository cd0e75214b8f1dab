//! The flow of options in the running engine: sums, sides, what is unusual, and what is not known.

use crate::support::{Script, engine, of_contract, of_underlying, run_until};
use crate::{ALL, ID_CALL_100, ID_CALL_101, ID_PUT_99, ID_PUT_100, chain, interest, price};
use components::contract::ContractId;
use components::options_flow::{ContractVolume, OptionsFlow, UnusualReason};
use components::quality::Quality;
use components::units::Cash;
use engine::event::{Bar, EventKind};
use engine::transcript::Transcript;

fn option_trade(id: u32, dollars: f64, size: u32) -> EventKind {
    EventKind::OptionTrade {
        contract: ContractId(id),
        price: price(dollars),
        size,
        conditions: 0,
    }
}

fn option_bar(id: u32, dollars: f64, volume: u64) -> EventKind {
    let price = price(dollars);
    EventKind::OptionBar {
        contract: ContractId(id),
        bar: Bar {
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
            seconds: 60,
        },
    }
}

#[test]
fn volumes_premium_and_delta_are_counted_by_side() {
    let mut lines = chain();
    lines.extend([
        (1_100, option_trade(ID_CALL_100, 0.41, 10)),
        (1_200, option_trade(ID_PUT_100, 0.38, 20)),
        (1_300, option_trade(ID_PUT_99, 0.11, 30)),
        (1_400, option_trade(ID_CALL_101, 0.12, 40)),
    ]);
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 1_000);
    let before: OptionsFlow = of_underlying(&engine);
    assert_eq!((before.put_call_volume, before.bought), (None, None));
    assert_eq!(before.zero_day_share, None);
    // Open interest is known before the first trade.
    assert_eq!((before.call_interest, before.put_interest), (1_000, 350));
    assert_eq!(before.put_call_interest, Some(0.35));
    assert_eq!(
        (before.stamp.quality, before.sided.quality),
        (Quality::Ok, Quality::NoData)
    );
    run_until(&mut engine, 2_000);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!((flow.call_volume, flow.put_volume), (50, 50));
    assert_eq!(flow.put_call_volume, Some(1.0));
    assert_eq!(flow.zero_day_share, Some(1.0), "all expire today");
    assert_eq!(flow.bought, Cash::from_dollars(100.0 * (4.1 + 4.8)));
    assert_eq!(flow.sold, Cash::from_dollars(100.0 * 7.6));
    assert_eq!(
        (flow.sided_share, flow.delta_covered),
        (Some(0.7), Some(1.0))
    );
    // About half of 10 and a fifth of 40 calls bought, half of 20 puts sold.
    let shares = flow.delta_shares.unwrap();
    assert!((1_800.0..3_200.0).contains(&shares), "{shares}");
    assert_eq!(
        (flow.stamp.quality, flow.sided.quality),
        (Quality::Ok, Quality::Ok)
    );
    assert_eq!((flow.unusual_count, flow.unusual[0]), (0, None));
    let volume: ContractVolume = of_contract(&engine, ID_CALL_101);
    assert_eq!((volume.contracts, volume.bought, volume.sold), (40, 40, 0));
}

#[test]
fn a_contract_becomes_unusual_once_and_is_ranked() {
    let mut lines = chain();
    lines.extend([
        (1_000, interest(ID_CALL_101, 0)),
        (1_100, option_trade(ID_PUT_99, 0.11, 499)),
        (1_300, option_trade(ID_PUT_99, 0.11, 1)),
        (1_600, option_trade(ID_PUT_99, 0.11, 100)),
        (2_100, option_trade(ID_PUT_100, 0.39, 599)),
        (2_400, option_trade(ID_CALL_100, 0.41, 3_000)),
        (2_900, option_trade(ID_CALL_101, 0.11, 700)),
    ]);
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    engine.world_mut().resource_mut::<Transcript>().keep();
    run_until(&mut engine, 1_250);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!(flow.unusual_count, 0);
    run_until(&mut engine, 1_500);
    let flow: OptionsFlow = of_underlying(&engine);
    let first = flow.unusual[0].unwrap();
    assert_eq!(
        (first.contract, first.interest),
        (ContractId(ID_PUT_99), 50)
    );
    assert_eq!(
        (first.ratio, first.reason),
        (Some(10.0), UnusualReason::OverInterest)
    );
    run_until(&mut engine, 20_000);
    let flow: OptionsFlow = of_underlying(&engine);
    let found = flow
        .unusual
        .map(|place| place.map(|one| (one.contract.0, one.ratio)));
    let expected = [
        Some((ID_CALL_101, None)),
        Some((ID_CALL_100, Some(30.0))),
        Some((ID_PUT_99, Some(12.0))),
        None,
        None,
    ];
    assert_eq!((found, flow.unusual_count), (expected, 3));
    let text = engine.world_mut().resource_mut::<Transcript>().take();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("unusual"))
        .collect();
    assert_eq!(lines.len(), 3, "{text}");
    let line = "unusual TEST TEST  260302P00099000 volume 500 interest 50 over_interest";
    assert!(lines[0].ends_with(line), "{}", lines[0]);
    assert!(
        lines[2].ends_with("volume 700 interest 0 no_interest"),
        "{}",
        lines[2]
    );
}

#[test]
fn open_interest_that_comes_late_is_judged_when_it_comes() {
    let mut lines = chain();
    lines.retain(|(_, kind)| !matches!(kind, EventKind::OpenInterest { .. }));
    lines.push((1_100, option_trade(ID_CALL_100, 0.41, 900)));
    lines.push((5_000, interest(ID_CALL_100, 10)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 4_000);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!((flow.unusual_count, flow.put_call_interest), (0, None));
    run_until(&mut engine, 16_000);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!(flow.unusual_count, 1);
    assert_eq!(flow.unusual[0].unwrap().ratio, Some(90.0));
}

#[test]
fn bars_have_volume_and_no_side() {
    let mut lines = chain();
    lines.push((1_100, option_bar(ID_PUT_100, 0.40, 60)));
    lines.push((1_200, option_bar(ID_CALL_100, 0.41, 30)));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 2_000);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!(flow.put_call_volume, Some(2.0));
    assert_eq!(
        (flow.bought, flow.sold, flow.delta_shares),
        (None, None, None)
    );
    assert_eq!(
        (flow.stamp.quality, flow.sided.quality),
        (Quality::Ok, Quality::NoData)
    );
}

#[test]
fn a_chain_without_trades_and_open_interest_says_so() {
    let mut lines = chain();
    lines.retain(|(_, kind)| !matches!(kind, EventKind::OpenInterest { .. }));
    let mut engine = engine(Script::new(&ALL, lines), &[]);
    run_until(&mut engine, 12_000);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!((flow.put_call_volume, flow.put_call_interest), (None, None));
    assert_eq!((flow.zero_day_share, flow.sided_share), (None, None));
    assert_eq!(
        (flow.stamp.quality, flow.sided.quality),
        (Quality::NoData, Quality::NoData)
    );
}

#[test]
fn a_chain_that_went_silent_is_stale() {
    let mut lines = chain();
    lines.push((1_100, option_trade(ID_CALL_100, 0.41, 10)));
    let mut script = Script::new(&ALL, lines);
    script.silent_from_ms = 2_000;
    let mut engine = engine(script, &[]);
    run_until(&mut engine, 20_000);
    let flow: OptionsFlow = of_underlying(&engine);
    assert_eq!(
        (flow.stamp.quality, flow.sided.quality),
        (Quality::Stale, Quality::Stale)
    );
    assert_eq!(flow.call_volume, 10, "the value is kept");
}
