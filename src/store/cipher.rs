//! XChaCha20-Poly1305, as [draft-irtf-cfrg-xchacha](https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha) puts it together:
//! HChaCha20 makes a key of the first 16 bytes of the nonce, and under that ChaCha20-Poly1305 does the rest with the last 8.
//!
//! The rest is ring's, which encrypts a record of a call in less than a third of the time of the `chacha20poly1305` crate: that one's
//! Poly1305 calls its vector instructions as functions.

use std::fmt;

use chacha20::{R20, hchacha};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

/// Bytes of a nonce.
pub(super) const NONCE: usize = 24;

/// Bytes of the tag behind a ciphertext.
pub(super) const TAG: usize = 16;

/// A key. It is wiped from memory when it is dropped; what [`under`](Self::under) makes of it is not.
pub(super) struct CipherKey(Zeroizing<[u8; 32]>);

impl CipherKey {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*key))
    }

    /// What encrypts and decrypts under all nonces that begin with these 16 bytes.
    pub(super) fn under(&self, prefix: &[u8; 16]) -> Cipher {
        let key = Zeroizing::new(hchacha::<R20>(&(*self.0).into(), &(*prefix).into()).0);
        let key = UnboundKey::new(&CHACHA20_POLY1305, &*key).expect("a key has 32 bytes");
        Cipher(LessSafeKey::new(key))
    }
}

/// A key for the nonces that begin alike.
pub(super) struct Cipher(LessSafeKey);

impl Cipher {
    /// Encrypts `text` in place, and gives its tag. `end` is the end of a nonce that never came before.
    pub(super) fn encrypt(&self, end: [u8; 8], bound: &[u8], text: &mut [u8]) -> [u8; TAG] {
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce(end), Aad::from(bound), text)
            .expect("a text is far below the cipher's 256 GiB");
        *tag.as_ref().first_chunk().expect("a tag has 16 bytes")
    }

    /// Decrypts `sealed`, a ciphertext with its tag behind it; `None` when it isn't one of this key, this nonce, this place.
    pub(super) fn decrypt(&self, end: [u8; 8], bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut text = sealed.to_vec();
        let length = self
            .0
            .open_in_place(nonce(end), Aad::from(bound), &mut text)
            .ok()?
            .len();
        text.truncate(length);
        Some(text)
    }
}

/// The nonce of ChaCha20 that a nonce with this end has.
fn nonce(end: [u8; 8]) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&end);
    Nonce::assume_unique_for_key(nonce)
}

impl fmt::Debug for CipherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CipherKey(••••)")
    }
}

#[cfg(test)]
mod tests {
    use super::CipherKey;

    /// Appendix A.3.1 of the draft.
    #[test]
    fn the_drafts_own_text_is_encrypted_as_there() {
        let text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.";
        let bound = hex("50515253c0c1c2c3c4c5c6c7");
        let counting: Vec<u8> = (0x80..=0x9f).collect();
        let key = CipherKey::new(counting.as_slice().try_into().expect("32 bytes"));
        let cipher = key.under(b"@ABCDEFGHIJKLMNO");
        let mut sealed = text.to_vec();
        let tag = cipher.encrypt(*b"PQRSTUVW", &bound, &mut sealed);
        assert_eq!(
            sealed,
            hex(
                "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39\
                 ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9\
                 21f9664c97637da9768812f615c68b13b52e"
            )
        );
        assert_eq!(tag.to_vec(), hex("c0875924c1c7987947deafd8780acf49"));
        sealed.extend_from_slice(&tag);
        assert_eq!(
            cipher.decrypt(*b"PQRSTUVW", &bound, &sealed),
            Some(text.to_vec())
        );
    }

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text
            .chars()
            .map(|it| it.to_digit(16).expect("hex"))
            .collect();
        digits
            .chunks(2)
            .map(|pair| u8::try_from(pair[0] * 16 + pair[1]).expect("a byte"))
            .collect()
    }
}
