//! The deadlines of a programme, and what to do by when, as a calendar (RFC 5545) to subscribe to.
//!
//! Nothing in a feed comes from the clock but which rounds are over, so that it keeps its ETag, and
//! each event its UID: a calendar that reads the feed again changes its events and adds none twice.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{Days, NaiveDate, NaiveTime};
use icalendar::{Calendar, Component, Event, EventLike};
use mamori_domain::programme::{Programme, Programmes, Round, Step};
use mamori_domain::text::Language;
use mamori_store::{Stop, Tx};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::own_programme::{Own, notice};
use crate::answer::Answer;
use crate::auth::caller::DeclarationsRead;
use crate::auth::root_key::hex;
use crate::auth::{Call, PublicCall};
use crate::problem::Problem;
use crate::read::condition::not_modified;
use crate::read::query::Parameters;
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

/// How long a public feed may be kept without asking again.
const KEPT: &str = "public, max-age=3600, must-revalidate";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_programme_calendar).service(get_own_programme_calendar);
}

wire_enum! {
    /// The language of a calendar's texts.
    pub(crate) enum LanguageValue as CalendarLanguage = Language {
        /// Japanese, the default.
        Ja = "ja",
        /// English.
        En = "en",
    }
}

/// How to tell a calendar.
#[derive(Debug, Deserialize)]
struct CalendarQuery {
    language: Option<LanguageValue>,
}

impl Parameters for CalendarQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[("language", "ja, en")];
}

impl CalendarQuery {
    /// The language: a program that reads calendars can't send headers, so the query goes first.
    fn language(&self, negotiated: Language) -> Language {
        self.language.map_or(negotiated, Language::from)
    }
}

/// What a feed is made of.
struct Feed<'a> {
    programmes: &'a Programmes,
    programme: &'a Programme,
    /// Whose words the deadlines are.
    notice: &'a str,
    /// Goes up whenever what an event says may have changed.
    revision: i64,
    language: Language,
}

impl Feed<'_> {
    /// The feed with all rounds whose deadline is not over.
    fn text(&self, today: NaiveDate) -> String {
        let mut calendar = Calendar::empty();
        let name = self.programme.name.get(self.language);
        let name = match self.language {
            Language::Ja => format!("{name}の締切"),
            Language::En => format!("Deadlines: {name}"),
        };
        for (property, value) in [
            ("VERSION", "2.0"),
            ("PRODID", "-//mamori//SECURITY ACTION programmes//JA"),
            ("CALSCALE", "GREGORIAN"),
            ("METHOD", "PUBLISH"),
            ("X-WR-CALNAME", &name),
            ("X-WR-CALDESC", self.notice),
        ] {
            calendar.append_property((property, value));
        }
        let open = self.programme.rounds.iter().filter(|round| round.deadline_day() >= today);
        for round in open {
            let deadline_day = round.deadline_day();
            let steps = self.programmes.plan(self.programme, round, today);
            // The deadline itself is told with its hour.
            for step in steps.iter().filter(|step| step.day < deadline_day) {
                calendar.push(self.step(round, step));
            }
            calendar.push(self.deadline(round));
        }
        calendar.to_string()
    }

    fn deadline(&self, round: &Round) -> Event {
        let programme = self.programme.name.get(self.language);
        let name = round.name.get(self.language);
        let summary = match self.language {
            Language::Ja => format!("締切：{programme}／{name}"),
            Language::En => format!("Deadline: {programme} – {name}"),
        };
        let description = format!("{}\n\n{}", round.source, self.notice);
        let mut event = self.event(round, "deadline", &summary, &description);
        event.starts(round.deadline);
        event
    }

    fn step(&self, round: &Round, step: &Step) -> Event {
        let days = round.deadline_day().signed_duration_since(step.day).num_days();
        let (title, name) = (step.title.get(self.language), round.name.get(self.language));
        let summary = match self.language {
            Language::Ja => format!("あと{days}日：{title}／{name}"),
            Language::En if days == 1 => format!("1 day left: {title} – {name}"),
            Language::En => format!("{days} days left: {title} – {name}"),
        };
        let plan = self.programmes.plan.notice.get(self.language);
        let description = format!("{}\n\n{plan}", step.text.get(self.language));
        let mut event = self.event(round, &step.code, &summary, &description);
        // The end of a whole day is the next one, which itself is outside.
        let next = step.day.checked_add_days(Days::new(1)).unwrap_or(step.day);
        event.starts(step.day).ends(next).add_property("TRANSP", "TRANSPARENT");
        event
    }

    fn event(&self, round: &Round, code: &str, summary: &str, description: &str) -> Event {
        let stamp = round.checked_on.and_time(NaiveTime::MIN).and_utc();
        let uid = format!("{}.{}.{code}@mamori", self.programme.code, round.code);
        let mut event = Event::with_uid(&uid);
        event.timestamp(stamp).summary(summary).description(description);
        event.sequence(u32::try_from(self.revision).unwrap_or(u32::MAX));
        if let Some(url) = &self.programme.official_url {
            event.url(url);
        }
        event
    }

    /// The feed as an answer; 304 where the caller has it already.
    fn serve(&self, request: &HttpRequest, today: NaiveDate, kept: Option<&str>) -> HttpResponse {
        let text = self.text(today);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
        let digest: String = hex(digest.as_ref()).chars().take(16).collect();
        let etag = format!("\"{digest}.{}\"", self.language.tag());
        let unchanged = not_modified(request, &etag);
        let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer.insert_header(("etag", etag));
        answer.insert_header(("vary", "Accept-Language"));
        if let Some(kept) = kept {
            answer.insert_header(("cache-control", kept));
        }
        if unchanged {
            return answer.finish();
        }
        let name = format!("inline; filename=\"{}.ics\"", self.programme.code);
        answer.insert_header(("content-language", self.language.tag()));
        answer.insert_header(("content-disposition", name));
        answer.insert_header(("content-type", "text/calendar; charset=utf-8"));
        answer.body(text)
    }
}

