//! Which statements about a preparation do not hold together.

use chrono::NaiveDate;

use super::{
    EDITIONS, Gbizid, GbizidAccount, GbizidKind, OfficialSelfCheck, Preparation, Publication,
};

/// A fault of a [`Preparation`], and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct PreparationError {
    /// The path of the field, such as `publication/gone_on`.
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: PreparationFault,
}

/// What is wrong with a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreparationFault {
    /// The day has not come yet.
    #[error("the day lies in the future")]
    InFuture,
    /// Nothing is written there.
    #[error("is blank")]
    Blank,
    /// None of [`EDITIONS`].
    #[error("is no edition that a declaration is made under")]
    UnknownEdition,
    /// No answers of the 25 questions add up to it.
    #[error("is no total that the 25 questions can give")]
    ImpossibleTotal,
    /// It says something of a sheet that was not used.
    #[error("the sheet was not used")]
    NotUsed,
    /// It rests on a policy that is not established.
    #[error("the policy is not established")]
    NotEstablished,
    /// It says something of a publication that there was not.
    #[error("the policy is not published")]
    NotPublished,
    /// The page was gone before it was there.
    #[error("lies before the day of publication")]
    BeforePublication,
    /// It says something of an account that there is not.
    #[error("there is no account")]
    NoAccount,
}

impl Preparation {
    /// Every fault of what is stated, in the order of the fields.
    #[must_use]
    pub fn check(&self, today: NaiveDate) -> Vec<PreparationError> {
        let mut faults = Faults { today, found: Vec::new() };
        if let Some(commitment) = &self.commitment {
            let blank = commitment.committed_by.trim().is_empty();
            faults.when(blank, "commitment/committed_by", PreparationFault::Blank);
            faults.day("commitment/committed_on", Some(commitment.committed_on));
            faults.edition("commitment/edition", commitment.edition.as_deref());
        }
        faults.day("sixth_article_committed_on", self.sixth_article_committed_on);
        if let Some(sheet) = &self.official_self_check {
            faults.self_check(sheet);
        }
        if let Some(policy) = &self.policy {
            faults.day("policy/established_on", policy.established_on);
            let early = !policy.established && policy.established_on.is_some();
            faults.when(early, "policy/established_on", PreparationFault::NotEstablished);
        }
        if let Some(publication) = &self.publication {
            let unfounded = publication.published
                && self.policy.as_ref().is_some_and(|policy| !policy.established);
            faults.when(unfounded, "publication/published", PreparationFault::NotEstablished);
            faults.publication(publication);
        }
        if let Some(Gbizid { kind: Some(GbizidKind::None), expires_on, account }) = &self.gbizid {
            let fault = PreparationFault::NoAccount;
            faults.when(expires_on.is_some(), "gbizid/expires_on", fault);
            faults.when(*account != GbizidAccount::Unknown, "gbizid/account", fault);
        }
        faults.found
    }
}

struct Faults {
    today: NaiveDate,
    found: Vec<PreparationError>,
}

impl Faults {
    fn when(&mut self, faulty: bool, field: &'static str, fault: PreparationFault) {
        if faulty {
            self.found.push(PreparationError { field, fault });
        }
    }

    fn day(&mut self, field: &'static str, day: Option<NaiveDate>) {
        let future = day.is_some_and(|day| day > self.today);
        self.when(future, field, PreparationFault::InFuture);
    }

    fn edition(&mut self, field: &'static str, edition: Option<&str>) {
        let unknown = edition.is_some_and(|edition| !EDITIONS.contains(&edition));
        self.when(unknown, field, PreparationFault::UnknownEdition);
    }

    fn self_check(&mut self, sheet: &OfficialSelfCheck) {
        let (edition, day, total) = (
            "official_self_check/edition",
            "official_self_check/answered_on",
            "official_self_check/total",
        );
        if sheet.used {
            self.edition(edition, sheet.edition.as_deref());
            self.day(day, sheet.answered_on);
            let possible = |total| matches!(total, -25..=96 | 98 | 100);
            let impossible = sheet.total.is_some_and(|total| !possible(total));
            self.when(impossible, total, PreparationFault::ImpossibleTotal);
        } else {
            self.when(sheet.edition.is_some(), edition, PreparationFault::NotUsed);
            self.when(sheet.answered_on.is_some(), day, PreparationFault::NotUsed);
            self.when(sheet.total.is_some(), total, PreparationFault::NotUsed);
        }
    }

