//! Who may call: the platform by the `Authorization` string each sub-account has agreed on with it, people and their
//! systems by bearer tokens with scopes.
//!
//! Every comparison is one of SHA-256 digests in constant time, and every configured secret is compared every time, so
//! that neither length nor order nor likeness shows in how long an answer takes.

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};

use super::problem::Problem;
use crate::call::SubAccountId;
use crate::config::{Config, Scope};
use crate::platform::contact_center::callback::receiver_key;

/// A secret's SHA-256. It has no `==`: two are compared in constant time or not at all.
#[derive(Clone)]
struct Digest([u8; 32]);

impl Digest {
    fn of(secret: &[u8]) -> Self {
        Self(Sha256::digest(secret).into())
    }

    fn of_secret(secret: &SecretString) -> Self {
        Self::of(secret.expose_secret().as_bytes())
    }

    fn same_as(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest(••••)")
    }
}

/// The sub-accounts whose webhooks are taken.
#[derive(Debug, Clone)]
pub struct WebhookKeys {
    accounts: Vec<Account>,
}

#[derive(Debug, Clone)]
struct Account {
    id: SubAccountId,
    secret: Option<Digest>,
}

/// What a webhook's head has shown of its origin: for each sub-account, whether its secret came.
#[derive(Debug, Clone)]
pub struct Presented {
    matched: Vec<bool>,
}

impl WebhookKeys {
    /// The sub-accounts of `config`.
    pub fn new(config: &Config) -> Self {
        let accounts = config
            .subaccounts
            .values()
            .map(|subaccount| Account {
                id: SubAccountId::new(subaccount.id.as_str()),
                secret: subaccount.webhook_secret.as_ref().map(Digest::of_secret),
            })
            .collect();
        Self { accounts }
    }

    /// Judges a webhook by its head, before its body is read: an `Authorization` that came must be one that is
    /// configured, when any is; one may be missing only when some sub-account has none.
    pub fn at_the_door(&self, headers: &HeaderMap) -> Result<Presented, Problem> {
        if self.accounts.is_empty() {
            return Ok(Presented {
                matched: Vec::new(),
            });
        }
        let came = headers.get(header::AUTHORIZATION);
        let digest = Digest::of(came.map_or(b"", |value| value.as_bytes()));
        let matched: Vec<bool> = self
            .accounts
            .iter()
            .map(|account| came.is_some() & account.opened_by(&digest))
            .collect();
        let any_match = matched.iter().fold(false, |any, one| any | one);
        let secrets = self
            .accounts
            .iter()
            .filter(|account| account.secret.is_some())
            .count();
        let passes = match came {
            _ if secrets == 0 => true,
            Some(_) => any_match,
            None => secrets < self.accounts.len(),
        };
        passes
            .then_some(Presented { matched })
            .ok_or_else(Problem::wrong_webhook_secret)
    }

    /// Judges a webhook by the sub-account its body names: it must be known, when any is, and its own secret must be
    /// the one that came. One that names none must have come with some secret of ours.
    pub fn of_sub_account(
        &self,
        presented: &Presented,
        named: Option<&SubAccountId>,
    ) -> Result<(), Problem> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let Some(named) = named else {
            let ours = presented.matched.contains(&true);
            return ours.then_some(()).ok_or_else(Problem::unknown_subaccount);
        };
        let mut known = self
            .accounts
            .iter()
            .zip(&presented.matched)
            .filter(|(account, _)| account.id == *named)
            .peekable();
        if known.peek().is_none() {
            return Err(Problem::unknown_subaccount());
        }
        known
            .any(|(account, matched)| *matched || account.secret.is_none())
            .then_some(())
            .ok_or_else(Problem::wrong_webhook_secret)
    }
}

impl Account {
    fn opened_by(&self, digest: &Digest) -> bool {
        self.secret
            .as_ref()
            .is_some_and(|secret| secret.same_as(digest).into())
    }
}

/// The API's tokens.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    tokens: Vec<(Digest, Vec<Scope>)>,
    needed: bool,
}

/// The tenant whose scripts ask us to hand calls over.
#[derive(Debug, Clone)]
pub struct TenantKeys {
    /// The tenant's name and its Action Request Token.
    both: Option<(Digest, Digest)>,
    /// The key in the address that results of call backs are given back to.
    receiver: Option<Digest>,
}

