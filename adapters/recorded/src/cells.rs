//! Cells of comma-separated rows, parsed from bytes.
//!
//! The files hold integers, a few decimals and single letters, and no quotes, so a cell ends at
//! the next comma or line break. Parsing stops at the first byte that does not belong; only then is
//! it worked out which cell that was, and whether the row has the right number of cells
//! ([`crate::table`]).

use components::units::Price;

/// The byte after every cell but the last of a row.
pub(crate) const COMMA: u8 = b',';
/// The byte after the last cell of a row.
pub(crate) const LINE: u8 = b'\n';

/// The most digits a number may have: 18 always fit 64 bits.
const DIGITS_MAX: usize = 18;
/// Decimal places of a price in units of 1/10,000 of a dollar.
const PRICE_PLACES: usize = 4;
/// Decimal places of a time in nanoseconds.
const NANO_PLACES: usize = 9;

const HEX: &str = "1 to 8 hexadecimal digits";
const SECONDS_OF_DAY: &str = "seconds after midnight, 0 to 86400";

/// Says that a cell cannot be read. What is wrong is kept with the cells: a row is returned a
/// million times without a fault, and a result with room for one makes it go through memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault(());

/// What is wrong with a cell, and where in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The offset of the byte that does not belong.
    pub(crate) at: usize,
    /// What may stand in the cell.
    pub(crate) allowed: &'static str,
}

/// A place in bytes made of whole lines.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    bytes: &'a [u8],
    at: usize,
    wrong: Wrong,
}

