//! A proxy that understands just enough of SNS and SQS to lose, refuse and count calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::http::Packet;
use crate::network::listen;

/// What happens to a call. The SDK makes a call up to three times.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It never reaches the endpoint, however often it is tried.
    Lost,
    /// It reaches the endpoint once; no answer comes back, however often it is tried.
    Unanswered,
    /// It is given up, however often it is tried; the endpoint gets it later, by [`Proxy::deliver`].
    Delayed,
    /// It reaches the endpoint and the answer is lost; trying again works.
    AnsweredLate,
    /// It is answered so, and does not reach the endpoint; trying again works.
    RefusedOnce(u16, &'static str),
    /// It is always answered so, and does not reach the endpoint.
    Refused(u16, &'static str),
    /// The last so many entries do not reach the endpoint: they fail by this code, by the sender's fault or not.
    FailsInPart(usize, &'static str, bool),
}

/// Stands between clients and an endpoint. What it accepts, it drops when it is dropped.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    endpoint: String,
    state: Mutex<State>,
    /// Changes when all connections are to be cut.
    cuts: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    is_down: bool,
    /// No lease is made longer.
    is_starving: bool,
    /// For the next call of one of these actions.
    fates: Vec<(&'static [&'static str], Fate)>,
    /// By the SDK's name for a call, what is done to all its tries.
    doomed: BTreeMap<String, Fate>,
    /// How often each action was tried.
    calls: BTreeMap<String, usize>,
    /// What the endpoint gets later.
    delayed: Vec<Packet>,
}

impl Proxy {
    /// In front of the endpoint at `HOST:PORT`.
    pub(crate) async fn start(endpoint: String) -> Self {
        let shared = Arc::new(Shared { endpoint, state: Mutex::default(), cuts: watch::Sender::new(0) });
        let port = listen(&shared, async |shared, client| shared.connect(client).await).await;
        Self { port, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// What happens to the next call of one of `actions`.
    pub(crate) fn next(&self, actions: &'static [&'static str], fate: Fate) {
        self.state().fates.push((actions, fate));
    }

    /// Refuses everybody, or nobody any more.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
        if is_down {
            self.shared.cuts.send_modify(|n| *n += 1);
        }
    }

    /// Hands over what was delayed.
    pub(crate) async fn deliver(&self) {
        let delayed = std::mem::take(&mut self.state().delayed);
        for request in delayed {
            let mut endpoint = TcpStream::connect(&self.shared.endpoint).await.unwrap();
            endpoint.write_all(&request.bytes()).await.unwrap();
            Packet::read(&mut endpoint, &mut vec![]).await.expect("an answer");
        }
    }

    /// From now on no lease is made longer, or all are again.
    pub(crate) fn starve(&self, is_starving: bool) {
        self.state().is_starving = is_starving;
    }

    /// How often each action was tried since this was asked last.
    pub(crate) fn counted(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut self.state().calls)
    }
}

/// What to do with one request.
enum Passage {
    /// Pass it on, and its answer back.
    Through,
    /// Pass it on, and cut.
    OneWay,
    Cut,
    Answer(Packet),
    /// Pass all but the last so many entries on.
    InPart(usize, &'static str, bool),
}

impl Shared {
    async fn connect(&self, mut client: TcpStream) {
        let mut cuts = self.cuts.subscribe();
        if self.state.lock().unwrap().is_down {
            return;
        }
        tokio::select! {
            _ = cuts.changed() => {}
            _ = self.serve(&mut client) => {}
        }
    }

    async fn serve(&self, client: &mut TcpStream) -> Option<()> {
        let mut endpoint = TcpStream::connect(&self.endpoint).await.ok()?;
        let (mut from_client, mut from_endpoint) = (vec![], vec![]);
        loop {
            let mut request = Packet::read(client, &mut from_client).await?;
            let answer = match self.passage(&request) {
                Passage::Cut => return None,
                Passage::Answer(answer) => answer,
                Passage::InPart(n, code, is_senders)
                    if shorten(&mut request.clone(), n).len() == entries(&request) =>
                {
                    let mut answer = Packet::answer(200, "{}");
                    add_failures(&mut answer, &shorten(&mut request, n), code, is_senders);
                    answer
                }
                passage => {
                    let cut = match passage {
                        Passage::InPart(n, ..) => shorten(&mut request, n),
                        _ => vec![],
                    };
                    endpoint.write_all(&request.bytes()).await.ok()?;
                    let mut answer = Packet::read(&mut endpoint, &mut from_endpoint).await?;
                    match passage {
                        Passage::OneWay => return None,
                        Passage::InPart(_, code, is_senders) => {
                            add_failures(&mut answer, &cut, code, is_senders)
                        }
                        _ => {}
                    }
                    answer
                }
            };
            client.write_all(&answer.bytes()).await.ok()?;
        }
    }

