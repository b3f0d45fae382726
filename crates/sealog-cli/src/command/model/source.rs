//! Models that lie elsewhere, as arguments: `hf://...`, `models:/...`, `runs:/...`, `mlflow-artifacts:/...`.
//!
//! Every command over a model takes such a name in the place of a path. It is fetched first, whole and checked, into a
//! directory that goes when the command ends; the command then sees a directory. What the name stood for is part of
//! what the command prints.

mod environment;

use std::path::{Path, PathBuf};

use sealog_core::json::{Object, Value};
use sealog_model::sources::{
    FetchOptions, Fetched, Hub, HubModel, HubName, Listing, Mlflow, MlflowName, Trouble,
};
use tempfile::TempDir;

use super::files::Bar;
use crate::context::Context;
use crate::error::Error;
use crate::output::{complain, plain};

/// What a model is said to be on the command line.
pub(super) enum Named {
    Hub(HubName),
    Mlflow(MlflowName),
}

/// What a name stood for.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    asked: String,
    /// The name that does not move.
    pub(super) uri: String,
    /// The server, or the cache.
    place: String,
    /// What the model is called there, and which state of it this is.
    pub(super) name: String,
    pub(super) version: String,
    /// What the files were held against: `digests`, `sizes`.
    pub(super) checked: &'static str,
}

impl Origin {
    fn of_hub(asked: &HubName, model: &HubModel, place: String, checked: &'static str) -> Self {
        Self {
            asked: asked.to_string(),
            uri: model.uri(),
            place,
            name: model.id().to_owned(),
            version: model.commit().to_owned(),
            checked,
        }
    }

    pub(super) fn value(&self) -> Value {
        let mut value = Object::new();
        value.insert("asked", self.asked.as_str());
        value.insert("checked", self.checked);
        value.insert("from", self.place.as_str());
        value.insert("uri", self.uri.as_str());
        Value::Object(value)
    }

    pub(super) fn lines(&self) -> [String; 2] {
        let what = match self.checked {
            "digests" => "each file by the digest that is listed for it",
            _ => "sizes alone: no digest is stated there for every file",
        };
        [
            format!("source        {} from {}", self.uri, self.place),
            format!("held against  {what}"),
        ]
    }
}

/// A name, if the argument is one and no path.
pub(super) fn named(argument: &Path) -> Result<Option<Named>, Error> {
    let Some(text) = argument.to_str() else {
        return Ok(None);
    };
    let failed = |trouble: Trouble| {
        let place = text.to_owned();
        let trouble = Box::new(trouble);
        Error::Model(sealog_model::Error::Source { place, trouble })
    };
    if text.starts_with("hf://") {
        return Ok(Some(Named::Hub(HubName::parse(text).map_err(failed)?)));
    }
    if MlflowName::is_claimed(text) {
        return Ok(Some(Named::Mlflow(
            MlflowName::parse(text).map_err(failed)?,
        )));
    }
    Ok(None)
}

/// A model that was fetched for one command; dropping it removes it.
pub(super) struct Held {
    _place: TempDir,
}

/// Fetches what an argument names, if it names something elsewhere, and puts the path in its place.
pub(super) fn hold(
    argument: &mut PathBuf,
    context: &Context,
) -> Result<Option<(Held, Origin)>, Error> {
    let Some(named) = named(argument)? else {
        return Ok(None);
    };
    let place = TempDir::with_prefix("sealog-source-").map_err(|source| Error::Io {
        action: "make a directory in",
        path: std::env::temp_dir(),
        source,
    })?;
    let to = place.path().join(last(&named));
    let (fetched, origin) = fetch(&named, &to, None, context)?;
    fetched.path().clone_into(argument);
    Ok(Some((Held { _place: place }, origin)))
}

/// What the directory of a model is called: the last part of its name that is one.
fn last(named: &Named) -> String {
    let text = match named {
        Named::Hub(name) => name.id(),
        Named::Mlflow(MlflowName::Run { path, .. }) => path,
        Named::Mlflow(MlflowName::Artifacts { root, .. }) => root,
        Named::Mlflow(
            MlflowName::Version { name, .. }
            | MlflowName::Alias { name, .. }
            | MlflowName::Stage { name, .. },
        ) => name,
        Named::Mlflow(_) => "model",
    };
    let last = text.rsplit('/').next().unwrap_or_default();
    match last {
        "" | "." | ".." => "model".to_owned(),
        last => last.to_owned(),
    }
}

