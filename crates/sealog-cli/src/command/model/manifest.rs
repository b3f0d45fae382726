//! `sealog model digest`, `manifest` and `diff`.

use std::path::{Path, PathBuf};

use sealog_core::json::{Object, Value};
use sealog_ledger::{Clock, SystemClock};
use sealog_model::digest::Taken;
use sealog_model::manifest::{Authorship, Change, Manifest, Previous, Statement, within_limit};
use sealog_model::walk::{FileSet, WalkOptions};

use super::files::{
    CacheArgs, WalkArgs, algorithms, changes_value, hard_links_value, insert_taken, inside, place,
    read, read_model, read_model_cached, read_model_reusing, show_changes, show_taken,
    show_uncovered, uncovered_value, write_new,
};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{count, number, object, plain};

/// The version of a model whose version nobody states.
pub(super) const UNSTATED: &str = "unstated";

/// Arguments of `digest`.
#[derive(Debug, clap::Args)]
pub struct DigestArgs {
    /// The model: a directory or a file
    pub(super) model: PathBuf,
    /// Digests of each file: sha256 (default), sha512, blake2b, blake3, git-sha1; several in one read
    #[arg(long, value_name = "NAME")]
    hash: Vec<String>,
    /// Print also the digests of each file
    #[arg(long)]
    files: bool,
    #[command(flatten)]
    walk: WalkArgs,
    #[command(flatten)]
    cache: CacheArgs,
}

/// What a manifest says besides its files.
#[derive(Debug, clap::Args)]
pub(super) struct StatementArgs {
    /// The model: a directory or a file
    pub(super) model: PathBuf,
    /// Write the manifest to this file, which may not exist
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Who makes it
    #[arg(long, value_name = "NAME")]
    created_by: String,
    /// The model's name [default: that of its directory]
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The model's version
    #[arg(
        long,
        id = "model_version",
        value_name = "VERSION",
        default_value = UNSTATED
    )]
    pub(super) version: String,
    /// Digests of each file: sha256 (default), sha512, blake2b, blake3, git-sha1; several in one read
    #[arg(long, value_name = "NAME")]
    hash: Vec<String>,
    #[command(flatten)]
    walk: WalkArgs,
}

/// Arguments of `manifest`.
#[derive(Debug, clap::Args)]
pub struct ManifestArgs {
    #[command(flatten)]
    pub(super) statement: StatementArgs,
}

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The older manifest
    old: PathBuf,
    /// The newer manifest, or the model
    new: PathBuf,
}

/// Prints the digest of a model.
pub(super) fn digest(args: &DigestArgs, context: &mut Context) -> Result<u8, Error> {
    let model = place(&args.model, context);
    let hashes = algorithms(&args.hash)?;
    let mut cache = args.cache.open(context)?;
    let walk = args.walk.options()?;
    let (manifest, set, taken) =
        read_model_cached(&model, &walk, &hashes, cache.as_mut(), context)?;
    if context.json() {
        let mut value = summary(&manifest, &set);
        insert_taken(taken, cache.as_ref(), &mut value);
        if args.files {
            let text = manifest.to_canonical();
            let read = Value::parse(&text).unwrap_or_default();
            value.insert("manifest", read);
        }
        context.out.json(&Value::Object(value))?;
        return Ok(exit::HOLDS);
    }
    show_summary(&manifest, &set, context)?;
    show_taken(taken, cache.as_ref(), context)?;
    if args.files {
        for file in manifest.files() {
            for (algorithm, _) in file.digests().iter() {
                let hex = file.digests().hex(algorithm).unwrap_or_default();
                let path = plain(file.path().as_str());
                context
                    .out
                    .line(&format!("{}:{hex}  {path}", algorithm.name()))?;
            }
        }
    }
    Ok(exit::HOLDS)
}

/// What a signer is given to sign.
pub(super) struct Stated {
    pub(super) statement: Statement,
    pub(super) set: FileSet,
    pub(super) walk: WalkOptions,
    /// What was not read, where that was allowed.
    pub(super) taken: Option<Taken>,
}

