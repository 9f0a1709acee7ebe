//! Every way a request can fail, in one table (RFC 9457).
//!
//! A [`Problem`] is a kind with typed parameters. It has no words: the rim puts them in, in
//! the caller's language, from the [catalogue]. No other file names a 4xx or a 5xx.

mod catalogue;
mod from_store;
pub(crate) mod page;
pub(crate) mod wire;

use std::borrow::Cow;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

pub(crate) use catalogue::Catalogue;
pub(crate) use from_store::refused_as;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $status:literal, $slug:literal;)+) => {
        /// What went wrong, as far as a client can act on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $kind,)+ }

        impl Kind {
            /// Every kind, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$kind => $status,)+ }
            }

            /// The last part of the type's URI; stable.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)+ }
            }
        }
    };
}

kinds! {
    /// Not JSON, a wrong type, or a query parameter that can't be read.
    MalformedRequest = 400, "malformed-request";
    /// A cursor that this service did not make, or made for another list.
    InvalidCursor = 400, "invalid-cursor";
    /// No token where one is needed.
    TokenMissing = 401, "token-missing";
    /// A token that is not good: forged, expired, for another audience, of a disabled client.
    TokenInvalid = 401, "token-invalid";
    /// The token's scopes do not allow this.
    InsufficientScope = 403, "insufficient-scope";
    /// The token is narrowed to one organization, and this needs more.
    TokenNarrowed = 403, "token-narrowed";
    /// The token's client does not list the web origin of the call.
    OriginNotAllowed = 403, "origin-not-allowed";
    /// There is nothing there, or nothing that the caller may know of.
    NotFound = 404, "not-found";
    /// Only a sandbox can do this, and this service is none.
    NotASandbox = 404, "not-a-sandbox";
    /// The resource does not know this method.
    MethodNotAllowed = 405, "method-not-allowed";
    /// The request took too long to arrive.
    RequestTimeout = 408, "request-timeout";
    /// The custodian already has an organization with this external id.
    ExternalIdTaken = 409, "external-id-taken";
    /// Another client already comes by this pair of issuer and subject.
    IdentityTaken = 409, "identity-taken";
    /// A client may neither disable itself nor give up its own scope `admin`.
    OwnClient = 409, "own-client";
    /// An assessment is about this unit.
    UnitInUse = 409, "unit-in-use";
    /// The assessment was submitted, so it no longer changes.
    AlreadySubmitted = 409, "already-submitted";
    /// The assessment was not submitted yet, so it has no result.
    NotSubmitted = 409, "not-submitted";
    /// Questions are open, so the assessment can't be submitted.
    QuestionsUnanswered = 409, "questions-unanswered";
    /// The two results are not of the same question bank and organization.
    NotComparable = 409, "not-comparable";
    /// The organization has no risk register yet.
    RiskRegisterMissing = 409, "risk-register-missing";
    /// The risk register has assets, so its edition changes by a conversion alone.
    RiskRegisterInUse = 409, "risk-register-in-use";
    /// The asset carries no risk: no control applies to its medium.
    NoRisk = 409, "no-risk";
    /// The organization already has an asset with this external id.
    AssetIdTaken = 409, "asset-id-taken";
    /// Rows of the file are refused, so none of it is applied.
    ImportRefused = 409, "import-refused";
    /// The file has rows whose medium is only proposed, and nobody has accepted that.
    ImportProposals = 409, "import-proposals-open";
    /// The register has changed since the file was read, so that its preview no longer holds.
    ImportOutdated = 409, "import-outdated";
    /// The encoding lacks characters of what is to be written.
    NotEncodable = 409, "not-encodable";
    /// The declaration can't be said to have moved so, from where it stood on that day.
    MoveImpossible = 409, "move-impossible";
    /// The history has no such entry, or it was corrected before.
    EntryNotVoidable = 409, "entry-not-voidable";
    /// The entry to correct states no terms.
    NoTermsToCorrect = 409, "no-terms-to-correct";
    /// There is no such declaration that could have taken the place of this one.
    NoSuchSuccessor = 409, "no-such-successor";
    /// The organization has as many declarations as it may have.
    TooManyDeclarations = 409, "too-many-declarations";
    /// The history has as many entries as it may have.
    HistoryFull = 409, "history-full";
    /// The organization has not consented to this, or has withdrawn its consent.
    ConsentMissing = 409, "consent-missing";
    /// A consent to this is in force already.
    ConsentInForce = 409, "consent-in-force";
    /// The consent was withdrawn before.
    ConsentWithdrawn = 409, "consent-withdrawn";
    /// There is no declaration in force that could be attested.
    NothingToAttest = 409, "nothing-to-attest";
    /// The client has as many programmes of its own as it may have.
    TooManyProgrammes = 409, "too-many-programmes";
    /// Declarations of the organization contradict one another, so none is attested.
    DeclarationsConflict = 409, "declarations-conflict";
    /// The first request with this Idempotency-Key is still being worked on.
    InFlight = 409, "request-in-flight";
    /// The first answer to this Idempotency-Key held a secret, which is shown only once.
    SecretAlreadyShown = 409, "secret-already-shown";
    /// The resource has changed since the caller read it.
    PreconditionFailed = 412, "precondition-failed";
    /// The body is larger than the service takes.
    ContentTooLarge = 413, "content-too-large";
    /// The body is of another media type.
    UnsupportedMediaType = 415, "unsupported-media-type";
    /// Read, but something in it is not acceptable.
    InvalidRequest = 422, "invalid-request";
    /// The file can't be read as a ledger of assets.
    FileUnreadable = 422, "file-unreadable";
    /// The Idempotency-Key was used for another request.
    IdempotencyKeyReused = 422, "idempotency-key-reused";
    /// This question bank carries no points.
    BankNotScored = 422, "bank-not-scored";
    /// A change to what exists needs If-Match.
    PreconditionRequired = 428, "precondition-required";
    /// More requests than the client may make.
    RateLimited = 429, "rate-limited";
    /// A bug on our side.
    Internal = 500, "internal-error";
    /// The database is away or has too much to do.
    Unavailable = 503, "unavailable";
}

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $text:literal;)+) => {
        /// What is wrong with one value.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $code,)+ }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The code on the wire; stable.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$code => $text,)+ }
            }

            /// The code of this text.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().find(|code| code.as_str() == text).copied()
            }
        }
    };
}

