//! Against software that others wrote: the hub's own client, to show that the tests' hub answers as a hub does, and a
//! real `MLflow` server. Both are heavy to install; their stage names the Python that has them.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hub::{self, COMMIT, Repository};
use super::server::Server;
use super::{err, out};
use crate::golden::World;

/// The variable that names a Python with `huggingface_hub` and `mlflow`.
const PYTHON: &str = "SEALOG_SOURCES_PYTHON";
/// How long a server may take to begin.
const BEGIN_TIME: Duration = Duration::from_mins(3);

const CLIENT: &str = "
import sys
from huggingface_hub import HfApi, snapshot_download
print(snapshot_download('acme/iris', cache_dir=sys.argv[1], token='hf_t0ken'))
api = HfApi(token='hf_t0ken')
print(api.model_info('acme/iris').sha)
for item in sorted(api.list_repo_tree('acme/iris', recursive=True), key=lambda item: item.path):
    if hasattr(item, 'blob_id'):
        print(item.path, item.size, item.lfs.sha256 if item.lfs else item.blob_id)
";

const LOG_MODEL: &str = "
import sys, mlflow, mlflow.sklearn
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
mlflow.set_tracking_uri(sys.argv[1])
features, labels = load_iris(return_X_y=True)
model = LogisticRegression(max_iter=200).fit(features, labels)
with mlflow.start_run() as run:
    info = mlflow.sklearn.log_model(model, name='model', registered_model_name='iris')
client = mlflow.MlflowClient()
client.set_registered_model_alias('iris', 'champion', 1)
client.transition_model_version_stage('iris', 1, 'Production')
with mlflow.start_run() as plain:
    mlflow.log_text('hello', 'plain/a b.txt')
    mlflow.log_text('', 'plain/sub/empty.txt')
print('IDS', run.info.run_id, info.model_id, plain.info.run_id)
print('REFERENCE', mlflow.artifacts.download_artifacts(artifact_uri='models:/iris/1', dst_path=sys.argv[2]))
";

fn python() -> OsString {
    let why = "SEALOG_SOURCES_PYTHON names no Python: run `cargo xtask stage \"models elsewhere\"`";
    std::env::var_os(PYTHON).unwrap_or_else(|| panic!("{why}"))
}

#[test]
#[ignore = "needs the hub's real client: cargo xtask stage \"models elsewhere\""]
fn real_client_takes_the_hub_of_the_tests_for_one() {
    let mut repository = Repository::new();
    repository.token = Some("hf_t0ken".into());
    let repository = Arc::new(repository);
    let store = Server::start(hub::store(&repository));
    let server = Server::start(hub::faithful(&repository, Some(store.url())));
    let world = World::new();
    let cache = world.here().join("cache");
    let mut client = world.of("env");
    client.arg(python()).args(["-c", CLIENT]).arg(&cache);
    client
        .env("HF_ENDPOINT", server.url())
        .env("HF_HUB_DISABLE_TELEMETRY", "1");
    let output = client.env("HF_HUB_DISABLE_XET", "1").output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with(&format!("snapshots/{COMMIT}")), "{text}");
    assert_eq!(lines[1], COMMIT);
    assert_eq!(lines.len(), 2 + repository.files.len(), "{text}");
    // The cache that the real client wrote is read here, without the hub, and every blob has the name of its content.
    let asked = server.asks().len();
    let offline = |cache: &std::path::Path| {
        let mut command = world.command();
        command.args([
            "model",
            "digest",
            "hf://acme/iris",
            "--no-default-ignores",
            "--json",
        ]);
        command
            .env("HF_HUB_OFFLINE", "1")
            .env("HF_HUB_CACHE", cache);
        command.output().unwrap()
    };
    let output = offline(&cache);
    assert!(output.status.success(), "{}", err(&output));
    assert!(
        out(&output).contains(r#""checked":"digests""#),
        "{}",
        out(&output)
    );
    assert_eq!(server.asks().len(), asked);
    let mut compare = world.command();
    compare.args([
        "model",
        "compare",
        lines[0],
        "hf://acme/iris",
        "--links",
        "hub-cache",
    ]);
    compare
        .env("HF_ENDPOINT", server.url())
        .env("HF_TOKEN", "hf_t0ken");
    let output = compare.output().unwrap();
    assert!(output.status.success(), "{}{}", out(&output), err(&output));
    let readme = cache
        .join("models--acme--iris/snapshots")
        .join(COMMIT)
        .join("README.md");
    let blob = fs::canonicalize(readme).unwrap();
    fs::write(blob, "# evil\n").unwrap();
    let output = offline(&cache);
    assert_eq!(output.status.code(), Some(1), "{}", err(&output));
    println!("checked: the hub's real client against the tests' hub, {asked} requests");
}