impl StatementArgs {
    /// The name, as it is signed.
    pub(super) fn name(&self, context: &Context) -> String {
        let model = place(&self.model, context);
        let own = || {
            model
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        self.name.clone().or_else(own).unwrap_or_default()
    }
}

/// Reads a model and states its manifest. Where a previous statement is brought, what has not changed since is not
/// read.
pub(super) fn state(
    args: &StatementArgs,
    previous: Option<&Previous>,
    context: &Context,
) -> Result<Stated, Error> {
    // From before anything is read, so that what changes while it is read counts as changed after the statement.
    let created_at = SystemClock.now().format_micros();
    let model = place(&args.model, context);
    let out = place(&args.out, context);
    let mut walk = args.walk.options()?;
    for file in [out.clone(), signature_path(&out)] {
        if let Some(path) = inside(&model, &file) {
            walk.ignore.add_own(path);
        }
    }
    if out.exists() {
        return Err(sealog_model::Error::Exists { path: out }.into());
    }
    let hashes = algorithms(&args.hash)?;
    let (manifest, set, taken) = read_model_reusing(&model, &walk, &hashes, previous, context)?;
    let authorship = Authorship {
        name: args.name.clone().unwrap_or_else(|| set.name().to_owned()),
        version: args.version.clone(),
        created_by: args.created_by.clone(),
        created_at,
    };
    let statement = Statement::new(authorship, manifest, &set)?;
    Ok(Stated {
        statement,
        set,
        walk,
        taken,
    })
}

/// The one place where the signature of a manifest is written and looked for.
pub(super) fn signature_path(manifest: &Path) -> PathBuf {
    let mut name = manifest.file_name().unwrap_or_default().to_os_string();
    name.push(sealog_model::sign::SIGNATURE_SUFFIX);
    manifest.with_file_name(name)
}

/// Writes the manifest of a model.
pub(super) fn manifest(args: &ManifestArgs, context: &mut Context) -> Result<u8, Error> {
    let Stated { statement, set, .. } = state(&args.statement, None, context)?;
    let out = place(&args.statement.out, context);
    let text = statement.to_canonical();
    within_limit(&text)?;
    write_new(&out, &text)?;
    if context.json() {
        let mut value = summary(statement.manifest(), &set);
        value.insert("file", out.display().to_string());
        context.out.json(&Value::Object(value))?;
        return Ok(exit::HOLDS);
    }
    show_summary(statement.manifest(), &set, context)?;
    let line = format!("written       {}", out.display());
    context.out.line(&plain(&line))?;
    Ok(exit::HOLDS)
}

/// Shows how two states of a model differ: status 1 if they do.
pub(super) fn diff(args: &DiffArgs, context: &mut Context) -> Result<u8, Error> {
    let old_path = place(&args.old, context);
    let old = Statement::parse(&read(&old_path)?)?;
    let new = place(&args.new, context);
    let changes = match newer_statement(&new)? {
        Some(newer) => old.manifest().diff(newer.manifest()),
        None => against_model(&old, &old_path, &new, context)?,
    };
    if context.json() {
        let value = object([("changes", changes_value(&changes))]);
        context.out.json(&value)?;
    } else if changes.is_empty() {
        context.out.line("no difference")?;
    } else {
        show_changes(&changes, context)?;
    }
    Ok(if changes.is_empty() {
        exit::HOLDS
    } else {
        exit::REFUTED
    })
}

/// The newer manifest, if the path is one and no model: a file that claims to be one has to be one.
fn newer_statement(path: &Path) -> Result<Option<Statement>, Error> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = read(path)?;
    let claims = Value::parse(&text).is_ok_and(|value| Statement::is_claimed(&value));
    if claims {
        return Ok(Some(Statement::parse(&text)?));
    }
    Ok(None)
}

fn against_model(
    old: &Statement,
    file: &Path,
    model: &Path,
    context: &Context,
) -> Result<Vec<Change>, Error> {
    let mut ignore = old.ignored().clone();
    for own in [file.to_owned(), signature_path(file)] {
        if let Some(path) = inside(model, &own) {
            ignore.add_own(path);
        }
    }
    let walk = WalkOptions {
        ignore,
        links: old.links(),
    };
    let (found, _) = read_model(model, &walk, old.manifest().algorithms(), context)?;
    Ok(old.manifest().diff(&found))
}

pub(super) fn summary(manifest: &Manifest, set: &FileSet) -> Object {
    let mut value = Object::new();
    value.insert("bytes", number(set.bytes()));
    let files = u64::try_from(manifest.files().len()).unwrap_or(u64::MAX);
    value.insert("files", number(files));
    value.insert("hard_links", hard_links_value(set));
    value.insert("ignored", uncovered_value(set));
    value.insert(
        "model_digest",
        format!("sha256:{}", manifest.model_digest()),
    );
    value
}

pub(super) fn show_summary(
    manifest: &Manifest,
    set: &FileSet,
    context: &mut Context,
) -> Result<(), Error> {
    let digest = manifest.model_digest();
    context
        .out
        .line(&format!("model digest  sha256:{digest}"))?;
    let files = u64::try_from(manifest.files().len()).unwrap_or(u64::MAX);
    let files = count(files, "file", "files");
    let bytes = count(set.bytes(), "byte", "bytes");
    context
        .out
        .line(&format!("covers        {files}, {bytes}"))?;
    show_uncovered(set, context)
}
