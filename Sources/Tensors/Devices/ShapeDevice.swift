import BackendCore

extension Device {
  /// A device whose tensors have shapes and no numbers: every operation is checked, and nothing is computed. Models infer
  /// their shapes on it.
  package static let shapes = Device(MetaBackend(name: "shapes", identifier: "shapes", kind: .cpu))

  /// True for the device without numbers.
  package var isShapeOnly: Bool { self == .shapes }
}
