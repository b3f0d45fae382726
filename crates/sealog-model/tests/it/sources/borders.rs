//! Each limit of what comes over a network, at its value and one beyond.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sealog_core::ErrorKind;
use sealog_model::sources::{
    HttpOptions, Hub, HubCache, HubName, HubOptions, Mlflow, MlflowName, MlflowOptions, Url, limits,
};
use tempfile::TempDir;

use super::hub::{COMMIT, Repository};
use super::server::{Answer, Ask, Body, Server};
use super::{Scene, faulty};

fn is_info(ask: &Ask) -> bool {
    ask.path() == "/api/models/acme/iris"
}

fn is_tree(ask: &Ask) -> bool {
    ask.path().contains("/tree/")
}

fn is_weights(ask: &Ask) -> bool {
    ask.path().ends_with("/weights.safetensors")
}

/// Why a fetch failed; `""`: it did not.
fn code(scene: &Scene) -> &'static str {
    scene
        .fetch("hf://acme/iris")
        .err()
        .map_or("", |error| error.code())
}

#[test]
fn the_head_of_a_reply_has_so_many_bytes_and_one_with_more_is_told_and_not_asked_for_again() {
    for (len, expected) in [
        (limits::HEAD_BYTES_MAX, ""),
        (limits::HEAD_BYTES_MAX + 1, "model_limit"),
    ] {
        let scene = faulty(move |ask, repository| {
            let answer = is_info(ask).then(|| repository.answer(ask, None))?;
            let left = len - answer.head().len() - "x-padding: \r\n".len();
            Some(answer.with("x-padding", "x".repeat(left)))
        });
        let refused = scene.fetch("hf://acme/iris").err();
        let found = refused.as_ref().map_or("", |error| error.code());
        assert_eq!(found, expected, "{len}: {refused:?}");
        if let Some(refused) = refused {
            let message = refused.to_string();
            assert!(
                message.contains("bytes of the head of a reply"),
                "{message}"
            );
            assert_eq!(refused.kind(), ErrorKind::Malformed);
            assert_eq!(scene.server.asks().len(), 1);
        }
    }
}

#[test]
fn a_reply_that_is_read_whole_has_so_many_bytes() {
    for (len, expected) in [
        (limits::REPLY_BYTES_MAX, ""),
        (limits::REPLY_BYTES_MAX + 1, "model_limit"),
    ] {
        let scene = faulty(move |ask, repository| {
            let mut answer = is_info(ask).then(|| repository.answer(ask, None))?;
            if let Body::Whole(bytes) = &mut answer.body {
                bytes.resize(len, b' ');
            }
            Some(answer)
        });
        assert_eq!(code(&scene), expected, "{len}");
    }
}

#[test]
fn a_listing_has_so_many_pages() {
    let at = AtomicUsize::new(0);
    let scene = faulty(move |ask, _| {
        let page = at.fetch_add(1, Ordering::SeqCst) + 1;
        let next = format!("<{}?cursor={page}>; rel=\"next\"", ask.path());
        is_tree(ask).then(|| Answer::new(200, "[]").with("link", next))
    });
    let model = scene
        .hub
        .resolve(&HubName::parse("hf://acme/iris").unwrap());
    let refused = scene.hub.list(&model.unwrap()).unwrap_err();
    assert_eq!(refused.code(), "model_limit");
    // The last that is allowed was read, and the one behind it not asked for.
    let asked = scene
        .server
        .asks()
        .iter()
        .filter(|ask| is_tree(ask))
        .count();
    assert_eq!(asked, limits::PAGES_MAX);
}

#[test]
fn a_download_is_taken_up_so_often() {
    for (breaks, expected) in [
        (limits::RESUMES_MAX - 1, ""),
        (limits::RESUMES_MAX, "source_too_short"),
    ] {
        let at = Arc::new(AtomicUsize::new(0));
        let times = Arc::clone(&at);
        let scene = faulty(move |ask, repository| {
            let content = is_weights(ask).then(|| repository.content("weights.safetensors"))?;
            let time = times.fetch_add(1, Ordering::SeqCst);
            let from = ask.from().unwrap_or(0);
            if time >= usize::try_from(breaks).unwrap() {
                return None;
            }
            let piece = content[from..from + 1_000].to_vec();
            let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
            let answer = Answer {
                status: if from == 0 { 200 } else { 206 },
                headers: Vec::new(),
                body: Body::Cut(piece, content.len() - from),
            };
            Some(answer.with("content-range", range))
        });
        assert_eq!(code(&scene), expected, "{breaks}");
        let most = usize::try_from(limits::RESUMES_MAX).unwrap();
        assert_eq!(at.load(Ordering::SeqCst), most);
    }
}

