//! One type as a scanner knows it: from the catalogue, from a pattern or words of the user, or from a recogniser.

use super::context::{Around, WordSet};
use crate::catalogue::{IdentifierType, Mask, Need};
use crate::view::View;

/// The rank of a type with check digits or a form of its own, at least.
const CHECKED_RANK: u8 = 50;
/// What a word nearby adds to a rank: more than what any number of a country is behind a card.
const NAMED: u8 = 35;

/// A type that a scanner looks for.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    pub(crate) id: Box<str>,
    pub(crate) check: Check,
    /// Folded, lower case.
    pub(crate) words: WordSet,
    pub(crate) need: Need,
    pub(crate) mask: Mask,
    pub(crate) rank: u8,
}

/// What its candidates are.
#[derive(Debug, Clone)]
pub(crate) enum Check {
    BuiltIn(&'static IdentifierType),
    Pattern(Box<str>),
    Words,
}

impl Kind {
    pub(crate) fn built_in(identifier: &'static IdentifierType) -> Self {
        Self {
            id: identifier.id().into(),
            check: Check::BuiltIn(identifier),
            words: WordSet::of(identifier.words().iter().copied()),
            need: identifier.need(),
            mask: identifier.mask(),
            rank: identifier.rank(),
        }
    }

    pub(super) fn holds(&self, value: &[u8]) -> bool {
        match self.check {
            Check::BuiltIn(identifier) => identifier.holds(value),
            Check::Pattern(_) | Check::Words => true,
        }
    }

    /// Whether it may stand where it stands: not as a part of something longer, and with its words if it needs them.
    pub(super) fn may_stand(&self, value: &[u8], around: &Around<'_>, field: &[u8]) -> bool {
        let Check::BuiltIn(identifier) = self.check else {
            return self.has_needed(value, around, field);
        };
        (!identifier.is_number() || self.is_whole(value, around))
            && !identifier.is_denied(around.before)
            && self.has_needed(value, around, field)
    }

    /// How specific it is where it stands: of two with check digits, the one that is named counts.
    pub(super) fn rank_at(&self, around: &Around<'_>, field: &[u8]) -> u8 {
        let is_named = self.rank >= CHECKED_RANK
            && (self.need == Need::Word || around.has_word(&self.words, field));
        self.rank + if is_named { NAMED } else { 0 }
    }

    fn has_needed(&self, value: &[u8], around: &Around<'_>, field: &[u8]) -> bool {
        let punctuated = || match self.check {
            Check::BuiltIn(identifier) => identifier.is_punctuated(value),
            Check::Pattern(_) | Check::Words => false,
        };
        match self.need {
            Need::Nothing => true,
            Need::WordOrPunctuation if punctuated() => true,
            Need::WordOrPunctuation | Need::Word => around.has_word(&self.words, field),
        }
    }

    /// Whether a number stands for itself: not part of a decimal fraction, a version, or a longer name with hyphens.
    fn is_whole(&self, value: &[u8], around: &Around<'_>) -> bool {
        let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
        let word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let [first, second] = [0, 1].map(|index| around.after.get(index));
        let after = match first {
            Some(b'.' | b',') => !digit(second) || !digit(value.last()),
            Some(b'-' | b'_') => !word(second),
            _ => true,
        };
        if !after {
            return false;
        }
        let [last, before] = [1, 2].map(|back| {
            let index = around.before.len().checked_sub(back)?;
            around.before.get(index)
        });
        match last {
            Some(b'.' | b',') => !digit(before) || !digit(value.first()),
            Some(b'-' | b'_') => !word(before) || self.follows_word(around.before),
            Some(b'+') => !digit(value.first()),
            _ => true,
        }
    }

    /// Whether what a hyphen joins to a number is one of its words.
    fn follows_word(&self, before: &[u8]) -> bool {
        let joined = before
            .split_last()
            .map(|(_, joined)| joined)
            .unwrap_or_default();
        let start = joined
            .iter()
            .rposition(|byte| !byte.is_ascii_alphanumeric());
        let word = joined
            .get(start.map_or(0, |start| start + 1)..)
            .unwrap_or_default();
        self.words.stands_in(word)
    }
}

/// A word as it stands in a view, lower case.
pub(crate) fn folded(word: &str) -> Box<[u8]> {
    View::of(word.as_bytes())
        .bytes()
        .to_ascii_lowercase()
        .into()
}
