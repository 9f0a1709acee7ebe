//! `mamori serve --sandbox`: made data in a folder of its own, served until a signal.

use std::path::Path;

use chrono::{DateTime, Utc};
use clap::Args;
use mamori::{Config, sandbox};

use super::serve;

/// The folder of the sandbox, beside which nothing of a real service is touched.
const FOLDER: &str = "mamori-sandbox";

/// How a sandbox is served.
#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Serve a sandbox: made data, anew at each start, with a clock that can be set.
    #[arg(long)]
    pub(crate) sandbox: bool,
    /// What the sandbox's clock says at the start; its data end on 2026-11-24 in any case.
    #[arg(long, requires = "sandbox", value_name = "TIME", default_value = sandbox::START)]
    sandbox_now: DateTime<Utc>,
}

impl Sandbox {
    pub(crate) fn run(&self) -> Result<(), String> {
        let config = Config::load()?;
        serve::log(&config)?;
        // First, so that nothing is made that could not be served.
        let listener = serve::listen(&config)?;
        let folder = Path::new(FOLDER);
        let start = self.sandbox_now;
        actix_web::rt::System::new().block_on(async move {
            let service = sandbox::start(&config, folder, start).await?;
            let public_url = config.public_url();
            let credentials = format!("{:#}\n", sandbox::credentials(&public_url));
            let file = folder.join("clients.json");
            serve::write_private(&file, &credentials)?;
            print!("{credentials}");
            tracing::warn!(
                "THIS IS A SANDBOX: its data are made, its secrets are public, and all of it is \
                 made anew at the next start; its clock starts at {start}; its clients are in {}",
                file.display(),
            );
            serve::until_stopped(&config, service, listener).await
        })?;
        tracing::info!("the sandbox has stopped");
        Ok(())
    }
}
