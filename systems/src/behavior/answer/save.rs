//! What is kept of an answer.

use crate::behavior::Value;
use crate::plugins::protocols::Completion;

/// A value taken out of an answer.
#[derive(Debug)]
pub struct Save {
    /// The variable it goes to.
    pub slot: u16,
    /// Where it stands in a JSON body (RFC 9535). The first match is taken.
    pub path: serde_json_path::JsonPath,
}

/// Takes values out of an answer; false when one is not there.
///
/// A model's answer has no body: what would be saved from it is an empty text, so that later steps are sent.
pub(in crate::behavior) fn save(saves: &[Save], completion: &Completion, variables: &mut [Value]) -> bool {
    if saves.is_empty() {
        return true;
    }
    let body: serde_json::Value = if completion.modelled {
        serde_json::Value::Null
    } else {
        match serde_json::from_slice(&completion.body) {
            Ok(body) => body,
            Err(_) => return false,
        }
    };
    for save in saves {
        let value = if completion.modelled {
            Some(Value::Text("".into()))
        } else {
            save.path.query(&body).first().map(json_value)
        };
        match value {
            Some(value) => variables[usize::from(save.slot)] = value,
            None => return false,
        }
    }
    true
}

/// A JSON value as a variable's: texts and numbers keep their type, all else becomes its JSON text.
fn json_value(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::String(text) => Value::Text(text.as_str().into()),
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Value::Int(integer),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Text(number.to_string().into()),
        },
        other => Value::Text(other.to_string().into()),
    }
}
