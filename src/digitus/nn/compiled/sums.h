/* Sums of products: one kernel that a convolution, its two gradients and a dense layer share.

   Each is a product of matrices whose left one, A, is never formed: its rows are places in a picture.
   A tile of P rows and Q vectors of columns stays in registers while the terms go by:

       y[p][o] = bias[o] + Σ_r Σ_s  a[p][r.a + s·a_step] · b[(r.b + s)·b_step + o],   s < r.count

   Inside: vectors of a processor, the tile, the panels that hold W, and rows of tiles. Not inside:
   layers (`network.h`, `training.h`). The order of a sum depends on nothing but the layer, so that
   an answer is the same bit for bit in any batch, and with every width of vectors. */

#include <math.h>
#include <stdint.h>
#include <string.h>

/* NUMBER is float or double; the width of a vector follows from what the compiler may use. A wide
   vector that it had to split would run at a twentieth of the speed. */
#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
#if defined(__AVX512F__) || defined(__aarch64__)
#define MANY_REGISTERS 1 /* 32 of them, not 16 */
#else
#define MANY_REGISTERS 0
#endif
#if defined(__AVX512F__)
#define MOST_COLUMNS 8 /* vectors: a factor is read out of memory and needs no register */
#else
#define MOST_COLUMNS (MANY_REGISTERS ? 4 : 3)
#endif
typedef NUMBER number;
typedef number vector __attribute__((vector_size(BYTES), aligned(sizeof(number)), may_alias));
enum { V = BYTES / sizeof(number) };

/* Memory that begins with a line of the cache: a vector that crosses two is stored and loaded late. */
#define LINES __attribute__((aligned(64)))
#define LARGEST 1e30 /* of a number that is sound */

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

/* Rows of a tile, by its vectors of columns: as many sums as the registers (32 or 16) can hold, two
   left for what is multiplied. 6 x 4 reaches 175 GFLOP/s where the core can do 190. Where terms are
   left out (`sparse`), fewer rows have more of them in common: 3 x 8 takes 0.85 of the time. */
enum { MOST_P = 14, MOST_Q = MOST_COLUMNS };
#define ROWS(Q) (MANY_REGISTERS ? ((Q) == 1 ? 14 : (Q) == 2 ? 12 : (Q) == 3 ? 8 : (Q) == 4 ? 6 \
                                   : (Q) == 5 ? 5 : (Q) == 6 ? 4 : 3) \
                           : ((Q) == 1 ? 10 : (Q) == 2 ? 6 : 4))

typedef struct { int64_t a, b, count; } Span; /* terms that follow one another, from row b of W on */

typedef struct {
  int64_t count;          /* of spans, or of single terms */
  const Span *span;
  int64_t a_step, b_step; /* how far apart the terms lie in a and in b */
  const int32_t *only;    /* instead of spans: which single terms there are */
} Terms;

typedef struct {           /* what becomes of a sum */
  const number *bias;      /* added, MOST_Q vectors of it; or NULL */
  int64_t lanes;           /* columns that there are; the rest of the last vector is padding */
  int relu;                /* max(y, 0) */
} Finish;

INLINE number exponential(number x) {
  return sizeof(number) == 4 ? (number)expf((float)x) : (number)exp((double)x);
}

INLINE vector load(const number *at, int64_t lanes) {
  if (lanes >= V) return *(const vector *)at;
  vector v = {0};
  memcpy(&v, at, (size_t)lanes * sizeof(number));
  return v;
}

INLINE void store(number *at, vector v, int64_t lanes) {
  if (lanes >= V) *(vector *)at = v;
  else memcpy(at, &v, (size_t)lanes * sizeof(number));
}

/* max(v, 0) that leaves NaN as it is. */
INLINE vector positive(vector v) {
  typedef __typeof__(v < v) mask;
  return (vector)((mask)v & ~(v < (vector){0}));
}

/* The sums of one tile, without bias: [P][Q V] numbers. Where most terms are 0 (four fifths of a
   digit are background), `sparse`, only some of them are added. */
