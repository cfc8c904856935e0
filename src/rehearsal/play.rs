//! One call, played line by line: the emulator carries it, the stage answers it.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;

use super::failure::{Failure, Note};
use super::line::{MADE_UP, Verb};
use super::prompter::Prompt;
use super::script::{Line, Scripted};
use super::stage::Stage;
use super::way;
use super::{Visited, wire};
use crate::emulator::{
    Answer, Call, Chance, Fate, Input, Manner, Mischief, Order, Output, Person, Sign,
};
use crate::flow::model::{Answers, Step, StepName};
use crate::flow::{Flow, Position};

mod asked;

/// The digits that stand for those which are not told.
const MADE_UP_DIGITS: [char; 8] = ['7', '3', '1', '9', '5', '0', '8', '2'];

/// The number that is called where the flow answers none of its own.
pub(super) const ANY_NUMBER: &str = "+6561110000";

/// What came of a call.
#[derive(Debug, Clone, Default)]
pub(super) struct Played {
    pub(super) failure: Option<Failure>,
    pub(super) visited: Visited,
    /// The replies, as they are compared.
    pub(super) replies: Vec<String>,
}

/// What somebody has to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    Key,
    Fate,
    Over,
}

/// A call under way.
struct Player<'a> {
    stage: &'a Stage,
    flow: &'a Flow,
    call: Call,
    now: u64,
    stop: Option<Stop>,
    /// Whether the entry was over since this was last asked.
    entered: bool,
    /// What was said and played since somebody last did something.
    heard: Vec<String>,
    dialled: Option<String>,
    /// What lines have answered since then, each once for each line.
    answering: Vec<&'static str>,
    /// The secrets that were typed, each with the line that did.
    secrets: Vec<(String, Range<usize>)>,
}

/// Why a line does not hold, and what is to be said beside it.
type Broken = (String, Vec<Note>);

/// Plays `script` on `stage`, where `flow` answers.
pub(super) fn play(stage: &Stage, flow: &Flow, script: &Scripted, seed: u64) -> Played {
    let begin = instant(script, flow);
    stage.opens(begin);
    let secretive = |line: &Line| matches!(line.verb, Verb::NeverLogged(_));
    let _listening = script.lines.iter().any(secretive).then(|| stage.listen());
    let mut player = Player {
        call: Call::receive(order(flow, &script.from, begin, seed)),
        stage,
        flow,
        now: 0,
        stop: None,
        entered: false,
        heard: Vec::new(),
        dialled: None,
        answering: Vec::new(),
        secrets: Vec::new(),
    };
    stage.prompter.turn(prompts(flow, &script.lines));
    player.run();
    let is_fault = |_: &Failure| !script.improvised;
    let mut failure = player.unanswered(script.lines.first()).filter(is_fault);
    for (nth, line) in script.lines.iter().enumerate() {
        if failure.is_some() {
            break;
        }
        if line.verb.is_deed() {
            stage.prompter.turn(prompts(flow, &script.lines[nth + 1..]));
        }
        if let Err((what, notes)) = player.take(line) {
            failure = Some(player.failure(line, what, notes));
        } else if line.verb.is_deed() {
            failure = player.unanswered(Some(line)).filter(is_fault);
        }
    }
    player.finish();
    let failure = failure.or_else(|| player.server_fault());
    let exchanges = stage.notebook.exchanges(0);
    Played {
        failure,
        visited: way::visited(flow, &exchanges),
        replies: exchanges
            .iter()
            .map(|it| wire::comparable(&it.reply))
            .collect(),
    }
}

