//! Mean, standard deviation and z-score over the last values of a series.
//!
//! ```text
//! z = (x - mean) / sd
//! ```
//!
//! with the population's standard deviation, the current value included. The sums are taken anew
//! from the window at each question, so nothing drifts however long the series is; windows are some
//! hundred values. Source: formulas.md 19.

/// The last values of a series, up to a fixed number of them.
#[derive(Clone, Debug, PartialEq)]
pub struct RollingWindow {
    /// Once full, a ring.
    values: Vec<f64>,
    capacity: usize,
    /// Where the oldest one is.
    oldest: usize,
}

/// What a window says of its newest value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standing {
    /// Values in the window.
    pub samples: usize,
    /// Their mean.
    pub mean: f64,
    /// Their population standard deviation.
    pub deviation: f64,
    /// How many deviations the newest lies above the mean; absent with too few values, or when all
    /// are the same.
    pub z: Option<f64>,
}

impl RollingWindow {
    /// An empty window of `capacity` values, at least 1.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            values: Vec::with_capacity(capacity),
            capacity,
            oldest: 0,
        }
    }

    /// Takes a value; one that is not finite is left out.
    pub fn push(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        if self.values.len() < self.capacity {
            self.values.push(value);
        } else {
            self.values[self.oldest] = value;
            self.oldest = (self.oldest + 1) % self.capacity;
        }
    }

    /// Forgets all values and keeps the memory.
    pub fn clear(&mut self) {
        self.values.clear();
        self.oldest = 0;
    }

    /// The values, oldest first.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = f64> + Clone {
        let (newer, older) = self.values.split_at(self.oldest);
        older.iter().chain(newer).copied()
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Where the newest value stands; `z` needs at least `samples_min` values. `None` if the window
    /// is empty.
    #[must_use]
    pub fn standing(&self, samples_min: usize) -> Option<Standing> {
        let newest = self.values().next_back()?;
        let samples = self.len();
        let mean = self.values().sum::<f64>() / samples as f64;
        let squares: f64 = self.values().map(|x| (x - mean) * (x - mean)).sum();
        let deviation = (squares / samples as f64).sqrt();
        // Equal values deviate by the rounding of their mean at most.
        let moves = deviation > 1e-14 * mean.abs();
        let z = (samples >= samples_min && moves).then(|| (newest - mean) / deviation);
        Some(Standing {
            samples,
            mean,
            deviation,
            z,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_window_forgets_its_oldest_value() {
        let mut window = RollingWindow::new(3);
        assert_eq!(window.standing(1), None);
        for value in [100.0, 1.0, 2.0, 3.0] {
            window.push(value);
        }
        assert_eq!(window.values().collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
        let standing = window.standing(3).unwrap();
        assert_eq!((standing.samples, standing.mean), (3, 2.0));
        assert!((standing.z.unwrap() - 1.5_f64.sqrt()).abs() < 1e-15);
        assert_eq!(window.standing(4).unwrap().z, None);
    }

    #[test]
    fn equal_values_and_what_is_no_number_have_no_z() {
        let mut window = RollingWindow::new(10);
        for _ in 0..10 {
            window.push(0.1);
        }
        assert_eq!(window.standing(5).unwrap().z, None);
        window.push(f64::NAN);
        window.push(f64::INFINITY);
        assert_eq!(window.len(), 10);
        assert_eq!(window.standing(5).unwrap().z, None);
    }

    proptest! {
        #[test]
        fn a_long_series_stands_as_its_last_values_alone(
            values in prop::collection::vec(-1e6_f64..1e6, 1..400), capacity in 1_usize..150,
        ) {
            let mut long = RollingWindow::new(capacity);
            values.iter().for_each(|value| long.push(*value));
            let mut short = RollingWindow::new(capacity);
            let from = values.len().saturating_sub(capacity);
            values[from..].iter().for_each(|value| short.push(*value));
            prop_assert_eq!(long.standing(5), short.standing(5));
        }
    }
}
