//! What can be looked up: voices, numbers, recordings, exports of messages.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::super::account::{Account, Export, VirtualNumber, digits};
use super::super::chance::Chance;
use super::super::exchange::Emulator;
use super::super::leg::{country, written};
use super::super::record::Recording;
use super::Refusal;

type Answered = Result<Json<Value>, Refusal>;

/// How long an export can be fetched, in milliseconds.
const EXPORT_MS: u64 = 3_600_000;

/// Voices to try things with: code, locale, description, gender. The platform has hundreds.
const VOICES: [(&str, &str, &str, &str); 8] = [
    ("en-US-BenjaminRUS", "en-US", "English (US)", "M"),
    ("en-US-Standard-A", "en-US", "English (US)", "F"),
    ("en-GB-Standard-A", "en-GB", "English (UK)", "F"),
    ("cmn-CN-Standard-A", "cmn-CN", "Chinese (Mandarin)", "F"),
    ("ms-MY-Standard-A", "ms-MY", "Malay", "F"),
    ("id-ID-Standard-A", "id-ID", "Indonesian", "F"),
    ("ta-IN-Standard-A", "ta-IN", "Tamil", "F"),
    ("da-DK-Naja", "da-DK", "Danish", "F"),
];

/// `GET speech-profiles`.
pub(super) async fn voices(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Answered {
    emulator.open(&account, &headers)?;
    let voice = |(code, locale, description, gender): &(&str, &str, &str, &str)| {
        json!({
            "speechProfileCode": code,
            "localeCode": locale,
            "localeDescription": description,
            "gender": gender,
        })
    };
    let voices: Vec<_> = VOICES.iter().map(voice).collect();
    Ok(Json(
        json!({"speechProfiles": voices, "statusCode": 0, "statusMessage": "ok"}),
    ))
}

/// `GET numbers`.
pub(super) async fn numbers(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Answered {
    let known = emulator.open(&account, &headers)?;
    let numbers: Vec<_> = known.numbers.iter().map(shown).collect();
    Ok(Json(json!({
        "totalNumbers": numbers.len(),
        "lastUpdatedAt": written(emulator.clock().now(), 0),
        "numbers": numbers,
        "statusCode": 0,
        "statusMessage": "ok",
    })))
}

fn shown((msisdn, number): (&String, &VirtualNumber)) -> Value {
    json!({
        "msisdn": msisdn,
        "dateCreated": "2026-01-01T00:00:00.000Z",
        "dateUpdated": number.updated,
        "countryCode": country(msisdn),
        "operationalStatus": number.operational_status,
        "referenceId": null,
        "numberHealthCheckEnabled": false,
        "numberType": "LONG_NUMBER",
    })
}

/// `GET numbers/{number}`.
pub(super) async fn number(
    State(emulator): State<Emulator>,
    Path((account, number)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answered {
    let known = emulator.open(&account, &headers)?;
    if !known.owns(&number) {
        return Err(emulator.refuse(StatusCode::NOT_FOUND, 404, "Number not found"));
    }
    let msisdn = digits(&number);
    Ok(Json(json!({
        "statusCode": 0,
        "statusMessage": "ok",
        "timestamp": written(emulator.clock().now(), 0),
        "payload": {"referenceId": null, "msisdn": msisdn, "countryCode": country(msisdn)},
    })))
}

/// `GET recordings/{sessionId}`.
pub(super) async fn recordings(
    State(emulator): State<Emulator>,
    Path((account, session)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answered {
    let known = emulator.open(&account, &headers)?;
    let of_account = emulator
        .handset(&session)
        .filter(|(owner, _)| *owner == known.id);
    let Some((_, handset)) = of_account else {
        return Err(emulator.refuse(StatusCode::NOT_FOUND, 404, "Session not found"));
    };
    let all = handset.view().record.recordings;
    let recordings: Vec<_> = all
        .iter()
        .map(|one| recorded(&known, &session, one))
        .collect();
    Ok(Json(
        json!({"recordings": recordings, "statusCode": 0, "statusMessage": "ok"}),
    ))
}

fn recorded(account: &Account, session: &str, recording: &Recording) -> Value {
    json!({
        "recordingId": recording.recording_id,
        "sessionid": session,
        "subAccountId": account.id,
        "status": if recording.uploaded { "completed" } else { "processing" },
        "duration": recording.seconds,
    })
}

/// `POST messages/exports`.
pub(super) async fn export(
    State(emulator): State<Emulator>,
    Path(account): Path<String>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut known = emulator.open(&account, &headers)?;
    let job = Chance::fresh_uuid();
    known.exports.insert(job.clone(), Export::default());
    emulator.change(known);
    Ok((StatusCode::ACCEPTED, Json(json!({"jobId": job}))))
}

/// `GET messages/exports/{jobId}`: queued, then running, then succeeded, one further each time that it is asked.
pub(super) async fn export_state(
    State(emulator): State<Emulator>,
    Path((account, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answered {
    let mut known = emulator.open(&account, &headers)?;
    let Some(export) = known.exports.get_mut(&job) else {
        return Err(no_job(&emulator));
    };
    export.asked = export.asked.saturating_add(1);
    let status = match *export {
        Export {
            cancelled: true, ..
        } => "cancelled",
        Export { asked: 1, .. } => "queued",
        Export { asked: 2, .. } => "running",
        Export { .. } => "succeeded",
    };
    let mut answer = json!({"status": status});
    if status == "succeeded" {
        let download = format!(
            "https://voice.8x8.com/api/v1/subaccounts/{}/messages/download/{job}",
            known.id
        );
        answer["data"] = json!([download]);
        answer["expires"] = json!(written(emulator.clock().now(), EXPORT_MS));
    }
    emulator.change(known);
    Ok(Json(answer))
}

/// `DELETE messages/exports/{jobId}`.
pub(super) async fn cancel_export(
    State(emulator): State<Emulator>,
    Path((account, job)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let mut known = emulator.open(&account, &headers)?;
    let Some(export) = known.exports.get_mut(&job) else {
        return Err(no_job(&emulator));
    };
    export.cancelled = true;
    emulator.change(known);
    Ok(StatusCode::NO_CONTENT)
}

fn no_job(emulator: &Emulator) -> Refusal {
    emulator.refuse(StatusCode::NOT_FOUND, 4018, "Invalid jobId")
}