#[test]
fn a_model_has_so_many_bytes_where_its_user_says_nothing() {
    for (size, fits) in [
        (limits::FETCH_BYTES_MAX, true),
        (limits::FETCH_BYTES_MAX + 1, false),
    ] {
        let oid = "0".repeat(40);
        let listing = format!(r#"[{{"type":"file","path":"w","size":{size},"oid":"{oid}"}}]"#);
        let scene =
            faulty(move |ask, _| is_tree(ask).then(|| Answer::new(200, listing.as_bytes())));
        let expected = if fits {
            "source_not_found"
        } else {
            "model_limit"
        };
        assert_eq!(code(&scene), expected, "{size}");
        assert_eq!(scene.server.gave_no_file(), !fits);
    }
}

fn mlflow(handler: impl Fn(&Ask) -> Answer + Send + Sync + 'static) -> (Server, Mlflow) {
    let server = Server::start(handler);
    let options = MlflowOptions {
        tracking: Url::parse(&server.url()).unwrap(),
        authorization: None,
        http: HttpOptions {
            wait: |_| {},
            ..HttpOptions::default()
        },
    };
    let client = Mlflow::new(options).unwrap();
    (server, client)
}

#[test]
fn a_name_leads_over_so_many_steps() {
    // The place itself is the last step.
    for (last, expected) in [
        (limits::STEPS_MAX - 1, None),
        (limits::STEPS_MAX, Some("source_reply")),
    ] {
        let (server, client) = mlflow(move |ask| {
            let version = ask.target.rsplit("version=").next().unwrap();
            let version: usize = version.parse().unwrap();
            let next = if version == last {
                "mlflow-artifacts:/place".to_owned()
            } else {
                format!("models:/m/{}", version + 1)
            };
            Answer::new(200, format!(r#"{{"artifact_uri": "{next}"}}"#))
        });
        let found = client.resolve(&MlflowName::parse("models:/m/1").unwrap());
        assert_eq!(found.err().map(|error| error.code()), expected, "{last}");
        assert_eq!(server.asks().len(), last);
    }
}

#[test]
fn so_many_directories_are_asked_for() {
    // The root is one of them.
    for (directories, expected) in [
        (limits::DIRECTORIES_MAX - 1, "source_status"),
        (limits::DIRECTORIES_MAX, "model_limit"),
    ] {
        let (server, client) = mlflow(move |ask| {
            if !ask.target.ends_with("path=root") {
                // The border was passed.
                return Answer::new(418, "");
            }
            let item = |at: usize| format!(r#"{{"path":"d{at}","is_dir":true}}"#);
            let items: Vec<String> = (0..directories).map(item).collect();
            Answer::new(200, format!(r#"{{"files":[{}]}}"#, items.join(",")))
        });
        let name = MlflowName::parse("mlflow-artifacts:/root").unwrap();
        let model = client.resolve(&name).unwrap();
        assert_eq!(
            client.list(&model).unwrap_err().code(),
            expected,
            "{directories}"
        );
        assert!(server.asks().len() <= 2);
    }
}

#[test]
fn a_server_that_falls_silent_is_left() {
    let silence = Duration::from_millis(300);
    let stalled = |body: Body| {
        let repository = Arc::new(Repository::new());
        let server = Server::start(move |ask| {
            if is_info(ask) {
                return Answer {
                    status: 200,
                    headers: Vec::new(),
                    body: body.clone(),
                };
            }
            repository.answer(ask, None)
        });
        let options = HubOptions {
            endpoint: Url::parse(&server.url()).unwrap(),
            authorization: None,
            cache: None,
            http: HttpOptions {
                silence_time: silence,
                retry_time: Duration::from_millis(1),
                wait: |_| {},
                ..HttpOptions::default()
            },
        };
        let hub = Hub::new(options).unwrap();
        let began = Instant::now();
        let refused = hub.resolve(&HubName::parse("hf://acme/iris").unwrap());
        let refused = refused.unwrap_err();
        assert_eq!(refused.code(), "source_unreachable", "{refused}");
        began.elapsed()
    };
    // A part of the body, and then nothing for longer than is waited for.
    let time = stalled(Body::Stalled(
        b"{\"id\":".to_vec(),
        100,
        Duration::from_secs(3),
    ));
    assert!(
        (silence..Duration::from_secs(3)).contains(&time),
        "{time:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_reference_of_the_cache_has_so_many_bytes_and_is_not_cut() {
    let place = TempDir::new().unwrap();
    let home = place.path().join("models--acme--iris");
    fs::create_dir_all(home.join("snapshots").join(COMMIT)).unwrap();
    fs::create_dir_all(home.join("refs")).unwrap();
    let cache = HubCache::new(place.path().to_owned());
    let of = |text: &[u8]| {
        fs::write(home.join("refs/main"), text).unwrap();
        let snapshot = cache.snapshot(&HubName::parse("hf://acme/iris").unwrap());
        snapshot.map(|snapshot| snapshot.model().commit().to_owned())
    };
    let padded = |len: usize| [COMMIT.as_bytes(), &vec![b'\n'; len - COMMIT.len()]].concat();
    assert_eq!(of(&padded(128)).unwrap(), COMMIT);
    // What stands behind the limit is no part of the reference, and is not left away either.
    let more = [padded(128), b"another".to_vec()].concat();
    for long in [padded(129), more] {
        let refused = of(&long).unwrap_err();
        assert_eq!(refused.code(), "model_malformed");
        assert!(
            refused.to_string().contains("longer than 128 bytes"),
            "{refused}"
        );
    }
    for none in [&b""[..], b"main", b"\xff", &[b'0'; 41]] {
        assert!(
            of(none)
                .unwrap_err()
                .to_string()
                .contains("holds no commit")
        );
    }
}
