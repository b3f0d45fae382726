//! The pieces for continuous integration: read as what they are, and run as far as this machine can.

mod hooks;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use sealog_cli::cli;
use sealog_core::json::Value;
use sealog_model::formats::yaml;

use crate::golden::World;

/// The one action that its user has to pin: this repository's own, of which no address is known here.
const OURS: &str = "OWNER/sealog/ci/action@COMMIT";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn document(path: &str) -> Value {
    yaml::parse(&text(path)).unwrap()
}

fn at<'a>(value: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(value, |value, name| {
        value.member(name).unwrap_or_else(|| panic!("no {name}"))
    })
}

fn string<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.member(name).and_then(Value::as_str)
}

/// Why a line that uses an action does not pin it; nothing if it does, or says that its reader has to.
fn fault(line: &str) -> Option<String> {
    let (used, comment) = line.split_once(" # ").unwrap_or((line, ""));
    let used = used.split_once("uses: ")?.1.trim();
    if used == OURS {
        let says = comment.contains("to be pinned by you");
        return (!says).then(|| format!("{used} does not say that it has to be pinned"));
    }
    let commit = used.split_once('@').map_or("", |(_, commit)| commit);
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let whole = commit.len() == 40 && commit.bytes().all(hex);
    if !whole {
        return Some(format!("{used} is not pinned by a full commit"));
    }
    comment
        .is_empty()
        .then(|| format!("{used} does not say which release it is"))
}

#[test]
fn every_action_is_pinned_by_a_full_commit_or_says_that_you_have_to() {
    let mut used = 0;
    for path in ["ci/github-workflow.yml", "ci/action/action.yml"] {
        for line in text(path).lines().filter(|line| line.contains("uses:")) {
            assert_eq!(fault(line), None, "{path}");
            used += 1;
        }
    }
    assert_eq!(used, 6);
    let commit = "11bd71901bbe5b1630ceea73d27597364c9af683";
    assert_eq!(
        fault(&format!("- uses: actions/checkout@{commit} # v4.2.2")),
        None
    );
    for bad in [
        "- uses: actions/checkout@v4 # v4".to_owned(),
        "- uses: actions/checkout@main # newest".to_owned(),
        "- uses: actions/checkout # any".to_owned(),
        format!("- uses: actions/checkout@{} # v4", &commit[..12]),
        format!("- uses: actions/checkout@{}g # v4", &commit[..39]),
        format!("- uses: actions/checkout@{commit}"),
        format!("- uses: {OURS}"),
        format!("- uses: {OURS} # v1"),
    ] {
        assert!(fault(&bad).is_some(), "{bad}");
    }
}

#[test]
fn the_workflow_has_the_least_permissions_and_uploads_even_what_failed() {
    let workflow = document("ci/github-workflow.yml");
    let words = |value: &Value| String::from_utf8(value.to_canonical()).unwrap();
    assert_eq!(
        words(at(&workflow, &["permissions"])),
        r#"{"contents":"read"}"#
    );
    let on = at(&workflow, &["on"]).as_object().unwrap();
    let names: Vec<&str> = on.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["pull_request", "push"]);
    for (name, event) in on.iter() {
        let paths = words(at(event, &["paths"]));
        assert!(
            paths.contains("iris/**") && paths.contains("iris.json.sig"),
            "{name}"
        );
    }
    let jobs = at(&workflow, &["jobs"]).as_object().unwrap();
    assert_eq!(jobs.iter().count(), 2);
    for (name, job) in jobs.iter() {
        let least = r#"{"contents":"read","security-events":"write"}"#;
        assert_eq!(words(at(job, &["permissions"])), least, "{name}");
        let steps = at(job, &["steps"]).as_array().unwrap();
        let upload = steps
            .iter()
            .find(|step| string(step, "uses").is_some_and(|used| used.contains("/upload-sarif@")));
        assert!(
            string(upload.unwrap(), "if")
                .unwrap()
                .starts_with("always()"),
            "{name}"
        );
        for step in steps {
            // What others write must not become part of a command.
            assert!(
                !string(step, "run").unwrap_or_default().contains("${{"),
                "{name}"
            );
        }
    }
    assert_eq!(
        string(at(&workflow, &["jobs", "image"]), "needs"),
        Some("gate")
    );
    // Every input that the workflow gives is one of the action, and those that it needs are given.
    let action = document("ci/action/action.yml");
    let inputs = at(&action, &["inputs"]).as_object().unwrap();
    let steps = at(&workflow, &["jobs", "gate", "steps"])
        .as_array()
        .unwrap();
    let ours = steps
        .iter()
        .find(|step| string(step, "uses") == Some(OURS))
        .unwrap();
    let given = at(ours, &["with"]).as_object().unwrap();
    assert!(given.iter().all(|(name, _)| inputs.contains_key(name)));
    for (name, input) in inputs.iter() {
        let required = input.member("default").is_none();
        assert!(!required || given.contains_key(name), "{name}");
    }
}

