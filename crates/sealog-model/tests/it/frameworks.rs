//! Files of frameworks beyond those of `containers`: what torch, joblib, Keras, TensorFlow, skops and `MLflow` read.

use super::Case;
use super::assemble::{Entry, call, field, four, harm, harmless, npy, stack_global, text, zip};

const HARM: &str = "pickle.dangerous_global";

/// An archive whose header has no line feed, so that its first line ends in the pickle.
fn torch_of_one_line(pickle: Vec<u8>) -> Vec<u8> {
    let entries = [
        Entry::new("model/data.pkl", pickle),
        Entry::new("model/version", "3\n"),
    ];
    zip(&entries, b"")
}

fn torch(pickle: Vec<u8>, more: &[Entry]) -> Vec<u8> {
    let mut entries = vec![
        Entry::new("m/data.pkl", pickle),
        Entry::new("m/version", "3\n"),
    ];
    entries.extend(more.iter().cloned());
    zip(&entries, b"")
}

/// A persistent id as torch writes it: `('storage', FloatStorage, '0', 'cpu', 1)`.
fn storage() -> Vec<u8> {
    let parts = [
        b"(".to_vec(),
        text("storage"),
        stack_global("torch", "FloatStorage"),
        text("0"),
        text("cpu"),
        b"K\x01tQ".to_vec(),
    ];
    parts.concat()
}

fn tensor(storage: &[u8]) -> Vec<u8> {
    let rest = b"K\0K\x01\x85K\x01\x85\x89)t";
    let tensor = stack_global("torch._utils", "_rebuild_tensor_v2");
    four(&[&tensor, b"(", storage, rest, b"R"])
}

/// The five pickles of torch's oldest form, and no storage.
fn legacy(object: &[u8]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let parts: [&[u8]; 5] = [
        magic,
        b"\x80\x02M\xe9\x03.",
        b"\x80\x02}.",
        object,
        b"\x80\x02].",
    ];
    parts.concat()
}

/// An instance of a class that is given by `('module', class, file, source)`.
fn older_module(module: &str, name: &str) -> Vec<u8> {
    let class = format!("c{module}\n{name}\n");
    let parts: [&[u8]; 3] = [
        b"\x80\x02(U\x06module",
        class.as_bytes(),
        b"U\x01fU\x01stQ)\x81}b.",
    ];
    parts.concat()
}

/// joblib's wrapper of an array of one number of that type, and its bytes.
fn wrapped(kind: &str, bytes: &[u8], behind: &[u8]) -> Vec<u8> {
    let order = if kind == "O8" { "|" } else { "<" };
    let flags = if kind == "O8" {
        b"K\x3f".as_slice()
    } else {
        b"K\0"
    };
    let sizes = b"J\xff\xff\xff\xff".repeat(2);
    let dtype = [
        stack_global("numpy", "dtype"),
        text(kind),
        b"\x89\x88\x87R(K\x03".to_vec(),
        text(order),
        b"NNN".to_vec(),
        sizes,
        flags.to_vec(),
        b"tb".to_vec(),
    ];
    let state = [
        b"(".to_vec(),
        text("subclass"),
        stack_global("numpy", "ndarray"),
        text("shape"),
        b"K\x01\x85".to_vec(),
        text("order"),
        text("C"),
        text("dtype"),
        dtype.concat(),
        text("allow_mmap"),
        b"\x89".to_vec(),
    ];
    let wrapper = stack_global("joblib.numpy_pickle", "NumpyArrayWrapper");
    four(&[&wrapper, b")\x81}", &state.concat(), b"ub", bytes, behind])
}

