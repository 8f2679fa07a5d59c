/* A convolution in training whose products are in bfloat16, by a processor's tiles (AMX) or by its
   vectors (AVX-512 BF16).

   The factors of a product are rounded to eight significant bits; sums and what lies between layers
   are not. Tiles (`tiles.h`) multiply some six times as many numbers a second as vectors of single
   precision do, vectors of pairs (`pairs.h`) twice as many.

   A picture becomes a plane: its pixels one after the other, with zeros around, [places c]. A window's
   row is k c numbers that follow one another, and that of the next place begins c further on, so the
   rows of a product are windows as they lie. Places at the end of a row whose windows would reach into
   the next one are computed and left out. Inside: stride 1. Not inside: other strides, few channels
   and other processors (`convolution.h`). */

#if defined(IS_float) && defined(__AVX512F__) && defined(__x86_64__) && defined(__linux__)
#define HAS_NARROW 1
#include <immintrin.h>

#define NARROWED __attribute__((target("avx512bf16")))
enum { BY_VECTORS = 1, BY_TILES = 2 }; /* what `digitus_narrow_kind` says of a processor */
typedef uint16_t narrow;

enum { TERMS = 32, SIDE = 16, BOTH = 2 * SIDE, TILE_NUMBERS = SIDE * TERMS };

#include "tiles.h"
#include "pairs.h"

INLINE int64_t up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static NARROWED void narrowed(int64_t n, const float *x, narrow *out) {
  for (int64_t i = 0; i < n; i += SIDE) {
    const __mmask16 there = n - i < SIDE ? (__mmask16)((1u << (n - i)) - 1) : (__mmask16)-1;
    const __m512 v = _mm512_maskz_loadu_ps(there, x + i);
    _mm256_mask_storeu_epi16(out + i, there, (__m256i)_mm512_cvtneps_pbh(v));
  }
}

/* A picture [h w c] as a plane of `places` places, `across` in a row, `before` rows and columns in. */
static void plane_of(const float *x, int64_t h, int64_t w, int64_t c, int64_t before,
                     int64_t across, int64_t places, narrow *out) {
  narrow *to = out + (before * across + before) * c;
  memset(out, 0, (size_t)(places * c) * sizeof(narrow));
  for (int64_t r = 0; r < h; r++) narrowed(w * c, x + r * w * c, to + r * across * c);
}

/* Places of a sum over windows: whole tiles, and the rows of zeros below that they look at. */
typedef struct { int64_t across, sums, places; } Plane;

static Plane plane_for(int64_t rows, int64_t columns, int64_t c, int64_t k) {
  const int64_t across = columns + k - 1, sums = up(rows * across, BOTH);
  return (Plane){across, sums, sums + (k - 1) * across + k + up(TERMS, c) / c + BOTH};
}

/* How W is read, also turned by 180 degrees with its channels exchanged: the number of tap i, j from
   channel a to channel b is at[i·down + j·right + a·from + b·to]. */
typedef struct { const float *at; int64_t down, right, from, to; } Taps;

/* W in tiles: for 32 columns, each row of the kernel and each 32 terms of it two tiles, which hold
   their terms in pairs [16][columns][2]. */
static NARROWED void tiled(const Taps *W, int64_t k, int64_t c, int64_t o, narrow *out) {
  for (int64_t first = 0; first < o; first += BOTH)
    for (int64_t i = 0; i < k; i++)
      for (int64_t term = 0; term < k * c; term += TERMS)
        for (int64_t half = first; half < first + BOTH; half += SIDE, out += TILE_NUMBERS)
          for (int64_t t = 0; t < TERMS; t++) {
            float row[SIDE] = {0};
            const int64_t at = term + t, j = at / c, a = at % c;
            const float *from = W->at + i * W->down + j * W->right + a * W->from;
            narrow bits[SIDE];
            if (at < k * c)
              for (int64_t b = 0; b < SIDE && half + b < o; b++) row[b] = from[(half + b) * W->to];
            narrowed(SIDE, row, bits);
            for (int64_t b = 0; b < SIDE; b++) out[(t / 2 * SIDE + b) * 2 + t % 2] = bits[b];
          }
}

