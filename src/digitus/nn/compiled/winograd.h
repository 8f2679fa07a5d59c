/* A convolution at inference with fewer products (Winograd 1980; for networks Lavin & Gray 2016).

   Two outputs side by side that share two of three inputs need not six products but four. In both
   directions, of 4 x 4 inputs d and a kernel g of 3 x 3, 2 x 2 outputs are

       Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,

       Bᵀ = 1  0 -1  0     G = 1   0   0     Aᵀ = 1  1  1  0
            0  1  1  0         ½   ½   ½          0  1 -1 -1
            0 -1  1  0         ½  -½   ½
            0  1  0 -1         0   0   1

   with sixteen products, where the sums over windows have thirty-six. ⊙ is taken for each of its
   sixteen entries as a product of matrices: blocks [b c] times G g Gᵀ [c o], by the sums of `sums.h`.

   A kernel of 5 x 5 with stride 2 sees the even rows and columns with its taps 0, 2, 4 and the odd
   ones with 1, 3: it is the sum of four kernels of 3 x 3, one for each phase of the picture, of which
   the odd ones end in zeros. What these zeros make zero, the last row or column of G g Gᵀ, is left
   out: forty-nine products for a hundred.

   Some rows of blocks go together, so that all entries are in the cache. Inside: `winograd`. Not
   inside: G g Gᵀ, which is made once, and when all this is worth it (`nn/winograd.py`). */

enum { EDGE = 4, ENTRIES = EDGE * EDGE, BLOCKS = 64 };

/* Rows of blocks that are computed together: about BLOCKS blocks. */
INLINE int64_t rows_at_once(int64_t blocks_across) {
  return blocks_across >= BLOCKS ? 1 : (BLOCKS + blocks_across - 1) / blocks_across;
}

/* Rows of memory for the products of so many blocks: a last tile may be larger than what is left. */
INLINE int64_t padded(int64_t blocks) { return blocks + MOST_P; }

/* Numbers of memory for that: Bᵀ d B of all phases, and the products. */
INLINE int64_t winograd_memory(int64_t blocks_across, int64_t c, int64_t o, int64_t stride) {
  const int64_t blocks = rows_at_once(blocks_across) * blocks_across;
  return ENTRIES * (blocks * stride * stride * c + padded(blocks) * vectors(o) * V);
}

/* Bᵀ d B of one block in V channels or fewer, its first `rows` rows and `columns` columns, 4 or 3:
   entry e is written `apart` e behind the first. */
INLINE void input_vector(const int rows, const int columns, const int64_t there, const number *d,
                         int64_t down, int64_t right, int64_t apart, number *out) {
  vector t[EDGE][EDGE];
  UNROLL for (int j = 0; j < columns; j++) { /* Bᵀ d, column by column */
    const number *at = d + j * right;
    const vector d0 = load(at, there), d1 = load(at + down, there);
    const vector d2 = load(at + 2 * down, there);
    t[0][j] = d0 - d2, t[1][j] = d1 + d2, t[2][j] = d2 - d1;
    if (rows == EDGE) t[3][j] = d1 - load(at + 3 * down, there);
  }
  UNROLL for (int i = 0; i < rows; i++) {
    number *to = out + i * EDGE * apart;
    store(to, t[i][0] - t[i][2], there);
    store(to + apart, t[i][1] + t[i][2], there);
    store(to + 2 * apart, t[i][2] - t[i][1], there);
    if (columns == EDGE) store(to + 3 * apart, t[i][1] - t[i][3], there);
  }
}

INLINE void input_block(const int rows, const int columns, const number *d, int64_t down,
                        int64_t right, int64_t c, int64_t apart, number *out) {
  int64_t first = 0;
  for (; first + V <= c; first += V)
    input_vector(rows, columns, V, d + first, down, right, apart, out + first);
  if (first < c)
    input_vector(rows, columns, c - first, d + first, down, right, apart, out + first);
}

/* The same of a block's phases, as many as the square of the stride, one after the other. */
static void input_phases(int64_t stride, const number *d, int64_t down, int64_t right, int64_t c,
                         int64_t apart, number *out) {
  if (stride == 1) {
    input_block(4, 4, d, down, right, c, apart, out);
    return;
  }
  input_block(4, 4, d, 2 * down, 2 * right, c, apart, out);
  input_block(4, 3, d + right, 2 * down, 2 * right, c, apart, out + c);
  input_block(3, 4, d + down, 2 * down, 2 * right, c, apart, out + 2 * c);
  input_block(3, 3, d + down + right, 2 * down, 2 * right, c, apart, out + 3 * c);
}

/* Blocks [b depth] times W [k o]: for each panel of W, [b Q V] numbers one after the other, as tiles
   leave them. */
