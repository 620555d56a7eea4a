extension Layer where Self: Model {
  /// Returns a copy of the model with weights stored in integers, for inference, and a report of its size and of how much
  /// its outputs change.
  ///
  /// ```swift
  /// let (small, report) = try model.quantized(.weightOnly(.q40), samples: x)
  /// print(report)
  /// let predictor = Predictor(small)
  /// ```
  ///
  /// The weights of `Dense` (also within attention), `Conv1D`, `Conv2D`, `Conv3D`, and `Embedding` are quantized. Other
  /// layers stay as they are, and so do layers that would not take less memory (weights are padded to 16 units for blocks, and
  /// to 64 units for `.dynamic` and `.static`); the report names those with matrices of weights. The copy predicts and can be
  /// evaluated, on every device, and saved with its integers, but it cannot be trained.
  /// - Parameters:
  ///   - method: How weights are stored, and how the copy computes.
  ///   - samples: Inputs `[N, …]` with which the report compares both models, 32 examples at a time; nil for no comparison.
  ///   - includes: Whether to quantize the layer with this path, such as `2` or `encoder.output`.
  /// - Throws: `ModelError.notBuilt`; `ModelError.invalidConfiguration` for a model that is quantized already or cannot be
  ///   copied, and for calibration data with numbers that are not finite; the errors of `predict` for samples and
  ///   calibration data; `DeviceError`.
  public func quantized(
    _ method: QuantizationMethod = .weightOnly(), samples: Tensor? = nil,
    including includes: (String) -> Bool = { _ in true }
  ) throws -> sending (model: Self, report: QuantizationReport) {
    try quantized(method, samples: samples.map { [$0] } ?? [], including: includes)
  }

  /// Returns a quantized copy of a model with several inputs; see `quantized(_:samples:including:)` with a tensor.
  /// - Parameters:
  ///   - method: How weights are stored, and how the copy computes.
  ///   - samples: A tensor for each input of the model; none for no comparison.
  ///   - includes: Whether to quantize the layer with this path.
  /// - Throws: The errors of that function.
  @_disfavoredOverload
  public func quantized(
    _ method: QuantizationMethod = .weightOnly(), samples: [Tensor],
    including includes: (String) -> Bool = { _ in true }
  ) throws -> sending (model: Self, report: QuantizationReport) {
    if !isBuilt { throw ModelError.notBuilt(path: displayName) }
    if let path = quantizedPaths.first {
      throw ModelError.invalidConfiguration(
        layer: path, reason: "the weight is quantized already; quantize the original")
    }
    let copy = try ModuleCopier.copy(of: self)
    var quantizer = ModelQuantizer(self, copy, method, includes)
    try quantizer.calibrate()
    try quantizer.quantize()
    let report = try quantizer.report(comparedOn: samples)
    // The compiler cannot see that the copy shares nothing mutable with the model.
    nonisolated(unsafe) let separate = copy
    return paired(separate, report)
  }
}

/// Returns both values as one that can be sent.
private func paired<M: Model>(
  _ model: sending M, _ report: QuantizationReport
) -> sending (model: M, report: QuantizationReport) {
  (model, report)
}

extension Module {
  /// The paths of weights in integers.
  package var quantizedPaths: [String] {
    ModuleWalk(self).parameters.lazy.filter { $0.parameter.quantized != nil }.map(\.path)
  }
}

/// Quantizes the copy of a model, and compares both.
private struct ModelQuantizer {
  /// A layer that is quantized.
  private struct Target {
    let path: String
    /// The position among the modules of the model.
    let position: Int
    let original, copy: any QuantizableLayer
    var range: RangeObserver?
    var byteCount = 0
    var format = ""
    var deviation = DeviationSum()

    var name: String { located(copy, at: path) }
    var multipliesMatrix: Bool { type(of: copy).multipliesMatrix }
  }

  private let original, copy: Model
  private let method: QuantizationMethod
  private var targets: [Target] = []
  private var unchanged: [(position: Int, layer: QuantizationReport.UnchangedLayer)] = []
  private let byteCountBefore: Int