INLINE int64_t tiled_numbers(int64_t k, int64_t c, int64_t o) {
  return up(o, BOTH) / SIDE * k * up(k * c, TERMS) / TERMS * TILE_NUMBERS;
}

/* Sums of places [count 32] on their way into z, from a row and column on: max(sums + b, 0). Those
   at the end of a row of the plane are left out. */
typedef struct { int64_t rows, columns, across, o; const float *b; int relu; float *z; } NarrowMap;

static void put(const NarrowMap *m, int64_t first, int64_t place, int64_t count, const float *sums) {
  const int64_t there = m->o - first < BOTH ? m->o - first : BOTH;
  const __mmask16 low = (__mmask16)(there < SIDE ? (1u << there) - 1 : 0xffff);
  const __mmask16 high = (__mmask16)(there > SIDE ? (1u << (there - SIDE)) - 1 : 0);
  const float *b = m->b;
  const __m512 b0 = b ? _mm512_maskz_loadu_ps(low, b + first) : _mm512_setzero_ps();
  const __m512 b1 = b ? _mm512_maskz_loadu_ps(high, b + first + SIDE) : _mm512_setzero_ps();
  int64_t row = place / m->across, column = place % m->across;
  for (int64_t s = 0; s < count && row < m->rows; s++) {
    if (column < m->columns) {
      float *to = m->z + (row * m->columns + column) * m->o + first;
      vector v0 = (vector)_mm512_add_ps(_mm512_load_ps(sums + s * BOTH), b0);
      vector v1 = (vector)_mm512_add_ps(_mm512_load_ps(sums + s * BOTH + SIDE), b1);
      if (m->relu) v0 = positive(v0), v1 = positive(v1);
      _mm512_mask_storeu_ps(to, low, (__m512)v0);
      _mm512_mask_storeu_ps(to + SIDE, high, (__m512)v1);
    }
    if (++column == m->across) column = 0, row++;
  }
}

/* z[rows columns o] = max(Σ plane W + b, 0); without b and max if there are none. */
static NARROWED void windows_times(int64_t by, const narrow *plane, int64_t k, int64_t c,
                                   const narrow *W, const NarrowMap *m) {
  const int64_t each = k * up(k * c, TERMS) / TERMS * 2 * TILE_NUMBERS;
  float sums[BOTH * BOTH] LINES;
  for (int64_t first = 0; first < m->o; first += BOTH, W += each) {
    const int64_t vectors = m->o - first > SIDE ? 2 : 1;
    const int64_t count = by == BY_TILES ? BOTH : PLACES(vectors);
    for (int64_t place = 0; place < m->rows * m->across; place += count) {
      const narrow *a = plane + place * c;
      if (by == BY_TILES) windows_by_tiles(a, m->across, k, c, W, sums);
      else if (vectors == 2) windows_by_vectors(PLACES(2), 2, a, m->across, k, c, W, sums);
      else windows_by_vectors(PLACES(1), 1, a, m->across, k, c, W, sums);
      put(m, first, place, count, sums);
    }
  }
}

/* Two places' 16 channels next to one another in pairs; channels that are not there are 0. */
INLINE NARROWED __m512i paired(const narrow *at, int64_t c, __mmask16 there) {
  const __m512i first = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, at));
  const __m512i second = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, at + c));
  return _mm512_or_si512(first, _mm512_slli_epi32(second, 16));
}

INLINE __mmask16 channels_there(int64_t left) {
  return (__mmask16)(left < SIDE ? (1u << left) - 1 : 0xffff);
}

/* Places [places c] in pairs: [places / 2, up(c, 32), 2]. */
static NARROWED void in_pairs(const narrow *plane, int64_t places, int64_t c, narrow *out) {
  const int64_t wide = up(c, BOTH);
  for (int64_t p = 0; p < places; p += 2, out += 2 * wide)
    for (int64_t a = 0; a < wide; a += SIDE)
      _mm512_storeu_si512(out + 2 * a, paired(plane + p * c + a, c,
                                              channels_there(c - a < 0 ? 0 : c - a)));
}

