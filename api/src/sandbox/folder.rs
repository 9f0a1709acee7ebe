//! The folder of a sandbox: its own, and nobody else's.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use crate::Config;

/// The files of the database, which is made anew at each start.
const DATABASE: [&str; 5] = [
    "sandbox.db",
    "sandbox.db-wal",
    "sandbox.db-shm",
    "sandbox.db-copy",
    "sandbox.db-copy-journal",
];
/// What stays from one start to the next.
const KEPT: [&str; 3] = ["root.key", "clients.json", "lock"];

/// A folder that one sandbox has for itself, for as long as this lives.
pub(crate) struct Folder {
    /// Held: two sandboxes in one folder would take each other's data away.
    _lock: File,
}

impl Folder {
    /// Takes the folder, makes it where there is none, and removes the database of the last start.
    ///
    /// # Errors
    ///
    /// Where the folder has something that is not a sandbox's, or another sandbox runs in it.
    pub(crate) fn take(path: &Path) -> Result<Self, String> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(told)?;
        for entry in path.read_dir().map_err(told)? {
            let entry = entry.map_err(told)?;
            let name = entry.file_name();
            // Of the entry itself: what a link leads to is not looked at, and never written to.
            let file = entry.metadata().map_err(told)?;
            if !file.is_file() || file.nlink() != 1 {
                return Err(format!(
                    "{} is no file of a sandbox's own, but a link or a folder; a sandbox \
                     writes only to what is its own",
                    entry.path().display(),
                ));
            }
            if !DATABASE.iter().chain(&KEPT).any(|known| name == *known) {
                return Err(format!(
                    "{} has {}, which is not a sandbox's; a sandbox empties its folder at each \
                     start, so it takes only one of its own",
                    path.display(),
                    Path::new(&name).display(),
                ));
            }
        }
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).open(path.join("lock"));
        let lock = lock.map_err(told)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(format!("another sandbox runs in {}", path.display()));
            }
            Err(TryLockError::Error(error)) => return Err(told(error)),
        }
        for name in DATABASE {
            match std::fs::remove_file(path.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(told(error));
                }
                _ => {}
            }
        }
        Ok(Self { _lock: lock })
    }
}

/// The settings as a sandbox in the folder has them.
///
/// # Errors
///
/// Where a database or a root key of another place is set: a sandbox forgets its data, and
/// must not sign with a key that somebody believes.
pub(crate) fn settings(config: &Config, folder: &Path) -> Result<Config, String> {
    let usual = Config::default();
    if config.database_url != usual.database_url {
        return Err("database_url (MAMORI_DATABASE_URL) is set, but a sandbox has a database \
                    of its own, which it makes anew at each start; leave it out"
            .to_owned());
    }
    if config.root_key_file.is_some() {
        return Err("root_key_file (MAMORI_ROOT_KEY_FILE) is set, but a sandbox signs with a \
                    key of its own, which nobody else believes; leave it out"
            .to_owned());
    }
    Ok(Config {
        database_url: format!("sqlite:{}", folder.join("sandbox.db").display()),
        root_key_file: Some(folder.join("root.key")),
        trusted_issuers: Vec::new(),
        nodes: 1,
        ..config.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_only_if_it_is_a_sandboxs() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("mamori-sandbox");
        let taken = Folder::take(&path).unwrap();
        assert!(Folder::take(&path).is_err_and(|why| why.contains("another sandbox")));
        drop(taken);
        std::fs::write(path.join("sandbox.db"), "old").unwrap();
        std::fs::write(path.join("root.key"), "kept").unwrap();
        drop(Folder::take(&path).unwrap());
        assert!(!path.join("sandbox.db").exists() && path.join("root.key").exists());
        std::fs::write(path.join("thesis.txt"), "years of work").unwrap();
        assert!(Folder::take(&path).is_err_and(|why| why.contains("thesis.txt")));
        assert!(path.join("thesis.txt").exists());
    }

    #[test]
    fn what_a_link_leads_to_is_left_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let target = folder.path().join("target.txt");
        std::fs::write(&target, "years of work").unwrap();
        let path = folder.path().join("mamori-sandbox");
        drop(Folder::take(&path).unwrap());
        std::fs::remove_file(path.join("lock")).unwrap();
        for name in KEPT.map(|name| path.join(name)) {
            let refused = || Folder::take(&path).is_err_and(|why| why.contains("a link"));
            std::os::unix::fs::symlink(&target, &name).unwrap();
            assert!(refused());
            std::fs::remove_file(&name).unwrap();
            std::fs::hard_link(&target, &name).unwrap();
            assert!(refused());
            std::fs::remove_file(&name).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "years of work");
    }

    #[test]
    fn anothers_database_and_key_are_refused() {
        let set = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            settings(&config, Path::new("mamori-sandbox"))
        };
        assert!(set(|_| {}).unwrap().database_url.ends_with("mamori-sandbox/sandbox.db"));
        let refused = set(|config| config.database_url = "postgres://db/mamori".to_owned());
        assert!(refused.is_err_and(|why| why.contains("MAMORI_DATABASE_URL")));
        let refused = set(|config| config.root_key_file = Some("/etc/mamori/root.key".into()));
        assert!(refused.is_err_and(|why| why.contains("MAMORI_ROOT_KEY_FILE")));
    }
}
