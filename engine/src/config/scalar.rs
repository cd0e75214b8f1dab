//! What a plain YAML scalar means: the core schema of YAML 1.2.2, section 10.3.2.
//!
//! `yes`, `no`, `on` and `off` are text, so that tickers stay tickers; dates and times are text.

/// A scalar as the core schema reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    /// An empty value, `~` or `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number in decimal, `0x` or `0o` notation.
    Whole(i128),
    /// Any other number.
    Real(f64),
    /// Everything else.
    Text,
}

/// Reads a plain (unquoted) scalar.
pub(super) fn resolve(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Real(f64::NAN),
        _ => {}
    }
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if matches!(magnitude, ".inf" | ".Inf" | ".INF") {
        return Scalar::Real(if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        });
    }
    // The prefixed notations carry no sign in the core schema.
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && digits.chars().all(|c| c.is_digit(radix))
            && let Ok(number) = i128::from_str_radix(digits, radix)
        {
            return Scalar::Whole(number);
        }
    }
    if !is_decimal(magnitude) {
        return Scalar::Text;
    }
    if let Ok(number) = text.parse::<i128>() {
        return Scalar::Whole(number);
    }
    text.parse().map_or(Scalar::Text, Scalar::Real)
}

/// Matches `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
fn is_decimal(text: &str) -> bool {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|e| e.strip_prefix(['-', '+']).unwrap_or(e));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|e| !e.is_empty() && digits(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_core_schema_decides() {
        assert_eq!(resolve("~"), Scalar::Null);
        assert_eq!(resolve("TRUE"), Scalar::Bool(true));
        assert_eq!(resolve("-17"), Scalar::Whole(-17));
        assert_eq!(resolve("+17"), Scalar::Whole(17));
        assert_eq!(resolve("007"), Scalar::Whole(7));
        assert_eq!(resolve("0xff"), Scalar::Whole(255));
        assert_eq!(resolve("0o17"), Scalar::Whole(15));
        assert_eq!(resolve("1e3"), Scalar::Real(1000.0));
        assert_eq!(resolve(".5"), Scalar::Real(0.5));
        assert_eq!(resolve("5."), Scalar::Real(5.0));
        assert_eq!(resolve("-.inf"), Scalar::Real(f64::NEG_INFINITY));
        for text in [
            "on",
            "no",
            "nan",
            "inf",
            "2015-12-24",
            "09:30",
            "1_000",
            ".",
            "e5",
            "1e",
        ] {
            assert_eq!(resolve(text), Scalar::Text, "{text}");
        }
        for text in ["0x", "0x-1", "-0x1", "+", "-", "--1", "1e+", "1.2.3", "∞"] {
            assert_eq!(resolve(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn a_whole_number_too_long_is_a_real() {
        assert_eq!(resolve(&"9".repeat(40)), Scalar::Real(1e40));
    }
}
