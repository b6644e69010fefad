//! Replays recorded cases and compares: the format is described in `tests/vectors/README.md`.

use std::fs;
use std::path::Path;
use std::thread;

use serde_json::{Map, Value as Json, json};
use webhook_script::Sandbox;
use webhook_script::delivery::{self, Integration, User, World};
use webhook_script::runtime::{
    Answers, End, Engine, HttpAnswer, HttpCall, Kind, Limits, Load, Method, Mode, Options, Outcome,
    ServerProfile, Thrown, ThrownValue,
};
use webhook_script::value::Value;

/// Cases that no other engine than V8 can be held to.
const LEFT_OUT: [&str; 4] = ["v8-version", "intl", "v8-only", "v8-regexp"];

/// A case, and where the outcome differs from what was recorded: in which mode, what was expected, what came.
pub struct Judged {
    pub name: String,
    pub differences: Vec<(&'static str, String)>,
}

/// What scripts get of the stack, and what the thread has: without optimisation the engine needs much for each call.
const STACK: usize = 4 << 20;
const THREAD_STACK: usize = 16 << 20;

/// Replays all cases of the files `script-*.json` in a folder.
///
/// # Errors
/// Which file cannot be read, and why.
pub fn folder(folder: &Path) -> Result<Vec<Judged>, String> {
    let folder = folder.to_owned();
    let thread = thread::Builder::new().stack_size(THREAD_STACK);
    let judged = thread.spawn(move || files(&folder));
    let judged = judged.map_err(|error| error.to_string())?.join();
    judged.unwrap_or_else(|_| Err("the judge panicked".into()))
}

fn files(folder: &Path) -> Result<Vec<Judged>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("script-") && name.ends_with(".json")
    });
    paths.sort();
    let mut judged = Vec::new();
    for path in paths {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| told(&error))?;
        let file: Json = serde_json::from_str(&whole(&text)).map_err(|error| told(&error))?;
        for case in file["cases"].as_array().into_iter().flatten() {
            judged.extend(self::case(case));
        }
    }
    Ok(judged)
}

/// JSON whose halves of surrogate pairs are replaced, as values of this crate have them.
fn whole(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (length, replaced) = match unit(escape) {
            Some(0xd800..=0xdbff) => match unit(&escape[6..]) {
                Some(0xdc00..=0xdfff) => (12, false),
                _ => (6, true),
            },
            Some(0xdc00..=0xdfff) => (6, true),
            Some(_) => (6, false),
            None => (2, false),
        };
        out.push_str(if replaced {
            "\\ufffd"
        } else {
            &escape[..length]
        });
        rest = &escape[length..];
    }
    out.push_str(rest);
    out
}

