//! The kernels on one thread: pure functions over slices.

use crate::Failure;
use crate::measure::{Durations, Settings, throughput};
use crate::report::Figure;
use components::contract::Right;
use components::exposure::ExposureWeight;
use components::greeks::{Cross, IvStatus, Sensitivity};
use components::market::Level;
use components::units::{Price, Timestamp};
use daemon::resources::Stopwatch;
use engine::random::Stream;
use systems::exposure::sums::{cross_sums, exposure_sums};
use systems::exposure::zero_gamma::{GammaCurve, WeightedColumns, zero_gamma};
use systems::greeks::black_scholes::{Greeks, Status, black_scholes_rows};
use systems::greeks::implied_volatility::implied_volatility_rows;
use systems::greeks::terms::Columns;
use systems::imbalance::book::view_book;
use systems::vpin::bars::Trades;
use systems::vpin::bulk::{BulkParameters, BulkVpin};
use systems::vpin::volume_clock::VolumeClock;

/// The spot of the benches' chain in dollars.
const SPOT: f64 = 100.0;
/// The rate of the benches' chain.
const RATE: f64 = 0.04;
/// Strikes of an expiry.
const STRIKES: usize = 100;

/// A chain in expiry order with a smile: 100 strikes an expiry, calls and puts in turn.
struct Chain {
    right: Vec<Right>,
    strike: Vec<f64>,
    years: Vec<f64>,
    rate: Vec<f64>,
    dividend_yield: Vec<f64>,
    volatility: Vec<f64>,
    weight: Vec<f64>,
}

impl Chain {
    fn new(rows: usize) -> Self {
        let mut draws = Stream::new(7, "bench-chain", 0);
        let place = |row: usize| (row % (2 * STRIKES)) / 2;
        let deviations = |row: usize| (place(row) as f64 - 0.5 * STRIKES as f64) / 20.0;
        let years = |row: usize| 0.01 + 0.02 * ((row / (2 * STRIKES)) % 50) as f64;
        let rights = [Right::Call, Right::Put];
        let deviation = |row: usize| 0.2 * years(row).sqrt();
        Self {
            right: (0..rows).map(|row| rights[row % 2]).collect(),
            strike: (0..rows)
                .map(|row| SPOT * (1.0 + deviations(row) * deviation(row)).max(0.1))
                .collect(),
            years: (0..rows).map(years).collect(),
            rate: vec![RATE; rows],
            dividend_yield: vec![0.0; rows],
            volatility: (0..rows)
                .map(|row| 0.2 - 0.01 * deviations(row) + 0.02 * draws.uniform())
                .collect(),
            weight: (0..rows)
                .map(|row| rights[row % 2].phi() * (1.0 + draws.below(5_000) as f64) * 100.0)
                .collect(),
        }
    }

    fn columns(&self) -> Columns<'_> {
        Columns {
            right: &self.right,
            strike: &self.strike,
            years: &self.years,
            rate: &self.rate,
            dividend_yield: &self.dividend_yield,
        }
    }

    fn greeks(&self) -> Vec<Greeks> {
        let rows = self.right.len();
        let (mut statuses, mut greeks) = (vec![Status::Error; rows], vec![Greeks::default(); rows]);
        let volatilities = &self.volatility;
        black_scholes_rows(
            SPOT,
            &self.columns(),
            volatilities,
            &mut statuses,
            &mut greeks,
        );
        greeks
    }
}

/// Calls of a kernel in one measured run, so that a run of few rows takes long enough to time.
fn calls(rows: usize) -> usize {
    (200_000 / rows).max(1)
}

/// Price and eight Greeks.
pub(crate) fn greeks(settings: &Settings, rows: usize) -> Result<Vec<Figure>, Failure> {
    let chain = Chain::new(rows);
    let (mut statuses, mut values) = (vec![Status::Error; rows], vec![Greeks::default(); rows]);
    let calls = calls(rows);
    let name = format!("kernel/greeks/{rows}");
    let work = |run: usize| {
        for call in 0..calls {
            let spot = SPOT + 0.01 * ((run + call) % 10) as f64;
            black_scholes_rows(
                spot,
                &chain.columns(),
                &chain.volatility,
                &mut statuses,
                &mut values,
            );
        }
        values[rows / 2].charm
    };
    let items = rows * calls;
    Ok(vec![throughput(
        name,
        "contracts_per_s",
        items,
        settings.times(15, 5),
        work,
    )])
}

/// Prices to volatilities, out of the money as the engine asks.
pub(crate) fn implied_vol(settings: &Settings, rows: usize) -> Result<Vec<Figure>, Failure> {
    let mut chain = Chain::new(rows);
    for (right, strike) in chain.right.iter_mut().zip(&chain.strike) {
        *right = if *strike >= SPOT {
            Right::Call
        } else {
            Right::Put
        };
    }
    let prices: Vec<f64> = chain.greeks().iter().map(|greeks| greeks.price).collect();
    let columns = chain.columns();
    let (mut statuses, mut volatilities) = (vec![IvStatus::NoQuote; rows], vec![None; rows]);
    let calls = calls(rows);
    let name = format!("kernel/implied_vol/{rows}");
    let work = |_| {
        for _ in 0..calls {
            implied_volatility_rows(SPOT, &columns, &prices, &mut statuses, &mut volatilities);
        }
        volatilities[rows / 2]
    };
    let items = rows * calls;
    let figure = throughput(name, "contracts_per_s", items, settings.times(11, 3), work);
    let solved = volatilities.iter().flatten().count();
    Ok(vec![figure.note(format!(
        "{solved} of {rows} prices have a volatility"
    ))])
}

