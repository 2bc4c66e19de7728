// The library's face: who imports KVMClone has requests, plans, results and errors as well.
@_exported import Coordinator
@_exported import Model
