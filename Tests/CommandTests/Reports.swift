import ModelFormats

extension JSONValue {
  /// The keys of an object, in their original order.
  var keys: [String] { object?.keys ?? [] }
  /// The elements of an array; none for other values.
  var elements: [JSONValue] { array ?? [] }
}

extension JSONValue {
  /// The values of all predictions of `nn predict`, in order.
  var probabilities: [Double] {
    let predictions = self["predictions"]?.elements ?? []
    return predictions.flatMap { prediction -> [Double] in
      (prediction["probabilities"]?.elements ?? []).compactMap(\.number)
    }
  }
}

/// Whether both sides have the same number of values, none of them farther apart than this.
func areClose(_ found: [Double], _ expected: [Double], within tolerance: Double) -> Bool {
  found.count == expected.count && zip(found, expected).allSatisfy { ($0 - $1).magnitude <= tolerance }
}
