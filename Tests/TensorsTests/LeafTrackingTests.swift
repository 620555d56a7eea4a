import BackendCore
import Tensors
import Testing

/// The basis of modules: parameters are ranges of slabs, recorded on the tape where they are used.
@Suite struct LeafTrackingTests {
  final class Owner {}

  /// Two parameters, [3, 2] at 0 and [2] at 8, in a slab of 12, and one alone in a second slab.
  struct Parameters {
    let device: Device
    let weight = Owner()
    let bias = Owner()
    let scale = Owner()
    var slab: Tensor
    var other: Tensor

    init(on device: Device) {
      self.device = device
      slab = Tensor((0..<12).map { Float($0) / 10 }, on: device)
      other = Tensor([2, 0, 0, 0], on: device)
    }

    var targets: [LeafKey: LeafTarget] {
      [
        LeafKey(weight): LeafTarget(slab: 0, offset: 0, count: 6),
        LeafKey(bias): LeafTarget(slab: 0, offset: 8, count: 2),
        LeafKey(scale): LeafTarget(slab: 1, offset: 0, count: 1),
      ]
    }
    var weightValue: Tensor {
      trackedLeaf(LeafKey(weight), value: Tensor(viewing: slab, offset: 0, shape: [3, 2]))
    }
    var biasValue: Tensor { trackedLeaf(LeafKey(bias), value: Tensor(viewing: slab, offset: 8, shape: [2])) }
    var scaleValue: Tensor { trackedLeaf(LeafKey(scale), value: Tensor(viewing: other, offset: 0, shape: [])) }

    func gradients(of body: () -> Tensor) -> (value: Tensor, slabs: [Tensor]) {
      slabGradients(targets: targets, slabCounts: [12, 4], device: device, dtype: .float32, of: body)
    }
  }

  private func expected(_ x: Tensor, _ p: Parameters, _ body: (Tensor, Tensor) -> Tensor) throws -> [Double] {
    let (_, (dw, db)) = valueAndGradient(
      at: Tensor(viewing: p.slab, offset: 0, shape: [3, 2]), Tensor(viewing: p.slab, offset: 8, shape: [2]), of: body)
    return try dw.scalars(as: Double.self) + [0, 0] + db.scalars(as: Double.self) + [0, 0]
  }

  @Test(arguments: TestDevices.all)
  func gradientsLieInTheirRanges(_ device: Device) throws {
    let p = Parameters(on: device)
    let x = Tensor([1, 2, 3, -1, 0.5, 2], shape: [2, 3], on: device)
    func loss(_ w: Tensor, _ b: Tensor) -> Tensor { x.linear(w, bias: b, activation: UnaryOp(.tanh)).squared().sum() }
    let (value, slabs) = p.gradients { loss(p.weightValue, p.biasValue) }
    #expect(slabs.map(\.shape) == [[12], [4]])
    try expect(slabs[0], try expected(x, p, loss))
    try expect(slabs[1], [0, 0, 0, 0])
    try expectEqual(value, loss(p.weightValue, p.biasValue))
  }

  /// The gradients of two uses of a parameter are added, whichever rules they come from.
  @Test(arguments: TestDevices.all)
  func sharedParameters(_ device: Device) throws {
    let p = Parameters(on: device)
    let x = Tensor([1, 2, 3, -1, 0.5, 2], shape: [2, 3], on: device)
    func loss(_ w: Tensor, _ b: Tensor) -> Tensor {
      let first = x.linear(w, bias: b, activation: .relu)
      let second = (x * 2).linear(w, bias: b, activation: nil)
      let third = x.matmul(w) + b
      let picked = w.rows(at: Tensor(integers: [2, 2, 0], on: device)).sum() + w[1].sum()
      return (first + second).sum() + third.squared().mean() + picked + b.sum() + w.squared().sum()
    }
    let (_, slabs) = p.gradients { loss(p.weightValue, p.biasValue) }
    try expect(slabs[0], try expected(x, p, loss), tolerance: 1e-5)
    // The order of the contributions reversed: the sparse ones come first in the backward pass.
    func reversed(_ w: Tensor, _ b: Tensor) -> Tensor {
      let dense = w.squared().sum() + b.sum()
      return dense + x.linear(w, bias: b, activation: .relu).sum() + w.rows(at: Tensor(integers: [1], on: device)).sum()
    }
    try expect(p.gradients { reversed(p.weightValue, p.biasValue) }.slabs[0], try expected(x, p, reversed))
  }