static void block_products(Terms terms, int64_t blocks, int64_t depth, const number *inputs,
                           const number *W, int64_t k, int64_t o, number *out) {
  const number *a[MOST_P];
  for (int64_t from = 0, Q; from < vectors(o); from += Q) {
    Q = panel(vectors(o) - from);
    terms.b_step = Q * V;
    for (int64_t b = 0, P, whole = ROWS(Q); b < blocks; b += P) {
      const int64_t left = blocks - b;
      const int half = left <= whole / 2;
      P = left == 1 ? 1 : half ? whole / 2 : whole;
      for (int64_t p = 0; p < P; p++) a[p] = inputs + (p < left ? b + p : b) * depth;
      TILE_OF[Q][0][P == 1 ? 2 : half](&terms, a, W, out + b * Q * V);
    }
    out += padded(blocks) * Q * V;
    W += k * Q * V;
  }
}

/* Aᵀ m A in V channels or fewer, with bias, what is added and Relu, to 2 x 2 places of y. */
INLINE void output_vector(const int64_t there, const number *m, int64_t apart, const number *bias,
                          int relu, number *y, int64_t down, int64_t right, const number *z,
                          int64_t z_down, int64_t z_right) {
  vector t[2][EDGE];
  UNROLL for (int j = 0; j < EDGE; j++) { /* Aᵀ m, column by column */
    const number *at = m + j * apart;
    const vector m0 = *(const vector *)at, m1 = *(const vector *)(at + EDGE * apart);
    const vector m2 = *(const vector *)(at + 2 * EDGE * apart);
    const vector m3 = *(const vector *)(at + 3 * EDGE * apart);
    t[0][j] = m0 + m1 + m2, t[1][j] = m1 - m2 - m3;
  }
  const vector more = bias ? load(bias, there) : (vector){0};
  UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++) {
    vector v = more + (j ? t[i][1] - t[i][2] - t[i][3] : t[i][0] + t[i][1] + t[i][2]);
    if (z) v += load(z + i * z_down + j * z_right, there);
    store(y + i * down + j * right, relu ? positive(v) : v, there);
  }
}

/* All channels of block b. */
static void output_block(const Step *s, int64_t b, int64_t blocks, const number *products,
                         const View *y, number *to, const View *z, const number *more) {
  const int64_t o = s->channels, apart = padded(blocks) * vectors(o) * V;
  const int64_t z_down = z ? z->down : 0, z_right = z ? z->right : 0;
  for (int64_t from = 0, Q; from < vectors(o); from += Q) {
    Q = panel(vectors(o) - from);
    const number *m = products + (padded(blocks) * from + b * Q) * V;
    for (int64_t q = 0; q < Q; q++, m += V) {
      const int64_t first = (from + q) * V, there = o - first;
      const number *bias = s->b ? s->b + first : NULL, *added = z ? more + first : NULL;
      const int relu = (int)s->relu;
      if (there >= V) output_vector(V, m, apart, bias, relu, to + first, y->down, y->right, added,
                                    z_down, z_right);
      else output_vector(there, m, apart, bias, relu, to + first, y->down, y->right, added, z_down,
                         z_right);
    }
  }
}

/* y[h w o] = max(x ⋆ W + b + z, 0), the last two if wanted; W is G g Gᵀ [16 phases c o], packed. The
   last block of a row or column that would reach beyond an edge begins further in, and what two
   blocks give is written twice. */
static void winograd(const Step *s, const View *x, const View *z, const View *y, number *memory) {
  const int64_t h = y->map->h, w = y->map->w, c = x->map->c, wide = vectors(s->channels) * V;
  const int64_t across = (w + 1) / 2, down = (h + 1) / 2, some = rows_at_once(across);
  const int64_t phases = s->stride * s->stride, depth = phases * c;
  number *inputs = memory, *products = memory + ENTRIES * some * across * depth;
  const number *corner = x->at - s->padding * (x->down + x->right);
  for (int64_t from = 0; from < down; from += some) {
    const int64_t blocks = (down - from < some ? down - from : some) * across;
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t i = 2 * (from + b / across), j = 2 * (b % across);
      const int64_t row = i > h - 2 ? h - 2 : i, column = j > w - 2 ? w - 2 : j;
      input_phases(s->stride, corner + s->stride * (row * x->down + column * x->right), x->down,
                   x->right, c, blocks * depth, inputs + b * depth);
    }
    for (int64_t e = 0; e < ENTRIES; e++) {
      Span spans[4];
      Terms terms = {0, spans, 1, 0, NULL};
      for (int64_t phase = 0; phase < phases; phase++)
        if (!(phase / 2 && e / EDGE == 3) && !(phase % 2 && e % EDGE == 3))
          spans[terms.count++] = (Span){phase * c, e * depth + phase * c, c};
      block_products(terms, blocks, depth, inputs + e * blocks * depth, s->W, ENTRIES * depth,
                     s->channels, products + e * padded(blocks) * wide);
    }
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t i = 2 * (from + b / across), j = 2 * (b % across);
      const int64_t row = i > h - 2 ? h - 2 : i, column = j > w - 2 ? w - 2 : j;
      output_block(s, b, blocks, products, y,
                   y->at + s->lead + row * y->down + column * y->right, z,
                   z ? z->at + row * z->down + column * z->right : NULL);
    }
  }
}
