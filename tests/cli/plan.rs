//! `rcsync plan`.

use serde_json::json;

use crate::support::{Run, Sandbox, manifest, rcsync};

const EXAMPLE: &str = "examples/integrations.yaml";

#[test]
fn a_plan_sends_get_requests_alone() {
    let sandbox = Sandbox::inventive();
    let run = Run::of(
        sandbox
            .rcsync(&["plan", EXAMPLE])
            .env("RCSYNC_SECRET_guggy_token", "s3cret"),
    )
    .exits(0);
    assert!(run.out.contains("Plan: 7 to create"), "{}", run.out);
    let mut first = sandbox.requests();
    let mut second = first.split_off(3);
    first.sort();
    second.sort();
    assert_eq!(
        first,
        [
            "GET /api/info 200",
            "GET /api/v1/integrations.list 200",
            "GET /api/v1/me 200",
        ]
    );
    // Who the posting users are, whether they may, and whether what is posted to is there.
    assert_eq!(
        second,
        [
            "GET /api/v1/channels.list 200",
            "GET /api/v1/permissions.listAll 200",
            "GET /api/v1/rooms.info 200",
            "GET /api/v1/rooms.info 200",
            "GET /api/v1/users.info 200",
            "GET /api/v1/users.info 200",
        ]
    );
    assert!(sandbox.records().is_empty());
}

#[test]
fn the_heading_names_server_version_and_account() {
    let sandbox = Sandbox::strict();
    let path = sandbox.file("a.yaml", &manifest(1));
    let run = sandbox.run(&["plan", &path]).exits(0);
    let heading = format!(
        "rcsync plan · {} · Rocket.Chat 9.1 · as alice.admin\n",
        sandbox.url
    );
    assert!(run.out.starts_with(&heading), "{}", run.out);
    assert_eq!(run.err, "");
}

#[test]
fn the_detailed_exit_code_tells_changes_from_none() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(1));
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(2);
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(0);
    sandbox.file("a.yaml", &manifest(2));
    sandbox.run(&["plan", &path]).exits(0);
    sandbox
        .run(&["diff", &path, "--detailed-exitcode"])
        .exits(2);
}

#[test]
fn several_records_of_one_name_block_the_entry() {
    let sandbox = Sandbox::inventive();
    let body = json!({
        "type": "webhook-incoming", "name": "Hook 0", "enabled": true, "username": "rocket.cat",
        "channel": "#general", "scriptEnabled": false
    });
    let ids = [sandbox.store(&body), sandbox.store(&body)];
    let path = sandbox.file("a.yaml", &manifest(2));
    let run = sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(2);
    assert!(
        ids.iter().all(|id| run.out.contains(id.as_str())),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("1 to create") && run.out.contains("1 blocked"),
        "{}",
        run.out
    );
    // The rest of the plan goes on; the run is not a success.
    let run = sandbox.run(&["apply", "--yes", &path]).exits(6);
    assert!(
        run.out.contains("Applied in part: 1 created, 1 blocked."),
        "{}",
        run.out
    );
    assert_eq!(sandbox.records().len(), 3);
}

#[test]
fn a_listing_of_many_pages_is_read_whole() {
    let sandbox = Sandbox::inventive();
    let path = sandbox.file("a.yaml", &manifest(250));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let before = sandbox.requests().len();
    let run = sandbox
        .run(&["plan", &path, "--detailed-exitcode"])
        .exits(0);
    assert!(
        run.out
            .ends_with("No changes. All 250 integrations match the manifests.\n"),
        "{}",
        run.out
    );
    // All in one answer.
    assert_eq!(sandbox.requests().len() - before, 3);
}

#[test]
fn ten_thousand_integrations_plan() {
    let folder = tempfile::tempdir().unwrap();
    let path = crate::support::write(folder.path(), "a.yaml", &manifest(10_000));
    let state = folder.path().join("s.jsonl");
    let flag = format!("--sandbox={}", state.display());
    let run = Run::of(&mut rcsync(&["plan", &path, &flag])).exits(0);
    assert!(
        run.out.contains("Plan: 10000 to create"),
        "{}",
        &run.out[run.out.len() - 200..]
    );
}

#[test]
fn a_plan_for_another_version_shows_what_an_upgrade_would_bring() {
    // Up to 8.5 anybody may be posted as; 8.6 requires a permission that people do not have.
    let sandbox = Sandbox::with(&["--server-version", "8.5", "--invent"]);
    let path = sandbox.file("a.yaml", &manifest(1).replace("rocket.cat", "paul"));
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    sandbox.act(&json!({ "action": "change-roles", "username": "paul", "roles": ["user"] }));

    let plan = |flags: &[&str]| {
        let fixed = [
            "plan",
            path.as_str(),
            "--preflight=full",
            "--detailed-exitcode",
        ];
        sandbox.run(&[&fixed[..], flags].concat())
    };
    plan(&[]).exits(0);
    let run = plan(&["--server-version", "8.6"]).exits(2);
    assert!(
        run.out.contains("Rocket.Chat 8.5.0 (planned as 8.6)"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("posting-user-may-not-impersonate"),
        "{}",
        run.out
    );
    let run = plan(&["--server-version", "99.1"]);
    assert!(
        run.err
            .contains("warning: --server-version 99.1 is newer than"),
        "{}",
        run.err
    );
    plan(&["--server-version", "latest"]).exits(3);
}

/// Manifests of incoming webhooks: name, poster, channel.
fn webhooks(sandbox: &Sandbox, all: &[(&str, &str, &str)]) -> String {
    let entries = all.iter().map(|(name, user, channel)| {
        format!(
            "  - {{ type: webhook-incoming, name: {name}, username: {user}, channel: {channel} }}\n"
        )
    });
    let text = format!("integrations:\n{}", entries.collect::<String>());
    sandbox.file("rooms.yaml", &text)
}

/// The lines from the first that begins so, without what differs between runs.
fn from<'r>(run: &'r Run, begins: &str) -> &'r str {
    let at = run.out.find(begins);
    at.map_or_else(|| panic!("{}", run.out), |at| &run.out[at..])
}

