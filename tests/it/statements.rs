//! The number of statements does not depend on the number of rows.

use chrono::NaiveDate;
use mamori::Registration;
use mamori_domain::access::Authority;
use mamori_domain::assessment::{Circumstances, Method, State};
use mamori_domain::organization::{Kind, Profile, UnitKind};
use mamori_domain::question_bank::library::Library;
use mamori_domain::scoring::{AnswerSheet, score};
use mamori_store::{Context, Pins, Stop, Tx};
use mamori_tests::{Desk, both_engines};
use serde_json::json;
use uuid::Uuid;

/// Registers `count` organizations, units, clients and results by one transaction beneath the
/// service, which no client could do as fast.
fn fill(desk: &Desk, organization: &str, count: usize) {
    let organization: Uuid = organization.parse().expect("an id");
    let authority =
        Authority::Client { client: desk.credentials.0, organization: None, actor: None };
    let context = Context { authority, trace_id: String::new() };
    let outcome = {
        let library = Library::embedded().expect("the banks");
        let bank = library.get("self-check", "4.0").expect("a bank");
        serde_json::to_string(&score(bank, &AnswerSheet::new())).expect("JSON")
    };
    let work = move |tx: &mut Tx<'_>| {
        for number in 0..count {
            let profile = Profile {
                external_id: None,
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
            let _ = tx.add_organization(profile)?;
            let _ = tx.add_unit(organization, format!("部署{number}"), UnitKind::Department)?;
            let pins = Pins {
                organization,
                question_bank: "self-check".to_owned(),
                edition: "4.0".to_owned(),
                text_revision: 1,
            };
            let about = Circumstances {
                answered_on: NaiveDate::from_ymd_opt(2026, 4, 1).expect("a day"),
                respondent: None,
                respondent_name: None,
                method: Method::BySelf,
                assisted_by: None,
                unit: None,
            };
            let begun = tx.add_assessment(pins, about)?;
            let taken = tx.take_draft(begun.id, begun.revision, State::Submitted)?;
            let taken = taken.expect("a draft");
            tx.add_result(&taken, Some(0), Some("urgent".to_owned()), outcome.clone())?;
            let client = Registration { name: format!("c{number}"), ..Registration::default() };
            let (client, _) = client.make(tx.mint(), tx.now()).expect("a client");
            tx.add_client(&client)?;
        }
        Ok::<_, Stop<()>>(())
    };
    Desk::wait(desk.beneath().transact(context, work)).expect("the rows are written");
}

both_engines! {
    fn lists_cost_the_same_at_ten_and_at_a_thousand_rows(desk) {
        let organization = desk.organization("甲");
        let paths = [
            "/v1/organizations?limit=200".to_owned(),
            "/v1/clients?limit=200".to_owned(),
            format!("/v1/organizations/{organization}/units?limit=200"),
            format!("/v1/organizations/{organization}/assessments?limit=200"),
            format!("/v1/organizations/{organization}/history?limit=200"),
        ];
        // The service looks at its epoch each second, so the least of a few is the request's.
        let cost = |path: &String| (0..5).map(|_| desk.counting(|| {
            assert_eq!(desk.call("GET", path, &[], None).status, 200);
        })).min();
        fill(&desk, &organization, 10);
        let few: Vec<_> = paths.iter().map(cost).collect();
        fill(&desk, &organization, 990);
        let many: Vec<_> = paths.iter().map(cost).collect();
        assert_eq!(few, many);
        let page = desk.call("GET", &paths[4], &[], None).json();
        assert_eq!(page["items"].as_array().expect("a list").len(), 200);
    }

    fn a_register_costs_the_same_at_ten_and_at_a_thousand_assets(desk) {
        let organization = format!("/v1/organizations/{}", desk.organization("甲"));
        assert_eq!(desk.call("PUT", &format!("{organization}/risk-register"), &[], Some(&json!({"edition": "4.0"}))).status, 200);
        let upsert = |range: std::ops::Range<usize>| {
            let media = ["paper", "office_pc", "internal_server"];
            let rows: Vec<_> = range.map(|n| json!({
                "external_id": format!("k{n}"), "name": "資産", "medium": media[n % 3], "owner_department": format!("部署{}", n % 40),
                "confidentiality": n / 3 % 3 + 1, "integrity": 1, "availability": 1,
            })).collect();
            let path = format!("{organization}/assets/upsert");
            assert_eq!(desk.call("POST", &path, &[], Some(&json!({"assets": rows}))).status, 200);
        };
        let threats = |count: usize| {
            let path = format!("{organization}/threats");
            let known = desk.call("GET", &path, &[], None).json();
            let known = known["items"].as_array().expect("threats").iter().take(count);
            let set: Vec<_> = known.map(|t| json!({"medium": t["medium"], "threat": t["threat"], "frequency": 2})).collect();
            (0..3).map(|_| desk.counting(|| {
                let body = json!({"threats": set});
                assert_eq!(desk.call("PATCH", &path, &[("if-match", "*")], Some(&body)).status, 200);
            })).min()
        };
        assert_eq!(threats(1), threats(20));
        let paths = ["assets?limit=200", "risks?limit=200", "risks", "risk-summary", "treatments", "threats"];
        let cost = |place: &&str| (0..5).map(|_| desk.counting(|| {
            assert_eq!(desk.call("GET", &format!("{organization}/{place}"), &[], None).status, 200);
        })).min();
        let few = (0..3).map(|turn| desk.counting(|| upsert(turn * 10..turn * 10 + 10))).min();
        let read_few: Vec<_> = paths.iter().map(cost).collect();
        let many = (1..3).map(|turn| desk.counting(|| upsert(turn * 1000..turn * 1000 + 1000))).min();
        let read_many: Vec<_> = paths.iter().map(cost).collect();
        assert_eq!((few, read_few), (many, read_many));
    }

    fn twenty_five_answers_cost_as_much_as_one(desk) {
        let organization = desk.organization("甲");
        let save = |count: u16| {
            let id = desk.assessment(&organization);
            let path = format!("/v1/assessments/{id}/answers");
            let answers: Vec<_> =
                (1..=count).map(|question| json!({"question": question, "option": "unknown"})).collect();
            (0..3).map(|turn| desk.counting(|| {
                let tag = format!("\"{}.0\"", turn + 1);
                let saved = desk.call("PATCH", &path, &[("if-match", &tag)], Some(&json!({"answers": answers})));
                assert_eq!(saved.status, 200);
            })).min()
        };
        assert_eq!(save(1), save(25));
    }
}
