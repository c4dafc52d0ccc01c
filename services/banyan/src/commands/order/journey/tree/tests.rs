use serde_json::json;

use super::*;

const TREE: Style = Style { is_flat: false, width: None };

/// An entry: milliseconds since the beginning, its name, and after a `<` its cause.
fn entry(ms: u64, text: &str, service: &str, summary: &str) -> Entry {
    let (name, cause) = text.split_once('<').map_or((text, None), |(name, cause)| (name, Some(cause)));
    let begun: Timestamp = "2026-11-22T20:00:00Z".parse().unwrap();
    let told = json!({
        "at": begun.plus(Duration::from_millis(ms)), "type": format!("shop.banyan.{name}.v1"), "event_id": name,
        "service": service, "summary": summary, "caused_by": cause,
    });
    Entry::told(&told).unwrap()
}

fn journey() -> Vec<Entry> {
    vec![
        entry(0, "order.placed", "orders", "6 pieces for 15.30 GBP"),
        entry(12, "stock.reserved<order.placed", "inventory", "6 pieces are reserved"),
        entry(31, "payment.authorized<stock.reserved", "payment", "15.30 GBP is set aside"),
        entry(35, "order.confirmed<payment.authorized", "orders", "stock and payment are arranged"),
        entry(90, "notification.sent<order.placed", "notification", "order-placed"),
        entry(125_000, "scan", "shipping", "Leeds"),
    ]
}

#[test]
fn what_was_caused_hangs_below_its_cause_with_the_time_it_took() {
    let want = [
        "   +0ms            order.placed            orders        6 pieces for 15.30 GBP",
        "  +12ms    (12ms)  ├╴stock.reserved        inventory     6 pieces are reserved",
        "  +31ms    (19ms)  │ └╴payment.authorized  payment       15.30 GBP is set aside",
        "  +35ms     (4ms)  │   └╴order.confirmed   orders        stock and payment are arranged",
        "  +90ms    (90ms)  ├╴notification.sent     notification  order-placed",
        "+2m 05s  (2m 05s)  └╴scan                  shipping      Leeds",
    ];
    assert_eq!(draw(&journey(), TREE).lines().collect::<Vec<_>>(), want);
}

#[test]
fn branches_join_however_causes_are_told() {
    let shape = |texts: &[&str]| {
        let entries: Vec<Entry> = texts.iter().zip(0..).map(|(text, ms)| entry(ms, text, "s", "")).collect();
        let names = draw(&entries, TREE);
        let name = |line: &str| {
            let rest: String =
                line.chars().skip_while(|c| !matches!(c, '│' | '├' | '└' | 'a'..='l')).collect();
            rest.trim_end_matches(" s").trim_end().to_owned()
        };
        // Durations are before the names, in columns of their own.
        names
            .lines()
            .map(|line| name(line.rsplit_once(')').map_or(line, |(_, rest)| rest)))
            .collect::<Vec<_>>()
    };
    for (texts, want) in [
        (&["a"][..], &["+0ms  a"][..]),
        (&["a", "b<a", "c<a"], &["+0ms  a", "├╴b", "└╴c"]),
        (&["a", "b<a", "c<b", "d<a"], &["+0ms  a", "├╴b", "│ └╴c", "└╴d"]),
        // A cause that nobody knows, none at all, and one that comes later.
        (&["a", "b<x", "c"], &["+0ms  a", "├╴b", "└╴c"]),
        (&["a", "b<c", "c<a"], &["+0ms  a", "└╴c", "  └╴b"]),
        // Circles are cut, and nothing is lost.
        (&["a", "b<b"], &["+0ms  a", "└╴b"]),
        (&["a", "b<c", "c<b"], &["+0ms  a", "└╴b", "  └╴c"]),
        (&["a<c", "b<a", "c<b"], &["+0ms  a", "└╴b", "  └╴c"]),
    ] {
        let got: Vec<String> = shape(texts);
        let strip = |line: &String| line.trim_start_matches("+0ms").trim().to_owned();
        let want: Vec<String> = want.iter().map(|line| strip(&(*line).to_owned())).collect();
        assert_eq!(got.iter().map(strip).collect::<Vec<_>>(), want, "{texts:?}");
    }
    assert_eq!(draw(&[], TREE), "");
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut long = journey();
    let names = ["e1", "e2", "e3", "e4", "e5", "e6", "e7"];
    for (at, name) in names.iter().enumerate() {
        let cause = if at == 0 { "order.confirmed" } else { names[at - 1] };
        let summary =
            "a summary that is longer than what is left on a line of a narrow terminal\nsecond line";
        long.push(entry(90_000_000 + at as u64, &format!("{name}<{cause}"), "notification", summary));
    }
    for width in [20, 40, 80, 100, 200] {
        let drawn = draw(&long, Style { width: Some(width), ..TREE });
        assert_eq!(drawn.lines().count(), long.len());
        for line in drawn.lines() {
            assert!(length(line) <= width, "{width}: {line}");
        }
    }
    let narrow = draw(&long, Style { width: Some(80), ..TREE });
    assert!(narrow.contains("│") && narrow.contains("e7") && narrow.contains('…'), "{narrow}");
    assert!(!narrow.contains("inventory"), "services give way to words:\n{narrow}");
    assert!(draw(&long, Style { width: Some(200), ..TREE }).contains("inventory"));
}

#[test]
fn flat_is_one_after_another_with_the_time_between() {
    let drawn = draw(&journey(), Style { is_flat: true, width: None });
    assert!(!drawn.contains('└'), "{drawn}");
    let third = drawn.lines().nth(3).unwrap().split_whitespace().collect::<Vec<_>>();
    assert_eq!(third[..3], ["+35ms", "(4ms)", "order.confirmed"]);
}

#[test]
fn a_single_line_has_the_columns_of_its_siblings() {
    let entries = journey();
    let one = line(&entries[1], Duration::from_millis(12), Some(60));
    let two = line(&entries[5], Duration::from_secs(125), Some(60));
    assert_eq!(one.find("inventory"), two.find("shipping"));
    assert_eq!(one.trim_start(), "+12ms  stock.reserved              inventory     6 piec…");
}
