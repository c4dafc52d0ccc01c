//! Enumerations on the wire: lower-case words that may grow.
//!
//! A reader meets the words of a newer writer, so every enumeration decodes a word that it does not know as
//! `Unrecognised` and the reader's `match` decides: most readers need not act on it. The schema of what we publish
//! does not list that word, so publishing it is an error that the schema check finds.

macro_rules! words {
    ($($(#[doc = $doc:literal])* pub enum $name:ident {
        $($(#[doc = $word_doc:literal])* $variant:ident = $word:literal,)*
    })*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[doc = $word_doc])* #[serde(rename = $word)] $variant,)*
            /// A word of a newer version.
            #[serde(rename = "unrecognised", other)]
            Unrecognised,
        }

        impl $name {
            /// Every word that this version knows.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Unrecognised => "unrecognised",
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::words::schema(&[$($doc),*], &[$(($word, &[$($word_doc),*]),)*])
            }
        }
    )*};
}

pub(crate) use words;

/// `x-extensible` tells a reader of the schema (and our own open validation) that more words may come.
#[cfg(feature = "schema")]
pub(crate) fn schema(doc: &[&str], known: &[(&str, &[&str])]) -> schemars::Schema {
    let prose = |lines: &[&str]| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
    let meanings: serde_json::Map<_, _> =
        known.iter().map(|(word, doc)| ((*word).to_owned(), prose(doc).into())).collect();
    schemars::json_schema!({
        "type": "string",
        "description": prose(doc),
        "enum": words,
        "x-enum-descriptions": meanings,
        "x-extensible": true,
    })
}
