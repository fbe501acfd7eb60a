//! Names of every provider's files, their steps, and when they appear. Sources: README.md beside this crate.

use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::content::{Content, Feed, Form};

/// A file: its name below the root of its tree, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) key: String,
    pub(crate) content: Content,
}

/// Feeds that lie under one root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tree {
    /// NOAA's buckets and the same names at NOMADS.
    Noaa,
    /// ECMWF's open data.
    Ecmwf,
    /// The native bucket of CMEMS.
    Cmems,
    /// The data of a THREDDS server.
    Met,
}

impl Tree {
    /// Feeds of the tree.
    pub(crate) fn feeds(self) -> &'static [Feed] {
        match self {
            Self::Noaa => &[Feed::Gfs, Feed::GfsWave],
            Self::Ecmwf => &[Feed::Ecmwf],
            Self::Cmems => &[Feed::CmemsCurrents, Feed::CmemsDaily, Feed::CmemsWaves],
            Self::Met => &[Feed::Norkyst, Feed::Meps, Feed::Arome],
        }
    }
}

/// An instant some hours later.
pub(crate) fn after(from: Timestamp, hours: i32) -> Timestamp {
    from.saturating_add(i64::from(hours).hours()).unwrap_or(from)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y%m%d").to_string()
}

impl Feed {
    /// Hours between cycles.
    pub(crate) fn cadence(self) -> i32 {
        match self {
            Self::Gfs | Self::GfsWave | Self::Ecmwf => 6,
            Self::CmemsWaves => 12,
            Self::CmemsCurrents | Self::CmemsDaily | Self::Norkyst => 24,
            Self::Meps | Self::Arome => 3,
        }
    }

    /// Steps of a cycle: hours from its nominal time to the first valid time of each file.
    pub fn steps(self, run: Timestamp) -> Vec<i32> {
        let hour = run.as_second().div_euclid(3600).rem_euclid(24);
        match self {
            Self::Gfs | Self::GfsWave => (0..=120).chain((123..=384).step_by(3)).collect(),
            Self::Ecmwf if hour % 12 == 0 => (0..=144).step_by(3).chain((150..=360).step_by(6)).collect(),
            Self::Ecmwf => (0..=144).step_by(3).collect(),
            Self::CmemsCurrents | Self::CmemsDaily => (-24..=216).step_by(24).collect(),
            // To the end of the ninth day after its date: 22 files of the cycle at 00, 21 of that at 12.
            Self::CmemsWaves => (-24..240 - hour as i32).step_by(12).collect(),
            Self::Norkyst => (0..=120).step_by(24).collect(),
            Self::Meps => (0..=66).collect(),
            Self::Arome => vec![0],
        }
    }

    /// When a file appears: minutes from the cycle's nominal time, the last steps last.
    pub(crate) fn appears(self, run: Timestamp, step: i32) -> Timestamp {
        let (first, last, end) = match self {
            Self::Gfs => (220, 300, 384),
            Self::GfsWave => (260, 330, 384),
            Self::Ecmwf => (420, 540, 360),
            Self::CmemsCurrents | Self::CmemsDaily => (660, 665, 216),
            Self::CmemsWaves => (540, 545, 216),
            Self::Norkyst => (260, 382, 120),
            Self::Meps | Self::Arome => (75, 150, 66),
        };
        let minutes = first + (last - first) * i64::from(step.max(0)) / end;
        run.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(run)
    }

    /// Whether only the newest file for a valid time is kept.
    pub(crate) fn replaces(self) -> bool {
        matches!(self, Self::CmemsCurrents | Self::CmemsDaily | Self::CmemsWaves)
    }

    /// Folder that every file of a cycle lies in; empty where files of several cycles share folders.
    pub(crate) fn folder(self, run: Timestamp) -> String {
        let format = match self {
            Self::Gfs => "gfs.%Y%m%d/%H/atmos/",
            Self::GfsWave => "gfs.%Y%m%d/%H/wave/gridded/",
            Self::Ecmwf => "%Y%m%d/%Hz/ifs/0p25/",
            Self::Norkyst => "fou-hi/norkystv3_his_files/%Y/%m/%d/",
            Self::Meps => "meps25epsarchive/%Y/%m/%d/",
            Self::CmemsCurrents | Self::CmemsDaily | Self::CmemsWaves | Self::Arome => "",
        };
        run.strftime(format).to_string()
    }

    /// Version in the path of a CMEMS dataset when nobody asks for another.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::CmemsCurrents => "202211",
            Self::CmemsDaily => "202406",
            _ => "202411",
        }
    }

    /// All files of a cycle, those of each dataset version that the bucket has.
    pub(crate) fn files(self, run: Timestamp, versions: &[String]) -> Vec<Named> {
        let steps = self.steps(run);
        match self {
            Self::Gfs | Self::GfsWave | Self::Ecmwf => steps
                .into_iter()
                .flat_map(|step| grib_and_index(self, run, step))
                .collect(),
            Self::Meps => meps(run, &steps),
            Self::Arome => arome(run),
            _ => {
                let named = |step: i32, version: &String| Named {
                    key: native(self, run, step, version),
                    content: data(self, run, step),
                };
                let each = steps.into_iter();
                each.flat_map(|step| versions.iter().map(move |version| named(step, version)))
                    .collect()
            }
        }
    }
}

