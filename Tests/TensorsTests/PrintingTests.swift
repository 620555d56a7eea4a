import Tensors
import Testing

@Suite struct PrintingTests {
  private func printed(_ x: Tensor) -> String { "\(x)" }

  @Test func numbers() {
    #expect(printed(Tensor(3)) == "3.0")
    #expect(printed(Tensor([1, 2.5, -10])) == "[  1.0,   2.5, -10.0]")
    #expect(printed([[1, 2], [3, 4.125]]) == "[[1.000, 2.000],\n [3.000, 4.125]]")
    #expect(printed(Tensor([1.0 / 3])) == "[0.3333]")
    #expect(printed(Tensor([.nan, .infinity, -1])) == "[ nan,  inf, -1.0]")
    #expect(printed(Tensor([1e-6, 2])) == "[1.0000e-06, 2.0000e+00]")
    #expect(printed(Tensor([1.5e10, 0])) == "[1.5000e+10, 0.0000e+00]")
    #expect(printed(Tensor([9.99999e9])) == "[1.0000e+10]")
    let smallest = Tensor([Double.leastNonzeroMagnitude], dtype: .float64, on: TestDevices.reference)
    #expect(printed(smallest) == "[4.9407e-324]")
    #expect(printed(Tensor([Float.leastNonzeroMagnitude])) == "[1.4013e-45]")
    #expect(printed(Tensor(integers: [1, -20])) == "[  1, -20]")
    #expect(printed(Tensor([true, false])) == "[ true, false]")
    #expect(printed(Tensor([] as [Float])) == "Tensor [0], float32: no elements")
  }

  @Test func axes() {
    #expect(
      printed(Tensor.range(0..<8).reshaped([2, 2, 2])) == """
        [[[0, 1],
          [2, 3]],

         [[4, 5],
          [6, 7]]]
        """)
  }

  @Test func longRowsAreBroken() {
    let lines = printed(Tensor.range(100..<140)).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { $0.count <= 101 })
    #expect(lines[1].first == " ")
  }

  @Test(arguments: TestDevices.all)
  func largeTensorsAreSummarized(_ device: Device) {
    let x = Tensor.range(0..<5000, on: device).reshaped([50, 100])
    #expect(
      printed(x) == """
        [[   0,    1,    2, …,   97,   98,   99],
         [ 100,  101,  102, …,  197,  198,  199],
         [ 200,  201,  202, …,  297,  298,  299],
         …,
         [4700, 4701, 4702, …, 4797, 4798, 4799],
         [4800, 4801, 4802, …, 4897, 4898, 4899],
         [4900, 4901, 4902, …, 4997, 4998, 4999]]
        shape [50, 100]
        """)
    #expect(printed(Tensor.range(0..<1001)) == "[   0,    1,    2, …,  998,  999, 1000]\nshape [1001]")
  }
}