pub(crate) fn pickles() -> Vec<Case> {
    let os = stack_global("os", "system");
    let arguments = [text("id"), vec![0x85]].concat();
    let dict = stack_global("collections", "OrderedDict");
    let called = |what: &[u8], arguments: &[u8]| [what, arguments, b"R0"].concat();
    vec![
        Case::new(
            "a name out of a buffer (NEXT_BUFFER)",
            b"\x80\x05\x97\x97\x93)R.",
            &["pickle.call_of_value", "pickle.computed_global"],
            b"\x80\x05\x97.",
        ),
        Case::new(
            "names of BINSTRING",
            b"T\x02\0\0\0osT\x06\0\0\0system\x93(U\x02idtR.",
            &[HARM],
            b"T\x0b\0\0\0collectionsU\x0bOrderedDict\x93)R.",
        ),
        Case::new(
            "calls that POP_MARK throws away",
            &four(&[b"(", &os, &arguments, b"R1N"]),
            &[HARM],
            &four(&[b"(", &dict, b")R1N"]),
        ),
        Case::new(
            "a dotted name without a module that is known",
            &call("mine", "net.__init__.__globals__", None),
            &["pickle.dotted_name"],
            &harmless(),
        ),
        Case::new(
            "builtins of numpy (modelscan #330)",
            &call("numpy", "__builtins__", Some("eval")),
            &[HARM],
            &harmless(),
        ),
        Case::new(
            "torch: a tensor that is built on no storage",
            &torch(
                tensor(&call("collections", "OrderedDict", None)[2..][..28]),
                &[],
            ),
            &["pickle.call_arguments"],
            &torch(tensor(&storage()), &[Entry::new("m/data/0", [0; 4])]),
        ),
        Case::new(
            "torch: a persistent id that is no storage",
            &torch(four(&[&text("module"), b"Q"]), &[]),
            &["pickle.persistent_id"],
            &torch(four(&[&storage()]), &[Entry::new("m/data/0", [0; 4])]),
        ),
        Case::new(
            "torch: the older form of pickles in a row",
            &legacy(b"\x80\x02cos\nsystem\nU\x02id\x85R."),
            &[HARM],
            &legacy(b"\x80\x02ccollections\nOrderedDict\n)R."),
        ),
        Case::new(
            "torch: a module of the older form",
            &legacy(&older_module("os", "system")),
            &[HARM],
            &legacy(&older_module("torch.nn.modules.linear", "Linear")),
        ),
        Case::new(
            "torch: an archive that computes a name where it is read as a pickle",
            &torch_of_one_line(four(&[b"C\x0c\nNNNNNNN\x8c\x01a\x93"])),
            &[
                "pickle.persistent_id",
                "pickle.computed_global",
                "pickle.trailing",
            ],
            &torch_of_one_line(four(&[b"C\x0c\n)\x81NNNNNNNNN"])),
        ),
        Case::new(
            "torch: an archive that names an unknown class where it is read as a pickle",
            &torch_of_one_line(four(&[b"C\x0e\nN\x8c\x01a\x8c\x01b\x93NNNNN"])),
            &[
                "pickle.persistent_id",
                "pickle.unknown_global",
                "pickle.trailing",
            ],
            &torch_of_one_line(four(&[b"C\x0e\nN\x8c\x01a\x8c\x01bNNNNNN"])),
        ),
        Case::new(
            "torch: constants of a script",
            &torch(harmless(), &[Entry::new("m/constants.pkl", harm())]),
            &[HARM],
            &torch(harmless(), &[Entry::new("m/constants.pkl", harmless())]),
        ),
        Case::new(
            "joblib: a call behind the bytes of an array",
            &wrapped("f8", &[0x2e; 8], &called(&os, &arguments)),
            &[HARM],
            &wrapped("f8", &[0x2e; 8], &called(&dict, b")")),
        ),
        Case::new(
            "joblib: a pickle in an array of objects",
            &wrapped("O8", &harm(), b""),
            &[HARM],
            &wrapped("O8", &harmless(), b""),
        ),
    ]
}

