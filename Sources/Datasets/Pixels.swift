/// Grey bytes as numbers from 0 to 1.
enum Pixels {
  /// The 256 quotients by 255, each rounded once.
  private static let quotients: [Float] = (0..<256).map { Float($0) / 255 }

  static func scale(_ bytes: UnsafeBufferPointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
    quotients.withUnsafeBufferPointer { quotients in
      for (place, byte) in bytes.enumerated() { values[place] = quotients[Int(byte)] }
    }
  }

  static func scaled(_ bytes: ArraySlice<UInt8>) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
      guard let start = values.baseAddress else { return }
      bytes.withUnsafeBufferPointer { scale($0, into: start) }
      count = bytes.count
    }
  }
}
