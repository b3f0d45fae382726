//! Looks into every file of a ledger and its secrets for what an erasure must have left in none of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sealog_core::hash::{Hash, push_hex};
use zeroize::Zeroizing;

use crate::Error;
use crate::key_store::Secrets;

/// Bytes of a value that is looked for, at least: what is shorter stands in any file by chance.
const VALUE_BYTES_MIN: usize = 6;
/// Bytes of a value that is looked for whole, at most; of a longer one, pieces of `PIECE_BYTES` are.
const WHOLE_BYTES_MAX: usize = 256;
/// See `WHOLE_BYTES_MAX`.
const PIECE_BYTES: usize = 64;
/// Different bytes that a piece has at least: pictures and tables hold long runs of the same ones.
const PIECE_VARIETY_MIN: usize = 8;
/// Bytes of all that is looked for in one reading of the files; a searcher takes some forty times as much memory.
const SOUGHT_BYTES_MAX: usize = 1_048_576;
/// Findings that are told, at most.
const FOUND_MAX: usize = 100;

/// Something of an erased person that is still in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Residue {
    /// The file.
    pub path: PathBuf,
    /// Where in it.
    pub offset: u64,
    /// What it is: `data key`, `wrapped key`, `lookup code`, `value`, `digest of a value`, each with its encoding.
    pub what: &'static str,
}

/// What is looked for.
#[derive(Default)]
pub(super) struct Canaries {
    patterns: Vec<Zeroizing<Vec<u8>>>,
    what: Vec<&'static str>,
}

impl Canaries {
    /// Keys and codes, in all forms in which a program may have written them.
    pub(super) fn of(secrets: &Secrets) -> Self {
        let mut canaries = Self::default();
        for (_, key) in &secrets.keys {
            canaries.add_binary(key.expose(), "data key");
        }
        for wrapped in &secrets.wrapped {
            canaries.add_binary(wrapped, "wrapped key");
        }
        for code in &secrets.codes {
            canaries.add_binary(code, "lookup code");
        }
        canaries
    }

    /// A value that was sealed: itself, and its digest without a salt.
    pub(super) fn add_value(&mut self, value: &[u8]) {
        if value.len() < VALUE_BYTES_MIN {
            return;
        }
        for piece in pieces(value) {
            self.add_binary(piece, "value");
            // A piece may begin and end within a character.
            let text = longest_text(piece);
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            self.add(&wide, "value");
        }
        self.add_binary(Hash::of(&[value]).as_bytes(), "digest of a value");
    }

    fn add_binary(&mut self, bytes: &[u8], what: &'static str) {
        self.add(bytes, what);
        let mut hex = String::with_capacity(2 * bytes.len());
        push_hex(&mut hex, bytes);
        self.add(hex.as_bytes(), what);
        // Base64 differs by where in a group of three bytes it begins; signs that depend on neighbours are left out.
        for skipped in 0..3 {
            let mut shifted = vec![0; skipped];
            shifted.extend_from_slice(bytes);
            let encoded = STANDARD_NO_PAD.encode(&shifted);
            let from = (skipped * 8).div_ceil(6);
            let to = shifted.len() * 8 / 6;
            self.add(encoded.as_bytes().get(from..to).unwrap_or_default(), what);
        }
    }

    fn add(&mut self, bytes: &[u8], what: &'static str) {
        if bytes.len() >= VALUE_BYTES_MIN {
            self.patterns.push(Zeroizing::new(bytes.to_vec()));
            self.what.push(what);
        }
    }

    /// Searches all files below these directories.
    pub(super) fn search(&self, roots: &[PathBuf]) -> Result<Vec<Residue>, Error> {
        let mut found = Vec::new();
        let mut first = 0;
        while first < self.patterns.len() {
            let end = self.batch_end(first);
            let patterns = self.patterns.get(first..end).unwrap_or_default();
            let patterns = patterns.iter().map(|pattern| pattern.as_slice());
            let searcher = AhoCorasick::new(patterns).map_err(|error| Error::Argument {
                what: "what is looked for",
                why: error.to_string(),
            })?;
            let what = self.what.get(first..end).unwrap_or_default();
            for root in roots {
                search_below(root, &searcher, what, &mut found)?;
            }
            first = end;
        }
        found.sort();
        Ok(found)
    }

