use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::run;
use pauper_app::{App, Profile, Secret};
use pauper_message::Request;

#[test]
fn variables_win_over_the_program_whatever_comes_first() {
    let mut app = App::new("settings");
    app.variables([
        ("poor_Debug", "ON"),
        ("poor_DocumentRoot", "/srv"),
        ("poor_DocumentIndex", "no"),
    ]);
    app.debug(false).set_document_root("/other").set_document_index(true);
    assert!(app.is_debug() && !app.document_index());
    assert_eq!(app.document_root(), Some(&PathBuf::from("/srv")));
    app.variables([("poor_Debug", "off"), ("poor_DocumentRoot", "")]);
    assert!(!app.is_debug());
    assert_eq!(app.document_root(), None, "an empty one wins, too");
}

#[test]
fn empty_variables_leave_what_the_program_said() {
    let mut app = App::new("settings");
    app.debug(true).set_secret_key(Secret::new("own"));
    app.variables([("poor_Debug", ""), ("poor_SecretKey", ""), ("poor_debug", "off")]);
    assert!(app.is_debug());
    assert_eq!(app.secret_key().map(Secret::bytes), Some(&b"own"[..]));
    app.variables([("poor_SecretKey", "theirs")]);
    assert_eq!(app.secret_key().map(Secret::bytes), Some(&b"theirs"[..]));
    assert_eq!(format!("{:?}", app.secret_key()), "Some(Secret)");
}

#[test]
fn options_begin_with_app() {
    let mut app = App::new("settings");
    app.variables([
        ("app_Mail", " a b "),
        ("APP_X", ""),
        ("apple", "1"),
        ("app", "2"),
        ("ä_pp", "3"),
    ]);
    let options: Vec<_> =
        app.app_options().iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(options, [("mail", "a b"), ("x", "")]);
}

/// The files of a folder with their texts, by name.
fn files(folder: &std::path::Path) -> Vec<(String, String)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn each_request_has_its_profile_up_to_a_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = App::new("profiled");
    app.get("/test/<x>", |_: &mut Request, x: String| x);
    app.hook(Profile::new(folder.path().join("req")).most_files(3));
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_196_871_280);
    let ask = |target: &str| run(&app, Request::builder().target(target).received(time));
    assert_eq!(ask("/test/json").status, 200);
    assert_eq!(ask("/no/..%2F%C3%A4?q=secret").status, 404);
    let long = format!("/{}", "x".repeat(5000));
    assert_eq!(ask(&long).status, 404);
    assert_eq!(ask("/test/more").status, 200);
    let files = files(folder.path());
    let names: Vec<_> = files.iter().map(|(name, _)| &**name).collect();
    let short = format!("req_GET_{}.1795196871.280000.profile", "x".repeat(99));
    let expected = [
        "req_GET_no_..__.1795196871.280000.profile",
        "req_GET_test_json.1795196871.280000.profile",
        &short,
    ];
    assert_eq!(names, expected);
    assert!(files.iter().all(|(_, text)| text.contains("hooks and handler")), "{files:?}");
}

#[test]
fn a_profiler_of_ones_own_and_a_folder_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut app = App::new("profiled");
    app.get("/", |_: &mut Request| "here");
    app.hook(Profile::with(folder.path().join("own"), |req| {
        let path = req.path().to_owned();
        Box::new(move |out| write!(out, "profile of {path}"))
    }));
    app.hook(Profile::new(folder.path().join("missing/req")));
    assert_eq!(run(&app, Request::builder()).body, "here");
    assert_eq!(files(folder.path())[0].1, "profile of /");
}
