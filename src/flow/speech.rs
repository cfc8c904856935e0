//! What callers hear, as actions: texts in the call's language and voice, prompts that take keys, bridged calls.

use super::model::{Ask, Connect, Language, Menu, PerLanguage, Step, Utterance};
use super::step::Walk;
use super::template::{Template, Unset};
use crate::call::Action;
use crate::call::callflow::{Capture, TEXT_LIMIT};

/// The longest pause between the digits of an entry whose length is not fixed, in milliseconds: it is also what the
/// caller waits after the last one.
const LONGEST_PAUSE_MS: u32 = 3000;

/// What each digit after the first adds to the time for a whole entry, in milliseconds.
const EACH_DIGIT_MS: u32 = 2000;

/// The texts of a wrong try, by language.
type TryTexts = PerLanguage<Vec<Template>>;

/// What a step that waits for keys says and takes.
struct Entry<'a> {
    say: &'a PerLanguage<Template>,
    every_language: bool,
    min_digits: u8,
    max_digits: u8,
    hash_ends: bool,
    digit_timeout_ms: u32,
    overall_timeout_ms: u32,
}

impl Walk<'_> {
    /// Prompts for the keys of the step here: in its shorter words when it is said `again`, behind `texts` after a
    /// wrong try.
    pub(super) fn prompt(&mut self, texts: Option<&TryTexts>, again: bool) -> Result<(), Unset> {
        match self.flow.step(&self.at.step) {
            Some(Step::Menu(menu)) => {
                if let (Some(play), false) = (&menu.play, again && menu.say_again.is_some()) {
                    self.play(play, 1);
                }
                self.capture(&menu_entry(menu, again), texts)
            }
            Some(Step::Ask(ask)) => self.capture(&ask_entry(ask, again), texts),
            _ => Ok(()),
        }
    }

    /// Speaks the prompt and takes keys. With every language spoken, keys are taken in the last.
    fn capture(&mut self, entry: &Entry<'_>, texts: Option<&TryTexts>) -> Result<(), Unset> {
        let mut languages = vec![self.at.language.clone()];
        if entry.every_language && matches!(entry.say, PerLanguage::Each(_)) {
            languages = self.flow.speaking_order().cloned().collect();
        }
        let last = languages.pop().unwrap_or_else(|| self.at.language.clone());
        for language in &languages {
            let text = self.prompt_text(entry.say, texts, language)?;
            self.push_say(text, language, 1);
        }
        let prompt = limited(self.prompt_text(entry.say, texts, &last)?);
        self.actions.push(Action::SayAndCapture(Capture {
            prompt,
            voice: self.flow.languages.voice(&last).to_owned(),
            speed: self.flow.speed,
            min_digits: entry.min_digits,
            max_digits: entry.max_digits,
            complete_on_hash: entry.hash_ends,
            digit_timeout_ms: entry.digit_timeout_ms,
            overall_timeout_ms: entry.overall_timeout_ms,
        }));
        Ok(())
    }

    /// The prompt in one language, behind the text for the wrong try just made.
    fn prompt_text(
        &self,
        say: &PerLanguage<Template>,
        texts: Option<&TryTexts>,
        language: &Language,
    ) -> Result<String, Unset> {
        let default = &self.flow.languages.default;
        let nth = usize::from(self.at.wrong_tries.max(1)) - 1;
        let in_front = texts
            .and_then(|texts| texts.get(language, default))
            .and_then(|list| list.get(nth).or(list.last()));
        let prompt = say.get(language, default);
        let spoken: Result<Vec<_>, _> = in_front
            .into_iter()
            .chain(prompt)
            .map(|template| self.fill(template, language))
            .collect();
        Ok(spoken?.join(" "))
    }

    /// Speaks `connect`'s text and calls its number from our own; tells whether it could. Nothing is said of a call that
    /// cannot be placed: our number is not known, or theirs may not be called.
    pub(super) fn connect(&mut self, connect: &Connect) -> bool {
        let Some(source) = self.call.called.clone() else {
            return false;
        };
        let destination = connect.number.clone();
        if let Err(why) = self.call.destinations.allow(&destination, &source) {
            self.refused.push((self.at.step.clone(), why));
            return false;
        }
        if let Some(say) = &connect.say {
            self.say_if_possible(say);
        }
        self.actions.push(Action::MakeCall {
            source,
            destination,
            record: connect.record,
        });
        true
    }

    /// Says or plays something.
    pub(super) fn utter(&mut self, utterance: &Utterance, repetition: u8) -> Result<(), Unset> {
        match utterance {
            Utterance::Say(texts) => self.say(texts, repetition),
            Utterance::Play(addresses) => {
                self.play(addresses, repetition);
                Ok(())
            }
        }
    }

    /// Says a text that the call can do without: one whose variable is lost is left out.
    pub(super) fn say_if_possible(&mut self, texts: &PerLanguage<Template>) {
        let _ = self.say(texts, 1);
    }

    fn say(&mut self, texts: &PerLanguage<Template>, repetition: u8) -> Result<(), Unset> {
        let language = self.at.language.clone();
        if let Some(template) = texts.get(&language, &self.flow.languages.default) {
            let text = self.fill(template, &language)?;
            self.push_say(text, &language, repetition);
        }
        Ok(())
    }

    /// A blank text is left out: the platform refuses an empty `say`.
    fn push_say(&mut self, text: String, language: &Language, repetition: u8) {
        if text.trim().is_empty() {
            return;
        }
        let voice = self.flow.languages.voice(language).to_owned();
        let speed = self.flow.speed;
        self.actions.push(Action::Say {
            text: limited(text),
            voice,
            repetition,
            speed,
        });
    }

    fn play(&mut self, addresses: &PerLanguage<String>, repetition: u8) {
        if let Some(url) = addresses.get(&self.at.language, &self.flow.languages.default) {
            self.actions.push(Action::PlayFile {
                url: url.clone(),
                repetition,
            });
        }
    }

    fn fill(&self, template: &Template, language: &Language) -> Result<String, Unset> {
        template.fill(|name| self.value_in(name, language))
    }
}

