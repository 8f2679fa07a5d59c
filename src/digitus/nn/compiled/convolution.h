/* A convolution in training, y = x ⋆ W + b with max(y, 0) and the largest of its windows, and back.

   `sums.h` takes all three sums. Where a window looks beyond an edge, the picture is first copied
   between zeros, into memory that stays in the cache; the copy also makes numbers of bytes. A batch
   goes through picture by picture: what Relu and the pool make of a picture, and what becomes of dy
   on the way back through both, is still in the cache when it is used. Each picture is added to dW
   in turn, so the order of every sum is that of the batch. */

typedef struct {
  int64_t n, h, w, c;       /* x */
  int64_t rows, columns, o; /* x ⋆ W */
  int64_t k, stride, border;
  int64_t relu;             /* whether max(·, 0) follows */
  int64_t pool;             /* then the largest of windows of that size, or 1 */
  int64_t narrow;           /* what multiplies in bfloat16 (`narrow.h`), or 0 */
  int64_t blocks;           /* whether it goes by Winograd's blocks (`blocks.h`) */
} Shape;

typedef struct {           /* x: numbers, or bytes times a factor */
  const void *at;
  int bytes;
  double factor;
} Pictures;

enum { NOBODY = 255 }; /* wins a window in which no place gets dy: no number of it is above 0 */

/* How many pictures go together, so that a sum has enough places to be worth starting. */
INLINE int64_t together(const Shape *s) {
  const int64_t some = 256 / (s->rows * s->columns);
  return some > s->n ? (s->n ? s->n : 1) : some ? some : 1;
}

/* A picture [h w c] between zeros: its first number lies `before` rows and columns inside the
   [down across c] numbers of `out`. Picture `i` of a batch. */
static void bordered(const Pictures *x, int64_t i, int64_t h, int64_t w, int64_t c, int64_t before,
                     int64_t down, int64_t across, number *out) {
  const int64_t row = w * c, start = before * c, rest = (across - before - w) * c;
  const number factor = (number)x->factor;
  memset(out, 0, (size_t)(before * across * c) * sizeof(number));
  number *to = out + before * across * c;
  for (int64_t r = 0; r < h; r++) {
    const int64_t at = (i * h + r) * row;
    memset(to, 0, (size_t)start * sizeof(number));
    if (x->bytes) for (int64_t j = 0; j < row; j++)
      to[start + j] = factor * ((const uint8_t *)x->at)[at + j];
    else memcpy(to + start, (const number *)x->at + at, (size_t)row * sizeof(number));
    memset(to + start + row, 0, (size_t)rest * sizeof(number));
    to += across * c;
  }
  memset(to, 0, (size_t)((down - before - h) * across * c) * sizeof(number));
}

/* How memory is shared out, in numbers: W in panels, b, W turned in panels for dx, some pictures
   between zeros, and their y or dy in whole vectors. */
typedef struct { int64_t panels, bias, turned, pictures, maps, size; } Room;

INLINE int64_t lines_of(int64_t numbers) { return (numbers + 15) / 16 * 16; }

static Room room(const Shape *s) {
  const int64_t taps = s->k * s->k, wide_o = vectors(s->o) * V, wide_c = vectors(s->c) * V;
  const int64_t in = (s->h + 2 * s->border) * (s->w + 2 * s->border) * s->c;
  const int64_t back = (s->h + s->border + s->k + 1) * (s->w + s->border + s->k + 1) * s->o;
  Room r = {0, lines_of(taps * s->c * wide_o), 0, 0, 0, 0};
  r.turned = r.bias + lines_of(wide_o);
  r.pictures = r.turned + lines_of(taps * s->o * wide_c);
  r.maps = r.pictures + lines_of(together(s) * in > back ? together(s) * in : back);
  r.size = r.maps + 2 * lines_of(together(s) * s->rows * s->columns * wide_o);
  return r;
}

/* y = the largest of each window of z [rows columns o], and which place that was. */
static void pooled(const Shape *s, const number *restrict z, number *restrict y,
                   uint8_t *restrict winners) {
  const int64_t size = s->pool, o = s->o;
  int32_t winner[o];
  for (int64_t r = 0; r < s->rows / size; r++)
    for (int64_t q = 0; q < s->columns / size; q++, y += o, winners += o) {
      const number *window = z + (r * s->columns + q) * size * o;
      memcpy(y, window, (size_t)o * sizeof(number));
      memset(winner, 0, sizeof winner);
      for (int32_t place = 1; place < size * size; place++) {
        const number *v = window + (place / size * s->columns + place % size) * o;
        for (int64_t j = 0; j < o; j++) {
          const int kept = y[j] >= v[j] || y[j] != y[j];
          y[j] = kept ? y[j] : v[j];
          winner[j] = kept ? winner[j] : place;
        }
      }
      for (int64_t j = 0; j < o; j++)
        winners[j] = (uint8_t)(s->relu && !(y[j] > 0) ? NOBODY : winner[j]);
    }
}

