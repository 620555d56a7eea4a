import Datasets
import NeuralNetworks
import Pictures

extension Demo {
  static let table = Demo(
    "table", "Prices of made-up houses, from a CSV file with numbers, texts, dates, and missing values."
  ) { context in
    let count = context.passes(4000, quick: 1000), total = count + 500
    let text = try Houses.csv(total, seed: context.seed)
    context.show("a file with \(total) houses:\n" + text.split(separator: "\n").prefix(4).joined(separator: "\n"))
    context.show("price = \(Houses.formula)")
    let houses = try withTemporaryFile(of: text) { try CSV.frame($0) }
    let columns = houses.dropping(["price"])
    var preprocessor = TablePreprocessor(treatments: ["built": .date([.year])])
    try preprocessor.adapt(to: columns, rows: Array(0..<count))
    context.show("the columns, as the preprocessor treats them:\n" + preprocessor.decisions.joined(separator: "\n"))

    let inputs = try preprocessor.inputs(of: columns), prices = try houses.targets("price")
    let (known, answers) = (inputs[0..<count], prices[0..<count])
    let scaled = Normalization(), unit = Normalization(isInverted: true)
    try scaled.adapt(to: known, features: preprocessor.scaledFeatures)
    try unit.adapt(to: answers)
    let model = Sequential {
      scaled
      Dense(32, activation: .relu)
      Dense(32, activation: .relu)
      Dense(1)
      unit
    }
    model.compile(optimizer: .adam(learningRate: 0.005), loss: .meanSquaredError, device: context.device)
    try model.fit(known, answers, epochs: context.passes(60, quick: 25), seed: context.seed, verbosity: .silent)

    let new = NewHouses(
      prices: try prices[count..<total].scalars(as: Double.self),
      predictions: try model.predict(inputs[count..<total]).scalars(as: Double.self),
      areComplete: (count..<total).map { row in !columns.columns.contains { $0.isMissing(at: row) } })
    let mean = try answers.mean().item()
    let figures: DemoResult = [
      "error": new.error(isComplete: true), "error with missing values": new.error(isComplete: false),
      "error of the mean": rootMeanSquare(new.prices.map { $0 - mean }),
    ]
    context.show("root mean square errors for \(new.prices.count) new houses, in thousands:")
    for (name, value) in figures.figures { context.show("  \(name): \(DemoContext.text(value, digits: 1))") }
    context.show("the prices have noise of \(DemoContext.text(Houses.noise, digits: 1)), which nobody can predict")
    try context.keep("table", new.chart.svg)
    return figures
  }
}

/// Houses whose prices follow a formula, with noise.
private enum Houses {
  /// The standard deviation of the noise in prices, in thousands.
  static let noise = 20.0
  static let formula = "area · price of a square meter in the district · (1 − 0.004 · age in 2024) + 8 · rooms + noise"
  /// The names of districts and their prices of a square meter in a new house, in thousands.
  private static let districts = [("center", 5.0), ("harbor", 4.0), ("hills", 3.5), ("suburb", 2.5)]

  /// A table with a header. 5 % of the areas and 5 % of the districts are missing.
  static func csv(_ count: Int, seed: UInt64) throws -> String {
    let random = RandomStream(seed: seed)
    let draws = try Tensor.uniform([count, 7], in: 0..<1, using: random).scalars(as: Double.self)
    let deviations = try Tensor.normal([count, 2], using: random).scalars(as: Double.self)
    var lines = ["area,rooms,district,built,price"]
    for house in 0..<count {
      let draw = Array(draws[7 * house..<7 * house + 7])
      let area = 40 + 120 * draw[0], year = 1920 + Int(104 * draw[1])
      let rooms = min(max((area / 25 + 0.7 * deviations[2 * house]).rounded(), 1), 8)
      let (district, perMeter) = districts[Int(4 * draw[2])]
      let value = area * perMeter * (1 - 0.004 * Double(2024 - year)) + 8 * rooms
      let cells = [
        draw[3] < 0.05 ? "" : DemoContext.text(area, digits: 1),
        DemoContext.text(rooms, digits: 0),
        draw[4] < 0.05 ? "NA" : district,
        "\(year)-\(twoDigits(1 + Int(12 * draw[5])))-\(twoDigits(1 + Int(28 * draw[6])))",
        DemoContext.text(value + noise * deviations[2 * house + 1], digits: 1),
      ]
      lines.append(cells.joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// Houses that the network has not seen in training.
private struct NewHouses {
  let prices: [Double]
  let predictions: [Double]
  /// Whether no value of a house is missing.
  let areComplete: [Bool]

  /// The houses with all values, or the others.
  private func houses(isComplete: Bool) -> [Int] { prices.indices.filter { areComplete[$0] == isComplete } }

  func error(isComplete: Bool) -> Double {
    rootMeanSquare(houses(isComplete: isComplete).map { predictions[$0] - prices[$0] })
  }

  var chart: Chart {
    var chart = Chart(
      "new houses: price, and prediction of the network", x: 0...900, y: 0...900, xLabel: "price in thousands",
      yLabel: "predicted price")
    for (color, isComplete) in [true, false].enumerated() {
      chart.points(
        houses(isComplete: isComplete).map { (prices[$0], predictions[$0]) }, color: color,
        label: isComplete ? "all values known" : "values missing")
    }
    chart.line([(0, 0), (900, 900)], color: 6, label: "exact", isDashed: true)
    return chart
  }
}
