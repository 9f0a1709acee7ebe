//! How soon the server answers, and what it holds when nothing happens.

use std::time::Duration;

use crate::http;
use crate::machine::resident;
use crate::report::{Report, median};
use crate::seed::answers;
use crate::server::{Engine, Site};

use super::Bench;

/// From the start to the first answer, in milliseconds.
const FIRST_ANSWER: f64 = 200.0;
/// Resident memory when nothing happens, in MiB.
const IDLE: f64 = 40.0;
/// How many requests are answered before.
const REQUESTS: usize = 100;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group(&format!("Start and idle memory on {}", engine.name()));
    let name = engine.name();
    let site = bench.site(engine)?;
    // The first start makes the signing key.
    drop(site.serve()?);
    let again: Result<Vec<_>, _> = (0..bench.rounds.max(3)).map(|_| started(&site)).collect();
    report.at_most(
        &format!("{name}: start to first answer, migrated database"),
        median(again?),
        "ms",
        FIRST_ANSWER,
    );
    let empty = || started(&Site::empty(&bench.mamori, engine, bench.cluster.as_ref())?);
    let first: Result<Vec<_>, _> = (0..bench.rounds.max(3)).map(|_| empty()).collect();
    let first = median(first?);
    match engine {
        Engine::Sqlite => {
            let name = format!("{name}: start to first answer, empty folder");
            report.at_most(&name, first, "ms", FIRST_ANSWER);
        }
        // That is the time in which PostgreSQL makes tables, which no release starts with.
        Engine::Postgres => {
            report.note(&format!("{name}: start to first answer, empty database: {first:.0} ms"));
        }
    }
    let memory = idle(&site)?;
    report.at_most(&format!("{name}: idle memory after {REQUESTS} requests"), memory, "MiB", IDLE);
    Ok(())
}

fn started(site: &Site) -> Result<f64, String> {
    Ok(site.serve()?.started_in.as_secs_f64() * 1e3)
}

/// The memory after requests of several kinds, when the service has come to rest.
fn idle(site: &Site) -> Result<f64, String> {
    let server = site.serve()?;
    let bearer = format!("Bearer {}", site.token(server.address)?);
    let bank = "/v1/question-banks/self-check/editions/4.0";
    let token = ("authorization", &*bearer);
    let json = ("content-type", "application/json");
    let body = answers();
    let kinds = [
        http::request("GET", bank, &[], None),
        http::request("POST", &format!("{bank}/score"), &[token, json], Some(&body)),
        http::request("GET", "/v1/organizations", &[token], None),
        http::request("POST", "/v1/organizations", &[token, json], Some(r#"{"name":"会社"}"#)),
    ];
    for request in kinds.iter().cycle().take(REQUESTS) {
        http::call(server.address, request)?;
    }
    // Longer than the service waits before it gives memory back.
    std::thread::sleep(Duration::from_secs(12));
    let kib = resident(server.id()).and_then(|kib| u32::try_from(kib).ok());
    Ok(f64::from(kib.ok_or("no VmRSS")?) / 1024.0)
}
