//! Models on a hub that speaks the interface of the Hugging Face Hub.
//!
//! A name becomes a canonical name and a commit first, and everything after that is asked of the commit alone. The hub
//! lists a digest of each file: SHA-256 of those that it keeps as large files, git's SHA-1 of the others. So a
//! directory can be held against it without a download, and a download against its listing. **What is absent**: data
//! sets and spaces, uploads, and the hub's own transfer protocol (files come by plain HTTP, which every hub speaks).

mod cache;
mod name;
mod tree;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

pub use cache::HubCache;
pub use name::HubName;

use super::fetch::{self, FetchOptions, Fetched, Part, Supply};
use super::http::{Client, HttpOptions, Reply, Request};
use super::limits::PAGES_MAX;
use super::listing::{Listing, RemoteFile, within};
use super::secret::Authorization;
use super::trouble::Trouble;
use super::url::{Url, encode, encode_path};
use crate::Error;

/// The hub that is meant where nothing else is said.
pub const ENDPOINT: &str = "https://huggingface.co";

/// Which hub, and how it is asked.
#[derive(Debug, Clone)]
pub struct HubOptions {
    /// Its address, [`ENDPOINT`] for one.
    pub endpoint: Url,
    /// What is shown to it, and to no other server.
    pub authorization: Option<Authorization>,
    /// Where its own client keeps files, if that is to be looked at.
    pub cache: Option<HubCache>,
    /// How requests are made.
    pub http: HttpOptions,
}

/// A model of a hub, as a commit of its canonical name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubModel {
    pub(super) endpoint: String,
    pub(super) id: String,
    pub(super) commit: String,
}

impl HubModel {
    /// The hub.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The canonical name, `org/name` for most.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The commit, 40 hex digits.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// The name that stands for these very files.
    pub fn uri(&self) -> String {
        format!("hf://{}@{}", self.id, self.commit)
    }
}

/// A hub.
#[derive(Debug)]
pub struct Hub {
    client: Client,
    cache: Option<HubCache>,
}

impl Hub {
    /// A hub; nothing is asked yet.
    pub fn new(options: HubOptions) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(options.endpoint, options.authorization, options.http)?,
            cache: options.cache,
        })
    }

    /// Finds out what a name and a revision stand for now.
    pub fn resolve(&self, name: &HubName) -> Result<HubModel, Error> {
        let id = encode_path(name.id());
        let path = match name.revision() {
            Some(revision) => format!("/api/models/{id}/revision/{}", encode(revision)),
            None => format!("/api/models/{id}"),
        };
        let url = self.client.url(&path)?;
        let reply = self.client.send(&url, &Request::default())?;
        let place = name.to_string();
        let info = reply.success("the model").map_err(named(&place))?.json()?;
        let bad = |why: &str| Trouble::Reply { why: why.into() }.at(place.clone());
        let text = |member: &str| info.member(member).and_then(|value| value.as_str());
        let id = text("id").or_else(|| text("modelId"));
        let id = id.ok_or_else(|| bad("it states no id"))?;
        let canonical = HubName::of_id(id).map_err(|_| bad("its id is no name of a model"))?;
        let commit = text("sha").filter(|sha| name::is_commit(sha));
        let commit = commit.ok_or_else(|| bad("it states no commit"))?.to_owned();
        if let Some(asked) = name.revision().filter(|asked| name::is_commit(asked)) {
            same_commit(asked, &commit, &place)?;
        }
        Ok(HubModel {
            endpoint: self.client.base().to_string(),
            id: canonical.id().to_owned(),
            commit,
        })
    }

    /// Every file of a model with its size and digest.
    ///
    /// # Errors
    /// Besides those of requests: a page that is not understood, that leads to another server or back, more pages than
    /// [`PAGES_MAX`], and what [`Listing`] refuses.
    pub fn list(&self, model: &HubModel) -> Result<Listing, Error> {
        let place = model.uri();
        let id = encode_path(&model.id);
        let path = format!("/api/models/{id}/tree/{}?recursive=true", model.commit);
        let first = self.client.url(&path)?;
        let mut seen = HashSet::new();
        let mut next = Some(first.clone());
        let mut files = Vec::new();
        while let Some(url) = next {
            within("pages of the listing", seen.len() + 1, PAGES_MAX)?;
            let reply = self.client.send(&url, &Request::default())?;
            let reply = reply.success("the revision").map_err(named(&place))?;
            check_commit(&reply, model)?;
            next = tree::next_page(&reply, &first)?;
            let whole = url.whole();
            if next
                .as_ref()
                .is_some_and(|next| next.whole() == whole || seen.contains(&next.whole()))
            {
                let why = "a page of the listing leads back to an earlier one".into();
                return Err(Trouble::Reply { why }.at(place));
            }
            seen.insert(whole);
            tree::read(&reply.json()?, &place, &mut files)?;
        }
        Listing::new(&place, files)
    }

    /// Fetches a model to `to`, where nothing may be. Every file is held against its digest before it stands under its
    /// name. Files that the hub's own client keeps are taken from there, and checked like the others.
    pub fn fetch(
        &self,
        model: &HubModel,
        listing: &Listing,
        to: &Path,
        options: &FetchOptions<'_>,
    ) -> Result<Fetched, Error> {
        let supply = Download { hub: self, model };
        fetch::fetch(listing, &supply, to, options)
    }
}

/// Errors of a request, under the name that was asked for.
fn named(place: &str) -> impl FnOnce(Error) -> Error {
    let place = place.to_owned();
    move |error| match error {
        Error::Source { trouble, .. } => (*trouble).at(place),
        other => other,
    }
}

/// The hub says of which commit an answer is: it has to be the one that was asked for.
fn check_commit(reply: &Reply, model: &HubModel) -> Result<(), Error> {
    for found in reply.on_the_way("x-repo-commit") {
        same_commit(&model.commit, found, &model.uri())?;
    }
    Ok(())
}

fn same_commit(expected: &str, found: &str, place: &str) -> Result<(), Error> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (expected.to_owned(), found.chars().take(80).collect());
    Err(Trouble::Commit { expected, found }.at(place))
}

struct Download<'a> {
    hub: &'a Hub,
    model: &'a HubModel,
}

impl Supply for Download<'_> {
    fn key(&self) -> Option<&str> {
        Some(&self.model.commit)
    }

    fn place(&self) -> String {
        self.model.uri()
    }

    fn open(&self, file: &RemoteFile, from: u64) -> Result<Part, Error> {
        let id = encode_path(&self.model.id);
        let commit = &self.model.commit;
        let path = format!("/{id}/resolve/{commit}/{}", encode_path(file.path.as_str()));
        let url = self.hub.client.url(&path)?;
        let request = Request {
            from,
            bytes: file.size.saturating_sub(from),
        };
        let mut reply = self.hub.client.send(&url, &request)?;
        if reply.status() == 416 {
            // There is nothing from there on, it says: then all of it.
            let request = Request {
                from: 0,
                bytes: file.size,
            };
            reply = self.hub.client.send(&url, &request)?;
        }
        let reply = reply.success("the file").map_err(named(&self.place()))?;
        check_commit(&reply, self.model)?;
        let start = reply.start(from)?;
        Ok(Part {
            start,
            reader: Box::new(reply.into_reader()),
        })
    }

    fn local(&self, file: &RemoteFile) -> Option<PathBuf> {
        let cache = self.hub.cache.as_ref()?;
        Some(cache.blob(&self.model.id, &file.hex()?))
    }
}
