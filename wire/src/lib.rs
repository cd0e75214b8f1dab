//! What leaves: keys and payloads of the mirror. Plain data, no engine types.

/// Everything that one tick shows.
#[derive(Debug, Default)]
pub struct Batch {}

impl Batch {
    /// Empties the batch and keeps its memory.
    pub fn clear(&mut self) {}
}
