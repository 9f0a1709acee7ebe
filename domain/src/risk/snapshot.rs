//! The register as it was at a time (スナップショット), and what changed between two.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::exposure::Pair;
use super::{Medium, Model, Risk, Step};

/// How exposed a medium was. It is kept as it was, so a field is only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenExposure {
    /// The medium's code.
    pub medium: String,
    /// The frequency of the threat that decided, 1 to 3.
    pub threat: Option<u8>,
    /// The vulnerability, 1 to 3; none where no control applied.
    pub vulnerability: Option<u8>,
    /// The likelihood, 1 to 3; none where no control applied.
    pub likelihood: Option<u8>,
    /// Whether it rested on a default.
    pub provisional: bool,
}

/// A frozen register, without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: Uuid,
    /// The organization.
    pub organization: Uuid,
    /// What it was taken for.
    pub label: String,
    /// By which edition the register rated.
    pub model: &'static Model,
    /// How exposed each medium was.
    pub exposures: Vec<FrozenExposure>,
    /// How many assets there were.
    pub asset_count: i64,
    /// When it was taken.
    pub taken_at: DateTime<Utc>,
}

impl Snapshot {
    /// The threat and the vulnerability of a medium.
    fn exposure(&self, medium: Medium) -> Option<(Option<u8>, Option<u8>)> {
        let frozen = self.exposures.iter().find(|frozen| frozen.medium == medium.code())?;
        Some((frozen.threat, frozen.vulnerability))
    }

    /// How likely harm was on a medium.
    #[must_use]
    pub fn likelihood(&self, medium: Medium) -> Option<Step> {
        let frozen = self.exposures.iter().find(|frozen| frozen.medium == medium.code())?;
        Step::new(frozen.likelihood?)
    }

    /// The risk of an asset of this pair, as it was.
    #[must_use]
    pub fn risk(&self, (medium, importance): Pair) -> Option<Risk> {
        Some(Risk::of(self.model, importance, self.likelihood(medium)?))
    }
}

/// The media on which what a risk follows from differs between two snapshots: all of them where
/// the editions do.
#[must_use]
pub fn moved_media(before: &Snapshot, after: &Snapshot) -> Vec<Medium> {
    let media = Medium::ALL.into_iter();
    let differs = |medium: &Medium| before.exposure(*medium) != after.exposure(*medium);
    media.filter(|medium| before.model != after.model || differs(medium)).collect()
}

/// How an asset's risk moved from one snapshot to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// The asset was not there before.
    New,
    /// The asset is no longer there.
    Gone,
    /// The risk is lower.
    Better,
    /// The risk is higher.
    Worse,
    /// What it follows from changed, but the risk is the same.
    Same,
    /// One of the two has no risk, since no control applied to the medium.
    Unrated,
}

/// Why a risk moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The asset's importance changed.
    Importance,
    /// The asset moved to another medium.
    Medium,
    /// A threat to the medium is rated otherwise.
    Threat,
    /// The controls of the medium are answered otherwise.
    Vulnerability,
    /// The register rates by another edition.
    Edition,
}

