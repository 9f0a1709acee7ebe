//! What an organization states before it declares a star, what it still lacks, and the reminders.

use chrono::{Duration, NaiveDate};
use mamori_domain::access::Authority;
use mamori_domain::declaration::DeclarationId;
use mamori_domain::declaration::history::{Fact, Terms};
use mamori_domain::organization::{Kind, Profile};
use mamori_store::{Context, Stop, Tx};
use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};
use uuid::Uuid;

fn get(desk: &Desk, path: &str) -> Value {
    let answer = desk.call("GET", path, &[], None);
    assert_eq!(answer.status, 200, "{path}: {}", answer.json());
    answer.json()
}

fn state(desk: &Desk, organization: &str, condition: &str, body: &Value) -> Response {
    let path = format!("{organization}/declaration-preparation");
    desk.call("PATCH", &path, &[("if-match", condition)], Some(body))
}

/// States something and gives the readiness for a star.
fn stated(desk: &Desk, organization: &str, body: &Value, star: u8) -> Value {
    let answer = state(desk, organization, "*", body);
    assert_eq!(answer.status, 200, "{body}: {}", answer.json());
    let told = get(desk, &format!("{organization}/readiness?star={star}"));
    assert_eq!(told["stars"].as_array().expect("stars").len(), 1);
    told["stars"][0].clone()
}

/// The state and the next step of each requirement, then of each prerequisite.
fn states(star: &Value) -> Vec<(&str, &str, Option<&str>)> {
    let list = |name: &str| star[name].as_array().expect("a list");
    let all = list("requirements").iter().chain(list("prerequisites"));
    all.map(|one| {
        (
            one["requirement"].as_str().expect("a code"),
            one["state"].as_str().expect("a state"),
            one["next"]["code"].as_str(),
        )
    })
    .collect()
}

/// Submits a sheet, each question with the same option.
fn submit(desk: &Desk, organization: &str, begin: &Value, option: &str) {
    let bank = begin["question_bank"].as_str().expect("a bank");
    let bank = get(desk, &format!("/v1/question-banks/{bank}/editions/4.0"));
    let questions = bank["questions"].as_array().expect("questions").iter();
    let answers: Vec<_> =
        questions.map(|q| json!({"question": q["number"], "option": option})).collect();
    let any = [("if-match", "*")];
    let begun = desk.call("POST", &format!("{organization}/assessments"), &[], Some(begin));
    let path = begun.header("location").expect("a place").to_owned();
    let answers = json!({ "answers": answers });
    let saved = desk.call("PUT", &format!("{path}/answers"), &any, Some(&answers));
    assert_eq!(saved.status, 200, "{}", saved.json());
    let done = desk.call("POST", &format!("{path}/submit"), &any, None);
    assert_eq!(done.status, 200, "{}", done.json());
}

fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

fn in_the_name_of(desk: &Desk) -> Context {
    let client = desk.credentials.0;
    let authority = Authority::Client { client, organization: None, actor: None };
    Context { authority, trace_id: String::new() }
}

fn terms(stars: Option<u8>, id: Option<&str>, edition: Option<&str>) -> Terms {
    Terms {
        stars,
        id: id.and_then(DeclarationId::parse),
        articles_edition: edition.map(ToOwned::to_owned),
        ..Terms::default()
    }
}

/// Records a declaration beneath the service.
fn declared(desk: &Desk, organization: &str, on: &str, terms: &Terms) {
    let of: Uuid = organization.rsplit('/').next().expect("an id").parse().expect("an id");
    let (on, terms) = (day(on), terms.clone());
    let work = move |tx: &mut Tx<'_>| {
        let mut dossier = tx.take_dossier(of)?.expect("a dossier");
        let profile = tx.find_organization(of)?.expect("an organization").profile;
        let fact = Fact::Declared(terms.clone());
        tx.add_declaration(&mut dossier, vec![(on, fact)], &profile, day("2026-11-24"))?
            .expect("admitted");
        Ok::<_, Stop<()>>(())
    };
    Desk::wait(desk.beneath().transact(in_the_name_of(desk), work)).expect("it is recorded");
}

