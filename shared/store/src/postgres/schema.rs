//! The tables and the function, made by whoever comes first. Layouts are numbered, and only ever added to.

use super::failure::{Failure, OpenError};
use super::link::{Link, Maker};

/// What each layout adds to the one before. A layout that was released is never changed: older builds go on beside
/// newer ones while a deploy rolls, so what a newer build wants different gets a name of its own.
const LAYOUTS: &[&str] = &[include_str!("layout_1.sql")];

/// Makes or brings up to date what lies in the schema of `maker`.
pub(super) async fn prepare(maker: &Maker) -> Result<(), OpenError> {
    let schema = &maker.settings().schema;
    let mut link = maker.bare().await?;
    let encoding = text(&mut link, "SHOW server_encoding").await?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { found: encoding });
    }
    // Without the right to make anything, a schema that is there already can be used.
    let found = layout(&mut link, schema).await?;
    if found == known() {
        return Ok(());
    }
    let newer = |found| OpenError::Newer { schema: schema.clone(), found, known: known() };
    if found > known() {
        return Err(newer(found));
    }
    // One lock for all schemas: processes that start together wait for the first, and then find its work done.
    link.run("BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('banyan layout'), 0)")
        .await
        .map_err(Failure::outage)?;
    let found = layout(&mut link, schema).await?;
    if found > known() {
        return Err(newer(found));
    }
    let mut sql = String::new();
    if found == 0 {
        sql.push_str(&format!(
            "CREATE SCHEMA IF NOT EXISTS \"{schema}\"; CREATE TABLE \"{schema}\".layout (number integer PRIMARY KEY);"
        ));
    }
    for (layout, number) in LAYOUTS.iter().zip(1..).filter(|(_, number)| *number > found) {
        sql.push_str(&layout.replace("@schema@", &format!("\"{schema}\"")));
        sql.push_str(&format!("INSERT INTO \"{schema}\".layout (number) VALUES ({number});"));
    }
    sql.push_str("COMMIT");
    link.run(&sql).await.map_err(Failure::outage)?;
    tracing::info!(schema = %schema, layout = known(), "the tables are up to date");
    Ok(())
}

/// The newest layout that this build knows.
pub(super) fn known() -> i32 {
    i32::try_from(LAYOUTS.len()).unwrap_or(i32::MAX)
}

/// 0 where nothing is.
pub(super) async fn layout(link: &mut Link, schema: &str) -> Result<i32, OpenError> {
    // Not by name: a session remembers that a name meant nothing, also once it has waited for whoever made it.
    let is_there = format!(
        "SELECT c.relname::text FROM pg_catalog.pg_class AS c
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         WHERE n.nspname = '{schema}' AND c.relname = 'layout'"
    );
    if text(link, &is_there).await?.is_empty() {
        return Ok(0);
    }
    let sql = format!("SELECT coalesce(max(number), 0) FROM \"{schema}\".layout");
    let rows = link.rows(&sql, &[]).await.map_err(Failure::outage)?;
    Ok(rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(0))
}

async fn text(link: &mut Link, sql: &str) -> Result<String, OpenError> {
    let rows = link.rows(sql, &[]).await.map_err(Failure::outage)?;
    Ok(rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or_default())
}
