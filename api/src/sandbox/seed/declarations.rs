//! SECURITY ACTION, which is self-declared: declarations in every state and of both generations of
//! ids, evidence, consents, attestations and preparations.

use chrono::{Duration, NaiveDate};
use fastrand::Rng;
use serde_json::{Value, json};

use super::checks::edition;
use super::company::Company;
use super::scribe::Scribe;
use super::{happens, say};

/// The first and the last day of the earlier system that are used here, and the first of the new.
const EARLIER: (i32, u32, u32) = (2026, 3, 10);
const NEW: (i32, u32, u32) = (2026, 4, 10);
/// Which companies of sixty have an old declaration beside a new one, and which have two of one
/// generation.
const BESIDE: u32 = 12;
const CONFLICT: u32 = 32;
/// Who looks into declarations.
const SUPPORTER: &str = "見本商工会議所 見本 花子";

/// Writes what a company has declared, if it has.
pub(super) async fn write(
    scribe: &Scribe<'_>,
    rng: &mut Rng,
    company: &Company,
) -> Result<(), String> {
    let author = Author { scribe, company };
    prepare(&author, rng).await?;
    let path = match company.number % 20 {
        0..=5 => Path::New { stars: 1 },
        6..=9 => Path::New { stars: 2 },
        10 | 11 => Path::Earlier,
        12 | 13 => Path::Superseded,
        14 => Path::Preparing,
        15 => Path::Lost,
        16 => Path::Stopped,
        _ => return Ok(()),
    };
    let earlier = day(EARLIER).min(company.joined) - Duration::days(rng.i64(20..400));
    let new = day(NEW).max(company.joined) + Duration::days(rng.i64(2..110));
    match path {
        Path::New { stars } => {
            let place = author.declare(Some("59999"), new, 1).await?;
            if stars == 2 {
                let raised = new + Duration::days(rng.i64(10..60));
                author.step(&place, "amend", raised, json!({"terms": {"stars": 2}})).await?;
            }
            author.evidence(&place, rng, new + Duration::days(70)).await?;
            author.consents(rng).await?;
        }
        Path::Earlier => {
            let place = author.declare(Some("49999"), earlier, 1).await?;
            author.evidence(&place, rng, earlier + Duration::days(30)).await?;
            author.consents(rng).await?;
        }
        Path::Superseded => {
            let old = author.declare(Some("49999"), earlier, 1).await?;
            let place = author.declare(Some("59999"), new, 1).await?;
            match company.number % 60 {
                // Of some, nobody has said that the one took the place of the other.
                BESIDE => {}
                CONFLICT => {
                    author.declare(Some("59998"), new, 2).await?;
                }
                _ => {
                    let by = json!({"by": place.rsplit('/').next()});
                    author.step(&old, "supersede", new, by).await?;
                }
            }
            author.evidence(&place, rng, new + Duration::days(40)).await?;
            author.consents(rng).await?;
        }
        Path::Preparing => {
            let begun = scribe.today() - Duration::days(rng.i64(3..50));
            author
                .begin(json!({"state": "preparing", "on": begun, "terms": {"stars": 1}}), begun)
                .await?;
        }
        Path::Lost => {
            let place = author.declare(None, earlier, 1).await?;
            author.step(&place, "lose", new, json!({})).await?;
        }
        Path::Stopped => {
            let place = author.declare(Some("59999"), new, 1).await?;
            let by = json!({"by": "declarant"});
            author.step(&place, "stop", new + Duration::days(90), by).await?;
        }
    }
    Ok(())
}

/// What a company's declarations have been through.
enum Path {
    New { stars: u8 },
    Earlier,
    Superseded,
    Preparing,
    Lost,
    Stopped,
}

fn day((year, month, day): (i32, u32, u32)) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Writes for one company.
struct Author<'a> {
    scribe: &'a Scribe<'a>,
    company: &'a Company,
}

