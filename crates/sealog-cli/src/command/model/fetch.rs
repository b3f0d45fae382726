//! `sealog model fetch` and `sealog model compare`: models that lie elsewhere.

use std::path::PathBuf;

use sealog_core::json::{Object, Value};
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::manifest::changes_json;
use sealog_model::sources::Listing;
use sealog_model::walk::{IgnoreRules, LinkPolicy};

use super::files::{Bar, place, show_changes};
use super::source::{self, Named, Origin, fetch as fetch_named, named};
use crate::context::Context;
use crate::error::Error;
use crate::exit;
use crate::output::{Tone, count, number, plain};

/// What the hub's client and git keep beside the files of a model.
const BESIDE: [&str; 2] = [".cache/huggingface", ".git"];

/// Arguments of `model fetch`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Names: hf://ORG/NAME and hf://NAME, with @REVISION or without; models:/NAME/VERSION,
models:/NAME@ALIAS, models:/NAME/STAGE, models:/m-ID, runs:/RUN/PATH, mlflow-artifacts:/PATH.
Which server is asked, and with which token: docs/configuration.md

Exit status: 0 all of it is there as it is listed; 1 what came is not what is listed; 2 not done.
The directory appears only with all of it in it. A fetch from a hub that broke off is taken up by the next.")]
pub struct FetchArgs {
    /// The model, by its name elsewhere
    #[arg(value_name = "URI")]
    uri: PathBuf,
    /// The directory that it becomes, which may not exist
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Refuse a model whose files have more bytes than this together
    #[arg(long, value_name = "BYTES")]
    bytes_max: Option<u64>,
}

/// Arguments of `model compare`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is downloaded but the listing: SHA-256 of large files, git's SHA-1 of the others.
Exit status: 0 the model is what the hub lists; 1 it differs; 2 it could not be decided.")]
pub struct CompareArgs {
    /// The model: a directory
    model: PathBuf,
    /// Its name on a hub: `hf://ORG/NAME`, with @REVISION or without
    #[arg(value_name = "URI")]
    uri: PathBuf,
    /// Leave out this path of the model and all below it; no patterns
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    /// Symbolic links: refuse, inside-root or hub-cache
    #[arg(long, value_name = "POLICY", default_value = "refuse")]
    links: String,
}

fn no_name(argument: &'static str, problem: &str) -> Error {
    Error::Argument {
        argument,
        problem: problem.into(),
    }
}

/// Fetches a model.
pub(super) fn fetch(args: &FetchArgs, context: &mut Context) -> Result<u8, Error> {
    let named = named(&args.uri)?;
    let named = named.ok_or_else(|| {
        no_name(
            "URI",
            "it is no hf://, models:/, runs:/ or mlflow-artifacts:/",
        )
    })?;
    let to = place(&args.to, context);
    let (fetched, origin) = fetch_named(&named, &to, args.bytes_max, context)?;
    let manifest = fetched.manifest();
    let sizes = manifest
        .files()
        .iter()
        .map(sealog_model::manifest::ManifestFile::size);
    let bytes = sizes.fold(0, u64::saturating_add);
    let files = u64::try_from(manifest.files().len()).unwrap_or(u64::MAX);
    let digest = format!("sha256:{}", manifest.model_digest());
    if context.json() {
        let mut value = Object::new();
        value.insert("bytes", number(bytes));
        value.insert("directory", to.display().to_string());
        value.insert("files", number(files));
        value.insert("model_digest", digest);
        value.insert("source", origin.value());
        value.insert("without_digest", number(fetched.without_digest()));
        context.out.json(&Value::Object(value))?;
        return Ok(exit::HOLDS);
    }
    source::tell(&origin, false, context)?;
    let covers = format!(
        "covers        {}, {}",
        count(files, "file", "files"),
        count(bytes, "byte", "bytes")
    );
    for line in [
        format!("model digest  {digest}"),
        covers,
        format!("written       {}", to.display()),
    ] {
        context.out.line(&plain(&line))?;
    }
    Ok(exit::HOLDS)
}

/// Holds a model against what a hub lists.
pub(super) fn compare(args: &CompareArgs, context: &mut Context) -> Result<u8, Error> {
    let Some(Named::Hub(name)) = named(&args.uri)? else {
        return Err(no_name("URI", "it is no hf://: only a hub lists digests"));
    };
    let mut ignore = IgnoreRules::none();
    let own = args.ignore.iter().map(String::as_str);
    for path in BESIDE.into_iter().chain(own) {
        ignore
            .add(path)
            .map_err(|reason| no_name("--ignore", &format!("{path}: {reason}")))?;
    }
    let links = LinkPolicy::from_name(&args.links);
    let links =
        links.ok_or_else(|| no_name("--links", "it is refuse, inside-root or hub-cache"))?;
    let model = place(&args.model, context);
    if !model.is_dir() {
        return Err(Error::Absent { path: model });
    }
    let (listing, origin) = source::listed(&name, context)?;
    let set = listing.closed_set(ignore, links);
    let set = set.ok_or_else(|| no_name("URI", "the hub lists a file without a digest"))?;
    let algorithms = [Algorithm::Sha256];
    let bar = Bar(context.progress(listing.bytes())?);
    let options = DigestOptions {
        progress: &bar,
        ..DigestOptions::new(&algorithms)
    };
    let checked = set.check(&model, &[], &options);
    bar.0.finish_and_clear();
    match checked {
        Ok((manifest, set)) => {
            let mut value = super::manifest::summary(&manifest, &set);
            value.insert("exit", u32::from(exit::HOLDS));
            value.insert("verdict", "holds");
            if context.json() {
                value.insert("source", origin.value());
                context.out.json(&Value::Object(value))?;
                return Ok(exit::HOLDS);
            }
            let word = context.out.paint(Tone::Good, "HOLDS");
            context
                .out
                .line(&format!("{word}         by the hub's listing"))?;
            source::tell(&origin, false, context)?;
            super::manifest::show_summary(&manifest, &set, context)?;
            Ok(exit::HOLDS)
        }
        Err(error) if error.kind() == sealog_core::ErrorKind::Refuted => {
            refuted(&error, &listing, &origin, context)
        }
        Err(error) => Err(error.into()),
    }
}

fn refuted(
    error: &sealog_model::Error,
    listing: &Listing,
    origin: &Origin,
    context: &mut Context,
) -> Result<u8, Error> {
    let message = error.to_string();
    if context.json() {
        let mut value = Object::new();
        value.insert("changes", changes_json(error.changes()));
        value.insert("exit", u32::from(exit::REFUTED));
        let files = u64::try_from(listing.files().len()).unwrap_or(u64::MAX);
        value.insert("listed", number(files));
        value.insert("message", message);
        value.insert("reason", error.code());
        value.insert("source", origin.value());
        value.insert("verdict", "refuted");
        context.out.json(&Value::Object(value))?;
        return Ok(exit::REFUTED);
    }
    let word = context.out.paint(Tone::Bad, "REFUTED");
    let line = format!("{word}  {} [{}]", plain(&message), error.code());
    context.out.line(&line)?;
    source::tell(origin, false, context)?;
    show_changes(error.changes(), context)?;
    Ok(exit::REFUTED)
}
