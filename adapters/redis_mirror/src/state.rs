//! The newest state of every symbol, and which keys are due.
//!
//! The tickers of all symbols are written with every write, packed into one value. Books and
//! analytics are written when they change, which the engine tells of a part of the symbols in each
//! tick while there are many ([`wire::turn`]); what else a symbol has, and what would be overdue before
//! the next turn, is written at its turn. A server takes some 1.5 us for a key that it has not touched
//! for a while, so that eight keys of 1,000 symbols at once would take 12 ms.

use crate::entry::{Entry, encode, turns};
use crate::pipeline::{Pipeline, PreparedKey};
use crate::recent::Recent;
use redis::RedisResult;
use serde::{Serialize, Serializer};
use wire::account::{Account, Orders, Positions, SignalCounts};
use wire::batch::Heartbeat;
use wire::cross::{Correlation, Macro, RiskAttribution, Stress};
use wire::dealers::{Group, SectorGroup};
use wire::discovered::{
    BucketSize, Discovered, Lookback, Matrix, Parameters, Toxicity, VolatilityLevels,
};
use wire::execution::Execution;
use wire::keys::{EVENTS_KEPT, GlobalKey, SymbolKey, of_sector, sector_doc};
use wire::lane::{Lane, Row};
use wire::status::{Halt, Status};
use wire::turn::{SLOW_TURNS, TICK_MS, TURNS, Turn};
use wire::{Batch, Header};

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
        self.take_lane(&batch.books, SymbolKey::Book, |entry| &mut entry.book);
        self.take_lane(&batch.vpins, SymbolKey::Vpin, |entry| &mut entry.vpin);
        self.take_lane(&batch.imbalances, SymbolKey::Obi, |entry| {
            &mut entry.imbalance
        });
        self.take_lane(&batch.flows, SymbolKey::Flow, |entry| &mut entry.flow);
        self.take_lane(&batch.volatilities, SymbolKey::Volatility, |entry| {
            &mut entry.volatility
        });
        self.take_lane(&batch.regimes, SymbolKey::Regime, |entry| &mut entry.regime);
        self.take_lane(&batch.closings, SymbolKey::Closing, |entry| {
            &mut entry.closing
        });
        self.take_lane(&batch.gammas, SymbolKey::Gex, |entry| &mut entry.gamma);
        self.take_lane(&batch.deltas, SymbolKey::Dex, |entry| &mut entry.delta);
        self.take_lane(&batch.options_flows, SymbolKey::OptionsFlow, |entry| {
            &mut entry.options_flow
        });
        self.take_lane(&batch.liquidities, SymbolKey::Liquidity, |entry| {
            &mut entry.liquidity
        });
        self.take_lane(&batch.drifts, SymbolKey::Drift, |entry| &mut entry.drift);
        self.correlation.take(&mut batch.correlation);
        self.stress.take(&mut batch.stress);
        self.risk.take(&mut batch.risk);
        self.macros.take(&mut batch.macros);
        self.take_lane(&batch.dealer_flows, SymbolKey::DealerFlow, |entry| {
            &mut entry.dealer_flow
        });
        self.take_lane(&batch.gamma_profiles, SymbolKey::GammaProfile, |entry| {
            &mut entry.gamma_profile
        });
        self.take_lane(&batch.gex_by_strikes, SymbolKey::GexByStrike, |entry| {
            &mut entry.gex_by_strike
        });
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

    /// Takes over the newest values of a kind.
    fn take_lane<T: Clone>(
        &mut self,
        lane: &Lane<T>,
        kind: SymbolKey,
        value: fn(&mut Entry) -> &mut Option<T>,
    ) {
        for row in lane.rows() {
            let entry = self.entry(row);
            *value(entry) = Some(row.value.clone());
            entry.mark(kind);
        }
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

/// The prepared write of a key that exists once.
pub(crate) fn global_key(key: GlobalKey) -> PreparedKey {
    PreparedKey::new(key.key(), key.doc().ttl_ms)
}
