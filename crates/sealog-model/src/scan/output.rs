//! Reports for machines: JSON, SARIF 2.1.0, `JUnit` and the annotations of GitHub's runners.

mod json;
mod sarif;
mod text;

pub use json::json;
pub use sarif::sarif;
pub use text::{github, junit};

#[cfg(test)]
mod tests;
