//! The exchange: sub-accounts, the calls that are carried, and what is to go wrong with the API.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Notify;

use super::account::{Account, VirtualNumber, digits};
use super::call::{self, Answer, Call, Order};
use super::center::Center;
use super::chance::Chance;
use super::courier::{Courier, client};
use super::leg::written;
use super::line::{Handset, Line, Pace, Witness};
use super::mischief::{Manner, Mischief};
use super::person::Person;
use super::webhook::{self, Kind};
use crate::clock::Clock;

/// Sub-accounts by their id.
pub(super) type Accounts = BTreeMap<String, Account>;

/// How an emulator behaves.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// What all chance comes from.
    pub seed: u64,
    /// How time passes in calls.
    pub pace: Pace,
    /// What happens to webhooks.
    pub mischief: Mischief,
}

/// What is to go wrong with one request to the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiFault {
    /// 429, with `Retry-After` in seconds.
    TooMany(Option<u32>),
    /// This status, and nothing done.
    Refused(u16),
    /// 200 with `NOT_CREATED`, and nothing done.
    NotCreated,
    /// The call is placed; half of the answer comes, then the connection breaks.
    HalfABody,
    /// The call is placed; the connection breaks without an answer.
    SilentAfterPlacing,
    /// Nothing is done; the connection breaks without an answer.
    SilentBeforePlacing,
    /// The call is placed; the answer never comes, and the connection stays.
    StuckAfterPlacing,
    /// The call is placed; the answer is 200 and no JSON.
    WrongBody,
}

/// A call that a request has placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The session's id.
    pub session_id: String,
    /// The request's `clientRequestId`.
    pub client_request_id: Option<String>,
    /// Who was called.
    pub destination: String,
}

/// Why somebody's call does not come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotCarried {
    /// Nobody has that number.
    #[error(
        "`to` is no active virtual number of a sub-account here: write one that the emulator was started with"
    )]
    NoSuchNumber,
}

/// The platform on the desk. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Emulator(Arc<Exchange>);

#[derive(Debug)]
struct Exchange {
    setup: Setup,
    clock: Clock,
    client: reqwest::Client,
    accounts: Arc<Mutex<Accounts>>,
    calls: Mutex<BTreeMap<String, (String, Handset)>>,
    ordinal: AtomicU64,
    faults: Mutex<VecDeque<ApiFault>>,
    placed: Mutex<Vec<Placed>>,
    center: Mutex<Option<Center>>,
    center_changed: Notify,
}

impl Emulator {
    /// An emulator that knows `accounts`.
    pub fn new(setup: Setup, accounts: impl IntoIterator<Item = Account>, clock: Clock) -> Self {
        let accounts = accounts
            .into_iter()
            .map(|account| (account.id.clone(), account));
        Self(Arc::new(Exchange {
            setup,
            clock,
            client: client(),
            accounts: Arc::new(Mutex::new(accounts.collect())),
            calls: Mutex::default(),
            ordinal: AtomicU64::new(0),
            faults: Mutex::default(),
            placed: Mutex::default(),
            center: Mutex::default(),
            center_changed: Notify::new(),
        }))
    }

    /// Takes on another sub-account.
    pub fn employ(&self, account: Account) {
        self.accounts().insert(account.id.clone(), account);
    }

    /// From now on it stands in for this tenant's Contact Center too.
    pub fn take_on(&self, center: Center) {
        *self.0.center.lock().expect(HELD) = Some(center);
    }

    /// Looks at the tenant's Contact Center, or sets something there; `None` when there is none.
    pub fn center<T>(&self, act: impl FnOnce(&mut Center) -> T) -> Option<T> {
        let acted = self.listen(act);
        self.0.center_changed.notify_waiters();
        acted
    }

    /// The same for those who listen to what others do there: nobody is told of it.
    pub(super) fn listen<T>(&self, act: impl FnOnce(&mut Center) -> T) -> Option<T> {
        self.0.center.lock().expect(HELD).as_mut().map(act)
    }

