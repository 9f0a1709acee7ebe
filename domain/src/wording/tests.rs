use proptest::prelude::*;

use super::*;

const FOUND: &str = include_str!("cases/found.tsv");
const PASS: &str = include_str!("cases/pass.tsv");

fn language(tag: &str) -> Language {
    Language::ALL.into_iter().find(|language| language.tag() == tag).expect("a language")
}

#[test]
fn wrong_wordings_are_found() {
    let mut wrong = Vec::new();
    for line in FOUND.lines() {
        let mut columns = line.split('\t').map(|column| column.replace("\\n", "\n"));
        let mut column = || columns.next().expect(line);
        let (tag, text, term) = (column(), column(), column());
        assert!(text.contains(&term), "{line}");

        let found = check(&text);

        let is_told = |finding: &Finding| {
            text[finding.range.clone()].contains(&term)
                && finding.language == language(&tag)
                && check(finding.suggestion).is_empty()
        };
        if !found.iter().any(is_told) {
            let told: Vec<_> = found.iter().map(|finding| &text[finding.range.clone()]).collect();
            wrong.push(format!("{line}: {told:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} not found:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn right_wordings_pass() {
    let mut wrong = Vec::new();
    for line in PASS.lines() {
        let (_, text) = line.split_once('\t').expect(line);
        let text = text.replace("\\n", "\n");
        for finding in check(&text) {
            wrong.push(format!("{line}: {}", &text[finding.range]));
        }
    }
    assert!(wrong.is_empty(), "{} found:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn there_are_cases_of_both_languages() {
    for (cases, ja, en) in [(FOUND, 85, 40), (PASS, 85, 40)] {
        let count = |tag| cases.lines().filter(|line| line.starts_with(tag)).count();

        assert!(count("ja\t") >= ja && count("en\t") >= en);
    }
}

#[test]
fn what_the_guard_says_itself_passes() {
    for language in Language::ALL {
        for star in [None, Some(1), Some(2)] {
            assert_eq!(check(suggestion(language, star)), []);
        }
        for reason in Reason::ALL {
            assert_eq!(check(reason.text(language)), [], "{}", reason.code());
        }
    }
}

#[test]
fn the_suggestion_names_the_star_of_the_text() {
    for (text, suggestion) in [
        ("一つ星を取得", "SECURITY ACTION 一つ星を宣言しています"),
        ("ＳＥＣＵＲＩＴＹ　ＡＣＴＩＯＮ　★★の認定", "SECURITY ACTION 二つ星を宣言しています"),
        ("IPA認定", "SECURITY ACTIONを宣言しています"),
        ("We acquired one star.", "We have self-declared one star under SECURITY ACTION"),
        ("IPA-certified", "We have made a self-declaration under SECURITY ACTION"),
    ] {
        let found = check(text);

        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0].suggestion, suggestion, "{text}");
    }
}

#[test]
fn a_long_text_takes_no_longer_than_its_length() {
    for text in [
        "星".repeat(20_000),
        "取得".repeat(10_000),
        "★".repeat(20_000),
        "（二つ星".repeat(5_000),
        "を取得".repeat(7_000),
        "二つ星の".repeat(5_000) + "認定",
        "acquired ".repeat(2_500),
        "two stars and ".repeat(1_500) + "certified",
        "ﷺ".repeat(7_000),
    ] {
        let before = std::time::Instant::now();

        let _ = check(&text);

        let start: String = text.chars().take(8).collect();
        assert!(before.elapsed().as_secs() < 2, "{start}");
    }
}

fn vocabulary() -> impl Strategy<Value = String> {
    let words = [
        "二つ星",
        "一つ星",
        "★★",
        "★",
        "☆",
        "SECURITY ACTION",
        "ｾｷｭﾘﾃｨｱｸｼｮﾝ",
        "自己宣言",
        "宣言",
        "ID",
        "IPA",
        "認定",
        "認証",
        "取得",
        "合格",
        "適合",
        "公認",
        "を",
        "の",
        "に",
        "が",
        "は",
        "も",
        "と",
        "で",
        "として",
        "しました",
        "ではありません",
        "（",
        "）",
        "「",
        "」",
        "、",
        "。",
        "\n",
        " ",
        "　",
        "2025年",
        "ISMS",
        "企業",
        "：",
        "→",
        "two stars",
        "two-star ",
        "acquired ",
        "certified ",
        "certification ",
        "is ",
        "a ",
        "not ",
        "by ",
        "under ",
        "and ",
        "IPA-",
        "awarded ",
        "\u{3099}",
        "ﾞ",
        "ﷺ",
        "🌟",
        "\u{fe0f}",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..40)
        .prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn findings_are_sorted_and_apart(text in vocabulary()) {
        let mut end = 0;

        for finding in check(&text) {
            prop_assert!(finding.range.start >= end);
            prop_assert!(finding.range.start < finding.range.end);
            prop_assert!(text.get(finding.range.clone()).is_some());
            end = finding.range.end;
        }
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        let _ = check(&text);
    }
}
