//! `rcsync export`: a plan right after it is empty.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Sandbox, rcsync};

const HOOKS: &str = "
integrations:
  - type: webhook-outgoing
    name: \"yes\"
    event: sendMessage
    username: rocket.cat
    channel: \"#general\"
    urls: [\"https://hooks.example.org/in?key=${secret.key}\", \"https://hooks.example.org/plain\"]
    token: ${secret.token}
    triggerWords: [\"$${x}\"]
    script: |-
      class Script {
        prepare_outgoing_request() { return null; }
      }
  - type: webhook-incoming
    name: In
    enabled: false
    username: rocket.cat
    channel: [\"#general\", \"@alice.admin\"]
";

/// A server that has them, and the secrets in a file.
fn server() -> Sandbox {
    let sandbox = Sandbox::inventive();
    let secrets = sandbox.file("given.yaml", "key: canary-key\ntoken: canary-token\n");
    let hooks = sandbox.file("hooks.yaml", HOOKS);
    sandbox
        .run(&["apply", "--yes", &hooks, "--secret-file", &secrets])
        .exits(0);
    sandbox
}

fn path(sandbox: &Sandbox, name: &str) -> String {
    sandbox.folder.path().join(name).display().to_string()
}

#[test]
fn a_plan_after_an_export_is_empty_and_an_export_only_asks() {
    let sandbox = server();
    let (out, scripts) = (path(&sandbox, "chat/"), path(&sandbox, "chat/scripts"));
    let secrets = path(&sandbox, "values.yaml");
    let before = sandbox.requests().len();
    let export = sandbox
        .run(&[
            "export",
            "--out",
            &out,
            "--scripts",
            &scripts,
            "--secrets-file",
            &secrets,
        ])
        .exits(0);
    assert!(
        sandbox.requests()[before..]
            .iter()
            .all(|request| request.starts_with("GET "))
    );

    let manifest =
        fs::read_to_string(sandbox.folder.path().join("chat/integrations.yaml")).unwrap();
    assert!(
        !format!("{manifest}{}{}", export.out, export.err).contains("canary"),
        "{manifest}"
    );
    assert!(
        manifest.contains("script: {file: scripts/yes.js}"),
        "{manifest}"
    );
    assert!(
        fs::read_to_string(&secrets)
            .unwrap()
            .contains("?key=canary-key")
    );
    assert_eq!(
        fs::metadata(&secrets).unwrap().permissions().mode() & 0o777,
        0o600
    );

    let plan = [
        "plan",
        &out,
        "--detailed-exitcode",
        "--secret-file",
        &secrets,
    ];
    sandbox.run(&plan).exits(0);
    assert!(
        sandbox
            .run(&plan[..3])
            .exits(3)
            .err
            .contains("${secret.yes_urls}")
    );
}

#[test]
fn without_out_the_manifest_is_the_output_and_a_note_names_the_secrets() {
    let sandbox = server();
    let export = sandbox.run(&["dump"]).exits(0);
    assert!(export.out.contains("\nintegrations:\n") && export.out.contains("    script: |-\n"));
    assert!(export.err.contains("${secret.yes_urls}"), "{}", export.err);
    assert!(!format!("{}{}", export.out, export.err).contains("canary"));
    let manifest = sandbox.file("dumped.yaml", &export.out);
    assert!(
        rcsync(&["validate", &manifest, "--strict"])
            .status()
            .unwrap()
            .success()
    );
    let secrets = sandbox.file(
        "values.yaml",
        "yes_urls: https://hooks.example.org/in?key=canary-key\n",
    );
    let plan = [
        "plan",
        &manifest,
        "--detailed-exitcode",
        "--secret-file",
        &secrets,
    ];
    sandbox.run(&plan).exits(0);
}

#[test]
fn what_exists_is_replaced_only_when_asked() {
    let sandbox = server();
    let out = sandbox.file("old.yaml", "old");
    let secrets = path(&sandbox, "values.yaml");
    let flags = [
        "export",
        "--out",
        &out,
        "--secrets-file",
        &secrets,
        "--force",
    ];
    let refused = sandbox.run(&flags[..5]).exits(3);
    assert!(
        refused.err.contains("old.yaml exists already"),
        "{}",
        refused.err
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    assert!(!fs::exists(&secrets).unwrap());
    sandbox.run(&flags).exits(0);
    assert!(fs::read_to_string(&out).unwrap().contains("integrations:"));
}

#[test]
fn ids_are_printed_for_a_manifest_that_is_there() {
    let sandbox = server();
    let hooks = path(&sandbox, "hooks.yaml");
    let ids = sandbox.run(&["export", "--match", &hooks]).exits(0).out;
    assert!(
        ids.contains("hooks.yaml:3:5 webhook-outgoing `yes`\n    id: "),
        "{ids}"
    );
    assert_eq!(ids.matches("  # created by ").count(), 2, "{ids}");
}

#[test]
fn flags_that_do_not_go_together_are_refused_before_any_request() {
    let sandbox = Sandbox::inventive();
    let (out, elsewhere) = (path(&sandbox, "chat/"), path(&sandbox, "elsewhere"));
    let inside = path(&sandbox, "chat/secrets.yaml");
    for flags in [
        &["export", "--scripts", &elsewhere][..],
        &["export", "--out", &out, "--scripts", &elsewhere],
        &["export", "--out", &out, "--secrets-file", &inside],
        &["export", "--match", &out, "--out", &out],
        &["export", "--match"],
    ] {
        sandbox.run(flags).exits(3);
    }
    assert!(sandbox.requests().is_empty());
    assert!(!fs::exists(&out).unwrap());
}
