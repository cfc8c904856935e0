//! What can be read of the Contact Center in lists: which lists there are, whose, in which form, of which days.

use super::Fault;

/// Records of one page.
pub const PAGE: usize = 50;

/// A form that records are asked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Json,
    /// Comma-separated values.
    Csv,
    /// XML.
    Xml,
}

impl Form {
    /// The ending of its address.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xml => "xml",
        }
    }
}

/// A list that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// The word for it, as it is typed.
    pub name: &'static str,
    /// Where it is: the segments before it.
    pub root: &'static [&'static str],
    /// Its own segments.
    pub path: &'static [&'static str],
    /// Whose it may be: the words of those that it is kept for; `""` for everybody's.
    pub of: &'static [&'static str],
    /// Whether days can be asked for.
    pub dated: bool,
    /// Whether one record can be asked for by its id.
    pub by_id: bool,
    /// What it holds, in a few words.
    pub what: &'static str,
}

const STATS: &[&str] = &["api", "stats"];
const RECORDINGS: &[&str] = &["api", "recordings"];

const fn list(
    name: &'static str,
    path: &'static [&'static str],
    of: &'static [&'static str],
    dated: bool,
    what: &'static str,
) -> List {
    List {
        name,
        root: STATS,
        path,
        of,
        dated,
        by_id: false,
        what,
    }
}

const fn by_id(mut list: List) -> List {
    list.by_id = true;
    list
}

const fn recorded(mut list: List) -> List {
    list.root = RECORDINGS;
    list
}

/// Every list.
pub const LISTS: [List; 20] = [
    recorded(list(
        "recordings",
        &["files"],
        &[""],
        true,
        "call recordings",
    )),
    recorded(by_id(list(
        "transcripts",
        &["transcripts"],
        &[""],
        true,
        "chat transcripts; one of them by its interaction's id",
    ))),
    list(
        "interactions",
        &["interactions"],
        &["", "agent", "group", "queue", "channel", "campaign"],
        true,
        "interactions that were queued",
    ),
    list(
        "allinteractions",
        &["allinteractions"],
        &[""],
        true,
        "all interactions, with those that were not queued",
    ),
    by_id(list("agents", &["agents"], &["", "group"], false, "agents")),
    list(
        "activities",
        &["activities"],
        &["agent", "group"],
        true,
        "what agents did",
    ),
    list(
        "statuses",
        &["statuses"],
        &["agent", "group"],
        true,
        "when agents changed their status",
    ),
    list(
        "status-statistics",
        &["statuses", "statistics"],
        &["agent"],
        true,
        "how long an agent was in each status",
    ),
    list(
        "skills",
        &["skills"],
        &["agent", "queue"],
        false,
        "skills of an agent, or for a queue",
    ),
    list(
        "outboundcalls",
        &["outboundcalls"],
        &["agent", "group"],
        true,
        "calls that agents placed",
    ),
    list("groups", &["groups"], &[""], false, "groups of agents"),
    by_id(list("queues", &["queues"], &[""], false, "queues")),
    list(
        "statistics",
        &["statistics"],
        &["agent", "queue", "channel"],
        true,
        "interactions in periods of 30 minutes",
    ),
    list(
        "online-slas",
        &["online_slas"],
        &["queue", "channel"],
        true,
        "how soon calls and chats were taken",
    ),
    list(
        "offline-slas",
        &["offline_slas"],
        &["queue", "channel"],
        true,
        "how soon mails and voice mails were taken",
    ),
    list("channels", &["channels"], &[""], false, "channels"),
    by_id(list("campaigns", &["campaigns"], &[""], false, "campaigns")),
    list(
        "records",
        &["records"],
        &["campaign"],
        false,
        "records of a campaign",
    ),
    list(
        "transaction-codes",
        &["tcls"],
        &[""],
        false,
        "lists of transaction codes",
    ),
    list(
        "status-codes",
        &["scls"],
        &[""],
        false,
        "lists of status codes",
    ),
];

/// Whose records are asked for: `queue:102`, `agent:fred`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Of {
    /// `agent`, `group`, `queue`, `channel`, `campaign`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
}

