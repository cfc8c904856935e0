//! A first flow, and its test: what somebody begins with who has none.

use std::fmt::Write as _;

use crate::call::PhoneNumber;

/// A language that there are words for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tongue {
    /// English.
    English,
    /// Chinese.
    Chinese,
}

/// What a first flow is made of.
#[derive(Debug, Clone)]
pub struct First {
    /// Its id.
    pub id: String,
    /// What callers reach. Without quotes and braces.
    pub name: String,
    /// Whose calls it takes; `None`: any number's.
    pub answers: Option<PhoneNumber>,
    /// Who speaks to those who want a person.
    pub person: Option<PhoneNumber>,
    /// The languages it speaks, the one it begins in first; never empty.
    pub tongues: Vec<Tongue>,
}

/// The words of one language.
struct Words {
    code: &'static str,
    voice: &'static str,
    choose: &'static str,
    welcome: &'static str,
    to_person: &'static str,
    again: &'static str,
    no_input: [&'static str; 2],
    no_match: [&'static str; 2],
    hours: &'static str,
    connecting: &'static str,
    nobody: &'static str,
    goodbye: &'static str,
}

const ENGLISH: Words = Words {
    code: "en",
    voice: "en-US-BenjaminRUS",
    choose: "For English, press KEY.",
    welcome: "Welcome to NAME. For our opening hours press 1",
    to_person: ", to speak to us press 2",
    again: ", to hear this again press 3.",
    no_input: ["I did not hear a key.", "I still did not hear a key."],
    no_match: [
        "That is not one of the choices.",
        "That is not a choice either.",
    ],
    hours: "We are open from nine in the morning to six in the evening, Monday to Friday. Goodbye.",
    connecting: "Connecting you now.",
    nobody: "I am sorry, nobody can take your call right now. Please call again later.",
    goodbye: "Please call again. Goodbye.",
};

const CHINESE: Words = Words {
    code: "zh",
    voice: "cmn-CN-Standard-A",
    choose: "中文请按KEY。",
    welcome: "欢迎致电NAME。营业时间请按1",
    to_person: ",与我们通话请按2",
    again: ",重听请按3。",
    no_input: ["没有听到按键。", "还是没有听到按键。"],
    no_match: ["没有这个选项。", "还是没有这个选项。"],
    hours: "我们的营业时间是星期一到星期五,早上九点到下午六点。再见。",
    connecting: "正在为您转接。",
    nobody: "抱歉,目前无人接听,请稍后再拨。",
    goodbye: "请稍后再拨。再见。",
};

impl Tongue {
    fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Chinese => &CHINESE,
        }
    }
}

impl First {
    /// The flow's file.
    pub fn flow(&self) -> String {
        let first = self.tongues[0].words();
        let answers = match &self.answers {
            Some(number) => format!("[\"{}\"]", number.with_plus()),
            None => "\"any\"".to_owned(),
        };
        let start = if self.many() { "language" } else { "main" };
        let mut text = format!(
            "#:schema ./flow.schema.json\n# {}: a first phone menu. `callwright check` says whether it holds together, `callwright test` plays the calls\n\
             # beside it, `callwright phone` lets you call it. docs/flows.md is the whole language.\n\n\
             callwright = 1\n\n[flow]\nid      = \"{}\"\nname    = \"{}\"\nstart   = \"{start}\"\nanswers = {answers}\n\n\
             [languages]\ndefault  = \"{}\"\n",
            self.name, self.id, self.name, first.code
        );
        // Writing to a text does not fail: here and below.
        for tongue in &self.tongues {
            let _ = writeln!(
                text,
                "{}.voice = \"{}\"",
                tongue.words().code,
                tongue.words().voice
            );
        }
        text += "\n# What every menu does about a wrong key or silence. The third wrong try goes to give_up.\n[defaults]\ntries    = 3\nwait     = \"6s\"\ngive_up  = \"goodbye\"\n";
        let list = |texts: [&str; 2]| format!("[\"{}\", \"{}\"]", texts[0], texts[1]);
        text += &self.each("no_input", |words| list(words.no_input));
        text += &self.each("no_match", |words| list(words.no_match));
        if self.many() {
            text += &self.language_menu();
        }
        text += "\n[menu.main]\n";
        text += &self.each("say", |words| {
            let person = if self.person.is_some() {
                words.to_person
            } else {
                ""
            };
            let key = if self.person.is_some() { "3" } else { "2" };
            let again = words.again.replace('3', key);
            let welcome = words.welcome.replace("NAME", &self.name);
            format!("\"{welcome}{person}{again}\"")
        });
        text += "press.1 = \"hours\"\n";
        text += match self.person {
            Some(_) => "press.2 = \"person\"\npress.3 = \"repeat\"\n",
            None => "press.2 = \"repeat\"\n",
        };
        text += "\n[end.hours]\n";
        text += &self.each("say", |words| format!("\"{}\"", words.hours));
        if let Some(person) = &self.person {
            text += "\n# What happens when it does not work out has to be said: there is no silent default.\n[connect.person]\n";
            text += &self.each("say", |words| format!("\"{}\"", words.connecting));
            let _ = writeln!(
                text,
                "number    = \"{}\"\nbusy      = \"nobody\"\nno_answer = \"nobody\"\nfailed    = \"nobody\"\nallow     = [\"CW608\"]",
                person.with_plus()
            );
            text += "\n[end.nobody]\n";
            text += &self.each("say", |words| format!("\"{}\"", words.nobody));
        }
        text += "\n[end.goodbye]\n";
        text += &self.each("say", |words| format!("\"{}\"", words.goodbye));
        crate::flow::file::laid_out(&text).unwrap_or(text)
    }