impl TenantKeys {
    /// The tenant of `config`.
    pub fn new(config: &Config) -> Self {
        let tenant = config.contact_center.as_ref();
        let both = tenant.and_then(|tenant| {
            let token = Digest::of_secret(tenant.action_token.as_ref()?);
            Some((Digest::of(tenant.tenant.as_bytes()), token))
        });
        let receiver = tenant.and_then(receiver_key);
        let receiver = receiver.map(|key| Digest::of(key.as_bytes()));
        Self { both, receiver }
    }

    fn opened_by(&self, tenant: &[u8], token: &[u8]) -> bool {
        let (tenant, token) = (Digest::of(tenant), Digest::of(token));
        self.both
            .as_ref()
            .is_some_and(|(ours, secret)| (ours.same_as(&tenant) & secret.same_as(&token)).into())
    }
}

/// Who calls the API, as far as answers depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// Whether phone numbers are shown whole.
    pub sees_numbers: bool,
    /// Whether PINs of bookings are shown.
    pub sees_pins: bool,
}

impl ApiKeys {
    /// The tokens of `config`. They are asked for as soon as there is one, or as the server listens beyond loopback.
    pub fn new(config: &Config) -> Self {
        let tokens: Vec<_> = config
            .tokens
            .values()
            .map(|token| (Digest::of_secret(&token.token), token.scopes.clone()))
            .collect();
        let needed = !tokens.is_empty() || !config.is_loopback();
        Self { tokens, needed }
    }

    /// Lets a request through that may do any one of `scopes`.
    pub fn let_in(&self, headers: &HeaderMap, scopes: &[Scope]) -> Result<Caller, Problem> {
        if !self.needed {
            return Ok(Caller {
                sees_numbers: false,
                sees_pins: true,
            });
        }
        let held = bearer(headers)
            .and_then(|token| self.scopes_of(token))
            .ok_or_else(Problem::token_needed)?;
        if scopes.iter().any(|scope| held.contains(scope)) {
            Ok(Caller {
                sees_numbers: held.contains(&Scope::Numbers),
                sees_pins: held.contains(&Scope::Book),
            })
        } else {
            Err(Problem::missing_scope(
                scopes.first().map_or("", |scope| scope.as_str()),
            ))
        }
    }

    /// Lets a script through that hands a call over: by the tenant's own token, or by one of ours, as a parameter or as a
    /// header. It is asked for on loopback too, as the Contact Center does.
    pub fn let_script_in(
        &self,
        tenants: &TenantKeys,
        headers: &HeaderMap,
        tenant: &[u8],
        token: &[u8],
    ) -> Result<(), Problem> {
        let held = self.scopes_of(bearer(headers).unwrap_or(token));
        match held {
            _ if tenants.opened_by(tenant, token) => Ok(()),
            Some(held) if held.contains(&Scope::Handoff) => Ok(()),
            Some(_) => Err(Problem::missing_scope(Scope::Handoff.as_str())),
            None => Err(Problem::wrong_tenant_token()),
        }
    }

    /// Lets a result of a call back through: by the key in its address, or by a token of ours.
    pub fn let_result_in(
        &self,
        tenants: &TenantKeys,
        headers: &HeaderMap,
        key: &[u8],
    ) -> Result<(), Problem> {
        let key = Digest::of(key);
        let receiver = tenants.receiver.as_ref();
        if receiver.is_some_and(|receiver| receiver.same_as(&key).into()) {
            return Ok(());
        }
        self.let_script_in(tenants, headers, b"", b"")
    }

    /// What a token may do; `None` when it is not known. Every token is compared.
    fn scopes_of(&self, token: &[u8]) -> Option<&[Scope]> {
        let digest = Digest::of(token);
        let mut found = None;
        for (known, scopes) in &self.tokens {
            if known.same_as(&digest).into() {
                found = Some(scopes.as_slice());
            }
        }
        found
    }
}

