//! Which asset of the register a row is about, so that the same file twice changes nothing.
//!
//! 1. The asset with mamori's own id, in a sheet that mamori wrote.
//! 2. The asset with the custodian's key; or one without a key that rule 3 finds.
//! 3. The asset of the same business, name, medium and department.
//! 4. The asset of the same business, name and medium, where one row and one asset are left of
//!    them: it has changed its department.
//!
//! What the file has no column for is not compared. Texts are compared whatever their width, case and spaces. A row that finds none is a new asset;
//! no rule removes an asset that no row is about. The rules are mamori's own.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::row::Stated;
use super::{Column, fold};
use crate::risk::Medium;
use crate::risk::asset::{Asset, Entry};

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// A new asset.
    New,
    /// The asset at this place of those given.
    Asset(usize),
    /// The same asset as the row at this earlier place.
    Row(usize),
    /// More than one asset fits.
    Several,
}

/// Business, name and medium.
type Thing = (String, String, Medium);

fn folded(text: Option<&String>) -> String {
    text.map(|text| fold(text)).unwrap_or_default()
}

/// What of an asset the file has columns for.
#[derive(Debug, Clone, Copy)]
struct Compared {
    business: bool,
    department: bool,
}

impl Compared {
    fn of(columns: &BTreeSet<Column>) -> Self {
        Self {
            business: columns.contains(&Column::BusinessCategory),
            department: columns.contains(&Column::OwnerDepartment),
        }
    }

    fn business(self, text: Option<&String>) -> String {
        if self.business { folded(text) } else { String::new() }
    }

    fn department(self, text: Option<&String>) -> String {
        if self.department { folded(text) } else { String::new() }
    }

    fn thing_of(self, entry: &Entry) -> Thing {
        (self.business(entry.business_category.as_ref()), fold(&entry.name), entry.medium)
    }

    fn thing(self, row: &Stated) -> Option<Thing> {
        let business = self.business(row.business_category.as_ref());
        Some((business, fold(row.name.as_ref()?), row.medium?))
    }
}

/// What a file could be about, to look for in a register of any size.
#[derive(Debug)]
pub struct Wanted {
    compared: Compared,
    ids: BTreeSet<Uuid>,
    keys: BTreeSet<String>,
    things: BTreeSet<Thing>,
}

impl Wanted {
    /// What these rows of a file with these columns could be about.
    #[must_use]
    pub fn by<'r>(rows: impl IntoIterator<Item = &'r Stated>, columns: &BTreeSet<Column>) -> Self {
        let compared = Compared::of(columns);
        let (ids, keys, things) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut wanted = Self { compared, ids, keys, things };
        for row in rows {
            wanted.ids.extend(row.id);
            wanted.keys.extend(row.external_id.clone());
            wanted.things.extend(compared.thing(row));
        }
        wanted
    }

    /// Whether a row could be about this asset.
    #[must_use]
    pub fn holds(&self, asset: &Asset) -> bool {
        let entry = &asset.entry;
        self.ids.contains(&asset.id)
            || entry.external_id.as_ref().is_some_and(|key| self.keys.contains(key))
            || self.things.contains(&self.compared.thing_of(entry))
    }
}

