//! What exists: symbols, option contracts and their data.
