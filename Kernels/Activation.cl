// The activation of a layer, for kernels that receive it at run time: the number of the function plus 1, or 0 for none.

#define NN_ACTIVATION_CASE(NAME, COST, SAVED, VALUE, GRADIENT) \
  case nn_unary_##NAME + 1: return VALUE;
static inline float nn_activate(int activation, float x, float a) {
  switch (activation) {
    NN_ACTIVATIONS(NN_ACTIVATION_CASE)
    default: return x;
  }
}
