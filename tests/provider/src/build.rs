//! Bytes of a file, made when somebody asks for it.

use crate::content::{Change, Content, Feed, Form};
use crate::error::Error;
use crate::fields::{Fields, hour_of};
use crate::grib::{self, Label};
use crate::layout::after;
use crate::{index, netcdf};

/// The bytes of a file.
pub(crate) fn file(fields: &Fields, content: &Content, change: &Change) -> Result<Vec<u8>, Error> {
    let inside = Content {
        run: after(content.run, -change.older),
        step: content.step + change.later,
        ..content.clone()
    };
    match (content.feed, content.form) {
        (_, Form::Descriptor) => Ok(descriptor(content).into_bytes()),
        (Feed::Gfs | Feed::GfsWave | Feed::Ecmwf, Form::Index) => {
            // The sidecar follows the name of its file: what is inside another one is for the reader to find out.
            let lengths: Vec<usize> = messages(fields, content, change)?.iter().map(Vec::len).collect();
            Ok(index::of(content, &lengths, change).into_bytes())
        }
        (Feed::Gfs | Feed::GfsWave | Feed::Ecmwf, Form::Data) => Ok(messages(fields, &inside, change)?.concat()),
        (feed, _) => netcdf::file(fields, feed, &inside, change),
    }
}

/// Messages of a GRIB file, labelled.
pub(crate) fn messages(fields: &Fields, content: &Content, change: &Change) -> Result<Vec<Vec<u8>>, Error> {
    let stored = match content.feed {
        Feed::Gfs => &fields.gfs,
        Feed::GfsWave => &fields.wave,
        _ => &fields.ecmwf,
    };
    let label = Label {
        run: content.run,
        step: content.step,
    };
    let hour = hour_of(after(content.run, content.step));
    let of_hour = stored.hour(hour);
    of_hour
        .map(|message| grib::relabelled(message, label, change))
        .collect()
}

/// An aggregation over files of the provider's own disks, as THREDDS hands it out to whoever asks for the file.
fn descriptor(content: &Content) -> String {
    let (stamp, steps) = (content.run.strftime("%Y%m%dT%HZ"), content.feed.steps(content.run));
    let file = |step: i32| format!("    <netcdf location=\"/archive/member_00/meps_sfc_{step:02}_{stamp}.nc\"/>\n");
    let files: String = steps.into_iter().map(file).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<netcdf xmlns=\"http://www.unidata.ucar.edu/namespaces/netcdf/ncml-2.2\">\n  \
         <aggregation dimName=\"time\" type=\"joinExisting\">\n{files}  </aggregation>\n</netcdf>\n"
    )
}
