//! The document's examples: what the service really answers, recorded and kept true.

use std::collections::BTreeMap;
use std::path::Path;

use mamori_tests::{Desk, Response};
use serde_json::{Value, json};

const KEPT: &str = include_str!("../../openapi/examples.json");

/// What was sent, and what was answered by status, of each operation.
type Recorded = BTreeMap<&'static str, BTreeMap<String, Value>>;

/// The path of the first main job, each call with the operation that it is of.
struct Recorder<'d> {
    desk: &'d Desk,
    recorded: Recorded,
}

impl Recorder<'_> {
    fn call(
        &mut self,
        operation: &'static str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Response {
        let answer = self.desk.call(method, path, headers, body.as_ref());
        self.keep(operation, &answer);
        if let Some(body) = body {
            let kept = self.recorded.entry(operation).or_default();
            kept.insert("request".to_owned(), shortened(body));
        }
        answer
    }

    fn keep(&mut self, operation: &'static str, answer: &Response) {
        assert!(matches!(answer.status, 200 | 201), "{operation}: {}", answer.json());
        let body = shortened(answer.json());
        self.recorded.entry(operation).or_default().insert(answer.status.to_string(), body);
    }
}

/// Long lists are cut, and what must not be shown or changes at each run is replaced.
fn shortened(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().take(2).map(shortened).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| {
                let value = match name.as_str() {
                    "access_token" => json!("eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.…"),
                    "client_secret" if value.is_string() => json!("mamori_secret_…"),
                    "token" if value.is_string() => {
                        json!("eyJ0eXAiOiJ2Yytqd3QiLCJhbGciOiJFZERTQSJ9.…")
                    }
                    "next_cursor" if value.is_string() => json!("AaBbCcDd0123456789-_"),
                    "x" | "kid" => json!("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
                    _ => shortened(value),
                };
                (name, value)
            })
            .collect(),
        value => value,
    }
}

