//! What is looked for: all patterns as one automaton, and the types that are found without one.

use regex_automata::MatchKind;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;

use super::KindIndex;
use super::engine::Session;
use super::kinds::{Check, Kind};
use super::words::Words;
use crate::Error;
use crate::catalogue::{IdentifierType, Shape, identifiers};
use crate::limits::STATE_CACHE_BYTES_MAX;

/// Looks for a fixed list of identifier types. It can be shared; each thread searches through a [`Session`].
pub struct Scanner {
    pub(super) kinds: Vec<Kind>,
    /// All patterns, anchored; the n-th is that of `patterns[n]`.
    pub(super) states: DFA,
    pub(super) patterns: Vec<KindIndex>,
    /// Those of the user, which may begin at any word.
    pub(super) own_states: Option<DFA>,
    pub(super) own_patterns: Vec<KindIndex>,
    pub(super) shapes: Shapes,
    pub(super) words: Words,
}

/// The types that are found without a pattern, where they are looked for.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shapes {
    pub(super) email: Option<KindIndex>,
    pub(super) url_credentials: Option<KindIndex>,
    pub(super) private_key: Option<KindIndex>,
    pub(super) jwt: Option<KindIndex>,
    pub(super) named_secret: Option<KindIndex>,
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scanner")
            .field("kinds", &self.kinds.len())
            .finish_non_exhaustive()
    }
}

impl Scanner {
    /// Looks for every type of the catalogue that is looked for unless a policy says otherwise.
    pub fn usual() -> Result<Self, Error> {
        let usual = identifiers().filter(|identifier| identifier.is_usual());
        Self::new(usual.map(Kind::built_in).collect(), Words::default())
    }

    /// Looks for these types.
    pub fn of(types: &[&'static IdentifierType]) -> Result<Self, Error> {
        let kinds = types.iter().map(|identifier| Kind::built_in(identifier));
        Self::new(kinds.collect(), Words::default())
    }

    /// Looks for these types and words.
    pub(crate) fn new(kinds: Vec<Kind>, words: Words) -> Result<Self, Error> {
        let mut shapes = Shapes::default();
        let mut patterns = (Vec::new(), Vec::new());
        let mut own = (Vec::new(), Vec::new());
        for (index, kind) in kinds.iter().enumerate() {
            let index = KindIndex(index);
            match &kind.check {
                Check::BuiltIn(identifier) => match identifier.shape() {
                    Shape::Pattern(pattern) => {
                        patterns.0.push(pattern);
                        patterns.1.push(index);
                    }
                    Shape::Email => shapes.email = Some(index),
                    Shape::UrlCredentials => shapes.url_credentials = Some(index),
                    Shape::PrivateKey => shapes.private_key = Some(index),
                    Shape::Jwt => shapes.jwt = Some(index),
                    Shape::NamedSecret => shapes.named_secret = Some(index),
                },
                Check::Pattern(pattern) => {
                    own.0.push(pattern.as_ref());
                    own.1.push(index);
                }
                Check::Words => {}
            }
        }
        Ok(Self {
            states: states(&patterns.0)?,
            patterns: patterns.1,
            own_states: if own.0.is_empty() {
                None
            } else {
                Some(states(&own.0)?)
            },
            own_patterns: own.1,
            shapes,
            words,
            kinds,
        })
    }

    /// A search of its own.
    pub fn session(&self) -> Session<'_> {
        Session::new(self)
    }

    pub(crate) fn kind(&self, index: KindIndex) -> Option<&Kind> {
        self.kinds.get(index.0)
    }

    /// The id of a type.
    pub fn id(&self, index: KindIndex) -> &str {
        self.kind(index).map_or("", |kind| &kind.id)
    }
}

fn states(patterns: &[&str]) -> Result<DFA, Error> {
    DFA::builder()
        .configure(
            DFA::config()
                .match_kind(MatchKind::All)
                .cache_capacity(STATE_CACHE_BYTES_MAX)
                .skip_cache_capacity_check(true),
        )
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(thompson::Config::new().utf8(false))
        .build_many(patterns)
        .map_err(|error| Error::Engine {
            why: error.to_string(),
        })
}
