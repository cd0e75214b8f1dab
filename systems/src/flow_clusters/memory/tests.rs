//! Synthetic flow of three kinds, over days.

use super::*;
use components::flow_clusters::FlowKind;
use components::units::Price;
use proptest::prelude::*;

/// A day of flow: a price that swings, large trades in bursts with the move, lone small ones against
/// it, and middling ones of either side while it turns.
struct Day {
    draws: Stream,
    tick: i64,
    /// Trades by kind, as they were made.
    made: Vec<FlowKind>,
}

impl Day {
    fn new(seed: u64, day: u64) -> Self {
        Self {
            draws: Stream::new(seed, "flow-day", day),
            tick: day.cast_signed() * 400_000,
            made: Vec::new(),
        }
    }

    fn at(&self, millis: i64) -> Timestamp {
        Timestamp(0).plus_millis(250 * self.tick + millis)
    }

    fn trade(
        &mut self,
        memory: &mut FlowMemory,
        kind: FlowKind,
        millis: i64,
        size: u64,
        side: Side,
    ) {
        let trade = SidedTrade {
            at: self.at(millis),
            price: Price(1_000_000),
            size,
            side: Some(side),
            sweep_flag: false,
        };
        if memory.push(&trade) {
            self.made.push(kind);
        }
    }

    /// One tick: a burst with the move, a lone trade against it, one of either side where the price
    /// turned, or nothing; and the price moves on.
    fn step(&mut self, memory: &mut FlowMemory) {
        // Two minutes up, two minutes down.
        let phase = self.tick.rem_euclid(960);
        let up = phase < 480;
        let level = if up { phase } else { 960 - phase } as f64;
        let since_turn = phase % 480;
        let with = if up { Side::Buy } else { Side::Sell };
        if (40..80).contains(&since_turn) {
            // Half of the last 30 s went each way.
            if self.draws.chance(0.8) {
                let side = if self.draws.chance(0.5) {
                    with
                } else {
                    with.opposite()
                };
                let size = 150 + self.draws.below(40);
                self.trade(memory, FlowKind::Hedging, 120, size, side);
            }
        } else if 160 <= since_turn {
            if self.draws.chance(0.05) {
                for place in 0..4 {
                    let size = 900 + 100 * self.draws.below(4);
                    self.trade(memory, FlowKind::Momentum, 100 + place, size, with);
                }
            } else if self.draws.chance(0.15) {
                let size = 10 + self.draws.below(10);
                self.trade(memory, FlowKind::Reversion, 50, size, with.opposite());
            }
        }
        memory.end_tick(Some(100.0 + 0.002 * level), 1);
        self.tick += 1;
    }
}

fn refit(memory: &mut FlowMemory, day: &Day) {
    memory.refit(day.at(0), &mut Stream::new(0, "test", 0));
}

/// The kinds that the members of the window have.
fn kinds(memory: &FlowMemory) -> Vec<Option<FlowKind>> {
    let model = memory.model().unwrap();
    memory
        .members
        .iter()
        .map(|one| model.kind(one.cluster))
        .collect()
}

fn right(memory: &FlowMemory, day: &Day) -> f64 {
    let made = &day.made[day.made.len() - memory.trades()..];
    let pairs = kinds(memory).into_iter().zip(made);
    pairs.filter(|(found, made)| *found == Some(**made)).count() as f64 / made.len() as f64
}

/// Runs `ticks` of a day, with a fit every 5 s.
fn run(memory: &mut FlowMemory, day: &mut Day, ticks: usize) {
    for _ in 0..ticks {
        day.step(memory);
        if memory.is_due(day.at(0), 60, 5_000_000_000) {
            refit(memory, day);
        }
    }
}

