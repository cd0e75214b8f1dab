//! How often the broker and the disk of a seed fail.
//!
//! Each kind is on in about a fourth of the seeds, at a rate of its own. What needs a rare occasion
//! would then hardly ever be met, so two guests a seed happen nearly whenever they can, with what
//! leads up to them.

use engine::random::Stream;
use journal::Rates;
use simulator::{Basis, Error, GatewayFault, GatewayFaults};

/// Of so many kinds about one is on in a seed.
const ONE_IN: u64 = 4;
/// Guests of a seed.
const GUESTS: u64 = 2;

/// A fault that needs a rare occasion, its rate as a guest, and what leads up to it.
struct Guest {
    kind: GatewayFault,
    rate: f64,
    before: Option<(GatewayFault, f64)>,
}

const fn guest(kind: GatewayFault, rate: f64) -> Guest {
    Guest {
        kind,
        rate,
        before: None,
    }
}

/// What is met too seldom by itself.
const RARE: [Guest; 13] = [
    // While the engine does not know that one leg is filled the other may fill as well.
    Guest {
        kind: GatewayFault::BothLegs,
        rate: 1.0,
        before: Some((GatewayFault::LostFill, 0.5)),
    },
    Guest {
        kind: GatewayFault::DropAfterPartial,
        rate: 0.7,
        before: Some((GatewayFault::PartialThenSilence, 0.3)),
    },
    guest(GatewayFault::FillAfterCancel, 0.7),
    guest(GatewayFault::FillAfterCancel, 0.3),
    guest(GatewayFault::LostStatus, 0.4),
    guest(GatewayFault::TwoPerms, 0.3),
    guest(GatewayFault::StopLegRejected, 0.15),
    guest(GatewayFault::CorrectQuantity, 0.2),
    guest(GatewayFault::CorrectPrice, 0.2),
    guest(GatewayFault::LostFill, 0.2),
    Guest {
        kind: GatewayFault::WrongAccount,
        rate: 0.3,
        before: Some((GatewayFault::LinkDrop, 40.0)),
    },
    Guest {
        kind: GatewayFault::ReplayExecutions,
        rate: 0.7,
        before: Some((GatewayFault::PortReset, 40.0)),
    },
    guest(GatewayFault::QueryUnanswered, 0.2),
];

/// The broker's faults.
///
/// # Errors
/// Never: all rates lie in what is allowed.
pub fn gateway(seed: u64) -> Result<GatewayFaults, Error> {
    let mut draws = Stream::new(seed, "torture-gateway", 0);
    let mut faults = GatewayFaults::default();
    for kind in GatewayFault::ALL {
        let share = draws.uniform();
        if draws.below(ONE_IN) == 0 {
            faults = faults.with_rate(*kind, share * most(*kind))?;
        }
    }
    for _ in 0..GUESTS {
        let place = usize::try_from(draws.below(RARE.len() as u64)).unwrap_or(0);
        let guest = &RARE[place];
        faults = faults.with_rate(guest.kind, guest.rate)?;
        if let Some((kind, rate)) = guest.before {
            faults = faults.with_rate(kind, rate)?;
        }
    }
    Ok(faults)
}

/// Whether the market has to move so that both legs of a bracket are filled.
#[must_use]
pub fn wants_both_legs(faults: &GatewayFaults) -> bool {
    faults.rate(GatewayFault::BothLegs) >= 1.0
}

/// The highest rate of a kind that is no guest.
fn most(kind: GatewayFault) -> f64 {
    match kind.basis() {
        Basis::Hour => 60.0,
        Basis::Modification | Basis::Cancellation | Basis::Partial | Basis::LegFill => 0.2,
        Basis::StopLeg | Basis::Connection => 0.1,
        _ => 0.05,
    }
}

/// The disk's faults: most disks fail in no way or in one, and a few turn bits over. In a whole
/// session they fail a thirtieth as often, since each failure is a start over all that was written since
/// the open; and no bit turns over, since a journal that is refused would end the session there.
#[must_use]
pub fn disk(seed: u64, is_whole_session: bool) -> Rates {
    let mut draws = Stream::new(seed, "torture-disk", 0);
    let part = if is_whole_session { 0.03 } else { 1.0 };
    let mut rate = |one_in: u64, most: f64| {
        let uniform = draws.uniform();
        if draws.below(one_in) == 0 {
            most * uniform * part
        } else {
            0.0
        }
    };
    let (write_error, sync_failure, sync_stall) = (rate(6, 0.01), rate(6, 0.03), rate(6, 0.1));
    let flips = rate(14, 0.02);
    Rates {
        write_error,
        sync_failure,
        sync_stall,
        bit_flip: if is_whole_session { 0.0 } else { flips },
        read_only: rate(8, 0.005),
        power_cut: rate(6, 0.01),
        capacity_bytes: (draws.below(12) == 0).then(|| 100_000 + draws.below(1_500_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_on_in_some_seed() {
        for kind in GatewayFault::ALL {
            let on = (0..200).filter(|seed| gateway(*seed).unwrap().rate(*kind) > 0.0);
            let count = on.count();
            assert!((20..=120).contains(&count), "{} {count}", kind.name());
        }
    }
}
