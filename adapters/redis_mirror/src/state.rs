//! The newest state of every symbol, and which keys are due.
//!
//! The tickers of all symbols are written with every write, packed into one value. Books and
//! analytics are written when they change, which the engine tells of a part of the symbols in each
//! tick while there are many ([`wire::turn`]); what else a symbol has, and what would be overdue before
//! the next turn, is written at its turn. A server takes some 1.5 us for a key that it has not touched
//! for a while, so that eight keys of 1,000 symbols at once would take 12 ms.

use crate::pipeline::{Pipeline, PreparedKey};
use crate::recent::Recent;
use redis::RedisResult;
use serde::{Serialize, Serializer};
use wire::account::{Account, Orders, Positions, SignalCounts};
use wire::analytics::{Delta, Gamma, Imbalance, Vpin};
use wire::batch::Heartbeat;
use wire::closing::Closing;
use wire::cross::{Correlation, DataDrift, Liquidity, Macro, RiskAttribution, Stress};
use wire::dealers::{DealerFlow, GammaProfile, Group, SectorGroup};
use wire::discovered::{
    BucketSize, Discovered, Lookback, Matrix, Parameters, Toxicity, VolatilityLevels,
};
use wire::execution::Execution;
use wire::flow::Flow;
use wire::keys::{EVENTS_KEPT, GlobalKey, SymbolKey, of_sector, sector_doc};
use wire::lane::Row;
use wire::market::{Book, Market};
use wire::options_flow::OptionsFlow;
use wire::status::{Halt, Status};
use wire::strikes::GexByStrike;
use wire::turn::{SLOW_TURNS, TICK_MS, TURNS, Turn};
use wire::volatility::{Regime, Volatility};
use wire::{Batch, Header, Stamped, Symbol};

const KINDS: usize = SymbolKey::ALL.len();

/// Everything that is shown.
#[derive(Default)]
pub(crate) struct State {
    header: Header,
    symbols: Vec<Option<Box<Entry>>>,
    turn: Turn,
    slow_turn: Turn,
    account: Global<Account>,
    positions: Global<Positions>,
    orders: Global<Orders>,
    signals: Global<SignalCounts>,
    portfolio: Global<Group>,
    sectors: Global<Vec<SectorGroup>>,
    execution: Global<Execution>,
    buckets: Global<Parameters<BucketSize>>,
    lookbacks: Global<Parameters<Lookback>>,
    levels: Global<Parameters<VolatilityLevels>>,
    toxicities: Global<Parameters<Toxicity>>,
    matrix: Global<Matrix>,
    status: Global<Status>,
    halt: Global<Halt>,
    correlation: Global<Correlation>,
    stress: Global<Stress>,
    risk: Global<RiskAttribution>,
    macros: Global<Macro>,
    events: Recent,
    scratch: Vec<u8>,
}

struct Entry {
    symbol: Symbol,
    market: Option<Market>,
    book: Option<Book>,
    vpin: Option<Vpin>,
    imbalance: Option<Imbalance>,
    flow: Option<Flow>,
    volatility: Option<Volatility>,
    regime: Option<Regime>,
    closing: Option<Closing>,
    gamma: Option<Gamma>,
    delta: Option<Delta>,
    options_flow: Option<OptionsFlow>,
    liquidity: Option<Liquidity>,
    drift: Option<DataDrift>,
    dealer_flow: Option<DealerFlow>,
    gamma_profile: Option<GammaProfile>,
    gex_by_strike: Option<GexByStrike>,
    keys: [PreparedKey; KINDS],
    changed: [bool; KINDS],
    written_ms: [u64; KINDS],
}

struct Global<T> {
    value: Option<T>,
    changed: bool,
    written_ms: u64,
}

impl<T> Default for Global<T> {
    fn default() -> Self {
        Self {
            value: None,
            changed: false,
            written_ms: 0,
        }
    }
}

impl<T> Global<T> {
    fn take(&mut self, newer: &mut Option<T>) {
        if newer.is_some() {
            self.value = newer.take();
            self.changed = true;
        }
    }
}

/// What a write covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What changed or is due.
    Due,
    /// Everything, and the events that a stream ending with this number lacks.
    Whole { event: u64 },
}

