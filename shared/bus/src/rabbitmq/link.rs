//! One connection that comes back: it is made again for ever, with jitter, and whoever needs it waits a bounded time.
//!
//! The recovery of the client library is off: it would replay what we want answered as unknown.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use lapin::{Connection, ConnectionProperties, Event};
use tokio::sync::watch;

use super::failure::{backoff, in_time, outage, silence};
use super::settings::Settings;
use super::topology::Topology;
use crate::{Outage, OutageKind, World, within};

/// What is known of a connection.
#[derive(Clone)]
enum State {
    /// The first attempt is not decided, which its own time limit bounds.
    Opening,
    Down(Outage),
    Up(Arc<Connection>),
}

/// A connection for one purpose.
#[derive(Clone)]
pub(super) struct Link {
    state: watch::Receiver<State>,
    settings: Arc<Settings>,
    world: Arc<dyn World>,
}

/// How often a connection is looked at that says nothing: its events are the rule, this is the safety net.
const LOOK: Duration = Duration::from_secs(1);

impl Link {
    /// Connects, again and again, until `closing` says true or is gone. With a `topology`, declares it each time.
    pub(super) fn start(
        role: &'static str,
        settings: &Arc<Settings>,
        world: &Arc<dyn World>,
        topology: Option<Arc<Topology>>,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let (sender, state) = watch::channel(State::Opening);
        let (settings, world) = (settings.clone(), world.clone());
        let keeper =
            Keeper { role, settings: settings.clone(), world: world.clone(), topology, state: sender };
        world.spawn(format!("rabbitmq.{role}").into(), Box::pin(keeper.run(closing)));
        Self { state, settings, world }
    }

    /// The connection; waits for it as long as the settings say.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>, Outage> {
        tokio::select! {
            biased;
            connection = self.up() => Ok(connection),
            outage = self.down() => Err(outage),
        }
    }

    /// The connection, however long it takes.
    pub(super) async fn up(&self) -> Arc<Connection> {
        let mut state = self.state.clone();
        loop {
            // What is lost already, and not yet seen to be, would only fail.
            if let State::Up(connection) = &*state.borrow_and_update()
                && connection.status().connected()
            {
                return connection.clone();
            }
            if state.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Ends once there has been no connection for as long as a call waits.
    pub(super) async fn down(&self) -> Outage {
        let mut state = self.state.clone();
        loop {
            if state.wait_for(|state| matches!(state, State::Down(_))).await.is_err() {
                return closed();
            }
            if within(&*self.world, self.settings.connect_wait, self.up()).await.is_none()
                && let State::Down(outage) = state.borrow().clone()
            {
                return outage;
            }
        }
    }

    /// Ends once `connection` is not the present one any more.
    pub(super) async fn left(&self, connection: &Arc<Connection>) -> Outage {
        let mut state = self.state.clone();
        let is_left = |state: &State| !matches!(state, State::Up(now) if Arc::ptr_eq(now, connection));
        match state.wait_for(|state| is_left(state)).await.as_deref() {
            Ok(State::Down(outage)) => outage.clone(),
            Ok(_) => lost(&self.settings),
            Err(_) => closed(),
        }
    }

    /// Ends once the connection is closed for good.
    pub(super) async fn closed(&self) {
        let mut state = self.state.clone();
        while state.changed().await.is_ok() {}
    }
}

fn closed() -> Outage {
    Outage { kind: OutageKind::Unreachable, detail: "rabbitmq: closed".to_owned() }
}

fn lost(settings: &Settings) -> Outage {
    let detail = format!("rabbitmq: {}: connection lost", settings.place());
    Outage { kind: OutageKind::Unreachable, detail }
}

/// Keeps one connection.
struct Keeper {
    role: &'static str,
    settings: Arc<Settings>,
    world: Arc<dyn World>,
    topology: Option<Arc<Topology>>,
    state: watch::Sender<State>,
}

impl Keeper {
    async fn run(self, mut closing: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            // Also when the sender is gone.
            _ = closing.wait_for(|&closing| closing) => {}
            never = self.keep() => match never {},
        }
        if let State::Up(connection) = self.state.send_replace(State::Down(closed())) {
            // What is unsettled goes back to its queue with the connection.
            let closing = connection.close(200, "closing".into());
            // A broker that does not answer notices that the connection is gone.
            within(&*self.world, self.settings.confirm_wait, closing).await;
        }
    }

    async fn keep(&self) -> Infallible {
        let mut failures = 0;
        loop {
            let why = match self.open().await {
                Ok(connection) => {
                    failures = 0;
                    self.state.send_replace(State::Up(connection.clone()));
                    tracing::info!(role = self.role, broker = %self.settings.place(), "connected");
                    let why = self.lost(&connection).await;
                    tracing::warn!(role = self.role, outage = %why, "connection lost");
                    why
                }
                Err(why) => why,
            };
            self.state.send_replace(State::Down(why));
            self.world.sleep(backoff(&*self.world, failures, self.settings.reconnect_wait)).await;
            failures = failures.saturating_add(1);
        }
    }

    async fn open(&self) -> Result<Arc<Connection>, Outage> {
        let what = format!("connect to {}", self.settings.place());
        let name = format!("{}.{}", self.settings.process, self.role);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let wait = Duration::from_millis(self.settings.uri.query.connection_timeout.unwrap_or_default());
        let connecting = Connection::connect_uri(self.settings.uri.clone(), properties);
        let connection = within(&*self.world, wait, connecting).await.ok_or_else(|| silence(&what))?;
        let connection = connection.map_err(|error| outage(&what, &error))?;
        if let Some(topology) = &self.topology {
            let declaring = topology.declare(&connection);
            match in_time(&*self.world, &self.settings, "declare the topology", declaring).await {
                Ok(()) => {}
                // One queue that differs must not stop the others: a message for it is answered as unknown.
                Err(outage) if outage.kind == OutageKind::Broken => {
                    tracing::error!(outage = %outage, "not all of the topology can be declared");
                }
                Err(outage) => return Err(outage),
            }
        }
        Ok(Arc::new(connection))
    }

    async fn lost(&self, connection: &Connection) -> Outage {
        let mut events = pin!(connection.events_listener());
        loop {
            let event = tokio::select! {
                biased;
                event = events.next() => event,
                () = self.world.sleep(LOOK) => None,
            };
            match event {
                Some(Event::Error(error)) if !connection.status().connected() => {
                    return outage("connection lost", &error);
                }
                Some(Event::ConnectionBlocked(reason)) => {
                    tracing::warn!(
                        role = self.role,
                        reason,
                        "the broker takes no messages: it is short of memory or disk"
                    );
                }
                Some(Event::ConnectionUnblocked) => {
                    tracing::info!(role = self.role, "the broker takes messages again")
                }
                _ => {}
            }
            if !connection.status().connected() {
                return lost(&self.settings);
            }
        }
    }
}
