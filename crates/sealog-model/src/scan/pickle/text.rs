//! How the text opcodes spell their arguments: numbers, escapes.

/// What a text `PUT` or `GET` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Index {
    /// This entry of the memo.
    Entry(u64),
    /// A number of more than 64 bits, or of so many digits that they were not all read.
    Beyond,
    /// No number: every loader stops there.
    None,
}

/// The number of a text `PUT` or `GET`, as some loader reads it; `whole`: the line was read to its end.
///
/// C's loader takes a line for ended by a zero byte, Python's has no largest number, and both take minus zero.
pub(super) fn index(line: &[u8], whole: bool) -> Index {
    let ended = line.iter().position(|byte| *byte == 0);
    let line = line.get(..ended.unwrap_or(line.len())).unwrap_or_default();
    let whole = whole || ended.is_some();
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let begin = line.iter().position(|byte| !blank(byte));
    let line = line.get(begin.unwrap_or(line.len())..).unwrap_or_default();
    let negative = line.first() == Some(&b'-');
    let signed = line.strip_prefix(b"-").or_else(|| line.strip_prefix(b"+"));
    let line = signed.unwrap_or(line);
    let digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'_';
    let end = line.iter().position(|byte| !digit(byte));
    let (digits, behind) = line
        .split_at_checked(end.unwrap_or(line.len()))
        .unwrap_or_default();
    if !behind.iter().all(blank) || (digits.is_empty() && (whole || !behind.is_empty())) {
        return Index::None;
    }
    if !whole {
        return Index::Beyond;
    }
    let mut digits = digits.iter().filter(|byte| **byte != b'_');
    let number = digits.try_fold(0u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    match number {
        Some(0) => Index::Entry(0),
        _ if negative => Index::None,
        Some(number) => Index::Entry(number),
        None => Index::Beyond,
    }
}

/// The number of `INT` and `LONG`, where it is one that fits.
pub(super) fn integer(line: &[u8]) -> Option<i64> {
    let text = str::from_utf8(line).ok()?.trim();
    text.strip_suffix('L').unwrap_or(text).parse().ok()
}

/// `UNICODE`: raw-unicode-escape, in which only `\u` and `\U` mean something.
pub(super) fn raw_unicode(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        let digits = match (byte, after.first()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => 0,
        };
        let escaped = after.get(1..=digits).filter(|_| digits > 0).and_then(hex);
        if let Some(char) = escaped.and_then(char::from_u32) {
            text.push(char);
            rest = after.get(1 + digits..).unwrap_or_default();
        } else {
            text.push(char::from(byte));
            rest = after;
        }
    }
    text
}

/// `STRING`: a quoted Python string with its escapes. Without quotes Python stops; here it is read on.
pub(super) fn quoted(line: &[u8]) -> String {
    let line = line.trim_ascii_end();
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        other => other,
    };
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\\' {
            text.push(char::from(byte));
            rest = after;
            continue;
        }
        let (char, taken) = escape(after);
        text.extend(char);
        rest = after.get(taken..).unwrap_or_default();
    }
    text
}

/// What stands behind a backslash: the character, and how many bytes spell it.
fn escape(after: &[u8]) -> (Option<char>, usize) {
    match after {
        [b'x', one, two, ..] => match hex(&[*one, *two]).and_then(char::from_u32) {
            Some(char) => (Some(char), 3),
            None => (Some('\\'), 0),
        },
        [b'0'..=b'7', ..] => {
            let octal = |byte: &&u8| matches!(byte, b'0'..=b'7');
            let digits = after.iter().take(3).take_while(octal);
            let (value, count) = digits.fold((0, 0), |(value, count), digit| {
                (value * 8 + u32::from(digit - b'0'), count + 1)
            });
            (char::from_u32(value & 0xff), count)
        }
        [b'n', ..] => (Some('\n'), 1),
        [b't', ..] => (Some('\t'), 1),
        [b'r', ..] => (Some('\r'), 1),
        [byte, ..] if matches!(byte, b'\\' | b'\'' | b'"') => (Some(char::from(*byte)), 1),
        _ => (Some('\\'), 0),
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_read_as_python_reads_them() {
        assert_eq!(raw_unicode(br"\u006f\U00000073"), "os");
        assert_eq!(raw_unicode(br"a\n\u12"), r"a\n\u12");
        assert_eq!(quoted(br"'\x6f\163'"), "os");
        assert_eq!(quoted(br#""a\'b\n\\""#), "a'b\n\\");
        assert_eq!(quoted(b"bare"), "bare");
        assert_eq!(quoted(br"'\xzz'"), r"\xzz");
    }

    #[test]
    fn a_line_that_was_not_read_to_its_end_may_still_be_a_number() {
        for (line, expected) in [
            (&b"   "[..], Index::Beyond),
            (b"-000", Index::Beyond),
            (b"12  ", Index::Beyond),
            (b"12 \0x", Index::Entry(12)),
            (b"gggg", Index::None),
            (b"1 2", Index::None),
            (b" x", Index::None),
        ] {
            assert_eq!(index(line, false), expected, "{line:?}");
        }
    }

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        for (line, expected) in [
            (&b" 1_0 "[..], Index::Entry(10)),
            (b"+3", Index::Entry(3)),
            (b"-0", Index::Entry(0)),
            (b"\x0b7\x0c\r", Index::Entry(7)),
            (b"5\0rest", Index::Entry(5)),
            (b"00018446744073709551615", Index::Entry(u64::MAX)),
            (b"18446744073709551616", Index::Beyond),
            (b"-1", Index::None),
            (b"-18446744073709551616", Index::None),
            (b"", Index::None),
            (b" ", Index::None),
            (b"\x005", Index::None),
            (b"1 2", Index::None),
            (b"+-1", Index::None),
            (b"\xff", Index::None),
        ] {
            assert_eq!(index(line, true), expected, "{line:?}");
        }
        assert_eq!(integer(b"12L"), Some(12));
        assert_eq!(integer(b"-5"), Some(-5));
        assert_eq!(integer(b"99999999999999999999"), None);
    }
}