    /// Where the patterns end that are looked for together with `first`: one at least.
    fn batch_end(&self, first: usize) -> usize {
        let mut bytes = 0;
        let mut end = first;
        for pattern in self.patterns.get(first..).unwrap_or_default() {
            bytes += pattern.len();
            if bytes > SOUGHT_BYTES_MAX && end > first {
                break;
            }
            end += 1;
        }
        end
    }
}

fn search_below(
    directory: &Path,
    searcher: &AhoCorasick,
    what: &[&'static str],
    found: &mut Vec<Residue>,
) -> Result<(), Error> {
    let list = match fs::read_dir(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        list => list.map_err(Error::io("list", directory))?,
    };
    for entry in list {
        let entry = entry.map_err(Error::io("list", directory))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            search_below(&path, searcher, what, found)?;
        } else if kind.is_file() {
            search_file(&path, searcher, what, found)?;
        }
    }
    Ok(())
}

fn search_file(
    path: &Path,
    searcher: &AhoCorasick,
    what: &[&'static str],
    found: &mut Vec<Residue>,
) -> Result<(), Error> {
    let file = match File::open(path) {
        // A file of another process's work that is gone meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        file => file.map_err(Error::io("read", path))?,
    };
    for hit in searcher.stream_find_iter(file) {
        let hit = hit.map_err(Error::io("read", path))?;
        if found.len() == FOUND_MAX {
            return Ok(());
        }
        let what = what.get(hit.pattern().as_usize());
        found.push(Residue {
            path: path.into(),
            offset: u64::try_from(hit.start()).unwrap_or(u64::MAX),
            what: what.copied().unwrap_or("value"),
        });
    }
    Ok(())
}

/// A value, or three pieces of a long one: from within, because files of one type begin alike.
fn pieces(value: &[u8]) -> Vec<&[u8]> {
    if value.len() <= WHOLE_BYTES_MAX {
        return vec![value];
    }
    let piece = |quarter: usize| {
        let from = value.len() / 4 * quarter - PIECE_BYTES / 2;
        value.get(from..from + PIECE_BYTES).unwrap_or_default()
    };
    let varied = |piece: &&[u8]| {
        let different: std::collections::BTreeSet<_> = piece.iter().collect();
        different.len() >= PIECE_VARIETY_MIN
    };
    [1, 2, 3].map(piece).into_iter().filter(varied).collect()
}

/// The longest run of whole characters.
fn longest_text(bytes: &[u8]) -> &str {
    let runs = bytes.utf8_chunks().map(|chunk| chunk.valid());
    runs.max_by_key(|run| run.len()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: &[u8], value: &[u8]) -> Vec<&'static str> {
        let directory = tempfile::tempdir().unwrap();
        let below = directory.path().join("a/b");
        fs::create_dir_all(&below).unwrap();
        fs::write(below.join("file"), content).unwrap();
        let mut canaries = Canaries::default();
        canaries.add_value(value);
        let found = canaries.search(&[directory.path().to_path_buf()]).unwrap();
        found.iter().map(|residue| residue.what).collect()
    }

    #[test]
    fn a_value_is_found_in_every_form() {
        let value = "Ada Lövelace, +44 20 7946 0018".as_bytes();
        let text = std::str::from_utf8(value).unwrap();
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let hex = Hash::of(&[value]).to_hex();
        let mut hexed = String::new();
        push_hex(&mut hexed, value);
        assert_eq!(found(value, value), ["value"]);
        assert_eq!(found(&wide, value), ["value"]);
        assert_eq!(found(hexed.as_bytes(), value), ["value"]);
        assert_eq!(found(hex.as_bytes(), value), ["digest of a value"]);
        assert_eq!(
            found(Hash::of(&[value]).as_bytes(), value),
            ["digest of a value"]
        );
        for before in ["", "x", "xy", "xyz"] {
            let content = [before.as_bytes(), value, b" and more"].concat();
            let encoded = base64::engine::general_purpose::STANDARD.encode(content);
            assert_eq!(
                found(encoded.as_bytes(), value),
                ["value"],
                "after {before:?}"
            );
        }
        assert!(found(b"nothing of it", value).is_empty());
    }

    #[test]
    fn a_long_value_is_found_by_pieces_of_it_and_runs_of_the_same_bytes_are_none() {
        let of = |bytes: usize| -> Vec<u8> {
            let texts = (0..).map(|number| format!("{number:05} é "));
            texts.flat_map(String::into_bytes).take(bytes).collect()
        };
        for bytes in [WHOLE_BYTES_MAX, WHOLE_BYTES_MAX + 1, 50_001, 1_000_000] {
            let value = of(bytes);
            let content = [b"before ", value.as_slice(), b" behind"].concat();
            let expected = if bytes > WHOLE_BYTES_MAX { 3 } else { 1 };
            assert_eq!(found(&content, &value), vec!["value"; expected], "{bytes}");
            let text = String::from_utf8_lossy(&value);
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(found(&wide, &value).contains(&"value"), "{bytes}");
        }
        let begins_alike = [of(500), vec![b'x'; 50_000]].concat();
        assert!(found(&begins_alike, &of(50_000)).is_empty());
        let run = vec![0; 50_000];
        assert!(found(&run, &run).is_empty());
    }

    #[test]
    fn what_is_too_much_for_one_reading_is_looked_for_in_several() {
        let directory = tempfile::tempdir().unwrap();
        let mut canaries = Canaries::default();
        let value = |number: u32| format!("value number {number:08} {}", "x".repeat(200));
        let mut last = 0;
        while canaries.batch_end(0) == canaries.patterns.len() {
            last += 1;
            canaries.add_value(value(last).as_bytes());
        }
        let bytes = |range: std::ops::Range<usize>| -> usize {
            canaries.patterns[range].iter().map(|one| one.len()).sum()
        };
        let end = canaries.batch_end(0);
        assert!(bytes(0..end) <= SOUGHT_BYTES_MAX && bytes(0..end + 1) > SOUGHT_BYTES_MAX);
        fs::write(directory.path().join("a"), value(1)).unwrap();
        fs::write(directory.path().join("b"), value(last)).unwrap();
        let found = canaries.search(&[directory.path().to_path_buf()]).unwrap();
        let files: Vec<_> = found
            .iter()
            .map(|one| one.path.file_name().unwrap())
            .collect();
        assert_eq!(
            files.first().zip(files.last()),
            Some((&"a".as_ref(), &"b".as_ref()))
        );
    }

    #[test]
    fn keys_and_codes_are_told_apart_and_short_values_are_not_looked_for() {
        let secrets = Secrets {
            keys: vec![(
                sealog_core::commitment::KeyId::new([1; 16]),
                sealog_core::commitment::DataKey::new([0xa1; 32]),
            )],
            wrapped: vec![vec![0xb2; 60]],
            codes: vec![Zeroizing::new(vec![0xc3; 32])],
        };
        let canaries = Canaries::of(&secrets);
        let directory = tempfile::tempdir().unwrap();
        let content = [[0xa1; 32].as_slice(), &[0xb2; 60], &[0xc3; 32]].concat();
        fs::write(directory.path().join("file"), content).unwrap();
        let found = canaries.search(&[directory.path().to_path_buf()]).unwrap();
        let what: Vec<_> = found.iter().map(|residue| residue.what).collect();
        assert_eq!(what, ["data key", "wrapped key", "lookup code"]);
        let mut short = Canaries::default();
        short.add_value(b"41 42");
        assert!(short.patterns.is_empty());
    }
}
