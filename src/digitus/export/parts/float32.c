/* pixels: bytes as numbers. */
static void pixels(const uint8_t *x, int n, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = (float)x[i];
}
/* affine: y = a x + b; a and b repeat after `period` numbers. y may be x. */
static void affine(const float *x, int n, const float *a, const float *b, int period, float *y)
{
    for (int i = 0; i < n; i += period)
        for (int j = 0; j < period; j++)
            y[i + j] = a[j] * x[i + j] + b[j];
}
/* conv: x [h w c], W [k k c o], b [o] to y [rows columns o]. A dense layer is one of 1 x 1 pixel. */
static void conv(const float *restrict x, int h, int w, int c, const float *restrict W,
                 const float *restrict b, int k, int stride, int border, int rows, int columns,
                 int o, float *restrict y)
{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++, y += o) {
            for (int t = 0; t < o; t++)
                y[t] = b[t];
            for (int i = 0; i < k; i++) {
                const int row = r * stride + i - border;
                if (row < 0 || row >= h)
                    continue;
                for (int j = 0; j < k; j++) {
                    const int column = s * stride + j - border;
                    if (column < 0 || column >= w)
                        continue;
                    const float *in = x + (row * w + column) * c;
                    const float *u = W + (i * k + j) * c * o;
                    for (int l = 0; l < c; l++, u += o) {
                        const float v = in[l];
                        if (v != 0.0F) /* half of them, after a Relu */
                            for (int t = 0; t < o; t++)
                                y[t] += v * u[t];
                    }
                }
            }
        }
}
/* max_pool: windows of size x size; a rest is left out. */
static void max_pool(const float *x, int w, int c, int size, int rows, int columns, float *y)
{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < c; t++) {
                const float *in = x + (r * size * w + s * size) * c + t;
                float best = in[0];
                for (int i = 0; i < size; i++)
                    for (int j = 0; j < size; j++)
                        if (in[(i * w + j) * c] > best)
                            best = in[(i * w + j) * c];
                *y++ = best;
            }
}
/* average_pool: likewise. */
static void average_pool(const float *x, int w, int c, int size, int rows, int columns, float *y)
{
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < c; t++) {
                const float *in = x + (r * size * w + s * size) * c + t;
                float sum = 0.0F;
                for (int i = 0; i < size; i++)
                    for (int j = 0; j < size; j++)
                        sum += in[(i * w + j) * c];
                *y++ = sum / (float)(size * size);
            }
}
/* upsample: each pixel a block of factor x factor. */
static void upsample(const float *x, int c, int factor, int rows, int columns, float *y)
{
    const int w = columns / factor;
    for (int r = 0; r < rows; r++)
        for (int s = 0; s < columns; s++)
            for (int t = 0; t < c; t++)
                *y++ = x[((r / factor) * w + s / factor) * c + t];
}
/* relu: y may be x, as in what follows. */
static void relu(const float *x, int n, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i] > 0.0F ? x[i] : 0.0F;
}
/* sigmoid */
static void sigmoid(const float *x, int n, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = 0.5F + 0.5F * tanhf(0.5F * x[i]);
}
/* hyperbolic */
static void hyperbolic(const float *x, int n, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = tanhf(x[i]);
}
/* softmax: over the last axis. */
static void softmax(const float *x, int n, int c, float *y)
{
    for (int i = 0; i < n; i += c) {
        float largest = x[i], sum = 0.0F;
        for (int t = 1; t < c; t++)
            largest = x[i + t] > largest ? x[i + t] : largest;
        for (int t = 0; t < c; t++) {
            y[i + t] = expf(x[i + t] - largest);
            sum += y[i + t];
        }
        for (int t = 0; t < c; t++)
            y[i + t] /= sum;
    }
}
/* exemplars: the softmax of z [o], to which the examples C [e n] near x [n] add their votes V [e o],
 * and its logarithm. */
static void exemplars(const float *x, int n, const float *z, int o, const float *C, const float *s,
                      const float *V, int e, float *y)
{
    float length = 1e-6F, largest = z[0], sum = 0.0F;
    for (int i = 0; i < n; i++)
        length += x[i] * x[i];
    length = sqrtf(length);
    for (int t = 0; t < o; t++) {
        largest = z[t] > largest ? z[t] : largest;
        y[t] = 0.0F;
    }
    for (int k = 0; k < e; k++) {
        float across = 0.0F;
        for (int i = 0; i < n; i++)
            across += x[i] * C[k * n + i];
        across = expf((across / length - 1.0F) / s[k]);
        for (int t = 0; t < o; t++)
            y[t] += across * V[k * o + t];
    }
    for (int t = 0; t < o; t++)
        sum += expf(z[t] - largest);
    for (int t = 0; t < o; t++) {
        const float p = z[t] - largest - logf(sum), v = logf(y[t] > 1e-30F ? y[t] : 1e-30F);
        const float more = p > v ? p : v;
        y[t] = y[t] <= 1e-30F ? p : more + logf(expf(p - more) + expf(v - more));
    }
}
/* add */
static void add(const float *x, const float *z, int n, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = x[i] + z[i];
}
/* concat: [n c] and [n d] to [n c+d]. */
static void concat(const float *x, int c, const float *z, int d, int n, float *y)
{
    for (int i = 0; i < n; i++) {
        for (int t = 0; t < c; t++)
            *y++ = *x++;
        for (int t = 0; t < d; t++)
            *y++ = *z++;
    }
}
/* deslant: the ink set upright by its moments; rows are read between two pixels. */
static void deslant(const float *x, int h, int w, int c, float width, float most, float *y)
{
    const float top = (float)(h - 1) / 2.0F, left = (float)(w - 1) / 2.0F;
    float total = 0.0F, mi = 0.0F, mj = 0.0F, ii = 0.0F, ij = 0.0F, jj = 0.0F;
    for (int pass = 0; pass < 2; pass++)
        for (int r = 0; r < h; r++)
            for (int s = 0; s < w; s++) {
                float m = 0.0F;
                for (int t = 0; t < c; t++)
                    m += x[(r * w + s) * c + t] * x[(r * w + s) * c + t];
                const float a = (float)r - top - mi, b = (float)s - left - mj;
                if (pass == 0) {
                    total += m;
                    ii += m * a;
                    jj += m * b;
                } else {
                    ii += m * a * a / total;
                    ij += m * a * b / total;
                    jj += m * b * b / total;
                }
                if (pass == 0 && r == h - 1 && s == w - 1) {
                    total = total > LEAST_INK ? total : LEAST_INK;
                    mi = ii / total;
                    mj = jj / total;
                    ii = jj = 0.0F;
                }
            }
    ii += EPSILON;
    jj += EPSILON;
    const float slant = ij / ii;
    float k = 1.0F;
    if (width > 0.0F) {
        k = sqrtf(jj - slant * ij + EPSILON) / width;
        k = k < 1.0F / most ? 1.0F / most : k > most ? most : k;
    }
    for (int r = 0; r < h; r++)
        for (int s = 0; s < w; s++) {
            float at = mj + k * ((float)s - left) + slant * ((float)r - top - mi) + left + 1.0F;
            at = at < 0.0F ? 0.0F : at > (float)(w + 1) ? (float)(w + 1) : at;
            const int before = (int)at < w ? (int)at : w;
            const float share = at - (float)before;
            for (int t = 0; t < c; t++) {
                const float *row = x + (r * w + before) * c + t;
                const float one = before > 0 ? row[-c] : 0.0F;
                const float next = before < w ? row[0] : 0.0F;
                *y++ = one + share * (next - one);
            }
        }
}
