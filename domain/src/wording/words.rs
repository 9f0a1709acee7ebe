//! The vocabulary of the guard, and the text cut into it.
//!
//! The longest word wins, so that 自己宣言ID is no declaration and 多要素認証 certifies nothing.
//! What is not in the table is a token of one character, or of one Latin word.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::Term;
use super::fold::{Char, Gap};

/// How an English word calls something certified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A Japanese noun, which する or を受ける makes a verb of.
    Japanese,
    /// Takes its object: obtained.
    Verb,
    /// Describes it: certified.
    Adjective,
    /// Names it: certification.
    Noun,
    /// Wrong only where it is IPA that does it: approved, 公認.
    OfIpa,
}

/// What a token does in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One star or two.
    Star(u8),
    /// The same as a symbol, which may be decoration.
    Symbol(u8),
    /// SECURITY ACTION.
    Action,
    /// The self-declaration.
    Declaration,
    /// A bare 宣言 or declaration, which may be of something else.
    BareDeclaration,
    /// IPA.
    Ipa,
    /// A wrong word.
    Wrong(Term, Form),
    /// A word that only looks as if it held one of the above.
    Compound,
    /// Another scheme, or an examination, that does certify.
    Scheme,
    /// Says that stars are those of a hotel, a review, or another scheme.
    OtherStars,
    /// A noun that adds nothing to the object before it: レベル, status.
    Soft,
    /// A company, as what is certified: 企業.
    Company,
    /// An examination, as what is passed.
    Audit,
    /// An adverb, or an adjective that changes nothing.
    Adverb,
    /// Part of a date.
    Date,
    /// A Japanese particle.
    Particle,
    /// A particle that joins two nouns as の does.
    Of,
    /// と, や, および and their like.
    And,
    /// An article or a pronoun.
    Article,
    /// A form of to be.
    Be,
    /// Another auxiliary.
    Have,
    /// An English preposition.
    Preposition,
    /// An English negation.
    Not,
    /// Takes the force from a negation: not only.
    Only,
    /// Begins another clause, or is a verb of its own.
    Clause,
    /// Says that a wording is wrong.
    Reject,
    /// Says that a wording is spoken of.
    Mention,
    /// The end of a sentence.
    Stop,
    /// 、 or a comma.
    Comma,
    /// A colon.
    Colon,
    /// A quotation mark or square bracket.
    Quote,
    /// An opening round bracket.
    Open,
    /// A closing round bracket.
    Close,
    /// A hyphen.
    Hyphen,
    /// Any other kana.
    Kana,
    /// Anything else: some noun.
    Noun,
}

impl Kind {
    /// Whether it is the star, the declaration or SECURITY ACTION.
    pub(super) const fn is_object(self) -> bool {
        matches!(
            self,
            Self::Star(_)
                | Self::Symbol(_)
                | Self::Action
                | Self::Declaration
                | Self::BareDeclaration
        )
    }
}

/// A word as it stands in the text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// What it does.
    pub(super) kind: Kind,
    /// The word of the table, or nothing.
    pub(super) word: &'static str,
    /// Which folded characters it is.
    pub(super) chars: Range<usize>,
    /// What stood before it.
    pub(super) gap: Gap,
}

