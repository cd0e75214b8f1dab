//! Three clusters of trades, what they are called, and what one more trade does to them.
//!
//! Features are standardised over the window (mean 0, population standard deviation 1; one that does
//! not vary is left out), clustered by k-means, and named by a rule on the centres: the cluster with the
//! largest mean alignment is momentum, the smallest reversion, the third hedging. Names hang on centres
//! and not on the order in which the algorithm found them. Between fits each trade goes to the nearest
//! centre and moves it by one part in the trades that the centre stands for (Sculley 2010, "Web-scale
//! k-means clustering"). Source: formulas.md 12.

use crate::statistics::kmeans::{Clusters, Points, kmeans, lloyd, silhouette};
use components::flow_clusters::{FLOW_KINDS, FlowKind};
use engine::random::Stream;

/// Features of a trade.
pub const FEATURES: usize = 4;
/// Which of them is the alignment with the move before.
pub const ALIGNMENT: usize = 1;
/// Alignment lies within this many standard deviations of the move.
pub const ALIGNMENT_MAX: f64 = 5.0;
/// Clusters are named where the largest and the smallest mean alignment differ by this, in standard
/// deviations of the alignment.
pub const NAMED_FROM: f64 = 0.5;

/// Starts that the first fit draws.
const STARTS: usize = 10;
/// Starts that a later fit draws beside the centres of the one before.
const FRESH_STARTS: usize = 2;
/// A fresh start takes over when it leaves less than this share of the inertia.
const BETTER_SHARE: f64 = 0.99;

/// The numbers of a trade.
pub type Features = [f64; FEATURES];

/// Centres in the units of the features, whatever window they came from.
pub type Centres = [Features; FLOW_KINDS];

/// Mean and standard deviation of the features of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    mean: Features,
    deviation: Features,
}

impl Scale {
    /// The scale of `trades`.
    #[must_use]
    pub fn of(trades: &[Features]) -> Self {
        let count = trades.len().max(1) as f64;
        let mut mean = [0.0; FEATURES];
        let mut deviation = [0.0; FEATURES];
        for feature in 0..FEATURES {
            mean[feature] = trades.iter().map(|trade| trade[feature]).sum::<f64>() / count;
            let off = |trade: &Features| trade[feature] - mean[feature];
            let squares: f64 = trades.iter().map(|trade| off(trade) * off(trade)).sum();
            let found = (squares / count).sqrt();
            // Equal values deviate by the rounding of their mean at most.
            let rounding = 1e-12 * mean[feature].abs().max(1.0);
            deviation[feature] = if found > rounding { found } else { 0.0 };
        }
        Self { mean, deviation }
    }

    /// A trade in units of the window; a feature that does not vary is 0.
    #[must_use]
    pub fn standard(&self, trade: &Features) -> Features {
        std::array::from_fn(|feature| {
            if self.deviation[feature] > 0.0 {
                (trade[feature] - self.mean[feature]) / self.deviation[feature]
            } else {
                0.0
            }
        })
    }

    /// The way back; a feature that does not vary is its mean.
    #[must_use]
    pub fn natural(&self, standard: &Features) -> Features {
        std::array::from_fn(|feature| {
            self.mean[feature] + self.deviation[feature] * standard[feature]
        })
    }
}

/// Clusters of a window and how to add to them.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowModel {
    scale: Scale,
    /// In units of the window.
    centres: Centres,
    /// Trades that each centre stands for.
    counts: [u64; FLOW_KINDS],
    /// How well the trades of the fit lie in their clusters, -1 to 1.
    pub silhouette: Option<f64>,
}

