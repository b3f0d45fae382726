//! Each limit at its border: as much as it allows, and one more.

use sealog_model::formats::safetensors::{
    HEADER_BYTES_MAX, METADATA_MAX as HEADER_METADATA_MAX, TENSOR_BYTES_MAX,
};
use sealog_model::formats::source::Source;
use sealog_model::inspect::{
    Answer, DEPTH_MAX, DOCUMENT_BYTES_MAX, ENTRIES_MAX, Fault, GRAPH_DEPTH_MAX, INFLATED_BYTES_MAX,
    Inspection, LISTING_BYTES_MAX, Limits, METADATA_MAX, OPCODES_MAX, RANK_MAX, RATIO_MAX,
    SPOOL_BYTES_MAX, TENSORS_MAX, TEXT_BYTES_MAX, inspect_source,
};

use super::super::assemble::{Entry, field, four, npy, stack_global, tar, tar_member, zip};
use super::safetensors;

fn with(bytes: &[u8], limits: Limits) -> Inspection {
    inspect_source("file", &Source::memory(bytes), &limits)
}

/// Fits within the limit, and is malformed for this reason with one less.
fn border(bytes: &[u8], fits: Limits, one_less: Limits, reason: &str) {
    let found = with(bytes, fits);
    assert_eq!(found.answer(), Answer::Read, "{found:?}");
    let found = with(bytes, one_less);
    assert_eq!(found.answer(), Answer::Malformed, "{found:?}");
    let mut faults = vec![&found];
    while let Some(inner) = faults.last().unwrap().members().last() {
        faults.push(inner);
    }
    let found = faults.iter().find_map(|found| found.fault()).unwrap();
    assert!(found.reason().contains(reason), "{}", found.reason());
}

#[test]
fn what_ships_is_what_the_documents_say() {
    let limits = Limits::default();
    assert_eq!(
        (
            limits.tensors,
            limits.metadata,
            limits.entries,
            limits.depth
        ),
        (TENSORS_MAX, METADATA_MAX, ENTRIES_MAX, DEPTH_MAX)
    );
    assert_eq!(
        (
            limits.document,
            limits.listing,
            limits.spool,
            limits.inflated
        ),
        (
            DOCUMENT_BYTES_MAX,
            LISTING_BYTES_MAX,
            SPOOL_BYTES_MAX,
            INFLATED_BYTES_MAX
        )
    );
    assert_eq!((limits.ratio, limits.opcodes), (RATIO_MAX, OPCODES_MAX));
}

