//! Everything that one tick shows.
//!
//! Only what changed since the batch before is in it. A batch that was not shown takes in the next
//! one ([`Batch::merge_newer`]), so that a slow mirror skips states but loses no symbol's newest.

use crate::account::{Account, Orders, Positions, SignalCounts};
use crate::analytics::{Delta, Gamma, Imbalance, Vpin};
use crate::closing::Closing;
use crate::cross::{Correlation, DataDrift, Liquidity, Macro, RiskAttribution, Stress};
use crate::dealers::{DealerFlow, GammaProfile, Group, SectorGroup};
use crate::discovered::Discovered;
use crate::event::Events;
use crate::execution::Execution;
use crate::flow::Flow;
use crate::lane::Lane;
use crate::market::{Book, Market};
use crate::options_flow::OptionsFlow;
use crate::status::Status;
use crate::strikes::GexByStrike;
use crate::volatility::{Regime, Volatility};
use serde::{Deserialize, Serialize};

/// Which run and tick a batch belongs to. Readers drop an older epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The run: milliseconds since 1970 at its start by the host's clock, so that it only rises.
    pub epoch: u64,
    /// The number of the tick in the run, from 1; 0 before the first.
    pub tick: u64,
    /// The engine's time at the tick.
    pub at_ms: i64,
    /// The digest of the run up to the tick before.
    pub digest: u64,
}

/// What a tick shows.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Which run and tick.
    pub header: Header,
    /// Quotes, trades and spot.
    pub markets: Lane<Market>,
    /// Order books.
    pub books: Lane<Book>,
    /// VPIN.
    pub vpins: Lane<Vpin>,
    /// Imbalance of the books.
    pub imbalances: Lane<Imbalance>,
    /// What trades look like.
    pub flows: Lane<Flow>,
    /// Volatility that was and that is expected.
    pub volatilities: Lane<Volatility>,
    /// What volatility and the market are called.
    pub regimes: Lane<Regime>,
    /// What the closing auctions are expected to be short of.
    pub closings: Lane<Closing>,
    /// Gamma exposure.
    pub gammas: Lane<Gamma>,
    /// Delta exposure.
    pub deltas: Lane<Delta>,
    /// What is traded in options.
    pub options_flows: Lane<OptionsFlow>,
    /// How much can be traded and at what cost.
    pub liquidities: Lane<Liquidity>,
    /// Whether data are as they were.
    pub drifts: Lane<DataDrift>,
    /// How all underlyings move together, if it was computed.
    pub correlation: Option<Correlation>,
    /// What the book would gain in scenarios, if it was computed.
    pub stress: Option<Stress>,
    /// Where the risk of the book comes from, if it was computed.
    pub risk: Option<RiskAttribution>,
    /// What macro series say, if they were read.
    pub macros: Option<Macro>,
    /// What dealers must trade.
    pub dealer_flows: Lane<DealerFlow>,
    /// Dealer gamma over a range of spots.
    pub gamma_profiles: Lane<GammaProfile>,
    /// Gamma exposure strike by strike.
    pub gex_by_strikes: Lane<GexByStrike>,
    /// Exposures of all underlyings together, if they changed.
    pub portfolio: Option<Group>,
    /// Exposures by sector, if they changed.
    pub sectors: Option<Vec<SectorGroup>>,
    /// Money, if it changed.
    pub account: Option<Account>,
    /// What is held, if it changed.
    pub positions: Option<Positions>,
    /// Working orders, if they changed.
    pub orders: Option<Orders>,
    /// Counts of signals, if they changed.
    pub signals: Option<SignalCounts>,
    /// How orders were executed, if that changed.
    pub execution: Option<Execution>,
    /// What a round of discovery found, if one ended.
    pub discovered: Option<Discovered>,
    /// How the engine fares, if that changed or was not shown for a second.
    pub status: Option<Status>,
    /// What happened.
    pub events: Events,
}

impl Batch {
    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {
        self.header = Header::default();
        self.markets.clear();
        self.books.clear();
        self.vpins.clear();
        self.imbalances.clear();
        self.flows.clear();
        self.volatilities.clear();
        self.regimes.clear();
        self.closings.clear();
        self.gammas.clear();
        self.deltas.clear();
        self.options_flows.clear();
        self.liquidities.clear();
        self.drifts.clear();
        self.correlation = None;
        self.stress = None;
        self.risk = None;
        self.macros = None;
        self.dealer_flows.clear();
        self.gamma_profiles.clear();
        self.gex_by_strikes.clear();
        self.portfolio = None;
        self.sectors = None;
        self.account = None;
        self.positions = None;
        self.orders = None;
        self.signals = None;
        self.execution = None;
        self.discovered = None;
        self.status = None;
        self.events.clear();
    }

