//! The words of a text with what both grammars ask of them.

use std::ops::Range;

use super::fold::{Char, Gap, fold};
use super::words::{Kind, Token, words};
use super::{Reason, Term};
use crate::text::Language;

/// How many words a rule looks far, so that a hostile text costs no more than a long one.
pub(super) const REACH: usize = 48;

/// A wrong word with its object, before it is told.
#[derive(Debug)]
pub(super) struct Claim {
    /// Which tokens it spans.
    pub(super) tokens: Range<usize>,
    /// The wrong word.
    pub(super) term: Term,
    /// Its language.
    pub(super) language: Language,
    /// Why it is wrong.
    pub(super) reason: Reason,
}

/// What else a sentence speaks of.
#[derive(Debug, Clone, Copy, Default)]
struct Topics {
    action: bool,
    star: Option<u8>,
    scheme: bool,
    other_stars: bool,
}

/// A text, read into words.
#[derive(Debug)]
pub(super) struct Reading {
    /// Its folded characters.
    pub(super) chars: Vec<Char>,
    /// Its words.
    pub(super) tokens: Vec<Token>,
    /// The sentence of each word.
    sentences: Vec<usize>,
    topics: Vec<Topics>,
}

impl Reading {
    pub(super) fn new(text: &str) -> Self {
        let chars = fold(text);
        let tokens = words(&chars);
        let mut sentences = Vec::with_capacity(tokens.len());
        let mut topics = vec![Topics::default()];
        for token in &tokens {
            sentences.push(topics.len() - 1);
            let Some(topic) = topics.last_mut() else { continue };
            match token.kind {
                Kind::Stop => topics.push(Topics::default()),
                Kind::Action => topic.action = true,
                Kind::Star(star) | Kind::Symbol(star) => topic.star = topic.star.or(Some(star)),
                Kind::Scheme => topic.scheme = true,
                Kind::OtherStars => topic.other_stars = true,
                _ => {}
            }
        }
        Self { chars, tokens, sentences, topics }
    }

    /// The kind of the token at `at`; past either end, the end of a sentence.
    pub(super) fn kind(&self, at: usize) -> Kind {
        self.tokens.get(at).map_or(Kind::Stop, |token| token.kind)
    }

    /// The kind of the token before `at`.
    pub(super) fn kind_before(&self, at: usize) -> Kind {
        at.checked_sub(1).map_or(Kind::Stop, |before| self.kind(before))
    }

    /// The word of the table at `at`.
    pub(super) fn word(&self, at: usize) -> &'static str {
        self.tokens.get(at).map_or("", |token| token.word)
    }

    /// What stands before the token at `at`.
    pub(super) fn gap(&self, at: usize) -> Gap {
        self.tokens.get(at).map_or(Gap::Blank, |token| token.gap)
    }

    /// Whether the token at `at` is the star, the declaration or SECURITY ACTION, as far as
    /// the words beside it and its sentence tell.
    pub(super) fn is_object(&self, at: usize) -> bool {
        let topics = self.topics_of(at);
        let (before, after) = (self.kind_before(at), self.kind(at + 1));
        match self.kind(at) {
            Kind::Action | Kind::Declaration => true,
            Kind::Star(_) | Kind::Symbol(_) => topics.action || !topics.other_stars,
            Kind::BareDeclaration if self.word(at).is_ascii() => {
                before.is_object() || topics.action || matches!(before, Kind::Article)
            }
            // 健康企業宣言 and 脱炭素宣言 are others'.
            Kind::BareDeclaration => {
                let is_part =
                    matches!(before, Kind::Noun | Kind::Scheme | Kind::Company | Kind::Kana);
                (!is_part || self.gap(at) >= Gap::Line) && !matches!(after, Kind::Noun)
            }
            _ => false,
        }
    }

    /// Whether the sentence of the token at `at` speaks of SECURITY ACTION or a star.
    pub(super) fn names_object(&self, at: usize) -> bool {
        let topics = self.topics_of(at);
        topics.action || topics.star.is_some()
    }

    /// Whether another scheme is spoken of beside the token at `at`: in its sentence, or only
    /// in its clause where the sentence names SECURITY ACTION too.
    pub(super) fn is_of_other_scheme(&self, at: usize) -> bool {
        if !self.topics_of(at).scheme {
            return false;
        }
        let is_end = |kind| matches!(kind, Kind::Stop | Kind::Comma);
        let is_beside = |at: &usize| self.kind(*at) == Kind::Scheme;
        !self.names_object(at)
            || (at.saturating_sub(REACH)..at)
                .rev()
                .take_while(|at| !is_end(self.kind(*at)))
                .any(|at| is_beside(&at))
            || (at..at + REACH).take_while(|at| !is_end(self.kind(*at))).any(|at| is_beside(&at))
    }

    /// The star that a claim is about: the one in its words, else the first in its sentence.
    pub(super) fn star_of(&self, claim: &Claim) -> Option<u8> {
        let inside = claim.tokens.clone().find_map(|at| match self.kind(at) {
            Kind::Star(star) | Kind::Symbol(star) => Some(star),
            _ => None,
        });
        inside.or_else(|| self.topics_of(claim.tokens.start).star)
    }

    /// The bytes that `tokens` span.
    pub(super) fn bytes(&self, tokens: &Range<usize>) -> Option<Range<usize>> {
        let first = self.chars.get(self.tokens.get(tokens.start)?.chars.start)?;
        let last_token = self.tokens.get(tokens.end.checked_sub(1)?)?;
        let last = self.chars.get(last_token.chars.end.checked_sub(1)?)?;
        Some(first.range.start..last.range.end)
    }

    /// The folded characters of the sentence's rest behind the token at `at`, at most `most`.
    pub(super) fn text_after(&self, at: usize, most: usize) -> String {
        let Some(from) = self.tokens.get(at).map(|token| token.chars.end) else {
            return String::new();
        };
        let rest = self.chars.get(from..).unwrap_or_default();
        rest.iter().take(most).take_while(|c| c.gap != Gap::Blank).map(|c| c.value).collect()
    }

    /// The folded characters before the token at `at` on its line, at most `most`.
    pub(super) fn text_before(&self, at: usize, most: usize) -> String {
        let Some(to) = self.tokens.get(at).map(|token| token.chars.start) else {
            return String::new();
        };
        let before = self.chars.get(to.saturating_sub(most)..to).unwrap_or_default();
        let line = before.iter().rposition(|c| c.gap >= Gap::Line).unwrap_or(0);
        before.get(line..).unwrap_or_default().iter().map(|c| c.value).collect()
    }

    /// The first of the objects that stand together with the one at `at`: the SECURITY ACTION
    /// of SECURITY ACTIONの「二つ星」.
    pub(super) fn first_of_chain(&self, at: usize) -> usize {
        let mut first = at;
        for before in (at.saturating_sub(8)..at).rev() {
            match self.kind(before) {
                _ if self.gap(before + 1) >= Gap::Line => break,
                _ if self.is_object(before) => first = before,
                Kind::Quote | Kind::Open | Kind::Close | Kind::Of | Kind::Hyphen => {}
                _ => break,
            }
        }
        first
    }

    fn topics_of(&self, at: usize) -> Topics {
        self.sentences.get(at).and_then(|of| self.topics.get(*of)).copied().unwrap_or_default()
    }
}
