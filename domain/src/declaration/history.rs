//! What happened to a declaration, and what was known of it when.
//!
//! A history only grows. Each entry says something of a day (`on`) and carries the time at which it
//! was recorded, so that one can ask what was true on a day, and what was known of it at a time. A
//! mistake is corrected by an entry that voids another; both stay.
//!
//! ```text
//!              ┌──declared──▶ declared ──superseded──▶ superseded
//! preparing ───┤                │  ▲  └──────stopped──────▶│
//!     │        └──lost──▶ unknown ─┘ ────────stopped──▶ stopped
//! ```
//! Whatever is added, the whole history is read again in the order of its days, and every move in it
//! must be one of these.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DeclarationId, Grade, State, StoppedBy};

/// What was declared, as it was declared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// One or two; `None` where the company does not know.
    pub stars: Option<u8>,
    /// The self-declaration id (自己宣言ID).
    pub id: Option<DeclarationId>,
    /// The edition of the guideline whose articles were declared: 3.0 and 3.1 have five, 4.0 has
    /// six. Never inferred from a day.
    pub articles_edition: Option<String>,
    /// What it was declared for (宣言の目的).
    pub purpose: Option<String>,
    /// Whom IPA's system knows as the contact (担当者).
    pub contact: Option<Contact>,
    /// The declarant's details as they were registered.
    pub registered: Registered,
}

/// The contact of a declaration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The department.
    pub department: Option<String>,
    /// The person.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
}

/// Name and address as declared; a later change of the organization does not reach them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The name.
    pub name: Option<String>,
    /// Seven digits.
    pub postal_code: Option<String>,
    /// Two digits of JIS X 0401.
    pub prefecture: Option<String>,
    /// The municipality and what follows.
    pub municipality: Option<String>,
    /// The rest of the address.
    pub street: Option<String>,
    /// The representative's name.
    pub representative_name: Option<String>,
}

/// Somebody looked into a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// How far: `DocumentSeen` or `MatchedToPublication`; the lower grades need nobody.
    pub grade: Grade,
    /// Who looked.
    pub seen_by: String,
    /// At what.
    pub note: Option<String>,
    /// Where it can be found.
    pub url: Option<String>,
}

/// One thing that is known of a declaration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// The company began to prepare it.
    Prepared(Terms),
    /// The company declared.
    Declared(Terms),
    /// The registration changed: a star was raised, an id came or changed, a contact moved.
    Amended(Terms),
    /// A newer declaration took its place.
    Superseded {
        /// That declaration.
        by: Uuid,
    },
    /// It was stopped.
    Stopped {
        /// By whom.
        by: StoppedBy,
    },
    /// From here on nobody can say how it stands.
    Lost,
    /// Somebody looked into it.
    EvidenceSeen(Evidence),
    /// Somebody confirmed that it stands.
    Confirmed {
        /// Who.
        by: Option<String>,
    },
    /// Another entry was a mistake.
    Voided {
        /// That entry.
        entry: Uuid,
        /// Why.
        reason: String,
    },
}

/// The kind of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FactKind {
    /// [`Fact::Prepared`].
    Prepared,
    /// [`Fact::Declared`].
    Declared,
    /// [`Fact::Amended`].
    Amended,
    /// [`Fact::Superseded`].
    Superseded,
    /// [`Fact::Stopped`].
    Stopped,
    /// [`Fact::Lost`].
    Lost,
    /// [`Fact::EvidenceSeen`].
    EvidenceSeen,
    /// [`Fact::Confirmed`].
    Confirmed,
    /// [`Fact::Voided`].
    Voided,
}

impl FactKind {
    /// Every kind that can be said of a declaration; a voiding is said of an entry.
    pub const MOVES: [Self; 8] = [
        Self::Prepared,
        Self::Declared,
        Self::Amended,
        Self::Superseded,
        Self::Stopped,
        Self::Lost,
        Self::EvidenceSeen,
        Self::Confirmed,
    ];