/// Registers organizations with a declaration without an id, two a day, by one transaction.
fn fill(desk: &Desk, numbers: std::ops::Range<u16>) {
    let work = move |tx: &mut Tx<'_>| {
        for number in numbers.clone() {
            let profile = Profile {
                external_id: Some(format!("k{number}")),
                kind: Kind::Corporation,
                name: format!("会社{number}"),
                name_kana: None,
                trade_name: None,
                corporate_number: None,
                representative_title: None,
                representative_name: None,
                postal_code: None,
                prefecture: None,
                municipality: None,
                street: None,
                phone: None,
                website: None,
                industry: None,
                employees: None,
                employees_as_of: None,
                capital: None,
            };
            let added = tx.add_organization(profile)?;
            let mut dossier = tx.take_dossier(added.id)?.expect("a dossier");
            let on = day("2026-04-01") + Duration::days(i64::from(number / 2));
            let fact = Fact::Declared(terms(Some(1), None, None));
            let today = day("2026-11-24");
            tx.add_declaration(&mut dossier, vec![(on, fact)], &added.profile, today)?
                .expect("admitted");
        }
        Ok::<_, Stop<()>>(())
    };
    Desk::wait(desk.beneath().transact(in_the_name_of(desk), work)).expect("they are written");
}

/// The kinds of the reminders that are due, by a token of today.
fn reminded(desk: &Desk, organization: &str) -> Vec<String> {
    let path = format!("{organization}/reminders");
    let list = desk.call_as(&desk.token_with(""), "GET", &path, &[], None);
    assert_eq!(list.status, 200, "{}", list.json());
    let list = list.json();
    let items = list["items"].as_array().expect("a list").iter();
    items.map(|one| one["kind"].as_str().expect("a kind").to_owned()).collect()
}

