//! How an English sentence calls something certified, acquired or awarded.
//!
//! Before the word: two-star certification, our star was awarded. Behind it: acquired two
//! stars, certified under SECURITY ACTION. The noun that a phrase ends in is its object, so
//! that a SECURITY ACTION logo may be obtained.

use super::fold::Gap;
use super::sentence::{Claim, REACH, Reading};
use super::words::{Form, Kind};
use super::{Reason, Term};
use crate::text::Language;

/// The claim that the wrong word at `at` makes, if any.
pub(super) fn claim_at(reading: &Reading, at: usize) -> Option<Claim> {
    let Kind::Wrong(term, form) = reading.kind(at) else { return None };
    if !reading.word(at).is_ascii() || form == Form::Japanese {
        return None;
    }
    let claim = |tokens, reason| Claim { tokens, term, language: Language::En, reason };
    let word = Word { reading, at, term, form };
    let link = match form {
        Form::OfIpa | Form::Japanese => None,
        Form::Verb => word.object_behind_verb().map(|end| at..end).or_else(|| {
            let before = word.subject(Reading::is_object).or_else(|| word.object_listed())?;
            Some(reading.first_of_chain(before)..at + 1)
        }),
        Form::Adjective | Form::Noun => word
            .object_touching(Reading::is_object)
            .or_else(|| word.subject(Reading::is_object))
            .map(|object| reading.first_of_chain(object)..at + 1)
            .or_else(|| word.object_behind_preposition().map(|end| at..end)),
    };
    let claim = link.map(|tokens| claim(tokens, Reason::SelfDeclared)).or_else(|| {
        let tokens = word.of_ipa()?;
        (!reading.is_of_other_scheme(at)).then(|| claim(tokens, Reason::IpaCertifiesNothing))
    })?;
    (!is_denied(reading, &claim) && !is_rejected(reading, at)).then_some(claim)
}

/// A wrong word in its place.
struct Word<'a> {
    reading: &'a Reading,
    at: usize,
    term: Term,
    form: Form,
}

