//! No order of approvals gets round a limit, with up to 50 orders in flight (I14, I15).

use super::super::super::book::{Line, at_risk};
use super::super::super::limits::tests::wide;
use super::super::super::limits::{GreekCaps, Limits, LimitsConfig};
use super::super::{Rules, admit};
use super::{candidate, exposure, line};
use components::contract::Instrument;
use components::market::Ticker;
use components::units::{Cash, Price};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The most and the least of everything that may be seen of one book.
#[derive(Default)]
struct Outcome {
    lost: i64,
    premium: i64,
    delta: f64,
    gamma: f64,
    decay: f64,
    scenario: f64,
    per_symbol: BTreeMap<Ticker, (u32, f64)>,
}

/// What becomes of the account if a share of every order is filled and all of its premium is lost.
fn outcome(lines: &[Line<'_>], fills: &[u8]) -> Outcome {
    let mut found = Outcome::default();
    for (line, fill) in lines.iter().zip(fills.iter().cycle()) {
        let filled = line.buys * i64::from(*fill) / 255;
        let spent = line.in_flight.0 / line.buys * filled;
        found.lost += spent + line.fees.0;
        found.premium += spent;
        let units = filled as f64;
        let delta = line.risk.greeks.delta_usd * units;
        found.delta += delta;
        found.gamma += line.risk.greeks.gamma_usd * units;
        found.decay -= line.risk.greeks.theta_usd * units;
        found.scenario -= line.risk.scenarios_usd[0] * units;
        let symbol = found.per_symbol.entry(line.instrument.underlying());
        let symbol = symbol.or_default();
        symbol.0 += u32::from(filled > 0);
        symbol.1 += delta;
    }
    found
}

fn check_outcome(found: &Outcome, limits: &Limits) -> Result<(), TestCaseError> {
    let config = &limits.config;
    prop_assert!(found.lost <= limits.day_loss(Cash(1_000_000_000)).0);
    prop_assert!(found.premium <= 1_000 * limits.premium_max_ppm);
    prop_assert!(found.delta.abs() <= config.portfolio.delta_max_usd + 1e-6);
    prop_assert!(found.gamma.abs() <= config.portfolio.gamma_max_usd + 1e-6);
    prop_assert!(found.decay <= config.portfolio.theta_max_usd + 1e-6);
    prop_assert!(found.scenario <= config.scenario_loss_max_usd + 1e-6);
    let positions: u32 = found.per_symbol.values().map(|(count, _)| count).sum();
    prop_assert!(positions <= config.positions_max);
    for (count, delta) in found.per_symbol.values() {
        prop_assert!(*count <= config.positions_per_symbol_max);
        prop_assert!(delta.abs() <= config.underlying.delta_max_usd + 1e-6);
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_sequence_of_approvals_exceeds_a_limit_however_it_is_filled(
        wanted in prop::collection::vec((0_usize..4, 1_u32..8, 1_i64..300, any::<bool>()), 1..=50),
        fills in prop::collection::vec(any::<u8>(), 1..20),
        (positions_max, positions_per_symbol_max) in (1_u32..60, 1_u32..20),
        (day_loss_max_usd, scenario_loss_max_usd) in (500.0_f64..50_000.0, 500.0_f64..50_000.0),
        (delta, of_one, gamma, theta) in (60e3_f64..9e6, 60e3_f64..4e6, 9e3_f64..3e6, 50.0..9e3),
    ) {
        let config = LimitsConfig {
            positions_max,
            positions_per_symbol_max,
            day_loss_max_usd,
            scenario_loss_max_usd,
            premium_share_max: 0.30,
            portfolio: GreekCaps {
                delta_max_usd: delta,
                gamma_max_usd: gamma,
                theta_max_usd: theta,
                ..wide().portfolio
            },
            underlying: GreekCaps { delta_max_usd: of_one, ..wide().underlying },
            correlation_required: false,
            ..wide()
        };
        let limits = Limits::new(config);
        let rules = Rules { limits: &limits, correlations: None, symbols: &[] };
        let mut lines: Vec<Line<'_>> = Vec::new();
        let mut kept = exposure(&[]).unwrap();
        for (place, (symbol, quantity, cents, falls)) in (600_u32..).zip(wanted) {
            let mut new = candidate(["SPY", "QQQ", "IWM", "AAPL"][symbol], place);
            (new.quantity, new.limit) = (quantity, Price(cents * 100));
            if falls {
                new.risk.greeks.delta_usd *= -1.0;
            }
            // One pass over the book says the same as the book that was kept up to date.
            let fresh = exposure(&lines).unwrap();
            let verdict = admit(&fresh, &new, &rules);
            prop_assert_eq!(verdict, admit(&kept, &new, &rules));
            if verdict.is_ok() {
                kept.add(&new).unwrap();
                lines.push(Line {
                    instrument: Instrument::Option(new.contract),
                    buys: i64::from(quantity),
                    in_flight: at_risk(new.side, &new.contract, quantity, new.limit).unwrap(),
                    fees: new.fees,
                    risk: new.risk,
                    ..line("SPY", 1, 0)
                });
            }
            check_outcome(&outcome(&lines, &[255]), &limits)?;
            check_outcome(&outcome(&lines, &fills), &limits)?;
        }
    }

    #[test]
    fn what_is_known_to_have_been_filled_never_risks_more_than_when_it_was_in_flight(
        quantity in 1_i64..50,
        filled in 0_i64..50,
    ) {
        let filled = filled.min(quantity);
        let flying = |open: i64| {
            let mut line = line("SPY", 650, quantity - open);
            (line.buys, line.in_flight) = (open, Cash(open * 1_000_000));
            exposure(&[line]).unwrap()
        };
        let (before, after) = (flying(quantity), flying(quantity - filled));
        prop_assert!(after.day_loss <= before.day_loss);
        prop_assert_eq!(after.premium, before.premium);
        prop_assert!((after.greeks.delta.high - before.greeks.delta.high).abs() < 1e-6);
    }
}
