//! A schema as a tree of fields, for people.

use serde_json::Value;

use super::set::prose;

/// How deep fields are followed: a schema that contains itself must end somewhere.
const MAX_DEPTH: usize = 8;

/// One field of a body, or of an object in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The name that its type has in the schema, such as `Currency`.
    pub type_name: Option<String>,
    /// What it is: `text`, `whole number`, `list of object`.
    pub kind: String,
    /// What it may be: `1 to 64 characters`, `0 or more`.
    pub bounds: Vec<String>,
    /// What its numbers count.
    pub unit: Option<&'static str>,
    /// Whether it is always there.
    pub is_required: bool,
    /// What it is taken for when it is not there.
    pub default: Option<Value>,
    /// What it says.
    pub description: String,
    /// The words that it may have, with their meanings.
    pub words: Vec<(String, String)>,
    /// Whether more words may come.
    pub is_extensible: bool,
    /// The fields inside.
    pub fields: Vec<Self>,
}

/// The fields of a schema: those that are always there first, in the order in which they are declared.
#[must_use]
pub fn of_schema(schema: &Value) -> Vec<Field> {
    inside(schema, schema, 0)
}

/// Every field with its path, such as `lines[].sku`, parents before what is in them.
pub fn flat<'f>(fields: &'f [Field], parent: &str) -> Vec<(String, &'f Field)> {
    let mut all = Vec::new();
    for field in fields {
        let path = if parent.is_empty() { field.name.clone() } else { format!("{parent}.{}", field.name) };
        let list = if field.kind.starts_with("list") { "[]" } else { "" };
        let deeper = flat(&field.fields, &format!("{path}{list}"));
        all.push((path, field));
        all.extend(deeper);
    }
    all
}

/// What stands behind a `$ref`, with the name it has; anything else is itself.
#[must_use]
pub fn resolve<'a>(schema: &'a Value, root: &'a Value) -> (&'a Value, Option<&'a str>) {
    let target = schema["$ref"].as_str().or_else(|| match schema["allOf"].as_array()?.as_slice() {
        [only] => only["$ref"].as_str(),
        _ => None,
    });
    let found =
        target.and_then(|target| Some((root.pointer(target.strip_prefix('#')?)?, target.rsplit('/').next())));
    found.unwrap_or((schema, None))
}

fn inside(schema: &Value, root: &Value, depth: usize) -> Vec<Field> {
    if depth == MAX_DEPTH {
        return Vec::new();
    }
    let (schema, _) = resolve(schema, root);
    let variants = ["oneOf", "anyOf"].iter().filter_map(|keyword| schema[*keyword].as_array()).flatten();
    let mut fields: Vec<Field> = properties(schema)
        .into_iter()
        .map(|(name, property, is_required)| field(name, property, root, is_required, depth))
        .collect();
    for variant in variants {
        for found in inside(variant, root, depth + 1) {
            if fields.iter().all(|field| field.name != found.name) {
                // Another variant may do without it.
                fields.push(Field { is_required: false, ..found });
            }
        }
    }
    fields
}

/// Name, schema, and whether it is required: those first, in their order.
fn properties(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let first = required.iter().filter_map(|name| Some((*name, properties.get(*name)?, true)));
    let mut others: Vec<_> = properties
        .iter()
        .filter(|(name, _)| !required.contains(&name.as_str()))
        .map(|(name, property)| (name.as_str(), property, false))
        .collect();
    others.sort_unstable_by_key(|(name, ..)| *name);
    first.chain(others).collect()
}

fn field(name: &str, schema: &Value, root: &Value, is_required: bool, depth: usize) -> Field {
    let (target, type_name) = resolve(schema, root);
    let is_list = target["type"] == "array";
    let (item, item_name) = if is_list { resolve(&target["items"], root) } else { (target, type_name) };
    let words = words(item);
    let mut bounds = bounds(target);
    if is_list {
        bounds.extend(self::bounds(item).into_iter().map(|bound| format!("each {bound}")));
    }
    let said = [schema, target].iter().find_map(|schema| schema["description"].as_str());
    let description = prose(said.unwrap_or_default());
    Field {
        name: name.to_owned(),
        type_name: item_name.map(str::to_owned),
        kind: if is_list { format!("list of {}", kind(item)) } else { kind(target).to_owned() },
        bounds,
        unit: unit(name, item, item_name, &description),
        is_required,
        default: schema.get("default").cloned(),
        description,
        words,
        is_extensible: item["x-extensible"] == true,
        fields: inside(item, root, depth + 1),
    }
}

