//! Malicious archives and other containers, each with its harmless twin.

use super::Case;
use super::assemble::{Entry, call, deflate, field, harm, harmless, npy, tar, tar_member, zip};

const HARM: &str = "pickle.dangerous_global";

fn one(entry: Entry) -> Vec<u8> {
    zip(&[entry], b"")
}

fn with(name: &'static str, change: impl FnOnce(&mut Entry)) -> Vec<u8> {
    let mut entry = Entry::new(name, "words");
    change(&mut entry);
    one(entry)
}

pub(crate) fn zips() -> Vec<Case> {
    let plain = with("a.txt", |_| {});
    let entry = |name, data: Vec<u8>| Entry::new(name, data);
    let torch = |pickle: Vec<u8>, more: Vec<Entry>| {
        let mut entries = vec![
            entry("m/data.pkl", pickle),
            entry("m/version", b"3\n".to_vec()),
        ];
        entries.extend(more);
        zip(&entries, b"")
    };
    let deflated = |data: Vec<u8>| {
        with("a.pkl", |entry| {
            entry.data = data;
            entry.deflate = true;
        })
    };
    let flagged = |data: Vec<u8>| {
        with("a.pkl", |entry| {
            entry.data = data;
            entry.flags = 1;
        })
    };
    let miscounted = |data: Vec<u8>| {
        with("a.pkl", |entry| {
            entry.data = data;
            entry.wrong_crc = true;
        })
    };
    let mut overlapping = zip(
        &[entry("a", b"one".to_vec()), entry("b", b"two".to_vec())],
        b"",
    );
    let second = overlapping
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    overlapping[second + 42..second + 46].copy_from_slice(&[0; 4]);
    let bomb = vec![0; 20 * 1024 * 1024];
    vec![
        Case::new(
            "a member of any extension (CVE-2025-1889)",
            &one(entry("m/notes.txt", harm())),
            &[HARM],
            &one(entry("m/notes.txt", harmless())),
        ),
        Case::new(
            "a deflated member",
            &deflated(harm()),
            &[HARM],
            &deflated(harmless()),
        ),
        Case::new(
            "a file without a known extension (CVE-2025-10155)",
            &harm(),
            &[HARM],
            &harmless(),
        ),
        Case::new(
            "another name in the local header (CVE-2025-1944)",
            &with("a.txt", |entry| entry.local_name = "b.txt"),
            &["zip.mismatch"],
            &plain,
        ),
        Case::new(
            "the flag of encryption (CVE-2025-1945)",
            &flagged(harm()),
            &[HARM, "zip.encrypted"],
            &one(entry("a.pkl", harmless())),
        ),
        Case::new(
            "a wrong checksum (CVE-2025-10156)",
            &miscounted(harm()),
            &[HARM, "zip.crc"],
            &one(entry("a.pkl", harmless())),
        ),
        Case::new(
            "a name that leads up",
            &one(entry("../a.txt", b"words".to_vec())),
            &["zip.traversal"],
            &plain,
        ),
        Case::new(
            "an absolute name",
            &one(entry("/etc/a", b"words".to_vec())),
            &["zip.traversal"],
            &plain,
        ),
        Case::new(
            "a drive letter",
            &one(entry("C:a.txt", b"words".to_vec())),
            &["zip.traversal"],
            &plain,
        ),
        Case::new(
            "two entries of one name",
            &zip(
                &[entry("a", b"one".to_vec()), entry("a", b"two".to_vec())],
                b"",
            ),
            &["zip.duplicate"],
            &plain,
        ),
        Case::new(
            "entries that share bytes",
            &overlapping,
            // The bytes that nobody lists begin like an archive, and are looked at as one.
            &[
                "zip.broken",
                "zip.crc",
                "zip.mismatch",
                "zip.overlap",
                "zip.unlisted",
            ],
            &plain,
        ),
        Case::new(
            "a pickle between entries and directory",
            &zip(&[entry("a", b"one".to_vec())], &harm()),
            &[HARM, "zip.unlisted"],
            &plain,
        ),
        Case::new(
            "bytes behind the archive",
            &[plain.as_slice(), b"more"].concat(),
            &["zip.unlisted"],
            &plain,
        ),
        Case::new(
            "a link",
            &with("a", |entry| entry.mode = 0o120_777),
            &["zip.link"],
            &plain,
        ),
        Case::new(
            "an archive in an archive",
            &one(entry("b.zip", one(entry("a", harm())))),
            &[HARM],
            &one(entry("b.zip", one(entry("a", harmless())))),
        ),
        Case::new(
            "a bomb",
            &deflated(bomb),
            &["file.unknown", "stream.bomb"],
            &deflated(b"words ".repeat(1000)),
        ),
        Case::new(
            "a pickle that ends as an archive",
            &[harmless(), plain.clone()].concat(),
            &["file.polyglot", "pickle.trailing", "zip.unlisted"],
            &harmless(),
        ),
        Case::new(
            "torch: harm in data.pkl",
            &torch(harm(), vec![]),
            &[HARM],
            &torch(harmless(), vec![]),
        ),
        Case::new(
            "torch: harm in another member (CVE-2025-1889)",
            &torch(harmless(), vec![entry("m/config.p", harm())]),
            &[HARM],
            &torch(harmless(), vec![entry("m/config.p", harmless())]),
        ),
        Case::new(
            "torch: harm in a storage",
            &torch(harmless(), vec![entry("m/data/0", harm())]),
            &[HARM],
            &torch(harmless(), vec![entry("m/data/0", vec![0xff; 16])]),
        ),
        Case::new(
            "torch: code",
            &torch(harmless(), vec![entry("m/code/m.py", b"pass\n".to_vec())]),
            &["torch.code"],
            &torch(harmless(), vec![entry("m/byteorder", b"little".to_vec())]),
        ),
        Case::new(
            "npz: an array of objects",
            &one(entry("a.npy", npy("|O", "(1,)", &harm()))),
            // The archive's first byte is an opcode too: it is also looked at as a pickle.
            &[HARM, "pickle.persistent_id", "pickle.trailing"],
            &one(entry("a.npy", npy("|O", "(1,)", &harmless()))),
        ),
    ]
}

