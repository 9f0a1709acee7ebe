//! Clients: who may call; for administrators.

use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use chrono::{DateTime, Duration, Utc};
use mamori_domain::access::{Scope, Scopes};
use mamori_store::{Client, ClientIdentity, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::answer::{Answer, page, reply, secret, send, show, with};
use crate::auth::Call;
use crate::auth::caller::Admin;
use crate::auth::issuer::PublicKeys;
use crate::auth::registration::{Registration, origin};
use crate::auth::secret::{hash, make};
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::optional_whole;
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

/// How long the secret before stays good after a rotation, in seconds: a day.
const USUAL_OVERLAP: i64 = 86_400;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_clients)
        .service(create_client)
        .service(get_client)
        .service(update_client)
        .service(rotate_client_secret);
}

wire_enum! {
    /// What a client may do: a scope.
    pub(crate) enum ScopeValue as Scope = Scope {
        /// Read organizations and units.
        OrganizationsRead = "organizations:read",
        /// Register and change organizations and units.
        OrganizationsWrite = "organizations:write",
        /// Read assessments, answers and results.
        AssessmentsRead = "assessments:read",
        /// Begin, answer and submit assessments.
        AssessmentsWrite = "assessments:write",
        /// Read the risk register: assets, threats, risks, treatments.
        RisksRead = "risks:read",
        /// Change the risk register.
        RisksWrite = "risks:write",
        /// Read declarations, consents, attestations and programmes, and check the status of others.
        DeclarationsRead = "declarations:read",
        /// Record declarations and consents, issue attestations, keep programmes of one's own.
        DeclarationsWrite = "declarations:write",
        /// Every scope on the client's own organizations, and the administration of clients.
        Admin = "admin",
    }
}

/// A subject of a trusted issuer, by which the client may come.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientIdentity)]
pub(crate) struct IdentityValue {
    /// The issuer: the `iss` of its tokens.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = "^[!-~]{1,200}$",
        example = "https://login.example.jp"
    )]
    issuer: String,
    /// The subject: the `sub` of its tokens.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]{1,64}$", example = "portal-batch")]
    subject: String,
}

wire_enum! {
    /// The kind of a public key.
    pub(crate) enum KeyKind {
        /// Ed25519.
        OctetKeyPair = "OKP",
        /// P-256.
        EllipticCurve = "EC",
        /// RSA, 2048 bits or more.
        Rsa = "RSA",
    }
}

/// A public key of a client (RFC 7517): Ed25519, P-256, or RSA of 2048 bits and more. Private
/// and symmetric parts are refused.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientKey {
    kty: KeyKind,
    /// Its id, as the header of an assertion names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200, pattern = "^[!-~]{1,200}$")]
    #[schema(example = "portal-2026")]
    kid: Option<String>,
    /// The one algorithm that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^(EdDSA|ES256|RS256|PS256)$", example = "EdDSA")]
    alg: Option<String>,
    /// What it is for: signatures.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^sig$", example = "sig")]
    purpose: Option<String>,
    /// The curve, of an `OKP` or `EC` key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^(Ed25519|P-256)$", example = "Ed25519")]
    crv: Option<String>,
    /// The public point, or its first coordinate, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, pattern = "^[A-Za-z0-9_-]+$")]
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    x: Option<String>,
    /// The second coordinate, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, pattern = "^[A-Za-z0-9_-]+$")]
    #[schema(example = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")]
    y: Option<String>,
    /// The modulus of an RSA key, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 1400, pattern = "^[A-Za-z0-9_-]+$")]
    #[schema(
        example = "4BSZxM_0MCAf-4FWqOQWctSn1bYIn_v5r07SeeKUqrGoXyU7VkMSCuz7PWzGrgWvkhaBpQrrU-w5j5yITFvLWtrbBhHz3yEkfgt4\
        vJ1ZSjwRDwmR3Ms7JA3QqFFWLE3e9nMDRcwEBb7EWykjN0ifcZEBIA3aZFlrPloSCeclMPR5tv40IoIDK-tOEvkv1E7ok0X-X6Mq\
        y0iFGiEY2S--hASjIajy0FMUo_jyXyiQvkDvtAfQKsZYXY9cjkWBenK3Nsmm19gNO2QbPHOiMV0MdEJtLDsIaFAD4yhPNMmcnri3\
        _JmxZGzj1lX2PFGeO7FxeKK3NlTuvz7EmpJq4ZEQtw"
    )]
    n: Option<String>,
    /// The exponent of an RSA key, in base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 20, pattern = "^[A-Za-z0-9_-]+$")]
    #[schema(example = "AQAB")]
    e: Option<String>,
}

