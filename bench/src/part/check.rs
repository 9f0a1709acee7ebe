//! Checks of a status: one of many organizations, ten thousand in a call beside the same lookups in plain
//! SQL, and whether what is not listed takes as long as what is not there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http;
use crate::load::{End, Load};
use crate::machine::{forget_peak, peak};
use crate::report::{Report, Round, median, real};
use crate::seed::{FIRST, corporate_number};
use crate::server::Engine;

use super::{Bench, Running};

/// How many organizations are listed, in the small and in the large database.
const SMALL: u64 = 10_000;
const LARGE: u64 = 1_000_000;
/// On SQLite a tenth: it is for one node.
const LARGE_FILE: u64 = 100_000;
/// How many are asked for in a call.
const ROWS: u64 = 10_000;
/// How many organizations are there and not listed, or not there; about half of each.
const HIDDEN: u64 = 4_000;
/// How often each kind is asked for.
const CALLS: usize = 20_000;
/// Few, so that a latency is that of the look-up and not of the queue.
const CONNECTIONS: usize = 2;
/// How many times the slowest one in a hundred may grow with the organizations.
const GROWTH: f64 = 1.5;
/// The least part of the rows a second of plain SQL.
const PLAIN: f64 = 0.5;
/// Below this, what is not listed would be told from what is not there.
const CHANCE: f64 = 0.01;
/// How much more memory ten thousand rows may take than a hundred, in MiB.
const MORE: f64 = 15.0;
/// What the answer to a row has where a declaration was found.
const FOUND: &[u8] = b"\"status\":\"declared\"";
/// How many rows one statement looks up, as the server does.
const CHUNK: usize = 500;

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    let many = match engine {
        Engine::Sqlite => LARGE_FILE,
        Engine::Postgres => LARGE,
    };
    report.group(&format!("Checks with 10,000 and with {many} organizations on {}", engine.name()));
    let small = filled(bench, engine, SMALL)?;
    let large = filled(bench, engine, many)?;
    let [few, all] = bench.in_turn([
        Box::new(|| single(bench, engine, &small, SMALL)),
        Box::new(|| single(bench, engine, &large, many)),
    ])?;
    report.figures(&format!("one check, {many}"), &all);
    report.figures("one check, 10,000", &few);
    let p99 = |rounds: &[Round]| median(rounds.iter().map(|round| round.p99).collect());
    let growth = p99(&all) / p99(&few).max(0.001);
    let name = format!("one check on {}", engine.name());
    report.at_most(&format!("{name}: growth of p99"), growth, "times", GROWTH);
    bulk(bench, engine, &large, many, report)?;
    told_apart(engine, &large, many, report)
}

/// A server with so many organizations of others that are listed, and some behind them of which
/// about half are there and not listed.
fn filled(bench: &Bench, engine: Engine, listed: u64) -> Result<Running, String> {
    let running = Running::start(bench, engine)?;
    let seed = running.seed();
    seed.declared(&(FIRST..FIRST + listed), "1 = 1", true)?;
    seed.declared(&(FIRST + listed..FIRST + listed + HIDDEN), &is_hidden("s.n"), false)?;
    seed.settle()?;
    Ok(running)
}

/// Which of the last numbers are there, in SQL: half of them, whatever their digits are.
fn is_hidden(number: &str) -> String {
    format!("{number} * 7919 % 1000003 % 2 = 0")
}

fn check(running: &Running, number: u64) -> Vec<u8> {
    let body = json!({"company": {"corporate_number": corporate_number(number)}}).to_string();
    running.request("POST", "/v1/declaration-checks", &[], Some(&body))
}

/// Checks of organizations all over the database.
fn single(bench: &Bench, engine: Engine, running: &Running, listed: u64) -> Result<Round, String> {
    let step = (listed / 2_000).max(1);
    let requests: Vec<_> =
        (0..2_000).map(|turn| check(running, FIRST + turn * step % listed)).collect();
    let load = Load {
        address: running.server.address,
        connections: CONNECTIONS,
        requests: Rc::from(requests),
        end: End::After(bench.round),
    };
    let round = bench.measure(engine, &running.server, &load)?;
    if round.errors + round.timeouts == 0 {
        return Ok(round);
    }
    Err(format!("checks: {} errors, {} time-outs", round.errors, round.timeouts))
}

