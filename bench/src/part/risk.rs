//! A register of ten thousand assets: pages in the order of their risk, and a change that shows
//! in the next summary; with little and with much in the other registers of the database.

use std::rc::Rc;

use serde_json::{Value, json};

use crate::http;
use crate::load::{End, Load};
use crate::report::{Comparison, Report, Round, median};
use crate::server::{Engine, text_of};

use super::{Bench, Running};

/// How many assets our register has, and how many one call brings.
pub(super) const OURS: usize = 10_000;
const IN_A_CALL: usize = 1_000;
/// How many assets all registers of the large database have.
const ALL: usize = 100_000;
/// Few, so that a latency is that of the page and not of the queue.
const CONNECTIONS: usize = 2;
/// The longest that one page in a hundred may take, in milliseconds.
const PAGE: f64 = 30.0;
/// How many times that may grow with the other registers.
const GROWTH: f64 = 1.5;

const MEDIA: [&str; 6] = [
    "paper",
    "removable_media",
    "office_pc",
    "mobile_device",
    "internal_server",
    "external_server",
];

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group(&format!(
        "A register of 10,000 assets on {}, {CONNECTIONS} connections",
        engine.name()
    ));
    let small = Registers::start(bench, engine, 0)?;
    let large = Registers::start(bench, engine, ALL - OURS)?;
    report.note(&format!("upsert of {IN_A_CALL} assets: {:.0} ms", median(large.upserts.clone())));
    for what in [What::First, What::Deep, What::Summary, What::Change] {
        let [few, many] = bench.in_turn([
            Box::new(|| small.measure(bench, engine, what)),
            Box::new(|| large.measure(bench, engine, what)),
        ])?;
        let name = format!("{} on {}", what.name(), engine.name());
        report.figures(&format!("{}, 100,000 in all", what.name()), &many);
        report.figures(&format!("{}, 10,000 in all", what.name()), &few);
        let p99 = |rounds: &[Round]| median(rounds.iter().map(|round| round.p99).collect());
        if matches!(what, What::First | What::Deep) {
            report.at_most(&format!("{name}: p99"), p99(&many), "ms", PAGE);
            let growth = p99(&many) / p99(&few).max(0.001);
            report.at_most(&format!("{name}: growth of p99"), growth, "times", GROWTH);
        }
        let comparison = Comparison { name: &name, ceiling_name: "", ours: &many, ceiling: &few };
        report.at_most(&format!("{name}: growth of CPU"), comparison.growth(), "times", GROWTH);
    }
    Ok(())
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum What {
    First,
    Deep,
    Summary,
    Change,
}

impl What {
    fn name(self) -> &'static str {
        match self {
            Self::First => "first page of 200 risks",
            Self::Deep => "page behind 5,000 risks",
            Self::Summary => "summary of the risks",
            Self::Change => "a change of one asset",
        }
    }
}

/// A server with our register and other custodians'.
struct Registers {
    running: Running,
    organization: String,
    /// An asset of ours.
    asset: String,
    /// The page behind five thousand risks.
    deep: String,
    /// How long each upsert took, in milliseconds.
    upserts: Vec<f64>,
}

impl Registers {
    fn start(bench: &Bench, engine: Engine, others: usize) -> Result<Self, String> {
        let running = Running::start(bench, engine)?;
        let (mut took, organization) = fill(&running, &running.token, OURS)?;
        let stranger = stranger(&running)?;
        let mut left = others;
        while left > 0 {
            let assets = left.min(OURS);
            took.extend(fill(&running, &stranger, assets)?.0);
            left -= assets;
        }
        running.seed().settle()?;
        let list = format!("/v1/organizations/{organization}/assets?limit=1");
        let asset = call(&running, &running.token, "GET", &list, None)?;
        let asset = asset.pointer("/items/0/id").and_then(Value::as_str).ok_or("no asset")?;
        let asset = format!("/v1/assets/{asset}");
        let first = format!("/v1/organizations/{organization}/risks?limit=200");
        let mut deep = first.clone();
        for _ in 0..OURS / 200 / 2 {
            let page = call(&running, &running.token, "GET", &deep, None)?;
            deep = format!("{first}&cursor={}", text_of(&page, "next_cursor")?);
        }
        Ok(Self { asset, deep, organization, upserts: took, running })
    }

