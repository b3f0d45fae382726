//! Wrapping data keys: what a key store holds of them is of no use without the key-encryption key.

use std::fmt;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use sealog_core::commitment::derive;
use sealog_core::hash::push_hex;
use zeroize::Zeroizing;

use crate::Error;

/// What the derivation of the key that wraps begins with.
const WRAP_KEY: &[u8] = b"sealog/wrap-key/v1\0";
/// What the derivation of the nonce begins with.
const WRAP_NONCE: &[u8] = b"sealog/wrap-nonce/v1\0";
/// Bytes of a nonce.
const NONCE_BYTES: usize = 12;

/// Encrypts data keys: a key in a file, or one that a service keeps.
///
/// `context` says what the wrapped bytes are for; they unwrap under no other. Both calls may wait for a service, while
/// other threads and processes wait for the key store. What is wrapped has 16 bytes to 16 KiB. A wrapper keeps nothing
/// of the keys: what it kept, an erasure would not destroy.
pub trait KeyWrapper: fmt::Debug + Send + Sync {
    /// Which key this is: 1 to 200 printable characters of ASCII, the same for ever. It is stored with what it wrapped.
    fn id(&self) -> &str;

    /// Wraps a key.
    ///
    /// # Errors
    /// [`Error::Wrapper`] with what the service said.
    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, Error>;

    /// Unwraps it again.
    ///
    /// # Errors
    /// [`Error::Wrapper`]: another key, another context, changed bytes, or a service that does not answer.
    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error>;
}

/// A key-encryption key that is at hand: AES-256-GCM.
pub struct LocalWrapper {
    id: String,
    key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for LocalWrapper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalWrapper({})", self.id)
    }
}

impl LocalWrapper {
    /// Takes 32 random bytes. Its id is made from them and says nothing about them. The caller erases its own copy.
    pub fn new(key: [u8; 32]) -> Self {
        let key = Zeroizing::new(key);
        let named = derive(&key, &[b"sealog/wrap-id/v1\0"]);
        let mut id = String::from("kek-");
        push_hex(&mut id, named.first_chunk::<8>().unwrap_or(&[0; 8]));
        Self { id, key }
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new((&*derive(&self.key, &[WRAP_KEY])).into())
    }
}

fn refused(why: &str) -> Error {
    Error::Wrapper {
        why: why.to_owned(),
    }
}

impl KeyWrapper for LocalWrapper {
    fn id(&self) -> &str {
        &self.id
    }

    fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, Error> {
        // Made from key and context: the same pair gives the same bytes, and no nonce serves twice.
        let nonce = derive(&self.key, &[WRAP_NONCE, key, context]);
        let nonce: [u8; NONCE_BYTES] = nonce.first_chunk().copied().unwrap_or_default();
        let payload = Payload {
            msg: key,
            aad: context,
        };
        let sealed = self.cipher().encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| refused("the cipher refused"))?;
        Ok([&nonce, sealed.as_slice()].concat())
    }

    fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let (nonce, sealed) = wrapped
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(|| refused("it is too short to be a wrapped key"))?;
        let payload = Payload {
            msg: sealed,
            aad: context,
        };
        let opened = self.cipher().decrypt(&Nonce::from(*nonce), payload);
        let opened = opened.map(Zeroizing::new).map_err(|_| {
            refused("it was wrapped by another key, for another purpose, or was changed")
        })?;
        let key: [u8; 32] = opened
            .as_slice()
            .try_into()
            .map_err(|_| refused("it does not hold a key of 32 bytes"))?;
        Ok(Zeroizing::new(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_comes_back_under_the_same_key_and_context_alone() {
        let kek = LocalWrapper::new([1; 32]);
        let wrapped = kek.wrap(&[2; 32], b"one").unwrap();
        assert_eq!(*kek.unwrap(&wrapped, b"one").unwrap(), [2; 32]);
        assert!(kek.unwrap(&wrapped, b"two").is_err());
        assert!(LocalWrapper::new([3; 32]).unwrap(&wrapped, b"one").is_err());
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(kek.unwrap(&changed, b"one").is_err(), "byte {at}");
        }
        for short in 0..wrapped.len() {
            assert!(kek.unwrap(&wrapped[..short], b"one").is_err());
        }
        assert!(!wrapped.windows(4).any(|window| window == [2; 4]));
    }

    #[test]
    fn its_id_is_stable_and_shows_nothing_of_the_key() {
        let kek = LocalWrapper::new([7; 32]);
        assert_eq!(kek.id(), LocalWrapper::new([7; 32]).id());
        assert_ne!(kek.id(), LocalWrapper::new([8; 32]).id());
        assert_eq!(kek.id().len(), 20);
        assert!(!format!("{kek:?}").contains("0707"));
    }
}
