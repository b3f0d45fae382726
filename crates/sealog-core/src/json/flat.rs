//! Objects kept as their canonical text: what bodies are built in.
//!
//! An [`Object`] is a tree with an allocation for each key and value. A [`FlatObject`] is one text and a list of
//! where its members lie in it, so that it is copied, and written into a record, at the speed of memory.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::check::unescape;
use super::order::utf16_order;
use super::write::{write_bool, write_null, write_number, write_string, write_value};
use super::{Number, Object, Value};

/// An object in canonical form (RFC 8785), with its members in order and each key once.
///
/// A member behind the last one is added at once; one in front of others moves them. As with [`Value`], nesting is
/// not limited here: every reader refuses what nests deeper than
/// [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlatObject {
    /// From `{` to `}`.
    text: Vec<u8>,
    members: Vec<Member>,
}

/// Where a member lies in the text: from the quote of its key, over the colon, to the end of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Member {
    start: usize,
    colon: usize,
    end: usize,
}

/// What can be written as the value of a member.
pub trait WriteValue {
    /// Appends the canonical text of exactly one value.
    fn write_value(&self, out: &mut Vec<u8>);
}

impl FlatObject {
    /// An object without members.
    pub fn new() -> Self {
        Self {
            text: Vec::from(*b"{}"),
            members: Vec::new(),
        }
    }

    /// The same with room for so many members and so many bytes.
    pub fn with_capacity(members: usize, bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes);
        text.extend_from_slice(b"{}");
        Self {
            text,
            members: Vec::with_capacity(members),
        }
    }

    /// The canonical text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The number of members.
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Sets a member; one of the same key is replaced.
    pub fn insert(&mut self, key: &str, value: impl WriteValue) {
        let place = match self.members.last() {
            None => Err(0),
            Some(last) if self.compare(last, key) == Ordering::Less => Err(self.members.len()),
            Some(_) => self.position(key),
        };
        match place {
            Err(index) if index == self.members.len() => self.push(key, &value),
            Err(index) => self.put_before(index, key, &value),
            Ok(index) => self.replace(index, &value),
        }
    }

    /// Takes a member out; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let Ok(index) = self.position(key) else {
            return false;
        };
        let removed = self.members.remove(index);
        // With the comma behind it, or else the one before it.
        let (from, to) = match (index, self.members.get(index)) {
            (_, Some(next)) => (removed.start, next.start),
            (0, None) => (removed.start, removed.end),
            (_, None) => (removed.start - 1, removed.end),
        };
        self.text.drain(from..to);
        for member in self.members.get_mut(index..).unwrap_or_default() {
            *member = member.rebased(to, from);
        }
        true
    }

    /// Whether there is a member of this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_ok()
    }

    /// The canonical text of a member's value.
    pub fn raw(&self, key: &str) -> Option<&[u8]> {
        let member = self.members.get(self.position(key).ok()?)?;
        self.text.get(member.colon + 1..member.end)
    }

    /// The value of a member.
    pub fn get(&self, key: &str) -> Option<Value> {
        Value::parse(self.raw(key)?).ok()
    }

    /// The text of a member that is a string.
    pub fn text(&self, key: &str) -> Option<Cow<'_, str>> {
        match self.raw(key)? {
            [b'"', content @ .., b'"'] => plain(content),
            _ => None,
        }
    }

    /// The same as a tree.
    pub fn to_object(&self) -> Object {
        match Value::parse(&self.text) {
            Ok(Value::Object(object)) => object,
            // The text of an object reads as one, unless it nests too deeply for any reader.
            _ => Object::new(),
        }
    }

    fn push(&mut self, key: &str, value: &impl WriteValue) {
        self.text.pop();
        if !self.members.is_empty() {
            self.text.push(b',');
        }
        let member = write_member(&mut self.text, key, value);
        self.text.push(b'}');
        self.members.push(member);
    }

    fn put_before(&mut self, index: usize, key: &str, value: &impl WriteValue) {
        let at = self.members.get(index).map_or(1, |next| next.start);
        let mut added = Vec::new();
        let member = write_member(&mut added, key, value);
        added.push(b',');
        let length = added.len();
        self.text.splice(at..at, added);
        for next in self.members.get_mut(index..).unwrap_or_default() {
            *next = next.rebased(at, at + length);
        }
        self.members.insert(index, member.rebased(0, at));
    }

    fn replace(&mut self, index: usize, value: &impl WriteValue) {
        let Some(member) = self.members.get_mut(index) else {
            return;
        };
        let (from, to) = (member.colon + 1, member.end);
        let mut written = Vec::with_capacity(to - from);
        value.write_value(&mut written);
        let end = from + written.len();
        member.end = end;
        self.text.splice(from..to, written);
        for next in self.members.get_mut(index + 1..).unwrap_or_default() {
            *next = next.rebased(to, end);
        }
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.members
            .binary_search_by(|member| self.compare(member, key))
    }

    /// Where a member's key stands to another.
    fn compare(&self, member: &Member, key: &str) -> Ordering {
        let own = self.text.get(member.start + 1..member.colon - 1);
        let own = own.unwrap_or_default();
        if own.contains(&b'\\') {
            return utf16_order(&unescape(own), key.as_bytes());
        }
        utf16_order(own, key.as_bytes())
    }
}