impl State {
    /// Takes over what `batch` holds and leaves it empty.
    pub(crate) fn apply(&mut self, batch: &mut Batch) {
        self.header = batch.header;
        for row in batch.markets.rows() {
            let entry = self.entry(row);
            let last = entry.market.and_then(|market| market.last_usd);
            entry.mark(SymbolKey::Ticker);
            entry.mark(SymbolKey::Timestamp);
            if last != row.value.last_usd {
                entry.mark(SymbolKey::Last);
            }
            entry.market = Some(row.value);
        }
        for row in batch.books.rows() {
            let entry = self.entry(row);
            entry.book = Some(row.value);
            entry.mark(SymbolKey::Book);
        }
        for row in batch.vpins.rows() {
            let entry = self.entry(row);
            entry.vpin = Some(row.value);
            entry.mark(SymbolKey::Vpin);
        }
        for row in batch.imbalances.rows() {
            let entry = self.entry(row);
            entry.imbalance = Some(row.value);
            entry.mark(SymbolKey::Obi);
        }
        for row in batch.flows.rows() {
            let entry = self.entry(row);
            entry.flow = Some(row.value);
            entry.mark(SymbolKey::Flow);
        }
        for row in batch.volatilities.rows() {
            let entry = self.entry(row);
            entry.volatility = Some(row.value);
            entry.mark(SymbolKey::Volatility);
        }
        for row in batch.regimes.rows() {
            let entry = self.entry(row);
            entry.regime = Some(row.value);
            entry.mark(SymbolKey::Regime);
        }
        for row in batch.closings.rows() {
            let entry = self.entry(row);
            entry.closing = Some(row.value);
            entry.mark(SymbolKey::Closing);
        }
        for row in batch.gammas.rows() {
            let entry = self.entry(row);
            entry.gamma = Some(row.value);
            entry.mark(SymbolKey::Gex);
        }
        for row in batch.deltas.rows() {
            let entry = self.entry(row);
            entry.delta = Some(row.value);
            entry.mark(SymbolKey::Dex);
        }
        for row in batch.options_flows.rows() {
            let entry = self.entry(row);
            entry.options_flow = Some(row.value);
            entry.mark(SymbolKey::OptionsFlow);
        }
        for row in batch.liquidities.rows() {
            let entry = self.entry(row);
            entry.liquidity = Some(row.value);
            entry.mark(SymbolKey::Liquidity);
        }
        for row in batch.drifts.rows() {
            let entry = self.entry(row);
            entry.drift = Some(row.value);
            entry.mark(SymbolKey::Drift);
        }
        self.correlation.take(&mut batch.correlation);
        self.stress.take(&mut batch.stress);
        self.risk.take(&mut batch.risk);
        self.macros.take(&mut batch.macros);
        for row in batch.dealer_flows.rows() {
            let entry = self.entry(row);
            entry.dealer_flow = Some(row.value);
            entry.mark(SymbolKey::DealerFlow);
        }
        for row in batch.gamma_profiles.rows() {
            let entry = self.entry(row);
            entry.gamma_profile = Some(row.value);
            entry.mark(SymbolKey::GammaProfile);
        }
        for row in batch.gex_by_strikes.rows() {
            let entry = self.entry(row);
            entry.gex_by_strike = Some(row.value.clone());
            entry.mark(SymbolKey::GexByStrike);
        }
        self.account.take(&mut batch.account);
        self.positions.take(&mut batch.positions);
        self.orders.take(&mut batch.orders);
        self.signals.take(&mut batch.signals);
        self.portfolio.take(&mut batch.portfolio);
        self.sectors.take(&mut batch.sectors);
        self.execution.take(&mut batch.execution);
        if let Some(found) = batch.discovered.take() {
            self.take_discovered(found);
        }
        self.halt.take(&mut batch.status.as_ref().map(Status::halt));
        self.status.take(&mut batch.status);
        self.events.count_dropped(batch.events.dropped());
        for event in batch.events.drain() {
            self.events.push(&self.header, event);
        }
        batch.clear();
    }

    fn take_discovered(&mut self, found: Discovered) {
        self.buckets.take(&mut Some(found.buckets));
        self.lookbacks.take(&mut Some(found.lookbacks));
        self.levels.take(&mut Some(found.levels));
        self.toxicities.take(&mut Some(found.toxicities));
        self.matrix.take(&mut Some(found.matrix));
    }

    /// The run shown.
    pub(crate) fn epoch(&self) -> u64 {
        self.header.epoch
    }

    /// Takes note that everything written so far has arrived.
    pub(crate) fn written(&mut self) {
        self.events.all_shown();
    }

