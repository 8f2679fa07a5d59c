/* rescaled: v 2^-shift, rounded to the nearest, as a byte. */
static uint8_t rescaled(int64_t v, int shift, int zero)
{
    const int64_t half = (int64_t)1 << (shift - 1);
    const int64_t q = (v < 0 ? -((half - v) >> shift) : (half + v) >> shift) + zero;
    return (uint8_t)(q < 0 ? 0 : q > 255 ? 255 : q);
}
/* window: b + the sum of the products of one window, exact. */
static int32_t window(const uint8_t *x, int h, int w, int c, int zero, const int8_t *u, int32_t b,
                      int k, int top, int left)
{
    for (int i = 0; i < k; i++)
        for (int j = 0; j < k; j++, u += c) {
            const int row = top + i, column = left + j;
            if (row < 0 || row >= h || column < 0 || column >= w)
                continue;
            const uint8_t *in = x + (row * w + column) * c;
            for (int l = 0; l < c; l++)
                b += (int32_t)u[l] * ((int32_t)in[l] - zero);
        }
    return b;
}
/* conv: x [h w c], W [o k k c] to y [rows columns o]. A dense layer is one of 1 x 1 pixel. */
static void conv(const uint8_t *x, int h, int w, int c, int zero, const int8_t *W, const int32_t *b,
                 int k, int stride, int border, int rows, int columns, int o, const int32_t *m,
                 int shift, int to, uint8_t *y)
{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < o; t++)
                *y++ = rescaled((int64_t)m[t] * window(x, h, w, c, zero, W + t * k * k * c, b[t],
                                                       k, r * stride - border,
                                                       s * stride - border),
                                shift, to);
}
/* outputs: the last dense layer; its sums leave the whole numbers. */
static void outputs(const uint8_t *x, int n, int zero, const int8_t *W, const int32_t *b,
                    const float *step, int o, float *y)
{
    for (int t = 0; t < o; t++)
        y[t] = step[t] * (float)window(x, 1, 1, n, zero, W + t * n, b[t], 1, 0, 0);
}
/* real: bytes as what they stand for. */
static void real(const uint8_t *x, int n, int zero, float scale, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = scale * (float)((int)x[i] - zero);
}
/* affine: y = a x + b; the terms repeat after `period` numbers. */
static void affine(const uint8_t *x, int n, int zero, const int32_t *m, const int32_t *more,
                   int period, int shift, int to, uint8_t *y)
{
    for (int i = 0; i < n; i += period)
        for (int j = 0; j < period; j++)
            y[i + j] = rescaled((int64_t)m[j] * ((int32_t)x[i + j] - zero) + more[j], shift, to);
}
/* max_pool: windows of size x size; a rest is left out. */
static void max_pool(const uint8_t *x, int w, int c, int size, int rows, int columns, uint8_t *y)
{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < c; t++) {
                const uint8_t *in = x + (r * size * w + s * size) * c + t;
                uint8_t best = 0;
                for (int i = 0; i < size; i++)
                    for (int j = 0; j < size; j++)
                        if (in[(i * w + j) * c] > best)
                            best = in[(i * w + j) * c];
                *y++ = best;
            }
}
/* average_pool: likewise, rounded. */
static void average_pool(const uint8_t *x, int w, int c, int size, int rows, int columns,
                         uint8_t *y)
{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < c; t++) {
                const uint8_t *in = x + (r * size * w + s * size) * c + t;
                int32_t sum = size * size / 2;
                for (int i = 0; i < size; i++)
                    for (int j = 0; j < size; j++)
                        sum += (int32_t)in[(i * w + j) * c];
                *y++ = (uint8_t)(sum / (size * size));
            }
}
/* upsample: each pixel a block of factor x factor. */
static void upsample(const uint8_t *x, int c, int factor, int rows, int columns, uint8_t *y)
{
    const int w = columns / factor;
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < c; t++)
                *y++ = x[((r / factor) * w + s / factor) * c + t];
}
/* table: the byte of every byte. */
static void table(const uint8_t *x, int n, const uint8_t *f, uint8_t *y)
{
    for (int i = 0; i < n; i++)
        y[i] = f[x[i]];
}
/* add: each from its own grid. */
static void add(const uint8_t *x, int zx, int32_t mx, const uint8_t *z, int zz, int32_t mz, int n,
                int shift, int to, uint8_t *y)
{
    for (int i = 0; i < n; i++)
        y[i] = rescaled((int64_t)mx * ((int32_t)x[i] - zx) + (int64_t)mz * ((int32_t)z[i] - zz),
                        shift, to);
}
/* concat: [n c] and [n d] to [n c+d], each from its own grid. */
static void concat(const uint8_t *x, int c, int zx, int32_t mx, const uint8_t *z, int d, int zz,
                   int32_t mz, int n, int shift, int to, uint8_t *y)
{
    for (int i = 0; i < n; i++) {
        for (int t = 0; t < c; t++)
            *y++ = rescaled((int64_t)mx * ((int32_t)*x++ - zx), shift, to);
        for (int t = 0; t < d; t++)
            *y++ = rescaled((int64_t)mz * ((int32_t)*z++ - zz), shift, to);
    }
}
