//! What the market of a seed does, and what goes wrong with its feed.

use super::day::{Day, EXPIRY_DAYS, Hours};
use super::tape::TapeConfig;
use components::units::{Price, Timestamp};
use engine::random::Stream;
use simulator::{EventClass, Fault, FaultKind, MarketConfig, MarketMove, MoveKind, ticker_of};

/// Underlyings of a seed.
const UNDERLYINGS: usize = 2;
/// By what prices are off after a data farm came back: $100, and what was once seen, $130,000.
const OFFSETS: [i64; 2] = [1_000_000, 1_300_000_000];

/// Two wild underlyings with forty contracts each, so that stops and targets are reached in minutes.
/// With `whips` prices jump there and back, again and again.
#[must_use]
pub fn tape(seed: u64, day: &Day, calm_from: usize, whips: bool) -> TapeConfig {
    let mut draws = Stream::new(seed, "torture-market", 0);
    let market = MarketConfig {
        underlyings: 2,
        contracts_per_chain: 40,
        annual_vols: vec![0.8 + 1.2 * draws.uniform(), 0.4 + draws.uniform()],
        jumps_per_day: 20.0 * draws.uniform(),
        book_levels: 0,
        trades_per_day: 5_000.0,
        option_trades_per_day: 500.0,
        expiry_days_max: EXPIRY_DAYS,
        requote_every_ticks: if whips && day.hours != Hours::Whole {
            1
        } else {
            4
        },
        ..MarketConfig::default()
    };
    let mut moves = Vec::new();
    let last = calm_from.saturating_sub(130);
    let at = |draws: &mut Stream| day.grid.at(1 + place(draws, last));
    for _ in 0..draws.below(3) {
        let at = at(&mut draws);
        let kind = if draws.chance(0.5) {
            jump(3.0 * draws.normal().clamp(-3.0, 3.0))
        } else {
            halt(&mut draws)
        };
        moves.push(of(at, place(&mut draws, UNDERLYINGS), kind));
    }
    if draws.below(8) == 0 {
        let (at, kind) = (at(&mut draws), halt(&mut draws));
        moves.extend((0..UNDERLYINGS).map(|index| of(at, index, kind)));
    }
    if whips {
        for _ in 0..8 {
            let there = at(&mut draws);
            let back = there.plus_millis(250 * (1 + i64::try_from(draws.below(12)).unwrap_or(0)));
            let percent = if draws.chance(0.5) { 6.0 } else { -6.0 };
            for index in 0..UNDERLYINGS {
                moves.push(of(there, index, jump(percent)));
                moves.push(of(back, index, jump(-1.3 * percent)));
            }
        }
    }
    TapeConfig {
        market,
        sessions: day.sessions.clone(),
        grid: day.grid.clone(),
        moves,
    }
}

fn jump(percent: f64) -> MoveKind {
    MoveKind::SpotJump { percent }
}

fn halt(draws: &mut Stream) -> MoveKind {
    MoveKind::Halt {
        seconds: 1.0 + 30.0 * draws.uniform(),
    }
}

fn of(at: Timestamp, index: usize, kind: MoveKind) -> MarketMove {
    MarketMove {
        at,
        ticker: ticker_of(index),
        kind,
    }
}

/// What the market does, by name and count.
#[must_use]
pub fn moves_by_name(moves: &[MarketMove]) -> [(&'static str, u64); 3] {
    let mut counts = [
        ("market_jump", 0),
        ("market_halt", 0),
        ("market_wide_halt", 0),
    ];
    for scripted in moves {
        let is_halt = |other: &MarketMove| matches!(other.kind, MoveKind::Halt { .. });
        let place = if !is_halt(scripted) {
            0
        } else if moves.iter().any(|other| {
            is_halt(other) && other.at == scripted.at && other.ticker != scripted.ticker
        }) {
            // Counted once for all underlyings.
            if scripted.ticker == ticker_of(0) {
                2
            } else {
                continue;
            }
        } else {
            1
        };
        counts[place].1 += 1;
    }
    counts
}

/// Faults and silences of the feed.
pub type FeedFaults = (Vec<Fault>, Vec<(Timestamp, Timestamp)>);

/// What goes wrong with the feed until grid point `calm_from`: the faults, and when it is silent.
#[must_use]
pub fn feed(seed: u64, day: &Day, calm_from: usize) -> FeedFaults {
    let mut draws = Stream::new(seed, "torture-feed", 0);
    let end = day.grid.at(calm_from);
    let mut within = |seconds: u64| {
        let from = day.grid.at(place(&mut draws, calm_from));
        let length = 500 + i64::try_from(draws.below(seconds * 1_000)).unwrap_or(0);
        (from, from.plus_millis(length).min(end), draws.below(1_000))
    };
    let (mut faults, mut silences) = (Vec::new(), Vec::new());
    let (from, until, way) = within(30);
    if way < 300 {
        silences.push((from, until));
    }
    let ticker = |way: u64| way.is_multiple_of(3).then(|| ticker_of(0));
    let mut add = |from, until, kind| faults.push(Fault { from, until, kind });
    let (from, until, way) = within(120);
    if way < 250 {
        let kind = FaultKind::Garble {
            ticker: ticker(way),
            per_tick: 0.1 + 0.01 * way as f64,
        };
        add(from, until, kind);
    }
    let (from, until, way) = within(60);
    match way {
        0..80 => add(from, until, FaultKind::Drop(EventClass::Quotes)),
        80..160 => add(from, until, FaultKind::Drop(EventClass::Options)),
        160..240 => add(from, until, FaultKind::Drop(EventClass::Trades)),
        _ => {}
    }
    let (from, until, way) = within(120);
    if way < 120 {
        let kind = FaultKind::Offset {
            ticker: ticker_of(usize::from(way.is_multiple_of(3))),
            by: Price(OFFSETS[usize::from(way.is_multiple_of(2))]),
        };
        add(from, until, kind);
    }
    let (from, until, way) = within(120);
    if way < 120 {
        let kind = FaultKind::Unset {
            ticker: ticker(way),
            per_tick: 0.1 + 0.02 * way as f64,
        };
        add(from, until, kind);
    }
    (faults, silences)
}

/// The name of a fault of the feed in reports.
#[must_use]
pub fn name_of(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Drop(_) => "feed_drop",
        FaultKind::Garble { .. } => "feed_garble",
        FaultKind::Offset { .. } => "feed_offset",
        FaultKind::Unset { .. } => "feed_unset",
    }
}

fn place(draws: &mut Stream, below: usize) -> usize {
    usize::try_from(draws.below(below as u64)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halt_of_the_whole_market_is_counted_once() {
        let at = Timestamp(7);
        let halt = MoveKind::Halt { seconds: 2.0 };
        let moves = [
            of(at, 0, halt),
            of(at, 1, halt),
            of(Timestamp(9), 1, halt),
            of(at, 0, jump(1.0)),
        ];
        let counts = moves_by_name(&moves).map(|(_, count)| count);
        assert_eq!(counts, [1, 1, 1]);
    }
}
