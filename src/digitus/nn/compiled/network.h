/* A whole network at inference, picture by picture, so that what one layer makes is still in the
   cache when the next one takes it: for the recipe `cnn` a third of the time of layer by layer.

   A plan (`nn/inference.py` makes it) is a list of steps. Each reads maps and writes one; a map
   [h w c] lies in memory that a thread has for itself, with `border` zeros around it for the
   convolutions that look beyond its edges. Inside: the steps, with the equations of the layers in
   `nn/spatial.py` and `nn/layers.py`. Not inside: making a plan. */

typedef struct {
  int64_t at;           /* in the memory of a thread; OUTPUT: where the caller wants the answer */
  int64_t h, w, c, border;
  int64_t each;         /* 1: one for each picture of a batch, 0: one after the other */
} Map;

enum { OUTPUT = -1 };
enum Kind { INPUT, CONV, AFFINE, MAX_POOL, AVERAGE_POOL, UPSAMPLE, DENSE, SOFTMAX };

typedef struct {
  int64_t kind;
  int64_t x, z, y;      /* maps: what is read; what is added, or -1; what is written ... */
  int64_t lead;         /* ... from this channel on */
  int64_t channels;     /* that are written */
  int64_t kernel, stride, padding; /* of a convolution; stride also the size of a pool or block */
  int64_t relu;
  const number *W, *b;  /* packed; AFFINE, INPUT: scale and shift */
  int64_t every;        /* INPUT: scale and shift are of every number (1) or channel (0) */
  int64_t winograd;     /* CONV: by `winograd.h`, for which W is made */
} Step;

typedef struct {
  int64_t steps, maps;
  const Step *step;
  const Map *map;
  int64_t dense;        /* the first step that is done for several pictures at once */
  int64_t batch;        /* how many */
  int64_t lists;        /* in the memory of a thread: room for a whole number for each input */
  int64_t blocks;       /* likewise: for the blocks of a convolution by `winograd.h` */
} Plan;

typedef struct { /* a map of one picture, found in memory */
  number *at;           /* its first number, inside the border */
  int64_t down, right;  /* from row to row, from pixel to pixel */
  const Map *map;
} View;

static View view(const Plan *plan, int64_t map, int64_t picture, number *memory, number *out) {
  const Map *m = plan->map + map;
  const int64_t right = m->c, down = (m->w + 2 * m->border) * m->c;
  const int64_t size = (m->h + 2 * m->border) * down;
  number *at = m->at == OUTPUT ? out : memory + m->at;
  return (View){at + picture * m->each * size + m->border * (down + right), down, right, m};
}

#include "winograd.h"

static void frame(const View *v) {
  const int64_t b = v->map->border, side = b * v->right;
  if (b == 0) return;
  number *first = v->at - b * v->down - side, *last = v->at + v->map->h * v->down - side;
  memset(first, 0, (size_t)(b * v->down) * sizeof(number));
  memset(last, 0, (size_t)(b * v->down) * sizeof(number));
  for (int64_t i = 0; i < v->map->h; i++) {
    memset(v->at + i * v->down - side, 0, (size_t)side * sizeof(number));
    memset(v->at + i * v->down + v->map->w * v->right, 0, (size_t)side * sizeof(number));
  }
}

/* y[h w o] = max(Σ x[h·s+i, w·s+j, c] W[i j c o] + b[o] + z[h w o], 0), the last two if wanted. */
static void conv(const Step *s, const View *x, const View *z, const View *y) {
  const int64_t k = s->kernel, row = k * x->map->c;
  Span rows[k];
  for (int64_t i = 0; i < k; i++) rows[i] = (Span){i * x->down, i * row, row};
  const Terms terms = {k, rows, 1, 0, NULL};
  const Places at = {
      .h = y->map->h, .w = y->map->w,
      .a = x->at - s->padding * (x->down + x->right),
      .a_down = s->stride * x->down, .a_right = s->stride * x->right,
      .y = y->at + s->lead, .y_down = y->down, .y_right = y->right,
      .added = z ? z->at : NULL, .added_down = z ? z->down : 0, .added_right = z ? z->right : 0};
  columns(terms, &at, s->W, s->b, k * row, s->channels, (int)s->relu);
}

