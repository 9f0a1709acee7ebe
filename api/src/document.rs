//! What is the same for everybody: rendered and hashed once, compressed at most once, served as
//! bytes.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG,
    HeaderMap, HeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use mamori_domain::programme::Programmes;
use mamori_domain::question_bank::library::Library;
use mamori_domain::risk::{self, Model};
use mamori_domain::text::Language;
use serde::Serialize;

use crate::auth::root_key::hex;
use crate::openapi::{PUBLISHED, PUBLISHED_3_0};
use crate::problem::page::{ProblemPage, html};
use crate::problem::{Catalogue, Kind};
use crate::read::condition::not_modified;
use crate::route::programme::{ProgrammeBody, ProgrammeList};
use crate::route::question_bank::{QuestionBankBody, QuestionBankList};
use crate::route::risk_model::{RiskModelBody, RiskModelList};
use crate::route::service::{AuthorizationServer, ProtectedResource};

/// How long a bank may be kept without asking again, in seconds.
const KEPT: &str = "public, max-age=3600, must-revalidate";
/// The same for what a new version of the service may change.
const SHORTLY: &str = "public, max-age=300, must-revalidate";

/// What is shorter gains nothing by being compressed.
const WORTH_COMPRESSING: usize = 1_024;

/// One document in the encodings that clients ask for.
pub(crate) struct Document {
    kind: &'static str,
    language: Option<Language>,
    cache: &'static str,
    vary: &'static str,
    digest: String,
    plain: Encoded,
    /// Made when somebody first asks for it: the start would wait for what few ever read.
    gzip: OnceLock<Option<Encoded>>,
    brotli: OnceLock<Option<Encoded>>,
}

/// A document in one encoding. Each is a representation of its own, so its tag is too.
struct Encoded {
    encoding: Option<&'static str>,
    etag: HeaderValue,
    bytes: Bytes,
}

impl Document {
    /// A document in JSON.
    fn json(
        body: &impl Serialize,
        language: Option<Language>,
        cache: &'static str,
    ) -> Result<Self, String> {
        let plain = serde_json::to_vec(body).map_err(|error| format!("a document: {error}"))?;
        Self::render("application/json", plain, language, cache)
    }

    /// A file of `/docs`, where the address says the language.
    pub(crate) fn file(
        kind: &'static str,
        plain: impl Into<Bytes>,
        language: Option<Language>,
    ) -> Result<Self, String> {
        let document = Self::render(kind, plain, language, SHORTLY)?;
        Ok(Self { vary: "Accept-Encoding", ..document })
    }

    fn render(
        kind: &'static str,
        plain: impl Into<Bytes>,
        language: Option<Language>,
        cache: &'static str,
    ) -> Result<Self, String> {
        let plain = plain.into();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &plain);
        let digest: String = hex(digest.as_ref()).chars().take(16).collect();
        let plain = Encoded::of(&digest, None, plain).ok_or("a document's tag")?;
        let vary = "Accept-Language, Accept-Encoding";
        let (gzip, brotli) = (OnceLock::new(), OnceLock::new());
        Ok(Self { kind, language, cache, vary, digest, plain, gzip, brotli })
    }

    /// The document in an encoding; plain where it gains nothing by it.
    fn encoded(&self, encoding: Option<&'static str>) -> &Encoded {
        if self.plain.bytes.len() < WORTH_COMPRESSING {
            return &self.plain;
        }
        let packed = match encoding {
            Some("br") => self
                .brotli
                .get_or_init(|| Encoded::of(&self.digest, encoding, brotli(&self.plain.bytes)?)),
            Some(_) => self
                .gzip
                .get_or_init(|| Encoded::of(&self.digest, encoding, gzip(&self.plain.bytes)?)),
            None => return &self.plain,
        };
        packed.as_ref().unwrap_or(&self.plain)
    }

    /// The document in the encoding that the client prefers; 304 where it has it already.
    pub(crate) fn serve(&self, request: &HttpRequest) -> HttpResponse {
        let encoded = self.encoded(encoding(request.headers()));
        let unchanged = not_modified(request, encoded.etag.to_str().unwrap_or_default());
        let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        let fixed = HeaderValue::from_static;
        answer.insert_header((ETAG, encoded.etag.clone()));
        answer.insert_header((CACHE_CONTROL, fixed(self.cache)));
        answer.insert_header((VARY, fixed(self.vary)));
        if unchanged {
            return answer.finish();
        }
        if let Some(language) = self.language {
            answer.insert_header((CONTENT_LANGUAGE, fixed(language.tag())));
        }
        if let Some(encoding) = encoded.encoding {
            answer.insert_header((CONTENT_ENCODING, fixed(encoding)));
        }
        answer.insert_header((CONTENT_TYPE, fixed(self.kind)));
        answer.body(encoded.bytes.clone())
    }
}

