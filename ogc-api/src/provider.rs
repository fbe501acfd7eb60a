//! Who runs this service, for the capabilities of WMS (06-042, 7.2.4.3) and WMTS (06-121r3, 7.4.5).

use driftline_simulate::Xml;

/// Who runs this service; what is empty is not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Name of the organisation.
    pub name: String,
    /// Its web site.
    pub site: String,
    /// Telephone number.
    pub phone: String,
    /// Address for electronic mail.
    pub email: String,
}

fn told<'a>(name: &'a str, value: &'a str) -> Option<(&'a str, &'a str)> {
    (!value.is_empty()).then_some((name, value))
}

impl Provider {
    /// `ContactInformation` of WMS; nothing where nobody can be reached.
    pub(crate) fn contact_information(&self, xml: &mut Xml) {
        let ways = [
            told("ContactVoiceTelephone", &self.phone),
            told("ContactElectronicMailAddress", &self.email),
        ];
        if ways.iter().all(Option::is_none) {
            return;
        }
        xml.within("ContactInformation", &[], |xml| {
            xml.within("ContactPersonPrimary", &[], |xml| {
                // The schema wants both; who answers at that place is the organisation.
                xml.text("ContactPerson", &self.name);
                xml.text("ContactOrganization", &self.name);
            });
            ways.iter().flatten().for_each(|(name, value)| xml.text(name, value));
        });
    }

    /// `ows:ServiceProvider` of WMTS.
    pub(crate) fn service_provider(&self, xml: &mut Xml) {
        xml.within("ows:ServiceProvider", &[], |xml| {
            xml.text("ows:ProviderName", &self.name);
            if !self.site.is_empty() {
                xml.empty("ows:ProviderSite", &[("xlink:href", &self.site)]);
            }
            xml.within("ows:ServiceContact", &[], |xml| {
                if self.phone.is_empty() && self.email.is_empty() {
                    return;
                }
                xml.within("ows:ContactInfo", &[], |xml| {
                    if !self.phone.is_empty() {
                        xml.within("ows:Phone", &[], |xml| xml.text("ows:Voice", &self.phone));
                    }
                    if !self.email.is_empty() {
                        xml.within("ows:Address", &[], |xml| {
                            xml.text("ows:ElectronicMailAddress", &self.email);
                        });
                    }
                });
            });
        });
    }
}
