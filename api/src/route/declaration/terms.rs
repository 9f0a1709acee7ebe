//! The terms of a declaration: what was declared, with whom as a contact, and as whom.

use mamori_domain::declaration::history::{Contact, Registered, Terms};
use mamori_domain::declaration::{DeclarationId, STARS};
use mamori_domain::organization::{Profile, postal_code, prefecture};
use mamori_domain::readiness::has_five_articles;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::GenerationValue;
use crate::problem::{Code, Fault};
use crate::read::Check;
use crate::read::body::{optional_object, optional_whole};
use crate::route::organization::is_phone;
use crate::wire::wire_enum;

wire_enum! {
    /// The edition of the guideline whose articles were declared: `3.0` and `3.1` have five
    /// (5か条), `4.0` has six (6か条). It is stated, never inferred from a day.
    pub(crate) enum ArticlesEdition {
        /// Edition 3.0, five articles (5か条).
        V30 = "3.0",
        /// Edition 3.1, five articles (5か条).
        V31 = "3.1",
        /// Edition 4.0, six articles (6か条).
        V40 = "4.0",
    }
}

impl ArticlesEdition {
    pub(in crate::route) const fn text(self) -> &'static str {
        match self {
            Self::V30 => "3.0",
            Self::V31 => "3.1",
            Self::V40 => "4.0",
        }
    }
}

/// Whom IPA's system knows as the contact (担当者).
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclarationContactInput)]
pub(crate) struct ContactInput {
    /// The department.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "総務部")]
    department: Option<String>,
    /// The person.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "見本 花子")]
    name: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schema(
        min_length = 3,
        max_length = 254,
        pattern = "^[!-?A-~]+@[!-?A-~]+$",
        example = "soumu@example.jp"
    )]
    email: Option<String>,
    /// The telephone number.
    #[serde(default)]
    #[schema(
        min_length = 6,
        max_length = 20,
        pattern = "^\\+?[0-9][0-9-]{5,18}$",
        example = "03-0000-0000"
    )]
    phone: Option<String>,
}

/// Name and address as declared.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RegisteredDetailsInput)]
pub(crate) struct RegisteredInput {
    /// The name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, example = "株式会社みほん製作所")]
    name: Option<String>,
    /// Seven digits, with or without the hyphen.
    #[serde(default)]
    #[schema(
        pattern = "^[0-9]{3}-?[0-9]{4}$",
        min_length = 7,
        max_length = 8,
        example = "1000001"
    )]
    postal_code: Option<String>,
    /// Two digits of JIS X 0401.
    #[serde(default)]
    #[schema(
        pattern = "^(0[1-9]|[1-3][0-9]|4[0-7]|[1-9])$",
        min_length = 1,
        max_length = 2,
        example = "13"
    )]
    prefecture: Option<String>,
    /// The municipality and what follows.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "千代田区")]
    municipality: Option<String>,
    /// The rest of the address.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, example = "見本町1-2-3")]
    street: Option<String>,
    /// The representative's name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "見本 太郎")]
    representative_name: Option<String>,
}

/// What was declared. What is left out, or null, stays as it was known, and at the beginning is not known.
/// `contact` and `registered` are each stated whole.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclarationTermsInput)]
pub(crate) struct TermsInput {
    /// One star (一つ星) or two (二つ星); leave it out where the company does not know.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 2, example = 1)]
    stars: Option<i64>,
    /// The self-declaration id (自己宣言ID): eleven digits. Only its form is checked.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{11}$", min_length = 11, max_length = 11, example = "59999999901")]
    declaration_id: Option<String>,
    #[serde(default)]
    articles_edition: Option<ArticlesEdition>,
    /// What it was declared for (宣言の目的).
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, example = "補助金の申請")]
    purpose: Option<String>,
    #[serde(default, deserialize_with = "optional_object")]
    contact: Option<ContactInput>,
    /// Left out at the beginning, it is what the organization says of itself now.
    #[serde(default, deserialize_with = "optional_object")]
    pub(super) registered: Option<RegisteredInput>,
}

impl TermsInput {
    /// What this says, over what was known before; with every value checked.
    pub(in crate::route) fn over(self, check: &mut Check, at: &str, known: Terms) -> Terms {
        if self.stars.is_some_and(|stars| !STARS.iter().any(|known| i64::from(*known) == stars)) {
            let fault = Fault::at(format!("{at}/stars"), Code::NoSuchStar);
            check.push(fault);
        }
        let id = self.declaration_id.as_deref();
        let read = |text: &str| DeclarationId::parse(text).map(String::from);
        let id = check.form(&format!("{at}/declaration_id"), id, "59999999901", read);
        check.optional_line(&format!("{at}/purpose"), self.purpose.as_deref(), 1..=200);
        let contact = self.contact.map(|contact| contact.checked(check, &format!("{at}/contact")));
        let registered =
            self.registered.map(|details| details.checked(check, &format!("{at}/registered")));
        Terms {
            stars: self.stars.and_then(|stars| u8::try_from(stars).ok()).or(known.stars),
            id: id.and_then(|id| DeclarationId::parse(&id)).or(known.id),
            articles_edition: self
                .articles_edition
                .map(|edition| edition.text().to_owned())
                .or(known.articles_edition),
            purpose: self.purpose.or(known.purpose),
            contact: contact.or(known.contact),
            registered: registered.unwrap_or(known.registered),
        }
    }

