//! Objects: members in canonical order, each key once.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::mem;

use super::Value;
use super::order::utf16_order;

/// The members of an object, sorted by the UTF-16 code units of their keys as RFC 8785 writes them.
///
/// A sorted vector: an insertion behind the last key is constant, one in front of others moves them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    members: Vec<(String, Value)>,
}

impl Object {
    /// An object without members.
    pub const fn new() -> Self {
        Self {
            members: Vec::new(),
        }
    }

    /// Sets a member and returns the value that it had.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        let last = self.members.last();
        if last.is_none_or(|(last, _)| order(last, &key) == Ordering::Less) {
            self.members.push((key, value));
            return None;
        }
        match self.position(&key) {
            Ok(index) => self
                .members
                .get_mut(index)
                .map(|member| mem::replace(&mut member.1, value)),
            Err(index) => {
                self.members.insert(index, (key, value));
                None
            }
        }
    }

    /// The value of a member.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let index = self.position(key).ok()?;
        self.members.get(index).map(|(_, value)| value)
    }

    /// The value of a member, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let index = self.position(key).ok()?;
        self.members.get_mut(index).map(|(_, value)| value)
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let index = self.position(key).ok()?;
        Some(self.members.remove(index).1)
    }

    /// Whether there is a member of this key.
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_ok()
    }

    /// The members in canonical order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> + DoubleEndedIterator {
        self.members
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The number of members.
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub const fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Takes members in the order of a text; `Err` gives the first key that repeats an earlier one, with its
    /// index in that order.
    pub(super) fn from_text_order(members: Vec<(String, Value)>) -> Result<Self, (usize, String)> {
        let ascends = |pair: &[(String, Value)]| match pair {
            [left, right] => order(&left.0, &right.0) == Ordering::Less,
            _ => true,
        };
        if members.windows(2).all(ascends) {
            return Ok(Self { members });
        }
        let mut indexed: Vec<(usize, (String, Value))> = members.into_iter().enumerate().collect();
        indexed.sort_by(|left, right| order(&left.1.0, &right.1.0));
        let repeated = indexed.windows(2).filter_map(|pair| match pair {
            [left, right] if left.1.0 == right.1.0 => Some((right.0, &right.1.0)),
            _ => None,
        });
        match repeated.min() {
            Some((index, key)) => Err((index, key.clone())),
            None => Ok(Self {
                members: indexed.into_iter().map(|(_, member)| member).collect(),
            }),
        }
    }

    fn position(&self, key: &str) -> Result<usize, usize> {
        self.members.binary_search_by(|(own, _)| order(own, key))
    }
}

fn order(left: &str, right: &str) -> Ordering {
    utf16_order(left.as_bytes(), right.as_bytes())
}

/// Of members with one key the last stays, as with any map.
impl<K: Into<String>, V: Into<Value>> FromIterator<(K, V)> for Object {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let mut members: Vec<(String, Value)> = members
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        // Stable, so that reversed the last of equal keys comes first, which is the one that `dedup` keeps.
        members.reverse();
        members.sort_by(|left, right| order(&left.0, &right.0));
        members.dedup_by(|later, first| later.0 == first.0);
        Self { members }
    }
}

impl IntoIterator for Object {
    type Item = (String, Value);
    type IntoIter = alloc::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}
