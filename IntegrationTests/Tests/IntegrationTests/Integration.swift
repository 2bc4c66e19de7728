import Testing

/// All suites; one after the other, since they share a machine and some measure what is left on it.
@Suite(.serialized) enum Integration {}