/// A signed model and what runs the step of the action on it.
struct Runner {
    world: World,
}

impl Runner {
    fn new() -> Self {
        let world = World::new();
        fs::create_dir(world.here().join("iris")).unwrap();
        fs::write(world.here().join("iris/model.txt"), "weights").unwrap();
        for line in [
            "model key new release.key",
            "model sign iris --key release.key --created-by jo --name iris --out iris.json",
        ] {
            let done = world.command().args(line.split(' ')).output().unwrap();
            assert!(done.status.success(), "{done:?}");
        }
        fs::create_dir(world.here().join("temp")).unwrap();
        Self { world }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.world.here().join(path)).unwrap_or_default()
    }

    /// Runs the step as a runner does: the inputs in their variables, the text of `run` by bash.
    fn run(&self, with: &[(&str, &str)]) -> Output {
        let action = document("ci/action/action.yml");
        let given: BTreeMap<&str, &str> = with.iter().copied().collect();
        let input = |name: &str| {
            let declared = at(&action, &["inputs", name]);
            let given = given.get(name).copied();
            given.or(string(declared, "default")).unwrap().to_owned()
        };
        let steps = at(&action, &["runs", "steps"]).as_array().unwrap();
        let step = steps
            .iter()
            .find(|step| string(step, "id") == Some("gate"))
            .unwrap();
        assert_eq!(string(step, "shell"), Some("bash"));
        let here = self.world.here();
        let mut bash = self.world.of("bash");
        for (variable, value) in at(step, &["env"]).as_object().unwrap().iter() {
            let name = value.as_str().unwrap().strip_prefix("${{ inputs.").unwrap();
            bash.env(variable, input(name.strip_suffix(" }}").unwrap()));
        }
        for (variable, file) in [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
        ] {
            fs::write(here.join(file), "").unwrap();
            bash.env(variable, here.join(file));
        }
        bash.env("RUNNER_TEMP", here.join("temp"))
            .env("GITHUB_ACTION_PATH", root().join("ci/action"))
            .env("PATH", "/usr/bin:/bin")
            .args(["-c", string(step, "run").unwrap()]);
        bash.output().unwrap()
    }

    fn key(&self) -> String {
        self.read("release.key.pub")
    }
}

const MODEL: [(&str, &str); 3] = [
    ("model", "iris"),
    ("manifest", "iris.json"),
    ("sealog", env!("CARGO_BIN_EXE_sealog")),
];

