//! The platform's logs as files: a job is started, and gives links to CSV files when it has succeeded.

use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::account::{list, text};
use super::{ApiError, VoiceApi};

/// What is exported.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// From this day or time on, as `2026-11-01` or `2026-11-01T13:00:00Z`; seven days ago when it is not given.
    pub from: Option<&'a str>,
    /// Until then; today when it is not given.
    pub to: Option<&'a str>,
    /// At most so many rows; 0 for all.
    pub limit: Option<u32>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Export {
    /// The job.
    pub job_id: String,
    /// The platform's word: queued, running, succeeded, failed, cancelled, empty, error.
    pub status: String,
    /// Where the files are, once it has succeeded.
    pub files: Vec<String>,
    /// Until when they are there.
    pub expires: Option<String>,
}

impl Export {
    /// Whether it is still being made.
    pub fn is_under_way(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "running")
    }
}

impl VoiceApi {
    /// Starts a job; gives its id.
    ///
    /// # Errors
    ///
    /// Why there is no job, or that it cannot be known.
    pub async fn start_export(&self, wanted: &Wanted<'_>) -> Result<String, ApiError> {
        let mut body = json!({});
        for (key, value) in [("from", wanted.from), ("to", wanted.to)] {
            if let Some(value) = value {
                body[key] = json!(value);
            }
        }
        if let Some(limit) = wanted.limit {
            body["limit"] = json!(limit);
        }
        let request = self.with_body(Method::POST, &["messages", "exports"], body.to_string());
        let answer = self.ask(request).await?;
        text(&answer, "jobId").ok_or(ApiError::NOT_UNDERSTOOD)
    }

    /// How far a job is.
    ///
    /// # Errors
    ///
    /// Why the platform does not say.
    pub async fn export(&self, job_id: &str) -> Result<Export, ApiError> {
        let answer = self
            .ask(self.request(Method::GET, &["messages", "exports", job_id]))
            .await?;
        let links = list(&answer, "data").iter();
        Ok(Export {
            job_id: job_id.to_owned(),
            status: text(&answer, "status").ok_or(ApiError::NOT_UNDERSTOOD)?,
            files: links.filter_map(Value::as_str).map(str::to_owned).collect(),
            expires: text(&answer, "expires"),
        })
    }

    /// Cancels a job.
    ///
    /// # Errors
    ///
    /// Why it is not cancelled.
    pub async fn cancel_export(&self, job_id: &str) -> Result<(), ApiError> {
        let request = self.request(Method::DELETE, &["messages", "exports", job_id]);
        self.ask(request).await.map(drop)
    }
}
