//! Texts that are made from the definition of the options: the help, the tables of the README, the
//! man page and the completions of shells.

use std::fmt::Write as _;

use crate::keys::{self, Key};
use crate::options::{COMMANDS, SWITCHES};

/// The headings of the help, and the sections whose options stand below.
const GROUPS: &[(&str, &str, &str)] = &[
    ("http", "What is served", "Where it listens, and what it serves."),
    ("python", "Application", "Named after the originals' section, so that their files fit."),
    ("daemon", "Daemon", "Only in the background, or when given on the command line."),
    ("logging", "Logs", "The logs."),
    ("server", "Limits", "Each has its default for a reason: see the documentation of the server."),
];

/// What `--help` prints.
pub(crate) fn help(program: &str) -> String {
    let mut text = format!(
        "Serves a web application until it is told to stop.\n\n\
         Usage: {program} [OPTIONS]                serve in the foreground\n       \
         {program} COMMAND [OPTIONS]\n\nCommands:\n"
    );
    for (name, _, help) in COMMANDS {
        let _ = writeln!(text, "  {name:<10} {help}");
    }
    text.push_str("\nOptions:\n");
    for (long, short, value, help) in SWITCHES {
        line(&mut text, *short, long, value, help);
    }
    for (section, heading, _) in GROUPS {
        let _ = writeln!(text, "\n{heading}:");
        for key in keys::all().filter(|key| key.section == *section && !key.long.is_empty()) {
            let help = match key.default {
                "" | "no" => key.help.to_owned(),
                default => format!("{} [default: {default}]", key.help),
            };
            line(&mut text, key.short, key.long, key.value, &help);
        }
    }
    let _ = write!(
        text,
        "\nEach is also a key of the configuration file and a variable such as POORHTTP_PORT; the\n\
         command line wins over the environment, and that over the file.\n\n\
         SIGTERM and SIGINT stop it gracefully, a second one at once. SIGHUP reads the\n\
         configuration again, SIGUSR1 opens the logs again, SIGUSR2 starts a new process that\n\
         takes over the sockets.\n"
    );
    text
}

fn line(text: &mut String, short: Option<char>, long: &str, value: &str, help: &str) {
    let short = short.map_or("   ".to_owned(), |c| format!("-{c},"));
    let option = format!("--{long} {value}");
    let mut left = format!("  {short} {option:<25}");
    if left.len() > 32 {
        let _ = writeln!(text, "{}", left.trim_end());
        left.clear();
    }
    let mut column = 0;
    for word in help.split(' ') {
        if column > 0 && column + word.len() > 56 {
            let _ = writeln!(text, "{}", left.trim_end());
            left.clear();
            column = 0;
        }
        if column == 0 {
            let _ = write!(text, "{left:<31}");
            left.clear();
        } else {
            text.push(' ');
        }
        text.push_str(word);
        column += word.len() + 1;
    }
    text.push('\n');
}

/// The tables of all keys of the configuration file, in Markdown.
pub fn key_tables() -> String {
    let mut text = String::new();
    for (section, heading, about) in GROUPS {
        let _ = write!(
            text,
            "**{heading}**, `[{section}]`. {about}\n\n| key | option | meaning | default |\n\
             |---|---|---|---|\n"
        );
        for key in keys::all().filter(|key| key.section == *section) {
            let default = match key.default {
                "" => "none".to_owned(),
                default => format!("`{default}`"),
            };
            let help = key.help.replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | {} | {help} | {default} |", key.name, option(key));
        }
        text.push('\n');
    }
    text
}

fn option(key: &Key) -> String {
    let value = if key.value.is_empty() { String::new() } else { format!(" {}", key.value) };
    match (key.short, key.long) {
        (_, "") => "none".to_owned(),
        (Some(short), long) => format!("`-{short}`, `--{long}{value}`"),
        (None, long) => format!("`--{long}{value}`"),
    }
}

/// The man page of the daemon, in the macros of `man`.
pub fn man_page() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        ".\\\" Made by `cargo xtask documents`.\n.TH POORHTTP 8 \"\" \"poorhttp {version}\"\n\
         .SH NAME\npoorhttp \\- a daemon for web applications\n.SH SYNOPSIS\n\
         .B poorhttp\n[\\fIcommand\\fR] [\\fIoptions\\fR]\n.SH DESCRIPTION\n\
         Serves a folder of files, its demo, or the application that was compiled in. Without a\n\
         command it stays in the foreground.\n.SH COMMANDS\n"
    );
    for (name, _, help) in COMMANDS {
        let _ = write!(text, ".TP\n.B {name}\n{}\n", roff(help));
    }
    text.push_str(".SH OPTIONS\n");
    let mut option = |short: Option<char>, long: &str, value: &str, help: &str| {
        let short = short.map_or(String::new(), |c| format!("\\fB\\-{c}\\fR, "));
        let value =
            if value.is_empty() { String::new() } else { format!(" \\fI{}\\fR", roff(value)) };
        let long = roff(long);
        let _ = write!(text, ".TP\n{short}\\fB\\-\\-{long}\\fR{value}\n{}\n", roff(help));
    };
    for (long, short, value, help) in SWITCHES {
        option(*short, long, value, help);
    }
    for key in keys::all().filter(|key| !key.long.is_empty()) {
        let default = match key.default {
            "" | "no" => String::new(),
            default => format!(" Default: {default}."),
        };
        let help = format!("{}.{default} Key {} of [{}].", key.help, key.name, key.section);
        option(key.short, key.long, key.value, &help);
    }
    text.push_str(
        ".SH SIGNALS\n.TP\n.B SIGTERM, SIGINT\nStop gracefully; a second one stops at once.\n\
         .TP\n.B SIGHUP\nRead the configuration again, which is checked first, and open the logs \
         again.\n.TP\n.B SIGUSR1\nOpen the logs again.\n.TP\n.B SIGUSR2\nStart a new process \
         that takes over the sockets, and stop when it serves.\n.SH EXIT STATUS\n.TP\n.B 0\n\
         Done, or stopped gracefully.\n.TP\n.B 1\nIt could not serve, or does not run.\n.TP\n\
         .B 2\nThe command line, the environment or the configuration file cannot be \
         understood.\n.TP\n.B 130, 143\nStopped at once by a second signal.\n.SH FILES\n.TP\n\
         .I /etc/poorhttp.ini\nThe configuration that commands read if no other is named.\n",
    );
    text
}

fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    // A point or a quote begins a line of commands.
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

/// Completions for bash, zsh and fish: the name of the file, and what is in it.
pub fn completions() -> [(&'static str, String); 3] {
    [("poorhttp.bash", bash()), ("_poorhttp", zsh()), ("poorhttp.fish", fish())]
}

/// Long, short, value, choices and help of all options.
fn options()
-> impl Iterator<Item = (&'static str, Option<char>, &'static str, String, &'static str)> {
    let switches = SWITCHES
        .iter()
        .map(|(long, short, value, help)| (*long, *short, *value, String::new(), *help));
    let keys = keys::all().filter(|key| !key.long.is_empty()).map(|key| {
        let choices = match key.kind {
            keys::Kind::Choice(names) => names.join(" "),
            _ => String::new(),
        };
        (key.long, key.short, key.value, choices, key.help)
    });
    switches.chain(keys)
}

fn bash() -> String {
    let commands: Vec<&str> = COMMANDS.iter().map(|command| command.0).collect();
    let longs: Vec<String> = options().map(|option| format!("--{}", option.0)).collect();
    let mut cases = String::new();
    for (long, short, value, choices, _) in options().filter(|option| !option.2.is_empty()) {
        let short = short.map_or(String::new(), |c| format!("|-{c}"));
        let reply = match (value, choices.as_str()) {
            (_, choices) if !choices.is_empty() => {
                format!("COMPREPLY=($(compgen -W \"{choices}\" -- \"$word\"))")
            }
            ("FILE" | "LOG", _) => "COMPREPLY=($(compgen -f -- \"$word\"))".to_owned(),
            ("DIR", _) => "COMPREPLY=($(compgen -d -- \"$word\"))".to_owned(),
            _ => "COMPREPLY=()".to_owned(),
        };
        let _ = writeln!(cases, "    --{long}{short}) {reply}; return ;;");
    }
    format!(
        "# Made by `cargo xtask documents`.\n_poorhttp() {{\n  local word=${{COMP_WORDS[COMP_CWORD]}} \
         before=${{COMP_WORDS[COMP_CWORD-1]}}\n  case $before in\n{cases}  esac\n  \
         if [[ $word == -* ]]; then\n    COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n  else\n    \
         COMPREPLY=($(compgen -W \"{}\" -- \"$word\"))\n  fi\n}}\ncomplete -F _poorhttp poorhttp\n",
        longs.join(" "),
        commands.join(" ")
    )
}

fn zsh() -> String {
    let quoted = |text: &str| {
        text.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
    };
    let mut text =
        "#compdef poorhttp\n# Made by `cargo xtask documents`.\n_arguments -s \\\n".to_owned();
    for (long, short, value, choices, help) in options() {
        let help = quoted(help);
        let action = match (value, choices.as_str()) {
            ("", _) => String::new(),
            (value, "") => match value {
                "FILE" | "LOG" => format!(":{value}:_files"),
                "DIR" => format!(":{value}:_files -/"),
                _ => format!(":{value}:"),
            },
            (value, choices) => format!(":{value}:({choices})"),
        };
        let equals = if value.is_empty() { "" } else { "=" };
        let _ = writeln!(text, "  '--{long}{equals}[{help}]{action}' \\");
        if let Some(short) = short {
            let plus = if value.is_empty() { "" } else { "+" };
            let _ = writeln!(text, "  '-{short}{plus}[{help}]{action}' \\");
        }
    }
    let commands: Vec<String> = COMMANDS
        .iter()
        .map(|(name, _, help)| format!("{name}\\:\"{}\"", help.replace('\'', "")))
        .collect();
    let _ = writeln!(text, "  '1:command:(({}))'", commands.join(" "));
    text
}

fn fish() -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let mut text = "# Made by `cargo xtask documents`.\ncomplete -c poorhttp -f\n".to_owned();
    for (name, _, help) in COMMANDS {
        let help = quoted(help);
        let _ = writeln!(text, "complete -c poorhttp -n __fish_is_first_arg -a {name} -d '{help}'");
    }
    for (long, short, value, choices, help) in options() {
        let short = short.map_or(String::new(), |c| format!(" -s {c}"));
        let action = match (value, choices.as_str()) {
            ("", _) => String::new(),
            ("FILE" | "LOG" | "DIR", _) => " -r -F".to_owned(),
            (_, "") => " -x".to_owned(),
            (_, choices) => format!(" -x -a '{choices}'"),
        };
        let _ =
            writeln!(text, "complete -c poorhttp{short} -l {long}{action} -d '{}'", quoted(help));
    }
    text
}
