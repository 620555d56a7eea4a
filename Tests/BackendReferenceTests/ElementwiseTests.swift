import BackendCore
import BackendReference
import Testing

/// Values and derivatives of PyTorch in float64; for trigonometric, hyperbolic, and gamma functions and their relatives, of mpmath.
@Suite struct ElementwiseTests {
  let backend = ReferenceBackend()
  static let points = [-2.5, -0.75, 0, 0.3, 1, 2.25]
  static let positivePoints = [0.01, 0.3, 1, 2.25, 50]
  static let unitPoints = [-0.9, -0.4, 0.1, 0.6, 0.95]
  static let gammaPoints = [-2.5, -0.75, 0.01, 0.3, 1, 2.25, 50]
  static let pointsAboveOne = [1.1, 1.5, 2, 10, 1000]

  struct Row: Sendable, CustomTestStringConvertible {
    let op: UnaryOp
    let at: [Double]
    let value: [Double]
    let derivative: [Double]

    init(_ op: UnaryOp, at points: [Double] = points, _ value: [Double], _ derivative: [Double]) {
      (self.op, at, self.value, self.derivative) = (op, points, value, derivative)
    }

    var testDescription: String { "\(op.kind)" }
  }

  static let rows: [Row] = [
    Row(.relu, [0, 0, 0, 0.3, 1, 2.25], [0, 0, 0, 1, 1, 1]),
    Row(.leakyReLU(slope: 0.1), [-0.25, -0.075, 0, 0.3, 1, 2.25], [0.1, 0.1, 0.1, 1, 1, 1]),
    Row(
      .elu(alpha: 1.5), [-1.376872502064152, -0.791450170888478, 0, 0.3, 1, 2.25],
      [0.1231274979358482, 0.708549829111522, 1.5, 1, 1, 1]),
    Row(UnaryOp(.relu6), at: [-2.5, 0, 0.3, 5, 6, 7.25], [0, 0, 0.3, 5, 6, 6], [0, 0, 1, 1, 0, 0]),
    Row(
      UnaryOp(.selu),
      [
        -1.6137857588732425, -0.9276320158350512, 0, 0.31521029620664415, 1.0507009873554805, 2.364077221549831,
      ],
      [
        0.1443135819741343, 0.8304673250123255, 1.7580993408473766, 1.0507009873554805, 1.0507009873554805,
        1.0507009873554805,
      ]),
    Row(
      UnaryOp(.geluTanh),
      [-0.015084266089998577, -0.17003944483437966, 0, 0.18537092354275922, 0.8411919906082768, 2.222798670102711],
      [-0.03795157621266618, 0.001061743862585618, 0.5, 0.7322954516388018, 1.0829640838457826, 1.0599145345177623]),
    Row(
      UnaryOp(.hardSigmoid), at: [-4, -3, -0.75, 0.3, 3, 3.5], [0, 0, 0.375, 0.55, 1, 1],
      [0, 0, 1 / 6.0, 1 / 6.0, 0, 0]),
    Row(
      UnaryOp(.hardSwish), at: [-4, -3, -2.5, -0.75, 0.3, 1, 3, 3.5],
      [0, 0, -0.20833333333333334, -0.28125, 0.165, 0.6666666666666666, 3, 3.5],
      [0, 0, -0.3333333333333333, 0.25, 0.6, 0.8333333333333333, 1, 1]),
    Row(
      UnaryOp(.softsign),
      [-0.7142857142857143, -0.42857142857142855, 0, 0.23076923076923075, 0.5, 0.6923076923076923],
      [0.08163265306122447, 0.32653061224489793, 1, 0.5917159763313609, 0.25, 0.09467455621301776]),
    Row(
      UnaryOp(.logSigmoid),
      [
        -2.5788897342925496, -1.1368710061148999, -0.6931471805599453, -0.5543552444685271, -0.31326168751822286,
        -0.10020655891674721,
      ],
      [0.9241418199787564, 0.679178699175393, 0.5, 0.425557483188341, 0.2689414213699951, 0.0953494648991095]),
    Row(
      UnaryOp(.gelu),
      [-0.015524163314440398, -0.16997051428265111, 0, 0.1853734266566858, 0.841344746068543, 2.2224949365261493],
      [-0.03761108590814519, 0.0007742782607648158, 0.5, 0.7323277668271099, 1.0833154705876864, 1.059189743975207]),
    Row(
      UnaryOp(.silu),
      [-0.18964545005310887, -0.24061597561845527, 0, 0.1723327550434977, 0.7310585786300049, 2.035463703977004],
      [-0.09940111134152683, 0.1574000555032465, 0.5, 0.6477800103188829, 0.9276705118714869, 1.0987309100966571]),
    Row(
      UnaryOp(.softplus),
      [
        0.07888973429254963, 0.38687100611489994, 0.6931471805599453, 0.8543552444685272, 1.3132616875182228,
        2.350206558916747,
      ],
      [0.07585818002124356, 0.32082130082460697, 0.5, 0.574442516811659, 0.7310585786300049, 0.9046505351008906]),
    Row(UnaryOp(.magnitude), [2.5, 0.75, 0, 0.3, 1, 2.25], [-1, -1, 0, 1, 1, 1]),
    // The derivative is 1 on the closed interval.
    Row(.clamp(-0.75, 1), [-0.75, -0.75, 0, 0.3, 1, 1], [0, 1, 1, 1, 1, 0]),
    Row(
      UnaryOp(.sigmoid),
      [0.07585818002124355, 0.320821300824607, 0.5, 0.574442516811659, 0.7310585786300049, 0.9046505351008906],
      [0.07010371654510815, 0.21789499376181404, 0.25, 0.24445831169074586, 0.19661193324148185, 0.08625794444256295]),
    Row(
      UnaryOp(.tanh),
      [-0.9866142981514303, -0.6351489523872873, 0, 0.2913126124515909, 0.7615941559557649, 0.9780261147388136],
      [0.02659222668316057, 0.5965858082813315, 1, 0.9151369618266292, 0.41997434161402614, 0.04346491888890097]),
    Row(
      UnaryOp(.erf),
      [-0.999593047982555, -0.7111556336535151, 0, 0.3286267594591274, 0.8427007929497149, 0.9985372834133188],
      [
        0.00217828423035271, 0.6429310691952074, 1.1283791670955126, 1.031260909618963, 0.4151074974205947,
        0.007142319022017983,
      ]),
    Row(
      UnaryOp(.expMinusOne),
      [-0.9179150013761012, -0.5276334472589853, 0, 0.3498588075760031, 1.7182818284590453, 8.487735836358526],
      [0.0820849986238988, 0.4723665527410147, 1, 1.3498588075760032, 2.718281828459045, 9.487735836358526]),
    Row(
      UnaryOp(.exp),
      [0.0820849986238988, 0.4723665527410147, 1, 1.3498588075760032, 2.718281828459045, 9.487735836358526],
      [0.0820849986238988, 0.4723665527410147, 1, 1.3498588075760032, 2.718281828459045, 9.487735836358526]),
    Row(.power(3), [-15.625, -0.421875, 0, 0.027, 1, 11.390625], [18.75, 1.6875, 0, 0.27, 3, 15.1875]),
    Row(.power(0), [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]),
    Row(UnaryOp(.square), [6.25, 0.5625, 0, 0.09, 1, 5.0625], [-5, -1.5, 0, 0.6, 2, 4.5]),
    Row(UnaryOp(.negate), [2.5, 0.75, 0, -0.3, -1, -2.25], [-1, -1, -1, -1, -1, -1]),
    Row(
      UnaryOp(.tan),
      [0.7470222972386603, -0.9315964599440725, 0.0, 0.30933624960962325, 1.5574077246549023, -1.2386276162240966],
      [1.5580423125717253, 1.8678719641803279, 1.0, 1.095688915322547, 3.4255188208147596, 2.5341983716729874]),
    Row(
      UnaryOp(.atan),
      [-1.1902899496825317, -0.6435011087932844, 0.0, 0.2914567944778671, 0.7853981633974483, 1.1525719972156676],
      [0.13793103448275862, 0.64, 1.0, 0.9174311926605505, 0.5, 0.16494845360824742]),
    Row(
      UnaryOp(.sinh),
      [-6.0502044810397875, -0.82231673193583, 0.0, 0.3045202934471426, 1.1752011936438014, 4.691168305898331],
      [6.132289479663686, 1.2946832846768448, 1.0, 1.0453385141288605, 1.5430806348152437, 4.796567530460195]),
    Row(
      UnaryOp(.cosh),
      [6.132289479663686, 1.2946832846768448, 1.0, 1.0453385141288605, 1.5430806348152437, 4.796567530460195],
      [-6.0502044810397875, -0.82231673193583, 0.0, 0.3045202934471426, 1.1752011936438014, 4.691168305898331]),
    Row(
      UnaryOp(.asinh),
      [-1.6472311463710958, -0.6931471805599453, 0.0, 0.29567304756342244, 0.881373587019543, 1.5501579568690622],
      [0.3713906763541037, 0.8, 1.0, 0.9578262852211514, 0.7071067811865476, 0.4061384660534476]),
    Row(
      UnaryOp(.exp2),
      [0.1767766952966369, 0.5946035575013605, 1.0, 1.2311444133449163, 2.0, 4.756828460010884],
      [
        0.1225322679335684, 0.41214777943298136, 0.6931471805599453, 0.8533642789721566, 1.3862943611198906,
        3.297182235463851,
      ]),
    Row(
      UnaryOp(.erfc),
      [1.999593047982555, 1.7111556336535152, 1.0, 0.6713732405408726, 0.15729920705028513, 0.0014627165866811518],
      [
        -0.0021782842303527095, -0.6429310691952074, -1.1283791670955126, -1.031260909618963, -0.4151074974205947,
        -0.007142319022017983,
      ]),
    Row(
      UnaryOp(.log2), at: positivePoints,
      [-6.643856189774724, -1.7369655941662063, 0.0, 1.1699250014423124, 5.643856189774724],
      [144.26950408889633, 4.8089834696298785, 1.4426950408889634, 0.6411977959506504, 0.02885390081777927]),
    Row(
      UnaryOp(.log10), at: positivePoints,
      [-2.0, -0.5228787452803376, 0.0, 0.3521825181113625, 1.6989700043360187],
      [43.42944819032518, 1.4476482730108395, 0.4342944819032518, 0.19301976973477858, 0.008685889638065037]),
    Row(
      UnaryOp(.asin), at: unitPoints,
      [-1.1197695149986342, -0.41151684606748806, 0.1001674211615598, 0.6435011087932844, 1.253235897503375],
      [2.294157338705618, 1.0910894511799618, 1.005037815259212, 1.25, 3.2025630761017414]),
    Row(
      UnaryOp(.acos), at: unitPoints,
      [2.6905658417935308, 1.9823131728623846, 1.4706289056333368, 0.9272952180016123, 0.3175604292915215],
      [-2.294157338705618, -1.0910894511799618, -1.005037815259212, -1.25, -3.2025630761017414]),
    Row(
      UnaryOp(.atanh), at: unitPoints,
      [-1.4722194895832204, -0.42364893019360184, 0.10033534773107558, 0.6931471805599453, 1.8317808230648227],
      [5.263157894736843, 1.1904761904761905, 1.0101010101010102, 1.5625, 10.256410256410248]),
    Row(
      UnaryOp(.erfInverse), at: unitPoints,
      [-1.1630871536766743, -0.37080715859355795, 0.08885599049425769, 0.5951160814499948, 1.3859038243496777],
      [3.428042811451841, 1.0168562004306123, 0.8932517253051876, 1.2628624281411842, 6.049327886384233]),
    Row(
      UnaryOp(.logGamma), at: gammaPoints,
      [
        -0.056243716497674054, 1.5757045971498584, 4.599479878042022, 1.0957979948180756, 0.0, 0.1248717148923966,
        144.5657439463449,
      ],
      [
        1.103156640645243, -2.894120200042932, -100.56088545786868, -3.502524222200133, -0.5772156649015329,
        0.5725464666237345, 3.901989673427892,
      ]),
    Row(
      UnaryOp(.digamma), at: gammaPoints,
      [
        1.103156640645243, -2.894120200042932, -100.56088545786868, -3.502524222200133, -0.5772156649015329,
        0.5725464666237345, 3.901989673427892,
      ],
      [
        9.539246644989124, 18.975106932284888, 10001.621213528313, 12.245364546107732, 1.6449340668482264,
        0.5573291545071107, 0.020201333226697125,
      ]),
    Row(
      UnaryOp(.trigamma), at: gammaPoints,
      [
        9.539246644989124, 18.975106932284888, 10001.621213528313, 12.245364546107732, 1.6449340668482264,
        0.5573291545071107, 0.020201333226697125,
      ],
      [
        -0.1082040516417274, -124.58699919679619, -2000002.340398677, -75.27253658872604, -2.4041138063191885,
        -0.30373993753692036, -0.0004080799893375969,
      ]),
    Row(
      UnaryOp(.acosh), at: pointsAboveOne,
      [0.4435682543851154, 0.9624236501192069, 1.3169578969248168, 2.993222846126381, 7.600902209541989],
      [2.1821789023599227, 0.8944271909999159, 0.5773502691896257, 0.10050378152592121, 0.0010000005000003751]),
    Row(
      UnaryOp(.log), at: positivePoints,
      [-4.605170185988091, -1.2039728043259361, 0, 0.8109302162163288, 3.912023005428146],
      [100, 3.3333333333333335, 1, 0.4444444444444444, 0.02]),
    Row(
      UnaryOp(.logOnePlus), at: positivePoints,
      [0.009950330853168083, 0.26236426446749106, 0.6931471805599453, 1.1786549963416462, 3.9318256327243257],
      [0.9900990099009901, 0.7692307692307692, 0.5, 0.3076923076923077, 0.0196078431372549]),
    Row(
      UnaryOp(.squareRoot), at: positivePoints, [0.1, 0.5477225575051661, 1, 1.5, 7.0710678118654755],
      [5, 0.9128709291752769, 0.5, 0.3333333333333333, 0.07071067811865475]),
    Row(
      UnaryOp(.reciprocalSquareRoot), at: positivePoints,
      [10, 1.8257418583505538, 1, 0.6666666666666666, 0.1414213562373095],
      [-500, -3.0429030972509232, -0.5, -0.14814814814814814, -0.001414213562373095]),
    Row(
      UnaryOp(.reciprocal), at: positivePoints, [100, 3.3333333333333335, 1, 0.4444444444444444, 0.02],
      [-10000, -11.111111111111112, -1, -0.19753086419753085, -0.0004]),
    Row(
      .power(2.7), at: positivePoints,
      [3.981071705534969e-06, 0.038746045822494066, 1, 8.930850077296741, 38656.18683887399],
      [0.0010748893604944417, 0.34871441240244666, 2.7, 10.71702009275609, 2087.434089299196]),
  ]

