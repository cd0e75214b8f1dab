//! What passes and what is refused, event by event, on slices of the world's columns.

use crate::chains::Chains;
use crate::ingest::columns::{ContractColumns, UnderlyingColumns};
use crate::ingest::quotes::{UNSET, known_size, mid, quote_of};
use crate::ingest::refusal::{Refusal, Refusals};
use crate::ingest::traded::{Traded, note_trade};
use crate::ingest::{Counts, IngestConfig};
use components::contract::{ContractId, Right};
use components::flow::{OptionPrint, Print};
use components::greeks::VendorGreeks;
use components::interest::OpenInterest;
use components::market::{
    BOOK_LEVELS, Book, Level, Quote, Spot, SpotSource, SymbolId, TradingHalt,
};
use components::units::{Price, Timestamp};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::{Bar, Event, EventKind};
use engine::planted::planted;
use engine::transcript::Transcript;

/// The door with the columns behind it.
pub(super) struct Door<'a, 'w> {
    pub(super) tick: &'a Tick,
    pub(super) config: &'a IngestConfig,
    pub(super) price_max: Price,
    pub(super) band_ppm: i64,
    pub(super) directory: &'a Directory,
    pub(super) chains: &'a mut Chains,
    pub(super) counts: &'a mut Counts,
    pub(super) refusals: &'a mut Refusals,
    pub(super) underlyings: UnderlyingColumns<'w>,
    pub(super) contracts: ContractColumns<'w>,
}

impl Door<'_, '_> {
    /// Lets one event in, or refuses and counts it.
    pub(super) fn take(&mut self, event: &Event, transcript: &mut Transcript) {
        let passed = self.stamped(event).and_then(|()| match &event.kind {
            EventKind::Quote {
                symbol,
                bid,
                ask,
                bid_size,
                ask_size,
            } => self.quote(
                *symbol,
                event,
                quote_of(*bid, *ask, *bid_size, *ask_size, event.at),
            ),
            EventKind::Trade {
                symbol,
                price,
                size,
                conditions,
                aggressor,
            } => {
                let traded = Traded {
                    price: *price,
                    size: u64::from(known_size(*size)),
                    conditions: *conditions,
                    aggressor: *aggressor,
                    is_bar: false,
                };
                self.trade(*symbol, event, &traded)
            }
            EventKind::Bar { symbol, bar } => self
                .bar(bar)
                .and_then(|()| self.trade(*symbol, event, &Traded::bar(bar))),
            EventKind::Index { symbol, level } => self.index(*symbol, event, *level),
            EventKind::Book { symbol, book } => self.book(*symbol, event, book),
            EventKind::Halted { symbol } => self.halt(*symbol, event, true, transcript),
            EventKind::Resumed { symbol } => self.halt(*symbol, event, false, transcript),
            EventKind::OptionQuote {
                contract,
                bid,
                ask,
                bid_size,
                ask_size,
            } => self.option_quote(
                *contract,
                event,
                quote_of(*bid, *ask, *bid_size, *ask_size, event.at),
            ),
            EventKind::OptionTrade {
                contract,
                price,
                size,
                conditions,
            } => {
                let traded = Traded {
                    price: *price,
                    size: u64::from(known_size(*size)),
                    conditions: *conditions,
                    aggressor: None,
                    is_bar: false,
                };
                self.option_trade(*contract, event, &traded)
            }
            EventKind::OptionBar { contract, bar } => self
                .bar(bar)
                .and_then(|()| self.option_trade(*contract, event, &Traded::bar(bar))),
            EventKind::OpenInterest {
                contract,
                contracts,
            } => self.open_interest(*contract, event, *contracts),
            EventKind::VendorGreeks {
                contract,
                iv,
                delta,
                gamma,
            } => {
                let at = event.at;
                let vendor = VendorGreeks {
                    iv: *iv,
                    delta: *delta,
                    gamma: *gamma,
                    at,
                };
                self.vendor(*contract, vendor)
            }
            // Listings were taken in before; reports of the broker belong to Positions.
            _ => Ok(()),
        });
        if let Err(reason) = passed {
            self.refusals.count(reason);
        }
    }

