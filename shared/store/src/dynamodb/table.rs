//! The table: made by whoever comes first, if it may, and looked at before it is used.

use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TableDescription, TableStatus, TimeToLiveSpecification,
    TimeToLiveStatus,
};

use super::failure::OpenError;
use super::layout::{PK, SK, SLOTS, TTL, index_name, index_pk, index_sk};
use super::requests::{Requests, missing};
use crate::aws::{Failure, Refusal};
use crate::failure::{Outage, OutageKind};
use crate::wait;

/// Between two looks at a table that is being made.
const LOOK: Duration = Duration::from_millis(500);

/// Makes the table, if it may; or says what is wrong with it.
pub(super) async fn prepare(requests: &Requests) -> Result<(), OpenError> {
    let settings = requests.settings();
    let made = wait::at_most(settings.waits.table, async {
        loop {
            match describe(requests).await? {
                Some(table) if is_ready(&table) => return Ok::<_, OpenError>(table),
                Some(_) => wait::pause(LOOK).await,
                None if settings.creates => create(requests).await?,
                None => return Err(Outage::new(OutageKind::Broken, missing(&settings.table)).into()),
            }
        }
    });
    let Some(table) = Box::pin(made).await else {
        let why = format!("the table {} is not ready after {:?}", settings.table, settings.waits.table);
        return Err(Outage::new(OutageKind::Unreachable, why).into());
    };
    if let Some(what) = difference(&table?) {
        return Err(OpenError::Shape { table: settings.table.clone(), what });
    }
    if settings.creates
        && let Err(outage) = forget_expired(requests).await
    {
        // Nothing is wrong but the room that is taken; the next start looks again.
        tracing::warn!(table = settings.table, error = %outage, "the table may not forget what expired yet");
    }
    Ok(())
}

async fn describe(requests: &Requests) -> Result<Option<TableDescription>, Outage> {
    requests
        .again(|| async {
            let request = requests.client().describe_table().table_name(&requests.settings().table);
            match requests.once(|sent| request.customize().interceptor(sent).send()).await {
                Ok(answer) => Ok(answer.table),
                Err(Failure::Refused(Refusal { code, .. })) if code == "ResourceNotFoundException" => {
                    Ok(None)
                }
                Err(failure) => Err(failure),
            }
        })
        .await
}

/// Deletes the table, if there is one; one that is not ours stays.
pub(super) async fn delete(requests: &Requests) -> Result<(), OpenError> {
    let name = &requests.settings().table;
    let Some(table) = describe(requests).await? else { return Ok(()) };
    if table.table_status == Some(TableStatus::Deleting) {
        return Ok(());
    }
    if let Some(what) = difference(&table) {
        return Err(OpenError::Shape { table: name.clone(), what });
    }
    let request = requests.client().delete_table().table_name(name);
    match requests.once(|sent| request.customize().interceptor(sent).send()).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused(Refusal { code, .. })) if code == "ResourceNotFoundException" => Ok(()),
        Err(failure) => Err(failure.outage().into()),
    }
}

fn is_ready(table: &TableDescription) -> bool {
    matches!(table.table_status, Some(TableStatus::Active | TableStatus::Updating))
        && table
            .global_secondary_indexes()
            .iter()
            .all(|index| index.index_status.as_ref().is_none_or(|s| s.as_str() == "ACTIVE"))
}

/// What a table has that ours has not, or the other way round.
fn difference(table: &TableDescription) -> Option<String> {
    if !is_keyed(table.key_schema(), PK, SK) {
        return Some(format!("its key is not {PK} and {SK}, both text"));
    }
    for slot in 1..=SLOTS {
        let name = index_name(slot);
        let index = table.global_secondary_indexes().iter().find(|index| index.index_name() == Some(&name));
        if !index.is_some_and(|index| is_keyed(index.key_schema(), &index_pk(slot), &index_sk(slot))) {
            return Some(format!(
                "it has no secondary index {name} over {} and {}",
                index_pk(slot),
                index_sk(slot)
            ));
        }
    }
    let is_text = |one: &AttributeDefinition| one.attribute_type == ScalarAttributeType::S;
    let other = table.attribute_definitions().iter().find(|one| !is_text(one))?;
    Some(format!("the attribute {} is not text", other.attribute_name))
}

fn is_keyed(schema: &[KeySchemaElement], pk: &str, sk: &str) -> bool {
    let has = |name: &str, kind: &KeyType| {
        schema.iter().any(|one| one.attribute_name == name && one.key_type == *kind)
    };
    schema.len() == 2 && has(pk, &KeyType::Hash) && has(sk, &KeyType::Range)
}

/// Somebody else may do so at the same moment, and is as good.
async fn create(requests: &Requests) -> Result<(), Outage> {
    let table = &requests.settings().table;
    let (attributes, indexes) =
        parts().map_err(|error| Outage::new(OutageKind::Broken, error.to_string()))?;
    let keys = key(PK, SK).map_err(|error| Outage::new(OutageKind::Broken, error.to_string()))?;
    let request = requests
        .client()
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(attributes))
        .set_key_schema(Some(keys))
        .set_global_secondary_indexes(Some(indexes));
    match requests.once(|sent| request.customize().interceptor(sent).send()).await {
        Ok(_) => tracing::info!(table, "the table is being made"),
        Err(Failure::Refused(Refusal { code, .. })) if code == "ResourceInUseException" => {}
        // The next look tells whether it was done.
        Err(failure) if failure.passes() => wait::pause(LOOK).await,
        Err(failure) => return Err(failure.outage()),
    }
    Ok(())
}

fn parts() -> Result<(Vec<AttributeDefinition>, Vec<GlobalSecondaryIndex>), BuildError> {
    let attribute = |name: &str| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
    };
    let mut attributes = vec![attribute(PK)?, attribute(SK)?];
    let mut indexes = vec![];
    for slot in 1..=SLOTS {
        let (pk, sk) = (index_pk(slot), index_sk(slot));
        attributes.extend([attribute(&pk)?, attribute(&sk)?]);
        let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let index = GlobalSecondaryIndex::builder()
            .index_name(index_name(slot))
            .set_key_schema(Some(key(&pk, &sk)?))
            .projection(keys_only);
        indexes.push(index.build()?);
    }
    Ok((attributes, indexes))
}

fn key(pk: &str, sk: &str) -> Result<Vec<KeySchemaElement>, BuildError> {
    let part = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
    Ok(vec![part(pk, KeyType::Hash)?, part(sk, KeyType::Range)?])
}

/// Has DynamoDB remove what expired, if it does not yet.
async fn forget_expired(requests: &Requests) -> Result<(), Outage> {
    let table = &requests.settings().table;
    let is_on = requests
        .again(|| async {
            let request = requests.client().describe_time_to_live().table_name(table);
            let answer = requests.once(|sent| request.customize().interceptor(sent).send()).await?;
            let status = answer.time_to_live_description.and_then(|told| told.time_to_live_status);
            Ok(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)))
        })
        .await?;
    if is_on {
        return Ok(());
    }
    let wanted = TimeToLiveSpecification::builder().attribute_name(TTL).enabled(true).build();
    let wanted = wanted.map_err(|error| Outage::new(OutageKind::Broken, error.to_string()))?;
    let request =
        requests.client().update_time_to_live().table_name(table).time_to_live_specification(wanted);
    // One that is refused may be so because somebody else has just done it.
    let done = requests.once(|sent| request.customize().interceptor(sent).send()).await;
    done.map(drop).map_err(Failure::outage)
}
