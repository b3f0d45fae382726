//! Going through rolled segments for entries that a disposal covers, and leaving disposed lines in their place.

use std::time::Duration;

use sealog_core::entry::{DisposedFacts, Line, LineReader, disposed_line};
use sealog_core::finding::{Code, Finding};
use sealog_store::{Rewriting, Store};

use super::hold::Holds;
use super::records::{self, OwnRecord};
use crate::Error;
use crate::chunk::{self, Chunks};

/// Bytes that are written to a segment at once.
const WRITTEN_BYTES: usize = 1024 * 1024;

/// A record whose scope covers entries before it.
#[derive(Debug, Clone)]
struct Covering {
    index: u64,
    from: u64,
    to: u64,
    /// The class of a `retention.disposed`; none for an erasure, which covers every class.
    class: Option<String>,
}

impl Covering {
    fn read(record: &OwnRecord) -> Option<Self> {
        let class = match record.kind {
            records::DISPOSED => Some(record.text("record_class")?.to_owned()),
            records::ERASURE if record.text("method") == Some("entry_disposed") => None,
            _ => return None,
        };
        Some(Self {
            index: record.index,
            from: record.number("from_index")?,
            to: record.number("to_index")?,
            class,
        })
    }

    fn covers(&self, index: u64, class: &[u8]) -> bool {
        let of_class = self
            .class
            .as_ref()
            .is_none_or(|own| own.as_bytes() == class);
        self.index > index && (self.from..=self.to).contains(&index) && of_class
    }
}

/// The records that dispose of entries, asked for one entry after the other in the order of the log.
#[derive(Debug, Clone)]
pub(super) struct Scopes {
    /// By the first entry covered, the last first.
    later: Vec<Covering>,
    /// Those that may cover the entry asked for last.
    near: Vec<Covering>,
}

impl Scopes {
    pub(super) fn of(records: &[OwnRecord]) -> Self {
        let mut later: Vec<Covering> = records.iter().filter_map(Covering::read).collect();
        later.sort_by_key(|record| std::cmp::Reverse(record.from));
        Self {
            later,
            near: Vec::new(),
        }
    }

    /// Goes on to an entry; whether any record may cover it.
    pub(super) fn go_to(&mut self, index: u64) -> bool {
        while let Some(next) = self.later.pop_if(|record| record.from <= index) {
            self.near.push(next);
        }
        self.near.retain(|record| record.to >= index);
        !self.near.is_empty()
    }

    /// The record by which an entry goes: the lowest later one that covers it.
    pub(super) fn lowest(&self, index: u64, class: &[u8]) -> Option<u64> {
        let covering = self
            .near
            .iter()
            .filter(|record| record.covers(index, class));
        covering.map(|record| record.index).min()
    }

    /// Whether a disposal under a policy covers the entry. An erasure alone takes nothing away here: its range is
    /// read to explain what is gone, not to decide what goes.
    pub(super) fn is_disposed(&self, index: u64, class: &[u8]) -> bool {
        let of_policy = |record: &Covering| record.class.is_some() && record.covers(index, class);
        self.near.iter().any(of_policy)
    }
}

/// What goes, and why.
#[derive(Debug)]
pub(super) struct Rule {
    scopes: Scopes,
    holds: Holds,
    reader: LineReader,
}

/// A rolled segment of which entries go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Affected {
    segment: u64,
    /// Index of its first leaf.
    first: u64,
    /// Entries that go.
    pub(super) entries: u64,
}

/// What a look at the rolled segments found.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) affected: Vec<Affected>,
    /// The last segment of which entries go or went.
    pub(super) last: Option<u64>,
}

impl Rule {
    pub(super) fn new(scopes: Scopes, holds: Holds) -> Self {
        Self {
            scopes,
            holds,
            reader: LineReader::new(),
        }
    }

