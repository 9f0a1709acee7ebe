//! Organizations: the companies on the path, each kept by the client that registered it.

use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::organization::{
    Kind as OrganizationKind, Organization, Profile, ProfileError, is_industry, postal_code,
    prefecture,
};
use mamori_domain::personal_number::could_be_personal;
use mamori_store::{OrganizationFilter, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::answer::{Answer, nothing, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{OrganizationsRead, OrganizationsWrite};
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::{optional_day, optional_whole};
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_organizations)
        .service(create_organization)
        .service(get_organization)
        .service(update_organization)
        .service(delete_organization);
}

wire_enum! {
    /// What an organization is in law: `corporation` (法人), `sole_proprietor` (個人事業主) or
    /// `other_body` (その他の団体).
    #[derive(Default)]
    pub(crate) enum OrganizationKindValue as OrganizationKind = OrganizationKind {
        /// A company or other corporation (法人).
        #[default]
        Corporation = "corporation",
        /// A sole trader (個人事業主), who has no corporate number.
        SoleProprietor = "sole_proprietor",
        /// Another body (その他の団体).
        OtherBody = "other_body",
    }
}

/// What is known of an organization. Everything but the name may be left out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationInput {
    /// Your own key for it; unique among your organizations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "customer-0001")]
    external_id: Option<String>,
    #[serde(default)]
    kind: OrganizationKindValue,
    /// The registered name (名称).
    #[schema(min_length = 1, max_length = 200, example = "株式会社みほん製作所")]
    name: String,
    /// The name's reading in katakana (フリガナ).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "カブシキガイシャミホン")]
    name_kana: Option<String>,
    /// The trade name (屋号).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "みほん商店")]
    trade_name: Option<String>,
    /// The corporate number (法人番号): thirteen digits, the first a check digit. A sole trader
    /// has none. Twelve digits are refused unread: they could be a My Number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 13,
        max_length = 13,
        pattern = "^[1-9][0-9]{12}$",
        format = "corporate-number",
        example = "7123456789012"
    )]
    corporate_number: Option<String>,
    /// The representative's title (役職).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "代表取締役")]
    representative_title: Option<String>,
    /// The representative's name (代表者氏名).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "見本 太郎")]
    representative_name: Option<String>,
    /// The postal code (郵便番号), with or without the hyphen; kept without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[0-9]{3}-?[0-9]{4}$", example = "100-0001")]
    postal_code: Option<String>,
    /// The prefecture (都道府県): its code in JIS X 0401.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^(0?[1-9]|[1-3][0-9]|4[0-7])$", example = "13")]
    prefecture: Option<String>,
    /// The municipality (市区町村).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "千代田区")]
    municipality: Option<String>,
    /// The rest of the address (番地・建物).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 200, example = "見本町1-2-3")]
    street: Option<String>,
    /// The telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[+]?[0-9][0-9-]{5,18}$", example = "03-0000-0000")]
    phone: Option<String>,
    /// The website: `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200, example = "https://www.example.jp/")]
    website: Option<String>,
    /// The industry: a code of the Japan Standard Industrial Classification (日本標準産業分類),
    /// a letter or two to four digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^([A-T]|0[1-9][0-9]{0,2}|[1-9][0-9]{1,3})$", example = "24")]
    industry: Option<String>,
    /// How many people work there.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 0, maximum = 1_000_000, example = 12)]
    employees: Option<i32>,
    /// The day of that count.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    employees_as_of: Option<NaiveDate>,
    /// The capital (資本金), in yen.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64, example = 10_000_000)]
    capital: Option<i64>,
}

