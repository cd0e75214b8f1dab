//! The rules of a section: `garde`'s, put into this program's words, and one of our own.

use std::borrow::Cow;
use std::fmt::Display;

use garde::Validate;
use garde::i18n::{I18n, InvalidCreditCard, InvalidEmail, InvalidPhoneNumber, InvalidUrl, IpKind};

use super::node::Node;
use super::problem::{Problem, Problems};

/// A rule that allows `min` to `max`, both included, and names both when it is broken.
///
/// `garde`'s own `range` can name only the bound that was crossed, and lets NaN through.
///
/// # Examples
/// ```
/// use engine::config::within;
///
/// #[derive(garde::Validate)]
/// struct Vpin {
///     #[garde(custom(within(1, 500)))]
///     buckets: u32,
/// }
/// ```
pub fn within<T: PartialOrd + Display>(
    min: T,
    max: T,
) -> impl FnOnce(&T, &()) -> Result<(), garde::Error> {
    move |value, ()| {
        if *value >= min && *value <= max {
            return Ok(());
        }
        Err(garde::Error::new(format!("must be {min} to {max}")))
    }
}

/// Returns the rules a value breaks, placed on the tree it was read from.
pub(super) fn broken<T: Validate<Context = ()>>(node: &Node, value: &T) -> Vec<Problem> {
    let mut problems = Problems::within(node);
    if let Err(report) = garde::i18n::with_i18n(Wording, || value.validate()) {
        for (path, error) in report.iter() {
            problems.refuse(&path.to_string(), error.message());
        }
    }
    problems.into_found()
}

/// What is allowed, as the second half of "… is not allowed, must be …".
struct Wording;

impl I18n for Wording {
    fn length_lower_than(&self, min: usize) -> Cow<'static, str> {
        format!("must have a length of at least {min}").into()
    }

    fn length_greater_than(&self, max: usize) -> Cow<'static, str> {
        format!("must have a length of at most {max}").into()
    }

    fn range_lower_than(&self, min: &dyn Display) -> Cow<'static, str> {
        format!("must be at least {min}").into()
    }

    fn range_greater_than(&self, max: &dyn Display) -> Cow<'static, str> {
        format!("must be at most {max}").into()
    }

    fn credit_card_invalid(&self, reason: InvalidCreditCard) -> Cow<'static, str> {
        format!("must be a credit card number: {reason}").into()
    }

    fn pattern_no_match(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must match the pattern {pattern}").into()
    }

    fn contains_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must contain \"{pattern}\"").into()
    }

    fn url_invalid(&self, reason: InvalidUrl) -> Cow<'static, str> {
        format!("must be a URL: {reason}").into()
    }

    fn prefix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must begin with \"{pattern}\"").into()
    }

    fn suffix_missing(&self, pattern: &dyn Display) -> Cow<'static, str> {
        format!("must end with \"{pattern}\"").into()
    }

    fn phone_number_invalid(&self, reason: InvalidPhoneNumber) -> Cow<'static, str> {
        format!("must be a phone number: {reason}").into()
    }

    fn ip_invalid(&self, kind: IpKind) -> Cow<'static, str> {
        format!("must be an {kind} address").into()
    }

    fn matches_field_mismatch(&self, field: &dyn Display) -> Cow<'static, str> {
        format!("must be the same as `{field}`").into()
    }

    fn email_invalid(&self, reason: InvalidEmail) -> Cow<'static, str> {
        format!("must be an email address: {reason}").into()
    }

    fn ascii_invalid(&self) -> Cow<'static, str> {
        "must be ASCII only".into()
    }

    fn alphanumeric_invalid(&self) -> Cow<'static, str> {
        "must be letters and digits only".into()
    }

    fn required_not_set(&self) -> Cow<'static, str> {
        "must be set".into()
    }
}