  init(_ original: Model, _ copy: Model, _ method: QuantizationMethod, _ includes: (String) -> Bool) {
    (self.original, self.copy, self.method) = (original, copy, method)
    let (walk, copied) = (ModuleWalk(original), ModuleWalk(copy))
    byteCountBefore = Self.byteCount(copied.parameters.map(\.parameter))
    for (position, ((path, module), (_, twin))) in zip(walk.modules, copied.modules).enumerated() {
      let owned = copied.parameters.filter { $0.owner == ObjectIdentifier(twin) }.map(\.parameter)
      guard owned.contains(where: { ($0.shape?.count ?? 0) > 1 }) else { continue }
      if let layer = module as? any QuantizableLayer, let twin = twin as? any QuantizableLayer, includes(path) {
        targets.append(Target(path: path, position: position, original: layer, copy: twin))
      } else {
        let reason = module is any QuantizableLayer ? "not included" : "not supported"
        leave(twin, path, position, owned, because: reason)
      }
    }
  }

  /// Takes a layer of the copy into the report as unchanged.
  private mutating func leave(
    _ layer: any Module, _ path: String, _ position: Int, _ parameters: [Parameter], because reason: String
  ) {
    unchanged.append(
      (position, .init(name: located(layer, at: path), reason: reason, byteCount: Self.byteCount(parameters))))
  }

  private static func byteCount(_ parameters: [Parameter]) -> Int {
    parameters.reduce(0) { $0 + ($1.quantized?.byteCount ?? (($1.currentValue?.dtype.byteCount ?? 0) * $1.count)) }
  }

  // MARK: Calibration

  /// Observes the inputs of layers in the original model, if the method needs their ranges.
  mutating func calibrate() throws {
    guard case .calibrated(let data, let range) = method.inputs else { return }
    let layers = targets.filter(\.multipliesMatrix).map { ObjectIdentifier($0.original) }
    var ranges = Dictionary(layers.map { ($0, RangeObserver(range)) }, uniquingKeysWith: { first, _ in first })
    try data.forEach { inputs in
      try observing(inputs) { layer, input, _ in try ranges[ObjectIdentifier(layer)]?.observe(input) }
    }
    for index in targets.indices where targets[index].multipliesMatrix {
      targets[index].range = ranges[ObjectIdentifier(targets[index].original)]
    }
  }

  /// Runs the original model, and calls `body` with each layer, its input, and its output.
  /// - Returns: The outputs of the model.
  @discardableResult
  private func observing(_ inputs: [Tensor], _ body: (any Layer, Tensor, Tensor) throws -> Void) throws -> [Tensor] {
    _ = try original.prepared(forPredicting: inputs)
    let thread = LayerThread.current
    var failure: (any Error)?
    return try withoutActuallyEscaping(body) { body in
      thread.observer = { layer, input, output in
        if failure != nil { return }
        do { try body(layer, input, output) } catch { failure = error }
      }
      defer { thread.observer = nil }
      let outputs = try original.outputs(for: inputs)
      if let failure { throw failure }
      return outputs
    }
  }

  // MARK: Quantization

  /// Replaces the weights of the copy, except for those that would not be smaller.
  mutating func quantize() throws {
    let candidates = targets
    targets = []
    for var target in candidates {
      let parameter = target.copy.quantizableWeight
      guard let value = parameter.currentValue else { continue }
      target.byteCount = value.count * value.dtype.byteCount
      let weight: QuantizedWeight
      if target.multipliesMatrix {
        let rounding = try rounding(of: target)
        weight = try QuantizedWeight(matrix: value, as: method.format, rounding: rounding)
        target.format = method.format.name + (rounding?.name ?? "")
      } else {
        weight = try QuantizedWeight(rows: value, as: method.format)
        target.format = method.format.withoutBlocks.name
      }
      if weight.byteCount < target.byteCount {
        parameter.quantize(as: weight)
        targets.append(target)
      } else {
        let owned = ModuleWalk(target.copy).parameters.map(\.parameter)
        leave(target.copy, target.path, target.position, owned, because: "would not be smaller")
      }
    }
    let device = original.device
    for (_, module) in ModuleWalk(copy).modules { (module as? Model)?.moved(to: device) }
    try leaveSlabs()
  }

