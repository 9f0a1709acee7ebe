//! Reminders about a declaration: what somebody should look at, and from which day.
//!
//! A reminder says only what is known, and rests on days that somebody entered or recorded. It is
//! the same whatever today is; the caller shows what is [`due`].

mod texts;

use chrono::{Days, NaiveDate};

use crate::declaration::Generation;
use crate::readiness::{coded, has_five_articles};

pub use texts::{ReminderText, ReminderTexts};

/// For how many days a confirmation is fresh. Mamori's own default: a declaration has no expiry.
pub const STALE_AFTER_DAYS: u16 = 365;

/// How many days before its last day an account is spoken of; mamori's own default.
pub const LAPSING_BEFORE_DAYS: u16 = 60;

/// The day on which IPA's new system began: until then an old id was the only one.
const NEW_SYSTEM: NaiveDate = match NaiveDate::from_ymd_opt(2026, 4, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

coded! {
    /// What a reminder is about.
    pub enum Kind {
        /// Nobody has confirmed the declaration for long.
        ConfirmationStale = "confirmation_stale",
        /// The id is of the old system, and there is no newer one.
        OldGenerationInUse = "old_generation_in_use",
        /// The page of the policy was found gone.
        PolicyPageGone = "policy_page_gone",
        /// The five articles were declared, and no commitment to the sixth is stated.
        SixthArticleNotCommitted = "sixth_article_not_committed",
        /// The account's last day comes near.
        AccountLapsing = "account_lapsing",
        /// The account's last day has passed.
        AccountLapsed = "account_lapsed",
        /// The organization's details are no longer those that were declared.
        DetailsChanged = "details_changed",
        /// Declarations on record contradict each other.
        ConflictingDeclarations = "conflicting_declarations",
        /// A declaration has no id on record.
        DeclarationIdMissing = "declaration_id_missing",
        /// A declaration has no stars on record.
        StarsUnknown = "stars_unknown",
    }
}

/// What reminders are drawn from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// Whether there is a declaration that is neither superseded nor stopped.
    pub declared: bool,
    /// When it was declared.
    pub declared_on: Option<NaiveDate>,
    /// When somebody last confirmed it.
    pub confirmed_on: Option<NaiveDate>,
    /// Its stars.
    pub stars: Option<u8>,
    /// Whether its id is on record.
    pub has_id: bool,
    /// The generation of that id.
    pub generation: Option<Generation>,
    /// Whether the organization has an id of a newer generation too.
    pub newer_generation_exists: bool,
    /// The edition whose articles were declared, where it is stated.
    pub articles_edition: Option<String>,
    /// The day of a commitment to the sixth article.
    pub sixth_article_committed_on: Option<NaiveDate>,
    /// The day on which somebody found the policy's page gone.
    pub policy_gone_on: Option<NaiveDate>,
    /// The account's last day, as a user entered it.
    pub account_expires_on: Option<NaiveDate>,
    /// The day since which the organization's details differ from those declared.
    pub details_changed_on: Option<NaiveDate>,
    /// The day since which declarations contradict each other.
    pub conflicting_since: Option<NaiveDate>,
}

/// A reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// What it is about.
    pub kind: Kind,
    /// The first day on which it is due.
    pub from: NaiveDate,
    /// The day that it speaks of, such as the account's last.
    pub about: Option<NaiveDate>,
}

/// Every reminder that follows from the circumstances, the earliest first.
///
/// One that has no day to begin from is left out: nothing is inferred.
#[must_use]
pub fn reminders(circumstances: &Circumstances) -> Vec<Reminder> {
    let mut reminders = Vec::new();
    let mut add = |kind, from: Option<NaiveDate>, about| {
        reminders.extend(from.map(|from| Reminder { kind, from, about }));
    };
    if circumstances.declared {
        for (kind, from, about) in of_a_declaration(circumstances) {
            add(kind, from, about);
        }
    }
    let conflict = circumstances.conflicting_since;
    add(Kind::ConflictingDeclarations, conflict, conflict);
    if let Some(last) = circumstances.account_expires_on {
        let before = last.checked_sub_days(Days::new(LAPSING_BEFORE_DAYS.into()));
        add(Kind::AccountLapsing, before.or(Some(last)), Some(last));
        add(Kind::AccountLapsed, last.succ_opt(), Some(last));
    }
    reminders.sort_by_key(|reminder| (reminder.from, reminder.kind));
    reminders
}

type Candidate = (Kind, Option<NaiveDate>, Option<NaiveDate>);

fn of_a_declaration(known: &Circumstances) -> impl Iterator<Item = Candidate> {
    let (declared_on, confirmed_on) = (known.declared_on, known.confirmed_on);
    let recorded = declared_on.or(confirmed_on);
    let stale = confirmed_on.and_then(|confirmed| {
        confirmed.checked_add_days(Days::new(u64::from(STALE_AFTER_DAYS) + 1))
    });
    let old = known.generation == Some(Generation::Old) && !known.newer_generation_exists;
    let needs_policy = known.stars != Some(1);
    let five = known.articles_edition.as_deref().is_some_and(has_five_articles)
        && known.sixth_article_committed_on.is_none();
    let (gone, changed) = (known.policy_gone_on, known.details_changed_on);
    [
        (true, Kind::ConfirmationStale, stale, confirmed_on),
        (old, Kind::OldGenerationInUse, declared_on.max(Some(NEW_SYSTEM)), declared_on),
        (needs_policy, Kind::PolicyPageGone, gone, gone),
        (five, Kind::SixthArticleNotCommitted, recorded, declared_on),
        (true, Kind::DetailsChanged, changed, changed),
        (!known.has_id, Kind::DeclarationIdMissing, recorded, declared_on),
        (known.stars.is_none(), Kind::StarsUnknown, recorded, declared_on),
    ]
    .into_iter()
    .filter_map(|(holds, kind, from, about)| holds.then_some((kind, from, about)))
}

/// The first day on which one of the reminders is due.
#[must_use]
pub fn earliest(reminders: &[Reminder]) -> Option<NaiveDate> {
    reminders.iter().map(|reminder| reminder.from).min()
}

/// The reminders to show today. An account that has lapsed is no longer called lapsing.
#[must_use]
pub fn due(reminders: &[Reminder], today: NaiveDate) -> Vec<&Reminder> {
    let is_due = |reminder: &&Reminder| reminder.from <= today;
    let lapsed = |last| {
        reminders
            .iter()
            .filter(is_due)
            .any(|one| one.kind == Kind::AccountLapsed && one.about == last)
    };
    reminders
        .iter()
        .filter(is_due)
        .filter(|one| one.kind != Kind::AccountLapsing || !lapsed(one.about))
        .collect()
}

#[cfg(test)]
mod tests;
