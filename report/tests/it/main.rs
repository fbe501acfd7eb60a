//! What other programs read in the pictures and the briefing: the `png` and `gif` crates' decoders and poppler.
#![expect(clippy::unwrap_used, reason = "tests")]

mod animation;
mod briefing;
mod invoice;
mod pictures;
mod synthetic;

use std::sync::LazyLock;

use driftline_coast::Coast;
use synthetic::{Recipe, Run};

static COAST: LazyLock<Coast> = LazyLock::new(|| Coast::embedded().unwrap());
/// The run west of Bergen; made once.
static BERGEN: LazyLock<Run> = LazyLock::new(|| Run::of(Recipe::BERGEN, &COAST));
