//! The engine: an event loop for plain blocking functions, and the same logic without sockets
