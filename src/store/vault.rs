//! What is private is encrypted before it is stored, and numbers are found by a keyed index.
//!
//! Encryption is XChaCha20-Poly1305 with a nonce that never comes twice; the row that a text belongs to is bound to it, so that a
//! ciphertext moved to another row does not open. Its first byte says by which key of the ring ([`ring`](super::ring)) it opens.
//!
//! What a number is found by is made in two steps. The first, [`index`](Vault::index), is HMAC-SHA-256 with a key that the
//! database has for life; nothing of it is stored as it is. What stands in a column, [`form`](Vault::form), is that encrypted by
//! AES-256 with a key of the ring: without it, nobody can try all the phone numbers of a country against a column, even if the first
//! key were known. So a column gets its form under a new key from the one that it has, and needs no text for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _};
use hmac::{Hmac, Mac};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::cipher::{Cipher, CipherKey, NONCE, TAG};

/// How much longer a sealed text is: key number, nonce, tag.
const OVERHEAD: usize = 1 + NONCE + TAG;

/// Which key of the ring: the first byte of every sealed text.
pub type KeyNumber = u8;

/// The number of a database's first key.
pub const FIRST: KeyNumber = 1;

/// The two keys that are configured, 32 bytes each. They are wiped from memory when they are dropped.
#[derive(Clone)]
pub struct Keys {
    /// What the ring is encrypted with, and was what its first key encrypts with.
    pub data: Zeroizing<[u8; 32]>,
    /// What the index of numbers is made with.
    pub index: Zeroizing<[u8; 32]>,
    /// The two that were configured before these, while the ring may still be encrypted with them.
    pub before: Option<Box<Keys>>,
}

impl Keys {
    /// New keys from the system's source of randomness.
    pub fn generate() -> Self {
        Self {
            data: new_key(),
            index: new_key(),
            before: None,
        }
    }
}

/// A new key from the system's source of randomness.
pub(super) fn new_key() -> Zeroizing<[u8; 32]> {
    Zeroizing::new(random())
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.expect("the system has a source of randomness");
    bytes
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(••••)")
    }
}

/// Seals and opens what is stored, with the keys of one moment.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<RingKeys>,
    nonces: Arc<Nonces>,
}

/// The keys of one moment.
pub(super) struct RingKeys {
    /// What new texts are sealed with; then the other one of a rotation, if there is one.
    keys: Vec<Key>,
    /// The first key, ready for the vault's nonces.
    sealing: Cipher,
    index: Hmac<Sha256>,
}

/// One key of the ring, ready for use.
pub(super) struct Key {
    number: KeyNumber,
    data: CipherKey,
    /// What columns are encrypted with; `None` where they stand as the index gives them, under a first key.
    columns: Option<Aes256>,
}

impl Key {
    pub(super) fn new(number: KeyNumber, data: &[u8; 32], columns: Option<&[u8; 32]>) -> Self {
        Self {
            number,
            data: CipherKey::new(data),
            columns: columns.map(|key| Aes256::new(key.into())),
        }
    }

    fn form(&self, index: [u8; 16]) -> [u8; 16] {
        let mut block = index.into();
        if let Some(columns) = &self.columns {
            columns.encrypt_block(&mut block);
        }
        block.into()
    }
}

/// Nonces, each of them once: 16 random bytes of this vault, then a count. To ask the system for 24 random bytes each
/// time would cost a system call a text, and another key of the cipher.
struct Nonces {
    vault: [u8; 16],
    used: AtomicU64,
}

impl Nonces {
    fn new() -> Self {
        Self {
            vault: random(),
            used: AtomicU64::new(0),
        }
    }

