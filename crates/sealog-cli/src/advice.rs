//! What to do about an error or a finding: one line for each code that leaves somebody with something to do.
//!
//! Here and not in the library, because only the shell knows which commands there are. Errors of the store say it
//! themselves, since they are the same under every shell.

/// What to do about this code, if there is something to do beyond what the message says.
pub fn of(code: &str) -> Option<&'static str> {
    let found = TABLE.iter().find(|(name, _)| *name == code);
    found.map(|(_, advice)| *advice)
}

const RECORD: &str =
    "nothing was recorded; correct the record and send it again (docs/formats/records.md)";

/// Codes and advice.
pub const TABLE: &[(&str, &str)] = &[
    // Arguments and settings.
    ("usage", "see `sealog --help`"),
    (
        "no_ledger",
        "name one with --ledger or SEALOG_LEDGER, or make one with `sealog init NAME.sealog`",
    ),
    ("several_ledgers", "name one with --ledger or SEALOG_LEDGER"),
    (
        "absent",
        "check the path; if it is on a volume, is that mounted?",
    ),
    (
        "config_file",
        "correct the file; docs/configuration.md lists what it may hold",
    ),
    ("unknown_option", "docs/configuration.md lists every option"),
    (
        "bad_setting",
        "correct it; `sealog doctor` shows where each setting comes from",
    ),
    ("argument", "see the command's --help"),
    (
        "production",
        "SEALOG_ENV=production demands this; docs/configuration.md says how to meet it",
    ),
    // Input.
    ("json", RECORD),
    ("input", RECORD),
    (
        "empty_batch",
        "give at least one record on standard input or by flags",
    ),
    (
        "lines",
        "the output has a line for each with its reason; correct those and send them again",
    ),
    (
        "verifier_key",
        "give the whole line `NAME+HASH+KEY` that `sealog key show` prints, or a file that holds it",
    ),
    ("policy", "see docs/formats/policy.md"),
    ("output", "make room or choose another place for the output"),
];

#[cfg(test)]
mod tests;
