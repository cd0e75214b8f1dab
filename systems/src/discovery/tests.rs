#![expect(
    clippy::float_cmp,
    reason = "values that were rounded, or that nothing was done to"
)]

use super::found::{Status, rounded};
use super::seen::{Day, Minute};
use super::symbol::BUCKET_SHARES_MIN;
use super::yaml::{from_yaml, to_yaml};
use super::*;
use crate::patterns::shapes::SidedTrade;
use components::flow::Print;
use components::units::Price;
use engine::calendar::{Calendar, Session};
use engine::math::ln;
use jiff::civil::date;

mod properties;

/// A tape that owns what [`Seen`] borrows.
#[derive(Clone, Debug)]
struct Tape {
    symbol: &'static str,
    trades: Vec<SidedTrade>,
    minutes: Vec<Minute>,
    days: Vec<Day>,
}

impl Tape {
    /// One session with a minute for each volume and close.
    fn new(symbol: &'static str, minutes: impl Iterator<Item = (u64, f64)>) -> Self {
        let minutes: Vec<Minute> = minutes
            .enumerate()
            .map(|(place, (volume, close))| Minute {
                session: Timestamp(0),
                place: i64::try_from(place).unwrap(),
                volume,
                close: Some(close),
            })
            .collect();
        let days = vec![Day {
            volume: minutes.iter().map(|minute| minute.volume).sum(),
            minutes: minutes.len() as u64,
        }];
        Self {
            symbol,
            trades: Vec::new(),
            minutes,
            days,
        }
    }

    fn trading(mut self, sizes: impl IntoIterator<Item = u64>) -> Self {
        let trade = |size| SidedTrade {
            at: Timestamp(0),
            price: Price(1_000_000),
            size,
            side: None,
            sweep_flag: false,
        };
        self.trades = sizes.into_iter().map(trade).collect();
        self
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            symbol: Ticker::new(self.symbol).unwrap(),
            trades: &self.trades,
            minutes: &self.minutes,
            days: &self.days,
            round_lot: 100,
        }
    }

    fn found(&self) -> SymbolFound {
        discover_symbol(&self.seen(), &rules(), Timestamp(7))
    }
}

fn rules() -> Rules {
    Rules {
        block: BlockSize {
            shares: 10_000,
            dollars: 1_000_000,
        },
        round_lots: BTreeMap::new(),
        trades_min: 20,
        window_buckets: 2,
        bulk: BulkParameters::default(),
    }
}

/// `n` minutes whose volumes come in turn from `volumes`.
fn volumes(n: usize, volumes: &[u64]) -> Tape {
    Tape::new("AAA", (0..n).map(|i| (volumes[i % volumes.len()], 100.0)))
}

/// `n` minutes of 1,000 shares whose closes come in turn from `closes`.
fn closes(symbol: &'static str, n: usize, closes: &[f64]) -> Tape {
    Tape::new(symbol, (0..n).map(|i| (1_000, closes[i % closes.len()])))
}

/// Everything of a few minutes, some of them thin.
fn several() -> Vec<Tape> {
    vec![
        closes("BBB", 390, &[100.0, 101.0, 101.0, 100.0]).trading([10; 30]),
        closes("AAA", 390, &[50.0, 50.0, 51.0, 50.0, 50.5]).trading([100; 30]),
        closes("CCC", 390, &[9.0, 9.1, 9.3]),
        closes("DDD", 5, &[1.0, 2.0]),
    ]
}

fn found_of(tapes: &[Tape]) -> Discovered {
    let seen: Vec<Seen<'_>> = tapes.iter().map(Tape::seen).collect();
    discover(&seen, &rules(), Timestamp(1_772_485_200_000_000_000))
}

#[test]
fn flat_volume_gives_a_fiftieth_of_the_day() {
    let found = volumes(390, &[1_000])
        .trading([100; 40])
        .found()
        .vpin_bucket;
    assert_eq!(found.shares, Some(7_800));
    assert_eq!(found.day_volume, Some(390_000));
    assert_eq!(found.median_trade, Some(100));
    assert_eq!(
        (found.basis.status, found.basis.observations),
        (Status::Ok, 390)
    );
}

#[test]
fn the_middle_cluster_decides_and_the_day_bounds_it() {
    // 7.8 x 1,000; a day of 1,443,000 allows 7,215 to 72,150.
    let found = volumes(300, &[100, 1_000, 10_000]).found().vpin_bucket;
    assert_eq!(found.shares, Some(7_800));
    // 7.8 x 100 is less than a 200th of a day of 13,014,300.
    let found = volumes(300, &[10, 100, 100_000]).found().vpin_bucket;
    assert_eq!(found.shares, Some(65_072));
}

