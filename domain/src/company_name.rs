//! Company names that differ only in how they are written, or nearly.
//!
//! Source: `domain/rules.md` (Organizations and numbers, 4) of the field's facts for what is
//! folded; the further forms, the table of kanji and what counts as near are mamori's own. The
//! same name is no proof of the same company, and another name none of another: whoever compares
//! shows both names to a person.

use unicode_normalization::UnicodeNormalization;

/// How alike two names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Likeness {
    /// One name, written in two ways at most.
    Same,
    /// A slip apart, a part of the other, or the same but for the legal form.
    Near,
    /// Neither.
    Different,
}

/// The legal form that a name states, as far as two of them can contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Stock,
    Limited,
    Llc,
    LimitedPartnership,
    GeneralPartnership,
    Foundation,
    Association,
    Npo,
    Medical,
    Welfare,
    School,
    Cooperative,
}

/// How forms are written in Japanese, before or after the name; a longer one before its part.
/// `(合)` stands for three forms, and so for none.
const JAPANESE: &[(&str, Option<Form>)] = &[
    ("特定非営利活動法人", Some(Form::Npo)),
    ("npo法人", Some(Form::Npo)),
    ("(特非)", Some(Form::Npo)),
    ("(npo)", Some(Form::Npo)),
    ("一般社団法人", Some(Form::Association)),
    ("公益社団法人", Some(Form::Association)),
    ("(一社)", Some(Form::Association)),
    ("(公社)", Some(Form::Association)),
    ("(社)", Some(Form::Association)),
    ("一般財団法人", Some(Form::Foundation)),
    ("公益財団法人", Some(Form::Foundation)),
    ("(一財)", Some(Form::Foundation)),
    ("(公財)", Some(Form::Foundation)),
    ("(財)", Some(Form::Foundation)),
    ("社会福祉法人", Some(Form::Welfare)),
    ("(社福)", Some(Form::Welfare)),
    ("(福)", Some(Form::Welfare)),
    ("医療法人社団", Some(Form::Medical)),
    ("医療法人財団", Some(Form::Medical)),
    ("医療法人", Some(Form::Medical)),
    ("(医)", Some(Form::Medical)),
    ("学校法人", Some(Form::School)),
    ("(学)", Some(Form::School)),
    ("協同組合", Some(Form::Cooperative)),
    ("(協)", Some(Form::Cooperative)),
    ("株式会社", Some(Form::Stock)),
    ("株式會社", Some(Form::Stock)),
    ("(株)", Some(Form::Stock)),
    ("有限会社", Some(Form::Limited)),
    ("有限會社", Some(Form::Limited)),
    ("(有)", Some(Form::Limited)),
    ("合同会社", Some(Form::Llc)),
    ("(同)", Some(Form::Llc)),
    ("合資会社", Some(Form::LimitedPartnership)),
    ("(資)", Some(Form::LimitedPartnership)),
    ("合名会社", Some(Form::GeneralPartnership)),
    ("(名)", Some(Form::GeneralPartnership)),
    ("(合)", None),
];

/// How forms are written in English, after the name. Companies choose most of them freely, so
/// that only the abbreviations of the Japanese words state a form.
const ENGLISH: &[(&str, Option<Form>)] = &[
    ("kabushikikaisha", Some(Form::Stock)),
    ("kk", Some(Form::Stock)),
    ("yk", Some(Form::Limited)),
    ("gk", Some(Form::Llc)),
    ("collc", None),
    ("llc", None),
    ("companylimited", None),
    ("companyltd", None),
    ("colimited", None),
    ("coltd", None),
    ("coinc", None),
    ("limited", None),
    ("ltd", None),
    ("incorporated", None),
    ("inc", None),
    ("corporation", None),
    ("corp", None),
];