impl Member {
    /// The same member where what stood at `from`, at or before it, stands at `to` now.
    const fn rebased(self, from: usize, to: usize) -> Self {
        Self {
            start: self.start - from + to,
            colon: self.colon - from + to,
            end: self.end - from + to,
        }
    }
}

/// The text that stands between the quotes of a canonical string.
fn plain(content: &[u8]) -> Option<Cow<'_, str>> {
    if content.contains(&b'\\') {
        return String::from_utf8(unescape(content)).ok().map(Cow::Owned);
    }
    core::str::from_utf8(content).ok().map(Cow::Borrowed)
}

/// Appends a key and its value, and says where they lie.
fn write_member(out: &mut Vec<u8>, key: &str, value: &impl WriteValue) -> Member {
    let start = out.len();
    write_string(out, key);
    let colon = out.len();
    out.push(b':');
    value.write_value(out);
    Member {
        start,
        colon,
        end: out.len(),
    }
}

impl Default for FlatObject {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&Object> for FlatObject {
    fn from(object: &Object) -> Self {
        let mut flat = Self::new();
        for (key, value) in object.iter() {
            flat.push(key, value);
        }
        flat
    }
}

impl From<Object> for FlatObject {
    fn from(object: Object) -> Self {
        Self::from(&object)
    }
}

/// Of members with one key the last stays, as with any map.
impl<K: AsRef<str>, V: WriteValue> FromIterator<(K, V)> for FlatObject {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let mut flat = Self::new();
        for (key, value) in members {
            flat.insert(key.as_ref(), value);
        }
        flat
    }
}

impl WriteValue for Value {
    fn write_value(&self, out: &mut Vec<u8>) {
        write_value(out, self);
    }
}

impl WriteValue for Object {
    fn write_value(&self, out: &mut Vec<u8>) {
        super::write::write_object(out, self);
    }
}

impl WriteValue for FlatObject {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.text);
    }
}

impl WriteValue for str {
    fn write_value(&self, out: &mut Vec<u8>) {
        write_string(out, self);
    }
}

impl WriteValue for String {
    fn write_value(&self, out: &mut Vec<u8>) {
        write_string(out, self);
    }
}

impl WriteValue for Number {
    fn write_value(&self, out: &mut Vec<u8>) {
        write_number(out, *self);
    }
}

impl WriteValue for bool {
    fn write_value(&self, out: &mut Vec<u8>) {
        write_bool(out, *self);
    }
}

/// `None` is `null`.
impl<T: WriteValue> WriteValue for Option<T> {
    fn write_value(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write_value(out),
            None => write_null(out),
        }
    }
}

impl<T: WriteValue> WriteValue for [T] {
    fn write_value(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, element) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            element.write_value(out);
        }
        out.push(b']');
    }
}

impl<T: WriteValue> WriteValue for Vec<T> {
    fn write_value(&self, out: &mut Vec<u8>) {
        self.as_slice().write_value(out);
    }
}

impl<T: WriteValue + ?Sized> WriteValue for &T {
    fn write_value(&self, out: &mut Vec<u8>) {
        (**self).write_value(out);
    }
}
