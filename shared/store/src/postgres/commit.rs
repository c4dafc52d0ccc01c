//! Commits a unit of work: one statement, one round trip, judged and applied by the server.

use super::failure::Failure;
use super::pack::Ready;
use super::pool::Pool;
use crate::failure::{Outage, OutageKind};
use crate::unit::{Limit, Outcome};

/// The statement, in `schema`.
pub(super) fn sql(schema: &str) -> String {
    format!("SELECT \"{schema}\".commit_unit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
}

pub(super) async fn commit(pool: &Pool, sql: &str, ready: Ready) -> Result<Outcome, Outage> {
    let packed = ready.pack(&pool.maker().settings().schema);
    let mut lent = pool.lend().await?;
    let answer = lent.link().rows(sql, &packed.values()).await;
    match answer {
        Ok(rows) => {
            lent.keep();
            let code: i16 = rows.first().and_then(|row| row.try_get(0).ok()).unwrap_or(-1);
            outcome(code, ready.limit)
        }
        Err(Failure::Refused(refusal)) => {
            lent.keep();
            match refusal.code().code() {
                // Serialization failure and deadlock: only another program that uses the tables can bring them about.
                "40001" | "40P01" => Ok(Outcome::Conflict),
                // A key that no index can hold, or an array that is too long.
                code if code.starts_with("54") => Ok(Outcome::TooLarge(Limit::Bytes)),
                _ => Err(Failure::Refused(refusal).outage()),
            }
        }
        Err(Failure::Lost(why)) => {
            tracing::debug!(reason = %why, "a commit was not answered");
            Ok(Outcome::Unknown)
        }
    }
}

fn outcome(code: i16, limit: Option<Limit>) -> Result<Outcome, Outage> {
    match (code, limit) {
        (0, None) => Ok(Outcome::Committed),
        (1, _) => Ok(Outcome::Duplicate),
        (2, _) => Ok(Outcome::Conflict),
        (0 | 3, Some(limit)) => Ok(Outcome::TooLarge(limit)),
        (3, None) => Ok(Outcome::TooLarge(Limit::Counter)),
        _ => Err(Outage::new(OutageKind::Broken, format!("the function of the schema answered {code}"))),
    }
}
