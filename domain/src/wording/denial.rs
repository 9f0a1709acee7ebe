//! How a Japanese sentence takes a claim back: it denies it (取得していません), asks about it, or
//! quotes it as wrong (「取得」とは書かない).

use super::sentence::{Claim, Reading};

/// What denies a verb that it follows in its clause.
const DENIALS: &str = "ません ない なく 無く 無い おらず せず されず 受けず 得ず 行わず 不要 \
    とは異な とは違 とは別 という概念 と誤 と勘違い と混同 と間違";

/// What ends the words that a denial may follow: 取得だけでなく and 取得しなければ deny nothing.
const DENIAL_ENDS: &str = "だけで ばかりで のみで ませんか しなけれ なければ ないと しない限り しなくては \
    しかな 少なく まもなく 間もなく ければ れば たら ため るので たので すので なので するには まで 前に 後に 後も \
    企業は 事業者は 会社は 場合 方は しかし ものの たが ますが てから ても";

/// What makes a question of a noun: 認証ですか.
const QUESTIONS: &str = "か なの なのか ですか でしょうか なのですか 制度ですか 制度でしょうか";

/// What speaks of a wording instead of using it.
const MENTIONS: &str = "」 』 \" という といった との表 などの表 とは と書 と言 と記 と表 と称 と呼 表現 \
    表記 文言 言い方 記載 等の語 などの語 → ⇒ ×";

/// What says that a wording is wrong.
const REJECTIONS: &str = "誤り 誤っ 誤記 誤用 誤解 間違 不適切 適切では 正しくな 正しくあり 正しい表現では \
    避け ng 禁止 控え 書かな 書かず 書きませ 言わな 言わず 言いませ 言えませ 言えな 表現しな 表現しませ 表記しな \
    表記しませ 使わな 使わず 使いませ 使えませ 使えな 用いな 用いず 用いませ 記載しな 記載しませ 呼ばな 呼びませ \
    → ⇒ × ふさわしくな ふさわしくあり 直し 改め 言い換え 置き換え";

/// What a wrong example is headed by.
const WRONG_LABELS: &str = "誤: 誤) 誤例 誤記 悪い例 ng × 不適切 誤った 間違った";

/// Whether the verb at `at` is denied, or asked about as a noun.
pub(super) fn is_denied(reading: &Reading, at: usize) -> bool {
    let after = reading.text_after(at, 32);
    let sentence = until(&after, after.find(['。', '!', ';', '■', '●']));
    if let Some((asked, _)) = sentence.split_once('?')
        && QUESTIONS.split_whitespace().any(|question| question == asked)
    {
        return true;
    }
    // A comma ends the clause, unless it follows a noun in a list: 認証、認定ではなく.
    let comma = sentence
        .match_indices('、')
        .map(|(at, _)| at)
        .find(|at| until(sentence, Some(*at)).ends_with(is_hiragana));
    let clause = until(sentence, comma);
    first(DENIALS, until(clause, first(DENIAL_ENDS, clause))).is_some()
}

/// Whether the claim is quoted as wrong: 「取得」とは書かない, 誤：二つ星を取得.
pub(super) fn is_rejected(reading: &Reading, claim: &Claim, at: usize) -> bool {
    let after = reading.text_after(at, 80);
    let is_last = |at: &usize| {
        !after.get(*at..).is_some_and(|rest| rest.starts_with("。」") || rest.starts_with("。』"))
    };
    let end = after.match_indices(['。', '!']).map(|(at, _)| at).find(is_last);
    let sentence = until(&after, end);
    // A quotation that begins behind the claim is not of the claim.
    let is_of_claim = |mention: &usize| {
        until(sentence, Some(*mention)).chars().all(|c| !matches!(c, '「' | '『'))
    };
    if let Some(mention) = first(MENTIONS, sentence).filter(is_of_claim)
        && until(sentence, Some(mention)).chars().count() <= NEAR
        && first(REJECTIONS, sentence.get(mention..).unwrap_or_default()).is_some()
    {
        return true;
    }
    first(WRONG_LABELS, &reading.text_before(claim.tokens.start, 16)).is_some()
}

/// How many characters behind a claim its wording may be spoken of.
const NEAR: usize = 20;

/// Where the first of `words` stands in `text`.
fn first(words: &str, text: &str) -> Option<usize> {
    words.split_whitespace().filter_map(|word| text.find(word)).min()
}

/// `text` as far as `end`.
fn until(text: &str, end: Option<usize>) -> &str {
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

const fn is_hiragana(character: char) -> bool {
    matches!(character, 'ぁ'..='ゖ')
}
