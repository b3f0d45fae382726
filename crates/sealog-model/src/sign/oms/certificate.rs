//! Certificates: read from PEM and from bundles, and held against the roots that a user brings.
//!
//! Paths are built and their signatures, validity and CA constraints verified by `webpki`; what it leaves open is
//! checked here: uses of the leaf, uses of the authorities, and the root itself. **What is absent**: revocation (a
//! bundle brings none, and nothing is fetched), and the roots of the operating system.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use sealog_core::Hash;
use sealog_core::time::Timestamp;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage as Purpose, VerifiedPath};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName, SubjectKeyIdentifier,
};

use crate::Error;
use crate::keys::{PublicKey, read, unusable};
use crate::limits::{CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX, ROOTS_MAX};

const WHAT: &str = "the certificate";
/// 1.3.6.1.5.5.7.3.3 as DER writes it, without tag and length.
pub(super) const CODE_SIGNING_DER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 3];
const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
/// 1.3.6.1.5.5.7.3.8 as DER writes it, without tag and length.
pub(super) const TIME_STAMPING_DER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 8];
const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

/// One certificate: its bytes, and what they say. That one can be read says nothing about whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    der: CertificateDer<'static>,
    parsed: x509_cert::Certificate,
}

impl Certificate {
    /// Reads DER of at most [`CERTIFICATE_BYTES_MAX`] bytes.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, Error> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(Error::malformed(WHAT, "it is too long"));
        }
        let parsed = x509_cert::Certificate::from_der(der)
            .map_err(|error| Error::malformed(WHAT, format!("it is no DER of X.509: {error}")))?;
        Ok(Self {
            der: CertificateDer::from(der.to_vec()),
            parsed,
        })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its subject, as RFC 4514 writes it.
    pub(super) fn subject(&self) -> String {
        self.parsed.tbs_certificate().subject().to_string()
    }

    /// Its key: of a kind that is read.
    pub(super) fn public_key(&self) -> Result<PublicKey, Error> {
        let info = self.parsed.tbs_certificate().subject_public_key_info();
        let key = info.to_der().ok().and_then(|der| PublicKey::from_der(&der));
        key.ok_or_else(|| Error::malformed(WHAT, "its key is of no kind that is read"))
    }

    /// From when to when it is valid, both inclusive, in seconds since 1970.
    fn validity(&self) -> (u64, u64) {
        let validity = self.parsed.tbs_certificate().validity();
        let seconds = |time: &x509_cert::time::Time| time.to_unix_duration().as_secs();
        (seconds(&validity.not_before), seconds(&validity.not_after))
    }

    pub(super) fn hold_valid(&self, which: &str, at: u64) -> Result<(), Error> {
        let (from, to) = self.validity();
        if at < from {
            return Err(refuted(format!("{which} is not valid yet")));
        }
        if at > to {
            return Err(refuted(format!("{which} has expired")));
        }
        Ok(())
    }

    pub(super) fn extension<'a, T>(&'a self) -> Result<Option<T>, Error>
    where
        T: Decode<'a> + x509_cert::der::oid::AssociatedOid,
        T::Error: std::fmt::Display,
    {
        let found = self.weighed_extension::<T>()?;
        Ok(found.map(|(_, value)| value))
    }

    /// An extension, and whether it is critical.
    fn weighed_extension<'a, T>(&'a self) -> Result<Option<(bool, T)>, Error>
    where
        T: Decode<'a> + x509_cert::der::oid::AssociatedOid,
        T::Error: std::fmt::Display,
    {
        let found = self.parsed.tbs_certificate().get_extension::<T>();
        found.map_err(|_| Error::malformed(WHAT, "an extension is no DER, or twice"))
    }

    /// What stands in the extension of this number: DER, or whatever its authority put there.
    pub(super) fn extension_bytes(&self, id: &str) -> Result<Option<&[u8]>, Error> {
        let all = self.parsed.tbs_certificate().extensions();
        let mut found = all
            .into_iter()
            .flatten()
            .filter(|extension| extension.extn_id.to_string() == id);
        match (found.next(), found.next()) {
            (first, None) => Ok(first.map(|extension| extension.extn_value.as_bytes())),
            (_, Some(_)) => Err(Error::malformed(WHAT, "an extension is there twice")),
        }
    }

    /// SHA-256 of its `SubjectPublicKeyInfo`.
    pub(super) fn key_hash(&self) -> Result<Hash, Error> {
        let info = self.parsed.tbs_certificate().subject_public_key_info();
        let der = info.to_der();
        let der = der.map_err(|_| Error::malformed(WHAT, "its key is no DER"))?;
        Ok(Hash::of(&[&der]))
    }

    /// Its issuer's name and its number, both in DER: what CMS knows it by.
    pub(super) fn issuer_and_serial(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let own = self.parsed.tbs_certificate();
        Some((
            own.issuer().to_der().ok()?,
            own.serial_number().to_der().ok()?,
        ))
    }

    /// The id that it gives its key, if it does.
    pub(super) fn key_identifier(&self) -> Option<Vec<u8>> {
        let id = self.extension::<SubjectKeyIdentifier>().ok()??;
        Some(id.0.into_bytes().into())
    }

    /// Whether it is a name of its subject.
    pub(super) fn is_called(&self, name: &GeneralName) -> bool {
        let own = self.parsed.tbs_certificate().subject();
        if matches!(name, GeneralName::DirectoryName(name) if name == own) {
            return true;
        }
        let names = self.extension::<SubjectAltName>().ok().flatten();
        names.is_some_and(|names| names.0.contains(name))
    }

    /// Whether it says that it is that of an authority over others.
    pub(super) fn is_authority(&self) -> Result<bool, Error> {
        let constraints = self.extension::<BasicConstraints>()?;
        Ok(constraints.is_some_and(|constraints| constraints.ca))
    }

    /// Whether a certificate names this one's subject as its issuer. That it was signed by it is not said.
    fn is_issuer_of(&self, other: &Self) -> bool {
        self.parsed.tbs_certificate().subject() == other.parsed.tbs_certificate().issuer()
    }

    /// A leaf has to be for signing code. The reference is content with a `keyUsage` of digital signatures; the
    /// specification is not.
    pub(super) fn hold_signs_code(&self) -> Result<(), Error> {
        let usage = self.extension::<KeyUsage>()?;
        if usage.is_some_and(|usage| !usage.digital_signature()) {
            return Err(refuted("its certificate is not for digital signatures"));
        }
        let extended = self.extension::<ExtendedKeyUsage>()?;
        let named =
            |usage: &ExtendedKeyUsage| usage.0.iter().any(|id| id.to_string() == CODE_SIGNING);
        if extended.as_ref().is_some_and(named) {
            Ok(())
        } else {
            Err(refuted("its certificate is not for signing code"))
        }
    }

    /// An authority of timestamps is for nothing else, and says so in a way that has to be heeded (RFC 3161 section
    /// 2.3).
    pub(super) fn hold_stamps_times(&self) -> Result<(), Error> {
        let usage = self.extension::<KeyUsage>()?;
        if usage.is_some_and(|usage| !usage.digital_signature() && !usage.non_repudiation()) {
            return Err(refuted("its certificate is not for digital signatures"));
        }
        let is_alone = |usage: &ExtendedKeyUsage| {
            let mut uses = usage.0.iter().map(ToString::to_string);
            uses.next().as_deref() == Some(TIME_STAMPING) && uses.next().is_none()
        };
        match self.weighed_extension::<ExtendedKeyUsage>()? {
            Some((true, usage)) if is_alone(&usage) => Ok(()),
            Some((false, usage)) if is_alone(&usage) => Err(refuted(
                "its certificate does not demand that its use is heeded",
            )),
            _ => Err(refuted("its certificate is not for timestamps alone")),
        }
    }

    /// An authority has to say that it is one, and may have to stay above so many others.
    fn hold_authority(&self, which: &str, below: usize) -> Result<(), Error> {
        let constraints = self.extension::<BasicConstraints>()?;
        let Some(constraints) = constraints.filter(|constraints| constraints.ca) else {
            return Err(refuted(format!("{which} is not that of an authority")));
        };
        let most = constraints.path_len_constraint.map(usize::from);
        if most.is_some_and(|most| below > most) {
            return Err(refuted(format!("{which} may not have so many below it")));
        }
        let usage = self.extension::<KeyUsage>()?;
        if usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(refuted(format!("{which} may not sign certificates")));
        }
        Ok(())
    }
}

