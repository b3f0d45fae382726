//! A directory that is held open while it is listed: what takes its place meanwhile is not entered.
//!
//! On unix each directory is opened from the one above it, without following a link, and has to be the one that was
//! looked at before. Elsewhere paths are all there is.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use super::{Identity, Stamp};

/// What a thing in a directory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Directory,
    Link,
    Other,
}

/// What the file system says of a thing, without following a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    pub(super) identity: Identity,
    pub(super) stamp: Stamp,
    pub(super) size: u64,
    pub(super) hard_linked: bool,
}

impl Seen {
    pub(super) fn of(metadata: &std::fs::Metadata) -> Self {
        let kind = metadata.file_type();
        Self {
            kind: match () {
                () if kind.is_file() => Kind::File,
                () if kind.is_dir() => Kind::Directory,
                () if kind.is_symlink() => Kind::Link,
                () => Kind::Other,
            },
            identity: Identity::of(metadata),
            stamp: Stamp::of(metadata),
            size: metadata.len(),
            hard_linked: is_hard_linked(metadata),
        }
    }
}

#[cfg(unix)]
fn is_hard_linked(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.nlink() > 1
}

#[cfg(not(unix))]
fn is_hard_linked(_: &std::fs::Metadata) -> bool {
    false
}

#[cfg(unix)]
pub(super) use held::Directory;
#[cfg(not(unix))]
pub(super) use named::Directory;

#[cfg(unix)]
mod held {
    use std::os::fd::OwnedFd;
    use std::os::unix::ffi::{OsStrExt, OsStringExt};

    use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fstat, openat, statat};

    use super::{Identity, Kind, OsStr, OsString, Path, Seen, Stamp, io};

    /// An open directory.
    #[derive(Debug)]
    pub(in crate::walk) struct Directory(OwnedFd);

    impl Directory {
        /// Opens the root; none if it is another by now.
        pub(in crate::walk) fn root(path: &Path, expected: Identity) -> io::Result<Option<Self>> {
            open(CWD, path.as_os_str(), expected)
        }

        /// Opens a directory in this one; none if something else has taken its place.
        pub(in crate::walk) fn enter(
            &self,
            name: &OsStr,
            _: &Path,
            expected: Identity,
        ) -> io::Result<Option<Self>> {
            open(&self.0, name, expected)
        }

        /// The names in it, one by one.
        pub(in crate::walk) fn names(
            &self,
        ) -> io::Result<impl Iterator<Item = io::Result<OsString>> + use<>> {
            let listed = Dir::read_from(&self.0)?;
            Ok(listed.filter_map(|entry| match entry {
                Ok(entry) if matches!(entry.file_name().to_bytes(), b"." | b"..") => None,
                Ok(entry) => Some(Ok(OsString::from_vec(
                    entry.file_name().to_bytes().to_vec(),
                ))),
                Err(error) => Some(Err(error.into())),
            }))
        }

        /// Looks at what has this name in it.
        pub(in crate::walk) fn look(&self, name: &OsStr, _: &Path) -> io::Result<Seen> {
            let stat = statat(&self.0, name.as_bytes(), AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(seen(&stat))
        }
    }

    fn open(
        from: impl std::os::fd::AsFd,
        name: &OsStr,
        expected: Identity,
    ) -> io::Result<Option<Directory>> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        let opened = match openat(from, name.as_bytes(), flags, Mode::empty()) {
            Ok(opened) => opened,
            // A link, a file or nothing stands where a directory was.
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR | rustix::io::Errno::NOENT) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let same = seen(&fstat(&opened)?).identity == expected;
        Ok(same.then_some(Directory(opened)))
    }

    /// The widths of these numbers differ between systems.
    fn seen(stat: &Stat) -> Seen {
        let unsigned = |number: i128| u64::try_from(number).unwrap_or(0);
        let time = |seconds: i128, rest: i128| seconds * 1_000_000_000 + rest;
        Seen {
            kind: match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Directory,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            },
            identity: Identity {
                device: unsigned(stat.st_dev.into()),
                inode: unsigned(stat.st_ino.into()),
            },
            stamp: Stamp {
                modified: time(stat.st_mtime.into(), stat.st_mtime_nsec.into()),
                changed: time(stat.st_ctime.into(), stat.st_ctime_nsec.into()),
            },
            size: unsigned(stat.st_size.into()),
            hard_linked: i128::from(stat.st_nlink) > 1,
        }
    }
}

