//! How fast canonical JSON is checked, read and written on this machine, in GB/s (10^9 bytes a second) on one core.
//!
//! `cargo run --release -p sealog-core --example json_speed [seconds per row [part of a row's name]]`
//!
//! Each row runs over 256 different texts of about 1 KiB, so that neither the branch predictor nor a cache learns a
//! single one by heart, and gives the median and the best of the rounds. Rows differ in what the texts hold:
//! short members with a free text of 300 bytes, or the digests and ids of a real entry, or decimals of full length,
//! or text outside ASCII.
#![expect(
    clippy::print_stdout,
    reason = "printing the figures is what this program is for"
)]

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use sealog_core::json::{Number, Object, Tape, Value};

/// Texts in one row.
const TEXTS: u32 = 256;
/// Rounds of which the median is taken.
const ROUNDS: u32 = 15;

fn main() {
    let wanted = env::args().nth(2).unwrap_or_default();
    let seconds = env::args()
        .nth(1)
        .and_then(|seconds| seconds.parse().ok())
        .unwrap_or(1.0);
    let bench = Bench {
        round: Duration::from_secs_f64(seconds) / ROUNDS,
        wanted,
    };
    println!(
        "{:<34} {:>6} {:>7} {:>8} {:>8}",
        "row", "bytes", "values", "median", "best"
    );
    let mut tape = Tape::new();
    for (name, make) in MIXES {
        let texts: Vec<Vec<u8>> = (1..=TEXTS)
            .map(|seed| make(&mut Draws(seed.into())).to_canonical())
            .collect();
        bench.row(&format!("check, {name}"), &texts, |text| {
            black_box(tape.read(text).is_ok_and(|root| !root.is_empty()));
        });
    }
    let values: Vec<Value> = (1..=TEXTS)
        .map(|seed| short(&mut Draws(seed.into())))
        .collect();
    let texts: Vec<Vec<u8>> = values.iter().map(Value::to_canonical).collect();
    bench.row("Value::parse, short members", &texts, |text| {
        black_box(Value::parse(text).is_ok());
    });
    let mut next = values.iter().cycle();
    let mut out = Vec::new();
    bench.row("write_canonical, short members", &texts, |_| {
        out.clear();
        next.next()
            .unwrap_or(&Value::Null)
            .write_canonical(&mut out);
        black_box(out.len());
    });
}

struct Bench {
    /// How long a round lasts.
    round: Duration,
    /// A part of the names of the rows that are run.
    wanted: String,
}

impl Bench {
    /// Prints the speed at which `work` goes through the texts.
    fn row(&self, name: &str, texts: &[Vec<u8>], mut work: impl FnMut(&[u8])) {
        if !name.contains(&self.wanted) {
            return;
        }

        let bytes: f64 = texts.iter().map(|text| double(text.len())).sum();
        let values: usize = texts
            .iter()
            .filter_map(|text| Value::parse(text).ok())
            .map(|value| values_in(&value))
            .sum();
        let mut speeds: Vec<f64> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                let mut passes = 0.0;
                while start.elapsed() < self.round {
                    for text in texts {
                        work(black_box(text));
                    }
                    passes += 1.0;
                }
                passes * bytes / start.elapsed().as_secs_f64() / 1e9
            })
            .collect();
        speeds.sort_by(f64::total_cmp);
        let median = speeds.get(speeds.len() / 2).copied().unwrap_or_default();
        let best = speeds.last().copied().unwrap_or_default();
        let (each, values) = (bytes / double(texts.len()), values / texts.len());
        println!("{name:<34} {each:>6.0} {values:>7} {median:>8.2} {best:>8.2}");
    }
}

fn double(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn values_in(value: &Value) -> usize {
    1 + match value {
        Value::Array(elements) => elements.iter().map(values_in).sum(),
        Value::Object(object) => object.iter().map(|(_, value)| values_in(value)).sum(),
        _ => 0,
    }
}

/// The xorshift generator of Marsaglia: the same texts in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 % u64::from(limit)).unwrap_or_default()
    }

    fn pick(&mut self, from: &[&str]) -> Value {
        let at =
            usize::try_from(self.below(u32::try_from(from.len()).unwrap_or(1))).unwrap_or_default();
        from.get(at).copied().unwrap_or_default().into()
    }

    fn hex(&mut self, digits: u32) -> String {
        (0..digits)
            .filter_map(|_| char::from_digit(self.below(16), 16))
            .collect()
    }

    fn digest(&mut self) -> Value {
        format!("sha256:{}", self.hex(64)).into()
    }

    /// A score of four decimals, as people write thresholds.
    fn score(&mut self) -> Value {
        Number::finite(f64::from(self.below(10_000)) / 10_000.0).into()
    }

    /// A score as a classifier gives it: 16 or 17 digits.
    fn full_score(&mut self) -> Value {
        Number::finite(f64::from(self.below(1 << 31)) / 2_147_483_647.0).into()
    }

    fn prose(&mut self, words: &[&str], bytes: usize) -> Value {
        let mut text = String::new();
        while text.len() < bytes {
            text.push_str(self.pick(words).as_str().unwrap_or_default());
            text.push(' ');
        }
        text.into()
    }
}

