//! Bought and sold volume of the last minutes, in steps of the grid.

use super::projection::Flow;
use components::market::Side;
use std::collections::VecDeque;

/// Volume by side in steps; the last one is being filled.
#[derive(Clone, Debug, Default)]
pub struct FlowWindow {
    ended: VecDeque<Flow>,
    current: Flow,
}

impl FlowWindow {
    /// Adds a trade; one of unknown side is no part of the flow.
    pub fn add(&mut self, side: Option<Side>, shares: u64) {
        let sum = match side {
            Some(Side::Buy) => &mut self.current.bought,
            Some(Side::Sell) => &mut self.current.sold,
            None => return,
        };
        *sum = sum.saturating_add(shares);
    }

    /// Ends `steps` steps, of which all but the first had no trades, and keeps the last `kept`.
    pub fn end_steps(&mut self, steps: usize, kept: usize) {
        for _ in 0..steps.min(kept.saturating_add(1)) {
            self.ended.push_back(core::mem::take(&mut self.current));
        }
        while self.ended.len() > kept {
            self.ended.pop_front();
        }
    }

    /// The sum of the steps that have ended.
    #[must_use]
    pub fn sum(&self) -> Flow {
        let add = |sum: Flow, step: &Flow| Flow {
            bought: sum.bought.saturating_add(step.bought),
            sold: sum.sold.saturating_add(step.sold),
        };
        self.ended.iter().fold(Flow::default(), add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_leave_the_window_as_they_entered() {
        let mut window = FlowWindow::default();
        let flow = |bought, sold| Flow { bought, sold };
        window.add(Some(Side::Buy), 100);
        window.add(None, 5_000);
        assert_eq!(window.sum(), flow(0, 0), "a step counts when it has ended");
        window.end_steps(1, 2);
        window.add(Some(Side::Sell), 30);
        window.end_steps(1, 2);
        assert_eq!(window.sum(), flow(100, 30));
        window.add(Some(Side::Sell), 4);
        window.end_steps(1, 2);
        assert_eq!(window.sum(), flow(0, 34));
        // Two steps passed at once: one with the trade, one without.
        window.add(Some(Side::Buy), 1);
        window.end_steps(2, 2);
        assert_eq!(window.sum(), flow(1, 0));
        window.end_steps(usize::MAX, 2);
        assert_eq!(window.sum(), flow(0, 0));
    }
}
