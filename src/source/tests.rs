use std::fs::{self, File};

use tempfile::TempDir;

use super::*;

/// A folder with these files, each holding its own path.
fn folder(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

/// What paths below a folder give: the origins read, and the findings.
fn read(folder: &TempDir, paths: &[&str]) -> (Sources, Vec<String>, Vec<String>) {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| {
            if *path == "-" {
                PathBuf::from(path)
            } else {
                folder.path().join(path)
            }
        })
        .collect();
    let (sources, findings) = Sources::read(&paths, None, &mut "from stdin".as_bytes());
    let below = format!("{}/", shown(folder.path()));
    let origin = |id| sources.texts.get(id).origin.replace(&below, "");
    let origins = sources
        .manifests
        .iter()
        .map(|manifest| origin(manifest.id))
        .collect();
    let findings = findings
        .iter()
        .map(|finding| {
            let start = sources.texts.start(finding.place.as_ref().unwrap());
            let origin = origin(finding.place.as_ref().unwrap().source);
            format!(
                "{origin}:{}:{} {}: {} {}",
                start.line,
                start.column,
                finding.code.0,
                finding.message,
                finding.expected.as_deref().unwrap_or_default()
            )
        })
        .collect();
    (sources, origins, findings)
}

#[test]
fn folders_are_read_recursively_and_sorted() {
    let folder = folder(&[
        "b.yaml",
        "a/z.yml",
        "a/b.yaml",
        "a.yaml",
        "a/b.test.yaml",
        "a/notes.txt",
        ".hidden.yaml",
        ".git/c.yaml",
        "only/x.test.yml",
    ]);
    let (sources, origins, findings) = read(&folder, &["", "b.yaml", "-", "a", "-"]);
    assert_eq!(
        origins,
        ["a/b.yaml", "a/z.yml", "a.yaml", "b.yaml", "<stdin>"]
    );
    assert_eq!(findings, Vec::<String>::new());
    assert_eq!(sources.texts.get(sources.manifests[0].id).text, "a/b.yaml");
    // What is named is read, whatever it is called.
    assert_eq!(
        read(&folder, &["only/x.test.yml", ".git"]).1,
        ["only/x.test.yml", ".git/c.yaml"]
    );
}

#[test]
fn what_cannot_be_read_is_told() {
    let folder = folder(&["a.yaml", "empty/x.txt"]);
    fs::write(
        folder.path().join("latin.yaml"),
        b"a: 1\nb: caf\xe9 x\nc: 2\n",
    )
    .unwrap();
    fs::write(folder.path().join("wide.yaml"), b"\xff\xfea\0:\0").unwrap();
    File::create(folder.path().join("large.yaml"))
        .unwrap()
        .set_len(40 << 20)
        .unwrap();
    let (_, origins, findings) = read(
        &folder,
        &[
            "nope",
            "a.yaml/x",
            "empty",
            "latin.yaml",
            "wide.yaml",
            "large.yaml",
            "a.yaml",
        ],
    );
    assert_eq!(origins, ["a.yaml"]);
    assert_eq!(
        findings,
        [
            "nope:1:1 source-missing: no such file or folder ",
            "a.yaml/x:1:1 source-unreadable: a part of this path is a file ",
            "empty:1:1 source-empty: this folder holds no manifest ",
            "latin.yaml:2:7 source-encoding: the file is not UTF-8 0xE9",
            "wide.yaml:1:1 source-encoding: the file is not UTF-8 0xFF",
            "large.yaml:1:1 source-unreadable: larger than 32 MiB ",
        ]
    );
}

#[cfg(unix)]
#[test]
fn sockets_do_not_block_and_links_do_not_loop() {
    let folder = folder(&["a/x.yaml"]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s.yaml")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop.yaml")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("a/x.yaml"), folder.path().join("y.yaml"))
        .unwrap();
    let (_, origins, findings) = read(&folder, &[""]);
    assert_eq!(origins, ["a/x.yaml"]);
    assert_eq!(
        findings,
        ["s.yaml:1:1 source-unreadable: not a regular file "]
    );
}

#[test]
fn scripts_stay_below_the_root() {
    let folder = folder(&[
        "chat/a.yaml",
        "chat/sub/b.yaml",
        "chat/s/x.js",
        "other/y.js",
    ]);
    fs::write(folder.path().join("chat/bad.js"), b"let a;\nlet \xff;").unwrap();
    let (mut sources, _, _) = read(&folder, &["chat"]);
    let (a, b) = (sources.manifests[0].id, sources.manifests[1].id);
    let x = sources.script(a, "s/x.js").unwrap();
    assert!(sources.texts.get(x).origin.ends_with("chat/s/x.js"));
    assert_eq!(sources.texts.get(x).text, "chat/s/x.js");
    assert_eq!(sources.script(b, "../s/x.js").unwrap(), x);
    let mut refused = |id, path: &str| sources.script(id, path).unwrap_err().message;
    assert_eq!(
        refused(a, "../other/y.js"),
        "this script is outside of the root folder"
    );
    assert_eq!(
        refused(a, "s/z.js"),
        "the script cannot be read: no such file or folder"
    );
    assert_eq!(
        refused(a, "s"),
        "the script cannot be read: this is a folder"
    );
    assert_eq!(
        refused(a, "/etc/hosts"),
        "the path of a script cannot be absolute"
    );
    assert_eq!(refused(a, " "), "this is not a file path");
    assert_eq!(refused(a, "bad.js"), "the script is not UTF-8: 0xFF at 2:5");
    // A file has its own folder as its root, unless another is named.
    let path = folder.path().join("chat/sub/b.yaml");
    let (mut sources, _) = Sources::read(std::slice::from_ref(&path), None, &mut io::empty());
    let b = sources.manifests[0].id;
    assert!(sources.script(b, "../s/x.js").is_err());
    let (mut sources, _) = Sources::read(&[path], Some(folder.path()), &mut io::empty());
    let b = sources.manifests[0].id;
    assert!(sources.script(b, "../../other/y.js").is_ok());
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(
            folder.path().join("other/y.js"),
            folder.path().join("chat/link.js"),
        )
        .unwrap();
        let (mut sources, _, _) = read(&folder, &["chat"]);
        let a = sources.manifests[0].id;
        assert!(sources.script(a, "link.js").is_err());
    }
}

