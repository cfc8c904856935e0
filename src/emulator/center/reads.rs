//! What is read at the Contact Center: schedules, statistics, lists in pages of fifty.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Asked, Center, Queue, Reply, Schedule};

/// Records of one page.
const PAGE: usize = 50;

/// The paths of lists, by their last segment: what wraps the list, and what a record is called.
const LISTS: [(&str, &str, &str); 19] = [
    ("files", "recordings", "file"),
    ("transcripts", "recordings", "transcript"),
    ("interactions", "interactions", "interaction"),
    ("allinteractions", "interactions", "interaction"),
    ("agents", "agents", "agent"),
    ("groups", "groups", "group"),
    ("queues", "queues", "queue"),
    ("channels", "channels", "channel"),
    ("campaigns", "campaigns", "campaign"),
    ("records", "records", "record"),
    ("activities", "activities", "activity"),
    ("statistics", "statistics", "statistic"),
    ("statuses", "statuses", "status"),
    ("skills", "skills", "skill"),
    ("online_slas", "online_slas", "online_sla"),
    ("offline_slas", "offline_slas", "offline_sla"),
    ("outboundcalls", "outboundcalls", "outboundcall"),
    ("tcls", "tcl-trans", "tcl-tran"),
    ("scls", "scl-trans", "scl-tran"),
];

/// Records to begin with: as the guides show them.
pub(super) fn samples() -> BTreeMap<String, Vec<Value>> {
    let recording = |number: u32| {
        json!({"startDate": "2026-11-20T12:16:36+08:00", "agentID": "bill", "phoneNumber": "4155551234", "channel": "5027780",
            "caseID": 0, "duration": 27, "filename": format!("S20261120/R{number:020}.wav"), "queueID": "klvm2~~queue~~phone~~102",
            "queueName": "phoneq1", "transactionID": number})
    };
    let interaction = |number: u32| {
        json!({"interaction-id": number, "queue-name": "Support", "channel-id": 12, "media-type": if number.is_multiple_of(2) { "T" } else { "C" },
            "create-timestamp": "2026-11-20T14:13:32+08:00"})
    };
    [
        ("file".to_owned(), (1..=120).map(recording).collect()),
        ("interaction".to_owned(), (1..=7).map(interaction).collect()),
        ("group".to_owned(), vec![json!({"group-id": 122, "group-name": "Support", "deleted": "No"})]),
        ("agent".to_owned(), vec![json!({"agent-id": "jdoe", "group-id": 122, "full-name": "John, \"Jack\" Doe", "enabled": "Y"})]),
    ]
    .into()
}

/// The file of an attachment.
pub(super) fn attachment(kind: &str, id: &str) -> Reply {
    match kind {
        "case" | "followup" | "faq" => Reply::page(200, &format!("the files of {kind} {id}")),
        _ => Reply::page(404, ""),
    }
}

impl Center {
    pub(super) fn schedule(&self, path: &[&str]) -> Reply {
        let unknown = || Reply::refused(404, "schedule not found");
        let named = |name: &str| {
            name.strip_suffix(".json")
                .map(str::to_owned)
                .unwrap_or_else(|| name.to_owned())
        };
        match path {
            ["schedules.json" | "schedules"] => {
                let all: Vec<Value> = self
                    .schedules
                    .iter()
                    .map(|(id, it)| whole(id, it))
                    .collect();
                Reply::json(200, &json!({"schedules": {"schedule": all}}))
            }
            ["schedules", id] => match self.schedules.get_key_value(&named(id)) {
                Some((id, schedule)) => Reply::json(200, &json!({"schedule": whole(id, schedule)})),
                None => unknown(),
            },
            ["schedulesbyname", name] => {
                let found = self.schedules.iter().find(|(_, it)| it.name == named(name));
                found.map_or_else(unknown, |(id, it)| {
                    Reply::json(200, &json!({"schedule": whole(id, it)}))
                })
            }
            ["schedules", id, "status.json" | "status"] => match self.schedules.get(*id) {
                Some(it) => {
                    Reply::json(200, &json!({"schedule-status": {"status": it.now.code()}}))
                }
                None => unknown(),
            },
            ["schedules", id, "nextstatus.json" | "nextstatus"] => match self.schedules.get(*id) {
                Some(it) => {
                    let told = json!({"status": it.now.code(), "next-status": it.next.code(), "next-status-time": "2026-11-20T22:00:00+08:00"});
                    Reply::json(200, &json!({"schedule-status": told}))
                }
                None => unknown(),
            },
            _ => unknown(),
        }
    }

