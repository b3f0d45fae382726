//! What the variables of the hub's client and of `MLflow` say, as they are documented there.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sealog_model::sources::hub::ENDPOINT;
use sealog_model::sources::limits::SECRET_BYTES_MAX;
use sealog_model::sources::{
    Authorization, HttpOptions, HubCache, HubOptions, MlflowOptions, Trouble, Url,
};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::Error;

fn text(name: &'static str, context: &Context) -> Result<Option<String>, Error> {
    let value = context.settings.environment().variable(name);
    let read = value.map(|value| {
        let text = value.to_str().map(str::to_owned);
        text.ok_or_else(|| Error::Argument {
            argument: name,
            problem: "it is not UTF-8".into(),
        })
    });
    read.transpose()
}

/// The value of a variable cannot be used; it is not shown.
fn bad(argument: &'static str, why: &str) -> Error {
    Error::Argument {
        argument,
        problem: why.to_owned(),
    }
}

fn url(argument: &'static str, text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|why| bad(argument, why))
}

fn http(context: &Context) -> Result<HttpOptions, Error> {
    Ok(HttpOptions {
        plain_http: context.settings.truth("plain_http")?,
        ..HttpOptions::default()
    })
}

/// `HF_HUB_OFFLINE` (or the older name): nothing is asked over the network.
pub(super) fn is_offline(context: &Context) -> Result<bool, Error> {
    for name in ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"] {
        let Some(value) = text(name, context)? else {
            continue;
        };
        match value.to_ascii_uppercase().as_str() {
            "1" | "ON" | "YES" | "TRUE" => return Ok(true),
            "0" | "OFF" | "NO" | "FALSE" => {}
            _ => return Err(bad(name, "it is neither true nor false")),
        }
    }
    Ok(false)
}

/// `HF_HOME`, else its place below the directory for caches.
fn home(context: &Context) -> Option<PathBuf> {
    let environment = context.settings.environment();
    let at = |name: &str| environment.variable(name).map(PathBuf::from);
    at("HF_HOME").or_else(|| {
        let caches = at("XDG_CACHE_HOME").or_else(|| Some(at("HOME")?.join(".cache")))?;
        Some(caches.join("huggingface"))
    })
}

/// `HF_HUB_CACHE`, else `hub` below the home.
pub(super) fn cache(context: &Context) -> Option<HubCache> {
    let set = context.settings.environment().variable("HF_HUB_CACHE");
    let path = set
        .map(PathBuf::from)
        .or_else(|| Some(home(context)?.join("hub")))?;
    Some(HubCache::new(
        context.settings.environment().directory().join(path),
    ))
}

pub(super) fn hub(context: &Context) -> Result<HubOptions, Error> {
    let endpoint = text("HF_ENDPOINT", context)?;
    let endpoint = url("HF_ENDPOINT", endpoint.as_deref().unwrap_or(ENDPOINT))?;
    Ok(HubOptions {
        endpoint,
        authorization: token(context)?,
        cache: cache(context),
        http: http(context)?,
    })
}

/// `HF_TOKEN`, else the file that `HF_TOKEN_PATH` names, else `token` below the home.
fn token(context: &Context) -> Result<Option<Authorization>, Error> {
    let refused = |trouble: Trouble| bad("HF_TOKEN", &trouble.to_string());
    if let Some(token) = text("HF_TOKEN", context)?.map(Zeroizing::new) {
        return Authorization::bearer(&token).map(Some).map_err(refused);
    }
    let environment = context.settings.environment();
    let named = environment.variable("HF_TOKEN_PATH").map(PathBuf::from);
    let Some(path) = named.or_else(|| Some(home(context)?.join("token"))) else {
        return Ok(None);
    };
    let path = environment.directory().join(path);
    let Some(token) = read(&path)? else {
        return Ok(None);
    };
    if token.trim().is_empty() {
        return Ok(None);
    }
    Authorization::bearer(&token).map(Some).map_err(refused)
}

fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    let failed = |source| Error::Io {
        action: "read the token from",
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut token = Zeroizing::new(String::new());
    let limit = u64::try_from(SECRET_BYTES_MAX).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(2))
        .read_to_string(&mut token)
        .map_err(failed)?;
    Ok(Some(token))
}

pub(super) fn mlflow(context: &Context) -> Result<MlflowOptions, Error> {
    let tracking = text("MLFLOW_TRACKING_URI", context)?;
    let tracking = tracking.ok_or_else(|| {
        let why = "it is not set: name the MLflow server, as http://127.0.0.1:5000 or https://...";
        bad("MLFLOW_TRACKING_URI", why)
    })?;
    let tracking = url("MLFLOW_TRACKING_URI", &tracking)?;
    let registry = text("MLFLOW_REGISTRY_URI", context)?;
    let registry = registry.map(|text| url("MLFLOW_REGISTRY_URI", &text));
    if registry
        .transpose()?
        .is_some_and(|registry| registry != tracking)
    {
        let why = "a registry on another server than MLFLOW_TRACKING_URI is not read";
        return Err(bad("MLFLOW_REGISTRY_URI", why));
    }
    let user = text("MLFLOW_TRACKING_USERNAME", context)?;
    let password = text("MLFLOW_TRACKING_PASSWORD", context)?.map(Zeroizing::new);
    let token = text("MLFLOW_TRACKING_TOKEN", context)?.map(Zeroizing::new);
    let authorization = match (user, password, token) {
        (Some(user), Some(password), _) => Some(Authorization::basic(&user, &password)),
        (_, _, Some(token)) => Some(Authorization::bearer(&token)),
        _ => None,
    };
    let refused = |trouble: Trouble| bad("MLFLOW_TRACKING_TOKEN", &trouble.to_string());
    Ok(MlflowOptions {
        tracking,
        authorization: authorization.transpose().map_err(refused)?,
        http: http(context)?,
    })
}