    fn stamped(&self, event: &Event) -> Result<(), Refusal> {
        let age = event.received.nanos_since(event.at);
        if age > self.config.stale_stamp_ms * 1_000_000 {
            return Err(Refusal::StaleStamp);
        }
        let ahead = event.at.nanos_since(self.tick.now);
        if ahead > self.config.future_stamp_ms * 1_000_000 {
            return Err(Refusal::FutureStamp);
        }
        Ok(())
    }

    fn symbol_row(&self, symbol: SymbolId) -> Result<usize, Refusal> {
        self.chains
            .symbol_row(symbol)
            .ok_or(Refusal::UnlistedSymbol)
    }

    fn contract_row(&self, contract: ContractId, at: Timestamp) -> Result<usize, Refusal> {
        let row = self.chains.row(contract).ok_or(Refusal::UnlistedContract)?;
        // A quote stamped at the settlement instant itself is the closing quote.
        if at > self.contracts.settlements[row].0 {
            return Err(Refusal::ExpiredContract);
        }
        Ok(row)
    }

    fn sides(&self, quote: &Quote, before: &Quote) -> Result<(), Refusal> {
        // I25: what no market says comes in.
        if planted(25) {
            return Ok(());
        }
        if quote.bid.0 < 0 || quote.ask.0 < 0 {
            return Err(Refusal::NonPositivePrice);
        }
        if quote.bid > self.price_max || quote.ask > self.price_max {
            return Err(Refusal::ImplausiblePrice);
        }
        if quote.at < before.at {
            return Err(Refusal::OutOfOrder);
        }
        Ok(())
    }

    fn quote(&mut self, symbol: SymbolId, event: &Event, quote: Quote) -> Result<(), Refusal> {
        let row = self.symbol_row(symbol)?;
        let sound = self.sides(&quote, &self.underlyings.quotes[row]);
        self.believe(row, event, mid(&quote), sound)?;
        self.underlyings.quotes[row] = quote;
        self.underlyings.tapes[row].quotes.push(quote);
        let sources = &mut self.underlyings.sources[row];
        sources.has_quotes = true;
        if let Some(dollars) = quote.mid_dollars() {
            sources.spot = event.feed;
            self.spot(row, symbol, dollars, SpotSource::Quote, event.at);
        }
        self.counts.quotes += 1;
        Ok(())
    }

    fn trade(&mut self, symbol: SymbolId, event: &Event, traded: &Traded) -> Result<(), Refusal> {
        let row = self.symbol_row(symbol)?;
        self.believe(row, event, Some(traded.price), self.priced(traded))?;
        let quote = self.underlyings.quotes[row];
        note_trade(&mut self.underlyings.trades[row], traded, event.at);
        let tape = &mut self.underlyings.tapes[row];
        let quotes_before = u32::try_from(tape.quotes.len()).unwrap_or(u32::MAX);
        tape.prints.push(Print {
            at: event.at,
            price: traded.price,
            size: traded.size,
            bid: quote.bid,
            ask: quote.ask,
            conditions: traded.conditions,
            aggressor: traded.aggressor,
            quotes_before,
            is_bar: traded.is_bar,
        });
        if self.underlyings.spots[row].source <= SpotSource::Trade {
            self.underlyings.sources[row].spot = event.feed;
            self.spot(
                row,
                symbol,
                traded.price.dollars(),
                SpotSource::Trade,
                event.at,
            );
        }
        self.counts.trades += 1;
        Ok(())
    }

    fn index(&mut self, symbol: SymbolId, event: &Event, level: Price) -> Result<(), Refusal> {
        let row = self.symbol_row(symbol)?;
        self.believe(row, event, Some(level), self.positive(level))?;
        self.underlyings.sources[row].spot = event.feed;
        self.spot(row, symbol, level.dollars(), SpotSource::Index, event.at);
        self.counts.index_levels += 1;
        Ok(())
    }

