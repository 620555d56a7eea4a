import ModelFormats
public import NeuralNetworks

/// A model as a graph: a box for each layer with its settings, its output shape, and its parameters, connected by
/// arrows. Branches of containers and of a `Graph` are side by side. The equivalent of `plot_model` in Keras, without
/// Graphviz.
///
/// ```swift
/// import NeuralNetworks
/// import Pictures
///
/// let model = Sequential(inputShape: [28, 28]) {
///   Flatten()
///   Residual { Dense(784, activation: .relu) }
///   Dense(10)
/// }
/// let picture = try ModelPicture(model)
/// print(picture.svg.count, picture.dot)
/// ```
public struct ModelPicture {
  private let title: String
  private let boxes: [Box]
  private let edges: [(from: Int, to: Int)]

  /// A box with its text.
  private struct Box {
    let heading: String
    let lines: [String]
    let isPlain: Bool

    var size: LayeredLayout.Size {
      let texts =
        lines.map { Drawing.width(of: $0, size: 10.5) } + [Drawing.width(of: heading, size: 12.5, isBold: true)]
      return LayeredLayout.Size(
        width: max((texts.max() ?? 0) + 24, heading.count <= 1 ? 34 : 90), height: 26 + 14 * Double(lines.count))
    }
  }

  /// Creates a picture of a model.
  /// - Parameters:
  ///   - model: The model; it does not have to be built.
  ///   - inputShape: The shape of one example, without the batch axis. Not required if the model knows it.
  /// - Throws: `ModelError` if the shape is unknown or a layer rejects it.
  public init(_ model: Model, inputShape: [Int]? = nil) throws {
    let diagram = try model.diagram(inputShape: inputShape)
    title = "\(diagram.name), \(NumberText.grouped(diagram.parameterCount)) parameters"
    boxes = diagram.vertices.map(ModelPicture.box)
    edges = diagram.edges
  }

  private static func box(_ vertex: Diagram.Vertex) -> Box {
    var lines: [String] = []
    let settings = vertex.module.map(LayerSettings.text) ?? ""
    if !settings.isEmpty { lines.append(Drawing.fitted(settings, width: 240, size: 10.5)) }
    var facts: [String] = []
    if let shape = vertex.outputShape {
      facts.append("[\(shape.map { $0 == anyLength ? "any" : "\($0)" }.joined(separator: ", "))]")
    }
    if vertex.parameterCount > 0 {
      facts.append("\(NumberText.grouped(vertex.parameterCount)) parameter\(vertex.parameterCount == 1 ? "" : "s")")
    }
    if vertex.isRepeated { facts.append("shared") }
    if !facts.isEmpty { lines.append(facts.joined(separator: " · ")) }
    if let name = vertex.outputName { lines.append("output \"\(name)\"") }
    let heading = vertex.path.isEmpty ? vertex.title : "\(vertex.path)  \(vertex.title)"
    return Box(
      heading: Drawing.fitted(heading, width: 260, size: 12.5), lines: lines,
      isPlain: vertex.kind != .layer || vertex.parameterCount == 0 && !vertex.isRepeated)
  }

  /// The graph as SVG.
  public var svg: String {
    let margin = 20.0, head = 44.0
    let layout = LayeredLayout(boxes.map(\.size), edges)
    let width = max(layout.width + 2 * margin, Drawing.width(of: title, size: 14, isBold: true) + 2 * margin)
    let shift = (width - layout.width) / 2
    var drawing = Drawing()
    drawing.add(
      "<marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
        + "orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" class=\"tip\"/></marker>")
    drawing.text(title, width / 2, 24, anchor: .middle, size: 14, isBold: true)
    for (edge, bends) in zip(edges, layout.bends) {
      let from = layout.centers[edge.from], to = layout.centers[edge.to]
      var (x, y) = (from.x + shift, from.y + head + boxes[edge.from].size.height / 2)
      var path = "M\(Drawing.place(x, y))"
      func curve(to end: (Double, Double)) -> String {
        let middle = (y + end.1) / 2
        return "C\(Drawing.place(x, middle)) \(Drawing.place(end.0, middle)) \(Drawing.place(end.0, end.1))"
      }
      for bend in bends {
        path += curve(to: (bend.x + shift, bend.top + head))
        path += "V\(Drawing.number(bend.bottom + head))"
        (x, y) = (bend.x + shift, bend.bottom + head)
      }
      path += curve(to: (to.x + shift, to.y + head - boxes[edge.to].size.height / 2))
      drawing.add("<path d=\"\(path)\" class=\"edge\" marker-end=\"url(#tip)\"/>")
    }
    for (box, center) in zip(boxes, layout.centers) { draw(box, center.x + shift, center.y + head, in: &drawing) }
    return drawing.svg(width: width, height: layout.height + head + margin)
  }

