//! The crate from outside, against software by other hands.

mod stdnum;
