//! The one door to transcendental functions: the same bits on every machine.
//!
//! The standard library hands `exp`, `ln`, `sin` to whatever the host's C library does, and that
//! changes with the processor. These call the `libm` crate, which is plain Rust, so a replay on
//! another machine repeats every digit. `sqrt`, `abs` and `floor` are exactly rounded everywhere
//! and need no door.
//!
//! Accuracy in units of the last place: `exp`, `ln`, `ln_1p`, `exp_m1` below 1, `erfc` 1.5.

use core::f64::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

/// `1 / sqrt(2 pi)`, the peak of the standard normal density.
pub const INV_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

/// Below this argument [`exp_vectorizable`] is zero: `exp` would be the last normal numbers.
pub const EXP_UNDERFLOW: f64 = -708.0;

/// Slices up to this length are added one after the other by [`sum_ordered`].
const SUM_LEAF: usize = 16;

/// Adding and subtracting 1.5 * 2^52 rounds to the nearest whole number, without a branch or a
/// conversion that baseline x86-64 cannot do in vectors.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The upper 32 bits of `ln 2`: its product with a whole number below 2^11 is exact.
const LN_2_HIGH: f64 = f64::from_bits(LN_2.to_bits() & 0xffff_ffff_0000_0000);
/// What is left of `ln 2` to 107 bits.
const LN_2_LOW: f64 = (LN_2 - LN_2_HIGH) + LN_2_TAIL;
/// `ln 2` minus its nearest `f64`.
const LN_2_TAIL: f64 = 2.319_046_813_846_299_6e-17;

/// The Taylor coefficients of `exp`: `1/n!`. Eleven leave 1e-14 for arguments up to `ln(2)/2`.
const INVERSE_FACTORIAL: [f64; 12] = [
    1.0,
    1.0,
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
    1.0 / 39_916_800.0,
];

/// Where [`norm_tail_vectorizable`] maps to the middle of its polynomial.
const TAIL_MIDDLE: f64 = 5.0;

/// `exp(z^2/2) N(-z) / t` as a polynomial of `2 t - 1` with `t = 5 / (5 + z)`: interpolated at the
/// Chebyshev points with 40 digits, within 5e-13 relative for every `z` from 0.
const TAIL: [f64; 17] = [
    0.153_838_609_950_012_58,
    0.133_076_500_579_041_63,
    0.099_061_123_195_881_42,
    0.062_706_631_284_650_83,
    0.033_004_073_143_229_264,
    0.013_823_728_441_133_646,
    0.004_159_014_642_510_136,
    0.000_598_670_895_319_594_7,
    -0.000_159_582_058_744_061_7,
    -0.000_108_964_615_864_509_04,
    -1.184_724_172_318_208e-5,
    9.922_720_519_090_502e-6,
    3.281_462_693_280_751e-6,
    -7.617_108_954_989_293e-7,
    -4.909_411_779_350_194e-7,
    4.436_600_528_452_881_6e-8,
    4.588_755_692_883_160_5e-8,
];

/// The natural exponential of `x`.
#[inline]
#[must_use]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `exp(x) - 1` without the cancellation near zero.
#[inline]
#[must_use]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// The natural logarithm of `x`; not a number below zero, minus infinity at zero.
#[inline]
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// `ln(1 + x)` without the cancellation near zero.
#[inline]
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// `ln(numerator / denominator)` for two positive numbers, to full relative accuracy near 1.
///
/// The quotient of two near-equal numbers keeps only the digits behind their common leading ones;
/// their difference is exact, so between 1/2 and 2 it is taken first.
///
/// # Examples
/// ```
/// use engine::math::ln_ratio;
/// // ln(1 + 1e-12) = 1e-12 - 5e-25; the quotient alone would give 1.000088900581841e-12.
/// assert!((ln_ratio(1e12 + 1.0, 1e12) / 1e-12 - 1.0).abs() < 1e-12);
/// assert_eq!(ln_ratio(5.0, 5.0), 0.0);
/// ```
#[inline]
#[must_use]
pub fn ln_ratio(numerator: f64, denominator: f64) -> f64 {
    let relative = (numerator - denominator) / denominator;
    if relative > -0.5 && relative < 1.0 {
        ln_1p(relative)
    } else {
        ln(numerator / denominator)
    }
}

/// `base` to the power `exponent`.
#[inline]
#[must_use]
pub fn pow(base: f64, exponent: f64) -> f64 {
    libm::pow(base, exponent)
}

/// The sine of `radians`.
#[inline]
#[must_use]
pub fn sin(radians: f64) -> f64 {
    libm::sin(radians)
}

/// The cosine of `radians`.
#[inline]
#[must_use]
pub fn cos(radians: f64) -> f64 {
    libm::cos(radians)
}