fn record() -> Recorded {
    let desk = Desk::sqlite();
    let mut recorder = Recorder { desk: &desk, recorded: Recorded::new() };
    let (id, secret) = &desk.credentials;
    let form = format!("client_id={id}&client_secret={secret}&scope=organizations:read");
    recorder.keep("issue_token", &desk.ask_for_token(&form));
    for (operation, path) in [
        ("get_health", "/healthz"),
        ("get_service_readiness", "/readyz"),
        ("get_key_set", "/.well-known/jwks.json"),
        ("get_authorization_server", "/.well-known/oauth-authorization-server"),
        ("get_protected_resource", "/.well-known/oauth-protected-resource"),
        ("get_problem", "/problems/not-found"),
        ("list_question_banks", "/v1/question-banks"),
        ("list_question_bank_editions", "/v1/question-banks/self-check"),
        ("get_question_bank", "/v1/question-banks/self-check/editions/4.0"),
    ] {
        recorder.keep(operation, &desk.raw("GET", path, &[], b""));
    }

    let client = json!({
        "name": "健診ポータル", "scopes": ["organizations:read", "assessments:read"],
        "origins": ["https://portal.example.jp"],
    });
    let client = recorder.call("create_client", "POST", "/v1/clients", &[], Some(client));
    let client = client.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_client", "GET", &client, &[], None);
    let change = Some(json!({"rate_limit": 12000}));
    let _ = recorder.call("update_client", "PATCH", &client, &[("if-match", "\"1.0\"")], change);
    let rotate = format!("{client}/secret");
    let overlap = Some(json!({"overlap_seconds": 3600}));
    let _ = recorder.call("rotate_client_secret", "POST", &rotate, &[], overlap);
    let _ = recorder.call("list_clients", "GET", "/v1/clients?limit=1", &[], None);

    let organization = json!({
        "name": "株式会社みほん製作所", "external_id": "customer-0001",
        "corporate_number": "7123456789012", "prefecture": "13", "employees": 12,
    });
    let path = "/v1/organizations";
    let made = recorder.call("create_organization", "POST", path, &[], Some(organization));
    let organization = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_organization", "GET", &organization, &[], None);
    let first = [("if-match", "\"1.0\"")];
    let change = Some(json!({"employees": 14}));
    let _ = recorder.call("update_organization", "PATCH", &organization, &first, change);
    let _ = recorder.call("list_organizations", "GET", path, &[], None);

    let units = format!("{organization}/units");
    let unit = json!({"name": "大阪営業所", "kind": "site"});
    let made = recorder.call("create_unit", "POST", &units, &[], Some(unit));
    let unit = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_unit", "GET", &unit, &[], None);
    let change = Some(json!({"name": "大阪支店"}));
    let _ = recorder.call("update_unit", "PATCH", &unit, &first, change);
    let _ = recorder.call("list_units", "GET", &units, &[], None);

    let earlier = submitted(&mut recorder, &organization, "2025-11-20", "partly_implemented");
    let later = submitted(&mut recorder, &organization, "2026-11-24", "implemented");
    let list = format!("{organization}/assessments");
    let _ = recorder.call("list_assessments", "GET", &list, &[], None);
    let _ = recorder.call(
        "list_assessment_history",
        "GET",
        &format!("{organization}/history"),
        &[],
        None,
    );
    let with = earlier.rsplit('/').next().expect("an id");
    let compared = format!("{later}/comparison?with={with}");
    let _ = recorder.call("compare_assessments", "GET", &compared, &[], None);

    let answers = json!({"answers": [
        {"question": 1, "option": "implemented"}, {"question": 2, "option": "partly_implemented"},
        {"question": 9, "option": "implemented", "not_used": true},
        {"question": 24, "option": "unknown"},
    ]});
    let path = "/v1/question-banks/self-check/editions/4.0/score";
    let _ = recorder.call("score_answers", "POST", path, &[], Some(answers));
    risks(&mut recorder, &organization);
    declarations(&mut recorder, &organization);
    programmes(&mut recorder);
    let sandbox = Desk::sandbox();
    let mut recorder = Recorder { desk: &sandbox, recorded: recorder.recorded };
    // The clock stands before it is read.
    let time = Some(json!({"now": "2027-04-01T00:00:00Z", "running": false}));
    let _ = recorder.call("set_sandbox_clock", "PUT", "/sandbox/clock", &[], time);
    recorder.keep("get_sandbox_clock", &sandbox.raw("GET", "/sandbox/clock", &[], b""));
    let reset = sandbox.call_as(&sandbox.token_with(""), "POST", "/sandbox/reset", &[], None);
    recorder.keep("reset_sandbox", &reset);
    recorder.recorded
}

