//! What a book gains in each scenario.

use super::config::StressConfig;
use crate::risk::RiskConfig;
use crate::risk::holdings::Held;
use components::contract::Instrument;

/// What one scenario does to the book, dollars; losses are negative.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// To what is held.
    pub held_usd: f64,
    /// To what may be held, whatever part of the orders in flight is executed: at worst.
    pub worst_usd: f64,
    /// The instrument that loses most, and how much.
    pub largest_loss: Option<(Instrument, f64)>,
}

/// What scenario `place` of the config does to `book`. What cannot be valued is taken to lose all that
/// it could be sold for; what is owed and cannot be valued, as much as it would cost to buy back.
#[must_use]
pub fn outcome(
    book: &[Held],
    config: &StressConfig,
    classes: &RiskConfig,
    place: usize,
) -> Outcome {
    let mut outcome = Outcome::default();
    let Some(scenario) = config.scenarios.get(place) else {
        return outcome;
    };
    for held in book {
        let symbol = held.instrument.underlying();
        let shock = config.shock(scenario, symbol, classes.class_of(symbol));
        let unit = held.unit().and_then(|unit| unit.gain(&shock));
        let of = |quantity: i64| match unit {
            Some(gain) => quantity as f64 * gain,
            None => -(quantity as f64).abs() * worth(held),
        };
        let now = of(held.quantity);
        outcome.held_usd += now;
        outcome.worst_usd += of(held.range.least).min(of(held.range.most)).min(now);
        let most = outcome.largest_loss.map_or(0.0, |(_, loss)| loss);
        if now < most {
            outcome.largest_loss = Some((held.instrument, now));
        }
    }
    outcome
}

fn worth(held: &Held) -> f64 {
    held.mark.dollars().max(0.0) * f64::from(held.instrument.multiplier())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::HoldingRange;
    use crate::risk::book::UnitGreeks;
    use crate::risk::daily_closes::DailyClosesConfig;
    use crate::risk::revaluation::Inputs;
    use crate::stress::config::tests::{TEXT, config};
    use components::contract::{Contract, OptionTerms};
    use components::market::Ticker;
    use components::units::Price;

    fn classes() -> RiskConfig {
        RiskConfig {
            last_entry_before_close_s: 600,
            good_for_s: 60,
            fees_per_contract_usd: 1.0,
            index_symbols: Vec::new(),
            fund_symbols: vec![Ticker::new("SPY").unwrap()],
            daily_closes: DailyClosesConfig::default(),
        }
    }

    fn held(osi: &str, quantity: i64, range: [i64; 2], known: bool) -> Held {
        let terms = OptionTerms::from_osi(osi).unwrap();
        let inputs = Inputs {
            spot: 600.0,
            years: 0.1,
            dividend_yield: 0.0,
            volatility: 0.2,
            rate: 0.04,
        };
        Held {
            instrument: Instrument::Option(Contract {
                underlying: terms.root,
                terms,
            }),
            quantity,
            range: HoldingRange {
                least: range[0],
                most: range[1],
            },
            mark: Price(20_000),
            known: known.then_some((UnitGreeks::default(), inputs)),
        }
    }

    const CALL: &str = "SPY   250915C00600000";
    const PUT: &str = "SPY   250915P00600000";

    #[test]
    fn orders_in_flight_count_at_their_worst() {
        let config = config(TEXT).unwrap();
        let unit = held(CALL, 1, [1, 1], true).unit().unwrap();
        let spy = Ticker::new("SPY").unwrap();
        let shock = config.shock(&config.scenarios[0], spy, classes().class_of(spy));
        let gain = unit.gain(&shock).unwrap();
        assert!(gain < 0.0, "a call that falls by 5 %");
        let found = |held| outcome(&[held], &config, &classes(), 0);
        let buying = found(held(CALL, 1, [1, 3], true));
        assert!((buying.held_usd - gain).abs() < 1e-9);
        assert!((buying.worst_usd - 3.0 * gain).abs() < 1e-9);
        let selling = found(held(CALL, 2, [0, 2], true));
        assert!((selling.worst_usd - 2.0 * gain).abs() < 1e-9);
        let (worst, loss) = selling.largest_loss.unwrap();
        assert_eq!(worst.underlying(), spy);
        assert!((loss - 2.0 * gain).abs() < 1e-9);
    }

    #[test]
    fn a_hedge_takes_from_the_loss_and_what_has_no_value_is_lost() {
        let config = config(TEXT).unwrap();
        let call = held(CALL, 1, [1, 1], true);
        let hedged = outcome(&[call, held(PUT, 1, [1, 1], true)], &config, &classes(), 0);
        let alone = outcome(&[call], &config, &classes(), 0);
        assert!(hedged.held_usd > alone.held_usd);
        // A mark of $2.00 and a hundred shares.
        let lost = outcome(&[held(CALL, 3, [3, 3], false)], &config, &classes(), 0);
        assert!((lost.held_usd + 600.0).abs() < 1e-9);
        let owed = outcome(&[held(CALL, -1, [-1, 0], false)], &config, &classes(), 0);
        assert!((owed.worst_usd + 200.0).abs() < 1e-9);
        let still = outcome(&[call], &config, &classes(), 2);
        assert_eq!((still.held_usd, still.largest_loss), (0.0, None));
    }
}
