//! Where an entry leads: a menu, an application of the dialplan, words.

use super::super::draft::{Draft, Step, Telling, connect, quoted, text};
use super::menu::{Sound, sound};
use super::{Menu, name_of};

/// Applications that have no counterpart, and what to write instead.
const HINTS: [(&str, &str); 18] = [
    (
        "voicemail",
        "a [connect] to a number with a voice mail, or a [callback]",
    ),
    ("record", "record = true in a [connect], or a [callback]"),
    ("conference", "a [connect] to the conference's number"),
    ("callcenter", "a [handoff] with the queue's id"),
    ("fifo", "a [handoff] with the queue's id"),
    ("queue", "a [handoff] with the queue's id"),
    (
        "lua",
        "a [lookup] of a web service that does what the script did",
    ),
    (
        "javascript",
        "a [lookup] of a web service that does what the script did",
    ),
    (
        "python",
        "a [lookup] of a web service that does what the script did",
    ),
    (
        "perl",
        "a [lookup] of a web service that does what the script did",
    ),
    ("httapi", "a [lookup] of that web service"),
    ("curl", "a [lookup] of that web service"),
    ("execute_extension", "the steps of that extension"),
    ("phrase", "a [message] with what the phrase says"),
    (
        "say",
        "a [message] with {variable:digits} or {variable:number}",
    ),
    ("play_and_get_digits", "an [ask]"),
    ("read", "an [ask]"),
    ("echo", ""),
];

/// A way out of a menu.
pub(super) struct Way<'a> {
    /// What it is called.
    pub(super) foreign: &'a str,
    pub(super) line: usize,
    pub(super) menu: &'a Menu<'a>,
    /// The step that calls begin at.
    pub(super) start: &'a str,
}