INLINE void tile(const int P, const int Q, const int sparse, const Terms *t,
                 const number *const *a, const number *b, number *out) {
  vector sum[MOST_P][MOST_Q];
  UNROLL for (int p = 0; p < P; p++) UNROLL for (int q = 0; q < Q; q++) sum[p][q] = (vector){0};
  const int64_t a_step = t->a_step, b_step = t->b_step;
  if (sparse) for (int64_t i = 0; i < t->count; i++) {
    const int64_t s = t->only[i] * a_step;
    const number *term = b + t->only[i] * b_step;
    vector w[MOST_Q];
    UNROLL for (int q = 0; q < Q; q++) w[q] = *(const vector *)(term + q * V);
    UNROLL for (int p = 0; p < P; p++) {
      const number factor = a[p][s];
      UNROLL for (int q = 0; q < Q; q++) sum[p][q] += factor * w[q];
    }
  }
  else for (const Span *r = t->span, *end = r + t->count; r < end; r++) {
    const number *x[MOST_P], *terms = b + r->b * b_step;
    UNROLL for (int p = 0; p < P; p++) x[p] = a[p] + r->a;
    for (int64_t s = 0; s < r->count * a_step; s += a_step, terms += b_step) {
      vector w[MOST_Q];
      UNROLL for (int q = 0; q < Q; q++) w[q] = *(const vector *)(terms + q * V);
      UNROLL for (int p = 0; p < P; p++) {
        const number factor = x[p][s];
        UNROLL for (int q = 0; q < Q; q++) sum[p][q] += factor * w[q];
      }
    }
  }
  UNROLL for (int p = 0; p < P; p++) UNROLL for (int q = 0; q < Q; q++)
    *(vector *)(out + (p * Q + q) * V) = sum[p][q];
}

/* The sums of a tile, finished: with bias, `added` and Relu. Apart from the tile, in which GCC would
   otherwise keep the sums in memory, at half the speed. */
INLINE void finish_rows(const int Q, const int relu, int P, const number *sums, const Finish *f,
                        const number *const *added, number *const *y) {
  vector bias[MOST_Q];
  UNROLL for (int q = 0; q < Q; q++)
    bias[q] = f->bias ? *(const vector *)(f->bias + q * V) : (vector){0};
  const int64_t lanes = f->lanes - (Q - 1) * V; /* of the last vector: only that may not be whole */
  for (int p = 0; p < P; p++, sums += Q * V)
    UNROLL for (int q = 0; q < Q; q++) {
      const int64_t there = q < Q - 1 ? V : lanes;
      vector v = *(const vector *)(sums + q * V);
      if (f->bias) v += bias[q];
      if (added) v += load(added[p] + q * V, there);
      store(y[p] + q * V, relu ? positive(v) : v, there);
    }
}

#define FINISH(Q) \
  static void finish_##Q(int P, const number *sums, const Finish *f, const number *const *added, \
                         number *const *y) { \
    if (f->relu) finish_rows(Q, 1, P, sums, f, added, y); \
    else finish_rows(Q, 0, P, sums, f, added, y); \
  }
FINISH(1) FINISH(2) FINISH(3)
#if MANY_REGISTERS
FINISH(4)
#endif
#if MOST_COLUMNS > 4
FINISH(5) FINISH(6) FINISH(7) FINISH(8)
#endif
typedef void Finishing(int, const number *, const Finish *, const number *const *, number *const *);
static Finishing *const FINISH_OF[MOST_Q + 1] = {
    NULL, finish_1, finish_2, finish_3,
#if MANY_REGISTERS
    finish_4,
#endif
#if MOST_COLUMNS > 4
    finish_5, finish_6, finish_7, finish_8,
#endif
};

/* The tiles that are used: whole, half and single ones of 1 to MOST_Q vectors. */
typedef void Tile(const Terms *, const number *const *, const number *, number *);
#define TILE(NAME, P, Q) \
  static void NAME(const Terms *t, const number *const *a, const number *b, number *out) { \
    tile(P, Q, 0, t, a, b, out); \
  } \
  static void sparse_##NAME(const Terms *t, const number *const *a, const number *b, \
                            number *out) { \
    tile(P, Q, 1, t, a, b, out); \
  }
