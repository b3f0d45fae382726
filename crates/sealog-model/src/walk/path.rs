//! Paths of files relative to their model: one spelling each, on every system.

use std::borrow::Borrow;
use std::fmt;

use super::Unfit;
use crate::limits::{COMPONENT_BYTES_MAX, PATH_BYTES_MAX};

/// A relative path of plain components joined by `/`, in the order of its bytes, which is that of its code points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModelPath(Box<str>);

impl ModelPath {
    /// Reads a path. Refused are absolute ones, `.`, `..`, empty components, drive letters, backslashes, control
    /// characters and what exceeds [`PATH_BYTES_MAX`] or [`COMPONENT_BYTES_MAX`].
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        if text.is_empty() || text.len() > PATH_BYTES_MAX {
            return Err(Unfit::PathLength);
        }
        if text.chars().any(|char| char.is_control() || char == '\\') {
            return Err(Unfit::Character);
        }
        if matches!(text.as_bytes(), [letter, b':', b'/', ..] if letter.is_ascii_alphabetic()) {
            return Err(Unfit::Absolute);
        }
        if text.starts_with('/') {
            return Err(Unfit::Absolute);
        }
        for component in text.split('/') {
            if matches!(component, "" | "." | "..") {
                return Err(Unfit::Component);
            }
            if component.len() > COMPONENT_BYTES_MAX {
                return Err(Unfit::PathLength);
            }
        }
        Ok(Self(text.into()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This path, or one that lies below it.
    pub(crate) fn covers(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What two paths share that a file system without case cannot tell apart.
    pub(crate) fn folded(text: &str) -> String {
        text.chars()
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect()
    }
}

impl Borrow<str> for ModelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ModelPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