/// SECURITY ACTION, from the preparation to a statement that was signed and revoked.
fn declarations(recorder: &mut Recorder<'_>, organization: &str) {
    let any = [("if-match", "*")];
    let path = format!("{organization}/declaration-preparation");
    let _ = recorder.call("get_declaration_preparation", "GET", &path, &[], None);
    let stated = json!({
        "commitment": {"committed_by": "代表取締役 見本 太郎", "committed_on": "2026-11-20", "edition": "4.0"},
        "policy": {"established": true, "established_on": "2026-11-01"},
        "gbizid": {"kind": "prime", "expires_on": "2026-12-31", "account": "same"},
    });
    let _ = recorder.call("update_declaration_preparation", "PATCH", &path, &any, Some(stated));
    let path = format!("{organization}/readiness");
    let _ = recorder.call("get_declaration_readiness", "GET", &path, &[], None);

    let path = format!("{organization}/declarations");
    let prepared = json!({"state": "preparing", "on": "2026-02-01", "terms": {"stars": 1}});
    let made = recorder.call("create_declaration", "POST", &path, &[], Some(prepared));
    let old = made.header("location").expect("a place").to_owned();
    let declared = json!({"on": "2026-02-10", "terms": {"declaration_id": "49999999901"}});
    let _ = recorder.call(
        "declare_declaration",
        "POST",
        &format!("{old}/declare"),
        &any,
        Some(declared),
    );
    let declared = json!({
        "state": "declared", "on": "2026-05-18",
        "terms": {"stars": 1, "declaration_id": "59999999901", "articles_edition": "4.0"},
    });
    let made = recorder.call("create_declaration", "POST", &path, &[], Some(declared));
    let new = made.header("location").expect("a place").to_owned();
    let by = new.rsplit('/').next().expect("an id");
    let steps = [
        ("supersede_declaration", &old, "supersede", json!({"by": by, "on": "2026-05-18"})),
        ("amend_declaration", &new, "amend", json!({"on": "2026-10-01", "terms": {"stars": 2}})),
        (
            "add_declaration_evidence",
            &new,
            "evidence",
            json!({"evidence_grade": "document_seen", "seen_by": "みほん商工会議所 見本 花子",
                "seen_on": "2026-11-20", "note": "自己宣言完了のメール"}),
        ),
        (
            "confirm_declaration",
            &new,
            "confirm",
            json!({"by": "総務部 見本 花子", "on": "2026-11-21"}),
        ),
    ];
    for (operation, place, step, body) in steps {
        let _ = recorder.call(operation, "POST", &format!("{place}/{step}"), &any, Some(body));
    }
    let history = format!("{new}/history");
    let kept = recorder.call("list_declaration_history", "GET", &history, &[], None);
    let entry = &kept.json()["items"][1]["id"];
    let right =
        json!({"entry": entry, "reason": "日付の誤り", "replacement": {"on": "2026-10-02"}});
    let _ =
        recorder.call("correct_declaration", "POST", &format!("{new}/correct"), &any, Some(right));
    let _ = recorder.call("get_declaration", "GET", &new, &[], None);
    let _ = recorder.call("list_declarations", "GET", &path, &[], None);
    let path = format!("{organization}/declaration-status");
    let _ = recorder.call("get_declaration_status", "GET", &path, &[], None);

    let company = json!({"corporate_number": "7123456789012", "name": "㈱みほん製作所"});
    let rule = json!({"minimum_stars": 2, "confirmed_within_days": 365});
    let body = Some(json!({"company": company, "rule": rule}));
    let _ = recorder.call("check_declaration", "POST", "/v1/declaration-checks", &[], body);
    let rows =
        json!({"rows": [company, {"declaration_id": "５９９９９９９９９０１"}], "rule": rule});
    let path = "/v1/declaration-checks/bulk";
    let _ = recorder.call("check_declarations", "POST", path, &[], Some(rows));

    let path = format!("{organization}/consents");
    let given = |purpose| Some(json!({"purpose": purpose, "given_by": "代表取締役 見本 太郎"}));
    let made = recorder.call("give_consent", "POST", &path, &[], given("listing"));
    let listing = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("give_consent", "POST", &path, &[], given("attestation"));
    let _ = recorder.call("get_consent", "GET", &listing, &[], None);
    let _ = recorder.call("list_consents", "GET", &path, &[], None);
    let withdraw = format!("{listing}/withdraw");
    let _ = recorder.call("withdraw_consent", "POST", &withdraw, &any, Some(json!({})));

    let path = format!("{organization}/attestations");
    let days = Some(json!({"valid_days": 7}));
    let made = recorder.call("issue_attestation", "POST", &path, &[], days);
    let place = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("list_attestations", "GET", &path, &[], None);
    recorder.keep("get_attestation", &recorder.desk.raw("GET", &place, &[], b""));
    let token = Some(json!({"token": made.json()["token"]}));
    let _ = recorder.call("check_attestation", "POST", "/v1/attestation-checks", &[], token);
    let _ = recorder.call("revoke_attestation", "POST", &format!("{place}/revoke"), &[], None);

    let text = Some(json!({"text": "当社はSECURITY ACTIONの二つ星を取得しました。"}));
    let _ = recorder.call("check_wording", "POST", "/v1/wording-checks", &[], text);
    let path = format!("{organization}/reminders");
    let _ = recorder.call("get_organization_reminders", "GET", &path, &[], None);
    let _ = recorder.call("list_reminders", "GET", "/v1/reminders", &[], None);
    let stop = Some(json!({"by": "declarant", "on": "2026-11-24"}));
    let _ = recorder.call("stop_declaration", "POST", &format!("{new}/stop"), &any, stop);
    let body = Some(json!({"state": "declared", "on": "2026-09-01"}));
    let made = recorder.call(
        "create_declaration",
        "POST",
        &format!("{organization}/declarations"),
        &[],
        body,
    );
    let lost = made.header("location").expect("a place").to_owned();
    let _ =
        recorder.call("lose_declaration", "POST", &format!("{lost}/lose"), &any, Some(json!({})));
}

