/// Removes overlays that no VM uses any more, durably. One that is gone already is no error; one that a process has open, as a
/// running VM has, or that isn't qcow2, is refused.
package struct RemoveOverlays: AgentRequest {
    package static let name = "overlays.remove"

    package var folder: String
    /// Their names in the folder.
    package var files: [String]
    /// Whether one that shows more than what lies below is refused as well: its contents are not known to be elsewhere.
    package var onlyEmpty: Bool

    package init(folder: String, files: [String], onlyEmpty: Bool) {
        self.folder = folder
        self.files = files
        self.onlyEmpty = onlyEmpty
    }

    package typealias Response = Done
}
