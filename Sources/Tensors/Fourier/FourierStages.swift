import BackendCore
import HostSystem

// Discrete Fourier transforms as matrix products. Complex numbers are planes: `[2, n, columns]` holds the real parts,
// then the imaginary parts, of one sequence per column; `[1, n, columns]` holds real sequences.

/// The numbers that a transform returns.
enum FourierOutput {
  /// All n complex numbers.
  case complex
  /// The complex numbers 0...n/2; the others are their conjugates if the input is real.
  case half
  /// The real parts.
  case real
}

/// A transform of n numbers: yₖ = scale · Σ xⱼ·exp(±2πi·j·k/n).
///
/// With n = r·m, the r numbers of distance m are transformed by one product with a matrix of 2r×2r real numbers,
/// multiplied by the twiddle factors exp(±2πi·j·k/n), and the rest is m-point transforms (Bailey 1990; the order of the
/// digits is that of Stockham). With factors r₁…rₛ this is 8·n·(r₁ + … + rₛ) operations for a column, about half of it
/// for a real input or a real or half output and two factors. Factors of up to 64 keep this below the time for moving
/// the numbers, which are read and written seven times per factor. If n has a prime factor above 256, the transform is
/// a convolution with a chirp (Bluestein 1970), which takes two transforms of at least 2n − 1 numbers.
struct FourierStages {
  let count: Int
  let isInverse: Bool
  /// The factors of `count`; nil if a prime factor is too large for a matrix.
  let radices: [Int]?

  init(_ count: Int, isInverse: Bool) {
    self.count = count
    self.isInverse = isInverse
    radices = Self.radices(of: count)
  }

  /// Returns the transforms of the columns of `[1 or 2, at most n, columns]`, to which zeros are added.
  func callAsFunction(_ x: Tensor, _ output: FourierOutput, scale: Double) throws -> Tensor {
    if !x.device.isShapeOnly {
      do { try HostMemory.check(tableCount, of: 96) } catch {
        let shape = [output == .real ? 1 : 2, output == .half ? count / 2 + 1 : count, x.extents[2]]
        return Tensor(failure: error, Shape(shape), x.dtype, on: x.device)
      }
    }
    guard let radices else { return try chirpTransform(x, output, scale) }
    let columns = x.extents[2]
    // The first matrix has no columns for numbers that are not there.
    var rest = count / radices[0]
    let given = x.extents[1].dividedRoundingUp(by: rest)
    var y = x.padded([(0, 0), (0, given * rest - x.extents[1]), (0, 0)])
    var done = 1
    for (index, radix) in radices.enumerated() {
      let isLast = index == radices.count - 1
      let rows = isLast && output == .half ? (count / 2 + 1).dividedRoundingUp(by: done) : radix
      let matrix = matrix(
        radix, rows: rows, outputs: isLast && output == .real ? 1 : 2, columns: index == 0 ? given : radix,
        inputs: y.extents[0], scale: isLast ? scale : 1, like: x)
      y = matrix.matmul(y.reshaped([matrix.extents[1], rest * done * columns]))
      if isLast {
        y = y.reshaped([y.extents[0] / rows, rows * done, columns])
      } else {
        y = turned(y.reshaped([2, radix, rest, done * columns]))
        done *= radix
        rest /= radices[index + 1]
      }
    }
    return output == .half ? y.narrowed(axis: 1, from: 0, count: count / 2 + 1) : y
  }

  /// The length of the longest table that is computed on the host. A complex number of it takes up to 96 bytes: in an
  /// array that grows, and as real numbers in Double and in float32.
  private var tableCount: Int { radices == nil ? chirpLength : count }

  /// Returns the numbers `[2, radix, rest, columns]` as `[2, rest, radix · columns]`, multiplied by their twiddle
  /// factors.
  private func turned(_ x: Tensor) -> Tensor {
    let (radix, rest, columns) = (x.extents[1], x.extents[2], x.extents[3])
    let roots = UnitRoots(radix * rest, isInverse, isNeeded: !x.device.isShapeOnly)
    let exponents = (0..<rest).lazy.flatMap { row in (0..<radix).lazy.map { row * $0 } }
    let factors = ComplexFactors([rest, radix, 1], like: x) { exponents.map { roots[$0] } }
    return factors.product(x.permuted([0, 2, 1, 3])).reshaped([2, rest, radix * columns])
  }

  /// Returns the matrix of a transform of `radix` numbers, of which the first `columns` are not zero:
  /// `[outputs · rows, inputs · columns]`.
  private func matrix(
    _ radix: Int, rows: Int, outputs: Int, columns: Int, inputs: Int, scale: Double, like x: Tensor
  ) -> Tensor {
    x.table([outputs * rows, inputs * columns]) {
      let roots = UnitRoots(radix, isInverse)
      var numbers: [Double] = []
      numbers.reserveCapacity(outputs * rows * inputs * columns)
      for output in 0..<outputs {
        for row in 0..<rows {
          for input in 0..<inputs {
            for column in 0..<columns {
              let root = roots[row * column % radix]
              let number = output == input ? root.cosine : output == 0 ? -root.sine : root.sine
              numbers.append(scale * number)
            }
          }
        }
      }
      return numbers
    }
  }

