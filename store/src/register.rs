//! The risk register of an organization: its edition, and the frequencies of threats.

use diesel::prelude::*;
use mamori_domain::risk::asset::Register;
use mamori_domain::risk::exposure::Frequencies;
use mamori_domain::risk::{Medium, Model, Step};
use uuid::Uuid;

use crate::connection::on_each_backend;
use crate::door::visible;
use crate::schema::{risk_register, threat_frequency};
use crate::types::{At, Uid};
use crate::update::update;
use crate::{Change, Error, Tx};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = risk_register)]
struct Row {
    organization_id: Uid,
    custodian_id: Uid,
    edition: String,
    revision: i64,
    created_at: At,
    updated_at: At,
}

impl TryFrom<Row> for Register {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            organization: row.organization_id.0,
            model: Model::of(&row.edition).ok_or(Error::corrupt("an edition of a register"))?,
            revision: row.revision,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
        })
    }
}

pub(crate) fn medium_from_text(text: &str) -> Result<Medium, Error> {
    Medium::parse(text).ok_or(Error::corrupt("a medium"))
}

impl Tx<'_> {
    /// Finds the register of an organization within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn find_register(&mut self, organization: Uuid) -> Result<Option<Register>, Error> {
        let reach = self.reach()?;
        let row: Option<Row> = on_each_backend!(self.connection, |conn| risk_register::table
            .filter(risk_register::organization_id.eq(Uid(organization)))
            .filter(visible!(risk_register, organization_id, reach))
            .select(Row::as_select())
            .first(conn)
            .optional())?;
        row.map(Register::try_from).transpose()
    }

    /// Begins the register of an organization, which must be within reach; `None` where it has
    /// one.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`](crate::Kind::InUse) where the organization went away meanwhile; or when
    /// the database fails.
    pub fn add_register(
        &mut self,
        organization: Uuid,
        model: &'static Model,
    ) -> Result<Option<Register>, Error> {
        let now = self.now();
        let row = Row {
            organization_id: Uid(organization),
            custodian_id: self.custodian()?,
            edition: model.edition.to_owned(),
            revision: 1,
            created_at: At(now),
            updated_at: At(now),
        };
        let added =
            on_each_backend!(self.connection, |conn| diesel::insert_into(risk_register::table)
                .values(&row)
                .on_conflict(risk_register::organization_id)
                .do_nothing()
                .execute(conn))?;
        if added == 0 {
            return Ok(None);
        }
        let register = Register::try_from(row)?;
        self.record_register(&register, "created")?;
        Ok(Some(register))
    }

    /// Takes the register for a change of its assets: one statement that locks it and checks
    /// tenancy. `None` where there is none within reach.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn take_register(&mut self, organization: Uuid) -> Result<Option<Register>, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let this = risk_register::organization_id.eq(Uid(organization)).and(visible!(
            risk_register,
            organization_id,
            reach
        ));
        let changes = risk_register::updated_at.eq(now);
        let row: Option<Row> =
            on_each_backend!(self.connection, |conn| update(risk_register::table, this, changes)
                .returning(risk_register::table, Row::as_select())
                .get_result(conn)
                .optional())?;
        row.map(Register::try_from).transpose()
    }

    /// Counts the revision of a register up and sets its edition, if nobody else has changed it
    /// since it was read; otherwise `None`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn replace_register(
        &mut self,
        found: &Register,
        model: &'static Model,
        kind: &'static str,
    ) -> Result<Option<Register>, Error> {
        let reach = self.reach()?;
        let now = At(self.now());
        let this = risk_register::organization_id
            .eq(Uid(found.organization))
            .and(risk_register::revision.eq(found.revision))
            .and(visible!(risk_register, organization_id, reach));
        let changes = (
            risk_register::edition.eq(model.edition),
            risk_register::revision.eq(found.revision + 1),
            risk_register::updated_at.eq(now),
        );
        let row: Option<Row> =
            on_each_backend!(self.connection, |conn| update(risk_register::table, this, changes)
                .returning(risk_register::table, Row::as_select())
                .get_result(conn)
                .optional())?;
        let changed = row.map(Register::try_from).transpose()?;
        if let Some(changed) = &changed {
            self.record_register(changed, kind)?;
        }
        Ok(changed)
    }

    /// The frequencies that an organization set.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn frequencies(&mut self, organization: Uuid) -> Result<Frequencies, Error> {
        let reach = self.reach()?;
        let rows: Vec<(String, String, i32)> =
            on_each_backend!(self.connection, |conn| threat_frequency::table
                .filter(threat_frequency::organization_id.eq(Uid(organization)))
                .filter(visible!(threat_frequency, organization_id, reach))
                .select((
                    threat_frequency::medium,
                    threat_frequency::threat,
                    threat_frequency::frequency,
                ))
                .load(conn))?;
        rows.into_iter()
            .map(|(medium, threat, frequency)| {
                let step = u8::try_from(frequency).ok().and_then(Step::new);
                let step = step.ok_or(Error::corrupt("a frequency"))?;
                Ok(((medium_from_text(&medium)?, threat), step))
            })
            .collect()
    }

    /// Replaces the frequencies that an organization set, in a register that was taken: two
    /// statements, however many they are.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn set_frequencies(&mut self, taken: &Register, stated: &Frequencies) -> Result<(), Error> {
        let custodian = self.custodian()?;
        let organization = Uid(taken.organization);
        let rows: Vec<_> = stated
            .iter()
            .map(|((medium, threat), step)| {
                (
                    threat_frequency::organization_id.eq(organization),
                    threat_frequency::custodian_id.eq(custodian),
                    threat_frequency::medium.eq(medium.code()),
                    threat_frequency::threat.eq(threat),
                    threat_frequency::frequency.eq(i32::from(step.get())),
                )
            })
            .collect();
        on_each_backend!(self.connection, |conn| {
            diesel::delete(
                threat_frequency::table
                    .filter(threat_frequency::organization_id.eq(organization))
                    .filter(threat_frequency::custodian_id.eq(custodian)),
            )
            .execute(conn)?;
            diesel::insert_into(threat_frequency::table).values(rows).execute(conn)
        })?;
        Ok(())
    }

    /// Records what happened to a register.
    ///
    /// # Errors
    ///
    /// When the database fails, or the client was disabled.
    pub fn record_register(&mut self, value: &Register, kind: &'static str) -> Result<(), Error> {
        self.record(&Change {
            resource: "risk_register",
            id: value.organization.to_string(),
            organization: Some(value.organization),
            revision: value.revision,
            kind,
        })
    }
}
