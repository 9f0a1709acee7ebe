//! Declarations of SECURITY ACTION with their histories, and the row that holds an organization's
//! together.

pub(crate) mod row;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use diesel::prelude::*;
use mamori_domain::declaration::State;
use mamori_domain::declaration::history::{Entry, Fact, Refusal, Standing, admit, standing};
use mamori_domain::declaration::summary::{Stated, Summary, details_differ, summarize};
use mamori_domain::organization::Profile;
use mamori_domain::readiness::Preparation;
use mamori_domain::reminder::{Circumstances, earliest, reminders};
use uuid::Uuid;

use self::row::{Bare, EntryRow, RegisterRow, Row, assemble, bare};
use crate::connection::on_each_backend;
use crate::door::visible;
use crate::page::Page;
use crate::schema::{declaration, declaration_entry, declaration_register, organization};
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Tx};

/// A declaration with everything that was ever said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// What was said, in the order of recording.
    pub entries: Vec<Entry>,
    /// Goes up with every entry.
    pub revision: i64,
    /// When it was first recorded.
    pub created_at: DateTime<Utc>,
    /// When something was last said of it.
    pub updated_at: DateTime<Utc>,
}

impl Declaration {
    /// How it stands on a day, by what was known at a time.
    ///
    /// # Errors
    ///
    /// When the history holds an impossible move, which no recording lets in.
    pub fn standing(
        &self,
        as_of: NaiveDate,
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Option<Standing>, Error> {
        standing(&self.entries, as_of, known_at).map_err(|_| Error::corrupt("a declaration"))
    }
}

/// What holds an organization's declarations together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationRegister {
    /// The organization.
    pub organization: Uuid,
    /// Nothing is recorded at this time or before it any more.
    pub known_through: DateTime<Utc>,
    /// What the organization states of its preparation.
    pub preparation: Preparation,
    /// The declaration that counts.
    pub main: Option<Uuid>,
    /// Since which day declarations have been in conflict.
    pub conflicting_since: Option<NaiveDate>,
    /// Whether an old id is declared beside a new one.
    pub old_beside_new: bool,
    /// On which day the organization's details were seen to differ from those declared.
    pub details_changed_on: Option<NaiveDate>,
    /// Goes up with every change of the preparation.
    pub revision: i64,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The declarations of an organization, taken for a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// What holds them together.
    pub register: DeclarationRegister,
    /// The declarations, in the order of their recording.
    pub declarations: Vec<Declaration>,
    /// Whether the organization is listed.
    listed: bool,
}

impl Dossier {
    /// How the organization stands on a day, by what was known at a time.
    ///
    /// # Errors
    ///
    /// When a history is corrupt.
    pub fn summary(
        &self,
        as_of: NaiveDate,
        known_at: Option<DateTime<Utc>>,
    ) -> Result<Summary, Error> {
        sum_up(&self.declarations, as_of, known_at)
    }
}

/// How declarations of one organization stand together on a day, by what was known at a time.
pub(crate) fn sum_up(
    declarations: &[Declaration],
    as_of: NaiveDate,
    known_at: Option<DateTime<Utc>>,
) -> Result<Summary, Error> {
    let mut standings = Vec::new();
    for declaration in declarations {
        if let Some(standing) = declaration.standing(as_of, known_at)? {
            standings.push((declaration.id, standing));
        }
    }
    Ok(summarize(&standings))
}

