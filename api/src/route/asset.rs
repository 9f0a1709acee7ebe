//! Information assets (情報資産): the rows of the risk register.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::personal_number::could_be_personal;
use mamori_domain::risk::asset::{Asset, Entry};
use mamori_domain::risk::{Medium, Model, Ratings};
use mamori_store::{AssetFilter, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::register::{register, taken};
use super::risk_evaluation::{ReasonValue, reasons};
use super::risk_model::MediumValue;
use crate::answer::{Answer, nothing, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{RisksRead, RisksWrite};
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::{optional_day, whole};
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;

/// The most tags of an asset.
const MOST_TAGS: usize = 20;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_assets)
        .service(create_asset)
        .service(get_asset)
        .service(update_asset)
        .service(delete_asset);
}

/// What the register says of an asset. Paper and data of one asset are two assets, since their
/// threats differ.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
pub(crate) struct AssetInput {
    /// Your own key for it; unique among the organization's assets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "A-001")]
    external_id: Option<String>,
    /// The business that it belongs to (業務分類).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "人事")]
    business_category: Option<String>,
    /// Its name (情報資産名称).
    #[schema(min_length = 1, max_length = 200, example = "社員名簿")]
    name: String,
    /// A remark (備考).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 1000, example = "年1回見直す")]
    note: Option<String>,
    /// Who may use it (利用者範囲).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "人事部")]
    user_scope: Option<String>,
    /// The department in charge (管理部署).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "総務部")]
    owner_department: Option<String>,
    medium: MediumValue,
    /// Confidentiality (機密性), on the scale of the register's edition.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 3, example = 3)]
    confidentiality: i64,
    /// Integrity (完全性).
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 3, example = 2)]
    integrity: i64,
    /// Availability (可用性).
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 3, example = 1)]
    availability: i64,
    /// Personal information (個人情報).
    #[serde(default)]
    personal_information: bool,
    /// Special care-required personal information (要配慮個人情報).
    #[serde(default)]
    special_care_required_personal_information: bool,
    /// Specific personal information, which contains a My Number (特定個人情報). The number itself
    /// belongs nowhere in mamori.
    #[serde(default)]
    specific_personal_information: bool,
    /// An accident could threaten the firm's survival.
    #[serde(default)]
    threatens_survival: bool,
    /// How long it is kept (保存期限), as text: 7年, 永年, 退職後3年.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "退職後3年")]
    retention: Option<String>,
    /// The day of registration (登録日), in Japan; if left out, today for a new asset, and as it was
    /// for another.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    pub(super) registered_on: Option<NaiveDate>,
    /// Words of your own.
    #[serde(default)]
    #[schema(max_items = 20)]
    tags: Vec<String>,
}

/// An information asset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Asset)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
pub(crate) struct AssetBody {
    /// Its id.
    id: Uuid,
    /// The organization whose it is.
    organization: Uuid,
    /// Your own key for it.
    #[schema(required)]
    external_id: Option<String>,
    /// The business that it belongs to (業務分類).
    #[schema(required)]
    business_category: Option<String>,
    /// Its name (情報資産名称).
    name: String,
    /// A remark (備考).
    #[schema(required)]
    note: Option<String>,
    /// Who may use it (利用者範囲).
    #[schema(required)]
    user_scope: Option<String>,
    /// The department in charge (管理部署).
    #[schema(required)]
    owner_department: Option<String>,
    medium: MediumValue,
    /// Confidentiality (機密性).
    #[schema(minimum = 0, maximum = 3)]
    confidentiality: u8,
    /// Integrity (完全性).
    #[schema(minimum = 0, maximum = 3)]
    integrity: u8,
    /// Availability (可用性).
    #[schema(minimum = 0, maximum = 3)]
    availability: u8,
    /// Personal information (個人情報).
    personal_information: bool,
    /// Special care-required personal information (要配慮個人情報).
    special_care_required_personal_information: bool,
    /// Specific personal information (特定個人情報).
    specific_personal_information: bool,
    /// An accident could threaten the firm's survival.
    threatens_survival: bool,
    /// Importance (重要度), on the edition's scale.
    #[schema(minimum = 0, maximum = 3)]
    importance: u8,
    /// What it follows from.
    importance_reasons: Vec<ReasonValue>,
    /// How long it is kept (保存期限).
    #[schema(required)]
    retention: Option<String>,
    /// The day of registration (登録日).
    registered_on: NaiveDate,
    /// Words of your own.
    tags: Vec<String>,
    /// The edition by whose scale it is rated.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl AssetBody {
    fn of(asset: Asset, model: &'static Model) -> Self {
        let Asset { id, organization, entry, importance, created_at, updated_at, .. } = asset;
        let ratings = entry.ratings;
        Self {
            id,
            organization,
            external_id: entry.external_id,
            business_category: entry.business_category,
            name: entry.name,
            note: entry.note,
            user_scope: entry.user_scope,
            owner_department: entry.owner_department,
            medium: entry.medium.into(),
            confidentiality: ratings.confidentiality,
            integrity: ratings.integrity,
            availability: ratings.availability,
            personal_information: ratings.personal_information,
            special_care_required_personal_information: ratings
                .special_care_required_personal_information,
            specific_personal_information: ratings.specific_personal_information,
            threatens_survival: ratings.threatens_survival,
            importance,
            importance_reasons: reasons(model.importance(&ratings)),
            retention: entry.retention,
            registered_on: entry.registered_on,
            tags: entry.tags,
            edition: model.edition,
            created_at,
            updated_at,
        }
    }
}

