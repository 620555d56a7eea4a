import NeuralNetworks

/// The type of a tensor in a GGUF file.
struct GGUFType: Sendable {
  /// How the elements are stored.
  enum Storage: Sendable {
    case element(StoredElement)
    case blocks(BlockFormat)
    /// A type that cannot be read.
    case other
  }

  /// The name in ggml, such as "F32" or "Q4_0".
  let name: String
  let storage: Storage

  /// - Parameter code: The number of the type in the file.
  init(code: UInt32) {
    name = Self.names[code] ?? "number \(code)"
    if let format = BlockFormat(rawValue: name) {
      storage = .blocks(format)
    } else {
      storage = Self.elements[name].map { .element($0) } ?? .other
    }
  }

  private static let elements: [String: StoredElement] = [
    "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32, "I16": .int16,
    "I8": .int8,
  ]

  /// The names of all types, also of those that are not read: an error states the name.
  private static let names: [UInt32: String] = [
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]

  /// The element type of the tensor; nil for a type that cannot be read.
  var element: StoredElement? {
    switch storage {
    case .element(let element): element
    case .blocks: .float32
    case .other: nil
    }
  }

  /// The count of elements in a row must be a multiple of this number.
  var blockCount: Int { if case .blocks(let format) = storage { format.count } else { 1 } }

  /// The number of bytes for a shape whose rows are whole blocks; nil if it overflows, or for a type that cannot be read.
  func byteCount(_ shape: [Int]) -> Int? {
    switch storage {
    case .element(let element): return element.byteCount(shape)
    case .blocks(let format):
      // A block takes less memory than its numbers.
      return element?.byteCount(shape).map { $0 / MemoryLayout<Float>.size / format.count * format.size }
    case .other: return nil
    }
  }
}