    fn book(&mut self, symbol: SymbolId, event: &Event, book: &Book) -> Result<(), Refusal> {
        let row = self.symbol_row(symbol)?;
        let best = book.best();
        let sound = self.sides(&best, &self.underlyings.books[row].best());
        self.believe(row, event, mid(&best), sound)?;
        if !is_sorted(&book.bids, |better, worse| better > worse)
            || !is_sorted(&book.asks, |better, worse| better < worse)
        {
            return Err(Refusal::UnsortedBook);
        }
        self.underlyings.books[row] = *book;
        let sources = &mut self.underlyings.sources[row];
        sources.book = event.feed;
        if !sources.has_quotes {
            let before = self.underlyings.quotes[row];
            self.underlyings.quotes[row] = best;
            if (best.bid, best.ask, best.bid_size, best.ask_size)
                != (before.bid, before.ask, before.bid_size, before.ask_size)
            {
                self.underlyings.tapes[row].quotes.push(best);
            }
            if let Some(dollars) = best.mid_dollars() {
                sources.spot = event.feed;
                self.spot(row, symbol, dollars, SpotSource::Book, event.at);
            }
        }
        self.counts.book_updates += 1;
        Ok(())
    }

    fn halt(
        &mut self,
        symbol: SymbolId,
        event: &Event,
        halted: bool,
        transcript: &mut Transcript,
    ) -> Result<(), Refusal> {
        let row = self.symbol_row(symbol)?;
        if !halted && !self.underlyings.halts[row].halted {
            // Nobody heard of that halt. It is over since now all the same.
            self.underlyings.halts[row].since = event.at;
        }
        if self.underlyings.halts[row].halted != halted {
            self.underlyings.halts[row] = TradingHalt {
                halted,
                since: event.at,
            };
            self.counts.halts += u64::from(halted);
            self.underlyings.sources[row].band.forget();
            let what = if halted { "halted" } else { "resumed" };
            let ticker = self.directory.ticker(symbol);
            let name = ticker.as_ref().map_or("?", |ticker| ticker.as_str());
            transcript.line(format_args!("market {what} {name}"));
        }
        Ok(())
    }

    fn option_quote(
        &mut self,
        contract: ContractId,
        event: &Event,
        quote: Quote,
    ) -> Result<(), Refusal> {
        let row = self.contract_row(contract, event.at)?;
        let before = self.contracts.quotes[row];
        self.sides(&quote, &before)?;
        let owner = self.chains.owner(row);
        let symbol_row = self.symbol_row(owner)?;
        // Nobody pays more for a call than for the stock, or for a put than its strike. An ask may
        // stand above that where nobody wants to sell, a bid may not.
        let most = match self.contracts.terms[row].right {
            Right::Call => self.underlyings.spots[symbol_row]
                .get()
                .and_then(Price::from_dollars),
            Right::Put => Some(self.contracts.terms[row].strike),
        };
        if most.is_some_and(|most| quote.bid > most) {
            return Err(Refusal::ImplausiblePrice);
        }
        self.contracts.quotes[row] = quote;
        self.underlyings.sources[symbol_row].chain = event.feed;
        // Sizes do not enter a volatility: a quote at unchanged prices leaves the Greeks alone.
        if (before.bid, before.ask) != (quote.bid, quote.ask) || before.at == Timestamp::NEVER {
            self.chains.quote_changed[row] = true;
            self.chains.touched[owner.0 as usize] = true;
        }
        self.counts.option_quotes += 1;
        Ok(())
    }

    fn option_trade(
        &mut self,
        contract: ContractId,
        event: &Event,
        traded: &Traded,
    ) -> Result<(), Refusal> {
        let row = self.contract_row(contract, event.at)?;
        self.priced(traded)?;
        note_trade(&mut self.contracts.trades[row], traded, event.at);
        let quote = self.contracts.quotes[row];
        let owner = self.chains.owner(row);
        let symbol_row = self.symbol_row(owner)?;
        self.underlyings.tapes[symbol_row]
            .options
            .push(OptionPrint {
                contract,
                at: event.at,
                price: traded.price,
                size: traded.size,
                bid: quote.bid,
                ask: quote.ask,
                is_bar: traded.is_bar,
            });
        self.chains.traded[owner.0 as usize] = true;
        self.counts.option_trades += 1;
        Ok(())
    }