/// What each row is about, among the assets that [`Wanted`] holds.
#[must_use]
pub fn matched(rows: &[&Stated], assets: &[Asset], columns: &BTreeSet<Column>) -> Vec<Match> {
    let compared = Compared::of(columns);
    let mut by_id = BTreeMap::new();
    let mut by_key = BTreeMap::new();
    let mut by_thing: BTreeMap<Thing, Vec<usize>> = BTreeMap::new();
    for (at, asset) in assets.iter().enumerate() {
        by_id.insert(asset.id, at);
        if let Some(key) = &asset.entry.external_id {
            by_key.insert(key.as_str(), at);
        }
        by_thing.entry(compared.thing_of(&asset.entry)).or_default().push(at);
    }
    let mut found: Vec<Option<Match>> = vec![None; rows.len()];
    let mut claimed: BTreeMap<usize, usize> = BTreeMap::new();
    let mut claim = |found: &mut Vec<Option<Match>>, row: usize, asset: usize| {
        let first = *claimed.entry(asset).or_insert(row);
        let became = if first == row { Match::Asset(asset) } else { Match::Row(first) };
        if let Some(slot) = found.get_mut(row) {
            *slot = Some(became);
        }
    };
    // Rules 1 and 2.
    let mut keyed: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let known = row.id.and_then(|id| by_id.get(&id)).copied();
        let known = known.or_else(|| by_key.get(row.external_id.as_deref()?).copied());
        let first = row.external_id.as_deref().map(|key| *keyed.entry(key).or_insert(at));
        match (known, first.filter(|first| *first != at)) {
            (_, Some(first)) => {
                if let Some(slot) = found.get_mut(at) {
                    *slot = Some(Match::Row(first));
                }
            }
            (Some(asset), None) => claim(&mut found, at, asset),
            (None, None) => {}
        }
    }
    // Rules 3 and 4, thing by thing.
    let mut left: BTreeMap<Thing, Vec<usize>> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        if found.get(at).is_some_and(Option::is_none)
            && let Some(thing) = compared.thing(row)
        {
            left.entry(thing).or_default().push(at);
        }
    }
    for (thing, mut open) in left {
        let free = |asset: &usize, row: &Stated, claimed: &BTreeMap<usize, usize>| {
            let key = assets.get(*asset).and_then(|asset| asset.entry.external_id.as_ref());
            !claimed.contains_key(asset) && (key.is_none() || row.external_id.is_none())
        };
        let department = |asset: &usize| {
            let asset = assets.get(*asset);
            compared.department(asset.and_then(|asset| asset.entry.owner_department.as_ref()))
        };
        let there = by_thing.get(&thing).map(Vec::as_slice).unwrap_or_default();
        let mut departments: BTreeMap<(String, Option<Uuid>, Option<&str>), usize> =
            BTreeMap::new();
        open.retain(|at| {
            let Some(row) = rows.get(*at) else { return false };
            let own = compared.department(row.owner_department.as_ref());
            let id = row.id.filter(|id| by_id.contains_key(id));
            let key = (own.clone(), id, row.external_id.as_deref());
            let first = *departments.entry(key).or_insert(*at);
            let fitting: Vec<usize> = there
                .iter()
                .filter(|asset| free(asset, row, &claimed) && department(asset) == own)
                .copied()
                .collect();
            let became = match (first == *at, fitting.as_slice()) {
                (false, _) => Match::Row(first),
                (true, [asset]) => {
                    claimed.insert(*asset, *at);
                    Match::Asset(*asset)
                }
                (true, []) => return true,
                (true, _) => Match::Several,
            };
            if let Some(slot) = found.get_mut(*at) {
                *slot = Some(became);
            }
            false
        });
        if let [at] = open.as_slice()
            && let Some(row) = rows.get(*at)
        {
            let rest: Vec<_> = there.iter().filter(|asset| free(asset, row, &claimed)).collect();
            if let [asset] = rest.as_slice() {
                claimed.insert(**asset, *at);
                if let Some(slot) = found.get_mut(*at) {
                    *slot = Some(Match::Asset(**asset));
                }
            }
        }
    }
    found.into_iter().map(|became| became.unwrap_or(Match::New)).collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};
    use proptest::prelude::*;

    use super::*;
    use crate::risk::Model;
    use crate::risk::ledger::cell::Rating;

    fn row(key: Option<&str>, name: &str, department: Option<&str>) -> Stated {
        Stated {
            external_id: key.map(str::to_owned),
            name: Some(name.to_owned()),
            owner_department: department.map(str::to_owned),
            medium: Some(Medium::Paper),
            ratings: [Some(Rating::Number(1)); 3],
            ..Stated::default()
        }
    }

    fn columns() -> BTreeSet<Column> {
        [
            Column::ExternalId,
            Column::BusinessCategory,
            Column::Name,
            Column::OwnerDepartment,
            Column::Medium,
        ]
        .into()
    }

    fn asset(id: u128, row: &Stated, there: Option<&Entry>) -> Asset {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        let entry = row.entry(&columns(), Model::of("4.0").unwrap(), there, day);
        Asset {
            id: Uuid::from_u128(id),
            organization: Uuid::nil(),
            entry: entry.unwrap(),
            importance: 1,
            revision: 1,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    fn found(rows: &[Stated], assets: &[Asset]) -> Vec<Match> {
        let wanted = Wanted::by(rows, &columns());
        assert!(
            matched(&rows.iter().collect::<Vec<_>>(), assets, &columns()).iter().all(|became| {
                match became {
                    Match::Asset(at) => wanted.holds(&assets[*at]),
                    _ => true,
                }
            }),
            "a row finds only what was looked for",
        );
        matched(&rows.iter().collect::<Vec<_>>(), assets, &columns())
    }

    #[test]
    fn each_rule_finds_its_asset() {
        let there = [
            asset(1, &row(Some("A"), "名簿", None), None),
            asset(2, &row(None, "契約書", Some("総務部")), None),
            asset(3, &row(None, "写し", Some("東")), None),
            asset(4, &row(None, "写し", Some("東")), None),
            asset(5, &row(Some("E"), "図面", None), None),
        ];
        let by_id = Stated { id: Some(Uuid::from_u128(5)), ..row(None, "別の名", None) };
        for (rows, expected) in [
            (vec![row(Some("A"), "改めた名", None)], vec![Match::Asset(0)]),
            (vec![row(Some("B"), "契 約 書", Some("総務部"))], vec![Match::Asset(1)]),
            (vec![row(None, "契約書", Some("営業部"))], vec![Match::Asset(1)]),
            (vec![row(None, "写し", Some("東"))], vec![Match::Several]),
            (vec![row(None, "写し", Some("西"))], vec![Match::New]),
            (vec![by_id], vec![Match::Asset(4)]),
            // A key of its own is another asset, whatever its name.
            (vec![row(Some("F"), "図面", None)], vec![Match::New]),
            (
                vec![row(Some("N"), "新", None), row(Some("N"), "新二", None)],
                vec![Match::New, Match::Row(0)],
            ),
            (
                vec![row(None, "新", None), row(None, "ｼﾝ", None), row(None, "新 ", None)],
                vec![Match::New, Match::New, Match::Row(0)],
            ),
            (
                vec![row(None, "契約書", Some("甲")), row(None, "契約書", Some("乙"))],
                vec![Match::New, Match::New],
            ),
        ] {
            assert_eq!(found(&rows, &there), expected, "{rows:?}");
        }
    }

    #[test]
    fn what_the_file_has_no_column_for_is_not_compared() {
        let mut there = asset(1, &row(None, "名簿", Some("総務部")), None);
        there.entry.business_category = Some("営業".to_owned());
        let few: BTreeSet<_> = [Column::Name, Column::Medium].into();
        let sent = row(None, "名簿", None);
        assert_eq!(matched(&[&sent], std::slice::from_ref(&there), &few), [Match::Asset(0)]);
        let mut twin = there.clone();
        (twin.id, twin.entry.owner_department) = (Uuid::from_u128(2), Some("営業部".to_owned()));
        assert_eq!(matched(&[&sent], &[there, twin], &few), [Match::Several]);
    }

    fn any_row() -> impl Strategy<Value = Stated> {
        let key = proptest::option::of(prop_oneof![Just("A"), Just("B"), Just("C")]);
        let name = prop_oneof![Just("名簿"), Just("契約書")];
        let department = proptest::option::of(prop_oneof![Just("東"), Just("西")]);
        (key, name, department).prop_map(|(key, name, department)| row(key, name, department))
    }

    proptest! {
        #[test]
        fn the_same_file_twice_changes_nothing(
            before in proptest::collection::vec(any_row(), 0..4),
            rows in proptest::collection::vec(any_row(), 0..5),
        ) {
            let mut keys = BTreeSet::new();
            let before: Vec<_> = before
                .into_iter()
                .filter(|row| row.external_id.clone().is_none_or(|key| keys.insert(key)))
                .collect();
            let mut assets: Vec<Asset> =
                (1..).zip(&before).map(|(id, row)| asset(id, row, None)).collect();
            let first = found(&rows, &assets);
            prop_assume!(!first.iter().any(|m| matches!(m, Match::Row(_) | Match::Several)));
            for (id, (row, became)) in (100..).zip(rows.iter().zip(first)) {
                match became {
                    Match::Asset(at) => {
                        let entry = asset(0, row, Some(&assets[at].entry)).entry;
                        assets[at].entry = entry;
                    }
                    _ => assets.push(asset(id, row, None)),
                }
            }
            for (row, became) in rows.iter().zip(found(&rows, &assets)) {
                let Match::Asset(at) = became else {
                    panic!("{row:?} finds {became:?} the second time");
                };
                prop_assert_eq!(&asset(0, row, Some(&assets[at].entry)).entry, &assets[at].entry);
            }
        }
    }
}
