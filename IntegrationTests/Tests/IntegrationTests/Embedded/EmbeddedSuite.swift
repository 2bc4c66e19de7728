import Testing

extension Integration {
    /// Local agents, real disk files, and libvirt's test driver behind them.
    @Suite(.serialized, .embedded(3)) enum Embedded {}
}
