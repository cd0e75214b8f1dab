//! Exposure by strike and by expiry, and the strikes that stand out.
//!
//! Source: SqueezeMetrics, *Gamma exposure* (2017); Perfiliev, *How to calculate gamma exposure and
//! zero gamma level* (2022). Gamma exposure is in USD of delta per 1 % move with the dealers' sign
//! (calls positive, puts negative), delta exposure in USD with delta's own sign.
//!
//! A row is one eligible contract; contracts of all roots and expiries at a strike are summed
//! there (SPX and SPXW stand together). Rows are summed in the canonical order of [`sort_rows`],
//! so the order they arrived in never shows in a result.

use components::contract::Right;
use components::exposure::StrikeExposure;
use components::units::Price;
use core::cmp::Ordering;

/// The exposure of one eligible contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExposureRow {
    /// The strike.
    pub strike: Price,
    /// The expiry date as the number `yyyymmdd`, or any other key that sorts like it.
    pub expiry: u32,
    /// Call or put.
    pub right: Right,
    /// Dealer gamma exposure in USD of delta per 1 % move.
    pub gex_usd_per_pct: f64,
    /// Delta of the open interest in USD, with delta's own sign.
    pub dex_usd: f64,
}

/// The exposure of all contracts at one strike.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StrikeSums {
    /// Gamma exposure of calls and puts at the strike.
    pub gamma: StrikeExposure,
    /// Delta of the calls' open interest in USD.
    pub call_dex_usd: f64,
    /// Delta of the puts' open interest in USD, negative.
    pub put_dex_usd: f64,
    /// Contracts in the sums.
    pub contracts: u32,
}

impl StrikeSums {
    /// Delta of the open interest in USD, with delta's own sign.
    #[must_use]
    pub fn dex_usd(&self) -> f64 {
        self.call_dex_usd + self.put_dex_usd
    }

    /// The dealers' delta in USD: long the calls, short the puts.
    #[must_use]
    pub fn dealer_dex_usd(&self) -> f64 {
        self.call_dex_usd - self.put_dex_usd
    }
}

/// The strikes that stand out; each absent where no contract of its kind has exposure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Levels {
    /// Strike of the largest call gamma exposure; absent without calls.
    pub call_wall: Option<Price>,
    /// Strike of the most negative put gamma exposure; absent without puts.
    pub put_wall: Option<Price>,
    /// Strike of the largest absolute net gamma exposure.
    pub max_abs_gamma_strike: Option<Price>,
    /// Where the net gamma exposure summed from the lowest strike up changes sign, in dollars: the
    /// crossing nearest to the spot; often absent. Not the re-priced zero gamma.
    pub zero_gamma_strike_interp: Option<f64>,
}

/// Puts rows into the order in which they are summed: strike, right, expiry, then the values, so
/// that two contracts that differ in root alone have an order too.
pub fn sort_rows(rows: &mut [ExposureRow]) {
    let order = |a: &ExposureRow, b: &ExposureRow| -> Ordering {
        let key = |row: &ExposureRow| (row.strike, row.right, row.expiry);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.gex_usd_per_pct.total_cmp(&b.gex_usd_per_pct))
            .then_with(|| a.dex_usd.total_cmp(&b.dex_usd))
    };
    // A chain is mostly kept in order, and then nothing is to be done.
    if !rows.is_sorted_by(|a, b| order(a, b).is_le()) {
        rows.sort_unstable_by(order);
    }
}

/// Sums sorted rows by strike into `table`, lowest strike first; what was in it is dropped.
///
/// # Examples
/// ```
/// use components::contract::Right;
/// use components::units::Price;
/// use systems::exposure::levels::{ExposureRow, by_strike, levels, sort_rows};
///
/// let row = |dollars: i64, right, gex_usd_per_pct, dex_usd| {
///     let strike = Price(dollars * 10_000);
///     ExposureRow { strike, expiry: 20_260_302, right, gex_usd_per_pct, dex_usd }
/// };
/// let mut rows = [
///     row(105, Right::Call, 4.0, 300.0),
///     row(95, Right::Put, -7.0, -200.0),
///     row(105, Right::Put, -1.0, -900.0),
///     row(100, Right::Call, 3.0, 500.0),
/// ];
/// sort_rows(&mut rows);
/// let mut table = Vec::new();
/// by_strike(&rows, &mut table);
/// assert_eq!(table.len(), 3);
/// assert_eq!(table[2].gamma.net_usd_per_pct(), 3.0);
/// assert_eq!(table[2].dealer_dex_usd(), 300.0 + 900.0);
///
/// let found = levels(&table, Price(1_010_000), 4).unwrap();
/// assert_eq!(found.call_wall, Some(Price(1_050_000)));
/// assert_eq!(found.put_wall, Some(Price(950_000)));
/// assert_eq!(found.max_abs_gamma_strike, Some(Price(950_000)));
/// // The running sum is -7, -4, -1: it never changes sign.
/// assert_eq!(found.zero_gamma_strike_interp, None);
/// // Five contracts wanted, four there.
/// assert_eq!(levels(&table, Price(1_010_000), 5), None);
/// ```
pub fn by_strike(rows: &[ExposureRow], table: &mut Vec<StrikeSums>) {
    table.clear();
    for row in rows {
        if table
            .last()
            .is_none_or(|last| last.gamma.strike != row.strike)
        {
            let gamma = StrikeExposure {
                strike: row.strike,
                ..StrikeExposure::default()
            };
            table.push(StrikeSums {
                gamma,
                ..StrikeSums::default()
            });
        }
        let Some(sums) = table.last_mut() else {
            continue;
        };
        sums.contracts += 1;
        match row.right {
            Right::Call => {
                sums.gamma.call_usd_per_pct += row.gex_usd_per_pct;
                sums.call_dex_usd += row.dex_usd;
            }
            Right::Put => {
                sums.gamma.put_usd_per_pct += row.gex_usd_per_pct;
                sums.put_dex_usd += row.dex_usd;
            }
        }
    }
}

