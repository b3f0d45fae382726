//! What a user gives and a bundle carries: files of roots and chains, how many of them, and what they vouch for.

use std::path::PathBuf;

use super::made::{NOW, Wish, pem};
use super::*;
use crate::digest::DigestOptions;
use crate::limits::{CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX, ROOTS_MAX};
use crate::manifest::{Authorship, Statement};
use crate::sign::{Envelope, Pin, Walks};
use crate::walk::WalkOptions;

#[test]
fn bytes_that_are_no_certificate_and_chains_that_are_too_long_are_malformed() {
    let (model, chain) = (Model::new(), Chain::usual());
    let roots = chain.roots();
    let der = &chain.ders[0];
    for cut in (0..der.len()).step_by(7) {
        let shown = [der[..cut].to_vec(), chain.ders[1].clone()];
        let error = model
            .verify(&model.sign_showing(&chain, &shown), &roots)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{cut}: {error}");
    }
    for at in (0..der.len()).step_by(3) {
        let mut flipped = der.clone();
        flipped[at] ^= 1;
        let shown = [flipped, chain.ders[1].clone()];
        model
            .verify(&model.sign_showing(&chain, &shown), &roots)
            .unwrap_err();
    }
    let trailing = [[der.as_slice(), &[0]].concat(), chain.ders[1].clone()];
    let error = model
        .verify(&model.sign_showing(&chain, &trailing), &roots)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    for (count, holds) in [
        (CHAIN_CERTIFICATES_MAX, true),
        (CHAIN_CERTIFICATES_MAX + 1, false),
    ] {
        let mut shown = vec![der.clone(), chain.ders[1].clone()];
        shown.resize(count, Chain::of(&[Wish::authority("idle")]).ders[0].clone());
        let verified = model.verify(&model.sign_showing(&chain, &shown), &roots);
        assert_eq!(verified.is_ok(), holds, "{count}");
    }
    assert!(
        model
            .verify(&model.sign_showing(&chain, &[]), &roots)
            .is_err()
    );
    for (length, word) in [
        (CERTIFICATE_BYTES_MAX, "DER"),
        (CERTIFICATE_BYTES_MAX + 1, "too long"),
    ] {
        let error = Certificate::from_der(&vec![0x30; length]).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[test]
fn files_of_roots_and_chains_that_are_refused() {
    let (model, chain) = (Model::new(), Chain::usual());
    let key = model.key(&chain);
    let certificate = |der: &[u8]| pem("CERTIFICATE", der);
    let leaf = model.file("leaf.pem", &certificate(&chain.ders[0]));
    let between = model.file("between.pem", &certificate(&chain.ders[1]));
    let root = model.file(
        "root.pem",
        &format!("a remark\n{}", certificate(&chain.ders[2])),
    );
    CertificateRoots::read(std::slice::from_ref(&root)).unwrap();
    let full =
        SigningChain::read(&leaf, &[between.clone(), root.clone()], key.public(), now()).unwrap();
    assert_eq!(full.ders().count(), 3);
    let secret = pem("PRIVATE KEY", &chain.key.serialize_der());
    for (name, text) in [
        ("nothing", String::new()),
        ("no PEM", "x".into()),
        ("a key", secret),
        ("no certificate", pem("CERTIFICATE", b"x")),
        (
            "one and a half",
            certificate(&chain.ders[2]) + "-----BEGIN CERTIFICATE-----\nAA",
        ),
    ] {
        let path = model.file("bad.pem", &text);
        let error = CertificateRoots::read(std::slice::from_ref(&path)).unwrap_err();
        assert!(matches!(error, Error::Key { .. }), "{name}: {error}");
        assert!(
            SigningChain::read(&path, &[], key.public(), now()).is_err(),
            "{name}"
        );
    }
    assert!(CertificateRoots::read(&[]).is_err());
    let why = |leaf: &PathBuf, above: &[PathBuf], key: &PublicKey, at: Timestamp| {
        SigningChain::read(leaf, above, key, at)
            .unwrap_err()
            .to_string()
    };
    let own = key.public();
    let first = why(&between, std::slice::from_ref(&leaf), own, now());
    assert!(first.contains("another key"), "{first}");
    let swapped = why(&leaf, &[root, between], own, now());
    assert!(swapped.contains("in order"), "{swapped}");
    let after = Timestamp::parse(b"2031-01-01T00:00:00Z").unwrap();
    let expired = why(&leaf, &[], own, after);
    assert!(expired.contains("expired"), "{expired}");
    let mut silent = Wish::leaf();
    silent.extended.clear();
    let silent = Chain::of(&[Wish::authority("root"), silent]);
    let file = model.file("silent.pem", &certificate(&silent.ders[0]));
    let silent = why(&file, &[], model.key(&silent).public(), now());
    assert!(silent.contains("signing code"), "{silent}");
}

/// A leaf under a root with so many authorities between them.
fn deep(between: usize) -> Chain {
    let names = ["one", "two", "three", "four", "five", "six", "seven"];
    let mut wishes = vec![Wish::authority("root")];
    wishes.extend(names[..between].iter().map(|name| Wish::authority(name)));
    wishes.push(Wish::leaf());
    Chain::of(&wishes)
}

#[test]
fn the_longest_chain_is_signed_with_and_holds_and_one_more_is_refused() {
    let model = Model::new();
    let read = |chain: &Chain| {
        let text: String = chain.ders[1..]
            .iter()
            .map(|der| pem("CERTIFICATE", der))
            .collect();
        let above = model.file("above.pem", &text);
        let leaf = model.file("leaf.pem", &pem("CERTIFICATE", &chain.ders[0]));
        SigningChain::read(&leaf, &[above], model.key(chain).public(), now())
    };
    let longest = deep(CHAIN_CERTIFICATES_MAX - 2);
    assert_eq!(longest.ders.len(), CHAIN_CERTIFICATES_MAX);
    assert_eq!(
        read(&longest).unwrap().ders().count(),
        CHAIN_CERTIFICATES_MAX
    );
    let whole = model.sign_showing(&longest, &longest.ders);
    model.verify(&whole, &longest.roots()).unwrap();
    let longer = deep(CHAIN_CERTIFICATES_MAX - 1);
    let error = read(&longer).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
    let whole = model.sign_showing(&longer, &longer.ders);
    let error = model.verify(&whole, &longer.roots()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    // Without its root it is short enough to be shown, and too deep a path to be followed.
    let error = model
        .verify(&model.sign(&longer), &longer.roots())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
}

#[test]
fn roots_vouch_for_bundles_with_certificates_and_for_nothing_else() {
    let (model, chain) = (Model::new(), Chain::usual());
    let path = model.root.path().join("model");
    let hashes = [Algorithm::Sha256];
    let options = DigestOptions::new(&hashes);
    let walk = WalkOptions::default();
    let (manifest, set) = Manifest::of(&path, &walk, &options).unwrap();
    let key = model.key(&chain);
    let by_key = sign_oms(
        &manifest,
        &set,
        &walk.ignore,
        &key,
        &OmsOptions::new(Algorithm::Sha256),
    );
    let authorship = Authorship {
        name: "iris".into(),
        version: "1.0".into(),
        created_by: "jo".into(),
        created_at: NOW.into(),
    };
    let own = Statement::new(authorship, manifest, &set).unwrap();
    let roots = Pin::Roots {
        roots: chain.roots(),
        at: now(),
    };
    let walks = Walks {
        own: walk.clone(),
        older: walk,
    };
    let vouch = |text: &[u8], pin: &Pin| {
        let file = model.file("model.sig", std::str::from_utf8(text).unwrap());
        let envelope = Envelope::read(path.clone(), file, None).unwrap();
        envelope.vouch(pin, &walks)
    };
    let by_certificate = model.sign(&chain);
    vouch(&by_certificate, &roots).unwrap();
    let by_key = by_key.unwrap();
    vouch(&by_key, &Pin::Key(key.public().clone())).unwrap();
    for (text, pin) in [
        (&own.to_canonical(), &roots),
        (&by_key, &roots),
        (&by_certificate, &Pin::Key(key.public().clone())),
        (&by_certificate, &Pin::Nothing),
    ] {
        let error = vouch(text, pin).unwrap_err();
        assert!(matches!(error, Error::Pin { .. }), "{error}");
        assert_eq!(error.code(), "model_pin");
    }
}

#[test]
fn so_many_roots_can_be_brought_and_no_more() {
    let (model, chain) = (Model::new(), Chain::usual());
    let one = pem("CERTIFICATE", chain.ders.last().unwrap());
    let (most, single) = (
        model.file("most.pem", &one.repeat(ROOTS_MAX)),
        model.file("single.pem", &one),
    );
    let roots = CertificateRoots::read(std::slice::from_ref(&most)).unwrap();
    model.verify(&model.sign(&chain), &roots).unwrap();
    for paths in [
        vec![most, single],
        vec![model.file("more.pem", &one.repeat(ROOTS_MAX + 1))],
    ] {
        let error = CertificateRoots::read(&paths).unwrap_err();
        assert!(matches!(error, Error::Key { .. }), "{error}");
    }
}
