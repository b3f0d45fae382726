//! Rules about what the workspace is built from: licences, sources, duplicates, bans, unused lines, reasons.
//!
//! The lists stand in `deny.toml`, in the form that cargo-deny reads; that program is not needed here. **What is
//! absent**: security advisories. Their database is not part of a package registry, so the run says that it was left
//! out and `cargo deny check advisories` does it where there is a network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};

use crate::licence;
use crate::metadata::{Metadata, Package};

/// The registry that cargo uses when nothing else is said. Put together here so that the sources name no host.
const REGISTRY: &str = concat!(
    "registry+https://github",
    ".com/rust-lang/",
    "crates",
    ".io-index"
);

/// Dependencies that no source names, each with the reason why it is there.
const NAMED_NOWHERE: &[(&str, &str, &str)] = &[
    ("sealog-python", "ed25519-dalek-2", AS_TESTED),
    ("sealog-python", "getrandom", AS_TESTED),
    ("sealog-python", "hashbrown", AS_TESTED),
    ("sealog-python", "num-iter", AS_TESTED),
    ("sealog-python", "regex-automata", AS_TESTED),
    ("sealog-python", "regex-syntax", AS_TESTED),
    ("sealog-python", "rustix", AS_TESTED),
    ("sealog-python", "serde", AS_TESTED),
    ("sealog-python", "serde_json", AS_TESTED),
    ("sealog-python", "smallvec", AS_TESTED),
];
const AS_TESTED: &str = "for its features alone, so that the wheel is made of what the tests built";

/// What `deny.toml` says.
#[derive(Debug)]
pub(crate) struct Lists {
    licences: Vec<String>,
    /// Licences accepted for one package only.
    exceptions: BTreeMap<String, Vec<String>>,
    banned: BTreeMap<String, String>,
    /// `name@1` or `name@1.2.3` of a second version that is accepted, with the reason.
    duplicates: BTreeMap<String, String>,
}

impl Lists {
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(root.join("deny.toml")).context("deny.toml")?;
        Self::parse(&text).context("deny.toml")
    }

    fn parse(text: &str) -> Result<Self> {
        let table: toml::Table = text.parse()?;
        let list = |section: &str, name: &str| -> Vec<toml::Value> {
            let found = table.get(section).and_then(|part| part.get(name));
            found
                .and_then(toml::Value::as_array)
                .cloned()
                .unwrap_or_default()
        };
        let word = |value: &toml::Value, name: &str| -> Result<String> {
            let found = value.get(name).and_then(toml::Value::as_str);
            Ok(found
                .with_context(|| format!("an entry has no `{name}`"))?
                .to_owned())
        };
        let strings = |value: Option<&toml::Value>| -> Vec<String> {
            let items = value.and_then(toml::Value::as_array).map(Vec::as_slice);
            let items = items.unwrap_or_default();
            items
                .iter()
                .filter_map(toml::Value::as_str)
                .map(str::to_owned)
                .collect()
        };
        let reasons = |section: &str, name: &str| -> Result<BTreeMap<String, String>> {
            let pair = |value: &toml::Value| Ok((word(value, "crate")?, word(value, "reason")?));
            list(section, name).iter().map(pair).collect()
        };
        Ok(Self {
            licences: strings(table.get("licenses").and_then(|part| part.get("allow"))),
            exceptions: list("licenses", "exceptions")
                .iter()
                .map(|value| Ok((word(value, "crate")?, strings(value.get("allow")))))
                .collect::<Result<_>>()?,
            banned: reasons("bans", "deny")?,
            duplicates: reasons("bans", "skip")?,
        })
    }
}