/// Sums sorted rows by expiry into `table`, nearest first: key and net gamma exposure in USD of
/// delta per 1 % move; what was in it is dropped.
///
/// # Examples
/// ```
/// use components::contract::Right;
/// use components::units::Price;
/// use systems::exposure::levels::{ExposureRow, by_expiry};
///
/// let row = |expiry, gex_usd_per_pct| ExposureRow {
///     strike: Price(1_000_000), expiry, right: Right::Call, gex_usd_per_pct, dex_usd: 0.0,
/// };
/// let mut table = Vec::new();
/// by_expiry(&[row(20_260_306, 2.0), row(20_260_302, 1.0), row(20_260_306, 0.5)], &mut table);
/// assert_eq!(table, [(20_260_302, 1.0), (20_260_306, 2.5)]);
/// ```
pub fn by_expiry(rows: &[ExposureRow], table: &mut Vec<(u32, f64)>) {
    table.clear();
    for row in rows {
        // Some dozen expiries at most: a search in place beats another sort of the rows.
        match table.binary_search_by_key(&row.expiry, |entry| entry.0) {
            Ok(position) => table[position].1 += row.gex_usd_per_pct,
            Err(position) => table.insert(position, (row.expiry, row.gex_usd_per_pct)),
        }
    }
}

/// The strikes of `table` that stand out, or `None` if it stands on fewer than `contracts_min`
/// contracts (none at all included).
///
/// Ties go to the strike nearest to `spot`, then to the lower one.
#[must_use]
pub fn levels(table: &[StrikeSums], spot: Price, contracts_min: u32) -> Option<Levels> {
    let contracts: u32 = table.iter().map(|sums| sums.contracts).sum();
    if contracts < contracts_min.max(1) {
        return None;
    }
    Some(Levels {
        call_wall: largest(table, spot, |gamma| gamma.call_usd_per_pct),
        put_wall: largest(table, spot, |gamma| -gamma.put_usd_per_pct),
        max_abs_gamma_strike: largest(table, spot, |gamma| gamma.net_usd_per_pct().abs()),
        zero_gamma_strike_interp: zero_gamma_strike_interp(table, spot),
    })
}

/// Where the net gamma exposure summed from the lowest strike up changes sign, in dollars, linear
/// between strikes; of several the one nearest to `spot`, then the lower.
#[must_use]
pub fn zero_gamma_strike_interp(table: &[StrikeSums], spot: Price) -> Option<f64> {
    let spot = spot.dollars();
    let mut nearest: Option<f64> = None;
    // Strike and running sum where it was last not zero, and the first strike where it was zero
    // after that.
    let mut last: Option<(f64, f64)> = None;
    let mut zero_since: Option<f64> = None;
    let mut running = 0.0;
    for sums in table {
        running += sums.gamma.net_usd_per_pct();
        let strike = sums.gamma.strike.dollars();
        if running == 0.0 {
            zero_since = zero_since.or(Some(strike));
            continue;
        }
        if let Some((last_strike, last_running)) = last
            && (last_running < 0.0) != (running < 0.0)
        {
            let step = (strike - last_strike) * -last_running / (running - last_running);
            let crossing = zero_since.unwrap_or(last_strike + step);
            if nearest.is_none_or(|found| (crossing - spot).abs() < (found - spot).abs()) {
                nearest = Some(crossing);
            }
        }
        last = Some((strike, running));
        zero_since = None;
    }
    nearest
}

