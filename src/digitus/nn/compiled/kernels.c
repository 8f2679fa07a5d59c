/* The compiled kernels of `nn/kernels.py`: what the shared library offers.

   This file is compiled once for each type of number (-DNUMBER=float or double) and for each LEVEL
   of instructions that a processor may have, and once with -DCHOICE for the choice between these
   levels, which is made when the library is loaded. Only GCC's and Clang's vectors are needed: no
   intrinsics, no libraries, nothing of Python. -ffast-math is out of question: NaN counts. */

#ifdef CHOICE

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

#else

#include "sums.h"
#include "network.h"

#define JOINED(name, number, level) digitus_##name##_##number##_##level
#define JOIN(name, number, level) JOINED(name, number, level)
#define OFFERED(name) JOIN(name, NUMBER, LEVEL)

int64_t OFFERED(lanes)(void) { return V; }

void OFFERED(pack)(int64_t k, int64_t o, const number *W, number *out) { pack(k, o, W, out); }

void OFFERED(network)(const Plan *plan, int64_t n, const void *x, int64_t bytes, number *memory,
                      number *out) {
  network(plan, n, x, (int)bytes, memory, out);
}

#endif