    /// Told whenever somebody has been at the tenant's Contact Center.
    pub(super) fn center_changed(&self) -> &Notify {
        &self.0.center_changed
    }

    /// A person of chance, of the emulator's seed: the `ordinal`th of them.
    pub fn somebody(&self, ordinal: u64) -> Person {
        Person::Chance(Chance::of_call(!self.0.setup.seed, ordinal))
    }

    /// `person` calls the virtual number `to` from `from`.
    ///
    /// # Errors
    ///
    /// When nobody has that number, or it is inactive.
    pub fn call(&self, from: &str, to: &str, person: Person) -> Result<Handset, NotCarried> {
        let (begin, manner) = (self.0.clock.now(), Manner::default());
        self.carry_inbound(from, to, person, (begin, manner), |_| None)
    }

    /// Somebody at a phone calls `to` from `from` at `begin`, before a witness, who is made of the session's id before anything
    /// happens.
    ///
    /// # Errors
    ///
    /// As [`Emulator::call`].
    pub fn call_before(
        &self,
        from: &str,
        to: &str,
        begin: Timestamp,
        manner: Manner,
        witness: impl FnOnce(&str) -> Witness,
    ) -> Result<Handset, NotCarried> {
        let witness = |session: &str| Some(witness(session));
        self.carry_inbound(from, to, Person::Listening, (begin, manner), witness)
    }

    fn carry_inbound(
        &self,
        from: &str,
        to: &str,
        person: Person,
        (begin, manner): (Timestamp, Manner),
        witness: impl FnOnce(&str) -> Option<Witness>,
    ) -> Result<Handset, NotCarried> {
        let active = |account: &&Account| {
            let number = account.numbers.get(digits(to));
            number.is_some_and(|number| number.operational_status != "Inactive")
        };
        let account = self
            .accounts()
            .values()
            .find(active)
            .map(|account| account.id.clone());
        let account = account.ok_or(NotCarried::NoSuchNumber)?;
        let order = Order {
            begin,
            manner,
            ..self.order(&account, from, to, None, person)
        };
        let call = Call::receive(order);
        let witness = witness(call.session_id());
        Ok(self.carry(&account, call, witness))
    }

    /// A request's callflow, checked before, places a call; its person is moved by hand.
    pub(super) fn place(&self, account: &str, request: &Value) -> Handset {
        let params = &request["callflow"][0]["params"];
        let [from, to] =
            ["source", "destination"].map(|name| params[name].as_str().unwrap_or_default());
        let id = request["clientRequestId"].as_str().map(str::to_owned);
        let order = self.order(account, from, to, id.clone(), self.outbound_person());
        let handset = self.carry(account, Call::place(order, request), None);
        self.placed_calls().push(Placed {
            session_id: handset.session_id().to_owned(),
            client_request_id: id,
            destination: to.to_owned(),
        });
        handset
    }

    /// Whoever is called: by chance in virtual time, by hand in real time.
    fn outbound_person(&self) -> Person {
        match self.0.setup.pace {
            Pace::Virtual => self.somebody(self.0.ordinal.load(Ordering::Relaxed)),
            Pace::Real => Person::ByHand,
        }
    }

    fn order(
        &self,
        account: &str,
        from: &str,
        to: &str,
        id: Option<String>,
        person: Person,
    ) -> Order {
        let ordinal = self.0.ordinal.fetch_add(1, Ordering::Relaxed);
        let (records, masking) = match self.accounts().get(account) {
            Some(account) => (account.push.is_some(), account.masking),
            None => (false, false),
        };
        Order {
            sub_account: account.to_owned(),
            source: from.to_owned(),
            destination: to.to_owned(),
            client_request_id: id,
            begin: self.0.clock.now(),
            chance: Chance::of_call(self.0.setup.seed, ordinal),
            person,
            mischief: self.0.setup.mischief,
            manner: Manner::default(),
            records,
            masking,
            sip_ids: self.listen(|_| ()).is_some(),
        }
    }

