import BackendCore

/// Conversions from and to the types that backends only store: the limits of all types, and numbers around them and
/// around the middles between two numbers of a shorter type.
extension ConformanceRunner {
  func examineStoredCasts() {
    for source in movedTypes {
      for target in movedTypes where source != target && (storedTypes.contains(source) || storedTypes.contains(target))
      {
        if source == .int64 {
          examineIntegerCast(Self.integers, to: target)
        } else {
          examineStoredCast(source, values(of: source, for: target), to: target)
        }
        for values in [numbers.values(1000, source), []] { examineStoredCast(source, values, to: target) }
      }
    }
  }

  /// Integers around powers of two, and integers of 8, 24, and 53 bits and a half, and those next to them.
  private static let integers: [Int64] = {
    var sizes: [Int64] = [.max, .max - 1]
    for power in [0, 7, 8, 15, 16, 24, 31, 32, 53, 62] {
      let limit: Int64 = 1 << Int64(power)
      sizes += [limit - 2, limit - 1, limit, limit + 1, limit + 2]
    }
    for bits in [8, 24, 53] {
      for shift in 0..<62 - bits {
        // The lower neighbor is even, then odd.
        for last: Int64 in [1, 3] {
          let middle = ((1 << Int64(bits)) + last) << Int64(shift)
          sizes += [middle - 1, middle, middle + 1]
        }
      }
    }
    return sizes + sizes.map { -$0 } + [.min, .min + 1]
  }()

  /// Numbers at which a conversion may go wrong, as far as the source represents them.
  private func values(of source: DType, for target: DType) -> [Double] {
    switch source {
    case .bool: [0, 1, 1, 0, 1]
    case .int8: (-128...127).map { Double($0) }
    case .uint8: (0...255).map { Double($0) }
    case .int16: (-32_768...32_767).map { Double($0) }
    case .int32: Self.integers.compactMap { Int32(exactly: $0) }.map { Double($0) }
    // Devices may treat denormal numbers of float32 as zeros.
    case .float64 where target.isHalf: Special.floats + Self.limits + Self.middles + Self.tiny
    default: Special.floats + Self.limits + Self.middles
    }
  }

  /// The limits of the integer types, and numbers next to them.
  private static let limits: [Double] = {
    var limits: [Double] = []
    for power in [7, 8, 15, 16, 31, 32, 63, 64] {
      let limit = Double(sign: .plus, exponent: power, significand: 1)
      for distance in [-1, -0.5, -0x1p-20, 0, 0x1p-20, 0.5, 1] { limits.append(limit + distance) }
      limits += [limit.nextDown, limit.nextUp]
    }
    return limits + limits.map { -$0 }
  }()

  /// The middles between numbers of the floating-point types, and numbers of float64 next to them, which a conversion that
  /// rounds twice would move to the middle.
  private static let middles: [Double] = {
    var middles: [Double] = [65_519, 65_520, 65_519.999, 0x1.ffffffp127, 0x1.fffffefffffffp127, 0x1.ffp127, 1e300]
    for half in [0x1p-8, 0x1p-11, 0x1p-24, 0x3p-8, 0x3p-11, 0x3p-24] {
      for scale in [1, 0x1p-10, 0x1p10, 0x1p100] {
        let middle = (1 + half) * scale
        middles += [middle, middle.nextUp, middle.nextDown]
      }
    }
    return middles + middles.map { -$0 }
  }()

  /// Numbers of which float16 and bfloat16 represent a few bits or none.
  private static let tiny: [Double] = [
    0x1p-24, 0x1p-25, 0x1.8p-25, 0x1.0000000000001p-25, 0x1.5p-15, 0x1p-133, 0x1p-134, 0x1.8p-134, 0x1.000001p-134,
    0x1.0000000000001p-134, 0x1.7ffffffffffffp-133, 0x1p-149, 0x1p-150, 0x1p-1000, .leastNonzeroMagnitude,
  ].flatMap { [$0, -$0] }

  private func examineIntegerCast(_ values: [Int64], to target: DType) {
    // The reference's float64 does not represent these integers.
    if computesHalves && target.isFloatingPoint { return }
    examine("cast int64 to \(target)", "[\(values.count)]") { testCase in
      let x = testCase.input(integers: values, offset: 3)
      let y = testCase.output(values.count, target, offset: 1, within: .bits)
      return { backend, s in try backend.cast(s[x], count: values.count, into: s[y]) }
    }
  }
}
