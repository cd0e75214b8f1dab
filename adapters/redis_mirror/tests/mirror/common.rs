//! What the tests of the mirror share: batches that can be told apart, and patience.

use redis::{Commands, Connection};
use serde::de::DeserializeOwned;
use std::time::Duration;
use wire::analytics::{Delta, Gamma, Imbalance, Vpin};
use wire::closing::Closing;
use wire::cross::{Correlation, DataDrift, Liquidity, Macro, RiskAttribution, Stress};
use wire::dealers::{DealerFlow, GammaProfile};
use wire::discovered::{
    Basis, BucketSize, Discovered, Lookback, Matrix, Parameter, Parameters, Status, Toxicity,
    VolatilityLevels,
};
use wire::event::Event;
use wire::flow::Flow;
use wire::lane::Row;
use wire::market::{Book, Market};
use wire::options_flow::OptionsFlow;
use wire::strikes::GexByStrike;
use wire::volatility::{Regime, Volatility};
use wire::{Batch, Stamped, Symbol};

/// The run that the tests pretend to be.
pub(crate) const EPOCH: u64 = 1_760_000_000_000;

/// The symbol with the number `id`.
pub(crate) fn symbol(id: u32) -> Symbol {
    Symbol::new(&format!("S{id}")).unwrap()
}

/// A batch that shows no symbol.
pub(crate) fn empty(tick: u64) -> Batch {
    let mut batch = Batch::default();
    batch.header.epoch = EPOCH;
    batch.header.tick = tick;
    batch.header.at_ms = 1_000;
    batch.header.digest = 0xabc;
    batch
}

/// A row of the symbol with the number `id`.
pub(crate) fn row<T>(id: u32, value: T) -> Row<T> {
    Row {
        id,
        symbol: symbol(id),
        value,
    }
}

/// A market whose last price is `last`.
pub(crate) fn market(last: f64) -> Market {
    Market {
        last_usd: Some(last),
        at_ms: Some(1_500),
        ..Market::default()
    }
}

/// Sets everything that a symbol has.
pub(crate) fn fill(batch: &mut Batch, id: u32, last: f64) {
    let mut book = Book::default();
    book.bids.push(last, 100);
    batch.markets.set(row(id, market(last)));
    batch.books.set(row(id, book));
    batch.vpins.set(row(
        id,
        Vpin {
            vpin: Some(0.25),
            ..Vpin::default()
        },
    ));
    batch.imbalances.set(row(id, Imbalance::default()));
    batch.flows.set(row(id, Flow::default()));
    batch.volatilities.set(row(id, Volatility::default()));
    batch.regimes.set(row(id, Regime::default()));
    batch.closings.set(row(id, Closing::default()));
    batch.gammas.set(row(id, Gamma::default()));
    batch.deltas.set(row(id, Delta::default()));
    batch.options_flows.set(row(id, OptionsFlow::default()));
    batch.liquidities.set(row(id, Liquidity::default()));
    batch.drifts.set(row(id, DataDrift::default()));
    batch.correlation = Some(Correlation::default());
    batch.stress = Some(Stress::default());
    batch.risk = Some(RiskAttribution::default());
    batch.macros = Some(Macro::default());
    batch.dealer_flows.set(row(id, DealerFlow::default()));
    batch.gamma_profiles.set(row(id, GammaProfile::default()));
    batch.gex_by_strikes.set(row(id, GexByStrike::default()));
}

/// What a round of discovery found for the symbol of number 3.
pub(crate) fn found() -> Discovered {
    fn of<T>(value: T) -> Parameters<T> {
        let parameter = Parameter {
            value,
            basis: basis(),
        };
        Parameters {
            computed_at_ms: Some(1_500),
            symbols: [(symbol(3), parameter)].into(),
        }
    }
    fn basis() -> Basis {
        Basis {
            status: Status::Ok,
            observations: 400,
            reason: None,
        }
    }
    Discovered {
        buckets: of(BucketSize {
            shares: Some(12_000),
            day_volume_shares: Some(600_000),
            median_trade_shares: Some(100),
        }),
        lookbacks: of(Lookback {
            bars: 30,
            bound: None,
        }),
        levels: of(VolatilityLevels {
            low_below: 0.1,
            elevated_from: 0.18,
            high_from: 0.27,
            shock_from: 0.4,
            median: None,
        }),
        toxicities: of(Toxicity {
            vpin: None,
            score: None,
            toxicity: None,
            label: None,
        }),
        matrix: Matrix {
            computed_at_ms: Some(1_500),
            symbols: vec![symbol(3)],
            shrinkage: None,
            matrix: vec![vec![Some(1.0)]],
            basis: basis(),
        },
    }
}

/// An event that can be told from others.
pub(crate) fn event(at_ms: i64) -> Event {
    Event::Halt {
        halted: true,
        reason: "test".to_owned(),
        at_ms,
    }
}

/// The payload under `key`, if it is there.
pub(crate) fn read<T: DeserializeOwned>(
    connection: &mut Connection,
    key: &str,
) -> Option<Stamped<T>> {
    let text: Option<String> = connection.get(key).unwrap();
    text.map(|text| serde_json::from_str(&text).unwrap())
}

/// Waits until `holds`, for half a minute at most.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..3_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain until {what}");
}
