//! What the platform keeps for a sub-account: the voices it may speak in, its virtual numbers, where its webhooks go, its
//! recordings. Fields that the platform leaves out, or writes in another form than it says, are no reason to refuse the rest.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::{Value, json};

use super::{ApiError, VoiceApi};
use crate::outbound::attempt::Doubt;
use crate::platform::webhook::Kind;

/// A voice profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Voice {
    /// Its name, as flows write it.
    pub voice: String,
    /// What it speaks, as `en-US`.
    pub locale: Option<String>,
    /// The same in words.
    pub language: Option<String>,
    /// `F` or `M`.
    pub gender: Option<String>,
}

/// A virtual number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OwnNumber {
    /// The number, with `+`.
    pub number: String,
    /// Its country.
    pub country: Option<String>,
    /// `Active`, `Unhealthy`, `Expiring` or `Inactive`.
    pub status: Option<String>,
    /// What kind of number it is.
    pub kind: Option<String>,
    /// The platform's reference of its range.
    pub reference: Option<String>,
    /// Whether it was reached when the platform last tried.
    pub healthy: Option<bool>,
    /// What it costs a month.
    pub rental_price: Option<f64>,
    /// What a minute costs.
    pub incoming_rate: Option<f64>,
    /// In this currency.
    pub currency: Option<String>,
}

/// Where webhooks of one kind go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Registration {
    /// The kind.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Where they go.
    pub url: Option<String>,
    /// Whether they are sent.
    pub enabled: Option<bool>,
    /// Whether an `Authorization` header goes along.
    pub authorization: Option<bool>,
}

/// Where recordings are pushed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordingPush {
    /// `S3`, `FTP` and the like.
    pub protocol: Option<String>,
    /// The host, or the region of a bucket.
    pub host: Option<String>,
    /// Its port.
    pub port: Option<u64>,
    /// Who logs in.
    pub username: Option<String>,
    /// Whether a password is kept.
    pub password_set: Option<bool>,
    /// The folder, or the bucket.
    pub path: Option<String>,
}

/// Where recordings are to be pushed to.
#[derive(Debug, Clone)]
pub struct PushTo {
    /// `S3`, `FTP` and the like.
    pub protocol: String,
    /// The host, or the region of a bucket.
    pub host: String,
    /// Its port.
    pub port: Option<u16>,
    /// Who logs in.
    pub username: String,
    /// With which password.
    pub password: SecretString,
    /// The folder, or the bucket.
    pub path: String,
}

/// A recording of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recording {
    /// The recording.
    pub recording_id: Option<String>,
    /// How far it is.
    pub status: Option<String>,
    /// How long it is.
    pub duration_seconds: Option<u64>,
    /// Since when it was recorded.
    pub started_at: Option<String>,
    /// Where it was put.
    pub file: Option<String>,
}

impl ApiError {
    /// The platform answered well, with something else than was asked for.
    pub(super) const NOT_UNDERSTOOD: Self = Self::Doubt(Doubt::Unreadable { status: 200 });
}

impl VoiceApi {
    /// The voices that the sub-account may use.
    ///
    /// # Errors
    ///
    /// Why the platform does not say: here and below.
    pub async fn voices(&self) -> Result<Vec<Voice>, ApiError> {
        let answer = self.get(&["speech-profiles"]).await?;
        let voices = list(&answer, "speechProfiles").iter();
        Ok(voices.filter_map(Voice::read).collect())
    }

    /// Its virtual numbers.
    pub async fn numbers(&self) -> Result<Vec<OwnNumber>, ApiError> {
        let answer = self.get(&["numbers"]).await?;
        let numbers = list(&answer, "numbers").iter();
        Ok(numbers.filter_map(OwnNumber::read).collect())
    }

    /// Where its webhooks go.
    pub async fn webhooks(&self) -> Result<Vec<Registration>, ApiError> {
        let answer = self.get(&["webhooks"]).await?;
        Ok(list(&answer, "webhooks")
            .iter()
            .map(Registration::read)
            .collect())
    }

