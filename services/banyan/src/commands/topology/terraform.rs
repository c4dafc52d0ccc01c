//! The same topology as Terraform, for accounts in which services may make nothing.

use std::collections::BTreeSet;

use bus::Wiring;
use bus::aws::{Plan, PlannedQueue, Settings};
use store::dynamodb::Shape;

use crate::backends::aws::large;
use crate::config::{Config, KeysKind};

/// The resources that `banyan topology apply --bus aws --prefix PREFIX` makes.
pub(super) fn of(wiring: &Wiring, config: &Config) -> String {
    let prefix = &config.chosen.prefix;
    let plan = Settings { prefix: format!("{prefix}-"), ..Settings::default() }.plan(wiring);
    let mut parts = vec![format!(
        "# Made by: banyan topology show --format terraform --prefix {prefix}\n\
         # What services with --bus aws --prefix {prefix} look for. They make nothing that is there already."
    )];
    parts.extend(plan.topics.iter().map(|(noun, name)| {
        format!("resource \"aws_sns_topic\" \"{}\" {{\n  name = \"{name}\"\n}}", label(noun))
    }));
    parts.extend(plan.queues.iter().map(|queue| queues(&plan, queue)));
    parts.push(table(prefix));
    parts.push(bucket(config));
    if config.chosen.large.keys == KeysKind::Kms {
        parts.extend(key(config));
    }
    parts.join("\n\n")
}

/// A name that Terraform takes for a resource.
fn label(name: &str) -> String {
    name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_")
}

/// A queue with its dead queue, who may send to them, and what comes.
fn queues(plan: &Plan, queue: &PlannedQueue) -> String {
    let PlannedQueue { name, dead, visibility_s, receive_wait_s, retention_s, max_receive_count, .. } = queue;
    let label = label(&queue.service);
    let mut parts = vec![
        format!(
            "resource \"aws_sqs_queue\" \"{label}_dead\" {{\n  name                      = \"{dead}\"\n  \
             message_retention_seconds = {retention_s}\n}}"
        ),
        format!(
            "resource \"aws_sqs_queue\" \"{label}\" {{\n  name                       = \"{name}\"\n  \
             visibility_timeout_seconds = {visibility_s}\n  receive_wait_time_seconds  = {receive_wait_s}\n  \
             message_retention_seconds  = {retention_s}\n  redrive_policy = jsonencode({{\n    \
             deadLetterTargetArn = aws_sqs_queue.{label}_dead.arn\n    maxReceiveCount     = {max_receive_count}\n  }})\n}}"
        ),
    ];
    let topics: Vec<String> = queue
        .hears
        .keys()
        .filter(|noun| plan.topics.contains_key(*noun))
        .map(|noun| format!("aws_sns_topic.{}.arn", self::label(noun)))
        .collect();
    for of in [label.clone(), format!("{label}_dead")] {
        let topics = topics.join(", ");
        parts.push(format!(
            "resource \"aws_sqs_queue_policy\" \"{of}\" {{\n  queue_url = aws_sqs_queue.{of}.id\n  \
             policy = jsonencode({{\n    Version = \"2012-10-17\"\n    Statement = [{{\n      \
             Sid       = \"banyan-topics\"\n      Effect    = \"Allow\"\n      \
             Principal = {{ Service = \"sns.amazonaws.com\" }}\n      Action    = \"sqs:SendMessage\"\n      \
             Resource  = aws_sqs_queue.{of}.arn\n      \
             Condition = {{ ArnEquals = {{ \"aws:SourceArn\" = [{topics}] }} }}\n    }}]\n  }})\n}}"
        ));
    }
    for (noun, types) in &queue.hears {
        let (noun, filter) = (self::label(noun), filter(plan.filtered_by, types));
        parts.push(format!(
            "resource \"aws_sns_topic_subscription\" \"{label}_{noun}\" {{\n  \
             topic_arn            = aws_sns_topic.{noun}.arn\n  protocol             = \"sqs\"\n  \
             endpoint             = aws_sqs_queue.{label}.arn\n  raw_message_delivery = true\n  \
             filter_policy        = jsonencode({filter})\n  \
             redrive_policy       = jsonencode({{ deadLetterTargetArn = aws_sqs_queue.{label}_dead.arn }})\n  \
             depends_on           = [aws_sqs_queue_policy.{label}, aws_sqs_queue_policy.{label}_dead]\n}}"
        ));
    }
    parts.join("\n\n")
}

/// What a subscription lets through, as `terraform fmt` would write it.
fn filter(by: &str, types: &BTreeSet<String>) -> String {
    let types: Vec<String> = types.iter().map(|kind| format!("\"{kind}\"")).collect();
    format!("{{ {by} = [{}] }}", types.join(", "))
}

fn table(name: &str) -> String {
    let Shape { key: [pk, sk], indexes, ttl } = Shape::known();
    let attributes = indexes.iter().flat_map(|[_, pk, sk]| [pk.as_str(), sk.as_str()]);
    let attributes: String = [pk, sk]
        .into_iter()
        .chain(attributes)
        .map(|name| format!("\n\n  attribute {{\n    name = \"{name}\"\n    type = \"S\"\n  }}"))
        .collect();
    let indexes: String = indexes
        .iter()
        .map(|[name, pk, sk]| {
            format!(
                "\n\n  global_secondary_index {{\n    name            = \"{name}\"\n    \
                 hash_key        = \"{pk}\"\n    range_key       = \"{sk}\"\n    \
                 projection_type = \"KEYS_ONLY\"\n  }}"
            )
        })
        .collect();
    format!(
        "resource \"aws_dynamodb_table\" \"store\" {{\n  name         = \"{name}\"\n  \
         billing_mode = \"PAY_PER_REQUEST\"\n  hash_key     = \"{pk}\"\n  range_key    = \"{sk}\"\
         {attributes}{indexes}\n\n  ttl {{\n    attribute_name = \"{ttl}\"\n    enabled        = true\n  }}\n\n  \
         point_in_time_recovery {{\n    enabled = true\n  }}\n}}"
    )
}

