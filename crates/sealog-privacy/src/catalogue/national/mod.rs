//! Numbers by which states and their offices know a person or a firm, by region.
//!
//! Most are digits with one check digit, which one random number in ten passes: these need a word beside them, or
//! the punctuation in which they are written.

#[expect(clippy::many_single_char_names, reason = "digits by their places")]
pub(super) mod america;
#[expect(clippy::many_single_char_names, reason = "digits by their places")]
pub(super) mod asia;
#[expect(clippy::many_single_char_names, reason = "digits by their places")]
pub(super) mod central;
#[expect(clippy::many_single_char_names, reason = "digits by their places")]
pub(super) mod north;
pub(super) mod south;
#[expect(clippy::many_single_char_names, reason = "digits by their places")]
pub(super) mod west;
