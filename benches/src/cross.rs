//! What is computed over all underlyings or over the book: correlations, scenarios, liquidity.

use crate::Failure;
use crate::measure::{Settings, throughput};
use crate::report::Figure;
use components::contract::{Contract, Instrument, OptionTerms};
use components::market::{Level, Ticker};
use components::units::Price;
use daemon::assemble::DEFAULT_CONFIG;
use engine::calendar::Calendar;
use engine::clock::Tick;
use engine::config::Layers;
use engine::random::Stream;
use jiff::civil::date;
use systems::comovement::CorrelationMatrix;
use systems::comovement::returns::Returns;
use systems::ledger::HoldingRange;
use systems::liquidity::walk::Sides;
use systems::liquidity::{LiquidityConfig, liquidity_of};
use systems::risk::RiskConfig;
use systems::risk::book::UnitGreeks;
use systems::risk::holdings::Held;
use systems::risk::revaluation::Inputs;
use systems::stress::config::StressConfig;
use systems::stress::report::outcome;

/// The matrix of `symbols` underlyings over two hours of minutes.
pub(crate) fn correlation(settings: &Settings, symbols: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-correlation", 0);
    let session = Calendar::nyse()
        .session(date(2026, 3, 2))
        .ok_or("no session")?;
    let mut prices: Vec<(Ticker, f64)> = (0..symbols)
        .map(|place| Ok((Ticker::new(&format!("S{place}"))?, 100.0)))
        .collect::<Result<_, Failure>>()?;
    let mut returns = Returns::default();
    for minute in 1..=121_i64 {
        let common = draws.uniform() - 0.5;
        for (_, price) in &mut prices {
            *price *= 1.0 + 0.001 * (common + draws.uniform() - 0.5);
        }
        let tick = Tick {
            number: minute.unsigned_abs(),
            now: session.open.plus_millis(minute * 60_000),
            session,
            opens_session: minute == 1,
            skipped: 0,
            jumped_ms: 0,
        };
        let all = prices.iter().map(|(ticker, price)| (*ticker, Some(*price)));
        returns.observe(&tick, all);
    }
    let work = |_| CorrelationMatrix::of(std::hint::black_box(&returns));
    let found = work(0);
    let name = format!("kernel/correlation/{symbols}");
    let figure = throughput(name, "matrices_per_s", 1, settings.times(61, 15), work);
    Ok(vec![figure.note(format!(
        "{} rows, shrunk by {:.3}, average {:.3}",
        found.rows,
        found.shrinkage.unwrap_or(0.0),
        found.average.unwrap_or(f64::NAN)
    ))])
}

/// All scenarios of the built-in config over a book of `positions` options.
pub(crate) fn stress(settings: &Settings, positions: usize) -> Result<Vec<Figure>, Failure> {
    let mut config = Layers::new(DEFAULT_CONFIG).load()?;
    let (scenarios, classes): (StressConfig, RiskConfig) = (config.section()?, config.section()?);
    let book: Vec<Held> = (0..positions)
        .map(|place| {
            let terms = OptionTerms::from_osi(&format!("SPY   250915C00{:03}000", 500 + place))?;
            Ok(Held {
                instrument: Instrument::Option(Contract {
                    underlying: terms.root,
                    terms,
                }),
                quantity: 1,
                range: HoldingRange { least: 0, most: 2 },
                mark: Price(20_000),
                known: Some((
                    UnitGreeks::default(),
                    Inputs {
                        spot: 525.0,
                        years: 0.05,
                        dividend_yield: 0.01,
                        volatility: 0.2,
                        rate: 0.04,
                    },
                )),
            })
        })
        .collect::<Result<_, Failure>>()?;
    let count = scenarios.scenarios.len();
    let work = |_| {
        let places = 0..count;
        let losses = places.map(|place| outcome(&book, &scenarios, &classes, place).worst_usd);
        losses.fold(f64::INFINITY, f64::min)
    };
    let worst = work(0);
    let name = format!("kernel/stress/{positions}");
    let figure = throughput(name, "books_per_s", 1, settings.times(201, 31), work);
    Ok(vec![figure.note(format!(
        "{count} scenarios, the worst {worst:.0} USD"
    ))])
}

/// Spread, depth, slippage and score of books of ten levels.
pub(crate) fn liquidity(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    const BOOKS: usize = 1_000;
    let mut config = Layers::new(DEFAULT_CONFIG).load()?;
    let config: LiquidityConfig = config.section()?;
    let mut draws = Stream::new(7, "bench-liquidity", 0);
    let mut side = |best: i64, step: i64| -> Vec<Level> {
        (0..10_i64)
            .map(|level| Level {
                price: Price(best + level * step),
                size: u32::try_from(1 + draws.below(1_500)).unwrap_or(1),
            })
            .collect()
    };
    let books: Vec<(Vec<Level>, Vec<Level>)> = (0..BOOKS)
        .map(|_| (side(999_900, -100), side(1_000_100, 100)))
        .collect();
    let work = |_| {
        let scores = books.iter().map(|(bids, asks)| {
            let sides = Sides::new(std::hint::black_box(bids), asks);
            liquidity_of(&sides, &config).score.unwrap_or(0.0)
        });
        scores.fold(0.0, |sum, score| sum + score)
    };
    let name = "kernel/liquidity".to_owned();
    Ok(vec![throughput(
        name,
        "books_per_s",
        BOOKS,
        settings.times(31, 9),
        work,
    )])
}
