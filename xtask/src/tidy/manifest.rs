//! Rules for `Cargo.toml`: versions in one place, each with its reason; lints inherited by all.

use super::{File, Found, rules};

pub(super) fn check(file: &File<'_>, content: &str, found: &mut Found) {
    if rules::OUTSIDE_MANIFESTS
        .iter()
        .any(|(path, _)| *path == file.path)
    {
        return;
    }
    let root = file.path == "Cargo.toml";
    let mut section = "";
    let mut above = "";
    let mut inherits = false;
    for (number, line) in (1..).zip(content.lines()) {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
        } else if is_dependency(section, line) {
            if root {
                reason(file, number, line, above, found);
            } else if !line.contains("workspace = true") {
                found.error(file, number, "a version outside of the root manifest");
            }
        }
        inherits |= section == "[lints]" && line == "workspace = true";
        above = line;
    }
    let own_lints = file.path == format!("{}Cargo.toml", rules::UNSAFE_CRATE);
    if !root && !inherits && !own_lints {
        found.error(file, 1, "does not inherit the lints of the workspace");
    }
}

fn is_dependency(section: &str, line: &str) -> bool {
    section.ends_with("dependencies]")
        && !line.is_empty()
        && !line.starts_with('#')
        && line.contains('=')
}

fn reason(file: &File<'_>, number: usize, line: &str, above: &str, found: &mut Found) {
    let own = line.contains("path = \"");
    if !own && !above.starts_with('#') && !line.contains('#') {
        found.error(
            file,
            number,
            "a dependency without its reason in a comment above it",
        );
    }
}