/// The strike with the largest positive `size`.
fn largest(
    table: &[StrikeSums],
    spot: Price,
    size: impl Fn(&StrikeExposure) -> f64,
) -> Option<Price> {
    let mut best: Option<(f64, Price)> = None;
    let distance = |strike: Price| strike.0.abs_diff(spot.0);
    for sums in table {
        let (found, strike) = (size(&sums.gamma), sums.gamma.strike);
        // Strikes ascend, so of two equally far ones the lower is already there.
        let better = best.is_none_or(|(size, at)| match found.total_cmp(&size) {
            Ordering::Greater => true,
            Ordering::Equal => distance(strike) < distance(at),
            Ordering::Less => false,
        });
        if found > 0.0 && better {
            best = Some((found, strike));
        }
    }
    best.map(|(_, strike)| strike)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SPOT: Price = Price(1_000_000);

    fn table(nets: &[(i64, f64)]) -> Vec<StrikeSums> {
        let rows: Vec<_> = nets
            .iter()
            .map(|(dollars, net)| ExposureRow {
                strike: Price(dollars * 10_000),
                expiry: 1,
                right: if *net < 0.0 { Right::Put } else { Right::Call },
                gex_usd_per_pct: *net,
                dex_usd: 0.0,
            })
            .collect();
        let mut table = Vec::new();
        by_strike(&rows, &mut table);
        table
    }

    #[test]
    fn a_tie_goes_to_the_nearer_strike_then_to_the_lower() {
        let found = levels(&table(&[(90, 5.0), (98, 5.0), (102, 5.0)]), SPOT, 1).unwrap();
        assert_eq!(found.call_wall, Some(Price(980_000)));
        assert_eq!(
            (found.put_wall, found.zero_gamma_strike_interp),
            (None, None)
        );
        let found = levels(&table(&[(90, -5.0), (97, -5.0), (102, -5.0)]), SPOT, 1).unwrap();
        assert_eq!(
            (found.call_wall, found.put_wall),
            (None, Some(Price(1_020_000)))
        );
    }

    #[test]
    fn a_chain_without_exposure_has_no_level() {
        assert_eq!(levels(&[], SPOT, 0), None);
        assert_eq!(
            levels(&table(&[(100, 0.0)]), SPOT, 1),
            Some(Levels::default())
        );
    }

    #[test]
    fn the_running_sum_crosses_zero_between_or_on_strikes() {
        let check = |nets: &[(i64, f64)], expected: Option<f64>| {
            assert_eq!(
                zero_gamma_strike_interp(&table(nets), SPOT),
                expected,
                "{nets:?}"
            );
        };
        check(&[], None);
        check(&[(90, -1.0), (100, 4.0)], Some(92.5));
        check(&[(90, -1.0), (95, 1.0), (100, 1.0)], Some(95.0));
        check(&[(90, -1.0), (95, 1.0), (100, -1.0)], None);
        check(&[(80, 0.0), (90, 1.0)], None);
        // Crossings at 85 and 105; the second is nearer.
        check(
            &[(80, -1.0), (90, 2.0), (100, 0.0), (110, -2.0)],
            Some(105.0),
        );
    }

    prop_compose! {
        // Few strikes and values, so that strikes repeat and ties happen.
        fn any_row()(
            dollars in 90_i64..110,
            expiry in 1_u32..4,
            call in any::<bool>(),
            exposure in 0_u32..6,
            fraction in 0.0..1.0_f64,
        ) -> ExposureRow {
            let right = if call { Right::Call } else { Right::Put };
            let size = if exposure < 3 { f64::from(exposure) } else { fraction };
            ExposureRow {
                strike: Price(dollars * 10_000),
                expiry,
                right,
                gex_usd_per_pct: right.phi() * size,
                dex_usd: right.phi() * fraction,
            }
        }
    }

    fn view(rows: &[ExposureRow]) -> (Vec<StrikeSums>, Vec<(u32, f64)>, Option<Levels>) {
        let mut rows = rows.to_vec();
        sort_rows(&mut rows);
        let (mut strikes, mut expiries) = (Vec::new(), Vec::new());
        by_strike(&rows, &mut strikes);
        by_expiry(&rows, &mut expiries);
        let found = levels(&strikes, SPOT, 4);
        (strikes, expiries, found)
    }

    proptest! {
        #[test]
        fn the_order_of_a_chain_never_shows(
            (rows, shuffled) in prop::collection::vec(any_row(), 0..60)
                .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
        ) {
            prop_assert_eq!(view(&rows), view(&shuffled));
        }

        #[test]
        fn strikes_and_expiries_sum_to_the_chain(
            rows in prop::collection::vec(any_row(), 0..60)
        ) {
            let (strikes, expiries, found) = view(&rows);
            let total: f64 = rows.iter().map(|row| row.gex_usd_per_pct).sum();
            let by_strike: f64 = strikes.iter().map(|sums| sums.gamma.net_usd_per_pct()).sum();
            let by_expiry: f64 = expiries.iter().map(|entry| entry.1).sum();
            prop_assert!((by_strike - total).abs() < 1e-12 && (by_expiry - total).abs() < 1e-12);
            prop_assert!(strikes.is_sorted_by_key(|sums| sums.gamma.strike));
            prop_assert!(expiries.is_sorted_by_key(|entry| entry.0));
            prop_assert_eq!(found.is_some(), rows.len() >= 4);
        }
    }
}
