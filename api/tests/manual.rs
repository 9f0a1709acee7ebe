//! What the program tells of itself: its manual, what completes its commands, its probe.
#![expect(clippy::expect_used, reason = "a test may stop where it stands")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use mamori::Setting;
use tempfile::TempDir;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mamori"));
    command.current_dir(folder).env_clear().env("SOURCE_DATE_EPOCH", "0").args(arguments);
    command.output().expect("the program runs")
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The commands that `--help` lists behind these words.
fn commands(folder: &Path, words: &[&str]) -> Vec<String> {
    let help = told(folder, &[words, &["--help"]].concat());
    let list = help.split_once("Commands:\n").map_or("", |(_, list)| list);
    let list = list.lines().take_while(|line| !line.is_empty());
    let names = list.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    names.filter(|name| name != "help").collect()
}

#[test]
fn the_manual_has_every_setting_with_its_default() {
    let folder = TempDir::new().expect("a folder");
    let page = told(folder.path(), &["man"]);
    assert!(page.contains(".TH mamori 1 1970-01-01 \"mamori "), "{page}");
    let sections = page.lines().filter_map(|line| line.strip_prefix(".SH "));
    let wanted = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "SUBCOMMANDS",
        "ENVIRONMENT",
        "FILES",
        "EXIT STATUS",
        "SIGNALS",
        "EXAMPLES",
        "SEE ALSO",
    ];
    assert_eq!(sections.collect::<Vec<_>>(), wanted);
    let (_, environment) = page.split_once(".SH ENVIRONMENT").expect("the section");
    let (environment, _) = environment.split_once(".SH FILES").expect("its end");
    let told = environment.split(".TP\n").skip(1).map(|entry| {
        let (name, about) = entry.split_once('\n').expect("two lines");
        assert!(about.len() > 10, "{entry}");
        name
    });
    let wanted = Setting::all().into_iter().map(|setting| {
        let default =
            setting.default.as_ref().map(|text| format!(r" [\fB{text}\fR]")).unwrap_or_default();
        match setting.in_environment {
            true => format!(r"\fB{}\fR{default}", setting.variable()),
            false => format!(r"\fB{}\fR (only in the file)", setting.name),
        }
    });
    let wanted = std::iter::once(r"\fBMAMORI_CONFIG\fR".to_owned()).chain(wanted);
    let plain = |text: &str| text.replace('\\', "").replace("-", "");
    assert_eq!(
        told.map(plain).collect::<Vec<_>>(),
        wanted.map(|text| plain(&text)).collect::<Vec<_>>()
    );
}

#[test]
fn every_command_has_a_page_of_its_own() {
    let folder = TempDir::new().expect("a folder");
    assert_eq!(told(folder.path(), &["man", "--out", "."]), "");
    let mut wanted = BTreeSet::from(["mamori.1".to_owned()]);
    for first in commands(folder.path(), &[]) {
        wanted.insert(format!("mamori-{first}.1"));
        for second in commands(folder.path(), &[&first]) {
            wanted.insert(format!("mamori-{first}-{second}.1"));
        }
    }
    assert!(wanted.contains("mamori-client-add.1"), "{wanted:?}");
    let entries = std::fs::read_dir(folder.path()).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("UTF-8"));
    assert_eq!(names.collect::<BTreeSet<_>>(), wanted);
    let main = std::fs::read_to_string(folder.path().join("mamori.1")).expect("the main page");
    assert_eq!(main, told(folder.path(), &["man"]));
}

#[test]
fn commands_complete_in_three_shells_and_in_no_other_word() {
    let folder = TempDir::new().expect("a folder");
    for (shell, mark) in
        [("bash", "complete -F"), ("zsh", "#compdef mamori"), ("fish", "complete -c mamori")]
    {
        let script = told(folder.path(), &["completions", shell]);
        assert!(script.contains(mark), "{shell}");
        for name in commands(folder.path(), &[]) {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
    assert_eq!(run(folder.path(), &["completions", "dos"]).status.code(), Some(2));
}

#[test]
fn a_probe_of_nobody_fails_and_says_whom_it_asked() {
    let folder = TempDir::new().expect("a folder");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    std::fs::write(folder.path().join("mamori.toml"), format!("listen = \"{address}\""))
        .expect("a file");
    let asked = run(folder.path(), &["health"]);
    assert_eq!(asked.status.code(), Some(1));
    let error = String::from_utf8(asked.stderr).expect("UTF-8");
    assert!(error.contains(&format!("http://{address}/readyz")), "{error}");
}
