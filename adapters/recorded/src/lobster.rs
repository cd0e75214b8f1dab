//! LOBSTER's message and order book files.
//!
//! A zip holds `*_message_N.csv` and `*_orderbook_N.csv`, N the levels. Line by line the second
//! shows the book after the message of the first. Time is in seconds after midnight in New York,
//! prices in 1/10,000 of a dollar. The direction of a message is that of the resting order, so an
//! execution against a resting bid was begun by a seller. A level without orders has the price
//! 9999999999 (ask) or -9999999999 (bid). Source: the ReadMe of LOBSTER's sample files.

use crate::archive::Archive;
use crate::cells::{COMMA, Cells, Fault, LINE};
use crate::error::{CellError, Error};
use crate::table::{Record, Table};
use components::market::{BOOK_LEVELS, Level, Side};
use components::units::Price;
use std::path::Path;

/// The absolute price of a level without orders.
const EMPTY: i64 = 9_999_999_999;

/// What a message reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A new limit order.
    Submission,
    /// Part of an order was cancelled.
    Cancellation,
    /// An order was cancelled.
    Deletion,
    /// A visible order was executed.
    Execution,
    /// A hidden order was executed.
    HiddenExecution,
    /// An auction was executed.
    Cross,
    /// Trading was halted.
    Halted,
    /// Quoting was resumed during a halt, trading not yet.
    Quoting,
    /// Trading was resumed.
    Resumed,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// When it happened, in nanoseconds since midnight in New York.
    pub nanos: i64,
    /// What it reports.
    pub kind: MessageKind,
    /// The exchange's number of the order, 0 for hidden orders.
    pub order: i64,
    /// Shares.
    pub size: u32,
    /// The price.
    pub price: Price,
    /// The side of the resting order.
    pub resting: Side,
}

impl Message {
    /// Who began the trade, if the message reports one that someone began.
    #[must_use]
    pub fn aggressor(&self) -> Option<Side> {
        matches!(
            self.kind,
            MessageKind::Execution | MessageKind::HiddenExecution
        )
        .then(|| self.resting.opposite())
    }

    /// Whether the message reports a trade.
    #[must_use]
    pub fn is_trade(&self) -> bool {
        self.kind == MessageKind::Cross || self.aggressor().is_some()
    }
}

impl Record for Message {
    const COLUMNS: usize = 6;
    const NAMES: &'static str = "time, type, order, size, price, direction";

    #[inline]
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        let nanos = cells.nanos(COMMA)?;
        let kind_at = cells.at();
        let kind = cells.integer(COMMA)?;
        let order = cells.integer(COMMA)?;
        let size = cells.size(COMMA)?;
        let price = cells.integer(COMMA)?;
        let resting = match cells.direction(LINE)? {
            1 => Side::Buy,
            _ => Side::Sell,
        };
        let kind = match (kind, price) {
            (1, _) => MessageKind::Submission,
            (2, _) => MessageKind::Cancellation,
            (3, _) => MessageKind::Deletion,
            (4, _) => MessageKind::Execution,
            (5, _) => MessageKind::HiddenExecution,
            (6, _) => MessageKind::Cross,
            (7, -1) => MessageKind::Halted,
            (7, 0) => MessageKind::Quoting,
            (7, 1) => MessageKind::Resumed,
            _ => {
                let allowed = "1 to 6, or 7 with a price of -1, 0 or 1";
                return Err(cells.fault(kind_at, allowed));
            }
        };
        Ok(Self {
            nanos,
            kind,
            order,
            size,
            price: Price(price),
            resting,
        })
    }

    fn stamp(&self) -> i64 {
        self.nanos
    }
}

/// A line of an order book file of `LEVELS` levels; empty levels have price 0 and size 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookRow<const LEVELS: usize> {
    /// Asks, lowest first.
    pub asks: [Level; LEVELS],
    /// Bids, highest first.
    pub bids: [Level; LEVELS],
}

impl<const LEVELS: usize> Record for BookRow<LEVELS> {
    const COLUMNS: usize = 4 * LEVELS;
    const NAMES: &'static str = "ask price, ask size, bid price, bid size of each level";

    #[inline]
    fn read(cells: &mut Cells<'_>) -> Result<Self, Fault> {
        let mut row = Self {
            asks: [Level::default(); LEVELS],
            bids: [Level::default(); LEVELS],
        };
        for index in 0..LEVELS {
            let end = if index + 1 == LEVELS { LINE } else { COMMA };
            row.asks[index] = level(cells, COMMA)?;
            row.bids[index] = level(cells, end)?;
        }
        Ok(row)
    }

    /// The rows have no time of their own.
    fn stamp(&self) -> i64 {
        0
    }
}

#[inline]
fn level(cells: &mut Cells<'_>, end: u8) -> Result<Level, Fault> {
    let price = cells.integer(COMMA)?;
    let size = cells.size(end)?;
    Ok(if price.abs() == EMPTY {
        Level::default()
    } else {
        Level {
            price: Price(price),
            size,
        }
    })
}

