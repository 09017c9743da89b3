// What this machine could do at best: bytes it reads and numbers it multiplies and adds per second, measured with the
// threads of the run that they are held against; and what a model needs of both.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/host/pool.h"
#include "kernels/spec.h"

namespace shoal::bench {

// Reading `bytes` of memory over and over, the best of several passes. Small sizes measure caches.
double read_bytes_per_s(kernels::Pool& pool, std::size_t bytes);

// Multiplications with an addition each, rounded apart (not fused, as all modules compute), on registers alone: with
// AVX2's eight lanes, or with the four of any x86-64.
double products_per_s(kernels::Pool& pool, bool avx2);

struct Need {
  double bytes = 0;     // of weights, each read once in a step
  double products = 0;  // in a step
};

// A step over `tokens` rows, `drawn` of which go through the head, that look at `keys` keys each on average. A layer's
// experts are taken as chosen evenly.
Need need_of(const kernels::Spec& spec, double tokens, double drawn, double keys);

// Weights in memory, bf16.
double weight_bytes(const kernels::Spec& spec);

}  // namespace shoal::bench