fn kind(schema: &Value) -> &'static str {
    if schema.get("const").is_some() {
        return "constant";
    }
    if schema.get("enum").is_some() {
        return "word";
    }
    match schema["type"].as_str() {
        Some("string") if schema["format"] == "date-time" => "instant",
        Some("string") => "text",
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("boolean") => "yes or no",
        Some("array") => "list",
        Some("object") => "object",
        Some(_) | None if schema.get("oneOf").or_else(|| schema.get("anyOf")).is_some() => "one of several",
        Some(_) | None => "anything",
    }
}

/// What the numbers of a field count, from its name or from what is said about it; `None` for what is no number.
#[must_use]
pub fn unit(name: &str, schema: &Value, type_name: Option<&str>, description: &str) -> Option<&'static str> {
    if !matches!(schema["type"].as_str(), Some("integer" | "number")) {
        return None;
    }
    let by_suffix = SUFFIXES.iter().find(|(suffix, _)| name.ends_with(suffix));
    if let Some((_, unit)) = by_suffix {
        return Some(unit);
    }
    if type_name == Some("Quantity") {
        return Some("pieces");
    }
    let said = description.to_lowercase();
    WORDS.iter().find(|word| said.contains(**word)).copied()
}

/// What a name ends in, and what it counts then.
pub const SUFFIXES: [(&str, &str); 9] = [
    ("_minor", "minor units"),
    ("_ms", "milliseconds"),
    ("_s", "seconds"),
    ("_bytes", "bytes"),
    ("_grams", "grams"),
    ("_mm", "millimetres"),
    ("_px", "pixels"),
    ("_bp", "basis points"),
    ("_count", "pieces"),
];

/// Units that a description may name.
const WORDS: [&str; 9] =
    ["basis points", "minor units", "milliseconds", "seconds", "pieces", "bytes", "grams", "pixels", "days"];

fn bounds(schema: &Value) -> Vec<String> {
    let number = |keyword: &str| schema[keyword].as_i64();
    let mut said = Vec::new();
    said.extend(range(number("minimum"), number("maximum"), ""));
    said.extend(range(number("minLength"), number("maxLength"), " characters"));
    said.extend(range(number("minItems"), number("maxItems"), " items"));
    said.extend(schema["pattern"].as_str().map(|pattern| format!("matches `{pattern}`")));
    said.extend(schema.get("const").map(|value| format!("always `{value}`")));
    if let Some(format) = schema["format"].as_str().filter(|format| *format == "uri") {
        said.push(format!("a {format}"));
    }
    said
}

fn range(least: Option<i64>, most: Option<i64>, of: &str) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {least}{of}")),
        (Some(least), Some(most)) => Some(format!("{least} to {most}{of}")),
        (Some(least), None) => Some(format!("{least} or more{of}")),
        (None, Some(most)) => Some(format!("up to {most}{of}")),
        (None, None) => None,
    }
}

fn words(schema: &Value) -> Vec<(String, String)> {
    let meaning = |word: &str| prose(schema["x-enum-descriptions"][word].as_str().unwrap_or_default());
    let all = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.map(|word| (word.to_owned(), meaning(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::set::tests::committed;
    use super::*;

    #[test]
    fn a_body_is_a_tree_of_fields_with_units_and_bounds() {
        let set = committed();
        let fields = of_schema(&set.schemas["order.refund-due.v1"].value);
        let all = flat(&fields, "");
        let find = |path: &str| all.iter().find(|(at, _)| at == path).unwrap_or_else(|| panic!("{path}")).1;
        assert_eq!(all[0].0, "order_id");
        assert_eq!((find("lines").kind.as_str(), find("lines").is_required), ("list of object", true));
        assert_eq!(find("lines[].quantity").unit, Some("pieces"));
        assert_eq!(find("lines[].quantity").bounds, ["1 to 100000"]);
        assert_eq!(
            (find("amount_minor").unit, find("due_at").kind.as_str()),
            (Some("minor units"), "instant")
        );
        assert!(find("reason").is_extensible && find("reason").words.len() > 2);
        assert!(find("currency").type_name.as_deref() == Some("Currency"));
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let schema = serde_json::json!({
            "type": "object", "properties": { "child": { "$ref": "#" } },
        });
        assert_eq!(flat(&of_schema(&schema), "").len(), MAX_DEPTH);
    }

    #[test]
    fn variants_are_shown_together() {
        let variant = |name: &str| serde_json::json!({ "properties": { name: { "type": "integer" } }, "required": [name] });
        let schema = serde_json::json!({ "oneOf": [variant("a_ms"), variant("b")] });
        let fields = of_schema(&schema);
        assert_eq!(fields.iter().map(|field| field.unit).collect::<Vec<_>>(), [Some("milliseconds"), None]);
        assert!(fields.iter().all(|field| !field.is_required));
    }
}
