//! Placeholder head, replaced with its content.