  private func draw(_ box: Box, _ x: Double, _ y: Double, in drawing: inout Drawing) {
    let size = box.size, top = y - size.height / 2
    drawing.rectangle(
      x - size.width / 2, top, width: size.width, height: size.height, role: box.isPlain ? .plain : .box, radius: 6)
    drawing.text(box.heading, x, top + 17, anchor: .middle, size: 12.5, isBold: true)
    for (index, line) in box.lines.enumerated() {
      drawing.text(line, x, top + 32 + 14 * Double(index), anchor: .middle, size: 10.5, role: .soft)
    }
  }

  /// The graph in Graphviz's DOT language, for other renderers.
  public var dot: String {
    func quoted(_ text: String) -> String {
      "\"\(text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined())\""
    }
    let nodes = boxes.enumerated().map { index, box in
      let label = ([box.heading] + box.lines).map { quoted($0).dropFirst().dropLast() }.joined(separator: "\\n")
      return
        "  n\(index) [label=\"\(label)\"\(box.isPlain ? "" : ", style=\"rounded,filled\", fillcolor=\"#e8f1f8\"")];"
    }
    let arrows = edges.map { "  n\($0.from) -> n\($0.to);" }
    return """
      digraph model {
        label=\(quoted(title)); labelloc=t; fontname="sans-serif";
        node [shape=box, style=rounded, fontname="sans-serif", fontsize=11];
      \((nodes + arrows).joined(separator: "\n"))
      }

      """
  }
}

/// The settings of a layer as a short text: "units 128, activation relu".
enum LayerSettings {
  static func text(of module: any Module) -> String {
    guard let layer = module as? any ConfigurableLayer, let settings = try? JSONValue(encoding: layer.configuration)
    else {
      return ""
    }
    return (settings.object ?? JSONObject()).compactMap { key, value in
      if isUsual(key, value) { return nil }
      if key == "activation" { return word(value) }
      if key == "useBias" { return "no bias" }
      if case .bool(let isSet) = value {
        return isSet ? spaced(key.hasPrefix("is") ? String(key.dropFirst(2)) : key) : nil
      }
      return word(value).map { "\(spaced(key)) \($0)" }
    }.joined(separator: ", ")
  }

  /// Whether a setting is rarely used or has its default value. A box has space only for settings that differ.
  private static func isUsual(_ key: String, _ value: JSONValue) -> Bool {
    switch key {
    case "initializer", "regularizer", "epsilon", "momentum": true
    case "useBias", "isAffine": value.bool == true
    case "activation": word(value) == "linear"
    case "padding": word(value) == "valid" || word(value) == "0"
    case "stride", "dilation", "groups": word(value) == "1"
    default: false
    }
  }

  /// The text of a value; nil for disabled settings and for nested objects.
  private static func word(_ value: JSONValue) -> String? {
    switch value {
    case .integer(let number): return "\(number)"
    case .unsigned(let number): return "\(number)"
    case .number(let number): return NumberText.short(number)
    case .string(let text): return text
    case .bool: return nil
    case .array(let values):
      let words = values.compactMap(word)
      guard words.count == values.count, !words.isEmpty else { return nil }
      return Set(words).count == 1 && words.count == 2 ? words[0] : words.joined(separator: "x")
    case .object(let object): return object["name"].flatMap(word)
    case .null: return nil
    }
  }

  /// The key with spaces: "normalizesFirst" becomes "normalizes first".
  private static func spaced(_ key: String) -> String {
    let text = key.map { $0.isUppercase ? " \($0.lowercased())" : "\($0)" }.joined()
    return text.hasPrefix(" ") ? String(text.dropFirst()) : text
  }
}