    /// The line that stands in place of an entry, if it goes; `index` is its place in the log.
    fn judge(&mut self, index: u64, line: &[u8]) -> Result<Option<DisposedFacts>, Error> {
        if !self.scopes.go_to(index) {
            return Ok(None);
        }
        let entry = match self.reader.read(line) {
            Ok(Line::Entry(entry)) => entry,
            Ok(_) => return Ok(None),
            Err(error) => return Err(damaged(error.finding().at(index))),
        };
        if entry.log.index != index {
            return Err(damaged(Finding::new(Code::IndexWrong).at(index)));
        }
        let class = entry.record.retention_class.of(entry.record_span.of(line));
        let (Some(by), Some(run)) = (self.scopes.lowest(index, class), entry.log.run) else {
            return Ok(None);
        };
        if !entry.record.is_disposable()
            || !self.scopes.is_disposed(index, class)
            || self.holds.keep(&entry, line)
        {
            return Ok(None);
        }
        Ok(Some(DisposedFacts {
            by,
            index,
            leaf: entry.leaf,
            producer_seq: entry.record.producer_seq,
            recorded_at: entry.log.recorded_at,
            retention_class: String::from_utf8_lossy(class).into_owned(),
            run,
            seq: entry.log.seq,
            stream: entry.record.stream,
        }))
    }

    /// Looks for entries that go in the segments before `active`.
    pub(super) fn look(&self, store: &dyn Store, active: u64) -> Result<Look, Error> {
        let mut rule = Self::new(self.scopes.clone(), self.holds.clone());
        let mut look = Look::default();
        let (mut index, mut first) = (0, 0);
        let mut chunks = Chunks::new(store, 0, 0)?;
        while let Some(chunk) = chunks.next_chunk()? {
            if chunk.segment >= active {
                break;
            }
            if chunk.offset == 0 {
                first = index;
            }
            for line in chunk::lines(&chunk.bytes) {
                if line.text.starts_with(DISPOSED_PREFIX) {
                    look.last = Some(chunk.segment);
                    index += 1;
                } else if line.text.starts_with(ENTRY_PREFIX) {
                    if rule.judge(index, line.text)?.is_some() {
                        look.add(chunk.segment, first);
                    }
                    index += 1;
                }
            }
        }
        Ok(look)
    }

    /// Rewrites one segment.
    pub(super) fn rewrite(
        &self,
        store: &dyn Store,
        rewriting: &mut dyn Rewriting,
        affected: &Affected,
        wait: Duration,
    ) -> Result<(), Error> {
        let mut rule = Self::new(self.scopes.clone(), self.holds.clone());
        let mut staged = rewriting.stage(affected.segment)?;
        let mut index = affected.first;
        let mut out = Vec::with_capacity(WRITTEN_BYTES);
        let mut chunks = Chunks::new(store, affected.segment, 0)?;
        while let Some(chunk) = chunks.next_chunk()? {
            if chunk.segment != affected.segment {
                break;
            }
            for line in chunk::lines(&chunk.bytes) {
                if !line.complete {
                    let finding = Finding::new(Code::LineMalformed).at(index);
                    return Err(damaged(finding.found("a line that is cut off")));
                }
                let is_entry = line.text.starts_with(ENTRY_PREFIX);
                let gone = if is_entry {
                    rule.judge(index, line.text)?
                } else {
                    None
                };
                match gone {
                    Some(facts) => out.extend(disposed_line(&facts)),
                    None => out.extend_from_slice(line.text),
                }
                out.push(b'\n');
                index += u64::from(is_entry || line.text.starts_with(DISPOSED_PREFIX));
                if out.len() >= WRITTEN_BYTES {
                    staged.write(&out)?;
                    out.clear();
                }
            }
        }
        staged.write(&out)?;
        Ok(staged.replace(wait)?)
    }
}

const ENTRY_PREFIX: &[u8] = b"{\"log\":";
const DISPOSED_PREFIX: &[u8] = b"{\"disposed\":";

impl Look {
    /// One more entry of a segment goes, whose first leaf is `first`.
    fn add(&mut self, segment: u64, first: u64) {
        self.last = Some(segment);
        match self.affected.last_mut() {
            Some(affected) if affected.segment == segment => affected.entries += 1,
            _ => self.affected.push(Affected {
                segment,
                first,
                entries: 1,
            }),
        }
    }
}

fn damaged(finding: Finding) -> Error {
    Error::Damaged {
        findings: vec![finding],
    }
}
