//! The analytics beside Greeks, exposure and VPIN, on one thread: each at the size that the engine asks for.

use crate::Failure;
use crate::measure::{Settings, throughput};
use crate::report::Figure;
use components::contract::Right;
use components::exposure::ExposureWeight;
use components::greeks::{Cross, Sensitivity};
use components::market::{Quote, Side};
use components::units::{Price, Timestamp};
use engine::random::Stream;
use std::hint::black_box;
use systems::closing::fit::fit;
use systems::closing::parameters::Parameters;
use systems::closing::projection::project;
use systems::closing::snapshot::{Auction, Observation, Snapshot};
use systems::exposure::hedging::HedgingFlow;
use systems::exposure::sums::{cross_sums, exposure_sums};
use systems::greeks::american::greeks::american_greeks;
use systems::greeks::american::{american_implied_volatility, american_price};
use systems::greeks::black_scholes::black_scholes;
use systems::greeks::terms::Terms;
use systems::imbalance::order_flow::OrderFlow;
use systems::patterns::participants::Volumes;
use systems::patterns::shapes::{BlockSize, Shapes, SidedTrade};
use systems::patterns::toxicity::pattern_score;
use systems::statistics::autocorrelation::lookback;
use systems::statistics::kmeans::{Points, kmeans};
use systems::volatility::markov::TwoStates;
use systems::volatility::realized::realized;
use systems::volatility::surface::{SurfaceRow, SurfaceScratch, measure};
use systems::volatility::variance_ratio::variance_ratio;

/// Returns of a session by the minute.
const RETURNS: usize = 390;

/// Log returns of a session, the second half thrice as wild.
fn returns(count: usize) -> Vec<f64> {
    let mut draws = Stream::new(7, "bench-returns", 0);
    let size = |place: usize| if place >= count / 2 { 0.0015 } else { 0.0005 };
    (0..count)
        .map(|place| draws.normal() * size(place))
        .collect()
}

/// Sides, sweeps, odd lots and blocks of the trades of a window, and who they are.
pub(crate) fn patterns(settings: &Settings, trades: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-patterns", 0);
    let block = BlockSize {
        shares: 10_000,
        dollars: 1_000_000,
    };
    let sides = [Some(Side::Buy), Some(Side::Sell), None];
    let mut at = 0_i64;
    let window: Vec<SidedTrade> = (0..trades)
        .map(|_| {
            at += i64::try_from(draws.below(100_000_000)).unwrap_or(0);
            SidedTrade {
                at: Timestamp(at),
                price: Price(1_000_000 + 100 * i64::try_from(draws.below(20)).unwrap_or(0)),
                size: 1 + draws.below(600),
                side: sides[usize::try_from(draws.below(3)).unwrap_or(0)],
                sweep_flag: false,
            }
        })
        .collect();
    let times = settings.times(31, 9);
    let (name, calls) = (format!("kernel/patterns/{trades}"), 200);
    let shapes = throughput(name, "trades_per_s", trades * calls, times, |_| {
        let mut total = 0.0;
        for _ in 0..calls {
            let shapes = Shapes::of(black_box(&window), 100, block);
            total += pattern_score(&shapes).unwrap_or(0.0);
        }
        total
    });
    let name = format!("kernel/participants/{trades}");
    let volumes = throughput(name, "trades_per_s", trades * calls, times, |_| {
        let mut total = 0;
        for _ in 0..calls {
            total += Volumes::of(black_box(&window), block).all;
        }
        total
    });
    Ok(vec![shapes, volumes])
}

/// Strip, smile and contradictions of a series.
pub(crate) fn surface(settings: &Settings, rows: usize) -> Result<Vec<Figure>, Failure> {
    let (spot, years, rate) = (100.0, 0.1, 0.04);
    let deviation = 0.2 * f64::sqrt(years);
    let middle = 0.25 * rows as f64;
    let series: Vec<SurfaceRow> = (0..rows)
        .map(|row| {
            let right = if row % 2 == 0 {
                Right::Call
            } else {
                Right::Put
            };
            let away = ((row / 2) as f64 - middle) / (0.08 * rows as f64);
            let strike = spot * (1.0 + away * deviation).max(0.1);
            let volatility = 0.2 - 0.01 * away;
            let terms = Terms {
                right,
                spot,
                strike,
                years,
                rate,
                dividend_yield: 0.0,
            };
            let greeks = black_scholes(&terms, volatility).1;
            SurfaceRow {
                strike,
                right,
                bid: (greeks.price - 0.02).max(0.0),
                ask: greeks.price + 0.02,
                iv: Some(volatility),
                delta: greeks.delta,
            }
        })
        .collect();
    let mut scratch = SurfaceScratch::default();
    let mut of_series = || {
        measure(
            black_box(&series),
            (20_260_320, years),
            spot,
            rate,
            &mut scratch,
        )
    };
    let found = of_series();
    let (name, calls) = (format!("kernel/surface/{rows}"), 500);
    let times = settings.times(31, 9);
    let figure = throughput(name, "contracts_per_s", rows * calls, times, |_| {
        let mut total = 0.0;
        for _ in 0..calls {
            total += of_series().strip.unwrap_or(0.0);
        }
        total
    });
    let strip = found.strip.ok_or("the series has no strip")?;
    let off = found.contradictions;
    Ok(vec![
        figure.note(format!("strip {strip:.3}, {off} contradictions")),
    ])
}

