//! The rows of an option day, unpacked whole and merged.
//!
//! A zip holds one small CSV per contract, thousands of them, all over the same minutes. The order
//! of the merge: the time at which a row becomes visible, the underlying before its contracts,
//! contracts in canonical order, for one instrument open interest, trades, quotes. Rows of one
//! file that share a time keep their order.

use super::bars::bar_of;
use crate::archive::Archive;
use crate::day::{CHICAGO, Day, NEW_YORK, midnight};
use crate::error::Error;
use crate::lean::{IndexBar, OpenInterestRow, OptionFile, OptionFileKind, QuoteBar, TradeBar};
use crate::table::{Record, Table};
use components::contract::{Expiry, OptionTerms};
use components::units::{NANOS_PER_MILLI, Price};
use engine::event::Bar;
use std::path::Path;

/// Milliseconds of a bar.
pub(super) const MINUTE_MS: i64 = 60_000;
/// Seconds of a bar.
const MINUTE_S: u32 = 60;
/// The most members of an archive, and so the most contracts of a day.
const MEMBERS_MAX: usize = 1_000_000;

/// The rows of a day in the order of their merge.
#[derive(Debug, Default)]
pub(super) struct DayRows {
    /// The contracts, in canonical order.
    pub(super) contracts: Vec<OptionTerms>,
    pub(super) rows: Vec<Row>,
}

/// What becomes visible at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Milliseconds since midnight in New York.
    pub(super) millis: i64,
    pub(super) what: What,
}

/// What a row says of the underlying, or of the contract at a place of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Bar(Bar),
    Index(Price),
    Quote(Sides),
    Interest(u32, u32),
    OptionBar(u32, Bar),
    OptionQuote(u32, Sides),
}

/// The close of a quote bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) bid: Price,
    pub(super) ask: Price,
    pub(super) bid_size: u32,
    pub(super) ask_size: u32,
}

impl Sides {
    fn at_close_of(bar: &QuoteBar) -> Self {
        Self {
            bid: bar.bid.close,
            ask: bar.ask.close,
            bid_size: bar.bid.last_size,
            ask_size: bar.ask.last_size,
        }
    }
}

impl What {
    /// The order of rows of one time.
    fn order(&self) -> (u64, u8) {
        match self {
            Self::Bar(_) => (0, 0),
            Self::Index(_) => (0, 1),
            Self::Quote(_) => (0, 2),
            Self::Interest(place, _) => (u64::from(*place) + 1, 0),
            Self::OptionBar(place, _) => (u64::from(*place) + 1, 1),
            Self::OptionQuote(place, _) => (u64::from(*place) + 1, 2),
        }
    }

    /// The place of the contract, if it is about one.
    fn place_mut(&mut self) -> Option<&mut u32> {
        match self {
            Self::Bar(_) | Self::Index(_) | Self::Quote(_) => None,
            Self::Interest(place, _) | Self::OptionBar(place, _) | Self::OptionQuote(place, _) => {
                Some(place)
            }
        }
    }
}

impl DayRows {
    /// Loads what there is of a day in `dir`.
    pub(super) fn load(root: &Path, dir: &Path, date: Day) -> Result<Self, Error> {
        let mut day = Self::default();
        let options = dir.join("options_minute");
        let mut has_market = false;
        for kind in [
            OptionFileKind::OpenInterest,
            OptionFileKind::Trade,
            OptionFileKind::Quote,
        ] {
            for style in ["american", "european"] {
                let name = format!("{}_{}_{style}.zip", date.compact(), kind.name());
                let loaded = day.load_options(&options.join(name), date, kind)?;
                has_market |= loaded && kind != OptionFileKind::OpenInterest;
            }
        }
        if !has_market {
            let kinds = "{quote,trade}_{american,european}";
            return Err(Error::Missing {
                folder: options,
                wanted: format!("{}_{kinds}.zip", date.compact()),
                root: root.to_owned(),
            });
        }
        day.load_underlying(dir, date)?;
        day.merge();
        Ok(day)
    }

