//! The sandbox: its data, its clock, and the way back to its start.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mamori_tests::{Desk, both_engines};
use serde_json::{Value, json};

const CLOCK: &str = "/sandbox/clock";
const RESET: &str = "/sandbox/reset";
/// A day behind the sandbox's first.
const TOMORROW: &str = "2026-11-25T03:00:00Z";

/// Every item of a list.
fn all(desk: &Desk, token: &str, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let join = if path.contains('?') { '&' } else { '?' };
    let mut next = format!("{path}{join}limit=200");
    loop {
        let answer = desk.call_as(token, "GET", &next, &[], None);
        assert_eq!(answer.status, 200, "{next}: {}", answer.json());
        let page = answer.json();
        items.extend(page["items"].as_array().expect("items").iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return items };
        next = format!("{path}{join}limit=200&cursor={cursor}");
    }
}

/// The token of the buyer.
fn buyer(desk: &Desk) -> String {
    let known = mamori::sandbox::credentials("");
    let buyer = &known["clients"][2];
    let id = buyer["client_id"].as_str().expect("an id").parse().expect("an id");
    desk.token_of(id, buyer["client_secret"].as_str().expect("a secret"), "")
}

/// Sets the clock, and gives a new token of the portal, of the time that it is then.
fn set(desk: &Desk, token: &str, to: &Value) -> String {
    let answer = desk.call_as(token, "PUT", CLOCK, &[], Some(to));
    assert_eq!(answer.status, 200, "{}", answer.json());
    desk.token_with("")
}

/// How often each text stands in a field.
fn counted(items: &[Value], field: &str) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for item in items {
        let text = item[field].as_str().map_or_else(|| item[field].to_string(), ToOwned::to_owned);
        *counted.entry(text).or_default() += 1;
    }
    counted
}

/// One start for all that needs no other: it takes a while to make.
#[test]
fn a_sandbox_from_its_start_on() {
    let desk = Desk::sandbox();
    its_data_are_many_and_various(&desk);
    a_reset_is_never_seen_half_done(&desk);
    nobody_keeps_a_reset_waiting(&desk);
    its_clock_goes_forwards_and_backwards(&desk);
}

