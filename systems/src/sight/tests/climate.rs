//! What it moves with, what macro series say, and whether its data are as they were.

use super::{Place, assert_absent, assert_numbers, assert_word, stamp};
use crate::comovement::returns::Step;
use crate::comovement::{CorrelationMatrix, Missing};
use crate::macro_overlay::MacroOverlay;
use crate::macro_overlay::regime::{Lean, MacroRegime};
use components::drift::{DataDrift, Watch};
use components::market::Ticker;
use components::quality::Quality;
use components::units::Timestamp;

#[test]
fn what_it_moves_with_is_shown() {
    let names = ["DIA", "QQQ", "SPY"].map(|name| Ticker::new(name).unwrap());
    let rho = [1.0, 0.1, 0.2, 0.1, 1.0, 0.8, 0.2, 0.8, 1.0];
    let matrix = CorrelationMatrix {
        symbols: names.to_vec(),
        rho: rho.map(Some).to_vec(),
        average: Some(1.1 / 3.0),
        step: Some(Step::Minute),
        rows: 60,
        stamp: stamp(Quality::Ok),
        ..CorrelationMatrix::default()
    };
    let sight = Place::new().and(matrix.clone()).sight();
    assert_numbers(
        &sight,
        &[
            ("comovement", "correlation_mean", "-1 to 1", 0.5),
            ("comovement", "correlation_all_pairs", "-1 to 1", 1.1 / 3.0),
            ("comovement", "correlation_most", "-1 to 1", 0.8),
            ("comovement", "correlation_least", "-1 to 1", 0.2),
            ("comovement", "correlation_rows", "returns", 60.0),
        ],
    );
    assert_word(&sight, "comovement", "moves_most_with", "QQQ");
    assert_word(&sight, "comovement", "moves_least_with", "DIA");
    let without = CorrelationMatrix {
        symbols: names[..2].to_vec(),
        rho: [1.0, 0.1, 0.1, 1.0].map(Some).to_vec(),
        ..matrix
    };
    let sight = Place::new().and(without).sight();
    assert_absent(
        &sight,
        &[("correlation_mean", Some("it has too few returns"))],
    );
    let none = CorrelationMatrix {
        missing: Some(Missing::Rows),
        stamp: stamp(Quality::NoData),
        ..CorrelationMatrix::default()
    };
    let sight = Place::new().and(none).sight();
    let why = Some("too few moments at which all have a return");
    assert_absent(
        &sight,
        &[("correlation_mean", why), ("moves_most_with", why)],
    );
}

#[test]
fn what_macro_series_say_is_shown() {
    let mut regime = MacroRegime {
        score: Some(0.3),
        lean: Some(Lean::Supportive),
        ..MacroRegime::default()
    };
    regime.parts[2].value = Some(-0.5);
    let overlay = MacroOverlay {
        regime,
        day: None,
        stamp: stamp(Quality::Ok),
    };
    let sight = Place::new().and(overlay).sight();
    assert_numbers(
        &sight,
        &[
            ("macro", "macro_score", "-1 to 1", 0.3),
            ("macro", "macro_curve", "-1 to 1", -0.5),
        ],
    );
    assert_word(&sight, "macro", "macro_lean", "supportive");
    let old = Some("its series are too old or lack");
    assert_absent(&sight, &[("macro_policy", old)]);
    let nothing = MacroOverlay {
        regime: MacroRegime::default(),
        day: None,
        stamp: stamp(Quality::NoData),
    };
    let sight = Place::new().and(nothing).sight();
    let why = Some("the config has no macro series");
    assert_absent(&sight, &[("macro_score", why), ("macro_lean", why)]);
}

#[test]
fn drift_of_the_data_is_shown_with_how_long_it_lasts() {
    let mut drift = DataDrift {
        alerts: 2,
        stamp: stamp(Quality::Ok),
        ..DataDrift::default()
    };
    drift.watches[0] = Watch {
        value: Some(9.0),
        usual: Some(3.0),
        z: Some(5.0),
        since: Some(Timestamp(4_000_000_000)),
    };
    drift.watches[1].value = Some(1.0);
    let sight = Place::new().with(drift).sight();
    assert_numbers(
        &sight,
        &[
            ("data", "quote_rate", "per second", 9.0),
            ("data", "quote_rate_usual", "per second", 3.0),
            ("data", "quote_rate_z", "standard deviations", 5.0),
            ("data", "quote_rate_drifts_for", "s", 6.0),
            ("data", "quoted_spread", "basis points", 1.0),
            ("data", "data_alerts", "alerts", 2.0),
        ],
    );
    let little = Some("too little came in the last sample");
    assert_absent(
        &sight,
        &[
            ("quoted_spread_z", Some("not enough history yet")),
            ("quoted_spread_drifts_for", Some("it does not drift")),
            ("trade_size", little),
            ("trade_size_z", little),
        ],
    );
}
