/// Which run of an operation it is that runs.
package struct Attempt: Sendable {
    /// From 1. Hosts refuse a run when they have seen a later one.
    package var number = 1
    /// What earlier runs did that is neither undone nor settled, oldest first.
    package var steps: [StepRecord] = []
    /// True for one of several copies that an operation makes one after the other: it goes on with nothing.
    package var isFresh = false

    package init() {}

    package init(number: Int, steps: [StepRecord]) {
        self.number = number
        self.steps = steps
    }

    /// True when an earlier run may have left something to go on with.
    package var continues: Bool { number > 1 && !isFresh }
}