/// What dealers must trade, with the sums that it stands on.
pub(crate) fn hedging(settings: &Settings, rows: usize) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-hedging", 0);
    let mut column = || -> Vec<f64> { (0..rows).map(|_| draws.uniform() - 0.5).collect() };
    let (delta, gamma, vanna, charm) = (column(), column(), column(), column());
    let weight: Vec<_> = column()
        .into_iter()
        .map(|w| ExposureWeight(1e5 * w))
        .collect();
    let pairs = delta.into_iter().zip(gamma);
    let sensitivity: Vec<_> = pairs
        .map(|(delta, gamma)| Sensitivity { delta, gamma })
        .collect();
    let pairs = vanna.into_iter().zip(charm);
    let cross: Vec<_> = pairs
        .map(|(vanna, charm)| Cross {
            vanna,
            vomma: 0.0,
            charm,
        })
        .collect();
    let (name, calls) = (format!("kernel/hedging/{rows}"), 200);
    let times = settings.times(31, 9);
    let figure = throughput(name, "contracts_per_s", rows * calls, times, |_| {
        let mut total = 0.0;
        for _ in 0..calls {
            let sums = exposure_sums(black_box(&sensitivity), &weight);
            let cross = cross_sums(black_box(&cross), &weight);
            let flow = HedgingFlow::of(&sums, &cross, 100.0, -0.30);
            total += flow.shares_per_pct();
        }
        total
    });
    Ok(vec![figure])
}

/// Best-quote updates into order flow.
pub(crate) fn order_flow(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let mut draws = Stream::new(7, "bench-flow", 0);
    let mut size = || u32::try_from(1 + draws.below(5_000)).unwrap_or(1);
    let quotes: Vec<Quote> = (0..10_000_i64)
        .map(|place| Quote {
            bid: Price(999_900 + 100 * (place % 3)),
            ask: Price(1_000_200 + 100 * (place % 2)),
            bid_size: size(),
            ask_size: size(),
            ..Quote::default()
        })
        .collect();
    let mut flow = OrderFlow::default();
    let updates = quotes.len() * 20;
    let times = settings.times(31, 9);
    let name = "kernel/order_flow".to_owned();
    let figure = throughput(name, "updates_per_s", updates, times, |_| {
        for _ in 0..20 {
            for (place, quote) in quotes.iter().enumerate() {
                flow.update(*black_box(quote));
                if place % 10 == 0 {
                    flow.end_tick();
                }
            }
        }
        flow.window(240).map(|window| window.normalized())
    });
    Ok(vec![figure])
}

/// The two states of a session's returns: fitted, and followed by a return.
pub(crate) fn markov(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let returns = returns(RETURNS);
    let states = TwoStates::fit(&returns).ok_or("the returns have no states")?;
    let times = settings.times(31, 9);
    let name = format!("kernel/markov_fit/{RETURNS}");
    let fitted = throughput(name, "fits_per_s", 20, times, |_| {
        let mut total = 0.0;
        for _ in 0..20 {
            total += TwoStates::fit(black_box(&returns)).map_or(0.0, |states| states.stay[0]);
        }
        total
    });
    let name = "kernel/markov_update".to_owned();
    let followed = throughput(name, "returns_per_s", 500 * RETURNS, times, |_| {
        let mut turbulence = states.usual_turbulence();
        for _ in 0..500 {
            for one in black_box(&returns) {
                turbulence = states.update(turbulence, *one);
            }
        }
        turbulence
    });
    let deviations = states.variances.map(f64::sqrt);
    Ok(vec![
        fitted.note(format!(
            "deviations {:.5} and {:.5}",
            deviations[0], deviations[1]
        )),
        followed,
    ])
}

/// Realised volatility and variance ratio of a session, and how long it remembers.
pub(crate) fn moves(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    let returns = returns(RETURNS);
    let mut price = 0.0;
    let mut log_prices = vec![0.0];
    for one in &returns {
        price += one;
        log_prices.push(price);
    }
    let long: Vec<f64> = self::returns(600).into_iter().map(f64::abs).collect();
    let times = settings.times(31, 9);
    let name = |kernel: &str, rows: usize| format!("kernel/{kernel}/{rows}");
    let unit = "returns_per_s";
    Ok(vec![
        throughput(
            name("realized", RETURNS),
            unit,
            RETURNS * 2_000,
            times,
            |_| {
                let mut total = 0.0;
                for _ in 0..2_000 {
                    total += realized(black_box(&returns), 98_280.0).map_or(0.0, |r| r.bipower);
                }
                total
            },
        ),
        throughput(
            name("variance_ratio", RETURNS),
            unit,
            RETURNS * 1_000,
            times,
            |_| {
                let mut total = 0.0;
                for _ in 0..1_000 {
                    total += variance_ratio(black_box(&log_prices), 5).map_or(0.0, |found| found.z);
                }
                total
            },
        ),
        throughput(name("lookback", 600), unit, 600 * 20, times, |_| {
            let mut total = 0;
            for _ in 0..20 {
                total += lookback(black_box(&long)).steps;
            }
            total
        }),
    ])
}

