//! The companies: who they are, where, and how far they have come.

use chrono::{Duration, NaiveDate};
use fastrand::Rng;
use serde_json::{Value, json};

use super::super::clients::Role;
use super::scribe::Scribe;
use super::words::{Industry, Word, Words, one_of};
use super::{COMPANIES, happens, say, weighed};

/// Over how many days the companies came, and how many days before the start that began.
const CAME_WITHIN: i64 = 600;
const BEGAN_BEFORE: i64 = 730;
/// The prefectures of JIS X 0401.
const PREFECTURES: u32 = 47;
/// The only corporate number here: an example of documents that belongs to nobody. No range of
/// numbers is known in which no firm is or will be, so the other companies have none.
const EXAMPLE_NUMBER: &str = "7123456789012";

/// How well a company protects itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Good,
    Middling,
    Urgent,
}

/// A company that was registered.
pub(super) struct Company {
    /// Its number, from 0.
    pub(super) number: u32,
    /// Whose it is.
    pub(super) keeper: Role,
    /// Where it is.
    pub(super) place: String,
    /// The places of its units.
    pub(super) units: Vec<String>,
    /// The day on which it was registered.
    pub(super) joined: NaiveDate,
    /// How well it protects itself.
    pub(super) level: Level,
    /// Who speaks for it.
    pub(super) representative: String,
}

impl Company {
    /// Registers a company with its units.
    pub(super) async fn register(
        scribe: &Scribe<'_>,
        words: &Words,
        rng: &mut Rng,
        number: u32,
    ) -> Result<Self, String> {
        // One in five came by way of the support centre.
        let keeper = if number % 5 == 4 { Role::Centre } else { Role::Portal };
        let level = [(30, Level::Good), (45, Level::Middling), (25, Level::Urgent)];
        let level = weighed(rng, &level, Level::Middling);
        let came = CAME_WITHIN * i64::from(number) / i64::from(COMPANIES);
        let joined = scribe.today() - Duration::days(BEGAN_BEFORE - came);
        let sizes = [(35, (1, 5)), (35, (6, 20)), (22, (21, 100)), (8, (101, 300))];
        let (smallest, largest) = weighed(rng, &sizes, (1, 5));
        let employees = rng.u32(smallest..=largest);
        let representative = format!("見本 {}", one_of(rng, &words.given_names)?);
        let details = details(words, rng, number, employees, joined, &representative)?;
        scribe.on(joined);
        let place = scribe.post(keeper, "/v1/organizations", details).await?.place;

        let mut company =
            Self { number, keeper, place, units: Vec::new(), joined, level, representative };
        if employees > 20 {
            let units = format!("{}/units", company.place);
            for (list, kind) in [(&words.departments, "department"), (&words.sites, "site")] {
                let unit = json!({"name": one_of(rng, list)?, "kind": kind});
                company.units.push(scribe.post(keeper, &units, unit).await?.place);
            }
        }
        Ok(company)
    }

    /// A place of the company's.
    pub(super) fn at(&self, rest: &str) -> String {
        format!("{}/{rest}", self.place)
    }
}

fn details(
    words: &Words,
    rng: &mut Rng,
    number: u32,
    employees: u32,
    joined: NaiveDate,
    representative: &str,
) -> Result<Value, String> {
    let industry = industry(words, rng)?;
    let trade = one_of(rng, &industry.trades)?;
    let stems = words.stems.len().max(1);
    let stem = words.stems.get(usize::try_from(number).unwrap_or_default() % stems);
    let stem = stem.ok_or("sandbox.toml: no stems")?;
    let name = format!("見本{}{}", stem.name, trade.name);
    let prefecture = match number % PREFECTURES + 1 {
        // Each prefecture has some; beyond those, most are where most firms are.
        code if number < 2 * PREFECTURES => format!("{code:02}"),
        _ => one_of(rng, &words.large_prefectures)?.clone(),
    };
    let mut details = json!({
        "external_id": format!("customer-{:04}", number + 1),
        "representative_name": representative,
        "postal_code": format!("000{:04}", number + 1),
        "prefecture": prefecture,
        "municipality": "見本市",
        "street": format!("見本町{}丁目{}番{}号", rng.u8(1..9), rng.u8(1..30), rng.u8(1..20)),
        "phone": format!("000-000-{:04}", number + 1),
        "industry": industry.code,
        "employees": employees,
        "employees_as_of": joined,
    });
    let fields = details.as_object_mut().ok_or("no details")?;
    fields.extend(legal_form(rng, &name, (stem, trade), employees, representative));
    if happens(rng, 60) {
        let page = format!("https://customer-{:04}.example.jp/", number + 1);
        fields.insert("website".to_owned(), json!(page));
    }
    if number == 0 {
        let named = [
            ("kind", "corporation"),
            ("name", "株式会社見本製作所"),
            ("name_kana", "カブシキガイシャミホンセイサクショ"),
            ("corporate_number", EXAMPLE_NUMBER),
        ];
        fields.remove("trade_name");
        fields.extend(named.map(|(field, text)| (field.to_owned(), json!(text))));
    }
    Ok(details)
}

/// What kind of body it is, which its name says too.
fn legal_form(
    rng: &mut Rng,
    name: &str,
    (stem, trade): (&Word, &Word),
    employees: u32,
    representative: &str,
) -> serde_json::Map<String, Value> {
    let alone = employees <= 5 && happens(rng, 55);
    let kana = format!("ミホン{}{}", stem.kana, trade.kana);
    let fields = if alone {
        json!({
            "kind": "sole_proprietor", "name": representative, "trade_name": name,
            "representative_title": "代表",
        })
    } else {
        let (kind, form, read, title) = weighed(
            rng,
            &[
                (70, ("corporation", "株式会社", "カブシキガイシャ", "代表取締役")),
                (14, ("corporation", "有限会社", "ユウゲンガイシャ", "代表取締役")),
                (10, ("corporation", "合同会社", "ゴウドウガイシャ", "代表社員")),
                (6, ("other_body", "一般社団法人", "イッパンシャダンホウジン", "代表理事")),
            ],
            ("corporation", "株式会社", "カブシキガイシャ", "代表取締役"),
        );
        let mut fields = json!({
            "kind": kind, "name": format!("{form}{name}"), "name_kana": format!("{read}{kana}"),
            "representative_title": title,
        });
        if kind == "corporation" {
            let capital = weighed(rng, &[(50, 3), (30, 10), (15, 30), (5, 100)], 3);
            say(&mut fields, "capital", json!(capital * 1_000_000));
        }
        fields
    };
    fields.as_object().cloned().unwrap_or_default()
}

fn industry<'w>(words: &'w Words, rng: &mut Rng) -> Result<&'w Industry, String> {
    let shares: Vec<(u32, Option<&Industry>)> =
        words.industries.iter().map(|industry| (industry.share, Some(industry))).collect();
    weighed(rng, &shares, None).ok_or_else(|| "sandbox.toml: no industries".to_owned())
}
