// What every program begins with: element types, index types, the loop over elements, and functions with fixed rules for NaN.
//
// OpenCL C 1.2, no sub-groups, no extensions. A work group of the plain kernels has NN_GROUP items.

#define NN_GROUP 256
// Elements that an item of an elementwise kernel works on, NN_GROUP apart.
#define NN_EACH 4

typedef float nn_float;
typedef int nn_int;
// One byte, 0 or 1: `bool` has no size in OpenCL C.
typedef uchar nn_bool;

// Counts and positions within an operand. The offset where an operand begins is always 64 bits wide; programs are built
// a second time, with NN_WIDE, for operands of 2^31 elements and more.
#ifdef NN_WIDE
typedef ulong index_t;
typedef long step_t;
#else
typedef uint index_t;
typedef int step_t;
#endif

// The element type of tensors called NAME ("float", "int", "bool").
#define NN_TYPE(NAME) nn_##NAME

// Runs the statement that follows for each element of this item's share of `count`.
#define NN_FOREACH(i, count)                                                                        \
  for (index_t i = (index_t)get_group_id(0) * (NN_GROUP * NN_EACH) + get_local_id(0), nn_pass = 0;  \
       nn_pass < NN_EACH; nn_pass++, i += NN_GROUP)                                                 \
    if (i < (count))

// A loop over up to 8 axes, innermost first, and the steps of one operand along them.
typedef struct {
  index_t rank;
  index_t extents[8];
} loop_t;
typedef struct {
  step_t steps[8];
} steps_t;

// fmax and fmin drop NaN, and max and min leave it undefined; these two pass it on from either side.
static inline float nn_maximum_float(float a, float b) { return a != a ? a : (b != b ? b : (a > b ? a : b)); }
static inline float nn_minimum_float(float a, float b) { return a != a ? a : (b != b ? b : (a < b ? a : b)); }
static inline int nn_maximum_int(int a, int b) { return a > b ? a : b; }
static inline int nn_minimum_int(int a, int b) { return a < b ? a : b; }

// Integers wrap around: signed overflow is undefined in C.
static inline int nn_add_int(int a, int b) { return as_int(as_uint(a) + as_uint(b)); }
static inline int nn_subtract_int(int a, int b) { return as_int(as_uint(a) - as_uint(b)); }
static inline int nn_multiply_int(int a, int b) { return as_int(as_uint(a) * as_uint(b)); }

static inline float nn_sigmoid(float x) { return 1.0f / (1.0f + exp(-x)); }
// The distribution function of the standard normal distribution: erfc keeps its digits where 1 + erf cancels.
static inline float nn_normal_cdf(float x) { return 0.5f * erfc(-0.70710678118654752f * x); }

// The activations of layers; a is the constant of the function.
static inline float nn_activate_relu(float x, float a) { return x < 0.0f ? 0.0f : x; }
static inline float nn_activate_leakyReLU(float x, float a) { return x > 0.0f ? x : a * x; }
static inline float nn_activate_elu(float x, float a) { return x > 0.0f ? x : a * expm1(x); }
static inline float nn_activate_gelu(float x, float a) { return x * nn_normal_cdf(x); }
static inline float nn_activate_silu(float x, float a) { return x / (1.0f + exp(-x)); }
static inline float nn_activate_sigmoid(float x, float a) { return nn_sigmoid(x); }
static inline float nn_activate_tanh(float x, float a) { return tanh(x); }
static inline float nn_activate_softplus(float x, float a) { return (x < 0.0f ? 0.0f : x) + log1p(exp(-fabs(x))); }

// The same by number, for kernels that are told at run time.
#define NN_NO_ACTIVATION 0
#define NN_RELU 1
#define NN_LEAKY_RELU 2
#define NN_ELU 3
#define NN_GELU 4
#define NN_SILU 5
#define NN_SIGMOID 6
#define NN_TANH 7
#define NN_SOFTPLUS 8
static inline float nn_activate(int activation, float x, float a) {
  switch (activation) {
    case NN_RELU: return nn_activate_relu(x, a);
    case NN_LEAKY_RELU: return nn_activate_leakyReLU(x, a);
    case NN_ELU: return nn_activate_elu(x, a);
    case NN_GELU: return nn_activate_gelu(x, a);
    case NN_SILU: return nn_activate_silu(x, a);
    case NN_SIGMOID: return nn_activate_sigmoid(x, a);
    case NN_TANH: return nn_activate_tanh(x, a);
    case NN_SOFTPLUS: return nn_activate_softplus(x, a);
    default: return x;
  }
}
