/* A convolution of 3 x 3 in training with fewer products: the blocks of `winograd.h`, and back.

   Forward, and for dx with the kernel turned, it is Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A. That is linear in
   g, and its gradient is the same read backwards (Lavin & Gray 2016, section 4.2 for larger blocks):

       dg = Gᵀ [Σ (Bᵀ d B) ⊙ (A dY Aᵀ)] G,   summed over the blocks of the batch,

   with sixteen products for four places dY where the sums over windows have thirty-six. For each
   entry of a block the three are products of matrices: blocks times channels, channels times blocks.

   Blocks of several small pictures go together, so that each product is large enough to be worth
   starting; the order of every sum is that of the batch. Inside: `blocks_forward`, `blocks_back`. Not
   inside: for which convolutions this is worth it (`nn/winograd.py`). */

typedef struct { /* n pictures [down across c] between zeros, and blocks of h x w places in them */
  int64_t n, h, w, down, across, c;
  const number *at;
} Field;

typedef struct { int64_t picture, i, j; } Block;

/* The first row and column of a block in y. The last block of a row or column, where it would reach
   beyond an edge, begins further in and overlaps the block before. */
INLINE int64_t row_of(const Field *f, Block b) { return b.i > f->h - 2 ? f->h - 2 : b.i; }
INLINE int64_t column_of(const Field *f, Block b) { return b.j > f->w - 2 ? f->w - 2 : b.j; }

/* Where a block begins in y [n h w o]. */
INLINE int64_t place_of(const Field *f, Block b, int64_t o) {
  return ((b.picture * f->h + row_of(f, b)) * f->w + column_of(f, b)) * o;
}

INLINE Block next_block(const Field *f, Block b) {
  if ((b.j += 2) < f->w) return b;
  b.j = 0;
  if ((b.i += 2) < f->h) return b;
  return (Block){b.picture + 1, 0, 0};
}

INLINE int64_t blocks_in(const Field *f) { return f->n * ((f->h + 1) / 2) * ((f->w + 1) / 2); }

/* How many blocks go together: about BLOCKS, at most MOST_BLOCKS, and nearly the same each time. */
enum { MOST_BLOCKS = BLOCKS + BLOCKS / 2 };

INLINE int64_t at_a_time(int64_t blocks) {
  const int64_t times = (blocks + BLOCKS / 2) / BLOCKS;
  return times > 1 ? (blocks + times - 1) / times : blocks;
}

/* How far apart the entries of some blocks lie, each block of so many numbers: a line of the cache
   more than needed, since at a power of two all sixteen would want the same place in the cache. */
INLINE int64_t entry(int64_t blocks, int64_t numbers) { return lines_of(blocks * numbers) + 16; }

/* Bᵀ d B of some blocks from `b` on: [16 blocks c]. */
static void into_blocks(const Field *f, Block b, int64_t blocks, number *out) {
  const int64_t down = f->across * f->c, apart = entry(blocks, f->c);
  for (int64_t i = 0; i < blocks; i++, b = next_block(f, b), out += f->c)
    input_block(4, 4,
                f->at + (b.picture * f->down + row_of(f, b)) * down + column_of(f, b) * f->c, down,
                f->c, f->c, apart, out);
}

/* G g Gᵀ of the kernels W [3 3 c o], as panels of [16 c] rows. */
static void kernel_blocks(int64_t c, int64_t o, const number *W, number *out) {
  const number half = (number)0.5;
  for (int64_t from = 0, Q; from < vectors(o); from += Q, out += ENTRIES * c * Q * V) {
    Q = panel(vectors(o) - from);
    for (int64_t i = 0; i < c; i++)
      for (int64_t q = 0; q < Q; q++) {
        const int64_t column = (from + q) * V;
        vector t[EDGE][3];
        UNROLL for (int j = 0; j < 3; j++) { /* G g, column by column */
          const number *at = W + (j * c + i) * o + column;
          const vector g0 = load(at, o - column), g1 = load(at + 3 * c * o, o - column);
          const vector g2 = load(at + 6 * c * o, o - column), even = half * (g0 + g2);
          t[0][j] = g0, t[1][j] = even + half * g1, t[2][j] = even - half * g1, t[3][j] = g2;
        }
        UNROLL for (int e = 0; e < EDGE; e++) {
          number *to = out + ((e * EDGE * c + i) * Q + q) * V;
          const int64_t next = c * Q * V;
          const vector even = half * (t[e][0] + t[e][2]), odd = half * t[e][1];
          *(vector *)to = t[e][0], *(vector *)(to + next) = even + odd;
          *(vector *)(to + 2 * next) = even - odd, *(vector *)(to + 3 * next) = t[e][2];
        }
      }
  }
}

/* The kernels W [3 3 c o] turned by 180 degrees, with their channels exchanged: [3 3 o c]. */
static void turned_kernel(int64_t c, int64_t o, const number *restrict W, number *restrict out) {
  for (int64_t place = 0; place < 9; place++)
    for (int64_t i = 0; i < c; i++)
      for (int64_t j = 0; j < o; j++)
        out[((8 - place) * o + j) * c + i] = W[(place * c + i) * o + j];
}

