//! Who asks: a token that only reads, got by the client's credentials and renewed before it ends.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use actix_web::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use mamori_domain::access::Scopes;
use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::operation::READING;
use crate::Service;
use crate::inside::{Asked, Inside, Told};

/// In whose name an assistant asks.
pub struct Access {
    /// The client.
    pub client: Uuid,
    /// Its secret.
    pub secret: String,
    /// The one organization that is asked about, if not all of the client's.
    pub organization: Option<Uuid>,
}

/// The application, asked with a token where there is one.
pub(super) struct Session {
    service: Service,
    inside: Inside,
    access: Option<Access>,
    token: Mutex<Option<Token>>,
}

struct Token {
    bearer: HeaderValue,
    renew_at: DateTime<Utc>,
}

impl Session {
    /// Opens a session, and says what its token may do; nothing where there is none.
    ///
    /// # Errors
    ///
    /// In words for whoever set the credentials.
    pub(super) async fn open(
        service: Service,
        access: Option<Access>,
    ) -> Result<(Self, Option<Scopes>), String> {
        let inside = Inside::of(service.clone()).await;
        let session = Self { service, inside, access, token: Mutex::new(None) };
        let Some(access) = &session.access else { return Ok((session, None)) };
        let scopes = session.readable(access).await?;
        session.bearer().await?;
        Ok((session, Some(scopes)))
    }

    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// Whether it asks in somebody's name.
    pub(super) fn is_somebody(&self) -> bool {
        self.access.is_some()
    }

    /// Asks the application. A token that has ended before its time is renewed once.
    ///
    /// # Errors
    ///
    /// In words for the assistant.
    pub(super) async fn call(&self, asked: Asked) -> Result<Told, String> {
        let told = self.call_once(asked.clone()).await?;
        if told.status != StatusCode::UNAUTHORIZED || self.access.is_none() {
            return Ok(told);
        }
        *self.token.lock().await = None;
        self.call_once(asked).await
    }

    async fn call_once(&self, mut asked: Asked) -> Result<Told, String> {
        if let Some(bearer) = self.bearer().await? {
            asked.headers.push((AUTHORIZATION, bearer));
        }
        self.inside.call(asked).await
    }

    /// The token for a call; nothing where nobody is named.
    async fn bearer(&self) -> Result<Option<HeaderValue>, String> {
        let Some(access) = &self.access else { return Ok(None) };
        let mut token = self.token.lock().await;
        let good = token.as_ref().filter(|token| self.service.now() < token.renew_at);
        if let Some(good) = good {
            return Ok(Some(good.bearer.clone()));
        }
        let new = self.ask_for_token(access).await?;
        let bearer = new.bearer.clone();
        *token = Some(new);
        Ok(Some(bearer))
    }

    /// What the client may read.
    async fn readable(&self, access: &Access) -> Result<Scopes, String> {
        let id = access.client;
        let found = self.service.ask(move |tx| tx.find_client(id)).await;
        let found = found.map_err(|_| "the database is away".to_owned())?;
        let client = found.ok_or(UNPROVEN)?;
        Ok(READING.into_iter().collect::<Scopes>().narrowed_to(&client.scopes))
    }

    async fn ask_for_token(&self, access: &Access) -> Result<Token, String> {
        let scopes = self.readable(access).await?;
        // To ask for no scope would be to ask for all of them.
        if scopes.is_empty() {
            return Err("the client has no scope to read with".to_owned());
        }
        let mut form =
            vec![("grant_type", "client_credentials".to_owned()), ("scope", scopes.to_string())];
        form.extend(access.organization.map(|id| ("organization", id.to_string())));
        let form = serde_urlencoded::to_string(form).map_err(|error| error.to_string())?;
        let proof = STANDARD.encode(format!("{}:{}", access.client, access.secret));
        let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
        let asked = Asked {
            method: Method::POST,
            target: "/oauth/token".to_owned(),
            headers: vec![
                (AUTHORIZATION, secret(&format!("Basic {proof}"))?),
                (CONTENT_TYPE, form_type),
            ],
            body: form.into(),
        };
        let told = self.inside.call(asked).await?;
        let answer: Value = serde_json::from_slice(&told.body).unwrap_or_default();
        let text = |field: &str| answer.get(field).and_then(Value::as_str);
        let Some(token) = text("access_token").filter(|_| told.status == StatusCode::OK) else {
            return Err(match text("error") {
                Some("invalid_client") => UNPROVEN.to_owned(),
                Some("invalid_target") => "the client has no such organization".to_owned(),
                _ => format!("there is no token: {}", String::from_utf8_lossy(&told.body)),
            });
        };
        let lifetime = answer.get("expires_in").and_then(Value::as_i64).unwrap_or_default();
        // Half a minute is longer than a call takes, and at least half of a token's life is left.
        let life = TimeDelta::seconds(lifetime - 30);
        Ok(Token {
            bearer: secret(&format!("Bearer {token}"))?,
            renew_at: self.service.now() + life,
        })
    }
}

const UNPROVEN: &str = "the client is not known, is disabled, or has another secret";

/// A header that is not shown where headers are.
fn secret(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| UNPROVEN.to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}
