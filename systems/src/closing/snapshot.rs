//! What is published of a closing auction, and the recorded auctions.

/// Why there is no projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoProjection {
    /// An input is not a finite number.
    #[error("an input is not a number")]
    NotANumber,
    /// The matched size is negative.
    #[error("the matched size is negative")]
    NegativeSize,
    /// Nothing is matched: how large the imbalance is for this auction is not known.
    #[error("nothing is matched")]
    NothingMatched,
    /// The close is over.
    #[error("the auction is over")]
    Over,
    /// Nothing was traded, or as much bought as sold.
    #[error("the tape leans to no side")]
    NoLean,
}

impl NoProjection {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotANumber => "not_a_number",
            Self::NegativeSize => "negative_size",
            Self::NothingMatched => "nothing_matched",
            Self::Over => "over",
            Self::NoLean => "no_lean",
        }
    }
}

/// What an exchange publishes of an auction at one moment. Sizes are shares or dollars, whichever the
/// source has, but the same for both.
///
/// The indicative prices are not looked at: in all but one of the 10,000 recorded snapshots with a near
/// price, it lies on the imbalance's side of the reference price, or on it, and is on it where there is
/// no imbalance. Its side says nothing new.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
    /// Seconds until the close.
    pub seconds_to_close: f64,
    /// Size that is not matched at the reference price; positive is buying.
    pub imbalance: f64,
    /// Size that is matched there, from 0.
    pub matched: f64,
}

impl Snapshot {
    /// The imbalance over imbalance and matched size, -1 to 1.
    ///
    /// # Errors
    /// When an input is not a number, the matched size is negative or nothing is matched.
    pub fn ratio(&self) -> Result<f64, NoProjection> {
        let numbers = [self.seconds_to_close, self.imbalance, self.matched];
        if numbers.iter().any(|number| !number.is_finite()) {
            return Err(NoProjection::NotANumber);
        }
        if self.matched < 0.0 {
            return Err(NoProjection::NegativeSize);
        }
        if self.matched <= 0.0 {
            return Err(NoProjection::NothingMatched);
        }
        let size = self.imbalance.abs();
        if size <= 0.0 {
            return Ok(0.0);
        }
        // The sum of the two could be more than a number holds; their quotient cannot harm.
        Ok(self.imbalance.signum() / (1.0 + self.matched / size))
    }

    /// The sign of the imbalance: 1, 0 or -1.
    #[must_use]
    pub fn sign(&self) -> i8 {
        i8::from(self.imbalance > 0.0) - i8::from(self.imbalance < 0.0)
    }
}

/// A snapshot and the continuous market beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// What was published.
    pub snapshot: Snapshot,
    /// The midpoint of the continuous market.
    pub mid: Option<f64>,
    /// Bid size minus ask size over both, -1 to 1.
    pub book: Option<f64>,
}

/// The auction of one stock on one day, snapshots in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Auction {
    /// The day, by any number.
    pub day: i64,
    /// What was seen.
    pub observations: Vec<Observation>,
}

impl Auction {
    /// The last snapshot and those before it; `None` where there are not two, or where the last one has
    /// nothing matched to measure by.
    #[must_use]
    pub fn outcome(&self) -> Option<(&Snapshot, &[Observation])> {
        let (last, before) = self.observations.split_last()?;
        let is_measure = last.snapshot.ratio().is_ok() && !before.is_empty();
        is_measure.then_some((&last.snapshot, before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(imbalance: f64, matched: f64) -> Result<f64, NoProjection> {
        let seconds_to_close = 60.0;
        Snapshot {
            seconds_to_close,
            imbalance,
            matched,
        }
        .ratio()
    }

    #[test]
    fn the_imbalance_is_measured_by_the_whole_auction() {
        assert_eq!(ratio(300.0, 900.0), Ok(0.25));
        assert_eq!(ratio(-300.0, 100.0), Ok(-0.75));
        assert_eq!(ratio(0.0, 100.0), Ok(0.0));
        assert_eq!(ratio(f64::MAX, f64::MAX), Ok(0.5));
        assert_eq!(ratio(f64::MIN_POSITIVE, f64::MAX), Ok(0.0));
    }

    #[test]
    fn what_cannot_be_measured_says_why() {
        assert_eq!(ratio(5.0, 0.0), Err(NoProjection::NothingMatched));
        assert_eq!(ratio(0.0, 0.0), Err(NoProjection::NothingMatched));
        assert_eq!(ratio(5.0, -1.0), Err(NoProjection::NegativeSize));
        assert_eq!(ratio(f64::NAN, 1.0), Err(NoProjection::NotANumber));
        assert_eq!(ratio(1.0, f64::INFINITY), Err(NoProjection::NotANumber));
    }
}
