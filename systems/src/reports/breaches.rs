//! Limits that were reached: what was latched, and what holds for the rest of the session.

use crate::books::Books;
use bevy_ecs::prelude::*;
use engine::record::{Cause, Restriction};
use std::collections::BTreeMap;

/// How often each limit was reached in this process. Refusals of single orders are counted with the
/// signals that they block.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaches {
    counts: BTreeMap<Cause, u64>,
    /// What stood in the tick before.
    standing: BTreeMap<Cause, Restriction>,
}

impl Breaches {
    /// How often, by cause. An operator's own commands are no breach.
    pub fn counts(&self) -> impl Iterator<Item = (Cause, u64)> {
        self.counts.iter().map(|(cause, count)| (*cause, *count))
    }
}

/// Counts what stands now and did not before, or stands stricter.
pub fn watch_limits(books: Res<Books>, mut breaches: ResMut<Breaches>) {
    if !books.is_changed() {
        return;
    }
    let ledger = books.ledger();
    let account = ledger.account();
    let mut standing: BTreeMap<Cause, Restriction> = ledger.latches().collect();
    let reached = [
        (account.day_loss_reached, Cause::DayLoss),
        (account.losing_trades_reached, Cause::LosingTrades),
    ];
    for (is_reached, cause) in reached {
        if is_reached {
            standing.entry(cause).or_insert(Restriction::Reducing);
        }
    }
    let Breaches {
        counts,
        standing: before,
    } = &mut *breaches;
    for (cause, level) in &standing {
        if *cause != Cause::Operator && before.get(cause).is_none_or(|was| was < level) {
            *counts.entry(*cause).or_default() += 1;
        }
    }
    *before = standing;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use components::units::{Cash, Timestamp};
    use engine::record::Record;

    #[test]
    fn a_limit_counts_when_it_is_reached_and_not_while_it_stands() {
        let mut world = World::new();
        world.insert_resource(Books::new(Ledger::new(Cash(0))));
        world.init_resource::<Breaches>();
        let mut schedule = Schedule::default();
        schedule.add_systems(watch_limits);
        let latched = |cause, level| Record::Latched { level, cause };
        let records = [
            latched(Cause::Gate, Restriction::Reducing),
            latched(Cause::Operator, Restriction::Halted),
            latched(Cause::Gate, Restriction::Halted),
            Record::Breached {
                cause: Cause::DayLoss,
            },
            Record::Cleared { command: 1 },
            latched(Cause::Gate, Restriction::Halted),
        ];
        for record in records {
            let mut books = world.resource_mut::<Books>();
            books.enter(Timestamp(0), record);
            schedule.run(&mut world);
            schedule.run(&mut world);
        }
        let counts: Vec<_> = world.resource::<Breaches>().counts().collect();
        assert_eq!(counts, [(Cause::DayLoss, 1), (Cause::Gate, 3)]);
    }
}
