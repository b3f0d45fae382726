//! The names of a simulated disk: what processes see, what is durable, and what lies between.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::random::Random;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Directory { mode: u32 },
    File { id: u64, mode: u32 },
}

/// A change of names that is not flushed.
#[derive(Debug, Clone)]
enum Change {
    Set {
        path: PathBuf,
        entry: Entry,
    },
    Remove {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
        entry: Entry,
    },
}

/// Both trees of names.
#[derive(Debug, Clone)]
pub(super) struct Names {
    now: BTreeMap<PathBuf, Entry>,
    durable: BTreeMap<PathBuf, Entry>,
    changes: Vec<Change>,
}

/// What a power loss did to the names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Losses {
    pub(super) lost: u64,
    pub(super) reordered: bool,
}

impl Names {
    /// Only the root directory.
    pub(super) fn new() -> Self {
        let root = BTreeMap::from([(PathBuf::from("/"), Entry::Directory { mode: 0o755 })]);
        Self {
            now: root.clone(),
            durable: root,
            changes: Vec::new(),
        }
    }

    pub(super) fn find(&self, path: &Path) -> Option<Entry> {
        self.now.get(path).copied()
    }

    /// The names below `directory`, at any depth.
    pub(super) fn below(&self, directory: &Path) -> impl Iterator<Item = (&PathBuf, Entry)> {
        let inside = move |path: &Path| path.starts_with(directory) && path != directory;
        self.now
            .iter()
            .filter(move |(path, _)| inside(path))
            .map(|(path, entry)| (path, *entry))
    }

    /// The names in `directory`, sorted.
    pub(super) fn children(&self, directory: &Path) -> Vec<String> {
        let paths = self
            .now
            .keys()
            .filter(|path| path.parent() == Some(directory));
        paths
            .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
            .collect()
    }

    pub(super) fn set(&mut self, path: &Path, entry: Entry) {
        let path = path.to_path_buf();
        self.push(Change::Set { path, entry });
    }

    pub(super) fn remove(&mut self, path: &Path) {
        let path = path.to_path_buf();
        self.push(Change::Remove { path });
    }

    pub(super) fn rename(&mut self, from: &Path, to: &Path, entry: Entry) {
        let (from, to) = (from.to_path_buf(), to.to_path_buf());
        self.push(Change::Rename { from, to, entry });
    }

    fn push(&mut self, change: Change) {
        change.apply(&mut self.now);
        self.changes.push(change);
    }

    /// Makes the changes in `directory` durable.
    pub(super) fn flush(&mut self, directory: &Path) {
        let (flushed, left) = std::mem::take(&mut self.changes)
            .into_iter()
            .partition(|change| change.is_in(directory));
        self.changes = left;
        let flushed: Vec<Change> = flushed;
        for change in flushed {
            change.apply(&mut self.durable);
        }
    }

    /// Puts names in place at once and durably, without a trace of what was there.
    pub(super) fn replace_below(&mut self, directory: &Path, entries: &[(PathBuf, Entry)]) {
        self.changes.retain(|change| !change.is_below(directory));
        for names in [&mut self.now, &mut self.durable] {
            names.retain(|path, _| !path.starts_with(directory));
            names.extend(entries.iter().cloned());
        }
    }

    /// Loses power: any unflushed change may be lost, whatever came after it.
    pub(super) fn lose_power(&mut self, random: &mut Random) -> Losses {
        let mut losses = Losses::default();
        let whole = match random.below(4) {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        };
        for change in std::mem::take(&mut self.changes) {
            if whole.unwrap_or_else(|| random.coin()) {
                change.apply(&mut self.durable);
                losses.reordered |= losses.lost > 0;
            } else {
                losses.lost += 1;
            }
        }
        // A name whose directory did not survive is lost with it. Parents sort before their children.
        let mut survivors: BTreeMap<PathBuf, Entry> = BTreeMap::new();
        for (path, entry) in &self.durable {
            let parent = path.parent().map(|parent| survivors.get(parent));
            if matches!(parent, None | Some(Some(Entry::Directory { .. }))) {
                survivors.insert(path.clone(), *entry);
            }
        }
        self.now.clone_from(&survivors);
        self.durable = survivors;
        losses
    }

    /// The files that any name stands for, now or after a power loss.
    pub(super) fn files(&self) -> impl Iterator<Item = u64> {
        let pending = self.changes.iter().filter_map(Change::entry);
        let named = self.now.values().chain(self.durable.values()).copied();
        named.chain(pending).filter_map(|entry| match entry {
            Entry::File { id, .. } => Some(id),
            Entry::Directory { .. } => None,
        })
    }
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Entry>) {
        match self {
            Self::Set { path, entry } => {
                names.insert(path.clone(), *entry);
            }
            Self::Remove { path } => {
                names.remove(path);
            }
            Self::Rename { from, to, entry } => {
                if names.get(from) == Some(entry) {
                    names.remove(from);
                }
                names.insert(to.clone(), *entry);
            }
        }
    }

    fn is_in(&self, directory: &Path) -> bool {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path.parent() == Some(directory),
            Self::Rename { from, to, .. } => {
                from.parent() == Some(directory) || to.parent() == Some(directory)
            }
        }
    }

    fn is_below(&self, directory: &Path) -> bool {
        match self {
            Self::Set { path, .. } | Self::Remove { path } => path.starts_with(directory),
            Self::Rename { to, .. } => to.starts_with(directory),
        }
    }

    fn entry(&self) -> Option<Entry> {
        match self {
            Self::Set { entry, .. } | Self::Rename { entry, .. } => Some(*entry),
            Self::Remove { .. } => None,
        }
    }
}