/// The sides of a book, best levels first; levels that the file does not have are empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// Asks, lowest first.
    pub asks: [Level; BOOK_LEVELS],
    /// Bids, highest first.
    pub bids: [Level; BOOK_LEVELS],
}

impl<const LEVELS: usize> From<BookRow<LEVELS>> for Sides {
    fn from(row: BookRow<LEVELS>) -> Self {
        let mut sides = Self::default();
        sides.asks[..LEVELS].copy_from_slice(&row.asks);
        sides.bids[..LEVELS].copy_from_slice(&row.bids);
        sides
    }
}

/// The order book file by its number of levels.
#[derive(Debug)]
enum BookTable {
    One(Table<BookRow<1>>),
    Five(Table<BookRow<5>>),
    Ten(Table<BookRow<10>>),
}

impl BookTable {
    #[inline]
    fn next_sides(&mut self) -> Result<Option<Sides>, Error> {
        Ok(match self {
            Self::One(rows) => rows.next_row()?.map(Sides::from),
            Self::Five(rows) => rows.next_row()?.map(Sides::from),
            Self::Ten(rows) => rows.next_row()?.map(Sides::from),
        })
    }
}

/// Messages with the book after each.
#[derive(Debug)]
pub struct Messages {
    messages: Table<Message>,
    books: BookTable,
    count: u64,
}

impl Messages {
    /// Opens the zip at `path`, whose order book has `levels` levels.
    ///
    /// # Errors
    /// When the zip is damaged or does not hold one message and one order book file, or `levels`
    /// is not 1, 5 or 10.
    pub fn open(path: &Path, levels: u32) -> Result<Self, Error> {
        let mut archive = Archive::open(path)?;
        let messages = archive.only_csv("_message_")?;
        let books = archive.only_csv("_orderbook_")?;
        let messages = Table::of_member(&mut archive, messages)?;
        let books = match levels {
            1 => BookTable::One(Table::of_member(&mut archive, books)?),
            5 => BookTable::Five(Table::of_member(&mut archive, books)?),
            10 => BookTable::Ten(Table::of_member(&mut archive, books)?),
            other => return Err(Error::field("levels", &other.to_string(), "1, 5 or 10")),
        };
        Ok(Self {
            messages,
            books,
            count: 0,
        })
    }

    /// The number of levels that the name of the order book file in the zip at `path` gives.
    ///
    /// # Errors
    /// When the zip is damaged, does not hold one order book file, or its name has no number.
    pub fn levels_of(path: &Path) -> Result<u32, Error> {
        let archive = Archive::open(path)?;
        let index = archive.only_csv("_orderbook_")?;
        let name = &archive.names()[index];
        let number = name
            .rsplit_once('_')
            .and_then(|(_, rest)| rest.strip_suffix(".csv"))
            .and_then(|levels| levels.parse().ok());
        number.ok_or_else(|| {
            let what = "the name must end with the number of levels, as in _5.csv";
            Error::archive(archive.label(index), what)
        })
    }

    /// The next message and the book after it, or `None` after the last.
    ///
    /// # Errors
    /// When a file cannot be read on, or one of the two ends before the other.
    #[inline]
    pub fn next_message(&mut self) -> Result<Option<(Message, Sides)>, Error> {
        let message = self.messages.next_row()?;
        let sides = self.books.next_sides()?;
        match (message, sides) {
            (Some(message), Some(sides)) => {
                self.count += 1;
                Ok(Some((message, sides)))
            }
            (None, None) => Ok(None),
            (message, _) => Err(self.uneven(message.is_some())),
        }
    }

