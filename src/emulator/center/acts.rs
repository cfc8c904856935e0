//! What is done at the Contact Center: handoffs, call backs, interaction data, recording control.

use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Asked, Center, Reply};
use crate::contact_center::callback::CALLBACK_URL;
use crate::contact_center::pairs::Pairs;

/// A handoff that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Arrived {
    /// The call.
    pub sip_id: String,
    /// The queue.
    pub queue: String,
    /// What the agent sees.
    pub data: String,
    /// Whether the call is in the queue: our side of it has ended.
    pub in_queue: bool,
}

/// A call back that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingCallback {
    /// The interaction.
    pub guid: String,
    /// Its number.
    pub transaction: u64,
    /// Who is called.
    pub phone: String,
    /// 1 or 2.
    pub kind: String,
    /// The channel or the queue.
    pub target: String,
    /// The client's id.
    pub external_id: String,
    /// What is given back.
    pub user_data: String,
    /// Whether an agent has it: then it cannot be deleted.
    pub assigned: bool,
}

impl Center {
    /// `externalIvrAction.php`: a page in any case, since the guide names no other answer.
    pub(super) fn hand_off(&mut self, asked: &Asked) -> Reply {
        if !self.is_tenants(asked) {
            return Reply::page(401, "Invalid authentication token");
        }
        let parameter = |name| asked.parameter(name);
        if parameter("action") != "wForwardACD" {
            return Reply::page(400, "Unknown action");
        }
        if parameter("sip_id").is_empty() || !self.queues.contains_key(parameter("param")) {
            return Reply::page(404, "Invalid queue id");
        }
        self.handoffs
            .retain(|known| known.sip_id != parameter("sip_id") || known.in_queue);
        self.handoffs.push(Arrived {
            sip_id: parameter("sip_id").to_owned(),
            queue: parameter("param").to_owned(),
            data: parameter("extIvrData").to_owned(),
            in_queue: false,
        });
        Reply::page(200, "OK")
    }

    /// The call of this SIP id has ended on our side: it is in its queue, if there was a handoff.
    pub fn call_ended(&mut self, sip_id: &str) {
        let waiting = self
            .handoffs
            .iter_mut()
            .rev()
            .find(|known| known.sip_id == sip_id && !known.in_queue);
        let Some(handoff) = waiting else { return };
        handoff.in_queue = true;
        if let Some(queue) = self.queues.get_mut(&handoff.queue) {
            queue.waiting += 1;
        }
        let told = json!({"direction": "in", "mediaType": "phone", "queueId": format!("{}~~queue~~phone~~{}", self.tenant, handoff.queue),
            "interactionGUID": format!("int-{sip_id}"), "attachedData": data(&handoff.data)});
        self.happens("InteractionQueued", &told);
    }

    /// `webcallback.php`: sends the browser back, with `ctl_error` when it does not call back.
    pub(super) fn call_back(&mut self, asked: &Asked) -> Reply {
        let refused = self.why_no_callback(asked);
        if refused.is_none() {
            let transaction = self.next_transaction();
            let parameter = |name| asked.parameter(name).to_owned();
            let target = match asked.parameter("callback_type") {
                "1" => parameter("channel_number"),
                _ => parameter("queue_id"),
            };
            self.callbacks.push(PendingCallback {
                guid: format!("int-{transaction}-webcallback-phone-01-{}", self.tenant),
                transaction,
                phone: parameter("phone"),
                kind: parameter("callback_type"),
                target,
                external_id: parameter("extTransactionId"),
                user_data: parameter("ctl_userdata"),
                assigned: false,
            });
        }
        let error = refused.map(|code| format!("ctl_error={code}"));
        match (asked.parameter("back"), error) {
            ("", error) => Reply::page(200, &error.unwrap_or_else(|| "OK".to_owned())),
            (back, error) => Reply {
                location: Some(match error {
                    Some(error) if back.contains('?') => format!("{back}&{error}"),
                    Some(error) => format!("{back}?{error}"),
                    None => back.to_owned(),
                }),
                ..Reply::page(302, "")
            },
        }
    }

    /// The documented code of what is wrong first.
    fn why_no_callback(&self, asked: &Asked) -> Option<u32> {
        let parameter = |name| asked.parameter(name);
        let numeric = |text: &str| text.is_empty() || text.parse::<u32>().is_ok();
        let too_long = |name, most| parameter(name).chars().count() > most;
        let preview = parameter("previewTimeout").parse::<u32>();
        let queue = self.queues.get(parameter("queue_id"));
        match () {
            () if parameter("tenant") != self.tenant => Some(1),
            () if parameter("token") != self.action_token.expose_secret() => Some(3),
            () if parameter("phone").is_empty() => Some(17),
            () if too_long("extTransactionData", 500) => Some(16),
            () if too_long("ctl_userdata", 1800) => Some(20),
            () if too_long("extTransactionId", 64) => Some(22),
            () if !parameter("previewTimeout").is_empty()
                && !preview.is_ok_and(|it| (15..=10_800).contains(&it)) =>
            {
                Some(21)
            }
            () => match parameter("callback_type") {
                "" => Some(10),
                "1" if !numeric(parameter("callback_delay")) => Some(11),
                "1" if parameter("channel_number").is_empty() => Some(12),
                "1" if !self.channels.contains(parameter("channel_number")) => Some(13),
                "1" => None,
                "2" => match queue {
                    None => Some(7),
                    Some(queue) if !queue.enabled => Some(8),
                    Some(queue) if !queue.outbound => Some(9),
                    Some(_) => None,
                },
                _ => Some(14),
            },
        }
    }

