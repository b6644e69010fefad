use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

fn mask(secrets: &[&str], text: &str) -> String {
    Redactor::new(secrets.iter().copied()).mask(text)
}

#[test]
fn a_short_secret_is_masked_as_a_word_of_its_own() {
    for (text, masked) in [
        ("4711", "(secret)"),
        ("pin-4711_x", "pin-(secret)_x"),
        (
            "https://h/4711?k=4711 47110",
            "https://h/(secret)?k=(secret) 47110",
        ),
        ("a4711 ä4711 4711ä", "a4711 ä4711 4711ä"),
        // Behind an escape it is a word as well.
        ("%2F4711%2F", "%2F(secret)%2F"),
    ] {
        assert_eq!(mask(&["4711"], text), masked, "{text}");
    }
    assert_eq!(mask(&["a", " "], "a ba a-b"), "(secret) ba (secret)-b");
}

#[test]
fn a_long_secret_is_masked_inside_of_words() {
    assert_eq!(mask(&["hunter2!"], "xhunter2!x"), "x(secret)x");
    assert_eq!(mask(&["hunter2!", "ter2!abc"], "hunter2!abc"), "(secret)");
}

#[test]
fn a_secret_is_masked_in_every_form_that_a_server_echoes() {
    let secret = "p/ä\"ss +w=rd&\u{1f600}";
    let json = serde_json::to_string(secret).unwrap();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let twice = utf8_percent_encode(&percent, NON_ALPHANUMERIC).to_string();
    let form = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>();
    let url = url::Url::parse(&format!("https://h.example/{secret}?k={secret}")).unwrap();
    let forms = [
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        serde_json::to_string(&json).unwrap(),
        "p\\/\\u00E4\\x22ss +w\\u003drd\\u{26}\\ud83d\\uDE00".to_owned(),
        percent.to_ascii_lowercase(),
        serde_json::to_string(&form).unwrap(),
        url.to_string(),
        form,
        percent,
        twice,
        "p&#x2F;&#228;&quot;ss +w=rd&amp;\u{1f600}".to_owned(),
    ];
    for form in forms {
        let shown = mask(&[secret], &format!("before:{form}:after"));
        assert!(shown.contains(MASK), "{form}: {shown}");
        for rest in ["ss", "rd", "ä", "u00", "26"] {
            assert!(!shown.contains(rest), "{form}: {shown}");
        }
        assert!(
            shown.starts_with("before:") && shown.ends_with(":after"),
            "{shown}"
        );
    }
}

#[test]
fn a_secret_is_masked_in_base64_wherever_it_falls() {
    for before in ["", "a", "ab", "user:"] {
        for after in ["", "z", "zz"] {
            let whole = format!("{before}s3cret~>?{after}");
            for encoded in [
                BASE64_STANDARD.encode(&whole),
                BASE64_URL_SAFE_NO_PAD.encode(&whole),
            ] {
                let shown = mask(&["s3cret~>?"], &format!("Basic {encoded}"));
                assert!(shown.contains(MASK), "{whole}: {shown}");
                // What is left holds no bit of it: it is of its neighbours.
                assert!(shown.len() <= "Basic (secret)".len() + 12, "{shown}");
            }
        }
    }
    // Of a short secret, too.
    let shown = mask(&["4711"], &BASE64_STANDARD.encode("deploy:4711"));
    assert!(shown.contains(MASK), "{shown}");
}

#[test]
fn of_a_url_its_credentials_and_its_path_are_secrets_as_well() {
    let url = "https://user-1:pass%20word@h.example/services/T000/B000/xyz?k=v#f";
    for (text, masked) in [
        ("POST /services/T000/B000/xyz?k=v 404", "POST (secret) 404"),
        ("bad password pass word", "bad password (secret)"),
        ("no user user-1", "no user (secret)"),
        ("connect h.example", "connect h.example"),
    ] {
        assert_eq!(mask(&[url], text), masked, "{text}");
    }
}

#[test]
fn a_line_of_a_secret_of_several_lines_is_masked_alone() {
    let key = "-----BEGIN KEY-----\nMIIEow0123\n-----END KEY-----\n";
    let text = Redactor::new([key]).mark(&format!("const key = `{key}`;"));
    let lines: Vec<_> = text.lines().iter().map(Text::masked).collect();
    assert!(!lines.join("\n").contains("MII"), "{lines:?}");
    assert_eq!(mask(&[key], "a MIIEow0123 b"), "a (secret) b");
}

