//! What is traded in the options of each underlying since the session's open: volumes, premium and
//! delta by side, what expires today, and contracts that trade far more than is open in them.
//!
//! A trade is counted once, in the tick in which it comes. Open interest and the ranking of unusual
//! contracts need the whole chain: every few seconds, underlyings spread over the ticks of a second, and
//! at once when a contract becomes unusual.

use crate::cadence::{SECOND_TICKS, has_turn};
use crate::chains::Chains;
use crate::ingest::Sources;
use bevy_ecs::prelude::*;
use bevy_ecs::query::QueryNotDenseError;
use components::contract::{ContractId, Expiry, OptionTerms, Right};
use components::flow::{OptionPrint, Tape};
use components::greeks::{Sensitivity, Volatility};
use components::interest::OpenInterest;
use components::market::{SymbolId, Ticker};
use components::options_flow::{ContractVolume, OptionsFlow, UnusualContract};
use components::quality::{Quality, Stamp};
use components::units::{NANOS_PER_SECOND, Timestamp};
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::feeds::Feeds;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use serde::Deserialize;

/// The day's sums.
pub mod counters;
/// Contracts that trade far more than is open in them.
pub mod unusual;

use counters::{OptionSums, ratio};
use unusual::{Ranking, Threshold, unusual};

/// Premium and delta are badly determined when less of the volume than this has a side.
const SIDED_SHARE_MIN: f64 = 0.5;

/// The `options_flow` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct OptionsFlowConfig {
    /// Contracts of a day from which on a contract may be unusual.
    #[garde(custom(within(1, 1_000_000_000)))]
    pub unusual_contracts: u64,
    /// Volume over open interest from which on it is.
    #[garde(custom(within(0.1, 1_000.0)))]
    pub unusual_ratio: f64,
    /// How often open interest is summed and unusual contracts are ranked, seconds.
    #[garde(custom(within(1, 3600)))]
    pub refresh_s: i64,
    /// How long a value holds, milliseconds.
    #[garde(custom(within(250, 3_600_000)))]
    pub valid_ms: i64,
}

impl Section for OptionsFlowConfig {
    const NAME: &'static str = "options_flow";
}

/// The day of an underlying's options so far.
#[derive(Component, Clone, Copy, Debug)]
pub struct OptionsMemory {
    sums: OptionSums,
    unusual_count: u32,
    summed_at: Timestamp,
}

impl Default for OptionsMemory {
    fn default() -> Self {
        Self {
            sums: OptionSums::default(),
            unusual_count: 0,
            summed_at: Timestamp::NEVER,
        }
    }
}

/// Contracts that became unusual in this tick, for those who watch.
#[derive(Resource, Debug, Default)]
pub struct NewlyUnusual(pub Vec<(SymbolId, UnusualContract)>);

/// Adds the flow of options.
#[derive(Debug)]
pub struct OptionsFlowPlugin;

impl Plugin for OptionsFlowPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<OptionsFlowConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<NewlyUnusual>();
        world.register_required_components::<SymbolId, OptionsMemory>();
        world.register_required_components::<SymbolId, OptionsFlow>();
        world.register_required_components::<ContractId, ContractVolume>();
        engine
            .add(Phase::Patterns, open_volumes)
            .add(Phase::Patterns, count_options);
        Ok(())
    }
}

/// Forgets the volumes of the session before.
pub fn open_volumes(tick: Res<Tick>, mut contracts: Query<&mut ContractVolume>) {
    if tick.opens_session {
        for mut volume in &mut contracts {
            *volume = ContractVolume::default();
        }
    }
}

type Counted<'a> = (
    &'a SymbolId,
    &'a Ticker,
    &'a Tape,
    &'a Sources,
    &'a mut OptionsMemory,
    &'a mut OptionsFlow,
);
type Traded<'a> = (
    &'a ContractId,
    &'a OptionTerms,
    &'a OpenInterest,
    &'a Volatility,
    &'a Sensitivity,
    &'a mut ContractVolume,
);

/// The columns of the contracts, by row.
struct Columns<'w> {
    ids: &'w [ContractId],
    terms: &'w [OptionTerms],
    interests: &'w [OpenInterest],
    volatilities: &'w [Volatility],
    sensitivities: &'w [Sensitivity],
    volumes: &'w mut [ContractVolume],
}

