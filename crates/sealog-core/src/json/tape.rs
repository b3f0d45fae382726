//! The tape: one canonical text, checked whole, with a node for each value and key in the order of the text.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::str;

use super::check::{check, check_at, unescape};
use super::{JsonError, Object, Value, parse};

/// A reader of canonical texts, to be used again for the next one: its buffer is kept.
#[derive(Debug, Default)]
pub struct Tape {
    nodes: Vec<Node>,
}

/// A value or key of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it begins in the text; a string with its opening quote.
    pub(super) start: u32,
    /// Where it ends in the text.
    pub(super) end: u32,
    /// The index of the node after it and all that is in it.
    pub(super) next: u32,
    pub(super) kind: Kind,
    /// A string: whether a backslash stands in it.
    pub(super) escaped: bool,
}

/// The kind of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "JSON has these six kinds; matches on it should be complete"
)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Tape {
    /// A tape without a buffer yet.
    pub const fn new() -> Self {
        Self { nodes: Vec::new() }
    }

    /// Reads a text that is exactly one value in canonical form, with nothing before or after it: no white
    /// space, no line end.
    ///
    /// # Errors
    /// Refused is whatever is not byte for byte `Value::parse(text)?.to_canonical()`, at the first byte at which
    /// that is certain.
    pub fn read<'t, 'a>(&'t mut self, text: &'a [u8]) -> Result<Ref<'t, 'a>, JsonError> {
        check(text, &mut self.nodes)?;
        Ok(Ref {
            nodes: &self.nodes,
            text,
            index: 0,
        })
    }
}

impl Tape {
    /// Reads the one value at `at` of a longer text, inside `depth` arrays and objects; gives the index after it.
    /// `None` if it is not in canonical form.
    pub(crate) fn read_at<'t, 'a>(
        &'t mut self,
        text: &'a [u8],
        at: usize,
        depth: usize,
    ) -> Option<(Ref<'t, 'a>, usize)> {
        let end = check_at(text, at, depth, &mut self.nodes)?;
        let value = Ref {
            nodes: &self.nodes,
            text,
            index: 0,
        };
        Some((value, end))
    }
}

/// A value or key of a text that a [`Tape`] has read: `'t` is the tape, `'a` the text.
#[derive(Debug, Clone, Copy)]
pub struct Ref<'t, 'a> {
    nodes: &'t [Node],
    text: &'a [u8],
    index: usize,
}

impl<'t, 'a> Ref<'t, 'a> {
    /// Nodes exist for every index that a `Ref` is made with; the fallback is never reached.
    fn node(self) -> Node {
        const NONE: Node = Node {
            start: 0,
            end: 0,
            next: 0,
            kind: Kind::Null,
            escaped: false,
        };
        self.nodes.get(self.index).copied().unwrap_or(NONE)
    }

    /// The index of the value's node: 0 for the whole text, and for nothing else.
    pub(crate) fn node_index(self) -> u32 {
        u32::try_from(self.index).unwrap_or(0)
    }

    /// The value of another node of the same text.
    pub(crate) const fn at_node(self, node: u32) -> Self {
        Self {
            index: size(node),
            ..self
        }
    }

    /// The kind of the value.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// Where the value begins in the text, in bytes.
    pub fn offset(self) -> usize {
        size(self.node().start)
    }