    #[cold]
    fn uneven(&self, book_ended: bool) -> Error {
        let ended = if book_ended { "order book" } else { "message" };
        CellError {
            file: self.messages.label().to_owned(),
            line: self.count + 1,
            column: 1,
            found: format!("the end of the {ended} file"),
            allowed: "a line in both files".to_owned(),
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Scratch, recorded_root, zip_of};
    use proptest::prelude::*;

    fn messages(message: &str, book: &str, levels: u32) -> Result<Vec<(Message, Sides)>, String> {
        let scratch = Scratch::new();
        let zip = zip_of(&[("X_message_1.csv", message), ("X_orderbook_1.csv", book)]);
        let path = scratch.write("x.zip", &zip);
        let mut rows = Messages::open(&path, levels).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        while let Some(row) = rows.next_message().map_err(|error| error.to_string())? {
            found.push(row);
        }
        Ok(found)
    }

    #[test]
    fn an_execution_was_begun_by_the_side_opposite_to_the_resting_order() {
        let book = "10,1,9,2\n10,1,9,2\n10,1,9,1";
        let text = "34200.1,1,7,5,9,1\n34200.1,4,7,5,9,1\n34200.2,5,0,1,10,-1\n";
        let found = messages(text, book, 1).unwrap();
        let aggressors: Vec<_> = found
            .iter()
            .map(|(message, _)| message.aggressor())
            .collect();
        assert_eq!(aggressors, [None, Some(Side::Sell), Some(Side::Buy)]);
        assert_eq!(found[0].0.nanos, 34_200_100_000_000);
    }

    #[test]
    fn unoccupied_levels_are_empty() {
        let found = messages("1,1,1,1,1,1\n", "9999999999,0,-9999999999,0\n", 1).unwrap();
        assert_eq!(found[0].1, Sides::default());
        let wide = [
            "11,1,9,1",
            "12,2,8,2",
            "13,3,7,3",
            "14,4,6,4",
            "9999999999,0,5,5",
        ]
        .join(",");
        let found = messages("1,1,1,1,1,1\n", &wide, 5).unwrap();
        let sizes = found[0].1.asks.map(|level| level.size);
        assert_eq!(sizes, [1, 2, 3, 4, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            found[0].1.bids[4],
            Level {
                price: Price(5),
                size: 5
            }
        );
    }

    #[test]
    fn halts_are_told_by_their_price() {
        let text = "1,7,0,0,-1,-1\n2,7,0,0,0,-1\n3,7,0,0,1,-1\n";
        let found = messages(text, "10,1,9,2\n10,1,9,2\n10,1,9,2\n", 1).unwrap();
        let kinds: Vec<_> = found.iter().map(|(message, _)| message.kind).collect();
        assert_eq!(
            kinds,
            [
                MessageKind::Halted,
                MessageKind::Quoting,
                MessageKind::Resumed
            ]
        );
    }

    #[test]
    fn bad_rows_name_their_place() {
        let error = messages("1,8,1,1,1,1\n", "10,1,9,2\n", 1).unwrap_err();
        assert!(
            error.contains("line 1, column 2: found \"8\", must be 1 to 6"),
            "{error}"
        );
        let error = messages("1,1,1,1,1,0\n", "10,1,9,2\n", 1).unwrap_err();
        assert!(
            error.contains("column 6: found \"0\", must be 1 or -1"),
            "{error}"
        );
        let error = messages("1,1,1,1,1,1\n", "10,1,9,2\n", 5).unwrap_err();
        assert!(
            error.contains("found \"4 columns\", must be 20 columns"),
            "{error}"
        );
        let error = messages("1,1,1,1,1,1\n2,1,1,1,1,1\n", "10,1,9,2\n", 1).unwrap_err();
        assert!(
            error.contains("line 2, column 1: found \"the end of the order book"),
            "{error}"
        );
        let error = messages("", "", 3).unwrap_err();
        assert_eq!(error, "`levels` was \"3\", must be 1, 5 or 10");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            crate::testing::exhaust::<Message>(&bytes);
            crate::testing::exhaust::<BookRow<1>>(&bytes);
        }

        #[test]
        fn text_like_rows_never_panic(text in "[0-9,.\\-\n]{0,200}") {
            crate::testing::exhaust::<Message>(text.as_bytes());
            crate::testing::exhaust::<BookRow<1>>(text.as_bytes());
        }
    }

    #[test]
    fn recorded_lobster_files_have_the_counts_of_their_readme() {
        let Some(root) = recorded_root() else { return };
        // By type, counted with awk: 1 to 5.
        for (file, levels, total, kinds) in [
            (
                "AMZN_2012-06-21_5",
                5,
                155_935,
                [77_381, 450, 66_685, 8_974, 2_445],
            ),
            (
                "AAPL_2012-06-21_1",
                1,
                118_497,
                [54_818, 252, 28_437, 23_658, 11_332],
            ),
        ] {
            let path = root.join(format!("order_book/LOBSTER_SampleFile_{file}.zip"));
            assert_eq!(Messages::levels_of(&path).unwrap(), levels);
            let mut rows = Messages::open(&path, levels).unwrap();
            let mut counts = [0_u32; 5];
            let (mut crossed, mut last) = (0, 0);
            while let Some((message, sides)) = rows.next_message().unwrap() {
                counts[match message.kind {
                    MessageKind::Submission => 0,
                    MessageKind::Cancellation => 1,
                    MessageKind::Deletion => 2,
                    MessageKind::Execution => 3,
                    MessageKind::HiddenExecution => 4,
                    other => panic!("{other:?}"),
                }] += 1;
                crossed += u32::from(sides.bids[0].price >= sides.asks[0].price);
                last = message.nanos;
            }
            assert_eq!(
                (counts, counts.iter().sum::<u32>()),
                (kinds, total),
                "{file}"
            );
            assert_eq!(crossed, 0, "{file}");
            assert!(
                (57_590_000_000_000..57_600_000_000_000).contains(&last),
                "{file}"
            );
        }
    }
}
