//! The sub-accounts that calls are started by: which one, from which number, and through which client.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::refusal::Fault;
use crate::call::{PhoneNumber, SubAccountId};
use crate::config::{Config, Product, Subaccount};
use crate::flow::Flow;
use crate::flow::model::Answers;
use crate::outbound::Destinations;
use crate::platform::client::{NoClient, Patience, VoiceApi};
use crate::session::CallRequest;

/// The sub-accounts, by our name of them.
#[derive(Debug)]
pub(super) struct Accounts(BTreeMap<String, Account>);

/// One sub-account.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: SubAccountId,
    pub(super) product: Product,
    /// As they are configured.
    numbers: Vec<PhoneNumber>,
    /// As the platform lists them.
    listed: RwLock<Vec<PhoneNumber>>,
    api: Result<VoiceApi, NoClient>,
}

/// A sub-account that can place calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Able<'a> {
    pub(super) client: &'a VoiceApi,
    account: &'a Account,
}

impl<'a> Able<'a> {
    /// The platform's id of it.
    pub(super) fn id(self) -> &'a SubAccountId {
        &self.account.id
    }

    /// Takes the numbers that the platform lists.
    pub(super) fn learn(self, numbers: Vec<PhoneNumber>) {
        let listed = self.account.listed.write();
        *listed.unwrap_or_else(PoisonError::into_inner) = numbers;
    }
}

impl Accounts {
    /// Those of `config`.
    pub(super) fn new(config: &Config, patience: Patience) -> Self {
        let account = |account: &Subaccount| Account {
            id: SubAccountId::new(account.id.as_str()),
            product: account.product,
            numbers: account.numbers.clone(),
            listed: RwLock::default(),
            api: VoiceApi::new(account, patience),
        };
        let accounts = config.subaccounts.iter();
        Self(
            accounts
                .map(|(name, it)| (name.clone(), account(it)))
                .collect(),
        )
    }

    /// The client of the sub-account that the platform calls `id`.
    pub(super) fn client(&self, id: &SubAccountId) -> Option<&VoiceApi> {
        let account = self.0.values().find(|account| account.id == *id)?;
        account.api.as_ref().ok()
    }

    /// Those that can place calls, by our names.
    pub(super) fn able(&self) -> impl Iterator<Item = (&str, Able<'_>)> {
        self.0.iter().filter_map(|(name, account)| {
            let client = account.api.as_ref().ok()?;
            Some((name.as_str(), Able { client, account }))
        })
    }

    /// The sub-account that places a call.
    pub(super) fn choose(&self, request: &CallRequest, flow: &Flow) -> Result<&Account, Fault> {
        let names = || self.0.keys().cloned().collect::<Vec<_>>().join(", ");
        let fault = |message: &str, help: String| Fault::new("subaccount", message, help);
        if self.0.is_empty() {
            let help = "add [subaccounts.NAME] to the configuration, with id, product and api_key";
            return Err(fault("no sub-account is configured", help.to_owned()));
        }
        let chosen = match &request.sub_account {
            Some(name) => self.named(name),
            None => self.by_number(request, flow).or_else(|| self.only()),
        };
        let account = chosen.ok_or_else(|| match request.sub_account {
            Some(_) => fault("is not configured", format!("use one of {}", names())),
            None => fault(
                "is needed, since the number tells none",
                format!("say which: {}", names()),
            ),
        })?;
        match &account.api {
            Ok(_) => Ok(account),
            Err(why) => Err(fault("cannot place calls", why.to_string())),
        }
    }

    fn named(&self, name: &str) -> Option<&Account> {
        let by_id = || self.0.values().find(|account| account.id.as_str() == name);
        self.0.get(name).or_else(by_id)
    }

    /// The one that has the number that is asked for, or one that the flow answers.
    fn by_number(&self, request: &CallRequest, flow: &Flow) -> Option<&Account> {
        let wanted = request.from.iter().chain(answered(flow));
        let has = |number: &PhoneNumber| {
            let mut accounts = self.0.values();
            accounts.find(|account| account.has(number))
        };
        wanted.filter_map(has).next()
    }

    /// The only one that can place calls.
    fn only(&self) -> Option<&Account> {
        let mut able = self.0.values().filter(|account| account.api.is_ok());
        let first = able.next().or_else(|| self.0.values().next())?;
        able.next().is_none().then_some(first)
    }
}

impl Account {
    /// The number that a call comes from: the one that is asked for if it is ours, else one that the flow answers, else the
    /// sub-account's first.
    pub(super) fn number(
        &self,
        request: &CallRequest,
        flow: &Flow,
        destinations: &Destinations,
    ) -> Result<PhoneNumber, Fault> {
        if let Some(from) = &request.from {
            return match destinations.knows([from]) {
                true => Ok(from.clone()),
                false => Err(Fault::new(
                    "from",
                    "is none of your virtual numbers",
                    "add it to `numbers` of [subaccounts.NAME], or leave it out",
                )),
            };
        }
        let ours = |number: &&PhoneNumber| self.has_none() || self.has(number);
        let answered = answered(flow).find(ours).cloned();
        answered.or_else(|| self.first()).ok_or_else(|| {
            Fault::new(
                "from",
                "is needed, since neither the flow nor the sub-account has a number",
                "give one of your virtual numbers, or add them to `numbers` of [subaccounts.NAME]",
            )
        })
    }
}

impl Account {
    fn listed(&self) -> RwLockReadGuard<'_, Vec<PhoneNumber>> {
        self.listed.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, number: &PhoneNumber) -> bool {
        self.numbers.contains(number) || self.listed().contains(number)
    }

    fn has_none(&self) -> bool {
        self.numbers.is_empty() && self.listed().is_empty()
    }

    fn first(&self) -> Option<PhoneNumber> {
        let configured = self.numbers.first().cloned();
        configured.or_else(|| self.listed().first().cloned())
    }
}

fn answered(flow: &Flow) -> impl Iterator<Item = &PhoneNumber> {
    let numbers: &[PhoneNumber] = match &flow.answers {
        Answers::Numbers(numbers) => numbers,
        Answers::Any => &[],
    };
    numbers.iter()
}
