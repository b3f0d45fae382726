//! `sealog model digest`, `manifest` and `diff`.

use std::path::PathBuf;

use sealog_core::json::{Object, Value};
use sealog_ledger::{Clock, SystemClock};
use sealog_model::digest::{Algorithm, DigestOptions, Taken};
use sealog_model::document::{inside, signature_path, write_new};
use sealog_model::manifest::{
    Authorship, Manifest, Previous, Statement, changes_json, differences, within_limit,
};
use sealog_model::sign::{hashtrace_manifest, metadata_path, mlsecops_triple};
use sealog_model::walk::{FileSet, WalkOptions};

use super::files::{
    Bar, CacheArgs, WalkArgs, algorithms, hard_links_value, insert_taken, place, read_model_cached,
    read_model_reusing, show_changes, show_taken, show_uncovered, uncovered_value,
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
    /// Which format: our own, or that of another tool (docs/formats/older-models.md)
    #[arg(long, value_enum, default_value_t = Wanted::Sealog)]
    format: Wanted,
}

/// The formats of manifests that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Wanted {
    /// Our own
    Sealog,
    /// `HashTraceAI`'s first form: paths and SHA-256, author and time
    Hashtrace,
    /// The hash file of mlsecops-integrity, and `model_metadata.json` beside it; of one pickle
    Mlsecops,
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

/// A model that was read, to be stated in some format.
pub(super) struct Listed {
    pub(super) manifest: Manifest,
    pub(super) set: FileSet,
    walk: WalkOptions,
    taken: Option<Taken>,
    /// By this machine's clock, from before anything was read: what changes meanwhile counts as changed after it.
    at: String,
    /// Where the manifest is to be written.
    out: PathBuf,
}

/// Reads a model. `own` are files besides the manifest and its signature that will be about it.
fn list(
    args: &StatementArgs,
    mut walk: WalkOptions,
    own: &[PathBuf],
    previous: Option<&Previous>,
    context: &Context,
) -> Result<Listed, Error> {
    let at = SystemClock.now().format_micros();
    let model = place(&args.model, context);
    let out = place(&args.out, context);
    let about = [out.clone(), signature_path(&out)];
    for file in about.iter().chain(own) {
        if let Some(path) = inside(&model, file) {
            walk.ignore.add_own(path);
        }
    }
    for file in [&out].into_iter().chain(own) {
        if file.exists() {
            return Err(sealog_model::Error::Exists { path: file.clone() }.into());
        }
    }
    let hashes = algorithms(&args.hash)?;
    let (manifest, set, taken) = read_model_reusing(&model, &walk, &hashes, previous, context)?;
    Ok(Listed {
        manifest,
        set,
        walk,
        taken,
        at,
        out,
    })
}

/// Reads a model and states its manifest. Where a previous statement is brought, what has not changed since is not
/// read.
pub(super) fn state(
    args: &StatementArgs,
    previous: Option<&Previous>,
    context: &Context,
) -> Result<Stated, Error> {
    let listed = list(args, args.walk.options()?, &[], previous, context)?;
    let Listed {
        manifest,
        set,
        walk,
        taken,
        at: created_at,
        ..
    } = listed;
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

/// Fails where something was asked for that an older format cannot state.
fn hold_older(args: &StatementArgs) -> Result<(), Error> {
    let cannot = |argument| Error::Argument {
        argument,
        problem: "this format cannot state it; write our own, which is --format sealog".into(),
    };
    if args.name.is_some() {
        return Err(cannot("--name"));
    }
    if args.version != UNSTATED {
        return Err(cannot("--version"));
    }
    if algorithms(&args.hash)? != [Algorithm::Sha256] {
        return Err(cannot("--hash"));
    }
    Ok(())
}

/// Reads a model and writes the text of `HashTraceAI`'s first form.
pub(super) fn state_hashtrace(
    args: &StatementArgs,
    context: &Context,
) -> Result<(Vec<u8>, Listed), Error> {
    hold_older(args)?;
    let stated = list(args, args.walk.named()?, &[], None, context)?;
    let Listed {
        manifest, set, at, ..
    } = &stated;
    let text = hashtrace_manifest(manifest, set, &args.created_by, at)?;
    Ok((text, stated))
}

/// Writes the hash and the metadata of a pickle.
fn write_triple(args: &StatementArgs, context: &Context) -> Result<(Listed, PathBuf), Error> {
    hold_older(args)?;
    let metadata = metadata_path(&place(&args.out, context));
    let own = [metadata.clone()];
    let stated = list(args, args.walk.named()?, &own, None, context)?;
    let (hash, text) = mlsecops_triple(&stated.manifest, &place(&args.model, context), &stated.at)?;
    write_new(&metadata, &text)?;
    write_new(&stated.out, &hash)?;
    Ok((stated, metadata))
}

/// Writes the manifest of a model.
pub(super) fn manifest(args: &ManifestArgs, context: &mut Context) -> Result<u8, Error> {
    let asked = &args.statement;
    let (manifest, set, out, beside) = match args.format {
        Wanted::Sealog => {
            let Stated { statement, set, .. } = state(asked, None, context)?;
            let out = place(&asked.out, context);
            let text = statement.to_canonical();
            within_limit(&text)?;
            write_new(&out, &text)?;
            (statement.manifest().clone(), set, out, None)
        }
        Wanted::Hashtrace => {
            let (text, stated) = state_hashtrace(asked, context)?;
            write_new(&stated.out, &text)?;
            (stated.manifest, stated.set, stated.out, None)
        }
        Wanted::Mlsecops => {
            let (stated, metadata) = write_triple(asked, context)?;
            (stated.manifest, stated.set, stated.out, Some(metadata))
        }
    };
    if context.json() {
        let mut value = summary(&manifest, &set);
        value.insert("file", out.display().to_string());
        if let Some(beside) = &beside {
            value.insert("metadata_file", beside.display().to_string());
        }
        context.out.json(&Value::Object(value))?;
        return Ok(exit::HOLDS);
    }
    show_summary(&manifest, &set, context)?;
    let line = format!("written       {}", out.display());
    context.out.line(&plain(&line))?;
    if let Some(beside) = beside {
        let line = format!("metadata      {}", beside.display());
        context.out.line(&plain(&line))?;
        let note = "note          this format does not say who wrote it: --created-by is not in it";
        context.out.line(note)?;
    }
    Ok(exit::HOLDS)
}

/// Shows how two states of a model differ: status 1 if they do.
pub(super) fn diff(args: &DiffArgs, context: &mut Context) -> Result<u8, Error> {
    let (old, new) = (place(&args.old, context), place(&args.new, context));
    let bar = Bar::new(context)?;
    let options = DigestOptions {
        progress: &bar,
        ..DigestOptions::new(&[])
    };
    let changes = differences(&old, &new, &options);
    drop(bar);
    let changes = changes?;
    if context.json() {
        let value = object([("changes", changes_json(&changes))]);
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
