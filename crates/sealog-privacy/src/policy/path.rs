//! Which fields of a JSON value a rule is about: a JSON Pointer (RFC 6901) in which `*` stands for any one step.

use crate::Error;
use crate::limits::{PATH_BYTES_MAX, PATH_STEPS_MAX};

/// The pattern of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Any,
    Named(String),
}

impl Path {
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| Error::Policy {
            place: "fields".to_owned(),
            why: format!("`{}` is no path: {why}", shown(text)),
        };
        if text.len() > PATH_BYTES_MAX {
            return Err(bad("it is too long"));
        }
        if text.is_empty() {
            return Ok(Self { steps: Vec::new() });
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err(bad("it has to begin with `/`"));
        };
        let steps: Option<Vec<Step>> = rest.split('/').map(step).collect();
        let steps = steps.ok_or_else(|| bad("`~` has to be followed by 0 or 1"))?;
        if steps.len() > PATH_STEPS_MAX {
            return Err(bad("it has too many steps"));
        }
        Ok(Self { steps })
    }

    /// Whether it leads to a field within the one at this path.
    pub(super) fn leads_below(&self, path: &[&str]) -> bool {
        self.steps.len() > path.len()
            && self.steps.iter().zip(path).all(|(step, name)| match step {
                Step::Any => true,
                Step::Named(named) => named == name,
            })
    }

    /// Whether this is the path of a field.
    pub(super) fn matches(&self, path: &[String]) -> bool {
        self.steps.len() == path.len()
            && self.steps.iter().zip(path).all(|(step, name)| match step {
                Step::Any => true,
                Step::Named(named) => named == name,
            })
    }
}

fn step(text: &str) -> Option<Step> {
    if text == "*" {
        return Some(Step::Any);
    }
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        out.push(match character {
            '~' => match rest.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(Step::Named(out))
}

/// The start of a text that a message shows.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(64).collect()
}
