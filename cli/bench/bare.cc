// The floor of a hop: the same number of bytes between two processes over bare ZeroMQ sockets, a ROUTER that echoes and
// a DEALER that calls, each on one thread that blocks in receive.
#include <cstdio>
#include <cstring>
#include <string>

#include <zmq.hpp>

#include "cli/bench/calls.h"
#include "cli/bench/parts.h"

namespace shoal::cli::bench {
int run_bare_echo(const std::string& bind) {
  zmq::context_t context{1};
  zmq::socket_t router{context, ZMQ_ROUTER};
  router.bind(bind);
  std::printf("ready bind=%s epoch=0\n", router.get(zmq::sockopt::last_endpoint).c_str());
  std::fflush(stdout);
  for (;;) {  // until it is killed
    zmq::message_t peer;
    zmq::message_t message;
    static_cast<void>(router.recv(peer));
    static_cast<void>(router.recv(message));
    router.send(peer, zmq::send_flags::sndmore);
    router.send(message, zmq::send_flags::none);
  }
}

int run_bare_caller(const CallPlan& plan) {
  zmq::context_t context{1};
  zmq::socket_t dealer{context, ZMQ_DEALER};
  dealer.set(zmq::sockopt::linger, 0);
  dealer.connect(plan.peer);
  std::printf("ready bind=none epoch=0\n");
  std::fflush(stdout);
  Calls calls(plan);
  std::string bytes(plan.bytes, 'x');
  const auto send = [&] {
    const std::uint64_t id = calls.sent();
    std::memcpy(bytes.data(), &id, sizeof id);
    dealer.send(zmq::buffer(bytes), zmq::send_flags::none);
  };
  for (std::uint32_t i = 0; i < plan.window; ++i) send();
  while (!calls.done()) {
    zmq::message_t answer;
    static_cast<void>(dealer.recv(answer));
    std::uint64_t id = 0;
    std::memcpy(&id, answer.data(), sizeof id);
    calls.answered(id);
    if (!calls.done()) send();
  }
  calls.print_result();
  return 0;
}

}  // namespace shoal::cli::bench
