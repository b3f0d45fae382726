//! Models that lie elsewhere: on a hub, in the registry or the runs of an `MLflow` server. They become a directory
//! here, and everything else is done with that.
//!
//! What comes over a network is hostile until it was held against what names it: names are resolved to a commit or a
//! version first, listings are checked before anything is fetched, and files stand under their names only when they
//! have the digest that was listed. [`limits`] says how much, how often and how long. **What is absent**: uploads, and
//! any reading of the environment: the shells do that.

pub mod fetch;
mod http;
pub mod hub;
pub mod limits;
mod listing;
pub mod mlflow;
mod secret;
mod trouble;
mod url;

pub use fetch::{FetchOptions, Fetched};
pub use http::HttpOptions;
pub use hub::{Hub, HubCache, HubModel, HubName, HubOptions};
pub use listing::{Listing, RemoteFile};
pub use mlflow::{Mlflow, MlflowModel, MlflowName, MlflowOptions};
pub use secret::Authorization;
pub use trouble::Trouble;
pub use url::Url;
