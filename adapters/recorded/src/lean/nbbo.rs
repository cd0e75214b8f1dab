//! States of the national best bid and offer, from rows that each tell one side.
//!
//! A change comes as a bid row and then an ask row of the same time. The two make one state;
//! between them stands a quote that never existed. A row whose other half is missing makes a state
//! with the last known other side.

use super::tick::QuoteTick;
use crate::error::Error;
use crate::table::Table;
use components::units::Price;

/// The best bid and ask after a change; a side not seen yet has price 0 and size 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Nbbo {
    /// When it was shown, in milliseconds since midnight.
    pub millis: i64,
    /// The best bid.
    pub bid: Price,
    /// The best ask.
    pub ask: Price,
    /// Shares at the bid.
    pub bid_size: u32,
    /// Shares at the ask.
    pub ask_size: u32,
}

impl Nbbo {
    #[inline]
    fn take(&mut self, row: &QuoteTick) {
        self.millis = row.millis;
        if row.bid != Price::NONE {
            (self.bid, self.bid_size) = (row.bid, row.bid_size);
        }
        if row.ask != Price::NONE {
            (self.ask, self.ask_size) = (row.ask, row.ask_size);
        }
    }
}

/// The states of a quote tick file, in its order.
#[derive(Debug)]
pub struct NbboStates {
    rows: Table<QuoteTick>,
    state: Nbbo,
    ahead: Option<QuoteTick>,
    dropped: u64,
}

impl NbboStates {
    /// The states that `rows` tell of.
    #[must_use]
    pub fn new(rows: Table<QuoteTick>) -> Self {
        Self {
            rows,
            state: Nbbo::default(),
            ahead: None,
            dropped: 0,
        }
    }

    /// The state now; nothing is known in it before the first.
    #[must_use]
    pub fn state(&self) -> &Nbbo {
        &self.state
    }

    /// Goes on to the next state; `false` after the last.
    ///
    /// # Errors
    /// Those of [`Table::next_row`].
    #[inline]
    pub fn advance(&mut self) -> Result<bool, Error> {
        let Some(first) = self.next_telling()? else {
            return Ok(false);
        };
        self.state.take(&first);
        if first.ask == Price::NONE
            && let Some(second) = self.next_telling()?
        {
            if second.millis == first.millis && second.bid == Price::NONE {
                self.state.take(&second);
            } else {
                self.ahead = Some(second);
            }
        }
        Ok(true)
    }

    /// Suspicious rows left out so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The next row that is not suspicious and tells of a side.
    #[inline]
    fn next_telling(&mut self) -> Result<Option<QuoteTick>, Error> {
        if let Some(row) = self.ahead.take() {
            return Ok(Some(row));
        }
        loop {
            match self.rows.next_row()? {
                Some(row) if row.suspicious => self.dropped += 1,
                Some(row) if row.bid == Price::NONE && row.ask == Price::NONE => {}
                other => return Ok(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &str, expected: &[(i64, i64, u32, i64, u32)]) {
        let text = rows.replace(' ', "\n").into_bytes();
        let mut states = NbboStates::new(Table::in_memory("quotes.csv", text));
        let mut found = Vec::new();
        while states.advance().unwrap() {
            let Nbbo {
                millis,
                bid,
                ask,
                bid_size,
                ask_size,
            } = *states.state();
            found.push((millis, bid.0, bid_size, ask.0, ask_size));
        }
        assert_eq!(found, expected, "{rows}");
    }

    #[test]
    fn a_bid_row_and_an_ask_row_of_one_time_are_one_state() {
        check("1,90,5,0,0,Q,1,0 1,0,0,91,6,P,1,0", &[(1, 90, 5, 91, 6)]);
        check(
            "1,90,5,0,0,Q,1,0 1,0,0,91,6,P,1,0 1,92,1,0,0,Q,1,0 1,0,0,93,1,P,1,0",
            &[(1, 90, 5, 91, 6), (1, 92, 1, 93, 1)],
        );
    }

    #[test]
    fn a_half_pair_keeps_the_other_side() {
        check("1,0,0,91,6,P,1,0", &[(1, 0, 0, 91, 6)]);
        check(
            "1,0,0,91,6,P,1,0 2,90,5,0,0,Q,1,0 3,89,4,0,0,Q,1,0 3,0,0,90,7,Q,1,0",
            &[(1, 0, 0, 91, 6), (2, 90, 5, 91, 6), (3, 89, 4, 90, 7)],
        );
        check(
            "2,90,5,0,0,Q,1,0 3,0,0,95,7,Q,1,0",
            &[(2, 90, 5, 0, 0), (3, 90, 5, 95, 7)],
        );
    }

    #[test]
    fn rows_with_both_sides_stand_alone_and_rows_with_none_are_silent() {
        check(
            "1,90,5,91,6,Q,1,0 1,0,0,0,0,Q,1,0 1,0,0,92,1,Q,1,0",
            &[(1, 90, 5, 91, 6), (1, 90, 5, 92, 1)],
        );
    }

    #[test]
    fn suspicious_rows_are_left_out_and_counted() {
        let text = b"1,90,5,0,0,Q,1,0\n1,0,0,1,6,P,1,1\n2,0,0,91,6,P,1,0".to_vec();
        let mut states = NbboStates::new(Table::in_memory("quotes.csv", text));
        assert!(states.advance().unwrap());
        assert_eq!(states.state().ask, Price::NONE);
        assert!(states.advance().unwrap());
        assert_eq!(states.state().ask, Price(91));
        assert!(!states.advance().unwrap());
        assert_eq!(states.dropped(), 1);
    }
}
