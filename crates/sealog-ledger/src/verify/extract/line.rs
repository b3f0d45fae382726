//! One line of an extract: an entry, and the proof that it is in the tree.
//!
//! Lines of an honest extract are taken apart without reading the whole of them as JSON, since their entry is read
//! anyway. Whatever does not fit is read by the rules, so that each line has one answer whichever way it went.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sealog_core::entry::{EntryFacts, Line, LineReader};
use sealog_core::finding::{Code, Finding};
use sealog_core::hash::Hash;
use sealog_core::json::{Ref, Tape};
use sealog_core::limits::{INTEGER_MAX, JSON_DEPTH_MAX, PROOF_HASHES_MAX};
use sealog_core::tlog::tree::{self, InclusionVerifier};

use super::{Proven, malformed};

/// Where the entry begins in its line: canonical JSON has its members in order.
pub(super) const ENTRY_AT: usize = ENTRY_NAME.len();
const ENTRY_NAME: &[u8] = b"{\"entry\":";
/// Base64 of a hash.
const HASH_TEXT: usize = 44;

/// Reads lines under one checkpoint, with buffers that are kept between them.
pub(super) struct Prover {
    tape: Tape,
    reader: LineReader,
    proofs: InclusionVerifier,
    /// The last proof: most of the next one is the same text.
    hashes: Vec<Hash>,
    texts: Vec<[u8; HASH_TEXT]>,
}

impl Prover {
    pub(super) fn new(size: u64, root: &Hash) -> Self {
        Self {
            tape: Tape::new(),
            reader: LineReader::new(),
            proofs: InclusionVerifier::new(size, *root),
            hashes: Vec::new(),
            texts: Vec::new(),
        }
    }

    /// Reads a line, given without its newline, and holds its proof against the root.
    ///
    /// # Errors
    /// The finding of a line in another form, a proof that leads elsewhere, or no entry of that index.
    pub(super) fn read<'a>(&mut self, line: &'a [u8]) -> Result<(Proven<'a>, EntryFacts), Finding> {
        match self.read_usual(line) {
            Some(done) => Ok(done),
            None => self.read_by_the_rules(line),
        }
    }

    fn read_by_the_rules<'a>(
        &mut self,
        line: &'a [u8],
    ) -> Result<(Proven<'a>, EntryFacts), Finding> {
        let parts = parts(&mut self.tape, line);
        let (index, entry, proof) = parts.ok_or_else(|| malformed("not a line of an extract"))?;
        let leaf = tree::leaf_hash(entry);
        self.proofs
            .verify(index, &leaf, &proof)
            .map_err(|error| Finding::new(Code::ReceiptInclusion).found(error.to_string()))?;
        let facts = match self.reader.read_hashed(entry, leaf) {
            Ok(Line::Entry(facts)) => facts,
            Ok(_) => return Err(Finding::new(Code::ReceiptEntry).found("another line of the log")),
            Err(error) => {
                let found = error.finding().to_string();
                return Err(Finding::new(Code::ReceiptEntry).found(found));
            }
        };
        if facts.log.index != index {
            let found = facts.log.index.to_string();
            return Err(Finding::new(Code::ReceiptEntry).because(index.to_string(), found));
        }
        Ok((Proven { index, entry, leaf }, facts))
    }

    /// A line in the form that is written, with an entry that reads as canonical JSON by itself and proves to be there.
    fn read_usual<'a>(&mut self, line: &'a [u8]) -> Option<(Proven<'a>, EntryFacts)> {
        let rest = line.strip_prefix(ENTRY_NAME)?;
        let at = memchr::memmem::rfind(rest, b",\"index\":")?;
        let (entry, tail) = rest.split_at_checked(at)?;
        // Inside the line the entry lies one level deeper, which few brackets cannot bring to the limit.
        let brackets = entry.iter().filter(|byte| matches!(byte, b'{' | b'['));
        if brackets.count() >= JSON_DEPTH_MAX {
            return None;
        }
        let tail = tail.strip_prefix(b",\"index\":")?;
        let (index, tail) = number(tail)?;
        let tail = tail.strip_prefix(b",\"proof\":[")?.strip_suffix(b"]}")?;
        let count = self.read_proof(tail)?;
        let leaf = tree::leaf_hash(entry);
        let proof = self.hashes.get(..count)?;
        self.proofs.verify(index, &leaf, proof).ok()?;
        match self.reader.read_hashed(entry, leaf) {
            Ok(Line::Entry(facts)) if facts.log.index == index => {
                Some((Proven { index, entry, leaf }, facts))
            }
            _ => None,
        }
    }

    /// Strings of hashes with commas between them: how many there are.
    fn read_proof(&mut self, text: &[u8]) -> Option<usize> {
        if text.is_empty() {
            return Some(0);
        }
        let mut count = 0;
        let mut rest = text;
        loop {
            let (hash, behind) = rest.strip_prefix(b"\"")?.split_first_chunk::<HASH_TEXT>()?;
            if self.texts.get(count) != Some(hash) {
                let mut decoded = [0; HASH_TEXT];
                let length = STANDARD.decode_slice(hash, &mut decoded).ok()?;
                let decoded = Hash::from_slice(decoded.get(..length)?)?;
                self.texts.truncate(count);
                self.hashes.truncate(count);
                self.texts.push(*hash);
                self.hashes.push(decoded);
            }
            count += 1;
            let behind = behind.strip_prefix(b"\"")?;
            if behind.is_empty() {
                return (count <= PROOF_HASHES_MAX).then_some(count);
            }
            rest = behind.strip_prefix(b",")?;
            if count > PROOF_HASHES_MAX {
                return None;
            }
        }
    }
}

