import Synchronization

/// The mistakes in a description. Decoding continues after a mistake, so that all of them can be reported at once: a
/// decoder with this list records recoverable mistakes and substitutes a value. The decoded result must then be
/// discarded.
package final class DecodingFaults: Sendable {
  /// A mistake and its location.
  package struct Fault: Sendable, Hashable {
    /// The path of the mistake: "layers[2].units".
    package let path: String
    package let reason: String
    /// The keys that lead to the mistake, including the key of a missing value.
    fileprivate let keys: [String]

    package init(_ error: DecodingError) {
      let context: DecodingError.Context
      var keys: [any CodingKey] = []
      switch error {
      case .typeMismatch(_, let found), .valueNotFound(_, let found), .dataCorrupted(let found):
        (context, reason) = (found, found.debugDescription)
      case .keyNotFound(let key, let found):
        (context, reason, keys) = (found, "there is no \"\(key.stringValue)\"", [key])
      @unknown default: (context, reason) = (.init(codingPath: [], debugDescription: ""), "\(error)")
      }
      path = context.codingPath.text
      self.keys = (context.codingPath + keys).map(\.stringValue)
    }
  }

  /// The largest number of recorded mistakes. A hostile description may have millions.
  private static let limit = 50
  private let list = Mutex<[Fault]>([])

  package init() {}

  /// The mistakes, in the order in which they were found.
  package var all: [Fault] { list.withLock { $0 } }

  /// Records a mistake. A mistake at, in, or around the location of another one is a consequence of it and is ignored.
  /// - Returns: False if there are too many mistakes to continue.
  package func note(_ error: DecodingError) -> Bool {
    let fault = Fault(error)
    return list.withLock { list in
      if list.count >= DecodingFaults.limit { return false }
      let follows = list.contains { known in zip(known.keys, fault.keys).allSatisfy { $0 == $1 } }
      if !follows { list.append(fault) }
      return true
    }
  }
}

extension CodingUserInfoKey {
  /// `DecodingFaults`: the list in which a decoder records mistakes.
  package static let faults = CodingUserInfoKey(rawValue: "NeuralNetworks.faults")!
}

extension Decoder {
  /// The list of mistakes; nil if decoding ends with the first one.
  package var faults: DecodingFaults? { userInfo[.faults] as? DecodingFaults }

  /// Returns the result of `body`, or `instead` if it encounters a mistake that can be recorded.
  package func noting<Value>(instead: Value, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as DecodingError {
      guard let faults, faults.note(error) else { throw error }
      return instead
    }
  }
}

extension KeyedDecodingContainer {
  /// Decodes the layers of an array. If mistakes are recorded, layers with mistakes are omitted.
  func decodeLayers(forKey key: Key) throws -> [LayerDescription] {
    var list = try nestedUnkeyedContainer(forKey: key)
    var layers: [LayerDescription] = []
    while !list.isAtEnd {
      let decoder = try list.superDecoder()
      let layer: LayerDescription? = try decoder.noting(instead: nil) { try LayerDescription(from: decoder) }
      layer.map { layers.append($0) }
    }
    return layers
  }
}

extension [any CodingKey] {
  /// The path as text: "layers[2].units".
  package var text: String {
    reduce(into: "") { text, key in
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }
}
