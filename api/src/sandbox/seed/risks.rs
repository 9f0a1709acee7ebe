//! Risk registers: assets, threats, what is done about risks, and how they stood before.

use chrono::{Duration, NaiveDate};
use fastrand::Rng;
use serde_json::{Value, json};

use super::checks::{controls, edition};
use super::company::Company;
use super::scribe::Scribe;
use super::words::{Asset, Words, one_of};
use super::{happens, say, weighed};

/// Writes the risk register of one company in four.
pub(super) async fn write(
    scribe: &Scribe<'_>,
    words: &Words,
    rng: &mut Rng,
    company: &Company,
) -> Result<(), String> {
    if company.number % 4 != 1 {
        return Ok(());
    }
    let keeper = company.keeper;
    let begun = company.joined + Duration::days(rng.i64(15..60));
    scribe.on(begun);
    // A few still rate by the scale of the edition before the last.
    let edition = if company.number % 40 == 1 { "3.0" } else { edition(begun) };
    scribe.put(keeper, &company.at("risk-register"), json!({ "edition": edition })).await?;
    let assets = assets(words, rng, edition);
    let made =
        scribe.post(keeper, &company.at("assets/upsert"), json!({ "assets": assets })).await?;
    if happens(rng, 60) {
        let threats: Vec<Value> = words
            .threats
            .iter()
            .filter(|_| rng.bool())
            .map(|at| json!({"medium": at.medium, "threat": at.threat}))
            .collect();
        let frequent = |rng: &mut Rng, mut threat: Value| {
            say(&mut threat, "frequency", json!(rng.u8(1..4)));
            threat
        };
        let threats: Vec<Value> = threats.into_iter().map(|threat| frequent(rng, threat)).collect();
        if !threats.is_empty() {
            let threats = json!({ "threats": threats });
            scribe.patch(keeper, &company.at("threats"), threats).await?;
        }
    }
    snapshot(scribe, company, begun, "台帳の作成時").await?;
    if happens(rng, 70) {
        let answered = begun + Duration::days(rng.i64(5..40));
        scribe.on(answered);
        controls(scribe, rng, company, answered).await?;
    }

    let ids = made.body.pointer("/items").and_then(Value::as_array).cloned().unwrap_or_default();
    let ids: Vec<&str> = ids.iter().filter_map(|item| item.get("id")?.as_str()).collect();
    let planned = begun + Duration::days(45);
    for id in ids.iter().take(rng.usize(2..7)) {
        treat(scribe, words, rng, company, (id, planned)).await?;
    }
    if happens(rng, 60) {
        let day = scribe.today() - Duration::days(rng.i64(5..60));
        snapshot(scribe, company, day, "2026年度の見直し").await?;
    }
    Ok(())
}

async fn snapshot(
    scribe: &Scribe<'_>,
    company: &Company,
    day: NaiveDate,
    label: &str,
) -> Result<(), String> {
    scribe.on(day);
    let label = json!({ "label": label });
    scribe.post(company.keeper, &company.at("risk-snapshots"), label).await.map(drop)
}

/// Five to thirty assets.
fn assets(words: &Words, rng: &mut Rng, edition: &str) -> Vec<Value> {
    let mut kinds: Vec<&Asset> = words.assets.iter().collect();
    rng.shuffle(&mut kinds);
    kinds.truncate(rng.usize(5..=30));
    let asset = |(number, asset): (usize, &Asset)| {
        // 3.0 rates from 0 to 2.
        let [confidentiality, integrity, availability] =
            asset.ratings.map(|rating| if edition == "3.0" { rating - 1 } else { rating });
        json!({
            "external_id": format!("A-{:03}", number + 1),
            "business_category": asset.category,
            "name": asset.name,
            "medium": asset.medium,
            "owner_department": asset.department,
            "user_scope": asset.department,
            "personal_information": asset.personal,
            "special_care_required_personal_information": asset.sensitive,
            "threatens_survival": asset.survival,
            "confidentiality": confidentiality,
            "integrity": integrity,
            "availability": availability,
            "retention": asset.retention,
        })
    };
    kinds.into_iter().enumerate().map(asset).collect()
}

/// Plans what is done about an asset, and how far that has come: some is done, some is overdue.
async fn treat(
    scribe: &Scribe<'_>,
    words: &Words,
    rng: &mut Rng,
    company: &Company,
    (asset, planned): (&str, NaiveDate),
) -> Result<(), String> {
    let way = one_of(rng, &words.treatments)?;
    let due = planned + Duration::days(rng.i64(30..500));
    scribe.on(planned);
    let mut plan = json!({
        "treatment": way.kind,
        "title": way.title,
        "reason": way.reason,
        "cost": way.cost,
        "owner": one_of(rng, &words.departments)?,
        "due_on": due,
    });
    match way.kind.as_str() {
        "reduce" => say(&mut plan, "expected_vulnerability", json!(1)),
        "retain" => {
            say(&mut plan, "accepted_by", json!(company.representative));
            say(&mut plan, "accepted_on", json!(planned));
            say(&mut plan, "accepted_until", json!(planned + Duration::days(365)));
        }
        _ => {}
    }
    // An asset's own place is not within its organization.
    let path = format!("/v1/assets/{asset}/treatments");
    let made = scribe.post(company.keeper, &path, plan).await?;
    let past = due < scribe.today();
    let states = if past {
        [(65, "done"), (20, "in_progress"), (10, "planned"), (5, "cancelled")]
    } else {
        [(15, "done"), (40, "in_progress"), (43, "planned"), (2, "cancelled")]
    };
    let state = weighed(rng, &states, "planned");
    if state != "planned" {
        scribe.on(planned + (due - planned) / 2);
        let mut change = json!({ "state": state });
        if state == "done" && happens(rng, 50) {
            let page = format!("https://customer-{:04}.example.jp/evidence", company.number + 1);
            say(&mut change, "evidence_url", json!(page));
        }
        scribe.patch(company.keeper, &made.place, change).await?;
    }
    Ok(())
}
