//! Archives and packed streams beyond those of `containers`: sizes and names that lie, links, bombs, broken members.

use base64::Engine as _;

use super::Case;
use super::assemble::{Entry, harm, harmless, tar, tar_member, zip};

const HARM: &str = "pickle.dangerous_global";
/// The offsets of fields in the local header and in the entry of the directory.
const LOCAL_METHOD: usize = 8;
const LOCAL_SIZE: usize = 22;
const CENTRAL_METHOD: usize = 10;
const CENTRAL_COMPRESSED: usize = 20;

/// The harmful and the harmless pickle, packed by Python's `lzma`, as xz and as the older lzma.
const XZ: [&str; 2] = [
    "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAVgASMAm9zjAZzeXN0ZW2TjAJpZIVSLgAAAPjZmpFKRzZ/AAEuFlYJVd8ftvN9AQAAAAAEWVo=",
    "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAfgASMC2NvbGxlY3Rpb25zjAtPcmRlcmVkRGljdJMpUi4AcF69BM8IV5YAATggGCl3DB+2830BAAAAAARZWg==",
];
const LZMA: [&str; 2] = [
    "XQAAgAD//////////wBAAQ02/AcoN2NJafwJgBT4fVPIioiIgsJngf///1qSAAA=",
    "XQAAgAD//////////wBAAQ03sQoSvZ/bSmjmfwhQEXdoxhY55U53SngKL0IKBoTYe1V//+V/2AA=",
];

fn bytes(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}

fn words() -> Vec<u8> {
    zip(&[Entry::new("a.txt", "words")], b"")
}

/// Where the first entry of the directory begins.
fn directory(file: &[u8]) -> usize {
    file.windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap()
}

fn patched(mut file: Vec<u8>, changes: &[(usize, &[u8])]) -> Vec<u8> {
    for (at, bytes) in changes {
        file[*at..*at + bytes.len()].copy_from_slice(bytes);
    }
    file
}

fn named(name: &'static str) -> Vec<u8> {
    zip(&[Entry::new(name, "words")], b"")
}

pub(crate) fn zips() -> Vec<Case> {
    let plain = words();
    let central = directory(&plain);
    let broken = |pickle: Vec<u8>| {
        let mut first = Entry::new("first", vec![0xff; 32]);
        first.deflate = true;
        let mut file = zip(&[first, Entry::new("second", pickle)], b"");
        // A block of a type that deflate does not have.
        file[35] = 0xff;
        file
    };
    let served = |pickle: Vec<u8>| {
        let manifest = "{\"model\":{\"handler\":\"handler.py\",\"serializedFile\":\"model.pt\"}}";
        let entries = [
            Entry::new("MAR-INF/MANIFEST.json", manifest),
            Entry::new("model.pt", pickle),
        ];
        zip(&entries, b"")
    };
    vec![
        Case::new(
            "another size in the local header",
            &patched(plain.clone(), &[(LOCAL_SIZE, &[9])]),
            &["zip.mismatch"],
            &plain,
        ),
        Case::new(
            "a name with a backslash that leads up",
            &named("..\\a.txt"),
            &["zip.traversal"],
            &plain,
        ),
        Case::new(
            "a name with a NUL",
            &named("a.txt\0.exe"),
            &["zip.traversal"],
            &plain,
        ),
        Case::new(
            "a drive's path",
            &named("C:\\a.txt"),
            &["zip.traversal"],
            &plain,
        ),
        Case::new(
            "sizes of ZIP64 that nothing gives",
            &patched(plain.clone(), &[(central + CENTRAL_COMPRESSED, &[0xff; 8])]),
            &["zip.broken", "zip.mismatch", "zip.overlap"],
            &plain,
        ),
        Case::new(
            "a method of compression that is not read",
            &patched(
                plain.clone(),
                &[(LOCAL_METHOD, &[12]), (central + CENTRAL_METHOD, &[12])],
            ),
            &["zip.method"],
            &plain,
        ),
        Case::new(
            "harm behind an entry that breaks (modelscan #354)",
            &broken(harm()),
            &[HARM, "stream.broken"],
            &zip(
                &[
                    Entry::new("first", "words"),
                    Entry::new("second", harmless()),
                ],
                b"",
            ),
        ),
        Case::new(
            "an archive of TorchServe (.mar)",
            &served(harm()),
            &[HARM],
            &served(harmless()),
        ),
        Case::new(
            "bytes before the archive",
            &[b"words\n".as_slice(), &plain].concat(),
            &["file.polyglot", "file.unknown", "zip.unlisted"],
            &plain,
        ),
    ]
}

