//! A hub of the tests' own, by the documented interface: info, tree with pages, resolve with redirects and ranges.

use std::sync::Arc;

use sealog_model::digest::{Algorithm, of_bytes};

use super::server::{Answer, Ask, Body};

pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A model on the hub.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub(crate) id: String,
    /// Path, content, and whether it is kept as a large file.
    pub(crate) files: Vec<(String, Vec<u8>, bool)>,
    /// Files on a page of the listing.
    pub(crate) page: usize,
    /// The token that is asked for.
    pub(crate) token: Option<String>,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let weights: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let file = |path: &str, content: &[u8], large| (path.to_owned(), content.to_vec(), large);
        Self {
            id: "acme/iris".into(),
            files: vec![
                file(".gitattributes", b"*.safetensors filter=lfs\n", false),
                file("README.md", b"# iris\n", false),
                file("config.json", b"{\"model_type\": \"iris\"}\n", false),
                file("empty.txt", b"", false),
                file("sub/a name + \u{fc}.txt", b"x", false),
                file("weights.safetensors", &weights, true),
            ],
            page: 2,
            token: None,
        }
    }

    pub(crate) fn content(&self, path: &str) -> &[u8] {
        let found = self.files.iter().find(|(other, _, _)| other == path);
        &found.unwrap().1
    }

    fn item((path, content, large): &(String, Vec<u8>, bool)) -> String {
        let digests = of_bytes(content, &[Algorithm::GitSha1, Algorithm::Sha256]);
        let hex = |algorithm| digests.hex(algorithm).unwrap();
        let (size, sha256) = (content.len(), hex(Algorithm::Sha256));
        let pointer = format!(
            "version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
        );
        let (oid, lfs) = if *large {
            let oid = of_bytes(pointer.as_bytes(), &[Algorithm::GitSha1]);
            let lfs = format!(
                r#","lfs":{{"oid":"{sha256}","size":{size},"pointerSize":{}}}"#,
                pointer.len()
            );
            (oid.hex(Algorithm::GitSha1).unwrap(), lfs)
        } else {
            (hex(Algorithm::GitSha1), String::new())
        };
        format!(r#"{{"type":"file","path":"{path}","size":{size},"oid":"{oid}"{lfs}}}"#)
    }

    /// The answer that the documentation describes.
    pub(crate) fn answer(&self, ask: &Ask, store: Option<&str>) -> Answer {
        let wanted = self.token.as_ref().map(|token| format!("Bearer {token}"));
        if wanted.is_some() && ask.header("authorization") != wanted.as_deref() {
            return Answer::new(401, "").with("x-error-code", "RepoNotFound");
        }
        let path = decode(ask.path());
        let api = format!("/api/models/{}", self.id);
        if let Some(rest) = path.strip_prefix(&api) {
            return self.api(rest, ask);
        }
        let short = self.id.rsplit('/').next().unwrap();
        if path == format!("/api/models/{short}") {
            return Answer::new(307, "").with("location", format!("/api/models/{}", self.id));
        }
        let resolve = format!("/{}/resolve/", self.id);
        let Some((revision, file)) = path
            .strip_prefix(&resolve)
            .and_then(|rest| rest.split_once('/'))
        else {
            return Answer::new(404, "").with("x-error-code", "RepoNotFound");
        };
        if ![COMMIT, "main"].contains(&revision) {
            return Answer::new(404, "").with("x-error-code", "RevisionNotFound");
        }
        let Some((_, content, large)) = self.files.iter().find(|(other, _, _)| other == file)
        else {
            return Answer::new(404, "").with("x-error-code", "EntryNotFound");
        };
        let digests = of_bytes(content, &[Algorithm::GitSha1, Algorithm::Sha256]);
        let hex = |algorithm| digests.hex(algorithm).unwrap();
        match store.filter(|_| *large) {
            Some(store) => Answer::redirect(format!(
                "{store}/blob/{}?signature=s3cret",
                hex(Algorithm::Sha256)
            ))
            .with("x-linked-etag", format!("\"{}\"", hex(Algorithm::Sha256)))
            .with("x-linked-size", content.len().to_string()),
            None => part(content, ask).with("etag", format!("\"{}\"", hex(Algorithm::GitSha1))),
        }
        .with("x-repo-commit", COMMIT)
    }

    fn api(&self, rest: &str, ask: &Ask) -> Answer {
        let tree = format!("/tree/{COMMIT}");
        if [
            "",
            "/revision/main",
            "/revision/refs/pr/1",
            &format!("/revision/{COMMIT}"),
        ]
        .contains(&rest)
        {
            let siblings: Vec<String> = self
                .files
                .iter()
                .map(|(path, _, _)| format!(r#"{{"rfilename":"{path}"}}"#))
                .collect();
            let id = &self.id;
            return Answer::new(
                200,
                format!(
                    r#"{{"_id":"1","id":"{id}","modelId":"{id}","sha":"{COMMIT}","private":false,"tags":[],"downloads":1,"siblings":[{}]}}"#,
                    siblings.join(",")
                ),
            )
            .with("content-type", "application/json");
        }
        if rest != tree && rest != "/tree/main" {
            return Answer::new(404, "").with("x-error-code", "RevisionNotFound");
        }
        let query = ask.target.split('?').nth(1).unwrap_or_default();
        let cursor = query
            .split('&')
            .find_map(|part| part.strip_prefix("cursor="));
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let mut items: Vec<String> = self
            .files
            .iter()
            .skip(from)
            .take(self.page)
            .map(Self::item)
            .collect();
        if from == 0 {
            items.push(format!(
                r#"{{"type":"directory","path":"sub","size":0,"oid":"{COMMIT}"}}"#
            ));
        }
        let mut answer = Answer::new(200, format!("[{}]", items.join(",")))
            .with("content-type", "application/json");
        let next = from + self.page;
        if next < self.files.len() {
            let host = ask.header("host").unwrap();
            let path = ask.path();
            let link = format!("<http://{host}{path}?recursive=true&cursor={next}>; rel=\"next\"");
            answer = answer.with("link", link);
        }
        answer
    }
}

/// A content, or what is asked for of it.
pub(crate) fn part(content: &[u8], ask: &Ask) -> Answer {
    match ask.from() {
        Some(from) if from >= content.len() => Answer::new(416, ""),
        Some(from) => Answer::new(206, &content[from..]).with(
            "content-range",
            format!("bytes {from}-{}/{}", content.len() - 1, content.len()),
        ),
        None => Answer::new(200, content),
    }
}

/// A handler of a hub without faults.
pub(crate) fn faithful(
    repository: &Arc<Repository>,
    store: Option<String>,
) -> impl Fn(&Ask) -> Answer + Send + Sync + 'static {
    let repository = repository.clone();
    move |ask| repository.answer(ask, store.as_deref())
}

/// The store behind the hub, which knows no token.
pub(crate) fn store(
    repository: &Arc<Repository>,
) -> impl Fn(&Ask) -> Answer + Send + Sync + 'static {
    let repository = repository.clone();
    move |ask| {
        let hex = ask
            .path()
            .strip_prefix("/blob/")
            .unwrap_or_default()
            .to_owned();
        let found = repository.files.iter().find(|(_, content, _)| {
            of_bytes(content, &[Algorithm::Sha256])
                .hex(Algorithm::Sha256)
                .unwrap()
                == hex
        });
        match found {
            Some((_, content, _)) if ask.target.ends_with("?signature=s3cret") => {
                part(content, ask)
            }
            _ => Answer::new(403, ""),
        }
    }
}

pub(crate) fn cut(content: &[u8], after: usize) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: Body::Cut(content[..after].to_vec(), content.len()),
    }
}

fn decode(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(&rest[..2]).unwrap();
            bytes.push(u8::from_str_radix(digits, 16).unwrap());
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}
