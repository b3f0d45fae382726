//! What a directory has to hold, and nothing besides: the form that every manifest and bundle is brought into before a
//! directory is held against it.

use std::collections::BTreeMap;
use std::path::Path;

use super::change::settle;
use super::{Change, ChangeKind, Manifest};
use crate::Error;
use crate::digest::{Algorithm, DigestCache, DigestOptions, Digests, Job, Taken, run};
use crate::walk::{FileSet, IgnoreRules, LinkPolicy, ModelPath, Unfit, WalkOptions, WalkedFile};

/// A part of a file and its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The first byte.
    pub start: u64,
    /// The byte after the last.
    pub end: u64,
    /// The digest of what lies between.
    pub digest: Vec<u8>,
}

/// What a file has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A whole content by its digests, all of which have to fit.
    Whole {
        /// Its size, if that is stated.
        size: Option<u64>,
        /// At least one digest.
        digests: Digests,
    },
    /// A content in parts that lie one behind the other from byte 0 on.
    Shards {
        /// By which algorithm.
        algorithm: Algorithm,
        /// The parts.
        shards: Vec<Shard>,
    },
}

/// A closed set of files. Reading one from a text proves nothing about who wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedSet {
    pub(crate) entries: BTreeMap<ModelPath, Content>,
    pub(crate) ignore: IgnoreRules,
    /// Whether the rules are no more than assumed, since the format does not say them: a verifier may add to them.
    pub(crate) ignore_unstated: bool,
    pub(crate) links: LinkPolicy,
    /// Whether files without content may stand unlisted: shards cannot name them.
    pub(crate) empty_unlisted: bool,
    /// Whether the one file of a set stands for a model whose name is not stated.
    pub(crate) unnamed_file: bool,
}

impl ClosedSet {
    pub(crate) fn of_manifest(manifest: &Manifest, ignore: IgnoreRules, links: LinkPolicy) -> Self {
        let files = manifest.files().iter();
        let entries = files.map(|file| {
            let content = Content::Whole {
                size: Some(file.size()),
                digests: file.digests().clone(),
            };
            (file.path().clone(), content)
        });
        Self {
            entries: entries.collect(),
            ignore,
            links,
            empty_unlisted: false,
            ignore_unstated: false,
            unnamed_file: false,
        }
    }