pub(crate) fn streams() -> Vec<Case> {
    let pack = |encoder: &dyn Fn(&[u8]) -> Vec<u8>| (encoder(&harm()), encoder(&harmless()));
    let read = |mut reader: Box<dyn std::io::Read>| {
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        out
    };
    let gzip = pack(&|data| {
        read(Box::new(flate2::read::GzEncoder::new(
            std::io::Cursor::new(data.to_vec()),
            flate2::Compression::fast(),
        )))
    });
    let zlib = pack(&|data| {
        read(Box::new(flate2::read::ZlibEncoder::new(
            std::io::Cursor::new(data.to_vec()),
            flate2::Compression::default(),
        )))
    });
    let bzip2 = pack(&|data| {
        read(Box::new(bzip2::read::BzEncoder::new(
            std::io::Cursor::new(data.to_vec()),
            bzip2::Compression::fast(),
        )))
    });
    let member = |data: &[u8]| tar(&[tar_member("m/a.pkl", "", b'0', data)]);
    let empty = |name: &str, link: &str, kind: u8| tar(&[tar_member(name, link, kind, b"")]);
    let mut cases: Vec<Case> = [("gzip", gzip), ("zlib", zlib), ("bzip2", bzip2)]
        .into_iter()
        .map(|(name, (bad, twin))| Case::new(&format!("a pickle in {name}"), &bad, &[HARM], &twin))
        .collect();
    let object = npy("|O", "(1,)", &harm());
    cases.extend([
        Case::new(
            "numpy: an array of objects (CVE-2019-6446)",
            &object,
            &[HARM],
            &npy("<f8", "(1,)", &[0; 8]),
        ),
        Case::new(
            "numpy: data that are too long",
            &npy("<f8", "(1,)", &[0; 9]),
            &["npy.broken"],
            &npy("<f8", "(1,)", &[0; 8]),
        ),
        Case::new(
            "tar: harm in a member",
            &member(&harm()),
            &[HARM],
            &member(&harmless()),
        ),
        Case::new(
            "tar: a name that leads up",
            &empty("../a", "", b'0'),
            &["tar.traversal"],
            &empty("a", "", b'0'),
        ),
        Case::new(
            "tar: a link that leads out",
            &empty("a", "/etc/passwd", b'2'),
            &["tar.link"],
            &empty("a", "b", b'2'),
        ),
        Case::new(
            "tar: a device",
            &empty("a", "", b'3'),
            &["tar.device"],
            &empty("a", "", b'5'),
        ),
        Case::new(
            "a stream that breaks off",
            &[
                b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice(),
                &deflate(&harmless())[..5],
            ]
            .concat(),
            &["stream.broken"],
            &harmless(),
        ),
    ]);
    cases
}

