//! Put/call ratios of recorded chains of SPY, against the control figures of their README. Needs the
//! recorded data: runs where `ALPHATRADER_DATA` is set.

use components::contract::{ContractId, Expiry, OptionTerms};
use components::flow::OptionPrint;
use components::options_flow::{ContractVolume, OptionsFlow};
use components::units::{Price, Timestamp};
use std::io::Write;
use std::path::PathBuf;
use systems::options_flow::counters::{OptionSums, ratio};

/// Calls and puts by volume and by open interest, and the share of the volume that expired that day.
#[test]
fn spy_trades_about_as_many_puts_as_calls_and_holds_twice_as_many() {
    let Some(root) = std::env::var_os("ALPHATRADER_DATA").map(PathBuf::from) else {
        // Straight to the descriptor: the test harness would swallow a line that is printed.
        let line = "skipped 1 recorded test: ALPHATRADER_DATA is not set\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    };
    for (file, today, volumes, interests) in [
        (
            "cboe_spy_2023-09-14_1631",
            20_230_914,
            (4_038_361, 5_053_439),
            (6_906_952, 14_666_220),
        ),
        (
            "cboe_spy_2025-05-01_1649",
            20_250_501,
            (4_179_984, 4_467_998),
            (2_138_709, 5_071_426),
        ),
    ] {
        let text = std::fs::read_to_string(root.join(format!("option_chains/{file}.csv")));
        let today = Expiry::try_from(today).unwrap();
        let (mut sums, mut open) = (OptionSums::default(), [0_u64; 2]);
        for line in text.unwrap().lines().skip(4) {
            let cells: Vec<&str> = line.split(',').collect();
            for (side, column) in [1, 12].into_iter().enumerate() {
                let terms = OptionTerms::from_osi(cells[column]).unwrap();
                let count = |offset: usize| cells[column + offset].parse::<u64>().unwrap();
                open[side] += count(9);
                let bar = OptionPrint {
                    contract: ContractId(0),
                    at: Timestamp(0),
                    price: Price(1),
                    size: count(5),
                    bid: Price::NONE,
                    ask: Price::NONE,
                    is_bar: true,
                };
                let mut volume = ContractVolume::default();
                sums.take(&bar, &terms, None, terms.expiry == today, &mut volume);
            }
        }
        let mut flow = OptionsFlow::default();
        sums.publish(&mut flow);
        assert_eq!((flow.call_volume, flow.put_volume), volumes, "{file}");
        assert_eq!((open[0], open[1]), interests, "{file}");
        let (traded, held) = (
            flow.put_call_volume.unwrap(),
            ratio(open[1], open[0]).unwrap(),
        );
        assert!((0.8..1.5).contains(&traded), "{file} {traded}");
        assert!((1.5..3.0).contains(&held), "{file} {held}");
        let today = flow.zero_day_share.unwrap();
        assert!((0.3..0.8).contains(&today), "{file} {today}");
        assert_eq!((flow.bought, flow.delta_shares), (None, None));
    }
}
