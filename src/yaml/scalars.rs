//! What an unquoted scalar means: the core rules of YAML 1.2, to the letter.
//!
//! `yes`, `on`, dates and `1_000` are texts; `017` is seventeen; `0x1f` and `0o17` are whole numbers.

use super::Content;

/// The meaning of a scalar without quotes.
pub fn plain(text: &str) -> Content {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null(None),
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        _ => number(text).unwrap_or_else(|| Content::Text(text.into())),
    }
}

/// The number a text writes; one that does not fit 64 bits is a float.
fn number(text: &str) -> Option<Content> {
    let radix = |digits: &str, radix| {
        digits.chars().all(|digit| digit.is_digit(radix)).then(|| {
            i64::from_str_radix(digits, radix)
                .map_or_else(|_| Content::Float(large(digits, radix)), Content::Int)
        })
    };
    match text.get(..2) {
        Some("0x") if text.len() > 2 => return radix(&text[2..], 16),
        Some("0o") if text.len() > 2 => return radix(&text[2..], 8),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" if text.starts_with('-') => {
            return Some(Content::Float(f64::NEG_INFINITY));
        }
        ".inf" | ".Inf" | ".INF" => return Some(Content::Float(f64::INFINITY)),
        _ => {}
    }
    if matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Content::Float(f64::NAN));
    }
    if !is_decimal(unsigned) {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = text.parse()
    {
        return Some(Content::Int(number));
    }
    text.parse().ok().map(Content::Float)
}

/// The nearest float to digits that fit no integer.
fn large(digits: &str, radix: u32) -> f64 {
    digits
        .chars()
        .filter_map(|digit| digit.to_digit(radix))
        .fold(0.0, |sum, digit| sum * f64::from(radix) + f64::from(digit))
}

/// Whether it is `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, with or without an exponent.
fn is_decimal(unsigned: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    !(whole.is_empty() && fraction.is_empty()) && digits(whole) && digits(fraction) && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match plain(text) {
            Content::Null(_) => "null".into(),
            Content::Bool(flag) => format!("bool {flag}"),
            Content::Int(number) => format!("int {number}"),
            Content::Float(number) => format!("float {number}"),
            _ => "text".into(),
        }
    }

    #[test]
    fn core_rules() {
        for (text, expected) in [
            ("", "null"),
            ("~", "null"),
            ("Null", "null"),
            ("nUll", "text"),
            ("TRUE", "bool true"),
            ("yes", "text"),
            ("on", "text"),
            ("n", "text"),
            ("0", "int 0"),
            ("-12", "int -12"),
            ("+12", "int 12"),
            ("017", "int 17"),
            ("0x1F", "int 31"),
            ("0o17", "int 15"),
            ("0x", "text"),
            ("-0x1", "text"),
            ("0b1", "text"),
            ("1_000", "text"),
            ("9223372036854775807", "int 9223372036854775807"),
            ("9223372036854775808", "float 9223372036854776000"),
            ("0xffffffffffffffff", "float 18446744073709552000"),
            ("1.", "float 1"),
            (".5", "float 0.5"),
            (".", "text"),
            ("1e3", "float 1000"),
            ("1e", "text"),
            ("e3", "text"),
            ("1.2.3", "text"),
            ("1e999", "float inf"),
            (".inf", "float inf"),
            ("-.INF", "float -inf"),
            (".nan", "float NaN"),
            ("nan", "text"),
            ("infinity", "text"),
            ("2024-01-01", "text"),
            ("12:30:45", "text"),
            ("-", "text"),
            ("é1", "text"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }
}
