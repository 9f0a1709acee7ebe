//! Reading a result, against the mere select of it through the same threads.

use std::fs;
use std::rc::Rc;

use crate::http;
use crate::report::{Basis, Comparison, Report};
use crate::seed::Kind;
use crate::server::{Engine, Process};

use super::{Bench, Running};

const TARGET: f64 = 0.7;
const OTHERS: u64 = 1_000;
const OURS: u64 = 200;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group(&format!("Reading a result by id on {}, 64 connections", engine.name()));
    let running = Running::start(bench, engine)?;
    let first = running.populate(OTHERS, OURS)?;
    running.seed().settle()?;
    let ids = || (first..first + OURS).map(|number| Kind::Submitted.id(number));
    let get = |path: String| running.request("GET", &path, &[], None);
    let ours: Rc<[_]> = ids().map(|id| get(format!("/v1/assessments/{id}/result"))).collect();
    let theirs: Rc<[_]> = ids().map(|id| get(format!("/ceiling/{id}"))).collect();

    let Running { site, server, .. } = &running;
    let one = ours.first().ok_or("no result to read")?;
    let file = site.folder().join("result");
    let bytes = http::exchange(server.address, one)?;
    fs::write(&file, bytes).map_err(|error| error.to_string())?;
    let file = file.display().to_string();
    let ready = format!("/ceiling/{}", Kind::Submitted.id(first));
    let arguments =
        |middleware| [middleware, "select", "--answer", &file, "--client", &site.client];
    let ceiling = |middleware| site.ceiling(&arguments(middleware), &ready);
    let (behind, bare) = (ceiling("mamori")?, ceiling("none")?);
    let load = |process: &Process, requests| {
        bench.measure(engine, process, &bench.over_and_over(process, requests))
    };
    let [result, behind, bare] = bench.in_turn([
        Box::new(|| load(server, &ours)),
        Box::new(|| load(&behind, &theirs)),
        Box::new(|| load(&bare, &theirs)),
    ])?;
    let mut comparison = Comparison {
        name: "result by id",
        ours: &result,
        ceiling_name: "same select and bytes, same middleware",
        ceiling: &behind,
    };
    report.compare(&comparison, TARGET, Basis::RateAndCpu);
    comparison.ceiling_name = "same select and bytes, actix-web alone";
    comparison.ceiling = &bare;
    report.beside(&comparison);
    Ok(())
}