/* A plane [places c] transposed, [up(c, 32) places], 32 places and 16 channels at a time. */
static NARROWED void across_channels(const narrow *plane, int64_t places, int64_t c, narrow *out) {
  for (int64_t a = 0; a < up(c, BOTH); a += SIDE)
    for (int64_t p = 0; p + TERMS <= places; p += TERMS) {
      const __mmask16 there = channels_there(c - a < 0 ? 0 : c - a);
      __m512i r[SIDE], s[SIDE];
      UNROLL for (int i = 0; i < SIDE; i++) r[i] = paired(plane + (p + 2 * i) * c + a, c, there);
      UNROLL for (int i = 0; i < SIDE; i += 2) {
        s[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        s[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
      }
      UNROLL for (int i = 0; i < SIDE; i += 4) {
        r[i] = _mm512_unpacklo_epi64(s[i], s[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(s[i], s[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(s[i + 1], s[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(s[i + 1], s[i + 3]);
      }
      UNROLL for (int i = 0; i < 4; i++) {
        s[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        s[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        s[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        s[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
      }
      UNROLL for (int i = 0; i < 8; i++) {
        const int64_t channel = a + i % 4 + (i < 4 ? 0 : 4);
        _mm512_storeu_si512(out + channel * places + p, _mm512_shuffle_i32x4(s[i], s[i + 8], 0x88));
        _mm512_storeu_si512(out + (channel + 8) * places + p,
                            _mm512_shuffle_i32x4(s[i], s[i + 8], 0xdd));
      }
    }
}

/* dW in tiles += Σ x dz of a picture: a tap's rows are channels of x, its terms places. */
static NARROWED void places_times(int64_t by, const narrow *x, int64_t places, const narrow *dz,
                                  const Plane *p, int64_t k, int64_t c, int64_t o, float *dW) {
  const int64_t wide = up(o, BOTH);
  for (int64_t tap = 0; tap < k * k; tap++)
    for (int64_t a = 0; a < c; a += BOTH)
      for (int64_t b = 0; b < o; b += BOTH, dW += BOTH * BOTH) {
        const narrow *from = x + a * places + tap / k * p->across + tap % k, *with = dz + 2 * b;
        const int64_t rows = c - a < BOTH ? c - a : BOTH;
        if (by == BY_TILES) places_by_tiles(from, places, with, wide, p->sums, dW);
        else if (o - b > SIDE) places_by_vectors(8, 2, from, places, with, wide, p->sums, rows, dW);
        else places_by_vectors(SIDE, 1, from, places, with, wide, p->sums, rows, dW);
      }
}

/* How memory is shared out, in numbers of single precision. */
typedef struct {
  Plane out, in;                    /* of sums for y and dW, and of those for dx */
  int64_t places;                   /* of a plane, whole tiles */
  int64_t W, turned, plane, across, pairs, dW, maps, size;
} NarrowRoom;

static NarrowRoom narrow_room(const Shape *s) {
  NarrowRoom r = {.W = 0, .out = plane_for(s->rows, s->columns, s->c, s->k),
                  .in = plane_for(s->h, s->w, s->o, s->k)};
  const int64_t most = r.out.places > r.in.places ? r.out.places : r.in.places;
  const int64_t wide_c = up(s->c, BOTH), wide_o = up(s->o, BOTH);
  const int64_t channels = s->c > s->o ? s->c : s->o;
  r.places = up(most, TERMS);
  r.turned = r.W + lines_of(tiled_numbers(s->k, s->c, s->o) / 2);
  r.plane = r.turned + lines_of(tiled_numbers(s->k, s->o, s->c) / 2);
  r.across = r.plane + lines_of(r.places * channels / 2 + TERMS);
  r.pairs = r.across + lines_of(r.places * wide_c / 2 + TERMS);
  r.dW = r.pairs + lines_of(r.places * wide_o / 2 + TERMS);
  r.maps = r.dW + s->k * s->k * wide_c * wide_o;
  r.size = r.maps + lines_of(s->rows * s->columns * s->o);
  return r;
}

static void narrow_forward(const Shape *s, const float *x, const float *W, const float *b,
                                 float *memory, float *y, uint8_t *winners) {
  const NarrowRoom r = narrow_room(s);
  const int64_t out = s->rows * s->columns * s->o, in = s->h * s->w * s->c;
  const int64_t each = (s->rows / s->pool) * (s->columns / s->pool) * s->o;
  const Taps taps = {W, s->k * s->c * s->o, s->c * s->o, s->o, 1};
  narrow *in_tiles = (narrow *)(memory + r.W), *plane = (narrow *)(memory + r.plane);
  tiled(&taps, s->k, s->c, s->o, in_tiles);
  if (s->narrow == BY_TILES) tiles_on();
  for (int64_t i = 0; i < s->n; i++) {
    float *z = s->pool > 1 ? memory + r.maps : y + i * out;
    plane_of(x + i * in, s->h, s->w, s->c, s->border, r.out.across, r.places, plane);
    const NarrowMap map = {s->rows, s->columns, r.out.across, s->o, b, (int)s->relu, z};
    windows_times(s->narrow, plane, s->k, s->c, in_tiles, &map);
    if (s->pool > 1) pooled(s, z, y + i * each, winners + i * each);
  }
  if (s->narrow == BY_TILES) tiles_off();
}

static void narrow_back(const Shape *s, const float *x, const float *W, const float *dy,
                              const float *y, const uint8_t *winners, float *memory, float *dW,
                              float *db, float *dx) {
  const NarrowRoom r = narrow_room(s);
  const int64_t out = s->rows * s->columns * s->o, in = s->h * s->w * s->c, k = s->k;
  const int64_t each = (s->rows / s->pool) * (s->columns / s->pool) * s->o;
  const int64_t wide_c = up(s->c, BOTH), wide_o = up(s->o, BOTH);
  const Taps taps = {W + (k * k - 1) * s->c * s->o, -k * s->c * s->o, -s->c * s->o, 1, s->o};
  narrow *turned = (narrow *)(memory + r.turned), *plane = (narrow *)(memory + r.plane);
  narrow *across = (narrow *)(memory + r.across), *pairs = (narrow *)(memory + r.pairs);
  float *sums = memory + r.dW, *own = memory + r.maps, part[s->o];
  memset(sums, 0, (size_t)(k * k * wide_c * wide_o) * sizeof(float));
  memset(db, 0, (size_t)s->o * sizeof(float));
  if (dx) tiled(&taps, k, s->o, s->c, turned);
  if (s->narrow == BY_TILES) tiles_on();
  for (int64_t i = 0; i < s->n; i++) {
    const float *dz = dy + i * each;
    if (s->pool > 1) unpooled(s, dz, winners + i * each, own), dz = own;
    else if (s->relu) gate(out, dz, y + i * each, own), dz = own;
    column_sums(s->rows * s->columns, s->o, dz, part);
    for (int64_t j = 0; j < s->o; j++) db[j] += part[j];
    plane_of(x + i * in, s->h, s->w, s->c, s->border, r.out.across, r.places, plane);
    across_channels(plane, r.places, s->c, across);
    plane_of(dz, s->rows, s->columns, s->o, 0, r.out.across, r.places, plane);
    in_pairs(plane, r.out.sums, s->o, pairs);
    places_times(s->narrow, across, r.places, pairs, &r.out, k, s->c, s->o, sums);
    if (!dx) continue;
    plane_of(dz, s->rows, s->columns, s->o, k - 1 - s->border, r.in.across, r.places, plane);
    const NarrowMap map = {s->h, s->w, r.in.across, s->c, NULL, 0, dx + i * in};
    windows_times(s->narrow, plane, k, s->o, turned, &map);
  }
  if (s->narrow == BY_TILES) tiles_off();
  for (int64_t tap = 0; tap < k * k; tap++)
    for (int64_t a = 0; a < s->c; a++)
      for (int64_t b = 0; b < s->o; b++) {
        const int64_t block = (tap * wide_c / BOTH + a / BOTH) * wide_o / BOTH + b / BOTH;
        const int64_t tile = a % BOTH / SIDE * 2 + b % BOTH / SIDE;
        dW[(tap * s->c + a) * s->o + b] =
            sums[(block * 4 + tile) * SIDE * SIDE + a % SIDE * SIDE + b % SIDE];
      }
}
#else
#define HAS_NARROW 0
#endif
