//! The few habits of JavaScript that show in the server's answers: blanks, numbers as text, case folding.

use serde_json::{Number, Value};

/// The text without the white space JavaScript trims (the byte order mark counts, NEL does not).
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}'))
}

/// Whether nothing but white space is in the text.
pub(super) fn is_blank(text: &str) -> bool {
    trim(text).is_empty()
}

/// A number as JavaScript writes it: with an exponent when it is very large or very small.
pub(super) fn number_text(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else {
        return number.to_string();
    };
    let shortest = format!("{float:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    match exponent.parse() {
        Ok(-6..=20) => float.to_string(),
        Ok(exponent) => format!("{digits}e{exponent:+}"),
        Err(std::num::ParseIntError { .. }) => shortest,
    }
}

/// What the unary plus makes of a text, unless that is not a number.
pub(super) fn number(text: &str) -> Option<Value> {
    let trimmed = trim(text);
    if trimmed.is_empty() {
        return Some(Value::from(0));
    }
    if let Ok(whole) = trimmed.parse::<i64>() {
        return Some(Value::from(whole));
    }
    let float = match trimmed.get(..2) {
        Some("0x" | "0X") => i64::from_str_radix(trimmed.get(2..)?, 16).ok().map(float)?,
        _ if trimmed.contains(|c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E')) => {
            return None;
        }
        _ => trimmed.parse::<f64>().ok()?,
    };
    Some(whole_or_float(float))
}

/// A value whose numbers are as JavaScript holds them: it does not tell `3.0` from `3`, and keeps 53 bits.
pub(super) fn numbers(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, whole_or_float),
        Value::Array(items) => items.into_iter().map(numbers).collect(),
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(key, value)| (key, numbers(value)))
                .collect(),
        ),
        other => other,
    }
}

/// A float as a JSON number: whole where it can be.
fn whole_or_float(float: f64) -> Value {
    if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
        #[allow(clippy::cast_possible_truncation, reason = "whole and within 53 bits")]
        return Value::from(float as i64);
    }
    Number::from_f64(float).map_or(Value::Null, Value::Number)
}

/// A whole number as JavaScript holds it.
#[allow(
    clippy::cast_precision_loss,
    reason = "JavaScript's numbers are floats"
)]
fn float(whole: i64) -> f64 {
    whole as f64
}

/// `parseInt`: the leading whole number of a text, hexadecimal behind `0x`. One that is too large is the largest.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let trimmed = trim(text);
    let unsigned = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    let (radix, digits) = match unsigned.get(..2) {
        Some("0x" | "0X") => (16, unsigned.get(2..)?),
        _ => (10, unsigned),
    };
    let end = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let digits = digits.get(..end).filter(|digits| !digits.is_empty())?;
    let value = i64::from_str_radix(digits, radix).unwrap_or(i64::MAX);
    Some(if trimmed.starts_with('-') {
        -value
    } else {
        value
    })
}

/// Case folding as a regular expression without the `u` flag does it.
pub(super) fn fold(text: &str) -> String {
    let folded = text.chars().map(|c| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) if c.is_ascii() || !one.is_ascii() => one,
            _ => c,
        }
    });
    folded.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_javascript_reads_them() {
        for (text, value) in [
            (" 3 ", Some(3)),
            ("", Some(0)),
            ("0x10", Some(16)),
            ("3x", None),
            ("inf", None),
        ] {
            assert_eq!(number(text), value.map(Value::from), "{text:?}");
        }
        assert_eq!(number("2.5"), Some(Value::from(2.5)));
        for (text, value) in [
            ("2x", Some(2)),
            ("-2", Some(-2)),
            ("2.9", Some(2)),
            ("0x2g", Some(2)),
            ("99999999999999999999", Some(i64::MAX)),
            ("0x", None),
            ("x", None),
        ] {
            assert_eq!(parse_int(text), value, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_written_as_javascript_writes_them() {
        for (json, text) in [
            ("5.0", "5"),
            ("-0.5", "-0.5"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("-1.25e-7", "-1.25e-7"),
            ("0.000001", "0.000001"),
            ("12345678901234567890", "12345678901234567000"),
        ] {
            let value = numbers(serde_json::from_str(json).expect("JSON"));
            assert_eq!(number_text(value.as_number().expect("a number")), text);
        }
    }

    #[test]
    fn folding_keeps_what_has_no_single_capital() {
        assert_eq!(fold("épsilon ß"), "ÉPSILON ß");
    }
}
