//! Detached OpenPGP signatures as a real gpg makes them, through the command: exit statuses, codes, and what is said.
//!
//! Where gpg is not installed each test says so in a line `skipped: ...`, which the run counts.
#![expect(
    clippy::print_stdout,
    reason = "what was skipped is shown at the end of a run"
)]

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::golden::World;

/// A pickle by hand, of a class that the scanner knows: nothing ever loads it.
const PICKLE: &str = "ccopy_reg\n_reconstructor\n(csklearn.linear_model._base\nLinearRegression\n\
c__builtin__\nobject\nNtR(dS'n_features_in_'\nI4\nsS'_sklearn_version'\nS'1.5.0'\nsb.";
const HASH: &str = "iris --manifest iris/model_hash.txt --openpgp-keyring jo.gpg";

/// A home of gpg's own; its agent ends with it.
struct Gpg(TempDir);

impl Drop for Gpg {
    fn drop(&mut self) {
        let mut command = Command::new("gpgconf");
        let _ = command
            .env("GNUPGHOME", self.0.path())
            .args(["--kill", "all"])
            .output();
    }
}

/// A model with the two texts of mlsecops-integrity, and a gpg; none where gpg is not installed.
struct Signed {
    world: World,
    gpg: Gpg,
}

impl Signed {
    fn new(test: &str) -> Option<Self> {
        if Command::new("gpg").arg("--version").output().is_err() {
            println!("skipped: {test}: gpg is not installed (on Debian: apt-get install gnupg)");
            return None;
        }
        let world = World::new();
        fs::create_dir(world.here().join("iris")).unwrap();
        fs::write(world.here().join("iris/model.pkl"), PICKLE).unwrap();
        // A socket's path has to be short.
        let gpg = Gpg(TempDir::new_in("/tmp").unwrap());
        let signed = Self { world, gpg };
        let written = signed.sealog(
            "model manifest iris --format mlsecops --created-by jo --out iris/model_hash.txt",
        );
        assert!(written.status.success(), "{written:?}");
        Some(signed)
    }

    /// The same with a key that never expires, exported as `jo.gpg`.
    fn with_key(test: &str) -> Option<Self> {
        let signed = Self::new(test)?;
        signed.gpg("--quick-gen-key jo@example.org rsa2048 sign,cert never");
        signed.export("jo.gpg");
        Some(signed)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.world.here().join(name)
    }

    fn sealog(&self, line: &str) -> Output {
        self.world.command().args(line.split(' ')).output().unwrap()
    }

    fn try_gpg(&self, arguments: &str) -> Output {
        let fixed =
            "--batch --yes --no-tty --pinentry-mode loopback --passphrase  --trust-model always";
        let mut command = Command::new("gpg");
        command
            .env("GNUPGHOME", self.gpg.0.path())
            .env("LC_ALL", "C")
            .current_dir(self.world.here())
            .args(fixed.split(' '))
            .args(arguments.split(' '));
        command.output().unwrap()
    }

