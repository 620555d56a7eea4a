#if OpenCL
import BackendCore
import Testing

@testable import BackendOpenCL

/// The layout of fragments, from the tables for `mma.m16n8k8` in NVIDIA's Parallel Thread Execution ISA, and TF32.
private enum MatrixFragment {
  /// The row (A and C) or term (B), and the term (A) or column (B and C), of register `i` of a lane.
  static func a(_ lane: Int, _ i: Int) -> (row: Int, term: Int) {
    let (group, thread) = (lane >> 2, lane % 4)
    return (i == 0 || i == 2 ? group : group + 8, i < 2 ? thread : thread + 4)
  }

  static func b(_ lane: Int, _ i: Int) -> (term: Int, column: Int) {
    let (group, thread) = (lane >> 2, lane % 4)
    return (i == 0 ? thread : thread + 4, group)
  }

  static func c(_ lane: Int, _ i: Int) -> (row: Int, column: Int) {
    let (group, thread) = (lane >> 2, lane % 4)
    return (i < 2 ? group : group + 8, thread * 2 + (i & 1))
  }

  /// The nearest number with a significand of 11 bits, ties away from 0 (`cvt.rna.tf32.f32`), for normal numbers.
  static func tf32(_ x: Float) -> Double {
    guard x != 0 else { return 0 }
    let unit = Double(sign: .plus, exponent: Int(x.exponent) - 10, significand: 1)
    return (Double(x) / unit).rounded(.toNearestOrAwayFromZero) * unit
  }
}

