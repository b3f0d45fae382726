//! What a source says that a model consists of: a closed set again, before a byte of it is there.

use std::collections::BTreeMap;

use super::trouble::Trouble;
use crate::Error;
use crate::digest::{Algorithm, Digests};
use crate::limits::{DEPTH_MAX, FILES_MAX};
use crate::manifest::{ClosedSet, Content};
use crate::walk::{IgnoreRules, LinkPolicy, ModelPath, Unfit};

/// A file that a source lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    pub(super) path: ModelPath,
    pub(super) size: u64,
    pub(super) digest: Option<(Algorithm, Vec<u8>)>,
}

impl RemoteFile {
    /// Its path in the model.
    pub const fn path(&self) -> &ModelPath {
        &self.path
    }

    /// Its size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The digest of its content, where the source states one.
    pub fn digest(&self) -> Option<(Algorithm, &[u8])> {
        let (algorithm, value) = self.digest.as_ref()?;
        Some((*algorithm, value))
    }

    pub(super) fn hex(&self) -> Option<String> {
        let (algorithm, value) = self.digest.as_ref()?;
        let mut digests = Digests::default();
        digests.insert(*algorithm, value.clone());
        digests.hex(*algorithm)
    }
}

/// The files of a model as its source lists them, sorted by path; not empty, and such that a directory can hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    files: Vec<RemoteFile>,
}

impl Listing {
    /// Takes a list. `place` is for messages.
    ///
    /// # Errors
    /// No file; more than [`FILES_MAX`]; a path twice, or twice but for case; a path that is a file and a directory;
    /// more directories below each other than [`DEPTH_MAX`].
    pub(super) fn new(place: &str, mut files: Vec<RemoteFile>) -> Result<Self, Error> {
        if files.is_empty() {
            return Err(Error::Empty { path: place.into() });
        }
        within("files of the model", files.len(), FILES_MAX)?;
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let mut seen: BTreeMap<String, (&str, bool)> = BTreeMap::new();
        for file in &files {
            let path = file.path.as_str();
            let slashes = path.match_indices('/').map(|(at, _)| at);
            within(
                "directories below each other",
                slashes.clone().count(),
                DEPTH_MAX,
            )?;
            let parts = slashes
                .chain([path.len()])
                .filter_map(|end| path.get(..end));
            for part in parts {
                let is_file = part.len() == path.len();
                let Some((other, was_file)) = seen.insert(ModelPath::folded(part), (part, is_file))
                else {
                    continue;
                };
                if other != part {
                    let path = part.into();
                    let other = other.to_owned();
                    let reason = Unfit::CaseClash { other };
                    return Err(Error::Unfit { path, reason });
                }
                if is_file || was_file {
                    let why = format!("`{part}` is listed twice, or as a file and a directory");
                    return Err(Trouble::Reply { why }.at(place));
                }
            }
        }
        Ok(Self { files })
    }

    /// The files, by path.
    pub fn files(&self) -> &[RemoteFile] {
        &self.files
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.size);
        sizes.fold(0, u64::saturating_add)
    }

    /// Files whose content no digest of the source vouches for.
    pub fn without_digest(&self) -> impl Iterator<Item = &ModelPath> {
        let bare = self.files.iter().filter(|file| file.digest.is_none());
        bare.map(|file| &file.path)
    }

    /// What a directory has to hold to be what is listed. None where a file has no digest: nothing could be held
    /// against it.
    pub fn closed_set(&self, ignore: IgnoreRules, links: LinkPolicy) -> Option<ClosedSet> {
        let entry = |file: &RemoteFile| {
            let (algorithm, value) = file.digest.clone()?;
            let mut digests = Digests::default();
            digests.insert(algorithm, value);
            let size = Some(file.size);
            Some((file.path.clone(), Content::Whole { size, digests }))
        };
        let entries: Option<BTreeMap<ModelPath, Content>> = self.files.iter().map(entry).collect();
        Some(ClosedSet {
            entries: entries?,
            ignore,
            links,
            empty_unlisted: false,
            ignore_unstated: false,
            unnamed_file: false,
        })
    }
}

pub(super) fn within(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    Err(Error::Limit { what, limit })
}

/// A path that a source sent.
pub(super) fn path(text: &str) -> Result<ModelPath, Error> {
    ModelPath::parse(text).map_err(|reason| Error::Unfit {
        path: text.into(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(paths: &[&str]) -> Result<Listing, Error> {
        let file = |text: &&str| {
            Ok(RemoteFile {
                path: path(text)?,
                size: 1,
                digest: None,
            })
        };
        let files: Result<Vec<_>, Error> = paths.iter().map(file).collect();
        Listing::new("test", files?)
    }

    #[test]
    fn files_are_sorted_and_counted() {
        let listing = listing(&["b/c", "a", "b/a"]).unwrap();
        let paths: Vec<&str> = listing
            .files()
            .iter()
            .map(|file| file.path().as_str())
            .collect();
        assert_eq!(paths, ["a", "b/a", "b/c"]);
        assert_eq!(listing.bytes(), 3);
        assert_eq!(listing.without_digest().count(), 3);
        assert!(
            listing
                .closed_set(IgnoreRules::none(), LinkPolicy::Refuse)
                .is_none()
        );
    }

    #[test]
    fn what_no_directory_can_hold_is_refused() {
        for (paths, code) in [
            (&[][..], "model_empty"),
            (&["a", "a"], "source_reply"),
            (&["a", "a/b"], "source_reply"),
            (&["a/b/c", "a/b"], "source_reply"),
            (&["a", "A"], "model_unfit"),
            (&["d/a", "D/b"], "model_unfit"),
            (&["../a"], "model_unfit"),
            (&["/etc/passwd"], "model_unfit"),
            (&["a/../../b"], "model_unfit"),
            (&["c:/a"], "model_unfit"),
            (&["a\\b"], "model_unfit"),
            (&["a\nb"], "model_unfit"),
            (&[""], "model_unfit"),
        ] {
            assert_eq!(listing(paths).unwrap_err().code(), code, "{paths:?}");
        }
    }

    #[test]
    fn directories_may_be_as_deep_as_a_walk_goes() {
        let deep = |levels: usize| format!("{}f", "d/".repeat(levels));
        assert!(listing(&[&deep(DEPTH_MAX)]).is_ok());
        let refused = listing(&[&deep(DEPTH_MAX + 1)]).unwrap_err();
        assert_eq!(refused.code(), "model_limit");
    }
}
