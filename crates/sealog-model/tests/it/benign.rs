//! Files that real libraries wrote (`benign*.py` of `tests/python`): none is flagged.

use std::fs::File;
use std::path::Path;

use sealog_model::formats::source::Source;
use sealog_model::scan::{Limits, Verdict, scan_path, scan_source};

use super::assemble::{four, stack_global, text};

#[test]
fn no_file_of_a_real_library_is_flagged() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/benign");
    let report = scan_path(&directory, &Limits::default()).unwrap();
    assert!(
        report.files().len() >= 40,
        "only {} files",
        report.files().len()
    );
    let flagged: Vec<String> = report
        .files()
        .iter()
        .filter(|file| file.verdict() != Verdict::Clean)
        .map(|file| format!("{}: {:#?}", file.path(), file.findings()))
        .collect();
    assert!(
        flagged.is_empty(),
        "{} flagged:\n{}",
        flagged.len(),
        flagged.join("\n")
    );
    let kinds: std::collections::BTreeSet<_> = report
        .files()
        .iter()
        .map(sealog_model::scan::FileReport::kind)
        .collect();
    for kind in [
        "pickle",
        "npy",
        "npz",
        "hdf5",
        "onnx",
        "gguf",
        "safetensors",
        "skops",
        "gzip",
    ] {
        assert!(
            kinds.contains(kind),
            "no file of the kind {kind}: {kinds:?}"
        );
    }
}

#[test]
fn a_bit_flip_in_a_real_file_never_panics() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/benign");
    let mut flipped = 0u32;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if File::open(&path).unwrap().metadata().unwrap().len() > 8_000 {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for at in (0..bytes.len()).step_by(37) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            scan_source("file", &Source::memory(changed), &Limits::default());
            flipped += 1;
        }
    }
    assert!(flipped > 500, "only {flipped} flips");
}

/// The answer for a pickle of protocol 4 with these parts.
fn answer(parts: &[&[u8]]) -> Verdict {
    super::scan(&four(parts)).verdict()
}

#[test]
fn functions_that_a_model_keeps_are_mentioned_and_never_called() {
    for (module, name) in [
        ("sklearn.cluster._kmeans", "_kmeans_single_lloyd"),
        ("sklearn.cluster._kmeans", "_kmeans_single_elkan"),
        ("scipy._lib.array_api_compat.numpy._aliases", "asarray"),
    ] {
        let function = stack_global(module, name);
        assert_eq!(answer(&[&function]), Verdict::Clean, "{name}");
        assert_eq!(answer(&[&function, b")R"]), Verdict::Suspicious, "{name}");
        assert_eq!(answer(&[&function, b")\x81"]), Verdict::Suspicious);
    }
}

#[test]
fn intervals_are_made_of_classes_and_numbers_alone() {
    let index = stack_global("pandas.core.indexes.interval", "_new_IntervalIndex");
    let mixin = stack_global("pandas._libs.interval", "__pyx_unpickle_IntervalMixin");
    let class = stack_global("pandas", "IntervalIndex");
    let kept = stack_global("sklearn.cluster._kmeans", "_kmeans_single_lloyd");
    // What an instance is asked for, the pickle may have put there.
    let instance = [stack_global("collections", "OrderedDict"), b")R".to_vec()].concat();
    for (call, rest) in [(&index, b"}\x86R".as_slice()), (&mixin, b"K\x00N\x87R")] {
        assert_eq!(answer(&[call, &class, rest]), Verdict::Clean);
        assert_eq!(answer(&[call, &instance, rest]), Verdict::Suspicious);
        assert_eq!(answer(&[call, b"N", rest]), Verdict::Suspicious);
        let unknown = stack_global("mymodel", "Class");
        assert_eq!(answer(&[call, &unknown, rest]), Verdict::Suspicious);
        assert_eq!(answer(&[call, &harm_itself(), rest]), Verdict::Malicious);
    }
    assert_eq!(
        answer(&[&index, &class, &kept, b"\x86R"]),
        Verdict::Suspicious
    );
    let interval = stack_global("pandas", "Interval");
    let right = text("right");
    let numbers = [&interval, b"K\x00K\x01".as_slice(), &right, b"\x87R"];
    assert_eq!(answer(&numbers), Verdict::Clean);
    let imported = [&interval, b"K\x00".as_slice(), &kept, &right, b"\x87R"];
    assert_eq!(answer(&imported), Verdict::Suspicious);
}

fn harm_itself() -> Vec<u8> {
    stack_global("os", "system")
}

