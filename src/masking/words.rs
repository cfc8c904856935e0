//! The sentences that callers hear. None names anybody, and none says whether a booking exists that is not the caller's own.

use super::rules::Speech;
use crate::call::Action;
use crate::call::callflow::{Capture, TEXT_LIMIT};
use crate::flow::model::GUIDE_VOICE;

/// A sentence, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sentence {
    /// Nobody knows the caller.
    Unknown,
    /// The caller's number is hidden.
    Withheld,
    /// The booking is over.
    Closed,
    /// The number is an old one.
    StaleNumber,
    /// The number is an old one, and the call is connected all the same.
    StaleConnected,
    /// The booking has had its calls or minutes.
    Limit,
    /// The booking lets this side not call, or a side is muted.
    NotNow,
    /// It is too early or too late there.
    Hours,
    /// It cannot be connected.
    Failed,
    /// The call is recorded.
    Recorded,
    /// The PIN is asked for.
    Pin,
    /// The PIN was wrong.
    PinWrong,
    /// The PIN was wrong too often.
    PinRefused,
}

impl Sentence {
    /// All, with their names in the configuration.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Unknown, "unknown"),
        (Self::Withheld, "withheld"),
        (Self::Closed, "closed"),
        (Self::StaleNumber, "stale_number"),
        (Self::StaleConnected, "stale_connected"),
        (Self::Limit, "limit"),
        (Self::NotNow, "not_now"),
        (Self::Hours, "hours"),
        (Self::Failed, "failed"),
        (Self::Recorded, "recorded"),
        (Self::Pin, "pin"),
        (Self::PinWrong, "pin_wrong"),
        (Self::PinRefused, "pin_refused"),
    ];

    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        let row = Self::ALL.iter().find(|(it, _)| *it == self);
        row.expect("each sentence has its row: tests look at all").1
    }
}

/// The languages that sentences are there in, each with them in the order of [`Sentence::ALL`].
const BUILT_IN: [(&str, [&str; 13]); 4] = [
    (
        "en",
        [
            "Please call from the number that you registered, and use the number shown in your app. Goodbye.",
            "Please call again with your number shown. Goodbye.",
            "This number is no longer active for you: what it was for has ended. Goodbye.",
            "Please use the number that is shown in your app now. Goodbye.",
            "You called an old number. Please use the one shown in your app next time. We connect you.",
            "You have used all calls for now. Please use your app. Goodbye.",
            "Calls this way are not open at the moment. Please use your app. Goodbye.",
            "It is outside the hours for calls there. Please try again later. Goodbye.",
            "We cannot connect you at the moment. Please use your app. Goodbye.",
            "This call is recorded.",
            "Please enter your PIN, then press hash.",
            "That PIN is not right.",
            "We cannot connect you without a PIN. Please look it up in your app. Goodbye.",
        ],
    ),
    (
        "es",
        [
            "Llame desde el número que registró y use el número que muestra su aplicación. Adiós.",
            "Vuelva a llamar mostrando su número. Adiós.",
            "Este número ya no está activo para usted: aquello para lo que servía ha terminado. Adiós.",
            "Use el número que muestra ahora su aplicación. Adiós.",
            "Ha llamado a un número antiguo. La próxima vez use el de su aplicación. Le conectamos.",
            "Ha agotado las llamadas por ahora. Use su aplicación. Adiós.",
            "Por el momento no se puede llamar en este sentido. Use su aplicación. Adiós.",
            "Allí está fuera del horario de llamadas. Inténtelo más tarde. Adiós.",
            "No podemos conectarle en este momento. Use su aplicación. Adiós.",
            "Esta llamada se graba.",
            "Introduzca su PIN y pulse almohadilla.",
            "Ese PIN no es correcto.",
            "No podemos conectarle sin un PIN. Búsquelo en su aplicación. Adiós.",
        ],
    ),
    (
        "fr",
        [
            "Veuillez appeler depuis le numéro que vous avez enregistré, au numéro affiché dans votre application. Au revoir.",
            "Veuillez rappeler sans masquer votre numéro. Au revoir.",
            "Ce numéro n'est plus actif pour vous : ce pour quoi il servait est terminé. Au revoir.",
            "Veuillez utiliser le numéro affiché maintenant dans votre application. Au revoir.",
            "Vous avez appelé un ancien numéro. La prochaine fois, utilisez celui de votre application. Nous vous connectons.",
            "Vous avez utilisé tous vos appels pour le moment. Utilisez votre application. Au revoir.",
            "Les appels dans ce sens ne sont pas ouverts pour le moment. Utilisez votre application. Au revoir.",
            "Ce n'est pas l'heure des appels là-bas. Réessayez plus tard. Au revoir.",
            "Nous ne pouvons pas vous connecter pour le moment. Utilisez votre application. Au revoir.",
            "Cet appel est enregistré.",
            "Veuillez saisir votre code, puis appuyer sur dièse.",
            "Ce code n'est pas le bon.",
            "Nous ne pouvons pas vous connecter sans code. Cherchez-le dans votre application. Au revoir.",
        ],
    ),
    (
        "de",
        [
            "Bitte rufen Sie von der Nummer an, die Sie angegeben haben, und wählen Sie die Nummer aus Ihrer App. Auf Wiederhören.",
            "Bitte rufen Sie noch einmal an und zeigen Sie dabei Ihre Nummer. Auf Wiederhören.",
            "Diese Nummer gilt für Sie nicht mehr: Wofür sie da war, ist beendet. Auf Wiederhören.",
            "Bitte wählen Sie die Nummer, die Ihre App jetzt zeigt. Auf Wiederhören.",
            "Sie haben eine alte Nummer gewählt. Nehmen Sie nächstes Mal die aus Ihrer App. Wir verbinden Sie.",
            "Sie haben für jetzt alle Anrufe verbraucht. Bitte nutzen Sie Ihre App. Auf Wiederhören.",
            "Anrufe in dieser Richtung sind zurzeit nicht möglich. Bitte nutzen Sie Ihre App. Auf Wiederhören.",
            "Dort ist jetzt keine Zeit für Anrufe. Bitte versuchen Sie es später. Auf Wiederhören.",
            "Wir können Sie gerade nicht verbinden. Bitte nutzen Sie Ihre App. Auf Wiederhören.",
            "Dieses Gespräch wird aufgezeichnet.",
            "Bitte geben Sie Ihre PIN ein, danach die Rautetaste.",
            "Diese PIN stimmt nicht.",
            "Ohne PIN können wir Sie nicht verbinden. Sie finden sie in Ihrer App. Auf Wiederhören.",
        ],
    ),
];