/// An integer as canonical JSON writes it, and what stands behind it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at_checked(end)?;
    if digits.len() > 1 && digits.starts_with(b"0") {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (number <= INTEGER_MAX).then_some((number, rest))
}

/// Index, entry and proof of a line that is canonical JSON with these members and no other.
fn parts<'a>(tape: &mut Tape, line: &'a [u8]) -> Option<(u64, &'a [u8], Vec<Hash>)> {
    let root = tape.read(line).ok()?;
    let mut members = root.members();
    let mut next = |name: &str| {
        let (found, value) = members.next()?;
        found.is_text(name).then_some(value)
    };
    let (entry, index, proof) = (next("entry")?, next("index")?.u64()?, next("proof")?);
    if members.next().is_some() || proof.len() > PROOF_HASHES_MAX {
        return None;
    }
    let hash = |text: Ref<'_, '_>| Hash::from_slice(&STANDARD.decode(text.plain_str()?).ok()?);
    let proof: Option<Vec<Hash>> = match proof.raw().first() {
        Some(b'[') => proof.elements().map(hash).collect(),
        _ => None,
    };
    Some((index, entry.raw(), proof?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Draft;
    use crate::verify::extract::tests::ledger_in;

    /// Lines of an extract of a log, and what they stand under.
    fn lines() -> (Vec<Vec<u8>>, u64, Hash) {
        let directory = tempfile::tempdir().unwrap();
        let ledger = ledger_in(directory.path());
        let producer = ledger.producer().unwrap();
        for n in 0..9 {
            let mut body = sealog_core::json::Object::new();
            body.insert("note", format!("n{n},\"index\":7,"));
            producer
                .append(Draft::new("org.example.note", body))
                .unwrap();
        }
        let mut out = Vec::new();
        ledger
            .export_jsonl(&crate::Query::default(), &mut out, &mut |_| ())
            .unwrap();
        let lines = out.split(|byte| *byte == b'\n').skip(1);
        let lines = lines.filter(|line| !line.is_empty()).map(<[u8]>::to_vec);
        let note = ledger.checkpoint().unwrap();
        let text = note.split_once("\n\n").unwrap().0.to_owned() + "\n";
        let checkpoint = sealog_core::tlog::checkpoint::Checkpoint::parse(&text).unwrap();
        (lines.collect(), checkpoint.size(), *checkpoint.root())
    }

    type Answer = Result<(u64, Vec<u8>, Hash), (Code, Option<String>, Option<String>)>;

    fn answer(read: Result<(Proven<'_>, EntryFacts), Finding>) -> Answer {
        read.map(|(proven, _)| (proven.index, proven.entry.to_vec(), proven.leaf))
            .map_err(|finding| (finding.code, finding.expected, finding.found))
    }

    #[test]
    fn the_usual_way_takes_the_lines_of_a_log_and_answers_as_the_rules_do() {
        let (lines, size, root) = lines();
        let (mut usual, mut rules) = (Prover::new(size, &root), Prover::new(size, &root));
        for line in &lines {
            let taken = usual.read_usual(line).is_some();
            assert!(taken, "{}", String::from_utf8_lossy(line));
            let expected = answer(rules.read_by_the_rules(line));
            assert_eq!(answer(usual.read(line)), expected);
            assert!(expected.is_ok());
        }
    }

    #[test]
    fn a_line_that_was_changed_anywhere_gets_the_answer_of_the_rules() {
        let (lines, size, root) = lines();
        let mut codes: BTreeMap<&str, u32> = BTreeMap::new();
        let (mut both, mut rules) = (Prover::new(size, &root), Prover::new(size, &root));
        let mut compare = |line: &[u8], whole: &[u8]| {
            let expected = answer(rules.read_by_the_rules(line));
            assert_eq!(answer(both.read(line)), expected, "{}", line.escape_ascii());
            let code = expected
                .as_ref()
                .map_or_else(|(code, ..)| code.id(), |_| "holds");
            *codes.entry(code).or_default() += 1;
            assert!(expected.is_err() || line == whole);
            // What was refused leaves nothing behind that the next line would be believed by.
            assert!(both.read(whole).is_ok());
        };
        for line in lines.iter().step_by(3) {
            for at in 0..line.len() {
                for bit in [0, 2, 5] {
                    let mut changed = line.clone();
                    changed[at] ^= 1 << bit;
                    compare(&changed, line);
                }
                let mut shorter = line.clone();
                shorter.remove(at);
                compare(&shorter, line);
                let mut longer = line.clone();
                longer.insert(at, b' ');
                compare(&longer, line);
                compare(&line[..at], line);
            }
        }
        for code in ["extract_malformed", "receipt_inclusion"] {
            assert!(codes.contains_key(code), "{codes:?}");
        }
    }

    #[test]
    fn members_and_numbers_of_another_form_get_the_answer_of_the_rules() {
        let (lines, size, root) = lines();
        let line = String::from_utf8(lines[3].clone()).unwrap();
        let last = lines.len() - 1;
        let other = String::from_utf8(lines[last].clone()).unwrap();
        let proof = &other[other.rfind(",\"proof\":").unwrap()..];
        let own = &line[line.rfind(",\"proof\":").unwrap()..];
        for changed in [
            line.replace(own, proof),
            line.replace(own, ",\"proof\":[]}"),
            line.replace(own, ",\"proof\":\"\"}"),
            line.replace(own, ",\"proof\":[\"\"]}"),
            line.replace(own, &own.replace("]}", "],\"x\":1}")),
            line.replace(own, &own.replace("\"]}", "\",]}")),
            line.replace(
                own,
                &own.replace("\"]}", &format!("\"{}]}}", ",\"\"".repeat(70))),
            ),
            line.replace("\"index\":3", "\"index\":03"),
            line.replace("\"index\":3", "\"index\":3.0"),
            line.replace("\"index\":3", "\"index\":4"),
            line.replace("\"index\":3", "\"index\":9007199254740992"),
            line.replace("\"index\":3", "\"index\":99999999999999999999"),
            line.replace("{\"entry\":", "{\"a\":1,\"entry\":"),
            format!("{{\"entry\":1,\"index\":3{own}"),
            format!("{{\"entry\":{{\"checkpoint\":\"\"}},\"index\":3{own}"),
            format!(
                "{{\"entry\":{}1{},\"index\":3{own}",
                "[".repeat(31),
                "]".repeat(31)
            ),
            format!(
                "{{\"entry\":{}1{},\"index\":3{own}",
                "[".repeat(32),
                "]".repeat(32)
            ),
        ] {
            let expected = answer(Prover::new(size, &root).read_by_the_rules(changed.as_bytes()));
            let mut prover = Prover::new(size, &root);
            assert_eq!(
                answer(prover.read(changed.as_bytes())),
                expected,
                "{changed}"
            );
            assert!(expected.is_err(), "{changed}");
        }
    }
}
