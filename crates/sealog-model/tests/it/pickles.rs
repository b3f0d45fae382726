//! Malicious pickles, one for each technique and gadget, each with its harmless twin.

use super::Case;
use super::assemble::{call, four, global, harm, harmless, stack_global, text};

/// Callables that published bypasses used, each of a module of its own.
const GADGETS: &[(&str, &str)] = &[
    ("os", "system"),
    ("posix", "system"),
    ("nt", "system"),
    ("subprocess", "Popen"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "compile"),
    ("builtins", "open"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("pip", "main"),
    ("timeit", "timeit"),
    ("runpy", "run_path"),
    ("cProfile", "run"),
    ("profile", "run"),
    ("pydoc", "pipepager"),
    ("pkgutil", "resolve_name"),
    ("idlelib.pyshell", "ModifiedInterpreter"),
    ("lib2to3.pgen2.pgen", "ParserGenerator"),
    ("numpy.f2py.crackfortran", "getlincoef"),
    ("torch._inductor.codecache", "compile_file"),
    ("torch.utils.bottleneck.__main__", "run_cprofile"),
    ("torch.utils._config_module", "load_config"),
    ("uuid", "_get_command_stdout"),
    ("imaplib", "IMAP4_stream"),
    ("_aix_support", "_read_cmd_output"),
    ("_osx_support", "_read_output"),
    ("_pyrepl.pager", "pipe_pager"),
    ("logging", "FileHandler"),
    ("io", "FileIO"),
    ("_io", "FileIO"),
    ("ctypes", "CDLL"),
    ("asyncio.unix_events", "_UnixSubprocessTransport"),
    ("operator", "attrgetter"),
    ("operator", "methodcaller"),
    ("functools", "partial"),
    ("functools", "reduce"),
    ("types", "CodeType"),
    ("types", "FunctionType"),
    ("cloudpickle", "loads"),
    ("dill", "loads"),
    ("marshal", "loads"),
    ("pickle", "loads"),
    ("numpy", "load"),
    ("torch", "load"),
    ("joblib", "load"),
    ("pandas", "read_pickle"),
    ("code", "InteractiveInterpreter"),
    ("bdb", "Bdb"),
    ("shutil", "rmtree"),
    ("webbrowser", "open"),
    ("socket", "create_connection"),
    ("urllib.request", "urlopen"),
    ("http.client", "HTTPSConnection"),
    ("ssl", "get_server_certificate"),
    ("numpy.testing._private.utils", "runstring"),
    ("torch.storage", "_load_from_bytes"),
];

pub(crate) fn gadgets() -> Vec<Case> {
    let cases = GADGETS.iter().map(|(module, name)| Case {
        name: format!("gadget {module}.{name}"),
        bad: call(module, name, Some("id")),
        rules: vec!["pickle.dangerous_global"],
        twin: call("collections", "OrderedDict", None),
    });
    cases.collect()
}

fn framed(len: u64, body: &[u8]) -> Vec<u8> {
    [b"\x80\x04\x95".as_slice(), &len.to_le_bytes(), body].concat()
}

/// `getattr` of a listed name is what the dotted name is; nothing else is done with it, and no other one is given.
pub(crate) fn attributes() -> Vec<Case> {
    let dangerous = "pickle.dangerous_global";
    let getattr = stack_global("builtins", "getattr");
    let class = stack_global("builtins", "str");
    let of = |name: &str| [&class[..], &text(name), b"\x86R"].concat();
    let lower = [&getattr[..], &of("lower")].concat();
    let zone = [
        &getattr[..],
        &stack_global("zoneinfo", "ZoneInfo"),
        &text("_unpickle"),
        b"\x86R",
    ]
    .concat();
    let key = [text("Europe/Berlin"), vec![0x88, 0x86]].concat();
    let harmful = [stack_global("os", "system"), vec![0x88, 0x86]].concat();
    vec![
        Case::new(
            "getattr of a name that no list has",
            &four(&[&getattr, &of("format")]),
            &[dangerous],
            &four(&[&lower]),
        ),
        Case::new(
            "getattr of a listed name, and again as a value",
            &four(&[&getattr, b"\x94", &of("lower"), b"h\x00\x86"]),
            &[dangerous],
            &four(&[&lower, b"\x85"]),
        ),
        Case::new(
            "getattr of a listed name by INST, and again as a value",
            b"(c__builtin__\nstr\nS'lower'\ni__builtin__\ngetattr\nc__builtin__\ngetattr\n\x86.",
            &[dangerous],
            b"(c__builtin__\nstr\nS'lower'\ni__builtin__\ngetattr\n.",
        ),
        Case::new(
            "getattr with a default",
            &four(&[&getattr, &class, &text("lower"), &class, b"\x87R"]),
            &[dangerous],
            &four(&[&lower]),
        ),
        Case::new(
            "getattr of a listed name, which is called",
            &four(&[&lower, &text("A"), b"\x85R"]),
            &["pickle.call_arguments"],
            &four(&[&lower]),
        ),
        Case::new(
            "a time zone with something imported in it",
            &four(&[&zone, &harmful, b"R"]),
            &["pickle.call_arguments", dangerous],
            &four(&[&zone, &key, b"R"]),
        ),
    ]
}

/// What scipy's distributions execute when they are loaded: a text out of their state.
pub(crate) fn distributions() -> Vec<Case> {
    let made = |module: &str, name: &str| {
        let state = [
            &b"}"[..],
            &text("_parse_arg_template"),
            &text("x = 1"),
            b"s",
        ]
        .concat();
        four(&[&stack_global(module, name), b")\x81", &state, b"b"])
    };
    vec![Case::new(
        "scipy: a distribution, whose state is executed",
        &made("scipy.stats._continuous_distns", "norm_gen"),
        &["pickle.unknown_global"],
        &made("scipy.stats._kde", "gaussian_kde"),
    )]
}

/// Each opcode that imports or calls, and each way to hide one.
pub(crate) fn opcodes() -> Vec<Case> {
    let dangerous = "pickle.dangerous_global";
    let os = stack_global("os", "system");
    let dict = stack_global("collections", "OrderedDict");
    let arguments = [text("id"), vec![0x85]].concat();
    vec![
        Case::new(
            "GLOBAL and REDUCE of protocol 0",
            b"cos\nsystem\n(S'id'\ntR.",
            &[dangerous],
            b"ccollections\nOrderedDict\n(tR.",
        ),
        Case::new(
            "names of Python 2 (GLOBAL)",
            b"c__builtin__\neval\n(S'1'\ntR.",
            &[dangerous],
            b"c__builtin__\nset\n((ltR.",
        ),
        Case::new(
            "names of Python 2 (commands)",
            b"ccommands\ngetoutput\n(S'id'\ntR.",
            &[dangerous],
            b"c__builtin__\nfrozenset\n((ltR.",
        ),
        Case::new(
            "INST",
            b"(S'id'\nios\nsystem\n.",
            &[dangerous],
            b"(icollections\nOrderedDict\n.",
        ),
        Case::new(
            "OBJ",
            &four(&[b"(", &os, &text("id"), b"o"]),
            &[dangerous],
            &four(&[b"(", &dict, b"o"]),
        ),
        Case::new(
            "OBJ whose result is popped (GHSA-mxhj-88fx-4pcv)",
            &four(&[b"(", &os, &text("id"), b"o0N"]),
            &[dangerous],
            &four(&[b"(", &dict, b"o0N"]),
        ),
        Case::new(
            "REDUCE whose result is popped",
            &four(&[&os, &arguments, b"R0N"]),
            &[dangerous],
            &four(&[&dict, b")R0N"]),
        ),
        Case::new(
            "NEWOBJ",
            &four(&[&os, &arguments, b"\x81"]),
            &[dangerous],
            &four(&[&dict, b")\x81"]),
        ),
        Case::new(
            "NEWOBJ_EX",
            &four(&[&os, &arguments, b"}\x92"]),
            &[dangerous],
            &four(&[&dict, b")}\x92"]),
        ),
        Case::new(
            "a name out of the memo",
            &four(&[
                &text("system"),
                b"q\x05",
                &text("os"),
                b"q\x07",
                b"00h\x07h\x05\x93",
                &arguments,
                b"R",
            ]),
            &[dangerous],
            &four(&[
                &text("OrderedDict"),
                b"q\x05",
                &text("collections"),
                b"q\x07",
                b"00h\x07h\x05\x93)R",
            ]),
        ),
        Case::new(
            "the memo's index confused with its count",
            &four(&[
                &text("os"),
                b"\x94",
                &text("system"),
                b"\x94",
                b"00",
                &text("x"),
                b"r\x02\0\0\0",
                b"0j\0\0\0\0j\x01\0\0\0\x93",
                &arguments,
                b"R",
            ]),
            &[dangerous],
            &four(&[
                &text("collections"),
                b"\x94",
                &text("OrderedDict"),
                b"\x94",
                b"00",
                &text("x"),
                b"r\x02\0\0\0",
                b"0j\0\0\0\0j\x01\0\0\0\x93)R",
            ]),
        ),
        Case::new(
            "a module that is a copy of itself (DUP)",
            &four(&[&text("timeit"), b"2\x93", &arguments, b"R"]),
            &[dangerous],
            &four(&[&text("a"), b"2\x86"]),
        ),
        Case::new(
            "escapes of UNICODE",
            b"V\\u006fs\nVsy\\u0073tem\n\x93(S'id'\ntR.",
            &[dangerous],
            b"Vcollection\\u0073\nVOrdered\\u0044ict\n\x93)R.",
        ),
        Case::new(
            "escapes of STRING",
            b"S'\\x6fs'\nS'sys\\164em'\n\x93(S'id'\ntR.",
            &[dangerous],
            b"S'\\x63ollections'\nS'OrderedDict'\n\x93)R.",
        ),
        Case::new(
            "a dotted name (random._os.system)",
            &call("random", "_os.system", Some("id")),
            &["pickle.dotted_name"],
            &call("uuid", "UUID", Some("12345678123456781234567812345678")),
        ),
        Case::new(
            "a dotted name (collections._sys.modules.get, GHSA-5j3x-jp52-966f)",
            &call("collections", "_sys.modules.get", Some("os")),
            &["pickle.dotted_name"],
            &harmless(),
        ),
        Case::new(
            "a computed name",
            &four(&[&text("os"), b"C\x06system\x93", &arguments, b"R"]),
            &["pickle.computed_global", "pickle.call_of_value"],
            &four(&[&dict, b")R"]),
        ),
        Case::new(
            "EXT1",
            b"\x80\x02\x82\x01)R.",
            &["pickle.extension", "pickle.call_of_value"],
            &harmless(),
        ),
        Case::new(
            "EXT2",
            b"\x80\x02\x83\x01\x02)R.",
            &["pickle.extension", "pickle.call_of_value"],
            &harmless(),
        ),
        Case::new(
            "EXT4",
            b"\x80\x02\x84\x01\x02\x03\x04)R.",
            &["pickle.extension", "pickle.call_of_value"],
            &harmless(),
        ),
        Case::new(
            "a result that is called",
            &four(&[&dict, b")R)R"]),
            &["pickle.call_of_value"],
            &four(&[&dict, b")R)\x86"]),
        ),
        Case::new(
            "BUILD on a class",
            &four(&[&dict, b"}", &text("fromkeys"), b"Nsb"]),
            &["pickle.changed_global"],
            &four(&[&dict, b")R}", &text("a"), b"Nsb"]),
        ),
        Case::new(
            "SETITEM on a module's name",
            &four(&[&dict, &text("a"), b"Ns"]),
            &["pickle.changed_global"],
            &four(&[&dict, b")R", &text("a"), b"Ns"]),
        ),
        Case::new(
            "APPEND on an import",
            &four(&[&dict, b"Na"]),
            &["pickle.changed_global"],
            &four(&[b"]Na"]),
        ),
        Case::new(
            "a special attribute",
            &four(&[&dict, b")R}", &text("__setstate__"), b"Nsb"]),
            &["pickle.state_dunder"],
            &four(&[&dict, b")R}", &text("setstate"), b"Nsb"]),
        ),
        Case::new(
            "an unknown name that is called",
            &call("mymodel", "Net", None),
            &["pickle.unknown_global"],
            &harmless(),
        ),
        Case::new(
            "a listed name with a wrong argument (defaultdict)",
            &four(&[
                &stack_global("collections", "defaultdict"),
                &stack_global("builtins", "len"),
                b"\x85R",
            ]),
            &["pickle.call_arguments"],
            &four(&[
                &stack_global("collections", "defaultdict"),
                &stack_global("builtins", "list"),
                b"\x85R",
            ]),
        ),
        Case::new(
            "a listed name with a wrong argument (_reconstruct)",
            &four(&[
                &stack_global("numpy.core.multiarray", "_reconstruct"),
                &stack_global("collections", "deque"),
                b"K\0\x85C\x01b\x87R",
            ]),
            &["pickle.call_arguments"],
            &four(&[
                &stack_global("numpy.core.multiarray", "_reconstruct"),
                &stack_global("numpy", "ndarray"),
                b"K\0\x85C\x01b\x87R",
            ]),
        ),
        Case::new(
            "another encoding (_codecs.encode)",
            &four(&[
                &stack_global("_codecs", "encode"),
                &text("a"),
                &text("rot13"),
                b"\x86R",
            ]),
            &["pickle.call_arguments"],
            &four(&[
                &stack_global("_codecs", "encode"),
                &text("a"),
                &text("latin1"),
                b"\x86R",
            ]),
        ),
    ]
}

/// Pickles in pickles, behind pickles, and pickles that break.
pub(crate) fn streams() -> Vec<Case> {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let raw = |inner: &[u8]| four(&[b"C", &[length(inner)], inner]);
    let spelled = |inner: &str| four(&[&text(inner)]);
    let hex = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    let (bad, good) = (harm(), harmless());
    let proto0 = b"cos\nsystem\n(S'id'\ntR.";
    vec![
        Case::new(
            "a pickle in bytes",
            &raw(&bad),
            &["pickle.nested"],
            &raw(&good),
        ),
        Case::new(
            "a pickle of protocol 0 in bytes",
            &raw(proto0),
            &["pickle.nested"],
            &raw(b"ccollections\nOrderedDict\n(tR."),
        ),
        Case::new(
            "a pickle in base64",
            &spelled(&base64.encode(&bad)),
            &["pickle.nested"],
            &spelled(&base64.encode(&good)),
        ),
        Case::new(
            "a pickle in hexadecimal digits",
            &spelled(&hex(&bad)),
            &["pickle.nested"],
            &spelled(&hex(&good)),
        ),
        Case::new(
            "a pickle in a pickle in a pickle",
            &raw(&raw(&bad)),
            &["pickle.nested"],
            &raw(&raw(&good)),
        ),
        Case::new(
            "a second pickle behind STOP",
            &[good.clone(), bad.clone()].concat(),
            &["pickle.dangerous_global"],
            &[good.clone(), good.clone()].concat(),
        ),
        Case::new(
            "a call before a broken opcode",
            &[&bad[..bad.len() - 1], b"\xff"].concat(),
            &["pickle.broken", "pickle.dangerous_global"],
            &good,
        ),
        Case::new(
            "a call before the end of the file",
            &bad[..bad.len() - 1],
            &["pickle.broken", "pickle.dangerous_global"],
            &good,
        ),
        Case::new(
            "a call before an empty stack",
            &[&bad[..bad.len() - 1], b"00."].concat(),
            &[
                "pickle.broken",
                "pickle.dangerous_global",
                "pickle.trailing",
            ],
            &good,
        ),
        Case::new(
            "bytes behind the pickle",
            &[good.as_slice(), b"\xff\xff\xff"].concat(),
            &["pickle.trailing"],
            &good,
        ),
        Case::new(
            "a persistent id",
            b"\x80\x04Pwhatever\n.",
            &["pickle.persistent_id"],
            b"\x80\x04N.",
        ),
        Case::new(
            "a frame that is too long",
            &framed(999, b"N."),
            &["pickle.frame"],
            &framed(2, b"N."),
        ),
        Case::new(
            "a frame in a frame",
            &framed(12, b"\x95\x02\0\0\0\0\0\0\0N."),
            &["pickle.frame"],
            &framed(2, b"N."),
        ),
        Case::new(
            "a protocol of tomorrow",
            b"\x80\x06N.",
            &["pickle.protocol", "pickle.trailing"],
            b"\x80\x05N.",
        ),
        Case::new(
            "an import with no call",
            &four(&[&global("os", "system")]),
            &["pickle.dangerous_global"],
            &four(&[&global("collections", "OrderedDict")]),
        ),
    ]
}