fn case(case: &Json) -> Option<Judged> {
    let traits: Vec<&str> = case["traits"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if traits.iter().any(|one| LEFT_OUT.contains(one)) {
        return None;
    }
    let lines = !traits.contains(&"quickjs-line");
    let mut differences = Vec::new();
    for (era, expected) in case["expect"].as_object().into_iter().flatten() {
        for (mode, name) in [(Mode::Transpiled, "transpiled"), (Mode::Raw, "raw")] {
            if era != "both" && era != name {
                continue;
            }
            let mut judge = Judge {
                lines,
                raw: mode == Mode::Raw,
                found: Vec::new(),
            };
            judge.replay(case, expected, mode);
            differences.extend(judge.found.into_iter().map(|found| (name, found)));
        }
    }
    Some(Judged {
        name: case["name"].as_str().unwrap_or_default().to_owned(),
        differences,
    })
}

struct Judge {
    /// Whether lines are judged.
    lines: bool,
    raw: bool,
    found: Vec<String>,
}

impl Judge {
    fn replay(&mut self, case: &Json, expected: &Json, mode: Mode) {
        let kind = match case["kind"].as_str() {
            Some("outgoing") => Kind::Outgoing,
            _ => Kind::Incoming,
        };
        let options = Options {
            http: Box::new(Answers::new(answers(&case["upstream"]))),
            limits: Limits {
                stack: STACK,
                ..Limits::default()
            },
            ..Options::default()
        };
        let profile = ServerProfile {
            sandbox: Sandbox::IsolatedVm,
            mode,
        };
        let script = case["script"].as_str().unwrap_or_default();
        let mut engine = Engine::load_with(script, kind, profile, options);
        if let Some(error) = expected["compile"].get("error") {
            match engine.loaded() {
                Load::Refused(refused) => {
                    if self.lines && error["line"].is_u64() {
                        self.same(
                            "line of compile error",
                            &error["line"],
                            &json!(refused.line),
                        );
                    }
                }
                other => self.differ("compile", error, &format!("{other:?}")),
            }
            return;
        }
        self.load(&expected["load"], &engine);
        let runs = case["runs"].as_array().into_iter().flatten();
        let expected = expected["runs"].as_array().into_iter().flatten();
        for (run, expected) in runs.zip(expected) {
            if run["touch"] == json!(true) {
                engine.saved();
            }
            let Some(method) = run["method"].as_str().and_then(Method::of) else {
                self.differ("run", &run["method"], "no such method");
                continue;
            };
            let input = match kind {
                Kind::Incoming => json!({"request": run["input"]}),
                Kind::Outgoing => run["input"].clone(),
            };
            let input = Value::from_json(&input);
            let outcome = engine.call(method, &input);
            self.end(expected, &outcome);
            self.effects(expected, &outcome, &input, kind, method);
        }
    }

    fn differ(&mut self, what: &str, expected: &Json, got: &str) {
        self.found
            .push(format!("{what}: expected {expected}, got {got}"));
    }

    fn same(&mut self, what: &str, expected: &Json, got: &Json) {
        if !matches(expected, got) {
            self.differ(what, expected, &got.to_string());
        }
    }

    fn load(&mut self, expected: &Json, engine: &Engine) {
        let console = json!(engine.load_console().iter().map(line).collect::<Vec<_>>());
        let logged = expected.get("console").cloned().unwrap_or(json!([]));
        self.same("console of load", &tagged(&logged), &console);
        let loaded = engine.loaded();
        if expected["no_script"] == json!(true) {
            if *loaded != Load::Blank {
                self.differ("load", expected, &format!("{loaded:?}"));
            }
            return;
        }
        match (expected.get("error"), loaded) {
            (None, Load::Methods(methods)) => {
                let names: Vec<_> = methods.iter().map(|method| method.name()).collect();
                self.same("methods", &expected["methods"], &json!(names));
            }
            (Some(error), Load::Failed(end)) => match end {
                End::LoadTimedOut if error["timeout_ms"].is_u64() => {}
                End::OutOfMemory if error["out_of_memory"] == json!(true) => {}
                End::Threw(thrown) => self.thrown("error of load", error, thrown),
                end => self.differ("load", error, &format!("{end:?}")),
            },
            (_, loaded) => self.differ("load", expected, &format!("{loaded:?}")),
        }
    }

    fn thrown(&mut self, what: &str, expected: &Json, thrown: &Thrown) {
        let (name, message) = match &thrown.value {
            ThrownValue::Error { name, message } => (name, message),
            ThrownValue::Other(value) => {
                let expected = &expected["not_an_error"];
                self.same(what, &tagged(expected), &value.to_json());
                return;
            }
        };
        if expected.get("not_an_error").is_some() {
            self.differ(what, expected, &format!("{name}: {message}"));
            return;
        }
        let told = || format!("{name}: {message} {:?}", thrown.place);
        let words =
            expected["message_may_differ"] == json!(true) || expected["message"] == json!(message);
        if expected["name"] != json!(name) || !words {
            self.differ(what, expected, &told());
        }
        if !self.raw || !self.lines || expected["place_may_differ"] == json!(true) {
            return;
        }
        let line = thrown.place.map(|place| place.line);
        let outside = expected["outside_the_script"] == json!(true);
        if (outside && line.is_some())
            || (expected["line"].is_u64() && expected["line"] != json!(line))
        {
            self.differ(&format!("place of {what}"), expected, &told());
        }
    }

    fn end(&mut self, expected: &Json, outcome: &Outcome) {
        let is = |key: &str| expected[key] == json!(true);
        match &outcome.end {
            End::Returned(value) if expected.get("returns").is_some() => {
                self.same("returns", &tagged(&expected["returns"]), &value.to_json());
            }
            End::Threw(thrown) if expected.get("throws").is_some() => {
                self.thrown("throws", &expected["throws"], thrown);
            }
            End::Threw(_) if expected.get("escapes").is_some() => {}
            End::NoMethod if is("method_missing") => {}
            End::Hangs if is("hangs") => {}
            End::NeverSettles if is("never_settles") => {}
            End::OutOfMemory if is("out_of_memory") => {}
            End::IsolateGone if is("isolate_gone") => {}
            End::LoadTimedOut if is("load_timed_out") => {}
            End::NoScript if !has_end(expected) => {}
            end => self.differ("outcome", expected, &format!("{end:?}")),
        }
    }

    fn effects(
        &mut self,
        expected: &Json,
        outcome: &Outcome,
        input: &Value,
        kind: Kind,
        method: Method,
    ) {
        let list = |key: &str| expected.get(key).cloned().unwrap_or(json!([]));
        let console: Vec<_> = outcome.console.iter().map(line).collect();
        self.same("console", &tagged(&list("console")), &json!(console));
        let calls: Vec<_> = outcome.calls.iter().map(call).collect();
        self.same("calls", &list("calls"), &json!(calls));
        match kind {
            Kind::Incoming => {
                let (integration, mut world) = (integration(), world());
                let delivered = delivery::incoming(outcome, input, &integration, &mut world);
                let posts: Vec<_> = delivered.posts.iter().map(post).collect();
                self.same("posts", &list("posts"), &json!(posts));
                let answer = expected.get("answer").cloned().unwrap_or(Json::Null);
                let got = delivered.answer;
                let got = got.map(|got| json!({"status": got.status, "body": got.body}));
                self.same("answer", &answer, &got.unwrap_or(Json::Null));
                self.same("logged", &list("logged"), &json!(delivered.logged));
            }
            Kind::Outgoing => {
                let stepped = delivery::outgoing(outcome, method);
                self.same("history", &list("history"), &json!(stepped.history));
                self.same("logged", &list("logged"), &json!(stepped.logged));
                let escapes = expected
                    .get("escapes")
                    .map(|error| error["message"].clone());
                self.same("escapes", &json!(escapes), &json!(stepped.escapes));
            }
        }
    }
}

/// Whether they are the same; `"<any>"` stands for anything.
fn matches(expected: &Json, got: &Json) -> bool {
    match (expected, got) {
        (Json::String(any), _) if any == "<any>" => true,
        (Json::Array(expected), Json::Array(got)) => {
            let mut pairs = std::iter::zip(expected, got);
            expected.len() == got.len() && pairs.all(|(expected, got)| matches(expected, got))
        }
        (Json::Object(expected), Json::Object(got)) => {
            let mut entries = expected.iter();
            expected.len() == got.len()
                && entries
                    .all(|(key, expected)| got.get(key).is_some_and(|got| matches(expected, got)))
        }
        (expected, got) => expected == got,
    }
}

/// Whether a run's outcome says how it ended.
fn has_end(expected: &Json) -> bool {
    let ends = [
        "returns",
        "throws",
        "method_missing",
        "hangs",
        "never_settles",
        "out_of_memory",
    ];
    let more = ["isolate_gone", "load_timed_out", "escapes"];
    let mut all = ends.iter().chain(&more);
    all.any(|key| expected.get(key).is_some())
}

/// Recorded JSON, its numbers and tags as this crate writes them.
fn tagged(json: &Json) -> Json {
    Value::from_json(json).to_json()
}

fn line(line: &webhook_script::runtime::ConsoleLine) -> Json {
    let level = Json::String(line.level.clone());
    let arguments = line.arguments.iter().map(Value::to_json);
    Json::Array(std::iter::once(level).chain(arguments).collect())
}

fn call(call: &HttpCall) -> Json {
    let mut json = json!({"url": call.url, "method": call.method, "headers": call.headers});
    if let Some(body) = &call.body {
        json["body"] = json!(body);
    }
    json
}

fn post(post: &delivery::Post) -> Json {
    let mut fields: Map<String, Json> = post.fields.clone().into_iter().collect();
    fields.insert("room".into(), json!(post.room));
    fields.insert("username".into(), json!(post.username));
    Json::Object(fields)
}

fn answers(upstream: &Json) -> Vec<HttpAnswer> {
    let answers = upstream.as_array().into_iter().flatten();
    let answer = |answer: &Json| match answer["fail"].as_str() {
        Some(reason) => HttpAnswer::Fail(reason.to_owned()),
        None => HttpAnswer::Response {
            status: answer["status"]
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())
                .unwrap_or(200),
            headers: answer["headers"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
        },
    };
    answers.map(answer).collect()
}

fn integration() -> Integration {
    Integration {
        id: "i1".into(),
        user_id: "rocket.cat".into(),
        channels: vec!["#general".into()],
        may_override_channel: true,
        ..Integration::default()
    }
}

fn world() -> World {
    let user = |id: &str, username: &str, may_impersonate| User {
        id: id.into(),
        username: username.into(),
        may_impersonate,
    };
    World {
        rooms: vec![
            ("GENERAL".into(), "general".into()),
            ("RANDOM".into(), "random".into()),
        ],
        users: vec![
            user("rocket.cat", "rocket.cat", true),
            user("uHuman", "hanna", false),
        ],
        longest_message: 5000,
    }
}
