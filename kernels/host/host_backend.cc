#include "kernels/host/host_backend.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"

namespace shoal::kernels {

namespace {

// Of one KV page of page_tokens tokens, all layers, in fp32.
std::size_t page_bytes_of(const Spec& spec) {
  return std::size_t{page_tokens} * spec.cache_dim() * spec.layers * sizeof(float);
}

// What load() and measure() ask before anything else.
Result<void> check_spec(const Spec& spec) {
  const auto refuse = [](const char* what) {
    return Error{Code::bad_checkpoint, std::string("the modules of this machine's CPU have no ") + what};
  };
  if (spec.architecture != Architecture::deepseek_v2) return refuse("architecture but deepseek_v2");
  const auto* mla = std::get_if<MlaSpec>(&spec.attention);
  if (mla == nullptr) return refuse("grouped-query attention");
  if (mla->bias) return refuse("biases of attention");
  if (!spec.moe) return {};
  if (spec.moe->scoring != Scoring::softmax) return refuse("sigmoid gates");
  if (spec.moe->correction_bias) return refuse("gates with a correction bias");
  if (spec.moe->gating == Gating::group_limited_pairs) return refuse("groups by their two best experts");
  if (spec.moe->scales_normed) return refuse("weights of experts that are normalised and scaled");
  return {};
}

}  // namespace

HostBackend::HostBackend(const Module& module, MlaForm form, std::uint32_t threads)
    : compute_(module.ops, threads),
      tile_rows_(module.tile_rows),
      info_{.name = module.name, .numerics = module.numerics + (form == MlaForm::absorbed ? "" : " expanded")},
      form_(form) {}

Result<ModelBytes> HostBackend::measure(const Spec& spec, TensorSource& source) {
  SHOAL_TRY(check_spec(spec));
  const auto weights = check_weights(spec, source);
  if (!weights) return weights.error();
  return ModelBytes{.stored = weights->stored, .packed = weights->packed, .page = page_bytes_of(spec)};
}

Result<void> HostBackend::load(const Spec& spec, TensorSource& source, Shard shard, std::string_view numerics) {
  SHOAL_CHECK(!blocks_);
  SHOAL_TRY(check_spec(spec));
  if (shard.ranks != 1) return Error{Code::bad_config, "module " + info_.name + " runs on one rank"};
  if (!numerics.empty() && numerics != info_.numerics) {
    return Error{Code::bad_config,
                 "numerics: module " + info_.name + " has `" + info_.numerics + "`, got " + std::string(numerics)};
  }
  auto weights = load_weights(spec, source, {.tile_rows = tile_rows_, .progress = progress_});
  if (!weights) return std::move(weights).error();
  spec_ = spec;
  weights_ = std::move(*weights);
  frequencies_ = rope_frequencies(spec_.rope, spec_.mla().rope_dim);
  blocks_ = std::make_unique<Blocks>(spec_, weights_, compute_, slots_, form_);
  return {};
}

Result<KvShape> HostBackend::reserve_kv(std::size_t bytes, std::uint32_t slots) {
  SHOAL_CHECK(blocks_ && !kv_);
  const std::size_t page_bytes = page_bytes_of(spec_);
  // A slot number, page * page_tokens + offset, must fit 32 bits.
  const std::size_t pages = std::min<std::size_t>(bytes / page_bytes, UINT32_MAX / page_tokens);
  if (pages == 0) {
    return Error{Code::too_large, "one KV page takes " + std::to_string(page_bytes) + " bytes and only " +
                                      std::to_string(bytes) + " are set aside"};
  }
  pages_ = static_cast<std::uint32_t>(pages);
  kv_ = std::make_unique_for_overwrite<float[]>(pages * page_floats() * spec_.layers);
  blocks_->use_kv(kv_.get(), pages_);
  slots_.reserve(slots);
  return KvShape{.pages = pages_, .page_bytes = page_bytes};
}

Ticket HostBackend::submit(std::span<const SeqStep> steps) {
  SHOAL_CHECK(kv_ && open_.size() < 2);
  open_.push_back(forward(*blocks_, spec_, lay_out(steps, spec_, frequencies_, slots_), progress_));
  return waited_ + open_.size();
}

Result<StepOutput> HostBackend::wait(Ticket ticket) {
  SHOAL_CHECK(!open_.empty() && ticket == waited_ + 1);
  ++waited_;
  StepOutput output = std::move(open_.front());
  open_.pop_front();
  return output;
}

void HostBackend::copy_pages(std::span<const PageCopy> copies) {
  for (std::size_t layer = 0; layer < spec_.layers; ++layer) {
    float* pages = kv_.get() + layer * pages_ * page_floats();
    for (const PageCopy& copy : copies) {
      std::copy_n(pages + copy.from * page_floats(), page_floats(), pages + copy.to * page_floats());
    }
  }
}

std::span<float> HostBackend::kv() { return {kv_.get(), std::size_t{pages_} * page_floats() * spec_.layers}; }

}  // namespace shoal::kernels
