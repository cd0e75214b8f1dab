//! The name of an underlying, checked once so that it can stand in a key.

use core::fmt;
use serde::{Deserialize, Serialize};

/// The most characters a symbol has.
pub const SYMBOL_LENGTH_MAX: usize = 8;

/// A symbol of 1 to 8 of `A-Z`, `0-9`, `.`, `-`, `/`, `^`: no character that means something in a
/// key or a key pattern.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol {
    bytes: [u8; SYMBOL_LENGTH_MAX],
}

impl Symbol {
    /// The symbol written as `text`.
    ///
    /// # Errors
    /// When it is empty, longer than 8, or holds another character.
    ///
    /// # Examples
    /// ```
    /// use wire::Symbol;
    /// assert_eq!(Symbol::new("BRK.B").unwrap().as_str(), "BRK.B");
    /// assert!(Symbol::new("SPY:*").is_err());
    /// ```
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b".-/^".contains(&b);
        if text.is_empty() || text.len() > SYMBOL_LENGTH_MAX || !text.bytes().all(allowed) {
            return Err(SymbolError {
                found: text.chars().take(32).collect(),
            });
        }
        let mut bytes = [0; SYMBOL_LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self
            .bytes
            .iter()
            .position(|b| *b == 0)
            .unwrap_or(SYMBOL_LENGTH_MAX);
        core::str::from_utf8(&self.bytes[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({})", self.as_str())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;

    fn try_from(text: String) -> Result<Self, SymbolError> {
        Self::new(&text)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.as_str().to_owned()
    }
}

/// A text that is no symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolError {
    /// The text, cut to 32 characters.
    pub found: String,
}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "symbol \"{}\" must be 1 to {SYMBOL_LENGTH_MAX} of A-Z, 0-9, '.', '-', '/', '^'",
            self.found.escape_debug()
        )
    }
}

impl core::error::Error for SymbolError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_change_the_meaning_of_a_key_is_refused() {
        for text in [
            "",
            "spy",
            "SPY:X",
            "SPY*",
            "A B",
            "{SPY}",
            "SPY\r\n",
            "TOOLONGNAME",
        ] {
            let error = Symbol::new(text).unwrap_err();
            assert!(error.to_string().contains("A-Z"), "{error}");
        }
        assert_eq!(Symbol::new("^SPX").unwrap().to_string(), "^SPX");
        assert_eq!(Symbol::new("EIGHTLNG").unwrap().as_str(), "EIGHTLNG");
    }

    #[test]
    fn json_holds_the_text_and_refuses_the_rest() {
        let symbol = Symbol::new("BRK.B").unwrap();
        assert_eq!(serde_json::to_string(&symbol).unwrap(), "\"BRK.B\"");
        assert_eq!(serde_json::from_str::<Symbol>("\"BRK.B\"").unwrap(), symbol);
        assert!(serde_json::from_str::<Symbol>("\"brk\"").is_err());
    }
}