/// The table: words in one line, `_` for a place where a space or hyphen may stand.
#[rustfmt::skip]
const WORDS: &[(Kind, &str)] = &[
    (Kind::Star(1), "一つ星 1つ星 ひとつ星 ひとつぼし 一ツ星 1ツ星 星一つ 星1つ 一つ★ 一つ☆ 1つ★ 1★ ★1つ 一星 ワンスター one_star one_stars 1_star single_star first_star"),
    (Kind::Star(2), "二つ星 2つ星 ふたつ星 ふたつぼし 二ツ星 2ツ星 星二つ 星2つ 二つ★ 二つ☆ 2つ★ 2★ ★2つ 二星 ツースター two_stars two_star 2_stars 2_star double_star second_star"),
    (Kind::Action, "security_action セキュリティアクション セキュリティ・アクション セキュリティーアクション security_actionの星 セキュリティアクションの星"),
    (Kind::Declaration, "自己宣言 セキュリティ対策自己宣言 情報セキュリティ自己宣言 セキュリティ宣言 本宣言 当宣言 self_declaration self_declarations"),
    (Kind::BareDeclaration, "宣言 declaration declarations"),
    (Kind::Ipa, "ipa ipa's 情報処理推進機構 独立行政法人情報処理推進機構 information_technology_promotion_agency information-technology_promotion_agency"),

    (Kind::Wrong(Term::Certified, Form::Japanese), "認定"),
    (Kind::Wrong(Term::Authenticated, Form::Japanese), "認証"),
    (Kind::Wrong(Term::Acquired, Form::Japanese), "取得"),
    (Kind::Wrong(Term::Passed, Form::Japanese), "合格"),
    (Kind::Wrong(Term::Conforming, Form::Japanese), "適合"),
    (Kind::Wrong(Term::Certified, Form::OfIpa), "公認 approved"),
    (Kind::Wrong(Term::Certified, Form::Adjective), "certified certifies certify certifying"),
    (Kind::Wrong(Term::Certified, Form::Noun), "certification certifications certificate certificates"),
    (Kind::Wrong(Term::Accredited, Form::Adjective), "accredited accredits accredit"),
    (Kind::Wrong(Term::Accredited, Form::Noun), "accreditation accreditations"),
    (Kind::Wrong(Term::Conforming, Form::Adjective), "compliant complies comply conforming conforms conform conformed conformant"),
    (Kind::Wrong(Term::Conforming, Form::Noun), "conformity conformance compliance"),
    (Kind::Wrong(Term::Acquired, Form::Verb), "acquired acquire acquires acquiring obtained obtain obtains obtaining earned earn earns earning achieved achieve achieves achieving attained attain attains attaining gained gain gaining received receive receiving secured won holds hold holding"),
    (Kind::Wrong(Term::Acquired, Form::Noun), "acquisition attainment"),
    (Kind::Wrong(Term::Awarded, Form::Verb), "awarded award awards awarding granted grants granting conferred"),
    (Kind::Wrong(Term::Passed, Form::Verb), "passed pass passes passing"),

    (Kind::Compound, "自己宣言id 自己宣言番号 宣言id 自己宣言書 宣言書 自己宣言者 適合宣言 自己適合宣言 自己適合 declaration_of_conformity declaration_of_origin self_declaration_id self_declaration_ids self_declaration_number"),
    (Kind::Compound, "認定支援機関 認定経営革新等支援機関 経営革新等支援機関 認定情報処理支援機関 認定機関 認定npo 認定こども園 認定看護師 認定調査 認定日"),
    (Kind::Compound, "多要素認証 二要素認証 2要素認証 二段階認証 2段階認証 本人認証 生体認証 顔認証 指紋認証 sms認証 メール認証 ログイン認証 ユーザー認証 ユーザ認証 パスワード認証 電子認証 個人認証 端末認証 クライアント認証 送信ドメイン認証 シングルサインオン認証 多段階認証 追加認証"),
    (Kind::Compound, "認証アプリ 認証情報 認証コード 認証番号 認証方式 認証画面 認証機能 認証局 認証サーバ 認証キー 認証強化 認証メール 認証基盤 認証システム 認証手段 認証器 認証トークン 認証ログ 認証連携 認証エラー"),
    (Kind::Compound, "資格取得 情報取得 データ取得 取得価額 取得原価 取得費 取得者名 取得勧奨 休暇取得 security_action_plan security_action_plans security_action_item security_action_items security_action_team"),

    (Kind::Scheme, "isms iso iec プライバシーマーク pマーク dx認定 jisec コモンクライテリア cc認証 ismap jcmvp jc-star 情報処理安全確保支援士 登録セキスペ セキスペ 情報処理技術者 情報処理技術者試験 itパスポート 試験 検定 情報セキュリティマネジメント試験 itセキュリティ評価及び認証制度 itセキュリティ評価認証制度 セキュリティ評価 暗号モジュール 未踏 スーパークリエータ 情報セキュリティサービス サービス審査登録 健康経営優良法人 くるみん えるぼし bcp"),
    (Kind::Scheme, "privacymark privacy_mark common_criteria examination exam exams examinations engineer engineers specialist specialists dx_certification jc_star cryptographic mitou pale_ale beer brewery ビール ペールエール"),
    (Kind::OtherStars, "ホテル 旅館 レストラン ミシュラン 口コミ レビュー 宿泊 グルメ 飲食店 料亭 コンシェルジュ scs scs評価制度 hotel hotels restaurant restaurants michelin review reviews reviewers inn ryokan github chef general energy"),

    (Kind::Soft, "レベル ランク クラス 段階 資格 称号 制度 ステータス 等級 三つ星 証 事業 プログラム スキーム マネジメント 評価 級 以上 以下 どちら いずれ 両方 双方 どれ"),
    (Kind::Soft, "status rating rank level levels tier recognition designation title programme program scheme initiative framework mark_of_approval three_stars requirements"),
    (Kind::Company, "企業 事業者 宣言事業者 宣言企業 会社 法人 団体 事業所 店舗 company companies business businesses firm enterprise organisation organization supplier vendor provider member"),
    (Kind::Audit, "assessment audit screening test"),

    (Kind::Adverb, "必ず ぜひ 是非 早急に 順次 一斉に 独自に 毎年 約 わずか たった およそ ほぼ すでに 既に このたび この度 このほど ついに 遂に 無事 無事に 新たに 新規 正式 正式に 公式 公式に いち早く 改めて あらためて 初めて はじめて 併せて あわせて 合わせて さらに また 晴れて すべて 全て ともに それぞれ 同時 同時に 早期 早期に 再 初 昨年 昨年度 今年 今年度 本年 本年度 先月 今月 同年 今回 先日 ようやく やっと みごと 見事 見事に 第三者 第三者機関 公的 公的な 国 国の 政府 国家 当社 弊社 当店 なお 正規 正規に 年内 年内に 最高 最上位 上位 連続 継続 現在 念願 念願の 晴れの セキュリティ 情報セキュリティ サイバーセキュリティ セキュリティ対策 情報セキュリティ対策"),
    (Kind::Adverb, "officially formally recently successfully already now fully duly also proudly newly finally just_recently official formal prestigious coveted national government governmental public japanese japan's security cybersecurity cyber information proud full first new third_party external independent both latest highest at_least at_most up_to"),
    (Kind::Date, "年 月 日 か月 ヶ月 カ月 ケ月 週間 日間 1つ 2つ 一つ 二つ 度 年度 令和 平成 付 付け 春 夏 秋 冬 期 末 中"),
    (Kind::Date, "january february march april may june july august september october november december spring summer autumn fall winter year month week last early late"),

    (Kind::Particle, "を は も が に で へ から より として にて において により によって によると との間で までに まで とし と"),
    (Kind::Of, "の としての での からの による における に対する に係る についての"),
    (Kind::And, "や および 及び 並びに ならびに かつ ・ & / + ＋ and or plus"),
    (Kind::Article, "the a an our its their your my his her this that's these those us we it they you i all any every each 's s"),
    (Kind::Be, "is are was were be been being am become became becomes we're it's they're remains"),
    (Kind::Have, "has have had having will would can could may_be should must to_be get got getting we've does do did"),
    (Kind::Preposition, "of for under in with to by from as at on through against within per on_the_basis_of"),
    (Kind::Not, "not no never cannot isn't aren't wasn't weren't hasn't haven't don't doesn't didn't can't won't neither nor without non nothing nobody rather_than instead_of other_than"),
    (Kind::Only, "only just merely simply alone"),
    (Kind::Clause, "which who that whether because but so while if when then since although though after before once where whereas however than until unless declared declare declares declaring self_declared self_declare self_declares made make makes published publish using use used need needs require requires required support supports help helps"),
    (Kind::Reject, "wrong incorrect incorrectly misleading avoid improper inappropriate mistake mistaken misnomer misuse prohibited forbidden untrue false ng"),
    (Kind::Mention, "say says saying said write writes writing written call calls called calling describe described describing wording phrase phrases term terms word words expression claim claims claiming expressions wordings"),
    (Kind::Kana, "です ます ました ため"),
    (Kind::Stop, "。 ! ? ; ｡ ■ ◆ ● ▼ ※"),
    (Kind::Comma, "、 ,"),
    (Kind::Colon, ":"),
    (Kind::Quote, "「 」 『 』 【 】 [ ] \" ' 〈 〉 《 》 < > “ ” ［ ］ 〔 〕 * #"),
    (Kind::Open, "("),
    (Kind::Close, ")"),
    (Kind::Hyphen, "- _"),
];