#[test]
fn a_bucket_holds_twenty_median_trades_and_fifty_shares() {
    let few = volumes(300, &[3]).trading([1, 1, 200]);
    assert_eq!(few.found().vpin_bucket.shares, Some(BUCKET_SHARES_MIN));
    let large = volumes(300, &[3]).trading([100, 300, 200, 900]);
    assert_eq!(large.found().vpin_bucket.median_trade, Some(200));
    assert_eq!(large.found().vpin_bucket.shares, Some(4_000));
}

#[test]
fn too_few_minutes_give_the_plain_average_and_say_so() {
    let found = volumes(299, &[10, 1_000, 1_990]).found().vpin_bucket;
    assert_eq!(found.basis.status, Status::Thin);
    assert_eq!(
        found.basis.reason.as_deref(),
        Some("one-minute bars with volume: 299, must be at least 300")
    );
    // 100 of 10, 100 of 1,000 and 99 of 1,990, in 299 minutes.
    let day = 298_010.0 / 299.0 * 390.0;
    assert_eq!(found.shares, whole_of(day / 50.0));
    let nothing = Tape::new("AAA", std::iter::empty()).found();
    assert_eq!(nothing.vpin_bucket.shares, None);
    assert_eq!(nothing.vpin_bucket.basis.observations, 0);
}

fn whole_of(value: f64) -> Option<u64> {
    format!("{value:.0}").parse().ok()
}

#[test]
fn an_alternation_is_remembered_and_what_stands_still_is_not() {
    // Sizes of the moves: a, 0, a, 0: every second lag is significant.
    let found = closes("AAA", 390, &[100.0, 101.0, 101.0, 100.0]).found();
    assert_eq!(found.lookback.bars, 120);
    assert_eq!(found.lookback.basis.observations, 389);
    assert_eq!(found.lookback.bound, Some(rounded(1.96 / 389_f64.sqrt())));
    let still = closes("AAA", 390, &[100.0]).found();
    assert_eq!(still.lookback.bars, 30);
    assert_eq!(still.lookback.basis.status, Status::Still);
    assert_eq!(still.volatility.basis.status, Status::Still);
    let thin = closes("AAA", 300, &[100.0, 101.0, 101.0, 100.0]).found();
    assert_eq!((thin.lookback.bars, thin.lookback.bound), (30, None));
    assert_eq!(
        thin.lookback.basis.reason.as_deref(),
        Some("one-minute returns: 299, must be at least 300")
    );
}

#[test]
fn levels_are_ratios_of_the_median() {
    let found = closes("AAA", 390, &[100.0, 101.0]).found().volatility;
    let volatility = 98_280_f64.sqrt() * ln(1.01);
    assert_eq!(found.median, Some(rounded(volatility)));
    assert_eq!(found.low_below, rounded(0.75 * volatility));
    assert_eq!(found.shock_from, rounded(2.5 * volatility));
    assert_eq!(found.percentile_20, found.percentile_80);
    // 389 returns hold 360 windows of 30.
    assert_eq!(
        (found.basis.status, found.basis.observations),
        (Status::Ok, 360)
    );
    let thin = closes("AAA", 59, &[100.0, 101.0]).found().volatility;
    assert_eq!((thin.median, thin.elevated_from), (None, 0.18));
    assert_eq!(
        (thin.basis.status, thin.basis.observations),
        (Status::Thin, 29)
    );
}

#[test]
fn a_gap_makes_no_return() {
    let mut tape = closes("AAA", 4, &[100.0, 101.0, 102.0, 103.0]);
    assert_eq!(tape.seen().returns().count(), 3);
    tape.minutes[1].close = None;
    assert_eq!(tape.seen().returns().count(), 1);
    let mut tape = closes("AAA", 4, &[100.0, 101.0, 102.0, 103.0]);
    tape.minutes[2].place = 7;
    tape.minutes[3].place = 8;
    assert_eq!(tape.seen().returns().count(), 2);
    tape.minutes[3].session = Timestamp(9);
    assert_eq!(tape.seen().returns().count(), 1);
}

