//! Whose turn it is to be shown, when there are more symbols than one tick shows whole.
//!
//! Engine and mirror take turns by the same rule: the engine looks at books and analytics of the
//! symbols whose turn it is, the mirror writes anew what nobody changed, so that neither does in one
//! tick what a reader is promised within [`refresh_ms`](crate::keys::KeyDoc::refresh_ms).

/// Symbols that have their turn in every tick, at least.
pub const TURN_SYMBOLS: usize = 64;
/// Ticks in which every symbol has had its turn, when there are many.
pub const TURNS: usize = 8;
/// The same for exposures, which are large and change slowly, and for what every tick packs too.
pub const SLOW_TURNS: usize = 16;
/// The engine's tick, in milliseconds.
pub const TICK_MS: u64 = 250;

/// A window of symbol numbers that moves round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    start: usize,
    quota: usize,
    length: usize,
}

impl Turn {
    /// Moves on, over `length` symbols in at most `turns` ticks.
    pub fn advance(&mut self, length: usize, turns: usize) {
        self.start = (self.start + self.quota).checked_rem(length).unwrap_or(0);
        self.quota = length.div_ceil(turns).max(TURN_SYMBOLS).min(length);
        self.length = length;
    }

    /// Whether it is the turn of the symbol with the number `index`; never while there are none.
    #[must_use]
    pub fn holds(&self, index: usize) -> bool {
        (index + self.length - self.start)
            .checked_rem(self.length)
            .is_some_and(|place| place < self.quota)
    }

    /// Milliseconds until the same symbol has its turn again.
    #[must_use]
    pub fn period_ms(&self) -> u64 {
        TICK_MS * self.length.div_ceil(self.quota.max(1)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_has_its_turn_in_time() {
        for length in [1, 63, 64, 65, 127, 500, 1_000, 6_001] {
            for turns in [TURNS, SLOW_TURNS] {
                let mut turn = Turn::default();
                let mut seen = vec![0_u32; length];
                turn.advance(length, turns);
                let ticks = usize::try_from(turn.period_ms() / TICK_MS).unwrap();
                assert!(ticks <= turns);
                for _ in 0..ticks {
                    for (index, seen) in seen.iter_mut().enumerate() {
                        *seen += u32::from(turn.holds(index));
                    }
                    turn.advance(length, turns);
                }
                assert!(seen.iter().all(|seen| 0 < *seen), "{length} in {turns}");
            }
        }
    }

    #[test]
    fn few_symbols_have_their_turn_in_every_tick_and_no_symbol_has_none() {
        let mut turn = Turn::default();
        assert!(!turn.holds(0));
        for _ in 0..3 {
            turn.advance(TURN_SYMBOLS, TURNS);
            assert!((0..TURN_SYMBOLS).all(|index| turn.holds(index)));
        }
    }
}
