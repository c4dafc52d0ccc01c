use clap::CommandFactory;

use super::*;

#[test]
fn the_definition_of_the_command_line_is_sound() {
    Cli::command().debug_assert();
}

/// Flags that every command takes are found by name: an argument of one command with that name would be read instead.
#[test]
fn no_command_has_an_argument_with_the_name_of_a_setting() {
    fn walk(command: &clap::Command, settings: &[String], found: &mut Vec<String>) {
        let taken = command.get_arguments().filter(|arg| !arg.is_global_set());
        let taken = taken.filter(|arg| settings.iter().any(|setting| arg.get_id() == setting.as_str()));
        found.extend(taken.map(|arg| format!("{} {}", command.get_name(), arg.get_id())));
        command.get_subcommands().for_each(|command| walk(command, settings, found));
    }
    let root = Cli::command();
    let settings: Vec<String> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .map(|arg| arg.get_id().as_str().to_owned())
        .collect();
    assert!(settings.iter().any(|setting| setting == "prefix"), "{settings:?}");
    let mut found = Vec::new();
    walk(&root, &settings, &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn what_cannot_be_understood_ends_with_64_and_help_with_0() {
    for (line, exit) in [
        ("banyan", Exit::Usage),
        ("banyan nonsense", Exit::Usage),
        ("banyan config", Exit::Usage),
        ("banyan config print --nonsense", Exit::Usage),
        ("banyan config print --port many", Exit::Usage),
        ("banyan order place", Exit::Usage),
        ("banyan order place --customer c-1 --line 85123A", Exit::Usage),
        ("banyan order place --customer c-1 --file x.json", Exit::Usage),
        ("banyan order cancel o-1", Exit::Usage),
        ("banyan order watch", Exit::Usage),
        ("banyan order watch o-1 --timeout soon", Exit::Usage),
        ("banyan order return o-1 --reason broken", Exit::Usage),
        ("banyan order return o-1 --line 85123A:0 --reason broken", Exit::Usage),
        ("banyan order return o-1 --line 85123A:1", Exit::Usage),
        ("banyan orders import x.csv --stock much", Exit::Usage),
        ("banyan stock adjust 85123A --location main --delta some --reason x", Exit::Usage),
        ("banyan dlq discard --dry-run", Exit::Usage),
        ("banyan mail list --order o-1 --status failed", Exit::Usage),
        ("banyan mail list --status nonsense", Exit::Usage),
        ("banyan completions", Exit::Usage),
        ("banyan completions cobol", Exit::Usage),
        ("banyan payments show", Exit::Usage),
        ("banyan payments ask", Exit::Usage),
        ("banyan shipments list --limit many", Exit::Usage),
        ("banyan queues peek", Exit::Usage),
        ("banyan queues peek payment --limit many", Exit::Usage),
        ("banyan bench", Exit::Usage),
        ("banyan bench embedded --rounds 0", Exit::Usage),
        ("banyan chaos", Exit::Usage),
        ("banyan chaos --kills 0", Exit::Usage),
        ("banyan contracts", Exit::Usage),
        ("banyan contracts check", Exit::Usage),
        ("banyan contracts gen --format yaml", Exit::Usage),
        ("banyan contracts lint --contracts nowhere", Exit::Error),
        ("banyan contracts check --against x --mode sideways", Exit::Usage),
        ("banyan contracts check --against x --format pdf", Exit::Usage),
        ("banyan --help", Exit::Ok),
        ("banyan orders import --help", Exit::Ok),
        ("banyan --version", Exit::Ok),
        ("banyan config print --json", Exit::Ok),
    ] {
        let ended = run(line.split(' ').map(OsString::from)).await;
        assert_eq!(ended, exit, "{line}");
    }
}

#[test]
fn what_cannot_be_understood_is_told_in_one_line() {
    for (line, told) in [
        (
            "banyan chaos --kills many",
            "invalid value 'many' for '--kills <N>': it has to be a whole number; try '--help'.",
        ),
        (
            "banyan chaos --kills 0",
            "invalid value '0' for '--kills <N>': 0 is not in 1..=100000; try '--help'.",
        ),
        (
            "banyan chaos",
            "the following required arguments were not provided: <--kills <N>|--power-cuts <N>|--broker-kills \
             <N>|--database-kills <N>|--connection-cuts <N>>; Usage: banyan chaos <--kills <N>|--power-cuts <N>|\
             --broker-kills <N>|--database-kills <N>|--connection-cuts <N>>; try '--help'.",
        ),
        (
            "banyan queues list --jsn",
            "unexpected argument '--jsn' found; tip: a similar argument exists: '--json'; Usage: banyan queues list \
             --json; try '--help'.",
        ),
    ] {
        let error = Cli::try_parse_from(line.split(' ')).unwrap_err();
        assert_eq!(in_one_line(&error), told, "{line}");
    }
}

#[test]
fn command_lines_that_must_stay_are_understood() {
    for line in [
        "banyan order place --customer c-1 --line 85123A:6:255 --line 22423:1:1275 --currency EUR --token tok_3ds --key k",
        "banyan order place --file order.json --key k",
        "banyan order get o-1",
        "banyan order list --customer c-1 --status placed --limit 5 --cursor 00",
        "banyan order timeline o-1",
        "banyan order timeline o-1 --flat",
        "banyan order watch o-1 --timeout 30",
        "banyan order return o-1 --line 85123A:2 --line 22423:1 --reason broken --key k",
        "banyan order cancel o-1 --reason twice",
        "banyan orders import x.csv --stock 1.5 --limit 9",
        "banyan events publish --file x.json",
        "banyan events publish",
        "banyan events tail --type order --limit 3",
        "banyan completions zsh",
        "banyan orders stuck",
        "banyan payments list --status captured --limit 5 --cursor 00",
        "banyan payment show o-1",
        "banyan payments ask o-1",
        "banyan shipments list --order o-1 --status ready",
        "banyan shipment show o-1-s1",
        "banyan mail list --customer c-1 --limit 5",
        "banyan mails show o-1/order-placed/email",
        "banyan contracts check --against git:main --contracts contracts",
        "banyan contracts lint --json",
        "banyan contracts gen --check --format asyncapi --format typescript --out there",
        "banyan contracts docs --contracts contracts --out there",
        "banyan contracts serve --port 0",
        "banyan contracts check --against contracts/released --mode backward-transitive --format sarif",
        "banyan contracts diff --against git:v1.0.0",
        "banyan contracts release --dry-run --contracts contracts",
        "banyan queues list",
        "banyan queues peek payment --limit 5 --type order.placed",
        "banyan queue peek payment",
        "banyan dlq list --service payment --reason poison --type shop.banyan.order.placed.v1",
        "banyan dlq show 1",
        "banyan dlq redrive --id 1 --id 2 --service payment --rate 5 --dry-run --force",
        "banyan dlq discard --id 1",
        "banyan stock get 85123A",
        "banyan stock adjust 85123A --location main --delta -5 --reason broken",
        "banyan bench embedded",
        "banyan topology diff --bus rabbitmq --json",
        "banyan topology destroy --bus aws --yes",
        "banyan bench rabbitmq --rounds 3 --json",
        "banyan bench postgres --rounds 3",
        "banyan bench aws --seconds 60 --aws-endpoint http://127.0.0.1:4566",
        "banyan chaos --kills 300 --seed 7 --rate 100 --json",
        "banyan chaos --power-cuts 1000 --data ./chaos",
        "banyan bench embedded --json --seconds 5 --rounds 3",
        "banyan e2e --bus rabbitmq --json --restart-broker true",
        "banyan audit --json --url http://127.0.0.1:1",
        "banyan audit --url orders=http://127.0.0.1:9090,payment=http://127.0.0.1:9092 --token-file token",
        "banyan serve payment --bus rabbitmq --peer-url http://127.0.0.1:1 --port 0 --ops-port 0 --ops-host ::1",
        "banyan --json audit",
        "banyan config print --origin",
    ] {
        if let Err(error) = Cli::try_parse_from(line.split(' ')) {
            panic!("{line}\n{error}");
        }
    }
}

#[tokio::test]
async fn a_banyan_that_is_not_there_is_an_error_with_a_hint() {
    // Port 1 of the loopback: nobody listens there.
    let line = "banyan order get o-1 --url http://127.0.0.1:1";
    assert_eq!(run(line.split(' ').map(OsString::from)).await, Exit::Error);
    let hint = client::Error::Unreachable("http://127.0.0.1:1".into()).to_string();
    assert!(hint.contains("`banyan dev`") && hint.contains("--url"), "{hint}");
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
