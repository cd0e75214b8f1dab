//! Clusters of points: Lloyd's algorithm in any number of dimensions, and the exact best clusters
//! on a line.
//!
//! Each point belongs to the nearest centre (the first of equals), each centre is the mean of its
//! points; both are repeated until no point changes hands. A centre without points moves to the
//! point that lies farthest from its own. Starts are drawn by k-means++ (Arthur and Vassilvitskii
//! 2007) from a named stream, so they repeat. Sources: Lloyd (1982); formulas.md 12, 16.

use engine::random::Stream;

/// Rounds after which Lloyd's algorithm ends in any case.
const ROUNDS_MAX: usize = 100;

/// Points of equal dimension, one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Points<'a> {
    values: &'a [f64],
    dimension: usize,
}

impl<'a> Points<'a> {
    /// Points of `dimension` numbers each; numbers that do not fill a point are left out.
    #[must_use]
    pub fn new(values: &'a [f64], dimension: usize) -> Self {
        let dimension = dimension.max(1);
        let whole = values.len() - values.len() % dimension;
        Self {
            values: &values[..whole],
            dimension,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The coordinates of a point.
    #[must_use]
    pub fn at(&self, place: usize) -> &'a [f64] {
        &self.values[place * self.dimension..(place + 1) * self.dimension]
    }

    fn iter(&self) -> impl Iterator<Item = &'a [f64]> + use<'a> {
        self.values.chunks_exact(self.dimension)
    }
}

/// Clusters that were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The centres, one after the other, in the order of the starting ones.
    pub centres: Vec<f64>,
    /// The cluster of each point.
    pub labels: Vec<usize>,
    /// Sum of squared distances of the points to their centres.
    pub inertia: f64,
}

impl Clusters {
    /// Points of a cluster.
    #[must_use]
    pub fn count(&self, cluster: usize) -> usize {
        self.labels
            .iter()
            .filter(|label| **label == cluster)
            .count()
    }
}

/// Clusters from given starting centres; `None` without points, without centres, or with more
/// centres than points.
#[must_use]
pub fn lloyd(points: Points<'_>, start: &[f64]) -> Option<Clusters> {
    let dimension = points.dimension;
    let clusters = start.len() / dimension;
    if clusters == 0 || points.len() < clusters {
        return None;
    }
    let mut centres = start[..clusters * dimension].to_vec();
    let mut labels = vec![0; points.len()];
    for round in 0..ROUNDS_MAX {
        let changed = assign(points, &centres, &mut labels);
        if !changed && round > 0 {
            break;
        }
        centre(points, &labels, &mut centres);
    }
    let far =
        |(point, label): (&[f64], &usize)| distance(point, centre_of(&centres, *label, dimension));
    let inertia = points.iter().zip(&labels).map(far).sum();
    Some(Clusters {
        centres,
        labels,
        inertia,
    })
}

/// The best of `starts` runs from centres that k-means++ draws; ties go to the first.
#[must_use]
pub fn kmeans(
    points: Points<'_>,
    clusters: usize,
    starts: usize,
    draws: &mut Stream,
) -> Option<Clusters> {
    let mut best: Option<Clusters> = None;
    for _ in 0..starts {
        let found = lloyd(points, &plus_plus(points, clusters, draws)?)?;
        if best
            .as_ref()
            .is_none_or(|best| found.inertia < best.inertia)
        {
            best = Some(found);
        }
    }
    best
}

