//! The simulated provider's own surface: problems, the export, and the page of the customer.

use payment::gateway::{Evidence, Gateway};
use payment::simulated::faults::Odds;
use payment::simulated::ledger::Account;
use payment::simulated::{Problem, Slug};

use crate::support::{Server, authorize, authorize_key, block_on, capture, client, exported, refund, void};

const BODY: &str = r#"{"payment":"p","amount_minor":100,"currency":"GBP","token":"tok_ok"}"#;

#[test]
fn bad_requests_get_problem_documents() {
    let server = Server::start(Odds::default());
    block_on(async {
        let origin = format!("http://{}", server.address);
        let post = |path: &str| client().post(format!("{origin}{path}"));
        let cases = [
            (post("/v1/authorizations").body(BODY), Slug::KeyRequired),
            (post("/v1/authorizations").header("idempotency-key", "a b").body(BODY), Slug::KeyRequired),
            (post("/v1/authorizations").header("idempotency-key", "k").body("{"), Slug::MalformedRequest),
            (
                post("/v1/authorizations").header("idempotency-key", "k").body(vec![0xff]),
                Slug::MalformedRequest,
            ),
            (post("/v1/authorizations").header("idempotency-key", "k").body("{}"), Slug::InvalidRequest),
            (
                post("/v1/authorizations").header("idempotency-key", "k").body("x".repeat(20_000)),
                Slug::BodyTooLarge,
            ),
            (post("/v1/ledger").body(BODY), Slug::RouteNotFound),
            (client().get(format!("{origin}/")), Slug::RouteNotFound),
            (client().get(format!("{origin}/v1/ledger?after=x")), Slug::InvalidRequest),
            (client().get(format!("{origin}/v1/actions/1")), Slug::AuthorizationNotFound),
        ];
        for (request, slug) in cases {
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), slug.status(), "{slug:?}");
            assert_eq!(response.headers()["content-type"], "application/problem+json");
            let body = response.text().await.unwrap();
            assert_eq!(Problem::decode(&body).map(|problem| problem.slug), Some(slug), "{body}");
        }
        assert_eq!(exported(server.address, 10).await.1.len(), 0);
        let health = client().get(format!("{origin}/healthz")).send().await.unwrap().text().await.unwrap();
        assert!(health.contains(r#""simulated":true"#), "{health}");
    });
    server.stop();
}

#[test]
fn a_replay_is_the_same_bytes() {
    let server = Server::start(Odds::default());
    block_on(async {
        let send = || client().post(format!("http://{}/v1/authorizations", server.address)).body(BODY);
        let mut answers = Vec::new();
        for _ in 0..3 {
            let response = send().header("idempotency-key", "k").send().await.unwrap();
            answers.push((response.status(), response.bytes().await.unwrap()));
        }
        assert_eq!((&answers[0], &answers[0]), (&answers[1], &answers[2]));
        assert_eq!(answers[0].0, 201);
    });
    server.stop();
}

/// Asks for an authorization that needs its customer, and gives the address of their page.
async fn challenged(gateway: &impl Gateway, name: &str, token: &str) -> String {
    match gateway.execute(&authorize(name, token)).await.unwrap() {
        Evidence::ActionRequired { action_url, .. } => action_url,
        other => panic!("{other:?}"),
    }
}

async fn page(url: &str) -> String {
    client().get(url).send().await.unwrap().text().await.unwrap()
}

#[test]
fn a_customer_authenticates_on_a_page_that_says_it_is_simulated() {
    let server = Server::start(Odds::default());
    block_on(async {
        let gateway = server.gateway();
        for (name, token, outcome, is_held) in [
            ("passes", "tok_3ds", "succeed", true),
            ("gives-up", "tok_3ds", "fail", false),
            ("cannot", "tok_3ds_fails", "succeed", false),
        ] {
            let url = challenged(&gateway, name, token).await;
            assert!(url.starts_with(&format!("http://{}/", server.address)), "{url}");
            assert!(page(&url).await.contains("SIMULATED"));
            // A browser sends the form twice when its owner is impatient.
            for _ in 0..2 {
                let form = client().post(&url).header("content-type", "application/x-www-form-urlencoded");
                let sent = form.body(format!("outcome={outcome}")).send().await.unwrap();
                assert_eq!(sent.status(), 303);
                assert!(url.ends_with(sent.headers()["location"].to_str().unwrap()));
            }
            let after = gateway.query(&authorize_key(name)).await.unwrap();
            assert_eq!(matches!(after, Evidence::Authorized { .. }), is_held, "{name}: {after:?}");
            assert_eq!(matches!(after, Evidence::Declined { .. }), !is_held, "{name}: {after:?}");
            assert_eq!(page(&url).await.contains("Authenticated."), is_held);
        }
        let (ledger, keys) = exported(server.address, 2).await;
        assert_eq!((keys.len(), ledger.authorizations().filter(|a| a.is_open()).count()), (6, 1));
    });
    server.stop();
}

