// One optimizer step, in place, one work item per parameter. The formulas are those of Operations/Optimizer.cl.
// Values that change from step to step are read from `scalars`, in the order of StepScalars.

#define LEARNING_RATE 0
#define GRADIENT_SCALE 1
#define GRADIENT_BOUND 2
#define FIRST_CORRECTION 3
#define SECOND_CORRECTION_ROOT 4
#define SKIP 5

typedef struct {
  float weightDecay;
  int decaysDirectly;
} decay_t;

#define BEGIN                                                                                                        \
  ps += pOffset;                                                                                                     \
  gs += gOffset;                                                                                                     \
  scalars += scalarsOffset;                                                                                          \
  if (scalars[SKIP] > 0.0f) return;                                                                                  \
  const float rate = scalars[LEARNING_RATE], scale = scalars[GRADIENT_SCALE], bound = scalars[GRADIENT_BOUND];       \
  NN_FOREACH(i, count) {                                                                                             \
    float p = ps[i];                                                                                                 \
    const float g = nn_prepared_gradient(gs[i], &p, scale, bound, rate, decay.weightDecay, decay.decaysDirectly);
#define END }

#define COMMON                                                                                                       \
  global float *ps, ulong pOffset, global const float *gs, ulong gOffset, global const float *scalars,               \
      ulong scalarsOffset, index_t count, decay_t decay

kernel void sgd(COMMON) {
  BEGIN
  ps[i] = nn_sgd(p, g, rate);
  END
}

kernel void sgdMomentum(COMMON, global float *velocities, ulong velocitiesOffset, float momentum, int isNesterov) {
  velocities += velocitiesOffset;
  BEGIN
  float v = velocities[i];
  ps[i] = nn_sgd_momentum(p, g, &v, rate, momentum, isNesterov);
  velocities[i] = v;
  END
}

kernel void rmsProp(COMMON, global float *squares, ulong squaresOffset, global float *velocities, ulong velocitiesOffset,
                    global float *averages, ulong averagesOffset, float smoothing, float rest, float epsilon,
                    float momentum, int isCentered) {
  squares += squaresOffset;
  velocities += velocitiesOffset;
  averages += averagesOffset;
  BEGIN
  float s = squares[i], v = momentum != 0.0f ? velocities[i] : 0.0f, a = isCentered ? averages[i] : 0.0f;
  ps[i] = nn_rmsprop(p, g, &s, &v, &a, rate, smoothing, rest, epsilon, momentum, isCentered);
  squares[i] = s;
  if (momentum != 0.0f) velocities[i] = v;
  if (isCentered) averages[i] = a;
  END
}

kernel void adagrad(COMMON, global float *squares, ulong squaresOffset, float epsilon) {
  squares += squaresOffset;
  BEGIN
  float s = squares[i];
  ps[i] = nn_adagrad(p, g, &s, rate, epsilon);
  squares[i] = s;
  END
}

kernel void adam(COMMON, global float *means, ulong meansOffset, global float *squares, ulong squaresOffset,
                 global float *largest, ulong largestOffset, float beta1, float rest1, float beta2, float rest2,
                 float epsilon, int isAMSGrad) {
  means += meansOffset;
  squares += squaresOffset;
  largest += largestOffset;
  const float correction1 = scalars[scalarsOffset + FIRST_CORRECTION];
  const float root = scalars[scalarsOffset + SECOND_CORRECTION_ROOT];
  BEGIN
  float m = means[i], v = squares[i], most = isAMSGrad ? largest[i] : 0.0f;
  ps[i] = nn_adam(p, g, &m, &v, &most, rate, beta1, rest1, beta2, rest2, epsilon, correction1, root, isAMSGrad);
  means[i] = m;
  squares[i] = v;
  if (isAMSGrad) largest[i] = most;
  END
}

// The largest magnitude among the numbers starting at `item`, `step` apart.
static float nn_largest(global const float *xs, index_t item, index_t count, index_t step) {
  float largest = 0.0f;
  for (index_t i = item; i < count; i += step) largest = fmax(largest, fabs(xs[i]));
  return largest;
}

// The sum of the squares of the same numbers, each divided by the largest one. Blocks are summed separately, because a
// long sum would absorb its small terms.
static float nn_quotients(global const float *xs, index_t item, index_t count, index_t step, float largest) {
  float sum = 0.0f, block = 0.0f;
  uint filled = 0;
  for (index_t i = item; i < count; i += step) {
    const float quotient = isinf(largest) ? 1.0f : xs[i] / largest;
    block += quotient * quotient;
    if (++filled == 256) {
      sum += block;
      block = 0.0f;
      filled = 0;
    }
  }
  return sum + block;
}

// y = the square root of a sum of squares, optionally including the square of y itself. If the sum has overflowed, the
// work group sums the numbers again, divided by the largest one. (There are no barriers in conditions, because not
// every compiler handles them correctly.)
kernel void norm(global const float *xs, ulong xOffset, global const float *sums, ulong sumOffset, global float *ys,
                 ulong yOffset, index_t count, int accumulates) {
  float sum = sums[sumOffset], largest = 1.0f;
  const index_t again = isinf(sum) ? count : 0;
  const uint item = get_local_id(0);
  xs += xOffset;
#ifdef NN_LOOPS
  if (item != 0) return;
  if (again > 0) {
    largest = nn_largest(xs, 0, again, 1);
    sum = nn_quotients(xs, 0, again, 1, largest);
  }
#else
  local float shared[NN_GROUP];
  shared[item] = nn_largest(xs, item, again, NN_GROUP);
  barrier(CLK_LOCAL_MEM_FENCE);
  float whole = 0.0f;
  for (uint i = 0; i < NN_GROUP; i++) whole = fmax(whole, shared[i]);
  barrier(CLK_LOCAL_MEM_FENCE);
  shared[item] = nn_quotients(xs, item, again, NN_GROUP, whole);
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item != 0) return;
  if (again > 0) {
    largest = whole;
    sum = 0.0f;
    for (uint i = 0; i < NN_GROUP; i++) sum += shared[i];
  }
#endif
  const float own = largest * sqrt(sum), before = accumulates ? ys[yOffset] : 0.0f;
  ys[yOffset] = accumulates ? hypot(before, own) : own;
}

// min(1, maximum/(x + 1e-6)); NaN stays NaN.
kernel void clipFactor(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, float maximum) {
  if (get_global_id(0) == 0) ys[yOffset] = nn_minimum_float(1.0f, maximum / (xs[xOffset] + 1e-6f));
}
