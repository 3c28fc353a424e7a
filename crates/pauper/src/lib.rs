//! Plain functions at event-loop speed: the Pauper crates under one name
