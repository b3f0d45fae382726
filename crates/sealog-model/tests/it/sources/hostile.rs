//! What a hub may not do: each answer with the reason that it is refused for, and nothing under the model's name.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sealog_core::ErrorKind;
use sealog_model::sources::{HubName, limits};

use super::hub::{COMMIT, Repository};
use super::server::{Answer, Ask, Body, Server};
use super::{Scene, faulty};

fn is_info(ask: &Ask) -> bool {
    ask.path() == "/api/models/acme/iris"
}

fn is_tree(ask: &Ask) -> bool {
    ask.path().contains("/tree/")
}

fn is_readme(ask: &Ask) -> bool {
    ask.path().ends_with("/README.md")
}

/// A hub whose listing is this text.
fn listing(text: &str) -> Scene {
    let text = text.to_owned();
    faulty(move |ask, _| is_tree(ask).then(|| Answer::new(200, text.as_bytes())))
}

#[test]
fn statuses_say_what_to_do() {
    for (status, code, reason, kind) in [
        (401, "", "source_unauthorized", ErrorKind::Refused),
        (403, "GatedRepo", "source_gated", ErrorKind::Refused),
        (403, "", "source_forbidden", ErrorKind::Refused),
        (
            404,
            "RepoNotFound",
            "source_not_found",
            ErrorKind::Unavailable,
        ),
        (418, "", "source_status", ErrorKind::Unavailable),
        (429, "", "source_throttled", ErrorKind::Unavailable),
        (500, "", "source_status", ErrorKind::Unavailable),
        (503, "", "source_status", ErrorKind::Unavailable),
    ] {
        let scene = Scene::new(move |_| Answer::new(status, "").with("x-error-code", code));
        let refused = scene.fetch("hf://acme/iris").unwrap_err();
        assert_eq!((refused.code(), refused.kind()), (reason, kind), "{status}");
        let message = refused.to_string();
        assert!(
            message.contains(&status.to_string()) && !message.contains("t0ken"),
            "{message}"
        );
        let tries = if status >= 429 { 4 } else { 1 };
        assert_eq!(scene.server.asks().len(), tries, "{status}");
    }
}

#[test]
fn a_passing_refusal_is_tried_again() {
    let times = AtomicUsize::new(0);
    let scene = faulty(move |_, _| match times.fetch_add(1, Ordering::SeqCst) {
        0 => Some(Answer::new(429, "").with("retry-after", "7")),
        1 => Some(Answer::new(503, "")),
        2 => Some(Answer::new(500, "")),
        _ => None,
    });
    scene.fetch("hf://acme/iris").unwrap();
}

#[test]
fn a_server_that_asks_for_a_long_wait_is_not_waited_for() {
    let seconds = limits::RETRY_TIME_MAX + Duration::from_secs(1);
    let text = seconds.as_secs().to_string();
    let scene = Scene::new(move |_| Answer::new(429, "").with("retry-after", text.as_str()));
    let refused = scene.fetch("hf://acme/iris").unwrap_err();
    assert!(refused.to_string().contains("wait 61 seconds"), "{refused}");
    assert_eq!(scene.server.asks().len(), 1);
}

#[test]
fn an_unreachable_hub_is_no_verdict() {
    let scene = faulty(|_, _| None);
    let name = HubName::parse("hf://acme/iris").unwrap();
    let Scene { hub, server, .. } = scene;
    drop(server);
    let refused = hub.resolve(&name).unwrap_err();
    assert_eq!(
        (refused.code(), refused.kind()),
        ("source_unreachable", ErrorKind::Unavailable)
    );
}

#[test]
fn redirects_end_and_stay_where_they_may() {
    for (to, what) in [
        ("/api/models/acme/iris", "too many redirects"),
        ("http://hub.example/", "plain http"),
        ("ftp://127.0.0.1/", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("http://user@127.0.0.1/", "a user"),
        ("elsewhere", "no scheme"),
    ] {
        let scene = faulty(move |ask, _| is_info(ask).then(|| Answer::redirect(to)));
        let refused = scene.fetch("hf://acme/iris").unwrap_err();
        assert_eq!(refused.code(), "source_redirect", "{to}");
        assert!(refused.to_string().contains(what), "{refused}");
        assert!(scene.server.asks().len() <= limits::REDIRECTS_MAX + 1);
    }
    let scene = faulty(|ask, _| is_info(ask).then(|| Answer::new(302, "")));
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "source_redirect"
    );
}

