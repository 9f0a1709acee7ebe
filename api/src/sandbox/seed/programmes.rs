//! What the clients ask of others' declarations by rules of their own.

use chrono::Duration;
use serde_json::json;

use super::super::clients::Role;
use super::scribe::Scribe;

/// Writes the programmes of each client's own.
pub(super) async fn write(scribe: &Scribe<'_>) -> Result<(), String> {
    scribe.on(scribe.today() - Duration::days(400));
    let path = "/v1/own-programmes";
    // Five in the afternoon in Japan.
    let closes = |days| format!("{}T17:00:00+09:00", scribe.today() + Duration::days(days));
    let programmes = [
        (
            Role::Buyer,
            json!({
                "name": "見本商事 取引先の条件",
                "description": "見本商事に納める会社の宣言に求めること",
                "rules": [{
                    "minimum_stars": 1, "minimum_grade": "document_seen",
                    "confirmed_within_days": 365,
                }],
                "rounds": [
                    {"code": "autumn", "name": "秋の更新", "deadline": closes(-30)},
                    {"code": "winter", "name": "冬の更新", "deadline": closes(24)},
                    {"code": "spring", "name": "春の更新", "deadline": closes(120)},
                ],
            }),
        ),
        (
            Role::Portal,
            json!({
                "name": "見本ポータル 会員の目安",
                "rules": [{"minimum_stars": 1}],
                "rounds": [],
            }),
        ),
        (
            Role::Centre,
            json!({
                "name": "見本県 見本補助金",
                "rules": [{"minimum_stars": 2, "generations": ["new"]}],
                "rounds": [{"code": "first", "name": "第1回", "deadline": closes(60)}],
            }),
        ),
    ];
    for (role, programme) in programmes {
        scribe.post(role, path, programme).await?;
    }
    Ok(())
}
