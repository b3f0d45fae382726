//! Catching up with the log's files: what other writers added, and what a crash left at the end.
//!
//! What follows the last existing group cannot be told acknowledged or not from the file alone. It is cut only if it
//! is torn; anything else is damage, and the ledger takes no more records (`docs/formats/log.md`, "Tail").

use std::sync::atomic::AtomicU64;

use sealog_core::entry::{DisposedFacts, Line, LineReader};
use sealog_core::finding::{Code, Finding};
use sealog_core::json::{Object, Value};
use sealog_core::limits::{FILLER_BYTES_MAX, GROUP_BYTES_MAX, SECTOR_BYTES};
use sealog_core::state::FORMAT_VERSION;
use sealog_store::{CutTail, Place, Store, Turn};

use crate::draft::{Draft, integer};
use crate::head::HeadWord;
use crate::ids::{Ids, Known};
use crate::replay::{self, End, Observer};
use crate::writer::Writer;
use crate::{Error, retention, snapshot};

/// Why a tail counts as torn; the ids of `ledger.recovered`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TailClass {
    /// The file ends inside a line.
    CutEnd,
    /// A whole sector of zeroes stands where bytes should: its page never reached the disk.
    ZeroSectors,
    /// The same with filler: the page was filler before and the new one never reached the disk.
    Filler,
    /// Whole entries that continue the log, without the checkpoint that would cover them.
    NoCheckpoint,
}

impl TailClass {
    const fn id(self) -> &'static str {
        match self {
            Self::CutEnd => "cut_end",
            Self::ZeroSectors => "zero_sectors",
            Self::Filler => "filler",
            Self::NoCheckpoint => "no_checkpoint",
        }
    }
}

/// Brings the writer up to the end of the log, under the turn.
pub(crate) fn catch_up(writer: &mut Writer, turn: &mut dyn Turn) -> Result<(), Error> {
    let store = std::sync::Arc::clone(&writer.parts.store);
    let end = if writer.loaded {
        read_on(writer)?
    } else {
        load(writer)?
    };
    if writer.state.size() > 0 || end.groups > 0 {
        // Others' groups must be durable before anything is built on them.
        turn.flush()?;
    }
    let word = writer.parts.head.compare(&writer.state)?;
    writer.head_missed = writer.parts.head.is_missed(word, &writer.state);
    if word == HeadWord::Behind
        && let Some(last) = writer.state.last_checkpoint()
    {
        // It is written without a flush, so that a power loss leaves it behind; and what it does not know of, a
        // restored backup may lack.
        writer.parts.head.write(&last.note);
    }
    if end.tail {
        let class = classify(&*store, end.place, end.finding.is_none())?;
        let Some(class) = class else {
            let finding = end.finding.unwrap_or(Finding::new(Code::UncoveredTail));
            return Err(Error::Damaged {
                findings: vec![finding],
            });
        };
        let cut = turn.cut(end.place)?;
        if writer.state.size() > 0 {
            writer.recovered = Some(recovered_draft(writer, &cut, class, word.id())?);
        }
    } else if writer.state.size() > 0 && is_begun_segment_empty(&*store, end.place)? {
        // The next segment was made, and nothing of its first group reached the disk.
        let cut = turn.cut(end.place)?;
        writer.recovered = Some(recovered_draft(writer, &cut, TailClass::CutEnd, word.id())?);
    }
    writer.loaded = true;
    Ok(())
}

/// Whether segments follow the one in which the log ends, although no line follows: all that is in them is filler, or
/// zeroes where pages never reached the disk. A group after them would stand in the wrong place.
fn is_begun_segment_empty(store: &dyn Store, end: Place) -> Result<bool, Error> {
    let segments = store.segments()?;
    // One without a byte is removed or used by whoever commits next.
    Ok(segments
        .last()
        .is_some_and(|last| last.number() > end.segment() && last.bytes() > 0))
}

