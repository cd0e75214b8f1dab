//! The name of an option's file, which holds the contract's terms.
//!
//! `{date}_{root}_{resolution}_{kind}_{style}_{right}_{strike x 10000}_{expiry}.csv`; in the hour
//! archives date and resolution are missing.

use crate::error::Error;
use components::contract::{ExerciseStyle, Expiry, OptionTerms, Right, STANDARD_MULTIPLIER};
use components::market::Ticker;
use components::units::Price;

/// What the rows of an option's file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OptionFileKind {
    /// Open interest, [`super::OpenInterestRow`].
    OpenInterest,
    /// Bars of trades, [`super::TradeBar`].
    Trade,
    /// Bars of quotes, [`super::QuoteBar`].
    Quote,
}

impl OptionFileKind {
    /// The word in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenInterest => "openinterest",
            Self::Trade => "trade",
            Self::Quote => "quote",
        }
    }
}

/// What an option's file name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionFile {
    /// The day of its rows, if the name has one.
    pub date: Option<Expiry>,
    /// What its rows are.
    pub kind: OptionFileKind,
    /// The contract.
    pub terms: OptionTerms,
}

impl OptionFile {
    /// Reads the name of a file, `archive` being what errors call the archive that holds it.
    ///
    /// # Errors
    /// When a part of the name is missing or not what it must be.
    pub fn read(archive: &str, name: &str) -> Result<Self, Error> {
        let fail = |part: &str, found: &str, allowed: &str| {
            Error::archive(
                format!("{archive}#{name}"),
                format_args!("the name's {part} is \"{found}\", must be {allowed}"),
            )
        };
        let stem = name.rsplit('/').next().unwrap_or(name);
        let stem = stem
            .strip_suffix(".csv")
            .ok_or_else(|| fail("ending", stem, ".csv"))?;
        let parts: Vec<&str> = stem.split('_').collect();
        let (date, root, rest) = match parts.as_slice() {
            [date, root, _resolution, rest @ ..] if rest.len() == 5 => (Some(*date), *root, rest),
            [root, rest @ ..] if rest.len() == 5 => (None, *root, rest),
            _ => return Err(fail("form", stem, "8 or 6 parts joined by _")),
        };
        let kind = match rest[0] {
            "quote" => OptionFileKind::Quote,
            "trade" => OptionFileKind::Trade,
            "openinterest" => OptionFileKind::OpenInterest,
            other => return Err(fail("kind", other, "quote, trade or openinterest")),
        };
        let style = match rest[1] {
            "american" => ExerciseStyle::American,
            "european" => ExerciseStyle::European,
            other => return Err(fail("style", other, "american or european")),
        };
        let right = match rest[2] {
            "call" => Right::Call,
            "put" => Right::Put,
            other => return Err(fail("right", other, "call or put")),
        };
        let strike = digits(rest[3])
            .filter(|strike| (1..1_000_000_000_000).contains(strike))
            .ok_or_else(|| fail("strike", rest[3], "dollars x 10000 above 0"))?;
        let day = |part, text| {
            digits(text)
                .and_then(|number| u32::try_from(number).ok())
                .and_then(|number| Expiry::try_from(number).ok())
                .ok_or_else(|| fail(part, text, "a date yyyymmdd that exists"))
        };
        let root = Ticker::new(&root.to_ascii_uppercase())
            .map_err(|error| fail("root", root, &error.to_string()))?;
        Ok(Self {
            date: date.map(|text| day("date", text)).transpose()?,
            kind,
            terms: OptionTerms {
                root,
                expiry: day("expiry", rest[4])?,
                strike: Price(strike),
                right,
                style,
                multiplier: STANDARD_MULTIPLIER,
            },
        })
    }
}

fn digits(text: &str) -> Option<i64> {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_holds_the_terms() {
        let name = "20151224_goog_minute_quote_american_call_7500000_20160115.csv";
        let file = OptionFile::read("quotes.zip", name).unwrap();
        assert_eq!(file.kind, OptionFileKind::Quote);
        assert_eq!(file.date.map(Expiry::yyyymmdd), Some(20_151_224));
        assert_eq!(file.terms.osi(), "GOOG  160115C00750000");
        let hourly = OptionFile::read("h.zip", "spxw_trade_european_put_37000000_20210104.csv");
        let hourly = hourly.unwrap();
        assert_eq!(hourly.date, None);
        assert_eq!(hourly.terms.style, ExerciseStyle::European);
        assert_eq!(hourly.terms.strike, Price(37_000_000));
    }

    #[test]
    fn every_part_of_a_name_is_checked() {
        for (name, part) in [
            (
                "20151224_goog_minute_quote_american_call_7500000_20151324.csv",
                "expiry",
            ),
            (
                "20150230_goog_minute_quote_american_call_7500000_20151224.csv",
                "date",
            ),
            (
                "20151224_goog_minute_quote_american_call_0_20151224.csv",
                "strike",
            ),
            (
                "20151224_goog_minute_quote_american_call_-5_20151224.csv",
                "strike",
            ),
            (
                "20151224_goog_minute_quote_american_kall_7500000_20151224.csv",
                "right",
            ),
            (
                "20151224_goog_minute_quote_asian_call_7500000_20151224.csv",
                "style",
            ),
            (
                "20151224_goog_minute_news_american_call_7500000_20151224.csv",
                "kind",
            ),
            (
                "20151224_go!g_minute_quote_american_call_7500000_20151224.csv",
                "root",
            ),
            ("20151224_goog.csv", "form"),
            (
                "20151224_goog_minute_quote_american_call_7500000_20151224.txt",
                "ending",
            ),
        ] {
            let error = OptionFile::read("q.zip", name).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("q.zip#{name}: the name's {part}")),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn arbitrary_names_never_panic(name in "\\PC{0,80}") {
            let _ = OptionFile::read("q.zip", &name);
        }
    }
}