    fn publication(&mut self, publication: &Publication) {
        let (since, gone) = ("publication/published_on", "publication/gone_on");
        self.day(since, publication.published_on);
        self.day(gone, publication.gone_on);
        if publication.published {
            let early = publication.gone_on.zip(publication.published_on);
            let early = early.is_some_and(|(gone, since)| gone < since);
            self.when(early, gone, PreparationFault::BeforePublication);
        } else {
            self.when(publication.published_on.is_some(), since, PreparationFault::NotPublished);
            self.when(publication.gone_on.is_some(), gone, PreparationFault::NotPublished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Commitment, Policy};
    use super::PreparationFault::*;
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn faults(preparation: &Preparation) -> Vec<(&'static str, PreparationFault)> {
        let today = day("2026-11-25");
        preparation.check(today).into_iter().map(|error| (error.field, error.fault)).collect()
    }

    #[test]
    fn nothing_stated_is_no_fault_and_today_is_not_the_future() {
        assert_eq!(faults(&Preparation::default()), []);
        let today = Preparation {
            sixth_article_committed_on: Some(day("2026-11-25")),
            publication: Some(Publication {
                published: true,
                published_on: Some(day("2026-11-25")),
                gone_on: Some(day("2026-11-25")),
                ..Publication::default()
            }),
            ..Preparation::default()
        };
        assert_eq!(faults(&today), []);
    }

    #[test]
    fn every_day_in_the_future_is_named() {
        let tomorrow = day("2026-11-26");
        let all = Preparation {
            commitment: Some(Commitment {
                committed_by: " ".to_owned(),
                committed_on: tomorrow,
                edition: Some("2.1".to_owned()),
            }),
            sixth_article_committed_on: Some(tomorrow),
            official_self_check: Some(OfficialSelfCheck {
                used: true,
                answered_on: Some(tomorrow),
                ..OfficialSelfCheck::default()
            }),
            policy: Some(Policy { established: true, established_on: Some(tomorrow), title: None }),
            publication: Some(Publication {
                published: true,
                published_on: Some(tomorrow),
                gone_on: Some(tomorrow),
                ..Publication::default()
            }),
            gbizid: Some(Gbizid {
                kind: Some(GbizidKind::Prime),
                expires_on: Some(day("2028-10-01")),
                account: GbizidAccount::Same,
            }),
        };
        assert_eq!(
            faults(&all),
            [
                ("commitment/committed_by", Blank),
                ("commitment/committed_on", InFuture),
                ("commitment/edition", UnknownEdition),
                ("sixth_article_committed_on", InFuture),
                ("official_self_check/answered_on", InFuture),
                ("policy/established_on", InFuture),
                ("publication/published_on", InFuture),
                ("publication/gone_on", InFuture),
            ]
        );
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let past = Some(day("2026-10-01"));
        let not_used = OfficialSelfCheck {
            used: false,
            edition: Some("3.1".to_owned()),
            answered_on: past,
            total: Some(80),
        };
        let publication = |published, gone_on| Publication {
            published,
            published_on: past,
            gone_on,
            ..Publication::default()
        };
        let contradicting = Preparation {
            official_self_check: Some(not_used),
            policy: Some(Policy { established: false, established_on: past, title: None }),
            publication: Some(publication(true, Some(day("2026-09-30")))),
            gbizid: Some(Gbizid {
                kind: Some(GbizidKind::None),
                expires_on: past,
                account: GbizidAccount::Same,
            }),
            ..Preparation::default()
        };
        assert_eq!(
            faults(&contradicting),
            [
                ("official_self_check/edition", NotUsed),
                ("official_self_check/answered_on", NotUsed),
                ("official_self_check/total", NotUsed),
                ("policy/established_on", NotEstablished),
                ("publication/published", NotEstablished),
                ("publication/gone_on", BeforePublication),
                ("gbizid/expires_on", NoAccount),
                ("gbizid/account", NoAccount),
            ]
        );
        let unpublished =
            Preparation { publication: Some(publication(false, past)), ..Preparation::default() };
        let expected =
            [("publication/published_on", NotPublished), ("publication/gone_on", NotPublished)];
        assert_eq!(faults(&unpublished), expected);
    }

    #[test]
    fn a_total_is_one_that_the_sheet_can_give() {
        for (total, possible) in [
            (-26, false),
            (-25, true),
            (96, true),
            (97, false),
            (98, true),
            (99, false),
            (101, false),
        ] {
            let sheet = OfficialSelfCheck {
                used: true,
                total: Some(total),
                ..OfficialSelfCheck::default()
            };
            let stated = Preparation { official_self_check: Some(sheet), ..Preparation::default() };
            assert_eq!(faults(&stated).is_empty(), possible, "{total}");
        }
    }
}
