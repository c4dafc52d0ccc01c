use super::{Settings, SettingsError, Tls};

fn refused(url: &str) -> SettingsError {
    Settings::parse(url).unwrap_err()
}

#[test]
fn a_wrong_url_is_told_in_one_line_without_the_password() {
    for (url, want) in [
        ("", SettingsError::Scheme),
        ("mysql://u:s3cret@h/d", SettingsError::Scheme),
        ("host=h password=s3cret", SettingsError::Scheme),
        ("postgres://", SettingsError::NoHost),
        ("postgres://u:s3cret@h:port/d", SettingsError::Unreadable),
        ("postgres://u:s3@cret@h/d", SettingsError::Unreadable),
        ("postgres://u:s3cret@h/d?colour=blue", SettingsError::Unreadable),
        ("postgres://u:s3cret@h/d?sslmode=prefer", SettingsError::SslMode),
    ] {
        let error = refused(url);
        assert_eq!(error, want, "{url}");
        let told = error.to_string();
        assert!(!told.contains('\n') && !told.contains("s3"), "{told}");
    }
}

#[test]
fn a_password_is_never_printed() {
    let settings = Settings::parse("postgres://somebody:s3cret@db.example:5433/shop").unwrap();
    let told = format!("{settings:?}");
    assert!(told.contains("db.example") && told.contains("shop"), "{told}");
    assert!(!told.contains("s3cret") && !told.contains("somebody"), "{told}");
}

#[test]
fn tls_is_left_out_on_loopback_only_or_when_asked() {
    let tls = |url: &str| Settings::parse(url).unwrap().tls;
    assert_eq!(tls("postgres://u@127.0.0.1/d"), Tls::Off);
    assert_eq!(tls("postgres://u@localhost:5433/d?connect_timeout=3"), Tls::Off);
    assert_eq!(tls("postgresql://u@db.example/d"), Tls::Verified(None));
    assert_eq!(tls("postgres://u@db.example/d?sslmode=disable"), Tls::Off);
    let trusted = tls("postgres://u@127.0.0.1/d?sslmode=verify-full&sslrootcert=/etc/ca.pem");
    assert_eq!(trusted, Tls::Verified(Some("/etc/ca.pem".into())));
}

#[test]
fn schema_and_connections_have_bounds() {
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings::parse("postgres://u@127.0.0.1/d").unwrap();
        change(&mut settings);
        settings.check()
    };
    assert_eq!(with(|_| {}), Ok(()));
    for name in ["", "1a", "a-b", "A", "a\"; drop", "pg_own"] {
        let mut settings = Settings::parse("postgres://u@127.0.0.1/d").unwrap();
        name.clone_into(&mut settings.schema);
        assert_eq!(settings.check(), Err(SettingsError::Schema), "{name}");
    }
    assert_eq!(with(|s| s.schema = "a".repeat(64)), Err(SettingsError::Schema));
    assert_eq!(with(|s| s.connections = 0), Err(SettingsError::Connections));
    assert_eq!(with(|s| s.connections = 65), Err(SettingsError::Connections));
}
