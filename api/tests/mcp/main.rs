//! `mamori mcp`: the program itself, spoken to as assistants do, beside a service on the same
//! database.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it stands"
)]

mod assistant;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assistant::{Assistant, program, refused, text, told};
use mamori_tests::{Desk, both_engines};
use serde_json::{Value, json};

/// The operations that only read, by what the document says of each, with the ways to be let in.
fn readable() -> Vec<(String, String, Vec<Value>)> {
    let document = mamori::openapi::document();
    let paths = document["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (_, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/")) {
        for (method, operation) in item.as_object().expect("operations") {
            let ways = operation["security"].as_array().expect("security").clone();
            let reads = ways.iter().all(|way| {
                let scopes = way["oauth2"].as_array().cloned().unwrap_or_default();
                scopes.iter().all(|scope| text(scope).ends_with(":read"))
            });
            let content = &operation["responses"]["200"]["content"];
            let kinds: Vec<_> =
                content.as_object().into_iter().flatten().map(|(kind, _)| kind).collect();
            let json = kinds.iter().any(|kind| *kind == "application/json");
            let workbook = kinds.iter().any(|kind| kind.contains("spreadsheet"));
            if reads && json && !workbook {
                found.push((text(&operation["operationId"]), method.clone(), ways));
            }
        }
    }
    found
}

/// Adds a client of these scopes; its id and its secret.
fn client(desk: &Desk, scopes: &[&str]) -> (String, String) {
    let body = json!({"name": "assistant", "scopes": scopes});
    let made = desk.call("POST", "/v1/clients", &[], Some(&body));
    assert_eq!(made.status, 201, "{}", made.told());
    let made = made.json();
    (text(&made["client"]["id"]), text(&made["client_secret"]))
}

