//! What a CoT client sends: events one after the other. Pings are answered, everything else is read and forgotten; what has no
//! end is not kept.

use driftline_simulate::cot::is_ping;

/// Bytes of an event at most.
const MOST: usize = 64 * 1024;
const START: &[u8] = b"<event";
const END: &[u8] = b"</event>";

/// The beginning of an event whose end has not come.
#[derive(Default)]
pub(super) struct Inbox {
    held: Vec<u8>,
}

/// An event that does not end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endless;

impl Inbox {
    /// Takes bytes in; whether a ping was among the events that they complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<bool, Endless> {
        let mut is_asked = false;
        // What was there before has no end in it, but perhaps the beginning of one.
        let mut looked_at = self.held.len().saturating_sub(END.len() - 1);
        self.held.extend_from_slice(bytes);
        while let Some(found) = find(&self.held[looked_at..], END) {
            let end = looked_at + found + END.len();
            is_asked |= is_event_a_ping(&self.held[..end]);
            self.held.drain(..end);
            looked_at = 0;
        }
        if self.held.len() > MOST {
            return Err(Endless);
        }
        Ok(is_asked)
    }
}

fn is_event_a_ping(bytes: &[u8]) -> bool {
    let start = find(bytes, START).unwrap_or(0);
    std::str::from_utf8(&bytes[start..]).is_ok_and(is_ping)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &[u8] = b"<?xml version='1.0'?><event type='t-x-c-t' uid='a'><point lat='0'/></event>\n";

    #[test]
    fn pings_are_found_however_they_are_cut() {
        for cut in 0..PING.len() {
            let mut inbox = Inbox::default();
            let (first, second) = PING.split_at(cut);
            let asked = [first, second].map(|part| inbox.take(part).unwrap());
            assert!(asked[0] != asked[1], "{cut}");
        }
        let mut inbox = Inbox::default();
        let place = b"<event type='a-f-G-U-C'><detail>\xff</detail></event>";
        assert_eq!(inbox.take(&[&place[..], PING, place].concat()), Ok(true));
        assert_eq!(inbox.take(place), Ok(false));
        assert!(inbox.held.is_empty(), "{:?}", inbox.held);
    }

    #[test]
    fn what_does_not_end_is_not_kept() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.take(&[b'x'; MOST]), Ok(false));
        assert_eq!(inbox.take(b"x"), Err(Endless));
    }
}