  @Test(arguments: rows)
  func knownValues(_ row: Row) throws {
    let x = try buffer(row.at)
    let y = try result(row.at.count)
    try backend.unary(row.op, x, count: row.at.count, into: y)
    let found = try values(y)
    #expect(agree(found, row.value, to: 2e-15), "\(found)")
  }

  @Test(arguments: rows)
  func knownDerivatives(_ row: Row) throws {
    let saved = try buffer(row.op.gradientSource == .input ? row.at : row.value)
    let dy = try buffer(row.at.map { _ in 2 })
    try backend.unaryGradient(row.op, dy, saved: saved, count: row.at.count, into: dy)
    let found = try values(dy)
    #expect(agree(found, row.derivative.map { 2 * $0 }, to: 2e-14), "\(found)")
  }

  /// Compares every derivative with the central difference of the function itself.
  @Test(arguments: UnaryOp.Kind.allCases.filter { UnaryOp($0).gradientSource != .neither })
  func derivativesAgreeWithDifferences(_ kind: UnaryOp.Kind) throws {
    let op = kind == .power ? .power(2.3) : kind == .clamp ? .clamp(-0.5, 0.9) : UnaryOp(kind, 0.7)
    // Away from the corners, and inside the domain.
    let points = [-1.7, -0.83, -0.29, 0.13, 0.41, 0.77, 1.9, 3.2].filter(domain(of: kind).contains)
    let step = 1e-6
    func evaluate(_ shift: Double) throws -> [Double] {
      let x = try buffer(points.map { $0 + shift })
      try backend.unary(op, x, count: points.count, into: x)
      return try values(x)
    }
    let difference = zip(try evaluate(step), try evaluate(-step)).map { ($0 - $1) / (2 * step) }
    let saved = try buffer(op.gradientSource == .input ? points : evaluate(0))
    let derivative = try buffer(points.map { _ in 1 })
    try backend.unaryGradient(op, derivative, saved: saved, count: points.count, into: derivative)
    #expect(points.count >= 2 && !difference.contains { $0.isNaN })
    #expect(agree(try values(derivative), difference, to: 1e-8), "\(difference)")
  }

