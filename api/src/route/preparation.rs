//! What an organization states of its preparation for a declaration: there is one for each.

use actix_web::http::StatusCode;
use actix_web::{get, patch};
use chrono::NaiveDate;
use mamori_domain::readiness::{
    Commitment, EDITIONS, Gbizid, GbizidAccount, GbizidKind, OfficialSelfCheck, Policy,
    Preparation, PreparationError, PreparationFault, Publication, PublicationMethod,
};
use mamori_store::{Stop, Tx};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::answer::{Answer, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{DeclarationsRead, DeclarationsWrite};
use crate::problem::{Code, Fault, Problem};
use crate::read::body::{optional_day, optional_object, optional_whole};
use crate::read::condition::{etag, required};
use crate::read::{Check, Incoming, PathId};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_declaration_preparation).service(update_declaration_preparation);
}

wire_enum! {
    /// How a policy is published: on a `website`, `on_premises`, `printed`, or `other`.
    pub(crate) enum MethodValue as PublicationMethod = PublicationMethod {
        /// On its website.
        Website = "website",
        /// Posted on its premises.
        OnPremises = "on_premises",
        /// In print, such as a brochure.
        Printed = "printed",
        /// In another way.
        Other = "other",
    }
}

wire_enum! {
    /// The kind of a gBizID (GビズID): `prime`, `member`, `entry` (which IPA's system does not take),
    /// or `none`.
    pub(crate) enum KindValue as GbizidKind = GbizidKind {
        /// gBizIDプライム.
        Prime = "prime",
        /// gBizIDメンバー.
        Member = "member",
        /// gBizIDエントリー.
        Entry = "entry",
        /// None yet.
        None = "none",
    }
}

wire_enum! {
    /// Whether a subsidy is applied for with the same gBizID: `same`, `different` or `unknown`.
    #[derive(Default)]
    pub(crate) enum AccountValue as GbizidAccount = GbizidAccount {
        /// The same account is used for both.
        Same = "same",
        /// Different accounts are used.
        Different = "different",
        /// Nobody stated it.
        #[default]
        Unknown = "unknown",
    }
}

/// A merge patch (RFC 7396) of what is stated: what is named is replaced, what is null is no longer
/// stated. A statement that is begun needs `committed_by` and `committed_on`, `used`, `established`
/// or `published`; one that is there may be changed field by field.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclarationPreparationPatch)]
pub(crate) struct PreparationInput {
    #[serde(default, deserialize_with = "optional_object")]
    commitment: Option<CommitmentStatement>,
    /// The day of a commitment to the sixth article (backups), beside one to the five.
    #[serde(default, deserialize_with = "optional_day")]
    sixth_article_committed_on: Option<NaiveDate>,
    #[serde(default, deserialize_with = "optional_object")]
    official_self_check: Option<SelfCheckStatement>,
    #[serde(default, deserialize_with = "optional_object")]
    policy: Option<PolicyStatement>,
    #[serde(default, deserialize_with = "optional_object")]
    publication: Option<PublicationStatement>,
    #[serde(default, deserialize_with = "optional_object")]
    gbizid: Option<GbizidStatement>,
}

/// The management's commitment to the articles (5か条／6か条).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedCommitment)]
pub(crate) struct CommitmentStatement {
    /// Who committed.
    #[schema(min_length = 1, max_length = 100, example = "代表取締役 見本 太郎")]
    committed_by: String,
    /// On which day.
    #[serde(deserialize_with = "day")]
    committed_on: NaiveDate,
    /// The edition of the guideline whose articles these were: `3.0`, `3.1` or `4.0`.
    #[serde(default)]
    #[schema(required, pattern = "^(3\\.0|3\\.1|4\\.0)$", example = "4.0")]
    edition: Option<String>,
}

/// Whether IPA's own sheet of 25 questions was used. The other fields go with `used` alone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedSelfCheck)]
pub(crate) struct SelfCheckStatement {
    /// Whether it was used.
    used: bool,
    /// The sheet's edition: `3.0`, `3.1` or `4.0`.
    #[serde(default)]
    #[schema(required, pattern = "^(3\\.0|3\\.1|4\\.0)$", example = "4.0")]
    edition: Option<String>,
    /// The date of the self-check (診断日).
    #[serde(default, deserialize_with = "optional_day")]
    #[schema(required)]
    answered_on: Option<NaiveDate>,
    /// The total score (合計点).
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(required, minimum = -25, maximum = 100, example = 64)]
    total: Option<i16>,
}

/// Whether there is a basic information security policy (情報セキュリティ基本方針).
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedPolicy)]
pub(crate) struct PolicyStatement {
    /// Whether it is established.
    established: bool,
    /// Since which day.
    #[serde(default, deserialize_with = "optional_day")]
    #[schema(required)]
    established_on: Option<NaiveDate>,
    /// Its title.
    #[serde(default)]
    #[schema(required, min_length = 1, max_length = 200, example = "情報セキュリティ基本方針")]
    title: Option<String>,
}

