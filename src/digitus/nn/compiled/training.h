/* What NumPy would do in several passes over its arrays, in training, done in one or two.

   Inside: the normalisation of batches, the gate of Relu, the maximum of windows, blocks of equal
   pixels, softmax with cross-entropy, the steps of optimizers, the average of the weights; each the
   equation of the layer or rule that it is named after. Sums over a batch are taken in blocks, so
   that rounding does not grow with the batch. */

enum { BLOCK = 128 }; /* rows that are summed up before they are added to the rest */

/* out[c] = Σ x[m c]. */
static void column_sums(int64_t m, int64_t c, const number *restrict x, number *restrict out) {
  number part[c];
  memset(out, 0, (size_t)c * sizeof(number));
  for (int64_t first = 0; first < m; first += BLOCK) {
    memset(part, 0, sizeof part);
    for (int64_t i = first; i < m && i < first + BLOCK; i++)
      for (int64_t j = 0; j < c; j++) part[j] += x[i * c + j];
    for (int64_t j = 0; j < c; j++) out[j] += part[j];
  }
}

/* Mean of each column of x [m c], and 1 / √(var + ε). A block is read from memory once: its own mean
   and squares are joined with those before it (Chan, Golub & LeVeque 1983), which keeps the digits
   that Σ x² - m mean² would lose. */
static void statistics(int64_t m, int64_t c, const number *restrict x, double epsilon,
                       number *restrict mean, number *restrict inverse) {
  number middle[c], squares[c];
  memset(mean, 0, (size_t)c * sizeof(number));
  memset(inverse, 0, (size_t)c * sizeof(number));
  for (int64_t first = 0; first < m; first += BLOCK) {
    const int64_t some = m - first < BLOCK ? m - first : BLOCK;
    const number *block = x + first * c;
    memset(middle, 0, sizeof middle);
    memset(squares, 0, sizeof squares);
    for (int64_t i = 0; i < some; i++)
      for (int64_t j = 0; j < c; j++) middle[j] += block[i * c + j];
    for (int64_t j = 0; j < c; j++) middle[j] /= (number)some;
    for (int64_t i = 0; i < some; i++)
      for (int64_t j = 0; j < c; j++) {
        const number d = block[i * c + j] - middle[j];
        squares[j] += d * d;
      }
    const number share = (number)some / (number)(first + some);
    for (int64_t j = 0; j < c; j++) {
      const number apart = middle[j] - mean[j];
      mean[j] += apart * share;
      inverse[j] += squares[j] + apart * apart * share * (number)first;
    }
  }
  for (int64_t j = 0; j < c; j++)
    inverse[j] = 1 / (number)sqrt((double)(inverse[j] / (number)m + (number)epsilon));
}

/* x̂ = (x - mean) / √(var + ε), y = γ x̂ + β, and then max(y, 0) if `relu`; rows are examples and
   pixels alike. */
static void batch_norm(int64_t m, int64_t c, const number *restrict x, const number *restrict gamma,
                       const number *restrict beta, double epsilon, int64_t relu,
                       number *restrict mean, number *restrict inverse, number *restrict y) {
  statistics(m, c, x, epsilon, mean, inverse);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0, at = i * c; j < c; j++, at++) {
      const number v = (x[at] - mean[j]) * inverse[j] * gamma[j] + beta[j];
      y[at] = relu && v < 0 ? 0 : v;
    }
}

/* dγ = Σ dy x̂, dβ = Σ dy, dx = γ / √(var + ε) (dy - dβ / m - x̂ dγ / m); no dx if it is NULL. With
   `y`, what `batch_norm` gave with a Relu, dy counts where y > 0. */
static void batch_norm_back(int64_t m, int64_t c, const number *restrict dy,
                            const number *restrict x, const number *restrict y,
                            const number *restrict gamma, const number *restrict mean,
                            const number *restrict inverse, number *restrict dgamma,
                            number *restrict dbeta, number *restrict dx) {
  number slopes[c], sums[c], shift[c], slope[c], scale[c];
  memset(dgamma, 0, (size_t)c * sizeof(number));
  memset(dbeta, 0, (size_t)c * sizeof(number));
  for (int64_t first = 0; first < m; first += BLOCK) {
    memset(slopes, 0, sizeof slopes);
    memset(sums, 0, sizeof sums);
    for (int64_t i = first; i < m && i < first + BLOCK; i++)
      for (int64_t j = 0, at = i * c; j < c; j++, at++) {
        const number d = !y || y[at] > 0 ? dy[at] : 0;
        slopes[j] += d * ((x[at] - mean[j]) * inverse[j]);
        sums[j] += d;
      }
    for (int64_t j = 0; j < c; j++) dgamma[j] += slopes[j], dbeta[j] += sums[j];
  }
  if (!dx) return;
  for (int64_t j = 0; j < c; j++) {
    shift[j] = dbeta[j] / (number)m, slope[j] = dgamma[j] / (number)m * inverse[j];
    scale[j] = gamma[j] * inverse[j];
  }
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0, at = i * c; j < c; j++, at++) {
      const number d = !y || y[at] > 0 ? dy[at] : 0;
      dx[at] = (d - shift[j] - (x[at] - mean[j]) * slope[j]) * scale[j];
    }
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
  number left[c]; /* dy that no place has won yet */
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

/* v ← μ v + g, w ← w - α v, or w ← w - α (g + μ v) if it looks `ahead`; without v, w ← w - α g. */
static void gradient_descent(int64_t n, const number *restrict g, number *restrict w,
                             number *restrict v, double mu, double rate, int64_t ahead) {
  const number m = (number)mu, r = (number)rate;
  if (!v) for (int64_t i = 0; i < n; i++) w[i] -= r * g[i];
  else for (int64_t i = 0; i < n; i++) {
    v[i] = m * v[i] + g[i];
    w[i] -= r * (ahead ? g[i] + m * v[i] : v[i]);
  }
}

/* a ← a + share (w - a). */
static void average(int64_t n, const number *restrict w, number *restrict a, double share) {
  for (int64_t i = 0; i < n; i++) a[i] += (w[i] - a[i]) * (number)share;
}
