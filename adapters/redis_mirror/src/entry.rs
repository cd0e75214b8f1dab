//! What is shown of one symbol, and which of its keys are due.

use crate::pipeline::PreparedKey;
use serde::Serialize;
use wire::analytics::{Delta, Gamma, Imbalance, Vpin};
use wire::closing::Closing;
use wire::cross::{DataDrift, Liquidity};
use wire::dealers::{DealerFlow, GammaProfile};
use wire::flow::Flow;
use wire::keys::SymbolKey;
use wire::market::{Book, Market};
use wire::options_flow::OptionsFlow;
use wire::strikes::GexByStrike;
use wire::turn::{SLOW_TURNS, TURNS};
use wire::volatility::{Regime, Volatility};
use wire::{Header, Stamped, Symbol};

const KINDS: usize = SymbolKey::ALL.len();

/// The newest values of a symbol.
pub(crate) struct Entry {
    pub(crate) symbol: Symbol,
    pub(crate) market: Option<Market>,
    pub(crate) book: Option<Book>,
    pub(crate) vpin: Option<Vpin>,
    pub(crate) imbalance: Option<Imbalance>,
    pub(crate) flow: Option<Flow>,
    pub(crate) volatility: Option<Volatility>,
    pub(crate) regime: Option<Regime>,
    pub(crate) closing: Option<Closing>,
    pub(crate) gamma: Option<Gamma>,
    pub(crate) delta: Option<Delta>,
    pub(crate) options_flow: Option<OptionsFlow>,
    pub(crate) liquidity: Option<Liquidity>,
    pub(crate) drift: Option<DataDrift>,
    pub(crate) dealer_flow: Option<DealerFlow>,
    pub(crate) gamma_profile: Option<GammaProfile>,
    pub(crate) gex_by_strike: Option<GexByStrike>,
    pub(crate) keys: [PreparedKey; KINDS],
    pub(crate) changed: [bool; KINDS],
    pub(crate) written_ms: [u64; KINDS],
}

impl Entry {
    pub(crate) fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            market: None,
            book: None,
            vpin: None,
            imbalance: None,
            flow: None,
            volatility: None,
            regime: None,
            closing: None,
            gamma: None,
            delta: None,
            options_flow: None,
            liquidity: None,
            drift: None,
            dealer_flow: None,
            gamma_profile: None,
            gex_by_strike: None,
            keys: SymbolKey::ALL.map(|kind| PreparedKey::new(&kind.of(symbol), kind.doc().ttl_ms)),
            changed: [false; KINDS],
            written_ms: [0; KINDS],
        }
    }

    pub(crate) fn mark(&mut self, kind: SymbolKey) {
        self.changed[kind as usize] = true;
    }

    /// Whether `kind` is one that the engine tells of in turns, and changed.
    pub(crate) fn has_news(&self, kind: SymbolKey) -> bool {
        let is_packed = matches!(
            kind,
            SymbolKey::Ticker | SymbolKey::Last | SymbolKey::Timestamp
        );
        !is_packed && self.changed[kind as usize]
    }

    /// Whether `kind` changed, or would be overdue in `next_ms`.
    pub(crate) fn is_due(&self, kind: SymbolKey, now_ms: u64, next_ms: u64) -> bool {
        let age_ms = now_ms.saturating_sub(self.written_ms[kind as usize]);
        self.changed[kind as usize] || kind.doc().refresh_ms <= age_ms + next_ms
    }

    /// Writes the value of `kind` into `out`; whether there is one.
    pub(crate) fn encode(&self, kind: SymbolKey, header: &Header, out: &mut Vec<u8>) -> bool {
        let market = self.market.as_ref();
        match kind {
            SymbolKey::Ticker => encode_some(out, header, market),
            SymbolKey::Last => encode_number(out, market.and_then(|market| market.last_usd)),
            SymbolKey::Timestamp => encode_number(out, market.and_then(|market| market.at_ms)),
            SymbolKey::Book => encode_some(out, header, self.book.as_ref()),
            SymbolKey::Vpin => encode_some(out, header, self.vpin.as_ref()),
            SymbolKey::Obi => encode_some(out, header, self.imbalance.as_ref()),
            SymbolKey::Flow => encode_some(out, header, self.flow.as_ref()),
            SymbolKey::Volatility => encode_some(out, header, self.volatility.as_ref()),
            SymbolKey::Regime => encode_some(out, header, self.regime.as_ref()),
            SymbolKey::Closing => encode_some(out, header, self.closing.as_ref()),
            SymbolKey::Gex => encode_some(out, header, self.gamma.as_ref()),
            SymbolKey::Dex => encode_some(out, header, self.delta.as_ref()),
            SymbolKey::OptionsFlow => encode_some(out, header, self.options_flow.as_ref()),
            SymbolKey::Liquidity => encode_some(out, header, self.liquidity.as_ref()),
            SymbolKey::Drift => encode_some(out, header, self.drift.as_ref()),
            SymbolKey::DealerFlow => encode_some(out, header, self.dealer_flow.as_ref()),
            SymbolKey::GammaProfile => encode_some(out, header, self.gamma_profile.as_ref()),
            SymbolKey::GexByStrike => encode_some(out, header, self.gex_by_strike.as_ref()),
        }
    }
}

/// Writes between two turns of a key when there are many symbols.
pub(crate) fn turns(kind: SymbolKey) -> usize {
    match kind {
        SymbolKey::Book | SymbolKey::Vpin | SymbolKey::Obi | SymbolKey::Flow => TURNS,
        SymbolKey::Ticker
        | SymbolKey::Last
        | SymbolKey::Timestamp
        | SymbolKey::Volatility
        | SymbolKey::Regime
        | SymbolKey::Closing
        | SymbolKey::Gex
        | SymbolKey::Dex
        | SymbolKey::OptionsFlow
        | SymbolKey::Liquidity
        | SymbolKey::Drift
        | SymbolKey::DealerFlow
        | SymbolKey::GammaProfile
        | SymbolKey::GexByStrike => SLOW_TURNS,
    }
}

fn encode_some<T: Serialize>(out: &mut Vec<u8>, header: &Header, value: Option<&T>) -> bool {
    value.is_some_and(|value| {
        encode(out, header, value);
        true
    })
}

fn encode_number<T: Serialize>(out: &mut Vec<u8>, value: Option<T>) -> bool {
    out.clear();
    value.is_some_and(|value| serde_json::to_writer(out, &value).is_ok())
}

/// Writes `value` as of `header` into `out`.
///
/// # Panics
/// Never: payloads are plain data with text keys, and memory takes every byte.
pub(crate) fn encode<T: Serialize>(out: &mut Vec<u8>, header: &Header, value: &T) {
    out.clear();
    serde_json::to_writer(out, &Stamped::new(header, value))
        .expect("Invariant: a payload is plain data with text keys");
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::turn::TICK_MS;

    #[test]
    fn no_key_waits_longer_for_its_turn_than_its_refresh_says() {
        for kind in SymbolKey::ALL {
            assert!(
                TICK_MS * turns(kind) as u64 <= kind.doc().refresh_ms,
                "{kind:?}"
            );
        }
    }
}
