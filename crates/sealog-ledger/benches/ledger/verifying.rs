//! Verification: single receipts, a whole ledger on one core and on all, every signature, and the bare tree.

use std::fmt::Write as _;
use std::hint::black_box;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sealog_core::hash::Hash;
use sealog_core::receipt::Receipt;
use sealog_core::tlog::cosignature;
use sealog_core::tlog::policy::Policy;
use sealog_core::tlog::sign::{Ed25519Signer, Signer};
use sealog_core::tlog::tree::{self, Frontier};
use sealog_core::tlog::vkey::{KeyType, VerifierKey};
use sealog_ledger::keys;
use sealog_ledger::verify::{Request, verify_ledger_on, verify_receipt};

use crate::Plan;
use crate::child;
use crate::measure::{per_call, range};
use crate::report::{Goal, Row};
use crate::workload::{Ground, RECORD_BYTES, in_memory};

/// The log's key, as a verifier would have it.
pub(crate) fn key(ground: &Ground) -> Result<Vec<VerifierKey>> {
    let file = keys::secrets_of(&ground.path()).join(keys::LOG_KEY_FILE);
    Ok(vec![keys::read_log_key(&file)?.verifier_key().clone()])
}

/// SHA-256 over pieces as long as an entry, in GB/s of one core: the measure of this machine.
pub(crate) fn sha256_rate(plan: &Plan) -> f64 {
    let entry = vec![b'x'; RECORD_BYTES + ENTRY_EXTRA_BYTES];
    let time = per_call(plan.loop_time, || {
        black_box(Hash::of(&[black_box(&entry)]));
    });
    entry.len() as f64 / time.as_secs_f64() / 1e9
}

/// What the log adds to a record, about.
const ENTRY_EXTRA_BYTES: usize = 420;

/// One receipt with the log's signature, and with three cosignatures on top.
pub(crate) fn receipts(receipt: &Receipt, key: &[VerifierKey], plan: &Plan) -> Result<Vec<Row>> {
    let witnesses: Vec<Ed25519Signer> = (1..=3_u8)
        .map(|seed| {
            let name = format!("witness-{seed}.example");
            Ed25519Signer::from_seed(KeyType::CosignatureV1, &name, &[seed; 32])
        })
        .collect::<Result<_, _>>()?;
    let mut note = receipt.note().to_owned();
    let mut policy = format!("log {}\n", key.first().context("a key")?);
    for (n, witness) in witnesses.iter().enumerate() {
        note = cosignature::cosign(&note, 1_700_000_000, witness)?;
        let _ = writeln!(policy, "witness W{n} {}", witness.verifier_key());
    }
    policy += "group G all W0 W1 W2\nquorum G\n";
    let alone = Request {
        keys: key.to_vec(),
        ..Request::default()
    };
    let quorum = Request {
        policy: Some(Policy::parse(policy.as_bytes())?),
        ..Request::default()
    };
    let cosigned = receipt.clone().with_note(note);
    let cases = [
        (
            "verify one receipt: log signature",
            100.0,
            receipt.to_string(),
            alone,
        ),
        (
            "verify one receipt: and three cosignatures",
            200.0,
            cosigned.to_string(),
            quorum,
        ),
    ];
    let mut rows = Vec::new();
    for (what, goal, text, request) in cases {
        let report = verify_receipt(text.as_bytes(), &request);
        ensure!(report.exit() == 0, "{what}: {}", report.reason());
        let times: Vec<f64> = (0..plan.rounds)
            .map(|_| {
                let time = per_call(plan.loop_time, || {
                    black_box(verify_receipt(black_box(text.as_bytes()), &request).exit());
                });
                time.as_secs_f64() * 1e6
            })
            .collect();
        let measured = format!("{} us of CPU time", range(&times, 1));
        rows.push(Row::new(what, Goal::AtMost(goal, "us"), &times).measured(measured));
    }
    Ok(rows)
}

