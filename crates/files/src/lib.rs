//! Static files and folder listings as a service that may pass
