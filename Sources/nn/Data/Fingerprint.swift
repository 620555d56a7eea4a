import ZlibCompression
import Files
import NeuralNetworks

extension TensorDataset {
  /// Identifies the data: "2000 examples, checksum 7f3a09c1".
  func fingerprint() throws -> String {
    let sum = try targets.checksum(after: inputs.checksum(after: 0))
    return "\(count) examples, checksum \(String(sum, radix: 16))"
  }
}

extension Tensor {
  /// The CRC-32 of the bytes of the elements, which are copied in chunks.
  fileprivate func checksum(after seed: UInt32) throws -> UInt32 {
    let elements = reshaped([count]), size = 1 << 18
    var sum = seed
    for start in stride(from: 0, to: count, by: size) {
      let piece = elements[start..<Swift.min(start + size, count)]
      let bytes =
        dtype == .int32
        ? try piece.scalars(as: Int32.self).withUnsafeBytes { Array($0) }
        : try piece.scalars().withUnsafeBytes { Array($0) }
      sum = Compression.crc32(bytes, seed: sum)
    }
    return sum
  }
}