/// Three clusters of a flow of trades, from ten starts.
pub(crate) fn clusters(settings: &Settings, trades: usize) -> Result<Vec<Figure>, Failure> {
    const FEATURES: usize = 4;
    let mut draws = Stream::new(7, "bench-clusters", 0);
    let values: Vec<f64> = (0..trades * FEATURES)
        .map(|place| draws.normal() + 2.0 * (place / FEATURES % 3) as f64)
        .collect();
    let name = format!("kernel/clusters/{trades}");
    let times = settings.times(31, 9);
    let mut starts = Stream::new(7, "bench-starts", 0);
    let figure = throughput(name, "fits_per_s", 5, times, |_| {
        let mut total = 0.0;
        for _ in 0..5 {
            let points = Points::new(black_box(&values), FEATURES);
            total += kmeans(points, 3, 10, &mut starts).map_or(0.0, |found| found.inertia);
        }
        total
    });
    Ok(vec![figure])
}

/// What a closing auction will be short of, and the fit that it stands on.
pub(crate) fn closing(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    const AUCTIONS: usize = 200;
    let mut draws = Stream::new(7, "bench-closing", 0);
    let auctions: Vec<Auction> = (0..AUCTIONS)
        .map(|_| {
            let start = 4e6 * (draws.uniform() - 0.5);
            let observations = (0..55)
                .map(|step| Observation {
                    snapshot: Snapshot {
                        seconds_to_close: 600.0 - 10.0 * f64::from(step),
                        imbalance: start * (1.0 - 0.015 * f64::from(step)) + 1e5 * draws.normal(),
                        matched: 1e7 * (1.0 + 0.02 * f64::from(step)),
                    },
                    mid: Some(1.0 + 1e-4 * draws.normal()),
                    book: Some(2.0 * draws.uniform() - 1.0),
                })
                .collect();
            Auction {
                day: 1,
                observations,
            }
        })
        .collect();
    let all: Vec<&Auction> = auctions.iter().collect();
    fit(&all).map_err(|error| error.to_string())?;
    let times = settings.times(31, 9);
    let snapshots = AUCTIONS * 55;
    let name = "kernel/closing".to_owned();
    let projected = throughput(name, "snapshots_per_s", snapshots * 20, times, |_| {
        let mut total = 0.0;
        for _ in 0..20 {
            for one in auctions.iter().flat_map(|auction| &auction.observations) {
                let found = project(black_box(&one.snapshot), &Parameters::RECORDED);
                total += found.map_or(0.0, |found| found.imbalance);
            }
        }
        total
    });
    let name = format!("kernel/closing_fit/{snapshots}");
    let fitted = throughput(name, "snapshots_per_s", snapshots, times, |_| {
        fit(black_box(&all)).map_or(0.0, |found| found.tape_right)
    });
    Ok(vec![projected, fitted])
}

/// American options, out of the money as they are asked for.
pub(crate) fn american(settings: &Settings) -> Result<Vec<Figure>, Failure> {
    const OPTIONS: usize = 60;
    let terms: Vec<(Terms, f64)> = (0..OPTIONS)
        .map(|place| {
            let right = if place % 2 == 0 {
                Right::Call
            } else {
                Right::Put
            };
            let terms = Terms {
                right,
                spot: 100.0,
                strike: 100.0 * (1.0 + right.phi() * 0.003 * place as f64),
                years: 0.02 + 0.02 * place as f64,
                rate: 0.04,
                dividend_yield: 0.015,
            };
            let price = american_price(&terms, 0.25);
            (terms, price)
        })
        .collect();
    let times = settings.times(15, 5);
    let row = |name: &str, value: fn(&Terms, f64) -> f64| {
        let name = format!("kernel/american_{name}");
        throughput(name, "options_per_s", OPTIONS, times, |_| {
            let of = |(terms, price): &(Terms, f64)| value(black_box(terms), *price);
            terms.iter().map(of).sum::<f64>()
        })
    };
    Ok(vec![
        row("price", |terms, _| american_price(terms, 0.25)),
        row("greeks", |terms, _| american_greeks(terms, 0.25).gamma),
        row("implied_vol", |terms, price| {
            american_implied_volatility(terms, price).unwrap_or(0.0)
        }),
    ])
}
