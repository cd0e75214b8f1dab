//! Who seems to be behind trades: private investors or institutions.
//!
//! Private investors' orders are filled off exchange at a price better than the quote by less than half
//! a cent, which no exchange may quote: a price whose part below the cent is under 0.4 of one is a
//! sale, over 0.6 a purchase (Boehmer, Jones, Zhang and Zhang 2021, "Tracking Retail Investor
//! Activity"). About the half cent lie midpoint trades of anybody. Blocks and intermarket sweeps are
//! institutions'. Everything else stays unassigned: the two shares do not add up to 1.

use super::shapes::{BlockSize, SidedTrade};
use components::market::Side;
use components::units::Price;

/// A cent in price units.
const CENT: i64 = 100;
/// Up to this part of a cent a price is a private sale.
const SALE_UNTIL: i64 = 40;
/// From this part of a cent on it is a private purchase.
const PURCHASE_FROM: i64 = 60;

/// Who a trade is taken to be from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Participant {
    /// A private investor.
    Retail,
    /// An institution.
    Institution,
}

/// Who `trade` is taken to be from, and which side they were on; `None` where nothing tells.
#[must_use]
pub fn participant(trade: &SidedTrade, block: BlockSize) -> Option<(Participant, Option<Side>)> {
    if block.holds(trade) || trade.sweep_flag {
        return Some((Participant::Institution, trade.side));
    }
    retail_side(trade.price).map(|side| (Participant::Retail, Some(side)))
}

/// The side of a private investor who got `price`; `None` for a whole cent, and about the half one.
#[must_use]
pub fn retail_side(price: Price) -> Option<Side> {
    match price.0.rem_euclid(CENT) {
        1..SALE_UNTIL => Some(Side::Sell),
        rest if PURCHASE_FROM < rest => Some(Side::Buy),
        _ => None,
    }
}

/// The shares that each kind of participant traded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volumes {
    /// All shares.
    pub all: u64,
    /// Private investors'.
    pub retail: Volume,
    /// Institutions'.
    pub institutional: Volume,
}

/// The shares of one kind of participant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Volume {
    /// Bought and sold.
    pub shares: u64,
    /// Bought minus sold.
    pub net: i64,
}

impl Volume {
    /// Bought minus sold over both, -1 to 1; `None` without any.
    #[must_use]
    pub fn imbalance(&self) -> Option<f64> {
        (self.shares > 0).then(|| self.net as f64 / self.shares as f64)
    }

    fn add(&mut self, size: u64, side: Option<Side>) {
        self.shares += size;
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.net += side.map_or(0, |side| side.sign().saturating_mul(size));
    }
}

impl Volumes {
    /// The volumes of `trades`.
    #[must_use]
    pub fn of(trades: &[SidedTrade], block: BlockSize) -> Self {
        let mut volumes = Self::default();
        for trade in trades {
            volumes.all += trade.size;
            match participant(trade, block) {
                Some((Participant::Retail, side)) => volumes.retail.add(trade.size, side),
                Some((Participant::Institution, side)) => {
                    volumes.institutional.add(trade.size, side);
                }
                None => {}
            }
        }
        volumes
    }

    /// A part of all shares, 0 to 1; `None` without trades.
    #[must_use]
    pub fn share(&self, part: Volume) -> Option<f64> {
        (self.all > 0).then(|| part.shares as f64 / self.all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Timestamp;

    const BLOCK: BlockSize = BlockSize {
        shares: 10_000,
        dollars: 1_000_000,
    };

    fn trade(price: i64, size: u64, side: Option<Side>, sweep_flag: bool) -> SidedTrade {
        SidedTrade {
            at: Timestamp(0),
            price: Price(price),
            size,
            side,
            sweep_flag,
        }
    }

    #[test]
    fn fractions_of_a_cent_name_the_side() {
        for (units, side) in [
            (0, None),
            (1, Some(Side::Sell)),
            (39, Some(Side::Sell)),
            (40, None),
            (50, None),
            (60, None),
            (61, Some(Side::Buy)),
            (99, Some(Side::Buy)),
        ] {
            assert_eq!(retail_side(Price(1_820_000 + units)), side, "{units}");
        }
    }

    #[test]
    fn shares_are_counted_once_and_the_rest_is_nobodys() {
        let trades = [
            trade(1_820_099, 100, Some(Side::Sell), false),
            trade(1_820_000, 20_000, Some(Side::Buy), false),
            trade(1_820_000, 300, Some(Side::Sell), true),
            trade(1_820_000, 600, Some(Side::Buy), false),
        ];
        let volumes = Volumes::of(&trades, BLOCK);
        assert_eq!((volumes.all, volumes.retail.shares), (21_000, 100));
        assert_eq!(volumes.retail.imbalance(), Some(1.0));
        assert_eq!(volumes.institutional.shares, 20_300);
        assert_eq!(volumes.institutional.net, 19_700);
        assert_eq!(Volumes::default().share(Volume::default()), None);
        assert_eq!(Volume::default().imbalance(), None);
    }
}