    /// Where a declaration stands after this was said of it; `None` where it can't be said there.
    #[must_use]
    pub const fn from(self, state: Option<State>) -> Option<State> {
        use State::{Declared, Preparing, Stopped, Superseded, Unknown};
        match (state, self) {
            (None, Self::Prepared) => Some(Preparing),
            (None | Some(Preparing | Unknown), Self::Declared)
            | (Some(Declared), Self::Amended | Self::Confirmed) => Some(Declared),
            (Some(Preparing), Self::Amended) => Some(Preparing),
            (None | Some(Preparing | Declared), Self::Lost) => Some(Unknown),
            (Some(Declared | Unknown), Self::Superseded) => Some(Superseded),
            (Some(Declared | Unknown | Superseded), Self::Stopped) => Some(Stopped),
            (Some(stays @ (Declared | Superseded | Stopped | Unknown)), Self::EvidenceSeen) => {
                Some(stays)
            }
            _ => None,
        }
    }
}

impl Fact {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> FactKind {
        match self {
            Self::Prepared(_) => FactKind::Prepared,
            Self::Declared(_) => FactKind::Declared,
            Self::Amended(_) => FactKind::Amended,
            Self::Superseded { .. } => FactKind::Superseded,
            Self::Stopped { .. } => FactKind::Stopped,
            Self::Lost => FactKind::Lost,
            Self::EvidenceSeen(_) => FactKind::EvidenceSeen,
            Self::Confirmed { .. } => FactKind::Confirmed,
            Self::Voided { .. } => FactKind::Voided,
        }
    }
}

/// A fact with its day and the time at which it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// The day from which it holds, in Japan.
    pub on: NaiveDate,
    /// When it was recorded.
    pub recorded_at: DateTime<Utc>,
    /// What it says.
    pub fact: Fact,
}

/// What a declaration is, on a day and as far as was known at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: State,
    /// Since which day.
    pub since: NaiveDate,
    /// What was declared.
    pub terms: Terms,
    /// The day of the declaration.
    pub declared_on: Option<NaiveDate>,
    /// Who stopped it.
    pub stopped_by: Option<StoppedBy>,
    /// The declaration that took its place.
    pub superseded_by: Option<Uuid>,
    /// The highest grade that holds for the terms as they are: what was seen before a star or an id
    /// changed says nothing of the new one.
    pub grade: Grade,
    /// Who looked into the terms as they are, and on which day; the latest last.
    pub evidence: Vec<(NaiveDate, Evidence)>,
    /// The latest day on which somebody said that it stands, or looked.
    pub confirmed_on: Option<NaiveDate>,
}

/// Why a history can't be added to so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A day that is still to come.
    #[error("a day that is still to come")]
    FutureDay,
    /// The move is not possible from where the declaration stood on that day.
    #[error("not possible from there")]
    Impossible {
        /// Which move.
        kind: FactKind,
        /// From where; `None` before anything was said.
        from: Option<State>,
        /// On which day.
        on: NaiveDate,
    },
    /// There is no entry to void, or it was voided before, or is itself a voiding.
    #[error("no entry that can be voided")]
    NotVoidable,
}

/// The entries that count for what was known at a time: recorded by then, and not voided by then.
fn counted(
    entries: &[Entry],
    known_at: Option<DateTime<Utc>>,
) -> impl Iterator<Item = &Entry> + Clone {
    let known = move |entry: &&Entry| known_at.is_none_or(|at| entry.recorded_at <= at);
    let voided = move |id: Uuid| {
        entries
            .iter()
            .filter(known)
            .any(|entry| matches!(entry.fact, Fact::Voided { entry, .. } if entry == id))
    };
    let is_voiding = |entry: &Entry| matches!(entry.fact, Fact::Voided { .. });
    entries.iter().filter(known).filter(move |entry| !is_voiding(entry) && !voided(entry.id))
}