fn hdf5(offset: usize, body: &[u8]) -> Vec<u8> {
    let mut file = vec![0; offset];
    file.extend(b"\x89HDF\r\n\x1a\n\0\0\0\0");
    file.extend(body);
    file.extend([0; 16]);
    file
}

/// A hard link has no class, an external one is of class 64 and holds two texts.
fn link(external: bool) -> Vec<u8> {
    if !external {
        return [b"\x01\x00\x06kernel".as_slice(), &[7; 8]].concat();
    }
    let value = b"\0/etc/other.h5\0/data\0";
    let length = u16::try_from(value.len()).unwrap().to_le_bytes();
    [b"\x01\x08\x40\x06kernel".as_slice(), &length, value].concat()
}

/// The message of data in external files: a version, slots, and the address of the heap that holds the names.
fn stored_outside(heap: u64) -> Vec<u8> {
    let message = [b"\x01\0\0\0\x01\0\x01\0".as_slice(), &heap.to_le_bytes()].concat();
    let mut body = message;
    body.resize(52, 0);
    body.extend(b"HEAP\0\0\0\0");
    body
}

pub(crate) fn keras() -> Vec<Case> {
    let archive = |config: &str| {
        let entries = [
            Entry::new("metadata.json", "{\"keras_version\":\"3.5.0\"}"),
            Entry::new("config.json", config),
        ];
        zip(&entries, b"")
    };
    let dense = "{\"module\":\"keras.layers\",\"class_name\":\"Dense\",\"config\":{\"units\":1}}";
    let lambda = "{\"class_name\":\"Lambda\",\"config\":{\"function\":[\"4wE=\",null,null]}}";
    // Field 1 is a node, its field 5 the metadata.
    let metadata = |config: &str| {
        let node = [
            field(3, b"root.layer-0"),
            field(4, b"_tf_keras_layer"),
            field(5, config.as_bytes()),
        ];
        field(1, &node.concat())
    };
    vec![
        Case::new(
            "keras: a Lambda layer that names a function",
            &archive(
                "{\"module\":\"keras.layers\",\"class_name\":\"Lambda\",\"config\":{\"function\":{\"class_name\":\"function\",\"config\":\"mine\"}}}",
            ),
            &["keras.module"],
            &archive(dense),
        ),
        Case::new(
            "keras: a class that was registered",
            &archive("{\"registered_name\":\"mine>Net\",\"class_name\":\"Net\",\"config\":{}}"),
            &["keras.module"],
            &archive(dense),
        ),
        Case::new(
            "keras: a configuration that cannot be read",
            &archive("{\"class_name\":"),
            &["config.broken", "keras.broken"],
            &archive(dense),
        ),
        Case::new(
            "hdf5: a Lambda layer behind a user's block",
            &hdf5(512, lambda.as_bytes()),
            &["keras.lambda"],
            &hdf5(512, dense.as_bytes()),
        ),
        Case::new(
            "hdf5: a link into another file",
            &hdf5(0, &link(true)),
            &["hdf5.external"],
            &hdf5(0, &link(false)),
        ),
        Case::new(
            "hdf5: data in another file",
            &hdf5(0, &stored_outside(64)),
            &["hdf5.external"],
            &hdf5(0, &stored_outside(4096)),
        ),
        Case::new(
            "savedmodel: a Lambda layer in Keras's metadata",
            &metadata(lambda),
            &["keras.lambda"],
            &metadata(dense),
        ),
    ]
}

