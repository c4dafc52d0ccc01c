//! What kind of change breaks, and how that is said.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::document::Schema;
use crate::judge::Refusal;

/// A kind of break. The names stay: people switch on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A field must be there that need not be there before.
    RequiredAdded,
    /// A field is refused that may be there before.
    FieldRefused,
    /// A word or value is no longer among those that are listed.
    ValueRemoved,
    /// A type is no longer accepted.
    TypeNarrowed,
    /// Numbers at the edges are no longer accepted.
    RangeNarrowed,
    /// Numbers between steps are no longer accepted.
    StepNarrowed,
    /// Text is too long or too short now.
    LengthNarrowed,
    /// Text must match another pattern.
    PatternChanged,
    /// A value must have another format.
    FormatChanged,
    /// An array has too many or too few elements now.
    CountNarrowed,
    /// Elements must differ from each other now.
    UniquenessAdded,
    /// No alternative accepts it any more.
    AlternativeRemoved,
    /// More than one alternative accepts it now, and only one may.
    AlternativesOverlap,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::RequiredAdded,
        Self::FieldRefused,
        Self::ValueRemoved,
        Self::TypeNarrowed,
        Self::RangeNarrowed,
        Self::StepNarrowed,
        Self::LengthNarrowed,
        Self::PatternChanged,
        Self::FormatChanged,
        Self::CountNarrowed,
        Self::UniquenessAdded,
        Self::AlternativeRemoved,
        Self::AlternativesOverlap,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequiredAdded => "required-added",
            Self::FieldRefused => "field-refused",
            Self::ValueRemoved => "value-removed",
            Self::TypeNarrowed => "type-narrowed",
            Self::RangeNarrowed => "range-narrowed",
            Self::StepNarrowed => "step-narrowed",
            Self::LengthNarrowed => "length-narrowed",
            Self::PatternChanged => "pattern-changed",
            Self::FormatChanged => "format-changed",
            Self::CountNarrowed => "count-narrowed",
            Self::UniquenessAdded => "uniqueness-added",
            Self::AlternativeRemoved => "alternative-removed",
            Self::AlternativesOverlap => "alternatives-overlap",
        }
    }

    /// What it means, in one sentence.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::RequiredAdded => "a field is needed that need not be there",
            Self::FieldRefused => "a field is refused that may be there",
            Self::ValueRemoved => "a word or value is not among those that are listed",
            Self::TypeNarrowed => "a type is not accepted",
            Self::RangeNarrowed => "a number is outside of what is accepted",
            Self::StepNarrowed => "a number is not one of the steps that are accepted",
            Self::LengthNarrowed => "a text is longer or shorter than what is accepted",
            Self::PatternChanged => "a text does not match the pattern",
            Self::FormatChanged => "a value does not have the format",
            Self::CountNarrowed => "there are more or fewer elements than what is accepted",
            Self::UniquenessAdded => "elements may not be equal",
            Self::AlternativeRemoved => "no alternative accepts it",
            Self::AlternativesOverlap => "more than one alternative accepts it, and only one may",
        }
    }

    /// What to do about it, in one sentence.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::RequiredAdded => "make the field optional, or give the event a new major version",
            Self::FieldRefused => "keep the field, or give the event a new major version",
            Self::ValueRemoved => {
                "keep the list as it was; one that is to grow is marked x-extensible from its first version on"
            }
            Self::TypeNarrowed => "keep the type, or add a field of another name beside it",
            Self::PatternChanged | Self::FormatChanged => {
                "keep it as it was, or add a field of another name beside it"
            }
            Self::RangeNarrowed | Self::StepNarrowed | Self::LengthNarrowed | Self::CountNarrowed => {
                "keep the bound as it was: within a major version it may neither be tightened nor, for old readers, loosened"
            }
            Self::UniquenessAdded => "keep it as it was, or give the event a new major version",
            Self::AlternativeRemoved => "keep the alternative, or give the event a new major version",
            Self::AlternativesOverlap => "give each alternative a required field with a const of its own",
        }
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A place where a document is accepted by one schema and refused by the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Break {
    /// Which kind.
    pub rule: Rule,
    /// What refuses: a JSON pointer into the schema that does.
    pub path: String,
    /// What is refused: a JSON pointer into the document.
    pub at: String,
    /// Why, in one sentence.
    pub reason: String,
    /// The document.
    pub counter_example: Value,
}

/// The break that a refused document shows.
pub(crate) fn told(reader: Schema<'_>, refusal: Refusal, document: Value) -> Break {
    let argument = reader.root.pointer(&refusal.schema);
    let rule = rule(&refusal, &document);
    let what = what(&refusal.at);
    let reason = match (rule, argument) {
        (Rule::RequiredAdded, _) => format!("{what} is needed, and may be missing"),
        (Rule::FieldRefused, _) => format!("{what} may be there, and is not known"),
        (Rule::ValueRemoved | Rule::TypeNarrowed, _) => {
            let value = document.pointer(&refusal.at).map(shortened).unwrap_or_default();
            let expected = argument.map(shortened).unwrap_or_default();
            format!("{what} may be {value}, and only {expected} is accepted")
        }
        (_, Some(argument)) => {
            format!("{what} may be what {} {} refuses", refusal.keyword, shortened(argument))
        }
        (_, None) => format!("{what} may be what {} refuses", refusal.keyword),
    };
    Break { rule, path: refusal.schema, at: refusal.at, reason, counter_example: document }
}

fn rule(refusal: &Refusal, document: &Value) -> Rule {
    match refusal.keyword.as_str() {
        "required" => Rule::RequiredAdded,
        "additionalProperties" | "false" => Rule::FieldRefused,
        "enum" | "const" => Rule::ValueRemoved,
        "type" => Rule::TypeNarrowed,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => Rule::RangeNarrowed,
        "multipleOf" => Rule::StepNarrowed,
        "minLength" | "maxLength" => Rule::LengthNarrowed,
        "pattern" => Rule::PatternChanged,
        "format" if document.pointer(&refusal.at).is_some_and(Value::is_number) => Rule::RangeNarrowed,
        "format" => Rule::FormatChanged,
        "minItems" | "maxItems" => Rule::CountNarrowed,
        "uniqueItems" => Rule::UniquenessAdded,
        _ if refusal.is_overlap => Rule::AlternativesOverlap,
        _ => Rule::AlternativeRemoved,
    }
}

/// The most characters of a value that are repeated in a sentence.
const SHOWN_CHARS: usize = 120;

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// `/lines/0/sku` is `lines[0].sku`.
fn what(at: &str) -> String {
    let mut said = String::new();
    for step in at.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        if step.parse::<u64>().is_ok() {
            said.push_str(&format!("[{step}]"));
        } else {
            said.push_str(if said.is_empty() { "" } else { "." });
            said.push_str(&step);
        }
    }
    if said.is_empty() { "the document".to_owned() } else { format!("`{said}`") }
}