both_engines! {
    fn what_nobody_stated_is_unknown_and_never_missing(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        let path = format!("{organization}/declaration-preparation");
        let shown = desk.call("GET", &path, &[], None);
        assert_eq!((shown.status, shown.header("etag")), (200, Some("\"1.0\"")));
        let body = shown.json();
        for field in ["commitment", "sixth_article_committed_on", "official_self_check", "policy", "publication", "gbizid"] {
            assert_eq!(body.get(field), Some(&Value::Null), "{field}");
        }
        let told = get(&desk, &format!("{organization}/readiness"));
        let [one, two] = [&told["stars"][0], &told["stars"][1]];
        assert_eq!((&one["star"], &two["star"]), (&json!(1), &json!(2)));
        assert_eq!(states(one), [
            ("articles_commitment", "unknown", Some("state_commitment")),
            ("usable_account", "unknown", Some("state_account")),
        ]);
        assert_eq!(states(two), [
            ("self_check", "unknown", Some("state_self_check")),
            ("policy_established", "unknown", Some("state_policy")),
            ("policy_published", "unknown", Some("state_publication")),
            ("usable_account", "unknown", Some("state_account")),
        ]);
        for star in [one, two] {
            assert_eq!((&star["ready"], &star["requirements"][0]["evidence"]), (&json!(false), &json!([])));
        }
        assert_eq!(get(&desk, &format!("{organization}/reminders"))["items"], json!([]));
        for star in ["0", "3", "-1", "one", ""] {
            let refused = desk.call("GET", &format!("{organization}/readiness?star={star}"), &[], None);
            assert_eq!((refused.status, &refused.json()["errors"][0]["parameter"]), (400, &json!("star")), "{star}");
        }
    }

    fn one_star_asks_for_a_commitment_alone(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        let committed = json!({"commitment": {"committed_by": "代表取締役 見本 太郎", "committed_on": "2026-11-20"}});
        let star = stated(&desk, &organization, &committed, 1);
        assert_eq!(star["ready"], json!(true));
        assert_eq!(states(&star)[0], ("articles_commitment", "met", None));
        let evidence = &star["requirements"][0]["evidence"][0];
        assert_eq!((&evidence["kind"], &evidence["on"], &evidence["edition"]), (&json!("stated_commitment"), &json!("2026-11-20"), &Value::Null));
        // A statement may be changed in part, and its edition is never inferred.
        let five = stated(&desk, &organization, &json!({"commitment": {"edition": "3.1"}}), 1);
        assert_eq!(five["requirements"][0]["evidence"][0]["edition"], json!("3.1"));
        let codes = |star: &Value| star["notices"].as_array().expect("notices").iter().map(|n| n["code"].clone()).collect::<Vec<_>>();
        assert!(codes(&five).contains(&json!("sixth_article_optional")));
        let sixth = stated(&desk, &organization, &json!({"sixth_article_committed_on": "2026-11-24", "gbizid": {"kind": "member"}}), 1);
        assert!(!codes(&sixth).contains(&json!("sixth_article_optional")));
        assert_eq!((&sixth["next"]["code"], states(&sixth)[1]), (&json!("declare"), ("usable_account", "met", None)));
        let back = stated(&desk, &organization, &json!({"commitment": null}), 1);
        assert_eq!(states(&back)[0].1, "unknown");
    }

    fn a_sheet_of_the_articles_counts_where_the_management_answered_it(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        let sheet = |respondent: &str, day: &str, option: &str| {
            let begin = json!({"question_bank": "articles", "edition": "4.0", "respondent": respondent, "answered_on": day});
            submit(&desk, &organization, &begin, option);
            let told = get(&desk, &format!("{organization}/readiness?star=1"));
            told["stars"][0]["requirements"][0].clone()
        };
        for (respondent, day, option, state, open) in [
            ("person_in_charge", "2026-11-01", "doing", "unknown", 0),
            ("management", "2026-11-02", "not_yet", "unknown", 6),
            ("management", "2026-11-03", "will_start", "met", 0),
        ] {
            let found = sheet(respondent, day, option);
            assert_eq!((&found["state"], &found["evidence"][0]["open_items"]), (&json!(state), &json!(open)), "{found}");
            assert_eq!(found["evidence"][0]["by_management"], json!(respondent == "management"));
        }
        // The latest by its date counts, not the latest submitted.
        assert_eq!(sheet("person_in_charge", "2026-10-01", "not_yet")["state"], json!("met"));
    }

    fn our_self_check_is_equivalent_and_ipas_own_sheet_is_what_counts(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        submit(&desk, &organization, &json!({"question_bank": "self-check", "edition": "4.0", "respondent": "management", "answered_on": "2026-11-10"}), "not_implemented");
        let star = get(&desk, &format!("{organization}/readiness?star=2"))["stars"][0].clone();
        assert_eq!(states(&star)[0], ("self_check", "equivalent_done", Some("run_through_official_sheet")));
        let evidence = &star["requirements"][0]["evidence"];
        assert_eq!((&evidence[0]["kind"], &evidence[0]["total"], &evidence[0]["on"]), (&json!("self_check_here"), &json!(0), &json!("2026-11-10")));
        assert_eq!(star["next"]["code"], json!("run_through_official_sheet"));
        assert!(star["notices"].as_array().expect("notices").iter().any(|notice| notice["code"] == "equivalence_advice"));
        let star = stated(&desk, &organization, &json!({
            "official_self_check": {"used": true, "edition": "4.0", "answered_on": "2026-11-20", "total": -25},
            "policy": {"established": true}, "publication": {"published": true, "method": "website", "url": "https://www.example.jp/policy", "published_on": "2026-11-21"},
            "gbizid": {"kind": "prime"},
        }), 2);
        assert_eq!((&star["ready"], &star["next"]["code"]), (&json!(true), &json!("declare")));
        assert!(states(&star).iter().all(|(_, state, next)| *state == "met" && next.is_none()), "{star}");
    }

    fn what_is_stated_as_gone_or_unusable_is_missing(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        let star = stated(&desk, &organization, &json!({
            "publication": {"published": true, "published_on": "2026-10-01", "gone_on": "2026-11-20"}, "gbizid": {"kind": "entry"},
            "official_self_check": {"used": false}, "policy": {"established": true},
        }), 2);
        assert_eq!(states(&star), [
            ("self_check", "missing", Some("take_self_check")),
            ("policy_established", "met", None),
            ("policy_published", "missing", Some("republish_policy")),
            ("usable_account", "missing", Some("apply_for_account")),
        ]);
        let star = stated(&desk, &organization, &json!({"gbizid": {"kind": "prime", "expires_on": "2026-11-23"}, "publication": {"gone_on": null}}), 2);
        assert_eq!(states(&star)[2..], [("policy_published", "met", None), ("usable_account", "missing", Some("renew_account"))]);
    }

    fn bad_statements_are_refused_in_their_place(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        let commitment = |change: Value| {
            let mut whole = json!({"committed_by": "甲", "committed_on": "2026-11-24"});
            for (name, value) in change.as_object().expect("an object") {
                whole[name] = value.clone();
            }
            json!({"commitment": whole})
        };
        let long = "あ".repeat(201);
        for (body, status, pointer, code) in [
            (json!({"colour": 1}), 422, "/colour", "unknown_field"),
            (json!({"colour": null}), 422, "/colour", "unknown_field"),
            (json!({"policy": {"established": true, "colour": 1}}), 422, "/policy/colour", "unknown_field"),
            (json!({"policy": [true, null, null]}), 400, "/policy", "wrong_type"),
            (json!({"policy": "yes"}), 400, "/policy", "wrong_type"),
            (json!({"policy": {"established": "yes"}}), 400, "/policy/established", "wrong_type"),
            (json!({"policy": {"title": "方針"}}), 422, "/policy/established", "required"),
            (json!({"commitment": {"committed_by": "甲"}}), 422, "/commitment/committed_on", "required"),
            (commitment(json!({"committed_by": null})), 422, "/commitment/committed_by", "required"),
            (commitment(json!({"committed_by": " "})), 422, "/commitment/committed_by", "length"),
            (commitment(json!({"committed_by": "1234-5678-9012"})), 422, "/commitment/committed_by", "twelve_digits"),
            (commitment(json!({"committed_on": "2026-11-25"})), 422, "/commitment/committed_on", "future_date"),
            (commitment(json!({"committed_on": "2026-02-30"})), 422, "/commitment/committed_on", "format"),
            (commitment(json!({"edition": "2.1"})), 422, "/commitment/edition", "unknown_value"),
            (json!({"sixth_article_committed_on": "2026-11-25"}), 422, "/sixth_article_committed_on", "future_date"),
            (json!({"official_self_check": {"used": true, "total": 97}}), 422, "/official_self_check/total", "impossible_total"),
            (json!({"official_self_check": {"used": true, "total": 101}}), 422, "/official_self_check/total", "impossible_total"),
            (json!({"official_self_check": {"used": false, "total": 60}}), 422, "/official_self_check/total", "sheet_not_used"),
            (json!({"policy": {"established": false, "established_on": "2026-11-01"}}), 422, "/policy/established_on", "policy_not_established"),
            (json!({"policy": {"established": true, "title": long}}), 422, "/policy/title", "length"),
            (json!({"policy": {"established": false}, "publication": {"published": true}}), 422, "/publication/published", "policy_not_established"),
            (json!({"publication": {"published": false, "gone_on": "2026-11-01"}}), 422, "/publication/gone_on", "policy_not_published"),
            (json!({"publication": {"published": true, "published_on": "2026-11-02", "gone_on": "2026-11-01"}}), 422, "/publication/gone_on", "ends_before"),
            (json!({"publication": {"published": true, "url": "www.example.jp"}}), 422, "/publication/url", "format"),
            (json!({"publication": {"published": true, "method": "fax"}}), 422, "/publication/method", "unknown_value"),
            (json!({"gbizid": {"kind": "none", "expires_on": "2027-01-01"}}), 422, "/gbizid/expires_on", "no_account"),
            (json!({"gbizid": {"kind": "gold"}}), 422, "/gbizid/kind", "unknown_value"),
            (json!({"gbizid": {"id": "sample@example.jp"}}), 422, "/gbizid/id", "unknown_field"),
        ] {
            for language in ["ja", "en"] {
                let headers = [("if-match", "*"), ("accept-language", language)];
                let refused = desk.call("PATCH", &format!("{organization}/declaration-preparation"), &headers, Some(&body));
                let errors = refused.json()["errors"].clone();
                assert_eq!((refused.status, &errors[0]["pointer"], &errors[0]["code"]), (status, &json!(pointer), &json!(code)), "{body}");
                assert_eq!(errors.as_array().expect("errors").len(), 1, "{body}: {errors}");
                assert!(!refused.told().contains("5678"));
            }
        }
        // Nothing of it was kept.
        let shown = desk.call("GET", &format!("{organization}/declaration-preparation"), &[], None);
        assert_eq!((shown.header("etag"), &shown.json()["policy"]), (Some("\"1.0\""), &Value::Null));
    }

    fn a_change_needs_the_statement_as_it_was_read(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        let path = format!("{organization}/declaration-preparation");
        let policy = json!({"policy": {"established": true}});
        assert_eq!(desk.call("PATCH", &path, &[], Some(&policy)).status, 428);
        assert_eq!(state(&desk, &organization, "\"2.0\"", &policy).status, 412);
        let first = state(&desk, &organization, "\"1.0\"", &policy);
        assert_eq!((first.status, first.header("etag")), (200, Some("\"2.0\"")));
        assert_eq!(state(&desk, &organization, "\"1.0\"", &policy).status, 412);
        let shown = desk.call("GET", &path, &[], None);
        assert_eq!((first.json(), first.header("etag")), (shown.json(), shown.header("etag")));
        let known = desk.call("GET", &path, &[("if-none-match", "\"2.0\"")], None);
        assert_eq!(known.status, 304);
        let changes = desk.sql("SELECT kind, revision FROM change WHERE resource = 'declaration_preparation'");
        assert_eq!(changes, ["updated|2"]);
    }

    fn anothers_readiness_looks_like_none_at_all(desk) {
        let (own, other) = (desk.organization("甲"), desk.organization("乙"));
        declared(&desk, &own, "2026-11-01", &terms(None, None, None));
        declared(&desk, &other, "2026-11-01", &terms(None, None, None));
        let nobody = "01920000-0000-7000-8000-000000000000";
        let body = json!({"policy": {"established": true}});
        for (method, place) in [("GET", "declaration-preparation"), ("PATCH", "declaration-preparation"), ("GET", "readiness"), ("GET", "reminders")] {
            let body = Some(&body).filter(|_| method == "PATCH");
            let call = |token: &str, id: &str| desk.call_as(token, method, &format!("/v1/organizations/{id}/{place}"), &[("if-match", "*")], body).status;
            assert_eq!((call(&desk.stranger, &own), call(&desk.token, nobody)), (404, 404), "{method} {place}");
            let narrowed = desk.token_with(&format!("&organization={own}"));
            assert_eq!((call(&narrowed, &own), call(&narrowed, &other)), (200, 404), "{method} {place}");
            let without = desk.token_with("&scope=organizations:read");
            assert_eq!(call(&without, &own), 403, "{method} {place}");
        }
        let reminded = |token: &str| {
            let list = desk.call_as(token, "GET", "/v1/reminders", &[], None).json();
            let items = list["items"].as_array().expect("a list").iter();
            items.map(|one| one["organization"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(reminded(&desk.stranger), Vec::<String>::new());
        assert_eq!(reminded(&desk.token_with(&format!("&organization={own}"))), [own.as_str()]);
        assert_eq!(reminded(&desk.token), [own.as_str(), other.as_str()]);
        let reading = desk.token_with("&scope=declarations:read");
        let path = format!("/v1/organizations/{own}/declaration-preparation");
        assert_eq!(desk.call_as(&reading, "PATCH", &path, &[("if-match", "*")], Some(&body)).status, 403);
    }

    fn words_follow_the_reader_and_promise_nothing(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        declared(&desk, &organization, "2026-11-01", &terms(None, None, Some("3.1")));
        for (language, title, reminder) in [
            ("ja", "「情報セキュリティ基本方針」を定めていること", "自己宣言IDが記録されていません"),
            ("en", "There is a basic information security policy", "No self-declaration ID is on record"),
        ] {
            let call = |path: &str| {
                let answer = desk.call("GET", path, &[("accept-language", language)], None);
                assert_eq!((answer.status, answer.header("content-language"), answer.header("vary")), (200, Some(language), Some("Accept-Language")), "{path}");
                let told = answer.told();
                for word in ["認定", "認証", "取得", "合格", "certified", "acquired"] {
                    assert!(!told.contains(word), "{path}: {word}");
                }
                answer.json()
            };
            assert_eq!(call(&format!("{organization}/readiness?star=2"))["stars"][0]["requirements"][1]["title"], json!(title));
            let one = call(&format!("{organization}/reminders"));
            let all = call("/v1/reminders");
            assert_eq!(all["items"][0]["reminders"], one["items"]);
            let titles: Vec<_> = one["items"].as_array().expect("a list").iter().map(|item| &item["title"]).collect();
            assert!(titles.contains(&&json!(reminder)), "{titles:?}");
        }
    }

    fn a_reminder_appears_on_its_day(desk) {
        let id = desk.organization("甲");
        let organization = format!("/v1/organizations/{id}");
        declared(&desk, &organization, "2026-11-01", &terms(Some(2), Some("51234567890"), Some("4.0")));
        assert_eq!(reminded(&desk, &organization), Vec::<String>::new());
        assert_eq!(get(&desk, "/v1/reminders")["items"], json!([]));
        // Sixty days before its last day, an account is spoken of.
        assert_eq!(state(&desk, &organization, "*", &json!({"gbizid": {"kind": "prime", "expires_on": "2027-01-25"}})).status, 200);
        assert_eq!(reminded(&desk, &organization), Vec::<String>::new());
        desk.clock.advance(Duration::days(2));
        assert_eq!(reminded(&desk, &organization), ["account_lapsing"]);
        let list = desk.call_as(&desk.token_with(""), "GET", &format!("{organization}/reminders"), &[], None).json();
        let item = &list["items"][0];
        assert_eq!(item["key"], json!(format!("{id}.account_lapsing.2026-11-26")));
        assert_eq!((&item["from"], &item["about"], &item["organization"]), (&json!("2026-11-26"), &json!("2027-01-25"), &json!(id)));
        let all = desk.call_as(&desk.token_with(""), "GET", "/v1/reminders", &[], None).json();
        assert_eq!((&all["items"][0]["organization"], &all["items"][0]["name"], &all["items"][0]["external_id"]), (&json!(id), &json!("甲"), &Value::Null));
        desk.clock.advance(Duration::days(60));
        assert_eq!(reminded(&desk, &organization), ["account_lapsing"]);
        desk.clock.advance(Duration::days(1));
        assert_eq!(reminded(&desk, &organization), ["account_lapsed"]);
        // A new last day, and the page found gone.
        let token = desk.token_with("");
        let path = format!("{organization}/declaration-preparation");
        let change = json!({"gbizid": {"expires_on": "2029-01-25"}, "publication": {"published": true, "gone_on": "2027-01-26"}});
        assert_eq!(desk.call_as(&token, "PATCH", &path, &[("if-match", "\"2.0\"")], Some(&change)).status, 200);
        assert_eq!(reminded(&desk, &organization), ["policy_page_gone"]);
    }

    fn all_reminders_are_gone_through_page_by_page(desk) {
        fill(&desk, 0..7);
        // Recorded last, and due before all others.
        let early = desk.organization("古");
        declared(&desk, &early, "2026-03-01", &terms(None, None, None));
        let (mut seen, mut path, mut pages) = (Vec::new(), "/v1/reminders?limit=3".to_owned(), 0);
        loop {
            let answer = desk.call("GET", &path, &[], None);
            let list = answer.json();
            assert_eq!(answer.status, 200, "{list}");
            for item in list["items"].as_array().expect("a list") {
                seen.push((item["reminders"][0]["from"].as_str().expect("a day").to_owned(), item["organization"].as_str().expect("an id").to_owned()));
            }
            pages += 1;
            let Some(cursor) = list["next_cursor"].as_str() else { break };
            assert!(answer.header("link").is_some_and(|link| link.contains(cursor)));
            path = format!("/v1/reminders?limit=3&cursor={cursor}");
        }
        assert_eq!((pages, seen.len(), &seen[0].1), (3, 8, &early));
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(seen, sorted);
        let forged = desk.call("GET", "/v1/reminders?cursor=AAAA", &[], None);
        assert_eq!((forged.status, &forged.json()["type"]), (400, &json!("/problems/invalid-cursor")));
    }

    fn reminders_cost_the_same_at_ten_and_at_two_hundred(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        declared(&desk, &organization, "2026-03-01", &terms(None, None, None));
        let paths = ["/v1/reminders?limit=200".to_owned(), format!("{organization}/reminders"), format!("{organization}/readiness")];
        // The service looks at its epoch each second, so the least of a few is the request's.
        let cost = |path: &String| (0..5).map(|_| desk.counting(|| {
            assert_eq!(desk.call("GET", path, &[], None).status, 200);
        })).min();
        fill(&desk, 0..9);
        let few: Vec<_> = paths.iter().map(cost).collect();
        fill(&desk, 9..199);
        for day in 1..20 {
            submit(&desk, &organization, &json!({"question_bank": "self-check", "edition": "4.0", "answered_on": format!("2026-10-{day:02}")}), "implemented");
            declared(&desk, &organization, "2026-03-02", &terms(None, None, None));
        }
        let many: Vec<_> = paths.iter().map(cost).collect();
        assert_eq!(few, many);
        assert!(few.iter().all(|cost| cost.is_some_and(|cost| cost <= 6)), "{few:?}");
        assert_eq!(get(&desk, &paths[0])["items"].as_array().expect("a list").len(), 200);
    }
}