/// Reads the log from the newest snapshot that it vouches for, or else from its beginning.
fn load(writer: &mut Writer) -> Result<End, Error> {
    if snapshot::resume(writer) {
        let size = writer.state.size();
        match read_on(writer) {
            // The epoch behind the snapshot is covered by a signed checkpoint, and with it all of the state.
            Ok(end) if end.groups > 0 => {
                // Where another key than the log's is to act on it, as a recovery key does, nothing derived counts.
                if writer.check_key(false).is_ok() {
                    return Ok(end);
                }
            }
            Ok(_) | Err(Error::Damaged { .. }) => snapshot::discard(&*writer.parts.store, size),
            Err(error) => return Err(error),
        }
    }
    snapshot::restart(writer);
    read_on(writer)
}

/// Takes in what stands in the log from the writer's place on. Until [`catch_up`] is through, the state may not be
/// trusted.
fn read_on(writer: &mut Writer) -> Result<End, Error> {
    writer.loaded = false;
    let store = std::sync::Arc::clone(&writer.parts.store);
    let mut observer = IdObserver {
        rulings: std::sync::Arc::clone(writer.rulings()),
        ids: &mut writer.ids,
        index: writer.state.size(),
    };
    let end = replay::replay(&mut writer.state, &*store, writer.place, &mut observer)?;
    writer.place = end.place;
    Ok(end)
}

/// Adds ids as entries are taken in.
struct IdObserver<'a> {
    rulings: std::sync::Arc<AtomicU64>,
    ids: &'a mut Ids,
    index: u64,
}

impl Observer for IdObserver<'_> {
    fn leaf(&mut self, line: &Line, text: &[u8], place: Place) {
        if let Line::Entry(entry) = line {
            retention::note_ruling(&self.rulings, &entry.record, entry.log.index);
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            self.ids.add(
                entry.record.record_id,
                Known {
                    index: entry.log.index,
                    place,
                    length,
                },
            );
        }
        if let Line::Disposed(DisposedFacts {
            index, recorded_at, ..
        }) = line
        {
            self.ids.note_disposed(*recorded_at);
            self.index = *index;
        }
    }

    fn group(&mut self, exists: bool) {
        self.ids.settle(exists);
    }
}

/// Why the tail from `place` on is torn; `None` if it is not, and so is damage. `whole` says that nothing is wrong with
/// its lines but that no checkpoint covers them.
///
/// Writers and verifiers ask this alike: what a writer would set aside is undecided to a verifier, and what it would
/// not is damage to both.
pub(crate) fn classify(
    store: &dyn Store,
    place: Place,
    whole: bool,
) -> Result<Option<TailClass>, Error> {
    let segments = store.segments()?;
    let (mut found, mut ended) = (None, false);
    for segment in segments
        .iter()
        .filter(|segment| segment.number() >= place.segment())
    {
        let from = if segment.number() == place.segment() {
            place.offset()
        } else {
            0
        };
        let length = segment.bytes().saturating_sub(from);
        let most = u64::try_from(GROUP_BYTES_MAX).unwrap_or(u64::MAX) + FILLER_BYTES_MAX;
        if length > most {
            return Ok(None);
        }
        let bytes = read(store, segment.number(), from, length)?;
        let copy = from == 0 && segment.number() > 0;
        if is_more_than_a_group(&bytes, copy, &mut ended) {
            return Ok(None);
        }
        found = found.or(torn(&bytes, from));
    }
    // Nothing is wrong with the lines themselves: only the checkpoint is missing.
    Ok(found.or(whole.then_some(TailClass::NoCheckpoint)))
}

fn read(store: &dyn Store, segment: u64, from: u64, length: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let at = from + u64::try_from(filled).unwrap_or(0);
        let read = store.read(segment, at, rest)?;
        if read == 0 {
            break;
        }
        filled += read;
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Whether something follows a whole checkpoint line. A group is flushed before the next is written, so a crash tears
/// one group at most, and its checkpoint line is its last. `copy` says that the first line may be the copy with which a
/// segment begins; `ended` whether the checkpoint line was seen, and is kept from segment to segment.
fn is_more_than_a_group(bytes: &[u8], copy: bool, ended: &mut bool) -> bool {
    let mut reader = LineReader::new();
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(|byte| matches!(byte, 0 | b'\n')) || (copy && number == 0) {
            continue;
        }
        if *ended {
            return true;
        }
        let text = line.strip_suffix(b"\n");
        *ended = text.is_some_and(|text| {
            text.starts_with(b"{\"checkpoint\":")
                && matches!(reader.read(text), Ok(Line::Checkpoint(_)))
        });
    }
    false
}

