//! The scanner and the inspector of models, over every kind of content that they tell apart.

use sealog_model::formats::source::Source;
use sealog_model::inspect::{self, inspect_source};
use sealog_model::scan::{FileReport, Limits, Verdict, scan_source};

use super::owned;
use crate::Answer;

const HARM: &[u8] = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.";

fn scanned(bytes: &[u8]) -> FileReport {
    let limits = Limits {
        spool: 1 << 20,
        ratio_free: 1 << 20,
        inflated: 1 << 22,
        opcodes: 1 << 16,
        ..Limits::default()
    };
    scan_source("file", &Source::memory(bytes), &limits)
}

/// A scan is the same each time, and what stands behind a clean pickle is never overlooked.
pub(super) fn scan(bytes: &[u8]) -> Answer {
    let report = scanned(bytes);
    assert_eq!(report, scanned(bytes), "two scans differ");
    if report.verdict() != Verdict::Clean {
        let rules: Vec<&str> = report
            .findings()
            .iter()
            .map(|finding| finding.rule().id())
            .collect();
        return format!(
            "{} {}",
            report.kind(),
            rules.first().copied().unwrap_or_default()
        );
    }
    if report.kind() == "pickle" {
        let longer = scanned(&[bytes, HARM].concat());
        assert_ne!(
            longer.verdict(),
            Verdict::Clean,
            "harm behind a clean pickle"
        );
    }
    format!("accepted {}", report.kind())
}

/// An inspection is the same each time, and names no place behind the end.
pub(super) fn inspect(bytes: &[u8]) -> Answer {
    let limits = inspect::Limits {
        spool: 1 << 20,
        ratio_free: 1 << 20,
        inflated: 1 << 22,
        opcodes: 1 << 16,
        ..inspect::Limits::default()
    };
    let inspected = || inspect_source("file", &Source::memory(bytes), &limits);
    let found = inspected();
    assert_eq!(found, inspected(), "two inspections differ");
    if let Some(fault) = found.fault() {
        assert!(
            usize::try_from(fault.offset()).is_ok_and(|at| at <= bytes.len()),
            "a fault behind the end"
        );
        assert!(found.tensors().is_empty(), "half of a structure");
        return format!("{} malformed", found.kind());
    }
    format!("accepted {}", found.kind())
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = owned([
        HARM,
        b"\x80\x04}\x94(\x8c\x01a\x94K\x01\x8c\x01b\x94]\x94(K\x02\x88eu.",
        b"ccollections\nOrderedDict\n(tR.",
        b"(S'id'\nios\nsystem\n.",
        b"\x80\x04\x95\x02\0\0\0\0\0\0\0N.",
        b"\x80\x04C\x14\x80\x04\x8c\x02os\x8c\x06system\x93)R.....",
        b"{\"class_name\":\"Lambda\",\"config\":{\"function\":[\"4wE=\"]}}",
        b"model:\n  _target_: os.system\n",
        b"a: !!python/object/apply:os.system ['id']\n",
        b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0a\x05\0\0\0\x01\0\0\0",
        b"\x14\0\0\0\0\0\0\0{\"__metadata__\":{}}  ",
        b"\x08\x08\x3a\x07\x0a\x05\x22\x03Add",
        b"\x08\x01\x12\x0e\x12\x0c\x0a\x0a\x12\x08ReadFile",
        b"\x89HDF\r\n\x1a\n{\"class_name\":\"Lambda\"}",
        b"flavors:\n  sklearn:\n    a: &x [1, {b: 'c'}]\n    d: *x\nsignature:\n  inputs: '[]'\n",
        b"{\"weight_map\":{\"a\":\"b.safetensors\"}}",
        b"words and nothing else\n",
    ]);
    let header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n";
    seeds.push([b"\x93NUMPY\x01\0\x3a\0".as_slice(), header, &[0; 8]].concat());
    let name = b"a.txt";
    let local = [
        b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\x86\xa6\x10\x36\x05\0\0\0\x05\0\0\0\x05\0\0\0"
            .as_slice(),
        name,
        b"hello",
    ];
    let central = [
        b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\0\0\x86\xa6\x10\x36\x05\0\0\0\x05\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".as_slice(),
        name,
    ];
    let end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x33\0\0\0\x28\0\0\0\0\0";
    seeds.push([local.concat().as_slice(), &central.concat(), end].concat());
    seeds
}