#[test]
fn rooms_that_take_no_message_are_notes() {
    let sandbox = Sandbox::with(&["--fixture", "tests/cli/rooms.json"]);
    let path = webhooks(
        &sandbox,
        &[
            ("A", "botty", "'#news'"),
            ("B", "botty", "'#old'"),
            ("C", "botty", "'#secret'"),
            ("D", "rocket.cat", "'#team'"),
            ("E", "botty", "['#team', '#general']"),
        ],
    );
    // Sees all rooms, and is in none.
    let run = sandbox.run(&["plan", &path, "--preflight=full"]).exits(0);
    insta::assert_snapshot!(from(&run, "Note:"), @r"
    Note: the room `#news` is read-only: `botty` can only post there as its owner or
    moderator, or with the permission `post-readonly`.
    Note: the room `#old` is archived: the server posts nothing to it.
    Note: the room `#secret` is private, and this account cannot see whether `botty`
    is in it: if not, the server posts nothing there.
    Note: the room `#team` is private, and this account cannot see whether `botty`
    is in it: if not, the server posts nothing there.
    Note: the room `#team` is private, and this account cannot see whether
    `rocket.cat` is in it: if not, the server posts nothing there.
    ");
    // Is in one of the private rooms.
    let mut lead = sandbox.rcsync_as("uLead", "tok-lead", &["plan", &path, "--preflight=full"]);
    let run = Run::of(&mut lead).exits(0);
    insta::assert_snapshot!(from(&run, "Note:"), @r"
    Note: the room `#news` is read-only: `botty` can only post there as its owner or
    moderator, or with the permission `post-readonly`.
    Note: the room `#old` is archived: the server posts nothing to it.
    Note: the room `#secret` is private, and this account cannot see whether `botty`
    is in it: if not, the server posts nothing there.
    Note: `botty` is not in the private room `#team`: the server posts nothing there
    until it is.
    ");
    // What is up to date is asked for nothing.
    sandbox.run(&["apply", "--yes", &path]).exits(0);
    let before = sandbox.requests().len();
    let run = sandbox.run(&["plan", &path]).exits(0);
    assert!(!run.out.contains("Note:"), "{}", run.out);
    assert_eq!(sandbox.requests().len(), before + 3);
}

#[test]
fn everything_that_is_wrong_with_an_entry_is_told_at_once() {
    let sandbox = Sandbox::with(&["--fixture", "tests/cli/rooms.json"]);
    let path = webhooks(
        &sandbox,
        &[(
            "A",
            "bothy",
            "['#genral', '#Operations', '#team', '@bottty']",
        )],
    );
    let mut lead = sandbox.rcsync_as("uLead", "tok-lead", &["plan", &path]);
    let run = Run::of(&mut lead).exits(0);
    insta::assert_snapshot!(from(&run, "    username"), @"
        username  bothy
        channel   #genral, #Operations, #team, @bottty
        posting-user-missing: no user is named `bothy`: the server refuses every
        change of this webhook
        create the user, or correct its name (case matters)
        room-missing: there is no room `#genral`
        did you mean `#general`?
        room-missing: there is no room `#Operations`
        did you mean `#ops`?
        user-missing: there is no user `@bottty`
        create the user, or correct its name (case matters)

    Plan: 0 to create, 0 to update, 0 to disable, 0 to delete;
          1 blocked, 0 unchanged.
    ");
    // The names of the rooms are asked for when one is missing; a user is hardly meant where a room has the name.
    let path = webhooks(&sandbox, &[("B", "botty", "['#Genral', '@news']")]);
    let before = sandbox.requests().len();
    let mut lead = sandbox.rcsync_as("uLead", "tok-lead", &["plan", &path]);
    let run = Run::of(&mut lead).exits(0);
    insta::assert_snapshot!(from(&run, "    channel"), @r"
        channel   #Genral, @news
        room-missing: there is no room `#Genral`
        did you mean `#general`?
        user-missing: there is no user `@news`
        did you mean `#news`?

    Plan: 0 to create, 0 to update, 0 to disable, 0 to delete;
          1 blocked, 0 unchanged.
    ");
    let lists = |request: &&String| request.contains("channels.list");
    assert_eq!(sandbox.requests()[before..].iter().filter(lists).count(), 1);
    // An account that may not list them knows those that it is in.
    let path = webhooks(&sandbox, &[("C", "botty", "'#taem'")]);
    let mut own = sandbox.rcsync_as("uHook", "tok-hook", &["plan", &path]);
    let run = Run::of(&mut own).exits(0);
    insta::assert_snapshot!(from(&run, "    channel"), @r"
        channel   #taem
        room-missing: there is no room `#taem`
        did you mean `#team`?

    Plan: 0 to create, 0 to update, 0 to disable, 0 to delete;
          1 blocked, 0 unchanged.
    Partial view: this plan has no integrations of other accounts;
      this account sees incoming: all, outgoing: none.
    ");
}
