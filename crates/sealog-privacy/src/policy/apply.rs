//! Does to a text what a policy says.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Mode;
use super::file::Policy;
use super::mask::masked;
use crate::Error;
use crate::scan::{Found, Session, Stream};

/// How many of each type were found, by id. It never holds a value.
pub type Counts = BTreeMap<String, u64>;

/// A text after a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redacted {
    /// The text with every value that was found replaced.
    pub text: Vec<u8>,
    /// Where in the original something was found, and of which type.
    pub spans: Vec<(Range<usize>, String)>,
}

impl Redacted {
    /// How many of each type.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        for (_, id) in &self.spans {
            *counts.entry(id.clone()).or_default() += 1;
        }
        counts
    }
}

/// Applies one policy to one text after the other.
#[derive(Debug)]
pub struct Redactor<'p> {
    pub(super) policy: &'p Policy,
    session: Session<'p>,
}

impl<'p> Redactor<'p> {
    pub(super) fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            session: policy.scanner().session(),
        }
    }

    /// Applies it to a text, UTF-8 or not. What is no text stays as it is.
    pub fn text(&mut self, text: &[u8]) -> Result<Redacted, Error> {
        self.field(text, b"")
    }

    /// The same for the text of a field, whose name may say what it holds.
    pub fn field(&mut self, text: &[u8], name: &[u8]) -> Result<Redacted, Error> {
        let mut redacted = Redacted {
            text: Vec::with_capacity(text.len()),
            spans: Vec::new(),
        };
        let mut at = 0;
        for found in self.session.scan_field(text, name)? {
            let between = text.get(at..found.span.start).unwrap_or_default();
            redacted.text.extend_from_slice(between);
            let with = self.policy.replacement(&found);
            redacted.text.extend_from_slice(with.as_bytes());
            at = found.span.end;
            let id = self.policy.scanner().id(found.kind).to_owned();
            redacted.spans.push((found.span, id));
        }
        redacted
            .text
            .extend_from_slice(text.get(at..).unwrap_or_default());
        Ok(redacted)
    }
}

impl Policy {
    /// Applies this policy to one text after the other.
    pub fn redactor(&self) -> Redactor<'_> {
        Redactor::new(self)
    }

    /// Searches a text that comes in pieces; [`Policy::replacement`] says what stands for what is found.
    pub fn stream(&self) -> Stream<'_> {
        Stream::new(self.scanner())
    }

    /// The id of what was found.
    pub fn id(&self, found: &Found) -> &str {
        self.scanner().id(found.kind)
    }

    /// What stands in the place of a value that was found.
    pub fn replacement(&self, found: &Found) -> String {
        let Some(kind) = self.scanner().kind(found.kind) else {
            return String::new();
        };
        match self.mode(found.kind) {
            Mode::Drop => String::new(),
            Mode::Mask => masked(&found.value, kind.mask),
            // What is kept is not looked for; if it were found, it would not be shown.
            Mode::Redact | Mode::Keep => format!("[{}]", kind.id),
        }
    }
}
