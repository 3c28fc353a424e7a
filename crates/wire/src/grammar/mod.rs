//! Grammar
