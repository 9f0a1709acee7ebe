//! One durable submit without a server: the very statements, by pgbench and by a plain loop.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::types::Value as Cell;

use crate::load::Outcome;
use crate::machine::{cpu_of_family, cpu_of_this_thread};
use crate::report::{Round, real};
use crate::seed::{Kind, Template};
use crate::server::{Cluster, Site, postgres_program};

/// How many clients pgbench has.
pub(crate) const CLIENTS: u64 = 16;
/// How many submits of the plain loop share a commit.
pub(crate) const OF_A_COMMIT: u64 = 32;
/// What surrounds the statements on PostgreSQL.
const AROUND: [&str; 2] = ["BEGIN ISOLATION LEVEL READ COMMITTED", "COMMIT"];
/// How many statements a submit takes on PostgreSQL, `BEGIN` and `COMMIT` included.
pub(crate) const ON_POSTGRES: u64 = 8;
/// How many it takes on SQLite, where it is alone in its commit: a savepoint too.
pub(crate) const ON_SQLITE: u64 = 10;

/// A time as both databases read it.
const TIME: &str = "%Y-%m-%dT%H:%M:%S%.6fZ";

/// A statement as the server sends it, and what it binds.
struct Statement {
    text: &'static str,
    values: &'static [Value],
}

/// A value that a statement binds.
#[derive(Debug, Clone, Copy)]
enum Value {
    /// The draft to submit; another in each transaction, as the next four are.
    Draft,
    /// Its id as text.
    DraftText,
    /// The change to record.
    Change,
    /// Method and path.
    Operation,
    /// The Idempotency-Key.
    Key,
    /// Our client.
    Client,
    /// The organization of the draft.
    Organization,
    /// The organization that a token is not narrowed to.
    Nowhere,
    /// The digest of the request.
    Fingerprint,
    /// The frozen result.
    Result,
    /// The headers of the answer.
    Headers,
    /// The body of the answer.
    Body,
    /// A time.
    Now,
    /// A day later: the server removes keys that have expired.
    Later,
    /// A date.
    Today,
    /// A number.
    Number(i64),
    /// A text.
    Text(&'static str),
    /// Yes or no.
    Flag(bool),
    /// Nothing.
    Null,
}

use Value::{
    Body, Change, Client, Draft, DraftText, Fingerprint, Flag, Headers, Key, Later, Now, Nowhere,
    Null, Number, Operation, Organization, Result as Frozen, Text, Today,
};

/// As PostgreSQL's log shows them with `log_statement = all`; each run compares them with it.
/// SQLite gets the same with other placeholders.
const STATEMENTS: [Statement; 6] = [
    Statement {
        text: r#"INSERT INTO "idempotency" ("client_id", "operation", "key", "fingerprint", "secret", "expires_at") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ("client_id", "operation", "key") DO NOTHING"#,
        values: &[Client, Operation, Key, Fingerprint, Flag(false), Later],
    },
    Statement {
        text: r#"UPDATE "assessment" SET "revision" = $1, "updated_at" = $2, "state" = $3, "submitted_at" = $4 WHERE (((("assessment"."id" = $5) AND ("assessment"."revision" = $6)) AND ("assessment"."state" = $7)) AND ((("assessment"."custodian_id" = $8) AND (("assessment"."organization_id" = $9) OR $10)) AND EXISTS (SELECT "client"."id" FROM "client" WHERE (("client"."id" = $11) AND ("client"."disabled_at" IS NULL))))) RETURNING "assessment"."id", "assessment"."custodian_id", "assessment"."organization_id", "assessment"."unit_id", "assessment"."question_bank", "assessment"."edition", "assessment"."text_revision", "assessment"."state", "assessment"."answered_on", "assessment"."respondent", "assessment"."respondent_name", "assessment"."method", "assessment"."assisted_by", "assessment"."revision", "assessment"."created_at", "assessment"."updated_at", "assessment"."submitted_at""#,
        values: &[
            Number(3),
            Now,
            Text("submitted"),
            Now,
            Draft,
            Number(2),
            Text("draft"),
            Client,
            Nowhere,
            Flag(true),
            Client,
        ],
    },
    Statement {
        text: r#"SELECT "answer"."question", "answer"."choice", "answer"."not_used", "answer"."note" FROM "answer" WHERE (("answer"."assessment_id" = $1) AND ("answer"."custodian_id" = $2))"#,
        values: &[Draft, Client],
    },
    Statement {
        text: r#"INSERT INTO "result" ("assessment_id", "custodian_id", "organization_id", "unit_id", "question_bank", "edition", "text_revision", "answered_on", "respondent", "respondent_name", "method", "assisted_by", "submitted_at", "total", "band", "outcome") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"#,
        values: &[
            Draft,
            Client,
            Organization,
            Null,
            Text("self-check"),
            Text("4.0"),
            Number(1),
            Today,
            Null,
            Null,
            Text("self"),
            Null,
            Now,
            Number(36),
            Text("urgent"),
            Frozen,
        ],
    },
    Statement {
        text: r#"INSERT INTO "change" ("id", "custodian_id", "organization_id", "resource", "resource_id", "revision", "kind", "client_id", "actor", "actor_source", "trace_id", "happened_at") SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM "client" WHERE (("client"."id" = $13) AND ("client"."disabled_at" IS NULL))"#,
        values: &[
            Change,
            Client,
            Organization,
            Text("assessment"),
            DraftText,
            Number(3),
            Text("submitted"),
            Client,
            Null,
            Text("none"),
            Text("0123456789abcdef0123456789abcdef"),
            Now,
            Client,
        ],
    },
    Statement {
        text: r#"UPDATE "idempotency" SET "status" = $1, "headers" = $2, "body" = $3, "secret" = $4 WHERE ((("idempotency"."client_id" = $5) AND ("idempotency"."operation" = $6)) AND ("idempotency"."key" = $7))"#,
        values: &[Number(200), Headers, Body, Flag(false), Client, Operation, Key],
    },
];

/// What all transactions of a site have in common.
pub(crate) struct Submit<'a> {
    site: &'a Site,
    organization: String,
    outcome: String,
    body: Vec<u8>,
    now: chrono::DateTime<chrono::Utc>,
}