/// Why a signature would not hold, as the reason why a file cannot be signed with.
fn reworded(path: &Path, error: &Error) -> Error {
    match error {
        Error::Signature { why } => unusable(path, why.clone()),
        other => unusable(path, other.to_string()),
    }
}

/// Seconds since 1970.
pub(super) fn unix(at: Timestamp) -> Result<u64, Error> {
    u64::try_from(at.seconds())
        .map_err(|_| Error::malformed("the verification time", "it is before 1970"))
}

pub(super) fn refuted(why: impl Into<String>) -> Error {
    Error::Signature { why: why.into() }
}

/// Reads the certificates of a PEM file; refuses one without any, and other things in it.
fn read_pem(path: &Path, most: usize) -> Result<Vec<Certificate>, Error> {
    let text = read(path)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(unusable(
            path,
            "it holds a private key; give certificates alone",
        ));
    }
    let mut found = Vec::new();
    for der in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let der = der.map_err(|_| unusable(path, "it is no PEM"))?;
        let certificate = Certificate::from_der(&der);
        found.push(certificate.map_err(|error| unusable(path, error.to_string()))?);
        if found.len() > most {
            return Err(unusable(
                path,
                format!("it holds more than {most} certificates"),
            ));
        }
    }
    if found.is_empty() {
        return Err(unusable(path, "it holds no certificate in PEM"));
    }
    Ok(found)
}

