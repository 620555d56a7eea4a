import Testing
import Tensors

@Test func smoke() throws {
  let a: Tensor = [[1, 2, 3], [4, 5, 6]]
  let (y, dy) = valueAndGradient(at: Tensor(3)) { x in x * x + 2 * x }
  print(try y.item(), try dy.item())
  #expect(try y.item() == 15)
  #expect(try dy.item() == 8)
  let w = Tensor([1, 2]), b = Tensor(0), x: Tensor = [[1, 2], [3, 4]]
  let (loss, (dw, db)) = valueAndGradient(at: w, b) { w, b in
    let prediction = x.matmul(w) + b
    return (prediction - 1).squared().mean()
  }
  print(try loss.item(), try dw.scalars(), try db.item())
  print(try a.softmax().scalars(), try a[0, 1...].scalars(), try a.sum(axis: 0).scalars())
  let (v, g) = valueAndGradient(at: a) { a in
    let (_, g) = valueAndGradient(at: a) { a in (a * a * a).sum() }
    return (g * g).sum()
  }
  print(try v.item(), try g.scalars())
  var c = a
  c[0, 1..<3] = [7, 8]
  c[1] += a[0]
  print(try c.scalars(), try a.scalars())
}
