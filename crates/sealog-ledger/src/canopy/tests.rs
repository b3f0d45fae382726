//! A proof from the canopy is the tree's, and nothing that lies in `derived/` can make it another.
#![allow(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::type_complexity,
    reason = "small numbers of a test"
)]

use std::sync::Arc;

use sealog_core::json::Object;
use sealog_core::tlog::tree::{Frontier, leaf_hash, verify_inclusion};
use sealog_core::tlog::vkey::VerifierKey;
use sealog_store::disk::{Disk, MemoryDisk};

use super::*;
use crate::{Creation, Draft, HeadCopyPolicy, IndexMode, Ledger, Options, SystemRandom, keys};

const ORIGIN: &str = "example.org/canopy";

struct Ground {
    disk: Arc<dyn Disk>,
    options: Options,
}

impl Ground {
    fn new() -> Self {
        let options = Options {
            signer: Some(keys::ephemeral(ORIGIN, &SystemRandom).unwrap()),
            head_copy: HeadCopyPolicy::Off,
            index: IndexMode::Off,
            segment_bytes: 100_000,
            ..Options::default()
        };
        Self {
            disk: Arc::new(MemoryDisk::new()),
            options,
        }
    }

    fn create(&self) -> Ledger {
        let signer = self.options.signer.clone().unwrap();
        let path = std::path::Path::new("/canopy.sealog");
        let (disk, options) = (Arc::clone(&self.disk), self.options.clone());
        Ledger::create_on(disk, path, ORIGIN, &Creation::default(), options, signer).unwrap()
    }

    fn open(&self) -> Ledger {
        let path = std::path::Path::new("/canopy.sealog");
        Ledger::open_on(Arc::clone(&self.disk), path, self.options.clone()).unwrap()
    }
}

fn append(ledger: &Ledger, records: u64) {
    let draft = |n: u64| {
        let mut body = Object::new();
        body.insert("decision_id", format!("d{n}"));
        body.insert("model_state", "unverified");
        body.insert("model_reason", "a test");
        Draft::new("decision", body)
    };
    let producer = ledger.producer().unwrap();
    producer
        .append_many((0..records).map(draft).collect())
        .unwrap();
}

fn check(ledger: &Ledger, index: u64) {
    let key = VerifierKey::parse(&ledger.vkey()).unwrap();
    let receipt = ledger.receipt(index).unwrap();
    assert_eq!(receipt.index(), index);
    assert_eq!(receipt.verify(&[key]).unwrap().facts().log.index, index);
}

#[test]
fn every_entry_has_its_proof_at_every_edge_of_a_run() {
    let ground = Ground::new();
    let ledger = ground.create();
    let mut size = 1;
    for target in [2, 255, 256, 257, 511, 512, 513, 770] {
        append(&ledger, target - size);
        size = target;
        assert_eq!(ledger.size(), size);
        for index in (0..size)
            .step_by(37)
            .chain([0, 1, 254, 255, 256, 511, 512, size - 1])
        {
            if index < size {
                check(&ledger, index);
            }
        }
        assert_eq!(ledger.receipt(size).unwrap_err().code(), "no_entry");
    }
    for index in 0..size {
        check(&ledger, index);
    }
}

#[test]
fn its_nodes_are_those_of_the_plain_tree() {
    let leaves: Vec<Hash> = (0..1_500_u32)
        .map(|n| leaf_hash(&n.to_be_bytes()))
        .collect();
    let mut canopy = Canopy::new();
    let mut plain = Frontier::new();
    for (size, leaf) in (1..).zip(&leaves) {
        canopy.push(Place::new(0, size), *leaf);
        plain.push(*leaf);
        assert_eq!(canopy.root(size), Some(plain.root()));
    }
    let size = 1_500;
    for index in [0, 255, 256, 700, 1_279, 1_280, 1_499] {
        let number = index / RUN;
        let hashes: Vec<Hash> = leaves.chunks(256).nth(number as usize).unwrap().to_vec();
        let run = Run {
            number,
            leaves: Vec::new(),
            hashes,
        };
        let proof = canopy.prove(index, size, &run).unwrap();
        let leaf = leaves[index as usize];
        verify_inclusion(index, size, &leaf, &proof, &plain.root()).unwrap();
        assert_eq!(canopy.place(number), Some(Place::new(0, number * RUN + 1)));
    }
    let again = Canopy::from_bytes(&canopy.to_bytes()).unwrap();
    assert_eq!(
        format!("{again:?}").replace("written: 1500", "written: 0"),
        format!("{canopy:?}")
    );
}

#[test]
fn a_changed_or_torn_file_is_no_canopy() {
    let mut canopy = Canopy::new();
    for n in 0..300_u32 {
        canopy.push(Place::new(0, n.into()), leaf_hash(&n.to_be_bytes()));
    }
    let bytes = canopy.to_bytes();
    let mut changed = bytes.clone();
    for position in 0..bytes.len() {
        changed[position] ^= 1;
        assert!(Canopy::from_bytes(&changed).is_none(), "byte {position}");
        changed[position] ^= 1;
        assert!(
            Canopy::from_bytes(&bytes[..position]).is_none(),
            "cut at {position}"
        );
    }
    // A digest that fits over a body that does not.
    let body = &bytes[..bytes.len() - Hash::LEN];
    for body in [
        &body[..body.len() - 1],
        &body[..body.len() - Hash::LEN],
        &body[..20],
        &body[1..],
    ] {
        let digest = Hash::of(&[body]);
        assert!(Canopy::from_bytes(&[body, digest.as_bytes()].concat()).is_none());
    }
}

#[test]
fn what_lies_in_derived_leads_nobody_astray() {
    let ground = Ground::new();
    let ledger = ground.create();
    append(&ledger, 700);
    check(&ledger, 0);
    let right = lock_canopy(&ledger);
    let (other_place, other_hash, other_rest, other_end) =
        (right.clone(), right.clone(), right.clone(), right.clone());
    let edits: [(Canopy, fn(&mut Canopy)); 4] = [
        (other_place, |canopy| canopy.runs[1] = canopy.runs[0]),
        (other_hash, |canopy| canopy.levels[0][1] = Hash::ZERO),
        (other_rest, |canopy| canopy.rest[7] = Hash::ZERO),
        (other_end, |canopy| canopy.end = Place::START),
    ];
    for (mut canopy, edit) in edits {
        edit(&mut canopy);
        ledger
            .store()
            .put(Shelf::Derived, NAME, &canopy.to_bytes())
            .unwrap();
        let again = ground.open();
        append(&again, 1);
        for index in [0, 255, 256, 300, 511, 512, 600, again.size() - 1] {
            check(&again, index);
        }
    }
}

fn lock_canopy(ledger: &Ledger) -> Canopy {
    crate::queue::lock(&ledger.0.canopy).clone()
}

#[test]
fn another_process_goes_on_from_the_file() {
    let ground = Ground::new();
    let ledger = ground.create();
    append(&ledger, 700);
    check(&ledger, 3);
    let canopy = lock_canopy(&ledger);
    ledger
        .store()
        .put(Shelf::Derived, NAME, &canopy.to_bytes())
        .unwrap();
    let again = ground.open();
    append(&again, 10);
    check(&again, 300);
    let grown = lock_canopy(&again);
    assert_eq!(
        (grown.written, grown.size),
        (701, 711),
        "it was read, not made anew"
    );
}
