/// The trained parameters of a module, by the slabs that contain them.
///
/// It is derived from the parameters. Slabs that contain anything else (frozen parameters, parameters of another
/// module) are split first: trained parameters move to their own slabs, so that gradients and optimizer steps can
/// process whole slabs.
struct Placement {
  let layout: SlabLayout
  let slabs: [ParameterSlab]
  /// All parameters of the module with their paths, including frozen ones.
  let members: [(path: String, parameter: Parameter)]
  /// The parameters from which the placement was derived, in the order of the layout's entries. It is valid until one
  /// of them changes.
  private let trained: [Parameter]
  private let others: [Parameter]
  private let memberCounts: [Int]

  /// Creates the placement of parameters that all have values.
  init(_ parameters: Parameters) {
    let entries = parameters.entries.filter { $0.parameter.isTrainable }
    Placement.divide(entries, byGroup: { _ in 0 })
    var slabs: [ParameterSlab] = []
    var layoutEntries: [SlabLayout.Entry] = []
    for (path, parameter) in entries {
      guard let slab = parameter.slab, let shape = parameter.shape else { continue }
      let index = slabs.firstIndex { $0 === slab } ?? slabs.count
      if index == slabs.count { slabs.append(slab) }
      let target = LeafTarget(slab: index, offset: parameter.offset, count: parameter.count)
      layoutEntries.append(SlabLayout.Entry(path: path, key: LeafKey(parameter), shape: shape, target: target))
    }
    layout = SlabLayout(layoutEntries, slabCounts: slabs.map(\.values.count))
    self.slabs = slabs
    memberCounts = slabs.map(\.memberCount)
    trained = entries.map(\.parameter)
    members = parameters.entries
    others = parameters.entries.lazy.map(\.parameter).filter { !$0.isTrainable }
  }

  /// Whether the placement still describes the locations of the parameters.
  var isValid: Bool {
    for (parameter, entry) in zip(trained, layout.entries) {
      guard parameter.isTrainable, parameter.slab === slabs[entry.target.slab],
        parameter.offset == entry.target.offset
      else { return false }
    }
    if others.contains(where: { $0.isTrainable }) { return false }
    return slabs.indices.allSatisfy { slabs[$0].memberCount == memberCounts[$0] }
  }

  /// Moves parameters out of slabs that contain other parameters or several groups, into one slab per group.
  static func divide(_ entries: [(path: String, parameter: Parameter)], byGroup group: (String) -> Int) {
    var members: [ObjectIdentifier: [(path: String, parameter: Parameter)]] = [:]
    for entry in entries {
      if let slab = entry.parameter.slab { members[ObjectIdentifier(slab), default: []].append(entry) }
    }
    for (_, list) in members {
      guard let slab = list[0].parameter.slab else { continue }
      let groups = Dictionary(grouping: list) { group($0.path) }
      if groups.count == 1 && slab.memberCount == list.count { continue }
      for (_, part) in groups {
        let (new, layout) = ParameterSlab.packing(part, slab.values.dtype, slab.values.device) { $0.currentValue }
        for (entry, member) in zip(layout.entries, part) { member.parameter.place(in: new, at: entry.target.offset) }
      }
    }
  }
}

extension Module {
  /// Returns the locations of the trained parameters. Ends the program if a parameter has no value.
  func placement(for operation: String) -> Placement {
    if let model = self as? Model, let cached = model.placement, cached.isValid { return cached }
    if let path = quantizedPaths.first {
      ProgrammerError.end("\(operation): the weight \"\(path)\" is quantized, so the model cannot be trained")
    }
    let parameters = parameters
    if let missing = parameters.entries.first(where: { $0.parameter.slab == nil }) {
      ProgrammerError.end(
        "\(operation): the parameter \"\(missing.path)\" has no value yet; hint: build the model first, with "
          + "build(inputShape:on:seed:) or a first call")
    }
    let placement = Placement(parameters)
    (self as? Model)?.placement = placement
    return placement
  }
}
