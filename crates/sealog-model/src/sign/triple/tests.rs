//! Triples about files that scikit-learn wrote, and what has to be refused of them.

use std::fs;

use sealog_core::ErrorKind;
use tempfile::TempDir;

use super::*;
use crate::digest::{DigestOptions, of_bytes};
use crate::sign::{Uncovered, VerifiedManifest};

const SHA256: &[Algorithm] = &[Algorithm::Sha256];

/// A pickle of the benign corpus as `model.pkl` in a directory of its own.
struct Model(TempDir);

impl Model {
    fn new(name: &str) -> Self {
        let root = TempDir::new().unwrap();
        let benign = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/benign");
        fs::copy(benign.join(name), root.path().join(TRIPLE_MODEL)).unwrap();
        Self(root)
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(TRIPLE_MODEL)
    }

    fn hash(&self) -> String {
        let content = fs::read(self.file()).unwrap();
        of_bytes(&content, SHA256).hex(Algorithm::Sha256).unwrap()
    }

    fn metadata(&self, class: &str, shape: &str) -> String {
        let bytes = fs::metadata(self.file()).unwrap().len();
        format!(
            r#"{{"created_at":"2025-05-08T16:33:50.578186","model_type":"{class}","input_shape":{shape},"file_size_bytes":{bytes}}}"#
        )
    }

    fn hold(&self, hash: &str, metadata: &str) -> Result<HeldTriple, Error> {
        let triple = Triple::parse(hash.as_bytes(), metadata.as_bytes())?;
        triple.hold(self.0.path(), WalkOptions::default())
    }
}

/// Checked against the digest that the model really has.
fn check(held: HeldTriple, path: &Path) -> Result<VerifiedManifest, Error> {
    let options = DigestOptions::new(SHA256);
    let (manifest, _) = Manifest::of(path, &WalkOptions::default(), &options)?;
    let vouched = held.pin(manifest.model_digest());
    vouched.check(path, &[], Uncovered::Report, &options)
}

#[test]
fn what_the_inspector_reads_is_what_the_metadata_says() {
    for (name, class) in [
        ("forest.joblib", "RandomForestClassifier"),
        ("forest.pkl", "RandomForestClassifier"),
        ("logistic.pkl", "LogisticRegression"),
        ("svc.joblib.gz", "SVC"),
        ("svc.joblib.xz", "SVC"),
    ] {
        let model = Model::new(name);
        let metadata = model.metadata(class, "[150, 4]");
        for hash in [
            model.hash(),
            format!("{}\n", model.hash()),
            format!("{}\r\n", model.hash()),
            format!("{}  model.pkl\n", model.hash()),
            format!("{} *model.pkl", model.hash()),
        ] {
            let held = model.hold(&hash, &metadata).unwrap();
            let verified = check(held, model.0.path()).unwrap();
            let claims = verified.vouched().claims();
            assert!(claims.len() == 4 && claims.iter().all(|claim| !claim.signed));
        }
    }
}

#[test]
fn another_class_size_or_number_of_features_is_refuted() {
    let model = Model::new("forest.joblib");
    let good = model.metadata("RandomForestClassifier", "[150,4]");
    for bad in [
        model.metadata("DecisionTreeClassifier", "[150,4]"),
        model.metadata("sklearn.ensemble._forest.RandomForestClassifier", "[150,4]"),
        model.metadata("RandomForestClassifier", "[150,5]"),
        good.replace("\"file_size_bytes\":", "\"file_size_bytes\":1"),
    ] {
        let error = model.hold(&model.hash(), &bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refuted, "{error}: {bad}");
    }
    for shape in ["[150,4]", "[7,4]", "[null,4]", "[150,null]", "null"] {
        let metadata = model.metadata("RandomForestClassifier", shape);
        model.hold(&model.hash(), &metadata).unwrap();
    }
}

#[test]
fn m1_m4_another_model_is_refuted_before_anything_is_believed_of_it() {
    let model = Model::new("forest.joblib");
    let (hash, metadata) = (
        model.hash(),
        model.metadata("RandomForestClassifier", "[150,4]"),
    );
    let tree = Model::new("tree.joblib");
    fs::copy(tree.file(), model.file()).unwrap();
    let error = model.hold(&hash, &metadata).unwrap_err();
    assert_eq!(error.changes()[0].to_string(), "modified model.pkl");
    assert_eq!(error.kind(), ErrorKind::Refuted);
    // Hash and metadata rewritten with it: nothing differs, and nobody vouches either.
    let metadata = model.metadata("DecisionTreeClassifier", "[150,4]");
    model.hold(&model.hash(), &metadata).unwrap();
    fs::remove_file(model.file()).unwrap();
    let error = model.hold(&hash, &metadata).unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Refused, "{error}");
}

#[test]
fn what_is_no_pickle_with_a_class_is_undecided() {
    for name in ["float.npy", "add.onnx", "config.json"] {
        let model = Model::new(name);
        let error = model.hold(&model.hash(), &model.metadata("X", "null"));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{name}: {error}");
    }
}

