#if OpenCL
import BackendCore
import COpenCL
import OpenCLKernels
import Synchronization
import TestSupport
import Testing

@testable import BackendOpenCL

/// A driver whose devices claim to be NVIDIA's.
private enum NVIDIADriver {
  /// 10 times the compute capability.
  static let capability = Mutex<UInt32>(0)

  static var functions: NNOpenCLFunctions {
    var functions = nn_opencl_functions()!.pointee
    functions.clGetDeviceInfo = { device, key, size, value, length in
      let number = NVIDIADriver.capability.withLock { $0 }
      let answers: [cl_device_info: [UInt8]] = [
        cl_device_info(CL_DEVICE_VENDOR): Array("NVIDIA Corporation\0".utf8),
        cl_device_info(CL_DEVICE_EXTENSIONS): Array("cl_khr_fp64 cl_nv_device_attribute_query\0".utf8),
        0x4000: withUnsafeBytes(of: number / 10) { Array($0) }, 0x4001: withUnsafeBytes(of: number % 10) { Array($0) },
      ]
      guard let answer = answers[key] else {
        return nn_opencl_functions()!.pointee.clGetDeviceInfo(device, key, size, value, length)
      }
      length?.pointee = answer.count
      guard let value else { return CL_SUCCESS }
      guard size >= answer.count else { return CL_INVALID_VALUE }
      value.copyMemory(from: answer, byteCount: answer.count)
      return CL_SUCCESS
    }
    return functions
  }
}

/// The decision to use tensor cores.
@Suite(.serialized, .enabled(if: TestDevices.exist)) struct TensorCoreTests {
  private static let portable = MatmulVariant.fragments(MatmulTile.fragments[0], .portable)

  private func tuner(_ device: OpenCLDevice, _ change: (inout OpenCLOptions) -> Void = { _ in }) throws -> MatmulTuner {
    var options = OpenCLOptions(for: device)
    options.binaryDirectory = nil
    if device.kind == .cpu { options.compilerOptions = " -cl-opt-disable" }
    change(&options)
    return try MatmulTuner(device, options) { 0 }
  }

  @Test(arguments: TestDevices.all) func theProbeFindsFaults(device: OpenCLDevice) throws {
    #expect(try tuner(device).fault(of: TensorCoreTests.portable) == nil)
    let imprecise = try fault(device, replacing: "isFinite ? nn_tf32(x - as_float(main)) : 0", with: "0")
    #expect(imprecise?.contains("numbers are wrong in a product of") == true)
    let unbuildable = try fault(device, replacing: "#define NN_LANE ", with: "this does not build\n#define NN_LANE ")
    #expect(unbuildable?.hasPrefix("fragments 2x2x8 portable: ") == true && unbuildable?.contains("\n") == false)
  }

  /// The result of the probe with a change of `Fragments.cl`.
  private func fault(_ device: OpenCLDevice, replacing text: String, with replacement: String) throws -> String? {
    let folder = try TemporaryFolder()
    for index in 0..<nn_kernel_source_count() {
      let source = nn_kernel_source(index)
      let name = String(cString: source.name)
      var code = String(decoding: UnsafeBufferPointer(start: source.bytes, count: source.length), as: UTF8.self)
      if name == "Fragments" {
        let place = try #require(code.firstRange(of: text))
        code.replaceSubrange(place, with: replacement)
      }
      try folder.write(code, name + ".cl")
    }
    return try withExtendedLifetime(folder) {
      try tuner(device) { $0.sources = KernelSources(directory: folder.path) }.fault(of: TensorCoreTests.portable)
    }
  }

  /// Devices without the instructions are not probed, and others only on request. A driver that does not know the inline
  /// assembly reports that.
  @Test func onlyProvedTensorCoresAreUsed() throws {
    func state(_ capability: UInt32, isRequested: Bool) throws -> TensorCores {
      NVIDIADriver.capability.withLock { $0 = capability }
      let device = try #require(OpenCLDevice.available(NVIDIADriver.functions).first)
      #expect(device.computeCapability == Int(capability))
      return try tuner(device) { $0.mayUseFragments = isRequested }.tensorCores
    }
    #expect(try state(75, isRequested: true) == .missing)
    #expect(try state(80, isRequested: false) == .off)
    guard TestDevices.all.allSatisfy({ !$0.vendor.lowercased().contains("nvidia") }) else { return }
    let found = try state(90, isRequested: true)
    guard case .refused(let reason) = found else {
      Issue.record("\(found)")
      return
    }
    #expect(reason.hasPrefix("fragments 2x2x8 mma.sync: ") && !reason.contains("\n"))
    #expect(TestDevices.all.allSatisfy { $0.computeCapability == 0 })
  }

  /// A table that was tuned with tensor cores does not use them without the variable.
  @Test func tablesUseTensorCoresOnRequest() {
    let shipped = MatmulTable.graphics(vendor: "NVIDIA Corporation")
    var tuned = MatmulTable(.tiles(MatmulTile.all[3]))
    tuned[.huge] = MatmulChoice(variant: MatmulVariant.tensorCores[1], groups: 64)
    let used = tuned.replacingTensorCores(by: shipped)
    for what in MatmulClass.allCases { #expect(used[what] == (what == .huge ? shipped : tuned)[what], "\(what)") }
  }
}
#endif