impl Encoded {
    fn of(digest: &str, encoding: Option<&'static str>, bytes: impl Into<Bytes>) -> Option<Self> {
        let etag = format!("\"{digest}.{}\"", encoding.unwrap_or("id"));
        Some(Self { encoding, etag: etag.try_into().ok()?, bytes: bytes.into() })
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    packed.write_all(plain).ok()?;
    packed.finish().ok()
}

/// Level 5 of a window of 512 KiB: near the best size in a tenth of its time, since somebody
/// waits for it.
fn brotli(plain: &[u8]) -> Option<Vec<u8>> {
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(&mut packed, 4096, 5, 19).write_all(plain).ok()?;
    Some(packed)
}

/// Brotli or gzip, if the client takes it.
fn encoding(headers: &HeaderMap) -> Option<&'static str> {
    ["br", "gzip"].into_iter().find(|wanted| takes(headers, wanted))
}

/// Whether the client takes an encoding; a quality of nought says that it does not.
pub(crate) fn takes(headers: &HeaderMap, wanted: &str) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').take(16).any(|one| {
        let (name, parameter) = one.split_once(';').unwrap_or((one, ""));
        let refused = matches!(parameter.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(wanted) && !refused
    })
}

/// A document in each of the two languages.
struct InLanguages([Document; 2]);

impl InLanguages {
    fn render(each: impl Fn(Language) -> Result<Document, String>) -> Result<Self, String> {
        Ok(Self([each(Language::Ja)?, each(Language::En)?]))
    }

    fn get(&self, language: Language) -> &Document {
        let Self([ja, en]) = self;
        match language {
            Language::Ja => ja,
            Language::En => en,
        }
    }
}

/// All documents.
pub(crate) struct Documents {
    banks: BTreeMap<String, BTreeMap<String, InLanguages>>,
    editions: BTreeMap<String, InLanguages>,
    list: InLanguages,
    risk_models: Document,
    risk_model: BTreeMap<&'static str, InLanguages>,
    programmes: InLanguages,
    programme: BTreeMap<String, InLanguages>,
    problems: BTreeMap<&'static str, [InLanguages; 2]>,
    metadata: Document,
    resource: Document,
}

