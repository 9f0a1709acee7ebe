//! Rows by the hundred thousand: set-based statements, written once for both engines.
//!
//! What is seeded is a copy of what the server itself wrote for one organization, so that no
//! knowledge of its formats is repeated here, under ids that are known without asking.

use std::net::SocketAddr;
use std::ops::Range;

use serde_json::{Value, json};

use crate::http;
use crate::server::{Engine, Site, text_of};

/// The first number of a seeded row: with twelve digits, so that an id is made by mere
/// concatenation, in SQL and in pgbench too.
pub(crate) const FIRST: u64 = 100_000_000_000;
/// How many organizations another client has.
const OF_EACH_TENANT: u64 = 100;
/// The options of the self-check, in turn.
const OPTIONS: [&str; 4] = ["implemented", "partly_implemented", "not_implemented", "unknown"];

/// What a seeded id belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Another client.
    Client,
    /// An organization.
    Organization,
    /// An assessment that was submitted, and its result.
    Submitted,
    /// An assessment that was answered and not submitted.
    Draft,
    /// A change that pgbench or the plain loop records.
    Change,
    /// A declaration.
    Declaration,
}

impl Kind {
    /// The id before its twelve digits.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Client => "01900000-0000-7000-8000-",
            Self::Organization => "01900001-0000-7000-8000-",
            Self::Submitted => "01900002-0000-7000-8000-",
            Self::Draft => "01900003-0000-7000-8000-",
            Self::Change => "01900004-0000-7000-8000-",
            Self::Declaration => "01900005-0000-7000-8000-",
        }
    }

    /// The id of this number.
    pub(crate) fn id(self, number: u64) -> String {
        format!("{}{number}", self.prefix())
    }
}

/// The corporate number whose last twelve digits are this number.
pub(crate) fn corporate_number(number: u64) -> String {
    let body = number.to_string();
    let weights = [1, 2].into_iter().cycle();
    let digits = body.chars().rev().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip(weights).map(|(digit, weight)| digit * weight).sum();
    format!("{}{body}", 9 - sum % 9)
}

/// The same in SQL.
fn corporate_number_sql(number: &str) -> String {
    let digit = |place: u32| {
        let weight = if place.is_multiple_of(2) { 1 } else { 2 };
        format!("CAST(substr(CAST({number} AS TEXT), {place}, 1) AS INTEGER) * {weight}")
    };
    let sum = (1..=12).map(digit).collect::<Vec<_>>().join(" + ");
    format!("CAST(9 - ({sum}) % 9 AS TEXT) || CAST({number} AS TEXT)")
}

/// The body of a request that answers all 25 questions.
pub(crate) fn answers() -> String {
    let options = OPTIONS.iter().cycle();
    let answers: Vec<Value> = (1..=25)
        .zip(options)
        .map(|(question, option)| json!({"question": question, "option": option}))
        .collect();
    json!({ "answers": answers }).to_string()
}

/// What the server wrote and the seed copies.
pub(crate) struct Template {
    /// An organization of ours.
    pub(crate) organization: String,
    draft: String,
    /// An assessment of its that was submitted.
    pub(crate) submitted: String,
    /// What the server answered to its submission.
    pub(crate) reply: Vec<u8>,
}

impl Template {
    /// Has the server write it.
    pub(crate) fn write(address: SocketAddr, token: &str) -> Result<Self, String> {
        let bearer = format!("Bearer {token}");
        let call = |method: &str, path: &str, tag: Option<&str>, body: &str| {
            let mut headers =
                vec![("authorization", &*bearer), ("content-type", "application/json")];
            headers.extend(tag.map(|tag| ("if-match", tag)));
            http::call(address, &http::request(method, path, &headers, Some(body)))
        };
        let company = json!({"name": "株式会社みほん"}).to_string();
        let made = call("POST", "/v1/organizations", None, &company)?;
        let organization = text_of(&made.json()?, "id")?;
        let answered = || {
            let bank = json!({"question_bank": "self-check", "edition": "4.0"}).to_string();
            let path = format!("/v1/organizations/{organization}/assessments");
            let id = text_of(&call("POST", &path, None, &bank)?.json()?, "id")?;
            let path = format!("/v1/assessments/{id}/answers");
            call("PATCH", &path, Some("\"1.0\""), &answers())?;
            Ok::<_, String>(id)
        };
        let (draft, submitted) = (answered()?, answered()?);
        let path = format!("/v1/assessments/{submitted}/submit");
        let reply = call("POST", &path, Some("\"2.0\""), "{}")?.body;
        Ok(Self { organization, draft, submitted, reply })
    }
}

