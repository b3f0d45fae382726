//! What the commands over models share: how a directory is walked and read, and files about it.

use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use sealog_core::json::{Object, Value};
use sealog_ledger::{Access, Clock, Draft, SystemClock};
use sealog_model::digest::{Algorithm, DigestCache, DigestOptions, Progress, Taken};
use sealog_model::manifest::{Change, Manifest, Previous};
use sealog_model::walk::{FileSet, IgnoreRules, Ignored, LinkPolicy, WalkOptions};

use crate::context::Context;
use crate::error::Error;
use crate::output::{Tone, count, number, object, plain};

/// Which files make up a model.
#[derive(Debug, clap::Args)]
pub(super) struct WalkArgs {
    /// Leave out this path of the model and all below it; no patterns
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    /// Do not leave out .git, .gitignore, .gitattributes and .github at the top
    #[arg(long)]
    no_default_ignores: bool,
    /// Symbolic links: refuse, inside-root or hub-cache
    #[arg(long, value_name = "POLICY", default_value = "refuse")]
    links: String,
}

impl WalkArgs {
    pub(super) fn options(&self) -> Result<WalkOptions, Error> {
        self.from(if self.no_default_ignores {
            IgnoreRules::none()
        } else {
            IgnoreRules::oms()
        })
    }

    /// The same for formats that know no default: only what is named is left out.
    pub(super) fn named(&self) -> Result<WalkOptions, Error> {
        self.from(IgnoreRules::none())
    }

    fn from(&self, mut ignore: IgnoreRules) -> Result<WalkOptions, Error> {
        for path in &self.ignore {
            ignore.add(path).map_err(|reason| Error::Argument {
                argument: "--ignore",
                problem: format!("{path}: {reason}"),
            })?;
        }
        let links = LinkPolicy::from_name(&self.links).ok_or_else(|| Error::Argument {
            argument: "--links",
            problem: "it is refuse, inside-root or hub-cache".into(),
        })?;
        Ok(WalkOptions { ignore, links })
    }
}

/// The digests that are asked for; SHA-256 if none is named.
pub(super) fn algorithms(names: &[String]) -> Result<Vec<Algorithm>, Error> {
    if names.is_empty() {
        return Ok(vec![Algorithm::Sha256]);
    }
    let read = names.iter().map(|name| {
        Algorithm::from_name(name).ok_or_else(|| Error::Argument {
            argument: "--hash",
            problem: format!("{name} is not sha256, sha512, blake2b, blake3 or git-sha1"),
        })
    });
    read.collect()
}

/// Whether what was read before is read again.
#[derive(Debug, clap::Args)]
pub(super) struct CacheArgs {
    /// Do not read files that this file knows by device, inode, size and times; it is made and kept up to date. Whoever
    /// can write it decides what a model's digests are
    #[arg(long, value_name = "FILE")]
    digest_cache: Option<PathBuf>,
}

/// A digest cache in use, and since when.
pub(super) struct OpenCache {
    pub(super) cache: DigestCache,
    pub(super) began: i128,
}

impl CacheArgs {
    /// Opens the cache, if one is asked for: before the model is walked.
    pub(super) fn open(&self, context: &Context) -> Result<Option<OpenCache>, Error> {
        let Some(path) = &self.digest_cache else {
            return Ok(None);
        };
        let now = SystemClock.now();
        let began = i128::from(now.seconds()) * 1_000_000_000 + i128::from(now.nanos());
        let cache = DigestCache::open(&place(path, context))?;
        Ok(Some(OpenCache { cache, began }))
    }
}

/// What was not read, for people; nothing where nothing was to be spared.
pub(super) fn show_taken(
    taken: Taken,
    cache: Option<&OpenCache>,
    context: &mut Context,
) -> Result<(), Error> {
    let Some(open) = cache else {
        return Ok(());
    };
    if let Some(why) = open.cache.refused() {
        let head = context.out.paint(Tone::Open, "cache refused");
        let line = format!("{head} {}; it was written anew", plain(why));
        context.out.line(&line)?;
    }
    show_not_read(taken, "the digest cache", context)
}

pub(super) fn show_not_read(taken: Taken, from: &str, context: &mut Context) -> Result<(), Error> {
    let files = count(taken.files, "file", "files");
    let bytes = count(taken.bytes, "byte", "bytes");
    let head = context.out.paint(Tone::Open, "not read");
    let line = format!("{head}      {files}, {bytes}: digests from {from}");
    context.out.line(&line)?;
    Ok(())
}

/// The same for machines.
pub(super) fn insert_taken(taken: Taken, cache: Option<&OpenCache>, into: &mut Object) {
    let Some(open) = cache else {
        return;
    };
    let mut value = taken_value(taken);
    if let Some(why) = open.cache.refused() {
        value.insert("refused", why);
    }
    into.insert("digest_cache", Value::Object(value));
}

