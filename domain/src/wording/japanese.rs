//! How a Japanese sentence gives 認定, 認証, 取得, 合格 and 適合 their object.
//!
//! A verb stands last, so its object is looked for to the left: directly before it
//! (二つ星取得), or before a particle with nothing but adverbs and the like between
//! (二つ星を昨年取得). The first を or の with another noun ends the search.

use super::denial::{is_denied, is_rejected};
use super::fold::Gap;
use super::sentence::{Claim, REACH, Reading};
use super::words::{Form, Kind};
use super::{Reason, Term};
use crate::text::Language;

/// The claim that the wrong word at `at` makes, if any.
pub(super) fn claim_at(reading: &Reading, at: usize) -> Option<Claim> {
    let Kind::Wrong(term, form @ (Form::Japanese | Form::OfIpa)) = reading.kind(at) else {
        return None;
    };
    if reading.word(at).is_ascii() {
        return None;
    }
    let claim = |tokens, reason| Claim { tokens, term, language: Language::Ja, reason };
    let verb = Verb { reading, at, term };
    let by_ipa = matches!(term, Term::Certified | Term::Authenticated);
    let link = match verb.object_before(Reading::is_object) {
        _ if form == Form::OfIpa => None,
        Search::Found(object) => {
            Some(claim(reading.first_of_chain(object)..at + 1, Reason::SelfDeclared))
        }
        Search::Other => verb.object_named().or_else(|| verb.object_of_label()),
        Search::Nothing => {
            verb.object_after().or_else(|| verb.object_named()).or_else(|| verb.object_of_label())
        }
    };
    let link = link.or_else(|| {
        let is_ipa = |reading: &Reading, at| reading.kind(at) == Kind::Ipa;
        match verb.object_before(is_ipa) {
            Search::Found(ipa) if by_ipa && !reading.is_of_other_scheme(at) => {
                Some(claim(ipa..at + 1, Reason::IpaCertifiesNothing))
            }
            _ => None,
        }
    })?;
    (!is_denied(reading, at) && !is_rejected(reading, &link, at)).then_some(link)
}

/// What a search to the left of a verb comes to.
enum Search {
    /// The object, at this token.
    Found(usize),
    /// The verb has another object.
    Other,
    /// The verb has no object before it.
    Nothing,
}

/// A wrong word in its place.
struct Verb<'a> {
    reading: &'a Reading,
    at: usize,
    term: Term,
}

