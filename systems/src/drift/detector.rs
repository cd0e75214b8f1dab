//! Whether a series left what was usual of it, and stayed away.
//!
//! ```text
//! z = (x - mean) / max(sd, floor)
//! ```
//!
//! of the samples before `x` that were usual themselves. The same side beyond `enter_z` for `hold`
//! samples in a row begins an alert; within `leave_z` for as many ends it. What is away for `forget`
//! samples is the new usual: the past is forgotten and the alert ends. Samples beyond `enter_z`, and in
//! an alert those beyond `leave_z`, are no part of the past, so that a drift cannot hide itself.

use crate::statistics::rolling::RollingWindow;

/// How far and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftRules {
    /// Samples of the past.
    pub window: usize,
    /// Fewer say nothing.
    pub samples_min: usize,
    /// Deviations that begin an alert.
    pub enter_z: f64,
    /// Deviations within which it ends.
    pub leave_z: f64,
    /// Samples in a row that begin and end one.
    pub hold: usize,
    /// Samples in a row after which what is away is usual.
    pub forget: usize,
    /// The least deviation: smaller differences do not matter.
    pub floor: f64,
}

/// What a sample changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An alert began.
    Begun,
    /// It came back.
    Ended,
    /// It stayed away for so long that it is the new usual.
    Accepted,
}

/// A series and its past.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    past: RollingWindow,
    /// Samples in a row beyond on one side; negative below.
    beyond: i64,
    /// Samples in a row within.
    within: usize,
    is_alert: bool,
}

/// A sample against the past.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Against {
    /// The mean of the past, once there is enough of it.
    pub mean: Option<f64>,
    /// How far the sample lies from it.
    pub z: Option<f64>,
    /// What that changed.
    pub change: Option<Change>,
}

impl Detector {
    /// A series of which nothing was seen.
    #[must_use]
    pub fn new(rules: &DriftRules) -> Self {
        Self {
            past: RollingWindow::new(rules.window),
            beyond: 0,
            within: 0,
            is_alert: false,
        }
    }

    /// Takes a sample. One that is no number is left out.
    pub fn observe(&mut self, sample: f64, rules: &DriftRules) -> Against {
        if !sample.is_finite() {
            return Against::default();
        }
        let standing = self.past.standing(rules.samples_min);
        let Some(past) = standing.filter(|past| past.samples >= rules.samples_min) else {
            self.past.push(sample);
            return Against::default();
        };
        let z = (sample - past.mean) / past.deviation.max(rules.floor);
        let is_beyond = z.abs() >= rules.enter_z;
        let is_within = z.abs() < rules.leave_z;
        let side = if z > 0.0 { 1 } else { -1 };
        self.beyond = match (is_beyond, self.beyond.signum() == side) {
            (true, true) => self.beyond + side,
            (true, false) => side,
            (false, _) => 0,
        };
        self.within = if is_within { self.within + 1 } else { 0 };
        if is_within || !self.is_alert && !is_beyond {
            self.past.push(sample);
        }
        let away = usize::try_from(self.beyond.unsigned_abs()).unwrap_or(usize::MAX);
        let change = if self.is_alert && away >= rules.forget {
            *self = Self::new(rules);
            self.past.push(sample);
            Some(Change::Accepted)
        } else if self.is_alert && self.within >= rules.hold {
            self.is_alert = false;
            Some(Change::Ended)
        } else if !self.is_alert && away >= rules.hold {
            self.is_alert = true;
            Some(Change::Begun)
        } else {
            None
        };
        Against {
            mean: Some(past.mean),
            z: Some(z),
            change,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::random::Stream;

    const RULES: DriftRules = DriftRules {
        window: 60,
        samples_min: 20,
        enter_z: 4.0,
        leave_z: 2.0,
        hold: 3,
        forget: 30,
        floor: 0.05,
    };

    /// A sum of uniform draws: nearly normal, of deviation 1.
    fn noise(draws: &mut Stream) -> f64 {
        (0..12).map(|_| draws.uniform()).sum::<f64>() - 6.0
    }

    fn changes(samples: impl IntoIterator<Item = f64>) -> Vec<(usize, Change)> {
        let mut detector = Detector::new(&RULES);
        let samples = samples.into_iter().enumerate();
        let found = samples.map(|(place, x)| (place, detector.observe(x, &RULES).change));
        found
            .filter_map(|(place, change)| Some((place, change?)))
            .collect()
    }

    #[test]
    fn a_long_run_without_drift_has_no_alert() {
        for seed in 0..20 {
            let mut draws = Stream::new(seed, "drift", 0);
            // Slow swings as those of a day are no drift.
            let samples =
                (0..5_000).map(|step| 0.3 * noise(&mut draws) + 0.4 * f64::from(step / 500 % 2));
            assert_eq!(changes(samples), [], "{seed}");
        }
    }

    #[test]
    fn a_drift_is_one_alert_and_then_the_new_usual() {
        for seed in 0..20 {
            let mut draws = Stream::new(seed, "drift", 1);
            let samples = (0..2_000).map(|step| {
                let shift = if step < 200 { 0.0 } else { 2.5 };
                0.3 * noise(&mut draws) + shift
            });
            let found = changes(samples);
            let kinds: Vec<Change> = found.iter().map(|(_, change)| *change).collect();
            assert_eq!(kinds, [Change::Begun, Change::Accepted], "{seed} {found:?}");
            assert!((202..210).contains(&found[0].0), "{found:?}");
        }
    }

    #[test]
    fn what_comes_back_ends_the_alert_and_single_spikes_begin_none() {
        let quiet = std::iter::repeat_n(1.0, 40);
        let spikes = [3.0, 3.0, 1.0, -3.0, 3.0, -3.0, 1.0];
        assert_eq!(changes(quiet.clone().chain(spikes)), []);
        let away = std::iter::repeat_n(3.0, 5);
        // Between the two thresholds nothing ends.
        let near = std::iter::repeat_n(1.15, 10);
        let found = changes(quiet.clone().chain(away).chain(near).chain(quiet));
        assert_eq!(found, [(42, Change::Begun), (57, Change::Ended)]);
    }

    #[test]
    fn a_few_samples_and_what_is_no_number_say_nothing() {
        let mut detector = Detector::new(&RULES);
        for step in 0..20 {
            assert_eq!(
                detector.observe(f64::from(step), &RULES),
                Against::default()
            );
        }
        let before = detector.clone();
        assert_eq!(detector.observe(f64::NAN, &RULES), Against::default());
        assert_eq!(detector, before);
        assert!(detector.observe(100.0, &RULES).z.unwrap() > 4.0);
    }
}
