//! Enums as they go over the wire.

/// An enum of the wire: its texts, how it is read, and what it is in the domain.
///
/// serde's derive would also take an object such as `{"site": null}` for a variant, and would
/// call a number in its place no JSON at all; here a text is read, and nothing else. A new
/// variant of the domain breaks the build here, and not a client. A text is matched as a bare
/// token, since utoipa does not see through a matched literal.
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident = $domain:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:tt,)+
        }
    ) => {
        $crate::wire::wire_enum! {
            $(#[$meta])*
            $visibility enum $name {
                $($(#[$variant_meta])* $variant = $text,)+
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
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:tt,)+
        }
    ) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        $(#[$meta])*
        $visibility enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::text(deserializer, &[$(($text, Self::$variant)),+], &[$($text),+])
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
