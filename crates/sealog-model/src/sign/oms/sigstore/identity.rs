//! Who signed, and who says so: what Fulcio writes into a certificate.

use x509_cert::der::Decode;
use x509_cert::der::asn1::Utf8StringRef;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::super::certificate::{Certificate, refuted};
use super::bad;
use crate::Error;
use crate::limits::IDENTITY_BYTES_MAX;

/// The provider as DER of a UTF-8 string.
const PROVIDER: &str = "1.3.6.1.4.1.57264.1.8";
/// The provider as bare bytes, as older authorities write it.
const PROVIDER_BARE: &str = "1.3.6.1.4.1.57264.1.1";

/// Whom a user trusts to have signed: an identity, and the provider that knows it. Both are compared byte by byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigstoreSigner {
    identity: String,
    provider: String,
}

impl SigstoreSigner {
    /// An e-mail address or URI, and the URL of the provider of identities.
    ///
    /// # Errors
    /// [`Error::Malformed`] if one is empty or has more than [`IDENTITY_BYTES_MAX`] bytes.
    pub fn new(identity: &str, provider: &str) -> Result<Self, Error> {
        for (what, text) in [
            ("the identity", identity),
            ("the identity provider", provider),
        ] {
            if text.is_empty() || text.len() > IDENTITY_BYTES_MAX {
                let why = format!("it does not have 1 to {IDENTITY_BYTES_MAX} bytes");
                return Err(Error::malformed(what, why));
            }
        }
        Ok(Self {
            identity: identity.to_owned(),
            provider: provider.to_owned(),
        })
    }

    /// The identity.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Who says that it is.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// Fails unless a certificate names this identity alone, and this provider.
    pub(super) fn hold(&self, leaf: &Certificate) -> Result<(), Error> {
        let names = leaf.extension::<SubjectAltName>()?;
        let names = names.as_ref().map(|names| names.0.as_slice());
        let Some([name]) = names else {
            return Err(refuted(
                "its certificate does not name exactly one identity",
            ));
        };
        let found = match name {
            GeneralName::Rfc822Name(text) | GeneralName::UniformResourceIdentifier(text) => {
                text.as_str()
            }
            _ => {
                return Err(refuted(
                    "its certificate names no e-mail address and no URI",
                ));
            }
        };
        if found != self.identity {
            return Err(Error::NotExpected {
                what: "the identity of the signer",
                expected: self.identity.clone(),
                found: found.to_owned(),
            });
        }
        self.hold_provider(leaf)
    }

    fn hold_provider(&self, leaf: &Certificate) -> Result<(), Error> {
        let own = leaf.extension_bytes(PROVIDER)?;
        let own = own.map(|der| Utf8StringRef::from_der(der).map(|text| text.as_str()));
        let own = own.transpose();
        let own = own.map_err(|_| bad("the provider in its certificate is no text"))?;
        let bare = leaf
            .extension_bytes(PROVIDER_BARE)?
            .map(std::str::from_utf8);
        let bare = bare.transpose();
        let bare = bare.map_err(|_| bad("the provider in its certificate is no text"))?;
        if own.is_none() && bare.is_none() {
            return Err(refuted("its certificate names no identity provider"));
        }
        // Where both stand, both have to say it: nobody is to choose between them.
        match [own, bare]
            .into_iter()
            .flatten()
            .find(|found| *found != self.provider)
        {
            None => Ok(()),
            Some(found) => Err(Error::NotExpected {
                what: "the identity provider",
                expected: self.provider.clone(),
                found: found.to_owned(),
            }),
        }
    }
}
