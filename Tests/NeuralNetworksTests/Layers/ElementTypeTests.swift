import NeuralNetworks
import Testing

/// All layers that compute with real numbers reject int32 and 16-bit inputs in the same way: with a one-line error, before
/// an operation uses them.
@Suite struct ElementTypeTests {
  static let layers: [(layer: @Sendable () -> any Layer, shape: [Int])] = [
    ({ Dense(2) }, [3]), ({ EinsumDense("ab,bc->ac", outputShape: [2]) }, [3]),
    ({ Conv1D(2, kernel: 1) }, [2, 3]), ({ Conv2D(2, kernel: 1) }, [2, 3, 3]),
    ({ ConvTranspose1D(2, kernel: 1) }, [2, 3]), ({ ConvTranspose2D(2, kernel: 1) }, [2, 3, 3]),
    ({ ConvTranspose3D(2, kernel: 1) }, [2, 3, 3, 3]), ({ MaxPool1D(1) }, [2, 3]), ({ MaxPool2D(1) }, [2, 3, 3]),
    ({ AveragePool1D(1) }, [2, 3]),
    ({ AveragePool2D(1) }, [2, 3, 3]), ({ AdaptiveAveragePool2D(1) }, [2, 3, 3]),
    ({ AdaptiveAveragePool1D(1) }, [2, 3]), ({ AdaptiveMaxPool1D(1) }, [2, 3]),
    ({ AdaptiveAveragePool3D(1) }, [2, 3, 3, 3]), ({ AdaptiveMaxPool3D(1) }, [2, 3, 3, 3]),
    ({ AdaptiveMaxPool2D(1) }, [2, 3, 3]), ({ GlobalAveragePool1D() }, [2, 3]), ({ GlobalMaxPool1D() }, [2, 3]),
    ({ GlobalAveragePool2D() }, [2, 3, 3]), ({ GlobalMaxPool2D() }, [2, 3, 3]),
    ({ UpSampling2D(2, .bilinear) }, [2, 3, 3]), ({ BatchNorm() }, [3]), ({ GroupNorm(1) }, [3, 2]),
    ({ LayerNorm() }, [3]), ({ RMSNorm() }, [3]), ({ Dropout(0.5) }, [3]), ({ SpatialDropout(0.5) }, [3, 2]),
    ({ GaussianNoise(0.1) }, [3]), ({ Activation(.relu) }, [3]), ({ Activation(.softmax) }, [3]),
    ({ LSTM(2) }, [3, 2]), ({ GRU(2) }, [3, 2]), ({ SimpleRNN(2) }, [3, 2]), ({ Bidirectional { LSTM(2) } }, [3, 2]),
    ({ SequenceAverage() }, [3, 2]), ({ SelfAttention(heads: 1, width: 2) }, [3, 2]),
    ({ TransformerEncoderBlock(heads: 1, width: 2) }, [3, 2]), ({ PositionalEncoding() }, [3, 2]),
    ({ PositionalEmbedding(3) }, [3, 2]), ({ UpSampling1D(2, .bilinear) }, [2, 3]), ({ Resizing(2) }, [2, 3, 3]),
    ({ Rescaling(0.5) }, [3]), ({ SeparableConv1D(2, kernel: 1) }, [2, 3]),
    ({ SeparableConv2D(2, kernel: 1) }, [2, 3, 3]), ({ PReLU() }, [3]), ({ GaussianDropout(0.5) }, [3]),
    ({ AlphaDropout(0.5) }, [3]), ({ Conv3D(2, kernel: 1) }, [2, 3, 3, 3]), ({ MaxPool3D(1) }, [2, 3, 3, 3]),
    ({ AveragePool3D(1) }, [2, 3, 3, 3]), ({ GlobalMaxPool3D() }, [2, 3, 3, 3]),
    ({ GlobalAveragePool3D() }, [2, 3, 3, 3]), ({ UnitNormalization() }, [3]), ({ RandomFlip() }, [2, 3, 3]),
    ({ RandomCrop(2) }, [2, 3, 3]), ({ RandomErasing() }, [2, 3, 3]), ({ RandomAffine() }, [2, 3, 3]),
    ({ RandomRotation(degrees: 9) }, [2, 3, 3]), ({ RandomZoom(scale: 1...2) }, [2, 3, 3]),
    ({ RandomTranslation(rows: 0.1, columns: 0.1) }, [2, 3, 3]), ({ RandomBrightness(0.1) }, [2, 3, 3]),
    ({ RandomContrast(0.1) }, [2, 3, 3]), ({ RandomColorJitter() }, [3, 3, 3]), ({ RandomGrayscale() }, [3, 3, 3]),
    ({ RandomGaussianBlur() }, [2, 3, 3]), ({ STFTSpectrogram(frameLength: 3) }, [1, 4]),
    ({ MelSpectrogram(fftLength: 4) }, [4]),
  ]

  private func expectRefusal(
    _ path: String, of dtype: DType = .int32, at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) {
    do {
      try body()
      Issue.record("nothing was thrown for \(path)", sourceLocation: location)
    } catch ModelError.inputType(let layer, _, let found) {
      #expect(layer == path && found == dtype, sourceLocation: location)
    } catch {
      Issue.record("\(error)", sourceLocation: location)
    }
  }