/// A name folded for comparing, not for showing: one width and case, without its legal form,
/// spaces, middle dots, commas and full stops, with one sign for all dashes, one for a small or
/// large ケ or カ, and the common one of some variant kanji.
///
/// Nothing is left only of a text that says nothing; a legal form alone stays.
///
/// # Examples
///
/// ```
/// use mamori_domain::company_name::fold;
///
/// assert_eq!(fold("㈱髙﨑サーバー"), "高崎サーバー");
/// assert_eq!(fold("高崎ｻ－ﾊﾞ― 株式会社"), "高崎サーバー");
/// assert_eq!(fold("MIHON Co., Ltd."), "mihon");
/// ```
#[must_use]
pub fn fold(name: &str) -> String {
    folded(name).0
}

/// How alike two names are.
///
/// - [`Likeness::Same`]: both fold to the same text. A legal form that only one of them states
///   does not matter, nor where it stands.
/// - [`Likeness::Near`]: they fold to the same text and state two legal forms; or they are one
///   slip apart (two where one has more than six characters) and have two characters besides
///   it; or one begins or ends with the other, which is at least three characters and half of it.
///   A slip is a character too many, too few, another, or two neighbours in the other order.
/// - [`Likeness::Different`]: all others.
///
/// # Examples
///
/// ```
/// use mamori_domain::company_name::{Likeness, compare};
///
/// assert_eq!(compare("株式会社みほん", "みほん㈱"), Likeness::Same);
/// assert_eq!(compare("株式会社みほん", "有限会社みほん"), Likeness::Near);
/// assert_eq!(compare("株式会社みほん", "株式会社ためし"), Likeness::Different);
/// ```
#[must_use]
pub fn compare(a: &str, b: &str) -> Likeness {
    let ((a, a_form), (b, b_form)) = (folded(a), folded(b));
    if a == b {
        let contradict = a_form.zip(b_form).is_some_and(|(a, b)| a != b);
        return if contradict { Likeness::Near } else { Likeness::Same };
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let slips = if long.len() <= 6 { 1 } else { 2 };
    let part = short.len() >= 3
        && short.len() * 2 >= long.len()
        && (long.starts_with(&short) || long.ends_with(&short));
    let slipped = long.len() >= slips + 2 && within(&short, &long, slips);
    if part || slipped { Likeness::Near } else { Likeness::Different }
}

/// Whether at most `slips` slips lie between the two (Damerau and Levenshtein's distance, no
/// place slipping twice). What they begin with alike costs nothing, so that each slip is tried
/// in one place only: the effort grows with the length, and fourfold with each slip.
fn within(a: &[char], b: &[char], slips: usize) -> bool {
    if a.len().abs_diff(b.len()) > slips {
        return false;
    }
    let alike = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    slipped(a.split_at(alike).1, b.split_at(alike).1, slips)
}

/// [`within`], of texts that begin differently.
fn slipped(a: &[char], b: &[char], slips: usize) -> bool {
    let ([a_first, a_rest @ ..], [b_first, b_rest @ ..]) = (a, b) else {
        return a.len().max(b.len()) <= slips;
    };
    let Some(left) = slips.checked_sub(1) else { return false };
    let swapped = match (a_rest, b_rest) {
        ([a_second, a_rest @ ..], [b_second, b_rest @ ..]) => {
            a_first == b_second && b_first == a_second && within(a_rest, b_rest, left)
        }
        _ => false,
    };
    swapped || within(a_rest, b_rest, left) || within(a, b_rest, left) || within(a_rest, b, left)
}

/// The folded name and the form that it states; of several, the first that was taken off.
fn folded(name: &str) -> (String, Option<Form>) {
    let written: String =
        name.nfkc().flat_map(char::to_lowercase).nfkc().filter_map(one_way).collect();
    let mut rest = written.trim();
    let mut stated = None;
    while let Some((left, form)) = without_form(rest) {
        rest = left;
        stated = stated.or(form);
    }
    // A voiced sound mark that was typed by itself joins its kana.
    (rest.chars().filter(|c| *c != ' ').nfkc().collect(), stated)
}

/// A character as all that are taken for it are written; a space for what divides, nothing for
/// what is not seen.
fn one_way(character: char) -> Option<char> {
    Some(match character {
        '.' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => return None,
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => return None,
        ',' | '、' | '·' | '•' | '‧' | '∙' | '⋅' | '・' => ' ',
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2500}' => 'ー',
        'ヶ' => 'ケ',
        'ヵ' => 'カ',
        '髙' => '高',
        '﨑' => '崎',
        '濵' | '濱' => '浜',
        '邊' | '邉' => '辺',
        // Two characters and their old forms, which names mix up.
        '齋' | '齊' | '斎' => '斉',
        '廣' => '広',
        '澤' => '沢',
        '國' => '国',
        '櫻' => '桜',
        '嶋' | '嶌' => '島',
        '眞' => '真',
        '惠' => '恵',
        white if white.is_whitespace() => ' ',
        other => other,
    })
}