/* y [n h w o] = max(x ⋆ W + bias, 0), the last two if wanted; W is G g Gᵀ in panels. */
static void over_blocks(const Field *x, const number *W, const number *bias, int relu, int64_t o,
                        number *memory, number *y) {
  const Map map = {.c = o};
  const View to = {y, x->w * o, o, &map};
  const Step s = {.channels = o, .b = bias, .relu = relu};
  const int64_t all = blocks_in(x), some = at_a_time(all), wide = vectors(o) * V;
  number *products = memory + ENTRIES * entry(MOST_BLOCKS, x->c);
  Block b = {0, 0, 0};
  for (int64_t first = 0; first < all; first += some) {
    const int64_t blocks = all - first < some ? all - first : some;
    into_blocks(x, b, blocks, memory);
    for (int64_t e = 0; e < ENTRIES; e++) {
      const Span span = {0, e * x->c, x->c};
      block_products((Terms){1, &span, 1, 0, NULL}, blocks, x->c, memory + e * entry(blocks, x->c),
                     W, ENTRIES * x->c, o, products + e * padded(blocks) * wide);
    }
    for (int64_t i = 0; i < blocks; i++, b = next_block(x, b))
      output_block(&s, i, blocks, products, &to, y + place_of(x, b, o), NULL, NULL);
  }
}

/* A dY Aᵀ of one block in V channels or fewer; entry e is written `apart` e behind the first, in
   whole vectors. A first row or column that another block had already, `again`, counts nothing. */
INLINE void gradient_vector(int64_t there, const number *dy, int64_t down, int64_t right,
                            const int again_down, const int again_right, int64_t apart,
                            number *out) {
  vector y[2][2], t[EDGE][2];
  UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++)
    y[i][j] = (!i && again_down) || (!j && again_right)
                  ? (vector){0} : load(dy + i * down + j * right, there);
  UNROLL for (int j = 0; j < 2; j++)
    t[0][j] = y[0][j], t[1][j] = y[0][j] + y[1][j], t[2][j] = y[0][j] - y[1][j], t[3][j] = -y[1][j];
  UNROLL for (int i = 0; i < EDGE; i++) {
    number *to = out + i * EDGE * apart;
    *(vector *)to = t[i][0], *(vector *)(to + apart) = t[i][0] + t[i][1];
    *(vector *)(to + 2 * apart) = t[i][0] - t[i][1], *(vector *)(to + 3 * apart) = -t[i][1];
  }
}

/* sums [16 c o, filled up to whole vectors] += Σ (Bᵀ d B) ⊙ (A dY Aᵀ) over all blocks. */
static void to_sums(const Field *x, const number *dy, int64_t o, number *memory, number *sums) {
  const int64_t all = blocks_in(x), some = at_a_time(all), c = x->c, wide = vectors(o) * V;
  number *gradients = memory + ENTRIES * entry(MOST_BLOCKS, c);
  Block b = {0, 0, 0};
  for (int64_t first = 0; first < all; first += some) {
    const int64_t blocks = all - first < some ? all - first : some;
    const int64_t from_c = entry(blocks, c), from_o = entry(blocks, wide);
    into_blocks(x, b, blocks, memory);
    for (int64_t i = 0; i < blocks; i++, b = next_block(x, b)) {
      const number *at = dy + place_of(x, b, o);
      const int down = row_of(x, b) < b.i, right = column_of(x, b) < b.j;
      for (int64_t j = 0; j < wide; j += V)
        gradient_vector(o - j, at + j, x->w * o, o, down, right, from_o, gradients + i * wide + j);
    }
    const Span span = {0, 0, blocks};
    const Terms terms = {1, &span, c, wide, NULL};
    for (int64_t e = 0; e < ENTRIES; e++)
      for (int64_t from = 0, Q; from < vectors(o); from += Q) {
        Q = panel(vectors(o) - from);
        number *to = sums + e * c * wide + from * V;
        const Places at = {1, c, memory + e * from_c, 0, 1, to, 0, wide, to, 0, wide};
        const Finish f = {NULL, Q * V, 0};
        places((int)Q, &terms, &at, gradients + e * from_o + from * V, &f);
      }
  }
}

/* dW [3 3 c o] = Gᵀ sums G. */
static void from_sums(int64_t c, int64_t o, const number *sums, number *dW) {
  const int64_t wide = vectors(o) * V, apart = c * wide;
  const number half = (number)0.5;
  for (int64_t i = 0; i < c; i++)
    for (int64_t column = 0; column < o; column += V) {
      const number *at = sums + i * wide + column;
      vector t[3][EDGE];
      UNROLL for (int j = 0; j < EDGE; j++) {
        const vector s0 = *(const vector *)(at + j * apart);
        const vector s1 = *(const vector *)(at + (EDGE + j) * apart);
        const vector s2 = *(const vector *)(at + (2 * EDGE + j) * apart);
        const vector s3 = *(const vector *)(at + (3 * EDGE + j) * apart);
        t[0][j] = s0 + half * (s1 + s2), t[1][j] = half * (s1 - s2), t[2][j] = half * (s1 + s2) + s3;
      }
      UNROLL for (int k = 0; k < 3; k++) {
        number *to = dW + (3 * k * c + i) * o + column;
        store(to, t[k][0] + half * (t[k][1] + t[k][2]), o - column);
        store(to + c * o, half * (t[k][1] - t[k][2]), o - column);
        store(to + 2 * c * o, half * (t[k][1] + t[k][2]) + t[k][3], o - column);
      }
    }
}

