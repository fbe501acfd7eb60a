//! Where the objects lie: a folder, or a bucket of an S3 service with its keys. Secrets show in no print and no log.

use std::fmt::{Debug, Formatter};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use crate::{Error, Settings};

/// An S3 service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    /// Address of the service; empty: Amazon's own.
    pub endpoint: String,
    /// Region that signatures name.
    pub region: String,
    /// Access key.
    pub access_key: Secret,
    /// File that holds the access key.
    pub access_key_file: PathBuf,
    /// Secret key.
    pub secret_key: Secret,
    /// File that holds the secret key.
    pub secret_key_file: PathBuf,
    /// How addresses name the bucket.
    pub addressing: Addressing,
    /// Whether a service on another machine may be spoken to without TLS.
    pub allow_http: bool,
    /// Key by which the store encrypts (SSE-KMS); empty: as the bucket is set up.
    pub kms_key: String,
}

/// How addresses name the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressing {
    /// In the path.
    Path,
    /// In the name of the host.
    VirtualHost,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one who needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn shown(&self) -> &'static str {
        if self.0.is_empty() { "" } else { "(not shown)" }
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.shown())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.shown())
    }
}

/// Where objects lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectsAt {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket, below a prefix that may be empty.
    S3 {
        /// The bucket.
        bucket: String,
        /// What every name begins with.
        prefix: String,
    },
}

/// The keys of an S3 service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Credentials {
    /// Access key.
    pub access_key: Secret,
    /// Secret key.
    pub secret_key: Secret,
}

impl Settings {
    /// Where objects lie.
    pub fn objects_at(&self) -> ObjectsAt {
        let text = self.store.objects.as_str();
        match text.strip_prefix("s3://") {
            Some(rest) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                ObjectsAt::S3 {
                    bucket: bucket.to_owned(),
                    prefix: prefix.trim_matches('/').to_owned(),
                }
            }
            None if text.is_empty() => ObjectsAt::Folder(self.store.data_dir.join("objects")),
            None => ObjectsAt::Folder(PathBuf::from(text)),
        }
    }

    /// The keys of the S3 service, from the settings or the files that they name.
    pub fn s3_credentials(&self) -> Result<S3Credentials, Error> {
        let s3 = &self.s3;
        Ok(S3Credentials {
            access_key: secret("s3.access_key", &s3.access_key, &s3.access_key_file)?,
            secret_key: secret("s3.secret_key", &s3.secret_key, &s3.secret_key_file)?,
        })
    }

    pub(crate) fn check_objects(&self) -> Result<(), String> {
        let objects = &self.store.objects;
        if let ObjectsAt::S3 { bucket, .. } = self.objects_at() {
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
            if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(plain) {
                return Err(format!(
                    "store.objects '{objects}' names no bucket; it is of the form s3://bucket or s3://bucket/prefix"
                ));
            }
        } else if objects.contains("://") {
            return Err(format!(
                "store.objects '{objects}' is neither a folder nor of the form s3://bucket/prefix"
            ));
        }
        self.s3.check()
    }
}

impl S3Settings {
    fn check(&self) -> Result<(), String> {
        let endpoint = self.endpoint.as_str();
        let host = endpoint
            .strip_prefix("http://")
            .or_else(|| endpoint.strip_prefix("https://"));
        if !endpoint.is_empty() && !host.is_some_and(|host| !host.is_empty() && !host.contains(['?', '#', '@', ' '])) {
            return Err(format!(
                "s3.endpoint '{endpoint}' is not an address such as https://s3.example.org, without user and password"
            ));
        }
        if self.region.is_empty() {
            return Err("s3.region is empty; services that have no regions take us-east-1".to_owned());
        }
        Ok(())
    }

    pub(crate) fn check_together(&self) -> Result<(), String> {
        let endpoint = self.endpoint.as_str();
        let elsewhere = endpoint
            .strip_prefix("http://")
            .is_some_and(|host| !is_this_machine(host));
        if elsewhere && !self.allow_http {
            return Err(format!(
                "s3.endpoint '{endpoint}' is on another machine and without TLS; use https, or set s3.allow_http = true"
            ));
        }
        Ok(())
    }
}

