// One step of an optimizer, in place, one item a parameter. Formulas are those of OptimizerStep.Rule (PyTorch's). What
// changes from step to step is read from `scalars`, in the order of StepScalars.

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

// The gradient scaled, clamped and decayed; the parameter after a direct decay.
static inline float2 nn_prepare(float p, float g, decay_t decay, global const float *scalars) {
  const float bound = scalars[GRADIENT_BOUND];
  g = nn_maximum_float(nn_minimum_float(g * scalars[GRADIENT_SCALE], bound), -bound);
  if (decay.decaysDirectly)
    p -= scalars[LEARNING_RATE] * decay.weightDecay * p;
  else if (decay.weightDecay != 0.0f)
    g += decay.weightDecay * p;
  return (float2)(p, g);
}

#define BEGIN                                                                                                        \
  ps += pOffset;                                                                                                     \
  gs += gOffset;                                                                                                     \
  scalars += scalarsOffset;                                                                                          \
  if (scalars[SKIP] > 0.0f) return;                                                                                  \
  NN_FOREACH(i, count) {                                                                                             \
    const float2 prepared = nn_prepare(ps[i], gs[i], decay, scalars);                                                \
    const float p = prepared.x, g = prepared.y;
#define END }

#define COMMON                                                                                                       \
  global float *ps, ulong pOffset, global const float *gs, ulong gOffset, global const float *scalars,               \
      ulong scalarsOffset, index_t count, decay_t decay

kernel void sgd(COMMON) {
  BEGIN
  ps[i] = p - scalars[LEARNING_RATE] * g;
  END
}

kernel void sgdMomentum(COMMON, global float *velocities, ulong velocitiesOffset, float momentum, int isNesterov) {
  velocities += velocitiesOffset;
  BEGIN
  const float v = momentum * velocities[i] + g;
  velocities[i] = v;
  ps[i] = p - scalars[LEARNING_RATE] * (isNesterov ? g + momentum * v : v);
  END
}

kernel void rmsProp(COMMON, global float *squares, ulong squaresOffset, global float *velocities, ulong velocitiesOffset,
                    global float *averages, ulong averagesOffset, float smoothing, float rest, float epsilon,
                    float momentum, int isCentered) {
  squares += squaresOffset;
  velocities += velocitiesOffset;
  averages += averagesOffset;
  BEGIN
  const float s = smoothing * squares[i] + rest * g * g;
  squares[i] = s;
  float variance = s;
  if (isCentered) {
    const float a = smoothing * averages[i] + rest * g;
    averages[i] = a;
    // Never below 0 but for rounding; NaN stays.
    const float difference = fma(-a, a, s);
    variance = difference < 0.0f ? 0.0f : difference;
  }
  float update = g / (sqrt(variance) + epsilon);
  if (momentum != 0.0f) {
    update += momentum * velocities[i];
    velocities[i] = update;
  }
  ps[i] = p - scalars[LEARNING_RATE] * update;
  END
}

kernel void adagrad(COMMON, global float *squares, ulong squaresOffset, float epsilon) {
  squares += squaresOffset;
  BEGIN
  const float s = squares[i] + g * g;
  squares[i] = s;
  ps[i] = p - scalars[LEARNING_RATE] * g / (sqrt(s) + epsilon);
  END
}

kernel void adam(COMMON, global float *means, ulong meansOffset, global float *squares, ulong squaresOffset,
                 global float *largest, ulong largestOffset, float beta1, float rest1, float beta2, float rest2,
                 float epsilon, int isAMSGrad) {
  means += meansOffset;
  squares += squaresOffset;
  largest += largestOffset;
  const float stepSize = scalars[scalarsOffset + LEARNING_RATE] / scalars[scalarsOffset + FIRST_CORRECTION];
  const float root = scalars[scalarsOffset + SECOND_CORRECTION_ROOT];
  BEGIN
  const float m = beta1 * means[i] + rest1 * g;
  float v = beta2 * squares[i] + rest2 * g * g;
  means[i] = m;
  squares[i] = v;
  if (isAMSGrad) {
    v = nn_maximum_float(largest[i], v);
    largest[i] = v;
  }
  ps[i] = p - stepSize * m / (sqrt(v) / root + epsilon);
  END
}

// min(1, maximum/(√x + 1e-6)); NaN stays NaN.
kernel void clipFactor(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, float maximum) {
  if (get_global_id(0) == 0) ys[yOffset] = nn_minimum_float(1.0f, maximum / (sqrt(xs[xOffset]) + 1e-6f));
}