fn its_data_are_many_and_various(desk: &Desk) {
    let portals = all(desk, &desk.token, "/v1/organizations");
    let centres = all(desk, &desk.stranger, "/v1/organizations");
    assert_eq!((portals.len(), centres.len()), (240, 60));
    let companies: Vec<Value> = portals.into_iter().chain(centres).collect();
    assert_eq!(counted(&companies, "prefecture").len(), 47);
    assert!(counted(&companies, "industry").len() >= 12, "{:?}", counted(&companies, "industry"));
    assert_eq!(counted(&companies, "kind").len(), 3);
    for company in &companies {
        // Each name says that it is made.
        let named = [&company["name"], &company["trade_name"], &company["representative_name"]];
        let named: Vec<&str> = named.into_iter().filter_map(Value::as_str).collect();
        assert!(named.iter().all(|name| name.contains("見本")), "{named:?}");
    }
    let numbers = companies.iter().filter(|company| company["corporate_number"].is_string());
    assert_eq!(numbers.count(), 1, "only the number of documents' example belongs to nobody");

    let results = desk.sql("SELECT band, count(*) FROM result WHERE band IS NOT NULL GROUP BY 1");
    assert_eq!(results.len(), 4, "every band of scores: {results:?}");
    let editions =
        desk.sql("SELECT DISTINCT edition FROM result WHERE question_bank = 'self-check'");
    assert_eq!(editions.len(), 3, "{editions:?}");
    let begun = "SELECT count(*) FROM assessment WHERE state = 'draft'";
    assert_eq!(desk.sql(begun), ["30"]);
    let assets = "SELECT min(n), max(n), count(*) FROM \
                  (SELECT count(*) AS n FROM asset GROUP BY organization_id)";
    let assets = desk.sql(assets).concat();
    assert_eq!(assets, "5|30|75");
    let states = desk.sql("SELECT DISTINCT state FROM declaration ORDER BY 1");
    assert_eq!(states, ["declared", "preparing", "stopped", "superseded", "unknown"]);
    let generations =
        desk.sql("SELECT DISTINCT substr(self_declaration_id, 1, 1) FROM declaration ORDER BY 1");
    assert_eq!(generations, ["", "4", "5"]);
    assert_eq!(desk.sql("SELECT DISTINCT grade FROM declaration").len(), 4);
    for made in [
        "treatment WHERE due_on < '2026-11-24' AND state = 'planned'",
        "attestation WHERE revoked_at IS NOT NULL",
        "attestation WHERE valid_until > '2026-11-24' AND revoked_at IS NULL",
        "consent WHERE withdrawn_at IS NOT NULL",
        "unit",
        "declaration_register WHERE conflicting_since IS NOT NULL",
    ] {
        assert_ne!(desk.sql(&format!("SELECT count(*) FROM {made}")), ["0"], "{made}");
    }
    // A history is a real one: what was recorded later has a later time.
    let backwards = "SELECT count(*) FROM declaration_entry AS a JOIN declaration_entry AS b \
                     ON a.declaration_id = b.declaration_id AND a.number < b.number \
                     WHERE a.recorded_at >= b.recorded_at";
    assert_eq!(desk.sql(backwards), ["0"]);

    // The buyer keeps nobody, writes nothing, and sees those that are listed.
    let buyer = buyer(desk);
    let refused = desk.call_as(&buyer, "GET", "/v1/organizations", &[], None);
    assert_eq!(refused.status, 403);
    assert_eq!(all(desk, &buyer, "/v1/own-programmes").len(), 1);
    let listed = desk.sql("SELECT self_declaration_id FROM declaration WHERE listed ORDER BY 1");
    let rows: Vec<Value> =
        listed.iter().take(500).map(|id| json!({ "declaration_id": id })).collect();
    assert!(rows.len() > 50);
    let body = json!({ "rows": rows });
    let checked = desk.call_as(&buyer, "POST", "/v1/declaration-checks/bulk", &[], Some(&body));
    assert_eq!(checked.status, 200, "{}", checked.json());
    let rows = checked.json()["items"].as_array().expect("rows").clone();
    let found = rows.iter().filter(|row| row.to_string().contains("\"declared\"")).count();
    assert!(found > 50, "{found}: {}", rows[0]);
    let write = desk.call_as(&buyer, "POST", "/v1/own-programmes", &[], Some(&json!({})));
    assert_eq!(write.status, 403);

    // Every answer says what it is.
    for path in ["/healthz", "/v1/question-banks", "/nowhere"] {
        let answer = desk.raw("GET", path, &[], b"");
        assert_eq!(answer.header("mamori-sandbox"), Some("true"), "{path}");
    }
    // A web page may read it too.
    let page = desk.raw("GET", "/v1/question-banks", &[("origin", "https://a.example")], b"");
    let exposed = page.header("access-control-expose-headers").expect("a header");
    assert!(exposed.contains("Mamori-Sandbox"), "{exposed}");
    for (path, word) in [
        ("/docs/", "SANDBOX"),
        ("/docs/console/", "SANDBOX"),
        ("/docs/guide/en/", "SANDBOX"),
        ("/docs/guide/ja/", "SANDBOX: 見本データ"),
    ] {
        let html = String::from_utf8(desk.raw("GET", path, &[], b"").body).expect("a text");
        let bar = html.split("</header>").next().expect("the bar");
        assert!(bar.contains(word), "{path}: {bar}");
    }
    assert_eq!(desk.raw("GET", "/healthz", &[], b"").json()["sandbox"], true);
}

