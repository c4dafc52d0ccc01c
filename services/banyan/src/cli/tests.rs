use clap::CommandFactory;

use super::*;

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

#[tokio::test]
async fn what_cannot_be_understood_ends_with_64_and_help_with_0() {
    for (line, exit) in [
        ("banyan", Exit::Usage),
        ("banyan nonsense", Exit::Usage),
        ("banyan config", Exit::Usage),
        ("banyan config print --nonsense", Exit::Usage),
        ("banyan config print --port many", Exit::Usage),
        ("banyan --help", Exit::Ok),
        ("banyan --version", Exit::Ok),
        ("banyan config print --json", Exit::Ok),
    ] {
        let ended = run(line.split(' ').map(OsString::from)).await;
        assert_eq!(ended, exit, "{line}");
    }
}

#[test]
fn an_error_says_how_the_command_ends() {
    let refused = |status| client::Error::Refused(Box::new(runtime::Problem::new(status, "x", "X", "x")));
    for (error, exit) in [
        (anyhow::Error::from(Failure::new(Exit::Broken, "x")), Exit::Broken),
        (anyhow::Error::from(refused(503)), Exit::NotReady),
        (anyhow::Error::from(refused(503)).context("more"), Exit::NotReady),
        (anyhow::Error::from(refused(422)), Exit::Error),
        (client::Error::Unreachable("x".into()).into(), Exit::Error),
        (anyhow::anyhow!("x"), Exit::Error),
    ] {
        assert_eq!(exit_of(&error), exit, "{error}");
    }
}
