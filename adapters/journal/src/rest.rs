//! What comes after a bad batch, which decides whether it is a torn tail or damage.

use crate::batch::{BatchHeader, HEADER_BYTES, MAGIC};
use crate::segment::{PIECE_BYTES, read_range};
use crate::storage::StorageFile;
use std::io;

/// What comes after a bad batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    /// The end of the last byte that is not zero.
    pub(crate) end: Option<u64>,
    /// Where a later batch begins. Its header alone is proof that the one before it was durable.
    pub(crate) batch: Option<u64>,
}

/// Looks for anything but zeros from `start` to the end, and for the header of a batch after it.
pub(crate) fn rest(file: &mut dyn StorageFile, start: u64, size: u64) -> io::Result<Rest> {
    let mut rest = Rest {
        end: None,
        batch: None,
    };
    let mut bytes = Vec::new();
    let mut offset = start;
    while offset < size {
        bytes.clear();
        // Neighbouring pieces overlap, so that no header lies across two.
        let length = PIECE_BYTES.min(usize::try_from(size - offset).unwrap_or(usize::MAX));
        read_range(file, offset, length, &mut bytes)?;
        if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
            rest.end = Some(offset + last as u64 + 1);
        }
        rest.batch = (offset..)
            .zip(bytes.windows(HEADER_BYTES))
            .find_map(|(place, window)| {
                (place > start && is_header(window, place)).then_some(place)
            });
        if rest.batch.is_some() {
            break;
        }
        if bytes.len() < PIECE_BYTES {
            break;
        }
        offset += (PIECE_BYTES - HEADER_BYTES + 1) as u64;
    }
    Ok(rest)
}

fn is_header(window: &[u8], position: u64) -> bool {
    window[..MAGIC.len()] == MAGIC
        && window
            .try_into()
            .is_ok_and(|bytes| BatchHeader::from_bytes(bytes, position).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Rates;
    use crate::simulated_disk::SimulatedDisk;
    use crate::storage::{Access, Storage};

    fn found(bytes: &[u8], start: u64) -> Rest {
        let disk = SimulatedDisk::new(0, Rates::default());
        disk.put("file", bytes);
        let mut file = disk.open("file", Access::Read).unwrap();
        rest(&mut *file, start, bytes.len() as u64).unwrap()
    }

    #[test]
    fn zeros_are_nothing_and_the_last_other_byte_is_the_end() {
        let mut bytes = vec![0; 3 * PIECE_BYTES];
        bytes[5] = 1;
        let nothing = Rest {
            end: None,
            batch: None,
        };
        assert_eq!(found(&bytes, 6), nothing);
        for place in [6, PIECE_BYTES - 1, PIECE_BYTES, 3 * PIECE_BYTES - 1] {
            bytes[place] = 1;
            assert_eq!(found(&bytes, 6).end, Some(place as u64 + 1));
        }
    }

    #[test]
    fn a_later_header_is_found_across_pieces_and_only_after_the_start() {
        for place in [
            40,
            77,
            PIECE_BYTES - 20,
            PIECE_BYTES + 1,
            2 * PIECE_BYTES - 41,
        ] {
            let mut bytes = vec![0; 2 * PIECE_BYTES];
            let header = BatchHeader {
                length: 1,
                first_seq: 1,
                entries: 1,
                position: u32::try_from(place).unwrap(),
                previous: 0,
                payload_crc: 0,
            };
            bytes[place..place + HEADER_BYTES].copy_from_slice(&header.to_bytes());
            assert_eq!(found(&bytes, 3).batch, Some(place as u64), "{place}");
            assert_eq!(found(&bytes, place as u64).batch, None, "{place}");
        }
    }
}