/// Prints where a model came from: for people before everything else, for machines as a member of what is printed.
/// Where the output has a form of others, it goes to standard error.
pub(super) fn tell(origin: &Origin, foreign: bool, context: &mut Context) -> Result<(), Error> {
    if foreign {
        for line in origin.lines() {
            complain(&plain(&format!("sealog: {line}")));
        }
        return Ok(());
    }
    if context.json() {
        context.out.add("source", origin.value());
        return Ok(());
    }
    for line in origin.lines() {
        context.out.line(&plain(&line))?;
    }
    Ok(())
}

/// Fetches a model to a place where nothing may be.
pub(super) fn fetch(
    named: &Named,
    to: &Path,
    bytes_max: Option<u64>,
    context: &Context,
) -> Result<(Fetched, Origin), Error> {
    match named {
        Named::Hub(name) if environment::is_offline(context)? => {
            let cache = environment::cache(context).ok_or_else(|| Error::Argument {
                argument: "HF_HUB_OFFLINE",
                problem: "no cache is known: set HF_HUB_CACHE or HOME".into(),
            })?;
            let snapshot = cache.snapshot(name)?;
            let fetched = snapshot.fetch(to, &options(bytes_max))?;
            let place = format!("the cache {}", cache.path().display());
            let checked = if fetched.without_digest() > 0 {
                "sizes"
            } else {
                "digests"
            };
            let origin = Origin::of_hub(name, snapshot.model(), place, checked);
            Ok((fetched, origin))
        }
        Named::Hub(name) => {
            let hub = Hub::new(environment::hub(context)?)?;
            let model = hub.resolve(name)?;
            let listing = hub.list(&model)?;
            let fetched = watched(&listing, bytes_max, context, |options| {
                hub.fetch(&model, &listing, to, options)
            })?;
            let place = model.endpoint().to_owned();
            let origin = Origin::of_hub(name, &model, place, "digests");
            Ok((fetched, origin))
        }
        Named::Mlflow(name) => {
            let server = Mlflow::new(environment::mlflow(context)?)?;
            let model = server.resolve(name)?;
            let listing = server.list(&model)?;
            let fetched = watched(&listing, bytes_max, context, |options| {
                server.fetch(&model, &listing, to, options)
            })?;
            let (called, version) = match MlflowName::parse(model.uri()) {
                Ok(MlflowName::Version { name, version }) => (name, version),
                _ => (last(named), model.uri().to_owned()),
            };
            let origin = Origin {
                asked: name.to_string(),
                uri: model.uri().to_owned(),
                place: model.server().to_owned(),
                name: called,
                version,
                checked: "sizes",
            };
            Ok((fetched, origin))
        }
    }
}

fn options(bytes_max: Option<u64>) -> FetchOptions<'static> {
    let default = FetchOptions::default();
    FetchOptions {
        bytes_max: bytes_max.unwrap_or(default.bytes_max),
        ..default
    }
}

/// Runs a fetch under a bar.
fn watched(
    listing: &Listing,
    bytes_max: Option<u64>,
    context: &Context,
    run: impl FnOnce(&FetchOptions<'_>) -> Result<Fetched, sealog_model::Error>,
) -> Result<Fetched, Error> {
    let bar = Bar(context.progress(listing.bytes())?);
    let fetched = run(&FetchOptions {
        progress: &bar,
        ..options(bytes_max)
    });
    bar.0.finish_and_clear();
    Ok(fetched?)
}

/// The hub and what a name stands for there, for a comparison.
pub(super) fn listed(name: &HubName, context: &Context) -> Result<(Listing, Origin), Error> {
    if environment::is_offline(context)? {
        return Err(Error::Argument {
            argument: "HF_HUB_OFFLINE",
            problem: "a hub's listing is not in the cache; `sealog model digest SNAPSHOT --links hub-cache` holds a snapshot against the names of its blobs".into(),
        });
    }
    let hub = Hub::new(environment::hub(context)?)?;
    let model = hub.resolve(name)?;
    let listing = hub.list(&model)?;
    let origin = Origin {
        asked: name.to_string(),
        uri: model.uri(),
        place: model.endpoint().to_owned(),
        name: model.id().to_owned(),
        version: model.commit().to_owned(),
        checked: "digests",
    };
    Ok((listing, origin))
}
