//! Requests, responses, bodies and the Service trait that the layers of Pauper meet in