  /// Returns the factors for `callAsFunction`: as few as possible, of similar size.
  private static func radices(of count: Int) -> [Int]? {
    if count <= 128 { return [count] }
    let primes = primeFactors(of: count)
    if primes[0] > 256 { return nil }
    for groups in 1... {
      var products = Array(repeating: 1, count: groups)
      var members = products
      for prime in primes {
        let smallest = products.indices.min { products[$0] < products[$1] } ?? 0
        members[smallest] = products[smallest] == 1 ? 1 : 2
        products[smallest] *= prime
      }
      if zip(products, members).allSatisfy({ $0 <= 64 || $1 == 1 }) { return products.filter { $0 > 1 } }
    }
    return nil
  }

  /// Returns the prime factors, largest first.
  private static func primeFactors(of count: Int) -> [Int] {
    var (factors, rest, divisor) = ([Int](), count, 2)
    while divisor * divisor <= rest {
      if rest % divisor == 0 {
        factors.append(divisor)
        rest /= divisor
      } else {
        divisor += 1
      }
    }
    if rest > 1 { factors.append(rest) }
    return factors.reversed()
  }
}

// MARK: Large prime factors

extension FourierStages {
  /// A power of two that is at least 2n − 1.
  private var chirpLength: Int { 1 << (Int.bitWidth - (2 * count - 2).leadingZeroBitCount) }

  /// Since jk = (j² + k² − (k − j)²)/2, a transform is a convolution between products with chirps, exp(±πi·j²/n).
  private func chirpTransform(_ x: Tensor, _ output: FourierOutput, _ scale: Double) throws -> Tensor {
    let length = chirpLength
    let roots = UnitRoots(2 * count, isInverse, isNeeded: !x.device.isShapeOnly)
    // Squares of large counts are reduced step by step: (j + 1)² = j² + 2j + 1.
    var (exponents, square) = ([Int](), 0)
    for index in 0..<(x.device.isShapeOnly ? 0 : count) {
      exponents.append(square)
      square = (square + 2 * index + 1) % (2 * count)
    }
    func chirp(_ count: Int) -> ComplexFactors {
      ComplexFactors([count, 1], like: x) { exponents[..<count].map { roots[$0] } }
    }
    let kernel = x.table([2, length, 1]) {
      var numbers = Array(repeating: 0.0, count: 2 * length)
      for (index, exponent) in exponents.enumerated() {
        for position in [index, (length - index) % length] {
          (numbers[position], numbers[length + position]) = (roots[exponent].cosine, -roots[exponent].sine)
        }
      }
      return numbers
    }
    let forward = FourierStages(length, isInverse: false)
    let spectrum = ComplexFactors(try forward(kernel, .complex, scale: 1))
    let given = chirp(x.extents[1]).product(x)
    let product = spectrum.product(try forward(given, .complex, scale: 1))
    let sums = try FourierStages(length, isInverse: true)(product, .complex, scale: scale / Double(length))
    let kept = output == .half ? count / 2 + 1 : count
    let result = chirp(kept).product(sums.narrowed(axis: 1, from: 0, count: kept))
    return output == .real ? result.narrowed(axis: 0, from: 0, count: 1) : result
  }
}

// MARK: Factors

/// The numbers exp(±2πi·j/n) for 0 ≤ j < n. Multiples of quarter turns are exact.
private struct UnitRoots {
  private let roots: [(cosine: Double, sine: Double)]

  init(_ count: Int, _ isInverse: Bool, isNeeded: Bool = true) {
    let sign = isInverse ? 1.0 : -1.0
    roots = (0..<(isNeeded ? count : 0)).map { index in
      switch (4 * index).quotientAndRemainder(dividingBy: count) {
      case (0, 0): return (1, 0)
      case (1, 0): return (0, sign)
      case (2, 0): return (-1, 0)
      case (3, 0): return (0, -sign)
      default:
        let angle = 2 * Double.pi * Double(index) / Double(count)
        return (cos(angle), sign * sin(angle))
      }
    }
  }

  subscript(_ exponent: Int) -> (cosine: Double, sine: Double) { roots[exponent] }
}

/// Complex factors of the columns of planes.
private struct ComplexFactors {
  /// The real parts, and the imaginary parts with the signs of their products: −, +.
  private let real, signedImaginary: Tensor

  init(_ shape: [Int], like x: Tensor, _ roots: () -> [(cosine: Double, sine: Double)]) {
    let roots = x.device.isShapeOnly ? [] : roots()
    real = x.table([1] + shape) { roots.map { $0.cosine } }
    signedImaginary = x.table([2] + shape) { roots.map { -$0.sine } + roots.map { $0.sine } }
  }

  init(_ planes: Tensor) {
    real = planes.narrowed(axis: 0, from: 0, count: 1)
    let imaginary = planes.narrowed(axis: 0, from: 1, count: 1)
    signedImaginary = .concatenated([-imaginary, imaginary])
  }

  /// Returns the products with the numbers of one or two planes.
  func product(_ x: Tensor) -> Tensor {
    if x.extents[0] == 2 { return x * real + x.flipped(axis: 0) * signedImaginary }
    let imaginary = signedImaginary.narrowed(axis: 0, from: 1, count: 1)
    return .concatenated([x * real, x * imaginary])
  }
}
