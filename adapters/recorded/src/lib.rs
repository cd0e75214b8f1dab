//! Feeds from recorded market data on disk.