/// The certificates that a user trusts: roots, or the very certificate of a signer.
#[derive(Debug, Clone)]
pub struct CertificateRoots {
    roots: Vec<Certificate>,
}

impl CertificateRoots {
    /// Reads PEM files with at most [`ROOTS_MAX`] certificates in all.
    pub fn read(paths: &[PathBuf]) -> Result<Self, Error> {
        let mut roots = Vec::new();
        for path in paths {
            roots.extend(read_pem(path, ROOTS_MAX)?);
            if roots.len() > ROOTS_MAX {
                return Err(unusable(path, "there are too many roots"));
            }
        }
        Self::new(roots)
    }

    pub(super) fn new(roots: Vec<Certificate>) -> Result<Self, Error> {
        if roots.is_empty() {
            return Err(Error::malformed("the list of roots", "it is empty"));
        }
        Ok(Self { roots })
    }

    pub(super) fn contains(&self, certificate: &Certificate) -> bool {
        self.roots.contains(certificate)
    }

    /// Holds a chain, leaf first, against the roots at a time, and returns the leaf's key.
    pub(super) fn verify(&self, chain: &[Certificate], at: Timestamp) -> Result<PublicKey, Error> {
        let Some((leaf, above)) = chain.split_first() else {
            return Err(Error::malformed(WHAT, "the chain is empty"));
        };
        let seconds = unix(at)?;
        leaf.hold_signs_code()?;
        let key = leaf.public_key()?;
        if self.roots.iter().any(|root| root.der == leaf.der) {
            // The very certificate was brought: there is no path, and nothing in between to be trusted.
            leaf.hold_valid("its certificate", seconds)?;
            return Ok(key);
        }
        self.verify_path(leaf, above, seconds, CODE_SIGNING_DER)?;
        Ok(key)
    }

    /// Holds the path of a leaf, for a purpose, and returns the certificate that issued it.
    pub(super) fn verify_path<'a>(
        &'a self,
        leaf: &Certificate,
        above: &'a [Certificate],
        at: u64,
        purpose: &'static [u8],
    ) -> Result<&'a Certificate, Error> {
        let anchors: Vec<TrustAnchor<'_>> = self
            .roots
            .iter()
            .map(|root| webpki::anchor_from_trusted_cert(&root.der))
            .collect::<Result<_, _>>()
            .map_err(|_| Error::malformed("a root that was given", "it is no X.509 v3"))?;
        let between: Vec<CertificateDer<'_>> = above.iter().map(|one| one.der.clone()).collect();
        let entity = EndEntityCert::try_from(&leaf.der).map_err(refusal)?;
        let time = UnixTime::since_unix_epoch(Duration::from_secs(at));
        // Authorities without a list of uses may certify any; the leaf's own is demanded above.
        let purpose = Purpose::required_if_present(purpose);
        let path = entity
            .verify_for_usage(
                ALL_VERIFICATION_ALGS,
                &anchors,
                &between,
                time,
                purpose,
                None,
                None,
            )
            .map_err(refusal)?;
        let mut below = 0;
        let mut issuer = None;
        for one in path.intermediate_certificates() {
            let der = one.der();
            let found = above
                .iter()
                .find(|other| other.der.as_ref() == der.as_ref());
            let found = found.ok_or_else(|| refuted("its chain holds another certificate"))?;
            found.hold_authority("a certificate between", below)?;
            issuer = issuer.or(Some(found));
            below += 1;
        }
        let root = self.hold_root(&anchors, &path, below, at)?;
        Ok(issuer.unwrap_or(root))
    }

    /// What the path ends in was trusted by its name and key alone: one of the roots with these has to hold itself.
    fn hold_root(
        &self,
        anchors: &[TrustAnchor<'_>],
        path: &VerifiedPath<'_>,
        below: usize,
        at: u64,
    ) -> Result<&Certificate, Error> {
        let mut last = Err(refuted("no root that was given is at its end"));
        for (root, anchor) in self.roots.iter().zip(anchors) {
            if anchor != path.anchor() {
                continue;
            }
            let held = root.hold_valid("the root", at);
            let held = held.and_then(|()| root.hold_authority("the root", below));
            last = held.map(|()| root);
            if last.is_ok() {
                return last;
            }
        }
        last
    }
}

