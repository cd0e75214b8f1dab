//! Operators and the real program: commands through the socket and through Redis, and journals of
//! runs that ended badly.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it set it up"
)]

/// Journals: whole, torn, damaged, of a run that was killed.
mod journals;
/// Runs that go on where the one before was stopped or killed.
mod restart;
/// Runs the program.
mod running;
/// What a run that goes on tells of its underlyings.
mod sights;
/// Commands through the socket.
mod socket;
/// Commands through Redis.
mod stream;