fn its_clock_goes_forwards_and_backwards(desk: &Desk) {
    let clock = desk.raw("GET", CLOCK, &[], b"").json();
    let now = clock["now"].as_str().expect("a time");
    assert!(now.starts_with("2026-11-24T03:0") && clock["running"] == true, "{clock}");

    // It stops, runs on and is told in full.
    let stopped = set(desk, &desk.token, &json!({"running": false}));
    let first = desk.raw("GET", CLOCK, &[], b"").json();
    assert_eq!(
        (&first, &first["running"]),
        (&desk.raw("GET", CLOCK, &[], b"").json(), &json!(false))
    );

    let overdue = |token: &str| {
        let taken = desk.sql(
            "SELECT organization_id FROM treatment JOIN organization ON organization.id = \
             organization_id WHERE external_id IS NOT NULL AND state = 'planned' AND \
             due_on > '2026-12-01' AND organization.custodian_id LIKE '%1' LIMIT 1",
        );
        let path = format!("/v1/organizations/{}/treatments?overdue=true", taken[0]);
        all(desk, token, &path).len()
    };
    let before = overdue(&stopped);
    let buyers = all(desk, &buyer(desk), "/v1/own-programmes");
    let programme = buyers[0]["id"].as_str().expect("an id").to_owned();
    let winter = |token: &str| {
        let path = format!("/v1/own-programmes/{programme}/check");
        let asked = json!({"round": "winter", "situation": {"state": "declared", "stars": 2}});
        desk.call_as(token, "POST", &path, &[], Some(&asked)).json()
    };
    let open = winter(&buyer(desk));

    // A day later the token has ended, and a new one is good.
    let later = desk.call_as(&stopped, "PUT", CLOCK, &[], Some(&json!({"now": TOMORROW})));
    assert_eq!((later.status, &later.json()["now"]), (200, &json!(TOMORROW)));
    let ended = desk.call_as(&stopped, "GET", "/v1/organizations", &[], None);
    assert_eq!((ended.status, &ended.json()["type"]), (401, &json!("/problems/token-invalid")));
    let token = desk.token_with("");
    assert_eq!(desk.call_as(&token, "GET", "/v1/organizations", &[], None).status, 200);

    // Two years later a round has closed, and what was planned is overdue.
    let token = set(desk, &token, &json!({"now": "2028-11-24T12:00:00+09:00"}));
    assert!(overdue(&token) > before);
    assert_ne!(winter(&buyer(desk)), open, "the round has closed");

    // And back again: before the sandbox's own start.
    let token = set(desk, &token, &json!({"now": "2026-11-24T03:00:00Z"}));
    assert_eq!(overdue(&token), before);
    assert_eq!(winter(&buyer(desk)), open);
    let token = set(desk, &token, &json!({"now": "2020-01-01T00:00:00Z", "running": true}));
    let made =
        desk.call_as(&token, "POST", "/v1/organizations", &[], Some(&json!({"name": "昔の会社"})));
    let at = made.json()["created_at"].as_str().expect("a time").to_owned();
    assert!(made.status == 201 && at.starts_with("2020-01-01T00:00:0"), "{}", made.json());

    for (body, status) in [
        (json!({"now": "2019-12-31T23:59:59Z"}), 422),
        (json!({"now": "2100-01-01T00:00:00Z"}), 422),
        (json!({"now": "tomorrow"}), 422),
        (json!({"time": TOMORROW}), 422),
        (json!({"running": "yes"}), 400),
    ] {
        let refused = desk.call_as(&token, "PUT", CLOCK, &[], Some(&body));
        assert_eq!(refused.status, status, "{body}: {}", refused.json());
    }
    let nobody = desk.raw("PUT", CLOCK, &[("content-type", "application/json")], b"{}");
    assert_eq!(nobody.status, 401);
    let centre = desk.call_as(&desk.stranger, "POST", RESET, &[], None);
    assert!(matches!(centre.status, 401 | 403), "{}", centre.status);
}

/// Reads that together touch every part of the data, each with its bytes.
fn read(desk: &Desk, token: &str) -> Vec<(String, Vec<u8>)> {
    let one = |query: &str| desk.sql(query).concat();
    let declared = one("SELECT organization_id FROM declaration WHERE custodian_id LIKE '%1' \
                        ORDER BY id LIMIT 1");
    let rated = one("SELECT organization_id FROM risk_register WHERE custodian_id LIKE '%1' \
                     ORDER BY created_at, 1 LIMIT 1");
    let mut paths = vec!["/v1/organizations?limit=1".to_owned()];
    for (organization, rest) in [
        (&declared, ""),
        (&declared, "/history"),
        (&declared, "/declarations"),
        (&declared, "/declaration-status"),
        (&declared, "/readiness"),
        (&declared, "/consents"),
        (&rated, "/assessments"),
        (&rated, "/risks"),
        (&rated, "/treatments"),
        (&rated, "/risk-snapshots"),
    ] {
        paths.push(format!("/v1/organizations/{organization}{rest}"));
    }
    let told = |path: String| {
        let answer = desk.call_as(token, "GET", &path, &[], None);
        assert_eq!(answer.status, 200, "{path}: {}", answer.json());
        // A cursor is signed by a key of each sandbox's own.
        let mut body = answer.json();
        if let Some(fields) = body.as_object_mut() {
            fields.remove("next_cursor");
        }
        (path, body.to_string().into_bytes())
    };
    paths.into_iter().map(told).collect()
}