impl Way<'_> {
    /// To a menu of this name.
    pub(super) fn menu(&self, draft: &mut Draft, name: &str) -> String {
        match self.menu.menus.iter().any(|menu| name_of(menu) == name) {
            true => draft.name(name),
            false => self.unknown(
                draft,
                "menu-sub",
                name,
                "no menu of the file has this name",
                "import the file that has it, and copy its steps here",
            ),
        }
    }

    /// To the menu that leads here.
    pub(super) fn back(&self, draft: &mut Draft) -> String {
        let leads_here = |menu: &&&super::Tree| {
            menu.all("entry").any(|entry| {
                let param = entry.peek("param").unwrap_or_default();
                match entry.peek("action") {
                    Some("menu-sub") => param == self.menu.foreign,
                    _ => param.strip_prefix("ivr ").map(str::trim) == Some(self.menu.foreign),
                }
            })
        };
        let above: Vec<_> = self
            .menu
            .menus
            .iter()
            .filter(leads_here)
            .map(|menu| name_of(menu))
            .collect();
        let to = above.first().copied();
        if above.len() > 1 {
            self.remark(
                draft,
                "menu-back",
                "several menus lead here, and none is remembered: it leads to the first of them",
                "",
            );
        }
        match to {
            Some(to) => draft.name(to),
            None => {
                self.remark(
                    draft,
                    "menu-back",
                    "no menu leads here: it leads to the first",
                    "",
                );
                self.start.to_owned()
            }
        }
    }

    /// Out of the menu.
    pub(super) fn exit(&self, draft: &mut Draft) -> String {
        self.remark(
            draft,
            "menu-exit",
            "what the dialplan does behind the menu is not in this file: the call ends",
            "a step for it, where the key leads",
        );
        "end".to_owned()
    }

    /// To words, and back.
    pub(super) fn says(&self, draft: &mut Draft, words: &str) -> String {
        match words.trim() {
            "" => self.unknown(draft, "menu-say", words, "it says nothing", "a [message]"),
            words => self.message(draft, "say", text(words)),
        }
    }

    /// To a sound, and back.
    pub(super) fn plays(&self, draft: &mut Draft, param: &str) -> String {
        match sound(param) {
            Sound::Words(words) => self.message(draft, "say", text(words)),
            Sound::Address(address) => self.message(draft, "play", quoted(address)),
            Sound::Elsewhere => self.unknown(
                draft,
                "menu-play-sound",
                param,
                "this is a sound of your FreeSWITCH",
                "a [message] with what it says, or with its address in play",
            ),
        }
    }

    fn message(&self, draft: &mut Draft, key: &str, value: String) -> String {
        let name = draft.name(self.foreign);
        draft.add(
            Step::new("message", &name, self.line)
                .with(key, value)
                .with("go", quoted(&self.menu.name)),
        );
        name
    }

    /// To an application.
    pub(super) fn of(&self, draft: &mut Draft, param: &str) -> String {
        let (app, arguments) = param
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((param.trim(), ""));
        let arguments = arguments.trim();
        match app {
            "hangup" if arguments.is_empty() => "end".to_owned(),
            "hangup" => {
                self.remark(
                    draft,
                    param,
                    "the cause is not told to the caller's side: the call ends",
                    "",
                );
                "end".to_owned()
            }
            "ivr" => self.menu(draft, arguments),
            "transfer" if !arguments.is_empty() => self.transfer(draft, param, arguments),
            "bridge" if !arguments.is_empty() => self.bridge(draft, param, arguments),
            "playback" => self.plays(draft, arguments),
            "speak" => self.says(draft, arguments.rsplit('|').next().unwrap_or_default()),
            _ => {
                let hint = HINTS
                    .iter()
                    .find(|(name, _)| *name == app)
                    .map(|(_, hint)| *hint);
                self.unknown(
                    draft,
                    "menu-exec-app",
                    param,
                    "the application has no counterpart",
                    hint.unwrap_or("a step of its own"),
                )
            }
        }
    }

    /// To an extension of the dialplan: somebody's number.
    fn transfer(&self, draft: &mut Draft, param: &str, arguments: &str) -> String {
        let mut parts = arguments.split_whitespace();
        let extension = parts.next().unwrap_or_default();
        let rest: Vec<_> = parts.collect();
        if !rest.is_empty() && extension.starts_with('+') {
            self.remark(
                draft,
                param,
                "the dialplan and its context have no place here: the number is called",
                "",
            );
        }
        let was = match extension.starts_with('+') {
            true => extension.to_owned(),
            false => arguments.to_owned(),
        };
        self.connect(draft, &was)
    }

    /// To a dial string, `sofia/gateway/carrier/+6568332048`: the first number of several.
    fn bridge(&self, draft: &mut Draft, param: &str, arguments: &str) -> String {
        let open = match (arguments.strip_prefix('{'), arguments.strip_prefix('[')) {
            (Some(rest), _) => rest.split_once('}').map(|(_, rest)| rest),
            (_, Some(rest)) => rest.split_once(']').map(|(_, rest)| rest),
            _ => None,
        };
        let dialled = open.unwrap_or(arguments);
        let mut legs = dialled.split(['|', ',']);
        let leg = legs.next().unwrap_or_default().trim();
        if legs.next().is_some() {
            self.remark(
                draft,
                param,
                "one number is called: the first",
                "a [connect] for each further one, where busy, no_answer and failed lead",
            );
        }
        let last = leg.rsplit('/').next().unwrap_or_default();
        let number = last.split('@').next().unwrap_or_default();
        let is_number = crate::call::PhoneNumber::parse_e164(number).is_some();
        if (open.is_some() || leg != number) && is_number {
            self.remark(
                draft,
                param,
                "gateways and channel variables have no place: 8x8 places the call",
                "",
            );
        }
        let was = if is_number { number } else { leg };
        self.connect(draft, was)
    }

    fn connect(&self, draft: &mut Draft, was: &str) -> String {
        let number = draft.number(was, self.line);
        let name = draft.name(self.foreign);
        if !draft.has(&name) {
            draft.add(connect(&name, self.line, &number, "end", &self.menu.name));
        }
        name
    }

    /// To something that has no counterpart.
    pub(super) fn unknown(
        &self,
        draft: &mut Draft,
        action: &str,
        param: &str,
        why: &str,
        instead: &str,
    ) -> String {
        let what = format!("{action} {param:?} of {:?}", self.foreign);
        let why = format!("{why}; a step that says so stands in");
        draft.remark(
            self.line,
            Telling {
                what,
                why: &why,
                instead,
            },
        );
        draft.stand_in(self.foreign, self.line)
    }

    fn remark(&self, draft: &mut Draft, what: &str, why: &str, instead: &str) {
        let what = format!("{what:?} of {:?}", self.foreign);
        draft.remark(self.line, Telling { what, why, instead });
    }
}
