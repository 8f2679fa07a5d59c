/* Products in bfloat16 by a processor's vectors (AVX-512 BF16).

   One instruction multiplies 16 pairs of numbers by 16 others and adds both products of each pair to
   16 sums in single precision. The operands lie in memory as for tiles: a pair of the left one is
   read into all places of a vector, sixteen pairs of the right one are a vector as they lie. P rows
   by Q vectors of sums stay in registers. Not inside: where the numbers come from (`narrow.h`). */

enum { MOST_ROWS = 16 };
#define PLACES(vectors) ((vectors) == 2 ? 12 : MOST_ROWS)

INLINE NARROWED __m512bh everywhere(const narrow *pair) {
  int32_t both;
  memcpy(&both, pair, sizeof both);
  return (__m512bh)_mm512_set1_epi32(both);
}

INLINE NARROWED __m512bh sixteen_pairs(const narrow *at) {
  return (__m512bh)_mm512_loadu_si512(at);
}

/* sums[P 32] of the windows of P places of a plane, from `a` on, and Q times 16 columns of W. */
INLINE NARROWED void windows_by_vectors(const int P, const int Q, const narrow *a, int64_t across,
                                        int64_t k, int64_t c, const narrow *W, float *sums) {
  __m512 sum[MOST_ROWS][2];
  UNROLL for (int p = 0; p < P; p++)
    UNROLL for (int q = 0; q < Q; q++) sum[p][q] = _mm512_setzero_ps();
  for (int64_t i = 0; i < k; i++, a += across * c)
    for (int64_t t = 0; t < k * c; t += TERMS, W += 2 * TILE_NUMBERS)
      for (int64_t pair = 0; pair < TERMS && t + pair < k * c; pair += 2) {
        __m512bh w[2];
        UNROLL for (int q = 0; q < Q; q++)
          w[q] = sixteen_pairs(W + q * TILE_NUMBERS + pair * SIDE);
        UNROLL for (int p = 0; p < P; p++) {
          const __m512bh x = everywhere(a + p * c + t + pair);
          UNROLL for (int q = 0; q < Q; q++)
            sum[p][q] = _mm512_dpbf16_ps(sum[p][q], x, w[q]);
        }
      }
  UNROLL for (int p = 0; p < P; p++)
    UNROLL for (int q = 0; q < Q; q++) _mm512_store_ps(sums + p * BOTH + q * SIDE, sum[p][q]);
}

/* dW[2 2 16 16] += channels of x by Q times 16 of dz, whose places lie in pairs, summed over
   places: P of the `rows` channels at a time. */
INLINE NARROWED void places_by_vectors(const int P, const int Q, const narrow *x, int64_t places,
                                       const narrow *dz, int64_t wide, int64_t count, int64_t rows,
                                       float *dW) {
  for (int64_t first = 0; first < rows; first += P) {
    float *to = dW + first / SIDE * 2 * SIDE * SIDE + first % SIDE * SIDE;
    const narrow *from = x + first * places;
    __m512 sum[MOST_ROWS][2];
    UNROLL for (int p = 0; p < P; p++)
      UNROLL for (int q = 0; q < Q; q++)
        sum[p][q] = _mm512_load_ps(to + q * SIDE * SIDE + p * SIDE);
    for (int64_t s = 0; s < count; s += 2) {
      __m512bh w[2];
      UNROLL for (int q = 0; q < Q; q++) w[q] = sixteen_pairs(dz + s * wide + q * BOTH);
      UNROLL for (int p = 0; p < P; p++) {
        const __m512bh a = everywhere(from + p * places + s);
        UNROLL for (int q = 0; q < Q; q++)
          sum[p][q] = _mm512_dpbf16_ps(sum[p][q], a, w[q]);
      }
    }
    UNROLL for (int p = 0; p < P; p++)
      UNROLL for (int q = 0; q < Q; q++)
        _mm512_store_ps(to + q * SIDE * SIDE + p * SIDE, sum[p][q]);
  }
}
