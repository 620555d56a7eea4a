import Datasets
import ModelFormats
import NeuralNetworks

/// External causes result in typed errors; each function returns the line that a user reads.
enum ErrorPrograms {
  static func line(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch let error as any NeuralNetworksError {
      return error.description
    } catch {
      return "another error: \(error)"
    }
  }

  static func unknownDevice() -> String? {
    do {
      _ = try Device.named("opencl:99:0")
      return nil
    } catch DeviceError.unavailable(let requested, let found) {
      return "\(requested), not \(found)"
    } catch {
      return "another error: \(error)"
    }
  }

  static func missingData() -> String? {
    do {
      _ = try FashionMNIST.load(from: "nowhere")
      return nil
    } catch let error as DataError {
      return error.description
    } catch {
      return "another error: \(error)"
    }
  }

  static func wrongInput(on device: Device) -> String? {
    let model = Sequential([Dense(2)], inputShape: [4])
    return line {
      try model.build(inputShape: [4], on: device)
      _ = try model.predict(.zeros([1, 3]))
    }
  }

  static func wrongLabels(on device: Device) -> String? {
    let model = Sequential([Dense(3)], inputShape: [2])
    model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true), device: device)
    let data = TensorDataset(.zeros([4, 2]), Tensor(integers: [0, 1, 2, 3]))
    return line { try model.fit(data, verbosity: .silent) }
  }

  static func notANumber(on device: Device) -> String? {
    let model = Sequential([Dense(3)], inputShape: [2])
    model.compile(optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true), device: device)
    let data = TensorDataset(Tensor([1, .nan, 0, 1], shape: [2, 2]), Tensor(integers: [0, 1]))
    return line { try model.fit(data, verbosity: .silent) }
  }

  static func notCompiled() -> String? {
    line { try Sequential([Dense(3)], inputShape: [2]).fit(TensorDataset(.zeros([4, 2]), .zeros([4, 3]))) }
  }

  static func notAModelFile(_ path: String) -> String? {
    line { _ = try Sequential.load(from: path) }
  }
}
