use std::fs;

use proptest::prelude::*;
use sealog_core::Hash;
use sealog_core::json::{Object, Value};
use tempfile::TempDir;

use super::*;
use crate::limits::{DOCUMENT_BYTES_MAX, FILES_MAX, LABEL_BYTES_MAX};
use crate::walk::IgnoreRules;

const SHA256: &[Algorithm] = &[Algorithm::Sha256];

fn of(files: &[(&str, &str)], algorithms: &[Algorithm]) -> (Manifest, FileSet, TempDir) {
    let root = TempDir::new().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let walk = WalkOptions {
        ignore: IgnoreRules::oms(),
        ..WalkOptions::default()
    };
    let (manifest, set) =
        Manifest::of(root.path(), &walk, &DigestOptions::new(algorithms)).unwrap();
    (manifest, set, root)
}

fn authorship() -> Authorship {
    Authorship {
        name: "iris".into(),
        version: "1.0".into(),
        created_by: "jo@example.org".into(),
        created_at: "2026-01-02T03:04:05Z".into(),
    }
}

fn shown(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_manifest_names_so_many_files() {
    let of = |count: usize| {
        let mut object = Object::new();
        object.insert("algorithms", Value::Array(vec!["sha256".into()]));
        object.insert("files", Value::Array(vec![Value::Null; count]));
        object.insert("format", "sealog/model-manifest/v1");
        Manifest::from_value(&Value::Object(object)).unwrap_err()
    };
    // As many are looked at, one by one; of one more none is.
    assert_eq!(of(FILES_MAX).code(), "model_malformed");
    assert!(matches!(
        of(FILES_MAX + 1),
        Error::Limit {
            limit: 1_000_000,
            ..
        }
    ));
}

#[test]
fn a_document_is_read_to_its_limit_and_not_beyond() {
    let text = vec![b' '; DOCUMENT_BYTES_MAX + 1];
    assert_eq!(
        Manifest::parse(&text).unwrap_err().code(),
        "model_malformed"
    );
    assert_eq!(
        Statement::parse(&text).unwrap_err().code(),
        "model_malformed"
    );
    let why = |text: &[u8]| Manifest::parse(text).unwrap_err().to_string();
    // What fits is read to its end.
    let fits = why(text.get(..DOCUMENT_BYTES_MAX).unwrap());
    assert!(fits.contains("ends at byte 67108864"), "{fits}");
    let long = why(&text);
    assert!(!long.contains("ends at byte"), "{long}");
}

#[test]
fn a_document_that_no_reader_would_take_is_not_written() {
    let fits = vec![b'x'; DOCUMENT_BYTES_MAX];
    assert!(within_limit(&fits).is_ok());
    let more = vec![b'x'; DOCUMENT_BYTES_MAX + 1];
    assert_eq!(within_limit(&more).unwrap_err().code(), "model_limit");
}

#[test]
fn labels_end_at_their_length() {
    let (manifest, set, _root) = of(&[("a", "")], SHA256);
    let with = |length: usize| {
        let authorship = Authorship {
            name: "x".repeat(length),
            ..authorship()
        };
        Statement::new(authorship, manifest.clone(), &set)
    };
    assert!(with(LABEL_BYTES_MAX).is_ok());
    assert_eq!(
        with(LABEL_BYTES_MAX + 1).unwrap_err().code(),
        "model_malformed"
    );
    assert_eq!(with(0).unwrap_err().code(), "model_malformed");
}

#[test]
fn the_text_and_the_digest_are_those_of_the_format() {
    let (manifest, _, _root) = of(&[("b", "abc"), ("a", "")], SHA256);
    let text = "{\"algorithms\":[\"sha256\"],\"files\":[\
        {\"digests\":{\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"},\
        \"path\":\"a\",\"size\":0},\
        {\"digests\":{\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"},\
        \"path\":\"b\",\"size\":3}],\"format\":\"sealog/model-manifest/v1\"}";
    assert_eq!(String::from_utf8(manifest.to_canonical()).unwrap(), text);
    assert_eq!(manifest.model_digest(), Hash::of(&[text.as_bytes()]));
    assert_eq!(Manifest::parse(text.as_bytes()).unwrap(), manifest);
}

#[test]
fn the_digest_does_not_depend_on_what_is_ignored_or_on_the_name_of_the_directory() {
    let (one, _, _one) = of(&[("a", "1")], SHA256);
    let (two, _, _two) = of(&[("a", "1"), (".git/config", "x")], SHA256);
    assert_eq!(one.model_digest(), two.model_digest());
}

