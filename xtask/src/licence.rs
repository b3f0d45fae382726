//! Licence expressions (SPDX): does a list of accepted licences satisfy one?
//!
//! Absent: versions with `+` and the whole list of known names. A name that is not on the list is not accepted.

/// Whether `expression` can be satisfied with licences out of `accepted` only.
///
/// `WITH` belongs to the name before it: an exception must be on the list as `NAME WITH EXCEPTION`, or its licence
/// must be on it without one (an exception only grants more). An expression that cannot be read is not satisfied.
pub(crate) fn satisfied(expression: &str, accepted: &[&str]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = Words {
        words: spaced.split_whitespace().collect(),
        next: 0,
    };
    let verdict = words.alternative(accepted);
    verdict == Some(true) && words.peek().is_none()
}

struct Words<'a> {
    words: Vec<&'a str>,
    next: usize,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.next).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.next += usize::from(found);
        found
    }

    fn alternative(&mut self, accepted: &[&str]) -> Option<bool> {
        let mut verdict = self.conjunction(accepted)?;
        while self.take("OR") {
            verdict |= self.conjunction(accepted)?;
        }
        Some(verdict)
    }

    fn conjunction(&mut self, accepted: &[&str]) -> Option<bool> {
        let mut verdict = self.single(accepted)?;
        while self.take("AND") {
            verdict &= self.single(accepted)?;
        }
        Some(verdict)
    }

    fn single(&mut self, accepted: &[&str]) -> Option<bool> {
        if self.take("(") {
            let verdict = self.alternative(accepted)?;
            return self.take(")").then_some(verdict);
        }
        let name = self
            .peek()
            .filter(|word| !matches!(*word, "OR" | "AND" | "WITH" | ")"))?;
        self.next += 1;
        if !self.take("WITH") {
            return Some(accepted.contains(&name));
        }
        let exception = self.peek()?;
        self.next += 1;
        let whole = format!("{name} WITH {exception}");
        Some(accepted.contains(&name) || accepted.contains(&whole.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::satisfied;

    const ACCEPTED: &[&str] = &["MIT", "Apache-2.0", "BSD-3-Clause"];

    #[test]
    fn one_accepted_alternative_is_enough() {
        for expression in [
            "MIT",
            "MIT OR Apache-2.0",
            "GPL-3.0-only OR MIT",
            "MIT/GPL-2.0",
            "Apache-2.0 WITH LLVM-exception OR GPL-3.0-only",
            "(MIT OR GPL-3.0-only) AND BSD-3-Clause",
        ] {
            assert!(satisfied(expression, ACCEPTED), "{expression}");
        }
    }

    #[test]
    fn every_part_of_a_conjunction_must_be_accepted() {
        for expression in [
            "GPL-3.0-only",
            "MIT AND GPL-3.0-only",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "MIT OR Apache-2.0 AND",
            "(MIT",
            "MIT)",
            "MIT MIT",
            "OR MIT",
            "mit",
            "",
        ] {
            assert!(!satisfied(expression, ACCEPTED), "{expression}");
        }
    }
}
