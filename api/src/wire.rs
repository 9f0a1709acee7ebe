//! Enums as they go over the wire.

use utoipa::openapi::RefOr;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// An enum of the wire: its texts, how it is read, what it is in the domain, and how the document
/// tells it (`as` another name), each text with what it means.
///
/// serde's derive would also take an object such as `{"site": null}` for a variant, and would
/// call a number in its place no JSON at all; here a text is read, and nothing else. A new
/// variant of the domain breaks the build here, and not a client.
macro_rules! wire_enum {
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:ident),+)])?
        $visibility:vis enum $name:ident $(as $schema:ident)? = $domain:ident {
            $($(#[doc = $variant_doc:literal])+ $(#[default $($default:tt)?])? $variant:ident = $text:literal,)+
        }
    ) => {
        $crate::wire::wire_enum! {
            $(#[doc = $doc])+
            $(#[derive($($derive),+)])?
            $visibility enum $name $(as $schema)? {
                $($(#[doc = $variant_doc])+ $(#[default $($default)?])? $variant = $text,)+
            }
        }

        impl From<$domain> for $name {
            fn from(value: $domain) -> Self {
                match value { $($domain::$variant => Self::$variant,)+ }
            }
        }

        impl From<$name> for $domain {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant,)+ }
            }
        }
    };
    (
        $(#[doc = $doc:literal])+
        $(#[derive($($derive:ident),+)])?
        $visibility:vis enum $name:ident $(as $schema:ident)? {
            $($(#[doc = $variant_doc:literal])+ $(#[default $($default:tt)?])? $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize $($(, $derive)+)?)]
        $visibility enum $name {
            $(
                $(#[doc = $variant_doc])+
                $(#[default $($default)?])?
                #[serde(rename = $text)]
                $variant,
            )+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::text(deserializer, &[$(($text, Self::$variant)),+], &[$($text),+])
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                let texts = [$(($text, concat!($($variant_doc),+))),+];
                let name = <Self as utoipa::ToSchema>::name();
                $crate::wire::schema(&name, concat!($($doc, "\n"),+), &texts)
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                [$(stringify!($schema),)? stringify!($name)][0].into()
            }
        }
    };
}
pub(crate) use wire_enum;

/// Reads one of some texts.
pub(crate) fn text<'de, D, T>(
    deserializer: D,
    variants: &[(&'static str, T)],
    texts: &'static [&'static str],
) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Copy,
{
    use serde::Deserialize;
    use serde::de::Error;

    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    let found = variants.iter().find(|(known, _)| *known == text);
    found.map(|(_, value)| *value).ok_or_else(|| D::Error::unknown_variant("", texts))
}

/// Where the schema of an enum keeps its name: in a parameter it stands whole, and is made a
/// reference again.
pub(crate) const NAMED: &str = "x-mamori-name";

/// The schema of an enum: its texts, and what each means, in words and in the form that generators
/// of clients know.
pub(crate) fn schema(name: &str, about: &str, texts: &[(&str, &str)]) -> RefOr<Schema> {
    let lines = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let mut description = lines(about.trim());
    description.push('\n');
    for (text, meaning) in texts {
        description.push_str(&format!("\n- `{text}`: {}", meaning.trim()));
    }
    let meanings: Vec<_> = texts.iter().map(|(_, meaning)| meaning.trim()).collect();
    let extensions =
        ExtensionsBuilder::new().add("x-enum-descriptions", meanings).add(NAMED, name).build();
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .enum_values(Some(texts.iter().map(|(text, _)| *text)))
        .extensions(Some(extensions))
        .into()
}
