import Datasets
import NeuralNetworks
import Pictures

extension Demo {
  static let fashion = Demo("fashion", "The classifier of clothes that introductions arrive at, and a picture of it.") {
    context in
    let data = try context.clothes()
    let model = Sequential(inputShape: [28, 28]) {
      Flatten()
      Dense(128, activation: .relu)
      Dense(10)
    }
    model.compile(
      optimizer: .adam(), loss: .sparseCategoricalCrossEntropy(fromLogits: true), metrics: [.accuracy],
      device: context.device)
    try model.fit(data.train, epochs: context.passes(10, quick: 3), seed: context.seed, verbosity: .silent)
    let scores = try model.evaluate(data.test)
    let accuracy = scores["accuracy"] ?? 0
    let summary = try model.summary()
    context.show("\(summary)")
    context.show("test accuracy \(DemoContext.text(100 * accuracy, digits: 1)) %")
    try context.keep("fashion-model", ModelPicture(model).svg)
    try context.keep("fashion", try context.answers(model, data, "what the network sees in test images"))
    return ["accuracy": accuracy, "parameters": Double(summary.parameterCount)]
  }

  static let convolution = Demo("convolution", "A convolutional network on pictures of digits.") { context in
    let data = try context.digits()
    let count = min(context.passes(10_000, quick: 3000), data.train.count)
    let train = TensorDataset(data.train.inputs[0..<count], data.train.targets[0..<count])
    let model = Sequential(inputShape: [28, 28]) {
      Reshape([1, 28, 28])
      Conv2D(32, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Conv2D(64, kernel: 3, activation: .relu)
      MaxPool2D(2)
      Flatten()
      Dense(128, activation: .relu)
      Dense(10)
    }
    model.compile(optimizer: .adam(), loss: .crossEntropy(), metrics: [.accuracy], device: context.device)
    try model.fit(train, epochs: context.passes(3, quick: 1), seed: context.seed, verbosity: .silent)
    let accuracy = try model.evaluate(data.test)["accuracy"] ?? 0
    context.show("\(try model.summary())")
    context.show("test accuracy \(DemoContext.text(100 * accuracy, digits: 1)) %")
    try context.keep("convolution", try context.answers(model, data, "what the network reads"))
    return ["accuracy": accuracy]
  }
}

extension DemoContext {
  /// Fashion-MNIST, or a part of it, from the data folder; digits drawn by the program if there is none.
  func clothes() throws -> ImageDataset {
    try data.map { try FashionMNIST.load(from: $0 + "/" + Demo.DataSet.clothes.rawValue) } ?? generated()
  }

  /// MNIST, or a part of it, from the data folder; digits drawn by the program if there is none.
  func digits() throws -> ImageDataset {
    try data.map { try MNIST.load(from: $0 + "/" + Demo.DataSet.digits.rawValue) } ?? generated()
  }

  private func generated() -> ImageDataset {
    show("no folder with data: the images are digits that are drawn here")
    return GeneratedImages.load(seed: seed, trainCount: passes(6000, quick: 2000), testCount: 500)
  }

  /// Test images, each with the class with the highest score.
  func answers(_ model: Model, _ data: ImageDataset, _ title: String) throws -> String {
    let images = data.test.inputs[0..<15]
    let winners = try model.predict(images).argmax(axis: 1).scalars(as: Int32.self)
    var sheet = ImageSheet(title, columns: 5)
    for (index, winner) in winners.enumerated() {
      sheet.add(Bitmap(gray: try images[index].scalars(), width: 28), caption: data.classNames[Int(winner)])
    }
    return sheet.svg
  }
}
