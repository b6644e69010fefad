use proptest::prelude::*;

use super::*;

fn resolve(text: &str) -> Result<String, Vec<String>> {
    let mut texts = Texts::default();
    let source = texts.add("a.yaml", format!("x: {text}"));
    let end = u32::try_from(text.len() + 3).unwrap();
    let at = Place {
        source,
        bytes: 3..end,
    };
    let mut variables = Variables::default();
    variables.plain.insert("room".to_owned(), "ops".to_owned());
    variables
        .secrets
        .insert("key".to_owned(), Secret::new("hunter2"));
    let mut resolver = Resolver::new(&variables, &texts);
    let value = resolver.text(text, &at, Secrets::Allowed);
    let findings = resolver.findings;
    value.map(|value| value.expose().unwrap()).ok_or_else(|| {
        findings
            .iter()
            .map(|f| {
                format!(
                    "{} {:?}",
                    f.code.0,
                    texts.start(f.place.as_ref().unwrap()).column
                )
            })
            .collect()
    })
}

#[test]
fn references_are_replaced_wherever_they_stand() {
    assert_eq!(
        resolve("#${var.room}-${var.room}").as_deref(),
        Ok("#ops-ops")
    );
    assert_eq!(resolve("k=${secret.key}&").as_deref(), Ok("k=hunter2&"));
    assert_eq!(resolve("a$${var.room}b").as_deref(), Ok("a${var.room}b"));
    assert_eq!(resolve("$5 and }").as_deref(), Ok("$5 and }"));
}

#[test]
fn before_a_brace_two_dollars_stand_for_one() {
    for (written, read) in [
        ("$$${var.room}", "$ops"),
        ("$$$${var.room}", "$${var.room}"),
        ("a $$$$${var.room}", "a $$ops"),
        ("$$5 $$", "$$5 $$"),
        ("$${var.room} ${var.room}", "${var.room} ops"),
    ] {
        assert_eq!(resolve(written).as_deref(), Ok(read), "{written}");
    }
    // What is wrong is told at its own place behind them.
    assert_eq!(
        resolve("$$${var.x}"),
        Err(vec!["undefined-variable 6".to_owned()])
    );
}

proptest! {
    #[test]
    fn what_is_written_literally_reads_as_it_was(text in "[$a{}.]{0,12}|[$]{0,4}[{]var.room[}]") {
        prop_assert_eq!(resolve(&literally(&text)), Ok(text));
    }
}

#[test]
fn an_empty_secret_is_none() {
    let problems = |undefined| {
        let mut texts = Texts::default();
        let source = texts.add("a.yaml", "x: ${secret.key}".to_owned());
        let at = Place {
            source,
            bytes: 3..16,
        };
        let variables = Variables {
            secrets: [("key".to_owned(), Secret::new(""))].into(),
            undefined_secrets: undefined,
            ..Variables::default()
        };
        let mut resolver = Resolver::new(&variables, &texts);
        resolver.text("${secret.key}", &at, Secrets::Allowed);
        let told = resolver.findings.iter().map(|it| it.message.clone());
        (told.collect::<Vec<_>>(), resolver.made_up.len())
    };
    let words = "`${secret.key}` is set, and its value is empty".to_owned();
    assert_eq!(problems(Undefined::Refused), (vec![words], 0));
    assert_eq!(problems(Undefined::Unknown), (vec![], 0));
    assert_eq!(problems(Undefined::MadeUp), (vec![], 1));
}

#[test]
fn what_cannot_be_replaced_is_reported_at_its_own_place() {
    assert_eq!(
        resolve("#${var.Room2}"),
        Err(vec!["undefined-variable 5".to_owned()])
    );
    assert_eq!(
        resolve("a ${HOME}"),
        Err(vec!["malformed-reference 6".to_owned()])
    );
    assert_eq!(
        resolve("a ${var.x"),
        Err(vec!["malformed-reference 6".to_owned()])
    );
    assert_eq!(
        resolve("${secret.a}${secret.b}"),
        Err(vec![
            "undefined-secret 4".to_owned(),
            "undefined-secret 15".to_owned()
        ])
    );
}

#[test]
fn a_name_is_taken_as_written() {
    assert_eq!(
        resolve("${var.Room}"),
        Err(vec!["undefined-variable 4".to_owned()])
    );
    assert!(resolve("${var.1}").is_err());
}

#[test]
fn what_is_made_of_values_is_bounded_and_told_once() {
    let mut texts = Texts::default();
    let text = "${var.long}".repeat(100);
    let source = texts.add("a.yaml", text.as_str());
    let at = Place::new(source, 0..text.len());
    let mut variables = Variables::default();
    let long = "x".repeat(1 << 20);
    variables.plain.insert("long".to_owned(), long.clone());
    variables
        .secrets
        .insert("long".to_owned(), Secret::new(long));
    let mut resolver = Resolver::new(&variables, &texts);
    let once = resolver.text("${var.long}${secret.long}", &at, Secrets::Allowed);
    assert!(once.is_some() && resolver.findings.is_empty());
    for _ in 0..2 {
        assert!(resolver.text(&text, &at, Secrets::Allowed).is_none());
    }
    let codes: Vec<_> = resolver.findings.iter().map(|it| it.code.0).collect();
    assert_eq!(codes, ["too-much"]);
}

#[test]
fn names_of_any_length_and_number_are_looked_up_soon() {
    let mut texts = Texts::default();
    let text = format!(
        "${{var.{}}}{}",
        "A".repeat(1 << 20),
        "${var.roon}".repeat(20_000)
    );
    let source = texts.add("a.yaml", text.as_str());
    let at = Place::new(source, 0..text.len());
    let mut variables = Variables::default();
    for number in 0..200 {
        let name = format!("room{number}");
        variables.plain.insert(name, String::new());
    }
    let start = std::time::Instant::now();
    let mut resolver = Resolver::new(&variables, &texts);
    assert!(resolver.text(&text, &at, Secrets::Allowed).is_none());
    assert_eq!(resolver.findings.counts().errors, 20_001);
    // To compare each with each would take minutes.
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}
