//! The form of a JSON body that a log may show.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::json::COMPILED;
use crate::redactor::Redactor;
use crate::secret::MASK;

/// Where an answer has the history of a webhook. It holds URLs, tokens and what was sent and answered.
const HISTORY: &str = "history";

/// What may hold credentials: URLs.
const URLS: [&str; 2] = ["avatar", "urls"];

/// What a script, and all that the server derives from it, begins with. Scripts hold literals that may be secret.
const SCRIPT: &str = "script";

/// Begins like a script, and is none.
const NO_SCRIPT: [&str; 2] = ["scriptEnabled", "scriptEngine"];

/// Masks every value that may be or hold a secret, wherever it is, and the numbers that are known secrets, however
/// they are written.
pub(super) fn mask(json: &mut Json, known: &Redactor) {
    match json {
        Json::Number(number) if known.finds_number(number) => *json = MASK.into(),
        Json::Object(object) => {
            for (key, value) in object {
                match mask_for(key, value) {
                    Some(mask) => *value = Json::from(mask),
                    None => self::mask(value, known),
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| mask(item, known)),
        _ => {}
    }
}

/// What is shown instead of a value, if it is not shown.
fn mask_for(key: &str, value: &Json) -> Option<Cow<'static, str>> {
    if matches!(value, Json::Null | Json::Bool(_) | Json::Number(_)) {
        return None;
    }
    if URLS.contains(&key) || names_a_secret(key) {
        return Some(MASK.into());
    }
    if let (HISTORY, Json::Array(entries)) = (key, value) {
        return Some(format!("({} entries)", entries.len()).into());
    }
    if key.starts_with(SCRIPT) && !NO_SCRIPT.contains(&key) {
        let length = value.as_str().map_or(0, str::len);
        if key == COMPILED && length > 0 {
            return Some("(compiled script)".into());
        }
        return Some(format!("({length} bytes of script)").into());
    }
    None
}

fn names_a_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["token", "password", "secret", "services"]
        .iter()
        .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_log_shows_neither_tokens_nor_urls_nor_scripts() {
        let mut json = json!({"integrations": [{"name": "a", "token": "hunter2", "urls": ["hunter2"],
            "avatar": "hunter2", "script": "hunter2", "scriptCompiled": "hunter2", "scriptEnabled": true,
            "scriptEngine": "isolated-vm", "scriptError": {"stack": "hunter2"}}],
            "services": {"resume": "hunter2"}, "authToken": "hunter2",
            "history": [{"url": "http://x/hunter2", "httpCallData": {"a": "hunter2"}}]});
        mask(&mut json, &Redactor::default());
        let shown = json.to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("isolated-vm") && shown.contains("(7 bytes of script)"));
        // No more is read of it than that it is there.
        assert!(shown.contains("(compiled script)"));
    }
}
