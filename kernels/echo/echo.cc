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

Result<void> EchoBackend::load(const Spec& spec, TensorSource&, Shard shard, std::string_view numerics) {
  if (spec.architecture != Architecture::bytes) {
    return Error{Code::bad_checkpoint, "the byte model has no weights, and its backend runs no other model"};
  }
  if (shard.ranks != 1) return Error{Code::bad_config, "the byte model runs on one rank"};
  if (!numerics.empty() && numerics != describe().numerics) {
    return Error{Code::bad_config, "numerics: the byte model has `echo` alone, got " + std::string(numerics)};
  }
  return {};
}

Result<KvShape> EchoBackend::reserve_kv(std::size_t bytes, std::uint32_t slots) {
  if (bytes < page_bytes) return Error{Code::too_large, "the byte model needs at least 256 bytes for KV pages"};
  const auto pages = static_cast<std::uint32_t>(std::min<std::size_t>(bytes / page_bytes, UINT32_MAX));
  kv_.assign(std::size_t{pages} * page_tokens, no_token);
  slots_.reserve(slots);
  return KvShape{.pages = pages, .page_bytes = page_bytes};
}

// The largest is drawn whatever the temperature.
void EchoBackend::set_sampling(Slot slot, const SlotSampling& sampling) {
  SlotSampling greedy = sampling;
  greedy.params.temperature = 0;
  slots_.set_sampling(slot, greedy);
}

Ticket EchoBackend::submit(std::span<const SeqStep> steps) {
  SHOAL_CHECK(open_.size() < 2);
  StepOutput output;
  for (const SeqStep& step : steps) {
    const TokenId fed = slots_.drawn(step.slot);
    for (std::uint32_t i = 0; i < step.tokens(); ++i) {
      entry(step, step.first + i) = step.feeds_drawn ? fed : step.ids[i];
    }
    if (!step.draws) {
      output.ids.push_back(no_token);
    } else if (step.feeds_drawn && fed == no_token) {
      slots_.record(step.slot, no_token, output);
    } else {
      draw(step, *step.draws, output);
    }
  }
  if (progress_) progress_();
  open_.push_back(std::move(output));
  return waited_ + open_.size();
}

Result<StepOutput> EchoBackend::wait(Ticket ticket) {
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

TokenId& EchoBackend::entry(const SeqStep& step, std::uint32_t index) {
  return kv_.at(std::size_t{step.pages[index / page_tokens]} * page_tokens + index % page_tokens);
}

void EchoBackend::draw(const SeqStep& step, Position position, StepOutput& output) {
  const TokenId plain = next(step, position);
  if (!slots_.wants_logits(step.slot)) return slots_.record(step.slot, plain, output);
  logits_.assign(bytes_eos_id + 1, 0);
  logits_[bytes_eos_id] = 1;
  logits_[plain] = 8;
  slots_.draw(step.slot, logits_, position, output);
}

TokenId EchoBackend::next(const SeqStep& step, Position position) {
  const std::uint32_t known = step.first + step.tokens();
  if (mode_ == Mode::repeat) {
    const std::uint32_t prompt = known - position;
    return position < prompt ? entry(step, position) : bytes_eos_id;
  }
  Chain chain = slots_.params(step.slot).seed;
  for (std::uint32_t i = 0; i < known; ++i) chain = chain_next(chain, entry(step, i));
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
