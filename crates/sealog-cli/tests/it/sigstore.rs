//! Models that were signed through the public Sigstore, as `verify` and `gate` take them.

use std::fs;
use std::process::Output;

use crate::golden::World;

const ROOT: &str = include_str!("../../../sealog-model/tests/testdata/sigstore/trusted_root.json");
const PLAIN: &str = include_str!("../../../sealog-model/tests/testdata/sigstore/v1.0.0.sig");
const STAMPED: &str = include_str!("../../../sealog-model/tests/testdata/sigstore/v1.1.0.sig");
const IDENTITY: &str = "stefanb@us.ibm.com";
const PROVIDER: &str = "https://sigstore.verify.ibm.com/oauth2";

fn world() -> World {
    let world = World::new();
    let here = world.here();
    fs::create_dir(here.join("model")).unwrap();
    for name in ["signme-1", "signme-2"] {
        fs::write(here.join("model").join(name), name).unwrap();
    }
    for (name, text) in [
        ("root.json", ROOT),
        ("plain.sig", PLAIN),
        ("stamped.sig", STAMPED),
    ] {
        fs::write(here.join(name), text).unwrap();
    }
    world
}

fn run(world: &World, words: &str) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = world.command().args(words.split(' ')).output().unwrap();
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

fn trusting(verb: &str, bundle: &str, identity: &str, provider: &str) -> String {
    format!(
        "model {verb} model --manifest {bundle} --trusted-root root.json --identity {identity} --identity-provider {provider}"
    )
}

fn expect(world: &World, words: &str, status: i32, said: &str) {
    let (found, text) = run(world, words);
    assert_eq!(found, Some(status), "{words}: {text}");
    assert!(text.contains(said), "{words}: {text}");
}

#[test]
fn a_model_of_the_public_sigstore_holds_by_its_root_identity_and_provider() {
    let world = world();
    let words = trusting("verify", "plain.sig", IDENTITY, PROVIDER);
    expect(
        &world,
        &words,
        0,
        "HOLDS         by oms-sigstore stefanb@us.ibm.com of https://",
    );
    let json = format!("{words} --json");
    expect(
        &world,
        &json,
        0,
        r#""identity":"stefanb@us.ibm.com","identity_provider":"https://"#,
    );
    expect(&world, &json, 0, r#""log_index":"206344181""#);
    let gate = trusting("gate", "plain.sig", IDENTITY, PROVIDER);
    expect(&world, &gate, 0, "ADMITTED");
    fs::write(world.here().join("model/signme-2"), "signme-3").unwrap();
    expect(&world, &words, 1, "signme-2");
    expect(&world, &gate, 1, "signme-2");
}

#[test]
fn another_signer_is_refuted_with_and_without_a_timestamp() {
    let world = world();
    for verb in ["verify", "gate"] {
        for bundle in ["plain.sig", "stamped.sig"] {
            let words = trusting(verb, bundle, IDENTITY, PROVIDER);
            assert_eq!(run(&world, &words).0, Some(0), "{words}");
            let words = trusting(verb, bundle, "other@us.ibm.com", PROVIDER);
            expect(&world, &words, 1, "model_not_expected");
            let words = trusting(verb, bundle, IDENTITY, "https://accounts.example");
            expect(&world, &words, 1, "model_not_expected");
        }
    }
}

#[test]
fn a_part_of_what_is_needed_never_holds() {
    let world = world();
    let (root, who, by) = (
        " --trusted-root root.json",
        format!(" --identity {IDENTITY}"),
        format!(" --identity-provider {PROVIDER}"),
    );
    for given in [
        root.to_owned(),
        who.clone(),
        by.clone(),
        format!("{root}{who}"),
        format!("{root}{by}"),
        format!("{who}{by}"),
        format!("{root}{who}{by} --key release.key.pub"),
        format!("{root}{who}{by} --verification-time 2025-05-03T01:34:46Z"),
        format!("{who}{by} --key release.key.pub"),
        format!("{who}{by} --trusted release"),
        format!("{who}{by} --root release.pem"),
        format!("{who} --manifest-digest {}", "0".repeat(64)),
    ] {
        for verb in ["verify", "gate"] {
            let words = format!("model {verb} model --manifest plain.sig{given}");
            let (status, text) = run(&world, &words);
            assert_eq!(status, Some(2), "{words}: {text}");
            assert!(text.contains("Usage: "), "{words}: {text}");
        }
    }
    expect(
        &world,
        "model verify model --manifest plain.sig",
        2,
        "model_pin",
    );
}

#[test]
fn a_root_that_is_none_decides_nothing() {
    let world = world();
    fs::write(world.here().join("root.json"), "{}").unwrap();
    let words = trusting("verify", "plain.sig", IDENTITY, PROVIDER);
    expect(&world, &words, 2, "the trusted root is malformed");
}