    /// What has to be there.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&ModelPath, &Content)> {
        self.entries.iter()
    }

    /// Reads a directory or a file and holds it against the set. `own` are files inside it that are about the model,
    /// named by the caller.
    ///
    /// # Errors
    /// [`Error::Differs`] if anything is added, removed, modified, renamed or of another type: also if something lies
    /// there that no model can hold.
    pub fn check(
        &self,
        path: &Path,
        own: &[ModelPath],
        options: &DigestOptions<'_>,
    ) -> Result<(Manifest, FileSet), Error> {
        let set = self.walk(path, own)?;
        let algorithms = self.algorithms();
        let options = DigestOptions {
            algorithms: &algorithms,
            ..*options
        };
        let found = Manifest::of_files(&set, &options)?;
        self.hold(found, set, &options)
    }

    /// The same, but files that a cache knows are not read, which is counted. `began` as for
    /// [`Manifest::of_files_cached`].
    pub fn check_cached(
        &self,
        path: &Path,
        own: &[ModelPath],
        options: &DigestOptions<'_>,
        cache: &mut DigestCache,
        began: i128,
    ) -> Result<(Manifest, FileSet, Taken), Error> {
        let set = self.walk(path, own)?;
        let algorithms = self.algorithms();
        let options = DigestOptions {
            algorithms: &algorithms,
            ..*options
        };
        let (found, taken) = Manifest::of_files_cached(&set, &options, cache, began)?;
        let (manifest, set) = self.hold(found, set, &options)?;
        Ok((manifest, set, taken))
    }

    /// All by which a content is stated, and SHA-256.
    fn algorithms(&self) -> Vec<Algorithm> {
        let mut algorithms = vec![Algorithm::Sha256];
        for content in self.entries.values() {
            if let Content::Whole { digests, .. } = content {
                algorithms.extend(digests.iter().map(|(algorithm, _)| algorithm));
                algorithms.sort_unstable();
                algorithms.dedup();
            }
        }
        algorithms
    }

    fn hold(
        &self,
        found: Manifest,
        set: FileSet,
        options: &DigestOptions<'_>,
    ) -> Result<(Manifest, FileSet), Error> {
        let changes = self.compare(&found, &set, options)?;
        if changes.is_empty() {
            Ok((found.only_sha256(), set))
        } else {
            Err(Error::Differs { changes })
        }
    }

    /// Finds what there is, by the rules of the set, and reads none of it. What no model can hold is a difference.
    pub(crate) fn walk(&self, path: &Path, own: &[ModelPath]) -> Result<FileSet, Error> {
        let mut ignore = self.ignore.clone();
        for path in own {
            ignore.add_own(path.clone());
        }
        let walk = WalkOptions {
            ignore,
            links: self.links,
        };
        match FileSet::walk(path, &walk) {
            Err(Error::Unfit {
                path: found,
                reason,
            }) => Err(self.unfit(path, &found, reason)),
            Err(Error::Empty { .. }) => Err(self.all_removed()),
            set => set,
        }
    }

    fn unfit(&self, root: &Path, found: &Path, reason: Unfit) -> Error {
        let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
        let relative = found.strip_prefix(&root).unwrap_or(found);
        let mut path = relative.display().to_string();
        if let Unfit::CaseClash { other } = reason {
            // Which of the two names a walk finds last is chance: the difference is the one that is not listed.
            let is_listed = self.entries.contains_key(path.as_str());
            if is_listed && !self.entries.contains_key(other.as_str()) {
                path = other;
            }
        }
        let kind = if self.entries.contains_key(path.as_str()) {
            ChangeKind::TypeChanged
        } else {
            ChangeKind::Added
        };
        Error::Differs {
            changes: vec![Change { path, kind }],
        }
    }

    fn all_removed(&self) -> Error {
        let paths = self.entries.keys();
        let changes = paths.map(|path| Change {
            path: path.to_string(),
            kind: ChangeKind::Removed,
        });
        Error::Differs {
            changes: changes.collect(),
        }
    }

    fn compare(
        &self,
        found: &Manifest,
        set: &FileSet,
        options: &DigestOptions<'_>,
    ) -> Result<Vec<Change>, Error> {
        let mut added = BTreeMap::new();
        let mut modified = Vec::new();
        let mut missing: BTreeMap<&ModelPath, &Content> = self.entries.iter().collect();
        for (file, walked) in found.files().iter().zip(set.files()) {
            let expected = missing
                .remove(file.path())
                .or_else(|| self.only_file(set, &mut missing));
            match expected {
                Some(Content::Whole { size, digests }) => {
                    let size_fits = size.is_none_or(|size| size == file.size());
                    let mut each = digests.iter();
                    let fits =
                        each.all(|(algorithm, value)| file.digests().get(algorithm) == Some(value));
                    if !(size_fits && fits) {
                        modified.push(file.path().to_string());
                    }
                }
                Some(Content::Shards { algorithm, shards }) => {
                    if !shards_fit(walked, *algorithm, shards, options)? {
                        modified.push(file.path().to_string());
                    }
                }
                None if self.empty_unlisted && file.size() == 0 => {}
                None => {
                    added.insert(file.path().to_string(), Some(file.digests().clone()));
                }
            }
        }
        Ok(Self::settle(missing, added, modified))
    }

    /// The entry of a model that is one file and whose entry has no name.
    fn only_file<'a>(
        &self,
        set: &FileSet,
        missing: &mut BTreeMap<&ModelPath, &'a Content>,
    ) -> Option<&'a Content> {
        if !(self.unnamed_file && set.is_single_file() && missing.len() == 1) {
            return None;
        }
        missing.pop_first().map(|(_, content)| content)
    }

    fn settle(
        missing: BTreeMap<&ModelPath, &Content>,
        added: BTreeMap<String, Option<Digests>>,
        modified: Vec<String>,
    ) -> Vec<Change> {
        // A renaming is told by one digest that both sides have.
        let shared = missing.values().find_map(|content| match content {
            Content::Whole { digests, .. } => digests.iter().map(|(algorithm, _)| algorithm).next(),
            Content::Shards { .. } => None,
        });
        let token = |digests: &Digests| digests.get(shared?).map(<[u8]>::to_vec);
        let removed = missing.into_iter().map(|(path, content)| {
            let token = match content {
                Content::Whole { digests, .. } => token(digests),
                Content::Shards { .. } => None,
            };
            (path.to_string(), token)
        });
        let added = added
            .into_iter()
            .map(|(path, digests)| (path, digests.as_ref().and_then(token)));
        settle(&removed.collect(), added.collect(), modified)
    }
}

/// Whether a file consists of these parts.
fn shards_fit(
    file: &WalkedFile,
    algorithm: Algorithm,
    shards: &[Shard],
    options: &DigestOptions<'_>,
) -> Result<bool, Error> {
    if shards.last().map(|shard| shard.end) != Some(file.size()) {
        return Ok(false);
    }
    let jobs = shards.iter().map(|shard| Job {
        file,
        range: Some(shard.start..shard.end),
    });
    let jobs: Vec<Job<'_>> = jobs.collect();
    let algorithms = [algorithm];
    let found = run(
        &jobs,
        &DigestOptions {
            algorithms: &algorithms,
            ..*options
        },
    )?;
    let mut pairs = found.iter().zip(shards);
    Ok(pairs.all(|(found, shard)| found.get(algorithm) == Some(shard.digest.as_slice())))
}