/// Whose rows they are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    /// Our client's.
    Us,
    /// Other clients', some organizations each.
    Others,
}

/// Fills a database.
pub(crate) struct Seed<'a> {
    site: &'a Site,
    template: &'a Template,
}

impl<'a> Seed<'a> {
    /// Fills the database of this site.
    pub(crate) fn of(site: &'a Site, template: &'a Template) -> Self {
        Self { site, template }
    }

    /// Adds organizations, each with a submitted assessment, its answers and its result.
    pub(crate) fn organizations(&self, owner: Owner, range: &Range<u64>) -> Result<(), String> {
        if range.is_empty() {
            return Ok(());
        }
        let Template { organization: template, submitted, .. } = self.template;
        let numbers = self.numbers(range);
        let custodian = self.custodian(owner);
        let organization = self.id(Kind::Organization, "s.n");
        let id = self.id(Kind::Submitted, "s.n");
        let tenants = match owner {
            Owner::Us => String::new(),
            Owner::Others => self.tenants(range),
        };
        self.fill(&format!(
            "{tenants}
             INSERT INTO organization (id, custodian_id, kind, name, revision, created_at, updated_at)
             SELECT {organization}, {custodian}, t.kind, t.name, 1, t.created_at, t.updated_at
             FROM {numbers} CROSS JOIN organization t WHERE t.id = '{template}';
             {assessments}
             INSERT INTO result (assessment_id, custodian_id, organization_id, question_bank,
                 edition, text_revision, answered_on, method, submitted_at, total, band, outcome)
             SELECT {id}, {custodian}, {organization}, t.question_bank, t.edition,
                 t.text_revision, t.answered_on, t.method, t.submitted_at, t.total, t.band,
                 t.outcome
             FROM {numbers} CROSS JOIN result t WHERE t.assessment_id = '{submitted}'",
            assessments = self.assessments(range, &id, &custodian, &organization, submitted),
        ))
    }

    /// Adds organizations of others with a corporate number and a declaration, where `which` holds
    /// of the number `s.n`.
    pub(crate) fn declared(
        &self,
        range: &Range<u64>,
        which: &str,
        listed: bool,
    ) -> Result<(), String> {
        let template = &self.template.organization;
        let (numbers, tenants) = (self.numbers(range), self.tenants(range));
        let custodian = self.custodian(Owner::Others);
        let organization = self.id(Kind::Organization, "s.n");
        let declaration = self.id(Kind::Declaration, "s.n");
        let (yes, no, day) = match self.site.engine {
            Engine::Sqlite => ("1", "0", "'2026-05-18'"),
            Engine::Postgres => ("true", "false", "DATE '2026-05-18'"),
        };
        let listed = if listed { yes } else { no };
        let from = format!("FROM {numbers} CROSS JOIN organization t WHERE t.id = '{template}'");
        self.fill(&format!(
            "{tenants}
             INSERT INTO organization (id, custodian_id, kind, name, corporate_number, listed,
                 revision, created_at, updated_at)
             SELECT {organization}, {custodian}, t.kind, t.name, {number}, {listed}, 1,
                 t.created_at, t.updated_at
             {from} AND {which};
             INSERT INTO declaration_register (organization_id, custodian_id, known_through,
                 main_id, old_beside_new, preparation, revision, created_at, updated_at)
             SELECT {organization}, {custodian}, t.created_at, {declaration}, {no}, '{{}}', 1,
                 t.created_at, t.updated_at
             {from} AND {which};
             INSERT INTO declaration (id, custodian_id, organization_id, self_declaration_id, state,
                 stars, grade, declared_on, confirmed_on, listed, revision, created_at, updated_at)
             SELECT {declaration}, {custodian}, {organization},
                 '5' || substr(CAST(s.n AS TEXT), 3, 10), 'declared', 1 + s.n % 2, 'self_reported',
                 {day}, {day}, {listed}, 1, t.created_at, t.updated_at
             {from} AND {which}",
            number = corporate_number_sql("s.n"),
        ))
    }

