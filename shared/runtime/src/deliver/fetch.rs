//! The data of a message that does not carry it: fetched before anything is read, so that no handler notices.

use contracts::Envelope;

use super::{Message, chain_of};
use crate::claim::Found;
use crate::core::Core;
use crate::fail::Fail;

impl Core {
    /// The event with its data; `None` when the message was put away instead. That the blobs do not answer is an
    /// outage. Data that is missing may be late, so it is waited for; data that is something else never becomes right.
    pub(super) async fn fetched(
        &self,
        message: &Message<'_>,
        event: Envelope,
    ) -> Result<Option<Envelope>, Fail> {
        let Some(name) = event.claim() else { return Ok(Some(event)) };
        let data = match self.claims.fetch(name).await? {
            Found::Whole(data) => data,
            Found::Missing => {
                let why = format!("nothing is kept as {name}");
                self.wait(message, "data_missing", vec![why], None).await?;
                return Ok(None);
            }
            Found::Corrupt => {
                let why = format!("what is kept as {name} is something else");
                self.put_away(message, "data_corrupt", vec![why], None).await?;
                return Ok(None);
            }
        };
        match serde_json::from_slice(&data) {
            Ok(data) => Ok(Some(event.with_data(Some(data)))),
            Err(error) => {
                self.put_away(message, "undecodable", chain_of(&error), None).await?;
                Ok(None)
            }
        }
    }
}
