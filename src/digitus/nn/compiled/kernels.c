/* The compiled kernels of `nn/kernels.py`: what the shared library offers.

   This file is compiled once for each type of number (-DNUMBER=float or double) and for each LEVEL
   of instructions that a processor may have, and once with -DCHOICE for the choice between these
   levels, which is made when the library is loaded. It needs the vectors of GCC and Clang, intrinsics
   for bfloat16 alone (`narrow.h`), no libraries and nothing of Python. -ffast-math is out of the
   question: NaN counts. */

#ifdef CHOICE

#if defined(__x86_64__) && defined(__linux__)
#define _GNU_SOURCE
#include <cpuid.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* Which source this was built from: `nn/kernels.py` compares it with what lies beside it. */
unsigned digitus_source(void) { return SOURCE; }

/* The best level that this processor has and the library was built for. */
const char *digitus_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return "avx512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "avx2";
#endif
  return "plain";
}

/* What multiplies in bfloat16 on this processor (`narrow.h`): 0, nothing; 1, vectors of pairs; 2,
   tiles, where Linux lets this process use them: they have to be asked for, since they make the state
   of a thread larger. */
int digitus_narrow_kind(void) {
#if defined(__x86_64__) && defined(__linux__)
  unsigned a, b, c, d, of_seven;
  if (strcmp(digitus_level(), "avx512") || !__get_cpuid_count(7, 0, &of_seven, &b, &c, &d)) return 0;
  const int tiles = (d >> 22 & 1) && (d >> 24 & 1); /* AMX-BF16, AMX-TILE */
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d) || !(a >> 5 & 1)) return 0; /* AVX512_BF16 */
  if (tiles && syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* XTILEDATA */) == 0)
    return 2;
  return 1;
#else
  return 0;
#endif
}

#else

#include "sums.h"
#include "network.h"
#include "training.h"
#include "convolution.h"
#include "blocks.h"
#include "pixels.h"
#include "perceptron.h"
#include "narrow.h"

#define JOINED(name, number, level) digitus_##name##_##number##_##level
#define JOIN(name, number, level) JOINED(name, number, level)
#define OFFERED(name) JOIN(name, NUMBER, LEVEL)
typedef const number *In;
typedef number *Out;

int64_t OFFERED(lanes)(void) { return V; }

void OFFERED(pack)(int64_t k, int64_t o, In W, Out out) { pack(k, o, W, out); }

int64_t OFFERED(winograd_memory)(int64_t w, int64_t c, int64_t o, int64_t stride) {
  return winograd_memory((w + 1) / 2, c, o, stride);
}

int64_t OFFERED(network)(const Plan *plan, int64_t n, const void *x, int64_t bytes, Out memory,
                         Out out) {
  return network(plan, n, x, (int)bytes, memory, out);
}

#if HAS_NARROW
#define NARROW(s) ((s)->narrow)
#else
#define NARROW(s) 0
#define narrow_room(s) room(s)
#define narrow_forward(...) (void)0
#define narrow_back(...) (void)0
#endif

int64_t OFFERED(memory)(const Shape *s) {
  return NARROW(s) ? narrow_room(s).size : s->blocks ? blocks_room(s).size : room(s).size;
}

void OFFERED(forward)(const Shape *s, const void *x, int64_t bytes, double factor, In W, In b,
                      Out memory, Out y, uint8_t *winners) {
  const Pictures pictures = {x, (int)bytes, factor};
  if (NARROW(s)) narrow_forward(s, x, W, b, memory, y, winners);
  else if (s->blocks) blocks_forward(s, &pictures, W, b, memory, y, winners);
  else forward(s, &pictures, W, b, memory, y, winners);
}

void OFFERED(back)(const Shape *s, const void *x, int64_t bytes, double factor, In W, In dy, In y,
                   const uint8_t *winners, Out memory, Out dW, Out db, Out dx) {
  const Pictures pictures = {x, (int)bytes, factor};
  if (NARROW(s)) narrow_back(s, x, W, dy, y, winners, memory, dW, db, dx);
  else if (s->blocks) blocks_back(s, &pictures, W, dy, y, winners, memory, dW, db, dx);
  else back(s, &pictures, W, dy, y, winners, memory, dW, db, dx);
}

int64_t OFFERED(pixels_memory)(int64_t n, int64_t i) { return pixels_memory(n, i); }

void OFFERED(pixels_times)(int64_t n, int64_t i, int64_t o, const uint8_t *bytes, double factor,
                           In W, Out memory, Out y) {
  pixels_times(n, i, o, bytes, (number)factor, W, memory, y);
}

void OFFERED(pixels_back)(int64_t n, int64_t i, int64_t o, const uint8_t *bytes, double factor,
                          In dy, Out memory, Out dW) {
  pixels_back(n, i, o, bytes, (number)factor, dy, memory, dW);
}

int64_t OFFERED(perceptron_memory)(const Perceptron *p, int64_t n) { return shared(p, n).size; }

double OFFERED(perceptron)(const Perceptron *p, int64_t n, const uint8_t *bytes, In t, double share,
                           Out memory, Out z) {
  return perceptron(p, n, bytes, t, share, memory, z);
}

void OFFERED(batch_norm)(int64_t m, int64_t c, In x, In gamma, In beta, double epsilon,
                         int64_t relu, Out mean, Out inverse, Out y) {
  batch_norm(m, c, x, gamma, beta, epsilon, relu, mean, inverse, y);
}

void OFFERED(batch_norm_back)(int64_t m, int64_t c, In dy, In x, In y, In gamma, In mean,
                              In inverse, Out dgamma, Out dbeta, Out dx) {
  batch_norm_back(m, c, dy, x, y, gamma, mean, inverse, dgamma, dbeta, dx);
}

void OFFERED(gate)(int64_t n, In dy, In y, Out dx) { gate(n, dy, y, dx); }

void OFFERED(max_pool)(int64_t n, int64_t h, int64_t w, int64_t c, int64_t size, In x, Out y) {
  max_pool(n, h, w, c, size, x, y);
}

void OFFERED(max_pool_back)(int64_t n, int64_t h, int64_t w, int64_t c, int64_t size, In x, In y,
                            In dy, Out dx) {
  max_pool_back(n, h, w, c, size, x, y, dy, dx);
}

void OFFERED(upsample)(int64_t n, int64_t h, int64_t w, int64_t c, int64_t factor, In x, Out y) {
  upsample_batch(n, h, w, c, factor, x, y);
}

void OFFERED(upsample_back)(int64_t n, int64_t h, int64_t w, int64_t c, int64_t factor, In dy,
                            Out dx) {
  upsample_back(n, h, w, c, factor, dy, dx);
}

double OFFERED(softmax_cross_entropy)(int64_t n, int64_t o, In z, In t, double smoothing, Out dz) {
  return softmax_cross_entropy(n, o, z, t, smoothing, dz);
}

void OFFERED(adam)(int64_t n, In g, Out w, Out m, Out v, double beta1, double beta2,
                   double epsilon, double scale, double decay) {
  adam(n, g, w, m, v, beta1, beta2, epsilon, scale, decay);
}

void OFFERED(gradient_descent)(int64_t n, In g, Out w, Out v, double mu, double rate,
                               int64_t ahead) {
  gradient_descent(n, g, w, v, mu, rate, ahead);
}

void OFFERED(average)(int64_t n, In w, Out a, double share) { average(n, w, a, share); }

#endif