pub(crate) fn tars() -> Vec<Case> {
    let empty = |name: &str, link: &str, kind: u8| tar(&[tar_member(name, link, kind, b"")]);
    let gzip = |data: &[u8]| {
        use std::io::Read;
        let mut out = Vec::new();
        flate2::read::GzEncoder::new(data, flate2::Compression::fast())
            .read_to_end(&mut out)
            .unwrap();
        out
    };
    let nemo = |target: &str| {
        let config = format!("model:\n  _target_: {target}\n");
        let members = [
            tar_member("./model_config.yaml", "", b'0', config.as_bytes()),
            tar_member("./model_weights.ckpt", "", b'0', &harmless()),
        ];
        gzip(&tar(&members))
    };
    let torch = |pickle: Vec<u8>| {
        let members = [
            tar_member("./sys_info", "", b'0', b"\x80\x02}."),
            tar_member("./pickle", "", b'0', &pickle),
            tar_member("./storages", "", b'0', b"\x80\x02K\0."),
            tar_member("./tensors", "", b'0', b"\x80\x02K\0."),
        ];
        tar(&members)
    };
    let member = |name: &str, data: &[u8]| tar_member(name, "", b'0', data);
    vec![
        Case::new(
            "tar: an absolute name",
            &empty("/etc/a", "", b'0'),
            &["tar.traversal"],
            &empty("a", "", b'0'),
        ),
        Case::new(
            "tar: a hard link that leads out",
            &empty("a", "../../etc/passwd", b'1'),
            &["tar.link"],
            &empty("a", "b", b'1'),
        ),
        Case::new(
            "tar: two members of one name",
            &tar(&[member("a", b"one"), member("a", b"two")]),
            &["tar.duplicate"],
            &tar(&[member("a", b"one"), member("b", b"two")]),
        ),
        Case::new(
            "tar: a member that breaks off",
            &tar(&[member("a", &[b'x'; 4000])])[..2048],
            &["tar.broken"],
            &tar(&[member("a", &[b'x'; 4000])]),
        ),
        Case::new(
            "NeMo: a target in the archive's configuration (CVE-2025-23304)",
            &nemo("os.system"),
            &["hydra.target"],
            &nemo("nemo.collections.asr.models.EncDecCTCModel"),
        ),
        Case::new(
            "torch: the older form of a tar archive (CVE-2025-32434)",
            &torch(harm()),
            &[HARM],
            &torch(harmless()),
        ),
    ]
}

pub(crate) fn packed() -> Vec<Case> {
    let lz4 = |data: Vec<u8>| {
        use std::io::Write;
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(&data).unwrap();
        encoder.finish().unwrap()
    };
    let cut = lz4(harmless());
    vec![
        Case::new("a pickle in xz", &bytes(XZ[0]), &[HARM], &bytes(XZ[1])),
        Case::new(
            "a pickle in lzma",
            &bytes(LZMA[0]),
            &[HARM],
            &bytes(LZMA[1]),
        ),
        Case::new("a pickle in lz4", &lz4(harm()), &[HARM], &lz4(harmless())),
        Case::new(
            "a stream of lz4 that breaks off",
            &cut[..cut.len() - 8],
            &["stream.broken"],
            &cut,
        ),
        Case::new(
            "a bomb in lz4",
            &lz4(vec![0; 20 * 1024 * 1024]),
            &["file.unknown", "stream.bomb"],
            &lz4(b"words ".repeat(1000)),
        ),
        Case::new(
            "an archive of 7z",
            b"7z\xbc\xaf\x27\x1c\0\x04",
            &["archive.unsupported"],
            &words(),
        ),
    ]
}