/// How well points lie in their clusters: the mean of `(b - a) / max(a, b)` with `a` the mean distance
/// to the other points of the cluster and `b` to those of the nearest other one, -1 to 1. A point alone
/// in its cluster counts 0. `None` with fewer than two clusters that hold points. The cost grows with
/// the square of the points. Source: Rousseeuw (1987).
#[must_use]
pub fn silhouette(points: Points<'_>, clusters: &Clusters) -> Option<f64> {
    let count = clusters.centres.len() / points.dimension;
    let sizes: Vec<usize> = (0..count).map(|cluster| clusters.count(cluster)).collect();
    if sizes.iter().filter(|size| **size > 0).count() < 2 {
        return None;
    }
    let mut sum = 0.0;
    let mut sums = vec![0.0; count];
    for (point, own) in points.iter().zip(&clusters.labels) {
        sums.fill(0.0);
        for (other, label) in points.iter().zip(&clusters.labels) {
            sums[*label] += distance(point, other).sqrt();
        }
        if sizes[*own] < 2 {
            continue;
        }
        let within = sums[*own] / (sizes[*own] - 1) as f64;
        let nearest = (0..count)
            .filter(|cluster| cluster != own && sizes[*cluster] > 0)
            .map(|cluster| sums[cluster] / sizes[cluster] as f64)
            .fold(f64::INFINITY, f64::min);
        let scale = within.max(nearest);
        if scale > 0.0 {
            sum += (nearest - within) / scale;
        }
    }
    Some(sum / points.len() as f64)
}

/// The clusters of numbers on a line with the least inertia of all, centres ascending; `None` with
/// fewer numbers than clusters, or none.
///
/// Clusters of a line are intervals of the sorted numbers, so the best cut is found step by step
/// (Wang and Song 2011, "Ckmeans.1d.dp"), in `k n log n`.
#[must_use]
pub fn on_a_line(values: &[f64], clusters: usize) -> Option<Clusters> {
    let n = values.len();
    if clusters == 0 || n < clusters {
        return None;
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|l, r| values[*l].total_cmp(&values[*r]));
    let line = Line::new(order.iter().map(|place| values[*place]));
    let mut costs: Vec<f64> = (0..=n).map(|end| line.cost(0, end)).collect();
    let mut cuts = Vec::with_capacity(clusters);
    for used in 2..=clusters {
        let mut layer = Layer {
            line: &line,
            before: &costs,
            costs: vec![f64::INFINITY; n + 1],
            cuts: vec![0; n + 1],
        };
        layer.fill(used, n, used - 1, n - 1);
        let Layer {
            costs: with_one_more,
            cuts: layer_cuts,
            ..
        } = layer;
        costs = with_one_more;
        cuts.push(layer_cuts);
    }
    let mut ends = vec![n];
    for layer in cuts.iter().rev() {
        let last = ends[ends.len() - 1];
        ends.push(layer[last]);
    }
    ends.push(0);
    ends.reverse();
    let mut labels = vec![0; n];
    let mut centres = Vec::with_capacity(clusters);
    let mut inertia = 0.0;
    for (cluster, ends) in ends.windows(2).enumerate() {
        let members = &order[ends[0]..ends[1]];
        let mean = members.iter().map(|place| values[*place]).sum::<f64>() / members.len() as f64;
        for place in members {
            labels[*place] = cluster;
            inertia += (values[*place] - mean) * (values[*place] - mean);
        }
        centres.push(mean);
    }
    Some(Clusters {
        centres,
        labels,
        inertia,
    })
}

/// Sorted numbers, with the sums that give the inertia of a stretch in one step.
struct Line {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl Line {
    fn new(sorted: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        // About their mean, so that the difference of the sums keeps its digits.
        let mean = sorted.clone().sum::<f64>() / sorted.len() as f64;
        let (mut sums, mut squares) = (vec![0.0], vec![0.0]);
        let (mut sum, mut square) = (0.0, 0.0);
        for value in sorted {
            let value = value - mean;
            sum += value;
            square += value * value;
            sums.push(sum);
            squares.push(square);
        }
        Self { sums, squares }
    }

    /// The inertia of the numbers from `from` up to but not with `until`.
    fn cost(&self, from: usize, until: usize) -> f64 {
        if until <= from {
            return 0.0;
        }
        let sum = self.sums[until] - self.sums[from];
        let square = self.squares[until] - self.squares[from];
        (square - sum * sum / (until - from) as f64).max(0.0)
    }
}

/// The least inertia of the first numbers in one cluster more than before.
struct Layer<'a> {
    line: &'a Line,
    before: &'a [f64],
    costs: Vec<f64>,
    cuts: Vec<usize>,
}