    /// Loads an archive of one file per contract; false if there is none.
    fn load_options(
        &mut self,
        path: &Path,
        date: Day,
        kind: OptionFileKind,
    ) -> Result<bool, Error> {
        if !path.exists() {
            return Ok(false);
        }
        let label = path.display().to_string();
        let mut archive = Archive::open(path)?;
        let names = archive.names().to_vec();
        if names.len() + self.contracts.len() > MEMBERS_MAX {
            let what = format_args!("brings the day above {MEMBERS_MAX} files");
            return Err(Error::archive(label, what));
        }
        let mut bytes = Vec::new();
        for (index, name) in names.iter().enumerate() {
            let file = OptionFile::read(&label, name)?;
            let day = file.date.unwrap_or(Expiry::on(date.0));
            if (file.kind, day) != (kind, Expiry::on(date.0)) {
                let what = format_args!("must hold {} rows of {date}", kind.name());
                return Err(Error::archive(archive.label(index), what));
            }
            let place = u32::try_from(self.contracts.len()).unwrap_or(u32::MAX);
            self.contracts.push(file.terms);
            archive.read_whole(index, &mut bytes)?;
            self.take_option(&archive.label(index), &bytes, kind, place)?;
        }
        Ok(true)
    }

    /// Takes the rows of one contract's file.
    fn take_option(
        &mut self,
        label: &str,
        bytes: &[u8],
        kind: OptionFileKind,
        place: u32,
    ) -> Result<(), Error> {
        match kind {
            OptionFileKind::OpenInterest => self.take(label, bytes, |row: OpenInterestRow| Row {
                millis: row.millis,
                what: What::Interest(place, row.contracts),
            }),
            OptionFileKind::Trade => self.take(label, bytes, |bar: TradeBar| Row {
                millis: bar.millis + MINUTE_MS,
                what: What::OptionBar(place, bar_of(&bar, MINUTE_S)),
            }),
            OptionFileKind::Quote => self.take(label, bytes, |bar: QuoteBar| Row {
                millis: bar.millis + MINUTE_MS,
                what: What::OptionQuote(place, Sides::at_close_of(&bar)),
            }),
        }
    }

    /// Loads the bars of the underlying, of a stock or of an index, as far as they are there.
    fn load_underlying(&mut self, dir: &Path, date: Day) -> Result<(), Error> {
        let stock = dir.join("underlying_minute");
        let index = dir.join("index_minute");
        let name = |kind| format!("{}_{kind}.zip", date.compact());
        self.take_file(&stock.join(name("trade")), |bar: TradeBar| Row {
            millis: bar.millis + MINUTE_MS,
            what: What::Bar(bar_of(&bar, MINUTE_S)),
        })?;
        self.take_file(&stock.join(name("quote")), |bar: QuoteBar| Row {
            millis: bar.millis + MINUTE_MS,
            what: What::Quote(Sides::at_close_of(&bar)),
        })?;
        let east = midnight(date.0, NEW_YORK);
        let shift_ms = midnight(date.0, CHICAGO).nanos_since(east) / NANOS_PER_MILLI;
        self.take_file(&index.join(name("trade")), |bar: IndexBar| Row {
            millis: bar.millis + MINUTE_MS + shift_ms,
            what: What::Index(bar.close),
        })
    }

    /// Takes the rows of the only CSV of an archive, if there is such an archive.
    fn take_file<T: Record>(&mut self, path: &Path, row: impl Fn(T) -> Row) -> Result<(), Error> {
        if path.exists() {
            let mut table = Table::open(path)?;
            while let Some(found) = table.next_row()? {
                self.rows.push(row(found));
            }
        }
        Ok(())
    }

    fn take<T: Record>(
        &mut self,
        label: &str,
        bytes: &[u8],
        row: impl Fn(T) -> Row,
    ) -> Result<(), Error> {
        let mut table = Table::in_memory(label, bytes.to_vec());
        while let Some(found) = table.next_row()? {
            self.rows.push(row(found));
        }
        Ok(())
    }

    /// Puts contracts into canonical order, without repetition, and rows into that of the merge.
    fn merge(&mut self) {
        let by_file = std::mem::take(&mut self.contracts);
        self.contracts.clone_from(&by_file);
        self.contracts.sort_unstable();
        self.contracts.dedup();
        let places: Vec<u32> = by_file
            .iter()
            .map(|terms| {
                let place = self.contracts.partition_point(|other| other < terms);
                u32::try_from(place).unwrap_or(u32::MAX)
            })
            .collect();
        for row in &mut self.rows {
            if let Some(place) = row.what.place_mut() {
                *place = places[*place as usize];
            }
        }
        self.rows.sort_by_key(|row| (row.millis, row.what.order()));
    }
}
