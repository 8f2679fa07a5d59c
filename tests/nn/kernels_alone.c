/* The kernels without Python, for processors that are not at hand: convolution and its two sums, also
   by Winograd's blocks, products with pixels and perceptrons, beside plain loops. .ci/run compiles this for 64-bit
   ARM and lets QEMU run it. Exit code 0 where all agree. Not inside: everything that tests in Python
   do better. */

#define NUMBER float
#include <stdio.h>
#include <stdlib.h>

#include "../../src/digitus/nn/compiled/sums.h"
#include "../../src/digitus/nn/compiled/network.h"
#include "../../src/digitus/nn/compiled/training.h"
#include "../../src/digitus/nn/compiled/convolution.h"
#include "../../src/digitus/nn/compiled/blocks.h"
#include "../../src/digitus/nn/compiled/pixels.h"
#include "../../src/digitus/nn/compiled/perceptron.h"

static int wrong = 0;

static number *some(int64_t n) {
  number *x = malloc((size_t)n * sizeof(number) + 1);
  for (int64_t i = 0; i < n; i++) x[i] = (number)(rand() % 2001 - 1000) / 1000;
  return x;
}

static void compare(const char *what, int64_t n, const number *found, const double *expected) {
  for (int64_t i = 0; i < n; i++)
    if (!(fabs((double)found[i] - expected[i]) < 1e-3)) {
      printf("%s: number %lld is %g, not %g\n", what, (long long)i, (double)found[i], expected[i]);
      wrong = 1;
      return;
    }
}

static void convolution(int64_t n, int64_t h, int64_t w, int64_t c, int64_t o, int64_t k,
                        int64_t stride, int64_t border) {
  const int64_t rows = (h + 2 * border - k) / stride + 1, cols = (w + 2 * border - k) / stride + 1;
  const Shape s = {n, h, w, c, rows, cols, o, k, stride, border, 0, 1, 0, 0};
  const int64_t in = n * h * w * c, out = n * rows * cols * o, all = k * k * c * o;
  number *x = some(in), *W = some(all), *b = some(o), *dy = some(out), *y = some(out);
  number *dx = some(in), *dW = some(all), *db = some(o), *memory = some(room(&s).size);
  const Pictures pictures = {x, 0, 1};
  double *y_ = calloc((size_t)out, 8), *dx_ = calloc((size_t)in, 8), *dW_ = calloc((size_t)all, 8);
  for (int64_t e = 0; e < n; e++)
    for (int64_t r = 0; r < rows; r++)
      for (int64_t q = 0; q < cols; q++)
        for (int64_t z = 0; z < o; z++) {
          const int64_t to = ((e * rows + r) * cols + q) * o + z;
          y_[to] = b[z];
          for (int64_t i = 0; i < k; i++)
            for (int64_t j = 0; j < k; j++)
              for (int64_t a = 0; a < c; a++) {
                const int64_t u = r * stride + i - border, v = q * stride + j - border;
                if (u < 0 || u >= h || v < 0 || v >= w) continue;
                const int64_t from = ((e * h + u) * w + v) * c + a, at = ((i * k + j) * c + a) * o + z;
                y_[to] += (double)x[from] * W[at];
                dW_[at] += (double)x[from] * dy[to];
                dx_[from] += (double)W[at] * dy[to];
              }
        }
  forward(&s, &pictures, W, b, memory, y, NULL);
  back(&s, &pictures, W, dy, y, NULL, memory, dW, db, dx);
  compare("y", out, y, y_), compare("dW", all, dW, dW_), compare("dx", in, dx, dx_);
  if (k == 3 && stride == 1) {
    number *more = some(blocks_room(&s).size);
    blocks_forward(&s, &pictures, W, b, more, y, NULL);
    blocks_back(&s, &pictures, W, dy, y, NULL, more, dW, db, dx);
    compare("y by blocks", out, y, y_), compare("dW by blocks", all, dW, dW_);
    compare("dx by blocks", in, dx, dx_);
    free(more);
  }
  free(x), free(W), free(b), free(dy), free(y), free(dx), free(dW), free(db), free(memory);
  free(y_), free(dx_), free(dW_);
}

