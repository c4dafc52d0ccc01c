//! Lists page by page, and tables of facts: what nouns have in common that show what a service answers.

use serde_json::Value;

use crate::cli::Context;
use crate::client::with_query;
use crate::commands::shown::{money, text, time};
use crate::output::table;

/// How a field is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum As {
    /// As it is.
    Text,
    /// Minor units of the row's currency.
    Money,
    /// An instant.
    Time,
}

/// A title, the pointer to a field, and how it is read.
pub type Column = (&'static str, &'static str, As);

/// What every list can be asked.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Page {
    /// At most this many, up to 100
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// A list of one noun: what is asked for, under the names of the flags and of the query.
#[derive(Debug)]
pub struct List<'a> {
    /// The command without its flags: `payments list`.
    pub command: &'a str,
    /// The route.
    pub path: &'a str,
    /// Flags that were given: name of the flag, name in the query, value.
    pub asked: Vec<(&'a str, &'a str, Option<&'a str>)>,
    /// How many, and from where.
    pub page: &'a Page,
}

impl List<'_> {
    /// The route with all that is asked.
    #[must_use]
    pub fn route(&self) -> String {
        let limit = self.page.limit.map(|limit| limit.to_string());
        let mut query: Vec<(&str, Option<&str>)> =
            self.asked.iter().map(|(_, name, value)| (*name, *value)).collect();
        query.extend([("limit", limit.as_deref()), ("cursor", self.page.cursor.as_deref())]);
        with_query(self.path, &query)
    }

    /// The command that shows the next page, if there is one.
    #[must_use]
    pub fn more(&self, answer: &Value) -> Option<String> {
        let cursor = answer.get("next_cursor").and_then(Value::as_str)?;
        let mut command = self.command.to_owned();
        let given = self.asked.iter().filter_map(|(flag, _, value)| Some((*flag, (*value)?)));
        given.for_each(|(flag, value)| command.push_str(&format!(" --{flag} {value}")));
        if let Some(limit) = self.page.limit {
            command.push_str(&format!(" --limit {limit}"));
        }
        Some(format!("{command} --cursor {cursor}"))
    }

    /// Says how to go on: with the next page, or with `otherwise`.
    pub fn next(&self, answer: &Value, otherwise: &str, context: &Context) {
        let more = self.more(answer);
        context.next(&[more.as_deref().unwrap_or(otherwise)]);
    }
}

/// `rows` as a table with titles; `none` when there are none.
#[must_use]
pub fn table_of(rows: &[Value], columns: &[Column], none: &str) -> String {
    if rows.is_empty() {
        return none.to_owned();
    }
    let mut lines = vec![columns.iter().map(|(title, _, _)| (*title).to_owned()).collect::<Vec<_>>()];
    lines.extend(rows.iter().map(|row| columns.iter().map(|column| cell(row, column)).collect()));
    table(&lines)
}

/// The fields that `value` has, one below the other.
#[must_use]
pub fn facts(value: &Value, columns: &[Column]) -> String {
    let there =
        columns.iter().filter(|(_, pointer, _)| value.pointer(pointer).is_some_and(|it| !it.is_null()));
    let lines: Vec<Vec<String>> =
        there.map(|column| vec![column.0.to_owned(), cell(value, column)]).collect();
    table(&lines)
}

fn cell(row: &Value, (_, pointer, how): &Column) -> String {
    match how {
        As::Text => text(row, pointer),
        As::Money => money(row, pointer),
        As::Time => time(row, pointer),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_says_how_it_goes_on() {
        let page = Page { limit: Some(5), cursor: Some("00".to_owned()) };
        let asked = vec![("order", "order_id", Some("o 1")), ("status", "status", None)];
        let list = List { command: "mail list", path: "/notifications", asked, page: &page };
        assert_eq!(list.route(), "/notifications?order_id=o%201&limit=5&cursor=00");
        let more = list.more(&json!({ "next_cursor": "ff" }));
        assert_eq!(more.as_deref(), Some("mail list --order o 1 --limit 5 --cursor ff"));
        assert_eq!(list.more(&json!({ "next_cursor": null })), None);
    }

    #[test]
    fn rows_become_a_table_and_facts_leave_out_what_is_not_there() {
        const COLUMNS: &[Column] =
            &[("id", "/id", As::Text), ("amount", "/minor", As::Money), ("when", "/at", As::Time)];
        let row = json!({ "id": "p-1", "minor": 1530, "currency": "GBP" });
        let rows = [row.clone()];
        assert_eq!(table_of(&rows, COLUMNS, "none"), "id   amount     when\np-1  15.30 GBP  -");
        assert_eq!(table_of(&[], COLUMNS, "no such payments"), "no such payments");
        assert_eq!(facts(&row, COLUMNS), "id      p-1\namount  15.30 GBP");
    }
}