/// Ten thousand rows in a call, and the same in plain SQL.
fn bulk(
    bench: &Bench,
    engine: Engine,
    running: &Running,
    listed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let numbers = |count: u64| -> Vec<String> {
        let step = (listed / count).max(1);
        (0..count).map(|turn| corporate_number(FIRST + turn * step % listed)).collect()
    };
    let ask = |numbers: &[String]| {
        let rows: Vec<_> =
            numbers.iter().map(|number| json!({"corporate_number": number})).collect();
        let body = json!({"rows": rows}).to_string();
        let request = running.request("POST", "/v1/declaration-checks/bulk", &[], Some(&body));
        forget_peak(running.server.id());
        let began = Instant::now();
        let answer = http::call(running.server.address, &request)?;
        let took = began.elapsed().as_secs_f64();
        let kib = peak(running.server.id()).and_then(|kib| u32::try_from(kib).ok());
        let found = answer.body.windows(FOUND.len()).filter(|part| *part == FOUND).count();
        if found == numbers.len() {
            return Ok((took, f64::from(kib.unwrap_or_default()) / 1024.0));
        }
        Err(format!("{found} of {} rows were found", numbers.len()))
    };
    let (all, some) = (numbers(ROWS), numbers(100));
    let statements = plain(engine, &all);
    let (mut ours, mut theirs, mut more) = (Vec::new(), Vec::new(), Vec::new());
    let mut most = 0.0_f64;
    for turn in 0..=bench.rounds {
        let (_, little) = ask(&some)?;
        let (took, much) = ask(&all)?;
        let began = Instant::now();
        running.site.sql("SELECT 'begun'")?;
        let start = began.elapsed();
        let began = Instant::now();
        running.site.sql_all(&statements)?;
        let spent = began.elapsed().saturating_sub(start).as_secs_f64();
        if turn > 0 {
            ours.push(took);
            theirs.push(spent);
            more.push((much - little).max(0.0));
            most = most.max(much);
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let name = format!("{ROWS} checks in a call on {}", engine.name());
    report.note(&format!(
        "{name}: {ours:.3} s, {:.0} rows a second; plain SQL {theirs:.3} s; peak of the process \
         {most:.0} MiB",
        real(all.len()) / ours
    ));
    report.at_least(&format!("{name}: rows a second of plain SQL"), theirs / ours, PLAIN);
    report.at_most(&format!("{name}: memory over that of 100"), median(more), "MiB", MORE);
    Ok(())
}

/// The statements that look the same numbers up, in the same chunks.
fn plain(engine: Engine, numbers: &[String]) -> Vec<String> {
    let columns = "o.corporate_number, o.id, o.name, d.id, d.state, d.stars, d.self_declaration_id, \
        d.articles_edition, d.grade, d.declared_on, d.confirmed_on, r.conflicting_since";
    let tables = "organization o JOIN declaration_register r ON r.organization_id = o.id \
        JOIN declaration d ON d.id = r.main_id";
    let nobody = "01900009-0000-7000-8000-000000000000";
    numbers
        .chunks(CHUNK)
        .flat_map(|chunk| {
            let list = chunk.iter().map(|number| format!("'{number}'")).collect::<Vec<_>>();
            let within = match engine {
                Engine::Sqlite => format!("IN ({})", list.join(",")),
                Engine::Postgres => format!("= ANY (ARRAY[{}])", list.join(",")),
            };
            let select =
                format!("SELECT {columns} FROM {tables} WHERE o.corporate_number {within}");
            [
                format!("{select} AND o.custodian_id = '{nobody}'"),
                format!("{select} AND o.listed AND o.custodian_id <> '{nobody}'"),
            ]
        })
        .collect()
}

/// Whether the time of an answer tells what is not listed from what is not there.
fn told_apart(
    engine: Engine,
    running: &Running,
    listed: u64,
    report: &mut Report,
) -> Result<(), String> {
    let numbers = FIRST + listed..FIRST + listed + HIDDEN;
    let (hidden, absent): (Vec<u64>, Vec<u64>) =
        numbers.partition(|number| number.wrapping_mul(7919) % 1_000_003 % 2 == 0);
    let mut line = Line::open(running)?;
    let (mut times, mut bodies) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for turn in 0..CALLS + 500 {
        // Which of the two is first changes with each turn.
        let both = if turn % 2 == 0 { [0, 1] } else { [1, 0] };
        for which in both {
            let numbers = if which == 0 { &hidden } else { &absent };
            let number = numbers.get(turn % numbers.len()).copied().unwrap_or(FIRST);
            let (took, body) = line.ask(&check(running, number))?;
            let (Some(times), Some(last)) = (times.get_mut(which), bodies.get_mut(which)) else {
                continue;
            };
            // What warms up is not counted.
            if turn >= 500 {
                times.push(took);
            }
            *last = body;
        }
    }
    let [of_hidden, of_absent] = times;
    let [told_hidden, told_absent] = bodies;
    let name = format!("not listed and not there on {}", engine.name());
    report.holds(&format!("{name}: the same bytes"), told_hidden == told_absent);
    let middle =
        |times: &[Duration]| median(times.iter().map(|it| it.as_secs_f64() * 1e6).collect());
    report.note(&format!(
        "{name}: {CALLS} calls each, in turn; median {:.1} and {:.1} µs",
        middle(&of_hidden),
        middle(&of_absent)
    ));
    let chance = mann_whitney(&of_hidden, &of_absent);
    report.at_least(&format!("{name}: Mann–Whitney p"), chance, CHANCE);
    Ok(())
}

/// A connection that is kept.
struct Line(TcpStream);

impl Line {
    fn open(running: &Running) -> Result<Self, String> {
        let stream =
            TcpStream::connect(running.server.address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Self(stream))
    }

    /// The time of an answer, and its body.
    fn ask(&mut self, request: &[u8]) -> Result<(Duration, Vec<u8>), String> {
        let told = |error: std::io::Error| error.to_string();
        let mut bytes = Vec::new();
        let mut part = [0; 8 * 1024];
        let began = Instant::now();
        self.0.write_all(request).map_err(told)?;
        loop {
            let read = self.0.read(&mut part).map_err(told)?;
            bytes.extend_from_slice(part.get(..read).unwrap_or_default());
            match http::head(&bytes)? {
                Some(head) if bytes.len() >= head.length => break,
                _ if read == 0 => return Err("the answer breaks off".to_owned()),
                _ => {}
            }
        }
        let took = began.elapsed();
        Ok((took, http::Answer::read(&bytes)?.body))
    }
}

/// The chance that two samples of one source differ so: the two-sided p of the test of Mann and
/// Whitney, by its normal approximation with ties.
fn mann_whitney(a: &[Duration], b: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> = a.iter().map(|it| (*it, true)).collect();
    all.extend(b.iter().map(|it| (*it, false)));
    all.sort_unstable();
    let (n, m) = (real(a.len()), real(b.len()));
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0);
    for same in all.chunk_by(|one, other| one.0 == other.0) {
        let count = real(same.len());
        // The ranks of equal ones are their mean.
        let rank = real(before) + f64::midpoint(1.0, count);
        ranks += rank * real(same.iter().filter(|one| one.1).count());
        ties += count * count * count - count;
        before += same.len();
    }
    let total = n + m;
    let u = ranks - n * (n + 1.0) / 2.0;
    let spread = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    let z = (u - n * m / 2.0).abs() / spread.sqrt().max(f64::MIN_POSITIVE);
    erfc(z / std::f64::consts::SQRT_2)
}

/// The complementary error function for what is not negative (Abramowitz and Stegun, 7.1.26; wrong by
/// less than 2e-7).
fn erfc(x: f64) -> f64 {
    let t = 1.0 / 0.327_591_1_f64.mul_add(x, 1.0);
    let factors = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let sum = factors.into_iter().fold(0.0, |sum: f64, factor| sum.mul_add(t, factor));
    sum * t * (-x * x).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_of_one_source_are_not_told_apart_and_others_are() {
        let times = |shift: u64| -> Vec<Duration> {
            (0..1_000).map(|n| Duration::from_micros(shift + n * 7919 % 1_009)).collect()
        };
        assert!(mann_whitney(&times(0), &times(0)) > 0.99);
        assert!(mann_whitney(&times(0), &times(100)) < 0.001);
        assert!((erfc(1.959_964 / std::f64::consts::SQRT_2) - 0.05).abs() < 1e-5);
    }
}
