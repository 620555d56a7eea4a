import NeuralNetworks
import Testing

/// Parameters are found by reflection, in the order of declaration, and named by their paths.
@Suite struct DiscoveryTests {
  /// Two parameters of one element.
  final class Leaf: Module {
    private let first = Parameter([1], .ones)
    let second = Parameter([1], .ones)
  }

  class Base: Module {
    private let hidden = Parameter([1], .ones)
    let leaf = Leaf()
  }

  final class Derived: Base {
    let own = Parameter([1], .ones)
  }

  enum Choice {
    case leaf(Leaf)
    case pair(Parameter, extra: Leaf)
  }

  struct Pair {
    let a = Parameter([1], .ones)
    let leaf = Leaf()
  }

  final class Nested: Module {
    let numbers = [Float](repeating: 0, count: 1000)
    let text = "text"
    let optional: Leaf? = Leaf()
    let absent: Leaf? = nil
    let twice: Leaf?? = .some(.some(Leaf()))
    let array = [Leaf(), Leaf()]
    let existential: [any Module] = [Leaf()]
    let optionals: [Parameter?] = [nil, Parameter([1], .ones)]
    let dictionary = ["b": Leaf(), "a": Leaf()]
    let tuple = (Leaf(), name: Parameter([1], .ones))
    let structure = Pair()
    let choice = Choice.pair(Parameter([1], .ones), extra: Leaf())
    let closure: () -> Leaf = { Leaf() }
    lazy var made = Leaf()
    let tensor = Tensor([1, 2])
  }

  @Test func superclassesComeFirstAndPrivatePropertiesCount() {
    #expect(Derived().parameters.paths == ["hidden", "leaf.first", "leaf.second", "own"])
  }

  @Test func everyContainerIsSearched() {
    let module = Nested()
    _ = module.made
    let leaf = { (path: String) in ["\(path).first", "\(path).second"] }
    var expected = leaf("optional") + leaf("twice") + leaf("array.0") + leaf("array.1") + leaf("existential.0")
    expected += ["optionals.1"] + leaf("dictionary.a") + leaf("dictionary.b") + leaf("tuple.0") + ["tuple.name"]
    expected += ["structure.a"] + leaf("structure.leaf") + ["choice.pair.0"] + leaf("choice.pair.extra") + leaf("made")
    #expect(module.parameters.paths == expected)
  }

  @Test func aLazyPropertyIsNotMade() {
    #expect(!Nested().parameters.paths.contains { $0.hasPrefix("made") })
  }

  final class Tied: Module {
    let encoder = Leaf()
    let decoder: Leaf
    let again: Parameter
    init() {
      decoder = encoder
      again = encoder.second
    }
  }

  @Test func whatIsSharedHasTheFirstName() {
    let module = Tied()
    #expect(module.parameters.paths == ["encoder.first", "encoder.second"])
    #expect(module.parameters.count == 2)
  }

  final class Child: Module {
    let weight = Parameter([1], .ones)
    weak var parent: Parent?
  }

  final class Parent: Module {
    let child = Child()
    let weight = Parameter([1], .ones)
    init() { child.parent = self }
  }

  @Test func cyclesEnd() {
    #expect(Parent().parameters.paths == ["child.weight", "weight"])
  }

  final class NotAModule { let weight = Parameter([1], .ones) }
  final class Holder: Module { let other = NotAModule() }

  @Test func otherClassesAreNotSearched() {
    #expect(Holder().parameters.paths.isEmpty)
  }

  @Test func containersNameLayersByPosition() throws {
    let inner = Sequential { Dense(2) }
    let model = Model(Sequential([Flatten(), inner, Model(Dense(3))]), inputShape: [2, 2])
    #expect(model.parameters.paths == ["1.0.weight", "1.0.bias", "2.weight", "2.bias"])
    #expect(model.parameters["1.0.weight"]?.shape == [4, 2])
    #expect(model.parameters["2.weight"]?.shape == [2, 3])
    #expect(model.parameters["3.weight"] == nil)
    #expect(model.parameters.count == 8 + 2 + 6 + 3)
  }

  class First: Module { private let weight = Parameter([1], .ones) }
  final class Second: First { private let weight = Parameter([1], .ones) }

  @Test func twoParametersOfOneNameAreRefused() {
    #expect { try Second().build() } throws: { error in
      "\(error)".contains("weight") && "\(error)".contains("two parameters have this name")
    }
  }
}
