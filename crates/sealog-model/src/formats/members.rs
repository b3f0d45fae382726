//! JSON texts of models within bounds: whole documents of so many values, and the members of an object one at a
//! time, so that a large one never stands in memory taken apart.
//!
//! Only where each name and value begins and ends is found here; what they are is read by the strict reader of
//! `sealog-core`, one by one. **What is absent**: names that stand twice, which the caller looks for.

use sealog_core::json::Value;

/// Values of a document that is taken apart whole: each takes up to ninety bytes of memory, in a text as short as two.
pub(crate) const VALUES_MAX: usize = 3_000_000;

/// Reads a whole document.
pub(crate) fn document(text: &[u8]) -> Result<Value, Wrong> {
    bounded(text, VALUES_MAX)
}

/// Each value but the first of an array or object has a comma before it, and the reader bounds how deep those lie.
fn bounded(text: &[u8], values_max: usize) -> Result<Value, Wrong> {
    let mut commas = memchr::memchr_iter(b',', text);
    match commas.nth(values_max.saturating_sub(1)) {
        Some(at) => Err((format!("more than {values_max} values"), at)),
        None => Value::parse(text).map_err(|error| (error.to_string(), error.offset())),
    }
}

/// A member: its name, the text of its value, and where both begin.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member<'t> {
    pub(crate) name: String,
    /// The name as it is spelled, between its quotes.
    pub(crate) spelled: &'t [u8],
    pub(crate) name_at: usize,
    pub(crate) value: &'t [u8],
    pub(crate) value_at: usize,
}

/// What is wrong, and at which byte of the text.
pub(crate) type Wrong = (String, usize);

/// Walks over an object. The text has to hold it and nothing else but blanks at its ends.
#[derive(Debug)]
pub(crate) struct Members<'t> {
    text: &'t [u8],
    at: usize,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Begin,
    Inside,
    Ended,
}

impl<'t> Members<'t> {
    pub(crate) const fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            at: 0,
            state: State::Begin,
        }
    }

    fn blanks(&mut self) -> Option<u8> {
        loop {
            match self.text.get(self.at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn expect(&mut self, byte: u8, what: &str) -> Result<(), Wrong> {
        if self.blanks() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        Err(self.wrong(what))
    }

    fn wrong(&self, what: &str) -> Wrong {
        (format!("{what} is expected at byte {}", self.at), self.at)
    }

    /// The end of the object, and nothing behind it.
    fn end(&mut self) -> Result<bool, Wrong> {
        if self.blanks() != Some(b'}') {
            return Ok(false);
        }
        self.at += 1;
        self.state = State::Ended;
        match self.blanks() {
            None => Ok(true),
            Some(_) => Err(self.wrong("the end")),
        }
    }

    fn step(&mut self) -> Result<Option<Member<'t>>, Wrong> {
        match self.state {
            State::Ended => return Ok(None),
            State::Begin => {
                self.expect(b'{', "an object")?;
                self.state = State::Inside;
                if self.end()? {
                    return Ok(None);
                }
            }
            State::Inside => {
                if self.end()? {
                    return Ok(None);
                }
                self.expect(b',', "a comma")?;
            }
        }
        if self.blanks() != Some(b'"') {
            return Err(self.wrong("a name"));
        }
        let name_at = self.at;
        let quoted = self.taken(string_end(self.text, self.at))?;
        let name = Value::parse(quoted).map_err(|error| (error.to_string(), name_at))?;
        let Value::String(name) = name else {
            return Err(self.wrong("a name"));
        };
        self.expect(b':', "a colon")?;
        self.blanks();
        let value_at = self.at;
        let value = self.taken(value_end(self.text, self.at))?;
        Ok(Some(Member {
            name,
            spelled: quoted.get(1..quoted.len() - 1).unwrap_or_default(),
            name_at,
            value,
            value_at,
        }))
    }

    fn taken(&mut self, end: Option<usize>) -> Result<&'t [u8], Wrong> {
        let begin = self.at;
        let taken = end.and_then(|end| self.text.get(begin..end));
        let taken = taken.filter(|taken| !taken.is_empty());
        let taken = taken.ok_or_else(|| self.wrong("a value that ends"))?;
        self.at += taken.len();
        Ok(taken)
    }
}

