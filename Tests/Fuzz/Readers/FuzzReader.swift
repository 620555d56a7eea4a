import NeuralNetworks

/// A reader of files that come from anywhere. Whatever the bytes, it ends with a value or an error of this package, soon and
/// within bounded memory.
package struct FuzzReader: Sendable {
  /// What it is called on the command line; the folder of its corpus.
  package let name: String
  /// The file for bytes that were made up; those that a frame would hide are put into it.
  package let contents: @Sendable ([UInt8]) -> [UInt8]
  private let read: @Sendable (String) throws -> Void

  init(
    _ name: String, contents: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 },
    read: @escaping @Sendable (String) throws -> Void
  ) {
    (self.name, self.contents, self.read) = (name, contents, read)
  }

  package static let all: [FuzzReader] = [
    idx, gzip, csv, text, npy, npz, safetensors, safetensorsHead, json, architecture, checkpoint,
  ]

  /// Reads a file; ends the process where the reader breaks its promise.
  /// - Returns: what the reader has against the file; nil if it read it.
  @discardableResult package func check(_ path: String) -> String? {
    do {
      try read(path)
      return nil
    } catch let error as any NeuralNetworksError {
      let words = error.description
      if words.isEmpty || words.unicodeScalars.contains(where: { $0.value < 0x20 }) {
        fatalError("\(name): the error is not one line: \(words.debugDescription)")
      }
      return words
    } catch {
      fatalError("\(name): an error of another kind: \(type(of: error)) \(error)")
    }
  }

  /// Memory that a reader may use in these checks; real files may be larger.
  static let limit = 1 << 24

  static func require(_ condition: Bool, _ words: @autoclosure () -> String) {
    if !condition { fatalError(words()) }
  }

  /// Ends the process where two tensors are not the same, bit for bit.
  static func requireSame(_ a: Tensor, _ b: Tensor, _ name: String) throws {
    require(
      a.shape == b.shape && a.dtype == b.dtype, "\(name): \(a.dtype) \(a.shape) came back as \(b.dtype) \(b.shape)")
    let (x, y) = (try a.scalars(as: Float.self).map(\.bitPattern), try b.scalars(as: Float.self).map(\.bitPattern))
    require(x == y, "\(name): other numbers came back")
  }
}
