//! Each rule about dependencies refuses what it is there for.

use super::*;

const LISTS: &str = r#"
[licenses]
allow = ["MIT"]
exceptions = [{ crate = "tables", allow = ["Unicode-3.0"] }]
[bans]
deny = [{ crate = "forbidden", reason = "we have our own" }]
skip = [{ crate = "twice@1", reason = "an old user of it" }]
"#;

fn package(name: &str, version: &str, license: &str, source: &str) -> serde_json::Value {
    serde_json::json!({
        "id": format!("{name} {version}"), "name": name, "version": version,
        "license": license, "source": source, "dependencies": [], "manifest_path": "/nowhere",
    })
}

fn metadata(packages: &[serde_json::Value]) -> Metadata {
    let edges: Vec<_> = packages
        .iter()
        .map(|package| serde_json::json!({"pkg": package["id"], "dep_kinds": [{"kind": null}]}))
        .collect();
    let own = serde_json::json!({
        "id": "own 0.1.0", "name": "own", "version": "0.1.0", "license": "MIT", "source": null,
        "dependencies": [], "manifest_path": "/nowhere",
    });
    let all = [&[own], packages].concat();
    serde_json::from_value(serde_json::json!({
        "packages": all,
        "workspace_members": ["own 0.1.0"],
        "resolve": {"nodes": [{"id": "own 0.1.0", "deps": edges}]},
    }))
    .unwrap()
}

fn refusals(packages: &[serde_json::Value]) -> Vec<String> {
    refused(&metadata(packages), &Lists::parse(LISTS).unwrap())
}

/// What makes the list's skip needed, so that it is not itself the finding.
fn twice() -> [serde_json::Value; 2] {
    [
        package("twice", "1.0.0", "MIT", REGISTRY),
        package("twice", "2.0.0", "MIT", REGISTRY),
    ]
}

#[test]
fn what_the_lists_accept_is_not_refused() {
    let more = [
        package("plain", "1.0.0", "MIT OR Apache-2.0", REGISTRY),
        package("tables", "1.0.0", "MIT AND Unicode-3.0", REGISTRY),
    ];
    assert_eq!(
        refusals(&[&twice()[..], &more].concat()),
        Vec::<String>::new()
    );
}

#[test]
fn each_rule_refuses() {
    let cases = [
        (
            vec![package("a", "1.0.0", "GPL-3.0-only", REGISTRY)],
            "licence",
        ),
        (
            vec![package("a", "1.0.0", "MIT AND Unicode-3.0", REGISTRY)],
            "licence",
        ),
        (
            vec![package("a", "1.0.0", "MIT", "git+https://example.org/a")],
            "comes from",
        ),
        (
            vec![package("forbidden", "1.0.0", "MIT", REGISTRY)],
            "we have our own",
        ),
        (
            vec![
                package("a", "1.0.0", "MIT", REGISTRY),
                package("a", "2.0.0", "MIT", REGISTRY),
            ],
            "several versions",
        ),
        (
            vec![package("twice", "3.0.0", "MIT", REGISTRY)],
            "several versions",
        ),
    ];
    for (packages, expected) in cases {
        let found = refusals(&[&twice()[..], &packages].concat());
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(expected), "{found:?}");
    }
}

#[test]
fn a_skip_that_skips_nothing_is_refused() {
    let found = refusals(&[]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("no duplicate"), "{found:?}");
}

#[test]
fn a_list_entry_without_a_reason_is_refused() {
    assert!(Lists::parse("[bans]\nskip = [{ crate = \"a@1.0.0\" }]\n").is_err());
}

#[test]
fn a_name_counts_only_as_a_whole_word() {
    assert!(names("use sha2::Sha256;", "sha2"));
    assert!(!names("use sha256::Sha; xsha2; sha2x", "sha2"));
}
