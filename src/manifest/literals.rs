//! Secrets that a manifest writes out, as far as one can tell: whoever reads the repository has them, and so has its
//! history when they are gone.

use url::Url;

use crate::problem::Code;

/// The code of the warning. Where it points is masked wherever lines are shown.
pub const LITERAL_SECRET: Code = Code("literal-secret");

/// The shortest stretch that is taken for a key; names of people and things are shorter, or have no digits.
const SHORTEST_KEY: usize = 20;

/// What of a URL looks like a secret, in words.
pub fn in_url(text: &str) -> Option<&'static str> {
    let Ok(url) = Url::parse(text) else {
        return None;
    };
    if url.password().is_some() {
        return Some("a password");
    }
    let beyond_host = [Some(url.path()), url.query(), url.fragment()];
    let key = beyond_host.into_iter().flatten().any(is_like_a_key);
    key.then_some("what looks like a key")
}

/// Whether a stretch of letters and digits, both, is as long as keys are.
pub fn is_like_a_key(text: &str) -> bool {
    let stretches = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let mut long = stretches.filter(|stretch| stretch.len() >= SHORTEST_KEY);
    long.any(|stretch| {
        let has = |kind: fn(&char) -> bool| stretch.chars().any(|c| kind(&c));
        has(char::is_ascii_digit) && has(char::is_ascii_alphabetic)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_keys_are_told_from_addresses() {
        for (url, what) in [
            ("https://ann:hunter2@example.org/", Some("a password")),
            ("https://ann@example.org/", None),
            (
                "https://example.org/T024BE7LD/B024BE7LH/9xkQ2mVb0aWcE4rT6yUi",
                Some("what looks like a key"),
            ),
            (
                "https://example.org/?key=9xkQ2mVb0aWcE4rT6yUi&x=1",
                Some("what looks like a key"),
            ),
            ("https://example.org/hooks/rocket-chat-notifications", None),
            ("https://example.org/2026/11/26/release-notes", None),
            ("https://9xkQ2mVb0aWcE4rT6yUi.example.org/", None),
            ("not a URL 9xkQ2mVb0aWcE4rT6yUi", None),
        ] {
            assert_eq!(in_url(url), what, "{url}");
        }
    }
}