impl Layer<'_> {
    /// Fills ends `from` to `to`, whose last cuts lie within `low` to `high`: the best cut never moves
    /// back when the end moves on.
    fn fill(&mut self, from: usize, to: usize, low: usize, high: usize) {
        if to < from {
            return;
        }
        let end = from + (to - from) / 2;
        let mut best = (f64::INFINITY, low);
        for cut in low..=high.min(end - 1) {
            let cost = self.before[cut] + self.line.cost(cut, end);
            if cost < best.0 {
                best = (cost, cut);
            }
        }
        (self.costs[end], self.cuts[end]) = best;
        self.fill(from, end - 1, low, best.1);
        self.fill(end + 1, to, best.1, high);
    }
}

fn plus_plus(points: Points<'_>, clusters: usize, draws: &mut Stream) -> Option<Vec<f64>> {
    let count = u64::try_from(points.len()).ok().filter(|n| *n > 0)?;
    let first = usize::try_from(draws.below(count)).ok()?;
    let mut centres = points.at(first).to_vec();
    let mut nearest: Vec<f64> = points
        .iter()
        .map(|p| distance(p, points.at(first)))
        .collect();
    while centres.len() < clusters * points.dimension {
        let total: f64 = nearest.iter().sum();
        let mut left = draws.uniform() * total;
        // The last point that can be drawn, should rounding leave something over.
        let mut chosen = nearest.iter().rposition(|far| *far > 0.0).unwrap_or(0);
        for (place, far) in nearest.iter().enumerate() {
            if left < *far {
                chosen = place;
                break;
            }
            left -= far;
        }
        centres.extend_from_slice(points.at(chosen));
        for (place, far) in nearest.iter_mut().enumerate() {
            *far = far.min(distance(points.at(place), points.at(chosen)));
        }
    }
    Some(centres)
}

/// Gives each point to the nearest centre; whether any changed hands.
fn assign(points: Points<'_>, centres: &[f64], labels: &mut [usize]) -> bool {
    let mut changed = false;
    for (point, label) in points.iter().zip(labels) {
        let mut nearest = (f64::INFINITY, 0);
        for (cluster, centre) in centres.chunks_exact(points.dimension).enumerate() {
            let far = distance(point, centre);
            if far < nearest.0 {
                nearest = (far, cluster);
            }
        }
        changed |= *label != nearest.1;
        *label = nearest.1;
    }
    changed
}

/// Moves each centre to the mean of its points.
fn centre(points: Points<'_>, labels: &[usize], centres: &mut [f64]) {
    let dimension = points.dimension;
    let mut counts = vec![0_usize; centres.len() / dimension];
    let mut sums = vec![0.0; centres.len()];
    for (point, label) in points.iter().zip(labels) {
        counts[*label] += 1;
        for (sum, value) in sums[label * dimension..].iter_mut().zip(point) {
            *sum += value;
        }
    }
    let mut taken = Vec::new();
    for (cluster, count) in counts.iter().enumerate() {
        let stretch = cluster * dimension..(cluster + 1) * dimension;
        if *count > 0 {
            for (centre, sum) in centres[stretch.clone()].iter_mut().zip(&sums[stretch]) {
                *centre = sum / *count as f64;
            }
        } else {
            let place = farthest(points, labels, centres, &taken);
            taken.push(place);
            centres[stretch].copy_from_slice(points.at(place));
        }
    }
}

/// The point that lies farthest from its centre and was not `taken` yet.
fn farthest(points: Points<'_>, labels: &[usize], centres: &[f64], taken: &[usize]) -> usize {
    let mut worst = (-1.0, 0);
    for (place, (point, label)) in points.iter().zip(labels).enumerate() {
        let far = distance(point, centre_of(centres, *label, points.dimension));
        if far > worst.0 && !taken.contains(&place) {
            worst = (far, place);
        }
    }
    worst.1
}

