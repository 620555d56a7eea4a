#if OpenCL
import HostSystem
import BackendCore
import Files
import TestSupport
import Testing

@testable import BackendOpenCL

/// The location of Oclgrind.
private enum Simulator {
  static let library = environment("NN_OCLGRIND")
}

/// Runs every kernel in Oclgrind, a simulator that reports races, accesses out of bounds, and uninitialized values.
/// `NN_OCLGRIND` names its library (/usr/lib/oclgrind/liboclgrind-rt-icd.so); without it, the tests are skipped. Each
/// part runs in a separate process, because the simulator is configured by environment variables and supports only one
/// thread at a time.
@Suite(.enabled(if: Simulator.library != nil)) struct KernelCheckTests {
  /// The parts of the tour.
  enum Part: Codable, Hashable {
    case planted
    case section(KernelTour.Section, runsLoops: Bool)
    case matmul(KernelTour.MatmulWay)
    /// The index of the tile.
    case convolution(Int)

    /// Whether kernels use double16. The check for unwritten values ends the process (a copy within
    /// `oclgrind::Uninitialized::instructionExecuted`), so that only accesses and races are checked.
    var hasWideVectors: Bool { self == .section(.doubles, runsLoops: true) }

    static let all =
      KernelTour.Section.allCases.flatMap { section in [false, true].map { Part.section(section, runsLoops: $0) } }
      + KernelTour.MatmulWay.all.map { .matmul($0) } + MatmulTile.convolutions.indices.map { .convolution($0) }
  }

  /// The simulator is the only platform, and it reports deliberate errors.
  @Test func faultsAreReported() async throws {
    let log = try await log(of: .planted)
    for words in ["data race", "Uninitialized", "Invalid write"] {
      #expect(log.contains(words), "\(words): \(log.prefix(2000))")
    }
  }

  @Test(arguments: Part.all) func nothingIsReported(part: Part) async throws {
    let log = try await log(of: part)
    #expect(log.isEmpty, "\(log.prefix(4000))")
  }

  /// The simulator's output for a part.
  private func log(of part: Part) async throws -> String {
    let folder = try TemporaryFolder()
    await #expect(processExitsWith: .success) { [part = part as Part, folder = folder.path as String] in
      guard let simulator = Simulator.library else { exit(EXIT_FAILURE) }
      for (name, value) in [
        "OCL_ICD_VENDORS": simulator, "OCLGRIND_DATA_RACES": "1",
        "OCLGRIND_UNINITIALIZED": part.hasWideVectors ? "0" : "1",
        "OCLGRIND_LOG": folder + "/log",
        // The check for unwritten values does not know the instruction "freeze", which its compiler makes in optimized
        // loops, and gives up on the kernel.
        "OCLGRIND_BUILD_OPTIONS": "-cl-opt-disable",
      ] { setenv(name, value, 1) }
      do {
        try KernelCheckTests.run(part, in: folder)
      } catch {
        try? FileWriter.write(Array("\(error)".utf8), to: folder + "/fault")
        exit(EXIT_FAILURE)
      }
    }
    if let fault = try? folder.bytes("fault") { Issue.record("\(String(decoding: fault, as: UTF8.self))") }
    return String(decoding: (try? folder.bytes("log")) ?? [], as: UTF8.self)
  }

  private struct Fault: Error { let reason: String }

  private static func run(_ part: Part, in folder: String) throws {
    let devices = try OpenCLDevice.available()
    guard devices.count == 1, devices[0].platformName == "Oclgrind" else { throw Fault(reason: "\(devices)") }
    var options = OpenCLOptions(for: devices[0])
    options.binaryDirectory = nil
    if case .matmul(let way) = part { options.matmulTable = way.table }
    if case .section(_, let runsLoops) = part { options.runsLoops = runsLoops }
    if case .convolution(let number) = part {
      (options.runsLoops, options.convolutionTiles) = (false, [MatmulTile.convolutions[number]])
    }
    if part == .planted { options.sources = KernelSources(directory: try plant(in: folder)) }
    let backend = try OpenCLBackend(devices[0], options)
    let tour = KernelTour(backend: backend)
    switch part {
    case .planted:
      let x = try backend.upload([1, 2, 3] as [Float])
      try backend.scan(.sum, x, AxisShape(outer: 1, extent: 3, inner: 1), reversed: false, into: x)
      try backend.synchronize()
    case .section(let section, _): try tour.run(section)
    case .matmul(let way): try tour.runMatmul(way)
    case .convolution: try tour.run(.convolution)
    }
    guard backend.launchCount > 0 else { throw Fault(reason: "no kernel ran") }
  }

  /// A kernel with every kind of error, in place of one of ours.
  private static func plant(in folder: String) throws -> String {
    let text = """
      kernel void scanItems_sum_float(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t count,
                                  index_t extent, index_t inner, int reversed) {
        float unwritten[4];
        ys[0] = get_local_id(0);
        ys[1] = unwritten[get_local_id(0) % 4] > 0.0f ? 1.0f : 2.0f;
        if (get_local_id(0) == 0) ys[1 << 20] = 1.0f;
      }
      """
    for file in KernelFamily.scan.files.dropLast() {
      try FileWriter.write(KernelSources(directory: nil).text(file, for: .scan), to: "\(folder)/\(file).cl")
    }
    try FileWriter.write(Array(text.utf8), to: "\(folder)/Scan.cl")
    return folder
  }
}
#endif
