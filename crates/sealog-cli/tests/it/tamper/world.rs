//! A model with what vouches for it, made by the command itself, and what the command says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sealog_core::Hash;
use sealog_core::json::Value;
use sealog_model::Error;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::gate::{Policy, Refusal, admit};
use sealog_model::keys::PublicKey;
use sealog_model::sign::{Envelope, Pin, Uncovered, VerifiedManifest, Walks};
use sealog_model::walk::{IgnoreRules, WalkOptions};

use crate::golden::World;

/// What vouches for the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Our own manifest, and its signature by Ed25519 beside it.
    Own,
    /// A bundle of `OpenSSF` Model Signing by P-256.
    Oms,
    /// `HashTraceAI`'s first form: a manifest and its signature by RSA-PSS beside it.
    HashTrace,
    /// The hash file and metadata of mlsecops-integrity, by a pinned digest: nobody signs them.
    Triple,
}

/// Those over a directory of several files.
pub(super) const TREES: [Form; 3] = [Form::Own, Form::Oms, Form::HashTrace];
pub(super) const FORMS: [Form; 4] = [Form::Own, Form::Oms, Form::HashTrace, Form::Triple];

const FILES: &[(&str, &str)] = &[
    ("a.bin", "weights of a"),
    ("b.bin", "weights of b"),
    ("caf\u{e9}.txt", "a name of two spellings"),
    ("empty", ""),
    ("sub/c.json", "{}"),
];
/// A pickle by hand, of a class that the scanner knows: nothing ever loads it.
const PICKLE: &str = "ccopy_reg\n_reconstructor\n(csklearn.linear_model._base\nLinearRegression\n\
c__builtin__\nobject\nNtR(dS'n_features_in_'\nI4\nsS'_sklearn_version'\nS'1.5.0'\nsb.";

impl Form {
    /// The lines that make keys and envelope of the model `m`.
    fn lines(self) -> &'static [&'static str] {
        match self {
            Self::Own => &[
                "model key new k",
                "model sign m --key k --created-by jo --name iris --version 1.0 --out e/e",
            ],
            Self::Oms => &[
                "model key new k --kind p256",
                "model sign m --format oms --key k --created-by jo --out e/e",
            ],
            Self::HashTrace => &[
                "model key new k --kind rsa",
                "model sign m --format hashtrace --key k --created-by jo --out e/e",
            ],
            Self::Triple => &["model manifest m --format mlsecops --created-by jo --out e/e"],
        }
    }

    /// The files of the envelope: what vouches, and what lies beside it.
    pub(super) const fn envelope(self) -> &'static [&'static str] {
        match self {
            Self::Own | Self::HashTrace => &["e/e", "e/e.sig"],
            Self::Oms => &["e/e"],
            Self::Triple => &["e/e", "e/model_metadata.json"],
        }
    }

    /// The file that is attacked where one is.
    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::Triple => "m/model.pkl",
            _ => "m/a.bin",
        }
    }

    /// A world in which it was made, once for all rows: an RSA key takes its time.
    fn template(self) -> &'static World {
        static MADE: [LazyLock<World>; 4] = [
            LazyLock::new(|| make(Form::Own, &[])),
            LazyLock::new(|| make(Form::Oms, &[])),
            LazyLock::new(|| make(Form::HashTrace, &[])),
            LazyLock::new(|| make(Form::Triple, &[])),
        ];
        let index = FORMS.iter().position(|form| *form == self).unwrap();
        &MADE[index]
    }
}

/// Makes model, key and envelope; `more` are files of the model besides.
fn make(form: Form, more: &[(&str, &str)]) -> World {
    let world = World::new();
    let files = match form {
        Form::Triple => &[("model.pkl", PICKLE)][..],
        _ => FILES,
    };
    for (path, content) in files.iter().chain(more) {
        let path = world.here().join("m").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::create_dir(world.here().join("e")).unwrap();
    for line in form.lines() {
        let done = world.command().args(line.split(' ')).output().unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
    }
    world
}

/// What came of a verification or a gate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: i32,
    /// Empty where it holds.
    pub(super) reason: String,
    pub(super) changes: Vec<String>,
}

/// A signed model of one row, to be attacked.
pub(super) struct Signed {
    world: World,
    pub(super) form: Form,
    /// The digest that is pinned of a form that nobody signs.
    digest: String,
}

impl Signed {
    pub(super) fn new(form: Form) -> Self {
        let world = World::new();
        copy(&form.template().here(), &world.here());
        Self::of(form, world)
    }

