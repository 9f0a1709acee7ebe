//! The wording guard: SECURITY ACTION is a self-declaration, so text that calls the star, the
//! declaration or SECURITY ACTION itself certified or acquired is wrong.
//!
//! The text is folded (`fold`), cut into the words of one table (`words`), and each wrong word
//! is asked for its object by a few rules of grammar (`japanese`, `english`). There is no list
//! of wrong sentences. Source: `domain/rules.md` (SECURITY ACTION, 6) of the field's facts.

mod denial;
mod english;
mod fold;
mod japanese;
mod sentence;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use crate::text::Language;
use sentence::{Claim, Reading};

/// What the wording wrongly calls the star, the declaration or SECURITY ACTION.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Term {
    /// 認定 or 公認; certified, certification.
    Certified,
    /// 認証.
    Authenticated,
    /// Accredited, accreditation.
    Accredited,
    /// 取得; acquired, obtained, earned, achieved, holds.
    Acquired,
    /// Awarded, granted.
    Awarded,
    /// 合格; passed.
    Passed,
    /// 適合; compliant, conforming.
    Conforming,
}

impl Term {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Certified,
        Self::Authenticated,
        Self::Accredited,
        Self::Acquired,
        Self::Awarded,
        Self::Passed,
        Self::Conforming,
    ];

    /// Its code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Certified => "certified",
            Self::Authenticated => "authenticated",
            Self::Accredited => "accredited",
            Self::Acquired => "acquired",
            Self::Awarded => "awarded",
            Self::Passed => "passed",
            Self::Conforming => "conforming",
        }
    }
}

/// Why a wording is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The star is declared by the company itself; nobody confers it.
    SelfDeclared,
    /// IPA keeps the list of declarations, and certifies no company.
    IpaCertifiesNothing,
}

impl Reason {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SelfDeclared, Self::IpaCertifiesNothing];

    /// Its code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::SelfDeclared => "self_declared",
            Self::IpaCertifiesNothing => "ipa_certifies_nothing",
        }
    }

    /// It in words.
    #[must_use]
    pub const fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::SelfDeclared, Language::Ja) => {
                "SECURITY ACTIONは、事業者が自ら宣言する制度です。認定や認証ではなく、取得や合格をするものでもありません。"
            }
            (Self::SelfDeclared, Language::En) => {
                "SECURITY ACTION is a self-declaration: nobody certifies it, awards it or confirms conformity."
            }
            (Self::IpaCertifiesNothing, Language::Ja) => {
                "IPAは、SECURITY ACTIONを宣言した事業者を認定も認証もしていません。"
            }
            (Self::IpaCertifiesNothing, Language::En) => {
                "IPA does not certify companies that declare SECURITY ACTION."
            }
        }
    }
}

/// A wrong wording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where it stands, in bytes, from the object to the wrong word or the other way round.
    pub range: Range<usize>,
    /// The wrong word; the first where several stand in one wording.
    pub term: Term,
    /// The language of the wrong word.
    pub language: Language,
    /// A sentence in that language that is right, with the star that the text names.
    pub suggestion: &'static str,
    /// Why the wording is wrong.
    pub reason: Reason,
}

/// Finds what is wrongly called certified or acquired, in the order of the text; findings do
/// not overlap.
///
/// It reads words, not intentions: wording that denies or rejects the claim passes.
///
/// # Examples
///
/// ```
/// use mamori_domain::wording::check;
///
/// let text = "SECURITY ACTIONの二つ星を取得しました。";
/// let found = check(text);
/// assert_eq!(&text[found[0].range.clone()], "SECURITY ACTIONの二つ星を取得");
/// assert_eq!(found[0].suggestion, "SECURITY ACTION 二つ星を宣言しています");
///
/// assert!(check("二つ星を宣言し、自己宣言IDを取得しました。").is_empty());
/// ```
#[must_use]
pub fn check(text: &str) -> Vec<Finding> {
    let reading = Reading::new(text);
    let mut claims: Vec<Claim> =
        (0..reading.tokens.len()).filter_map(|at| claim_at(&reading, at)).collect();
    claims.sort_by_key(|claim| (claim.tokens.start, claim.tokens.end));

    let mut found: Vec<Finding> = Vec::new();
    for claim in claims {
        let Some(range) = reading.bytes(&claim.tokens) else { continue };
        match found.last_mut() {
            // Two wrong words of one object: 二つ星の認定を取得.
            Some(last) if range.start < last.range.end => {
                last.range.end = last.range.end.max(range.end);
            }
            _ => found.push(Finding {
                range,
                term: claim.term,
                language: claim.language,
                suggestion: suggestion(claim.language, reading.star_of(&claim)),
                reason: claim.reason,
            }),
        }
    }
    found
}

fn claim_at(reading: &Reading, at: usize) -> Option<Claim> {
    japanese::claim_at(reading, at).or_else(|| english::claim_at(reading, at))
}

const fn suggestion(language: Language, star: Option<u8>) -> &'static str {
    match (language, star) {
        (Language::Ja, Some(1)) => "SECURITY ACTION 一つ星を宣言しています",
        (Language::Ja, Some(_)) => "SECURITY ACTION 二つ星を宣言しています",
        (Language::Ja, None) => "SECURITY ACTIONを宣言しています",
        (Language::En, Some(1)) => "We have self-declared one star under SECURITY ACTION",
        (Language::En, Some(_)) => "We have self-declared two stars under SECURITY ACTION",
        (Language::En, None) => "We have made a self-declaration under SECURITY ACTION",
    }
}
