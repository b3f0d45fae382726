//! The register of techniques: each known way to hide code in a model file, or to lie to a scanner, with its cases. A
//! technique without a case fails here, and so does a case that no technique claims.
//!
//! `docs/scan-corpus.md` is the register with the verdict and the rules of each case; `SEALOG_BLESS=1` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::{Case, corpus};

/// A heading, and techniques under it with the names of their cases.
type Part = (
    &'static str,
    &'static [(&'static str, &'static [&'static str])],
);

#[rustfmt::skip]
const REGISTER: &[Part] = &[
    ("Opcodes of pickles", &[
        ("each opcode that imports", &[
            "GLOBAL and REDUCE of protocol 0", "INST", "names of BINSTRING", "an import with no call",
        ]),
        ("each opcode that calls", &[
            "OBJ", "NEWOBJ", "NEWOBJ_EX", "a result that is called", "an unknown name that is called",
        ]),
        ("results that are thrown away (GHSA-mxhj-88fx-4pcv)", &[
            "OBJ whose result is popped (GHSA-mxhj-88fx-4pcv)", "REDUCE whose result is popped",
            "calls that POP_MARK throws away",
        ]),
        ("operands that are no constant texts", &["a computed name", "a name out of a buffer (NEXT_BUFFER)"]),
        ("operands out of memo and stack", &[
            "a name out of the memo", "the memo's index confused with its count",
            "a module that is a copy of itself (DUP)",
        ]),
        ("the extension registry", &["EXT1", "EXT2", "EXT4"]),
        ("persistent ids", &[
            "a persistent id", "torch: a persistent id that is no storage",
            "torch: an archive that computes a name where it is read as a pickle",
            "torch: an archive that names an unknown class where it is read as a pickle",
        ]),
        ("state that is set on what was imported", &[
            "BUILD on a class", "SETITEM on a module's name", "APPEND on an import", "a special attribute",
        ]),
        ("arguments that a listed name does not take", &[
            "a listed name with a wrong argument (defaultdict)", "a listed name with a wrong argument (_reconstruct)",
            "another encoding (_codecs.encode)", "torch: a tensor that is built on no storage",
        ]),
        ("names spelled otherwise", &[
            "names of Python 2 (GLOBAL)", "names of Python 2 (commands)", "escapes of UNICODE", "escapes of STRING",
        ]),
        ("dotted names (GHSA-5j3x-jp52-966f)", &[
            "a dotted name (random._os.system)",
            "a dotted name (collections._sys.modules.get, GHSA-5j3x-jp52-966f)",
            "a dotted name without a module that is known",
        ]),
        ("attributes of listed names", &[
            "getattr of a name that no list has", "getattr of a listed name, and again as a value",
            "getattr of a listed name by INST, and again as a value", "getattr with a default",
            "getattr of a listed name, which is called", "a time zone with something imported in it",
        ]),
        ("texts that a library executes", &["scipy: a distribution, whose state is executed"]),
        ("frames that lie", &["a frame that is too long", "a frame in a frame"]),
        ("protocols of tomorrow", &["a protocol of tomorrow"]),
        ("bytes that nobody looks at", &[
            "a second pickle behind STOP", "bytes behind the pickle", "a call before a broken opcode",
            "a call before the end of the file", "a call before an empty stack",
        ]),
        ("pickles in texts and bytes", &[
            "a pickle in bytes", "a pickle of protocol 0 in bytes", "a pickle in base64",
            "a pickle in hexadecimal digits", "a pickle in a pickle in a pickle",
        ]),
        ("bytes that one loader refuses and another runs", &[
            "nothing is set in what holds no items (C's loader)",
            "nothing is appended to what holds no items (C's loader)",
            "nothing is added to what holds no items (C's loader)",
            "a memo index of minus zero", "a memo index that a zero byte ends (C's loader)",
            "a memo index of more than 64 bits (Python's loader)",
            "INST whose last line has no end (Python's loader)",
        ]),
        ("entries of the memo that are miscounted", &["a memo whose entries are counted otherwise than they are"]),
        ("pickles that look like texts", &[
            "a line that is longer than is kept", "a second pickle behind a first of two bytes",
            "an unknown name that is called before the end of a text", "a short pickle with a text behind it",
        ]),
    ]),
    ("Callables", &[
        ("commands of the system", &[
            "gadget os.system", "gadget posix.system", "gadget nt.system", "gadget subprocess.Popen",
            "gadget shutil.rmtree", "gadget webbrowser.open",
        ]),
        ("code that is given as text (CVE-2026-22612: imports of builtins)", &[
            "gadget builtins.eval", "gadget builtins.exec", "gadget builtins.compile", "gadget builtins.open",
            "gadget builtins.getattr", "gadget builtins.__import__", "gadget code.InteractiveInterpreter",
            "gadget timeit.timeit", "gadget cProfile.run", "gadget profile.run", "gadget bdb.Bdb",
            "gadget runpy.run_path", "gadget numpy.testing._private.utils.runstring",
        ]),
        ("pip (CVE-2025-1716)", &["gadget pip.main"]),
        ("modules inside of blocked ones (CVE-2025-10157)", &["gadget asyncio.unix_events._UnixSubprocessTransport"]),
        ("the standard library", &[
            "gadget pydoc.pipepager", "gadget pkgutil.resolve_name", "gadget idlelib.pyshell.ModifiedInterpreter",
            "gadget lib2to3.pgen2.pgen.ParserGenerator", "gadget uuid._get_command_stdout",
            "gadget imaplib.IMAP4_stream", "gadget _aix_support._read_cmd_output",
            "gadget _osx_support._read_output", "gadget _pyrepl.pager.pipe_pager",
        ]),
        ("files", &["gadget logging.FileHandler", "gadget io.FileIO", "gadget _io.FileIO"]),
        ("native code", &["gadget ctypes.CDLL"]),
        ("calls that are put together", &[
            "gadget operator.attrgetter", "gadget operator.methodcaller", "gadget functools.partial",
            "gadget functools.reduce", "gadget types.CodeType", "gadget types.FunctionType",
        ]),
        ("loaders of other pickles (CVE-2024-37052 to CVE-2024-37060)", &[
            "gadget cloudpickle.loads", "gadget dill.loads", "gadget marshal.loads", "gadget pickle.loads",
            "gadget numpy.load", "gadget torch.load", "gadget joblib.load", "gadget pandas.read_pickle",
            "gadget torch.storage._load_from_bytes",
        ]),
        ("the network", &[
            "gadget socket.create_connection", "gadget urllib.request.urlopen", "gadget http.client.HTTPSConnection",
            "gadget ssl.get_server_certificate",
        ]),
        ("frameworks", &[
            "gadget numpy.f2py.crackfortran.getlincoef", "gadget torch._inductor.codecache.compile_file",
            "gadget torch.utils.bottleneck.__main__.run_cprofile", "gadget torch.utils._config_module.load_config",
            "builtins of numpy (modelscan #330)",
        ]),
        ("what only looks like one", &["a text that holds a word"]),
    ]),
    ("Archives and packed streams", &[
        ("content behind any name (CVE-2025-1889, CVE-2025-10155)", &[
            "a member of any extension (CVE-2025-1889)", "a file without a known extension (CVE-2025-10155)",
            "torch: harm in another member (CVE-2025-1889)", "a deflated member",
        ]),
        ("headers that disagree (CVE-2025-1944)", &[
            "another name in the local header (CVE-2025-1944)", "another size in the local header",
            "sizes of ZIP64 that nothing gives",
        ]),
        ("the flag of encryption (CVE-2025-1945)", &["the flag of encryption (CVE-2025-1945)"]),
        ("a wrong checksum (CVE-2025-10156)", &["a wrong checksum (CVE-2025-10156)"]),
        ("names that lead out", &[
            "a name that leads up", "an absolute name", "a drive letter", "a drive's path",
            "a name with a backslash that leads up", "a name with a NUL",
        ]),
        ("two entries in one place or of one name", &["two entries of one name", "entries that share bytes"]),
        ("bytes of no entry", &[
            "a pickle between entries and directory", "bytes behind the archive", "bytes before the archive",
        ]),
        ("links and devices", &["a link"]),
        ("bombs", &["a bomb", "a bomb in lz4"]),
        ("archives in archives", &["an archive in an archive", "an archive of TorchServe (.mar)"]),
        ("one member that breaks", &["harm behind an entry that breaks (modelscan #354)"]),
        ("what is not read", &["a method of compression that is not read", "an archive of 7z"]),
        ("two kinds at once", &["a pickle that ends as an archive", "a GGUF that is a pickle too"]),
        ("packed streams", &[
            "a pickle in gzip", "a pickle in zlib", "a pickle in bzip2", "a pickle in xz", "a pickle in lzma",
            "a pickle in lz4", "a stream that breaks off", "a stream of lz4 that breaks off",
        ]),
        ("tar", &[
            "tar: harm in a member", "tar: a name that leads up", "tar: an absolute name",
            "tar: a link that leads out", "tar: a hard link that leads out", "tar: a device",
            "tar: two members of one name", "tar: a member that breaks off",
        ]),
        ("native code beside a model", &["a native library"]),
    ]),
    ("Frameworks", &[
        ("torch, archives", &[
            "torch: harm in data.pkl", "torch: harm in a storage", "torch: code", "torch: constants of a script",
        ]),
        ("torch, older forms (CVE-2025-32434)", &[
            "torch: the older form of pickles in a row", "torch: a module of the older form", "torch: the older form of a tar archive (CVE-2025-32434)",
        ]),
        ("joblib", &["joblib: a call behind the bytes of an array", "joblib: a pickle in an array of objects"]),
        ("numpy (CVE-2019-6446)", &[
            "numpy: an array of objects (CVE-2019-6446)", "npz: an array of objects", "numpy: data that are too long",
            "numpy: a header longer than numpy reads",
        ]),
        ("Keras, archives (CVE-2024-3660, CVE-2025-1550, CVE-2025-8747, CVE-2025-9906, CVE-2025-49655)", &[
            "keras: a Lambda layer (CVE-2024-3660)", "keras: an import (CVE-2025-1550)",
            "keras: get_file (CVE-2025-8747)", "keras: the safe mode off (CVE-2025-9906)",
            "keras: TorchModuleWrapper (CVE-2025-49655)", "keras: a module of its own",
            "keras: a Lambda layer that names a function", "keras: a class that was registered",
            "keras: a configuration that cannot be read",
        ]),
        ("Keras, HDF5 (CVE-2025-9905)", &[
            "hdf5: a Lambda layer (CVE-2025-9905)", "hdf5: a Lambda layer behind a user's block",
            "hdf5: a link into another file", "hdf5: data in another file",
        ]),
        ("TensorFlow", &[
            "savedmodel: a file is read", "savedmodel: a file is written", "savedmodel: Python runs",
            "savedmodel: Python runs (PyFunc)", "savedmodel: files are looked for",
            "savedmodel: text is printed into a file (PrintV2)", "savedmodel: an asset from outside",
            "savedmodel: a function of the library that writes (StatefulPartitionedCall)",
            "savedmodel: a Lambda layer in Keras's metadata",
        ]),
        ("ONNX (CVE-2022-25882, CVE-2024-27318, CVE-2025-51480)", &[
            "onnx: data from outside (CVE-2024-27318)", "onnx: an absolute path (CVE-2022-25882)",
            "onnx: data from outside in a graph inside of a node (CVE-2025-51480)", "onnx: an operator of a plug-in",
            "onnx: an operator that runs Python", "onnx: a function that runs Python",
            "onnx: graphs nested too deep", "onnx: a number without an end",
        ]),
        ("GGUF (CVE-2024-34359)", &[
            "gguf: a template (CVE-2024-34359)", "gguf: a count that lies",
            "gguf: an alignment that is no power of two", "gguf: arrays nested too deep",
            "gguf: a tensor outside of the file", "gguf: a text longer than the file",
            "gguf: a template that goes on behind what is read of it",
        ]),
        ("safetensors", &[
            "safetensors: a name twice", "safetensors: a hole", "safetensors: trailing bytes",
            "safetensors: tensors that share bytes", "safetensors: a shape that does not fill its bytes",
            "safetensors: a shape whose product overflows", "safetensors: a header longer than the file",
            "safetensors: shards out of the directory",
        ]),
        ("skops (CVE-2025-54412, CVE-2025-54413, CVE-2025-54886)", &[
            "skops: a dangerous type", "skops: an unknown type", "skops: a method",
            "skops: a function of operator under another name (CVE-2025-54412)",
            "skops: a special attribute as a method (CVE-2025-54413)",
            "skops: a pickle where an archive is expected (CVE-2025-54886)",
        ]),
        ("MLflow", &[
            "mlflow: a loader that runs code", "mlflow: a loader of the model's own",
            "mlflow: code that comes with the model", "mlflow: a model that is code",
            "mlflow: a description that cannot be read",
        ]),
        ("NeMo and Hydra (CVE-2025-23304)", &[
            "hydra: a target (CVE-2025-23304)", "hydra: an unknown target", "hydra: a target under a partial",
            "NeMo: a target in the archive's configuration (CVE-2025-23304)",
        ]),
        ("YAML", &["yaml: a tag", "yaml: a tag in its long form"]),
        ("configurations of the hub", &[
            "config: a template", "config: a template inside of a list", "config: remote code",
        ]),
    ]),
];

