/* Products with pictures as bytes [n i], of which most are background, for a perceptron's first layer.

   What is 0 in all rows of a tile is left out of its sums: of three digits that is two thirds of their
   pixels, of three neighbouring pixels of a batch three quarters. Bytes become numbers here, and
   panels of the other factor are made one by one, in memory that stays in the cache. */

enum { MOST_PICTURES = 512 }; /* at a time */

/* Sums of the first `rows` rows at a, to places of y; the tile may have more rows than these. */
static void some_rows(int Q, int rows, const Terms *t, const number *const *a, const number *b,
                      int64_t lanes, int add, number *const *y) {
  number sums[MOST_P * MOST_Q * V] LINES;
  const int half = rows <= ROWS(Q) / 2;
  const Finish f = {NULL, lanes, 0};
  TILE_OF[Q][1][rows == 1 ? 2 : half](t, a, b, sums);
  FINISH_OF[Q](rows, sums, &f, add ? (const number *const *)y : NULL, y);
}

/* Which of the columns have ink in any of some rows: how many, and which ones in `only`. */
static int64_t inked(const uint8_t *bytes, int64_t rows, int64_t columns, uint8_t *any,
                     int32_t *only) {
  int64_t count = 0;
  memcpy(any, bytes, (size_t)columns);
  for (int64_t r = 1; r < rows; r++)
    for (int64_t j = 0; j < columns; j++) any[j] |= bytes[r * columns + j];
  for (int64_t j = 0; j < columns; j++) {
    only[count] = (int32_t)j;
    count += any[j] != 0;
  }
  return count;
}

/* y[n o] = factor Σ x[n i] W[i o]. */
static void pixels_times(int64_t n, int64_t i, int64_t o, const uint8_t *bytes, number factor,
                         const number *W, number *memory, number *y) {
  const int group = ROWS(panel(vectors(o)));
  number *b = memory, *x = b + i * MOST_Q * V;
  for (int64_t start = 0; start < n; start += MOST_PICTURES) {
    const int64_t some = n - start < MOST_PICTURES ? n - start : MOST_PICTURES;
    const int64_t groups = (some + group - 1) / group;
    const uint8_t *from = bytes + start * i;
    int32_t *only = (int32_t *)(x + some * i), *all = only + groups * i;
    uint8_t *any = (uint8_t *)(all + i);
    int64_t count[groups];
    for (int64_t j = 0; j < some * i; j++) x[j] = factor * (number)from[j];
    for (int64_t g = 0; g < groups; g++) {
      const int64_t rows = some - g * group < group ? some - g * group : group;
      count[g] = inked(from + g * group * i, rows, i, any, only + g * i);
    }
    const int64_t used = inked(from, some, i, any, all);
    for (int64_t first = 0, Q; first < vectors(o); first += Q) {
      Q = panel(vectors(o) - first);
      for (int64_t j = 0; j < used; j++)
        pack_rows(1, 0, 1, o - first * V < Q * V ? o - first * V : Q * V,
                  W + all[j] * o + first * V, 0, 1, b + all[j] * Q * V);
      for (int64_t g = 0; g < groups; g++) {
        const int rows = (int)(some - g * group < group ? some - g * group : group);
        const Terms terms = {count[g], NULL, 1, Q * V, only + g * i};
        const number *a[MOST_P];
        number *to[MOST_P];
        for (int p = 0; p < MOST_P; p++) {
          const int64_t picture = g * group + (p < rows ? p : 0);
          a[p] = x + picture * i;
          to[p] = y + (start + picture) * o + first * V;
        }
        some_rows((int)Q, rows, &terms, a, b, o - first * V, 0, to);
      }
    }
  }
}

/* dW[i o] = factor Σ x[n i] dy[n o], summed over the pictures with ink. */
static void pixels_back(int64_t n, int64_t i, int64_t o, const uint8_t *bytes, number factor,
                        const number *dy, number *memory, number *dW) {
  const int group = ROWS(panel(vectors(o)));
  memset(dW, 0, (size_t)(i * o) * sizeof(number));
  for (int64_t start = 0; start < n; start += MOST_PICTURES) {
    const int64_t some = n - start < MOST_PICTURES ? n - start : MOST_PICTURES;
    const uint8_t *from = bytes + start * i;
    number *b = memory, *x = b + some * MOST_Q * V;
    int32_t *all = (int32_t *)(x + some * i), *only = all + i;
    const int64_t used = inked(from, some, i, (uint8_t *)only, all);
    const int64_t groups = (used + group - 1) / group;
    uint8_t *any = (uint8_t *)(only + groups * some); /* of each group, whether a picture has ink */
    int64_t count[groups + 1];
    for (int64_t j = 0; j < some * i; j++) x[j] = factor * (number)from[j];
    for (int64_t r = 0; r < some; r++) /* a picture stays in the cache */
      for (int64_t g = 0; g < groups; g++) {
        const int64_t rows = used - g * group < group ? used - g * group : group;
        uint8_t ink = 0;
        for (int64_t p = 0; p < rows; p++) ink |= from[r * i + all[g * group + p]];
        any[g * some + r] = ink;
      }
    for (int64_t g = 0; g < groups; g++) {
      count[g] = 0;
      for (int64_t r = 0; r < some; r++) {
        only[g * some + count[g]] = (int32_t)r;
        count[g] += any[g * some + r] != 0;
      }
    }
    for (int64_t first = 0, Q; first < vectors(o); first += Q) {
      Q = panel(vectors(o) - first);
      pack_rows(some, 0, some, o - first * V < Q * V ? o - first * V : Q * V,
                dy + start * o + first * V, o, 1, b);
      for (int64_t g = 0; g < groups; g++) {
        const int rows = (int)(used - g * group < group ? used - g * group : group);
        const Terms terms = {count[g], NULL, i, Q * V, only + g * some};
        const number *a[MOST_P];
        number *to[MOST_P];
        for (int p = 0; p < MOST_P; p++) {
          const int64_t pixel = all[g * group + (p < rows ? p : 0)];
          a[p] = x + pixel;
          to[p] = dW + pixel * o + first * V;
        }
        some_rows((int)Q, rows, &terms, a, b, o - first * V, start > 0, to);
      }
    }
  }
}

/* How many numbers of memory either of them needs. */
static int64_t pixels_memory(int64_t n, int64_t i) {
  const int64_t some = n < MOST_PICTURES ? n : MOST_PICTURES;
  const int64_t panels = (i > some ? i : some) * MOST_Q * V;
  return panels + some * i + (some + 4) * (i + 4); /* the last are lists of whole numbers */
}