#[test]
fn a_number_is_masked_however_it_is_written() {
    let redactor = Redactor::new(["12345678901234567890123", "4711"]);
    let number = |text: &str| serde_json::from_str::<serde_json::Number>(text).unwrap();
    for secret in ["12345678901234567890123", "1.2345678901234568e22", "4711.0"] {
        assert!(redactor.finds_number(&number(secret)), "{secret}");
    }
    assert!(!redactor.finds_number(&number("4712")));
}

#[test]
fn a_quote_is_one_short_harmless_line() {
    let quote = |text: &str| Redactor::default().quote(text);
    assert_eq!(quote("\n <html> \n<body>"), "<html>");
    assert_eq!(quote("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
    assert_eq!(quote(&"é".repeat(300)).chars().count(), LONGEST);
    assert_eq!(Redactor::default().quote_all("a \n b\n"), "a; b");
}

#[test]
fn secrets_are_masked_before_anything_is_cut() {
    let redactor = Redactor::new(["", "hunter", "hunter2\nline"]);
    let text = format!("{}hunter2\nline hunter", "x ".repeat(LONGEST / 2 - 2));
    assert!(!redactor.quote(&text).contains("hun"));
    assert_eq!(
        redactor.quote("hunter2\nline and hunter"),
        "(secret) and (secret)"
    );
    assert!(!format!("{redactor:?}").contains("hunter"));
    // Also where so much of it is masked that the cut of a long text comes into sight.
    let secret = "0123456789".repeat(100);
    let shown = Redactor::new([secret.as_str()]).quote(&secret.repeat(40));
    assert_eq!(shown, MASK);
}

#[test]
fn a_text_of_a_server_shows_no_secret_and_compares_as_it_came() {
    let text = ServerText::new("is hunter22 here", &Redactor::new(["hunter22"]));
    assert_eq!(
        format!("{text} {text:?}"),
        "is (secret) here \"is (secret) here\""
    );
    assert_eq!(
        serde_json::to_string(&text).unwrap(),
        "\"is (secret) here\""
    );
    assert_eq!(text, ServerText::from("is hunter22 here"));
    let made = text.map(|text| format!("#{text}"));
    assert_eq!(made.to_string(), "#is (secret) here");
}

#[test]
fn a_percent_before_a_secret_does_not_hide_it() {
    let secret = "00a%aAäA";
    let form = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    let twice = utf8_percent_encode(&form, NON_ALPHANUMERIC).to_string();
    for before in ["%", "%a", "é%", "%2", "%25", ""] {
        for form in [&form, &twice] {
            let shown = mask(&[secret], &format!("{before}{form}"));
            assert!(shown.ends_with(MASK), "{before}{form}: {shown}");
        }
    }
    // What looks like a part of it is in the middle of another character here.
    assert_eq!(mask(&["9abcdefgh"], "éabcdefgh"), MASK);
}

proptest! {
    /// Whatever comes around it, in whatever form: a long secret does not come through, and no stretch is cut wrongly.
    #[test]
    fn no_text_lets_a_secret_through(
        secret in "[a-zA-Z0-9/+\"&%äß ]{8,20}",
        before in "(?s).{0,40}",
        after in "(?s).{0,40}",
        form in 0..5_usize,
    ) {
        let written = match form {
            0 => secret.clone(),
            1 => serde_json::to_string(&secret).unwrap(),
            2 => utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string(),
            3 => url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            _ => serde_json::to_string(&utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string()).unwrap(),
        };
        let redactor = Redactor::new([secret.as_str()]);
        let shown = redactor.mask(&format!("{before}{written}{after}"));
        prop_assert!(!shown.contains(&secret), "{shown}");
        prop_assert!(shown.contains(MASK), "{shown}");
        let marked = redactor.mark(&shown);
        prop_assert_eq!(marked.expose(), Some(shown));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn a_long_text_is_looked_at_whole(at in 0..150_000_usize, length in 1_usize..1500) {
        let secret = "s".repeat(length) + "/ecret99";
        let form = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
        let mut text = "x ".repeat(75_000);
        text.insert_str(at, &form);
        let shown = Redactor::new([secret.as_str()]).mask(&text);
        prop_assert!(!shown.contains("ecret99"));
    }
}