/// The whole ledger: on one thread by CPU time, and what all cores make of it by the clock.
pub(crate) fn whole(ground: &Ground, plan: &Plan) -> Result<Vec<Row>> {
    let directory = ground.directory.to_string_lossy();
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let (mut one, mut all, mut speedup, mut share) = (vec![], vec![], vec![], vec![]);
    let (mut memory, mut entries, mut bytes) = (0.0_f64, 0.0, 0.0);
    for _ in 0..plan.rounds {
        let sha256 = sha256_rate(plan);
        let single = child::run(&["verify", &directory, "1"])?;
        let spread = child::run(&["verify", &directory, &cores.to_string()])?;
        bytes = single.number("bytes")?;
        entries = single.number("entries")?;
        let rate = bytes / single.number("cpu")? / 1e9;
        one.push(rate);
        share.push(rate / sha256);
        all.push(bytes / spread.number("wall")? / 1e9);
        speedup.push(single.number("wall")? / spread.number("wall")?);
        memory = memory.max(spread.number("memory")?);
    }
    let size = format!("{entries} entries, {:.2} GB", bytes / 1e9);
    let first = format!(
        "{} GB/s of CPU time; {} of bare SHA-256 here",
        range(&one, 2),
        range(&share, 2)
    );
    let second = format!("{} GB/s by the clock on {cores} cores", range(&all, 2));
    let megabytes = memory / 1_048_576.0;
    Ok(vec![
        Row::new(
            "verify a whole ledger, one core",
            Goal::AtLeast(0.8, "GB/s"),
            &one,
        )
        .measured(first)
        .note(size),
        Row::new("verify a whole ledger, all cores", Goal::None, &all).measured(second),
        Row::new(
            "the same, times one thread by the clock",
            Goal::AtLeast(1.4, "x on two cores"),
            &speedup,
        )
        .measured(format!("{} x", range(&speedup, 2))),
        Row::new(
            "verify a whole ledger, peak memory",
            Goal::None,
            &[megabytes],
        )
        .measured(format!("{megabytes:.0} MiB at {} streams", plan.streams)),
    ])
}

/// What each signature costs that is checked beyond the newest.
pub(crate) fn signatures(plan: &Plan) -> Result<Row> {
    let (bench, disk, path) = in_memory()?;
    for _ in 0..plan.signatures {
        bench.producer.append(bench.draft(1))?;
    }
    let keys = vec![bench.ledger.vkey().parse::<VerifierKey>()?];
    let mut request = Request {
        keys,
        threads: NonZero::new(1),
        ..Request::default()
    };
    let mut rates = Vec::new();
    for _ in 0..plan.rounds {
        let mut cpu = [0.0; 2];
        for (cpu, all_signatures) in cpu.iter_mut().zip([false, true]) {
            request.all_signatures = all_signatures;
            let mut failed = None;
            let time = per_call_once(plan.loop_time, || {
                let report = verify_ledger_on(Arc::clone(&disk), &path, &request, &mut |_| {});
                failed = (report.exit() != 0).then(|| report.reason());
            });
            ensure!(failed.is_none(), "the ledger in memory: {failed:?}");
            *cpu = time.as_secs_f64();
        }
        let [newest, all] = cpu;
        rates.push(f64::from(plan.signatures) / (all - newest));
    }
    let measured = format!("{} a second and core", range(&rates, 0));
    let row = Row::new(
        "verify, --all-signatures",
        Goal::AtLeast(25_000.0, "a second"),
        &rates,
    );
    Ok(row
        .measured(measured)
        .note("what it costs beyond checking the newest alone, one core, CPU time".into()))
}

/// As [`per_call`] for work that takes long: once, or as often as the time asks for.
fn per_call_once(least: Duration, mut work: impl FnMut()) -> Duration {
    let ((), spent) = crate::measure::spent(&mut work);
    if spent.cpu >= least {
        return spent.cpu;
    }
    let times = 1 + u32::try_from(least.as_millis() / spent.cpu.as_millis().max(10)).unwrap_or(1);
    let ((), spent) = crate::measure::spent(|| (0..times).for_each(|_| work()));
    spent.cpu / times
}

/// The root of 2,048 leaves of 600 bytes.
pub(crate) fn root(plan: &Plan) -> Row {
    const LEAVES: usize = 2048;
    const LEAF_BYTES: usize = 600;
    let leaves: Vec<[u8; LEAF_BYTES]> = (0..LEAVES)
        .map(|n| [n.to_le_bytes()[0]; LEAF_BYTES])
        .collect();
    let (mut times, mut shares) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        let tree = per_call(plan.loop_time, || {
            let mut frontier = Frontier::default();
            for leaf in &leaves {
                frontier.push(tree::leaf_hash(black_box(leaf)));
            }
            black_box(frontier.root());
        });
        let bare = per_call(plan.loop_time, || {
            for leaf in &leaves {
                black_box(Hash::of(&[black_box(leaf)]));
            }
        });
        times.push(tree.as_secs_f64() * 1e3);
        shares.push(tree.as_secs_f64() / bare.as_secs_f64());
    }
    let measured = format!(
        "{} ms of CPU time; {} x hashing the leaves alone",
        range(&times, 3),
        range(&shares, 2)
    );
    Row::new("root of 2,048 leaves of 600 B", Goal::None, &times).measured(measured)
}