    /// The same with more files in the model when it was signed.
    pub(super) fn with(form: Form, more: &[(&str, &str)]) -> Self {
        Self::of(form, make(form, more))
    }

    fn of(form: Form, world: World) -> Self {
        let mut signed = Self {
            world,
            form,
            digest: String::new(),
        };
        if form == Form::Triple {
            let said = signed.run(&["--json", "model", "digest", "m"]).1;
            let digest = said.member("model_digest").and_then(Value::as_str);
            digest.unwrap().clone_into(&mut signed.digest);
        }
        signed
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.world.here().join(path)
    }

    /// Runs the command with `--json`, and reads what it says.
    fn run(&self, words: &[&str]) -> (i32, Value) {
        let done = self.world.command().args(words).output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        let value = Value::parse(said.trim_end().as_bytes()).unwrap_or(Value::Null);
        (done.status.code().unwrap(), value)
    }

    fn words(&self, verb: &'static str) -> Vec<&str> {
        let mut words = vec!["--json", "model", verb, "m", "--manifest", "e/e"];
        match self.form {
            Form::Triple => words.extend(["--manifest-digest", &self.digest]),
            _ => words.extend(["--key", "k.pub"]),
        }
        words
    }

    /// What `sealog model verify` says, whole.
    pub(super) fn said(&self, more: &[&str]) -> Value {
        self.run(&[&self.words("verify"), more].concat()).1
    }

    pub(super) fn verify(&self, more: &[&str]) -> Answer {
        answer(&self.run(&[&self.words("verify"), more].concat()))
    }

    /// What `sealog model gate` says, and that its command ran if and only if the status is 0.
    pub(super) fn gate(&self, more: &[&str]) -> Answer {
        self.gate_of(more, "touch ran")
    }

    /// The same with a script of one's own, which has to make the file `ran`.
    pub(super) fn gate_running(&self, script: &str) -> Answer {
        self.gate_of(&[], script)
    }

    fn gate_of(&self, more: &[&str], script: &str) -> Answer {
        let command = ["--", "/bin/sh", "-c", script];
        let ended = self.run(&[&self.words("gate"), more, &command].concat());
        let ran = fs::remove_file(self.at("ran")).is_ok();
        assert_eq!(ran, ended.0 == 0, "{ended:?}");
        answer(&ended)
    }

    fn pin(&self) -> Pin {
        match self.form {
            Form::Triple => {
                let hex = self.digest.strip_prefix("sha256:").unwrap();
                Pin::Digest(Hash::from_hex(hex).unwrap())
            }
            _ => Pin::Key(PublicKey::read(&self.at("k.pub")).unwrap()),
        }
    }

    /// What `sealog model verify` does, without its process.
    pub(super) fn verify_here(&self) -> Result<VerifiedManifest, Error> {
        let envelope = Envelope::read(self.at("m"), self.at("e/e"), None)?;
        let vouched = envelope.vouch_or_compare(&self.pin(), &walks())?;
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        vouched.check(
            envelope.model(),
            envelope.own(),
            Uncovered::Report,
            &options,
        )
    }

    /// What `sealog model gate` does, without its process.
    pub(super) fn gate_here(&self) -> Result<(), Error> {
        let envelope = Envelope::read(self.at("m"), self.at("e/e"), None)?;
        let vouched = envelope.vouch(&self.pin(), &walks())?;
        let options = DigestOptions::new(&[Algorithm::Sha256]);
        let policy = Policy {
            copies_in: Some(self.at("e")),
            ..Policy::default()
        };
        let admitted = admit(envelope.model(), envelope.own(), vouched, &policy, &options);
        admitted.map(drop).map_err(|Refusal { error, .. }| error)
    }
}

fn walks() -> Walks {
    Walks {
        own: WalkOptions {
            ignore: IgnoreRules::oms(),
            ..WalkOptions::default()
        },
        older: WalkOptions::default(),
    }
}

fn answer((status, said): &(i32, Value)) -> Answer {
    let reason = said.member("reason").and_then(Value::as_str);
    let changes = said.member("changes").and_then(Value::as_array);
    let text = |change: &Value, name| {
        let text = change.member(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let changes = changes.unwrap_or_default().iter().map(|change| {
        let (kind, path) = (text(change, "change"), text(change, "path"));
        match text(change, "from") {
            from if from.is_empty() => format!("{kind} {path}"),
            from => format!("{kind} {from} to {path}"),
        }
    });
    Answer {
        status: *status,
        reason: reason.unwrap_or_default().to_owned(),
        changes: changes.collect(),
    }
}

pub(super) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
