import NeuralNetworks
import Pictures

extension Demo {
  static let transfer = Demo(
    "transfer", "A network that knows the digits 0 to 5 learns 6 to 9 from ten pictures of each."
  ) { context in
    let data = try context.digits()
    let known = try TransferTask(data.train, classes: 0...5, limit: context.passes(6000, quick: 1500))
    let few = try TransferTask(data.train, classes: 6...9, limit: 10)
    let test = try TransferTask(data.test, classes: 6...9, limit: data.test.count)

    let base = TransferTask.base()
    let first = try known.train(base, epochs: context.passes(20, quick: 12), context)
    // The layers stay as they are, and training changes only the new head.
    base.freeze()
    let epochs = context.passes(100, quick: 40)
    let transferred = try few.train(base, epochs: epochs, context, test)
    let scratch = try few.train(TransferTask.base(), epochs: epochs, context, test)
    let (with, without) = (transferred["validation_accuracy"], scratch["validation_accuracy"])
    let (accuracy, fresh) = (with.last ?? .nan, without.last ?? .nan)
    context.show(
      "\(known.data.count) pictures of 0 to 5: \(DemoContext.text(100 * (first["accuracy"].last ?? .nan), digits: 1)) % "
        + "are known after training")
    context.show(
      "\(few.data.count) pictures of 6 to 9: a new head, alone, learns to read "
        + "\(DemoContext.text(100 * accuracy, digits: 1)) % of \(test.data.count) other pictures from the features of the "
        + "frozen layers; a whole network that starts from nothing, \(DemoContext.text(100 * fresh, digits: 1)) %")
    var chart = Chart(
      "four new digits from ten pictures of each", x: 0...Double(epochs), y: 0...1, xLabel: "epoch",
      yLabel: "accuracy on other pictures")
    chart.line(with.enumerated().map { (Double($0 + 1), $1) }, color: 0, label: "new head on frozen layers")
    chart.line(without.enumerated().map { (Double($0 + 1), $1) }, color: 1, label: "from nothing")
    try context.keep("transfer", chart.svg)
    return ["known": first["accuracy"].last ?? .nan, "transferred": accuracy, "from nothing": fresh]
  }
}

/// The pictures of some of the digits, numbered from 0.
private struct TransferTask {
  let data: TensorDataset
  private let count: Int

  /// - Parameter limit: The number of pictures of each digit, at most.
  init(_ data: TensorDataset, classes: ClosedRange<Int32>, limit: Int) throws {
    let labels = try data.targets.scalars(as: Int32.self)
    let places = classes.flatMap { label in labels.indices.filter { labels[$0] == label }.prefix(limit) }
    self.data = TensorDataset(data.inputs[places], Tensor(places.map { labels[$0] - classes.lowerBound }))
    count = classes.count
  }

  /// The layers that find features in pictures.
  static func base() -> Sequential {
    Sequential(inputShape: [28, 28]) {
      Reshape([1, 28, 28])
      Conv2D(16, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Conv2D(32, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Flatten()
    }
  }

  /// Trains a new head on the base, and the base if it is not frozen.
  func train(_ base: Sequential, epochs: Int, _ context: DemoContext, _ test: TransferTask? = nil) throws -> History {
    let model = Sequential {
      base
      Dense(count)
    }
    model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy], device: context.device)
    return try model.fit(
      data, epochs: epochs, batchSize: 20, validation: test.map { .data($0.data) }, seed: context.seed,
      verbosity: .silent)
  }
}
