//! Every scenario in the folder `scenarios`, run through the real program in every way that must
//! not matter, and held against its golden. `UPDATE_GOLDEN=1` rewrites the goldens.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

mod bench;
mod door;
mod fills;
mod golden;
mod order;
mod program;
mod recorded;
mod regressions;
mod transcript;
