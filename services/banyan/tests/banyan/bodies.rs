//! Bodies in pieces of which nobody knows how many there will be, by hand: what a client of HTTP makes of an answer that
//! comes early differs from client to client.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::shop::{Dev, PATIENCE, block_on, folder, order};

/// Sends all of `body` in pieces, and only then reads the answer: its head and its body.
fn in_pieces(address: &str, target: &str, body: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let head = format!(
        "{target} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    for piece in body.chunks(64 * 1024) {
        stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
        stream.write_all(piece).unwrap();
        stream.write_all(b"\r\n").unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{target}: {answer:?}"));
    (head.to_owned(), body.to_owned())
}

#[test]
fn who_sends_too_much_in_pieces_reads_why_it_is_refused() {
    let folder = folder();
    let dev = Dev::start(&folder.path().join("data"));
    let address = dev.url.strip_prefix("http://").unwrap();
    let long = format!("{{\"note\":\"{}\"}}", "x".repeat(10 * 1024 * 1024)).into_bytes();
    for target in [
        "POST /orders",
        "POST /orders/nobody/cancel",
        "POST /stock/A/adjust",
        "PUT /stock/A",
        "POST /holds",
        "POST /events",
        "POST /dead-letters/redrive",
        "POST /nowhere",
        "DELETE /orders",
    ] {
        let (head, body) = in_pieces(address, target, &long);
        assert!(head.starts_with("HTTP/1.1 413 "), "{target}: {head}");
        assert!(body.contains("urn:banyan:problem:body-too-large"), "{target}: {body}");
    }
    let short = order("c-1", "85123A", 1).to_string();
    let (head, body) = in_pieces(address, "POST /orders", short.as_bytes());
    assert!(head.starts_with("HTTP/1.1 201 "), "{head} {body}");
    assert_eq!(block_on(dev.shop().orders(None)).len(), 1);
}
