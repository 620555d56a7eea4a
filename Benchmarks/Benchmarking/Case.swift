import NeuralNetworks

/// One call of what is measured. It returns the tensor it made, if it made one, so that a failure on the device is seen.
typealias Operation = () throws -> Tensor?

/// What `nn-bench` measures: a name, a shape, the work of one call, and how to set it up.
struct Case {
  let name: String
  /// The sizes, in the order that the name explains: `32x784x128` of a matmul is m, k, n.
  let shape: String
  /// The work of one call, which a rate is made of; nil where a time alone is of interest.
  var work: Work?
  /// Left out with `--quick`.
  var isLarge = false
  /// Seconds without work before each call, which are not counted; nil where calls follow one another.
  var gap: Double?
  /// Allocates the operands on the device, and returns what is to be timed.
  let prepare: (Device) throws -> Operation

  /// What `--filter` searches.
  var title: String { "\(name) \(shape)" }
}

/// The work of one call.
enum Work {
  /// Floating-point operations on numbers of a type; a multiply-add is two.
  case operations(Double, of: DType = .float32)
  /// Bytes that must be read and written at least once.
  case bytes(Double)

  /// Bytes of `elements` float32 numbers.
  static func floats(_ elements: Int) -> Work { .bytes(Double(elements) * 4) }
}

extension Case {
  /// All cases, in the order of the table.
  static var all: [Case] {
    matmuls + integers + elementwise + halves + reductions + softmaxes + copies + training + networks + convolutions
      + recurrent + attention + overheads + augmentation + regions + mixedPrecision
  }
}

/// Numbers in [-1, 1) that are the same on every device and in every run.
func operand(_ shape: [Int], _ device: Device, seed: UInt64 = 1) -> Tensor {
  Tensor.uniform(shape, in: -1..<1, using: RandomStream(seed: seed), on: device)
}

/// Class indices below `classes`.
func labels(_ count: Int, below classes: Int, _ device: Device) -> Tensor {
  Tensor(integers: (0..<count).map { ($0 * 7) % classes }, on: device)
}

/// "32x128".
func shapeText(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: "x") }