#[cfg(not(unix))]
mod named {
    use std::fs;
    use std::path::PathBuf;

    use super::{Identity, OsStr, OsString, Path, Seen, io};

    /// The path of a directory.
    #[derive(Debug)]
    pub(in crate::walk) struct Directory(PathBuf);

    impl Directory {
        pub(in crate::walk) fn root(path: &Path, _: Identity) -> io::Result<Option<Self>> {
            Ok(Some(Self(path.to_owned())))
        }

        pub(in crate::walk) fn enter(
            &self,
            _: &OsStr,
            path: &Path,
            _: Identity,
        ) -> io::Result<Option<Self>> {
            Ok(Some(Self(path.to_owned())))
        }

        pub(in crate::walk) fn names(
            &self,
        ) -> io::Result<impl Iterator<Item = io::Result<OsString>> + use<>> {
            Ok(fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name())))
        }

        pub(in crate::walk) fn look(&self, _: &OsStr, path: &Path) -> io::Result<Seen> {
            Ok(Seen::of(&fs::symlink_metadata(path)?))
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    #[test]
    fn a_directory_in_whose_place_something_else_stands_is_not_entered() {
        let home = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(home.path()).unwrap();
        for name in ["model", "model/sub", "outside"] {
            fs::create_dir(home.join(name)).unwrap();
        }
        let model = home.join("model");
        let identity = Seen::of(&fs::metadata(&model).unwrap()).identity;
        let root = Directory::root(&model, identity).unwrap().unwrap();
        let sub = model.join("sub");
        let name = OsStr::new("sub");
        let seen = root.look(name, &sub).unwrap();
        assert_eq!(seen.kind, Kind::Directory);
        assert!(root.enter(name, &sub, seen.identity).unwrap().is_some());
        // A link to elsewhere, another directory, a file, nothing.
        fs::rename(&sub, home.join("kept")).unwrap();
        symlink(home.join("outside"), &sub).unwrap();
        assert_eq!(root.look(name, &sub).unwrap().kind, Kind::Link);
        assert!(root.enter(name, &sub, seen.identity).unwrap().is_none());
        fs::remove_file(&sub).unwrap();
        assert!(root.enter(name, &sub, seen.identity).unwrap().is_none());
        fs::create_dir(&sub).unwrap();
        assert!(root.enter(name, &sub, seen.identity).unwrap().is_none());
        fs::remove_dir(&sub).unwrap();
        fs::write(&sub, "").unwrap();
        assert!(root.enter(name, &sub, seen.identity).unwrap().is_none());
        // Held open, the directory is the same wherever its name leads.
        fs::remove_file(&sub).unwrap();
        fs::rename(home.join("kept"), &sub).unwrap();
        let held = root.enter(name, &sub, seen.identity).unwrap().unwrap();
        fs::write(sub.join("inside"), "").unwrap();
        fs::rename(&model, home.join("moved")).unwrap();
        symlink(home.join("outside"), &model).unwrap();
        let names: Vec<OsString> = held.names().unwrap().map(Result::unwrap).collect();
        assert_eq!(names, ["inside"]);
        assert!(Directory::root(&model, identity).unwrap().is_none());
    }

    #[test]
    fn both_ways_of_looking_say_the_same() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("file");
        fs::write(&file, "content").unwrap();
        fs::hard_link(&file, home.path().join("other")).unwrap();
        symlink("file", home.path().join("link")).unwrap();
        fs::create_dir(home.path().join("directory")).unwrap();
        let identity = Seen::of(&fs::metadata(home.path()).unwrap()).identity;
        let root = Directory::root(home.path(), identity).unwrap().unwrap();
        for name in ["file", "link", "directory"] {
            let path = home.path().join(name);
            let metadata = fs::symlink_metadata(&path).unwrap();
            let seen = root.look(OsStr::new(name), &path).unwrap();
            assert_eq!(seen, Seen::of(&metadata), "{name}");
            assert_eq!(seen.identity.inode, metadata.ino());
        }
        assert!(root.look(OsStr::new("file"), &file).unwrap().hard_linked);
    }
}
