//! One simulated file: what processes read, what is durable, and what lies between.

use sealog_core::limits::SECTOR_BYTES;

use super::random::Random;
use crate::disk::memory::{copy_in, length, memory_size};

/// Sectors of a page: what the operating system writes back at once.
const PAGE_SECTORS: usize = 8;

/// A change that is not flushed.
#[derive(Debug, Clone)]
enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    SetLen { bytes: u64 },
}

/// A file's two contents.
#[derive(Debug, Clone, Default)]
pub(super) struct FileState {
    /// What processes read.
    now: Vec<u8>,
    /// What a power loss leaves if none of the changes below has reached the disk.
    durable: Vec<u8>,
    /// What happened since, in order.
    changes: Vec<Change>,
}

/// What a power loss did to a file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Losses {
    pub(super) lost: bool,
    pub(super) torn: bool,
    pub(super) reordered: bool,
}

impl FileState {
    /// A file that is durable as it is.
    pub(super) fn durable(bytes: Vec<u8>) -> Self {
        Self {
            now: bytes.clone(),
            durable: bytes,
            changes: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> &[u8] {
        &self.now
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) -> std::io::Result<()> {
        copy_in(&mut self.now, offset, bytes)?;
        let bytes = bytes.to_vec();
        self.changes.push(Change::Write { offset, bytes });
        Ok(())
    }

    pub(super) fn set_len(&mut self, bytes: u64) -> std::io::Result<()> {
        self.now.resize(memory_size(bytes)?, 0);
        self.changes.push(Change::SetLen { bytes });
        Ok(())
    }

    /// Writes what is dirty, and only that: after a failed flush it is less than what reads show.
    pub(super) fn flush(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            change.apply(&mut self.durable, |_| true);
            if let Change::SetLen { bytes } = change {
                let size = memory_size(bytes).unwrap_or(self.durable.len());
                self.durable.resize(size, 0);
            }
        }
    }

    /// A flush that failed: some pages reached the disk, and none is dirty any more, so no later flush writes the
    /// rest, although reads still show it.
    pub(super) fn drop_dirty(&mut self, random: &mut Random) {
        let (content, _) = self.survivors(random);
        self.durable = content;
        self.changes.clear();
    }

    /// Loses power: what survives is what processes read from now on.
    pub(super) fn lose_power(&mut self, random: &mut Random) -> Losses {
        let (content, losses) = self.survivors(random);
        *self = Self::durable(content);
        losses
    }

    /// Flips one bit.
    pub(super) fn rot(&mut self, random: &mut Random) -> Option<u64> {
        let position = random.index(self.now.len());
        let mask = 1 << random.index(8);
        *self.now.get_mut(position)? ^= mask;
        if let Some(byte) = self.durable.get_mut(position) {
            *byte ^= mask;
        }
        u64::try_from(position).ok()
    }

    /// The durable content with some of the unflushed changes: each sector has seen the first so many of them, and so
    /// has the length. Sectors of one page mostly go together.
    fn survivors(&self, random: &mut Random) -> (Vec<u8>, Losses) {
        let count = self.changes.len();
        if count == 0 {
            return (self.durable.clone(), Losses::default());
        }
        let longest = self
            .changes
            .iter()
            .fold(self.durable.len(), |longest, change| {
                longest.max(memory_size(change.end()).unwrap_or(longest))
            });
        // All, nothing, or everything up to a moment: often enough that the mixtures do not hide the plain cases.
        let whole = match random.below(6) {
            0 => Some(0),
            1 => Some(count),
            2 | 3 => Some(random.index(count + 1)),
            _ => None,
        };
        let seen = versions(random, longest.div_ceil(sector_size()), count, whole);
        let seen_by_length = whole.unwrap_or_else(|| version(random, count));
        let mut content = self.durable.clone();
        let mut size = content.len();
        let mut survived = size;
        for (number, change) in self.changes.iter().enumerate() {
            change.apply(&mut content, |sector| {
                seen.get(sector).is_some_and(|seen| number < *seen)
            });
            let end = memory_size(change.end()).unwrap_or(size);
            size = match change {
                Change::Write { .. } => size.max(end),
                Change::SetLen { .. } => end,
            };
            if number < seen_by_length {
                survived = size;
            }
        }
        content.resize(survived, 0);
        let has_survived = |number: usize| match self.changes.get(number) {
            Some(Change::SetLen { .. }) => number < seen_by_length,
            Some(write) => write.has_touched(&seen, number),
            None => false,
        };
        let first_lost = (0..count).find(|number| !has_survived(*number));
        let losses = Losses {
            lost: content != self.now,
            torn: self.has_torn_page(&content),
            reordered: first_lost.is_some_and(|lost| (lost + 1..count).any(has_survived)),
        };
        (content, losses)
    }

    /// Whether `content` has a page of which one changed sector survived and another did not.
    fn has_torn_page(&self, content: &[u8]) -> bool {
        let page = PAGE_SECTORS * sector_size();
        let pages = content.chunks(page).zip(self.now.chunks(page));
        pages.enumerate().any(|(number, (survived, now))| {
            let durable = self.durable.chunks(page).nth(number).unwrap_or_default();
            let mut outcomes = (0..PAGE_SECTORS)
                .filter(|index| sector(now, *index) != sector(durable, *index))
                .map(|index| sector(now, index) == sector(survived, index));
            outcomes
                .next()
                .is_some_and(|first| outcomes.any(|other| other != first))
        })
    }
}

/// One sector of a page.
fn sector(page: &[u8], index: usize) -> &[u8] {
    page.chunks(sector_size()).nth(index).unwrap_or_default()
}

impl Change {
    /// The offset up to which it reaches.
    fn end(&self) -> u64 {
        match self {
            Self::Write { offset, bytes } => offset.saturating_add(length(bytes)),
            Self::SetLen { bytes } => *bytes,
        }
    }

