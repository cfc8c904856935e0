//! The ring: the keys that a database is sealed with. They are kept in the database itself, each sealed with the keys that are
//! configured, so that all nodes have a new one at once and nobody hands anything out.
//!
//! A key is made ([`State::Coming`]), learnt by all nodes, and then [`State::Current`]: what is written is written with it. The one
//! before is [`State::Going`] until no row is under it, and then there is none of it any more. At most two keys are there at once.
//! A write names the key that it was made with, and is refused when that is not current.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, Weak};

use zeroize::Zeroizing;

use super::vault::{DoesNotOpen, FIRST, Key, KeyNumber, Keys, Place, RingKeys, Vault, new_key};

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nodes learn it; nothing is written with it.
    Coming,
    /// What is written is written with it.
    Current,
    /// Rows may still be under it; none is written any more.
    Going,
}

impl State {
    const WORDS: [(&str, Self); 3] = [
        ("COMING", Self::Coming),
        ("CURRENT", Self::Current),
        ("GOING", Self::Going),
    ];

    /// As it is stored and shown.
    pub fn as_str(self) -> &'static str {
        let word = Self::WORDS.iter().find(|(_, it)| *it == self);
        word.expect("every state has a word").0
    }

    /// What [`as_str`](Self::as_str) gave.
    pub fn from_word(word: &str) -> Option<Self> {
        let state = Self::WORDS.iter().find(|(it, _)| *it == word);
        state.map(|(_, state)| *state)
    }
}

/// A key as its row keeps it.
#[derive(Clone)]
pub(super) struct KeptKey {
    pub(super) number: KeyNumber,
    pub(super) state: State,
    /// The key itself, sealed with the configured ones.
    pub(super) sealed: Vec<u8>,
}

/// A key of the ring in the clear.
struct RingKey {
    data: Zeroizing<[u8; 32]>,
    columns: Option<Zeroizing<[u8; 32]>>,
    index: Zeroizing<[u8; 32]>,
}

/// Bytes of a key in the clear: whether columns are encrypted, and three keys.
const LENGTH: usize = 1 + 3 * 32;

impl RingKey {
    fn write(&self) -> Zeroizing<Vec<u8>> {
        let none = Zeroizing::new([0; 32]);
        let mut text = Zeroizing::new(Vec::with_capacity(LENGTH));
        text.push(u8::from(self.columns.is_some()));
        text.extend_from_slice(&*self.data);
        text.extend_from_slice(&**self.columns.as_ref().unwrap_or(&none));
        text.extend_from_slice(&*self.index);
        text
    }

    fn read(text: &[u8]) -> Option<Self> {
        let (&has_columns, rest) = text.split_first()?;
        let (data, rest) = rest.split_first_chunk::<32>()?;
        let (columns, rest) = rest.split_first_chunk::<32>()?;
        Some(Self {
            data: Zeroizing::new(*data),
            columns: (has_columns == 1).then(|| Zeroizing::new(*columns)),
            index: Zeroizing::new(rest.try_into().ok()?),
        })
    }
}

/// The vault as it stands: whoever works with it takes it as it is [`now`](Self::now), and keeps that until what was sealed with
/// it is written.
#[derive(Clone)]
pub(super) struct LiveVault(Arc<Shared>);

struct Shared {
    now: RwLock<Moment>,
    keys: Keys,
}

struct Moment {
    vault: Vault,
    /// The ring that it was made of, the current key first; nothing before one was read.
    of: Vec<KeyNumber>,
    /// The moments before, as long as somebody works with them.
    earlier: Vec<Weak<RingKeys>>,
}

impl LiveVault {
    /// The vault of a database whose ring has not been read yet.
    pub(super) fn new(keys: &Keys) -> Self {
        Self(Arc::new(Shared {
            now: RwLock::new(Moment {
                vault: Vault::new(keys),
                of: Vec::new(),
                earlier: Vec::new(),
            }),
            keys: keys.clone(),
        }))
    }

    /// The vault of this moment.
    pub(super) fn now(&self) -> Vault {
        self.read().vault.clone()
    }

    fn read(&self) -> RwLockReadGuard<'_, Moment> {
        let now = self.0.now.read();
        now.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the configured keys are those that sealed `text` for `place`, or the ones before them are.
    pub(super) fn whose(&self, place: Place<'_>, text: &[u8], sealed: &[u8]) -> Option<Whose> {
        let opens = |keys: &Keys| Vault::new(keys).open(place, sealed).as_deref() == Ok(text);
        match &self.0.keys.before {
            _ if opens(&self.0.keys) => Some(Whose::Configured),
            Some(before) if opens(before) => Some(Whose::Before),
            _ => None,
        }
    }

