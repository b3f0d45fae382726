//! The lines of a snapshot: one canonical object with one member each, whose name says what it is.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{SNAPSHOT_VERSION, SnapshotError, SnapshotPlace};
use crate::config::Bands;
use crate::entry::checkpoint_line;
use crate::hash::{Hash, push_hex};
use crate::json::{Ref, Tape, write_integer, write_null, write_string};
use crate::limits::ANCHOR_ROOTS_KEPT;
use crate::state::config::ConfigVersion;
use crate::state::{DepartedRuns, LastCheckpoint, LogState, Run, Stream};
use crate::time::Timestamp;
use crate::tlog::tree::Frontier;
use crate::tlog::vkey::VerifierKey;

/// How the last line begins.
pub(super) const SIGNATURE: &[u8] = b"{\"signature\":\"";

/// Writes all lines but the signature; `None` for a state without a checkpoint or key.
pub(super) fn write(state: &LogState, place: SnapshotPlace, out: &mut Vec<u8>) -> Option<()> {
    write_head(state, place, out)?;
    for (size, root) in &state.roots {
        line(out, "root", |row| row.integer(*size).hash(root));
    }
    for (key, stream) in state.streams.in_order() {
        line(out, "stream", |row| {
            row.hash(key)
                .integer(stream.first_index())
                .integer(stream.head_index())
                .hash(&stream.head_leaf())
                .integer(stream.next_seq())
        });
    }
    for (key, run) in &state.runs {
        line(out, "run", |row| {
            let row = row
                .hash(key)
                .integer(run.next())
                .integer(run.received())
                .optional(run.closed())
                .integer(run.last_index());
            run.holes()
                .iter()
                .fold(row, |row, (first, last)| row.integer(*first).integer(*last))
        });
    }
    for version in state.configs.versions() {
        line(out, "config", |row| write_config(version, row));
    }
    for (id, display, index) in state.labels.iter() {
        line(out, "label", |row| {
            row.text(id).text(display).integer(index)
        });
    }
    for (key, size) in state.keys.retired() {
        let revoked = u64::from(state.keys.revoked_at(key) == Some(*size));
        line(out, "retired", |row| {
            row.text(&key.to_string()).integer(*size).integer(revoked)
        });
    }
    if let Some(key) = state.keys.recovery() {
        line(out, "recovery", |row| row.text(&key.to_string()));
    }
    for (id, key, index) in state.keys.actors() {
        line(out, "actor", |row| {
            row.text(id).text(&key.to_string()).integer(index)
        });
    }
    for (class, policy_id, min_days, index) in state.disposals.policies() {
        line(out, "retention", |row| {
            row.text(class)
                .text(policy_id)
                .integer(min_days)
                .integer(index)
        });
    }
    for (by, class, from, to, newest) in state.disposals.awaited() {
        line(out, "disposed", |row| {
            row.integer(by)
                .text(class)
                .integer(from)
                .integer(to)
                .time(Some(newest))
        });
    }
    Some(())
}

fn write_head(state: &LogState, place: SnapshotPlace, out: &mut Vec<u8>) -> Option<()> {
    let last = state.last_checkpoint.as_ref()?;
    let key = state.keys.active()?.to_string();
    line(out, "snapshot", |row| {
        let row = row
            .integer(SNAPSHOT_VERSION)
            .text(&key)
            .integer(state.keys.active_index())
            .text(&last.note)
            .integer(place.segment)
            .integer(place.offset)
            .optional(state.last_epoch)
            .time(state.last_time)
            .time(state.epoch_time)
            .integer(state.disposals.holes())
            .integer(state.departed.whole)
            .integer(state.departed.with_holes)
            .integer(state.departed.silent)
            .integer(state.departed.missing)
            .integer(state.frontier.size());
        state.frontier.hashes().iter().fold(row, Row::hash)
    });
    Some(())
}

fn write_config<'o>(version: &ConfigVersion, row: Row<'o>) -> Row<'o> {
    let row = row
        .text(version.config_id())
        .hash(&version.digest())
        .integer(version.index())
        .optional(version.superseded_at());
    let row = match version.previous() {
        Some(previous) => row.hash(&previous),
        None => row.null(),
    };
    let row = match version.model_id() {
        Some(model_id) => row.text(model_id),
        None => row.null(),
    };
    match version.bands() {
        Some(bands) => row.value(|out| bands.to_value().write_canonical(out)),
        None => row.null(),
    }
}

