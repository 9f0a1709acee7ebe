//! The program on the database of a desk, and an assistant that speaks to it line by line.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use mamori_tests::Desk;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// The program on the database of a desk.
pub(crate) fn program(
    desk: &Desk,
    credentials: Option<(&str, &str)>,
    arguments: &[&str],
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mamori"));
    command
        .args(arguments)
        .current_dir(desk.folder())
        .env_clear()
        .env("MAMORI_DATABASE_URL", desk.database_url())
        .env("MAMORI_ROOT_KEY_FILE", desk.root_key_file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some((id, secret)) = credentials {
        command.env("MAMORI_MCP_CLIENT_ID", id).env("MAMORI_MCP_CLIENT_SECRET", secret);
    }
    command
}

/// An assistant, and the program that answers it.
pub(crate) struct Assistant {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    asked: u64,
    pub(crate) greeting: Value,
}

impl Assistant {
    /// As the first client of the desk.
    pub(crate) fn of(desk: &Desk, arguments: &[&str]) -> Self {
        let (id, secret) = &desk.credentials;
        Self::start(desk, Some((&id.to_string(), secret)), arguments)
    }

    pub(crate) fn start(
        desk: &Desk,
        credentials: Option<(&str, &str)>,
        arguments: &[&str],
    ) -> Self {
        let arguments = [&["mcp"], arguments].concat();
        let mut command = program(desk, credentials, &arguments);
        let mut child = command.stderr(Stdio::null()).spawn().expect("the program starts");
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("its output"));
        let (told, lines) = channel();
        std::thread::spawn(move || {
            stdout.lines().map_while(Result::ok).try_for_each(|line| told.send(line))
        });
        let mut assistant = Self { child, stdin, lines, asked: 0, greeting: Value::Null };
        let hello = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "a test", "version": "0"},
        });
        assistant.greeting = assistant.ask("initialize", &hello)["result"].clone();
        assistant.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        assistant
    }

    fn say(&mut self, message: &Value) {
        let stdin = self.stdin.as_mut().expect("its input");
        writeln!(stdin, "{message}").expect("a line is taken");
    }

    /// Asks, and takes the very next line for the answer: there is nothing else on that stream.
    pub(crate) fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}));
        let line = self.lines.recv_timeout(PATIENCE).expect("an answer");
        let answer: Value = serde_json::from_str(&line).expect("a line of the protocol");
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(id)), "{line}");
        answer
    }

    pub(crate) fn tools(&mut self) -> Vec<Value> {
        let answer = self.ask("tools/list", &json!({}));
        answer["result"]["tools"].as_array().expect("tools").clone()
    }

    pub(crate) fn names(&mut self) -> BTreeSet<String> {
        self.tools().iter().map(|tool| text(&tool["name"])).collect()
    }

    /// The result of a tool, good or not.
    pub(crate) fn result(&mut self, tool: &str, arguments: &Value) -> Value {
        let answer = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}));
        assert!(answer["error"].is_null(), "{tool}: {answer}");
        let result = answer["result"].clone();
        // What is told in text is what is told as a structure.
        let told: Value = serde_json::from_str(&text(&result["content"][0]["text"])).expect("JSON");
        assert_eq!(told, result["structuredContent"], "{tool}");
        result
    }

    pub(crate) fn good(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.result(tool, arguments);
        assert_eq!(result["isError"], false, "{tool}: {result}");
        result["structuredContent"].clone()
    }

    pub(crate) fn problem(&mut self, tool: &str, arguments: &Value) -> Value {
        let result = self.result(tool, arguments);
        assert_eq!(result["isError"], true, "{tool}: {result}");
        result["structuredContent"].clone()
    }

    /// How the program ends, and what it said that nobody asked for.
    pub(crate) fn ended(mut self) -> (Option<i32>, Vec<String>) {
        let patience = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("a state") {
                return (status.code(), self.lines.iter().collect());
            }
            assert!(Instant::now() < patience, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Assistant {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

pub(crate) fn refused(mut command: Command) -> Output {
    let output = command.stdin(Stdio::null()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    output
}

pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
