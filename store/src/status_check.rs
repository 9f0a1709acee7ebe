//! Looking declarations up by number, id or key: one's own organizations, and those that are listed.
//!
//! What is not listed has no row in the indexes that are walked for others, so that a look at it
//! costs what a look at nothing costs. Grants of other custodians will be a third source here.

use chrono::NaiveDate;
use diesel::prelude::*;
use mamori_domain::declaration::{Grade, State};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::declaration::row::{grade_from_text, state_from_text};
use crate::schema::{client, declaration, declaration_register, organization};
use crate::types::Uid;
use crate::{Error, Tx};

/// What is looked up; each list may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    /// Corporate numbers.
    pub corporate_numbers: Vec<String>,
    /// Self-declaration ids.
    pub declaration_ids: Vec<String>,
    /// The custodian's own keys.
    pub external_ids: Vec<String>,
}

/// An organization that a key found, and the declaration that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The key that found it.
    pub key: String,
    /// Whether the caller is its custodian.
    pub own: bool,
    /// The organization.
    pub organization: Uuid,
    /// Its name.
    pub name: String,
    /// The name of its custodian.
    pub recorded_by: String,
    /// Its corporate number.
    pub corporate_number: Option<String>,
    /// The declaration: the one of the id that was looked up, or the one that counts.
    pub declaration: Uuid,
    /// Where it stands.
    pub state: State,
    /// Its stars.
    pub stars: Option<u8>,
    /// Its id.
    pub self_declaration_id: Option<String>,
    /// The edition of its articles.
    pub articles_edition: Option<String>,
    /// How far it was looked into.
    pub grade: Grade,
    /// The day of the declaration.
    pub declared_on: Option<NaiveDate>,
    /// The day on which it was last confirmed.
    pub confirmed_on: Option<NaiveDate>,
    /// Since when declarations of the organization are in conflict.
    pub conflicting_since: Option<NaiveDate>,
}

/// The columns of a match, behind its key.
type Columns = (
    Uid,
    String,
    String,
    Option<String>,
    Uid,
    Option<String>,
    Option<i32>,
    Option<String>,
    Option<String>,
    String,
    Option<NaiveDate>,
    Option<NaiveDate>,
    Option<NaiveDate>,
);

macro_rules! columns {
    () => {
        (
            organization::id,
            organization::name,
            client::name,
            organization::corporate_number,
            declaration::id,
            declaration::state,
            declaration::stars,
            declaration::self_declaration_id,
            declaration::articles_edition,
            declaration::grade,
            declaration::declared_on,
            declaration::confirmed_on,
            declaration_register::conflicting_since,
        )
    };
}

/// Organizations with the declaration that counts.
macro_rules! with_main {
    () => {
        organization::table
            .inner_join(client::table.on(client::id.eq(organization::custodian_id)))
            .inner_join(
                declaration_register::table
                    .on(declaration_register::organization_id.eq(organization::id)),
            )
            .inner_join(
                declaration::table.on(declaration::id.nullable().eq(declaration_register::main_id)),
            )
    };
}

/// Declarations with their organization.
macro_rules! with_organization {
    () => {
        declaration::table
            .inner_join(client::table.on(client::id.eq(declaration::custodian_id)))
            .inner_join(organization::table.on(organization::id.eq(declaration::organization_id)))
            .inner_join(
                declaration_register::table
                    .on(declaration_register::organization_id.eq(declaration::organization_id)),
            )
    };
}

impl Tx<'_> {
    /// Looks up what the caller may see: two statements for each list of keys, whatever their
    /// number, and one for keys of its own. An own organization is found while nothing is declared
    /// yet; another one only once it has been.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn look_up(&mut self, keys: &Keys) -> Result<Vec<Matched>, Error> {
        self.check_enabled()?;
        let me = self.custodian()?;
        let mut found = Vec::new();
        if !keys.corporate_numbers.is_empty() {
            let numbers = &keys.corporate_numbers;
            let own: Vec<(Option<String>, Columns)> =
                on_each_backend!(self.connection, |conn| with_main!()
                    .filter(organization::custodian_id.eq(me))
                    .filter(organization::corporate_number.eq_any(numbers))
                    .select((organization::corporate_number, columns!()))
                    .load(conn))?;
            let listed: Vec<(Option<String>, Columns)> =
                on_each_backend!(self.connection, |conn| with_main!()
                    .filter(organization::listed)
                    .filter(organization::corporate_number.eq_any(numbers))
                    .filter(organization::custodian_id.ne(me))
                    .select((organization::corporate_number, columns!()))
                    .load(conn))?;
            keep(&mut found, true, own)?;
            keep(&mut found, false, listed)?;
        }
        if !keys.declaration_ids.is_empty() {
            let ids = &keys.declaration_ids;
            let own: Vec<(Option<String>, Columns)> =
                on_each_backend!(self.connection, |conn| with_organization!()
                    .filter(declaration::custodian_id.eq(me))
                    .filter(declaration::self_declaration_id.eq_any(ids))
                    .select((declaration::self_declaration_id, columns!()))
                    .load(conn))?;
            let listed: Vec<(Option<String>, Columns)> =
                on_each_backend!(self.connection, |conn| with_organization!()
                    .filter(declaration::listed)
                    .filter(declaration::self_declaration_id.eq_any(ids))
                    .filter(declaration::custodian_id.ne(me))
                    .select((declaration::self_declaration_id, columns!()))
                    .load(conn))?;
            keep(&mut found, true, own)?;
            keep(&mut found, false, listed)?;
        }
        if !keys.external_ids.is_empty() {
            let own: Vec<(Option<String>, Columns)> =
                on_each_backend!(self.connection, |conn| with_main!()
                    .filter(organization::custodian_id.eq(me))
                    .filter(organization::external_id.eq_any(&keys.external_ids))
                    .select((organization::external_id, columns!()))
                    .load(conn))?;
            keep(&mut found, true, own)?;
        }
        Ok(found)
    }
}

/// Keeps what was found, but of others only what was declared once.
fn keep(
    found: &mut Vec<Matched>,
    own: bool,
    rows: Vec<(Option<String>, Columns)>,
) -> Result<(), Error> {
    for (key, columns) in rows {
        let (organization, name, by, corporate_number, declaration, state, stars, id, edition, ..) =
            &columns;
        let (.., grade, declared_on, confirmed_on, conflicting_since) = &columns;
        // A declaration all of whose entries were voided says nothing.
        let (Some(key), Some(state)) = (key, state.as_deref()) else { continue };
        let state = state_from_text(state)?;
        if !own && state == State::Preparing {
            continue;
        }
        let stars = stars.map(u8::try_from).transpose().map_err(|_| Error::corrupt("stars"))?;
        found.push(Matched {
            key,
            own,
            organization: organization.0,
            name: name.clone(),
            recorded_by: by.clone(),
            corporate_number: corporate_number.clone(),
            declaration: declaration.0,
            state,
            stars,
            self_declaration_id: id.clone(),
            articles_edition: edition.clone(),
            grade: grade_from_text(grade)?,
            declared_on: *declared_on,
            confirmed_on: *confirmed_on,
            conflicting_since: *conflicting_since,
        });
    }
    Ok(())
}
