//! How the underlyings moved of late: log returns of all of them at the same moments.
//!
//! Two grids are kept: minutes for the limits and the published matrix, five seconds for what cannot
//! wait for half an hour of minutes. A step in which an underlying had no price is left open: returns
//! are never filled forward. Both begin anew with each session.

use crate::risk::correlation::{Correlations, correlations};
use bevy_ecs::prelude::*;
use components::market::{Spot, Ticker};
use engine::clock::Tick;
use engine::math::ln;
use std::collections::{BTreeMap, VecDeque};

/// Minutes that the limits look at.
const MINUTES: usize = 120;
const SECOND_NANOS: i64 = 1_000_000_000;

/// The length of a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Five seconds, the last half hour of them.
    FiveSeconds,
    /// A minute, the last two hours of them.
    Minute,
}

impl Step {
    /// Its length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        match self {
            Self::FiveSeconds => 5,
            Self::Minute => 60,
        }
    }

    /// Returns of this length that are kept.
    #[must_use]
    pub fn kept(self) -> usize {
        match self {
            Self::FiveSeconds => 360,
            Self::Minute => MINUTES,
        }
    }

    /// The name in files and in the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FiveSeconds => "5s",
            Self::Minute => "1m",
        }
    }
}

/// The returns of all underlyings, step by step.
#[derive(Resource, Debug)]
pub struct Returns {
    five_seconds: Grid,
    minutes: Grid,
}

impl Default for Returns {
    fn default() -> Self {
        Self {
            five_seconds: Grid::new(Step::FiveSeconds),
            minutes: Grid::new(Step::Minute),
        }
    }
}

impl Returns {
    /// How `symbols` moved together over the last two hours of minutes, in their order; none for
    /// fewer than two or for too few minutes that all of them have.
    #[must_use]
    pub fn of(&self, symbols: &[Ticker]) -> Option<Correlations> {
        if symbols.len() < 2 {
            return None;
        }
        let columns = self.columns(Step::Minute, symbols, MINUTES)?;
        let slices: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
        correlations(&slices).ok()
    }

    /// The last `window` returns of `symbols`, oldest first, a column each of the same steps; none
    /// if one of them was never seen.
    #[must_use]
    pub fn columns(
        &self,
        step: Step,
        symbols: &[Ticker],
        window: usize,
    ) -> Option<Vec<Vec<Option<f64>>>> {
        let grid = self.grid(step);
        let column = |symbol| {
            let returns = &grid.moves.get(symbol)?.returns;
            let open = window.saturating_sub(returns.len());
            let last = returns.iter().skip(returns.len().saturating_sub(window));
            Some(
                std::iter::repeat_n(None, open)
                    .chain(last.copied())
                    .collect(),
            )
        };
        symbols.iter().map(column).collect()
    }

    /// The underlyings with at least `least` of the last `window` returns, in order, and how many
    /// others there are.
    #[must_use]
    pub fn known(&self, step: Step, window: usize, least: usize) -> (Vec<Ticker>, usize) {
        let grid = self.grid(step);
        let has_enough = |moves: &Moves| {
            let last = moves.returns.iter().rev().take(window);
            last.flatten().count() >= least
        };
        let enough = grid.moves.iter().filter(|(_, moves)| has_enough(moves));
        let symbols: Vec<Ticker> = enough.map(|(ticker, _)| *ticker).collect();
        let others = grid.moves.len() - symbols.len();
        (symbols, others)
    }

    fn grid(&self, step: Step) -> &Grid {
        match step {
            Step::FiveSeconds => &self.five_seconds,
            Step::Minute => &self.minutes,
        }
    }

    /// Takes the prices of `tick` where a step of a grid begins.
    pub fn observe(
        &mut self,
        tick: &Tick,
        prices: impl Iterator<Item = (Ticker, Option<f64>)> + Clone,
    ) {
        for grid in [&mut self.five_seconds, &mut self.minutes] {
            if tick.opens_session {
                grid.moves.clear();
            }
            if grid.begins(tick.now.0) {
                for (ticker, price) in prices.clone() {
                    grid.observe(ticker, price);
                }
            }
        }
    }
}

#[derive(Debug)]
struct Grid {
    nanos: i64,
    kept: usize,
    place: i64,
    moves: BTreeMap<Ticker, Moves>,
}