/* dz [rows columns o] of a picture: dy where its window was won, or where y > 0. */
static void unpooled(const Shape *s, const number *restrict dy, const uint8_t *restrict winners,
                     number *restrict dz) {
  const int64_t size = s->pool, o = s->o, across = s->columns / size;
  if (s->rows % size || s->columns % size) /* a rest that is in no window */
    memset(dz, 0, (size_t)(s->rows * s->columns * o) * sizeof(number));
  for (int64_t r = 0; r < s->rows / size * size; r++)
    for (int64_t q = 0; q < across * size; q++) {
      const int64_t from = (r / size * across + q / size) * o;
      const int place = (int)(r % size * size + q % size);
      number *to = dz + (r * s->columns + q) * o;
      for (int64_t j = 0; j < o; j++) to[j] = winners[from + j] == place ? dy[from + j] : 0;
    }
}

/* y[h w o] = max(Σ x[h·s+i, w·s+j, c] W[i j c o] + b[o], 0), or the largest of its windows. */
static void forward(const Shape *s, const Pictures *x, const number *W, const number *b,
                    number *memory, number *y, uint8_t *winners) {
  const Room r = room(s);
  const int64_t k = s->k, row = k * s->c, out = s->rows * s->columns * s->o;
  const int64_t each = (s->rows / s->pool) * (s->columns / s->pool) * s->o; /* numbers of y */
  const int64_t down = s->h + 2 * s->border, across = s->w + 2 * s->border;
  const int copied = s->border || x->bytes;
  number *picture = memory + r.pictures;
  pack(k * row, s->o, W, memory + r.panels);
  pack(1, s->o, b, memory + r.bias);
  Span rows[k];
  for (int64_t i = 0; i < k; i++) rows[i] = (Span){i * across * s->c, i * row, row};
  const Terms terms = {k, rows, 1, 0, NULL};
  for (int64_t i = 0; i < s->n; i++) {
    number *z = s->pool > 1 ? memory + r.maps : y + i * out;
    if (copied) bordered(x, i, s->h, s->w, s->c, s->border, down, across, picture);
    const Places at = {
        .h = s->rows, .w = s->columns,
        .a = copied ? picture : (const number *)x->at + i * s->h * s->w * s->c,
        .a_down = s->stride * across * s->c, .a_right = s->stride * s->c,
        .y = z, .y_down = s->columns * s->o, .y_right = s->o};
    columns(terms, &at, memory + r.panels, memory + r.bias, k * row, s->o, (int)s->relu);
    if (s->pool > 1) pooled(s, z, y + i * each, winners + i * each);
  }
}

/* dW[i j c o] += Σ x[n, h·s+i, w·s+j, c] dz[n h w o] over n pictures from `first` on: rows of dW are
   places in x, and the terms of their sums are the pixels of dz. */
static void to_kernel(const Shape *s, const Pictures *x, int64_t first, int64_t n, const number *dz,
                      number *memory, number *whole, number *dW) {
  const int64_t down = s->h + 2 * s->border, across = s->w + 2 * s->border;
  const int64_t size = down * across * s->c, places_of = s->rows * s->columns;
  const int64_t width = vectors(s->o) * V;
  const int copied = s->border || x->bytes;
  const number *a = copied ? memory : (const number *)x->at + first * size;
  Span rows[n * s->rows];
  if (width != s->o || (uintptr_t)dz % BYTES) {
    for (int64_t i = 0; i < n * places_of; i++)
      memcpy(whole + i * width, dz + i * s->o, (size_t)s->o * sizeof(number));
    dz = whole;
  }
  for (int64_t i = 0; i < n; i++) {
    if (copied)
      bordered(x, first + i, s->h, s->w, s->c, s->border, down, across, memory + i * size);
    for (int64_t r = 0; r < s->rows; r++)
      rows[i * s->rows + r] = (Span){i * size + r * s->stride * across * s->c,
                                     (i * s->rows + r) * s->columns, s->columns};
  }
  const Terms terms = {n * s->rows, rows, s->stride * s->c, width, NULL};
  for (int64_t from = 0, Q; from < vectors(s->o); from += Q) {
    Q = panel(vectors(s->o) - from);
    number *to = dW + from * V;
    const Places at = {s->k, s->k * s->c, a, across * s->c, 1, to, s->k * s->c * s->o, s->o,
                       to, s->k * s->c * s->o, s->o};
    const Finish f = {NULL, s->o - from * V, 0};
    places((int)Q, &terms, &at, dz + from * V, &f);
  }
}

