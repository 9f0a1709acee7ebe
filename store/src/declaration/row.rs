//! The rows of declarations: what is kept of a history beside its entries.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use mamori_domain::declaration::history::Entry;
use mamori_domain::declaration::{Grade, State};
use uuid::Uuid;

use super::{Declaration, DeclarationRegister};
use crate::Error;
use crate::schema::{declaration, declaration_entry, declaration_register};
use crate::types::{At, Uid, text_enum};

text_enum!(State, state_to_text, state_from_text, {
    State::Preparing = "preparing",
    State::Declared = "declared",
    State::Superseded = "superseded",
    State::Stopped = "stopped",
    State::Unknown = "unknown",
});
text_enum!(Grade, grade_to_text, grade_from_text, {
    Grade::SelfReported = "self_reported",
    Grade::IdFormatChecked = "id_format_checked",
    Grade::DocumentSeen = "document_seen",
    Grade::MatchedToPublication = "matched_to_publication",
});

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = declaration_register, treat_none_as_default_value = false)]
pub(crate) struct RegisterRow {
    pub(crate) organization_id: Uid,
    pub(crate) custodian_id: Uid,
    pub(crate) known_through: At,
    pub(crate) main_id: Option<Uid>,
    pub(crate) conflicting_since: Option<NaiveDate>,
    pub(crate) old_beside_new: bool,
    pub(crate) details_changed_on: Option<NaiveDate>,
    pub(crate) preparation: String,
    pub(crate) reminder_from: Option<NaiveDate>,
    pub(crate) revision: i64,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
}

impl TryFrom<RegisterRow> for DeclarationRegister {
    type Error = Error;

    fn try_from(row: RegisterRow) -> Result<Self, Error> {
        Ok(Self {
            organization: row.organization_id.0,
            known_through: row.known_through.0,
            preparation: serde_json::from_str(&row.preparation)
                .map_err(|_| Error::corrupt("a preparation"))?,
            main: row.main_id.map(|id| id.0),
            conflicting_since: row.conflicting_since,
            old_beside_new: row.old_beside_new,
            details_changed_on: row.details_changed_on,
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = declaration, treat_none_as_default_value = false)]
pub(crate) struct Row {
    pub(crate) id: Uid,
    pub(crate) custodian_id: Uid,
    pub(crate) organization_id: Uid,
    pub(crate) self_declaration_id: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) stars: Option<i32>,
    pub(crate) articles_edition: Option<String>,
    pub(crate) grade: String,
    pub(crate) declared_on: Option<NaiveDate>,
    pub(crate) confirmed_on: Option<NaiveDate>,
    pub(crate) superseded_by: Option<Uid>,
    pub(crate) listed: bool,
    pub(crate) revision: i64,
    pub(crate) created_at: At,
    pub(crate) updated_at: At,
}

impl Row {
    /// The row of a declaration as it stands by everything that is known.
    pub(crate) fn of(value: &Declaration, custodian_id: Uid, listed: bool) -> Result<Self, Error> {
        let standing = value.standing(NaiveDate::MAX, None)?;
        let terms = standing.as_ref().map(|standing| standing.terms.clone()).unwrap_or_default();
        Ok(Self {
            id: Uid(value.id),
            custodian_id,
            organization_id: Uid(value.organization),
            self_declaration_id: terms.id.map(String::from),
            state: standing.as_ref().map(|standing| state_to_text(standing.state).to_owned()),
            stars: terms.stars.map(i32::from),
            articles_edition: terms.articles_edition,
            grade: grade_to_text(standing.as_ref().map_or(Grade::SelfReported, |s| s.grade))
                .to_owned(),
            declared_on: standing.as_ref().and_then(|standing| standing.declared_on),
            confirmed_on: standing.as_ref().and_then(|standing| standing.confirmed_on),
            superseded_by: standing.and_then(|standing| standing.superseded_by).map(Uid),
            listed,
            revision: value.revision,
            created_at: At(value.created_at),
            updated_at: At(value.updated_at),
        })
    }
}

/// The part of a declaration's row that is not its history.
pub(crate) type Bare = (Uid, Uid, i64, At, At);

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = declaration_entry, treat_none_as_default_value = false)]
pub(crate) struct EntryRow {
    pub(crate) declaration_id: Uid,
    pub(crate) number: i32,
    pub(crate) id: Uid,
    pub(crate) custodian_id: Uid,
    pub(crate) organization_id: Uid,
    pub(crate) effective_on: NaiveDate,
    pub(crate) recorded_at: At,
    pub(crate) fact: String,
}

impl TryFrom<EntryRow> for Entry {
    type Error = Error;

    fn try_from(row: EntryRow) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.0,
            on: row.effective_on,
            recorded_at: row.recorded_at.0,
            fact: serde_json::from_str(&row.fact).map_err(|_| Error::corrupt("a fact"))?,
        })
    }
}

/// Puts each entry to its declaration.
pub(crate) fn assemble(bare: Vec<Bare>, entries: Vec<EntryRow>) -> Result<Vec<Declaration>, Error> {
    let mut histories: BTreeMap<Uuid, Vec<Entry>> = BTreeMap::new();
    for row in entries {
        histories.entry(row.declaration_id.0).or_default().push(row.try_into()?);
    }
    let whole = |(id, organization, revision, created_at, updated_at): Bare| Declaration {
        id: id.0,
        organization: organization.0,
        entries: histories.remove(&id.0).unwrap_or_default(),
        revision,
        created_at: created_at.0,
        updated_at: updated_at.0,
    };
    Ok(bare.into_iter().map(whole).collect())
}

/// The columns of [`Bare`].
macro_rules! bare {
    () => {
        (
            declaration::id,
            declaration::organization_id,
            declaration::revision,
            declaration::created_at,
            declaration::updated_at,
        )
    };
}
pub(crate) use bare;