/// Who accepts which declaration: the rules that are known, and one's own.
fn programmes(recorder: &mut Recorder<'_>) {
    let known = "/v1/programmes/digital-ai-subsidy-2026";
    for (operation, path) in [("list_programmes", "/v1/programmes"), ("get_programme", known)] {
        recorder.keep(operation, &recorder.desk.raw("GET", path, &[], b""));
    }
    let situation = json!({
        "on": "2026-06-10", "round": "round-2",
        "situation": {"state": "declared", "stars": 1, "declaration_id": "49999999901"},
    });
    let path = format!("{known}/check");
    let _ = recorder.call("check_programme", "POST", &path, &[], Some(situation.clone()));
    let own = json!({
        "name": "みほん工業 取引先の条件",
        "rules": [{"minimum_stars": 2, "minimum_grade": "document_seen", "confirmed_within_days": 365}],
        "rounds": [{"code": "fy2027", "name": "2027年度の登録", "deadline": "2027-03-31T17:00:00+09:00"}],
    });
    let path = "/v1/own-programmes";
    let made = recorder.call("create_own_programme", "POST", path, &[], Some(own));
    let place = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_own_programme", "GET", &place, &[], None);
    let _ = recorder.call("list_own_programmes", "GET", path, &[], None);
    let change = Some(json!({"name": "みほん工業 取引先の条件（2027年度）"}));
    let any = [("if-match", "*")];
    let _ = recorder.call("update_own_programme", "PATCH", &place, &any, change);
    let situation = Some(json!({"situation": {"state": "declared", "stars": 1}}));
    let path = format!("{place}/check");
    let _ = recorder.call("check_own_programme", "POST", &path, &[], situation);
}

/// A file of assets, from its preview to its application, and the register as a file.
fn files(recorder: &mut Recorder<'_>, organization: &str) {
    let auth = format!("Bearer {}", recorder.desk.token);
    let file = "\
        業務分類,情報資産名称,媒体・保存先,個人情報,機密性,完全性,可用性,重要度,登録日\n\
        営業,得意先名簿,事務所PC,有,3,2,2,2,令和7年3月1日\n\
        営業,見積書の控え,紙,,2,2,1,2,2025.4.1\n";
    let path = format!("{organization}/asset-imports");
    let headers = [("authorization", auth.as_str()), ("content-type", "text/csv")];
    let read = recorder.desk.raw("POST", &path, &headers, file.as_bytes());
    recorder.keep("create_asset_import", &read);
    let import = read.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_asset_import", "GET", &import, &[], None);
    let _ = recorder.call("list_asset_import_rows", "GET", &format!("{import}/rows"), &[], None);
    let accept = Some(json!({"accept_proposals": true}));
    let _ = recorder.call("apply_asset_import", "POST", &format!("{import}/apply"), &[], accept);
    let path = format!("{organization}/asset-export?format=json");
    let _ = recorder.call("export_assets", "GET", &path, &[], None);
}

