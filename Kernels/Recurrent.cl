// Recurrent cells and their gradients, one work item per unit of a row. The formulas and the order of the gates are
// those of RecurrentCell. Arguments that a cell does not have, or that `flags` does not include, are passed but not
// accessed.

#define HAS_HIDDEN 1
#define HAS_MASK 2
#define HAS_OUTPUT 4
#define HAS_CELL 8

#define STEP                                                                                                         \
  global float *gates, ulong gatesOffset, global float *recurrent, ulong recurrentOffset, global const float *bias,  \
      ulong biasOffset, global const nn_bool *mask, ulong maskOffset, global const float *previousHidden,            \
      ulong previousHiddenOffset, global const float *previousCell, ulong previousCellOffset, global float *hidden,  \
      ulong hiddenOffset, global float *cell, ulong cellOffset, index_t count, index_t units, int flags

#define GRADIENTS                                                                                                    \
  STEP, global const float *output, ulong outputOffset, global float *hiddenGradient, ulong hiddenGradientOffset,    \
      global float *cellGradient, ulong cellGradientOffset, global float *gradients, ulong gradientsOffset,          \
      global float *sums, ulong sumsOffset

#define BEGIN_STEP                                                                                                   \
  gates += gatesOffset;                                                                                              \
  recurrent += recurrentOffset;                                                                                      \
  bias += biasOffset;                                                                                                \
  mask += maskOffset;                                                                                                \
  previousHidden += previousHiddenOffset;                                                                            \
  previousCell += previousCellOffset;                                                                                \
  hidden += hiddenOffset;                                                                                            \
  cell += cellOffset;

#define BEGIN_GRADIENTS                                                                                              \
  BEGIN_STEP                                                                                                         \
  output += outputOffset;                                                                                            \
  hiddenGradient += hiddenGradientOffset;                                                                            \
  cellGradient += cellGradientOffset;                                                                                \
  gradients += gradientsOffset;                                                                                      \
  sums += sumsOffset;

// Runs the statements for each unit: `i` is its position in a state, and `g` is the position of its first gate.
#define NN_FORUNITS(GATES, ...)                                                                                      \
  NN_FORRUNS(start, run, count, units) {                                                                             \
    const index_t row = start / units, first = row * (units * (GATES)) + start % units;                              \
    const int moves = !(flags & HAS_MASK) || mask[row] != 0;                                                         \
    NN_RUN(k, run, 1, 1, {                                                                                           \
      const index_t i = start + k, g = first + k;                                                                    \
      __VA_ARGS__                                                                                                    \
    })                                                                                                               \
  }

#define OLD_HIDDEN (flags & HAS_HIDDEN ? previousHidden[i] : 0.0f)
#define OLD_CELL (flags & HAS_CELL ? previousCell[i] : 0.0f)

kernel void simpleCell(STEP) {
  BEGIN_STEP
  NN_FORUNITS(1, const float old = OLD_HIDDEN; const float h = nn_tanh(gates[g]); hidden[i] = moves ? h : old;)
}

kernel void lstmCell(STEP) {
  BEGIN_STEP
  NN_FORUNITS(4, {
    const float in = nn_sigmoid(gates[g]), forget = nn_sigmoid(gates[g + units]);
    const float update = nn_tanh(gates[g + 2 * units]), out = nn_sigmoid(gates[g + 3 * units]);
    const float oldHidden = OLD_HIDDEN, oldCell = OLD_CELL;
    const float c = fma(forget, oldCell, in * update);
    gates[g] = in;
    gates[g + units] = forget;
    gates[g + 2 * units] = update;
    gates[g + 3 * units] = out;
    cell[i] = moves ? c : oldCell;
    hidden[i] = moves ? out * nn_tanh(c) : oldHidden;
  })
}

kernel void gruCell(STEP) {
  BEGIN_STEP
  NN_FORUNITS(3, {
    const index_t unit = g - row * units * 3;
    const float reset = nn_sigmoid(gates[g] + (recurrent[g] + bias[unit]));
    const float update = nn_sigmoid(gates[g + units] + (recurrent[g + units] + bias[unit + units]));
    const float product = recurrent[g + 2 * units] + bias[unit + 2 * units];
    const float next = nn_tanh(fma(reset, product, gates[g + 2 * units])), old = OLD_HIDDEN;
    gates[g] = reset;
    gates[g + units] = update;
    gates[g + 2 * units] = next;
    recurrent[g + 2 * units] = product;
    hidden[i] = moves ? fma(update, old - next, next) : old;
  })
}

// The gradient of h: the gradient from the next step, plus the gradient of this step's output.
#define GRADIENT_OF_HIDDEN (hiddenGradient[i] + (flags & HAS_OUTPUT ? output[i] : 0.0f))

kernel void simpleCellGradient(GRADIENTS) {
  BEGIN_GRADIENTS
  NN_FORUNITS(1, {
    const float dh = GRADIENT_OF_HIDDEN, h = hidden[i];
    gradients[g] = moves ? dh * ((1.0f - h) * (1.0f + h)) : 0.0f;
    hiddenGradient[i] = moves ? 0.0f : dh;
  })
}

kernel void lstmCellGradient(GRADIENTS) {
  BEGIN_GRADIENTS
  NN_FORUNITS(4, {
    const float in = gates[g], forget = gates[g + units], update = gates[g + 2 * units], out = gates[g + 3 * units];
    const float shown = nn_tanh(cell[i]), dh = GRADIENT_OF_HIDDEN, later = cellGradient[i];
    const float dc = fma(dh * out, (1.0f - shown) * (1.0f + shown), later), old = OLD_CELL;
    gradients[g] = moves ? dc * update * (in * (1.0f - in)) : 0.0f;
    gradients[g + units] = moves ? dc * old * (forget * (1.0f - forget)) : 0.0f;
    gradients[g + 2 * units] = moves ? dc * in * ((1.0f - update) * (1.0f + update)) : 0.0f;
    gradients[g + 3 * units] = moves ? dh * shown * (out * (1.0f - out)) : 0.0f;
    cellGradient[i] = moves ? dc * forget : later;
    hiddenGradient[i] = moves ? 0.0f : dh;
  })
}

kernel void gruCellGradient(GRADIENTS) {
  BEGIN_GRADIENTS
  NN_FORUNITS(3, {
    const float reset = gates[g], update = gates[g + units], next = gates[g + 2 * units];
    const float product = recurrent[g + 2 * units], dh = GRADIENT_OF_HIDDEN, old = OLD_HIDDEN;
    const float dNext = moves ? dh * (1.0f - update) * ((1.0f - next) * (1.0f + next)) : 0.0f;
    const float dUpdate = moves ? dh * (old - next) * (update * (1.0f - update)) : 0.0f;
    const float dReset = dNext * product * (reset * (1.0f - reset));
    gradients[g] = dReset;
    gradients[g + units] = dUpdate;
    gradients[g + 2 * units] = dNext;
    sums[g] = dReset;
    sums[g + units] = dUpdate;
    sums[g + 2 * units] = dNext * reset;
    hiddenGradient[i] = moves ? dh * update : dh;
  })
}