pub(crate) fn graphs() -> Vec<Case> {
    let node = |operator: &[u8]| [field(1, b"n"), field(2, operator)].concat();
    let saved = |graph: &[u8], more: &[u8]| {
        let meta = [field(2, graph), more.to_vec()].concat();
        [b"\x08\x01".as_slice(), &field(2, &meta)].concat()
    };
    let asset = |name: &[u8]| field(6, &field(2, name));
    let function = |operator: &[u8]| {
        let caller = field(1, &node(b"StatefulPartitionedCall"));
        [caller, field(2, &field(1, &field(3, &node(operator))))].concat()
    };
    let plain = field(1, &node(b"MatMul"));
    let onnx = |graph: &[u8]| [b"\x08\x08".as_slice(), &field(7, graph)].concat();
    let add = field(1, &field(4, b"Add"));
    let outside = field(
        13,
        &[field(1, b"location"), field(2, b"../../etc/passwd")].concat(),
    );
    let within = field(
        13,
        &[field(1, b"location"), field(2, b"weights.bin")].concat(),
    );
    let inner = |tensor: &[u8]| {
        let graph = [add.clone(), field(5, tensor)].concat();
        field(1, &[field(4, b"If"), field(5, &field(6, &graph))].concat())
    };
    let deep = |levels: usize| {
        (0..levels).fold(add.clone(), |graph, _| {
            field(1, &[field(4, b"If"), field(5, &field(6, &graph))].concat())
        })
    };
    let with_function = |operator: &[u8]| {
        let function = field(25, &field(7, &field(4, operator)));
        [onnx(&add), function].concat()
    };
    vec![
        Case::new(
            "savedmodel: a function of the library that writes (StatefulPartitionedCall)",
            &saved(&function(b"WriteFile"), b""),
            &["savedmodel.file"],
            &saved(&function(b"MatMul"), b""),
        ),
        Case::new(
            "savedmodel: files are looked for",
            &saved(&field(1, &node(b"MatchingFiles")), b""),
            &["savedmodel.file"],
            &saved(&plain, b""),
        ),
        Case::new(
            "savedmodel: text is printed into a file (PrintV2)",
            &saved(&field(1, &node(b"PrintV2")), b""),
            &["savedmodel.file"],
            &saved(&plain, b""),
        ),
        Case::new(
            "savedmodel: an asset from outside",
            &saved(&plain, &asset(b"../../etc/passwd")),
            &["savedmodel.file"],
            &saved(&plain, &asset(b"vocabulary.txt")),
        ),
        Case::new(
            "savedmodel: Python runs (PyFunc)",
            &saved(&field(1, &node(b"PyFunc")), b""),
            &["savedmodel.python"],
            &saved(&plain, b""),
        ),
        Case::new(
            "onnx: data from outside in a graph inside of a node (CVE-2025-51480)",
            &onnx(&inner(&outside)),
            &["onnx.external_path"],
            &onnx(&inner(&within)),
        ),
        Case::new(
            "onnx: a function that runs Python",
            &with_function(b"PyOp"),
            &["onnx.python"],
            &with_function(b"Add"),
        ),
        Case::new(
            "onnx: graphs nested too deep",
            &onnx(&deep(17)),
            &["onnx.broken"],
            &onnx(&deep(16)),
        ),
        Case::new(
            "onnx: a number without an end",
            &[onnx(&add), [0x18].to_vec(), vec![0xff; 11]].concat(),
            &["onnx.broken"],
            &onnx(&add),
        ),
    ]
}

fn gguf(pair: &[u8], tensors: u64, more: &[u8]) -> Vec<u8> {
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend(tensors.to_le_bytes());
    file.extend(1u64.to_le_bytes());
    file.extend(pair);
    file.extend(more);
    file.extend([0; 96]);
    file
}

fn pair(key: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    let length = u64::try_from(key.len()).unwrap().to_le_bytes();
    [&length, key.as_bytes(), &kind.to_le_bytes(), value].concat()
}

