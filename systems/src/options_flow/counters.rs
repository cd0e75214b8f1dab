//! The day's sums over an underlying's option trades.
//!
//! Who began a trade is told by the quote before it: above the midpoint a purchase, below it a sale, at
//! it nobody knows; there is no tick rule for a contract that trades now and then. Bars have volume and
//! no side. Premium is whole money; the delta of a trade is the model's at the tick of the trade.

use components::contract::{OptionTerms, Right};
use components::flow::OptionPrint;
use components::market::Side;
use components::options_flow::{ContractVolume, OptionsFlow};
use components::units::{Cash, Price};

/// Sums since the session's open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OptionSums {
    calls: u64,
    puts: u64,
    zero_day: u64,
    sided: u64,
    with_delta: u64,
    bought: Cash,
    sold: Cash,
    delta_shares: f64,
}

/// Who began a trade by the quote before it; `None` at the midpoint, for bars and without a quote that
/// has two sides.
#[must_use]
pub fn side_of(print: &OptionPrint) -> Option<Side> {
    let quoted = print.bid.0 >= 0 && Price::NONE < print.ask && print.bid < print.ask;
    if print.is_bar || !quoted {
        return None;
    }
    let twice_mid = print.bid.0.saturating_add(print.ask.0);
    match print.price.0.saturating_mul(2).cmp(&twice_mid) {
        std::cmp::Ordering::Less => Some(Side::Sell),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Side::Buy),
    }
}

impl OptionSums {
    /// Takes a trade of the contract with `terms`, whose volume is counted in `volume`; `delta` is that
    /// of a share, `expires` whether the contract expires today.
    pub fn take(
        &mut self,
        print: &OptionPrint,
        terms: &OptionTerms,
        delta: Option<f64>,
        expires: bool,
        volume: &mut ContractVolume,
    ) {
        let size = print.size;
        volume.contracts = volume.contracts.saturating_add(size);
        let calls_or_puts = match terms.right {
            Right::Call => &mut self.calls,
            Right::Put => &mut self.puts,
        };
        *calls_or_puts = calls_or_puts.saturating_add(size);
        if expires {
            self.zero_day = self.zero_day.saturating_add(size);
        }
        let Some(side) = side_of(print) else { return };
        self.sided = self.sided.saturating_add(size);
        let (count, money) = match side {
            Side::Buy => (&mut volume.bought, &mut self.bought),
            Side::Sell => (&mut volume.sold, &mut self.sold),
        };
        *count = count.saturating_add(size);
        let contracts = i64::try_from(size).unwrap_or(i64::MAX);
        let premium = Cash::of(print.price, contracts, terms.multiplier);
        let sum = premium.and_then(|premium| money.checked_add(premium));
        *money = sum.unwrap_or(Cash(i64::MAX));
        if let Some(delta) = delta.filter(|delta| delta.is_finite()) {
            self.with_delta = self.with_delta.saturating_add(size);
            let shares = size as f64 * f64::from(terms.multiplier);
            self.delta_shares += side.sign() as f64 * delta * shares;
        }
    }

    /// Contracts traded.
    #[must_use]
    pub fn volume(&self) -> u64 {
        self.calls.saturating_add(self.puts)
    }

    /// Contracts traded whose side is known.
    #[must_use]
    pub fn sided(&self) -> u64 {
        self.sided
    }

    /// Writes the sums into what is published.
    pub fn publish(&self, flow: &mut OptionsFlow) {
        let has_side = self.sided > 0;
        flow.call_volume = self.calls;
        flow.put_volume = self.puts;
        flow.put_call_volume = ratio(self.puts, self.calls);
        flow.zero_day_share = ratio(self.zero_day, self.volume());
        flow.bought = has_side.then_some(self.bought);
        flow.sold = has_side.then_some(self.sold);
        flow.delta_shares = (self.with_delta > 0).then_some(self.delta_shares);
        flow.sided_share = ratio(self.sided, self.volume());
        flow.delta_covered = ratio(self.with_delta, self.sided);
    }
}

