//! Deadlines, looked at seldom.

use std::time::Duration;

/// How exact deadlines are: they are looked at together, at most this often.
const COARSE: u64 = 20;
const NEVER: u64 = u64::MAX;

/// The deadlines of connections by slot, in milliseconds of the loop's time.
///
/// Setting one is a store. When the earliest that was ever noted is due, all are looked at once;
/// most will have moved by then.
pub(super) struct Timers {
    due: Vec<u64>,
    /// No deadline is before this.
    next: u64,
}

impl Timers {
    pub(super) fn new() -> Self {
        Self { due: Vec::new(), next: NEVER }
    }

    pub(super) fn set(&mut self, slot: usize, deadline: Option<Duration>) {
        if self.due.len() <= slot {
            self.due.resize(slot + 1, NEVER);
        }
        // Upwards, so that a deadline has passed when its millisecond has.
        let due = deadline.map_or(NEVER, |time| millis(time).saturating_add(1));
        self.due[slot] = due;
        self.next = self.next.min(due);
    }

    /// When the deadlines are to be looked at again; nothing if there are none.
    pub(super) fn next(&self) -> Option<Duration> {
        (self.next != NEVER).then(|| Duration::from_millis(self.next))
    }

    /// Puts the slots whose deadline has passed into `out`; they have none any more.
    pub(super) fn expired(&mut self, now: Duration, out: &mut Vec<usize>) {
        let now = millis(now);
        if now < self.next {
            return;
        }
        let mut earliest = NEVER;
        for (slot, due) in self.due.iter_mut().enumerate() {
            if *due <= now {
                *due = NEVER;
                out.push(slot);
            } else {
                earliest = earliest.min(*due);
            }
        }
        self.next = if earliest == NEVER { NEVER } else { earliest.max(now + COARSE) };
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired(timers: &mut Timers, millis: u64) -> Vec<usize> {
        let mut out = Vec::new();
        timers.expired(Duration::from_millis(millis), &mut out);
        out
    }

    #[test]
    fn deadlines_pass_once_and_move() {
        let at = |millis| Some(Duration::from_millis(millis));
        let mut timers = Timers::new();
        assert_eq!(timers.next(), None, "nobody waits for nothing");
        timers.set(3, at(1000));
        timers.set(0, at(5000));
        assert!(expired(&mut timers, 1000).is_empty());
        assert_eq!(expired(&mut timers, 1001), [3]);
        assert!(expired(&mut timers, 1002).is_empty());
        timers.set(0, at(9000));
        assert!(expired(&mut timers, 6000).is_empty(), "it was moved");
        timers.set(0, None);
        assert!(expired(&mut timers, 60_000).is_empty());
        assert_eq!(timers.next(), None, "looking cleans up");
    }

    #[test]
    fn many_deadlines_are_looked_at_seldom() {
        let mut timers = Timers::new();
        for slot in 0..100 {
            timers.set(slot, Some(Duration::from_millis(slot as u64)));
        }
        let mut looks = 0;
        let mut gone = 0;
        while let Some(next) = timers.next() {
            let mut out = Vec::new();
            timers.expired(next, &mut out);
            gone += out.len();
            looks += 1;
        }
        assert_eq!(gone, 100);
        assert!(looks <= 7, "{looks}");
    }
}
