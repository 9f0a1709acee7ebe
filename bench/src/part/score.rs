//! Scoring without keeping: what a token that was seen before costs.

use std::rc::Rc;

use crate::http;
use crate::report::{Basis, Comparison, Report};
use crate::seed::answers;
use crate::server::Engine;

use super::Bench;

const PATH: &str = "/v1/question-banks/self-check/editions/4.0/score";
const TARGET: f64 = 0.93;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group("Stateless score of 25 answers, 64 connections");
    let site = bench.site(engine)?;
    let server = site.serve()?;
    let bearer = format!("Bearer {}", site.token(server.address)?);
    let body = answers();
    let request = |more: &[(&str, &str)]| -> Rc<[Vec<u8>]> {
        let usual = [("accept-language", "ja"), ("content-type", "application/json")];
        let headers = [usual.as_slice(), more].concat();
        Rc::new([http::request("POST", PATH, &headers, Some(&body))])
    };
    let (with, without) = (request(&[("authorization", &bearer)]), request(&[]));
    let load = |requests| bench.measure(engine, &server, &bench.over_and_over(&server, requests));
    let [with, without] = bench.in_turn([Box::new(|| load(&with)), Box::new(|| load(&without))])?;
    let comparison = Comparison {
        name: "score, token seen before",
        ours: &with,
        ceiling_name: "score, no token",
        ceiling: &without,
    };
    report.compare(&comparison, TARGET, Basis::RateAndCpu);
    Ok(())
}
