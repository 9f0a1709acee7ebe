//! By which scale a sheet is rated. Never guessed: a sheet of 1s and 2s fits both, and the wrong
//! one would lower every risk in silence.
//!
//! | the sheet's ratings | scale |
//! |---|---|
//! | any 0 | 0–2 (editions 2.1 and 3.0) |
//! | any 3 | 1–3 (editions 3.1 and 4.0) |
//! | both | none: refused |
//! | neither | that of the stated edition; refused where none is stated |
//! | only 高, 中, 低 | any |

use super::Flaw;
use super::cell::Rating;
use super::row::Read;
use crate::risk::Model;

/// What a scale rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The edition that was stated, with the request or in the sheet.
    Stated,
    /// A rating that only one scale has.
    Ratings,
    /// Ratings in words, which every scale has.
    Words,
}

/// Whether the rows can be read on the scale of `register`, and what that rests on.
///
/// # Errors
///
/// [`Flaw::BothScales`], [`Flaw::OtherScale`], [`Flaw::ScaleUndecided`], [`Flaw::SeveralEditions`]
/// or [`Flaw::NoSuchEdition`], with the number of the row where there is one.
pub fn decided(
    rows: &[Read],
    stated: Option<&Model>,
    register: &Model,
) -> Result<Basis, (Flaw, Option<u32>)> {
    let mut named: Option<&Model> = None;
    for row in rows {
        let Some(edition) = &row.edition else { continue };
        let model = Model::of(edition).ok_or((Flaw::NoSuchEdition, Some(row.number)))?;
        if named.is_some_and(|named| named.edition != model.edition) {
            return Err((Flaw::SeveralEditions, Some(row.number)));
        }
        named = Some(model);
    }
    let numbers = || {
        let ratings = rows.iter().flat_map(|row| row.stated.ratings.map(|rating| (row, rating)));
        ratings.filter_map(|(row, rating)| match rating {
            Some(Rating::Number(number)) => Some((row.number, number)),
            _ => None,
        })
    };
    let first = |wanted: u8| numbers().find(|(_, number)| *number == wanted).map(|(row, _)| row);
    let found = match (first(0), first(3)) {
        (Some(zero), Some(three)) => return Err((Flaw::BothScales, Some(zero.max(three)))),
        (Some(row), None) => Some((0, row)),
        (None, Some(row)) => Some((1, row)),
        (None, None) => None,
    };
    let said: Vec<&Model> = stated.into_iter().chain(named).collect();
    let scales = said.iter().map(|model| model.lowest).chain([register.lowest]);
    if let Some((lowest, row)) = found
        && scales.clone().any(|said| said != lowest)
    {
        return Err((Flaw::OtherScale, Some(row)));
    }
    if scales.clone().any(|said| said != register.lowest) {
        return Err((Flaw::OtherScale, None));
    }
    match (said.is_empty(), found) {
        (false, _) => Ok(Basis::Stated),
        (true, Some(_)) => Ok(Basis::Ratings),
        (true, None) if numbers().next().is_none() => Ok(Basis::Words),
        (true, None) => Err((Flaw::ScaleUndecided, None)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::risk::ledger::row::Stated;

    fn row(ratings: [Rating; 3], edition: Option<&str>) -> Read {
        Read {
            number: 5,
            stated: Stated { ratings: ratings.map(Some), ..Stated::default() },
            edition: edition.map(str::to_owned),
            results: BTreeMap::new(),
            flaws: Vec::new(),
            suspicious: Vec::new(),
        }
    }

    #[test]
    fn a_scale_is_found_or_stated_and_never_guessed() {
        use Rating::{High, Low, Middle, Number};
        let (old, new) = (Model::of("3.0").unwrap(), Model::of("4.0").unwrap());
        let ones = [Number(1), Number(2), Number(1)];
        for (ratings, edition, stated, register, told) in [
            ([Number(3), Number(1), Number(2)], None, None, new, Ok(Basis::Ratings)),
            ([Number(0), Number(1), Number(2)], None, None, old, Ok(Basis::Ratings)),
            ([Number(0), Number(1), Number(2)], None, None, new, Err((Flaw::OtherScale, Some(5)))),
            (
                [Number(3), Number(1), Number(2)],
                None,
                Some(old),
                old,
                Err((Flaw::OtherScale, Some(5))),
            ),
            (
                [Number(3), Number(0), Number(2)],
                None,
                Some(new),
                new,
                Err((Flaw::BothScales, Some(5))),
            ),
            (ones, None, None, new, Err((Flaw::ScaleUndecided, None))),
            (ones, None, Some(new), new, Ok(Basis::Stated)),
            (ones, Some("4.0"), None, new, Ok(Basis::Stated)),
            (ones, Some("3.1"), None, new, Ok(Basis::Stated)),
            (ones, None, Some(old), new, Err((Flaw::OtherScale, None))),
            (ones, Some("3.0"), Some(new), new, Err((Flaw::OtherScale, None))),
            (ones, Some("5.0"), None, new, Err((Flaw::NoSuchEdition, Some(5)))),
            ([High, Middle, Low], None, None, old, Ok(Basis::Words)),
        ] {
            let rows = [row(ratings, edition)];
            assert_eq!(decided(&rows, stated, register), told, "{ratings:?} {edition:?}");
        }
        let mixed = [row(ones, Some("4.0")), row(ones, Some("3.1"))];
        assert_eq!(decided(&mixed, None, new), Err((Flaw::SeveralEditions, Some(5))));
    }
}