#[cfg(unix)]
#[test]
fn a_link_brings_no_file_of_the_machine_into_a_report() {
    use std::os::unix::fs::symlink;

    let folder = folder(&["chat/a.yaml", "secret/key", "data/b.yaml"]);
    let at = |path: &str| folder.path().join(path);
    symlink(at("secret/key"), at("chat/key.yaml")).unwrap();
    symlink(at("data/b.yaml"), at("link.yaml")).unwrap();
    let refused = "source-unreadable: this is a link to a file outside of the root folder ";
    let (_, origins, findings) = read(&folder, &["chat"]);
    assert_eq!(origins, ["chat/a.yaml"]);
    assert_eq!(findings, [format!("chat/key.yaml:1:1 {refused}")]);
    // Named itself it is no better; below the root it may be a link.
    let (_, origins, findings) = read(&folder, &["chat/key.yaml", "link.yaml"]);
    assert_eq!(origins, ["link.yaml"]);
    assert_eq!(findings, [format!("chat/key.yaml:1:1 {refused}")]);
    let paths = [at("chat/key.yaml")];
    let (sources, findings) = Sources::read(&paths, Some(folder.path()), &mut io::empty());
    assert!(findings.is_empty() && sources.manifests.len() == 1);
}

#[cfg(unix)]
#[test]
fn a_named_path_leads_out_of_its_checkout_by_no_link() {
    use std::os::unix::fs::symlink;

    let folder = folder(&["repo/.git/config", "repo/real/a.yaml", "private/hosts.yaml"]);
    let at = |path: &str| folder.path().join(path);
    symlink("../private", at("repo/chat")).unwrap();
    symlink("../private/hosts.yaml", at("repo/hosts.yaml")).unwrap();
    symlink("real", at("repo/same")).unwrap();
    let (sources, origins, findings) =
        read(&folder, &["repo/chat", "repo/hosts.yaml", "repo/same"]);
    assert_eq!(origins, ["repo/same/a.yaml"]);
    assert_eq!(sources.manifests.len(), 1);
    assert_eq!(findings.len(), 2, "{findings:?}");
    for finding in findings {
        assert!(finding.contains("is a link that leads out of"), "{finding}");
    }
}

#[cfg(unix)]
#[test]
fn a_program_neither_runs_nor_prints_without_end() {
    use std::process::Command;
    use std::time::{Duration, Instant};

    let run = |script: &str, millis, most| {
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .stdin(std::process::Stdio::null());
        child::output(&mut command, Duration::from_millis(millis), most)
    };
    let ended = run("echo out; echo err >&2; exit 3", 60_000, 4).unwrap();
    assert_eq!(
        (ended.status.code(), ended.stdout, ended.stderr),
        (Some(3), b"out\n".to_vec(), b"err\n".to_vec())
    );
    // Complaints are cut, and stop nothing.
    let ended = run("head -c 1000000 /dev/zero >&2; echo x", 60_000, 4).unwrap();
    assert_eq!(ended.stdout, b"x\n");
    assert!(ended.stderr.len() < 100_000 && ended.status.success());

    let start = Instant::now();
    let refused = |script: &str, words: &str| {
        let error = run(script, 300, 1 << 20).unwrap_err().to_string();
        assert_eq!(error, words, "{script}");
    };
    refused("exec yes", "it prints more than 1 MiB");
    refused("exec sleep 60", "it does not come to an end");
    refused("echo x; exec sleep 60", "it does not come to an end");
    // What it has started holds its output open.
    refused("sleep 60 & echo x", "it does not come to an end");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn all_texts_together_are_bounded() {
    // Each holds its own name.
    let folder = folder(&["a.yaml", "b.yaml", "c.yaml"]);
    let mut sources = Sources::from(Rc::new(Disk), false);
    sources.left = 10;
    let paths = [folder.path().to_owned()];
    let (sources, findings) = sources.reading(&paths, None, &mut io::empty());
    assert_eq!(sources.manifests.len(), 1);
    let told: Vec<_> = findings.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        told,
        ["all manifests and scripts are larger than 512 MiB"; 2]
    );
}