  private func domain(of kind: UnaryOp.Kind) -> ClosedRange<Double> {
    switch kind {
    case .squareRoot, .reciprocalSquareRoot, .log, .log2, .log10, .logOnePlus, .power: 0.1...10
    case .acosh: 1.1...10
    case .asin, .acos, .atanh, .erfInverse: -0.9...0.9
    default: -10...10
    }
  }

  @Test func rounding() throws {
    let x = try buffer([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.4, -0.6])
    let y = try result(8)
    try backend.unary(UnaryOp(.round), x, count: 8, into: y)
    #expect(try values(y) == [-2, -2, 0, 0, 2, 2, 0, -1])
    try backend.unary(UnaryOp(.floor), x, count: 8, into: y)
    #expect(try values(y) == [-3, -2, -1, 0, 1, 2, 0, -1])
    try backend.unary(UnaryOp(.ceil), x, count: 8, into: y)
    #expect(try values(y) == [-2, -1, 0, 1, 2, 3, 1, 0])
  }

  /// A single rounding of the exact result: sums in float32 that would lose an addend.
  @Test func resultsAreRoundedOnce() throws {
    let a = try buffer([16_777_216, 1], .float32)
    let b = try buffer([1, 0x1p-24], .float32)
    let dense = Layout(dense: [2])
    try backend.binary(.add, a, dense, b, dense, into: a)
    #expect(try values(a) == [16_777_216, 1])
    let sum = try result(1, .float32)
    try backend.reduce(
      .sum, try buffer([16_777_216, 1, 1], .float32), AxisShape(outer: 1, extent: 3, inner: 1), into: sum)
    #expect(try values(sum) == [16_777_218])
  }

