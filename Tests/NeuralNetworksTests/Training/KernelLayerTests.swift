import NeuralNetworks
import Testing

/// Custom kernels in layers, on every OpenCL device: in eager, recorded, and replayed steps, and during the search for
/// an error.
@Suite(.serialized) struct KernelLayerTests {
  static let devices = TestDevices.openCL

  private static let source = """
    kernel void root(global const float *x, global float *y) {
      int i = get_global_id(0);
      y[i] = sqrt(x[i]);
    }
    kernel void gradient(global const float *dy, global const float *y, global float *dx) {
      int i = get_global_id(0);
      dx[i] = dy[i] / (2 * y[i]);
    }
    """

  /// √x, by kernels compiled in advance or in each call.
  final class Root: Layer {
    private let compilesEachTime: Bool
    private let kernels: (forward: Kernel, backward: Kernel)

    init(on device: Device, compilesEachTime: Bool) throws {
      self.compilesEachTime = compilesEachTime
      kernels = try Root.kernels(device)
    }

    private static func kernels(_ device: Device) throws -> (Kernel, Kernel) {
      (try device.kernel(source: source, name: "root"), try device.kernel(source: source, name: "gradient"))
    }

    func forward(_ x: Tensor, _ context: Context) -> Tensor {
      let compiled = compilesEachTime ? try? Root.kernels(kernels.forward.device) : kernels
      guard let (root, gradient) = compiled else { return x * Double.nan }
      return withCustomGradient(of: x) { x in
        root(.tensor(x), .result(x.shape), global: [x.count])
      } backward: { dy, _, y in
        gradient(.tensor(dy), .tensor(y), .result(y.shape), global: [y.count])
      }
    }

    var allowsReplay: Bool { true }
  }

  @Test(arguments: devices, [false, true]) func theFaultOfAKernelIsFound(_ device: Device, _ each: Bool) throws {
    // The root of −4 is NaN; it is in batch 5 of 12.
    var x = (0..<96).map { Float($0 % 16 + 1) / 16 }
    x[43] = -4
    let model = Sequential([try Root(on: device, compilesEachTime: each), Dense(1)])
    model.compile(optimizer: .adam(), loss: .meanSquaredError, device: device)
    let data = TensorDataset(Tensor(x, shape: [96, 1]), Tensor(x, shape: [96, 1]))
    let history = try model.fit(
      data, epochs: 2, batchSize: 8, shuffle: false, seed: 3, callbacks: [TerminateOnNonFinite()], verbosity: .silent)
    let reason = try #require(history.stopReason)
    #expect(reason.hasPrefix("step 6 was left out"), "\(reason)")
    #expect(reason.contains("\"root\" in the forward pass"), "\(reason)")
  }

  /// The kernel's results compared with the operation's.
  @Test(arguments: devices, [false, true]) func stepsAreThoseOfTheOperation(_ device: Device, _ each: Bool) throws {
    let x = Tensor((1...24).map { Float($0) / 8 }, shape: [24, 1])
    let data = TensorDataset(x, x)
    var losses: [[Double]] = []
    for layer in [
      try Root(on: device, compilesEachTime: each), Activation(ActivationFunction("root") { $0.squareRoot() }),
    ] as [any Layer] {
      let model = Sequential([layer, Dense(1)])
      model.compile(optimizer: .sgd(learningRate: 0.1), loss: .meanSquaredError, device: device)
      let history = try model.fit(
        data, epochs: 3, batchSize: 4, seed: 5, callbacks: [TerminateOnNonFinite()], verbosity: .silent)
      losses.append(history["loss"])
    }
    #expect(losses[0].count == 3)
    #expect(zip(losses[0], losses[1]).allSatisfy { abs($0 - $1) <= 1e-5 * abs($1) }, "\(losses)")
  }
}
