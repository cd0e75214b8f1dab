//! The batch frame: what one write and one fdatasync make durable, all of it or nothing.
//!
//! ```text
//! batch = magic (4) length (u32) first seq (u64) entries (u32) position (u32)
//!         hash of what stands before (u64) payload crc (u32) header crc (u32) payload
//! entry = head length (u32) body length (u32) head body              little endian
//! ```
//!
//! One checksum covers the payload, the other everything before itself, so that every byte of a
//! batch is under one. The hash (xxh3-64 of the whole batch, or of the segment's header before the
//! first) chains batches to one another. The position is the batch's own place in its file: bytes
//! that look like a batch inside an entry are none.

use xxhash_rust::xxh3::xxh3_64;

/// What a batch begins with; never zero, as what is filled ahead is.
pub(crate) const MAGIC: [u8; 4] = *b"ATRB";

/// Bytes in front of the payload.
pub(crate) const HEADER_BYTES: usize = 40;

/// Bytes in front of an entry's head.
pub(crate) const ENTRY_HEADER_BYTES: usize = 8;

/// Bytes that an entry may have, head and body together.
pub const ENTRY_BYTES_MAX: u64 = 64 << 20;

/// What stands in front of a batch's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// Bytes of the payload.
    pub(crate) length: u32,
    /// The number of the first entry.
    pub(crate) first_seq: u64,
    /// How many entries.
    pub(crate) entries: u32,
    /// Where in its file the batch begins.
    pub(crate) position: u32,
    /// The hash of the batch, or segment header, before it.
    pub(crate) previous: u64,
    /// CRC32C of the payload.
    pub(crate) payload_crc: u32,
}

impl BatchHeader {
    /// As it stands in the file.
    pub(crate) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.length.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.first_seq.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.entries.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.position.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.previous.to_le_bytes());
        bytes[32..36].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc32c::crc32c(&bytes[..36]);
        bytes[36..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// The header that was written at `position`; `None` if these bytes are none or not of there.
    pub(crate) fn from_bytes(bytes: &[u8; HEADER_BYTES], position: u64) -> Option<Self> {
        if bytes[..4] != MAGIC || word(bytes, 36) != crc32c::crc32c(&bytes[..36]) {
            return None;
        }
        let header = Self {
            length: word(bytes, 4),
            first_seq: long(bytes, 8),
            entries: word(bytes, 16),
            position: word(bytes, 20),
            previous: long(bytes, 24),
            payload_crc: word(bytes, 32),
        };
        (u64::from(header.position) == position).then_some(header)
    }
}

/// The hash that chains what comes next to these bytes.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// Adds an entry to a payload.
pub(crate) fn push_entry(payload: &mut Vec<u8>, head: &[u8], body: &[u8]) {
    // Both lie below ENTRY_BYTES_MAX: the writer looked.
    for part in [head, body] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        payload.extend_from_slice(&length.to_le_bytes());
    }
    payload.extend_from_slice(head);
    payload.extend_from_slice(body);
}

/// Where the head and the body of the entry at `start` lie in a payload: their ends.
pub(crate) fn entry_at(payload: &[u8], start: usize) -> Option<(usize, usize)> {
    let lengths = payload.get(start..start.checked_add(ENTRY_HEADER_BYTES)?)?;
    let head_end = (start + ENTRY_HEADER_BYTES).checked_add(word(lengths, 0) as usize)?;
    let body_end = head_end.checked_add(word(lengths, 4) as usize)?;
    (body_end <= payload.len()).then_some((head_end, body_end))
}

/// Whether a payload holds just `entries` entries.
pub(crate) fn holds_entries(payload: &[u8], entries: u32) -> bool {
    let mut start = 0;
    for _ in 0..entries {
        let Some((_, end)) = entry_at(payload, start) else {
            return false;
        };
        start = end;
    }
    start == payload.len()
}

/// The 32-bit number at `start`.
pub(crate) fn word(bytes: &[u8], start: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[start..start + 4]);
    u32::from_le_bytes(word)
}

/// The 64-bit number at `start`.
pub(crate) fn long(bytes: &[u8], start: usize) -> u64 {
    let mut long = [0; 8];
    long.copy_from_slice(&bytes[start..start + 8]);
    u64::from_le_bytes(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: BatchHeader = BatchHeader {
        length: 17,
        first_seq: 5,
        entries: 2,
        position: 4096,
        previous: 0x0123_4567_89AB_CDEF,
        payload_crc: 0xDEAD_BEEF,
    };

    #[test]
    fn a_header_comes_back_at_its_own_position_only() {
        let bytes = HEADER.to_bytes();
        assert_eq!(BatchHeader::from_bytes(&bytes, 4096), Some(HEADER));
        assert_eq!(BatchHeader::from_bytes(&bytes, 4097), None);
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_seen() {
        for bit in 0..HEADER_BYTES * 8 {
            let mut bytes = HEADER.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(BatchHeader::from_bytes(&bytes, 4096), None, "bit {bit}");
        }
    }

    #[test]
    fn entries_are_found_and_counted() {
        let mut payload = Vec::new();
        push_entry(&mut payload, b"head", b"body of it");
        push_entry(&mut payload, b"", b"");
        assert_eq!(entry_at(&payload, 0), Some((12, 22)));
        assert_eq!(entry_at(&payload, 22), Some((30, 30)));
        assert_eq!(entry_at(&payload, 30), None);
        assert!(holds_entries(&payload, 2));
        assert!(!holds_entries(&payload, 1) && !holds_entries(&payload, 3));
        payload[4] = 0xFF;
        assert!(!holds_entries(&payload, 2));
    }
}