    fn passage(&self, request: &Packet) -> Passage {
        let mut state = self.state.lock().unwrap();
        let action = request.action();
        *state.calls.entry(action.clone()).or_default() += 1;
        let invocation = request.header("amz-sdk-invocation-id").unwrap_or_default().to_owned();
        if let Some(fate) = state.doomed.get(&invocation) {
            return match fate {
                Fate::Refused(status, body) => Passage::Answer(Packet::answer(*status, body)),
                _ => Passage::Cut,
            };
        }
        let extends = || !String::from_utf8_lossy(&request.body).contains("\"VisibilityTimeout\":0");
        if state.is_starving && action == "ChangeMessageVisibilityBatch" && extends() {
            return Passage::Cut;
        }
        let Some(at) = state.fates.iter().position(|(actions, _)| actions.contains(&action.as_str())) else {
            return Passage::Through;
        };
        let (_, fate) = state.fates.remove(at);
        if matches!(fate, Fate::Lost | Fate::Unanswered | Fate::Delayed | Fate::Refused(..)) {
            state.doomed.insert(invocation, fate.clone());
        }
        if let Fate::Delayed = fate {
            state.delayed.push(request.clone());
        }
        match fate {
            Fate::Lost | Fate::Delayed => Passage::Cut,
            Fate::Unanswered | Fate::AnsweredLate => Passage::OneWay,
            Fate::RefusedOnce(status, body) | Fate::Refused(status, body) => {
                Passage::Answer(Packet::answer(status, body))
            }
            Fate::FailsInPart(n, code, is_senders) => Passage::InPart(n, code, is_senders),
        }
    }
}

/// How many entries a batch for a queue has; one for a topic never loses all of them here.
fn entries(request: &Packet) -> usize {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    body.and_then(|body| body["Entries"].as_array().map(Vec::len)).unwrap_or(usize::MAX)
}

/// Takes the last `n` entries out of a batch; answers their ids.
fn shorten(request: &mut Packet, n: usize) -> Vec<String> {
    if request.header("x-amz-target").is_some() {
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        let entries = body["Entries"].as_array_mut().unwrap();
        let cut = entries.split_off(entries.len() - n);
        request.set_body(body.to_string().into_bytes());
        return cut.iter().map(|one| one["Id"].as_str().unwrap().to_owned()).collect();
    }
    let body = String::from_utf8(request.body.clone()).unwrap();
    let member = |pair: &str| -> Option<usize> {
        pair.strip_prefix("PublishBatchRequestEntries.member.")?.split('.').next()?.parse().ok()
    };
    let last = body.split('&').filter_map(member).max().unwrap();
    let is_cut = |pair: &&str| member(pair).is_some_and(|member| member > last - n);
    let (cut, kept): (Vec<&str>, Vec<&str>) = body.split('&').partition(is_cut);
    let ids = cut.iter().filter_map(|pair| pair.split_once(".Id=")).map(|(_, id)| id.to_owned()).collect();
    let kept = kept.join("&").into_bytes();
    request.set_body(kept);
    ids
}

fn add_failures(answer: &mut Packet, ids: &[String], code: &str, is_senders: bool) {
    let text = String::from_utf8(answer.body.clone()).unwrap();
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(mut body) => {
            let failures = ids
                .iter()
                .map(|id| json!({ "Id": id, "Code": code, "Message": "made up", "SenderFault": is_senders }));
            body["Failed"] = failures.collect();
            body.to_string()
        }
        Err(_) => {
            let failures: String = ids.iter().map(|id| format!(
                "<member><Id>{id}</Id><Code>{code}</Code><Message>made up</Message><SenderFault>{is_senders}</SenderFault></member>"
            )).collect();
            // Every writer of XML has a way of its own to say that there is nothing, or says nothing.
            let end = "</PublishBatchResult>";
            assert!(text.contains(end), "{text}");
            let said = ["<Failed></Failed>", "<Failed/>", "<Failed />"];
            let bare = said.iter().fold(text, |text, nothing| text.replace(nothing, ""));
            bare.replace(end, &format!("<Failed>{failures}</Failed>{end}"))
        }
    };
    answer.set_body(text.into_bytes());
}
