import Files
import HostSystem
import NeuralNetworks

/// The tensors and the metadata of a GGUF file, the format of llama.cpp and other programs for language models.
///
/// Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, versions 2 and 3, little-endian. The complete head
/// is validated when the file is opened; tensors and values are read on demand. Shapes are in row-major order: a matrix
/// of a linear layer is `[outputs, inputs]`, as in PyTorch.
///
/// F64, F16, BF16, and the block formats Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, and Q6_K become float32, with the bits
/// that `gguf.quants.dequantize` in Python gives; integers become int32 if they fit. With `keepingTypes`, only the block
/// formats become float32. Tensors of other types are listed with name and shape but cannot be read; this does not affect
/// the other tensors of the file. Names are compared by their bytes.
///
/// ```swift
/// let file = try GGUFFile("model.gguf")
/// print(try file.value(of: "general.architecture")?.string ?? "", file.typeName(of: "output.weight") ?? "")
/// let weight = try file.tensor("output.weight")
/// ```
public final class GGUFFile: Sendable {
  /// The path of the file.
  public let path: String
  /// The version of the format.
  public var version: Int { header.version }
  /// The names of the tensors, in the order of the file.
  public var names: [String] { header.names }
  /// The keys of the metadata, in the order of the file.
  public var keys: [String] { header.keys }

  private let file: FileReader
  private let header: GGUFHeader

  /// Opens a file and validates its head.
  ///
  /// - Throws: `FormatError.file` if the file cannot be read, `FormatError.malformed` if it violates the format.
  public convenience init(_ path: String) throws {
    try self.init(try withFileErrors { () throws(FileError) in try FileReader(path) })
  }

  init(_ file: FileReader) throws {
    guard GGUFFile.isLikely(file) else {
      throw FormatError.malformed(
        path: file.path, reason: ForeignFormat.description(of: file) ?? "it is not a GGUF file")
    }
    (path, self.file) = (file.path, file)
    header = try GGUFFile.withErrors(of: file.path) { try GGUFHeader(file) }
  }

  /// Whether a file starts like those of this format.
  static func isLikely(_ file: FileReader) -> Bool {
    let magic = GGUFHeader.magic
    return file.size >= magic.count && (try? file.read(at: 0, count: magic.count)) == magic
  }

  private static func withErrors<Value>(of place: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch let failure as GGUFHeader.Failure {
      throw FormatError.malformed(path: place, reason: failure.reason)
    } catch let error as FileError {
      throw FormatError(error)
    }
  }

  /// Reads a value of the metadata; returns nil for an unknown key.
  ///
  /// Arrays can contain arrays. In texts, bytes that are not UTF-8 become U+FFFD.
  /// - Throws: `FormatError` if the file cannot be read, or the value does not fit into memory.
  public func value(of key: String) throws -> JSONValue? {
    guard let place = header.value(of: key) else { return nil }
    return try GGUFFile.withErrors(of: "\(path), value \"\(key.shortened(to: 100))\"") {
      var cursor = GGUFCursor(file, at: place.position)
      return try cursor.value(place.type)
    }
  }

  /// Returns the shape of a tensor; nil if the file has no tensor with this name.
  public func shape(of name: String) -> [Int]? { header[name]?.shape }

  /// Returns the name of a tensor's type in ggml, such as "F32" or "Q4_0"; nil if the file has no tensor with this name.
  public func typeName(of name: String) -> String? { header[name]?.type.name }

  /// Reads a tensor; returns nil if the file has no tensor with this name.
  ///
  /// - Parameters:
  ///   - name: The name.
  ///   - keepingTypes: Whether the elements keep their type, for types that are not in blocks; others become float32.
  ///   - device: The device for the tensor.
  /// - Throws: `FormatError` if the file cannot be read or an element does not fit into the tensor's element type.
  public func tensor(_ name: String, keepingTypes: Bool = false, on device: Device = .cpu) throws -> Tensor? {
    guard let entry = header[name] else { return nil }
    let place = "\(path), tensor \"\(name.shortened(to: 100))\""
    return try withElementErrors(place) {
      switch entry.type.storage {
      case .element(let element):
        var conversion = try ElementConversion(
          element, count: entry.range.count / element.size, keepingTypes: keepingTypes)
        try conversion.append(from: file, entry.range)
        return try conversion.tensor(shape: entry.shape, on: device)
      case .blocks(let format):
        return Tensor(try decoded(format, entry.range, place), shape: entry.shape, on: device)
      case .other:
        throw FormatError.malformed(
          path: place, reason: "it has elements of type \(entry.type.name), which is not supported")
      }
    }
  }

  /// Reads a matrix in blocks without decoding it, for `quantizedMatmul(_:)`; returns nil if the file has no tensor with
  /// this name.
  ///
  /// - Throws: `FormatError` if the tensor is not a matrix in blocks, does not fit into memory, or cannot be read.
  public func quantizedMatrix(_ name: String) throws -> QuantizedMatrix? {
    guard let entry = header[name] else { return nil }
    let place = "\(path), tensor \"\(name.shortened(to: 100))\""
    guard case .blocks(let format) = entry.type.storage, entry.shape.count == 2, !entry.range.isEmpty else {
      throw FormatError.malformed(
        path: place, reason: "expected a matrix in blocks, found type \(entry.type.name) and shape \(entry.shape)")
    }
    let rows = entry.shape[0], rowSize = entry.range.count / rows
    do {
      return try QuantizedMatrix(format, units: rows, inputs: entry.shape[1]) { store in
        let step = max((1 << 18) / rowSize, 1)
        for first in stride(from: 0, to: rows, by: step) {
          let count = min(step, rows - first)
          let bytes = try file.read(at: entry.range.lowerBound + first * rowSize, count: count * rowSize)
          bytes.withUnsafeBytes { bytes in
            for row in 0..<count {
              store(first + row, UnsafeRawBufferPointer(rebasing: bytes[row * rowSize..<(row + 1) * rowSize]))
            }
          }
        }
      }
    } catch let shortage as HostMemory.Shortage {
      throw FormatError.malformed(path: place, reason: "\(shortage)")
    } catch let error as FileError {
      throw FormatError(error)
    }
  }

  /// The numbers of the blocks in a range of the file, which is read in pieces.
  private func decoded(_ format: BlockFormat, _ range: Range<Int>, _ place: String) throws -> [Float] {
    let count = range.count / format.size * format.count
    // The numbers, and then the tensor.
    do { try HostMemory.check(count, of: 8) } catch { throw FormatError.malformed(path: place, reason: "\(error)") }
    let piece = (1 << 18) / format.size * format.size
    return try [Float](unsafeUninitializedCapacity: count) { numbers, filled in
      for start in stride(from: range.lowerBound, to: range.upperBound, by: piece) {
        let blocks = try file.read(at: start, count: min(piece, range.upperBound - start))
        blocks.withUnsafeBytes { format.decode($0, into: UnsafeMutableBufferPointer(rebasing: numbers[filled...])) }
        filled += blocks.count / format.size * format.count
      }
    }
  }
}

extension GGUFFile: WeightSource {
  /// Only the metadata of safetensors files are those of a model.
  var metadata: [String: String] { [:] }

  func element(of name: String) -> StoredElement? { header[name]?.type.element }

  func code(of name: String) -> String? { typeName(of: name) }

  /// The format has no checksums.
  func checkSum() {}
}
