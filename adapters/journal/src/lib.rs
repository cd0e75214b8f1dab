//! The journal port on a file.