/// The words for what `webpki` refuses.
fn refusal(error: webpki::Error) -> Error {
    use webpki::Error as Below;
    match error {
        Below::BadDer | Below::BadDerTime | Below::TrailingData(_) => {
            Error::malformed(WHAT, "it is no DER of X.509 v3")
        }
        Below::CertExpired { .. } => refuted("a certificate of its chain has expired"),
        Below::CertNotValidYet { .. } => refuted("a certificate of its chain is not valid yet"),
        Below::UnknownIssuer => refuted("its chain leads to no root that was given"),
        Below::CaUsedAsEndEntity => refuted("its first certificate is that of an authority"),
        Below::EndEntityUsedAsCa => refuted("a certificate between is not that of an authority"),
        Below::PathLenConstraintViolated => {
            refuted("an authority may not have so many others below it")
        }
        Below::RequiredEkuNotFoundContext(_) => {
            refuted("a certificate of its chain is not for this use")
        }
        Below::MaximumPathDepthExceeded
        | Below::MaximumPathBuildCallsExceeded
        | Below::MaximumSignatureChecksExceeded
        | Below::MaximumNameConstraintComparisonsExceeded => {
            Error::malformed(WHAT, format!("its chain takes too much work: {error}"))
        }
        other => refuted(format!("its chain does not hold: {other}")),
    }
}

/// The certificates that a signer puts into a bundle.
#[derive(Debug, Clone)]
pub struct SigningChain {
    pub(super) certificates: Vec<Certificate>,
}

impl SigningChain {
    /// Reads the leaf's PEM file, which may hold what stands above it too, and further ones in order. Whether a root is
    /// above all of them, whoever verifies decides.
    ///
    /// # Errors
    /// [`Error::Key`] if the leaf is not that of the key, is not for signing code or not valid at `at`, if one does not
    /// name the next as its issuer, or there are more than [`CHAIN_CERTIFICATES_MAX`].
    pub fn read(
        leaf: &Path,
        above: &[PathBuf],
        key: &PublicKey,
        at: Timestamp,
    ) -> Result<Self, Error> {
        let mut certificates = read_pem(leaf, CHAIN_CERTIFICATES_MAX)?;
        for path in above {
            certificates.extend(read_pem(path, CHAIN_CERTIFICATES_MAX)?);
        }
        if certificates.len() > CHAIN_CERTIFICATES_MAX {
            let why = format!("its chain is longer than {CHAIN_CERTIFICATES_MAX} certificates");
            return Err(unusable(leaf, why));
        }
        let chain = Self { certificates };
        chain.hold_of(key).map_err(|error| reworded(leaf, &error))?;
        if let Some(first) = chain.certificates.first() {
            let seconds = unix(at)?;
            let held = first.hold_signs_code();
            let held = held.and_then(|()| first.hold_valid("its certificate", seconds));
            held.map_err(|error| reworded(leaf, &error))?;
        }
        let mut steps = chain.certificates.windows(2);
        if !steps.all(|step| matches!(step, [below, above] if above.is_issuer_of(below))) {
            return Err(unusable(
                leaf,
                "a certificate of its chain was not issued by the next one: give them in order, leaf first",
            ));
        }
        Ok(chain)
    }

    /// Fails unless the leaf is that of a key.
    pub(super) fn hold_of(&self, key: &PublicKey) -> Result<(), Error> {
        let own = self.certificates.first().map(Certificate::public_key);
        if own.is_some_and(|own| own.is_ok_and(|own| own == *key)) {
            Ok(())
        } else {
            Err(refuted("it is the certificate of another key"))
        }
    }

    pub(super) fn ders(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(Certificate::der)
    }
}
