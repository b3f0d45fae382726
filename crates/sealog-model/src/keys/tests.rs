use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use tempfile::TempDir;

use super::*;

fn why(result: Result<impl std::fmt::Debug, Error>) -> String {
    match result.unwrap_err() {
        Error::Key { why, .. } => why,
        other => panic!("{other}"),
    }
}

#[test]
fn a_new_key_can_be_read_by_its_owner_alone_and_is_never_written_over() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("key.pem");
    let made = new_private_key(&path, &[7; 32], None).unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        PrivateKey::read(&path, None).unwrap().public(),
        made.public()
    );
    assert!(matches!(
        new_private_key(&path, &[8; 32], None),
        Err(Error::Exists { .. })
    ));
    assert!(why(PrivateKey::read(&path, Some(b"x"))).contains("not encrypted"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(why(PrivateKey::read(&path, None)).contains("chmod 600"));
}

#[test]
fn an_encrypted_key_opens_by_its_password_alone() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("key.pem");
    let made = new_private_key(&path, &[7; 32], Some(b"correct horse")).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    let read = PrivateKey::read(&path, Some(b"correct horse")).unwrap();
    assert_eq!(read.public(), made.public());
    assert!(why(PrivateKey::read(&path, Some(b"wrong"))).contains("wrong"));
    assert!(why(PrivateKey::read(&path, None)).contains("no password"));
    let empty = new_private_key(&root.path().join("other"), &[7; 32], Some(b""));
    assert!(why(empty).contains("empty password"));
}

#[test]
fn public_keys_are_read_as_written_and_private_ones_refused() {
    let root = TempDir::new().unwrap();
    let (private, public) = (root.path().join("key.pem"), root.path().join("key.pub"));
    let key = new_private_key(&private, &[7; 32], None).unwrap();
    key.public().create(&public).unwrap();
    assert_eq!(PublicKey::read(&public).unwrap(), *key.public());
    assert_eq!(key.public().key_id().len(), 64);
    assert!(why(PublicKey::read(&private)).contains("private key"));
    fs::write(&public, "nonsense").unwrap();
    assert!(why(PublicKey::read(&public)).contains("no PEM"));
    fs::write(&public, b"\xff\xfe").unwrap();
    assert!(why(PublicKey::read(&public)).contains("not text"));
}

#[test]
fn a_key_file_ends_at_its_limit() {
    let root = TempDir::new().unwrap();
    let path = root.path().join("long.pub");
    for (length, reason) in [
        (KEY_FILE_BYTES_MAX, "no PEM"),
        (KEY_FILE_BYTES_MAX + 1, "too long"),
    ] {
        fs::write(&path, "x".repeat(length)).unwrap();
        assert!(why(PublicKey::read(&path)).contains(reason), "{length}");
    }
}

/// The path of a key's file that nobody else can read any more.
fn closed(root: &TempDir, name: &str) -> std::path::PathBuf {
    let path = root.path().join(name);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path
}

#[test]
fn keys_of_openssl_are_read_and_ours_by_openssl() {
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!(
            "skipped: keys_of_openssl_are_read_and_ours_by_openssl: openssl is not installed"
        );
        return;
    }
    let root = TempDir::new().unwrap();
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        let output = command
            .current_dir(root.path())
            .args(arguments.split(' '))
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments}: {output:?}");
        output.stdout
    };
    let kinds = [
        ("ed25519", KeyKind::Ed25519),
        ("ec -pkeyopt ec_paramgen_curve:P-256", KeyKind::P256),
        ("ec -pkeyopt ec_paramgen_curve:P-384", KeyKind::P384),
        ("ec -pkeyopt ec_paramgen_curve:P-521", KeyKind::P521),
        ("rsa -pkeyopt rsa_keygen_bits:2048", KeyKind::Rsa),
    ];
    for (algorithm, kind) in kinds {
        openssl(&format!("genpkey -algorithm {algorithm} -out k.pem"));
        openssl("pkey -in k.pem -pubout -out k.pub");
        let path = closed(&root, "k.pem");
        let key = PrivateKey::read(&path, None).unwrap();
        let text = fs::read_to_string(root.path().join("k.pub")).unwrap();
        assert_eq!((key.public().kind(), key.public().to_pem()), (kind, text));
        if algorithm.starts_with("ec ") {
            openssl("ec -in k.pem -out older.pem");
            let path = closed(&root, "older.pem");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("-----BEGIN EC PRIVATE KEY-----\n"));
            let older = PrivateKey::read(&path, None).unwrap();
            assert_eq!(older.public(), key.public());
            assert!(why(PrivateKey::read(&path, Some(b"pw"))).contains("not encrypted"));
            // Its encrypted form has no sound derivation of a key from the password.
            openssl("ec -in k.pem -aes256 -passout pass:pw -out older.pem");
            for password in [None, Some(&b"pw"[..])] {
                assert!(why(PrivateKey::read(&path, password)).contains("topk8"));
            }
        }
        openssl("pkcs8 -topk8 -in k.pem -passout pass:pw -v2 aes-256-cbc -out e.pem");
        let path = closed(&root, "e.pem");
        assert_eq!(
            PrivateKey::read(&path, Some(b"pw")).unwrap().public(),
            key.public()
        );
    }
    openssl("ecparam -name secp256k1 -genkey -noout -out k.pem");
    let path = closed(&root, "k.pem");
    assert!(why(PrivateKey::read(&path, None)).contains("P-256"));
    for bits in [2_040, 1_024] {
        openssl(&format!(
            "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:{bits} -out k.pem"
        ));
        openssl("pkey -in k.pem -pubout -out k.pub");
        let path = closed(&root, "k.pem");
        assert!(why(PrivateKey::read(&path, None)).contains("2,048"));
        assert!(why(PublicKey::read(&root.path().join("k.pub"))).contains("2,048"));
    }
    let own = root.path().join("own.pem");
    let key = new_private_key(&own, &[9; 32], Some(b"pw")).unwrap();
    let shown = openssl("pkey -in own.pem -passin pass:pw -pubout");
    assert_eq!(String::from_utf8(shown).unwrap(), key.public().to_pem());
}