/// Whether that policy is published. The days go with `published` alone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedPublication)]
pub(crate) struct PublicationStatement {
    /// Whether it is published.
    published: bool,
    #[serde(default)]
    #[schema(required)]
    method: Option<MethodValue>,
    /// Its address on the web: `http` or `https`.
    #[serde(default)]
    #[schema(required, max_length = 500, example = "https://www.example.jp/security-policy")]
    url: Option<String>,
    /// Since which day.
    #[serde(default, deserialize_with = "optional_day")]
    #[schema(required)]
    published_on: Option<NaiveDate>,
    /// The day on which somebody found the page gone; null once it is there again.
    #[serde(default, deserialize_with = "optional_day")]
    #[schema(required)]
    gone_on: Option<NaiveDate>,
}

/// Which gBizID there is. The gBizID itself is neither asked for nor kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatedGbizid)]
pub(crate) struct GbizidStatement {
    #[serde(default)]
    #[schema(required)]
    kind: Option<KindValue>,
    /// The last day on which it can be used; reminders count from it.
    #[serde(default, deserialize_with = "optional_day")]
    #[schema(required)]
    expires_on: Option<NaiveDate>,
    #[serde(default)]
    account: AccountValue,
}

/// What an organization states of its preparation; null is what nobody stated, and never a no.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationPreparation)]
pub(crate) struct PreparationBody {
    /// The organization.
    organization: Uuid,
    #[schema(required)]
    commitment: Option<CommitmentStatement>,
    /// The day of a commitment to the sixth article (backups), beside one to the five.
    #[schema(required)]
    sixth_article_committed_on: Option<NaiveDate>,
    #[schema(required)]
    official_self_check: Option<SelfCheckStatement>,
    #[schema(required)]
    policy: Option<PolicyStatement>,
    #[schema(required)]
    publication: Option<PublicationStatement>,
    #[schema(required)]
    gbizid: Option<GbizidStatement>,
}

/// As [`optional_day`], of a day that must be there.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let day = optional_day(deserializer)?;
    day.ok_or_else(|| D::Error::invalid_type(Unexpected::Unit, &"a string"))
}

impl From<Preparation> for PreparationInput {
    fn from(stated: Preparation) -> Self {
        Self {
            commitment: stated.commitment.map(|commitment| CommitmentStatement {
                committed_by: commitment.committed_by,
                committed_on: commitment.committed_on,
                edition: commitment.edition,
            }),
            sixth_article_committed_on: stated.sixth_article_committed_on,
            official_self_check: stated.official_self_check.map(|sheet| SelfCheckStatement {
                used: sheet.used,
                edition: sheet.edition,
                answered_on: sheet.answered_on,
                total: sheet.total,
            }),
            policy: stated.policy.map(|policy| PolicyStatement {
                established: policy.established,
                established_on: policy.established_on,
                title: policy.title,
            }),
            publication: stated.publication.map(|publication| PublicationStatement {
                published: publication.published,
                method: publication.method.map(MethodValue::from),
                url: publication.url,
                published_on: publication.published_on,
                gone_on: publication.gone_on,
            }),
            gbizid: stated.gbizid.map(|gbizid| GbizidStatement {
                kind: gbizid.kind.map(KindValue::from),
                expires_on: gbizid.expires_on,
                account: gbizid.account.into(),
            }),
        }
    }
}

impl PreparationInput {
    /// What any preparation could be changed from: a patch of it shows its faults of form before
    /// the organization is looked up, and needs no field that may be there already.
    fn whole() -> Self {
        Self::from(Preparation {
            commitment: Some(Commitment {
                committed_by: String::new(),
                committed_on: NaiveDate::default(),
                edition: None,
            }),
            sixth_article_committed_on: None,
            official_self_check: Some(OfficialSelfCheck::default()),
            policy: Some(Policy::default()),
            publication: Some(Publication::default()),
            gbizid: None,
        })
    }

    /// The preparation that this states, with every value checked.
    fn preparation(self, today: NaiveDate) -> Result<Preparation, Problem> {
        let mut check = Check::default();
        if let Some(commitment) = &self.commitment {
            check.line("/commitment/committed_by", &commitment.committed_by, 1..=100);
        }
        let title = self.policy.as_ref().and_then(|policy| policy.title.as_deref());
        check.optional_line("/policy/title", title, 1..=200);
        let url = self.publication.as_ref().and_then(|publication| publication.url.as_deref());
        check.web_address("/publication/url", url, 500);
        let stated = Preparation::from(self);
        for fault in stated.check(today).into_iter().filter_map(told) {
            check.push(fault);
        }
        check.finish(stated)
    }
}

