//! What leaves: keys and payloads of the mirror.
