/* A convolution in training: y = x ⋆ W + b and the two sums that carry dy back, for a batch.

   All three are the sum of `sums.h`. Where a window looks beyond an edge, the picture is first copied
   between zeros, into memory that stays in the cache; so bytes become numbers, too. Each picture is
   added to dW in turn, so the order of every sum is that of the batch. */

typedef struct {
  int64_t n, h, w, c;     /* x */
  int64_t rows, columns, o; /* y */
  int64_t k, stride, border;
} Shape;

typedef struct {           /* x: numbers, or bytes times a factor */
  const void *at;
  int bytes;
  double factor;
} Pictures;

/* A picture [h w c] between zeros: its first number lies `before` rows and columns inside the
   [down across c] numbers of `out`. Picture `i` of a batch. */
static void bordered(const Pictures *x, int64_t i, int64_t h, int64_t w, int64_t c, int64_t before,
                     int64_t down, int64_t across, number *out) {
  const int64_t run = w * c, start = before * c, rest = (across - before - w) * c;
  const number factor = (number)x->factor;
  memset(out, 0, (size_t)(before * across * c) * sizeof(number));
  number *to = out + before * across * c;
  for (int64_t r = 0; r < h; r++) {
    const int64_t at = (i * h + r) * run;
    memset(to, 0, (size_t)start * sizeof(number));
    if (x->bytes) for (int64_t j = 0; j < run; j++)
      to[start + j] = factor * ((const uint8_t *)x->at)[at + j];
    else memcpy(to + start, (const number *)x->at + at, (size_t)run * sizeof(number));
    memset(to + start + run, 0, (size_t)rest * sizeof(number));
    to += across * c;
  }
  memset(to, 0, (size_t)((down - before - h) * across * c) * sizeof(number));
}

/* y[h w o] = Σ x[h·s+i, w·s+j, c] W[i j c o] + b[o]. Memory: W in panels, b, one picture. */
static void forward(const Shape *s, const Pictures *x, const number *W, const number *b,
                    number *memory, number *y) {
  const int64_t k = s->k, run = k * s->c, width = vectors(s->o) * V;
  const int64_t down = s->h + 2 * s->border, across = s->w + 2 * s->border;
  const int copied = s->border || x->bytes;
  number *panels = memory, *bias = panels + k * run * width, *picture = bias + width;
  pack(k * run, s->o, W, panels);
  pack(1, s->o, b, bias);
  Run rows[k];
  for (int64_t i = 0; i < k; i++) rows[i] = (Run){i * across * s->c, i * run, run};
  const Terms terms = {k, rows, 1, 0, NULL};
  for (int64_t i = 0; i < s->n; i++) {
    if (copied) bordered(x, i, s->h, s->w, s->c, s->border, down, across, picture);
    const Places at = {
        .h = s->rows, .w = s->columns,
        .a = copied ? picture : (const number *)x->at + i * s->h * s->w * s->c,
        .a_down = s->stride * across * s->c, .a_right = s->stride * s->c,
        .y = y + i * s->rows * s->columns * s->o, .y_down = s->columns * s->o, .y_right = s->o};
    columns(terms, &at, panels, bias, k * run, s->o, 0);
  }
}

/* Pictures whose places together make a sum that is worth its beginning. */
INLINE int64_t together(const Shape *s) {
  const int64_t some = 256 / (s->rows * s->columns);
  return some > s->n ? (s->n ? s->n : 1) : some ? some : 1;
}

/* dW[i j c o] = Σ x[n, h·s+i, w·s+j, c] dy[n h w o]: rows of dW are places in x, and the terms of
   their sums are the pixels of dy. Memory: `together` pictures, and their dy in whole vectors. */
static void to_kernel(const Shape *s, const Pictures *x, const number *dy, number *memory,
                      number *dW) {
  const int64_t down = s->h + 2 * s->border, across = s->w + 2 * s->border;
  const int64_t size = down * across * s->c, places_of = s->rows * s->columns;
  const int64_t some = together(s), width = vectors(s->o) * V, kernel = s->k * s->k * s->c * s->o;
  number *whole = memory, *pictures = whole + some * places_of * width;
  Run runs[some * s->rows];
  memset(dW, 0, (size_t)kernel * sizeof(number));
  for (int64_t first = 0; first < s->n; first += some) {
    const int64_t n = s->n - first < some ? s->n - first : some;
    const number *b = dy + first * places_of * s->o;
    const int copied = s->border || x->bytes;
    const number *a = copied ? pictures : (const number *)x->at + first * size;
    if (width != s->o || (uintptr_t)dy % BYTES) {
      for (int64_t i = 0; i < n * places_of; i++)
        memcpy(whole + i * width, b + i * s->o, (size_t)s->o * sizeof(number));
      b = whole;
    }
    for (int64_t i = 0; i < n; i++) {
      if (copied)
        bordered(x, first + i, s->h, s->w, s->c, s->border, down, across, pictures + i * size);
      for (int64_t r = 0; r < s->rows; r++)
        runs[i * s->rows + r] = (Run){i * size + r * s->stride * across * s->c,
                                      (i * s->rows + r) * s->columns, s->columns};
    }
    const Terms terms = {n * s->rows, runs, s->stride * s->c, width, NULL};
    for (int64_t from = 0, Q; from < vectors(s->o); from += Q) {
      Q = panel(vectors(s->o) - from);
      number *to = dW + from * V;
      const Places at = {s->k, s->k * s->c, a, across * s->c, 1, to, s->k * s->c * s->o, s->o,
                         to, s->k * s->c * s->o, s->o};
      const Finish f = {NULL, s->o - from * V, 0};
      places((int)Q, &terms, &at, b + from * V, &f);
    }
  }
}