/// Looks for the traces that an interrupted write leaves in bytes that begin at `from` of their file.
fn torn(bytes: &[u8], from: u64) -> Option<TailClass> {
    let filler = |byte: &u8| matches!(byte, 0 | b'\n');
    let length = bytes.len() - bytes.iter().rev().take_while(|byte| filler(byte)).count();
    let content = bytes.get(..length).unwrap_or_default();
    if content.is_empty() {
        return None;
    }
    if let Some(class) = missing_sector(content, from) {
        return Some(class);
    }
    let end = from + u64::try_from(length).unwrap_or(0);
    let last = content
        .rsplit(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    if length == bytes.len() {
        return Some(TailClass::CutEnd);
    }
    // Later pages of the write are still what they were before it: the content ends with a sector, inside a line.
    let cut_short = end.is_multiple_of(SECTOR_BYTES) && stops_inside(last);
    match bytes.get(length) {
        Some(0) if cut_short => Some(TailClass::ZeroSectors),
        Some(_) if cut_short => Some(TailClass::Filler),
        _ => None,
    }
}

/// Whether JSON text stops inside a string, an object or an array. It may do so after any byte, a brace too.
fn stops_inside(line: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in line {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    in_string || depth > 0
}

/// A whole sector of zeroes or of filler inside the content, or the rest of the sector in which the last group ends.
fn missing_sector(content: &[u8], from: u64) -> Option<TailClass> {
    let rest = usize::try_from((SECTOR_BYTES - from % SECTOR_BYTES) % SECTOR_BYTES).ok()?;
    let sector = usize::try_from(SECTOR_BYTES).ok()?;
    let (first, others) = content.split_at_checked(rest)?;
    let first = Some(first).filter(|first| !first.is_empty());
    first
        .into_iter()
        .chain(others.chunks_exact(sector))
        .find_map(|sector| {
            if sector.iter().all(|byte| *byte == 0) {
                Some(TailClass::ZeroSectors)
            } else if sector.iter().all(|byte| *byte == b'\n') {
                Some(TailClass::Filler)
            } else {
                None
            }
        })
}

fn recovered_draft(
    writer: &Writer,
    cut: &CutTail,
    class: TailClass,
    head_copy: &str,
) -> Result<Draft, Error> {
    let digests: Vec<_> = cut
        .pieces()
        .iter()
        .map(sealog_store::CutPiece::digest)
        .collect();
    let digest = match digests.as_slice() {
        [one] => *one,
        // A group that was cut off while a new segment was made leaves two pieces.
        several => {
            let bytes: Vec<&[u8]> = several
                .iter()
                .map(|hash| hash.as_bytes().as_slice())
                .collect();
            sealog_core::Hash::of(&bytes)
        }
    };
    let mut body = Object::new();
    body.insert("at_size", integer(writer.state.size())?);
    body.insert("cut_bytes", integer(cut.bytes())?);
    body.insert("cut_digest", sealog_core::config::digest_text(&digest));
    body.insert("head_copy", head_copy);
    body.insert("tail_class", class.id());
    Ok(crate::admin::own_draft("ledger.recovered", body))
}

/// Refuses a log of a newer format before anything else is said of it.
pub(crate) fn check_format(first: &Value) -> Result<(), Error> {
    let version = first
        .member("record")
        .and_then(|record| record.member("body"))
        .and_then(|body| body.member("format_version"))
        .and_then(Value::as_u64);
    match version {
        Some(found) if found > FORMAT_VERSION => Err(Error::NewerFormat {
            found,
            known: FORMAT_VERSION,
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"{\"log\":{}}\n";

    fn line_of(length: usize) -> Vec<u8> {
        let mut line = vec![b'x'; length];
        line[0] = b'{';
        line
    }

    #[test]
    fn a_file_that_ends_inside_a_line_is_torn() {
        assert_eq!(torn(b"{\"log\":{", 3), Some(TailClass::CutEnd));
    }

    #[test]
    fn whole_lines_are_not_torn_whatever_they_say() {
        assert_eq!(torn(LINE, 3), None);
        let mut with_filler = LINE.to_vec();
        with_filler.extend([b'\n'; 4096]);
        assert_eq!(torn(&with_filler, 3), None);
    }

    #[test]
    fn a_missing_sector_inside_is_torn_and_a_shorter_run_is_not() {
        for (byte, class) in [(0, TailClass::ZeroSectors), (b'\n', TailClass::Filler)] {
            let mut bytes = line_of(2048);
            bytes[512..1024].fill(byte);
            bytes.push(b'\n');
            assert_eq!(torn(&bytes, 0), Some(class));
            // The same bytes one further on: no whole sector is missing any more.
            assert_eq!(torn(&bytes, 1), None);
        }
    }

    #[test]
    fn the_rest_of_the_last_groups_sector_may_be_missing_alone() {
        let mut bytes = vec![b'\n'; 412];
        bytes.extend(line_of(600));
        bytes.push(b'\n');
        assert_eq!(torn(&bytes, 100), Some(TailClass::Filler));
        // One byte of it is there: nothing is missing.
        bytes[411] = b'{';
        assert_eq!(torn(&bytes, 100), None);
    }

    #[test]
    fn content_that_stops_with_a_sector_inside_a_line_is_torn() {
        let mut bytes = line_of(512);
        bytes.extend([b'\n'; 1024]);
        assert_eq!(torn(&bytes, 512), Some(TailClass::Filler));
        assert_eq!(torn(&bytes, 100), None);
        let mut whole = line_of(512);
        whole[511] = b'}';
        whole.extend([b'\n'; 1024]);
        assert_eq!(torn(&whole, 512), None);
    }

    #[test]
    fn a_line_may_stop_inside_after_a_brace() {
        for inside in [
            &br#"{"a":{}"#[..],
            br#"{"a":"}"#,
            br#"{"a":"\""#,
            br#"{"a":[1]"#,
        ] {
            assert!(stops_inside(inside), "{inside:?}");
        }
        for whole in [&br#"{"a":{}}"#[..], br#"{"a":"{"}"#, br#"{"a":"\"{"}"#] {
            assert!(!stops_inside(whole), "{whole:?}");
        }
        let mut bytes = br#"{"a":{}"#.to_vec();
        bytes.extend([b'\n'; 1024]);
        assert_eq!(torn(&bytes, 512 - 7), Some(TailClass::Filler));
    }

    #[test]
    fn a_torn_group_ends_with_its_checkpoint_line() {
        let note = "example.org/log\\n1\\nXC4MM7rBfO1wbindQtLUR05qKI+DIs0ijn6Ob0GPE+8=\\n\\n\u{2014} example.org/log \
                    XizvAMbZs4a9jMragMFLpDmwcebYKb2PLqkO5pSRKZ9Mmb4CCzbVJcMeDXP23EPAOi6D8efIHT8ew+cFpk5E6s/oIQ8=\\n";
        let checkpoint = format!("{{\"checkpoint\":\"{note}\"}}\n").into_bytes();
        let more = |parts: &[&[u8]], copy| is_more_than_a_group(&parts.concat(), copy, &mut false);
        assert!(!more(&[LINE, &checkpoint], false));
        assert!(!more(&[LINE, &checkpoint, &[b'\n'; 700], &[0; 700]], false));
        assert!(more(&[LINE, &checkpoint, LINE], false));
        assert!(more(&[&checkpoint, b"{"], false));
        // The copy at a segment's beginning is no end of a group.
        assert!(!more(&[&checkpoint, LINE, &checkpoint], true));
        assert!(more(&[&checkpoint, LINE, &checkpoint, LINE], true));
        // A checkpoint line that is cut off, or is none, ends nothing.
        let cut = &checkpoint[..checkpoint.len() - 9];
        assert!(!more(&[cut, b"\n", LINE], false));
        // The next segment goes on where the last one ended.
        let mut ended = false;
        assert!(!is_more_than_a_group(&checkpoint, false, &mut ended));
        assert!(is_more_than_a_group(LINE, false, &mut ended));
    }

    #[test]
    fn filler_alone_is_no_tail() {
        assert_eq!(torn(&[b'\n'; 2048], 0), None);
        assert_eq!(torn(&[0; 2048], 0), None);
    }
}