/// The hyperbolic tangent of `x`: squashes a score into -1 to 1.
#[inline]
#[must_use]
pub fn tanh(x: f64) -> f64 {
    libm::tanh(x)
}

/// The complementary error function of `x`, with full relative accuracy in the upper tail.
#[inline]
#[must_use]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// The standard normal density at `x`.
#[inline]
#[must_use]
pub fn norm_pdf(x: f64) -> f64 {
    exp(-0.5 * x * x) * INV_SQRT_TAU
}

/// The standard normal distribution function at `x`, `erfc(-x / sqrt 2) / 2`.
///
/// # Examples
/// ```
/// use engine::math::norm_cdf;
/// assert_eq!(norm_cdf(0.0), 0.5);
/// // The upper tail is 1 - N(x) = N(-x); the lower one keeps its digits far out.
/// assert!((norm_cdf(-10.0) / 7.619853024160527e-24 - 1.0).abs() < 1e-14);
/// ```
#[inline]
#[must_use]
pub fn norm_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * FRAC_1_SQRT_2)
}

/// The natural exponential for grids: no branch, no table, no call, so that a loop of it becomes
/// vector code on baseline x86-64.
///
/// For `x` from -708 to 709 within 3e-14 relative of [`exp`]; exactly 0 below
/// [`EXP_UNDERFLOW`], down to minus infinity. Other arguments (above 709, not a number) have no
/// defined result.
///
/// `x = k ln 2 + r` with whole `k` and `|r| <= ln(2)/2`; the Taylor sum of `r` then gets `k` added
/// to its exponent bits.
///
/// # Examples
/// ```
/// use engine::math::exp_vectorizable;
/// assert_eq!(exp_vectorizable(0.0), 1.0);
/// assert!((exp_vectorizable(-1.0) - 0.36787944117144233).abs() < 1e-14);
/// assert_eq!(exp_vectorizable(-1e6), 0.0);
/// ```
#[inline]
#[must_use]
pub fn exp_vectorizable(x: f64) -> f64 {
    let shifted = x * LOG2_E + ROUNDER;
    let k = shifted - ROUNDER;
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    let c = &INVERSE_FACTORIAL;
    // Pairs, then pairs of pairs: shorter chains than Horner's, which a vector unit waits for.
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (c[0] + r) + r2 * (c[2] + r * c[3]);
    let middle = (c[4] + r * c[5]) + r2 * (c[6] + r * c[7]);
    let high = (c[8] + r * c[9]) + r2 * (c[10] + r * c[11]);
    let mantissa = low + r4 * (middle + r4 * high);
    let scaled = f64::from_bits(mantissa.to_bits().wrapping_add(shifted.to_bits() << 52));
    if x < EXP_UNDERFLOW { 0.0 } else { scaled }
}

/// `exp(z^2/2) N(-z)`, the upper tail of the standard normal without its density, for grids: no
/// branch, no call. Times `exp(-z^2/2)` it is the tail itself.
///
/// For `z` from 0 to infinity within 1e-12 relative; other arguments have no defined result.
///
/// # Examples
/// ```
/// use engine::math::{exp, norm_cdf, norm_tail_vectorizable};
/// assert!((norm_tail_vectorizable(0.0) - 0.5).abs() < 1e-12);
/// let tail = norm_tail_vectorizable(3.0) * exp(-4.5);
/// assert!((tail / norm_cdf(-3.0) - 1.0).abs() < 1e-12);
/// ```
#[inline]
#[must_use]
pub fn norm_tail_vectorizable(z: f64) -> f64 {
    let t = TAIL_MIDDLE / (TAIL_MIDDLE + z);
    let x = 2.0 * t - 1.0;
    let x2 = x * x;
    let c = &TAIL;
    // Even and odd powers: two chains half as long.
    let mut even = c[16];
    let mut odd = c[15];
    for pair in (0..7).rev() {
        even = even * x2 + c[2 * pair + 2];
        odd = odd * x2 + c[2 * pair + 1];
    }
    even = even * x2 + c[0];
    t * (even + x * odd)
}