  @Test func floatingPointArithmetic() throws {
    let a = [5, -5, 5, -5, 5.5, -0.5, 0, 3]
    let b: [Double] = [3, 3, -3, -3, 1.5, 4, 2, 0]
    let expected: [(BinaryOp, [Double])] = [
      (.remainder, [2, 1, -1, -2, 1, 3.5, 0, .nan]), (.add, [8, -2, 2, -8, 7, 3.5, 2, 3]),
      (.maximum, [5, 3, 5, -3, 5.5, 4, 2, 3]), (.minimum, [3, -5, -3, -5, 1.5, -0.5, 0, 0]),
      (.subtract, [2, -8, 8, -2, 4, -4.5, -2, 3]), (.multiply, [15, -15, -15, 15, 8.25, -2, 0, 0]),
      (.floorDivide, [1, -2, -2, 1, 3, -1, 0, .infinity]), (.copySign, [5, 5, -5, -5, 5.5, 0.5, 0, 3]),
    ]
    let dense = Layout(dense: [8])
    for (op, values) in expected {
      let y = try result(8)
      try backend.binary(op, try buffer(a), dense, try buffer(b), dense, into: y)
      #expect(agree(try BackendReferenceTests.values(y), values), "\(op)")
    }
  }

  /// PyTorch's results for int32; division by zero gives 0, and everything wraps around.
  @Test func integerArithmetic() throws {
    let low = Double(Int32.min)
    let high = Double(Int32.max)
    let a = [7, -7, 7, -7, 6, 5, low, high, low]
    let b: [Double] = [2, 2, -2, -2, 3, 0, -1, 1, 2]
    let expected: [(BinaryOp, [Double])] = [
      (.remainder, [1, 1, -1, -1, 0, 0, 0, 0, 0]), (.divide, [3, -3, -3, 3, 2, 0, low, high, low / 2]),
      (.add, [9, -5, 5, -9, 9, 5, high, low, low + 2]), (.multiply, [14, -14, -14, 14, 18, 0, low, high, 0]),
      (.subtract, [5, -9, 9, -5, 3, 5, low + 1, high - 1, high - 1]),
      (.floorDivide, [3, -4, -4, 3, 2, 0, low, high, low / 2]), (.bitwiseAnd, [2, 0, 6, -8, 2, 0, low, 1, 0]),
      (.bitwiseOr, [7, -5, -1, -1, 7, 5, -1, high, low + 2]),
      (.bitwiseXor, [5, -5, -7, 7, 5, 5, high, high - 1, low + 2]),
      (.shiftLeft, [28, -28, 1, -2, 48, 5, low / 2, -2, 0]),
      (.shiftRight, [1, -2, 28, -28, 0, 5, 0, high / 2 - 0.5, low / 4]),
    ]
    let dense = Layout(dense: [9])
    for (op, values) in expected {
      let y = try result(9, .int32)
      try backend.binary(op, try buffer(a, .int32), dense, try buffer(b, .int32), dense, into: y)
      #expect(try BackendReferenceTests.values(y) == values, "\(op)")
    }
  }