impl<'a> Submit<'a> {
    /// With the sizes of what the server wrote for the template.
    pub(crate) fn of(
        site: &'a Site,
        template: &Template,
        organization: u64,
    ) -> Result<Self, String> {
        let id = &template.submitted;
        let outcome = format!("SELECT outcome FROM result WHERE assessment_id = '{id}'");
        Ok(Self {
            site,
            organization: Kind::Organization.id(organization),
            outcome: site.sql(&outcome)?.trim_end().to_owned(),
            body: template.reply.clone(),
            now: chrono::Utc::now(),
        })
    }

    /// Which of the statements PostgreSQL's log does not show as they are here: the server
    /// has moved on, and this file must follow.
    pub(crate) fn unlike_the_log(log: &str) -> Vec<String> {
        let all = STATEMENTS.iter().map(|statement| statement.text).chain(AROUND);
        all.filter(|text| !log.lines().any(|line| line.ends_with(text)))
            .map(|text| text.chars().take(60).collect())
            .collect()
    }

    /// The value as text, where it is the same in all transactions.
    fn constant(&self, value: Value) -> Option<String> {
        Some(match value {
            Draft | DraftText | Change | Operation | Key | Null => return None,
            Client => self.site.client.clone(),
            Organization => self.organization.clone(),
            Nowhere => uuid::Uuid::nil().to_string(),
            Fingerprint => format!("\\x{}", "5a".repeat(32)),
            Frozen => self.outcome.clone(),
            Headers => "content-type: application/json\netag: \"3.0\"\n".to_owned(),
            Body => self.body.iter().fold("\\x".to_owned(), |hex, byte| format!("{hex}{byte:02x}")),
            Now => self.now.format(TIME).to_string(),
            Later => (self.now + chrono::Duration::days(1)).format(TIME).to_string(),
            Today => self.now.format("%Y-%m-%d").to_string(),
            Number(number) => number.to_string(),
            Text(text) => text.to_owned(),
            Flag(flag) => flag.to_string(),
        })
    }

