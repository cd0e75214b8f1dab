//! Questions about the world: whoever drives the engine answers them between two ticks, when the
//! world is whole and nobody writes to it. No question is an event: none is journaled, and none can
//! change a decision.

use crate::request::Obstacle;
use crossbeam::channel::{RecvTimeoutError, Sender, bounded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::sight::Sights;

/// What somebody wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The underlyings; none means all.
    pub symbols: Vec<String>,
    /// Whether tables by strike and expiry are wanted too.
    pub with_details: bool,
}

/// Questions that wait; a copy of the handle holds the same.
#[derive(Clone, Debug, Default)]
pub struct Inquiries(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    is_asked: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// At most one a connection.
    questions: Vec<(Question, Sender<Sights>)>,
    is_closed: bool,
}

impl Inquiries {
    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// If no tick ended in time, or none will.
    pub(crate) fn ask(&self, question: Question, patience: Duration) -> Result<Sights, Obstacle> {
        let (sender, answer) = bounded(1);
        {
            let mut waiting = self.waiting();
            if waiting.is_closed {
                return Err(Obstacle::Stopped);
            }
            waiting.questions.push((question, sender));
            self.0.is_asked.store(true, Ordering::SeqCst);
        }
        answer.recv_timeout(patience).map_err(|error| match error {
            RecvTimeoutError::Timeout => Obstacle::TimedOut,
            RecvTimeoutError::Disconnected => Obstacle::Stopped,
        })
    }

    /// Answers what waits by `look`; after a tick, and next to nothing if nobody asked.
    pub fn answer(&self, look: impl Fn(&Question) -> Sights) {
        if !self.0.is_asked.swap(false, Ordering::SeqCst) {
            return;
        }
        let questions = core::mem::take(&mut self.waiting().questions);
        for (question, sender) in questions {
            // Whoever has given up is not there to hear it.
            let _ = sender.try_send(look(&question));
        }
    }

    /// No tick will come: whoever waits hears of it.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.is_closed = true;
        waiting.questions.clear();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        let waiting = &self.0.waiting;
        waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn question(symbol: &str) -> Question {
        Question {
            symbols: vec![symbol.to_owned()],
            with_details: true,
        }
    }

    #[test]
    fn a_question_is_answered_once_by_the_next_look() {
        let inquiries = Inquiries::default();
        inquiries.answer(|_| unreachable!("nobody has asked"));
        let asking = inquiries.clone();
        let asked = std::thread::spawn(move || asking.ask(question("SPY"), LONG));
        while !inquiries.0.is_asked.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        inquiries.answer(|found| {
            assert_eq!(*found, question("SPY"));
            Sights {
                tick: 7,
                ..Sights::default()
            }
        });
        assert_eq!(asked.join().unwrap().map(|sights| sights.tick), Ok(7));
        inquiries.answer(|_| unreachable!("it was answered"));
    }

    #[test]
    fn who_waits_for_a_tick_that_does_not_come_hears_why() {
        let inquiries = Inquiries::default();
        let soon = Duration::from_millis(1);
        assert_eq!(
            inquiries.ask(question("SPY"), soon),
            Err(Obstacle::TimedOut)
        );
        let asking = inquiries.clone();
        let asked = std::thread::spawn(move || asking.ask(question("QQQ"), LONG));
        while inquiries.waiting().questions.len() < 2 {
            std::thread::yield_now();
        }
        inquiries.close();
        assert_eq!(asked.join().unwrap(), Err(Obstacle::Stopped));
        assert_eq!(inquiries.ask(question("SPY"), LONG), Err(Obstacle::Stopped));
    }
}
