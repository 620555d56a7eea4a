// The parts of loops that combine many numbers, one after another. Sums of floats carry along the rounding error of the last
// addition: NEXT adds it to the next number, LOST is the new one (nn_lost, see Common.cl), and RESULT adds it to the value.
// All other operations have none.
#define NN_WITH_REST(x, rest) ((x) + (rest))
#define NN_ALONE(x, rest) (x)
#define NN_EXACT(a, b, value) 0