/// Fits clusters to `trades`, from `start` if there is one (of any order), else from drawn starts; gives
/// the model and the cluster of each trade. `None` with fewer trades than clusters.
#[must_use]
pub fn fit(
    trades: &[Features],
    start: Option<&Centres>,
    draws: &mut Stream,
) -> Option<(FlowModel, Vec<usize>)> {
    let scale = Scale::of(trades);
    let values: Vec<f64> = trades
        .iter()
        .flat_map(|trade| scale.standard(trade))
        .collect();
    let points = Points::new(&values, FEATURES);
    let found = match start {
        None => kmeans(points, FLOW_KINDS, STARTS, draws)?,
        Some(start) => {
            let start: Vec<f64> = start.iter().flat_map(|one| scale.standard(one)).collect();
            let warm = lloyd(points, &start)?;
            let fresh = kmeans(points, FLOW_KINDS, FRESH_STARTS, draws)?;
            if fresh.inertia < BETTER_SHARE * warm.inertia {
                fresh
            } else {
                warm
            }
        }
    };
    let silhouette = silhouette(points, &found);
    let Clusters {
        centres, labels, ..
    } = found;
    let mut counts = [0; FLOW_KINDS];
    for label in &labels {
        counts[*label] += 1;
    }
    let centre = |cluster: usize| std::array::from_fn(|f| centres[cluster * FEATURES + f]);
    let model = FlowModel {
        scale,
        centres: std::array::from_fn(centre),
        counts,
        silhouette,
    };
    Some((model, labels))
}

impl FlowModel {
    /// The cluster of a trade; its centre moves towards it.
    pub fn add(&mut self, trade: &Features) -> usize {
        let point = self.scale.standard(trade);
        let mut nearest = (f64::INFINITY, 0);
        for (cluster, centre) in self.centres.iter().enumerate() {
            let far: f64 = centre
                .iter()
                .zip(&point)
                .map(|(c, p)| (c - p) * (c - p))
                .sum();
            if far < nearest.0 {
                nearest = (far, cluster);
            }
        }
        let cluster = nearest.1;
        self.counts[cluster] += 1;
        let step = 1.0 / self.counts[cluster] as f64;
        for (centre, value) in self.centres[cluster].iter_mut().zip(point) {
            *centre += step * (value - *centre);
        }
        cluster
    }

    /// The centres in the units of the features.
    #[must_use]
    pub fn centres(&self) -> Centres {
        self.centres.map(|centre| self.scale.natural(&centre))
    }