/// An organization, as its custodian registered it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organization)]
pub(crate) struct OrganizationBody {
    /// Its id.
    id: Uuid,
    /// The custodian's own key.
    #[schema(required)]
    external_id: Option<String>,
    kind: OrganizationKindValue,
    /// The registered name (名称).
    name: String,
    /// The name's reading in katakana (フリガナ).
    #[schema(required)]
    name_kana: Option<String>,
    /// The trade name (屋号).
    #[schema(required)]
    trade_name: Option<String>,
    /// The corporate number (法人番号).
    #[schema(required)]
    corporate_number: Option<String>,
    /// The representative's title (役職).
    #[schema(required)]
    representative_title: Option<String>,
    /// The representative's name (代表者氏名).
    #[schema(required)]
    representative_name: Option<String>,
    /// The postal code (郵便番号), seven digits.
    #[schema(required)]
    postal_code: Option<String>,
    /// The prefecture (都道府県): two digits of JIS X 0401.
    #[schema(required)]
    prefecture: Option<String>,
    /// The municipality (市区町村).
    #[schema(required)]
    municipality: Option<String>,
    /// The rest of the address (番地・建物).
    #[schema(required)]
    street: Option<String>,
    /// The telephone number.
    #[schema(required)]
    phone: Option<String>,
    /// The website.
    #[schema(required)]
    website: Option<String>,
    /// The industry: a code of the Japan Standard Industrial Classification.
    #[schema(required)]
    industry: Option<String>,
    /// How many people work there.
    #[schema(required)]
    employees: Option<i32>,
    /// The day of that count.
    #[schema(required)]
    employees_as_of: Option<NaiveDate>,
    /// The capital (資本金), in yen.
    #[schema(required)]
    capital: Option<i64>,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A page of organizations, in the order of their registration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationList {
    /// The organizations.
    items: Vec<OrganizationBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl OrganizationInput {
    /// The profile that this says, with every value checked.
    fn profile(self, today: NaiveDate) -> Result<Profile, Problem> {
        let mut check = Check::default();
        check.line("/name", &self.name, 1..=200);
        for (pointer, text, longest) in [
            ("/external_id", &self.external_id, 200),
            ("/name_kana", &self.name_kana, 200),
            ("/trade_name", &self.trade_name, 200),
            ("/representative_title", &self.representative_title, 100),
            ("/representative_name", &self.representative_name, 100),
            ("/municipality", &self.municipality, 100),
            ("/street", &self.street, 200),
        ] {
            check.optional_line(pointer, text.as_deref(), 1..=longest);
        }
        let number = self.corporate_number.as_deref();
        let corporate_number =
            check.corporate_number(|code| Fault::at("/corporate_number", code), number);
        let same = |holds: fn(&str) -> bool| move |text: &str| holds(text).then(|| text.to_owned());
        let postal_code =
            check.form("/postal_code", self.postal_code.as_deref(), "100-0001", postal_code);
        let prefecture = check.form("/prefecture", self.prefecture.as_deref(), "01–47", prefecture);
        let phone = check.form("/phone", self.phone.as_deref(), "03-0000-0000", same(is_phone));
        check.web_address("/website", self.website.as_deref(), 200);
        let industry =
            check.form("/industry", self.industry.as_deref(), "E / 24", same(is_industry));
        check.range("/employees", self.employees, 0..=1_000_000);
        check.range("/capital", self.capital, 0..=1_000_000_000_000_000);
        check.past("/employees_as_of", self.employees_as_of, today);
        let profile = Profile {
            external_id: self.external_id,
            kind: self.kind.into(),
            name: self.name,
            name_kana: self.name_kana,
            trade_name: self.trade_name,
            corporate_number,
            representative_title: self.representative_title,
            representative_name: self.representative_name,
            postal_code,
            prefecture,
            municipality: self.municipality,
            street: self.street,
            phone,
            website: self.website,
            industry,
            employees: self.employees,
            employees_as_of: self.employees_as_of,
            capital: self.capital,
        };
        for error in profile.check() {
            check.push(match error {
                ProfileError::SoleProprietorNumber => {
                    Fault::at("/corporate_number", Code::SoleProprietorNumber)
                }
                ProfileError::EmployeesMissing => {
                    Fault::at("/employees_as_of", Code::EmployeesMissing)
                }
            });
        }
        check.finish(profile)
    }
}

pub(super) fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (6..=19).contains(&digits.len())
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

impl From<Profile> for OrganizationInput {
    fn from(profile: Profile) -> Self {
        Self {
            external_id: profile.external_id,
            kind: profile.kind.into(),
            name: profile.name,
            name_kana: profile.name_kana,
            trade_name: profile.trade_name,
            corporate_number: profile.corporate_number.map(|number| number.to_string()),
            representative_title: profile.representative_title,
            representative_name: profile.representative_name,
            postal_code: profile.postal_code,
            prefecture: profile.prefecture,
            municipality: profile.municipality,
            street: profile.street,
            phone: profile.phone,
            website: profile.website,
            industry: profile.industry,
            employees: profile.employees,
            employees_as_of: profile.employees_as_of,
            capital: profile.capital,
        }
    }
}

impl From<Organization> for OrganizationBody {
    fn from(organization: Organization) -> Self {
        let profile = OrganizationInput::from(organization.profile);
        Self {
            id: organization.id,
            external_id: profile.external_id,
            kind: profile.kind,
            name: profile.name,
            name_kana: profile.name_kana,
            trade_name: profile.trade_name,
            corporate_number: profile.corporate_number,
            representative_title: profile.representative_title,
            representative_name: profile.representative_name,
            postal_code: profile.postal_code,
            prefecture: profile.prefecture,
            municipality: profile.municipality,
            street: profile.street,
            phone: profile.phone,
            website: profile.website,
            industry: profile.industry,
            employees: profile.employees,
            employees_as_of: profile.employees_as_of,
            capital: profile.capital,
            created_at: organization.created_at,
            updated_at: organization.updated_at,
        }
    }
}

/// Which organizations to list.
#[derive(Debug, Deserialize)]
struct OrganizationQuery {
    external_id: Option<String>,
    corporate_number: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for OrganizationQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("external_id", "1–200 characters"),
        ("corporate_number", "13 digits"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

/// List organizations
///
/// Your organizations in the order of their registration, a page at a time.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(
        ("external_id" = inline(Option<String>), Query, nullable = false, description = "Only the one with this key of yours",
            min_length = 1, max_length = 200, pattern = "^[^\\u0000-\\u001f\\u007f]+$"),
        ("corporate_number" = inline(Option<String>), Query, nullable = false, description = "Only those with this corporate number",
            pattern = "^[1-9][0-9]{12}$", min_length = 13, max_length = 13, format = "corporate-number"),
    ),
    responses((status = 200, description = "A page of organizations", body = OrganizationList)),
    security(("oauth2" = ["organizations:read"])),
    extensions(("x-mamori" = json!({"list": true}))),
)]
#[get("/v1/organizations")]
async fn list_organizations(
    call: Call<OrganizationsRead>,
    query: Query<OrganizationQuery>,
) -> Answer {
    let query = query.0;
    // A number whose check digit is wrong is nobody's: it finds nothing.
    let formed = |number: &str| {
        number.len() == 13 && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0')
    };
    for (name, value) in
        [("external_id", &query.external_id), ("corporate_number", &query.corporate_number)]
    {
        if value.as_deref().is_some_and(could_be_personal) {
            let fault = Fault::parameter(name, Code::TwelveDigits);
            return Err(Problem::fault(Kind::MalformedRequest, fault));
        }
    }
    if query.corporate_number.as_deref().is_some_and(|number| !formed(number)) {
        let fault = Fault::parameter("corporate_number", Code::NotThirteenDigits);
        return Err(Problem::fault(Kind::MalformedRequest, fault));
    }
    if query.external_id.as_deref().is_some_and(|key| !(1..=200).contains(&key.chars().count())) {
        let fault =
            Fault::parameter("external_id", Code::Length).with("minimum", 1).with("maximum", 200);
        return Err(Problem::fault(Kind::MalformedRequest, fault));
    }
    let page_wanted = PageQuery::of(query.limit, query.cursor)?;

    let filter = OrganizationFilter {
        external_id: query.external_id,
        corporate_number: query.corporate_number,
    };
    let list = format!("organizations {:?} {:?}", filter.external_id, filter.corporate_number);
    let after = page_wanted.after(&call.service, &list)?;
    let limit = page_wanted.limit;
    let work = move |tx: &mut Tx<'_>| {
        Ok::<_, Stop<Problem>>(tx.list_organizations(&filter, after, limit)?)
    };
    let found = call.service.store().read_one(call.context(), work).await?;