#[test]
fn tensors_and_metadata() {
    let tensor =
        |name: &str| format!(r#""{name}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#);
    let file = safetensors(&format!("{{{},{}}}", tensor("a"), tensor("b")), 0);
    let of = |tensors| Limits {
        tensors,
        ..Limits::default()
    };
    border(&file, of(2), of(1), "more than 1 tensors");
    let file = safetensors(r#"{"__metadata__":{"a":"1","b":"2"}}"#, 0);
    let of = |metadata| Limits {
        metadata,
        ..Limits::default()
    };
    border(&file, of(2), of(1), "more than 1 pieces of metadata");
}

#[test]
fn archives() {
    let entries = |count: usize| {
        let names = ["a", "b", "c"];
        let entries: Vec<Entry> = names
            .iter()
            .take(count)
            .map(|name| Entry::new(name, "x"))
            .collect();
        zip(&entries, b"")
    };
    let of = |entries| Limits {
        entries,
        ..Limits::default()
    };
    border(&entries(3), of(3), of(2), "more than 2 entries");
    let listing = |listing| Limits {
        listing,
        ..Limits::default()
    };
    border(
        &entries(2),
        listing(94),
        listing(93),
        "a directory that is too large",
    );
    let members = [
        tar_member("a", "", b'0', b"x"),
        tar_member("b", "", b'0', b"y"),
    ];
    border(&tar(&members), of(2), of(1), "more than 1 members");
    let mut nested = b"x".to_vec();
    for _ in 0..3 {
        nested = zip(&[Entry::new("a", nested)], b"");
    }
    let depth = |depth| Limits {
        depth,
        ..Limits::default()
    };
    border(
        &nested,
        depth(3),
        depth(2),
        "more than 2 levels of archives",
    );
}

#[test]
fn what_inflates_in_all_archives_in_each_other() {
    let words = |name: &'static str| {
        let mut entry = Entry::new(name, "words ".repeat(100));
        entry.deflate = true;
        entry
    };
    let inner = zip(&[words("c"), words("d")], b"");
    let bytes = 2400 + u64::try_from(inner.len()).unwrap();
    let mut member = Entry::new("inner.zip", inner);
    member.deflate = true;
    let file = zip(&[words("a"), words("b"), member], b"");
    let of = |total_free| Limits {
        total_free,
        total_ratio: 0,
        ..Limits::default()
    };
    border(&file, of(bytes), of(bytes - 1), "bytes come out");
    let len = u64::try_from(file.len()).unwrap();
    let ratio = bytes.div_ceil(len);
    let of = |total_ratio| Limits {
        total_free: 0,
        total_ratio,
        ..Limits::default()
    };
    border(&file, of(ratio), of(ratio - 1), "bytes come out");
}

#[test]
fn dimensions() {
    let of = |rank: usize| {
        let shape = vec!["1"; rank].join(",");
        let tensor = format!(r#"{{"dtype":"U8","shape":[{shape}],"data_offsets":[0,1]}}"#);
        with(
            &safetensors(&format!("{{\"a\":{tensor}}}"), 1),
            Limits::default(),
        )
    };
    assert_eq!(of(RANK_MAX).answer(), Answer::Read);
    let found = of(RANK_MAX + 1);
    let reason = "a tensor of more than 64 dimensions";
    assert_eq!(found.fault().unwrap().reason(), reason);
}

#[test]
fn headers_of_safetensors() {
    let limits = Limits::default();
    // Filled up with blanks, as writers do.
    let padded = |len: u64| {
        let len = usize::try_from(len).unwrap();
        safetensors(&format!("{{{}}}", " ".repeat(len - 2)), 0)
    };
    assert_eq!(
        with(&padded(HEADER_BYTES_MAX), limits).answer(),
        Answer::Read
    );
    let found = with(&padded(HEADER_BYTES_MAX + 1), limits);
    assert_eq!(
        found.fault().unwrap().reason(),
        "a header of 25000001 bytes"
    );
    let tensor = |blanks: usize| {
        let value = r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0]"#;
        let blanks = " ".repeat(blanks - value.len() - 1);
        safetensors(&format!("{{\"a\":{value}{blanks}}}}}"), 0)
    };
    assert_eq!(
        with(&tensor(TENSOR_BYTES_MAX), limits).answer(),
        Answer::Read
    );
    let found = with(&tensor(TENSOR_BYTES_MAX + 1), limits);
    assert_eq!(
        found.fault().unwrap().reason(),
        "a: longer than 16384 bytes"
    );
}

#[test]
fn texts_of_a_header_of_safetensors() {
    let limits = Limits::default();
    let texts = |count: usize| {
        let all: Vec<String> = (0..count).map(|at| format!("\"{at}\":\"\"")).collect();
        safetensors(&format!("{{\"__metadata__\":{{{}}}}}", all.join(",")), 0)
    };
    assert_eq!(
        with(&texts(HEADER_METADATA_MAX), limits).answer(),
        Answer::Read
    );
    let found = with(&texts(HEADER_METADATA_MAX + 1), limits);
    let reason = "more than 65536 pieces of metadata";
    assert_eq!(found.fault().unwrap().reason(), reason);
}

#[test]
fn what_inflates() {
    let data = vec![0; 10_000];
    let member = Entry {
        deflate: true,
        ..Entry::new("a", data)
    };
    let file = zip(&[member], b"");
    let free = |ratio_free| Limits {
        ratio: 1,
        ratio_free,
        ..Limits::default()
    };
    border_unknown(
        &file,
        free(10_000),
        free(9_999),
        "more than 9999 bytes come out",
    );
    let inflated = |inflated| Limits {
        inflated,
        ..Limits::default()
    };
    border_unknown(
        &file,
        inflated(10_000),
        inflated(9_999),
        "more than 9999 bytes come out",
    );
    let spool = |spool| Limits {
        spool,
        ..Limits::default()
    };
    let cut = with(&file, spool(9_999));
    assert_eq!(
        cut.members()[0].not_read(),
        ["more than 9999 compressed bytes"]
    );
    assert!(
        with(&file, spool(10_000)).members()[0]
            .not_read()
            .is_empty()
    );
}

/// As [`border`], for content that is of no kind.
fn border_unknown(bytes: &[u8], fits: Limits, one_less: Limits, reason: &str) {
    assert_eq!(with(bytes, fits).answer(), Answer::Unread);
    let found = with(bytes, one_less);
    assert_eq!(found.members()[0].fault().map(Fault::reason), Some(reason));
}

#[test]
fn documents() {
    let entries = [Entry::new(
        "schema.json",
        r#"{"__class__":"A","__module__":"m"}"#,
    )];
    let of = |document| Limits {
        document,
        ..Limits::default()
    };
    border(
        &zip(&entries, b""),
        of(34),
        of(33),
        "is longer than 33 bytes",
    );
    let text = b"flavors: {}\n";
    assert_eq!(with(text, of(12)).kind(), "mlmodel");
    assert_eq!(
        with(text, of(11)).not_read(),
        ["a text of more than 11 bytes"]
    );
}

#[test]
fn pickles() {
    let of = |opcodes| Limits {
        opcodes,
        ..Limits::default()
    };
    border(b"\x80\x04N0N.", of(5), of(4), "too many opcodes");
    let array = |shape: u8| {
        let kind = [stack_global("numpy", "dtype"), b"\x8c\x02f8\x85R".to_vec()].concat();
        let parts = [
            stack_global("numpy._core.numeric", "_frombuffer"),
            b"(C\x00".to_vec(),
            kind,
            vec![b'K', shape, 0x85],
            b"\x8c\x01CtR".to_vec(),
        ];
        parts.concat()
    };
    let two = four(&[&array(0), &array(0), b"\x86"]);
    let arrays = |tensors| Limits {
        tensors,
        ..Limits::default()
    };
    border(&two, arrays(2), arrays(1), "more than 1 arrays");
    let object = [stack_global("collections", "OrderedDict"), b")R}b".to_vec()].concat();
    let two = four(&[&object, &object, b"\x86"]);
    let instances = |instances| Limits {
        instances,
        ..Limits::default()
    };
    assert!(with(&two, instances(2)).not_read().is_empty());
    assert_eq!(with(&two, instances(1)).not_read().len(), 1);
}

#[test]
fn graphs() {
    let node = |name: &[u8]| field(1, &field(4, name));
    let model = |nodes: &[u8]| [vec![0x08, 8], field(7, nodes)].concat();
    let classes = |classes| Limits {
        classes,
        ..Limits::default()
    };
    let two = model(&[node(b"A"), node(b"B"), node(b"A")].concat());
    border(&two, classes(2), classes(1), "too many different operators");
    let nested = |levels: usize| {
        (0..levels).fold(node(b"A"), |inner, _| {
            field(1, &[field(4, b"If"), field(5, &field(6, &inner))].concat())
        })
    };
    let limits = Limits::default();
    assert_eq!(
        with(&model(&nested(GRAPH_DEPTH_MAX)), limits).answer(),
        Answer::Read
    );
    let deep = with(&model(&nested(GRAPH_DEPTH_MAX + 1)), limits);
    assert_eq!(deep.fault().unwrap().reason(), "graphs nested too deep");
    let named = model(&field(5, &[vec![0x10, 1], field(8, b"name")].concat()));
    let kept = |kept| Limits {
        kept,
        ..Limits::default()
    };
    border(&named, kept(4), kept(3), "more names than are kept");
}

#[test]
fn numbers_that_64_bits_do_not_count() {
    let big = npy("|V0", "(18446744073709551615, 1)", b"");
    assert_eq!(with(&big, Limits::default()).answer(), Answer::Read);
    let big = npy("|V0", "(18446744073709551615, 2)", b"");
    assert_eq!(with(&big, Limits::default()).answer(), Answer::Malformed);
}

#[test]
fn a_text_that_is_cut_is_said_to_be() {
    let domain = |len: usize| {
        let text = "x".repeat(len);
        let model = [vec![0x08, 8], field(4, text.as_bytes()), field(7, b"")].concat();
        with(&model, Limits::default())
    };
    let whole = domain(TEXT_BYTES_MAX);
    assert_eq!((whole.kind(), whole.not_read().len()), ("onnx", 0));
    let cut = domain(TEXT_BYTES_MAX + 1);
    assert_eq!(cut.not_read(), ["texts beyond their first 65536 bytes"]);
}
