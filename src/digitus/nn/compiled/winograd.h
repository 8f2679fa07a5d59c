/* A convolution of 3 x 3 at inference with four ninths of its products (Winograd 1980; for networks
   Lavin & Gray 2016).

   Two outputs side by side that share two of three inputs need not six products but four. In both
   directions, of 4 x 4 inputs d and a kernel g, 2 x 2 outputs are

       Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A,

       Bᵀ = 1  0 -1  0     G = 1   0   0     Aᵀ = 1  1  1  0
            0  1  1  0         ½   ½   ½          0  1 -1 -1
            0 -1  1  0         ½  -½   ½
            0  1  0 -1         0   0   1

   with sixteen products, where the sums over windows have thirty-six. ⊙ is taken for each of its
   sixteen places as a product of matrices: blocks [b c] times G g Gᵀ [c o], by the sums of `sums.h`.
   Some rows of blocks at a time, so that all sixteen are in the cache. Inside: `winograd`. Not
   inside: G g Gᵀ, which is made once (`nn/winograd.py`), and when it is worth it
   (`nn/inference.py`). */

enum { EDGE = 4, ENTRIES = EDGE * EDGE, BLOCKS = 112 };

/* Blocks that are computed at once: whole rows of them, about BLOCKS. */
INLINE int64_t rows_at_once(int64_t blocks_across) {
  return blocks_across >= BLOCKS ? 1 : (BLOCKS + blocks_across - 1) / blocks_across;
}

/* Numbers of memory for that: Bᵀ d B and its products. */
INLINE int64_t winograd_memory(int64_t blocks_across, int64_t c, int64_t o) {
  return ENTRIES * rows_at_once(blocks_across) * blocks_across * (c + vectors(o) * V);
}

/* Bᵀ d B of one block, V channels at a time: entry e is written `apart` e behind the first. */
INLINE void input_block(const number *d, int64_t down, int64_t right, int64_t c, int64_t apart,
                        number *out) {
  for (int64_t first = 0; first < c; first += V) {
    const int64_t there = c - first;
    vector t[EDGE][EDGE];
    UNROLL for (int j = 0; j < EDGE; j++) { /* Bᵀ d, column by column */
      vector d0 = load(d + j * right + first, there), d1 = load(d + j * right + down + first, there);
      vector d2 = load(d + j * right + 2 * down + first, there);
      vector d3 = load(d + j * right + 3 * down + first, there);
      t[0][j] = d0 - d2, t[1][j] = d1 + d2, t[2][j] = d2 - d1, t[3][j] = d1 - d3;
    }
    UNROLL for (int i = 0; i < EDGE; i++) {
      number *to = out + i * EDGE * apart + first;
      store(to, t[i][0] - t[i][2], there);
      store(to + apart, t[i][1] + t[i][2], there);
      store(to + 2 * apart, t[i][2] - t[i][1], there);
      store(to + 3 * apart, t[i][1] - t[i][3], there);
    }
  }
}

/* Aᵀ m A of one block, with bias, what is added and Relu, to its 2 x 2 places of y. */
INLINE void output_block(const Step *s, const number *m, int64_t apart, const View *y, number *to,
                         const View *z, const number *more) {
  for (int64_t first = 0; first < s->channels; first += V) {
    const int64_t there = s->channels - first;
    const vector bias = s->b ? load(s->b + first, there) : (vector){0};
    vector t[2][EDGE];
    UNROLL for (int j = 0; j < EDGE; j++) { /* Aᵀ m, column by column */
      const number *at = m + j * apart + first;
      const vector m0 = *(const vector *)at, m1 = *(const vector *)(at + EDGE * apart);
      const vector m2 = *(const vector *)(at + 2 * EDGE * apart);
      const vector m3 = *(const vector *)(at + 3 * EDGE * apart);
      t[0][j] = m0 + m1 + m2, t[1][j] = m1 - m2 - m3;
    }
    UNROLL for (int i = 0; i < 2; i++) UNROLL for (int j = 0; j < 2; j++) {
      vector v = j ? t[i][1] - t[i][2] - t[i][3] : t[i][0] + t[i][1] + t[i][2];
      v += bias;
      if (z) v += load(more + i * z->down + j * z->right + first, there);
      store(to + i * y->down + j * y->right + first, s->relu ? positive(v) : v, there);
    }
  }
}

/* y[h w o] = max(x ⋆ W + b + z, 0), the last two if wanted; W is G g Gᵀ [16 c o], packed. The last
   block of a row or column that would reach beyond an edge begins further in, and what two blocks
   give is written twice. */
static void winograd(const Step *s, const View *x, const View *z, const View *y, number *memory) {
  const int64_t h = y->map->h, w = y->map->w, c = x->map->c, wide = vectors(s->channels) * V;
  const int64_t across = (w + 1) / 2, down = (h + 1) / 2, some = rows_at_once(across);
  number *inputs = memory, *products = memory + ENTRIES * some * across * c;
  const number *corner = x->at - s->padding * (x->down + x->right);
  for (int64_t from = 0; from < down; from += some) {
    const int64_t blocks = (down - from < some ? down - from : some) * across;
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t i = 2 * (from + b / across), j = 2 * (b % across);
      const int64_t row = i > h - 2 ? h - 2 : i, column = j > w - 2 ? w - 2 : j;
      input_block(corner + row * x->down + column * x->right, x->down, x->right, c, blocks * c,
                  inputs + b * c);
    }
    for (int64_t e = 0; e < ENTRIES; e++) {
      const Run run = {0, e * c, c};
      const Terms terms = {1, &run, 1, 0, NULL};
      const Places at = {.h = 1, .w = blocks, .a = inputs + e * blocks * c, .a_right = c,
                         .y = products + e * blocks * wide, .y_right = wide};
      columns(terms, &at, s->W, NULL, ENTRIES * c, wide, 0);
    }
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t i = 2 * (from + b / across), j = 2 * (b % across);
      const int64_t row = i > h - 2 ? h - 2 : i, column = j > w - 2 ? w - 2 : j;
      output_block(s, products + b * wide, blocks * wide, y,
                   y->at + s->lead + row * y->down + column * y->right, z,
                   z ? z->at + row * z->down + column * z->right : NULL);
    }
  }
}
