//! A daemon for Pauper applications: files, the demo, or an application of your own
