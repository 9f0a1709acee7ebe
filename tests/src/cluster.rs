//! A PostgreSQL for this run: the one that is named, or a throw-away cluster.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The URL of the server for tests, without a database: that of `MAMORI_TEST_POSTGRES_URL`, or
/// of a cluster of this process. Nothing where there is no PostgreSQL, which is said loudly.
///
/// # Panics
///
/// Where there is none though `MAMORI_REQUIRE_POSTGRES` is set.
pub fn of_this_run() -> Option<String> {
    static CLUSTER: OnceLock<Option<String>> = OnceLock::new();
    let found = CLUSTER.get_or_init(|| {
        std::env::var("MAMORI_TEST_POSTGRES_URL").ok().or_else(|| throw_away("-c fsync=off"))
    });
    if found.is_none() {
        assert!(
            std::env::var_os("MAMORI_REQUIRE_POSTGRES").is_none(),
            "PostgreSQL is required, and initdb was not found"
        );
        eprintln!("PostgreSQL WAS NOT FOUND: these tests ran on SQLite alone");
    }
    found.clone()
}

/// Where PostgreSQL's programs are; Debian keeps them out of PATH.
#[must_use]
pub fn programs() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let debian =
        (13..=18).rev().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    std::env::split_paths(&folders).chain(debian).find(|bin| bin.join("initdb").exists())
}

/// Starts a cluster with these settings on a free port, which ends with this process.
#[must_use]
pub fn throw_away(settings: &str) -> Option<String> {
    let bin = programs()?;
    let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
    let folder = std::env::temp_dir().join(format!("mamori-postgres-{port}"));
    // PostgreSQL refuses to run as root. The watchdog ends the cluster when this process is gone,
    // however it went.
    let script = format!(
        "set -e; mkdir -m 700 {folder}; as() {{ if [ $(id -u) = 0 ]; then chown -R postgres {folder}; \
         runuser -u postgres -- \"$@\"; else \"$@\"; fi; }}; \
         cd /; as {bin}/initdb -D {folder}/data -U mamori --auth=trust -E UTF8 --no-locale -N >/dev/null; \
         as {bin}/pg_ctl -D {folder}/data -l {folder}/log -w -o '-p {port} -c listen_addresses=127.0.0.1 \
         -c unix_socket_directories={folder} -c max_connections=500 {settings}' start >/dev/null; \
         (trap '' INT; while kill -0 {me} 2>/dev/null; do sleep 1; done; \
         as {bin}/pg_ctl -D {folder}/data -m immediate stop; rm -rf {folder}) >/dev/null 2>&1 </dev/null &",
        folder = folder.display(),
        bin = bin.display(),
        me = std::process::id(),
    );
    let started = Command::new("sh").args(["-c", &script]).status().ok()?;
    started.success().then(|| format!("postgres://mamori@127.0.0.1:{port}"))
}