impl<'a> Cells<'a> {
    /// The cells of `bytes` from `at` on. The bytes end with a line break.
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        let wrong = Wrong { at, allowed: "" };
        Self { bytes, at, wrong }
    }

    /// Where the next cell begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What the last fault was about.
    pub(crate) fn wrong(&self) -> Wrong {
        self.wrong
    }

    /// Keeps what is wrong at the byte `at`.
    #[cold]
    pub(crate) fn fault(&mut self, at: usize, allowed: &'static str) -> Fault {
        self.wrong = Wrong { at, allowed };
        Fault(())
    }

    /// Whether the next cell is empty.
    #[inline]
    fn is_empty(&self) -> bool {
        matches!(self.bytes.get(self.at), Some(&(b',' | b'\n' | b'\r')))
    }

    /// A whole number.
    #[inline]
    pub(crate) fn integer(&mut self, end: u8) -> Result<i64, Fault> {
        let start = self.at;
        let negative = self.take_minus();
        let (magnitude, digits) = self.digits();
        if digits == 0 || digits > DIGITS_MAX {
            return Err(self.fault(start, "a whole number"));
        }
        self.finish(end, "a whole number")?;
        Ok(if negative { -magnitude } else { magnitude })
    }

    /// A whole number, or `None` for an empty cell.
    #[inline]
    pub(crate) fn integer_or_empty(&mut self, end: u8) -> Result<Option<i64>, Fault> {
        if self.is_empty() {
            self.finish(end, "empty").map(|()| None)
        } else {
            self.integer(end).map(Some)
        }
    }

    /// A size: a whole number of 32 bits without sign.
    #[inline]
    pub(crate) fn size(&mut self, end: u8) -> Result<u32, Fault> {
        let start = self.at;
        let size = self.integer(end)?;
        u32::try_from(size).map_err(|_| self.fault(start, "0 to 4294967295"))
    }

    /// A volume: a whole number that is not negative.
    #[inline]
    pub(crate) fn volume(&mut self, end: u8) -> Result<u64, Fault> {
        let start = self.at;
        let volume = self.integer(end)?;
        u64::try_from(volume).map_err(|_| self.fault(start, "a whole number not below 0"))
    }

    /// Milliseconds since midnight.
    #[inline]
    pub(crate) fn millis_of_day(&mut self) -> Result<i64, Fault> {
        let start = self.at;
        let millis = self.integer(COMMA)?;
        if (0..=86_400_000).contains(&millis) {
            Ok(millis)
        } else {
            Err(self.fault(start, "a time of day, 0 to 86400000 ms"))
        }
    }

    /// Bits written in hexadecimal without prefix.
    #[inline]
    pub(crate) fn hex(&mut self, end: u8) -> Result<u32, Fault> {
        let start = self.at;
        let mut value = 0_u32;
        for byte in &self.bytes[start..] {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                b'A'..=b'F' => byte - b'A' + 10,
                _ => break,
            };
            value = value << 4 | u32::from(digit);
            self.at += 1;
        }
        if !(1..=8).contains(&(self.at - start)) {
            return Err(self.fault(start, HEX));
        }
        self.finish(end, HEX)?;
        Ok(value)
    }

    /// One letter, or 0 for an empty cell.
    #[inline]
    pub(crate) fn letter(&mut self, end: u8) -> Result<u8, Fault> {
        if self.is_empty() {
            return self.finish(end, "empty").map(|()| 0);
        }
        let letter = self.bytes.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        self.finish(end, "one letter").map(|()| letter)
    }

    /// A flag, 0 or 1.
    #[inline]
    pub(crate) fn flag(&mut self, end: u8) -> Result<bool, Fault> {
        let start = self.at;
        match self.integer(end)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.fault(start, "0 or 1")),
        }
    }

    /// A direction, 1 or -1.
    #[inline]
    pub(crate) fn direction(&mut self, end: u8) -> Result<i64, Fault> {
        let start = self.at;
        match self.integer(end)? {
            direction @ (1 | -1) => Ok(direction),
            _ => Err(self.fault(start, "1 or -1")),
        }
    }

    /// A price in dollars with decimals, rounded half away from zero to 1/10,000.
    pub(crate) fn dollars(&mut self, end: u8) -> Result<Price, Fault> {
        let units = self.decimal(PRICE_PLACES, "a price in dollars")?;
        self.finish(end, "a price in dollars")?;
        Ok(Price(units))
    }

    /// Seconds since midnight with decimals, in nanoseconds.
    #[inline]
    pub(crate) fn nanos(&mut self, end: u8) -> Result<i64, Fault> {
        let start = self.at;
        let nanos = self.decimal(NANO_PLACES, SECONDS_OF_DAY)?;
        self.finish(end, SECONDS_OF_DAY)?;
        if (0..=86_400_000_000_000).contains(&nanos) {
            Ok(nanos)
        } else {
            Err(self.fault(start, SECONDS_OF_DAY))
        }
    }

    /// A decimal number in units of 10^-`places`, rounded half away from zero.
    #[inline]
    fn decimal(&mut self, places: usize, allowed: &'static str) -> Result<i64, Fault> {
        let start = self.at;
        let negative = self.take_minus();
        let (mut units, whole) = self.digits();
        let mut decimals = 0;
        let mut round_up = false;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            for byte in &self.bytes[self.at..] {
                let digit = byte.wrapping_sub(b'0');
                if digit > 9 {
                    break;
                }
                if decimals < places {
                    units = units.wrapping_mul(10).wrapping_add(i64::from(digit));
                } else if decimals == places {
                    round_up = digit >= 5;
                }
                decimals += 1;
            }
            self.at += decimals;
        }
        if whole + decimals == 0 || whole + places > DIGITS_MAX {
            return Err(self.fault(start, allowed));
        }
        for _ in decimals..places {
            units *= 10;
        }
        units += i64::from(round_up);
        Ok(if negative { -units } else { units })
    }

    #[inline]
    fn take_minus(&mut self) -> bool {
        let negative = self.bytes.get(self.at) == Some(&b'-');
        self.at += usize::from(negative);
        negative
    }

    /// The number made of the digits from here on, and how many there are.
    #[inline]
    fn digits(&mut self) -> (i64, usize) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut value = 0_i64;
        let mut count = 0;
        for byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
            count += 1;
        }
        self.at += count;
        (value, count)
    }

    /// Steps over the end of a cell.
    #[inline]
    fn finish(&mut self, end: u8, allowed: &'static str) -> Result<(), Fault> {
        let found = self.bytes.get(self.at).copied();
        if found == Some(end) {
            self.at += 1;
            Ok(())
        } else if end == LINE && self.bytes[self.at..].starts_with(b"\r\n") {
            self.at += 2;
            Ok(())
        } else {
            Err(self.fault(self.at, allowed))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[expect(
        clippy::needless_pass_by_value,
        reason = "cases read better without references"
    )]
    fn check<T: PartialEq + std::fmt::Debug>(
        text: &str,
        read: impl Fn(&mut Cells<'_>) -> Result<T, Fault>,
        expected: Result<T, &str>,
    ) {
        let line = format!("{text}\n");
        let mut cells = Cells::new(line.as_bytes(), 0);
        let found = read(&mut cells);
        let found = found.map_err(|Fault(())| cells.wrong().allowed);
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn whole_numbers_have_a_sign_and_at_most_18_digits() {
        check("0", |c| c.integer(LINE), Ok(0));
        check("-42", |c| c.integer(LINE), Ok(-42));
        check(
            "999999999999999999",
            |c| c.integer(LINE),
            Ok(999_999_999_999_999_999),
        );
        for text in ["", "-", "1000000000000000000", "1.5", "1 ", "+1", "12a"] {
            check(text, |c| c.integer(LINE), Err("a whole number"));
        }
        check("", |c| c.integer_or_empty(LINE), Ok(None));
        check("-1", |c| c.size(LINE), Err("0 to 4294967295"));
        check("4294967296", |c| c.size(LINE), Err("0 to 4294967295"));
        check("7\r", |c| c.integer(LINE), Ok(7));
    }

    #[test]
    fn decimals_round_to_the_unit_of_the_price() {
        check("3764.61", |c| c.dollars(LINE), Ok(Price(37_646_100)));
        check("3764", |c| c.dollars(LINE), Ok(Price(37_640_000)));
        check("-0.00005", |c| c.dollars(LINE), Ok(Price(-1)));
        check("1.00004999", |c| c.dollars(LINE), Ok(Price(10_000)));
        check(".5", |c| c.dollars(LINE), Ok(Price(5_000)));
        for text in ["", ".", "-", "1.2.3", "nan", "1e5", "123456789012345"] {
            check(text, |c| c.dollars(LINE), Err("a price in dollars"));
        }
        check("34200.18960767", |c| c.nanos(LINE), Ok(34_200_189_607_670));
        check("86400.000000001", |c| c.nanos(LINE), Err(SECONDS_OF_DAY));
    }

    #[test]
    fn conditions_are_hexadecimal_and_letters_single() {
        check("20002020", |c| c.hex(LINE), Ok(0x2000_2020));
        check("fFfFfFfF", |c| c.hex(LINE), Ok(u32::MAX));
        for text in ["", "0x20", "123456789", "g"] {
            check(text, |c| c.hex(LINE), Err(HEX));
        }
        check("Q", |c| c.letter(LINE), Ok(b'Q'));
        check("", |c| c.letter(LINE), Ok(0));
        check("QQ", |c| c.letter(LINE), Err("one letter"));
        check("1", |c| c.flag(LINE), Ok(true));
        check("2", |c| c.flag(LINE), Err("0 or 1"));
    }

    proptest! {
        #[test]
        fn whole_numbers_read_back(value in -(10_i64.pow(18) - 1)..10_i64.pow(18)) {
            let line = format!("{value},");
            prop_assert_eq!(Cells::new(line.as_bytes(), 0).integer(COMMA), Ok(value));
        }

        #[test]
        fn prices_read_back_as_they_print(units in -99_999_999_999_999_i64..=99_999_999_999_999) {
            let line = format!("{}\n", Price(units));
            prop_assert_eq!(Cells::new(line.as_bytes(), 0).dollars(LINE), Ok(Price(units)));
        }
    }
}
