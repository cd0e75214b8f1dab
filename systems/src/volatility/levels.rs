//! What a one-day volatility is called, and how long that lasts.
//!
//! Against the median of the same minute of the last sessions where there is one, else by its level in
//! the afternoon or at the open. A level is left only when its boundary is passed by 5 %, and after a
//! minute; a shock holds at once. Source: formulas.md 13.

use components::units::Timestamp;
use components::volatility::VolatilityLevel;

/// Ratios to the median at which a level begins, from elevated down to low's end.
pub(crate) const RATIOS: [f64; 4] = [0.75, 1.25, 1.75, 2.5];
/// The same for volatility itself in the afternoon, as decimals.
pub(crate) const AFTERNOON: [f64; 4] = [0.10, 0.18, 0.27, 0.40];
/// And in the morning.
const MORNING: [f64; 4] = [0.08, 0.14, 0.22, 0.32];
/// A boundary must be passed by this share of itself.
const HYSTERESIS: f64 = 0.05;
/// A level holds at least so long, nanoseconds.
const DWELL_NANOS: i64 = 60_000_000_000;
/// A rise by this share within an hour is a shock.
pub const SHOCK_RISE: f64 = 0.40;

/// What a volatility is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Yardstick {
    /// Its ratio to what is usual at this time.
    Ratio(f64),
    /// Itself, in the first half of a session.
    Morning(f64),
    /// Itself, in the second half.
    Afternoon(f64),
}

impl Yardstick {
    fn value_and_bounds(self) -> (f64, &'static [f64; 4]) {
        match self {
            Self::Ratio(ratio) => (ratio, &RATIOS),
            Self::Morning(level) => (level, &MORNING),
            Self::Afternoon(level) => (level, &AFTERNOON),
        }
    }

    /// The level without regard to what was before.
    #[must_use]
    pub fn level(self) -> VolatilityLevel {
        let (value, bounds) = self.value_and_bounds();
        VolatilityLevel::ALL[bounds.partition_point(|bound| *bound <= value)]
    }

    /// The level for something that was at `before`: boundaries are moved away from it by 5 %.
    #[must_use]
    pub fn level_from(self, before: VolatilityLevel) -> VolatilityLevel {
        let (value, bounds) = self.value_and_bounds();
        let own = before as usize;
        let reached = bounds
            .iter()
            .enumerate()
            .filter(|(place, bound)| {
                // The boundary below its own level gives way downwards, those above upwards.
                let shift = if *place < own {
                    -HYSTERESIS
                } else {
                    HYSTERESIS
                };
                *bound * (1.0 + shift) <= value
            })
            .count();
        VolatilityLevel::ALL[reached]
    }
}

/// The level in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelInForce {
    /// The level, once there was one.
    pub level: Option<VolatilityLevel>,
    /// Since when.
    pub since: Timestamp,
}

impl LevelInForce {
    /// Takes what is measured at `now`; gives the level before if it changed. `jumped`: volatility rose
    /// by [`SHOCK_RISE`] within an hour.
    pub fn observe(
        &mut self,
        yardstick: Yardstick,
        jumped: bool,
        now: Timestamp,
    ) -> Option<Option<VolatilityLevel>> {
        let found = match self.level {
            _ if jumped => VolatilityLevel::Shock,
            None => yardstick.level(),
            Some(before) => yardstick.level_from(before),
        };
        let held_long = now.nanos_since(self.since) >= DWELL_NANOS;
        let at_once = self.level.is_none() || found == VolatilityLevel::Shock;
        if Some(found) == self.level || !(held_long || at_once) {
            return None;
        }
        let before = self.level.replace(found);
        self.since = now;
        Some(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VolatilityLevel::{Elevated, High, Low, Normal, Shock};

    fn at(seconds: i64) -> Timestamp {
        Timestamp(0).plus_millis(seconds * 1_000)
    }

    #[test]
    fn boundaries_belong_to_the_level_above_them() {
        for (ratio, level) in [
            (0.0, Low),
            (0.749, Low),
            (0.75, Normal),
            (1.25, Elevated),
            (1.75, High),
            (2.5, Shock),
            (9.0, Shock),
        ] {
            assert_eq!(Yardstick::Ratio(ratio).level(), level, "{ratio}");
        }
        assert_eq!(Yardstick::Morning(0.15).level(), Elevated);
        assert_eq!(Yardstick::Afternoon(0.15).level(), Normal);
    }

    #[test]
    fn a_level_is_left_by_five_percent_only() {
        assert_eq!(Yardstick::Ratio(1.30).level_from(Normal), Normal);
        assert_eq!(Yardstick::Ratio(1.32).level_from(Normal), Elevated);
        assert_eq!(Yardstick::Ratio(1.20).level_from(Elevated), Elevated);
        assert_eq!(Yardstick::Ratio(1.18).level_from(Elevated), Normal);
        assert_eq!(Yardstick::Ratio(0.1).level_from(Shock), Low);
    }

    #[test]
    fn a_level_holds_a_minute_but_for_a_shock() {
        let mut held = LevelInForce::default();
        assert_eq!(
            held.observe(Yardstick::Ratio(1.0), false, at(0)),
            Some(None)
        );
        assert_eq!(held.observe(Yardstick::Ratio(2.0), false, at(59)), None);
        let changed = held.observe(Yardstick::Ratio(2.0), false, at(60));
        assert_eq!((changed, held.level), (Some(Some(Normal)), Some(High)));
        let shocked = held.observe(Yardstick::Ratio(2.0), true, at(61));
        assert_eq!((shocked, held.level), (Some(Some(High)), Some(Shock)));
        assert_eq!(held.observe(Yardstick::Ratio(1.0), false, at(100)), None);
        assert_eq!(held.since, at(61));
    }
}