#[test]
fn momentum_and_reversion_keep_their_names_over_days() {
    let mut memory = FlowMemory::new(300);
    let mut before: Option<[FlowCluster; FLOW_KINDS]> = None;
    for number in 0..3 {
        let mut day = Day::new(5, number);
        memory.open_session();
        assert_eq!((memory.trades(), memory.clusters()), (0, None));
        run(&mut memory, &mut day, 4_000);
        assert_eq!(memory.trades(), 300);
        assert!(0.6 < right(&memory, &day), "{}", right(&memory, &day));
        let now = memory.clusters().unwrap();
        let [momentum, _, reversion] = now;
        assert!(momentum.alignment > 0.5 && reversion.alignment < -0.5);
        assert!(momentum.size > 10.0 * reversion.size);
        assert!((now.iter().map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-12);
        if let Some(before) = before {
            for (one, other) in before.iter().zip(&now) {
                assert!((one.alignment - other.alignment).abs() < 1.0);
            }
        }
        before = Some(now);
    }
}

#[test]
fn centres_of_the_day_before_begin_the_next() {
    let mut memory = FlowMemory::new(300);
    let mut day = Day::new(5, 0);
    run(&mut memory, &mut day, 3_000);
    let centres = memory.model().unwrap().centres();
    memory.open_session();
    assert_eq!(memory.centres, Some(centres));
    assert!(memory.model().is_none() && memory.fitted_at() == Timestamp::NEVER);
    // A session without trades does not forget them.
    memory.open_session();
    assert_eq!(memory.centres, Some(centres));
}

#[test]
fn the_first_minute_and_trades_without_a_side_do_not_join() {
    let mut memory = FlowMemory::new(300);
    let mut day = Day::new(1, 0);
    for _ in 0..240 {
        day.trade(&mut memory, FlowKind::Momentum, 0, 100, Side::Buy);
        assert_eq!(memory.trades(), 0, "{}", day.tick);
        memory.end_tick(Some(100.0), 1);
        day.tick += 1;
    }
    day.trade(&mut memory, FlowKind::Momentum, 0, 100, Side::Buy);
    assert_eq!(memory.trades(), 1);
    // Prices stood still: the alignment is 0.
    assert_eq!(memory.members[0].features[1].to_bits(), 0.0_f64.to_bits());
    let unsided = SidedTrade {
        side: None,
        at: day.at(1),
        price: Price(1),
        size: 5,
        sweep_flag: false,
    };
    assert!(!memory.push(&unsided));
    // A tick that stands for many fills the window of moves with one price.
    let mut late = FlowMemory::new(300);
    late.end_tick(Some(0.0), 500);
    late.end_tick(Some(f64::NAN), 500);
    assert!(late.moves.dollars.is_empty());
    late.end_tick(Some(10.0), 500);
    assert_eq!(late.moves.dollars.len(), 121);
}

#[test]
fn volume_of_the_same_side_is_that_of_a_quarter_second() {
    let mut memory = FlowMemory::new(300);
    memory.end_tick(Some(100.0), 500);
    (0..120).for_each(|_| memory.end_tick(Some(100.0), 1));
    let mut day = Day::new(1, 0);
    for (millis, size, side) in [
        (0, 100, Side::Buy),
        (100, 300, Side::Sell),
        (250, 100, Side::Buy),
        (251, 100, Side::Buy),
    ] {
        day.trade(&mut memory, FlowKind::Momentum, millis, size, side);
    }
    let shares: Vec<f64> = memory.members.iter().map(|one| one.features[3]).collect();
    assert_eq!(shares, [0.75, 0.4, 0.4]);
    let pauses: Vec<f64> = memory.members.iter().map(|one| one.features[2]).collect();
    assert!((pauses[0] - math::ln(101.0)).abs() < 1e-12, "{pauses:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Sums follow members, shares add up to one, and the same day gives the same bits.
    #[test]
    fn shares_are_those_of_the_window(seed in 0_u64..500, ticks in 700_usize..1_800) {
        let once = || {
            let mut memory = FlowMemory::new(120);
            let mut day = Day::new(seed, 0);
            run(&mut memory, &mut day, ticks);
            memory
        };
        let memory = once();
        let mut shares = [0; FLOW_KINDS];
        let mut counts = [0; FLOW_KINDS];
        for one in &memory.members {
            shares[one.cluster] += one.size;
            counts[one.cluster] += 1;
        }
        prop_assert_eq!(shares, memory.shares);
        prop_assert_eq!(counts, memory.counts);
        prop_assert!(memory.trades() <= 120);
        if let Some(clusters) = memory.clusters() {
            let sum: f64 = clusters.iter().map(|one| one.share).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
            prop_assert!(clusters.is_sorted_by(|one, other| one.alignment >= other.alignment));
        }
        let again = once();
        prop_assert_eq!(again.clusters(), memory.clusters());
        prop_assert_eq!(again.model(), memory.model());
    }
}
