//! The simulated mailbox over real sockets and real disks, and what the adapter makes of it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use contracts::NotificationId;
use futures_util::future::join;
use notification::domain::Address;
use notification::mailbox::simulated::{Config as AdapterConfig, Http};
use notification::mailbox::{Evidence, MailKey, Mailbox, Message, RefusalKind, Unavailable, Why};
use notification::simulated::faults::{Chance, Faults, Mishap, Odds};
use notification::simulated::ledger::Ledger;
use notification::simulated::{Config, Page, ServeError, Storage, serve};
use serde_json::Value;
use tokio::sync::oneshot;

/// Longer than anything takes that comes to an end at all.
const PATIENT: Duration = Duration::from_secs(20);

/// What a test waits for an answer that never comes.
const IMPATIENT: Duration = Duration::from_millis(300);

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A simulated mailbox in this process.
struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    fn start(odds: Odds) -> Self {
        Self::on(Storage::Memory, odds)
    }

    fn on(storage: Storage, odds: Odds) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let config = Config {
            storage,
            faults: Faults::new(1, odds, Duration::from_secs(1)).unwrap(),
            env: runtime::real::env(),
            hold: Config::HOLD,
            webhook: None,
        };
        let serving =
            async move { serve(config, listener, async move { stopped.await.unwrap_or(()) }).await };
        let thread = std::thread::Builder::new().spawn(move || block_on(serving)).unwrap();
        Self { address, stop, thread }
    }

    fn adapter(&self) -> Http {
        adapter(self.address, PATIENT)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENT).build().unwrap();
        let response = client.get(format!("http://{}{path}", self.address)).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    /// The ledger that follows from what the mailbox exports, checked entry by entry, and the keys in order.
    async fn exported(&self, limit: usize) -> (Ledger, Vec<String>) {
        let (mut ledger, mut keys) = (Ledger::default(), Vec::new());
        loop {
            let (_, page) = self.get(&format!("/v1/ledger?after={}&limit={limit}", ledger.entries())).await;
            assert!(!page.to_string().contains("example.org"), "{page}");
            let page: Page = serde_json::from_value(page).unwrap();
            for entry in &page.entries {
                ledger.apply(entry).unwrap();
                keys.push(entry.key.to_string());
            }
            if page.next_after.is_none() {
                assert_eq!(page.total_entries, ledger.entries());
                return (ledger, keys);
            }
        }
    }

    fn stop(self) {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap().unwrap();
    }
}

fn adapter(address: SocketAddr, request_timeout: Duration) -> Http {
    let base_url = format!("http://{address}");
    Http::new(&AdapterConfig { base_url, connect_timeout: PATIENT, request_timeout }).unwrap()
}

fn key(name: &str) -> MailKey {
    MailKey::new(&NotificationId::new(format!("{name}/order-placed/email")).unwrap(), 1)
}

fn letter(to: &str) -> Message {
    let to = Address::new(&format!("{to}@example.org")).unwrap();
    let subject = format!("to {}", to_name(&to));
    Message { to, subject, text: "text".into(), html: "<p>html</p>".into() }
}

fn to_name(to: &Address) -> String {
    to.expose().split('@').next().unwrap().to_owned()
}

/// What the adapter sees of the first try, which a mishap meets, or which is put off.
fn expected(mishap: Option<Mishap>) -> Result<Option<Evidence>, Unavailable> {
    let unknown = |why| Ok(Some(Evidence::Unknown { why }));
    let Some(mishap) = mishap else { return Ok(Some(Evidence::NotTaken { code: "deferred".to_owned() })) };
    match mishap {
        Mishap::TimeoutBefore | Mishap::TimeoutAfter => unknown(Why::Timeout),
        Mishap::ResetBefore | Mishap::ResetAfter => unknown(Why::Reset),
        Mishap::ErrorBefore | Mishap::ErrorAfter => unknown(Why::ServerError),
        Mishap::Unreadable => unknown(Why::Unreadable),
        Mishap::Busy => unknown(Why::InProgress),
        Mishap::Throttled => Err(Unavailable::Throttled { retry_after_s: Some(1) }),
        Mishap::Slow => Ok(None),
    }
}