impl Word<'_> {
    /// The object directly before: SECURITY ACTION (two-star) certified.
    fn object_touching(&self, is_object: fn(&Reading, usize) -> bool) -> Option<usize> {
        let reading = self.reading;
        for at in (self.at.saturating_sub(8)..self.at).rev() {
            if reading.gap(at + 1) >= Gap::Line && self.is_new_item(at + 1) {
                return None;
            }
            match reading.kind(at) {
                _ if is_object(reading, at) => return Some(at),
                Kind::Hyphen
                | Kind::Quote
                | Kind::Open
                | Kind::Close
                | Kind::Soft
                | Kind::Adverb => {}
                Kind::Company if self.form == Form::Noun => {}
                Kind::Colon if self.form == Form::Adjective => {}
                Kind::Article if self.is_possessive(at) => {}
                _ => return None,
            }
        }
        None
    }

    fn is_possessive(&self, at: usize) -> bool {
        matches!(self.reading.word(at), "'s" | "s")
    }

    /// Whether the token at `at` begins a list's item rather than a wrapped line.
    fn is_new_item(&self, at: usize) -> bool {
        matches!(self.reading.kind(at), Kind::Hyphen | Kind::Stop | Kind::Quote)
    }

    /// The object of a participle that ends its item: two stars obtained.
    fn object_listed(&self) -> Option<usize> {
        let is_participle = self.reading.word(self.at).ends_with("ed");
        let is_last = matches!(
            self.reading.kind(self.at + 1),
            Kind::Stop | Kind::Comma | Kind::Close | Kind::Preposition | Kind::Date
        );
        if !is_participle || !is_last {
            return None;
        }
        let behind_comma = self.at.checked_sub(2).filter(|before| {
            self.reading.kind(before + 1) == Kind::Comma
                && self.reading.kind(self.at + 1) == Kind::Preposition
                && self.reading.is_object(*before)
        });
        behind_comma.or_else(|| self.object_touching(Reading::is_object))
    }

    /// The object of which the word is said: two stars were awarded, SECURITY ACTION is a
    /// certification.
    fn subject(&self, is_object: fn(&Reading, usize) -> bool) -> Option<usize> {
        let reading = self.reading;
        let mut at = self.at;
        let mut has_be = false;
        while let Some(before) = at.checked_sub(1)
            && self.at - before < 12
        {
            match reading.kind(before) {
                Kind::Be => has_be = true,
                Kind::Have if has_be => {}
                Kind::Adverb | Kind::Not | Kind::Only | Kind::Hyphen | Kind::Quote => {}
                Kind::Article | Kind::Noun | Kind::Soft | Kind::Ipa
                    if self.form == Form::Noun && !has_be => {}
                // we have been certified and …: the be before an and is not this word's.
                _ if has_be && is_object(reading, before) => {
                    return (!self.is_of_another()).then(|| reading.first_of_chain(before));
                }
                Kind::Soft | Kind::Close | Kind::Open | Kind::Date | Kind::Company if has_be => {}
                _ => return None,
            }
            at = before;
        }
        None
    }

    /// Whether the certificate is expressly for something else: certified to a standard.
    fn is_of_another(&self) -> bool {
        let reading = self.reading;
        matches!(reading.word(self.at + 1), "to" | "for" | "under" | "against" | "with")
            && self.form != Form::Verb
            && (self.at + 2..self.at + 6)
                .take_while(|at| !matches!(reading.kind(*at), Kind::Stop | Kind::Comma))
                .any(|at| match reading.kind(at) {
                    Kind::Scheme | Kind::Compound => true,
                    Kind::Noun => matches!(reading.word(self.at + 1), "to" | "against"),
                    _ => false,
                })
    }

    /// Where the object of a verb ends: acquired the SECURITY ACTION two-star status.
    fn object_behind_verb(&self) -> Option<usize> {
        let reading = self.reading;
        if matches!(reading.kind(self.at + 1), Kind::Preposition)
            && reading.gap(self.at + 1) != Gap::None
        {
            return None;
        }
        let mut is_other = false;
        for at in self.at + 1..self.at + 16 {
            match reading.kind(at) {
                _ if reading.is_object(at) => {
                    if !is_other {
                        return self.phrase_end(at);
                    }
                    is_other = true;
                }
                Kind::Article
                | Kind::Adverb
                | Kind::Soft
                | Kind::Quote
                | Kind::Hyphen
                | Kind::Open
                | Kind::Close
                | Kind::Date
                | Kind::Ipa
                | Kind::Preposition
                | Kind::Only => {}
                Kind::Wrong(_, Form::Noun) => {}
                Kind::And => is_other = false,
                Kind::Company if self.term == Term::Awarded => {}
                Kind::Noun | Kind::Scheme | Kind::Company => is_other = true,
                _ => return None,
            }
        }
        None
    }

    /// Where the object behind a preposition ends: certified under SECURITY ACTION; or behind a
    /// label: certifications: ISO 27001, two stars.
    fn object_behind_preposition(&self) -> Option<usize> {
        let reading = self.reading;
        let links =
            |at: &usize| matches!(reading.kind(*at), Kind::Preposition | Kind::Colon | Kind::Open);
        let is_bare = self.form == Form::Adjective
            && (reading.kind(self.at + 1) == Kind::Quote || reading.is_object(self.at + 1));
        let first = if is_bare { self.at + 1 } else { (self.at + 1..self.at + 3).find(links)? };
        if first == self.at + 2 && !matches!(reading.kind(self.at + 1), Kind::Company | Kind::Soft)
        {
            return None;
        }
        let link = reading.kind(first);
        let mut is_other = false;
        for at in first..first + 14 {
            match reading.kind(at) {
                _ if reading.is_object(at) && !is_other => {
                    let is_apart =
                        |at| matches!(reading.kind(at), Kind::Clause | Kind::Colon | Kind::Be);
                    return self.phrase_end(at).filter(|end| {
                        !matches!(link, Kind::Colon | Kind::Open)
                            || !is_apart(*end) && !is_apart(*end + 1)
                    });
                }
                Kind::Close if link == Kind::Open => return None,
                Kind::Article
                | Kind::Adverb
                | Kind::Soft
                | Kind::Quote
                | Kind::Hyphen
                | Kind::Open
                | Kind::Close
                | Kind::Date
                | Kind::Ipa
                | Kind::Preposition => {}
                Kind::Colon if at == first => {}
                Kind::Comma if link == Kind::Colon => is_other = false,
                Kind::And => is_other = false,
                Kind::Noun | Kind::Scheme => is_other = true,
                _ => return None,
            }
        }
        None
    }

    /// Where the phrase that begins with the object at `at` ends, if the object is its head.
    fn phrase_end(&self, at: usize) -> Option<usize> {
        let reading = self.reading;
        let mut end = at + 1;
        for next in at + 1..at + REACH {
            match reading.kind(next) {
                _ if reading.gap(next) >= Gap::Line && self.is_new_item(next) => return Some(end),
                Kind::Soft | Kind::Company | Kind::Wrong(_, Form::Noun | Form::Adjective) => {
                    end = next + 1
                }
                Kind::Audit if self.term == Term::Passed => end = next + 1,
                _ if reading.is_object(next) => end = next + 1,
                Kind::Hyphen | Kind::Quote | Kind::Open | Kind::Close | Kind::Adverb => {}
                Kind::Article if self.is_possessive(next) && reading.is_object(next + 1) => {}
                // A plural is no part of another noun: two stars takes a week.
                Kind::Noun if reading.word(next - 1).ends_with("_stars") => return Some(end),
                Kind::Noun
                | Kind::Compound
                | Kind::Audit
                | Kind::Scheme
                | Kind::OtherStars
                | Kind::Mention => return None,
                Kind::Article if self.is_possessive(next) => return None,
                _ => return Some(end),
            }
        }
        Some(end)
    }

    /// What says that IPA certifies: IPA-certified, certified by IPA, IPA has certified.
    fn of_ipa(&self) -> Option<std::ops::Range<usize>> {
        if !matches!(self.term, Term::Certified | Term::Accredited) {
            return None;
        }
        let reading = self.reading;
        let is_ipa = |reading: &Reading, at| reading.kind(at) == Kind::Ipa;
        if let Some(ipa) = self.object_touching(is_ipa) {
            return Some(ipa..self.at + 1);
        }
        let has_certified = reading.kind_before(self.at) == Kind::Have
            && self.at >= 2
            && reading.kind(self.at - 2) == Kind::Ipa;
        if has_certified {
            return Some(self.at - 2..self.at + 1);
        }
        let mut agent = false;
        for at in self.at + 1..self.at + 10 {
            match reading.kind(at) {
                Kind::Ipa => return agent.then_some(self.at..at + 1),
                Kind::Preposition => agent = matches!(reading.word(at), "by" | "from"),
                Kind::Article | Kind::Adverb | Kind::Date | Kind::Company => {}
                Kind::Noun if agent => {}
                _ => return None,
            }
        }
        None
    }
}

