//! What is to be sent for a request: held against the flow, the sub-accounts and the rules of where calls may go, each time
//! that it is to be dialled.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;

use super::Dialer;
use super::accounts::Account;
use super::placing::{Moment, Placing};
use super::refusal::{Fault, NotStarted};
use crate::call::Action;
use crate::config::Product;
use crate::flow::Flow;
use crate::flow::model::VariableName;
use crate::outbound::attempt::{Attempt, AttemptId, Intent, Next, Owner, Pending};
use crate::session::outbound::{Opened, Opening, open};
use crate::session::{CallRequest, NotOpened, OutboundCall};
use crate::switchboard::Needs;

impl Dialer {
    /// A call that is to be dialled at once.
    ///
    /// # Errors
    ///
    /// Every fault of the request, or the rule that it breaks.
    pub(super) async fn plan(
        &self,
        request: &CallRequest,
        owner: Owner,
    ) -> Result<Placing, NotStarted> {
        let library = self.shelf.library();
        let flow = library.current(&request.flow).ok_or_else(|| {
            let help = "use one of those that `callwright flows` lists";
            Fault::new("flow", "is no flow of this server", help)
        })?;
        let (account, intent) = self.intent(request, flow)?;
        let opening = self.open(flow, &intent, &request.variables).await?;
        hold_against(account, &opening)?;
        let now = intent.begun_at;
        let dialing = match Pending::new(intent).due(owner, now) {
            Next::Dial(dialing) => dialing,
            Next::Wait(_) | Next::Expired(_) => unreachable!("it is valid from now on"),
        };
        Ok(Placing {
            call: OutboundCall {
                attempt: Attempt::Dialing(dialing),
                request: request.clone(),
                version: flow.version.clone(),
                position: opening.position,
                told: None,
                revision: 0,
            },
            actions: opening.actions,
            moment: Moment::at(now),
            since: Instant::now(),
        })
    }

    /// How a call opens, once what its flow needs for that has been seen to.
    async fn open(
        &self,
        flow: &Flow,
        intent: &Intent,
        variables: &BTreeMap<VariableName, String>,
    ) -> Result<Opening, NotOpened> {
        let destinations = self.switchboard.destinations();
        let mut needs = Needs::new(self.switchboard.world().as_ref());
        let mut opened = open(flow, intent, variables, &destinations)?;
        loop {
            opened = match opened {
                Opened::Whole(opening) => return Ok(opening),
                Opened::Needs(opener) => {
                    let met = needs.meet(opener.need()).await;
                    opener.resume(flow, intent, &destinations, &met)?
                }
            }
        }
    }

    fn intent(&self, request: &CallRequest, flow: &Flow) -> Result<(&Account, Intent), NotStarted> {
        let account = self.accounts.choose(request, flow)?;
        let source = account.number(request, flow, &self.switchboard.destinations())?;
        let begun_at = self.whole_millisecond();
        let valid_until = begun_at.checked_add(request.valid_for);
        let intent = Intent {
            id: AttemptId::new(uuid::Uuid::now_v7().to_string()),
            sub_account: account.id.clone(),
            source,
            destination: request.to.clone(),
            begun_at,
            valid_until: valid_until.unwrap_or(Timestamp::MAX),
        };
        Ok((account, intent))
    }

    /// The time, as exactly as it is kept.
    fn whole_millisecond(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// How a call opens that has waited, by the rules as they are now: on the version that it began on, or, when that is
    /// gone, on the flow as it is.
    pub(super) async fn open_again(
        &self,
        call: &OutboundCall,
    ) -> Result<(Arc<Flow>, Opening), String> {
        let id = &call.request.flow;
        let library = self.shelf.library();
        let version = library.version(id, &call.version);
        let flow = version.or_else(|| library.current(id));
        let flow = flow.ok_or_else(|| "its flow is gone".to_owned())?;
        let intent = call.attempt.intent();
        let opened = self.open(flow, intent, &call.request.variables).await;
        let opening = opened.map_err(|why| why.to_string())?;
        Ok((flow.clone(), opening))
    }
}

/// Refuses what the platform takes from no sub-account for masking.
fn hold_against(account: &Account, opening: &Opening) -> Result<(), Fault> {
    let captures = |action: &Action| matches!(action, Action::SayAndCapture(_));
    match account.product == Product::Masking && opening.actions.iter().any(captures) {
        true => Err(Fault::new(
            "flow",
            "asks for keys, and a sub-account for masking cannot take them",
            "use a sub-account whose product is \"ivr\", or a flow without a menu",
        )),
        false => Ok(()),
    }
}

impl From<NotOpened> for NotStarted {
    fn from(why: NotOpened) -> Self {
        let fault = |path: String, message: &str, help: String| Fault::new(path, message, help);
        match why {
            NotOpened::Destination(why) => Self::Destination {
                path: "to".to_owned(),
                why,
            },
            NotOpened::Connect(step, why) => Self::Destination {
                path: format!("flow: {step}"),
                why,
            },
            NotOpened::Missing(names) => Self::Wrong(
                names
                    .iter()
                    .map(|name| {
                        let help = format!("hand it in, as in \"{name}\": \"…\"");
                        fault(
                            format!("variables.{name}"),
                            "is missing: the flow needs it",
                            help,
                        )
                    })
                    .collect(),
            ),
            NotOpened::Unneeded(names) => Self::Wrong(
                names
                    .iter()
                    .map(|name| {
                        let help = "leave it out, or name it in `needs` of the flow's [flow]";
                        let path = format!("variables.{name}");
                        fault(path, "is not known to the flow", help.to_owned())
                    })
                    .collect(),
            ),
            NotOpened::Stuck(why) => Self::from(Fault::new(
                "flow",
                format!("cannot begin: {why}"),
                "mend the flow; `callwright check` tells what is wrong with it",
            )),
        }
    }
}