/// How the risk of an asset moved, and why. By class alone where the two editions have different
/// scales.
#[must_use]
pub fn compare(
    before: (&Snapshot, Option<Pair>),
    after: (&Snapshot, Option<Pair>),
) -> (Movement, Vec<Cause>) {
    let (Some(was), Some(is)) = (before.1, after.1) else {
        let movement = if after.1.is_some() { Movement::New } else { Movement::Gone };
        return (movement, Vec::new());
    };
    let (before, after) = (before.0, after.0);
    let alike = before.model.rates_as(after.model);
    let rank = |risk: Risk| (risk.class, if alike { risk.value } else { 0 });
    let movement = match (before.risk(was).map(rank), after.risk(is).map(rank)) {
        (Some(was), Some(is)) if is < was => Movement::Better,
        (Some(was), Some(is)) if is > was => Movement::Worse,
        (Some(_), Some(_)) | (None, None) => Movement::Same,
        _ => Movement::Unrated,
    };
    let (then, now) = (before.exposure(was.0), after.exposure(is.0));
    let converted = after.model.converted(before.model, was.1);
    let causes = [
        (converted != is.1, Cause::Importance),
        (was.0 != is.0, Cause::Medium),
        (then.map(|(threat, _)| threat) != now.map(|(threat, _)| threat), Cause::Threat),
        (then.map(|(_, v)| v) != now.map(|(_, v)| v), Cause::Vulnerability),
        (before.model != after.model, Cause::Edition),
    ];
    (movement, causes.into_iter().filter_map(|(holds, cause)| holds.then_some(cause)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(edition: &str, threat: u8, vulnerability: Option<u8>) -> Snapshot {
        let likelihood = vulnerability
            .and_then(|v| Some(super::super::likelihood(Step::new(threat)?, Step::new(v)?).get()));
        Snapshot {
            id: Uuid::nil(),
            organization: Uuid::nil(),
            label: String::new(),
            model: Model::of(edition).unwrap(),
            exposures: Medium::ALL
                .map(|medium| FrozenExposure {
                    medium: medium.code().to_owned(),
                    threat: Some(threat),
                    vulnerability,
                    likelihood,
                    provisional: false,
                })
                .to_vec(),
            asset_count: 1,
            taken_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_movement_says_which_way_and_why() {
        let base = snapshot("4.0", 3, Some(3));
        let pair = (Medium::OfficePc, 3);
        let moved = |after: &Snapshot, is| compare((&base, Some(pair)), (after, Some(is)));
        assert_eq!(moved(&base, pair), (Movement::Same, vec![]));
        assert_eq!(
            moved(&base, (Medium::OfficePc, 2)),
            (Movement::Better, vec![Cause::Importance])
        );
        assert_eq!(moved(&base, (Medium::Paper, 3)), (Movement::Same, vec![Cause::Medium]));
        let safer = snapshot("4.0", 3, Some(1));
        assert_eq!(moved(&safer, pair), (Movement::Better, vec![Cause::Vulnerability]));
        let none = snapshot("4.0", 3, None);
        assert_eq!(moved(&none, pair), (Movement::Unrated, vec![Cause::Vulnerability]));
        let calmer = snapshot("4.0", 1, Some(3));
        assert_eq!(moved(&calmer, pair), (Movement::Better, vec![Cause::Threat]));
        let worse = compare((&calmer, Some(pair)), (&base, Some(pair)));
        assert_eq!(worse, (Movement::Worse, vec![Cause::Threat]));
        assert_eq!(compare((&base, None), (&base, Some(pair))).0, Movement::New);
        assert_eq!(compare((&base, Some(pair)), (&base, None)).0, Movement::Gone);
    }

    #[test]
    fn the_media_that_moved_are_those_whose_threat_or_answers_did() {
        let base = snapshot("4.0", 3, Some(3));
        assert_eq!(moved_media(&base, &base), []);
        let mut other = base.clone();
        other.exposures[2].threat = Some(1);
        other.exposures[4].vulnerability = None;
        assert_eq!(moved_media(&base, &other), [Medium::OfficePc, Medium::InternalServer]);
        assert_eq!(moved_media(&base, &snapshot("3.1", 3, Some(3))), Medium::ALL);
    }

    #[test]
    fn two_editions_are_compared_by_class() {
        // 3.0: importance 1 × likelihood 1 = 1, medium; on 3.1: 2 × 1 = 2, low.
        let (old, new) = (snapshot("3.0", 1, Some(3)), snapshot("3.1", 1, Some(3)));
        let pair = |importance| Some((Medium::Paper, importance));
        let moved = compare((&old, pair(1)), (&new, pair(2)));
        assert_eq!(moved, (Movement::Better, vec![Cause::Edition]));
    }
}