impl Author<'_> {
    fn today(&self) -> NaiveDate {
        self.scribe.today()
    }

    /// Sets the clock to the day on which something is recorded: that on which it happened, but
    /// not before the company was here.
    fn record_on(&self, day: NaiveDate) {
        self.scribe.on(day.max(self.company.joined + Duration::days(2)));
    }

    async fn begin(&self, declaration: Value, on: NaiveDate) -> Result<String, String> {
        self.record_on(on);
        let path = self.company.at("declarations");
        Ok(self.scribe.post(self.company.keeper, &path, declaration).await?.place)
    }

    /// A declaration with an id that begins so, if it is known; gives its place.
    async fn declare(
        &self,
        beginning: Option<&str>,
        on: NaiveDate,
        stars: u8,
    ) -> Result<String, String> {
        let id = beginning.map(|begins| format!("{begins}{:06}", 990_001 + self.company.number));
        let terms = json!({
            "stars": stars, "declaration_id": id, "articles_edition": edition(on),
            "purpose": "取引先からの求め",
            "contact": {"department": "総務部", "name": "見本 花子", "email": "soumu@example.jp"},
        });
        self.begin(json!({"state": "declared", "on": on, "terms": terms}), on).await
    }

    /// Something that happened to a declaration on a day.
    async fn step(
        &self,
        place: &str,
        step: &str,
        on: NaiveDate,
        mut what: Value,
    ) -> Result<(), String> {
        let on = on.min(self.today());
        self.record_on(on);
        say(&mut what, "on", json!(on));
        self.scribe.post(self.company.keeper, &format!("{place}/{step}"), what).await.map(drop)
    }

    /// Who has seen what of it, in every grade.
    async fn evidence(&self, place: &str, rng: &mut Rng, on: NaiveDate) -> Result<(), String> {
        let on = on.min(self.today() - Duration::days(1));
        let grade = match self.company.number % 4 {
            0 | 1 => Some(("document_seen", "自己宣言の完了を知らせるメール")),
            2 => Some(("matched_to_publication", "公表されている宣言事業者の一覧")),
            _ => None,
        };
        if let Some((grade, note)) = grade {
            self.record_on(on);
            let seen = json!({
                "evidence_grade": grade, "seen_by": SUPPORTER, "seen_on": on.max(self.company.joined),
                "note": note,
            });
            let path = format!("{place}/evidence");
            self.scribe.post(self.company.keeper, &path, seen).await?;
        }
        if happens(rng, 50) {
            let by = json!({"by": self.company.representative});
            self.step(place, "confirm", self.today() - Duration::days(1), by).await?;
        }
        Ok(())
    }

    /// Consents, and what is done by them.
    async fn consents(&self, rng: &mut Rng) -> Result<(), String> {
        let Self { scribe, company } = self;
        let keeper = company.keeper;
        let path = company.at("consents");
        let given = |purpose: &str| json!({"purpose": purpose, "given_by": company.representative});
        let recent = self.today() - Duration::days(45);
        if happens(rng, 75) {
            scribe.on(recent);
            let listing = scribe.post(keeper, &path, given("listing")).await?;
            if company.number % 30 == 3 {
                scribe.on(self.today() - Duration::days(8));
                let withdrawn = json!({"withdrawn_by": company.representative});
                let path = format!("{}/withdraw", listing.place);
                scribe.post(keeper, &path, withdrawn).await?;
            }
        }
        // Where declarations contradict one another, nothing can be attested.
        if company.number % 60 == CONFLICT || !happens(rng, 40) {
            return Ok(());
        }
        scribe.on(recent);
        scribe.post(keeper, &path, given("attestation")).await?;
        let statements = company.at("attestations");
        for (before, days) in [(40, 7), (3, 30)] {
            scribe.on(self.today() - Duration::days(before));
            let made = scribe.post(keeper, &statements, json!({"valid_days": days})).await?;
            if days == 30 && company.number % 10 == 2 {
                let path = format!("{}/revoke", made.place);
                scribe.post(keeper, &path, json!({})).await?;
            }
        }
        Ok(())
    }
}

/// What is stated of the way to a declaration.
async fn prepare(author: &Author<'_>, rng: &mut Rng) -> Result<(), String> {
    let Author { scribe, company } = author;
    if !happens(rng, 55) {
        return Ok(());
    }
    let on = company.joined + Duration::days(rng.i64(5..90));
    scribe.on(on);
    let mut stated = json!({
        "commitment": {
            "committed_by": company.representative, "committed_on": on, "edition": edition(on),
        },
    });
    if happens(rng, 60) {
        say(
            &mut stated,
            "policy",
            json!({"established": true, "established_on": on, "title": "情報セキュリティ基本方針"}),
        );
        let page = format!("https://customer-{:04}.example.jp/policy", company.number + 1);
        say(
            &mut stated,
            "publication",
            json!({
                "published": true, "method": "website", "url": page, "published_on": on,
            }),
        );
    }
    if happens(rng, 70) {
        // Some of the accounts end soon, and some have ended.
        let ends = scribe.today() + Duration::days(rng.i64(-30..400));
        say(&mut stated, "gbizid", json!({"kind": "prime", "expires_on": ends, "account": "same"}));
    }
    let path = company.at("declaration-preparation");
    scribe.patch(company.keeper, &path, stated).await.map(drop)
}
