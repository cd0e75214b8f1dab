//! The last trades of an underlying with their features, and the clusters they lie in.

use super::fit::{ALIGNMENT_MAX, Centres, Features, FlowModel, fit};
use crate::patterns::shapes::SidedTrade;
use components::flow_clusters::{FLOW_KINDS, FlowCluster};
use components::market::Side;
use components::units::{NANOS_PER_MILLI, Timestamp};
use engine::math;
use engine::random::Stream;
use std::collections::VecDeque;

/// Ticks that the move before a trade is measured over: 30 s.
pub const MOVE_TICKS: usize = 120;
/// How far back volume on the same side is looked for.
pub const TOGETHER_NANOS: i64 = 250 * NANOS_PER_MILLI;

/// Ticks whose move is needed before one is held against its standard deviation: 30 s more.
const MOVES_MIN: u64 = MOVE_TICKS as u64;

/// A trade of the window.
#[derive(Clone, Copy, Debug)]
struct Member {
    size: u64,
    features: Features,
    cluster: usize,
}

/// The spot at the end of the last ticks, and how its moves over 30 s vary in the session.
#[derive(Clone, Debug, Default)]
struct Moves {
    dollars: VecDeque<f64>,
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moves {
    fn push(&mut self, dollars: f64, ticks: usize) {
        for _ in 0..ticks.clamp(1, MOVE_TICKS + 1) {
            if self.dollars.len() > MOVE_TICKS {
                self.dollars.pop_front();
            }
            self.dollars.push_back(dollars);
        }
        if let Some(change) = self.log_return() {
            // Welford (1962).
            self.count += 1;
            let off = change - self.mean;
            self.mean += off / self.count as f64;
            self.squares += off * (change - self.mean);
        }
    }

    fn log_return(&self) -> Option<f64> {
        if self.dollars.len() <= MOVE_TICKS {
            return None;
        }
        let (first, last) = (self.dollars.front()?, self.dollars.back()?);
        Some(math::ln(last / first)).filter(|change| change.is_finite())
    }

    /// The move of the last 30 s in standard deviations of the session's, within bounds; 0 where prices
    /// stood still, `None` before there are enough.
    fn scaled(&self) -> Option<f64> {
        let change = self.log_return()?;
        if self.count < MOVES_MIN {
            return None;
        }
        let deviation = (self.squares / self.count as f64).sqrt();
        Some(if deviation > 0.0 {
            (change / deviation).clamp(-ALIGNMENT_MAX, ALIGNMENT_MAX)
        } else {
            0.0
        })
    }
}

/// The trades of an underlying.
#[derive(Clone, Debug)]
pub struct FlowMemory {
    most: usize,
    moves: Moves,
    together: VecDeque<(Timestamp, Side, u64)>,
    /// Shares of `together`, bought and sold.
    together_shares: [u64; 2],
    last: Option<Timestamp>,
    members: VecDeque<Member>,
    shares: [u64; FLOW_KINDS],
    counts: [u32; FLOW_KINDS],
    model: Option<FlowModel>,
    /// Of the last fit, this session's or an earlier one's.
    centres: Option<Centres>,
    fitted_at: Timestamp,
    new_trades: u32,
    fits: u32,
}

impl FlowMemory {
    /// A memory of the last `most` trades.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            most,
            moves: Moves::default(),
            together: VecDeque::new(),
            together_shares: [0; 2],
            last: None,
            members: VecDeque::with_capacity(most),
            shares: [0; FLOW_KINDS],
            counts: [0; FLOW_KINDS],
            model: None,
            centres: None,
            fitted_at: Timestamp::NEVER,
            new_trades: 0,
            fits: 0,
        }
    }

    /// Forgets the trades and keeps the centres: the next session's first fit begins from them.
    pub fn open_session(&mut self) {
        let centres = self.model.as_ref().map(FlowModel::centres).or(self.centres);
        *self = Self {
            centres,
            fits: self.fits,
            ..Self::new(self.most)
        };
    }

    /// Takes a trade; whether it joined the window. One without a side does not, and none in the first
    /// minute of prices.
    pub fn push(&mut self, trade: &SidedTrade) -> bool {
        let pause = self.last.map(|last| trade.at.nanos_since(last).max(0));
        self.last = Some(trade.at);
        let Some(side) = trade.side else {
            return false;
        };
        let one_sided = self.one_sided(trade, side);
        let (Some(change), Some(pause)) = (self.moves.scaled(), pause) else {
            return false;
        };
        let features = [
            math::ln(trade.size.max(1) as f64),
            side.sign() as f64 * change,
            math::ln_1p(pause as f64 / NANOS_PER_MILLI as f64),
            one_sided,
        ];
        if self.members.len() == self.most {
            self.pop();
        }
        let cluster = match &mut self.model {
            Some(model) => model.add(&features),
            None => 0,
        };
        self.shares[cluster] += trade.size;
        self.counts[cluster] += 1;
        self.members.push_back(Member {
            size: trade.size,
            features,
            cluster,
        });
        self.new_trades = self.new_trades.saturating_add(1);
        true
    }

    /// Takes the spot at the end of a tick that stands for `ticks`.
    pub fn end_tick(&mut self, dollars: Option<f64>, ticks: usize) {
        if let Some(dollars) = dollars.filter(|dollars| *dollars > 0.0) {
            self.moves.push(dollars, ticks);
        }
    }

    /// Trades in the window.
    #[must_use]
    pub fn trades(&self) -> usize {
        self.members.len()
    }

    /// Whether a fit is due at `now`: there are `least` trades, some are new, and the last is `nanos`
    /// old.
    #[must_use]
    pub fn is_due(&self, now: Timestamp, least: usize, nanos: i64) -> bool {
        least.max(FLOW_KINDS) <= self.members.len()
            && (self.model.is_none() || self.new_trades > 0)
            && nanos <= now.nanos_since(self.fitted_at)
    }

    /// When the last fit of the session took place.
    #[must_use]
    pub fn fitted_at(&self) -> Timestamp {
        self.fitted_at
    }

    /// Fits so far.
    #[must_use]
    pub fn fits(&self) -> u32 {
        self.fits
    }

    /// The clusters of the last fit, moved by the trades since.
    #[must_use]
    pub fn model(&self) -> Option<&FlowModel> {
        self.model.as_ref()
    }

    /// Fits the clusters anew.
    pub fn refit(&mut self, now: Timestamp, draws: &mut Stream) {
        self.fitted_at = now;
        self.new_trades = 0;
        let trades: Vec<Features> = self.members.iter().map(|one| one.features).collect();
        let start = self.model.as_ref().map(FlowModel::centres).or(self.centres);
        let Some((model, labels)) = fit(&trades, start.as_ref(), draws) else {
            return;
        };
        self.shares = [0; FLOW_KINDS];
        self.counts = [0; FLOW_KINDS];
        for (member, cluster) in self.members.iter_mut().zip(labels) {
            member.cluster = cluster;
            self.shares[cluster] += member.size;
            self.counts[cluster] += 1;
        }
        self.model = Some(model);
        self.fits = self.fits.saturating_add(1);
    }

    /// The kinds in their order with their shares of the window; `None` before a fit, and where the
    /// clusters have no names.
    #[must_use]
    pub fn clusters(&self) -> Option<[FlowCluster; FLOW_KINDS]> {
        let model = self.model.as_ref()?;
        let named = model.named()?;
        let all: u64 = self.shares.iter().sum();
        let centres = model.centres();
        (all > 0).then(|| {
            named.map(|cluster| {
                let [size, alignment, pause, one_sided] = centres[cluster];
                FlowCluster {
                    share: self.shares[cluster] as f64 / all as f64,
                    trades: self.counts[cluster],
                    size: math::exp(size),
                    alignment,
                    pause_ms: math::exp(pause) - 1.0,
                    one_sided,
                }
            })
        })
    }

    fn pop(&mut self) {
        if let Some(oldest) = self.members.pop_front() {
            self.shares[oldest.cluster] -= oldest.size;
            self.counts[oldest.cluster] -= 1;
        }
    }

    /// The share of the last 250 ms's volume on the trade's side, itself included.
    fn one_sided(&mut self, trade: &SidedTrade, side: Side) -> f64 {
        let place = |side| usize::from(side == Side::Sell);
        self.together.push_back((trade.at, side, trade.size));
        self.together_shares[place(side)] += trade.size;
        while let Some((at, side, size)) = self.together.front().copied()
            && trade.at.nanos_since(at) > TOGETHER_NANOS
        {
            self.together.pop_front();
            self.together_shares[place(side)] -= size;
        }
        let all = self.together_shares[0] + self.together_shares[1];
        self.together_shares[place(side)] as f64 / all.max(1) as f64
    }
}

#[cfg(test)]
mod tests;
