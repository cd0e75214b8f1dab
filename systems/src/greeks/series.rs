//! The series of an underlying: contracts of one root and one expiry, and what they are priced
//! with.

use super::forward::{NearestPairs, Series, fill_yields};
use components::contract::{Expiry, OptionTerms};
use components::market::Ticker;

/// The name of a series: root and expiry.
pub type SeriesName = (Ticker, Expiry);

/// A series with its name.
pub type NamedSeries = (SeriesName, Series);

/// The name of the series that a contract belongs to.
#[must_use]
pub fn series_of(terms: &OptionTerms) -> SeriesName {
    (terms.root, terms.expiry)
}

/// The series that were met while the contracts of an underlying were gone through, in any order.
#[derive(Debug, Default)]
pub struct SeriesTable {
    met: Vec<(SeriesName, f64, NearestPairs)>,
    /// The last one, for contracts mostly come series by series.
    place: usize,
}

impl SeriesTable {
    /// The pairs of a series; `years` to expiry are asked for when it is met first.
    pub fn pairs_mut(
        &mut self,
        name: SeriesName,
        years: impl FnOnce() -> f64,
    ) -> &mut NearestPairs {
        let met = &mut self.met;
        if met.get(self.place).is_none_or(|(own, ..)| *own != name) {
            let place = met.iter().position(|(own, ..)| *own == name);
            self.place = place.unwrap_or_else(|| {
                met.push((name, years(), NearestPairs::default()));
                met.len() - 1
            });
        }
        &mut met[self.place].2
    }

    /// Forwards, yields and pricing spots of all series, in order of root and expiry.
    ///
    /// `fallback_yield` serves where no quotes show a forward.
    ///
    /// # Panics
    /// If years to expiry do not ascend with the expiries of a root.
    #[must_use]
    pub fn price(mut self, spot: f64, rate: f64, fallback_yield: f64) -> Vec<NamedSeries> {
        self.met.sort_by_key(|(name, ..)| *name);
        let mut priced = Vec::with_capacity(self.met.len());
        for of_root in self.met.chunk_by(|one, other| one.0.0 == other.0.0) {
            let unpriced = |(_, years, pairs): &(SeriesName, f64, NearestPairs)| Series {
                years: *years,
                forward: pairs.forward(spot, rate, *years).filter(|_| *years > 0.0),
                quoted: !pairs.is_empty(),
                ..Series::default()
            };
            let mut series: Vec<Series> = of_root.iter().map(unpriced).collect();
            fill_yields(spot, rate, fallback_yield, &mut series);
            priced.extend(of_root.iter().map(|(name, ..)| *name).zip(series));
        }
        priced
    }
}

/// The series of that name in what [`SeriesTable::price`] returned; `place` remembers the last one.
pub(super) fn find(series: &[NamedSeries], name: SeriesName, place: &mut usize) -> Option<Series> {
    if series.get(*place).is_none_or(|(own, _)| *own != name) {
        *place = series.binary_search_by_key(&name, |(own, _)| *own).ok()?;
    }
    series.get(*place).map(|(_, series)| *series)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(root: &str, expiry: u32) -> SeriesName {
        (Ticker::new(root).unwrap(), expiry.try_into().unwrap())
    }

    #[test]
    fn roots_have_yields_of_their_own_and_the_order_of_contracts_does_not_matter() {
        let [late, soon, other] = [
            name("SPX", 20_260_618),
            name("SPX", 20_260_320),
            name("SPXW", 20_260_320),
        ];
        let mut table = SeriesTable::default();
        table.pairs_mut(other, || 0.1);
        // At a rate of 0 the forward is 100 + C - P, and the yield is -ln(F / 100) / T.
        table.pairs_mut(late, || 0.5).push(100.0, 100.0, 3.0, 4.0);
        table.pairs_mut(soon, || 0.1);
        // Met again: its years stand.
        table.pairs_mut(late, || 9.9).push(100.0, 101.0, 2.5, 4.5);
        let priced = table.price(100.0, 0.0, 0.01);
        let names: Vec<SeriesName> = priced.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, [soon, late, other]);
        let [soon, late, other] = [priced[0].1, priced[1].1, priced[2].1];
        assert_eq!((late.years, late.forward), (0.5, Some(99.0)));
        let expected = -engine::math::ln_ratio(99.0, 100.0) / 0.5;
        assert!((late.dividend_yield - expected).abs() < 1e-15);
        assert_eq!(soon.dividend_yield.to_bits(), late.dividend_yield.to_bits());
        assert!((other.dividend_yield - 0.01).abs() < 1e-15);
    }

    #[test]
    fn a_series_is_found_by_its_name_wherever_the_last_one_was() {
        let mut table = SeriesTable::default();
        let names = [name("AAA", 20_260_320), name("AAA", 20_260_618)];
        for (name, years) in names.into_iter().zip([0.1, 0.5]) {
            table.pairs_mut(name, || years);
        }
        let priced = table.price(100.0, 0.0, 0.0);
        for mut place in 0..3 {
            for (own, years) in names.into_iter().zip([0.1, 0.5]) {
                let found = find(&priced, own, &mut place).unwrap();
                assert!((found.years - years).abs() < 1e-15);
            }
            let none = find(&priced, name("AAB", 20_260_320), &mut place);
            assert_eq!(none, None);
        }
    }
}
