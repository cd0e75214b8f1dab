//! Plans at a desk whose broker does nothing by itself: single moments, then random paths.

/// The desk.
mod desk;
/// Single moments.
mod moments;
/// Random paths.
mod paths;