#[test]
fn toxicity_stands_on_vpin_and_on_shapes() {
    // A price that does not move is half bought and half sold; odd lots score 0.7.
    let quiet = closes("AAA", 390, &[100.0])
        .trading([10; 20])
        .found()
        .toxicity;
    assert_eq!((quiet.vpin, quiet.score), (Some(0.0), Some(0.7)));
    assert_eq!(quiet.toxicity, Some(rounded(0.25 * 0.7 / 0.95)));
    assert_eq!(quiet.label, None, "there is no session before");
    let rising: Vec<f64> = (0..390).map(|i| 100.0 + 0.01 * f64::from(i)).collect();
    let rising = closes("AAA", 390, &rising)
        .trading([100; 20])
        .found()
        .toxicity;
    assert!(rising.vpin.unwrap() > 0.95, "{rising:?}");
    let silent = closes("AAA", 390, &[100.0])
        .trading([10; 19])
        .found()
        .toxicity;
    assert_eq!((silent.score, silent.basis.status), (None, Status::Thin));
    let empty = Tape::new("AAA", std::iter::empty())
        .trading([10; 20])
        .found();
    assert_eq!(empty.toxicity.toxicity, None);
    assert_eq!(
        empty.toxicity.basis.reason.as_deref(),
        Some("the window of 2 buckets is not full")
    );
}

#[test]
fn a_vpin_is_labelled_by_its_place_among_earlier_sessions() {
    let rising: Vec<f64> = (0..390).map(|i| 100.0 + 0.01 * f64::from(i)).collect();
    let mut tape = closes("AAA", 390, &[100.0]).trading([100; 20]);
    let mut later = closes("AAA", 390, &rising).minutes;
    for minute in &mut later {
        minute.session = Timestamp(86_400_000_000_000);
    }
    tape.minutes.extend(later);
    assert_eq!(tape.found().toxicity.label, Some(FlowLabel::Toxic));
}

#[test]
fn what_moves_alike_is_one_and_what_moves_apart_is_nothing() {
    // Moves of A: + + - -; of B the same and twice as large; of C: + - + -.
    let step = |signs: [f64; 4], size: f64| {
        let mut price = 100.0;
        let walk = (0..120).map(move |i| {
            price *= 1.0 + size * signs[i % 4];
            price
        });
        walk.collect::<Vec<f64>>()
    };
    let tapes = [
        closes("CCC", 120, &step([1.0, -1.0, 1.0, -1.0], 0.001)),
        closes("BBB", 120, &step([1.0, 1.0, -1.0, -1.0], 0.002)),
        closes("AAA", 120, &step([1.0, 1.0, -1.0, -1.0], 0.001)),
        closes("DDD", 120, &[5.0]),
    ];
    let found = found_of(&tapes).correlation;
    let names: Vec<&str> = found.symbols.iter().map(Ticker::as_str).collect();
    assert_eq!(names, ["AAA", "BBB", "CCC", "DDD"]);
    assert_eq!(found.matrix[0][0], Some(1.0));
    assert!(found.matrix[0][1].unwrap() > 0.999);
    assert!(found.matrix[0][2].unwrap().abs() < 0.02);
    assert_eq!(found.matrix[0][3], None, "it does not move");
    assert_eq!(
        (found.basis.status, found.basis.observations),
        (Status::Ok, 119)
    );
    assert_eq!(found.shrinkage, None);
    let many: Vec<Tape> = ["A", "B", "C", "D", "E", "F", "G"]
        .into_iter()
        .enumerate()
        .map(|(i, name)| {
            closes(
                name,
                32 + i,
                &step([1.0, -1.0, 1.0, -1.0], 0.001 * (i + 1) as f64),
            )
        })
        .collect();
    let found = found_of(&many).correlation;
    assert_eq!(found.basis.observations, 31);
    let shrinkage = found
        .shrinkage
        .expect("31 minutes are fewer than 5 a symbol");
    assert!((0.0..=1.0).contains(&shrinkage));
}

#[test]
fn too_few_symbols_or_minutes_have_no_matrix() {
    let one = found_of(&several()[..1]).correlation;
    assert_eq!(
        one.basis.reason.as_deref(),
        Some("symbols: 1, must be at least 2")
    );
    let thin = found_of(&several()).correlation;
    assert_eq!((thin.basis.status, thin.matrix.len()), (Status::Thin, 0));
    let still = [closes("AAA", 60, &[5.0]), closes("BBB", 60, &[6.0])];
    let still = found_of(&still).correlation;
    assert_eq!(still.basis.status, Status::Still);
    assert_eq!(found_of(&[]).symbols.len(), 0);
}

#[test]
fn the_file_is_plain_yaml_and_comes_back_as_it_went() {
    let found = found_of(&several());
    let text = to_yaml(&found).unwrap();
    assert!(!text.contains('!'), "a tag: {text}");
    assert!(
        !text.to_lowercase().contains("nan") && !text.contains(".inf"),
        "{text}"
    );
    assert!(text.starts_with("version: 1\ncomputed_at: "), "{text}");
    assert!(text.contains("2026-03-02T21:00:00Z"), "{text}");
    let order: Vec<usize> = ["symbol: AAA", "symbol: BBB", "symbol: CCC", "symbol: DDD"]
        .iter()
        .map(|name| text.find(name).unwrap())
        .collect();
    assert!(order.is_sorted());
    assert_eq!(from_yaml("discovered.yaml", &text).unwrap(), found);
}

