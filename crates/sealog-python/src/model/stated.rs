//! The functions `digest`, `manifest`, `sign` and `diff`: what a model is, stated and signed.

use std::num::NonZeroU64;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sealog_core::json::Value;
use sealog_ledger::{Clock, SystemClock};
use sealog_model::Error;
use sealog_model::digest::{Algorithm, DigestOptions};
use sealog_model::document::{inside, signature_path, write_new};
use sealog_model::keys::PrivateKey;
use sealog_model::manifest::{Authorship, Manifest, Statement, changes_json, differences};
use sealog_model::sign::{
    Names, OmsOptions, SigningChain, oms_hash, registered_body, sign_oms, sign_statement,
};
use sealog_model::walk::{FileSet, WalkOptions};
use zeroize::Zeroizing;

use super::answer;
use super::asked::Asked;
use crate::error::{format_error, model_error};
use crate::plain;

/// Reads a model whole and names it.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
pub(crate) fn model_digest<'py>(
    py: Python<'py>,
    path: PathBuf,
    asked: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let asked = Asked(asked);
    let (walk, algorithms) = (asked.walk()?, asked.algorithms()?);
    let read = py.detach(|| Manifest::of(&path, &walk, &DigestOptions::new(&algorithms)));
    let (manifest, set) = read.map_err(|error| model_error(py, &error))?;
    plain::object(py, &answer::content(&manifest, &set))
}

/// How a statement is signed.
enum Wanted {
    Nothing,
    Sealog,
    Oms,
}

/// What is signed, with what, and where it goes.
struct Order {
    model: PathBuf,
    out: Option<PathBuf>,
    walk: WalkOptions,
    algorithms: Vec<Algorithm>,
    name: Option<String>,
    version: String,
    created_by: String,
    key: PathBuf,
    password: Option<Zeroizing<Vec<u8>>>,
    wanted: Wanted,
    /// With `oms`: the key's certificate, and those above it.
    certificate: Option<PathBuf>,
    chain: Vec<PathBuf>,
    /// With `oms`: how many bytes a shard has.
    shard_size: Option<NonZeroU64>,
    /// With `oms`: how resources are named.
    names: Names,
}

/// What came of it.
struct Signed {
    statement: Statement,
    set: FileSet,
    text: Vec<u8>,
    signature: Option<Vec<u8>>,
    key_id: Option<String>,
}

/// States a model, and signs that where a key is given.
#[pyfunction]
pub(crate) fn model_sign<'py>(
    py: Python<'py>,
    path: PathBuf,
    asked: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut order = order(path, &Asked(asked))?;
    let signed = py.detach(|| order.sign());
    let signed = signed.map_err(|error| model_error(py, &error))?;
    let mut value = answer::content(signed.statement.manifest(), &signed.set);
    let authorship = signed.statement.authorship();
    value.insert("created_at", authorship.created_at.as_str());
    value.insert("created_by", authorship.created_by.as_str());
    value.insert("key_id", Value::from(signed.key_id.as_deref()));
    value.insert("name", authorship.name.as_str());
    value.insert("version", authorship.version.as_str());
    let body = registered_body(&signed.statement, &signed.text, signed.key_id.as_deref());
    value.insert("record", Value::Object(body));
    let dict = plain::object(py, &value)?;
    dict.set_item("text", signed.text.as_slice())?;
    dict.set_item("signature", signed.signature.as_deref())?;
    Ok(dict)
}

fn order(model: PathBuf, asked: &Asked<'_, '_>) -> PyResult<Order> {
    let py = asked.py();
    let created_by = asked.text("created_by")?;
    let missing = || format_error(py, "created_by", "who makes the statement is needed");
    let key = asked.path("key")?;
    let format = asked.text("format")?;
    let wanted = match (key.is_some(), format.as_deref()) {
        (false, _) => Wanted::Nothing,
        (true, None | Some("sealog")) => Wanted::Sealog,
        (true, Some("oms")) => Wanted::Oms,
        (true, Some(_)) => return Err(format_error(py, "format", "it is sealog or oms")),
    };
    let (certificate, chain) = (asked.path("certificate")?, asked.paths("chain")?);
    if certificate.is_some() && !matches!(wanted, Wanted::Oms) {
        let why = "only bundles hold certificates: format is to be oms";
        return Err(format_error(py, "certificate", why));
    }
    if certificate.is_none() && !chain.is_empty() {
        let why = "it stands above a certificate, and none is given";
        return Err(format_error(py, "chain", why));
    }
    let (shard_size, names) = shards(asked, &wanted)?;
    Ok(Order {
        model,
        out: asked.path("out")?,
        walk: asked.walk()?,
        algorithms: asked.algorithms()?,
        name: asked.text("name")?,
        version: asked
            .text("version")?
            .unwrap_or_else(|| "unstated".to_owned()),
        created_by: created_by.ok_or_else(missing)?,
        key: key.unwrap_or_default(),
        password: asked.bytes("password")?.map(Zeroizing::new),
        wanted,
        certificate,
        chain,
        shard_size,
        names,
    })
}

