//! The API's description (OpenAPI 3.1): what the handlers say of themselves, completed with what the table of routes
//! says of all of them: who may call, and which refusals there are.

use axum::http::Method;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, OpenApi, RefOr, Response, ResponseBuilder};

use super::problem::{self, Fault, ProblemDetails};
use super::routes::{Access, Row};

/// The scheme of the API's bearer tokens.
const TOKEN: &str = "token";

/// The scheme of the platform's fixed `Authorization` string.
const WEBHOOK_SECRET: &str = "webhook_secret";

/// The scheme of the Contact Center's tenant.
const TENANT_TOKEN: &str = "tenant_token";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Callwright",
        description = "The webhook server behind 8x8 phone numbers. Phone numbers are shown masked (`+65••••4567`) \
                       unless the token has the scope `numbers`.",
    ),
    tags(
        (name = "webhooks", description = "What the platform POSTs to us"),
        (name = "sessions", description = "Calls, live and past"),
        (name = "flows", description = "What calls are answered with"),
        (name = "contact center", description = "Calls that a queue of the Contact Center takes over"),
        (name = "events", description = "What your systems are told"),
        (name = "privacy", description = "Forgetting people"),
        (name = "operation", description = "How the server does"),
    ),
    components(schemas(ProblemDetails, Fault))
)]
struct Opening;

/// What the description begins with: title, tags, schemes.
pub(super) fn opening() -> OpenApi {
    let mut opening = Opening::openapi();
    let components = opening.components.get_or_insert_default();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A token of the configuration's [api.tokens]"))
        .build();
    let secret = ApiKeyValue::with_description(
        "Authorization",
        "The sub-account's webhook_secret, registered with the platform as httpAuthHeader",
    );
    components.add_security_scheme(TOKEN, SecurityScheme::Http(bearer));
    let tenant = ApiKeyValue::with_description(
        "token",
        "With `tenant`: the Action Request Token of [contact_center]; by query or form",
    );
    components.add_security_scheme(TENANT_TOKEN, SecurityScheme::ApiKey(ApiKey::Query(tenant)));
    components.add_security_scheme(
        WEBHOOK_SECRET,
        SecurityScheme::ApiKey(ApiKey::Header(secret)),
    );
    opening
}

/// The description with each row's security and refusals.
pub(super) fn completed(mut described: OpenApi, rows: &[Row]) -> OpenApi {
    for row in rows {
        let item = described.paths.paths.get_mut(row.path);
        let operation = item.and_then(|item| match row.method {
            Method::POST => item.post.as_mut(),
            Method::PUT => item.put.as_mut(),
            _ => item.get.as_mut(),
        });
        if let Some(operation) = operation {
            complete(operation, row);
        }
    }
    described
}

fn complete(operation: &mut Operation, row: &Row) {
    operation.security = Some(security(row.access));
    for (status, meaning) in refusals(row) {
        let response = RefOr::T(refusal(meaning));
        operation
            .responses
            .responses
            .entry(status.to_owned())
            .or_insert(response);
    }
}

fn security(access: Access) -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    match access {
        Access::Anyone => Vec::new(),
        Access::Platform => vec![SecurityRequirement::new(WEBHOOK_SECRET, none)],
        Access::Token(_) => vec![SecurityRequirement::new(TOKEN, none)],
        Access::Script => vec![
            SecurityRequirement::new(TENANT_TOKEN, none),
            SecurityRequirement::new(TOKEN, none),
        ],
    }
}

/// The refusals that a row's kind brings with it.
fn refusals(row: &Row) -> Vec<(&'static str, &'static str)> {
    let mut refusals = vec![
        ("414", "`address_too_long`"),
        ("431", "`head_too_large`"),
        ("500", "`internal`"),
    ];
    match row.access {
        Access::Anyone => {}
        Access::Platform => refusals.extend([
            ("400", "`bad_webhook`, `broken_body`"),
            ("401", "`wrong_webhook_secret`"),
            ("403", "`unknown_subaccount`"),
        ]),
        Access::Script => {
            refusals.extend([("401", "`wrong_tenant_token`"), ("403", "`missing_scope`")])
        }
        Access::Token(_) => {
            refusals.extend([("401", "`token_needed`"), ("403", "`missing_scope`")])
        }
    }
    if row.body_limit > 0 {
        refusals.extend([("408", "`body_timeout`"), ("413", "`body_too_large`")]);
    }
    refusals
}

fn refusal(meaning: &str) -> Response {
    let schema = utoipa::openapi::Ref::from_schema_name("ProblemDetails");
    ResponseBuilder::new()
        .description(meaning)
        .content(problem::MEDIA_TYPE, Content::new(Some(schema)))
        .build()
}

#[cfg(test)]
mod tests {
    use crate::http::routes::{Access, DESCRIPTION, ROUTES};

    #[test]
    fn the_description_and_the_table_name_the_same_routes() {
        let described = serde_json::to_value(&*DESCRIPTION).expect("a description is plain data");
        let paths = described["paths"]
            .as_object()
            .expect("a description has paths");
        let mut from_description: Vec<_> = paths
            .iter()
            .flat_map(|(path, item)| {
                let methods = item.as_object().expect("a path has operations").keys();
                methods.map(move |method| (method.to_uppercase(), path.clone()))
            })
            .collect();
        let mut from_table: Vec<_> = ROUTES
            .iter()
            .map(|row| (row.method.to_string(), row.path.to_owned()))
            .collect();
        from_description.sort();
        from_table.sort();
        assert_eq!(from_description, from_table);
    }

    #[test]
    fn every_route_says_who_may_call_it() {
        let described = serde_json::to_value(&*DESCRIPTION).expect("a description is plain data");
        for row in ROUTES.iter() {
            let operation = &described["paths"][row.path][row.method.as_str().to_lowercase()];
            let scheme = match row.access {
                Access::Anyone => serde_json::json!([]),
                Access::Platform => serde_json::json!([{"webhook_secret": []}]),
                Access::Token(_) => serde_json::json!([{"token": []}]),
                Access::Script => serde_json::json!([{"tenant_token": []}, {"token": []}]),
            };
            assert_eq!(operation["security"], scheme, "{}", row.path);
            let refused = operation["responses"].get("401").is_some();
            assert_eq!(
                refused,
                !matches!(row.access, Access::Anyone),
                "{}",
                row.path
            );
            assert!(
                operation["summary"].is_string(),
                "{} has no summary",
                row.path
            );
        }
    }

    /// Every `$ref` in `value`.
    fn references(value: &serde_json::Value) -> Vec<String> {
        match value {
            serde_json::Value::Object(members) => members
                .iter()
                .flat_map(|(name, member)| match member.as_str() {
                    Some(target) if name == "$ref" => vec![target.to_owned()],
                    _ => references(member),
                })
                .collect(),
            serde_json::Value::Array(items) => items.iter().flat_map(references).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let described = serde_json::to_value(&*DESCRIPTION).expect("a description is plain data");
        let references = references(&described);
        assert!(references.len() > 50, "{}", references.len());
        for reference in references {
            let target = described.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{reference} leads nowhere");
        }
    }
}
