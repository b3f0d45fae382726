//! Which crate of the workspace may use which: the arrows of `docs/architecture.md`, as data.

use crate::metadata::Metadata;

const CORE: &str = "sealog-core";
const PRIVACY: &str = "sealog-privacy";
const HASH: &str = "sealog-hash";
const STORE: &str = "sealog-store";
const LEDGER: &str = "sealog-ledger";
const MODEL: &str = "sealog-model";
const ASSURANCE: &str = "sealog-assurance";
const TRUST: &str = "sealog-trust";
const SERVER: &str = "sealog-server";

/// For each crate, the crates of this workspace that it may name in its manifest. Crates that do not exist yet stand
/// here so that they cannot arrive with other edges than the design gave them.
const ALLOWED: &[(&str, &[&str])] = &[
    (CORE, &[]),
    // The only crate with `unsafe` code.
    (HASH, &[]),
    (PRIVACY, &[CORE]),
    (STORE, &[CORE]),
    (LEDGER, &[CORE, HASH, PRIVACY, STORE]),
    (MODEL, &[CORE, HASH]),
    (ASSURANCE, &[CORE]),
    (TRUST, &[CORE]),
    (
        SERVER,
        &[CORE, PRIVACY, STORE, LEDGER, MODEL, ASSURANCE, TRUST],
    ),
    // Two edges between shells: `sealog serve` starts the server, and the wheel carries the command (decision 0007).
    (
        "sealog-cli",
        &[
            CORE, PRIVACY, STORE, LEDGER, MODEL, ASSURANCE, TRUST, SERVER,
        ],
    ),
    (
        "sealog-python",
        &[
            CORE,
            PRIVACY,
            STORE,
            LEDGER,
            MODEL,
            ASSURANCE,
            TRUST,
            "sealog-cli",
        ],
    ),
];

/// Crates that nothing ships: they may use any other, and no other may use them.
const FREE: &[&str] = &["xtask", "sealog-fuzz"];

/// An edge that a manifest has and the table has not, or a crate that the table does not know.
pub(crate) fn violations(metadata: &Metadata) -> Vec<String> {
    let members: Vec<&str> = metadata
        .members()
        .map(|package| package.name.as_str())
        .collect();
    let mut found = Vec::new();
    for package in metadata.members() {
        let used = package
            .dependencies
            .iter()
            .map(|dependency| dependency.name.as_str())
            .filter(|name| members.contains(name));
        found.extend(refused(&package.name, used));
    }
    found
}

fn refused<'a>(member: &str, used: impl Iterator<Item = &'a str>) -> Vec<String> {
    if FREE.contains(&member) {
        return Vec::new();
    }
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == member) else {
        return vec![format!(
            "{member} is not in the table of edges (xtask/src/edges.rs)"
        )];
    };
    used.filter(|name| !allowed.contains(name))
        .map(|name| format!("{member} may not use {name} (xtask/src/edges.rs)"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_has_only_allowed_edges() {
        let metadata = Metadata::read().unwrap();
        assert!(
            metadata.members().count() >= 4,
            "the workspace was not read"
        );
        assert_eq!(violations(&metadata), Vec::<String>::new());
    }

    #[test]
    fn model_and_ledger_may_not_know_each_other() {
        assert_eq!(refused(MODEL, [CORE, LEDGER].into_iter()).len(), 1);
        assert_eq!(refused(LEDGER, [CORE, MODEL].into_iter()).len(), 1);
    }

    #[test]
    fn no_shell_uses_a_shell_but_for_the_two_edges_that_are_listed() {
        assert_eq!(
            refused("sealog-cli", [SERVER].into_iter()),
            Vec::<String>::new()
        );
        assert_eq!(
            refused("sealog-python", [SERVER, "sealog-cli"].into_iter()),
            refused("sealog-python", [SERVER].into_iter())
        );
        assert_eq!(refused("sealog-python", [SERVER].into_iter()).len(), 1);
        assert_eq!(
            refused("sealog-cli", ["sealog-python"].into_iter()).len(),
            1
        );
        assert_eq!(refused(SERVER, ["sealog-cli"].into_iter()).len(), 1);
    }

    #[test]
    fn nothing_that_ships_may_use_the_chores() {
        for (user, _) in ALLOWED {
            assert_eq!(
                refused(user, FREE.iter().copied()).len(),
                FREE.len(),
                "{user}"
            );
        }
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        assert_eq!(refused("sealog-new", std::iter::empty()).len(), 1);
    }

    #[test]
    fn core_uses_nothing_and_no_arrow_closes_a_circle() {
        let order: Vec<&str> = ALLOWED.iter().map(|(name, _)| *name).collect();
        for (user, allowed) in ALLOWED {
            let place = order.iter().position(|name| name == user).unwrap();
            for name in *allowed {
                assert!(
                    order[..place].contains(name),
                    "{user} -> {name} points forward"
                );
            }
        }
    }
}
