use pauper_app::{App, Secret};
use std::path::PathBuf;

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