#[test]
fn refused_manifests() {
    let (manifest, _, _root) = of(&[("a", "1"), ("b", "2")], SHA256);
    let good = String::from_utf8(manifest.to_canonical()).unwrap();
    Manifest::parse(good.as_bytes()).unwrap();
    let digest = manifest.files()[0]
        .digests()
        .hex(Algorithm::Sha256)
        .unwrap();
    let cases = [
        ("not canonical", good.replacen(':', ": ", 1)),
        ("another format", good.replace("manifest/v1", "manifest/v2")),
        ("no algorithm", good.replace("[\"sha256\"]", "[]")),
        ("an unknown algorithm", good.replace("sha256", "sha257")),
        ("only git-sha1", good.replace("sha256", "git-sha1")),
        (
            "out of order",
            good.replace("\"path\":\"a\"", "\"path\":\"c\""),
        ),
        (
            "a path twice",
            good.replace("\"path\":\"b\"", "\"path\":\"a\""),
        ),
        (
            "a path that leaves",
            good.replace("\"path\":\"a\"", "\"path\":\"../a\""),
        ),
        (
            "an absolute path",
            good.replace("\"path\":\"a\"", "\"path\":\"/a\""),
        ),
        (
            "a drive",
            good.replace("\"path\":\"a\"", "\"path\":\"C:/a\""),
        ),
        (
            "an upper case digest",
            good.replace(&digest, &digest.to_uppercase()),
        ),
        ("a short digest", good.replace(&digest, &digest[2..])),
        (
            "a negative size",
            good.replacen("\"size\":1", "\"size\":-1", 1),
        ),
        (
            "a size that is a short string",
            good.replacen("\"size\":1", "\"size\":\"1\"", 1),
        ),
        (
            "a member too many",
            good.replacen("\"size\":1", "\"size\":1,\"x\":0", 1),
        ),
        (
            "no files",
            "{\"algorithms\":[\"sha256\"],\"files\":[],\"format\":\"sealog/model-manifest/v1\"}"
                .into(),
        ),
        (
            "a key twice",
            good.replacen("\"size\":1", "\"size\":1,\"size\":1", 1),
        ),
        ("cut off", good[..good.len() - 1].to_owned()),
        ("empty", String::new()),
    ];
    for (name, text) in cases {
        assert_ne!(text, good, "{name} changes nothing");
        assert!(Manifest::parse(text.as_bytes()).is_err(), "{name}: {text}");
    }
}

#[test]
fn statements_are_read_as_they_were_written_and_refused_otherwise() {
    let (manifest, set, _root) = of(&[("a", "1"), (".gitignore", "x")], SHA256);
    let statement = Statement::new(authorship(), manifest, &set).unwrap();
    let good = String::from_utf8(statement.to_canonical()).unwrap();
    assert_eq!(Statement::parse(good.as_bytes()).unwrap(), statement);
    let cases = [
        (
            "a long name",
            good.replace("\"iris\"", &format!("\"{}\"", "n".repeat(201))),
        ),
        ("an empty name", good.replace("\"iris\"", "\"\"")),
        (
            "a control character",
            good.replace("\"iris\"", "\"i\\nris\""),
        ),
        ("no time", good.replace("2026-01-02T03:04:05Z", "yesterday")),
        (
            "an unknown link policy",
            good.replace("\"refuse\"", "\"follow\""),
        ),
        (
            "an ignored path that leaves",
            good.replace(".gitignore", "../x"),
        ),
        (
            "an ignored path twice",
            good.replace("[\".gitignore\"]", "[\".gitignore\",\".gitignore\"]"),
        ),
        ("a null name", good.replace("\"iris\"", "null")),
        (
            "another format",
            good.replace("statement/v1", "statement/v0"),
        ),
    ];
    for (name, text) in cases {
        assert_ne!(text, good, "{name} changes nothing");
        assert!(Statement::parse(text.as_bytes()).is_err(), "{name}: {text}");
    }
    let longest = good.replace("\"iris\"", &format!("\"{}\"", "n".repeat(200)));
    Statement::parse(longest.as_bytes()).unwrap();
}

#[test]
fn a_diff_tells_the_five_kinds_apart() {
    let (old, _, _old) = of(
        &[
            ("same", "0"),
            ("gone", "1"),
            ("changed", "2"),
            ("moved", "3"),
            ("kind", "4"),
        ],
        SHA256,
    );
    let (new, _, _new) = of(
        &[
            ("same", "0"),
            ("new", "5"),
            ("changed", "6"),
            ("moved2", "3"),
            ("kind/f", "7"),
        ],
        &[Algorithm::Blake3, Algorithm::Sha256],
    );
    let changes = old.diff(&new);
    assert_eq!(
        shown(&changes),
        [
            "modified changed",
            "removed gone",
            "type changed kind",
            "added kind/f",
            "renamed moved to moved2",
            "added new",
        ]
    );
    assert_eq!(old.diff(&old), []);
}

#[test]
fn sha256_is_always_there_and_other_digests_do_not_change_the_models() {
    let (one, _, _one) = of(&[("a", "1")], &[Algorithm::GitSha1]);
    let (two, _, _two) = of(&[("a", "1")], SHA256);
    assert_eq!(one.algorithms(), [Algorithm::GitSha1, Algorithm::Sha256]);
    assert_ne!(one.to_canonical(), two.to_canonical());
    assert_eq!(one.model_digest(), two.model_digest());
    assert_eq!(Manifest::parse(&one.to_canonical()).unwrap(), one);
}

#[test]
fn the_text_in_parts_is_the_canonical_text_and_the_models_digest_is_of_it() {
    let files = [("a", "1"), ("b \"quoted\"", "2"), ("c/\u{e9}", "")];
    let (manifest, _, _root) = of(&files, &Algorithm::ALL);
    assert_eq!(manifest.to_canonical(), manifest.to_value().to_canonical());
    let alone = manifest.clone().only_sha256();
    assert_eq!(alone.to_canonical(), alone.to_value().to_canonical());
    assert_eq!(manifest.model_digest(), Hash::of(&[&alone.to_canonical()]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Manifest::parse(&bytes);
        let _ = Statement::parse(&bytes);
    }

    #[test]
    fn every_change_of_one_byte_is_another_manifest_or_none(at in 0_usize..300, with in any::<u8>()) {
        let (manifest, _, _root) = of(&[("a", "1"), ("b", "2")], SHA256);
        let mut text = manifest.to_canonical();
        let at = at % text.len();
        prop_assume!(text[at] != with);
        text[at] = with;
        if let Ok(other) = Manifest::parse(&text) {
            prop_assert_ne!(other.model_digest(), manifest.model_digest());
        }
    }
}