#[test]
fn each_mishap_is_told_apart_and_the_same_key_resolves_it_with_one_effect() {
    let server = Server::start(Odds::default());
    block_on(async {
        let tries: Vec<_> = Mishap::ALL.iter().copied().map(Some).chain([None]).collect();
        for mishap in tries.iter().copied() {
            let name = mishap.map_or("deferred", Mishap::as_str);
            let letter = letter(&format!("sim-{name}"));
            let is_timeout = matches!(expected(mishap), Ok(Some(Evidence::Unknown { why: Why::Timeout })));
            let first_try = adapter(server.address, if is_timeout { IMPATIENT } else { PATIENT });
            let first = first_try.send(&key(name), &letter).await;
            match expected(mishap) {
                Ok(None) => assert!(matches!(first, Ok(Evidence::Accepted { .. })), "{name}: {first:?}"),
                other => assert_eq!(first.map(Some), other, "{name}"),
            }
            let asked = server.adapter().lookup(&key(name)).await;
            match mishap.is_some_and(Mishap::is_executed) {
                true => assert!(matches!(asked, Ok(Evidence::Accepted { .. })), "{name}: {asked:?}"),
                false => assert_eq!(asked, Ok(Evidence::NotFound), "{name}"),
            }
            let second = server.adapter().send(&key(name), &letter).await;
            assert!(matches!(second, Ok(Evidence::Accepted { .. })), "{name}: {second:?}");
            assert_eq!(server.adapter().lookup(&key(name)).await, second, "{name}");
        }
        let (ledger, keys) = server.exported(3).await;
        assert_eq!((keys.len(), ledger.outcomes().count()), (tries.len(), tries.len()));
    });
    server.stop();
}

#[test]
fn what_was_taken_is_there_after_a_restart_and_is_not_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("peers/mailbox.db");
    let (first, bounced) = with_mailbox(&file, async |server| {
        let first = server.adapter().send(&key("a"), &letter("ada")).await.unwrap();
        (first, server.adapter().send(&key("b"), &letter("sim-bounce")).await.unwrap())
    });
    assert!(matches!(first, Evidence::Accepted { .. }));
    with_mailbox(&file, async |server| {
        assert_eq!(server.adapter().lookup(&key("a")).await, Ok(first.clone()));
        assert_eq!(server.adapter().send(&key("a"), &letter("ada")).await, Ok(first.clone()));
        assert_eq!(server.adapter().send(&key("b"), &letter("sim-bounce")).await, Ok(bounced.clone()));
        let reused = server.adapter().send(&key("a"), &letter("eve")).await;
        assert_eq!(reused, Ok(Evidence::Unknown { why: Why::KeyReused }));
        assert_eq!(server.exported(1_000).await.1, [key("a").as_str(), key("b").as_str()]);
        let (_, mails) = server.get("/v1/mails").await;
        assert_eq!(mails["mails"].as_array().unwrap().len(), 1);
    });
}

fn with_mailbox<T>(file: &Path, main: impl AsyncFnOnce(&Server) -> T) -> T {
    let server = Server::on(Storage::File(file.to_owned()), Odds::default());
    let said = block_on(main(&server));
    server.stop();
    said
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mailbox.db");
    std::fs::write(&file, "this is no journal, and long enough to be taken for one".repeat(50)).unwrap();
    let config = Config {
        storage: Storage::File(file),
        faults: Faults::new(1, Odds::default(), Duration::ZERO).unwrap(),
        env: runtime::real::env(),
        hold: Config::HOLD,
        webhook: None,
    };
    let Err(ServeError::Journal(error)) = notification::simulated::open(config).map(|_| ()) else { panic!() };
    assert!(error.hint().contains("damaged"), "{}", error.hint());
}