fn keras(config: &str) -> Vec<u8> {
    let entries = [
        Entry::new("metadata.json", "{\"keras_version\":\"3.5.0\"}"),
        Entry::new("config.json", config),
    ];
    zip(&entries, b"")
}

fn layer(class: &str, module: &str, config: &str) -> String {
    format!(
        "{{\"module\":\"keras\",\"class_name\":\"Sequential\",\"config\":{{\"layers\":[{{\"module\":\"{module}\",\"class_name\":\"{class}\",\"config\":{config}}}]}}}}"
    )
}

fn hdf5(config: &str) -> Vec<u8> {
    [
        b"\x89HDF\r\n\x1a\n\0\0\0\0".as_slice(),
        config.as_bytes(),
        &[0; 16],
    ]
    .concat()
}

fn gguf(template: &str) -> Vec<u8> {
    let text = |text: &str| {
        [
            &u64::try_from(text.len()).unwrap().to_le_bytes(),
            text.as_bytes(),
        ]
        .concat()
    };
    let mut file = b"GGUF\x03\0\0\0".to_vec();
    file.extend([0u64.to_le_bytes(), 1u64.to_le_bytes()].concat());
    file.extend(text("tokenizer.chat_template"));
    file.extend(8u32.to_le_bytes());
    file.extend(text(template));
    file.extend([0; 64]);
    file
}

fn onnx(node: &[u8], initializer: &[u8]) -> Vec<u8> {
    let graph = [field(1, node), field(5, initializer)].concat();
    [b"\x08\x08".as_slice(), &field(7, &graph)].concat()
}

fn safetensors(header: &str, data: &[u8]) -> Vec<u8> {
    let len = u64::try_from(header.len()).unwrap().to_le_bytes();
    [len.as_slice(), header.as_bytes(), data].concat()
}