const WORDS: [&str; 8] = [
    "the",
    "applicant",
    "was",
    "refused",
    "because",
    "income",
    "of",
    "the household,",
];
const LABELS: [&str; 4] = ["approve", "reject", "refer to a person", "hold"];
const FOREIGN: [&str; 6] = ["Übermäßig", "naïve", "Straße", "日本語", "отказ", "ok"];

type Mix = (&'static str, fn(&mut Draws) -> Value);

const MIXES: [Mix; 4] = [
    ("short members, 300 B of text", short),
    ("an entry with digests", entry),
    ("30 decimals of full length", decimals),
    ("text outside ASCII", foreign),
];

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().collect::<Object>())
}

fn check(draws: &mut Draws) -> Value {
    object([
        ("fired", (draws.below(2) == 0).into()),
        (
            "name",
            draws.pick(&["toxicity", "pii", "drift", "out_of_range"]),
        ),
        ("score", draws.score()),
        ("threshold", draws.score()),
        ("version", draws.pick(&["1.2.0", "1.10.3", "2.0"])),
    ])
}

fn short(draws: &mut Draws) -> Value {
    let note = draws.prose(&WORDS, 300);
    object([
        (
            "log",
            object([
                ("clock", draws.pick(&["synchronised", "unknown"])),
                ("index", draws.below(100_000_000).into()),
                ("recorded_at", "2026-11-21T03:20:07.123456Z".into()),
                ("seq", draws.below(100_000).into()),
            ]),
        ),
        (
            "record",
            object([
                (
                    "body",
                    object([
                        ("action", draws.pick(&["allow", "deny", "escalate"])),
                        (
                            "checks",
                            vec![check(draws), check(draws), check(draws)].into(),
                        ),
                        ("config", draws.pick(&["credit-v1", "credit-v2", "fraud"])),
                        ("label", draws.pick(&LABELS)),
                        ("model", draws.pick(&["risk", "fraud-detector", "triage"])),
                        ("note", note),
                        (
                            "reasons",
                            vec![draws.pick(&LABELS), draws.pick(&LABELS)].into(),
                        ),
                        ("score", draws.full_score()),
                        ("session", format!("s-{}", draws.hex(8)).into()),
                        ("shadow", Value::Null),
                    ]),
                ),
                ("kind", "decision.made".into()),
                ("occurred_at", "2026-11-21T03:20:07.12Z".into()),
                ("producer_seq", draws.below(1_000_000).into()),
                ("schema_version", 1.into()),
                ("stream_id", draws.pick(&["main", "credit"])),
                ("system_id", draws.pick(&["credit-scoring", "triage"])),
                ("tenant_id", draws.pick(&["acme", "example-bank"])),
            ]),
        ),
    ])
}

fn entry(draws: &mut Draws) -> Value {
    object([
        (
            "log",
            object([
                ("clock", draws.pick(&["synchronised", "unknown"])),
                ("index", draws.below(100_000_000).into()),
                ("nonce", draws.hex(32).into()),
                ("prev_hash", draws.digest()),
                ("producer_assurance", draws.pick(&["process", "key"])),
                ("producer_id", draws.pick(&["web-1", "web-2", "batch"])),
                ("recorded_at", "2026-11-21T03:20:07.123456Z".into()),
                ("seq", draws.below(100_000).into()),
            ]),
        ),
        (
            "record",
            object([
                (
                    "body",
                    object([
                        ("action", draws.pick(&["allow", "deny", "escalate"])),
                        ("checks", vec![check(draws), check(draws)].into()),
                        ("config_digest", draws.digest()),
                        (
                            "config_id",
                            draws.pick(&["credit-v1", "credit-v2", "fraud"]),
                        ),
                        (
                            "input",
                            format!("hmac-sha256:{}:{}", draws.hex(32), draws.hex(64)).into(),
                        ),
                        ("label", draws.pick(&LABELS)),
                        ("model_digest", draws.digest()),
                        (
                            "output",
                            format!("hmac-sha256:{}:{}", draws.hex(32), draws.hex(64)).into(),
                        ),
                        ("score", draws.full_score()),
                    ]),
                ),
                ("capture_mode", "automatic".into()),
                ("kind", "decision.made".into()),
                ("occurred_at", "2026-11-21T03:20:07.12Z".into()),
                ("producer_run", draws.hex(32).into()),
                ("producer_seq", draws.below(1_000_000).into()),
                ("record_id", "01936f2e-7d0a-7bbb-8a3c-0123456789ab".into()),
                ("schema_version", 1.into()),
                ("stream_id", draws.pick(&["main", "credit"])),
                ("system_id", draws.pick(&["credit-scoring", "triage"])),
                ("tenant_id", draws.pick(&["acme", "example-bank"])),
            ]),
        ),
    ])
}

fn decimals(draws: &mut Draws) -> Value {
    let scores: Vec<Value> = (0..30).map(|_| draws.full_score()).collect();
    object([
        ("scores", scores.into()),
        ("text", draws.prose(&WORDS, 400)),
    ])
}

fn foreign(draws: &mut Draws) -> Value {
    let texts: Vec<Value> = (0..20).map(|_| draws.prose(&FOREIGN, 40)).collect();
    object([("kind", "note".into()), ("texts", texts.into())])
}
