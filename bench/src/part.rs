//! The parts of the bench, and what they share.

mod bank;
mod check;
mod file;
mod result;
mod risk;
mod scale;
mod score;
mod start;
mod submit;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use clap::ValueEnum;

use crate::http;
use crate::load::{End, Load};
use crate::machine::{cpu_of, cpu_of_family, forget_peak, peak};
use crate::report::{Report, Round};
use crate::seed::{FIRST, Owner, Seed, Template};
use crate::server::{Cluster, Engine, Process, Site};

/// How many connections send at the same time, unless a part says otherwise.
const CONNECTIONS: usize = 64;

/// A part of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The question bank, and the middleware.
    Bank,
    /// Stateless scoring, with and without a token.
    Score,
    /// The durable submit.
    Submit,
    /// Reading a result.
    Result,
    /// The same requests with more data.
    Scale,
    /// A register of ten thousand assets.
    Risk,
    /// The same register as a file, out and in.
    File,
    /// Checks of a status, one and many.
    Check,
    /// Start and idle memory.
    Start,
}

/// What every part needs to know.
pub(crate) struct Bench {
    /// The built server.
    pub(crate) mamori: PathBuf,
    /// The engines to measure.
    pub(crate) engines: Vec<Engine>,
    /// The PostgreSQL, where it is one of them.
    pub(crate) cluster: Option<Cluster>,
    /// How long a round lasts.
    pub(crate) round: Duration,
    /// How many rounds there are.
    pub(crate) rounds: usize,
}

impl Bench {
    /// Runs a part.
    pub(crate) fn run(&self, part: Part, report: &mut Report) -> Result<(), String> {
        // These two touch no database.
        let mut first = self.engines.iter().take(1);
        match part {
            Part::Bank => first.try_for_each(|engine| bank::run(self, *engine, report)),
            Part::Score => first.try_for_each(|engine| score::run(self, *engine, report)),
            Part::Submit => self.on_each(|engine| submit::run(self, engine, report)),
            Part::Result => self.on_each(|engine| result::run(self, engine, report)),
            Part::Scale => self.on_each(|engine| scale::run(self, engine, report)),
            Part::Risk => self.on_each(|engine| risk::run(self, engine, report)),
            Part::File => self.on_each(|engine| file::run(self, engine, report)),
            Part::Check => self.on_each(|engine| check::run(self, engine, report)),
            Part::Start => self.on_each(|engine| start::run(self, engine, report)),
        }
    }

    fn on_each(&self, part: impl FnMut(Engine) -> Result<(), String>) -> Result<(), String> {
        self.engines.iter().copied().try_for_each(part)
    }

    fn site(&self, engine: Engine) -> Result<Site, String> {
        Site::new(&self.mamori, engine, self.cluster.as_ref())
    }

    fn postmaster(&self, engine: Engine) -> Option<u32> {
        let cluster = self.cluster.as_ref().filter(|_| engine == Engine::Postgres);
        cluster.map(Cluster::postmaster)
    }

    /// Requests over and over for a round, at 64 connections.
    fn over_and_over(&self, process: &Process, requests: &Rc<[Vec<u8>]>) -> Load {
        Load {
            address: process.address,
            connections: CONNECTIONS,
            requests: Rc::clone(requests),
            end: End::After(self.round),
        }
    }

    /// Loads a server for a round and reads what it took.
    fn measure(&self, engine: Engine, process: &Process, load: &Load) -> Result<Round, String> {
        let postmaster = self.postmaster(engine);
        let cpu = || (cpu_of(process.id()), postmaster.map(cpu_of_family));
        forget_peak(process.id());
        let (server, database) = cpu();
        let outcome = load.run()?;
        let (server_after, database_after) = cpu();
        let used = database.zip(database_after).map(|(from, to)| to.saturating_sub(from));
        let round = Round::of(&outcome, server_after.saturating_sub(server), used);
        let kib = peak(process.id()).and_then(|kib| u32::try_from(kib).ok());
        Ok(Round { peak: kib.map(|kib| f64::from(kib) / 1024.0), ..round })
    }

    /// Loads several servers in turn, round after round, so that what else the machine does
    /// hits all of them alike. The first turn warms them up and is not counted.
    fn in_turn<const N: usize>(
        &self,
        mut each: [Box<dyn FnMut() -> Result<Round, String> + '_>; N],
    ) -> Result<[Vec<Round>; N], String> {
        let mut rounds = std::array::from_fn(|_| Vec::new());
        for turn in 0..=self.rounds {
            for (measure, rounds) in each.iter_mut().zip(&mut rounds) {
                let round = measure()?;
                if turn > 0 {
                    rounds.push(round);
                }
            }
        }
        Ok(rounds)
    }
}

/// A site with its server running, and what the parts with data need of it.
struct Running {
    site: Site,
    server: Process,
    token: String,
    template: Template,
}

impl Running {
    fn start(bench: &Bench, engine: Engine) -> Result<Self, String> {
        let site = bench.site(engine)?;
        let server = site.serve()?;
        let token = site.token(server.address)?;
        let template = Template::write(server.address, &token)?;
        Ok(Self { site, server, token, template })
    }

    fn seed(&self) -> Seed<'_> {
        Seed::of(&self.site, &self.template)
    }

    /// Adds organizations with their results: others' first, then ours. Gives the number of
    /// our first.
    fn populate(&self, others: u64, ours: u64) -> Result<u64, String> {
        let first = FIRST + others;
        self.seed().organizations(Owner::Others, &(FIRST..first))?;
        self.seed().organizations(Owner::Us, &(first..first + ours))?;
        Ok(first)
    }

    /// A request of our client.
    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", &*bearer), ("accept-language", "ja")];
        all.extend(body.map(|_| ("content-type", "application/json")));
        all.extend(headers);
        http::request(method, path, &all, body)
    }
}
