//! The imbalance that an auction is expected to end with.

use super::parameters::{Parameters, Stage};
use super::snapshot::{NoProjection, Snapshot};
use components::market::Side;

/// An expected imbalance and how sure its side is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Projection {
    /// The expected imbalance in the unit of the input; positive is buying.
    pub imbalance: f64,
    /// Its side; `None` where none is expected.
    pub side: Option<Side>,
    /// The probability that the auction ends like that: with an imbalance of this side, or with none.
    pub confidence: f64,
}

/// Volume by who began the trades, shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Bought.
    pub bought: u64,
    /// Sold.
    pub sold: u64,
}

/// Expects of an auction what stayed, on the recorded days, of an imbalance like the present one.
///
/// The expected side is the present one: over the recorded days, the likeliest of the three outcomes was
/// right no more often.
///
/// # Errors
/// When the snapshot cannot be measured or the close is over.
pub fn project(snapshot: &Snapshot, parameters: &Parameters) -> Result<Projection, NoProjection> {
    let ratio = snapshot.ratio()?;
    if snapshot.seconds_to_close < 0.0 {
        return Err(NoProjection::Over);
    }
    let (stage, minutes) = Stage::at(snapshot.seconds_to_close);
    let stage = parameters.of(stage);
    let odds = stage.odds(ratio.abs().sqrt(), minutes);
    let side = side_of(snapshot.imbalance);
    Ok(Projection {
        imbalance: snapshot.imbalance * stage.keep(minutes),
        side,
        confidence: if side.is_some() { odds.same } else { odds.none },
    })
}

/// Expects of an auction, of which nothing is published, what would stay of an imbalance as large as
/// bought minus sold shares; the confidence is how often continuous trading pointed the right way.
///
/// # Errors
/// When time is not a number, the close is over, or the flow leans to no side.
pub fn project_flow(
    flow: Flow,
    seconds_to_close: f64,
    parameters: &Parameters,
) -> Result<Projection, NoProjection> {
    if !seconds_to_close.is_finite() {
        return Err(NoProjection::NotANumber);
    }
    if seconds_to_close < 0.0 {
        return Err(NoProjection::Over);
    }
    let lean = flow.bought as f64 - flow.sold as f64;
    let side = side_of(lean).ok_or(NoProjection::NoLean)?;
    // The deadlines make a published imbalance surer, not a tape: it stays with the first stage.
    let minutes = Stage::Open.minutes_left(seconds_to_close);
    Ok(Projection {
        imbalance: lean * parameters.of(Stage::Open).keep(minutes),
        side: Some(side),
        confidence: parameters.tape_right,
    })
}

fn side_of(signed: f64) -> Option<Side> {
    if signed > 0.0 {
        Some(Side::Buy)
    } else if signed < 0.0 {
        Some(Side::Sell)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::tests::halves;
    use super::*;
    use proptest::prelude::*;

    fn at(seconds_to_close: f64, imbalance: f64, matched: f64) -> Snapshot {
        Snapshot {
            seconds_to_close,
            imbalance,
            matched,
        }
    }

    #[test]
    fn half_of_a_sell_imbalance_stays() {
        let found = project(&at(200.0, -300.0, 900.0), &halves()).unwrap();
        assert_eq!(found.side, Some(Side::Sell));
        assert!((found.imbalance + 150.0).abs() < 1e-12);
        // The root of a quarter: eta = 2 ln 2, L(ln 2) = 2/3.
        assert!((found.confidence - 2.0 / 3.0).abs() < 1e-15);
        let none = project(&at(200.0, 0.0, 900.0), &halves()).unwrap();
        assert_eq!((none.side, none.imbalance.abs() > 0.0), (None, false));
        assert!((none.confidence - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn a_tape_leans_and_is_never_surer_than_it_was() {
        let flow = |bought, sold| Flow { bought, sold };
        for seconds in [3_600.0, 301.0, 300.0, 60.0, 0.0] {
            let found = project_flow(flow(700, 300), seconds, &halves()).unwrap();
            assert_eq!(found.side, Some(Side::Buy));
            assert!((found.imbalance - 200.0).abs() < 1e-12);
            assert!((found.confidence - 0.4).abs() < 1e-15);
        }
        for even in [flow(0, 0), flow(5, 5)] {
            assert_eq!(
                project_flow(even, 60.0, &halves()),
                Err(NoProjection::NoLean)
            );
        }
        let late = project_flow(flow(1, 0), -0.25, &halves());
        assert_eq!(late, Err(NoProjection::Over));
    }

    #[test]
    fn what_is_over_has_no_projection() {
        let found = project(&at(-1.0, 5.0, 5.0), &halves());
        assert_eq!(found, Err(NoProjection::Over));
        let found = project(&at(f64::NAN, 5.0, 5.0), &halves());
        assert_eq!(found, Err(NoProjection::NotANumber));
    }

    proptest! {
        #[test]
        fn whatever_comes_in_a_projection_is_finite_and_a_confidence_a_share(
            seconds in prop::num::f64::ANY, imbalance in prop::num::f64::ANY,
            matched in prop::num::f64::ANY, bought: u64, sold: u64,
        ) {
            let snapshot = at(seconds, imbalance, matched);
            let flow = Flow { bought, sold };
            let parameters = Parameters::RECORDED;
            let finite = seconds.is_finite() && imbalance.is_finite() && matched.is_finite();
            let found = project(&snapshot, &parameters);
            prop_assert!(finite || found == Err(NoProjection::NotANumber));
            for found in [found, project_flow(flow, seconds, &parameters)].into_iter().flatten() {
                prop_assert!(found.imbalance.is_finite());
                prop_assert!((0.0..=1.0).contains(&found.confidence));
                let sign = found.side.map_or(0.0, |side| side.sign() as f64);
                prop_assert!(found.imbalance * sign >= 0.0);
            }
        }

        #[test]
        fn what_is_expected_is_never_more_than_what_is_there(
            seconds in 0.0_f64..4_000.0, imbalance in -1e12_f64..1e12, matched in 1.0_f64..1e12,
        ) {
            let found = project(&at(seconds, imbalance, matched), &Parameters::RECORDED).unwrap();
            prop_assert!(found.imbalance.abs() <= imbalance.abs());
        }
    }
}
