/* What NumPy would do in several passes over its arrays, in training, done in one or two.

   Inside: the normalisation of batches, the gate of Relu, the maximum of windows, blocks of equal
   pixels, softmax with cross-entropy, the step of Adam, the average of the weights; each the
   equation of the layer or rule that it is named after. Sums over a batch are taken in blocks, so
   that rounding does not grow with the batch. */

enum { BLOCK = 128 }; /* rows that are summed up before they are added to the rest */

/* The TERM of every row and column, summed up over the rows into out[c]. */
#define COLUMN_SUMS(OUT, TERM) \
  do { \
    number part[c]; \
    memset(OUT, 0, (size_t)c * sizeof(number)); \
    for (int64_t first = 0; first < m; first += BLOCK) { \
      memset(part, 0, sizeof part); \
      for (int64_t i = first; i < m && i < first + BLOCK; i++) \
        for (int64_t j = 0, at = i * c; j < c; j++, at++) part[j] += TERM; \
      for (int64_t j = 0; j < c; j++) OUT[j] += part[j]; \
    } \
  } while (0)

/* out[c] = Σ x[m c]. */
static void column_sums(int64_t m, int64_t c, const number *restrict x, number *restrict out) {
  COLUMN_SUMS(out, x[at]);
}

/* x̂ = (x - mean) / √(var + ε), y = γ x̂ + β; rows are examples and pixels alike. */
static void batch_norm(int64_t m, int64_t c, const number *restrict x, const number *restrict gamma,
                       const number *restrict beta, double epsilon, number *restrict x_hat,
                       number *restrict inverse, number *restrict y) {
  number mean[c];
  COLUMN_SUMS(mean, x[at]);
  for (int64_t j = 0; j < c; j++) mean[j] /= (number)m;
  COLUMN_SUMS(inverse, (x[at] - mean[j]) * (x[at] - mean[j]));
  for (int64_t j = 0; j < c; j++)
    inverse[j] = 1 / (number)sqrt((double)(inverse[j] / (number)m + (number)epsilon));
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0, at = i * c; j < c; j++, at++) {
      x_hat[at] = (x[at] - mean[j]) * inverse[j];
      y[at] = x_hat[at] * gamma[j] + beta[j];
    }
}

/* dγ = Σ dy x̂, dβ = Σ dy, dx = γ / √(var + ε) (dy - dβ / m - x̂ dγ / m); no dx if it is NULL. */
static void batch_norm_back(int64_t m, int64_t c, const number *restrict dy,
                            const number *restrict x_hat, const number *restrict gamma,
                            const number *restrict inverse, number *restrict dgamma,
                            number *restrict dbeta, number *restrict dx) {
  COLUMN_SUMS(dgamma, dy[at] * x_hat[at]);
  COLUMN_SUMS(dbeta, dy[at]);
  if (!dx) return;
  number share[c], slope[c], scale[c];
  for (int64_t j = 0; j < c; j++) {
    share[j] = dbeta[j] / (number)m, slope[j] = dgamma[j] / (number)m;
    scale[j] = gamma[j] * inverse[j];
  }
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0, at = i * c; j < c; j++, at++)
      dx[at] = (dy[at] - share[j] - x_hat[at] * slope[j]) * scale[j];
}

/* dx = dy where y > 0, else 0. */
static void gate(int64_t n, const number *restrict dy, const number *restrict y,
                 number *restrict dx) {
  for (int64_t i = 0; i < n; i++) dx[i] = y[i] > 0 ? dy[i] : 0;
}

/* y = the largest of each window; dx = dy at the first of the largest, else 0. A rest is left out. */
static void max_pool(int64_t n, int64_t h, int64_t w, int64_t c, int64_t size,
                     const number *restrict x, number *restrict y) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t r = 0; r < h / size; r++)
      for (int64_t q = 0; q < w / size; q++, y += c) {
        const number *window = x + ((i * h + r * size) * w + q * size) * c;
        memcpy(y, window, (size_t)c * sizeof(number));
        for (int64_t place = 1; place < size * size; place++) {
          const number *v = window + (place / size * w + place % size) * c;
          for (int64_t j = 0; j < c; j++) y[j] = y[j] >= v[j] || y[j] != y[j] ? y[j] : v[j];
        }
      }
}

