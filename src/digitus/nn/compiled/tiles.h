/* Products in bfloat16 by a processor's tiles (AMX).

   A tile holds 16 rows of 64 bytes, and one instruction multiplies 16 x 32 numbers by 32 x 16 and
   adds the products to 16 x 16 sums in single precision. Four tiles of sums take 32 rows and 32
   columns at a time. Not inside: where the numbers come from (`narrow.h`). */

#define TILED __attribute__((target("amx-tile,amx-bf16")))

static TILED void tiles_on(void) {
  struct { uint8_t palette, start, none[14]; uint16_t bytes[16]; uint8_t rows[16]; } shape
      __attribute__((aligned(64))) = {.palette = 1};
  for (int i = 0; i < 8; i++) shape.bytes[i] = 64, shape.rows[i] = SIDE;
  _tile_loadconfig(&shape);
}

static TILED void tiles_off(void) { _tile_release(); }

/* Adds the products of two tiles A and two tiles B, whose rows lie A_STEP and B_STEP bytes apart. */
#define MULTIPLY(A, A2, A_STEP, B, B2, B_STEP) \
  _tile_loadd(4, A, A_STEP); \
  _tile_loadd(5, A2, A_STEP); \
  _tile_loadd(6, B, B_STEP); \
  _tile_loadd(7, B2, B_STEP); \
  _tile_dpbf16ps(0, 4, 6); \
  _tile_dpbf16ps(1, 4, 7); \
  _tile_dpbf16ps(2, 5, 6); \
  _tile_dpbf16ps(3, 5, 7)

/* sums[32 32] of the windows of 32 places of a plane, from `a` on, and 32 columns of W. */
static TILED void windows_by_tiles(const narrow *a, int64_t across, int64_t k, int64_t c,
                                   const narrow *W, float *sums) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < k; i++, a += across * c)
    for (int64_t t = 0; t < k * c; t += TERMS, W += 2 * TILE_NUMBERS) {
      MULTIPLY(a + t, a + t + SIDE * c, (size_t)c * 2, W, W + TILE_NUMBERS, 64);
    }
  _tile_stored(0, sums, BOTH * 4);
  _tile_stored(1, sums + SIDE, BOTH * 4);
  _tile_stored(2, sums + SIDE * BOTH, BOTH * 4);
  _tile_stored(3, sums + SIDE * BOTH + SIDE, BOTH * 4);
}

/* dW[2 2 16 16] += 32 channels of x by 32 of dz, whose places lie in pairs, summed over places. */
static TILED void places_by_tiles(const narrow *x, int64_t places, const narrow *dz, int64_t wide,
                                  int64_t count, float *dW) {
  _tile_loadd(0, dW, 64);
  _tile_loadd(1, dW + 256, 64);
  _tile_loadd(2, dW + 512, 64);
  _tile_loadd(3, dW + 768, 64);
  for (int64_t s = 0; s < count; s += TERMS, x += TERMS, dz += TERMS * wide) {
    MULTIPLY(x, x + SIDE * places, (size_t)places * 2, dz, dz + BOTH, (size_t)wide * 4);
  }
  _tile_stored(0, dW, 64);
  _tile_stored(1, dW + 256, 64);
  _tile_stored(2, dW + 512, 64);
  _tile_stored(3, dW + 768, 64);
}
