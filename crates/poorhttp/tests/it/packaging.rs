//! What stands under `packaging/`, read by the programs that it is for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::daemon::output;
use crate::tool::tool;

fn packaging(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging").join(name)
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs a program and gives what it said; it has to succeed.
#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    said.into_owned()
}

/// The sample, with paths that are everywhere.
fn sample() -> String {
    let text = fs::read_to_string(packaging("poorhttp.ini")).unwrap();
    text.replace("/var/www/html", "/tmp")
}

#[test]
fn the_sample_configuration_is_right() {
    let file = folder("sample").join("poorhttp.ini");
    fs::write(&file, sample()).unwrap();
    let output = output(&["check", "-c", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for setting in ["module = files", "user = www-data", "accessformat = combined"] {
        let line = sample().lines().position(|line| line.starts_with(setting)).unwrap() + 1;
        let line = format!("{setting:<48} # {}:{line}", file.display());
        assert!(said.contains(&line), "{line}\n{said}");
    }
}

#[test]
fn systemd_reads_the_units() {
    let Some(analyze) = tool(&["systemd-analyze"]) else { return };
    let folder = folder("units");
    let service = fs::read_to_string(packaging("systemd/poorhttp.service")).unwrap();
    // The program is looked for.
    let service = service.replace("/usr/bin/poorhttp", env!("CARGO_BIN_EXE_poorhttp"));
    fs::write(folder.join("poorhttp.service"), service).unwrap();
    fs::copy(packaging("systemd/poorhttp.socket"), folder.join("poorhttp.socket")).unwrap();
    let said = succeeds(
        Command::new(analyze)
            .args(["verify", "--man=no"])
            .args([folder.join("poorhttp.service"), folder.join("poorhttp.socket")]),
    );
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("poorhttp")).collect();
    assert!(ours.is_empty(), "{ours:#?}");
}

#[test]
fn nginx_reads_its_part() {
    let Some(nginx) = tool(&["nginx"]) else { return };
    let folder = folder("nginx");
    let include = packaging("nginx/poorhttp.conf");
    let main = format!(
        "pid {0}/pid;\nerror_log {0}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n\
         client_body_temp_path {0}/a;\nproxy_temp_path {0}/b;\nfastcgi_temp_path {0}/c;\n\
         uwsgi_temp_path {0}/d;\nscgi_temp_path {0}/e;\ninclude {1};\n}}\n",
        folder.display(),
        include.display()
    );
    fs::write(folder.join("nginx.conf"), main).unwrap();
    let said = succeeds(Command::new(nginx).arg("-t").arg("-c").arg(folder.join("nginx.conf")));
    assert!(said.contains("test is successful"), "{said}");
}

#[test]
fn haproxy_reads_its_part() {
    let Some(haproxy) = tool(&["haproxy"]) else { return };
    let said =
        succeeds(Command::new(haproxy).arg("-c").arg("-f").arg(packaging("haproxy/poorhttp.cfg")));
    assert!(!said.contains("ALERT") && !said.contains("WARNING"), "{said}");
}

#[test]
fn logrotate_reads_its_part() {
    let Some(logrotate) = tool(&["logrotate"]) else { return };
    // It refuses files that others may write.
    let file = folder("logrotate").join("poorhttp");
    fs::copy(packaging("logrotate.d/poorhttp"), &file).unwrap();
    let said = succeeds(Command::new(logrotate).arg("-d").arg(&file));
    assert!(!said.contains("error:"), "{said}");
}

#[test]
fn the_init_script_starts_and_stops() {
    let folder = folder("init");
    let config = folder.join("poorhttp.ini");
    let text = format!(
        "[http]\nport = 0\n[daemon]\nuser = root\n[logging]\nerrorlog = {0}/e\naccesslog = {0}/a\n",
        folder.display()
    );
    fs::write(&config, text).unwrap();
    let script = |verb: &str| {
        Command::new("sh")
            .arg(packaging("init.d/poorhttp"))
            .arg(verb)
            .env("DAEMON", env!("CARGO_BIN_EXE_poorhttp"))
            .env("CONFIG", &config)
            .env("PIDFILE", folder.join("pid"))
            .output()
            .unwrap()
    };
    let code = |verb| script(verb).status.code();
    assert_eq!(code("stats"), Some(1));
    let started = script("start");
    let said = String::from_utf8_lossy(&started.stdout).into_owned();
    assert!(started.status.success() && said.ends_with("Ok\n"), "{started:?}");
    assert_eq!(code("status"), Some(0));
    // Another start only says so.
    assert_eq!(code("start"), Some(0));
    assert_eq!(code("reload"), Some(0));
    assert_eq!(code("restart"), Some(0));
    assert_eq!(code("logrotate"), Some(0));
    assert_eq!(code("stop"), Some(0));
    assert_eq!(code("stop"), Some(0));
    assert_eq!(code("status"), Some(1));
    let usage = script("nonsense");
    assert_eq!(usage.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&usage.stderr).starts_with("Usage: "));
}

/// The man page and the completions are those that the program's definition makes.
#[test]
fn the_documents_are_made_from_the_definition() {
    let same = |name: &str, text: &str| {
        let file = fs::read_to_string(packaging(name)).unwrap_or_default();
        assert!(file == text, "{name} is old: `cargo xtask documents --write` makes it");
    };
    same("man/poorhttp.8", &poorhttp::man_page());
    for (name, text) in poorhttp::completions() {
        same(&format!("completions/{name}"), &text);
    }
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&poorhttp::key_tables()), "the tables of README.md are old");
}

#[test]
fn the_man_page_can_be_set() {
    let Some(groff) = tool(&["groff"]) else { return };
    let said = succeeds(
        Command::new(groff).args(["-man", "-Tutf8", "-ww", "-z"]).arg(packaging("man/poorhttp.8")),
    );
    assert_eq!(said, "");
}

#[test]
fn bash_completes() {
    let Some(bash) = tool(&["bash"]) else { return };
    let complete = |words: &str| {
        let script = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _poorhttp; \
             echo \"${{COMPREPLY[*]}}\"",
            packaging("completions/poorhttp.bash").display()
        );
        succeeds(Command::new(&bash).args(["-c", &script]))
    };
    assert_eq!(complete("poorhttp sta"), "start status\n");
    assert_eq!(complete("poorhttp --max-b"), "--max-body --max-buffered\n");
    assert_eq!(complete("poorhttp --log-level W"), "WARNING\n");
}