/// The risk register, from its edition to a treated risk.
fn risks(recorder: &mut Recorder<'_>, organization: &str) {
    for (operation, path) in
        [("list_risk_models", "/v1/risk-models"), ("get_risk_model", "/v1/risk-models/4.0")]
    {
        recorder.keep(operation, &recorder.desk.raw("GET", path, &[], b""));
    }
    let evaluated = json!({"edition": "4.0", "assets": [{
        "external_id": "A-001", "confidentiality": 3, "integrity": 2, "availability": 1,
        "personal_information": false, "threat": 3, "vulnerability": 2,
    }]});
    let _ = recorder.call("evaluate_risks", "POST", "/v1/risks/evaluate", &[], Some(evaluated));
    let path = format!("{organization}/risk-register");
    let edition = Some(json!({"edition": "4.0"}));
    let _ = recorder.call("begin_risk_register", "PUT", &path, &[], edition);
    let _ = recorder.call("get_risk_register", "GET", &path, &[], None);
    let path = format!("{organization}/threats");
    let _ = recorder.call("get_threats", "GET", &path, &[], None);
    let threats =
        Some(json!({"threats": [{"medium": "office_pc", "threat": "ransomware", "frequency": 3}]}));
    let any = [("if-match", "*")];
    let _ = recorder.call("update_threats", "PATCH", &path, &any, threats);

    let path = format!("{organization}/assets");
    let asset = json!({
        "external_id": "A-001", "business_category": "人事", "name": "社員名簿",
        "user_scope": "人事部", "owner_department": "総務部", "medium": "office_pc",
        "confidentiality": 3, "integrity": 2, "availability": 1, "personal_information": true,
        "retention": "退職後3年", "tags": ["年1回見直し"],
    });
    let made = recorder.call("create_asset", "POST", &path, &[], Some(asset));
    let asset = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_asset", "GET", &asset, &[], None);
    let change = Some(json!({"confidentiality": 2}));
    let _ = recorder.call("update_asset", "PATCH", &asset, &any, change);
    let rows = json!({"assets": [
        {"external_id": "A-001", "name": "社員名簿", "medium": "office_pc",
         "confidentiality": 3, "integrity": 2, "availability": 1, "personal_information": true},
        {"external_id": "A-002", "name": "社員名簿", "medium": "paper",
         "confidentiality": 3, "integrity": 1, "availability": 1, "personal_information": true},
    ]});
    let _ = recorder.call("upsert_assets", "POST", &format!("{path}/upsert"), &[], Some(rows));
    let _ = recorder.call("list_assets", "GET", &path, &[], None);

    let plan = json!({
        "treatment": "reduce", "title": "名簿のファイルを暗号化し、権限を人事部に絞る",
        "owner": "総務部 見本", "due_on": "2027-03-31", "cost": 50000, "expected_vulnerability": 1,
    });
    let path = format!("{asset}/treatments");
    let made = recorder.call("create_treatment", "POST", &path, &[], Some(plan));
    let treatment = made.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_treatment", "GET", &treatment, &[], None);
    let change = Some(json!({"state": "in_progress"}));
    let _ = recorder.call("update_treatment", "PATCH", &treatment, &any, change);
    let path = format!("{organization}/treatments");
    let _ = recorder.call("list_treatments", "GET", &path, &[], None);

    let _ = recorder.call("list_risks", "GET", &format!("{organization}/risks"), &[], None);
    let _ = recorder.call("get_risk", "GET", &format!("{asset}/risk"), &[], None);
    let path = format!("{organization}/risk-summary");
    let _ = recorder.call("get_risk_summary", "GET", &path, &[], None);

    let path = format!("{organization}/risk-snapshots");
    let take = |recorder: &mut Recorder<'_>, label: &str| {
        let body = Some(json!({ "label": label }));
        let taken = recorder.call("create_risk_snapshot", "POST", &path, &[], body);
        taken.header("location").expect("a place").to_owned()
    };
    let before = take(recorder, "2026年度 内部監査");
    let change = Some(json!({"confidentiality": 3, "personal_information": false}));
    let _ = recorder.call("update_asset", "PATCH", &asset, &any, change);
    let after = take(recorder, "見直し後");
    let _ = recorder.call("list_risk_snapshots", "GET", &path, &[], None);
    let _ = recorder.call("get_risk_snapshot", "GET", &after, &[], None);
    let _ = recorder.call("list_snapshot_risks", "GET", &format!("{after}/risks"), &[], None);
    let with = before.rsplit('/').next().expect("an id");
    let compared = format!("{after}/comparison?with={with}");
    let _ = recorder.call("compare_risk_snapshots", "GET", &compared, &[], None);
    let path = format!("{organization}/risk-register/conversion");
    let edition = Some(json!({"edition": "3.1", "dry_run": true}));
    let _ = recorder.call("convert_risk_register", "POST", &path, &any, edition);
    files(recorder, organization);
}

