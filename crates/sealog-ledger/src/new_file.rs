//! Files beside the log that get their name when they are whole.
//!
//! A crash, a full disk or a signal meanwhile leaves nothing under the name that somebody would take for the file; what
//! it may leave is a hidden one beside it, whose name says that it is unfinished.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::Error;

/// How the name of a file ends that was not finished.
pub(crate) const UNFINISHED: &str = ".unfinished";

/// A file that is being written and has no name of its own yet. Dropped, it is removed.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file that will be at `path`, readable as the user's umask says.
    ///
    /// # Errors
    /// [`Error::FileExists`] if something is there, [`Error::Io`] if nothing can be written beside it.
    pub fn begin(path: &Path) -> Result<Self, Error> {
        check_free(path)?;
        let mut prefix = OsString::from(".");
        prefix.push(path.file_name().unwrap_or_default());
        prefix.push(".");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(UNFINISHED);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // What files are made with everywhere; the umask takes its part of it.
            builder.permissions(fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(directory_of(path));
        Ok(Self {
            file: file.map_err(Error::io("write", path))?,
            path: path.into(),
        })
    }

    /// Whether its name is still free, before something is recorded of it: another may have taken it meanwhile.
    ///
    /// # Errors
    /// [`Error::FileExists`] if it is not.
    pub(crate) fn check_free(&self) -> Result<(), Error> {
        check_free(&self.path)
    }

    /// Flushes what was written, so that it may be named.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk fails.
    pub fn flush_to_disk(&self) -> Result<(), Error> {
        let flushed = self.file.as_file().sync_all();
        flushed.map_err(Error::io("write", &self.path))
    }

    /// What was written so far, from its beginning on.
    pub(crate) fn written(&self) -> io::Result<File> {
        let mut file = self.file.reopen()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }

    /// Flushes the file and gives it its name, durably. Nothing is ever written over.
    ///
    /// # Errors
    /// [`Error::FileExists`] if something came to be there meanwhile, [`Error::Io`] if the disk fails. Nothing is at
    /// the name then that this wrote.
    pub fn finish(self) -> Result<(), Error> {
        self.flush_to_disk()?;
        let named = self.file.persist_noclobber(&self.path);
        named.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => Error::FileExists {
                path: self.path.clone(),
            },
            _ => Error::io("write", &self.path)(error.error),
        })?;
        sync_dir(directory_of(&self.path))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

fn check_free(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(Error::FileExists { path: path.into() }),
        Err(_) => Ok(()),
    }
}

/// The directory that a file is in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the names of a directory durable.
pub(crate) fn sync_dir(directory: &Path) -> Result<(), Error> {
    if cfg!(unix) {
        let synced = File::open(directory).and_then(|file| file.sync_all());
        return synced.map_err(Error::io("flush", directory));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<OsString> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_gets_its_name_when_it_is_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("audit.zip");
        let mut new = NewFile::begin(&path).unwrap();
        new.write_all(b"first").unwrap();
        assert!(!path.exists());
        let hidden = names(home.path());
        let hidden = hidden[0].to_str().unwrap();
        assert!(hidden.starts_with(".audit.zip.") && hidden.ends_with(UNFINISHED));
        new.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(home.path()), ["audit.zip"]);
    }

    #[test]
    fn what_is_given_up_is_removed() {
        let home = tempfile::tempdir().unwrap();
        let mut new = NewFile::begin(&home.path().join("file")).unwrap();
        new.write_all(b"half").unwrap();
        drop(new);
        assert_eq!(names(home.path()), [""; 0]);
    }

    #[test]
    fn nothing_is_written_over_not_even_what_came_meanwhile_or_a_link_to_nothing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        let mut new = NewFile::begin(&path).unwrap();
        new.write_all(b"mine").unwrap();
        fs::write(&path, "theirs").unwrap();
        assert_eq!(new.finish().unwrap_err().code(), "file_exists");
        assert_eq!(NewFile::begin(&path).unwrap_err().code(), "file_exists");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        assert_eq!(names(home.path()), ["file"]);
        #[cfg(unix)]
        {
            let link = home.path().join("link");
            std::os::unix::fs::symlink("nowhere", &link).unwrap();
            assert_eq!(NewFile::begin(&link).unwrap_err().code(), "file_exists");
        }
    }

    #[cfg(unix)]
    #[test]
    fn it_may_be_read_as_any_file_that_the_user_makes() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let (path, other) = (home.path().join("file"), home.path().join("other"));
        NewFile::begin(&path).unwrap().finish().unwrap();
        fs::write(&other, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&other));
    }
}
