//! Every file below a path, in the order of their names.
//!
//! Links are not followed: one is a finding, since what it leads to may change between the scan and the load.

use std::fs;
use std::io;
use std::path::Path;

use super::context::Scan;
use super::finding::{FileReport, Report};
use super::limits::Limits;
use super::rule::FILE_UNREADABLE;
use super::{scan_source, settle};
use crate::Error;
use crate::digest::open_no_link;
use crate::formats::source::Source;

/// Directories in each other at most.
const DEPTH_MAX: usize = 64;

/// Scans a file, or every file below a directory.
pub fn scan_path(path: &Path, limits: &Limits) -> Result<Report, Error> {
    let mut report = Report::default();
    let visit = &mut |name: &str, opened: Result<Source, String>| {
        report.files.push(match opened {
            Ok(source) => scan_source(name, &source, limits),
            Err(why) => refused(name, &why, limits),
        });
    };
    let walked = walk(path, visit);
    walked.map_err(|source| Error::Io {
        doing: "scan",
        path: path.to_owned(),
        source,
    })?;
    settle(&mut report, &mut |name| open(&path.join(name)).ok());
    Ok(report)
}

/// What is done with each file: its name below the path, and its content or why there is none.
type Visit<'a> = &'a mut dyn FnMut(&str, Result<Source, String>);

/// Visits a file, or every file below a directory.
pub(crate) fn walk(path: &Path, visit: Visit<'_>) -> io::Result<()> {
    if fs::metadata(path)?.is_dir() {
        return directory(path, "", 0, visit);
    }
    let name = path.file_name().unwrap_or(path.as_os_str());
    // The path itself may be a link: its user named it.
    visit(&name.to_string_lossy(), open(&fs::canonicalize(path)?));
    Ok(())
}

fn directory(path: &Path, name: &str, depth: usize, visit: Visit<'_>) -> io::Result<()> {
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let name = if name.is_empty() {
            own
        } else {
            format!("{name}/{own}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_MAX {
            directory(&entry.path(), &name, depth + 1, visit)?;
        } else if kind.is_file() {
            visit(&name, open(&entry.path()));
        } else {
            let why = if kind.is_dir() {
                "directories nested too deep"
            } else if kind.is_symlink() {
                "a link, which is not followed"
            } else {
                "neither a file nor a directory"
            };
            visit(&name, Err(why.to_owned()));
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Source, String> {
    // By now a link or a pipe may stand where a file was.
    let opened = open_no_link(path).and_then(|file| {
        if file.metadata()?.is_file() {
            return Source::file(file);
        }
        Err(io::Error::other("it is no regular file any more"))
    });
    opened.map_err(|error| error.to_string())
}

fn refused(name: &str, why: &str, limits: &Limits) -> FileReport {
    let mut scan = Scan::new(name.to_owned(), limits);
    scan.report(&FILE_UNREADABLE, 0, why);
    FileReport {
        path: name.to_owned(),
        kind: "unreadable",
        bytes: 0,
        sha256: String::new(),
        findings: scan.into_findings(),
        beside: Vec::new(),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn directories_are_entered_so_deep_and_what_lies_deeper_is_undecided() {
        for (levels, found) in [(DEPTH_MAX, true), (DEPTH_MAX + 1, false)] {
            let home = tempfile::tempdir().unwrap();
            let inside = home.path().join(["d"; DEPTH_MAX + 1][..levels].join("/"));
            fs::create_dir_all(&inside).unwrap();
            fs::write(inside.join("file"), "text").unwrap();
            let report = scan_path(home.path(), &Limits::default()).unwrap();
            let [file] = report.files() else {
                panic!("{report:?}")
            };
            assert_eq!(file.path().ends_with("/file"), found);
            let rules: Vec<_> = file.findings().iter().map(|one| one.rule().id()).collect();
            let expected: &[&str] = if found { &[] } else { &["file.unreadable"] };
            assert_eq!(rules, expected);
        }
    }

    #[test]
    fn what_took_a_files_place_is_not_opened() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        fs::write(path("file"), "text").unwrap();
        symlink("file", path("link")).unwrap();
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let pipe = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), pipe, mode, 0).unwrap();
        assert!(open(&path("file")).is_ok());
        assert!(open(&path("link")).is_err());
        // And nobody waits for the other end.
        assert_eq!(
            open(&path("pipe")).unwrap_err(),
            "it is no regular file any more"
        );
        // A link that its user named leads on.
        let report = scan_path(&path("link"), &Limits::default()).unwrap();
        assert_eq!(report.files()[0].bytes(), 4);
    }
}
