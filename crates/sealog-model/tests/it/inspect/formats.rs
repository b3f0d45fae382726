//! Each format: what is read of it, and what is refused, at which byte.

use std::fs;

use sealog_model::inspect::{Answer, Dimension, Fault, Inspection, json};

use super::super::assemble::{Entry, field, four, npy, stack_global, tar, tar_member, text, zip};
use super::{benign, fault, inspect, path, safetensors, shape};

const ONE: &str = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;

#[test]
fn every_file_of_a_real_library_is_read() {
    let report = path(&benign());
    assert_eq!(report.answer(), Answer::Read);
    let kinds = report.summary().kinds;
    for kind in [
        "pickle",
        "npy",
        "npz",
        "hdf5",
        "onnx",
        "gguf",
        "safetensors",
        "skops",
        "gzip",
    ] {
        assert!(
            kinds.contains_key(kind),
            "no file of the kind {kind}: {kinds:?}"
        );
    }
    for (name, class) in [
        (
            "forest.pkl",
            "sklearn.ensemble._forest.RandomForestClassifier",
        ),
        (
            "forest.joblib",
            "sklearn.ensemble._forest.RandomForestClassifier",
        ),
        ("pipeline.pkl", "sklearn.pipeline.Pipeline"),
        (
            "logistic.skops",
            "sklearn.linear_model._logistic.LogisticRegression",
        ),
        ("plain0.pkl", "builtins.dict"),
        ("random.pkl", "builtins.list"),
        ("array2.pkl", "numpy.ndarray"),
        ("frame.pkl", "pandas.DataFrame"),
        ("w.gguf", "llama"),
    ] {
        let found = report.files().iter().find(|file| file.path() == name);
        assert_eq!(found.unwrap().class(), Some(class), "{name}");
    }
    let forest = report
        .files()
        .iter()
        .find(|file| file.path() == "forest.pkl")
        .unwrap();
    assert_eq!(forest.version(), Some("1.9.1"));
    let wanted = [Dimension::Any, Dimension::Known(4)];
    assert_eq!(forest.inputs()[0].shape(), Some(&wanted[..]));
    let text = String::from_utf8(json(&report).to_canonical()).unwrap();
    assert!(text.contains(r#""sklearn.tree._tree.Tree":2"#), "two trees");
}

#[test]
fn a_compressed_joblib_file_says_what_the_plain_one_says() {
    let plain = inspect(&fs::read(benign().join("svc.joblib")).unwrap());
    for ending in ["gz", "z", "bz2", "xz", "lzma"] {
        let packed = fs::read(benign().join(format!("svc.joblib.{ending}"))).unwrap();
        let packed = inspect(&packed);
        let inner = &packed.members()[0];
        assert_eq!(
            (inner.tensors(), inner.class()),
            (plain.tensors(), plain.class()),
            "{ending}"
        );
        assert_eq!(packed.parameters(), plain.parameters());
    }
}

#[test]
fn safetensors_that_lie() {
    let file = safetensors(ONE, 8);
    assert_eq!(shape(&inspect(&file), "a"), Some(("F32".into(), vec![2])));
    let tail = u64::try_from(file.len()).unwrap();
    assert_eq!(
        fault(&safetensors(ONE, 9)),
        ("the tensors take 8 of 9 bytes".into(), tail)
    );
    assert_eq!(fault(&file[..file.len() - 1]).1, tail - 1);
    let mut long = file.clone();
    long[..8].copy_from_slice(&(1u64 << 29).to_le_bytes());
    assert_eq!(fault(&long), ("a header of 536870912 bytes".into(), 0));
    for (from, to, reason, offset) in [
        ("F32", "F99", "a: a type that is not known", 9),
        ("[2]", "[3]", "a: shape, type and offsets do not fit", 9),
        ("[0,8]", "[8,0]", "a: shape, type and offsets do not fit", 9),
        ("[0,8]", "[8]", "a: no two offsets", 9),
        (
            "[2]",
            "[9007199254740991,9007199254740991]",
            "a: shape, type and offsets do not fit",
            9,
        ),
        ("[2]", "[-2]", "a: a shape that is not of whole numbers", 9),
        (
            "[0,8]",
            "[1,9]",
            "a hole or an overlap at byte 0 of the data",
            62,
        ),
        ("}}", "},\"a\":{}}", "duplicate key \"a\" at byte 54", 62),
        (
            "}}",
            "},\"__metadata__\":{\"k\":1}}",
            "__metadata__: not a map of texts",
            62,
        ),
        ("\"a\":", "\"a\"", "a colon is expected at byte 4", 12),
    ] {
        assert_eq!(
            fault(&safetensors(&ONE.replace(from, to), 8)),
            (reason.into(), offset),
            "{to}"
        );
    }
}

#[test]
fn shards_must_hold_what_their_index_says() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("model.safetensors.index.json");
    fs::write(folder.path().join("one.safetensors"), safetensors(ONE, 8)).unwrap();
    let two = ONE.replace("\"a\"", "\"b\"");
    fs::write(folder.path().join("two.safetensors"), safetensors(&two, 8)).unwrap();
    let say = |map: &str| {
        let text = format!(r#"{{"metadata":{{"total_size":16}},"weight_map":{map}}}"#);
        fs::write(&index, text).unwrap();
        path(&index).files()[0].clone()
    };
    let good = say(r#"{"a":"one.safetensors","b":"two.safetensors"}"#);
    assert_eq!(
        (good.answer(), good.kind()),
        (Answer::Read, "safetensors index")
    );
    assert_eq!((good.tensor_count(), good.parameters()), (2, Some(4)));
    assert_eq!(good.tensors()[1].place(), Some("two.safetensors"));
    // Below a directory each tensor counts once.
    let whole = path(folder.path()).summary();
    assert_eq!(
        (whole.files, whole.tensors, whole.parameters),
        (3, 2, Some(4))
    );
    for (map, reason) in [
        (r#"{"a":"one.safetensors"}"#, None),
        (
            r#"{"a":"two.safetensors"}"#,
            Some("two.safetensors holds b, which the index has elsewhere or not at all"),
        ),
        (
            r#"{"a":"one.safetensors","c":"one.safetensors"}"#,
            Some("one.safetensors does not hold c"),
        ),
        (
            r#"{"a":"../one.safetensors"}"#,
            Some("a: its shard is no plain name"),
        ),
        (r#"{"a":".."}"#, Some("`..` leads out of the directory")),
        (r#"{"a":1}"#, Some("a: no name of a shard")),
        (
            r#"{"a":"absent"}"#,
            Some("absent: No such file or directory (os error 2)"),
        ),
    ] {
        let found = say(map);
        assert_eq!(found.fault().map(Fault::reason), reason, "{map}");
        assert!(
            found.fault().is_none_or(|fault| fault.offset() > 0),
            "{map}"
        );
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("one.safetensors", folder.path().join("link")).unwrap();
        let found = say(r#"{"a":"link"}"#);
        assert_eq!(found.fault().unwrap().reason(), "link leads through a link");
    }
}

#[test]
fn arrays_that_lie() {
    let file = npy("<f8", "(2, 3)", &[0; 48]);
    let found = inspect(&file);
    assert_eq!(shape(&found, ""), Some(("<f8".into(), vec![2, 3])));
    assert_eq!(
        fault(&file[..file.len() - 1]).0,
        "type and shape say 48 bytes, there are 47"
    );
    assert_eq!(
        fault(&npy("<f8", "(1,)", &[0; 9])).0,
        "type and shape say 8 bytes, there are 9"
    );
    assert_eq!(
        fault(&npy("<q", "(1,)", &[0; 8])).0,
        "a type whose size cannot be told"
    );
    let max = u64::MAX;
    assert_eq!(
        fault(&npy("<f8", &format!("({max}, 2)"), b"")).0,
        "a type whose size cannot be told"
    );
    let rank = format!("({})", "1,".repeat(65));
    assert_eq!(
        fault(&npy("|i1", &rank, &[0])).0,
        "a tensor of more than 64 dimensions"
    );
    let rank = format!("({})", "1,".repeat(64));
    assert_eq!(inspect(&npy("|i1", &rank, &[0])).answer(), Answer::Read);
}

#[test]
fn archives_whose_directories_differ() {
    let array = npy("<f8", "(2,)", &[0; 16]);
    let good = Entry::new("a.npy", array);
    let read = inspect(&zip(std::slice::from_ref(&good), b""));
    assert_eq!(
        (read.kind(), shape(&read, "a")),
        ("npz", Some(("<f8".into(), vec![2])))
    );
    let deflated = Entry {
        deflate: true,
        ..good.clone()
    };
    assert_eq!(inspect(&zip(&[deflated], b"")).tensors(), read.tensors());
    let other = Entry {
        local_name: "b.npy",
        ..good.clone()
    };
    assert_eq!(
        fault(&zip(&[other], b"")),
        ("a.npy: its two headers differ".into(), 0)
    );
    let locked = Entry {
        flags: 1,
        ..good.clone()
    };
    assert_eq!(
        fault(&zip(&[locked], b"")).0,
        "a.npy: is encrypted, or says so"
    );
    let out = Entry::new("../a.npy", good.data.clone());
    assert_eq!(
        fault(&zip(&[out], b"")).0,
        "../a.npy: leads out of the archive"
    );
    assert_eq!(
        fault(&zip(&[good.clone(), good.clone()], b"")).0,
        "a.npy: stands there twice"
    );
    let broken = Entry::new("b.npy", b"\x93NUMPY\x09\0".to_vec());
    assert_eq!(
        fault(&zip(&[good, broken], b"")).0,
        "b.npy, byte 8: the header cannot be read"
    );
}

/// `('storage', torch.FloatStorage, key, 'cpu', 6)`, then a tensor of 2 by 3 of it.
fn tensor(storage: &str, key: &str) -> Vec<u8> {
    let id = [
        b"(".to_vec(),
        text("storage"),
        stack_global("torch", storage),
        text(key),
        text("cpu"),
        b"K\x06tQ".to_vec(),
    ];
    [
        stack_global("torch._utils", "_rebuild_tensor_v2"),
        b"(".to_vec(),
        id.concat(),
        b"K\0K\x02K\x03\x86K\x03K\x01\x86\x89".to_vec(),
        stack_global("collections", "OrderedDict"),
        b")RtR".to_vec(),
    ]
    .concat()
}

pub(super) fn torch() -> Vec<u8> {
    let state = [
        stack_global("collections", "OrderedDict"),
        b")R(".to_vec(),
        text("layer.weight"),
        tensor("FloatStorage", "0"),
        text("layer.bias"),
        tensor("HalfStorage", "1"),
        b"u".to_vec(),
    ];
    zip(
        &[
            Entry::new("m/data.pkl", four(&[&state.concat()])),
            Entry::new("m/byteorder", "little"),
            Entry::new("m/version", "3\n"),
            Entry::new("m/data/0", vec![0; 24]),
            Entry::new("m/data/1", vec![0; 12]),
        ],
        b"",
    )
}

#[test]
fn torch_archives_name_their_tensors() {
    let found = inspect(&torch());
    assert_eq!(
        (found.kind(), found.framework()),
        ("torch zip", Some("torch"))
    );
    assert_eq!(found.class(), Some("collections.OrderedDict"));
    assert_eq!(
        shape(&found, "layer.weight"),
        Some(("float32".into(), vec![2, 3]))
    );
    assert_eq!(
        shape(&found, "layer.bias"),
        Some(("float16".into(), vec![2, 3]))
    );
    let broken = zip(&[Entry::new("m/data.pkl", b"\x80\x04}".to_vec())], b"");
    let (reason, offset) = fault(&broken);
    assert_eq!(reason, "m/data.pkl, byte 3: ends without STOP");
    assert_eq!(offset, 43);
}

#[test]
fn pickles_that_break_off_say_where() {
    assert_eq!(fault(b"\x80\x04}\x94"), ("ends without STOP".into(), 4));
    assert_eq!(fault(b"\x80\x04N.xyz").1, 4);
    assert_eq!(
        inspect(b"(dp0\nS'a'\nI1\ns.").class(),
        Some("builtins.dict")
    );
    // What a string holds is no part of the value.
    let inner = four(&[&stack_global("collections", "OrderedDict"), b")R}b"]);
    let mut outer = b"\x80\x04C".to_vec();
    outer.push(u8::try_from(inner.len()).unwrap());
    outer.extend(inner);
    outer.push(b'.');
    assert!(inspect(&outer).metadata().is_empty());
}

fn value_info(name: &str, element: u8, dims: &[Vec<u8>]) -> Vec<u8> {
    let dims: Vec<u8> = dims.iter().flat_map(|dim| field(1, dim)).collect();
    let tensor = [vec![0x08, element], field(2, &dims)].concat();
    [field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat()
}

fn onnx(initializers: &[Vec<u8>]) -> Vec<u8> {
    let input = value_info("x", 1, &[vec![0x08, 2], field(2, b"n"), vec![]]);
    let mut graph = [
        field(1, &field(4, b"Add")),
        field(2, b"g"),
        field(11, &input),
    ]
    .concat();
    for initializer in initializers {
        graph.extend(field(5, initializer));
    }
    [
        vec![0x08, 8],
        field(2, b"maker"),
        field(7, &graph),
        field(8, &[0x10, 17]),
    ]
    .concat()
}

fn initializer(raw: Option<&[u8]>, location: Option<&str>) -> Vec<u8> {
    let mut tensor = [vec![0x08, 2, 0x10, 1], field(8, b"w")].concat();
    tensor.extend(raw.map(|raw| field(9, raw)).unwrap_or_default());
    if let Some(location) = location {
        let pair = [field(1, b"location"), field(2, location.as_bytes())].concat();
        tensor.extend(field(13, &pair));
    }
    tensor
}

#[test]
fn graphs_say_inputs_and_initializers() {
    let found = inspect(&onnx(&[initializer(Some(&[0; 8]), None)]));
    assert_eq!((found.kind(), found.framework()), ("onnx", Some("maker")));
    assert_eq!(shape(&found, "w"), Some(("FLOAT".into(), vec![2])));
    let wanted = [
        Dimension::Known(2),
        Dimension::Named("n".into()),
        Dimension::Any,
    ];
    assert_eq!(found.inputs()[0].shape(), Some(&wanted[..]));
    assert_eq!(
        fault(&onnx(&[initializer(Some(&[0; 9]), None)])).0,
        "w: shape, type and data do not fit"
    );
    for location in ["../w", "/w", "C:w", "a\\b", ""] {
        let (reason, offset) = fault(&onnx(&[initializer(None, Some(location))]));
        assert!(reason.contains("leads out of the directory"), "{reason}");
        assert!(offset > 0);
    }
}

#[test]
fn external_data_lie_beside_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("m.onnx");
    fs::write(&model, onnx(&[initializer(None, Some("w.bin"))])).unwrap();
    fs::write(folder.path().join("w.bin"), [1, 0xff, 0, 7, 0, 0, 0, 9]).unwrap();
    let found = path(&model);
    assert_eq!(found.files()[0].tensors()[0].place(), Some("w.bin"));
    // The data themselves are known by the model that names them.
    let whole = path(folder.path());
    assert_eq!(whole.answer(), Answer::Read);
    assert_eq!(whole.files()[1].kind(), "external data");
    fs::write(folder.path().join("w.bin"), [0; 7]).unwrap();
    let found = path(&model);
    assert_eq!(
        found.files()[0].fault().unwrap().reason(),
        "w: w.bin ends before its data do"
    );
}

#[test]
fn saved_models_say_their_signature() {
    let shape = [
        field(
            2,
            &[
                0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1,
            ],
        ),
        field(2, &[0x08, 4]),
    ];
    let info = [vec![0x10, 1], field(3, &shape.concat())].concat();
    let input = [field(1, b"x"), field(2, &info)].concat();
    let signature = [field(1, b"serving_default"), field(2, &field(1, &input))].concat();
    let graph = field(1, &field(2, b"MatMul"));
    let about = [field(4, b"serve"), field(5, b"2.16.1")].concat();
    let meta = [field(1, &about), field(2, &graph), field(5, &signature)].concat();
    let found = inspect(&[vec![0x08, 1], field(2, &meta)].concat());
    assert_eq!(
        (found.kind(), found.version()),
        ("savedmodel", Some("2.16.1"))
    );
    let wanted = [Dimension::Any, Dimension::Known(4)];
    assert_eq!(found.inputs()[0].shape(), Some(&wanted[..]));
    assert_eq!(found.inputs()[0].dtype(), "float32");
    assert_eq!(
        found.not_read(),
        ["the variables, which lie in a checkpoint"]
    );
}

pub(super) fn keras() -> Vec<u8> {
    let layers = r#"[{"class_name":"InputLayer","config":{"batch_shape":[null,3],"dtype":"float32","name":"in"}},{"class_name":"Dense","config":{"units":2}}]"#;
    let config = format!(
        r#"{{"module":"keras","class_name":"Sequential","config":{{"name":"net","layers":{layers}}}}}"#
    );
    zip(
        &[
            Entry::new("metadata.json", r#"{"keras_version":"3.8.0"}"#),
            Entry::new("config.json", config),
            Entry::new("model.weights.h5", b"\x89HDF\r\n\x1a\n\0".to_vec()),
        ],
        b"",
    )
}

#[test]
fn keras_archives_say_layers_and_inputs() {
    let found = inspect(&keras());
    assert_eq!(
        (found.class(), found.version()),
        (Some("keras.Sequential"), Some("3.8.0"))
    );
    let wanted = [Dimension::Any, Dimension::Known(3)];
    assert_eq!(found.inputs()[0].shape(), Some(&wanted[..]));
    assert!(found.not_read()[0].starts_with("model.weights.h5, 9 bytes"));
    let wrong = Entry {
        wrong_crc: true,
        ..Entry::new("config.json", "{}")
    };
    let broken = zip(&[Entry::new("metadata.json", "{}"), wrong], b"");
    assert_eq!(fault(&broken).0, "config.json: its checksum does not hold");
}

pub(super) const MLMODEL: &str = "\
artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
    python_version: 3.11.2
  sklearn:
    pickled_model: model.pkl
    sklearn_version: 1.9.1
mlflow_version: 3.17.2
signature:
  inputs: '[{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float64\", \"shape\":
    [-1, 4]}}]'
  outputs: '[{\"name\": \"y\", \"type\": \"long\", \"required\": true}]'
";

#[test]
fn mlflow_says_its_signature() {
    let found = inspect(MLMODEL.as_bytes());
    assert_eq!(
        (found.kind(), found.framework()),
        ("mlmodel", Some("sklearn"))
    );
    assert_eq!(found.version(), Some("1.9.1"));
    let wanted = [Dimension::Any, Dimension::Known(4)];
    assert_eq!(found.inputs()[0].shape(), Some(&wanted[..]));
    assert_eq!(
        (found.outputs()[0].name(), found.outputs()[0].dtype()),
        ("y", "long")
    );
    let tagged = MLMODEL.replace("model.pkl", "!!python/name:os.system x");
    let at = u64::try_from(tagged.find("!!").unwrap()).unwrap();
    assert_eq!(fault(tagged.as_bytes()), ("a tag".into(), at));
    let wrong = MLMODEL.replace("tensor-spec", "spec: ");
    assert_eq!(
        inspect(wrong.as_bytes()).answer(),
        Answer::Read,
        "a column of the type tensor"
    );
    let wrong = MLMODEL.replace("\"float64\"", "1");
    assert_eq!(fault(wrong.as_bytes()).0, "a signature that cannot be read");
}

#[test]
fn tar_bundles_say_what_each_member_is() {
    let members = [
        tar_member("model.yaml", "", b'0', b"a: 1\n"),
        tar_member("w.safetensors", "", b'0', &safetensors(ONE, 8)),
        tar_member("link", "w.safetensors", b'2', b""),
    ];
    let found = inspect(&tar(&members));
    let names: Vec<&str> = found.members().iter().map(Inspection::path).collect();
    assert_eq!(names, ["file!model.yaml", "file!w.safetensors"]);
    assert_eq!(
        (found.parameters(), found.not_read()),
        (Some(2), &["link, which is no file".to_owned()][..])
    );
    assert_eq!(
        fault(&tar(&[tar_member("../x", "", b'0', b"")])).0,
        "../x: leads out of the archive"
    );
    let twice = [
        tar_member("a", "", b'0', b"x"),
        tar_member("a", "", b'0', b"y"),
    ];
    assert_eq!(fault(&tar(&twice)), ("a: stands there twice".into(), 1024));
}

#[test]
fn long_names_of_tar_members() {
    let name = "n".repeat(60_000);
    let members = [
        tar_member("././@LongLink", "", b'L', name.as_bytes()),
        tar_member("n", "", b'0', &safetensors(ONE, 8)),
        tar_member("after", "", b'0', b"a: 1\n"),
    ];
    let found = inspect(&tar(&members));
    let names: Vec<usize> = found.members().iter().map(|one| one.path().len()).collect();
    assert_eq!((names, found.parameters()), (vec![60_005, 10], Some(2)));
}

#[test]
fn what_is_not_known_is_not_called_read() {
    for bytes in [
        &b"\x00\x01\x02\x03unknown"[..],
        b"\x7fELF\x02",
        b"7z\xbc\xaf\x27\x1c",
    ] {
        assert_eq!(inspect(bytes).answer(), Answer::Unread, "{bytes:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        path(folder.path()).answer(),
        Answer::Unread,
        "nothing at all"
    );
}
