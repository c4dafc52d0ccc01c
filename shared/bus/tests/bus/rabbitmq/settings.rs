//! What a URL says, and what is never said of it.

use bus::rabbitmq::Settings;

#[test]
fn a_password_is_never_printed() {
    let settings = Settings::parse("amqps://banyan:s3cr3t@broker.example/shop").unwrap();
    let printed = format!("{settings:?}");
    assert!(printed.contains("broker.example") && printed.contains("shop"), "{printed}");
    assert!(!printed.contains("s3cr3t"), "{printed}");
}

#[test]
fn a_url_that_is_none_is_refused_in_one_line_without_its_password() {
    for url in ["", "http://banyan:s3cr3t@h", "amqp://banyan:s3cr3t@h:port", "banyan:s3cr3t@h"] {
        let why = Settings::parse(url).expect_err(url).to_string();
        assert!(!why.contains('\n') && !why.contains("s3cr3t"), "{why}");
        assert!(why.ends_with("write amqp://USER:PASSWORD@HOST:5672/VHOST"), "{why}");
    }
}

#[test]
fn a_slash_at_the_end_is_the_default_virtual_host() {
    for url in ["amqp://h", "amqp://h/", "amqp://h/%2f"] {
        assert!(format!("{:?}", Settings::parse(url).unwrap()).contains(r#"vhost: "/""#), "{url}");
    }
}