  @Test func oneLeafForOneParameter() throws {
    let p = Parameters(on: .cpu)
    _ = p.gradients {
      #expect(p.weightValue.node == p.weightValue.node)
      #expect(p.weightValue.node != p.biasValue.node)
      #expect(withoutGradient { p.weightValue }.node == .constant)
      return p.weightValue.sum()
    }
    #expect(p.weightValue.node == .constant)
    #expect(p.weightValue.storage === p.slab.storage)
  }

  /// The gradient of a gradient's norm with respect to parameters, as in a gradient penalty.
  @Test(arguments: TestDevices.all)
  func penalties(_ device: Device) throws {
    let p = Parameters(on: device)
    let x = Tensor([0.3, -0.2, 0.5], shape: [1, 3], on: device)
    func penalty(_ w: Tensor, _ b: Tensor) -> Tensor {
      let (_, dx) = valueAndGradient(at: x) { x in x.linear(w, bias: b, activation: UnaryOp(.tanh)).sum() }
      return dx.squared().sum()
    }
    let (_, slabs) = p.gradients { penalty(p.weightValue, p.biasValue) }
    try expect(slabs[0], try expected(x, p, penalty))
  }

  /// Tracked scopes can be nested: the outer one differentiates the gradients of the inner one.
  @Test(arguments: TestDevices.all)
  func nestedScopes(_ device: Device) throws {
    let p = Parameters(on: device)
    // inner: d/ds (s³·Σw) = 3s²·Σw; outer: d/ds of its square.
    let (value, slabs) = p.gradients {
      let (_, inner) = p.gradients { p.scaleValue.power(3) * p.weightValue.sum() }
      #expect(inner.map(\.shape) == [[12], [4]])
      return inner[1].sum().squared()
    }
    let sum = 1.5
    try expect(value, [(12 * sum) * (12 * sum)], tolerance: 1e-5)
    // (3s²Σw)² = 9s⁴(Σw)²: 36s³(Σw)² for s, 18s⁴Σw for each weight.
    try expect(slabs[1], [36 * 8 * sum * sum, 0, 0, 0], tolerance: 1e-5)
    let dw = 18 * 16 * sum
    try expect(slabs[0], [dw, dw, dw, dw, dw, dw, 0, 0, 0, 0, 0, 0], tolerance: 1e-5)
  }

  /// A slab without sufficient memory: the gradients that depend on it fail as well; none is incomplete.
  @Test func aFailedSlabFailsWhatIsComputedWithIt() throws {
    let device = TestDevices.separate()
    let (weight, bias) = (Owner(), Owner())
    let targets = [
      LeafKey(bias): LeafTarget(slab: 0, offset: 0, count: 2),
      LeafKey(weight): LeafTarget(slab: 1, offset: 0, count: 2),
    ]
    let x = Tensor([3], shape: [1, 1], on: device)
    let (w, b) = (Tensor([-1, 1], shape: [1, 2], on: device), Tensor.zeros([2], on: device))
    device.setMemoryLimit(bytes: 4096)
    let (value, slabs) = slabGradients(targets: targets, slabCounts: [2000, 2], device: device, dtype: .float32) {
      x.linear(trackedLeaf(LeafKey(weight), value: w), bias: trackedLeaf(LeafKey(bias), value: b), activation: .relu)
        .sum()
    }
    try expect(value, [3])
    #expect(slabs[0].isPoisoned)
    if !slabs[1].isPoisoned { try expect(slabs[1], [0, 3]) }
  }

  /// Nested scopes without any parameters.
  @Test func emptySlabs() throws {
    let outer = valueAndGradient(at: Tensor(2)) { x in
      let (value, slabs) = slabGradients(targets: [:], slabCounts: [0], device: .cpu, dtype: .float32) { x * x }
      #expect(slabs.map(\.shape) == [[0]])
      return value
    }
    try expect(outer.gradient, [4])
  }

  @Test(arguments: TestDevices.all)
  func slabsAreWrittenInPlaceWhenUnshared(_ device: Device) throws {
    var slab = Tensor.zeros([8], on: device)
    let storage = ObjectIdentifier(slab.storage)
    var isUnique = slab.isStorageUniquelyReferenced()
    #expect(isUnique)
    try slab.write([1, 2, 3], at: 2)
    #expect(ObjectIdentifier(slab.storage) == storage)
    let view = Tensor(viewing: slab, offset: 2, shape: [3])
    isUnique = slab.isStorageUniquelyReferenced()
    #expect(!isUnique)
    try slab.write([9], at: 2)
    try expect(view, [1, 2, 3])
    try expect(slab, [0, 0, 9, 2, 3, 0, 0, 0])
    isUnique = slab.isStorageUniquelyReferenced()
    #expect(isUnique)
    #expect(try view.slice.offset == 2)
  }
}