/* At inference by Winograd's blocks: one picture, with Relu; k is 3, or 5 with stride 2. */
static void by_blocks(int64_t h, int64_t w, int64_t c, int64_t o, int64_t k) {
  const double G[3][4] = {{1, .5, .5, 0}, {0, .5, -.5, 0}, {0, .5, .5, 1}};
  const int64_t stride = k / 2, border = k / 2, phases = stride * stride, depth = phases * c;
  const int64_t high = h * stride + 2 * border, wide = w * stride + 2 * border;
  const int64_t down = wide * c, out = h * w * o;
  number *x = some(high * down), *W = some(k * k * c * o), *b = some(o), *y = some(out);
  number *U = calloc((size_t)(ENTRIES * depth * o), sizeof *U);
  number *packed = some(ENTRIES * depth * vectors(o) * V);
  number *memory = some(winograd_memory((w + 1) / 2, c, o, stride));
  double *y_ = calloc((size_t)out, 8);
  for (int64_t i = 0; i < high; i++) /* zeros around */
    for (int64_t j = 0; j < wide; j++)
      if (i < border || j < border || i >= high - border || j >= wide - border)
        memset(x + i * down + j * c, 0, (size_t)c * sizeof *x);
  for (int64_t e = 0; e < ENTRIES; e++)
    for (int64_t i = 0; i < k; i++)
      for (int64_t j = 0; j < k; j++)
        for (int64_t at = 0; at < c * o; at++) {
          const int64_t row = e * depth + (i % stride * stride + j % stride) * c + at / o;
          U[row * o + at % o] += (number)(G[i / stride][e / 4] * G[j / stride][e % 4] *
                                          W[(i * k + j) * c * o + at]);
        }
  pack(ENTRIES * depth, o, U, packed);
  for (int64_t r = 0; r < h; r++)
    for (int64_t q = 0; q < w; q++)
      for (int64_t z = 0; z < o; z++) {
        double sum = b[z];
        for (int64_t tap = 0; tap < k * k; tap++)
          for (int64_t a = 0; a < c; a++)
            sum += (double)x[(r * stride + tap / k) * down + (q * stride + tap % k) * c + a] *
                   W[(tap * c + a) * o + z];
        y_[(r * w + q) * o + z] = sum > 0 ? sum : 0;
      }
  const Map in = {.h = h * stride, .w = w * stride, .c = c, .border = border};
  const Map made = {.h = h, .w = w, .c = o};
  const View from = {x + border * (down + c), down, c, &in}, to = {y, w * o, o, &made};
  const Step s = {.kind = CONV, .channels = o, .kernel = k, .stride = stride, .padding = border,
                  .relu = 1, .W = packed, .b = b, .winograd = 1};
  winograd(&s, &from, NULL, &to, memory);
  compare("y by blocks", out, y, y_);
  free(x), free(W), free(b), free(y), free(U), free(packed), free(memory), free(y_);
}

static void products(int64_t n, int64_t i, int64_t o) {
  uint8_t *x = malloc((size_t)(n * i));
  for (int64_t j = 0; j < n * i; j++) x[j] = rand() % 3 ? 0 : (uint8_t)(rand() % 4);
  number *W = some(i * o), *dy = some(n * o), *y = some(n * o), *dW = some(i * o);
  number *memory = some(pixels_memory(n, i));
  double *y_ = calloc((size_t)(n * o), 8), *dW_ = calloc((size_t)(i * o), 8);
  for (int64_t e = 0; e < n; e++)
    for (int64_t j = 0; j < i; j++)
      for (int64_t z = 0; z < o; z++) {
        y_[e * o + z] += 0.5 * x[e * i + j] * W[j * o + z];
        dW_[j * o + z] += 0.5 * x[e * i + j] * dy[e * o + z];
      }
  pixels_times(n, i, o, x, 0.5f, W, memory, y);
  pixels_back(n, i, o, x, 0.5f, dy, memory, dW);
  compare("x W", n * o, y, y_), compare("xT dy", i * o, dW, dW_);
  free(x), free(W), free(dy), free(y), free(dW), free(memory), free(y_), free(dW_);
}

