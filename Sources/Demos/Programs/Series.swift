import Datasets
import HostSystem
import NeuralNetworks
import Pictures

extension Demo {
  static let series = Demo(
    "series", "The demand for electricity in the next hour, from a made-up series with a trend, cycles, and weather."
  ) { context in
    let demand = try Demand(weeks: context.passes(16, quick: 8), seed: context.seed)
    let (past, future) = TimeSeriesWindows(demand.inputs, targets: demand.targets, length: 24, horizon: 1)
      .splitByTime(0.8)
    let scaled = Normalization(), unit = Normalization(isInverted: true)
    try scaled.adapt(to: past.series[past.times], features: [0])
    try unit.adapt(to: past.targets[past.times])
    let model = Sequential {
      scaled
      GRU(16)
      Dense(1)
      unit
    }
    model.compile(optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError, device: context.device)
    try model.fit(past, epochs: context.passes(20, quick: 12), seed: context.seed, verbosity: .silent)

    let predictions = try model.predict(future).scalars(as: Double.self)
    let first = future.times.lowerBound + future.length - 1 + future.horizon
    let hours = first..<first + future.count
    func error(_ forecast: (_ hour: Int) -> Double) -> Double {
      rootMeanSquare(hours.map { forecast($0) - demand.values[$0] })
    }
    let figures: DemoResult = [
      "error": error { predictions[$0 - first] },
      "error of the last hour": error { demand.values[$0 - 1] },
      "error of the day before": error { demand.values[$0 - 24] },
      "error of the week before": error { demand.values[$0 - 168] },
    ]
    context.show(
      "root mean square errors for the last \(hours.count) of \(demand.values.count) hours, in megawatts; the last three "
        + "take an earlier value as the prediction:")
    for (name, value) in figures.figures { context.show("  \(name): \(DemoContext.text(value))") }
    context.show("the weather of the next hour adds \(DemoContext.text(Demand.noise)), which nobody can predict")
    try context.keep("series", demand.chart(predictions, from: first).svg)
    return figures
  }
}

/// The demand for electricity in each hour, in megawatts, which is made up.
private struct Demand {
  let values: [Double]

  /// The standard deviation of the part of the weather that is new in each hour.
  static let noise = 1.0

  /// A trend, a cycle of a day, less demand on weekends, and weather: w[t] = 0.9 · w[t − 1] + noise.
  init(weeks: Int, seed: UInt64) throws {
    let changes = try Tensor.normal([168 * weeks], deviation: Demand.noise, using: RandomStream(seed: seed))
      .scalars(as: Double.self)
    var weather = 0.0
    values = changes.enumerated().map { hour, change in
      weather = 0.9 * weather + change
      let (trend, weekend) = (50 + 0.002 * Double(hour), Demand.isWeekend(hour) ? -8.0 : 0)
      return trend + 10 * Demand.wave(hour - 8, period: 24) + 4 * Demand.wave(hour - 5, period: 12) + weekend + weather
    }
  }

  /// The series starts on a Monday.
  private static func isWeekend(_ hour: Int) -> Bool { hour / 24 % 7 >= 5 }
  private static func wave(_ hour: Int, period: Int) -> Double { sin(2 * Double.pi * Double(hour) / Double(period)) }

  /// The demand in each hour, and the calendar of the next one, which is known: the time of day as sine and cosine, and
  /// whether it is on a weekend.
  var inputs: Tensor {
    let rows = values.enumerated().flatMap { hour, value -> [Double] in
      let next = hour + 1
      return [
        value, Demand.wave(next, period: 24), Demand.wave(next + 6, period: 24), Demand.isWeekend(next) ? 1 : 0,
      ]
    }
    return Tensor(rows.map { Float($0) }, shape: [values.count, 4])
  }

  var targets: Tensor { Tensor(values.map { Float($0) }, shape: [values.count, 1]) }

  /// The last week, with predictions that start at an hour.
  func chart(_ predictions: [Double], from first: Int) -> Chart {
    let hours = values.count - 168..<values.count
    let shown = values[hours]
    var chart = Chart(
      "the last week: demand, and prediction an hour before", x: 0...168,
      y: (shown.min() ?? 0) - 2...(shown.max() ?? 0) + 2, xLabel: "hour", yLabel: "megawatts")
    chart.line(hours.map { (Double($0 - hours.lowerBound), values[$0]) }, color: 0, label: "demand")
    chart.line(
      hours.map { (Double($0 - hours.lowerBound), predictions[$0 - first]) }, color: 1, label: "network",
      isDashed: true)
    return chart
  }
}
