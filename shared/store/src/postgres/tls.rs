//! TLS: the server's certificate is verified, always. There is no mode that encrypts for whoever answers.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::failure::OpenError;

/// Trusts who signed `file`'s certificates, or whom the system trusts.
pub(super) fn connector(file: Option<&Path>) -> Result<MakeRustlsConnect, OpenError> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(path) => {
            let unreadable = |source| OpenError::Certificates { path: path.to_owned(), source };
            let found =
                CertificateDer::pem_file_iter(path).map_err(|e| unreadable(std::io::Error::other(e)))?;
            for certificate in found {
                let certificate = certificate.map_err(|e| unreadable(std::io::Error::other(e)))?;
                roots.add(certificate).map_err(|e| unreadable(std::io::Error::other(e)))?;
            }
        }
        // One certificate of the system that cannot be read is no reason to trust none.
        None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(OpenError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
