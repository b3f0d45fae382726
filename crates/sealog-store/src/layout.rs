//! The names inside a ledger directory (docs/formats/store.md, "Directory"). Nothing else spells them.

use std::path::{Path, PathBuf};

use sealog_core::Hash;
use sealog_core::limits::SEGMENT_NUMBER_MAX;

use crate::Place;

/// Format version and origin, for people; trusted by nothing.
pub const ABOUT: &str = "sealog.toml";
/// The directory of the segments, the lock files, the poison file and the file of disposals.
pub const LOG: &str = "log";
/// The lock of the writing turn, in [`LOG`]; its content is the hint.
pub const LOCK: &str = "LOCK";
/// The lock that is taken before [`LOCK`], so that whoever waits longest goes next.
pub const TURNSTILE: &str = "TURNSTILE";
/// The lock of whoever adopts an older log, in [`LOG`]; made by the first import, and empty.
pub const IMPORT: &str = "IMPORT";
/// Present while the log must not be written, in [`LOG`].
pub const POISONED: &str = "POISONED";
/// What disposals are under way, in [`LOG`]: locked by whoever works on one, empty when it is done.
pub const DISPOSAL: &str = "DISPOSAL";
/// Evidence too large for an entry, named by the SHA-256 of its stored bytes.
pub const PAYLOADS: &str = "payloads";
/// Cosigned notes and time tokens.
pub const ANCHORS: &str = "anchors";
/// Torn tails, as they were found.
pub const RECOVERED: &str = "recovered";
/// Whatever can be rebuilt from the log.
pub const DERIVED: &str = "derived";
/// How the name of a file that is still being written begins; such files may be removed when no writer is at work.
pub const TEMPORARY_PREFIX: &str = ".new-";
/// How the name of a segment ends.
pub const SEGMENT_SUFFIX: &str = ".jsonl";
/// Digits of a segment's number in its name.
pub const SEGMENT_DIGITS: usize = 10;

/// The path of segment `number` of the ledger at `root`; numbers end at [`SEGMENT_NUMBER_MAX`].
pub fn segment_path(root: &Path, number: u64) -> PathBuf {
    root.join(LOG).join(segment_name(number))
}

/// The file name of segment `number`.
pub fn segment_name(number: u64) -> String {
    format!("{number:0SEGMENT_DIGITS$}{SEGMENT_SUFFIX}")
}

/// The number that a file name spells, if it is the name of a segment.
pub fn segment_number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
    if digits.len() != SEGMENT_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The name in [`RECOVERED`] of the bytes cut at `at`, by where they stood and the begin of their SHA-256.
pub fn recovered_name(at: Place, digest: Hash) -> String {
    let mut digest = digest.to_hex();
    digest.truncate(RECOVERED_DIGEST_DIGITS);
    let (segment, offset) = (at.segment(), at.offset());
    format!("{segment:0SEGMENT_DIGITS$}-{offset}-{digest}.tail")
}

/// Digits of a recovered tail's digest in its name.
const RECOVERED_DIGEST_DIGITS: usize = 16;

const _: () = assert!(SEGMENT_NUMBER_MAX == 10_u64.pow(10) - 1 && SEGMENT_DIGITS == 10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_page_is_what_is_written() {
        let name = recovered_name(Place::new(3, 70_000), Hash::of(&[b"torn"]));
        assert_eq!(crate::page::block("recovered").trim_end(), name);
    }

    #[test]
    fn the_limits_on_the_page_are_those_in_force() {
        use sealog_core::limits::{
            FILLER_BYTES_MAX, HEAD_NOTE_BYTES_MAX, SECTOR_BYTES, SHELF_FILE_BYTES_MAX,
            SHELF_NAME_BYTES_MAX,
        };
        let grouped = |number: u64| {
            let digits = number.to_string();
            let parts: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .map(|part| std::str::from_utf8(part).unwrap())
                .collect();
            parts.join(",")
        };
        for sentence in [
            format!("at most {} bytes of 0x0A", grouped(FILLER_BYTES_MAX)),
            format!("each {SECTOR_BYTES}-byte sector"),
            format!(
                "at most {} bytes. It is never",
                grouped(SHELF_FILE_BYTES_MAX)
            ),
            format!("1 to {SHELF_NAME_BYTES_MAX} of the characters"),
            format!(
                "a note, at most {} bytes",
                grouped(HEAD_NOTE_BYTES_MAX.try_into().unwrap())
            ),
        ] {
            assert!(crate::page::says(&sentence), "{sentence}");
        }
    }

    #[test]
    fn a_segment_name_has_ten_digits_and_one_spelling() {
        assert_eq!(segment_name(0), "0000000000.jsonl");
        assert_eq!(
            segment_number(&segment_name(SEGMENT_NUMBER_MAX)),
            Some(SEGMENT_NUMBER_MAX)
        );
        assert_eq!(segment_number(&segment_name(SEGMENT_NUMBER_MAX + 1)), None);
        for wrong in [
            "0.jsonl",
            "000000000.jsonl",
            "+000000000.jsonl",
            "0000000000.json",
            "0000000000",
            "",
        ] {
            assert_eq!(segment_number(wrong), None, "{wrong}");
        }
    }
}
