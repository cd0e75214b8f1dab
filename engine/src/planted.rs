//! Faults planted on purpose, to prove that whoever looks for faults finds them.
//!
//! A tester that never fails proves nothing. Each invariant of `docs/reliability.md` has one planted
//! fault that breaks it; the fault simulator must catch every one. Without the feature
//! `planted_bugs` all of this is the constant `false` and is compiled away; a program that trades is
//! never built with it.

/// A planted fault, named after the invariant that it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bug(pub u8);

/// The invariants that have a planted fault: I1 to I38 and I45 to I47.
pub const BUGS: [Bug; 41] = {
    let mut bugs = [Bug(0); 41];
    let (mut place, mut number) = (0, 1);
    while place < bugs.len() {
        bugs[place] = Bug(number);
        // I39 to I44 are about distribution and have their own tests.
        number = if number == 38 { 45 } else { number + 1 };
        place += 1;
    }
    bugs
};

#[cfg(feature = "planted_bugs")]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Whether the fault that breaks invariant `number` is planted in this thread.
#[cfg(feature = "planted_bugs")]
#[must_use]
pub fn planted(number: u8) -> bool {
    PLANTED.get() == Some(Bug(number))
}

/// Whether the fault that breaks invariant `number` is planted: never, in this build.
#[cfg(not(feature = "planted_bugs"))]
#[must_use]
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "the branch behind it must vanish from every build that trades"
)]
pub const fn planted(_number: u8) -> bool {
    false
}

/// Plants a fault in this thread, or takes it out.
#[cfg(feature = "planted_bugs")]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

#[cfg(feature = "planted_bugs")]
thread_local! {
    static USES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// How often this was asked in this thread: a number that no input explains, for the fault that
/// breaks I35.
#[cfg(feature = "planted_bugs")]
#[must_use]
pub fn uses() -> u64 {
    USES.set(USES.get() + 1);
    USES.get()
}

/// Never asked in this build.
#[cfg(not(feature = "planted_bugs"))]
#[must_use]
pub const fn uses() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invariant_of_the_engine_has_one() {
        let numbers: Vec<u8> = BUGS.iter().map(|bug| bug.0).collect();
        let wanted: Vec<u8> = (1..=38).chain(45..=47).collect();
        assert_eq!(numbers, wanted);
    }
}
