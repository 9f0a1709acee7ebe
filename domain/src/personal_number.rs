//! What could be an individual's My Number (個人番号): twelve digits, which mamori neither
//! keeps nor repeats (`domain/rules.md` of the field's facts, Organizations and numbers, 3).

/// Whether `text` is, or holds, what looks like a My Number: twelve digits, half-width or
/// full-width, alone and grouped in any way, or within other text in one run or in three
/// groups of four. An international telephone number, with its `+`, is none.
///
/// # Examples
///
/// ```
/// use mamori_domain::personal_number::could_be_personal;
///
/// assert!(could_be_personal("123-456-789-012"));
/// assert!(could_be_personal("番号は 1234 5678 9012 です"));
/// assert!(!could_be_personal("+819012345678") && !could_be_personal("7000012050002"));
/// ```
#[must_use]
pub fn could_be_personal(text: &str) -> bool {
    is_twelve_digits(text) || holds_twelve_digits(text)
}

/// Whether the whole of `text` is twelve digits, however they are grouped.
#[must_use]
pub fn is_twelve_digits(text: &str) -> bool {
    let mut digits = 0;
    for character in text.trim().chars() {
        match character {
            '0'..='9' | '０'..='９' => digits += 1,
            character if is_separator(character) => {}
            _ => return false,
        }
    }
    digits == 12
}

fn holds_twelve_digits(text: &str) -> bool {
    let mut before = None;
    let mut groups: Vec<u32> = Vec::new();
    let mut joined = false;
    for character in text.chars().chain([';']) {
        if matches!(character, '0'..='9' | '０'..='９') {
            match groups.last_mut() {
                Some(group) if !joined => *group += 1,
                _ => groups.push(1),
            }
            joined = false;
        } else if is_separator(character) && !groups.is_empty() && !joined {
            joined = true;
        } else {
            if before != Some('+') && matches!(groups.as_slice(), [12] | [4, 4, 4]) {
                return true;
            }
            groups.clear();
            joined = false;
            before = Some(character);
        }
    }
    false
}

/// Spaces, line breaks and the many hyphens of Japanese keyboards.
const fn is_separator(character: char) -> bool {
    matches!(
        character,
        ' ' | '\t' | '\n' | '\r' | '-' | '\u{a0}' | '\u{2010}'
            ..='\u{2015}' | '\u{2212}' | '\u{3000}' | '\u{30fc}' | '\u{ff0d}' | '\u{ff70}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_are_seen_however_they_are_written() {
        for text in [
            "123456789012",
            " 1234 5678 9012 ",
            "１２３４５６７８９０１２",
            "1234ー5678ー9012",
            "1234–5678—9012",
            "12\u{a0}34\t5678 9012",
            "マイナンバーは123456789012です",
            "給与 1234-5678-9012、山田",
            "a 1234 5678 9012",
        ] {
            assert!(could_be_personal(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_pass() {
        for text in [
            "",
            "株式会社みほん",
            "7000012050002",
            "12345678901",
            "03-1234-5678",
            "+81-90-1234-5678 まで",
            "tel +819012345678",
            "2026-11-24 14:30",
            "1234 5678 9012 3456",
            "注文 12 と 34567890 と 12",
        ] {
            assert!(!could_be_personal(text), "{text}");
        }
    }
}
