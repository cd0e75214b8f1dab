//! What the book would gain in scenarios and where its risk comes from: when it is computed, and of what.

use crate::desk::Desk;
use crate::market::{CALL_100, price};
use components::quality::Quality;
use components::units::Timestamp;
use engine::clock::Tick;
use systems::attribution::{NoRisk, RiskAttribution};
use systems::stress::StressReport;

fn report(desk: &Desk) -> StressReport {
    desk.engine.world().resource::<StressReport>().clone()
}

fn attribution(desk: &Desk) -> RiskAttribution {
    desk.engine.world().resource::<RiskAttribution>().clone()
}

#[test]
fn without_a_book_there_is_a_reason_and_no_number() {
    let mut desk = Desk::ready(&[]);
    desk.seconds(120);
    let found = attribution(&desk);
    assert_eq!(found.stamp.quality, Quality::NoData);
    assert_eq!(found.windows[1].missing, Some(NoRisk::NothingHeld));
    assert_eq!(found.windows[1].deviation_usd, None);
    let none = report(&desk);
    assert_eq!((none.outcomes.len(), none.worst), (0, None));
    assert_eq!(none.stamp.quality, Quality::NoData);
}

#[test]
fn a_book_that_changed_is_stressed_one_scenario_a_tick() {
    let mut desk = Desk::ready(&[]);
    desk.buy(CALL_100, 80.0).ticks(2);
    let order = desk.submitted()[0][0];
    // The order is in flight and nothing is held: what may be held counts.
    desk.seconds(8);
    let flying = report(&desk);
    assert_eq!((flying.positions, flying.instruments), (0, 1));
    let down = |report: &StressReport| {
        let mut all = report.outcomes.iter();
        all.find(|(name, _)| name == "down").unwrap().1
    };
    assert!(down(&flying).held_usd.abs() < 1e-9);
    assert!(down(&flying).worst_usd < -50.0, "{flying:?}");
    let before = flying.stamp.computed_at;
    desk.fill(&order, price(2.04)).ticks(2);
    let scenarios = flying.outcomes.len();
    let mut waited = 0;
    while report(&desk).stamp.computed_at == before {
        desk.tick();
        waited += 1;
        assert!(waited < 60);
    }
    let held = report(&desk);
    let now = desk.engine.world().resource::<Tick>().now;
    // It is of the moment at which the book was taken, a tick for each scenario before.
    let spread = now.nanos_since(held.stamp.computed_at) / 250_000_000;
    assert_eq!(usize::try_from(spread).unwrap(), scenarios - 1);
    assert_eq!((held.positions, held.outcomes.len()), (1, scenarios));
    assert_eq!(held.stamp.quality, Quality::Ok);
    assert!(down(&held).held_usd < -50.0);
    assert!(down(&held).largest_loss.is_some());
    let worst = held.worst.unwrap();
    let least = held.outcomes[worst].1.worst_usd;
    assert!(
        held.outcomes
            .iter()
            .all(|(_, outcome)| least <= outcome.worst_usd)
    );
    // As long as nothing changes it is not done again before the grid says so.
    desk.seconds(60);
    assert_eq!(report(&desk).stamp, held.stamp);
    // A position and too few returns: the reason, and no number.
    let found = attribution(&desk);
    assert!(found.stamp.computed_at > Timestamp::NEVER);
    assert_eq!(found.windows[1].missing, Some(NoRisk::TooFewReturns));
    assert_eq!(found.stamp.quality, Quality::Warmup);
}
