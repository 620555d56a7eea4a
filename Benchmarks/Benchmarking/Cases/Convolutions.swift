import NeuralNetworks

extension Case {
  /// Convolution and pooling, alone and with their gradients, and the training of a small convolutional network; and some
  /// convolutions in bfloat16 and float16.
  static var convolutions: [Case] {
    let layers = [
      ConvolutionSizes(batch: 8, channels: 64, size: 56, filters: 64, padding: 1),
      ConvolutionSizes(batch: 32, channels: 1, size: 28, filters: 32, padding: 0),
      ConvolutionSizes(batch: 32, channels: 32, size: 13, filters: 64, padding: 0),
      ConvolutionSizes(batch: 8, channels: 256, size: 14, filters: 256, padding: 1),
      ConvolutionSizes(batch: 8, channels: 256, size: 14, filters: 256, kernel: 1, padding: 0),
      ConvolutionSizes(batch: 8, channels: 64, size: 56, filters: 128, stride: 2, padding: 1),
      ConvolutionSizes(batch: 8, channels: 128, size: 28, filters: 128, padding: 1, groups: 128),
    ]
    return layers.flatMap { [convolution($0), convolutionWithGradients($0)] } + [maxPool, maxPoolWithGradient]
      + [32, 128].map { networkStep($0, .float32) } + [.bfloat16, .float16].flatMap(convolutionsOfHalves)
  }

  private static func convolutionsOfHalves(_ type: DType) -> [Case] {
    let layers = [
      ConvolutionSizes(batch: 8, channels: 64, size: 56, filters: 64, padding: 1),
      ConvolutionSizes(batch: 128, channels: 1, size: 28, filters: 32, padding: 0),
      ConvolutionSizes(batch: 128, channels: 32, size: 13, filters: 64, padding: 0),
      ConvolutionSizes(batch: 8, channels: 256, size: 14, filters: 256, padding: 1),
      ConvolutionSizes(batch: 8, channels: 256, size: 14, filters: 256, kernel: 1, padding: 0),
    ]
    return layers.flatMap { [convolution($0, of: type), convolutionWithGradients($0, of: type)] }
  }

  private static func name(_ name: String, _ type: DType) -> String { name + (type == .float32 ? "" : " \(type)") }

  /// relu(x ⋆ w + b).
  private static func convolution(_ sizes: ConvolutionSizes, of type: DType = .float32) -> Case {
    let work = Work.operations(sizes.operations, of: type)
    return Case(name: name("conv2d relu", type), shape: sizes.text, work: work) { device in
      let (x, w, bias) = sizes.operands(device, type)
      return { x.convolution(w, bias: bias, sizes.geometry, groups: sizes.groups, activation: .relu) }
    }
  }

  /// The same, and the gradients of the input and the weight.
  private static func convolutionWithGradients(_ sizes: ConvolutionSizes, of type: DType = .float32) -> Case {
    let work = Work.operations(3 * sizes.operations, of: type)
    return Case(name: name("conv2d gradients", type), shape: sizes.text, work: work) { device in
      let (x, w, _) = sizes.operands(device, type)
      return {
        valueAndGradient(at: x, w) { $0.convolution($1, bias: nil, sizes.geometry, groups: sizes.groups).sum() }
          .gradient.1
      }
    }
  }

  private static let poolShape = [32, 32, 26, 26]
  private static var poolCount: Int { poolShape.reduce(1, *) }

  private static var maxPool: Case {
    Case(name: "max pool 2x2", shape: shapeText(poolShape), work: .floats(poolCount + poolCount / 4)) { device in
      let x = operand(poolShape, device)
      return { x.pooled(.maximum, WindowGeometry(kernel: (2, 2), stride: (2, 2))) }
    }
  }

  private static var maxPoolWithGradient: Case {
    let work = Work.floats(2 * poolCount + poolCount)
    return Case(name: "max pool 2x2 gradient", shape: shapeText(poolShape), work: work) { device in
      let x = operand(poolShape, device)
      return {
        valueAndGradient(at: x) { $0.pooled(.maximum, WindowGeometry(kernel: (2, 2), stride: (2, 2))).sum() }.gradient
      }
    }
  }

  /// A step of the training of 28x28 pictures with two convolutions, two poolings and two dense layers.
  static func networkStep(_ batch: Int, _ precision: Precision) -> Case {
    let first = 2.0 * 26 * 26 * 32 * 9, second = 2.0 * 11 * 11 * 64 * 288
    let dense = 2.0 * (1600 * 128 + 128 * 10)
    let work = Work.operations(Double(batch) * (2 * first + 3 * second + 3 * dense), of: precision.ofLayers)
    return Case(
      name: stepName(precision), shape: "conv 32-64-128-10 batch \(batch)", work: work
    ) { device in
      let model = Sequential(inputShape: [1, 28, 28]) {
        Conv2D(32, kernel: 3, activation: .relu)
        MaxPool2D(2)
        Conv2D(64, kernel: 3, activation: .relu)
        MaxPool2D(2)
        Flatten()
        Dense(128, activation: .relu)
        Dense(10)
      }
      let data = Batch(input: operand([batch, 1, 28, 28], device), target: labels(batch, below: 10, device))
      return try stepOperation(of: model, on: data, precision)
    }
  }
}

/// A convolution over square images.
private struct ConvolutionSizes {
  var batch, channels, size, filters: Int
  var kernel = 3
  var stride = 1
  var padding: Int
  var groups = 1

  var output: Int { (size + 2 * padding - kernel) / stride + 1 }

  var operations: Double {
    2 * Double(batch * filters * output * output) * Double(channels / groups * kernel * kernel)
  }

  var geometry: WindowGeometry {
    WindowGeometry(
      kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding, padding, padding))
  }

  /// "8x64x56x56 3x3 64", and what is not 1 or one group.
  var text: String {
    shapeText([batch, channels, size, size]) + " \(kernel)x\(kernel) \(filters)"
      + (stride > 1 ? " stride \(stride)" : "") + (groups > 1 ? " groups \(groups)" : "")
  }

  func operands(_ device: Device, _ type: DType) -> (x: Tensor, w: Tensor, bias: Tensor) {
    (
      operand([batch, channels, size, size], device).cast(to: type),
      operand([filters, channels / groups, kernel, kernel], device, seed: 2).cast(to: type),
      operand([filters], device, seed: 3).cast(to: type)
    )
  }
}
