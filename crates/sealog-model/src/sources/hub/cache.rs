//! The files that the hub's own client keeps: `models--org--name/` with `refs`, `snapshots` and `blobs`.
//!
//! A blob is named by the digest of its content, so a snapshot can be verified without the hub and without a manifest.
//! Nothing here is trusted for that: names lead to files, and each file is hashed. **What is absent**: writing to it.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::name::{HubName, is_commit};
use super::{HubModel, Listing, RemoteFile};
use crate::Error;
use crate::sources::fetch::{self, FetchOptions, Fetched, Part, Supply};
use crate::sources::trouble::Trouble;
use crate::walk::{FileSet, IgnoreRules, LinkPolicy, WalkOptions};

/// Bytes of a file that holds what a reference points to.
const REFERENCE_BYTES_MAX: u64 = 128;

/// The cache of the hub's own client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubCache(PathBuf);

/// A snapshot in the cache.
#[derive(Debug)]
pub struct Snapshot {
    model: HubModel,
    path: PathBuf,
}

impl HubCache {
    /// A cache in a directory, which need not be there.
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn of(&self, id: &str) -> PathBuf {
        self.0.join(format!("models--{}", id.replace('/', "--")))
    }

    /// Where the content of this digest lies, if it lies here.
    pub(super) fn blob(&self, id: &str, hex: &str) -> PathBuf {
        self.of(id).join("blobs").join(hex)
    }

    /// The snapshot that a name stands for here; without a revision that is the one of `main`. The hub is not asked.
    ///
    /// # Errors
    /// [`Trouble::Offline`] if there is none.
    pub fn snapshot(&self, name: &HubName) -> Result<Snapshot, Error> {
        let absent = || {
            let cache = self.0.display().to_string();
            Trouble::Offline { cache }.at(name.to_string())
        };
        let home = self.of(name.id());
        let revision = name.revision().unwrap_or("main");
        let commit = if is_commit(revision) {
            revision.to_owned()
        } else {
            let reference = home.join("refs").join(revision);
            let file = fs::File::open(&reference).map_err(|_| absent())?;
            commit_in(file, &reference)?
        };
        let path = home.join("snapshots").join(&commit);
        if !path.is_dir() {
            return Err(absent());
        }
        let model = HubModel {
            endpoint: self.0.display().to_string(),
            id: name.id().to_owned(),
            commit,
        };
        Ok(Snapshot { model, path })
    }
}

/// The commit that the file of a reference holds, and nothing besides.
fn commit_in(file: fs::File, reference: &Path) -> Result<String, Error> {
    let bad = |why| Error::malformed("a reference of the cache", why);
    let mut bytes = Vec::new();
    let mut file = file.take(REFERENCE_BYTES_MAX.saturating_add(1));
    let read = file.read_to_end(&mut bytes);
    read.map_err(Error::io("read", reference))?;
    if u64::try_from(bytes.len()).map_or(true, |len| len > REFERENCE_BYTES_MAX) {
        return Err(bad("it is longer than 128 bytes"));
    }
    let commit = str::from_utf8(&bytes).unwrap_or_default().trim();
    if !is_commit(commit) {
        return Err(bad("it holds no commit"));
    }
    Ok(commit.to_owned())
}

impl Snapshot {
    /// What it is a snapshot of. Its endpoint is the cache: the hub was not asked.
    pub const fn model(&self) -> &HubModel {
        &self.model
    }

    /// Its directory, to be walked with [`LinkPolicy::HubCache`].
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies it to `to`, where nothing may be: each file whose blob names a digest is held against that. A cache
    /// without links has no such names; those files are counted in [`Fetched::without_digest`].
    ///
    /// What is absent from the snapshot cannot be told: the client fetches single files too.
    pub fn fetch(&self, to: &Path, options: &FetchOptions<'_>) -> Result<Fetched, Error> {
        let walk = WalkOptions {
            ignore: IgnoreRules::none(),
            links: LinkPolicy::HubCache,
        };
        let set = FileSet::walk(&self.path, &walk)?;
        let file = |walked: &crate::walk::WalkedFile| {
            let blob = walked.blob.as_ref();
            let digest =
                blob.and_then(|blob| Some((blob.algorithm, blob.algorithm.parse_hex(&blob.hex)?)));
            RemoteFile {
                path: walked.path().clone(),
                size: walked.size(),
                digest,
            }
        };
        let listing = Listing::new(&self.model.uri(), set.files().iter().map(file).collect())?;
        fetch::fetch(
            &listing,
            &Copy {
                set: &set,
                snapshot: self,
            },
            to,
            options,
        )
    }
}

struct Copy<'a> {
    set: &'a FileSet,
    snapshot: &'a Snapshot,
}

impl Supply for Copy<'_> {
    fn key(&self) -> Option<&str> {
        None
    }

    fn place(&self) -> String {
        self.snapshot.model.uri()
    }

    fn open(&self, file: &RemoteFile, _: u64) -> Result<Part, Error> {
        let mut walked = self.set.files().iter();
        let walked = walked.find(|walked| *walked.path() == file.path);
        let path = file.path.to_string();
        let walked = walked.ok_or(Error::NoFile { path })?;
        let (opened, _) = crate::digest::open_walked(walked)?;
        Ok(Part {
            start: 0,
            reader: Box::new(opened),
        })
    }
}
