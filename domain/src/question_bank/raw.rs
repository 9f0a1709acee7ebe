//! Reading a bank from its file, and refusing one that is not whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use super::{
    AnswerOption, Band, Confidence, Edition, Measure, Part, Question, QuestionBank, Source, Topic,
};
use crate::content::{from_toml, is_code};
use crate::risk::Medium;
use crate::text::Text;

/// The longest text that a bank may hold, in characters.
const LONGEST_TEXT: usize = 2_000;
/// The most questions in a bank.
const MOST_QUESTIONS: usize = 500;
/// The longest chain of editions that extend one another.
const DEEPEST_CHAIN: usize = 8;

/// What is wrong with a bank, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The place, such as `questions.3.text.ja`.
    pub place: String,
    /// What is wrong there.
    pub what: String,
}

impl Flaw {
    /// The same flaw, seen from outside of `place`.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        Self { place: format!("{place}: {}", self.place), what: self.what }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Reads one edition of a bank from TOML. An edition that `extends` another takes from it
/// what it does not say itself, question by question and field by field; `base` finds the
/// text of that other.
///
/// # Errors
///
/// Every [`Flaw`] of the file, or the first where it can't be read at all.
pub fn read<'a>(
    text: &str,
    base: &dyn Fn(&str, &str) -> Option<&'a str>,
) -> Result<QuestionBank, Vec<Flaw>> {
    let mut raw: RawBank = from_toml(text)?;
    let mut chain = 0;
    while let (Some(bank), Some(extended)) = (raw.bank.clone(), raw.extends.take()) {
        chain += 1;
        let flaw = |what: String| vec![Flaw { place: "extends".to_owned(), what }];
        if chain > DEEPEST_CHAIN {
            return Err(flaw("the chain of editions is too long or a circle".to_owned()));
        }
        let Some(older) = base(&bank, &extended) else {
            return Err(flaw(format!("there is no {bank} {extended} to extend")));
        };
        raw = raw.over(from_toml(older)?);
    }
    Check::default().bank(raw)
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBank {
    bank: Option<String>,
    edition: Option<String>,
    extends: Option<String>,
    text_revision: Option<u32>,
    measure: Option<RawMeasure>,
    title: Option<Text>,
    description: Option<Text>,
    notice: Option<Text>,
    not_used_note: Option<Text>,
    text_verified: Option<bool>,
    cutoffs_verified: Option<bool>,
    source: Option<RawSource>,
    options: Option<Vec<RawOption>>,
    parts: Option<Vec<RawNamed>>,
    bands: Option<Vec<RawBand>>,
    topics: Option<Vec<RawTopic>>,
    #[serde(default)]
    questions: Vec<RawQuestion>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawMeasure {
    Points,
    Commitment,
    Coverage,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    title: Text,
    url: String,
    published: String,
    confidence: Confidence,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOption {
    code: String,
    label: Text,
    points: Option<i32>,
    #[serde(default)]
    unknown: bool,
    #[serde(default)]
    not_applicable: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNamed {
    code: String,
    title: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTopic {
    code: String,
    label: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBand {
    code: String,
    minimum: i32,
    maximum: i32,
    state: Text,
    next_step: Text,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    number: u16,
    part: Option<String>,
    theme: Option<Text>,
    text: Option<Text>,
    why: Option<Text>,
    measures: Option<Vec<Text>>,
    find_out: Option<Text>,
    topics: Option<Vec<String>>,
    media: Option<Vec<String>>,
    effect: Option<u8>,
    effort: Option<u8>,
    not_used: Option<bool>,
}

impl RawBank {
    /// This edition laid over an older one.
    fn over(self, older: Self) -> Self {
        let mut questions: BTreeMap<u16, RawQuestion> =
            older.questions.into_iter().map(|question| (question.number, question)).collect();
        for question in self.questions {
            let merged = match questions.remove(&question.number) {
                Some(base) => question.over(base),
                None => question,
            };
            questions.insert(merged.number, merged);
        }
        Self {
            bank: self.bank.or(older.bank),
            edition: self.edition,
            extends: older.extends,
            text_revision: self.text_revision.or(older.text_revision),
            measure: self.measure.or(older.measure),
            title: self.title.or(older.title),
            description: self.description.or(older.description),
            notice: self.notice.or(older.notice),
            not_used_note: self.not_used_note.or(older.not_used_note),
            text_verified: self.text_verified.or(older.text_verified),
            cutoffs_verified: self.cutoffs_verified.or(older.cutoffs_verified),
            source: self.source.or(older.source),
            options: self.options.or(older.options),
            parts: self.parts.or(older.parts),
            bands: self.bands.or(older.bands),
            topics: self.topics.or(older.topics),
            questions: questions.into_values().collect(),
        }
    }
}

impl RawQuestion {
    fn over(self, older: Self) -> Self {
        Self {
            number: self.number,
            part: self.part.or(older.part),
            theme: self.theme.or(older.theme),
            text: self.text.or(older.text),
            why: self.why.or(older.why),
            measures: self.measures.or(older.measures),
            find_out: self.find_out.or(older.find_out),
            topics: self.topics.or(older.topics),
            media: self.media.or(older.media),
            effect: self.effect.or(older.effect),
            effort: self.effort.or(older.effort),
            not_used: self.not_used.or(older.not_used),
        }
    }
}

/// Collects the flaws of a bank while it is put together.
#[derive(Default)]
struct Check {
    flaws: Vec<Flaw>,
}

impl Check {
    fn bank(mut self, raw: RawBank) -> Result<QuestionBank, Vec<Flaw>> {
        let bank = self.required("bank", raw.bank);
        let edition = self.required("edition", raw.edition);
        let text_revision = self.required("text_revision", raw.text_revision);
        let measure = self.required("measure", raw.measure).map(|measure| match measure {
            RawMeasure::Points => Measure::Points,
            RawMeasure::Commitment => Measure::Commitment,
            RawMeasure::Coverage => Measure::Coverage,
        });
        let title = self.required_text("title", raw.title);
        let description = self.required_text("description", raw.description);
        let notice = self.required_text("notice", raw.notice);
        let text_verified = self.required("text_verified", raw.text_verified);
        let source = self.required("source", raw.source).map(|source| self.source(source));
        let options = self.options(raw.options.unwrap_or_default());
        let parts = self.parts(raw.parts.unwrap_or_default());
        let bands = self.bands(raw.bands.unwrap_or_default());
        let topics = self.topics(raw.topics.unwrap_or_default());
        if let Some(note) = &raw.not_used_note {
            self.text("not_used_note", note);
        }
        let questions = self.questions(raw.questions, &parts, &topics);

        if let Some(name) = &bank {
            self.expect(is_code(name, '-'), "bank", "is not lower-case words joined by hyphens");
        }
        let edition = edition.and_then(|text| {
            let edition = Edition::parse(&text);
            self.expect(edition.is_some(), "edition", "is not like 3.1");
            edition
        });
        self.expect(text_revision != Some(0), "text_revision", "begins at 1");
        if let Some(measure) = measure {
            self.measure(measure, &options, &bands, raw.cutoffs_verified, questions.len());
            for question in &questions {
                let bears = question.media.is_empty() != (measure == Measure::Coverage);
                let place = format!("questions.{}.media", question.number);
                self.expect(
                    bears,
                    &place,
                    "are for a bank that measures coverage, and needed there",
                );
            }
        }
        let asks_not_used = questions.iter().any(|question| question.not_used);
        self.expect(
            !asks_not_used || raw.not_used_note.is_some(),
            "not_used_note",
            "is missing, though a question allows the answer 'not used'",
        );

        match (
            bank,
            edition,
            text_revision,
            measure,
            title,
            description,
            notice,
            text_verified,
            source,
        ) {
            (
                Some(bank),
                Some(edition),
                Some(text_revision),
                Some(measure),
                Some(title),
                Some(description),
                Some(notice),
                Some(text_verified),
                Some(source),
            ) if self.flaws.is_empty() => Ok(QuestionBank {
                bank,
                edition,
                text_revision,
                measure,
                title,
                description,
                notice,
                not_used_note: raw.not_used_note,
                text_verified,
                cutoffs_verified: raw.cutoffs_verified,
                source,
                options,
                parts,
                bands,
                topics,
                questions,
            }),
            _ => Err(self.flaws),
        }
    }

    fn source(&mut self, raw: RawSource) -> Source {
        self.text("source.title", &raw.title);
        self.expect(raw.url.starts_with("https://"), "source.url", "does not begin with https://");
        self.expect(
            is_partial_date(&raw.published),
            "source.published",
            "is not a date like 2026-03",
        );
        Source {
            title: raw.title,
            url: raw.url,
            published: raw.published,
            confidence: raw.confidence,
        }
    }

    fn options(&mut self, raw: Vec<RawOption>) -> Vec<AnswerOption> {
        self.expect((2..=10).contains(&raw.len()), "options", "are not two to ten");
        self.codes("options", raw.iter().map(|option| option.code.as_str()));
        let unknown = raw.iter().filter(|option| option.unknown).count();
        self.expect(unknown <= 1, "options", "have more than one for 'don't know'");
        let meant = raw.first().is_none_or(|best| !best.unknown && !best.not_applicable);
        self.expect(meant, "options", "do not begin with the best answer");
        raw.into_iter()
            .map(|RawOption { code, label, points, unknown, not_applicable }| {
                self.text(&format!("options.{code}.label"), &label);
                if let Some(points) = points {
                    let place = format!("options.{code}.points");
                    self.expect((-100..=100).contains(&points), &place, "are not -100 to 100");
                }
                AnswerOption { code, label, points, unknown, not_applicable }
            })
            .collect()
    }

    fn parts(&mut self, raw: Vec<RawNamed>) -> Vec<Part> {
        self.expect(!raw.is_empty(), "parts", "are missing");
        self.codes("parts", raw.iter().map(|part| part.code.as_str()));
        raw.into_iter()
            .map(|RawNamed { code, title }| {
                self.text(&format!("parts.{code}.title"), &title);
                Part { code, title }
            })
            .collect()
    }

    fn topics(&mut self, raw: Vec<RawTopic>) -> Vec<Topic> {
        self.codes("topics", raw.iter().map(|topic| topic.code.as_str()));
        raw.into_iter()
            .map(|RawTopic { code, label }| {
                self.text(&format!("topics.{code}.label"), &label);
                Topic { code, label }
            })
            .collect()
    }

    fn bands(&mut self, raw: Vec<RawBand>) -> Vec<Band> {
        self.codes("bands", raw.iter().map(|band| band.code.as_str()));
        raw.into_iter()
            .map(|RawBand { code, minimum, maximum, state, next_step }| {
                self.text(&format!("bands.{code}.state"), &state);
                self.text(&format!("bands.{code}.next_step"), &next_step);
                Band { code, minimum, maximum, state, next_step }
            })
            .collect()
    }

    fn questions(
        &mut self,
        raw: Vec<RawQuestion>,
        parts: &[Part],
        topics: &[Topic],
    ) -> Vec<Question> {
        let range = 1..=MOST_QUESTIONS;
        self.expect(range.contains(&raw.len()), "questions", "are none, or more than 500");
        let mut questions = Vec::with_capacity(raw.len());
        for (expected, question) in (1..).zip(raw) {
            let number = question.number;
            let at = |field: &str| format!("questions.{number}.{field}");
            self.expect(
                number == expected,
                &at("number"),
                &format!("is out of order: {expected} was expected"),
            );
            let part = self.required(&at("part"), question.part).and_then(|code| {
                let index = parts.iter().position(|part| part.code == code);
                self.expect(index.is_some(), &at("part"), "is not one of the parts");
                index
            });
            let theme = self.required_text(&at("theme"), question.theme);
            let text = self.required_text(&at("text"), question.text);
            let why = self.required_text(&at("why"), question.why);
            let find_out = self.required_text(&at("find_out"), question.find_out);
            let measures = self.required(&at("measures"), question.measures).unwrap_or_default();
            self.expect((2..=3).contains(&measures.len()), &at("measures"), "are not two or three");
            for (index, measure) in measures.iter().enumerate() {
                self.text(&at(&format!("measures.{index}")), measure);
            }
            let named = question.topics.unwrap_or_default();
            for topic in &named {
                let known = topics.iter().any(|known| known.code == *topic);
                self.expect(known, &at("topics"), &format!("name `{topic}`, which is no topic"));
            }
            let mut media = Vec::new();
            for code in question.media.unwrap_or_default() {
                match Medium::parse(&code) {
                    Some(medium) if !media.contains(&medium) => media.push(medium),
                    Some(_) => self.expect(false, &at("media"), "name a medium twice"),
                    None => self.expect(false, &at("media"), "name what is no medium"),
                }
            }
            let estimate = |check: &mut Self, field: &str, value: Option<u8>| {
                let value = check.required(&at(field), value);
                check.expect(matches!(value, None | Some(1..=3)), &at(field), "is not 1 to 3");
                value
            };
            let effect = estimate(self, "effect", question.effect);
            let effort = estimate(self, "effort", question.effort);
            if let (
                Some(part),
                Some(theme),
                Some(text),
                Some(why),
                Some(find_out),
                Some(effect),
                Some(effort),
            ) = (part, theme, text, why, find_out, effect, effort)
            {
                questions.push(Question {
                    number,
                    part,
                    theme,
                    text,
                    why,
                    measures,
                    find_out,
                    topics: named,
                    media,
                    effect,
                    effort,
                    not_used: question.not_used.unwrap_or(false),
                });
            }
        }
        questions
    }

    /// Points, bands and their checks go together, or are absent together.
    fn measure(
        &mut self,
        measure: Measure,
        options: &[AnswerOption],
        bands: &[Band],
        cutoffs_verified: Option<bool>,
        questions: usize,
    ) {
        match measure {
            Measure::Commitment | Measure::Coverage => {
                let pointless = options.iter().all(|option| option.points.is_none());
                self.expect(pointless, "options", "have points, though the bank is not scored");
                self.expect(bands.is_empty(), "bands", "are given, though the bank is not scored");
            }
            Measure::Points => {
                let points: Vec<i32> = options.iter().filter_map(|option| option.points).collect();
                let complete = points.len() == options.len();
                self.expect(complete, "options", "lack points, though the bank is scored");
                self.expect(
                    points.is_sorted_by(|better, worse| better > worse),
                    "options",
                    "are not listed from the most points to the fewest",
                );
                let verified = cutoffs_verified.is_some();
                self.expect(verified, "cutoffs_verified", "is missing, though the bank is scored");
                let count = i32::try_from(questions).unwrap_or(0);
                let best = points.first().copied().unwrap_or(0) * count;
                let worst = points.last().copied().unwrap_or(0) * count;
                self.cover(bands, worst, best);
            }
        }
    }

    /// The bands, best first, must cover every total from `worst` to `best` exactly once.
    fn cover(&mut self, bands: &[Band], worst: i32, best: i32) {
        let mut top = best;
        for band in bands {
            let place = format!("bands.{}", band.code);
            self.expect(
                band.maximum == top && band.minimum <= band.maximum,
                &place,
                &format!("does not go down from {top}"),
            );
            top = band.minimum - 1;
        }
        self.expect(
            !bands.is_empty() && top == worst - 1,
            "bands",
            &format!("do not cover every total from {worst} to {best}"),
        );
    }

    fn required<T>(&mut self, place: &str, value: Option<T>) -> Option<T> {
        self.expect(value.is_some(), place, "is missing");
        value
    }

    fn required_text(&mut self, place: &str, text: Option<Text>) -> Option<Text> {
        let text = self.required(place, text)?;
        self.text(place, &text);
        Some(text)
    }

    fn text(&mut self, place: &str, text: &Text) {
        for (language, text) in [("ja", &text.ja), ("en", &text.en)] {
            let place = format!("{place}.{language}");
            self.expect(!text.trim().is_empty(), &place, "is empty");
            let length = text.chars().count();
            self.expect(length <= LONGEST_TEXT, &place, "is longer than 2,000 characters");
            self.expect(!text.chars().any(char::is_control), &place, "has a control character");
        }
    }

    fn codes<'c>(&mut self, place: &str, codes: impl Iterator<Item = &'c str>) {
        let mut seen = BTreeSet::new();
        for code in codes {
            let place = format!("{place}.{code}");
            self.expect(
                is_code(code, '_'),
                &place,
                "is not lower-case words joined by underscores",
            );
            self.expect(seen.insert(code), &place, "is there twice");
        }
    }

    fn expect(&mut self, holds: bool, place: &str, otherwise: &str) {
        if !holds {
            self.flaws.push(Flaw { place: place.to_owned(), what: otherwise.to_owned() });
        }
    }
}

fn is_partial_date(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
    matches!(shape.as_str(), "9999" | "9999-99" | "9999-99-99")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question_bank::library;

    fn flaws(from: &str, to: &str) -> Vec<String> {
        let text = library::text("self-check", "3.0").unwrap();
        assert!(text.contains(from), "{from}");
        let text = text.replacen(from, to, 1);
        let flaws = read(&text, &|_, _| None).unwrap_err();
        flaws.iter().map(Flaw::to_string).collect()
    }

    #[test]
    fn a_malformed_bank_is_refused_and_says_where() {
        for (from, to, flaw) in [
            ("points = 4", "points = 5", "bands.entry_level_met: does not go down from 125"),
            (
                "points = 2",
                "points = 4",
                "options: are not listed from the most points to the fewest",
            ),
            ("minimum = 70", "minimum = 71", "bands.many_gaps: does not go down from 70"),
            (
                "part = \"basic\"",
                "part = \"elsewhere\"",
                "questions.1.part: is not one of the parts",
            ),
            ("number = 2", "number = 20", "questions.20.number: is out of order: 2 was expected"),
            ("effect = ", "effect = 1", "questions.1.effect: is not 1 to 3"),
            ("text_revision = 1", "", "text_revision: is missing"),
            ("edition = \"3.0\"", "edition = \"three\"", "edition: is not like 3.1"),
        ] {
            let flaws = flaws(from, to);
            assert!(flaws.iter().any(|found| found == flaw), "{from}: {flaws:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let flaws = flaws("text_revision = 1", "text_revision = 1\nweight = 3");
        assert!(flaws[0].starts_with("line "), "{flaws:?}");
        assert!(flaws[0].contains("weight"), "{flaws:?}");
    }

    #[test]
    fn an_edition_that_extends_nothing_known_is_refused() {
        let text = library::text("self-check", "3.1").unwrap();
        let flaws = read(text, &|_, _| None).unwrap_err();
        assert_eq!(flaws[0].to_string(), "extends: there is no self-check 3.0 to extend");
    }

    #[test]
    fn a_circle_of_editions_is_refused() {
        let text = library::text("self-check", "3.1").unwrap();
        let flaws = read(text, &|_, _| Some(text)).unwrap_err();
        assert_eq!(flaws[0].place, "extends");
    }

    #[test]
    fn a_fault_of_syntax_is_told_by_line() {
        let flaws = read("bank = \"x\"\nedition = \n", &|_, _| None).unwrap_err();
        assert_eq!(flaws[0].place, "line 2");
    }
}
