//! Symbolic links: refused, or followed to one of two named places.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Unfit;
use crate::Error;
use crate::digest::Algorithm;

/// What a walk does with symbolic links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkPolicy {
    /// A link is refused.
    #[default]
    Refuse,
    /// A link to a regular file inside the model stands for that file.
    InsideRoot,
    /// A link into `blobs` of the hub cache that the snapshot belongs to stands for that blob, whose name is the
    /// digest of its content and is checked.
    HubCache,
}

impl LinkPolicy {
    /// Its name in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::InsideRoot => "inside-root",
            Self::HubCache => "hub-cache",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Refuse, Self::InsideRoot, Self::HubCache]
            .into_iter()
            .find(|policy| policy.name() == name)
    }
}

/// The digest that names a blob: 64 hex digits are SHA-256, 40 are git's SHA-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobName {
    pub(crate) algorithm: Algorithm,
    pub(crate) hex: String,
}

/// Where a link leads, resolved whole.
pub(super) struct Target {
    pub(super) path: PathBuf,
    pub(super) blob: Option<BlobName>,
}

/// Resolves a link under a policy. `root` is canonical.
pub(super) fn resolve(policy: LinkPolicy, root: &Path, link: &Path) -> Result<Target, Error> {
    let unfit = |reason| Error::Unfit {
        path: link.to_owned(),
        reason,
    };
    if policy == LinkPolicy::Refuse {
        return Err(unfit(Unfit::Link));
    }
    let path = fs::canonicalize(link).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => unfit(Unfit::DanglingLink),
        _ => Error::Io {
            doing: "follow",
            path: link.to_owned(),
            source,
        },
    })?;
    let blob = match policy {
        LinkPolicy::HubCache => {
            let blobs = root
                .parent()
                .and_then(Path::parent)
                .map(|cache| cache.join("blobs"));
            if path.parent() != blobs.as_deref() {
                return Err(unfit(Unfit::LinkOutside));
            }
            let name = path.file_name().and_then(|name| name.to_str());
            Some(
                name.and_then(blob_name)
                    .ok_or_else(|| unfit(Unfit::LinkOutside))?,
            )
        }
        _ if path.starts_with(root) => None,
        _ => return Err(unfit(Unfit::LinkOutside)),
    };
    let found = fs::symlink_metadata(&path).map_err(Error::io("look at", &path))?;
    if !found.is_file() {
        return Err(unfit(Unfit::LinkToNoFile));
    }
    Ok(Target { path, blob })
}

fn blob_name(name: &str) -> Option<BlobName> {
    let digits = |char: char| matches!(char, '0'..='9' | 'a'..='f');
    let algorithm = match name.len() {
        64 => Algorithm::Sha256,
        40 => Algorithm::GitSha1,
        _ => return None,
    };
    name.chars().all(digits).then(|| BlobName {
        algorithm,
        hex: name.to_owned(),
    })
}