    /// Writes what `extent` covers, the heartbeat last.
    pub(crate) fn write(
        &mut self,
        pipeline: &mut Pipeline<'_>,
        now_ms: u64,
        extent: Extent,
        conflated: u64,
    ) -> RedisResult<()> {
        let whole = extent != Extent::Due;
        self.write_symbols(pipeline, now_ms, whole)?;
        self.write_tickers(pipeline)?;
        self.write_globals(pipeline, now_ms, whole)?;
        let stream_end = match extent {
            Extent::Due => self.events.shown(),
            Extent::Whole { event } => event,
        };
        self.write_events(pipeline, stream_end)?;
        let heartbeat = Heartbeat {
            at_ms: self.header.at_ms,
            digest: format!("{:016x}", self.header.digest),
            symbols: self.symbols.iter().flatten().count() as u64,
            conflated,
            events_lost: self.events.lost(),
        };
        encode(&mut self.scratch, &self.header, &heartbeat);
        pipeline.set(&global_key(GlobalKey::Heartbeat), &self.scratch)
    }

    fn entry<T>(&mut self, row: &Row<T>) -> &mut Entry {
        let id = row.id as usize;
        if self.symbols.len() <= id {
            self.symbols.resize_with(id + 1, || None);
        }
        self.symbols[id].get_or_insert_with(|| Box::new(Entry::new(row.symbol)))
    }

    fn write_symbols(
        &mut self,
        pipeline: &mut Pipeline<'_>,
        now_ms: u64,
        whole: bool,
    ) -> RedisResult<()> {
        self.turn.advance(self.symbols.len(), TURNS);
        self.slow_turn.advance(self.symbols.len(), SLOW_TURNS);
        let periods_ms = [self.turn.period_ms(), self.slow_turn.period_ms()];
        for (index, entry) in self.symbols.iter_mut().enumerate() {
            let Some(entry) = entry else { continue };
            let turns_held = [self.turn.holds(index), self.slow_turn.holds(index)];
            for kind in SymbolKey::ALL {
                let pace = usize::from(turns(kind) == SLOW_TURNS);
                let (has_turn, period_ms) = (turns_held[pace], periods_ms[pace]);
                let due = whole
                    || entry.has_news(kind)
                    || has_turn && entry.is_due(kind, now_ms, period_ms);
                if due && entry.encode(kind, &self.header, &mut self.scratch) {
                    pipeline.set(&entry.keys[kind as usize], &self.scratch)?;
                    entry.changed[kind as usize] = false;
                    entry.written_ms[kind as usize] = now_ms;
                }
            }
        }
        Ok(())
    }

    /// Writes every symbol's ticker. They come behind the keys of symbols, which keep the server
    /// busy while they are packed.
    fn write_tickers(&mut self, pipeline: &mut Pipeline<'_>) -> RedisResult<()> {
        let tickers = BySymbol(&self.symbols);
        encode(&mut self.scratch, &self.header, &Packed { tickers });
        pipeline.set(&global_key(GlobalKey::Tickers), &self.scratch)
    }

    fn write_globals(
        &mut self,
        pipeline: &mut Pipeline<'_>,
        now_ms: u64,
        whole: bool,
    ) -> RedisResult<()> {
        let mut writer = GlobalWriter {
            pipeline,
            header: &self.header,
            scratch: &mut self.scratch,
            now_ms,
            whole,
        };
        writer.write(GlobalKey::Account, &mut self.account)?;
        writer.write(GlobalKey::Positions, &mut self.positions)?;
        writer.write(GlobalKey::Orders, &mut self.orders)?;
        writer.write(GlobalKey::Signals, &mut self.signals)?;
        writer.write(GlobalKey::Portfolio, &mut self.portfolio)?;
        writer.write_sectors(&mut self.sectors)?;
        writer.write(GlobalKey::Execution, &mut self.execution)?;
        writer.write(GlobalKey::BucketSizes, &mut self.buckets)?;
        writer.write(GlobalKey::Lookbacks, &mut self.lookbacks)?;
        writer.write(GlobalKey::VolatilityLevels, &mut self.levels)?;
        writer.write(GlobalKey::Toxicities, &mut self.toxicities)?;
        writer.write(GlobalKey::FoundCorrelations, &mut self.matrix)?;
        writer.write(GlobalKey::Status, &mut self.status)?;
        writer.write(GlobalKey::Correlation, &mut self.correlation)?;
        writer.write(GlobalKey::Stress, &mut self.stress)?;
        writer.write(GlobalKey::Risk, &mut self.risk)?;
        writer.write(GlobalKey::Macro, &mut self.macros)?;
        writer.write(GlobalKey::Halt, &mut self.halt)
    }

