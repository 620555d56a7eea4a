import ModelFormats
import NeuralNetworks
import Testing

/// The settings of layers in descriptions: defaults, required settings, unknown keys, `null`.
@Suite struct LayerSettingsTests {
  private func architecture(_ layer: String) throws -> Architecture {
    try JSONValue(parsing: #"{"layers": [\#(layer)]}"#).decode(Architecture.self)
  }

  private func layer<L: Layer>(_ type: L.Type, _ text: String) throws -> L {
    try #require(Sequential(architecture: try architecture(text)).layers.first as? L)
  }

  private func text(of layer: any Layer) throws -> String {
    try JSONValue(encoding: Architecture(of: Sequential([layer]))).text()
  }

  /// A description with required settings alone gives the same layer as its initializer.
  @Test func omittedSettingsHaveTheDefaultsOfTheInitializer() throws {
    let pairs: [(any Layer, String)] = [
      (Dense(3), #"{"layer": "Dense", "units": 3}"#),
      (
        EinsumDense("ab,bc->ac", outputShape: [3]),
        #"{"layer": "EinsumDense", "equation": "ab,bc->ac", "outputShape": [3]}"#
      ),
      (Conv2D(4, kernel: [3, 5]), #"{"layer": "Conv2D", "filters": 4, "kernel": [3, 5]}"#),
      (Conv1D(4, kernel: 3), #"{"layer": "Conv1D", "filters": 4, "kernel": 3}"#),
      (ConvTranspose2D(4, kernel: 3), #"{"layer": "ConvTranspose2D", "filters": 4, "kernel": 3}"#),
      (ConvTranspose3D(4, kernel: [1, 2, 3]), #"{"layer": "ConvTranspose3D", "filters": 4, "kernel": [1, 2, 3]}"#),
      (MaxPool2D(2), #"{"layer": "MaxPool2D", "window": 2}"#),
      (AveragePool1D(2), #"{"layer": "AveragePool1D", "window": 2}"#),
      (BatchNorm(), #"{"layer": "BatchNorm"}"#), (LayerNorm(), #"{"layer": "LayerNorm"}"#),
      (RMSNorm(), #"{"layer": "RMSNorm"}"#), (GroupNorm(2), #"{"layer": "GroupNorm", "groups": 2}"#),
      (Normalization(), #"{"layer": "Normalization"}"#), (Dropout(0.3), #"{"layer": "Dropout", "probability": 0.3}"#),
      (Embedding(7, 2), #"{"layer": "Embedding", "tokens": 7, "width": 2}"#), (Flatten(), #"{"layer": "Flatten"}"#),
      (LSTM(5), #"{"layer": "LSTM", "units": 5}"#), (SequenceAverage(), #"{"layer": "SequenceAverage"}"#),
      (SelfAttention(heads: 2, width: 4), #"{"layer": "SelfAttention", "heads": 2, "width": 4}"#),
      (UpSampling2D(2), #"{"layer": "UpSampling2D", "factor": 2}"#),
      (ZeroPadding2D(0), #"{"layer": "ZeroPadding2D"}"#), (ZeroPadding1D(0), #"{"layer": "ZeroPadding1D"}"#),
      (Cropping2D(0), #"{"layer": "Cropping2D"}"#), (Cropping1D(0), #"{"layer": "Cropping1D"}"#),
      (UpSampling1D(2), #"{"layer": "UpSampling1D", "factor": 2}"#),
      (Resizing([4, 5]), #"{"layer": "Resizing", "size": [4, 5]}"#), (PReLU(), #"{"layer": "PReLU"}"#),
      (CenterCrop(3), #"{"layer": "CenterCrop", "size": 3}"#), (Rescaling(2), #"{"layer": "Rescaling", "scale": 2}"#),
      (Conv3D(4, kernel: [1, 2, 3]), #"{"layer": "Conv3D", "filters": 4, "kernel": [1, 2, 3]}"#),
      (MaxPool3D(2), #"{"layer": "MaxPool3D", "window": 2}"#), (GlobalMaxPool3D(), #"{"layer": "GlobalMaxPool3D"}"#),
      (AveragePool3D(2), #"{"layer": "AveragePool3D", "window": 2}"#),
      (GlobalAveragePool3D(), #"{"layer": "GlobalAveragePool3D"}"#),
      (PixelShuffle(2), #"{"layer": "PixelShuffle", "factor": 2}"#),
      (Permute([2, 1]), #"{"layer": "Permute", "axes": [2, 1]}"#),
      (RepeatVector(3), #"{"layer": "RepeatVector", "count": 3}"#),
      (SeparableConv2D(4, kernel: 3), #"{"layer": "SeparableConv2D", "filters": 4, "kernel": 3}"#),
      (SeparableConv1D(4, kernel: 3), #"{"layer": "SeparableConv1D", "filters": 4, "kernel": 3}"#),
      (GaussianDropout(0.3), #"{"layer": "GaussianDropout", "probability": 0.3}"#),
      (AlphaDropout(0.3), #"{"layer": "AlphaDropout", "probability": 0.3}"#),
      (UnitNormalization(), #"{"layer": "UnitNormalization"}"#),
      (ZeroPadding3D(0), #"{"layer": "ZeroPadding3D"}"#), (Cropping3D(back: 2), #"{"layer": "Cropping3D", "back": 2}"#),
      (UpSampling3D(2), #"{"layer": "UpSampling3D", "factor": 2}"#),
      (AdaptiveAveragePool2D([2, 3]), #"{"layer": "AdaptiveAveragePool2D", "output": [2, 3]}"#),
      (AdaptiveMaxPool1D(2), #"{"layer": "AdaptiveMaxPool1D", "output": 2}"#),
      (AdaptiveAveragePool1D(2), #"{"layer": "AdaptiveAveragePool1D", "output": 2}"#),
      (AdaptiveMaxPool3D([2, 3, 4]), #"{"layer": "AdaptiveMaxPool3D", "output": [2, 3, 4]}"#),
      (AdaptiveAveragePool3D([2, 3, 4]), #"{"layer": "AdaptiveAveragePool3D", "output": [2, 3, 4]}"#),
      (RandomFlip(), #"{"layer": "RandomFlip"}"#), (RandomCrop(3), #"{"layer": "RandomCrop", "size": 3}"#),
      (RandomErasing(), #"{"layer": "RandomErasing"}"#), (RandomAffine(), #"{"layer": "RandomAffine"}"#),
      (RandomRotation(degrees: 9), #"{"layer": "RandomRotation", "degrees": 9}"#),
      (RandomZoom(scale: 0.5...2), #"{"layer": "RandomZoom", "scale": [0.5, 2]}"#),
      (RandomTranslation(rows: 0.1, columns: 0.2), #"{"layer": "RandomTranslation", "rows": 0.1, "columns": 0.2}"#),
      (RandomBrightness(0.2), #"{"layer": "RandomBrightness", "most": 0.2}"#),
      (RandomContrast(0.2), #"{"layer": "RandomContrast", "most": 0.2}"#),
      (RandomColorJitter(), #"{"layer": "RandomColorJitter"}"#), (RandomGrayscale(), #"{"layer": "RandomGrayscale"}"#),
      (RandomGaussianBlur(), #"{"layer": "RandomGaussianBlur"}"#),
      (CategoryEncoding(3), #"{"layer": "CategoryEncoding", "tokens": 3}"#),
      (IntegerLookup(), #"{"layer": "IntegerLookup"}"#),
      (IntegerLookup(vocabulary: [7]), #"{"layer": "IntegerLookup", "vocabulary": [7]}"#),
      (Discretization(bins: 3), #"{"layer": "Discretization", "bins": 3}"#),
      (STFTSpectrogram(), #"{"layer": "STFTSpectrogram"}"#), (MelSpectrogram(), #"{"layer": "MelSpectrogram"}"#),
      (
        STFTSpectrogram(frameLength: 3, frameStep: 2, fftLength: 6, window: [0.5, 1, 0.5], scaling: .none),
        #"{"layer": "STFTSpectrogram", "frameLength": 3, "frameStep": 2, "fftLength": 6, "window": [0.5, 1, 0.5], "scaling": "none"}"#
      ),
      (
        MelSpectrogram(sequenceLength: 9, window: .rectangular, maxFrequency: 800),
        #"{"layer": "MelSpectrogram", "sequenceLength": 9, "window": "rectangular", "maxFrequency": 800}"#
      ),
      (SimpleImputer(), #"{"layer": "SimpleImputer"}"#),
      (SimpleImputer(.constant(1.5)), #"{"layer": "SimpleImputer", "imputation": 1.5}"#),
      (SimpleImputer(.mostFrequent), #"{"layer": "SimpleImputer", "imputation": "mostFrequent"}"#),
    ]
    for (expected, text) in pairs {
      let found = try #require(Sequential(architecture: try architecture(text)).layers.first)
      #expect(type(of: found) == type(of: expected))
      #expect(try self.text(of: found) == self.text(of: expected))
    }
  }

  @Test func everySettingIsTaken() throws {
    let dense = try layer(
      Dense.self,
      #"{"layer": "Dense", "units": 2, "activation": "relu", "useBias": false, "initializer": "zeros", "regularizer": {"l2": 0.5}}"#
    )
    #expect(dense.units == 2 && dense.activation.name == "relu" && dense.bias == nil)
    #expect(dense.initializer.name == "zeros" && dense.regularizer?.l2 == 0.5)
    let (orthogonal, saved) = (#"{"factor": 0.5, "vectors": "columns"}"#, Regularizer.orthogonal(0.5, .columns))
    let other = try layer(
      Dense.self, #"{"layer": "Dense", "units": 2, "regularizer": {"l1": 0.25, "orthogonal": \#(orthogonal)}}"#)
    #expect(other.regularizer?.orthogonal == saved.orthogonal && other.regularizer?.l1 == 0.25)
    let rows = try layer(
      Dense.self, #"{"layer": "Dense", "units": 2, "regularizer": {"orthogonal": {"factor": 1}}}"#)
    #expect(rows.regularizer == .orthogonal(1, .rows))
    for wrong in [#"{"factor": 1, "axis": 0}"#, #"{"vectors": "rows"}"#, #"{"factor": 1, "vectors": "row"}"#] {
      #expect(throws: (any Error).self) {
        try layer(Dense.self, #"{"layer": "Dense", "units": 2, "regularizer": {"orthogonal": \#(wrong)}}"#)
      }
    }
    let norm = try layer(
      BatchNorm.self, #"{"layer": "BatchNorm", "isAffine": false, "momentum": 0.25, "epsilon": 0.5}"#)
    #expect(norm.weight == nil && norm.momentum == 0.25 && norm.epsilon == 0.5)
  }

  @Test func settingsOfRecurrentLayersAreTaken() throws {
    let layers: [any Layer] = [
      LSTM(
        3, activation: .relu, recurrentActivation: .hardSigmoid, unitForgetBias: true, dropout: 0.25,
        recurrentDropout: 0.5, returnsSequence: true, goesBackwards: true, masksZeros: true),
      Bidirectional(GRU(3, activation: .softsign, recurrentDropout: 0.5), joining: .average),
    ]
    let text = try JSONValue(encoding: Architecture(of: Sequential(layers))).text()
    let copies = Sequential(architecture: try JSONValue(parsing: text).decode(Architecture.self)).layers
    let lstm = try #require(copies[0] as? LSTM).configuration
    #expect(lstm.activation.name == "relu" && lstm.recurrentActivation.name == "hard_sigmoid" && lstm.unitForgetBias)
    #expect(lstm.dropout == 0.25 && lstm.recurrentDropout == 0.5 && lstm.goesBackwards && lstm.returnsSequence)
    let both = try #require(copies[1] as? Bidirectional)
    let gru = try #require(both.backwards as? GRU).configuration
    #expect(both.joining == .average && gru.activation.name == "softsign" && gru.recurrentDropout == 0.5)
    let plain = try layer(Bidirectional.self, #"{"layer": "Bidirectional", "recurrent": {"layer": "GRU", "units": 3}}"#)
    #expect(plain.joining == .concatenation)
    let error = #expect(throws: (any Error).self) {
      _ = try architecture(
        #"{"layer": "Bidirectional", "joining": "mean", "recurrent": {"layer": "GRU", "units": 3}}"#)
    }
    #expect("\(String(describing: error))".contains("mean"))
  }

  /// Layers for images survive with all of their settings, and draw the same numbers.
  @Test func variationsOfImagesAreSaved() throws {
    let layers: [any Layer] = [
      RandomFlip(.vertical), RandomCrop([4, 3]), RandomErasing(0.9, scale: 0.1...0.2, ratio: 1...2, fillValue: 3),
      RandomAffine(
        degrees: 9, rows: 0.1, columns: 0.2, scale: 0.9...1.1, shear: 9, method: .nearest, fillMode: .constant,
        fillValue: 2),
      RandomRotation(degrees: 40, method: .nearest, fillMode: .wrap), RandomZoom(scale: 0.5...2, fillMode: .nearest),
      RandomTranslation(rows: 0.3, columns: 0.4, fillMode: .constant, fillValue: 1),
      RandomBrightness(0.2, values: 0...2), RandomContrast(0.4, values: -1...1),
      RandomColorJitter(brightness: 0.1, contrast: 0.2, saturation: 0.3, hue: 0.4), RandomGrayscale(0.5),
      RandomGaussianBlur(kernel: 3, deviation: 0.5...1),
    ]
    let images = Tensor((0..<360).map { Float($0 * 37 % 101) / 101 }, shape: [4, 3, 6, 5])
    for layer in layers {
      let text = try text(of: layer)
      let copy = Sequential(architecture: try JSONValue(parsing: text).decode(Architecture.self))
      #expect(try self.text(of: try #require(copy.layers.first)) == text)
      let outputs = [layer, copy.layers[0]].map { $0(images, .training(RandomStream(seed: 3))) }
      #expect(try outputs[0].scalars() == outputs[1].scalars())
    }
    let error = #expect(throws: (any Error).self) {
      _ = try architecture(#"{"layer": "RandomZoom", "scale": [2, 1]}"#)
    }
    #expect(error != nil)
  }

  @Test func paddingOfConvolutionsIsTaken() throws {
    let causal = try layer(Conv1D.self, #"{"layer": "Conv1D", "filters": 2, "kernel": 3, "padding": "causal"}"#)
    #expect(causal.configuration.padding == .causal)
    #expect(try text(of: causal).contains(#""padding":"causal""#))
    let mirrored = try layer(
      Conv2D.self, #"{"layer": "Conv2D", "filters": 2, "kernel": 3, "padding": 1, "paddingMode": "reflect"}"#)
    #expect(mirrored.configuration.paddingMode == .reflect)
    let error = #expect(throws: (any Error).self) {
      _ = try architecture(#"{"layer": "Conv2D", "filters": 2, "kernel": 3, "padding": "causal"}"#)
    }
    #expect("\(String(describing: error))".contains("causal"))
  }

  /// Containers survive with the layers inside them; an omitted joining is a concatenation of the last axes.
  @Test func containersSurvive() throws {
    let containers: [any Layer] = [
      Parallel(joining: .concatenation(axis: 1)) { Dense(2) }, Parallel { Dense(2) },
      Parallel(joining: .sum) { Dense(2) },
      Residual { Dense(2) }, Rematerialized { Dense(2) }, TimeDistributed { Dense(2) },
      Sequential([Parallel { Sequential([Bidirectional(LSTM(3))]) }]),
    ]
    for container in containers {
      let text = try text(of: container)
      let copy = Sequential(architecture: try JSONValue(parsing: text).decode(Architecture.self))
      #expect(try JSONValue(encoding: Architecture(of: copy)).text() == text)
    }
    let short = try architecture(#"{"layer": "Parallel", "layers": [{"layer": "Flatten"}]}"#)
    #expect(try JSONValue(encoding: short).text().contains(#""joining":"concatenation","axis":-1"#))
  }

  /// A configuration survives on its own, too, such as in that of a custom layer.
  @Test func configurationsSurvive() throws {
    func copy<Value: Codable>(of value: Value) throws -> Value { try JSONValue(encoding: value).decode(Value.self) }
    for axis in [nil, -1, 1] {
      let found = try copy(of: Normalization(axis: axis).configuration)
      #expect(found.axis == axis && !found.isInverted)
    }
    #expect(try copy(of: Dense(3, activation: .relu, useBias: false).configuration).useBias == false)
    #expect(try copy(of: Conv2D(3, kernel: 2, stride: [2, 1]).configuration).stride == [2, 1])
    #expect(try copy(of: Embedding(3, 2, padding: 1).configuration).padding == 1)
    _ = try copy(of: Flatten().configuration)
  }

  @Test func nullIsTheDefaultExceptWhereItHasAMeaning() throws {
    #expect(try layer(Dense.self, #"{"layer": "Dense", "units": 2, "useBias": null, "regularizer": null}"#).bias != nil)
    #expect(try layer(Normalization.self, #"{"layer": "Normalization", "axis": null}"#).axis == nil)
    #expect(try layer(Normalization.self, #"{"layer": "Normalization"}"#).axis == -1)
  }

  @Test(arguments: [
    (#"{"layer": "Dense"}"#, "units"), (#"{"layer": "Dense", "units": "3"}"#, "units"),
    (#"{"layer": "Dense", "units": null}"#, "units"), (#"{"layer": "Dense", "units": 3, "unit": 4}"#, #""unit" is no"#),
    (#"{"layer": "Flatten", "axis": 1}"#, "there are layer"), (#"{"layer": "Embedding", "tokens": 3}"#, "width"),
    (#"{"layer": "Residual", "layers": [], "joining": "sum"}"#, "joining"),
    (#"{"layer": "Parallel", "layers": [], "joinin": "sum"}"#, "joining"),
    (#"{"layer": "ConvTranspose1D", "filters": 1, "kernel": 2, "outputPaddin": 1}"#, "outputPadding"),
  ]) func mistakesAreNamed(_ text: String, _ word: String) {
    let error = #expect(throws: JSONError.self) { _ = try architecture(text) }
    #expect("\(String(describing: error))".contains(word), "\(String(describing: error))")
  }
}
