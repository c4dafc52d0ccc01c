//! Running the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary, in a directory without `banyan.toml` and without settings of whoever runs the tests.
pub(crate) fn banyan(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_banyan"));
    command.args(args).current_dir(env!("CARGO_TARGET_TMPDIR"));
    for name in [
        "URL",
        "HOST",
        "PORT",
        "OPS_HOST",
        "OPS_PORT",
        "TOKEN",
        "TOKEN_FILE",
        "PEER_URL",
        "WEBHOOK_SECRET",
        "DATA",
        "BUS",
        "STORE",
        "RABBITMQ_URL",
        "POSTGRES_URL",
        "AWS_ENDPOINT",
        "PREFIX",
        "LOG",
        "EMIT",
        "VALIDATE_SAMPLE",
    ] {
        command.env_remove(format!("BANYAN_{name}"));
    }
    command
}

pub(crate) fn run(args: &[&str]) -> Output {
    banyan(args).stdin(Stdio::null()).output().unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(crate) fn json_of(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text.lines().count(), 1, "not one line: {text}{}", stderr(output));
    serde_json::from_str(&text).unwrap()
}

/// A running `banyan dev`; it ends with this.
pub(crate) struct Dev {
    pub(crate) url: String,
    child: Child,
    stdin: Option<ChildStdin>,
    pub(crate) data: TempDir,
}

impl Dev {
    pub(crate) fn start() -> Self {
        Self::on(tempfile::tempdir().unwrap())
    }

    /// On what is in `data` already.
    pub(crate) fn on(data: TempDir) -> Self {
        Self::of(data, banyan(&[]))
    }

    /// The same of a program that knows on what it runs.
    pub(crate) fn of(data: TempDir, mut command: Command) -> Self {
        // What belongs to `dev` may be there already.
        if !command.get_args().any(|arg| arg == "dev") {
            command.arg("dev");
        }
        command.args(["--with-parent", "--json", "--port", "0", "--data"]);
        let mut child =
            command.arg(data.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        let ready: Value = serde_json::from_str(&ready).unwrap();
        let stdin = child.stdin.take();
        Self { url: ready["url"].as_str().unwrap().to_owned(), child, stdin, data }
    }

    /// SIGKILL: nothing of it runs any more when this returns. What it had is left.
    #[cfg(feature = "full")]
    pub(crate) fn killed(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    /// Ends it in order. What it had is left.
    #[cfg(feature = "full")]
    pub(crate) fn stopped(mut self) -> TempDir {
        drop(self.stdin.take());
        self.child.wait().unwrap();
        std::mem::replace(&mut self.data, tempfile::tempdir().unwrap())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        banyan(&[args, &["--url", &self.url]].concat())
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).stdin(Stdio::null()).output().unwrap()
    }

    /// The answer of a command that ends well.
    pub(crate) fn ok(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", stderr(&output));
        json_of(&output)
    }

    /// How a command ends that reads `input`.
    pub(crate) fn piped(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.wait().unwrap();
    }
}

/// Somebody who waits for one event, and is there before this returns.
pub(crate) fn wait_for(dev: &Dev, kind: &str) -> Child {
    let mut command = dev.command(&["events", "tail", "--type", kind, "--limit", "1"]);
    let mut tail = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = [0; 9];
    tail.stderr.as_mut().unwrap().read_exact(&mut said).unwrap();
    assert_eq!(&said, b"following");
    tail
}
