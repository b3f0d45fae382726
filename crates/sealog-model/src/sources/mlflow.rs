//! Models of an `MLflow` server: artifacts of runs, logged models, versions of registered models.
//!
//! `MLflow` states no digest of anything. So a model is fetched, its sizes are held against the listing, and what
//! came is named by its own manifest: the next fetch of the same name can be held against that. A name becomes one
//! that does not move first: an alias or a stage becomes a version. **What is absent**: stores that the server does not
//! hand out itself, and files alone (a name stands for a directory).

mod name;

use std::path::Path;

use sealog_core::json::Value;

pub use name::MlflowName;

use super::fetch::{self, FetchOptions, Fetched, Part, Supply};
use super::http::{Client, HttpOptions, Request};
use super::limits::{DIRECTORIES_MAX, STEPS_MAX};
use super::listing::{Listing, RemoteFile, path, within};
use super::secret::Authorization;
use super::trouble::Trouble;
use super::url::{Url, encode, encode_path};
use crate::Error;
use crate::limits::FILES_MAX;

const API: &str = "/api/2.0/mlflow";
const PROXY: &str = "/api/2.0/mlflow-artifacts/artifacts";

/// Which server, and how it is asked.
#[derive(Debug, Clone)]
pub struct MlflowOptions {
    /// Its address.
    pub tracking: Url,
    /// What is shown to it, and to no other server.
    pub authorization: Option<Authorization>,
    /// How requests are made.
    pub http: HttpOptions,
}

/// A model of an `MLflow` server, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MlflowModel {
    server: String,
    uri: String,
    artifacts: String,
    /// The directory below the root that the server hands out.
    root: String,
}

impl MlflowModel {
    /// The server.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The name that does not move: a version, a logged model, a run and a path, a place of artifacts.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Where its artifacts lie on the server, as `mlflow-artifacts:/...`.
    pub fn artifacts(&self) -> &str {
        &self.artifacts
    }
}

/// An `MLflow` server.
#[derive(Debug)]
pub struct Mlflow {
    client: Client,
}

impl Mlflow {
    /// A server; nothing is asked yet.
    pub fn new(options: MlflowOptions) -> Result<Self, Error> {
        let client = Client::new(options.tracking, options.authorization, options.http)?;
        Ok(Self { client })
    }

    /// Finds out what a name stands for now, and where that lies.
    pub fn resolve(&self, asked: &MlflowName) -> Result<MlflowModel, Error> {
        let mut name = asked.clone();
        // The last of the names on the way that does not move.
        let mut fixed = None;
        for _ in 0..STEPS_MAX {
            let place = name.to_string();
            if !name.moves() {
                fixed.get_or_insert_with(|| place.clone());
            }
            name = match &name {
                MlflowName::Alias { name, alias } => self.alias(name, alias, &place)?,
                MlflowName::Stage { name, stage } => self.stage(name, stage, &place)?,
                MlflowName::Version { name, version } => self.version(name, version, &place)?,
                MlflowName::Logged { id } => self.logged(id, &place)?.1,
                MlflowName::Run { run, path } => self.run(run, path, &place)?,
                MlflowName::Artifacts { root, .. } => {
                    self.same_server(&name, &place)?;
                    return Ok(MlflowModel {
                        server: self.client.base().to_string(),
                        uri: fixed.unwrap_or(place.clone()),
                        artifacts: format!("mlflow-artifacts:/{root}"),
                        root: root.clone(),
                    });
                }
            };
        }
        let why = "the name leads from one to the next without end".into();
        Err(Trouble::Reply { why }.at(asked.to_string()))
    }

    fn ask(&self, path: &str, place: &str, what: &'static str) -> Result<Value, Error> {
        let url = self.client.url(path)?;
        let reply = self.client.send(&url, &Request::default())?;
        let here = |error| match error {
            Error::Source { trouble, .. } => (*trouble).at(place),
            other => other,
        };
        // An alias that is not there is an invalid parameter to it.
        if reply.status() == 400 {
            return Err(Trouble::Missing { what }.at(place));
        }
        reply.success(what).map_err(here)?.json()
    }

    fn alias(&self, name: &str, alias: &str, place: &str) -> Result<MlflowName, Error> {
        let query = format!("name={}&alias={}", encode(name), encode(alias));
        let path = format!("{API}/registered-models/alias?{query}");
        let reply = self.ask(&path, place, "the alias")?;
        version_of(reply.member("model_version"), name, place)
    }

