use serde_json::json;

use super::*;

fn record(json: &Json) -> Record {
    Record::decode(json.as_object().unwrap().clone(), &Redactor::default()).unwrap()
}

fn fields(extra: &Json) -> Result<Fields, DecodeError> {
    let mut json = json!({"_id": "a1", "type": "webhook-outgoing", "name": "Out",
        "event": "sendMessage", "channel": ["#general"], "urls": ["http://x"]});
    let extra = extra.as_object().unwrap().clone();
    json.as_object_mut().unwrap().extend(extra);
    record(&json).fields().cloned()
}

fn value(fields: &Fields, name: &str) -> Option<Value> {
    fields.get(fields.kind().field(name).unwrap()).cloned()
}

fn texts(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items.iter().filter_map(Text::expose).collect(),
        other => panic!("{other:?} is no list"),
    }
}

#[test]
fn absent_and_null_are_no_value() {
    let fields = fields(&json!({"alias": null})).unwrap();
    assert!(value(&fields, "alias").is_none());
    assert!(value(&fields, "script").is_none());
}

#[test]
fn whole_numbers_are_read_and_others_refused() {
    let read = |json: Json| fields(&json!({ "retryCount": json }));
    let number = |json: Json| match value(&read(json).unwrap(), "retryCount") {
        Some(Value::Number(number)) => number,
        other => panic!("{other:?} is no number"),
    };
    assert_eq!(number(json!(3)), 3);
    assert_eq!(number(json!(3.0)), 3);
    for refused in [json!(3.5), json!(1e300), json!("3")] {
        let error = read(refused).unwrap_err().to_string();
        assert_eq!(error, "record a1: `retryCount` is not a whole number");
    }
}

#[test]
fn a_legacy_text_of_channels_is_split() {
    let fields = fields(&json!({"channel": "#a, @b"})).unwrap();
    assert_eq!(texts(value(&fields, "channel")), ["#a", "@b"]);
}

#[test]
fn a_wrong_type_is_named_without_its_value() {
    for (field, wrong) in [
        ("token", json!(["hunter2"])),
        ("runOnEdits", json!("hunter2")),
        ("urls", json!("hunter2")),
        ("triggerWords", json!(["hunter2", 7])),
        ("alias", json!({"hunter2": true})),
    ] {
        let error = fields(&json!({ field: wrong })).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(field) && text.contains("a1"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn unknown_kinds_and_records_without_id_are_told_apart() {
    let decode = |json: Json| {
        Record::decode(json.as_object().unwrap().clone(), &Redactor::default()).map(|_| ())
    };
    let id = ServerId::from("a1".to_owned());
    assert_eq!(decode(json!({"name": "x"})), Err(DecodeError::NoId));
    for stranger in [
        json!({"_id": "a1", "name": "x"}),
        json!({"_id": "a1", "type": "webhook-sideways", "name": "x"}),
        json!({"_id": "a1", "type": "webhook-incoming", "name": 7}),
    ] {
        let stranger = decode(stranger);
        assert_eq!(stranger, Err(DecodeError::Stranger { id: id.clone() }));
    }
    let nameless = json!({"_id": "a1", "type": "webhook-incoming", "name": null});
    assert_eq!(record(&nameless).name, "");
}

#[test]
fn facts_beside_the_fields() {
    let record = record(
        &json!({"_id": "a1", "type": "webhook-incoming", "name": "In", "userId": "u7",
        "_createdAt": "2026-05-02T08:00:00.000Z", "_updatedAt": "2026-05-03T08:00:00.000Z",
        "_createdBy": {"_id": "Kd2", "username": "deploy"}, "token": "hunter2", "scriptCompiled": "",
        "scriptError": {"name": "SyntaxError", "message": "\nunknown: oops (3:14)\n > 3 | x", "stack": "s"}}),
    );
    assert_eq!(record.creator, Some("deploy".into()));
    assert_eq!(record.created_by_id(), Some("Kd2".into()));
    assert_eq!(record.user_id(), Some("u7".into()));
    assert_eq!(record.created_at(), Some("2026-05-02T08:00:00.000Z".into()));
    assert_eq!(record.updated_at(), Some("2026-05-03T08:00:00.000Z".into()));
    assert!(!record.script_compiled());
    let error = record.script_error();
    assert_eq!(error.as_deref(), Some("SyntaxError: unknown: oops (3:14)"));
    assert!(!format!("{record:?}").contains("hunter2"));
}