    /// The cluster of each kind, in the order of [`FlowKind::ALL`]; `None` where alignment does not tell
    /// them apart. Equal alignments are ordered by the other features, never by place.
    #[must_use]
    pub fn named(&self) -> Option<[usize; FLOW_KINDS]> {
        let mut order: [usize; FLOW_KINDS] = std::array::from_fn(|cluster| cluster);
        let key = |cluster: usize| {
            let [size, alignment, pause, one_sided] = self.centres[cluster];
            [alignment, size, pause, one_sided]
        };
        order.sort_by(|one, other| {
            let pairs = key(*other).into_iter().zip(key(*one));
            let by = pairs.map(|(left, right)| left.total_cmp(&right));
            by.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let [most, middle, least] = order;
        let apart = self.centres[most][ALIGNMENT] - self.centres[least][ALIGNMENT];
        (NAMED_FROM <= apart).then_some([most, middle, least])
    }

    /// What a cluster is called.
    #[must_use]
    pub fn kind(&self, cluster: usize) -> Option<FlowKind> {
        let place = self.named()?.iter().position(|named| *named == cluster)?;
        FlowKind::ALL.get(place).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Trades about three centres, far apart in alignment.
    fn flow(seed: u64, count: usize) -> Vec<(FlowKind, Features)> {
        let mut draws = Stream::new(seed, "flow-fit", 0);
        let mut trades = Vec::new();
        for place in 0..count {
            let kind = FlowKind::ALL[place % 3];
            let centre = match kind {
                FlowKind::Momentum => [6.0, 2.0, 1.0, 0.95],
                FlowKind::Hedging => [5.0, 0.0, 5.0, 0.6],
                FlowKind::Reversion => [3.0, -2.0, 3.0, 0.3],
            };
            let trade = centre.map(|value| value + 0.15 * draws.normal());
            trades.push((kind, trade));
        }
        trades
    }

    fn names(model: &FlowModel, labels: &[usize]) -> Vec<Option<FlowKind>> {
        labels.iter().map(|label| model.kind(*label)).collect()
    }

    #[test]
    fn kinds_are_named_by_their_alignment() {
        let trades = flow(3, 90);
        let features: Vec<Features> = trades.iter().map(|trade| trade.1).collect();
        let (model, labels) = fit(&features, None, &mut Stream::new(0, "t", 0)).unwrap();
        let expected: Vec<_> = trades.iter().map(|trade| Some(trade.0)).collect();
        assert_eq!(names(&model, &labels), expected);
        assert!(model.silhouette.unwrap() > 0.5);
        let centres = model.centres();
        let named = model.named().unwrap();
        assert!((centres[named[0]][ALIGNMENT] - 2.0).abs() < 0.2);
        assert!((centres[named[2]][0] - 3.0).abs() < 0.2);
    }

    #[test]
    fn what_does_not_differ_in_alignment_has_no_name() {
        let mut features: Vec<Features> = flow(3, 90).iter().map(|trade| trade.1).collect();
        for trade in &mut features {
            trade[ALIGNMENT] = 0.5;
        }
        let (model, _) = fit(&features, None, &mut Stream::new(0, "t", 0)).unwrap();
        assert_eq!(model.named(), None);
        assert_eq!(model.kind(0), None);
        // All equal: no cluster, no name, no number that is none.
        let (model, labels) = fit(&[[1.0; 4]; 60], None, &mut Stream::new(0, "t", 0)).unwrap();
        assert_eq!((model.named(), model.silhouette), (None, None));
        assert_eq!(labels.len(), 60);
        let finite = model
            .centres()
            .iter()
            .flatten()
            .all(|value| value.is_finite());
        assert!(finite);
        assert!(fit(&[[1.0; 4]; 2], None, &mut Stream::new(0, "t", 0)).is_none());
    }

    #[test]
    fn a_trade_between_fits_joins_the_nearest_and_moves_it() {
        let features: Vec<Features> = flow(3, 90).iter().map(|trade| trade.1).collect();
        let (mut model, _) = fit(&features, None, &mut Stream::new(0, "t", 0)).unwrap();
        let before = model.centres()[model.named().unwrap()[0]];
        let cluster = model.add(&[6.0, 2.6, 1.0, 0.95]);
        assert_eq!(model.kind(cluster), Some(FlowKind::Momentum));
        let after = model.centres()[cluster];
        let step = (after[ALIGNMENT] - before[ALIGNMENT]) / (2.6 - before[ALIGNMENT]);
        assert!((step - 1.0 / 31.0).abs() < 1e-9, "{step}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn permuted_starting_centres_give_the_same_names(
            seed in 0_u64..1_000, count in 30_usize..150, swap in 0_usize..6, spread in 0.5_f64..12.0,
        ) {
            let trades = flow(seed, count);
            // From heaps far apart to heaps that run into each other.
            let blurred = |(place, trade): (usize, &(FlowKind, Features))| {
                let shift = spread * ((place * 7_919 % 101) as f64 / 101.0 - 0.5);
                trade.1.map(|value| value + shift)
            };
            let features: Vec<Features> = trades.iter().enumerate().map(blurred).collect();
            let start: Centres = [[5.5, 1.0, 2.0, 0.8], [4.5, 0.2, 4.0, 0.5], [3.5, -1.0, 3.0, 0.4]];
            let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
            let permuted = orders[swap].map(|place| start[place]);
            let of = |start: &Centres| {
                let draws = &mut Stream::new(seed, "t", 1);
                let (model, labels) = fit(&features, Some(start), draws).unwrap();
                names(&model, &labels)
            };
            prop_assert_eq!(of(&start), of(&permuted));
        }

        #[test]
        fn fits_repeat_and_are_finite(
            values in prop::collection::vec(prop::array::uniform4(-50.0_f64..50.0), 3..80),
            seed in 0_u64..100,
        ) {
            let run = || fit(&values, None, &mut Stream::new(seed, "t", 2)).unwrap();
            let (model, labels) = run();
            prop_assert_eq!(run(), (model.clone(), labels.clone()));
            prop_assert!(labels.iter().all(|label| *label < FLOW_KINDS));
            prop_assert!(model.centres().iter().flatten().all(|value| value.is_finite()));
        }
    }
}
