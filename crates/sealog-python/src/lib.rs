//! The Python package `sealog`: the extension module behind it.
//!
//! Converts Python values on the caller's thread in one pass, numbers calls, hands records to the ledger with the
//! interpreter released, and maps errors. One file per Python class; all errors are mapped in `error`.
//!
//! **What is absent**: any rule about records (those are in `sealog-core` and `sealog-ledger`), the decorator and
//! the collector (pure Python, in `python/sealog`), output of any kind, signal handlers, and threads at import.
//! No thread of this crate ever takes the interpreter's lock, but for code of the host that the ledger calls: a
//! callable that signs (`signer`), functions and recognisers of a policy (`privacy`), and a key wrapper (`wrapper`).

mod body;
mod cli;
mod config;
mod encode;
mod entry;
mod error;
mod evidence;
mod finding;
mod ids;
mod import;
mod inside;
mod ledger;
mod live;
mod model;
mod people;
mod plain;
mod privacy;
mod process;
mod queue;
mod receipt;
mod record;
mod report;
mod retention;
mod search;
mod settings;
mod signer;
mod stage;
mod started;
mod state;
mod tree;
mod verify;
mod worker;
mod wrapper;

use pyo3::prelude::pymodule;

/// The extension module; Python code imports `sealog`, never this.
#[pymodule]
mod _sealog {
    #[pymodule_export]
    use crate::cli::run_cli;
    #[pymodule_export]
    use crate::config::{ConfigView, LabelView};
    #[pymodule_export]
    use crate::encode::{Builder, Encoded, encode};
    #[pymodule_export]
    use crate::entry::{Entries, Entry};
    #[pymodule_export]
    use crate::evidence::{PackageReport, export_evidence, verify_package};
    #[pymodule_export]
    use crate::finding::Finding;
    #[pymodule_export]
    use crate::import::{ImportReport, import_adopt, import_check};
    #[pymodule_export]
    use crate::ledger::LedgerCore;
    #[pymodule_export]
    use crate::model::{
        AdmittedCore, model_admit, model_diff, model_digest, model_inspect, model_scan,
        model_scan_bytes, model_sign, model_verify,
    };
    #[pymodule_export]
    use crate::people::{
        config_active, config_history, config_set, configs, import_checkpoint, label_add,
        label_rename, labels, seal_epoch,
    };
    #[pymodule_export]
    use crate::privacy::{Policy, Redacted, erase, reveal, seal, subject_ref, unseal};
    #[pymodule_export]
    use crate::receipt::Receipt;
    #[pymodule_export]
    use crate::record::Record;
    #[pymodule_export]
    use crate::report::{ReceiptReport, Report};
    #[pymodule_export]
    use crate::retention::{
        hold_list, hold_place, hold_release, retention_dispose, retention_due, retention_policies,
        retention_set, retention_status,
    };
    #[pymodule_export]
    use crate::search::{Page, count, search, stats, wait_for_index};
    #[pymodule_export]
    use crate::signer::log_vkey;
    #[pymodule_export]
    use crate::started::Started;
    #[pymodule_export]
    use crate::state::QueueState;
    #[pymodule_export]
    use crate::tree::tree_root;
    #[pymodule_export]
    use crate::verify::{verify, verify_open, verify_receipt};

    /// The version of this package.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }

    /// Python's fork hook calls this before a fork.
    #[pyfunction]
    fn _fork_begins(py: Python<'_>) {
        py.detach(sealog_ledger::prepare_fork);
    }

    /// Python's fork hook calls this in the parent, also where the fork failed.
    #[pyfunction]
    fn _fork_ended() {
        sealog_ledger::fork_done();
    }

    /// Python's fork hook calls this in the child.
    #[pyfunction]
    fn _forked() {
        crate::process::forked();
        sealog_ledger::fork_done();
    }

    use pyo3::prelude::*;
}