    /// The script for pgbench, and the variables that it is given. Everything that the server
    /// binds is bound here too; only what has to differ in each transaction is put together
    /// by the database, from a number.
    fn script(&self) -> (String, Vec<String>) {
        let mut lines = vec![
            "\\set k :k + 1".to_owned(),
            "\\set n :first + :client_id * :share + :k".to_owned(),
            format!("{};", AROUND[0]),
        ];
        let mut variables = Vec::new();
        for (at, statement) in STATEMENTS.iter().enumerate() {
            let mut text = statement.text.to_owned();
            // From the last, so that $1 does not hit $10.
            for (index, value) in statement.values.iter().enumerate().rev() {
                let bound = match self.constant(*value) {
                    Some(constant) => {
                        let name = format!("v{at}_{index}");
                        variables.push(format!("{name}={constant}"));
                        format!(":{name}")
                    }
                    None => on_postgres(*value),
                };
                text = text.replace(&format!("${}", index + 1), &bound);
            }
            lines.push(format!("{text};"));
        }
        lines.push(format!("{};", AROUND[1]));
        (lines.join("\n"), variables)
    }

    /// Submits drafts by pgbench, `CLIENTS` at a time.
    pub(crate) fn by_pgbench(
        &self,
        cluster: &Cluster,
        first: u64,
        count: u64,
    ) -> Result<Round, String> {
        let folder = self.site.folder();
        let (script, variables) = self.script();
        fs::write(folder.join("submit.sql"), script).map_err(|error| error.to_string())?;
        let share = count / CLIENTS;
        let mut command = Command::new(postgres_program("pgbench"));
        command.current_dir(folder).args(["-n", "-M", "prepared", "-f", "submit.sql", "-l"]);
        command.args(["--log-prefix", "latency", "-j", "2", "-c", &CLIENTS.to_string()]);
        command.args(["-t", &share.to_string()]);
        let own = [format!("first={first}"), format!("share={share}"), "k=-1".to_owned()];
        for variable in own.iter().chain(&variables) {
            command.args(["-D", variable]);
        }
        let before = cpu_of_family(cluster.postmaster());
        let output = command.arg(&self.site.url).output();
        let output = output.map_err(|error| format!("pgbench: {error}"))?;
        let used = cpu_of_family(cluster.postmaster()).saturating_sub(before);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let rate = rate.and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        let Some(rate) = rate.filter(|_| output.status.success()) else {
            return Err(format!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr)));
        };
        self.all_submitted(first, count)?;
        let mut outcome = Outcome { latencies: latencies(folder)?, ..Outcome::default() };
        outcome.elapsed = Duration::from_secs_f64(real(outcome.latencies.len()) / rate);
        let round = Round::of(&outcome, Duration::ZERO, Some(used));
        // What pgbench itself takes is not the server's.
        Ok(Round { server: None, ..round })
    }

    /// Submits drafts in a plain loop on SQLite, `OF_A_COMMIT` to a commit, as durable as the
    /// server's. A latency is that of the commit: nobody is told before it.
    pub(crate) fn by_loop(&self, first: u64, count: u64) -> Result<Round, String> {
        let told = |error: rusqlite::Error| format!("SQLite: {error}");
        let path = self.site.url.strip_prefix("sqlite:").unwrap_or_default();
        let connection = rusqlite::Connection::open(path).map_err(told)?;
        connection
            .execute_batch(
                "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;
                 PRAGMA trusted_schema = OFF;",
            )
            .map_err(told)?;
        let prepare = |text: &str| connection.prepare(text).map_err(told);
        let [mut begin, mut commit] = [prepare("BEGIN IMMEDIATE")?, prepare("COMMIT")?];
        let [mut savepoint, mut release] = [prepare("SAVEPOINT job")?, prepare("RELEASE job")?];
        let mut statements = Vec::new();
        for statement in &STATEMENTS {
            let constants: Vec<_> = statement.values.iter().map(|it| self.on_sqlite(*it)).collect();
            let prepared = prepare(&statement.text.replace('$', "?"))?;
            statements.push((prepared, statement.values, constants));
        }
        let before = cpu_of_this_thread();
        let began = Instant::now();
        let mut outcome = Outcome::default();
        let mut number = first;
        while number < first + count {
            let batch = Instant::now();
            begin.execute([]).map_err(told)?;
            let end = (number + OF_A_COMMIT).min(first + count);
            for number in number..end {
                savepoint.execute([]).map_err(told)?;
                for (statement, values, constants) in &mut statements {
                    for (at, (value, constant)) in values.iter().zip(&*constants).enumerate() {
                        let bound = match of_this_one(*value, number) {
                            Some(text) => statement.raw_bind_parameter(at + 1, text),
                            None => statement.raw_bind_parameter(at + 1, constant),
                        };
                        bound.map_err(told)?;
                    }
                    let mut rows = statement.raw_query();
                    while let Some(row) = rows.next().map_err(told)? {
                        let _ = std::hint::black_box(row.get_ref(0));
                    }
                }
                release.execute([]).map_err(told)?;
            }
            commit.execute([]).map_err(told)?;
            let took = batch.elapsed();
            outcome.latencies.extend((number..end).map(|_| took));
            number = end;
        }
        outcome.elapsed = began.elapsed();
        let used = cpu_of_this_thread().saturating_sub(before);
        outcome.latencies.sort_unstable();
        self.all_submitted(first, count)?;
        Ok(Round::of(&outcome, used, None))
    }

    /// The value for SQLite, where it is the same in all transactions.
    fn on_sqlite(&self, value: Value) -> Cell {
        match value {
            Fingerprint => Cell::Blob(vec![0x5a; 32]),
            Body => Cell::Blob(self.body.clone()),
            Number(number) => Cell::Integer(number),
            Flag(flag) => Cell::Integer(i64::from(flag)),
            _ => self.constant(value).map_or(Cell::Null, Cell::Text),
        }
    }

    /// A ceiling that did less than it says would be no ceiling.
    fn all_submitted(&self, first: u64, count: u64) -> Result<(), String> {
        let (from, to) = (Kind::Draft.id(first), Kind::Draft.id(first + count - 1));
        let found = self.site.sql(&format!(
            "SELECT CAST(count(*) AS text) FROM assessment JOIN result ON id = assessment_id \
             WHERE state = 'submitted' AND id BETWEEN '{from}' AND '{to}'"
        ))?;
        if found.trim() == count.to_string() {
            return Ok(());
        }
        Err(format!("of {count} drafts only {} were submitted", found.trim()))
    }
}