/// Where large data lies, who may not see it, and when it goes.
fn bucket(config: &Config) -> String {
    let named = &config.chosen.large.bucket;
    let (account, region) = ("${data.aws_caller_identity.here.account_id}", "${data.aws_region.here.id}");
    let name = match named.as_str() {
        "" => large::bucket_name(&config.chosen.prefix, account, region),
        named => named.to_owned(),
    };
    let mut text = String::new();
    if named.is_empty() {
        text += "data \"aws_caller_identity\" \"here\" {}\n\ndata \"aws_region\" \"here\" {}\n\n";
    }
    let objects = large::objects(&config.chosen.prefix);
    let (rule, folder, days) = (objects.rule(), objects.folder, objects.kept_days);
    text += &format!(
        "resource \"aws_s3_bucket\" \"blobs\" {{\n  bucket = \"{name}\"\n}}\n\n\
         resource \"aws_s3_bucket_public_access_block\" \"blobs\" {{\n  bucket                  = aws_s3_bucket.blobs.id\n  \
         block_public_acls       = true\n  block_public_policy     = true\n  ignore_public_acls      = true\n  \
         restrict_public_buckets = true\n}}\n\n\
         resource \"aws_s3_bucket_lifecycle_configuration\" \"blobs\" {{\n  bucket = aws_s3_bucket.blobs.id\n\n  \
         rule {{\n    id     = \"{rule}\"\n    status = \"Enabled\"\n\n    filter {{\n      prefix = \"{folder}\"\n    }}\n\n    \
         expiration {{\n      days = {days}\n    }}\n  }}\n}}"
    );
    text
}

/// What large data is sealed with; nothing where a key that there is already is named by its id.
fn key(config: &Config) -> Option<String> {
    let name = large::key(config, false).key;
    name.starts_with("alias/").then(|| {
        format!(
            "resource \"aws_kms_key\" \"keys\" {{\n  description         = \"seals what {} keeps\"\n  \
             enable_key_rotation = true\n}}\n\nresource \"aws_kms_alias\" \"keys\" {{\n  name          = \"{name}\"\n  \
             target_key_id = aws_kms_key.keys.key_id\n}}",
            config.chosen.prefix
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;

    fn config(settings: &str) -> Config {
        Config::from_sources(&Flags::default(), |_| None, settings).unwrap()
    }

    #[test]
    fn the_bucket_is_named_by_whoever_applies_it_and_a_key_is_made_where_it_is_used() {
        let wiring = crate::wiring::wiring();
        let text = of(&wiring, &config("bus = \"aws\"\nprefix = \"my_shop\""));
        let name = "my-shop-${data.aws_caller_identity.here.account_id}-${data.aws_region.here.id}";
        assert!(text.contains(&format!("bucket = \"{name}\"")), "{text}");
        assert!(text.contains("days = 30") && !text.contains("aws_kms_key"), "{text}");
        let text = of(&wiring, &config("bus = \"aws\"\nbucket = \"mine\"\nkeys = \"kms\""));
        assert!(text.contains("bucket = \"mine\"") && !text.contains("aws_caller_identity"), "{text}");
        assert!(
            text.contains("name          = \"alias/banyan\"") && text.contains("enable_key_rotation = true")
        );
        let text = of(&wiring, &config("bus = \"aws\"\nkeys = \"kms\"\nkms_key = \"1234abcd\""));
        assert!(!text.contains("aws_kms_key"), "{text}");
    }

    #[test]
    fn every_topic_queue_subscription_and_index_is_a_resource_and_each_reference_has_one() {
        let wiring = crate::wiring::wiring();
        let text = of(&wiring, &config("bus = \"aws\"\nprefix = \"shop\""));
        let plan = Settings { prefix: "shop-".to_owned(), ..Settings::default() }.plan(&wiring);
        let count = |what: &str| text.matches(&format!("resource \"{what}\"")).count();
        assert_eq!(count("aws_sns_topic"), plan.topics.len());
        assert_eq!(count("aws_sqs_queue"), 2 * plan.queues.len());
        assert_eq!(count("aws_sqs_queue_policy"), 2 * plan.queues.len());
        let heard: usize = plan.queues.iter().map(|queue| queue.hears.len()).sum();
        assert_eq!(count("aws_sns_topic_subscription"), heard);
        assert_eq!(text.matches("global_secondary_index {").count(), Shape::known().indexes.len());
        for (kind, queues) in &wiring.subscribers {
            assert_eq!(text.matches(&format!("\"{kind}\"")).count(), queues.len(), "{kind}");
        }
        for kind in ["aws_sns_topic", "aws_sqs_queue", "aws_sqs_queue_policy"] {
            for used in text.split(&format!("{kind}.")).skip(1) {
                let name: String = used
                    .chars()
                    .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
                    .collect();
                assert!(text.contains(&format!("resource \"{kind}\" \"{name}\" {{")), "{kind}.{name}");
            }
        }
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
