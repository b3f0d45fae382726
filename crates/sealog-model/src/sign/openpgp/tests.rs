//! Signatures and keys that `gpg` makes, and what it says of them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use sealog_core::ErrorKind;
use tempfile::TempDir;

use super::*;
use crate::limits::{OPENPGP_OWN_SIGNATURES_MAX, OPENPGP_PACKETS_MAX};

const NOW: i64 = 1_900_000_000;
const CONTENT: &[u8] = b"weights\r\nand more \n";

/// A home of gpg's own, with a file to sign; its agent ends with it.
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

impl Gpg {
    /// None, and a word about it, where gpg is not installed.
    fn new(test: &str) -> Option<Self> {
        if Command::new("gpg").arg("--version").output().is_err() {
            eprintln!("skipped: {test}: gpg is not installed (on Debian: apt-get install gnupg)");
            return None;
        }
        // A socket's path has to be short.
        let home = Self(TempDir::new_in("/tmp").unwrap());
        fs::write(home.at("model.pkl"), CONTENT).unwrap();
        Some(home)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let fixed =
            "--batch --yes --no-tty --pinentry-mode loopback --passphrase  --trust-model always";
        let mut command = Command::new("gpg");
        command
            .env("GNUPGHOME", self.0.path())
            .env("LC_ALL", "C")
            .current_dir(self.0.path());
        command.args(fixed.split(' ')).args(arguments.split(' '));
        command
    }

    fn output(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn run(&self, arguments: &str) {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments}: {output:?}");
    }

    fn run_with(&self, arguments: &str, input: &str) {
        fs::write(self.at("input"), input).unwrap();
        let input = File::open(self.at("input")).unwrap();
        let output = self.command(arguments).stdin(input).output().unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
    }

    /// A key of this kind, and what it may be used for.
    fn key(&self, kind: &str) {
        self.run(&format!(
            "--quick-gen-key jo@example.org {kind} sign,cert never"
        ));
    }

    fn export(&self) {
        self.run("--output ring --export");
    }

    fn sign(&self, options: &str) -> Vec<u8> {
        self.run(&format!(
            "{options} --output model.pkl.sig --detach-sign model.pkl"
        ));
        fs::read(self.at("model.pkl.sig")).unwrap()
    }

    fn keys(&self) -> OpenPgpKeys {
        self.export();
        ring_at(&self.at("ring"), None, NOW).unwrap()
    }

    /// Fingerprints of keys and subkeys.
    fn fingerprints(&self) -> Vec<String> {
        let listed = self.output("--with-colons --list-keys");
        let listed = String::from_utf8(listed.stdout).unwrap();
        let lines = listed.lines().filter(|line| line.starts_with("fpr:"));
        lines
            .map(|line| line.split(':').nth(9).unwrap().to_owned())
            .collect()
    }

    /// Whether gpg itself is content.
    fn verifies(&self) -> bool {
        self.output("--verify model.pkl.sig model.pkl")
            .status
            .success()
    }
}

fn ring_at(path: &Path, fingerprint: Option<&str>, at: i64) -> Result<OpenPgpKeys, Error> {
    OpenPgpKeys::read(path, fingerprint, Timestamp::from_unix(at, 0).unwrap())
}

fn verify(keys: &OpenPgpKeys, signature: &[u8], content: &[u8]) -> Result<OpenPgpSigned, Error> {
    keys.verify(signature, &mut io::Cursor::new(content))
}

/// A packet of the newer form.
fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [[0xc0 | tag, 0xff].as_slice(), &length, body].concat()
}

/// The packets of a ring that gpg wrote, which uses the older form with lengths of one and two bytes.
fn packets(ring: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut rest = ring;
    let mut found = Vec::new();
    while let [head, tail @ ..] = rest {
        let (length, start) = match head & 3 {
            0 => (usize::from(tail[0]), 1),
            1 => (usize::from(tail[0]) * 256 + usize::from(tail[1]), 2),
            _ => panic!("a length of four bytes"),
        };
        assert_eq!(head & 0xc0, 0x80);
        found.push((head >> 2 & 0xf, tail[start..start + length].to_vec()));
        rest = &tail[start + length..];
    }
    found
}

