//! What the running engine shows of itself to those who ask at the socket.

use engine::ports::{Mirror, MirrorReport};
use std::sync::{Arc, Mutex, PoisonError};
use wire::status::Status;
use wire::{Batch, Stamped};

/// The newest status; a copy of the handle shows the same.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<Option<Stamped<Status>>>>);

impl Board {
    /// Shows `status` from now on.
    pub fn show(&self, status: Stamped<Status>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
    }

    /// What is shown; nothing before the first tick.
    #[must_use]
    pub fn read(&self) -> Option<Stamped<Status>> {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.clone()
    }
}

/// A mirror that writes the status of each batch on a board before it hands the batch on.
pub struct Boarded {
    board: Board,
    mirror: Box<dyn Mirror>,
}

impl Boarded {
    /// `mirror`, and `board` in front of it.
    #[must_use]
    pub fn new(board: Board, mirror: Box<dyn Mirror>) -> Self {
        Self { board, mirror }
    }
}

impl Mirror for Boarded {
    fn publish(&mut self, batch: &mut Batch) {
        if let Some(status) = &batch.status {
            self.board.show(Stamped::new(&batch.header, status.clone()));
        }
        self.mirror.publish(batch);
    }

    fn report(&self) -> MirrorReport {
        self.mirror.report()
    }

    fn finish(&mut self) {
        self.mirror.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::ports::NoMirror;

    #[test]
    fn the_board_keeps_the_newest_status_and_hands_every_batch_on() {
        let board = Board::default();
        let mut mirror = Boarded::new(board.clone(), Box::new(NoMirror::default()));
        let mut batch = Batch::default();
        mirror.publish(&mut batch);
        assert_eq!(board.read(), None);
        for tick in [7, 8, 9] {
            batch.header.tick = tick;
            batch.status = (tick < 9).then(Status::default);
            mirror.publish(&mut batch);
            assert!(batch.status.is_none());
        }
        assert_eq!(board.read().map(|shown| shown.tick), Some(8));
        assert_eq!(mirror.report().published, 4);
    }
}
