import BackendCore
import Tensors
import Testing

/// Custom kernels, on every OpenCL device.
@Suite(.serialized) struct KernelTests {
  private static let devices = TestDevices.all.filter { $0.identifier.hasPrefix("opencl:") }

  private static let softsign = """
    kernel void softsign(global const float *x, global float *y, int count) {
      int i = get_global_id(0);
      if (i < count) y[i] = x[i] / (1 + fabs(x[i]));
    }
    kernel void gradient(global const float *dy, global const float *x, global float *dx) {
      int i = get_global_id(0);
      float d = 1 + fabs(x[i]);
      dx[i] = dy[i] / (d * d);
    }
    """

  private static let mixed = """
    kernel void mixed(global const int *k, global const uchar *flags, global float *y, global int *z, float a, uint b,
                      long c, local float *shared) {
      int i = get_global_id(0), item = get_local_id(0), size = get_local_size(0);
      shared[item] = (float)k[i];
      barrier(CLK_LOCAL_MEM_FENCE);
      y[i] = flags[i] ? a * shared[size - 1 - item] : -1.0f;
      z[i] = (int)(c - (long)b) + k[i];
    }
    """

  private func message(_ y: Tensor) -> String {
    do {
      _ = try y.scalars()
      return "no error"
    } catch DeviceError.kernelCall(_, let reason) {
      return reason
    } catch {
      return "\(error)"
    }
  }

  @Test(arguments: devices) func computesAndDifferentiates(device: Device) throws {
    let forward = try device.kernel(source: KernelTests.softsign, name: "softsign")
    let backward = try device.kernel(source: KernelTests.softsign, name: "gradient")
    func softsign(_ x: Tensor) -> Tensor {
      withCustomGradient(of: x) { x in
        forward(.tensor(x), .result(x.shape), .int(x.count), global: [x.count])
      } backward: { dy, x, _ in
        backward(.tensor(dy), .tensor(x), .result(x.shape), global: [x.count])
      }
    }
    let numbers = (0..<1000).map { Float($0 - 500) / 64 }
    let x = Tensor(numbers, shape: [10, 100], on: device)
    let (loss, gradient) = valueAndGradient(at: x) { (softsign($0) * 2).sum() }
    let expected = x.moved(to: TestDevices.reference)
    let (reference, expectedGradient) = valueAndGradient(at: expected) { ($0 / (1 + $0.magnitude()) * 2).sum() }
    #expect(abs(try loss.item() - reference.item()) < 1e-3)
    let (found, wanted) = (try gradient.scalars(), try expectedGradient.scalars())
    #expect(zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-6 })
    #expect(gradient.shape == [10, 100])
  }

  @Test(arguments: devices) func takesEveryKindOfArgument(device: Device) throws {
    let kernel = try device.kernel(source: KernelTests.mixed, name: "mixed")
    let count = 64
    let k = Tensor(integers: Array(0..<count), on: device)
    let results = kernel.results(
      .tensor(k), .tensor(k .> 31), .result([count]), .result([count], .int32), .float(0.5), .unsigned(3_000_000_000),
      .long(3_000_000_100), .local(bytes: 64), global: [count], local: [16])
    let y = try results[0].scalars()
    for i in 0..<count {
      let mirrored = i / 16 * 16 + 15 - i % 16
      #expect(y[i] == (i > 31 ? Float(mirrored) / 2 : -1))
    }
    #expect(try results[1].scalars(as: Int32.self) == (0..<count).map { Int32($0 + 100) })
  }

  /// A view starts in the middle of its memory, a pointer at the start.
  @Test(arguments: devices) func takesViewsAndEmptyTensors(device: Device) throws {
    let kernel = try device.kernel(source: KernelTests.softsign, name: "softsign")
    let x = Tensor((0..<12).map(Float.init), shape: [3, 4], on: device)
    let y = kernel(.tensor(x[1...]), .result([8]), .int(8), global: [8])
    let expected = (4..<12).map { (x: Int) -> Float in Float(x) / Float(x + 1) }
    #expect(try y.scalars() == expected)
    let empty = kernel(.tensor(x[0..<0]), .result([0]), .int(0), global: [0])
    #expect(try empty.scalars() == [])
  }