/// The public keys of a client, as a JSON Web Key Set (RFC 7517).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientKeySet {
    /// The keys.
    #[schema(min_items = 1, max_items = 20)]
    keys: Vec<ClientKey>,
}

/// What an administrator says of a client.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientInput {
    /// Its name, for people.
    #[schema(min_length = 1, max_length = 100, example = "人事ポータル")]
    name: String,
    /// What it may do.
    #[schema(min_items = 1, max_items = 40)]
    scopes: Vec<ScopeValue>,
    /// The web origins that may call in its name; none by default.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["https://portal.example.jp"]))]
    origins: Vec<String>,
    /// The subjects of trusted issuers by which it may come; none by default.
    #[serde(default)]
    #[schema(max_items = 20)]
    identities: Vec<IdentityValue>,
    /// Its public keys for `private_key_jwt`; a new client with keys gets no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jwks: Option<ClientKeySet>,
    /// Requests a minute; the service's default where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 10_000_000, example = 6_000)]
    rate_limit: Option<i32>,
    /// Whether it is disabled: nothing can be done in its name then, and its tokens end at
    /// once.
    #[serde(default)]
    disabled: bool,
}

/// A client: a portal, a support centre, a buyer, the operator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisteredClient)]
pub(crate) struct ClientBody {
    /// Its id: the `client_id` of the token endpoint.
    id: Uuid,
    /// Its name, for people.
    name: String,
    /// What it may do.
    scopes: Vec<ScopeValue>,
    /// The web origins that may call in its name.
    origins: Vec<String>,
    /// The subjects of trusted issuers by which it may come.
    identities: Vec<IdentityValue>,
    /// Its public keys.
    #[schema(required)]
    jwks: Option<ClientKeySet>,
    /// Whether it has a secret.
    has_secret: bool,
    /// Until when the secret before is good too; null where there is none.
    #[schema(required)]
    previous_secret_until: Option<DateTime<Utc>>,
    /// Requests a minute; null for the service's default.
    #[schema(required)]
    rate_limit: Option<i32>,
    /// Whether it is disabled.
    disabled: bool,
    /// Since when it is disabled.
    #[schema(required)]
    disabled_at: Option<DateTime<Utc>>,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A client that was just added, with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewClient {
    client: ClientBody,
    /// Its secret; null where it has keys. Keep it now: it is never shown again.
    #[schema(required, example = "mamori_secret_…")]
    client_secret: Option<String>,
}

/// How to rotate a secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotationInput {
    /// How long the secret before stays good, in seconds: a day by default, a week at most, and
    /// 0 ends it at once. Tokens that were issued already live on until they end.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 0, maximum = 604_800, default = 86_400)]
    overlap_seconds: Option<i64>,
}

/// A new secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewSecret {
    /// The client.
    client_id: Uuid,
    /// Its secret. Keep it now: it is never shown again.
    #[schema(example = "mamori_secret_…")]
    client_secret: String,
    /// Until when the secret before is good too; null where there is none.
    #[schema(required)]
    previous_secret_until: Option<DateTime<Utc>>,
}