    /// What the configured keys seal.
    pub(super) fn seal_as_configured(&self, place: Place<'_>, text: &[u8]) -> Vec<u8> {
        Vault::new(&self.0.keys).seal(place, text)
    }

    /// The ring's first row, of a database that has none: the keys that it was sealed with so far are the configured ones, or
    /// those before them.
    pub(super) fn first(&self, whose: Whose) -> KeptKey {
        let keys = match (&self.0.keys.before, whose) {
            (Some(before), Whose::Before) => before,
            _ => &self.0.keys,
        };
        let key = RingKey {
            data: keys.data.clone(),
            columns: None,
            index: keys.index.clone(),
        };
        self.keep(FIRST, State::Current, &key)
    }

    /// A new key beside `ring`; `None` while a rotation is under way.
    pub(super) fn next(&self, ring: &[KeptKey]) -> Result<Option<KeptKey>, DoesNotOpen> {
        let [current] = ring else {
            return Ok(None);
        };
        let key = RingKey {
            data: new_key(),
            columns: Some(new_key()),
            index: self.open(current)?.0.index,
        };
        // A number comes again when no text is under it any more.
        let number = current.number.checked_add(1).unwrap_or(FIRST);
        Ok(Some(self.keep(number, State::Coming, &key)))
    }

    /// Works with `ring` from now on. Returns whether that is another one than before.
    pub(super) fn learn(&self, ring: &[KeptKey]) -> Result<bool, DoesNotOpen> {
        let mut sorted: Vec<_> = ring.iter().collect();
        sorted.sort_by_key(|kept| kept.state != State::Current);
        let numbers: Vec<_> = sorted.iter().map(|kept| kept.number).collect();
        if sorted
            .first()
            .is_none_or(|kept| kept.state != State::Current)
        {
            return Err(DoesNotOpen);
        }
        if self.read().of == numbers {
            return Ok(false);
        }
        let (mut keys, mut index) = (Vec::new(), None);
        for kept in sorted {
            let (key, _) = self.open(kept)?;
            let columns = key.columns.as_deref();
            keys.push(Key::new(kept.number, &key.data, columns));
            index = index.or(Some(key.index));
        }
        let mut now = self.0.now.write().unwrap_or_else(PoisonError::into_inner);
        let before = Arc::downgrade(now.vault.moment());
        now.earlier.push(before);
        now.vault = now.vault.with(keys, &*index.ok_or(DoesNotOpen)?);
        now.of = numbers;
        Ok(true)
    }

    /// Whether the vault is still that of this moment.
    pub(super) fn is_moment(&self, vault: &Vault) -> bool {
        Arc::ptr_eq(self.now().moment(), vault.moment())
    }

    /// Whether nobody of this process works with an earlier moment.
    pub(super) fn is_settled(&self) -> bool {
        let mut now = self.0.now.write().unwrap_or_else(PoisonError::into_inner);
        now.earlier.retain(|moment| moment.strong_count() > 0);
        now.earlier.is_empty()
    }

    /// The keys that are sealed with the ones before the configured ones, sealed with the configured ones.
    pub(super) fn sealed_anew(&self, ring: &[KeptKey]) -> Result<Vec<KeptKey>, DoesNotOpen> {
        let mut anew = Vec::new();
        for kept in ring {
            let (key, whose) = self.open(kept)?;
            if whose == Whose::Before {
                anew.push(self.keep(kept.number, kept.state, &key));
            }
        }
        Ok(anew)
    }

    fn keep(&self, number: KeyNumber, state: State, key: &RingKey) -> KeptKey {
        KeptKey {
            number,
            state,
            sealed: self.seal_as_configured(place(&[number]), &key.write()),
        }
    }

    fn open(&self, kept: &KeptKey) -> Result<(RingKey, Whose), DoesNotOpen> {
        let number = [kept.number];
        let opened = |keys: &Keys| Vault::new(keys).open(place(&number), &kept.sealed);
        let (text, whose) = match (opened(&self.0.keys), &self.0.keys.before) {
            (Ok(text), _) => (text, Whose::Configured),
            (Err(_), Some(before)) => (opened(before)?, Whose::Before),
            (Err(error), None) => return Err(error),
        };
        let text = Zeroizing::new(text);
        Ok((RingKey::read(&text).ok_or(DoesNotOpen)?, whose))
    }
}

/// Which of the keys that are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The configured ones.
    Configured,
    /// Those before them.
    Before,
}

impl fmt::Debug for LiveVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LiveVault({:?})", self.read().of)
    }
}

impl fmt::Debug for KeptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptKey({}, {})", self.number, self.state.as_str())
    }
}

fn place(number: &[u8]) -> Place<'_> {
    Place {
        table: "key_ring",
        row: number,
    }
}