    fn carry(&self, account: &str, call: Call, witness: Option<Witness>) -> Handset {
        let (line, handset) = Line::new(call, self.0.setup.pace, self.courier(account));
        let session = handset.session_id().to_owned();
        self.calls()
            .insert(session, (account.to_owned(), handset.clone()));
        let emulator = self.clone();
        let sip_id = call::sip_id(handset.session_id());
        tokio::spawn(async move {
            line.seen_by(witness).carry().await;
            emulator.center(|center| center.call_ended(&sip_id));
        });
        handset
    }

    fn courier(&self, account: &str) -> Courier {
        Courier {
            client: self.0.client.clone(),
            accounts: self.0.accounts.clone(),
            account: account.to_owned(),
        }
    }

    /// The handset of a call, with its sub-account.
    pub fn handset(&self, session: &str) -> Option<(String, Handset)> {
        self.calls().get(session).cloned()
    }

    /// Gives the first sub-account `number` too, unless somebody has it: what calls come to may change while it runs.
    pub fn add_number(&self, number: &str) {
        let mut accounts = self.accounts();
        let known = |account: &Account| account.numbers.contains_key(digits(number));
        if accounts.values().any(known) {
            return;
        }
        if let Some(first) = accounts.values_mut().next() {
            let number = digits(number).to_owned();
            first.numbers.insert(number, VirtualNumber::active());
        }
    }

    /// Sets the state of one of `account`'s numbers and delivers the update (VNU); `None`: nobody has that number.
    pub async fn set_number(&self, account: &str, number: &str, status: &str) -> Option<Answer> {
        let msisdn = digits(number).to_owned();
        let body = {
            let mut accounts = self.accounts();
            let account = accounts.get_mut(account)?;
            let known = account.numbers.get_mut(&msisdn)?;
            known.operational_status = status.to_owned();
            known.updated = written(self.0.clock.now(), 0);
            webhook::numbers(account.update("UPDATES", &[msisdn]))
        };
        Some(self.courier(account).deliver(Kind::Numbers, &body).await)
    }

    /// Delivers the state of all of `account`'s numbers (VNU); `None`: there is no such sub-account.
    pub async fn tell_numbers(&self, account: &str) -> Option<Answer> {
        let body = {
            let accounts = self.accounts();
            webhook::numbers(accounts.get(account)?.update("SNAPSHOT", &[]))
        };
        Some(self.courier(account).deliver(Kind::Numbers, &body).await)
    }

    /// A call back of the tenant's is over, answered or not: tells its client. `None`: there is none, or nobody wants to be told.
    pub async fn end_callback(&self, transaction: u64, answered: bool) -> Option<Answer> {
        let now = self.0.clock.now().as_second();
        let answered = answered.then_some(now);
        let (url, form) =
            self.center(|center| center.finish_callback(transaction, answered, now))??;
        let request = self.0.client.post(url);
        let form_type = "application/x-www-form-urlencoded";
        let answer = request.header("content-type", form_type).body(form).send();
        Some(match answer.await {
            Ok(answer) => Answer::Said {
                status: answer.status().as_u16(),
                body: String::new(),
            },
            Err(_) => Answer::Nobody,
        })
    }

    /// The next request to place a call that is none yet spoken for goes wrong like this.
    pub fn script(&self, fault: ApiFault) {
        self.faults().push_back(fault);
    }

    /// Every call that a request has placed, in order.
    pub fn placed(&self) -> Vec<Placed> {
        self.placed_calls().clone()
    }

    pub(super) fn next_fault(&self) -> Option<ApiFault> {
        self.faults().pop_front()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.0.accounts.lock().expect(HELD)
    }

    fn calls(&self) -> MutexGuard<'_, BTreeMap<String, (String, Handset)>> {
        self.0.calls.lock().expect(HELD)
    }

    fn faults(&self) -> MutexGuard<'_, VecDeque<ApiFault>> {
        self.0.faults.lock().expect(HELD)
    }

    fn placed_calls(&self) -> MutexGuard<'_, Vec<Placed>> {
        self.0.placed.lock().expect(HELD)
    }
}

/// Why a lock is never poisoned.
const HELD: &str = "nothing panics that holds it";