/// What bundles alone have: the size of shards, and names.
fn shards(asked: &Asked<'_, '_>, wanted: &Wanted) -> PyResult<(Option<NonZeroU64>, Names)> {
    let refuse = |name: &str, why: &str| format_error(asked.py(), name, why);
    let size = asked.number("shard_size")?;
    let reference = asked.flag("reference_names")?;
    for (name, given) in [
        ("shard_size", size.is_some()),
        ("reference_names", reference),
    ] {
        if given && !matches!(wanted, Wanted::Oms) {
            return Err(refuse(name, "only bundles have it: format is to be oms"));
        }
    }
    let shard = size.map(|size| {
        NonZeroU64::new(size).ok_or_else(|| refuse("shard_size", "it is 1 byte or more"))
    });
    let names = if reference {
        Names::Reference
    } else {
        Names::Specification
    };
    Ok((shard.transpose()?, names))
}

impl Order {
    fn sign(&mut self) -> Result<Signed, Error> {
        // The key first: nobody waits for the hashing of a large model to learn that the password is wrong.
        let key = match self.wanted {
            Wanted::Nothing => None,
            Wanted::Sealog | Wanted::Oms => {
                let password = self.password.as_deref().map(Vec::as_slice);
                Some(PrivateKey::read(&self.key, password)?)
            }
        };
        let chain = self.signing_chain(key.as_ref())?;
        self.leave_out_own()?;
        // From before anything is read: a file that changes meanwhile counts as changed after the statement, which is
        // what whoever reuses its digests relies on.
        let created_at = SystemClock.now().format_micros();
        let options = DigestOptions::new(&self.algorithms);
        let (manifest, set) = Manifest::of(&self.model, &self.walk, &options)?;
        let name = self.name.clone();
        let authorship = Authorship {
            name: name.unwrap_or_else(|| set.name().to_owned()),
            version: self.version.clone(),
            created_by: self.created_by.clone(),
            created_at,
        };
        let statement = Statement::new(authorship, manifest, &set)?;
        let mut signed = Signed {
            text: statement.to_canonical(),
            key_id: key.as_ref().map(|key| key.public().key_id()),
            signature: None,
            statement,
            set,
        };
        if let Some(key) = key {
            self.sign_with(&key, chain.as_ref(), &mut signed)?;
        }
        self.write(&signed)?;
        Ok(signed)
    }

    fn signing_chain(&self, key: Option<&PrivateKey>) -> Result<Option<SigningChain>, Error> {
        let (Some(leaf), Some(key)) = (&self.certificate, key) else {
            return Ok(None);
        };
        let now = SystemClock.now();
        SigningChain::read(leaf, &self.chain, key.public(), now).map(Some)
    }

    fn leave_out_own(&mut self) -> Result<(), Error> {
        let Some(out) = &self.out else {
            return Ok(());
        };
        if out.exists() {
            return Err(Error::Exists { path: out.clone() });
        }
        let own = [out.clone(), signature_path(out)];
        for path in own.iter().filter_map(|file| inside(&self.model, file)) {
            self.walk.ignore.add_own(path);
        }
        Ok(())
    }

    fn sign_with(
        &self,
        key: &PrivateKey,
        chain: Option<&SigningChain>,
        signed: &mut Signed,
    ) -> Result<(), Error> {
        if let Wanted::Oms = self.wanted {
            let manifest = signed.statement.manifest();
            let options = OmsOptions {
                chain,
                shard_size: self.shard_size,
                names: self.names,
                ..OmsOptions::new(oms_hash(manifest))
            };
            signed.text = sign_oms(manifest, &signed.set, &self.walk.ignore, key, &options)?;
        } else {
            signed.signature = Some(sign_statement(&signed.statement, key)?);
        }
        Ok(())
    }

    fn write(&self, signed: &Signed) -> Result<(), Error> {
        let Some(out) = &self.out else {
            return Ok(());
        };
        if let Some(signature) = &signed.signature {
            write_new(&signature_path(out), signature)?;
        }
        write_new(out, &signed.text)
    }
}

/// How a model, or a newer manifest, differs from a manifest.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "what Python gives is owned")]
pub(crate) fn model_diff(py: Python<'_>, old: PathBuf, new: PathBuf) -> PyResult<Bound<'_, PyAny>> {
    let options = DigestOptions::new(&[]);
    let changes = py.detach(|| differences(&old, &new, &options));
    let changes = changes.map_err(|error| model_error(py, &error))?;
    plain::value(py, &changes_json(&changes))
}
