//! When something unusual begins and when it is over, with a gap between the two so that it does not
//! flap.

use bevy_ecs::prelude::Resource;
use components::dealers::Drift;
use components::market::SymbolId;

/// What became unusual in this tick.
#[derive(Resource, Clone, Debug, Default)]
pub struct Drifts(pub Vec<(SymbolId, Drift)>);

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is unusual from now on.
    Begins,
    /// It is usual again.
    Ends,
}

/// What a standing of `z` deviations makes of something that was unusual or not (`drifting`): it begins
/// at `enter` on either side and ends below `leave`. Without a standing nothing changes.
///
/// # Examples
/// ```
/// use systems::dealers::drift::{Turn, turn};
/// assert_eq!(turn(false, Some(-3.1), 3.0, 2.0), Some(Turn::Begins));
/// assert_eq!(turn(true, Some(-2.9), 3.0, 2.0), None);
/// assert_eq!(turn(true, Some(1.9), 3.0, 2.0), Some(Turn::Ends));
/// assert_eq!(turn(true, None, 3.0, 2.0), None);
/// ```
#[must_use]
pub fn turn(drifting: bool, z: Option<f64>, enter: f64, leave: f64) -> Option<Turn> {
    let size = z?.abs();
    match drifting {
        false if size >= enter => Some(Turn::Begins),
        true if size < leave => Some(Turn::Ends),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_the_threshold_does_not_flap() {
        let mut drifting = false;
        let mut turns = Vec::new();
        for z in [2.9, 3.0, 2.99, 3.01, 2.99, 3.0, 2.0, 1.99, 2.5, 2.99, 3.0] {
            let found = turn(drifting, Some(z), 3.0, 2.0);
            match found {
                Some(Turn::Begins) => drifting = true,
                Some(Turn::Ends) => drifting = false,
                None => {}
            }
            turns.extend(found);
        }
        assert_eq!(turns, [Turn::Begins, Turn::Ends, Turn::Begins]);
    }

    #[test]
    fn without_a_gap_every_step_counts_once() {
        assert_eq!(turn(false, Some(3.0), 3.0, 3.0), Some(Turn::Begins));
        assert_eq!(turn(true, Some(3.0), 3.0, 3.0), None);
        assert_eq!(turn(true, Some(2.9), 3.0, 3.0), Some(Turn::Ends));
        assert_eq!(turn(false, Some(2.9), 3.0, 3.0), None);
        assert_eq!(turn(false, Some(f64::NAN), 3.0, 3.0), None);
    }
}
