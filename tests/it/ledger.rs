//! Files of assets: what is read, what is refused, what is applied, and what comes back.

use std::io::Write;

use mamori_tests::{Desk, Response, both_engines};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};

use crate::risk::register;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv";
const JSON: &str = "application/json";

fn send(desk: &Desk, path: &str, media_type: &str, file: &[u8]) -> Response {
    let auth = format!("Bearer {}", desk.token);
    let headers = [("authorization", auth.as_str()), ("content-type", media_type)];
    desk.raw("POST", path, &headers, file)
}

fn preview(desk: &Desk, organization: &str, media_type: &str, file: &[u8]) -> Response {
    send(desk, &format!("{organization}/asset-imports?edition=4.0"), media_type, file)
}

/// A preview that must be there: its place and what it says.
fn read(desk: &Desk, organization: &str, media_type: &str, file: &[u8]) -> (String, Value) {
    let answer = preview(desk, organization, media_type, file);
    assert_eq!(answer.status, 201, "{}", answer.json());
    (answer.header("location").expect("a place").to_owned(), answer.json())
}

fn rows(desk: &Desk, import: &str) -> Vec<Value> {
    let answer = desk.call("GET", &format!("{import}/rows?limit=200"), &[], None);
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["items"].as_array().expect("rows").clone()
}

fn apply(desk: &Desk, import: &str, body: Option<Value>) -> Response {
    desk.call("POST", &format!("{import}/apply"), &[], body.as_ref())
}

fn applied(desk: &Desk, import: &str) {
    let answer = apply(desk, import, Some(json!({"accept_proposals": true})));
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(answer.json()["state"], "applied");
}

fn counts(create: u32, update: u32, unchanged: u32, refused: u32) -> Value {
    json!({"create": create, "update": update, "unchanged": unchanged, "refused": refused})
}

fn assets(desk: &Desk, organization: &str) -> Vec<Value> {
    let answer = desk.call("GET", &format!("{organization}/assets?limit=200"), &[], None);
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()["items"].as_array().expect("assets").clone()
}

fn export(desk: &Desk, organization: &str, query: &str) -> Response {
    let auth = format!("Bearer {}", desk.token);
    let path = format!("{organization}/asset-export?{query}");
    desk.raw("GET", &path, &[("authorization", auth.as_str())], b"")
}

/// The ledger as a firm has it: a title, headings over two rows, merged cells, marks of all kinds.
fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let plain = Format::new();
    let example = book.add_worksheet();
    let _ = example.set_name("台帳記入例").and_then(|sheet| sheet.write_string(0, 0, "業務分類"));
    let sheet = book.add_worksheet().set_name("情報資産管理台帳").expect("a name");
    let text = |sheet: &mut rust_xlsxwriter::Worksheet, row, column, text: &str| {
        let _ = sheet.write_string(row, column, text).expect("a cell");
    };
    text(sheet, 0, 0, "情報資産管理台帳　（株式会社みほん）");
    for (column, heading) in
        ["業務\n分類", "情報資産名称", "備考", "利用者範囲", "管理部署", "媒体・保存先"]
            .iter()
            .enumerate()
    {
        let column = u16::try_from(column).expect("few");
        let _ = sheet.merge_range(2, column, 3, column, heading, &plain).expect("merged");
    }
    let _ = sheet.merge_range(2, 6, 2, 8, "個人情報の種類", &plain).expect("merged");
    let _ = sheet.merge_range(2, 9, 2, 11, "評価値", &plain).expect("merged");
    for (column, heading) in (6..).zip([
        "個人情報",
        "要配慮個人情報",
        "特定個人情報",
        "機 密 性",
        "完 全 性",
        "可 用 性",
    ]) {
        text(sheet, 3, column, heading);
    }
    for (column, heading) in (12..).zip(["重要度", "保存期限", "登録日", "社内メモ"])
    {
        text(sheet, 2, column, heading);
    }
    // The business of both rows is one merged cell.
    let _ = sheet.merge_range(4, 0, 5, 0, "人事", &plain).expect("merged");
    for (column, value) in (1..).zip(["社員名簿", "", "人事部", "総務部", "事務所ＰＣ", "有"])
    {
        text(sheet, 4, column, value);
    }
    for (column, value) in (9..).zip(["３", "中", "1"]) {
        text(sheet, 4, column, value);
    }
    let _ = sheet.write_number(4, 12, 2).expect("a number");
    text(sheet, 4, 13, "退職後3年");
    text(sheet, 4, 14, "令和7年3月1日");
    text(sheet, 4, 15, "確認済み");
    for (column, value) in
        (1..).zip(["社員名簿", "鍵つき\n書庫", "人事部", "総務部", "紙", "○", "なし", "✓"])
    {
        text(sheet, 5, column, value);
    }
    for (column, value) in (9..).zip([3, 2, 1]) {
        let _ = sheet.write_number(5, column, value).expect("a number");
    }
    let day = Format::new().set_num_format("yyyy/m/d");
    let date = ExcelDateTime::from_ymd(2025, 4, 1).expect("a day");
    let _ = sheet.write_datetime_with_format(5, 14, &date, &day).expect("a day");
    text(sheet, 6, 0, "※個人情報を含むものは必ず登録すること");
    book.save_to_buffer().expect("a workbook")
}

