//! A file of the simulated disk: what programs see of it and what a power cut leaves.

use engine::random::Stream;
use std::collections::BTreeSet;

/// What a disk writes whole or not at all.
pub const SECTOR_BYTES: usize = 512;

/// A file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inode {
    /// What programs see.
    pub(crate) cache: Vec<u8>,
    /// What is on the disk.
    pub(crate) durable: Vec<u8>,
    /// Sectors that were written since the last sync.
    dirty: BTreeSet<usize>,
    /// The least size that the file was cut to since the last sync.
    cut: Option<usize>,
}

impl Inode {
    /// A file that has long been on the disk.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self {
            cache: bytes.to_vec(),
            durable: bytes.to_vec(),
            ..Self::default()
        }
    }

    pub(crate) fn write(&mut self, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len();
        // A gap that is written past is a hole of zeros: metadata, not data.
        if self.cache.len() < end {
            self.cache.resize(end, 0);
        }
        self.cache[offset..end].copy_from_slice(bytes);
        self.dirty
            .extend(offset / SECTOR_BYTES..=(end - 1) / SECTOR_BYTES);
    }

    pub(crate) fn truncate(&mut self, size: usize) {
        if size < self.cache.len() {
            self.cache.truncate(size);
            self.cut = Some(self.cut.map_or(size, |cut| cut.min(size)));
            self.dirty.retain(|sector| sector * SECTOR_BYTES < size);
        }
    }

    /// Everything written reaches the disk.
    pub(crate) fn sync(&mut self) {
        self.apply_cut();
        for sector in std::mem::take(&mut self.dirty) {
            self.keep(sector);
        }
        self.durable.resize(self.cache.len(), 0);
    }

    /// What was written counts as clean without having reached the disk. Programs go on seeing it,
    /// or what is on the disk if the memory was needed for something else.
    pub(crate) fn drop_dirty(&mut self, stream: &mut Stream) {
        let is_evicted = stream.chance(0.5);
        for sector in std::mem::take(&mut self.dirty) {
            if is_evicted {
                let (start, end) = self.bounds(sector);
                for place in start..end {
                    self.cache[place] = self.durable.get(place).copied().unwrap_or(0);
                }
            }
        }
    }

    /// The power goes off: each sector that was not synced is on the disk or not. Returns whether
    /// some were and some were not.
    pub(crate) fn crash(&mut self, stream: &mut Stream) -> bool {
        if stream.chance(0.5) {
            self.apply_cut();
        }
        // All, none, and shares between: each is as likely.
        let share = stream.below(5) as f64 / 4.0;
        let dirty = std::mem::take(&mut self.dirty);
        let mut kept = 0;
        for &sector in &dirty {
            if stream.chance(share) {
                self.keep(sector);
                kept += 1;
            }
        }
        if stream.chance(0.5) && self.durable.len() < self.cache.len() {
            self.durable.resize(self.cache.len(), 0);
        }
        self.cut = None;
        self.cache.clone_from(&self.durable);
        kept > 0 && kept < dirty.len()
    }

    /// Turns a bit over.
    pub(crate) fn flip(&mut self, offset: usize, bit: u8) {
        for bytes in [&mut self.cache, &mut self.durable] {
            if let Some(byte) = bytes.get_mut(offset) {
                *byte ^= 1 << (bit % 8);
            }
        }
    }

    fn apply_cut(&mut self) {
        if let Some(cut) = self.cut.take() {
            self.durable.truncate(cut);
        }
    }

    fn keep(&mut self, sector: usize) {
        let (start, end) = self.bounds(sector);
        if start >= end {
            return;
        }
        if self.durable.len() < end {
            self.durable.resize(end, 0);
        }
        self.durable[start..end].copy_from_slice(&self.cache[start..end]);
    }

    fn bounds(&self, sector: usize) -> (usize, usize) {
        let start = (sector * SECTOR_BYTES).min(self.cache.len());
        (start, (start + SECTOR_BYTES).min(self.cache.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_synced_survives_in_any_subset_of_sectors() {
        let mut subsets = BTreeSet::new();
        for seed in 0..400 {
            let mut stream = Stream::new(seed, "test", 0);
            let mut inode = Inode::default();
            inode.write(0, &[1; 3 * SECTOR_BYTES]);
            inode.crash(&mut stream);
            let mut bytes = inode.cache.clone();
            bytes.resize(3 * SECTOR_BYTES, 0);
            let kept: Vec<u8> = bytes.chunks(SECTOR_BYTES).map(|part| part[0]).collect();
            assert!(
                bytes
                    .chunks(SECTOR_BYTES)
                    .all(|part| part == [part[0]; 512])
            );
            subsets.insert(kept);
        }
        assert_eq!(subsets.len(), 8, "{subsets:?}");
    }

    #[test]
    fn what_was_synced_survives_and_a_cut_that_was_not_may_be_undone() {
        let mut sizes = BTreeSet::new();
        for seed in 0..50 {
            let mut stream = Stream::new(seed, "test", 0);
            let mut inode = Inode::default();
            inode.write(0, &[7; 1000]);
            inode.sync();
            inode.truncate(600);
            inode.crash(&mut stream);
            assert!(inode.cache.iter().all(|byte| *byte == 7));
            sizes.insert(inode.cache.len());
        }
        assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [600, 1000]);
    }

    #[test]
    fn a_dropped_write_is_gone_after_the_power_though_a_later_sync_succeeds() {
        for seed in 0..20 {
            let mut stream = Stream::new(seed, "test", 0);
            let mut inode = Inode::default();
            inode.write(0, &[1; SECTOR_BYTES]);
            inode.drop_dirty(&mut stream);
            inode.sync();
            inode.crash(&mut stream);
            assert_eq!(inode.cache, [0; SECTOR_BYTES], "seed {seed}");
        }
    }

    #[test]
    fn a_crash_that_keeps_a_part_is_told_from_one_that_keeps_all_or_none() {
        let mut seen = BTreeSet::new();
        for seed in 0..100 {
            let mut stream = Stream::new(seed, "test", 0);
            let mut inode = Inode::new(&[0; 2 * SECTOR_BYTES]);
            inode.write(0, &[1; 2 * SECTOR_BYTES]);
            let torn = inode.crash(&mut stream);
            let kept = [0, SECTOR_BYTES].map(|place| inode.cache[place] == 1);
            assert_eq!(torn, kept[0] != kept[1], "seed {seed}");
            seen.insert(kept);
        }
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn a_cut_takes_what_lies_behind_it_and_nothing_before() {
        for (size, sectors) in [
            (400, 1),
            (SECTOR_BYTES, 1),
            (SECTOR_BYTES + 1, 2),
            (1100, 3),
        ] {
            let mut stream = Stream::new(0, "test", 0);
            let mut inode = Inode::default();
            inode.write(0, &[7; 3 * SECTOR_BYTES]);
            inode.truncate(size);
            assert_eq!(inode.dirty.len(), sectors, "cut to {size}");
            inode.truncate(size);
            inode.sync();
            inode.crash(&mut stream);
            assert_eq!(inode.cache, vec![7; size]);
        }
        // Of two cuts the lower one counts, though the file has grown again between them.
        let mut inode = Inode::new(&[7; 900]);
        inode.truncate(300);
        inode.write(300, &[8; 300]);
        inode.truncate(500);
        inode.sync();
        assert_eq!(
            (&inode.durable[..300], inode.durable.len()),
            (&[7; 300][..], 500)
        );
        assert_eq!(inode.durable[300..], [8; 200]);
    }

    #[test]
    fn a_write_marks_the_sectors_that_it_touches_and_a_gap_is_zeros() {
        let touched = |offset, length| {
            let mut inode = Inode::default();
            inode.write(offset, &vec![1; length]);
            inode.dirty.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(touched(0, 0), [0; 0]);
        assert_eq!(touched(0, SECTOR_BYTES), [0]);
        assert_eq!(touched(1, SECTOR_BYTES), [0, 1]);
        assert_eq!(touched(SECTOR_BYTES, 1), [1]);
        assert_eq!(touched(2 * SECTOR_BYTES - 1, 2), [1, 2]);
        let mut inode = Inode::default();
        inode.write(3, &[1]);
        assert_eq!(inode.cache, [0, 0, 0, 1]);
        inode.write(1, &[2]);
        assert_eq!(inode.cache, [0, 2, 0, 1], "what lies behind stays");
        // A hole is metadata: it comes with the sync though no sector of it was written.
        inode.write(2 * SECTOR_BYTES, &[1]);
        inode.sync();
        assert_eq!(inode.durable.len(), 2 * SECTOR_BYTES + 1);
        assert_eq!(inode.durable[..4], [0, 2, 0, 1]);
    }

    #[test]
    fn a_dropped_write_is_seen_on_or_not() {
        let mut seen = BTreeSet::new();
        for seed in 0..40 {
            let mut stream = Stream::new(seed, "test", 0);
            let mut inode = Inode::new(&[1; 10]);
            inode.write(5, &[2; 10]);
            inode.drop_dirty(&mut stream);
            seen.insert(inode.cache.clone());
            assert_eq!((inode.dirty.len(), inode.durable.len()), (0, 10));
        }
        let evicted = [[1; 10].as_slice(), &[0; 5]].concat();
        let shown = [[1; 5].as_slice(), &[2; 10]].concat();
        assert_eq!(seen, BTreeSet::from([evicted, shown]));
    }

    #[test]
    fn a_bit_turns_over_on_the_disk_and_in_memory_and_back() {
        let mut inode = Inode::new(&[0; 3]);
        inode.flip(1, 7);
        assert_eq!(
            (&inode.cache[..], &inode.durable[..]),
            (&[0, 128, 0][..], &[0, 128, 0][..])
        );
        inode.flip(1, 15);
        inode.flip(9, 0);
        assert_eq!(
            (&inode.cache[..], &inode.durable[..]),
            (&[0; 3][..], &[0; 3][..])
        );
    }
}