impl Documents {
    /// Renders every document.
    pub(crate) fn render(
        library: &Library,
        risks: &risk::catalogue::Catalogue,
        programmes: &Programmes,
        catalogue: &Catalogue,
        public_url: &str,
    ) -> Result<Self, String> {
        let mut banks: BTreeMap<String, BTreeMap<String, InLanguages>> = BTreeMap::new();
        let mut editions = BTreeMap::new();
        for bank in library.iter() {
            let documents = InLanguages::render(|language| {
                Document::json(&QuestionBankBody::of(bank, language), Some(language), KEPT)
            })?;
            let of_bank = banks.entry(bank.bank.clone()).or_default();
            of_bank.insert(bank.edition.to_string(), documents);
            if !editions.contains_key(&bank.bank) {
                let list = InLanguages::render(|language| {
                    let list = QuestionBankList::of(library, Some(&bank.bank), language);
                    Document::json(&list, Some(language), KEPT)
                })?;
                editions.insert(bank.bank.clone(), list);
            }
        }
        let list = InLanguages::render(|language| {
            let list = QuestionBankList::of(library, None, language);
            Document::json(&list, Some(language), KEPT)
        })?;
        let mut risk_model = BTreeMap::new();
        for model in Model::ALL {
            let documents = InLanguages::render(|language| {
                Document::json(&RiskModelBody::of(model, risks, language), Some(language), KEPT)
            })?;
            risk_model.insert(model.edition, documents);
        }
        let programme_list = InLanguages::render(|language| {
            Document::json(&ProgrammeList::of(programmes, language), Some(language), KEPT)
        })?;
        let mut programme = BTreeMap::new();
        for one in &programmes.programmes {
            let documents = InLanguages::render(|language| {
                let body = ProgrammeBody::of(programmes, one, language);
                Document::json(&body, Some(language), KEPT)
            })?;
            programme.insert(one.code.clone(), documents);
        }
        let mut problems = BTreeMap::new();
        for kind in Kind::ALL {
            let page = |language| {
                let words = catalogue.words(*kind, language).ok_or("a problem without words")?;
                Ok::<_, String>(ProblemPage::of(*kind, words))
            };
            let told = InLanguages::render(|language| {
                Document::json(&page(language)?, Some(language), SHORTLY)
            })?;
            let shown = InLanguages::render(|language| {
                let text = html(&page(language)?, language).into_bytes();
                Document::render("text/html; charset=utf-8", text, Some(language), SHORTLY)
            })?;
            let both = [told, shown].map(|InLanguages(documents)| {
                let vary = "Accept, Accept-Language, Accept-Encoding";
                InLanguages(documents.map(|document| Document { vary, ..document }))
            });
            problems.insert(kind.slug(), both);
        }
        Ok(Self {
            banks,
            editions,
            list,
            risk_models: Document::json(&RiskModelList::whole(), None, KEPT)?,
            risk_model,
            programmes: programme_list,
            programme,
            problems,
            metadata: Document::json(&AuthorizationServer::of(public_url), None, SHORTLY)?,
            resource: Document::json(&ProtectedResource::of(public_url), None, SHORTLY)?,
        })
    }

    /// The risk models.
    pub(crate) fn risk_models(&self) -> &Document {
        &self.risk_models
    }

    /// The risk model of an edition.
    pub(crate) fn risk_model(&self, edition: &str, language: Language) -> Option<&Document> {
        Some(self.risk_model.get(edition)?.get(language))
    }

    /// The list of the programmes that ship with mamori.
    pub(crate) fn programmes(&self, language: Language) -> &Document {
        self.programmes.get(language)
    }

    /// A programme that ships with mamori.
    pub(crate) fn programme(&self, code: &str, language: Language) -> Option<&Document> {
        Some(self.programme.get(code)?.get(language))
    }

    /// One edition of a bank.
    pub(crate) fn bank(&self, bank: &str, edition: &str, language: Language) -> Option<&Document> {
        Some(self.banks.get(bank)?.get(edition)?.get(language))
    }

    /// The editions of a bank.
    pub(crate) fn editions(&self, bank: &str, language: Language) -> Option<&Document> {
        self.editions.get(bank).map(|documents| documents.get(language))
    }

    /// The list of banks.
    pub(crate) fn list(&self, language: Language) -> &Document {
        self.list.get(language)
    }

    /// The page about a kind of problem: for programs, or for people.
    pub(crate) fn problem(
        &self,
        slug: &str,
        for_people: bool,
        language: Language,
    ) -> Option<&Document> {
        let [told, shown] = self.problems.get(slug)?;
        Some(if for_people { shown } else { told }.get(language))
    }

    /// The metadata of the token endpoint.
    pub(crate) fn metadata(&self) -> &Document {
        &self.metadata
    }

    /// The metadata of this API as a protected resource.
    pub(crate) fn resource(&self) -> &Document {
        &self.resource
    }
}

/// The OpenAPI document, in 3.1 and in 3.0.3: looked at when somebody first asks, so that its pages
/// of the binary are not in memory before.
static OPENAPI: LazyLock<Option<[Document; 2]>> = LazyLock::new(|| {
    let document = |text: &'static str| {
        Document::render("application/json", text.as_bytes(), None, SHORTLY).ok()
    };
    Some([document(PUBLISHED)?, document(PUBLISHED_3_0)?])
});

/// The OpenAPI document, and its rendering in 3.0.3.
pub(crate) fn openapi() -> Option<&'static [Document; 2]> {
    OPENAPI.as_ref()
}
