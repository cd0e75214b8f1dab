//! Places of labels in a row that must not cover each other.

/// Moves labels of the given lengths as little as can be from their `wanted` middles, so that none
/// covers another and all stay between `low` and `high`. `wanted` ascends; the order stays.
///
/// The least squares of the moves, by pooling neighbours that want the same place (isotonic
/// regression: Ayer and others 1955). Labels that have no room at all stick out at `high`.
pub(super) fn spread(wanted: &[f64], lengths: &[f64], (low, high): (f64, f64)) -> Vec<f64> {
    // What stands before each label if all stand close together.
    let mut before = Vec::with_capacity(wanted.len());
    let mut end = 0.0;
    for length in lengths {
        before.push(end + length / 2.0);
        end += length;
    }
    // Sum and count of the pools; their means ascend.
    let mean = |(sum, count): (f64, usize)| sum / count as f64;
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (wanted, before) in wanted.iter().zip(&before) {
        let mut pool = (wanted - before, 1);
        while let Some(last) = pools.last().copied()
            && mean(last) > mean(pool)
        {
            pools.pop();
            pool = (last.0 + pool.0, last.1 + pool.1);
        }
        pools.push(pool);
    }
    let mut means = pools
        .into_iter()
        .flat_map(|pool| std::iter::repeat_n(mean(pool), pool.1));
    let last = (high - end).max(low);
    let place = |before: &f64| means.next().unwrap_or(low).clamp(low, last) + before;
    before.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_that_have_room_stay_where_they_are() {
        assert_eq!(
            spread(&[10.0, 40.0], &[10.0, 10.0], (0.0, 100.0)),
            [10.0, 40.0]
        );
        // Two that want the same place share the move.
        assert_eq!(
            spread(&[50.0, 50.0], &[10.0, 10.0], (0.0, 100.0)),
            [45.0, 55.0]
        );
        // At the end both move.
        assert_eq!(
            spread(&[99.0, 99.0], &[10.0, 10.0], (0.0, 100.0)),
            [85.0, 95.0]
        );
    }

    proptest! {
        #[test]
        fn none_covers_another_and_all_stay_inside(
            mut labels in proptest::collection::vec((-50.0..150.0_f64, 1.0..12.0_f64), 0..8)
        ) {
            labels.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (wanted, lengths): (Vec<f64>, Vec<f64>) = labels.into_iter().unzip();
            let found = spread(&wanted, &lengths, (0.0, 100.0));
            prop_assert_eq!(found.len(), wanted.len());
            let mut end = 0.0;
            for (middle, length) in found.iter().zip(&lengths) {
                prop_assert!(middle - length / 2.0 >= end - 1e-9);
                end = middle + length / 2.0;
            }
            prop_assert!(end <= 100.0 + 1e-9);
        }
    }
}