/// The products of `Fragments.cl` without tensor cores: the layout and the parts of numbers that both forms share, and the
/// accuracy of the portable form.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct FragmentTests {
  /// A kernel next to the functions of `Fragments.cl`, built for tiles of one fragment for each warp.
  private func kernel(_ name: String, _ text: String, on backend: OpenCLBackend) throws -> CustomKernel {
    let definitions = "#define NN_FRAGMENTS\n#define NN_ITEM_M 2\n#define NN_ITEM_N 2\n#define NN_DEPTH 8\n"
    let files = try ["Common", "Tiles", "Fragments"].flatMap {
      try KernelSources.fromEnvironment.text($0, for: .matmul)
    }
    let source = Array(definitions.utf8) + KernelConstants.source + files + Array(text.utf8)
    return try backend.customKernel(source: String(decoding: source, as: UTF8.self), name: name)
  }

  @Test(arguments: TestDevices.all) func lanesHaveTheNumbersOfTheTables(device: OpenCLDevice) throws {
    var options = OpenCLOptions(for: device)
    options.runsLoops = false
    let backend = try OpenCLBackend(device, options)
    let kernel = try kernel(
      "fragments",
      """
      kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void fragments(
          global const float *a, global const float *b, global float *registers, global float *results) {
        local float aTile[NN_SIDE(NN_TILE_M)], bTile[NN_SIDE(NN_TILE_N)];
        const uint at = get_local_id(0);
        if (at < 128) aTile[at % 8 * NN_PITCH(NN_TILE_M) + at / 8] = a[at];
        if (at < 64) bTile[at / 8 * NN_PITCH(NN_TILE_N) + at % 8] = b[at];
        barrier(CLK_LOCAL_MEM_FENCE);
        parts_t left, right;
        nn_loadA(&left, aTile, 0);
        nn_loadB(&right, bTile, 0);
        float c[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        nn_multiplyFragments(c, left.main, right.main, aTile + NN_DEPTH * NN_PITCH(NN_TILE_M),
                             bTile + NN_DEPTH * NN_PITCH(NN_TILE_N));
        for (uint r = 0; r < 6; r++) registers[at * 6 + r] = as_float(r < 4 ? left.main[r] : right.main[r - 4]);
        for (uint r = 0; r < 4; r++) results[at * 4 + r] = c[r];
      }
      """, on: backend)
    // A is stored as [row, term] and B as [term, column]; all numbers of a matrix are different.
    let (a, b) = ((1...128).map { Float($0) }, (1...64).map { Float(200 - $0) })
    let (registers, results) = (try backend.empty(256 * 6), try backend.empty(256 * 4))
    try kernel.launch(
      [.memory, .memory, .memory, .memory], memory: [backend.upload(a), backend.upload(b), registers, results],
      global: [256], local: [256], on: backend)
    let held = try backend.floats(registers, count: 256 * 6), sums = try backend.floats(results, count: 256 * 4)
    for item in 0..<256 {
      let lane = item % 32
      for i in 0..<4 {
        let (row, term) = MatrixFragment.a(lane, i)
        #expect(held[item * 6 + i] == a[row * 8 + term], "register \(i) of A in lane \(lane)")
      }
      for i in 0..<2 {
        let (term, column) = MatrixFragment.b(lane, i)
        #expect(held[item * 6 + 4 + i] == b[term * 8 + column], "register \(i) of B in lane \(lane)")
      }
      for i in 0..<4 {
        let (row, column) = MatrixFragment.c(lane, i)
        let sum = (0..<8).reduce(Float(0)) { $0 + a[row * 8 + $1] * b[$1 * 8 + column] }
        #expect(sums[item * 4 + i] == sum, "number \(i) of C in lane \(lane)")
      }
    }
  }

  @Test(arguments: TestDevices.all) func numbersAreSplitIntoRoundedParts(device: OpenCLDevice) throws {
    let backend = try OpenCLBackend.shared(for: device)
    let kernel = try kernel(
      "splits",
      """
      kernel void splits(global const float *xs, global float *ys) {
        const uint at = get_global_id(0);
        parts_t parts;
        nn_split(&parts, 0, xs[at]);
        ys[3 * at] = as_float(parts.main[0]);
        ys[3 * at + 1] = as_float(parts.rest[0]);
        ys[3 * at + 2] = as_float(parts.finite[0]);
      }
      """, on: backend)
    let tie = Float(1) + 0x1p-11
    let special: [Float] = [.infinity, -.infinity, .nan, -.nan, .greatestFiniteMagnitude, -.greatestFiniteMagnitude]
    let some: [Float] = [
      0, 1, -1, tie, -tie, tie.nextDown, -tie.nextUp, 1 + 0x3p-11, 0x1.fffffep0, 0x1p-90, 0x1.ffdp127,
    ]
    let numbers = special + some + (0..<100).map { (Float($0) - 50) * 0x1.23456p-3 + Float($0 * $0) * 0x1.789abcp-20 }
    let parts = try backend.empty(3 * numbers.count)
    try kernel.launch(
      [.memory, .memory], memory: [backend.upload(numbers), parts], global: [numbers.count], local: nil, on: backend)
    let found = try backend.floats(parts, count: 3 * numbers.count)
    for (i, x) in numbers.enumerated() {
      let (main, rest, finite) = (found[3 * i], found[3 * i + 1], found[3 * i + 2])
      #expect(main.bitPattern & 0x1fff == 0 && rest.bitPattern & 0x1fff == 0, "\(x)")
      guard x.isFinite else {
        #expect(x.isNaN ? main.isNaN : main == x)
        #expect(rest == 0 && finite == 0)
        continue
      }
      #expect(finite == main && main.isFinite)
      #expect(abs(Double(x) - Double(main) - Double(rest)) <= abs(Double(x)) * 0x1p-22, "\(x)")
      // The largest numbers would be rounded to infinity.
      guard abs(x) <= 0x1.ffdp127 else { continue }
      #expect(Double(main) == MatrixFragment.tf32(x), "\(x)")
      #expect(Double(rest) == MatrixFragment.tf32(x - main), "\(x)")
    }
  }

  /// Three products of parts are as accurate as float32; a single one would not be.
  @Test(arguments: TestDevices.all) func productsHaveThePrecisionOfFloat32(device: OpenCLDevice) throws {
    var options = OpenCLOptions(for: device)
    options.matmulTable = MatmulTable(.fragments(MatmulTile.fragments[0], .portable))
    if device.kind == .cpu { options.compilerOptions = " -cl-opt-disable" }
    let backend = try OpenCLBackend(device, options)
    let (m, n, k) = (37, 41, 203)
    func fractions(_ count: Int, _ step: Float) -> [Float] {
      (0..<count).map { i in
        let x = Float(i) * step
        return 2 * (x - x.rounded(.down)) - 1
      }
    }
    let (a, b) = (fractions(m * k, 0.61803399), fractions(k * n, 0.41421356))
    let c = try backend.empty(m * n)
    try backend.matmul(backend.upload(a), backend.upload(b), MatmulShape(m: m, n: n, k: k), alpha: 1, beta: 0, into: c)
    let found = try backend.floats(c, count: m * n)
    // The largest errors, relative to the sums of absolute products.
    var (error, errorOfOne) = (0.0, 0.0)
    for i in 0..<m {
      for j in 0..<n {
        var (sum, size, sumOfMain) = (0.0, 0.0, 0.0)
        for p in 0..<k {
          let (x, y) = (a[i * k + p], b[p * n + j])
          sum += Double(x) * Double(y)
          size += abs(Double(x) * Double(y))
          sumOfMain += MatrixFragment.tf32(x) * MatrixFragment.tf32(y)
        }
        error = max(error, abs(Double(found[i * n + j]) - sum) / size)
        errorOfOne = max(errorOfOne, abs(sumOfMain - sum) / size)
      }
    }
    let bound = 8 * Double(Float.ulpOfOne)
    #expect(error <= bound && errorOfOne > 2 * bound, "\(error), \(errorOfOne)")
  }
}

#endif