/// The words by their first character, the longest first.
static BY_FIRST: LazyLock<HashMap<char, Vec<(&'static str, Kind)>>> = LazyLock::new(|| {
    let mut by_first: HashMap<char, Vec<(&'static str, Kind)>> = HashMap::new();
    for &(kind, words) in WORDS {
        for word in words.split(' ') {
            if let Some(first) = word.chars().next() {
                by_first.entry(first).or_default().push((word, kind));
            }
        }
    }
    for words in by_first.values_mut() {
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.chars().count()));
    }
    by_first
});

/// Cuts `chars` into words.
pub(super) fn words(chars: &[Char]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(chars.len());
    let mut at = 0;
    while let Some(first) = chars.get(at) {
        let (kind, word, end) = word_at(chars, at);
        if first.gap == Gap::Blank {
            tokens.push(Token { kind: Kind::Stop, word: "", chars: at..at, gap: Gap::Blank });
        }
        let end = end.max(at + 1);
        tokens.push(Token { kind, word, chars: at..end, gap: first.gap });
        at = end;
    }
    tokens
}

fn word_at(chars: &[Char], at: usize) -> (Kind, &'static str, usize) {
    let Some(first) = chars.get(at) else { return (Kind::Noun, "", at) };
    for &(word, kind) in BY_FIRST.get(&first.value).into_iter().flatten() {
        if let Some(end) = matches(word, chars, at) {
            return (kind, word, end);
        }
    }
    let run = |same: fn(char) -> bool| {
        let rest = chars.get(at + 1..).unwrap_or_default();
        at + 1 + rest.iter().take_while(|c| c.gap == Gap::None && same(c.value)).count()
    };
    match first.value {
        '★' | '☆' => star_symbols(chars, at),
        // An address is one word, whatever its parts say.
        'h' | 'w' if starts(chars, at, "http") || starts(chars, at, "www.") => {
            (Kind::Compound, "", run(|c| c.is_ascii_graphic()))
        }
        '.' if ends_sentence(chars, at) => (Kind::Stop, ".", at + 1),
        '→' | '⇒' => (Kind::Stop, "→", at + 1),
        '0'..='9' => (Kind::Date, "", run(|c| c.is_ascii_digit())),
        c if c.is_ascii_alphabetic() => (Kind::Noun, "", run(|c| c.is_ascii_alphanumeric())),
        'ぁ'..='ゖ' => (Kind::Kana, "", at + 1),
        _ => (Kind::Noun, "", at + 1),
    }
}

