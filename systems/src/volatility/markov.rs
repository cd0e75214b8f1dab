//! Two states of the market, calm and turbulent, between which it switches as a Markov chain: the
//! probability that it is turbulent now.
//!
//! Returns are normal in each state, with mean 0 and a variance of its own; from one return to the next
//! the state stays with a probability of its own. The filter weighs each return by how likely it is in
//! each state; the parameters are those that make the series most likely, found by expectation and
//! maximisation. Sources: Hamilton (1989), "A New Approach to the Economic Analysis of Nonstationary
//! Time Series"; Kim (1994) for the smoother.

use engine::math::exp;

/// Rounds of expectation and maximisation at most.
const ROUNDS_MAX: usize = 100;
/// They end when the log likelihood of a return changes by less.
const CONVERGED: f64 = 1e-9;
/// Fewer returns give no parameters.
pub const RETURNS_MIN: usize = 60;
/// A state is never left or kept for certain.
const STAY_RANGE: (f64, f64) = (0.5, 0.999);

/// The parameters of the two states.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoStates {
    /// Variances of a return, the calm state first.
    pub variances: [f64; 2],
    /// Probabilities to stay in each state.
    pub stay: [f64; 2],
}

impl TwoStates {
    /// The parameters that make `returns` most likely; `None` with fewer than [`RETURNS_MIN`], or if they
    /// do not move.
    #[must_use]
    pub fn fit(returns: &[f64]) -> Option<Self> {
        if returns.len() < RETURNS_MIN {
            return None;
        }
        let n = returns.len() as f64;
        let variance = returns.iter().map(|r| r * r).sum::<f64>() / n;
        if !(variance > 0.0 && variance.is_finite()) {
            return None;
        }
        let mut states = Self {
            variances: [0.5 * variance, 2.0 * variance],
            stay: [0.95, 0.95],
        };
        let mut last = f64::NEG_INFINITY;
        for _ in 0..ROUNDS_MAX {
            let likelihood = states.improve(returns, variance);
            if (likelihood - last).abs() < CONVERGED * n {
                break;
            }
            last = likelihood;
        }
        Some(states.in_order())
    }

    /// The probability of the turbulent state in the long run.
    #[must_use]
    pub fn usual_turbulence(&self) -> f64 {
        let (leave_calm, leave_turbulent) = (1.0 - self.stay[0], 1.0 - self.stay[1]);
        leave_calm / (leave_calm + leave_turbulent)
    }

    /// The probability that the state after `r` is turbulent, if it was before with `turbulence`.
    #[must_use]
    pub fn update(&self, turbulence: f64, r: f64) -> f64 {
        let expected = self.predict(turbulence);
        let (weights, _) = self.weigh(expected, r);
        weights[1]
    }

    fn predict(&self, turbulence: f64) -> [f64; 2] {
        let before = [1.0 - turbulence, turbulence];
        let calm = before[0] * self.stay[0] + before[1] * (1.0 - self.stay[1]);
        [calm, 1.0 - calm]
    }

    /// The probabilities of the states given a return, and the log likelihood of it up to a constant.
    fn weigh(&self, expected: [f64; 2], r: f64) -> ([f64; 2], f64) {
        let exponent = |state: usize| -0.5 * r * r / self.variances[state];
        // The larger exponent is taken out, so that a wild return is no division of 0 by 0.
        let top = exponent(0).max(exponent(1));
        let density = |state: usize| {
            expected[state] * exp(exponent(state) - top) / self.variances[state].sqrt()
        };
        let (calm, turbulent) = (density(0), density(1));
        let sum = calm + turbulent;
        ([calm / sum, turbulent / sum], engine::math::ln(sum) + top)
    }