impl List {
    /// The list of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LISTS.iter().find(|list| list.name == name)
    }

    /// Reads whose records are wanted; `None` asks for everybody's.
    ///
    /// # Errors
    ///
    /// What may be written instead.
    pub fn of(&self, text: Option<&str>) -> Result<Option<Of>, Fault> {
        let known = |kind: &str| {
            self.of
                .iter()
                .find(|it| **it == kind && !kind.is_empty())
                .copied()
        };
        let kinds: Vec<String> = self
            .of
            .iter()
            .filter(|it| !it.is_empty())
            .map(|it| format!("{it}:ID"))
            .collect();
        let help = || match kinds.as_slice() {
            [] => "leave it out: this list is everybody's".to_owned(),
            kinds => format!("write {}", kinds.join(", ")),
        };
        match text {
            None if self.of.contains(&"") => Ok(None),
            None => Err(Fault::new(
                "of",
                "is missing: this list is kept for one each",
                help(),
            )),
            Some(text) => match text.split_once(':') {
                Some((kind, id)) if known(kind).is_some() && !id.is_empty() => {
                    Ok(known(kind).map(|kind| Of {
                        kind,
                        id: id.to_owned(),
                    }))
                }
                _ => Err(Fault::new(
                    "of",
                    "is nobody that this list is kept for",
                    help(),
                )),
            },
        }
    }

    /// The segments of its address.
    pub fn segments(&self, of: Option<&Of>, id: Option<&str>, form: Form) -> Vec<String> {
        let mut segments: Vec<String> = self.root.iter().map(|it| (*it).to_owned()).collect();
        if let Some(of) = of {
            segments.extend([format!("{}s", of.kind), of.id.clone()]);
        }
        segments.extend(self.path.iter().map(|it| (*it).to_owned()));
        segments.extend(id.map(str::to_owned));
        if let Some(last) = segments.last_mut() {
            last.push('.');
            last.push_str(form.ending());
        }
        segments
    }
}

/// Reads a date, or two with a comma between: `today`, `today-1d`, `2026-11-20`, `2026-11-20 13:15Z`, `20261120T1315Z`.
///
/// # Errors
///
/// What may be written instead.
pub fn dates(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let fault = |message: &str| {
        Fault::new(
            "d",
            message,
            "write a day, or two with a comma: today-1d,today or 2026-11-20,2026-11-21 13:15Z",
        )
    };
    if parts.len() > 2 {
        return Err(fault("has more than two dates"));
    }
    match parts.iter().all(|part| is_date(part)) {
        true => Ok(parts.join(",")),
        false => Err(fault("is no date")),
    }
}