#define TILES(Q) \
  TILE(whole_##Q, ROWS(Q), Q) TILE(half_##Q, ROWS(Q) / 2, Q) TILE(single_##Q, 1, Q)
#define OF(Q) \
  {{whole_##Q, half_##Q, single_##Q}, {sparse_whole_##Q, sparse_half_##Q, sparse_single_##Q}},
TILES(1) TILES(2) TILES(3)
#if MANY_REGISTERS
TILES(4)
#endif
#if MOST_COLUMNS > 4
TILES(5) TILES(6) TILES(7) TILES(8)
#endif
static Tile *const TILE_OF[MOST_Q + 1][2][3] = {
    {{0}}, OF(1) OF(2) OF(3)
#if MANY_REGISTERS
    OF(4)
#endif
#if MOST_COLUMNS > 4
    OF(5) OF(6) OF(7) OF(8)
#endif
};

/* A panel is some columns of W [k o], MOST_Q vectors at most, one row after the other and filled up
   with zeros to whole vectors, as they are read. Columns are shared out evenly. */
INLINE int64_t vectors(int64_t o) { return (o + V - 1) / V; }

INLINE int panel(int64_t left) {
  int64_t panels = (left + MOST_Q - 1) / MOST_Q;
  return (int)((left + panels - 1) / panels);
}

/* Some rows of a matrix [k o], those from `first` on, to its panels; numbers of the source lie `down`
   and `right` apart. `out` has vectors(o) V numbers for each of the k rows. */
static void pack_rows(int64_t k, int64_t first, int64_t rows, int64_t o, const number *W,
                      int64_t down, int64_t right, number *out) {
  for (int64_t from = 0, Q; from < vectors(o); from += Q, out += k * Q * V) {
    Q = panel(vectors(o) - from);
    const int64_t there = o - from * V < Q * V ? o - from * V : Q * V;
    for (int64_t i = 0; i < rows; i++) {
      const number *row = W + i * down + from * V * right;
      number *to = out + (first + i) * Q * V;
      if (right == 1) memcpy(to, row, (size_t)there * sizeof(number));
      else for (int64_t j = 0; j < there; j++) to[j] = row[j * right];
      memset(to + there, 0, (size_t)(Q * V - there) * sizeof(number));
    }
  }
}

static void pack(int64_t k, int64_t o, const number *W, number *out) {
  pack_rows(k, 0, k, o, W, o, 1, out);
}

/* Rows of tiles in one panel: h x w places whose windows begin at a, a_down and a_right apart, to
   numbers at y, likewise; `added` lies as y does, at a distance of its own. */
typedef struct {
  int64_t h, w;
  const number *a;
  int64_t a_down, a_right;
  number *y;
  int64_t y_down, y_right;
  const number *added; /* or NULL */
  int64_t added_down, added_right;
} Places;

static void places(int Q, const Terms *t, const Places *at, const number *b, const Finish *f) {
  const int whole = ROWS(Q);
  number sums[MOST_P * MOST_Q * V] LINES;
  const number *a[MOST_P], *added[MOST_P];
  number *y[MOST_P];
  Places next = *at; /* its a, y and added are those of the next place */
  int64_t row = 0, column = 0;
  for (int64_t left = at->h * at->w; left > 0;) {
    const int half = left <= whole / 2, P = left == 1 ? 1 : half ? whole / 2 : whole;
    for (int p = 0; p < P; p++) {
      if (p >= left) { /* the last place again, to fill the tile */
        a[p] = a[p - 1];
        continue;
      }
      a[p] = next.a, y[p] = next.y, added[p] = next.added;
      if (++column < at->w) {
        next.a += at->a_right, next.y += at->y_right;
        if (at->added) next.added += at->added_right;
      } else if (++row < at->h) {
        column = 0;
        next.a = at->a + row * at->a_down, next.y = at->y + row * at->y_down;
        if (at->added) next.added = at->added + row * at->added_down;
      }
    }
    TILE_OF[Q][t->only != NULL][P == 1 ? 2 : half](t, a, b, sums);
    FINISH_OF[Q](P < left ? P : (int)left, sums, f, at->added ? added : NULL, y);
    left -= P;
  }
}

/* All panels of W [k o], packed. */
static void columns(Terms terms, const Places *at, const number *W, const number *bias, int64_t k,
                    int64_t o, int relu) {
  Places here = *at;
  for (int64_t first = 0, Q; first < vectors(o); first += Q) {
    Q = panel(vectors(o) - first);
    terms.b_step = Q * V;
    const Finish f = {bias ? bias + first * V : NULL, o - first * V, relu};
    here.y = at->y + first * V;
    here.added = at->added ? at->added + first * V : NULL;
    places((int)Q, &terms, &here, W, &f);
    W += k * Q * V;
  }
}
