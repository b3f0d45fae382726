//! A directory, or one file, becomes a sorted set of regular files.
//!
//! Nothing is left out in silence: links, FIFOs, devices, names that are not UTF-8 and names that differ only by case
//! are refused with their path, and what an ignore rule covers is counted and reported. **What is absent**: file modes,
//! times and empty directories, which no manifest covers; reading the files, which is the business of
//! [`digest`](crate::digest).

mod directory;
mod ignore;
mod link;
mod path;
mod unfit;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

pub use ignore::{IgnoreRules, OMS_IGNORED};
pub use link::{BlobName, LinkPolicy};
pub use path::ModelPath;
pub use unfit::Unfit;

use self::directory::{Directory, Kind, Seen};
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

/// A regular file that a walk found. As small as can be: a model may have a hundred thousand files.
#[derive(Debug, Clone)]
pub struct WalkedFile {
    path: ModelPath,
    source: Box<Path>,
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
        Self::walk_up_to(path, options, FILES_MAX)
    }

    fn walk_up_to(path: &Path, options: &WalkOptions, files_max: usize) -> Result<Self, Error> {
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
            files_max,
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
            walk.keep(path, root.clone(), &Seen::of(&metadata), None)?;
        } else if metadata.is_dir() {
            let opened = Directory::root(&root, Identity::of(&metadata));
            let opened = opened.map_err(Error::io("list", &root))?;
            let opened = opened.ok_or_else(|| changed(&root))?;
            walk.directory(&opened, &root, "", 0)?;
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
        found.shrink_to_fit();
        // No path is there twice, and a stable sort would take half of the memory again.
        found.sort_unstable_by(|left, right| left.path.cmp(&right.path));
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
    files_max: usize,
    options: &'a WalkOptions,
    root: PathBuf,
    found: Vec<WalkedFile>,
    ignored: Vec<Ignored>,
    hard_linked: Vec<ModelPath>,
    /// Every path of the directory that is being listed, of directories in it too, by its form without case. Those of
    /// other directories are not needed: two that differ by case alone do so first where they lie beside each other.
    folded: BTreeMap<String, String>,
}

/// A directory to go into.
struct Below {
    name: OsString,
    path: ModelPath,
    identity: Identity,
}

fn changed(path: &Path) -> Error {
    Error::Changed {
        path: path.to_owned(),
    }
}

impl Walk<'_> {
    /// Takes what is in an open directory, then goes into those that it holds: no more are open at once than lie below
    /// each other.
    fn directory(
        &mut self,
        directory: &Directory,
        source: &Path,
        prefix: &str,
        depth: usize,
    ) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            return Err(Error::Limit {
                what: "directories below each other",
                limit: u64::try_from(DEPTH_MAX).unwrap_or(u64::MAX),
            });
        }
        let mut below = Vec::new();
        for name in directory.names().map_err(Error::io("list", source))? {
            let name = name.map_err(Error::io("list", source))?;
            below.extend(self.entry(directory, name, source, prefix)?);
        }
        self.folded = BTreeMap::new();
        for Below {
            name,
            path,
            identity,
        } in below
        {
            let source = source.join(&name);
            let opened = directory.enter(&name, &source, identity);
            let opened = opened.map_err(Error::io("list", &source))?;
            let opened = opened.ok_or_else(|| changed(&source))?;
            self.directory(&opened, &source, &format!("{path}/"), depth + 1)?;
        }
        Ok(())
    }

    /// Takes one thing; returns it if it is a directory to go into.
    fn entry(
        &mut self,
        directory: &Directory,
        file_name: OsString,
        parent: &Path,
        prefix: &str,
    ) -> Result<Option<Below>, Error> {
        let source = parent.join(&file_name);
        let unfit = |reason| Error::Unfit {
            path: source.clone(),
            reason,
        };
        let name = file_name.to_str().ok_or_else(|| unfit(Unfit::NotUtf8))?;
        let relative = format!("{prefix}{name}");
        let seen = directory.look(&file_name, &source);
        let seen = seen.map_err(Error::io("look at", &source))?;
        if self.options.ignore.is_own(&relative) && seen.kind == Kind::File {
            return Ok(None);
        }
        let path = ModelPath::parse(&relative).map_err(unfit)?;
        if self.options.ignore.matches(&relative) {
            let files = count(&source, seen.kind)?;
            self.ignored.push(Ignored { path, files });
            return Ok(None);
        }
        match seen.kind {
            Kind::Directory => {
                self.no_clash(&path, &source)?;
                return Ok(Some(Below {
                    name: file_name,
                    path,
                    identity: seen.identity,
                }));
            }
            Kind::Link => {
                let target = link::resolve(self.options.links, &self.root, &source)?;
                let metadata = fs::symlink_metadata(&target.path);
                let metadata = metadata.map_err(Error::io("look at", &target.path))?;
                self.keep(path, target.path, &Seen::of(&metadata), target.blob)?;
            }
            Kind::File => self.keep(path, source, &seen, None)?,
            Kind::Other => return Err(unfit(Unfit::Special)),
        }
        Ok(None)
    }

    fn keep(
        &mut self,
        path: ModelPath,
        source: PathBuf,
        seen: &Seen,
        blob: Option<BlobName>,
    ) -> Result<(), Error> {
        if self.found.len() >= self.files_max {
            return Err(Error::Limit {
                what: "files of the model",
                limit: u64::try_from(self.files_max).unwrap_or(u64::MAX),
            });
        }
        self.no_clash(&path, &source)?;
        if seen.hard_linked {
            self.hard_linked.push(path.clone());
        }
        self.found.push(WalkedFile {
            path,
            source: source.into_boxed_path(),
            size: seen.size,
            identity: seen.identity,
            stamp: seen.stamp,
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

/// Counts what lies at or below an ignored path, following no link and refusing nothing: it is only reported.
fn count(path: &Path, kind: Kind) -> Result<u64, Error> {
    if kind != Kind::Directory {
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
