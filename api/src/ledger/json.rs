//! Assets as JSON, read into the same cells as a sheet.

use std::collections::BTreeMap;
use std::fmt;

use mamori_domain::risk::ledger::cell::Cell;
use mamori_domain::risk::ledger::heading::Headings;
use mamori_domain::risk::ledger::{Column, Line, Sheet};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A file of assets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetFile {
    /// The edition by whose scale the assets are rated.
    #[serde(default)]
    edition: Option<String>,
    /// The assets.
    assets: Vec<Fields>,
}

impl AssetFile {
    /// The edition that it names.
    pub(crate) fn edition(&self) -> Option<&str> {
        self.edition.as_deref()
    }

    /// How many assets it has.
    pub(crate) fn len(&self) -> usize {
        self.assets.len()
    }

    /// The sheet that it would be: each column in its own place, and no headings.
    pub(crate) fn sheet(self) -> (Sheet, Headings) {
        let mut columns = BTreeMap::new();
        let mut rows = Vec::with_capacity(self.assets.len());
        for (index, Fields(mut cells)) in self.assets.into_iter().enumerate() {
            if let Some(edition) = &self.edition {
                cells.push((Column::Edition, Some(Cell::Text(edition.clone()))));
            }
            let mut line =
                Line { number: u32::try_from(index + 1).unwrap_or(u32::MAX), cells: Vec::new() };
            for (column, cell) in cells {
                let place = place(column);
                columns.insert(column, place);
                // A null is a blank cell; a field that is left out is none.
                line.cells.push((place, cell.unwrap_or(Cell::Text(String::new()))));
            }
            line.cells.sort_by_key(|(place, _)| *place);
            rows.push(line);
        }
        let sheet = Sheet { name: None, since_1904: None, rows };
        (sheet, Headings { rows: 0, columns, unknown: Vec::new() })
    }
}

/// Where a column stands in the sheet that a JSON file would be.
fn place(column: Column) -> u16 {
    let place = Column::ALL.iter().position(|known| *known == column);
    place.and_then(|place| u16::try_from(place).ok()).unwrap_or(u16::MAX)
}

/// The fields of an asset; a cell is none where the field is null.
#[derive(Debug)]
struct Fields(Vec<(Column, Option<Cell>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields, A::Error> {
        let mut fields: Vec<(Column, Option<Cell>)> = Vec::new();
        while let Some(name) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            let known = Column::parse(&name).filter(|column| *column != Column::Edition);
            let Some(column) = known else {
                return Err(A::Error::custom(format_args!(
                    "unknown field `{name}`, expected another"
                )));
            };
            if fields.iter().any(|(known, _)| *known == column) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            // Texts in a list are tags, and tags are such a list.
            let cell = match column {
                Column::Tags => entries.next_value::<Option<Vec<String>>>()?.map(Cell::List),
                _ => entries.next_value::<Value>()?.0,
            };
            fields.push((column, cell));
        }
        Ok(Fields(fields))
    }
}

/// The value of a field.
struct Value(Option<Cell>);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a number, true, false or null")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value(None))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value(Some(Cell::Flag(flag))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value(Some(match i32::try_from(number) {
            Ok(number) => Cell::Number(f64::from(number)),
            Err(_) => Cell::Text(number.to_string()),
        })))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value(Some(match u32::try_from(number) {
            Ok(number) => Cell::Number(f64::from(number)),
            Err(_) => Cell::Text(number.to_string()),
        })))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value(Some(Cell::Number(number))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value(Some(Cell::Text(text.to_owned()))))
    }
}