impl Verb<'_> {
    /// Looks for an object to the left.
    fn object_before(&self, is_object: fn(&Reading, usize) -> bool) -> Search {
        let reading = self.reading;
        let mut left = self.at;
        // What belongs to the verb itself: 新規取得, 「取得」, 2025年取得, 認証取得.
        while let Some(before) = left.checked_sub(1)
            && self.at - before < REACH
            && reading.gap(left) < Gap::Line
            && matches!(
                reading.kind(before),
                Kind::Adverb | Kind::Date | Kind::Quote | Kind::Hyphen | Kind::Colon
            )
        {
            left = before;
        }
        if self.reading.kind_before(left) == Kind::Open {
            // 二つ星（2025年取得）
            left -= 1;
            if left + 1 == self.at && !self.closes() {
                return Search::Nothing;
            }
        }
        match reading.kind_before(left) {
            Kind::Particle | Kind::Of | Kind::Comma => self.object_of_particle(left, is_object),
            Kind::Stop => Search::Nothing,
            _ if reading.gap(left) >= Gap::Line => Search::Nothing,
            _ => match self.noun_phrase(left, true, is_object) {
                Some(object) if self.may_touch(object) => Search::Found(object),
                _ => Search::Other,
            },
        }
    }

    /// Whether the bracket that stands open before the verb closes soon behind it.
    fn closes(&self) -> bool {
        (self.at + 1..self.at + 6).any(|at| self.reading.kind(at) == Kind::Close)
    }

    /// Goes from particle to particle, until one has the object or ends the search.
    fn object_of_particle(&self, from: usize, is_object: fn(&Reading, usize) -> bool) -> Search {
        let reading = self.reading;
        let mut left = from;
        let mut is_first = true;
        while let Some(at) = left.checked_sub(1)
            && self.at - at < REACH
        {
            match reading.kind(at) {
                Kind::Particle | Kind::Of => {
                    let word = reading.word(at);
                    // 二つ星と認定制度 are two things; IPAのシステムで認証 is another's.
                    let is_near = is_first || !matches!(word, "の" | "に" | "へ" | "と" | "で");
                    if self.takes(word)
                        && is_near
                        && let Some(object) = self.noun_phrase(
                            at,
                            !matches!(word, "を" | "は" | "も" | "が"),
                            is_object,
                        )
                        && self.is_predicate(word)
                    {
                        return Search::Found(object);
                    }
                    if word == "を" {
                        return self
                            .object_listed(at, is_object)
                            .map_or(Search::Other, Search::Found);
                    }
                    // 補助金の認定, 試験に合格: the verb has what it needs.
                    let is_taken = reading.kind(at) == Kind::Of
                        || word == "に"
                            && !matches!(
                                reading.kind_before(at),
                                Kind::Date | Kind::Kana | Kind::Adverb
                            )
                            && self.term != Term::Acquired;
                    if is_first
                        && is_taken
                        && !matches!(reading.kind_before(at), Kind::Ipa | Kind::Adverb | Kind::Date)
                    {
                        return Search::Other;
                    }
                }
                Kind::Comma if self.splits(at) => return Search::Nothing,
                Kind::Stop | Kind::Kana | Kind::Clause => return Search::Nothing,
                Kind::BareDeclaration | Kind::Declaration
                    if matches!(reading.kind(at + 1), Kind::Kana | Kind::Comma) =>
                {
                    return Search::Nothing;
                }
                _ => {}
            }
            is_first &= matches!(reading.kind(at), Kind::Particle | Kind::Of | Kind::Comma);
            left = at;
        }
        Search::Nothing
    }

    /// Whether a particle can mark the object of this verb.
    fn takes(&self, particle: &str) -> bool {
        match particle {
            "を" | "は" | "も" | "が" | "の" => true,
            "に" | "へ" | "と" => self.term != Term::Acquired,
            "として" | "としての" | "とし" | "で" | "での" | "において" | "における" | "により"
            | "による" | "より" | "から" | "からの" | "によって" | "に対する" | "に係る"
            | "についての" => !matches!(self.term, Term::Acquired | Term::Passed),
            _ => false,
        }
    }

    /// 認定の要件 and 認定申請 speak of another's 認定, unless they follow the object itself.
    fn is_predicate(&self, particle: &str) -> bool {
        if matches!(particle, "の" | "を" | "としての" | "からの" | "による") {
            return true;
        }
        let after = self.reading.text_after(self.at, 6);
        if particle == "と" {
            return ["され", "し", "する"].iter().any(|start| after.starts_with(start));
        }
        let is_kind_of = ["の一種", "の一つ", "の1つ"].iter().any(|start| after.starts_with(start));
        let of_another = "の 要件 条件 基準 申請 審査 機関 への に必要 に関 に対 につい を強";
        is_kind_of || !of_another.split(' ').any(|start| after.starts_with(start))
    }

    /// Whether the comma at `at` ends a clause: one behind a noun and its particle does not.
    fn splits(&self, at: usize) -> bool {
        let reading = self.reading;
        let Some(particle) = at.checked_sub(1) else { return true };
        let is_noun = |kind| !matches!(kind, Kind::Kana | Kind::Stop | Kind::Particle);
        match reading.kind(particle) {
            Kind::Particle if matches!(reading.word(particle), "で" | "とし" | "と") => true,
            Kind::Particle => !is_noun(reading.kind_before(particle)),
            Kind::Kana | Kind::Stop => true,
            _ => false,
        }
    }

    /// The object that ends at `end`, through what adds nothing to it: 二つ星の認定, 「二つ星」.
    fn noun_phrase(
        &self,
        end: usize,
        through_company: bool,
        is_object: fn(&Reading, usize) -> bool,
    ) -> Option<usize> {
        let reading = self.reading;
        let mut left = end;
        let mut is_of_noun = false;
        while let Some(at) = left.checked_sub(1)
            && end - at < REACH / 2
        {
            let crosses_line = reading.gap(left) >= Gap::Line
                && !matches!(reading.kind(left), Kind::Particle | Kind::Of);
            if crosses_line && reading.kind(at) != Kind::Of {
                return None;
            }
            match reading.kind(at) {
                _ if is_object(reading, at) => return Some(at),
                Kind::Close => {
                    left = (at.saturating_sub(REACH / 2)..at)
                        .rev()
                        .find(|at| reading.kind(*at) == Kind::Open)?;
                    // 自己宣言（二つ星）: what the bracket is about stands before it.
                    continue;
                }
                Kind::Quote => {}
                Kind::Soft | Kind::Adverb | Kind::Wrong(_, Form::Japanese) => is_of_noun = true,
                Kind::Company if through_company => is_of_noun = true,
                Kind::Of if is_of_noun => {}
                _ => return None,
            }
            left = at;
        }
        None
    }

    /// A star that is one of several things before を: 二つ星とプライバシーマークを取得.
    fn object_listed(&self, wo: usize, is_object: fn(&Reading, usize) -> bool) -> Option<usize> {
        let reading = self.reading;
        let is_list = |word| {
            matches!(
                word,
                "と" | "や"
                    | "および"
                    | "及び"
                    | "並びに"
                    | "ならびに"
                    | "・"
                    | "&"
                    | "/"
                    | "+"
            )
        };
        for at in (wo.saturating_sub(REACH / 2)..wo).rev() {
            match reading.kind(at) {
                Kind::And | Kind::Particle if is_list(reading.word(at)) => {
                    let found = self.noun_phrase(at, false, is_object);
                    let is_declared =
                        |at| matches!(reading.kind(at), Kind::Declaration | Kind::BareDeclaration);
                    if let Some(object) = found {
                        return (!is_declared(object)).then_some(object);
                    }
                }
                Kind::Noun
                | Kind::Date
                | Kind::Scheme
                | Kind::Soft
                | Kind::Quote
                | Kind::And
                | Kind::Hyphen
                | Kind::Wrong(..) => {}
                _ => return None,
            }
        }
        None
    }

    /// A lone symbol before the verb may be decoration; one that SECURITY ACTION precedes is not.
    fn may_touch(&self, object: usize) -> bool {
        let reading = self.reading;
        let is_symbol = matches!(reading.kind(object), Kind::Symbol(_));
        let is_item =
            matches!(reading.kind_before(object), Kind::Stop) || reading.gap(object) >= Gap::Line;
        !is_symbol
            || reading.first_of_chain(object) < object
            || reading.kind(object) == Kind::Symbol(2) && !is_item
    }

    /// The object that the verb describes: 取得した二つ星.
    fn object_after(&self) -> Option<Claim> {
        let reading = self.reading;
        let after = reading.text_after(self.at, 8);
        let links =
            "を受けている を受けた されている された 済みの 済の していた している した できる";
        let link = links.split(' ').find(|link| after.starts_with(link))?;
        let from = self.tokens_until(link.chars().count())?;
        let end = self.chain_end(from)?;
        let is_whole = match reading.kind(end) {
            Kind::Particle | Kind::Stop | Kind::Comma | Kind::Close | Kind::Kana => true,
            _ => reading.gap(end) >= Gap::Line,
        };
        is_whole.then(|| self.claim_until(end))
    }

    /// The object that the verb is said to be of: 認証は、二つ星です.
    fn object_named(&self) -> Option<Claim> {
        let reading = self.reading;
        let after = reading.text_after(self.at, 8);
        let links = ["したのは、", "したのは", "済みは", "は、", "は"];
        let link = links.iter().find(|link| after.starts_with(**link))?;
        let end = self.chain_end(self.tokens_until(link.chars().count())?)?;
        (reading.word(end) == "です" || reading.kind(end) == Kind::Stop)
            .then(|| self.claim_until(end))
    }

    /// The object behind a label: 「取得認証：SECURITY ACTION」.
    fn object_of_label(&self) -> Option<Claim> {
        let reading = self.reading;
        let is_label = matches!(
            reading.kind_before(self.at),
            Kind::Stop | Kind::Quote | Kind::Adverb | Kind::Wrong(..)
        ) || reading.gap(self.at) >= Gap::Line;
        let mut at = self.at + 1;
        while at < self.at + 5 && reading.kind(at) != Kind::Colon && reading.kind(at) != Kind::Stop
        {
            at += 1;
        }
        if !is_label
            || reading.kind(at) != Kind::Colon
            || reading.kind(self.at + 1) == Kind::Particle
        {
            return None;
        }
        let is_item = |kind| {
            matches!(
                kind,
                Kind::Noun
                    | Kind::Scheme
                    | Kind::Comma
                    | Kind::And
                    | Kind::Wrong(..)
                    | Kind::Date
                    | Kind::Quote
            )
        };
        let from = (at + 1..at + REACH / 2).find(|at| !is_item(reading.kind(*at)))?;
        let end = self.chain_end(from)?;
        let declares = (from..end + 2).any(|at| {
            matches!(reading.kind(at), Kind::Declaration | Kind::BareDeclaration | Kind::Compound)
        });
        (!declares && reading.kind(end) != Kind::Noun).then(|| self.claim_until(end))
    }

    /// The token that begins `chars` characters behind the verb.
    fn tokens_until(&self, chars: usize) -> Option<usize> {
        let from = self.reading.tokens.get(self.at)?.chars.end + chars;
        (self.at + 1..self.at + 12)
            .find(|at| self.reading.tokens.get(*at).is_some_and(|token| token.chars.start >= from))
    }

    /// The end of the objects that stand together from `from` on.
    fn chain_end(&self, from: usize) -> Option<usize> {
        let reading = self.reading;
        let mut end = None;
        for at in from..from + 8 {
            match reading.kind(at) {
                _ if reading.is_object(at) => end = Some(at + 1),
                Kind::Quote | Kind::Open | Kind::Close => {}
                Kind::Of if reading.is_object(at + 1) => {}
                _ => break,
            }
        }
        let end = end?;
        Some(if reading.kind(end) == Kind::Quote { end + 1 } else { end })
    }

    const fn claim_until(&self, end: usize) -> Claim {
        Claim {
            tokens: self.at..end,
            term: self.term,
            language: Language::Ja,
            reason: Reason::SelfDeclared,
        }
    }
}