/// Everything that breaks a rule of `deny.toml`.
pub(crate) fn refused(metadata: &Metadata, lists: &Lists) -> Vec<String> {
    let mut found = Vec::new();
    for package in metadata.foreign() {
        let named = format!("{}@{}", package.name, package.version);
        found.extend(refused_licence(package, lists).map(|why| format!("{named}: {why}")));
        if package.source.as_deref() != Some(REGISTRY) {
            let source = package
                .source
                .as_deref()
                .unwrap_or("a folder outside the workspace");
            found.push(format!(
                "{named}: comes from {source}, not from cargo's own registry"
            ));
        }
        if let Some(reason) = lists.banned.get(&package.name) {
            found.push(format!("{named}: banned: {reason}"));
        }
    }
    found.extend(duplicates(metadata, lists));
    found
}

fn refused_licence(package: &Package, lists: &Lists) -> Option<String> {
    let Some(expression) = &package.license else {
        return Some("states no licence".to_owned());
    };
    let own = lists.exceptions.get(&package.name).into_iter().flatten();
    let accepted: Vec<&str> = lists
        .licences
        .iter()
        .chain(own)
        .map(String::as_str)
        .collect();
    let holds = licence::satisfied(expression, &accepted);
    (!holds).then(|| format!("licence `{expression}` is not accepted by deny.toml"))
}

/// Second versions of a package in what is built, and skips that no longer skip anything.
fn duplicates(metadata: &Metadata, lists: &Lists) -> Vec<String> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in metadata.built_in() {
        versions
            .entry(&package.name)
            .or_default()
            .insert(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let mut found = Vec::new();
    let mut unused: BTreeSet<&str> = lists.duplicates.keys().map(String::as_str).collect();
    for (name, versions) in &versions {
        let mut counted = 0;
        for version in versions {
            let mut skips = lists
                .duplicates
                .keys()
                .filter(|skip| skips(skip, name, version));
            match skips.next() {
                Some(skip) => {
                    unused.remove(skip.as_str());
                }
                None => counted += 1,
            }
        }
        if counted > 1 {
            let versions = versions.iter().copied().collect::<Vec<_>>().join(", ");
            found.push(format!(
                "{name} {versions}: one build, several versions: cargo tree -d"
            ));
        }
    }
    let stale = |named| format!("deny.toml skips {named}, which is no duplicate in this build");
    found.extend(unused.into_iter().map(stale));
    found
}

/// Whether `skip`, in the form `name@1` or `name@1.2.3`, means this version.
fn skips(skip: &str, name: &str, version: &str) -> bool {
    skip.split_once('@').is_some_and(|(skipped, prefix)| {
        let rest = version.strip_prefix(prefix);
        skipped == name && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Lines of the members' manifests that their sources do not use.
pub(crate) fn unused(metadata: &Metadata) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for package in metadata.members() {
        let folder = package
            .manifest_path
            .parent()
            .context("a manifest outside any folder")?;
        let everything = sources(folder)?;
        let shipped = sources(&folder.join("src"))?;
        for dependency in &package.dependencies {
            let written = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let ordinary = dependency.kind.is_none();
            let text = if ordinary { &shipped } else { &everything };
            let excused = NAMED_NOWHERE
                .iter()
                .any(|(user, name, _)| *user == package.name && name == written);
            if !excused && !names(text, &written.replace('-', "_")) {
                let place = if ordinary { "src" } else { "its sources" };
                found.push(format!(
                    "{} depends on {written}, which {place} never names",
                    package.name
                ));
            }
        }
    }
    Ok(found)
}

/// All Rust text below `folder`, without comment lines.
fn sources(folder: &Path) -> Result<String> {
    let mut text = String::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                let built = path.file_name().is_some_and(|name| name == "target");
                open.extend((!built).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                let code = file
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                text.extend(code.flat_map(|line| [line, "\n"]));
            }
        }
    }
    Ok(text)
}

/// Whether `name` stands in `text` as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, from) = text.split_at(at);
        let after = from.get(name.len()..).unwrap_or_default();
        !before.ends_with(part) && !after.starts_with(part)
    })
}

#[cfg(test)]
mod tests;
