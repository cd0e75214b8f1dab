//! The only randomness: counter-based streams with names.
//!
//! A draw is a pure function of (seed, stream, counter), so no order of drawing can leak from one
//! system, symbol or tick into another. The generator is SplitMix64 (Steele, Lea, Flood 2014) over a
//! hashed counter: equidistributed enough for market simulation, not for secrets.

use crate::math;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A stream of random numbers, named by what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
    counter: u64,
}

impl Stream {
    /// The stream `name` number `index` of the run with `seed`.
    #[must_use]
    pub fn new(seed: u64, name: &str, index: u64) -> Self {
        let key = xxh3_64_with_seed(name.as_bytes(), seed);
        Self {
            key: xxh3_64_with_seed(&index.to_le_bytes(), key),
            counter: 0,
        }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.counter = self.counter.wrapping_add(1);
        mix(self
            .key
            .wrapping_add(self.counter.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// The next number, uniform in [0, 1) with 53 bits.
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// The next whole number, uniform in 0 to `below` - 1; 0 if `below` is 0.
    pub fn below(&mut self, below: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(below);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    /// The next standard normal number (Box and Muller 1958, the cosine half).
    pub fn normal(&mut self) -> f64 {
        // 1 - u lies in (0, 1], so the logarithm is finite.
        let radius = (-2.0 * math::ln(1.0 - self.uniform())).sqrt();
        radius * math::cos(core::f64::consts::TAU * self.uniform())
    }

    /// The next exponential number with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -math::ln(1.0 - self.uniform())
    }

    /// Whether an event of `probability` happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// Puts `items` into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let bound = u64::try_from(last + 1).unwrap_or(u64::MAX);
            let other = usize::try_from(self.below(bound)).unwrap_or(0);
            items.swap(last, other);
        }
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_name_and_index_alone() {
        let first = |seed, name, index| Stream::new(seed, name, index).bits();
        assert_eq!(first(7, "spot", 3), first(7, "spot", 3));
        assert_ne!(first(7, "spot", 3), first(8, "spot", 3));
        assert_ne!(first(7, "spot", 3), first(7, "book", 3));
        assert_ne!(first(7, "spot", 3), first(7, "spot", 4));
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut stream = Stream::new(1, "test", 0);
        let draws: Vec<f64> = (0..100_000).map(|_| stream.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / 1e5 - mean * mean;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut stream = Stream::new(1, "test", 0);
        let mut seen = [0; 6];
        for _ in 0..6_000 {
            seen[usize::try_from(stream.below(6)).unwrap()] += 1;
        }
        assert!(
            seen.iter().all(|count| (800..1200).contains(count)),
            "{seen:?}"
        );
    }
}
