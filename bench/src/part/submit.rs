//! One durable submit, against the same statements without a server.

use std::rc::Rc;

use crate::durable::{CLIENTS, OF_A_COMMIT, ON_POSTGRES, ON_SQLITE, Submit, key};
use crate::load::{End, Load};
use crate::report::{Basis, Comparison, Report, Round};
use crate::seed::{Kind, Owner};
use crate::server::Engine;

use super::{Bench, CONNECTIONS, Running};

const TARGET: f64 = 0.5;
const OTHERS: u64 = 1_000;
const OURS: u64 = 10;
/// How many drafts show how many a round needs.
const TRIAL: u64 = 1_024;
/// The most drafts of a round: each has 25 answers to be seeded.
const MOST: f64 = 40_000.0;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group(&format!("One durable submit on {}, 64 connections", engine.name()));
    let running = Running::start(bench, engine)?;
    let organization = running.populate(OTHERS, OURS)?;
    let mut drafts = Drafts { running: &running, organization, next: organization };
    check_statements(&mut drafts, engine, report)?;

    let (first, count) = drafts.take(TRIAL)?;
    let trial = drafts.submit(bench, engine, first, count)?;
    let wanted = (trial.rate * bench.round.as_secs_f64()).min(MOST);
    // A multiple of what a client of pgbench and a commit of the loop take.
    let unit = CLIENTS * OF_A_COMMIT;
    let units = (1..).take_while(|units| f64::from(*units * 512_u32) < wanted).count();
    let wanted = unit * u64::try_from(units.max(2)).unwrap_or(2);

    let common = Submit::of(&running.site, &running.template, organization)?;
    let (mut ours, mut ceiling) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let (first, count) = drafts.take(wanted)?;
        ours.push(drafts.submit(bench, engine, first, count)?);
        let (first, count) = drafts.take(wanted)?;
        ceiling.push(match (engine, &bench.cluster) {
            (Engine::Postgres, Some(cluster)) => common.by_pgbench(cluster, first, count)?,
            _ => common.by_loop(first, count)?,
        });
    }
    let comparison = Comparison {
        name: &format!("submit on {}", engine.name()),
        ours: &ours,
        ceiling_name: match engine {
            Engine::Sqlite => "same statements, plain loop, 32 to a commit",
            Engine::Postgres => "same statements, pgbench, 16 clients",
        },
        ceiling: &ceiling,
    };
    report.compare(&comparison, TARGET, Basis::Rate);
    let bad: u64 = ours.iter().map(|round| round.errors + round.timeouts).sum();
    let name = format!("submit on {}: no time-out, no error", engine.name());
    report.holds(&name, bad == 0);
    Ok(())
}

/// Whether the ceiling's statements are still the server's: their number by the server's own
/// count, their text by PostgreSQL's log.
fn check_statements(
    drafts: &mut Drafts<'_>,
    engine: Engine,
    report: &mut Report,
) -> Result<(), String> {
    let running = drafts.running;
    let (first, count) = drafts.take(4)?;
    let requests = drafts.requests(first, count);
    let found = match engine {
        Engine::Sqlite => running.server.statements_of(&running.token, &requests)?,
        Engine::Postgres => {
            let set = |how: &str| {
                let statements = format!("ALTER SYSTEM {how}; SELECT pg_reload_conf()");
                running.site.sql(&statements).map(drop)
            };
            set("SET log_statement = 'all'")?;
            // The backends look at their settings before their next statement, once the
            // parent has passed the signal on.
            std::thread::sleep(std::time::Duration::from_millis(500));
            let found = running.server.statements_of(&running.token, &requests)?;
            set("RESET log_statement")?;
            let log = "SELECT pg_read_file(current_setting('data_directory') || '/../log')";
            let unlike = Submit::unlike_the_log(&running.site.sql(log)?);
            if !unlike.is_empty() {
                return Err(format!(
                    "the server no longer sends what bench/src/durable.rs repeats: {unlike:#?}"
                ));
            }
            found
        }
    };
    let wanted = if engine == Engine::Sqlite { ON_SQLITE } else { ON_POSTGRES };
    if found == wanted {
        report.note(&format!("a submit takes {found} statements, as many as its ceiling repeats"));
        return Ok(());
    }
    Err(format!("a submit takes {found} statements and bench/src/durable.rs repeats {wanted}"))
}

/// Drafts of ours, each to be submitted once.
struct Drafts<'a> {
    running: &'a Running,
    /// The number of our first organization.
    organization: u64,
    next: u64,
}

impl Drafts<'_> {
    /// Seeds fresh drafts; gives the number of the first, and how many they are.
    fn take(&mut self, count: u64) -> Result<(u64, u64), String> {
        let first = self.next;
        self.next += count;
        let organizations = self.organization..self.organization + OURS;
        let seed = self.running.seed();
        seed.drafts(Owner::Us, &(first..first + count), &organizations)?;
        seed.settle()?;
        Ok((first, count))
    }

    fn requests(&self, first: u64, count: u64) -> Vec<Vec<u8>> {
        let submit = |number| {
            let path = format!("/v1/assessments/{}/submit", Kind::Draft.id(number));
            let headers = [("if-match", "\"2.0\""), ("idempotency-key", &*key(number))];
            self.running.request("POST", &path, &headers, Some("{}"))
        };
        (first..first + count).map(submit).collect()
    }

    fn submit(
        &self,
        bench: &Bench,
        engine: Engine,
        first: u64,
        count: u64,
    ) -> Result<Round, String> {
        let load = Load {
            address: self.running.server.address,
            connections: CONNECTIONS,
            requests: Rc::from(self.requests(first, count)),
            end: End::Once,
        };
        bench.measure(engine, &self.running.server, &load)
    }
}
