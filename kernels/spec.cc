#include "kernels/spec.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace shoal::kernels {
namespace {

double yarn_magnitude(double factor, double scale) { return factor <= 1 ? 1 : 0.1 * scale * std::log(factor) + 1; }

// The rope dimension that turns `rotations` times within the original context.
double yarn_dimension(double rotations, const RopeSpec& rope, double dim) {
  return dim * std::log(rope.yarn->original_context / (rotations * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
}

}  // namespace

Spec bytes_spec(std::uint32_t context) {
  return {.architecture = Architecture::bytes, .vocab = bytes_eos_id + 1, .context = context};
}

std::vector<double> rope_frequencies(const RopeSpec& rope, std::uint32_t rope_dim) {
  std::vector<double> frequencies(rope_dim / 2);
  const double dim = rope_dim;
  for (std::size_t i = 0; i < frequencies.size(); ++i) frequencies[i] = std::pow(rope.theta, -2.0 * double(i) / dim);
  if (!rope.yarn) return frequencies;

  const double low = std::max(std::floor(yarn_dimension(rope.yarn->beta_fast, rope, dim)), 0.0);
  double high = std::min(std::ceil(yarn_dimension(rope.yarn->beta_slow, rope, dim)), dim - 1);
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const double interpolated = std::clamp((double(i) - low) / (high - low), 0.0, 1.0);
    frequencies[i] *= interpolated / rope.yarn->factor + (1 - interpolated);
  }
  return frequencies;
}

double rope_magnitude(const RopeSpec& rope) {
  if (!rope.yarn) return 1;
  if (rope.yarn->magnitude) return *rope.yarn->magnitude;
  return yarn_magnitude(rope.yarn->factor, rope.yarn->mscale) /
         yarn_magnitude(rope.yarn->factor, rope.yarn->mscale_all_dim);
}

double softmax_scale(const Spec& spec) {
  const double plain = 1 / std::sqrt(double(spec.qk_dim()));
  if (!spec.rope.yarn || spec.rope.yarn->mscale_all_dim == 0) return plain;
  const double magnitude = yarn_magnitude(spec.rope.yarn->factor, spec.rope.yarn->mscale_all_dim);
  return plain * magnitude * magnitude;
}

}  // namespace shoal::kernels