#[test]
fn a_trusted_name_stands_for_one_key() {
    let root = TempDir::new().unwrap();
    let list = root.path().join("trusted");
    let key = |seed: u8| {
        let path = root.path().join(format!("{seed}"));
        new_private_key(&path, &[seed; 32], None)
            .unwrap()
            .public()
            .clone()
    };
    let (one, two) = (key(1), key(2));
    assert_eq!(TrustedKeys::read(&list).unwrap().iter().len(), 0);
    TrustedKeys::add(&list, "release", &one).unwrap();
    TrustedKeys::add(&list, "release", &one).unwrap();
    TrustedKeys::add(&list, "other", &two).unwrap();
    assert!(why(TrustedKeys::add(&list, "release", &two)).contains("already"));
    assert!(why(TrustedKeys::add(&list, "two words", &two)).contains("name"));
    let keys = TrustedKeys::read(&list).unwrap();
    assert_eq!(
        (keys.iter().len(), &keys.find("release").unwrap().key),
        (2, &one)
    );
    assert!(matches!(keys.find("absent"), Err(Error::UnknownKey { .. })));
    let text = fs::read_to_string(&list).unwrap();
    let first = text.lines().next().unwrap();
    for (bad, reason) in [
        (format!("{text}{first}\n"), "second time"),
        (text.replacen(&one.key_id(), &two.key_id(), 1), "malformed"),
        (format!("{text}a line\n"), "malformed"),
    ] {
        fs::write(&list, bad).unwrap();
        assert!(why(TrustedKeys::read(&list)).contains(reason), "{reason}");
    }
}

/// The DER of an RSA key whose modulus has so many bits; nobody has its private half.
fn rsa_of(bits: usize) -> Vec<u8> {
    use pkcs8::der::Encode;
    use pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
    use pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
    let mut modulus = vec![0xff; bits.div_ceil(8)];
    modulus[0] = u8::try_from((1_u32 << ((bits - 1) % 8 + 1)) - 1).unwrap();
    let integers = [modulus.as_slice(), &[1, 0, 1]].map(|bytes| {
        let integer = UintRef::new(bytes).unwrap();
        integer.to_der().unwrap()
    });
    let inner = AnyRef::new(pkcs8::der::Tag::Sequence, &integers.concat())
        .unwrap()
        .to_der()
        .unwrap();
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef {
            oid: ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1"),
            parameters: Some(AnyRef::NULL),
        },
        subject_public_key: BitStringRef::from_bytes(&inner).unwrap(),
    };
    info.to_der().unwrap()
}

#[test]
fn an_rsa_key_has_no_fewer_and_no_more_bits_than_its_limits() {
    use crate::limits::{RSA_BITS_MAX, RSA_BITS_MIN};
    for bits in [RSA_BITS_MIN, RSA_BITS_MAX] {
        let der = rsa_of(bits);
        let key = PublicKey::from_der(&der).unwrap();
        assert_eq!((key.kind(), key.to_der()), (KeyKind::Rsa, der), "{bits}");
    }
    for bits in [RSA_BITS_MIN - 1, RSA_BITS_MAX + 1] {
        assert!(PublicKey::from_der(&rsa_of(bits)).is_none(), "{bits}");
    }
}

#[test]
fn h8_keys_of_hashtrace_are_taken_over_whole_or_not_at_all() {
    let root = TempDir::new().unwrap();
    let (list, theirs) = (root.path().join("trusted"), root.path().join("theirs"));
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/hashtrace");
    let keys = TrustedKeys::read_hashtrace(&vectors.join("trusted_keys.json")).unwrap();
    let jo = PublicKey::read(&vectors.join("key.pub")).unwrap();
    assert_eq!((keys.iter().len(), &keys.find("jo").unwrap().key), (2, &jo));
    TrustedKeys::add_all(&list, &keys).unwrap();
    TrustedKeys::add_all(&list, &keys).unwrap();
    assert_eq!(TrustedKeys::read(&list).unwrap().iter().len(), 2);
    let pem = jo.to_pem().replace('\n', "\\n");
    fs::write(&theirs, format!(r#"{{"new":"{pem}","sam":"{pem}"}}"#)).unwrap();
    let older = TrustedKeys::read_hashtrace(&theirs).unwrap();
    assert_eq!(older.find("new").unwrap().key, jo);
    assert!(why(TrustedKeys::add_all(&list, &older)).contains("already"));
    assert_eq!(TrustedKeys::read(&list).unwrap().iter().len(), 2);
    let one = format!(r#"{{"name":"jo","key":"{pem}"}}"#);
    for (bad, reason) in [
        (format!(r#"{{"keys":[{one},{one}]}}"#), "twice"),
        (
            format!(r#"{{"keys":[{{"name":"a b","key":"{pem}"}}]}}"#),
            "name",
        ),
        (r#"{"keys":[{"name":"jo"}]}"#.to_owned(), "no PEM"),
        (r#"{"jo":7}"#.to_owned(), "no PEM"),
        (r#"{"keys":7}"#.to_owned(), "no array"),
        ("[]".to_owned(), "no object"),
        ("{".to_owned(), "malformed"),
    ] {
        fs::write(&theirs, bad).unwrap();
        assert!(
            why(TrustedKeys::read_hashtrace(&theirs)).contains(reason),
            "{reason}"
        );
    }
}
