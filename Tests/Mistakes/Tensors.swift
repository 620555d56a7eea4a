// Mistakes that beginners make with tensors; see Model.swift.
import NeuralNetworks

func comparing(_ x: Tensor, _ y: Tensor) {
  // error: compare element by element with .==
  if x == y {}
  // error: compare element by element with .!=
  if x != y {}
  // error: compare element by element with .>
  if x > 0 {}
  // error: compare element by element with .<=
  while x <= 0.5 {}
  // error: compare element by element with .>
  let mask = x > y
  // error: compare element by element with .>=
  let count = (x >= 0).sum()
  // error: compare element by element with .==
  let equal = (x == y).sum()
}

func otherNames(_ x: Tensor, _ y: Tensor) {
  // error: 'sqrt()' has been renamed to 'squareRoot()'
  _ = x.sqrt()
  // error: 'abs()' has been renamed to 'magnitude()'
  _ = x.abs()
  // error: 'pow' has been renamed to 'power(_:)'
  _ = x.pow(2)
  // error: 'reshape' has been renamed to 'reshaped(_:)'
  _ = x.reshape([2, 3])
  // error: 'view' has been renamed to 'reshaped(_:)'
  _ = x.view([2, 3])
  // error: 'transpose()' has been renamed to 'transposed()'
  _ = x.transpose()
  // error: 'unsqueeze' has been renamed to 'expanded(axis:)'
  _ = x.unsqueeze(0)
  // error: the label is axis: sum(axis:)
  _ = x.sum(dim: 1)
  // error: the label is axis: mean(axis:)
  _ = x.mean(dim: 1)
  // error: write clamped(to: lower...upper)
  _ = x.clip(0, 1)
  // error: 'dot' has been renamed to 'matmul(_:)'
  _ = x.dot(y)
  // error: write transposed()
  _ = x.T
  // error: write try scalars()
  _ = x.numpy()
  // error: write shape
  _ = x.size()
  // error: 'to' has been renamed to 'moved(to:)'
  _ = x.to(.cpu)
  // error: 'detach()' has been renamed to 'detached()'
  _ = x.detach()
  // error: gradients come from a function: let (loss, gradients) = valueAndGradient(at: model)
  x.backward()
  // error: 'cat(_:axis:)' has been renamed to 'concatenated(_:axis:)'
  _ = Tensor.cat([x, y])
  // error: random numbers come from a stream: .normal(shape, using: RandomStream(seed: 1))
  _ = Tensor.randn([2, 3])
  // error: write .range(0..<count)
  _ = Tensor.arange(3)
}

func wholeNumbers(_ labels: [Int], _ samples: [UInt16], _ prices: [Float]) {
  // error: whole numbers are labels or indices, Tensor(integers:)
  _ = Tensor(labels)
  // error: whole numbers are labels or indices, Tensor(integers:)
  _ = Tensor(samples)
  // error: these are no whole numbers
  _ = Tensor(integers: prices)
}

func namesOfCompositions(_ x: Tensor, _ y: Tensor) {
  // error: 'tril' has been renamed to 'lowerTriangle(diagonal:)'
  _ = x.tril()
  // error: 'roll' is unavailable: write rolled(by: 1, axis: 0)
  _ = x.roll(1)
  // error: 'cdist' has been renamed to 'distances(to:p:)'
  _ = x.cdist(y)
  // error: 'bucketize' is unavailable: write bounds.searchSorted(x)
  _ = x.bucketize(y)
  // error: 'nan_to_num()' has been renamed to 'nanToNumber()'
  _ = x.nan_to_num()
  // error: 'allclose' has been renamed to 'allClose(_:)'
  _ = x.allclose(y)
  // error: 'meshgrid' has been renamed to 'meshGrid(_:indexing:)'
  _ = Tensor.meshgrid(x, y)
}
