//! Where the traffic runs: on loopback, and, if the machine's congestion control paces, in a network
//! namespace of its own with `reno`, because pacing spoils large bodies on loopback.

use std::fs;
use std::process::Command;

use crate::{Result, shell};

const CONTROL: &str = "/proc/sys/net/ipv4/tcp_congestion_control";

/// Where traffic can run on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a namespace of its own, with reno.
    Namespace,
    /// Where we are, because nothing paces.
    Here,
    /// Where we are, although the congestion control paces.
    HerePaced,
}

impl Place {
    /// The best that is allowed.
    pub(crate) fn choose() -> Self {
        if !paces(&control()) {
            return Self::Here;
        }
        let root = nix::unistd::geteuid().is_root();
        let tools = shell::has("unshare") && shell::has("ip");
        if root && tools { Self::Namespace } else { Self::HerePaced }
    }

    /// The words for the JSON.
    pub(crate) fn describe(self) -> String {
        let control = control();
        match self {
            Self::Namespace => "loopback in a network namespace of its own, reno".into(),
            Self::Here => format!("loopback of the machine, {control}"),
            Self::HerePaced => format!(
                "loopback of the machine, {control}: it paces, and without root there is no \
                 namespace with reno; do not trust figures of large bodies"
            ),
        }
    }

    /// The words before a command that make it run there.
    pub(crate) fn prefix(self) -> &'static [&'static str] {
        match self {
            Self::Namespace => &["unshare", "--net", "--"],
            Self::Here | Self::HerePaced => &[],
        }
    }
}

/// Called once inside the new namespace, which begins with nothing that works.
///
/// # Errors
/// When loopback cannot be brought up or reno is not allowed.
pub(crate) fn enter() -> Result {
    shell::output(Command::new("ip").args(["link", "set", "lo", "up"]))?;
    let write = |path: &str, text: &str| {
        fs::write(path, text).map_err(|error| format!("cannot write {path}: {error}"))
    };
    write(CONTROL, "reno")?;
    // Many short connections want many ports; our servers stay below them.
    write("/proc/sys/net/ipv4/ip_local_port_range", "16000 65535")
}

fn control() -> String {
    fs::read_to_string(CONTROL).unwrap_or_default().trim().into()
}

fn paces(control: &str) -> bool {
    control.starts_with("bbr")
}

/// Allows ourselves, and the servers that inherit it, so many open files; gives what is allowed.
pub(crate) fn allow_files(wanted: u64) -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    if soft >= wanted {
        return soft;
    }
    // Root may lift the hard limit as well.
    for hard in [hard.max(wanted), hard] {
        let soft = wanted.min(hard);
        if setrlimit(Resource::RLIMIT_NOFILE, soft, hard).is_ok() {
            return soft;
        }
    }
    soft
}
