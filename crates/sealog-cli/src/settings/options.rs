//! The table of options. `docs/configuration.md` shows the same table; a test holds them together.

/// One option.
#[derive(Debug)]
pub struct Setting {
    /// Its name in a configuration file and after `--set`.
    pub name: &'static str,
    /// What holds if it is not set.
    pub default: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
    /// Whose configuration files may set it.
    pub files: Files,
}

/// Which configuration files may set an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// Any.
    Any,
    /// Not the one in the working directory: it can come with the data, and what comes with the data vouches for
    /// nothing.
    Trusted,
}

impl Setting {
    /// The variable that sets it.
    pub fn variable(&self) -> String {
        format!("SEALOG_{}", self.name.to_ascii_uppercase())
    }
}

const fn any(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting {
        name,
        default,
        meaning,
        files: Files::Any,
    }
}

const fn trusted(name: &'static str, default: &'static str, meaning: &'static str) -> Setting {
    Setting {
        name,
        default,
        meaning,
        files: Files::Trusted,
    }
}

/// The option of this name.
pub fn find(name: &str) -> Option<&'static Setting> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// Every option.
pub const OPTIONS: &[Setting] = &[
    // Where things are.
    any(
        "ledger",
        "the only `*.sealog` here",
        "Directory of the ledger",
    ),
    any(
        "secrets",
        "`<ledger>.secrets`",
        "Directory of the log key and the data keys",
    ),
    trusted(
        "state_dir",
        "`$XDG_STATE_HOME/sealog`",
        "Directory of the head copies",
    ),
    trusted(
        "config_dir",
        "`$XDG_CONFIG_HOME/sealog`",
        "Directory of `known_logs`, the keys this user trusts",
    ),
    // How a command behaves.
    trusted(
        "env",
        "`development`",
        "`production` refuses self-made keys, keys beside the data, an unset `on_audit_failure`, and operator or purpose \"unstated\"",
    ),
    any(
        "on_audit_failure",
        "not set",
        "What a host does with its answer when it cannot be recorded: `raise` or `gap`",
    ),
    any("json", "`false`", "Print JSON for machines"),
    any(
        "color",
        "`auto`",
        "Colour: `auto`, `always` or `never`; `NO_COLOR` is respected",
    ),
    any(
        "progress",
        "`auto`",
        "Progress bars on a terminal: `auto` or `never`",
    ),
    // What a new ledger says of itself.
    any(
        "operator",
        "`unstated`",
        "Organisation that runs the log (`init`)",
    ),
    any("purpose", "`unstated`", "What the log is for (`init`)"),
    // What records say unless they say otherwise.
    any("producer", "`local`", "Name of this producer of records"),
    any(
        "tenant",
        "`default`",
        "Organisation, or part of one, that records belong to",
    ),
    any("system", "none", "AI system that records are about"),
    any("stream", "the tenant's system", "Stream that records go to"),
    any("retention_class", "`default`", "Retention class of records"),
    any(
        "privacy",
        "none",
        "Privacy policy that works on records before they are written (a file, `usual`, or `none`)",
    ),
    // What a verification asks.
    trusted(
        "key",
        "`known_logs`",
        "Pinned verifier key, its fingerprint, or a file that holds one of them (`verify`)",
    ),
    trusted(
        "policy",
        "none",
        "Policy file with log keys, witnesses and quorum (`verify`)",
    ),
    trusted(
        "max_age",
        "none",
        "Greatest age of the newest cosignature (`verify`)",
    ),
    // How the ledger writes.
    any(
        "turn_wait",
        "`10s`",
        "Longest wait for another writing process",
    ),
    any("queue_wait", "`10s`", "Longest wait for room in the queue"),
    any(
        "queue_records",
        "`65536`",
        "Records that may wait to be written",
    ),
    any(
        "queue_bytes",
        "`64MiB`",
        "Bytes of records that may wait to be written",
    ),
    any(
        "segment_bytes",
        "`256MiB`",
        "Size from which a new segment file is begun",
    ),
    any(
        "epoch_entries",
        "`65536`",
        "Entries after which an epoch is sealed",
    ),
    any(
        "epoch_seconds",
        "`600`",
        "Seconds after which an epoch is sealed",
    ),
    any(
        "head_copy",
        "`use`",
        "`use` the head copy and record that it is absent, or `require` it: refuse to write then",
    ),
    any(
        "index",
        "`follow`",
        "Query index: `follow`, `manual` or `off`",
    ),
    any(
        "file_systems",
        "none",
        "Network file systems that may be written to, by name, with commas",
    ),
    trusted(
        "plain_http",
        "`false`",
        "Whether models may come over plain http from other machines (`model fetch`)",
    ),
];
