//! The targets, as data.

mod file;
mod json;
mod line;
mod log;
mod map;
mod model;
mod note;
mod older;
mod openpgp;
mod package;
mod privacy;
mod record;
mod sigstore;
mod text;
mod tree;
mod vouched;

use std::fmt::Debug;

use crate::Answer;

/// One parser under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, on the command line of libFuzzer too.
    pub name: &'static str,
    /// Feeds it bytes; panics if anything holds that must not.
    pub run: fn(&[u8]) -> Answer,
    /// Where mutation starts: inputs that reach deep, refused ones among them.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "model_scan",
        run: model::scan,
        seeds: model::seeds,
    },
    Target {
        name: "model_inspect",
        run: model::inspect,
        seeds: model::seeds,
    },
    Target {
        name: "model_manifest",
        run: vouched::manifest,
        seeds: vouched::manifest_seeds,
    },
    Target {
        name: "model_statement",
        run: vouched::statement,
        seeds: vouched::statement_seeds,
    },
    Target {
        name: "model_signature",
        run: vouched::signature,
        seeds: vouched::signature_seeds,
    },
    Target {
        name: "model_bundle",
        run: vouched::bundle,
        seeds: vouched::bundle_seeds,
    },
    Target {
        name: "model_bundle_certificate",
        run: sigstore::chain,
        seeds: sigstore::chain_seeds,
    },
    Target {
        name: "model_bundle_sigstore",
        run: sigstore::bundle,
        seeds: sigstore::bundle_seeds,
    },
    Target {
        name: "model_trusted_root",
        run: sigstore::root,
        seeds: sigstore::root_seeds,
    },
    Target {
        name: "model_hashtrace",
        run: older::hashtrace,
        seeds: older::hashtrace_seeds,
    },
    Target {
        name: "model_triple_hash",
        run: older::triple_hash,
        seeds: older::triple_hash_seeds,
    },
    Target {
        name: "model_triple_metadata",
        run: older::triple_metadata,
        seeds: older::triple_metadata_seeds,
    },
    Target {
        name: "model_public_key",
        run: vouched::public_key,
        seeds: vouched::public_key_seeds,
    },
    Target {
        name: "model_baseline",
        run: older::baseline,
        seeds: older::baseline_seeds,
    },
    Target {
        name: "openpgp_signature",
        run: openpgp::signature,
        seeds: openpgp::signature_seeds,
    },
    Target {
        name: "openpgp_keyring",
        run: openpgp::keyring,
        seeds: openpgp::keyring_seeds,
    },
    Target {
        name: "privacy_scan",
        run: privacy::scan,
        seeds: privacy::scan_seeds,
    },
    Target {
        name: "privacy_policy",
        run: privacy::policy,
        seeds: privacy::policy_seeds,
    },
    Target {
        name: "canonical_json",
        run: json::canonical,
        seeds: json::seeds,
    },
    Target {
        name: "any_json",
        run: json::any,
        seeds: json::seeds,
    },
    Target {
        name: "timestamp",
        run: text::timestamp,
        seeds: text::timestamp_seeds,
    },
    Target {
        name: "commitment",
        run: text::commitment,
        seeds: text::commitment_seeds,
    },
    Target {
        name: "map_proof",
        run: map::proof,
        seeds: map::proof_seeds,
    },
    Target {
        name: "record",
        run: record::record,
        seeds: record::record_seeds,
    },
    Target {
        name: "vkey",
        run: note::vkey,
        seeds: note::vkey_seeds,
    },
    Target {
        name: "note",
        run: note::note,
        seeds: note::note_seeds,
    },
    Target {
        name: "checkpoint",
        run: note::checkpoint,
        seeds: note::note_seeds,
    },
    Target {
        name: "cosignature",
        run: note::cosigned,
        seeds: note::cosigned_seeds,
    },
    Target {
        name: "inclusion_proof",
        run: tree::inclusion,
        seeds: tree::inclusion_seeds,
    },
    Target {
        name: "consistency_proof",
        run: tree::consistency,
        seeds: tree::consistency_seeds,
    },
    Target {
        name: "map_proof_text",
        run: map::text,
        seeds: map::text_seeds,
    },
    Target {
        name: "line",
        run: line::line,
        seeds: line::line_seeds,
    },
    Target {
        name: "bands",
        run: line::bands,
        seeds: line::bands_seeds,
    },
    Target {
        name: "proof_file",
        run: file::proof,
        seeds: file::proof_seeds,
    },
    Target {
        name: "receipt",
        run: log::receipt,
        seeds: log::receipt_seeds,
    },
    Target {
        name: "segment",
        run: log::segment,
        seeds: log::segment_seeds,
    },
    Target {
        name: "policy",
        run: file::policy,
        seeds: file::policy_seeds,
    },
    Target {
        name: "tile_path",
        run: file::tile_path,
        seeds: file::tile_path_seeds,
    },
    Target {
        name: "tile_data",
        run: file::tile_data,
        seeds: file::tile_data_seeds,
    },
    Target {
        name: "package",
        run: package::package,
        seeds: package::package_seeds,
    },
    Target {
        name: "extract",
        run: package::extract,
        seeds: package::extract_seeds,
    },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().copied().find(|target| target.name == name)
}

/// The name of an error's variant: what stands before its fields.
fn variant(error: &impl Debug) -> Answer {
    let text = format!("{error:?}");
    text.split(|letter: char| !letter.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}

fn owned<const N: usize>(seeds: [&[u8]; N]) -> Vec<Vec<u8>> {
    seeds.iter().map(|seed| seed.to_vec()).collect()
}