/// What a menu says and takes: one choice, within `wait`.
fn menu_entry(menu: &Menu, again: bool) -> Entry<'_> {
    let longest = menu
        .press
        .keys()
        .map(|keys| keys.as_str().len())
        .max()
        .unwrap_or(1);
    let wait_ms = menu.retry.wait_ms;
    Entry {
        say: menu
            .say_again
            .as_ref()
            .filter(|_| again)
            .unwrap_or(&menu.say),
        every_language: menu.every_language,
        min_digits: 1,
        max_digits: u8::try_from(longest).unwrap_or(u8::MAX),
        hash_ends: false,
        digit_timeout_ms: digit_timeout_ms(wait_ms, longest == 1),
        overall_timeout_ms: wait_ms,
    }
}

/// What an ask says and takes: `wait` for the first digit, and time for each further one, since the platform's
/// `overallTimeout` is the time for the whole entry.
fn ask_entry(ask: &Ask, again: bool) -> Entry<'_> {
    let wait_ms = ask.retry.wait_ms;
    Entry {
        say: ask.say_again.as_ref().filter(|_| again).unwrap_or(&ask.say),
        every_language: false,
        min_digits: ask.min_digits,
        max_digits: ask.max_digits,
        hash_ends: ask.hash_ends,
        digit_timeout_ms: digit_timeout_ms(wait_ms, ask.min_digits == ask.max_digits),
        overall_timeout_ms: wait_ms + EACH_DIGIT_MS * u32::from(ask.max_digits.saturating_sub(1)),
    }
}

/// The pause allowed between digits. The platform wants it below the whole time (status −1006); nobody waits for it
/// at the end of an entry whose length is fixed.
fn digit_timeout_ms(wait_ms: u32, fixed_length: bool) -> u32 {
    let below_wait = wait_ms.saturating_sub(1).max(1);
    if fixed_length {
        below_wait
    } else {
        below_wait.min(LONGEST_PAUSE_MS)
    }
}

/// The text as far as the platform takes it.
fn limited(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) {
        text.truncate(end);
    }
    text
}