/* dx[r q c] = Σ dy[(r + border - i) / s, (q + border - j) / s, o] W[i j c o] over the i, j for which
   these are whole. Pixels with the same rest by s share their i, that is i = a + m s, and see dy
   through a smaller kernel, turned by 180 degrees. Memory: these kernels in panels, one dy. */
static void to_input(const Shape *s, const number *dy, const number *W, number *memory,
                     number *dx) {
  const int64_t step = s->stride, k = s->k, most = (k + step - 1) / step, before = most - 1;
  const int64_t width = vectors(s->c) * V, over_h = (s->h - 1 + s->border) / step + 1,
                over_w = (s->w - 1 + s->border) / step + 1;
  const int64_t down = before + (over_h > s->rows ? over_h : s->rows);
  const int64_t across = before + (over_w > s->columns ? over_w : s->columns);
  number *panels = memory, *picture = panels + k * k * s->o * width;
  const Pictures from = {dy, 0, 1};
  for (int64_t a = 0, at = 0; a < step; a++)
    for (int64_t b = 0; b < step; b++) {
      const int64_t km = (k - a + step - 1) / step, kn = (k - b + step - 1) / step;
      for (int64_t m = 0; m < km; m++)
        for (int64_t n = 0; n < kn; n++)
          pack_rows(km * kn * s->o, (m * kn + n) * s->o, s->o, s->c,
                    W + ((a + step * (km - 1 - m)) * k + b + step * (kn - 1 - n)) * s->c * s->o,
                    1, s->o, panels + at);
      at += km * kn * s->o * width;
    }
  Run rows[most];
  for (int64_t i = 0; i < s->n; i++) {
    bordered(&from, i, s->rows, s->columns, s->o, before, down, across, picture);
    const number *panel_at = panels;
    for (int64_t a = 0; a < step; a++)
      for (int64_t b = 0; b < step; b++) {
        const int64_t km = (k - a + step - 1) / step, kn = (k - b + step - 1) / step;
        const int64_t r = ((a - s->border) % step + step) % step;
        const int64_t q = ((b - s->border) % step + step) % step;
        for (int64_t m = 0; m < km; m++)
          rows[m] = (Run){m * across * s->o, m * kn * s->o, kn * s->o};
        const Terms terms = {kn ? km : 0, rows, 1, 0, NULL};
        const int64_t top = (r + s->border - a) / step - km + 1 + before;
        const int64_t left = (q + s->border - b) / step - kn + 1 + before;
        const Places at = {
            .h = r < s->h ? (s->h - r + step - 1) / step : 0,
            .w = q < s->w ? (s->w - q + step - 1) / step : 0,
            .a = picture + (top * across + left) * s->o,
            .a_down = across * s->o, .a_right = s->o,
            .y = dx + ((i * s->h + r) * s->w + q) * s->c,
            .y_down = step * s->w * s->c, .y_right = step * s->c};
        if (at.w) columns(terms, &at, panel_at, NULL, km * kn * s->o, s->c, 0);
        panel_at += km * kn * s->o * width;
      }
  }
}

/* How many numbers of memory each of the three needs, at most. */
static int64_t memory_of(const Shape *s) {
  const int64_t in = (s->h + 2 * s->border) * (s->w + 2 * s->border) * s->c;
  const int64_t wide_o = vectors(s->o) * V, wide_c = vectors(s->c) * V;
  const int64_t y = (s->k * s->k * s->c + 1) * wide_o + in;
  const int64_t dW = together(s) * (in + s->rows * s->columns * wide_o);
  const int64_t sides = (s->h + s->border + s->k + 1) * (s->w + s->border + s->k + 1);
  const int64_t dx = s->k * s->k * s->o * wide_c + sides * s->o;
  return y > dW ? (y > dx ? y : dx) : (dW > dx ? dW : dx);
}
