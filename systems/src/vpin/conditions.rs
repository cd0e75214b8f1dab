//! Which prints of the tape belong to regular trading.
//!
//! Auctions have no aggressor, and prints reported late or priced elsewhere say nothing of the
//! flow now. Off-exchange prints and sweeps stay in.

/// The mark of an intermarket sweep: an order that takes several exchanges at once.
pub const INTERMARKET_SWEEP: u32 = 0x20;

/// Sale conditions that take a print out of the flow, as bits of the recorded tapes.
const IRREGULAR: u32 = OPENING
    | CLOSING
    | REOPENING
    | DERIVATIVELY_PRICED
    | FORM_T
    | SOLD_LAST
    | EXTENDED_HOURS
    | OUT_OF_SEQUENCE
    | STOCK_OPTION
    | AVERAGE_PRICE
    | OFFICIAL_CLOSE
    | OFFICIAL_OPEN;

const OPENING: u32 = 0x40;
const CLOSING: u32 = 0x80;
const REOPENING: u32 = 0x100;
const DERIVATIVELY_PRICED: u32 = 0x200;
const FORM_T: u32 = 0x400;
const SOLD_LAST: u32 = 0x800;
const EXTENDED_HOURS: u32 = 0x2000;
const OUT_OF_SEQUENCE: u32 = 0x4000;
const STOCK_OPTION: u32 = 0x4_0000;
const AVERAGE_PRICE: u32 = 0x10_0000;
const OFFICIAL_CLOSE: u32 = 0x100_0000;
const OFFICIAL_OPEN: u32 = 0x400_0000;

/// Whether a print with these sale conditions counts as flow; `suspicious` is the recorder's mark.
///
/// # Examples
/// ```
/// use systems::vpin::conditions::is_regular_trade;
/// assert!(is_regular_trade(0x1, false));
/// assert!(is_regular_trade(0x2000_0020, false)); // An intermarket sweep.
/// assert!(!is_regular_trade(0x41, false)); // The opening cross.
/// ```
#[must_use]
pub fn is_regular_trade(condition_bits: u32, suspicious: bool) -> bool {
    !suspicious && condition_bits & IRREGULAR == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_irregular_bit_alone_takes_a_print_out() {
        let dropped: Vec<u32> = (0..32)
            .map(|bit| 1 << bit)
            .filter(|bits| !is_regular_trade(*bits, false))
            .collect();
        let expected = [
            0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x2000, 0x4000, 0x4_0000, 0x10_0000,
            0x100_0000, 0x400_0000,
        ];
        assert_eq!(dropped, expected);
        assert!(!is_regular_trade(0, true));
    }
}
