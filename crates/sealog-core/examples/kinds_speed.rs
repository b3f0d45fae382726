//! What the check of one entry against the tables of kinds costs on this machine, in nanoseconds on one core.
//!
//! `cargo run --release -p sealog-core --example kinds_speed [passes per round]`
//!
//! The tape is read beforehand: `json_speed` measures that. Each row is over 64 different entries.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]

use std::hint::black_box;
use std::time::Instant;

use sealog_core::json::{Ref, Tape};
use sealog_core::kinds::{check_log, check_whole_record};

const ENTRIES: u32 = 64;
const ROUNDS: usize = 15;

fn main() {
    let passes = std::env::args()
        .nth(1)
        .and_then(|passes| passes.parse().ok())
        .unwrap_or(2_000);
    let entries: Vec<Vec<u8>> = (0..ENTRIES).map(entry).collect();
    let mut tapes: Vec<Tape> = entries.iter().map(|_| Tape::new()).collect();
    let mut roots = Vec::new();
    for (tape, text) in tapes.iter_mut().zip(&entries) {
        match tape.read(text) {
            Ok(root) => roots.push(root),
            Err(error) => return println!("the example is not canonical: {error}"),
        }
    }
    let record = |root: Ref<'_, '_>| {
        root.member("record")
            .is_some_and(|r| check_whole_record(r).is_ok())
    };
    let log = |root: Ref<'_, '_>| root.member("log").is_some_and(|log| check_log(log).is_ok());
    if !roots.iter().all(|root| record(*root) && log(*root)) {
        return println!("the example does not follow the schema");
    }
    println!("entries of {} bytes", entries.first().map_or(0, Vec::len));
    println!("{:<20} {:>11} {:>11}", "row", "median", "best");
    row("record and body", passes, &roots, record);
    row("log", passes, &roots, log);
}

fn row(name: &str, passes: u32, roots: &[Ref<'_, '_>], check: impl Fn(Ref<'_, '_>) -> bool) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..passes {
                for root in roots {
                    black_box(check(black_box(*root)));
                }
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(passes) / f64::from(ENTRIES)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
    let best = rounds.first().copied().unwrap_or_default();
    println!("{name:<20} {median:>8.0} ns {best:>8.0} ns");
}

/// A decision as a recorder writes it.
fn entry(seed: u32) -> Vec<u8> {
    let hex = format!("{seed:08x}").repeat(8);
    let commitment = format!("hmac-sha256:00112233445566778899aabbccddeeff:{hex}");
    format!(
        concat!(
            r#"{{"log":{{"clock":{{"source":"system","uncertainty_ms":null}},"index":{seed},"#,
            r#""nonce":"00112233445566778899aabbccddeeff","prev_hash":"{hex}","#,
            r#""producer_assurance":"key","producer_id":"svc:scoring","#,
            r#""recorded_at":"2026-11-20T09:30:00.123456Z","seq":{seed}}},"#,
            r#""record":{{"body":{{"action":"allow","automation_level":"automatic","#,
            r#""checks":[{{"fired":false,"name":"toxicity","score":0.25,"threshold":0.5,"version":"1.2"}}],"#,
            r#""config_digest":"sha256:{hex}","decision_id":"d-{seed:08}","duration_ms":12.5,"#,
            r#""input_digest":"{commitment}","label_id":"approve","label_source":"derived","#,
            r#""model_digest":"sha256:{hex}","model_id":"credit","model_state":"verified","#,
            r#""output_digest":"{commitment}","score":0.75,"session_id":"s-{seed:08}","#,
            r#""system_id":"credit-scoring","trace_id":"{hex}"}},"capture_mode":"automatic","#,
            r#""kind":"decision","occurred_at":"2026-11-20T09:30:00.123456Z","#,
            r#""producer_run":"9d1c0f5e{seed:08x}","producer_seq":{seed},"#,
            r#""record_id":"01890a5d-ac96-774b-bcce-b302{seed:08x}","retention_class":"default","#,
            r#""schema_version":"1.1.0","stream_id":"credit-scoring","system_id":"credit-scoring","#,
            r#""tenant_id":"default"}}}}"#,
        ),
        seed = seed,
        hex = hex,
        commitment = commitment,
    )
    .into_bytes()
}