  @Test func broadcastingAndPermutedOperands() throws {
    let shape: Shape = [2, 3]
    let a = try buffer([1, 2, 3, 4, 5, 6])
    let row = try buffer([10, 20, 30])
    let y = try result(6)
    try backend.binary(.add, a, Layout(dense: shape), row, Layout(broadcasting: [3], to: shape), into: y)
    #expect(try values(y) == [11, 22, 33, 14, 25, 36])
    let column = try buffer([10, 20])
    try backend.binary(.add, a, Layout(dense: shape), column, Layout(broadcasting: [2, 1], to: shape), into: y)
    #expect(try values(y) == [11, 12, 13, 24, 25, 26])
    // a as the transpose of [3, 2].
    let transposed = Layout(shape: shape, strides: Strides([1, 2]))
    try backend.binary(.subtract, a, transposed, row, Layout(broadcasting: [3], to: shape), into: y)
    #expect(try values(y) == [-9, -17, -25, -8, -16, -24])
  }

  @Test func comparisonsOfNaN() throws {
    let x = try buffer([.nan, 1, -1])
    let zero = try result(3, .bool)
    let expected: [(ComparisonOp, [Double])] = [
      (.equal, [0, 0, 0]), (.notEqual, [1, 1, 1]), (.less, [0, 0, 1]), (.lessOrEqual, [0, 0, 1]),
      (.greater, [0, 1, 0]), (.greaterOrEqual, [0, 1, 0]),
    ]
    for (op, values) in expected {
      try backend.compareScalar(op, x, 0, count: 3, into: zero)
      #expect(try BackendReferenceTests.values(zero) == values, "\(op)")
    }
  }