codes! {
    /// The body is not JSON.
    NotJson = "not_json";
    /// The value is of another type.
    WrongType = "wrong_type";
    /// The field is there twice.
    DuplicateField = "duplicate_field";
    /// There is no such field.
    UnknownField = "unknown_field";
    /// The field must be there.
    Required = "required";
    /// Shorter or longer than allowed.
    Length = "length";
    /// Fewer or more items than allowed.
    ItemCount = "item_count";
    /// Lower or higher than allowed.
    OutOfRange = "out_of_range";
    /// Not one of the values allowed.
    UnknownValue = "unknown_value";
    /// Not in the form that is needed.
    Format = "format";
    /// Only an answer that is given has a note or is 'not used'; a withdrawn one has neither.
    Withdrawn = "withdrawn";
    /// Holds a control character.
    ControlCharacter = "control_character";
    /// There twice in one request.
    Duplicate = "duplicate";
    /// Twelve digits; refused unread.
    TwelveDigits = "twelve_digits";
    /// An invoice registration number, not a corporate number.
    InvoiceNumber = "invoice_number";
    /// A corporate number has thirteen digits.
    NotThirteenDigits = "not_thirteen_digits";
    /// The check digit does not match.
    CheckDigit = "check_digit";
    /// A sole trader has no corporate number.
    SoleProprietorNumber = "sole_proprietor_number";
    /// The day of a head count without the head count.
    EmployeesMissing = "employees_missing";
    /// A day that is still to come.
    FutureDate = "future_date";
    /// The bank has no question of this number.
    NoSuchQuestion = "no_such_question";
    /// The bank has no such option.
    NoSuchOption = "no_such_option";
    /// The question does not allow the answer 'not used'.
    NotUsedNotAllowed = "not_used_not_allowed";
    /// 'Not used' goes with the best option alone.
    NotUsedNeedsBest = "not_used_needs_best";
    /// The question is not answered.
    Unanswered = "unanswered";
    /// There is no such question bank or edition.
    NoSuchBank = "no_such_bank";
    /// There is no such edition of the risk model.
    NoSuchEdition = "no_such_edition";
    /// There is no such star.
    NoSuchStar = "no_such_star";
    /// The catalogue has no such threat on this medium.
    NoSuchThreat = "no_such_threat";
    /// A retained risk needs who accepted it, and when.
    AcceptanceMissing = "acceptance_missing";
    /// Only a retained risk was accepted by somebody.
    AcceptanceUnneeded = "acceptance_unneeded";
    /// Ends before it begins.
    EndsBefore = "ends_before";
    /// The organization has no such unit.
    NoSuchUnit = "no_such_unit";
    /// Only an assisted assessment says who assisted.
    NotAssisted = "not_assisted";
    /// There is no such scope.
    NoSuchScope = "no_such_scope";
    /// Not a JSON Web Key Set of public keys that are accepted.
    KeySet = "key_set";
    /// Not a workbook (.xlsx).
    NoWorkbook = "no_workbook";
    /// A workbook of the time before 2007 (.xls).
    OldWorkbook = "old_workbook";
    /// A workbook with a password.
    Encrypted = "encrypted";
    /// A web page.
    WebPage = "web_page";
    /// A workbook with macros.
    Macros = "macros";
    /// Unpacked, it is larger than any ledger.
    TooLargeInside = "too_large_inside";
    /// Broken off, or not as its format has it.
    Damaged = "damaged";
    /// No sheet, or no row, is that of the ledger.
    NoLedger = "no_ledger";
    /// Several sheets could be the ledger.
    SeveralLedgers = "several_ledgers";
    /// A list of hardware, which is about other assets.
    HardwareList = "hardware_list";
    /// A column of the ledger is missing.
    ColumnMissing = "column_missing";
    /// A column of the ledger is there twice.
    ColumnTwice = "column_twice";
    /// More rows than are taken.
    TooManyRows = "too_many_rows";
    /// More columns than are taken.
    TooManyColumns = "too_many_columns";
    /// A cell with more text than a spreadsheet's can have.
    CellTooLong = "cell_too_long";
    /// Neither UTF-8 nor Shift_JIS.
    UnknownEncoding = "unknown_encoding";
    /// Some lines are UTF-8, others are not.
    MixedEncodings = "mixed_encodings";
    /// A quote that does not end.
    BrokenQuote = "broken_quote";
    /// Ratings of 0 and of 3, which no edition has together.
    BothScales = "both_scales";
    /// Rated on another scale than the register, or than is stated.
    OtherScale = "other_scale";
    /// The ratings fit both scales, and no edition is stated.
    ScaleUndecided = "scale_undecided";
    /// Rows of several editions.
    SeveralEditions = "several_editions";
    /// The cell holds an error of the spreadsheet.
    CellError = "cell_error";
    /// No rating.
    NoRating = "no_rating";
    /// Neither 有 nor 無.
    NoFlag = "no_flag";
    /// No medium that is known.
    UnknownMedium = "unknown_medium";
    /// Several media in one cell.
    SeveralMedia = "several_media";
    /// No day.
    NoDay = "no_day";
    /// A day without its year.
    DayWithoutYear = "day_without_year";
    /// A year of two digits.
    ShortYear = "short_year";
    /// A day that is not in its era.
    OutsideItsEra = "outside_its_era";
    /// A number where a day is meant.
    BareSerial = "bare_serial";
    /// A spreadsheet has made a number of digits.
    DigitsLost = "digits_lost";
    /// The same asset as an earlier row.
    SameAsRow = "same_as_row";
    /// Several assets of the register fit.
    SeveralAssets = "several_assets";
    /// Another asset has the key.
    KeyTaken = "key_taken";
    /// A column that is not read holds what could be a My Number.
    UnreadDigits = "unread_digits";
    /// The encoding has no such character.
    NoSuchCharacter = "no_such_character";
    /// Two rules hold on the same day for the same round.
    RulesOverlap = "rules_overlap";
    /// The programme has no such round.
    NoSuchRound = "no_such_round";
    /// No rule holds on the day of the round's deadline.
    RoundWithoutRule = "round_without_rule";
    /// The round opens after its deadline.
    RoundOpensAfterDeadline = "round_opens_after_deadline";
    /// The id is of another generation than the one that is stated.
    GenerationContradicts = "generation_contradicts";
    /// The answers of the 25 questions add up to no such total.
    ImpossibleTotal = "impossible_total";
    /// Says something of a sheet that was not used.
    SheetNotUsed = "sheet_not_used";
    /// Rests on a policy that is not established.
    PolicyNotEstablished = "policy_not_established";
    /// Says something of a publication that there was not.
    PolicyNotPublished = "policy_not_published";
    /// Says something of an account that there is not.
    NoAccount = "no_account";
    /// A cursor that was tampered with, or is for another list.
    Cursor = "cursor";
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the body, as a JSON Pointer (RFC 6901).
    Pointer(String),
    /// In a parameter of the query or the path.
    Parameter(Cow<'static, str>),
    /// In a header.
    Header(&'static str),
    /// In the sheet that the request is about: a question, by number.
    Question(u16),
    /// In a file: the sheet, the row from 1, and the column, as far as they are known.
    Cell {
        /// The sheet.
        sheet: Option<String>,
        /// The row, from 1.
        row: Option<u32>,
        /// The column: its letters, or the name of the field in JSON.
        column: Option<String>,
    },
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// Where.
    pub place: Place,
    /// What fills the text's placeholders; never a value that the client sent.
    pub parameters: Vec<(&'static str, String)>,
}

impl Fault {
    /// A fault in the body.
    pub(crate) fn at(pointer: impl Into<String>, code: Code) -> Self {
        Self { code, place: Place::Pointer(pointer.into()), parameters: Vec::new() }
    }

    /// A fault in a parameter.
    pub(crate) fn parameter(name: impl Into<Cow<'static, str>>, code: Code) -> Self {
        Self { code, place: Place::Parameter(name.into()), parameters: Vec::new() }
    }

    /// A fault of one question of the sheet.
    pub(crate) fn question(number: u16, code: Code) -> Self {
        let parameters = vec![("question", number.to_string())];
        Self { code, place: Place::Question(number), parameters }
    }

    /// A fault in a file.
    pub(crate) fn cell(
        sheet: Option<String>,
        row: Option<u32>,
        column: Option<String>,
        code: Code,
    ) -> Self {
        Self { code, place: Place::Cell { sheet, row, column }, parameters: Vec::new() }
    }

    /// A fault in a header.
    pub(crate) fn header(name: &'static str, code: Code) -> Self {
        Self { code, place: Place::Header(name), parameters: Vec::new() }
    }

    /// The same with a parameter for its text.
    pub(crate) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.parameters.push((name, value.to_string()));
        self
    }
}

/// Why a request failed.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What went wrong.
    pub kind: Kind,
    /// What is wrong with the request, each in its place.
    pub faults: Vec<Fault>,
    /// What fills the text's placeholders.
    pub parameters: Vec<(&'static str, String)>,
    /// Headers that the answer needs, such as `Retry-After`.
    pub headers: Vec<(&'static str, String)>,
    /// What lies behind a 5xx, for the log alone; it holds no value of any row.
    pub cause: Option<Cow<'static, str>>,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        Self { kind, faults: Vec::new(), parameters: Vec::new(), headers: Vec::new(), cause: None }
    }

    /// A problem with one fault.
    pub(crate) fn fault(kind: Kind, fault: Fault) -> Self {
        Self { faults: vec![fault], ..Self::new(kind) }
    }

    /// A bug on our side; the cause is for the log alone.
    pub(crate) fn internal(cause: impl Into<Cow<'static, str>>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(Kind::Internal) }
    }

    /// Nothing there, or nothing that the caller may know of.
    pub(crate) const fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    /// The same with a parameter for its text.
    pub(crate) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.parameters.push((name, value.to_string()));
        self
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.slug())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// An empty answer that carries the problem to the rim, which knows the language.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::new(self.status());
        response.extensions_mut().insert(self.clone());
        response
    }
}