/// Numbers of weaknesses that the register has to name.
#[rustfmt::skip]
const NUMBERS: &[&str] = &[
    "CVE-2019-6446", "CVE-2022-25882", "CVE-2024-27318", "CVE-2024-34359", "CVE-2024-3660", "CVE-2024-37052",
    "CVE-2024-37060", "CVE-2025-10155", "CVE-2025-10156", "CVE-2025-10157", "CVE-2025-1550", "CVE-2025-1716",
    "CVE-2025-1889", "CVE-2025-1944", "CVE-2025-1945", "CVE-2025-23304", "CVE-2025-32434", "CVE-2025-49655",
    "CVE-2025-51480", "CVE-2025-54412", "CVE-2025-54413", "CVE-2025-54886", "CVE-2025-8747", "CVE-2025-9905",
    "CVE-2025-9906", "CVE-2026-22612", "GHSA-5j3x-jp52-966f", "GHSA-mxhj-88fx-4pcv",
];

/// Techniques of the register and cases of the corpus, at least.
const TECHNIQUES_MIN: usize = 55;
const CASES_MIN: usize = 200;

fn techniques() -> impl Iterator<Item = &'static (&'static str, &'static [&'static str])> {
    REGISTER
        .iter()
        .flat_map(|(_, techniques)| techniques.iter())
}