/// How long the platform waits for the next digit of a PIN, and for all of them, in milliseconds.
const DIGIT_MS: u32 = 4000;
const PIN_MS: u32 = 20_000;

/// How a pool speaks to somebody of a language.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'a> {
    speech: &'a Speech,
    language: &'a str,
}

impl<'a> Voice<'a> {
    /// In the first of these languages that there are a voice and words for; else in the pool's.
    pub fn of(speech: &'a Speech, wanted: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let can = |language: &&str| {
            let is_spoken = speech.voices.contains_key(*language) || *language == speech.language;
            let has_own = || speech.sentences.keys().any(|(known, _)| known == language);
            is_spoken && (built_in(language).is_some() || has_own())
        };
        let language = wanted
            .into_iter()
            .flatten()
            .find(can)
            .unwrap_or(&speech.language);
        Self { speech, language }
    }

    /// The sentence as a text: the owner's own, else ours, else ours in English.
    pub fn text(self, sentence: Sentence) -> &'a str {
        let own = self
            .speech
            .sentences
            .iter()
            .find(|((language, name), _)| language == self.language && name == sentence.name());
        if let Some((_, text)) = own {
            return text;
        }
        let texts = built_in(self.language).unwrap_or(&BUILT_IN[0].1);
        let at = Sentence::ALL.iter().position(|(it, _)| *it == sentence);
        texts[at.unwrap_or_default()]
    }

    /// Speaks a sentence.
    pub fn say(self, sentence: Sentence) -> Action {
        self.say_text(self.text(sentence))
    }

    /// Speaks a text of the owner's.
    pub fn say_text(self, text: &str) -> Action {
        Action::Say {
            text: text.chars().take(TEXT_LIMIT).collect(),
            voice: self.voice().to_owned(),
            repetition: 1,
            speed: 1.0,
        }
    }

    /// Asks for a PIN of at most so many digits, behind a word on the one before when that was wrong.
    pub fn ask_pin(self, was_wrong: bool, most_digits: u8) -> Action {
        let before = was_wrong.then(|| self.text(Sentence::PinWrong));
        let prompt: Vec<_> = before
            .into_iter()
            .chain([self.text(Sentence::Pin)])
            .collect();
        Action::SayAndCapture(Capture {
            prompt: prompt.join(" ").chars().take(TEXT_LIMIT).collect(),
            voice: self.voice().to_owned(),
            speed: 1.0,
            min_digits: 1,
            max_digits: most_digits,
            complete_on_hash: true,
            digit_timeout_ms: DIGIT_MS,
            overall_timeout_ms: PIN_MS,
        })
    }

    fn voice(self) -> &'a str {
        let voices = &self.speech.voices;
        let own = voices
            .get(self.language)
            .or_else(|| voices.get(&self.speech.language));
        own.map_or(GUIDE_VOICE, String::as_str)
    }
}

/// Our sentences in a language; `en-SG` is `en`.
fn built_in(language: &str) -> Option<&'static [&'static str; 13]> {
    let base = language.split('-').next().unwrap_or(language);
    let row = BUILT_IN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(base));
    row.map(|(_, texts)| texts)
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Sentence, Voice};
    use crate::masking::rules::Speech;

    #[test]
    fn each_sentence_is_there_in_each_language_and_the_owners_goes_first() {
        let mut speech = Speech::default();
        for (language, texts) in &BUILT_IN {
            speech
                .voices
                .insert((*language).to_owned(), format!("voice-{language}"));
            assert!(
                texts
                    .iter()
                    .all(|text| !text.is_empty() && text.len() < 200)
            );
        }
        let german = Voice::of(&speech, [Some("xx"), None, Some("de"), Some("fr")]);
        assert!(german.text(Sentence::Closed).starts_with("Diese Nummer"));
        assert_eq!(german.voice(), "voice-de");
        let english = Voice::of(&speech, [Some("xx")]);
        assert!(english.text(Sentence::Pin).starts_with("Please enter"));
        let own = (("en".to_owned(), "closed".to_owned()), "Over.".to_owned());
        speech.sentences.extend([own]);
        assert_eq!(
            Voice::of(&speech, [Some("en")]).text(Sentence::Closed),
            "Over."
        );
    }
}
