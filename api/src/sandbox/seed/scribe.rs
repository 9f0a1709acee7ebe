//! Who writes the data: requests to this very service, each at a time of its own.

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH};
use actix_web::web::Bytes;
use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use chrono_tz::Asia::Tokyo;
use mamori_domain::access::{Scope, Scopes};
use serde_json::Value;

use super::super::clients::Role;
use super::super::world::{TIMES, World};
use crate::Service;
use crate::auth::token::{Claims, sign};
use crate::inside::{Asked, Inside};

/// Sends requests in the name of the sandbox's clients.
pub(super) struct Scribe<'s> {
    inside: Inside,
    world: &'s World,
    /// The time at which the data end.
    pub(super) present: DateTime<Utc>,
    tokens: Vec<(Role, HeaderValue)>,
}

/// What was made.
pub(super) struct Made {
    /// Where it is; empty where nothing new is.
    pub(super) place: String,
    /// The body of the answer.
    pub(super) body: Value,
}

impl<'s> Scribe<'s> {
    /// Begins with a token for each client, good at any time that the clock can be set to.
    pub(super) async fn of(
        service: &Service,
        world: &'s World,
        present: DateTime<Utc>,
    ) -> Result<Self, String> {
        let [from, until] = TIMES.map(|time| time.parse::<DateTime<Utc>>().unwrap_or_default());
        // What each client may do bounds it.
        let scope = Scope::ALL.into_iter().collect::<Scopes>().to_string();
        let token = |role: Role| {
            let claims = Claims {
                iss: service.public_url(),
                aud: service.public_url(),
                sub: role.id(),
                client_id: role.id(),
                iat: from.timestamp(),
                exp: until.timestamp(),
                jti: role.id(),
                scope: &scope,
                organization: None,
            };
            let token = sign(&service.keyring(), &claims, from);
            let bearer = token.and_then(|token| format!("Bearer {token}").parse().ok());
            bearer.map(|bearer| (role, bearer)).ok_or("no token can be signed")
        };
        let tokens = Role::ALL.into_iter().map(token).collect::<Result<_, _>>()?;
        Ok(Self { inside: Inside::of(service.clone()).await, world, present, tokens })
    }

    /// The day on which the data end, in Japan.
    pub(super) fn today(&self) -> NaiveDate {
        self.present.with_timezone(&Tokyo).date_naive()
    }

    /// Sets the clock to ten in the morning of a day in Japan; not beyond the end.
    pub(super) fn on(&self, day: NaiveDate) {
        let morning = day.and_time(NaiveTime::MIN) + Duration::hours(10);
        let time = morning.and_local_timezone(Tokyo).earliest().map(|time| time.to_utc());
        self.world.clock.set(Some(time.unwrap_or(self.present).min(self.present)), Some(false));
    }

    /// Sends a request, and expects that all is well.
    ///
    /// # Errors
    ///
    /// What was refused, and how.
    pub(super) async fn send(
        &self,
        role: Role,
        method: Method,
        target: &str,
        body: Value,
    ) -> Result<Made, String> {
        // What one does takes a while; nothing of one history happens in the same moment.
        let later = self.world.clock.read().0 + Duration::seconds(20);
        self.world.clock.set(Some(later.min(self.present)), Some(false));
        let (_, token) = self.tokens.iter().find(|(known, _)| *known == role).ok_or("no token")?;
        let asked = Asked {
            method: method.clone(),
            target: target.to_owned(),
            headers: headers(token),
            body: Bytes::from(body.to_string()),
        };
        let told = self.inside.call(asked).await?;
        if !told.status.is_success() {
            let answer = String::from_utf8_lossy(&told.body).into_owned();
            return Err(format!("{method} {target} {body}: {} {answer}", told.status));
        }
        let place = told.headers.get("location").and_then(|place| place.to_str().ok());
        Ok(Made {
            place: place.unwrap_or_default().to_owned(),
            body: serde_json::from_slice(&told.body).unwrap_or_default(),
        })
    }

    /// Makes something new.
    ///
    /// # Errors
    ///
    /// As [`Scribe::send`].
    pub(super) async fn post(&self, role: Role, target: &str, body: Value) -> Result<Made, String> {
        self.send(role, Method::POST, target, body).await
    }

    /// Changes what is there.
    ///
    /// # Errors
    ///
    /// As [`Scribe::send`].
    pub(super) async fn patch(
        &self,
        role: Role,
        target: &str,
        body: Value,
    ) -> Result<Made, String> {
        self.send(role, Method::PATCH, target, body).await
    }

    /// Puts something in its place.
    ///
    /// # Errors
    ///
    /// As [`Scribe::send`].
    pub(super) async fn put(&self, role: Role, target: &str, body: Value) -> Result<Made, String> {
        self.send(role, Method::PUT, target, body).await
    }
}

fn headers(token: &HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
    vec![
        (AUTHORIZATION, token.clone()),
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (IF_MATCH, HeaderValue::from_static("*")),
    ]
}