/// The elements of one line.
struct Row<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl Row<'_> {
    fn value(mut self, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        write(self.out);
        self
    }

    fn integer(self, value: u64) -> Self {
        self.value(|out| write_integer(out, value))
    }

    fn text(self, text: &str) -> Self {
        self.value(|out| write_string(out, text))
    }

    fn null(self) -> Self {
        self.value(write_null)
    }

    fn optional(self, value: Option<u64>) -> Self {
        match value {
            Some(value) => self.integer(value),
            None => self.null(),
        }
    }

    fn hash(self, hash: &Hash) -> Self {
        let mut text = String::with_capacity(2 * Hash::LEN);
        push_hex(&mut text, hash.as_bytes());
        self.text(&text)
    }

    fn time(self, time: Option<Timestamp>) -> Self {
        match time {
            Some(time) => self.text(&time.to_string()),
            None => self.null(),
        }
    }
}

fn line(out: &mut Vec<u8>, name: &str, fill: impl FnOnce(Row<'_>) -> Row<'_>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":[");
    fill(Row { out, first: true });
    out.extend_from_slice(b"]}\n");
}

/// The key that the first line names: the log's, if anything of the snapshot is true.
pub(super) fn key_of(body: &[u8]) -> Option<VerifierKey> {
    let mut tape = Tape::new();
    let first = body.split(|byte| *byte == b'\n').next()?;
    let mut row = tape.read(first).ok()?.member("snapshot")?.elements();
    if row.next()?.u64()? != SNAPSHOT_VERSION {
        return None;
    }
    VerifierKey::parse(row.next()?.plain_str()?).ok()
}

/// Reads all lines but the signature, which the caller has verified.
pub(super) fn read(
    body: &[u8],
    origin: &str,
    key: VerifierKey,
) -> Result<(LogState, SnapshotPlace), SnapshotError> {
    let mut state = LogState::new(origin);
    let mut tape = Tape::new();
    let mut place = None;
    let lines = body.strip_suffix(b"\n").unwrap_or(body);
    let mut key = Some(key);
    for (number, text) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
        let malformed = SnapshotError::Malformed { line: number };
        let root = tape.read(text).map_err(|_| malformed.clone())?;
        let mut members = root.members();
        let (Some((name, list)), None) = (members.next(), members.next()) else {
            return Err(malformed);
        };
        let (Some(name), row) = (name.plain_str(), In(list.elements())) else {
            return Err(malformed);
        };
        let taken = match (name, key.take()) {
            ("snapshot", Some(key)) => read_head(&mut state, key, row).map(|at| place = Some(at)),
            (name, None) if place.is_some() => read_line(&mut state, name, row),
            _ => None,
        };
        taken.ok_or(malformed)?;
    }
    let place = place.ok_or(SnapshotError::Malformed { line: 1 })?;
    state.changed = state.names();
    Ok((state, place))
}

fn read_head(state: &mut LogState, key: VerifierKey, mut row: In<'_, '_>) -> Option<SnapshotPlace> {
    // Version and key were looked at before.
    row.next()?;
    row.next()?;
    state.keys.restore(key, row.integer()?);
    let note = row.text()?;
    let place = SnapshotPlace {
        segment: row.integer()?,
        offset: row.integer()?,
    };
    state.last_epoch = row.optional()?;
    state.last_time = row.time()?;
    state.epoch_time = row.time()?;
    state.disposals.restore_holes(row.integer()?);
    state.departed = DepartedRuns {
        whole: row.integer()?,
        with_holes: row.integer()?,
        silent: row.integer()?,
        missing: row.integer()?,
    };
    let size = row.integer()?;
    let mut hashes = Vec::new();
    while !row.is_done() {
        hashes.push(row.hash()?);
    }
    state.frontier = Frontier::from_parts(size, hashes).ok()?;
    state.last_checkpoint = Some(LastCheckpoint {
        line_hash: Hash::of(&[&checkpoint_line(&note)]),
        note,
        size,
        root: state.frontier.root(),
    });
    Some(place)
}

