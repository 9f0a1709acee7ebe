//! The same requests with little and with much in the database, most of it other tenants'.

use std::cell::Cell;
use std::rc::Rc;

use crate::load::{End, Load};
use crate::report::{Comparison, Report, Round};
use crate::seed::{Kind, Owner, answers};
use crate::server::Engine;

use super::{Bench, Running};

/// How many times the CPU time of a request may grow.
const LIMIT: f64 = 1.2;
const CONNECTIONS: usize = 16;
/// How many organizations there are, and how many of them are ours.
const SMALL: (u64, u64) = (10, 4);
const LARGE: (u64, u64) = (10_000, 1_000);
/// How many drafts are answered in a round, each once.
const DRAFTS: u64 = 4_000;
/// How many requests show how many statements one takes.
const TRIES: usize = 4;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group(&format!(
        "With 10 and with 10,000 organizations on {}, {CONNECTIONS} connections",
        engine.name()
    ));
    let small = Filled::start(bench, engine, SMALL)?;
    let large = Filled::start(bench, engine, LARGE)?;
    for what in [What::Save, What::Result, What::List] {
        let statements = [small.statements(what)?, large.statements(what)?];
        let [few, many] = bench.in_turn([
            Box::new(|| small.measure(bench, engine, what)),
            Box::new(|| large.measure(bench, engine, what)),
        ])?;
        let name = format!("{} on {}", what.name(), engine.name());
        report.figures(&format!("{}, 10,000", what.name()), &many);
        report.figures(&format!("{}, 10", what.name()), &few);
        let comparison = Comparison { name: &name, ceiling_name: "", ours: &many, ceiling: &few };
        report.at_most(&format!("{name}: growth of CPU"), comparison.growth(), "times", LIMIT);
        let [few, many] = statements;
        report.holds(&format!("{name}: {few} statements with 10, {many} with 10,000"), few == many);
    }
    Ok(())
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum What {
    Save,
    Result,
    List,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::Save => "save 25 answers",
            Self::Result => "read a result",
            Self::List => "first page of organizations",
        }
    }
}

/// A server on a database with so many organizations.
struct Filled {
    running: Running,
    /// The number of our first organization, and of our first draft.
    first: u64,
    ours: u64,
    /// The revision of every draft: each is answered once in a round.
    revision: Cell<u64>,
}

impl Filled {
    fn start(bench: &Bench, engine: Engine, (all, ours): (u64, u64)) -> Result<Self, String> {
        let running = Running::start(bench, engine)?;
        let others = all - ours;
        let first = running.populate(others, ours)?;
        let seed = running.seed();
        let theirs = first - others..first;
        seed.drafts(Owner::Others, &theirs, &theirs)?;
        seed.drafts(Owner::Us, &(first..first + DRAFTS), &(first..first + ours))?;
        seed.settle()?;
        Ok(Self { running, first, ours, revision: Cell::new(2) })
    }

    /// The requests, those of [`What::Save`] each good for once.
    fn requests(&self, what: What) -> Vec<Vec<u8>> {
        let get = |path: &str| self.running.request("GET", path, &[], None);
        match what {
            What::Save => {
                let (tag, body) = (format!("\"{}.0\"", self.revision.get()), answers());
                self.revision.set(self.revision.get() + 1);
                let save = |number| {
                    let path = format!("/v1/assessments/{}/answers", Kind::Draft.id(number));
                    self.running.request("PATCH", &path, &[("if-match", &*tag)], Some(&body))
                };
                (self.first..self.first + DRAFTS).map(save).collect()
            }
            What::Result => (self.first..self.first + self.ours)
                .map(|number| {
                    get(&format!("/v1/assessments/{}/result", Kind::Submitted.id(number)))
                })
                .collect(),
            // As long as both have another page.
            What::List => vec![get("/v1/organizations?limit=3")],
        }
    }

    fn statements(&self, what: What) -> Result<u64, String> {
        let requests = self.requests(what);
        let (few, rest) = requests.split_at(TRIES.min(requests.len()));
        let least = self.running.server.statements_of(&self.running.token, few);
        if matches!(what, What::Save) {
            // So that all drafts have one revision again.
            self.load(rest.to_vec(), End::Once).run()?;
        }
        least
    }

    fn measure(&self, bench: &Bench, engine: Engine, what: What) -> Result<Round, String> {
        let end = if matches!(what, What::Save) { End::Once } else { End::After(bench.round) };
        let load = self.load(self.requests(what), end);
        let round = bench.measure(engine, &self.running.server, &load)?;
        if round.errors + round.timeouts == 0 {
            return Ok(round);
        }
        Err(format!("{}: {} errors, {} time-outs", what.name(), round.errors, round.timeouts))
    }

    fn load(&self, requests: Vec<Vec<u8>>, end: End) -> Load {
        Load {
            address: self.running.server.address,
            connections: CONNECTIONS,
            requests: Rc::from(requests),
            end,
        }
    }
}