impl From<Entry> for AssetInput {
    fn from(entry: Entry) -> Self {
        let ratings = entry.ratings;
        Self {
            external_id: entry.external_id,
            business_category: entry.business_category,
            name: entry.name,
            note: entry.note,
            user_scope: entry.user_scope,
            owner_department: entry.owner_department,
            medium: entry.medium.into(),
            confidentiality: i64::from(ratings.confidentiality),
            integrity: i64::from(ratings.integrity),
            availability: i64::from(ratings.availability),
            personal_information: ratings.personal_information,
            special_care_required_personal_information: ratings
                .special_care_required_personal_information,
            specific_personal_information: ratings.specific_personal_information,
            threatens_survival: ratings.threatens_survival,
            retention: entry.retention,
            registered_on: Some(entry.registered_on),
            tags: entry.tags,
        }
    }
}

impl AssetInput {
    /// What any asset could be changed from: a patch of it shows its faults before the asset is
    /// looked up.
    fn blank() -> Self {
        Self {
            external_id: None,
            business_category: None,
            name: String::new(),
            note: None,
            user_scope: None,
            owner_department: None,
            medium: MediumValue::Paper,
            confidentiality: 1,
            integrity: 1,
            availability: 1,
            personal_information: false,
            special_care_required_personal_information: false,
            specific_personal_information: false,
            threatens_survival: false,
            retention: None,
            registered_on: None,
            tags: Vec::new(),
        }
    }

    /// The entry that this says, with every value checked; `within` is the place of the asset in
    /// the body.
    pub(crate) fn entry(
        self,
        check: &mut Check,
        within: &str,
        scale: &RangeInclusive<i64>,
        today: NaiveDate,
    ) -> Entry {
        let at = |field: &str| format!("{within}/{field}");
        check.line(&at("name"), &self.name, 1..=200);
        for (field, text, longest) in [
            ("external_id", &self.external_id, 200),
            ("business_category", &self.business_category, 100),
            ("user_scope", &self.user_scope, 100),
            ("owner_department", &self.owner_department, 100),
            ("retention", &self.retention, 100),
        ] {
            check.optional_line(&at(field), text.as_deref(), 1..=longest);
        }
        if let Some(note) = &self.note {
            check.text(&at("note"), note, 1..=1000);
        }
        let mut rating = |field: &str, value: i64| {
            check.range(&at(field), Some(value), scale.clone());
            u8::try_from(value).unwrap_or_default()
        };
        let ratings = Ratings {
            confidentiality: rating("confidentiality", self.confidentiality),
            integrity: rating("integrity", self.integrity),
            availability: rating("availability", self.availability),
            personal_information: self.personal_information,
            special_care_required_personal_information: self
                .special_care_required_personal_information,
            specific_personal_information: self.specific_personal_information,
            threatens_survival: self.threatens_survival,
        };
        check.past(&at("registered_on"), self.registered_on, today);
        let few = check.items(&at("tags"), self.tags.len(), 0..=MOST_TAGS);
        let mut seen = BTreeSet::new();
        for (index, tag) in self.tags.iter().enumerate().filter(|_| few) {
            let at = at(&format!("tags/{index}"));
            check.line(&at, tag, 1..=50);
            if !seen.insert(tag) {
                check.push(Fault::at(at, Code::Duplicate));
            }
        }
        Entry {
            external_id: self.external_id,
            business_category: self.business_category,
            name: self.name,
            note: self.note,
            user_scope: self.user_scope,
            owner_department: self.owner_department,
            medium: self.medium.into(),
            ratings,
            retention: self.retention,
            registered_on: self.registered_on.unwrap_or(today),
            tags: self.tags,
        }
    }

