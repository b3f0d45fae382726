//! The only writer of a log.