static void max_pool_back(int64_t n, int64_t h, int64_t w, int64_t c, int64_t size,
                          const number *restrict x, const number *restrict y,
                          const number *restrict dy, number *restrict dx) {
  memset(dx, 0, (size_t)(n * h * w * c) * sizeof(number));
  number left[c]; /* what nobody has won */
  for (int64_t i = 0; i < n; i++)
    for (int64_t r = 0; r < h / size; r++)
      for (int64_t q = 0; q < w / size; q++, y += c, dy += c) {
        const int64_t window = ((i * h + r * size) * w + q * size) * c;
        memcpy(left, dy, (size_t)c * sizeof(number));
        for (int64_t place = 0; place < size * size; place++) {
          const int64_t at = window + (place / size * w + place % size) * c;
          for (int64_t j = 0; j < c; j++) {
            const int won = x[at + j] == y[j];
            dx[at + j] = won ? left[j] : 0;
            left[j] = won ? 0 : left[j];
          }
        }
      }
}

/* y = each pixel as a block; dx = Σ dy over its block. */
static void upsample_batch(int64_t n, int64_t h, int64_t w, int64_t c, int64_t f, const number *x,
                           number *y) {
  for (int64_t i = 0; i < n * h * f; i++)
    for (int64_t q = 0; q < w * f; q++, y += c)
      memcpy(y, x + (i / f * w + q / f) * c, (size_t)c * sizeof(number));
}

static void upsample_back(int64_t n, int64_t h, int64_t w, int64_t c, int64_t f,
                          const number *restrict dy, number *restrict dx) {
  memset(dx, 0, (size_t)(n * h * w * c) * sizeof(number));
  for (int64_t i = 0; i < n * h * f; i++)
    for (int64_t q = 0; q < w * f; q++, dy += c) {
      number *to = dx + (i / f * w + q / f) * c;
      for (int64_t j = 0; j < c; j++) to[j] += dy[j];
    }
}

/* L = -Σ t log softmax(z) / n, dz = (softmax(z) - t) / n; targets mixed with the uniform ones. */
static double softmax_cross_entropy(int64_t n, int64_t o, const number *restrict z,
                                    const number *restrict t, double smoothing,
                                    number *restrict dz) {
  double loss = 0;
  const number kept = (number)(1 - smoothing), even = (number)(smoothing / (double)o);
  for (int64_t i = 0; i < n; i++, z += o, t += o, dz += o) {
    number most = z[0], total = 0;
    for (int64_t j = 1; j < o; j++) most = z[j] > most || z[j] != z[j] ? z[j] : most;
    for (int64_t j = 0; j < o; j++)
      total += dz[j] = exponential(z[j] - most);
    const double log_total = log((double)total);
    for (int64_t j = 0; j < o; j++) {
      const number target = t[j] * kept + even;
      loss += (double)target * (log_total - (double)(z[j] - most));
      dz[j] = (dz[j] / total - target) / (number)n;
    }
  }
  return loss / (double)n;
}

/* m ← β₁ m + (1-β₁) g, v ← β₂ v + (1-β₂) g², w ← w - scale m / (√v + ε) - decay w. */
static void adam(int64_t n, const number *restrict g, number *restrict w, number *restrict m,
                 number *restrict v, double beta1, double beta2, double epsilon, double scale,
                 double decay) {
  const number b1 = (number)beta1, r1 = (number)(1 - beta1), b2 = (number)beta2,
               r2 = (number)(1 - beta2), e = (number)epsilon, s = (number)scale,
               d = (number)decay;
  for (int64_t i = 0; i < n; i++) {
    m[i] = b1 * m[i] + r1 * g[i];
    v[i] = b2 * v[i] + r2 * (g[i] * g[i]);
    const number width = sizeof(number) == 4 ? (number)sqrtf((float)v[i])
                                             : (number)sqrt((double)v[i]);
    w[i] -= s * (m[i] / (width + e)) + d * w[i];
  }
}

/* a ← a + share (w - a). */
static void average(int64_t n, const number *restrict w, number *restrict a, double share) {
  for (int64_t i = 0; i < n; i++) a[i] += (w[i] - a[i]) * (number)share;
}