/// A page of clients, in the order of their registration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisteredClientList)]
pub(crate) struct ClientList {
    /// The clients.
    items: Vec<ClientBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl From<&ClientIdentity> for IdentityValue {
    fn from(identity: &ClientIdentity) -> Self {
        Self { issuer: identity.issuer.clone(), subject: identity.subject.clone() }
    }
}

impl From<&Client> for ClientInput {
    fn from(client: &Client) -> Self {
        Self {
            name: client.name.clone(),
            scopes: client.scopes.iter().map(ScopeValue::from).collect(),
            origins: client.origins.clone(),
            identities: client.identities.iter().map(IdentityValue::from).collect(),
            jwks: key_set(client),
            rate_limit: client.rate_limit,
            disabled: client.disabled_at.is_some(),
        }
    }
}

impl From<Client> for ClientBody {
    fn from(client: Client) -> Self {
        let said = ClientInput::from(&client);
        Self {
            id: client.id,
            name: said.name,
            scopes: said.scopes,
            origins: said.origins,
            identities: said.identities,
            jwks: said.jwks,
            has_secret: client.secret.hash.is_some(),
            previous_secret_until: client
                .secret
                .previous_until
                .filter(|_| client.secret.previous_hash.is_some()),
            rate_limit: said.rate_limit,
            disabled: said.disabled,
            disabled_at: client.disabled_at,
            created_at: client.created_at,
            updated_at: client.updated_at,
        }
    }
}

/// The keys of a client as they are told; a set of the command line may hold more than is
/// told here.
fn key_set(client: &Client) -> Option<ClientKeySet> {
    #[derive(Deserialize)]
    struct Kept {
        keys: Vec<serde_json::Map<String, serde_json::Value>>,
    }
    const TOLD: [&str; 9] = ["kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"];

    let kept: Kept = serde_json::from_str(client.jwks.as_deref()?).ok()?;
    let told = |mut key: serde_json::Map<String, serde_json::Value>| {
        key.retain(|name, _| TOLD.contains(&name.as_str()));
        serde_json::from_value(key.into()).ok()
    };
    Some(ClientKeySet { keys: kept.keys.into_iter().filter_map(told).collect() })
}

impl ClientInput {
    /// What this says, with every value checked.
    fn registration(self) -> Result<Registration, Problem> {
        let mut check = Check::default();
        check.line("/name", &self.name, 1..=100);
        check.items("/scopes", self.scopes.len(), 1..=40);
        check.items("/origins", self.origins.len(), 0..=20);
        check.items("/identities", self.identities.len(), 0..=20);
        check.range("/rate_limit", self.rate_limit, 1..=10_000_000);
        let mut origins = Vec::new();
        for (index, text) in self.origins.iter().enumerate() {
            let at = format!("/origins/{index}");
            origins.extend(check.form(&at, Some(text), "https://portal.example.jp", origin));
        }
        let visible = |longest: usize| {
            move |text: &str| {
                let good = (1..=longest).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_graphic());
                good.then(|| text.to_owned())
            }
        };
        let mut identities = Vec::new();
        for (index, identity) in self.identities.iter().enumerate() {
            let at = format!("/identities/{index}");
            let issuer = Some(identity.issuer.as_str());
            let issuer = check.form(&format!("{at}/issuer"), issuer, "https://…", visible(200));
            let subject = Some(identity.subject.as_str());
            let expected = "portal-batch (ASCII, 1–64)";
            let subject = check.form(&format!("{at}/subject"), subject, expected, visible(64));
            if let (Some(issuer), Some(subject)) = (issuer, subject) {
                let identity = ClientIdentity { issuer, subject };
                if !identities.contains(&identity) {
                    identities.push(identity);
                }
            }
        }
        let jwks = self.jwks.as_ref().and_then(|set| serde_json::to_string(set).ok());
        if jwks.as_deref().is_some_and(|text| PublicKeys::parse(text).is_err()) {
            check.push(Fault::at("/jwks", Code::KeySet));
        }
        check.finish(Registration {
            name: self.name,
            scopes: self.scopes.into_iter().map(Scope::from).collect::<Scopes>(),
            origins,
            identities,
            jwks,
            rate_limit: self.rate_limit,
        })
    }
}

/// Which page to list.
#[derive(Debug, Deserialize)]
struct ClientQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for ClientQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("limit", "1–200"), ("cursor", "next_cursor")];
}

/// List clients
///
/// Every client of the service in the order of their registration, a page at a time.
#[utoipa::path(
    tag = tag::CLIENTS,
    responses((status = 200, description = "A page of clients", body = ClientList)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["token-narrowed"]}))),
)]
#[get("/v1/clients")]
async fn list_clients(call: Call<Admin>, query: Query<ClientQuery>) -> Answer {
    call.unnarrowed()?;
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let (after, limit) = (wanted.after(&call.service, tag::CLIENTS)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.list_clients(after, limit)?);
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|client| client.id);
    let next_cursor = call.service.cursors().next(tag::CLIENTS, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(ClientBody::from).collect();
    let body = ClientList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Add a client
///
/// Adds a client and shows its secret, this once. With `jwks` it gets no secret: it proves
/// itself by `private_key_jwt`. A retry with the same Idempotency-Key does not show the secret
/// again; it says where the client is.
#[utoipa::path(
    tag = tag::CLIENTS,
    request_body = ClientInput,
    responses((status = 201, description = "The client, with its secret", body = NewClient)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["token-narrowed", "identity-taken", "secret-already-shown"],
        "links": {"get_client": "/client/id", "update_client": "/client/id",
            "rotate_client_secret": "/client/id"},
    }))),
)]
#[post("/v1/clients")]
async fn create_client(call: Call<Admin>, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let received = body.json::<ClientInput>().await?;
    let disabled = received.value.disabled;
    let registration = received.value.registration()?;
    let work = move |tx: &mut Tx<'_>| {
        let now = tx.now();
        let made = registration.clone().make(tx.mint(), now).map_err(Problem::internal)?;
        let client = Client { disabled_at: disabled.then_some(now), ..made.0 };
        tx.add_client(&client).map_err(refused_as(Kind::IdentityTaken))?;
        let location = format!("/v1/clients/{}", client.id);
        let tag = etag(client.revision, "0");
        let body = NewClient { client: client.into(), client_secret: made.1 };
        let created = secret(reply(StatusCode::CREATED, &body)?);
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a client
///
/// One client without its secret, with the ETag that a change of it needs.
#[utoipa::path(
    tag = tag::CLIENTS,
    params(("id" = Uuid, Path, description = "The client")),
    responses((status = 200, description = "The client", body = ClientBody)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found", "token-narrowed"]}))),
)]
#[get("/v1/clients/{id}")]
async fn get_client(call: Call<Admin>, id: PathId) -> Answer {
    call.unnarrowed()?;
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_client(id.0)?);
    let found = call.service.store().read(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let tag = etag(found.revision, "0");
    Ok(show(&call.request, &tag, None, &ClientBody::from(found)))
}