fn read_line(state: &mut LogState, name: &str, mut row: In<'_, '_>) -> Option<()> {
    match name {
        "root" => {
            let (size, root) = (row.integer()?, row.hash()?);
            let ascends = state.roots.back().is_none_or(|(last, _)| *last < size);
            if !ascends || state.roots.len() >= ANCHOR_ROOTS_KEPT {
                return None;
            }
            state.roots.push_back((size, root));
        }
        "stream" => {
            let key = row.hash()?;
            let (first, head) = (row.integer()?, row.integer()?);
            let stream = Stream::from_parts(first, head, row.hash()?, row.integer()?);
            state.streams.insert(key, stream).is_none().then_some(())?;
        }
        "run" => {
            let key = row.hash()?;
            let (next, received) = (row.integer()?, row.integer()?);
            let (closed, last_index) = (row.optional()?, row.integer()?);
            let mut holes = Vec::new();
            while !row.is_done() {
                holes.push((row.integer()?, row.integer()?));
            }
            let run = Run::from_parts(next, received, holes, closed, last_index);
            state.runs.insert(key, run).is_none().then_some(())?;
        }
        "config" => state.configs.restore(read_config(&mut row)?)?,
        "label" => state
            .labels
            .restore(row.text()?, row.text()?, row.integer()?)?,
        "retired" => {
            let (key, size, revoked) = (row.vkey()?, row.integer()?, row.integer()?);
            (revoked <= 1).then_some(())?;
            state.keys.restore_retired(key, size, revoked == 1);
        }
        "recovery" => state.keys.restore_recovery(row.vkey()?)?,
        "actor" => state
            .keys
            .restore_actor(row.text()?, row.vkey()?, row.integer()?)?,
        "retention" => {
            let (class, policy_id) = (row.text()?, row.text()?);
            state
                .disposals
                .restore_policy(class, policy_id, row.integer()?, row.integer()?)?;
        }
        "disposed" => {
            let (by, class) = (row.integer()?, row.text()?);
            let (from, to) = (row.integer()?, row.integer()?);
            state
                .disposals
                .restore_awaited(by, class, from, to, row.time()??)?;
        }
        _ => return None,
    }
    row.is_done().then_some(())
}

fn read_config(row: &mut In<'_, '_>) -> Option<ConfigVersion> {
    let config_id = row.text()?;
    let digest = row.hash()?;
    let index = row.integer()?;
    let superseded_at = row.optional()?;
    let previous = row.or_null(In::hash_of)?;
    let model_id = row.or_null(|value| value.text().map(Into::into))?;
    let bands = row.or_null(|value| Bands::read(value).ok())?;
    Some(ConfigVersion::restored(
        config_id,
        model_id,
        bands,
        digest,
        previous,
        index,
        superseded_at,
    ))
}

/// The elements of one line, as they are read.
struct In<'t, 'a>(crate::json::Elements<'t, 'a>);

#[expect(
    clippy::option_option,
    reason = "the outer one is of reading, as everywhere here; the inner one is the value"
)]
impl<'t, 'a> In<'t, 'a> {
    fn next(&mut self) -> Option<Ref<'t, 'a>> {
        self.0.next()
    }

    fn is_done(&self) -> bool {
        self.0.clone().next().is_none()
    }

    fn integer(&mut self) -> Option<u64> {
        self.next()?.u64()
    }

    fn text(&mut self) -> Option<String> {
        self.next()?.text().map(Into::into)
    }

    fn hash(&mut self) -> Option<Hash> {
        Self::hash_of(self.next()?)
    }

    fn hash_of(value: Ref<'t, 'a>) -> Option<Hash> {
        Hash::from_hex(value.plain_str()?)
    }

    fn vkey(&mut self) -> Option<VerifierKey> {
        VerifierKey::parse(self.next()?.plain_str()?).ok()
    }

    fn or_null<T>(&mut self, read: impl FnOnce(Ref<'t, 'a>) -> Option<T>) -> Option<Option<T>> {
        let value = self.next()?;
        if value.is_null() {
            Some(None)
        } else {
            read(value).map(Some)
        }
    }

    fn optional(&mut self) -> Option<Option<u64>> {
        self.or_null(Ref::u64)
    }

    fn time(&mut self) -> Option<Option<Timestamp>> {
        self.or_null(|value| Timestamp::parse(value.plain_str()?.as_bytes()).ok())
    }
}