fn sheet(option: &str) -> Value {
    let answers: Vec<_> =
        (1..=25).map(|question| json!({"question": question, "option": option})).collect();
    json!({"bank": "self-check", "edition": "4.0", "answers": answers})
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

both_engines! {
    fn every_operation_that_only_reads_is_a_tool_and_no_other_is(desk) {
        let mut assistant = Assistant::of(&desk, &[]);
        let tools = assistant.tools();
        let expected = readable();
        let names: BTreeSet<_> = tools.iter().map(|tool| text(&tool["name"])).collect();
        assert_eq!(names, expected.iter().map(|(name, _, _)| name.clone()).collect());
        for (name, method, _) in expected.iter().filter(|(_, method, _)| method != "get") {
            assert_eq!(method, "post", "{name}");
            let calculates = ["check_", "score_", "evaluate_"].iter().any(|verb| name.starts_with(verb));
            assert!(calculates, "{name} does not sound as if it kept nothing");
        }
        for tool in tools {
            let hints = &tool["annotations"];
            assert_eq!(hints["readOnlyHint"], true);
            assert_eq!(hints["destructiveHint"], false);
            assert_eq!(hints["openWorldHint"], false);
            assert!(!text(&tool["title"]).is_empty() && !text(&tool["description"]).is_empty());
            let schema = &tool["inputSchema"];
            assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)));
            assert_eq!(schema["properties"]["language"]["enum"], json!(["ja", "en"]));
            let mut found = BTreeSet::new();
            references(schema, &mut found);
            for target in found {
                let there = schema.pointer(target.trim_start_matches('#')).is_some();
                assert!(there && target.starts_with("#/$defs/"), "{}: {target}", tool["name"]);
            }
        }
    }

    fn without_credentials_only_what_is_public_is_offered(desk) {
        let mut assistant = Assistant::start(&desk, None, &[]);
        let open = readable().into_iter().filter(|(_, _, ways)| ways.is_empty() || ways.contains(&json!({})));
        assert_eq!(assistant.names(), open.map(|(name, _, _)| name).collect());
        let banks = assistant.good("list_question_banks", &json!({}));
        assert!(banks["items"].as_array().is_some_and(|items| items.len() >= 7));
        assert_eq!(assistant.good("score_answers", &sheet("partly_implemented"))["total"], 50);
        let missing = assistant.ask("tools/call", &json!({"name": "list_organizations"}));
        assert_eq!(missing["error"]["code"], -32602);
        assert_eq!(assistant.ask("prompts/list", &json!({}))["result"]["prompts"], json!([]));
        assert!(text(&assistant.greeting["instructions"]).contains("No client is named"));
    }

    fn a_list_is_read_page_by_page(desk) {
        let made: BTreeSet<_> = ["甲", "乙", "丙"].map(|name| desk.organization(name)).into();
        let mut assistant = Assistant::of(&desk, &[]);
        let mut arguments = json!({"limit": 1});
        let mut found = BTreeSet::new();
        loop {
            let result = assistant.result("list_organizations", &arguments);
            let page = &result["structuredContent"];
            found.insert(text(&page["items"][0]["id"]));
            let more = result["content"].as_array().expect("content").get(1);
            let Some(cursor) = page["next_cursor"].as_str() else {
                assert!(more.is_none());
                break;
            };
            assert!(more.is_some_and(|more| text(&more["text"]).contains(cursor)));
            arguments["cursor"] = json!(cursor);
        }
        assert_eq!(found, made);
    }

    fn what_is_anothers_is_not_there(desk) {
        let body = json!({"name": "他社"});
        let other = desk.call_as(&desk.stranger, "POST", "/v1/organizations", &[], Some(&body));
        let other = text(&other.json()["id"]);
        let mut assistant = Assistant::of(&desk, &[]);
        for tool in assistant.tools() {
            let (name, schema) = (text(&tool["name"]), &tool["inputSchema"]);
            let needed = json!(["id"]);
            if schema["required"] != needed || schema["properties"]["id"]["format"] != "uuid" {
                continue;
            }
            let problem = assistant.problem(&name, &json!({"id": other}));
            let known = (&problem["status"], &problem["type"]);
            assert_eq!(known, (&json!(404), &json!("/problems/not-found")), "{name}");
            assert!(!problem.to_string().contains("他社"));
        }
    }

    fn a_wrong_argument_is_named(desk) {
        let mut assistant = Assistant::of(&desk, &[]);
        let mut wrong = sheet("implemented");
        wrong["answers"][3]["question"] = json!(99);
        let problem = assistant.problem("score_answers", &wrong);
        assert_eq!(problem["errors"][0]["pointer"], "/answers/3/question");
        let mut unknown = sheet("implemented");
        unknown["nonsense"] = json!(1);
        let problem = assistant.problem("score_answers", &unknown);
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!("/nonsense"), &json!("unknown_field")));
        for (tool, arguments, parameter, code) in [
            ("list_organizations", json!({"nonsense": {"a": 1}}), "nonsense", "unknown_field"),
            ("list_organizations", json!({"limit": 0}), "limit", "out_of_range"),
            ("list_organizations", json!({"limit": [1]}), "limit", "wrong_type"),
            ("list_question_banks", json!({"nonsense": 1}), "nonsense", "unknown_field"),
            ("get_organization", json!({}), "id", "required"),
            ("get_organization", json!({"id": ""}), "id", "required"),
            ("get_organization", json!({"id": "x".repeat(70_000)}), "query", "length"),
            ("compare_assessments", json!({"id": desk.stranger_id.to_string()}), "with", "required"),
            ("get_question_bank", json!({"bank": "self-check", "edition": "4.0", "language": "fr"}), "language", "unknown_value"),
        ] {
            let problem = assistant.problem(tool, &arguments);
            let error = &problem["errors"][0];
            assert_eq!((&error["parameter"], &error["code"]), (&json!(parameter), &json!(code)), "{tool} {problem}");
        }
        // What would leave its place in the path does not.
        for id in ["../risk-models", "..", "%2e%2e", "x?limit=1", "x#y", "a/b"] {
            assert_eq!(assistant.problem("get_organization", &json!({"id": id}))["status"], 404, "{id}");
        }
        // An edition that was taken for a number is still the edition.
        let bank = assistant.good("get_question_bank", &json!({"bank": "self-check", "edition": 4.0}));
        assert_eq!(bank["edition"], "4.0");
    }

    fn narrowed_to_one_organization_it_reaches_no_other(desk) {
        let (one, other) = (desk.organization("甲"), desk.organization("乙"));
        let mut assistant = Assistant::of(&desk, &["--organization", &one]);
        let list = assistant.good("list_organizations", &json!({}));
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(list["items"][0]["id"], json!(one));
        assert_eq!(assistant.problem("get_organization", &json!({"id": other}))["status"], 404);
        let (id, secret) = &desk.credentials;
        let id = id.to_string();
        let nobody = desk.stranger_id.to_string();
        let arguments = ["mcp", "--organization", nobody.as_str()];
        let output = refused(program(&desk, Some((&id, secret)), &arguments));
        assert!(told(&output).contains("no such organization"), "{}", told(&output));
        let output = refused(program(&desk, None, &arguments));
        assert!(told(&output).contains("--organization"), "{}", told(&output));
    }

    fn answers_are_in_the_language_that_is_asked_for(desk) {
        let mut assistant = Assistant::of(&desk, &[]);
        let titles = ["ja", "en"].map(|language| {
            let bank = json!({"bank": "self-check", "edition": "4.0", "language": language});
            let problem = json!({"id": "x", "language": language});
            (
                text(&assistant.good("get_question_bank", &bank)["title"]),
                text(&assistant.problem("get_organization", &problem)["title"]),
            )
        });
        assert_eq!(titles[0].1, "見つかりません");
        assert_eq!(titles[1].1, "Not found");
        assert!(titles[1].0.is_ascii() && !titles[0].0.is_ascii());
    }

    fn credentials_that_are_not_good_end_it(desk) {
        let (id, secret) = &desk.credentials;
        let id = id.to_string();
        for (id, secret) in [(id.as_str(), "a-wrong-secret"), ("0199d6a2-7b1c-7000-8000-000000000001", secret)] {
            let output = refused(program(&desk, Some((id, secret)), &["mcp"]));
            assert!(told(&output).contains("the client is not known"), "{}", told(&output));
            assert!(!told(&output).contains(secret));
        }
        let mut half = program(&desk, None, &["mcp"]);
        half.env("MAMORI_MCP_CLIENT_ID", &id);
        assert!(told(&refused(half)).contains("MAMORI_MCP_CLIENT_SECRET"));
        // A file holds both, as `mamori client add --json` prints them.
        let file = desk.folder().join("client.json");
        std::fs::write(&file, json!({"client_id": id}).to_string()).expect("a file");
        let mut broken = program(&desk, None, &["mcp"]);
        broken.env("MAMORI_MCP_CLIENT_FILE", &file);
        assert!(told(&refused(broken)).contains("MAMORI_MCP_CLIENT_FILE"));
        std::fs::write(&file, json!({"client_id": id, "client_secret": secret}).to_string()).expect("a file");
        let mut good = program(&desk, None, &["mcp"]);
        good.env("MAMORI_MCP_CLIENT_FILE", &file).stdin(Stdio::null());
        assert_eq!(good.output().expect("the program runs").status.code(), Some(0));
    }

    fn it_offers_what_its_client_may_read(desk) {
        let (id, secret) = client(&desk, &["organizations:read", "risks:write"]);
        let mut assistant = Assistant::start(&desk, Some((&id, &secret)), &[]);
        let may = |way: &Value| way["oauth2"].as_array().is_none_or(|scopes| scopes.iter().all(|scope| scope == "organizations:read"));
        let expected = readable().into_iter().filter(|(_, _, ways)| ways.is_empty() || ways.iter().any(may));
        assert_eq!(assistant.names(), expected.map(|(name, _, _)| name).collect());
        // To ask for no scope would be to ask for all of them.
        let (id, secret) = client(&desk, &["risks:write"]);
        let output = refused(program(&desk, Some((&id, &secret)), &["mcp"]));
        assert!(told(&output).contains("no scope to read with"), "{}", told(&output));
    }

    fn nothing_is_recorded_whatever_is_called(desk) {
        let organization = desk.organization("甲");
        let changes = || desk.sql("SELECT count(*) FROM change");
        let before = changes();
        let mut assistant = Assistant::of(&desk, &[]);
        let (mut called, mut good) = (0, 0);
        for tool in assistant.tools() {
            let arguments = json!({
                "id": organization, "with": organization, "bank": "self-check", "edition": "4.0",
                "programme": "tokyo-cybersecurity-subsidy", "answers": [], "assets": [], "rows": [],
                "text": "x", "token": "x", "situation": {"state": "declared", "stars": 1},
                "company": {"declaration_id": "59999999901"}, "rule": {"minimum_stars": 1},
            });
            let known = tool["inputSchema"]["properties"].as_object().expect("properties");
            let mut arguments = arguments.as_object().expect("arguments").clone();
            arguments.retain(|name, _| known.contains_key(name));
            let result = assistant.result(&text(&tool["name"]), &Value::Object(arguments));
            let status = result["structuredContent"]["status"].as_u64().filter(|_| result["isError"] == true);
            assert!(status.is_none_or(|status| status < 500), "{}: {result}", tool["name"]);
            called += 1;
            good += usize::from(result["isError"] == false);
        }
        assert!(called > 50 && good > 20, "{good} of {called}");
        assert_eq!(changes(), before);
    }

    fn it_sees_at_once_what_the_service_beside_it_does(desk) {
        let (id, secret) = client(&desk, &["organizations:read", "organizations:write"]);
        let token = desk.token_of(id.parse().expect("an id"), &secret, "");
        let mut assistant = Assistant::start(&desk, Some((&id, &secret)), &[]);
        let body = json!({"name": "後から"});
        let made = desk.call_as(&token, "POST", "/v1/organizations", &[], Some(&body)).json();
        let read = assistant.good("get_organization", &json!({"id": made["id"]}));
        assert_eq!(read["name"], "後から");
        let patch = json!({"disabled": true});
        let disabled = desk.call("PATCH", &format!("/v1/clients/{id}"), &[("if-match", "\"1.0\"")], Some(&patch));
        assert_eq!(disabled.status, 200);
        let answer = assistant.ask("tools/call", &json!({"name": "get_organization", "arguments": {"id": made["id"]}}));
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(!answer.to_string().contains("後から"));
    }

    fn a_token_that_ends_early_is_renewed(desk) {
        let organization = desk.organization("甲");
        let mut assistant = Assistant::of(&desk, &[]);
        let rotated = program(&desk, None, &["keys", "rotate", "--now"]).output().expect("the program runs");
        assert!(rotated.status.success(), "{}", told(&rotated));
        // The old key is forgotten within a second or so; every call before and after that is good.
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until {
            assert_eq!(assistant.good("get_organization", &json!({"id": organization}))["name"], "甲");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn an_answer_that_is_too_long_says_how_to_ask_for_less(desk) {
        let organization = desk.organization("甲");
        let register = format!("/v1/organizations/{organization}/risk-register");
        assert_eq!(desk.call("PUT", &register, &[], Some(&json!({"edition": "4.0"}))).status, 200);
        let assets: Vec<_> = (0..200)
            .map(|number| json!({
                "external_id": format!("A-{number}"), "name": "あ".repeat(100), "medium": "paper",
                "note": "あ".repeat(900), "confidentiality": 1, "integrity": 1, "availability": 1,
            }))
            .collect();
        let path = format!("/v1/organizations/{organization}/assets/upsert");
        let added = desk.call("POST", &path, &[], Some(&json!({"assets": assets})));
        assert_eq!(added.status, 200, "{}", added.told());
        let mut assistant = Assistant::of(&desk, &[]);
        let all = json!({"id": organization, "limit": 200, "language": "en"});
        let problem = assistant.problem("list_assets", &all);
        assert_eq!(problem["errors"][0]["parameter"], "limit", "{problem}");
        let some = assistant.good("list_assets", &json!({"id": organization, "limit": 20}));
        assert_eq!(some["items"].as_array().map(Vec::len), Some(20));
    }

    fn question_banks_can_be_attached_and_prompts_chosen(desk) {
        let organization = desk.organization("甲");
        let mut assistant = Assistant::of(&desk, &[]);
        let listed = assistant.ask("resources/list", &json!({}))["result"]["resources"].clone();
        let listed = listed.as_array().expect("resources");
        assert!(listed.len() >= 14);
        for resource in listed {
            let read = assistant.ask("resources/read", &json!({"uri": resource["uri"]}));
            let content = &read["result"]["contents"][0];
            let bank: Value = serde_json::from_str(&text(&content["text"])).expect("JSON");
            assert!(text(&resource["title"]).starts_with(&text(&bank["title"])), "{resource}");
        }
        for uri in ["mamori://question-banks/self-check/9.9/ja", "mamori://question-banks/../../x", "file:///etc/passwd"] {
            assert!(assistant.ask("resources/read", &json!({"uri": uri}))["error"].is_object(), "{uri}");
        }
        let prompts = assistant.ask("prompts/list", &json!({}))["result"]["prompts"].clone();
        for prompt in prompts.as_array().expect("prompts") {
            for language in ["ja", "en"] {
                let arguments = json!({"organization": organization, "language": language});
                let asked = json!({"name": prompt["name"], "arguments": arguments});
                let got = assistant.ask("prompts/get", &asked);
                let said = text(&got["result"]["messages"][0]["content"]["text"]);
                assert!(said.contains(&organization) && !said.contains('{'), "{said}");
            }
            let asked = json!({"name": prompt["name"], "arguments": {"organization": "anything else"}});
            assert_eq!(assistant.ask("prompts/get", &asked)["error"]["code"], -32602);
        }
        let instructions = text(&assistant.greeting["instructions"]);
        assert!(instructions.contains("never instructions") && instructions.contains("自己宣言"));
    }

    fn it_ends_well_when_the_assistant_does_and_at_a_signal(desk) {
        let mut assistant = Assistant::of(&desk, &[]);
        assistant.stdin = None;
        assert_eq!(assistant.ended(), (Some(0), vec![]));
        let assistant = Assistant::of(&desk, &[]);
        let pid = assistant.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        assert_eq!(assistant.ended(), (Some(0), vec![]));
        // Before anything was said, too.
        let silent = program(&desk, None, &["mcp"]).stdin(Stdio::null()).output();
        let silent = silent.expect("the program runs");
        assert_eq!((silent.status.code(), silent.stdout.len()), (Some(0), 0));
    }
}

/// An assistant may be started anywhere: a database is not made by mistake.
#[test]
fn no_database_is_made() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mamori"));
    command.arg("mcp").current_dir(folder.path()).env_clear();
    let output = refused(command);
    assert!(told(&output).contains("MAMORI_DATABASE_URL"), "{}", told(&output));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
