//! The answers of assessments.

use std::collections::BTreeMap;

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use diesel::upsert::excluded;
use mamori_domain::assessment::Assessment;
use uuid::Uuid;

use crate::connection::{AnyConnection, on_each_backend};
use crate::schema::answer;
use crate::types::{Uid, sql};
use crate::{Error, Tx};

/// An answer, with its option by code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The option's code.
    pub option: String,
    /// Whether the firm has no such thing.
    pub not_used: bool,
    /// A remark of the firm's own.
    pub note: Option<String>,
}

#[derive(Insertable)]
#[diesel(table_name = answer, treat_none_as_default_value = false)]
struct AnswerRow<'a> {
    assessment_id: Uid,
    question: i32,
    custodian_id: Uid,
    choice: &'a str,
    not_used: bool,
    note: Option<&'a str>,
}

/// Many answers as four columns, so that one text serves however many there are and PostgreSQL
/// keeps it prepared.
struct Columns<'a> {
    assessment: Uid,
    custodian: Uid,
    questions: Vec<i32>,
    choices: Vec<&'a str>,
    not_used: Vec<bool>,
    notes: Vec<Option<&'a str>>,
}

impl<'a> Columns<'a> {
    fn of(assessment: Uid, custodian: Uid, rows: impl Iterator<Item = AnswerRow<'a>>) -> Self {
        let (questions, choices, not_used, notes) = Default::default();
        let mut columns = Self { assessment, custodian, questions, choices, not_used, notes };
        for row in rows {
            columns.questions.push(row.question);
            columns.choices.push(row.choice);
            columns.not_used.push(row.not_used);
            columns.notes.push(row.note);
        }
        columns
    }
}

impl QueryFragment<Pg> for Columns<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO answer (assessment_id, custodian_id, question, choice, not_used, note) \
             SELECT ",
        );
        out.push_bind_param::<sql::Id, _>(&self.assessment)?;
        out.push_sql(", ");
        out.push_bind_param::<sql::Id, _>(&self.custodian)?;
        out.push_sql(", given.* FROM unnest(");
        out.push_bind_param::<Array<Integer>, _>(&self.questions)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.choices)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.not_used)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.notes)?;
        out.push_sql(
            ") AS given ON CONFLICT (assessment_id, question) DO UPDATE SET \
             choice = excluded.choice, not_used = excluded.not_used, note = excluded.note",
        );
        Ok(())
    }
}

impl QueryId for Columns<'_> {
    type QueryId = Columns<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for Columns<'_> {}

impl Tx<'_> {
    /// The answers of an assessment within reach, by question.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn answers(&mut self, assessment: Uuid) -> Result<BTreeMap<u16, StoredAnswer>, Error> {
        let custodian = self.custodian()?;
        type Kept = (i32, String, bool, Option<String>);
        let rows: Vec<Kept> = on_each_backend!(self.connection, |conn| answer::table
            .filter(answer::assessment_id.eq(Uid(assessment)))
            .filter(answer::custodian_id.eq(custodian))
            .select((answer::question, answer::choice, answer::not_used, answer::note))
            .load(conn))?;
        rows.into_iter()
            .map(|(question, option, not_used, note)| {
                let question = u16::try_from(question).map_err(|_| Error::corrupt("a question"))?;
                Ok((question, StoredAnswer { option, not_used, note }))
            })
            .collect()
    }

    /// Saves answers of a draft that was taken, all in one statement; questions that were
    /// answered before are answered anew.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn save_answers(
        &mut self,
        taken: &Assessment,
        answers: &BTreeMap<u16, StoredAnswer>,
    ) -> Result<(), Error> {
        if answers.is_empty() {
            return Ok(());
        }
        let custodian_id = self.custodian()?;
        let rows = answers.iter().map(|(question, answer)| AnswerRow {
            assessment_id: Uid(taken.id),
            question: i32::from(*question),
            custodian_id,
            choice: &answer.option,
            not_used: answer.not_used,
            note: answer.note.as_deref(),
        });
        match self.connection {
            AnyConnection::Sqlite(conn) => diesel::insert_into(answer::table)
                .values(rows.collect::<Vec<_>>())
                .on_conflict((answer::assessment_id, answer::question))
                .do_update()
                .set((
                    answer::choice.eq(excluded(answer::choice)),
                    answer::not_used.eq(excluded(answer::not_used)),
                    answer::note.eq(excluded(answer::note)),
                ))
                .execute(conn)?,
            AnyConnection::Postgres(conn) => {
                Columns::of(Uid(taken.id), custodian_id, rows).execute(conn)?
            }
        };
        Ok(())
    }

    /// Withdraws answers of a draft that was taken: those named, or all of them.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn withdraw_answers(
        &mut self,
        taken: &Assessment,
        questions: Option<&[u16]>,
    ) -> Result<(), Error> {
        let custodian = self.custodian()?;
        on_each_backend!(self.connection, |conn| {
            let of_this = answer::table
                .filter(answer::assessment_id.eq(Uid(taken.id)))
                .filter(answer::custodian_id.eq(custodian));
            match questions {
                Some([]) => Ok(0),
                Some(questions) => {
                    let questions = questions.iter().map(|number| i32::from(*number));
                    diesel::delete(of_this.filter(answer::question.eq_any(questions))).execute(conn)
                }
                None => diesel::delete(of_this).execute(conn),
            }
        })?;
        Ok(())
    }
}