    /// One round of expectation and maximisation; gives the log likelihood before it.
    fn improve(&mut self, returns: &[f64], variance: f64) -> f64 {
        let mut filtered = Vec::with_capacity(returns.len());
        let mut predicted = Vec::with_capacity(returns.len());
        let mut likelihood = 0.0;
        let mut turbulence = self.usual_turbulence();
        for (place, r) in returns.iter().enumerate() {
            let expected = if place == 0 {
                [1.0 - turbulence, turbulence]
            } else {
                self.predict(turbulence)
            };
            let (weights, one) = self.weigh(expected, *r);
            likelihood += one;
            turbulence = weights[1];
            predicted.push(expected);
            filtered.push(weights);
        }
        // Backwards: what the later returns say of the earlier states.
        let last = returns.len() - 1;
        let mut smooth = filtered[last];
        let mut weights = smooth;
        let mut squares = [0, 1].map(|state: usize| smooth[state] * returns[last] * returns[last]);
        let mut stays = [0.0, 0.0];
        let mut leaves = [0.0, 0.0];
        for place in (0..last).rev() {
            let next = place + 1;
            let ratio =
                [0, 1].map(|state: usize| smooth[state] / predicted[next][state].max(1e-300));
            let mut here = [0.0, 0.0];
            for state in 0..2 {
                let stay = filtered[place][state] * self.stay[state] * ratio[state];
                let leave = filtered[place][state] * (1.0 - self.stay[state]) * ratio[1 - state];
                stays[state] += stay;
                leaves[state] += leave;
                here[state] = stay + leave;
                weights[state] += here[state];
                squares[state] += here[state] * returns[place] * returns[place];
            }
            smooth = here;
        }
        for state in 0..2 {
            let least = 1e-6 * variance;
            self.variances[state] = (squares[state] / weights[state].max(1e-300)).max(least);
            let share = stays[state] / (stays[state] + leaves[state]).max(1e-300);
            self.stay[state] = share.clamp(STAY_RANGE.0, STAY_RANGE.1);
        }
        likelihood
    }

    /// The calm state first.
    fn in_order(self) -> Self {
        let [first, second] = self.variances;
        if first <= second {
            return self;
        }
        Self {
            variances: [second, first],
            stay: [self.stay[1], self.stay[0]],
        }
    }
}

/// The two states of a series that goes on: fitted now and then, followed in between.
#[derive(Clone, Debug, Default)]
pub struct Switching {
    states: Option<TwoStates>,
    since_fit: usize,
    turbulence: Option<f64>,
}

impl Switching {
    /// The probability of turbulence after `newest`; `None` before the first fit. Fitted anew on
    /// `returns`, which end with it, after every `refit` of them; without a fit the last one stays.
    pub fn follow<'a>(
        &mut self,
        newest: f64,
        refit: usize,
        returns: impl FnOnce() -> &'a [f64],
    ) -> Option<f64> {
        if self.states.is_none() || self.since_fit >= refit {
            self.states = TwoStates::fit(returns()).or(self.states);
            self.since_fit = 0;
        }
        self.since_fit += 1;
        let states = self.states?;
        let before = self.turbulence.unwrap_or_else(|| states.usual_turbulence());
        self.turbulence = Some(states.update(before, newest));
        self.turbulence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::random::Stream;

    /// Two hundred calm returns, a hundred turbulent ones, two hundred calm ones again, and so on.
    fn returns() -> Vec<f64> {
        let mut draws = Stream::new(5, "test", 0);
        (0..1_500)
            .map(|place| {
                let turbulent = place % 300 >= 200;
                draws.normal() * if turbulent { 0.003 } else { 0.001 }
            })
            .collect()
    }

    #[test]
    fn the_states_are_found() {
        let found = TwoStates::fit(&returns()).unwrap();
        let deviations = found.variances.map(f64::sqrt);
        assert!((deviations[0] / 0.001 - 1.0).abs() < 0.1, "{deviations:?}");
        assert!((deviations[1] / 0.003 - 1.0).abs() < 0.1, "{deviations:?}");
        assert!(found.stay[0] > 0.97 && found.stay[1] > 0.95, "{found:?}");
        assert!((found.usual_turbulence() - 1.0 / 3.0).abs() < 0.1);
    }

    #[test]
    fn the_filter_follows_the_state_within_some_returns() {
        let returns = returns();
        let states = TwoStates::fit(&returns).unwrap();
        let mut turbulence = states.usual_turbulence();
        let (mut right, mut all) = (0, 0);
        for (place, r) in returns.iter().enumerate() {
            turbulence = states.update(turbulence, *r);
            assert!((0.0..=1.0).contains(&turbulence));
            if place % 100 >= 15 {
                all += 1;
                right += i32::from((turbulence > 0.5) == (place % 300 >= 200));
            }
        }
        assert!(right * 100 > all * 93, "{right} of {all}");
    }

    #[test]
    fn wild_and_missing_returns_break_nothing() {
        let states = TwoStates::fit(&returns()).unwrap();
        assert!(states.update(0.0, 10.0) > 0.99);
        assert!(states.update(1.0, 0.0) < 1.0);
        assert_eq!(TwoStates::fit(&[0.001; 10]), None);
        assert_eq!(TwoStates::fit(&[0.0; 100]), None);
        assert_eq!(TwoStates::fit(&[f64::NAN; 100]), None);
    }
}