/// Where a declaration stood on a day, as far as was known at a time (now, if `None`). `entries` are
/// those of one declaration in the order of their recording. `None` where nothing is known to have
/// happened by that day.
///
/// # Errors
///
/// [`Refusal::Impossible`] for the first move that is none; a history that was added to by
/// [`admit`] alone has none.
pub fn standing(
    entries: &[Entry],
    as_of: NaiveDate,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Standing>, Refusal> {
    let places = places(entries);
    let mut counted: Vec<&Entry> =
        counted(entries, known_at).filter(|entry| entry.on <= as_of).collect();
    // What was recorded first comes first within a day.
    counted.sort_by_key(|entry| (entry.on, places.get(&entry.id)));
    let mut now: Option<Standing> = None;
    for entry in counted {
        now = Some(step(now, entry)?);
    }
    Ok(now)
}

/// The place of each entry within its day: that of its recording, but an entry that was recorded
/// together with the voiding of another takes the other's.
fn places(entries: &[Entry]) -> BTreeMap<Uuid, usize> {
    let mut places = BTreeMap::new();
    let mut before: Option<&Entry> = None;
    for (index, entry) in entries.iter().enumerate() {
        let replaced = before.filter(|before| before.recorded_at == entry.recorded_at);
        let replaced = replaced.and_then(|before| match before.fact {
            Fact::Voided { entry: voided, .. } => places.get(&voided).copied(),
            _ => None,
        });
        places.insert(entry.id, replaced.unwrap_or(index));
        before = Some(entry);
    }
    places
}

fn step(before: Option<Standing>, entry: &Entry) -> Result<Standing, Refusal> {
    let (kind, on) = (entry.fact.kind(), entry.on);
    let from = before.as_ref().map(|standing| standing.state);
    let state = kind.from(from).ok_or(Refusal::Impossible { kind, from, on })?;
    let mut now = before.unwrap_or(Standing {
        state,
        since: on,
        terms: Terms::default(),
        declared_on: None,
        stopped_by: None,
        superseded_by: None,
        grade: Grade::SelfReported,
        evidence: Vec::new(),
        confirmed_on: None,
    });
    if now.state != state {
        now.state = state;
        now.since = on;
    }
    match &entry.fact {
        Fact::Prepared(terms) | Fact::Amended(terms) | Fact::Declared(terms) => {
            let same = now.terms.stars == terms.stars && now.terms.id == terms.id;
            if !same {
                now.grade = unseen(terms);
                now.evidence.clear();
            }
            now.terms = terms.clone();
            if kind == FactKind::Declared {
                now.declared_on = Some(on);
            }
            if state == State::Declared {
                now.confirmed_on = now.confirmed_on.max(Some(on));
            }
        }
        Fact::Superseded { by } => now.superseded_by = Some(*by),
        Fact::Stopped { by } => now.stopped_by = Some(*by),
        Fact::EvidenceSeen(evidence) => {
            if evidence.grade.rank() > now.grade.rank() {
                now.grade = evidence.grade;
            }
            now.evidence.push((on, evidence.clone()));
            now.confirmed_on = now.confirmed_on.max(Some(on));
        }
        Fact::Confirmed { .. } => now.confirmed_on = now.confirmed_on.max(Some(on)),
        Fact::Lost | Fact::Voided { .. } => {}
    }
    Ok(now)
}

/// The grade of terms into which nobody has looked.
const fn unseen(terms: &Terms) -> Grade {
    if terms.id.is_some() { Grade::IdFormatChecked } else { Grade::SelfReported }
}

/// Whether `added` may be recorded behind `entries`: no day still to come, no entry voided twice,
/// and with them the whole history is one of possible moves.
///
/// # Errors
///
/// [`Refusal`] says what can't be so.
pub fn admit(entries: &[Entry], added: &[Entry], today: NaiveDate) -> Result<(), Refusal> {
    if added.iter().any(|entry| entry.on > today) {
        return Err(Refusal::FutureDay);
    }
    let mut whole = entries.to_vec();
    for entry in added {
        if let Fact::Voided { entry: voided, .. } = entry.fact
            && !counted(&whole, None).any(|counts| counts.id == voided)
        {
            return Err(Refusal::NotVoidable);
        }
        whole.push(entry.clone());
    }
    standing(&whole, NaiveDate::MAX, None).map(drop)
}

/// What may be said next of a declaration that stands so.
#[must_use]
pub fn moves(state: Option<State>) -> Vec<FactKind> {
    FactKind::MOVES.into_iter().filter(|kind| kind.from(state).is_some()).collect()
}

#[cfg(test)]
mod tests;