    fn stage(&self, name: &str, stage: &str, place: &str) -> Result<MlflowName, Error> {
        let mut path = format!(
            "{API}/registered-models/get-latest-versions?name={}",
            encode(name)
        );
        if !stage.eq_ignore_ascii_case(name::LATEST) {
            path.push_str("&stages=");
            path.push_str(&encode(stage));
        }
        let reply = self.ask(&path, place, "the registered model")?;
        let versions = reply.member("model_versions").and_then(Value::as_array);
        let mut latest: Option<(u64, MlflowName)> = None;
        for version in versions.unwrap_or_default() {
            let named = version_of(Some(version), name, place)?;
            let number = match &named {
                MlflowName::Version { version, .. } => version.parse().unwrap_or(0),
                _ => 0,
            };
            if latest.as_ref().is_none_or(|(other, _)| *other < number) {
                latest = Some((number, named));
            }
        }
        let what = "a version in that stage";
        latest
            .map(|(_, named)| named)
            .ok_or_else(|| Trouble::Missing { what }.at(place))
    }

    fn version(&self, name: &str, version: &str, place: &str) -> Result<MlflowName, Error> {
        let query = format!("name={}&version={}", encode(name), encode(version));
        let path = format!("{API}/model-versions/get-download-uri?{query}");
        let reply = self.ask(&path, place, "the version")?;
        artifacts(reply.member("artifact_uri"), place)
    }

    /// A logged model: its name, and where its artifacts lie.
    fn logged(&self, id: &str, place: &str) -> Result<(String, MlflowName), Error> {
        let path = format!("{API}/logged-models/{}", encode(id));
        let reply = self.ask(&path, place, "the logged model")?;
        let info = reply.member("model").and_then(|model| model.member("info"));
        let text = |member| {
            info.and_then(|info| info.member(member))
                .and_then(Value::as_str)
        };
        if text("model_id") != Some(id) {
            let why = "it tells of another logged model".into();
            return Err(Trouble::Reply { why }.at(place));
        }
        let root = artifacts(info.and_then(|info| info.member("artifact_uri")), place)?;
        Ok((text("name").unwrap_or_default().to_owned(), root))
    }

    /// The artifacts of a run; where there are none at that path, the model that the run logged under it.
    fn run(&self, run: &str, path: &str, place: &str) -> Result<MlflowName, Error> {
        let query = format!("{API}/runs/get?run_id={}", encode(run));
        let reply = self.ask(&query, place, "the run")?;
        let found = reply.member("run");
        let info = found.and_then(|found| found.member("info"));
        let root = artifacts(info.and_then(|info| info.member("artifact_uri")), place)?;
        let MlflowName::Artifacts { root, .. } = &root else {
            return Ok(root);
        };
        self.same_server(&MlflowName::artifacts_at(root), place)?;
        let below = format!("{root}/{path}");
        if !self.directory(&below, place)?.is_empty() {
            return Ok(MlflowName::artifacts_at(&below));
        }
        let outputs = found.and_then(|found| found.member("outputs"));
        let models = outputs.and_then(|outputs| outputs.member("model_outputs"));
        let models = models.and_then(Value::as_array).unwrap_or_default();
        within("models of a run", models.len(), DIRECTORIES_MAX)?;
        let mut same = Vec::new();
        for model in models {
            let id = model.member("model_id").and_then(Value::as_str);
            let id = id.unwrap_or_default();
            let named =
                MlflowName::parse(&format!("models:/{id}")).map_err(|trouble| trouble.at(place))?;
            if self.logged(id, place)?.0 == path {
                same.push(named);
            }
        }
        match (same.pop(), same.is_empty()) {
            (Some(named), true) => Ok(named),
            (Some(_), false) => {
                let why =
                    "the run logged several models under this path: name one as models:/m-...";
                Err(Trouble::Name { why }.at(place))
            }
            (None, _) => Err(Trouble::Missing {
                what: "a directory of artifacts",
            }
            .at(place)),
        }
    }

    fn same_server(&self, name: &MlflowName, place: &str) -> Result<(), Error> {
        let MlflowName::Artifacts {
            server: Some(server),
            ..
        } = name
        else {
            return Ok(());
        };
        let base = self.client.base();
        let scheme = if base.is_https() { "https" } else { "http" };
        let other = Url::parse(&format!("{scheme}://{server}"));
        if other.is_ok_and(|other| other.same_server(base)) {
            return Ok(());
        }
        let store = "mlflow-artifacts on another server".into();
        Err(Trouble::NotProxied { store }.at(place))
    }

