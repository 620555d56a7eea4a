#if OpenCL
import BackendCore
import OpenCLKernels
import TestSupport
import Testing

@testable import BackendOpenCL

/// Tables on disk, and the contents that they may have.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct MatmulTunerTests {
  private let panels = MatmulPanel.all.prefix(2).map { MatmulChoice(variant: .panels($0)) }

  /// A table that is not shipped for any device.
  private var someTable: MatmulTable {
    MatmulTable { what in
      switch what {
      case .row: MatmulChoice(variant: .tiles(MatmulTile.all[5]), groups: 7)
      case .thin: MatmulChoice(variant: .panels(MatmulPanel.all[6]))
      default: MatmulChoice(variant: .panels(MatmulPanel.all[0]))
      }
    }
  }

  private func file(_ device: OpenCLDevice, _ folder: TemporaryFolder) -> MatmulTableFile {
    MatmulTableFile(device, folder: CacheFolder(path: folder.path), sources: KernelSources(directory: nil))
  }

  @Test(arguments: TestDevices.all) func aTableComesBackAsItWas(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    let file = file(device, folder)
    #expect(file.load() == nil)
    for table in [someTable, MatmulTable.shipped(for: device)] {
      #expect(file.store(table))
      #expect(file.load() == table)
      #expect(try folder.names == [file.name])
    }
  }

  @Test(arguments: TestDevices.all) func aDamagedFileIsNoTable(device: OpenCLDevice) throws {
    let folder = try TemporaryFolder()
    let file = file(device, folder)
    #expect(file.store(someTable))
    let good = try #require(file.folder.read(file.name, limit: 1 << 16))
    for index in good.indices {
      var bytes = good
      bytes[index] ^= 1
      try folder.write(bytes, file.name)
      #expect(file.load() == nil, "byte \(index)")
    }
    for count in 0..<good.count {
      try folder.write(Array(good.prefix(count)), file.name)
      #expect(file.load() == nil, "\(count) bytes")
    }
    try folder.write(good + good, file.name)
    #expect(file.load() == nil)
    try folder.write([UInt8](repeating: 0xFF, count: 1 << 17), file.name)
    #expect(file.load() == nil)
  }

  /// Well-formed, including the hash, but with contents unknown to this version.
  @Test(
    arguments: TestDevices.all,
    [("tiles 16x8x8", "tiles 9x9x9"), (":7\n", ":0\n"), (":7\n", ":99999\n"), ("row", "thin")])
  func unknownVariantsAreNoTable(device: OpenCLDevice, change: (from: String, to: String)) throws {
    let folder = try TemporaryFolder()
    let file = file(device, folder)
    #expect(file.store(someTable))
    let bytes = try #require(file.folder.read(file.name, limit: 1 << 16))
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").dropLast().joined(separator: "\n")
    let found = try #require((lines + "\n").firstRange(of: change.from))
    var text = lines + "\n"
    text.replaceSubrange(found, with: change.to)
    text.removeLast()
    let hash = CacheFolder.digits(CacheFolder.hash(text.utf8))
    try folder.write("\(text)\n\(hash)\n", file.name)
    #expect(file.load() == nil)
  }

  /// Other kernels or other drivers have separate tables.
  @Test(arguments: TestDevices.all) func aTableIsForItsKernelsAlone(device: OpenCLDevice) throws {
    let (folder, kernels) = (try TemporaryFolder(), try TemporaryFolder())
    try writeKernels(to: kernels, panels: "// Changed.\n")
    let other = MatmulTableFile(
      device, folder: CacheFolder(path: folder.path), sources: KernelSources(directory: kernels.path))
    #expect(file(device, folder).store(someTable))
    #expect(other.load() == nil)
  }

  @Test(arguments: TestDevices.all) func theFastestIsTaken(device: OpenCLDevice) throws {
    var clock = 0.0
    let tuner = try MatmulTuner(device, OpenCLOptions(for: device)) {
      clock += 0.01
      return clock
    }
    let finding = try tuner.tune(.small, candidates: panels)
    #expect(finding.refused.isEmpty)
    #expect(finding.bestGflops > 0 && finding.bestGflops >= finding.shippedGflops)
    #expect(tuner.table[.huge] == MatmulTable.shipped(for: device)[.huge])
  }

  /// One variant adds 1 to each product: it is rejected, and not stored in the table.
  @Test(arguments: TestDevices.all) func whatComputesWrongIsRefused(device: OpenCLDevice) throws {
    let kernels = try TemporaryFolder()
    try writeKernels(
      to: kernels,
      panels: """
        #if NN_ROWS == 12
        #undef NN_MULTIPLY_ADD
        #define NN_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c) + 1.0f)
        #elif NN_ROWS == 6
        this does not build
        #endif

        """)
    var options = OpenCLOptions(for: device)
    options.sources = KernelSources(directory: kernels.path)
    options.binaryDirectory = nil
    var clock = 0.0
    let tuner = try MatmulTuner(device, options) {
      clock += 0.01
      return clock
    }
    let candidates = MatmulPanel.all.prefix(3).map { MatmulChoice(variant: .panels($0)) }
    #expect(
      candidates.map(\.variant.description) == [
        "panels 12x2x256 packed", "panels 8x2x256 packed", "panels 6x2x256 packed",
      ])
    let finding = try tuner.tune(.small, candidates: candidates)
    #expect(finding.refused.contains("panels 12x2x256 packed"))
    #expect(finding.refused.contains("panels 6x2x256 packed"))
    #expect(!finding.refused.contains("panels 8x2x256 packed"))
    #expect(tuner.table[.small].variant != candidates[0].variant)
  }

  private func writeKernels(to folder: TemporaryFolder, panels: String) throws {
    for index in 0..<nn_kernel_source_count() {
      let source = nn_kernel_source(index)
      let name = String(cString: source.name)
      let bytes = [UInt8](UnsafeBufferPointer(start: source.bytes, count: source.length))
      try folder.write((name == "MatmulPanels" ? Array(panels.utf8) : []) + bytes, name + ".cl")
    }
  }
}
#endif
