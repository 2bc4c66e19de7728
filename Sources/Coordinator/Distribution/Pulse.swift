import Model

/// Asks the agents of an operation, all the time, whether they still run: a host that hangs, or that the network lost
/// without a word, breaks no connection.
package struct Pulse: Sendable {
    /// How long a host may keep silent.
    package struct Patience: Sendable {
        /// Between two questions.
        package var pause = Duration.seconds(1)
        /// Until others go on without it.
        package var untilQuiet = Duration.seconds(4)
        /// Until it is given up.
        package var untilLost = Duration.seconds(20)

        package init() {}
    }

    private enum Turn: Sendable {
        case answered
        case failed
        case quiet
        case lost
    }

    let operation: CopyOperation
    let keeper: TreeKeeper

    /// Asks until it is cancelled.
    func run() async {
        await withTaskGroup { group in
            for driver in [operation.source] + operation.targets {
                group.addTask {
                    while !Task.isCancelled {
                        await ask(driver)
                        // Ends early only when nobody is to be asked any more.
                        try? await Task.sleep(for: operation.patience.pause)
                    }
                }
            }
        }
    }

    /// Asks once, until there is an answer, the agent has ended, or it was given up.
    private func ask(_ driver: any HostDriver) async {
        let patience = operation.patience
        await withTaskGroup(of: Turn.self) { group in
            group.addTask {
                do { try await driver.ping() } catch { return .failed }
                return .answered
            }
            for (time, turn) in [(patience.untilQuiet, Turn.quiet), (patience.untilLost, .lost)] {
                group.addTask {
                    do { try await Task.sleep(for: time) } catch { return .failed }
                    return turn
                }
            }
            defer { group.cancelAll() }
            while let turn = await group.next() {
                if Task.isCancelled { return }
                switch turn {
                case .answered:
                    await keeper.answersAgain(driver.name)
                    return
                case .failed: return
                case .quiet: await keeper.isQuiet(driver.name)
                case .lost:
                    await driver.abandon(.silent(driver.name, for: patience.untilLost))
                    await keeper.drop(driver.name)
                    return
                }
            }
        }
    }
}