    /// The test's file, beside the flow's, which is called `flow`.
    pub fn test(&self, flow: &str) -> String {
        let words = self.tongues[0].words();
        let begin: &[&str] = if self.many() { &["press 1"] } else { &[] };
        let hear = |text: &str| format!("hear {}", text.trim_end_matches(['.', '。']));
        let mut text = format!(
            "# Calls to the menu beside this file: `callwright test` plays them.\n\nflow = \"{flow}\"\n"
        );
        let mut call = |name: &str, lines: &[String]| {
            let all = begin
                .iter()
                .map(|line| (*line).to_owned())
                .chain(lines.iter().cloned());
            let lines: String = all.map(|line| format!("  \"{line}\",\n")).collect();
            let _ = write!(
                text,
                "\n[[call]]\nname  = \"{name}\"\nsteps = [\n{lines}]\n"
            );
        };
        let line = str::to_owned;
        call(
            "the opening hours",
            &[
                line("hear 1"),
                line("press 1"),
                hear(words.hours),
                line("ended"),
            ],
        );
        let (again, last) = if self.person.is_some() {
            ("press 3", "press 9")
        } else {
            ("press 2", "press 9")
        };
        call(
            "once more, then silence and wrong keys: the call ends politely",
            &[
                line(again),
                line("at main"),
                line("silence"),
                hear(words.no_input[0]),
                line(last),
                hear(words.no_match[1]),
                line("silence"),
                hear(words.goodbye),
                line("ended"),
            ],
        );
        if let Some(person) = &self.person {
            let dials = format!("dials {}", person.with_plus());
            call(
                "somebody is reached",
                &[
                    line("press 2"),
                    hear(words.connecting),
                    dials.clone(),
                    line("answers"),
                    line("ended"),
                ],
            );
            call(
                "nobody is free",
                &[
                    line("press 2"),
                    dials,
                    line("busy"),
                    hear(words.nobody),
                    line("ended"),
                ],
            );
        }
        for (nth, tongue) in self.tongues.iter().enumerate().skip(1) {
            let words = tongue.words();
            let lines = [
                format!("press {}", nth + 1),
                format!("language {}", words.code),
                "press 1".to_owned(),
                hear(words.hours),
                "ended".to_owned(),
            ];
            let lines: String = lines
                .iter()
                .map(|line| format!("  \"{line}\",\n"))
                .collect();
            let _ = write!(
                text,
                "\n[[call]]\nname  = \"the opening hours, in {}\"\nsteps = [\n{lines}]\n",
                words.code
            );
        }
        text
    }

    fn many(&self) -> bool {
        self.tongues.len() > 1
    }

    /// A key, once or for each language.
    fn each(&self, key: &str, value: impl Fn(&Words) -> String) -> String {
        match self.many() {
            false => format!("{key} = {}\n", value(self.tongues[0].words())),
            true => {
                let each = self.tongues.iter().map(|tongue| {
                    let words = tongue.words();
                    format!("{key}.{} = {}\n", words.code, value(words))
                });
                each.collect()
            }
        }
    }

    fn language_menu(&self) -> String {
        let mut text = String::from(
            "\n# Each line in its own voice. Keys are heard in the last one only.\n[menu.language]\nspeak = \"every language\"\n",
        );
        for (nth, tongue) in self.tongues.iter().enumerate() {
            let words = tongue.words();
            let say = words.choose.replace("KEY", &(nth + 1).to_string());
            let _ = writeln!(text, "say.{} = \"{say}\"", words.code);
        }
        for (nth, tongue) in self.tongues.iter().enumerate() {
            let code = tongue.words().code;
            let _ = writeln!(
                text,
                "press.{} = {{ language = \"{code}\", go = \"main\" }}",
                nth + 1
            );
        }
        text + "allow = [\"CW609\", \"CW302\"]\n"
    }
}
