//! What trades look like: odd lots, sweeps, blocks, and how toxic that is together with VPIN and the
//! book.

/// Small, large and sweeping trades of a window.
pub mod shapes;
/// The score of a window, and toxicity.
pub mod toxicity;
