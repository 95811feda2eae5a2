//! A file of version 1, as it was released, is opened by every later version, and everything in it is understood.