    /// Sends webhooks of a kind to `url`, with `authorization` as their `Authorization` header.
    pub async fn register_webhook(
        &self,
        kind: Kind,
        url: &str,
        authorization: Option<&SecretString>,
    ) -> Result<(), ApiError> {
        let mut body = json!({"type": kind.short(), "url": url, "enabled": true});
        if let Some(secret) = authorization {
            body["httpAuthHeader"] = json!(secret.expose_secret());
        }
        let request = self.with_body(Method::POST, &["webhooks"], body.to_string());
        self.ask(request).await.map(drop)
    }

    /// Sends no more webhooks of a kind.
    pub async fn delete_webhook(&self, kind: Kind) -> Result<(), ApiError> {
        let request = self.request(Method::DELETE, &["webhooks", kind.short()]);
        self.ask(request).await.map(drop)
    }

    /// Where recordings are pushed to.
    pub async fn recording_push(&self) -> Result<RecordingPush, ApiError> {
        let answer = self.get(&["recording-push-config"]).await?;
        Ok(RecordingPush::read(&answer))
    }

    /// Has recordings pushed to `to`.
    pub async fn set_recording_push(&self, to: &PushTo) -> Result<(), ApiError> {
        let mut body = json!({
            "protocol": to.protocol, "host": to.host, "username": to.username,
            "password": to.password.expose_secret(), "path": to.path,
        });
        if let Some(port) = to.port {
            body["port"] = json!(port);
        }
        let path = &["recording-push-config"];
        let request = self.with_body(Method::POST, path, body.to_string());
        self.ask(request).await.map(drop)
    }

    /// Has recordings pushed nowhere.
    pub async fn delete_recording_push(&self) -> Result<(), ApiError> {
        let request = self.request(Method::DELETE, &["recording-push-config"]);
        self.ask(request).await.map(drop)
    }

    /// The recordings of a session.
    pub async fn recordings(&self, session: &str) -> Result<Vec<Recording>, ApiError> {
        let answer = self.get(&["recordings", session]).await?;
        Ok(list(&answer, "recordings")
            .iter()
            .map(Recording::read)
            .collect())
    }

    async fn get(&self, path: &[&str]) -> Result<Value, ApiError> {
        let answer = self.ask(self.request(Method::GET, path)).await?;
        match answer.is_object() {
            true => Ok(answer),
            false => Err(ApiError::NOT_UNDERSTOOD),
        }
    }
}

impl Voice {
    fn read(from: &Value) -> Option<Self> {
        Some(Self {
            voice: text(from, "speechProfileCode")?,
            locale: text(from, "localeCode"),
            language: text(from, "localeDescription"),
            gender: text(from, "gender"),
        })
    }
}

impl OwnNumber {
    fn read(from: &Value) -> Option<Self> {
        let number = text(from, "msisdn")?;
        Some(Self {
            number: format!("+{}", number.trim_start_matches('+')),
            country: text(from, "countryCode"),
            status: text(from, "operationalStatus"),
            kind: text(from, "numberType"),
            reference: text(from, "referenceId"),
            healthy: from["numberHealth"]["isHealthy"].as_bool(),
            rental_price: from["rentalPrice"].as_f64(),
            incoming_rate: from["incomingRate"].as_f64(),
            currency: text(from, "billingCurrency"),
        })
    }
}

impl Registration {
    fn read(from: &Value) -> Self {
        Self {
            kind: text(from, "type"),
            url: text(from, "url"),
            enabled: from["enabled"].as_bool(),
            authorization: from["httpAuthHeaderAvailable"].as_bool(),
        }
    }
}

impl RecordingPush {
    fn read(from: &Value) -> Self {
        Self {
            protocol: text(from, "protocol"),
            host: text(from, "host"),
            port: from["port"].as_u64(),
            username: text(from, "username"),
            password_set: from["passwordSet"].as_bool(),
            path: text(from, "path"),
        }
    }
}

impl Recording {
    fn read(from: &Value) -> Self {
        Self {
            recording_id: text(from, "recordingId"),
            status: text(from, "status"),
            duration_seconds: from["duration"].as_u64(),
            started_at: text(from, "startRecordingTime"),
            file: text(from, "externalFileUrl"),
        }
    }
}

/// The text of a field, also where it is written as a number; none when it is empty.
pub(super) fn text(from: &Value, key: &str) -> Option<String> {
    match &from[key] {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The list of a field; empty when there is none.
pub(super) fn list<'a>(from: &'a Value, key: &str) -> &'a [Value] {
    from[key].as_array().map_or(&[], Vec::as_slice)
}