    fn gpg(&self, arguments: &str) {
        let output = self.try_gpg(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
    }

    fn export(&self, name: &str) {
        self.gpg(&format!("--output {name} --export"));
    }

    /// Signs the pickle; gpg itself is content with what it made.
    fn sign(&self, options: &str) {
        self.gpg(&format!(
            "{options} --output iris/model.pkl.sig --detach-sign iris/model.pkl"
        ));
        self.gpg("--verify iris/model.pkl.sig iris/model.pkl");
    }

    /// The status of `model verify` and of `model gate`, whose answers are the same, and what is said.
    fn ends(&self, arguments: &str, status: i32, said: &[&str]) {
        for verb in ["verify", "gate"] {
            let done = self.sealog(&format!("model {verb} {arguments}"));
            let text = [done.stdout.as_slice(), &done.stderr].concat();
            let text = String::from_utf8(text)
                .unwrap()
                .replace("\n          ", " ");
            assert_eq!(done.status.code(), Some(status), "{verb}: {text}");
            for said in said {
                assert!(text.contains(said), "{verb}: {said}: {text}");
            }
        }
    }
}

#[test]
fn what_gpg_signs_is_verified_and_admitted_in_binary_and_in_armor() {
    let Some(signed) = Signed::with_key("what_gpg_signs_is_verified_and_admitted") else {
        return;
    };
    signed.gpg("--armor --output jo.asc --export");
    for options in ["--no-armor", "--armor"] {
        signed.sign(options);
        signed.ends(HASH, 0, &[]);
        signed.ends(&HASH.replace("jo.gpg", "jo.asc"), 0, &[]);
        let run = signed.sealog(&format!("model gate {HASH} -- echo ran"));
        assert_eq!(run.status.code(), Some(0), "{run:?}");
        assert!(run.stdout.ends_with(b"ran\n"), "{run:?}");
    }
    let listed = signed.try_gpg("--with-colons --list-keys").stdout;
    let listed = String::from_utf8(listed).unwrap();
    let line = listed.lines().find(|line| line.starts_with("fpr:"));
    let fingerprint = line.unwrap().split(':').nth(9).unwrap();
    let named = format!("{HASH} --fingerprint {fingerprint}");
    signed.ends(&named, 0, &[]);
    let said = signed.sealog(&format!("model verify {named}")).stdout;
    assert!(String::from_utf8(said).unwrap().contains(fingerprint));
    let short = &fingerprint[24..];
    signed.ends(
        &format!("{HASH} --fingerprint {short}"),
        2,
        &["model_malformed"],
    );
}

#[test]
fn another_key_a_changed_pickle_and_an_added_file_are_refuted() {
    let Some(signed) = Signed::with_key("another_key_a_changed_pickle") else {
        return;
    };
    signed.gpg("--quick-gen-key sam@example.org ed25519 sign,cert never");
    signed.sign("--local-user sam@example.org");
    signed.ends(HASH, 1, &["by no key that is trusted", "model_signature"]);
    signed.sign("--local-user jo@example.org");
    signed.ends(HASH, 0, &[]);
    fs::write(signed.at("iris/more.bin"), "more").unwrap();
    signed.ends(HASH, 1, &["more.bin"]);
    fs::remove_file(signed.at("iris/more.bin")).unwrap();
    // Of the pickle alone, and then with texts that agree with it: nobody signed those.
    fs::write(signed.at("iris/model.pkl"), PICKLE.replace("I4", "I5")).unwrap();
    signed.ends(HASH, 1, &["model_differs"]);
    for text in ["model_hash.txt", "model_metadata.json"] {
        fs::remove_file(signed.at("iris").join(text)).unwrap();
    }
    // The format is of one file, so the signature waits outside.
    fs::rename(signed.at("iris/model.pkl.sig"), signed.at("kept")).unwrap();
    let write = "model manifest iris --format mlsecops --created-by jo --out iris/model_hash.txt";
    assert!(signed.sealog(write).status.success());
    fs::rename(signed.at("kept"), signed.at("iris/model.pkl.sig")).unwrap();
    signed.ends(HASH, 1, &["model_signature"]);
}

#[test]
fn m3_an_import_holds_a_triple_to_its_signature_under_the_keyring_that_is_brought() {
    let Some(signed) = Signed::with_key("m3_an_import_holds_a_triple_to_its_signature") else {
        return;
    };
    let check = |more: &str| {
        let done = signed.sealog(&format!("import iris --check --json{more}"));
        let text = String::from_utf8(done.stdout).unwrap();
        (done.status.code().unwrap(), text)
    };
    let by_jo = " --openpgp-keyring jo.gpg";
    let ends = |more: &str, status: i32, code: &str| {
        let (found, text) = check(more);
        assert_eq!(found, status, "{text}");
        assert!(
            text.contains(&format!("\"reason\":\"{code}\"")),
            "{code}: {text}"
        );
    };
    ends(by_jo, 2, "import.unsigned");
    signed.sign("--no-armor");
    ends("", 2, "import.key_not_pinned");
    ends(by_jo, 0, "holds");
    let named = " --system credit --model-id iris --model-version 1 --ledger main.sealog";
    assert!(signed.sealog("init main.sealog").status.success());
    let import = format!("import iris{by_jo}{named}");
    assert!(signed.sealog(&import).status.success());
    let log = signed
        .sealog("log --all --json --ledger main.sealog")
        .stdout;
    let log = String::from_utf8(log).unwrap();
    let model = log
        .lines()
        .find(|line| line.contains("\"kind\":\"model.registered\""));
    assert!(model.unwrap().contains("\"signer\":\""), "{log}");
    signed.sign("--textmode");
    ends(by_jo, 2, "import.signature_undecided");
    signed.gpg("--quick-gen-key sam@example.org ed25519 sign,cert never");
    signed.sign("--local-user sam@example.org");
    ends(by_jo, 1, "import.signature");
    // Another pickle with texts that agree with it, and the signature of the one before.
    signed.sign("--local-user jo@example.org");
    fs::write(signed.at("iris/model.pkl"), PICKLE.replace("I4", "I5")).unwrap();
    ends(by_jo, 1, "import.model_differs");
    fs::rename(signed.at("iris/model.pkl.sig"), signed.at("kept")).unwrap();
    for text in ["model_hash.txt", "model_metadata.json"] {
        fs::remove_file(signed.at("iris").join(text)).unwrap();
    }
    let write = "model manifest iris --format mlsecops --created-by jo --out iris/model_hash.txt";
    assert!(signed.sealog(write).status.success());
    fs::rename(signed.at("kept"), signed.at("iris/model.pkl.sig")).unwrap();
    ends(by_jo, 1, "import.signature");
}

#[test]
fn text_and_sha_1_signatures_are_undecided_where_gpg_is_content() {
    let Some(signed) = Signed::with_key("text_and_sha_1_signatures") else {
        return;
    };
    for (options, said) in [
        ("--textmode", "text signature"),
        ("--textmode --armor", "text signature"),
        ("--digest-algo SHA1", "SHA1"),
    ] {
        signed.sign(options);
        signed.ends(HASH, 2, &[said, "model_malformed"]);
    }
}

#[test]
fn two_signatures_none_and_something_else_are_undecided() {
    let Some(signed) = Signed::with_key("two_signatures") else {
        return;
    };
    signed.ends(HASH, 2, &["model_unsigned"]);
    signed.sign("--no-armor");
    let one = fs::read(signed.at("iris/model.pkl.sig")).unwrap();
    let others = [
        (one.repeat(2), "more than one signature"),
        (fs::read(signed.at("jo.gpg")).unwrap(), "no signature"),
        (b"text".to_vec(), "does not begin with"),
        (Vec::new(), "does not begin with"),
    ];
    for (bytes, said) in others {
        fs::write(signed.at("iris/model.pkl.sig"), bytes).unwrap();
        signed.ends(HASH, 2, &[said, "model_malformed"]);
    }
    let keyrings = [
        ("iris/model.pkl", "model_malformed"),
        ("nowhere", "model_io"),
    ];
    for (ring, said) in keyrings {
        signed.ends(&HASH.replace("jo.gpg", ring), 2, &[said]);
    }
}

#[test]
fn keys_that_have_expired_or_were_revoked_since_are_refuted() {
    let Some(signed) = Signed::new("keys_that_have_expired") else {
        return;
    };
    signed.gpg(
        "--faked-system-time 20200101T000000! --quick-gen-key jo@example.org ed25519 sign,cert 1y",
    );
    signed.sign("--faked-system-time 20200601T000000!");
    signed.export("jo.gpg");
    signed.ends(
        HASH,
        1,
        &[
            "expired at 2020-12-31",
            "after it signed",
            "model_signature",
        ],
    );
    let Some(signed) = Signed::with_key("keys_that_were_revoked") else {
        return;
    };
    signed.sign("--no-armor");
    signed.ends(HASH, 0, &[]);
    let folder = fs::read_dir(signed.gpg.0.path().join("openpgp-revocs.d")).unwrap();
    let certificate = folder.map(|entry| entry.unwrap().path()).next().unwrap();
    let text = fs::read_to_string(certificate).unwrap();
    fs::write(
        signed.at("revocation"),
        text.replace(":-----BEGIN", "-----BEGIN"),
    )
    .unwrap();
    signed.gpg("--import revocation");
    signed.export("jo.gpg");
    signed.ends(HASH, 1, &["was revoked", "model_signature"]);
}

#[test]
fn a_manifest_of_our_own_is_verified_by_an_openpgp_signature_over_its_bytes() {
    let Some(signed) = Signed::with_key("a_manifest_of_our_own") else {
        return;
    };
    for text in ["model_hash.txt", "model_metadata.json"] {
        fs::remove_file(signed.at("iris").join(text)).unwrap();
    }
    let written = signed.sealog("model manifest iris --created-by jo --out m.json");
    assert!(written.status.success(), "{written:?}");
    signed.gpg("--output m.json.sig --detach-sign m.json");
    let own = "iris --manifest m.json --openpgp-keyring jo.gpg";
    signed.ends(own, 0, &[]);
    signed.ends("iris --manifest m.json", 2, &["model_unsigned"]);
    assert!(signed.sealog("model key new own.key").status.success());
    signed.ends(
        "iris --manifest m.json --key own.key.pub",
        2,
        &["model_pin"],
    );
    fs::write(signed.at("iris/model.pkl"), PICKLE.replace("I4", "I5")).unwrap();
    signed.ends(own, 1, &["model.pkl", "model_differs"]);
    fs::write(signed.at("iris/model.pkl"), PICKLE).unwrap();
    let text = fs::read_to_string(signed.at("m.json")).unwrap();
    fs::write(signed.at("m.json"), text.replace("\"jo\"", "\"sam\"")).unwrap();
    signed.ends(own, 1, &["model_signature"]);
}

#[test]
fn a_fingerprint_alone_or_beside_another_pin_never_holds() {
    let world = World::new();
    fs::create_dir(world.here().join("iris")).unwrap();
    let fingerprint = format!(" --fingerprint {}", "0".repeat(40));
    let ring = " --openpgp-keyring jo.gpg";
    let sigstore = " --trusted-root root.json --identity jo --identity-provider https://by.example";
    let digest = format!(" --manifest-digest {}", "0".repeat(64));
    let others = [
        " --key release.key.pub",
        " --trusted release",
        " --root release.pem",
        sigstore,
        &digest,
    ];
    let mut given = vec![
        fingerprint.clone(),
        format!("{ring} --verification-time 2025-05-03T01:34:46Z"),
        format!("{ring} --identity jo --identity-provider https://by.example"),
    ];
    for other in others {
        given.push(format!("{ring}{other}"));
        given.push(format!("{fingerprint}{other}"));
        given.push(format!("{ring}{fingerprint}{other}"));
    }
    for given in given {
        for verb in ["verify", "gate"] {
            let line = format!("model {verb} iris --manifest m.json{given}");
            let done = world.command().args(line.split(' ')).output().unwrap();
            let said = String::from_utf8(done.stderr).unwrap();
            assert_eq!(done.status.code(), Some(2), "{line}: {said}");
            assert!(said.contains("Usage: "), "{line}: {said}");
        }
    }
}
