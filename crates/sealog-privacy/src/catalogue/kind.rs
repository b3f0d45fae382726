//! What an entry of the catalogue says.

/// One type of identifiers.
#[derive(Debug, Clone, Copy)]
pub struct IdentifierType {
    id: &'static str,
    name: &'static str,
    shape: Shape,
    check: fn(&[u8]) -> bool,
    words: &'static [&'static str],
    need: Need,
    stands_alone: fn(&[u8]) -> bool,
    /// Words that say what a candidate right behind them is instead, lower case.
    denied_by: &'static [&'static str],
    mask: Mask,
    rank: u8,
    /// Whether it may not be a part of a fraction, a version or a longer name with hyphens.
    number: bool,
    /// Whether it is looked for unless a policy says otherwise.
    usual: bool,
}

/// How candidates are found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// By a regular expression over the view, from the start of a word; its longest match is bounded.
    Pattern(&'static str),
    /// Around an `@`.
    Email,
    /// After `://`.
    UrlCredentials,
    /// From the `BEGIN` of a private key to its `END`.
    PrivateKey,
    /// From `eyJ` on.
    Jwt,
    /// The value after a name that says that it is secret.
    NamedSecret,
}

/// Whether a candidate that holds needs one of the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It stands for itself.
    Nothing,
    /// One of the words, unless it is written with the punctuation of its kind.
    WordOrPunctuation,
    /// One of the words.
    Word,
}

/// What the mode `mask` leaves of a value, after folding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mask {
    /// Nothing, not even its length: `********`.
    Whole,
    /// The last so many letters and digits; each before them is `*`, punctuation stays.
    KeepLast(usize),
    /// The first so many and the last so many letters and digits.
    KeepEnds(usize, usize),
    /// The first character of the part before the `@`, and the domain: `j***@example.com`.
    Email,
}

/// The usual entry: it needs a word, and a mask keeps its last two letters or digits.
pub(crate) const fn identifier(
    id: &'static str,
    name: &'static str,
    shape: Shape,
    check: fn(&[u8]) -> bool,
    words: &'static [&'static str],
) -> IdentifierType {
    IdentifierType {
        id,
        name,
        shape,
        check,
        words,
        need: Need::Word,
        stands_alone: has_punctuation,
        denied_by: &[],
        mask: Mask::KeepLast(2),
        rank: 50,
        number: true,
        usual: true,
    }
}

impl IdentifierType {
    /// It stands for itself.
    pub(crate) const fn alone(mut self) -> Self {
        self.need = Need::Nothing;
        self.rank = 60;
        self
    }

    /// It stands for itself if it is written with punctuation.
    pub(crate) const fn punctuated(mut self) -> Self {
        self.need = Need::WordOrPunctuation;
        self
    }

    /// It stands for itself if it is written in a form of its own.
    pub(crate) const fn punctuated_by(mut self, stands_alone: fn(&[u8]) -> bool) -> Self {
        self.need = Need::WordOrPunctuation;
        self.stands_alone = stands_alone;
        self
    }

    /// It is something else right behind one of these words or signs.
    pub(crate) const fn denied_by(mut self, words: &'static [&'static str]) -> Self {
        self.denied_by = words;
        self
    }

    /// It may stand anywhere, beside any sign.
    pub(crate) const fn anywhere(mut self) -> Self {
        self.number = false;
        self
    }

    /// It is not looked for unless a policy asks for it.
    pub(crate) const fn unusual(mut self) -> Self {
        self.usual = false;
        self
    }

    pub(crate) const fn masked(mut self, mask: Mask) -> Self {
        self.mask = mask;
        self
    }

    pub(crate) const fn ranked(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    /// All of it that is data, for a test: the checks are functions, whose results other tests freeze.
    #[cfg(test)]
    pub(super) fn data(&self) -> String {
        let Self {
            id,
            name,
            shape,
            words,
            need,
            denied_by,
            mask,
            rank,
            number,
            usual,
            ..
        } = self;
        format!(
            "{id}|{name}|{shape:?}|{words:?}|{need:?}|{denied_by:?}|{mask:?}|{rank}|{number}|{usual}\n"
        )
    }

    /// Its id, upper case: `NL_BSN`. It stands in brackets where a value was.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// Its name for people.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The words that stand around it, lower case.
    pub const fn words(&self) -> &'static [&'static str] {
        self.words
    }

    /// Whether it needs one of them.
    pub const fn need(&self) -> Need {
        self.need
    }

    /// What a mask leaves of it.
    pub const fn mask(&self) -> Mask {
        self.mask
    }

    /// How specific it is: of two that cover the same bytes, the more specific one counts.
    pub const fn rank(&self) -> u8 {
        self.rank
    }

    /// Whether this text, separators and all, can be one by its form and its check digits.
    pub fn holds(&self, text: &[u8]) -> bool {
        (self.check)(text)
    }

    /// Whether it is looked for unless a policy says otherwise.
    pub const fn is_usual(&self) -> bool {
        self.usual
    }

    pub(crate) const fn is_number(&self) -> bool {
        self.number
    }

    /// Whether what stands before it says that it is something else.
    pub(crate) fn is_denied(&self, before: &[u8]) -> bool {
        if self.denied_by.is_empty() {
            return false;
        }
        let before = before.trim_ascii_end();
        let before = before.strip_suffix(b":").unwrap_or(before);
        self.denied_by.iter().any(|word| {
            let at = before.len().checked_sub(word.len());
            let Some((start, last)) = at.and_then(|at| before.split_at_checked(at)) else {
                return false;
            };
            let joins = word.starts_with(|first: char| first.is_ascii_alphanumeric())
                && start.last().is_some_and(u8::is_ascii_alphanumeric);
            last.eq_ignore_ascii_case(word.as_bytes()) && !joins
        })
    }

    /// Whether this text is written with the punctuation of its kind.
    pub(crate) fn is_punctuated(&self, text: &[u8]) -> bool {
        (self.stands_alone)(text)
    }

    pub(crate) const fn shape(&self) -> Shape {
        self.shape
    }
}

fn has_punctuation(text: &[u8]) -> bool {
    text.iter()
        .any(|byte| matches!(byte, b'-' | b'.' | b'/' | b'+'))
}