    let last = found.items.last().map(|organization| organization.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(OrganizationBody::from).collect();
    let body = OrganizationList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Register an organization
///
/// Registers a company, a sole trader or another body with you as its custodian. Another
/// client may register the same company: the two records never see each other.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    request_body = OrganizationInput,
    responses((status = 201, description = "The organization, registered", body = OrganizationBody)),
    security(("oauth2" = ["organizations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["external-id-taken", "token-narrowed"],
        "links": {"get_organization": "/id", "update_organization": "/id",
            "create_assessment": "/id", "list_assessments": "/id", "create_unit": "/id",
            "list_assessment_history": "/id", "create_declaration": "/id", "get_declaration_status": "/id",
            "get_declaration_readiness": "/id", "give_consent": "/id", "issue_attestation": "/id",
            "get_declaration_preparation": "/id", "get_organization_reminders": "/id"},
    }))),
)]
#[post("/v1/organizations")]
async fn create_organization(call: Call<OrganizationsWrite>, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let received = body.json::<OrganizationInput>().await?;
    let profile = received.value.profile(call.service.today())?;
    let work = move |tx: &mut Tx<'_>| {
        let added = tx.add_organization(profile.clone());
        let added = added.map_err(refused_as(Kind::ExternalIdTaken))?;
        let location = format!("/v1/organizations/{}", added.id);
        let tag = etag(added.revision, "0");
        let created = reply(StatusCode::CREATED, &OrganizationBody::from(added))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get an organization
///
/// One organization, with the ETag that a change of it needs.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "The organization", body = OrganizationBody)),
    security(("oauth2" = ["organizations:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}")]
async fn get_organization(call: Call<OrganizationsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_organization(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let tag = etag(found.revision, "0");
    Ok(show(&call.request, &tag, None, &OrganizationBody::from(found)))
}

/// Update an organization
///
/// Changes what is known of an organization by a merge patch (RFC 7396): what is named is
/// replaced, what is null is removed, the rest stays.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = OrganizationInput,
    responses((status = 200, description = "The organization, changed", body = OrganizationBody)),
    security(("oauth2" = ["organizations:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true,
        "problems": ["not-found", "external-id-taken"],
    }))),
)]
#[patch("/v1/organizations/{id}")]
async fn update_organization(call: Call<OrganizationsWrite>, id: PathId, body: Incoming) -> Answer {
    let patch = body.patch().await?;
    patch.apply(&OrganizationInput::default())?;
    let condition = call.if_match()?;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        let current = OrganizationInput::from(found.profile.clone());
        let profile = patch.apply(&current)?.profile(today)?;
        required(condition.as_ref())?.admits(found.revision)?;
        let changed = tx.replace_organization(&found, profile, today);
        let changed = changed.map_err(refused_as(Kind::ExternalIdTaken))?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = etag(changed.revision, "0");
        Ok::<_, Stop<Problem>>(with(
            reply(StatusCode::OK, &OrganizationBody::from(changed))?,
            "etag",
            tag,
        ))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Delete an organization
///
/// Removes an organization with everything recorded of it: units, assessments, the risk register
/// with its assets, declarations and consents; its attestations are revoked. It can't be undone;
/// the record that it was done stays.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["organizations:write"])),
    extensions(("x-mamori" = json!({
        "if_match": true, "actor": true, "problems": ["not-found"],
    }))),
)]
#[delete("/v1/organizations/{id}")]
async fn delete_organization(call: Call<OrganizationsWrite>, id: PathId) -> Answer {
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        required(condition.as_ref())?.admits(found.revision)?;
        if !tx.remove_organization(&found)? {
            return Err(Problem::new(Kind::PreconditionFailed).into());
        }
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