    fn open_interest(
        &mut self,
        contract: ContractId,
        event: &Event,
        contracts: u32,
    ) -> Result<(), Refusal> {
        let row = self.contract_row(contract, event.at)?;
        if contracts >= UNSET {
            return Err(Refusal::ZeroSize);
        }
        self.contracts.interests[row] = OpenInterest {
            contracts,
            at: event.at,
        };
        let owner = self.chains.owner(row);
        self.chains.revalued[owner.0 as usize] = true;
        self.chains.touched[owner.0 as usize] = true;
        self.chains.quote_changed[row] = true;
        self.counts.open_interest += 1;
        Ok(())
    }

    fn vendor(&mut self, contract: ContractId, vendor: VendorGreeks) -> Result<(), Refusal> {
        let row = self.contract_row(contract, vendor.at)?;
        let is_number = [vendor.iv, vendor.delta, vendor.gamma]
            .iter()
            .all(|value| value.is_finite());
        if !is_number && !planted(25) {
            return Err(Refusal::NotANumber);
        }
        // All three zero is how vendors write "not computed": kept as missing, not refused.
        let missing = [vendor.iv, vendor.delta, vendor.gamma]
            .iter()
            .all(|value| *value == 0.0);
        let plausible = vendor.iv > 0.0 && vendor.iv < 5.0;
        if !missing && !plausible && !planted(25) {
            return Err(Refusal::IvOutOfRange);
        }
        if vendor.delta.abs() > 1.0 || vendor.gamma < 0.0 {
            return Err(Refusal::DeltaOutOfRange);
        }
        self.contracts.vendors[row] = vendor;
        let owner = self.chains.owner(row);
        self.chains.quote_changed[row] = true;
        self.chains.touched[owner.0 as usize] = true;
        self.counts.vendor_greeks += 1;
        Ok(())
    }

    fn spot(
        &mut self,
        row: usize,
        symbol: SymbolId,
        dollars: f64,
        source: SpotSource,
        at: Timestamp,
    ) {
        let spot = &mut self.underlyings.spots[row];
        if spot.dollars.to_bits() != dollars.to_bits() {
            self.chains.touched[symbol.0 as usize] = true;
        }
        *spot = Spot {
            dollars,
            source,
            at,
        };
    }

    /// I26: lets a price of an underlying in that is `sound` by itself and near what was believed, or
    /// confirmed by another feed. `None` is a quote without a price.
    fn believe(
        &mut self,
        row: usize,
        event: &Event,
        price: Option<Price>,
        sound: Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let band = &mut self.underlyings.sources[row].band;
        if sound == Err(Refusal::ImplausiblePrice) {
            band.doubt(event.feed, price.unwrap_or(Price::NONE));
        }
        sound?;
        match price {
            // I26: with the quarantine, a price that nothing confirms is believed.
            Some(price) if !planted(26) && !band.believes(event.feed, price, self.band_ppm) => {
                Err(Refusal::OutsideBand)
            }
            _ => Ok(()),
        }
    }

    fn priced(&self, traded: &Traded) -> Result<(), Refusal> {
        self.positive(traded.price)?;
        if traded.size == 0 {
            Err(Refusal::ZeroSize)
        } else {
            Ok(())
        }
    }

    fn positive(&self, price: Price) -> Result<(), Refusal> {
        if price.0 <= 0 {
            Err(Refusal::NonPositivePrice)
        } else if price > self.price_max {
            Err(Refusal::ImplausiblePrice)
        } else {
            Ok(())
        }
    }

    fn bar(&self, bar: &Bar) -> Result<(), Refusal> {
        self.positive(bar.low)?;
        self.positive(bar.high)?;
        let holds = |price: Price| bar.low <= price && price <= bar.high;
        if holds(bar.open) && holds(bar.close) {
            Ok(())
        } else {
            Err(Refusal::InconsistentBar)
        }
    }
}

fn is_sorted(levels: &[Level; BOOK_LEVELS], better: impl Fn(i64, i64) -> bool) -> bool {
    let filled = levels.iter().take_while(|level| level.size > 0).count();
    let (head, tail) = levels.split_at(filled);
    head.windows(2)
        .all(|pair| better(pair[0].price.0, pair[1].price.0))
        && tail.iter().all(|level| level.size == 0)
}