pub(crate) fn models() -> Vec<Case> {
    let dense = layer("Dense", "keras.layers", "{\"units\":1}");
    let lambda = layer(
        "Lambda",
        "keras.layers",
        "{\"function\":{\"class_name\":\"__lambda__\",\"config\":{\"code\":\"4wE=\"}}}",
    );
    let old = layer(
        "Lambda",
        "keras.layers",
        "{\"function\":[\"4wE=\",null,null]}",
    );
    let location = |path: &str| {
        field(
            13,
            &[field(1, b"location"), field(2, path.as_bytes())].concat(),
        )
    };
    let saved = |operator: &[u8]| {
        let graph = field(1, &[field(1, b"n"), field(2, operator)].concat());
        [b"\x08\x01".as_slice(), &field(2, &field(2, &graph))].concat()
    };
    let add = field(4, b"Add");
    let weights = |begin: u32| {
        format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[{begin},4]}}}}")
    };
    let skops = |module: &str, class: &str| {
        one(Entry::new(
            "schema.json",
            format!(
                "{{\"__class__\":\"{class}\",\"__module__\":\"{module}\",\"__loader__\":\"ObjectNode\"}}"
            ),
        ))
    };
    let good_template = "{% for m in messages %}{{ m.content }}{% endfor %}";
    let bad_template = "{{ ''.__class__.__mro__ }}";
    vec![
        Case::new(
            "keras: a Lambda layer (CVE-2024-3660)",
            &keras(&lambda),
            &["keras.lambda"],
            &keras(&dense),
        ),
        Case::new(
            "keras: an import (CVE-2025-1550)",
            &keras(&layer("function", "os", "\"system\"")),
            &["keras.unsafe"],
            &keras(&dense),
        ),
        Case::new(
            "keras: get_file (CVE-2025-8747)",
            &keras(&layer("function", "keras.utils", "\"get_file\"")),
            &["keras.unsafe"],
            &keras(&dense),
        ),
        Case::new(
            "keras: the safe mode off (CVE-2025-9906)",
            &keras(&layer(
                "function",
                "keras.config",
                "\"enable_unsafe_deserialization\"",
            )),
            &["keras.unsafe"],
            &keras(&dense),
        ),
        Case::new(
            "keras: TorchModuleWrapper (CVE-2025-49655)",
            &keras(&layer("TorchModuleWrapper", "keras.layers", "{}")),
            &["keras.unsafe"],
            &keras(&dense),
        ),
        Case::new(
            "keras: a module of its own",
            &keras(&layer("Net", "mine", "{}")),
            &["keras.module"],
            &keras(&dense),
        ),
        Case::new(
            "hdf5: a Lambda layer (CVE-2025-9905)",
            &hdf5(&old),
            &["keras.lambda"],
            &hdf5(&dense),
        ),
        Case::new(
            "gguf: a template (CVE-2024-34359)",
            &gguf(bad_template),
            &["gguf.template"],
            &gguf(good_template),
        ),
        Case::new(
            "gguf: a count that lies",
            &[b"GGUF\x03\0\0\0".as_slice(), &[0xff; 16]].concat(),
            &["gguf.broken"],
            &gguf(good_template),
        ),
        Case::new(
            "onnx: data from outside (CVE-2024-27318)",
            &onnx(&add, &location("../../etc/passwd")),
            &["onnx.external_path"],
            &onnx(&add, &location("weights.bin")),
        ),
        Case::new(
            "onnx: an absolute path (CVE-2022-25882)",
            &onnx(&add, &location("/etc/passwd")),
            &["onnx.external_path"],
            &onnx(&add, &location("weights.bin")),
        ),
        Case::new(
            "onnx: an operator of a plug-in",
            &onnx(&[add.clone(), field(7, b"my.ops")].concat(), b""),
            &["onnx.custom_domain"],
            &onnx(&add, b""),
        ),
        Case::new(
            "onnx: an operator that runs Python",
            &onnx(&field(4, b"PyOp"), b""),
            &["onnx.python"],
            &onnx(&add, b""),
        ),
        Case::new(
            "savedmodel: a file is read",
            &saved(b"ReadFile"),
            &["savedmodel.file"],
            &saved(b"MatMul"),
        ),
        Case::new(
            "savedmodel: a file is written",
            &saved(b"WriteFile"),
            &["savedmodel.file"],
            &saved(b"MatMul"),
        ),
        Case::new(
            "savedmodel: Python runs",
            &saved(b"EagerPyFunc"),
            &["savedmodel.python"],
            &saved(b"MatMul"),
        ),
        Case::new(
            "safetensors: a name twice",
            &safetensors("{\"__metadata__\":{},\"__metadata__\":{}}", b""),
            &["safetensors.duplicate"],
            &safetensors("{\"__metadata__\":{}}", b""),
        ),
        Case::new(
            "safetensors: a hole",
            &safetensors(&weights(2), &[0; 4]),
            &["safetensors.broken"],
            &safetensors(&weights(0), &[0; 4]),
        ),
        Case::new(
            "safetensors: trailing bytes",
            &safetensors(&weights(0), &[0; 5]),
            &["safetensors.broken"],
            &safetensors(&weights(0), &[0; 4]),
        ),
        Case::new(
            "skops: a dangerous type",
            &skops("os", "system"),
            &["skops.dangerous"],
            &skops("collections", "OrderedDict"),
        ),
        Case::new(
            "skops: an unknown type",
            &skops("mine", "Net"),
            &["skops.type"],
            &skops("collections", "OrderedDict"),
        ),
        Case::new(
            "yaml: a tag",
            b"a: !!python/object/apply:os.system ['id']\n",
            &["yaml.tag"],
            b"a: 'the tag !!python/name is not loaded'\n",
        ),
        Case::new(
            "hydra: a target (CVE-2025-23304)",
            b"model:\n  _target_: os.system\n",
            &["hydra.target"],
            b"model:\n  _target_: torch.nn.Linear\n",
        ),
        Case::new(
            "hydra: an unknown target",
            b"{\"_target_\": \"mine.Net\"}",
            &["hydra.unknown"],
            b"{\"_target_\": \"sklearn.svm.SVC\"}",
        ),
        Case::new(
            "config: a template",
            format!("{{\"chat_template\":\"{bad_template}\"}}").as_bytes(),
            &["config.template"],
            format!("{{\"chat_template\":\"{good_template}\"}}").as_bytes(),
        ),
        Case::new(
            "config: remote code",
            b"{\"auto_map\":{\"AutoModel\":\"modeling.Net\"}}",
            &["config.remote_code"],
            b"{\"model_type\":\"bert\"}",
        ),
        Case::new(
            "a GGUF that is a pickle too",
            b"GGUF\x03\0\0\0\0cos\nsystem\n(S'id'\ntR.",
            &["gguf.broken", HARM],
            &gguf(good_template),
        ),
        Case::new(
            "a native library",
            b"\x7fELF\x02\x01\x01\0",
            &["file.code"],
            b"words\n",
        ),
        Case::new(
            "a text that holds a word",
            &call("os", "system", None),
            &[HARM],
            b"os.system('id') is what a payload calls\n",
        ),
    ]
}