fn ring_of(parts: &[(u8, Vec<u8>)]) -> Vec<u8> {
    parts
        .iter()
        .flat_map(|(tag, body)| packet(*tag, body))
        .collect()
}

fn keys_of(ring: Vec<u8>) -> OpenPgpKeys {
    OpenPgpKeys {
        ring,
        fingerprint: None,
        at: Timestamp::from_unix(NOW, 0).unwrap(),
    }
}

#[test]
fn what_gpg_signs_verifies_and_a_changed_content_does_not() {
    for kind in ["rsa2048", "ed25519", "nistp256", "nistp384", "nistp521"] {
        let Some(gpg) = Gpg::new("what_gpg_signs_verifies") else {
            return;
        };
        gpg.key(kind);
        let keys = gpg.keys();
        for options in ["--no-armor", "--armor"] {
            let signature = gpg.sign(options);
            assert!(gpg.verifies(), "{kind}");
            let signed = verify(&keys, &signature, CONTENT).unwrap();
            assert_eq!(signed.fingerprint, gpg.fingerprints()[0], "{kind}");
            for changed in [
                b"weights\nand more \n".as_slice(),
                b"weights\r\nand more\n",
                b"",
            ] {
                let error = verify(&keys, &signature, changed).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Refuted, "{kind}: {error}");
            }
        }
        gpg.run("--armor --output ring.asc --export");
        let armored = ring_at(&gpg.at("ring.asc"), None, NOW).unwrap();
        verify(&armored, &gpg.sign("--no-armor"), CONTENT).unwrap();
    }
}