/// Whether the claim is denied: not certified, no certification, rather than acquired.
fn is_denied(reading: &Reading, claim: &Claim) -> bool {
    let is_not = |at: usize| reading.kind(at) == Kind::Not && reading.kind(at + 1) != Kind::Only;
    if claim.tokens.clone().any(is_not) {
        return true;
    }
    let asks = claim.tokens.clone().any(|at| reading.kind(at) == Kind::Be);
    let mut has_verb = false;
    for at in (claim.tokens.start.saturating_sub(14)..claim.tokens.start).rev() {
        match reading.kind(at) {
            Kind::Stop => return false,
            Kind::Clause if asks && reading.word(at) == "whether" => return true,
            Kind::Clause if reading.word(at) != "that" && !reading.word(at).starts_with("decl") => {
                return false;
            }
            Kind::Be | Kind::Have => has_verb = true,
            Kind::Comma if has_verb => return false,
            _ if is_not(at) => return true,
            _ => {}
        }
    }
    // There is nothing certified about it; SECURITY ACTION certifies nothing.
    (claim.tokens.end..claim.tokens.end + 2).any(is_not)
        && !matches!(reading.kind(claim.tokens.end), Kind::Comma | Kind::Stop)
}

/// Whether the claim is spoken of as wrong.
fn is_rejected(reading: &Reading, at: usize) -> bool {
    let around = |at: usize| {
        let before =
            (at.saturating_sub(REACH)..at).rev().take_while(|at| reading.kind(*at) != Kind::Stop);
        let after = (at..at + REACH).take_while(|at| reading.kind(*at) != Kind::Stop);
        before.chain(after)
    };
    let mentions =
        around(at).any(|at| matches!(reading.kind(at), Kind::Mention | Kind::Colon | Kind::Quote));
    let rejects = around(at).any(|at| reading.kind(at) == Kind::Reject)
        || around(at).any(|at| {
            reading.kind(at) == Kind::Not
                && (at..at + 4).any(|near| reading.kind(near) == Kind::Mention)
        });
    mentions && rejects
}
