//! The caller of a request, as an extractor that a handler names its scope with.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use mamori_domain::access::{Actor, ActorSource, Authority, Scope, Scopes};
use mamori_domain::personal_number::could_be_personal;
use mamori_domain::text::Language;
use mamori_store::Context;
use std::future::{Ready, ready};
use uuid::Uuid;

use super::directory::Known;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::IfMatch;
use crate::read::query::refuse_unasked;
use crate::rim::About;
use crate::service::Service;

/// The name of the header with the person behind a call.
pub(crate) const ACTOR: &str = "Mamori-Actor";

/// Who a good token stands for.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The client.
    pub(crate) client: Arc<Known>,
    /// What this call may do: what both the token and the client allow.
    pub(crate) scopes: Scopes,
    /// The one organization that the token is narrowed to.
    pub(crate) organization: Option<Uuid>,
    /// The person, where a trusted issuer says who it is.
    pub(crate) actor: Option<Actor>,
    /// When the token ends, in seconds.
    pub(crate) expires_at: i64,
}

/// A scope as a type, for [`Call`].
pub(crate) trait Needs: 'static {
    /// The scope.
    const SCOPE: Scope;
}

macro_rules! needs {
    ($($name:ident),+) => {$(
        /// Needs the scope of this name.
        pub(crate) struct $name;

        impl Needs for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )+};
}

needs!(
    OrganizationsRead,
    OrganizationsWrite,
    AssessmentsRead,
    AssessmentsWrite,
    RisksRead,
    RisksWrite,
    DeclarationsRead,
    DeclarationsWrite,
    Admin
);

/// A call that anybody may make.
pub(crate) struct PublicCall {
    pub(crate) service: Service,
    pub(crate) language: Language,
    pub(crate) request: HttpRequest,
}

/// A call whose token allows the scope `S`.
pub(crate) struct Call<S> {
    pub(crate) service: Service,
    pub(crate) language: Language,
    pub(crate) request: HttpRequest,
    about: Rc<About>,
    caller: Arc<Caller>,
    actor: Option<Actor>,
    scope: PhantomData<S>,
}

impl FromRequest for PublicCall {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(About::of(request).map(|about| Self {
            service: Service::of(request),
            language: about.language,
            request: request.clone(),
        }))
    }
}

impl<S: Needs> FromRequest for Call<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl<S: Needs> Call<S> {
    fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let about = About::of(request)?;
        let caller = request.extensions().get::<Arc<Caller>>().cloned();
        let caller = caller.ok_or(Problem::new(Kind::TokenMissing))?;
        if !caller.scopes.allow(S::SCOPE) {
            let scope = S::SCOPE.as_str();
            let challenge =
                format!("Bearer realm=\"mamori\", error=\"insufficient_scope\", scope=\"{scope}\"");
            return Err(Problem::new(Kind::InsufficientScope)
                .with("scope", scope)
                .header("www-authenticate", challenge));
        }
        refuse_unasked(request)?;
        let actor = match &caller.actor {
            Some(actor) => Some(actor.clone()),
            None => stated_actor(request)?,
        };
        Ok(Self {
            service: Service::of(request),
            language: about.language,
            request: request.clone(),
            about,
            caller,
            actor,
            scope: PhantomData,
        })
    }

    /// In whose name the store works for this call.
    pub(crate) fn context(&self) -> Context {
        Context {
            authority: Authority::Client {
                client: self.caller.client.id,
                organization: self.caller.organization,
                actor: self.actor.clone(),
            },
            trace_id: self.about.trace_id().to_owned(),
        }
    }

    /// Whether this call may also do what needs `scope`.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.caller.scopes.allow(scope)
    }

    /// The client that calls.
    pub(crate) fn client(&self) -> Uuid {
        self.caller.client.id
    }

    /// The condition of a change.
    pub(crate) fn if_match(&self) -> Result<Option<IfMatch>, Problem> {
        IfMatch::of(&self.request)
    }

    /// Refuses a token that is narrowed to one organization.
    pub(crate) fn unnarrowed(&self) -> Result<(), Problem> {
        match self.caller.organization {
            None => Ok(()),
            Some(_) => Err(Problem::new(Kind::TokenNarrowed)),
        }
    }

    /// Refuses a token that is narrowed to another organization, as if it were not there.
    pub(crate) fn reaches(&self, organization: Uuid) -> Result<(), Problem> {
        match self.caller.organization {
            Some(only) if only != organization => Err(Problem::not_found()),
            _ => Ok(()),
        }
    }
}

/// The person that the client says is behind the call: opaque, 1 to 64 visible characters
/// of ASCII.
fn stated_actor(request: &HttpRequest) -> Result<Option<Actor>, Problem> {
    let Some(value) = request.headers().get(ACTOR) else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).unwrap_or_default().trim();
    let formed = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if could_be_personal(text) {
        let fault = Fault::header(ACTOR, Code::TwelveDigits);
        return Err(Problem::fault(Kind::MalformedRequest, fault));
    }
    if formed {
        let name = text.to_owned();
        return Ok(Some(Actor { name, source: ActorSource::StatedByClient }));
    }
    let expected = "staff-017 (ASCII, 1–64)";
    let fault = Fault::header(ACTOR, Code::Format).with("expected", expected);
    Err(Problem::fault(Kind::MalformedRequest, fault))
}
