use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

fn file(folder: &TempDir, name: &str, text: &str, secret: bool) -> File {
    File {
        path: folder.path().join(name),
        text: text.to_owned(),
        secret,
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_secret_file_is_its_owners_alone_even_where_it_was_not() {
    let folder = TempDir::new().unwrap();
    let files = [
        file(&folder, "new/secrets", "a", true),
        file(&folder, "old", "a", true),
    ];
    fs::write(&files[1].path, "old").unwrap();
    fs::set_permissions(&files[1].path, Permissions::from_mode(0o644)).unwrap();
    write(&files, true).unwrap();
    assert_eq!((mode(&files[0].path), mode(&files[1].path)), (0o600, 0o600));
}

#[test]
fn a_replaced_file_keeps_its_mode() {
    let folder = TempDir::new().unwrap();
    let files = [file(&folder, "m.yaml", "new", false)];
    fs::write(&files[0].path, "old").unwrap();
    fs::set_permissions(&files[0].path, Permissions::from_mode(0o640)).unwrap();
    write(&files, true).unwrap();
    assert_eq!(
        (
            mode(&files[0].path),
            fs::read_to_string(&files[0].path).unwrap()
        ),
        (0o640, "new".to_owned())
    );
}

#[test]
fn if_one_file_cannot_be_written_none_is() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let files = [
        file(&folder, "old", "new", false),
        file(&folder, "file/below", "new", false),
    ];
    fs::write(&files[0].path, "old").unwrap();
    write(&files, true).unwrap_err();
    assert_eq!(fs::read_to_string(&files[0].path).unwrap(), "old");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_exists_needs_force_and_what_is_no_file_is_never_replaced() {
    let folder = TempDir::new().unwrap();
    let files = [file(&folder, "a", "new", false)];
    check_free(&files, false).unwrap();
    fs::write(&files[0].path, "old").unwrap();
    let help = check_free(&files, false).unwrap_err().help;
    assert!(help.is_some_and(|help| help.contains("--force")));
    check_free(&files, true).unwrap();
    // One that appears after the check is not replaced either.
    write(&files, false).unwrap_err();
    assert_eq!(fs::read_to_string(&files[0].path).unwrap(), "old");
    symlink("a", folder.path().join("link")).unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for odd in ["link", "folder"] {
        assert!(
            check_free(&[file(&folder, odd, "", false)], true).is_err(),
            "{odd}"
        );
    }
}

#[test]
fn no_two_files_go_to_one_place() {
    let folder = TempDir::new().unwrap();
    let twice = [
        file(&folder, "a", "", false),
        file(&folder, "./a", "", true),
    ];
    assert!(
        check_free(&twice, true)
            .unwrap_err()
            .message
            .contains("twice")
    );
}