  @Test(arguments: devices) func buildErrorsCarryTheLog(device: Device) throws {
    let broken = #expect(throws: DeviceError.self) {
      _ = try device.kernel(source: "kernel void f(global float *y) { y[0] = undeclared_name; }", name: "f")
    }
    guard case .kernelBuild(_, let log)? = broken else { throw Failure(reason: "\(String(describing: broken))") }
    #expect(log.contains("undeclared_name"))
    let missing = #expect(throws: DeviceError.self) { _ = try device.kernel(source: KernelTests.softsign, name: "g") }
    guard case .kernelBuild? = missing else { throw Failure(reason: "\(String(describing: missing))") }
    // The device continues to work.
    #expect(try Tensor([1, 2], on: device).sum().item() == 3)
  }

  @Test(arguments: devices) func wrongArgumentsAreNamed(device: Device) throws {
    let kernel = try device.kernel(source: KernelTests.softsign, name: "softsign")
    let x = Tensor([1, 2, 3, 4], on: device)
    let integers = Tensor(integers: [1, 2, 3, 4], on: device)
    func call(_ arguments: Kernel.Argument..., global: [Int] = [4], local: [Int]? = nil) -> String {
      switch arguments.count {
      case 2: message(kernel(arguments[0], arguments[1], global: global, local: local))
      default: message(kernel(arguments[0], arguments[1], arguments[2], global: global, local: local))
      }
    }
    #expect(call(.tensor(x), .result([4]), .int(4)) == "no error")
    #expect(call(.tensor(x), .result([4])).contains("3 arguments"))
    #expect(call(.tensor(integers), .result([4]), .int(4)).contains("argument 1"))
    #expect(call(.tensor(x), .result([4], .int32), .int(4)).contains("argument 2"))
    #expect(call(.tensor(x), .result([4]), .float(4)).contains("argument 3"))
    #expect(call(.result([4]), .tensor(x), .int(4)).contains("argument 1"))
    #expect(call(.float(1), .result([4]), .int(4)).contains("pointer"))
    #expect(call(.tensor(x.moved(to: .cpu)), .result([4]), .int(4)).contains("is on cpu"))
    #expect(call(.tensor(x), .result([4]), .int(4), global: [4], local: [3]).contains("do not divide"))
    #expect(call(.tensor(x), .result([4]), .int(4), global: []).contains("work items"))
    // An error from the driver itself does not affect the device.
    let enormous = call(.tensor(x), .result([4]), .int(4), global: [1 << 22], local: [1 << 22])
    #expect(enormous.contains("refuses"))
    #expect(try x.sum().item() == 10)
    // An error of an operand is passed on.
    let poisoned = Tensor.zeros([1 << 40], on: device)
    #expect(message(kernel(.tensor(poisoned), .result([4]), .int(4), global: [4])).contains("memory"))
  }

  @Test func onlyOpenCLDevicesHaveThem() {
    for device in [Device.cpu, TestDevices.reference] {
      let error = #expect(throws: DeviceError.self) {
        _ = try device.kernel(source: KernelTests.softsign, name: "softsign")
      }
      guard case .unsupported? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  /// Recorded calls include those of custom kernels, and are repeated with other inputs.
  @Test(arguments: devices) func areRecorded(device: Device) throws {
    let kernel = try device.kernel(source: KernelTests.softsign, name: "softsign")
    let x = Tensor([1, 3], on: device)
    let function = try RecordedFunction.record(on: device, like: [x]) { inputs in
      [kernel(.tensor(inputs[0] * 1), .result([2]), .int(2), global: [2]) + 1]
    }.function
    let recorded = try #require(function)
    #expect(try recorded([Tensor([1, 3], on: device)])[0].scalars() == [1.5, 1.75])
    #expect(try recorded([Tensor([0, -1], on: device)])[0].scalars() == [1, 0.5])
  }

  /// A kernel that reads an input of the recording finds it even if it does not start at the beginning of its memory.
  @Test(arguments: devices) func areRecordedOnViews(device: Device) throws {
    let kernel = try device.kernel(source: KernelTests.softsign, name: "softsign")
    let function = try RecordedFunction.record(on: device, like: [Tensor([1, 3], on: device)]) { inputs in
      [kernel(.tensor(inputs[0]), .result([2]), .int(2), global: [2])]
    }.function
    let recorded = try #require(function)
    #expect(try recorded([Tensor([7, 1, 3], on: device)[1...]])[0].scalars() == [0.5, 0.75])
    #expect(try recorded([Tensor([0, -1], on: device)])[0].scalars() == [0, -0.5])
  }

  /// A kernel reads memory allocated while recording directly, and copies of inputs, which a replay may place elsewhere.
  @Test(arguments: devices) func onlyInputsAreCopied(device: Device) throws {
    let kernel = try device.kernel(source: KernelTests.softsign, name: "softsign")
    let x = Tensor([1, 3], on: device)
    var results: [Tensor] = []
    let recording = try device.record {
      let first = kernel(.tensor(x), .result([2]), .int(2), global: [2])
      results = [kernel(.tensor(first), .result([2]), .int(2), global: [2])]
    }
    let calls = try #require(recording?.calls).calls
    #expect(calls.map(\.operation.name) == ["copy", "softsign", "softsign"])
    try expect(results[0], [1.0 / 3, 3.0 / 7])
    let (input, result) = (try x.slice, try results[0].slice)
    let (other, replayed) = (Tensor([0, -1], on: device), Tensor([0, 0], on: device))
    try recording?.replay(
      substituting: [
        BufferBinding(input.buffer, by: try other.slice), BufferBinding(result.buffer, by: try replayed.slice),
      ])
    try expect(replayed, [0, -1.0 / 3])
  }

  private struct Failure: Error { let reason: String }
}
