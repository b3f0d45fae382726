//! A directory, or one file, becomes a sorted set of regular files.
//!
//! Nothing is left out in silence: links, FIFOs, devices, names that are not UTF-8 and names that differ only by case
//! are refused with their path, and what an ignore rule covers is counted and reported. **What is absent**: file modes,
//! times and empty directories, which no manifest covers; reading the files, which is the business of
//! [`digest`](crate::digest).

mod ignore;
mod link;
mod path;
mod unfit;

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

pub use ignore::{IgnoreRules, OMS_IGNORED};
pub use link::{BlobName, LinkPolicy};
pub use path::ModelPath;
pub use unfit::Unfit;

use crate::Error;
use crate::limits::{DEPTH_MAX, FILES_MAX};

/// How a directory is walked.
#[derive(Debug, Clone, Default)]
pub struct WalkOptions {
    /// What is left out.
    pub ignore: IgnoreRules,
    /// What happens to symbolic links.
    pub links: LinkPolicy,
}

/// Which file it is to the operating system; what is opened later has to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// When a file's content and its state were changed last, in nanoseconds since 1970 by the file system's clock.
///
/// Whoever may write to a file can set the first back, not the second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) modified: i128,
    pub(crate) changed: i128,
}

impl Stamp {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let time = |seconds: i64, rest: i64| i128::from(seconds) * 1_000_000_000 + i128::from(rest);
        Self {
            modified: time(metadata.mtime(), metadata.mtime_nsec()),
            changed: time(metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self::default()
    }
}

impl Identity {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self {
            device: 0,
            inode: 0,
        }
    }
}

/// A regular file that a walk found.
#[derive(Debug, Clone)]
pub struct WalkedFile {
    path: ModelPath,
    source: PathBuf,
    size: u64,
    pub(crate) identity: Identity,
    pub(crate) stamp: Stamp,
    pub(crate) blob: Option<BlobName>,
}

impl WalkedFile {
    /// Its path in the model.
    pub const fn path(&self) -> &ModelPath {
        &self.path
    }

    /// Where its bytes are.
    pub fn source(&self) -> &Path {
        &self.source
    }

    /// Its size in bytes when it was found.
    pub const fn size(&self) -> u64 {
        self.size
    }
}

/// A path that an ignore rule left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The path that the rule names.
    pub path: ModelPath,
    /// How many things other than directories lie at or below it.
    pub files: u64,
}

/// The files of a model, sorted by path.
#[derive(Debug, Clone)]
pub struct FileSet {
    root: PathBuf,
    name: String,
    single: bool,
    files: Vec<WalkedFile>,
    ignored: Vec<Ignored>,
    hard_linked: Vec<ModelPath>,
    links: LinkPolicy,
}

impl FileSet {
    /// Walks a directory, or takes one file.
    ///
    /// The path itself may be a link: its user named it. Fails on the first thing, in the order of the walk, that
    /// cannot be part of a model, and on a model without files.
    pub fn walk(path: &Path, options: &WalkOptions) -> Result<Self, Error> {
        let root = fs::canonicalize(path).map_err(Error::io("find", path))?;
        let metadata = fs::metadata(&root).map_err(Error::io("look at", &root))?;
        let unfit = |reason| Error::Unfit {
            path: path.to_owned(),
            reason,
        };
        let named = path.file_name().or(root.file_name());
        let name = match named.map(|name| name.to_str()) {
            Some(Some(name)) => name.to_owned(),
            Some(None) => return Err(unfit(Unfit::NotUtf8)),
            None => "model".to_owned(),
        };
        let mut walk = Walk {
            options,
            root: root.clone(),
            found: Vec::new(),
            ignored: Vec::new(),
            hard_linked: Vec::new(),
            folded: BTreeMap::new(),
        };
        let single = metadata.is_file();
        if single {
            let path = ModelPath::parse(&name).map_err(unfit)?;
            walk.keep(path, root.clone(), &metadata, None)?;
        } else if metadata.is_dir() {
            walk.directories()?;
        } else {
            return Err(unfit(Unfit::Special));
        }
        let Walk {
            mut found,
            mut ignored,
            mut hard_linked,
            ..
        } = walk;
        if found.is_empty() {
            return Err(Error::Empty { path: path.into() });
        }
        found.sort_by(|left, right| left.path.cmp(&right.path));
        ignored.sort_by(|left, right| left.path.cmp(&right.path));
        hard_linked.sort();
        Ok(Self {
            root,
            name,
            single,
            files: found,
            ignored,
            hard_linked,
            links: options.links,
        })
    }

    /// The directory or file, without links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its last component, as its user named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is one file and no directory.
    pub const fn is_single_file(&self) -> bool {
        self.single
    }

    /// The files, sorted by path.
    pub fn files(&self) -> &[WalkedFile] {
        &self.files
    }