/* Two layers, the squared error: y = g(x W + b), z = y U + c, dz = (z - t) / n. */
static void two_layers(int64_t n, int64_t i, int64_t h, int64_t o, int64_t gate) {
  uint8_t *bytes = malloc((size_t)(n * i));
  for (int64_t j = 0; j < n * i; j++) bytes[j] = (uint8_t)(rand() % 3 ? 0 : rand() % 256);
  number *W = some(i * h), *b = some(h), *U = some(h * o), *c = some(o), *t = some(n * o);
  number *dW = some(i * h), *db = some(h), *dU = some(h * o), *dc = some(o), *z = some(n * o);
  const Layer layers[] = {{i, h, gate, W, b, dW, db}, {h, o, PLAIN, U, c, dU, dc}};
  const Perceptron p = {2, layers, 1.0 / 255, 1, 0};
  number *memory = some(shared(&p, n).size);
  double *dW_ = calloc((size_t)(i * h), 8), *db_ = calloc((size_t)h, 8), loss = 0;
  double *dU_ = calloc((size_t)(h * o), 8), *dc_ = calloc((size_t)o, 8), y[h], dz[o];
  double *z_ = calloc((size_t)(n * o), 8);
  for (int64_t e = 0; e < n; e++) {
    for (int64_t j = 0; j < h; j++) {
      double sum = b[j];
      for (int64_t k = 0; k < i; k++) sum += bytes[e * i + k] / 255.0 * W[k * h + j];
      y[j] = gate == SIGMOID ? 1 / (1 + exp(-sum)) : gate == RELU && sum < 0 ? 0 : sum;
    }
    for (int64_t q = 0; q < o; q++) {
      double sum = c[q];
      for (int64_t j = 0; j < h; j++) sum += y[j] * U[j * o + q];
      z_[e * o + q] = sum;
      const double error = sum - t[e * o + q];
      loss += error * error / 2 / (double)n;
      dc_[q] += dz[q] = error / (double)n;
      for (int64_t j = 0; j < h; j++) dU_[j * o + q] += y[j] * dz[q];
    }
    for (int64_t j = 0; j < h; j++) {
      double d = 0;
      for (int64_t q = 0; q < o; q++) d += dz[q] * U[j * o + q];
      d *= gate == SIGMOID ? y[j] * (1 - y[j]) : gate == RELU ? y[j] > 0 : 1;
      db_[j] += d;
      for (int64_t k = 0; k < i; k++) dW_[k * h + j] += bytes[e * i + k] / 255.0 * d;
    }
  }
  const number found = (number)perceptron(&p, n, bytes, t, 1, memory, z);
  compare("loss", 1, &found, &loss);
  compare("outputs", n * o, z, z_);
  compare("dW", i * h, dW, dW_), compare("db", h, db, db_);
  compare("dU", h * o, dU, dU_), compare("dc", o, dc, dc_);
  free(bytes), free(W), free(b), free(U), free(c), free(t), free(dW), free(db), free(dU), free(dc);
  free(z), free(memory), free(dW_), free(db_), free(dU_), free(dc_), free(z_);
}

int main(void) {
  for (int64_t k = 1; k <= 5; k += 2)
    for (int64_t stride = 1; stride <= 2; stride++)
      for (int64_t o = 1; o < 40; o += 7) {
        convolution(2, 7, 6, 3, o, k, stride, k / 2);
        convolution(3, 5, 9, 1 + o % 5, o, k, stride, 0);
      }
  for (int64_t o = 1; o < 40; o += 7)
    for (int64_t k = 3; k <= 5; k += 2) by_blocks(2 + o % 9, 17 - o % 13, 1 + o % 11, o, k);
  for (int64_t o = 1; o < 80; o += 13) products(23, 31, o);
  for (int64_t gate = PLAIN; gate <= SIGMOID; gate++) two_layers(21, 30, 33 + 8 * gate, 5, gate);
  printf("%d bytes a vector: %s\n", BYTES, wrong ? "wrong" : "all agree");
  return wrong;
}
