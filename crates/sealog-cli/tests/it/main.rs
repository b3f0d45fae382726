//! The binary `sealog` as its users meet it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking; its helpers are no test functions"
)]

#[cfg(unix)]
mod ci;
#[cfg(unix)]
mod disposal;
mod documents;
#[cfg(unix)]
mod gate;
mod golden;
#[cfg(target_os = "linux")]
mod interrupted;
mod lineage;
#[cfg(target_os = "linux")]
mod older;
#[cfg(unix)]
#[cfg(feature = "openpgp")]
mod openpgp;
#[cfg(target_os = "linux")]
mod orphans;
mod over;
mod password;
mod pinned;
mod pipe;
mod receipt_page;
#[cfg(unix)]
mod report;
mod shell;
mod sigstore;
mod sources;
#[cfg(unix)]
mod tamper;
mod volumes;