    /// What lies in a directory that the server hands out: name, and size of a file.
    fn directory(&self, root: &str, place: &str) -> Result<Vec<(String, Option<u64>)>, Error> {
        let reply = self.ask(
            &format!("{PROXY}?path={}", encode(root)),
            place,
            "the artifacts",
        )?;
        let bad = |why: &str| Trouble::Reply { why: why.into() }.at(place);
        let files = match reply.member("files") {
            None if reply.as_object().is_some() => return Ok(Vec::new()),
            files => files.and_then(Value::as_array),
        };
        let files = files.ok_or_else(|| bad("its list of artifacts is no array"))?;
        let read = |file: &Value| {
            let name = file.member("path").and_then(Value::as_str);
            let name = name.ok_or_else(|| bad("an artifact has no path"))?;
            if name.contains('/') {
                return Err(bad(
                    "an artifact lies in another directory than the one that was asked for",
                ));
            }
            path(name)?;
            if file.member("is_dir").and_then(Value::as_bool) == Some(true) {
                return Ok((name.to_owned(), None));
            }
            // Numbers of 64 bits are texts to some writers of JSON.
            let size = file.member("file_size");
            let text = size
                .and_then(Value::as_str)
                .and_then(|text| text.parse().ok());
            let size = match size {
                // Protobuf's writers leave out what has its default value: the size of an empty file.
                None => Some(0),
                Some(value) => value.as_u64().or(text),
            };
            let size = size.ok_or_else(|| bad("the size of an artifact is no number"))?;
            Ok((name.to_owned(), Some(size)))
        };
        files.iter().map(read).collect()
    }

    /// Every file of a model with its size. There are no digests.
    pub fn list(&self, model: &MlflowModel) -> Result<Listing, Error> {
        let mut open = vec![String::new()];
        let mut files = Vec::new();
        let mut asked = 0;
        while let Some(prefix) = open.pop() {
            asked += 1;
            within(
                "directories of the artifacts",
                asked + open.len(),
                DIRECTORIES_MAX,
            )?;
            let root = format!("{}/{prefix}", model.root);
            for (name, size) in self.directory(root.trim_matches('/'), &model.uri)? {
                let below = format!("{prefix}{name}");
                let path = path(&below)?;
                let Some(size) = size else {
                    within(
                        "directories below each other",
                        below.matches('/').count(),
                        crate::limits::DEPTH_MAX,
                    )?;
                    open.push(format!("{below}/"));
                    continue;
                };
                within("files of the model", files.len() + 1, FILES_MAX)?;
                let digest = None;
                files.push(RemoteFile { path, size, digest });
            }
        }
        Listing::new(&model.uri, files)
    }

    /// Fetches a model to `to`, where nothing may be. Sizes are held against the listing; nothing else can be.
    pub fn fetch(
        &self,
        model: &MlflowModel,
        listing: &Listing,
        to: &Path,
        options: &FetchOptions<'_>,
    ) -> Result<Fetched, Error> {
        fetch::fetch(
            listing,
            &Download {
                server: self,
                model,
            },
            to,
            options,
        )
    }
}

/// A version in a reply, which has to be of the model that was asked for.
fn version_of(value: Option<&Value>, name: &str, place: &str) -> Result<MlflowName, Error> {
    let bad = |why: &str| Trouble::Reply { why: why.into() }.at(place);
    let text = |member| {
        value
            .and_then(|value| value.member(member))
            .and_then(Value::as_str)
    };
    if text("name") != Some(name) {
        return Err(bad("it tells of another registered model"));
    }
    let version = text("version").filter(|version| name::is_version(version));
    let version = version.ok_or_else(|| bad("it states no version"))?;
    Ok(MlflowName::Version {
        name: name.to_owned(),
        version: version.to_owned(),
    })
}

/// Where artifacts lie, if the server hands them out or names another way there.
fn artifacts(value: Option<&Value>, place: &str) -> Result<MlflowName, Error> {
    let why = "it does not say where the artifacts lie";
    let text = value.and_then(Value::as_str);
    let text = text.ok_or_else(|| Trouble::Reply { why: why.into() }.at(place))?;
    if !MlflowName::is_claimed(text) {
        let scheme = text.split(':').next().unwrap_or_default();
        let store = scheme
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(20)
            .collect();
        return Err(Trouble::NotProxied { store }.at(place));
    }
    MlflowName::parse(text).map_err(|trouble| trouble.at(place))
}

struct Download<'a> {
    server: &'a Mlflow,
    model: &'a MlflowModel,
}

impl Supply for Download<'_> {
    fn key(&self) -> Option<&str> {
        None
    }

    fn place(&self) -> String {
        self.model.uri.clone()
    }

    fn open(&self, file: &RemoteFile, _: u64) -> Result<Part, Error> {
        let path = format!("{}/{}", self.model.root, file.path);
        let url = format!("{PROXY}/{}", encode_path(path.trim_start_matches('/')));
        let url = self.server.client.url(&url)?;
        let bytes = file.size;
        let reply = self.server.client.send(&url, &Request { from: 0, bytes })?;
        let reply = reply.success("the file")?;
        Ok(Part {
            start: reply.start(0)?,
            reader: Box::new(reply.into_reader()),
        })
    }
}
