//! What is private is encrypted before it is stored, and numbers are found by a keyed index.
//!
//! Encryption is XChaCha20-Poly1305 with a nonce that never comes twice; the row that a text belongs to is bound to it, so that a
//! ciphertext moved to another row does not open. The index is HMAC-SHA-256 with a key of its own: without the key,
//! nobody can try all the phone numbers of a country against it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chacha20poly1305::aead::{Aead, AeadInOut, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a nonce.
const NONCE: usize = 24;

/// How much longer a sealed text is: key number, nonce, tag.
const OVERHEAD: usize = 1 + NONCE + 16;

/// Which key a text is encrypted with: the first byte of every sealed text. A later version rotates keys.
const KEY_NUMBER: u8 = 1;

/// The two keys, 32 bytes each. They are wiped from memory when they are dropped.
#[derive(Clone)]
pub struct Keys {
    /// What texts are encrypted with.
    pub data: Zeroizing<[u8; 32]>,
    /// What the index of numbers is made with.
    pub index: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// New keys from the system's source of randomness.
    pub fn generate() -> Self {
        let key = || Zeroizing::new(chacha20poly1305::Key::generate().into());
        Self {
            data: key(),
            index: key(),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(••••)")
    }
}

/// Seals and opens what is stored.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    index: Hmac<Sha256>,
    nonces: Arc<Nonces>,
}

/// Nonces, each of them once: 16 random bytes of this vault, then a count. To ask the system for 24 random bytes each
/// time would cost a system call a text.
struct Nonces {
    vault: [u8; NONCE - 8],
    used: AtomicU64,
}

impl Nonces {
    fn new() -> Self {
        let random: [u8; NONCE] = XNonce::generate().into();
        let (vault, _) = random.split_first_chunk().expect("24 bytes begin with 16");
        Self {
            vault: *vault,
            used: AtomicU64::new(0),
        }
    }

    fn next(&self) -> [u8; NONCE] {
        let mut nonce = [0; NONCE];
        let (vault, count) = nonce.split_at_mut(self.vault.len());
        vault.copy_from_slice(&self.vault);
        count.copy_from_slice(&self.used.fetch_add(1, Ordering::Relaxed).to_le_bytes());
        nonce
    }
}

/// The row that a sealed text belongs to: a table's name and the row's identity in it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The table, or the column when a row holds several sealed texts.
    pub table: &'a str,
    /// What tells the row from the others: an id, a sequence number in big-endian.
    pub row: &'a [u8],
}

/// A sealed text does not open: another key, another row, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an encrypted text does not open with this key and in this row")]
pub struct DoesNotOpen;

impl Vault {
    /// A vault with these keys.
    pub fn new(keys: &Keys) -> Self {
        let index =
            Hmac::new_from_slice(keys.index.as_slice()).expect("HMAC takes a key of any length");
        Self {
            cipher: XChaCha20Poly1305::new(&(*keys.data).into()),
            index,
            nonces: Arc::new(Nonces::new()),
        }
    }

    /// Encrypts `text` for `place`: key number, nonce, ciphertext with its tag (41 bytes more than the text).
    pub fn seal(&self, place: Place<'_>, text: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(text.len() + OVERHEAD);
        self.seal_onto(place, text, &mut sealed);
        sealed
    }

    /// Adds to `sealed` what [`seal`](Self::seal) gives.
    pub fn seal_onto(&self, place: Place<'_>, text: &[u8], sealed: &mut Vec<u8>) {
        let nonce = self.nonces.next();
        sealed.push(KEY_NUMBER);
        sealed.extend_from_slice(&nonce);
        let begins = sealed.len();
        sealed.extend_from_slice(text);
        let tag = self
            .cipher
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &place.bound(),
                sealed[begins..].as_mut().into(),
            )
            .expect("a text is far below the cipher's 256 GiB");
        sealed.extend_from_slice(&tag);
    }

    /// Decrypts what [`seal`](Self::seal) made for the same place.
    pub fn open(&self, place: Place<'_>, stored: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (&number, rest) = stored.split_first().ok_or(DoesNotOpen)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
        if number != KEY_NUMBER {
            return Err(DoesNotOpen);
        }
        let bound = place.bound();
        let payload = Payload {
            msg: sealed,
            aad: &bound,
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| DoesNotOpen)
    }

    /// What a number is found by: the first 16 bytes of the HMAC of its digits.
    pub fn index(&self, digits: &str) -> [u8; 16] {
        let mut mac = self.index.clone();
        mac.update(digits.as_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        *whole.first_chunk().expect("32 bytes begin with 16")
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(••••)")
    }
}

impl Place<'_> {
    /// Table and row, unambiguously in one.
    fn bound(&self) -> Vec<u8> {
        [self.table.as_bytes(), b"\0", self.row].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::{DoesNotOpen, Keys, Place, Vault};

    const HERE: Place<'_> = Place {
        table: "sessions",
        row: b"1",
    };

    #[test]
    fn what_is_sealed_opens_only_in_its_place_and_whole() {
        let vault = Vault::new(&Keys::generate());
        let sealed = vault.seal(HERE, b"+6591234567");
        assert_eq!(
            vault.open(HERE, &sealed).as_deref(),
            Ok(&b"+6591234567"[..])
        );
        assert!(!sealed.windows(8).any(|window| window == b"91234567"));

        for elsewhere in [
            Place { row: b"2", ..HERE },
            Place {
                table: "session",
                row: b"s1",
            },
        ] {
            assert_eq!(vault.open(elsewhere, &sealed), Err(DoesNotOpen));
        }
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert_eq!(vault.open(HERE, &damaged), Err(DoesNotOpen), "byte {at}");
            assert_eq!(
                vault.open(HERE, &sealed[..at]),
                Err(DoesNotOpen),
                "cut at {at}"
            );
        }
        let other = Vault::new(&Keys::generate());
        assert_eq!(other.open(HERE, &sealed), Err(DoesNotOpen));
    }

    #[test]
    fn no_two_sealed_texts_are_alike_but_every_index_is() {
        let keys = Keys::generate();
        let (vault, again) = (Vault::new(&keys), Vault::new(&keys));
        assert_ne!(vault.seal(HERE, b"same"), vault.seal(HERE, b"same"));
        assert_eq!(vault.index("6591234567"), again.index("6591234567"));
        assert_ne!(vault.index("6591234567"), vault.index("6591234568"));
        assert_ne!(
            vault.index("6591234567"),
            Vault::new(&Keys::generate()).index("6591234567")
        );
    }
}