#[test]
fn another_version_an_unknown_key_and_a_tag_are_refused() {
    let text = to_yaml(&found_of(&several())).unwrap();
    let told = |text: &str| from_yaml("d.yaml", text).unwrap_err().to_string();
    let other = told(&text.replace("version: 1\n", "version: 2\n"));
    assert_eq!(other, "d.yaml: version 2 is not known, must be 1");
    let unknown = told(&text.replacen("lookback:", "lookbak:", 1));
    assert!(
        unknown.contains("d.yaml:") && unknown.contains("lookbak"),
        "{unknown}"
    );
    let tagged = text.replacen("bars: ", "bars: !!python/object/apply:numpy.float64 ", 1);
    let tagged = told(&tagged);
    assert!(tagged.contains("tag"), "{tagged}");
    let time = told(&text.replacen("2026-03-02T21:00:00Z", "yesterday", 1));
    assert!(time.contains("must be a time such as"), "{time}");
}

#[test]
fn six_digits_are_kept() {
    assert_eq!(rounded(0.123_456_789), 0.123_457);
    assert_eq!(rounded(-123_456_789.0), -123_457_000.0);
    assert_eq!(rounded(0.0), 0.0);
}

fn tick(session: Session, millis: i64, opens_session: bool) -> Tick {
    Tick {
        number: 1,
        now: session.open.plus_millis(millis),
        session,
        opens_session,
        skipped: 0,
        jumped_ms: 0,
    }
}

fn print(at: Timestamp, size: u64, conditions: u32) -> Print {
    Print {
        at,
        price: Price(1_000_000),
        size,
        bid: Price(0),
        ask: Price(0),
        conditions,
        aggressor: None,
        quotes_before: 0,
        is_bar: false,
    }
}

#[test]
fn minutes_hold_regular_volume_and_their_last_price() {
    let session = Calendar::nyse().session(date(2026, 3, 2)).unwrap();
    let at = |millis| session.open.plus_millis(millis);
    let mut memory = TapeMemory::default();
    memory.observe(&tick(session, 250, true), None, &[print(at(-1), 9, 0)]);
    let prints = [print(at(400), 100, 0), print(at(450), 700, 0x40)];
    memory.observe(&tick(session, 500, false), Some(10.0), &prints);
    memory.observe(&tick(session, 59_750, false), Some(11.0), &[]);
    assert_eq!(memory.minutes(), 0, "the first is not over");
    memory.observe(
        &tick(session, 60_000, false),
        Some(12.0),
        &[print(at(60_000), 5, 0)],
    );
    let close = session.close.nanos_since(session.open) / 1_000_000;
    memory.observe(
        &tick(session, close - 250, false),
        Some(13.0),
        &[print(at(close), 6, 0)],
    );
    memory.observe(
        &tick(session, close, false),
        Some(14.0),
        &[print(at(close), 7, 0)],
    );
    assert_eq!(memory.minutes(), 3, "the close ends the last");
    let next = Calendar::nyse().session(date(2026, 3, 3)).unwrap();
    memory.observe(&tick(next, 250, true), None, &[]);
    let seen = memory.seen(Ticker::new("AAA").unwrap(), 100);
    let minutes: Vec<_> = seen
        .minutes
        .iter()
        .map(|minute| (minute.place, minute.volume, minute.close))
        .collect();
    assert_eq!(
        minutes,
        [
            (0, 100, Some(11.0)),
            (1, 5, Some(12.0)),
            (389, 13, Some(14.0))
        ]
    );
    assert_eq!(
        seen.days.first(),
        Some(&Day {
            volume: 118,
            minutes: 3
        })
    );
    assert_eq!(seen.trades.len(), 4);
}

#[test]
fn five_sessions_of_minutes_are_kept() {
    let calendar = Calendar::nyse();
    let sessions = calendar
        .sessions(date(2026, 3, 2), date(2026, 3, 31))
        .to_vec();
    let mut memory = TapeMemory::default();
    for session in &sessions {
        memory.observe(&tick(*session, 250, true), Some(10.0), &[]);
        memory.observe(&tick(*session, 60_250, false), Some(10.0), &[]);
        memory.observe(&tick(*session, 120_250, false), Some(10.0), &[]);
    }
    let seen = memory.seen(Ticker::new("AAA").unwrap(), 100);
    assert_eq!(
        seen.minutes.len(),
        4 * 3 + 2,
        "the last minute of the last day runs"
    );
    assert_eq!(seen.minutes[0].session, sessions[sessions.len() - 5].open);
    assert_eq!(seen.days.len(), 20);
}
