import HostSystem
@testable import BackendCPU
import BackendCore
import CPUKernels
import Testing

/// Runs kernels on operands next to an inaccessible page: an access out of bounds ends the process.
@Suite struct GuardPageTests {
  /// A few pages between two inaccessible ones.
  final class Pages {
    private static let size = 32768
    private let base: UnsafeMutableRawPointer

    init() {
      base = mmap(nil, Self.size + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
      mprotect(base + 4096, Self.size, PROT_READ | PROT_WRITE)
    }
    deinit { munmap(base, Self.size + 8192) }

    /// Memory for `count` elements, directly before or after an inaccessible page.
    func memory<Element: BitwiseCopyable>(_ count: Int, of type: Element.Type, atEnd: Bool)
      -> UnsafeMutablePointer<Element>
    {
      let bytes = count * MemoryLayout<Element>.stride
      let start = atEnd ? base + 4096 + Self.size - bytes : base + 4096
      memset(start, 0, bytes)
      return start.bindMemory(to: type, capacity: max(count, 1))
    }
  }

  /// Operands with the same placement, each in separate pages.
  final class Operands {
    private let pages = (0..<6).map { _ in Pages() }
    var atEnd = true

    func floats(_ operand: Int, _ count: Int) -> UnsafeMutablePointer<Float> {
      let x = pages[operand].memory(count, of: Float.self, atEnd: atEnd)
      for i in 0..<count { x[i] = Float(i % 7) - 2.5 }
      return x
    }
    func integers(_ operand: Int, _ count: Int) -> UnsafeMutablePointer<Int32> {
      pages[operand].memory(count, of: Int32.self, atEnd: atEnd)
    }
    func bytes(_ operand: Int, _ count: Int) -> UnsafeMutablePointer<UInt8> {
      pages[operand].memory(count, of: UInt8.self, atEnd: atEnd)
    }
  }

  static let counts = Array(0...70) + [95, 127, 128, 129, 255, 257, 1030]
  static let matrices = [(1, 1), (3, 10), (17, 16), (33, 7), (5, 129), (16, 64), (2, 300), (9, 1027), (70, 31)]

