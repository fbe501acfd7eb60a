//! Copernicus Marine daily mean currents, 1/12 degree, global: the circulation without tide and Stokes drift.
//!
//! For missions where the tide does not matter, and where hourly currents fail. The native files hold all 50 depths: they
//! are large (their size is not known), which is why this feed is not enabled by itself; the uppermost depth is read.
//!
//! | fact | source | verified |
//! |---|---|---|
//! | path, name `glo12_rg_1d-m_<day>-<day>_3D-uovo_<mode>_R<run>.nc` | three public programs that read it | in their code |
//! | modes `fcst`, `hcst` and others | the same; any word is taken | yes |
//! | a mean is stamped at noon of its day; the toolbox gives the same mean at midnight, 12 h early | Deltares/dfm_tools #878, the toolbox' #271, which quote the product's manual; the sample of feeds-and-store.md 4 came through the toolbox | stated for native files; none was at hand |
//! | runs, days, latency | as for the hourly currents | no |
//! | no tide, no Stokes drift | feeds-and-store.md 2.3; a public description of GLO12 | tide: stated; Stokes: not |

mod domain;
mod download;
mod variables;

use super::{Known, marine_store};

const NAME: &str = "cmems-currents-daily";

pub(super) const FEED: Known = Known {
    name: NAME,
    places: &marine_store::PLACES,
    about: domain::about,
    plan: download::plan,
    expected_times: |run| marine_store::times(&domain::files(run)),
};