    /// Whether nothing is said.
    pub(in crate::route) fn is_silent(&self) -> bool {
        self.stars.is_none()
            && self.declaration_id.is_none()
            && self.articles_edition.is_none()
            && self.purpose.is_none()
            && self.contact.is_none()
            && self.registered.is_none()
    }
}

impl ContactInput {
    fn checked(self, check: &mut Check, at: &str) -> Contact {
        for (name, text, longest) in [
            ("department", &self.department, 100),
            ("name", &self.name, 100),
            ("email", &self.email, 254),
        ] {
            check.optional_line(&format!("{at}/{name}"), text.as_deref(), 1..=longest);
        }
        let same = |holds: fn(&str) -> bool| move |text: &str| holds(text).then(|| text.to_owned());
        let (email, phone) = (self.email.as_deref(), self.phone.as_deref());
        Contact {
            department: self.department.clone(),
            name: self.name.clone(),
            email: check.form(&format!("{at}/email"), email, "name@example.jp", same(is_email)),
            phone: check.form(&format!("{at}/phone"), phone, "03-0000-0000", same(is_phone)),
        }
    }
}

/// One sign between two texts of visible ASCII; whether mail arrives there is another matter.
fn is_email(text: &str) -> bool {
    let mut parts = text.split('@');
    let formed = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic()))
    };
    formed(parts.next()) && formed(parts.next()) && parts.next().is_none()
}

impl RegisteredInput {
    fn checked(self, check: &mut Check, at: &str) -> Registered {
        for (name, text, longest) in [
            ("name", &self.name, 200),
            ("municipality", &self.municipality, 100),
            ("street", &self.street, 200),
            ("representative_name", &self.representative_name, 100),
        ] {
            check.optional_line(&format!("{at}/{name}"), text.as_deref(), 1..=longest);
        }
        let code = self.postal_code.as_deref();
        let area = self.prefecture.as_deref();
        Registered {
            postal_code: check.form(&format!("{at}/postal_code"), code, "100-0001", postal_code),
            prefecture: check.form(&format!("{at}/prefecture"), area, "01–47", prefecture),
            name: self.name,
            municipality: self.municipality,
            street: self.street,
            representative_name: self.representative_name,
        }
    }
}

/// What was declared, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationTerms)]
pub(crate) struct TermsBody {
    /// One or two stars; null where the company does not know. The number is open.
    #[schema(required, minimum = 1)]
    stars: Option<u8>,
    /// The self-declaration id (自己宣言ID). Its form was checked, not that it exists.
    #[schema(required, example = "59999999901")]
    declaration_id: Option<String>,
    /// Which system gave the id.
    #[schema(required)]
    generation: Option<GenerationValue>,
    #[schema(required)]
    articles_edition: Option<ArticlesEdition>,
    /// How many articles that edition has: five or six.
    #[schema(required)]
    articles: Option<u8>,
    /// What it was declared for.
    #[schema(required)]
    purpose: Option<String>,
    #[schema(required)]
    contact: Option<ContactBody>,
    registered: RegisteredBody,
}

/// The contact of a declaration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationContact)]
pub(crate) struct ContactBody {
    /// The department.
    #[schema(required)]
    department: Option<String>,
    /// The person.
    #[schema(required)]
    name: Option<String>,
    /// The e-mail address.
    #[schema(required)]
    email: Option<String>,
    /// The telephone number.
    #[schema(required)]
    phone: Option<String>,
}

/// Name and address as declared; a later change of the organization does not reach them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RegisteredDetails)]
pub(crate) struct RegisteredBody {
    /// The name.
    #[schema(required)]
    name: Option<String>,
    /// Seven digits.
    #[schema(required)]
    postal_code: Option<String>,
    /// Two digits of JIS X 0401.
    #[schema(required)]
    prefecture: Option<String>,
    /// The municipality and what follows.
    #[schema(required)]
    municipality: Option<String>,
    /// The rest of the address.
    #[schema(required)]
    street: Option<String>,
    /// The representative's name.
    #[schema(required)]
    representative_name: Option<String>,
}

impl From<Terms> for TermsBody {
    fn from(terms: Terms) -> Self {
        let edition = match terms.articles_edition.as_deref() {
            Some("3.0") => Some(ArticlesEdition::V30),
            Some("3.1") => Some(ArticlesEdition::V31),
            Some("4.0") => Some(ArticlesEdition::V40),
            _ => None,
        };
        let Registered { name, postal_code, prefecture, municipality, street, .. } =
            terms.registered.clone();
        Self {
            stars: terms.stars,
            generation: terms.id.as_ref().map(|id| id.generation().into()),
            declaration_id: terms.id.map(String::from),
            articles: edition.map(|edition| if has_five_articles(edition.text()) { 5 } else { 6 }),
            articles_edition: edition,
            purpose: terms.purpose,
            contact: terms.contact.map(|contact| ContactBody {
                department: contact.department,
                name: contact.name,
                email: contact.email,
                phone: contact.phone,
            }),
            registered: RegisteredBody {
                name,
                postal_code,
                prefecture,
                municipality,
                street,
                representative_name: terms.registered.representative_name,
            },
        }
    }
}

/// What an organization says of itself, as it would be registered now.
pub(in crate::route) fn details(profile: &Profile) -> Registered {
    Registered {
        name: Some(profile.name.clone()),
        postal_code: profile.postal_code.clone(),
        prefecture: profile.prefecture.clone(),
        municipality: profile.municipality.clone(),
        street: profile.street.clone(),
        representative_name: profile.representative_name.clone(),
    }
}