both_engines! {
    fn a_ledger_is_previewed_and_then_applied_as_a_whole(desk) {
        let organization = register(&desk, "4.0");
        let (import, told) = read(&desk, &organization, XLSX, &workbook());
        assert_eq!(told["counts"], counts(2, 0, 0, 0), "{told}");
        assert_eq!(told["sheet"], "情報資産管理台帳");
        assert_eq!(told["sheets_not_read"], json!(["台帳記入例"]));
        assert_eq!(told["columns_not_read"], json!([{"column": "P", "heading": "社内メモ"}]));
        assert_eq!((&told["proposals"], &told["state"]), (&json!(1), &json!("ready")));
        let rows = rows(&desk, &import);
        assert_eq!((&rows[0]["row"], &rows[1]["row"]), (&json!(5), &json!(6)));
        assert_eq!(rows[0]["entry"]["registered_on"], "2025-03-01");
        assert_eq!(rows[0]["entry"]["integrity"], 2);
        assert_eq!(rows[0]["disagreements"], json!([{"field": "importance", "file": 2, "mamori": 3}]));
        assert_eq!(rows[1]["proposed_medium"], "paper");
        assert_eq!(rows[1]["entry"]["business_category"], "人事");
        assert_eq!(rows[1]["entry"]["note"], "鍵つき\n書庫");
        assert_eq!(rows[1]["entry"]["specific_personal_information"], true);
        assert_eq!(rows[1]["entry"]["registered_on"], "2025-04-01");
        // Nothing has happened yet, and a proposal is not taken unasked.
        assert_eq!(assets(&desk, &organization), Vec::<Value>::new());
        let unasked = apply(&desk, &import, None);
        assert_eq!((unasked.status, &unasked.json()["type"]), (409, &json!("/problems/import-proposals-open")));
        assert_eq!(assets(&desk, &organization), Vec::<Value>::new());

        applied(&desk, &import);
        let there = assets(&desk, &organization);
        assert_eq!(there.len(), 2);
        assert_eq!((&there[0]["importance"], &there[0]["medium"]), (&json!(3), &json!("office_pc")));
        // Once more: the same import, and the same file.
        applied(&desk, &import);
        let (again, told) = read(&desk, &organization, XLSX, &workbook());
        assert_eq!(told["counts"], counts(0, 0, 2, 0), "{told}");
        applied(&desk, &again);
        assert_eq!(assets(&desk, &organization), there);
    }

    fn what_is_exported_is_imported_unchanged(desk) {
        let organization = register(&desk, "4.0");
        let nasty = [
            "=1+1", "'=cmd|' /C calc'!A0", "-5%引き", "＝式", "@sum", "''quoted", "_x0041_ & <b>", " 前後に空白 ",
            "〜と¥と−", "a,b;c、d", "改行\n二行目", "髙﨑①㈱", "\"引用\"", "001", "TRUE", "2025/3/1", "#REF!",
        ];
        let media = ["paper", "external_server", "mobile_device"];
        let upserts: Vec<Value> = nasty.iter().enumerate().map(|(index, text)| {
            let line = text.replace('\n', " ");
            json!({
                "external_id": if index % 2 == 0 { json!(format!("K{index}")) } else { json!(null) },
                "name": line, "note": text, "business_category": line, "retention": line,
                "medium": media[index % 3],
                "confidentiality": 1 + index % 3, "integrity": 1, "availability": 2,
                "personal_information": index % 2 == 0, "threatens_survival": index % 5 == 0,
                "tags": if index % 4 == 0 { json!([line, "二つ目"]) } else { json!([]) },
                "registered_on": "2024-02-29",
            })
        }).collect();
        for asset in &upserts {
            let made = desk.call("POST", &format!("{organization}/assets"), &[], Some(asset));
            assert_eq!(made.status, 201, "{}", made.json());
        }
        let before = assets(&desk, &organization);
        // Before there is anything, there is nothing to change.
        let empty = register(&desk, "4.0");
        let file = export(&desk, &empty, "format=csv");
        assert_eq!(read(&desk, &empty, CSV, &file.body).1["counts"], counts(0, 0, 0, 0));
        for (query, media_type) in [
            ("format=xlsx", XLSX), ("format=csv", CSV), ("format=csv-utf-8", CSV), ("format=json", JSON),
        ] {
            let file = export(&desk, &organization, query);
            assert_eq!(file.status, 200, "{query}");
            assert!(file.header("content-disposition").is_some_and(|name| name.contains("filename*=UTF-8''")));
            let path = format!("{organization}/asset-imports");
            let told = send(&desk, &path, media_type, &file.body);
            assert_eq!(told.status, 201, "{query}: {}", told.json());
            let all = u32::try_from(before.len()).expect("few");
            assert_eq!(told.json()["counts"], counts(0, 0, all, 0), "{query}: {:?}",
                rows(&desk, told.header("location").expect("a place")).iter().filter(|row| row["verdict"] != "unchanged").collect::<Vec<_>>());
            applied(&desk, told.header("location").expect("a place"));
            assert_eq!(assets(&desk, &organization), before, "{query}");
            // Into another firm's register it goes whole, too.
            let other = register(&desk, "4.0");
            let told = send(&desk, &format!("{other}/asset-imports"), media_type, &file.body);
            assert_eq!(told.json()["counts"], counts(all, 0, 0, 0), "{query}");
            if media_type == CSV {
                let text = String::from_utf8(file.body.clone()).expect("UTF-8");
                assert!(text.contains("'=1+1") && !text.contains(",=1+1"), "{text}");
            }
        }
        // What Shift_JIS lacks is told, and never written as something else.
        let refused = export(&desk, &organization, "format=csv-shift_jis");
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/not-encodable")));
        let first = &refused.json()["errors"][0];
        assert_eq!((&first["code"], &first["cell"]["row"]), (&json!("no_such_character"), &json!(10)), "{first}");
        assert!(first["detail"].as_str().is_some_and(|detail| detail.contains("U+301C")), "{first}");
        assert_eq!(export(&desk, &organization, "format=xls").status, 400);
    }

    fn shift_jis_goes_out_and_comes_back(desk) {
        let organization = register(&desk, "4.0");
        let asset = json!({"name": "㈱髙﨑との①契約", "medium": "paper", "confidentiality": 3, "integrity": 1, "availability": 1});
        assert_eq!(desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset)).status, 201);
        let file = export(&desk, &organization, "format=csv-shift_jis");
        assert_eq!(file.header("content-type"), Some("text/csv; charset=shift_jis"));
        assert!(std::str::from_utf8(&file.body).is_err());
        for media_type in [CSV, "text/csv; charset=Shift_JIS"] {
            let (_, told) = read(&desk, &organization, media_type, &file.body);
            assert_eq!((&told["encoding"], &told["counts"]), (&json!("shift_jis"), &counts(0, 0, 1, 0)));
        }
        assert_eq!(preview(&desk, &organization, "text/csv; charset=euc-jp", &file.body).status, 415);
    }

    fn every_row_has_its_verdict_and_reason(desk) {
        let organization = register(&desk, "4.0");
        let file = "\
            管理番号,情報資産名称,媒体・保存先,機密性,完全性,可用性,個人情報,登録日,電話メモ\n\
            A1,名簿,書類,3,2,1,有,R7.3.1,\n\
            A1,名簿の控え,書類,3,2,1,,,\n\
            ,契約書,紙とPC,3,2,1,,,\n\
            ,契約書,金庫,3,2,1,要確認,,\n\
            ,図面,書類,4,,#N/A,,H31.5.1,\n\
            ,123456789012,書類,1,1,1,,3/1,\n\
            ,写真,書類,1,1,1,,25/3/1,\n\
            ,見積書,書類,1,1,1,,45717,123456789012\n\
            1.23E+12,請求書,書類,1,1,1,,2999-01-01,\n\
            ,,書類,1,1,1,,,\n";
        let (import, told) = read(&desk, &organization, CSV, file.as_bytes());
        assert_eq!((&told["state"], &told["counts"]), (&json!("refused"), &counts(1, 0, 0, 9)), "{told}");
        let rows = rows(&desk, &import);
        let found: Vec<(u64, Vec<(&str, &str)>)> = rows.iter().map(|row| {
            let errors = row["errors"].as_array().expect("errors").iter();
            let of = |error: &'_ Value, name: &str| error[name].as_str().map(str::to_owned).unwrap_or_default();
            let told: Vec<_> = errors.map(|error| (of(error, "column"), of(error, "code"))).collect();
            (row["row"].as_u64().expect("a row"), told.into_iter().map(|(a, b)| (&*a.leak(), &*b.leak())).collect())
        }).collect();
        let expected: Vec<(u64, Vec<(&str, &str)>)> = vec![
            (2, vec![]),
            (3, vec![("B", "same_as_row")]),
            (4, vec![("C", "several_media")]),
            (5, vec![("C", "unknown_medium"), ("G", "no_flag")]),
            (6, vec![("D", "no_rating"), ("E", "required"), ("F", "no_rating"), ("H", "outside_its_era")]),
            (7, vec![("B", "twelve_digits"), ("H", "day_without_year")]),
            (8, vec![("H", "short_year")]),
            (9, vec![("H", "no_day")]),
            (10, vec![("A", "digits_lost"), ("H", "future_date")]),
            (11, vec![("B", "required")]),
        ];
        assert_eq!(found, expected);
        assert_eq!(rows[2]["offered_media"], json!(["paper", "office_pc"]));
        assert_eq!((&told["warnings"], &rows[7]["unread_digits"]), (&json!(1), &json!(["I"])));
        assert!(!desk.call("GET", &format!("{import}/rows"), &[], None).json().to_string().contains("123456789012"));
        let english = desk.call("GET", &format!("{import}/rows?verdict=refused&limit=1"), &[("accept-language", "en")], None);
        assert_eq!(english.json()["items"][0]["errors"][0]["detail"], "The same asset as row 2. If it is another one, tell them apart in a column 管理番号.");
        assert!(english.json()["next_cursor"].is_string());
        let refused = apply(&desk, &import, Some(json!({"accept_proposals": true})));
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/import-refused")));
        assert_eq!(assets(&desk, &organization), Vec::<Value>::new());
    }

    fn twelve_digits_are_neither_kept_nor_shown(desk) {
        let organization = register(&desk, "4.0");
        let file = json!({"assets": [
            {"name": "1234 5678 9012", "medium": "paper", "confidentiality": 3, "integrity": 1, "availability": 1},
            {"name": "名簿", "note": "1234\n5678\n9012", "medium": "paper", "confidentiality": 3, "integrity": 1, "availability": 1},
            {"name": "契約書", "tags": ["甲", "123-456-789-012"], "medium": "paper", "confidentiality": 3, "integrity": 1, "availability": 1},
        ]});
        let (import, told) = read(&desk, &organization, JSON, file.to_string().as_bytes());
        assert_eq!(told["counts"], counts(0, 0, 0, 3), "{told}");
        let shown = format!("{told} {:?}", rows(&desk, &import));
        let csv = "資産名,媒体,機密性,完全性,可用性,\"1234\n5678\n9012\",タグ\n名簿,書類,3,1,1,,\"x,123-456-789-012\"\n";
        let (import, told) = read(&desk, &organization, CSV, csv.as_bytes());
        let shown = format!("{shown} {told} {:?}", rows(&desk, &import));
        assert!(!shown.contains("5678") && !shown.contains("456-789"), "{shown}");
        let kept = desk.sql("SELECT about FROM asset_import_row").concat() + &desk.sql("SELECT about FROM asset_import").concat();
        assert!(kept.contains("twelve_digits") && !kept.contains("5678") && !kept.contains("456-789"), "{kept}");
    }

    fn days_before_1900_and_stray_headings_lose_no_row(desk) {
        let organization = register(&desk, "4.0");
        let file = "資産名,媒体,機密性,完全性,可用性,登録日\r\n注文書,書類,3,1,1,明治20年1月1日\r\n\r\n注記,書類,3,1,1,\r\n資産名,媒体,機密性,完全性,可用性,登録日,備考\r\n名簿,書類,3,1,1,\r\n注文請書,,,,,\r\n";
        let (import, told) = read(&desk, &organization, CSV, file.as_bytes());
        assert_eq!(told["counts"], counts(2, 0, 0, 2), "{told}");
        let rows = rows(&desk, &import);
        let numbers: Vec<_> = rows.iter().map(|row| row["row"].as_u64().expect("a row")).collect();
        assert_eq!((numbers, &rows[0]["errors"][0]["code"]), (vec![2, 4, 6, 7], &json!("no_day")));
    }

    fn a_key_that_another_asset_has_is_told_before_it_is_applied(desk) {
        let organization = register(&desk, "4.0");
        for key in ["K1", "K2"] {
            let asset = json!({"external_id": key, "name": key, "medium": "paper", "confidentiality": 3, "integrity": 1, "availability": 1});
            assert_eq!(desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset)).status, 201);
        }
        let mut file: Value = serde_json::from_slice(&export(&desk, &organization, "format=json").body).expect("JSON");
        file["assets"][0]["external_id"] = json!("K2");
        file["assets"].as_array_mut().expect("assets").truncate(1);
        let (import, told) = read(&desk, &organization, JSON, file.to_string().as_bytes());
        assert_eq!(told["counts"], counts(0, 0, 0, 1), "{told}");
        assert_eq!(rows(&desk, &import)[0]["errors"][0]["code"], "key_taken");
    }

    fn what_a_json_row_leaves_out_stays(desk) {
        let organization = register(&desk, "4.0");
        let asset = |name: &str, note: Value| json!({"name": name, "note": note, "medium": "paper", "confidentiality": 1,
            "integrity": 1, "availability": 1, "personal_information": true, "tags": ["経理,人事"]});
        for name in ["甲", "乙"] {
            assert_eq!(desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset(name, json!("残る")))).status, 201);
        }
        let bare = json!({"name": "乙", "medium": "paper", "confidentiality": 1, "integrity": 1, "availability": 1});
        let file = json!({"assets": [asset("甲", json!(null)), bare]});
        let (import, told) = read(&desk, &organization, JSON, file.to_string().as_bytes());
        assert_eq!(told["counts"], counts(0, 1, 1, 0), "{:?}", rows(&desk, &import));
        applied(&desk, &import);
        let there = assets(&desk, &organization);
        assert_eq!((&there[0]["note"], &there[1]["note"]), (&json!(null), &json!("残る")));
        assert_eq!((&there[1]["personal_information"], &there[0]["tags"]), (&json!(true), &json!(["経理,人事"])));
    }

    fn rows_find_their_assets_and_leave_the_rest_alone(desk) {
        let organization = register(&desk, "4.0");
        let make = |asset: Value| {
            let made = desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset));
            assert_eq!(made.status, 201, "{}", made.json());
        };
        let rated = |name: &str, more: Value| {
            let mut asset = json!({"name": name, "medium": "paper", "confidentiality": 1, "integrity": 1, "availability": 1,
                "registered_on": "2024-01-01", "tags": ["残る"], "threatens_survival": true});
            for (key, value) in more.as_object().expect("fields") {
                asset[key] = value.clone();
            }
            asset
        };
        make(rated("名簿", json!({"external_id": "A1", "note": "消える"})));
        make(rated("契約書", json!({"owner_department": "総務部"})));
        make(rated("図面", json!({})));
        make(rated("写し", json!({"owner_department": "東"})));
        make(rated("写し", json!({"owner_department": "東"})));
        let file = "\
            管理番号,資産名,媒体,機密性,完全性,可用性,管理部署,備考\n\
            A1,社員名簿,書類,3,1,1,,\n\
            B7,契 約 書,書類,1,1,1,営業部,\n\
            ,新しい資産,書類,1,1,1,,\n";
        let (import, told) = read(&desk, &organization, CSV, file.as_bytes());
        assert_eq!((&told["counts"], &told["not_in_file"]), (&counts(1, 2, 0, 0), &json!(3)));
        let changes: Vec<_> = rows(&desk, &import).iter().map(|row| row["changes"].clone()).collect();
        assert_eq!(changes, [
            json!(["name", "note", "confidentiality"]), json!(["external_id", "name", "owner_department"]), json!([]),
        ]);
        applied(&desk, &import);
        let there = assets(&desk, &organization);
        assert_eq!(there.len(), 6);
        // What the file has no column for stays.
        assert_eq!((&there[0]["name"], &there[0]["note"], &there[0]["tags"]), (&json!("社員名簿"), &json!(null), &json!(["残る"])));
        assert_eq!((&there[0]["threatens_survival"], &there[0]["registered_on"]), (&json!(true), &json!("2024-01-01")));
        assert_eq!((&there[1]["external_id"], &there[1]["owner_department"]), (&json!("B7"), &json!("営業部")));
        let twins = "資産名,媒体,機密性,完全性,可用性,管理部署\n写し,書類,1,1,2,東\n";
        let (import, _) = read(&desk, &organization, CSV, twins.as_bytes());
        assert_eq!(rows(&desk, &import)[0]["errors"][0]["code"], "several_assets");
    }

    fn a_register_that_has_changed_since_is_not_overrun(desk) {
        let organization = register(&desk, "4.0");
        let file = "資産名,媒体,機密性,完全性,可用性,管理番号\n名簿,書類,3,1,1,A1\n契約書,書類,1,1,1,A2\n";
        let (import, _) = read(&desk, &organization, CSV, file.as_bytes());
        let asset = json!({"external_id": "A2", "name": "別のもの", "medium": "paper", "confidentiality": 2, "integrity": 2, "availability": 2});
        assert_eq!(desk.call("POST", &format!("{organization}/assets"), &[], Some(&asset)).status, 201);
        let before = assets(&desk, &organization);
        let late = apply(&desk, &import, None);
        assert_eq!((late.status, &late.json()["type"]), (409, &json!("/problems/import-outdated")));
        assert_eq!(assets(&desk, &organization), before);
        // It was not marked as applied either.
        assert_eq!(desk.call("GET", &import, &[], None).json()["state"], "ready");
        let (import, told) = read(&desk, &organization, CSV, file.as_bytes());
        assert_eq!(told["counts"], counts(1, 1, 0, 0));
        applied(&desk, &import);
        assert_eq!(desk.call("GET", &import, &[], None).json()["state"], "applied");
    }

    fn scales_are_checked_and_never_guessed(desk) {
        let organization = register(&desk, "4.0");
        let file = |ratings: &str| format!("資産名,媒体,機密性,完全性,可用性\n名簿,書類,{ratings}\n");
        let imports = format!("{organization}/asset-imports");
        for (query, ratings, status, code) in [
            ("", "3,1,1", 201, ""),
            ("", "1,2,1", 422, "scale_undecided"),
            ("?edition=3.1", "1,2,1", 201, ""),
            ("?edition=3.0", "1,2,1", 422, "other_scale"),
            ("", "0,1,2", 422, "other_scale"),
            ("?edition=4.0", "0,1,3", 422, "both_scales"),
            ("", "高,中,低", 201, ""),
            ("?edition=9.9", "3,1,1", 400, "no_such_edition"),
        ] {
            let answer = send(&desk, &format!("{imports}{query}"), CSV, file(ratings).as_bytes());
            let told = answer.json();
            assert_eq!(answer.status, status, "{query} {ratings}: {told}");
            if !code.is_empty() {
                assert_eq!(told["errors"][0]["code"], code, "{query} {ratings}: {told}");
            }
        }
    }

    fn what_is_no_ledger_is_refused_with_its_place(desk) {
        let organization = register(&desk, "4.0");
        let zipped = |parts: &[(&str, &[u8])]| {
            let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
            for (name, bytes) in parts {
                writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
                writer.write_all(bytes).expect("bytes");
            }
            writer.finish().expect("a package").into_inner()
        };
        let bomb = zipped(&[("xl/workbook.xml", b"<a/>"), ("xl/sharedStrings.xml", &vec![b' '; 80 << 20])]);
        let elements = zipped(&[("xl/workbook.xml", b"<a/>"), ("xl/sharedStrings.xml", &b"<si/>".repeat(5_000_000))]);
        let macros = zipped(&[("xl/workbook.xml", b"<a/>"), ("xl/vbaProject.bin", b"x")]);
        let promise = zipped(&[("xl/workbook.xml", b"<a/>"), ("xl/sharedStrings.xml", b"<sst uniqueCount = \"100000000000\"/>")]);
        let styles = [b"<styleSheet><numFmts><numFmt numFmtId=\"200\" formatCode=\"".as_slice(), &vec![b'0'; 300_000], b"\"/></numFmts></styleSheet>"].concat();
        let styles = zipped(&[("xl/workbook.xml", b"<a/>"), ("xl/styles.xml", &styles)]);
        let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16 = zipped(&[("xl/workbook.xml", &utf16)]);
        let text_document = zipped(&[("word/document.xml", b"<a/>")]);
        let broken = zipped(&[("xl/workbook.xml", b"<workbook>")]);
        let cut = { let mut cut = workbook(); cut.truncate(cut.len() / 2); cut };
        let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on".to_vec();
        let locked = [old.as_slice(), &"EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat();
        let sheets = |names: &[&str], fill: &dyn Fn(&mut rust_xlsxwriter::Worksheet)| {
            let mut book = Workbook::new();
            for name in names {
                fill(book.add_worksheet().set_name(*name).expect("a name"));
            }
            book.save_to_buffer().expect("a workbook")
        };
        let heading = |sheet: &mut rust_xlsxwriter::Worksheet, texts: &[&str]| {
            for (column, text) in (0..).zip(texts) {
                let _ = sheet.write_string(0, column, *text).expect("a cell");
            }
        };
        let ledger = ["情報資産名称", "媒体・保存先", "機密性", "完全性", "可用性"];
        let sales = sheets(&["売上"], &|sheet| heading(sheet, &["月", "売上", "利益"]));
        let hardware = sheets(&["資産管理台帳"], &|sheet| heading(sheet, &["管理番号", "機器名", "メーカー", "型番", "管理部署"]));
        let several = sheets(&["A", "B"], &|sheet| heading(sheet, &ledger));
        let lacking = sheets(&["情報資産管理台帳"], &|sheet| heading(sheet, &ledger[..4]));
        let wide = sheets(&["情報資産管理台帳"], &|sheet| {
            heading(sheet, &ledger);
            let _ = sheet.write_string(3, 9_999, "遠い").expect("a cell");
        });
        // One long text in many cells.
        let repeated = sheets(&["情報資産管理台帳"], &|sheet| {
            heading(sheet, &ledger);
            for row in 1..1_200 {
                let _ = sheet.write_string(row, 0, "長".repeat(10_000)).expect("a cell");
            }
        });
        let names: Vec<String> = (0..201).map(|number| format!("S{number}")).collect();
        let tables = sheets(&names.iter().map(String::as_str).collect::<Vec<_>>(), &|sheet| heading(sheet, &ledger));
        let mixed = [b"\xe5\x90\x8d\xe7\xa7\xb0,a\n".as_slice(), &encoding_rs::SHIFT_JIS.encode("顧客,b\n").0].concat();
        let long = format!("資産名,媒体,機密性,完全性,可用性\n{}", "名簿,書類,3,1,1\n".repeat(10_600));
        for (media_type, file, code, row) in [
            (XLSX, b"nonsense".to_vec(), "no_workbook", None),
            (XLSX, Vec::new(), "no_workbook", None),
            (XLSX, text_document, "no_workbook", None),
            (XLSX, old, "old_workbook", None),
            (XLSX, locked, "encrypted", None),
            (XLSX, b"\n<html><table><tr><td>a</td></tr></table></html>".to_vec(), "web_page", None),
            (XLSX, macros, "macros", None),
            (XLSX, bomb, "too_large_inside", None),
            (XLSX, elements, "too_large_inside", None),
            (XLSX, promise, "too_large_inside", None),
            (XLSX, styles, "too_large_inside", None),
            (XLSX, utf16, "too_large_inside", None),
            (XLSX, repeated, "too_large_inside", None),
            (XLSX, tables, "too_large_inside", None),
            (XLSX, cut, "damaged", None),
            (XLSX, broken, "damaged", None),
            (XLSX, sales, "no_ledger", None),
            (XLSX, hardware, "hardware_list", None),
            (XLSX, several, "several_ledgers", None),
            (XLSX, lacking, "column_missing", None),
            (XLSX, wide, "too_many_columns", Some(4)),
            (CSV, mixed, "mixed_encodings", Some(2)),
            (CSV, b"a,b\n\"c".to_vec(), "broken_quote", Some(2)),
            (CSV, b"PK\x03\x04\x00\x00".to_vec(), "unknown_encoding", None),
            (CSV, long.into_bytes(), "too_many_rows", Some(10_501)),
            (CSV, Vec::new(), "no_ledger", None),
        ] {
            let answer = preview(&desk, &organization, media_type, &file);
            let told = answer.json();
            assert_eq!((answer.status, &told["type"]), (422, &json!("/problems/file-unreadable")), "{code}: {told}");
            assert_eq!(told["errors"][0]["code"], code, "{told}");
            assert_eq!(told["errors"][0]["cell"]["row"], json!(row), "{code}: {told}");
        }
        for (file, status, pointer, code) in [
            (json!({"assets": vec![json!({"name": "a"}); 10_001]}), 422, "/assets", "item_count"),
            (json!({"edition": "", "assets": []}), 422, "/edition", "no_such_edition"),
            (json!({"assets": [{"colour": 1}]}), 422, "/assets/0/colour", "unknown_field"),
            (json!({"assets": [{"name": {}}]}), 400, "/assets/0/name", "wrong_type"),
            (json!({"rows": []}), 422, "/rows", "unknown_field"),
            (json!([]), 400, "", "wrong_type"),
        ] {
            let answer = preview(&desk, &organization, JSON, file.to_string().as_bytes());
            let error = &answer.json()["errors"][0];
            assert_eq!((answer.status, &error["pointer"], &error["code"]), (status, &json!(pointer), &json!(code)), "{file}");
        }
        assert_eq!(preview(&desk, &organization, "application/vnd.ms-excel", b"x").status, 415);
        assert_eq!(preview(&desk, &organization, CSV, &vec![b'a'; (8 << 20) + 1]).status, 413);
        assert_eq!(assets(&desk, &organization), Vec::<Value>::new());
    }

    fn a_file_is_its_own_firms_and_is_forgotten(desk) {
        let organization = register(&desk, "4.0");
        let file = "資産名,媒体,機密性,完全性,可用性\n名簿,書類,3,1,1\n";
        let (first, _) = read(&desk, &organization, CSV, file.as_bytes());
        let other = desk.call("POST", "/v1/clients", &[], Some(&json!({"name": "乙", "scopes": ["risks:read", "risks:write"]})));
        let (id, secret) = (other.json()["client"]["id"].as_str().expect("an id").to_owned(), other.json()["client_secret"].as_str().expect("a secret").to_owned());
        let token = desk.token_of(id.parse().expect("an id"), &secret, "");
        for (method, path) in [("GET", first.clone()), ("GET", format!("{first}/rows")), ("POST", format!("{first}/apply")), ("DELETE", first.clone())] {
            assert_eq!(desk.call_as(&token, method, &path, &[], None).status, 404, "{method} {path}");
        }
        let bare = format!("/v1/organizations/{}", desk.organization("丙"));
        // The eleventh file makes the first go.
        for _ in 0..10 {
            let _ = read(&desk, &organization, CSV, file.as_bytes());
        }
        assert_eq!(desk.call("GET", &first, &[], None).status, 404);
        let (last, _) = read(&desk, &organization, CSV, file.as_bytes());
        assert_eq!(desk.call("DELETE", &last, &[], None).status, 204);
        assert_eq!(desk.call("DELETE", &last, &[], None).status, 404);
        let (kept, _) = read(&desk, &organization, CSV, file.as_bytes());
        desk.clock.advance(chrono::Duration::hours(25));
        let token = desk.token_with("");
        assert_eq!(desk.call_as(&token, "GET", &kept, &[], None).status, 404);
        let auth = format!("Bearer {token}");
        let headers = [("authorization", auth.as_str()), ("content-type", CSV)];
        let path = format!("{bare}/asset-imports");
        let missing = desk.raw("POST", &path, &headers, file.as_bytes());
        assert_eq!((missing.status, &missing.json()["type"]), (409, &json!("/problems/risk-register-missing")));
    }
}