    /// What rules left out, of what is there.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// Files that have other names too, inside or outside: whoever has those can change them.
    pub fn hard_linked(&self) -> &[ModelPath] {
        &self.hard_linked
    }

    /// The policy under which links were followed.
    pub const fn links(&self) -> LinkPolicy {
        self.links
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files
            .iter()
            .fold(0, |sum: u64, file| sum.saturating_add(file.size))
    }
}

struct Walk<'a> {
    options: &'a WalkOptions,
    root: PathBuf,
    found: Vec<WalkedFile>,
    ignored: Vec<Ignored>,
    hard_linked: Vec<ModelPath>,
    /// Every path, of directories too, by its form without case.
    folded: BTreeMap<String, String>,
}

impl Walk<'_> {
    fn directories(&mut self) -> Result<(), Error> {
        let mut open = vec![(self.root.clone(), String::new(), 0)];
        while let Some((directory, prefix, depth)) = open.pop() {
            if depth > DEPTH_MAX {
                return Err(Error::Limit {
                    what: "directories below each other",
                    limit: u64::try_from(DEPTH_MAX).unwrap_or(u64::MAX),
                });
            }
            for entry in fs::read_dir(&directory).map_err(Error::io("list", &directory))? {
                let source = entry.map_err(Error::io("list", &directory))?.path();
                if let Some(below) = self.entry(source, &prefix)? {
                    let (source, relative) = below;
                    open.push((source, format!("{relative}/"), depth + 1));
                }
            }
        }
        Ok(())
    }

    /// Takes one thing; returns it if it is a directory to go into.
    fn entry(
        &mut self,
        source: PathBuf,
        prefix: &str,
    ) -> Result<Option<(PathBuf, ModelPath)>, Error> {
        let unfit = |reason| Error::Unfit {
            path: source.clone(),
            reason,
        };
        let name = source.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| unfit(Unfit::NotUtf8))?;
        let relative = format!("{prefix}{name}");
        let metadata = fs::symlink_metadata(&source).map_err(Error::io("look at", &source))?;
        if self.options.ignore.is_own(&relative) && metadata.is_file() {
            return Ok(None);
        }
        let path = ModelPath::parse(&relative).map_err(unfit)?;
        if self.options.ignore.matches(&relative) {
            let files = count(&source, &metadata)?;
            self.ignored.push(Ignored { path, files });
            return Ok(None);
        }
        let kind = metadata.file_type();
        if kind.is_dir() {
            self.no_clash(&path, &source)?;
            return Ok(Some((source, path)));
        }
        if kind.is_symlink() {
            let target = link::resolve(self.options.links, &self.root, &source)?;
            let metadata = fs::symlink_metadata(&target.path);
            let metadata = metadata.map_err(Error::io("look at", &target.path))?;
            self.keep(path, target.path, &metadata, target.blob)?;
            return Ok(None);
        }
        if !kind.is_file() {
            return Err(unfit(Unfit::Special));
        }
        self.keep(path, source, &metadata, None)?;
        Ok(None)
    }

    fn keep(
        &mut self,
        path: ModelPath,
        source: PathBuf,
        metadata: &Metadata,
        blob: Option<BlobName>,
    ) -> Result<(), Error> {
        if self.found.len() >= FILES_MAX {
            return Err(Error::Limit {
                what: "files of the model",
                limit: u64::try_from(FILES_MAX).unwrap_or(u64::MAX),
            });
        }
        self.no_clash(&path, &source)?;
        if is_hard_linked(metadata) {
            self.hard_linked.push(path.clone());
        }
        self.found.push(WalkedFile {
            path,
            source,
            size: metadata.len(),
            identity: Identity::of(metadata),
            stamp: Stamp::of(metadata),
            blob,
        });
        Ok(())
    }

    fn no_clash(&mut self, path: &ModelPath, source: &Path) -> Result<(), Error> {
        let folded = ModelPath::folded(path.as_str());
        match self.folded.insert(folded, path.as_str().to_owned()) {
            Some(other) if other != path.as_str() => Err(Error::Unfit {
                path: source.to_owned(),
                reason: Unfit::CaseClash { other },
            }),
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn is_hard_linked(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.nlink() > 1
}

#[cfg(not(unix))]
fn is_hard_linked(_: &Metadata) -> bool {
    false
}

/// Counts what lies at or below an ignored path, following no link and refusing nothing: it is only reported.
fn count(path: &Path, metadata: &Metadata) -> Result<u64, Error> {
    if !metadata.is_dir() {
        return Ok(1);
    }
    let mut files = 0;
    let mut open = vec![path.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(&directory).map_err(Error::io("list", &directory))? {
            let entry = entry.map_err(Error::io("list", &directory))?;
            let kind = entry
                .file_type()
                .map_err(Error::io("look at", entry.path()))?;
            if kind.is_dir() {
                open.push(entry.path());
            } else {
                files += 1;
            }
        }
    }
    Ok(files)
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
