//! Time to unpack every message of GRIB2 files on one thread: `measure_grib [--rounds N] FILE...` prints one JSON line per
//! file with the median and the least of the rounds in milliseconds of CPU time, and the number of values. Reading and
//! finding messages counts. `benches/peers/grib.py` runs this beside ecCodes on the same files.
#![expect(clippy::print_stdout, reason = "the measurements are the output")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use driftline_decode::grib::Messages;
use rustix::time::{ClockId, clock_gettime};

/// Time that this process has spent on a CPU.
fn cpu_ms() -> f64 {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    spent.tv_sec as f64 * 1e3 + spent.tv_nsec as f64 / 1e6
}

fn unpack_all(path: &Path) -> Result<(usize, usize), Box<dyn Error>> {
    let messages = Messages::open(path)?;
    let mut values = 0;
    for field in 0..messages.about().len() {
        values += black_box(messages.values(field)?).len();
    }
    Ok((messages.about().len(), values))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut rounds = 9;
    if arguments.next_if_eq("--rounds").is_some() {
        rounds = arguments.next().unwrap_or_default().parse()?;
    }
    for path in arguments {
        let (fields, values) = unpack_all(Path::new(&path))?;
        let mut times_ms = Vec::with_capacity(rounds);
        for _ in 0..rounds {
            let start_ms = cpu_ms();
            unpack_all(Path::new(&path))?;
            times_ms.push(cpu_ms() - start_ms);
        }
        times_ms.sort_by(f64::total_cmp);
        let (median, least) = (times_ms[rounds / 2], times_ms[0]);
        println!(
            r#"{{"file":"{path}","fields":{fields},"values":{values},"median_ms":{median:.3},"least_ms":{least:.3}}}"#
        );
    }
    Ok(())
}
