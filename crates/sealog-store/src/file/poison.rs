//! The poison file: why a log is closed for writing (docs/formats/store.md, "Poison").

use crate::Poison;

const TITLE: &str = "sealog poison v1";
const UNKNOWN: &str = "-";

/// The content of the poison file.
pub(super) fn format(poison: &Poison) -> String {
    let boot = poison.boot_id().unwrap_or(UNKNOWN);
    let size = poison
        .size()
        .map_or_else(|| UNKNOWN.to_owned(), |size| size.to_string());
    format!(
        "{TITLE}\nboot {boot}\nsize {size}\nerror {}\n",
        poison.error()
    )
}

/// Reads a poison file. One that cannot be read closes the log all the same: its presence is what counts.
pub(super) fn parse(content: &[u8]) -> Poison {
    let text = String::from_utf8_lossy(content);
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .filter(|value| *value != UNKNOWN)
            .map(str::to_owned)
    };
    Poison {
        boot_id: field("boot"),
        size: field("size").and_then(|size| size.parse().ok()),
        error: field("error")
            .unwrap_or_else(|| "a poison file that gives no reason was found".to_owned()),
    }
}

/// `text` as one line without control characters, of at most `max` bytes.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    for character in text.chars() {
        let character = if character.is_control() {
            ' '
        } else {
            character
        };
        if line.len() + character.len_utf8() > max {
            break;
        }
        line.push(character);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let poison = Poison {
            boot_id: Some("b-1".to_owned()),
            size: Some(12),
            error: "cannot flush".to_owned(),
        };
        let text = format(&poison);
        assert_eq!(
            text,
            "sealog poison v1\nboot b-1\nsize 12\nerror cannot flush\n"
        );
        assert_eq!(parse(text.as_bytes()), poison);
        let unknown = Poison {
            boot_id: None,
            size: None,
            ..poison
        };
        assert_eq!(parse(format(&unknown).as_bytes()), unknown);
    }

    #[test]
    fn the_example_of_the_page_is_what_is_written() {
        let example = crate::page::block("poison");
        let poison = parse(example.as_bytes());
        assert_eq!(poison.size(), Some(1234));
        assert!(poison.boot_id().is_some() && poison.error().contains("flush"));
        assert_eq!(format(&poison), example);
    }

    #[test]
    fn a_poison_file_that_cannot_be_read_still_poisons() {
        for content in [&b""[..], b"\xff\xff", b"boot", b"error"] {
            assert!(parse(content).error().contains("no reason"), "{content:?}");
        }
    }

    #[test]
    fn a_reason_is_cut_to_one_line_within_the_limit() {
        assert_eq!(one_line("a\nb\u{7f}c", 10), "a b c");
        assert_eq!(one_line("\u{e9}\u{e9}\u{e9}", 5), "\u{e9}\u{e9}");
        assert_eq!(one_line("abcde", 5), "abcde");
        assert_eq!(one_line("abcdef", 5), "abcde");
    }
}
