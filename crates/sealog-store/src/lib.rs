//! Where the bytes of a log live.