    /// A call back is over, answered then or never: where its client wants to be told, and the form. `None`: there is none, or
    /// nobody wants to be told.
    pub fn finish_callback(
        &mut self,
        transaction: u64,
        answered: Option<i64>,
        now: i64,
    ) -> Option<(String, String)> {
        let of_it = |known: &PendingCallback| known.transaction == transaction;
        let over = self.callbacks.iter().find(|known| of_it(known)).cloned()?;
        self.callbacks.retain(|known| !of_it(known));
        let user_data = [
            ("$interaction_guid$", over.guid.clone()),
            ("$transaction_id$", over.transaction.to_string()),
            ("$call_answered_time$", answered.unwrap_or(0).to_string()),
            (
                "$call_hangup_time$",
                answered.map_or(0, |_| now).to_string(),
            ),
        ]
        .iter()
        .fold(over.user_data, |told, (token, value)| {
            told.replace(token, value)
        });
        let told = Pairs::parse(&user_data).ok()?;
        let (_, url) = told.iter().find(|(name, _)| *name == CALLBACK_URL)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("ctl_userdata", &user_data)
            .finish();
        Some((url.to_owned(), form))
    }

    /// An agent takes the call backs of this external id.
    pub fn assign_callbacks(&mut self, external_id: &str) {
        for known in self
            .callbacks
            .iter_mut()
            .filter(|known| known.external_id == external_id)
        {
            known.assigned = true;
        }
    }

    pub(super) fn delete_callbacks(&mut self, id: &str) -> Reply {
        let id = id.strip_suffix(".json").unwrap_or(id);
        let of_id = |known: &PendingCallback| known.external_id == id;
        let told: Vec<Value> = self
            .callbacks
            .iter()
            .filter(|known| of_id(known))
            .map(|known| {
                let mut told = json!({
                    "deleteStatus": if known.assigned { "nok" } else { "ok" },
                    "interactionGuid": known.guid,
                    "phone": known.phone.parse::<u64>().unwrap_or(0),
                    "transactionID": known.transaction,
                });
                if known.assigned {
                    told["reason"] = json!("statuserror");
                }
                told
            })
            .collect();
        self.callbacks
            .retain(|known| !of_id(known) || known.assigned);
        let all = told.iter().all(|told| told["deleteStatus"] == "ok");
        // A single one stands without its list.
        let interactions = match told.as_slice() {
            [] => return Reply::refused(404, "transaction not found"),
            [one] => one.clone(),
            _ => Value::Array(told),
        };
        let body = json!({"data": {"extTransactionId": id, "interactions": interactions}});
        Reply::json(if all { 200 } else { 207 }, &body)
    }

    pub(super) fn interaction(&mut self, method: &str, place: &str, body: &[u8]) -> Reply {
        let unknown = || {
            Reply::json(
                404,
                &json!({"status": "error", "message": "Interaction not found"}),
            )
        };
        match method {
            "POST" => {
                let body: Value = serde_json::from_slice(body).unwrap_or_default();
                let Some(variables) = body["variables"].as_array() else {
                    return Reply::json(
                        400,
                        &json!({"status": "error", "message": "Invalid request"}),
                    );
                };
                let named = |it: &Value| {
                    it["name"]
                        .as_str()
                        .is_some_and(|name| name.starts_with('_') && name.len() < 25)
                };
                if !variables.iter().all(named) {
                    return Reply::json(
                        400,
                        &json!({"status": "error", "message": "Invalid variable name: must start with underscore"}),
                    );
                }
                let known = self.variables.entry(place.to_owned()).or_default();
                for variable in variables {
                    let name = variable["name"].as_str().unwrap_or_default();
                    known.insert(name.to_owned(), variable.clone());
                }
                Reply::json(200, &json!({"status": "success"}))
            }
            "GET" => match self.variables.get(place) {
                None => unknown(),
                Some(variables) => {
                    let input: Vec<&Value> = variables.values().collect();
                    Reply::json(
                        200,
                        &json!({"InteractionId": place, "CreateTime": "2026-11-20T04:30:00Z", "UserInput": input}),
                    )
                }
            },
            _ => Reply::json(
                400,
                &json!({"status": "error", "message": "The action type is not supported"}),
            ),
        }
    }

    pub(super) fn control_recording(&mut self, action: &str, agent: &str, ours: bool) -> Reply {
        let paused = match action {
            "pause" => true,
            "resume" => false,
            _ => return Reply::refused(400, "unknown action"),
        };
        match self.agents.get_mut(agent).filter(|_| ours) {
            None => Reply::refused(404, "agent not found"),
            Some(state) if *state == paused => {
                Reply::json(200, &json!({"status": "nothing to be modified"}))
            }
            Some(state) => {
                *state = paused;
                Reply::json(200, &json!({"status": "success"}))
            }
        }
    }

    fn is_tenants(&self, asked: &Asked) -> bool {
        asked.parameter("tenant") == self.tenant
            && asked.parameter("token") == self.action_token.expose_secret()
    }
}

/// The form of data in an update.
fn data(text: &str) -> Value {
    let pairs = Pairs::parse(text).unwrap_or_default();
    let each = pairs
        .iter()
        .map(|(name, value)| json!({"attachedDataKey": name, "attachedDataValue": value}));
    json!({"attachedDatum": each.collect::<Vec<_>>()})
}
