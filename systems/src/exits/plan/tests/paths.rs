//! Whatever the market does and however the broker answers.

use super::desk::{Desk, ENTRY, quote};
use crate::exits::held::Link;
use crate::exits::working::tests::order;
use crate::exits::working::{WorkingOrder, selling};
use components::order::{OrderKind, OrderStatus, Role};
use components::price_grid::PriceGrid;
use components::units::Price;
use engine::record::Restriction;
use proptest::prelude::*;

/// What may happen between two plans.
#[derive(Clone, Debug)]
enum Step {
    Bid(i64),
    Answer(usize),
    Fill(usize, u32),
    Wait(i64),
    Fresh(bool),
    Line(bool),
    Refuse,
    Silence(usize),
    Restrict(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (10_i64..1_100).prop_map(|cents| Step::Bid(cents * 100)),
        8 => (0_usize..4).prop_map(Step::Answer),
        3 => (0_usize..4, 1_u32..8).prop_map(|(place, count)| Step::Fill(place, count)),
        4 => (0_i64..3_000).prop_map(Step::Wait),
        1 => (600_000_i64..4_000_000).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Fresh),
        1 => any::<bool>().prop_map(Step::Line),
        1 => Just(Step::Refuse),
        1 => (0_usize..4).prop_map(Step::Silence),
        1 => (0_usize..4).prop_map(Step::Restrict),
    ]
}

impl Desk {
    fn happen(&mut self, step: Step) {
        let orders = self.orders.len().max(1);
        match step {
            Step::Bid(bid) => self.quote = quote(if bid < 30_000 { bid } else { bid / 500 * 500 }),
            Step::Answer(place) if !self.orders.is_empty() => self.answer(place % orders),
            Step::Fill(place, count) if !self.orders.is_empty() => {
                let order = self.orders[place % orders];
                // A leg sells only what its entry has bought.
                let bought = match order.parent {
                    Some(_) if self.awaited() > 0 => u32::try_from(self.quantity).unwrap(),
                    _ => u32::MAX,
                };
                self.fill(place % orders, count.min(order.open_most()).min(bought));
            }
            Step::Wait(millis) => self.wait(millis),
            Step::Fresh(fresh) => self.fresh = fresh,
            Step::Line(up) => self.moment.link = if up { Link::Up } else { Link::Down },
            Step::Refuse => {
                let refused = |order: &WorkingOrder| {
                    order.role == Role::Stop && order.status == OrderStatus::Sent
                };
                if self.orders.iter().any(refused) {
                    self.state.exit.stop_rejected_at = Some(self.moment.now);
                }
                self.orders.retain(|order| !refused(order));
            }
            Step::Silence(place) if !self.orders.is_empty() => {
                self.orders[place % orders].status = OrderStatus::Unknown;
            }
            Step::Restrict(level) => {
                self.moment.restriction = [
                    Restriction::Active,
                    Restriction::Reducing,
                    Restriction::Observing,
                    Restriction::Flattening,
                ][level];
            }
            Step::Answer(_) | Step::Fill(..) | Step::Silence(_) => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// I19, I21 and idempotence, whatever the market does and however the broker answers.
    #[test]
    fn never_sells_more_than_is_held_and_never_loosens(
        quantity in 1_u32..20,
        strategy in 0_usize..3,
        awaited in 0_u32..5,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let flags = ["{}", "{overnight_share: 0.4, trail_delta_share: 0.5}", "{scale_out: []}"];
        let mut desk = Desk::new(flags[strategy], quantity + awaited);
        if awaited > 0 {
            let limit = OrderKind::Limit(Price(ENTRY));
            desk.orders.push(order(1, Role::Entry, limit, quantity + awaited));
            desk.orders[2].filled = quantity;
            desk.quantity = i64::from(quantity);
        }
        for step in steps {
            let stop = desk.state.stop;
            desk.happen(step.clone());
            desk.wait(0);
            let actions = desk.act();
            let held = u32::try_from(desk.quantity);
            prop_assert!(held.is_ok(), "short after {step:?}: {actions:?}");
            let most = held.unwrap_or(0) + desk.awaited();
            prop_assert!(selling(&desk.orders) <= most, "{step:?}: {actions:?}");
            prop_assert!(stop <= desk.state.stop);
            for order in desk.orders.iter().filter_map(|order| order.kind.limit()) {
                prop_assert!(PriceGrid::PENNY.holds(order));
            }
        }
    }

    /// I20: when the broker answers again, a position is protected or gone within seconds.
    #[test]
    fn a_broker_that_answers_leaves_nothing_unprotected(
        quantity in 1_u32..20,
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut desk = Desk::new("{}", quantity);
        for step in steps {
            desk.happen(step);
            desk.wait(0);
            desk.act();
        }
        (desk.fresh, desk.moment.link) = (true, Link::Up);
        prop_assume!(desk.moment.session.close.nanos_since(desk.moment.now) > 20_000_000_000);
        for _ in 0..20 {
            desk.wait(250);
            desk.act();
            desk.answer_all();
            for place in (0..desk.orders.len()).rev() {
                let order = desk.orders[place];
                if order.role == Role::Exit && order.kind.limit() <= Some(desk.quote.bid) {
                    desk.fill(place, order.open_most());
                }
            }
        }
        desk.wait(0);
        prop_assert!(desk.state.exit.exposed_since.is_none(), "{} of {:?}", desk.quantity, desk.orders);
    }
}
