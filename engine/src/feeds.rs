//! Which feeds there are and when each was last heard.

use crate::event::FeedId;
use bevy_ecs::prelude::Resource;
use components::units::Timestamp;

/// A feed as the systems know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedState {
    /// Its name.
    pub name: String,
    /// After how many milliseconds of silence its values are stale; 0 if silence means nothing.
    pub stale_after_ms: i64,
    /// When it was last heard; [`Timestamp::NEVER`] before the first event.
    pub last_received: Timestamp,
    /// Whether it said that it is lost.
    pub lost: bool,
}

/// All feeds, by number.
#[derive(Resource, Debug, Default)]
pub struct Feeds(Vec<FeedState>);

impl Feeds {
    /// Adds a feed; its number is the next.
    pub fn register(&mut self, name: &str, stale_after_ms: i64) {
        self.0.push(FeedState {
            name: name.to_owned(),
            stale_after_ms,
            last_received: Timestamp::NEVER,
            lost: false,
        });
    }

    /// Notes that `feed` was heard at `received`.
    pub fn heard(&mut self, feed: FeedId, received: Timestamp) {
        if let Some(state) = self.0.get_mut(usize::from(feed.0)) {
            state.last_received = state.last_received.max(received);
        }
    }

    /// Notes that `feed` said it is lost or back.
    pub fn set_lost(&mut self, feed: FeedId, lost: bool) {
        if let Some(state) = self.0.get_mut(usize::from(feed.0)) {
            state.lost = lost;
        }
    }

    /// Whether values of `feed` may be used at `now`: it is not lost and not silent for too long.
    #[must_use]
    pub fn is_fresh(&self, feed: FeedId, now: Timestamp) -> bool {
        self.0.get(usize::from(feed.0)).is_some_and(|state| {
            let silent = state.stale_after_ms > 0
                && now > state.last_received.plus_millis(state.stale_after_ms);
            !state.lost && !silent
        })
    }

    /// The feeds in order of their numbers.
    #[must_use]
    pub fn all(&self) -> &[FeedState] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_stale_when_silent_or_lost() {
        let mut feeds = Feeds::default();
        feeds.register("ticks", 3_000);
        feeds.register("snapshot", 0);
        let at = |ms| Timestamp(0).plus_millis(ms);
        assert!(!feeds.is_fresh(FeedId(0), at(0)));
        feeds.heard(FeedId(0), at(0));
        assert!(feeds.is_fresh(FeedId(0), at(3_000)));
        assert!(!feeds.is_fresh(FeedId(0), at(3_001)));
        assert!(feeds.is_fresh(FeedId(1), at(99_000)));
        feeds.set_lost(FeedId(1), true);
        assert!(!feeds.is_fresh(FeedId(1), at(0)));
    }
}