impl Player<'_> {
    /// Does what a line does, or sees whether what it expects is so.
    fn take(&mut self, line: &Line) -> Result<(), Broken> {
        if line.verb.is_deed() {
            self.entered = false;
        }
        match &line.verb {
            Verb::Hear(text) => self.hear(text),
            Verb::NotHear(text) => match self.hears(text) {
                true => Err(unexpected("was heard")),
                false => Ok(()),
            },
            Verb::Press(keys) => self.enter(keys, line),
            Verb::Type(keys) => self.enter(&made_up(keys), line),
            Verb::Silence => self.stay_silent(),
            Verb::At(step) => self.at(step),
            Verb::Language(code) => match self.position() {
                Some(at) if at.language.as_str() == code => Ok(()),
                Some(at) => Err(because(format!("the language is {}", at.language))),
                None => Err(because("the call is over".to_owned())),
            },
            Verb::Dials(number) => self.dials(number),
            Verb::Meets(fate) => self.meet(*fate),
            Verb::Sends {
                lookup,
                name,
                value,
            } => self.sends(lookup, name, value),
            Verb::Answers { lookup, .. } | Verb::TimesOut(lookup) => self.answers_lookup(lookup),
            Verb::Center(line) => self.center(line),
            Verb::HangsUp => self.hang_up(),
            Verb::Ended => match self.stop {
                Some(Stop::Over) => Ok(()),
                _ => Err(because(self.goes_on())),
            },
            Verb::NeverLogged(text) => self.never_logged(text),
            Verb::Var { name, value } => self.variable(name, value),
        }
    }

    fn hear(&self, text: &str) -> Result<(), Broken> {
        self.tells_no_secret(text)?;
        match self.hears(text) {
            true => Ok(()),
            false => Err(("expected".to_owned(), Vec::new())),
        }
    }

    /// CW703: what is typed as a secret is expected nowhere.
    fn tells_no_secret(&self, text: &str) -> Result<(), Broken> {
        let told = bare(text);
        match self
            .secrets
            .iter()
            .find(|(digits, _)| told.contains(digits))
        {
            None => Ok(()),
            Some((_, typed)) => Err(("a secret".to_owned(), vec![Note::Secret(typed.clone())])),
        }
    }

    fn hears(&self, text: &str) -> bool {
        bare(&self.heard.concat()).contains(&bare(text))
    }

    fn enter(&mut self, keys: &str, line: &Line) -> Result<(), Broken> {
        if self.stop != Some(Stop::Key) {
            return Err(because(format!("no key is waited for: {}", self.doing())));
        }
        if let Some(at) = self.position().filter(|at| self.flow.is_secret(&at.step)) {
            let digits: String = keys.chars().filter(char::is_ascii_digit).collect();
            let is_entry = matches!(self.flow.step(&at.step), Some(Step::Ask(ask)) if digits.len() >= usize::from(ask.min_digits));
            if is_entry && line_types(line) {
                self.secrets.push((digits, line.span.clone()));
            }
        }
        self.deed();
        for key in keys.chars() {
            // Who presses hash behind a whole entry means its end.
            match (self.entered, key) {
                (true, '#') => continue,
                (true, _) => {
                    let why = "the entry was over before its last key".to_owned();
                    return Err(because(why));
                }
                _ => {}
            }
            self.call.input(Input::Press(key), self.now);
            self.run();
        }
        self.until_entered();
        Ok(())
    }

    fn stay_silent(&mut self) -> Result<(), Broken> {
        if self.stop != Some(Stop::Key) {
            return Err(because(format!("no key is waited for: {}", self.doing())));
        }
        self.deed();
        self.until_entered();
        Ok(())
    }

    /// Lets time pass until what was pressed, or nothing, is taken for an answer.
    fn until_entered(&mut self) {
        while !self.entered && self.stop == Some(Stop::Key) && self.tick() {
            self.run();
        }
    }

    fn at(&self, step: &str) -> Result<(), Broken> {
        let place = self.place();
        match &place {
            Some(place) if place.as_str() == step => Ok(()),
            Some(place) => Err(because(format!("the call is at {place}"))),
            None => Err(because("the call came to no step".to_owned())),
        }
    }

    fn dials(&self, number: &str) -> Result<(), Broken> {
        let digits = |number: &str| number.trim_start_matches('+').to_owned();
        match &self.dialled {
            Some(dialled) if digits(dialled) == digits(number) => Ok(()),
            Some(dialled) => Err(because(format!("{dialled} is dialled"))),
            None => Err(because(format!("nobody is dialled: {}", self.doing()))),
        }
    }

    /// Decides about the leg that rings. Who answers speaks for a while and hangs up.
    fn meet(&mut self, fate: Fate) -> Result<(), Broken> {
        if self.stop != Some(Stop::Fate) {
            return Err(because(format!("nobody is dialled: {}", self.doing())));
        }
        self.deed();
        self.dialled = None;
        self.call.input(Input::Meet(fate), self.now);
        if matches!(fate, Fate::Answers { .. }) {
            self.call.input(Input::HangUp(1), self.now);
        }
        self.run();
        Ok(())
    }

    fn hang_up(&mut self) -> Result<(), Broken> {
        if self.stop == Some(Stop::Over) {
            return Err(because("the call is over already".to_owned()));
        }
        self.deed();
        self.call.input(Input::HangUp(0), self.now);
        self.run();
        Ok(())
    }

    fn never_logged(&self, text: &str) -> Result<(), Broken> {
        let shown = self.stage.notebook.kept() + "\n" + &self.stage.logged();
        match without_ids(&shown).contains(text) {
            true => Err(unexpected("is kept or logged in the clear")),
            false => Ok(()),
        }
    }

    fn variable(&self, name: &str, value: &str) -> Result<(), Broken> {
        self.tells_no_secret(value)?;
        let Some(at) = self.position() else {
            return Err(because("the call is over".to_owned()));
        };
        let found = at
            .variables
            .iter()
            .find(|(known, _)| known.as_str() == name);
        match found {
            Some((_, found)) if found.secret => Err(because(format!(
                "{name} is a secret, which no test may tell"
            ))),
            Some((_, found)) if found.text == value => Ok(()),
            Some((_, found)) => Err(because(format!("{name} is \"{}\"", found.text))),
            None => Err(because(format!("{name} is not set"))),
        }
    }

    /// Somebody does something: what was heard before is over.
    fn deed(&mut self) {
        self.heard.clear();
        self.answering.clear();
        self.entered = false;
    }

    /// The call's last things: who is still there hangs up, and everything on its way arrives.
    fn finish(&mut self) {
        if self.stop != Some(Stop::Over) {
            self.call.input(Input::HangUp(0), self.now);
            self.run();
        }
        while self.tick() {
            self.take_out();
        }
    }

    /// Lets time pass until somebody has to do something.
    fn run(&mut self) {
        self.stop = None;
        loop {
            self.call.tick(self.now);
            self.take_out();
            let due_now = self.call.due().is_some_and(|due| due <= self.now);
            if self.stop.is_some() && !due_now || !self.tick() {
                return;
            }
        }
    }

    /// Has the next thing happen; tells whether there is one.
    fn tick(&mut self) -> bool {
        let Some(due) = self.call.due() else {
            return false;
        };
        self.now = self.now.max(due);
        self.call.tick(self.now);
        true
    }

    /// Takes what comes out of the call, and has its webhooks answered.
    fn take_out(&mut self) {
        while let Some(output) = self.call.poll() {
            match output {
                Output::Sign(sign) => self.notice(sign),
                Output::Post(post) => {
                    let answer = self.stage.deliver(&post);
                    if let Answer::Said { .. } = answer {
                        self.call.answered(&post, answer, self.now);
                    }
                }
            }
        }
    }

    fn notice(&mut self, sign: Sign) {
        match sign {
            Sign::Says { text, .. } => self.heard.push(text + " "),
            Sign::Plays { url, .. } => self.heard.push(format!("(plays {url}) ")),
            Sign::Waits { .. } => self.stop = Some(Stop::Key),
            Sign::Asks => {
                self.entered = true;
                self.stop = None;
            }
            Sign::Rings {
                leg: 1..,
                destination,
            } => {
                self.dialled = Some(destination);
                self.stop = Some(Stop::Fate);
            }
            Sign::Over { .. } => self.stop = Some(Stop::Over),
            Sign::Rings { .. } | Sign::Connected { .. } | Sign::Key(_) | Sign::Gone { .. } => {}
        }
    }

    fn position(&self) -> Option<Position> {
        self.stage.notebook.position()
    }

    /// Where the call waits, or where it ended.
    fn place(&self) -> Option<StepName> {
        let exchanges = self.stage.notebook.exchanges(0);
        let last = exchanges
            .iter()
            .rev()
            .find_map(|it| it.path.last().cloned());
        self.position().map(|at| at.step).or(last)
    }

    /// What the call is doing, in a few words.
    fn doing(&self) -> String {
        match self.stop {
            Some(Stop::Key) => "a key is waited for".to_owned(),
            Some(Stop::Fate) => format!(
                "{} rings; say what becomes of it: busy, no answer, answers, fails",
                self.dialled.as_deref().unwrap_or("somebody")
            ),
            Some(Stop::Over) | None => "the call is over".to_owned(),
        }
    }

    fn goes_on(&self) -> String {
        format!("the call goes on: {}", self.doing())
    }

    fn failure(&self, line: &Line, what: String, notes: Vec<Note>) -> Failure {
        let exchanges = self.stage.notebook.exchanges(0);
        let apology = exchanges.last().filter(|it| it.path.is_empty());
        let apology = apology.map(|it| format!("the server apologised: {}", it.outcome.as_str()));
        Failure {
            span: Some(line.span.clone()).filter(|span| !span.is_empty()),
            what,
            heard: Some(self.heard.concat().trim().to_owned()),
            path: way::written(self.flow, &exchanges),
            at: self.place(),
            over: self.position().is_none(),
            notes: notes.into_iter().chain(apology.map(Note::Says)).collect(),
        }
    }

    /// What the server itself did wrong: a reply that is no callflow, two answers to one webhook.
    fn server_fault(&self) -> Option<Failure> {
        let faults: BTreeSet<_> = self.call.record().faults.into_iter().collect();
        let exchanges = self.stage.notebook.exchanges(0);
        let stuck = exchanges.iter().any(|it| it.outcome.as_str() == "stuck");
        let stuck =
            stuck.then(|| "the flow could not go on, and the caller got the apology".to_owned());
        let notes: Vec<_> = faults.into_iter().chain(stuck).map(Note::Says).collect();
        (!notes.is_empty()).then(|| Failure {
            span: None,
            what: "the server".to_owned(),
            heard: None,
            path: way::written(self.flow, &exchanges),
            at: self.place(),
            over: true,
            notes,
        })
    }
}

