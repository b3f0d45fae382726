//! The crate from outside, against software by other hands.

#[cfg(test)]
mod labelled;
mod phones;
mod stdnum;