pub(crate) fn headers() -> Vec<Case> {
    let flag = pair("a.flag", 7, &[1]);
    let aligned = |number: u32| gguf(&pair("general.alignment", 4, &number.to_le_bytes()), 0, b"");
    let nested = |levels: usize| {
        let array = [9u32.to_le_bytes().as_slice(), &1u64.to_le_bytes()].concat();
        let last = [7u32.to_le_bytes().as_slice(), &1u64.to_le_bytes(), &[1]].concat();
        gguf(
            &pair("a", 9, &[array.repeat(levels), last].concat()),
            0,
            b"",
        )
    };
    let template = |text: &str| {
        let length = u64::try_from(text.len()).unwrap().to_le_bytes();
        let value = [length.as_slice(), text.as_bytes()].concat();
        gguf(&pair("tokenizer.chat_template", 8, &value), 0, b"")
    };
    let tensor = |offset: u64| {
        let parts: [&[u8]; 6] = [
            &1u64.to_le_bytes(),
            b"w",
            &1u32.to_le_bytes(),
            &8u64.to_le_bytes(),
            &0u32.to_le_bytes(),
            &offset.to_le_bytes(),
        ];
        gguf(&flag, 1, &parts.concat())
    };
    let safetensors = |header: &str, data: &[u8]| {
        let length = u64::try_from(header.len()).unwrap().to_le_bytes();
        [length.as_slice(), header.as_bytes(), data].concat()
    };
    let weight = |shape: &str, end: u32| {
        format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[0,{end}]}}}}")
    };
    let good = safetensors(&weight("[1]", 4), &[0; 4]);
    let two = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}";
    let longer = [
        b"\xff\0\0\0\0\0\0\0".as_slice(),
        weight("[1]", 4).as_bytes(),
        &[0; 4],
    ]
    .concat();
    let index = |name: &str| {
        format!("{{\"metadata\":{{\"total_size\":4}},\"weight_map\":{{\"a\":\"{name}\"}}}}")
    };
    let long = npy("<f8", "(1,)", &[0; 8]);
    let mut stretched = b"\x93NUMPY\x02\0".to_vec();
    stretched.extend(10_001u32.to_le_bytes());
    stretched.extend(b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }");
    stretched.resize(12 + 10_000, b' ');
    stretched.push(b'\n');
    stretched.extend([0; 8]);
    vec![
        Case::new(
            "gguf: an alignment that is no power of two",
            &aligned(33),
            &["gguf.broken"],
            &aligned(64),
        ),
        Case::new(
            "gguf: arrays nested too deep",
            &nested(9),
            &["gguf.broken"],
            &nested(2),
        ),
        Case::new(
            "gguf: a tensor outside of the file",
            &tensor(1 << 40),
            &["gguf.broken"],
            &tensor(0),
        ),
        Case::new(
            "gguf: a template that goes on behind what is read of it",
            &template(&(" ".repeat(65_536) + "{{ ''.__class__.__mro__ }}")),
            &["gguf.limit"],
            &template(&"x".repeat(65_536)),
        ),
        Case::new(
            "gguf: a text longer than the file",
            &gguf(&pair("a", 8, &[0xff, 0xff, 0, 0, 0, 0, 0, 0]), 0, b""),
            &["gguf.broken"],
            &gguf(&flag, 0, b""),
        ),
        Case::new(
            "safetensors: tensors that share bytes",
            &safetensors(two, &[0; 6]),
            &["safetensors.broken"],
            &good,
        ),
        Case::new(
            "safetensors: a shape that does not fill its bytes",
            &safetensors(&weight("[2]", 4), &[0; 4]),
            &["safetensors.broken"],
            &good,
        ),
        Case::new(
            "safetensors: a shape whose product overflows",
            &safetensors(&weight("[4294967296,4294967296,4]", 4), &[0; 4]),
            &["safetensors.broken"],
            &good,
        ),
        Case::new(
            "safetensors: a header longer than the file",
            &longer,
            &["safetensors.broken"],
            &good,
        ),
        Case::new(
            "safetensors: shards out of the directory",
            index("../../etc/model.safetensors").as_bytes(),
            &["config.shard_path"],
            index("model-00001-of-00001.safetensors").as_bytes(),
        ),
        Case::new(
            "numpy: a header longer than numpy reads",
            &stretched,
            &["npy.header"],
            &long,
        ),
    ]
}

