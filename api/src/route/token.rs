//! The token endpoint: client credentials (RFC 6749 section 4.4), by secret or by key.

use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::DateTime;
use mamori_domain::access::{Authority, Scopes};
use mamori_store::{Client, Context, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::answer::Answer;
use crate::auth::PublicCall;
use crate::auth::proof::{ASSERTION_TYPE, Assertion, Proof};
use crate::auth::token::{Claims, sign};
use crate::problem::{Kind, Problem};
use crate::read::Incoming;
use crate::rim::rates;
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(issue_token);
}

wire_enum! {
    /// How a token is asked for.
    pub(crate) enum GrantType {
        /// By the client itself, which proves who it is.
        ClientCredentials = "client_credentials",
    }
}

wire_enum! {
    /// What a client proves itself by, where it has no secret.
    pub(crate) enum ClientAssertionType {
        /// A JWT that it signed with its own key (RFC 7523).
        JwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
}

/// A request for a token, as a form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenInput {
    /// How the token is asked for.
    #[schema(value_type = GrantType)]
    grant_type: String,
    /// The scopes to ask for, separated by spaces; all of the client's by default.
    #[schema(
        nullable = false,
        max_length = 500,
        pattern = "^[ -~]*$",
        example = "organizations:read assessments:write"
    )]
    scope: Option<String>,
    /// The one organization that the token shall reach.
    #[schema(nullable = false, format = "uuid")]
    organization: Option<String>,
    /// The client's id, where it is not in the Authorization header.
    #[schema(
        nullable = false,
        max_length = 100,
        pattern = "^[ -~]*$",
        example = "0192f3a4-5b6c-7d8e-9fa0-b1c2d3e4f506"
    )]
    client_id: Option<String>,
    /// The client's secret, where it is not in the Authorization header.
    #[schema(nullable = false, max_length = 200, format = Password)]
    client_secret: Option<String>,
    /// What kind of proof `client_assertion` is.
    #[schema(nullable = false, value_type = Option<ClientAssertionType>)]
    client_assertion_type: Option<String>,
    /// A token that the client signed with its own key.
    #[schema(nullable = false, max_length = 8192, format = "jwt")]
    client_assertion: Option<String>,
}

