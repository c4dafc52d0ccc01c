//! What only services on their own are told, and whoever talks to them: the second port, the token, the peer.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use runtime::signature::Secret;

use super::Origin;
use crate::wiring::SERVICES;

/// Settings that are shown nowhere.
pub(super) const SECRETS: [&str; 2] = ["token", "webhook_secret"];

/// The shortest token that is taken: shorter ones can be tried out.
const TOKEN_CHARS: usize = 16;

/// How a service on its own is reached, and whom it reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Address of health, metrics and what operators do.
    pub ops_host: IpAddr,
    /// Its port; 0 = any free one.
    pub ops_port: u16,
    /// What writes and operators have to show; also what this program shows as a client.
    pub token: Option<Secret>,
    /// The simulated peer that this service asks; empty: nobody said.
    pub peer_url: String,
    /// What that peer signs its webhooks with.
    pub webhook_secret: Option<Secret>,
}

/// While there are problems that are about something else.
impl Default for Serving {
    fn default() -> Self {
        let ops_host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self { ops_host, ops_port: 0, token: None, peer_url: String::new(), webhook_secret: None }
    }
}

impl Serving {
    /// Of what the settings say; operators look where everybody does, unless they are told otherwise.
    ///
    /// # Errors
    /// The name of the setting that is wrong, and what it must be.
    pub(super) fn of(
        text: impl Fn(&str) -> String,
        host: IpAddr,
    ) -> Result<Self, (&'static str, &'static str)> {
        let ops_host = match text("ops_host").as_str() {
            "" => host,
            named => named.parse().map_err(|_| ("ops_host", "an IP address"))?,
        };
        let ops_port = text("ops_port").parse().map_err(|_| ("ops_port", "a number from 0 to 65535"))?;
        let peer_url = text("peer_url").trim_end_matches('/').to_owned();
        if !peer_url.is_empty() && peer_url.strip_prefix("http://").is_none_or(str::is_empty) {
            return Err(("peer_url", "an http:// address"));
        }
        let secret = |text: String| (!text.is_empty()).then(|| Secret::new(text));
        let (token, webhook_secret) = (token(&text)?.and_then(secret), secret(text("webhook_secret")));
        Ok(Self { ops_host, ops_port, token, peer_url, webhook_secret })
    }

    /// Hides secrets among the values that are shown.
    pub(super) fn show(origins: &mut BTreeMap<&'static str, (String, Origin)>) {
        for name in SECRETS {
            if let Some((value, _)) = origins.get_mut(name)
                && !value.is_empty()
            {
                "***".clone_into(value);
            }
        }
    }
}

/// The token, or what a file holds whose name can be seen by everybody.
fn token(text: impl Fn(&str) -> String) -> Result<Option<String>, (&'static str, &'static str)> {
    let (given, file) = (text("token"), text("token_file"));
    let (name, token) = match (given.is_empty(), file.is_empty()) {
        (true, true) => return Ok(None),
        (false, _) => ("token", given),
        (true, false) => {
            let read = std::fs::read_to_string(Path::new(&file));
            ("token_file", read.map_err(|_| ("token_file", "a file that can be read"))?.trim().to_owned())
        }
    };
    let is_one = token.chars().count() >= TOKEN_CHARS && token.bytes().all(|byte| byte.is_ascii_graphic());
    if is_one {
        return Ok(Some(token));
    }
    Err((name, "a token (16 or more visible ASCII characters), such as one made by `openssl rand -hex 32`"))
}

/// Where each service is, when they are processes of their own; none: all are at one address. `None`: neither.
pub(super) fn apart(url: &str) -> Option<Vec<(&'static str, String)>> {
    let is_address = |text: &str| text.strip_prefix("http://").is_some_and(|rest| !rest.is_empty());
    if is_address(url) && !url.contains(',') {
        return Some(Vec::new());
    }
    let place = |place: &str| {
        let (named, at) = place.trim().split_once('=')?;
        let service = SERVICES.into_iter().find(|service| *service == named)?;
        is_address(at).then(|| (service, at.trim_end_matches('/').to_owned()))
    };
    url.split(',').map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    fn of(file: &str) -> Result<Config, Vec<String>> {
        Config::from_sources(&Flags::default(), |_| None, file).map_err(|problems| problems.0)
    }

    #[test]
    fn a_token_comes_from_the_environment_or_a_file_and_is_shown_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let from_file = format!("token_file = {:?}", file.to_str().unwrap());
        for settings in ["token = \"0123456789abcdef\"", &from_file] {
            let config = of(settings).unwrap();
            assert_eq!(config.serving.token, Some(Secret::new("0123456789abcdef")));
            assert!(!format!("{config:?}").contains("0123456789abcdef"));
        }
        for wrong in
            ["token = \"s3cret\"", "token = \"s3cret s3cret s3cret\"", "token_file = \"/nowhere/token\""]
        {
            let problems = of(wrong).unwrap_err();
            assert!(problems.len() == 1 && !problems[0].contains("s3cret"), "{problems:?}");
        }
    }

    #[test]
    fn operators_are_served_where_everybody_is_unless_told_otherwise() {
        let at = |file: &str| {
            of(file).map(|config| (config.serving.ops_host.to_string(), config.serving.ops_port))
        };
        assert_eq!(at("").unwrap(), ("127.0.0.1".to_owned(), 9090));
        assert_eq!(at("host = \"0.0.0.0\"").unwrap(), ("0.0.0.0".to_owned(), 9090));
        let apart = "host = \"0.0.0.0\"\nops_host = \"127.0.0.1\"\nops_port = 1";
        assert_eq!(at(apart).unwrap(), ("127.0.0.1".to_owned(), 1));
        assert!(at("ops_host = \"nowhere\"").is_err() && at("ops_port = \"many\"").is_err());
    }

    #[test]
    fn one_address_is_for_all_and_a_list_names_each() {
        assert_eq!(apart("http://shop:1"), Some(vec![]));
        let list = apart("orders=http://a:1/, payment=http://b:2").unwrap();
        assert_eq!(list, [("orders", "http://a:1".to_owned()), ("payment", "http://b:2".to_owned())]);
        for wrong in ["", "ftp://x", "http://a:1,http://b:2", "orders=b:2", "cellar=http://b:2", "orders="] {
            assert_eq!(apart(wrong), None, "{wrong}");
        }
    }
}