/// Whether host and port are this machine's own.
fn is_this_machine(host: &str) -> bool {
    let host = host.split('/').next().unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// A secret that must be given, by its setting or by its file.
fn secret(setting: &'static str, given: &Secret, file: &Path) -> Result<Secret, Error> {
    let found = optional_secret(setting, given, file)?;
    found.ok_or_else(|| Error::Invalid {
        origin: "the configuration".to_owned(),
        message: format!("store.objects names an S3 service, and neither {setting} nor {setting}_file is set"),
    })
}

/// A secret from its setting or its file; `None` where neither is set.
pub(crate) fn optional_secret(setting: &'static str, given: &Secret, file: &Path) -> Result<Option<Secret>, Error> {
    let invalid = |message: String| Error::Invalid {
        origin: "the configuration".to_owned(),
        message,
    };
    let given = Some(given.clone()).filter(|given| !given.reveal().is_empty());
    if file.as_os_str().is_empty() {
        return Ok(given);
    }
    if given.is_some() {
        return Err(invalid(format!("{setting} and {setting}_file are both set")));
    }
    let text = std::fs::read_to_string(file).map_err(|source| Error::File {
        what: setting,
        path: file.to_owned(),
        source: Box::new(source),
    })?;
    match text.trim() {
        "" => Err(invalid(format!("{setting}_file {} is empty", file.display()))),
        text => Ok(Some(Secret(text.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, load};

    struct Fixed(Vec<(&'static str, String)>);
    impl Environment for Fixed {
        fn variables(&self) -> Vec<(String, String)> {
            self.0.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect()
        }
    }

    fn settings(variables: &[(&'static str, &str)]) -> Result<Settings, Error> {
        load(
            None,
            &Fixed(variables.iter().map(|(k, v)| (*k, (*v).to_owned())).collect()),
        )
    }

    #[test]
    fn objects_lie_beside_the_database_or_where_the_setting_says() {
        let at = |value| settings(&[("DRIFTLINE__STORE__OBJECTS", value)]).unwrap().objects_at();
        let s3 = |bucket: &str, prefix: &str| ObjectsAt::S3 {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        };
        assert_eq!(at(""), ObjectsAt::Folder("driftline-data/objects".into()));
        assert_eq!(at("/srv/objects"), ObjectsAt::Folder("/srv/objects".into()));
        assert_eq!(at("s3://cycles"), s3("cycles", ""));
        assert_eq!(at("s3://cycles/north/sea/"), s3("cycles", "north/sea"));
    }

    #[test]
    fn plain_http_is_for_this_machine_or_for_whoever_says_so() {
        for endpoint in [
            "http://127.0.0.1:9000",
            "http://[::1]:9000/",
            "http://localhost",
            "https://s3.example.org",
        ] {
            settings(&[("S3_ENDPOINT", endpoint)]).unwrap();
        }
        for endpoint in [
            "http://s3.example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1:9000",
        ] {
            settings(&[("S3_ENDPOINT", endpoint)]).unwrap_err();
            settings(&[
                ("DRIFTLINE__S3__ALLOW_HTTP", "true"),
                ("DRIFTLINE__S3__ENDPOINT", endpoint),
            ])
            .unwrap();
        }
    }

    #[test]
    fn keys_come_from_settings_or_files_and_are_never_shown() {
        let file = std::env::temp_dir().join(format!("driftline-config-secret-{}", std::process::id()));
        std::fs::write(&file, "from-a-file\n").unwrap();
        let path = file.display().to_string();
        let found = settings(&[("S3_ACCESS_KEY", "AKIA"), ("S3_SECRET_KEY_FILE", &path)]).unwrap();
        let keys = found.s3_credentials();
        let both = settings(&[
            ("S3_ACCESS_KEY", "AKIA"),
            ("S3_SECRET_KEY", "x"),
            ("S3_SECRET_KEY_FILE", &path),
        ]);
        let both = both.unwrap().s3_credentials().unwrap_err().to_string();
        std::fs::remove_file(&file).unwrap();
        let keys = keys.unwrap();
        assert_eq!(
            (keys.access_key.reveal(), keys.secret_key.reveal()),
            ("AKIA", "from-a-file")
        );
        assert!(
            both.contains("s3.secret_key and s3.secret_key_file are both set"),
            "{both}"
        );
        let gone = found.s3_credentials().unwrap_err().to_string();
        assert!(gone.contains(&path), "{gone}");
        let none = settings(&[]).unwrap().s3_credentials().unwrap_err().to_string();
        assert!(none.contains("neither s3.access_key nor s3.access_key_file"), "{none}");
        let shown = format!("{found:?} {keys:?} {}", toml::to_string(&found).unwrap());
        assert!(!shown.contains("AKIA") && !shown.contains("from-a-file"), "{shown}");
    }
}