/// A fault of the domain at its place; none where the length of a text tells it already.
fn told(error: PreparationError) -> Option<Fault> {
    let code = match error.fault {
        PreparationFault::Blank => return None,
        PreparationFault::InFuture => Code::FutureDate,
        PreparationFault::UnknownEdition => Code::UnknownValue,
        PreparationFault::ImpossibleTotal => Code::ImpossibleTotal,
        PreparationFault::NotUsed => Code::SheetNotUsed,
        PreparationFault::NotEstablished => Code::PolicyNotEstablished,
        PreparationFault::NotPublished => Code::PolicyNotPublished,
        PreparationFault::BeforePublication => Code::EndsBefore,
        PreparationFault::NoAccount => Code::NoAccount,
    };
    let fault = Fault::at(format!("/{}", error.field), code);
    let edition = code == Code::UnknownValue;
    Some(if edition { fault.with("allowed", EDITIONS.join(", ")) } else { fault })
}

impl From<PreparationInput> for Preparation {
    fn from(input: PreparationInput) -> Self {
        Self {
            commitment: input.commitment.map(|commitment| Commitment {
                committed_by: commitment.committed_by,
                committed_on: commitment.committed_on,
                edition: commitment.edition,
            }),
            sixth_article_committed_on: input.sixth_article_committed_on,
            official_self_check: input.official_self_check.map(|sheet| OfficialSelfCheck {
                used: sheet.used,
                edition: sheet.edition,
                answered_on: sheet.answered_on,
                total: sheet.total,
            }),
            policy: input.policy.map(|policy| Policy {
                established: policy.established,
                established_on: policy.established_on,
                title: policy.title,
            }),
            publication: input.publication.map(|publication| Publication {
                published: publication.published,
                method: publication.method.map(PublicationMethod::from),
                url: publication.url,
                published_on: publication.published_on,
                gone_on: publication.gone_on,
            }),
            gbizid: input.gbizid.map(|gbizid| Gbizid {
                kind: gbizid.kind.map(GbizidKind::from),
                expires_on: gbizid.expires_on,
                account: gbizid.account.into(),
            }),
        }
    }
}

impl PreparationBody {
    fn of(organization: Uuid, stated: Preparation) -> Self {
        let PreparationInput {
            commitment,
            sixth_article_committed_on,
            official_self_check,
            policy,
            publication,
            gbizid,
        } = stated.into();
        Self {
            organization,
            commitment,
            sixth_article_committed_on,
            official_self_check,
            policy,
            publication,
            gbizid,
        }
    }
}

/// Get the declaration preparation
///
/// What an organization states of its preparation for a declaration of SECURITY ACTION, with the
/// ETag that a change of it needs. Where nothing was stated, every field is null.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "What is stated", body = PreparationBody)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({
        "etag": true, "problems": ["not-found"],
        "links": {"update_declaration_preparation": "/organization",
            "get_declaration_readiness": "/organization",
            "get_organization_reminders": "/organization"},
    }))),
)]
#[get("/v1/organizations/{id}/declaration-preparation")]
async fn get_declaration_preparation(call: Call<DeclarationsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_preparation(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let (stated, revision) = found.ok_or_else(Problem::not_found)?;
    let body = PreparationBody::of(id.0, stated);
    Ok(show(&call.request, &etag(revision, "0"), None, &body))
}

/// Update the declaration preparation
///
/// States something of the preparation, or takes it back, by a merge patch (RFC 7396): what is
/// named is replaced, what is null is no longer stated, the rest stays. It is the organization's
/// own statement: nothing is checked against IPA's system, and nothing is declared by it.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = PreparationInput,
    responses((status = 200, description = "What is stated now", body = PreparationBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true, "problems": ["not-found"],
        "links": {"get_declaration_readiness": "/organization"},
    }))),
)]
#[patch("/v1/organizations/{id}/declaration-preparation")]
async fn update_declaration_preparation(
    call: Call<DeclarationsWrite>,
    id: PathId,
    body: Incoming,
) -> Answer {
    let patch = body.patch().await?;
    patch.apply(&PreparationInput::whole())?;
    let condition = call.if_match()?;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let mut dossier = tx.take_dossier(id.0)?.ok_or_else(Problem::not_found)?;
        // Read behind the lock, so that a change of its name at the same time is not lost.
        let organization = tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        let current = PreparationInput::from(dossier.register.preparation.clone());
        let stated = patch.apply(&current)?.preparation(today)?;
        required(condition.as_ref())?.admits(dossier.register.revision)?;
        tx.set_preparation(&mut dossier, stated.clone(), &organization.profile, today)?;
        let tag = etag(dossier.register.revision, "0");
        let shown = reply(StatusCode::OK, &PreparationBody::of(id.0, stated))?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
