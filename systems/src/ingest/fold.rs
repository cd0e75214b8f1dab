//! A cheap fingerprint of the inbox, for the digest of the Ingest phase.

use components::contract::ContractId;
use components::market::SymbolId;
use engine::event::{Event, EventKind};

/// Mixes what an event says into `state`: cheap, and different for every field.
pub(super) fn fold(state: u64, event: &Event) -> u64 {
    let mix = |state: u64, word: i64| {
        (state ^ word.cast_unsigned())
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29)
    };
    let state = mix(mix(state, event.received.0), event.at.0);
    let two = |state, id: u32, number: i64| mix(mix(state, i64::from(id)), number);
    match &event.kind {
        EventKind::Quote {
            symbol: SymbolId(id),
            bid,
            ask,
            bid_size,
            ask_size,
        }
        | EventKind::OptionQuote {
            contract: ContractId(id),
            bid,
            ask,
            bid_size,
            ask_size,
        } => {
            let state = mix(two(state, *id, bid.0), ask.0);
            mix(mix(state, i64::from(*bid_size)), i64::from(*ask_size))
        }
        EventKind::Trade {
            symbol,
            price,
            size,
            ..
        } => mix(two(state, symbol.0, price.0), i64::from(*size)),
        EventKind::OptionTrade {
            contract,
            price,
            size,
            ..
        } => mix(two(state, contract.0, price.0), i64::from(*size)),
        EventKind::Bar {
            symbol: SymbolId(id),
            bar,
        }
        | EventKind::OptionBar {
            contract: ContractId(id),
            bar,
        } => mix(two(state, *id, bar.close.0), bar.volume.cast_signed()),
        EventKind::Index { symbol, level } => two(state, symbol.0, level.0),
        EventKind::Book { symbol, book } => {
            let levels = book.bids.iter().chain(&book.asks);
            levels.fold(two(state, symbol.0, 1), |state, level| {
                mix(mix(state, level.price.0), i64::from(level.size))
            })
        }
        EventKind::OpenInterest {
            contract,
            contracts,
        } => two(state, contract.0, i64::from(*contracts)),
        EventKind::VendorGreeks {
            contract,
            iv,
            delta,
            gamma,
        } => [iv, delta, gamma]
            .iter()
            .fold(two(state, contract.0, 2), |state, value| {
                mix(state, value.to_bits().cast_signed())
            }),
        EventKind::SymbolListed { symbol, .. } => two(state, symbol.0, 3),
        EventKind::ContractListed {
            contract, terms, ..
        } => two(state, contract.0, terms.strike.0),
        EventKind::Halted { symbol } => two(state, symbol.0, 4),
        EventKind::Resumed { symbol } => two(state, symbol.0, 5),
        // Rare, and the ledger folds what comes of them.
        EventKind::Reported(_) => mix(state, 6),
        EventKind::Commanded(command) => mix(state, command.number.cast_signed()),
        EventKind::Heartbeat | EventKind::FeedLost | EventKind::FeedRestored => state,
    }
}
