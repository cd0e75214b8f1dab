//! The columns of the world that the door writes, as slices by row.

use crate::ingest::Sources;
use bevy_ecs::change_detection::ContiguousMut;
use components::contract::{OptionTerms, Settlement};
use components::flow::Tape;
use components::greeks::VendorGreeks;
use components::interest::OpenInterest;
use components::market::{Book, LastTrade, Quote, Spot, TradingHalt};

/// What the door touches of an underlying.
pub(super) type Underlyings = (
    &'static mut Quote,
    &'static mut LastTrade,
    &'static mut Book,
    &'static mut Spot,
    &'static mut TradingHalt,
    &'static mut Tape,
    &'static mut Sources,
);

/// What the door touches of a contract.
pub(super) type Contracts = (
    &'static mut Quote,
    &'static mut LastTrade,
    &'static mut OpenInterest,
    &'static mut VendorGreeks,
    &'static Settlement,
    &'static OptionTerms,
);

type UnderlyingTable<'w> = (
    ContiguousMut<'w, Quote>,
    ContiguousMut<'w, LastTrade>,
    ContiguousMut<'w, Book>,
    ContiguousMut<'w, Spot>,
    ContiguousMut<'w, TradingHalt>,
    ContiguousMut<'w, Tape>,
    ContiguousMut<'w, Sources>,
);

type ContractTable<'w> = (
    ContiguousMut<'w, Quote>,
    ContiguousMut<'w, LastTrade>,
    ContiguousMut<'w, OpenInterest>,
    ContiguousMut<'w, VendorGreeks>,
    &'w [Settlement],
    &'w [OptionTerms],
);

/// The columns of the underlyings, by row.
#[derive(Default)]
pub(super) struct UnderlyingColumns<'w> {
    pub(super) quotes: &'w mut [Quote],
    pub(super) trades: &'w mut [LastTrade],
    pub(super) books: &'w mut [Book],
    pub(super) spots: &'w mut [Spot],
    pub(super) halts: &'w mut [TradingHalt],
    pub(super) tapes: &'w mut [Tape],
    pub(super) sources: &'w mut [Sources],
}

impl<'w> UnderlyingColumns<'w> {
    // Change ticks are bypassed: they cost a write per row, and the phases after this one are told
    // what changed by the index of chains.
    pub(super) fn of(table: &'w mut Option<UnderlyingTable<'_>>) -> Self {
        table.as_mut().map_or_else(
            Self::default,
            |(quotes, trades, books, spots, halts, tapes, sources)| Self {
                quotes: quotes.bypass_change_detection(),
                trades: trades.bypass_change_detection(),
                books: books.bypass_change_detection(),
                spots: spots.bypass_change_detection(),
                halts: halts.bypass_change_detection(),
                tapes: tapes.bypass_change_detection(),
                sources: sources.bypass_change_detection(),
            },
        )
    }
}

/// The columns of the contracts, by row.
#[derive(Default)]
pub(super) struct ContractColumns<'w> {
    pub(super) quotes: &'w mut [Quote],
    pub(super) trades: &'w mut [LastTrade],
    pub(super) interests: &'w mut [OpenInterest],
    pub(super) vendors: &'w mut [VendorGreeks],
    pub(super) settlements: &'w [Settlement],
    pub(super) terms: &'w [OptionTerms],
}

impl<'w> ContractColumns<'w> {
    pub(super) fn of(table: &'w mut Option<ContractTable<'_>>) -> Self {
        table.as_mut().map_or_else(
            Self::default,
            |(quotes, trades, interests, vendors, settlements, terms)| Self {
                quotes: quotes.bypass_change_detection(),
                trades: trades.bypass_change_detection(),
                interests: interests.bypass_change_detection(),
                vendors: vendors.bypass_change_detection(),
                settlements,
                terms,
            },
        )
    }
}
