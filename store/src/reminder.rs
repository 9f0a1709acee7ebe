//! What an organization states of its preparation, and which organizations have a reminder.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use mamori_domain::readiness::Preparation;
use mamori_domain::reminder::Circumstances;
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::declaration::row::{Bare, EntryRow, RegisterRow, assemble, bare};
use crate::declaration::{circumstances, sum_up};
use crate::door::visible;
use crate::page::Page;
use crate::schema::{declaration, declaration_entry, declaration_register, organization};
use crate::types::Uid;
use crate::{Declaration, DeclarationRegister, Error, Tx};

/// An organization with a reminder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminded {
    /// The organization.
    pub organization: Uuid,
    /// Its name.
    pub name: String,
    /// The custodian's own key for it.
    pub external_id: Option<String>,
    /// The first day on which one of its reminders is due.
    pub from: NaiveDate,
    /// What its reminders follow from.
    pub circumstances: Circumstances,
}

type Listed = (RegisterRow, String, Option<String>);

impl Tx<'_> {
    /// What an organization within reach states of its preparation, with the revision of that;
    /// nothing stated, of the first revision, where nothing was ever recorded. `None` where there
    /// is no such organization.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_preparation(&mut self, of: Uuid) -> Result<Option<(Preparation, i64)>, Error> {
        let reach = self.reach()?;
        let found: Option<(Option<String>, Option<i64>)> =
            on_each_backend!(self.connection, |conn| organization::table
                .left_join(
                    declaration_register::table
                        .on(declaration_register::organization_id.eq(organization::id)),
                )
                .filter(organization::id.eq(Uid(of)))
                .filter(visible!(organization, id, reach))
                .select((
                    declaration_register::preparation.nullable(),
                    declaration_register::revision.nullable(),
                ))
                .first(conn)
                .optional())?;
        Ok(match self.or_disabled(found)? {
            Some((Some(kept), Some(revision))) => {
                let stated = serde_json::from_str(&kept);
                Some((stated.map_err(|_| Error::corrupt("a preparation"))?, revision))
            }
            Some(_) => Some((Preparation::default(), 1)),
            None => None,
        })
    }

    /// Lists the organizations within reach that have a reminder due, the longest due first, behind
    /// the one named: three statements, however many there are.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn list_reminded(
        &mut self,
        today: NaiveDate,
        after: Option<(NaiveDate, Uuid)>,
        limit: u16,
    ) -> Result<Page<Reminded>, Error> {
        let reach = self.reach()?;
        let rows: Vec<Listed> = on_each_backend!(self.connection, |conn| {
            let mut query = declaration_register::table
                .inner_join(
                    organization::table
                        .on(organization::id.eq(declaration_register::organization_id)),
                )
                .filter(visible!(declaration_register, organization_id, reach))
                .filter(declaration_register::reminder_from.le(today))
                .select((RegisterRow::as_select(), organization::name, organization::external_id))
                .order((declaration_register::reminder_from, declaration_register::organization_id))
                .limit(Page::<Listed>::fetch(limit))
                .into_boxed();
            if let Some((day, id)) = after {
                let same_day = declaration_register::reminder_from
                    .eq(day)
                    .and(declaration_register::organization_id.gt(Uid(id)));
                query = query.filter(
                    declaration_register::reminder_from
                        .ge(day)
                        .and(declaration_register::reminder_from.gt(day).or(same_day)),
                );
            }
            query.load(conn)
        })?;
        if rows.is_empty() {
            self.check_enabled()?;
        }
        let Page { items, beyond } = Page::cut(rows, limit);
        let ids = items.iter().map(|(row, ..)| row.organization_id).collect();
        let mut declarations = self.declarations_of(ids)?;
        let mut reminded = |(row, name, external_id): Listed| {
            let from = row.reminder_from.ok_or(Error::corrupt("a reminder"))?;
            let register = DeclarationRegister::try_from(row)?;
            let own = declarations.remove(&register.organization).unwrap_or_default();
            let summary = sum_up(&own, NaiveDate::MAX, None)?;
            let circumstances = circumstances(&register, &summary);
            let organization = register.organization;
            Ok::<_, Error>(Reminded { organization, name, external_id, from, circumstances })
        };
        let items = items.into_iter().map(&mut reminded).collect::<Result<_, _>>()?;
        Ok(Page { items, beyond: beyond.map(reminded).transpose()? })
    }

    /// The declarations of some organizations, by organization.
    fn declarations_of(
        &mut self,
        organizations: Vec<Uid>,
    ) -> Result<BTreeMap<Uuid, Vec<Declaration>>, Error> {
        let reach = self.reach()?;
        let bare: Vec<Bare> = on_each_backend!(self.connection, |conn| declaration::table
            .filter(declaration::organization_id.eq_any(&organizations))
            .filter(visible!(declaration, organization_id, reach))
            .order(declaration::id)
            .select(bare!())
            .load(conn))?;
        let entries: Vec<EntryRow> =
            on_each_backend!(self.connection, |conn| declaration_entry::table
                .filter(declaration_entry::organization_id.eq_any(&organizations))
                .filter(visible!(declaration_entry, organization_id, reach))
                .order((declaration_entry::declaration_id, declaration_entry::number))
                .select(EntryRow::as_select())
                .load(conn))?;
        let mut by_organization: BTreeMap<Uuid, Vec<Declaration>> = BTreeMap::new();
        for declaration in assemble(bare, entries)? {
            by_organization.entry(declaration.organization).or_default().push(declaration);
        }
        Ok(by_organization)
    }
}
