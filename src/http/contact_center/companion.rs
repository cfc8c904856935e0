//! `externalIvrAction`: hands a call to a queue as the Contact Center's own interface of that name does, for scripts that
//! change their host to ours. The tenant's secret need not leave this server: a token of ours opens it as well.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use serde::Serialize;
use utoipa::ToSchema;

use super::parameters;
use crate::contact_center::asked;
use crate::contact_center::handoff::{By, Outcome};
use crate::http::app::App;
use crate::http::body::Unread;
use crate::http::problem::{Problem, ProblemDetails};

/// The largest form, in bytes: six parameters of 500 characters each, percent-encoded.
pub(in crate::http) const BODY_LIMIT: usize = 32 * 1024;

/// A call that the Contact Center takes over as soon as our side of it ends.
#[derive(Debug, Serialize, ToSchema)]
pub struct HandedOver {
    /// Always `accepted`.
    #[schema(example = "accepted")]
    status: &'static str,
    /// Ours; `GET /v1/handoffs` lists it.
    id: String,
    /// The queue.
    #[schema(example = "102")]
    queue: String,
}

type Answered = Result<Json<HandedOver>, Problem>;

/// Describes one of the four routes, which differ in path and method.
macro_rules! route {
    ($name:ident, $method:ident, $path:literal, $summary:literal, ($($extra:ident: $kind:ty),*), $form:expr) => {
        #[doc = $summary]
        #[utoipa::path($method, path = $path, tag = "contact center",
            params(
                ("tenant" = Option<String>, Query, description = "The tenant's name"),
                ("token" = Option<String>, Query, description = "Its Action Request Token, or a token of ours with the scope `handoff`"),
                ("sip_id" = Option<String>, Query, description = "The call's Call-ID in SIP"),
                ("action" = Option<String>, Query, description = "`wForwardACD`"),
                ("param" = Option<String>, Query, description = "The queue's id"),
                ("extIvrData" = Option<String>, Query, description = "What the agent sees: `[name|value][name|value]`, at most 500 characters"),
            ),
            responses(
                (status = 200, description = "The queue takes the call over when our side ends", body = HandedOver),
                (status = 400, description = "`bad_handoff`: every parameter that is missing, unknown or wrong", body = ProblemDetails, content_type = "application/problem+json"),
                (status = 422, description = "`handoff_refused`: the Contact Center does not take it", body = ProblemDetails, content_type = "application/problem+json"),
                (status = 503, description = "`contact_center_unreachable`: nothing was sent; `no_contact_center`", body = ProblemDetails, content_type = "application/problem+json"),
                (status = 504, description = "`handoff_unknown`: it may have been sent", body = ProblemDetails, content_type = "application/problem+json"),
            ))]
        pub(in crate::http) async fn $name(State(app): State<App>, headers: HeaderMap, uri: Uri, $($extra: $kind),*) -> Answered {
            answer(&app, &headers, &uri, $form(&app, $($extra),*).await?.as_ref()).await
        }
    };
}

route!(
    by_query,
    get,
    "/contact-center/externalIvrAction",
    "Hands a call to a queue of the Contact Center.",
    (),
    no_form
);
route!(by_form, post, "/contact-center/externalIvrAction", "Hands a call to a queue of the Contact Center, by form.",
    (body: Unread), form);
route!(
    by_query_as_there,
    get,
    "/SC/externalIvrAction.php",
    "Hands a call to a queue, at the Contact Center's own path.",
    (),
    no_form
);
route!(by_form_as_there, post, "/SC/externalIvrAction.php", "Hands a call to a queue, at the Contact Center's own path, by form.",
    (body: Unread), form);

async fn no_form(_: &App) -> Result<axum::body::Bytes, Problem> {
    Ok(axum::body::Bytes::new())
}

async fn form(_: &App, body: Unread) -> Result<axum::body::Bytes, Problem> {
    body.read().await
}

async fn answer(app: &App, headers: &HeaderMap, uri: &Uri, form: &[u8]) -> Answered {
    let given = parameters::of(uri, form);
    let value = |name| {
        parameters::value(&given, name)
            .unwrap_or_default()
            .as_bytes()
    };
    app.api_keys
        .let_script_in(&app.tenant_keys, headers, value("tenant"), value("token"))?;
    let (Some(handover), Some(tenant)) = (&app.handover, &app.config.contact_center) else {
        return Err(Problem::no_contact_center());
    };
    let request = asked::read(&given, &tenant.tenant).map_err(Problem::bad_handoff)?;
    let handoff = handover.hand_off(request, By::Script).await;
    match handoff.outcome {
        Outcome::Taken => Ok(Json(HandedOver {
            status: "accepted",
            queue: handoff.request.queue.to_string(),
            id: handoff.id,
        })),
        _ => Err(Problem::handoff_failed(&handoff)),
    }
}