fn because(why: String) -> Broken {
    ("not so".to_owned(), vec![Note::Says(why)])
}

fn unexpected(what: &str) -> Broken {
    (what.to_owned(), Vec::new())
}

fn line_types(line: &Line) -> bool {
    match &line.verb {
        Verb::Type(keys) | Verb::Press(keys) => !keys.contains(MADE_UP),
        _ => false,
    }
}

/// The keys with digits in the places of those that are not told.
fn made_up(keys: &str) -> String {
    let mut digits = MADE_UP_DIGITS.into_iter().cycle();
    let told = |key| match key {
        MADE_UP => digits.next().unwrap_or('7'),
        key => key,
    };
    keys.chars().map(told).collect()
}

/// A text as it is compared: without spaces, in small letters.
fn bare(text: &str) -> String {
    let letters = text.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

/// A text without what the emulator draws by chance and what counts: ids and times, which hold any digits.
fn without_ids(text: &str) -> String {
    let part = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '@' | '_'));
    let is_id = |word: &str| word.len() >= 20 && (word.contains('-') || word.contains('@'));
    text.split_inclusive(part)
        .filter(|word| !is_id(word.trim_end_matches(part)))
        .collect()
}

/// What the world answers, as lines tell, up to when somebody does something.
fn prompts(flow: &Flow, lines: &[Line]) -> Vec<Prompt> {
    let lines = lines.iter().take_while(|line| !line.verb.is_deed());
    lines.filter_map(|line| line.verb.prompt(flow)).collect()
}

/// When the call begins, on the flow's clock.
fn instant(script: &Scripted, flow: &Flow) -> Timestamp {
    flow.zone.to_timestamp(script.at).unwrap_or_default()
}

fn order(flow: &Flow, from: &str, begin: Timestamp, seed: u64) -> Order {
    let own = match &flow.answers {
        Answers::Numbers(numbers) => numbers.first().map(|number| number.with_plus()),
        Answers::Any => None,
    };
    Order {
        sub_account: "rehearsal".to_owned(),
        source: from.to_owned(),
        destination: own.unwrap_or_else(|| ANY_NUMBER.to_owned()),
        client_request_id: None,
        begin,
        chance: Chance::new(seed),
        person: Person::ByHand,
        mischief: Mischief::NONE,
        // Each webhook comes twice, as the platform's may: no second one may change anything.
        manner: Manner {
            twice: true,
            late: false,
        },
        records: true,
        masking: false,
        sip_ids: false,
    }
}