#[test]
fn two_starts_are_the_same_and_so_is_a_reset() {
    let (desk, other) = (Desk::sandbox(), Desk::sandbox());
    let freeze = json!({"now": "2026-11-24T03:00:00Z", "running": false});
    let start = |desk: &Desk, token: &str| set(desk, token, &freeze);
    let (token, others) = (start(&desk, &desk.token), start(&other, &other.token));
    let first = read(&desk, &token);
    assert_eq!(first, read(&other, &others));
    // All of it, but for what is random: keys, what they signed, and trace ids.
    for table in ["organization", "result", "asset", "declaration_entry", "consent", "treatment"] {
        let rows = format!("SELECT * FROM {table} ORDER BY rowid");
        assert!(desk.sql(&rows) == other.sql(&rows), "{table}");
    }

    // Somebody changes all kinds of things, another time on top.
    let make = |desk: &Desk, token: &str, name: &str| {
        let answer =
            desk.call_as(token, "POST", "/v1/organizations", &[], Some(&json!({"name": name})));
        assert_eq!(answer.status, 201, "{}", answer.json());
        answer.json()
    };
    let made = make(&desk, &token, "新しい会社");
    let path = first[1].0.clone();
    let gone = desk.call_as(&token, "DELETE", &path, &[("if-match", "*")], None);
    assert_eq!(gone.status, 204);
    let client = json!({"name": "客", "scopes": ["organizations:read"]});
    let client = desk.call_as(&token, "POST", "/v1/clients", &[], Some(&client)).json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let id = text(&client["client"]["id"]).parse().expect("an id");
    let guest = desk.token_of(id, &text(&client["client_secret"]), "");
    assert_eq!(desk.call_as(&guest, "GET", "/v1/organizations", &[], None).status, 200);
    let token = set(&desk, &token, &json!({"now": "2031-01-01T00:00:00Z"}));

    let reset = desk.call_as(&token, "POST", RESET, &[], None);
    assert_eq!(reset.status, 200, "{}", reset.json());
    assert_eq!(reset.json()["running"], true);
    assert_eq!(reset.json()["now"], "2026-11-24T03:00:00Z");
    // A token of 2031 is of a time to come, and the guest was never there.
    assert_eq!(desk.call_as(&token, "GET", "/v1/organizations", &[], None).status, 401);
    assert_eq!(desk.call_as(&guest, "GET", "/v1/organizations", &[], None).status, 401);
    let token = start(&desk, &desk.token_with(""));
    assert_eq!(first, read(&desk, &token));

    // The same calls in the same order get the same ids.
    let again = desk.call_as(&token, "POST", RESET, &[], None);
    assert_eq!(again.status, 200);
    let token = start(&desk, &desk.token_with(""));
    let (one, two) = (make(&desk, &token, "新しい会社"), make(&desk, &token, "新しい会社"));
    assert!(one["id"].as_str() < two["id"].as_str() && made["id"].as_str() < two["id"].as_str());
    assert_eq!(desk.call_as(&token, "POST", RESET, &[], None).status, 200);
    let token = start(&desk, &desk.token_with(""));
    assert_eq!(make(&desk, &token, "新しい会社")["id"], one["id"]);
}

fn a_reset_is_never_seen_half_done(desk: &Desk) {
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let look = || {
            let mut seen = BTreeSet::new();
            let mut turns = 0;
            while !done.load(Ordering::Acquire) || turns == 0 {
                let answer = desk.call("GET", "/v1/organizations?limit=200", &[], None);
                assert_eq!(answer.status, 200, "{}", answer.json());
                let first = answer.json()["items"].as_array().expect("items").len();
                let rest = all(desk, &desk.token, "/v1/organizations").len();
                seen.insert((first, rest));
                turns += 1;
            }
            seen
        };
        let lookers = [scope.spawn(look), scope.spawn(look)];
        let made = json!({"name": "新しい会社"});
        for _ in 0..4 {
            let answer = desk.call("POST", "/v1/organizations", &[], Some(&made));
            assert_eq!(answer.status, 201, "{}", answer.json());
            let reset = desk.call("POST", RESET, &[], None);
            assert_eq!(reset.status, 200, "{}", reset.json());
        }
        done.store(true, Ordering::Release);
        lookers
            .into_iter()
            .flat_map(|looker| looker.join().expect("it ends"))
            .collect::<BTreeSet<_>>()
    });
    assert!(seen.iter().all(|(first, all)| *first == 200 && matches!(all, 240 | 241)), "{seen:?}");
}

