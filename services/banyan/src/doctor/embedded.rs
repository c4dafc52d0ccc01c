//! One machine: a directory and a file in it.

use runtime::Env;

use super::Check;
use crate::backends::{Backends, Wishes};
use crate::config::Config;

pub(super) async fn checks(config: &Config, env: &Env) -> Vec<Check> {
    let place = config.data.display();
    match Backends::open(config, Wishes { looks: true, ..Wishes::default() }, env).await {
        Ok(backends) => {
            backends.close().await;
            vec![Check::ok("data", format!("{place} can be opened and written"))]
        }
        Err(error) => {
            let fix =
                "stop the banyan that has it, name another directory with --data, or make it yours to write";
            vec![Check::wrong("data", format!("{error:#}"), fix)]
        }
    }
}