/* y[n o] = max(Σ x[n i] W[i o] + b[o], 0). Inputs that are 0 in all of some rows are left out: four
   fifths of a digit are background. */
static void dense(const Step *s, int64_t n, const number *x, int64_t i, int32_t *some,
                  number *y) {
  const int64_t o = s->channels, group = ROWS(panel(vectors(o)));
  for (int64_t first = 0; first < n; first += group) {
    const int64_t rows = n - first < group ? n - first : group;
    Terms terms = {0, NULL, 1, 0, some};
    for (int64_t j = 0; j < i; j++) {
      int ink = 0;
      for (int64_t r = 0; r < rows; r++) ink |= x[(first + r) * i + j] != 0;
      some[terms.count] = (int32_t)j;
      terms.count += ink;
    }
    const Places at = {1, rows, x + first * i, 0, i, y + first * o, 0, o, NULL, 0, 0};
    columns(terms, &at, s->W, s->b, i, o, (int)s->relu);
  }
}

/* y = max(scale x + shift + z, 0), scale and shift of each channel. */
static void affine(const Step *s, const View *x, const View *z, const View *y) {
  for (int64_t i = 0; i < y->map->h; i++)
    for (int64_t j = 0; j < y->map->w; j++) {
      const number *from = x->at + i * x->down + j * x->right;
      const number *more = z ? z->at + i * z->down + j * z->right : NULL;
      number *to = y->at + i * y->down + j * y->right + s->lead;
      for (int64_t c = 0; c < s->channels; c++) {
        number v = s->W ? from[c] * s->W[c] + s->b[c] : from[c];
        if (more) v += more[c];
        to[c] = s->relu && v < 0 ? 0 : v;
      }
    }
}

/* y[h w c] = max or mean over i, j < size of x[h·size + i, w·size + j, c]; NaN stays NaN. */
INLINE void pool(const Step *s, const View *x, const View *y, const int mean) {
  const int64_t size = s->stride;
  const number share = 1 / (number)(size * size);
  for (int64_t i = 0; i < y->map->h; i++)
    for (int64_t j = 0; j < y->map->w; j++) {
      const number *from = x->at + i * size * x->down + j * size * x->right;
      number *to = y->at + i * y->down + j * y->right + s->lead;
      for (int64_t c = 0; c < s->channels; c++) to[c] = mean ? from[c] * share : from[c];
      for (int64_t place = 1; place < size * size; place++) {
        const number *v = from + place / size * x->down + place % size * x->right;
        if (mean) for (int64_t c = 0; c < s->channels; c++) to[c] += v[c] * share;
        else for (int64_t c = 0; c < s->channels; c++)
          to[c] = to[c] >= v[c] || to[c] != to[c] ? to[c] : v[c];
      }
    }
}

/* y[h w c] = x[h / factor, w / factor, c]; with factor 1 a copy. */
static void upsample(const Step *s, const View *x, const View *y) {
  const int64_t f = s->stride;
  for (int64_t i = 0; i < y->map->h; i++)
    for (int64_t j = 0; j < y->map->w; j++)
      memcpy(y->at + i * y->down + j * y->right + s->lead,
             x->at + i / f * x->down + j / f * x->right, (size_t)s->channels * sizeof(number));
}

/* y = scale x + shift, from bytes or numbers; scale and shift of each number or of each channel. */
#define INPUTS(TYPE, NAME) \
  static void NAME(const Step *s, const TYPE *x, const View *y) { \
    const int64_t c = y->map->c, w = y->map->w, own = s->every ? w * c : c; \
    const number *scale = s->W, *shift = s->b; \
    for (int64_t i = 0; i < y->map->h; i++) { \
      number *to = y->at + i * y->down; \
      if (own == 1) for (int64_t j = 0; j < w; j++) to[j] = (number)*x++ * *scale + *shift; \
      else for (int64_t j = 0; j < w * c; j += own, x += own) \
        for (int64_t k = 0; k < own; k++) to[j + k] = (number)x[k] * scale[k] + shift[k]; \
      if (s->every) scale += own, shift += own; \
    } \
  }
