//! The newest value of each symbol, in order of first appearance.

use crate::symbol::Symbol;

/// A value of one symbol.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<T> {
    /// The dense number of the symbol in this run.
    pub id: u32,
    /// Its name.
    pub symbol: Symbol,
    /// The value.
    pub value: T,
}

/// Values by symbol: a newer value of a symbol takes the place of its older one.
#[derive(Clone, Debug)]
pub struct Lane<T> {
    rows: Vec<Row<T>>,
    /// Place in `rows` + 1 by symbol number; 0 is none.
    places: Vec<u32>,
}

impl<T> Default for Lane<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            places: Vec::new(),
        }
    }
}

impl<T: Clone> Lane<T> {
    /// Sets the value of a symbol.
    ///
    /// # Panics
    /// When more than 2^32 symbols are set.
    pub fn set(&mut self, row: Row<T>) {
        let id = row.id as usize;
        if self.places.len() <= id {
            self.places.resize(id + 1, 0);
        }
        match self.places[id] {
            0 => {
                self.rows.push(row);
                self.places[id] =
                    u32::try_from(self.rows.len()).expect("Invariant: fewer than 2^32 symbols");
            }
            place => self.rows[place as usize - 1] = row,
        }
    }

    /// Takes over every value of `newer`.
    pub fn merge(&mut self, newer: &Self) {
        for row in &newer.rows {
            self.set(row.clone());
        }
    }

    /// The values in order of first appearance.
    #[must_use]
    pub fn rows(&self) -> &[Row<T>] {
        &self.rows
    }

    /// Empties the lane and keeps its memory.
    pub fn clear(&mut self) {
        for row in &self.rows {
            self.places[row.id as usize] = 0;
        }
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u32, value: i32) -> Row<i32> {
        Row {
            id,
            symbol: Symbol::new("SPY").unwrap(),
            value,
        }
    }

    #[test]
    fn the_newest_value_of_a_symbol_wins_and_no_symbol_is_lost() {
        let mut lane = Lane::default();
        lane.set(row(7, 1));
        lane.set(row(2, 2));
        let mut newer = Lane::default();
        newer.set(row(7, 3));
        newer.set(row(0, 4));
        lane.merge(&newer);
        assert_eq!(lane.rows(), [row(7, 3), row(2, 2), row(0, 4)]);
    }

    #[test]
    fn a_cleared_lane_keeps_its_memory_and_forgets_its_values() {
        let mut lane = Lane::default();
        for id in 0..100 {
            lane.set(row(id, 1));
        }
        let capacity = lane.rows.capacity();
        lane.clear();
        assert!(lane.rows().is_empty());
        assert_eq!(lane.rows.capacity(), capacity);
        lane.set(row(3, 9));
        assert_eq!(lane.rows(), [row(3, 9)]);
    }
}