#[test]
fn people_list_what_was_sent_newest_first_and_read_it() {
    let server = Server::start(Odds::default());
    block_on(async {
        for name in ["a", "sim-bounce", "b", "c"] {
            server.adapter().send(&key(name), &letter(name)).await.unwrap();
        }
        let (_, page) = server.get("/v1/mails?limit=2").await;
        let subjects = |page: &Value| {
            let mails = page["mails"].as_array().unwrap().iter();
            mails.map(|mail| mail["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(subjects(&page), ["to c", "to b"]);
        let before = page["next_before"].as_u64().unwrap();
        let (_, rest) = server.get(&format!("/v1/mails?limit=2&before={before}")).await;
        assert_eq!((subjects(&rest), rest.get("next_before")), (vec!["to a".to_owned()], None));
        let id = page["mails"][0]["id"].as_str().unwrap();
        let (status, mail) = server.get(&format!("/v1/mails/{id}")).await;
        assert_eq!(
            (status, &mail["html"], &mail["to"]),
            (200, &"<p>html</p>".into(), &"c@example.org".into())
        );
        assert_eq!(mail["simulated"], true);
        for (path, status) in [
            ("/v1/mails/sim_mail_0", 404),
            ("/v1/mails?limit=x", 422),
            ("/v1/nothing", 404),
            ("/healthz", 200),
        ] {
            assert_eq!(server.get(path).await.0, status, "{path}");
        }
    });
    server.stop();
}

#[test]
fn refusals_keep_their_kind() {
    let server = Server::start(Odds::default());
    block_on(async {
        for (to, kind) in [("sim-bounce", RefusalKind::NoSuchAddress), ("sim-refuse", RefusalKind::Unwanted)]
        {
            let first = server.adapter().send(&key(to), &letter(to)).await;
            let Ok(Evidence::Refused { kind: said, .. }) = &first else { panic!("{first:?}") };
            assert_eq!(*said, kind, "{to}");
            assert_eq!(server.adapter().lookup(&key(to)).await, first);
        }
    });
    server.stop();
}

#[test]
fn of_two_requests_under_one_key_at_once_one_is_executed_and_the_other_learns_of_it() {
    let server = Server::start(Odds::default());
    block_on(async {
        let (adapter, key, letter) = (server.adapter(), key("twice"), letter("sim-slow"));
        let (one, other) = join(adapter.send(&key, &letter), adapter.send(&key, &letter)).await;
        let in_progress = Ok(Evidence::Unknown { why: Why::InProgress });
        let (late, early) = if one == in_progress { (other, one) } else { (one, other) };
        assert_eq!(early, in_progress);
        assert!(matches!(late, Ok(Evidence::Accepted { .. })), "{late:?}");
        assert_eq!(adapter.send(&key, &letter).await, late);
        assert_eq!(server.exported(1_000).await.1.len(), 1);
    });
    server.stop();
}

#[test]
fn a_mailbox_that_does_not_listen_was_never_asked() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    block_on(async {
        let adapter = adapter(address, PATIENT);
        assert_eq!(adapter.send(&key("a"), &letter("a")).await, Err(Unavailable::Unreachable));
        assert_eq!(adapter.lookup(&key("a")).await, Err(Unavailable::Unreachable));
    });
}

#[test]
fn in_a_storm_every_letter_comes_to_an_end_with_one_effect() {
    let often = Chance::percent(7);
    let odds = Odds {
        bounce: Chance::percent(10),
        refuse: Chance::percent(10),
        reset_before: often,
        reset_after: often,
        error_before: often,
        error_after: often,
        unreadable: often,
        busy: often,
        deferred: often,
        throttled: often,
        ..Odds::default()
    };
    let server = Server::start(odds);
    block_on(async {
        let adapter = server.adapter();
        let (mut accepted, mut refused, mut tries) = (0, 0, 0);
        for n in 0..100 {
            let (key, letter) = (key(&n.to_string()), letter(&format!("c{n}")));
            loop {
                tries += 1;
                match adapter.send(&key, &letter).await {
                    Ok(Evidence::Unknown { .. } | Evidence::NotTaken { .. })
                    | Err(Unavailable::Throttled { .. }) => {}
                    Ok(Evidence::Accepted { .. }) => break accepted += 1,
                    Ok(Evidence::Refused { .. }) => break refused += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
        assert!(accepted > 50 && refused > 0 && tries > 130, "{accepted} {refused} {tries}");
        let (ledger, keys) = server.exported(7).await;
        let taken = ledger.outcomes().filter(|(_, outcome)| outcome.mail.is_some()).count();
        assert_eq!((keys.len(), taken), (100, accepted));
    });
    server.stop();
}

#[test]
fn a_server_that_shuts_down_lets_go_of_those_that_wait_for_nothing() {
    let server = Server::start(Odds::default());
    let held = adapter(server.address, PATIENT);
    let thread = std::thread::Builder::new()
        .spawn(move || block_on(async { held.send(&key("held"), &letter("sim-timeout-after")).await }))
        .unwrap();
    // It is being held as soon as its effect is there.
    while block_on(server.exported(10)).1.is_empty() {}
    server.stop();
    assert_eq!(thread.join().unwrap(), Ok(Evidence::Unknown { why: Why::Reset }));
}
