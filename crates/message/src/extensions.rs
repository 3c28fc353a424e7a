//! Values that travel with a request or belong to an application, one per type.

use std::any::{Any, TypeId};
use std::fmt;

/// Values of the user that travel with one request, at most one of each type.
///
/// A login hook puts its `User` here and the handler takes it out. Lookups walk a short list;
/// an empty one costs no allocation.
#[derive(Default)]
pub struct Extensions {
    values: Vec<(TypeId, Box<dyn Any + Send>)>,
}

impl Extensions {
    /// No values.
    pub const fn new() -> Self {
        Self { values: Vec::new() }
    }

    /// Puts a value in, and gives back the one of the same type that was there.
    pub fn insert<T: Send + 'static>(&mut self, value: T) -> Option<T> {
        let old = self.remove::<T>();
        self.values.push((TypeId::of::<T>(), Box::new(value)));
        old
    }

    /// The value of type `T`.
    #[inline]
    pub fn get<T: Send + 'static>(&self) -> Option<&T> {
        self.values
            .iter()
            .find(|(id, _)| *id == TypeId::of::<T>())
            .and_then(|(_, value)| value.downcast_ref())
    }

    /// The value of type `T`, to be changed.
    pub fn get_mut<T: Send + 'static>(&mut self) -> Option<&mut T> {
        self.values
            .iter_mut()
            .find(|(id, _)| *id == TypeId::of::<T>())
            .and_then(|(_, value)| value.downcast_mut())
    }

    /// Takes the value of type `T` out.
    pub fn remove<T: Send + 'static>(&mut self) -> Option<T> {
        let at = self.values.iter().position(|(id, _)| *id == TypeId::of::<T>())?;
        self.values.swap_remove(at).1.downcast().ok().map(|value| *value)
    }

    /// Drops all values.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Whether there is no value.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extensions({} values)", self.values.len())
    }
}

/// Values of an application that all its requests share, at most one of each type.
#[derive(Default)]
pub struct States {
    values: Vec<(TypeId, Box<dyn Any + Send + Sync>)>,
}

impl States {
    /// Puts a value in, and tells whether its type was free.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> bool {
        let free = self.get::<T>().is_none();
        if free {
            self.values.push((TypeId::of::<T>(), Box::new(value)));
        }
        free
    }

    /// The value of type `T`.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.values
            .iter()
            .find(|(id, _)| *id == TypeId::of::<T>())
            .and_then(|(_, value)| value.downcast_ref())
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({} values)", self.values.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type() {
        let mut values = Extensions::new();
        assert_eq!(values.insert(1_u8), None);
        assert_eq!(values.insert(2_u8), Some(1));
        values.insert("text");
        assert_eq!(values.get::<u8>(), Some(&2));
        *values.get_mut::<u8>().unwrap() += 1;
        assert_eq!(values.remove::<u8>(), Some(3));
        assert_eq!(values.get::<u8>(), None);
        assert_eq!(values.get::<&str>(), Some(&"text"));
    }

    #[test]
    fn the_first_state_of_a_type_stays() {
        let mut states = States::default();
        assert!(states.insert(1_u8));
        assert!(!states.insert(2_u8));
        assert_eq!(states.get::<u8>(), Some(&1));
    }
}