impl<'t> Iterator for Members<'t> {
    type Item = Result<Member<'t>, Wrong>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.step();
        if step.is_err() {
            self.state = State::Ended;
        }
        step.transpose()
    }
}

/// Behind the closing quote of the string that opens at `open`.
pub(crate) fn string_end(text: &[u8], open: usize) -> Option<usize> {
    let mut at = open.checked_add(1)?;
    loop {
        let found = memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        at = at.checked_add(found)?;
        if text.get(at) == Some(&b'"') {
            return at.checked_add(1);
        }
        at = at.checked_add(2)?;
    }
}

/// Behind the value that begins at `begin`; whether it is one, its reader says.
fn value_end(text: &[u8], begin: usize) -> Option<usize> {
    let (mut at, mut depth) = (begin, 0usize);
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at)?;
                if depth == 0 {
                    return Some(at);
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return Some(at),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, Wrong> {
        let members = Members::new(text.as_bytes());
        let pair = |member: Member<'_>| {
            let value = str::from_utf8(member.value).unwrap().to_owned();
            (member.name, value)
        };
        members.map(|member| member.map(pair)).collect()
    }

    #[test]
    fn a_document_has_so_many_values() {
        assert!(bounded(b"[1,2,3]", 3).is_ok());
        let more = bounded(b"[1,2,3,4]", 3);
        assert_eq!(more, Err(("more than 3 values".to_owned(), 6)));
        assert_eq!(bounded(b"[1,", 3).unwrap_err().1, 3);
        let text = |values: usize| format!("[{}0]", "0,".repeat(values - 1));
        assert!(document(text(VALUES_MAX).as_bytes()).is_ok());
        let more = document(text(VALUES_MAX + 1).as_bytes());
        assert!(more.unwrap_err().0.starts_with("more than"));
    }

    #[test]
    fn members_come_one_by_one() {
        let found = read(r#" { "a" : [1,{"b":"]"}] , "\u0062":"x\"y","c":1e5 ,"d":{} } "#);
        let expected = [
            ("a", r#"[1,{"b":"]"}]"#),
            ("b", r#""x\"y""#),
            ("c", "1e5"),
            ("d", "{}"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.unwrap(), expected);
        assert_eq!(read("{}").unwrap(), []);
    }

    #[test]
    fn what_is_no_object_is_wrong_at_its_place() {
        for (text, at) in [
            ("", 0),
            ("[]", 0),
            ("{", 1),
            ("{}x", 2),
            ("{\"a\"1}", 4),
            ("{\"a\":}", 5),
            ("{\"a\":1", 5),
            ("{\"a\":1,}", 7),
            ("{\"a\":1 2}", 7),
            ("{,}", 1),
            ("{\"a\":[1}", 8),
            ("{\"a", 1),
            ("{\"a\\", 1),
            ("{1:2}", 1),
            ("{\"\\x\":2}", 1),
        ] {
            let (why, found) = read(text).unwrap_err();
            assert_eq!(found, at, "{text}: {why}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Whatever the whole reader takes for an object is taken here, with the same members; and what is taken here
        /// with values that hold, and no name twice, is one to the whole reader.
        #[test]
        fn both_readers_agree(text in "[{}\\[\\]\",:a1\\\\ ]{0,24}") {
            let whole = Value::parse(text.as_bytes()).ok();
            let whole = whole.as_ref().and_then(Value::as_object);
            let mut names = std::collections::BTreeMap::new();
            let mut holds = true;
            for member in Members::new(text.as_bytes()) {
                let Ok(member) = member else { holds = false; break };
                match Value::parse(member.value) {
                    Ok(value) => holds &= names.insert(member.name, value).is_none(),
                    Err(_) => holds = false,
                }
            }
            prop_assert_eq!(whole.is_some(), holds);
            if let Some(whole) = whole {
                let whole = whole.iter().map(|(name, value)| (name.to_owned(), value.clone()));
                prop_assert_eq!(whole.collect::<std::collections::BTreeMap<_, _>>(), names);
            }
        }
    }
}
