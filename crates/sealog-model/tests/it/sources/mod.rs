//! Models that come over a network, from servers of the tests' own: as they should be, and as they should not.

mod borders;
mod fetch;
mod hostile;
mod hub;
mod server;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sealog_model::Error;
use sealog_model::sources::{
    Authorization, FetchOptions, Fetched, HttpOptions, Hub, HubCache, HubName, HubOptions, Url,
};
use tempfile::TempDir;

use hub::Repository;
use server::{Answer, Ask, Server};

/// A hub as its user sees it, and a place for what is fetched.
struct Scene {
    hub: Hub,
    server: Server,
    place: TempDir,
}

impl Scene {
    fn new(handler: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> Self {
        Self::with(handler, None)
    }

    fn with(
        handler: impl Fn(&Ask) -> Answer + Send + Sync + 'static,
        cache: Option<HubCache>,
    ) -> Self {
        let server = Server::start(handler);
        let options = HubOptions {
            endpoint: Url::parse(&server.url()).unwrap(),
            authorization: Some(Authorization::bearer("hf_t0ken").unwrap()),
            cache,
            http: HttpOptions {
                retry_time: Duration::from_millis(1),
                silence_time: Duration::from_secs(5),
                wait: |_| {},
                ..HttpOptions::default()
            },
        };
        Self {
            hub: Hub::new(options).unwrap(),
            server,
            place: TempDir::new().unwrap(),
        }
    }

    fn to(&self) -> PathBuf {
        self.place.path().join("model")
    }

    fn fetch(&self, name: &str) -> Result<Fetched, Error> {
        let name = HubName::parse(name).unwrap();
        let model = self.hub.resolve(&name)?;
        let listing = self.hub.list(&model)?;
        self.hub
            .fetch(&model, &listing, &self.to(), &FetchOptions::default())
    }

    /// Nothing stands under the model's name, whatever else is left.
    fn nothing_came(&self) -> bool {
        !self.to().exists()
    }
}

/// A hub without faults, but for what `fault` answers instead.
fn faulty(fault: impl Fn(&Ask, &Repository) -> Option<Answer> + Send + Sync + 'static) -> Scene {
    let repository = Arc::new(Repository::new());
    Scene::new(move |ask| fault(ask, &repository).unwrap_or_else(|| repository.answer(ask, None)))
}