#[test]
fn every_technique_has_a_case_and_every_case_a_technique() {
    let cases = corpus();
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    let mut claimed = BTreeSet::new();
    for (technique, of_it) in techniques() {
        assert!(!of_it.is_empty(), "{technique} has no case");
        for name in *of_it {
            assert!(names.contains(name), "{technique}: there is no case {name}");
            assert!(claimed.insert(*name), "two techniques claim {name}");
        }
    }
    let unclaimed: Vec<_> = names.difference(&claimed).collect();
    assert!(unclaimed.is_empty(), "no technique claims {unclaimed:?}");
    let count = techniques().count();
    assert!(count >= TECHNIQUES_MIN, "only {count} techniques");
    assert!(cases.len() >= CASES_MIN, "only {} cases", cases.len());
    println!(
        "checked: {count} techniques, {} malicious files, as many twins",
        cases.len()
    );
}

#[test]
fn the_register_names_each_numbered_weakness() {
    let text: Vec<&str> = techniques().map(|(technique, _)| *technique).collect();
    let text = text.join("\n");
    for number in NUMBERS {
        assert!(text.contains(number), "{number} is not named");
    }
}

#[test]
fn every_file_of_the_corpus_differs_from_its_twin_and_from_every_other() {
    let cases = corpus();
    for case in &cases {
        assert_ne!(case.bad, case.twin, "{}", case.name);
        assert!(!case.rules.is_empty(), "{} breaks no rule", case.name);
    }
    // One harm under two names is one case that was counted twice, but for a name or a place that is itself the point.
    let distinct: BTreeSet<&[u8]> = cases.iter().map(|case| case.bad.as_slice()).collect();
    assert!(
        distinct.len() >= CASES_MIN,
        "only {} distinct files",
        distinct.len()
    );
}