/* How memory is shared out, in numbers: the kernel of either way, b, a turned kernel, sums for dW,
   pictures between zeros, their dy, and the blocks of some of them. */
typedef struct { int64_t kernel, bias, turned, sums, pictures, maps, blocks, size; } BlocksRoom;

static BlocksRoom blocks_room(const Shape *s) {
  const int64_t wide_o = vectors(s->o) * V, wide_c = vectors(s->c) * V, some = together(s);
  const int64_t most = wide_o > wide_c ? wide_o : wide_c, edge = 2 * (s->k - 1);
  const int64_t in = (s->h + edge) * (s->w + edge) * most;
  const int64_t ahead = s->c * wide_o, back = s->o * wide_c;
  BlocksRoom r = {0, lines_of(ENTRIES * (ahead > back ? ahead : back)), 0, 0, 0, 0, 0, 0};
  r.turned = r.bias + lines_of(wide_o);
  r.sums = r.turned + lines_of(9 * s->c * s->o);
  r.pictures = r.sums + lines_of(ENTRIES * s->c * wide_o);
  r.maps = r.pictures + lines_of(some * in);
  r.blocks = r.maps + lines_of(some * s->rows * s->columns * s->o);
  r.size = r.blocks + 2 * ENTRIES * entry(padded(MOST_BLOCKS), most);
  return r;
}

/* Pictures from `first` on between zeros, as many as go together. */
static Field field(const Pictures *x, int64_t first, int64_t n, int64_t h, int64_t w, int64_t c,
                   int64_t border, int64_t rows, int64_t columns, number *memory) {
  const int64_t down = h + 2 * border, across = w + 2 * border;
  for (int64_t i = 0; i < n; i++)
    bordered(x, first + i, h, w, c, border, down, across, memory + i * down * across * c);
  return (Field){n, rows, columns, down, across, c, memory};
}

/* As `forward`. */
static void blocks_forward(const Shape *s, const Pictures *x, const number *W, const number *b,
                           number *memory, number *y, uint8_t *winners) {
  const BlocksRoom r = blocks_room(s);
  const int64_t out = s->rows * s->columns * s->o, some = together(s);
  const int64_t each = (s->rows / s->pool) * (s->columns / s->pool) * s->o;
  kernel_blocks(s->c, s->o, W, memory);
  pack(1, s->o, b, memory + r.bias);
  for (int64_t first = 0; first < s->n; first += some) {
    const int64_t n = s->n - first < some ? s->n - first : some;
    number *z = s->pool > 1 ? memory + r.maps : y + first * out;
    const Field f = field(x, first, n, s->h, s->w, s->c, s->border, s->rows, s->columns,
                          memory + r.pictures);
    over_blocks(&f, memory, memory + r.bias, (int)s->relu, s->o, memory + r.blocks, z);
    if (s->pool > 1) for (int64_t i = 0; i < n; i++)
      pooled(s, z + i * out, y + (first + i) * each, winners + (first + i) * each);
  }
}

/* As `back`. */
static void blocks_back(const Shape *s, const Pictures *x, const number *W, const number *dy,
                        const number *y, const uint8_t *winners, number *memory, number *dW,
                        number *db, number *dx) {
  const BlocksRoom r = blocks_room(s);
  const int64_t some = together(s), size = s->h * s->w * s->c;
  number part[s->o];
  memset(memory + r.sums, 0, (size_t)(r.pictures - r.sums) * sizeof(number));
  memset(db, 0, (size_t)s->o * sizeof(number));
  if (dx) {
    turned_kernel(s->c, s->o, W, memory + r.turned);
    kernel_blocks(s->o, s->c, memory + r.turned, memory);
  }
  for (int64_t first = 0; first < s->n; first += some) {
    const int64_t n = s->n - first < some ? s->n - first : some;
    const number *dz = before_relu(s, first, n, dy, y, winners, memory + r.maps);
    const Field f = field(x, first, n, s->h, s->w, s->c, s->border, s->rows, s->columns,
                          memory + r.pictures);
    to_sums(&f, dz, s->o, memory + r.blocks, memory + r.sums);
    column_sums(n * s->rows * s->columns, s->o, dz, part);
    for (int64_t j = 0; j < s->o; j++) db[j] += part[j];
    if (!dx) continue;
    const Pictures from = {dz, 0, 1};
    const Field g = field(&from, 0, n, s->rows, s->columns, s->o, s->k - 1 - s->border, s->h, s->w,
                          memory + r.pictures);
    over_blocks(&g, memory, NULL, 0, s->c, memory + r.blocks, dx + first * size);
  }
  from_sums(s->c, s->o, memory + r.sums, dW);
}
