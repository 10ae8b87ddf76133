//! The end: one token, heard by every task and every open stream.