fn is_date(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix("today") {
        let days = rest
            .strip_prefix('-')
            .and_then(|rest| rest.strip_suffix('d'));
        return rest.is_empty()
            || days.is_some_and(|days| (1..=4).contains(&days.len()) && all_digits(days));
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let time_is_sound = time.is_none_or(|time| {
        let digits: String = time.chars().filter(|c| *c != ':').collect();
        matches!(digits.len(), 4 | 6)
            && all_digits(&digits)
            && matches!(time.matches(':').count(), 0..=2)
    });
    let digits: String = day.chars().filter(|c| *c != '-').collect();
    let is_day = all_digits(&digits)
        && digits.len() == 8
        && (day.len() == 8 || day.matches('-').count() == 2);
    is_day && time_is_sound && jiff::civil::Date::strptime("%Y%m%d", &digits).is_ok()
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// An attachment that can be fetched: `case/1`, `followup/38.1`, `faq/7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// `case`, `followup`, `faq`.
    pub kind: &'static str,
    /// Its id; of a follow-up the case's and its own, with a dot between.
    pub id: String,
}

impl Attachment {
    /// Reads an attachment's kind and id.
    ///
    /// # Errors
    ///
    /// What may be written instead.
    pub fn parse(kind: &str, id: &str) -> Result<Self, Fault> {
        let kinds = ["case", "followup", "faq"];
        let Some(kind) = kinds.into_iter().find(|it| *it == kind) else {
            return Err(Fault::new(
                "kind",
                "is no kind of attachment",
                "write case, followup or faq",
            ));
        };
        let parts: Vec<&str> = id.split('.').collect();
        let wanted = if kind == "followup" { 2 } else { 1 };
        match parts.len() == wanted
            && parts
                .iter()
                .all(|part| !part.is_empty() && all_digits(part))
        {
            true => Ok(Self {
                kind,
                id: id.to_owned(),
            }),
            false => Err(Fault::new(
                "id",
                "is no id of that kind",
                "digits, as 1; of a follow-up the case's and its own, as 38.1",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_documented_form() {
        for good in [
            "today",
            "today-1d",
            "today-7d,today",
            "2007-08-05",
            "2007-08-05,2007-08-07",
            "2007-08-05 13:15Z,2007-08-07 14:30Z",
            "20070805T1315Z,20070807T1430Z",
            "2007-12-19 19:16:58Z",
        ] {
            assert_eq!(dates(good).as_deref(), Ok(good));
        }
        for wrong in [
            "",
            "yesterday",
            "today-d",
            "today+1d",
            "2007-8-5",
            "2007-02-30",
            "a,b",
            "2007-08-05,2007-08-06,2007-08-07",
            "2007-08-05 1315 Z",
            "20070805T13",
        ] {
            assert!(dates(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_list_has_its_address() {
        let address = |name: &str, of: Option<&str>, id: Option<&str>, form| {
            let list = List::named(name).expect("it is there");
            let of = list.of(of).expect("it is kept for them");
            list.segments(of.as_ref(), id, form).join("/")
        };
        for (name, of, id, form, expected) in [
            (
                "recordings",
                None,
                None,
                Form::Csv,
                "api/recordings/files.csv",
            ),
            (
                "transcripts",
                None,
                Some("int-1"),
                Form::Json,
                "api/recordings/transcripts/int-1.json",
            ),
            (
                "interactions",
                None,
                None,
                Form::Json,
                "api/stats/interactions.json",
            ),
            (
                "interactions",
                Some("queue:102"),
                None,
                Form::Json,
                "api/stats/queues/102/interactions.json",
            ),
            (
                "agents",
                None,
                Some("fred"),
                Form::Xml,
                "api/stats/agents/fred.xml",
            ),
            (
                "agents",
                Some("group:122"),
                None,
                Form::Json,
                "api/stats/groups/122/agents.json",
            ),
            (
                "status-statistics",
                Some("agent:sally"),
                None,
                Form::Json,
                "api/stats/agents/sally/statuses/statistics.json",
            ),
            (
                "online-slas",
                Some("channel:23"),
                None,
                Form::Json,
                "api/stats/channels/23/online_slas.json",
            ),
            (
                "records",
                Some("campaign:123"),
                None,
                Form::Json,
                "api/stats/campaigns/123/records.json",
            ),
            (
                "transaction-codes",
                None,
                None,
                Form::Json,
                "api/stats/tcls.json",
            ),
        ] {
            assert_eq!(address(name, of, id, form), expected);
        }
        let skills = List::named("skills").expect("it is there");
        let nobody = skills.of(None).expect_err("it is kept for one each");
        assert_eq!(
            nobody.to_string(),
            "`of` is missing: this list is kept for one each: write agent:ID, queue:ID"
        );
        assert!(skills.of(Some("group:1")).is_err() && skills.of(Some("agent:")).is_err());
    }

    #[test]
    fn attachments_are_named_as_the_guide_names_them() {
        for (kind, id) in [("case", "1"), ("followup", "38.1"), ("faq", "7")] {
            assert!(Attachment::parse(kind, id).is_ok(), "{kind} {id}");
        }
        for (kind, id) in [
            ("cases", "1"),
            ("case", "38.1"),
            ("followup", "38"),
            ("faq", "x"),
            ("faq", ""),
        ] {
            assert!(Attachment::parse(kind, id).is_err(), "{kind} {id}");
        }
    }
}
