//! What is still to be done when a session is over, whatever it was in the middle of.

use super::{Stage, Standing};
use crate::call::{PhoneNumber, SessionId};
use crate::flow::model::{FlowId, FlowVersion};
use crate::flow::step::{Call, let_go};
use crate::flow::{Library, Need, Position};

/// What is to be begun now that the session, which stood so, is over: an agent's recording that was silent for it goes on.
pub fn after_end(session: &SessionId, standing: &Standing, library: &Library) -> Option<Need> {
    let waits = |position: &Position, flow: (&FlowId, &FlowVersion), call: Call| {
        let flow = library.version(flow.0, flow.1)?;
        let id = session.as_str().to_owned();
        let_go(flow, &Call { id, ..call }, position)
    };
    let between = |caller: Option<&PhoneNumber>, called: Option<&PhoneNumber>| Call {
        caller: caller.cloned(),
        called: called.cloned(),
        ..Call::default()
    };
    match standing {
        Standing::Live(live) => match &live.stage {
            Stage::Waiting(position) => {
                let mut call = between(live.caller.as_ref(), live.called.as_ref());
                call.replies = live.replies;
                waits(position, (&live.flow, &live.version), call)
            }
            Stage::HungUp => None,
        },
        Standing::Placed(placed) => {
            let intent = placed.attempt.intent();
            let call = between(Some(&intent.destination), Some(&intent.source));
            let flow = (&placed.request.flow, &placed.version);
            waits(placed.position.as_ref()?, flow, call)
        }
        Standing::Unknown | Standing::Masked(_) | Standing::Ended => None,
    }
}