    fn write_events(&self, pipeline: &mut Pipeline<'_>, stream_end: u64) -> RedisResult<()> {
        let kept = EVENTS_KEPT.to_string();
        for entry in self.events.after(stream_end) {
            let id = format!("{}-{}", self.header.epoch, entry.number);
            pipeline.command(&[
                b"XADD",
                GlobalKey::Events.key().as_bytes(),
                b"MAXLEN",
                b"~",
                kept.as_bytes(),
                id.as_bytes(),
                b"json",
                &entry.json,
            ])?;
        }
        Ok(())
    }
}

impl Entry {
    fn new(symbol: Symbol) -> Self {
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

    fn mark(&mut self, kind: SymbolKey) {
        self.changed[kind as usize] = true;
    }

    /// Whether `kind` is one that the engine tells of in turns, and changed.
    fn has_news(&self, kind: SymbolKey) -> bool {
        let is_packed = matches!(
            kind,
            SymbolKey::Ticker | SymbolKey::Last | SymbolKey::Timestamp
        );
        !is_packed && self.changed[kind as usize]
    }

    /// Whether `kind` changed, or would be overdue in `next_ms`.
    fn is_due(&self, kind: SymbolKey, now_ms: u64, next_ms: u64) -> bool {
        let age_ms = now_ms.saturating_sub(self.written_ms[kind as usize]);
        self.changed[kind as usize] || kind.doc().refresh_ms <= age_ms + next_ms
    }

    /// Writes the value of `kind` into `out`; whether there is one.
    fn encode(&self, kind: SymbolKey, header: &Header, out: &mut Vec<u8>) -> bool {
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

/// The tickers of all symbols, as [`Tickers`](wire::market::Tickers) are read.
#[derive(Serialize)]
struct Packed<'a> {
    tickers: BySymbol<'a>,
}

struct BySymbol<'a>(&'a [Option<Box<Entry>>]);

impl Serialize for BySymbol<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.iter().flatten();
        let tickers = entries.filter_map(|entry| Some((entry, entry.market.as_ref()?)));
        serializer.collect_map(tickers.map(|(entry, market)| (entry.symbol.as_str(), market)))
    }
}

struct GlobalWriter<'a, 'b> {
    pipeline: &'a mut Pipeline<'b>,
    header: &'a Header,
    scratch: &'a mut Vec<u8>,
    now_ms: u64,
    whole: bool,
}

impl GlobalWriter<'_, '_> {
    fn write<T: Serialize>(&mut self, key: GlobalKey, global: &mut Global<T>) -> RedisResult<()> {
        let age_ms = self.now_ms.saturating_sub(global.written_ms);
        let due = global.changed || key.doc().refresh_ms <= age_ms + TICK_MS;
        if let Some(value) = &global.value
            && (self.whole || due)
        {
            encode(self.scratch, self.header, value);
            self.pipeline.set(&global_key(key), self.scratch)?;
            global.changed = false;
            global.written_ms = self.now_ms;
        }
        Ok(())
    }

    /// Writes the sectors, each under its own key.
    fn write_sectors(&mut self, sectors: &mut Global<Vec<SectorGroup>>) -> RedisResult<()> {
        let doc = sector_doc();
        let age_ms = self.now_ms.saturating_sub(sectors.written_ms);
        let due = sectors.changed || doc.refresh_ms <= age_ms + TICK_MS;
        if let Some(rows) = &sectors.value
            && (self.whole || due)
        {
            for row in rows {
                encode(self.scratch, self.header, &row.group);
                let key = PreparedKey::new(&of_sector(&row.sector), doc.ttl_ms);
                self.pipeline.set(&key, self.scratch)?;
            }
            sectors.changed = false;
            sectors.written_ms = self.now_ms;
        }
        Ok(())
    }
}

/// Writes between two turns of a key when there are many symbols.
fn turns(kind: SymbolKey) -> usize {
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

/// The prepared write of a key that exists once.
pub(crate) fn global_key(key: GlobalKey) -> PreparedKey {
    PreparedKey::new(key.key(), key.doc().ttl_ms)
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
fn encode<T: Serialize>(out: &mut Vec<u8>, header: &Header, value: &T) {
    out.clear();
    serde_json::to_writer(out, &Stamped::new(header, value))
        .expect("Invariant: a payload is plain data with text keys");
}

#[cfg(test)]
mod tests {
    use super::*;

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