fn nobody_keeps_a_reset_waiting(desk: &Desk) {
    // Not whoever leaves a body unfinished, with a token or without one.
    let bearer = format!("authorization: Bearer {}\r\n", desk.token);
    let begin = |path: &str, head: &str| {
        let mut stream = TcpStream::connect(desk.host()).expect("a connection");
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n{head}\r\n{{");
        stream.write_all(request.as_bytes()).expect("a connection");
        stream
    };
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let json = format!("content-type: application/json\r\n{bearer}");
    let unfinished = [begin("/oauth/token", form), begin("/v1/organizations", &json)];
    std::thread::sleep(Duration::from_millis(200));

    // Nor itself, however its path is written.
    for path in [RESET, "/%73andbox/reset", "/sandbox/%72eset"] {
        let began = Instant::now();
        let reset = std::thread::scope(|scope| {
            let reset = scope.spawn(|| desk.call("POST", path, &[], None));
            // Whoever watches the service does not wait meanwhile.
            while !reset.is_finished() {
                for watched in ["/healthz", "/readyz", "/metrics"] {
                    let asked = Instant::now();
                    assert_eq!(desk.raw("GET", watched, &[], b"").status, 200, "{watched}");
                    assert!(asked.elapsed() < Duration::from_secs(5), "{watched}");
                }
            }
            reset.join().expect("it ends")
        });
        assert_eq!(reset.status, 200, "{path}: {}", reset.json());
        assert!(began.elapsed() < Duration::from_secs(8), "{path}: {:?}", began.elapsed());
    }
    let freeze = desk.call("PUT", "/s%61ndbox/clock", &[], Some(&json!({})));
    assert_eq!(freeze.status, 200, "{}", freeze.json());

    // What is sent late is answered as ever.
    let [mut token, _] = unfinished;
    token.write_all(&[b'x'; 98]).expect("a connection");
    let mut answer = [0; 12];
    token.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer, b"HTTP/1.1 400");
}

both_engines! {
    fn elsewhere_there_is_no_sandbox(desk) {
        let none = |answer: mamori_tests::Response| {
            assert_eq!((answer.status, &answer.json()["type"]), (404, &json!("/problems/not-a-sandbox")));
            assert_eq!(answer.header("mamori-sandbox"), None);
        };
        none(desk.raw("GET", CLOCK, &[], b""));
        none(desk.call("PUT", CLOCK, &[], Some(&json!({"now": TOMORROW}))));
        none(desk.call("POST", RESET, &[], None));
        // Who may not, and what can't be read, is told first.
        assert_eq!(desk.raw("POST", RESET, &[], b"").status, 401);
        let narrow = desk.token_with("&scope=organizations:write");
        assert_eq!(desk.call_as(&narrow, "POST", RESET, &[], None).status, 403);
        assert_eq!(desk.call("PUT", CLOCK, &[], Some(&json!({"now": 7}))).status, 400);
        assert_eq!(desk.call("PUT", CLOCK, &[], Some(&json!({"now": "soon"}))).status, 422);
        assert_eq!(desk.raw("GET", "/healthz", &[], b"").json()["sandbox"], false);
        // What is public of a sandbox opens nothing here.
        for client in mamori::sandbox::credentials("")["clients"].as_array().expect("clients") {
            let field = |name: &str| client[name].as_str().expect("a text").to_owned();
            let form = format!(
                "client_id={}&client_secret={}", field("client_id"), field("client_secret")
            );
            assert_eq!(desk.ask_for_token(&form).status, 401);
        }
        let kept = Desk::wait(desk.beneath().put_copy_back());
        assert!(kept.is_err(), "data that is worth something is not put back");
    }
}
