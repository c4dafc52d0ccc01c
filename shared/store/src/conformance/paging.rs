//! Queries page by page: order, bounds, and rows that come while somebody pages.

use super::trial::{Trial, after, expiring, insert, now, passed, query, same, sorted};
use super::{Checked, Subject};
use crate::{Change, Query};

/// `n` items `<name>00`, `<name>01`, ... that are sorted by their own ids.
fn many(name: &str, n: usize) -> Vec<Change> {
    (0..n).map(|i| format!("{name}{i:04}")).map(|id| sorted(insert(&id, "1"), &id)).collect()
}

fn owned(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

pub(super) async fn rows_are_ordered_by_the_bytes_of_their_sort_value(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let values = ["", "10", "2", "B", "a", "a ", "a0", "aa", "z", "ä", "\u{1F333}"];
    let changes =
        values.iter().rev().enumerate().map(|(n, value)| sorted(insert(&n.to_string(), "1"), value));
    trial.does(changes.collect()).await?;
    let sorts: Vec<String> = trial.rows(query()).await?.into_iter().map(|row| row.sort).collect();
    same("sort values", sorts, owned(&values))?;
    passed()
}

pub(super) async fn newest_first_is_the_other_way_round(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(many("a", 5)).await?;
    let ids = trial.ids(Query { newest_first: true, ..query() }).await?;
    same("ids", ids, owned(&["a0004", "a0003", "a0002", "a0001", "a0000"]))?;
    passed()
}

async fn bounded(subject: &dyn Subject, newest_first: bool) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(many("a", 6)).await?;
    let within = |from: &str, to: Option<&str>, limit: usize| Query {
        from: from.to_owned(),
        to: to.map(str::to_owned),
        limit,
        newest_first,
        ..query()
    };
    for (from, to, want) in [
        ("a0002", None, ["a0002", "a0003", "a0004", "a0005"].as_slice()),
        ("", Some("a0002"), &["a0000", "a0001", "a0002"]),
        ("a0001", Some("a0003"), &["a0001", "a0002", "a0003"]),
        ("a00011", Some("a00029"), &["a0002"]),
        ("a0003", Some("a0003"), &["a0003"]),
        ("a0004", Some("a0001"), &[]),
        ("b", None, &[]),
    ] {
        let mut want = owned(want);
        if newest_first {
            want.reverse();
        }
        for limit in [1, 2, 100] {
            let what = format!("from {from:?} to {to:?}, {limit} a page");
            same(what, trial.ids(within(from, to, limit)).await?, want.clone())?;
        }
    }
    passed()
}

pub(super) async fn bounds_are_inclusive(subject: &dyn Subject) -> Checked {
    bounded(subject, false).await
}

pub(super) async fn bounds_hold_newest_first_as_well(subject: &dyn Subject) -> Checked {
    bounded(subject, true).await
}

/// 30 rows, ten each with the same sort value.
async fn every_row_once(subject: &dyn Subject, newest_first: bool) -> Checked {
    let trial = Trial::new(subject).await;
    let changes = (0..30).map(|n| sorted(insert(&format!("{:02}", n * 7 % 30), "1"), &format!("s{}", n % 3)));
    trial.does(changes.collect()).await?;
    for limit in [1, 3, 7, 10, 30, 31] {
        let rows = trial.rows(Query { limit, newest_first, ..query() }).await?;
        let mut sorts: Vec<&str> = rows.iter().map(|row| row.sort.as_str()).collect();
        if newest_first {
            sorts.reverse();
        }
        same(format!("in order, {limit} a page"), sorts.is_sorted(), true)?;
        let mut ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        ids.sort_unstable();
        let want: Vec<String> = (0..30).map(|n| format!("{n:02}")).collect();
        same(format!("each once, {limit} a page"), ids, want.iter().map(String::as_str).collect())?;
    }
    passed()
}

pub(super) async fn pages_visit_every_row_once_even_among_equals(subject: &dyn Subject) -> Checked {
    every_row_once(subject, false).await
}

pub(super) async fn pages_newest_first_visit_every_row_once(subject: &dyn Subject) -> Checked {
    every_row_once(subject, true).await
}

pub(super) async fn pages_are_stable_under_inserts(subject: &dyn Subject) -> Checked {
    for newest_first in [false, true] {
        let trial = Trial::new(subject).await;
        trial.does(many("m", 9)).await?;
        // Beyond the end there would always be one more row to come.
        let (from, to) = if newest_first { ("b", None) } else { ("", Some("y".to_owned())) };
        let mut asked = Query { from: from.to_owned(), to, limit: 2, newest_first, ..query() };
        let mut seen = vec![];
        for round in 0..20 {
            let page = trial.page(&asked, now()).await?;
            seen.extend(page.rows.into_iter().map(|row| row.id).filter(|id| id.starts_with('m')));
            let Some(next) = page.next else { break };
            asked.after = Some(next);
            trial
                .does(vec![
                    sorted(insert(&format!("a{round}"), "1"), &format!("a{round}")),
                    sorted(insert(&format!("z{round}"), "1"), &format!("z{round}")),
                ])
                .await?;
        }
        if newest_first {
            seen.reverse();
        }
        let want: Vec<String> = (0..9).map(|n| format!("m{n:04}")).collect();
        same("each of the first rows once", seen, want)?;
    }
    passed()
}

pub(super) async fn a_page_has_at_most_what_was_asked_for(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(many("a", 5)).await?;
    for (limit, rows, more) in [(1, 1, true), (4, 4, true), (6, 5, false)] {
        let page = trial.page(&Query { limit, ..query() }, now()).await?;
        same(format!("rows and more, limit {limit}"), (page.rows.len(), page.next.is_some()), (rows, more))?;
    }
    passed()
}

pub(super) async fn a_page_has_at_most_1000_rows(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    for hundred in 0..11 {
        let changes = (0..92).map(|n| format!("{hundred:02}-{n:02}")).map(|id| sorted(insert(&id, "1"), &id));
        trial.does(changes.collect()).await?;
    }
    let page = trial.page(&Query { limit: 5_000, ..query() }, now()).await?;
    same("rows and more", (page.rows.len(), page.next.is_some()), (Query::MAX_LIMIT, true))?;
    same("all pages", trial.rows(Query { limit: 5_000, ..query() }).await?.len(), 1_012)?;
    passed()
}

pub(super) async fn pages_go_on_past_what_expired(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let changes = many("a", 20).into_iter().enumerate().map(|(n, change)| match n {
        0 | 19 => change,
        _ => expiring(change, after(-1)),
    });
    trial.does(changes.collect()).await?;
    same("found, two a page", trial.ids(Query { limit: 2, ..query() }).await?, owned(&["a0000", "a0019"]))?;
    passed()
}
