//! A register of ten thousand assets as a file: exported, and imported into another register.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http;
use crate::machine::{forget_peak, peak};
use crate::report::{Report, median};
use crate::server::{Engine, text_of};

use super::risk::{OURS, call, fill};
use super::{Bench, Running};

/// The longest that an import or an export may take, in seconds.
const LONGEST: f64 = 10.0;
/// The most memory that the server may hold meanwhile, in MiB.
const LARGEST: f64 = 150.0;

const FORMATS: [(&str, &str); 3] = [
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("csv", "text/csv"),
    ("json", "application/json"),
];

pub(super) fn run(bench: &Bench, engine: Engine, report: &mut Report) -> Result<(), String> {
    report.group(&format!("A register of 10,000 assets as a file, on {}", engine.name()));
    let running = Running::start(bench, engine)?;
    let (_, full) = fill(&running, &running.token, OURS)?;
    for (format, media_type) in FORMATS {
        let (mut out, mut read, mut applied, mut most) = (Vec::new(), Vec::new(), Vec::new(), 0.0);
        let (mut size, mut peaks) = (0, Vec::new());
        for _ in 0..bench.rounds {
            let mark = || {
                let kib = peak(running.server.id()).and_then(|kib| u32::try_from(kib).ok());
                forget_peak(running.server.id());
                f64::from(kib.unwrap_or_default()) / 1024.0
            };
            // What it holds before.
            forget_peak(running.server.id());
            let mut steps = vec![mark()];
            let (took, file) = timed(|| export(&running, &full, format))?;
            out.push(took);
            steps.push(mark());
            size = file.len();
            let (_, empty) = fill(&running, &running.token, 0)?;
            let (took, import) = timed(|| preview(&running, &empty, media_type, &file))?;
            read.push(took);
            steps.push(mark());
            let path = format!("/v1/asset-imports/{}/apply", text_of(&import, "id")?);
            let (took, done) =
                timed(|| call(&running, &running.token, "POST", &path, Some(&json!({}))))?;
            applied.push(took);
            let created = done.pointer("/counts/create").and_then(Value::as_u64);
            if created != u64::try_from(OURS).ok() {
                return Err(format!("{format}: {created:?} assets were created"));
            }
            steps.push(mark());
            most = steps.iter().copied().fold(most, f64::max);
            peaks = steps;
        }
        let (read, applied) = (median(read), median(applied));
        report.note(&format!(
            "{format}: {} KiB; preview {read:.2} s, application {applied:.2} s; MiB before, and \
             at most during export, preview and application: {}",
            size / 1024,
            peaks.iter().map(|mib| format!("{mib:.0}")).collect::<Vec<_>>().join(", "),
        ));
        let name = |what: &str| format!("{what} of {format} on {}", engine.name());
        report.at_most(&name("export"), median(out), "s", LONGEST);
        report.at_most(&name("import"), read + applied, "s", LONGEST);
        report.at_most(&name("peak memory"), most, "MiB", LARGEST);
    }
    Ok(())
}

/// As a person would, and so that the allocator has given back what the step before has freed.
const PAUSE: Duration = Duration::from_secs(2);

fn timed<T>(work: impl FnOnce() -> Result<T, String>) -> Result<(f64, T), String> {
    std::thread::sleep(PAUSE);
    let began = Instant::now();
    let done = work()?;
    Ok((began.elapsed().as_secs_f64(), done))
}

fn export(running: &Running, organization: &str, format: &str) -> Result<Vec<u8>, String> {
    let path = format!("/v1/organizations/{organization}/asset-export?format={format}");
    let answer = http::call(running.server.address, &running.request("GET", &path, &[], None))?;
    if answer.status == 200 { Ok(answer.body) } else { Err(format!("{path}: {}", answer.status)) }
}

fn preview(
    running: &Running,
    organization: &str,
    media_type: &str,
    file: &[u8],
) -> Result<Value, String> {
    let path = format!("/v1/organizations/{organization}/asset-imports");
    let length = file.len().to_string();
    let headers = [("content-type", media_type), ("content-length", length.as_str())];
    let mut request = running.request("POST", &path, &headers, None);
    request.extend_from_slice(file);
    let answer = http::call(running.server.address, &request)?;
    if answer.status == 201 { answer.json() } else { Err(format!("{path}: {}", answer.status)) }
}