/// Whether `word` stands at `at`: where it ends.
fn matches(word: &str, chars: &[Char], at: usize) -> Option<usize> {
    let is_joined = |left: &Char, right: &Char| {
        right.gap == Gap::None
            && (left.value.is_ascii_alphabetic() && right.value.is_ascii_alphabetic()
                || left.value.is_ascii_digit() && right.value.is_ascii_digit())
    };
    let before = at.checked_sub(1).and_then(|before| chars.get(before));
    if before.zip(chars.get(at)).is_some_and(|(before, first)| is_joined(before, first)) {
        return None;
    }
    let mut end = at;
    let mut may_part = true;
    for wanted in word.chars() {
        let found = chars.get(end)?;
        if wanted == '_' && word.len() > 1 {
            may_part = true;
            end += usize::from(matches!(found.value, '-' | '_' | '・'));
            continue;
        }
        let parted = match found.gap {
            Gap::None => false,
            Gap::Blank => end > at,
            _ => found.value.is_ascii_alphanumeric() && !may_part,
        };
        if found.value != wanted || parted {
            return None;
        }
        // A Latin word may follow a Japanese one after a space.
        may_part = !found.value.is_ascii_alphanumeric();
        end += 1;
    }
    let (last, next) = (chars.get(end - 1)?, chars.get(end));
    (!next.is_some_and(|next| is_joined(last, next))).then_some(end)
}

/// A run of stars: `★★`, `★2`. Three and more are none of ours, nor is a rating of both kinds.
fn star_symbols(chars: &[Char], at: usize) -> (Kind, &'static str, usize) {
    let rest = chars.get(at..).unwrap_or_default();
    let run = rest
        .iter()
        .enumerate()
        .take_while(|(i, c)| matches!(c.value, '★' | '☆') && (*i == 0 || c.gap <= Gap::Space))
        .count();
    let run_of = rest.get(..run).unwrap_or_default();
    let is_mixed =
        run_of.windows(2).any(|pair| pair.first().map(|c| c.value) != pair.last().map(|c| c.value));
    let digit = rest.get(run).filter(|c| c.gap == Gap::None).and_then(|c| c.value.to_digit(10));
    let is_number =
        rest.get(run + 1).is_some_and(|c| c.gap == Gap::None && c.value.is_ascii_digit());
    match (run, is_mixed, digit) {
        (1, _, Some(digit)) if !is_number => match digit {
            1 => (Kind::Symbol(1), "★1", at + 2),
            2 => (Kind::Symbol(2), "★2", at + 2),
            _ => (Kind::Noun, "", at + 2),
        },
        (1, _, _) => (Kind::Symbol(1), "★", at + 1),
        (2, false, _) => (Kind::Symbol(2), "★★", at + 2),
        _ => (Kind::Noun, "", at + run),
    }
}

fn starts(chars: &[Char], at: usize, with: &str) -> bool {
    let rest = chars.get(at..).unwrap_or_default();
    rest.len() >= with.len() && with.chars().zip(rest).all(|(wanted, found)| found.value == wanted)
}

/// Whether the full stop at `at` ends a sentence, and is not part of a number or a name.
fn ends_sentence(chars: &[Char], at: usize) -> bool {
    chars
        .get(at + 1)
        .is_none_or(|next| next.gap != Gap::None || !next.value.is_ascii_alphanumeric())
}