    pub(super) fn statistics(&self, path: &[&str]) -> Reply {
        let unknown = || Reply::page(404, "");
        match path {
            ["queues.json"] => {
                let all: Vec<Value> = self
                    .queues
                    .iter()
                    .map(|(id, queue)| figures(id, queue))
                    .collect();
                Reply::json(200, &json!({"queue": all}))
            }
            ["queue", id] => {
                let id = id.trim_end_matches(".json");
                self.queues.get(id).map_or_else(unknown, |queue| {
                    Reply::json(200, &json!({"queue": figures(id, queue)}))
                })
            }
            ["agents.json"] => {
                let all: Vec<Value> = self.agents.keys().map(|id| agent(id)).collect();
                Reply::json(200, &json!({"agent": all}))
            }
            ["agent", id] => {
                let id = id.trim_end_matches(".json");
                match self.agents.contains_key(id) {
                    true => Reply::json(200, &json!({"agent": agent(id)})),
                    false => unknown(),
                }
            }
            _ => unknown(),
        }
    }

    /// A page of a list: `n` is the first record's number from 1 on, in the format of the path's ending; a field's name as a
    /// parameter picks records.
    pub(super) fn list(&self, path: &[&str], asked: &Asked) -> Reply {
        let [.., last] = path else {
            return Reply::page(404, "");
        };
        let (name, format) = last.split_once('.').unwrap_or((last, "xml"));
        // A single one by its id: `agents/jdoe.json`.
        let (name, id) = match (LISTS.iter().any(|(list, ..)| *list == name), path) {
            (false, [.., list, _]) => (*list, Some(name)),
            _ => (name, None),
        };
        let Some((_, wrap, record)) = LISTS.iter().find(|(list, ..)| *list == name) else {
            return Reply::page(404, "");
        };
        let first = asked.parameter("n").parse::<usize>().unwrap_or(1).max(1);
        let fits = |item: &&Value| {
            let picked = asked
                .parameters
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "n" | "d" | "tz"));
            let by_field = picked
                .into_iter()
                .all(|(key, value)| text(&item[key.as_str()]) == *value);
            by_field
                && id.is_none_or(|id| {
                    item.as_object()
                        .is_some_and(|fields| fields.values().any(|value| text(value) == id))
                })
        };
        let all = self
            .records
            .get(*record)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let page: Vec<&Value> = all.iter().filter(fits).skip(first - 1).take(PAGE).collect();
        match format {
            "json" => Reply::json(200, &json!({*wrap: {*record: page}})),
            "csv" => written("text/csv", csv(&page)),
            _ => written("application/xml", xml(wrap, record, &page)),
        }
    }
}

fn written(media: &'static str, body: String) -> Reply {
    Reply {
        media,
        ..Reply::page(200, &body)
    }
}

fn whole(id: &str, schedule: &Schedule) -> Value {
    let day = json!({"day": 0, "properties": {"status": schedule.now.code(), "start-time": "08:00", "end-time": "09:00"}});
    json!({"id": id, "name": schedule.name, "time-zone": "PST8DT", "week-days": {"week-day": [day]}})
}

fn figures(id: &str, queue: &Queue) -> Value {
    json!({
        "queue-id": id, "queue-name": queue.name, "media-type": queue.media, "queue-type": queue.media,
        "agent-count-waitTransact": queue.agents_free, "agent-count-busy": queue.agents_busy, "agent-count-postProcess": 0,
        "agent-count-onBreak": 0, "agent-count-workOffline": 0, "agent-count-loggedOut": queue.agents_away,
        "queue-size": queue.waiting, "longest-wait-time": queue.longest_wait, "sla-activity": -1
    })
}

fn agent(id: &str) -> Value {
    json!({"agent-id": id, "agent-name": "John Doe", "agent-status": 0, "time-in-status": 12})
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn fields(page: &[&Value]) -> Vec<String> {
    let first = page.first().and_then(|item| item.as_object());
    first.map_or_else(Vec::new, |fields: &Map<String, Value>| {
        fields.keys().cloned().collect()
    })
}

fn csv(page: &[&Value]) -> String {
    let cell = |text: &str| match text.contains([',', '"', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    };
    let heads = fields(page);
    let mut lines = vec![heads.join(",")];
    for item in page {
        let cells: Vec<String> = heads
            .iter()
            .map(|head| cell(&text(&item[head.as_str()])))
            .collect();
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}

fn xml(wrap: &str, record: &str, page: &[&Value]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let heads = fields(page);
    let mut body = format!("<?xml version='1.0'  encoding='UTF-8' ?>\n<{wrap}>\n");
    for item in page {
        body.push_str(&format!("  <{record}>\n"));
        for head in &heads {
            body.push_str(&format!(
                "    <{head}>{}</{head}>\n",
                escaped(&text(&item[head.as_str()]))
            ));
        }
        body.push_str(&format!("  </{record}>\n"));
    }
    body + &format!("</{wrap}>\n")
}
