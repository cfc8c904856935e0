//! A server with a pool, and the emulator's platform that calls it: people ring each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use callwright::clock::Clock;
use callwright::emulator::{
    Account, Emulator, Fate, Mischief, Pace, Person, Prepared, Setup, Sign,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{POOL, book, post};
use crate::app::{Settings, TestApp};

/// A server, the platform, and the time that both tell.
pub(crate) struct Street {
    pub(crate) app: TestApp,
    emulator: Emulator,
    minutes: Arc<AtomicI64>,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Heard {
    /// What the caller was told, one after another.
    pub(crate) said: Vec<String>,
    /// Who was rung.
    pub(crate) rang: Vec<String>,
    /// The last four digits of the number that they saw.
    pub(crate) shown: Option<String>,
    /// How the session ended.
    pub(crate) ending: &'static str,
    /// The session.
    pub(crate) session: String,
}

impl Street {
    /// A street whose server has the pool of all three numbers, and these settings.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        Self::of(&POOL, settings).await
    }

    /// A street whose pool has these numbers.
    pub(crate) async fn of(numbers: &[&str], settings: &[(&str, &str)]) -> Self {
        let began: Timestamp = "2026-11-21T04:00:00Z".parse().expect("a time");
        let minutes = Arc::new(AtomicI64::new(0));
        let read = minutes.clone();
        let clock =
            Clock::from_fn(move || began + SignedDuration::from_mins(read.load(Ordering::SeqCst)));
        let base = Settings::default()
            .env("CALLWRIGHT_POOLS__DEFAULT__NUMBERS", &numbers.join(","))
            .clock(clock.clone());
        let settings = settings
            .iter()
            .fold(base, |all, (name, value)| all.env(name, value));
        let app = TestApp::start_with(settings).await;
        let account =
            Account::new("masked", "a-key", POOL).with_webhooks(&app.url("/webhooks"), None);
        let setup = Setup {
            seed: 1,
            pace: Pace::Virtual,
            mischief: Mischief::NONE,
        };
        let emulator = Emulator::new(setup, [account], clock);
        Self {
            app,
            emulator,
            minutes,
        }
    }

    /// So many minutes pass.
    pub(crate) fn pass(&self, minutes: i64) {
        self.minutes.fetch_add(minutes, Ordering::SeqCst);
    }

    /// `from` calls `to`; whoever is rung answers.
    pub(crate) async fn call(&self, from: &str, to: &str) -> Heard {
        self.call_as(
            from,
            to,
            &[],
            Fate::Answers {
                talks_ms: Some(60_000),
            },
        )
        .await
    }

    /// `from` calls `to`, presses these at each prompt that listens, and this becomes of whoever is rung.
    pub(crate) async fn call_as(&self, from: &str, to: &str, keys: &[&str], fate: Fate) -> Heard {
        let person = Person::Prepared(Prepared {
            keys: keys.iter().map(|keys| (*keys).to_owned()).collect(),
            fates: [fate].into(),
            leaves_ms: Some(600_000),
        });
        let call = self
            .emulator
            .call(from, to, person)
            .expect("the number is one of ours");
        call.ended().await;
        let view = call.view();
        assert_eq!(
            view.record.faults,
            Vec::<String>::new(),
            "every answer is a callflow"
        );
        let mut heard = Heard {
            said: Vec::new(),
            rang: Vec::new(),
            shown: self.shown(call.session_id()).await,
            ending: view.record.ending.map_or("", |ending| ending.as_str()),
            session: call.session_id().to_owned(),
        };
        for sign in view.signs {
            match sign {
                Sign::Says { text, .. } => heard.said.push(text),
                Sign::Rings { destination, .. } => heard.rang.push(destination),
                _ => {}
            }
        }
        heard
    }

    /// The last four digits of the number that a call was placed from, by the session's trace.
    async fn shown(&self, session: &str) -> Option<String> {
        let (_, session) = self.app.get(&format!("/v1/sessions/{session}")).await;
        let entries = session["trace"].as_array()?.clone();
        let placed = entries.iter().find_map(|entry| {
            let actions = entry["reply"]["callflow"].as_array()?;
            let placed = actions
                .iter()
                .find(|action| action["action"] == "makeCall")?;
            placed["params"]["source"].as_str().map(str::to_owned)
        });
        placed.map(|source| source.chars().skip(source.chars().count() - 4).collect())
    }

    /// What a call would be answered with now.
    pub(crate) async fn decision(&self, from: Option<&str>, to: &str) -> String {
        let call = json!({"caller": from, "virtual_number": to});
        let (status, decided) = post(&self.app, "/v1/masking/simulate", &call).await;
        assert_eq!(status, 200, "{decided}");
        decided["decision"].as_str().unwrap_or_default().to_owned()
    }

    /// Makes a booking.
    pub(crate) async fn book(&self, id: &str, a: &str, b: &str) -> Value {
        book(&self.app, id, a, b).await
    }

    /// Closes a booking.
    pub(crate) async fn close(&self, id: &str, reason: &str) {
        let (status, closed) = post(
            &self.app,
            &format!("/v1/bookings/{id}/close"),
            &json!({"reason": reason}),
        )
        .await;
        assert_eq!(status, 200, "{closed}");
    }

    /// The platform says how numbers are.
    pub(crate) async fn told(&self, number: &str, status: &str) {
        let update = json!({"namespace": "VOICE", "eventType": "VIRTUAL_NUMBER_UPDATE", "description": "",
            "payload": {"subAccountId": "masked", "totalNumbers": 1, "updateEventType": "UPDATES",
            "virtualNumbers": [{"msisdn": number, "operationalStatus": status}]}});
        assert_eq!(
            self.app.post("/webhooks/vnu", update.to_string()).await.0,
            200
        );
    }
}

impl Heard {
    /// Whether somebody was rung, and the caller told nothing.
    pub(crate) fn connected_to(&self, whom: &str) -> bool {
        let digits = |number: &str| number.trim_start_matches('+').to_owned();
        self.said.is_empty() && self.rang.iter().map(|it| digits(it)).eq([digits(whom)])
    }

    /// Whether the caller was told this and nobody was rung.
    pub(crate) fn was_told(&self, words: &str) -> bool {
        self.rang.is_empty() && self.said.iter().any(|text| text.contains(words))
    }
}