/* dx[r q c] = Σ dy[(r + border - i) / s, (q + border - j) / s, o] W[i j c o] over the i, j for which
   these are whole. Pixels with the same rest by s share their i, that is i = a + m s, and see dy
   through a smaller kernel, turned by 180 degrees. `turned` are these kernels in panels. */
static void turn(const Shape *s, const number *W, number *turned) {
  const int64_t step = s->stride, k = s->k, width = vectors(s->c) * V;
  for (int64_t a = 0, at = 0; a < step; a++)
    for (int64_t b = 0; b < step; b++) {
      const int64_t km = (k - a + step - 1) / step, kn = (k - b + step - 1) / step;
      for (int64_t m = 0; m < km; m++)
        for (int64_t n = 0; n < kn; n++)
          pack_rows(km * kn * s->o, (m * kn + n) * s->o, s->o, s->c,
                    W + ((a + step * (km - 1 - m)) * k + b + step * (kn - 1 - n)) * s->c * s->o,
                    1, s->o, turned + at);
      at += km * kn * s->o * width;
    }
}

/* The same for n pictures. */
static void to_input(const Shape *s, int64_t n, const number *dy, const number *turned,
                     number *picture, number *dx) {
  const int64_t step = s->stride, k = s->k, most = (k + step - 1) / step, before = most - 1;
  const int64_t width = vectors(s->c) * V, over_h = (s->h - 1 + s->border) / step + 1,
                over_w = (s->w - 1 + s->border) / step + 1;
  const int64_t down = before + (over_h > s->rows ? over_h : s->rows);
  const int64_t across = before + (over_w > s->columns ? over_w : s->columns);
  const Pictures from = {dy, 0, 1};
  Span rows[most];
  for (int64_t i = 0; i < n; i++) {
    bordered(&from, i, s->rows, s->columns, s->o, before, down, across, picture);
    const number *panel_at = turned;
    for (int64_t a = 0; a < step; a++)
      for (int64_t b = 0; b < step; b++) {
        const int64_t km = (k - a + step - 1) / step, kn = (k - b + step - 1) / step;
        const int64_t r = ((a - s->border) % step + step) % step;
        const int64_t q = ((b - s->border) % step + step) % step;
        for (int64_t m = 0; m < km; m++)
          rows[m] = (Span){m * across * s->o, m * kn * s->o, kn * s->o};
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

/* dz [n rows columns o] of n pictures from `first` on, before Relu and pool: dy itself, or `own`. */
static const number *before_relu(const Shape *s, int64_t first, int64_t n, const number *dy,
                                 const number *y, const uint8_t *winners, number *own) {
  const int64_t out = s->rows * s->columns * s->o;
  const int64_t each = (s->rows / s->pool) * (s->columns / s->pool) * s->o;
  const number *from = dy + first * each;
  if (s->pool > 1) for (int64_t i = 0; i < n; i++)
    unpooled(s, from + i * each, winners + (first + i) * each, own + i * out);
  else if (s->relu) gate(n * out, from, y + first * each, own);
  return s->pool > 1 || s->relu ? own : from;
}

/* dW, db = Σ dz and, if it is wanted, dx. `y` is what `forward` gave, or `winners`. */
static void back(const Shape *s, const Pictures *x, const number *W, const number *dy,
                 const number *y, const uint8_t *winners, number *memory, number *dW, number *db,
                 number *dx) {
  const Room r = room(s);
  const int64_t some = together(s);
  number *own = memory + r.maps, *whole = own + lines_of(some * s->rows * s->columns * s->o);
  number part[s->o];
  memset(dW, 0, (size_t)(s->k * s->k * s->c * s->o) * sizeof(number));
  memset(db, 0, (size_t)s->o * sizeof(number));
  if (dx) turn(s, W, memory + r.turned);
  for (int64_t first = 0; first < s->n; first += some) {
    const int64_t n = s->n - first < some ? s->n - first : some;
    const number *dz = before_relu(s, first, n, dy, y, winners, own);
    to_kernel(s, x, first, n, dz, memory + r.pictures, whole, dW);
    column_sums(n * s->rows * s->columns, s->o, dz, part);
    for (int64_t j = 0; j < s->o; j++) db[j] += part[j];
    if (dx)
      to_input(s, n, dz, memory + r.turned, memory + r.pictures, dx + first * s->h * s->w * s->c);
  }
}