#[test]
fn a_file_beside_the_model_is_a_finding_and_a_single_file_has_no_beside() {
    let model = Model::new("forest.joblib");
    let metadata = model.metadata("RandomForestClassifier", "[150,4]");
    fs::write(model.0.path().join("predict.py"), "").unwrap();
    let held = model.hold(&model.hash(), &metadata).unwrap();
    let options = DigestOptions::new(SHA256);
    let error = held.closed_set().check(model.0.path(), &[], &options);
    assert_eq!(
        error.unwrap_err().changes()[0].to_string(),
        "added predict.py"
    );
    let triple = Triple::parse(model.hash().as_bytes(), metadata.as_bytes()).unwrap();
    let held = triple.hold(&model.file(), WalkOptions::default()).unwrap();
    check(held, &model.file()).unwrap();
    // The line names another file than the one that is there.
    let named = format!("{}  other.pkl", model.hash());
    let triple = Triple::parse(named.as_bytes(), metadata.as_bytes()).unwrap();
    let held = triple.hold(&model.file(), WalkOptions::default()).unwrap();
    check(held, &model.file()).unwrap_err();
}

#[test]
fn other_texts_are_refused() {
    let model = Model::new("tree.pkl");
    let hash = model.hash();
    let metadata = model.metadata("DecisionTreeClassifier", "[150,4]");
    let bad_hashes = [
        String::new(),
        "md5".to_owned(),
        hash.to_uppercase(),
        hash[1..].to_owned(),
        format!("{hash}0"),
        format!("{hash} model.pkl"),
        format!("{hash}\n\n"),
        format!("{hash}\n{hash}\n"),
        format!("{hash}  ../model.pkl"),
        format!("{hash}  /model.pkl"),
        format!("{hash}  {}", "x".repeat(HASH_FILE_BYTES_MAX)),
    ];
    for bad in bad_hashes {
        let error = model.hold(&bad, &metadata).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{bad}: {error}");
    }
    let bad_metadata = [
        String::new(),
        "[]".to_owned(),
        "{}".to_owned(),
        metadata.replace("model_type", "type"),
        metadata.replace("\"DecisionTreeClassifier\"", "7"),
        metadata.replace("[150,4]", "[4]"),
        metadata.replace("[150,4]", "[150,-4]"),
        metadata.replace("[150,4]", "\"4\""),
        metadata.replace("\"file_size_bytes\":", "\"file_size_bytes\":-"),
        metadata.replace("DecisionTreeClassifier", &"x".repeat(LABEL_BYTES_MAX + 1)),
        metadata.replace("\"model_type\"", "\"model_type\":\"X\",\"model_type\""),
    ];
    for bad in bad_metadata {
        let error = model.hold(&hash, &bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{bad}: {error}");
    }
    let longest = metadata.replace("DecisionTreeClassifier", &"x".repeat(LABEL_BYTES_MAX));
    let error = model.hold(&hash, &longest).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refuted, "it is read: {error}");
}

#[test]
fn what_is_written_is_what_is_read() {
    let time = "2026-01-02T03:04:05.000001Z";
    let options = DigestOptions::new(SHA256);
    for (name, shown) in [
        ("forest.joblib", "    null,\n    4\n"),
        ("logarithm.pkl", "\"input_shape\": null"),
    ] {
        let model = Model::new(name);
        for path in [model.0.path().to_owned(), model.file()] {
            let (manifest, _) = Manifest::of(&path, &WalkOptions::default(), &options).unwrap();
            let (hash, metadata) = mlsecops_triple(&manifest, &path, time).unwrap();
            assert_eq!(hash, model.hash().into_bytes());
            let metadata = String::from_utf8(metadata).unwrap();
            assert!(metadata.contains(shown), "{metadata}");
            let held = model.hold(&model.hash(), &metadata).unwrap();
            check(held, model.0.path()).unwrap();
        }
    }
}

#[test]
fn what_the_format_cannot_say_is_not_written() {
    let time = "2026-01-02T03:04:05Z";
    let options = DigestOptions::new(SHA256);
    let model = Model::new("forest.joblib");
    let write = |path: &Path, time: &str| {
        let (manifest, _) = Manifest::of(path, &WalkOptions::default(), &options).unwrap();
        mlsecops_triple(&manifest, path, time)
    };
    write(model.0.path(), "yesterday").unwrap_err();
    fs::write(model.0.path().join("more"), "").unwrap();
    let error = write(model.0.path(), time).unwrap_err();
    assert_eq!(error.code(), "model_unsupported");
    fs::remove_file(model.0.path().join("more")).unwrap();
    fs::rename(model.file(), model.0.path().join("other.pkl")).unwrap();
    let error = write(model.0.path(), time).unwrap_err();
    assert_eq!(error.code(), "model_unsupported");
    let array = Model::new("float.npy");
    let error = write(array.0.path(), time).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
}
