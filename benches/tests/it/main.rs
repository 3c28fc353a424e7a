//! - `instructions`: no case needs more instructions than are kept

mod instructions;
