//! Equal requests at once: one is carried out, and all are answered alike.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use futures_util::future::join;
use runtime::{Answer, Collection, Command, Edge, Problem, Refusal, Service, Uow};
use tokio::sync::Notify;

use crate::support::{NAME, Stage};

const JAR: Collection<u32> = Collection::new("toy.jar");

/// Takes the last sweet.
struct Take {
    /// Begins once this was heard.
    after: Option<Arc<Notify>>,
}

impl Command for Take {
    async fn run(&self, uow: &mut Uow) -> Result<Answer, Refusal> {
        if let Some(after) = &self.after {
            after.notified().await;
        }
        let mut jar = match uow.load(&JAR, "jar").await? {
            Some(jar) => jar,
            None => uow.fresh("jar", 1),
        };
        if jar.data == 0 {
            return Err(Problem::new(409, "empty", "Empty", "the jar is empty").into());
        }
        jar.data -= 1;
        uow.put(&JAR, jar)?;
        Ok(Answer::json(200, None, &"a sweet")?)
    }
}

#[test]
fn who_is_refused_for_what_an_equal_request_did_gets_its_answer() {
    let edge: Arc<Mutex<Option<Edge>>> = Arc::default();
    let kept = edge.clone();
    let service = Service::new(NAME).routes(move |edge| {
        *kept.lock().unwrap() = Some(edge);
        Router::new()
    });
    let stage = Stage::with(service);
    drop(stage.node.routes());
    let edge = edge.lock().unwrap().take().unwrap();
    let headers = HeaderMap::from_iter([("idempotency-key".parse().unwrap(), "k-1".parse().unwrap())]);
    let write = edge.write("POST /take", &headers, Bytes::from_static(b"{}")).unwrap();
    let done = Arc::new(Notify::new());
    let (late, first) = (Take { after: Some(done.clone()) }, Take { after: None });
    // The late one finds no answer when it begins, and an empty jar when it looks into it.
    let (late, first) = stage.run(join(edge.run(&write, &late), async {
        let answer = edge.run(&write, &first).await;
        done.notify_one();
        answer
    }));
    let told = [late.map(|answer| answer.status().as_u16()), first.map(|answer| answer.status().as_u16())];
    assert_eq!(told.map(|told| told.map_err(|problem| problem.status)), [Ok(200), Ok(200)]);

    let other = HeaderMap::from_iter([("idempotency-key".parse().unwrap(), "k-2".parse().unwrap())]);
    let other = edge.write("POST /take", &other, Bytes::from_static(b"{}")).unwrap();
    let refused = stage.run(edge.run(&other, &Take { after: None })).unwrap_err();
    assert_eq!(refused.status, 409);
}
