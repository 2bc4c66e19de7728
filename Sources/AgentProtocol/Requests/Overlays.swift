/// Removes overlays that no VM uses any more, durably. One that is gone already is no error; one that a process has open, as a
/// running VM has, or that isn't qcow2, is refused.
package struct RemoveOverlays: AgentRequest {
    package static let name = "overlays.remove"

    package var folder: String
    /// Their names in the folder.
    package var files: [String]

    package init(folder: String, files: [String]) {
        self.folder = folder
        self.files = files
    }

    package typealias Response = Done
}