    /// Adds drafts, all questions answered, to the seeded organizations in turn.
    pub(crate) fn drafts(
        &self,
        owner: Owner,
        range: &Range<u64>,
        organizations: &Range<u64>,
    ) -> Result<(), String> {
        let count = organizations.end - organizations.start;
        let turn = format!("({} + (s.n - {}) % {count})", organizations.start, range.start);
        let organization = self.id(Kind::Organization, &turn);
        // An organization and its drafts have one custodian.
        let custodian = self.custodian(owner).replace("s.n", &turn);
        let id = self.id(Kind::Draft, "s.n");
        let template = &self.template.draft;
        self.fill(&self.assessments(range, &id, &custodian, &organization, template))
    }

    fn assessments(
        &self,
        range: &Range<u64>,
        id: &str,
        custodian: &str,
        organization: &str,
        template: &str,
    ) -> String {
        let numbers = self.numbers(range);
        format!(
            "INSERT INTO assessment (id, custodian_id, organization_id, question_bank, edition,
                 text_revision, state, answered_on, method, revision, created_at, updated_at,
                 submitted_at)
             SELECT {id}, {custodian}, {organization}, t.question_bank, t.edition,
                 t.text_revision, t.state, t.answered_on, t.method, t.revision, t.created_at,
                 t.updated_at, t.submitted_at
             FROM {numbers} CROSS JOIN assessment t WHERE t.id = '{template}';
             INSERT INTO answer (assessment_id, question, custodian_id, choice, not_used, note)
             SELECT {id}, t.question, {custodian}, t.choice, t.not_used, t.note
             FROM {numbers} CROSS JOIN answer t WHERE t.assessment_id = '{template}';"
        )
    }

    fn tenants(&self, range: &Range<u64>) -> String {
        let tenants = range.start / OF_EACH_TENANT..(range.end - 1) / OF_EACH_TENANT + 1;
        let id = self.id(Kind::Client, &format!("({FIRST} + s.n)"));
        format!(
            "INSERT INTO client (id, name, scopes, origins, revision, created_at, updated_at)
             SELECT {id}, t.name, t.scopes, t.origins, 1, t.created_at, t.updated_at
             FROM {numbers} CROSS JOIN client t WHERE t.id = '{us}';",
            numbers = self.numbers(&tenants),
            us = self.site.client,
        )
    }

    /// Whose the row with the number `s.n` is.
    fn custodian(&self, owner: Owner) -> String {
        match (owner, self.site.engine) {
            (Owner::Us, Engine::Sqlite) => format!("'{}'", self.site.client),
            (Owner::Us, Engine::Postgres) => format!("'{}'::uuid", self.site.client),
            (Owner::Others, _) => {
                self.id(Kind::Client, &format!("({FIRST} + s.n / {OF_EACH_TENANT})"))
            }
        }
    }

    fn id(&self, kind: Kind, number: &str) -> String {
        let prefix = kind.prefix();
        match self.site.engine {
            Engine::Sqlite => format!("('{prefix}' || {number})"),
            Engine::Postgres => format!("('{prefix}' || {number})::uuid"),
        }
    }

    /// A table `s` with the numbers of a range.
    fn numbers(&self, range: &Range<u64>) -> String {
        let (first, last) = (range.start, range.end - 1);
        match self.site.engine {
            Engine::Sqlite => format!(
                "(WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s \
                 WHERE n < {last}) SELECT n FROM s) s"
            ),
            Engine::Postgres => format!("generate_series({first}, {last}) AS s(n)"),
        }
    }

    fn fill(&self, statements: &str) -> Result<(), String> {
        match self.site.engine {
            Engine::Sqlite => self.site.sql(statements).map(drop),
            Engine::Postgres => {
                // The rows are copies of good ones: their foreign keys need no check each.
                let whole =
                    format!("SET session_replication_role = replica; BEGIN; {statements}; COMMIT");
                self.site.sql(&whole).map(drop)
            }
        }
    }

    /// Leaves the database as it would be found some time after so many rows were written:
    /// the statistics known, no page to be visited a first time.
    pub(crate) fn settle(&self) -> Result<(), String> {
        match self.site.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.site.sql("VACUUM (ANALYZE); CHECKPOINT").map(drop),
        }
    }
}