  @Test(arguments: layers.indices) func integersAreRefused(_ index: Int) throws {
    let (make, shape) = Self.layers[index]
    let path = "0 (\(type(of: make())))"
    let input = Tensor.ones([4] + shape, dtype: .int32)
    // A graph knows the element type of its inputs, so building it is sufficient.
    let node = Node.input(shape, dtype: .int32)
    let layer = make()
    let output = layer(node)
    expectRefusal(path) { try Graph(inputs: ["x": node], outputs: ["y": output]).build() }
    for isBuilt in [false, true] {
      let model = Sequential([make()])
      if isBuilt { try model.build(inputShape: shape) }
      model.compile(optimizer: .sgd(), loss: .meanSquaredError)
      expectRefusal(path) { _ = try model.predict(input) }
      expectRefusal(path) { try model.fit(TensorDataset(input, .ones([4])), verbosity: .silent) }
      expectRefusal(path) { _ = try model.evaluate(TensorDataset(input, .ones([4]))) }
      expectRefusal(path) {
        let step = try TrainingStep(model, optimizer: .sgd(), loss: .meanSquaredError)
        _ = try step(Batch(input: input, target: .ones([4])))
      }
      let predictor = Predictor(Sequential([make()]))
      expectRefusal(path) { _ = try predictor.predict(input) }
    }
  }

  /// Numbers beyond the range of float32 are finite, even on a device that does not compute with float64.
  @Test func float64IsSearchedForNaN() throws {
    #expect(try Tensor([-1e300, 1e300] as [Double], dtype: .float64).isAllFinite())
    for number in [Double.nan, .infinity, -.infinity] {
      #expect(try !Tensor([1e300, number, 4] as [Double], dtype: .float64).isAllFinite())
    }
  }

  /// Devices do not compute the maximum of halves.
  @Test(arguments: [DType.float16, .bfloat16]) func halvesAreSearchedForNaN(_ dtype: DType) throws {
    #expect(try Tensor([-1, 65_504] as [Float]).cast(to: dtype).isAllFinite())
    for number in [Float.nan, .infinity, -.infinity] {
      let numbers = Tensor([1, 2, number, 4] as [Float]).cast(to: dtype)
      #expect(try !numbers.isAllFinite())
      let model = Sequential(inputShape: [1]) { Dense(1) }
      model.compile(optimizer: .sgd(), loss: .meanSquaredError)
      #expect {
        try model.fit(TensorDataset(.ones([4, 1]), numbers), batchSize: 4, shuffle: false, verbosity: .silent)
      } throws: {
        "\($0)".contains("example 2")
      }
    }
  }

  /// A layer with half parameters could not be trained, and no operation would compute its output.
  @Test(arguments: layers.indices, [DType.float16, .bfloat16])
  func halvesAreRefused(_ index: Int, _ dtype: DType) throws {
    let (make, shape) = Self.layers[index]
    let path = "0 (\(type(of: make())))"
    let input = Tensor.ones([4] + shape, dtype: dtype)
    for isBuilt in [false, true] {
      let model = Sequential([make()])
      if isBuilt { try model.build(inputShape: shape) }
      model.compile(optimizer: .sgd(), loss: .meanSquaredError)
      expectRefusal(path, of: dtype) { _ = try model.predict(input) }
      expectRefusal(path, of: dtype) { try model.fit(TensorDataset(input, .ones([4])), verbosity: .silent) }
    }
    let error = #expect(throws: ModelError.self) { try Predictor(Sequential([make()])).predict(input) }
    #expect(
      error?.description
        == "\(path): the input has \(dtype) elements, expected float32 ones; convert with .cast(to: .float32)")
  }

  /// The integer types that no operation computes with are refused like int32.
  @Test(arguments: layers.indices, [DType.int8, .uint8, .int16, .int64])
  func storedIntegersAreRefused(_ index: Int, _ dtype: DType) throws {
    let (make, shape) = Self.layers[index]
    let model = Sequential([make()])
    expectRefusal("0 (\(type(of: make())))", of: dtype) {
      _ = try model.predict(Tensor.ones([4] + shape, dtype: dtype))
    }
  }

  /// Layers that only move numbers accept all types.
  @Test func integersMayBeMoved() throws {
    let model = Sequential {
      ZeroPadding2D(1)
      UpSampling2D(2)
      Cropping2D([1, 0])
      Resizing([8, 6], .nearest)
      CenterCrop([8, 6])
      Permute([2, 1, 3])
      TimeDistributed {
        ZeroPadding1D(1)
        UpSampling1D(2)
        Cropping1D(5)
      }
      Activation(.linear)
      Reshape([8, -1])
      Flatten()
      Activation(ActivationFunction("half") { $0.cast(to: .float32) / 2 })
      Dense(1)
    }
    #expect(try model.predict(Tensor.ones([2, 2, 1, 1], dtype: .int32).reshaped([2, 1, 1, 2])).shape == [2, 1])
  }
}