    fn checked(self, scale: &RangeInclusive<i64>, today: NaiveDate) -> Result<Entry, Problem> {
        let mut check = Check::default();
        let entry = self.entry(&mut check, "", scale, today);
        check.finish(entry)
    }
}

/// The ratings that some edition has: what can be said before the register is known.
pub(super) const ANY_SCALE: RangeInclusive<i64> = 0..=3;

/// The ratings of an edition.
pub(crate) fn scale(model: &Model) -> RangeInclusive<i64> {
    i64::from(model.lowest)..=i64::from(model.top)
}

/// The tag of an asset: the body names the edition too.
fn tag_of(asset: &Asset, model: &Model) -> String {
    etag(asset.revision, &model.edition.replace('.', "-"))
}

/// A page of assets, in the order in which they were added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetList {
    /// The assets.
    items: Vec<AssetBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which assets to list.
#[derive(Debug, Deserialize)]
struct AssetQuery {
    external_id: Option<String>,
    medium: Option<MediumValue>,
    importance: Option<u8>,
    owner_department: Option<String>,
    name: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for AssetQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("external_id", "1–200 characters"),
        (
            "medium",
            "paper, removable_media, office_pc, mobile_device, internal_server, external_server",
        ),
        ("importance", "0–3"),
        ("owner_department", "1–100 characters"),
        ("name", "1–100 characters"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

impl AssetQuery {
    fn filter(&self) -> Result<AssetFilter, Problem> {
        let malformed = |fault| Err(Problem::fault(Kind::MalformedRequest, fault));
        for (name, text, longest) in [
            ("external_id", &self.external_id, 200),
            ("owner_department", &self.owner_department, 100),
            ("name", &self.name, 100),
        ] {
            let Some(text) = text else { continue };
            if could_be_personal(text) {
                return malformed(Fault::parameter(name, Code::TwelveDigits));
            }
            if !(1..=longest).contains(&text.chars().count()) {
                let fault = Fault::parameter(name, Code::Length);
                return malformed(fault.with("minimum", 1).with("maximum", longest));
            }
        }
        if self.importance.is_some_and(|importance| importance > 3) {
            let fault = Fault::parameter("importance", Code::OutOfRange);
            return malformed(fault.with("minimum", 0).with("maximum", 3));
        }
        Ok(AssetFilter {
            external_id: self.external_id.clone(),
            medium: self.medium.map(Medium::from),
            importance: self.importance,
            owner_department: self.owner_department.clone(),
            name: self.name.clone(),
        })
    }
}

/// List the assets
///
/// The information assets of an organization in the order in which they were added, a page at a
/// time. For the order of their risk see the risks.
#[utoipa::path(
    tag = tag::ASSETS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("external_id" = inline(Option<String>), Query, nullable = false, description = "Only the one with this key of yours",
            min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f]+$"),
        ("medium" = inline(Option<MediumValue>), Query, nullable = false, description = "Only those on this medium"),
        ("importance" = inline(Option<u8>), Query, nullable = false, description = "Only those of this importance",
            minimum = 0, maximum = 3),
        ("owner_department" = inline(Option<String>), Query, nullable = false, description = "Only those in the charge of this department",
            min_length = 1, max_length = 100, pattern = "^[^\\u0000-\\u001f\\u007f]+$"),
        ("name" = inline(Option<String>), Query, nullable = false, description = "Only those whose name holds this, whatever its width and case",
            min_length = 1, max_length = 100, pattern = "^[^\\u0000-\\u001f\\u007f]+$"),
    ),
    responses((status = 200, description = "A page of assets", body = AssetList)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "list": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/assets")]
async fn list_assets(call: Call<RisksRead>, id: PathId, query: Query<AssetQuery>) -> Answer {
    let filter = query.0.filter()?;
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("assets {} {filter:?}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        let register = register(tx, id.0)?;
        Ok::<_, Stop<Problem>>((register, tx.list_assets(id.0, &filter, after, limit)?))
    };
    let (register, found) = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|asset| asset.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let told = |asset| AssetBody::of(asset, register.model);
    let body = AssetList { items: found.items.into_iter().map(told).collect(), next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Add an asset
///
/// Adds an information asset to the risk register of an organization.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = AssetInput,
    responses((status = 201, description = "The asset, added", body = AssetBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "risk-register-missing", "asset-id-taken"],
        "links": {"get_asset": "/id", "update_asset": "/id", "delete_asset": "/id",
            "get_risk": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/assets")]
async fn create_asset(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<AssetInput>().await?;
    let input = received.value;
    call.reaches(id.0)?;
    let today = call.service.today();
    input.clone().checked(&ANY_SCALE, today)?;
    let work = move |tx: &mut Tx<'_>| {
        let register = taken(tx, id.0)?;
        let entry = input.clone().checked(&scale(register.model), today)?;
        let added = tx.add_asset(&register, entry).map_err(refused_as(Kind::AssetIdTaken))?;
        let location = format!("/v1/assets/{}", added.id);
        let tag = tag_of(&added, register.model);
        let created = reply(StatusCode::CREATED, &AssetBody::of(added, register.model))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get an asset
///
/// One information asset, with the ETag that a change of it needs.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The asset")),
    responses((status = 200, description = "The asset", body = AssetBody)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/assets/{id}")]
async fn get_asset(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        let register = register(tx, found.organization)?;
        Ok::<_, Stop<Problem>>((found, register))
    };
    let (found, register) = call.service.store().read(call.context(), work).await?;
    let tag = tag_of(&found, register.model);
    Ok(show(&call.request, &tag, None, &AssetBody::of(found, register.model)))
}

/// Update an asset
///
/// Changes what the register says of an asset by a merge patch (RFC 7396). Its importance and its
/// risk follow at once.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The asset")),
    request_body = AssetInput,
    responses((status = 200, description = "The asset, changed", body = AssetBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true,
        "problems": ["not-found", "asset-id-taken"],
    }))),
)]
#[patch("/v1/assets/{id}")]
async fn update_asset(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let patch = body.patch().await?;
    patch.apply(&AssetInput::blank())?;
    let condition = call.if_match()?;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let seen = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        let register = taken(tx, seen.organization)?;
        // Again, now that no conversion can come between.
        let found = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        let current = AssetInput::from(found.entry.clone());
        let entry = patch.apply(&current)?.checked(&scale(register.model), today)?;
        required(condition.as_ref())?.admits(found.revision)?;
        let changed = tx.replace_asset(&register, &found, entry);
        let changed = changed.map_err(refused_as(Kind::AssetIdTaken))?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = tag_of(&changed, register.model);
        let shown = reply(StatusCode::OK, &AssetBody::of(changed, register.model))?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Delete an asset
///
/// Removes an asset from the register, with its treatments. It can't be undone; the record that
/// it was done stays.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The asset")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "if_match": true, "actor": true, "problems": ["not-found"],
    }))),
)]
#[delete("/v1/assets/{id}")]
async fn delete_asset(call: Call<RisksWrite>, id: PathId) -> Answer {
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let seen = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        // Taken as for any change, so that no snapshot or conversion is under way.
        taken(tx, seen.organization)?;
        let found = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        required(condition.as_ref())?.admits(found.revision)?;
        if !tx.remove_asset(&found)? {
            return Err(Problem::new(Kind::PreconditionFailed).into());
        }
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
