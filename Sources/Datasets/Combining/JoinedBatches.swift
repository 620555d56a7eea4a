import NeuralNetworks

extension Batch {
  /// Joins batches whose examples have the same form.
  /// - Parameters:
  ///   - batches: At least one batch.
  ///   - source: The origin of the batches, for errors.
  /// - Throws: `DataError.examples` if numbers of tensors, shapes, element types, or devices differ.
  static func joined(_ batches: [Batch], of source: String) throws(DataError) -> Batch {
    guard let first = batches.first else { ProgrammerError.end("\(source): there are no batches to join") }
    if batches.count == 1 { return first }
    for other in batches.dropFirst() where other.form != first.form {
      throw .examples(
        reason: "\(source): expected examples of the same form, found \(first.formText) and \(other.formText)")
    }
    return Batch(
      inputs: first.inputs.indices.map { place in Tensor.concatenated(batches.map { $0.inputs[place] }) },
      targets: first.targets.indices.map { place in Tensor.concatenated(batches.map { $0.targets[place] }) },
      weights: first.weights.map { _ in Tensor.concatenated(batches.compactMap(\.weights)) })
  }

  /// Joins parts of a batch that were read separately.
  /// - Parameters:
  ///   - pieces: At least one part, with the place of each of its examples in the result; the places together are
  ///     `0..<count`.
  ///   - source: The origin of the batches, for errors.
  static func assembled(_ pieces: [(batch: Batch, places: [Int])], of source: String) throws(DataError) -> Batch {
    let joined = try Batch.joined(pieces.map(\.batch), of: source)
    let places = pieces.flatMap(\.places)
    if places.indices.allSatisfy({ places[$0] == $0 }) { return joined }
    var rows = [Int32](repeating: 0, count: places.count)
    for (row, place) in places.enumerated() { rows[place] = Int32(row) }
    return joined.gathered(Tensor(rows, on: joined.input.device))
  }

  /// The properties that examples must share to be in one batch: the tensors without the batch axis.
  private var form: [[TensorForm]] {
    [inputs, targets, weights.map { [$0] } ?? []].map { tensors in tensors.map(TensorForm.init) }
  }

  private var formText: String {
    let texts = zip(["inputs", "targets", "weights"], form).compactMap { name, tensors in
      tensors.isEmpty ? nil : "\(name) \(tensors.map(\.text).joined(separator: ", "))"
    }
    return texts.joined(separator: " and ")
  }
}

/// The properties of a tensor apart from the number of its rows.
private struct TensorForm: Equatable {
  let shape: [Int]
  let dtype: DType
  let device: Device

  init(_ tensor: Tensor) {
    (shape, dtype, device) = (Array(tensor.shape.dropFirst()), tensor.dtype, tensor.device)
  }

  var text: String { "\(dtype) \(shape)" + (device == .cpu ? "" : " on \(device)") }
}
