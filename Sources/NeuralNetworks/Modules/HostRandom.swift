import HostSystem
import BackendCore

extension RandomStream {
  /// Returns independent numbers from the uniform distribution on `range`, in multiples of 2⁻²⁴ of its width. They are
  /// computed on the host, with the same bits on every machine.
  public func uniforms(_ count: Int, in range: Range<Double> = 0..<1) -> [Double] {
    let width = range.upperBound - range.lowerBound
    return draws(count) { words, append in
      for index in 0..<4 { append(range.lowerBound + width * Double(Philox.uniform(words[index]))) }
    }
  }

  /// Returns independent numbers from the normal distribution. They are computed on the host, with the same bits on
  /// every machine.
  public func normals(_ count: Int, mean: Double = 0, deviation: Double = 1) -> [Double] {
    draws(count) { words, append in
      for index in [0, 2] {
        let (first, second) = Philox.normals(words[index], words[index + 1])
        append(mean + deviation * first)
        append(mean + deviation * second)
      }
    }
  }

  /// The largest number of draws. The bytes of more draws could not be counted in an `Int`.
  private static let mostDraws = Int.max / 32

  /// Numbers from the blocks of one draw; each block gives four.
  private func draws(_ count: Int, _ numbers: (SIMD4<UInt32>, _ append: (Double) -> Void) -> Void) -> [Double] {
    if count < 0 || count > Self.mostDraws { ProgrammerError.end("RandomStream: \(count) numbers were asked for") }
    let source = nextHostSource()
    var result: [Double] = []
    result.reserveCapacity(count + 3)
    for index in 0..<count.dividedRoundingUp(by: 4) { numbers(source.block(index)) { result.append($0) } }
    result.removeLast(result.count - count)
    return result
  }
}
