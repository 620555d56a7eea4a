import Tensors
import Testing

@Test func smoke() throws {
  let (_, dy) = valueAndGradient(at: Tensor(3)) { x in x * x + 2 * x }
  #expect(try dy.item() == 8)
}