fn page(cases: &[Case]) -> String {
    let by_name: BTreeMap<&str, &Case> = cases
        .iter()
        .map(|case| (case.name.as_str(), case))
        .collect();
    let mut page = String::from(
        "# Corpus of the scanner\n\n\
         Files made by hand, one for each known way to hide code in a model or to lie to a scanner, each with a \
         harmless twin\nthat is found clean. `crates/sealog-model/tests/it` makes them; nothing loads them. A test \
         writes this page and compares it,\nand fails on a technique without a case. With `SEALOG_CORPUS=DIR` the \
         same tests write the files, for other scanners.\n\
         \nWhat the rules mean stands in [scan-rules.md](scan-rules.md).\n\n\
         CVE-2025-32434 (`torch.load` runs code although only weights were asked for) concerns torch before 2.6.0, by \
         its\n[record](https://github.com/CVEProject/cvelistV5/blob/main/cves/2025/32xxx/CVE-2025-32434.json) and its\n\
         [advisory](https://github.com/pytorch/pytorch/security/advisories/GHSA-53q9-r3pm-6pq6), which do not say by \
         which file. That it is the\noldest form, a tar archive, follows from what torch changed for 2.6.0: \
         [pull request 145020](https://github.com/pytorch/pytorch/pull/145020)\nrefuses that form where only weights \
         are asked for.\n\n\
         What is harmless is kept and live. Kept: the files in `crates/sealog-model/tests/testdata/benign`, which \
         `benign.py` wrote once\nwith the libraries' versions of that day, as did `benign_estimators.py` (xgboost, \
         lightgbm, imbalanced-learn, category_encoders)\nand `benign_torch.py`. Live: \
         `crates/sealog-python/tests/test_scan_live.py` has the libraries that the Python stage installs write\nmore \
         than 2,500 files anew, by every protocol and packing: Python, scikit-learn, joblib, numpy, pandas, scipy, \
         safetensors, skops,\nonnx, h5py, gguf. All are \
         clean. Not live: torch and Keras, whose backends are too \
         large for that stage.\n\n\
         Some ordinary objects are not clean, for good reason. Distributions of `scipy.stats`, frozen as \
         in a `RandomizedSearchCV`, carry a\ntext that scipy executes when they are loaded: suspicious, \
         and the discrete ones malicious for the `numpy.vectorize` in them.\n`functools.partial`, \
         `operator.attrgetter` and `operator.methodcaller` say what is called later, when the model is \
         used:\nmalicious. `scipy.spatial.KDTree` takes its nodes as raw bytes and is on no list: \
         suspicious. Search over lists of values instead,\nor accept the finding in a baseline.\n",
    );
    let _ = write!(
        page,
        "\n{} techniques, {} files.\n",
        techniques().count(),
        cases.len()
    );
    for (part, techniques) in REGISTER {
        let _ = write!(
            page,
            "\n## {part}\n\n| technique | case | answer | rules |\n|---|---|---|---|\n"
        );
        for (technique, names) in *techniques {
            for name in *names {
                let case = by_name[name];
                let rules: Vec<String> =
                    case.rules.iter().map(|rule| format!("`{rule}`")).collect();
                let (name, verdict) = (name.replace('_', "\\_"), case.verdict().word());
                let _ = writeln!(
                    page,
                    "| {technique} | {name} | {verdict} | {} |",
                    rules.join(", ")
                );
            }
        }
    }
    page
}

#[test]
fn the_page_of_the_corpus_is_the_corpus() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scan-corpus.md");
    let page = page(&corpus());
    if std::env::var_os("SEALOG_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == page,
        "docs/scan-corpus.md is not the corpus: `cargo xtask bless` writes it anew"
    );
}