/// Gamma and delta sums of a chain; beside it those of vanna and charm.
pub(crate) fn exposure(settings: &Settings, rows: usize) -> Result<Vec<Figure>, Failure> {
    let chain = Chain::new(rows);
    let greeks = chain.greeks();
    let sensitivity: Vec<Sensitivity> = greeks.iter().map(Greeks::sensitivity).collect();
    let cross: Vec<Cross> = greeks.iter().map(Greeks::cross).collect();
    let weight: Vec<ExposureWeight> = chain.weight.iter().copied().map(ExposureWeight).collect();
    drop((chain, greeks));
    let calls = calls(rows) * 10;
    let (items, times) = (rows * calls, settings.times(31, 9));
    let unit = "contracts_per_s";
    let sums = |_| {
        let mut total = 0.0;
        for _ in 0..calls {
            total += exposure_sums(std::hint::black_box(&sensitivity), &weight).gamma;
        }
        total
    };
    let crosses = |_| {
        let mut total = 0.0;
        for _ in 0..calls {
            total += cross_sums(std::hint::black_box(&cross), &weight).charm;
        }
        total
    };
    let name = format!("kernel/exposure/{rows}");
    Ok(vec![
        throughput(name, unit, items, times, sums),
        throughput(
            format!("kernel/exposure_cross/{rows}"),
            unit,
            items,
            times,
            crosses,
        ),
    ])
}

/// The curve of dealer gamma over 81 spots, and its roots.
pub(crate) fn zero_gamma_curve(settings: &Settings, rows: usize) -> Result<Vec<Figure>, Failure> {
    let chain = Chain::new(rows);
    let columns = WeightedColumns {
        strike: &chain.strike,
        years: &chain.years,
        rate: &chain.rate,
        dividend_yield: &chain.dividend_yield,
        volatility: &chain.volatility,
        weight: &chain.weight,
    };
    let mut curve = GammaCurve::default();
    let mut durations = Durations::new()?;
    let span = crate::measure::Span::start();
    for _ in 0..settings.times(4_000_000 / rows, 1_000_000 / rows).max(50) {
        let watch = Stopwatch::start();
        zero_gamma(SPOT, std::hint::black_box(&columns), &mut curve);
        durations.record(watch.elapsed());
    }
    let (wall_s, cpu_s) = span.end();
    let name = format!("kernel/zero_gamma/{rows}");
    let figure = Figure::new(name, "us", durations.percentiles()).spent(wall_s, cpu_s);
    Ok(vec![
        figure.note(format!("{} roots in the curve", curve.roots.len())),
    ])
}

/// Volume buckets by bulk classification.
pub(crate) fn vpin(settings: &Settings, trades: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-tape", 0);
    let session_ns: i64 = 23_400 * 1_000_000_000;
    let apart = session_ns / i64::try_from(trades)?;
    let mut at = 0_i64;
    let times_ns: Vec<i64> = (0..trades)
        .map(|_| {
            at += apart;
            at
        })
        .collect();
    let mut price = 1_000_000_i64;
    let prices: Vec<i64> = (0..trades)
        .map(|_| {
            price += if draws.chance(0.5) { 100 } else { -100 };
            price
        })
        .collect();
    let sizes: Vec<u32> = (0..trades)
        .map(|_| u32::try_from(1 + draws.below(400)).unwrap_or(1))
        .collect();
    let tape = Trades {
        times_ns: &times_ns,
        prices: &prices,
        sizes: &sizes,
    };
    let name = format!("kernel/vpin/{trades}");
    let work = |_| {
        let clock = VolumeClock::new(1_000_000, 50)?;
        let mut vpin = BulkVpin::new(clock, BulkParameters::default())?;
        let mut buckets = 0_u64;
        vpin.start_session(Timestamp(0), &mut |_| buckets += 1);
        vpin.extend(std::hint::black_box(tape), &mut |_| buckets += 1);
        Ok::<_, systems::vpin::volume_clock::ParameterError>((buckets, vpin.clock().vpin()))
    };
    let (buckets, value) = work(0)?;
    let figure = throughput(name, "trades_per_s", trades, settings.times(15, 5), work);
    let value = value.unwrap_or(f64::NAN);
    Ok(vec![figure.note(format!(
        "{buckets} buckets, the last VPIN is {value:.3}"
    ))])
}

/// Everything that five levels a side say.
pub(crate) fn book(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    const BOOKS: usize = 1_000;
    let mut draws = Stream::new(7, "bench-books", 0);
    let mut side = |best: i64, step: i64| -> Vec<Level> {
        (0..5_i64)
            .map(|level| Level {
                price: Price(best + level * step),
                size: u32::try_from(1 + draws.below(5_000)).unwrap_or(1),
            })
            .collect()
    };
    let books: Vec<(Vec<Level>, Vec<Level>)> = (0..BOOKS)
        .map(|_| (side(999_900, -100), side(1_000_100, 100)))
        .collect();
    let work = |_| {
        let mut total = 0.0;
        for _ in 0..100 {
            for (bids, asks) in &books {
                let view = view_book(std::hint::black_box(bids), asks);
                total += view.values.map_or(0.0, |values| values.obi_l5);
            }
        }
        total
    };
    let times = settings.times(31, 9);
    Ok(vec![throughput(
        "kernel/book".to_owned(),
        "books_per_s",
        100 * BOOKS,
        times,
        work,
    )])
}

/// What one reading of the clock costs: the error of every short duration here.
pub(crate) fn clock(_: &Settings) -> Result<Vec<Figure>, Failure> {
    let mut durations = Durations::new()?;
    for _ in 0..100_000 {
        let watch = Stopwatch::start();
        durations.record(watch.elapsed());
    }
    Ok(vec![Figure::new(
        "machine/clock",
        "us",
        durations.percentiles(),
    )])
}
