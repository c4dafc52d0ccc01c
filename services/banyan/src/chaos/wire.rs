//! A way to a server that can be cut: every connection on it ends at once, and new ones can be made.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use runtime::Env;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Where whoever should use it connects. Dropping it ends everything on it.
pub(super) struct Wire {
    pub(super) address: SocketAddr,
    cuts: Arc<watch::Sender<u64>>,
}

impl Wire {
    /// A way to `target`.
    ///
    /// # Errors
    /// There is no port.
    pub(super) async fn lay(target: (String, u16), env: &Env) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port for a proxy")?;
        let address = listener.local_addr()?;
        let cuts = Arc::new(watch::Sender::new(0));
        let (tasks, heard) = (env.clone(), cuts.subscribe());
        env.spawn.spawn("chaos.wire".into(), Box::pin(accept(listener, target, heard, tasks)));
        Ok(Self { address, cuts })
    }

    /// Ends every connection.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn accept(listener: TcpListener, target: (String, u16), heard: watch::Receiver<u64>, env: Env) {
    let mut ends = heard.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            // Gone with the wire.
            () = gone(&mut ends) => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((mut near, _)) = accepted else { continue };
        let (target, mut cut) = (target.clone(), heard.clone());
        cut.mark_unchanged();
        let carry = async move {
            tokio::select! {
                biased;
                _ = cut.changed() => {}
                () = async {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        far.set_nodelay(true).ok();
                        near.set_nodelay(true).ok();
                        copy_bidirectional(&mut near, &mut far).await.ok();
                    }
                } => {}
            }
        };
        env.spawn.spawn("chaos.wire".into(), Box::pin(carry));
    }
}

async fn gone(ends: &mut watch::Receiver<u64>) {
    while ends.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn a_cut_ends_what_is_there_and_not_what_comes() {
        let far = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = (Ipv4Addr::LOCALHOST.to_string(), far.local_addr().unwrap().port());
        let wire = Wire::lay(target, &runtime::real::env()).await.unwrap();
        for word in [b"one", b"two"] {
            let mut near = TcpStream::connect(wire.address).await.unwrap();
            let (mut served, _) = far.accept().await.unwrap();
            near.write_all(word).await.unwrap();
            let mut heard = [0; 3];
            served.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, word);
            wire.cut();
            assert_eq!(near.read(&mut heard).await.unwrap_or(0), 0, "it is still there");
            assert_eq!(served.read(&mut heard).await.unwrap_or(0), 0, "it is still there");
        }
    }
}
