//! Looking through a journal without changing it.

use crate::error::Error;
use crate::recovery::Judge;
use crate::scan::{Extent, Scanner, TornTail};
use crate::storage::Storage;
use crate::witness::{Standing, Witness};
use std::sync::Arc;

/// What a journal holds and what is wrong with it.
#[derive(Debug, Default)]
pub struct Report {
    /// Segments that were entered.
    pub segments: u64,
    /// Whole batches.
    pub batches: u64,
    /// Entries in them.
    pub entries: u64,
    /// The first entry; 0 if there is none.
    pub first_seq: u64,
    /// The last entry before the end or the damage; 0 if there is none.
    pub last_seq: u64,
    /// The days of the segments as `yyyymmdd`, each once; those not known are left out.
    pub days: Vec<u32>,
    /// Bytes that were gone through: headers, whole batches, and zeros ahead of a segment's end.
    pub bytes: u64,
    /// The end, if its last write was cut off.
    pub torn: Option<TornTail>,
    /// How the witness stands to it; not asked where the journal is damaged.
    pub witness: Standing,
    /// Why it must not be used.
    pub damage: Option<Error>,
}

impl Report {
    /// Whether everything that was acknowledged is there and whole. A torn tail is none of that.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damage.is_none() && self.witness.lost().is_none()
    }
}

/// Looks through a whole journal.
///
/// # Errors
/// If it cannot be read or is of another version; damage is reported.
pub fn verify(storage: Arc<dyn Storage>) -> Result<Report, Error> {
    let mut report = Report::default();
    let saw = Witness::read(&*storage)?;
    let mut scanner = match Scanner::open(storage, Extent::Everything) {
        Ok(scanner) => scanner,
        Err(error) => return damaged(report, error),
    };
    let mut judge = Judge::new(saw, scanner.next_seq);
    let mut segment = 0;
    loop {
        let batch = scanner.next();
        let header = &scanner.current.header;
        if header.number != segment {
            // Segments without a batch are passed over by the scanner, so they are not seen here.
            report.segments += if segment == 0 {
                1
            } else {
                header.number - segment
            };
            segment = header.number;
        }
        if header.day != 0 && report.days.last() != Some(&header.day) {
            report.days.push(header.day);
        }
        report.bytes = scanner.bytes().0;
        match batch {
            Ok(Some(batch)) => {
                judge.hear(&batch);
                report.batches += 1;
                report.entries += u64::from(batch.entries);
                report.last_seq = batch.last_seq();
                if report.first_seq == 0 {
                    report.first_seq = batch.first_seq;
                }
            }
            Ok(None) => break,
            Err(error) => return damaged(report, error),
        }
    }
    report.torn = scanner.torn;
    report.witness = judge.verdict(scanner.next_seq - 1);
    Ok(report)
}

fn damaged(mut report: Report, error: Error) -> Result<Report, Error> {
    if !error.is_damage() {
        return Err(error);
    }
    report.damage = Some(error);
    Ok(report)
}
