//! JSON Pointers (RFC 6901): the place of a value in another.

use alloc::borrow::Cow;
use alloc::string::String;

use super::{Kind, Ref};

impl Ref<'_, '_> {
    /// The value that a JSON Pointer names inside this one, by at least one step: the empty pointer names nothing here.
    /// No place has two pointers.
    pub fn pointed(self, pointer: &str) -> Option<Self> {
        let mut value = self;
        for token in pointer.strip_prefix('/')?.split('/') {
            value = match value.kind() {
                Kind::Object => value.member(&unescape(token)?)?,
                Kind::Array => value.elements().nth(index(token)?)?,
                _ => return None,
            };
        }
        Some(value)
    }
}

/// Adds a step to a JSON Pointer.
pub fn push_pointer(pointer: &mut String, step: &str) {
    pointer.push('/');
    for char in step.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            char => pointer.push(char),
        }
    }
}

fn unescape(token: &str) -> Option<Cow<'_, str>> {
    if !token.contains('~') {
        return Some(Cow::Borrowed(token));
    }
    let mut plain = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(char) = chars.next() {
        plain.push(match char {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            char => char,
        });
    }
    Some(Cow::Owned(plain))
}

/// A place in a list: digits without a leading zero.
fn index(token: &str) -> Option<usize> {
    let is_number = token.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && (token == "0" || !token.starts_with('0'))).then(|| token.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Tape;

    #[test]
    fn a_place_has_one_pointer_and_nothing_else_is_one() {
        let mut tape = Tape::new();
        let root = tape
            .read(br#"{"":"empty","a/b":[{"m~n":1},2],"~1":3}"#)
            .unwrap();
        let raw = |pointer| root.pointed(pointer).map(Ref::raw);
        assert_eq!(raw("/"), Some(&b"\"empty\""[..]));
        assert_eq!(raw("/a~1b/0/m~0n"), Some(&b"1"[..]));
        assert_eq!(raw("/a~1b/1"), Some(&b"2"[..]));
        assert_eq!(raw("/~01"), Some(&b"3"[..]));
        for none in [
            "",
            "a",
            "/a/b",
            "/a~1b/01",
            "/a~1b/2",
            "/a~1b/-",
            "/a~1b/+1",
            "/a~1b/",
            "/~",
            "/~2",
            "/~1",
            "/a~1b/0/m~0n/x",
        ] {
            assert_eq!(raw(none), None, "{none}");
        }
    }

    #[test]
    fn a_pointer_that_was_made_step_by_step_leads_there() {
        let mut tape = Tape::new();
        let root = tape.read(br#"{"a/b":{"~1":{"":3}}}"#).unwrap();
        let mut pointer = String::new();
        for step in ["a/b", "~1", ""] {
            push_pointer(&mut pointer, step);
        }
        assert_eq!(pointer, "/a~1b/~01/");
        assert_eq!(root.pointed(&pointer).map(Ref::raw), Some(&b"3"[..]));
    }
}
