//! Round ticks, and words for money and prices.

/// A straight map from values to places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    /// Maps the values `from` to the places `to`; a range without width becomes one with.
    pub(super) fn new(from: (f64, f64), to: (f64, f64)) -> Self {
        let (low, high) = from;
        let from = if high > low {
            from
        } else {
            (low - 1.0, low + 1.0)
        };
        Self { from, to }
    }

    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value - self.from.0) / (self.from.1 - self.from.0);
        self.to.0 + share * (self.to.1 - self.to.0)
    }

    /// As [`Scale::at`], held inside the range.
    pub(super) fn clamped(&self, value: f64) -> f64 {
        self.at(value.clamp(self.from.0, self.from.1))
    }

    pub(super) fn holds(&self, value: f64) -> bool {
        (self.from.0..=self.from.1).contains(&value)
    }
}

/// The least of 1, 2, 2.5, 5 times a power of ten that divides `span` into at most `parts`.
pub(super) fn round_step(span: f64, parts: f64) -> f64 {
    let least = span / parts.max(1.0);
    if !(least.is_finite() && least > 0.0) {
        return 1.0;
    }
    let mut power = 1.0;
    while power > least {
        power /= 10.0;
    }
    while power * 10.0 <= least {
        power *= 10.0;
    }
    // A rounding must not turn 5 into 10.
    let near = least * (1.0 - 1e-9);
    let factors = [1.0, 2.0, 2.5, 5.0];
    let found = factors.into_iter().find(|factor| factor * power >= near);
    found.map_or(10.0 * power, |factor| factor * power)
}

/// The multiples of the round step from `low` to `high`, and that step.
pub(super) fn ticks(low: f64, high: f64, parts: f64) -> (Vec<f64>, f64) {
    let step = round_step(high - low, parts);
    let (mut at, last) = ((low / step).ceil(), (high / step).floor());
    let mut found = Vec::new();
    while at <= last && found.len() < 1_000 {
        found.push(at * step);
        at += 1.0;
    }
    (found, step)
}

/// The unit in which amounts up to `largest` dollars are told, and its name.
fn unit(largest: f64) -> (f64, &'static str) {
    match largest {
        size if size >= 1e9 => (1e9, "bn"),
        size if size >= 1e6 => (1e6, "M"),
        size if size >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    }
}

/// An amount on an axis that reaches to `largest` in steps of `step`: `-$1.5bn`.
pub(super) fn axis_money(dollars: f64, largest: f64, step: f64) -> String {
    let (scale, name) = unit(largest);
    if dollars == 0.0 {
        return "0".to_owned();
    }
    let sign = if dollars < 0.0 { "\u{2212}" } else { "" };
    let amount = dollars.abs() / scale;
    format!("{sign}${amount:.*}{name}", decimals(step / scale))
}

/// An amount for people, with its sign: `+$1.73 bn`.
pub(super) fn money(dollars: f64) -> String {
    let (scale, name) = unit(dollars.abs());
    let sign = match dollars {
        amount if amount > 0.0 => "+",
        amount if amount < 0.0 => "\u{2212}",
        _ => "",
    };
    let space = if name.is_empty() { "" } else { " " };
    format!("{sign}${:.2}{space}{name}", dollars.abs() / scale)
}

/// A price without needless zeros: `4505.1`, `132.5`, `4500`.
pub(super) fn price(dollars: f64) -> String {
    let text = format!("{dollars:.2}");
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

/// How far `level` lies from `spot`: `-0.55 % from spot`.
pub(super) fn distance(level: f64, spot: f64) -> String {
    let percent = (level / spot - 1.0) * 100.0;
    let sign = if percent < 0.0 { "\u{2212}" } else { "+" };
    format!("{sign}{:.2} % from spot", percent.abs())
}

/// A number on an axis with steps of `step`.
pub(super) fn plain(value: f64, step: f64) -> String {
    format!("{value:.*}", decimals(step))
}

/// Decimals that tell multiples of `step` apart.
fn decimals(step: f64) -> usize {
    let mut scaled = step;
    for decimals in 0..6 {
        if (scaled - scaled.round()).abs() <= 1e-6 * scaled {
            return decimals;
        }
        scaled *= 10.0;
    }
    6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (span, parts, step) in [
            (100.0, 10.0, 10.0),
            (101.0, 10.0, 20.0),
            (500.0, 60.0, 10.0),
            (1.0, 4.0, 0.25),
            (0.3, 3.0, 0.1),
            (7.0, 3.0, 2.5),
            (0.0, 5.0, 1.0),
        ] {
            let found = round_step(span, parts);
            assert!((found - step).abs() < 1e-12 * step, "{span}: {found}");
        }
        let (found, step) = ticks(-1.2e9, 2.1e9, 5.0);
        assert_eq!(step.to_bits(), 1e9_f64.to_bits());
        assert_eq!(found, [-1e9, 0.0, 1e9, 2e9]);
    }

    #[test]
    fn money_and_prices_read_well() {
        assert_eq!(axis_money(-1.5e9, 2e9, 5e8), "\u{2212}$1.5bn");
        assert_eq!(axis_money(2.5e8, 5e8, 2.5e8), "$250M");
        assert_eq!(axis_money(0.0, 5e8, 2.5e8), "0");
        assert_eq!(money(1.73e9), "+$1.73 bn");
        assert_eq!(money(-12.5), "\u{2212}$12.50");
        assert_eq!([price(4505.1), price(4500.0)], ["4505.10", "4500"]);
        assert_eq!(distance(99.0, 100.0), "\u{2212}1.00 % from spot");
        assert_eq!([plain(2.5, 2.5), plain(5.0, 5.0)], ["2.5", "5"]);
    }

    #[test]
    fn a_scale_maps_ends_to_ends() {
        let scale = Scale::new((10.0, 20.0), (100.0, 0.0));
        let found = [10.0, 15.0, 20.0].map(|value| scale.at(value));
        assert_eq!(
            found.map(f64::to_bits),
            [100.0, 50.0, 0.0].map(f64::to_bits)
        );
        assert!(scale.holds(20.0) && !scale.holds(20.1));
        assert_eq!(scale.clamped(99.0).to_bits(), 0.0_f64.to_bits());
        assert!(Scale::new((5.0, 5.0), (0.0, 1.0)).at(5.0).is_finite());
    }
}
