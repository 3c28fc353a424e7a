//! A router of typed path segments: filters, catch-alls, methods, 405 with Allow, conflicts named
