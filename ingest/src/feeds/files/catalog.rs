//! Catalogs of a THREDDS server (InvCatalog 1.0): datasets, the service that gives out whole files, and catalogs deeper in.

use jiff::Timestamp;
use url::Url;

use super::xml::{Node, walk};
use super::{Listed, Marks, bounded, last_segment};

/// A file of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dataset {
    /// Path below the server's services.
    pub(crate) path: String,
    /// When it was last written.
    pub(crate) last_modified: Option<Timestamp>,
    /// Its length, where it is stated in bytes and thus exactly.
    pub(crate) bytes: Option<u64>,
}

impl Dataset {
    /// Its name, without folders.
    pub(crate) fn name(&self) -> &str {
        last_segment(&self.path)
    }
}

/// A catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Catalog {
    /// Files.
    pub(crate) datasets: Vec<Dataset>,
    /// Relative addresses of catalogs.
    pub(crate) deeper: Vec<String>,
    /// Where whole files are given out.
    pub(crate) file_server: Option<String>,
}

impl Catalog {
    /// Reads a catalog.
    pub(crate) fn read(body: &str) -> Result<Self, String> {
        if body.len() > super::MOST_BYTES {
            return Err(format!("it has {} bytes, more than {}", body.len(), super::MOST_BYTES));
        }
        let mut catalog = Self::default();
        let mut units = String::new();
        let mut dated = false;
        // Datasets lie in datasets; what is said of one is said of the innermost that is open.
        let mut open: Vec<Option<usize>> = Vec::new();
        let mut is_catalog = false;
        walk(body, |node| {
            match node {
                Node::Open("catalog", _) => is_catalog = true,
                Node::Open("dataset", attributes) => open.push(catalog.begin(attributes)?),
                Node::Open("service", attributes) => catalog.serve(attributes),
                Node::Open("catalogRef", attributes) => {
                    bounded(&catalog.deeper)?;
                    catalog.deeper.extend(attribute(attributes, "href").map(str::to_owned));
                }
                Node::Open("dataSize", attributes) => {
                    units = attribute(attributes, "units").unwrap_or_default().to_owned()
                }
                Node::Open("date", attributes) => dated = attribute(attributes, "type") == Some("modified"),
                Node::Close("dataset", _) => drop(open.pop()),
                Node::Close("dataSize", text) => catalog.size(open.last(), &units, text),
                Node::Close("date", text) if dated => catalog.date(open.last(), text),
                Node::Open(..) | Node::Close(..) => {}
            }
            Ok(())
        })?;
        if is_catalog {
            Ok(catalog)
        } else {
            Err("it is no catalog".to_owned())
        }
    }

    fn begin(&mut self, attributes: &[(String, String)]) -> Result<Option<usize>, String> {
        bounded(&self.datasets)?;
        let Some(path) = attribute(attributes, "urlPath") else {
            return Ok(None);
        };
        self.datasets.push(Dataset {
            path: path.to_owned(),
            last_modified: None,
            bytes: None,
        });
        Ok(Some(self.datasets.len() - 1))
    }

    fn serve(&mut self, attributes: &[(String, String)]) {
        let kind = attribute(attributes, "serviceType").unwrap_or_default();
        if kind.eq_ignore_ascii_case("HTTPServer") {
            self.file_server = attribute(attributes, "base").map(str::to_owned);
        }
    }

    fn size(&mut self, open: Option<&Option<usize>>, units: &str, text: &str) {
        if let Some(dataset) = self.innermost(open).filter(|_| units.eq_ignore_ascii_case("bytes")) {
            dataset.bytes = text.parse().ok();
        }
    }

    fn date(&mut self, open: Option<&Option<usize>>, text: &str) {
        if let Some(dataset) = self.innermost(open) {
            dataset.last_modified = text.parse().ok();
        }
    }

    fn innermost(&mut self, open: Option<&Option<usize>>) -> Option<&mut Dataset> {
        let index = open.copied().flatten()?;
        self.datasets.get_mut(index)
    }
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

pub(super) fn read(url: &Url, body: &str) -> Result<Listed, String> {
    let catalog = Catalog::read(body)?;
    let base = catalog.file_server.as_deref();
    let base = base.ok_or("its server gives out no whole files (no HTTPServer among its services)")?;
    let services = url
        .join(base)
        .map_err(|error| format!("'{base}' is no address: {error}"))?;
    let deeper = catalog.deeper.iter().filter_map(|href| url.join(href).ok());
    let mut listed = Listed {
        folders: deeper.filter(|folder| folder.origin() == url.origin()).collect(),
        ..Listed::default()
    };
    for dataset in &catalog.datasets {
        let file = crate::feeds::places::under(&services, &dataset.path);
        if let Some(file) = file.filter(|file| file.origin() == url.origin()) {
            let marks = Marks {
                bytes: dataset.bytes,
                last_modified: dataset.last_modified,
                etag: None,
            };
            listed.add(file, dataset.name(), marks)?;
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<catalog xmlns="http://www.unidata.ucar.edu/namespaces/thredds/InvCatalog/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.2">
 <service name="all" serviceType="Compound" base="">
  <service name="odap" serviceType="OPENDAP" base="/thredds/dodsC/"/>
  <service name="http" serviceType="HTTPServer" base="/thredds/fileServer/"/>
 </service>
 <dataset name="27" ID="x">
  <metadata inherited="true"><serviceName>all</serviceName></metadata>
  <dataset name="norkyst800_m00_AN.nc" ID="x/a" urlPath="fou-hi/2026/07/27/norkyst800_m00_AN.nc">
   <dataSize units="Gbytes">4.123</dataSize><date type="modified">2026-07-27T18:42:00Z</date>
  </dataset>
  <dataset name="small.nc" urlPath="fou-hi/2026/07/27/small.nc"><dataSize units="bytes">17</dataSize>
   <date type="created">2020-01-01T00:00:00Z</date></dataset>
  <catalogRef xlink:href="00/catalog.xml" xlink:title="00" name=""/>
 </dataset>
</catalog>"#;

    #[test]
    fn a_catalog_of_thredds() {
        let url = Url::parse("https://thredds.example/thredds/catalog/fou-hi/2026/07/27/catalog.xml").unwrap();
        let listed = read(&url, BODY).unwrap();
        let files: Vec<(&str, Option<u64>, bool)> = listed
            .entries
            .iter()
            .map(|entry| (entry.url.path(), entry.marks.bytes, entry.marks.last_modified.is_some()))
            .collect();
        assert_eq!(
            files,
            [
                ("/thredds/fileServer/fou-hi/2026/07/27/norkyst800_m00_AN.nc", None, true),
                ("/thredds/fileServer/fou-hi/2026/07/27/small.nc", Some(17), false),
            ]
        );
        assert_eq!(listed.folders, [url.join("00/catalog.xml").unwrap()]);
    }

    #[test]
    fn a_server_without_whole_files_is_named_as_such() {
        let url = Url::parse("https://thredds.example/thredds/catalog/catalog.xml").unwrap();
        assert!(
            read(&url, &BODY.replace("HTTPServer", "WMS"))
                .unwrap_err()
                .contains("HTTPServer")
        );
        assert!(Catalog::read("<other/>").is_err());
    }
}