/// An assessment from its draft to its result; gives its place.
fn submitted(recorder: &mut Recorder<'_>, organization: &str, day: &str, option: &str) -> String {
    let draft = json!({
        "question_bank": "self-check", "edition": "4.0", "answered_on": day,
        "respondent": "management",
    });
    let path = format!("{organization}/assessments");
    let begun = recorder.call("create_assessment", "POST", &path, &[], Some(draft));
    let place = begun.header("location").expect("a place").to_owned();
    let _ = recorder.call("get_assessment", "GET", &place, &[], None);
    let change = Some(json!({"respondent": "person_in_charge"}));
    let condition = [("if-match", "*")];
    let _ = recorder.call("update_assessment", "PATCH", &place, &condition, change);
    let answers = |range: std::ops::RangeInclusive<u16>, option: &str| {
        let answers: Vec<_> =
            range.map(|question| json!({"question": question, "option": option})).collect();
        Some(json!({ "answers": answers }))
    };
    let sheet = format!("{place}/answers");
    let _ = recorder.call("replace_answers", "PUT", &sheet, &condition, answers(1..=12, option));
    let rest = answers(13..=25, "partly_implemented");
    let _ = recorder.call("merge_answers", "PATCH", &sheet, &condition, rest);
    let _ = recorder.call("get_answers", "GET", &sheet, &[], None);
    let submit = format!("{place}/submit");
    let _ = recorder.call(
        "submit_assessment",
        "POST",
        &submit,
        &condition,
        Some(json!({"unanswered_as": "unknown"})),
    );
    let _ = recorder.call("get_assessment_result", "GET", &format!("{place}/result"), &[], None);
    place
}

/// To record them anew: `MAMORI_TEST_RECORD=1 cargo test -p mamori-tests examples`, then
/// `mamori openapi`.
#[test]
fn the_examples_are_what_the_service_answers() {
    let recorded = serde_json::to_value(record()).expect("JSON");
    let kept: Value = serde_json::from_str(KEPT).expect("JSON");
    if std::env::var_os("MAMORI_TEST_RECORD").is_some() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/examples.json");
        let text = serde_json::to_string_pretty(&recorded).expect("JSON");
        std::fs::write(file, format!("{text}\n")).expect("the file is written");
    } else {
        assert!(recorded == kept, "examples.json is stale; record it anew as this test says");
    }
}

#[test]
fn every_operation_has_an_example_of_its_answer() {
    let document = mamori::openapi::document();
    let paths = document["paths"].as_object().expect("paths");
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            // The document itself is no example of an answer of its own.
            if path == "/openapi.json" {
                continue;
            }
            for (status, response) in operation["responses"].as_object().expect("responses") {
                let json = &response["content"]["application/json"];
                if status.starts_with('2') && json.is_object() {
                    assert!(json.get("example").is_some(), "{method} {path}: {status}");
                }
            }
        }
    }
}
