//! Faults to order: for which requests, how often, and what goes wrong.

use serde::{Deserialize, Serialize};

use crate::content::Change;

/// What goes wrong with an answer or with the file behind it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fault {
    /// The connection is closed after so many bytes of a longer body.
    TruncatedBody {
        /// Bytes that arrive.
        after: usize,
    },
    /// The file is this short and the server believes it.
    TruncatedFile {
        /// Bytes of the file.
        bytes: usize,
    },
    /// An HTML page with status 200.
    HtmlPage,
    /// Nothing, with status 200.
    EmptyBody,
    /// 302 to a page of the bot defence, which is HTML with status 200.
    Redirect,
    /// 429 with Retry-After.
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// Another status with a short page: 403, 404, 500, 503.
    Status {
        /// The status.
        status: u16,
    },
    /// Nothing is answered, for this long; then the connection is closed.
    Hang {
        /// Milliseconds.
        millis: u64,
    },
    /// The body stops after some bytes, for this long; then the connection is closed.
    Stall {
        /// Bytes that arrive.
        after: usize,
        /// Milliseconds.
        millis: u64,
    },
    /// The body comes in drops.
    Drip {
        /// Bytes of a drop.
        bytes: usize,
        /// Milliseconds between two.
        millis: u64,
    },
    /// The connection is reset after some bytes.
    Reset {
        /// Bytes that are sent before.
        after: usize,
    },
    /// The whole file with 200 whatever range was asked for.
    IgnoredRange,
    /// 206 with bytes of another range, and Content-Range saying so.
    WrongContentRange {
        /// Bytes by which the range is moved.
        by: u64,
    },
    /// A bit is flipped on the way.
    FlippedBit {
        /// Byte of the body, counted from its start and around it.
        byte: usize,
    },
    /// The file is of the right length and damaged inside.
    Corrupt,
    /// The file is on another grid.
    WrongGrid,
    /// Variables have other names.
    RenamedVariable,
    /// The file holds a later step than its name says.
    OtherStep {
        /// Hours later.
        hours: i32,
    },
    /// The file holds an older cycle than its name says.
    OtherCycle {
        /// Hours older.
        hours: i32,
    },
    /// Every value in the file is wrong by so much.
    WrongValues {
        /// How much, in the unit of the field.
        off_by: i32,
    },
    /// The index belongs to another upload: its offsets are too large by so much.
    StaleIndex {
        /// Bytes.
        by: usize,
    },
    /// The filter gives the whole grid though a box was asked for.
    IgnoredSubregion,
    /// The file is being written: only its beginning is there, as of this second, and each request finds more of it.
    StillUploading {
        /// Share that is there at first.
        share: f64,
        /// Share that each request finds more.
        grows: f64,
    },
}

/// A fault with the requests that it befalls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Path and query of the requests; `*` stands for anything.
    pub path: String,
    /// What goes wrong.
    #[serde(flatten)]
    pub fault: Fault,
    /// Requests that it befalls at most; `None` for all.
    #[serde(default)]
    pub times: Option<u32>,
    /// Matching requests that are spared first.
    #[serde(default)]
    pub spared: u32,
    /// Share of the matching requests that it befalls; which ones is the same in every run.
    #[serde(default = "always")]
    pub probability: f64,
}

fn always() -> f64 {
    1.0
}

impl Rule {
    /// A fault for every request to paths like this.
    pub fn new(path: &str, fault: Fault) -> Self {
        Self {
            path: path.to_owned(),
            fault,
            times: None,
            spared: 0,
            probability: 1.0,
        }
    }

    /// Only so many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only once.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only after some matching requests went well.
    pub fn after(mut self, spared: u32) -> Self {
        self.spared = spared;
        self
    }

    /// Only for a share of the requests.
    pub fn sometimes(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }
}

/// Rules with what they did so far.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(Rule, Past)>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Past {
    matched: u32,
    befell: u32,
}

impl Faults {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, Past::default()));
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// How often every rule befell a request, in the order in which they were added.
    pub(crate) fn hits(&self) -> Vec<u32> {
        self.rules.iter().map(|(_, past)| past.befell).collect()
    }

    /// What goes wrong with a request; a fault that is used up is not among it. Each with how often it befell before.
    pub(crate) fn befalling(&mut self, path: &str) -> Vec<(Fault, u32)> {
        let mut found = Vec::new();
        for (number, (rule, past)) in self.rules.iter_mut().enumerate() {
            if !matches(&rule.path, path) {
                continue;
            }
            past.matched += 1;
            let spared = past.matched <= rule.spared || rule.times.is_some_and(|times| past.befell >= times);
            if !spared && share(number as u64, past.matched) < rule.probability {
                found.push((rule.fault.clone(), past.befell));
                past.befell += 1;
            }
        }
        found
    }
}

/// A number from 0 to 1 that looks like chance and is the same in every run (SplitMix64).
fn share(rule: u64, matched: u32) -> f64 {
    let mut bits = (rule << 32 | u64::from(matched)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// Whether a text is like a pattern in which `*` stands for anything.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// What faults change in the file itself.
pub(crate) fn change(faults: &[(Fault, u32)], issue: u32) -> Change {
    let mut change = Change {
        issue,
        ..Change::default()
    };
    for (fault, _) in faults {
        match fault {
            Fault::WrongGrid => change.other_grid = true,
            Fault::RenamedVariable => change.renamed = true,
            Fault::OtherStep { hours } => change.later = *hours,
            Fault::OtherCycle { hours } => change.older = *hours,
            Fault::WrongValues { off_by } => change.off_by = *off_by,
            _ => {}
        }
    }
    change
}