#[test]
fn a_customer_who_comes_after_the_void_is_turned_away() {
    let server = Server::start(Odds::default());
    block_on(async {
        let gateway = server.gateway();
        let url = challenged(&gateway, "late", "tok_3ds").await;
        assert_eq!(gateway.execute(&void("late", None)).await, Ok(Evidence::Voided));
        client().post(&url).body("outcome=succeed").send().await.unwrap();
        assert_eq!(gateway.query(&authorize_key("late")).await, Ok(Evidence::Voided));
        assert!(page(&url).await.contains("was cancelled"));
    });
    server.stop();
}

#[test]
fn people_contest_a_capture_and_decide_that_by_hand() {
    let server = Server::start(Odds::default());
    block_on(async {
        let gateway = server.gateway();
        let post = |path: String, body: &'static str| async move {
            let sent =
                client().post(format!("http://{}{path}", server.address)).body(body).send().await.unwrap();
            (
                sent.status().as_u16(),
                serde_json::from_str::<serde_json::Value>(&sent.text().await.unwrap()).unwrap(),
            )
        };
        let Evidence::Authorized { reference, .. } =
            gateway.execute(&authorize("a", "tok_ok")).await.unwrap()
        else {
            panic!()
        };
        let captured = gateway.execute(&capture("a", reference.clone())).await.unwrap();
        let Evidence::Captured { reference: name, .. } = captured else { panic!("{captured:?}") };
        let (status, dispute) = post(format!("/v1/captures/{}/dispute", name.as_str()), "").await;
        assert_eq!(
            (status, &dispute["object"], &dispute["status"]),
            (201, &"simulated_dispute".into(), &"opened".into())
        );
        assert_eq!(gateway.execute(&refund("a", reference, (1, 50))).await, Ok(Evidence::Disputed));
        let decide = format!("/v1/disputes/{}/decide", dispute["id"].as_str().unwrap());
        assert_eq!(post(decide.clone(), r#"{"outcome":"maybe"}"#).await.0, 422);
        let (status, decided) = post(decide, r#"{"outcome":"lost"}"#).await;
        assert_eq!((status, &decided["status"]), (200, &"lost".into()));
        let (ledger, _) = exported(server.address, 10).await;
        let totals = ledger.payments().pop_first().unwrap().1;
        assert_eq!(
            (totals.captured_minor, totals.charged_back_minor, totals.refunded_minor),
            (1050, 1050, 0)
        );
    });
    server.stop();
}

#[test]
fn the_export_tells_an_auditor_who_holds_what() {
    let server = Server::start(Odds::default());
    block_on(async {
        let send = |key: &'static str, path: String, body: String| {
            client()
                .post(format!("http://{}{path}", server.address))
                .header("idempotency-key", key)
                .body(body)
                .send()
        };
        send("a", "/v1/authorizations".to_owned(), BODY.to_owned()).await.unwrap();
        let (ledger, _) = exported(server.address, 10).await;
        let id = ledger.authorizations().next().unwrap().id.clone();
        send("c", format!("/v1/authorizations/{id}/capture"), r#"{"amount_minor":60}"#.to_owned())
            .await
            .unwrap();
        let refund = format!(r#"{{"authorization":"{id}","amount_minor":25}}"#);
        send("r", "/v1/refunds".to_owned(), refund).await.unwrap();

        let (ledger, keys) = exported(server.address, 1).await;
        assert_eq!(keys, ["a", "c", "r"]);
        let (name, totals) = ledger.payments().pop_first().unwrap();
        assert_eq!(name.as_str(), "p");
        assert_eq!((totals.held_minor, totals.captured_minor, totals.refunded_minor), (40, 60, 25));
        let balances: Vec<_> = ledger.books().balances().map(|b| (b.account, b.balance_minor)).collect();
        assert_eq!(balances, [(Account::Cardholder, -75), (Account::Held, 40), (Account::Merchant, 35)]);
    });
    server.stop();
}
