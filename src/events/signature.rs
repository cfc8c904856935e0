//! Standard Webhooks (github.com/standard-webhooks/standard-webhooks, the specification of 2023-12): how a receiver knows
//! that a request is ours and that it is whole.
//!
//! What is signed is `id.timestamp.body`: by HMAC-SHA-256 (`v1`) with a secret that both sides have (`whsec_…`), or by Ed25519
//! (`v1a`) with a key of ours (`whsk_…`) whose public half (`whpk_…`) the receiver has.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::Sha256;

/// What a shared secret begins with.
const SHARED: &str = "whsec_";

/// What a private key begins with.
const PRIVATE: &str = "whsk_";

/// What a public key begins with.
const PUBLIC: &str = "whpk_";

/// How long (bytes) a shared secret may be.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// A text is no secret to sign with. It is not repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no signing secret: whsec_ and 24 to 64 bytes as base64, or whsk_ and an Ed25519 key as base64"
)]
pub struct NoSecret;

/// What events are signed with for one endpoint.
pub struct Secret(Key);

enum Key {
    Shared(Hmac<Sha256>),
    Private(Ed25519KeyPair),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(••••)")
    }
}

impl Secret {
    /// Reads a secret as it is written.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn read(text: &str) -> Result<Self, NoSecret> {
        let bytes = |base64: &str| BASE64.decode(base64).map(zeroize::Zeroizing::new);
        if let Some(shared) = text.strip_prefix(SHARED) {
            let key = bytes(shared).map_err(|_| NoSecret)?;
            if !LENGTHS.contains(&key.len()) {
                return Err(NoSecret);
            }
            let mac = Hmac::new_from_slice(&key).expect("HMAC takes a key of any length");
            return Ok(Self(Key::Shared(mac)));
        }
        let private = text.strip_prefix(PRIVATE).ok_or(NoSecret)?;
        let key = bytes(private).map_err(|_| NoSecret)?;
        let pair = match key.len() {
            32 => Ed25519KeyPair::from_seed_unchecked(&key),
            64 => Ed25519KeyPair::from_seed_and_public_key(&key[..32], &key[32..]),
            _ => return Err(NoSecret),
        };
        Ok(Self(Key::Private(pair.map_err(|_| NoSecret)?)))
    }

    /// The public half (`whpk_…`), which receivers verify by; `None` of a shared secret.
    pub fn public(&self) -> Option<String> {
        match &self.0 {
            Key::Shared(_) => None,
            Key::Private(pair) => {
                let public = pair.public_key();
                Some(format!("{PUBLIC}{}", BASE64.encode(public.as_ref())))
            }
        }
    }

    /// The signature of one message, as it stands in `webhook-signature`; the timestamp is in seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &str) -> String {
        let parts = [id, ".", &timestamp.to_string(), ".", body];
        match &self.0 {
            Key::Shared(mac) => {
                let mut mac = mac.clone();
                for part in parts {
                    mac.update(part.as_bytes());
                }
                format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
            }
            Key::Private(pair) => {
                let signature = pair.sign(parts.concat().as_bytes());
                format!("v1a,{}", BASE64.encode(signature.as_ref()))
            }
        }
    }
}

#[cfg(test)]
mod tests;
