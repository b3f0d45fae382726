//! Verifying one receipt.

use sealog_core::finding::{Code, Finding, Weight};
use sealog_core::json::{Object, Value};
use sealog_core::receipt::{Receipt, VerifiedReceipt};
use sealog_core::tlog::vkey::VerifierKey;

use super::pins::{self, Pins};
use super::report::{Level, PinnedBy, finding_json};
use super::times::{Interval, timestamp};
use super::{Request, asked};
use crate::draft::integer;

/// The result of verifying a receipt.
#[derive(Debug, Clone)]
pub struct ReceiptReport {
    verified: Option<VerifiedReceipt>,
    findings: Vec<Finding>,
    pinned_by: PinnedBy,
    level: Level,
    interval: Interval,
}

impl ReceiptReport {
    /// The exit status: 0 all that was asked holds, 1 refuted, 2 could not decide.
    pub fn exit(&self) -> u8 {
        match self.findings.iter().map(Finding::weight).max() {
            Some(Weight::Refutes) => 1,
            Some(Weight::Undecided) => 2,
            _ => 0,
        }
    }

    /// A stable reason code.
    pub fn reason(&self) -> &'static str {
        let heaviest = self.findings.iter().map(Finding::weight).max();
        let first = self
            .findings
            .iter()
            .find(|finding| Some(finding.weight()) == heaviest);
        first
            .filter(|finding| finding.weight() > Weight::Note)
            .map_or("holds", |f| f.code.id())
    }

    /// The verified receipt; nothing of an unverified one may be shown as fact.
    pub const fn verified(&self) -> Option<&VerifiedReceipt> {
        self.verified.as_ref()
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Where the pinned key came from.
    pub const fn pinned_by(&self) -> PinnedBy {
        self.pinned_by
    }

    /// How far completeness of the log up to the receipt reaches.
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Between which outside times the entry was written, by the word of the policy's witnesses. A receipt brings no
    /// earlier entry with it, so it says nothing of the time before.
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The report as JSON. The entry is only in it where it is verified.
    pub fn to_json(&self) -> Value {
        let mut json = Object::new();
        json.insert(
            "exit",
            integer(u64::from(self.exit())).unwrap_or(Value::Null),
        );
        json.insert(
            "findings",
            Value::Array(self.findings.iter().map(finding_json).collect()),
        );
        json.insert("level", self.level.id());
        json.insert("pinned_by", self.pinned_by.id());
        json.insert("reason", self.reason());
        let mut time = Object::new();
        self.interval.write(&mut time);
        json.insert("time", Value::Object(time));
        if let Some(verified) = &self.verified {
            let checkpoint = verified.checkpoint();
            json.insert(
                "entry",
                Value::parse(verified.entry()).unwrap_or(Value::Null),
            );
            json.insert("index", integer(verified.index()).unwrap_or(Value::Null));
            json.insert("origin", checkpoint.origin());
            json.insert("root", checkpoint.root().to_hex());
            json.insert("size", integer(checkpoint.size()).unwrap_or(Value::Null));
            let key = checkpoint.log_keys().first().map(VerifierKey::to_string);
            json.insert("key", key.map_or(Value::Null, Value::from));
        }
        Value::Object(json)
    }
}

/// Verifies a receipt file with the keys and the policy of a request.
pub fn verify_receipt(bytes: &[u8], request: &Request) -> ReceiptReport {
    let receipt = Receipt::parse(bytes);
    let pins = Pins::of(request, || {
        let told = receipt.as_ref().map(|receipt| {
            pins::of_receipt(receipt.note(), receipt.entry(), &request.fingerprints)
        });
        told.unwrap_or_default()
    });
    let keys = pins.with_policy(request);
    let mut report = ReceiptReport {
        verified: None,
        findings: Vec::new(),
        pinned_by: request.pinned_by(),
        level: Level::None,
        interval: Interval::default(),
    };
    let receipt = match receipt {
        Ok(receipt) => receipt,
        Err(error) => {
            let finding = Finding::new(Code::ReceiptMalformed);
            report
                .findings
                .push(finding.found(crate::error::chain(&error)));
            return report;
        }
    };
    match receipt.verify(&keys) {
        Ok(verified) => report.verified = Some(verified),
        Err(finding) => {
            report.findings.push(pins.judged(finding));
            return report;
        }
    }
    report.level = Level::SelfSigned;
    judge_policy(&mut report, request);
    report
}

fn judge_policy(report: &mut ReceiptReport, request: &Request) {
    let (Some(policy), Some(verified)) = (&request.policy, &report.verified) else {
        return;
    };
    let checkpoint = verified.checkpoint();
    match asked::held_to_policy(checkpoint, policy, request) {
        Ok(()) => report.level = Level::Witnessed,
        Err(finding) => report.findings.push(finding),
    }
    let outside = policy.outside_time(checkpoint.cosignatures());
    report.interval.not_after = outside.and_then(|outside| timestamp(outside.existed_by));
}