/// The text without a form before or after it, unless nothing else is there.
fn without_form(text: &str) -> Option<(&str, Option<Form>)> {
    let japanese = JAPANESE.iter().flat_map(|(form, stated)| {
        [(without_start(text, form), *stated), (without_end(text, form), *stated)]
    });
    let english = ENGLISH.iter().map(|(form, stated)| {
        let whole_word = |rest: &&str| !rest.ends_with(|c: char| c.is_ascii_alphanumeric());
        (without_end(text, form).filter(whole_word), *stated)
    });
    japanese.chain(english).find_map(|(rest, stated)| {
        let rest = rest?.trim();
        (!rest.is_empty()).then_some((rest, stated))
    })
}

/// The text behind `form`, whose characters may stand apart.
fn without_start<'t>(text: &'t str, form: &str) -> Option<&'t str> {
    form.chars().try_fold(text, |rest, c| rest.trim_start().strip_prefix(c))
}

/// The text before `form`, whose characters may stand apart.
fn without_end<'t>(text: &'t str, form: &str) -> Option<&'t str> {
    form.chars().rev().try_fold(text, |rest, c| rest.trim_end().strip_suffix(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Likeness::*;
    use super::*;

    #[test]
    fn names_are_folded() {
        for (name, expected) in [
            ("", ""),
            ("　", ""),
            ("株式会社みほん", "みほん"),
            ("みほん株式会社", "みほん"),
            ("㈱みほん", "みほん"),
            ("みほん㈱", "みほん"),
            ("（株）みほん", "みほん"),
            ("みほん (株)", "みほん"),
            ("( 株 ) みほん", "みほん"),
            ("株式　会社　みほん", "みほん"),
            ("㍿みほん", "みほん"),
            ("株式會社みほん", "みほん"),
            ("㈲みほん", "みほん"),
            ("有限会社みほん", "みほん"),
            ("みほん合同会社", "みほん"),
            ("（同）みほん", "みほん"),
            ("（合）みほん", "みほん"),
            ("一般社団法人みほん", "みほん"),
            ("ＮＰＯ法人みほん", "みほん"),
            ("株式会社", "株式会社"),
            ("(株)", "(株)"),
            ("みほん株式会社東京", "みほん株式会社東京"),
            ("髙﨑商店", "高崎商店"),
            ("濵田", "浜田"),
            ("濱田", "浜田"),
            ("渡邊 渡邉 渡辺", "渡辺渡辺渡辺"),
            ("齋齊斎斉", "斉斉斉斉"),
            ("廣澤國櫻嶋嶌眞惠", "広沢国桜島島真恵"),
            ("邉\u{e0102}", "辺"),
            ("ｻｰﾊﾞｰ", "サーバー"),
            ("サ－バ―", "サーバー"),
            ("サーハ゛ー", "サーバー"),
            ("サ‐バ−", "サーバー"),
            ("Ａ－Ｂ", "aーb"),
            ("みほん・システム", "みほんシステム"),
            ("みほん･ｼｽﾃﾑ", "みほんシステム"),
            ("霞ヶ関", "霞ケ関"),
            ("ヵケ", "カケ"),
            ("ＭＩＨＯＮ", "mihon"),
            ("Mihon Co., Ltd.", "mihon"),
            ("Mihon Co.,Ltd", "mihon"),
            ("MIHON CO LTD", "mihon"),
            ("Mihon Company Limited", "mihon"),
            ("みほんCo.,Ltd.", "みほん"),
            ("Mihon K.K.", "mihon"),
            ("Mihon Inc.", "mihon"),
            ("株式会社 Mihon, Inc.", "mihon"),
            ("Mihon Systems Corp.", "mihonsystems"),
            ("Zinc", "zinc"),
            ("Amco Ltd.", "amco"),
            ("Inc.", "inc"),
        ] {
            assert_eq!(fold(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_compared() {
        for (a, b, expected) in [
            ("株式会社みほん", "みほん㈱", Same),
            ("株式会社みほん", "みほん", Same),
            ("株式会社髙﨑ｻｰﾊﾞｰ", "高崎サ－バ－（株）", Same),
            ("㈱ＡＢＣ商事", "ＡＢＣ商事株式会社", Same),
            ("Mihon Co., Ltd.", "MIHON INC.", Same),
            ("Mihon K.K.", "株式会社Mihon", Same),
            ("株式会社みほん", "有限会社みほん", Near),
            ("㈱みほん", "みほん合同会社", Near),
            ("Mihon K.K.", "Mihon G.K.", Near),
            ("みほん商事", "みほん商会", Near),
            ("みほん商事", "みんほ商事", Near),
            ("みほん商事", "みほ商事", Near),
            ("キヤノン", "キャノン", Near),
            ("みほん工業", "みほん工業東京", Near),
            ("みほん工業", "東京みほん工業", Near),
            ("Mihon Systems", "Mihon System", Near),
            ("Mihon Systems", "Mihno Sytsems", Near),
            ("みほん商事", "ためし商事", Different),
            ("みほん商事", "みんな商会", Different),
            ("みほん", "みほんシステムズ東日本", Different),
            ("山田", "山本", Different),
            ("A", "B", Different),
            ("", "A", Different),
            ("", "", Same),
            ("株式会社", "有限会社", Different),
            ("Mihon Systems", "Tameshi Works", Different),
        ] {
            assert_eq!(compare(a, b), expected, "{a} / {b}");
        }
    }

    /// The distance by its definition, the whole table of it.
    fn distance(a: &[char], b: &[char]) -> usize {
        let mut table = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                let mut least = if i == 0 || j == 0 { i + j } else { usize::MAX };
                if i > 0 && j > 0 {
                    let differ = usize::from(a[i - 1] != b[j - 1]);
                    least = (table[i - 1][j] + 1)
                        .min(table[i][j - 1] + 1)
                        .min(table[i - 1][j - 1] + differ);
                }
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(table[i - 2][j - 2] + 1);
                }
                table[i][j] = least;
            }
        }
        table[a.len()][b.len()]
    }

    fn any_name() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[みほん商事]{0,8}",
            "(株式会社|㈱|（有）|)[みほん髙高ーヶＡａ・. ]{0,8}(合同会社|\\(株\\)| co., ltd.| inc| K K|)",
            "[株式会社有限（）()inck. ・]{0,12}",
        ]
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(name in any_name()) {
            let once = fold(&name);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_name_is_like_itself(name in any_name()) {
            prop_assert_eq!(compare(&name, &name), Same);
            prop_assert_eq!(compare(&name, &fold(&name)), Same);
        }

        #[test]
        fn likeness_is_symmetric(a in any_name(), b in any_name()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a));
        }

        #[test]
        fn a_form_before_or_after_does_not_matter(name in "[みほん商事]{1,8}") {
            prop_assert_eq!(compare(&format!("㈱{name}"), &format!("{name} 株式会社")), Same);
            prop_assert_eq!(compare(&format!("㈱{name}"), &format!("{name}㈲")), Near);
        }

        #[test]
        fn slips_are_counted_as_the_distance_is_defined(
            a in "[abc]{0,9}", b in "[abc]{0,9}", slips in 0..4_usize,
        ) {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(within(&a, &b, slips), distance(&a, &b) <= slips);
        }
    }
}
