//! Certificates for the CoT feed: an authority of the installation's own, a server certificate, and one for each client.
//! ECDSA on P-256, PEM; keys are readable for their owner alone, and no file is ever overwritten.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use driftline_config::CotFiles;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// The authority's name; certificates name it as their issuer.
const NAME: &str = "Driftline CoT authority";
/// Days that authority and server certificate last.
const OWN_DAYS: i64 = 3_650;

/// A certificate with its key, in PEM.
pub(crate) struct Made {
    pub(crate) certificate: Certificate,
    pub(crate) key_pem: String,
}

/// Makes authority and server certificate where the settings look for them.
pub(crate) fn create(files: &CotFiles, ca_key: &Path, hosts: &[String]) -> anyhow::Result<()> {
    let (authority_key, server_key) = (KeyPair::generate()?, KeyPair::generate()?);
    let authority = authority_params()?.self_signed(&authority_key)?;
    let issuer = Issuer::new(authority_params()?, authority_key);
    let mut params = params(hosts.to_vec(), hosts.first().map_or(NAME, String::as_str), OWN_DAYS)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = params.signed_by(&server_key, &issuer)?;
    // The authority's key comes first: without it the rest is of no use.
    write_new(ca_key, issuer.key().serialize_pem().as_bytes(), true)?;
    write_new(&files.client_ca, authority.pem().as_bytes(), false)?;
    write_new(&files.key, server_key.serialize_pem().as_bytes(), true)?;
    write_new(&files.certificate, server.pem().as_bytes(), false)
}

/// A client certificate, signed by the authority.
pub(crate) fn client(ca_key: &Path, name: &str, organisation: &str, days: i64) -> anyhow::Result<Made> {
    let pem = std::fs::read_to_string(ca_key).with_context(|| {
        format!(
            "cannot read the authority's key {}; driftline cot certificates init makes one",
            ca_key.display()
        )
    })?;
    let issuer = Issuer::new(authority_params()?, KeyPair::from_pem(&pem)?);
    let key = KeyPair::generate()?;
    let mut params = params(Vec::new(), name, days)?;
    params.distinguished_name.push(DnType::OrganizationName, organisation);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(Made {
        certificate: params.signed_by(&key, &issuer)?,
        key_pem: key.serialize_pem(),
    })
}

/// The same each time: an issuer is known by name and key.
fn authority_params() -> anyhow::Result<CertificateParams> {
    let mut params = params(Vec::new(), NAME, OWN_DAYS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn params(hosts: Vec<String>, name: &str, days: i64) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    // From the day before: clocks of clients differ.
    let (from, until) = (today.checked_sub(1.day())?, today.checked_add(days.days())?);
    let day = |date: Date| {
        date_time_ymd(
            i32::from(date.year()),
            date.month().unsigned_abs(),
            date.day().unsigned_abs(),
        )
    };
    (params.not_before, params.not_after) = (day(from), day(until));
    Ok(params)
}

/// Writes a file that is not there yet, synced.
pub(crate) fn write_new(path: &Path, bytes: &[u8], is_secret: bool) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if is_secret { 0o600 } else { 0o644 });
    let written = options.open(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.with_context(|| format!("cannot create {}", path.display()))
}
