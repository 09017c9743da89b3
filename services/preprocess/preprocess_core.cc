#include "services/preprocess/preprocess_core.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "base/limits.h"

namespace shoal::preprocess {
namespace {

using protocol::make_message;

constexpr std::uint32_t retry_after_ms = 200;
constexpr std::size_t brief_bytes_max = 2048;  // tokenized in some 60 us: what changing threads twice may take

std::size_t bytes_of(const protocol::Prepare& prepare) {
  std::size_t bytes = prepare.prompt.size();
  for (const protocol::ChatMessage& message : prepare.messages) bytes += message.content.size();
  return bytes;
}

protocol::Message refusal(const protocol::Head& head, const Error& error, std::uint32_t retry_ms) {
  return make_message(protocol::Refused{protocol::Type::prepare, error.code, error.text, retry_ms}, head);
}

}  // namespace

void PreprocessCore::on(actors::Event event, Time now, actors::Effects& out) {
  if (auto* received = std::get_if<actors::Received>(&event)) {
    if (auto* wanted = std::get_if<protocol::Prepare>(&received->message.body)) {
      on_prepare(received->from, received->message.head, std::move(*wanted), now, out);
    }
  } else if (const auto* reported = std::get_if<actors::Reported>(&event)) {
    const auto* done = std::any_cast<std::shared_ptr<Done>>(&reported->value);
    if (done == nullptr) return;
    const Job& job = *(*done)->job;
    auto& prepared = (*done)->prepared;
    forget(job);
    if (job.is_long) {
      long_runs_ = false;
      start_next_long(now, out);
    }
    if (now >= job.deadline) return;  // its owner has given up
    if (!prepared) return out.send(job.from, refusal(job.head, prepared.error(), 0));
    protocol::Head head = job.head;
    head.budget_ms = budget_ms(job.deadline, now);
    out.send(job.from, make_message(std::move(prepared).value(), head));
  }
}

void PreprocessCore::fill_load(protocol::LoadReport& report, Epoch, Time) { report.streams = jobs_; }

void PreprocessCore::on_prepare(Epoch from, const protocol::Head& head, protocol::Prepare wanted, Time now,
                                actors::Effects& out) {
  if (head.budget_ms == 0) return;
  const std::size_t bytes = bytes_of(wanted);
  if (jobs_ >= config_.jobs_max || bytes_ + bytes > config_.bytes_max) {
    out.count("prepares_refused");
    return out.send(from, refusal(head, {Code::busy, "as many prompts as allowed are being prepared here; try again"},
                                  retry_after_ms));
  }
  ++jobs_;
  bytes_ += bytes;
  out.count("prepares");
  const auto job = std::make_shared<const Job>(
      Job{from, head, std::move(wanted), bytes, deadline_of(head.budget_ms, now), bytes >= limits::bulk_bytes_min});
  if (!job->is_long) return start(job, out);
  long_.push_back(job);
  start_next_long(now, out);
}

void PreprocessCore::start_next_long(Time now, actors::Effects& out) {
  while (!long_runs_ && !long_.empty()) {
    const auto job = std::move(long_.front());
    long_.pop_front();
    if (now >= job->deadline) {
      forget(*job);
      continue;
    }
    long_runs_ = true;
    start(job, out);
  }
}

// Whatever happens to the job is reported: the next long one waits for it.
void PreprocessCore::start(std::shared_ptr<const Job> job, actors::Effects& out) {
  const bool is_brief = job->bytes <= brief_bytes_max;
  out.start_job(
      [prepare = prepare_, job = std::move(job)]() -> std::any {
        Result<protocol::Prepared> prepared = Error{Code::internal, "the prompt could not be prepared"};
        try {
          prepared = prepare(job->wanted);
        } catch (const std::exception& thrown) {
          prepared = Error{Code::internal, std::string("preparing the prompt failed: ") + thrown.what()};
        }
        return std::make_shared<Done>(Done{job, std::move(prepared)});
      },
      is_brief);
}

void PreprocessCore::forget(const Job& job) {
  --jobs_;
  bytes_ -= job.bytes;
}

}  // namespace shoal::preprocess