  @Test(arguments: InstructionSet.available)
  func elementwiseKernelsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for n in Self.counts {
        let (x, y, z) = (operands.floats(0, n), operands.floats(1, n), operands.floats(2, n))
        for op in 0..<nn_unary_count.rawValue {
          table.unary(nn_unary(rawValue: op), x, y, n, 0.5, 1)
          table.unary_gradient(nn_unary(rawValue: op), x, y, z, n, 0.5, 1)
        }
        let (dense, other) = (nn_view(base: x, row: 0, column: 1), nn_view(base: z, row: 0, column: 1))
        let bytes = operands.bytes(3, n)
        for op in nn_binary_add.rawValue...nn_binary_copySign.rawValue {
          table.binary(nn_binary(rawValue: op), dense, other, y, 0, 1, n)
        }
        for op in nn_comparison_equal.rawValue...nn_comparison_greaterOrEqual.rawValue {
          table.compare(nn_comparison(rawValue: op), dense, other, bytes, 0, 1, n)
        }
        y.withMemoryRebound(to: UInt32.self, capacity: max(n, 1)) {
          table.select_words(nn_view(base: bytes, row: 0, column: 1), dense, other, $0, 0, 1, n)
          table.fill_words($0, 1, n)
        }
        y.withMemoryRebound(to: UInt16.self, capacity: max(n, 1)) {
          table.float_to_float16(x, $0, n)
          table.float16_to_float($0, x, n)
          table.float_to_bfloat16(x, $0, n)
          table.bfloat16_to_float($0, x, n)
          table.fill_halves($0, 1, n)
        }
        table.int32_to_sticky_float(operands.integers(4, n), x, n)
        castsStayInside(table, operands, n)
        table.is_nan(x, bytes, n)
        table.add_floats(x, 1, y, 1, n)
      }
    }
  }

  /// Conversions in all pairs, whose operands have their own sizes.
  private func castsStayInside(_ table: nn_cpu_kernels, _ operands: Operands, _ n: Int) {
    let types = [
      (NN_BOOL, 1), (NN_INT8, 1), (NN_UINT8, 1), (NN_INT16, 2), (NN_INT32, 4), (NN_INT64, 8), (NN_FLOAT, 4),
      (NN_DOUBLE, 8),
    ]
    for (from, fromSize) in types {
      for (to, toSize) in types {
        table.cast(from, to, operands.bytes(3, n * fromSize), operands.bytes(4, n * toSize), n)
      }
    }
    let (x, longs) = (operands.floats(0, n), operands.bytes(3, 8 * n))
    longs.withMemoryRebound(to: Int64.self, capacity: max(n, 1)) { table.int64_to_sticky_float($0, x, n) }
    longs.withMemoryRebound(to: Double.self, capacity: max(n, 1)) { table.double_to_sticky_float($0, x, n) }
    longs.withMemoryRebound(to: UInt64.self, capacity: max(n, 1)) { table.fill_longs($0, 1, n) }
  }

  @Test(arguments: InstructionSet.available)
  func reductionsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for n in Self.counts where n > 0 {
        let x = operands.floats(0, n)
        for op in NN_SUM.rawValue...NN_PRODUCT.rawValue { _ = table.reduce(nn_reduction(rawValue: op), x, n) }
        _ = table.arg_reduce(true, x, n)
        x[n - 1] = .nan
        _ = table.arg_reduce(false, x, n)
        for reversed in [false, true] {
          for op in [NN_SUM, NN_PRODUCT, NN_LARGEST, NN_SMALLEST] {
            for streams in [false, true] { table.scan_rows(op, reversed, x, 1, n, operands.floats(1, n), streams) }
          }
        }
      }
      for (rows, columns) in Self.matrices where rows * columns <= 8192 {
        let (x, y) = (operands.floats(0, rows * columns), operands.floats(1, columns))
        for op in NN_SUM.rawValue...NN_PRODUCT.rawValue {
          table.reduce_columns(nn_reduction(rawValue: op), x, rows, columns, columns, 1, y)
        }
        table.arg_reduce_columns(true, x, rows, columns, columns, operands.integers(2, columns))
        for streams in [false, true] {
          for op in [NN_SUM, NN_PRODUCT, NN_LARGEST, NN_SMALLEST] {
            table.scan_columns(op, false, x, rows, columns, columns, operands.floats(3, rows * columns), streams)
          }
        }
        table.transpose(x, rows, columns, columns, operands.floats(3, rows * columns), rows)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func rowKernelsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for (rows, columns) in Self.matrices + (1...70).map({ (3, $0) }) where rows * columns <= 8192 {
        let n = rows * columns
        let (x, y, dx) = (operands.floats(0, n), operands.floats(1, n), operands.floats(2, n))
        let (labels, loss) = (operands.integers(3, rows), operands.floats(4, rows))
        for logarithmic in [false, true] {
          for streams in [false, true] { table.softmax(x, rows, columns, logarithmic, y, streams) }
          table.softmax_gradient(x, y, rows, columns, logarithmic, dx)
        }
        for smoothing in [0, 0.1] {
          table.cross_entropy(x, labels, rows, columns, smoothing, nil, 1, loss, nil, false)
          for streams in [false, true] {
            table.cross_entropy(x, labels, rows, columns, smoothing, nil, 1, loss, dx, streams)
          }
        }
        table.bias_activation(
          x, columns, operands.floats(5, columns), true, nn_unary_gelu, 0, 0, y, columns, rows, columns)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func stepsAndDrawsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    var scalars = nn_step_scalars(
      learning_rate: 0.1, gradient_scale: 1, gradient_bound: .infinity, first_correction: 1,
      second_correction_root: 1)
    let source = nn_random(key: (1, 2), call: 3, step: 4)
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for n in Self.counts {
        let states = (0..<3).map { operands.floats(2 + $0, n) }
        let (p, g) = (operands.floats(0, n), operands.floats(1, n))
        for rule in NN_SGD.rawValue...NN_ADAM.rawValue {
          var constants = nn_optimizer()
          (constants.rule, constants.extra, constants.momentum) = (nn_rule(rawValue: rule), true, 0.9)
          table.optimizer_step(&constants, &scalars, p, g, states[0], states[1], states[2], n)
        }
        table.random_uniform(source, 0, p, n)
        table.random_normal(source, 0, p, n)
        table.random_mask(source, 0, 1 << 31, p, n)
        table.random_mask_bool(source, 0, 1 << 31, operands.bytes(5, n), n)
        for streams in [false, true] { table.dropout(source, 0, 1 << 31, 2, p, g, n, streams) }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func windowKernelsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for (rows, columns) in Self.matrices where rows * columns <= 2048 {
        let (x, part) = (operands.floats(0, rows * columns), operands.floats(1, (rows + 4) * (columns + 5)))
        table.padded_part(x, rows, columns, -1, -2, part, rows + 4, columns + 5)
        for (kernel, stride, padding) in [(2, 2, 0), (3, 1, 1), (2, 3, 0), (3, 2, 1)] {
          func window(_ extent: Int) -> nn_window {
            nn_window(
              input: extent, output: max(0, (extent + 2 * padding - kernel) / stride + 1), kernel: kernel,
              stride: stride, dilation: 1, padding: padding)
          }
          var (height, width) = (window(rows), window(columns))
          let count = height.output * width.output
          let (y, indices, dx) = (
            operands.floats(2, count), operands.integers(3, count), operands.floats(4, rows * columns)
          )
          for op in NN_POOL_MAXIMUM.rawValue...NN_POOL_MEAN_WITH_PADDING.rawValue {
            table.pool_plane(nn_pooling(rawValue: op), x, &height, &width, y, indices)
            table.pool_mean_gradient(nn_pooling(rawValue: op), y, &height, &width, dx)
          }
          table.pool_maximum_gradient(y, &height, &width, indices, dx)
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func planeKernelsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    let depth = [0, 3, 1, 7, 5, 2, 9, 4, 6, 8, 9]
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for columns in 1...70 {
        for rows in [1, 4, 6] {
          let (x, w) = (operands.floats(0, rows * columns + 9), operands.floats(1, depth.count))
          let (y, sums) = (operands.floats(2, rows * columns), operands.floats(3, depth.count))
          table.correlate_plane(rows, columns, depth.count, w, x, columns, depth, 0, true, y, columns)
          table.correlate_dots(rows, columns, depth.count, x, columns, depth, y, columns, sums)
        }
      }
    }
  }

  /// Every tile, with rows and columns of the left operand that overlap.
  @Test(arguments: InstructionSet.available)
  func spreadProductsStayInside(_ instructionSet: InstructionSet) {
    let table = instructionSet.kernels!.pointee
    let operands = Operands()
    let rows = (0..<20).map { $0 * 3 }, depth = (0..<17).map { $0 * 2 }
    for atEnd in [true, false] {
      operands.atEnd = atEnd
      for m in 1...20 {
        for n in 1...table.strip {
          let (x, b) = (operands.floats(0, (m - 1) * 3 + 33), operands.floats(1, 17 * n))
          let (bias, c) = (operands.floats(2, n), operands.floats(3, m * n))
          table.implicit_gemm(m, n, 17, x, rows, depth, b, n, bias, 0, true, c, n)
          table.implicit_gemm(m, n, 17, x, rows, depth, b, n, c, n, false, c, n)
        }
      }
    }
  }
}
