// The steps of the optimizers for one element of a parameter, written once for all devices in the common subset of C
// and OpenCL C; see Mathematics.cl. The formulas are those of PyTorch.
//
// p is the parameter, and g is its prepared gradient. Pointers are states, which a step updates. The result is the new
// parameter. `rest` is 1 minus the smoothing constant before it. Mean squares are updated with (rest·g)·g, because g·g
// alone may overflow where the mean square does not.

// The gradient, scaled and clamped, plus the weight decay. A direct decay changes the parameter instead. NaN is kept.
NN_INLINE vf nn_prepared_gradient(vf g, vf *p, float scale, float bound, float rate, float decay, int decays_directly) {
  g = g * scale;
  g = pick(g > bound, (vf)bound, pick(g < -bound, (vf)-bound, g));
  if (decay == 0) return g;
  if (!decays_directly) return g + decay * *p;
  *p = *p - (rate * decay) * *p;
  return g;
}

NN_INLINE vf nn_sgd(vf p, vf g, float rate) { return p - rate * g; }

NN_INLINE vf nn_sgd_momentum(vf p, vf g, vf *velocity, float rate, float momentum, int is_nesterov) {
  *velocity = momentum * *velocity + g;
  return p - rate * (is_nesterov ? g + momentum * *velocity : *velocity);
}

// `average` is used if the rule is centered, and `velocity` if there is momentum.
NN_INLINE vf nn_rmsprop(vf p, vf g, vf *square, vf *velocity, vf *average, float rate, float smoothing, float rest,
                        float epsilon, float momentum, int is_centered) {
  *square = smoothing * *square + (rest * g) * g;
  vf variance = *square;
  if (is_centered) {
    *average = smoothing * *average + rest * g;
    variance = variance - *average * *average;
    variance = pick(variance < 0, (vf)0, variance);  // below 0 only because of rounding; NaN is kept
  }
  const vf quotient = g / (square_root(variance) + epsilon);
  if (momentum == 0) return p - rate * quotient;
  *velocity = momentum * *velocity + quotient;
  return p - rate * *velocity;
}

NN_INLINE vf nn_adagrad(vf p, vf g, vf *square, float rate, float epsilon) {
  *square = *square + g * g;
  return p - rate * g / (square_root(*square) + epsilon);
}

// The corrections are 1 − beta1ⁿ and √(1 − beta2ⁿ) at step n. `largest` is used by AMSGrad.
NN_INLINE vf nn_adam(vf p, vf g, vf *mean, vf *square, vf *largest, float rate, float beta1, float rest1, float beta2,
                     float rest2, float epsilon, float correction1, float correction2_root, int is_amsgrad) {
  *mean = beta1 * *mean + rest1 * g;
  *square = beta2 * *square + (rest2 * g) * g;
  if (is_amsgrad) *largest = maximum(*largest, *square);
  const vf root = square_root(is_amsgrad ? *largest : *square) * (1 / correction2_root);
  return p - (rate / correction1) * (*mean / (root + epsilon));
}
