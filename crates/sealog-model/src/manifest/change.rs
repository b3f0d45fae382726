//! How two states of a model differ.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use sealog_core::json::{Object, Value};

use super::{Manifest, ManifestFile, Statement};
use crate::Error;
use crate::digest::{Algorithm, DigestOptions};
use crate::document::{inside, read, signature_path};
use crate::walk::WalkOptions;

/// What happened to a path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// Its content is another.
    Modified,
    /// Its content stands under another path.
    Renamed {
        /// Where it stood.
        from: String,
    },
    /// It is a directory now, or a file where a directory was.
    TypeChanged,
}

impl ChangeKind {
    /// Its name for machines.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Modified => "modified",
            Self::Renamed { .. } => "renamed",
            Self::TypeChanged => "type_changed",
        }
    }
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The path; of a renamed file the new one.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ChangeKind::Renamed { from } => write!(formatter, "renamed {from} to {}", self.path),
            ChangeKind::TypeChanged => write!(formatter, "type changed {}", self.path),
            kind => write!(formatter, "{} {}", kind.name(), self.path),
        }
    }
}

/// Differences for machines: an array of `{change, path}`, of a renaming also `from`.
pub fn changes_json(changes: &[Change]) -> Value {
    let value = |change: &Change| {
        let mut object = Object::new();
        object.insert("change", change.kind.name());
        if let ChangeKind::Renamed { from } = &change.kind {
            object.insert("from", from.as_str());
        }
        object.insert("path", change.path.as_str());
        Value::Object(object)
    };
    Value::Array(changes.iter().map(value).collect())
}

/// How a model, or a newer manifest, differs from a manifest. A path is a newer manifest if it is a file that claims to
/// be one, which it then has to be. Read by the old manifest's algorithms; `options` says how else.
///
/// # Errors
/// Whatever reading either gives.
pub fn differences(
    old_path: &Path,
    new: &Path,
    options: &DigestOptions<'_>,
) -> Result<Vec<Change>, Error> {
    let old = Statement::parse(&read(old_path)?)?;
    if new.is_file() {
        let text = read(new)?;
        if Value::parse(&text).is_ok_and(|value| Statement::is_claimed(&value)) {
            return Ok(old.manifest().diff(Statement::parse(&text)?.manifest()));
        }
    }
    let mut ignore = old.ignored().clone();
    let own = [old_path.to_owned(), signature_path(old_path)];
    for path in own.iter().filter_map(|file| inside(new, file)) {
        ignore.add_own(path);
    }
    let walk = WalkOptions {
        ignore,
        links: old.links(),
    };
    let options = DigestOptions {
        algorithms: old.manifest().algorithms(),
        ..*options
    };
    let (found, _) = Manifest::of(new, &walk, &options)?;
    Ok(old.manifest().diff(&found))
}

/// Puts together what was removed and what was added. `token` tells a content; equal ones are a renaming. A path whose
/// file became a directory, or the reverse, is one change of type and its other half stays.
pub(super) fn settle(
    removed: &BTreeMap<String, Option<Vec<u8>>>,
    added: BTreeMap<String, Option<Vec<u8>>>,
    modified: impl IntoIterator<Item = String>,
) -> Vec<Change> {
    let mut changes: Vec<Change> = modified
        .into_iter()
        .map(|path| change(path, ChangeKind::Modified))
        .collect();
    let mut sources: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
    let below = |path: &str, others: &BTreeMap<String, Option<Vec<u8>>>| {
        let prefix = format!("{path}/");
        let mut after = others.range(prefix.clone()..);
        after
            .next()
            .is_some_and(|(other, _)| other.starts_with(&prefix))
    };
    let mut gone: BTreeMap<String, ChangeKind> = BTreeMap::new();
    for (path, token) in removed {
        if below(path, &added) {
            gone.insert(path.clone(), ChangeKind::TypeChanged);
            continue;
        }
        gone.insert(path.clone(), ChangeKind::Removed);
        if let Some(token) = token {
            sources.entry(token.clone()).or_default().push(path.clone());
        }
    }
    for (path, token) in added {
        if below(&path, removed) {
            changes.push(change(path, ChangeKind::TypeChanged));
            continue;
        }
        let from = token.and_then(|token| sources.get_mut(&token)?.pop());
        let kind = from.map_or(ChangeKind::Added, |from| {
            gone.remove(&from);
            ChangeKind::Renamed { from }
        });
        changes.push(change(path, kind));
    }
    changes.extend(gone.into_iter().map(|(path, kind)| change(path, kind)));
    changes.sort_by(|left, right| left.path.cmp(&right.path));
    changes
}

fn change(path: String, kind: ChangeKind) -> Change {
    Change { path, kind }
}

pub(super) fn between(older: &Manifest, newer: &Manifest) -> Vec<Change> {
    let shared: Vec<Algorithm> = older
        .algorithms
        .iter()
        .copied()
        .filter(|algorithm| newer.algorithms.contains(algorithm))
        .collect();
    let token = |file: &ManifestFile| {
        let mut token = file.size.to_be_bytes().to_vec();
        for algorithm in &shared {
            token.extend_from_slice(file.digests.get(*algorithm).unwrap_or_default());
        }
        token
    };
    let map = |manifest: &Manifest| -> BTreeMap<String, Option<Vec<u8>>> {
        let files = manifest.files.iter();
        files
            .map(|file| (file.path.to_string(), Some(token(file))))
            .collect()
    };
    let (mut removed, mut added) = (map(older), map(newer));
    let mut modified = Vec::new();
    removed.retain(|path, token| match added.remove(path) {
        Some(other) => {
            if other != *token {
                modified.push(path.clone());
            }
            false
        }
        None => true,
    });
    settle(&removed, added, modified)
}
