//! `banyan completions`: what a shell needs to complete commands.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::cli::{Cli, Context, Exit};

/// Prints a script that completes commands and flags.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  source <(banyan completions bash)
  banyan completions zsh > ~/.zfunc/_banyan
  banyan completions fish > ~/.config/fish/completions/banyan.fish")]
pub struct Args {
    /// For which shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints it.
///
/// # Errors
/// None today.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let script = script(args.shell);
    let answer = json!({ "shell": args.shell.to_string(), "script": script });
    context.output.answer(&answer, |_| script.trim_end().to_owned());
    Ok(Exit::Ok)
}

fn script(shell: Shell) -> String {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "banyan", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_learns_nouns_and_verbs() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            for word in ["banyan", "order", "timeline", "queues", "peek"] {
                assert!(script.contains(word), "{shell}: {word}");
            }
        }
    }
}
