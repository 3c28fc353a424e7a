//! From root to somebody who may do less.
//!
//! The identity of a process is that of all its threads, which the C library sees to and the bare
//! system calls do not; so this goes through `nix`.

use std::ffi::CString;
use std::path::Path;

use nix::unistd::{
    Gid, Group, Uid, User, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid,
};

use crate::options::Options;

/// Who to become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) user: Uid,
    pub(crate) group: Gid,
    /// All groups of the user, looked up before `chroot` hides them.
    groups: Vec<Gid>,
    name: String,
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    Uid::effective().is_root()
}

/// Whom the options name, if they name somebody and this process can become another one.
pub(crate) fn wanted(options: &Options) -> Result<Option<Identity>, String> {
    let (user, group) = (options.for_daemon("user"), options.for_daemon("group"));
    if !is_root() {
        if user.is_some() || group.is_some() {
            log::info!("user and group are left as they are: only root can change them");
        }
        return Ok(None);
    }
    let Some(name) = user else {
        return match (group, options.foreground()) {
            (Some(_), _) => Err("group without user: root would keep all it may".to_owned()),
            (None, true) => Ok(None),
            (None, false) => Err("user is not set: root does not serve in the background unless \
                                  user = root says so"
                .to_owned()),
        };
    };
    let failed = |what: &str, error: nix::Error| format!("{what}: {}", error.desc());
    let found = match name.parse() {
        Ok(number) => User::from_uid(Uid::from_raw(number)),
        Err(_) => User::from_name(name),
    };
    let user = found
        .map_err(|error| failed("user", error))?
        .ok_or_else(|| format!("user: there is no {name:?} on this system"))?;
    let group = match group {
        None => user.gid,
        Some(name) => {
            let found = match name.parse() {
                Ok(number) => Group::from_gid(Gid::from_raw(number)),
                Err(_) => Group::from_name(name),
            };
            found
                .map_err(|error| failed("group", error))?
                .ok_or_else(|| format!("group: there is no {name:?} on this system"))?
                .gid
        }
    };
    let name = CString::new(user.name.as_str()).map_err(|error| error.to_string())?;
    let groups = nix::unistd::getgrouplist(&name, group)
        .map_err(|error| failed("groups of the user", error))?;
    Ok(Some(Identity { user: user.uid, group, groups, name: user.name }))
}

/// Makes a folder the root of all paths.
pub(crate) fn chroot(folder: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("chroot {}: {error}", folder.display());
    rustix::process::chroot(folder).map_err(|error| told(error.into()))?;
    std::env::set_current_dir("/").map_err(told)
}

impl Identity {
    /// Becomes this user, for good: first the groups, which only root can set, then the user; and
    /// makes sure of it.
    pub(crate) fn assume(&self) -> Result<(), String> {
        let Self { user, group, groups, name } = self;
        let failed = |error: nix::Error| format!("cannot become {name}: {}", error.desc());
        setgroups(groups).map_err(failed)?;
        setresgid(*group, *group, *group).map_err(failed)?;
        setresuid(*user, *user, *user).map_err(failed)?;

        let (uids, gids) = (getresuid().map_err(failed)?, getresgid().map_err(failed)?);
        let mut has = getgroups().map_err(failed)?;
        let mut wanted = groups.clone();
        has.sort_by_key(|group| group.as_raw());
        has.dedup();
        wanted.sort_by_key(|group| group.as_raw());
        wanted.dedup();
        let all = [uids.real, uids.effective, uids.saved].iter().all(|uid| uid == user)
            && [gids.real, gids.effective, gids.saved].iter().all(|gid| gid == group)
            && has == wanted;
        let back = !user.is_root()
            && setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok();
        if !all || back {
            return Err(format!("this process did not become {name} for good"));
        }
        Ok(())
    }
}
