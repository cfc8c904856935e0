//! What webhooks and callflows look like, for the API's description only: they are read and written by `platform`.
//!
//! The source is the platform's published guides and OpenAPI files. The platform adds fields without notice.

use utoipa::ToSchema;

/// Declares a webhook's outer object.
macro_rules! envelope {
    ($(#[$doc:meta])* $name:ident, $payload:ident, $event_type:literal) => {
        $(#[$doc])*
        #[derive(Debug, ToSchema)]
        pub struct $name {
            /// `VOICE`.
            pub namespace: Option<String>,
            /// Tells the types apart.
            #[schema(rename = "eventType", example = $event_type)]
            pub event_type: String,
            /// Words for people.
            pub description: Option<String>,
            /// What happened.
            pub payload: $payload,
        }
    };
}

envelope! {
    /// A voice call action.
    Vca, VcaPayload, "CALL_ACTION"
}
envelope! {
    /// A voice call status.
    Vcs, VcsPayload, "CALL_STATUS"
}
envelope! {
    /// A voice session summary.
    Vss, VssPayload, "SESSION_SUMMARY"
}
envelope! {
    /// A voice recording update.
    Vru, VruPayload, "CALL_RECORDING_STATUS"
}
envelope! {
    /// A virtual number update.
    Vnu, VnuPayload, "VIRTUAL_NUMBER_UPDATE"
}

/// What a voice call action says.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct VcaPayload {
    /// Repeated when the webhook is delivered again.
    pub event_id: String,
    /// The session that waits.
    pub session_id: String,
    /// Whose session it is.
    pub sub_account_id: Option<String>,
    /// The leg.
    pub call_id: Option<String>,
    /// `CALL_RECEIVED`, `ACTION_COMPLETED`, `DTMF_RECEIVED`.
    pub call_status: Option<String>,
    /// `INBOUND`, `OUTBOUND`.
    pub call_direction: Option<String>,
    /// The calling number.
    pub source: Option<String>,
    /// The called number.
    pub destination: Option<String>,
    /// The keys pressed; also taken from `eventData.dtmf` and from `eventData` itself.
    pub dtmf: Option<String>,
    /// What our last reply carried.
    pub client_action_id: Option<String>,
    /// The final SIP status of a bridged call.
    pub sip_code: Option<u16>,
    /// When it happened.
    #[schema(format = DateTime)]
    pub timestamp: Option<String>,
}

/// What a voice call status says.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct VcsPayload {
    /// Repeated when the webhook is delivered again.
    pub event_id: Option<String>,
    /// The session.
    pub session_id: String,
    /// Whose session it is.
    pub sub_account_id: Option<String>,
    /// The leg.
    pub call_id: Option<String>,
    /// `CALL_INITIATED`, `CALL_CONNECTED`, `CALL_DISCONNECTED` and others.
    pub call_status: Option<String>,
    /// The calling number.
    pub source: Option<String>,
    /// The called number.
    pub destination: Option<String>,
    /// When it happened.
    #[schema(format = DateTime)]
    pub timestamp: Option<String>,
}

/// What a voice session summary says.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct VssPayload {
    /// The session that is over.
    pub session_id: String,
    /// Whose session it is.
    pub sub_account_id: Option<String>,
    /// `COMPLETED`, `NO_ANSWER`, `BUSY`, `CANCELED`, `FAILED`, `ERROR` and others.
    pub session_status: Option<String>,
    /// When it began.
    #[schema(format = DateTime)]
    pub start_time: Option<String>,
    /// When it ended.
    #[schema(format = DateTime)]
    pub end_time: Option<String>,
    /// The last action that ran.
    pub last_action: Option<String>,
    /// How many legs it had.
    pub call_count: Option<u64>,
    /// The legs: `callA`, `callB` …
    #[schema(value_type = Object)]
    pub details: Option<()>,
    /// `errorMsg` and `errorCode`.
    #[schema(value_type = Object)]
    pub error_details: Option<()>,
}

/// What a voice recording update says.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct VruPayload {
    /// The session.
    pub session_id: String,
    /// The recording.
    pub recording_id: Option<String>,
    /// Its length.
    pub duration_seconds: Option<u64>,
    /// Where the platform put it.
    pub file_path: Option<String>,
    /// `UPLOAD_COMPLETED`, `UPLOAD_FAILED` and others.
    pub status: Option<String>,
}

/// What a virtual number update says.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct VnuPayload {
    /// Whose numbers.
    pub sub_account_id: Option<String>,
    /// `SNAPSHOT`, `UPDATES`.
    pub update_event_type: Option<String>,
    /// How many numbers there are.
    pub total_numbers: Option<u64>,
    /// The numbers: `msisdn`, `operationalStatus`, `updatedTimestamp` and others.
    #[schema(value_type = Vec<Object>)]
    pub virtual_numbers: Option<()>,
}

/// What a voice call action is answered with.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct Callflow {
    /// Comes back in the session's next voice call action.
    pub client_action_id: Option<String>,
    /// What the platform does, one after another: `say`, `sayAndCapture`, `playFile`, `makeCall`, `hangup`.
    pub callflow: Vec<CallflowAction>,
}

/// One action of a callflow.
#[derive(Debug, ToSchema)]
pub struct CallflowAction {
    /// `say`, `sayAndCapture`, `playFile`, `makeCall`, `hangup`.
    #[schema(example = "say")]
    pub action: String,
    /// The action's own fields; a `hangup` has none.
    #[schema(value_type = Object)]
    pub params: Option<()>,
}
