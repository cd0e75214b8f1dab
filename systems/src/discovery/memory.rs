//! What is remembered of an underlying's tape between two rounds of discovery.

use super::seen::{Day, Minute, Seen};
use crate::patterns::window::TradeWindow;
use crate::volatility::bars::MINUTE_NANOS;
use crate::vpin::conditions::is_regular_trade;
use bevy_ecs::prelude::*;
use components::flow::Print;
use components::market::Ticker;
use engine::clock::Tick;
use std::collections::VecDeque;

/// Trades that are remembered.
pub const TRADES_MAX: usize = 20_000;
/// Sessions whose minutes are remembered.
const SESSIONS_OF_MINUTES: usize = 5;
/// Sessions whose volumes are remembered.
const SESSIONS_OF_VOLUME: usize = 20;

/// The tape of an underlying, oldest first.
#[derive(Component, Clone, Debug, Default)]
pub struct TapeMemory {
    trades: TradeWindow,
    minutes: VecDeque<Minute>,
    days: VecDeque<Day>,
    running: Option<Minute>,
}

impl TapeMemory {
    /// Takes what a tick brought.
    pub fn observe(&mut self, tick: &Tick, spot: Option<f64>, prints: &[Print]) {
        let session = tick.session;
        if tick.opens_session {
            self.end_minute();
            self.open_session();
        }
        // The tick at the close belongs to the last minute.
        let length = session.close.nanos_since(session.open) / MINUTE_NANOS;
        let place = tick.now.nanos_since(session.open).div_euclid(MINUTE_NANOS);
        let place = place.min(length - 1);
        if self.running.is_some_and(|minute| minute.place != place) {
            self.end_minute();
        }
        let minute = self.running.get_or_insert(Minute {
            session: session.open,
            place,
            volume: 0,
            close: None,
        });
        minute.close = spot.or(minute.close);
        let in_session = |print: &&Print| print.at >= session.open;
        for print in prints.iter().filter(in_session) {
            if is_regular_trade(print.conditions, false) {
                minute.volume = minute.volume.saturating_add(print.size);
            }
            self.trades.push(print);
        }
        self.trades.keep_last(TRADES_MAX);
        if tick.now >= session.close {
            self.end_minute();
        }
    }

    /// Minutes that are over and remembered.
    #[must_use]
    pub fn minutes(&self) -> usize {
        self.minutes.len()
    }

    /// What discovery sees of it.
    pub fn seen(&mut self, symbol: Ticker, round_lot: u64) -> Seen<'_> {
        Seen {
            symbol,
            trades: self.trades.trades(),
            minutes: self.minutes.make_contiguous(),
            days: self.days.make_contiguous(),
            round_lot,
        }
    }

    fn open_session(&mut self) {
        if self.days.back().is_none_or(|day| day.minutes > 0) {
            self.days.push_back(Day::default());
        }
        while self.days.len() > SESSIONS_OF_VOLUME {
            self.days.pop_front();
        }
        // With the one that begins there are as many as are remembered.
        let mut sessions: Vec<_> = self.minutes.iter().map(|minute| minute.session).collect();
        sessions.dedup();
        let surplus = (sessions.len() + 1).saturating_sub(SESSIONS_OF_MINUTES);
        if let Some(first) = sessions.get(surplus).copied() {
            self.minutes.retain(|minute| minute.session >= first);
        }
    }

    fn end_minute(&mut self) {
        let Some(minute) = self.running.take() else {
            return;
        };
        if self.days.is_empty() {
            self.days.push_back(Day::default());
        }
        if let Some(day) = self.days.back_mut() {
            day.volume = day.volume.saturating_add(minute.volume);
            day.minutes += 1;
        }
        self.minutes.push_back(minute);
    }
}
