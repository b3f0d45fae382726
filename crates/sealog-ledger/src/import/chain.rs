//! Chains by hash that have no sequence number: what follows what, in bounded memory.

use std::collections::{BTreeMap, VecDeque};

use sealog_core::hash::Hash;

use super::{Findings, ImportError, Weakness};

/// Records of a chain among which one may stand out of order: calls that overlapped.
pub(super) const WINDOW: usize = 4_096;
/// Chains in one source, at most.
pub(super) const CHAINS_MAX: usize = 4_096;

/// A record of the window, and whether one follows it.
#[derive(Debug)]
struct Seen {
    hash: Hash,
    followed: bool,
}

#[derive(Debug, Default)]
struct Chain {
    window: VecDeque<Seen>,
    /// Records whose predecessor was not seen yet: its hash, and their own positions.
    waiting: VecDeque<(Hash, u64)>,
    count: u64,
    /// Position of the chain's first record, if it names a predecessor.
    head: Option<u64>,
}

/// How the records of a chain have to stand in a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// In any order near that of the chain: calls overlapped, and a tool that starts anew begins a chain.
    #[default]
    Near,
    /// Line by line: each follows the one before it, and only the first begins a chain.
    Lines,
}

/// The chains of a source, by tenant.
#[derive(Debug, Default)]
pub(super) struct Chains {
    order: Order,
    by_tenant: BTreeMap<String, Chain>,
}

impl Chains {
    pub(super) const fn new(order: Order) -> Self {
        Self {
            order,
            by_tenant: BTreeMap::new(),
        }
    }

    /// Takes the next record of a tenant's chain; without `prev` it begins one.
    pub(super) fn push(
        &mut self,
        tenant: &str,
        hash: Hash,
        prev: Option<Hash>,
        position: u64,
        findings: &mut Findings,
    ) -> Result<(), ImportError> {
        if !self.by_tenant.contains_key(tenant) && self.by_tenant.len() >= CHAINS_MAX {
            return Err(ImportError::source(
                "too_many_chains",
                "it has too many chains",
            ));
        }
        let chain = self.by_tenant.entry(tenant.to_owned()).or_default();
        chain.push(self.order, (hash, prev), position, findings);
        Ok(())
    }

    /// Says what is still open at the end of the source.
    pub(super) fn finish(&self, findings: &mut Findings) {
        for chain in self.by_tenant.values() {
            for (_, position) in &chain.waiting {
                chain.unresolved(self.order, *position, findings);
            }
        }
    }
}

impl Chain {
    fn push(
        &mut self,
        order: Order,
        (hash, prev): (Hash, Option<Hash>),
        position: u64,
        findings: &mut Findings,
    ) {
        let elsewhere = match order {
            Order::Near => Weakness::OrderByTime,
            Order::Lines => Weakness::OutOfOrder,
        };
        let mut add = |weakness| findings.add(weakness, Some(position));
        if self.window.iter().any(|seen| seen.hash == hash) {
            add(Weakness::DuplicateRecord);
            return;
        }
        let newest = self.window.len().saturating_sub(1);
        match prev {
            None if self.count > 0 => {
                add(Weakness::ChainRestarted);
                if order == Order::Lines {
                    add(Weakness::BrokenLink);
                }
            }
            None => {}
            // Nearly always the newest one, so from the back.
            Some(prev) => match self.window.iter().rposition(|seen| seen.hash == prev) {
                Some(at) => {
                    if let Some(seen) = self.window.get_mut(at) {
                        let forked = std::mem::replace(&mut seen.followed, true);
                        if forked {
                            add(Weakness::ForkedChain);
                        } else if at != newest {
                            add(elsewhere);
                        }
                    }
                }
                None if self.waiting.iter().any(|(other, _)| *other == prev) => {
                    add(Weakness::ForkedChain);
                }
                None => {
                    if self.count == 0 {
                        self.head = Some(position);
                    }
                    self.waiting.push_back((prev, position));
                }
            },
        }
        let waited = self.waiting.iter().position(|(wanted, _)| *wanted == hash);
        let followed = waited.and_then(|at| self.waiting.remove(at)).is_some();
        if followed {
            findings.add(elsewhere, Some(position));
        }
        self.window.push_back(Seen { hash, followed });
        self.count += 1;
        if self.window.len() > WINDOW {
            self.window.pop_front();
        }
        if self.waiting.len() > WINDOW
            && let Some((_, position)) = self.waiting.pop_front()
        {
            self.unresolved(order, position, findings);
        }
    }