  @Test func conversions() throws {
    let x = try buffer([1.9, -1.9, 3e9, -3e9, .nan, .infinity, -0.0])
    let integers = try result(7, .int32)
    try backend.cast(x, count: 7, into: integers)
    #expect(try values(integers) == [1, -1, 2_147_483_647, -2_147_483_648, 0, 2_147_483_647, 0])
    let bools = try result(7, .bool)
    try backend.cast(x, count: 7, into: bools)
    #expect(try values(bools) == [1, 1, 1, 1, 1, 1, 0])
    let floats = try result(2, .float32)
    try backend.cast(try buffer([16_777_217, -7], .int32), count: 2, into: floats)
    #expect(try values(floats) == [16_777_216, -7])
  }

  @Test func meaninglessCombinationsThrow() throws {
    let integers = try buffer([1, 2], .int32)
    let bools = try buffer([0, 1], .bool)
    let dense = Layout(dense: [2])
    let error = #expect(throws: BackendError.self) {
      try backend.unary(UnaryOp(.exp), integers, count: 2, into: integers)
    }
    #expect(error == .unsupported(operation: "exp", dtype: .int32, device: "reference"))
    #expect(throws: BackendError.self) { try backend.binary(.add, bools, dense, bools, dense, into: bools) }
    #expect(throws: BackendError.self) {
      try backend.binary(.logicalAnd, integers, dense, integers, dense, into: bools)
    }
    #expect(throws: BackendError.self) { try backend.unary(UnaryOp(.logicalNot), integers, count: 2, into: bools) }
    #expect(throws: BackendError.self) {
      try backend.reduce(.mean, integers, AxisShape(outer: 1, extent: 2, inner: 1), into: integers)
    }
    #expect(throws: BackendError.self) {
      try backend.matmul(integers, integers, MatmulShape(m: 1, n: 1, k: 2), alpha: 1, beta: 0, into: integers)
    }
  }
}