impl Tx<'_> {
    /// Finds a declaration within reach, with its history.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_declaration(&mut self, id: Uuid) -> Result<Option<Declaration>, Error> {
        let reach = self.reach()?;
        let bare: Option<Bare> = on_each_backend!(self.connection, |conn| declaration::table
            .filter(declaration::id.eq(Uid(id)))
            .filter(visible!(declaration, organization_id, reach))
            .select(bare!())
            .first(conn)
            .optional())?;
        let Some(bare) = self.or_disabled(bare)? else { return Ok(None) };
        let entries = self.entries(bare.1, bare.0, bare.0)?;
        Ok(assemble(vec![bare], entries)?.pop())
    }

    /// Lists the declarations of an organization in the order of their recording, behind `after`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_declarations(
        &mut self,
        organization: Uuid,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<Declaration>, Error> {
        let reach = self.reach()?;
        let after = Uid(after.unwrap_or(Uuid::nil()));
        let bare: Vec<Bare> = on_each_backend!(self.connection, |conn| declaration::table
            .filter(declaration::organization_id.eq(Uid(organization)))
            .filter(visible!(declaration, organization_id, reach))
            .filter(declaration::id.gt(after))
            .order(declaration::id)
            .limit(Page::<Row>::fetch(limit))
            .select(bare!())
            .load(conn))?;
        let (Some(first), Some(last)) = (bare.first(), bare.last()) else {
            return Ok(Page { items: Vec::new(), beyond: None });
        };
        let entries = self.entries(Uid(organization), first.0, last.0)?;
        Ok(Page::cut(assemble(bare, entries)?, limit))
    }

    /// The entries of an organization's declarations from one to another, of a tenant that has
    /// been checked.
    fn entries(&mut self, of: Uid, first: Uid, last: Uid) -> Result<Vec<EntryRow>, Error> {
        let reach = self.reach()?;
        Ok(on_each_backend!(self.connection, |conn| declaration_entry::table
            .filter(declaration_entry::organization_id.eq(of))
            .filter(visible!(declaration_entry, organization_id, reach))
            .filter(declaration_entry::declaration_id.ge(first))
            .filter(declaration_entry::declaration_id.le(last))
            .order((declaration_entry::declaration_id, declaration_entry::number))
            .select(EntryRow::as_select())
            .load(conn))?)
    }

    /// The declarations of an organization, to read; `None` where nothing was ever recorded.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_dossier(&mut self, of: Uuid) -> Result<Option<Dossier>, Error> {
        let reach = self.reach()?;
        let row: Option<RegisterRow> =
            on_each_backend!(self.connection, |conn| declaration_register::table
                .filter(declaration_register::organization_id.eq(Uid(of)))
                .filter(visible!(declaration_register, organization_id, reach))
                .select(RegisterRow::as_select())
                .first(conn)
                .optional())?;
        row.map(|row| self.dossier(row)).transpose()
    }

    /// Takes the declarations of an organization for a change: one statement that locks them and
    /// checks tenancy, after the row that is locked has been made where there was none. `None`
    /// where there is no such organization within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn take_dossier(&mut self, of: Uuid) -> Result<Option<Dossier>, Error> {
        if let Some(row) = self.lock_declarations(of)? {
            return self.dossier(row).map(Some);
        }
        let reach = self.reach()?;
        let within: Option<Uid> = on_each_backend!(self.connection, |conn| organization::table
            .filter(organization::id.eq(Uid(of)))
            .filter(visible!(organization, id, reach))
            .select(organization::id)
            .first(conn)
            .optional())?;
        let Some(found) = self.or_disabled(within)? else { return Ok(None) };
        let now = self.now();
        let row = RegisterRow {
            organization_id: found,
            custodian_id: reach.custodian,
            known_through: At(now - Duration::microseconds(1)),
            main_id: None,
            conflicting_since: None,
            old_beside_new: false,
            details_changed_on: None,
            preparation: "{}".to_owned(),
            reminder_from: None,
            revision: 1,
            created_at: At(now),
            updated_at: At(now),
        };
        on_each_backend!(self.connection, |conn| diesel::insert_into(declaration_register::table)
            .values(&row)
            .on_conflict(declaration_register::organization_id)
            .do_nothing()
            .execute(conn))?;
        let row = self.lock_declarations(of)?;
        row.map(|row| self.dossier(row)).transpose()
    }

    pub(crate) fn lock_declarations(&mut self, of: Uuid) -> Result<Option<RegisterRow>, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let this = declaration_register::organization_id.eq(Uid(of)).and(visible!(
            declaration_register,
            organization_id,
            reach
        ));
        let changes = declaration_register::updated_at.eq(now);
        Ok(on_each_backend!(self.connection, |conn| update(
            declaration_register::table,
            this,
            changes
        )
        .returning(declaration_register::table, RegisterRow::as_select())
        .get_result(conn)
        .optional())?)
    }

    fn dossier(&mut self, row: RegisterRow) -> Result<Dossier, Error> {
        let reach = self.reach()?;
        let of = row.organization_id;
        let bare: Vec<Bare> = on_each_backend!(self.connection, |conn| declaration::table
            .filter(declaration::organization_id.eq(of))
            .filter(visible!(declaration, organization_id, reach))
            .order(declaration::id)
            .select(bare!())
            .load(conn))?;
        let entries = match (bare.first(), bare.last()) {
            (Some(first), Some(last)) => self.entries(of, first.0, last.0)?,
            _ => Vec::new(),
        };
        let listed = on_each_backend!(self.connection, |conn| organization::table
            .filter(organization::id.eq(of))
            .filter(visible!(organization, id, reach))
            .select(organization::listed)
            .first(conn)
            .optional())?;
        Ok(Dossier {
            register: row.try_into()?,
            declarations: assemble(bare, entries)?,
            listed: listed.unwrap_or(false),
        })
    }

    /// Promises that nothing is recorded at `at` or before it any more, so that an answer for what
    /// was known then never changes.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn promise_known(&mut self, of: Uuid, at: DateTime<Utc>) -> Result<(), Error> {
        let reach = self.reach()?;
        let at = At(at);
        let this = declaration_register::organization_id
            .eq(Uid(of))
            .and(declaration_register::known_through.lt(at))
            .and(visible!(declaration_register, organization_id, reach));
        let changes = declaration_register::known_through.eq(at);
        on_each_backend!(self.connection, |conn| update(
            declaration_register::table,
            this,
            changes
        )
        .execute(conn))?;
        Ok(())
    }

    /// Entries that are to be added to a history now: their time is this one, and always behind
    /// every time at which something was recorded of, or asked about, the organization.
    fn entries_now(&self, dossier: &Dossier, facts: Vec<(NaiveDate, Fact)>) -> Vec<Entry> {
        let behind = dossier.register.known_through + Duration::microseconds(1);
        let recorded_at = self.now().max(behind);
        facts
            .into_iter()
            .map(|(on, fact)| Entry { id: self.mint(), on, recorded_at, fact })
            .collect()
    }

    /// Begins a declaration of a dossier that was taken.
    ///
    /// # Errors
    ///
    /// What the domain refuses; or when the database fails.
    pub fn add_declaration(
        &mut self,
        dossier: &mut Dossier,
        facts: Vec<(NaiveDate, Fact)>,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<Result<Declaration, Refusal>, Error> {
        let entries = self.entries_now(dossier, facts);
        if let Err(refusal) = admit(&[], &entries, today) {
            return Ok(Err(refusal));
        }
        let before = dossier.summary(NaiveDate::MAX, None)?.stated();
        let now = self.now();
        let added = Declaration {
            id: self.mint(),
            organization: dossier.register.organization,
            entries,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let row = Row::of(&added, self.custodian()?, dossier.listed)?;
        on_each_backend!(self.connection, |conn| diesel::insert_into(declaration::table)
            .values(&row)
            .execute(conn))?;
        self.write_entries(&added, 0)?;
        dossier.declarations.push(added.clone());
        self.settle_declarations(dossier, profile, today)?;
        self.end_attestations(dossier, &before)?;
        self.record_declaration(&added, "created")?;
        Ok(Ok(added))
    }

    /// Says more of a declaration of a dossier that was taken. `None` where it is not there.
    ///
    /// # Errors
    ///
    /// What the domain refuses; or when the database fails.
    pub fn extend_declaration(
        &mut self,
        dossier: &mut Dossier,
        id: Uuid,
        facts: Vec<(NaiveDate, Fact)>,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<Option<Result<Declaration, Refusal>>, Error> {
        let added = self.entries_now(dossier, facts);
        let before = dossier.summary(NaiveDate::MAX, None)?.stated();
        let now = self.now();
        let listed = dossier.listed;
        let Some(found) = dossier.declarations.iter_mut().find(|found| found.id == id) else {
            return Ok(None);
        };
        if let Err(refusal) = admit(&found.entries, &added, today) {
            return Ok(Some(Err(refusal)));
        }
        let kept = found.entries.len();
        found.entries.extend(added);
        found.revision += 1;
        found.updated_at = now;
        let changed = found.clone();
        let custodian = self.custodian()?;
        let Row {
            self_declaration_id,
            state,
            stars,
            articles_edition,
            grade,
            declared_on,
            confirmed_on,
            superseded_by,
            revision,
            updated_at,
            ..
        } = Row::of(&changed, custodian, listed)?;
        let this = declaration::id.eq(Uid(id)).and(declaration::custodian_id.eq(custodian));
        let changes = (
            declaration::self_declaration_id.eq(self_declaration_id),
            declaration::state.eq(state),
            declaration::stars.eq(stars),
            declaration::articles_edition.eq(articles_edition),
            declaration::grade.eq(grade),
            declaration::declared_on.eq(declared_on),
            declaration::confirmed_on.eq(confirmed_on),
            declaration::superseded_by.eq(superseded_by),
            declaration::revision.eq(revision),
            declaration::updated_at.eq(updated_at),
        );
        on_each_backend!(self.connection, |conn| update(declaration::table, this, changes)
            .execute(conn))?;
        self.write_entries(&changed, kept)?;
        self.settle_declarations(dossier, profile, today)?;
        self.end_attestations(dossier, &before)?;
        let corrects = |entry: &Entry| matches!(entry.fact, Fact::Voided { .. });
        let corrected = changed.entries.iter().skip(kept).any(corrects);
        let kind = if corrected { "corrected" } else { "extended" };
        self.record_declaration(&changed, kind)?;
        Ok(Some(Ok(changed)))
    }

    /// Revokes what was attested, if that is no longer what a statement of today would say.
    fn end_attestations(
        &mut self,
        dossier: &Dossier,
        before: &Option<Stated>,
    ) -> Result<(), Error> {
        if dossier.summary(NaiveDate::MAX, None)?.stated() == *before {
            return Ok(());
        }
        self.revoke_attestations_of_organization(dossier.register.organization)
    }

    /// Writes the entries of a declaration behind the first `kept`.
    fn write_entries(&mut self, value: &Declaration, kept: usize) -> Result<(), Error> {
        let custodian_id = self.custodian()?;
        let mut rows = Vec::new();
        for (index, entry) in value.entries.iter().enumerate().skip(kept) {
            rows.push(EntryRow {
                declaration_id: Uid(value.id),
                number: i32::try_from(index + 1).map_err(|_| Error::corrupt("too many entries"))?,
                id: Uid(entry.id),
                custodian_id,
                organization_id: Uid(value.organization),
                effective_on: entry.on,
                recorded_at: At(entry.recorded_at),
                fact: serde_json::to_string(&entry.fact).map_err(|_| Error::corrupt("a fact"))?,
            });
        }
        on_each_backend!(self.connection, |conn| diesel::insert_into(declaration_entry::table)
            .values(&rows)
            .execute(conn))?;
        Ok(())
    }

    /// States an organization's preparation anew, in a dossier that was taken.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn set_preparation(
        &mut self,
        dossier: &mut Dossier,
        preparation: Preparation,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<(), Error> {
        dossier.register.preparation = preparation;
        dossier.register.revision += 1;
        self.settle_declarations(dossier, profile, today)?;
        self.record(&Change {
            resource: "declaration_preparation",
            id: dossier.register.organization.to_string(),
            organization: Some(dossier.register.organization),
            revision: dossier.register.revision,
            kind: "updated",
        })
    }

    /// Looks again at what an organization's declarations come to, after its details changed.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub(crate) fn look_again_at_declarations(
        &mut self,
        of: Uuid,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<(), Error> {
        let Some(row) = self.lock_declarations(of)? else { return Ok(()) };
        let mut dossier = self.dossier(row)?;
        self.settle_declarations(&mut dossier, profile, today)
    }

    /// Writes what all declarations together come to, in the row that was taken.
    fn settle_declarations(
        &mut self,
        dossier: &mut Dossier,
        profile: &Profile,
        today: NaiveDate,
    ) -> Result<(), Error> {
        let summary = dossier.summary(NaiveDate::MAX, None)?;
        let latest = |declaration: &Declaration| declaration.entries.last().map(|e| e.recorded_at);
        let recorded = dossier.declarations.iter().filter_map(latest).max();
        let register = &mut dossier.register;
        register.known_through = register.known_through.max(recorded.unwrap_or_default());
        register.main = summary.main.as_ref().map(|(id, _)| *id);
        register.old_beside_new = summary.old_beside_new;
        let since = |before: Option<NaiveDate>, holds: bool| holds.then(|| before.unwrap_or(today));
        register.conflicting_since =
            since(register.conflicting_since, !summary.conflicting.is_empty());
        let differ = summary.main.as_ref().is_some_and(|(_, standing)| {
            standing.state == State::Declared && details_differ(&standing.terms.registered, profile)
        });
        register.details_changed_on = since(register.details_changed_on, differ);
        let from = earliest(&reminders(&circumstances(register, &summary)));
        let kept = serde_json::to_string(&register.preparation);
        let this = declaration_register::organization_id
            .eq(Uid(register.organization))
            .and(declaration_register::custodian_id.eq(self.custodian()?));
        let changes = (
            declaration_register::known_through.eq(At(register.known_through)),
            declaration_register::main_id.eq(register.main.map(Uid)),
            declaration_register::conflicting_since.eq(register.conflicting_since),
            declaration_register::old_beside_new.eq(register.old_beside_new),
            declaration_register::details_changed_on.eq(register.details_changed_on),
            declaration_register::preparation
                .eq(kept.map_err(|_| Error::corrupt("a preparation"))?),
            declaration_register::reminder_from.eq(from),
            declaration_register::revision.eq(register.revision),
        );
        on_each_backend!(self.connection, |conn| update(
            declaration_register::table,
            this,
            changes
        )
        .execute(conn))?;
        Ok(())
    }

    fn record_declaration(&mut self, value: &Declaration, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "declaration",
            id: value.id.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}

/// What reminders follow from.
#[must_use]
pub fn circumstances(register: &DeclarationRegister, summary: &Summary) -> Circumstances {
    let declared = summary.main.as_ref().map(|(_, standing)| standing);
    let declared = declared.filter(|standing| standing.state == State::Declared);
    let preparation = &register.preparation;
    let id = declared.and_then(|standing| standing.terms.id.as_ref());
    Circumstances {
        declared: declared.is_some(),
        declared_on: declared.and_then(|standing| standing.declared_on),
        confirmed_on: declared.and_then(|standing| standing.confirmed_on),
        stars: declared.and_then(|standing| standing.terms.stars),
        generation: id.map(|id| id.generation()),
        has_id: id.is_some(),
        newer_generation_exists: summary.old_beside_new,
        articles_edition: declared.and_then(|standing| standing.terms.articles_edition.clone()),
        sixth_article_committed_on: preparation.sixth_article_committed_on,
        policy_gone_on: preparation.publication.as_ref().and_then(|page| page.gone_on),
        account_expires_on: preparation.gbizid.as_ref().and_then(|account| account.expires_on),
        details_changed_on: register.details_changed_on,
        conflicting_since: register.conflicting_since,
    }
}
