public import NeuralNetworks

/// The curves of a training run: one chart per value, with the training curve, the validation curve, and the best
/// epoch.
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

  /// Creates a picture of a history.
  /// - Parameters:
  ///   - history: The result of `fit`, or a log.
  ///   - title: The title above the charts; none if it is empty.
  public init(_ history: History, title: String = "") {
    self.history = history
    self.title = title
  }

  /// The training and validation curves of one value.
  private struct Curves {
    typealias Curve = [(epoch: Double, value: Double)]
    let name: String
    var training: Curve = []
    var validation: Curve = []
    /// The position of the last epoch with each value. Epochs without a value leave gaps.
    var last = (training: -1, validation: -1)

    mutating func add(_ value: Double, of epoch: EpochRecord, at place: Int, isValidation: Bool) {
      let curve: WritableKeyPath<Curves, Curve> = isValidation ? \.validation : \.training
      let last: WritableKeyPath<Curves, Int> = isValidation ? \.last.validation : \.last.training
      let x = Double(epoch.epoch) + 1
      if !self[keyPath: curve].isEmpty && self[keyPath: last] < place - 1 { self[keyPath: curve].append((x, .nan)) }
      self[keyPath: curve].append((x, value))
      self[keyPath: last] = place
    }
  }

  /// The curves in the order in which their values first occur. Each value of the log is visited only once, because
  /// every epoch may have different names.
  private var curves: [Curves] {
    var curves: [Curves] = []
    var places: [ByteKey: Int] = [:]
    for (place, epoch) in history.epochs.enumerated() {
      for name in epoch.names {
        let isValidation = name.utf8.starts(with: "validation_".utf8)
        let plain = isValidation ? String(name.dropFirst("validation_".count)) : name
        let index = places[ByteKey(plain)] ?? curves.count
        if index == curves.count {
          curves.append(Curves(name: plain))
          places[ByteKey(plain)] = index
        }
        curves[index].add(epoch[name] ?? .nan, of: epoch, at: place, isValidation: isValidation)
      }
    }
    return curves
  }

  /// The approximate peak memory of drawing, in bytes: several copies of the text of a chart exist while it is
  /// assembled and written.
  package var memory: Int {
    history.epochs.reduce(0) { $0 + $1.names.count } * 128 + (curves.count + 1) * 6 << 10
  }

  /// The charts as SVG, two per row.
  public var svg: String {
    let x = epochAxis
    let charts = curves.compactMap { chart($0, x) } + [learningRateChart(x)].compactMap(\.self)
    let head = title.isEmpty ? 8.0 : 40.0
    guard let first = charts.first else {
      var drawing = Drawing()
      drawing.text("no finished epoch", 20, 30)
      return drawing.svg(width: 320, height: 50)
    }
    let columns = min(charts.count, 2)
    var drawing = Drawing()
    if !title.isEmpty { drawing.text(title, 16, 26, size: 16, isBold: true) }
    var y = head
    for start in stride(from: 0, to: charts.count, by: columns) {
      let row = charts[start..<min(start + columns, charts.count)]
      // The charts of a row are aligned, regardless of the number of legend lines.
      let extra = row.map(\.extraHead).max() ?? 0
      for (column, chart) in row.enumerated() {
        drawing.add("<g transform=\"translate(\(Drawing.place(Double(column) * chart.width, y)))\">")
        chart.draw(in: &drawing, extraHead: extra)
        drawing.add("</g>")
      }
      y += first.height + extra
    }
    let wanted = title.isEmpty ? 0 : Drawing.width(of: title, size: 16, isBold: true) + 32
    return drawing.svg(width: max(first.width * Double(columns), wanted), height: y + 8)
  }

  /// The chart of the learning rate; nil if it is constant or unknown.
  private func learningRateChart(_ x: Axis) -> Chart? {
    let rates = history.epochs.map { (Double($0.epoch) + 1, $0.learningRate ?? .nan) }
    guard Set(rates.map(\.1).filter(\.isFinite)).count > 1 else { return nil }
    var chart = emptyChart("learning rate", x, around: rates.map(\.1))
    chart.line(rates, color: 2)
    return chart
  }

  private var epochAxis: Axis {
    let epochs = history.epochs.map { Double($0.epoch) + 1 }  // logs of two runs may be in one file
    let first = epochs.min() ?? 1, last = epochs.max() ?? 1
    let room = first == last ? 0.5 : 0
    return Axis(first - room...last + room, ticks: 6, wholeNumbers: true)
  }

  private func emptyChart(_ title: String, _ x: Axis, around values: [Double]) -> Chart {
    Chart(title, x: x, y: Axis(around: values), xLabel: "epoch")
  }

  /// The chart of a value; nil if no epoch has the value.
  private func chart(_ curves: Curves, _ x: Axis) -> Chart? {
    let values = (curves.training + curves.validation).map(\.value).filter(\.isFinite)
    guard !values.isEmpty else { return nil }
    var chart = emptyChart(Drawing.fitted(HistoryPicture.spaced(curves.name), width: 440, size: 14), x, around: values)
    let hasValidation = curves.validation.contains { $0.value.isFinite }
    if curves.training.contains(where: { $0.value.isFinite }) {
      chart.line(curves.training, color: 0, label: hasValidation ? "training" : "")
    }
    guard hasValidation, let best = best(curves.validation, curves.name) else { return chart }
    let text = "\(NumberText.short(best.1)) at epoch \(NumberText.fixed(best.0, digits: 0))"
    chart.line(curves.validation, color: 1, label: "validation, best \(text)", isDashed: true)
    chart.points([best], color: 1)
    return chart
  }

  /// The lowest loss or the highest score.
  private func best(_ points: [(Double, Double)], _ name: String) -> (Double, Double)? {
    let known = points.filter(\.1.isFinite)
    return MonitorDirection.automatic.prefersLarger(name) ? known.max { $0.1 < $1.1 } : known.min { $0.1 < $1.1 }
  }

  /// The name with spaces: "meanError" and "top_3" become "mean error" and "top 3".
  private static func spaced(_ name: String) -> String {
    name.map { $0 == "_" ? " " : $0.isUppercase ? " \($0.lowercased())" : "\($0)" }.joined()
  }
}
