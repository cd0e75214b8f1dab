//! Discovery: everything that the tapes of a number of underlyings say, in one go.

use crate::Failure;
use crate::measure::{Settings, throughput};
use crate::report::Figure;
use components::market::{Side, Ticker};
use components::units::{Price, Timestamp};
use engine::random::Stream;
use std::collections::BTreeMap;
use systems::discovery::seen::{Day, Minute, Seen};
use systems::discovery::{Rules, discover};
use systems::patterns::shapes::{BlockSize, SidedTrade};
use systems::vpin::bulk::BulkParameters;

/// Trades of a tape: as many as the engine remembers.
const TRADES: usize = 20_000;
/// Minutes of a tape: a session.
const MINUTES: usize = 390;
/// Nanoseconds of a minute.
const MINUTE_NANOS: i64 = 60_000_000_000;

/// The tape of an underlying.
struct Tape {
    symbol: Ticker,
    trades: Vec<SidedTrade>,
    minutes: Vec<Minute>,
    days: [Day; 1],
}

impl Tape {
    fn new(place: usize) -> Result<Self, Failure> {
        let mut draws = Stream::new(7, "bench-discovery", place as u64);
        let apart = MINUTE_NANOS * i64::try_from(MINUTES)? / i64::try_from(TRADES)?;
        let (mut at, mut price) = (0_i64, 1_000_000_i64);
        let mut trades = Vec::with_capacity(TRADES);
        let mut minutes: Vec<Minute> = Vec::with_capacity(MINUTES);
        while trades.len() < TRADES {
            let rises = draws.chance(0.5);
            price += if rises { 100 } else { -100 };
            let trade = SidedTrade {
                at: Timestamp(at),
                price: Price(price),
                size: 1 + draws.below(400),
                side: Some(if rises { Side::Buy } else { Side::Sell }),
                sweep_flag: false,
            };
            let minute = at / MINUTE_NANOS;
            if minutes.last().is_none_or(|last| last.place != minute) {
                minutes.push(Minute {
                    session: Timestamp(0),
                    place: minute,
                    volume: 0,
                    close: None,
                });
            }
            if let Some(last) = minutes.last_mut() {
                last.volume += trade.size;
                last.close = Some(trade.price.dollars());
            }
            trades.push(trade);
            at += apart;
        }
        let volume = minutes.iter().map(|minute| minute.volume).sum();
        Ok(Self {
            symbol: Ticker::new(&format!("S{place}"))?,
            trades,
            days: [Day {
                volume,
                minutes: minutes.len() as u64,
            }],
            minutes,
        })
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            symbol: self.symbol,
            trades: &self.trades,
            minutes: &self.minutes,
            days: &self.days,
            round_lot: 100,
        }
    }
}

/// A complete discovery over `symbols` tapes of a session.
pub(crate) fn discovery(settings: &Settings, symbols: usize) -> Result<Vec<Figure>, Failure> {
    let tapes: Vec<Tape> = (0..symbols).map(Tape::new).collect::<Result<_, _>>()?;
    let seen: Vec<Seen<'_>> = tapes.iter().map(Tape::seen).collect();
    let rules = Rules {
        block: BlockSize {
            shares: 10_000,
            dollars: 1_000_000,
        },
        round_lots: BTreeMap::new(),
        trades_min: 20,
        window_buckets: 50,
        bulk: BulkParameters::default(),
    };
    let work = |_| discover(std::hint::black_box(&seen), &rules, Timestamp(0));
    let found = work(0);
    let shares = found
        .symbols
        .first()
        .and_then(|first| first.vpin_bucket.shares);
    let name = format!("kernel/discovery/{symbols}");
    let times = settings.times(31, 9);
    let figure = throughput(name, "symbols_per_s", symbols, times, work);
    Ok(vec![figure.note(format!(
        "{TRADES} trades and {MINUTES} minutes each; the first bucket is {} shares",
        shares.unwrap_or(0)
    ))])
}
