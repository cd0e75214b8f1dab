//! The mirror port on a Redis server.