#[test]
fn a_key_that_is_not_in_the_ring_or_not_the_named_one_is_refuted() {
    let Some(gpg) = Gpg::new("a_key_that_is_not_in_the_ring") else {
        return;
    };
    gpg.key("ed25519");
    let first = gpg.keys();
    gpg.run("--quick-gen-key sam@example.org ed25519 sign,cert never");
    let signature = gpg.sign("--local-user sam@example.org");
    assert!(gpg.verifies());
    let error = verify(&first, &signature, CONTENT).unwrap_err();
    assert!(error.to_string().contains("by no key"), "{error}");
    let both = gpg.keys();
    verify(&both, &signature, CONTENT).unwrap();
    let [jo, sam] = gpg.fingerprints().try_into().unwrap();
    let ring = gpg.at("ring");
    let named = ring_at(&ring, Some(&jo), NOW).unwrap();
    let error = verify(&named, &signature, CONTENT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    let named = ring_at(&ring, Some(&sam.to_lowercase()), NOW).unwrap();
    verify(&named, &signature, CONTENT).unwrap();
    for bad in ["", &sam[1..], &sam[24..], &"0".repeat(40), &"g".repeat(40)] {
        let error = ring_at(&ring, Some(bad), NOW).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{bad}");
    }
}

#[test]
fn a_subkey_signs_if_it_and_its_primary_key_vouch_for_each_other() {
    let Some(gpg) = Gpg::new("a_subkey_signs") else {
        return;
    };
    gpg.run("--quick-gen-key jo@example.org ed25519 cert never");
    let primary = gpg.fingerprints()[0].clone();
    gpg.run(&format!("--quick-add-key {primary} ed25519 sign never"));
    let keys = gpg.keys();
    let signature = gpg.sign("--no-armor");
    let signed = verify(&keys, &signature, CONTENT).unwrap();
    let subkey = gpg.fingerprints()[1].clone();
    assert_eq!(
        (&signed.fingerprint, &signed.signing_key),
        (&primary, &subkey)
    );
    for pinned in [&primary, &subkey] {
        let keys = ring_at(&gpg.at("ring"), Some(pinned), NOW).unwrap();
        verify(&keys, &signature, CONTENT).unwrap();
    }
    let parts = packets(&fs::read(gpg.at("ring")).unwrap());
    let at = parts.iter().position(|(tag, _)| *tag == 14).unwrap();
    assert_eq!(at, parts.len() - 2);
    let with = |parts: &[(u8, Vec<u8>)]| verify(&keys_of(ring_of(parts)), &signature, CONTENT);
    with(&parts).unwrap();
    // Without its binding, and without anything that the primary key says of itself.
    let own = parts.iter().enumerate();
    let own: Vec<_> = own
        .filter(|(number, (tag, _))| *number >= at || *tag != 2)
        .collect();
    let own: Vec<_> = own.into_iter().map(|(_, part)| part.clone()).collect();
    for parts in [&parts[..=at], &own] {
        let error = with(parts).unwrap_err();
        assert!(error.to_string().contains("may not sign"), "{error}");
    }
    // No bit of the binding can be changed, but those that the signature back does not need: its own hint of a key.
    let binding = &parts[at + 1].1;
    let mut held = 0;
    for byte in 0..binding.len() {
        let mut changed = parts.clone();
        changed[at + 1].1[byte] ^= 1;
        held += usize::from(with(&changed).is_ok());
    }
    assert!(held < 24, "{held} of {}", binding.len());
}

#[test]
fn a_subkey_that_is_revoked_or_may_not_sign_is_refuted_and_its_primary_key_is_not() {
    let Some(gpg) = Gpg::new("a_subkey_that_is_revoked") else {
        return;
    };
    gpg.key("ed25519");
    let primary = gpg.fingerprints()[0].clone();
    let own = gpg.sign(&format!("--local-user {primary}!"));
    gpg.run(&format!("--quick-add-key {primary} ed25519 sign never"));
    let subkey = gpg.fingerprints()[1].clone();
    let signature = gpg.sign(&format!("--local-user {subkey}!"));
    verify(&gpg.keys(), &signature, CONTENT).unwrap();
    gpg.run_with(
        &format!("--command-fd 0 --edit-key {primary}"),
        "key 1\nrevkey\ny\n0\n\ny\nsave\n",
    );
    let keys = gpg.keys();
    let error = verify(&keys, &signature, CONTENT).unwrap_err();
    assert!(error.to_string().contains("was revoked"), "{error}");
    verify(&keys, &own, CONTENT).unwrap();
    // One whose owner says that it signs in the name of logins alone: bytes, for gpg does not sign with it.
    gpg.run(&format!("--quick-add-key {primary} ed25519 auth never"));
    gpg.export();
    let ring = fs::read(gpg.at("ring")).unwrap();
    let read = certificate::read(&ring).unwrap();
    let [_, auth] = read[0].subkeys.as_slice() else {
        panic!("two subkeys");
    };
    let at = u64::try_from(NOW).unwrap();
    let why = read[0].bound(auth, at).unwrap_err();
    assert!(why.contains("does not say that it signs"), "{why}");
}

#[test]
fn what_may_not_sign_is_refuted() {
    let Some(gpg) = Gpg::new("what_may_not_sign") else {
        return;
    };
    gpg.run("--quick-gen-key jo@example.org ed25519 sign,cert never");
    let signature = gpg.sign("--no-armor");
    let ring = {
        gpg.export();
        fs::read(gpg.at("ring")).unwrap()
    };
    let alone = ring_of(&packets(&ring)[..1]);
    let error = verify(&keys_of(alone), &signature, CONTENT).unwrap_err();
    assert!(error.to_string().contains("no user"), "{error}");
    // The same key twice, one copy of which could lack a revocation.
    let error = verify(&keys_of([ring.clone(), ring].concat()), &signature, CONTENT).unwrap_err();
    assert!(error.to_string().contains("more than once"), "{error}");
    // Its owner says that it certifies and does not sign.
    let Some(gpg) = Gpg::new("what_may_not_sign") else {
        return;
    };
    gpg.run("--quick-gen-key jo@example.org ed25519 cert never");
    gpg.export();
    let read = certificate::read(&fs::read(gpg.at("ring")).unwrap()).unwrap();
    let (_, signs) = read[0].own(u64::try_from(NOW).unwrap()).unwrap();
    assert!(!signs);
}

#[test]
fn an_rsa_key_of_1024_bits_and_a_curve_of_another_family_are_refuted_where_gpg_is_content() {
    for kind in ["rsa1024", "secp256k1", "brainpoolP256r1"] {
        let Some(gpg) = Gpg::new("an_rsa_key_of_1024_bits") else {
            return;
        };
        gpg.key(kind);
        let signature = gpg.sign("--digest-algo SHA256");
        assert!(gpg.verifies(), "{kind}");
        let error = verify(&gpg.keys(), &signature, CONTENT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{kind}: {error}");
        assert!(
            error.to_string().contains("may not sign"),
            "{kind}: {error}"
        );
    }
}

#[test]
fn a_critical_notation_is_refused_and_another_is_not() {
    let Some(gpg) = Gpg::new("a_critical_notation") else {
        return;
    };
    gpg.key("ed25519");
    let keys = gpg.keys();
    let signature = gpg.sign("--sig-notation part@example.org=all");
    verify(&keys, &signature, CONTENT).unwrap();
    let signature = gpg.sign("--sig-notation !part@example.org=all");
    let error = verify(&keys, &signature, CONTENT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert!(
        error.to_string().contains("critical subpacket 20"),
        "{error}"
    );
}

#[test]
fn a_key_whose_own_signature_is_of_sha_1_is_refuted() {
    let Some(gpg) = Gpg::new("a_key_whose_own_signature_is_of_sha_1") else {
        return;
    };
    gpg.run("--cert-digest-algo SHA1 --quick-gen-key jo@example.org rsa2048 sign,cert never");
    let signature = gpg.sign("--digest-algo SHA256");
    assert!(gpg.verifies(), "gpg has become stricter");
    let error = verify(&gpg.keys(), &signature, CONTENT).unwrap_err();
    assert!(error.to_string().contains("SHA1"), "{error}");
}

#[test]
fn own_signatures_are_tried_up_to_their_limit() {
    let Some(gpg) = Gpg::new("own_signatures_are_tried") else {
        return;
    };
    gpg.key("ed25519");
    let signature = gpg.sign("--no-armor");
    gpg.export();
    let parts = packets(&fs::read(gpg.at("ring")).unwrap());
    assert_eq!(parts.len(), 3);
    // Spoilt in its last byte, and before the one that holds: of the same time, so they are tried in order.
    let mut spoilt = parts[2].clone();
    *spoilt.1.last_mut().unwrap() ^= 1;
    let with = |count: usize| {
        let spoilt = vec![spoilt.clone(); count];
        let ring = [&parts[..2], &spoilt, &parts[2..]].concat();
        verify(&keys_of(ring_of(&ring)), &signature, CONTENT)
    };
    with(OPENPGP_OWN_SIGNATURES_MAX - 1).unwrap();
    let error = with(OPENPGP_OWN_SIGNATURES_MAX).unwrap_err();
    assert!(error.to_string().contains("256"), "{error}");
}

#[test]
fn m3_text_signatures_sha_1_and_md5_are_refused_where_gpg_is_content() {
    let Some(gpg) = Gpg::new("m3_text_signatures_sha_1_and_md5") else {
        return;
    };
    gpg.key("rsa2048");
    let keys = gpg.keys();
    for (options, reason) in [
        ("--textmode", "text signature"),
        ("--digest-algo SHA1", "SHA1"),
        ("--digest-algo RIPEMD160", "RIPEMD160"),
    ] {
        let signature = gpg.sign(options);
        assert!(gpg.verifies(), "gpg has become stricter: {options}");
        let error = verify(&keys, &signature, CONTENT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{options}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    let mut md5 = gpg.sign("--no-armor");
    let at = md5
        .windows(4)
        .position(|window| window == [4, 0, 1, 10] || window == [4, 0, 1, 8]);
    md5[at.unwrap() + 3] = 1;
    let error = verify(&keys, &md5, CONTENT).unwrap_err();
    assert!(error.to_string().contains("MD5"), "{error}");
    for hash in ["SHA256", "SHA384", "SHA512"] {
        verify(&keys, &gpg.sign(&format!("--digest-algo {hash}")), CONTENT).unwrap();
    }
    let error = verify(&keys, &gpg.sign("--digest-algo SHA224"), CONTENT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

#[test]
fn m3_a_key_that_has_expired_since_is_refuted_where_gpg_is_content() {
    let Some(gpg) = Gpg::new("m3_a_key_that_has_expired_since") else {
        return;
    };
    let then = "--faked-system-time 20200101T000000!";
    gpg.run(&format!(
        "{then} --quick-gen-key jo@example.org ed25519 sign,cert 1y"
    ));
    let signature = gpg.sign("--faked-system-time 20200601T000000!");
    assert!(gpg.verifies(), "gpg has become stricter");
    let keys = gpg.keys();
    let error = verify(&keys, &signature, CONTENT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    assert!(
        error.to_string().contains("expired at 2020-12-31T00:00:00"),
        "{error}"
    );
    assert!(
        error.to_string().contains("after it signed at 2020-06-01"),
        "{error}"
    );
    let later =
        |signature: &[u8], now| verify(&ring_at(&gpg.at("ring"), None, now)?, signature, CONTENT);
    let at = |now| later(&signature, now);
    // 31 December 2020, the second before it and that one; then a clock before the signature.
    at(1_609_372_799).unwrap();
    at(1_609_372_800).unwrap_err();
    let error = at(1_590_000_000).unwrap_err();
    assert!(error.to_string().contains("to come"), "{error}");
    let short = gpg.sign("--faked-system-time 20200601T000000! --default-sig-expire 10d");
    let error = later(&short, 1_600_000_000).unwrap_err();
    assert!(error.to_string().contains("it expired at"), "{error}");
}

#[test]
fn m3_a_key_that_was_revoked_is_refuted() {
    let Some(gpg) = Gpg::new("m3_a_key_that_was_revoked") else {
        return;
    };
    gpg.key("ed25519");
    let signature = gpg.sign("--no-armor");
    verify(&gpg.keys(), &signature, CONTENT).unwrap();
    let certificate = gpg.at(&format!("openpgp-revocs.d/{}.rev", gpg.fingerprints()[0]));
    let text = fs::read_to_string(certificate).unwrap();
    fs::write(
        gpg.at("revocation"),
        text.replace(":-----BEGIN", "-----BEGIN"),
    )
    .unwrap();
    gpg.run("--import revocation");
    let error = verify(&gpg.keys(), &signature, CONTENT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted);
    assert!(error.to_string().contains("was revoked"), "{error}");
}

#[test]
fn no_flipped_bit_and_no_cut_makes_another_signature_hold() {
    let Some(gpg) = Gpg::new("no_flipped_bit") else {
        return;
    };
    gpg.key("ed25519");
    let keys = gpg.keys();
    let signature = gpg.sign("--no-armor");
    let good = verify(&keys, &signature, CONTENT).unwrap();
    for end in 0..signature.len() {
        verify(&keys, &signature[..end], CONTENT).unwrap_err();
    }
    for bit in 0..signature.len() * 8 {
        let mut changed = signature.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        if let Ok(found) = verify(&keys, &changed, CONTENT) {
            assert_eq!(found, good, "{bit}");
        }
    }
    let ring = keys.ring.clone();
    for bit in 0..ring.len() * 8 {
        let mut ring = ring.clone();
        ring[bit / 8] ^= 1 << (bit % 8);
        let keys = keys_of(ring);
        if let Ok(found) = verify(&keys, &signature, CONTENT) {
            assert_eq!(found, good, "{bit}");
        }
    }
    for end in 0..ring.len() {
        // Cut between packets, only what stands behind is missing.
        let _ = verify(&keys_of(ring[..end].to_vec()), &signature, CONTENT)
            .map(|found| assert_eq!(found, good));
    }
    for wrong in [
        [signature.as_slice(), &signature].concat(),
        ring.clone(),
        Vec::new(),
        b"text".to_vec(),
    ] {
        let error = verify(&keys, &wrong, CONTENT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}

#[test]
fn private_keys_texts_and_too_much_are_refused() {
    let Some(gpg) = Gpg::new("private_keys_texts_and_too_much") else {
        return;
    };
    gpg.key("ed25519");
    gpg.run("--output secret --export-secret-keys");
    let error = ring_at(&gpg.at("secret"), None, NOW).unwrap_err();
    assert!(error.to_string().contains("private"), "{error}");
    let keys = gpg.keys();
    let armored = String::from_utf8(gpg.sign("--armor")).unwrap();
    for bad in [
        format!("{armored}text\n"),
        format!("text\n{armored}"),
        format!("{armored}{armored}"),
        armored.replace("-----END PGP SIGNATURE-----", ""),
        armored.replace("SIGNATURE", "MESSAGE"),
        armored.replacen("\n\n", "\n\n*", 1),
    ] {
        let error = verify(&keys, bad.as_bytes(), CONTENT).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{bad}");
    }
    let spaces = " ".repeat(SIGNATURE_FILE_BYTES_MAX - armored.len());
    verify(&keys, format!("{armored}{spaces}").as_bytes(), CONTENT).unwrap();
    let error = verify(&keys, format!("{armored}{spaces} ").as_bytes(), CONTENT).unwrap_err();
    assert!(error.to_string().contains("limit of"), "{error}");
    gpg.run("--armor --output ring.asc --export");
    let mut ring = fs::read(gpg.at("ring.asc")).unwrap();
    ring.resize(KEY_FILE_BYTES_MAX, b' ');
    fs::write(gpg.at("long"), &ring).unwrap();
    ring_at(&gpg.at("long"), None, NOW).unwrap();
    ring.push(b' ');
    fs::write(gpg.at("long"), &ring).unwrap();
    let error = ring_at(&gpg.at("long"), None, NOW).unwrap_err();
    assert!(error.to_string().contains("limit of"), "{error}");
    // Packets of the trust of a ring, which are passed over.
    let count = packets(&keys.ring).len();
    let mut ring = keys.ring.clone();
    ring.extend([0xcc, 1, 0].repeat(OPENPGP_PACKETS_MAX - count));
    fs::write(gpg.at("many"), &ring).unwrap();
    ring_at(&gpg.at("many"), None, NOW).unwrap();
    ring.extend([0xcc, 1, 0]);
    fs::write(gpg.at("many"), &ring).unwrap();
    let error = ring_at(&gpg.at("many"), None, NOW).unwrap_err();
    assert!(error.to_string().contains("limit of"), "{error}");
}

#[test]
fn a_claim_is_an_armor_or_the_head_of_a_packet_and_a_version() {
    let heads: [&[u8]; 6] = [
        &[0x88, 9],
        &[0x89, 0, 9],
        &[0x8a, 0, 0, 0, 9],
        &[0xc2, 191],
        &[0xc2, 192, 0],
        &[0xc2, 255, 0, 0, 0, 9],
    ];
    for head in heads {
        for (version, claims) in [(1, false), (2, true), (4, true), (6, true), (7, false)] {
            let bytes = [head, &[version, 0]].concat();
            assert_eq!(is_openpgp_claimed(&bytes), claims, "{bytes:02x?}");
        }
        assert!(is_openpgp_claimed(head), "cut off behind its head");
    }
    for other in [&[0x8b, 4, 4][..], &[0xc2, 224, 4], &[0xc3, 1, 4], b"x", b""] {
        assert!(!is_openpgp_claimed(other), "{other:02x?}");
    }
    assert!(is_openpgp_claimed(b"\n-----BEGIN PGP SIGNATURE-----\n"));
}