#[derive(Debug, Default)]
struct Moves {
    last: Option<f64>,
    returns: VecDeque<Option<f64>>,
}

impl Grid {
    fn new(step: Step) -> Self {
        Self {
            nanos: step.seconds() * SECOND_NANOS,
            kept: step.kept(),
            place: 0,
            moves: BTreeMap::new(),
        }
    }

    fn begins(&mut self, nanos: i64) -> bool {
        let place = nanos.div_euclid(self.nanos);
        std::mem::replace(&mut self.place, place) != place
    }

    fn observe(&mut self, ticker: Ticker, spot: Option<f64>) {
        let moves = self.moves.entry(ticker).or_default();
        let step = spot.zip(moves.last).map(|(now, before)| ln(now / before));
        if moves.returns.len() == self.kept {
            moves.returns.pop_front();
        }
        moves
            .returns
            .push_back(step.filter(|step| step.is_finite()));
        moves.last = spot;
    }
}

/// Takes a return of each underlying at the first tick of each step.
pub fn watch_returns(
    tick: Res<Tick>,
    spots: Query<(&Ticker, &Spot)>,
    mut returns: ResMut<Returns>,
) {
    let prices = spots.iter().map(|(ticker, spot)| (*ticker, spot.get()));
    returns.observe(&tick, prices);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cadence::tests::tick_at;

    fn ticker(name: &str) -> Ticker {
        Ticker::new(name).unwrap()
    }

    #[test]
    fn what_moves_together_is_seen_and_what_is_missing_is_not_made_up() {
        let mut returns = Returns::default();
        let grid = &mut returns.minutes;
        let (one, same, opposite) = (ticker("AAA"), ticker("BBB"), ticker("CCC"));
        for minute in 0..60_u32 {
            let step = f64::from(minute % 7) - 3.0;
            grid.observe(one, Some(100.0 + step));
            grid.observe(same, (minute % 9 != 0).then_some(50.0 + 0.5 * step));
            grid.observe(opposite, Some(200.0 - 2.0 * step));
        }
        let symbols = [one, same, opposite];
        let found = returns.of(&symbols).unwrap();
        assert!(found.between(0, 1).unwrap() > 0.9);
        assert!(found.between(0, 2).unwrap() < -0.9);
        assert!(returns.of(&[one]).is_none());
        assert!(returns.of(&[one, ticker("DDD")]).is_none());
    }

    #[test]
    fn a_few_minutes_say_nothing() {
        let mut returns = Returns::default();
        let grid = &mut returns.minutes;
        for minute in 0..20_u32 {
            grid.observe(ticker("AAA"), Some(100.0 + f64::from(minute % 5)));
            grid.observe(ticker("BBB"), Some(90.0 + f64::from(minute % 4)));
        }
        assert!(returns.of(&[ticker("AAA"), ticker("BBB")]).is_none());
    }

    #[test]
    fn both_grids_take_the_first_price_of_each_step_and_forget_the_night() {
        let mut returns = Returns::default();
        let symbols = [ticker("AAA")];
        let price = |millis: i64| 100.0 + millis as f64 / 60_000.0;
        let run = |returns: &mut Returns, until: i64| {
            for millis in (1..=until / 250).map(|tick| tick * 250) {
                let prices = symbols.map(|symbol| (symbol, Some(price(millis))));
                returns.observe(&tick_at(millis, 390), prices.into_iter());
            }
        };
        run(&mut returns, 180_000);
        let of = |returns: &Returns, step, window| {
            let mut columns = returns.columns(step, &symbols, window).unwrap();
            columns.remove(0)
        };
        // The instant of the open lies on no whole minute: its first step ends 20 s after it.
        let minutes = of(&returns, Step::Minute, 4);
        assert_eq!(minutes[0], None);
        assert_eq!(minutes[2], Some(ln(price(80_000) / price(20_000))));
        let fives = of(&returns, Step::FiveSeconds, 3);
        assert_eq!(fives[2], Some(ln(price(180_000) / price(175_000))));
        assert_eq!(
            returns.known(Step::FiveSeconds, 360, 30),
            (symbols.to_vec(), 0)
        );
        assert_eq!(returns.known(Step::Minute, 120, 30), (Vec::new(), 1));
        run(&mut returns, 6_000);
        assert_eq!(
            of(&returns, Step::FiveSeconds, 9).iter().flatten().count(),
            1
        );
    }
}