#[test]
fn the_step_of_the_action_admits_refuses_and_reports() {
    let runner = Runner::new();
    let key = runner.key();
    let with = |more: &[(&str, &str)]| runner.run(&[&MODEL[..], more].concat());
    let code = |done: &Output| done.status.code().unwrap();
    let trusted = [("public-key", key.as_str()), ("name", "iris")];
    // Its last line's end, which a variable may lose, does not matter.
    assert_eq!(code(&with(&[("public-key", key.trim_end())])), 0);
    let done = with(&trusted);
    assert_eq!(code(&done), 0, "{done:?}");
    assert!(runner.read("summary").contains("| admitted | 0 |"));
    let output = runner.read("output");
    assert!(output.starts_with("status=0\nsarif="), "{output}");
    let sarif = output
        .lines()
        .nth(1)
        .unwrap()
        .strip_prefix("sarif=")
        .unwrap();
    assert!(
        fs::read_to_string(sarif)
            .unwrap()
            .contains("\"exitCode\":0")
    );
    // Nothing is trusted, too much is, or another name was asked for.
    assert_eq!(code(&with(&[])), 2);
    assert_eq!(
        code(&with(&[("public-key", &key), ("model-digest", "00")])),
        2
    );
    assert_eq!(
        code(&with(&[("public-key", &key), ("strict", "perhaps")])),
        2
    );
    assert_eq!(code(&with(&[("public-key", &key), ("model", "--help")])), 2);
    assert_eq!(code(&with(&[("public-key", &key), ("name", "rose")])), 1);
    assert_eq!(
        code(&with(&[("public-key", &key), ("sealog", "/bin/absent")])),
        2
    );
    // What a workflow gives is no command.
    let done = with(&[
        ("public-key", &key),
        ("name", "$(touch stolen); `touch stolen`"),
    ]);
    assert_eq!(code(&done), 1);
    assert!(!runner.world.here().join("stolen").exists());
    // The model is changed, by a name that would be a command of the runner.
    fs::write(
        runner.world.here().join("iris/x\n::error::y ##[error]z`"),
        "x",
    )
    .unwrap();
    let done = with(&trusted);
    assert_eq!(code(&done), 1, "{done:?}");
    assert!(runner.read("output").starts_with("status=1\nsarif="));
    assert!(runner.read("summary").contains("| refused | 1 |"));
    let said = String::from_utf8(done.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").unwrap();
    assert_eq!(token.len(), 32);
    assert_eq!(lines[lines.len() - 1], format!("::{token}::"));
    let commands = lines.iter().filter(|line| line.starts_with("::")).count();
    assert_eq!(commands, 2, "{said}");
    let summary = runner.read("summary");
    let detail = summary.lines().skip(6);
    assert!(detail.clone().count() >= 2 && detail.clone().all(|line| line.starts_with("    ")));
}

#[test]
fn the_action_builds_what_lies_beside_it() {
    let action = document("ci/action/action.yml");
    let steps = at(&action, &["runs", "steps"]).as_array().unwrap();
    let build = string(&steps[0], "run").unwrap();
    assert!(
        build.contains("\"$GITHUB_ACTION_PATH/../../Cargo.toml\""),
        "{build}"
    );
    assert!(build.contains("--locked --package sealog-cli"), "{build}");
    assert!(root().join("ci/action/../../Cargo.toml").is_file());
    // The step looks for it where that puts it.
    assert!(build.contains("--target-dir \"$RUNNER_TEMP/sealog-target\""));
    assert!(text("ci/action/gate.sh").contains("$RUNNER_TEMP/sealog-target/release/sealog"));
}

#[test]
fn the_image_is_of_given_images_runs_as_nobody_and_has_a_command_of_ours() {
    let text = text("ci/Dockerfile");
    let text = text.replace("\\\n", " ");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in lines {
        let (instruction, rest) = line.split_once(' ').unwrap();
        found.entry(instruction).or_default().push(rest);
    }
    let known = [
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "FROM",
        "RUN",
        "USER",
        "WORKDIR",
    ];
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), known);
    // No image is presented as pinned, and none has a default that would not be.
    assert_eq!(found["ARG"], ["BUILD_IMAGE", "BASE_IMAGE"]);
    assert_eq!(found["FROM"], ["${BUILD_IMAGE} AS build", "${BASE_IMAGE}"]);
    assert_eq!(found["USER"], ["65532:65532"]);
    let copied: Vec<&str> = found["COPY"]
        .iter()
        .flat_map(|rest| rest.split(' '))
        .collect();
    for source in found["COPY"]
        .iter()
        .filter(|rest| !rest.starts_with("--from"))
    {
        let (sources, _) = source.rsplit_once(' ').unwrap();
        for path in sources.split(' ') {
            assert!(root().join(path).exists(), "{path}");
        }
    }
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        let top = member.as_str().unwrap().split('/').next().unwrap();
        assert!(copied.contains(&top), "{top} is not copied");
    }
    let words = |text: &str| {
        let value = Value::parse(text.as_bytes()).unwrap();
        let words = value.as_array().unwrap().iter();
        let words: Vec<String> = words.map(|word| word.as_str().unwrap().into()).collect();
        words
    };
    let mut entry = words(found["ENTRYPOINT"][0]);
    assert_eq!(entry[0], "/usr/local/bin/sealog");
    entry.extend(words(found["CMD"][0]));
    let error = cli::parse(entry.into_iter().map(Into::into)).unwrap_err();
    assert_eq!(error.kind(), clap::error::ErrorKind::DisplayHelp);
}
