//! The till: one document per sale decides how it ends.

use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State as Has};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use contracts::Event;
use runtime::{
    Answer, Collection, Command, Doc, Edge, Fail, Handler, Job, JobHandler, Refusal, Service, Uow,
};
use serde::{Deserialize, Serialize};
use testkit::Settled;

use super::{Dropped, Missing, Paid, Sold, Taken};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Open,
    Taken,
    Paid,
    Dropped,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sale {
    pub(crate) toy: String,
    pub(crate) quantity: i64,
    pub(crate) state: State,
}

const SALES: Collection<Sale> = Collection::new("till.sale");

#[derive(Serialize, Deserialize)]
struct Deadline {
    sale: String,
}

impl Job for Deadline {
    const NAME: &'static str = "deadline";

    fn lane(&self) -> &str {
        &self.sale
    }
}

pub(crate) fn service() -> Service {
    Service::new("till").on(OnTaken).on(OnMissing).on(OnPaid).job(OnDeadline).routes(|edge| {
        Router::new().route("/sales", post(sell)).route("/sales/{id}/drop", post(drop_it)).with_state(edge)
    })
}

/// How each sale ended.
pub(crate) fn ends(settled: &Settled<'_>) -> Vec<(String, Sale)> {
    #[derive(Deserialize)]
    struct Body {
        data: Sale,
    }
    let picture = settled.backend.with_model(|model| model.snapshot(settled.now));
    let rows = picture.page(SALES.name(), None, 1_000);
    let sale = |row: store::Row| (row.id, serde_json::from_slice::<Body>(&row.item.body).unwrap().data);
    rows.into_iter().map(sale).collect()
}

/// Moves a sale on, if its state allows.
async fn change(uow: &mut Uow, id: &str, to: State) -> Result<bool, Fail> {
    uow.about(id);
    let Some(mut sale) = uow.load(&SALES, id).await? else {
        return Err(Fail::permanent(format!("there is no sale {id}")));
    };
    let moves = match (sale.state, to) {
        (State::Open, State::Taken | State::Dropped | State::Paid)
        | (State::Taken, State::Dropped | State::Paid) => true,
        (State::Dropped | State::Paid | State::Taken | State::Open, _) => false,
    };
    if moves {
        sale.state = to;
        if to == State::Dropped {
            uow.emit(&mut sale, &Dropped { sale: id.to_owned() })?;
        }
        uow.put(&SALES, sale)?;
    }
    Ok(moves)
}

struct OnTaken;

impl Handler for OnTaken {
    type Event = Taken;

    async fn handle(&self, event: &Event<Taken>, uow: &mut Uow) -> Result<(), Fail> {
        change(uow, &event.data.sale, State::Taken).await.map(drop)
    }
}

struct OnMissing;

impl Handler for OnMissing {
    type Event = Missing;

    async fn handle(&self, event: &Event<Missing>, uow: &mut Uow) -> Result<(), Fail> {
        change(uow, &event.data.sale, State::Dropped).await.map(drop)
    }
}

struct OnPaid;

impl Handler for OnPaid {
    type Event = Paid;

    async fn handle(&self, event: &Event<Paid>, uow: &mut Uow) -> Result<(), Fail> {
        change(uow, &event.data.sale, State::Paid).await.map(drop)
    }
}

struct OnDeadline;

impl JobHandler for OnDeadline {
    type Job = Deadline;

    async fn run(&self, job: &Deadline, uow: &mut Uow) -> Result<(), Fail> {
        change(uow, &job.sale, State::Dropped).await.map(drop)
    }
}

#[derive(Deserialize)]
struct Wanted {
    toy: String,
    quantity: i64,
}

struct Sell(Wanted, String);

impl Command for Sell {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let Self(Wanted { toy, quantity }, id) = self;
        uow.about(id);
        let sale = Sale { toy: toy.clone(), quantity: *quantity, state: State::Open };
        let mut sale: Doc<Sale> = uow.fresh(id.clone(), sale);
        let (toy, quantity, wrapping) = (toy.clone(), *quantity, super::wrapping());
        uow.emit(&mut sale, &Sold { sale: id.clone(), toy, quantity, wrapping })?;
        uow.put(&SALES, sale)?;
        let due = uow.now().plus(Duration::from_secs(1800));
        uow.schedule(due, &Deadline { sale: id.clone() })?;
        Ok(Answer::json(201, None, &serde_json::json!({ "sale": id }))?)
    }
}

struct Drop(String);

impl Command for Drop {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        let dropped = change(uow, &self.0, State::Dropped).await?;
        Ok(Answer::json(200, None, &serde_json::json!({ "dropped": dropped }))?)
    }
}

async fn sell(Has(edge): Has<Edge>, headers: HeaderMap, body: Bytes) -> Response {
    let wanted: Wanted = serde_json::from_slice(&body).unwrap();
    let write = edge.write("POST /sales", &headers, body).unwrap();
    let id = format!("s-{}", edge.now().as_micros());
    match edge.run(&write, &Sell(wanted, id)).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn drop_it(Has(edge): Has<Edge>, Path(id): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    let write = edge.write(format!("POST /sales/{id}/drop"), &headers, body).unwrap();
    match edge.run(&write, &Drop(id)).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}
