//! Any one of the targets, chosen by `SEALOG_FUZZ_TARGET`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use sealog_fuzz::{TARGETS, Target, target};

static CHOSEN: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("SEALOG_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        panic!("SEALOG_FUZZ_TARGET is `{name}`; set it to one of {}", names.join(", "))
    })
});

fuzz_target!(|data: &[u8]| {
    (CHOSEN.run)(data);
});