  /// Moves the values that remain out of the slabs with the numbers of quantized weights, so that these can be freed.
  private func leaveSlabs() throws {
    let placed = copy.parameters.entries.filter { $0.parameter.slab != nil }
    for (_, members) in Dictionary(grouping: placed, by: { ObjectIdentifier($0.parameter.slab!) }) {
      guard let slab = members[0].parameter.slab else { continue }
      let (packed, layout) = ParameterSlab.packing(members, slab.values.dtype, slab.values.device) { $0.currentValue }
      try packed.values.makeUnique()
      for (entry, member) in zip(layout.entries, members) {
        member.parameter.place(in: packed, at: entry.target.offset)
      }
    }
  }

  /// Returns how a layer rounds its input; nil if it does not.
  private func rounding(of target: Target) throws -> InputRounding? {
    switch method.inputs {
    case .floatingPoint: return nil
    case .dynamic: return .perRow
    case .calibrated:
      guard let low = target.range?.minimum, let high = target.range?.maximum else { return .perRow }
      guard low.isFinite && high.isFinite else {
        throw ModelError.invalidConfiguration(
          layer: target.name, reason: "with the calibration data, its input has numbers that are not finite")
      }
      return .covering(low...high)
    }
  }

  // MARK: Comparison

  /// Compares the outputs of both models and of their layers for some examples at a time, and adds the changes.
  /// - Parameter outputs: The changes of the outputs of the model; none before the first examples.
  private mutating func compare(on samples: [Tensor], _ outputs: inout [DeviationSum]) throws {
    let positions = Dictionary(
      targets.enumerated().map { (ObjectIdentifier($1.original), $0) }, uniquingKeysWith: { first, _ in first })
    let layers = targets.map(\.copy)
    var sums = targets.map(\.deviation)
    let before = try observing(samples) { layer, input, output in
      guard let position = positions[ObjectIdentifier(layer)] else { return }
      // The precision is still that of the layer's call.
      try sums[position].add(layers[position].forward(input, .inference), original: output)
    }
    for (index, sum) in sums.enumerated() { targets[index].deviation = sum }
    _ = try copy.prepared(forPredicting: samples)
    let after = try copy.outputs(for: samples)
    if outputs.isEmpty { outputs = after.map { _ in DeviationSum() } }
    for index in after.indices { try outputs[index].add(after[index], original: before[index]) }
  }

  /// Compares the outputs of both models and of their layers.
  mutating func report(comparedOn samples: [Tensor]) throws -> QuantizationReport {
    var outputs: [DeviationSum] = []
    if !samples.isEmpty {
      let count = try original.prepared(forPredicting: samples, batchSize: 32)
      for first in stride(from: 0, to: count, by: 32) {
        try compare(on: samples.map { $0[first..<min(first + 32, count)] }, &outputs)
      }
    }
    let layers = targets.map { target in
      QuantizationReport.Layer(
        name: target.name, format: target.format, byteCountBefore: target.byteCount,
        byteCountAfter: target.copy.quantizableWeight.quantized?.byteCount ?? 0,
        deviation: samples.isEmpty ? nil : target.deviation.deviation)
    }
    return QuantizationReport(
      layers: layers, unchanged: unchanged.sorted { $0.position < $1.position }.map(\.layer),
      byteCountBefore: byteCountBefore,
      byteCountAfter: Self.byteCount(ModuleWalk(copy).parameters.map(\.parameter)),
      outputs: outputs.map(\.deviation).max { $0.isSmaller(than: $1) })
  }
}

extension InputRounding {
  /// The name in reports, after that of the weights.
  fileprivate var name: String {
    switch self {
    case .perRow: ", inputs int8 by row"
    case .fixed: ", inputs int8"
    }
  }
}