INPUTS(uint8_t, from_bytes)
INPUTS(number, from_numbers)

/* yᵢ = eˣⁱ / Σⱼ eˣʲ, of each picture. */
static void softmax(const Step *s, int64_t n, const number *x, number *y) {
  for (const int64_t o = s->channels; n > 0; n--, x += o, y += o) {
    number most = x[0], total = 0;
    for (int64_t j = 1; j < o; j++) most = x[j] > most ? x[j] : most;
    for (int64_t j = 0; j < o; j++) total += y[j] = exponential(x[j] - most);
    for (int64_t j = 0; j < o; j++) y[j] /= total;
  }
}

/* Whether all of these are numbers, and not too large to be computed with. */
static int64_t sound(int64_t n, const number *x) {
  int64_t wrong = 0;
  for (int64_t i = 0; i < n; i++) wrong |= !(x[i] < (number)LARGEST && x[i] > -(number)LARGEST);
  return !wrong;
}

static void step_of_picture(const Plan *plan, const Step *s, int64_t picture, const void *x,
                            int bytes, number *memory, number *out) {
  const View y = view(plan, s->y, picture, memory, out);
  frame(&y);
  if (s->kind == INPUT) {
    if (bytes) from_bytes(s, x, &y);
    else from_numbers(s, x, &y);
    return;
  }
  const View from = view(plan, s->x, picture, memory, out);
  const View added = view(plan, s->z < 0 ? s->x : s->z, picture, memory, out);
  const View *z = s->z < 0 ? NULL : &added;
  switch (s->kind) {
    case CONV:
      if (s->winograd) winograd(s, &from, z, &y, memory + plan->blocks);
      else conv(s, &from, z, &y);
      break;
    case AFFINE: affine(s, &from, z, &y); break;
    case MAX_POOL: pool(s, &from, &y, 0); break;
    case AVERAGE_POOL: pool(s, &from, &y, 1); break;
    case UPSAMPLE: upsample(s, &from, &y); break;
  }
}

/* Runs n pictures x, bytes or numbers, through a plan, in this memory, to out. Returns whether what
   comes out, and what goes into a softmax, is sound. */
static int64_t network(const Plan *plan, int64_t n, const void *x, int bytes, number *memory,
                    number *out) {
  const int64_t pixels = plan->map[0].h * plan->map[0].w * plan->map[0].c;
  const Map *last = plan->map + plan->maps - 1; /* what comes out */
  const int64_t size = last->h * last->w * last->c;
  const char *from = x;
  int64_t all_sound = 1;
  for (int64_t first = 0; first < n; first += plan->batch) {
    const int64_t some = n - first < plan->batch ? n - first : plan->batch;
    for (int64_t i = 0; i < some; i++) {
      for (int64_t s = 0; s < plan->dense; s++)
        step_of_picture(plan, plan->step + s, i, from, bytes, memory, out);
      from += pixels * (bytes ? 1 : (int64_t)sizeof(number));
    }
    for (const Step *s = plan->step + plan->dense; s < plan->step + plan->steps; s++) {
      const View in = view(plan, s->x, 0, memory, out), y = view(plan, s->y, 0, memory, out);
      const int64_t numbers = in.map->h * in.map->w * in.map->c;
      if (s->kind == DENSE) dense(s, some, in.at, numbers, (int32_t *)(memory + plan->lists), y.at);
      else all_sound &= sound(some * numbers, in.at), softmax(s, some, in.at, y.at);
    }
    all_sound &= sound(some * size, out);
    out += some * size;
  }
  return all_sound;
}
