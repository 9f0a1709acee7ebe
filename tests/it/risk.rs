//! The risk register: models, assets, threats, risks and their summary.

use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};

/// An organization with a register of this edition; gives its path.
pub(crate) fn register(desk: &Desk, edition: &str) -> String {
    let path = format!("/v1/organizations/{}", desk.organization("甲"));
    let begun =
        desk.call("PUT", &format!("{path}/risk-register"), &[], Some(&json!({"edition": edition})));
    assert_eq!(begun.status, 200, "{}", begun.json());
    path
}

/// An asset with these ratings on this medium.
fn asset(key: &str, medium: &str, ratings: [u8; 3]) -> Value {
    let [confidentiality, integrity, availability] = ratings;
    json!({
        "external_id": key, "name": format!("資産{key}"), "medium": medium,
        "confidentiality": confidentiality, "integrity": integrity, "availability": availability,
    })
}

fn upsert(desk: &Desk, organization: &str, assets: &[Value]) -> Response {
    let path = format!("{organization}/assets/upsert");
    desk.call("POST", &path, &[], Some(&json!({"assets": assets})))
}

fn get(desk: &Desk, path: &str) -> Value {
    let answer = desk.call("GET", path, &[], None);
    assert_eq!(answer.status, 200, "{path}: {}", answer.json());
    answer.json()
}

/// Submits the controls of an organization, each question with the option that `choose` gives.
fn controls(desk: &Desk, organization: &str, day: &str, choose: impl Fn(&Value) -> &'static str) {
    let bank = get(desk, "/v1/question-banks/controls/editions/4.0");
    let answers: Vec<_> = bank["questions"]
        .as_array()
        .expect("questions")
        .iter()
        .map(|question| json!({"question": question["number"], "option": choose(question)}))
        .collect();
    let begin = json!({"question_bank": "controls", "edition": "4.0", "answered_on": day});
    let begun = desk.call("POST", &format!("{organization}/assessments"), &[], Some(&begin));
    assert_eq!(begun.status, 201, "{}", begun.json());
    let path = begun.header("location").expect("a place").to_owned();
    let body = json!({"answers": answers});
    let saved =
        desk.call("PUT", &format!("{path}/answers"), &[("if-match", "\"1.0\"")], Some(&body));
    assert_eq!(saved.status, 200, "{}", saved.json());
    let done = desk.call("POST", &format!("{path}/submit"), &[("if-match", "\"2.0\"")], None);
    assert_eq!(done.status, 200, "{}", done.json());
}

fn bears_on(question: &Value, medium: &str) -> bool {
    question["media"].as_array().expect("media").contains(&json!(medium))
}

/// Sets the frequency of every threat on a medium.
fn threaten(desk: &Desk, organization: &str, medium: &str, frequency: u8) {
    let path = format!("{organization}/threats");
    let before = desk.call("GET", &path, &[], None);
    let threats: Vec<_> = before.json()["items"]
        .as_array()
        .expect("threats")
        .iter()
        .filter(|threat| threat["medium"] == medium)
        .map(|t| json!({"medium": medium, "threat": t["threat"], "frequency": frequency}))
        .collect();
    let tag = before.header("etag").expect("a tag");
    let set = desk.call("PATCH", &path, &[("if-match", tag)], Some(&json!({"threats": threats})));
    assert_eq!(set.status, 200, "{}", set.json());
}

/// Key, value and class of each risk.
fn ranking(list: &Value) -> Vec<(String, Value, Value)> {
    let items = list["items"].as_array().expect("risks").iter();
    items
        .map(|risk| {
            let key = risk["asset"]["external_id"].as_str().expect("a key").to_owned();
            (key, risk["value"].clone(), risk["class"].clone())
        })
        .collect()
}

