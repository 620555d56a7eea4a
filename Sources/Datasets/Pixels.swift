import CGlyphs

/// The conversion of gray bytes to numbers from 0 to 1.
enum Pixels {
  /// The 256 quotients of division by 255, each rounded once.
  private static let quotients: [Float] = (0..<256).map { Float($0) / 255 }

  static func scale(_ bytes: UnsafeBufferPointer<UInt8>, into values: UnsafeMutablePointer<Float>) {
    if let first = bytes.baseAddress { nn_look_up(first, bytes.count, quotients, values) }
  }

  static func scaled(_ bytes: ArraySlice<UInt8>) -> [Float] {
    [Float](unsafeUninitializedCapacity: bytes.count) { values, count in
      guard let start = values.baseAddress else { return }
      bytes.withUnsafeBufferPointer { scale($0, into: start) }
      count = bytes.count
    }
  }
}
