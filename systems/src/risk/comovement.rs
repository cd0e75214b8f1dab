//! How the underlyings moved of late: one log return a minute each, for correlations at the moment of
//! a judgement.
//!
//! A minute in which an underlying had no price is left open: returns are never filled forward. Two
//! hours are kept of each underlying, and begin anew with each session.

use super::correlation::{Correlations, correlations};
use bevy_ecs::prelude::*;
use components::market::{Spot, Ticker};
use engine::clock::Tick;
use engine::math::ln;
use std::collections::{BTreeMap, VecDeque};

/// Minutes that are kept.
const MINUTES: usize = 120;
/// The length of a return.
const MINUTE_NANOS: i64 = 60_000_000_000;

/// The returns of all underlyings, minute by minute.
#[derive(Resource, Debug, Default)]
pub struct Comovement {
    minute: i64,
    moves: BTreeMap<Ticker, Moves>,
}

#[derive(Debug, Default)]
struct Moves {
    last: Option<f64>,
    returns: VecDeque<Option<f64>>,
}

impl Comovement {
    /// How `symbols` move together, in their order; none for fewer than two or for too few minutes
    /// that all of them have.
    #[must_use]
    pub fn of(&self, symbols: &[Ticker]) -> Option<Correlations> {
        if symbols.len() < 2 {
            return None;
        }
        let columns: Option<Vec<Vec<Option<f64>>>> = symbols
            .iter()
            .map(|symbol| {
                let moves = self.moves.get(symbol)?;
                let open = MINUTES - moves.returns.len();
                let none = std::iter::repeat_n(None, open);
                Some(none.chain(moves.returns.iter().copied()).collect())
            })
            .collect();
        let columns = columns?;
        let slices: Vec<&[Option<f64>]> = columns.iter().map(Vec::as_slice).collect();
        correlations(&slices).ok()
    }

    fn observe(&mut self, ticker: Ticker, spot: Option<f64>) {
        let moves = self.moves.entry(ticker).or_default();
        let step = spot.zip(moves.last).map(|(now, before)| ln(now / before));
        if moves.returns.len() == MINUTES {
            moves.returns.pop_front();
        }
        moves
            .returns
            .push_back(step.filter(|step| step.is_finite()));
        moves.last = spot;
    }
}

/// Takes a return of each underlying at the first tick of each minute.
pub(super) fn watch_returns(
    tick: Res<Tick>,
    spots: Query<(&Ticker, &Spot)>,
    mut comovement: ResMut<Comovement>,
) {
    if tick.opens_session {
        comovement.moves.clear();
    }
    let minute = tick.now.0.div_euclid(MINUTE_NANOS);
    if minute == comovement.minute {
        return;
    }
    comovement.minute = minute;
    for (ticker, spot) in &spots {
        comovement.observe(*ticker, spot.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticker(name: &str) -> Ticker {
        Ticker::new(name).unwrap()
    }

    #[test]
    fn what_moves_together_is_seen_and_what_is_missing_is_not_made_up() {
        let mut comovement = Comovement::default();
        let (one, same, opposite) = (ticker("AAA"), ticker("BBB"), ticker("CCC"));
        for minute in 0..60_u32 {
            let step = f64::from(minute % 7) - 3.0;
            comovement.observe(one, Some(100.0 + step));
            comovement.observe(same, (minute % 9 != 0).then_some(50.0 + 0.5 * step));
            comovement.observe(opposite, Some(200.0 - 2.0 * step));
        }
        let symbols = [one, same, opposite];
        let found = comovement.of(&symbols).unwrap();
        assert!(found.between(0, 1).unwrap() > 0.9);
        assert!(found.between(0, 2).unwrap() < -0.9);
        assert!(comovement.of(&[one]).is_none());
        assert!(comovement.of(&[one, ticker("DDD")]).is_none());
    }

    #[test]
    fn a_few_minutes_say_nothing() {
        let mut comovement = Comovement::default();
        for minute in 0..20_u32 {
            comovement.observe(ticker("AAA"), Some(100.0 + f64::from(minute % 5)));
            comovement.observe(ticker("BBB"), Some(90.0 + f64::from(minute % 4)));
        }
        assert!(comovement.of(&[ticker("AAA"), ticker("BBB")]).is_none());
    }
}