fn centre_of(centres: &[f64], cluster: usize, dimension: usize) -> &[f64] {
    &centres[cluster * dimension..(cluster + 1) * dimension]
}

/// The squared distance of two points.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(l, r)| (l - r) * (l - r)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_heaps_are_told_apart() {
        let values = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 9.0, 9.0, 10.0, 9.0, 9.0, 10.0];
        let points = Points::new(&values, 2);
        let found = lloyd(points, &[0.0, 0.0, 1.0, 1.0]).unwrap();
        assert_eq!(found.labels, [0, 0, 0, 1, 1, 1]);
        assert!((found.inertia - 8.0 / 3.0).abs() < 1e-12);
        assert!(silhouette(points, &found).unwrap() > 0.85);
        let mut draws = Stream::new(1, "test", 0);
        let drawn = kmeans(points, 2, 10, &mut draws).unwrap();
        assert!((drawn.inertia - found.inertia).abs() < 1e-12);
    }

    #[test]
    fn a_centre_without_points_moves_to_the_farthest_one() {
        let values = [0.0, 1.0, 2.0, 50.0];
        let found = lloyd(Points::new(&values, 1), &[1.0, 1e9]).unwrap();
        assert_eq!(found.labels, [0, 0, 0, 1]);
        assert_eq!(found.centres, [1.0, 50.0]);
    }

    #[test]
    fn what_cannot_be_clustered_is_absent() {
        let points = Points::new(&[1.0, 2.0], 1);
        assert_eq!(lloyd(points, &[1.0, 2.0, 3.0]), None);
        assert_eq!(lloyd(points, &[]), None);
        assert_eq!(on_a_line(&[1.0], 2), None);
        assert_eq!(
            kmeans(Points::new(&[], 1), 1, 3, &mut Stream::new(1, "", 0)),
            None
        );
        // Points that coincide end in fewer clusters, and in no endless loop.
        let same = [7.0; 5];
        let found = kmeans(Points::new(&same, 1), 3, 2, &mut Stream::new(1, "", 0)).unwrap();
        assert_eq!(found.inertia.to_bits(), 0.0_f64.to_bits());
        assert_eq!(silhouette(Points::new(&same, 1), &found), None);
    }

    proptest! {
        #[test]
        fn no_start_beats_the_exact_clusters_of_a_line(
            values in prop::collection::vec(-100.0_f64..100.0, 3..40), clusters in 1_usize..4,
            seed in 0_u64..1000,
        ) {
            let exact = on_a_line(&values, clusters).unwrap();
            let points = Points::new(&values, 1);
            let drawn = kmeans(points, clusters, 20, &mut Stream::new(seed, "test", 0)).unwrap();
            prop_assert!(exact.inertia <= drawn.inertia + 1e-9);
            prop_assert!(exact.centres.is_sorted());
            for (value, label) in values.iter().zip(&exact.labels) {
                let own = (value - exact.centres[*label]).abs();
                prop_assert!(exact.centres.iter().all(|c| own <= (value - c).abs() + 1e-9));
            }
        }

        #[test]
        fn every_point_lies_in_the_cluster_of_its_nearest_centre(
            values in prop::collection::vec(-10.0_f64..10.0, 12..90), seed in 0_u64..1000,
        ) {
            let points = Points::new(&values, 3);
            let found = kmeans(points, 3, 3, &mut Stream::new(seed, "test", 0)).unwrap();
            for (point, label) in points.iter().zip(&found.labels) {
                let own = distance(point, centre_of(&found.centres, *label, 3));
                for centre in found.centres.chunks_exact(3) {
                    prop_assert!(own <= distance(point, centre) + 1e-9);
                }
            }
        }
    }
}
