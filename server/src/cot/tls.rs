//! TLS 1.2 and 1.3 with a client certificate that the client authority has signed; which organisation it stands for is looked
//! up by its fingerprint.

use std::sync::Arc;

use anyhow::Context;
use driftline_auth_billing::{Error, certificate_holder, certificate_sha256};
use driftline_config::CotFiles;
use driftline_database::{ApiKey, Database};
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

/// Reads the certificates.
pub(super) fn acceptor(files: &CotFiles) -> anyhow::Result<TlsAcceptor> {
    let named = |file: &std::path::Path| format!("cot: cannot use {}", file.display());
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .with_context(|| named(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).with_context(|| named(&files.key))?;
    let mut roots = RootCertStore::empty();
    let authorities = CertificateDer::pem_file_iter(&files.client_ca).with_context(|| named(&files.client_ca))?;
    for authority in authorities {
        let authority = authority.with_context(|| named(&files.client_ca))?;
        roots.add(authority).with_context(|| named(&files.client_ca))?;
    }
    let provider = Arc::new(default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .with_context(|| named(&files.client_ca))?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .with_context(|| named(&files.certificate))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Whose certificate the client has shown, if it is one that works now.
pub(super) async fn holder(database: &Database, stream: &TlsStream<TcpStream>) -> Result<Option<ApiKey>, Error> {
    let (_, session) = stream.get_ref();
    let Some(shown) = session.peer_certificates().and_then(<[_]>::first) else {
        return Ok(None);
    };
    certificate_holder(database, &certificate_sha256(shown), Timestamp::now()).await
}
