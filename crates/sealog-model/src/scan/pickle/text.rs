//! How the text opcodes spell their arguments: numbers, escapes.

/// The number of a text `PUT` or `GET`, as Python's `int` reads it.
pub(super) fn index(line: &[u8]) -> Option<u64> {
    let text = str::from_utf8(line).ok()?.trim();
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits: String = text.chars().filter(|char| *char != '_').collect();
    digits.parse().ok()
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
    fn numbers_are_read_as_python_reads_them() {
        assert_eq!(index(b" 1_0 "), Some(10));
        assert_eq!(index(b"+3"), Some(3));
        assert_eq!(index(b"-1"), None);
        assert_eq!(integer(b"12L"), Some(12));
        assert_eq!(integer(b"-5"), Some(-5));
        assert_eq!(integer(b"99999999999999999999"), None);
    }
}