fn data(feed: Feed, run: Timestamp, step: i32) -> Content {
    Content {
        feed,
        run,
        step,
        form: Form::Data,
    }
}

fn grib_and_index(feed: Feed, run: Timestamp, step: i32) -> [Named; 2] {
    let hour = run.strftime("%H").to_string();
    let (stem, grib, index) = match feed {
        Feed::Gfs => (format!("gfs.t{hour}z.pgrb2.0p25.f{step:03}"), "", ".idx"),
        Feed::GfsWave => (
            format!("gfswave.t{hour}z.global.0p25.f{step:03}"),
            ".grib2",
            ".grib2.idx",
        ),
        _ => {
            let stream = ecmwf_stream(run);
            let stamp = run.strftime("%Y%m%d%H0000");
            (format!("{stream}/{stamp}-{step}h-{stream}-fc"), ".grib2", ".index")
        }
    };
    let folder = feed.folder(run);
    let named = |end: &str, form: Form| Named {
        key: format!("{folder}{stem}{end}"),
        content: Content {
            form,
            ..data(feed, run, step)
        },
    };
    [named(grib, Form::Data), named(index, Form::Index)]
}

/// Before 2026-05-12 the short cycles of 06 and 18 UTC were a stream of their own.
fn ecmwf_stream(run: Timestamp) -> &'static str {
    let renamed = "2026-05-12T00:00:00Z".parse().unwrap_or(Timestamp::MIN);
    let hour = run.as_second().div_euclid(3600).rem_euclid(24);
    if hour % 12 == 6 && run < renamed {
        "scda"
    } else {
        "oper"
    }
}

/// Files of a day (half a day for waves) that CMEMS and MET Norway name by what is in them.
fn native(feed: Feed, run: Timestamp, step: i32, version: &str) -> String {
    const PHYSICS: &str = "native/GLOBAL_ANALYSISFORECAST_PHY_001_024";
    const WAVES: &str = "native/GLOBAL_ANALYSISFORECAST_WAV_001_027";
    let valid = after(run, step);
    let (month, of_day, of_run) = (valid.strftime("%Y/%m"), day(valid), day(run));
    match feed {
        Feed::CmemsCurrents => {
            let set = "cmems_mod_glo_phy_anfc_merged-uv_PT1H-i";
            format!("{PHYSICS}/{set}_{version}/{month}/SMOC_{of_day}_R{of_run}.nc")
        }
        Feed::CmemsDaily => {
            let mode = if step < 0 { "hcst" } else { "fcst" };
            let set = "cmems_mod_glo_phy-cur_anfc_0.083deg_P1D-m";
            format!("{PHYSICS}/{set}_{version}/{month}/glo12_rg_1d-m_{of_day}-{of_day}_3D-uovo_{mode}_R{of_run}.nc")
        }
        Feed::CmemsWaves => {
            let set = "cmems_mod_glo_wav_anfc_0.083deg_PT3H-i";
            let (start, cycle) = (valid.strftime("%Y%m%d%H"), run.strftime("%H"));
            format!("{WAVES}/{set}_{version}/{month}/mfwamglocep_{start}_R{of_run}_{cycle}H.nc")
        }
        _ => {
            let folder = feed.folder(run);
            match step {
                0 => format!("{folder}norkyst800_his_zdepth_{of_run}T00Z_m00_AN.nc"),
                // "latest" though it lies in the folder of its day, and goes when the next day's has come.
                _ => format!("{folder}norkyst800_his_zdepth_latest_m00_FC_{:04}.nc", step / 24),
            }
        }
    }
}

fn meps(run: Timestamp, steps: &[i32]) -> Vec<Named> {
    let (folder, stamp) = (Feed::Meps.folder(run), run.strftime("%Y%m%dT%HZ"));
    let hour = run.strftime("%H");
    let descriptor = Named {
        key: format!("{folder}meps_det_sfc_{stamp}.ncml"),
        content: Content {
            form: Form::Descriptor,
            ..data(Feed::Meps, run, 0)
        },
    };
    let files = steps.iter().map(|&step| Named {
        key: format!("{folder}{hour}/member_00/meps_sfc_{step:02}_{stamp}.nc"),
        content: data(Feed::Meps, run, step),
    });
    std::iter::once(descriptor).chain(files).collect()
}

fn arome(run: Timestamp) -> Vec<Named> {
    let (date, stamp) = (run.strftime("%Y/%m/%d"), run.strftime("%Y%m%dT%HZ"));
    let keys = [
        format!("aromearcticarchive/{date}/arome_arctic_det_2_5km_{stamp}.nc"),
        format!("aromearcticlatest/arome_arctic_det_2_5km_{stamp}.nc"),
        format!("aromearcticlatest/archive/arome_arctic_det_2_5km_{stamp}.nc"),
        format!("meps25epsarchive/{date}/meps_det_2_5km_{stamp}.nc"),
        format!("mepslatest/meps_det_2_5km_{stamp}.nc"),
    ];
    keys.map(|key| Named {
        key,
        content: data(Feed::Arome, run, 0),
    })
    .into()
}
