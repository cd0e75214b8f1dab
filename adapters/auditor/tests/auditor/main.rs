//! Journals and ledgers made by hand: an honest one, and for each invariant one that breaks it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arrivals;
mod desk;
mod gateway;
mod holding;
mod honest;
mod limits;
mod orders;
mod runs;
mod unknown;