/// `part` over `whole`; `None` without a whole.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::ContractId;
    use components::units::Timestamp;
    use proptest::prelude::*;

    fn terms(right: char) -> OptionTerms {
        OptionTerms::from_osi(&format!("TEST  260302{right}00100000")).unwrap()
    }

    fn print(price: i64, size: u64, bid: i64, ask: i64) -> OptionPrint {
        OptionPrint {
            contract: ContractId(0),
            at: Timestamp(0),
            price: Price(price),
            size,
            bid: Price(bid),
            ask: Price(ask),
            is_bar: false,
        }
    }

    #[test]
    fn sides_are_told_by_the_quote_alone() {
        for (price, bid, ask, side) in [
            (120, 100, 120, Some(Side::Buy)),
            (111, 100, 120, Some(Side::Buy)),
            (110, 100, 120, None),
            (109, 100, 120, Some(Side::Sell)),
            (500, 100, 120, Some(Side::Buy)),
            (30, 0, 120, Some(Side::Sell)),
            (110, 120, 100, None),
            (110, 110, 110, None),
            (110, 100, 0, None),
            (110, 0, 0, None),
        ] {
            assert_eq!(
                side_of(&print(price, 1, bid, ask)),
                side,
                "{price} {bid} {ask}"
            );
        }
        let bar = OptionPrint {
            is_bar: true,
            ..print(120, 1, 100, 120)
        };
        assert_eq!(side_of(&bar), None);
    }

    #[test]
    fn sums_by_hand() {
        let mut sums = OptionSums::default();
        let mut flow = OptionsFlow::default();
        sums.publish(&mut flow);
        assert_eq!(flow, OptionsFlow::default(), "nothing is absent, not zero");
        let mut volume = ContractVolume::default();
        let bought = print(12_000, 10, 10_000, 12_000);
        sums.take(&bought, &terms('C'), Some(0.5), true, &mut volume);
        let sold = print(10_000, 4, 10_000, 12_000);
        sums.take(&sold, &terms('P'), Some(-0.25), false, &mut volume);
        let nobody = print(11_000, 6, 10_000, 12_000);
        sums.take(&nobody, &terms('P'), Some(-0.25), false, &mut volume);
        let no_delta = print(10_000, 5, 10_000, 12_000);
        sums.take(&no_delta, &terms('C'), None, false, &mut volume);
        sums.publish(&mut flow);
        assert_eq!((flow.call_volume, flow.put_volume), (15, 10));
        assert_eq!(flow.put_call_volume, Some(10.0 / 15.0));
        assert_eq!(flow.zero_day_share, Some(0.4));
        // 10 x 100 x $1.20; 4 x 100 x $1.00 and 5 x 100 x $1.00.
        assert_eq!(flow.bought, Cash::from_dollars(1_200.0));
        assert_eq!(flow.sold, Cash::from_dollars(900.0));
        // 10 x 100 x 0.5 bought; 4 x 100 x -0.25 sold.
        assert_eq!(flow.delta_shares, Some(600.0));
        assert_eq!(
            (flow.sided_share, flow.delta_covered),
            (Some(19.0 / 25.0), Some(14.0 / 19.0))
        );
        assert_eq!((volume.contracts, volume.bought, volume.sold), (25, 10, 9));
    }

    #[test]
    fn puts_alone_have_no_ratio_and_bars_no_side() {
        let mut sums = OptionSums::default();
        let bar = OptionPrint {
            is_bar: true,
            ..print(120, 7, 100, 120)
        };
        sums.take(
            &bar,
            &terms('P'),
            Some(-0.5),
            false,
            &mut ContractVolume::default(),
        );
        let mut flow = OptionsFlow::default();
        sums.publish(&mut flow);
        assert_eq!((flow.put_volume, flow.put_call_volume), (7, None));
        assert_eq!(
            (flow.bought, flow.sold, flow.delta_shares),
            (None, None, None)
        );
        assert_eq!((flow.sided_share, flow.delta_covered), (Some(0.0), None));
    }

    proptest! {
        #[test]
        fn nothing_overflows_and_nothing_is_not_a_number(
            trades in prop::collection::vec(
                (1_i64..i64::MAX, 1_u64..=u64::MAX, any::<i64>(), any::<i64>(), any::<f64>()), 1..30,
            ),
        ) {
            let (mut sums, mut flow) = (OptionSums::default(), OptionsFlow::default());
            let mut volume = ContractVolume::default();
            for (price, size, bid, ask, delta) in trades {
                let right = if size % 2 == 0 { 'C' } else { 'P' };
                let delta = Some(delta.clamp(-1.0, 1.0));
                sums.take(&print(price, size, bid, ask), &terms(right), delta, true, &mut volume);
            }
            sums.publish(&mut flow);
            for value in [
                flow.put_call_volume, flow.zero_day_share, flow.delta_shares, flow.sided_share,
                flow.delta_covered,
            ] {
                prop_assert!(value.is_none_or(f64::is_finite));
            }
        }
    }
}
