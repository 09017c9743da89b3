#include "kernels/echo/echo.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/chain.h"
#include "base/check.h"
#include "kernels/backends.h"

namespace shoal::kernels {
namespace {

constexpr std::size_t page_bytes = page_tokens * sizeof(TokenId);

}  // namespace

Result<void> EchoBackend::load(const Spec& spec, TensorSource&) {
  if (spec.architecture == Architecture::bytes) return {};
  return Error{Code::bad_checkpoint, "the byte model has no weights, and its backend runs no other model"};
}

Result<KvShape> EchoBackend::reserve_kv(std::size_t bytes) {
  if (bytes < page_bytes) return Error{Code::too_large, "the byte model needs at least 256 bytes for KV pages"};
  const auto pages = static_cast<std::uint32_t>(std::min<std::size_t>(bytes / page_bytes, UINT32_MAX));
  kv_.assign(std::size_t{pages} * page_tokens, no_token);
  return KvShape{.pages = pages, .page_bytes = page_bytes};
}

Ticket EchoBackend::submit(std::span<const SeqStep> steps) {
  SHOAL_CHECK(open_.size() < 2);
  StepOutput output;
  for (const SeqStep& step : steps) {
    for (std::uint32_t i = 0; i < step.ids.size(); ++i) slot(step, step.first + i) = step.ids[i];
    output.ids.push_back(step.sample ? draw(step, output) : no_token);
  }
  if (progress_) progress_();
  open_.push_back(std::move(output));
  return waited_ + open_.size();
}

StepOutput EchoBackend::wait(Ticket ticket) {
  SHOAL_CHECK(!open_.empty() && ticket == waited_ + 1);
  ++waited_;
  StepOutput output = std::move(open_.front());
  open_.erase(open_.begin());
  return output;
}

void EchoBackend::copy_pages(std::span<const PageCopy> copies) {
  for (const PageCopy& copy : copies) {
    std::copy_n(kv_.begin() + std::size_t{copy.from} * page_tokens, page_tokens,
                kv_.begin() + std::size_t{copy.to} * page_tokens);
  }
}

TokenId& EchoBackend::slot(const SeqStep& step, std::uint32_t index) {
  return kv_.at(std::size_t{step.pages[index / page_tokens]} * page_tokens + index % page_tokens);
}

TokenId EchoBackend::draw(const SeqStep& step, StepOutput& output) {
  const TokenId plain = next(step);
  SamplingParams params = step.sample->params;
  if (!params.penalizes() && !params.logprobs) return plain;
  logits_.assign(bytes_eos_id + 1, 0);
  logits_[bytes_eos_id] = 1;
  logits_[plain] = 8;
  params.temperature = 0;
  const TokenId drawn = sampler_.sample(logits_, params, 0, step.sample->position, step.sample->seen);
  if (params.logprobs) output.logprobs.push_back(log_probabilities(logits_, drawn, params.top_logprobs));
  return drawn;
}

TokenId EchoBackend::next(const SeqStep& step) {
  const std::uint32_t known = step.first + static_cast<std::uint32_t>(step.ids.size());
  const Position position = step.sample->position;
  if (mode_ == Mode::repeat) {
    const std::uint32_t prompt = known - position;
    return position < prompt ? slot(step, position) : bytes_eos_id;
  }
  Chain chain = step.sample->params.seed;
  for (std::uint32_t i = 0; i < known; ++i) chain = chain_next(chain, slot(step, i));
  return static_cast<TokenId>(chain % 256);
}

extern const BackendKind echo_kind;
const BackendKind echo_kind = {
    .name = "echo",
    .takes = [](Architecture architecture) { return architecture == Architecture::bytes; },
    .modules = [] { return std::vector<ModuleName>(); },
    .measure = [](const Spec&, TensorSource&) -> Result<ModelBytes> { return ModelBytes{.page = page_bytes}; },
    .make = [](const BackendOptions&) -> Result<std::unique_ptr<Backend>> {
      return std::unique_ptr<Backend>(std::make_unique<EchoBackend>());
    }};

}  // namespace shoal::kernels
