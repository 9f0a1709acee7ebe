//! The service itself: health, metrics, discovery, its keys and its problems.

use actix_web::http::header::ACCEPT;
use actix_web::web::Path;
use actix_web::{HttpResponse, get};
use mamori_domain::access::Scope;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::answer::Answer;
use crate::auth::PublicCall;
use crate::auth::keyring::KEY_SET_MAX_AGE;
use crate::document::{Document, openapi};
use crate::problem::page::ProblemPage;
use crate::problem::{Kind, Problem};
use crate::route::tag;
use crate::service::Service;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_openapi)
        .service(get_openapi_3_0)
        .service(get_health)
        .service(get_service_readiness)
        .service(get_metrics)
        .service(get_key_set)
        .service(get_authorization_server)
        .service(get_protected_resource)
        .service(get_problem);
}

/// Get this document
///
/// The OpenAPI document of the service, in OpenAPI 3.1.
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "The OpenAPI document", body = OpenApiDocument,
        example = json!({"openapi": "3.1.0"}))),
    security(()),
    extensions(("x-mamori" = json!({"cached": true}))),
)]
#[get("/openapi.json")]
async fn get_openapi(call: PublicCall) -> Answer {
    serve_openapi(&call, |[document, _]| document)
}

/// Get this document in OpenAPI 3.0
///
/// The same document in the words of OpenAPI 3.0.3, for generators that can't read 3.1. What 3.0
/// can't express is left out.
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "The OpenAPI document", body = OpenApiDocument,
        example = json!({"openapi": "3.0.3"}))),
    security(()),
    extensions(("x-mamori" = json!({"cached": true}))),
)]
#[get("/openapi-3.0.json")]
async fn get_openapi_3_0(call: PublicCall) -> Answer {
    serve_openapi(&call, |[_, document]| document)
}

fn serve_openapi(call: &PublicCall, which: fn(&[Document; 2]) -> &Document) -> Answer {
    let documents = openapi().ok_or(Problem::internal("the OpenAPI document has no tag"))?;
    Ok(which(documents).serve(&call.request))
}

/// An OpenAPI document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenApiDocument {
    /// The version of OpenAPI.
    #[schema(example = "3.1.0")]
    openapi: String,
}

/// How the service is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Whether this is a sandbox, whose data are made and can be gone at any time.
    #[schema(example = false)]
    sandbox: bool,
}

impl Health {
    fn of(service: &Service) -> Self {
        Self { status: "ok", sandbox: service.sandbox().is_some() }
    }
}

/// Say that the process is alive
///
/// Answers as long as the process does, whatever the database does.
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "It is alive", body = Health)),
    security(()),
    extensions(("x-mamori" = json!({}))),
)]
#[get("/healthz")]
async fn get_health(call: PublicCall) -> Answer {
    Ok(HttpResponse::Ok().json(Health::of(&call.service)))
}

/// Say whether the service can work
///
/// Asks the database; 503 while it does not answer.
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "It can work", body = Health)),
    security(()),
    extensions(("x-mamori" = json!({}))),
)]
#[get("/readyz")]
async fn get_service_readiness(call: PublicCall) -> Answer {
    if call.service.is_stopping() {
        return Err(Problem::new(Kind::Unavailable).header("retry-after", 1));
    }
    call.service.store().ping().await?;
    Ok(HttpResponse::Ok().json(Health::of(&call.service)))
}

/// Get the metrics
///
/// Counters and durations in Prometheus's text form.
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "The metrics", body = String,
        content_type = "text/plain; version=0.0.4")),
    security(()),
    extensions(("x-mamori" = json!({}))),
)]
#[get("/metrics")]
async fn get_metrics(call: PublicCall) -> Answer {
    let text = call
        .service
        .metrics()
        .text(call.service.store().statements())
        .map_err(Problem::internal)?;
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text))
}

/// A JSON Web Key Set (RFC 7517).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeySet {
    /// The public keys.
    keys: Vec<PublicKey>,
}

/// A public key that signs tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublicKey {
    /// The kind of key.
    #[schema(example = "OKP")]
    kty: String,
    /// The curve.
    #[schema(example = "Ed25519")]
    crv: String,
    /// The algorithm.
    #[schema(example = "EdDSA")]
    alg: String,
    /// What it is for.
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    purpose: String,
    /// Its id.
    kid: String,
    /// The public key itself, in base64url.
    x: String,
}

