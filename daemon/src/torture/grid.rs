//! The grid points of a seed: those of one window of a session after the other, counted from 1.
//!
//! Between two windows lies a night, a weekend or a holiday that no point falls into.

use components::units::Timestamp;
use engine::calendar::Session;
use engine::clock::{TICK_MS, Window};

/// The windows that a seed is lived through in.
#[derive(Clone, Debug)]
pub struct Grid {
    windows: Vec<Window>,
}

impl Grid {
    /// The grid over `windows`, which ascend; there is at least one.
    #[must_use]
    pub fn new(windows: Vec<Window>) -> Self {
        Self { windows }
    }

    /// The windows.
    #[must_use]
    pub fn windows(&self) -> &[Window] {
        &self.windows
    }

    /// Points in all windows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.windows.iter().map(points_in).sum()
    }

    /// Whether there is no point.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The instant of a point; 0 is where the first window begins.
    #[must_use]
    pub fn at(&self, point: usize) -> Timestamp {
        let (place, before) = self.window_of(point);
        let steps = i64::try_from(point.saturating_sub(before)).unwrap_or(i64::MAX);
        let start = self.windows.get(place).map_or(Timestamp(0), |w| w.start);
        start.plus_millis(steps.saturating_mul(TICK_MS))
    }

    /// The last point at or before `now`.
    #[must_use]
    pub fn point(&self, now: Timestamp) -> usize {
        let mut before = 0;
        let mut point = 0;
        for window in &self.windows {
            if now >= window.start {
                let steps = now.nanos_since(window.start) / (TICK_MS * 1_000_000);
                let steps = usize::try_from(steps).unwrap_or(0);
                point = before + steps.min(points_in(window));
            }
            before += points_in(window);
        }
        point
    }

    /// The points before the window that `point` lies in.
    #[must_use]
    pub fn before(&self, point: usize) -> usize {
        self.window_of(point).1
    }

    /// The session that `point` lies in.
    #[must_use]
    pub fn session(&self, point: usize) -> Option<Session> {
        let window = self.windows.get(self.window_of(point).0)?;
        Some(window.session)
    }

    /// What is left of the windows after `point`.
    #[must_use]
    pub fn after(&self, point: usize) -> Vec<Window> {
        let (place, before) = self.window_of(point + 1);
        let mut left = self.windows.get(place..).unwrap_or_default().to_vec();
        if let Some(first) = left.first_mut()
            && point > before
        {
            first.start = self.at(point);
        }
        left
    }

    /// The stretches between two windows.
    pub fn nights(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.windows
            .windows(2)
            .map(|two| (two[0].end, two[1].start))
    }

    /// The place of the window that `point` lies in, and the points before it.
    fn window_of(&self, point: usize) -> (usize, usize) {
        let mut before = 0;
        for (place, window) in self.windows.iter().enumerate() {
            let points = points_in(window);
            if point <= before + points || place + 1 == self.windows.len() {
                return (place, before);
            }
            before += points;
        }
        (0, 0)
    }
}

fn points_in(window: &Window) -> usize {
    usize::try_from(window.ticks()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::calendar::Calendar;
    use jiff::civil::date;

    /// The last second of a Friday and the first one of the Monday after the clock change.
    fn weekend() -> Grid {
        let nyse = Calendar::nyse();
        let friday = nyse.session(date(2026, 3, 6)).unwrap();
        let monday = nyse.session(date(2026, 3, 9)).unwrap();
        Grid::new(vec![
            Window {
                session: friday,
                start: friday.close.plus_millis(-1_000),
                end: friday.close,
            },
            Window {
                session: monday,
                start: monday.open,
                end: monday.open.plus_millis(1_000),
            },
        ])
    }

    #[test]
    fn points_go_on_counting_over_a_weekend() {
        let grid = weekend();
        assert_eq!(grid.len(), 8);
        assert_eq!(grid.at(4).to_string(), "2026-03-06T21:00:00Z");
        assert_eq!(grid.at(5).to_string(), "2026-03-09T13:30:00.25Z");
        for point in 0..=8 {
            assert_eq!(grid.point(grid.at(point)), point, "{point}");
        }
        assert_eq!(grid.point(grid.at(4).plus_millis(3_600_000)), 4);
        assert_eq!(grid.point(grid.at(8).plus_millis(9_000)), 8);
        assert_eq!((grid.before(4), grid.before(5)), (0, 4));
        assert_eq!(grid.session(5).unwrap().date, date(2026, 3, 9));
        let nights: Vec<_> = grid.nights().collect();
        assert_eq!(nights, [(grid.at(4), grid.windows()[1].start)]);
    }

    #[test]
    fn what_is_left_begins_at_the_point_or_with_the_next_window() {
        let grid = weekend();
        assert_eq!(grid.after(0), grid.windows());
        let left = grid.after(2);
        assert_eq!((left.len(), left[0].start), (2, grid.at(2)));
        assert_eq!(grid.after(4), grid.windows()[1..]);
        assert_eq!(grid.after(6)[0].start, grid.at(6));
    }
}
