//! Connections by number.

/// How many bits of a token count the uses of its slot.
const SHIFT: u32 = usize::BITS / 2;
/// Tokens of connections have the highest bit clear.
const GENERATIONS: usize = (1 << (SHIFT - 1)) - 1;
const INDEX: usize = (1 << SHIFT) - 1;

/// A store whose slots are used again, with tokens that are not: a token of a value that was
/// removed never finds the next one in its slot.
pub(super) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

struct Slot<T> {
    generation: usize,
    value: Option<T>,
}

impl<T> Slab<T> {
    /// How many values there can be.
    pub(super) const MOST: usize = INDEX;

    pub(super) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The token that the next inserted value will have.
    pub(super) fn next_token(&self) -> usize {
        match self.free.last() {
            Some(&index) => token(index, self.slots[index].generation),
            None => token(self.slots.len(), 0),
        }
    }

    /// Puts a value in, at [`next_token`](Self::next_token).
    pub(super) fn insert(&mut self, value: T) {
        match self.free.pop() {
            Some(index) => self.slots[index].value = Some(value),
            None => self.slots.push(Slot { generation: 0, value: Some(value) }),
        }
    }

    pub(super) fn get_mut(&mut self, token: usize) -> Option<&mut T> {
        let slot = self.slots.get_mut(index(token))?;
        slot.value.as_mut().filter(|_| slot.generation == token >> SHIFT)
    }

    pub(super) fn remove(&mut self, token: usize) -> Option<T> {
        self.get_mut(token)?;
        let index = index(token);
        let slot = &mut self.slots[index];
        slot.generation = (slot.generation + 1) & GENERATIONS;
        self.free.push(index);
        slot.value.take()
    }

    /// The token of what stands in a slot now.
    pub(super) fn token_at(&self, index: usize) -> Option<usize> {
        let slot = self.slots.get(index)?;
        slot.value.as_ref().map(|_| token(index, slot.generation))
    }

    /// The tokens of all values.
    pub(super) fn tokens(&self) -> Vec<usize> {
        (0..self.slots.len()).filter_map(|index| self.token_at(index)).collect()
    }
}

/// The slot of a token.
pub(super) fn index(token: usize) -> usize {
    token & INDEX
}

fn token(index: usize, generation: usize) -> usize {
    generation << SHIFT | index
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_token_finds_nothing() {
        let mut slab = Slab::new();
        let first = slab.next_token();
        slab.insert('a');
        let second = slab.next_token();
        slab.insert('b');
        assert_eq!((slab.remove(first), slab.remove(first)), (Some('a'), None));
        let third = slab.next_token();
        slab.insert('c');
        assert_eq!(index(first), index(third), "the slot is used again");
        assert_eq!(slab.get_mut(first), None);
        assert_eq!(slab.get_mut(third), Some(&mut 'c'));
        assert_eq!(slab.tokens(), [third, second]);
        assert_eq!(slab.len(), 2);
    }

    #[test]
    fn generations_wrap_within_their_bits() {
        let mut slab = Slab::new();
        slab.insert(());
        slab.slots[0].generation = GENERATIONS;
        let last = slab.token_at(0).unwrap();
        assert!(last <= usize::MAX >> 1, "the highest bit is for others");
        slab.remove(last).unwrap();
        assert_eq!(slab.next_token(), 0);
    }
}
