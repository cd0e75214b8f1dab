//! The roots of Cboe's index options.
//!
//! An index may have two: `SPX` settles at the opening prices of its last day, `SPXW` at the close.
//! Index options are European and settled in cash; all others here are American.

use components::market::Ticker;

/// Roots of index options, with the index that they are on.
const INDEX_ROOTS: [(&str, &str); 12] = [
    ("SPX", "SPX"),
    ("SPXW", "SPX"),
    ("XSP", "XSP"),
    ("NDX", "NDX"),
    ("NDXP", "NDX"),
    ("XND", "XND"),
    ("RUT", "RUT"),
    ("RUTW", "RUT"),
    ("MRUT", "MRUT"),
    ("DJX", "DJX"),
    ("VIX", "VIX"),
    ("VIXW", "VIX"),
];

/// The index that options with this root are on, if they are on one.
#[must_use]
pub fn index_of_root(root: Ticker) -> Option<Ticker> {
    let found = INDEX_ROOTS
        .iter()
        .find(|(name, _)| *name == root.as_str())?;
    Ticker::new(found.1).ok()
}

/// Whether an underlying is an index with options of its own.
#[must_use]
pub fn is_index(underlying: Ticker) -> bool {
    INDEX_ROOTS
        .iter()
        .any(|(_, index)| *index == underlying.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_roots_of_spx_are_on_spx() {
        let ticker = |text| Ticker::new(text).unwrap();
        assert_eq!(index_of_root(ticker("SPXW")), Some(ticker("SPX")));
        assert_eq!(index_of_root(ticker("SPX")), Some(ticker("SPX")));
        assert_eq!(index_of_root(ticker("SPY")), None);
        assert!(is_index(ticker("SPX")) && !is_index(ticker("SPXW")));
    }
}