impl TokenInput {
    /// Whether each parameter is as short as its schema says, whether or not it is used.
    fn within_bounds(&self) -> bool {
        let bounded = [
            (&self.scope, 500),
            (&self.client_id, 100),
            (&self.client_secret, 200),
            (&self.client_assertion_type, 100),
            (&self.client_assertion, 8192),
        ];
        let within = |(text, max): (&Option<String>, usize)| {
            text.as_ref().is_none_or(|text| text.chars().count() <= max)
        };
        bounded.into_iter().all(within)
    }
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Token {
    /// The token: a JWT after RFC 9068.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// How long it lives, in seconds.
    #[schema(minimum = 1, maximum = 3600, example = 3600)]
    expires_in: i64,
    /// What it allows.
    #[schema(example = "organizations:read assessments:write")]
    scope: String,
}

/// Why there is no token, in OAuth's own words (RFC 6749 section 5.2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OAuthError)]
pub(crate) struct OAuthErrorBody {
    /// The code of the error.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What is wrong, for developers.
    error_description: &'static str,
}

/// Why there is no token.
enum Refusal {
    OAuth(&'static str, &'static str),
    Problem(Problem),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

const INVALID_CLIENT: Refusal =
    Refusal::OAuth("invalid_client", "The client is not known, or did not prove itself.");

/// Issue a token
///
/// Client credentials: by secret in the Authorization header or in the form, or by
/// `private_key_jwt`. Ask for fewer scopes, or for one organization, to hand the token on.
#[utoipa::path(
    tag = tag::ACCESS,
    request_body(content = TokenInput, content_type = "application/x-www-form-urlencoded",
        description = "The request, as a form", example = json!({"grant_type": "client_credentials"})),
    responses(
        (status = 200, description = "The token", body = Token),
        (status = 400, description = "The request is not acceptable", body = OAuthErrorBody),
        (status = 401, description = "The client did not prove itself", body = OAuthErrorBody),
    ),
    security(()),
    extensions(("x-mamori" = json!({"body": true, "oauth": true}))),
)]
#[post("/oauth/token")]
async fn issue_token(call: PublicCall, body: Incoming) -> Answer {
    let form = body.form().await?;
    match token(&call, &form).await {
        Ok(token) => {
            let mut answer = HttpResponse::Ok();
            Ok(answer.insert_header(("cache-control", "no-store")).json(token))
        }
        Err(Refusal::Problem(problem)) => Err(problem),
        Err(Refusal::OAuth(error, error_description)) => {
            let unproven = error == "invalid_client";
            if unproven {
                let address = rates::address_of(&call.service, &call.request);
                call.service.rates().failure(address)?;
            }
            let status = if unproven { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
            let mut answer = HttpResponse::build(status);
            if unproven {
                answer.insert_header(("www-authenticate", "Basic realm=\"mamori\""));
            }
            answer.insert_header(("cache-control", "no-store"));
            Ok(answer.json(OAuthErrorBody { error, error_description }))
        }
    }
}

async fn token(call: &PublicCall, form: &[u8]) -> Result<Token, Refusal> {
    let input: TokenInput = serde_urlencoded::from_bytes(form).map_err(|_| {
        Refusal::OAuth("invalid_request", "A parameter is missing, unknown or there twice.")
    })?;
    if input.grant_type != "client_credentials" {
        return Err(Refusal::OAuth(
            "unsupported_grant_type",
            "Only the grant type client_credentials is supported.",
        ));
    }
    if !input.within_bounds() {
        return Err(Refusal::OAuth("invalid_request", "A parameter is too long."));
    }
    let client = proven(call, &input).await?;
    let scopes = granted(&client, input.scope.as_deref())?;
    let organization = match input.organization.as_deref() {
        None => None,
        Some(text) => Some(own_organization(call, &client, text).await?),
    };

    let now = call.service.now();
    let lifetime = call.service.config().token_lifetime;
    let scope = scopes.to_string();
    let claims = Claims {
        iss: call.service.public_url(),
        aud: call.service.public_url(),
        sub: client.id,
        client_id: client.id,
        iat: now.timestamp(),
        exp: now.timestamp() + lifetime,
        jti: call.service.mint(),
        scope: &scope,
        organization,
    };
    let signed = sign(&call.service.keyring(), &claims, now);
    let access_token = signed.ok_or(Problem::new(Kind::Internal))?;
    Ok(Token { access_token, token_type: "Bearer", expires_in: lifetime, scope })
}

/// The client, once it has proved itself by exactly one means.
async fn proven(call: &PublicCall, input: &TokenInput) -> Result<Client, Refusal> {
    call.service.rates().not_blocked(rates::address_of(&call.service, &call.request))?;
    let proof = proof(&call.request, input)?;
    let id = proof.client();
    let found = call.service.ask(move |tx| tx.find_client(id)).await?;
    let client = found.filter(|client| client.disabled_at.is_none()).ok_or(INVALID_CLIENT)?;
    let issuer = call.service.public_url();
    let endpoint = format!("{issuer}/oauth/token");
    let held = proof.holds(&client, [issuer, &endpoint], call.service.now());
    if let Some(Assertion { jti, expires_at }) = held.ok_or(INVALID_CLIENT)? {
        let until = DateTime::from_timestamp(expires_at, 0).ok_or(INVALID_CLIENT)?;
        let work =
            move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.use_assertion(id, &jti, until)?);
        let context = Context::system("client assertion");
        let fresh = call.service.store().transact(context, work).await.map_err(Problem::from)?;
        if !fresh {
            return Err(INVALID_CLIENT);
        }
    }
    Ok(client)
}

fn proof(request: &HttpRequest, input: &TokenInput) -> Result<Proof, Refusal> {
    let header =
        request.headers().get(AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let id = input.client_id.as_deref();
    let proof = match (header, &input.client_secret, &input.client_assertion) {
        (Some(header), None, None) => Proof::basic(header),
        (None, Some(secret), None) => id
            .and_then(|id| Uuid::try_parse(id).ok())
            .map(|client| Proof::Secret { client, secret: secret.clone() }),
        (None, None, Some(assertion)) => {
            let typed = input.client_assertion_type.as_deref() == Some(ASSERTION_TYPE);
            Proof::assertion(assertion).filter(|_| typed)
        }
        (None, None, None) => None,
        _ => {
            let why = "The client proves itself by more than one means.";
            return Err(Refusal::OAuth("invalid_request", why));
        }
    };
    let proof = proof.ok_or(INVALID_CLIENT)?;
    let other = id.is_some_and(|id| Uuid::try_parse(id) != Ok(proof.client()));
    if other { Err(INVALID_CLIENT) } else { Ok(proof) }
}

fn granted(client: &Client, asked: Option<&str>) -> Result<Scopes, Refusal> {
    let Some(asked) = asked.filter(|asked| !asked.trim().is_empty()) else {
        return Ok(client.scopes.clone());
    };
    let refused = Refusal::OAuth("invalid_scope", "A scope is not known, or not the client's.");
    match Scopes::parse(asked) {
        Ok(asked) if asked.narrowed_to(&client.scopes) == asked => Ok(asked),
        _ => Err(refused),
    }
}

async fn own_organization(call: &PublicCall, client: &Client, text: &str) -> Result<Uuid, Refusal> {
    let refused =
        || Refusal::OAuth("invalid_target", "There is no such organization of the client's.");
    let id = Uuid::try_parse(text).map_err(|_| refused())?;
    let authority = Authority::Client { client: client.id, organization: None, actor: None };
    let context = Context { authority, trace_id: String::new() };
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_organization(id)?.is_some());
    let there = call.service.store().read_one(context, work).await.map_err(Problem::from)?;
    if there { Ok(id) } else { Err(refused()) }
}
