//! Query strings and urlencoded forms: ordered multi-maps with limits, without I/O
