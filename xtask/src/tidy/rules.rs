//! The rules of `tidy`, as data. The code that applies them lies beside this file.
//!
//! Words that may not stand anywhere are spelled with a bar in them (`FIX|ME`), so that this list does not find
//! itself; [`word`] takes it out.

/// Lines of a source file from which on a warning is given, tests not counted.
pub(super) const FILE_LINES_WARN: usize = 500;
/// Lines of a source file at most, tests not counted.
pub(super) const FILE_LINES_MAX: usize = 800;
/// Characters of a line of Rust that rustfmt can wrap.
pub(super) const LINE_CHARACTERS_MAX: usize = 100;
/// Characters of a comment, and of any line of a test. A line with a string literal has no limit: a message that is
/// broken over lines cannot be searched for.
pub(super) const FREE_LINE_CHARACTERS_MAX: usize = 120;
/// Bytes of any file at most.
pub(super) const FILE_BYTES_MAX: u64 = 512 * 1024;

/// Names that say nothing about what is inside: split by noun instead.
pub(super) const BANNED_NAMES: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "types", "misc",
];

/// File names without an extension that are known.
pub(super) const BARE_NAMES: &[&str] = &[
    ".ci/run",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    "ci/Dockerfile",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

/// Extensions that are known. A new kind of file is a decision: it is added here on purpose.
pub(super) const EXTENSIONS: &[&str] = &[
    "css",
    "gitignore",
    "go",
    "html",
    "js",
    "json",
    "jsonl",
    "lock",
    "md",
    "mjs",
    "note",
    "out",
    "proof",
    "py",
    "pyi",
    "rs",
    "sh",
    "svg",
    "toml",
    "txt",
    "typed",
    "vkey",
    "yaml",
    "yml",
];

/// Folders whose files are data that a test compares byte by byte: no rule about their text.
pub(super) const DATA_FOLDERS: &[&str] = &["testdata", "golden", "vectors", "kept"];

/// Files that a program writes, with the program: exempt from length and from the words below.
pub(super) const GENERATED: &[(&str, &str)] = &[("Cargo.lock", "cargo")];

/// Manifests outside of the workspace: versions and lints of their own.
pub(super) const OUTSIDE_MANIFESTS: &[(&str, &str)] = &[
    (
        "fuzz/libfuzzer/Cargo.toml",
        "libFuzzer's runtime is C++, which a fresh machine need not have",
    ),
    (
        "crates/sealog-privacy/bench/peer/Cargo.toml",
        "a peer of a benchmark, whose dependencies are none of ours",
    ),
];

/// The one crate that may hold `unsafe` code, and therefore states its lints itself.
pub(super) const UNSAFE_CRATE: &str = "crates/sealog-hash/";

/// Where the examples of these rules stand: they name documents that are not there.
pub(super) const EXAMPLES_OF_TIDY: &str = "xtask/src/tidy/";

/// Where a word is banned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// In every text of the tree.
    Everywhere,
    /// In Rust, tests included; comments are not looked at.
    Rust,
    /// The same but for [`UNSAFE_CRATE`].
    Safe,
    /// In the code of a library, tests not counted; comments are not looked at.
    Library,
    /// In the code of `sealog-core`, tests not counted; comments are not looked at.
    Core,
}

/// A word that may not stand in a scope, and what to do instead.
pub(super) struct Banned {
    pub(super) word: &'static str,
    pub(super) scope: Scope,
    pub(super) instead: &'static str,
}

const fn banned(word: &'static str, scope: Scope, instead: &'static str) -> Banned {
    Banned {
        word,
        scope,
        instead,
    }
}

pub(super) const BANNED_WORDS: &[Banned] = &[
    banned(
        "FIX|ME",
        Scope::Everywhere,
        "fix it, or write it into an issue",
    ),
    banned(
        "XX|X",
        Scope::Everywhere,
        "fix it, or write it into an issue",
    ),
    banned(
        "TO|DO",
        Scope::Everywhere,
        "do it, or write it into an issue",
    ),
    banned(
        "/wor|k/",
        Scope::Everywhere,
        "a path inside the repository, or relative to it",
    ),
    banned(
        "/tmp|/wt",
        Scope::Everywhere,
        "a path inside the repository, or relative to it",
    ),
    banned("crates|.io", Scope::Everywhere, "`the package registry`"),
    banned("pypi|.org", Scope::Everywhere, "`the package registry`"),
    banned(
        "python|hosted.org",
        Scope::Everywhere,
        "`the package registry`",
    ),
    banned("npmjs|.org", Scope::Everywhere, "`the package registry`"),
    banned("npmjs|.com", Scope::Everywhere, "`the package registry`"),
    banned("todo|!(", Scope::Rust, "write it"),
    banned(
        "unimplemented|!(",
        Scope::Rust,
        "write it, or leave the item out",
    ),
    banned(
        "dbg|!(",
        Scope::Rust,
        "a test that asserts what you looked at",
    ),
    banned(
        "unsafe| {",
        Scope::Safe,
        "a safe crate; `sealog-hash` is the one exception",
    ),
    banned(
        "unsafe| fn",
        Scope::Safe,
        "a safe crate; `sealog-hash` is the one exception",
    ),
    banned(
        "unsafe| impl",
        Scope::Safe,
        "a safe crate; `sealog-hash` is the one exception",
    ),
    banned(
        "println|!(",
        Scope::Library,
        "return it; only shells write to a terminal",
    ),
    banned(
        "process|::exit",
        Scope::Library,
        "return an error; only shells end the process",
    ),
    banned(
        "std|::fs",
        Scope::Core,
        "bytes as an argument: core knows no disk",
    ),
    banned(
        "std|::net",
        Scope::Core,
        "bytes as an argument: core knows no network",
    ),
    banned(
        "std|::env",
        Scope::Core,
        "an argument: core knows no environment",
    ),
    banned(
        "std|::thread",
        Scope::Core,
        "a pure step that its caller spreads: core knows no threads",
    ),
    banned(
        "SystemTime|::now",
        Scope::Core,
        "the time as an argument: core knows no clock",
    ),
    banned(
        "Instant|::now",
        Scope::Core,
        "the time as an argument: core knows no clock",
    ),
    banned(
        "getrandom|::",
        Scope::Core,
        "random bytes as an argument: core makes none",
    ),
];

/// Folders at the root whose files a text may name; a path into one of them must exist.
pub(super) const ROOT_FOLDERS: &[&str] = &[
    ".ci/",
    "crates/",
    "demo/",
    "docs/",
    "fuzz/",
    "testdata/",
    "xtask/",
];

/// What may follow `cargo xtask` in a document: the commands of `main.rs`.
pub(super) const COMMANDS: &[&str] = &["bench", "bless", "check", "demo", "stage", "test", "tidy"];

/// Headings that the change log must hold, with the reason.
pub(super) const CHANGELOG_HEADINGS: &[(&str, &str)] = &[
    ("## [Unreleased]", "the next release's changes have a place"),
    (
        "### Formats",
        "format changes stand under their own heading",
    ),
];

/// A spelling without its bar.
pub(super) fn word(spelled: &str) -> String {
    spelled.replace('|', "")
}