pub(crate) fn descriptions() -> Vec<Case> {
    let schema = |node: &str| {
        let node = format!(
            "{{\"__class__\":\"OrderedDict\",\"__module__\":\"collections\",\"__loader__\":\"ObjectNode\",\"content\":{node}}}"
        );
        zip(&[Entry::new("schema.json", node)], b"")
    };
    let node = |module: &str, class: &str, loader: &str, more: &str| {
        format!(
            "{{\"__class__\":\"{class}\",\"__module__\":\"{module}\",\"__loader__\":\"{loader}\"{more}}}"
        )
    };
    let estimator = node(
        "sklearn.linear_model._logistic",
        "LogisticRegression",
        "ObjectNode",
        "",
    );
    let method = |name: &str| {
        let more = format!(",\"content\":{{\"func\":\"{name}\",\"obj\":{estimator}}}");
        schema(&node(
            "sklearn.linear_model._logistic",
            "LogisticRegression",
            "MethodNode",
            &more,
        ))
    };
    let skops = schema(&estimator);
    let model = |loader: &str, more: &str| {
        format!(
            "artifact_path: model\nflavors:\n  python_function:\n    loader_module: {loader}\n    model_path: model.pkl\n{more}  sklearn:\n    code: null\n    pickled_model: model.pkl\nmlflow_version: 3.1.0\n"
        )
    };
    let good = model("mlflow.sklearn", "");
    let mlflow = |name: &str, text: String, rules: &[&'static str]| {
        Case::new(name, text.as_bytes(), rules, good.as_bytes())
    };
    vec![
        Case::new(
            "skops: a function of operator under another name (CVE-2025-54412)",
            &schema(&node(
                "sklearn.linear_model._stochastic_gradient",
                "SGDRegressor",
                "OperatorFuncNode",
                ",\"attrs\":{}",
            )),
            &["skops.dangerous"],
            &skops,
        ),
        Case::new(
            "skops: a special attribute as a method (CVE-2025-54413)",
            &method("__builtins__"),
            &["skops.dangerous"],
            &skops,
        ),
        Case::new(
            "skops: a method",
            &method("predict"),
            &["skops.type"],
            &skops,
        ),
        Case::new(
            "skops: a pickle where an archive is expected (CVE-2025-54886)",
            &harm(),
            &[HARM],
            &skops,
        ),
        mlflow(
            "mlflow: a loader that runs code",
            model("os", ""),
            &["mlflow.dangerous"],
        ),
        mlflow(
            "mlflow: a loader of the model's own",
            model("mine.loader", ""),
            &["mlflow.loader"],
        ),
        mlflow(
            "mlflow: code that comes with the model",
            model("mlflow.sklearn", "    code: code\n"),
            &["mlflow.code"],
        ),
        mlflow(
            "mlflow: a model that is code",
            model("mlflow.pyfunc.model", "    model_code_path: model.py\n"),
            &["mlflow.code"],
        ),
        mlflow(
            "mlflow: a description that cannot be read",
            format!("{good}flavors:\n"),
            &["mlflow.broken"],
        ),
        Case::new(
            "yaml: a tag in its long form",
            b"a: !<tag:yaml.org,2002:python/object/apply:os.system> ['id']\n",
            &["yaml.tag"],
            b"a: b\n",
        ),
        Case::new(
            "hydra: a target under a partial",
            b"optimizer: {_partial_: true, _target_: builtins.eval}\n",
            &["hydra.target"],
            b"optimizer: {_partial_: true, _target_: torch.optim.Adam}\n",
        ),
        Case::new(
            "config: a template inside of a list",
            b"{\"chat_template\":[{\"name\":\"default\",\"template\":\"{{ x.__globals__ }}\"}]}",
            &["config.template"],
            b"{\"chat_template\":[{\"name\":\"default\",\"template\":\"{{ x.content }}\"}]}",
        ),
    ]
}
