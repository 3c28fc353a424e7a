//! Routes to plain functions: typed path arguments, hooks, wraps, state and error handlers