/// The token of `Authorization: Bearer …`; the scheme in any case (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(7)?;
    let token = token.trim_ascii();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::http::app::testing::{config, with_sub_accounts, with_tokens};

    fn keys(accounts: &[(&str, Option<&str>)]) -> WebhookKeys {
        WebhookKeys::new(&with_sub_accounts(accounts))
    }

    fn authorization(value: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(value) = value {
            let value = HeaderValue::from_str(value).expect("a test's header is valid");
            headers.insert(header::AUTHORIZATION, value);
        }
        headers
    }

    /// What becomes of a webhook: 200, or the status it is refused with and whether the body was read first.
    fn verdict(keys: &WebhookKeys, came: Option<&str>, named: Option<&str>) -> (u16, bool) {
        let presented = match keys.at_the_door(&authorization(came)) {
            Err(problem) => return (problem.status().as_u16(), false),
            Ok(presented) => presented,
        };
        let named = named.map(SubAccountId::new);
        match keys.of_sub_account(&presented, named.as_ref()) {
            Err(problem) => (problem.status().as_u16(), true),
            Ok(()) => (200, true),
        }
    }

    #[test]
    fn webhooks_are_taken_from_whom_they_should() {
        let open = keys(&[]);
        let known = keys(&[("main", None)]);
        let both = keys(&[("main", Some("first")), ("masked", Some("second"))]);
        let mixed = keys(&[("main", Some("first")), ("plain", None)]);
        for (keys, came, named, expected) in [
            (&open, None, None, (200, true)),
            (&open, Some("anything"), Some("main"), (200, true)),
            (&known, None, Some("main"), (200, true)),
            (&known, Some("anything"), Some("main"), (200, true)),
            (&known, None, Some("strange"), (403, true)),
            (&known, None, None, (403, true)),
            (&both, None, Some("main"), (401, false)),
            (&both, Some(""), Some("main"), (401, false)),
            (&both, Some("third"), Some("main"), (401, false)),
            (&both, Some("firs"), Some("main"), (401, false)),
            (&both, Some("first "), Some("main"), (401, false)),
            (&both, Some("first"), Some("main"), (200, true)),
            (&both, Some("second"), Some("masked"), (200, true)),
            (&both, Some("second"), Some("main"), (401, true)),
            (&both, Some("first"), Some("strange"), (403, true)),
            (&both, Some("first"), None, (200, true)),
            (&mixed, None, Some("plain"), (200, true)),
            (&mixed, None, Some("main"), (401, true)),
            (&mixed, Some("first"), Some("main"), (200, true)),
            (&mixed, Some("first"), Some("plain"), (200, true)),
            (&mixed, Some("third"), Some("plain"), (401, false)),
            (&mixed, None, None, (403, true)),
        ] {
            assert_eq!(
                verdict(keys, came, named),
                expected,
                "{keys:?} {came:?} {named:?}"
            );
        }
    }

    fn api(listen: &str, tokens: &[(&str, &[Scope])]) -> ApiKeys {
        ApiKeys::new(&with_tokens(config(), listen, tokens))
    }

    #[test]
    fn the_api_asks_for_tokens_where_it_should() {
        let open = api("127.0.0.1:0", &[]);
        let open6 = api("[::1]:0", &[]);
        let closed = api("0.0.0.0:0", &[]);
        let some = api(
            "127.0.0.1:0",
            &[
                ("reader", &[Scope::Read]),
                ("seer", &[Scope::Read, Scope::Numbers]),
                ("meter", &[Scope::Metrics]),
            ],
        );
        let (read, metrics) = (&[Scope::Read][..], &[Scope::Metrics, Scope::Read][..]);
        let masked = Ok(false);
        for (keys, came, scopes, expected) in [
            (&open, None, read, masked),
            (&open, Some("Bearer whatever"), read, masked),
            (&open6, None, metrics, masked),
            (&closed, None, read, Err(401)),
            (&closed, Some("Bearer whatever"), read, Err(401)),
            (&some, None, read, Err(401)),
            (&some, Some("Bearer "), read, Err(401)),
            (&some, Some("Basic reader"), read, Err(401)),
            (&some, Some("reader"), read, Err(401)),
            (&some, Some("Bearer readers"), read, Err(401)),
            (&some, Some("Bearer reader"), read, masked),
            (&some, Some("bearer  reader"), read, masked),
            (&some, Some("Bearer seer"), read, Ok(true)),
            (&some, Some("Bearer meter"), read, Err(403)),
            (&some, Some("Bearer meter"), metrics, masked),
            (&some, Some("Bearer reader"), metrics, masked),
        ] {
            let answer = keys
                .let_in(&authorization(came), scopes)
                .map(|caller| caller.sees_numbers)
                .map_err(|problem| problem.status().as_u16());
            assert_eq!(answer, expected, "{came:?} {scopes:?}");
        }
    }

    #[test]
    fn secrets_never_show() {
        let shown = format!("{:?}", keys(&[("main", Some("first"))]));
        assert!(
            shown.contains("••••") && !shown.contains("first"),
            "{shown}"
        );
    }
}
