//! The question bank out of the cache, against the same bytes with nothing behind them.

use std::fs;
use std::rc::Rc;

use crate::http::{self, Answer};
use crate::report::{Basis, Comparison, Report, Round, median};
use crate::server::{Engine, Process};

use super::Bench;

const PATH: &str = "/v1/question-banks/self-check/editions/4.0";
const HEADERS: [(&str, &str); 2] = [("accept-language", "ja"), ("accept-encoding", "br")];
const TARGET: f64 = 0.9;
/// What the middleware may cost, in microseconds.
const MIDDLEWARE: f64 = 5.0;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group("The cached question bank (brotli, ja), 64 connections");
    let site = bench.site(engine)?;
    let server = site.serve()?;
    let ours = http::request("GET", PATH, &HEADERS, None);
    let bytes = http::exchange(server.address, &ours)?;
    let file = site.folder().join("bank");
    fs::write(&file, &bytes).map_err(|error| error.to_string())?;
    let file = file.display().to_string();
    let ceiling = |middleware| site.ceiling(&[middleware, "bytes", "--answer", &file], "/ceiling");
    let (behind, routes, bare) = (ceiling("mamori")?, ceiling("routes")?, ceiling("none")?);
    let theirs = http::request("GET", "/ceiling", &HEADERS, None);
    let wanted = Answer::read(&bytes)?;
    for process in [&behind, &routes, &bare] {
        let answer = http::call(process.address, &theirs)?;
        if answer.body != wanted.body || answer.header("etag") != wanted.header("etag") {
            return Err("the ceiling does not give the same bytes".to_owned());
        }
    }

    let (ours, theirs): (Rc<[_]>, Rc<[_]>) = (Rc::new([ours]), Rc::new([theirs]));
    let load = |process: &Process, requests| {
        bench.measure(engine, process, &bench.over_and_over(process, requests))
    };
    let [bank, behind, routes, bare] = bench.in_turn([
        Box::new(|| load(&server, &ours)),
        Box::new(|| load(&behind, &theirs)),
        Box::new(|| load(&routes, &theirs)),
        Box::new(|| load(&bare, &theirs)),
    ])?;
    let comparison = Comparison {
        name: "question bank",
        ours: &bank,
        ceiling_name: "same bytes, same middleware",
        ceiling: &behind,
    };
    report.compare(&comparison, TARGET, Basis::RateAndCpu);
    report.figures("same bytes, actix-web with the same routes", &routes);
    report.figures("same bytes, actix-web alone", &bare);
    // Finding the route is the framework's work, and how many routes there are is not the
    // middleware's doing, so it is told apart.
    report.note(&format!("finding the last route: {:.1} µs", extra(&routes, &bare)));
    report.at_most("middleware", extra(&behind, &routes), "µs", MIDDLEWARE);
    Ok(())
}

/// How much more CPU time each of these takes, in microseconds.
fn extra(with: &[Round], without: &[Round]) -> f64 {
    let pairs = with.iter().zip(without);
    median(pairs.map(|(with, without)| with.cpu() - without.cpu()).collect())
}
