import Model

/// The documents of a copy, one per target.
struct CloneResponses {
    var all: [CloneResponse]

    init(_ result: OperationResult, now: String) {
        all = result.targets.map { target in
            CloneResponse(
                operationID: result.id.description, success: target.error == nil, vmName: result.vm,
                newVMName: target.newName, sourceHost: result.source, destHost: target.host, duration: target.seconds,
                bytesTransferred: target.wireBytes, error: target.error.map { $0.on(target.host).description },
                errorCode: target.error?.code.rawValue, warnings: target.warnings, timestamp: now)
        }
    }
}
