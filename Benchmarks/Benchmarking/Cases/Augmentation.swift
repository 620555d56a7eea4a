import Datasets
import NeuralNetworks

extension Case {
  /// A batch of images from a dataset as it is and with noise, which the host makes, and the drawing of as many normal numbers
  /// alone.
  static var augmentation: [Case] {
    let shape = [128, 28, 28]
    return [
      batch("batch of images", shape, []),
      batch("batch of images, noise", shape, [.noise(deviation: 0.1)]),
      Case(name: "normal numbers", shape: shapeText(shape), work: .floats(shape.reduce(1, *))) { _ in
        let random = RandomStream(seed: 1)
        return { .normal(shape, using: random) }
      },
    ]
  }

  private static func batch(_ name: String, _ shape: [Int], _ steps: [Augmentation]) -> Case {
    Case(name: name, shape: shapeText(shape), work: .floats(2 * shape.reduce(1, *))) { _ in
      let images = TensorDataset(operand(shape, .cpu), labels(shape[0], below: 10, .cpu))
      let data = AugmentedDataset(images, steps, seed: 1)
      return { try data.batch(at: Array(0..<shape[0])).input }
    }
  }
}
