//! Which contracts trade far more than is open in them.

use components::contract::{ContractId, OptionTerms};
use components::interest::OpenInterest;
use components::options_flow::{ContractVolume, UNUSUAL_MAX, UnusualContract, UnusualReason};
use components::units::Timestamp;

/// From where on volume is unusual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Contracts of the day, at least.
    pub contracts: u64,
    /// Volume over open interest, at least.
    pub ratio: f64,
}

impl Threshold {
    /// Why a contract is unusual, if it is. One whose open interest was never told is not judged.
    #[must_use]
    pub fn judge(&self, volume: &ContractVolume, interest: &OpenInterest) -> Option<UnusualReason> {
        if volume.contracts < self.contracts || interest.at == Timestamp::NEVER {
            return None;
        }
        if interest.contracts == 0 {
            return Some(UnusualReason::NoInterest);
        }
        let ratio = volume.contracts as f64 / f64::from(interest.contracts);
        (self.ratio <= ratio).then_some(UnusualReason::OverInterest)
    }
}

/// A contract with unusual volume, as it is shown.
#[must_use]
pub fn unusual(
    contract: ContractId,
    terms: &OptionTerms,
    volume: &ContractVolume,
    interest: &OpenInterest,
    reason: UnusualReason,
) -> UnusualContract {
    let open = (interest.contracts > 0).then(|| f64::from(interest.contracts));
    UnusualContract {
        contract,
        terms: *terms,
        volume: *volume,
        interest: interest.contracts,
        ratio: open.map(|open| volume.contracts as f64 / open),
        reason,
    }
}

/// The most unusual contracts, best first.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ranking {
    places: [Option<UnusualContract>; UNUSUAL_MAX],
}

impl Ranking {
    /// Takes a contract, each once.
    pub fn take(&mut self, one: UnusualContract) {
        let is_beaten = |place: &Option<UnusualContract>| {
            place.as_ref().is_none_or(|known| is_before(&one, known))
        };
        if let Some(place) = self.places.iter().position(is_beaten) {
            self.places[place..].rotate_right(1);
            self.places[place] = Some(one);
        }
    }

    /// The places.
    #[must_use]
    pub fn places(&self) -> [Option<UnusualContract>; UNUSUAL_MAX] {
        self.places
    }
}

/// Nothing open before anything, then the ratio, then the volume, then the terms.
fn is_before(one: &UnusualContract, other: &UnusualContract) -> bool {
    let ratio = |contract: &UnusualContract| contract.ratio.unwrap_or(f64::INFINITY);
    ratio(one)
        .total_cmp(&ratio(other))
        .then(one.volume.contracts.cmp(&other.volume.contracts))
        .then(other.terms.cmp(&one.terms))
        .is_gt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LEAST: Threshold = Threshold {
        contracts: 500,
        ratio: 2.0,
    };

    fn volume(contracts: u64) -> ContractVolume {
        ContractVolume {
            contracts,
            ..ContractVolume::default()
        }
    }

    fn interest(contracts: u32) -> OpenInterest {
        OpenInterest {
            contracts,
            at: Timestamp(0),
        }
    }

    fn one(id: u32, contracts: u64, open: u32) -> UnusualContract {
        let terms =
            OptionTerms::from_osi(&format!("T     260302C{:08}", 1_000 * (id + 1))).unwrap();
        let reason = UnusualReason::OverInterest;
        unusual(
            ContractId(id),
            &terms,
            &volume(contracts),
            &interest(open),
            reason,
        )
    }

    #[test]
    fn volume_alone_and_ratio_alone_are_not_unusual() {
        let judge = |contracts, open| LEAST.judge(&volume(contracts), &interest(open));
        assert_eq!(judge(499, 1), None);
        assert_eq!(judge(500, 251), None);
        assert_eq!(judge(500, 250), Some(UnusualReason::OverInterest));
        assert_eq!(judge(500, 0), Some(UnusualReason::NoInterest));
        assert_eq!(judge(499, 0), None);
        let never = OpenInterest::default();
        assert_eq!(LEAST.judge(&volume(1_000_000), &never), None);
    }

    #[test]
    fn nothing_open_comes_first_and_has_no_ratio() {
        let mut ranking = Ranking::default();
        for (id, contracts, open) in [(0, 900, 100), (1, 600, 0), (2, 700, 0), (3, 900, 90)] {
            ranking.take(one(id, contracts, open));
        }
        let ids = ranking
            .places()
            .map(|place| place.map(|one| one.contract.0));
        assert_eq!(ids, [Some(2), Some(1), Some(3), Some(0), None]);
        assert_eq!(ranking.places()[0].unwrap().ratio, None);
        assert_eq!(ranking.places()[3].unwrap().ratio, Some(9.0));
    }

    proptest! {
        #[test]
        fn the_ranking_is_the_head_of_the_sorted_list_in_any_order(
            volumes in prop::collection::vec((500_u64..520, 0_u32..4), 1..30), turn in 0_usize..30,
        ) {
            let id = |place: usize| u32::try_from(place).unwrap();
            let make = |(place, (volume, open)): (usize, &(u64, u32))| one(id(place), *volume, *open);
            let mut all: Vec<_> = volumes.iter().enumerate().map(make).collect();
            let mut ranking = Ranking::default();
            let turn = turn % all.len();
            all[turn..].iter().chain(&all[..turn]).for_each(|one| ranking.take(*one));
            all.sort_by(|l, r| if is_before(l, r) { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater });
            let head: Vec<_> = all.iter().take(UNUSUAL_MAX).copied().collect();
            let found: Vec<_> = ranking.places().into_iter().flatten().collect();
            prop_assert_eq!(found, head);
        }
    }
}
