//! The journal port on a directory of segments: append-only, chained, durable batch by batch.
//!
//! ```text
//! lock              held by the one writer
//! witness           the last durable entry, as a check on the rest
//! 00000001.segment  header, batches, zeros filled ahead
//! 00000002.segment  begun when the one before was full, or with a new day
//! ```
//!
//! Entries are gathered and made durable as one batch: one checksummed frame, one write, one sync.
//! The next batch is written only after the sync of the one before has returned, so a batch that
//! was cut off can only be the last. After any error the writer refuses everything: a sync that
//! failed is never tried again. What is read back is whole, a torn tail, or damage; damage is
//! refused. Segments and batches are described in `segment.rs` and `batch.rs`.

/// The batch frame.
mod batch;
/// What a simulated disk holds.
mod disk_state;
/// Why a journal cannot be written or read.
mod error;
/// What can go wrong with a disk.
mod fault;
/// A file of the simulated disk.
mod inode;
/// Reading a journal back.
mod reader;
/// Beginning and continuing a journal.
mod recovery;
/// What comes after a bad batch.
mod rest;
/// Going through a journal batch by batch.
mod scan;
/// The file that batches stand in.
mod segment;
/// A disk with faults.
mod simulated_disk;
/// What the journal asks of a disk.
mod storage;
/// Frames as entries.
mod typed;
/// Looking through a journal.
mod verify;
/// What knows the last durable entry.
mod witness;
/// Writing a journal.
mod writer;

pub use batch::ENTRY_BYTES_MAX;
pub use disk_state::STALL_MS;
pub use error::Error;
pub use fault::{Fault, Occasion, Rates};
pub use inode::SECTOR_BYTES;
pub use reader::{Entry, Reader};
pub use recovery::{Recovery, cut_torn_tail};
pub use scan::{Extent, TornTail};
pub use segment::{Identity, SEGMENT_VERSION, SegmentHeader, segment_name};
pub use simulated_disk::SimulatedDisk;
pub use storage::{Access, FileStorage, Lock, Storage, StorageFile};
pub use typed::{FileJournal, JournalReader, RecordedTick};
pub use verify::{Report, verify};
pub use witness::{Lost, Standing, WITNESS_NAME, Witness};
pub use writer::{Journal, Opening, Options};