#[test]
fn as_many_redirects_as_are_allowed_are_gone() {
    for (hops, fits) in [
        (limits::REDIRECTS_MAX, true),
        (limits::REDIRECTS_MAX + 1, false),
    ] {
        let scene = faulty(move |ask, _| {
            let at: usize = ask
                .path()
                .strip_prefix("/hop/")
                .map_or(0, |at| at.parse().unwrap());
            let info = is_info(ask) || ask.path().starts_with("/hop/");
            let last = Answer::new(200, format!(r#"{{"id":"acme/iris","sha":"{COMMIT}"}}"#));
            info.then(|| {
                if at < hops {
                    Answer::redirect(format!("/hop/{}", at + 1))
                } else {
                    last
                }
            })
        });
        assert_eq!(scene.fetch("hf://acme/iris").is_ok(), fits, "{hops}");
    }
}

#[test]
fn a_token_does_not_follow_to_another_server_nor_back() {
    let hub = Arc::new(std::sync::OnceLock::<String>::new());
    let back = hub.clone();
    let other = Server::start(move |_| Answer::redirect(format!("{}/back", back.get().unwrap())));
    let away = other.url();
    let scene = faulty(move |ask, repository| match ask.path() {
        "/api/models/acme/iris" => Some(Answer::redirect(format!("{away}/x"))),
        "/back" => {
            let id = &repository.id;
            Some(Answer::new(
                200,
                format!(r#"{{"id":"{id}","sha":"{COMMIT}"}}"#),
            ))
        }
        _ => None,
    });
    hub.set(scene.server.url()).unwrap();
    scene.fetch("hf://acme/iris").unwrap();
    assert_eq!(other.asks().len(), 1);
    assert!(other.asks()[0].header("authorization").is_none());
    for ask in scene.server.asks() {
        assert_eq!(
            ask.header("authorization").is_some(),
            ask.path() != "/back",
            "{}",
            ask.target
        );
    }
}

#[test]
fn an_answer_that_is_not_understood_is_refused() {
    let short = r#"{"id":"acme/iris","sha":"abc"}"#;
    let deep = "[".repeat(100);
    for text in [
        "",
        "<html>",
        "{",
        "[]",
        "{}",
        "null",
        r#"{"id":"acme/iris"}"#,
        short,
        &deep,
        r#"{"id":"../..","sha":"0123456789abcdef0123456789abcdef01234567"}"#,
        r#"{"id":"a/b","id":"c/d","sha":"0123456789abcdef0123456789abcdef01234567"}"#,
    ] {
        let text = text.to_owned();
        let scene = faulty(move |ask, _| is_info(ask).then(|| Answer::new(200, text.as_bytes())));
        assert_eq!(
            scene.fetch("hf://acme/iris").unwrap_err().code(),
            "source_reply"
        );
    }
    let scene = faulty(|ask, _| {
        is_info(ask).then(|| Answer::new(200, "{}").with("content-encoding", "gzip"))
    });
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "source_reply"
    );
}

#[test]
fn another_commit_than_the_one_that_was_asked_for_is_refused() {
    let other = "f".repeat(40);
    let scene = faulty(|_, _| None);
    let name = HubName::parse(&format!("hf://acme/iris@{other}")).unwrap();
    assert_eq!(
        scene.hub.resolve(&name).unwrap_err().code(),
        "source_not_found"
    );
    let scene = faulty(|ask, repository| {
        let asked = ask.path().ends_with(&"f".repeat(40));
        let id = &repository.id;
        asked.then(|| Answer::new(200, format!(r#"{{"id":"{id}","sha":"{COMMIT}"}}"#)))
    });
    let refused = scene.hub.resolve(&name).unwrap_err();
    assert_eq!(
        (refused.code(), refused.kind()),
        ("source_commit", ErrorKind::Refuted)
    );
    let scene = faulty(|ask, _| {
        is_readme(ask).then(|| Answer::new(200, "# iris\n").with("x-repo-commit", "f".repeat(40)))
    });
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "source_commit"
    );
    assert!(scene.nothing_came());
}

#[test]
fn a_listing_that_no_directory_can_hold_is_refused_before_anything_is_fetched() {
    let oid = "a".repeat(40);
    let file = |path: &str| format!(r#"{{"type":"file","path":"{path}","size":1,"oid":"{oid}"}}"#);
    for (paths, code) in [
        (vec!["../evil"], "model_unfit"),
        (vec!["/etc/cron.d/evil"], "model_unfit"),
        (vec!["a/../../evil"], "model_unfit"),
        (vec!["C:/evil"], "model_unfit"),
        (vec!["a\\\\evil"], "model_unfit"),
        (vec!["a\\u0000b"], "model_unfit"),
        (vec!["a", "A"], "model_unfit"),
        (vec!["a", "a"], "source_reply"),
        (vec!["a", "a/b"], "source_reply"),
        (vec![], "model_empty"),
    ] {
        let items: Vec<String> = paths.iter().map(|path| file(path)).collect();
        let scene = listing(&format!("[{}]", items.join(",")));
        assert_eq!(
            scene.fetch("hf://acme/iris").unwrap_err().code(),
            code,
            "{paths:?}"
        );
        assert!(scene.server.gave_no_file());
        assert!(scene.nothing_came());
    }
}

#[test]
fn pages_that_lead_in_a_circle_or_away_are_refused() {
    for link in [
        "<{self}>",
        "<{self}&x=1>",
        "<http://hub.example/x>",
        "</other>",
        "<javascript:x>",
    ] {
        let scene = faulty(move |ask, repository| {
            is_tree(ask).then(|| {
                let link = link.replace("{self}", "/api/models/acme/iris/tree/0123456789abcdef0123456789abcdef01234567?recursive=true");
                repository.answer(ask, None).without("link").with("link", format!("{link}; rel=\"next\""))
            })
        });
        assert_eq!(
            scene.fetch("hf://acme/iris").unwrap_err().code(),
            "source_reply",
            "{link}"
        );
        assert!(scene.server.asks().len() < 5);
    }
}

#[test]
fn a_content_that_is_not_the_listed_one_never_stands_under_its_name() {
    let scene = faulty(|ask, _| is_readme(ask).then(|| Answer::new(200, "# evil\n")));
    let refused = scene.fetch("hf://acme/iris").unwrap_err();
    assert_eq!(
        (refused.code(), refused.kind()),
        ("source_content", ErrorKind::Refuted)
    );
    assert!(scene.nothing_came());
    assert!(
        !scene
            .place
            .path()
            .join(format!("model.sealog-fetch/model-{COMMIT}/README.md"))
            .exists()
    );
}

#[test]
fn bodies_without_end_are_cut_off() {
    let endless = |status| Answer {
        status,
        headers: Vec::new(),
        body: Body::Endless(vec![b' '; 65_536]),
    };
    let scene = faulty(move |ask, _| is_info(ask).then(|| endless(200)));
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "model_limit"
    );
    let scene = faulty(move |ask, _| is_readme(ask).then(|| endless(200)));
    let refused = scene.fetch("hf://acme/iris").unwrap_err();
    assert_eq!(
        (refused.code(), refused.kind()),
        ("source_too_long", ErrorKind::Refuted)
    );
    assert!(scene.nothing_came());
}

#[test]
fn a_file_that_always_ends_early_is_given_up() {
    let scene = faulty(|ask, repository| {
        let content = repository.content("README.md");
        is_readme(ask).then(|| Answer {
            status: 200,
            headers: Vec::new(),
            body: Body::Cut(content[..3].to_vec(), content.len()),
        })
    });
    let refused = scene.fetch("hf://acme/iris").unwrap_err();
    assert_eq!(
        (refused.code(), refused.kind()),
        ("source_too_short", ErrorKind::Unavailable)
    );
    // The head tells no lie here: the file is short, and no connection broke.
    let scene = faulty(|ask, _| is_readme(ask).then(|| Answer::new(200, "# i")));
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "source_too_short"
    );
    assert!(scene.nothing_came());
}

#[test]
fn another_part_than_the_one_that_was_asked_for_is_refused() {
    let times = AtomicUsize::new(0);
    let scene = faulty(move |ask, repository| {
        let large = ask.path().ends_with("/weights.safetensors");
        let content = repository.content("weights.safetensors");
        large.then(|| match times.fetch_add(1, Ordering::SeqCst) {
            0 => super::hub::cut(content, 1000),
            _ => {
                Answer::new(206, &content[500..]).with("content-range", "bytes 500-1199999/1200000")
            }
        })
    });
    assert_eq!(
        scene.fetch("hf://acme/iris").unwrap_err().code(),
        "source_reply"
    );
}

#[test]
fn a_signed_query_stays_out_of_messages() {
    let store = Server::start(|_| Answer::new(500, ""));
    let repository = Arc::new(Repository::new());
    let scene = Scene::new(super::hub::faithful(&repository, Some(store.url())));
    let refused = scene.fetch("hf://acme/iris").unwrap_err();
    assert!(
        !format!("{refused} {refused:?}").contains("s3cret"),
        "{refused:?}"
    );
}