/// Get a programme's calendar
///
/// The deadlines of a programme that are not over, each with its hour, and what to do by when, as a
/// calendar (iCalendar, RFC 5545) to subscribe to. The steps before a deadline are mamori's own
/// suggestion. A calendar that reads it again updates its events. Without a round that is open it
/// has no events. Public and cacheable.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(
        ("programme" = String, Path, description = "The programme's code",
            example = "digital-ai-subsidy-2026", pattern = "^[a-z][a-z0-9-]{0,39}$"),
        ("language" = inline(Option<LanguageValue>), Query, nullable = false,
            description = "The language of the texts; as `Accept-Language` says if left out"),
    ),
    responses((status = 200, description = "The calendar", body = String,
        content_type = "text/calendar")),
    security(()),
    extensions(("x-mamori" = json!({
        "localized": true, "etag": true, "query": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/programmes/{programme}/calendar")]
async fn get_programme_calendar(
    call: PublicCall,
    path: Path<String>,
    query: Query<CalendarQuery>,
) -> Answer {
    let programmes = &call.service.scheme().programmes;
    let programme = programmes.get(&path).ok_or_else(Problem::not_found)?;
    let language = query.0.language(call.language);
    let feed = Feed {
        programmes,
        programme,
        notice: programmes.notice.get(language),
        revision: programmes.text_revision.into(),
        language,
    };
    Ok(feed.serve(&call.request, call.service.today(), Some(KEPT)))
}

/// Get the calendar of a programme of your own
///
/// The deadlines of a programme of your own as a calendar (iCalendar, RFC 5545). It needs a token as
/// everything of your own does, so a portal passes the feed on to the calendars of its users.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(
        ("id" = Uuid, Path, description = "The programme"),
        ("language" = inline(Option<LanguageValue>), Query, nullable = false,
            description = "The language of the texts; as `Accept-Language` says if left out"),
    ),
    responses((status = 200, description = "The calendar", body = String,
        content_type = "text/calendar")),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({
        "localized": true, "etag": true, "query": true,
        "problems": ["not-found", "token-narrowed"],
    }))),
)]
#[get("/v1/own-programmes/{id}/calendar")]
async fn get_own_programme_calendar(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<CalendarQuery>,
) -> Answer {
    call.unnarrowed()?;
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_programme(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let own = Own::of(&found.ok_or_else(Problem::not_found)?)?;
    let language = query.0.language(call.language);
    let feed = Feed {
        programmes: &call.service.scheme().programmes,
        programme: &own.programme,
        notice: notice(language),
        revision: own.revision,
        language,
    };
    Ok(feed.serve(&call.request, call.service.today(), None))
}
