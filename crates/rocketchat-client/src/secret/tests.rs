use super::*;

#[test]
fn a_secret_never_prints() {
    let mut text = Text::from("https://example.org/");
    text.push(Piece::Secret(Secret::new("hunter2")));
    assert!(!format!("{text:?} {:?}", Secret::new("hunter2")).contains("hunter2"));
    assert_eq!(text.as_plain(), None);
    assert_eq!(
        text.expose().as_deref(),
        Some("https://example.org/hunter2")
    );
}

#[test]
fn an_observed_url_shows_its_host_alone() {
    assert_eq!(
        outline("https://u:p@h.example:8443/a/b?k=v"),
        "https://h.example:8443/…"
    );
    assert_eq!(outline("http://h.example"), "http://h.example/");
    assert_eq!(outline("not a url"), "(not shown)");
}

#[test]
fn a_secret_is_found_in_a_text() {
    assert!(Secret::new("b").is_in("abc"));
    assert!(!Secret::new("d").is_in("abc"));
    assert!(!Secret::new(" ").is_in("a b") && !Secret::Unknown.is_in("abc"));
}

fn framed(before: &str, secret: &str, after: &str) -> Text {
    let mut text = Text::from(before);
    text.push(Piece::Secret(Secret::new(secret)));
    text.push(Piece::Plain(after.into()));
    text
}

#[test]
fn lines_keep_their_secrets() {
    let text = framed("a\r\nkey = '", "one\n\ntwo", "';\nb\n\n");
    let shown: Vec<_> = text.lines().iter().map(Text::masked).collect();
    assert_eq!(shown, ["a", "key = '(secret)", "", "(secret)';", "b"]);
    assert_eq!(Text::from("").lines().len(), 0);
    assert_eq!(Text::from(Secret::Unknown).lines().len(), 1);
}

#[test]
fn a_text_is_framed_by_the_plain_stretches_around_secrets() {
    let line = framed("key = '", "new", "';");
    for (text, is_framed) in [
        ("key = 'new';", true),
        ("key = 'old';", true),
        ("key = '';", true),
        ("key = 'old'", false),
        ("const key = 'old';", false),
        ("key = 'o';'p';", true),
        ("key = '", false),
    ] {
        assert_eq!(line.frames(text), is_framed, "{text}");
    }
    // What frames nothing would frame everything.
    assert!(!framed(" ", "x", "").frames(" anything"));
    let mut two = framed("a", "x", "b");
    two.push(Piece::Secret(Secret::new("y")));
    assert!(two.frames("a1b2") && !two.frames("a12"));
}

#[test]
fn texts_compare_by_what_they_read() {
    let mut secret = Text::from("a");
    secret.push(Piece::Secret(Secret::new("b")));
    assert_eq!(secret.same(&Text::from("ab")), Some(true));
    assert_eq!(secret.same(&Text::from("ac")), Some(false));
    secret.push(Piece::Secret(Secret::Unknown));
    assert_eq!(secret.same(&Text::from("ab")), None);
}
