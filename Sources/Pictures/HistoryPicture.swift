public import NeuralNetworks

/// The curves of a training: a chart for each value, the one of the validation data beside that of the training data, and the
/// best epoch of it.
///
/// ```swift
/// import NeuralNetworks
/// import Pictures
///
/// let model = Sequential { Dense(1) }
/// model.compile(optimizer: .adam(), loss: .meanSquaredError)
/// let x = Tensor.normal([64, 3], using: RandomStream(seed: 1))
/// let history = try model.fit(TensorDataset(x, x.sum(axis: 1, keepingRank: true)), epochs: 3)
/// print(HistoryPicture(history).svg.count)
/// ```
public struct HistoryPicture {
  private let history: History
  private let title: String

  /// - Parameters:
  ///   - history: What `fit` has returned, or a log.
  ///   - title: What stands above the charts; nothing when it is empty.
  public init(_ history: History, title: String = "") {
    self.history = history
    self.title = title
  }

  /// The names of the values without those of the validation data, in the order in which they occur.
  private var names: [String] {
    var names: [String] = []
    for name in history.epochs.flatMap(\.names) {
      let plain = name.hasPrefix("validation_") ? String(name.dropFirst("validation_".count)) : name
      if !names.contains(plain) { names.append(plain) }
    }
    return names
  }

  /// The charts, two in a row.
  public var svg: String {
    let charts = names.compactMap(chart) + [learningRateChart].compactMap(\.self)
    let head = title.isEmpty ? 8.0 : 40.0
    guard let first = charts.first else {
      var drawing = Drawing()
      drawing.text("no finished epoch", 20, 30)
      return drawing.svg(width: 320, height: 50)
    }
    let columns = min(charts.count, 2), rows = (charts.count + columns - 1) / columns
    var drawing = Drawing()
    if !title.isEmpty { drawing.text(title, 16, 26, size: 16, isBold: true) }
    for (index, chart) in charts.enumerated() {
      let (x, y) = (Double(index % columns) * chart.width, head + Double(index / columns) * chart.height)
      drawing.add("<g transform=\"translate(\(Drawing.place(x, y)))\">")
      chart.draw(in: &drawing)
      drawing.add("</g>")
    }
    let wanted = title.isEmpty ? 0 : Drawing.width(of: title, size: 16) + 32
    return drawing.svg(
      width: max(first.width * Double(columns), wanted), height: head + first.height * Double(rows) + 8)
  }

  private func points(_ name: String) -> [(Double, Double)] {
    history.epochs.map { (Double($0.epoch) + 1, $0[name] ?? .nan) }
  }

  /// Nil where it stays the same, and where no epoch has one.
  private var learningRateChart: Chart? {
    let rates = history.epochs.map { (Double($0.epoch) + 1, $0.learningRate ?? .nan) }
    guard Set(rates.map(\.1).filter(\.isFinite)).count > 1 else { return nil }
    var chart = emptyChart("learning rate", around: rates.map(\.1))
    chart.line(rates, colour: 2)
    return chart
  }

  private func emptyChart(_ title: String, around values: [Double]) -> Chart {
    let epochs = history.epochs.map { Double($0.epoch) + 1 }  // logs of two runs may stand in one file
    let first = epochs.min() ?? 1, last = epochs.max() ?? 1
    let room = first == last ? 0.5 : 0
    return Chart(
      title, x: Axis(first - room...last + room, ticks: 6, wholeNumbers: true), y: Axis(around: values), xLabel: "epoch"
    )
  }

  /// Nil where no epoch has the value.
  private func chart(_ name: String) -> Chart? {
    let training = points(name), validation = points("validation_" + name)
    let values = (training + validation).map(\.1).filter(\.isFinite)
    guard !values.isEmpty else { return nil }
    var chart = emptyChart(HistoryPicture.spaced(name), around: values)
    let hasValidation = validation.contains { $0.1.isFinite }
    if training.contains(where: { $0.1.isFinite }) {
      chart.line(training, colour: 0, label: hasValidation ? "training" : "")
    }
    guard hasValidation, let best = best(validation, name) else { return chart }
    let text = "\(NumberText.short(best.1)) at epoch \(NumberText.fixed(best.0, digits: 0))"
    chart.line(validation, colour: 1, label: "validation, best \(text)", isDashed: true)
    chart.points([best], colour: 1)
    return chart
  }

  /// The lowest loss, the highest score.
  private func best(_ points: [(Double, Double)], _ name: String) -> (Double, Double)? {
    let known = points.filter(\.1.isFinite)
    return MonitorDirection.automatic.prefersLarger(name) ? known.max { $0.1 < $1.1 } : known.min { $0.1 < $1.1 }
  }

  /// "meanError" and "top_3" as "mean error" and "top 3".
  private static func spaced(_ name: String) -> String {
    name.map { $0 == "_" ? " " : $0.isUppercase ? " \($0.lowercased())" : "\($0)" }.joined()
  }
}
