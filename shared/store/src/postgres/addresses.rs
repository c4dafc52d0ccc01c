//! The addresses of a server, to be asked one by one. The client's own bound is for each address and for TCP only: a first one
//! that is silent would take all the time that there is, and the next would never be asked.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, LoadBalanceHosts};

use crate::failure::{Outage, OutageKind};
use crate::wait;

/// No share is less, however many there are: it would not do for a server that is far away and busy.
const SHARE_AT_LEAST: Duration = Duration::from_secs(1);
/// Where PostgreSQL listens unless something else is said.
const PORT: u16 = 5432;

/// One address, and all that is said of the session there.
pub(super) struct Address {
    /// For the log.
    pub name: String,
    pub config: Config,
}

/// What each of `count` may take where all may take `whole`.
pub(super) fn share(whole: Duration, count: usize) -> Duration {
    let count = u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    (whole / count).max(SHARE_AT_LEAST.min(whole))
}

/// All that the hosts of `config` have, in the order in which they are asked, and which hosts have none. To look all of them
/// up may take `whole`.
pub(super) async fn of(config: &Config, whole: Duration) -> (Vec<Address>, Vec<Outage>) {
    let (hosts, fixed, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let fits = |given: usize| given == 0 || given == hosts.len();
    if !fits(fixed.len()) || !(fits(ports.len()) || ports.len() == 1) {
        // The client says what is wrong.
        return (vec![Address { name: "the server".to_owned(), config: config.clone() }], vec![]);
    }
    let share = share(whole, hosts.len());
    let (mut found, mut lacking) = (vec![], vec![]);
    for (n, host) in hosts.iter().enumerate() {
        let port = ports.get(n).or(ports.first()).copied().unwrap_or(PORT);
        match (host, fixed.get(n)) {
            (_, Some(address)) => found.push(one(config, host, Some(*address), port)),
            (Host::Unix(_), None) => found.push(one(config, host, None, port)),
            (Host::Tcp(name), None) => match look_up(name, port, share).await {
                Ok(all) => found.extend(all.into_iter().map(|ip| one(config, host, Some(ip), port))),
                Err(outage) => lacking.push(outage),
            },
        }
    }
    if config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        // The hasher has a key of its own each time.
        let chance = RandomState::new();
        found.sort_by_cached_key(|address| chance.hash_one(&address.name));
    }
    (found, lacking)
}

async fn look_up(name: &str, port: u16, share: Duration) -> Result<Vec<IpAddr>, Outage> {
    let why = match wait::at_most(share, tokio::net::lookup_host((name, port))).await {
        Some(Ok(all)) => {
            let all: Vec<IpAddr> = all.map(|address| address.ip()).collect();
            if !all.is_empty() {
                return Ok(all);
            }
            "it has no address".to_owned()
        }
        Some(Err(error)) => error.to_string(),
        None => format!("no address within {share:?}"),
    };
    Err(Outage::new(OutageKind::Unreachable, format!("{name}: {why}")))
}

/// `config` with one address. The host stays beside it: the certificate is made out to its name.
fn one(config: &Config, host: &Host, address: Option<IpAddr>, port: u16) -> Address {
    let mut one = session(config);
    let mut name = match host {
        Host::Tcp(host) => {
            one.host(host);
            format!("{host}:{port}")
        }
        Host::Unix(folder) => {
            one.host_path(folder);
            folder.display().to_string()
        }
    };
    if let Some(address) = address {
        one.hostaddr(address);
        let is_itself = matches!(host, Host::Tcp(host) if *host == address.to_string());
        name = if is_itself {
            SocketAddr::new(address, port).to_string()
        } else {
            format!("{name} ({address})")
        };
    }
    one.port(port);
    Address { name, config: one }
}

/// All that `config` says but for where: hosts cannot be taken out of one.
fn session(config: &Config) -> Config {
    let mut session = Config::new();
    if let Some(user) = config.get_user() {
        session.user(user);
    }
    if let Some(password) = config.get_password() {
        session.password(password);
    }
    if let Some(database) = config.get_dbname() {
        session.dbname(database);
    }
    if let Some(options) = config.get_options() {
        session.options(options);
    }
    if let Some(name) = config.get_application_name() {
        session.application_name(name);
    }
    if let Some(wait) = config.get_connect_timeout() {
        session.connect_timeout(*wait);
    }
    if let Some(wait) = config.get_tcp_user_timeout() {
        session.tcp_user_timeout(*wait);
    }
    if let Some(interval) = config.get_keepalives_interval() {
        session.keepalives_interval(interval);
    }
    if let Some(retries) = config.get_keepalives_retries() {
        session.keepalives_retries(retries);
    }
    session
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .channel_binding(config.get_channel_binding())
        .target_session_attrs(config.get_target_session_attrs())
        .load_balance_hosts(config.get_load_balance_hosts());
    session
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Duration = Duration::from_secs(5);

    fn found(url: &str) -> (Vec<Address>, Vec<Outage>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(of(&url.parse().unwrap(), WHOLE))
    }

    fn names(url: &str) -> Vec<String> {
        found(url).0.into_iter().map(|address| address.name).collect()
    }

    #[test]
    fn each_has_its_share_and_a_second_at_least() {
        for (whole_ms, count, want_ms) in
            [(5_000, 0, 5_000), (5_000, 1, 5_000), (5_000, 2, 2_500), (5_000, 9, 1_000), (300, 2, 300)]
        {
            let whole = Duration::from_millis(whole_ms);
            assert_eq!(share(whole, count), Duration::from_millis(want_ms), "{whole:?} for {count}");
        }
    }

    #[test]
    fn every_host_is_asked_at_each_of_its_addresses_in_order() {
        assert_eq!(
            names("postgres://u@127.0.0.2:1,[::1]:2,127.0.0.1/d"),
            ["127.0.0.2:1", "[::1]:2", "127.0.0.1:5432"]
        );
        assert_eq!(names("postgres://u@%2Frun%2Fpg/d"), ["/run/pg"]);
        assert_eq!(names("postgres://u@db.example/d?hostaddr=10.0.0.1"), ["db.example:5432 (10.0.0.1)"]);
        let (localhost, _) = found("postgres://u@localhost/d");
        for address in localhost {
            assert_eq!(address.config.get_hosts(), [Host::Tcp("localhost".to_owned())], "for TLS");
            assert!(address.config.get_hostaddrs()[0].is_loopback());
        }
        // Those are the client's to refuse.
        assert_eq!(names("postgres://u@a,b/d?hostaddr=10.0.0.1"), ["the server"]);
    }

    #[test]
    fn in_whatever_order_is_wished_all_are_asked() {
        let mut all = names("postgres://u@127.0.0.1:1,127.0.0.1:2/d?load_balance_hosts=random");
        all.sort_unstable();
        assert_eq!(all, ["127.0.0.1:1", "127.0.0.1:2"]);
    }

    #[test]
    fn nothing_that_is_said_of_the_session_gets_lost() {
        let said = "postgres://u:p@db.example:5433/d?hostaddr=10.0.0.1&options=-c%20a%3Db&application_name=n&sslmode=require\
            &sslnegotiation=direct&connect_timeout=3&tcp_user_timeout=4&keepalives=0&keepalives_idle=5\
            &keepalives_interval=6&keepalives_retries=7&target_session_attrs=read-write\
            &channel_binding=require&load_balance_hosts=random";
        let config: Config = said.parse().unwrap();
        assert!(found(said).0[0].config == config);
    }
}