/// The sum of `values`, added in a tree that depends on their number alone.
///
/// Pairwise halves: the rounding error grows with the logarithm of the length, and the result
/// does not depend on threads or on vector width.
///
/// # Examples
/// ```
/// assert_eq!(engine::math::sum_ordered(&[1.0, 2.0, 3.5]), 6.5);
/// assert_eq!(engine::math::sum_ordered(&[]), 0.0);
/// ```
#[must_use]
pub fn sum_ordered(values: &[f64]) -> f64 {
    if values.len() <= SUM_LEAF {
        return values.iter().fold(0.0, |sum, value| sum + value);
    }
    let (lower, upper) = values.split_at(values.len() / 2);
    sum_ordered(lower) + sum_ordered(upper)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn relative(found: f64, expected: f64) -> f64 {
        ((found - expected) / expected).abs()
    }

    // Reference values: arbitrary-precision arithmetic, rounded to the nearest f64.
    #[test]
    fn values_agree_with_arbitrary_precision() {
        assert!(relative(exp(1.0), core::f64::consts::E) < 1e-15);
        assert!(relative(exp_m1(1e-10), 1.000_000_000_05e-10) < 1e-15);
        assert!(relative(ln(10.0), core::f64::consts::LN_10) < 1e-15);
        assert!(relative(ln_1p(1e-10), 9.999_999_999_5e-11) < 1e-15);
        assert!(relative(pow(2.0, 0.5), core::f64::consts::SQRT_2) < 1e-15);
        assert!(relative(erfc(0.5), 0.479_500_122_186_953_5) < 1e-15);
        assert!(relative(norm_cdf(1.0), 0.841_344_746_068_542_9) < 1e-15);
        assert!(relative(norm_pdf(1.0), 0.241_970_724_519_143_35) < 1e-15);
        assert!(relative(sin(1.0), 0.841_470_984_807_896_5) < 1e-15);
        assert!(relative(cos(1.0), 0.540_302_305_868_139_8) < 1e-15);
        assert!(relative(tanh(0.5), 0.462_117_157_260_009_76) < 1e-15);
    }

    #[test]
    fn the_two_parts_of_ln_2_add_up_to_it() {
        assert!((LN_2_HIGH + LN_2_LOW - LN_2).abs() < f64::EPSILON * LN_2);
        assert_eq!(LN_2_HIGH.to_bits() & 0xffff_ffff, 0);
    }

    #[test]
    fn the_vectorizable_exponential_follows_the_exact_one_to_its_underflow() {
        let mut worst = 0.0_f64;
        for step in 0..=708_000 {
            let x = -f64::from(step) / 1000.0;
            worst = worst.max(relative(exp_vectorizable(x), exp(x)));
        }
        assert!(worst < 3e-14, "worst relative error was {worst:e}");
        for x in [-708.001, -745.0, -1e9, -1e300, f64::NEG_INFINITY] {
            assert_eq!(exp_vectorizable(x).to_bits(), 0, "at {x}");
        }
    }

    #[test]
    fn the_vectorizable_tail_follows_the_exact_one_out_to_infinity() {
        let mut worst = 0.0_f64;
        for step in 0..=37_000 {
            let z = f64::from(step) / 1000.0;
            let exact = norm_cdf(-z) * exp(0.5 * z * z);
            worst = worst.max(relative(norm_tail_vectorizable(z), exact));
        }
        assert!(worst < 2e-12, "worst relative error was {worst:e}");
        // Far out it is 1 / (z sqrt(2 pi)), and nothing at infinity.
        let far = norm_tail_vectorizable(1e9) * 1e9 / INV_SQRT_TAU;
        assert!((far - 1.0).abs() < 1e-11, "{far}");
        assert_eq!(norm_tail_vectorizable(f64::INFINITY).to_bits(), 0);
    }

    #[test]
    fn a_sum_keeps_digits_that_a_running_total_loses() {
        let values = vec![0.1; 1 << 20];
        let exact = f64::from(1 << 20) * 0.1;
        let running: f64 = values.iter().fold(0.0, |sum, value| sum + value);
        assert!((sum_ordered(&values) - exact).abs() < 1e-9);
        assert!((running - exact).abs() > 1e-7);
    }

    proptest! {
        #[test]
        fn the_vectorizable_exponential_is_good_to_1e_13(x in -708.0..709.0_f64) {
            prop_assert!(relative(exp_vectorizable(x), exp(x)) < 1e-13);
        }

        #[test]
        fn a_distribution_and_its_mirror_add_up_to_one(x in -38.0..38.0_f64) {
            prop_assert!((norm_cdf(x) + norm_cdf(-x) - 1.0).abs() < 4e-16);
        }

        #[test]
        fn the_log_of_a_ratio_is_antisymmetric(a in 1e-3..1e6_f64, factor in 0.3..3.0_f64) {
            let b = a * factor;
            let scale = ln_ratio(a, b).abs().max(1e-300);
            prop_assert!((ln_ratio(a, b) + ln_ratio(b, a)).abs() <= 4e-16 * scale.max(1.0));
        }

        #[test]
        fn a_sum_is_as_good_as_exact_for_whole_numbers(
            values in prop::collection::vec(-1_000_000_i32..1_000_000, 0..200)
        ) {
            let exact: i64 = values.iter().map(|value| i64::from(*value)).sum();
            let floats: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
            prop_assert_eq!(sum_ordered(&floats).to_bits(), (exact as f64).to_bits());
        }
    }
}
