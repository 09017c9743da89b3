#include "services/preprocess/preprocess_core.h"

#include <memory>
#include <utility>

namespace shoal::preprocess {
namespace {

using protocol::make_message;

constexpr std::uint32_t retry_after_ms = 200;
constexpr std::size_t brief_bytes_max = 2048;  // tokenized in some 60 us: what changing threads twice may take

struct Done {
  Epoch to = 0;
  protocol::Head head;
  Time deadline;
  std::size_t bytes = 0;
  Result<protocol::Prepared> prepared;
};

std::size_t bytes_of(const protocol::Prepare& prepare) {
  std::size_t bytes = prepare.prompt.size();
  for (const protocol::ChatMessage& message : prepare.messages) bytes += message.content.size();
  return bytes;
}

protocol::Message refusal(const protocol::Head& head, const Error& error, std::uint32_t retry_ms) {
  return make_message(protocol::Refused{protocol::Type::prepare, error.code, error.text, retry_ms}, head);
}

}  // namespace

void PreprocessCore::on(const actors::Event& event, Time now, actors::Effects& out) {
  if (const auto* received = std::get_if<actors::Received>(&event)) {
    if (std::holds_alternative<protocol::Prepare>(received->message.body)) {
      on_prepare(received->from, received->message, now, out);
    }
  } else if (const auto* reported = std::get_if<actors::Reported>(&event)) {
    const auto* done = std::any_cast<std::shared_ptr<Done>>(&reported->value);
    if (done == nullptr) return;
    Done& job = **done;
    --jobs_;
    bytes_ -= job.bytes;
    if (now >= job.deadline) return;  // its owner has given up
    if (!job.prepared) return out.send(job.to, refusal(job.head, job.prepared.error(), 0));
    job.head.budget_ms = budget_ms(job.deadline, now);
    out.send(job.to, make_message(std::move(job.prepared).value(), job.head));
  }
}

void PreprocessCore::fill_load(protocol::LoadReport& report, Epoch, Time) { report.streams = jobs_; }

void PreprocessCore::on_prepare(Epoch from, const protocol::Message& message, Time now, actors::Effects& out) {
  const protocol::Head& head = message.head;
  if (head.budget_ms == 0) return;
  const std::size_t bytes = bytes_of(std::get<protocol::Prepare>(message.body));
  if (jobs_ >= config_.jobs_max || bytes_ + bytes > config_.bytes_max) {
    out.count("prepares_refused");
    return out.send(from, refusal(head, {Code::busy, "as many prompts as allowed are being prepared here; try again"},
                                  retry_after_ms));
  }
  ++jobs_;
  bytes_ += bytes;
  out.count("prepares");
  out.start_job(
      [work = prepare_, wanted = std::get<protocol::Prepare>(message.body), from, head, bytes,
       deadline = deadline_of(head.budget_ms, now)]() -> std::any {
        return std::make_shared<Done>(Done{from, head, deadline, bytes, work(wanted)});
      },
      bytes <= brief_bytes_max);
}

}  // namespace shoal::preprocess
