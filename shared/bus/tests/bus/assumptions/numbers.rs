//! The numbers of the models, which are the adapters'.

use store::sim::Manners;

#[test]
fn the_numbers_of_the_models_are_those_of_the_adapters() {
    for manners in Manners::ALL {
        let is_built = match manners {
            Manners::Embedded => embedded(),
            Manners::RabbitQuorum => rabbitmq(manners),
            Manners::SqsStandard => sqs(manners),
        };
        if !is_built {
            println!("skipped: the numbers of {manners:?} (built without the feature)");
        }
    }
}

fn embedded() -> bool {
    let engine = store::sqlite::Engine::open(store::sqlite::Config::memory()).unwrap();
    let embedded = bus::Embedded::new(engine.into());
    assert_eq!(bus::Bus::caps(&embedded).max_message_bytes, Manners::Embedded.message_bytes());
    true
}

#[cfg(feature = "rabbitmq")]
fn rabbitmq(model: Manners) -> bool {
    let settings = bus::rabbitmq::Settings::parse("amqp://127.0.0.1").unwrap();
    assert_eq!(settings.max_message_bytes, model.message_bytes());
    assert_eq!(settings.receive_wait, model.receive_wait());
    assert_eq!(settings.unnoticed_wait(), model.hidden());
    true
}

#[cfg(not(feature = "rabbitmq"))]
fn rabbitmq(_: Manners) -> bool {
    false
}

#[cfg(feature = "aws")]
fn sqs(model: Manners) -> bool {
    let settings = bus::aws::Settings::default();
    assert_eq!(settings.max_message_bytes, model.message_bytes());
    assert_eq!(settings.receive_wait, model.receive_wait());
    assert_eq!(settings.visibility, model.hidden());
    true
}

#[cfg(not(feature = "aws"))]
fn sqs(_: Manners) -> bool {
    false
}
