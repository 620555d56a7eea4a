import Files
import NeuralNetworks

extension TensorDataset {
  /// "2000 examples, checksum 7f3a09c1": tells data apart.
  func fingerprint() throws -> String {
    var sum: UInt32 = 0
    try inputs.scalars().withUnsafeBytes { sum = Compression.crc32(Array($0), seed: sum) }
    try targets.scalars(as: Int32.self).withUnsafeBytes { sum = Compression.crc32(Array($0), seed: sum) }
    return "\(count) examples, checksum \(String(sum, radix: 16))"
  }
}