/// Counts the option trades of every underlying.
///
/// # Errors
/// When contracts do not lie in dense tables, which no plugin may cause.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn count_options(
    tick: Res<Tick>,
    config: Res<OptionsFlowConfig>,
    chains: Res<Chains>,
    feeds: Res<Feeds>,
    mut newly: ResMut<NewlyUnusual>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut underlyings: Query<Counted<'_>>,
    mut contracts: Query<Traded<'_>, With<ContractId>>,
) -> Result<(), QueryNotDenseError> {
    newly.0.clear();
    let mut tables = contracts.contiguous_iter_mut()?;
    let Some((ids, terms, interests, volatilities, sensitivities, mut volumes)) = tables.next()
    else {
        return Ok(());
    };
    let mut columns = Columns {
        ids,
        terms,
        interests,
        volatilities,
        sensitivities,
        volumes: volumes.bypass_change_detection(),
    };
    let today = Expiry::on(tick.session.date);
    let threshold = Threshold {
        contracts: config.unusual_contracts,
        ratio: config.unusual_ratio,
    };
    for (symbol, ticker, tape, sources, mut memory, mut flow) in &mut underlyings {
        if tick.opens_session {
            *memory = OptionsMemory::default();
        }
        let known = newly.0.len();
        let mut counted = false;
        for print in tape.options.iter().filter(|p| p.at >= tick.session.open) {
            let Some(row) = chains.row(print.contract) else {
                continue;
            };
            counted = true;
            memory.take(&mut columns, row, print, today);
            if let Some(one) = columns.call_unusual(row, threshold) {
                newly.0.push((*symbol, one));
            }
        }
        let turn = has_turn(*symbol, &tick, SECOND_TICKS);
        let age = tick.now.nanos_since(memory.summed_at);
        let due = turn && config.refresh_s * NANOS_PER_SECOND <= age;
        if !due && !counted {
            continue;
        }
        if due || known < newly.0.len() {
            memory.summed_at = tick.now;
            let rows = chains.runs_of(*symbol).iter().flat_map(|run| run.rows());
            let summary = columns.sum(rows, threshold, &mut |one| newly.0.push((*symbol, one)));
            summary.publish(&mut flow);
        }
        let first = newly.0.get(known..).unwrap_or_default();
        memory.unusual_count += u32::try_from(first.len()).unwrap_or(u32::MAX);
        for (_, one) in first {
            transcript.line(format_args!(
                "unusual {ticker} {} volume {} interest {} {}",
                one.terms.osi(),
                one.volume.contracts,
                one.interest,
                one.reason.name()
            ));
        }
        memory.sums.publish(&mut flow);
        flow.unusual_count = memory.unusual_count;
        let fresh = feeds.is_fresh(sources.chain, tick.now);
        let has_interest = flow.call_interest + flow.put_interest > 0;
        let quality = match memory.sums.volume() {
            0 if !has_interest => Quality::NoData,
            _ if !fresh => Quality::Stale,
            _ => Quality::Ok,
        };
        let sided = match flow.sided_share {
            _ if memory.sums.sided() == 0 => Quality::NoData,
            _ if !fresh => Quality::Stale,
            Some(share) if SIDED_SHARE_MIN <= share => Quality::Ok,
            _ => Quality::IllConditioned,
        };
        flow.stamp = Stamp::new(tick.now, config.valid_ms, quality);
        flow.sided = Stamp::new(tick.now, config.valid_ms, sided);
        digest.fold(Phase::Patterns, flow.call_volume ^ (flow.put_volume << 32));
        digest.fold_floats(
            Phase::Patterns,
            &[
                flow.put_call_interest.unwrap_or(-1.0),
                flow.delta_shares.unwrap_or(0.0),
                flow.bought.unwrap_or_default().dollars(),
                flow.sold.unwrap_or_default().dollars(),
            ],
        );
        digest.fold(Phase::Patterns, u64::from(flow.unusual_count));
    }
    Ok(())
}

impl OptionsMemory {
    fn take(&mut self, columns: &mut Columns<'_>, row: usize, print: &OptionPrint, today: Expiry) {
        let terms = &columns.terms[row];
        let usable = columns.volatilities[row].status.is_usable();
        let delta = usable.then_some(columns.sensitivities[row].delta);
        let expires = terms.expiry == today;
        let volume = &mut columns.volumes[row];
        self.sums.take(print, terms, delta, expires, volume);
    }
}

impl Columns<'_> {
    /// The contract in `row`, if it is unusual for the first time in this session.
    fn call_unusual(&mut self, row: usize, threshold: Threshold) -> Option<UnusualContract> {
        if self.volumes[row].unusual {
            return None;
        }
        let reason = threshold.judge(&self.volumes[row], &self.interests[row])?;
        self.volumes[row].unusual = true;
        let (volume, interest) = (&self.volumes[row], &self.interests[row]);
        Some(unusual(
            self.ids[row],
            &self.terms[row],
            volume,
            interest,
            reason,
        ))
    }

    /// Sums open interest and ranks what is unusual; `first` is told of what is for the first time.
    fn sum(
        &mut self,
        rows: impl Iterator<Item = usize>,
        threshold: Threshold,
        first: &mut impl FnMut(UnusualContract),
    ) -> Summary {
        let mut summary = Summary::default();
        for row in rows {
            let open = u64::from(self.interests[row].contracts);
            match self.terms[row].right {
                Right::Call => summary.calls += open,
                Right::Put => summary.puts += open,
            }
            // Open interest may be told after the trades.
            if let Some(one) = self.call_unusual(row, threshold) {
                first(one);
            }
            let (volume, interest) = (&self.volumes[row], &self.interests[row]);
            if let Some(reason) = threshold.judge(volume, interest) {
                let one = unusual(self.ids[row], &self.terms[row], volume, interest, reason);
                summary.ranking.take(one);
            }
        }
        summary
    }
}

/// What a walk over a chain gives.
#[derive(Default)]
struct Summary {
    calls: u64,
    puts: u64,
    ranking: Ranking,
}

impl Summary {
    fn publish(&self, flow: &mut OptionsFlow) {
        flow.call_interest = self.calls;
        flow.put_interest = self.puts;
        flow.put_call_interest = ratio(self.puts, self.calls);
        flow.unusual = self.ranking.places();
    }
}
