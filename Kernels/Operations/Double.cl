// The functions of Unary.cl whose fits are for float32, for float64: series and iterations on the elementary functions of
// OpenCL C. Errors are relative to the largest term.

#ifdef NN_DOUBLES

// The inverse of erf, by Halley's method on erf, or on erfc where erf is near 1, from an approximation that has about three
// digits (Winitzki, A handy approximation for the error function and its inverse, 2008).
static inline double nn_erf_inverse(double x) {
  const double size = fabs(x), w = log1p(-size * size), half_ = 2 / (3.1415926535897932 * 0.147) + w / 2;
  double y = sqrt(sqrt(half_ * half_ - w / 0.147) - half_);
  for (int k = 0; k < 4; k++) {
    const double error = size > 0.5 ? (1 - size) - erfc(y) : erf(y) - size;
    const double step = error / (1.1283791670955126 * exp(-y * y));
    y -= step / (1 + y * step);
  }
  return size < 1 ? copysign(y, x) : size == 1 ? copysign((double)INFINITY, x) : (double)NAN;
}

static inline double nn_log_gamma(double x) { return lgamma(x); }

// The digamma function and its derivatives have an asymptotic series for large arguments; smaller ones are first increased by
// whole numbers (recurrence), and negative ones reflected, as in Unary.cl.
static inline double nn_distance_to_whole(double x) { return x - rint(x); }
static inline double nn_sin_pi(double r) { return sin(3.1415926535897932 * r); }

static inline double nn_digamma(double x) {
  const double r = nn_distance_to_whole(x);
  double y = x < 0 ? 1 - x : x, sum = 0;
  while (y < 10) {
    sum -= 1 / y;
    y += 1;
  }
  const double z = 1 / (y * y);
  double p = 1.0 / 12;
  p = 691.0 / 32760 - z * p;
  p = 1.0 / 132 - z * p;
  p = 1.0 / 240 - z * p;
  p = 1.0 / 252 - z * p;
  p = 1.0 / 120 - z * p;
  p = 1.0 / 12 - z * p;
  const double above = sum + (log(y) - (0.5 / y + z * p));
  const double cotangent = 3.1415926535897932 * nn_sin_pi(0.5 - fabs(r)) / nn_sin_pi(r);
  return x < 0 ? (r == 0 ? (double)NAN : above - cotangent) : x == 0 ? -1 / x : above;
}

static inline double nn_trigamma(double x) {
  double y = x < 0 ? 1 - x : x, sum = 0;
  while (y < 10) {
    sum += 1 / (y * y);
    y += 1;
  }
  const double z = 1 / (y * y);
  double p = 7.0 / 6;
  p = 691.0 / 2730 - z * p;
  p = 5.0 / 66 - z * p;
  p = 1.0 / 30 - z * p;
  p = 1.0 / 42 - z * p;
  p = 1.0 / 30 - z * p;
  p = 1.0 / 6 - z * p;
  const double above = sum + (1 / y + z * (0.5 + p / y)), cosecant = 3.1415926535897932 / nn_sin_pi(nn_distance_to_whole(x));
  return x < 0 ? cosecant * cosecant - above : above;
}

// The derivative of trigamma.
static inline double nn_tetragamma(double x) {
  if (x == 0) return -(double)INFINITY;  // at -0, too
  const double r = nn_distance_to_whole(x);
  double y = x < 0 ? 1 - x : x, sum = 0;
  while (y < 10) {
    sum -= 2 / (y * y * y);
    y += 1;
  }
  const double z = 1 / (y * y);
  double p = 35.0 / 2;
  p = 691.0 / 210 - z * p;
  p = 5.0 / 6 - z * p;
  p = 3.0 / 10 - z * p;
  p = 1.0 / 6 - z * p;
  p = 1.0 / 6 - z * p;
  p = 1.0 / 2 - z * p;
  const double above = sum - z * (1 + 1 / y + z * p), cosecant = 3.1415926535897932 / nn_sin_pi(r);
  return x < 0 ? above - 2 * nn_sin_pi(0.5 - fabs(r)) * (cosecant * cosecant) * cosecant : above;
}

#endif
