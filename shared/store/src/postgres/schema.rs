//! The tables and the function, made by whoever comes first. Layouts are numbered, and only ever added to.

use super::failure::{Failure, OpenError};
use super::link::{Link, Maker};

/// What each layout adds to the one before. A layout that was released is never changed: older builds go on beside
/// newer ones while a deploy rolls, so what a newer build wants different gets a name of its own.
const LAYOUTS: &[&str] = &[include_str!("layout_1.sql")];

/// Takes away again all that the layouts make, and nothing else: it fails where something depends on it that is not ours.
/// Tables go in the order in which units of work come to them, so that none waits in a circle with it.
const UNDO: &str =
    "DROP FUNCTION @schema@.commit_units(bigint[], boolean[], integer[], bigint[], bigint[], boolean[],
      smallint[], text[], text[], bigint[], bigint[], text[], bytea[], text[], text[]);
    DROP TABLE @schema@.item; DROP TABLE @schema@.entry; DROP TABLE @schema@.layout;";

/// Begins to change a layout. One lock for all schemas: processes that start together wait for the first, and then find its
/// work done.
const ALONE: &str =
    "BEGIN; SET LOCAL lock_timeout = 0; SELECT pg_advisory_xact_lock(hashtext('banyan layout'), 0)";

/// Makes or brings up to date what lies in the schema of `maker`.
pub(super) async fn prepare(maker: &Maker) -> Result<(), OpenError> {
    let schema = &maker.settings().schema;
    let mut link = maker.bare().await?;
    let encoding = text(&mut link, "SHOW server_encoding").await?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding { found: encoding });
    }
    // Without the right to make anything, a schema that is there already can be used.
    if layout_of_ours(&mut link, schema).await? == known() {
        return Ok(());
    }
    link.run(ALONE).await.map_err(Failure::outage)?;
    let found = layout_of_ours(&mut link, schema).await?;
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

/// Takes away what [`prepare`] made, all of it or nothing, and the schema unless something else is in it, or somebody else's.
pub(super) async fn remove(maker: &Maker) -> Result<(), OpenError> {
    let schema = &maker.settings().schema;
    let mut link = maker.bare().await?;
    link.run(ALONE).await.map_err(Failure::outage)?;
    if layout_of_ours(&mut link, schema).await? == 0 {
        return Ok(());
    }
    let mut sql = UNDO.replace("@schema@", &format!("\"{schema}\""));
    // Every database has this one: clients put there what they name no schema for.
    if schema != "public" {
        sql.push_str(&format!(
            "DO $$ BEGIN DROP SCHEMA \"{schema}\" RESTRICT;
             EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL; END $$;"
        ));
    }
    sql.push_str("COMMIT");
    Ok(link.run(&sql).await.map_err(Failure::outage)?)
}

/// The newest layout that this build knows.
pub(super) fn known() -> i32 {
    i32::try_from(LAYOUTS.len()).unwrap_or(i32::MAX)
}

/// The layout, which is one that this build knows.
async fn layout_of_ours(link: &mut Link, schema: &str) -> Result<i32, OpenError> {
    let found = layout(link, schema).await?;
    if found > known() {
        return Err(OpenError::Newer { schema: schema.to_owned(), found, known: known() });
    }
    Ok(found)
}

/// 0 where nothing is of ours.
pub(super) async fn layout(link: &mut Link, schema: &str) -> Result<i32, OpenError> {
    // Not by name: a session remembers that a name meant nothing, also once it has waited for whoever made it.
    let is_there = format!(
        "SELECT c.relname::text FROM pg_catalog.pg_class AS c
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
         WHERE n.nspname = '{schema}' AND c.relname = 'layout' AND a.attname = 'number'"
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
