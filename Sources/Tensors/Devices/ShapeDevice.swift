import BackendCore

extension Device {
  /// A device whose tensors have shapes but no numbers: every operation is checked, and nothing is computed. Models use
  /// it to infer their shapes.
  package static let shapes = Device(MetaBackend(name: "shapes", identifier: "shapes", kind: .cpu))

  /// True for the device without numbers.
  package var isShapeOnly: Bool { self == .shapes }
}