    fn request(&self, what: What) -> Vec<u8> {
        let path = format!("/v1/organizations/{}", self.organization);
        let get = |path: &str| self.running.request("GET", path, &[], None);
        match what {
            What::First => get(&format!("{path}/risks?limit=200")),
            What::Deep => get(&self.deep),
            What::Summary => get(&format!("{path}/risk-summary")),
            What::Change => {
                let body = json!({"owner_department": "総務部"}).to_string();
                let any = [("if-match", "*")];
                self.running.request("PATCH", &self.asset, &any, Some(&body))
            }
        }
    }

    fn measure(&self, bench: &Bench, engine: Engine, what: What) -> Result<Round, String> {
        // Two changes of one asset at a time would only refuse each other.
        let alone = matches!(what, What::Change);
        let load = Load {
            address: self.running.server.address,
            connections: if alone { 1 } else { CONNECTIONS },
            requests: Rc::from([self.request(what)]),
            end: End::After(bench.round),
        };
        let round = bench.measure(engine, &self.running.server, &load)?;
        if round.errors + round.timeouts == 0 {
            return Ok(round);
        }
        Err(format!("{}: {} errors, {} time-outs", what.name(), round.errors, round.timeouts))
    }
}

pub(super) fn call(
    running: &Running,
    token: &str,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Value, String> {
    let bearer = format!("Bearer {token}");
    let mut headers = vec![("authorization", &*bearer)];
    headers.extend(body.map(|_| ("content-type", "application/json")));
    let body = body.map(Value::to_string);
    let request = http::request(method, path, &headers, body.as_deref());
    http::call(running.server.address, &request)?.json()
}

/// The token of another client.
fn stranger(running: &Running) -> Result<String, String> {
    let body = json!({"name": "others", "scopes": ["admin"], "rate_limit": 1_000_000});
    let made = call(running, &running.token, "POST", "/v1/clients", Some(&body))?;
    let id = made.pointer("/client/id").and_then(Value::as_str).ok_or("no client")?;
    let secret = text_of(&made, "client_secret")?;
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let request = http::request("POST", "/oauth/token", &kind, Some(&form));
    text_of(&http::call(running.server.address, &request)?.json()?, "access_token")
}

/// How long each call took, and the organization.
type Filled = (Vec<f64>, String);

/// An organization with so many assets.
pub(super) fn fill(running: &Running, token: &str, assets: usize) -> Result<Filled, String> {
    let company = json!({"name": "株式会社みほん"});
    let made = call(running, token, "POST", "/v1/organizations", Some(&company))?;
    let id = text_of(&made, "id")?;
    let path = format!("/v1/organizations/{id}");
    let edition = json!({"edition": "4.0"});
    call(running, token, "PUT", &format!("{path}/risk-register"), Some(&edition))?;
    let mut took = Vec::new();
    for begin in (0..assets).step_by(IN_A_CALL) {
        let rows: Vec<_> = (begin..assets.min(begin + IN_A_CALL)).map(row).collect();
        let began = std::time::Instant::now();
        let upsert = format!("{path}/assets/upsert");
        call(running, token, "POST", &upsert, Some(&json!({"assets": rows})))?;
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok((took, id))
}

fn row(number: usize) -> Value {
    json!({
        "external_id": format!("A-{number:05}"), "name": format!("顧客台帳 その{number}"),
        "business_category": "営業", "owner_department": format!("営業{}課", number % 20),
        "user_scope": "営業部", "medium": MEDIA.get(number % MEDIA.len()),
        "confidentiality": number / 7 % 3 + 1, "integrity": number / 11 % 3 + 1,
        "availability": number / 13 % 3 + 1, "retention": "7年",
    })
}
