//! Self-checks over the years, with what came of them, and sheets that were only begun.

use chrono::{Duration, NaiveDate};
use fastrand::Rng;
use serde_json::{Value, json};

use super::company::{Company, Level};
use super::scribe::Scribe;
use super::{happens, say, weighed};

/// How many questions there are.
const SELF_CHECK: u32 = 25;
const CONTROLS: u32 = 55;

/// The edition of the guideline that was the newest on a day. The day of 4.0 is not known beyond
/// its month.
pub(super) fn edition(day: NaiveDate) -> &'static str {
    let after =
        |year, month, of| NaiveDate::from_ymd_opt(year, month, of).is_some_and(|d| d <= day);
    match () {
        () if after(2026, 4, 1) => "4.0",
        () if after(2023, 4, 26) => "3.1",
        () => "3.0",
    }
}

/// Writes the assessments of a company.
pub(super) async fn write(
    scribe: &Scribe<'_>,
    rng: &mut Rng,
    company: &Company,
) -> Result<(), String> {
    let mut day = company.joined + Duration::days(rng.i64(1..15));
    scribe.on(day);
    if happens(rng, 20) {
        // It came with a sheet of paper from the years before.
        let earlier = day - Duration::days(rng.i64(200..1_100));
        let sheet = Sheet { earlier: true, ..Sheet::of("self-check", earlier) };
        sheet.submit(scribe, rng, company, 0).await?;
    }
    let mut better = 0;
    loop {
        scribe.on(day);
        Sheet::of("self-check", day).submit(scribe, rng, company, better).await?;
        let next = day + Duration::days(rng.i64(180..420));
        if next > scribe.today() || !happens(rng, 75) {
            break;
        }
        (day, better) = (next, better + rng.u32(4..16));
    }
    if company.number % 6 == 2 {
        Sheet::of("articles", day).submit(scribe, rng, company, better).await?;
    }
    if let Some(unit) = company.units.first().filter(|_| company.number.is_multiple_of(3)) {
        let sheet = Sheet { unit: Some(unit), ..Sheet::of("self-check", day) };
        sheet.submit(scribe, rng, company, better).await?;
    }
    if company.number % 10 == 7 {
        let begun = scribe.today() - Duration::days(rng.i64(1..40));
        scribe.on(begun);
        let answered = rng.u32(5..21);
        Sheet::of("self-check", begun).begin(scribe, rng, company, better, answered).await?;
    }
    Ok(())
}

/// A company's controls, which its risks are rated by.
pub(super) async fn controls(
    scribe: &Scribe<'_>,
    rng: &mut Rng,
    company: &Company,
    day: NaiveDate,
) -> Result<(), String> {
    Sheet::of("controls", day).submit(scribe, rng, company, 0).await
}

/// A sheet of answers.
struct Sheet<'u> {
    bank: &'static str,
    day: NaiveDate,
    /// Whether it was answered before anybody wrote it down here.
    earlier: bool,
    unit: Option<&'u str>,
}

impl Sheet<'_> {
    const fn of(bank: &'static str, day: NaiveDate) -> Self {
        Self { bank, day, earlier: false, unit: None }
    }

    fn questions(&self) -> u32 {
        match self.bank {
            "self-check" => SELF_CHECK,
            "controls" => CONTROLS,
            _ if edition(self.day) == "4.0" => 6,
            _ => 5,
        }
    }

    /// Begins the sheet and answers its first questions; gives its place.
    async fn begin(
        &self,
        scribe: &Scribe<'_>,
        rng: &mut Rng,
        company: &Company,
        better: u32,
        answered: u32,
    ) -> Result<String, String> {
        let mut about = json!({
            "question_bank": self.bank, "edition": edition(self.day), "answered_on": self.day,
            "respondent": weighed(rng, &[(60, "management"), (40, "person_in_charge")], "management"),
            "method": if self.earlier { "transcribed" } else { "self" },
        });
        if !self.earlier && happens(rng, 15) {
            say(&mut about, "method", json!("assisted"));
            say(&mut about, "assisted_by", json!("見本商工会議所 見本 花子"));
        }
        if let Some(unit) = self.unit {
            say(&mut about, "unit", json!(unit.rsplit('/').next()));
        }
        let place = scribe.post(company.keeper, &company.at("assessments"), about).await?.place;
        let answers: Vec<Value> = (1..=answered)
            .map(|question| json!({"question": question, "option": self.option(rng, company.level, better)}))
            .collect();
        let answers = json!({ "answers": answers });
        scribe.put(company.keeper, &format!("{place}/answers"), answers).await?;
        Ok(place)
    }

    /// Answers the whole sheet and submits it.
    async fn submit(
        &self,
        scribe: &Scribe<'_>,
        rng: &mut Rng,
        company: &Company,
        better: u32,
    ) -> Result<(), String> {
        let place = self.begin(scribe, rng, company, better, self.questions()).await?;
        scribe.post(company.keeper, &format!("{place}/submit"), json!({})).await.map(drop)
    }

    /// An answer, the better the further a company has come.
    fn option(&self, rng: &mut Rng, level: Level, better: u32) -> &'static str {
        let [all, part, nothing, unknown] = match level {
            Level::Good => [82, 13, 4, 1],
            Level::Middling => [48, 33, 14, 5],
            Level::Urgent => [20, 28, 37, 15],
        };
        if self.bank == "articles" {
            let choices = [(all + better, "doing"), (part, "will_start"), (nothing, "not_yet")];
            return weighed(rng, &choices, "doing");
        }
        let choices = [
            (all + better, "implemented"),
            (part, "partly_implemented"),
            (nothing, "not_implemented"),
            (unknown, "unknown"),
        ];
        weighed(rng, &choices, "implemented")
    }
}
