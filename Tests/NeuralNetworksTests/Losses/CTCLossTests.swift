import NeuralNetworks
import Testing

/// Compares connectionist temporal classification with PyTorch 2.15's `ctc_loss` in float64.
@Suite struct CTCLossTests {
  /// Logits of 4 examples, 5 steps, and 4 classes.
  private func logits(_ device: Device) -> Tensor {
    var numbers: [Double] = []
    for example in 0..<4 {
      for step in 0..<5 {
        for kind in 0..<4 {
          let place = 7 * example + 3 * step + 5 * kind + example * step * kind
          numbers.append(Double(place % 11) / 4 - 1)
        }
      }
    }
    let dtype: DType = device == TestDevices.reference ? .float64 : .float32
    return Tensor(numbers, shape: [4, 5, 4], dtype: dtype, on: device)
  }

  private func integers(_ numbers: [Int], shape: [Int]? = nil, _ device: Device) -> Tensor {
    Tensor(integers: numbers, shape: shape ?? [numbers.count], on: device)
  }

  /// Equal neighbors, padding that is not a class, steps that do not count, and a sequence without labels.
  @Test(arguments: TestDevices.all) func agreesWithPyTorch(_ device: Device) throws {
    let targets = integers([1, 1, 3, 2, 3, -7, 9, 0, 0, 3, 1, 2], shape: [4, 3], device)
    let (steps, labels) = (integers([5, 4, 3, 5], device), integers([3, 2, 0, 3], device))
    let found = valueAndGradient(at: logits(device)) {
      Loss.ctc($0.logSoftmax(), targets: targets, inputLengths: steps, targetLengths: labels)
    }
    try expectClose(found.value, [2.51858536275])
    try expectClose(
      found.gradient,
      [
        -0.00769088096853, -0.0563452033848, 0.0523542681226, 0.0116818162307, -0.0190683257603, -0.0174169658326,
        0.00812527950281, 0.02836001209, -0.0481657517834, -0.0135737428236, 0.01374939402, 0.047990100587,
        0.0263133821913, -0.0599490139867, 0.0298294431628, 0.00380618863255, 0.00966667384294, 0.0364149763412,
        0.00812527950281, -0.0542069296869, -0.00394204444677, 0.0128194178307, -0.018861146029, 0.00998377264508,
        -0.0239972922188, 0.02062409103, -0.00990895231425, 0.0132821535031, -0.0142924900881, 0.0745383689203,
        -0.0327471359726, -0.0274987428595, 0.000406600644884, 0.00893086852897, 0.0659906885727, -0.0753281577466, 0,
        0,
        0, 0, -0.218700803802, 0.109244929024, 0.0243758385084, 0.0850800362701, -0.191365208956, 0.0215705341624,
        0.124129853614, 0.0456648211801, -0.136236441519, 0.0690010861766, 0.0418512743196, 0.0253840810229, 0, 0, 0, 0,
        0, 0, 0, 0, 0.0104557939798, 0.00854627855381, 0.0298294431628, -0.0488315156964, 0.00240031686382,
        -0.00271511801399, 0.0215005415453, -0.0211857403951, 0.00203232473402, -0.0263538851162, 0.00684662232146,
        0.0174749380608, -0.00691178704591, -0.00409354525105, -0.0139132985286, 0.0249186308256, -0.0130435522564,
        0.0298294431628, -0.0550876540931, 0.0383017631867,
      ])
    let other = Loss.ctc(
      logits(device).logSoftmax(), targets: integers([0, 1, 2, 2, 1, 0, 0, 2], shape: [4, 2], device),
      inputLengths: integers([5, 5, 2, 3], device), targetLengths: integers([2, 2, 2, 1], device), blank: 3)
    try expectClose(other, [2.32305625233])
  }

  /// Two equal labels need three steps.
  @Test(arguments: TestDevices.all) func impossibleSequences(_ device: Device) throws {
    let rows = logits(device)[0..<1]
    let targets = integers([1, 1], shape: [1, 2], device), two = integers([2], device)
    func loss(_ x: Tensor, zeroInfinity: Bool) -> Tensor {
      Loss.ctc(
        x.logSoftmax(), targets: targets, inputLengths: two, targetLengths: two, zeroInfinity: zeroInfinity)
    }
    #expect(try loss(rows, zeroInfinity: false).item() == .infinity)
    #expect(try loss(rows, zeroInfinity: true).item() == 0)
    let (_, gradient) = valueAndGradient(at: rows) { loss($0, zeroInfinity: false) }
    #expect(try gradient.scalars().allSatisfy { $0 == 0 })
  }

  @Test func mistakesAreNamed() async {
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.ctc(
        .zeros([2, 3, 4]), targets: Tensor(integers: [1, 2, 3], shape: [3, 1]), inputLengths: Tensor(integers: [3, 3]),
        targetLengths: Tensor(integers: [1, 1]))
    }
    let first = String(decoding: shape?.standardErrorContent ?? [], as: UTF8.self)
    #expect(first.contains("ctc: the targets have shape [3, 1], expected [2, labels]"), "\(first)")
    let blank = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Loss.ctc(
        .zeros([1, 3, 4]), targets: Tensor(integers: [1], shape: [1, 1]), inputLengths: Tensor(integers: [3]),
        targetLengths: Tensor(integers: [1]), blank: 4)
    }
    let second = String(decoding: blank?.standardErrorContent ?? [], as: UTF8.self)
    #expect(second.contains("ctc: the blank is class 4 of 4 classes"), "\(second)")
  }
}