/// Get the signing keys
///
/// The public keys of mamori's tokens. A new key is here some minutes before it signs.
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "The key set", body = KeySet)),
    security(()),
    extensions(("x-mamori" = json!({}))),
)]
#[get("/.well-known/jwks.json")]
async fn get_key_set(call: PublicCall) -> Answer {
    let cache = format!("public, max-age={KEY_SET_MAX_AGE}");
    let keys = call.service.keyring().public_set(call.service.now());
    Ok(HttpResponse::Ok().insert_header(("cache-control", cache)).json(keys))
}

/// The metadata of the token endpoint (RFC 8414).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AuthorizationServer {
    /// The issuer of the tokens.
    issuer: String,
    /// Where tokens are issued.
    token_endpoint: String,
    /// Where their keys are.
    jwks_uri: String,
    /// The scopes that there are.
    scopes_supported: Vec<&'static str>,
    /// The grants that there are.
    grant_types_supported: [&'static str; 1],
    /// Always empty: there is no authorization endpoint.
    response_types_supported: [&'static str; 0],
    /// How a client may prove itself.
    token_endpoint_auth_methods_supported: [&'static str; 3],
    /// The algorithms of client assertions.
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 4],
}

/// Get the metadata of the token endpoint
///
/// Where tokens come from and how to ask for them (RFC 8414).
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "The metadata", body = AuthorizationServer)),
    security(()),
    extensions(("x-mamori" = json!({"cached": true}))),
)]
#[get("/.well-known/oauth-authorization-server")]
async fn get_authorization_server(call: PublicCall) -> Answer {
    Ok(call.service.documents().metadata().serve(&call.request))
}

impl AuthorizationServer {
    /// The metadata of the service at this address.
    pub(crate) fn of(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            token_endpoint: format!("{issuer}/oauth/token"),
            jwks_uri: format!("{issuer}/.well-known/jwks.json"),
            scopes_supported: Scope::ALL.map(Scope::as_str).to_vec(),
            grant_types_supported: ["client_credentials"],
            response_types_supported: [],
            token_endpoint_auth_methods_supported: [
                "client_secret_basic",
                "client_secret_post",
                "private_key_jwt",
            ],
            token_endpoint_auth_signing_alg_values_supported: ["EdDSA", "ES256", "RS256", "PS256"],
        }
    }
}

/// The metadata of this API as a protected resource (RFC 9728).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProtectedResource {
    /// The API: the audience of its tokens.
    resource: String,
    /// Whose tokens it takes; those of issuers that the operator trusts are not told.
    authorization_servers: [String; 1],
    /// The scopes that there are.
    scopes_supported: Vec<&'static str>,
    /// How a token is sent: in the header.
    bearer_methods_supported: [&'static str; 1],
    /// The reference of the API.
    resource_documentation: String,
}

impl ProtectedResource {
    /// The metadata of the service at this address.
    pub(crate) fn of(resource: &str) -> Self {
        Self {
            resource: resource.to_owned(),
            authorization_servers: [resource.to_owned()],
            scopes_supported: Scope::ALL.map(Scope::as_str).to_vec(),
            bearer_methods_supported: ["header"],
            resource_documentation: format!("{resource}/docs/"),
        }
    }
}

/// Get the metadata of the protected resource
///
/// Whose tokens this API takes, and with which scopes (RFC 9728).
#[utoipa::path(
    tag = tag::SERVICE,
    responses((status = 200, description = "The metadata", body = ProtectedResource)),
    security(()),
    extensions(("x-mamori" = json!({"cached": true}))),
)]
#[get("/.well-known/oauth-protected-resource")]
async fn get_protected_resource(call: PublicCall) -> Answer {
    Ok(call.service.documents().resource().serve(&call.request))
}

/// Get the page about a kind of problem
///
/// What the `type` of a problem leads to: its cause and its cure, as JSON or as a page.
#[utoipa::path(
    tag = tag::SERVICE,
    params(("type" = String, Path, description = "The last part of the problem's type",
        example = "not-found", pattern = "^[a-z][a-z-]{0,39}$")),
    responses((status = 200, description = "The page", content(
        (ProblemPage = "application/json"), (String = "text/html"),
    ))),
    security(()),
    extensions(("x-mamori" = json!({
        "localized": true, "cached": true, "problems": ["not-found"],
    }))),
)]
#[get("/problems/{type}")]
async fn get_problem(call: PublicCall, slug: Path<String>) -> Answer {
    let accept = call.request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let for_people = accept.is_some_and(|accept| accept.contains("text/html"));
    let document = call.service.documents().problem(&slug, for_people, call.language);
    Ok(document.ok_or_else(Problem::not_found)?.serve(&call.request))
}
