//! Every file below a path, and what they come to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::document::INDEX;
use super::inspection::{Answer, Fault, Inspection, Tensor};
use super::limits::Limits;
use super::reader::{Reader, io};
use crate::formats::source::Source;
use crate::{Error, scan};

/// The inspection of a file or a directory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    files: Vec<Inspection>,
}

/// Counts over all files of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// How many files there are.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many there are of each kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// All tensors.
    pub tensors: u64,
    /// All numbers in them; none beyond 64 bits.
    pub parameters: Option<u64>,
    /// Files that are malformed.
    pub malformed: u64,
    /// Files that were not read.
    pub unread: u64,
}

impl FromIterator<Inspection> for Report {
    fn from_iter<T: IntoIterator<Item = Inspection>>(files: T) -> Self {
        Self {
            files: files.into_iter().collect(),
        }
    }
}

impl Report {
    /// Each file, in the order of their names.
    pub fn files(&self) -> &[Inspection] {
        &self.files
    }

    /// The worst of all files; nothing at all is nothing that was read.
    pub fn answer(&self) -> Answer {
        let answers = self.files.iter().map(Inspection::answer);
        answers.max().unwrap_or(Answer::Unread)
    }

    /// What the files come to.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            parameters: Some(0),
            ..Summary::default()
        };
        for file in &self.files {
            summary.files += 1;
            summary.bytes = summary.bytes.saturating_add(file.bytes());
            *summary.kinds.entry(file.kind()).or_default() += 1;
            match file.answer() {
                Answer::Read => {}
                Answer::Unread => summary.unread += 1,
                Answer::Malformed => summary.malformed += 1,
            }
            // The tensors of an index are those of its shards, which are counted where they lie.
            if file.kind() == INDEX && self.files.len() > 1 {
                continue;
            }
            summary.tensors += u64::try_from(file.tensor_count()).unwrap_or(u64::MAX);
            let both = summary.parameters.zip(file.parameters());
            summary.parameters = both.and_then(|(sum, more)| sum.checked_add(more));
        }
        summary
    }
}

/// Whether files are read whole, for their digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digests {
    /// Only what an inspection needs is read.
    Leave,
    /// Each file's SHA-256 is computed.
    Sha256,
}

/// Inspects a file, or every file below a directory. Links are not followed.
pub fn inspect_path(path: &Path, limits: &Limits, digests: Digests) -> Result<Report, Error> {
    let mut report = Report::default();
    let is_directory = path.is_dir();
    let visit = &mut |name: &str, opened: Result<Source, String>| {
        let whole = if is_directory {
            path.join(name)
        } else {
            path.to_owned()
        };
        report.files.push(match opened {
            Ok(source) => one(name, &source, whole.parent(), limits, digests),
            Err(why) => {
                let mut out = Inspection::new(name, 0);
                out.kind = "unreadable";
                out.fail(Fault::new(why, 0));
                out
            }
        });
    };
    let walked = scan::walk(path, visit);
    walked.map_err(|source| Error::Io {
        doing: "inspect",
        path: path.to_owned(),
        source,
    })?;
    name_external(&mut report);
    Ok(report)
}

fn one(
    name: &str,
    source: &Source,
    beside: Option<&Path>,
    limits: &Limits,
    digests: Digests,
) -> Inspection {
    let mut out = Reader::new(limits, beside, source.len()).inspect(name, source);
    if digests == Digests::Sha256 {
        match scan::digest(source) {
            Ok(digest) => out.sha256 = Some(digest),
            Err(error) => out.fail(io(&error, 0)),
        }
    }
    out
}

/// What a model names as the place of its data is known by that, whatever the bytes look like.
fn name_external(report: &mut Report) {
    let mut named = BTreeSet::new();
    for file in &report.files {
        let folder = file.path().rsplit_once('/').map(|(folder, _)| folder);
        for place in file.tensors().iter().filter_map(Tensor::place) {
            named.insert(match folder {
                Some(folder) => format!("{folder}/{place}"),
                None => place.to_owned(),
            });
        }
    }
    for file in &mut report.files {
        if file.answer() == Answer::Unread && named.contains(file.path()) {
            file.kind = "external data";
            file.known = true;
        }
    }
}
