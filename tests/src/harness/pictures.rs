//! Pictures that tests take: kept under `target/pictures` for whoever looks at them, and in `docs/pictures` when
//! `DRIFTLINE_UPDATE_PICTURES=1` asks for new ones.

use std::path::{Path, PathBuf};

use super::{repository, system_python};

/// Bytes that a picture of the documentation may have.
const LARGEST: u64 = 250_000;

/// Where this run's pictures are.
pub(crate) fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap()
        .join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Keeps a picture under a name; the same name goes into the documentation where that is asked for.
pub(crate) fn keep_picture(taken: &Path, name: &str) {
    let kept = pictures().join(name);
    if taken != kept {
        std::fs::copy(taken, &kept).unwrap_or_else(|error| panic!("{}: {error}", taken.display()));
    }
    if std::env::var_os("DRIFTLINE_UPDATE_PICTURES").is_some_and(|asked| asked == "1") {
        let into = repository().join("docs/pictures").join(name);
        std::fs::create_dir_all(into.parent().unwrap()).unwrap();
        system_python("small_picture.py", &[kept.to_str().unwrap(), into.to_str().unwrap()]);
        let bytes = into.metadata().unwrap().len();
        assert!(bytes < LARGEST, "{} has {bytes} bytes", into.display());
    }
}
