//! The wording guard over HTTP.

use mamori_tests::both_engines;
use serde_json::json;

both_engines! {
    fn a_wrong_wording_is_found_with_its_place_and_a_right_sentence(desk) {
        let ask = |text: &str, language: &str| {
            let body = json!({"text": text}).to_string();
            let headers = [("content-type", "application/json"), ("accept-language", language)];
            let answer = desk.raw("POST", "/v1/wording-checks", &headers, body.as_bytes());
            assert_eq!(answer.status, 200, "{}", answer.json());
            answer.json()
        };
        let told = ask("🎉 当社は二つ星を取得しました。", "ja");
        let finding = &told["findings"][0];
        assert_eq!((&finding["text"], &finding["start"], &finding["end"], &finding["utf16_start"]), (&json!("二つ星を取得"), &json!(5), &json!(11), &json!(6)));
        assert_eq!((&finding["term"], &finding["language"]), (&json!("acquired"), &json!("ja")));
        assert!(finding["suggestion"].as_str().is_some_and(|right| right.contains("宣言")), "{finding}");
        assert_eq!(ask(finding["suggestion"].as_str().expect("a sentence"), "ja")["findings"], json!([]));
        let english = ask("We are SECURITY ACTION certified.", "en");
        assert_eq!((&english["findings"][0]["term"], &english["findings"][0]["language"]), (&json!("certified"), &json!("en")));
        for right in ["自己宣言IDを取得しました。", "ISMS認証を取得し、SECURITY ACTIONも宣言しています。", "", "認証・認定ではありません"] {
            assert_eq!(ask(right, "ja")["findings"], json!([]), "{right}");
        }
        let long = desk.call("POST", "/v1/wording-checks", &[], Some(&json!({"text": "あ".repeat(20_001)})));
        assert_eq!((long.status, &long.json()["errors"][0]["pointer"]), (422, &json!("/text")));
    }
}