    /// The first of a source may follow what was exported before; any other has lost its predecessor.
    fn unresolved(&self, order: Order, position: u64, findings: &mut Findings) {
        let head = self.head == Some(position);
        if head {
            findings.add(Weakness::ChainHeadMissing, Some(position));
        }
        if !head || order == Order::Lines {
            findings.add(Weakness::BrokenLink, Some(position));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: usize) -> Hash {
        Hash::of(&[n.to_string().as_bytes()])
    }

    /// Pushes (own, previous) pairs, and gives the codes.
    fn codes(links: &Links) -> Vec<&'static str> {
        codes_in(Order::Near, links)
    }

    fn codes_in(order: Order, links: &Links) -> Vec<&'static str> {
        let (mut chains, mut findings) = (Chains::new(order), Findings::default());
        for (position, (own, prev)) in (0..).zip(links) {
            let prev = prev.map(hash);
            chains
                .push("t", hash(*own), prev, position, &mut findings)
                .unwrap();
        }
        chains.finish(&mut findings);
        findings
            .counts()
            .map(|(weakness, _)| weakness.id())
            .collect()
    }

    /// Records, and those before them.
    type Links = [(usize, Option<usize>)];

    #[test]
    fn each_fault_of_a_chain_has_its_code() {
        let whole = [(1, None), (2, Some(1)), (3, Some(2))];
        assert!(codes(&whole).is_empty());
        let cases: [(&Links, &str); 7] = [
            (
                &[(1, None), (2, Some(1)), (3, Some(1))],
                "import.forked_chain",
            ),
            (&[(1, None), (3, Some(2))], "import.broken_link"),
            (&[(2, Some(1)), (3, Some(2))], "import.chain_head_missing"),
            (&[(1, None), (2, None)], "import.chain_restarted"),
            (&[(1, None), (1, None)], "import.duplicate_record"),
            (
                &[(1, None), (3, Some(2)), (2, Some(1))],
                "import.order_by_time",
            ),
            (&[(2, Some(1)), (3, Some(1))], "import.forked_chain"),
        ];
        for (links, code) in cases {
            assert!(
                codes(links).contains(&code),
                "{links:?}: {:?}",
                codes(links)
            );
        }
        assert_eq!(codes(cases[5].0), ["import.order_by_time"]);
    }

    #[test]
    fn line_by_line_each_follows_the_one_before_it() {
        let of = |links: &Links| codes_in(Order::Lines, links);
        assert!(of(&[(1, None), (2, Some(1)), (3, Some(2))]).is_empty());
        assert_eq!(
            of(&[(1, None), (3, Some(2)), (2, Some(1))]),
            ["import.out_of_order"]
        );
        assert_eq!(
            of(&[(2, Some(1)), (3, Some(2))]),
            ["import.broken_link", "import.chain_head_missing"]
        );
        assert_eq!(
            of(&[(1, None), (2, None)]),
            ["import.broken_link", "import.chain_restarted"]
        );
        assert_eq!(
            of(&[(1, None), (2, Some(1)), (3, Some(1))]),
            ["import.forked_chain"]
        );
        assert_eq!(of(&[(1, None), (3, Some(2))]), ["import.broken_link"]);
        assert_eq!(of(&[(1, None), (1, None)]), ["import.duplicate_record"]);
    }

    #[test]
    fn what_stands_further_apart_than_the_window_is_a_broken_link() {
        let chain = |between: usize| {
            let mut links = vec![(0, None), (usize::MAX, None)];
            links.extend((1..between).map(|n| (n, Some(if n == 1 { usize::MAX } else { n - 1 }))));
            links.push((between, Some(0)));
            codes(&links)
        };
        assert!(!chain(WINDOW - 1).contains(&"import.broken_link"));
        assert!(chain(WINDOW).contains(&"import.broken_link"));
    }

    #[test]
    fn chains_are_held_up_to_the_limit() {
        let (mut chains, mut findings) = (Chains::default(), Findings::default());
        for n in 0..CHAINS_MAX {
            let name = n.to_string();
            chains.push(&name, hash(n), None, 0, &mut findings).unwrap();
        }
        let error = chains.push("x", hash(0), None, 0, &mut findings);
        assert_eq!(error.unwrap_err().code(), "too_many_chains");
    }
}