    /// The end of the next one.
    fn next(&self) -> [u8; 8] {
        self.used.fetch_add(1, Ordering::Relaxed).to_le_bytes()
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
    /// A vault whose only key, the first, is the one that is configured.
    pub fn new(keys: &Keys) -> Self {
        let first = Key::new(FIRST, &keys.data, None);
        Self::of(vec![first], &keys.index, Arc::new(Nonces::new()))
    }

    fn of(keys: Vec<Key>, index: &[u8; 32], nonces: Arc<Nonces>) -> Self {
        let index = Hmac::new_from_slice(index).expect("HMAC takes a key of any length");
        let first = keys.first().expect("a vault has a key");
        let sealing = first.data.under(&nonces.vault);
        Self {
            keys: Arc::new(RingKeys {
                keys,
                sealing,
                index,
            }),
            nonces,
        }
    }

    /// A vault with other keys and the same nonces; the first of `keys` is what is sealed with.
    pub(super) fn with(&self, keys: Vec<Key>, index: &[u8; 32]) -> Self {
        Self::of(keys, index, self.nonces.clone())
    }

    /// The number of the key that new texts are sealed with.
    pub fn number(&self) -> KeyNumber {
        self.now().number
    }

    /// Whether there is another key, which rows may still be under, or may be under already.
    pub fn is_rotating(&self) -> bool {
        self.keys.keys.len() > 1
    }

    /// The keys, by which it is seen whether anybody still works with them.
    pub(super) fn moment(&self) -> &Arc<RingKeys> {
        &self.keys
    }

    fn now(&self) -> &Key {
        self.keys.keys.first().expect("a vault has a key")
    }

    fn key(&self, number: KeyNumber) -> Result<&Key, DoesNotOpen> {
        let mut keys = self.keys.keys.iter();
        keys.find(|key| key.number == number).ok_or(DoesNotOpen)
    }

    /// Encrypts `text` for `place`: key number, nonce, ciphertext with its tag (41 bytes more than the text).
    pub fn seal(&self, place: Place<'_>, text: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(text.len() + OVERHEAD);
        self.seal_onto(place, text, &mut sealed);
        sealed
    }

    /// Adds to `sealed` what [`seal`](Self::seal) gives.
    pub fn seal_onto(&self, place: Place<'_>, text: &[u8], sealed: &mut Vec<u8>) {
        let end = self.nonces.next();
        sealed.push(self.number());
        sealed.extend_from_slice(&self.nonces.vault);
        sealed.extend_from_slice(&end);
        let begins = sealed.len();
        sealed.extend_from_slice(text);
        let cipher = &self.keys.sealing;
        let tag = cipher.encrypt(end, &place.bound(), &mut sealed[begins..]);
        sealed.extend_from_slice(&tag);
    }

    /// Decrypts what [`seal`](Self::seal) made for the same place, with whichever key of the ring.
    pub fn open(&self, place: Place<'_>, stored: &[u8]) -> Result<Vec<u8>, DoesNotOpen> {
        let (&number, rest) = stored.split_first().ok_or(DoesNotOpen)?;
        let (prefix, rest) = rest.split_first_chunk().ok_or(DoesNotOpen)?;
        let (end, sealed) = rest.split_first_chunk().ok_or(DoesNotOpen)?;
        let cipher = self.key(number)?.data.under(prefix);
        let text = cipher.decrypt(*end, &place.bound(), sealed);
        text.ok_or(DoesNotOpen)
    }

    /// Whether the key is there that a text was sealed with.
    pub fn has_key_of(&self, stored: &[u8]) -> bool {
        stored
            .first()
            .is_some_and(|number| self.key(*number).is_ok())
    }

    /// What a number is known by: the first 16 bytes of the HMAC of its digits. It is the same for good, and is stored in a
    /// [`form`](Self::form) only, or sealed.
    pub fn index(&self, digits: &str) -> [u8; 16] {
        let mut mac = self.keys.index.clone();
        mac.update(digits.as_bytes());
        let whole: [u8; 32] = mac.finalize().into_bytes().into();
        *whole.first_chunk().expect("32 bytes begin with 16")
    }

    /// An index as it is stored, under the key that new texts are sealed with.
    pub fn form(&self, index: [u8; 16]) -> [u8; 16] {
        self.now().form(index)
    }

    /// The ways in which an index may be stored: the [`form`](Self::form), and that under the other key; the same twice
    /// where there is none.
    pub fn forms(&self, index: [u8; 16]) -> [[u8; 16]; 2] {
        let last = self.keys.keys.last().expect("a vault has a key");
        [self.form(index), last.form(index)]
    }

    /// The index that was stored in this form, under the key of this number.
    pub fn index_of(&self, number: KeyNumber, form: &[u8]) -> Result<[u8; 16], DoesNotOpen> {
        let key = self.key(number)?;
        let mut block = <[u8; 16]>::try_from(form).map_err(|_| DoesNotOpen)?.into();
        if let Some(columns) = &key.columns {
            columns.decrypt_block(&mut block);
        }
        Ok(block.into())
    }

    /// The index that was stored in this form, in a row with this sealed text.
    pub fn index_beside(&self, sealed: &[u8], form: &[u8]) -> Result<[u8; 16], DoesNotOpen> {
        self.index_of(*sealed.first().ok_or(DoesNotOpen)?, form)
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
    use super::{DoesNotOpen, FIRST, Key, Keys, Place, Vault};

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

    #[test]
    fn a_text_and_a_column_are_known_under_both_keys_of_a_rotation() {
        let before = Vault::new(&Keys::generate());
        let index = before.index("6591234567");
        assert_eq!(before.form(index), index, "as earlier versions stored it");
        let keys = || {
            let first = Key::new(FIRST, &[1; 32], None);
            (first, Key::new(2, &[2; 32], Some(&[3; 32])))
        };
        let (first, second) = keys();
        let old = before.with(vec![first, second], &[9; 32]);
        let (first, second) = keys();
        let new = before.with(vec![second, first], &[9; 32]);
        let index = old.index("6591234567");
        assert_eq!(index, new.index("6591234567"));
        assert_ne!(old.form(index), new.form(index));
        assert_eq!(old.forms(index), [old.form(index), new.form(index)]);
        assert_eq!(new.index_of(2, &new.form(index)), Ok(index));
        assert_eq!(new.index_of(FIRST, &old.form(index)), Ok(index));
        assert_eq!(new.index_of(3, &index), Err(DoesNotOpen));
        let sealed = new.seal(HERE, b"text");
        assert_eq!(sealed[0], 2);
        assert_eq!(old.open(HERE, &sealed).as_deref(), Ok(&b"text"[..]));
        assert_eq!(old.index_beside(&sealed, &new.form(index)), Ok(index));
        let (_, second) = keys();
        let alone = before.with(vec![second], &[9; 32]);
        assert_eq!(alone.open(HERE, &old.seal(HERE, b"text")), Err(DoesNotOpen));
    }
}
