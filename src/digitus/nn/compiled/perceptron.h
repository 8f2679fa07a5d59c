/* The gradient of a perceptron in one call: bytes forward through all of its layers to the loss, and
   back. Each layer is y = g(x W + b) with g one of GATES; the equations stand in `nn/layers.py` and
   `nn/losses.py`, and `nn/perceptron.py` says which networks these are.

   The kernels of a step of a small network take less time than Python does between them, so here they
   are called together, and none is new: the first layer is `pixels.h`, the others are convolutions of
   1 x 1 over a picture of one row, whose pixels are the examples. */

enum { PLAIN, RELU, SIGMOID }; /* GATES */

typedef struct {
  int64_t inputs, units, gate;
  const number *W, *b;
  number *dW, *db;
} Layer;

typedef struct {
  int64_t layers;
  const Layer *layer;
  double factor;    /* of the bytes */
  int64_t squared;  /* the loss: mean ½ ‖y - t‖², or cross-entropy of softmax */
  double smoothing; /* of the targets of the latter */
} Perceptron;

static Shape as_convolution(const Layer *l, int64_t n) {
  return (Shape){.n = 1, .h = 1, .w = n, .c = l->inputs, .rows = 1, .columns = n, .o = l->units,
                 .k = 1, .stride = 1, .relu = l->gate == RELU, .pool = 1};
}

/* 1 / (1 + e⁻ˣ). For float32 e⁻ˣ = 2ᵏ eʳ with |r| <= ln 2 / 2 and a polynomial for eʳ, to a unit in
   the last place (Moshier's, of Cephes), which a compiler does for a whole vector at once. */
INLINE number sigmoid(number x) {
  if (sizeof(number) == 8) return 1 / (1 + exponential(-x));
  const float v = (float)(x > 87 ? -87 : x < -87 ? 87 : -x);
  const float shifted = v * 1.44269504f + 12582912.0f; /* k in its last bits */
  const float k = shifted - 12582912.0f, r = v - k * 0.693359375f + k * 2.12194440e-4f;
  float e = 1.9875691500e-4f;
  e = e * r + 1.3981999507e-3f;
  e = e * r + 8.3334519073e-3f;
  e = e * r + 4.1665795894e-2f;
  e = e * r + 1.6666665459e-1f;
  e = e * r + 5.0000001201e-1f;
  e = e * r * r + r + 1;
  uint32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return (number)(1 / (1 + e * power));
}

/* y = g(y + b), without b where it is in y already. */
static void through(const Layer *l, int64_t n, const number *b, number *y) {
  for (int64_t i = 0; i < n; i++, y += l->units) {
    if (b) for (int64_t j = 0; j < l->units; j++) y[j] += b[j];
    if (l->gate == SIGMOID) for (int64_t j = 0; j < l->units; j++) y[j] = sigmoid(y[j]);
    else if (l->gate == RELU) for (int64_t j = 0; j < l->units; j++) y[j] = y[j] < 0 ? 0 : y[j];
  }
}

/* dy becomes dy g'. */
static void through_back(const Layer *l, int64_t n, const number *restrict y,
                         number *restrict dy) {
  if (l->gate == SIGMOID) for (int64_t i = 0; i < n * l->units; i++) dy[i] *= y[i] * (1 - y[i]);
  else if (l->gate == RELU) for (int64_t i = 0; i < n * l->units; i++)
    dy[i] = y[i] > 0 ? dy[i] : 0;
}

/* L = Σ (y - t)² / 2n, dy = (y - t) / n. */
static double squared_error(int64_t n, int64_t o, const number *restrict y,
                            const number *restrict t, number *restrict dy) {
  double loss = 0;
  for (int64_t i = 0; i < n * o; i++) {
    const number error = y[i] - t[i];
    loss += (double)error * (double)error;
    dy[i] = error / (number)n;
  }
  return loss / (2 * (double)n);
}

/* How memory is shared out, in numbers: what each layer but the last gives, the gradients of what
   two layers give, and what a layer needs. */
typedef struct { int64_t first, second, work, size; } Shared;

static Shared shared(const Perceptron *p, int64_t n) {
  int64_t widest = 0, given = 0, work = pixels_memory(n, p->layer[0].inputs);
  for (int64_t i = 0; i < p->layers; i++) {
    const Layer *l = p->layer + i;
    const Shape s = as_convolution(l, n);
    const int64_t needed = i ? room(&s).size : 0;
    if (l->units > widest) widest = l->units;
    if (needed > work) work = needed;
    if (i < p->layers - 1) given += lines_of(n * l->units);
  }
  const int64_t first = given, second = first + lines_of(n * widest);
  const int64_t at = second + lines_of(n * widest);
  return (Shared){first, second, at, at + work};
}

/* The loss of n examples; `z` [n o] becomes what the network gives, dW and db of each layer the
   gradients of `share` times the loss. */
static double perceptron(const Perceptron *p, int64_t n, const uint8_t *bytes, const number *t,
                         double share, number *memory, number *z) {
  const Shared m = shared(p, n);
  const int64_t last = p->layers - 1, o = p->layer[last].units;
  const number factor = (number)p->factor;
  number *work = memory + m.work, *dy = memory + m.first, *dx = memory + m.second;
  number *given[p->layers];
  for (int64_t i = 0, at = 0; i <= last; i++) {
    const Layer *l = p->layer + i;
    given[i] = i == last ? z : memory + at;
    at += lines_of(n * l->units);
    if (i) {
      const Shape s = as_convolution(l, n);
      const Pictures x = {given[i - 1], 0, 1};
      forward(&s, &x, l->W, l->b, work, given[i], NULL);
      if (l->gate == SIGMOID) through(l, n, NULL, given[i]);
    } else {
      pixels_times(n, l->inputs, l->units, bytes, factor, l->W, work, given[0]);
      through(l, n, l->b, given[0]);
    }
  }
  const double loss = p->squared ? squared_error(n, o, z, t, dy)
                                 : softmax_cross_entropy(n, o, z, t, p->smoothing, dy);
  if (share != 1) for (int64_t i = 0; i < n * o; i++) dy[i] *= (number)share;
  for (int64_t i = last; i > 0; i--) {
    const Layer *l = p->layer + i;
    Shape s = as_convolution(l, n);
    const Pictures x = {given[i - 1], 0, 1};
    through_back(l, n, given[i], dy);
    s.relu = 0; /* `through_back` has done it */
    back(&s, &x, l->W, dy, given[i], NULL, work, l->dW, l->db, dx);
    number *const swapped = dy;
    dy = dx, dx = swapped;
  }
  const Layer *l = p->layer;
  through_back(l, n, given[0], dy);
  pixels_back(n, l->inputs, l->units, bytes, factor, dy, work, l->dW);
  column_sums(n, l->units, dy, l->db);
  return loss;
}