pub(super) fn taken_value(taken: Taken) -> Object {
    let mut value = Object::new();
    value.insert("bytes_not_read", number(taken.bytes));
    value.insert("files_not_read", number(taken.files));
    value
}

/// A bar as the reader of a model sees it.
pub(super) struct Bar(pub(super) ProgressBar);

impl Bar {
    pub(super) fn new(context: &Context) -> Result<Self, Error> {
        Ok(Self(context.progress(0)?))
    }
}

/// However the work ends, nothing of the bar is left on the terminal.
impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn total(&self, bytes: u64) {
        self.0.set_length(bytes);
    }

    fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

/// Reads every file of a model and makes its manifest.
pub(super) fn read_model(
    path: &Path,
    walk: &WalkOptions,
    algorithms: &[Algorithm],
    context: &Context,
) -> Result<(Manifest, FileSet), Error> {
    let set = FileSet::walk(path, walk)?;
    let bar = Bar::new(context)?;
    let options = DigestOptions {
        progress: &bar,
        ..DigestOptions::new(algorithms)
    };
    let manifest = Manifest::of_files(&set, &options);
    drop(bar);
    Ok((manifest?, set))
}

/// The same, but files that a cache knows are not read.
pub(super) fn read_model_cached(
    path: &Path,
    walk: &WalkOptions,
    algorithms: &[Algorithm],
    cache: Option<&mut OpenCache>,
    context: &Context,
) -> Result<(Manifest, FileSet, Taken), Error> {
    let Some(open) = cache else {
        let (manifest, set) = read_model(path, walk, algorithms, context)?;
        return Ok((manifest, set, Taken::default()));
    };
    let set = FileSet::walk(path, walk)?;
    let bar = Bar::new(context)?;
    let options = DigestOptions {
        progress: &bar,
        ..DigestOptions::new(algorithms)
    };
    let read = Manifest::of_files_cached(&set, &options, &mut open.cache, open.began);
    drop(bar);
    let (manifest, taken) = read?;
    open.cache.save()?;
    Ok((manifest, set, taken))
}

/// The same, but files that have not changed since a previous statement are not read.
pub(super) fn read_model_reusing(
    path: &Path,
    walk: &WalkOptions,
    algorithms: &[Algorithm],
    previous: Option<&Previous>,
    context: &Context,
) -> Result<(Manifest, FileSet, Option<Taken>), Error> {
    let Some(previous) = previous else {
        let (manifest, set) = read_model(path, walk, algorithms, context)?;
        return Ok((manifest, set, None));
    };
    let set = FileSet::walk(path, walk)?;
    let bar = Bar::new(context)?;
    let options = DigestOptions {
        progress: &bar,
        ..DigestOptions::new(algorithms)
    };
    let read = Manifest::of_files_reusing(&set, &options, previous);
    drop(bar);
    let (manifest, taken) = read?;
    Ok((manifest, set, Some(taken)))
}

/// A path as it is meant from the working directory.
pub(super) fn place(path: &Path, context: &Context) -> PathBuf {
    context.settings.environment().directory().join(path)
}

/// Appends a record about a model to the ledger, in a run of its own.
pub(super) fn append(kind: &str, body: Object, context: &Context) -> Result<(), Error> {
    let ledger = context.open(Access::Append)?;
    let producer = ledger.producer()?;
    let appended = producer.append(Draft::new(kind, body));
    let stopped = producer.stop();
    appended?;
    stopped?;
    Ok(())
}

/// What is there and not covered, for people.
pub(super) fn show_uncovered(set: &FileSet, context: &mut Context) -> Result<(), Error> {
    for Ignored { path, files } in set.ignored() {
        let files = count(*files, "file", "files");
        let head = context.out.paint(Tone::Open, "not covered");
        let line = format!("{head}   {} ({files})", plain(path.as_str()));
        context.out.line(&line)?;
    }
    for path in set.hard_linked() {
        let head = context.out.paint(Tone::Open, "hard link");
        context
            .out
            .line(&format!("{head}     {}", plain(path.as_str())))?;
    }
    Ok(())
}

/// The same for machines.
pub(super) fn uncovered_value(set: &FileSet) -> Value {
    let ignored = set.ignored().iter().map(|found| {
        object([
            ("files", number(found.files)),
            ("path", found.path.as_str().into()),
        ])
    });
    Value::Array(ignored.collect())
}

/// Paths with several names, for machines.
pub(super) fn hard_links_value(set: &FileSet) -> Value {
    let paths = set
        .hard_linked()
        .iter()
        .map(|path| Value::from(path.as_str()));
    Value::Array(paths.collect())
}

/// Differences, one a line.
pub(super) fn show_changes(changes: &[Change], context: &mut Context) -> Result<(), Error> {
    for change in changes {
        context.out.line(&plain(&change.to_string()))?;
    }
    Ok(())
}