/// Listed once the estimators, frames and splines of the live test were widened: each with what it does not take.
#[test]
fn names_of_ordinary_values_take_data_alone() {
    let unknown = stack_global("mymodel", "Class");
    for (module, name) in [
        ("pandas._libs.tslibs.offsets", "MonthEnd"),
        ("pandas._libs.tslibs.offsets", "Day"),
        ("pandas._libs.sparse", "IntIndex"),
        ("pandas", "Period"),
        ("pandas", "PeriodDtype"),
        ("ipaddress", "IPv4Network"),
        ("numpy._core._internal", "_convert_to_stringdtype_kwargs"),
        ("random", "Random"),
        ("re", "_compile"),
    ] {
        let call = stack_global(module, name);
        assert_eq!(answer(&[&call, b"K\x01\x85R"]), Verdict::Clean, "{name}");
        let given = answer(&[&call, &unknown, b"\x85R"]);
        assert_eq!(given, Verdict::Suspicious, "{name}");
        let given = answer(&[&call, &harm_itself(), b"\x85R"]);
        assert_eq!(given, Verdict::Malicious, "{name}");
    }
    for (module, name) in [
        ("numpy", "argmax"),
        ("numpy", "array"),
        ("pandas", "NA"),
        ("scipy.special._special_ufuncs", "expit"),
        ("scipy.spatial.distance", "cosine"),
        ("sklearn.utils.validation", "check_array"),
    ] {
        let function = stack_global(module, name);
        assert_eq!(answer(&[&function]), Verdict::Clean, "{name}");
        assert_eq!(answer(&[&function, b")R"]), Verdict::Suspicious, "{name}");
    }
    for (module, name) in [
        ("argparse", "Namespace"),
        ("collections", "UserDict"),
        ("numpy.polynomial.hermite", "Hermite"),
        ("pandas.arrays", "PeriodArray"),
        ("scipy.interpolate._cubic", "CubicSpline"),
        ("sklearn.impute._iterative", "_ImputerTriplet"),
    ] {
        let class = stack_global(module, name);
        assert_eq!(answer(&[&class, b")\x81"]), Verdict::Clean, "{name}");
        assert_eq!(answer(&[&class, b"K\x01\x85R"]), Verdict::Suspicious);
        let harm = answer(&[&class, &harm_itself(), b"\x85\x81"]);
        assert_eq!(harm, Verdict::Malicious, "{name}");
    }
}

#[test]
fn a_type_of_records_is_made_of_the_class_of_records_and_of_no_other() {
    let call = stack_global("numpy", "dtype");
    for (module, name, expected) in [
        ("numpy", "record", Verdict::Clean),
        ("numpy", "float64", Verdict::Suspicious),
        ("mymodel", "Class", Verdict::Suspicious),
        ("os", "system", Verdict::Malicious),
    ] {
        let first = stack_global(module, name);
        assert_eq!(answer(&[&call, &first, b"\x89\x88\x87R"]), expected);
    }
    let record = stack_global("numpy", "record");
    let kept = stack_global("numpy", "abs");
    let second = answer(&[&call, &record, &kept, b"\x86R"]);
    assert_eq!(second, Verdict::Suspicious);
    assert_eq!(answer(&[&call, &text("f8"), b"\x85R"]), Verdict::Clean);
}

#[test]
fn what_is_missing_is_made_of_a_builtin_or_a_collection() {
    let call = stack_global("collections", "defaultdict");
    for (module, name, expected) in [
        ("builtins", "list", Verdict::Clean),
        ("collections", "OrderedDict", Verdict::Clean),
        ("collections", "Counter", Verdict::Clean),
        ("argparse", "Namespace", Verdict::Suspicious),
        ("builtins", "len", Verdict::Suspicious),
        ("numpy", "array", Verdict::Suspicious),
        ("os", "system", Verdict::Malicious),
    ] {
        let factory = stack_global(module, name);
        assert_eq!(answer(&[&call, &factory, b"\x85R"]), expected, "{name}");
    }
}

/// scipy runs a text of the state of its distributions as code (`_parse_arg_template`), and `KDTree` takes raw bytes of
/// it for its nodes: no list may have them, however ordinary they are.
#[test]
fn distributions_and_trees_of_scipy_are_never_clean() {
    for (module, name) in [
        ("scipy.stats._continuous_distns", "norm_gen"),
        ("scipy.stats._continuous_distns", "reciprocal_gen"),
        ("scipy.stats._discrete_distns", "randint_gen"),
        ("scipy.stats._distn_infrastructure", "rv_sample"),
        ("scipy.spatial._kdtree", "KDTree"),
    ] {
        let class = stack_global(module, name);
        assert_eq!(answer(&[&class, b")\x81"]), Verdict::Suspicious, "{name}");
    }
}
