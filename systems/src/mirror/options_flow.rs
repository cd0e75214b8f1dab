//! What is traded in options, as it leaves.

use super::convert::validity;
use components::options_flow::{UnusualContract, UnusualReason};
use components::units::Cash;
use wire::options_flow::{self as shown, OptionsFlow, Osi, Unusual};

/// The day's flow of an underlying's options.
#[must_use]
pub fn options_flow(flow: &components::options_flow::OptionsFlow) -> OptionsFlow {
    let net = flow.bought.zip(flow.sold);
    let net = net.and_then(|(bought, sold)| bought.checked_sub(sold));
    OptionsFlow {
        call_volume: flow.call_volume,
        put_volume: flow.put_volume,
        put_call_volume: flow.put_call_volume,
        call_interest: flow.call_interest,
        put_interest: flow.put_interest,
        put_call_interest: flow.put_call_interest,
        zero_day_share: flow.zero_day_share,
        bought_usd: flow.bought.map(Cash::dollars),
        sold_usd: flow.sold.map(Cash::dollars),
        net_premium_usd: net.map(Cash::dollars),
        delta_shares: flow.delta_shares,
        sided_share: flow.sided_share,
        delta_covered: flow.delta_covered,
        unusual_count: flow.unusual_count,
        unusual: flow
            .unusual
            .map(|place| place.and_then(|one| unusual(&one))),
        sided: validity(&flow.sided),
        validity: validity(&flow.stamp),
    }
}

/// A contract whose symbol no reader could take is left out.
fn unusual(one: &UnusualContract) -> Option<Unusual> {
    Some(Unusual {
        contract: Osi::new(&one.terms.osi()).ok()?,
        volume: one.volume.contracts,
        bought: one.volume.bought,
        sold: one.volume.sold,
        interest: one.interest,
        ratio: one.ratio,
        reason: match one.reason {
            UnusualReason::OverInterest => shown::UnusualReason::OverInterest,
            UnusualReason::NoInterest => shown::UnusualReason::NoInterest,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::{ContractId, OptionTerms};
    use components::options_flow::{ContractVolume, OptionsFlow as Flow};

    #[test]
    fn reasons_keep_their_names_and_nothing_known_is_null() {
        for reason in [UnusualReason::OverInterest, UnusualReason::NoInterest] {
            let one = UnusualContract {
                contract: ContractId(1),
                terms: OptionTerms::from_osi("SPY   250915C00657500").unwrap(),
                volume: ContractVolume::default(),
                interest: 7,
                ratio: Some(0.0),
                reason,
            };
            let shown = unusual(&one).unwrap();
            assert_eq!(shown.contract.as_str(), one.terms.osi());
            let name = serde_json::to_string(&shown.reason).unwrap();
            assert_eq!(name.trim_matches('"'), reason.name());
        }
        let nothing = options_flow(&Flow::default());
        assert_eq!((nothing.net_premium_usd, nothing.unusual[0]), (None, None));
        let some = Flow {
            bought: Some(Cash(50_000)),
            sold: Some(Cash(20_000)),
            ..Flow::default()
        };
        assert_eq!(options_flow(&some).net_premium_usd, Some(3.0));
    }
}
