import CLibvirt
import Glibc

/// A guest's CPU beside what a host can give.
public enum CPUComparison: Sendable, Equatable {
    /// The host has just that.
    case identical
    /// The host has more.
    case superset
    /// The host lacks something: libvirt's words.
    case incompatible(String)
}

extension LibvirtConnection {
    /// Compares the CPU that a domain's XML asks for, a `<cpu>` element, with what the hypervisor gives such domains on this
    /// host. Nil where the driver doesn't compare. The other parameters' nil means the host's default.
    public func compareCPU(
        _ xml: String, architecture: String? = nil, machine: String? = nil, virtualizationType: String? = nil
    ) throws(LibvirtError) -> CPUComparison? {
        do throws(LibvirtError) {
            let result = try number("virConnectCompareHypervisorCPU") {
                virConnectCompareHypervisorCPU(
                    $0, nil, architecture, machine, virtualizationType, xml,
                    VIR_CONNECT_COMPARE_CPU_FAIL_INCOMPATIBLE.rawValue)
            }
            return result == VIR_CPU_COMPARE_IDENTICAL.rawValue ? .identical : .superset
        } catch {
            if error.isUnsupported { return nil }
            guard error.code == .cpuIncompatible else { throw error }
            return .incompatible(error.message)
        }
    }

    /// The largest CPU that hosts with all of these CPUs can give, as a `<cpu>` element. Nil where the driver can't tell.
    public func baselineCPU(
        _ cpus: [String], architecture: String? = nil, machine: String? = nil, virtualizationType: String? = nil
    ) throws(LibvirtError) -> String? {
        let texts = cpus.map { strdup($0) }
        defer { for text in texts { free(text) } }
        do throws(LibvirtError) {
            return try string("virConnectBaselineHypervisorCPU") { connection in
                var list: [UnsafePointer<CChar>?] = texts.map { $0.map { UnsafePointer($0) } }
                return list.withUnsafeMutableBufferPointer { list in
                    virConnectBaselineHypervisorCPU(
                        connection, nil, architecture, machine, virtualizationType, list.baseAddress,
                        UInt32(list.count), VIR_CONNECT_BASELINE_CPU_MIGRATABLE.rawValue)
                }
            }
        } catch {
            if error.isUnsupported { return nil }
            throw error
        }
    }
}