    /// Applies the parts that fall into sectors that have seen it.
    fn apply(&self, content: &mut Vec<u8>, has_seen: impl Fn(usize) -> bool) {
        match self {
            Self::Write { offset, bytes } => {
                let mut at = *offset;
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let room = SECTOR_BYTES - at % SECTOR_BYTES;
                    let take = memory_size(room).unwrap_or(rest.len()).min(rest.len());
                    let (part, after) = rest.split_at_checked(take).unwrap_or((rest, &[]));
                    if memory_size(at / SECTOR_BYTES).is_ok_and(&has_seen) {
                        // Never beyond memory: the write itself was carried out in memory before.
                        let _ = copy_in(content, at, part);
                    }
                    at += length(part);
                    rest = after;
                }
            }
            Self::SetLen { bytes } => {
                let end = memory_size(*bytes).unwrap_or(usize::MAX);
                for (sector, content) in content.chunks_mut(sector_size()).enumerate() {
                    let from = end.saturating_sub(sector * sector_size());
                    if has_seen(sector)
                        && let Some(gone) = content.get_mut(from..)
                    {
                        gone.fill(0);
                    }
                }
            }
        }
    }

    /// Whether any sector of this write, which is number `number`, has seen it.
    fn has_touched(&self, seen: &[usize], number: usize) -> bool {
        let Self::Write { offset, .. } = self else {
            return true;
        };
        let first = memory_size(offset / SECTOR_BYTES).unwrap_or(usize::MAX);
        let last = memory_size(self.end().div_ceil(SECTOR_BYTES)).unwrap_or(usize::MAX);
        seen.iter()
            .take(last)
            .skip(first)
            .any(|seen| number < *seen)
    }
}

/// How many of `count` changes each sector has seen: `whole` if given.
fn versions(random: &mut Random, sectors: usize, count: usize, whole: Option<usize>) -> Vec<usize> {
    let mut seen = Vec::with_capacity(sectors);
    while seen.len() < sectors {
        let page = whole.unwrap_or_else(|| version(random, count));
        let torn = whole.is_none() && random.below(4) == 0;
        for _ in 0..PAGE_SECTORS {
            seen.push(if torn { version(random, count) } else { page });
        }
    }
    seen.truncate(sectors);
    seen
}

fn version(random: &mut Random, count: usize) -> usize {
    match random.below(4) {
        0 => 0,
        1 => count,
        _ => random.index(count + 1),
    }
}

fn sector_size() -> usize {
    memory_size(SECTOR_BYTES).unwrap_or(usize::MAX)
}