/// Update a client
///
/// Changes, disables or enables a client by a merge patch (RFC 7396). It is noticed by calls
/// on stored data at once, and by every process within two seconds. A client can neither
/// disable itself nor give up its own scope `admin`.
#[utoipa::path(
    tag = tag::CLIENTS,
    params(("id" = Uuid, Path, description = "The client")),
    request_body = ClientInput,
    responses((status = 200, description = "The client, changed", body = ClientBody)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true,
        "problems": ["not-found", "token-narrowed", "identity-taken", "own-client"],
    }))),
)]
#[patch("/v1/clients/{id}")]
async fn update_client(call: Call<Admin>, id: PathId, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let patch = body.patch().await?;
    patch.apply(&ClientInput::default())?;
    let condition = call.if_match()?;
    let own = call.client() == id.0;
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_client(id.0)?.ok_or_else(Problem::not_found)?;
        let input: ClientInput = patch.apply(&ClientInput::from(&found))?;
        let disabled = input.disabled;
        let wanted = input.registration()?;
        let condition = required(condition.as_ref())?;
        if own && (disabled || !wanted.scopes.allow(Scope::Admin)) {
            return Err(Problem::new(Kind::OwnClient).into());
        }
        condition.admits(found.revision)?;
        let changed = Client {
            name: wanted.name,
            scopes: wanted.scopes,
            origins: wanted.origins,
            identities: wanted.identities,
            // What the command line kept beyond what is told here stays, unless it is replaced.
            jwks: if patch.names("jwks") { wanted.jwks } else { found.jwks.clone() },
            rate_limit: wanted.rate_limit,
            disabled_at: disabled.then(|| found.disabled_at.unwrap_or(tx.now())),
            ..found.clone()
        };
        let kind = match (found.disabled_at.is_some(), disabled) {
            (false, true) => "disabled",
            (true, false) => "enabled",
            _ => "updated",
        };
        let changed = tx.replace_client(&found, changed, kind);
        let changed = changed.map_err(refused_as(Kind::IdentityTaken))?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = etag(changed.revision, "0");
        let body = ClientBody::from(changed);
        Ok::<_, Stop<Problem>>(with(reply(StatusCode::OK, &body)?, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Rotate a client's secret
///
/// Gives a client a new secret and shows it, this once. The secret before stays good for a
/// while, so that the client can change over without a gap. A client that had none gets one.
#[utoipa::path(
    tag = tag::CLIENTS,
    params(("id" = Uuid, Path, description = "The client")),
    request_body = Option<RotationInput>,
    responses((status = 200, description = "The new secret", body = NewSecret)),
    security(("oauth2" = ["admin"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "actor": true,
        "problems": ["not-found", "token-narrowed", "secret-already-shown"],
    }))),
)]
#[post("/v1/clients/{id}/secret")]
async fn rotate_client_secret(call: Call<Admin>, id: PathId, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let received = body.json_or_empty::<RotationInput>().await?;
    let overlap = received.value.overlap_seconds.unwrap_or(USUAL_OVERLAP);
    let mut check = Check::default();
    check.range("/overlap_seconds", Some(overlap), 0..=604_800);
    let overlap = check.finish(Duration::seconds(overlap))?;
    let work = move |tx: &mut Tx<'_>| {
        let client_secret = make().map_err(Problem::internal)?;
        let until = tx.now() + overlap;
        let changed = tx.rotate_secret(id.0, &hash(&client_secret), until)?;
        let (revision, had_one) = changed.ok_or_else(Problem::not_found)?;
        let previous_secret_until = had_one.then_some(until);
        let body = NewSecret { client_id: id.0, client_secret, previous_secret_until };
        let shown = secret(reply(StatusCode::OK, &body)?);
        let shown = with(shown, "location", format!("/v1/clients/{}", id.0));
        Ok::<_, Stop<Problem>>(with(shown, "etag", etag(revision, "0")))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}
