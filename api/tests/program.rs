//! The `mamori` program itself: its first run, its commands, its signals, and a kill.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it stands"
)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mamori"));
    command.current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A service that was started by hand, with its log in a file.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn start(folder: &Path, environment: &[(&str, &str)]) -> Self {
        Self::with(folder, &["serve"], environment)
    }

    fn sandbox(folder: &Path) -> Self {
        Self::with(folder, &["serve", "--sandbox"], &[])
    }

    fn with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let log = std::fs::File::create(folder.join("log")).expect("a file");
        let child = program(folder)
            .args(arguments)
            .env("MAMORI_LISTEN", format!("127.0.0.1:{port}"))
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut served = Self { child, port };
        let patience = Instant::now() + Duration::from_secs(90);
        while served.call("GET", "/readyz", "", "").is_none_or(|(status, _, _)| status != 200) {
            let ended = served.child.try_wait().expect("a state");
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < patience, "not ready: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        served
    }

    /// Status, head and body of an answer; nothing where nobody answers.
    fn call(
        &self,
        method: &str,
        path: &str,
        head: &str,
        body: &str,
    ) -> Option<(u16, String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\
             content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = text(&answer);
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, head.to_owned(), body.to_owned()))
    }

    fn token(&self, credentials: &Value) -> String {
        let field = |name: &str| credentials[name].as_str().expect("a text").to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            field("client_id"),
            field("client_secret")
        );
        let head = "content-type: application/x-www-form-urlencoded\r\n";
        let (status, _, body) = self.call("POST", "/oauth/token", head, &form).expect("an answer");
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        body["access_token"].as_str().expect("a token").to_owned()
    }

    fn stop(mut self, signal: &str) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().expect("kill");
        assert!(sent.success());
        let patience = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.child.try_wait().expect("a state") {
                return status.code();
            }
            assert!(Instant::now() < patience, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn first_client(folder: &Path) -> Value {
    let file = std::fs::read_to_string(folder.join("mamori-data/first-client.json"));
    serde_json::from_str(&file.expect("a file")).expect("JSON")
}

#[test]
fn the_first_run_sets_everything_up_and_keeps_its_secrets() {
    let folder = TempDir::new().expect("a folder");
    let served = Served::start(folder.path(), &[]);
    let data = folder.path().join("mamori-data");
    for (name, mode) in
        [("", 0o700), ("mamori.db", 0o600), ("root.key", 0o600), ("first-client.json", 0o600)]
    {
        let metadata = std::fs::metadata(data.join(name)).expect(name);
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
    let credentials = first_client(folder.path());
    let token = served.token(&credentials);
    let head = format!("authorization: Bearer {token}\r\n");
    let (status, _, _) = served.call("GET", "/v1/organizations", &head, "").expect("an answer");
    assert_eq!(status, 200);
    assert_eq!(served.stop("-TERM"), Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).expect("the log");
    assert!(log.contains("/docs/"), "{log}");
    assert!(!log.contains(credentials["client_secret"].as_str().expect("a secret")));
    assert!(!log.contains(&token));

    // The second run finds all of it.
    let again = Served::start(folder.path(), &[]);
    assert_eq!(first_client(folder.path()), credentials);
    let _ = again.token(&credentials);
    assert_eq!(again.stop("-INT"), Some(0), "Ctrl-C is graceful too");
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let folder = TempDir::new().expect("a folder");
    let served = Served::start(folder.path(), &[]);
    let credentials = first_client(folder.path());
    let token = served.token(&credentials);
    let head = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let acknowledged: Vec<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|writer| {
                let (served, head) = (&served, &head);
                scope.spawn(move || {
                    let mut kept = Vec::new();
                    for number in 0.. {
                        let id = format!("{writer}-{number}");
                        let body = json!({"name": "甲", "external_id": id}).to_string();
                        match served.call("POST", "/v1/organizations", head, &body) {
                            Some((201, _, _)) => kept.push(id),
                            _ => return kept,
                        }
                    }
                    kept
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(400));
        let pid = served.child.id().to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().expect("kill").success());
        writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
    });
    assert!(!acknowledged.is_empty());
    drop(served);

    let again = Served::start(folder.path(), &[]);
    let token = again.token(&credentials);
    let head = format!("authorization: Bearer {token}\r\n");
    for id in &acknowledged {
        let path = format!("/v1/organizations?external_id={id}");
        let (status, _, body) = again.call("GET", &path, &head, "").expect("an answer");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        let found = body["items"].as_array().expect("a list").len();
        assert_eq!((status, found), (200, 1), "{id} was acknowledged and is gone");
    }
}

#[test]
fn logs_hold_no_values() {
    let folder = TempDir::new().expect("a folder");
    let served = Served::start(folder.path(), &[("MAMORI_LOG", "trace")]);
    let token = served.token(&first_client(folder.path()));
    let head = format!("authorization: Bearer {token}\r\ncontent-type: application/json\r\n");
    let secrets = ["株式会社ひみつ", "customer-himitsu", "123456789012", "himitsu-value"];
    for body in [
        json!({"name": secrets[0], "external_id": secrets[1]}),
        json!({"name": "甲", "corporate_number": secrets[2]}),
        json!({"name": "甲", secrets[3]: 1}),
        json!({"name": "甲", "employees": secrets[3]}),
    ] {
        assert!(served.call("POST", "/v1/organizations", &head, &body.to_string()).is_some());
    }
    let path = format!("/v1/organizations?external_id={}", secrets[1]);
    assert!(served.call("GET", &path, &head, "").is_some());
    assert_eq!(served.stop("-TERM"), Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).expect("the log");
    let ours: Vec<&str> = log.lines().filter(|line| line.contains("\"target\":\"mamori")).collect();
    assert!(!ours.is_empty());
    for line in ours {
        for secret in secrets.iter().chain([&token.as_str()]) {
            assert!(!line.contains(secret), "{line}");
        }
    }
}

#[test]
fn clients_are_kept_on_the_command_line() {
    let folder = TempDir::new().expect("a folder");
    let add = run(folder.path(), &["client", "add", "--name", "portal", "--json"]);
    assert!(add.status.success(), "{}", text(&add.stderr));
    let added: Value = serde_json::from_slice(&add.stdout).expect("JSON");
    let id = added["client_id"].as_str().expect("an id").to_owned();
    let mut fields: Vec<_> = added.as_object().expect("an object").keys().collect();
    fields.sort();
    assert_eq!(fields, ["client_id", "client_secret"]);

    let scoped = run(
        folder.path(),
        &[
            "client",
            "add",
            "--name",
            "n",
            "--scope",
            "organizations:read assessments:read",
            "--json",
        ],
    );
    assert!(scoped.status.success());
    let list = text(&run(folder.path(), &["client", "list"]).stdout);
    assert_eq!(list.lines().count(), 2, "{list}");
    assert!(!list.contains("admin"), "{list}");

    let served = Served::start(folder.path(), &[]);
    let _ = served.token(&added);
    let rotated = run(folder.path(), &["client", "rotate", &id, "--overlap", "0"]);
    let rotated: Value = serde_json::from_slice(&rotated.stdout).expect("JSON");
    assert_ne!(rotated["client_secret"], added["client_secret"]);
    let _ = served.token(&rotated);
    assert!(run(folder.path(), &["client", "disable", &id]).status.success());
    assert!(text(&run(folder.path(), &["client", "list"]).stdout).contains("disabled"));

    for (arguments, told) in [
        (
            vec!["client", "add", "--name", "x", "--scope", "everything"],
            "there is no scope everything",
        ),
        (vec!["client", "add", "--name", "x", "--origin", "*"], "is not like https://host"),
        (vec!["client", "add", "--name", "x", "--jwks", "nowhere.json"], "--jwks"),
        (
            vec!["client", "disable", "01920000-0000-7000-8000-000000000000"],
            "there is no such client",
        ),
    ] {
        let refused = run(folder.path(), &arguments);
        assert!(
            !refused.status.success() && text(&refused.stderr).contains(told),
            "{arguments:?}: {}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn keys_rotate_on_the_command_line() {
    let folder = TempDir::new().expect("a folder");
    let served = Served::start(folder.path(), &[]);
    let list = || text(&run(folder.path(), &["keys", "list"]).stdout).lines().count();
    assert_eq!(list(), 1);
    assert!(run(folder.path(), &["keys", "rotate"]).status.success());
    assert_eq!(list(), 2);
    assert!(run(folder.path(), &["keys", "rotate", "--now"]).status.success());
    assert_eq!(list(), 1);
    let _ = served.token(&first_client(folder.path()));
}

#[test]
fn a_bank_of_somebody_elses_is_checked() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("bank.toml");
    std::fs::write(
        &file,
        "bank = \"self-check\"\nedition = \"5.0\"\nextends = \"4.0\"\ntext_revision = 1\n",
    )
    .expect("a file");
    let good = run(folder.path(), &["bank", "check", "bank.toml"]);
    assert!(
        good.status.success() && text(&good.stdout).contains("25 questions"),
        "{}",
        text(&good.stderr)
    );
    let flawed = "bank = \"self-check\"\nedition = \"5.0\"\nextends = \"4.0\"\n\n[[questions]]\nnumber = 1\neffect = 9\n\n[[questions]]\nnumber = 26\n";
    std::fs::write(&file, flawed).expect("a file");
    let bad = run(folder.path(), &["bank", "check", "bank.toml"]);
    assert!(!bad.status.success());
    let told = text(&bad.stderr);
    assert!(
        told.contains("bank.toml")
            && told.contains("questions.1.effect")
            && told.contains("questions.26"),
        "{told}"
    );
    std::fs::write(&file, "bank = ").expect("a file");
    assert!(text(&run(folder.path(), &["bank", "check", "bank.toml"]).stderr).contains("line 1"));
}

#[test]
fn what_is_set_wrongly_is_named() {
    let folder = TempDir::new().expect("a folder");
    for (name, value, told) in [
        ("MAMORI_LISTEN", "nowhere", "LISTEN"),
        ("MAMORI_DATABASE_URL", "mysql://x", "sqlite:"),
        ("MAMORI_DATABASE_URL", "postgres://127.0.0.1:1/none", "MAMORI_ROOT_KEY_FILE"),
        ("MAMORI_TOKEN_LIFETIME", "7200", "MAMORI_TOKEN_LIFETIME"),
        ("MAMORI_WORKERS", "0", "MAMORI_WORKERS"),
        ("MAMORI_PUBLIC_URL", "mamori.example.jp", "MAMORI_PUBLIC_URL"),
        ("MAMORI_LOG", "loud=very", "MAMORI_LOG"),
        ("MAMORI_TRUSTED_PROXIES", "proxy", "TRUSTED_PROXIES"),
    ] {
        let refused =
            program(folder.path()).arg("serve").env(name, value).output().expect("it runs");
        let error = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{name}={value}");
        assert!(error.contains(told), "{name}={value}: {error}");
    }
    std::fs::write(folder.path().join("mamori.toml"), "colour = \"red\"\n").expect("a file");
    let refused = run(folder.path(), &["serve"]);
    assert!(text(&refused.stderr).contains("colour"), "{}", text(&refused.stderr));
}

#[test]
fn a_database_of_a_newer_mamori_is_refused() {
    let folder = TempDir::new().expect("a folder");
    assert!(run(folder.path(), &["migrate"]).status.success());
    assert!(text(&run(folder.path(), &["migrate"]).stdout).contains("up to date"));
    let newer = "import sqlite3; c = sqlite3.connect('mamori-data/mamori.db'); \
                 c.execute(\"INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')\"); c.commit()";
    let made = Command::new("python3").args(["-c", newer]).current_dir(folder.path()).status();
    assert!(made.expect("python3").success());
    let refused = run(folder.path(), &["serve"]);
    assert!(
        !refused.status.success() && text(&refused.stderr).contains("newer"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn the_document_is_written_and_compared() {
    let folder = TempDir::new().expect("a folder");
    assert!(run(folder.path(), &["openapi", "--folder", "."]).status.success());
    assert!(run(folder.path(), &["openapi", "--check", "--folder", "."]).status.success());
    for name in ["openapi.json", "openapi-3.0.json"] {
        let file = folder.path().join(name);
        let written = std::fs::read(&file).expect("the document");
        std::fs::write(&file, "{}").expect("a file");
        let stale = run(folder.path(), &["openapi", "--check", "--folder", "."]);
        assert!(!stale.status.success() && text(&stale.stderr).contains(name));
        std::fs::write(&file, written).expect("a file");
    }
}

#[test]
fn a_setting_that_is_wrong_is_named_and_not_shown() {
    let folder = TempDir::new().expect("a folder");
    let mut number = program(folder.path());
    let number = number.arg("migrate").env("MAMORI_MCP_CLIENT_SECRET", "123456789012").output();
    let told = text(&number.expect("the program runs").stderr);
    assert!(told.contains("MCP_CLIENT_SECRET") && !told.contains("123456789012"), "{told}");
    let broken = "log = \"info\"\nmcp_client_secret = \"top-secret-thing\n";
    std::fs::write(folder.path().join("mamori.toml"), broken).expect("a file");
    let told = text(&run(folder.path(), &["migrate"]).stderr);
    assert!(told.contains("mamori.toml") && told.contains("line 2"), "{told}");
    assert!(!told.contains("top-secret"), "{told}");
}

#[test]
fn a_file_of_settings_can_be_named_and_a_probe_finds_the_service_by_it() {
    let folder = TempDir::new().expect("a folder");
    let served = Served::start(folder.path(), &[]);
    let file = folder.path().join("elsewhere.toml");
    std::fs::write(&file, format!("listen = \"0.0.0.0:{}\"", served.port)).expect("a file");
    let asked = |file: &Path| {
        let mut health = program(folder.path());
        let output = health.arg("health").env("MAMORI_CONFIG", file).output();
        output.expect("the program runs")
    };
    let ready = asked(&file);
    assert!(ready.status.success(), "{}", text(&ready.stderr));
    let missing = asked(Path::new("nowhere.toml"));
    assert_eq!(missing.status.code(), Some(1));
    let error = text(&missing.stderr);
    assert!(error.starts_with("mamori: nowhere.toml (MAMORI_CONFIG): "), "{error}");
}

#[test]
fn a_sandbox_has_a_folder_of_its_own_and_touches_nothing_else() {
    let folder = TempDir::new().expect("a folder");
    let mut command = program(folder.path());
    let refused = command.args(["serve", "--sandbox"]).env("MAMORI_LISTEN", "127.0.0.1:0");
    let refused = refused.env("MAMORI_DATABASE_URL", "sqlite:real.db").output().expect("it runs");
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("MAMORI_DATABASE_URL"), "{}", text(&refused.stderr));
    assert!(!folder.path().join("real.db").exists());

    // Nor does it empty a folder where it can't start, or follow a link out of it.
    let own = folder.path().join("mamori-sandbox");
    let refused = |arguments: &[&str], why: &str| {
        let mut command = program(folder.path());
        let command = command.args(["serve", "--sandbox"]).args(arguments);
        let output = command.env("MAMORI_LISTEN", "127.0.0.1:0").output().expect("it runs");
        assert!(!output.status.success());
        assert!(text(&output.stderr).contains(why), "{}", text(&output.stderr));
    };
    std::fs::create_dir(&own).expect("a folder");
    std::fs::write(own.join("sandbox.db"), "old").expect("a file");
    for time in ["2150-01-01T00:00:00Z", "2019-12-31T23:59:59Z"] {
        refused(&["--sandbox-now", time], "a sandbox starts between");
    }
    let target = folder.path().join("target.txt");
    std::fs::write(&target, "years of work").expect("a file");
    for name in ["lock", "clients.json"] {
        std::os::unix::fs::symlink("../target.txt", own.join(name)).expect("a link");
        refused(&[], name);
        std::fs::remove_file(own.join(name)).expect("a link");
    }
    assert_eq!(std::fs::read_to_string(&target).expect("a file"), "years of work");
    assert_eq!(std::fs::read_to_string(own.join("sandbox.db")).expect("a file"), "old");

    let served = Served::sandbox(folder.path());
    let (_, head, body) = served.call("GET", "/healthz", "", "").expect("an answer");
    assert!(head.contains("mamori-sandbox: true") && body.contains("\"sandbox\":true"), "{body}");
    let file = folder.path().join("mamori-sandbox/clients.json");
    let known: Value =
        serde_json::from_str(&std::fs::read_to_string(file).expect("a file")).expect("JSON");
    let token = served.token(&known["clients"][0]);
    let head = format!("authorization: Bearer {token}\r\n");
    let reset = served.call("POST", "/sandbox/reset", &head, "").expect("an answer");
    assert_eq!(reset.0, 200, "{}", reset.2);

    // Nobody else starts there meanwhile, and nothing is where a real service would be.
    let mut second = program(folder.path());
    let second = second.args(["serve", "--sandbox"]).env("MAMORI_LISTEN", "127.0.0.1:0");
    let second = second.output().expect("it runs");
    assert!(text(&second.stderr).contains("another sandbox"), "{}", text(&second.stderr));
    assert_eq!(served.stop("-TERM"), Some(0));
    let log = std::fs::read_to_string(folder.path().join("log")).expect("the log");
    assert!(log.contains("THIS IS A SANDBOX") && !log.contains("mamori_sandbox_secret"), "{log}");
    assert!(!folder.path().join("mamori-data").exists());

    std::fs::write(folder.path().join("mamori-sandbox/mine.txt"), "mine").expect("a file");
    let mut third = program(folder.path());
    let third = third.args(["serve", "--sandbox"]).env("MAMORI_LISTEN", "127.0.0.1:0");
    let third = third.output().expect("it runs");
    assert!(text(&third.stderr).contains("mine.txt"), "{}", text(&third.stderr));
}
