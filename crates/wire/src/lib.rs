//! HTTP/1.x bytes: strict heads, framing, chunks and the connection state machine, without I/O
