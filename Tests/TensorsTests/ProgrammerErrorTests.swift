import BackendCore
import Tensors
import Testing

/// Mistakes in expressions end the program with a message that names the operation and both sides.
@Suite struct ProgrammerErrorTests {
  struct Mistake: Sendable {
    var operation: String
    /// The content of the message.
    var fragments: [String]
    var body: @Sendable () -> Void
  }

  static let mistakes: [Mistake] = [
    Mistake(operation: "Tensor +:", fragments: ["[2, 3]", "[4]", "3 and 4"]) {
      _ = Tensor.zeros([2, 3]) + .zeros([4])
    },
    Mistake(operation: "Tensor -=:", fragments: ["[2]", "[3]"]) {
      var x = Tensor.zeros([2])
      x -= Tensor.zeros([3])
    },
    Mistake(operation: "Tensor *:", fragments: ["float32", "int32", ".cast(to:)"]) {
      _ = Tensor.zeros([2]) * Tensor(integers: [1, 2])
    },
    Mistake(operation: "Tensor +:", fragments: ["cpu", "reference", ".moved(to:)", "[2]", "[1]"]) {
      _ = Tensor.zeros([2]) + Tensor.zeros([1], on: TestDevices.reference)
    },
    Mistake(operation: "Tensor *:", fragments: ["0.5", "int32"]) { _ = Tensor(integers: [1, 2]) * 0.5 },
    Mistake(operation: "Tensor +:", fragments: ["bool", ".cast(to:"]) { _ = Tensor([true]) + Tensor([true]) },
    Mistake(operation: "Tensor exp:", fragments: ["int32", ".cast(to: .float32)"]) { _ = Tensor(integers: [1]).exp() },
    Mistake(operation: "Tensor relu6:", fragments: ["int32", ".cast(to: .float32)"]) {
      _ = Tensor(integers: [1]).relu6()
    },
    Mistake(operation: "Tensor celu:", fragments: ["alpha", "above 0", "-1.0"]) { _ = Tensor([1]).celu(-1) },
    Mistake(operation: "Tensor softShrink:", fragments: ["lambda", "from 0 on", "nan"]) {
      _ = Tensor([1]).softShrink(.nan)
    },
    Mistake(operation: "Tensor squarePlus:", fragments: ["b is a number above 0", "0.0"]) {
      _ = Tensor([1]).squarePlus(0)
    },
    Mistake(operation: "Tensor glu:", fragments: ["[2, 3]", "axis -1", "two equal halves"]) {
      _ = Tensor.zeros([2, 3]).glu()
    },
    Mistake(operation: "Tensor sparsemax:", fragments: ["axis 1", "[3]"]) { _ = Tensor.zeros([3]).sparsemax(axis: 1) },
    Mistake(operation: "Tensor matmul:", fragments: ["[2, 3]", "[2, 3]", "3 and 2", "transposingRight"]) {
      _ = Tensor.zeros([2, 3]).matmul(.zeros([2, 3]))
    },
    Mistake(operation: "Tensor matmul:", fragments: ["[2, 3]", "[2]"]) {
      _ = Tensor.zeros([2, 3]).matmul(.zeros([2]))
    },
    Mistake(operation: "Tensor reshaped:", fragments: ["[2, 3]", "[4, -1]"]) {
      _ = Tensor.zeros([2, 3]).reshaped([4, -1])
    },
    Mistake(operation: "Tensor reshaped:", fragments: ["[2, 3]", "[7]"]) { _ = Tensor.zeros([2, 3]).reshaped([7]) },
    Mistake(operation: "Tensor sum:", fragments: ["[2, 3]", "axis 2"]) { _ = Tensor.zeros([2, 3]).sum(axis: 2) },
    Mistake(operation: "Tensor sum:", fragments: ["[2, 3]", "twice"]) { _ = Tensor.zeros([2, 3]).sum(axes: [1, -1]) },
    Mistake(operation: "Tensor permuted:", fragments: ["[2, 3]", "[0]"]) { _ = Tensor.zeros([2, 3]).permuted([0]) },
    Mistake(operation: "Tensor squeezed:", fragments: ["[2, 3]", "extent 3"]) {
      _ = Tensor.zeros([2, 3]).squeezed(axis: 1)
    },
    Mistake(operation: "Tensor broadcast:", fragments: ["[2, 3]", "[2]"]) {
      _ = Tensor.zeros([2, 3]).broadcast(to: [2])
    },
    Mistake(operation: "Tensor concatenated:", fragments: ["[2, 3]", "[2, 4]"]) {
      _ = Tensor.concatenated([.zeros([2, 3]), .zeros([2, 4])])
    },
    Mistake(operation: "Tensor stacked:", fragments: ["[2]", "[3]"]) {
      _ = Tensor.stacked([.zeros([2]), .zeros([3])])
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[2, 3]", "index 2", "axis 0"]) {
      _ = Tensor.zeros([2, 3])[2]
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[2, 3]", "index -4", "axis 1"]) {
      _ = Tensor.zeros([2, 3])[.all, [0, -4]]
    },
    Mistake(operation: "Tensor subscript:", fragments: ["float32", "int32"]) {
      var x = Tensor.zeros([2, 3])
      x[[0, 1]] = Tensor(integers: [1])
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[2, 3]", "two arrays"]) {
      _ = Tensor.zeros([2, 3])[[0], [1]]
    },
    Mistake(operation: "Tensor scattered:", fragments: ["[3]", "[2]"]) {
      _ = Tensor.zeros([3]).scattered(.zeros([3]), at: Tensor(integers: [0, 1]), by: .maximum)
    },
    Mistake(operation: "Tensor scattered:", fragments: ["int32", "floating-point"]) {
      _ = Tensor(integers: [3]).scattered(Tensor(integers: [3]), at: Tensor(integers: [0]), by: .mean)
    },
    Mistake(operation: "Tensor &:", fragments: ["int32", "float32"]) { _ = Tensor.zeros([2]) & Tensor.ones([2]) },
    Mistake(operation: "Tensor <<:", fragments: ["int32", "float32"]) { _ = Tensor.zeros([2]) << 1 },
    Mistake(operation: "Tensor integers:", fragments: ["3..<3"]) {
      _ = Tensor.integers([2], in: 3..<3, using: RandomStream(seed: 1))
    },
    Mistake(operation: "Tensor integers:", fragments: ["int32"]) {
      _ = Tensor.integers([2], in: 0..<(1 << 40), using: RandomStream(seed: 1))
    },
    Mistake(operation: "Tensor polygamma:", fragments: ["17"]) { _ = Tensor.zeros([2]).polygamma(17) },
    Mistake(operation: "Tensor multivariateLogGamma:", fragments: ["0"]) {
      _ = Tensor.zeros([2]).multivariateLogGamma(0)
    },
    Mistake(operation: "Tensor categorical:", fragments: ["3", "2 classes"]) {
      _ = Tensor.categorical(logits: .zeros([2]), count: 3, replacement: false, using: RandomStream(seed: 1))
    },
    Mistake(operation: "Tensor truncatedNormal:", fragments: ["-9.0", "5"]) {
      _ = Tensor.truncatedNormal([2], in: -9...0, using: RandomStream(seed: 1))
    },
    Mistake(operation: "Tensor exponential:", fragments: ["0.0"]) {
      _ = Tensor.exponential([2], rate: 0, using: RandomStream(seed: 1))
    },
    Mistake(operation: "Tensor jacobianVectorProduct:", fragments: ["[3]", "[2]"]) {
      _ = jacobianVectorProduct(at: Tensor.zeros([2]), along: .zeros([3])) { $0 }
    },
    Mistake(operation: "Tensor hypot:", fragments: ["floating-point", "int32"]) {
      _ = Tensor(integers: [3]).hypot(Tensor(integers: [4]))
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[2, 3]", "1..<4", "axis 1"]) {
      _ = Tensor.zeros([2, 3])[0, 1..<4]
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[2, 3]", "3 indices"]) { _ = Tensor.zeros([2, 3])[0, 0, 0] },
    Mistake(operation: "Tensor subscript:", fragments: ["[3]", "[2]"]) {
      var x = Tensor.zeros([4, 2])
      x[0] = .zeros([3])
    },
    Mistake(operation: "Tensor gathered:", fragments: ["[3, 1]", "[2, 3]"]) {
      _ = Tensor.zeros([2, 3]).gathered(Tensor(integers: [0, 0, 0], shape: [3, 1]), axis: 1)
    },
    Mistake(operation: "Tensor gathered:", fragments: ["int32", "float32"]) {
      _ = Tensor.zeros([2, 3]).gathered(.zeros([2, 3]))
    },
    Mistake(operation: "Tensor init:", fragments: ["5 elements", "[2, 3]"]) {
      _ = Tensor([1, 2, 3, 4, 5], shape: [2, 3])
    },
    Mistake(operation: "Tensor init:", fragments: ["row 1", "2", "1"]) { _ = Tensor([[1], [1, 2]] as [[Float]]) },
    Mistake(operation: "Tensor zeros:", fragments: ["[2, -3]"]) { _ = Tensor.zeros([2, -3]) },
    Mistake(operation: "Tensor zeros:", fragments: ["9 axes"]) { _ = Tensor.zeros([1, 1, 1, 1, 1, 1, 1, 1, 1]) },
    // Products of extents that overflow; poisoned tensors have such shapes without the memory.
    Mistake(operation: "Tensor *:", fragments: ["[4294967296, 4294967296]", "counted"]) {
      _ = Tensor.huge([1 << 32, 1]) * Tensor.huge([1, 1 << 32])
    },
    Mistake(operation: "Tensor matmul:", fragments: ["4294967296", "counted"]) {
      _ = Tensor.huge([1 << 32, 1]).matmul(.huge([1, 1 << 32]))
    },
    Mistake(operation: "Tensor tiled:", fragments: ["counted"]) { _ = Tensor.zeros([4]).tiled([1 << 62]) },
    Mistake(operation: "Tensor repeated:", fragments: ["counted"]) { _ = Tensor.zeros([4]).repeated(1 << 62, axis: 0) },
    Mistake(operation: "Tensor padded:", fragments: ["counted"]) {
      _ = Tensor.zeros([4, 4]).padded([(before: 0, after: Int.max - 8), (before: 0, after: 0)])
    },
    Mistake(operation: "Tensor reshaped:", fragments: ["counted"]) {
      _ = Tensor.zeros([4]).reshaped([1 << 32, 1 << 32, 1 << 32])
    },
    Mistake(operation: "Tensor linear:", fragments: ["counted"]) {
      _ = Tensor.huge([1 << 32, 1]).linear(.huge([1, 1 << 32]), bias: nil, activation: nil)
    },
    Mistake(operation: "Tensor stacked:", fragments: ["[2]", "axis -3"]) {
      _ = Tensor.stacked([.zeros([2])], axis: -3)
    },
    Mistake(operation: "Tensor oneHot:", fragments: ["-1"]) { _ = Tensor(integers: [0]).oneHot(classes: -1) },
    Mistake(operation: "Tensor identity:", fragments: ["-1"]) { _ = Tensor.identity(-1) },
    Mistake(operation: "Tensor range:", fragments: ["int32"]) { _ = Tensor.range((1 << 31) - 1..<(1 << 31) + 1) },
    Mistake(operation: "Tensor scatterAdded:", fragments: ["cpu", "reference"]) {
      let indices = Tensor(integers: [0], on: TestDevices.reference)
      _ = Tensor.zeros([2, 2]).scatterAdded(.zeros([1, 2]), at: indices)
    },
    Mistake(operation: "Tensor dropout:", fragments: ["nan"]) {
      _ = Tensor.zeros([2]).dropout(.nan, RandomSource(key: 1))
    },
    Mistake(operation: "Tensor replacing:", fragments: ["200", "int8"]) {
      _ = Tensor.zeros([1], dtype: .int8).replacing(with: 200, where: Tensor([true]))
    },
    Mistake(operation: "Tensor rows:", fragments: ["int32", "bool"]) {
      _ = Tensor([1, 2]).rows(at: Tensor([true]))
    },
    Mistake(operation: "Tensor item:", fragments: ["[2]"]) { _ = try? Tensor.zeros([2]).item() },
    Mistake(operation: "Tensor valueAndGradient: the value:", fragments: ["[2]", ".mean()"]) {
      _ = valueAndGradient(at: Tensor.zeros([2])) { $0 * 2 }
    },
    Mistake(operation: "Tensor valueAndGradient:", fragments: ["int32"]) {
      _ = valueAndGradient(at: Tensor(integers: [2])) { $0.cast(to: .float32).sum() }
    },
    Mistake(operation: "Tensor einsum:", fragments: ["ij,jk->ik", "[2, 3]", "[4, 5]"]) {
      _ = Tensor.einsum("ij,jk->ik", .zeros([2, 3]), .zeros([4, 5]))
    },
    Mistake(operation: "Tensor topK:", fragments: ["4 elements", "[3]"]) { _ = Tensor.zeros([3]).topK(4) },
    Mistake(operation: "Tensor split:", fragments: ["[3, 2]", "2 equal parts"]) {
      _ = Tensor.zeros([3, 2]).split(parts: 2)
    },
    Mistake(operation: "Tensor split:", fragments: ["9223372036854775807", "[4]"]) {
      _ = Tensor.zeros([4]).split(sizes: [Int.max, Int.max, 4])
    },
    Mistake(operation: "Tensor split:", fragments: ["[0]", "equal parts"]) { _ = Tensor.zeros([0]).split(parts: .max) },
    Mistake(operation: "Tensor concatenated:", fragments: ["counted"]) {
      _ = Tensor.concatenated([.zeros([0, Int.max]), .zeros([0, Int.max])], axis: 1)
    },
    Mistake(operation: "Tensor range:", fragments: ["counted"]) {
      _ = Tensor.range(Int.min..<Int.max, dtype: .float32)
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[4]", "stride from 0"]) {
      _ = Tensor.zeros([4])[stride(from: 0, to: Int.max, by: 1)]
    },
    Mistake(operation: "Tensor subscript:", fragments: ["[9]", "stride from -1"]) {
      _ = Tensor.zeros([9])[stride(from: -1, to: Int.max, by: Int.max - 5)]
    },
    Mistake(operation: "Tensor linear:", fragments: ["[2, 3]", "[4, 5]"]) {
      _ = Tensor.zeros([2, 3]).linear(.zeros([4, 5]), bias: nil, activation: nil)
    },
    Mistake(operation: "Tensor convolution:", fragments: ["[1, 2, 4]", "[2, 2, 3, 3]", "ranks"]) {
      _ = Tensor.zeros([1, 2, 4]).convolution(.zeros([2, 2, 3, 3]))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["[1, 3, 4, 4]", "[2, 2, 3, 3]", "1 groups"]) {
      _ = Tensor.zeros([1, 3, 4, 4]).convolution(.zeros([2, 2, 3, 3]))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["[1, 3, 4]", "[2, 2, 3]", "1 groups"]) {
      _ = Tensor.zeros([1, 3, 4]).convolution(.zeros([2, 2, 3]))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["[1, 4, 3, 3, 3]", "[3, 2, 2, 2, 2]", "2 groups"]) {
      _ = Tensor.zeros([1, 4, 3, 3, 3]).convolution(.zeros([3, 2, 2, 2, 2]), groups: 2)
    },
    Mistake(operation: "Tensor convolution:", fragments: ["[5]", "[2, 3, 2]"]) {
      _ = Tensor.zeros([1, 3, 4]).convolution(.zeros([2, 3, 2]), bias: .zeros([5]))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["window of 5", "[1, 2, 4]"]) {
      _ = Tensor.zeros([1, 2, 4]).convolution(.zeros([2, 2, 5]))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["1x3x1", "[1, 1, 4, 2, 2]"]) {
      _ = Tensor.zeros([1, 1, 4, 2, 2]).convolution(.zeros([1, 1, 1, 3, 1]))
    },
    Mistake(operation: "Tensor transposedConvolution:", fragments: ["[1, 3, 4]", "[2, 2, 3]", "1 groups"]) {
      _ = Tensor.zeros([1, 3, 4]).transposedConvolution(.zeros([2, 2, 3]))
    },
    Mistake(operation: "Tensor transposedConvolution:", fragments: ["int32", "[1, 1, 2, 2, 2]"]) {
      let x = Tensor.zeros([1, 1, 2, 2, 2], dtype: .int32)
      _ = x.transposedConvolution(x)
    },
    Mistake(operation: "Tensor convolution:", fragments: ["5x5", "[1, 2, 4, 4]"]) {
      _ = Tensor.zeros([1, 2, 4, 4]).convolution(.zeros([2, 2, 5, 5]))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["stride of 9223372036854775807", "[1, 2, 4, 4]"]) {
      _ = Tensor.zeros([1, 2, 4, 4]).convolution(.zeros([2, 2, 3, 3]), stride: SpatialExtent(.max))
    },
    Mistake(operation: "Tensor convolution:", fragments: ["dilation of [1, 2, 3]", "[1, 2, 4, 4]", "2 axes"]) {
      _ = Tensor.zeros([1, 2, 4, 4]).convolution(.zeros([2, 2, 3, 3]), dilation: [1, 2, 3])
    },
    Mistake(operation: "Tensor convolution:", fragments: ["9223372036854775807 groups", "[1, 2, 4, 4]"]) {
      _ = Tensor.zeros([1, 2, 4, 4]).convolution(.zeros([2, 2, 3, 3]), groups: .max)
    },
    Mistake(operation: "Tensor transposedConvolution:", fragments: ["output padding of 2", "[1, 2, 4]"]) {
      _ = Tensor.zeros([1, 2, 4]).transposedConvolution(.zeros([2, 2, 3]), stride: 2, outputPadding: 2)
    },
    Mistake(operation: "Tensor transposedConvolution:", fragments: ["output padding of 3", "stride, 2", "dilation, 3"])
    {
      _ = Tensor.zeros([1, 2, 4]).transposedConvolution(.zeros([2, 2, 3]), stride: 2, outputPadding: 3, dilation: 3)
    },
    Mistake(operation: "Tensor transposedConvolution:", fragments: ["[5]", "no output", "[1, 2, 4]"]) {
      _ = Tensor.zeros([1, 2, 4]).transposedConvolution(.zeros([2, 2, 3]), padding: 5)
    },
    Mistake(operation: "Tensor maxPooled:", fragments: ["padding of 2", "half", "[1, 2, 4]"]) {
      _ = Tensor.zeros([1, 2, 4]).maxPooled(2, padding: 2)
    },
    Mistake(operation: "Tensor averagePooled:", fragments: ["[2, 4]", "[N, C, L]"]) {
      _ = Tensor.zeros([2, 4]).averagePooled(2)
    },
    Mistake(operation: "Tensor padded:", fragments: ["axis 0", "[3]", "at most 2", "reflect"]) {
      _ = Tensor.zeros([3]).padded([(3, 0)], mode: .reflect)
    },
    Mistake(operation: "Tensor padded:", fragments: ["axis 0", "[3]", "at most 3", "circular"]) {
      _ = Tensor.zeros([3]).padded([(0, 4)], mode: .circular)
    },
    Mistake(operation: "Tensor padded:", fragments: ["[0]", "at most 0", "replicate"]) {
      _ = Tensor.zeros([0]).padded([(0, 4)], mode: .replicate)
    },
    Mistake(operation: "Tensor resized:", fragments: ["size of 0", "[1, 1, 4]"]) {
      _ = Tensor.zeros([1, 1, 4]).resized(to: 0)
    },
    Mistake(operation: "Tensor resized:", fragments: ["int32", ".cast(to: .float32)"]) {
      _ = Tensor(integers: [1, 2], shape: [1, 1, 2]).resized(to: 4)
    },
    Mistake(operation: "Tensor pixelShuffled:", fragments: ["2·2", "6 channels", "[6, 2, 2]"]) {
      _ = Tensor.zeros([6, 2, 2]).pixelShuffled(by: 2)
    },
    Mistake(operation: "Tensor pixelShuffled:", fragments: ["factor of 1", "[2, 0, 1, 1]", "at least 1"]) {
      _ = Tensor.zeros([2, 0, 1, 1]).pixelShuffled(by: 1)
    },
    Mistake(operation: "Tensor gridSampled:", fragments: ["[1, 1, 0, 2]", "at least one pixel"]) {
      _ = Tensor.zeros([1, 1, 0, 2]).gridSampled(at: .zeros([1, 1, 1, 2]))
    },
    Mistake(operation: "Tensor pixelUnshuffled:", fragments: ["2 does not divide", "[6, 2, 3]"]) {
      _ = Tensor.zeros([6, 2, 3]).pixelUnshuffled(by: 2)
    },
    Mistake(operation: "Tensor folded:", fragments: ["[1, 8, 5]", "4 elements", "4 positions"]) {
      _ = Tensor.zeros([1, 8, 5]).folded(to: 3, window: 2)
    },
    Mistake(operation: "Tensor gridSampled:", fragments: ["[1, 2, 3, 3]", "[2, 4, 4, 2]", "[N, h, w, 2]"]) {
      _ = Tensor.zeros([1, 2, 3, 3]).gridSampled(at: .zeros([2, 4, 4, 2]))
    },
    Mistake(operation: "Tensor sampled:", fragments: ["[1, 1, 2, 2]", "[1, 2]", "[N, h, w]"]) {
      _ = Tensor.zeros([1, 1, 2, 2]).sampled(rows: .zeros([1, 2]), columns: .zeros([1, 2]))
    },
    Mistake(operation: "Tensor warped:", fragments: ["[2, 1, 2, 2]", "[1, 2, 3]", "[N, 3, 3]"]) {
      _ = Tensor.zeros([2, 1, 2, 2]).warped(by: .zeros([1, 2, 3]))
    },
    Mistake(operation: "Tensor warped:", fragments: ["method bicubic", "[1, 1, 2, 2]"]) {
      _ = Tensor.zeros([1, 1, 2, 2]).warped(by: .zeros([1, 2, 3]), method: .bicubic)
    },
    Mistake(operation: "Tensor structuralSimilarity:", fragments: ["[1, 1, 9, 12]", "11"]) {
      _ = Tensor.zeros([1, 1, 9, 12]).structuralSimilarity(to: .zeros([1, 1, 9, 12]))
    },
    Mistake(operation: "Tensor affineGrid:", fragments: ["[1, 3, 3]", "[N, 2, 3]"]) {
      _ = Tensor.zeros([1, 3, 3]).affineGrid(height: 2, width: 2)
    },
    Mistake(operation: "Tensor gcd:", fragments: ["int32", "float32"]) { _ = Tensor.zeros([2]).gcd(.ones([2])) },
    Mistake(operation: "Tensor lcm:", fragments: ["[2]", "int8 and int32"]) {
      _ = Tensor([1, 2] as [Int8]).lcm(Tensor(integers: [1, 2]))
    },
    Mistake(operation: "Tensor rgbToHSV:", fragments: ["[1, 4, 2, 2]", "[…, 3, H, W]"]) {
      _ = Tensor.zeros([1, 4, 2, 2]).rgbToHSV()
    },
    Mistake(operation: "Tensor gaussianBlurred:", fragments: ["kernel of 4", "[1, 1, 5, 5]", "odd"]) {
      _ = Tensor.zeros([1, 1, 5, 5]).gaussianBlurred(kernel: 4, deviation: 1)
    },
    Mistake(operation: "Tensor gaussianBlurred:", fragments: ["deviation of 0.0", "[1, 1, 5, 5]"]) {
      _ = Tensor.zeros([1, 1, 5, 5]).gaussianBlurred(kernel: 3, deviation: 0)
    },
    Mistake(operation: "Tensor rotaryEmbedded:", fragments: ["[2, 3]", "even width"]) {
      _ = Tensor.zeros([2, 3]).rotaryEmbedded()
    },
    Mistake(operation: "Tensor rotaryEmbedded:", fragments: ["0..<3", "[2, 4]", "2 vectors"]) {
      _ = Tensor.zeros([2, 4]).rotaryEmbedded(positions: 0..<3)
    },
    Mistake(operation: "Tensor rotaryEmbedded:", fragments: ["[2, 4]", "2 vectors"]) {
      _ = Tensor.zeros([2, 4]).rotaryEmbedded(positions: .min ..< .max)
    },
    Mistake(operation: "Tensor rotaryEmbedded:", fragments: ["base is a number above 0", "nan"]) {
      _ = Tensor.zeros([2, 4]).rotaryEmbedded(base: .nan)
    },
    Mistake(operation: "Tensor gumbelSoftmax:", fragments: ["temperature is a number above 0", "0.0"]) {
      _ = Tensor.zeros([2]).gumbelSoftmax(temperature: 0, using: RandomStream(seed: 1))
    },
    Mistake(operation: "Tensor localResponseNormalized:", fragments: ["size of 0", "[1, 2, 3]"]) {
      _ = Tensor.zeros([1, 2, 3]).localResponseNormalized(size: 0)
    },
    Mistake(operation: "Tensor norm:", fragments: ["nan", "[2]"]) { _ = Tensor.zeros([2]).norm(.nan) },
    Mistake(operation: "Tensor norm:", fragments: ["int32", ".cast(to:"]) { _ = Tensor(integers: [1]).norm() },
    Mistake(operation: "Tensor distances:", fragments: ["[2, 3]", "[4, 5]", "[..., n, d]"]) {
      _ = Tensor.zeros([2, 3]).distances(to: .zeros([4, 5]))
    },
    Mistake(operation: "Tensor cosineSimilarity:", fragments: ["3 and 1", "axis -1"]) {
      _ = Tensor.zeros([2, 3]).cosineSimilarity(.zeros([2, 1]))
    },
    Mistake(operation: "Tensor lowerTriangle:", fragments: ["[3]", "[..., m, n]"]) {
      _ = Tensor.zeros([3]).lowerTriangle()
    },
    Mistake(operation: "Tensor diagonal:", fragments: ["[3]", "[..., m, n]"]) { _ = Tensor.zeros([3]).diagonal() },
    Mistake(operation: "Tensor diagonalMatrix:", fragments: ["[3]", "counted"]) {
      _ = Tensor.zeros([3]).diagonalMatrix(offset: .min)
    },
    Mistake(operation: "Tensor diagonalMatrix:", fragments: ["counted"]) {
      _ = Tensor.zeros([0]).diagonalMatrix(offset: .max)
    },
    Mistake(operation: "Tensor movedAxis:", fragments: ["[2, 3]", "axis 2"]) {
      _ = Tensor.zeros([2, 3]).movedAxis(from: 0, to: 2)
    },
    Mistake(operation: "Tensor rotated90:", fragments: ["[2, 3]", "twice"]) {
      _ = Tensor.zeros([2, 3]).rotated90(axes: (1, -1))
    },
    Mistake(operation: "Tensor meshGrid:", fragments: ["vectors", "[2, 3]"]) {
      _ = Tensor.meshGrid([.zeros([2]), .zeros([2, 3])])
    },
    Mistake(operation: "Tensor outer:", fragments: ["[2]", "[2, 3]"]) { _ = Tensor.zeros([2]).outer(.zeros([2, 3])) },
    Mistake(operation: "Tensor cross:", fragments: ["[2, 3]", "[2, 2]", "three elements"]) {
      _ = Tensor.zeros([2, 3]).cross(.zeros([2, 2]))
    },
    Mistake(operation: "Tensor cross:", fragments: ["[3]", "float16 and float32"]) {
      _ = Tensor.zeros([3], dtype: .float16).cross(.zeros([3]))
    },
    Mistake(operation: "Tensor kronecker:", fragments: ["four axes"]) {
      _ = Tensor.zeros([1, 1, 1, 1, 1]).kronecker(.zeros([2]))
    },
    Mistake(operation: "Tensor kronecker:", fragments: ["counted"]) {
      _ = Tensor.huge([1 << 32]).kronecker(.huge([1 << 32]))
    },
    Mistake(operation: "Tensor difference:", fragments: ["-1 times"]) { _ = Tensor.zeros([2]).difference(times: -1) },
    Mistake(operation: "Tensor isClose:", fragments: ["nan", "-1.0"]) {
      _ = Tensor.zeros([2]).isClose(.zeros([2]), relativeTolerance: .nan, absoluteTolerance: -1)
    },
    Mistake(operation: "Tensor isEqual:", fragments: ["float32", "int32"]) {
      _ = try? Tensor.zeros([2]).isEqual(to: Tensor(integers: [0, 0]))
    },
    Mistake(operation: "Tensor lerp:", fragments: ["[2]", "[3]"]) {
      _ = Tensor.zeros([2]).lerp(to: .zeros([3]), weight: 1)
    },
    Mistake(operation: "Tensor quantile:", fragments: ["1.5", "from 0 to 1"]) { _ = Tensor.zeros([2]).quantile(1.5) },
    Mistake(operation: "Tensor quantile:", fragments: ["no elements", "[2, 0]"]) {
      _ = Tensor.zeros([2, 0]).median(axis: 1)
    },
    Mistake(operation: "Tensor searchSorted:", fragments: ["[2, 3]", "[3, 2]", "[..., m]"]) {
      _ = Tensor.zeros([2, 3]).searchSorted(.zeros([3, 2]))
    },
    Mistake(operation: "Tensor isIn:", fragments: ["float32", "int32"]) {
      _ = Tensor.zeros([2]).isIn(Tensor(integers: [1]))
    },
    Mistake(operation: "Tensor histogram:", fragments: ["0 bins"]) { _ = Tensor.zeros([2]).histogram(bins: 0) },
    Mistake(operation: "Tensor histogram:", fragments: ["inf", "infinite"]) {
      _ = Tensor.zeros([2]).histogram(range: 0...Double.infinity)
    },
    Mistake(operation: "Tensor histogram:", fragments: ["1e+300", "infinite as float32"]) {
      _ = Tensor.zeros([2]).histogram(range: 0...1e300)
    },
    Mistake(operation: "Tensor binCount:", fragments: ["int32", "float32"]) { _ = try? Tensor.zeros([2]).binCount() },
    Mistake(operation: "Tensor binCount:", fragments: ["[3]", "[1]"]) {
      _ = try? Tensor(integers: [1]).binCount(weights: Tensor.zeros([3]))
    },
    Mistake(operation: "Tensor selected:", fragments: ["[3]", "[2, 3]", "first axes"]) {
      _ = try? Tensor.zeros([2, 3]).selected(where: .zeros([3], dtype: .bool))
    },
    Mistake(operation: "Tensor selected:", fragments: ["bool", "float32"]) {
      _ = try? Tensor.zeros([2]).selected(where: .zeros([2]))
    },
    Mistake(operation: "Tensor QuantizedTensor:", fragments: ["int8", "uint8", "[2]"]) {
      _ = QuantizedTensor(integers: .zeros([2], dtype: .uint8), quantization: AffineQuantization(scale: 1))
    },
    Mistake(operation: "Tensor QuantizedTensor:", fragments: ["[3]", "[2, 3]", "has the shape [2]"]) {
      _ = QuantizedTensor(
        integers: .zeros([2, 3], dtype: .uint8),
        quantization: AffineQuantization(scale: .ones([3]), type: .uint8, granularity: .perChannel(axis: 0)))
    },
    Mistake(operation: "Tensor withCustomGradient:", fragments: ["[1]", "[2]"]) {
      _ = valueAndGradient(at: Tensor.zeros([2])) { x in
        withCustomGradient(of: x, forward: { $0 }, backward: { _, _, _ in .zeros([1]) }).sum()
      }
    },
  ]

  @Test(arguments: mistakes.indices)
  func endsWithAMessage(_ index: Int) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      ProgrammerErrorTests.mistakes[index].body()
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let mistake = ProgrammerErrorTests.mistakes[index]
    for fragment in [mistake.operation] + mistake.fragments {
      #expect(message.contains(fragment), "\"\(fragment)\" is missing in: \(message)")
    }
  }
}

extension ProgrammerErrorTests {
  /// Output of a program to a file or a pipe is still in a buffer when it ends.
  @Test func deliversWhatWasPrintedBefore() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardOutputContent]) {
      print("the last line before")
      _ = Tensor.zeros([2]) + .zeros([3])
    }
    let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
    #expect(output.contains("the last line before"))
  }
}

extension Tensor {
  /// A tensor of a shape too large for any memory: it contains the error.
  fileprivate static func huge(_ shape: [Int]) -> Tensor {
    let device = TestDevices.full
    return .zeros(shape, on: device)
  }
}
