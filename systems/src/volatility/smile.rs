//! The smile of one expiry: its level at the money, its slope and its curvature.
//!
//! ```text
//! skew = IV_put(25 delta) - IV_call(25 delta)
//! butterfly = (IV_put(25 delta) + IV_call(25 delta)) / 2 - IV(at the money)
//! ```
//!
//! A volatility at a delta lies on the line between the two strikes whose |delta| bracket it; without
//! a bracket there is none. At the money is on the line between the strikes about the forward. Source:
//! formulas.md 11.

/// The delta of the wings.
pub const WING_DELTA: f64 = 0.25;

/// One strike of a smile, with the volatility of its out-of-the-money side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SmilePoint {
    /// The strike, dollars.
    pub strike: f64,
    /// |delta| of the call, 0 to 1; `None` where it has no usable quote.
    pub call_delta: Option<f64>,
    /// |delta| of the put.
    pub put_delta: Option<f64>,
    /// Implied volatility, 0.20 is 20 %.
    pub iv: f64,
}

/// What a smile looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SmileShape {
    /// Volatility at the forward.
    pub at_the_money: Option<f64>,
    /// Volatility of the put of 25 delta.
    pub put_wing: Option<f64>,
    /// Volatility of the call of 25 delta.
    pub call_wing: Option<f64>,
}

impl SmileShape {
    /// The shape of `points`, ascending by strike, about `forward` dollars.
    #[must_use]
    pub fn of(points: &[SmilePoint], forward: f64) -> Self {
        Self {
            at_the_money: on_line(points, forward, |point| Some(point.strike)),
            put_wing: on_line(points, WING_DELTA, |point| point.put_delta),
            call_wing: on_line(points, WING_DELTA, |point| point.call_delta),
        }
    }

    /// The put wing above the call wing, as a decimal; `None` unless both are there.
    #[must_use]
    pub fn skew(&self) -> Option<f64> {
        Some(self.put_wing? - self.call_wing?)
    }

    /// The put wing over the call wing, less 1; `None` unless both are there.
    #[must_use]
    pub fn wing_ratio(&self) -> Option<f64> {
        let call = self.call_wing.filter(|iv| *iv > 0.0)?;
        Some(self.put_wing? / call - 1.0)
    }

    /// How far the wings lie above the middle, as a decimal; `None` unless all three are there.
    #[must_use]
    pub fn butterfly(&self) -> Option<f64> {
        Some(0.5 * (self.put_wing? + self.call_wing?) - self.at_the_money?)
    }
}

/// The volatility where `axis` is `target`, between the first two neighbours that bracket it.
fn on_line(
    points: &[SmilePoint],
    target: f64,
    axis: impl Fn(&SmilePoint) -> Option<f64>,
) -> Option<f64> {
    let mut before: Option<(f64, f64)> = None;
    for point in points {
        let Some(x) = axis(point) else { continue };
        if let Some((last, iv)) = before {
            let width = x - last;
            if (last - target) * (x - target) <= 0.0 && width != 0.0 {
                let share = (target - last) / width;
                return Some(iv + share * (point.iv - iv));
            }
        }
        before = Some((x, point.iv));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(strike: f64, call_delta: f64, iv: f64) -> SmilePoint {
        SmilePoint {
            strike,
            call_delta: Some(call_delta),
            put_delta: Some(1.0 - call_delta),
            iv,
        }
    }

    #[test]
    fn wings_lie_between_the_strikes_that_bracket_them() {
        let points = [
            point(90.0, 0.8, 0.30),
            point(95.0, 0.7, 0.26),
            point(105.0, 0.3, 0.22),
            point(110.0, 0.2, 0.24),
        ];
        let shape = SmileShape::of(&points, 100.0);
        assert!((shape.at_the_money.unwrap() - 0.24).abs() < 1e-15);
        assert!((shape.call_wing.unwrap() - 0.23).abs() < 1e-15);
        assert!((shape.put_wing.unwrap() - 0.28).abs() < 1e-15);
        assert!((shape.skew().unwrap() - 0.05).abs() < 1e-15);
        assert!((shape.butterfly().unwrap() - 0.015).abs() < 1e-15);
        assert!((shape.wing_ratio().unwrap() - (0.28 / 0.23 - 1.0)).abs() < 1e-15);
    }

    #[test]
    fn without_a_bracket_there_is_no_wing() {
        let points = [point(95.0, 0.7, 0.26), point(105.0, 0.3, 0.22)];
        let shape = SmileShape::of(&points, 120.0);
        assert_eq!((shape.call_wing, shape.at_the_money), (None, None));
        assert_eq!((shape.skew(), shape.butterfly()), (None, None));
        assert_eq!(SmileShape::of(&[], 100.0), SmileShape::default());
        // A side without quotes leaves its strikes out and does not break the other's line.
        let gap = SmilePoint {
            call_delta: None,
            ..point(107.0, 0.27, 0.5)
        };
        let points = [point(105.0, 0.3, 0.22), gap, point(110.0, 0.2, 0.24)];
        let wing = SmileShape::of(&points, 100.0).call_wing.unwrap();
        assert!((wing - 0.23).abs() < 1e-15);
    }
}