    /// The exact bytes of the value as they stand in the text; of a string with its quotes.
    pub fn raw(self) -> &'a [u8] {
        let node = self.node();
        self.text
            .get(size(node.start)..size(node.end))
            .unwrap_or_default()
    }

    /// The bytes between the quotes of a string in which nothing is escaped; `None` for other strings and values.
    ///
    /// The cheapest way to compare or hash a string.
    pub fn plain_bytes(self) -> Option<&'a [u8]> {
        let node = self.node();
        if node.kind != Kind::String || node.escaped {
            return None;
        }
        self.text.get(size(node.start) + 1..size(node.end) - 1)
    }

    /// The text of a string in which nothing is escaped; `None` for other strings and values.
    pub fn plain_str(self) -> Option<&'a str> {
        self.plain_bytes()
            .and_then(|bytes| str::from_utf8(bytes).ok())
    }

    /// The text of a string; `None` for other values. Borrowed unless something is escaped in it.
    pub fn text(self) -> Option<Cow<'a, str>> {
        let node = self.node();
        if node.kind != Kind::String {
            return None;
        }
        let content = self.text.get(size(node.start) + 1..size(node.end) - 1)?;
        if node.escaped {
            return String::from_utf8(unescape(content)).ok().map(Cow::Owned);
        }
        str::from_utf8(content).ok().map(Cow::Borrowed)
    }

    /// Whether it is a string with this text.
    pub fn is_text(self, text: &str) -> bool {
        match self.plain_bytes() {
            Some(bytes) => bytes == text.as_bytes(),
            None => self.text().is_some_and(|own| own == text),
        }
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The boolean; `None` for other values.
    pub fn boolean(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == b"true")
    }

    /// The integer from 0 to 2^53 - 1; `None` for other values and numbers.
    pub fn u64(self) -> Option<u64> {
        if self.kind() == Kind::Number {
            digits(self.raw())
        } else {
            None
        }
    }

    /// The integer of magnitude up to 2^53 - 1; `None` for other values and numbers.
    pub fn i64(self) -> Option<i64> {
        if self.kind() != Kind::Number {
            return None;
        }
        match self.raw() {
            [b'-', magnitude @ ..] => {
                digits(magnitude).and_then(|magnitude| 0i64.checked_sub_unsigned(magnitude))
            }
            magnitude => digits(magnitude).and_then(|magnitude| i64::try_from(magnitude).ok()),
        }
    }

    /// The number as a double; `None` for other values.
    pub fn f64(self) -> Option<f64> {
        if self.kind() != Kind::Number {
            return None;
        }
        str::from_utf8(self.raw()).ok()?.parse().ok()
    }

    /// The members of an object, as key and value in canonical order; none for other values.
    pub fn members(self) -> Members<'t, 'a> {
        Members {
            inner: self.inside(Kind::Object),
        }
    }

    /// The elements of an array; none for other values.
    pub fn elements(self) -> Elements<'t, 'a> {
        Elements {
            inner: self.inside(Kind::Array),
        }
    }

    /// The number of members or elements; 0 for other values. Takes a step for each.
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Object => self.members().count(),
            Kind::Array => self.elements().count(),
            _ => 0,
        }
    }

    /// Whether there are no members and no elements.
    pub fn is_empty(self) -> bool {
        size(self.node().next) == self.index + 1
    }

    /// The value of a member, if it is an object that has it. Takes a step for each member before it.
    pub fn member(self, name: &str) -> Option<Self> {
        self.members()
            .find(|(key, _)| key.is_text(name))
            .map(|(_, value)| value)
    }

    /// The value as a tree of its own.
    pub fn to_value(self) -> Value {
        match self.kind() {
            Kind::Null => Value::Null,
            Kind::Bool => Value::Bool(self.boolean() == Some(true)),
            Kind::String => Value::String(self.string()),
            Kind::Array => Value::Array(self.elements().map(Self::to_value).collect()),
            Kind::Object => {
                let members = self
                    .members()
                    .map(|(key, value)| (key.string(), value.to_value()));
                Value::Object(members.collect::<Object>())
            }
            // Canonical text is JSON text, so that this cannot fail.
            Kind::Number => parse::parse(self.raw()).unwrap_or_default(),
        }
    }

    fn string(self) -> String {
        self.text().map(Cow::into_owned).unwrap_or_default()
    }

    fn inside(self, kind: Kind) -> Inside<'t, 'a> {
        let node = self.node();
        let end = if node.kind == kind {
            size(node.next)
        } else {
            0
        };
        Inside {
            nodes: self.nodes,
            text: self.text,
            at: self.index + 1,
            end,
        }
    }
}

/// The integer of a token without a sign; `None` if it has a point or exponent.
fn digits(token: &[u8]) -> Option<u64> {
    token.iter().try_fold(0u64, |integer, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        integer.checked_mul(10)?.checked_add(digit)
    })
}

/// An index of a node or a text; both fit, since a text is at most `JSON_TEXT_BYTES_MAX` long.
#[expect(
    clippy::as_conversions,
    reason = "u32 to usize, which no supported platform cuts"
)]
pub(super) const fn size(index: u32) -> usize {
    index as usize
}

#[derive(Debug, Clone)]
struct Inside<'t, 'a> {
    nodes: &'t [Node],
    text: &'a [u8],
    at: usize,
    end: usize,
}

impl<'t, 'a> Inside<'t, 'a> {
    fn step(&mut self) -> Option<Ref<'t, 'a>> {
        if self.at >= self.end {
            return None;
        }
        let step = Ref {
            nodes: self.nodes,
            text: self.text,
            index: self.at,
        };
        self.at = size(step.node().next);
        Some(step)
    }
}

/// The members of an object: see [`Ref::members`].
#[derive(Debug, Clone)]
pub struct Members<'t, 'a> {
    inner: Inside<'t, 'a>,
}

impl<'t, 'a> Iterator for Members<'t, 'a> {
    type Item = (Ref<'t, 'a>, Ref<'t, 'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.inner.step()?;
        Some((key, self.inner.step()?))
    }
}

/// The elements of an array: see [`Ref::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'t, 'a> {
    inner: Inside<'t, 'a>,
}

impl<'t, 'a> Iterator for Elements<'t, 'a> {
    type Item = Ref<'t, 'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.inner.step()
    }
}
