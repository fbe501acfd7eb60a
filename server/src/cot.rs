//! The live feed of Cursor on Target for TAK (docs/cot.md): over TLS, with a client certificate for each organisation. A client
//! is sent what holds now of its organisation's missions, then what follows as time goes on and runs are published.
//!
//! Connections are accepted up to a number, in all and of one organisation; one whose client takes nothing is closed.

pub(crate) mod authority;
mod connection;
mod feed;
mod inbox;
mod places;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use driftline_auth_billing::{UsageLog, chain};
use driftline_config::Settings;
use driftline_database::Database;
use driftline_domain::{MissionId, OrgId};
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{broadcast, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use connection::Connection;
pub(crate) use feed::Feed;
use places::Places;

/// A handshake must be done within this time.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Bytes that wait in the kernel for one client; it doubles them for its own needs.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// Pause after the system refused a connection, for example because no more files can be opened.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);
/// After the signal to stop, connections have this long to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What connections are served from; clones share it.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) database: Database,
    pub(crate) feed: Arc<Feed>,
    pub(crate) log: UsageLog,
    pub(crate) changes: broadcast::Sender<(OrgId, MissionId)>,
    pub(crate) stopped: watch::Receiver<bool>,
}

/// A feed that has its port and its certificates, not serving yet.
pub(crate) struct Listening {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

/// Binds where the settings say so; `None` where the feed is off.
///
/// # Errors
/// Certificates that cannot be used, a port that cannot be had.
pub(crate) async fn listen(settings: &Settings) -> anyhow::Result<Option<Listening>> {
    let Some(address) = settings.cot_listen() else {
        return Ok(None);
    };
    let acceptor = tls::acceptor(&settings.cot_files())?;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen for CoT on {address}"))?;
    tracing::info!("serving CoT on tls://{}", listener.local_addr()?);
    Ok(Some(Listening { listener, acceptor }))
}

/// Serves until the signal to stop.
pub(crate) async fn serve(listening: Listening, source: Source) {
    let Listening { listener, acceptor } = listening;
    let mut stop = source.stopped.clone();
    let places = Places::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < places::MAX => match accepted {
                Ok((stream, peer)) => {
                    let one = serve_one(stream, peer, acceptor.clone(), source.clone(), places.clone());
                    connections.spawn(Box::pin(one));
                }
                Err(error) => {
                    tracing::warn!(cause = %error, connections = connections.len(), "a CoT connection was not accepted");
                    tokio::time::sleep(AFTER_REFUSAL).await;
                }
            },
        }
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LAST_WORDS, all).await.is_err() {
        connections.shutdown().await;
    }
}

async fn serve_one(stream: TcpStream, peer: SocketAddr, acceptor: TlsAcceptor, source: Source, places: Places) {
    let socket = SockRef::from(&stream);
    let bounded = socket
        .set_send_buffer_size(SEND_BUFFER_BYTES)
        .and_then(|()| socket.set_tcp_user_timeout(Some(connection::TAKEN_WITHIN)));
    if let Err(error) = bounded {
        tracing::debug!(cause = %error, "a CoT connection keeps the system's own bounds");
    }
    let stream = match tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(%peer, cause = %error, "a CoT client was refused in the handshake");
            return;
        }
        Err(_elapsed) => return,
    };
    let holder = match tls::holder(&source.database, &stream).await {
        Ok(Some(holder)) => holder,
        Ok(None) => {
            tracing::info!(%peer, "a CoT client was refused: its certificate is registered for no organisation or revoked");
            return;
        }
        Err(error) => {
            tracing::error!(%peer, cause = chain(&error), "the certificate of a CoT client could not be looked up");
            return;
        }
    };
    let Some(_place) = places.take(holder.org) else {
        tracing::info!(%peer, org.id = %holder.org, "a CoT client was refused: its organisation has as many as it may");
        return;
    };
    tracing::info!(%peer, org.id = %holder.org, key.id = %holder.id, "a CoT client is connected");
    let why = Connection::new(stream, source, holder).run().await;
    tracing::info!(%peer, why = why.words(), "a CoT client has gone");
}
