//! Models that lie elsewhere, as arguments of the command: a hub of the tests' own, and, in a stage of their own, the
//! hub's real client against it and a real `MLflow` server (`cargo xtask stage "models elsewhere"`).

#![allow(clippy::too_many_lines, reason = "tests, most of them tables of cases")]

#[path = "../../../sealog-model/tests/it/sources/hub.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of sealog-model, which use the rest"
)]
mod hub;
#[cfg(unix)]
mod real;
#[path = "../../../sealog-model/tests/it/sources/server.rs"]
#[allow(
    dead_code,
    reason = "shared with the tests of sealog-model, which use the rest"
)]
mod server;

use std::fs;
use std::process::{Command, Output};
use std::sync::Arc;

use crate::golden::World;
use hub::{COMMIT, Repository};
use server::{Answer, Server};

/// A hub that wants a token, and a world in which it is known.
struct Scene {
    world: World,
    server: Server,
    repository: Arc<Repository>,
}

impl Scene {
    fn new() -> Self {
        let mut repository = Repository::new();
        repository.token = Some("hf_t0ken".into());
        let repository = Arc::new(repository);
        Self {
            world: World::new(),
            server: Server::start(hub::faithful(&repository, None)),
            repository,
        }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.world.command();
        command.args(words).env("HF_ENDPOINT", self.server.url());
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words)
            .env("HF_TOKEN", "hf_t0ken")
            .output()
            .unwrap()
    }

    /// The model as a directory.
    fn write(&self, name: &str) {
        for (path, content, _) in &self.repository.files {
            let path = self.world.here().join(name).join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_model_is_fetched_and_what_its_name_stood_for_is_told() {
    let scene = Scene::new();
    let output = scene.run(&["model", "fetch", "hf://iris", "--to", "copy", "--json"]);
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    let source = format!(
        r#""source":{{"asked":"hf://iris","checked":"digests","from":"{}","uri":"hf://acme/iris@{COMMIT}"}}"#,
        scene.server.url()
    );
    assert!(text.contains(&source), "{text}");
    let digest = out(&scene.run(&["model", "digest", "copy", "--no-default-ignores"]));
    let named = digest.split_whitespace().nth(2).unwrap();
    assert!(text.contains(named), "{text} {digest}");
    let again = scene.run(&["model", "fetch", "hf://iris", "--to", "copy"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(err(&again).contains("[model_exists]"), "{}", err(&again));
}

#[test]
fn every_command_over_a_model_takes_a_name_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let temporary = scene.world.here().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let run = |words: &[&str]| {
        let mut command = scene.command(words);
        command
            .env("HF_TOKEN", "hf_t0ken")
            .env("TMPDIR", &temporary);
        let output = command.output().unwrap();
        assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "{words:?}");
        output
    };
    let uri = format!("hf://acme/iris@{COMMIT}");
    assert!(run(&["model", "key", "new", "k"]).status.success());
    let signed = run(&[
        "model",
        "sign",
        "hf://iris",
        "--key",
        "k",
        "--created-by",
        "jo",
        "--out",
        "iris.json",
    ]);
    assert!(signed.status.success(), "{}", err(&signed));
    // What is signed says which model, and which commit of it.
    let verify = [
        "model",
        "verify",
        &uri,
        "--manifest",
        "iris.json",
        "--key",
        "k.pub",
    ];
    let expected = ["--name", "acme/iris", "--version", COMMIT, "--json"];
    let verified = run(&[&verify[..], &expected[..]].concat());
    assert!(
        verified.status.success(),
        "{}{}",
        out(&verified),
        err(&verified)
    );
    assert!(
        out(&verified).contains(r#""asked":"hf://acme/iris@0123"#),
        "{}",
        out(&verified)
    );
    let gate = [
        "model",
        "gate",
        &uri,
        "--manifest",
        "iris.json",
        "--key",
        "k.pub",
    ];
    let gated = run(&[&gate[..], &["--", "cat", "{}/README.md"]].concat());
    // The weights of the test are no safetensors at all.
    assert_eq!(gated.status.code(), Some(2), "{}", out(&gated));
    for (words, code) in [
        (&["model", "digest", "hf://acme/iris@main"][..], 0),
        (&["model", "scan", "hf://acme/iris"], 2),
        (&["model", "inspect", "hf://acme/iris"], 2),
    ] {
        let output = run(words);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{words:?} {}{}",
            out(&output),
            err(&output)
        );
        assert!(out(&output).starts_with(&format!(
            "source        hf://acme/iris@{COMMIT} from http://"
        )));
    }
    // SARIF has a form of its own: where the model came from goes elsewhere.
    let sarif = run(&["model", "scan", "hf://acme/iris", "--format", "sarif"]);
    assert!(out(&sarif).starts_with('{') && err(&sarif).contains(COMMIT));
}

#[test]
fn a_directory_is_compared_with_the_hub_without_a_download() {
    let scene = Scene::new();
    scene.write("copy");
    fs::create_dir_all(scene.world.here().join("copy/.cache/huggingface/download")).unwrap();
    fs::write(
        scene
            .world
            .here()
            .join("copy/.cache/huggingface/download/x.metadata"),
        "x",
    )
    .unwrap();
    let words = ["model", "compare", "copy", "hf://acme/iris@main"];
    let output = scene.run(&words);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        out(&output),
        err(&output)
    );
    assert!(out(&output).starts_with("HOLDS"), "{}", out(&output));
    assert!(
        out(&output).contains("not covered   .cache/huggingface (1 file)"),
        "{}",
        out(&output)
    );
    assert!(scene.server.gave_no_file());
    fs::write(scene.world.here().join("copy/README.md"), "# IRIS\n").unwrap();
    fs::write(scene.world.here().join("copy/extra.py"), "x").unwrap();
    let output = scene.run(&[&words[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let text = out(&output);
    let changes = r#""changes":[{"change":"modified","path":"README.md"},{"change":"added","path":"extra.py"}]"#;
    assert!(
        text.contains(changes) && text.contains(r#""verdict":"refuted""#),
        "{text}"
    );
    for words in [
        ["model", "compare", "copy", "models:/iris/1"],
        ["model", "compare", "nothing", "hf://iris"],
    ] {
        assert_eq!(scene.run(&words).status.code(), Some(2));
    }
}

#[test]
fn a_token_comes_from_the_variable_or_a_file_and_is_in_no_message() {
    let scene = Scene::new();
    let words = ["model", "digest", "hf://acme/iris"];
    let refused = scene.command(&words).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("[source_unauthorized]") && err(&refused).contains("HF_TOKEN"));
    let home = scene.world.here();
    fs::write(home.join("token"), "hf_t0ken\n").unwrap();
    for (name, value) in [
        ("HF_TOKEN_PATH", home.join("token")),
        ("HF_HOME", home.clone()),
    ] {
        let output = scene.command(&words).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{name}: {}", err(&output));
    }
    let wrong = scene
        .command(&words)
        .env("HF_TOKEN", "hf_wr0ng")
        .output()
        .unwrap();
    let broken = scene
        .command(&words)
        .env("HF_TOKEN", "hf_wr0ng\u{1}")
        .output()
        .unwrap();
    for output in [wrong, broken] {
        assert_eq!(output.status.code(), Some(2));
        assert!(!err(&output).contains("wr0ng"), "{}", err(&output));
    }
}

#[test]
fn offline_nothing_is_asked_and_the_cache_is_verified() {
    let scene = Scene::new();
    let offline = |words: &[&str]| {
        let mut command = scene.command(words);
        command
            .env("HF_HUB_OFFLINE", "1")
            .env("HF_HUB_CACHE", "cache");
        command.output().unwrap()
    };
    let output = offline(&["model", "digest", "hf://acme/iris"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        err(&output).contains("[source_offline]"),
        "{}",
        err(&output)
    );
    let home = scene.world.here().join("cache/models--acme--iris");
    let snapshot = home.join("snapshots").join(COMMIT);
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(home.join("refs")).unwrap();
    fs::write(home.join("refs/main"), COMMIT).unwrap();
    // A cache without links: no name of a blob vouches for this file, and that is said.
    fs::write(snapshot.join("README.md"), "# iris\n").unwrap();
    let output = offline(&["model", "digest", "hf://acme/iris"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).contains("sizes alone"), "{}", out(&output));
    assert!(scene.server.asks().is_empty());
}

#[test]
fn names_and_servers_that_cannot_be_used_are_refused_with_what_to_do() {
    let scene = Scene::new();
    for (name, value, uri, reason) in [
        (
            "HF_ENDPOINT",
            "http://hub.example",
            "hf://acme/iris",
            "source_plain_http",
        ),
        ("HF_ENDPOINT", "hub.example", "hf://acme/iris", "argument"),
        ("HF_HUB_OFFLINE", "maybe", "hf://acme/iris", "argument"),
        ("X", "", "hf://datasets/acme/iris", "source_name"),
        ("X", "", "hf://acme/iris@", "source_name"),
        ("X", "", "models:/iris/1", "argument"),
        (
            "MLFLOW_TRACKING_URI",
            "http://127.0.0.1:1",
            "models:/iris",
            "source_name",
        ),
        (
            "MLFLOW_TRACKING_URI",
            "sqlite:///m.db",
            "models:/iris/1",
            "argument",
        ),
    ] {
        let words = ["model", "fetch", uri, "--to", "x"];
        let output = scene.command(&words).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{uri}");
        assert!(
            err(&output).contains(&format!("[{reason}]")),
            "{}",
            err(&output)
        );
    }
}

/// TLS with an authority of its own, by a server of `openssl`.
#[cfg(unix)]
#[test]
fn an_authority_that_the_system_does_not_know_is_refused_until_it_is_named() {
    let scene = Scene::new();
    let work = scene.world.here();
    let openssl = |words: &str| {
        let mut command = Command::new("openssl");
        command.args(words.split(' ')).current_dir(&work);
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command
    };
    let made = openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-authority",
    );
    let mut made = made;
    if !made.status().is_ok_and(|status| status.success()) {
        println!("skipped: TLS with an authority of its own: openssl cannot be run");
        return;
    }
    fs::write(work.join("ext"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    for words in [
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout s.key -out s.csr -subj /CN=server",
        "x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out s.pem",
    ] {
        assert!(openssl(words).status().unwrap().success());
    }
    // -WWW serves files: the answer is no JSON, which is enough to tell that TLS came about.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut server = openssl(&format!(
        "s_server -accept 127.0.0.1:{port} -cert s.pem -key s.key -WWW -quiet"
    ))
    .spawn()
    .unwrap();
    let run = |roots: &str| {
        let mut command = scene.world.command();
        command.args(["model", "fetch", "hf://acme/iris", "--to", "x"]);
        command
            .env("HF_ENDPOINT", format!("https://127.0.0.1:{port}"))
            .env("SSL_CERT_FILE", work.join(roots));
        err(&command.output().unwrap())
    };
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(server.try_wait().unwrap().is_none(), "the server ended");
    }
    let known = run("ca.pem");
    let other = openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout o.key -out other.pem -days 2 -subj /CN=other",
    )
    .status()
    .unwrap();
    assert!(other.success());
    let unknown = run("other.pem");
    let none = run("absent.pem");
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(
        known.contains("[source_reply]") || known.contains("[source_not_found]"),
        "{known}"
    );
    assert!(
        unknown.contains("[source_unreachable]") && unknown.contains("certificate"),
        "{unknown}"
    );
    assert!(none.contains("[source_setting]"), "{none}");
}

#[test]
fn mlflow_names_become_versions_and_their_sizes_are_held() {
    let served = Server::start(|ask| {
        let json = |text: &str| Answer::new(200, text).with("content-type", "application/json");
        match ask.target.as_str() {
            "/api/2.0/mlflow/registered-models/alias?name=iris&alias=champion" => {
                json(r#"{"model_version":{"name":"iris","version":"3"}}"#)
            }
            "/api/2.0/mlflow/registered-models/alias?name=iris&alias=other" => {
                json(r#"{"model_version":{"name":"rose","version":"3"}}"#)
            }
            "/api/2.0/mlflow/registered-models/alias?name=iris&alias=none" => {
                Answer::new(400, r#"{"error_code":"INVALID_PARAMETER_VALUE"}"#)
            }
            "/api/2.0/mlflow/model-versions/get-download-uri?name=iris&version=3" => {
                json(r#"{"artifact_uri":"models:/m-1"}"#)
            }
            "/api/2.0/mlflow/model-versions/get-download-uri?name=iris&version=4" => {
                json(r#"{"artifact_uri":"s3://bucket/secret-path"}"#)
            }
            "/api/2.0/mlflow/model-versions/get-download-uri?name=iris&version=5" => {
                json(r#"{"artifact_uri":"models:/iris/5"}"#)
            }
            "/api/2.0/mlflow/logged-models/m-1" => json(
                r#"{"model":{"info":{"model_id":"m-1","name":"model","artifact_uri":"mlflow-artifacts:/0/m"}}}"#,
            ),
            "/api/2.0/mlflow-artifacts/artifacts?path=0%2Fm" => json(
                r#"{"files":[{"path":"MLmodel","is_dir":false,"file_size":"4"},{"path":"d","is_dir":true},{"path":"none","is_dir":false}]}"#,
            ),
            "/api/2.0/mlflow-artifacts/artifacts?path=0%2Fm%2Fd" => {
                json(r#"{"files":[{"path":"x","is_dir":false,"file_size":1}]}"#)
            }
            "/api/2.0/mlflow-artifacts/artifacts?path=evil" => {
                json(r#"{"files":[{"path":"..","is_dir":true}]}"#)
            }
            "/api/2.0/mlflow-artifacts/artifacts?path=evil2" => {
                json(r#"{"files":[{"path":"a/../../b","is_dir":false,"file_size":1}]}"#)
            }
            "/api/2.0/mlflow-artifacts/artifacts?path=lies" => {
                json(r#"{"files":[{"path":"x","is_dir":false,"file_size":2}]}"#)
            }
            "/api/2.0/mlflow-artifacts/artifacts/0/m/MLmodel" => Answer::new(200, "a: b"),
            "/api/2.0/mlflow-artifacts/artifacts/0/m/d/x" => Answer::new(200, "x"),
            "/api/2.0/mlflow-artifacts/artifacts/0/m/none" => Answer::new(200, ""),
            "/api/2.0/mlflow-artifacts/artifacts/lies/x" => Answer::new(200, "xyz"),
            // A tree without an end.
            target if target.contains("path=deep") => {
                json(r#"{"files":[{"path":"d","is_dir":true}]}"#)
            }
            _ => Answer::new(404, r#"{"error_code":"RESOURCE_DOES_NOT_EXIST"}"#),
        }
    });
    let world = World::new();
    let run = |uri: &str, to: &str| {
        let mut command = world.command();
        command.args(["model", "fetch", uri, "--to", to, "--json"]);
        command
            .env("MLFLOW_TRACKING_URI", served.url())
            .env("MLFLOW_TRACKING_USERNAME", "jo");
        command
            .env("MLFLOW_TRACKING_PASSWORD", "s3cret")
            .output()
            .unwrap()
    };
    let output = run("models:/iris@champion", "copy");
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let text = out(&output);
    assert!(
        text.contains(r#""asked":"models:/iris@champion","checked":"sizes""#),
        "{text}"
    );
    assert!(
        text.contains(r#""uri":"models:/iris/3""#) && text.contains(r#""without_digest":3"#),
        "{text}"
    );
    assert_eq!(fs::read(world.here().join("copy/d/x")).unwrap(), b"x");
    assert!(
        served
            .asks()
            .iter()
            .all(|ask| ask.header("authorization") == Some("Basic am86czNjcmV0"))
    );
    for (uri, code, reason) in [
        ("models:/iris@other", 2, "source_reply"),
        ("models:/iris@none", 2, "source_not_found"),
        ("models:/iris/9", 2, "source_not_found"),
        ("models:/iris/4", 2, "source_not_proxied"),
        ("models:/iris/5", 2, "source_reply"),
        ("models:/m-2", 2, "source_not_found"),
        ("mlflow-artifacts:/evil", 2, "model_unfit"),
        ("mlflow-artifacts:/evil2", 2, "source_reply"),
        ("mlflow-artifacts:/deep", 2, "model_limit"),
        ("mlflow-artifacts:/lies", 1, "source_too_long"),
    ] {
        let output = run(uri, "other");
        assert_eq!(output.status.code(), Some(code), "{uri}: {}", err(&output));
        let said = out(&output) + &err(&output);
        assert!(
            said.contains(reason) && !said.contains("secret-path") && !said.contains("s3cret"),
            "{said}"
        );
        assert!(!world.here().join("other").exists());
    }
}
