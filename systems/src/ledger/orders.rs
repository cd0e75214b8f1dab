//! The orders of the session: those in flight in a map of their own, so that what they reserve
//! costs as many steps as there are of them, not as many as the day had orders.

use crate::ledger::order::LedgerOrder;
use components::order::{Fingerprint, OrderId, Role};
use std::collections::{BTreeMap, BTreeSet};

/// All orders that are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Orders {
    in_flight: BTreeMap<OrderId, LedgerOrder>,
    over: BTreeMap<OrderId, LedgerOrder>,
    /// Members of each group that are followed.
    groups: BTreeMap<OrderId, BTreeSet<OrderId>>,
    /// The opening orders of the day, the last of each fingerprint.
    fingerprints: BTreeMap<Fingerprint, OrderId>,
    /// Numbers below it that are not followed were forgotten.
    oldest: OrderId,
}

impl Orders {
    pub(crate) fn get(&self, id: OrderId) -> Option<&LedgerOrder> {
        self.in_flight.get(&id).or_else(|| self.over.get(&id))
    }

    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &LedgerOrder> {
        self.in_flight.values()
    }

    /// All of them, those in flight first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &LedgerOrder> {
        self.in_flight.values().chain(self.over.values())
    }

    pub(crate) fn fingerprints(&self) -> impl Iterator<Item = (Fingerprint, OrderId)> {
        self.fingerprints.iter().map(|(print, id)| (*print, *id))
    }

    pub(crate) fn live_with(&self, fingerprint: Fingerprint) -> Option<OrderId> {
        let last = self.fingerprints.get(&fingerprint).copied();
        last.filter(|id| self.in_flight.contains_key(id))
    }

    /// Whether a number was ours so long ago that nothing is known of it any more.
    pub(crate) fn is_forgotten(&self, id: OrderId) -> bool {
        id < self.oldest
    }

    /// Says from which number on all of ours are followed.
    pub(crate) fn know_from(&mut self, oldest: OrderId) {
        self.oldest = oldest;
    }

    /// Follows an order; `today` says whether its fingerprint counts for this session.
    pub(crate) fn follow(&mut self, order: LedgerOrder, today: bool) {
        let id = order.id();
        let intent = &order.followed.intent;
        if intent.order.role == Role::Entry && (today || order.in_flight()) {
            let place = self.fingerprints.entry(intent.fingerprint).or_insert(id);
            *place = id.max(*place);
        }
        if let Some(group) = intent.order.oca {
            self.groups.entry(group).or_default().insert(id);
        }
        self.put(order);
    }

    /// Changes an order, and moves it where it belongs then.
    pub(crate) fn change<T>(
        &mut self,
        id: OrderId,
        change: impl FnOnce(&mut LedgerOrder) -> T,
    ) -> Option<T> {
        let mut order = self
            .in_flight
            .remove(&id)
            .or_else(|| self.over.remove(&id))?;
        let result = change(&mut order);
        self.put(order);
        Some(result)
    }

    /// Changes every order in flight.
    pub(crate) fn change_in_flight(&mut self, mut change: impl FnMut(&mut LedgerOrder)) {
        let mut ended = Vec::new();
        for (id, order) in &mut self.in_flight {
            change(order);
            if !order.in_flight() {
                ended.push(*id);
            }
        }
        for id in ended {
            if let Some(order) = self.in_flight.remove(&id) {
                self.over.insert(id, order);
            }
        }
    }

    /// Takes what one member of a group executed off the others.
    pub(crate) fn take_off_siblings(&mut self, id: OrderId, by: i64) {
        let group = self
            .get(id)
            .and_then(|order| order.followed.intent.order.oca)
            .and_then(|group| self.groups.get(&group));
        for sibling in group.into_iter().flatten().filter(|other| **other != id) {
            if let Some(order) = self.in_flight.get_mut(sibling) {
                order.take(by);
            }
        }
    }

    /// Members of a group other than `id`.
    pub(crate) fn siblings(&self, id: OrderId) -> impl Iterator<Item = &LedgerOrder> {
        self.get(id)
            .and_then(|order| order.followed.intent.order.oca)
            .and_then(|group| self.groups.get(&group))
            .into_iter()
            .flatten()
            .filter(move |other| **other != id)
            .filter_map(|other| self.get(*other))
    }

    fn put(&mut self, order: LedgerOrder) {
        if order.in_flight() {
            self.in_flight.insert(order.id(), order);
        } else {
            self.over.insert(order.id(), order);
        }
    }
}
