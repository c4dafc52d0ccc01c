//! Another validator, and a reader's tolerance written a second time, as the edge of a service has it.

use compat::Reading;
use jsonschema::Validator;
use serde_json::{Value, json};

/// A schema as another validator takes it.
pub(crate) struct Oracle {
    schema: Value,
    validator: Validator,
    reading: Reading,
}

impl Oracle {
    /// `None`: it cannot be compiled there, such as with a reference that leads out of the document.
    pub(crate) fn new(schema: &Value, reading: Reading) -> Option<Self> {
        let mut schema = schema.clone();
        if reading == Reading::Tolerant {
            loosen(&mut schema);
        }
        let mut bounded = schema.clone();
        bound(&mut bounded);
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&bounded).ok()?;
        Some(Self { schema, validator, reading })
    }

    pub(crate) fn accepts(&self, document: &Value) -> bool {
        let mut document = document.clone();
        if self.reading == Reading::Tolerant {
            drop_nulls(&mut document, &self.schema, &self.schema);
        }
        self.validator.is_valid(&document)
    }
}

fn children(schema: &mut Value, each: impl FnMut(&mut Value)) {
    match schema {
        Value::Object(object) => object.values_mut().for_each(each),
        Value::Array(items) => items.iter_mut().for_each(each),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn loosen(schema: &mut Value) {
    if let Value::Object(object) = schema {
        if object.get("additionalProperties") == Some(&Value::Bool(false)) {
            object.remove("additionalProperties");
        }
        if object.get("x-extensible") == Some(&Value::Bool(true)) {
            object.remove("enum");
        }
    }
    children(schema, loosen);
}

fn drop_nulls(value: &mut Value, schema: &Value, root: &Value) {
    let schema =
        schema["$ref"].as_str().and_then(|at| root.pointer(at.trim_start_matches('#'))).unwrap_or(schema);
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array_mut()) {
        values.iter_mut().for_each(|value| drop_nulls(value, items, root));
    }
    let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object_mut()) else {
        return;
    };
    let is_required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
    for (name, property) in properties {
        let may_be_null = !is_required(name) && property.get("default").is_none();
        if may_be_null && fields.get(name).is_some_and(Value::is_null) {
            fields.remove(name);
        } else if let Some(field) = fields.get_mut(name) {
            drop_nulls(field, property, root);
        }
    }
}

/// Formats of numbers say nothing to the other validator: bounds instead.
fn bound(schema: &mut Value) {
    children(schema, bound);
    let range = match schema.get("format").and_then(Value::as_str) {
        Some("uint8") => json!({ "minimum": 0, "maximum": u8::MAX }),
        Some("int32") => json!({ "minimum": i32::MIN, "maximum": i32::MAX }),
        Some("uint32") => json!({ "minimum": 0, "maximum": u32::MAX }),
        Some("int64") => json!({ "minimum": i64::MIN, "maximum": i64::MAX }),
        Some("uint64") => json!({ "minimum": 0, "maximum": u64::MAX }),
        _ => return,
    };
    if let Value::Object(object) = schema {
        object.remove("format");
        object.insert("allOf".to_owned(), json!([range, { "multipleOf": 1 }]));
    }
}
