//! Text as the guard compares it: compatibility forms and case folded, spaces taken out, and
//! each character knowing where it stood.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::compose;

/// What stood between a character and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Nothing.
    None,
    /// A space, which Japanese may have anywhere.
    Space,
    /// The end of a line or of a table's cell: a wrapped sentence, or a new item.
    Line,
    /// An empty line, or the start of the text.
    Blank,
}

/// One folded character.
#[derive(Debug, Clone)]
pub(super) struct Char {
    /// It, in half width where it is Latin, in full width where it is kana, in lower case.
    pub(super) value: char,
    /// Where it stood, in bytes.
    pub(super) range: Range<usize>,
    /// What stood before it.
    pub(super) gap: Gap,
}

/// Folds `text`.
pub(super) fn fold(text: &str) -> Vec<Char> {
    let mut folded: Vec<Char> = Vec::with_capacity(text.len() / 2);
    let mut gap = Gap::Blank;
    for (start, character) in text.char_indices() {
        let range = start..start + character.len_utf8();
        match character {
            '\n' if gap >= Gap::Line => gap = Gap::Blank,
            '\n' | '\t' | '|' | '｜' => gap = gap.max(Gap::Line),
            '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{fe0e}'
            | '\u{fe0f}'
            | '\u{feff}' => {}
            character if character.is_whitespace() => gap = gap.max(Gap::Space),
            character => {
                for value in std::iter::once(character).nfkc().flat_map(char::to_lowercase) {
                    // A voicing mark that stands alone, as in half-width kana.
                    if let ('\u{3099}' | '\u{309a}', Some(last)) = (value, folded.last_mut())
                        && let Some(both) = compose(last.value, value)
                    {
                        last.value = both;
                        last.range.end = range.end;
                        continue;
                    }
                    folded.push(Char { value: one_of_many(value), range: range.clone(), gap });
                    gap = Gap::None;
                }
            }
        }
    }
    folded
}

/// The one character that stands for several that look alike.
const fn one_of_many(value: char) -> char {
    match value {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}' | '\u{2019}' => '\'',
        '\u{201c}' | '\u{201d}' => '"',
        '⭐' | '🌟' => '★',
        '，' => ',',
        value => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        fold(text).iter().map(|character| character.value).collect()
    }

    #[test]
    fn forms_of_one_word_become_one() {
        assert_eq!(folded("ＳＥＣＵＲＩＴＹ　Ａction"), "securityaction");
        assert_eq!(folded("ｾｷｭﾘﾃｨｱｸｼｮﾝ"), "セキュリティアクション");
        assert_eq!(folded("ﾛｺﾞ 二 つ\n星"), "ロゴ二つ星");
        assert_eq!(folded("か\u{3099}"), "が");
    }

    #[test]
    fn a_character_knows_where_it_stood() {
        let text = "ｶﾞ x";

        let folded = fold(text);

        assert_eq!(folded[0].range, 0..6);
        assert_eq!(&text[folded[1].range.clone()], "x");
        assert_eq!(folded[1].gap, Gap::Space);
    }
}
