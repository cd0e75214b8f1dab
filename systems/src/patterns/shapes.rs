//! Odd lots, sweeps and blocks among the trades of a window.
//!
//! A sweep takes several price levels in one go: trades on the same known side, all within 250 ms of
//! the first, no price against the side; at least three of them at two prices or more. Runs are
//! gathered greedily, and a trade whose side is not known ends one. Thresholds are those of
//! formulas.md 9.

use components::market::Side;
use components::patterns::Sweep;
use components::units::{PRICE_UNITS_PER_DOLLAR, Price, Timestamp};

/// A sweep's trades lie within this of its first.
pub const SWEEP_NANOS: i64 = 250_000_000;
/// A sweep has at least so many trades.
pub const SWEEP_TRADES_MIN: usize = 3;
/// And so many prices.
pub const SWEEP_PRICES_MIN: usize = 2;

/// A trade with its side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SidedTrade {
    /// When it took place.
    pub at: Timestamp,
    /// The price.
    pub price: Price,
    /// Shares.
    pub size: u64,
    /// Who began it; `None` where that is not known.
    pub side: Option<Side>,
    /// Whether the feed marks it as part of an intermarket sweep.
    pub sweep_flag: bool,
}

/// From what size a trade is a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockSize {
    /// Shares.
    pub shares: u64,
    /// Worth, whole dollars.
    pub dollars: u64,
}

impl BlockSize {
    /// Whether `trade` is one.
    #[must_use]
    pub fn holds(&self, trade: &SidedTrade) -> bool {
        let worth = i128::from(trade.price.0) * i128::from(trade.size);
        self.shares <= trade.size
            || i128::from(self.dollars) * i128::from(PRICE_UNITS_PER_DOLLAR) <= worth
    }
}

/// A run of trades that may become a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    side: Side,
    began: Timestamp,
    last: Price,
    trades: usize,
    prices: usize,
}

impl Run {
    fn of(trade: &SidedTrade) -> Option<Self> {
        Some(Self {
            side: trade.side?,
            began: trade.at,
            last: trade.price,
            trades: 1,
            prices: 1,
        })
    }

    /// Whether `trade` continues the run.
    fn takes(&self, trade: &SidedTrade) -> bool {
        let with_the_side = match self.side {
            Side::Buy => self.last <= trade.price,
            Side::Sell => trade.price <= self.last,
        };
        trade.side == Some(self.side)
            && with_the_side
            && trade.at.nanos_since(self.began) <= SWEEP_NANOS
    }

    fn push(&mut self, trade: &SidedTrade) {
        // Prices only go one way within a run, so a new one was not there before.
        self.prices += usize::from(trade.price != self.last);
        self.last = trade.price;
        self.trades += 1;
    }

    fn is_sweep(&self) -> bool {
        SWEEP_TRADES_MIN <= self.trades && SWEEP_PRICES_MIN <= self.prices
    }
}

/// Finds sweeps in a stream of trades, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepDetector {
    run: Option<Run>,
}

impl SweepDetector {
    /// Takes the next trade; gives the sweep that it ended, if it ended one.
    pub fn push(&mut self, trade: &SidedTrade) -> Option<Sweep> {
        if let Some(run) = &mut self.run
            && run.takes(trade)
        {
            run.push(trade);
            return None;
        }
        let ended = self.end();
        self.run = Run::of(trade);
        ended
    }

    /// Ends the run; gives it if it was a sweep.
    pub fn end(&mut self) -> Option<Sweep> {
        let run = self.run.take()?;
        run.is_sweep().then_some(Sweep {
            side: run.side,
            began: run.began,
            trades: u32::try_from(run.trades).unwrap_or(u32::MAX),
        })
    }

    /// The run so far, if it is a sweep already.
    #[must_use]
    pub fn running(&self) -> Option<Sweep> {
        self.clone().end()
    }
}

/// What the trades of a window look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shapes {
    /// Trades.
    pub trades: usize,
    /// Of less than a round lot.
    pub odd_lots: usize,
    /// Sweeps.
    pub sweeps: usize,
    /// Trades inside sweeps, and those that the feed marks.
    pub sweep_trades: usize,
    /// Blocks.
    pub blocks: usize,
}

impl Shapes {
    /// The shapes of `trades`, in order of time.
    #[must_use]
    pub fn of(trades: &[SidedTrade], round_lot: u64, block: BlockSize) -> Self {
        let mut shapes = Self {
            trades: trades.len(),
            ..Self::default()
        };
        let mut detector = SweepDetector::default();
        // Marked trades of the run, which its sweep counts already.
        let mut marked = 0;
        let mut add = |sweep: Option<Sweep>, marked: usize| match sweep {
            Some(sweep) => {
                shapes.sweeps += 1;
                shapes.sweep_trades += sweep.trades as usize;
            }
            None => shapes.sweep_trades += marked,
        };
        let mut odd_lots = 0;
        let mut blocks = 0;
        for trade in trades {
            odd_lots += usize::from(trade.size < round_lot);
            blocks += usize::from(block.holds(trade));
            let continues = detector.run.as_ref().is_some_and(|run| run.takes(trade));
            let ended = detector.push(trade);
            if !continues {
                add(ended, marked);
                marked = 0;
            }
            marked += usize::from(trade.sweep_flag);
        }
        add(detector.end(), marked);
        Self {
            odd_lots,
            blocks,
            ..shapes
        }
    }

    /// Odd lots among the trades, 0 to 1; `None` without trades.
    #[must_use]
    pub fn odd_ratio(&self) -> Option<f64> {
        self.share(self.odd_lots)
    }

    /// Trades inside sweeps among the trades, 0 to 1; `None` without trades.
    #[must_use]
    pub fn sweep_ratio(&self) -> Option<f64> {
        self.share(self.sweep_trades)
    }

    /// Blocks among the trades, 0 to 1; `None` without trades.
    #[must_use]
    pub fn block_ratio(&self) -> Option<f64> {
        self.share(self.blocks)
    }

    fn share(&self, part: usize) -> Option<f64> {
        (self.trades > 0).then(|| part as f64 / self.trades as f64)
    }
}