    /// Takes in the batch that came after this one, and empties it.
    pub fn merge_newer(&mut self, newer: &mut Self) {
        self.header = newer.header;
        self.markets.merge(&newer.markets);
        self.books.merge(&newer.books);
        self.vpins.merge(&newer.vpins);
        self.imbalances.merge(&newer.imbalances);
        self.flows.merge(&newer.flows);
        self.volatilities.merge(&newer.volatilities);
        self.regimes.merge(&newer.regimes);
        self.closings.merge(&newer.closings);
        self.gammas.merge(&newer.gammas);
        self.deltas.merge(&newer.deltas);
        self.options_flows.merge(&newer.options_flows);
        self.liquidities.merge(&newer.liquidities);
        self.drifts.merge(&newer.drifts);
        replace(&mut self.correlation, &mut newer.correlation);
        replace(&mut self.stress, &mut newer.stress);
        replace(&mut self.risk, &mut newer.risk);
        replace(&mut self.macros, &mut newer.macros);
        self.dealer_flows.merge(&newer.dealer_flows);
        self.gamma_profiles.merge(&newer.gamma_profiles);
        self.gex_by_strikes.merge(&newer.gex_by_strikes);
        replace(&mut self.portfolio, &mut newer.portfolio);
        replace(&mut self.sectors, &mut newer.sectors);
        replace(&mut self.account, &mut newer.account);
        replace(&mut self.positions, &mut newer.positions);
        replace(&mut self.orders, &mut newer.orders);
        replace(&mut self.signals, &mut newer.signals);
        replace(&mut self.execution, &mut newer.execution);
        replace(&mut self.discovered, &mut newer.discovered);
        replace(&mut self.status, &mut newer.status);
        self.events.append(&mut newer.events);
        newer.clear();
    }
}

/// A payload with its version and the run and tick it shows; one flat JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped<T> {
    /// The version of the payload.
    pub v: u32,
    /// The run.
    pub epoch: u64,
    /// The newest tick that the value is known to hold for.
    pub tick: u64,
    /// The payload.
    #[serde(flatten)]
    pub value: T,
}

impl<T> Stamped<T> {
    /// `value` as of `header`.
    pub fn new(header: &Header, value: T) -> Self {
        Self {
            v: crate::VERSION,
            epoch: header.epoch,
            tick: header.tick,
            value,
        }
    }
}

/// How the engine and its mirror fare: the payload of `heartbeat:engine`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The engine's time at the tick.
    pub at_ms: i64,
    /// The digest of the run up to the tick before, 16 hexadecimal digits.
    pub digest: String,
    /// Symbols shown.
    pub symbols: u64,
    /// Batches replaced by a newer one before they were shown.
    pub conflated: u64,
    /// Events dropped for want of room.
    pub events_lost: u64,
}

fn replace<T>(older: &mut Option<T>, newer: &mut Option<T>) {
    if newer.is_some() {
        *older = newer.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::lane::Row;
    use crate::symbol::Symbol;

    fn market(id: u32, name: &str, last: f64) -> Row<Market> {
        Row {
            id,
            symbol: Symbol::new(name).unwrap(),
            value: Market {
                last_usd: Some(last),
                ..Market::default()
            },
        }
    }

    fn halt(at_ms: i64) -> Event {
        Event::Halt {
            halted: true,
            reason: String::new(),
            at_ms,
        }
    }

    fn batch(tick: u64) -> Batch {
        let mut batch = Batch::default();
        batch.header.tick = tick;
        batch.events.push(halt(tick as i64));
        batch
    }

    #[test]
    fn merging_keeps_the_newest_state_and_every_event() {
        let mut older = batch(1);
        older.markets.set(market(0, "SPY", 1.0));
        older.markets.set(market(1, "QQQ", 2.0));
        older.account = Some(Account::default());
        let mut newer = batch(2);
        newer.markets.set(market(1, "QQQ", 3.0));
        older.merge_newer(&mut newer);
        assert_eq!(older.header.tick, 2);
        assert_eq!(
            older.markets.rows(),
            [market(0, "SPY", 1.0), market(1, "QQQ", 3.0)]
        );
        assert!(older.account.is_some());
        let events: Vec<_> = older.events.iter().cloned().collect();
        assert_eq!(events, [halt(1), halt(2)]);
        assert!(newer.markets.rows().is_empty() && newer.events.is_empty());
    }

    #[test]
    fn a_cleared_batch_is_a_new_one() {
        let mut batch = batch(4);
        batch.markets.set(market(3, "SPY", 1.0));
        batch.orders = Some(Orders::default());
        batch.clear();
        assert_eq!(
            format!("{:?}", batch.header),
            format!("{:?}", Header::default())
        );
        assert!(batch.markets.rows().is_empty() && batch.orders.is_none());
        assert!(batch.events.is_empty());
    }

    #[test]
    fn a_stamped_payload_is_one_flat_object() {
        let header = Header {
            epoch: 9,
            tick: 4,
            ..Header::default()
        };
        let stamped = Stamped::new(&header, market(0, "SPY", 2.5).value);
        let json = serde_json::to_string(&stamped).unwrap();
        assert!(
            json.starts_with(r#"{"v":1,"epoch":9,"tick":4,"bid_usd":null"#),
            "{json}"
        );
        assert_eq!(
            serde_json::from_str::<Stamped<Market>>(&json).unwrap(),
            stamped
        );
    }
}