/// A process and all that it started; dropping it ends them.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.0.wait();
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
    }
}

/// A server in a directory, with what it keeps there.
fn serve(world: &World) -> (Group, String) {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut command = world.of("env");
    command.arg(python()).args([
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--workers",
        "1",
    ]);
    command.args([
        "--backend-store-uri",
        "sqlite:///mlflow.db",
        "--artifacts-destination",
        "./artifacts",
    ]);
    command.args(["--port", &port.to_string()]);
    let log = fs::File::create(world.here().join("server.log")).unwrap();
    command
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .stdin(Stdio::null());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let server = Group(command.env("PATH", path).process_group(0).spawn().unwrap());
    let begun = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = || fs::read_to_string(world.here().join("server.log")).unwrap_or_default();
        assert!(
            begun.elapsed() < BEGIN_TIME,
            "the server does not begin: {}",
            log()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
    (server, format!("http://127.0.0.1:{port}"))
}

#[test]
#[ignore = "needs a real MLflow server: cargo xtask stage \"models elsewhere\""]
fn real_mlflow_gives_the_same_model_under_every_name() {
    let world = World::new();
    let (_server, url) = serve(&world);
    let mut log = world.of("env");
    log.arg(python())
        .args(["-c", LOG_MODEL, &url])
        .arg(world.here().join("reference"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let output = log
        .env("PATH", path)
        .env("GIT_PYTHON_REFRESH", "quiet")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let text = out(&output);
    let ids = text
        .lines()
        .find_map(|line| line.strip_prefix("IDS "))
        .unwrap();
    let [run, model, plain] = ids.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let reference = text
        .lines()
        .find_map(|line| line.strip_prefix("REFERENCE "))
        .unwrap();
    let command = |words: &[&str]| {
        let mut command = world.command();
        command.args(words).env("MLFLOW_TRACKING_URI", &url);
        command.output().unwrap()
    };
    // The registry's own client adds one file to what it downloads of a registered model.
    let _ = fs::remove_file(std::path::Path::new(reference).join("registered_model_meta"));
    let output = command(&["model", "digest", reference]);
    let digest = out(&output).split_whitespace().nth(2).unwrap().to_owned();
    assert!(digest.starts_with("sha256:"), "{}", err(&output));
    let names = [
        "models:/iris/1".to_owned(),
        "models:/iris@champion".into(),
        "models:/iris/Production".into(),
        "models:/iris/latest".into(),
        format!("models:/{model}"),
        format!("runs:/{run}/model"),
        format!("mlflow-artifacts:/0/models/{model}/artifacts"),
    ];
    for (number, name) in names.iter().enumerate() {
        let to = format!("copy{number}");
        let output = command(&["model", "fetch", name, "--to", &to]);
        assert!(output.status.success(), "{name}: {}", err(&output));
        assert!(
            out(&output).contains(&digest),
            "{name}: {} is not {digest}",
            out(&output)
        );
    }
    let output = command(&[
        "model",
        "fetch",
        &format!("runs:/{plain}/plain"),
        "--to",
        "plain",
    ]);
    assert!(output.status.success(), "{}", err(&output));
    assert_eq!(
        fs::read(world.here().join("plain/a b.txt")).unwrap(),
        b"hello"
    );
    assert_eq!(
        fs::read(world.here().join("plain/sub/empty.txt")).unwrap(),
        b""
    );
    for absent in [
        "models:/iris/2",
        "models:/iris@none",
        "models:/iris/Staging",
        "models:/rose/1",
        "models:/m-none",
        "runs:/none/model",
        &format!("runs:/{run}/other"),
    ] {
        let output = command(&["model", "fetch", absent, "--to", "absent"]);
        assert_eq!(output.status.code(), Some(2), "{absent}");
        assert!(
            err(&output).contains("[source_not_found]"),
            "{absent}: {}",
            err(&output)
        );
    }
    println!(
        "checked: a real MLflow server, {} names of one model",
        names.len()
    );
}