/// The Idempotency-Key that a draft is submitted with.
pub(crate) fn key(number: u64) -> String {
    format!("bench-{number}")
}

/// What differs in each transaction, as text.
fn of_this_one(value: Value, number: u64) -> Option<String> {
    Some(match value {
        Draft | DraftText => Kind::Draft.id(number),
        Change => Kind::Change.id(number),
        Operation => format!("POST /v1/assessments/{}/submit", Kind::Draft.id(number)),
        Key => key(number),
        _ => return None,
    })
}

/// What differs in each transaction, out of the variable `n`.
fn on_postgres(value: Value) -> String {
    let (draft, change) = (Kind::Draft.prefix(), Kind::Change.prefix());
    match value {
        Draft => format!("('{draft}' || :n)::uuid"),
        DraftText => format!("'{draft}' || :n"),
        Change => format!("('{change}' || :n)::uuid"),
        Operation => format!("('POST /v1/assessments/{draft}' || :n || '/submit')"),
        Key => "('bench-' || :n)".to_owned(),
        _ => "NULL".to_owned(),
    }
}

/// The latencies that pgbench logged, the shortest first; the logs are removed.
fn latencies(folder: &Path) -> Result<Vec<Duration>, String> {
    let told = |error: std::io::Error| format!("pgbench's log: {error}");
    let mut latencies = Vec::new();
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with("latency.") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(told)?;
        let micros = text.lines().filter_map(|line| line.split(' ').nth(2)?.parse().ok());
        latencies.extend(micros.map(Duration::from_micros));
        fs::remove_file(&path).map_err(told)?;
    }
    latencies.sort_unstable();
    Ok(latencies)
}
