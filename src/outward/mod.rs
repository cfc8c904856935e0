//! Requests to addresses that people configure: customers' webhooks, look-ups. They go out to the world and nowhere else:
//! not to this machine, its neighbours or the cloud's own services, unless a network is allowed by name.
//!
//! What is judged is the address that is dialled, after the name was looked up, and it is the one that is dialled, so that a
//! name which answers differently the second time changes nothing. Redirects are not followed, and no proxy is taken from
//! the environment. [`address`] says which addresses are the world's.

pub mod address;

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Url};
use tokio::net::lookup_host;

/// Why a request does not leave. None of them repeats the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no address.
    #[error("is no address: write it as https://HOST/PATH")]
    NotAUrl,
    /// It is neither https nor http.
    #[error("is neither https:// nor http://")]
    Scheme,
    /// It carries a user's name or password.
    #[error("carries a name or a password before its host: leave them out")]
    Credentials,
    /// It leads to this machine, a private network or one with a purpose of its own.
    #[error(
        "leads to a network that is not the internet's: list that in `outward.allow` if it is yours"
    )]
    Network,
    /// It is not encrypted, and leads out of the networks that are allowed.
    #[error(
        "is http://, which only leads to the networks listed in `outward.allow`: write https://"
    )]
    Plain,
}

impl Refused {
    /// The word that answers and metrics use.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotAUrl => "not_a_url",
            Self::Scheme => "scheme",
            Self::Credentials => "credentials",
            Self::Network => "network",
            Self::Plain => "plain",
        }
    }

    /// Why a request that was sent did not leave; `None` when something else went wrong.
    pub fn in_error(error: &reqwest::Error) -> Option<Self> {
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(refused) = error.downcast_ref::<Self>() {
                return Some(*refused);
            }
            cause = error.source();
        }
        None
    }
}

/// There is no way out: this machine has no certificates to know others by, or the like.
#[derive(Debug, thiserror::Error)]
#[error(
    "no encrypted connection can be made on this machine: install its CA certificates (Debian: ca-certificates)"
)]
pub struct NoWayOut(#[source] reqwest::Error);

/// The way out. A clone is the same.
#[derive(Debug, Clone)]
pub struct Outward {
    encrypted: Client,
    plain: Client,
    allowed: Arc<[IpNet]>,
}

impl Outward {
    /// A way out to the world and to the networks `allowed`, on which a connection is made within `connect`.
    ///
    /// # Errors
    ///
    /// This machine cannot encrypt.
    pub fn new(allowed: &[IpNet], connect: Duration) -> Result<Self, NoWayOut> {
        Self::with_names(allowed, connect, Arc::new(SystemNames))
    }

    /// The same, where `names` looks names up.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new)'s.
    pub fn with_names(
        allowed: &[IpNet],
        connect: Duration,
        names: Arc<dyn Resolve>,
    ) -> Result<Self, NoWayOut> {
        // Another provider may be installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let allowed: Arc<[IpNet]> = allowed.into();
        let client = |reach| {
            let guarded = Guarded {
                names: names.clone(),
                allowed: allowed.clone(),
                reach,
            };
            Client::builder()
                .redirect(Policy::none())
                .retry(reqwest::retry::never())
                .no_proxy()
                .connect_timeout(connect)
                .dns_resolver(guarded)
                .user_agent(concat!("callwright/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(NoWayOut)
        };
        Ok(Self {
            encrypted: client(Reach::World)?,
            plain: client(Reach::Allowed)?,
            allowed,
        })
    }

    /// A request to `url`, unless it is seen already that it must not leave. What its name leads to is seen when it is sent:
    /// [`Refused::in_error`].
    ///
    /// # Errors
    ///
    /// Why it does not leave.
    pub fn request(&self, method: Method, url: &Url) -> Result<RequestBuilder, Refused> {
        let reach = check(url)?;
        judge_url(url, &self.allowed)?;
        let client = match reach {
            Reach::World => &self.encrypted,
            Reach::Allowed => &self.plain,
        };
        Ok(client.request(method, url.clone()))
    }
}

/// Reads an address that requests may be sent to, as far as can be told before its name is looked up.
///
/// # Errors
///
/// What is wrong with it.
pub fn read(text: &str) -> Result<Url, Refused> {
    let url = Url::parse(text).map_err(|_| Refused::NotAUrl)?;
    check(&url)?;
    Ok(url)
}

/// Judges an address as far as can be told before its name is looked up, where `allowed` are the networks that requests may
/// go to beside the internet.
///
/// # Errors
///
/// Why no request to it would leave.
pub fn judge_url(url: &Url, allowed: &[IpNet]) -> Result<(), Refused> {
    let reach = check(url)?;
    literal(url).map_or(Ok(()), |address| judge(address, allowed, reach))
}

/// Where a request may go, by its scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// To the world, and to the networks that are allowed.
    World,
    /// To the networks that are allowed.
    Allowed,
}

fn check(url: &Url) -> Result<Reach, Refused> {
    let reach = match url.scheme() {
        "https" => Reach::World,
        "http" => Reach::Allowed,
        _ => return Err(Refused::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Credentials);
    }
    match url.host_str() {
        Some(host) if !host.is_empty() => Ok(reach),
        _ => Err(Refused::NotAUrl),
    }
}

/// The address that stands in `url` itself, in whichever of its spellings: no name is looked up for it.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn judge(address: IpAddr, allowed: &[IpNet], reach: Reach) -> Result<(), Refused> {
    let own = address.to_canonical();
    if allowed.iter().any(|network| network.contains(&own)) {
        return Ok(());
    }
    match (address::is_the_worlds(address), reach) {
        (false, _) => Err(Refused::Network),
        (true, Reach::Allowed) => Err(Refused::Plain),
        (true, Reach::World) => Ok(()),
    }
}

/// Looks names up, and gives only addresses that may be dialled.
struct Guarded {
    names: Arc<dyn Resolve>,
    allowed: Arc<[IpNet]>,
    reach: Reach,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (looking, allowed, reach) =
            (self.names.resolve(name), self.allowed.clone(), self.reach);
        Box::pin(async move {
            let found: Vec<SocketAddr> = looking.await?.collect();
            for address in &found {
                // One that leads here and there is not one to be trusted with either.
                judge(address.ip(), &allowed, reach)?;
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// The system's names.
struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = lookup_host((name.as_str(), 0)).await?.collect();
            match found.is_empty() {
                true => Err(io::Error::from(io::ErrorKind::NotFound).into()),
                false => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests;
