import BackendCPU
import BackendCore
import NeuralNetworks
import TestSupport
import Testing

@testable import ModelFormats

/// A CPU without float64, as are GPUs without `cl_khr_fp64`.
private final class WithoutDoubles: CallHandler, ForwardingBackend {
  let base: any Backend = CPUBackend(threads: 1)
  func supports(_ dtype: DType) -> Bool { dtype != .float64 }
}

/// Files with elements that the device does not have.
@Suite struct ElementTypeTests {
  let folder: TemporaryFolder
  let device = Device(WithoutDoubles())
  init() throws { folder = try TemporaryFolder() }

  /// The error of a read, without the path; "none" after a successful read.
  private func fault(_ read: () throws -> Void) -> String {
    do { try read() } catch { return error is FormatError ? "\(error)".replacing(folder("a"), with: "") : "\(error)" }
    return "none"
  }

  @Test func typesThatTheDeviceDoesNotHaveAreRefused() throws {
    let tensor = Tensor([0.5, -2] as [Double], dtype: .float64)
    try NPY.save(tensor, to: folder("a.npy"))
    try NPZ.save([("w", tensor)], to: folder("a.npz"))
    try Safetensors.save([("w", tensor)], to: folder("a.safetensors"))
    let numbers = [0.5, -2].flatMap { (number: Double) in GGUFBytes.number(number.bitPattern) }
    let head = GGUFBytes(tensors: [GGUFBytes.tensor("w", [2], type: 28)], data: numbers)
    try folder.write(head.bytes, "a.gguf")
    let reads: [(name: String, read: (_ keepingTypes: Bool) throws -> Tensor?)] = [
      (".npy", { try NPY.load(folder("a.npy"), keepingTypes: $0, on: device) }),
      (".npz", { try NPZ.load(folder("a.npz"), keepingTypes: $0, on: device).first?.tensor }),
      (".safetensors", { try Safetensors(folder("a.safetensors")).tensor("w", keepingTypes: $0, on: device) }),
      (".gguf", { try GGUFFile(folder("a.gguf")).tensor("w", keepingTypes: $0, on: device) }),
    ]
    for (name, read) in reads {
      let found = fault { _ = try read(true) }
      #expect(found.hasPrefix(name) && found.hasSuffix("\(device) has no elements of type float64"), "\(found)")
      // The numbers become float32, which the device has.
      let floats = try #require(try read(false))
      #expect(try floats.dtype == .float32 && floats.scalars() == [0.5, -2], "\(name)")
    }
  }
}