both_engines! {
    fn every_edition_is_served_with_its_scale(desk) {
        let list = desk.raw("GET", "/v1/risk-models", &[], b"").json();
        let editions: Vec<_> = list["items"].as_array().expect("models").iter().map(|m| m["edition"].clone()).collect();
        assert_eq!(editions, ["2.1", "3.0", "3.1", "4.0"]);
        for (edition, lowest, top, high) in [("2.1", 0, 2, json!([4, 6])), ("3.1", 1, 3, json!([6, 9]))] {
            let model = desk.raw("GET", &format!("/v1/risk-models/{edition}"), &[("accept-language", "en")], b"").json();
            assert_eq!((&model["lowest"], &model["top"]), (&json!(lowest), &json!(top)));
            assert_eq!((&model["classes"][0]["code"], &model["classes"][0]["values"]), (&json!("high"), &high));
            assert_eq!((&model["threats_verified"], &model["media"][3]["confidence"]), (&json!(false), &json!("derived")));
            assert_eq!(model["likelihood"].as_array().expect("cells").len(), 9);
        }
        assert_eq!(desk.raw("GET", "/v1/risk-models/2.x", &[], b"").status, 404);
    }

    fn risks_are_evaluated_without_keeping_anything(desk) {
        let evaluate = |body: &Value| desk.raw("POST", "/v1/risks/evaluate", &[("content-type", "application/json")], body.to_string().as_bytes());
        let answer = evaluate(&json!({"edition": "4.0", "assets": [
            {"external_id": "a", "confidentiality": 3, "integrity": 2, "availability": 1, "threat": 3, "vulnerability": 2},
            {"confidentiality": 1, "integrity": 1, "availability": 1, "personal_information": true, "threat": 1, "vulnerability": 3},
        ]}));
        let items = answer.json()["items"].clone();
        assert_eq!((answer.status, &items[0]["external_id"], &items[1].get("external_id")), (200, &json!("a"), &None));
        for (item, importance, reasons, likelihood, value, class) in [
            (&items[0], 3, json!(["confidentiality"]), 2, 6, "high"),
            (&items[1], 3, json!(["personal_information"]), 1, 3, "low"),
        ] {
            assert_eq!((&item["importance"], &item["importance_reasons"]), (&json!(importance), &reasons));
            assert_eq!((&item["likelihood"], &item["value"], &item["class"]), (&json!(likelihood), &json!(value), &json!(class)));
        }
        let one = |change: Value| {
            let mut asset = json!({"confidentiality": 1, "integrity": 1, "availability": 1, "threat": 1, "vulnerability": 1});
            for (name, value) in change.as_object().expect("an object") {
                asset[name] = value.clone();
            }
            asset
        };
        for (body, pointer, code) in [
            (json!({"edition": "4.0", "assets": [one(json!({"confidentiality": 0}))]}), "/assets/0/confidentiality", "out_of_range"),
            (json!({"edition": "2.1", "assets": [one(json!({})), one(json!({"availability": 3}))]}), "/assets/1/availability", "out_of_range"),
            (json!({"edition": "4.0", "assets": [one(json!({"threat": 4}))]}), "/assets/0/threat", "out_of_range"),
            (json!({"edition": "4.0", "assets": [one(json!({"vulnerability": -1}))]}), "/assets/0/vulnerability", "out_of_range"),
            (json!({"edition": "2.x", "assets": [one(json!({}))]}), "/edition", "no_such_edition"),
            (json!({"edition": "4.0", "assets": []}), "/assets", "item_count"),
            (json!({"edition": "4.0", "assets": vec![one(json!({})); 1001]}), "/assets", "item_count"),
            (json!({"edition": "4.0", "assets": [one(json!({"external_id": "123456789012"}))]}), "/assets/0/external_id", "twelve_digits"),
            (json!({"edition": "4.0", "assets": [one(json!({"colour": 1}))]}), "/assets/0/colour", "unknown_field"),
        ] {
            let refused = evaluate(&body);
            let error = &refused.json()["errors"][0];
            assert_eq!((refused.status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)));
        }
    }

    fn a_register_is_begun_once(desk) {
        let path = format!("/v1/organizations/{}", desk.organization("甲"));
        for (method, place, body) in [
            ("GET", "risk-register", None), ("GET", "assets", None), ("GET", "threats", None),
            ("GET", "risks", None), ("GET", "risk-summary", None), ("POST", "assets", Some(asset("a", "paper", [1, 1, 1]))),
        ] {
            let refused = desk.call(method, &format!("{path}/{place}"), &[], body.as_ref());
            assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/risk-register-missing")), "{place}");
        }
        let threats = json!({"threats": [{"medium": "office_pc", "threat": "ransomware", "frequency": 3}]});
        assert_eq!(desk.call("PATCH", &format!("{path}/threats"), &[], Some(&threats)).status, 428);
        assert_eq!(desk.call("PATCH", &format!("{path}/threats"), &[("if-match", "*")], Some(&threats)).status, 409);
        let begin = |edition: &str| desk.call("PUT", &format!("{path}/risk-register"), &[], Some(&json!({"edition": edition})));
        assert_eq!((begin("3.0").status, begin("3.0").status, begin("4.0").status), (200, 200, 409));
        let found = get(&desk, &format!("{path}/risk-register"));
        assert_eq!((&found["edition"], &found["lowest"], &found["top"]), (&json!("3.0"), &json!(0), &json!(2)));
        assert_eq!(begin("5.0").json()["errors"][0]["code"], "no_such_edition");
    }

    fn an_asset_is_added_changed_and_removed(desk) {
        let organization = register(&desk, "4.0");
        let path = format!("{organization}/assets");
        let body = json!({
            "external_id": "A-001", "business_category": "人事", "name": "社員名簿", "note": "一部は紙\n別の行",
            "user_scope": "人事部", "owner_department": "総務部", "medium": "office_pc", "confidentiality": 1.0,
            "integrity": 2, "availability": 1, "personal_information": true, "retention": "退職後3年",
            "registered_on": "2026-04-01", "tags": ["年1回見直し", "名簿"],
        });
        let added = desk.call("POST", &path, &[], Some(&body));
        assert_eq!(added.status, 201, "{}", added.json());
        let place = added.header("location").expect("a place").to_owned();
        let early = desk.call("POST", "/v1/organizations/01920000-0000-7000-8000-000000000000/assets", &[], Some(&asset("a", "paper", [9, 1, 1])));
        assert_eq!(early.status, 422);
        assert_eq!((&added.json()["importance"], &added.json()["importance_reasons"]), (&json!(3), &json!(["personal_information"])));
        let found = get(&desk, &place);
        assert_eq!(found, added.json());
        for (name, value) in body.as_object().expect("an object") {
            assert!(found[name] == *value || name == "confidentiality", "{name}");
        }

        let change = |tag: &str, body: Value| desk.call("PATCH", &place, &[("if-match", tag)], Some(&body));
        let changed = change("\"1.0\"", json!({"personal_information": false, "note": null, "tags": ["名簿"]}));
        assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2.4-0\"")), "{}", changed.json());
        assert_eq!((&changed.json()["importance"], &changed.json()["importance_reasons"]), (&json!(2), &json!(["integrity"])));
        assert_eq!((&changed.json()["note"], &changed.json()["tags"]), (&json!(null), &json!(["名簿"])));
        assert_eq!(change("\"1.0\"", json!({"name": "x"})).status, 412);
        let other = desk.call("POST", &path, &[], Some(&asset("A-002", "paper", [1, 1, 1])));
        assert_eq!(change("\"2.0\"", json!({"external_id": "A-002"})).json()["type"], "/problems/asset-id-taken");
        let again = desk.call("POST", &path, &[], Some(&asset("A-001", "paper", [1, 1, 1])));
        assert_eq!((again.status, &again.json()["type"]), (409, &json!("/problems/asset-id-taken")));

        assert_eq!(desk.call("DELETE", &place, &[], None).status, 428);
        assert_eq!(desk.call("DELETE", &place, &[("if-match", "\"2.0\"")], None).status, 204);
        assert_eq!(desk.call("GET", &place, &[], None).status, 404);
        assert_eq!(get(&desk, &path)["items"], json!([other.json()]));
    }

    fn what_an_asset_says_is_checked(desk) {
        let organization = register(&desk, "3.0");
        let path = format!("{organization}/assets");
        for (change, status, pointer, code) in [
            (json!({"confidentiality": 3}), 422, "/confidentiality", "out_of_range"),
            (json!({"medium": "stone"}), 422, "/medium", "unknown_value"),
            (json!({"name": " "}), 422, "/name", "length"),
            (json!({"name": "番号 1234 5678 9012"}), 422, "/name", "twelve_digits"),
            (json!({"tags": ["a", "a"]}), 422, "/tags/1", "duplicate"),
            (json!({"tags": vec!["a"; 21]}), 422, "/tags", "item_count"),
            (json!({"registered_on": "2026-11-25"}), 422, "/registered_on", "future_date"),
            (json!({"registered_on": "令和7年"}), 422, "/registered_on", "format"),
            (json!({"integrity": "高"}), 400, "/integrity", "wrong_type"),
            (json!({"integrity": 1.5}), 400, "/integrity", "wrong_type"),
            (json!({"personal_information": "有"}), 400, "/personal_information", "wrong_type"),
            (json!({"importance": 2}), 422, "/importance", "unknown_field"),
        ] {
            let mut body = asset("a", "paper", [0, 1, 2]);
            for (name, value) in change.as_object().expect("an object") {
                body[name] = value.clone();
            }
            let refused = desk.call("POST", &path, &[], Some(&body));
            let faults = refused.json()["errors"].clone();
            let found = faults.as_array().expect("faults").iter().any(|fault| fault["pointer"] == pointer && fault["code"] == code);
            assert!(refused.status == status && found, "{change}: {}", refused.json());
        }
        assert_eq!(get(&desk, &path)["items"], json!([]));
    }

    fn assets_are_found_by_what_they_are(desk) {
        let organization = register(&desk, "4.0");
        let mut rows = vec![asset("a", "paper", [3, 1, 1]), asset("b", "office_pc", [1, 1, 1]), asset("c", "office_pc", [2, 1, 1])];
        rows[0]["name"] = json!("ＡＢＣ社 契約書");
        rows[1]["owner_department"] = json!("総務部");
        rows[2]["name"] = json!("100%_割引\\表");
        assert_eq!(upsert(&desk, &organization, &rows).status, 200);
        for (query, keys) in [
            ("name=abc", vec!["a"]), ("name=%25_", vec!["c"]), ("name=5C", vec![]), ("name=%5C", vec!["c"]),
            ("medium=office_pc", vec!["b", "c"]), ("importance=2", vec!["c"]), ("external_id=b", vec!["b"]),
            ("owner_department=%E7%B7%8F%E5%8B%99%E9%83%A8", vec!["b"]), ("medium=paper&importance=1", vec![]),
        ] {
            let found = get(&desk, &format!("{organization}/assets?{query}"));
            let found: Vec<_> = found["items"].as_array().expect("assets").iter().map(|a| a["external_id"].clone()).collect();
            assert_eq!(found, keys, "{query}");
        }
        for (query, code) in [("medium=stone", "format"), ("importance=4", "out_of_range"), ("importance=x", "format"), ("name=", "length"), ("colour=1", "unknown_field"), ("external_id=123456789012", "twelve_digits")] {
            let refused = desk.call("GET", &format!("{organization}/assets?{query}"), &[], None);
            assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (400, &json!(code)), "{query}");
        }
    }

    fn many_assets_are_upserted_all_or_none(desk) {
        let organization = register(&desk, "4.0");
        let mut rows: Vec<_> = (0..1000).map(|n| asset(&format!("k{n}"), "office_pc", [1, 2, 1])).collect();
        // A thousand full rows are more than the body of a single thing may be.
        for row in &mut rows {
            row["note"] = json!("あ".repeat(200));
        }
        let first = upsert(&desk, &organization, &rows);
        assert_eq!((first.status, &first.json()["created"], &first.json()["items"][999]["external_id"]), (200, &json!(1000), &json!("k999")));
        let again = upsert(&desk, &organization, &rows).json();
        assert_eq!((&again["created"], &again["updated"], &again["unchanged"]), (&json!(0), &json!(0), &json!(1000)));
        assert_eq!(again["items"][0]["id"], first.json()["items"][0]["id"]);
        let mut changed = rows[..2].to_vec();
        changed[0]["confidentiality"] = json!(3);
        let third = upsert(&desk, &organization, &changed).json();
        assert_eq!((&third["items"][0]["outcome"], &third["items"][1]["outcome"]), (&json!("updated"), &json!("unchanged")));
        let found = desk.call("GET", &format!("/v1/assets/{}", third["items"][0]["id"].as_str().expect("an id")), &[], None);
        assert_eq!((found.header("etag"), &found.json()["importance"]), (Some("\"2.4-0\""), &json!(3)));

        let mut twice = vec![asset("new", "paper", [1, 1, 1]), asset("new", "paper", [1, 1, 1]), asset("x", "paper", [1, 4, 5])];
        twice.push(json!({"name": "鍵なし", "medium": "paper", "confidentiality": 1, "integrity": 1, "availability": 1}));
        let refused = upsert(&desk, &organization, &twice);
        let faults: Vec<_> = refused.json()["errors"].as_array().expect("faults").iter().map(|f| (f["pointer"].clone(), f["code"].clone())).collect();
        assert_eq!(refused.status, 422);
        for (pointer, code) in [("/assets/1/external_id", "duplicate"), ("/assets/2/integrity", "out_of_range"), ("/assets/2/availability", "out_of_range"), ("/assets/3/external_id", "required")] {
            assert!(faults.contains(&(json!(pointer), json!(code))), "{pointer}: {faults:?}");
        }
        assert_eq!(get(&desk, &format!("{organization}/assets?external_id=new"))["items"], json!([]));
        assert_eq!(upsert(&desk, &organization, &vec![asset("a", "paper", [1, 1, 1]); 1001]).status, 422);
        // What is wrong everywhere is not told everywhere.
        let flood = upsert(&desk, &organization, &vec![asset("a", "paper", [9, 9, 9]); 1000]);
        assert_eq!((flood.status, flood.json()["errors"].as_array().map(Vec::len)), (422, Some(100)));
        let mut tagged = asset("a", "paper", [1, 1, 1]);
        tagged["tags"] = json!(vec![""; 5000]);
        assert_eq!(upsert(&desk, &organization, &[tagged]).json()["errors"].as_array().map(Vec::len), Some(1));

        // The day of registration is kept where it is not stated.
        desk.clock.advance(chrono::Duration::days(2));
        let later = desk.token_with("");
        let path = format!("{organization}/assets/upsert");
        let again = desk.call_as(&later, "POST", &path, &[], Some(&json!({"assets": rows[5..9]})));
        assert_eq!(again.json()["unchanged"], json!(4), "{}", again.json());
    }

    fn risks_are_ranked_explained_and_follow_at_once(desk) {
        let organization = register(&desk, "4.0");
        let rows = [
            asset("paper-1", "paper", [1, 1, 1]), asset("pc-3", "office_pc", [3, 1, 1]),
            asset("pc-1", "office_pc", [1, 1, 1]), asset("server-3", "internal_server", [1, 3, 1]),
        ];
        assert_eq!(upsert(&desk, &organization, &rows).status, 200);
        for (medium, frequency) in [("paper", 1), ("office_pc", 3), ("internal_server", 2)] {
            threaten(&desk, &organization, medium, frequency);
        }
        // The controls were never answered: 3, and provisional.
        let risks = get(&desk, &format!("{organization}/risks"));
        let row = |key: &str, value: u8, class: &str| (key.to_owned(), json!(value), json!(class));
        assert_eq!(ranking(&risks), [row("pc-3", 9, "high"), row("server-3", 6, "high"), row("pc-1", 3, "low"), row("paper-1", 1, "low")]);
        assert_eq!((&risks["items"][0]["provisional"], &risks["items"][0]["vulnerability_basis"]), (&json!(true), &json!("never_answered")));
        assert_eq!(risks["items"][0]["suggested_treatments"], json!(["avoid", "reduce"]));

        // All that bears on the PC is in place, all else is not.
        controls(&desk, &organization, "2026-04-01", |q| if bears_on(q, "office_pc") { "implemented" } else { "not_implemented" });
        let risks = get(&desk, &format!("{organization}/risks"));
        let pc = risks["items"].as_array().expect("risks").iter().find(|r| r["asset"]["external_id"] == "pc-3").expect("a risk").clone();
        assert_eq!((&pc["vulnerability"], &pc["likelihood"], &pc["value"], &pc["provisional"]), (&json!(1), &json!(1), &json!(3), &json!(false)));

        let explained = get(&desk, &format!("/v1/assets/{}/risk", pc["asset"]["id"].as_str().expect("an id")));
        assert_eq!((&explained["formula"], &explained["controls"]["answered_on"]), (&json!("3 × max(1, 3 + 1 − 3) = 3"), &json!("2026-04-01")));
        assert_eq!((&explained["protection"]["open"], &explained["threat"]["origin"]), (&json!([]), &json!("stated")));
        assert!(explained["protection"]["implemented"].as_array().expect("questions").len() > 5);
        assert!(explained["threats"].as_array().expect("threats").len() > 1);

        // An older sheet that is entered later does not decide; one of the same day does.
        controls(&desk, &organization, "2026-03-01", |_| "not_implemented");
        assert_eq!(get(&desk, &format!("{organization}/risks"))["items"][0]["value"], risks["items"][0]["value"]);
        controls(&desk, &organization, "2026-04-01", |q| if bears_on(q, "office_pc") { "not_applicable" } else { "unknown" });
        let risks = get(&desk, &format!("{organization}/risks"));
        let last = &risks["items"].as_array().expect("risks")[3];
        assert_eq!((&last["asset"]["external_id"], &last["value"], &last["class"], &last["vulnerability_basis"]), (&json!("pc-1"), &json!(null), &json!(null), &json!("not_applicable")));
        assert_eq!(ranking(&get(&desk, &format!("{organization}/risks?class=high"))), [row("server-3", 6, "high")]);
        assert_eq!(ranking(&get(&desk, &format!("{organization}/risks?medium=paper"))), [row("paper-1", 1, "low")]);
    }

    fn pages_of_risks_hold_every_asset_once(desk) {
        let organization = register(&desk, "4.0");
        let media = ["paper", "removable_media", "office_pc", "mobile_device", "internal_server", "external_server"];
        let rows: Vec<_> = (0..60_usize).map(|n| {
            let importance = u8::try_from(n / 7 % 3 + 1).expect("a rating");
            asset(&format!("k{n:02}"), media[n % 6], [importance, 1, 1])
        }).collect();
        assert_eq!(upsert(&desk, &organization, &rows).status, 200);
        let whole = ranking(&get(&desk, &format!("{organization}/risks?limit=200")));
        assert_eq!(whole.len(), 60);
        assert!(whole.is_sorted_by(|a, b| a.1.as_i64() >= b.1.as_i64()));
        let mut paged = Vec::new();
        let mut next = format!("{organization}/risks?limit=7");
        loop {
            let page = get(&desk, &next);
            paged.extend(ranking(&page));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{organization}/risks?limit=7&cursor={cursor}");
        }
        assert_eq!(paged, whole);
        let first = get(&desk, &format!("{organization}/risks?limit=7"));
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        // A list that was begun goes on in its order, whatever changes.
        threaten(&desk, &organization, "office_pc", 1);
        let mut rest = Vec::new();
        let mut next = format!("{organization}/risks?limit=7&cursor={cursor}");
        loop {
            let page = get(&desk, &next);
            rest.extend(ranking(&page).into_iter().map(|(key, ..)| key));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{organization}/risks?limit=7&cursor={cursor}");
        }
        let expected: Vec<_> = whole[7..].iter().map(|(key, ..)| key.clone()).collect();
        assert_eq!(rest, expected);
        let other = desk.call("GET", &format!("{organization}/risks?medium=paper&cursor={cursor}"), &[], None);
        assert_eq!((other.status, &other.json()["type"]), (400, &json!("/problems/invalid-cursor")));
    }

    fn the_summary_counts_what_the_list_shows(desk) {
        let organization = register(&desk, "3.1");
        let mut rows = vec![asset("a", "paper", [3, 1, 1]), asset("b", "paper", [1, 1, 1]), asset("c", "office_pc", [2, 2, 2])];
        rows[0]["owner_department"] = json!("総務部");
        rows[1]["owner_department"] = json!("総務部");
        assert_eq!(upsert(&desk, &organization, &rows).status, 200);
        threaten(&desk, &organization, "paper", 3);
        threaten(&desk, &organization, "office_pc", 2);
        let summary = get(&desk, &format!("{organization}/risk-summary"));
        // paper: likelihood 3, so 9 and 3; office PC: likelihood 2, so 4.
        assert_eq!(summary["classes"], json!({"high": 1, "medium": 1, "low": 1, "none": 0}));
        assert_eq!((&summary["count"], &summary["provisional"], &summary["categories"]), (&json!(3), &json!(true), &json!(null)));
        let full: Vec<_> = summary["matrix"].as_array().expect("cells").iter().filter(|cell| cell["count"] != 0).map(|c| (c["importance"].clone(), c["likelihood"].clone())).collect();
        assert_eq!(full, [(json!(3), json!(3)), (json!(2), json!(2)), (json!(1), json!(3))]);
        assert_eq!(summary["departments"][0], json!({"owner_department": "総務部", "count": 2, "classes": {"high": 1, "medium": 0, "low": 1, "none": 0}}));
        controls(&desk, &organization, "2026-04-01", |q| if q["part"] == "human" { "not_implemented" } else { "implemented" });
        let summary = get(&desk, &format!("{organization}/risk-summary"));
        assert_eq!((&summary["categories"][0]["code"], &summary["categories"][0]["percent"]), (&json!("human"), &json!(0)));
        assert_eq!(summary["media"][0]["likelihood"], json!(2));
    }

    fn threats_are_set_and_returned_to_their_default(desk) {
        let organization = register(&desk, "4.0");
        let path = format!("{organization}/threats");
        let before = desk.call("GET", &path, &[("accept-language", "en")], None);
        let first = before.json()["items"][0].clone();
        assert_eq!((&first["origin"], &first["confidence"]), (&json!("default"), &json!("derived")));
        let set = |tag: &str, frequency: Value| {
            let body = json!({"threats": [{"medium": first["medium"], "threat": first["threat"], "frequency": frequency}]});
            desk.call("PATCH", &path, &[("if-match", tag)], Some(&body))
        };
        let changed = set(before.header("etag").expect("a tag"), json!(3));
        assert_eq!((&changed.json()["items"][0]["frequency"], &changed.json()["items"][0]["origin"]), (&json!(3), &json!("stated")));
        assert_eq!(set(before.header("etag").expect("a tag"), json!(2)).status, 412);
        let back = set(changed.header("etag").expect("a tag"), json!(null));
        assert_eq!((&back.json()["items"][0]["origin"], back.status), (&json!("default"), 200));
        for (threats, pointer, code) in [
            (json!([{"medium": "paper", "threat": "dragon", "frequency": 1}]), "/threats/0/threat", "no_such_threat"),
            (json!([{"medium": first["medium"], "threat": first["threat"], "frequency": 4}]), "/threats/0/frequency", "out_of_range"),
            (json!([{"medium": first["medium"], "threat": first["threat"], "frequency": 1}, {"medium": first["medium"], "threat": first["threat"], "frequency": 2}]), "/threats/1/threat", "duplicate"),
            (json!([]), "/threats", "item_count"),
        ] {
            let refused = desk.call("PATCH", &path, &[("if-match", "*")], Some(&json!({"threats": threats})));
            let error = &refused.json()["errors"][0];
            assert_eq!((refused.status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)));
        }
    }

    fn a_risk_is_treated_and_followed(desk) {
        let organization = register(&desk, "4.0");
        let added = desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset("a", "office_pc", [3, 1, 1])));
        let place = added.header("location").expect("a place").to_owned();
        threaten(&desk, &organization, "office_pc", 3);
        let plan = |body: Value| desk.call("POST", &format!("{place}/treatments"), &[], Some(&body));
        let planned = plan(json!({"treatment": "reduce", "title": "暗号化する", "owner": "総務部", "due_on": "2026-11-23", "cost": 50000, "expected_vulnerability": 1}));
        assert_eq!(planned.status, 201, "{}", planned.json());
        let body = planned.json();
        assert_eq!((&body["risk"]["value"], &body["residual"]["value"], &body["residual"]["class"]), (&json!(9), &json!(3), &json!("low")));
        assert_eq!((&body["overdue"], &body["state"], &body["asset_name"]), (&json!(true), &json!("planned"), &json!("資産a")));
        let kept = plan(json!({"treatment": "retain", "title": "受け入れる", "accepted_by": "社長", "accepted_on": "2026-04-01", "accepted_until": "2026-11-23"}));
        assert_eq!((kept.status, &kept.json()["acceptance_lapsed"], &kept.json()["residual"]["value"]), (201, &json!(true), &json!(9)));
        let avoided = plan(json!({"treatment": "avoid", "title": "PCに置かない", "due_on": "2026-11-24"}));
        assert_eq!((&avoided.json()["residual"], &avoided.json()["overdue"]), (&json!(null), &json!(false)));

        let titles = |query: &str| -> Vec<Value> {
            let list = get(&desk, &format!("{organization}/treatments?{query}"));
            list["items"].as_array().expect("treatments").iter().map(|t| t["title"].clone()).collect()
        };
        assert_eq!(titles("overdue=true"), ["暗号化する"]);
        assert_eq!(titles("state=planned").len(), 3);
        let summary = get(&desk, &format!("{organization}/risk-summary"));
        assert_eq!((&summary["open_treatments"], &summary["overdue_treatments"]), (&json!(3), &json!(1)));

        let treatment = planned.header("location").expect("a place").to_owned();
        let seen = desk.call("GET", &treatment, &[], None);
        let tag = seen.header("etag").expect("a tag").to_owned();
        let done = desk.call("PATCH", &treatment, &[("if-match", &tag)], Some(&json!({"state": "done", "evidence_url": "https://example.jp/1", "cost": null})));
        assert_eq!((done.status, &done.json()["overdue"], &done.json()["cost"]), (200, &json!(false), &json!(null)), "{}", done.json());
        assert_eq!(desk.call("PATCH", &treatment, &[("if-match", &tag)], Some(&json!({"state": "done"}))).status, 412);
        assert_eq!((titles("overdue=true").len(), titles("state=done").len()), (0, 1));
        // The risk changes while the treatment does not: its tag does, and the condition still holds.
        let before = desk.call("GET", &treatment, &[], None).header("etag").expect("a tag").to_owned();
        let renamed = desk.call("PATCH", &place, &[("if-match", "*")], Some(&json!({"name": "別名"})));
        assert_eq!(renamed.status, 200);
        let fresh = desk.call("GET", &treatment, &[("if-none-match", &before)], None);
        assert_eq!((fresh.status, &fresh.json()["asset_name"]), (200, &json!("別名")));
        threaten(&desk, &organization, "office_pc", 1);
        let seen = desk.call("GET", &treatment, &[], None);
        assert_eq!(seen.json()["risk"]["value"], json!(3));
        assert_eq!(desk.call("DELETE", &treatment, &[("if-match", seen.header("etag").expect("a tag"))], None).status, 204);

        for (body, pointer, code) in [
            (json!({"treatment": "retain", "title": "x"}), "/accepted_by", "acceptance_missing"),
            (json!({"treatment": "reduce", "title": "x", "accepted_by": "社長", "accepted_on": "2026-04-01"}), "/accepted_by", "acceptance_unneeded"),
            (json!({"treatment": "reduce", "title": "x", "accepted_until": "2026-04-01"}), "/accepted_until", "acceptance_unneeded"),
            (json!({"treatment": "reduce", "title": "x", "accepted_by": "社長"}), "/accepted_by", "acceptance_unneeded"),
            (json!({"treatment": "retain", "title": "x", "accepted_by": "社長"}), "/accepted_on", "acceptance_missing"),
            (json!({"treatment": "retain", "title": "x", "accepted_by": "社長", "accepted_on": "2026-04-02", "accepted_until": "2026-04-01"}), "/accepted_until", "ends_before"),
            (json!({"treatment": "retain", "title": "x", "accepted_by": "社長", "accepted_on": "2026-11-25"}), "/accepted_on", "future_date"),
            (json!({"treatment": "ignore", "title": "x"}), "/treatment", "unknown_value"),
            (json!({"treatment": "reduce", "title": "x", "expected_threat": 0}), "/expected_threat", "out_of_range"),
            (json!({"treatment": "reduce", "title": "x", "cost": -1}), "/cost", "out_of_range"),
            (json!({"treatment": "reduce", "title": "x", "evidence_url": "javascript:1"}), "/evidence_url", "format"),
            (json!({"treatment": "reduce", "title": "x", "evidence_url": "https://[C"}), "/evidence_url", "format"),
            (json!({"treatment": "reduce", "title": "x", "evidence_url": "https://example.jp/<script>"}), "/evidence_url", "format"),
            (json!({"treatment": "reduce", "title": "x", "evidence_url": "https://example.jp:0/"}), "/evidence_url", "format"),
            (json!({"treatment": "reduce", "title": "x", "evidence_url": format!("https://example.jp/{}", "a".repeat(500))}), "/evidence_url", "format"),
            (json!({"treatment": "reduce"}), "/title", "required"),
        ] {
            let refused = plan(body);
            let error = &refused.json()["errors"][0];
            assert_eq!((refused.status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)));
        }

        // No control applies, so there is no risk to treat.
        controls(&desk, &organization, "2026-04-01", |_| "not_applicable");
        let refused = plan(json!({"treatment": "reduce", "title": "x"}));
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/no-risk")));
        // Nor is there one of an asset that is gone.
        let tag = desk.call("GET", &place, &[], None).header("etag").expect("a tag").to_owned();
        assert_eq!(desk.call("DELETE", &place, &[("if-match", &tag)], None).status, 204);
        assert_eq!(plan(json!({"treatment": "reduce", "title": "x"})).status, 404);
        assert_eq!(titles(""), Vec::<Value>::new());
    }

    fn a_register_moves_to_another_edition_and_back(desk) {
        let organization = register(&desk, "3.0");
        let mut rows = vec![asset("a", "office_pc", [1, 0, 0]), asset("b", "paper", [2, 1, 0])];
        rows[0]["personal_information"] = json!(false);
        assert_eq!(upsert(&desk, &organization, &rows).status, 200);
        threaten(&desk, &organization, "office_pc", 3);
        threaten(&desk, &organization, "paper", 1);
        let path = format!("{organization}/risk-register");
        let tag = |path: &str| desk.call("GET", path, &[], None).header("etag").expect("a tag").to_owned();
        let convert = |body: Value, tag: &str| desk.call("POST", &format!("{path}/conversion"), &[("if-match", tag)], Some(&body));
        let first = tag(&path);
        let dry = convert(json!({"edition": "3.1"}), &first);
        // (1, 3): medium to high; (2, 1): medium to low.
        assert_eq!((dry.status, &dry.json()["dry_run"], &dry.json()["reclassified"]), (200, &json!(true), &json!(2)), "{}", dry.json());
        let group = &dry.json()["groups"][0];
        assert_eq!((&group["medium"], &group["before"]["value"], &group["after"]["value"]), (&json!("office_pc"), &json!(3), &json!(6)));
        assert_eq!((&group["before"]["class"], &group["after"]["class"]), (&json!("medium"), &json!("high")));
        assert_eq!(get(&desk, &path)["edition"], "3.0");

        let done = convert(json!({"edition": "3.1", "dry_run": false}), &first);
        assert_eq!((done.status, &done.json()["groups"]), (200, &dry.json()["groups"]));
        assert_eq!(convert(json!({"edition": "4.0", "dry_run": false}), &first).status, 412);
        let moved = get(&desk, &format!("{organization}/assets?external_id=b"))["items"][0].clone();
        assert_eq!((&moved["confidentiality"], &moved["availability"], &moved["importance"], &moved["edition"]), (&json!(3), &json!(1), &json!(3), &json!("3.1")));
        assert_eq!(ranking(&get(&desk, &format!("{organization}/risks")))[0].1, json!(6));
        let place = format!("/v1/assets/{}", moved["id"].as_str().expect("an id"));
        let before = desk.call("GET", &place, &[], None).header("etag").expect("a tag").to_owned();
        assert_eq!(convert(json!({"edition": "4.0", "dry_run": false}), &tag(&path)).status, 200);
        // The same ratings, but another edition: not what the caller has.
        let fresh = desk.call("GET", &place, &[("if-none-match", &before)], None);
        assert_eq!((fresh.status, &fresh.json()["edition"]), (200, &json!("4.0")));
        // What was sent on the old scale is refused now.
        assert_eq!(upsert(&desk, &organization, &rows).status, 422);
        assert_eq!(convert(json!({"edition": "3.0", "dry_run": false}), &tag(&path)).status, 200);
        let back = upsert(&desk, &organization, &rows).json();
        assert_eq!(back["unchanged"], json!(2));
        assert_eq!(desk.call("POST", &format!("{path}/conversion"), &[], Some(&json!({"edition": "3.1"}))).status, 428);
    }

    fn snapshots_are_frozen_and_compared(desk) {
        let organization = register(&desk, "4.0");
        let rows = [asset("stays", "paper", [1, 1, 1]), asset("worse", "office_pc", [1, 1, 1]), asset("goes", "paper", [3, 1, 1]), asset("moves", "office_pc", [2, 1, 1])];
        assert_eq!(upsert(&desk, &organization, &rows).status, 200);
        for medium in ["paper", "office_pc", "external_server"] {
            threaten(&desk, &organization, medium, 2);
        }
        let take = |label: &str| {
            let taken = desk.call("POST", &format!("{organization}/risk-snapshots"), &[], Some(&json!({"label": label})));
            assert_eq!(taken.status, 201, "{}", taken.json());
            taken.header("location").expect("a place").to_owned()
        };
        let first = take("前");
        let frozen = get(&desk, &format!("{first}/risks"));
        assert_eq!((frozen["items"].as_array().map(Vec::len), &frozen["items"][2]["risk"]["value"]), (Some(4), &json!(6)));

        let goes = get(&desk, &format!("{organization}/assets?external_id=goes"))["items"][0]["id"].as_str().expect("an id").to_owned();
        assert_eq!(desk.call("DELETE", &format!("/v1/assets/{goes}"), &[("if-match", "*")], None).status, 204);
        let mut worse = asset("worse", "office_pc", [3, 1, 1]);
        worse["name"] = json!("改名後");
        let changed = [worse, asset("moves", "external_server", [2, 1, 1]), asset("comes", "paper", [1, 1, 1])];
        assert_eq!(upsert(&desk, &organization, &changed).status, 200);
        let second = take("後");
        assert_eq!(get(&desk, &format!("{first}/risks")), frozen);
        let with = |place: &str| place.rsplit('/').next().expect("an id").to_owned();
        let compared = get(&desk, &format!("{second}/comparison?with={}", with(&first)));
        let told: Vec<_> = compared["items"].as_array().expect("differences").iter().map(|d| {
            let side = if d["after"].is_null() { &d["before"] } else { &d["after"] };
            (side["external_id"].clone(), d["movement"].clone(), d["causes"].clone())
        }).collect();
        assert_eq!(told, [
            (json!("worse"), json!("worse"), json!(["importance"])),
            (json!("goes"), json!("gone"), json!([])),
            (json!("moves"), json!("same"), json!(["medium"])),
            (json!("comes"), json!("new"), json!([])),
        ]);
        let renamed = &compared["items"][0];
        assert_eq!((&renamed["before"]["name"], &renamed["after"]["name"]), (&json!("資産worse"), &json!("改名後")));
        assert_eq!((&compared["before"]["label"], &compared["before_classes"]["high"], &compared["after_classes"]["high"]), (&json!("前"), &json!(1), &json!(1)));
        // The order in which they are named does not matter, and pages hold each difference once.
        let turned = get(&desk, &format!("{first}/comparison?with={}", with(&second)));
        assert_eq!(turned, compared);
        let mut paged = Vec::new();
        let mut next = format!("{first}/comparison?with={}&limit=1", with(&second));
        loop {
            let page = get(&desk, &next);
            paged.extend(page["items"].as_array().expect("items").clone());
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            next = format!("{first}/comparison?with={}&limit=1&cursor={cursor}", with(&second));
        }
        assert_eq!(json!(paged), compared["items"]);

        threaten(&desk, &organization, "paper", 3);
        let third = take("脅威");
        let compared = get(&desk, &format!("{second}/comparison?with={}", with(&third)));
        let told: Vec<_> = compared["items"].as_array().expect("differences").iter().map(|d| (d["after"]["external_id"].clone(), d["movement"].clone(), d["causes"].clone())).collect();
        assert_eq!(told, [(json!("stays"), json!("worse"), json!(["threat"])), (json!("comes"), json!("worse"), json!(["threat"]))]);
        let list = get(&desk, &format!("{organization}/risk-snapshots"));
        let labels: Vec<_> = list["items"].as_array().expect("snapshots").iter().map(|s| s["label"].clone()).collect();
        assert_eq!(labels, ["脅威", "後", "前"]);

        let same = desk.call("GET", &format!("{first}/comparison?with={}", with(&first)), &[], None);
        assert_eq!((same.status, &same.json()["type"]), (409, &json!("/problems/not-comparable")));
        let other = register(&desk, "4.0");
        let others = desk.call("POST", &format!("{other}/risk-snapshots"), &[], Some(&json!({"label": "他社"})));
        let others = others.json()["id"].as_str().expect("an id").to_owned();
        assert_eq!(desk.call("GET", &format!("{first}/comparison?with={others}"), &[], None).status, 409);
        assert_eq!(desk.call("GET", &format!("{first}/comparison?with=x"), &[], None).status, 400);
    }

    fn a_register_is_its_custodians_alone(desk) {
        let organization = register(&desk, "4.0");
        let added = desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset("a", "paper", [1, 1, 1])));
        let place = added.header("location").expect("a place");
        let body = json!({"name": "乙", "scopes": ["organizations:write", "risks:read", "risks:write"]});
        let client = desk.call("POST", "/v1/clients", &[], Some(&body)).json();
        let id = client["client"]["id"].as_str().expect("an id").parse().expect("an id");
        let stranger = desk.token_of(id, client["client_secret"].as_str().expect("a secret"), "");
        let (plan, done) = (json!({"treatment": "reduce", "title": "x"}), json!({"state": "done"}));
        let treated = desk.call("POST", &format!("{place}/treatments"), &[], Some(&plan));
        let treated = treated.header("location").expect("a place").to_owned();
        let label = json!({"label": "監査"});
        let snapshot = desk.call("POST", &format!("{organization}/risk-snapshots"), &[], Some(&label));
        let snapshot = snapshot.header("location").expect("a place").to_owned();
        let row = asset("b", "paper", [1, 1, 1]);
        let rows = json!({"assets": [row]});
        let edition = json!({"edition": "4.0"});
        let threat = json!({"threats": [{"medium": "paper", "threat": "office_theft", "frequency": 1}]});
        for (method, path, body) in [
            ("GET", format!("{organization}/risk-register"), None), ("PUT", format!("{organization}/risk-register"), Some(&edition)),
            ("GET", format!("{organization}/threats"), None), ("PATCH", format!("{organization}/threats"), Some(&threat)),
            ("GET", format!("{organization}/assets"), None), ("POST", format!("{organization}/assets"), Some(&row)),
            ("POST", format!("{organization}/assets/upsert"), Some(&rows)), ("GET", format!("{organization}/risks"), None),
            ("GET", format!("{organization}/risk-summary"), None), ("GET", place.to_owned(), None),
            ("GET", format!("{organization}/treatments"), None), ("POST", format!("{place}/treatments"), Some(&plan)),
            ("POST", format!("{organization}/risk-register/conversion"), Some(&edition)),
            ("GET", format!("{organization}/risk-snapshots"), None), ("POST", format!("{organization}/risk-snapshots"), Some(&label)),
            ("GET", snapshot.clone(), None), ("GET", format!("{snapshot}/risks"), None), ("GET", format!("{snapshot}/comparison?with={}", &snapshot[19..]), None),
            ("GET", treated.clone(), None), ("PATCH", treated.clone(), Some(&done)), ("DELETE", treated.clone(), None),
            ("PATCH", place.to_owned(), Some(&edition)), ("DELETE", place.to_owned(), None), ("GET", format!("{place}/risk"), None),
        ] {
            let answer = desk.call_as(&stranger, method, &path, &[("if-match", "*")], body);
            let expected = if method == "PATCH" && path == place { 422 } else { 404 };
            assert_eq!(answer.status, expected, "{method} {path}: {}", answer.json());
        }
        let poor = desk.token_with("&scope=organizations:read");
        assert_eq!(desk.call_as(&poor, "GET", &format!("{organization}/risks"), &[], None).status, 403);
        assert_eq!(get(&desk, place), added.json());
    }
}
