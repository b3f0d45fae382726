//! Does to a text what a policy says.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Mode;
use super::file::Policy;
use super::mask::masked;
use super::vault::{NoVault, Vault};
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
    /// Whether a type was found whose mode commits to the whole field.
    pub(super) commits: bool,
    /// Whether a type was found whose mode keeps the whole field sealed.
    pub(super) seals: bool,
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
    ///
    /// # Errors
    /// [`Error::NeedsKeys`] if the policy has a mode that needs a key store.
    pub fn text(&mut self, text: &[u8]) -> Result<Redacted, Error> {
        self.field(text, b"")
    }

    /// The same for the text of a field, whose name may say what it holds.
    ///
    /// # Errors
    /// As for [`Redactor::text`].
    pub fn field(&mut self, text: &[u8], name: &[u8]) -> Result<Redacted, Error> {
        if let Some(mode) = self.policy.needs_keys() {
            return Err(Error::NeedsKeys {
                mode: mode.name().to_owned(),
            });
        }
        self.field_with(text, name, &mut NoVault)
    }

    /// The same with a key store at hand.
    pub(super) fn field_with(
        &mut self,
        text: &[u8],
        name: &[u8],
        vault: &mut dyn Vault,
    ) -> Result<Redacted, Error> {
        let mut redacted = Redacted {
            text: Vec::with_capacity(text.len()),
            spans: Vec::new(),
            commits: false,
            seals: false,
        };
        let mut at = 0;
        for found in self.session.scan_field(text, name)? {
            let between = text.get(at..found.span.start).unwrap_or_default();
            redacted.text.extend_from_slice(between);
            let id = self.policy.scanner().id(found.kind).to_owned();
            match self.policy.mode(found.kind) {
                Mode::Token => {
                    let token = vault.token(&id, &found.value);
                    let token = token.map_err(|source| Error::Vault { source })?;
                    let with = match token.as_str() {
                        "" => format!("[{id}]"),
                        token => format!("[{id}:{token}]"),
                    };
                    redacted.text.extend_from_slice(with.as_bytes());
                }
                mode => {
                    redacted.commits |= mode == Mode::Commit;
                    redacted.seals |= mode == Mode::Seal;
                    let with = self.policy.replacement(&found);
                    redacted.text.extend_from_slice(with.as_bytes());
                }
            }
            at = found.span.end;
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

    /// What stands in the place of a value that was found; where its mode needs a key store, the id of its type.
    pub fn replacement(&self, found: &Found) -> String {
        let Some(kind) = self.scanner().kind(found.kind) else {
            return String::new();
        };
        match self.mode(found.kind) {
            Mode::Drop => String::new(),
            Mode::Mask => masked(&found.value, kind.mask),
            // What is kept is not looked for; if it were found, it would not be shown.
            Mode::Redact | Mode::Token | Mode::Commit | Mode::Seal | Mode::Keep => {
                format!("[{}]", kind.id)
            }
        }
    }
}
